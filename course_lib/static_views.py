"""Still pictures of the interactive views: what is shown where HTML is not, and in print. Chapter 05."""

from __future__ import annotations

import base64
import html
import io

import numpy as np

from course_lib.lettering import words_to_draw
from course_lib.plots import COLOURS, FONT

BLUE = "#0072B2"  # of Okabe and Ito, 2008


def lines(weights, queries: list[str], keys: list[str], title: str):
    """Tokens that look on the left, those seen on the right, a line for each weight (query, key)."""
    from matplotlib.collections import LineCollection
    from matplotlib.figure import Figure

    longest = max(len(queries), len(keys))
    figure = Figure(figsize=(5, max(3.6, 0.6 + 0.25 * longest)), layout="constrained")
    axes = figure.subplots()
    places = list(np.ndindex(weights.shape))
    drawn = LineCollection([[(0, row), (1, column)] for row, column in places], colors=BLUE, linewidths=1.5)
    drawn.set_alpha([min(float(weights[place]), 1) for place in places])
    axes.add_collection(drawn)
    for place, side, words in ((-0.03, "right", queries), (1.03, "left", keys)):
        words, style = words_to_draw(words)
        for row, word in enumerate(words):
            axes.text(place, row, word, ha=side, va="center", fontsize=FONT, **style)
    axes.set(xlim=(-0.6, 1.6), ylim=(longest - 0.5, -0.5))
    axes.set_axis_off()
    axes.set_title(f"{title}\nquery (left) looks at key (right)", fontsize=FONT, parse_math=False)
    return figure


def grid(weights, layers: list[int], heads: list[int], kind: str):
    """A small heat map for each layer (row) and head (column) of weights (layer, head, query, key)."""
    from matplotlib.figure import Figure

    rows, columns = weights.shape[2] + 1, weights.shape[3] + 1  # with a gap
    spaced = np.pad(weights, [(0, 0), (0, 0), (0, 1), (0, 1)], constant_values=np.nan)  # (layer, head, rows, columns)
    whole = spaced.transpose(0, 2, 1, 3).reshape(len(layers) * rows, len(heads) * columns)
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(whole, cmap=COLOURS, vmin=0, vmax=1, aspect="auto", interpolation="nearest")
    axes.set_yticks([rows * (i + 0.5) - 1 for i in range(len(layers))][:: len(layers) // 12 + 1])
    axes.set_yticklabels(layers[:: len(layers) // 12 + 1])
    axes.set_xticks([columns * (i + 0.5) - 1 for i in range(len(heads))], heads)
    axes.tick_params(labelsize=FONT)
    axes.set_xlabel("head", fontsize=FONT)
    axes.set_ylabel("layer", fontsize=FONT)
    axes.set_title(f"{kind} attention\nin each map, query down, key across", fontsize=FONT, parse_math=False)
    figure.colorbar(image, ax=axes).set_label("attention weight", fontsize=FONT)
    return figure


def png_of(figure) -> bytes:
    """The figure in at most 64 colours: a third of the bytes of matplotlib's own PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    canvas, buffer = FigureCanvasAgg(figure), io.BytesIO()
    canvas.draw()
    Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB").quantize(64).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def image_of(png: bytes, alt: str) -> str:
    """An HTML image with the picture inside it."""
    return f'<img alt="{html.escape(alt)}" src="data:image/png;base64,{base64.b64encode(png).decode()}">'
