"""The cache folder: where it is, how one process at a time writes there, and what is said where it cannot be."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

PATIENCE = 3.0  # seconds for which a process waits for another without saying so
ADVICE = "Make room or mend the rights there, or set COURSE_HOME to a folder that you can write."


class CheckpointError(RuntimeError):
    """A checkpoint or text is missing, damaged or cannot be prepared; the message says which file, and what to do."""


def home() -> Path:
    """The cache folder, always absolute: `COURSE_HOME` if it is set, else the platform's folder for caches.

    A relative `COURSE_HOME` is made absolute where it is first asked for, and set so: whatever starts in another folder
    later finds the same one. Raises CheckpointError where there is no such home folder, or no folder to begin in.
    """
    chosen = os.environ.get("COURSE_HOME")
    if not chosen:
        return own_home()
    try:
        folder = Path(os.path.abspath(Path(chosen).expanduser()))
    except RuntimeError as problem:  # ~somebody, where there is no such user
        raise CheckpointError(f"COURSE_HOME is {chosen!r}, and there is no such home folder. {ADVICE}") from problem
    except FileNotFoundError as problem:
        here = "it begins in the folder where this runs, which is no longer there"
        raise CheckpointError(
            f"COURSE_HOME is {chosen!r}: {here}. Give it as a whole path, from the root on."
        ) from problem
    if not Path(chosen).is_absolute():
        os.environ["COURSE_HOME"] = str(folder)
    return folder


def own_home() -> Path:
    """The platform's folder for this user's caches. Raises CheckpointError for a user without a home folder."""
    import platformdirs

    with contextlib.suppress(RuntimeError):  # which newer versions of platformdirs raise
        folder = Path(platformdirs.user_cache_dir("transformers-executed", appauthor=False))
        if folder.is_absolute():
            return folder
    raise CheckpointError("This user has no home folder. Set HOME, or COURSE_HOME to a folder that you can write.")


def can_write(folder: Path) -> bool:
    """Whether files can be made in `folder`, which need not be there yet. Writes nothing."""
    try:
        place = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
        folder.exists()  # an error for a name that is too long, or a folder that may not be entered
    except OSError:
        return False
    return place.is_dir() and os.access(place, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids)


def make_folder(folder: Path) -> Path:
    """Make a folder; what is made of the cache may be read by everyone, whatever this user's umask is."""
    new = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for path in new:
        if path.is_relative_to(home()):
            path.chmod(0o755)
    return folder


def remove(path: Path) -> None:
    """Remove what lies at `path`: a folder, a file, or a link but not what it leads to. Nothing there is no error."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def explained(what: str) -> Iterator[None]:
    """Raise CheckpointError, which begins with `what`, for anything that the system refuses inside the block."""
    try:
        yield
    except OSError as problem:
        raise CheckpointError(f"{what} ({problem}). {ADVICE}") from problem


@contextlib.contextmanager
def locked(path: Path, work: str) -> Iterator[None]:
    """Hold the lock file `path` inside the block; after a while of waiting, say on stderr for which `work`."""
    from filelock import FileLock, Timeout

    lock = FileLock(path)
    try:
        lock.acquire(timeout=PATIENCE)
    except Timeout:
        print(f"Waiting for another process, which {work} and holds {path} ...", file=sys.stderr, flush=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
