"""Tables of the library `datasets` that lie in the cache: checked each time they are opened, made anew if damaged.

`$COURSE_HOME/datasets/KEY/` holds one table and, beside it, what `map` has computed from it. `checked.json` in that
folder has its name and the sha256 of each file. A file that `map` has added since is entered when the table is opened
next. (The folder's name is short, since `datasets` puts the whole path into the names of its locks.)
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from course_lib.checkpoints import mismatch
from course_lib.checkpoints.fetch import sha256_of
from course_lib.checkpoints.storage import (
    CheckpointError,
    can_write,
    explained,
    home,
    locked,
    make_folder,
    own_home,
    remove,
)
from course_lib.whole_files import write_atomically

if TYPE_CHECKING:
    from datasets import Dataset, IterableDataset

RECORD = "checked.json"
END = b"\xff\xff\xff\xff\x00\x00\x00\x00"  # of an Arrow stream: a message of no bytes


def place() -> Path:
    """The folder of all tables: in `home()`, or in a folder of this user's own where that may only be read.

    Raises CheckpointError where neither can be written.
    """
    shared = home() / "datasets"
    if can_write(shared):
        return shared
    with contextlib.suppress(CheckpointError):
        own = own_home() / "datasets"
        if can_write(own):
            return own
    raise CheckpointError(
        f"{shared} cannot be written, and nor can a cache folder in your home: tables of texts have no place. "
        "Set COURSE_HOME to a folder that you can write."
    )


def table(name: str, rows: Callable, arguments: dict, streaming: bool = False) -> Dataset | IterableDataset:
    """The table of what the generator `rows(**arguments)` yields, out of the cache if it is there and whole.

    With `streaming` nothing is stored and rows come one by one. Raises CheckpointError where it cannot be written.
    """
    key = hashlib.sha256(json.dumps([name, arguments], sort_keys=True).encode()).hexdigest()[:10]
    folder = place() / key
    with explained(f"The table {name} cannot be made in {folder}"):
        make_folder(folder.parent)
        from datasets import Dataset
        from datasets.exceptions import DatasetGenerationError
        from datasets.io.generator import GeneratorDatasetInputStream

        if streaming:  # the builder wants a folder, although it stores nothing
            return GeneratorDatasetInputStream(
                rows, gen_kwargs=arguments, streaming=True, cache_dir=str(folder.parent / "streams")
            ).read()
        with locked(_lock_of(folder), f"makes the table {name}"):
            if _harm(folder):
                remove(folder)
            try:
                made = Dataset.from_generator(rows, gen_kwargs=arguments, cache_dir=str(folder))
            except DatasetGenerationError as problem:
                if isinstance(problem.__cause__, OSError):
                    raise problem.__cause__ from problem
                raise
            _enter(folder, name)
    return made


def enter(dataset: Dataset) -> None:
    """Enter what `map` has just stored beside a table into the table's record."""
    for file in dataset.cache_files:
        for folder in Path(file["filename"]).parents:
            if (folder / RECORD).is_file():
                with explained(f"{folder / RECORD} cannot be written"), locked(_lock_of(folder), "makes a table"):
                    _enter(folder)


def damaged() -> dict[Path, str]:
    """Each table in the cache that is damaged, by its folder, and what is wrong with it. Only reads.

    A folder without a record is none: it is made anew before it is read.
    """
    with explained("The tables of texts cannot be looked at"):
        folders = sorted(path for path in place().glob("*/") if (path / RECORD).exists())
        return {folder: harm for folder in folders if (harm := _harm(folder))}


def mend() -> dict[Path, str]:
    """Remove the tables that are damaged, so that they are made anew when they are used next; returns them."""
    found = damaged()
    for folder in found:
        with explained(f"{folder} cannot be removed"), locked(_lock_of(folder), "makes a table"):
            if _harm(folder):
                remove(folder)
    return found


def _lock_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")


def _harm(folder: Path) -> str | None:
    """What is wrong with the folder of a table, in words; None if all that its record lists is whole."""
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        if not isinstance(record, dict) or not isinstance(record.get("files"), dict) or not record["files"]:
            return f"{folder / RECORD} is not a record of a table"
        for file, expected in record["files"].items():
            path = folder / file
            if not path.is_file() and path.name.startswith("cache-"):
                continue  # `map` computes it again
            if wrong := mismatch(path, expected):
                return wrong
        for path in sorted(folder.rglob("*")):
            if _counts(path) and not path.name.startswith("cache-") and _name_in(folder, path) not in record["files"]:
                return f"{path} is not in the table's record"
    except (OSError, ValueError, RecursionError) as problem:  # the last: many brackets
        return f"{folder / RECORD} cannot be read ({problem})"
    return None


def _enter(folder: Path, name: str = "") -> None:
    """Write the record anew if there are files that it does not list; those that it lists have been checked before.

    What `map` has stored and does not open is removed: it computes that again.
    """
    record = folder / RECORD
    known = json.loads(record.read_text(encoding="utf-8")) if record.is_file() else {"name": name, "files": {}}
    paths = {_name_in(folder, path): path for path in sorted(folder.rglob("*")) if _counts(path)}
    for file, path in list(paths.items()):
        if file not in known["files"] and path.name.startswith("cache-") and not _opens(path):
            paths.pop(file).unlink()
    if paths.keys() <= known["files"].keys():
        return
    known["files"] = {file: known["files"].get(file) or sha256_of(path) for file, path in paths.items()}
    write_atomically(record, json.dumps(known, indent=1) + "\n")


def _name_in(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()


def _opens(path: Path) -> bool:
    """Whether all batches of an Arrow file, and the mark of its end, are there; their numbers are not looked at."""
    import pyarrow

    try:
        with pyarrow.memory_map(str(path)) as file:
            with pyarrow.ipc.open_stream(file) as batches:
                for _ in batches:
                    pass
            file.seek(file.size() - len(END))
            return file.read() == END
    except (OSError, ValueError):  # pyarrow's own errors are ValueError
        return False


def _counts(path: Path) -> bool:
    """Whether this is a finished file of `datasets`: it writes under other names, and renames."""
    return path.suffix == ".arrow" or path.name == "dataset_info.json"
