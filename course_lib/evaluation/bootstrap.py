"""Percentile bootstrap: how far a figure would move if other rows had been drawn.

Rows are drawn again with replacement, as many as there are, and the figure is computed anew; the interval holds the
middle 95 % of what comes out. A figure need not be a mean: span F1 and BLEU are functions of sums over the rows, so the
sums are drawn. Source: Efron, "Bootstrap Methods: Another Look at the Jackknife", 1979; for BLEU Koehn 2004.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

DRAWS = 5000


def finite(values) -> np.ndarray:
    """`values` as an array of floats. Raises ValueError for NaN and infinity: a comparison with them says nothing."""
    values = np.asarray(values, dtype=float)
    if wrong := int((~np.isfinite(values)).sum()):
        raise ValueError(
            f"{wrong} of {values.size} values are no finite numbers; find out where they come from, or leave out the "
            "units that they belong to."
        )
    return values


def interval(
    statistics,
    figure: Callable[[np.ndarray], np.ndarray] | None = None,
    seed: int = 0,
    draws: int = DRAWS,
) -> tuple[float, float, float]:
    """A figure with its 95 % interval: (value, low, high).

    Args:
        statistics: what each row adds, (row,) or (row, k).
        figure: from sums over rows, (draw, k), to figures, (draw,). Without it the figure is the mean of (row,).
        seed: of the draws. draws: how many.

    Raises ValueError if there are no rows, or a value is no finite number.
    """
    statistics = finite(statistics)
    if len(statistics) == 0:
        raise ValueError("there are no rows to measure on, so there is no figure and no interval.")
    if figure is None:
        rows = len(statistics)
        return interval(statistics.reshape(rows, 1), lambda sums: sums[:, 0] / rows, seed, draws)
    generator = np.random.default_rng(seed)
    drawn = np.concatenate([figure(sums) for sums in _resampled(statistics, generator, draws)])  # (draw,)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(figure(statistics.sum(0, keepdims=True))[0]), float(low), float(high)


def _resampled(statistics: np.ndarray, generator: np.random.Generator, draws: int):
    """Sums over redrawn rows, (some draws, k) at a time so that memory stays small."""
    rows = len(statistics)
    size = max(1, 2_000_000 // rows)
    for start in range(0, draws, size):
        count = min(size, draws - start)
        drawn = generator.integers(0, rows, (count, rows)) + rows * np.arange(count)[:, None]  # (draw, row)
        times = np.bincount(drawn.ravel(), minlength=count * rows).reshape(count, rows)  # how often each row was drawn
        yield times @ statistics  # (draw, k)
