"""Each chapter's reading minutes, written into what repeats them: the map in chapter 00, README.md and README.ko.md.

python -m workshop.minutes

A chapter says its minutes in its first cells. What repeats them is the last column of a table's row that links to it
(or, in the map, is called after its number), and the last column of the row "all".
"""

from __future__ import annotations

import re
from pathlib import Path

import nbformat

from course_lib.whole_files import write_atomically
from workshop.editions import normalise

ROOT = Path(__file__).resolve().parents[1]
SAID = re.compile(r"\*\*Reading\*\* (\d+) min")
ROW = re.compile(
    r"^(\| (?:\[\d\d [^|]*?/?(\d\d)_\w+\.ipynb\) |(\d\d) [^|]*|(?:all|전체) )\|.*\| )(\d+)( \|)$", re.MULTILINE
)
REPEATED = (ROOT / "README.md", ROOT / "README.ko.md")


def said(chapters: Path = ROOT / "chapters") -> dict[str, int]:
    """The minutes that each chapter says, by its number. Raises ValueError for a chapter that says none."""
    found = {}
    for path in sorted(chapters.glob("[0-9][0-9]_*.ipynb")):
        opening = "\n".join(cell.source for cell in normalise.read(path.read_text(encoding="utf-8")).cells[:2])
        minutes = SAID.search(opening)
        if minutes is None:
            raise ValueError(f"{path.name} says no minutes: write **Reading** 25 min into its first cell.")
        found[path.name[:2]] = int(minutes[1])
    return found


def written(text: str, minutes: dict[str, int]) -> str:
    """A text with these minutes in its table."""

    def row(found: re.Match) -> str:
        number = found[2] or found[3]
        return f"{found[1]}{minutes[number] if number else sum(minutes.values())}{found[5]}"

    return ROW.sub(row, text)


def main() -> None:
    """Write them."""
    minutes = said()
    for path in REPEATED:
        write_atomically(path, written(path.read_text(encoding="utf-8"), minutes))
    start = next((ROOT / "chapters").glob("00_*.ipynb"))
    notebook = normalise.read(start.read_text(encoding="utf-8"))
    for cell in notebook.cells:
        cell.source = written(cell.source, minutes) if cell.cell_type == "markdown" else cell.source
    write_atomically(start, normalise.normalised(nbformat.writes(notebook)))


if __name__ == "__main__":
    main()
