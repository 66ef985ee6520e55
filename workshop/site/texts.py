"""The pages of the site that are no chapters: the index and the glossary."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from workshop.site.chapters import Chapter
from workshop.site.decks import slides_of

PROMISE = "A course on Transformer language models in which every claim is a cell that runs."
ROW = re.compile(r'^\| <a id="([\w-]+)"></a>(.+?) \| (.*?) \| (.*?) \| (.*?) \|$', re.MULTILINE)


@dataclass(frozen=True)
class Term:
    """A row of GLOSSARY.md."""

    anchor: str
    name: str
    korean: str
    meaning: str
    chapters: str


def slug(heading: str) -> str:
    """The anchor of a heading, as JupyterLab makes it."""
    return heading.strip().replace(" ", "-")


def term_list(file: Path) -> list[Term]:
    """The terms of a glossary that is a table; none where there is no such file."""
    return [Term(*row) for row in ROW.findall(file.read_text(encoding="utf-8"))] if file.is_file() else []


def glossary(terms: list[Term]) -> str:
    """The page of terms, in the alphabet's order; links to a term in the chapters show its line."""
    lines = ["# Glossary\n", "```{glossary}\n:sorted:\n"]
    for term in terms:
        lines.append(f"{term.name}\n  {term.meaning}. *{term.korean}* Chapter {term.chapters}.\n")
    return "\n".join([*lines, "```\n"])


def index(course: str, chapters: list[Chapter], more: list[str]) -> str:
    """The first page: what the course is, its chapters, and `more` pages."""
    cells, shown = sum(one.code for one in chapters), len({name for one in chapters for name in one.claims})
    lines = [f"# {course}\n", f"{PROMISE}\n"]
    lines.append(f"{len(chapters)} chapters, {cells} executed cells, [{shown} claims](claims.md) shown.")
    lines.append("These pages load nothing from the network.\n\n")
    lines.append('<p id="as-pdf"></p>\n\n')  # workshop/site/pdf.py names what it has printed here
    for one in chapters:
        link, minutes = f"**[{one.number} {one.title}]({one.name}.ipynb)**", one.minutes and f"*{one.minutes}*"
        slides = f'<a href="slides/{one.name}.html">Slides of chapter {one.number}</a>' if slides_of(one) else ""
        said = [link, one.promise, minutes, slides]
        lines.append("\n\n".join(filter(None, said)) + "\n")
    toc = [f"{one.number} {one.title} <{one.name}>" for one in chapters]
    lines.append("\n".join(["```{toctree}\n:hidden:\n:caption: Chapters\n", *toc, "```\n"]))
    lines.append("\n".join(["```{toctree}\n:hidden:\n:caption: The course\n", *more, "```\n"]))
    return "\n".join(lines)
