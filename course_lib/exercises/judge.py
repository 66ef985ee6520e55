"""Judge an answer: run it on the cases of its exercise, compare, and find the likely mistake."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from course_lib.exercises.checking import shown
from course_lib.exercises.checking.apart import run_apart
from course_lib.exercises.checking.diagnosis import diagnose
from course_lib.exercises.checking.handed import UNWRITTEN, refused
from course_lib.exercises.checking.kinds import wrong_type
from course_lib.exercises.checking.pair import Guess, Pair, Vague
from course_lib.exercises.checking.sandbox import Ran, run
from course_lib.exercises.checking.single import kind_of_guess
from course_lib.exercises.checking.traits import told_apart
from course_lib.exercises.checking.troubles import said_of
from course_lib.exercises.checking.values import Odd, differing, same
from course_lib.exercises.declare import Case, Exercise, Mistake, Result, when


@dataclass(frozen=True)
class Tried:
    """A case, what the answer made of it, what ours makes of it, and True if they agree; `judged` may say why not.

    `at`: which of the exercise's cases it is.
    """

    at: int
    case: Case
    args: tuple
    kwargs: dict
    ran: Ran
    right: object
    judged: object

    @property
    def agrees(self) -> bool:
        """Whether the output is as good as ours."""
        return self.judged is True

    @property
    def good(self) -> bool:
        """Whether the output is as good as ours, and the inputs are what they were."""
        return self.agrees and not self.ran.changed


def judge(exercise: Exercise, answer: object, in_child: bool | None = None) -> tuple[Result, str]:
    """The result, and what is printed of it. `in_child`: see `checking.apart`."""
    if why := refused(exercise, answer):
        return _failed(exercise, why)
    tried, again = _run_all(exercise, answer, in_child)
    wrong = [one for one in tried if not one.good]
    if not wrong:
        first = tried[0]
        if len(tried) == len(exercise.cases) and not (again and _moved(exercise, first, again[0])):
            many = f"{len(tried)} cases" if len(tried) > 1 else "1 case"
            return Result(exercise.name, True), f"✓ {exercise.name}: passed, {many}{_left(tried)}"
        if len(tried) < len(exercise.cases):
            raise RuntimeError(f"{exercise.name}: {len(tried)} cases were tried of {len(exercise.cases)}.")
        why = (
            "the first call and a later call with the same input give different results: something is kept between "
            "two calls (a global, a default argument that is a list, an attribute)."
        )
        return _failed(exercise, why, tried, first, again[0])
    one, why = _explained(exercise, wrong, tried, again)
    return _failed(exercise, why, tried, one)


def _run_all(exercise: Exercise, answer: object, in_child: bool | None) -> tuple[list[Tried], list[Ran]]:
    """Every case up to the first that had to be stopped; and the first case again: as it was, and with another seed."""
    inputs = [exercise.call(case) for case in exercise.cases]
    source = _file_of(answer)
    lasts = exercise.seconds

    def call(args, kwargs, seed=0) -> Callable[[], Ran]:
        def use(*args, **kwargs):
            return exercise.outcome_of(answer, args, kwargs)

        return lambda: run(use, args, kwargs, seconds=lasts, seed=seed, source=source)

    calls = [call(*one) for one in inputs] + [call(*inputs[0]), call(*inputs[0], seed=1)]
    ran = run_apart(calls, lasts, in_child)
    tried = []
    for case, (args, kwargs), one in zip(exercise.cases, inputs, ran, strict=False):
        right = _ours(exercise, exercise.reference, len(tried))
        if right.trouble is not None:
            raise RuntimeError(f"our own answer to {exercise.name} fails with {case.says}: {right.trouble}")
        judged = _compared(exercise, case, one, right.output)
        tried.append(Tried(len(tried), case, args, kwargs, one, right.output, judged))
    return tried, ran[len(inputs) :]


@functools.cache
def _ours(exercise: Exercise, implementation: Callable, at: int) -> Ran:
    """A run of our own code on copies of a case's inputs; it does the same for every answer that is judged."""
    args, kwargs = exercise.call(exercise.cases[at])

    def use(*args, **kwargs):
        if exercise.kind == "value":
            return exercise.outcome_of(implementation(), args, kwargs)
        return exercise.outcome_of(implementation, args, kwargs)

    return run(use, args, kwargs, seconds=60)


def _compared(exercise: Exercise, case: Case, ran: Ran, right: object) -> object:
    """True if the output is as good as ours, or what `exercise.agrees` says instead."""
    if ran.trouble is not None:
        return False
    if exercise.agrees is None:
        return _as_good(exercise, ran.output, right)
    return _told(exercise.agrees, ran.output, right, case)


def _told(function: Callable, *args: object) -> object:
    """What a predicate of an exercise says of a foreign output; None where it raises."""
    return run(lambda: function(*args), (), {}, seconds=60).output


def _moved(exercise: Exercise, first: Tried, again: Ran) -> bool:
    """Whether a repeated call gave something else."""
    if again.trouble is not None:
        return True
    return not same(again.output, first.ran.output, exercise.close, exercise.lists)


def _explained(exercise: Exercise, wrong: list[Tried], tried: list[Tried], again: list[Ran]) -> tuple[Tried, str]:
    """The smallest case that shows the mistake, and what it is."""
    first = wrong[0]
    if _is_stub(first):
        return first, UNWRITTEN
    known: dict[tuple[int, int], bool] = {}

    def alike(mistake: Mistake, one: Tried) -> bool:
        key = id(mistake), id(one)
        if key not in known:
            known[key] = _gives_the_same(exercise, mistake, one)
        return known[key]

    for mistake in exercise.mistakes:
        met = _met(mistake, wrong, tried, alike)
        if met is not None and isinstance(said := _says(mistake, met), str):
            return met, said
    for mistake in exercise.mistakes:  # two mistakes at once: the smallest case shows this one
        if not isinstance(mistake.wrong, when) and alike(mistake, first) and isinstance(_says(mistake, first), str):
            return first, _says(mistake, first)
    inputs = [(entry.args, entry.kwargs) for entry in tried if entry.agrees], [(one.args, one.kwargs) for one in wrong]
    if first.ran.trouble is not None:
        return first, f"{said_of(first.ran.trouble, exercise.seconds)} {told_apart(*inputs)}".rstrip()
    outputs = [one for one in wrong if one.ran.trouble is None]
    if not first.agrees and any(_moved(exercise, tried[0], one) for one in again if one.trouble is None):
        return first, "two calls with the same input give different results: something random is in it, or is kept."
    for one in outputs:
        if one.ran.changed:
            ending = "" if one.agrees else f" And {_generally(exercise, one)}"
            return one, f"it changes its {_places(exercise, one)} in place: work on a copy, or make a new one.{ending}"
    if (said := _always_the_same(exercise, tried)) and not first.agrees:
        return first, said
    found = [(one, _generally(exercise, one)) for one in outputs if not one.agrees]
    kinds = {kind_of_guess(said.why) if isinstance(said, Guess) else "" for _, said in found}
    if len(kinds) > 1:  # no guess that holds for all
        found = [(one, _without_guess(said)) for one, said in found]
    one, said = next((entry for entry in found if not isinstance(entry[1], Vague)), found[0])
    return one, f"{said} {told_apart(*inputs)}".rstrip() if isinstance(said, Vague) else said


def _without_guess(said: str) -> str:
    return Vague(said.removesuffix(f": {said.why}") + ".") if isinstance(said, Guess) else said


def _always_the_same(exercise: Exercise, tried: list[Tried]) -> str:
    """A sentence, if several cases with several right outputs all get the same output, or one of the same shape."""
    outputs, rights = [one.ran.output for one in tried], [one.right for one in tried]
    data = not any(one.ran.trouble or one.ran.output is None or isinstance(one.ran.output, Odd) for one in tried)
    if len(tried) < 2 or not data or exercise.agrees:
        return ""
    pairs = [Pair(one.ran.output, one.right, {}, exercise.close, exercise.lists) for one in tried]
    if any(wrong_type(pair) for pair in pairs):
        return ""
    if not any(same(rights[0], other, exercise.close) for other in rights[1:]):
        if all(same(outputs[0], other, 0.0) for other in outputs[1:]):
            return f"it gives {shown.short(outputs[0], 50)} whatever it is given: are its arguments used?"
        shapes = [{getattr(one, "shape", None) for one in some} for some in (outputs, rights)]
        if len(shapes[0]) == 1 and None not in shapes[0] and len(shapes[1]) == len(rights):
            return f"its shape is {tuple(shapes[0].pop())} whatever it is given: is a size written as a number?"
    return ""


def _is_stub(one: Tried) -> bool:
    """Whether it is still to be written. PyTorch raises NotImplementedError too: "… not implemented for 'Long'"."""
    trouble = one.ran.trouble
    raised = trouble is not None and trouble.error == "NotImplementedError"
    return one.ran.output is ... or raised and not re.search("not implemented for '|aten::", trouble.message)


def _met(mistake: Mistake, wrong: list[Tried], tried: list[Tried], alike: Callable) -> Tried | None:
    """The smallest case that shows this mistake, if the answer makes it."""
    if isinstance(mistake.wrong, when):
        holds = lambda *args: bool(mistake.wrong.holds(*args))  # noqa: E731
        settled = (one for one in wrong if one.ran.trouble is None and not one.agrees)
        return next((one for one in settled if _told(holds, one.case, one.ran.output, one.right) is True), None)
    return wrong[0] if all(alike(mistake, one) for one in tried) else None


def _gives_the_same(exercise: Exercise, mistake: Mistake, one: Tried) -> bool:
    """Whether the wrong implementation does on this case what the reader's answer did."""
    theirs = _ours(exercise, mistake.wrong, one.at)
    if theirs.trouble is not None or one.ran.trouble is not None:
        return (
            theirs.trouble is not None
            and one.ran.trouble is not None
            and (theirs.trouble.error, theirs.trouble.message) == (one.ran.trouble.error, one.ran.trouble.message)
        )
    alike = same(one.ran.output, theirs.output, exercise.close, exercise.lists, True, exercise.relative)
    return alike and theirs.changed == one.ran.changed


def _says(mistake: Mistake, one: Tried) -> object:
    """The sentence; something else where it cannot be made of this output."""
    return mistake.says if isinstance(mistake.says, str) else _told(mistake.says, one.case, one.ran.output, one.right)


def _generally(exercise: Exercise, one: Tried) -> str:
    """What the general rules say of a wrong output; `Vague` where they do not know why."""
    if isinstance(one.judged, str):
        return one.judged
    kept = exercise.close, exercise.lists, exercise.exact_dtype
    pair = Pair(one.ran.output, one.right, _named(exercise, one), *kept, relative=exercise.relative)
    if exercise.agrees is not None and pair:
        return Vague("it does not do what is asked.")
    return diagnose(pair) or Vague("it gives another result.")


def _named(exercise: Exercise, one: Tried) -> dict[str, object]:
    """The inputs by the names that the task gives them."""
    function = exercise.use or exercise.reference
    try:
        names = list(inspect.signature(function).parameters)[1 if exercise.use else 0 :]
    except (ValueError, TypeError):
        names = []
    names += [f"argument {at + 1}" for at in range(len(names), len(one.args))]
    return {**dict(zip(names, one.args, strict=False)), **one.kwargs}


def _places(exercise: Exercise, one: Tried) -> str:
    names = list(_named(exercise, one))
    changed = [names[place] if isinstance(place, int) else place for place in one.ran.changed]
    return f"argument{'s' if len(changed) > 1 else ''} {', '.join(changed)}"


def _file_of(answer: object) -> str | None:
    """The file, or cell, in which an answer is written."""
    answer = inspect.unwrap(answer) if callable(answer) else answer
    for one in (answer, *vars(answer).values()) if inspect.isclass(answer) else (answer, type(answer)):
        code = getattr(one, "__code__", None)
        if code is not None:
            return code.co_filename
    return None


def _left(tried: list[Tried]) -> str:
    """A remark on states of the process that the answer changed."""
    left = list(dict.fromkeys(name for one in tried for name in one.ran.left))
    return f"\n  It also changed {', '.join(left)}; that has been put back." if left else ""


def _side_by_side(exercise: Exercise, output: object, right: object) -> list[str]:
    """What came and what should have come; of several values that it returns, the first wrong one where some are right.

    Where both look the same when said shortly, the place where they first differ.
    """
    lines = []
    if isinstance(right, tuple) and isinstance(output, (tuple, list)) and len(output) == len(right):
        parts = zip(output, right, strict=True)
        wrong = [at for at, (a, b) in enumerate(parts) if not _as_good(exercise, a, b)]
        if wrong and len(wrong) < len(right):
            lines = [f"  of the {len(right)} that it returns, number {wrong[0] + 1}:"]
            output, right = output[wrong[0]], right[wrong[0]]
    gives, wanted = shown.short(output), shown.short(right)
    if gives == wanted and isinstance(output, Tensor) and isinstance(right, Tensor):
        places = differing(output, right, exercise.close, exercise.relative).nonzero()
        for at in places[:1]:  # none where only the kind is another
            gives, wanted = (f"at {shown.place(at)}: {shown.short(one[tuple(at)])}" for one in (output, right))
    return [*lines, f"  gives  {gives}", f"  right  {wanted}"]


def _as_good(exercise: Exercise, output: object, right: object) -> bool:
    return same(output, right, exercise.close, exercise.lists, exercise.exact_dtype, exercise.relative)


def _failed(
    exercise: Exercise, why: str, tried: list[Tried] = (), one: Tried | None = None, ran: Ran | None = None
) -> tuple[Result, str]:
    """The result, and the lines that are printed: the mistake, the smallest input that shows it, what to do next."""
    lines = [f"✗ {exercise.name}: {why}"]
    hint = why
    if one is not None:
        name = exercise.name
        call = shown.call(name, one.args, one.kwargs) if exercise.use is None and exercise.kind == "function" else ""
        where = call or one.case.says
        case = f" ({one.case.says})" if call and one.case.says and one.case.says not in call else ""
        ran = ran or one.ran
        if exercise.kind != "value" and where:
            lines.append(f"  with   {where}{case}")
            hint = f"{why} (with {where}{case})"
        if ran.trouble is None and not one.agrees and exercise.agrees is None:
            lines += _side_by_side(exercise, ran.output, one.right)
        if ran.printed.strip():
            printed = ran.printed.strip().splitlines()
            lines += ["  it printed:"] + [f"    {line[:100]}" for line in printed[:5]]
            lines += ["    …"] if len(printed) > 5 else []
    good = sum(entry.good for entry in tried)
    said = f"{good} of {len(exercise.cases)} cases passed. " if tried and len(exercise.cases) > 1 else ""
    lines.append(f'  {said}One step further: hint("{exercise.name}")')
    if tried and (left := _left(tried)):
        lines.append(left.strip("\n"))
    return Result(exercise.name, False, hint), "\n".join(lines)
