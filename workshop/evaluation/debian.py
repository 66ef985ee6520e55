"""Descriptions of Debian packages: a long text and the line that its author put above it, in three fixed parts.

The file is what apt knows of the release bookworm (12.15, the last point release) on amd64, which a Debian system that
has this release among its sources writes with

    apt-get update -o Acquire::Languages=en
    for kind in Packages Translations; do
        /usr/lib/apt/apt-helper cat-file $(apt-get indextargets --format '$(FILENAME)' \\
            "Created-By: $kind" "Codename: bookworm" "Component: main" -o Acquire::Languages=en)
    done > debian_packages.txt

On another architecture, `apt-get update` and `apt-get indextargets` both take `-o APT::Architecture=amd64`. Each
description was written by the people who made the package and has the package's own licence, a free one by Debian's
guidelines. Source of the format: https://www.debian.org/doc/debian-policy/ch-controlfields.html#description
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from course_lib.checkpoints.fetch import sha256_of
from course_lib.data.leads import PARTS

SHA256 = "009c7e52a80d41c9057a14b672677761d8309de61bf1e8c05a8d4e8985d35ed3"
WORDS = (20, 400)  # a long text has no fewer and no more


@dataclass(frozen=True)
class Description:
    """One package: its name, that of its source, its long description in one line, and its short description."""

    package: str
    source: str
    text: str
    short: str


def part_of(source: str) -> str:
    """The part to which a source package belongs: 80 % train, 10 % validation, 10 % test.

    The packages that are built from one source have nearly the same text, and so have the versions of one program that
    stand beside each other (gcc-11, gcc-12): the hash is that of the source's name without its numbers.
    """
    name = re.sub(r"[\d.]+", "", source)
    number = int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) % 10
    return {0: "test", 1: "validation"}.get(number, "train")


def records(lines: Iterable[str]) -> Iterator[dict[str, str]]:
    """The records of a file in Debian's control format, each as field name -> value with its line breaks.

    Only the fields that `descriptions` uses are kept; the language of a description is left out of its name.
    """
    record, field = {}, None
    for line in lines:
        if line[0] in " \t" and line.strip():
            if field:
                record[field] += line
        elif line.strip():
            name, _, value = line.partition(":")
            field = "Description" if name == "Description-en" else name
            field = field if field in ("Package", "Source", "Description") else None
            if field:
                record[field] = value.strip() + "\n"
        elif record:
            yield record
            record, field = {}, None
    if record:
        yield record


def long_text(body: str) -> str:
    """The indented lines under a short description in one line; a line with a full stop only ends a paragraph."""
    return " ".join(" ".join(line for line in body.splitlines() if line.strip() != ".").split())


def split_at_colons_and_stars(text: str) -> list[str]:
    """The sentences of a text, roughly: it is cut after each full stop and colon and before each star of a list."""
    return [part.strip() for part in re.split(r"(?<=[.:!?]) | (?=\* )", text) if part.strip()]


def descriptions(packages: Path, part: str) -> list[Description]:
    """The descriptions of one part, in the order of the packages' names, none of them twice.

    Two long texts count as the same if their letters are; the first package by name keeps it, whatever its part. The
    other two parts have one text of each source, so that rows are independent, and none that has half of its words or
    more in sentences that stand in a training text too.
    Raises FileNotFoundError or ValueError if `packages` is not the file that the course was measured with.
    """
    if part not in PARTS:
        raise ValueError(f"there is no part {part!r} of the descriptions. The parts are: {', '.join(PARTS)}.")
    path = Path(packages)
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing. workshop/evaluation/debian.py says how to write it with apt.")
    found = sha256_of(path)
    if found != SHA256:
        raise ValueError(
            f"{path} has sha256 {found}, expected {SHA256} (Debian 12.15, amd64, main). "
            "workshop/evaluation/debian.py says how to write it with apt."
        )
    with open(path, encoding="utf-8") as lines:
        parts = split(records(lines))
    if part == "train":
        return parts["train"]
    known = {sentence for row in parts["train"] for sentence in split_at_colons_and_stars(row.text)}

    def new(text: str) -> bool:
        return sum(len(s.split()) for s in split_at_colons_and_stars(text) if s in known) < len(text.split()) / 2

    first = {}
    for row in parts[part]:
        if new(row.text):
            first.setdefault(row.source, row)
    return list(first.values())


def split(found: Iterable[dict[str, str]]) -> dict[str, list[Description]]:
    """The descriptions in `found`, as `records` gives it, by part."""
    source, described = {}, {}
    for record in found:
        name = record["Package"].strip()
        if "Source" in record:  # absent where it is the package's own name; may have a version: "gcc-12 (12.2.0-3)"
            source[name] = record["Source"].split()[0]
        short, _, body = record.get("Description", "").partition("\n")
        if body:
            described[name] = (long_text(body), " ".join(short.split()))
    parts, seen = {part: [] for part in PARTS}, set()
    for name, (text, short) in sorted(described.items()):
        letters = "".join(filter(str.isalpha, text.lower()))
        if WORDS[0] <= len(text.split()) <= WORDS[1] and letters not in seen:
            seen.add(letters)
            row = Description(name, source.get(name, name), text, short)
            parts[part_of(row.source)].append(row)
    return parts
