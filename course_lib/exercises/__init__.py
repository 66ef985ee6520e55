"""Exercises: the reader writes, `check` answers.

    from course_lib.exercises import check, hint, solution, exercises

    check("causal_mask", causal_mask)    prints what passed, or the likely mistake; returns a Result
    hint("causal_mask")                  one more step each time it is asked
    solution("causal_mask")              our answer: shown, and returned to go on with
    exercises()                          which there are; exercises(5): those of chapter 05

One file a chapter declares its exercises (`course_lib/exercises/attention.py` those of chapter 05), see `declare.py`;
`checking/` runs and judges answers to them.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from collections import Counter
from dataclasses import dataclass

from course_lib import progress
from course_lib.exercises import going_on
from course_lib.exercises.declare import Case, Exercise, Mistake, Result, when
from course_lib.exercises.judge import judge
from course_lib.exercises.registry import declared, named

__all__ = ["Case", "Exercise", "Mistake", "Result", "check", "exercises", "hint", "solution", "source_of", "when"]

_taken: Counter[str] = Counter()  # hints in this session, where no progress is kept


def check(name: str, answer: object) -> Result:
    """Check the reader's answer to an exercise: print what passed, or the likely mistake and the smallest input for it.

    `answer` is the function (or class, or value) itself, `check("double", double)`, and is run with copies of inputs,
    a time limit, its printing caught, in a process of its own where there can be one. Returns a Result with `.passed`,
    `.hint` ("" if passed) and `.name`. Never raises because of an answer; Ctrl-C stops it. Raises ValueError for a name
    that no exercise has.
    """
    exercise = named(name)
    result, said = judge(exercise, answer)
    print(_wrapped(said))
    if not result.passed:
        print(f"  To go on with ours: {going_on.offer(exercise.name)}")
    going_on.checked(exercise.name, result.passed)
    progress.record("check", exercise.name, passed=result.passed)
    return result


def _wrapped(text: str) -> str:
    """With no line wider than a cell, which would break it within a word; what belongs to a line is indented."""
    broken = (
        textwrap.wrap(line, 96, subsequent_indent=" " * (2 + len(line) - len(line.lstrip())), break_on_hyphens=False)
        for line in text.split("\n")
    )
    return "\n".join("\n".join(lines) for lines in broken)


def hint(name: str) -> None:
    """Print one more step towards an answer each time it is asked. Raises ValueError for an unknown name."""
    exercise = named(name)
    hints, taken = exercise.hints, max(progress.hints_taken(name), _taken[name])
    if taken < len(hints):
        print(_wrapped(f"Hint {taken + 1} of {len(hints)}: {hints[taken]}"))
        _taken[name] = taken + 1
        progress.record("hint", name, number=taken + 1)
        return
    many = {0: "There is no hint", 1: "That was the only hint"}.get(len(hints), f"These were all {len(hints)} hints")
    print(_wrapped("\n".join([*(f"{at}. {one}" for at, one in enumerate(hints, 1)), f"{many}. What is asked for:"])))
    print(f'  {exercise.signature}\nOur answer is shown by solution("{name}").')


def solution(name: str) -> object:
    """Show our answer to an exercise, with its commentary, and return it, so that later cells can go on with it:
    `causal_mask = solution("causal_mask")`. The progress says that it was looked at.

    Raises ValueError for an unknown name.
    """
    from IPython.display import display

    display(Solution(source_of(named(name)), named(name).commentary))
    progress.record("solution", name)
    return going_on.usable(named(name))


@dataclass(frozen=True)
class Solution:
    """Our answer as a notebook shows it: coloured where it can be, otherwise as plain text."""

    source: str
    commentary: str = ""

    def __repr__(self) -> str:
        """The source, and the commentary below it."""
        return f"{self.source}\n\n{self.commentary}".rstrip()

    def _repr_markdown_(self) -> str:
        return f"```python\n{self.source}\n```\n\n{self.commentary}".rstrip()


def source_of(exercise: Exercise) -> str:
    """The source of our answer, without the marks around what the reader writes."""
    source = textwrap.dedent(inspect.getsource(exercise.reference))
    return re.sub(r"^[ \t]*### (BEGIN|END) SOLUTION[ \t]*\n", "", source, flags=re.MULTILINE).rstrip()


@dataclass(frozen=True)
class Listed:
    """A list of exercises that shows itself as a table."""

    found: tuple[Exercise, ...]

    def __iter__(self):
        """The exercises."""
        return iter(self.found)

    def __len__(self) -> int:
        """How many."""
        return len(self.found)

    def __getitem__(self, place: int) -> Exercise:
        """One of them."""
        return self.found[place]

    def __repr__(self) -> str:
        """A line each: chapter, name, minutes, level, and whether it is passed."""
        passed = {event["name"] for event in progress.read() if event["kind"] == "check" and event.get("passed")}
        width = max((len(one.name) for one in self), default=0)
        return "\n".join(
            f"{' ✓'[one.name in passed]} {one.chapter:02}  {one.name:{width}} {one.minutes:3} min  {one.level}"
            for one in self
        )


def exercises(chapter: int | None = None) -> Listed:
    """The exercises of a chapter, 0 to 8, or of all; a notebook shows them as a table. Raises ValueError for others."""
    if chapter is not None and chapter not in range(9):
        raise ValueError(f"The course has the chapters 0 to 8; {chapter!r} is none of them.")
    return Listed(tuple(one for one in declared().values() if chapter is None or one.chapter == chapter))


going_on.watch()
