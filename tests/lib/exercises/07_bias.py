"""Chapter 07: answers that are right and written otherwise than ours, and wrong ones with words of the hint meant."""

import random
import statistics

import numpy as np
import torch
from scipy import stats

from course_lib import measures

# ---------------------------------------------------------------- answers written otherwise


def interval_by_random(values, draws, seed):
    random.seed(seed)
    values = values.tolist()
    means = sorted(statistics.fmean(random.choices(values, k=len(values))) for _ in range(draws))
    return [means[int(0.025 * draws)], means[int(0.975 * draws) - 1]]


def interval_by_numpy(values, draws, seed):
    np.random.seed(seed)
    means = [values[np.random.randint(0, len(values), len(values))].mean() for _ in range(draws)]
    return np.quantile(means, (0.025, 0.975))


def interval_by_torch(values, draws, seed):
    torch.manual_seed(seed)
    values = torch.from_numpy(values)
    means = values[torch.randint(len(values), (draws, len(values)))].mean(1)
    return torch.quantile(means, torch.tensor([0.025, 0.975], dtype=means.dtype))


def interval_by_seeds(values, draws, seed):
    means = [np.random.default_rng(seed + at).choice(values, values.size).mean() for at in range(draws)]
    return tuple(float(one) for one in np.percentile(means, [2.5, 97.5]))


def interval_by_scipy(values, draws, seed):
    if np.ptp(values) == 0:
        return values[0], values[0]
    found = stats.bootstrap((values,), np.mean, n_resamples=draws, method="percentile", rng=np.random.default_rng(seed))
    return found.confidence_interval.low, found.confidence_interval.high


def interval_by_counts(values, draws, seed):
    counts = np.random.default_rng(seed).multinomial(len(values), np.full(len(values), 1 / len(values)), size=draws)
    return np.percentile(counts @ values / len(values), [2.5, 97.5])


def p_by_random(first, second, draws, seed):
    shuffler, both, found = random.Random(seed), [*first, *second], 0
    observed = abs(statistics.fmean(first) - statistics.fmean(second))
    for _ in range(draws):
        shuffler.shuffle(both)
        found += abs(statistics.fmean(both[: len(first)]) - statistics.fmean(both[len(first) :])) >= observed - 1e-9
    return found / draws


def p_by_torch(first, second, draws, seed):
    torch.manual_seed(seed)
    both = torch.cat([torch.from_numpy(first), torch.from_numpy(second)])
    mixed = both[torch.rand(draws, len(both)).argsort(1)]
    gaps = mixed[:, : len(first)].mean(1) - mixed[:, len(first) :].mean(1)
    return (gaps.abs() >= abs(first.mean() - second.mean()) - 1e-9).double().mean()


def p_by_scipy(first, second, draws, seed):
    return stats.permutation_test(
        (first, second), lambda a, b: a.mean() - b.mean(), n_resamples=draws, rng=np.random.default_rng(seed)
    ).pvalue


def p_by_labels(first, second, draws, seed):
    np.random.seed(seed)
    values, labels = np.r_[first, second], np.r_[np.ones(len(first)), np.zeros(len(second))] == 1
    gaps = [first.mean() - second.mean()]
    for _ in range(draws):
        np.random.shuffle(labels)
        gaps.append(values[labels].mean() - values[~labels].mean())
    return float((np.abs(gaps) >= abs(gaps[0]) - 1e-9).mean())


def worst_by_loop(right, groups):
    found = None
    for name in np.unique(groups):
        mine = [bool(verdict) for verdict, group in zip(right, groups, strict=True) if group == name]
        share = sum(mine) / len(mine)
        if found is None or share < found[1]:
            found = [name, share]
    return found


def worst_by_sorting(right, groups):
    return sorted((float(np.mean(right[groups == g])), str(g)) for g in np.unique(groups))[0][::-1]


def bins_by_digitize(scores, right, bins):
    edges = np.linspace(0, 1, bins + 1)
    at = np.digitize(scores, edges[1:-1])
    rows = [(scores[at == b], right[at == b]) for b in range(bins)]
    return [[s.mean(), r.mean(), len(s)] for s, r in rows if len(s)]


def bins_by_loop(scores, right, bins):
    rows = {}
    for score, verdict in zip(scores, right, strict=True):
        total = rows.setdefault(min(int(score * bins), bins - 1), [0.0, 0, 0])
        total[0], total[1], total[2] = total[0] + score, total[1] + verdict, total[2] + 1
    return [(rows[at][0] / rows[at][2], rows[at][1] / rows[at][2], rows[at][2]) for at in sorted(rows)]


RIGHT = {
    "gap": [
        lambda first, second: sum(first) / len(first) - sum(second) / len(second),
        lambda a, b: torch.tensor(a).mean() - torch.tensor(b).mean(),
        lambda a, b: np.mean(a) - np.mean(b),
    ],
    "bootstrap_interval": [
        interval_by_random,
        interval_by_numpy,
        interval_by_torch,
        interval_by_seeds,
        interval_by_scipy,
        interval_by_counts,
        lambda values, draws, seed: measures.interval(values, seed=seed, resamples=draws)[1:],
    ],
    "permutation_p": [
        p_by_random,
        p_by_torch,
        p_by_scipy,
        p_by_labels,
        lambda first, second, draws, seed: measures.difference(first, second, seed, draws).p,
    ],
    "worst_group": [worst_by_loop, worst_by_sorting],
    "calibration_bins": [bins_by_digitize, bins_by_loop],
    "bonferroni": [
        lambda p_values, level=0.05: {name for name in p_values if p_values[name] * len(p_values) < level},
        lambda found, level=0.05: tuple(filter(lambda name: found[name] < level / len(found), found)),
        lambda found, level=0.05: np.array(list(found))[np.array(list(found.values())) < level / len(found)],
    ],
}


# ---------------------------------------------------------------- wrong answers, and a piece of the hint meant for each


def interval_of(percents=(2.5, 97.5), replace=True, size=None, figure=np.mean, seeded=True, anew=False, after=None):
    def wrong(values, draws, seed):
        generator = np.random.default_rng(seed if seeded else None)
        many = size(values, draws) if size else len(values)
        if anew:
            drawn = np.full(draws, figure(generator.choice(values, many)))
        elif not replace:
            drawn = figure(shuffles(generator, values, draws), axis=1)
        else:
            rows = [generator.choice(values, (part, many)) for part in parts_of(draws, many)]
            drawn = np.concatenate([figure(one, axis=1) for one in rows])
        ends = np.percentile(drawn, percents)
        return after(ends, values) if after else tuple(ends)

    return wrong


def parts_of(draws, many):
    """How many draws are made at a time: so many that a table of them is small, and all of them together."""
    at_a_time = max(1, 100_000 // many)
    return [min(at_a_time, draws - done) for done in range(0, draws, at_a_time)]


def shuffles(generator, values, draws):
    """(draws, units): in each row the units, shuffled anew."""
    return generator.permuted(np.tile(values, (draws, 1)), axis=1)


def drawn_rows(values, draws, seed):
    return np.random.default_rng(seed).choice(values, (draws, len(values)))


def spread(values, draws, seed, times, figure=lambda drawn: drawn.mean(1)):
    drawn = figure(drawn_rows(values, draws, seed))
    return drawn.mean() - times * drawn.std(), drawn.mean() + times * drawn.std()


def interval_by_formula(width):
    return lambda values, draws, seed: (values.mean() - width(values), values.mean() + width(values))


def p_of(count, mix=None, cut=None, share=True, figure=np.mean, seeded=True, top=0):
    def wrong(first, second, draws, seed):
        generator = np.random.default_rng(seed if seeded else None)
        if mix is None:
            both = shuffles(generator, np.r_[first, second], draws)
            at = len(first) if cut is None else cut(both[0])
            a, b = both[:, :at], both[:, at:]
        else:
            a, b = mix(generator, first, second, draws)
        gaps = figure(a, axis=1) - figure(b, axis=1)  # (draws,)
        found = int(count(gaps, figure(first) - figure(second)).sum())
        return (found + top) / draws if share else found

    return wrong


def far(gap, observed):
    return abs(gap) >= abs(observed) - 1e-9


def both_drawn(generator, first, second, draws):
    both = generator.choice(np.r_[first, second], (draws, len(first) + len(second)))
    return both[:, : len(first)], both[:, len(first) :]


def each_drawn(generator, first, second, draws):
    return generator.choice(first, (draws, len(first))), generator.choice(second, (draws, len(second)))


def each_shuffled(generator, first, second, draws):
    return shuffles(generator, first, draws), shuffles(generator, second, draws)


def two_shuffles(generator, first, second, draws):
    both = np.r_[first, second]
    return shuffles(generator, both, draws)[:, : len(first)], shuffles(generator, both, draws)[:, len(first) :]


def one_shuffled(generator, first, second, draws):
    return shuffles(generator, np.r_[first, second], draws)[:, : len(first)], np.tile(second, (draws, 1))


def p_anew(first, second, draws, seed):
    """Each shuffle is by a generator made anew from the seed, so all are the same."""
    both = np.random.default_rng(seed).permutation(np.r_[first, second])
    return float(far(both[: len(first)].mean() - both[len(first) :].mean(), first.mean() - second.mean()))


def grouped(pick, score, number=None):
    def wrong(right, groups):
        name = pick(np.unique(groups), key=lambda one: score(right[groups == one]))
        return name, (number or np.mean)(right[groups == name])

    return wrong


def binned(row=lambda s, r, low, high: (s.mean(), r.mean(), len(s)), empty=False, last=False, order=1):
    def wrong(scores, right, bins):
        edges, found = np.linspace(0, 1, bins + 1), []
        for low, high in zip(edges, edges[1:], strict=False):
            mine = (scores >= low) & ((scores < high) | ((scores == 1) & (high == 1) & (not last)))
            if mine.any():
                found.append(row(scores[mine], right[mine], low, high))
            elif empty:
                found.append((0.0, 0.0, 0))
        return found[::order]

    return wrong


def accuracies(right, groups):
    return {name: right[groups == name].mean() for name in set(groups.tolist())}


def from_zero(right, groups):
    worst, least = None, 0
    for name, share in accuracies(right, groups).items():
        if share < least:
            worst, least = name, share
    return worst, least


def least_of(shares, pick=min):
    def wrong(right, groups):
        found = {name: shares(right, groups == name) for name in np.unique(groups).tolist()}
        name = pick(found, key=found.get)
        return name, found[name]

    return wrong


def digitized(edges, first=0, places=lambda at, bins: at):
    """Bins by np.digitize with something else in one place."""

    def wrong(scores, right, bins):
        at = places(np.digitize(scores, edges(bins)) - 1, bins)
        rows = [at == place for place in range(first, bins)]
        return [(scores[mine].mean(), right[mine].mean(), mine.sum()) for mine in rows if mine.any()]

    return wrong


def by_borders(inside):
    def wrong(scores, right, bins):
        edges = np.linspace(0, 1, bins + 1)
        rows = [inside(scores, low, high) for low, high in zip(edges, edges[1:], strict=False)]
        return [(scores[mine].mean(), right[mine].mean(), len(scores[mine])) for mine in rows if mine.any()]

    return wrong


def side_by_side(scores, right, bins):
    return [list(column) for column in zip(*bins_by_loop(scores, right, bins), strict=True)]


def in_chunks(scores, right, bins):
    pieces = np.array_split(np.argsort(scores), bins)
    return [(scores[at].mean(), right[at].mean(), at.size) for at in pieces if at.size]


def named_below(limit):
    return lambda p_values, level=0.05: [name for name, p in p_values.items() if p < limit(p_values, level)]


WRONG = {
    "gap": [
        (lambda a, b: b.mean() - a.mean(), "first minus second"),
        (lambda a, b: abs(a.mean() - b.mean()), "the sign is lost"),
        (lambda a, b: abs(a).mean() - abs(b).mean(), "signs of the values are lost"),
        (lambda a, b: a.sum() - b.sum(), "these are sums"),
        (lambda a, b: np.median(a) - np.median(b), "medians"),
        (lambda a, b: a.mean() / b.mean(), "ratio of the means"),
        (lambda a, b: a - b, "broadcast"),
        (lambda a, b: (a.sum() - b.sum()) / len(a), "the size of the first group"),
        (lambda a, b: a.sum() / max(1, len(a) - 1) - b.sum() / max(1, len(b) - 1), "n − 1"),
        (lambda a, b: a.mean() + b.mean(), "are added"),
        (lambda a, b: max(a) - max(b), "largest values"),
        (lambda a, b: np.mean(a), "mean of the first group"),
    ],
    "bootstrap_interval": [
        (interval_of((5, 95)), "interval of 90 %"),
        (interval_of((0.5, 99.5)), "interval of 99 %"),
        (interval_of((10, 90)), "interval of 80 %"),
        (interval_of((2.5, 95)), "95th percentile: 2.5 %"),
        (interval_of((0, 95)), "smallest mean of all"),
        (interval_of((16, 84)), "interval of 68 %"),
        (interval_of((0, 100)), "the smallest and the largest"),
        (interval_of((0.025, 0.975)), "counts in percent"),
        (interval_of((97.5, 2.5)), "exchanged"),
        (interval_of(replace=False), "drawn without replacement"),
        (interval_of(anew=True), "made anew"),
        (interval_of(seeded=False), "two calls with the same seed"),
        (lambda values, draws, seed: interval_of()(values, draws, 0), "every seed gives the same"),
        (interval_of(size=lambda values, draws: 1), "one unit is drawn each time"),
        (interval_of(size=lambda values, draws: draws), "the two numbers are exchanged"),
        (interval_of(size=lambda values, draws: len(values) // 2), "half of them"),
        (interval_of(figure=np.median), "interval of the median"),
        (interval_of(figure=np.sum), "these are sums"),
        (interval_of(after=lambda ends, values: tuple(ends - values.mean())), "distances from the mean"),
        (interval_of(after=lambda ends, values: tuple(2 * values.mean() - ends[::-1])), "mirrored"),
        (interval_of(after=lambda ends, values: (values.mean(), *ends)), "three numbers"),
        (interval_of(after=lambda ends, values: ends[1] - ends[0]), "one number"),
        (interval_of(after=lambda ends, values: None), "`return`"),
        (interval_by_formula(lambda values: 0 * values[0]), "the mean itself"),
        (interval_by_formula(lambda values: 1.96 * values.std(ddof=1)), "where single values lie"),
        (
            lambda values, draws, seed: np.percentile(np.random.default_rng(seed).choice(values, draws), [2.5, 97.5]),
            "percentiles of single values",
        ),
        (lambda v, draws, seed: np.percentile(drawn_rows(v, draws, seed).mean(0), [2.5, 97.5]), "the other axis"),
        (lambda v, draws, seed: drawn_rows(v, draws, seed).mean(1), "all the means came back"),
        (lambda values, draws, seed: spread(values, draws, seed, 1), "one standard error"),
        (lambda values, draws, seed: spread(values, draws, seed, 1.96), "1.96 standard errors"),
        (lambda values, draws, seed: spread(values, draws, seed, 1.96, np.ravel), "where single values lie"),
    ],
    "permutation_p": [
        (p_of(lambda gap, seen: gap >= seen - 1e-9), "one-sided"),
        (p_of(lambda gap, seen: gap <= seen + 1e-9), "one-sided"),
        (p_of(lambda gap, seen: abs(gap) >= seen - 1e-9), "on both sides"),
        (p_of(lambda gap, seen: abs(gap) > abs(seen) + 1e-9), "and not >"),
        (p_of(lambda gap, seen: ~far(gap, seen)), "one minus the share"),
        (p_of(far, mix=each_shuffled), "every shuffle is counted"),
        (p_of(far, mix=both_drawn), "drawn with replacement"),
        (p_of(far, mix=each_drawn), "resampled from its own units"),
        (p_of(lambda gap, seen: gap * seen <= 0, mix=each_drawn), "resampled from its own units"),
        (p_of(far, cut=lambda both: len(both) // 2), "halves of seven"),
        (p_of(far, figure=np.sum), "sums are compared"),
        (p_of(far, share=False), "that is a count"),
        (lambda *given: 100 * p_of(far)(*given), "in percent"),
        (p_of(far, top=1), "more than 1"),
        (lambda *given: 2 * p_of(lambda gap, seen: gap >= seen - 1e-9)(*given), "double nothing"),
        (p_of(far, mix=two_shuffles), "one and the same shuffle"),
        (p_of(far, mix=one_shuffled), "one and the same shuffle"),
        (p_anew, "made anew"),
        (p_of(far, seeded=False), "two calls with the same seed"),
        (lambda first, second, draws, seed: p_of(far)(first, second, draws, 0), "every seed gives the same"),
        (lambda first, second, draws, seed: stats.ttest_ind(first, second).pvalue, "every seed gives the same"),
        (lambda a, b, *given: (a.sort(), p_of(far)(a, b, *given))[1], "changes its argument"),
        (p_of(lambda gap, seen: gap >= abs(seen) - 1e-9), "only gaps on one side are counted"),
        (lambda *given: p_of(far, share=False)(*given) // given[2], "does `//` stand where `/` is meant"),
    ],
    "worst_group": [
        (grouped(max, np.mean), "served best"),
        (grouped(max, lambda right: (~right).sum()), "most errors"),
        (grouped(min, np.sum), "fewest right answers"),
        (grouped(min, len), "smallest group"),
        (grouped(min, np.mean, lambda right: 1 - right.mean()), "share of errors"),
        (grouped(min, np.mean, np.sum), "a count"),
        (lambda right, groups: worst_by_loop(right, groups)[::-1], "first the group"),
        (lambda right, groups: worst_by_loop(right, groups)[0], "with its accuracy"),
        (lambda right, groups: worst_by_loop(right, groups)[1], "the group's name first"),
        (lambda right, groups: (worst_by_loop(right, groups)[0], right.mean()), "all texts together"),
        (lambda right, groups: {g: right[groups == g].mean() for g in np.unique(groups)}, "one pair"),
        (
            lambda right, groups: sorted(accuracies(right, groups).items(), key=lambda row: row[1]),
            "all groups came back",
        ),
        (lambda right, groups: min(accuracies(right, groups).items()), "first in the alphabet"),
        (lambda right, groups: (groups[0], right[groups == groups[0]].mean()), "group of the first text"),
        (lambda right, groups: (min(set(groups)), min(accuracies(right, groups).values())), "that of another group"),
        (
            lambda right, groups: (
                int(np.argmin(list(accuracies(right, groups).values()))),
                worst_by_loop(right, groups)[1],
            ),
            "a place in a list",
        ),
        (from_zero, "starts at 0"),
        (
            lambda right, groups: min((n for n in accuracies(right, groups).items() if n[1]), key=lambda row: row[1]),
            "none is right is left out",
        ),
        (least_of(lambda right, mine: (right & mine).sum() / right.sum()), "of all right answers"),
        (least_of(lambda right, mine: mine[~right].mean(), max), "of all errors"),
        (least_of(lambda right, mine: (right == mine).mean()), "are compared with the groups"),
        (lambda right, groups: ("large", right[groups == "large"].mean()), "there is none in these texts"),
        (
            lambda right, groups: (
                worst_by_loop(right, groups)[0],
                max(accuracies(right, groups).values()) - worst_by_loop(right, groups)[1],
            ),
            "below the best group",
        ),
        (grouped(min, np.mean, lambda right: round(right.mean(), 1)), "rounded"),
    ],
    "calibration_bins": [
        (binned(last=True), "the score 1 is in no bin"),
        (binned(empty=True), "empty bins are in the list"),
        (binned(lambda s, r, low, high: ((low + high) / 2, r.mean(), len(s))), "the middle of the bin"),
        (binned(lambda s, r, low, high: (r.mean(), s.mean(), len(s))), "the first two are exchanged"),
        (binned(lambda s, r, low, high: (s.mean(), r.sum(), len(s))), "the second number is a count"),
        (binned(lambda s, r, low, high: (s.mean(), 1 - r.mean(), len(s))), "share that is wrong"),
        (binned(lambda s, r, low, high: (s.mean(), r.mean())), "pairs came back"),
        (binned(order=-1), "from the lowest scores"),
        (by_borders(lambda scores, low, high: (scores > low) & (scores <= high)), "and the score 0 is in none"),
        (
            by_borders(lambda scores, low, high: (scores > low) & (scores <= high) | (scores == 0) & (low == 0)),
            "the lower one",
        ),
        (by_borders(lambda scores, low, high: (scores >= low) & (scores <= high)), "counted in both"),
        (by_borders(lambda scores, low, high: (scores > low) & (scores < high)), "is in neither"),
        (by_borders(lambda scores, low, high: scores <= high), "of the bins before it"),
        (by_borders(lambda scores, low, high: scores >= low), "of the bins after it"),
        (digitized(lambda bins: np.linspace(0, 1, bins)), "a bin too few"),
        (digitized(lambda bins: np.linspace(0, 1, bins + 1), places=lambda at, bins: at + 1), "counts bins from 1"),
        (lambda scores, right, bins: bins_by_loop(scores, right, 10), "the argument `bins`"),
        (binned(lambda s, r, low, high: (np.median(s), r.mean(), len(s))), "the median of the scores"),
        (binned(lambda s, r, low, high: (s.sum(), r.mean(), len(s))), "the sum of the scores"),
        (binned(lambda s, r, low, high: (s.mean(), r.mean(), r.sum())), "how many of the bin are right"),
        (binned(lambda s, r, low, high: (s.mean() - r.mean(), r.mean(), len(s))), "how much surer"),
        (side_by_side, "three lists"),
        (in_chunks, "equally many texts"),
    ],
    "bonferroni": [
        (named_below(lambda found, level: level), "with the level itself"),
        (named_below(lambda found, level: level * len(found)), "is multiplied"),
        (named_below(lambda found, level: 0.05 / len(found)), "use the argument level"),
        (named_below(lambda found, level: level / 5), "divided by 5"),
        (
            lambda found, level=0.05: [n for n, p in found.items() if p >= level / len(found)],
            "do not differ from chance",
        ),
        (named_below(lambda found, level: level / (len(found) + 1)), "one comparison more or fewer"),
        (named_below(lambda found, level: level / max(1, len(found) - 1)), "one comparison more or fewer"),
        (named_below(lambda found, level: level / 2 / len(found)), "halved as well"),
        (named_below(lambda found, level: 1 - (1 - level) ** (1 / len(found))), "Šidák"),
        (lambda found, level=0.05: {n: p < level / len(found) for n, p in found.items()}, "truth values"),
        (lambda found, level=0.05: [(n, p) for n, p in found.items() if p < level / len(found)], "names alone"),
        (lambda found, level=0.05: [p for p in found.values() if p < level / len(found)], "asked for are the names"),
    ],
}
