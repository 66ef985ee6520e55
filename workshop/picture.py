"""The picture in README.md: what a reader sees in JupyterLab, a prediction and an exercise with a mistake in it.

python -m workshop.picture        # needs what `jupyterlab.py` needs; half a minute
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

from PIL import Image

from workshop.editions import write_study
from workshop.jupyterlab import Notebook, browser, server

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "chapters" / "figures" / "study_edition.png"
CHAPTER = ROOT / "chapters" / "05_attention.ipynb"
MISTAKEN = """\
def attention(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1) / query.shape[-1]
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = scores.softmax(-1).nan_to_num()
    return weights @ value, weights"""


def taken(notebook: Notebook) -> list[Image.Image]:
    """What the reader does, cell by cell, as pictures."""
    page = notebook.page
    notebook.run("setup")
    notebook.run("predict-dead-queries")
    asked = notebook.cell("predict-dead-queries").locator(".widget-vbox")
    asked.get_by_role("textbox").fill("10")
    asked.get_by_role("slider").focus()
    page.keyboard.press("ArrowRight")
    asked.get_by_role("button").click()
    asked.get_by_text("Noted:").wait_for()
    notebook.write("write-attention-itself", MISTAKEN)
    notebook.run("write-attention-itself")
    said = notebook.run("check-attention-itself")
    if "not by its square root" not in " ".join(said.split()):
        raise RuntimeError(f"The check does not name the mistake: {said}")
    shots = []
    for name in ("predict-dead-queries", "write-attention-itself", "check-attention-itself"):
        cell = notebook.cell(name)
        page.evaluate("() => { jupyterapp.shell.currentWidget.content.activeCellIndex = 0; }")  # no frame, no buttons
        page.wait_for_timeout(500)
        shots.append(Image.open(io.BytesIO(cell.screenshot())).convert("RGB"))
    return shots


def main() -> None:
    """Write the picture, its cells one below the other, in few colours."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        folder = Path(place)
        list(write_study([CHAPTER], folder / "study"))
        with server(folder, folder / "private", folder / "progress") as address, browser(960, 1000, 1.5) as page:
            notebook = Notebook(page, address, f"study/{CHAPTER.name}")
            page.evaluate("() => jupyterapp.commands.execute('application:toggle-left-area')")
            shots = taken(notebook)
    whole = Image.new("RGB", (max(shot.width for shot in shots), sum(shot.height for shot in shots)), "white")
    for place, shot in enumerate(shots):
        whole.paste(shot, (0, sum(above.height for above in shots[:place])))
    whole.quantize(64).save(PICTURE, optimize=True)


if __name__ == "__main__":
    main()
