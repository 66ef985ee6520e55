"""Judge an answer: run it on the cases, compare, find the likely mistake."""

from __future__ import annotations

import copy

import torch

from course_lib.exercises.declare import Exercise, Result, when


def judge(exercise: Exercise, answer: object) -> tuple[Result, str]:
    """The result and what is printed of it."""
    for case in exercise.cases:
        args, kwargs = exercise.call(case)
        right = exercise.outcome_of(exercise.reference, *copy.deepcopy((args, kwargs)))
        try:
            output = exercise.outcome_of(answer, *copy.deepcopy((args, kwargs)))
        except Exception as problem:
            return _failed(exercise, f"{case.says}: {type(problem).__name__}: {problem}")
        if not _same(output, right, exercise.close):
            for mistake in exercise.mistakes:
                if isinstance(mistake.wrong, when):
                    met = mistake.wrong.holds(case, output, right)
                else:
                    met = _same(output, exercise.outcome_of(mistake.wrong, *copy.deepcopy((args, kwargs))), 1e-5)
                if met:
                    return _failed(exercise, f"{case.says}: {mistake.says}")
            return _failed(exercise, f"{case.says}: it gives {output}, where {right} is right")
    return Result(exercise.name, True), f"✓ {exercise.name}: passed, {len(exercise.cases)} cases"


def _failed(exercise: Exercise, why: str) -> tuple[Result, str]:
    return Result(exercise.name, False, why), f"✗ {exercise.name}: {why}"


def _same(output, right, close) -> bool:
    if isinstance(right, torch.Tensor):
        fits = isinstance(output, torch.Tensor) and output.shape == right.shape
        return fits and torch.allclose(output.double(), right.double(), close, close)
    return output == right
