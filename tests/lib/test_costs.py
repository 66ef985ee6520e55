"""Costs of computations whose costs are known."""

import time

import pytest
import torch

from course_lib.costs import exponent, megabytes, seconds


def test_seconds_are_those_of_the_fastest_run_after_the_first(monkeypatch):
    now, waits = [0.0], iter([0.125, 0.5, 0.25, 0.5])
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])

    def run():
        now[0] += next(waits)

    assert seconds(run, times=3) == 0.25
    with pytest.raises(StopIteration):
        next(waits)


def test_results_count_once_and_views_not_at_all():
    x = torch.ones(250, 1000)  # 1 MB
    assert megabytes(lambda: x * 2) == pytest.approx(1.0)
    assert megabytes(lambda: x.T.reshape(1000, 250)[:10]) == 0
    assert megabytes(lambda: (x + 1).add_(1)) == pytest.approx(1.0), "in place is no new memory"
    assert megabytes(lambda: torch.topk(x, 1000)) == pytest.approx(3.0), "numbers, and places in 64 bits"


def test_the_scores_of_attention_are_counted():
    q = torch.ones(1, 12, 128, 32)
    written = megabytes(lambda: (q @ q.transpose(-2, -1)).softmax(-1))
    assert written == pytest.approx(2 * 12 * 128 * 128 * 4 / 1e6, rel=0.35), "scores and weights, and little else"


def test_the_exponent_of_a_power():
    lengths = [10, 20, 50]
    assert exponent(lengths, [3 * n**2 for n in lengths]) == pytest.approx(2)
    assert exponent(lengths, [0.1 * n for n in lengths]) == pytest.approx(1)
    assert exponent(lengths, [7, 7, 7]) == pytest.approx(0)


@pytest.mark.parametrize(
    ("lengths", "measured"), [([1], [1]), ([1, 2], [1]), ([1, 2], [0, 1]), ([], []), ([3, 3], [1, 2])]
)
def test_numbers_without_a_slope_are_explained(lengths, measured):
    with pytest.raises(ValueError, match="pairs of numbers above 0, of two or more different lengths"):
        exponent(lengths, measured)
