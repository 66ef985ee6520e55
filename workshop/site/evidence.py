"""The page of evidence: model cards with their measurements, records with the commands that measure them again."""

from __future__ import annotations

import json
import re
from pathlib import Path

OPENING = """# Evidence

What the course says of its own models is measured, and so is what takes longer than a chapter may run. The cards and
the tables below are the files of the project as they are.
"""


def page(root: Path, build: Path) -> str:
    """The page, as MyST Markdown, from cards, records and the tables that `course bench` and the canary left."""
    lines = [OPENING, "## Model cards\n"]
    for card in sorted(root.glob("course_lib/checkpoints/shipped/*/card.md")):
        lines.append(_deeper(card.read_text(encoding="utf-8"), 2))
    lines.append("## Records\n\nOne line for each; the file has every run.\n")
    lines.append("| record | runs | measured again by |\n| --- | --- | --- |")
    for path in sorted(root.glob("course_lib/experiments/records/*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        lines.append(f"| {path.stem} | {len(record['runs'])} | `{record['command']}` |")
    lines.append("")
    for name, command in (("bench", "make bench"), ("canary", "make canary")):
        table = build / f"{name}.md"
        if table.is_file():
            lines.append(f"## {name.capitalize()}\n\nWritten by `{command}`.\n")
            lines.append(_deeper(table.read_text(encoding="utf-8"), 2))
    return "\n".join(lines)


def _deeper(text: str, by: int) -> str:
    """Markdown with its headings so many levels deeper, and links to files of the project as their words."""
    text = re.sub(r"^(?=#+ )", "#" * by, text, flags=re.MULTILINE)
    return re.sub(r"\[([^\]]*)\]\((?!https?:)[^)]*\)", r"\1", text)
