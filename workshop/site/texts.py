"""The pages of the site that are no chapters: the index, the glossary, how the course is built."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from pathlib import Path

from workshop.site.chapters import Chapter
from workshop.site.decks import slides_of

PROMISE = "A course on Transformer language models in which every claim is a cell that runs."
MORE = {  # pages that are no chapters: what they are called, and what they are
    "claims": ("Claims", "each in words, with the cell that shows it, and when it last held"),
    "evidence": ("Evidence", "model cards, records, what was measured and by which command"),
    "glossary": ("Glossary", "each term in a line, with its Korean form"),
    "reference": ("Reference", "the functions that chapters import, and where they are used"),
    "teaching": ("Teaching", "plans for a lecture, a day, a semester; slides, nbgrader, a room without network"),
    "architecture": ("How it is built", "what is made from what, and what is proved where"),
    "changelog": ("Changelog", "what is new"),
}
ROW = re.compile(r'^\| <a id="([\w-]+)"></a>(.+?) \| (.*?) \| (.*?) \| (.*?) \|$', re.MULTILINE)
BLOCK = re.compile(r"^```\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"^( *)(.+?)(?:  +(.+))?$", re.MULTILINE)  # of a tree: its depth, its name, what it is


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


def glossary(terms: list[Term], chapters: list[Chapter]) -> str:
    """The page of terms, in the alphabet's order; links to a term in the chapters show its line."""
    lines = ["# Glossary\n", "```{glossary}\n:sorted:\n"]
    files = {one.number: f"{one.name}.ipynb" for one in chapters}
    for term in terms:
        where = re.sub(r"\d\d", lambda number: _link(number[0], files.get(number[0])), term.chapters)
        about = f'<span class="where"><span lang="ko">{term.korean}</span> · Chapter {where}</span>'
        lines.append(f"{term.name}\n  {term.meaning}.\n\n  {about}\n")
    return "\n".join([*lines, "```\n"])


def architecture(text: str) -> str:
    """ARCHITECTURE.md for any width: its file tree as a list, a drawing in a region that scrolls, by keys too."""

    def shown(block: re.Match) -> str:
        if "│" not in block[1]:
            return f":::{{container}} files\n{FILE.sub(_file, block[1])}:::"
        about = escape(re.findall("^## (.+)$", text[: block.start()], re.MULTILINE)[-1])
        box = f'<div class="drawing highlight" tabindex="0" role="region" aria-label="Drawing: {about}">'
        return f"{box}<pre>{escape(block[1])}</pre></div>"

    return BLOCK.sub(shown, text)


def _file(line: re.Match) -> str:
    return f"{line[1]}- {', '.join(f'`{name}`' for name in line[2].split(', '))} {line[3] or ''}".rstrip()


def _link(words: str, address: str | None) -> str:
    return f"[{words}]({address})" if address else words


def index(course: str, chapters: list[Chapter], more: list[str]) -> str:
    """The first page: what the course is, its chapters, and `more` pages."""
    cells, shown = sum(one.code for one in chapters), len({name for one in chapters for name in one.claims})
    lines = [f"# {course}\n", f":::{{container}} promise\n{PROMISE}\n:::\n"]
    lines.append(f"{len(chapters)} chapters, {cells} executed cells, [{shown} claims](claims.md) shown.")
    lines.append("These pages load nothing from the network.\n")
    lines.append('<p id="as-pdf"></p>\n')  # workshop/site/pdf.py names what it has printed here
    lines.append("## Chapters\n\n::::::{container} cards\n")
    for one in chapters:
        address, says = f"slides/{one.name}.html", f"Slides of chapter {one.number}"
        slides = f'<a href="{address}" aria-label="{says}">Slides</a>' if slides_of(one) else ""
        about = " · ".join(filter(None, [one.minutes, slides]))
        said = [f"**[{one.number} {one.title}]({one.name}.ipynb)**", one.promise, about]
        lines.append("\n\n".join([":::::{container} card-of", *filter(None, said), ":::::"]) + "\n")
    lines.append("::::::\n\n## The course\n")
    lines += [f"- [{MORE[name][0]}]({name}.md): {MORE[name][1]}" for name in more]
    lines.append("")
    toc = [f"{one.number} {one.title} <{one.name}>" for one in chapters]
    lines.append("\n".join(["```{toctree}\n:hidden:\n:caption: Chapters\n", *toc, "```\n"]))
    toc = [f"{MORE[name][0]} <{name}>" for name in more]
    lines.append("\n".join(["```{toctree}\n:hidden:\n:caption: The course\n", *toc, "```\n"]))
    return "\n".join(lines)
