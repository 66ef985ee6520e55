"""The drawings of the chapters can be read: from the last row, in dark mode, and without eyes."""

import re
from pathlib import Path

import pytest

DRAWINGS = sorted((Path(__file__).resolve().parents[2] / "chapters" / "figures").glob("*.svg"))
COLUMN = 800  # pixels: a page's text; what is wider is made smaller
SMALLEST = 11  # points, as shown; a pixel is three quarters of one
SIZE = re.compile(r"font(?:-size)?(?::|=\")\s*(?:\d{3} )?(\d+(?:\.\d+)?)(?:px|\")")


@pytest.mark.parametrize("drawing", DRAWINGS, ids=lambda path: path.stem)
def test_a_drawing_can_be_read(drawing):
    source = drawing.read_text(encoding="utf-8")
    width = float(re.search(r"<svg[^>]*\bwidth=\"(\d+)\"", source)[1])
    sizes = [float(size) for size in SIZE.findall(source)]
    shown = 0.75 * min(sizes) * min(1, COLUMN / width)
    assert shown >= SMALLEST, f"its smallest type is {shown:.1f} pt where {width:.0f} pixels stand in {COLUMN}"
    assert "prefers-color-scheme:dark" in source, "in dark mode it is a white sheet"
    assert re.search(r"<title[^>]*>\w[^<]+</title>\s*<desc[^>]*>\w[^<]+</desc>", source), "a title and a description"


def test_there_are_drawings():
    assert len(DRAWINGS) > 20
