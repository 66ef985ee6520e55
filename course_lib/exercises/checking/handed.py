"""Whether what was handed to `check` is an answer at all, before it is run."""

from __future__ import annotations

import ast
import inspect
import textwrap

import numpy as np
from torch import Tensor

from course_lib.exercises.checking.shown import short
from course_lib.exercises.checking.values import article
from course_lib.exercises.declare import Exercise

PLAIN = (Tensor, np.ndarray, int, float, str, list, tuple, dict)
UNWRITTEN = "not written yet. Replace the `...` by your lines, run that cell, then this one."


def refused(exercise: Exercise, answer: object) -> str:
    """Why this is no answer; "" if it may be one."""
    if answer is ... or answer is NotImplemented:
        return UNWRITTEN
    if exercise.kind == "value":
        if inspect.isroutine(answer):
            return f"the result is asked for, and this is the function `{getattr(answer, '__name__', '?')}`: call it."
        return UNWRITTEN if answer is None else ""
    example = f'check("{exercise.name}", {exercise.name})'
    if isinstance(answer, str) and answer == exercise.name:
        return f"hand over the function itself, without quotation marks: {example}"
    if exercise.kind == "class" and not isinstance(answer, (type, type(None), *PLAIN)):
        is_object = not inspect.isroutine(answer)
        made = f"an object of the class `{type(answer).__name__}`" if is_object else "a function"
        return f"this is {made}. Hand over the class itself: {example}"
    if not callable(answer):
        what = "None" if answer is None else f"{article(type(answer).__name__)} ({_shortly(answer)})"
        return (
            f"this is {what}, and no {exercise.kind}. Hand over the {exercise.kind} itself, without the round brackets "
            f"of a call: {example}"
        )
    if exercise.kind == "class":
        return ""
    if inspect.isasyncgenfunction(answer) or inspect.iscoroutinefunction(answer):
        return "take the `async` away: the function is called as it is."
    if unwritten(answer):
        return UNWRITTEN
    return _misfit(exercise, answer)


def _shortly(answer: object) -> str:
    try:
        return short(answer, 40) if isinstance(answer, PLAIN) else type(answer).__qualname__
    except Exception:
        return type(answer).__qualname__


def unwritten(answer: object) -> bool:
    """Whether a function consists of nothing but its docstring and `...` or `pass`."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(answer)))
    except (OSError, TypeError, SyntaxError, ValueError):
        return False
    found = next((one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)), None)
    if found is None or found.name != getattr(answer, "__name__", None):
        return False
    for line in found.body:
        nothing = isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant) or isinstance(line, ast.Pass)
        returns = isinstance(line, ast.Return) and isinstance(line.value, ast.Constant) and line.value.value is ...
        if not (nothing or returns):
            return False
    return True


def _misfit(exercise: Exercise, answer: object) -> str:
    """A signature that the cases' arguments do not fit."""
    if exercise.use is not None:
        return ""
    try:
        ours, theirs = inspect.signature(exercise.reference), inspect.signature(answer)
    except (ValueError, TypeError):  # some functions in C have none
        return ""
    for case in exercise.cases:
        args, kwargs = exercise.call(case)
        try:
            theirs.bind(*args, **kwargs)
        except TypeError:
            wanted = ", ".join(ours.parameters)
            given = f"it takes ({', '.join(theirs.parameters)})" if theirs.parameters else "it takes no arguments"
            many = f"{len(args) + len(kwargs)} argument{'s' if len(args) + len(kwargs) != 1 else ''}"
            named = f" ({', '.join(kwargs)} by name)" if kwargs else ""
            return f"{given}, and is called with {many}{named}: ({wanted}). Its first line should be that of the task."
    return ""
