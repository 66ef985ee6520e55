"""A time limit for code that may not want to end.

In the main thread of Linux and macOS an alarm (`signal.setitimer`) raises `TimeLimit` inside the code. Elsewhere, on
Windows and in other threads, a watching thread asks Python to raise it there (`PyThreadState_SetAsyncExc`). Either way
the code is interrupted between two of its own steps. A single step that takes for ever inside C and never looks up,
such as `sum(range(10**12))`, is not stopped by either; see `apart.py` for what is done about that.
"""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType

OURS = (__file__, contextlib.__file__)  # code that is never interrupted by the alarm
AGAIN = 0.1  # seconds between two attempts, where the code catches every exception


class TimeLimit(BaseException):
    """The time is up. No Exception, so that `except Exception` in the code does not catch it."""


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise TimeLimit in the body of the `with` after so many seconds, and again until it leaves."""
    in_main = threading.current_thread() is threading.main_thread()
    close = _alarm(seconds) if in_main and hasattr(signal, "setitimer") else _watch(seconds)
    try:
        try:
            try:
                yield
            finally:
                close()
        finally:  # a thread's exception that came in the middle of closing cut it short; the next is a while away
            close()
    finally:
        close()


def _alarm(seconds: float) -> Callable[[], None]:
    """Set the alarm; returns what ends it, which may be called again."""
    attempts = itertools.count(1)
    traced: list[FrameType] = []
    closed: list[bool] = []
    tracing, is_open = sys.gettrace(), [True]

    def ring(_, frame):
        if not is_open:
            return
        outside = frame.f_code.co_filename in OURS  # while it is set or ended
        if not outside:
            # Code such as `while True: try: … except: pass` catches this one; the first line that it runs afterwards,
            # in its `except`, raises another that nothing there catches.
            traced.extend(_raise_at_line(frame, next(attempts)))
        signal.setitimer(signal.ITIMER_REAL, AGAIN)  # set anew each time, so that a slow machine is not flooded
        if not outside:
            raise TimeLimit

    before = signal.signal(signal.SIGALRM, ring)
    left, interval = signal.setitimer(signal.ITIMER_REAL, seconds)

    def close():
        # First, so that a ring on the way sets no alarm anew: under the handler from before it would end the process.
        is_open.clear()
        if not closed:
            signal.setitimer(signal.ITIMER_REAL, 0)
            sys.settrace(tracing)
            signal.signal(signal.SIGALRM, before)
            for frame in traced:
                frame.f_trace = None
            if left:
                signal.setitimer(signal.ITIMER_REAL, left, interval)
            closed.append(True)

    return close


def _raise_at_line(frame: FrameType | None, attempt: int) -> Iterator[FrameType]:
    """Let the frames that run raise TimeLimit at one of the next lines: the first, at later attempts the second, …
    Yields the frames.
    """
    lines = itertools.count(1)

    def trace(where, event, _):
        if where.f_code.co_filename in OURS:
            return None
        if event == "line" and next(lines) > (attempt - 1) % 4:
            raise TimeLimit
        return trace

    while frame is not None and frame.f_globals.get("__package__") != __package__:
        frame.f_trace = trace
        yield frame
        frame = frame.f_back
    sys.settrace(trace)


def _watch(seconds: float) -> Callable[[], None]:
    """Let a thread watch; returns what ends it, which may be called again."""
    thread = ctypes.c_ulong(threading.get_ident())
    ask = ctypes.pythonapi.PyThreadState_SetAsyncExc
    over, lock, asked = threading.Event(), threading.Lock(), []

    def watch():
        wait = seconds
        while not over.wait(wait):
            with lock:
                if not over.is_set():
                    asked.append(True)
                    ask(thread, ctypes.py_object(TimeLimit))
            wait = AGAIN

    def close():
        over.set()
        with lock:
            waits = bool(asked)
            asked.clear()
        if waits:
            # One may still be on its way. Asking for none would leave Python's flag for it up, with which 3.11 does not
            # get on while it traces; so it is made to come, here.
            with contextlib.suppress(TimeLimit):
                ask(thread, ctypes.py_object(TimeLimit))
                for _ in range(1000):
                    pass

    threading.Thread(target=watch, daemon=True).start()
    return close
