"""How the rules read a chapter: its cells, its sections, its words."""

import ast
import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path

from course_lib.exercises import exercises
from workshop.editions import normalise

ROOT = Path(__file__).resolve().parents[2]
CLAIMS = json.loads((ROOT / "tests" / "claims.json").read_text(encoding="utf-8"))
CLOSING = ["Where it stops being true", "Recap", "Exercises", "Quiz", "Sources"]

ANY_HEADING = re.compile(r"^(#{1,6})[ \t]+(.+?)[ \t#]*$", re.MULTILINE)
INLINE_CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)


@dataclass
class Section:
    """A ``## `` section: where it starts, its text without the title, and its code cells."""

    title: str
    position: int
    text: str
    code: list = field(default_factory=list)


@dataclass
class Chapter:
    """One notebook and what the rules ask of it."""

    path: Path
    claims: dict = field(default_factory=lambda: CLAIMS)
    exercises: dict = field(default_factory=lambda: {exercise.name: exercise for exercise in exercises()})

    @cached_property
    def text(self):
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def cells(self):
        return normalise.read(self.text).cells

    @property
    def code(self):
        return [cell for cell in self.cells if cell.cell_type == "code"]

    @property
    def markdown(self):
        return [cell for cell in self.cells if cell.cell_type == "markdown"]

    @property
    def number(self):
        return int(self.path.name[:2])

    @cached_property
    def sections(self):
        found = []
        for position, cell in enumerate(self.cells):
            if cell.cell_type != "markdown":
                if found:
                    found[-1].code.append(cell)
                continue
            for part in re.split(r"^(?=## )", without_fences(cell.source), flags=re.MULTILINE):
                title = ANY_HEADING.match(part)
                if title and title[1] == "##":
                    found.append(Section(title[2], position, part[title.end() :].strip()))
                elif found:
                    found[-1].text = f"{found[-1].text}\n{part}".strip()
        return found


def without_fences(source):
    return normalise.FENCE.sub("", source)


def prose(source):
    """Markdown without any code, in which addresses and tags mean what they say."""
    return INLINE_CODE.sub("", without_fences(source))


def headings(source):
    """Pairs of level and words."""
    return [(len(marks), words) for marks, words in ANY_HEADING.findall(without_fences(source))]


def at(cell):
    return f"cell {cell.get('id', '?')!r}"


def tags(cell):
    return cell.metadata.get("tags", [])


def parsed(source):
    """The syntax tree of a cell, or None if the cell is not Python."""
    try:
        return compile(source, "cell", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except SyntaxError:
        return None


class Tags(HTMLParser):
    """Start tags of an HTML text, as pairs of name and attributes, and its words."""

    def __init__(self, text):
        super().__init__()
        self.found, self.words, self._silent = [], [], False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, {name: value or "" for name, value in attributes}))
        self._silent = tag in ("script", "style")

    def handle_endtag(self, tag):
        self._silent = False

    def handle_data(self, data):
        if not self._silent:
            self.words.append(data)


def texts_of(cell):
    """The words a reader sees in the outputs of a cell."""
    for output in cell.outputs:
        if output.output_type == "stream":
            yield output.text
        elif output.output_type == "error":
            yield normalise.TERMINAL_COLOUR.sub("", "\n".join([output.evalue, *output.traceback]))
        else:
            yield from (output.data[mime] for mime in ("text/plain", "text/markdown") if mime in output.data)
            yield " ".join(Tags(output.data.get("text/html", "")).words)
