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
from collections.abc import Iterator

AGAIN = 0.1  # seconds between two attempts, where the code catches every exception


class TimeLimit(BaseException):
    """The time is up. No Exception, so that `except Exception` in the code does not catch it."""


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise TimeLimit in the body of the `with` after so many seconds, and again until it leaves."""
    in_main = threading.current_thread() is threading.main_thread()
    with _alarm(seconds) if in_main and hasattr(signal, "setitimer") else _watched(seconds):
        yield


@contextlib.contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    attempts = itertools.count(1)
    open_ = True

    def ring(number, frame):
        if open_:
            # Code such as `while True: try: … except: pass` catches this one; the first line that it runs afterwards,
            # in its `except`, raises another that nothing there catches.
            _raise_at_line(frame, next(attempts))
            raise TimeLimit

    before = signal.signal(signal.SIGALRM, ring)
    left, interval = signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
    tracing = sys.gettrace()
    try:
        yield
    finally:
        open_ = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        sys.settrace(tracing)
        signal.signal(signal.SIGALRM, before)
        if left:
            signal.setitimer(signal.ITIMER_REAL, left, interval)


def _raise_at_line(frame, attempt: int) -> None:
    """Let the frames that run raise TimeLimit at one of the next lines: the first, at later attempts the second, …"""
    lines = itertools.count(1)
    here = __file__

    def trace(where, event, _):
        if where.f_code.co_filename == here or where.f_code.co_filename.endswith("contextlib.py"):
            return None
        if event == "line" and next(lines) > (attempt - 1) % 4:
            raise TimeLimit
        return trace

    while frame is not None and frame.f_code.co_filename != here:
        if frame.f_globals.get("__package__") != __package__:
            frame.f_trace = trace
        frame = frame.f_back
    sys.settrace(trace)


@contextlib.contextmanager
def _watched(seconds: float) -> Iterator[None]:
    thread = ctypes.c_ulong(threading.get_ident())
    ask = ctypes.pythonapi.PyThreadState_SetAsyncExc
    over, lock = threading.Event(), threading.Lock()

    def watch():
        wait = seconds
        while not over.wait(wait):
            with lock:
                if not over.is_set():
                    ask(thread, ctypes.py_object(TimeLimit))
            wait = AGAIN

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        with lock:
            over.set()
            ask(thread, None)  # what was asked for and has not come yet
