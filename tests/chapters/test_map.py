"""The map in chapter 00 says of each chapter the minutes that the chapter itself says."""

import re

import pytest
from reading import ROOT, Chapter

CHAPTERS = sorted((ROOT / "chapters").glob("[0-9][0-9]_*.ipynb"))
MINUTES = re.compile(r"\*\*Reading\*\* (\d+) min")


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_minutes_of_the_map(path):
    start = "\n".join(cell.source for cell in Chapter(CHAPTERS[0]).markdown)
    rows = re.findall(rf"^\| (?:{path.name[:2]} [^|]*|\[.*\]\({path.name}\) )\|.* (\d+) \|$", start, re.MULTILINE)
    assert rows == [MINUTES.search(Chapter(path).markdown[0].source)[1]], f"chapter 00 says {rows} for {path.name}"
