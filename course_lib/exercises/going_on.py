"""How a chapter goes on where an exercise was skipped: with our answer in place of the reader's.

Later cells run on the reader's own functions. Where one of these cells fails because an answer in it has not passed its
check, a line below the error says so, and how to go on.
"""

from __future__ import annotations

from types import CodeType, FunctionType, TracebackType

from course_lib.exercises.declare import Exercise
from course_lib.exercises.registry import declared

_passed: set[str] = set()  # exercises, in this session


def checked(name: str, passed: bool) -> None:
    """Take note of what a check found."""
    (_passed.add if passed else _passed.discard)(name)


def usable(exercise: Exercise) -> object:
    """Our answer for use in later cells: the function or class itself, or the value. Shown by itself, it is silent."""
    if exercise.kind == "value":
        return exercise.reference()
    if exercise.kind == "function":
        exercise.reference._ipython_display_ = lambda: None  # what there is to see, `solution` has shown
    return exercise.reference


def offer(name: str) -> str:
    """The line that puts our answer in the place of the reader's."""
    return f'{name} = solution("{name}")'


def watch() -> None:
    """In a notebook, look at each cell that fails; elsewhere there is nothing to look at."""
    try:
        from IPython import get_ipython
    except ImportError:
        return
    shell = get_ipython()
    if shell is not None and _explain not in shell.events.callbacks["post_run_cell"]:
        shell.events.register("post_run_cell", _explain)


def _explain(result) -> None:
    """Say which unfinished answers a failed cell has used."""
    from IPython import get_ipython

    if result.error_in_exec is None:
        return
    variables, cell = get_ipython().user_ns, result.info.raw_cell
    missing = sorted(
        name
        for name in _used(result.error_in_exec.__traceback__, variables) & set(declared()) - _passed
        if (_is_readers(variables.get(name)) or _is_missing(name, result.error_in_exec))
        and f"def {name}(" not in cell
        and f"class {name}" not in cell
    )
    if not missing:
        return
    it, has = ("it", "has") if len(missing) == 1 else ("them", "have")
    lines = [] if "solution" in variables else ["from course_lib.exercises import solution"]
    print(
        f"\n{', '.join(missing)} {has} not passed the check yet, and this cell uses {it}. Write {it} first, or go on "
        "with ours: run",
        *(f"    {line}" for line in [*lines, *map(offer, missing)]),
        "in a cell of its own, and then this cell again.",
        sep="\n",
    )


def _used(traceback: TracebackType | None, variables: dict) -> set[str]:
    """The names in the notebook's own code that an error went through, and in the notebook's functions named there."""
    codes, found = [], set()
    while traceback is not None:
        frame, traceback = traceback.tb_frame, traceback.tb_next
        if frame.f_globals is variables:
            codes.append(frame.f_code)
    while codes:
        code = codes.pop()
        codes += [inner for inner in code.co_consts if isinstance(inner, CodeType)]
        for name in set(code.co_names) - found:
            found.add(name)
            function = variables.get(name)
            if isinstance(function, FunctionType) and function.__globals__ is variables:
                codes.append(function.__code__)
    return found


def _is_missing(name: str, problem: BaseException) -> bool:
    """Whether an error says that there is no such name: the cell of its exercise has not been run."""
    return isinstance(problem, NameError) and problem.name == name


def _is_readers(answer: object) -> bool:
    """Whether an answer was written in the notebook, and not imported from somewhere."""
    return answer is ... or getattr(answer, "__module__", None) == "__main__"
