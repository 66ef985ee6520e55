"""Exercises of chapter 00: what an exercise is like, and the number that the first answers need."""

from __future__ import annotations

import torch

from course_lib.exercises.declare import Case, Exercise, Mistake


def double(x):
    """Twice x, which is a number or a tensor of any shape; the shape stays."""
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION


DOUBLE = Exercise(
    name="double",
    chapter=0,
    minutes=1,
    level="easy",
    signature="double(x) -> twice x, of the same shape",
    reference=double,
    cases=[
        Case((3,), says="the number 3"),
        Case((torch.tensor([[1.0, -2.0], [0.0, 4.5]]),), says="a tensor of two rows"),
    ],
    mistakes=[Mistake("squared", lambda x: x * x, "that is the square of x: 3 becomes 9, and should become 6.")],
    hints=["Twice as much is x and x again.", "An operator between two numbers works on tensors too."],
    commentary="`x + x` is as good. Both work for tensors because an operator is applied to each of their numbers.",
)


def accuracy(answers, truth):
    """The share of answers that are right, a number from 0 to 1.

    answers: what a pipeline gave for some texts, a list of {"label": …, "score": …}.
    truth: the right label of each text, a list of as many strings.
    """
    ### BEGIN SOLUTION
    pairs = zip(answers, truth, strict=True)
    right = sum(answer["label"] == label for answer, label in pairs)
    return right / len(truth)
    ### END SOLUTION


def answered(*labels: str) -> list[dict]:
    """Answers of a pipeline with these labels, and scores that say nothing about which are right."""
    scores = (0.91, 0.52, 0.97, 0.64, 0.88, 0.73)
    return [{"label": label, "score": score} for label, score in zip(labels, scores, strict=False)]


def _labels(answers):
    return [answer["label"] for answer in answers]


def _right(answers, truth):
    return sum(label == other for label, other in zip(_labels(answers), truth, strict=True))


ACCURACY = Exercise(
    name="accuracy",
    chapter=0,
    minutes=3,
    level="easy",
    signature='accuracy(answers, truth) -> a number from 0 to 1; answers: [{"label": …, "score": …}, …]',
    reference=accuracy,
    cases=[
        Case(
            (answered("POSITIVE", "NEGATIVE", "POSITIVE", "POSITIVE"), ["POSITIVE"] * 3 + ["NEGATIVE"]),
            says="four answers, two of them right",
        ),
        Case(
            (answered("A", "B", "C", "C", "B"), ["A", "B", "C", "A", "B"]),
            says="five answers with three labels, four of them right",
        ),
        Case((answered("NEGATIVE"), ["POSITIVE"]), says="one answer, and it is wrong"),
        Case((answered("B", "A"), ["B", "A"]), says="two answers, both right"),
    ],
    mistakes=[
        Mistake(
            "count", _right, "that is how many are right; the share is that count divided by the number of answers."
        ),
        Mistake(
            "whole",
            lambda answers, truth: _right(answers, truth) // len(truth),
            "a division with // drops the fraction: 2 // 4 is 0. One with / keeps it.",
        ),
        Mistake(
            "dictionaries",
            lambda answers, truth: (
                sum(answer == label for answer, label in zip(answers, truth, strict=True)) / len(truth)
            ),
            'none is ever counted as right: each answer is a dictionary; its label is answer["label"].',
        ),
        Mistake(
            "scores",
            lambda answers, truth: sum(answer["score"] for answer in answers) / len(answers),
            "that is the mean of the scores: how sure the model is, not how often it is right. Compare the labels.",
        ),
        Mistake(
            "score_if_right",
            lambda answers, truth: (
                sum(a["score"] for a, label in zip(answers, truth, strict=True) if a["label"] == label) / len(truth)
            ),
            "right answers count with their scores; each counts as 1, however sure the model was.",
        ),
        Mistake(
            "percent",
            lambda answers, truth: 100 * _right(answers, truth) / len(truth),
            "that is in percent; a share lies between 0 and 1.",
        ),
        Mistake(
            "wrong_ones",
            lambda answers, truth: 1 - _right(answers, truth) / len(truth),
            "that is the share of wrong answers, the error rate; accuracy is 1 minus it.",
        ),
        Mistake(
            "positive",
            lambda answers, truth: _labels(answers).count("POSITIVE") / len(answers),
            "that is the share of answers that say POSITIVE, whether they are right or not.",
        ),
    ],
    hints=[
        'The label of an answer is answer["label"]; zip(answers, truth) gives each answer with its right label.',
        "True counts as 1 in a sum: sum([True, False, True]) is 2.",
        "Divide the number of right ones by the number of answers.",
    ],
    commentary="The scores are not looked at. Whether they are any guide to which answers are right is another "
    "question, "
    "and chapter 01 asks it.",
)
