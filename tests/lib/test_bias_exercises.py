"""Our answers of chapters 07 and 08 against SciPy and the library's own."""

import numpy as np
import pytest
from exercise_cases import chapters
from groups_served import best_threshold, served
from scipy import stats

from course_lib.bias import groups as groups_of
from course_lib.exercises import bias as ours
from course_lib.exercises import bias_further
from course_lib.exercises.judge import judge
from course_lib.exercises.registry import named
from course_lib.measures import difference, interval, paired


def test_the_interval_is_scipys_and_the_library_s():
    low, high = ours.bootstrap_interval(ours._skewed, 20_000, 5)
    found = stats.bootstrap((ours._skewed,), np.mean, n_resamples=20_000, method="percentile", rng=1)
    expected = found.confidence_interval
    assert low == pytest.approx(expected.low, abs=0.02)
    assert high == pytest.approx(expected.high, abs=0.1)
    assert (low, high) == pytest.approx(interval(ours._skewed, seed=2, resamples=20_000)[1:], abs=0.1)


def test_p_is_scipys_over_all_divisions_and_the_library_s():
    for first, second in (ours._apart, ours._lower, ours._clear, ours._one_odd):
        exact = ours.exact_p(first, second)
        everything = stats.permutation_test(
            (first, second),
            lambda a, b, axis: abs(a.mean(axis) - b.mean(axis)),
            n_resamples=np.inf,
            vectorized=True,
            alternative="greater",
        )
        assert exact == pytest.approx(everything.pvalue, abs=1e-9)
        assert ours.permutation_p(first, second, 5000, 3) == pytest.approx(exact, abs=0.03)
        assert difference(first, second, resamples=5000).p == pytest.approx(exact, abs=0.03)


@pytest.mark.parametrize("seed", range(8))
def test_right_intervals_and_p_values_pass_whatever_they_draw(seed):
    for case in named("bootstrap_interval").cases:
        values, draws, _ = case.inputs
        found = ours.bootstrap_interval(values, draws, 1000 + seed)
        assert ours._interval_agrees(found, found, case) is True
    for case in named("permutation_p").cases[:2]:
        first, second, draws, _ = case.inputs
        found = ours.permutation_p(first, second, draws, 1000 + seed)
        assert ours._p_agrees(found, found, case) is True


@pytest.mark.parametrize(
    ("levels", "name"), [((5, 95), "90 %"), ((0.5, 99.5), "99 %"), ((2.5, 95), "95th"), ((10, 90), "80 %")]
)
def test_wrong_levels_are_named_whatever_is_drawn(levels, name):
    case = named("bootstrap_interval").cases[1]
    values, draws, _ = case.inputs
    for seed in range(10):
        drawn = np.random.default_rng(seed).choice(values, (draws, len(values))).mean(1)
        found = tuple(np.percentile(drawn, levels).tolist())
        assert ours._interval_agrees(found, found, case) is not True
        assert ours._nearest_way(found, tuple(values), draws) == name


@pytest.mark.parametrize("seed", [1, 2])
def test_one_sided_and_drawn_with_replacement_are_refused_whatever_is_drawn(seed):
    wrong = dict(chapters()[7].WRONG["permutation_p"][:1] + chapters()[7].WRONG["permutation_p"][6:9])
    for answer, words in wrong.items():
        result, said = judge(named("permutation_p"), lambda a, b, n, s, answer=answer: answer(a, b, n, s + 77 * seed))
        assert words in result.hint, said


def test_the_worst_group_is_the_one_that_is_served_worse():
    letters = groups_of.customer_letters(600, seed=3)
    model = groups_of.fitted(letters)
    right = (groups_of.log_odds(model, letters) > 0) == letters.pleased
    group, accuracy = ours.worst_group(right, np.where(letters.small, "small", "large"))
    assert accuracy == pytest.approx(served(model, letters).small)
    assert group == "small"
    assert served(model, letters).small < served(model, letters).large


def test_thresholds_are_at_least_as_good_as_the_best_of_many_that_are_tried():
    letters = groups_of.customer_letters(600, seed=4)
    model = groups_of.fitted(letters)
    scores, names = groups_of.log_odds(model, letters), np.where(letters.small, "small", "large")
    found = bias_further.threshold_by_group(scores, letters.pleased, names)
    theirs = [best_threshold(model, letters, small) for small in (False, True)]
    ours_right = served(model, letters, (found["large"], found["small"]))
    theirs_right = served(model, letters, tuple(theirs))
    assert ours_right.large >= theirs_right.large
    assert ours_right.small >= theirs_right.small


def test_bins_of_a_calibrated_model_lie_on_the_diagonal_and_hold_every_text():
    generator = np.random.default_rng(0)
    scores = generator.uniform(size=50_000)
    found = ours.calibration_bins(scores, generator.uniform(size=50_000) < scores, 10)
    assert len(found) == 10
    assert sum(many for _, _, many in found) == 50_000
    assert all(abs(score - share) < 0.03 for score, share, _ in found)


def test_the_rule_keeps_false_alarms_below_the_level():
    generator = np.random.default_rng(0)
    tables = generator.uniform(size=(4000, 5))
    alarms = np.mean([bool(ours.bonferroni(dict(enumerate(table)))) for table in tables])
    assert 0.03 < alarms < 0.06
    assert np.mean((tables < 0.05).any(1)) > 0.2


def test_the_paired_p_is_that_of_the_library_and_its_smallest_is_2_of_all_signs():
    for case in named("paired_p").cases:
        first, second, draws, seed = case.inputs
        expected = paired(first, second, resamples=20_000).p
        assert bias_further.paired_p(first, second, draws, seed) == pytest.approx(expected, abs=0.04)
    assert bias_further._shares_of_signs(tuple(np.arange(1.0, 9)))["as far"] == 2 / 256


def test_the_smallest_p_is_reached_by_groups_that_do_not_touch():
    for first, second in ((3, 3), (2, 5), (4, 3)):
        apart = ours.exact_p(np.arange(first) + 100.0, -(2.0 ** np.arange(second)))
        assert apart == pytest.approx(bias_further.smallest_p(first, second))
