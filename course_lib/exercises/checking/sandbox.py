"""Run an answer once, whatever it does: with copies of its inputs, a time limit, its printing caught, and every state
of the process put back.

What is stopped and what is not: see `limits.py`; what happens in a process of its own: `apart.py`.
"""

from __future__ import annotations

import contextlib
import io
import linecache
import sys
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from course_lib.exercises.checking.limits import TimeLimit, limited
from course_lib.exercises.checking.states import kept
from course_lib.exercises.checking.values import copied, settled, unchanged

PRINTED = 2000  # characters that are kept


@dataclass(frozen=True)
class Trouble:
    """Why a call gave nothing. `kind`: "raised", "time", "exit", "memory", "crash". `line`: where, in the answer."""

    kind: str
    error: str = ""
    message: str = ""
    line: str = ""


@dataclass(frozen=True)
class Ran:
    """What came of one call: its output, settled, or its trouble; which inputs it changed (their places); what it
    printed, cut; which states of the process it left changed, in words.
    """

    output: object = None
    trouble: Trouble | None = None
    changed: tuple[int | str, ...] = ()
    printed: str = ""
    left: tuple[str, ...] = ()


def run(
    call: Callable, args: tuple, kwargs: dict, *, seconds: float = 5.0, seed: int = 0, source: str | None = None
) -> Ran:
    """Run `call(*args, **kwargs)`. Raises nothing but the reader's own Ctrl-C. `source`: the file of the answer."""
    before = {**dict(enumerate(copied(args))), **copied(kwargs)}
    versions = {place: _version(one) for place, one in before.items()}
    args, kwargs = copied(args), copied(kwargs)
    output, trouble, printed = None, None, _Cut()
    with kept(seed) as left, _quiet(printed):
        try:
            with limited(seconds):
                output = settled(call(*args, **kwargs))
        except KeyboardInterrupt:
            raise
        except BaseException as problem:
            trouble = _trouble(problem, source)
    now = {**dict(enumerate(args)), **kwargs}
    changed = [
        place for place, one in before.items() if _version(one) != versions[place] or not unchanged(now[place], one)
    ]
    return Ran(output, trouble, tuple(changed), printed.getvalue(), tuple(left))


def _version(value: object) -> object:
    """For a model, what tells that it was changed: how often its numbers were written, and its mode."""
    if not isinstance(value, nn.Module):
        return None
    tensors = [*value.parameters(), *value.buffers()]
    return [(one.data_ptr(), one._version) for one in tensors], [one.training for one in value.modules()]


class _Cut(io.StringIO):
    """What is printed, the first part of it."""

    def write(self, text: str) -> int:
        if self.tell() < PRINTED:
            super().write(text[:PRINTED])
        return len(text)

    def isatty(self) -> bool:
        return False


@contextlib.contextmanager
def _quiet(printed: io.StringIO):
    """Printing goes to `printed`, warnings nowhere, and nobody is asked to type."""
    import builtins

    def no_input(*_):
        raise EOFError("input() waits for somebody to type; use the function's arguments")

    ask, typed = builtins.input, sys.stdin
    builtins.input, sys.stdin = no_input, io.StringIO()
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            warnings.simplefilter("ignore")
            yield
    finally:
        builtins.input, sys.stdin = ask, typed


def _trouble(problem: BaseException, source: str | None) -> Trouble:
    kind = "raised"
    if isinstance(problem, TimeLimit):
        kind = "time"
    elif isinstance(problem, (SystemExit, GeneratorExit)):
        kind = "exit"
    elif isinstance(problem, MemoryError) or "allocate memory" in _message(problem):
        kind = "memory"
    line = ""
    frames = [(frame.f_code.co_filename, at) for frame, at in traceback.walk_tb(problem.__traceback__)]
    for file, at in frames[:200] + frames[-200:]:
        if file == source or source is None and "course_lib" not in file and "site-packages" not in file:
            line = linecache.getline(file, at).strip()
    return Trouble(kind, type(problem).__name__, _message(problem), line)


def _message(problem: BaseException) -> str:
    try:
        return str(problem).strip()[:2000]
    except BaseException:  # an exception of the reader's own whose __str__ fails
        return ""
