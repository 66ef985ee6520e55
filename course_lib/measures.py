"""How far a figure can be trusted: intervals, tests by shuffling, and the overlap of a written answer with a right one.

Percentile bootstrap: how far a figure would move with another sample. Rows are resampled with replacement, as
many as there are, and the figure is computed anew; the interval holds the middle 95 % of what comes out. A figure need
not be a mean: span F1 and BLEU are functions of sums over the rows, so the sums are resampled.

What is resampled is the unit that a claim is about: occupations, names, pairs. Several templates of one occupation are
not several occupations, so they are averaged first; an interval from sentences answers another question, and may be
too narrow or too wide. With few units a bootstrap interval is too narrow: of ten it holds the truth about nine times
in ten, of three less than eight times. There, go by p. Chapters 02, 04, 05 and 07.

Sources: Efron, "Bootstrap Methods: Another Look at the Jackknife", 1979; for BLEU Koehn 2004; Phipson and Smyth 2010
(why a permutation p value counts the data themselves); Wilson 1927 (the interval of a share); Rajpurkar et al. 2016
(word F1 and exact match, as SQuAD's own script has them).
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from course_lib.arguments import whole

RESAMPLES = 5000


def finite(values, name: str = "values") -> np.ndarray:
    """`values` as an array of floats, called `name` in an error.

    Raises ValueError for NaN and infinity, since a comparison with them says nothing.
    """
    try:
        if values is None:
            raise TypeError("nothing was given")
        values = np.asarray(values, dtype=float)
    except (TypeError, ValueError) as problem:
        raise ValueError(f"{name} must be numbers, as many in each row; given: {values!r:.80}.") from problem
    if wrong := int((~np.isfinite(values)).sum()):
        raise ValueError(
            f"{name} holds {wrong} of {values.size} values that are no finite numbers; find out where they come "
            "from, or leave out the units that they belong to."
        )
    return values


def interval(
    statistics,
    figure: Callable[[np.ndarray], np.ndarray] | None = None,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> tuple[float, float, float]:
    """A figure with its 95 % interval: (value, low, high).

    Args:
        statistics: what each row adds, (row,) or (row, k).
        figure: from sums over rows, (draw, k), to figures, (draw,). Without it the figure is the mean of (row,).
        seed: of the resampling. resamples: how many.

    Raises ValueError if there are no rows, or a value is no finite number.
    """
    statistics = finite(statistics, "statistics")
    if statistics.ndim not in (1, 2) or statistics.size == 0:
        raise ValueError(
            f"statistics is (row,) or (row, k), with one row or more; given: {statistics.shape}. There are no rows to "
            "measure on, so there is no figure and no interval."
        )
    whole("resamples", resamples)
    if figure is None and statistics.ndim != 1:
        raise ValueError(
            f"statistics is {statistics.shape}, and no figure is given. Without one it is (row,): their mean is meant."
        )
    if figure is None:
        rows = len(statistics)
        return interval(statistics.reshape(rows, 1), lambda sums: sums[:, 0] / rows, seed, resamples)
    generator = np.random.default_rng(seed)
    drawn = np.concatenate([figure(sums) for sums in _resampled(statistics, generator, resamples)])  # (draw,)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(figure(statistics.sum(0, keepdims=True))[0]), float(low), float(high)


def _resampled(statistics: np.ndarray, generator: np.random.Generator, resamples: int):
    """Sums over resampled rows, (some resamples, k) at a time so that memory stays small."""
    rows = len(statistics)
    size = max(1, 2_000_000 // rows)
    for start in range(0, resamples, size):
        count = min(size, resamples - start)
        drawn = generator.integers(0, rows, (count, rows)) + rows * np.arange(count)[:, None]  # (draw, row)
        times = np.bincount(drawn.ravel(), minlength=count * rows).reshape(count, rows)  # how often each row was drawn
        yield times @ statistics  # (draw, k)


class Figure(NamedTuple):
    """A measured value, its 95 % interval, and the p value of a two-sided test."""

    value: float
    low: float
    high: float
    p: float

    def __str__(self) -> str:
        """Value and interval, with two decimals."""
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"


def correlation(x, y, seed: int = 0, resamples: int = RESAMPLES) -> Figure:
    """Pearson's r between x and y, (unit,) each; units are resampled for the interval, y is shuffled for the test.

    Raises ValueError for fewer than 4 units, other lengths, or values that are all the same.
    """
    whole("resamples", resamples)
    x, y = finite(x, "x"), finite(y, "y")
    if x.ndim != 1 or x.shape != y.shape or len(x) < 4:
        raise ValueError(
            f"x and y must be two lists of the same length, at least 4; these are {x.shape} and {y.shape}. "
            "Average over templates first: the unit is the occupation."
        )
    if any(np.ptp(values) <= 1e-12 * abs(values).max() for values in (x, y)):
        raise ValueError("x or y has the same value throughout; there is nothing to correlate.")
    x, y = ((values - values.mean()) / values.std() for values in (x, y))
    sums = np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], axis=1)  # (unit, 6)
    r, low, high = interval(sums, _pearson, seed, resamples)
    generator = np.random.default_rng(seed)
    shuffled = np.array([x @ generator.permutation(y) for _ in range(resamples)]) / len(x)
    return Figure(r, low, high, _p(abs(shuffled), abs(r)))


def _pearson(sums: np.ndarray) -> np.ndarray:
    """r from sums over units, (draw, 6); 0 where a draw holds one value of x or of y only."""
    _, x, y, xx, yy, xy = sums.T / sums[:, 0]
    spread_x, spread_y = xx - x * x, yy - y * y  # of all units: 1
    flat = np.minimum(spread_x, spread_y) < 1e-9
    return np.where(flat, 0, np.clip((xy - x * y) / np.sqrt(np.where(flat, 1, spread_x * spread_y)), -1, 1))


def difference(first, second, seed: int = 0, resamples: int = RESAMPLES) -> Figure:
    """Mean of `first` minus mean of `second`, (unit,) each: each group is resampled; the test shuffles the groups.

    What the test doubts is that both groups are alike in every way, not only in their means. Raises ValueError for a
    group of fewer than 3 units.
    """
    whole("resamples", resamples)
    first, second = finite(first, "first"), finite(second, "second")
    if first.ndim != 1 or second.ndim != 1 or min(len(first), len(second)) < 3:
        raise ValueError(
            f"first and second must be groups of at least 3 values each; these are {first.shape} and {second.shape}. "
            "Average over templates first: the unit is the name."
        )
    generator = np.random.default_rng(seed)
    drawn = [values[generator.integers(0, len(values), (resamples, len(values)))].mean(1) for values in (first, second)]
    low, high = np.percentile(drawn[0] - drawn[1], [2.5, 97.5])
    value = first.mean() - second.mean()
    pool, cut = np.concatenate([first, second]), len(first)
    pool -= pool.mean()  # so that rounding does not depend on the level
    mixed = generator.permuted(np.tile(pool, (resamples, 1)), axis=1)  # (draw, unit)
    shuffled = mixed[:, :cut].mean(1) - mixed[:, cut:].mean(1)
    return Figure(float(value), float(low), float(high), _p(abs(shuffled), abs(value)))


def paired(first, second, seed: int = 0, resamples: int = RESAMPLES) -> Figure:
    """Mean of `first` minus mean of `second`, (pair,) each, where the values of a pair belong together.

    Pairs are resampled for the interval; the test flips signs: without a difference, either member of a pair could be
    the higher one. Where pairs have something in common, this tells more than `difference`. Raises ValueError for
    fewer than 3 pairs, or other lengths.
    """
    whole("resamples", resamples)
    first, second = finite(first, "first"), finite(second, "second")
    if first.ndim != 1 or first.shape != second.shape or len(first) < 3:
        raise ValueError(
            f"first and second must be two lists of the same length, at least 3, a pair in each place; these are "
            f"{first.shape} and {second.shape}."
        )
    apart = first - second  # (pair,)
    value, low, high = interval(apart, seed=seed, resamples=resamples)
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], (resamples, len(apart)))  # (draw, pair)
    return Figure(value, low, high, _p(abs(signs @ apart / len(apart)), abs(value)))


def wilson(right: int, count: int) -> tuple[float, float]:
    """Wilson's 95 % interval of the share `right` of `count`. Raises ValueError where they are no share."""
    from scipy.stats import binomtest

    count = whole("count", count)
    right = whole("right", right, 0, count)
    low, high = binomtest(right, count).proportion_ci(method="wilson")
    return float(low), float(high)


def share_above(values) -> Figure:
    """The share of values above 0, (unit,), zeros left out; Wilson's interval and the exact sign test.

    Raises ValueError where nothing is left.
    """
    from scipy.stats import binomtest

    values = finite(values)
    above, below = int((values > 0).sum()), int((values < 0).sum())
    if values.ndim != 1 or not above + below:
        raise ValueError(
            f"values must be a list, some of them above or below 0; this is {values.shape}, "
            f"with {values.size - above - below} zeros."
        )
    p = float(binomtest(above, above + below).pvalue)
    return Figure(above / (above + below), *wilson(above, above + below), p)


def _p(shuffled: np.ndarray, seen: float) -> float:
    """The share of shuffled values at least as far out, the data counted as one of them: never 0."""
    return float((1 + np.sum(shuffled >= seen * (1 - 1e-9))) / (1 + len(shuffled)))


def _counted(text: str) -> list[str]:
    """The words that count: lower case, punctuation taken out, no articles."""
    text = "".join(character for character in text.lower() if character not in string.punctuation)
    return re.sub(r"\b(a|an|the)\b", " ", text).split()


def overlap(guess: str, truths: list[str]) -> tuple[float, float]:
    """F1 of the common words, and 1 for an exact match, each with the closest of the human answers.

    Raises TypeError for a guess that is no text and for truths that are one, ValueError for none.
    """
    no_list = isinstance(truths, str) or not hasattr(truths, "__len__")
    if not isinstance(guess, str) or no_list or not all(isinstance(truth, str) for truth in truths):
        raise TypeError(f"guess is a text and truths a list of texts; given: {guess!r:.60} and {truths!r:.60}.")
    if not len(truths):
        raise ValueError("truths is empty: there is no answer to compare with.")
    f1 = exact = 0.0
    for truth in truths:
        ours, theirs = _counted(guess), _counted(truth)
        common = sum((Counter(ours) & Counter(theirs)).values())
        f1 = max(f1, 2 * common / (len(ours) + len(theirs)) if ours or theirs else 1.0)
        exact = max(exact, float(ours == theirs))
    return f1, exact
