"""The page of claims: each in words, with the cell that shows it, what its assert compares, and when it last held."""

from __future__ import annotations

import ast
import json
import textwrap
from collections.abc import Iterator
from itertools import groupby

from nbformat import NotebookNode

from workshop.editions.marks import nodes_in
from workshop.site.chapters import Chapter

OPENING = """# Claims

Every claim of the course is an assertion in a cell. When the chapters are executed and one does not hold, the run
stops there. This page is made of the list of claims and of what the last execution has left.
"""
LABELS = {"python": "Python", "torch": "PyTorch", "transformers": "Transformers"}


def page(chapters: list[Chapter], sentences: dict[str, str]) -> str:
    """The page, as MyST Markdown; claims stand below the chapter that shows them."""
    shown = {name: (chapter, cells) for chapter in chapters for name, cells in chapter.claims.items()}
    lines = [OPENING]
    order = sorted({*sentences, *shown}, key=lambda name: (shown[name][0].number if name in shown else "~", name))
    for chapter, names in groupby(order, key=lambda name: shown[name][0] if name in shown else None):
        if chapter is None:
            lines.append("## In chapters that have no page here\n")
        else:
            lines.append(f"## {chapter.number} {chapter.title}\n\n{held(chapter)}\n")
        for name in names:
            lines.append(f"(claim-{name.lower()})=\n### {name}\n")
            lines.append(f":::{{container}} statement\n{sentences.get(name, '')}\n:::\n")
            if chapter is not None:
                lines.append(f"[The cell that shows it](#{name.lower()}) compares:\n")
                asserts = "\n".join(text for cell in shown[name][1] for text in asserts_in(cell))
                lines.append(f"```python\n{asserts}\n```\n")
    return "\n".join(lines)


def asserts_in(cell: NotebookNode) -> Iterator[str]:
    """The assert statements of a code cell, as they are written."""
    for node in nodes_in(cell.source):
        if isinstance(node, ast.Assert):
            yield textwrap.dedent(ast.get_source_segment(cell.source, node, padded=True))


def held(chapter: Chapter) -> str:
    """When and with what the chapter was last executed to its end."""
    try:
        done = json.loads(chapter.path.with_suffix(".json").read_text(encoding="utf-8"))
    except (OSError, ValueError):  # there is none, or it is damaged
        done = None
    when = f" on {done['when']}" if isinstance(done, dict) and "when" in done else ""
    if not chapter.versions:
        return "From the outputs that are stored in the chapter."
    versions = ", ".join(f"{LABELS.get(name, name)} {version}" for name, version in sorted(chapter.versions.items()))
    return f"All of these held{when} with {versions}."
