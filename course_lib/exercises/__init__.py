"""Exercises: the reader writes, `check` answers.

    from course_lib.exercises import check, hint, solution, exercises

    check("causal_mask", causal_mask)    prints what passed, or the likely mistake; returns a Result
    hint("causal_mask")                  one more step each time it is asked
    solution("causal_mask")              our answer
    exercises()                          which there are; exercises(5): those of chapter 05

One file a chapter declares its exercises (`course_lib/exercises/attention.py` those of chapter 05), see `declare.py`.
"""

from __future__ import annotations

import inspect
import re
import textwrap

from course_lib.exercises.declare import Case, Exercise, Mistake, Result, when
from course_lib.exercises.judge import judge
from course_lib.exercises.registry import declared, named

__all__ = ["Case", "Exercise", "Mistake", "Result", "check", "exercises", "hint", "solution", "when"]


def check(name: str, answer: object) -> Result:
    """Check the reader's answer to an exercise: print what passed, or the likely mistake and the smallest input for it.

    `answer` is the function (or class, or value) itself: check("double", double), without brackets. Returns a Result
    with `.passed`, `.hint` ("" if passed) and `.name`. Never raises because of an answer. Raises ValueError for a name
    that no exercise has.
    """
    exercise = named(name)
    result, said = judge(exercise, answer)
    print(said)
    return result


def hint(name: str) -> None:
    """Print one more step towards an answer each time it is asked. Raises ValueError for an unknown name."""
    exercise = named(name)
    print("\n".join(exercise.hints))


def solution(name: str) -> None:
    """Print our answer to an exercise, with its commentary. Raises ValueError for an unknown name."""
    exercise = named(name)
    print(source_of(exercise))


def source_of(exercise: Exercise) -> str:
    """The source of our answer, without the marks around what the reader writes."""
    source = textwrap.dedent(inspect.getsource(exercise.reference))
    return re.sub(r"^[ \t]*### (BEGIN|END) SOLUTION[ \t]*\n", "", source, flags=re.MULTILINE).rstrip()


def exercises(chapter: int | None = None) -> list[Exercise]:
    """The exercises of a chapter, 0 to 7, or of all."""
    return [one for one in declared().values() if chapter is None or one.chapter == chapter]
