"""Slides of a chapter, made of the cells that are marked for them, for sphinx-revealjs.

A cell with the tag ``slide`` begins a slide; one with ``fragment`` appears on it at the next step. What a slide shows
is short: of prose the first sentence, a list or a table, formulas and pictures; of a cell its code, if that is short,
and what it prints or draws. Prose that is all there is on a slide has a few sentences. The whole text, and that of the
unmarked cells that follow, is for the speaker.
"""

from __future__ import annotations

import ast
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from workshop.editions.marks import EXERCISE, kind, reveals_in, stub, tags
from workshop.site.chapters import Chapter, unlinked
from workshop.site.extension import LOOKS

LONGEST_CODE = 18  # lines: more is not read from the last row
CODE, PRINTED, SAID = (29, 92), (31, 84), (41, 70)  # pixels and characters of a line: what fits into ROOM can be read
ROOM = 580  # pixels below the heading
MINUTES = {"": 1, "prediction": 2}  # a slide; what an exercise takes is said at the exercise
ALONE = 70  # words of a paragraph that is all there is on a slide
ITEM = re.compile(r"\s*([-*]|\d+\.) ")
HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
SHOWN = "image/svg+xml", "image/png", "text/html", "text/markdown", "text/plain"  # the first that an output has
ASK = "Ask for hands for each choice, and how sure they are. Then step on to the answer."


@dataclass
class Slide:
    """What is shown, and what the speaker reads."""

    heading: str
    minutes: int
    opening: str  # of the chapter's cell that begins it
    cells: list[NotebookNode] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def slides_of(chapter: Chapter) -> list[Slide]:
    """The slides of a chapter, without its title; none where no cell is marked."""
    found: list[Slide] = []
    heading = chapter.title
    for cell in chapter.notebook.cells:
        marks = tags(cell)
        if cell.cell_type == "markdown" and (own := HEADING.search(cell.source)):
            heading = own[1]
        if "slide" in marks:
            exercise = EXERCISE.search(cell.source)
            minutes = int(exercise[3]) if exercise else MINUTES.get(kind(cell), 1)
            found.append(Slide(heading, minutes, cell.source))
        if not found or "skip-slide" in marks or "study-only" in marks:
            continue
        slide, shown = found[-1], any(mark in marks for mark in ("slide", "fragment"))
        if cell.cell_type == "markdown":
            if shown:
                slide.cells.append(new_markdown_cell(_short(cell.source, "fragment" in marks)))
            slide.notes.append(_plain(cell.source))
        elif cell.cell_type == "code" and shown:
            said = sum(_high(one.source, *SAID) for one in slide.cells if one.cell_type == "markdown")
            slide.cells += _cell(cell, "fragment" in marks, ROOM - said)
            if kind(cell) == "prediction":
                slide.notes.insert(0, ASK)
                slide.minutes += MINUTES["prediction"] if "fragment" in marks else 0
    for slide in found:
        alone = slide.cells[0] if len(slide.cells) == 1 and slide.cells[0].cell_type == "markdown" else None
        if alone and alone.source == _first_sentence(_prose(slide.opening)):
            slide.cells = [new_markdown_cell(_few_sentences(_prose(slide.opening)))]
    return found


def deck(chapter: Chapter) -> NotebookNode:
    """The deck as a notebook that MyST-NB reads."""
    title = f"# {chapter.number} {chapter.title}\n\n{_plain(chapter.promise)}"
    cells = [new_markdown_cell(title)]
    for slide in slides_of(chapter):
        about = "\n\n".join([f"About {slide.minutes} min.", *filter(None, slide.notes)])
        notes = f"``````{{revealjs-notes}}\n{about}\n``````"
        cells += [new_markdown_cell(f"## {_plain(slide.heading)}"), *slide.cells, new_markdown_cell(notes)]
    for number, cell in enumerate(cells):
        cell.id = f"{number}"
    return nbformat.v4.new_notebook(cells=cells, metadata={"language_info": {"name": "python"}})


def stage(chapters: list[Chapter], source: Path) -> list[Chapter]:
    """Write what Sphinx reads for the decks; return the chapters that have one."""
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir(parents=True)
    having = [chapter for chapter in chapters if slides_of(chapter)]
    for chapter in having:
        nbformat.write(deck(chapter), source / f"{chapter.name}.ipynb")
        if (figures := chapter.source.parent / "figures").is_dir():
            shutil.copytree(figures, source / "figures", dirs_exist_ok=True)
    lines = [f"- {chapter.number} {chapter.title}" for chapter in having]
    toc = ["```{toctree}\n:hidden:\n", *(chapter.name for chapter in having), "```"]
    (source / "index.md").write_text("\n".join(["# Slides\n", *lines, "", *toc]), encoding="utf-8")
    shutil.copytree(LOOKS, source / "_static")
    return having


def configuration(pages: dict) -> dict:
    """Sphinx's settings: those of the pages, as far as a deck has them, and reveal.js's own."""
    kept = ("project", "language", "html_math_renderer", "nb_execution_mode", "nb_merge_streams",
            "nb_render_markdown_format", "suppress_warnings", "myst_enable_extensions")  # fmt: skip
    return {name: pages[name] for name in kept} | {
        "extensions": ["myst_nb", "sphinx_revealjs", "workshop.site.extension"],
        "nb_mime_priority_overrides": [("revealjs", kind, at) for at, kind in enumerate(SHOWN)],
        "revealjs_style_theme": "white",
        "revealjs_static_path": ["_static"],
        "revealjs_css_files": ["pygments.css", "slides.css"],
        "revealjs_js_files": ["fit.js"],
        "pygments_style": "a11y-high-contrast-light",  # as on the pages
        "revealjs_script_conf": json.dumps(
            {
                "hash": True,
                "slideNumber": "c/t",
                "width": 1280,
                "height": 720,
                "margin": 0.03,
                "transition": "none",
                "center": False,
                "navigationMode": "linear",
                "pdfSeparateFragments": False,
            }
        ),  # fmt: skip
        "revealjs_script_plugins": [{"src": "revealjs/plugin/notes/notes.js", "name": "RevealNotes"}],
    }


def _plain(text: str) -> str:
    """Markdown without headings, links and pictures: what somebody reads out."""
    text = re.sub(r"!\[.*?\]\([^)]*\)", "", HEADING.sub("", text), flags=re.DOTALL)
    return unlinked(text).strip()


def _short(text: str, fragment: bool) -> str:
    """Of a text what a slide shows: the first sentence, the first list or table, pictures, formulas."""
    blocks = re.split(r"\n\s*\n", HEADING.sub("", text).strip())
    shown, said, listed = [], False, False
    for block in blocks:
        is_list = bool(re.match(r"\s*([-*] |\d+\. |\|)", block))
        if is_list and listed:  # one list or table is enough for a slide
            continue
        said, listed = said or is_list, listed or is_list
        if ITEM.match(block):
            items = re.split(r"\n(?=[-*] |\d+\. )", unlinked(block))
            shown.append("\n".join(_first_sentence(item, ITEM.match(item)[0]) for item in items))
        elif re.match(r"\s*(!\[|\||\$\$)", block):
            shown.append(unlinked(block))
        elif block and not said:
            words = unlinked(" ".join(block.split()))
            exercise = EXERCISE.match(words)
            shown.append(words if exercise else _first_sentence(words))
            said = not exercise
    return _stepped("\n\n".join(shown), fragment)


def _stepped(body: str, fragment: bool) -> str:
    return f"::::{{container}} fragment\n{body}\n::::" if fragment else body


def _first_sentence(text: str, mark: str = "") -> str:
    """In prose a question has the next sentence with it. mark: what stands before it, such as the number in a list."""
    sentences = _sentences(text.removeprefix(mark))
    return mark + " ".join(sentences[: 2 if sentences[0].endswith("?") and not mark else 1])


def _few_sentences(text: str) -> str:
    """A paragraph's first sentences, each a paragraph: what is read at a glance, no aside, none that leads on."""
    first = _first_sentence(text)
    shown = [first]
    for sentence in _sentences(text.removeprefix(first).lstrip()):
        kept = re.sub(r"^\([^)]*\)\s*", "", sentence)
        if len(" ".join([*shown, kept]).split()) > ALONE or kept.endswith(":"):
            break
        shown.append(kept)
    return "\n\n".join(filter(None, shown))


def _sentences(text: str) -> list[str]:
    """Each up to where a full stop is followed by a capital, a bracket or a mark."""
    return re.split(r"(?<=[.?!])\s+(?=[A-Z*`(])", text)


def _prose(text: str) -> str:
    """A text's first paragraph, in one line, without links."""
    first = re.split(r"\n\s*\n", HEADING.sub("", text).strip())[0]
    return unlinked(" ".join(first.split()))


def _cell(cell: NotebookNode, fragment: bool, room: int) -> Iterator[NotebookNode]:
    if kind(cell) == "prediction":
        yield new_markdown_cell(_stepped(_question(cell.source), fragment))
        return
    made = nbformat.from_dict(cell)
    made.source = stub(cell.source) if kind(cell) == "exercise" else cell.source
    made.outputs = [one for one in cell.outputs if kind(cell) != "exercise" and _fits(one)]
    for one in made.outputs:
        if "image/png" in one.get("data", {}):  # of an interactive view its still picture
            one.data.pop("text/html", None)
    drawn = any("image/png" in one.get("data", {}) for one in made.outputs)
    high = _high(made.source, *CODE) + sum(_high(_printed(one), *PRINTED) for one in made.outputs)
    long = high > room or len(made.source.splitlines()) > LONGEST_CODE
    hidden = drawn or (made.outputs and (reveals_in(cell.source) or long))
    alt = cell.metadata.get("alt", "Figure drawn by the code of the chapter")
    about = {"id": "", "kind": "fragment" if fragment else ""}
    shown = ["remove-input"] if hidden else []
    made.metadata = nbformat.from_dict({"tags": shown, "course": about, "mystnb": {"image": {"alt": alt}}})
    yield made


def _high(text: str, line: int, width: int) -> int:
    """Pixels that a text takes, its long lines wrapped."""
    return line * sum(max(1, -(-len(one) // width)) for one in text.splitlines())


def _printed(output: NotebookNode) -> str:
    data = output.get("data", {})
    return output.get("text", "") or data.get("text/markdown", "") or data.get("text/plain", "")


def _fits(output: NotebookNode) -> bool:
    return "application/vnd.jupyter.widget-view+json" not in output.get("data", {})


def _question(source: str) -> str:
    """A prediction as its question and its choices. Raises ValueError where the cell does not have them."""
    try:
        call = next(node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
        values = [ast.literal_eval(one) for one in call.args]
        named = {one.arg: ast.literal_eval(one.value) for one in call.keywords}
        lines = [values[1], ""]
    except (SyntaxError, StopIteration, ValueError, IndexError) as error:
        asked = 'a name, a question and choices that are written out, predict("two", "One and one?", ["2", "3"])'
        raise ValueError(f"a prediction on a slide calls predict with {asked}; given: {source[:80]!r}") from error
    if len(values) > 2:
        lines += [":::{container} choices", *(f"1. {choice}" for choice in values[2]), ":::"]
    elif "number" in named:
        lines.append("A number, from {} to {}.".format(*named["number"]))
    return "\n".join(lines)
