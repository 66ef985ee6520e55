"""Right and wrong answers to the exercises of chapter 00."""

import numpy as np
import torch


def accuracy_by_loop(answers, truth):
    right = 0
    for place in range(len(truth)):
        if answers[place]["label"] == truth[place]:
            right += 1
    return right / len(truth)


RIGHT = {
    "double": [lambda x: x + x, lambda number: torch.add(number, number) if torch.is_tensor(number) else number / 0.5],
    "accuracy": [
        accuracy_by_loop,
        lambda a, t: float(np.mean([one["label"] == label for one, label in zip(a, t, strict=True)])),
        lambda a, t: torch.tensor([one["label"] == label for one, label in zip(a, t, strict=True)]).float().mean(),
    ],
}
WRONG = {
    "double": [
        (lambda x: x * x, "the square of x"),
        (lambda x: x, "gives its argument x back unchanged"),
        (lambda x: print(2 * x), "Is a `return` missing?"),
        (lambda x: -2 * x, "wrong sign"),
        (lambda x: x.mul_(2) if torch.is_tensor(x) else 2 * x, "changes its argument x in place"),
        (lambda x: x / 2, "1/4 of the right number"),
        (lambda: 2, "it takes no arguments"),
    ],
    "accuracy": [
        (lambda a, t: sum(one["label"] == label for one, label in zip(a, t, strict=True)), "divided by the number"),
        (
            lambda a, t: sum(one == label for one, label in zip(a, t, strict=True)) / len(t),
            "each answer is a dictionary",
        ),
        (lambda a, t: sum(one["score"] for one in a) / len(a), "mean of the scores"),
        (lambda a, t: 100 * accuracy_by_loop(a, t), "in percent"),
        (lambda a, t: 1 - accuracy_by_loop(a, t), "error rate"),
        (lambda a, t: sum(one["label"] == "POSITIVE" for one in a) / len(a), "say POSITIVE"),
        (
            lambda a, t: sum(one["label"] == label for one, label in zip(a, t, strict=True)) // len(t),
            "drops the fraction",
        ),
        (
            lambda a, t: sum(one == label for one, label in zip(a, t, strict=True)) // len(t),
            "each answer is a dictionary",
        ),
        (lambda a, t: sum(one == label for one, label in zip(a, t, strict=True)), "each answer is a dictionary"),
    ],
}
