"""Run an answer's calls in a process of its own, where that is possible: Linux, with `fork`.

What nothing inside a process can stop is stopped here from outside: a loop in C that never looks up, such as
`sum(range(10**12))`, a crash of Python itself, `os._exit`, memory without end. The child is a copy of the reader's
kernel, so functions, classes and models are there as they are; only the settled outputs come back.

Elsewhere (macOS, Windows, a GPU in use, a thread that is not the main one) the calls run in this process, with
`sandbox.run` alone: then loops of Python are stopped, and a loop in C runs until it ends or the kernel is restarted.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import select
import signal
import struct
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import torch

from course_lib.exercises.checking.sandbox import Ran, Trouble

GRACE = 1.5  # seconds beyond the limit, in which the child should have stopped by itself
ENDING = 0.5  # seconds from the end of a child's messages to its own
MEMORY = 4 << 30  # bytes that an answer may ask for beyond what the process has


def possible() -> bool:
    """Whether a copy of this process can be made that works."""
    return (
        sys.platform == "linux"
        and threading.current_thread() is threading.main_thread()
        and not torch.cuda.is_initialized()
    )


def run_apart(calls: list[Callable[[], Ran]], seconds: float, in_child: bool | None = None) -> list[Ran]:
    """What came of each call, in their order, up to the first that had to be stopped.

    `in_child`: in a process of its own; by default where that is possible.
    """
    done: list[Ran] = []
    if possible() if in_child is None else in_child:
        for ran in _from_child(calls, seconds):
            if ran is None:  # asleep or stuck, and not at work: here an alarm wakes it
                break
            done.append(ran)
            if _stopped(ran):
                return done
    for call in calls[len(done) :]:
        done.append(call())
        if _stopped(done[-1]):
            break
    return done


def _stopped(ran: Ran) -> bool:
    return ran.trouble is not None and ran.trouble.kind in ("time", "crash")


def _from_child(calls: list[Callable[[], Ran]], seconds: float) -> Iterator[Ran | None]:
    reading, writing = os.pipe()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python 3.12 warns of threads; the child uses none of them
            child = os.fork()
    except OSError:
        os.close(reading)
        os.close(writing)
        return
    if child == 0:
        _work(calls, writing)
    os.close(writing)
    state, cut = None, False
    try:
        for _ in calls:
            until, working = time.monotonic() + seconds + GRACE, False
            try:
                message = _read(reading, until) or _read(reading, 0.0)  # the second: one that has come just now
            except EOFError:
                message, cut = None, True  # what follows is no beginning of a message
            if message is None and state is None:
                closed = bool(select.select([reading], [], [], 0)[0])
                state, working = _fate(child, until + ENDING if closed else 0.0)
                with contextlib.suppress(EOFError):
                    message = None if state is None or cut else _read(reading, 0.0)
            if message is not None:
                yield pickle.loads(message)
                continue
            if state is not None and not (cut and state == 0):  # cut off and ended well: no verdict
                yield Ran(trouble=Trouble("crash", message=_end(state)))
            else:
                yield Ran(trouble=Trouble("time")) if working and not cut else None
            return
    finally:
        os.close(reading)
        if state is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def _work(calls: list[Callable[[], Ran]], writing: int) -> None:
    """The child: run the calls, send what came of each, end."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        os.environ["TOKENIZERS_PARALLELISM"] = "false"
        torch.set_num_threads(1)  # the parent's other threads do not exist here
        _limit_memory()
        for call in calls:
            try:
                ran = call()
            except KeyboardInterrupt:
                ran = Ran(trouble=Trouble("exit", "KeyboardInterrupt"))
            message = pickle.dumps(ran)
            _write(writing, struct.pack("<Q", len(message)) + message)
            if _stopped(ran):
                break
    finally:
        os._exit(0)


def _limit_memory() -> None:
    import resource

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def _write(where: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(where, view) :]


def _read(reading: int, until: float) -> bytes | None:
    """The next message; None where none begins in time or the child is gone. Raises EOFError for one that breaks off.

    Once it has begun the call has ended, and it may take as long as it needs, if only something comes.
    """
    head = _read_bytes(reading, 8, until)
    if head is None:
        return None
    found = _read_bytes(reading, struct.unpack("<Q", head)[0], 0.0, GRACE)
    if found is None:
        raise EOFError("a message broke off")
    return found


def _read_bytes(reading: int, count: int, until: float, pause: float = 0.0) -> bytes | None:
    """So many bytes; None where they have not come by `until`, or, if that is later, `pause` seconds after the last."""
    found = bytearray()
    while len(found) < count:
        if not select.select([reading], [], [], max(pause, until - time.monotonic()))[0]:
            return None
        part = os.read(reading, min(count - len(found), 1 << 20))
        if not part:
            return None
        found += part
    return bytes(found)


def _fate(child: int, until: float) -> tuple[int | None, bool]:
    """The state in which the child has ended, if it has, and else whether it computes.

    It does not if it merely sleeps, waits for a lock or for somebody to read what it writes. Up to `until` it may end.
    """
    seen_asleep = 0
    while seen_asleep < 20:
        ended, state = os.waitpid(child, os.WNOHANG)
        if ended:
            return state, False
        if time.monotonic() >= until:
            if Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0] in "RD":
                return None, True
            seen_asleep += 1
        time.sleep(0.02)
    return None, False


def _end(state: int) -> str:
    if os.WIFSIGNALED(state):
        return f"signal {signal.Signals(os.WTERMSIG(state)).name}"
    return f"exit code {os.waitstatus_to_exitcode(state)}"
