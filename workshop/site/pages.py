"""The course's site: pages that open from a memory stick, made by Sphinx of the executed chapters.

The sources that Sphinx reads are written into ``build/site-source``, its pages into ``build/site``. MyST-NB reads the
notebooks, sphinx-book-theme lays the pages out; what is the course's own is in ``chapters.py`` (how a notebook is
prepared), ``extension.py`` (what Sphinx is told) and ``looks/`` (a style sheet and a script).
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
from pathlib import Path

import nbformat
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from course_lib.checkpoints.storage import remove
from workshop.site import chapters as staging
from workshop.site import claims, decks, downloads, evidence, launch, reference
from workshop.site.extension import LOOKS
from workshop.site.texts import architecture, glossary, index, term_list

ROOT = Path(__file__).resolve().parents[2]
COURSE = "Transformers, Executed"
MYST_NB = "jupyter_execute"  # where MyST-NB puts notebooks and their pictures, beside what it builds


class _Stuck(Exception):
    """Sphinx stopped in the middle of a page; the cause says why."""

    def __init__(self, page: str):
        """The page's name, "" if none was begun."""
        super().__init__(page)
        self.page = page


class PagesError(ValueError):
    """Something is wrong with the pages. The message says what; all that could be written is, with the ``index``."""

    def __init__(self, problems: list[str], index: Path):
        """One line for each problem, and the path of the index."""
        super().__init__("\n".join(problems))
        self.index = index


def write_pages(notebooks: list[Path], build: Path, root: Path = ROOT) -> Path:
    """Write ``build/site`` from executed notebooks, in this order; return the path of its index.

    Claims and glossary are those of the project in `root`. Raises FileNotFoundError for a missing notebook and
    ValueError for two of the same name, before anything is written. Raises PagesError at the end for a notebook that
    cannot be read or prepared, or at which Sphinx stops, which has no page then, and for what Sphinx warns of: a link
    that leads nowhere, a formula that cannot be converted.
    """
    notebooks, build = [Path(path) for path in notebooks], Path(build).resolve()
    names = [path.stem for path in notebooks]
    if len(set(names)) < len(names) or "index" in names:
        raise ValueError(f"each chapter needs a name of its own, other than index: {names}")
    for path in notebooks:
        if not path.is_file():
            raise FileNotFoundError(f"no notebook at {path}; execute the chapters first (`course run`)")
    settings, problems = configuration(root), []
    while True:
        try:
            found, written = _built(notebooks, build, root, settings)
            break
        except _Stuck as stop:
            left = [path for path in notebooks if path.stem != stop.page]
            if len(left) == len(notebooks):  # none of the chapters is to blame
                raise stop.__cause__ from None
            problems.append(f"{stop.page} has no page: {type(stop.__cause__).__name__}: {stop.__cause__}")
            notebooks = left
    problems += found
    site, web = build / "site", settings["html_context"]["repository"]
    downloads.write(written, site / downloads.FOLDER)
    if web:
        launch.write(written, site / launch.FOLDER, web)
    unwanted = ("_static/**/*.map", "_static/locales", ".buildinfo", MYST_NB)  # the last: pictures, copied to _images
    for unused in [path for pattern in unwanted for path in site.glob(pattern)]:
        shutil.rmtree(unused) if unused.is_dir() else unused.unlink()
    if problems:
        raise PagesError(problems, site / "index.html")
    return site / "index.html"


def _built(notebooks: list[Path], build: Path, root: Path, settings: dict) -> tuple[list[str], list[staging.Chapter]]:
    """Pages and decks, in place of older ones; what is wrong, and the chapters that have a page. Raises _Stuck."""
    source, site = build / "site-source", build / "site"
    for folder in (source, site, build / MYST_NB):
        if os.path.lexists(folder):
            remove(folder)
    source.mkdir(parents=True)
    problems, written = stage(notebooks, source, root, settings["html_context"]["repository"])
    problems += run_sphinx(source, site, "html", settings)
    if decks.stage(written, build / "slides-source"):
        problems += run_sphinx(build / "slides-source", site / "slides", "revealjs", decks.configuration(settings))
    return problems, written


def stage(notebooks: list[Path], source: Path, root: Path, web: str) -> tuple[list[str], list[staging.Chapter]]:
    """Write what Sphinx reads; return what is wrong, and the chapters that have a page. web: the repository, or ""."""
    file = root / "tests" / "claims.json"
    known = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    sentences = {name: claim["claim"] for name, claim in known.items()}
    terms = term_list(root / "GLOSSARY.md")
    by_anchor = {term.anchor: term.name for term in terms}
    problems, written, pages = [], [], []
    built = {path.stem for path in notebooks}
    for path in notebooks:
        try:
            written.append(staging.read(path))
            page = staging.page_of(written[-1], sentences, by_anchor, web, built)
            decks.slides_of(written[-1])  # what is wrong with a deck is wrong with the chapter
            nbformat.writes(page).encode()
            pages.append(page)
        except Exception as error:  # a chapter is written by people: whatever stops here stops no other
            written = written[: len(pages)]
            kind = "" if type(error) is ValueError else f"{type(error).__name__}: "
            problems.append(f"{path.stem} has no page: {kind}{error}")
    functions, known = reference.page(root, written)
    for chapter, page in zip(written, pages, strict=True):
        if end := reference.section(chapter, known):
            page.cells.append(nbformat.v4.new_markdown_cell(end, id="reference"))
        nbformat.write(page, source / chapter.path.name)
        if (figures := chapter.source.parent / "figures").is_dir():
            shutil.copytree(figures, source / "figures", dirs_exist_ok=True)
    (source / "glossary.md").write_text(glossary(terms, written), encoding="utf-8")
    (source / "claims.md").write_text(claims.page(written, sentences), encoding="utf-8")
    static = source / "_static"
    shutil.copytree(LOOKS, static)
    said = {re.sub(r"[^a-z0-9]+", "-", f"term-{term.name.lower()}").strip("-"): term.meaning for term in terms}
    script = f"const TERMS = {json.dumps(said, ensure_ascii=False, sort_keys=True)};\n"
    (static / "terms.js").write_text(script, encoding="utf-8")
    (source / "evidence.md").write_text(evidence.page(root, source.parent), encoding="utf-8")
    (source / "reference.md").write_text(functions, encoding="utf-8")
    more = ["claims", "evidence", "glossary", "reference"]
    for file in (root / "docs" / "teaching.md", root / "ARCHITECTURE.md", root / "CHANGELOG.md"):
        if file.is_file():
            text = file.read_text(encoding="utf-8")
            text = architecture(text) if file.stem == "ARCHITECTURE" else text
            (source / file.name.lower()).write_text(text, encoding="utf-8")
            more.append(file.stem.lower())
    (source / "index.md").write_text(index(COURSE, written, more), encoding="utf-8")
    return problems, written


def configuration(root: Path) -> dict:
    """Sphinx's settings."""
    web = launch.addresses(root)
    published = ["sphinx.ext.githubpages"] if web["repository"] else []  # its .nojekyll lets _static be served
    theme = {
        "navigation_with_keys": True,  # the arrow keys turn pages
        "show_navbar_depth": 1,
        "show_toc_level": 1,
        "toc_title": "On this page",
        "extra_footer": "Text, code and the weights made here: Apache-2.0.",
        "search_bar_text": "Search the course",
        "use_fullscreen_button": False,
        "back_to_top_button": False,
    }
    return {
        "project": COURSE,
        "html_title": COURSE,
        "language": "en",
        "author": "",
        "copyright": "",
        "html_show_copyright": False,
        "extensions": ["myst_nb", "sphinx_copybutton", "workshop.site.extension", *published],
        "html_theme": "sphinx_book_theme",
        "html_theme_options": theme,
        "html_static_path": ["_static"],
        "html_css_files": ["course.css"],
        "html_js_files": ["terms.js", "course.js", "keys.js"],
        "html_math_renderer": "mathml",
        "html_permalinks": False,
        "html_use_index": False,
        "html_copy_source": False,  # what a reader downloads is the chapter, not what was made of it
        "toc_object_entries": False,
        "add_module_names": False,
        "html_show_sphinx": False,
        "html_show_search_summary": False,  # it would read other pages, which a browser refuses for files
        "html_context": {"default_mode": "auto", **web},  # light or dark, as the reader's system is
        "nb_execution_mode": "off",
        "nb_merge_streams": False,  # `workshop.outputs` has; MyST-NB's time grows with the square of a line's length
        "nb_render_markdown_format": "gfm",  # a table that a cell displays is a table
        "myst_enable_extensions": ["dollarmath", "amsmath", "colon_fence"],
        "myst_heading_anchors": 4,
        "myst_heading_slug_func": "workshop.site.texts.slug",
        "copybutton_selector": "div.cell_input pre",
        "suppress_warnings": ["myst.header", "mystnb.unknown_mime_type"],
    }


def run_sphinx(source: Path, target: Path, builder: str, settings: dict) -> list[str]:
    """Let Sphinx build; return its warnings. Raises _Stuck where it stops in the middle of a page."""
    said, doctrees, at = io.StringIO(), target.parent / f"{target.name}-doctrees", [""]

    def note(app: Sphinx, page: str, *_: object) -> None:
        at[0] = page

    try:
        with patch_docutils(), docutils_namespace():
            app = Sphinx(source, None, target, doctrees, builder, settings,
                         status=None, warning=said, freshenv=True)  # fmt: skip
            app.connect("source-read", note)
            app.connect("doctree-resolved", lambda app, _, page: note(app, page))  # the last before it is written
            app.build()
    except Exception as error:  # of Sphinx, of docutils, of MyST-NB
        raise _Stuck(at[0]) from error
    finally:
        shutil.rmtree(doctrees, ignore_errors=True)
    text = re.sub(r"\x1b\[[0-9;]*m", "", said.getvalue()).replace(f"{source}/", "")
    return [line for line in text.splitlines() if line.strip()]
