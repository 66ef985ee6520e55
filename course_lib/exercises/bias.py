"""Exercises of chapter 07: a gap, how far it can be trusted, the worst group, and scores against outcomes.

Sources: Efron 1979 (bootstrap), Phipson and Smyth 2010 (permutation tests), Sagawa et al. 2019 (the worst group), Guo
et al. 2017 (calibration). The oracles in tests/lib/exercises/07_bias.py are SciPy's bootstrap and permutation_test, and
course_lib/measures.py.

Answers that use random numbers are judged by where an exact result may lie after so many draws, not by one result:
several ways to draw are right.
"""

from __future__ import annotations

import random
from functools import cache
from itertools import combinations

import numpy as np
import torch

from course_lib.exercises.checking.kinds import wrong_type
from course_lib.exercises.checking.pair import Pair
from course_lib.exercises.checking.values import names_in_order
from course_lib.exercises.declare import Case, Exercise, Mistake, when

SURE = 5  # standard deviations that a right answer may be off: one in a million is refused


# ---------------------------------------------------------------- gap


def gap(first, second):
    """How much higher the first group's values are: its mean minus that of the second.

    first, second: NumPy arrays of numbers, (units,) each; their lengths may differ.
    """
    ### BEGIN SOLUTION
    return first.mean() - second.mean()
    ### END SOLUTION


GAP = Exercise(
    name="gap",
    chapter=7,
    minutes=1,
    level="easy",
    signature="gap(first, second) -> number",
    reference=gap,
    cases=[
        Case((np.array([1.0, 2.0, 6.0]), np.array([1.0, 2.0])), says="1, 2, 6 against 1, 2"),
        Case((np.array([-1.75, 0.25]), np.array([2.0, 4.0, 1.0, -3.0])), says="two values against four"),
        Case((np.array([0.5]), np.array([0.5, 0.5])), says="no gap"),
    ],
    mistakes=[
        Mistake(
            "reversed",
            lambda first, second: second.mean() - first.mean(),
            "the sign is the wrong one: first minus second, so that a higher first group gives a gap above 0.",
        ),
        Mistake(
            "absolute",
            lambda first, second: abs(first.mean() - second.mean()),
            "the sign is lost: a gap below 0 says that the second group is higher.",
        ),
        Mistake(
            "absolute values",
            lambda first, second: abs(first).mean() - abs(second).mean(),
            "the signs of the values are lost before the mean: a value below 0 lowers its group's mean.",
        ),
        Mistake(
            "sums",
            lambda first, second: first.sum() - second.sum(),
            "these are sums: the larger group wins because it is larger. Take means.",
        ),
        Mistake(
            "medians",
            lambda first, second: np.median(first) - np.median(second),
            "these are medians, the middle values; asked for is the mean.",
        ),
        Mistake(
            "ratio",
            lambda first, second: first.mean() / second.mean(),
            "that is the ratio of the means; asked for is their difference.",
        ),
        Mistake(
            "one size for both",
            lambda first, second: (first.sum() - second.sum()) / len(first),
            "both sums are divided by the size of the first group; each mean has its own.",
        ),
        Mistake(
            "n minus one",
            lambda first, second: first.sum() / (len(first) - 1 or 1) - second.sum() / (len(second) - 1 or 1),
            "the sums are divided by n − 1: that belongs to a variance. A mean is the sum divided by n.",
        ),
        Mistake(
            "added",
            lambda first, second: first.mean() + second.mean(),
            "the means are added; asked for is their difference.",
        ),
        Mistake(
            "largest",
            lambda first, second: first.max() - second.max(),
            "the largest values are compared; asked for are the means.",
        ),
        Mistake(
            "one mean",
            lambda first, second: first.mean(),
            "that is the mean of the first group; the second's is to be subtracted.",
        ),
        Mistake(
            "in standard deviations",
            lambda first, second: (first.mean() - second.mean()) / np.concatenate([first, second]).std(),
            "the gap is divided by a standard deviation (an effect size); asked for is the bare difference.",
        ),
        Mistake(
            "the same number of both",
            lambda first, second: np.mean([a - b for a, b in zip(first, second, strict=False)]),
            "only as many values are used as the shorter group has: these are two groups and no pairs.",
        ),
    ],
    hints=["Two means and one difference."],
    commentary="The order is part of what is said: `gap(a, b)` is `-gap(b, a)`. A gap alone does not tell whether "
    "other occupations would give one too: for that the chapter draws intervals.",
)


# ---------------------------------------------------------------- what is drawn at random


UNSEEDED = "two calls with the same seed differ"
SEED_UNUSED = "calls with different seeds agree"
AGAIN = 5  # calls with the same seed: two of them may agree by luck
FAR = (1_000_003, 2_000_029, 3_000_017, 4_000_037, 5_000_011)  # seeds that share no draw with a small one


def _disturbed():
    """The global random states move on."""
    random.random()
    np.random.random()
    torch.rand(1)


def with_seeds(answer, inputs, draws, seed, good):
    """The output for (*inputs, draws, seed), or in its place a word: the seed is not used, or does not suffice.

    `good`: whether an output is right so far, and another seed should, nearly always, give another one.
    """
    seeds = [seed] * AGAIN + list(FAR)
    copies = [[one.copy() for one in inputs] for _ in seeds]
    output = answer(*inputs, draws, seed)
    if not good(output):
        return output
    few = []
    for one, again in zip(copies, seeds, strict=True):
        _disturbed()
        few.append(repr(answer(*one, 100, again)))
    if len(set(few[:AGAIN])) > 1:
        return UNSEEDED
    return SEED_UNUSED if len(set(few)) == 1 else output


SEEDS = [
    Mistake(
        "no seed",
        when(lambda case, output, right: output == UNSEEDED),
        "two calls with the same seed give different results: the drawing does not come from the seed. A generator is "
        "made from it: np.random.default_rng(seed).",
    ),
    Mistake(
        "seed unused",
        when(lambda case, output, right: output == SEED_UNUSED),
        "every seed gives the same: either nothing is drawn (a formula in place of draws), or the seed is written as a "
        "number and the argument is not used.",
    ),
]


def _pair_of(output):
    """(low, high) as floats, or None."""
    if isinstance(output, torch.Tensor | np.ndarray):
        output = output.tolist()
    if not isinstance(output, tuple | list) or len(output) != 2:
        return None
    try:
        low, high = (float(one) for one in output)
    except (TypeError, ValueError):
        return None
    return None if low != low or high != high else (low, high)


def number_of(output):
    """A single number as a float, or None."""
    if isinstance(output, torch.Tensor | np.ndarray):
        output = output.tolist()  # a number, where there are no dimensions
    fits = isinstance(output, int | float) and not isinstance(output, bool) and output == output
    return float(output) if fits else None


# ---------------------------------------------------------------- bootstrap_interval


def bootstrap_interval(values, draws, seed):
    """Where the mean of values may lie, 95 %: the percentile bootstrap.

    values: a NumPy array of numbers, (units,). draws: how often as many units are drawn
    from them with replacement, and the mean is taken. seed: the same gives the same.
    Returns (low, high): the 2.5th and the 97.5th percentile of these means.
    """
    ### BEGIN SOLUTION
    generator = np.random.default_rng(seed)
    drawn = generator.choice(values, (draws, len(values)))  # with replacement
    low, high = np.percentile(drawn.mean(1), [2.5, 97.5])
    return low, high
    ### END SOLUTION


MANY = 100_000  # draws that stand for all


@cache
def _means(values, size=None, figure="mean"):
    """What the means (or medians) of `size` drawn units come to, sorted, in very many draws."""
    values, generator = np.array(values), np.random.default_rng(12345)
    size = len(values) if size is None else size
    if figure == "median":
        return np.sort(np.median(generator.choice(values, (MANY, size)), axis=1))
    times = generator.multinomial(size, np.full(len(values), 1 / len(values)), MANY)  # how often each unit was drawn
    return np.sort(times @ values / size)


def _lies_at(number, level, drawn, draws):
    """Whether a number may be the `level` quantile that so many draws from `drawn` gave."""
    spread = SURE * (level * (1 - level)) ** 0.5 * (draws**-0.5 + MANY**-0.5) + 1 / draws
    low, high = np.quantile(drawn, [max(0, level - spread), min(1, level + spread)])
    slack = 1e-6 * max(1, abs(low), abs(high))
    return low - slack <= number <= high + slack


def _tells(case):
    """Whether a case tells mistakes apart: the one with many different values."""
    return len(set(case.inputs[0].tolist())) > 5


WAYS = {  # name: the levels of low and high among drawn means, what else is different, what is said
    "exchanged": (0.975, 0.025, {}, "low and high are exchanged."),
    "90 %": (0.05, 0.95, {}, "that is the interval of 90 %: it leaves out 5 % at each end. For 95 % it is 2.5 %."),
    "99 %": (0.005, 0.995, {}, "that is the interval of 99 %: for 95 % leave out 2.5 % at each end."),
    "80 %": (0.1, 0.9, {}, "that is the interval of 80 %: leave out 2.5 % at each end."),
    "68 %": (0.16, 0.84, {}, "that is the interval of 68 %, one standard error: leave out 2.5 % at each end."),
    "97.5 %": (0.0125, 0.9875, {}, "that is the interval of 97.5 %: leave out 2.5 % at each end, not half of it."),
    "50 %": (0.25, 0.75, {}, "that is the middle half: leave out 2.5 % at each end."),
    "95th": (0.025, 0.95, {}, "the upper end is the 95th percentile: 2.5 % are left out below and 5 % above."),
    "5th": (0.05, 0.975, {}, "the lower end is the 5th percentile: 5 % are left out below and 2.5 % above."),
    "to the largest": (
        0.05, 1.0, {}, "the upper end is the largest mean of all: 2.5 % are to be left out at each end."
    ),
    "from the smallest": (
        0.0, 0.95, {}, "the lower end is the smallest mean of all: 2.5 % are to be left out at each end."
    ),
    "extremes": (
        0.0, 1.0, {},
        "these are the smallest and the largest of the means, which move apart the longer you draw. Leave out 2.5 % at "
        "each end.",
    ),
    "percents": (
        0.00025, 0.00975, {},
        "both ends lie among the smallest means: np.percentile counts in percent, from 0 to 100, and 0.975 is less "
        "than one percent. (np.quantile counts from 0 to 1.)",
    ),
    "medians": (
        0.025, 0.975, {"figure": "median"}, "that is the interval of the median; asked for is that of the mean."
    ),
    "half as many units": (
        0.025, 0.975, {"size": lambda values, draws: len(values) // 2},
        "too few units are drawn each time, half of them: as many as there are, or the mean moves too much.",
    ),
    "one unit": (
        0.025, 0.975, {"size": lambda values, draws: 1},
        "these are percentiles of single values, where one more value may lie: either one unit is drawn each time, or "
        "no mean is taken. Draw as many units as there are; from the mean of each draw come the percentiles.",
    ),
    "draws exchanged": (
        0.025, 0.975, {"size": lambda values, draws: draws},
        "the two numbers are exchanged: `draws` units are drawn each time, so that the mean hardly moves. As many "
        "units as there are, `draws` times.",
    ),
    "deviations": (
        0.025, 0.975, {"change": lambda pair, values: (pair[0] + values.mean(), pair[1] + values.mean())},
        "these are distances from the mean; asked for are the ends themselves.",
    ),
    "mirrored": (
        0.025, 0.975, {"change": lambda pair, values: (2 * values.mean() - pair[1], 2 * values.mean() - pair[0])},
        "the percentiles are mirrored at the mean (the basic bootstrap, as it is called); asked for are the "
        "percentiles themselves.",
    ),
    "sums": (
        0.025, 0.975, {"change": lambda pair, values: (pair[0] / len(values), pair[1] / len(values))},
        "these are sums of the drawn units; asked for is their mean.",
    ),
}  # fmt: skip


def _distance(number, level, means, draws):
    """How many standard deviations a number is off where it is to be the `level` quantile of drawn means."""
    if not means[0] <= number <= means[-1]:
        return np.inf
    low, high = (np.searchsorted(means, number, side) / len(means) for side in ("left", "right"))
    off = max(0.0, low - level, level - high)
    return off / ((level * (1 - level)) ** 0.5 * (draws**-0.5 + MANY**-0.5) + 1 / draws)


@cache
def _nearest_way(pair, values, draws):
    """The name of the way to draw that gives an interval best, if one may give it at all."""
    found = {}
    for name, (low, high, other, _) in WAYS.items():
        other = dict(other)
        ends = other.pop("change", lambda ends, values: ends)(pair, np.array(values))
        if "size" in other:
            other["size"] = other["size"](np.array(values), draws)
        means = _means(values, **other)
        found[name] = max(_distance(end, level, means, draws) for end, level in zip(ends, (low, high), strict=True))
    best = min(found, key=found.get)
    return best if found[best] <= SURE else ""


def _drawn_like(name):
    """A predicate: of all ways to draw, this one gives the output best."""

    def holds(case, output, right):
        pair = _pair_of(output)
        return pair is not None and _tells(case) and _nearest_way(pair, tuple(case.inputs[0]), case.inputs[1]) == name

    return when(holds)


def _around(width, tolerance=0.08):
    """A predicate: the output is the mean minus and plus a width, a function of the values."""

    def holds(case, output, right):
        values = case.inputs[0]
        found, half = _pair_of(output), width(values)
        if found is None or not _tells(case):
            return False
        ends = values.mean() - half, values.mean() + half
        return all(abs(a - b) <= tolerance * half for a, b in zip(found, ends, strict=True))

    return when(holds)


def _of_the_values(case, output, right):
    found, values = _pair_of(output), case.inputs[0]
    ends = np.percentile(values, [2.5, 97.5])
    return found is not None and _tells(case) and bool(np.allclose(found, ends, atol=0.2 * np.ptp(values)))


def _no_width(case, output, right):
    found, values = _pair_of(output), case.inputs[0]
    return found is not None and _tells(case) and abs(found[1] - found[0]) < 1e-9 * np.ptp(values)


def _interval_agrees(output, right, case):
    values, draws, _ = case.inputs
    found = _pair_of(output)
    if found is None:
        return wrong_type(Pair(output, tuple(right), {})) or "it gives no pair of numbers: (low, high) is asked for."
    means = _means(tuple(values))
    if all(_lies_at(end, level, means, draws) for end, level in zip(found, (0.025, 0.975), strict=True)):
        return True
    given = f"({found[0]:.4g}, {found[1]:.4g})"
    exact = np.quantile(means, [0.025, 0.975])
    widths = found[1] - found[0], exact[1] - exact[0]
    said = "much too wide" if widths[0] > 1.1 * widths[1] else "not where it should be"
    said = "too narrow" if widths[0] < 0.9 * widths[1] else said
    return (
        f"the interval {given} is {said}, further off than chance allows with {draws:,} draws: about "
        f"({exact[0]:.3g}, {exact[1]:.3g}) is right. Draw as many units as there are, with replacement; take the mean; "
        "from all means the 2.5th and the 97.5th percentile."
    )


def _seeded_interval(answer, values, draws, seed):
    def good(output):
        case = Case((values, draws, seed))
        return _tells(case) and _interval_agrees(output, (0.0, 0.0), case) is True

    return with_seeds(answer, [values], draws, seed, good)


_skewed = np.array([0.1, 0.2, 0.2, 0.3, 0.5, 0.6, 0.9, 1.1, 2.4, 9.0])
_rights = np.array([1.0] * 29 + [0.0] * 11)

BOOTSTRAP_INTERVAL = Exercise(
    name="bootstrap_interval",
    chapter=7,
    minutes=10,
    level="medium",
    signature="bootstrap_interval(values, draws, seed) -> (low, high)",
    reference=bootstrap_interval,
    use=_seeded_interval,
    agrees=_interval_agrees,
    seconds=20,
    cases=[
        Case((np.array([2.0, 2.0, 2.0]), 50, 0), says="three values, all 2, 50 draws"),
        Case((_skewed, 6000, 1), says="ten values, one of them very large, 6,000 draws"),
        Case((_rights, 3000, 2), says="40 verdicts of which 29 are right, 3,000 draws"),
    ],
    mistakes=[
        *SEEDS,
        Mistake(
            "without replacement",
            when(
                lambda case, output, right: (
                    _no_width(case, output, right)
                    and abs(_pair_of(output)[0] - case.inputs[0].mean()) < 1e-6 * np.ptp(case.inputs[0])
                )
            ),
            "low and high are the same, the mean itself: drawn without replacement, all units come back each time, in "
            "another order. A unit may be drawn twice, and another not at all.",
        ),
        Mistake(
            "one draw",
            when(_no_width),
            "low and high are the same, and not the mean: each draw gives the same units. Is the generator made anew, "
            "from the same seed, for each draw? Or is there one draw only?",
        ),
        *(Mistake(name, _drawn_like(name), says) for name, (*_, says) in WAYS.items()),
        Mistake(
            "values",
            when(_of_the_values),
            "these are percentiles of the single values: where one more value may lie. The mean of many moves far "
            "less: take the mean of each draw, then the percentiles of the means.",
        ),
        Mistake(
            "standard deviation",
            _around(lambda values: 1.96 * values.std()),
            "that is the mean and 1.96 standard deviations of the values to both sides: where single values lie. How "
            "far the mean moves is the standard error, √n times smaller; and here it is to come from the draws.",
        ),
        Mistake(
            "one standard deviation",
            _around(lambda values: values.std()),
            "that is the mean and one standard deviation of the values to both sides. Asked for is how far the mean "
            "moves from draw to draw.",
        ),
        Mistake(
            "one standard error",
            _around(lambda values: values.std() / len(values) ** 0.5),
            "that is the mean and one standard error to both sides, about 68 %, and the same to both sides: the ends "
            "are to be percentiles of the drawn means.",
        ),
        Mistake(
            "normal",
            _around(lambda values: 1.96 * values.std() / len(values) ** 0.5),
            "that is the mean and 1.96 standard errors to both sides, as for a bell curve. These values are no bell "
            "curve: one of them is very large. The ends are to be percentiles of the drawn means.",
        ),
        Mistake(
            "hardly any width",
            when(
                lambda case, output, right: (
                    (found := _pair_of(output)) is not None
                    and _tells(case)
                    and 0 < found[1] - found[0] < (right[1] - right[0]) / 5
                    and abs(np.mean(found) - case.inputs[0].mean()) < (right[1] - right[0]) / 5
                )
            ),
            "the interval is far too narrow, around the mean: is the mean taken over the draws in place of the units "
            "of one draw (the other axis), or are far too many units drawn each time?",
        ),
        Mistake(
            "with the mean",
            when(lambda case, output, right: isinstance(output, tuple | list) and len(output) == 3),
            "three numbers came back; two are asked for: (low, high).",
        ),
        Mistake(
            "a width",
            when(lambda case, output, right: number_of(output) is not None),
            "one number came back; two are asked for: (low, high).",
        ),
        Mistake(
            "the means",
            when(lambda case, output, right: hasattr(output, "__len__") and len(output) == case.inputs[1]),
            "all the means came back: asked for are two percentiles of them.",
        ),
    ],
    hints=[
        "One draw first: how many units are taken, may one be taken twice, and which single number is kept of them?",
        "One draw: generator.choice(values, len(values)) takes units with replacement. Its mean is one number. Do it "
        "`draws` times.",
        "np.percentile(means, …) wants percents. How many percent lie outside on each side?",
    ],
    commentary="With few units the interval is too narrow: of ten it holds the truth about nine times in ten. And draw "
    "what the claim is about: occupations, not sentences.",
)


# ---------------------------------------------------------------- permutation_p


def permutation_p(first, second, draws, seed):
    """How often chance alone gives a gap at least as large: the p value, two-sided.

    first, second: NumPy arrays, (units,) each. draws: how often all units are put
    together, shuffled, and cut into two groups of the same sizes as before.
    Returns the share of shuffles whose gap is at least as far from 0, to either side,
    as the one observed (whether you count the data themselves as one more is free).
    """
    ### BEGIN SOLUTION
    generator = np.random.default_rng(seed)
    together, cut = np.concatenate([first, second]), len(first)
    observed = abs(first.mean() - second.mean())
    found = 0
    for _ in range(draws):
        mixed = generator.permutation(together)
        found += abs(mixed[:cut].mean() - mixed[cut:].mean()) >= observed - 1e-12
    return (found + 1) / (draws + 1)
    ### END SOLUTION


@cache
def _all_gaps(first, second):
    """The gap of every way to divide the units into two groups of these sizes, and the one observed."""
    together = np.array(first + second)
    chosen = np.array(list(combinations(range(len(together)), len(first))))
    sums = together[chosen].sum(1)
    gaps = sums / len(first) - (together.sum() - sums) / len(second)
    return gaps, float(np.mean(first) - np.mean(second))


def exact_p(first, second):
    """The share of all divisions whose gap is as far from 0 as the one observed."""
    gaps, observed = _all_gaps(tuple(first), tuple(second))
    return float((abs(gaps) >= abs(observed) - 1e-9).mean())


@cache
def _known_shares(first, second):
    gaps, observed = _all_gaps(first, second)
    generator = np.random.default_rng(1)
    a, b, together = np.array(first), np.array(second), np.array(first + second)
    drawn = generator.choice(together, (MANY // 2, len(together)))
    replaced = drawn[:, : len(a)].mean(1) - drawn[:, len(a) :].mean(1)
    own = generator.choice(a, (MANY // 2, len(a))).mean(1) - generator.choice(b, (MANY // 2, len(b))).mean(1)
    halves = together[np.array(list(combinations(range(len(together)), len(together) // 2)))].sum(1)
    half = len(together) // 2
    halved = halves / half - (together.sum() - halves) / (len(together) - half)

    def far(some, than):
        return float((abs(some) >= abs(than) - 1e-9).mean())

    sums = together[np.array(list(combinations(range(len(together)), len(a))))].sum(1)
    return {
        "above": float((gaps >= observed - 1e-9).mean()),
        "below": float((gaps <= observed + 1e-9).mean()),
        "strict": 1 - float((abs(gaps) <= abs(observed) + 1e-9).mean()),
        "less": 1 - far(gaps, observed),
        "at most": float((abs(gaps) <= abs(observed) + 1e-9).mean()),
        "replaced": far(replaced, observed),
        "own": far(own, observed),
        "own, past 0": float((own * observed <= 0).mean()),
        "halved": far(halved, observed),
        "sums": far(2 * sums - together.sum(), a.sum() - b.sum()),
    }


def may_be(number, share, draws):
    """Whether a share may come out of so many draws, with or without the data as one more."""
    spread = SURE * (share * (1 - share)) ** 0.5 * (draws**-0.5 + (MANY / 2) ** -0.5)
    return abs(number - share) <= spread + 2 / draws


ODD, EQUAL, UNEQUAL = (4, 4), (8, 8), (4, 10)  # the cases, by the sizes of their groups


def _sizes(case):
    return tuple(map(len, case.inputs[:2]))


def _share_is(sizes, *names, times=1):
    """A predicate: on the case with groups of these sizes the output is one of these shares."""

    def holds(case, output, right):
        first, second, draws, _ = case.inputs
        number = number_of(output)
        if number is None or _sizes(case) != sizes or exact_p(first, second) < 0.01:
            return False
        known = _known_shares(tuple(first), tuple(second))
        return any(may_be(number / times, known[name], draws) for name in names)

    return when(holds)


def _number(holds):
    """A predicate over a single number and the case."""
    return when(lambda case, output, right: (found := number_of(output)) is not None and holds(found, case))


def _p_agrees(output, right, case):
    first, second, draws, _ = case.inputs
    number = number_of(output)
    if number is None:
        return wrong_type(Pair(output, float(right), {})) or "it gives no number."
    exact = exact_p(first, second)
    if may_be(number, exact, draws) and 0 <= number <= 1:
        return True
    return (
        f"it gives {number:.3g}, further off than chance allows with {draws:,} shuffles: about {exact:.3g} is right. "
        "Put both groups together, shuffle, cut at the old size, and count the gaps that are at least as far from 0."
    )


def _seeded_p(answer, first, second, draws, seed):
    exact = exact_p(first, second)

    def good(output):
        number = number_of(output)
        all_divisions = number is not None and abs(number - exact) < 1e-9  # one by one: no seed is needed
        return 0.1 < exact < 0.9 and not all_divisions and number is not None and may_be(number, exact, draws)

    return with_seeds(answer, [first, second], draws, seed, good)


_one_odd = (np.array([0.0, 0.0, 0.0, 0.0]), np.array([0.0, 0.0, 0.0, 1.0]))
_apart = (np.array([1.2, 2.9, 0.4, 2.2, 3.1, 1.7, 0.9, 2.5]), np.array([1.65, 0.85, 2.45, 1.3, 2.6, -0.1, 2.05, 0.7]))
_lower = (np.array([0.1, 1.3, 0.7, -0.4]), np.array([1.3, 0.6, 1.8, 0.2, 0.9, 2.3, -0.1, 1.6, 1.15, 0.05]))
_clear = (np.array([5.1, 6.0, 5.5, 5.8, 6.3, 5.2, 5.9, 6.1]), np.array([1.0, 2.2, 1.6, 0.7, 1.9, 2.4, 1.3, 0.8]))

NOT_ONE_SHUFFLE = (
    "about half of the draws are counted, and here every shuffle gives a gap exactly as far from 0 as the one "
    "observed. Either only gaps on one side are counted: abs on both sides of the comparison. Or units are drawn with "
    "replacement, so the 1 is missing or is there twice. Or the two groups do not come from one and the same shuffle: "
    "shuffle all units once for each draw, and cut both groups from that."
)

PERMUTATION_P = Exercise(
    name="permutation_p",
    chapter=7,
    minutes=12,
    level="medium",
    signature="permutation_p(first, second, draws, seed) -> share, from 0 to 1",
    reference=permutation_p,
    use=_seeded_p,
    agrees=_p_agrees,
    seconds=20,
    cases=[
        Case((*_one_odd, 3000, 0), says="0, 0, 0, 0 against 0, 0, 0, 1, where every shuffle gives as large a gap"),
        Case((*_apart, 3000, 1), says="eight units against eight, 3,000 shuffles"),
        Case((*_lower, 3000, 2), says="four units against ten, the first lower, 3,000 shuffles"),
        Case((*_clear, 1000, 3), says="two groups of eight that do not touch, 1,000 shuffles"),
    ],
    mistakes=[
        *SEEDS,
        Mistake(
            "percent",
            _number(lambda found, case: exact_p(*case.inputs[:2]) == 1 and abs(found - 100) < 1),
            "that is in percent; asked for is a share, from 0 to 1.",
        ),
        Mistake(
            "count",
            _number(lambda found, case: found > 2.01),
            "that is a count; asked for is the share of the shuffles, from 0 to 1.",
        ),
        Mistake(
            "twice",
            _number(lambda found, case: 1.5 < found <= 2.01),
            "it is nearly 2: twice a one-sided share, of the wrong side. Compare absolute values, and double nothing.",
        ),
        Mistake(
            "more than one",
            _number(lambda found, case: 1 < found <= 1.5),
            "it is more than 1. If the data themselves are counted as one more, there is one more draw too. (And twice "
            "a one-sided share is at most 1.)",
        ),
        Mistake(
            "not pooled",
            _number(lambda found, case: found > 0.999 and _sizes(case) == EQUAL and case.inputs[2] == 3000),
            "every shuffle is counted: either each group keeps its own units, in another order, and the gap is always "
            "that of the data (put both together, shuffle, then cut); or the generator is made anew from the seed for "
            "each shuffle, and all are the same.",
        ),
        Mistake(
            "made anew",
            _number(lambda found, case: found == 0 and _sizes(case) == EQUAL and case.inputs[2] == 3000),
            "no shuffle is counted: does `//` stand where `/` is meant (2 // 3 is 0), or is the generator made anew "
            "from the seed for each, so that all are the same?",
        ),
        Mistake(
            "absolute on one side",
            _number(lambda found, case: found > 0.999 and _sizes(case) == UNEQUAL),
            "every shuffle is counted where the gap of the data is below 0: the absolute value is needed on both "
            "sides of the comparison.",
        ),
        Mistake(
            "the other way",
            _share_is(EQUAL, "less", "at most"),
            "that is one minus the share: the shuffles are counted whose gap is nearer to 0 than the one observed.",
        ),
        Mistake(
            "each group drawn",
            _share_is(ODD, "own", "own, past 0"),
            "each group is resampled from its own units, with replacement: that is the bootstrap, which keeps the "
            "gap. Here the two groups are put together and shuffled, as if they made no difference.",
        ),
        Mistake(
            "each group drawn, eight",
            _share_is(EQUAL, "own"),
            "about half of the draws are counted: each group is resampled from its own units, so the gap stays where "
            "it is. Put the groups together, and shuffle.",
        ),
        Mistake(
            "one-sided, below",
            _share_is(EQUAL, "below"),
            "that is one-sided: gaps are counted that are at most as high as the one observed, nearly all of them. "
            "Compare absolute values.",
        ),
        Mistake(
            "strictly further",
            _share_is(ODD, "strict"),
            "every shuffle gives a gap exactly as large as the one observed, and none is counted: at least as far is "
            ">=, and not >.",
        ),
        Mistake("with replacement", _share_is(ODD, "replaced"), NOT_ONE_SHUFFLE),
        Mistake(
            "two shuffles",
            _number(lambda found, case: _sizes(case) == ODD and may_be(found, 0.5, case.inputs[2])),
            NOT_ONE_SHUFFLE,
        ),
        Mistake(
            "one-sided, above",
            _share_is(EQUAL, "above"),
            "that is one-sided: only gaps above 0 are counted, and so one half of those that are as far from 0. "
            "Compare absolute values.",
        ),
        Mistake(
            "each group drawn, twice",
            _share_is(ODD, "own, past 0", times=2),
            "each group is resampled from its own units, with replacement: that is the bootstrap, which keeps the "
            "gap. Here the two groups are put together and shuffled, as if they made no difference.",
        ),
        Mistake(
            "halved",
            _share_is(UNEQUAL, "halved"),
            "the shuffled units are cut into halves of seven; the groups had four and ten. Cut at the old size.",
        ),
        Mistake(
            "sums",
            _share_is(UNEQUAL, "sums"),
            "sums are compared, and the larger group has the larger one whatever it holds: compare means.",
        ),
        Mistake(
            "one-sided, unequal",
            _share_is(UNEQUAL, "above", "below"),
            "that is one-sided: the gap here is below 0, and gaps as far above 0 count too. Compare absolute values.",
        ),
    ],
    hints=[
        "If the groups made no difference, every division of the units into two groups would be as likely as yours.",
        "np.concatenate puts groups together, generator.permutation shuffles. Where do you cut?",
        "Count gaps that are at least as far from 0 to either side: abs on both.",
    ],
    commentary="Phipson and Smyth 2010: the data themselves are one of the divisions, so (found + 1) / (draws + 1) is "
    "never 0. With three against three there are 20 divisions, and no p below 0.1.",
)


# ---------------------------------------------------------------- worst_group


def worst_group(right, groups):
    """The group that is served worst, and how well.

    right: a boolean NumPy array, (texts,): whether each was judged right. groups: an
    array of strings, (texts,): the group that each belongs to.
    Returns (group, accuracy): its name, and the share of its texts judged right.
    """
    ### BEGIN SOLUTION
    accuracies = {group: right[groups == group].mean() for group in set(groups)}
    worst = min(accuracies, key=accuracies.get)
    return worst, accuracies[worst]
    ### END SOLUTION


def group_by(score, pick=min, say=lambda right, mine: right[mine].mean()):
    """The group with the least of something else: for the mistakes."""

    def wrong(right, groups):
        found = pick(sorted(set(groups.tolist())), key=lambda group: score(right, groups == group))
        return found, say(right, groups == found)

    return wrong


def _grouped(**rights):
    """right and groups, in turns: a string of 1 and 0 for each group."""
    rows = [(at, name, letter == "1") for name, text in rights.items() for at, letter in enumerate(text)]
    rows.sort(key=lambda row: row[0])
    return np.array([row[2] for row in rows]), np.array([row[1] for row in rows])


def _accuracy(right, mine):
    return right[mine].mean()


def _by_name(case):
    """Name -> accuracy."""
    right, groups = case.inputs
    return {name: right[groups == name].mean() for name in groups.tolist()}


def _two(output):
    """(name, number), or (None, None)."""
    fits = isinstance(output, tuple | list) and len(output) == 2 and not isinstance(output[0], tuple | list)
    return (output[0], number_of(np.asarray(output[1]))) if fits else (None, None)


def _of_two_groups(case, output, right):
    name, number = _two(output)
    return isinstance(name, str) and name in _by_name(case) and name != right[0] and number == right[1]


def _a_place(case, output, right):
    name, _ = _two(output)
    return isinstance(name, int | np.integer) and not isinstance(name, bool)


def _no_such_group(case, output, right):
    fits = isinstance(output, tuple | list) and len(output) == 2 and isinstance(output[0], str)
    return fits and output[0] not in _by_name(case)


def _none_found(case, output, right):
    return isinstance(output, tuple | list) and len(output) == 2 and output[0] is None


def _rounded(case, output, right):
    name, number = _two(output)
    return name == right[0] and number != right[1] and number in {round(float(right[1]), at) for at in range(5)}


def _from_the_others(case, output, right):
    """Each group's number is that of all other texts."""
    verdicts, groups = case.inputs
    name, number = _two(output)
    names = set(groups.tolist())
    rest = {one: verdicts[groups != one].mean() for one in names if len(names) > 2}
    return bool(rest) and rest.get(name) == number == min(rest.values())


def _everyone(case, output, right):
    rows = list(output.items()) if isinstance(output, dict) else output
    return (
        isinstance(rows, list)
        and len(rows) > 0
        and all(isinstance(row, tuple | list) and len(row) == 2 for row in rows)
    )


def _named_first(case, output, right):
    return isinstance(output, tuple | list) and len(output) == 2 and isinstance(output[1], str)


def _without_hopeless(right, groups):
    some = np.isin(groups, [name for name in set(groups.tolist()) if right[groups == name].any()])
    return right[some], groups[some]


def _least(found):
    name = min(sorted(found), key=found.get)
    return name, found[name]


def _below_the_best(right, groups):
    found = {name: right[groups == name].mean() for name in set(groups.tolist())}
    name = _least(found)[0]
    return name, max(found.values()) - found[name]


WORST_GROUP = Exercise(
    name="worst_group",
    chapter=7,
    minutes=5,
    level="easy",
    signature="worst_group(right, groups) -> (group, accuracy)",
    reference=worst_group,
    cases=[
        Case(
            _grouped(large="1101101011", small="010"),
            says="a large group with 7 of 10 right, a small one with 1 of 3",
        ),
        Case(_grouped(c="1101", a="1110000110", b="11"), says="c with 3 of 4 right, a with 5 of 10, b with 2 of 2"),
        Case(_grouped(north="00", south="0111", east="10"), says="a group of which none is right"),
        Case(_grouped(one="1101"), says="one group only"),
    ],
    mistakes=[
        Mistake(
            "first name",
            lambda right, groups: (name := min(groups.tolist()), right[groups == name].mean()),
            "that is the group whose name comes first in the alphabet: min of a dictionary, or of its items, compares "
            "names. Compare the accuracies.",
        ),
        Mistake(
            "first text",
            lambda right, groups: (groups[0], right[groups == groups[0]].mean()),
            "that is the group of the first text: is `return` inside the loop, or is nothing compared?",
        ),
        Mistake(
            "none right left out",
            lambda right, groups: worst_group(*_without_hopeless(right, groups)),
            "a group in which none is right is left out: 0 is an accuracy too, the lowest there is. (`if accuracy` is "
            "false for 0.)",
        ),
        Mistake(
            "share of the right ones",
            group_by(
                lambda right, mine: (right & mine).sum() / right.sum(), say=lambda right, mine: mine[right].mean()
            ),
            "that is which share of all right answers a group has; asked for is which share of a group's texts is "
            "right: divide by the texts of the group.",
        ),
        Mistake(
            "share of the errors",
            group_by(lambda right, mine: mine[~right].mean(), max, say=lambda right, mine: mine[~right].mean()),
            "that is which share of all errors a group makes; a large group makes more of them. Asked for is which "
            "share of a group's texts is right.",
        ),
        Mistake(
            "below the best",
            lambda right, groups: _below_the_best(right, groups),
            "the group is right, and its number is how far it lies below the best group; asked for is its accuracy.",
        ),
        Mistake(
            "equal marks",
            lambda right, groups: _least({name: (right == (groups == name)).mean() for name in set(groups.tolist())}),
            "the verdicts are compared with the groups (right == (groups == name)), over all texts: choose the "
            "verdicts of one group, right[groups == name].",
        ),
        Mistake(
            "best",
            group_by(_accuracy, max),
            "that is the group that is served best.",
        ),
        Mistake(
            "most errors",
            group_by(lambda right, mine: (~right[mine]).sum(), max),
            "that is the group with the most errors; a large group has more of everything. Compare shares.",
        ),
        Mistake(
            "fewest right",
            group_by(lambda right, mine: right[mine].sum()),
            "that is the group with the fewest right answers; a small group has fewer of everything. Compare shares.",
        ),
        Mistake("smallest", group_by(lambda right, mine: mine.sum()), "that is the smallest group, not the worst."),
        Mistake("largest", group_by(lambda right, mine: mine.sum(), max), "that is the largest group, not the worst."),
        Mistake(
            "of all texts",
            group_by(
                lambda right, mine: right[mine].sum() / len(right),
                say=lambda right, mine: right[mine].sum() / len(right),
            ),
            "the right answers of a group are divided by the number of all texts; divide by those of the group.",
        ),
        Mistake(
            "right group, of all",
            group_by(_accuracy, say=lambda right, mine: right[mine].sum() / len(right)),
            "the group is right; its right answers are divided by the number of all texts, not by those of the group.",
        ),
        Mistake(
            "overall",
            group_by(_accuracy, say=lambda right, mine: right.mean()),
            "the group is right, and the accuracy is that of all texts together.",
        ),
        Mistake(
            "errors",
            group_by(_accuracy, say=lambda right, mine: 1 - right[mine].mean()),
            "the group is right, and its number is the share of errors; accuracy is the share that is right.",
        ),
        Mistake(
            "best, errors",
            group_by(_accuracy, max, say=lambda right, mine: 1 - right[mine].mean()),
            "that is the group that is served best, with its share of errors.",
        ),
        Mistake(
            "counted",
            group_by(_accuracy, say=lambda right, mine: int(right[mine].sum())),
            "the group is right; its number is a count, and the accuracy is a share.",
        ),
        Mistake(
            "percent",
            group_by(_accuracy, say=lambda right, mine: 100 * right[mine].mean()),
            "the accuracy is in percent; a share is from 0 to 1.",
        ),
        Mistake(
            "the gap",
            group_by(_accuracy, say=lambda right, mine: right.mean() - right[mine].mean()),
            "the group is right, and its number is how far it lies below all texts; asked for is its accuracy.",
        ),
        Mistake(
            "exchanged", when(_named_first), "the pair is the wrong way round: first the group, then its accuracy."
        ),
        Mistake(
            "name alone",
            when(lambda case, output, right: isinstance(output, str) and output == right[0]),
            "the group is right; asked for is a pair, with its accuracy.",
        ),
        Mistake(
            "accuracy alone",
            when(lambda case, output, right: number_of(output) == right[1]),
            "the accuracy is right; asked for is a pair, with the group's name first.",
        ),
        Mistake(
            "all groups",
            when(_everyone),
            "all groups came back; asked for is one pair, the worst group and its accuracy.",
        ),
        Mistake(
            "of two groups",
            when(_of_two_groups),
            "the accuracy is right, and the name is that of another group: take the name that belongs to it. (min of a "
            "dictionary is the name that comes first in the alphabet.)",
        ),
        Mistake(
            "a place",
            when(_a_place),
            "the first of the pair is a place in a list; asked for is the group's name.",
        ),
        Mistake(
            "no such group",
            when(_no_such_group),
            lambda case, output, right: (
                f"it names the group {output[0]!r}, and there is none in these texts: take the names from `groups`."
            ),
        ),
        Mistake(
            "none found",
            when(_none_found),
            "no group is found: the least accuracy so far starts at 0, and none is lower. Start above 1, or with the "
            "first group.",
        ),
        Mistake(
            "rounded",
            when(_rounded),
            "the group is right, and its accuracy is rounded: return it as it is, and round where it is printed.",
        ),
        Mistake(
            "the others",
            when(_from_the_others),
            "each group's number is the accuracy of all other texts (!= in place of ==).",
        ),
    ],
    hints=[
        "right[groups == name] are the verdicts of one group. Their mean is its accuracy.",
        "min(dictionary, key=dictionary.get) gives the key with the least value.",
    ],
    commentary="The group weighs as much as any other, however small. So its number is also the least certain: three "
    "texts say little.",
)


# ---------------------------------------------------------------- calibration_bins


def calibration_bins(scores, right, bins):
    """How sure a model is, beside how often it is right.

    scores: NumPy (texts,), from 0 to 1. right: boolean (texts,). bins: how many parts
    of equal width 0 to 1 is cut into. A score on the border between two bins belongs to
    the upper one, and 1 to the last.
    Returns a list with one (mean score, share right, how many) for each bin that is not
    empty, from the lowest scores to the highest.
    """
    ### BEGIN SOLUTION
    places = np.minimum((scores * bins).astype(int), bins - 1)  # (texts,): their bins
    found = []
    for place in range(bins):
        mine = places == place
        if mine.any():
            found.append((scores[mine].mean(), right[mine].mean(), int(mine.sum())))
    return found
    ### END SOLUTION


def bins_but(places=None, row=None, empty=None, low=0.0):
    """Bins with something else in one place: for the mistakes."""

    def wrong(scores, right, bins):
        found = []
        at = (scores * bins).astype(int) if places is None else places(scores, bins)
        at = np.minimum(at, bins - 1) if places is None else at
        for place in range(int(max(at.max() + 1, bins))):
            mine = at == place
            if mine.any():
                usual = (scores[mine].mean(), right[mine].mean(), int(mine.sum()))
                found.append(usual if row is None else row(usual, place, bins, len(scores)))
            elif empty is not None:
                found.append(empty)
        return found

    return wrong


def _one_left_out(scores, bins):
    at = (scores * bins).astype(int)
    return np.where(at >= bins, -1, at)


def _by_rank(scores, bins):
    return (scores.argsort().argsort() * bins) // len(scores)


_sure = np.array([0.95, 0.15, 1.0, 0.65, 0.55, 0.05, 0.97])
_was_right = np.array([True, False, True, True, False, False, False])
_drawn_scores = np.random.default_rng(3).uniform(0.31, 0.99, 60)
_drawn_right = np.random.default_rng(5).uniform(size=60) < _drawn_scores**2

_borders = np.array([0.5, 0.125, 1.0, 0.25, 0.0, 0.75, 0.375])
_at_borders = np.array([True, False, True, True, False, False, False])


def between(inside, row=lambda usual: usual):
    """Bins by their two borders: `inside` of (scores, low, high)."""

    def wrong(scores, right, bins):
        found = []
        for place in range(bins):
            mine = inside(scores, place / bins, (place + 1) / bins)
            if mine.any():
                found.append(row((scores[mine].mean(), right[mine].mean(), int(mine.sum()))))
        return found

    return wrong


def _chunks(scores, right, bins):
    parts = np.array_split(scores.argsort(kind="stable"), bins)
    return [(scores[at].mean(), right[at].mean(), len(at)) for at in parts if len(at)]


def _median_scores(scores, right, bins):
    usual = calibration_bins(scores, right, bins)
    at = np.minimum((scores * bins).astype(int), bins - 1)
    middles = [np.median(scores[at == place]) for place in range(bins) if (at == place).any()]
    return [(middle, *row[1:]) for middle, row in zip(middles, usual, strict=True)]


def _three_lists(case, output, right):
    fits = isinstance(output, tuple | list) and len(output) == 3 and all(hasattr(one, "__len__") for one in output)
    return fits and all(len(one) == len(right) for one in output) and _alike(output[0], [row[0] for row in right])


CALIBRATION_BINS = Exercise(
    name="calibration_bins",
    chapter=7,
    minutes=10,
    level="medium",
    signature="calibration_bins(scores, right, bins) -> list of (mean score, share right, how many)",
    reference=calibration_bins,
    cases=[
        Case((np.array([0.2, 0.4, 0.9]), np.array([True, False, True]), 2), says="0.2, 0.4 and 0.9 in two bins"),
        Case((_sure, _was_right, 5), says="seven scores, one of them 1, in five bins, one of them empty"),
        Case((_drawn_scores, _drawn_right, 10), says="60 scores from 0.31 to 0.99 in ten bins"),
        Case((_borders, _at_borders, 4), says="scores of 0, 0.125, 0.25, 0.375, 0.5, 0.75 and 1 in four bins"),
    ],
    mistakes=[
        Mistake(
            "1 left out",
            bins_but(places=_one_left_out),
            "the score 1 is in no bin: it belongs to the last.",
        ),
        Mistake(
            "1 in a bin of its own",
            bins_but(places=lambda scores, bins: (scores * bins).astype(int)),
            "the score 1 has a bin of its own, past the last: it belongs to the last.",
        ),
        Mistake(
            "middle of the bin",
            bins_but(row=lambda usual, place, bins, many: ((place + 0.5) / bins, *usual[1:])),
            "the first number is the middle of the bin; asked for is the mean of the scores in it.",
        ),
        Mistake(
            "lower edge",
            bins_but(row=lambda usual, place, bins, many: (place / bins, *usual[1:])),
            "the first number is the lower edge of the bin; asked for is the mean of the scores in it.",
        ),
        Mistake(
            "upper edge",
            bins_but(row=lambda usual, place, bins, many: ((place + 1) / bins, *usual[1:])),
            "the first number is the upper edge of the bin; asked for is the mean of the scores in it.",
        ),
        Mistake(
            "exchanged",
            bins_but(row=lambda usual, place, bins, many: (usual[1], usual[0], usual[2])),
            "the first two are exchanged: first the mean score, then the share that is right.",
        ),
        Mistake(
            "share of errors",
            bins_but(row=lambda usual, place, bins, many: (usual[0], 1 - usual[1], usual[2])),
            "the second number is the share that is wrong.",
        ),
        Mistake(
            "count of right ones",
            bins_but(row=lambda usual, place, bins, many: (usual[0], round(usual[1] * usual[2]), usual[2])),
            "the second number is a count; asked for is the share of the bin's texts that are right.",
        ),
        Mistake(
            "share of all",
            bins_but(row=lambda usual, place, bins, many: (usual[0], usual[1] * usual[2] / many, usual[2])),
            "the right ones of a bin are divided by the number of all texts; divide by those of the bin.",
        ),
        Mistake(
            "share of texts",
            bins_but(row=lambda usual, place, bins, many: (*usual[:2], usual[2] / many)),
            "the third number is a share of all texts; asked for is how many are in the bin.",
        ),
        Mistake(
            "without the count",
            bins_but(row=lambda usual, place, bins, many: usual[:2]),
            "pairs came back; asked for are three numbers for each bin, the third how many texts are in it.",
        ),
        Mistake(
            "the difference",
            bins_but(row=lambda usual, place, bins, many: usual[0] - usual[1]),
            "differences came back; asked for are mean score, share right and how many, side by side.",
        ),
        Mistake(
            "below the border",
            between(lambda scores, low, high: (scores > low) & (scores <= high)),
            "a score on the border between two bins is in the lower one, and the score 0 is in none: a border belongs "
            "to the upper bin (low <= score < high), and 1 to the last.",
        ),
        Mistake(
            "below the border, 0 kept",
            bins_but(places=lambda scores, bins: np.maximum(np.ceil(scores * bins).astype(int) - 1, 0)),
            "a score on the border between two bins is in the lower one; it belongs to the upper (low <= score < "
            "high), and 1 to the last.",
        ),
        Mistake(
            "in both bins",
            between(lambda scores, low, high: (scores >= low) & (scores <= high)),
            "a score on the border between two bins is counted in both: it belongs to the upper one alone.",
        ),
        Mistake(
            "in neither bin",
            between(lambda scores, low, high: (scores > low) & (scores < high)),
            "a score on the border between two bins is in neither: it belongs to the upper one (low <= score < high), "
            "and 1 to the last.",
        ),
        Mistake(
            "rounded",
            bins_but(places=lambda scores, bins: np.minimum(np.round(scores * bins).astype(int), bins - 1)),
            "scores are rounded to the nearest border: with five bins, 0.15 is in the first, from 0 to 0.2. Cut off, "
            "do not round.",
        ),
        Mistake(
            "rounded, one bin more",
            bins_but(places=lambda scores, bins: np.round(scores * bins).astype(int)),
            "scores are rounded to the nearest border: with five bins, 0.15 is in the first, from 0 to 0.2. Cut off, "
            "do not round.",
        ),
        *(
            Mistake(
                name,
                bins_but(places=places),
                "there is a bin too few, and the others are too wide: `bins` parts have bins + 1 borders, and a part "
                "is 1 / bins wide.",
            )
            for name, places in {
                "one bin too few": lambda scores, bins: (scores * (bins - 1)).astype(int),
                "one bin too few, 1 in the last": lambda scores, bins: np.minimum(
                    (scores * (bins - 1)).astype(int), max(0, bins - 2)
                ),
                "one bin too few, rounded": lambda scores, bins: np.round(scores * (bins - 1)).astype(int),
            }.items()
        ),
        Mistake(
            "from a half",
            bins_but(places=lambda scores, bins: np.clip(((scores - 0.5) * 2 * bins).astype(int), 0, bins - 1)),
            "the bins cut the part from 0.5 to 1; asked for are parts of 0 to 1.",
        ),
        Mistake(
            "always ten",
            lambda scores, right, bins: calibration_bins(scores, right, 10),
            "there are ten bins whatever is asked for: use the argument `bins`.",
        ),
        Mistake(
            "counted from 1",
            lambda scores, right, bins: bins_but()(scores, right, bins)[
                : -1 if scores.max() * bins >= bins - 1 else None
            ],
            "the last bin is missing: np.digitize counts bins from 1, and range(bins) from 0; or the loop ends one too "
            "early.",
        ),
        Mistake(
            "up to here",
            between(lambda scores, low, high: scores < high if high < 1 else scores <= high),
            "each bin holds the scores of the bins before it too: a bin has a lower border as well.",
        ),
        Mistake(
            "up to here, border too",
            between(lambda scores, low, high: scores <= high),
            "each bin holds the scores of the bins before it too: a bin has a lower border as well.",
        ),
        Mistake(
            "from here on",
            between(lambda scores, low, high: scores >= low),
            "each bin holds the scores of the bins after it too: a bin has an upper border as well.",
        ),
        Mistake(
            "median score",
            _median_scores,
            "the first number is the median of the scores in the bin; asked for is their mean.",
        ),
        Mistake(
            "sum of scores",
            bins_but(row=lambda usual, place, bins, many: (usual[0] * usual[2], *usual[1:])),
            "the first number is the sum of the scores in the bin; asked for is their mean.",
        ),
        Mistake(
            "how many right",
            bins_but(row=lambda usual, place, bins, many: (*usual[:2], round(usual[1] * usual[2]))),
            "the third number is how many of the bin are right; asked for is how many texts are in it.",
        ),
        Mistake(
            "difference first",
            bins_but(row=lambda usual, place, bins, many: (usual[0] - usual[1], *usual[1:])),
            "the first number is how much surer than right the model is; asked for is the mean score itself.",
        ),
        Mistake(
            "three lists",
            when(_three_lists),
            "three lists came back, one for each kind of number; asked for is one list with three numbers for each bin "
            "(zip puts them side by side).",
        ),
        Mistake(
            "equal counts, chunks",
            _chunks,
            "the bins hold equally many texts; asked for are bins of equal width.",
        ),
        Mistake(
            "equal counts",
            bins_but(places=_by_rank),
            "the bins hold equally many texts; asked for are bins of equal width.",
        ),
        Mistake(
            "between the least and the most",
            bins_but(
                places=lambda scores, bins: np.minimum(
                    ((scores - scores.min()) / np.ptp(scores) * bins).astype(int), bins - 1
                )
            ),
            "the bins reach from the lowest score to the highest; asked for are parts of 0 to 1.",
        ),
        Mistake(
            "empty ones",
            when(
                lambda case, output, right: (
                    isinstance(output, list)
                    and len(output) == case.inputs[2] > len(right)
                    and all(any(_alike(one, row) for one in output) for row in right)
                )
            ),
            "empty bins are in the list too: there is no mean of nothing. Leave them out.",
        ),
        Mistake(
            "highest first",
            lambda scores, right, bins: calibration_bins(scores, right, bins)[::-1],
            "the order is the wrong one: from the lowest scores to the highest.",
        ),
    ],
    hints=[
        "Which bin is a score in? With five bins of width 0.2, 0.65 is in the one from 0.6 to 0.8.",
        "scores * bins, cut off to whole numbers, is the number of the bin, but for the score 1.",
        "A bin without texts has no mean: ask mine.any() first.",
    ],
    commentary="Drawn, they are the calibration curve: on the diagonal a score is the probability of being right. "
    "Small bins jump: say how many texts are in each.",
)


def _alike(one, row):
    return isinstance(one, tuple | list) and len(one) == len(row) and bool(np.allclose(one, row))


# ---------------------------------------------------------------- bonferroni


def bonferroni(p_values, level=0.05):
    """Which of several comparisons differ from chance, by Bonferroni's rule.

    p_values: a dictionary, name of a comparison -> its p value. level: the chance that
    any of them all is named by luck is to stay below it.
    Returns the names, in any order: those whose p is below level / how many there are.
    """
    ### BEGIN SOLUTION
    return [name for name, p in p_values.items() if p < level / len(p_values)]
    ### END SOLUTION


def holm(p_values, level=0.05):
    """Holm's rule: the smallest p against level / n, the next against level / (n − 1), and so on."""
    found = []
    for at, (name, p) in enumerate(sorted(p_values.items(), key=lambda item: item[1])):
        if p >= level / (len(p_values) - at):
            break
        found.append(name)
    return found


def benjamini_hochberg(p_values, level=0.05):
    """The false discovery rate: up to the last p below its rank times level / n."""
    ranked = sorted(p_values.items(), key=lambda item: item[1])
    last = max((at for at, (_, p) in enumerate(ranked, 1) if p < at * level / len(ranked)), default=0)
    return [name for name, _ in ranked[:last]]


_topics = {"disability": 0.0004, "orientation": 0.045, "faith": 0.3, "origin": 0.011, "age": 0.0096}

CLEAR_OF_CHANCE = Exercise(
    name="bonferroni",
    chapter=7,
    minutes=2,
    level="easy",
    signature="bonferroni(p_values, level=0.05) -> names",
    reference=bonferroni,
    use=lambda answer, *inputs: names_in_order(answer(*inputs)),
    cases=[
        Case(({"a": 0.03, "b": 0.01, "c": 0.06},), says="a with p = 0.03, b with 0.01, c with 0.06"),
        Case(({"a": 0.03},), says="one comparison, p = 0.03"),
        Case((_topics,), says="five comparisons, with p of 0.0004, 0.0096, 0.011, 0.045 and 0.3"),
        Case((_topics, 0.5), says="the same five at a level of 0.5"),
        Case(({"a": 0.4, "b": 0.2, "c": 0.6},), says="three comparisons, none that differs from chance"),
        Case(
            ({"a": 0.0101, "b": 0.0122, "c": 0.0141, "d": 0.0175, "e": 0.6, "f": 0.7}, 0.072),
            says="six comparisons, with p of 0.0101, 0.0122, 0.0141, 0.0175, 0.6 and 0.7, at a level of 0.072",
        ),
    ],
    mistakes=[
        Mistake(
            "each at the level",
            lambda p_values, level=0.05: [name for name, p in p_values.items() if p < level],
            "each p is compared with the level itself. With five comparisons nearly one table in four would then show "
            "something by luck: divide the level by how many there are.",
        ),
        Mistake(
            "multiplied",
            lambda p_values, level=0.05: [name for name, p in p_values.items() if p < level * len(p_values)],
            "the level is multiplied by the number of comparisons; more comparisons make it stricter, so divide.",
        ),
        Mistake(
            "the others",
            lambda p_values, level=0.05: [name for name in p_values if name not in bonferroni(p_values, level)],
            "these are the comparisons that do not differ from chance: a small p is what chance seldom gives.",
        ),
        Mistake(
            "level written",
            lambda p_values, level=0.05: bonferroni(p_values),
            "0.05 is written as a number: use the argument level.",
        ),
        Mistake(
            "five",
            lambda p_values, level=0.05: [name for name, p in p_values.items() if p < level / 5],
            "the level is divided by 5 whatever there is: divide by how many comparisons there are.",
        ),
        Mistake(
            "Holm",
            holm,
            "that is Holm's rule, which loosens the level step by step, and is a good one. Bonferroni's compares every "
            "p with the same level / number.",
        ),
        Mistake(
            "false discoveries",
            benjamini_hochberg,
            "that is the rule of Benjamini and Hochberg: it bounds the share of false discoveries. Bonferroni's "
            "compares every p with the same level / number.",
        ),
        Mistake(
            "by those below",
            lambda p_values, level=0.05: [
                name
                for name, p in p_values.items()
                if p < level / max(1, sum(one < level for one in p_values.values()))
            ],
            "the level is divided by how many p are below it; every comparison that was made counts.",
        ),
        Mistake(
            "one",
            lambda p_values, level=0.05: [
                name for name in bonferroni(p_values, level) if p_values[name] == min(p_values.values())
            ],
            "only the smallest p is kept: several comparisons may differ from chance.",
        ),
        *(
            Mistake(
                f"{more:+} comparisons",
                lambda p_values, level=0.05, more=more: [
                    name for name, p in p_values.items() if p < level / max(1, len(p_values) + more)
                ],
                "the level is divided by one comparison more or fewer than there are: divide by how many there are.",
            )
            for more in (-1, 1)
        ),
        Mistake(
            "halved",
            lambda p_values, level=0.05: bonferroni(p_values, level / 2),
            "the level is halved as well: a two-sided p counts both sides already.",
        ),
        Mistake(
            "Šidák",
            lambda p_values, level=0.05: [
                name for name, p in p_values.items() if p < 1 - (1 - level) ** (1 / len(p_values))
            ],
            "that is Šidák's rule, a little looser, for independent comparisons. Bonferroni's divides the level.",
        ),
        Mistake(
            "truth values",
            when(lambda case, output, right: _truths(output)),
            "truth values came back; asked for are the names of the comparisons whose p is below.",
        ),
        Mistake(
            "with p",
            when(lambda case, output, right: bool(output) and all(isinstance(one, tuple) for one in output)),
            "pairs of name and p came back; asked for are the names alone.",
        ),
        Mistake(
            "p values",
            when(lambda case, output, right: isinstance(output, dict) or _numbers(output)),
            "p values came back; asked for are the names of the comparisons.",
        ),
    ],
    hints=["The same strictness for all: level divided by how many comparisons were made, also those with a large p."],
    commentary="What counts is every comparison that was made, also those that nobody reports.",
)


def _truths(output):
    values = list(output.values()) if isinstance(output, dict) else output
    return isinstance(values, tuple | list) and bool(values) and all(isinstance(one, bool | np.bool_) for one in values)


def _numbers(output):
    return isinstance(output, tuple | list) and bool(output) and all(isinstance(one, float) for one in output)
