"""What the reader has done: one small file on this machine, read and written by `check`, `hint`, `predict`, `quiz`.

It lies in the platform's folder for a user's data, or in the folder that COURSE_PROGRESS names (a relative one begins
at the course's own folder, whoever asks). COURSE_PROGRESS=off keeps nothing: so the course executes its own chapters.

The file is a list of events in the order in which they happened, whatever the clock says. Each is added under a lock to
what is there, and the whole is written to a new file that takes the old one's place, so two notebooks at once lose
nothing and an interruption costs one event at most. A file that cannot be read is set aside, not deleted. Nothing here
raises: where nothing can be kept, that is said once and the course goes on.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from course_lib.whole_files import patiently, write_atomically

VERSION = 1
OFF = "off"
ROOT = Path(__file__).resolve().parents[1]
_said: set[str] = set()


def off() -> bool:
    """Whether nothing is to be kept."""
    return os.environ.get("COURSE_PROGRESS", "").lower() == OFF


def folder() -> Path | None:
    """Where the file lies, absolute; None where nothing is kept. Raises nothing."""
    chosen = os.environ.get("COURSE_PROGRESS", "")
    if off():
        return None
    try:
        if chosen:
            return ROOT / Path(chosen).expanduser()
        import platformdirs

        return Path(platformdirs.user_data_dir("transformers-executed", appauthor=False)).absolute()
    except (RuntimeError, OSError, KeyError) as problem:  # ~nobody, no home at all
        _say(f"Progress is not kept: {problem}. Set COURSE_PROGRESS to a folder of yours.")
        return None


def path() -> Path | None:
    """The file; None where nothing is kept."""
    place = folder()
    return None if place is None else place / "progress.json"


def record(kind: str, name: str, **what: object) -> None:
    """Add an event: `kind` is "check", "hint", "solution", "prediction", "outcome", "quiz" (opened) or "quiz-answer".

    `what` is more to be kept with it, as JSON can hold. A failed check that follows a failed check of the same
    exercise only raises its count, `times`.
    """
    event = {"kind": kind, "name": name, **what}
    file = path()
    if file is None:
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with _locked(file):
            events = _load(file)
            if events is None:
                return
            last = next((one for one in reversed(events) if one["name"] == name and one["kind"] == kind), {})
            if kind == "check" and last.get("passed") is what.get("passed") is False:
                last["times"] = last.get("times", 1) + 1
            else:
                events.append({**event, "when": _now()})
            held = {"version": VERSION, "events": events}
            write_atomically(file.resolve(), json.dumps(held, ensure_ascii=False, indent=0))
    except Exception as problem:  # never in a reader's cell
        _say(f"Progress is not kept: {_reason(problem)} ({file}). Set COURSE_PROGRESS to a folder of yours.")


def read() -> list[dict]:
    """Every event, the oldest first; none where nothing is kept or it cannot be read."""
    file = path()
    if file is None:
        return []
    try:
        return patiently(_load, file, False) or []
    except Exception as problem:
        _say(f"Progress cannot be read: {_reason(problem)} ({file}).")
        return []


def hints_taken(name: str) -> int:
    """How many hints of an exercise have been asked for."""
    return sum(event["kind"] == "hint" and event["name"] == name for event in read())


def predictions() -> dict[str, dict]:
    """By name, the reader's last prediction from before the outcome was shown, with "outcome" once it was.

    Predictions that were made after the outcome are left out.
    """
    found: dict[str, dict] = {}
    shown: set[str] = set()
    for event in read():
        name = event["name"]
        if event["kind"] == "prediction" and name not in shown:
            found[name] = dict(event)
        elif event["kind"] == "outcome" and name not in shown:
            shown.add(name)
            if name in found:
                found[name]["outcome"] = event.get("outcome")
                found[name]["right"] = event.get("right")
    return found


def pairs() -> list[tuple[float, bool]]:
    """How sure the reader was, 0.1 to 1, and whether it was right: one for each prediction whose outcome was shown."""
    return [
        (one["sure"] / 100, one["right"])
        for one in predictions().values()
        if isinstance(one.get("right"), bool) and isinstance(one.get("sure"), (int, float))
    ]


@contextlib.contextmanager
def _locked(file: Path) -> Iterator[None]:
    """One writer at a time. On a file system without locks, none: the file is written whole all the same."""
    from filelock import FileLock

    lock = FileLock(f"{file}.lock", timeout=10)
    try:
        lock.acquire()
    except (NotImplementedError, OSError) as problem:
        if isinstance(problem, (TimeoutError, PermissionError)):
            raise
    try:
        yield
    finally:
        lock.release()


def _load(file: Path, set_aside: bool = True) -> list[dict] | None:
    """The events in the file; None if it is another version's, which is left as it is."""
    try:
        text = file.read_bytes()
    except FileNotFoundError:
        return []
    try:
        held = json.loads(text)
        version, events = held["version"], held["events"]
        if isinstance(version, int) and version > VERSION:
            _say(f"{file} was written by a newer version of the course; this one leaves it alone and keeps nothing.")
            return None
        if version != VERSION or not isinstance(events, list):
            raise ValueError("no list of events")
        for one in events:
            if not isinstance(one.get("kind"), str) or not isinstance(one.get("name"), str):
                raise ValueError("an event without kind or name")
        return events
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        if set_aside:
            other = _free(file.with_name(f"progress.damaged-{_now().replace(':', '')}.json"))
            patiently(os.replace, file, other)
            _say(f"The progress file was damaged. It is now {other}, and a new one is begun.")
        else:
            _say(f"The progress file is damaged: {file}. It is set aside when the next thing is recorded.")
        return []


def _free(file: Path) -> Path:
    numbers = (file.with_stem(f"{file.stem}-{number}") for number in range(1, 1000))
    return file if not file.exists() else next(one for one in numbers if not one.exists())


def _now() -> str:
    try:
        return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    except (OSError, OverflowError, ValueError):  # a clock beyond what a date can be
        return "unknown"


def _reason(problem: Exception) -> str:
    return getattr(problem, "strerror", None) or str(problem) or type(problem).__name__


def _say(text: str) -> None:
    """Once in a session, beside the output of the cell."""
    if text not in _said:
        _said.add(text)
        print(text, file=sys.stderr)
