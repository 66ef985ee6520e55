"""Turn executed notebooks into pages that open without a network: one HTML file a chapter, and an index.

Everything a page needs is inside it: styles, figures, formulas as MathML. A Content-Security-Policy in each page makes
the browser itself refuse anything else. The same notebooks always give the same bytes.
"""

from __future__ import annotations

import base64
import mimetypes
import os
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import jinja2
import nbformat
from bs4 import BeautifulSoup, Tag
from latex2mathml.converter import convert as mathml
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from workshop.editions.marks import kind, reveals_in, solved, stub, tags
from workshop.execute import write_atomically
from workshop.site.folds import fold

COURSE = "Transformers, Executed"
PROMISE = "A course on Transformer language models in which every claim is a cell that runs."
LOOKS = Path(__file__).parent  # the templates, the style sheet and the script beside this file
LONG_OUTPUT = 30  # lines; longer text scrolls in its own box
# Frames (an interactive view in <iframe srcdoc>) inherit this, so they cannot reach a host either.
POLICY = (
    "default-src 'none'; img-src data: blob:; media-src data:; font-src data:; frame-src data: blob:; "
    "style-src 'unsafe-inline'; script-src 'unsafe-inline' 'unsafe-eval'; base-uri 'none'; form-action 'none'"
)
WIDGET = "application/vnd.jupyter.widget-view+json"
WIDGET_NOTE = (
    "<p class='label'>An interactive widget. Open this chapter in JupyterLab (<code>make lab</code>) to use it.</p>"
)


@dataclass(frozen=True)
class Chapter:
    """What the index and the neighbours need to know of a chapter, and its rendered ``body``."""

    page: str
    number: str
    title: str
    promise: str
    minutes: list[str]
    claims: list[dict[str, str]]
    sections: list[dict[str, str]]
    cells: int
    versions: dict[str, str]
    body: str


def write_pages(notebooks: list[Path], build: Path) -> Path:
    """Write ``build/<name>.html`` for each executed notebook, in this order, and an index; return the index's path.

    Links between these notebooks become links between pages; other relative links lead from ``build`` to the same file.
    Something a page would have to load from a host is left out, with a warning and a link in its place.

    Raises FileNotFoundError for a missing notebook, ValueError for a formula that cannot be converted, for a picture
    that does not exist, and for two notebooks of the same name.
    """
    notebooks, build = [Path(path) for path in notebooks], Path(build).resolve()
    names = [path.stem for path in notebooks]
    if len(set(names)) < len(names) or "index" in names:
        raise ValueError(f"each chapter needs a name of its own, other than index: {names}")
    opened = []
    for path in notebooks:
        if not path.is_file():
            raise FileNotFoundError(f"no notebook at {path}; execute the chapters first (`course run`)")
        opened.append(nbformat.read(path, as_version=4))
    sources = [_source(path, notebook) for path, notebook in zip(notebooks, opened, strict=True)]
    pages = {source: f"{name}.html" for source, name in zip(sources, names, strict=True)}
    chapters = [_chapter(n, s, build, pages) for n, s in zip(opened, sources, strict=True)]

    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(LOOKS), undefined=jinja2.StrictUndefined)
    template = environment.get_template("page.html.j2")
    frame = {
        "course": COURSE,
        "promise": PROMISE,
        "policy": POLICY,
        "css": (LOOKS / "pages.css").read_text(encoding="utf-8"),
        "script": (LOOKS / "page.js").read_text(encoding="utf-8"),
    }
    build.mkdir(parents=True, exist_ok=True)
    for i, chapter in enumerate(chapters):
        neighbours = {
            "previous": chapters[i - 1] if i else None,
            "next": chapters[i + 1] if i + 1 < len(chapters) else None,
        }
        html = template.render(frame, chapter=chapter, made_with=_made_with([chapter]), **neighbours)
        write_atomically(build / chapter.page, html + "\n")
    claims = len({claim["name"] for chapter in chapters for claim in chapter.claims})
    html = template.render(frame, chapter=None, chapters=chapters, claims=claims, made_with=_made_with(chapters))
    write_atomically(build / "index.html", html + "\n")
    return build / "index.html"


def reading_and_running(text: str) -> list[str]:
    """The times of a chapter, in the index's words, from the line "**Reading** 25 min · **Running** 40 s" as rendered.

    Returns for instance ``["25 min to read", "40 s to run"]``; nothing where there is no such line.
    """
    found = re.search(r"\bReading\s+(\d+ min)\s+·\s+Running\s+(\d+ (?:s|min))\b", text)
    return [f"{found[1]} to read", f"{found[2]} to run"] if found else []


class _Renderer(IPythonRenderer):
    """Markdown as Jupyter reads it, with formulas as MathML in place of a script that would typeset them."""

    def inline_math(self, body: str) -> str:
        return _formula(body, "inline")

    def block_math(self, body: str) -> str:
        return _formula(body, "block")

    def latex_environment(self, name: str, body: str) -> str:
        return _formula(rf"\begin{{{name}}}{body}\end{{{name}}}", "block")


class _Exporter(HTMLExporter):
    """nbconvert's HTML exporter with our template for cells and our reader of Markdown."""

    def __init__(self):
        super().__init__(
            template_name="basic",
            template_file="cells.html.j2",
            extra_loaders=[jinja2.FileSystemLoader(LOOKS)],
            filters={"alt_text": _alt_text, "data_uri": _data_uri},
        )

    @jinja2.pass_context
    def markdown2html(self, context: jinja2.runtime.Context, source: str) -> str:
        attachments = context.get("cell", {}).get("attachments", {})
        renderer = _Renderer(escape=False, attachments=attachments, anchor_link_text="#")
        return MarkdownWithMath(renderer=renderer).render(source)


def _chapter(notebook: nbformat.NotebookNode, source: Path, build: Path, pages: dict[Path, str]) -> Chapter:
    notebook.cells = [cell for cell in notebook.cells if "study-only" not in tags(cell)]
    try:
        claims, cells = _mark_cells(notebook)
        html, _ = _Exporter().from_notebook_node(notebook)
    except ValueError as error:
        raise ValueError(f"{source.name}: {error}") from error
    soup = BeautifulSoup(html, "html.parser")
    fold(soup)
    _localise(soup, source, build, pages)
    sections = _headings(soup)
    _make_boxes_reachable(soup)

    h1 = soup.find("h1")
    promise = h1.find_next("p") if h1 else None
    opening = " ".join(tag.get_text(" ") for tag in _before_first_cell(soup))
    number = re.match(r"\d+", source.stem)
    title = h1.get_text().strip() if h1 else source.stem.replace("_", " ")
    return Chapter(
        page=pages[source],
        number=number[0] if number else "",
        title=re.sub(r"^(?:chapter\s+)?\d+\s*[.:·–—-]?\s+", "", title, flags=re.IGNORECASE) if number else title,
        promise=" ".join(promise.get_text().split()) if promise else "",
        minutes=reading_and_running(opening),
        claims=claims,
        sections=sections,
        cells=cells,
        versions=notebook.metadata.get("course", {}).get("versions", {}),
        body=str(soup).strip(),
    )


def _source(path: Path, notebook: nbformat.NotebookNode) -> Path:
    """The chapter that an executed copy was made from: its relative links start there."""
    return (path.resolve().parent / notebook.metadata.get("course", {}).get("source", path.name)).resolve()


def _mark_cells(notebook: nbformat.NotebookNode) -> tuple[list[dict[str, str]], int]:
    """Give each cell what the template shows: its kind, number, claims, code. Return all claims and how many cells."""
    claims, seen, number = [], {}, 0
    for cell in notebook.cells:
        cell.metadata["page"] = {"kind": kind(cell)}
        if cell.cell_type != "code":
            continue
        number += 1
        own = []
        for name in [tag.removeprefix("claim-") for tag in tags(cell) if re.fullmatch(r"claim-C\d+", tag)]:
            seen[name] = seen.get(name, 0) + 1
            own.append({"name": name, "anchor": name if seen[name] == 1 else f"{name}-{seen[name]}"})
        claims += [claim for claim in own if claim["anchor"] == claim["name"]]
        exercise = kind(cell) == "exercise"
        cell.metadata["page"] |= {
            "number": number,
            "claims": own,
            "expected_error": "raises-exception" in tags(cell),
            "reveals": reveals_in(cell.source),
            "code": stub(cell.source) if exercise else cell.source,
            "solution": solved(cell.source) if exercise else "",
        }
        if kind(cell) == "quiz":
            _with_buttons(cell)
        for output in cell.outputs:
            if WIDGET in output.get("data", {}):  # a widget needs a kernel; say so in its place
                del output["data"][WIDGET]
                output["data"].setdefault("text/html", WIDGET_NOTE)
    return sorted(claims, key=lambda claim: int(claim["name"][1:])), number


def _with_buttons(cell: nbformat.NotebookNode) -> None:
    """A quiz is stored as text; on a page it marks."""
    from course_lib.quizzes import as_html

    if number := re.search(r"\bquiz\((\d+)\)", cell.source):
        text = as_html(int(number[1]))
        cell.outputs = [nbformat.v4.new_output("display_data", data={"text/html": text, "text/plain": cell.source})]


def _formula(latex: str, display: str) -> str:
    try:
        html = mathml(latex.strip(), display=display)
        if unknown := re.search(r"<mi>(&|\\\w+)</mi>", html):  # what it does not know, it hands on as a letter
            raise ValueError(f"{unknown[1]} is not supported here")
    except Exception as error:  # latex2mathml has a dozen kinds of errors
        raise ValueError(f"the formula {latex.strip()!r} cannot be converted to MathML: {error}") from error
    html = html.replace(' xmlns="http://www.w3.org/1998/Math/MathML"', "")  # HTML needs none
    return f'<span class="formula" tabindex="0">{html}</span>' if display == "block" else html


def _alt_text(output: nbformat.NotebookNode, cell: nbformat.NotebookNode, kind: str) -> str:
    """The alt text of a figure: from the output's metadata, else from the cell's, else where it comes from."""
    metadata = output.get("metadata", {})
    own = metadata.get(kind, {}).get("alt") or metadata.get("alt") or cell.metadata.get("alt")
    return own or f"Figure drawn by code cell {cell.metadata.page.number}"


def _data_uri(output: nbformat.NotebookNode, kind: str) -> str:
    data = output.data[kind]
    if kind == "image/svg+xml":
        data = base64.b64encode(data.encode()).decode()
    return f"data:{kind};base64,{''.join(data.split())}"


def _localise(soup: BeautifulSoup, source: Path, build: Path, pages: dict[Path, str]) -> None:
    """Make links fit the page's place, put pictures into it, and take out what it would load from a host."""
    for tag in soup.find_all("a", href=True):
        tag["href"] = _link(tag["href"], source, build, pages)
    for tag in soup.find_all(["img", "script", "iframe", "link", "source", "video", "audio", "embed", "object"]):
        name = next((name for name in ("src", "href", "data") if tag.get(name)), None)
        address = tag[name].strip() if name else ""
        if tag.get("srcset") or address.startswith("//") or urlsplit(address).scheme in ("http", "https"):
            warnings.warn(f"{source.name}: <{tag.name}> not loaded from the network: {address}", stacklevel=2)
            link = soup.new_tag("a", href=address)
            link.string = f"{tag.get('alt') or tag.name} (not loaded: it is on the network)"
            tag.replace_with(link)
        elif tag.name == "img" and not urlsplit(address).scheme:
            picture = source.parent / unquote(address)
            if not picture.is_file():
                raise ValueError(f"{source.name}: there is no picture {address}")
            kind = mimetypes.guess_type(picture.name)[0] or "application/octet-stream"
            tag["src"] = f"data:{kind};base64,{base64.b64encode(picture.read_bytes()).decode()}"


def _link(href: str, source: Path, build: Path, pages: dict[Path, str]) -> str:
    parts = urlsplit(href)
    if parts.scheme or parts.netloc or not parts.path:
        return href
    target = (source.parent / unquote(parts.path)).resolve()
    path = pages.get(target) or quote(Path(os.path.relpath(target, build)).as_posix())
    return path + (f"#{parts.fragment}" if parts.fragment else "")


def _headings(soup: BeautifulSoup) -> list[dict[str, str]]:
    """Make the headings' ids unique and their links readable; return the sections (h2)."""
    seen, sections = {}, []
    for tag in soup.find_all(re.compile("^h[1-6]$")):
        anchor = tag.find("a", class_="anchor-link") or soup.new_tag("a", attrs={"class": "anchor-link"}, string="#")
        anchor.extract()
        title = " ".join(tag.get_text().split())
        identity = tag["id"] = tag.get("id") or title.replace(" ", "-")
        seen[identity] = seen.get(identity, 0) + 1
        if seen[identity] > 1:
            identity = tag["id"] = f"{identity}-{seen[identity]}"
        if tag.name == "h1":
            continue
        anchor["href"], anchor["aria-label"] = f"#{quote(identity)}", f"Link to the section {title}"
        tag.append(anchor)
        if tag.name == "h2":
            sections.append({"anchor": quote(identity), "title": title})
    return sections


def _make_boxes_reachable(soup: BeautifulSoup) -> None:
    """What may scroll in its own box gets a place in the order of the Tab key; wide tables get such a box."""
    for table in soup.select(".prose table"):
        table.wrap(soup.new_tag("div", attrs={"class": "table"}))
    for tag in soup.select(".code pre, .output.text, .output.rich, .table, .prose pre"):
        tag["tabindex"] = "0"
        if "output" in tag.get("class", []) and len(tag.get_text().splitlines()) > LONG_OUTPUT and tag.find("pre"):
            tag["class"] = [*tag["class"], "long"]


def _before_first_cell(soup: BeautifulSoup) -> list[Tag]:
    first = soup.find("div", class_="cell")
    return [tag for tag in soup.find_all("div", class_="prose") if not first or tag in first.find_all_previous("div")]


def _made_with(chapters: list[Chapter]) -> str:
    """The footer's sentence; no date, so that the same notebooks give the same bytes."""
    found = {tuple(chapter.versions.items()) for chapter in chapters}
    if len(found) != 1 or not (versions := dict(*found)):
        return "Rendered from the outputs stored in the notebooks"
    labels = {"python": "Python", "torch": "PyTorch", "transformers": "Transformers"}
    return "Executed with " + ", ".join(f"{labels.get(name, name)} {versions[name]}" for name in sorted(versions))
