"""Exercises of chapter 08: two attributes at once, pairs, the smallest p, exchanged words, a threshold for each group.

Sources: Crenshaw 1989 (intersections), Nangia et al. 2020 (minimal pairs), Phipson and Smyth 2010 (permutation tests),
Lu et al. 2018 (exchanged words), Hardt et al. 2016 (a threshold for each group). The oracles in
tests/lib/exercises/08_bias_further.py are SciPy's permutation_test and course_lib/measures.py.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import product
from math import comb, factorial

import numpy as np

from course_lib.exercises.bias import SEEDS, may_be, number_of, with_seeds
from course_lib.exercises.checking.kinds import wrong_type
from course_lib.exercises.checking.pair import Pair
from course_lib.exercises.declare import Case, Exercise, Mistake, when

# ---------------------------------------------------------------- interaction


def interaction(women, men, other_women, other_men):
    """How much larger the gap of the first two groups is than that of the other two.

    Four NumPy arrays of numbers, (units,) each. A gap is the mean of women minus the
    mean of men; returned is the first gap minus the second.
    """
    ### BEGIN SOLUTION
    return (women.mean() - men.mean()) - (other_women.mean() - other_men.mean())
    ### END SOLUTION


_four = tuple(np.array(one) for one in ([3.0, 5.0], [1.0, 0.0, 2.0], [2.0, 2.5], [2.0]))

INTERACTION = Exercise(
    name="interaction",
    chapter=8,
    minutes=2,
    level="easy",
    signature="interaction(women, men, other_women, other_men) -> number",
    reference=interaction,
    cases=[
        Case(_four, says="a gap of 3 and one of 0.25"),
        Case((_four[1], _four[0], _four[2], _four[3]), says="a gap of −3 and one of 0.25"),
        Case((np.array([0.0, 0.5, 7.0]), *_four[1:]), says="a gap of 1.5, one value far out, and one of 0.25"),
    ],
    mistakes=[
        Mistake(
            "sum",
            lambda a, b, c, d: (a.mean() - b.mean()) + (c.mean() - d.mean()),
            "the two gaps are added: that is twice the mean gap. How much they differ is asked for.",
        ),
        Mistake(
            "reversed",
            lambda a, b, c, d: (c.mean() - d.mean()) - (a.mean() - b.mean()),
            "the sign is the wrong one: the first gap minus the second.",
        ),
        Mistake(
            "no sign",
            when(
                lambda case, output, right: right < 0 and (n := number_of(output)) is not None and abs(n + right) < 1e-9
            ),
            "it is above 0, and the first gap is the lower one: first minus second, and no absolute value.",
        ),
        Mistake(
            "the first gap",
            lambda a, b, c, d: a.mean() - b.mean(),
            "that is the first gap alone. Clear in the one and not clear in the other is no difference between them.",
        ),
        Mistake(
            "pooled",
            lambda a, b, c, d: np.concatenate([a, c]).mean() - np.concatenate([b, d]).mean(),
            "the groups are pooled: that is one gap of all women and all men, in which the two cancel or add up.",
        ),
        Mistake(
            "across",
            lambda a, b, c, d: (a.mean() - c.mean()) + (b.mean() - d.mean()),
            "both differences go from the first pair of groups to the second; a gap is women minus men.",
        ),
        Mistake(
            "absolute",
            lambda a, b, c, d: abs(a.mean() - b.mean()) - abs(c.mean() - d.mean()),
            "the signs of the gaps are lost: a gap of −3 is lower than one of 0.25, not higher.",
        ),
        Mistake(
            "without brackets",
            lambda a, b, c, d: a.mean() - b.mean() - c.mean() - d.mean(),
            "the second gap is subtracted as a whole: without brackets its men are subtracted, too, in place of added.",
        ),
        Mistake(
            "the second gap",
            lambda a, b, c, d: c.mean() - d.mean(),
            "that is the second gap alone; asked for is by how much the first is larger.",
        ),
        Mistake(
            "women alone",
            lambda a, b, c, d: a.mean() - c.mean(),
            "the women of the two are compared, without the men: each gap is women minus men.",
        ),
        Mistake(
            "ratio",
            lambda a, b, c, d: (a.mean() - b.mean()) / (c.mean() - d.mean()),
            "that is how many times as large the first gap is; asked for is the difference of the two.",
        ),
        Mistake(
            "half",
            lambda a, b, c, d: interaction(a, b, c, d) / 2,
            "that is half of it, how far each gap lies from their mean; asked for is the difference of the two.",
        ),
        Mistake(
            "sums",
            lambda a, b, c, d: a.sum() - b.sum() - c.sum() + d.sum(),
            "these are sums: the larger group wins because it is larger. Take means.",
        ),
        Mistake(
            "medians",
            lambda a, b, c, d: np.median(a) - np.median(b) - np.median(c) + np.median(d),
            "these are medians, the middle values; a gap is a difference of means.",
        ),
    ],
    hints=["Two gaps, each women minus men, and one difference of the two."],
    commentary="Four groups, one number. Its interval comes from resampling all four.",
)


# ---------------------------------------------------------------- paired_p


def paired_p(first, second, draws, seed):
    """How often chance alone gives pairs a mean difference at least as large: p.

    first, second: NumPy arrays, (pairs,) each; the values at one place belong together.
    draws: how often each pair, by the toss of a coin, is exchanged or left as it is.
    Returns the share of draws whose mean difference is at least as far from 0, to
    either side, as the one observed (whether you count the data as one more is free).
    """
    ### BEGIN SOLUTION
    generator = np.random.default_rng(seed)
    apart = first - second  # (pair,): exchanged, a pair has the other sign
    signs = generator.choice([-1, 1], (draws, len(apart)))  # (draw, pair)
    found = abs((signs * apart).mean(1)) >= abs(apart.mean()) - 1e-12
    return (found.sum() + 1) / (draws + 1)
    ### END SOLUTION


@cache
def _shares_of_signs(apart):
    """Shares over all signs of differences: as far out, strictly further, above, nearer."""
    apart = np.array(apart)
    means = np.array(list(product([-1, 1], repeat=len(apart)))) @ apart / len(apart)
    medians = np.median(np.array(list(product([-1, 1], repeat=len(apart)))) * apart, axis=1)
    observed = apart.mean()
    return {
        "as far": float((abs(means) >= abs(observed) - 1e-9).mean()),
        "strict": float((abs(means) > abs(observed) + 1e-9).mean()),
        "above": float((means >= observed - 1e-9).mean()),
        "below": float((means <= observed + 1e-9).mean()),
        "nearer": float((abs(means) <= abs(observed) + 1e-9).mean()),
        "one sign for all": 1.0,
        "zeros": float((abs(_sums_of((0, 1), apart)) >= abs(apart.sum()) - 1e-9).mean()),
        "signs alone": float((abs(_sums_of((-1, 1), np.sign(apart))) >= abs(np.sign(apart).sum()) - 1e-9).mean()),
        "medians": float((abs(medians) >= abs(np.median(apart)) - 1e-9).mean()),
        "past 0": float((_resampled(tuple(apart)) * observed <= 0).mean()),
        "no draws": float((abs(apart) >= abs(observed) - 1e-9).mean()),
    }


def _sums_of(signs, apart):
    return np.array(list(product(signs, repeat=len(apart)))) @ apart


def _unpaired(first, second):
    generator = np.random.default_rng(5)
    together = np.tile(np.concatenate([first, second]), (20_000, 1))
    mixed = generator.permuted(together, axis=1)
    gaps = mixed[:, : len(first)].mean(1) - mixed[:, len(first) :].mean(1)
    return float((abs(gaps) >= abs(first.mean() - second.mean()) - 1e-9).mean())


@cache
def _resampled(apart):
    """Mean differences of resampled pairs: the bootstrap, which keeps the gap."""
    return np.random.default_rng(6).choice(apart, (20_000, len(apart))).mean(1)


def _drawn_again(first, second):
    """The share of resampled pairs whose mean difference is as far out."""
    apart = first - second
    return float((abs(_resampled(tuple(apart))) >= abs(apart.mean()) - 1e-9).mean())


def _absolute_first(first, second):
    apart = abs(first - second)
    return float((abs(_sums_of((-1, 1), apart)) >= apart.sum() - 1e-9).mean())


def _tells(first, second):
    """Whether a case tells mistakes apart: its p is not small."""
    return len(first) > 4 and 0.1 < _shares_of_signs(tuple(first - second))["as far"] < 0.9


def _share_of(name, side=0):
    """A predicate: the output is this share. side: only where the first group is higher (1) or lower (-1)."""

    def holds(case, output, right):
        first, second, draws, _ = case.inputs
        number = number_of(output)
        share = _shares_of_signs(tuple(first - second))[name]
        told = _tells(first, second) and side * (first - second).mean() >= 0
        return number is not None and told and may_be(number, share, draws)

    return when(holds)


def _near(name):
    """As `_share_of`, where other shares lie close by."""

    def holds(case, output, right):
        first, second, draws, _ = case.inputs
        number, share = number_of(output), _shares_of_signs(tuple(first - second))[name]
        near = number is not None and abs(number - share) < 3 * (share * (1 - share) / draws) ** 0.5
        return near and _tells(first, second)

    return when(holds)


def _twice(case, output, right):
    number = number_of(output)
    return number is not None and 1.01 < number < 2.01 and _tells(*case.inputs[:2])


def _one_for_all_draws(case, output, right):
    first, second, *_ = case.inputs
    return _tells(first, second) and number_of(output) in (0.0, 1.0) and first.mean() > second.mean()


def _absolute_on_one_side(case, output, right):
    first, second, *_ = case.inputs
    number = number_of(output)
    return number is not None and len(first) > 4 and first.mean() < second.mean() and number > 0.99


def _other_share(figure):
    def holds(case, output, right):
        first, second, draws, _ = case.inputs
        number = number_of(output)
        return number is not None and _tells(first, second) and may_be(number, figure(first, second), draws)

    return when(holds)


def _paired_agrees(output, right, case):
    first, second, draws, _ = case.inputs
    number = number_of(output)
    if number is None:
        return wrong_type(Pair(output, float(right), {})) or "it gives no number."
    exact = _shares_of_signs(tuple(first - second))["as far"]
    if may_be(number, exact, draws) and 0 <= number <= 1:
        return True
    return (
        f"it gives {number:.3g}, further off than chance allows with {draws:,} draws: about {exact:.3g} is right. "
        "A pair that is exchanged turns the sign of its difference; take the mean, and count those as far from 0."
    )


def _seeded_pairs(answer, first, second, draws, seed):
    exact = _shares_of_signs(tuple(first - second))["as far"]

    def good(output):
        number = number_of(output)
        all_signs = number is not None and abs(number - exact) < 1e-9  # one by one: no seed is needed
        return 0.1 < exact < 0.9 and not all_signs and number is not None and may_be(number, exact, draws)

    return with_seeds(answer, [first, second], draws, seed, good)


_alike = (np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.0, 1.0, 2.0, 3.0]))
_levels = np.array([1.2, -1.8, 2.8, 0.5, -0.8, 2.0, 0.0, -3.0])
_raised = (_levels + np.array([0.9, 0.1, -0.6, 1.4, 0.8, -0.5, 1.0, 0.3]), _levels)
_lowered = (_levels - np.array([1.1, 0.6, 0.9, 1.3, 0.2, -0.1, 1.0, 0.3]), _levels)

PAIRED_P = Exercise(
    name="paired_p",
    chapter=8,
    minutes=8,
    level="medium",
    signature="paired_p(first, second, draws, seed) -> share, from 0 to 1",
    reference=paired_p,
    use=_seeded_pairs,
    agrees=_paired_agrees,
    seconds=20,
    cases=[
        Case((*_alike, 3000, 0), says="four pairs, each higher by 1"),
        Case((*_raised, 3000, 1), says="eight pairs, of which the first is mostly higher, 3,000 draws"),
        Case((*_lowered, 3000, 2), says="eight pairs, of which the first is nearly always lower, 3,000 draws"),
        Case((*_raised[::-1], 3000, 3), says="eight pairs, of which the first is mostly lower, 3,000 draws"),
    ],
    mistakes=[
        *SEEDS,
        Mistake(
            "twice",
            when(_twice),
            "it is more than 1: twice a one-sided share, and of the wrong side. Compare absolute values, and double "
            "nothing.",
        ),
        Mistake(
            "percent",
            when(lambda case, output, right: (n := number_of(output)) is not None and 2 < n <= 100 and n != int(n)),
            "that is in percent; asked for is a share, from 0 to 1.",
        ),
        Mistake(
            "count",
            when(lambda case, output, right: (n := number_of(output)) is not None and n > 2),
            "that is a count; asked for is the share of the draws, from 0 to 1.",
        ),
        Mistake(
            "no draws",
            _share_of("no draws"),
            "the single pairs are counted whose difference is as far from 0 as the mean; nothing is drawn. Draw signs "
            "for all pairs, take the mean, and count the draws.",
        ),
        Mistake(
            "one sign for all",
            _share_of("one sign for all", side=1),
            "every draw is counted: is one coin tossed for all pairs, is one side shuffled, which leaves both means, "
            "or is the absolute value taken before the mean? Each pair has a coin of its own.",
        ),
        Mistake(
            "one for all draws",
            when(_one_for_all_draws),
            "no draw is counted, or every one: does `//` stand where `/` is meant (2 // 3 is 0), is the generator made "
            "anew from the seed for each draw, so that all are the same, or is the mean taken over the draws in place "
            "of the pairs (the other axis)?",
        ),
        Mistake(
            "nearer",
            _share_of("nearer"),
            "that is one minus the share: draws are counted whose mean is nearer to 0 than the one observed. (Or sums "
            "over the pairs are compared with a mean.)",
        ),
        Mistake(
            "bootstrap, past 0",
            _near("past 0"),
            "pairs are resampled, with replacement, and means past 0 are counted: that is the bootstrap, which keeps "
            "the gap. Here each pair stays and is exchanged or not, as if it made no difference.",
        ),
        Mistake(
            "one-sided",
            _share_of("above", side=-1),
            "that is one-sided: means at least as high as the one observed are counted, here nearly all of them. "
            "Compare absolute values.",
        ),
        Mistake(
            "one-sided, below",
            _share_of("below", side=1),
            "that is one-sided: means at most as high as the one observed are counted. Compare absolute values.",
        ),
        Mistake(
            "absolute on one side",
            when(_absolute_on_one_side),
            "every draw is counted where the observed mean is below 0: the absolute value is needed on both sides of "
            "the comparison.",
        ),
        Mistake(
            "zeros",
            _share_of("zeros"),
            "about half of what is right: either only means on one side of 0 are counted, or the signs that are drawn "
            "have 0 among them. An exchanged pair does not drop out: its difference has the other sign, −1 or 1.",
        ),
        Mistake(
            "signs alone",
            _near("signs alone"),
            "about that is what the signs of the differences alone give (a sign test); asked for is the mean of the "
            "differences.",
        ),
        Mistake(
            "medians",
            _near("medians"),
            "about that is what medians of the differences give; asked for is their mean.",
        ),
        Mistake(
            "absolute first",
            _other_share(_absolute_first),
            "hardly any draw is counted: is the absolute value taken of each difference first, so that no mean can lie "
            "further out, or are the signs anything but −1 and 1?",
        ),
        Mistake(
            "unpaired",
            _other_share(_unpaired),
            "the pairs are lost: all values are shuffled together, and how far apart the pairs lie hides what is "
            "different within them. Only the two values of a pair may change places.",
        ),
        Mistake(
            "bootstrap",
            _other_share(_drawn_again),
            "pairs are resampled, with replacement: that is the bootstrap, which keeps the gap. Here each pair stays "
            "and is exchanged or not, as if it made no difference.",
        ),
        Mistake(
            "strictly further",
            when(lambda case, output, right: number_of(output) == 0 and len(case.inputs[0]) == len(_alike[0])),
            "some draws have a mean exactly as far from 0 as the one observed, and none is counted: at least as far is "
            ">=, and not >.",
        ),
    ],
    hints=[
        "A pair has the values 3 and 1, so its difference is 2. What is it when the two change places?",
        "Exchanged, a pair's difference changes its sign: draw a sign, −1 or 1, for each pair.",
        "generator.choice([-1, 1], …) tosses coins; abs on both sides of the comparison.",
    ],
    commentary="With eight pairs there are 256 ways to set the signs, and no p below 1/128.",
)


# ---------------------------------------------------------------- smallest_p


def smallest_p(first, second):
    """The smallest p that a permutation test can give, whatever the values: two-sided.

    first, second: how many units the two groups have. Every way to divide the units
    into groups of these sizes is equally likely; the data are one of them. Groups of
    the same size can change places: a division and its mirror image are as far from 0.
    Returns a share, from 0 to 1.
    """
    ### BEGIN SOLUTION
    divisions = comb(first + second, first)
    return (2 if first == second else 1) / divisions
    ### END SOLUTION


SMALLEST_P = Exercise(
    name="smallest_p",
    chapter=8,
    minutes=4,
    level="medium",
    signature="smallest_p(first, second) -> share, from 0 to 1",
    reference=smallest_p,
    cases=[
        Case((3, 3), says="three against three"),
        Case((1, 2), says="one unit against two"),
        Case((2, 5), says="two against five"),
        Case((9, 9), says="nine against nine"),
        Case((4, 2), says="four against two"),
    ],
    mistakes=[
        Mistake(
            "without the mirror",
            lambda a, b: 1 / comb(a + b, a),
            "with groups of the same size, the division with the groups exchanged is as far from 0: two divisions, not "
            "one.",
        ),
        Mistake(
            "always the mirror",
            lambda a, b: 2 / comb(a + b, a),
            "groups of different sizes cannot change places: there only the data themselves are that far out.",
        ),
        Mistake(
            "mirror exchanged",
            lambda a, b: (1 if a == b else 2) / comb(a + b, a),
            "the two are exchanged: groups of the same size can change places (two divisions), groups of different "
            "sizes cannot (one).",
        ),
        *(
            Mistake(
                f"coins, {times}",
                lambda a, b, times=times: (times or 1 + (a == b)) / 2 ** (a + b),
                "each unit goes to either group by a coin there; the groups keep their sizes.",
            )
            for times in (0, 1, 2)
        ),
        *(
            Mistake(
                f"orders, {times}",
                lambda a, b, times=times: (times or 1 + (a == b)) / factorial(a + b),
                "orders are counted; the order within a group makes no difference.",
            )
            for times in (0, 1, 2)
        ),
        *(
            Mistake(
                f"one more, {times}",
                lambda a, b, times=times: (times or 1 + (a == b)) / (comb(a + b, a) + 1),
                "one is added to the number of divisions: the data are one of them already. (One is added to random "
                "draws, which may miss them.)",
            )
            for times in (0, 1, 2)
        ),
        *(
            Mistake(
                f"a pair, {times}",
                lambda a, b, times=times: (times or 1 + (a == b)) / comb(a + b, 2),
                "the ways to choose two units are counted; a division chooses as many as the first group has.",
            )
            for times in (0, 1, 2)
        ),
        *(
            Mistake(
                f"out of one group, {times}",
                lambda a, b, times=times: (times or 1 + (a == b)) / comb(max(a, b), min(a, b)),
                "the units are chosen out of those of one group; they come from both groups together.",
            )
            for times in (0, 1, 2)
        ),
        *(
            Mistake(
                f"units, {times}",
                lambda a, b, times=times: (times or 1 + (a == b)) / (a + b),
                "that is one of the units; asked for is one division of all divisions into two groups.",
            )
            for times in (0, 1, 2)
        ),
        *(
            Mistake(
                f"pairs, {times}",
                lambda a, b, times=times: (times or 1 + (a == b)) / (a * b),
                "the pairs of one unit from each group are counted; asked for are the ways to divide all units.",
            )
            for times in (0, 1, 2)
        ),
        Mistake(
            "count",
            lambda a, b: comb(a + b, a),
            "that is the number of divisions; the smallest p is one of them, or two, as a share of all.",
        ),
        *(
            Mistake(
                f"multiplied, {times}",
                lambda a, b, times=times: (times or 1 + (a == b)) * comb(a + b, a),
                "that is more than all divisions; asked for is one of them, or two, as a share: divide.",
            )
            for times in (0, 2)
        ),
        Mistake(
            "inverse",
            lambda a, b: comb(a + b, a) / (1 + (a == b)),
            "that is how many divisions there are for each that is as far out; the share is the other way round.",
        ),
        Mistake("percent", lambda a, b: 100 * smallest_p(a, b), "that is in percent; a share is from 0 to 1."),
        Mistake("the rest", lambda a, b: 1 - smallest_p(a, b), "that is the share of all other divisions."),
        Mistake(
            "zero",
            lambda a, b: 0.0,
            "never 0: the data themselves are one of the divisions. (Does `//` stand where `/` is meant?)",
        ),
        Mistake(
            "rounded",
            when(
                lambda case, output, right: (
                    right == 1 / 3 and number_of(output) in {round(right, digits) for digits in (1, 2, 3, 4)}
                )
            ),
            "the number is right and rounded: return it as it is, and round where it is printed.",
        ),
    ],
    hints=[
        "In how many ways can six units be divided into three and three? math.comb counts them.",
        "The data are one of these. Which other is certainly as far from 0?",
    ],
    commentary="Three against three: 20 divisions, two of them as far out as any can be, p = 0.1. More sentences about "
    "the same six names do not help.",
)


# ---------------------------------------------------------------- swap_words


def swap_words(text, pairs):
    """The counterfactual text: the words of each pair exchanged, in both directions.

    text: a sentence. pairs: tuples of two words in lowercase, such as ("she", "he").
    Only whole words are exchanged; a word with a capital first letter keeps it.
    Everything else stays as it is.
    """
    ### BEGIN SOLUTION
    other = {a: b for one, two in pairs for a, b in ((one, two), (two, one))}

    def exchanged(match):
        word = match[0]
        new = other.get(word.lower(), word)
        return new.capitalize() if word[0].isupper() and new != word else new

    return re.sub(r"\w+", exchanged, text)
    ### END SOLUTION


PAIRS = (("she", "he"), ("mother", "father"))


def _in_turn(text, pairs):
    for one, two in pairs:
        text = re.sub(rf"\b{one}\b", two, text)
        text = re.sub(rf"\b{two}\b", one, text)
    return text


def _one_way(text, pairs):
    for one, two in pairs:
        text = re.sub(rf"\b{one}\b", two, re.sub(rf"\b{one.capitalize()}\b", two.capitalize(), text))
    return text


def _whole(text, pairs):
    other = {a: b for one, two in pairs for a, b in ((one, two), (two, one))}
    return re.sub("|".join(sorted(other, key=len, reverse=True)), lambda match: other[match[0]], text)


def _exactly(text, pairs):
    other = {a: b for one, two in pairs for a, b in ((one, two), (two, one))}
    return re.sub(r"\w+", lambda match: other.get(match[0], match[0]), text)


def _lowered_words(text, pairs):
    other = {a: b for one, two in pairs for a, b in ((one, two), (two, one))}
    return re.sub(r"\w+", lambda match: other.get(match[0].lower(), match[0]), text)


def _between_spaces(text, pairs):
    other = {a: b for one, two in pairs for a, b in ((one, two), (two, one))}
    found = []
    for word in text.split():
        new = other.get(word.lower(), word)
        found.append(new.capitalize() if word[0].isupper() and new != word else new)
    return " ".join(found)


def _parts_in_turn(text, pairs):
    for one, two in pairs:
        text = text.replace(one, two).replace(two, one)
    return text


def _both_ways(pairs):
    return {a: b for one, two in pairs for a, b in ((one, two), (two, one))}


def _for_each_pair(text, pairs):
    found = [_both_ways([pair]).get(word, word) for word in text.split() for pair in pairs]
    return " ".join(found)


def _others_lost(text, pairs):
    other = _both_ways(pairs)
    return " ".join(other[word] for word in text.split() if word in other)


def _no_such_key(text, pairs):
    return " ".join(_both_ways(pairs)[word] for word in text.split())


SWAP_WORDS = Exercise(
    name="swap_words",
    chapter=8,
    minutes=8,
    level="medium",
    signature="swap_words(text, pairs) -> text",
    reference=swap_words,
    cases=[
        Case(("then she sang", PAIRS), says="'then she sang'"),
        Case(("he said that she was late", PAIRS), says="'he said that she was late'"),
        Case(("the weather was fine when he came", PAIRS), says="'the weather was fine when he came'"),
        Case(("She was late.", PAIRS), says="'She was late.'"),
        Case(
            ("His mother, he said, met father in the USA.", PAIRS), says="'His mother, he said, met father in the USA.'"
        ),
    ],
    mistakes=[
        Mistake("capitals missed", _exactly, "a word with a capital is left as it is: *She* becomes *He*."),
        Mistake(
            "in turn",
            _in_turn,
            "*he* becomes *she*, and *she* stays: either one direction alone is done, or one after the other, and the "
            "second takes back what the first did. Exchange each word once.",
        ),
        Mistake("one way", _one_way, "one direction alone is done: *he* becomes *she* too."),
        Mistake(
            "parts of words",
            _whole,
            "parts of words are exchanged too, as the *he* in *then* or *weather*. Whole words only.",
        ),
        Mistake("capitals lost", _lowered_words, "the capital is lost: *She* becomes *He*, not *he*."),
        Mistake(
            "between spaces",
            _between_spaces,
            "a word with a comma or full stop beside it is missed: *mother,* becomes *father,*.",
        ),
        Mistake(
            "other words changed",
            lambda text, pairs: re.sub(
                r"\w+",
                lambda match: match[0].capitalize() if match[0][0].isupper() else match[0],
                swap_words(text, pairs),
            ),
            "*USA* comes back as *Usa*: a word that is in no pair stays as it is, capitals too.",
        ),
        Mistake(
            "parts, in turn",
            _parts_in_turn,
            "parts of words are exchanged too, as the *he* in *then*; and one direction after the other takes back "
            "what the first did. Find whole words, and exchange each once.",
        ),
        Mistake(
            "first pair",
            lambda text, pairs: swap_words(text, pairs[:1]),
            "only the words of the first pair are exchanged: does `return` stand inside a loop over the pairs?",
        ),
        Mistake(
            "last pair",
            lambda text, pairs: swap_words(text, pairs[-1:]),
            "only the words of the last pair are exchanged: does each pair start anew from the text as it was?",
        ),
        Mistake(
            "other words, too",
            lambda text, pairs: swap_words(text, [*pairs, ("his", "her")]),
            "*His* is exchanged, and is in no pair: the words are those of `pairs` alone.",
        ),
        Mistake(
            "for each pair",
            _for_each_pair,
            "every word comes once for each pair: look a word up in all pairs, then add it once.",
        ),
        Mistake(
            "the others lost",
            _others_lost,
            "words that are in no pair are missing; they stay as they are.",
        ),
        Mistake(
            "no such key",
            _no_such_key,
            "a word that is in no pair is looked up like the others, and is not in the dictionary: such a word stays "
            "(`get` takes what to give instead).",
        ),
        Mistake(
            "first letter",
            lambda text, pairs: swap_words(text[:1].upper() + text[1:], pairs),
            "the first letter of the text becomes a capital whatever it was.",
        ),
        Mistake("nothing", lambda text, pairs: text, "the text came back as it was."),
    ],
    hints=[
        "What happens to *she* if you first turn every she into he, and then every he into she?",
        "A dictionary with both directions; look each word up once.",
        "re.sub takes a function: it gets each match, and returns what is to stand there.",
    ],
    commentary="English makes this harder: *her* is *his* and *him*. A word list does not know which.",
)


# ---------------------------------------------------------------- minimal_pairs


def minimal_pairs(pairs):
    """The share of pairs in which the stereotyped sentence is the likelier one.

    pairs: a NumPy array (pairs, 2) of log-probabilities: of the sentence with the
    stereotype, and of the same sentence about the other group. A tie counts a half.
    Returns a number from 0 to 1; 0.5 is even.
    """
    ### BEGIN SOLUTION
    stereotype, other = pairs.T
    return (stereotype > other).mean() + (stereotype == other).mean() / 2
    ### END SOLUTION


_pairs = np.array([[-20.0, -21.5], [-33.0, -30.0], [-18.0, -18.0], [-25.0, -40.0]])
_other_pairs = np.array(
    [[-12.5, -13.0], [-40.0, -39.0], [-22.0, -28.0], [-31.0, -31.0], [-9.0, -8.0], [-17.0, -17.5], [-26.0, -25.0]]
)


def _unpacked(pairs):
    stereotype, other = pairs
    return (stereotype > other).mean()


MINIMAL_PAIRS = Exercise(
    name="minimal_pairs",
    chapter=8,
    minutes=4,
    level="easy",
    signature="minimal_pairs(pairs) -> share, from 0 to 1",
    reference=minimal_pairs,
    cases=[
        Case((_pairs,), says="four pairs: two in which the stereotype is likelier, one in which it is not, a tie"),
        Case((_pairs[2:3],), says="a single pair, a tie"),
        Case((_other_pairs,), says="seven pairs, one of them a tie"),
        Case((-_other_pairs[:, ::-1] - 60,), says="seven other pairs"),
        Case((np.array([[-7.0, -7.0], [-9.0, -8.0], [-5.0, -5.0]]),), says="three pairs, two of them ties"),
        Case((np.array([[-7.0, -8.0], [-9.0, -8.0], [-5.0, -6.0]]),), says="three pairs, none of them a tie"),
    ],
    mistakes=[
        Mistake(
            "ties lost",
            lambda pairs: (pairs[:, 0] > pairs[:, 1]).mean(),
            "the tie counts nothing: as if the model preferred the other sentence. It is to count a half.",
        ),
        Mistake(
            "ties won",
            lambda pairs: (pairs[:, 0] >= pairs[:, 1]).mean(),
            "the tie counts as a preference for the stereotype. It is to count a half.",
        ),
        Mistake(
            "ties left out",
            lambda pairs: (pairs[:, 0] > pairs[:, 1]).sum() / (pairs[:, 0] != pairs[:, 1]).sum(),
            "ties are left out, from the pairs too. That is another way to do it; here a tie counts a half.",
        ),
        Mistake(
            "reversed",
            lambda pairs: 1 - minimal_pairs(pairs),
            "the pairs are read the wrong way round: the stereotype's score stands first, and the higher "
            "log-probability is the likelier one (−20 is higher than −21.5).",
        ),
        Mistake(
            "reversed, ties lost",
            lambda pairs: (pairs[:, 0] < pairs[:, 1]).mean(),
            "the pairs are read the wrong way round: the stereotype's score stands first, and the higher "
            "log-probability is the likelier one (−20 is higher than −21.5). And a tie counts a half.",
        ),
        Mistake(
            "reversed, ties won",
            lambda pairs: (pairs[:, 0] <= pairs[:, 1]).mean(),
            "the pairs are read the wrong way round: the stereotype's score stands first, and the higher "
            "log-probability is the likelier one (−20 is higher than −21.5). And a tie counts a half.",
        ),
        Mistake(
            "counted, ties lost",
            lambda pairs: (pairs[:, 0] > pairs[:, 1]).sum(),
            "that is a count; the share divides it by the number of pairs. And a tie counts a half.",
        ),
        Mistake(
            "rows",
            lambda pairs: (pairs[0] > pairs[1]).mean(),
            "two rows are compared, which are two pairs: the two sentences of a pair stand in one row, pairs[:, 0] and "
            "pairs[:, 1].",
        ),
        Mistake(
            "unpacked",
            lambda pairs: _unpacked(pairs),
            "pairs has a row for each pair, so it does not fall into two parts: the columns are pairs[:, 0] and "
            "pairs[:, 1], or the two parts of pairs.T.",
        ),
        Mistake(
            "ties as a count",
            lambda pairs: (pairs[:, 0] > pairs[:, 1]).mean() + (pairs[:, 0] == pairs[:, 1]).sum() / 2,
            "the ties are a count and the others a share: divide both by the number of pairs.",
        ),
        Mistake(
            "ties won twice",
            lambda pairs: (pairs[:, 0] >= pairs[:, 1]).mean() + (pairs[:, 0] == pairs[:, 1]).mean() / 2,
            "a tie counts one and a half: it is in >= already. It is to count a half.",
        ),
        Mistake(
            "a half for all",
            lambda pairs: (pairs[:, 0] > pairs[:, 1]).mean() + 0.5,
            "a half is added to the share whatever there is: half of the share of ties is to be added.",
        ),
        Mistake(
            "a half pair for all",
            lambda pairs: ((pairs[:, 0] > pairs[:, 1]).sum() + 0.5) / len(pairs),
            "half a pair is added whatever there is: as many halves are to be added as there are ties.",
        ),
        Mistake(
            "a half for a loss",
            lambda pairs: np.where(pairs[:, 0] > pairs[:, 1], 1, 0.5).mean(),
            "a pair with the other sentence likelier counts a half, too: only a tie does, and such a pair counts 0.",
        ),
        Mistake(
            "of all sentences",
            lambda pairs: minimal_pairs(pairs) / 2,
            "the count is divided by the number of sentences (pairs.size), two a pair: divide by len(pairs).",
        ),
        Mistake(
            "returned in the loop",
            lambda pairs: minimal_pairs(pairs[:1]) / len(pairs),
            "only the first pair is counted: does `return` stand inside the loop?",
        ),
        Mistake(
            "rounded",
            lambda pairs: round(minimal_pairs(pairs)),
            "the share is rounded to a whole number: return it as it is.",
        ),
        Mistake(
            "ratio",
            lambda pairs: (pairs[:, 0] / pairs[:, 1]).mean(),
            "log-probabilities are divided: that is no share. Compare the two of a pair, and count.",
        ),
        Mistake(
            "above 0",
            lambda pairs: (pairs > 0).mean(),
            "log-probabilities are compared with 0, and all of them are below: compare the two of a pair.",
        ),
        Mistake(
            "sizes of differences",
            lambda pairs: (pairs[:, 0] - pairs[:, 1]).mean(),
            "that is the mean difference: one pair with a large one decides it. Count the pairs.",
        ),
        Mistake(
            "means compared",
            lambda pairs: float(pairs[:, 0].mean() > pairs[:, 1].mean()),
            "the two means are compared; count pair by pair.",
        ),
        Mistake(
            "mean of signs",
            lambda pairs: np.sign(pairs[:, 0] - pairs[:, 1]).mean(),
            "that is won pairs minus lost ones, from −1 to 1: the share is from 0 to 1, and 0.5 is even.",
        ),
        Mistake(
            "count",
            lambda pairs: (pairs[:, 0] > pairs[:, 1]).sum() + (pairs[:, 0] == pairs[:, 1]).sum() / 2,
            "that is a count; the share divides it by the number of pairs.",
        ),
        Mistake("percent", lambda pairs: 100 * minimal_pairs(pairs), "that is in percent; the share is from 0 to 1."),
        Mistake(
            "probabilities",
            lambda pairs: (1 / (1 + np.exp(pairs[:, 1] - pairs[:, 0]))).mean(),
            "each pair counts by how much likelier the one sentence is; here each counts 1, 0 or a half.",
        ),
    ],
    hints=[
        "Which of two log-probabilities is the larger, −20 or −21.5? Count those pairs.",
        "The mean of a comparison is a share. What do the ties add to it?",
    ],
    commentary="`share_above` in `course_lib/measures.py` leaves ties out; with scores of a model there are none. Add "
    "the interval: of ten pairs it is wide.",
)


# ---------------------------------------------------------------- threshold_by_group


def threshold_by_group(scores, labels, groups):
    """For each group the threshold with the most right answers.

    scores: NumPy (texts,). labels: boolean (texts,), what is true. groups: strings
    (texts,). The answer to a text is yes where its score is above the threshold.
    Returns a dictionary, group -> threshold; of several that are as good any is right.
    """
    ### BEGIN SOLUTION
    thresholds = {}
    for group in set(groups):
        mine, true = scores[groups == group], labels[groups == group]
        tried = [-np.inf, *mine]  # above −∞ is everything
        thresholds[group] = max(tried, key=lambda one: ((mine > one) == true).sum())
    return thresholds
    ### END SOLUTION


def _hits(case, group, threshold, answer=lambda scores, threshold: scores > threshold):
    scores, labels, groups = case.inputs
    mine = groups == group
    return int((answer(scores[mine], threshold) == labels[mine]).sum())


def _thresholds(case, output):
    """The output as a dictionary of floats, or None."""
    fits = isinstance(output, dict) and set(output) == set(case.inputs[2].tolist())
    found = {key: number_of(value) for key, value in output.items()} if fits else {}
    return found if found and all(value is not None for value in found.values()) else None


def _short_of(case, found, right, answer=lambda scores, threshold: scores > threshold):
    """Groups whose threshold is not among the best, with how many are right and could be."""
    hits = {group: (_hits(case, group, found[group], answer), _hits(case, group, right[group])) for group in found}
    return {group: pair for group, pair in hits.items() if pair[0] < pair[1]}


def _thresholds_agree(output, right, case):
    found = _thresholds(case, output)
    if found is None:
        if isinstance(output, dict):
            missing = sorted(set(right) - set(output))
            return f"the group {missing[0]!r} is missing." if missing else "each group has one number, its threshold."
        return wrong_type(Pair(output, dict(right), {})) or "it gives no dictionary, group -> threshold."
    short = _short_of(case, found, right)
    if not short:
        return True
    group, (hits, best) = sorted(short.items())[0]
    return (
        f"for the group {group!r} the threshold {found[group]:.3g} gives {hits} right answers, and {best} are "
        "possible. Try each score of the group as a threshold, and one below them all."
    )


def _thresholds_are(make):
    """A predicate: the thresholds are those that a function of (scores, labels) of something gives."""

    def holds(case, output, right):
        found = _thresholds(case, output)
        return found is not None and make(case, found, right)

    return when(holds)


def _as_score(case, found, right):
    return not _short_of(case, found, right, lambda scores, threshold: scores >= threshold)


def _turned(case, found, right):
    worst = {
        group: max(_hits(case, group, t, lambda scores, at: scores <= at) for t in [-np.inf, *case.inputs[0]])
        for group in found
    }
    return all(_hits(case, group, found[group], lambda s, at: s <= at) == worst[group] for group in found)


def _one_for_all(case, found, right):
    return len(found) > 1 and len(set(found.values())) == 1


def _middle(figure):
    def holds(case, found, right):
        scores, _, groups = case.inputs
        return all(abs(found[group] - figure(scores[groups == group])) < 1e-6 for group in found)

    return holds


def _of_each(case, found, figure):
    """Whether each group's threshold is a figure of (scores, labels), where there is one."""
    scores, labels, groups = case.inputs
    told = {group: figure(scores[groups == group], labels[groups == group]) for group in found}
    known = {group: value for group, value in told.items() if value is not None}
    return len(known) > 2 and all(abs(found[group] - value) < 1e-6 for group, value in known.items())


def _number_right(case, found, right):
    """How many are right, or their share, with the best threshold."""
    if len(found) < 3:  # by chance the same
        return False
    best = {group: _hits(case, group, right[group]) for group in found}
    sizes = {group: (case.inputs[2] == group).sum() for group in found}
    return any(all(abs(found[g] - best[g] / (sizes[g] if share else 1)) < 1e-9 for g in found) for share in (0, 1))


def _place(case, found, right):
    scores, _, groups = case.inputs
    whole = all(
        value == int(value) and 0 <= value < (groups == g).sum() for g, value in found.items() if abs(value) < 99
    )
    if not whole or not all(abs(value) < 99 for value in found.values()):
        return False
    at = {group: scores[groups == group][int(value)] for group, value in found.items()}
    short = _short_of(case, at, right)
    return len(short) < len(found)


def _everybody(yes):
    def holds(case, found, right):
        scores, _, groups = case.inputs
        said = [(scores[groups == group] > found[group]).mean() == yes for group in found]
        return len(found) > 2 and all(said)

    return holds


def _balanced(case, found, right):
    scores, labels, groups = case.inputs

    def both(group, at):
        mine, true = scores[groups == group], labels[groups == group]
        return (mine[true] > at).mean() + (mine[~true] <= at).mean()

    mixed = [g for g in found if 0 < labels[groups == g].mean() < 1]
    best = {g: max(both(g, at) for at in [-np.inf, *scores[groups == g]]) for g in mixed}
    return len(mixed) > 2 and all(abs(both(g, found[g]) - best[g]) < 1e-9 for g in mixed)


def _between_means(case, found, right):
    scores, labels, groups = case.inputs
    for group in found:
        mine, true = scores[groups == group], labels[groups == group]
        if true.all() or not true.any():
            return False
        if abs(found[group] - (mine[true].mean() + mine[~true].mean()) / 2) > 1e-6:
            return False
    return True


def _only_inside(case, found, right):
    """The best of the group's own scores: nothing is below them all."""
    scores, _, groups = case.inputs
    for group in found:
        mine = scores[groups == group]
        if _hits(case, group, found[group]) < max(_hits(case, group, threshold) for threshold in mine):
            return False
    return True


def _people(**rows):
    """scores, labels and groups: for each group a list of (score, label)."""
    flat = [(score, bool(label), group) for group, some in rows.items() for score, label in some]
    flat = flat[::2] + flat[1::2]
    scores, labels, groups = zip(*flat, strict=True)
    return np.array(scores, dtype=float), np.array(labels), np.array(groups)


_shifted = _people(
    a=[(-2, 0), (-1, 0), (0.5, 1), (1, 0), (2, 1), (9, 1)],
    b=[(3, 0), (4, 0), (5, 0), (6, 1), (7, 1)],
)
_all_yes = _people(a=[(0.5, 1), (1.5, 1), (2.5, 1)], b=[(-3, 0), (-1, 0), (1, 1), (-2, 0)])
_random_group = [(round(float(x), 3), int(x + y > 0.3)) for x, y in np.random.default_rng(4).normal(size=(30, 2))]
_drawn = _people(
    a=_random_group, b=[(x + 2, y) for x, y in _random_group[:17]], c=[(-x, 1 - y) for x, y in _random_group[5:]]
)

THRESHOLD_BY_GROUP = Exercise(
    name="threshold_by_group",
    chapter=8,
    minutes=10,
    level="medium",
    signature="threshold_by_group(scores, labels, groups) -> {group: threshold}",
    reference=threshold_by_group,
    agrees=_thresholds_agree,
    cases=[
        Case(_shifted, says="group a with scores around 0, group b with the same about 4 higher"),
        Case(_all_yes, says="a group in which every text is a yes"),
        Case(_drawn, says="three groups of 30, 17 and 25 texts"),
    ],
    mistakes=[
        Mistake(
            "how many are right",
            _thresholds_are(_number_right),
            "that is how many are right with the best threshold, or their share; asked for is the threshold itself "
            "(`max` with a key gives what was tried, not what the key says).",
        ),
        Mistake(
            "place",
            _thresholds_are(_place),
            "these look like places in the list of scores (argmax gives a place); asked for is the score there.",
        ),
        Mistake(
            "all yes",
            _thresholds_are(_everybody(1)),
            "every text of every group is a yes: only what is a yes in truth was counted. A no that is told apart is "
            "right, too.",
        ),
        Mistake(
            "all no",
            _thresholds_are(_everybody(0)),
            "no text is above these thresholds, so that all are a no: are they the highest scores?",
        ),
        Mistake(
            "highest no",
            _thresholds_are(
                lambda case, found, right: _of_each(case, found, lambda s, y: s[~y].max() if (~y).any() else None)
            ),
            "each threshold is the highest score of a no: a single no far up then turns many a yes away. Count right "
            "answers.",
        ),
        Mistake(
            "lowest yes",
            _thresholds_are(
                lambda case, found, right: _of_each(case, found, lambda s, y: s[y].min() if y.any() else None)
            ),
            "each threshold is the lowest score of a yes: a single yes far down then lets many a no in, and that yes "
            "is itself not above it. Count right answers.",
        ),
        Mistake(
            "mean yes",
            _thresholds_are(
                lambda case, found, right: _of_each(case, found, lambda s, y: s[y].mean() if y.any() else None)
            ),
            "these are the mean scores of what is a yes: about half of them lie below it. Count right answers.",
        ),
        Mistake(
            "turned",
            _thresholds_are(_turned),
            "these are the thresholds below which yes is right most often, the worst ones: yes is what is above.",
        ),
        Mistake(
            "one for all",
            _thresholds_are(_one_for_all),
            "every group has the same threshold: look for each group's own, among its own texts.",
        ),
        Mistake(
            "at least",
            _thresholds_are(_as_score),
            "these thresholds are right if a score equal to the threshold means yes (>=). Here yes is what is above it "
            "(>), so one text of the group falls on the wrong side.",
        ),
        Mistake(
            "mean",
            _thresholds_are(_middle(np.mean)),
            "these are the means of the groups' scores: the labels are not used.",
        ),
        Mistake(
            "median",
            _thresholds_are(_middle(np.median)),
            "these are the medians of the groups' scores: the labels are not used.",
        ),
        Mistake(
            "between the means",
            _thresholds_are(_between_means),
            "these lie half way between the mean scores of yes and no: one score far out (9) draws it along. Count "
            "right answers for each possible threshold.",
        ),
        Mistake(
            "balanced",
            _thresholds_are(_balanced),
            "the share of yes that is right and that of no are averaged (balanced accuracy); asked for are the most "
            "right answers, each text counted once.",
        ),
        Mistake(
            "only inside",
            _thresholds_are(_only_inside),
            "in group a every text is a yes, and its lowest score is the threshold, which it is not above: a threshold "
            "below all scores has to be among those that you try.",
        ),
    ],
    hints=[
        "For one group: which thresholds give different answers? Not more than it has scores, and one below them all.",
        "(mine > threshold) == true is where the answer is right; sum counts.",
        "max(candidates, key=function) takes the best.",
    ],
    commentary="A threshold can move all scores of a group up or down; it cannot turn their order round. And it was "
    "chosen on these texts: measure it on others.",
)
