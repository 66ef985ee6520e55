"""The marks of a chapter's cells, from which its editions are made: what each tag says, and what a solution is.

An exercise is a code cell with the tag ``exercise``. In it, what the reader writes stands between two lines,
``### BEGIN SOLUTION`` and ``### END SOLUTION`` (nbgrader's marks); the markdown cell before it says
``**Exercise 5.1** · 5 min · easy``; the cell after it has the tag ``check`` and hands the reader's answer to `check`.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from nbformat import NotebookNode

TAGS = {
    "prediction": "asks for a prediction, with predict(…); a later cell has its reveal(…)",
    "exercise": "the reader writes what stands between the marks",
    "check": "checks the answer of the exercise before it",
    "solution": "a worked solution or what is to be said about one: folded on a page, not in the study edition",
    "quiz": "the chapter's quiz",
    "page-only": "not in the study and class editions",
    "study-only": "not on the page",
    "slide": "begins a slide",
    "fragment": "appears on the same slide",
    "skip-slide": "not on the slides",
}
EXERCISE = re.compile(r"\*\*Exercise (\d+)\.(\d+)\*\* · (\d+) min · (easy|medium|hard)\b")
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
KINDS = ("prediction", "exercise", "check", "solution", "quiz")  # a cell is one of these at most
LEVELS = {"easy": 0, "medium": 1, "hard": 2}


def tags(cell: NotebookNode) -> list[str]:
    """The tags of a cell."""
    return cell.metadata.get("tags", [])


def kind(cell: NotebookNode) -> str:
    """Which of KINDS a cell is, or ""."""
    return next((one for one in KINDS if one in tags(cell)), "")


@dataclass(frozen=True)
class Line:
    """A line of an exercise's code, and where it belongs: "given", "begin", "solution" or "end"."""

    text: str
    part: str


def lines_of(source: str) -> list[Line]:
    """The lines of a code cell. Raises ValueError where the marks do not come in pairs."""
    found, inside = [], False
    for number, text in enumerate(source.split("\n"), 1):
        mark = text.strip()
        if mark in (BEGIN, END) and (mark == BEGIN) == inside:
            raise ValueError(f"line {number}: {mark} stands where it cannot; the marks come in pairs")
        inside = (mark == BEGIN) or (inside and mark != END)
        part = {BEGIN: "begin", END: "end"}.get(mark) or ("solution" if inside else "given")
        found.append(Line(text, part))
    if inside:
        raise ValueError(f"{BEGIN} without {END}")
    return found


def stub(source: str) -> str:
    """The code without its solutions: ``...`` in the place of each, as far indented as its mark."""
    kept = [
        line.text.replace(BEGIN, "...") if line.part == "begin" else line.text
        for line in lines_of(source)
        if line.part in ("given", "begin")
    ]
    return "\n".join(kept)


def solved(source: str) -> str:
    """The code with its solutions, without the marks."""
    return "\n".join(line.text for line in lines_of(source) if line.part in ("given", "solution"))


def solution_lines(cell: NotebookNode) -> list[str]:
    """The lines that no reader of the study edition may see, without the space around them."""
    if "solution" in tags(cell):
        lines = cell.source.split("\n")
    elif cell.cell_type == "code" and "exercise" in tags(cell):
        lines = [line.text for line in lines_of(cell.source) if line.part == "solution"]
    else:
        lines = []
    return [line.strip() for line in lines if line.strip()]


def nodes_in(source: str) -> Iterator[ast.AST]:
    """The nodes of a cell's syntax tree; none if it is not Python, as with a magic command or a null character."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return
    yield from ast.walk(tree)


def checks_in(source: str) -> Iterator[tuple[ast.Expr, str, ast.expr]]:
    """Each statement ``check("name", answer)`` of a cell: the statement, the name, the answer.

    Raises ValueError for a cell that is not Python.
    """
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError) as error:  # the second: a null character
        raise ValueError(f"a check is not Python, {source[:80]!r}: {error}") from error
    for statement in body:
        match statement:
            case ast.Expr(ast.Call(ast.Name("check"), [ast.Constant(str(name)), answer], [])):
                yield statement, name, answer


def reveals_in(source: str) -> list[str]:
    """The names of the predictions that a cell answers with ``reveal("name", …)``; none if it is not Python."""
    calls = [node for node in nodes_in(source) if isinstance(node, ast.Call) and node.args]
    names = [call.args[0] for call in calls if ast.unparse(call.func) == "reveal"]
    return [name.value for name in names if isinstance(name, ast.Constant) and isinstance(name.value, str)]


def points(minutes: int, level: str) -> int:
    """What an exercise is worth in a class: a point for every five minutes begun, one or two more if it is harder."""
    return max(1, math.ceil(minutes / 5)) + LEVELS[level]
