"""Files written whole or not at all, also where another process reads them in that moment."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PATIENCE = 0.5  # seconds; who reads a small file has closed it long before
PAUSE = 0.01  # seconds


def patiently(call: Callable, *arguments: Any) -> Any:
    """What `call(*arguments)` returns; where the system refuses it, it is tried again for half a second.

    Windows lets nobody replace, or open, a file in the moment in which another process has it open, or replaces it.
    Raises the last PermissionError when the time is over, and any other error at once.
    """
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return call(*arguments)
        except PermissionError:
            if time.monotonic() >= end:
                raise
        time.sleep(PAUSE)


def write_atomically(path: Path, text: str) -> None:
    """Write `text` (UTF-8) so that `path` holds either the old content or all of the new, whatever happens.

    Raises OSError where it cannot be written, UnicodeEncodeError for half a character; the old content is left then.
    """
    new = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(new, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())  # else a machine that stops may keep the new name, and nothing under it
        patiently(os.replace, new, path)
    finally:
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)
