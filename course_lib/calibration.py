"""Calibration: of what one was 80 % sure of, is 80 % right? The reader's own curve beside those of models.

Who says "80 %" and is right four times in five is calibrated; who is right three times in five is too sure. From few
predictions little can be told, so every share has its interval (Wilson 1927), and neighbouring levels are taken
together until each holds a few.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import NamedTuple

import numpy as np

from course_lib.measures import wilson

Pairs = Sequence[tuple[float, bool]]  # how sure, from 0 to 1, and whether it was right
FEWEST = 4  # predictions at a point, where there are enough for two points
TENTHS = np.arange(11) / 10  # np.linspace would have 0.30000000000000004, above a score of 0.3
WIDTH = 30  # characters of the text form's scale, from 0 to 100 %


class Point(NamedTuple):
    """A point of the curve: how sure on average, the share that was right with its 95 % interval, of how many."""

    sure: float
    right: float
    low: float
    high: float
    count: int


def curve(pairs: Pairs, edges: Sequence[float] | None = None) -> list[Point]:
    """The points of a calibration curve, from the least sure to the surest; none without pairs.

    Without `edges` the pairs are put together by how sure they are, level by level, until a point holds at least 4;
    with `edges`, such as (0.5, 0.6, 0.7, 0.8, 0.9, 1), those between two of them; what lies outside
    goes with the nearest. Raises ValueError for a pair that is none, and unless there are two edges or more, each above
    the one before.
    """
    checked = _checked(pairs)
    if edges is not None:
        edges = _rising(edges)
        places = np.clip(np.searchsorted(edges, [sure for sure, _ in checked], side="right") - 1, 0, len(edges) - 2)
        groups = [
            [pair for pair, at in zip(checked, places, strict=True) if at == one] for one in range(len(edges) - 1)
        ]
        return [_point(group) for group in groups if group]
    groups: list[list[tuple[float, bool]]] = []
    for level in sorted({sure for sure, _ in checked}):
        group = [pair for pair in checked if pair[0] == level]
        if groups and len(groups[-1]) < FEWEST:
            groups[-1] += group
        else:
            groups.append(group)
    if len(groups) > 1 and len(groups[-1]) < FEWEST:
        last = groups.pop()
        groups[-1] += last
    return [_point(group) for group in groups]


def _checked(pairs: Pairs) -> list[tuple[float, bool]]:
    checked = []
    for pair in pairs:
        try:
            sure, right = pair
            fits = 0 <= float(sure) <= 1 and right in (0, 1)
        except (TypeError, ValueError):
            fits = False
        if not fits:
            raise ValueError(f"A pair is how sure, from 0 to 1, and whether it was right; this is {pair!r:.80}.")
        checked.append((float(sure), bool(right)))
    return checked


def _rising(edges: Sequence[float]) -> np.ndarray:
    """The edges (edge,) as numbers. Raises ValueError unless there are two or more, each above the one before."""
    try:
        found = np.asarray(edges, dtype=float)
    except (TypeError, ValueError):
        found = np.zeros(0)
    if found.ndim != 1 or len(found) < 2 or not (np.diff(found) > 0).all():
        raise ValueError(f"edges are two numbers or more that rise, such as (0, 0.5, 1); given: {edges!r:.80}.")
    return found


def _point(group: Pairs) -> Point:
    right, count = sum(one for _, one in group), len(group)
    return Point(sum(sure for sure, _ in group) / count, right / count, *wilson(right, count), count)


def in_words(pairs: Pairs, what: str = "prediction") -> str:
    """What can be said of all of them together: how sure on average, what share was right, whether the two differ.

    `what` they are called: one of them.
    """
    checked = _checked(pairs)
    if not checked:
        return f"No {what} has met its outcome yet."
    sure, right, low, high, count = _point(checked)
    many = f"1 {what}" if count == 1 else f"{count} {what}s"
    said = f"{many}: {sure:.0%} sure on average, {right:.0%} right (95 % interval {low:.0%} to {high:.0%})."
    if low <= sure <= high:
        return f"{said} The two cannot be told apart{' yet' if count < 50 else ''}."
    return f"{said} {'Surer than right.' if sure > high else 'Righter than sure.'}"


def as_text(pairs: Pairs, models: Mapping[str, Pairs] | None = None) -> str:
    """The curve for a terminal: a line for each point; ● the share that was right, ─ its interval, │ how sure.

    Below it those of `models`, by name, in ten steps.
    """
    pairs = list(pairs)
    parts = [*_lines(curve(pairs)), in_words(pairs)]
    for name, some in (models or {}).items():
        parts += ["", f"{name}, a model:", *_lines(curve(some, TENTHS)), in_words(some, "answer")]
    return "\n".join(parts)


def _lines(points: Sequence[Point]) -> list[str]:
    """A line for each point below a scale; none without points."""
    lines = [f"{'sure':>5}  {'right':>5}  {'0 %':<{WIDTH // 2}}{'50 %':<{WIDTH // 2 - 2}}100 %"]
    for sure, right, low, high, count in points:
        scale = [" "] * (WIDTH + 1)
        for at in range(round(low * WIDTH), round(high * WIDTH) + 1):
            scale[at] = "─"
        scale[round(sure * WIDTH)] = "│"
        scale[round(right * WIDTH)] = "●"
        lines.append(f"{sure:5.0%}  {right:5.0%}  {''.join(scale)}  of {count}")
    return lines if len(lines) > 1 else []


def calibration(pairs: Pairs | None = None, models: Mapping[str, Pairs] | None = None, *, title: str = "", axes=None):
    """The reader's curve with intervals, beside those of models; the diagonal is who is right as often as sure.

    `pairs` are the reader's, by default those in the progress; `models` are by name. Models have many pairs, and are
    drawn in ten steps. Returns the axes.
    """
    from course_lib import progress
    from course_lib.lettering import as_words
    from course_lib.plots import FONT, LINES

    if axes is None:
        import matplotlib.pyplot as plt

        _, axes = plt.subplots(figsize=(4.6, 4.8), layout="constrained")
    pairs = progress.pairs() if pairs is None else list(pairs)
    axes.plot([0, 1], [0, 1], color="#888888", linewidth=1, linestyle="--", label="as right as sure")
    drawn = [("you", curve(pairs))] if len(pairs) else []
    drawn += [(name, curve(some, TENTHS)) for name, some in (models or {}).items()]
    for (name, points), (colour, marker) in zip(drawn, cycle(LINES), strict=False):
        count = sum(point.count for point in points)
        right = np.array([point.right for point in points])
        bars = np.abs([[point.low for point in points], [point.high for point in points]] - right)
        axes.errorbar(
            [point.sure for point in points], right, yerr=bars, color=colour, marker=marker, markersize=5,
            linewidth=1.3, elinewidth=1, capsize=2, label=f"{name} ({count:,})",
        )  # fmt: skip
    if not len(pairs):
        axes.text(0.02, 0.98, "no prediction of yours has\nmet its outcome yet", fontsize=FONT, va="top")
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
    ticks = [0, 0.25, 0.5, 0.75, 1]
    axes.set_xticks(ticks, [f"{one:.0%}" for one in ticks], fontsize=FONT)
    axes.set_yticks(ticks, [f"{one:.0%}" for one in ticks], fontsize=FONT)
    axes.set_xlabel("how sure", fontsize=FONT)
    axes.set_ylabel("share that was right (95 % interval)", fontsize=FONT)
    axes.set_title(title or "How sure, and how often right", fontsize=FONT + 1)
    legend = axes.legend(fontsize=FONT, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2, frameon=False)
    as_words(axes.title, *legend.get_texts())
    axes.grid(alpha=0.3)
    return axes
