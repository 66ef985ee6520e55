"""Pictures: attention with words on both axes, heads, dependencies, a timeline, learning curves, a matrix of gains.

Colours come from the map "cividis" (dark is 0) and from Okabe and Ito's palette (2008), which people who see few
colours can tell apart; lines differ in their markers too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle

import numpy as np

from course_lib.lettering import as_words, text_to_draw, words_to_draw

FONT = 11  # points at the size shown, so that a figure can be read from the last row
COLOURS = "cividis"
LINES = (("#0072B2", "o"), ("#D55E00", "s"), ("#009E73", "^"), ("#CC79A7", "D"), ("#E69F00", "v"), ("#56B4E9", "P"))


def attention_map(
    weights,
    queries: Sequence[str],
    keys: Sequence[str] | None = None,
    *,
    title: str,
    axes=None,
):
    """A heat map of `weights` (query, key), from 0 to 1: a row is a word that looks, a column one that is seen.

    `keys` are the words of the columns, where they are not the same as `queries`. Returns the axes. Raises ValueError
    where the numbers of words and weights differ.
    """
    import matplotlib.pyplot as plt

    keys = queries if keys is None else keys
    weights = _fitting(weights, queries, keys)
    if axes is None:
        size = (2.2 + 0.3 * len(keys), 1.7 + 0.26 * len(queries))
        _, axes = plt.subplots(figsize=(min(max(size[0], 4.6), 8.0), min(max(size[1], 3.2), 7.0)), layout="constrained")
    image = axes.imshow(weights, cmap=COLOURS, vmin=0, vmax=1, aspect="auto")
    _words(axes, queries, keys)
    _title(axes, title, FONT + 1)
    axes.set_xlabel("looks at (key)", fontsize=FONT)
    axes.set_ylabel("this token (query)", fontsize=FONT)
    bar = axes.figure.colorbar(image, ax=axes)
    bar.set_label("attention weight", fontsize=FONT)
    bar.ax.tick_params(labelsize=FONT)
    return axes


def dependency_map(moved, outputs: Sequence[str], inputs: Sequence[str], *, title: str, axes=None):
    """Which outputs (rows) move when an input (column) is changed: dark where exactly 0, bright where not.

    `moved` (output, input) is what `course_lib.probing.dependencies` returns. Only zero or not is drawn: how far
    an output moves depends on the word that was put in. Returns the axes.
    """
    import matplotlib.pyplot as plt

    moved = _fitting(moved, outputs, inputs)
    if axes is None:
        _, axes = plt.subplots(figsize=(4.0, 3.0), layout="constrained")
    axes.imshow(moved > 0, cmap=COLOURS, vmin=0, vmax=1, aspect="auto")
    _words(axes, outputs, inputs)
    _title(axes, title, FONT + 1)
    axes.set_xlabel("changed input", fontsize=FONT)
    axes.set_ylabel("output (bright: it moved)", fontsize=FONT)
    return axes


def head_gallery(panels: Sequence[tuple[str, object]], words: Sequence[str]):
    """Small heat maps side by side, one for each (title, weights (query, key)); the words stand on the left only once.

    Returns the figure.
    """
    import matplotlib.pyplot as plt

    if not panels:
        raise ValueError("A gallery needs at least one panel: pairs of a title and weights (query, key).")
    figure, all_axes = plt.subplots(
        1, len(panels), figsize=(1.5 + 2.2 * len(panels), 3.5), layout="constrained", squeeze=False
    )
    for place, (axes, (title, weights)) in enumerate(zip(all_axes[0], panels, strict=True)):
        image = axes.imshow(_fitting(weights, words, words), cmap=COLOURS, vmin=0, vmax=1)
        _words(axes, words, words)
        _title(axes, title, FONT)
        axes.set_xlabel("looks at (key)", fontsize=FONT)
        if place:
            axes.set_yticks([])
        else:
            axes.set_ylabel("this token (query)", fontsize=FONT)
    bar = figure.colorbar(image, ax=all_axes[0, -1], ticks=[0, 0.5, 1])
    bar.set_label("attention weight", fontsize=FONT)
    bar.ax.tick_params(labelsize=FONT)
    return figure


def timeline(architectures, *, start: str = "2017-06", axes=None):
    """Architectures by the month of their paper, in a lane for each family; a line at `start`, the Transformer's.

    `architectures` are lines of `course_lib.architectures.families()`. Returns the axes. Used in chapter 02.
    """
    import matplotlib.pyplot as plt

    def years(month: str) -> float:
        return int(month[:4]) + (int(month[5:]) - 0.5) / 12

    lanes = list(dict.fromkeys(row.family for row in architectures))
    if not lanes:
        raise ValueError("A timeline needs at least one architecture: course_lib.architectures.families().")
    if axes is None:
        _, axes = plt.subplots(figsize=(7.2, 3.0), layout="constrained")
    for lane, (family, colour) in enumerate(zip(lanes, cycle(("#33638d", "#b8860b", "#555555")), strict=False)):
        rows = sorted((row for row in architectures if row.family == family), key=lambda row: row.published)
        axes.scatter([years(row.published) for row in rows], [lane] * len(rows), color=colour, zorder=2)
        for number, row in enumerate(rows):  # names at four heights in turn, so that neighbours do not meet
            height = (0.16, -0.26, 0.34, -0.44)[number % 4]
            name, style = text_to_draw(row.name)
            axes.annotate(
                name,
                (years(row.published), lane),
                (years(row.published), lane + height),
                ha="center",
                va="center",
                fontsize=FONT,
                arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.5},
                **style,
            )
    axes.axvline(years(start), color="black", linestyle="--", linewidth=0.8)
    axes.annotate("Transformer", (years(start), len(lanes) - 0.6), fontsize=FONT, rotation=90, va="top", ha="right")
    lanes, style = words_to_draw(lanes)
    axes.set_yticks(range(len(lanes)), lanes, fontsize=FONT, **style)
    axes.set_ylim(-0.6, len(lanes) - 0.4)
    first, last = (int(years(month)) for month in (start, max(row.published for row in architectures)))
    axes.set_xticks(range(first, last + 2))
    axes.tick_params(axis="x", labelsize=FONT)
    axes.set_xlabel("first paper, or model card (year)", fontsize=FONT)
    axes.set_title("Three families of Transformers", fontsize=FONT + 1)
    return axes


def loss_curve(losses: Sequence[float], *, title: str, levels: Mapping[str, float] | None = None, axes=None):
    """The loss of each step, in nats, and its running mean; `levels` are losses to compare with, drawn as dashed lines.

    Returns the axes.
    """
    if axes is None:
        import matplotlib.pyplot as plt

        _, axes = plt.subplots(figsize=(4.6, 2.8), layout="constrained")
    steps = np.arange(1, len(losses) + 1)
    window = max(1, len(losses) // 20)
    sums = np.cumsum([0.0, *losses])
    half = window // 2  # on both sides, fewer at the ends: a mean of the past would lie above a curve that falls
    reach = np.minimum(half, np.minimum(steps - 1, len(losses) - steps))
    mean = (sums[steps + reach] - sums[steps - reach - 1]) / (2 * reach + 1)
    axes.plot(steps, losses, color="#bbbbbb", linewidth=0.7, label="each step")
    if half:  # else the mean would be the same line again
        axes.plot(steps, mean, color=LINES[0][0], label=f"mean of {2 * half + 1}")
    for (name, level), (colour, _) in zip((levels or {}).items(), cycle(LINES[1:]), strict=False):
        axes.axhline(level, color=colour, linestyle="--", linewidth=1, label=name)
    axes.set_xlabel("step", fontsize=FONT)
    axes.set_ylabel("loss (nats)", fontsize=FONT)
    axes.tick_params(labelsize=FONT)
    _title(axes, title, FONT + 1)
    _legend(axes)
    return axes


def learning_curves(
    series: Mapping[str, Mapping[float, Sequence[float]]],
    *,
    title: str,
    across: str,
    up: str,
    log: bool = True,
    axes=None,
):
    """Lines with bands: `series[name][x]` are the results at x, one a seed. The line is their mean, the band runs from
    the lowest to the highest.

    `across` and `up` are the labels of the axes; `log` makes the first one logarithmic. Returns the axes. Raises
    ValueError where nothing, or a point without results, is given.
    """
    if not series or not all(points and all(len(found) for found in points.values()) for points in series.values()):
        raise ValueError("Learning curves need results: {name: {x: [one result a seed]}}, none of them empty.")
    if axes is None:
        import matplotlib.pyplot as plt

        _, axes = plt.subplots(figsize=(5.4, 3.4), layout="constrained")
    for (name, points), (colour, marker) in zip(series.items(), cycle(LINES), strict=False):
        places = sorted(points)
        axes.plot(
            places,
            [np.mean(points[x]) for x in places],
            color=colour,
            marker=marker,
            markersize=4,
            linewidth=1.3,
            label=name,
        )
        low, high = ([pick(points[x]) for x in places] for pick in (min, max))
        axes.fill_between(places, low, high, color=colour, alpha=0.2, linewidth=0)
    if log:
        places = sorted({x for points in series.values() for x in points})
        axes.set_xscale("log")
        axes.set_xticks(places, [f"{x:,g}" for x in places])
        axes.minorticks_off()
    _labels(axes, across, up)
    axes.tick_params(labelsize=FONT)
    axes.grid(alpha=0.3)
    _title(axes, title, FONT + 1)
    _legend(axes)
    return axes


def number_map(
    values, rows: Sequence[str], columns: Sequence[str], *, title: str, left: str, below: str, unit: str = "", axes=None
):
    """A matrix of numbers (row, column), written into cells whose colour says the same; `left`, `below`: what they are.

    Where some are below 0 and some above, white is 0, and blue and orange are as dark as far from it. `unit` stands at
    a bar of colours. Returns the axes.
    """
    values = _fitting(values, rows, columns)
    if axes is None:
        import matplotlib.pyplot as plt

        _, axes = plt.subplots(figsize=(4.6, 2.8), layout="constrained")
    low, high = values.min(), values.max()
    diverging = low < 0 < high
    limit = max(-low, high)
    scale = {"cmap": _diverging(), "vmin": -limit, "vmax": limit} if diverging else {"cmap": COLOURS}
    image = axes.imshow(values, aspect="auto", **scale)
    if unit:
        words, style = text_to_draw(unit)
        axes.figure.colorbar(image, ax=axes).set_label(words, fontsize=FONT, **style)
    for row, column in np.ndindex(values.shape):
        dark = abs(values[row, column]) > 0.6 * limit if diverging else values[row, column] <= (low + high) / 2
        ink = "white" if dark else "black"
        axes.text(column, row, f"{values[row, column]:+.2f}", ha="center", va="center", color=ink, fontsize=FONT)
    _words(axes, rows, columns, rotation=0)
    _labels(axes, below, left)
    _title(axes, title, FONT + 1)
    return axes


def _diverging():
    """From orange (below 0) over white (0) to blue (above), which all readers can tell apart."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("orange to blue", ["#A34700", "#FFFFFF", LINES[0][0]])


def _fitting(weights, rows: Sequence[str], columns: Sequence[str]) -> np.ndarray:
    if hasattr(weights, "detach"):
        weights = weights.detach().float().cpu()  # NumPy has no bfloat16
    weights = np.asarray(weights, dtype=float)  # (row, column)
    if weights.shape != (len(rows), len(columns)):
        raise ValueError(
            f"There are {len(rows)} words for the rows and {len(columns)} for the columns, but numbers of the shape "
            f"{weights.shape}. Give one layer and one head, weights[layer, 0, head], and the words of the same text."
        )
    return weights


def _words(axes, rows: Sequence[str], columns: Sequence[str], rotation: float = 90) -> None:
    (rows, row_style), (columns, column_style) = words_to_draw(rows), words_to_draw(columns)
    axes.set_yticks(range(len(rows)), rows, fontsize=FONT, **row_style)
    axes.set_xticks(range(len(columns)), columns, fontsize=FONT, rotation=rotation, **column_style)


def _title(axes, title: str, size: float) -> None:
    words, style = text_to_draw(title)
    axes.set_title(words, fontsize=size, **style)


def _labels(axes, across: str, up: str) -> None:
    for set_label, text in ((axes.set_xlabel, across), (axes.set_ylabel, up)):
        words, style = text_to_draw(text)
        set_label(words, fontsize=FONT, **style)


def _legend(axes) -> None:
    as_words(*axes.legend(fontsize=FONT).get_texts())


def against_shares(
    shares, scores: Mapping[str, Sequence[float]], titles: Mapping[str, str], *, named: Mapping[str, int]
):
    """Scores against shares, (unit,) each, from 0 to 1, a panel a model; `named` are units to write beside their point.

    Returns the panels. Raises ValueError where the numbers of scores and shares differ.
    """
    import matplotlib.pyplot as plt

    shares = 100 * np.asarray(shares, dtype=float)
    if any(np.shape(values) != shares.shape for values in scores.values()):
        sizes = {name: np.shape(values) for name, values in scores.items()}
        raise ValueError(f"there are {shares.shape} shares, and scores of {sizes}; both have one for each unit.")
    size = (4 * len(scores), 3.6)
    _, panels = plt.subplots(1, len(scores), figsize=size, layout="constrained", sharey=True, squeeze=False)
    lowest, highest = (pick(pick(values) for values in scores.values()) for pick in (min, max))
    room = 0.3 * (highest - lowest)
    for axes, (name, values) in zip(panels[0], scores.items(), strict=True):
        axes.scatter(shares, values, s=16, color=LINES[0][0], alpha=0.6)
        axes.axhline(0, color="#888888", linewidth=0.8)
        axes.set_ylim(lowest - 1.2 * room, highest + 1.2 * room)
        for word, at in named.items():
            right = shares[at] > 50
            place = (shares[at] + (-8 if right else 8), values[at] + (0.7 if right else -0.7) * room)
            arrow, (words, style) = {"arrowstyle": "-", "color": "#888888"}, text_to_draw(word)
            side = "right" if right else "left"
            axes.annotate(words, (shares[at], values[at]), place, ha=side, arrowprops=arrow, **style)
        _title(axes, f"{name}: {titles[name]}", FONT)
        axes.set_xlabel("women in the occupation (%, US)", fontsize=FONT)
    panels[0, 0].set_ylabel("association with she (nats)", fontsize=FONT)
    return panels[0]


def inherited(before, after, seeds, *, title: str, labels: tuple[str, str] = ("before", "after"), axes=None):
    """What a model had before fine-tuning, against what it has after, (run,) each: a line a seed. Returns the axes.

    `labels`: of the axis for what it had before, and of that for after.
    """
    import matplotlib.pyplot as plt

    before, after, seeds = (np.asarray(values, dtype=float) for values in (before, after, seeds))
    if not before.shape == after.shape == seeds.shape:
        raise ValueError(f"before, after and seeds are as long: {before.shape}, {after.shape}, {seeds.shape}.")
    if axes is None:
        _, axes = plt.subplots(figsize=(6, 3.6), layout="constrained")
    axes.axhline(0, color="#888888", linewidth=0.8)
    axes.axvline(0, color="#888888", linewidth=0.8)
    for seed, (colour, marker) in zip(np.unique(seeds), cycle(LINES), strict=False):
        mine = np.flatnonzero(seeds == seed)
        mine = mine[before[mine].argsort()]
        axes.plot(before[mine], after[mine], f"{marker}-", color=colour, markersize=5, label=f"seed {seed:.0f}")
    _title(axes, title, FONT)
    _labels(axes, *labels)
    axes.legend(fontsize=FONT)
    return axes
