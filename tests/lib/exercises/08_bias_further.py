"""Chapter 08: answers that are right and written otherwise than ours, and wrong ones with words of the hint meant."""

import itertools
import math
import random
import statistics

import numpy as np
import torch
from scipy import stats

from course_lib import measures

# ---------------------------------------------------------------- answers written otherwise


def interaction_of_lists(*groups):
    a, b, c, d = (statistics.fmean(group.tolist()) for group in groups)
    return a - b - c + d


def paired_by_random(first, second, draws, seed):
    tosser, apart = random.Random(seed), (first - second).tolist()
    observed, found = abs(statistics.fmean(apart)), 0
    for _ in range(draws):
        found += abs(statistics.fmean(one * tosser.choice((-1, 1)) for one in apart)) >= observed - 1e-9
    return found / draws


def paired_by_exchanging(first, second, draws, seed):
    generator, both = np.random.default_rng(seed), np.stack([first, second], 1)
    mixed = generator.permuted(np.tile(both, (draws, 1, 1)), axis=2)  # (draw, pair, 2)
    gaps = (mixed[..., 0] - mixed[..., 1]).mean(1)
    return (abs(gaps) >= abs((first - second).mean()) - 1e-9).mean()


def paired_by_torch(first, second, draws, seed):
    torch.manual_seed(seed)
    apart = torch.from_numpy(first - second)
    means = (torch.randint(0, 2, (draws, len(apart))).double() * 2 - 1) @ apart / len(apart)
    return (means.abs() >= apart.mean().abs() - 1e-9).double().mean()


def paired_by_scipy(first, second, draws, seed):
    return stats.permutation_test(
        (first, second), lambda a, b: np.mean(a - b), permutation_type="samples", n_resamples=draws,
        rng=np.random.default_rng(seed),
    ).pvalue  # fmt: skip


def smallest_by_counting(first, second):
    units = range(first + second)
    gaps = [sum(2**u for u in chosen) / first - sum(2**u for u in units if u not in chosen) / second
            for chosen in itertools.combinations(units, first)]  # fmt: skip
    largest = max(abs(gap) for gap in gaps)
    return sum(abs(abs(gap) - largest) < 1e-9 for gap in gaps) / len(gaps)


def swapped_by_pieces(text, pairs):
    other = dict(pairs) | {two: one for one, two in pairs}
    found, word = "", ""
    for letter in text + "\0":
        if letter.isalnum():
            word += letter
            continue
        new = other.get(word.lower(), word)
        found += (new[0].upper() + new[1:] if word[:1].isupper() else new) + letter
        word = ""
    return found[:-1]


def swapped_by_marks(text, pairs):
    import re

    for one, two in pairs:
        for a, b in ((one, two), (one.title(), two.title())):
            text = re.sub(rf"\b{a}\b", "\0", text)
            text = re.sub(rf"\b{b}\b", a, text).replace("\0", b)
    return text


def pairs_by_loop(pairs):
    points = 0.0
    for stereotype, other in pairs:
        points += 1 if stereotype > other else 0.5 if stereotype == other else 0
    return points / len(pairs)


def thresholds_between(scores, labels, groups):
    found = {}
    for group in np.unique(groups):
        mine, true = scores[groups == group], labels[groups == group]
        edges = np.unique(mine)
        tried = np.concatenate([[edges[0] - 1], (edges[1:] + edges[:-1]) / 2, [edges[-1] + 1]])
        found[str(group)] = tried[((mine > tried[:, None]) == true).mean(1).argmax()]
    return found


def thresholds_by_counts(scores, labels, groups):
    result = {}
    for group in groups:
        rows = sorted(zip(scores[groups == group], labels[groups == group], strict=True))
        right = best = sum(label for _, label in rows)
        result[group] = -1e9
        for score, label in rows:
            right += -1 if label else 1
            if right >= best:
                best, result[group] = right, float(score)
    return result


RIGHT = {
    "interaction": [interaction_of_lists, lambda a, b, c, d: np.mean(a) - np.mean(b) + np.mean(d) - np.mean(c)],
    "paired_p": [
        paired_by_random,
        paired_by_exchanging,
        paired_by_torch,
        paired_by_scipy,
        lambda first, second, draws, seed: measures.paired(first, second, seed, draws).p,
    ],
    "smallest_p": [
        smallest_by_counting,
        lambda first, second: (1 + (first == second)) * stats.hypergeom.pmf(first, first + second, first, first),
    ],
    "swap_words": [swapped_by_pieces, swapped_by_marks],
    "minimal_pairs": [
        pairs_by_loop,
        lambda pairs: (np.sign(pairs[:, 0] - pairs[:, 1]).mean() + 1) / 2,
        lambda pairs: np.where(pairs[:, 0] == pairs[:, 1], 0.5, pairs.argmax(1) == 0).sum() / len(pairs),
    ],
    "threshold_by_group": [thresholds_between, thresholds_by_counts],
}


# ---------------------------------------------------------------- wrong answers


def signed(count, signs=None, share=True, seeded=True):
    """A permutation test of pairs with something else in one place."""

    def wrong(first, second, draws, seed):
        generator = np.random.default_rng(seed if seeded else None)
        apart = first - second
        tossed = (signs or (lambda g, shape: g.choice([-1, 1], shape)))(generator, (draws, len(apart)))
        found = count((tossed * apart).mean(1), apart.mean())
        return found.mean() if share else int(found.sum())

    return wrong


def far(means, observed):
    return abs(means) >= abs(observed) - 1e-9


def unpaired(first, second, draws, seed):
    return measures.difference(first, second, seed, draws).p


def anew_each_time(first, second, draws, seed):
    apart, found = first - second, 0
    for _ in range(draws):
        mean = (np.random.default_rng(seed).choice([-1, 1], len(apart)) * apart).mean()
        found += abs(mean) >= abs(apart.mean()) - 1e-9
    return found / draws


def other_axis(first, second, draws, seed):
    signs = np.random.default_rng(seed).choice([-1, 1], (draws, len(first)))
    return far((signs * (first - second)).mean(0), (first - second).mean()).mean()


def bootstrapped(count):
    def wrong(first, second, draws, seed):
        apart = first - second
        means = np.random.default_rng(seed).choice(apart, (draws, len(apart))).mean(1)
        return count(means, apart.mean()).mean()

    return wrong


def no_entry(text, pairs):
    other = dict(pairs) | {two: one for one, two in pairs}
    return " ".join(other[word] for word in text.split())


def one_pair_after_another(text, pairs):
    found = []
    for word in text.split():
        for one, two in pairs:
            found.append(two if word == one else one if word == two else word)
    return " ".join(found)


def replaced_back(text, pairs):
    for one, two in pairs:
        text = text.replace(one, two).replace(two, one)
    return text


def of_two_rows(pairs):
    stereotype, other = pairs
    return (stereotype > other).mean()


def returned_early(pairs):
    points = 0
    for stereotype, other in pairs:
        points += 1 if stereotype > other else 0.5 if stereotype == other else 0
        return points / len(pairs)


def replaced(text, pairs):
    for one, two in pairs:
        text = text.replace(one, two)
    return text


def one_threshold(scores, labels, groups):
    best = thresholds_between(scores, labels, np.full(len(groups), "all"))["all"]
    return dict.fromkeys(groups, best)


def per_group(threshold):
    return lambda scores, labels, groups: {
        one: threshold(scores[groups == one], labels[groups == one]) for one in np.unique(groups)
    }


def best_of(tried, answer):
    return lambda mine, true: max(tried(mine), key=lambda at: (answer(mine, at) == true).sum())


def balanced(mine, true):
    def both(at):
        yes = (mine[true] > at).mean() if true.any() else 1
        return yes + ((mine[~true] <= at).mean() if (~true).any() else 1)

    return max([-9e9, *mine], key=both)


WRONG = {
    "interaction": [
        (lambda a, b, c, d: a.mean() - b.mean() + c.mean() - d.mean(), "the two gaps are added"),
        (lambda a, b, c, d: c.mean() - d.mean() - a.mean() + b.mean(), "the first gap minus the second"),
        (lambda a, b, c, d: a.mean() - b.mean(), "the first gap alone"),
        (lambda a, b, c, d: np.append(a, c).mean() - np.append(b, d).mean(), "the groups are pooled"),
        (lambda a, b, c, d: abs(a.mean() - b.mean()) - abs(c.mean() - d.mean()), "signs of the gaps are lost"),
        (lambda a, b, c, d: abs(interaction_of_lists(a, b, c, d)), "no absolute value"),
        (lambda a, b, c, d: a.mean() - b.mean() - c.mean() - d.mean(), "without brackets"),
        (lambda a, b, c, d: c.mean() - d.mean(), "the second gap alone"),
        (lambda a, b, c, d: a.mean() - c.mean(), "without the men"),
        (lambda a, b, c, d: (a.mean() - b.mean()) / (c.mean() - d.mean()), "how many times"),
        (lambda a, b, c, d: interaction_of_lists(a, b, c, d) / 2, "that is half of it"),
        (lambda a, b, c, d: a.sum() - b.sum() - (c.sum() - d.sum()), "these are sums"),
        (lambda a, b, c, d: np.median(a) - np.median(b) - np.median(c) + np.median(d), "these are medians"),
    ],
    "paired_p": [
        (unpaired, "the pairs are lost"),
        (signed(lambda means, observed: means >= observed - 1e-9), "one-sided"),
        (signed(far, lambda g, shape: g.choice([-1, 1], (shape[0], 1))), "every draw is counted"),
        (signed(lambda means, observed: abs(means) <= abs(observed) + 1e-9), "one minus the share"),
        (signed(lambda means, observed: abs(means) > abs(observed) + 1e-9), "and not >"),
        (signed(far, share=False), "that is a count"),
        (lambda *given: signed(far, share=False)(*given) // given[2], "does `//` stand where `/` is meant"),
        (signed(far, seeded=False), "two calls with the same seed"),
        (lambda a, b, draws, seed: signed(far)(a, b, draws, 0), "every seed gives the same"),
        (lambda a, b, draws, seed: stats.ttest_rel(a, b).pvalue, "every seed gives the same"),
        (signed(far, lambda g, shape: g.integers(0, 2, shape)), "have 0 among them"),
        (signed(lambda means, observed: means <= observed + 1e-9), "at most as high"),
        (signed(lambda means, observed: abs(means) >= observed - 1e-9), "on both sides"),
        (lambda *given: 2 * signed(lambda means, observed: means >= observed - 1e-9)(*given), "twice a one-sided"),
        (lambda *given: 100 * signed(far)(*given), "in percent"),
        (lambda a, b, *rest: signed(far)(np.sign(a - b), 0 * b, *rest), "a sign test"),
        (lambda a, b, *rest: signed(far)(abs(a - b), 0 * b, *rest), "of each difference first"),
        (lambda a, b, draws, seed: np.mean(abs(a - b) >= abs((a - b).mean())), "nothing is drawn"),
        (anew_each_time, "made anew"),
        (other_axis, "the other axis"),
        (bootstrapped(lambda means, observed: means * observed <= 0), "past 0"),
        (bootstrapped(far), "pairs are resampled"),
    ],
    "smallest_p": [
        (lambda a, b: 1 / stats.binom(1, 1).support()[1] / np.prod([(b + n) / n for n in range(1, a + 1)]), "not one"),
        (lambda a, b: 2 / np.prod([(b + n) / n for n in range(1, a + 1)]), "cannot change places"),
        (lambda a, b: 2 / 2 ** (a + b), "by a coin"),
        (lambda a, b: 0.0, "never 0"),
        (lambda a, b: len(list(itertools.combinations(range(a + b), a))), "the number of divisions"),
        (lambda a, b: (1 if a == b else 2) / math.comb(a + b, b), "the two are exchanged"),
        (lambda a, b: (2 if a == b else 1) / 2 ** (a + b), "by a coin"),
        (lambda a, b: 1 / math.factorial(a + b), "orders are counted"),
        (lambda a, b: (2 if a == b else 1) / (math.comb(a + b, b) + 1), "one of them already"),
        (lambda a, b: 1 / math.comb(a + b, 2), "choose two units"),
        (lambda a, b: 1 / math.comb(max(a, b), min(a, b)), "out of those of one group"),
        (lambda a, b: 1 / (a + b), "one of the units"),
        (lambda a, b: 1 / (a * b), "one unit from each group"),
        (lambda a, b: 100 * smallest_by_counting(a, b), "in percent"),
        (lambda a, b: 1 - smallest_by_counting(a, b), "all other divisions"),
        (lambda a, b: 1 / smallest_by_counting(a, b), "the other way round"),
        (lambda a, b: (2 if a == b else 1) * math.comb(a + b, b), "more than all divisions"),
        (lambda a, b: (2 if a == b else 1) // math.comb(a + b, b), "`/` is meant"),
        (lambda a, b: round(smallest_by_counting(a, b), 3), "rounded"),
    ],
    "swap_words": [
        (replaced, "one direction alone"),
        (lambda text, pairs: swapped_by_pieces(text.lower(), pairs), "the capital is lost"),
        (
            lambda text, pairs: " ".join(swapped_by_pieces(w, pairs) if w.isalpha() else w for w in text.split()),
            "with a comma",
        ),
        (lambda text, pairs: swapped_by_pieces(text, pairs).replace("USA", "Usa"), "a word that is in no pair"),
        (lambda text, pairs: text, "came back as it was"),
        (lambda text, pairs: " ".join(dict(pairs).get(word, word) for word in text.split()), "one direction alone"),
        (lambda text, pairs: swapped_by_pieces(text, pairs[:1]), "of the first pair"),
        (lambda text, pairs: swapped_by_pieces(text, pairs[-1:]), "of the last pair"),
        (lambda text, pairs: swapped_by_pieces(text, [*pairs, ("his", "her")]), "*His* is exchanged"),
        (
            lambda text, pairs: " ".join(swapped_by_pieces(w, pairs) if w.islower() else w for w in text.split()),
            "a capital",
        ),
        (lambda text, pairs: swapped_by_pieces(text[0].upper() + text[1:], pairs), "whatever it was"),
        (replaced_back, "in *then*; and one direction"),
        (one_pair_after_another, "once for each pair"),
        (no_entry, "not in the dictionary"),
    ],
    "minimal_pairs": [
        (lambda pairs: (pairs[:, 0] > pairs[:, 1]).mean(), "the tie counts nothing"),
        (lambda pairs: (pairs[:, 0] >= pairs[:, 1]).mean(), "preference for the stereotype"),
        (lambda pairs: 1 - pairs_by_loop(pairs), "the wrong way round"),
        (lambda pairs: (abs(pairs[:, 0]) > abs(pairs[:, 1])).mean(), "the wrong way round"),
        (lambda pairs: np.diff(pairs).mean() * -1, "mean difference"),
        (lambda pairs: np.mean([a > b for a, b in pairs if a != b]), "ties are left out"),
        (lambda pairs: pairs_by_loop(pairs) * 100, "in percent"),
        (lambda pairs: pairs_by_loop(pairs) * len(pairs), "that is a count"),
        (lambda pairs: np.sign(pairs[:, 0] - pairs[:, 1]).mean(), "from −1 to 1"),
        (lambda pairs: (pairs[:, 0] > pairs[:, 1]).sum(), "And a tie counts a half"),
        (lambda pairs: np.mean(pairs[0] > pairs[1]), "which are two pairs"),
        (of_two_rows, "a row for each pair"),
        (returned_early, "inside the loop"),
        (lambda pairs: np.mean([a > b for a, b in pairs]) + sum(a == b for a, b in pairs) / 2, "the ties are a count"),
        (lambda pairs: np.mean([a > b for a, b in pairs]) + 0.5, "whatever there is"),
        (lambda pairs: (sum(a > b for a, b in pairs) + 0.5) / len(pairs), "half a pair"),
        (lambda pairs: np.mean([1 if a > b else 0.5 for a, b in pairs]), "only a tie does"),
        (lambda pairs: pairs_by_loop(pairs) * len(pairs) / pairs.size, "the number of sentences"),
        (lambda pairs: round(pairs_by_loop(pairs)), "to a whole number"),
        (lambda pairs: np.mean([a / b for a, b in pairs]), "are divided"),
        (lambda pairs: (pairs[:, 0] > 0).mean(), "compared with 0"),
    ],
    "threshold_by_group": [
        (one_threshold, "same threshold"),
        (lambda scores, labels, groups: dict.fromkeys(groups, 0.5), "same threshold"),
        (per_group(best_of(np.unique, lambda mine, at: mine >= at)), "(>=). Here yes"),
        (per_group(best_of(lambda mine: [-9e9, *mine], lambda mine, at: mine < at)), "the worst ones"),
        (per_group(lambda mine, true: mine.mean()), "are the means"),
        (per_group(lambda mine, true: np.median(mine)), "are the medians"),
        (per_group(best_of(np.unique, lambda mine, at: mine > at)), "below all scores"),
        (lambda scores, labels, groups: list(thresholds_between(scores, labels, groups).values()), "dictionary"),
        (lambda scores, labels, groups: {"a": 0.0}, "'b' is missing"),
        (per_group(lambda mine, true: max(((mine > at) == true).sum() for at in [-9e9, *mine])), "how many are right"),
        (per_group(lambda mine, true: max(((mine > at) == true).mean() for at in [-9e9, *mine])), "or their share"),
        (
            per_group(lambda mine, true: int(np.argmax([((mine > at) == true).sum() for at in mine]))),
            "places in the list",
        ),
        (per_group(lambda mine, true: max([-9e9, *mine], key=lambda at: (mine[true] > at).sum())), "told apart"),
        (per_group(lambda mine, true: mine.max()), "no text is above"),
        (per_group(lambda mine, true: mine[~true].max() if (~true).any() else -9e9), "highest score of a no"),
        (per_group(lambda mine, true: mine[true].min()), "lowest score of a yes"),
        (per_group(lambda mine, true: mine[true].mean()), "mean scores of what is a yes"),
        (per_group(balanced), "balanced accuracy"),
    ],
}
