"""Chapter 00: other right answers pass, wrong ones get the hint meant for them."""

import numpy as np
import pytest
import torch

from course_lib.exercises import check
from course_lib.exercises.registry import named


def accuracy_by_loop(answers, truth):
    right = 0
    for place in range(len(truth)):
        if answers[place]["label"] == truth[place]:
            right += 1
    return right / len(truth)


RIGHT = {
    "double": [lambda x: x + x, lambda x: 2.0 * x, lambda x: x / 0.5],
    "accuracy": [
        accuracy_by_loop,
        lambda a, t: float(np.mean([one["label"] == label for one, label in zip(a, t, strict=True)])),
        lambda a, t: torch.tensor([one["label"] == label for one, label in zip(a, t, strict=True)]).float().mean(),
    ],
}
WRONG = {
    "double": [
        (lambda x: x**2, "square of x"),
        (lambda x: x + 2, "2 more than x"),
        (lambda x: x / 2, "half of x"),
        (lambda x: x, "as it was"),
    ],
    "accuracy": [
        (lambda a, t: sum(one["label"] == label for one, label in zip(a, t, strict=True)), "divided by the number"),
        (lambda a, t: sum(one == label for one, label in zip(a, t, strict=True)) / len(t), "each answer is a dictionary"),
        (lambda a, t: sum(one["score"] for one in a) / len(a), "mean of the scores"),
        (lambda a, t: 100 * accuracy_by_loop(a, t), "in percent"),
        (lambda a, t: 1 - accuracy_by_loop(a, t), "error rate"),
        (lambda a, t: sum(one["label"] == "POSITIVE" for one in a) / len(a), "say POSITIVE"),
        (lambda a, t: sum(one["label"] == label for one, label in zip(a, t, strict=True)) // len(t), "drops the fraction"),
    ],
}


@pytest.mark.parametrize(("name", "answer"), [(n, a) for n, answers in RIGHT.items() for a in answers])
def test_a_right_answer_passes(name, answer):
    result = check(name, answer)
    assert result.passed, result.hint


@pytest.mark.parametrize("name", list(RIGHT))
def test_our_own_answer_passes(name):
    assert check(name, named(name).reference).passed


@pytest.mark.parametrize(("name", "answer", "words"), [(n, *wrong) for n, all_ in WRONG.items() for wrong in all_])
def test_a_wrong_answer_gets_the_hint_that_is_meant_for_it(name, answer, words):
    result = check(name, answer)
    assert not result.passed
    assert words in result.hint, result.hint


@pytest.mark.parametrize(
    ("name", "mistake"), [(n, m) for n in RIGHT for m in named(n).mistakes if not hasattr(m.wrong, "holds")]
)
def test_each_known_mistake_is_told_apart_from_the_others(name, mistake):
    result = check(name, mistake.wrong)
    assert not result.passed
    assert mistake.says in result.hint, f"{mistake.name}: {result.hint}"
