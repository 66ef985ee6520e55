"""How far a measured bias can be trusted: correlations and differences, each with an interval and a permutation test.

What is drawn again is the unit that a claim is about: occupations, names, pairs. Several templates of one occupation
are not several occupations, so they are averaged first; to draw sentences makes every interval too narrow. Chapter 07.

Sources: Efron 1979 (bootstrap); Phipson and Smyth 2010 (why a permutation p value counts the data themselves).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from course_lib.evaluation.bootstrap import interval

DRAWS = 5000


class Figure(NamedTuple):
    """A measured value, its 95 % bootstrap interval, and the p value of a two-sided permutation test."""

    value: float
    low: float
    high: float
    p: float

    def __str__(self) -> str:
        """Value and interval, with two decimals."""
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"


def correlation(x, y, seed: int = 0, draws: int = DRAWS) -> Figure:
    """Pearson's r between x and y, (unit,) each; units are drawn for the interval, y is shuffled for the test.

    Raises ValueError for fewer than 4 units, other lengths, or values that are all the same.
    """
    x, y = (np.asarray(values, dtype=float) for values in (x, y))
    if x.ndim != 1 or x.shape != y.shape or len(x) < 4:
        raise ValueError(
            f"two lists of the same length, at least 4, are needed; these are {x.shape} and {y.shape}. "
            "Average over templates first: the unit is the occupation."
        )
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        raise ValueError("one of the two lists has the same value throughout; there is nothing to correlate.")
    x, y = ((values - values.mean()) / values.std() for values in (x, y))
    sums = np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], axis=1)  # (unit, 6)
    r, low, high = interval(sums, _pearson, seed, draws)
    generator = np.random.default_rng(seed)
    shuffled = np.array([x @ generator.permutation(y) for _ in range(draws)]) / len(x)
    return Figure(r, low, high, _p(abs(shuffled), abs(r)))


def _pearson(sums: np.ndarray) -> np.ndarray:
    count, x, y, xx, yy, xy = sums.T / sums[:, 0]
    spread = np.sqrt(np.maximum((xx - x * x) * (yy - y * y), 1e-300))
    return (xy - x * y) / spread * count


def difference(first, second, seed: int = 0, draws: int = DRAWS) -> Figure:
    """Mean of `first` minus mean of `second`, (unit,) each: each group is drawn again; the test shuffles the groups.

    Raises ValueError for a group of fewer than 3 units.
    """
    first, second = (np.asarray(values, dtype=float) for values in (first, second))
    if first.ndim != 1 or second.ndim != 1 or min(len(first), len(second)) < 3:
        raise ValueError(
            f"two groups of at least 3 values each are needed; these are {first.shape} and {second.shape}. "
            "Average over templates first: the unit is the name."
        )
    generator = np.random.default_rng(seed)
    drawn = [values[generator.integers(0, len(values), (draws, len(values)))].mean(1) for values in (first, second)]
    low, high = np.percentile(drawn[0] - drawn[1], [2.5, 97.5])
    value = first.mean() - second.mean()
    pool, cut = np.concatenate([first, second]), len(first)
    mixed = generator.permuted(np.tile(pool, (draws, 1)), axis=1)  # (draw, unit)
    shuffled = mixed[:, :cut].mean(1) - mixed[:, cut:].mean(1)
    return Figure(float(value), float(low), float(high), _p(abs(shuffled), abs(value)))


def share_above(values, seed: int = 0, draws: int = DRAWS) -> Figure:
    """The share of values above 0, (unit,); the test flips signs at random. Raises ValueError for no values."""
    values = np.asarray(values, dtype=float)
    share, low, high = interval((values > 0).astype(float), seed=seed, draws=draws)
    flips = np.random.default_rng(seed).random((draws, len(values))) < 0.5
    return Figure(share, low, high, _p(abs(flips.mean(1) - 0.5), abs(share - 0.5)))


def _p(shuffled: np.ndarray, seen: float) -> float:
    """The share of shuffled values at least as far out, the data counted as one of them: never 0."""
    return float((1 + np.sum(shuffled >= seen - 1e-12)) / (1 + len(shuffled)))
