"""What lies in the cache and is not used by this version of the course: `course clean --old` lists and removes it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from course_lib.checkpoints import catalogue, home, lock_of, wheels


def not_used() -> list[Path]:
    """Prepared folders and wheels of other versions, what interrupted preparations have left, and tables of texts as
    they lay before they had records.
    """
    used = {entry.folder for entry in catalogue().values()}
    kept = {wheel["file"] for wheel in wheels().values()}
    prepared = (path for path in _in("checkpoints", "[!.]*-*") if path.is_dir() and path not in used)
    fetched = (path for path in _in("wheels", "*.whl") if path.name not in kept)
    return [*prepared, *_left_over(), *fetched, *_in("datasets", "generator")]


def _left_over() -> Iterator[Path]:
    """Hidden folders of the checkpoints that no process is preparing now."""
    from filelock import FileLock, Timeout

    for name, entry in catalogue().items():
        if found := _in("checkpoints", f".{name}-*"):
            with contextlib.suppress(Timeout), FileLock(lock_of(entry), timeout=0):
                yield from found


def size_of(path: Path) -> int:
    """The bytes of a file, or of all files in a folder."""
    return sum(one.stat().st_size for one in [path, *path.rglob("*")] if one.is_file())


def _in(folder: str, pattern: str) -> list[Path]:
    return sorted((home() / folder).glob(pattern))
