"""An executed chapter as the notebook that MyST-NB reads: folds, badges, links, stubs; nothing is computed here.

What is folded stands between two block breaks, ``+++ fold NAME`` and ``+++ fold-end``; `extension.py` makes a
<details> of it. What a page needs to know of a code cell is in ``metadata["course"]``.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
from bs4 import BeautifulSoup
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_output

from course_lib.exercises.registry import declared
from workshop.editions import lies_there
from workshop.editions.marks import checks_in, kind, reveals_in, solved, stub, tags
from workshop.site import paper

WIDGET = "application/vnd.jupyter.widget-view+json"
WIDGET_NOTE = "An interactive widget. Open this chapter in JupyterLab (`make lab`) to use it."
HEADING = re.compile(r"^#{1,6} ", re.MULTILINE)
CLAIM = re.compile(r"claim-(C\d+)")
QUIZ = re.compile(r"\bquiz\((\d+)\)")
LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")


@dataclass
class Chapter:
    """An executed chapter: its file, its cells, and what the index, the claims page and the decks say of it."""

    path: Path
    notebook: NotebookNode
    source: Path  # the chapter that the copy was made from: its relative links start there
    claims: dict[str, list[NotebookNode]] = field(default_factory=dict)  # name -> cells

    @property
    def name(self) -> str:
        """The file's name, which is the page's."""
        return self.path.stem

    @property
    def number(self) -> str:
        """Two digits, or nothing."""
        return (re.match(r"\d+", self.name) or [""])[0]

    @property
    def title(self) -> str:
        """The heading, without a number of its own."""
        found = re.search(r"^# (.+)", self.prose, re.MULTILINE)
        title = re.sub(r"^(?:chapter\s+)?\d+\s*[.:·–—-]?\s+", "", found[1] if found else "", flags=re.IGNORECASE)
        return title.strip() or self.name.replace("_", " ")

    @property
    def prose(self) -> str:
        """What stands before the first code cell."""
        cells = self.notebook.cells
        first = next((at for at, cell in enumerate(cells) if cell.cell_type == "code"), len(cells))
        return "\n\n".join(cell.source for cell in cells[:first])

    @property
    def promise(self) -> str:
        """The sentence below the heading, in words without links."""
        found = re.search(r"^# .+\n+([^#\n].*)", self.prose, re.MULTILINE)
        return unlinked(found[1].strip()) if found else ""

    @property
    def minutes(self) -> str:
        """The times that the chapter says of itself, in the index's words."""
        found = re.search(r"\*\*Reading\*\*\s+(\d+ min)\s+·\s+\*\*Running\*\*\s+(\d+ (?:s|min))\b", self.prose)
        return f"{found[1]} to read, {found[2]} to run" if found else ""

    @property
    def versions(self) -> dict[str, str]:
        """Of Python and the libraries that made the outputs; empty for outputs that are stored in a chapter."""
        return self.notebook.metadata.get("course", {}).get("versions", {})

    @property
    def code(self) -> int:
        """How many code cells there are."""
        return sum(cell.cell_type == "code" for cell in self.notebook.cells)


def read(path: Path) -> Chapter:
    """An executed chapter. Raises ValueError for what is no notebook, and for one whose chapter is none any more."""
    notebook = _read(path)
    source = (path.resolve().parent / notebook.metadata.get("course", {}).get("source", path.name)).resolve()
    if source.is_file() and source != path.resolve():
        _read(source)  # it is downloaded from the page
    chapter = Chapter(path, notebook, source)
    for cell in notebook.cells:
        for claim in claims_of(cell):
            chapter.claims.setdefault(claim, []).append(cell)
    return chapter


def _read(path: Path) -> NotebookNode:
    try:
        return nbformat.read(path, as_version=4)
    except Exception as error:  # nbformat has many kinds
        raise ValueError(f"{path} is not a notebook that can be read: {error}") from error


def claims_of(cell: NotebookNode) -> list[str]:
    """The claims that a cell shows."""
    return [found[1] for tag in tags(cell) if (found := CLAIM.fullmatch(tag))]


def page_of(
    chapter: Chapter, sentences: dict[str, str], terms: dict[str, str], repository: str, built: Collection[str]
) -> NotebookNode:
    """The chapter as a notebook for MyST-NB. `sentences` are those of the claims, `terms` those of the glossary by
    their anchors, `built` the names of the chapters that get a page: of a link to another that exists the words stay.
    Raises ValueError for exercise marks that do not fit and a picture that does not exist.
    """
    cells = [cell for cell in chapter.notebook.cells if "study-only" not in tags(cell)]
    seen: set[str] = set()
    found: list[NotebookNode] = []
    at_end: list[NotebookNode] = []
    at = 0
    while at < len(cells):
        cell = cells[at]
        if kind(cell) == "exercise":
            found.append(_code(cell, stub(cell.source), []))
            at += 1
            names: list[str] = []
            if at < len(cells) and kind(cells[at]) == "check":
                names = [name for _, name, _ in checks_in(cells[at].source)]
                found.append(_code(cells[at]))
                at += 1
            worked, at = _while_solution(cells, at)
            found += [_break("fold solution"), _code(cell, solved(cell.source), cell.outputs, of="solution")]
            found += [*_commentaries(names), *worked, _break("fold-end")]
        elif kind(cell) == "solution":
            worked, at = _while_solution(cells, at)
            found += [_break("fold solution"), *worked, _break("fold-end")]
        else:
            found += [_badge(name, sentences, seen) for name in claims_of(cell)]
            names = reveals_in(cell.source) if cell.cell_type == "code" else []
            at += 1
            if names:
                end = _end_of_answer(cells, at)
                shown = [_code(cell, outputs=cell.outputs, of="answer")] if cell.outputs else []
                inner = [badged for one in cells[at:end] for badged in _with_badges(one, sentences, seen)]
                found.append(_code(cell, outputs=[]))
                if shown or inner:
                    found += [_break("fold " + " ".join(["answer", *names])), *shown, *inner, _break("fold-end")]
                at = end
            else:
                found.append(_code(cell) if cell.cell_type == "code" else cell)
                if kind(cell) == "quiz" and (number := QUIZ.search(cell.source)):
                    asked, answers = paper.quiz(int(number[1]))
                    found.append(new_markdown_cell(asked))
                    at_end.append(new_markdown_cell(answers, id="quiz-answers"))
    found = [nbformat.from_dict(cell) for cell in found]
    for number, cell in enumerate(found):
        cell.id = f"{number}"
        if cell.cell_type == "markdown":
            cell.source = linked(cell.source, chapter, terms, repository, built)
    found += at_end
    title = f"# {chapter.number} {chapter.title}".replace("#  ", "# ")
    first = next((cell for cell in found if re.search(r"^# ", cell.source, re.MULTILINE)), None)
    if first is None or first.cell_type != "markdown":
        found.insert(0, new_markdown_cell(title, id="title"))
    else:
        first.source = re.sub(r"^# .*", lambda _: title, first.source, count=1, flags=re.MULTILINE)
    return nbformat.v4.new_notebook(cells=found, metadata={"language_info": {"name": "python"}})


def _with_badges(cell: NotebookNode, sentences: dict[str, str], seen: set[str]) -> list[NotebookNode]:
    own = _code(cell) if cell.cell_type == "code" else cell
    return [*(_badge(name, sentences, seen) for name in claims_of(cell)), own]


def _while_solution(cells: list[NotebookNode], at: int) -> tuple[list[NotebookNode], int]:
    """The solution cells from a place on, and the place after them."""
    end = at
    while end < len(cells) and kind(cells[end]) == "solution":
        end += 1
    return [_code(cell) if cell.cell_type == "code" else cell for cell in cells[at:end]], end


def _commentaries(names: list[str]) -> list[NotebookNode]:
    """What `solution` says below our answers to these exercises; nothing of a name that no exercise has."""
    said = [declared()[name].commentary for name in names if name in declared()]
    return [new_markdown_cell(one) for one in said if one]


def _end_of_answer(cells: list[NotebookNode], at: int) -> int:
    """Where something new begins: a section, a question, an exercise, another answer."""
    while at < len(cells):
        cell, following = cells[at], cells[at + 1] if at + 1 < len(cells) else None
        new = kind(cell) in ("prediction", "exercise", "quiz", "solution")
        answers = cell.cell_type == "code" and reveals_in(cell.source)
        task = following is not None and kind(following) == "exercise"
        if new or answers or task or (cell.cell_type == "markdown" and HEADING.search(cell.source)):
            break
        at += 1
    return at


def _break(what: str) -> NotebookNode:
    return new_markdown_cell(f"+++ {what}")


def _badge(name: str, sentences: dict[str, str], seen: set[str]) -> NotebookNode:
    """A claim above its cell, in words, linked to the page of claims, which links back to the first of a name."""
    target = "" if name in seen else f"({name.lower()})=\n"
    seen.add(name)
    label = f"[{name}](#claim-{name.lower()}) {sentences.get(name, '')}"
    return new_markdown_cell(f"{target}:::{{container}} claim\n{label}\n:::")


def _code(
    cell: NotebookNode, source: str | None = None, outputs: list[NotebookNode] | None = None, of: str = ""
) -> NotebookNode:
    """A code cell for a page; `of` says that it is the second part of one: its answer or its solution."""
    made = nbformat.from_dict(cell)
    made.source = cell.source if source is None else source
    made.outputs = [_output(one) for one in (cell.outputs if outputs is None else outputs)]
    shown = ["raises-exception"] if "raises-exception" in tags(cell) else []
    if of == "answer" or kind(cell) in ("prediction", "quiz") and made.outputs:
        shown.append("remove-input")
    if kind(cell) == "quiz":
        _with_buttons(made)
    alt = cell.metadata.get("alt") or next(
        (about["alt"] for one in made.outputs for about in one.get("metadata", {}).values()
         if isinstance(about, dict) and about.get("alt")), "Figure drawn by the code above")  # fmt: skip
    made.metadata = nbformat.from_dict(
        {
            "tags": shown,
            "course": {"id": cell.get("id", "") if not of else "", "kind": kind(cell)},
            "mystnb": {"image": {"alt": alt}},
        }
    )
    return made


def _output(output: NotebookNode) -> NotebookNode:
    """An output that needs no kernel and no host."""
    data = output.get("data", {})
    if WIDGET in data:
        return new_output("display_data", data={"text/markdown": WIDGET_NOTE})
    if re.search(r"""(?:src|href)=["']?\s*(?:https?:)?//""", data.get("text/html", "")):
        output = nbformat.from_dict(output)
        output.data["text/html"] = without_hosts(output.data["text/html"])
    return output


def without_hosts(html: str) -> str:
    """HTML in which a link stands, with a warning, for what it would load from a host."""
    soup = BeautifulSoup(html, "html.parser")
    for tag in soup.find_all(["img", "script", "iframe", "link", "source", "video", "audio", "embed", "object"]):
        address = next((tag[name].strip() for name in ("src", "href", "data") if tag.get(name)), "")
        if re.match(r"https?:|//", address, re.IGNORECASE):
            warnings.warn(f"<{tag.name}> not loaded from the network: {address}", stacklevel=2)
            tag.replace_with(soup.new_tag("a", href=address, string=f"{tag.get('alt') or tag.name} (on the network)"))
    return str(soup)


def _with_buttons(cell: NotebookNode) -> None:
    """A quiz is stored as text; on a page it marks."""
    from course_lib.quizzes import as_html

    if number := QUIZ.search(cell.source):
        text = as_html(int(number[1]))
        cell.outputs = [new_output("display_data", data={"text/html": text, "text/plain": cell.source})]


def linked(text: str, chapter: Chapter, terms: dict[str, str], repository: str, built: Collection[str]) -> str:
    """Markdown whose links fit the site: to the glossary's terms, claims in tables, files of the project."""

    def link(found: re.Match) -> str:
        try:
            return led(found)
        except ValueError as error:  # half a bracket, a byte that no name can have
            raise ValueError(f"the link to {found[2]!r:.100} cannot be followed: {error}") from error

    def led(found: re.Match) -> str:
        words, address = found[1], found[2]
        parts = urlsplit(address)
        if parts.path.endswith("GLOSSARY.md"):
            plain = re.sub(r"[*_`]", "", words)
            if parts.fragment not in terms:
                return f"[{words}](glossary.md)"
            return f"{{term}}`{plain} <{terms[parts.fragment]}>`"
        if parts.scheme or not parts.path:
            return found[0]
        if name := re.fullmatch(r"(\d\d_\w+)\.ipynb", parts.path):
            without_page = name[1] not in built and lies_there(chapter.source.parent / parts.path)
            return words if without_page else found[0]
        for root in chapter.source.parents[1:2]:
            target = (chapter.source.parent / unquote(parts.path)).resolve()
            if repository and target.is_relative_to(root):
                return f"[{words}]({repository}/blob/HEAD/{target.relative_to(root).as_posix()})"
        return words

    for picture in _pictures(text):
        elsewhere = re.match(r"[a-z][a-z0-9+.-]*:", picture, re.IGNORECASE)
        if not elsewhere and not lies_there(chapter.source.parent / unquote(picture)):
            raise ValueError(f"{chapter.source.name}: there is no picture {picture[:100]}")
    text = re.sub(r"(?<=\| )(C\d\d(?:(?:, | to )C\d\d)*)(?= \|$)", _claims, text, flags=re.MULTILINE)
    return LINK.sub(link, text)


def unlinked(text: str) -> str:
    """Markdown with the words of its links alone."""
    return LINK.sub(r"\1", text)


def _claims(found: re.Match) -> str:
    """In the last column of a table claims are links to the cells that show them."""
    return re.sub(r"C\d\d", lambda name: f"[{name[0]}](#{name[0].lower()})", found[0])


def _pictures(text: str) -> Iterator[str]:
    yield from re.findall(r"!\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^)\s]+)\)", text)
