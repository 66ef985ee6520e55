"""Texts with answers that were written for the course: small test sets for the chapters. Chapters 02, 04 and later.

They are the course's own, so that they can ship with it; no checkpoint was trained on them. They are small: give an
interval with every figure. Licence: that of the course, Apache-2.0.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "files"


@dataclass(frozen=True)
class Review:
    """What a customer writes. `kind` is plain, negation or mixed."""

    text: str
    positive: bool
    kind: str


@dataclass(frozen=True)
class Question:
    """A question about a passage. `kind` is span (it stands in the passage), yes-no or written (in other words)."""

    question: str
    passage: str
    answers: tuple[str, ...]
    kind: str


@dataclass(frozen=True)
class Pair:
    """A sentence and its translation. `kind` is caption (of a picture) or shop (from a letter)."""

    english: str
    french: str
    kind: str


@dataclass(frozen=True)
class Message:
    """A letter, e-mail, chat, note or short conversation (`form`), of a `kind` such as complaint or invitation.

    `summary` is one person's; `facts` are what a good summary has: for each fact the words of which one is enough.
    `part` is validation or test.
    """

    text: str
    summary: str
    facts: tuple[tuple[str, ...], ...]
    form: str
    kind: str
    part: str


@dataclass(frozen=True)
class Named:
    """A sentence and the names in it: pairs of a type (PER, ORG or LOC) and the name as it stands in the sentence."""

    text: str
    names: frozenset[tuple[str, str]]


def reviews() -> list[Review]:
    """240 short reviews, as many pleased as displeased."""
    return [Review(row["text"], row["label"] == "positive", row["kind"]) for row in _rows("reviews.tsv")]


def questions() -> list[Question]:
    """80 questions about 20 invented passages, four each."""
    lines = (FOLDER / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [Question(**row | {"answers": tuple(row["answers"])}) for row in map(json.loads, lines)]


def translations() -> list[Pair]:
    """80 English sentences with a French translation, half of them captions of pictures."""
    return [Pair(row["en"], row["fr"], row["kind"]) for row in _rows("en_fr.tsv")]


def named() -> list[Named]:
    """20 sentences with the persons, organisations and places that they name; three sentences name nobody."""
    rows = [(row["text"], row["names"] or "") for row in _rows("names.tsv")]
    return [Named(text, frozenset(tuple(one.split(" ", 1)) for one in names.split("|") if one)) for text, names in rows]


def messages(part: str) -> list[Message]:
    """75 everyday messages of one part, validation or test. Raises ValueError for another part."""
    if part not in ("validation", "test"):
        raise ValueError(f"there is no part {part!r} of the messages. The parts are: validation, test.")
    lines = (FOLDER / "letters.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [{key: value for key, value in json.loads(line).items() if key != "id"} for line in lines]
    found = [Message(**row | {"facts": tuple(map(tuple, row["facts"]))}) for row in rows]
    return [message for message in found if message.part == part]


def prose() -> list[str]:
    """Two pieces of some 2,000 characters: a scene, and instructions."""
    return [part.strip() for part in (FOLDER / "prose.txt").read_text(encoding="utf-8").split("\n---\n")]


def mailbox(path: Path | str = FOLDER / "mailbox.tsv") -> list[tuple[str, str]]:
    """Messages to a shop as pairs of a text and its label; some came more than once. Chapter 03.

    `path` is a file of your own in the same form: two columns, label and text, with a tab between them and their names
    in the first line. Raises ValueError for a file in another form or not in UTF-8, or with fewer than two labels.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").split("\n")  # a text may hold other line separators
    except UnicodeDecodeError as problem:
        raise ValueError(
            f"{path} is not in UTF-8: byte {problem.start} cannot be read. "
            "Save it as UTF-8, with a tab between the columns."
        ) from problem
    numbered = [(at, [part.strip() for part in line.split("\t")]) for at, line in enumerate(lines, 1) if line.strip()]
    rows = [row for _, row in numbered]
    for place, (number, row) in enumerate(numbered):
        if len(row) != 2 or not all(row) or (place == 0 and row != ["label", "text"]):
            raise ValueError(
                f"{path}: line {number} is {' | '.join(row)!r:.80}. Expected a label, one tab and a text; the first "
                "line has the names of the columns, label and text."
            )
    found = [(text, label) for label, text in rows[1:]]
    if len({label for _, label in found}) < 2:
        raise ValueError(f"{path} has fewer than two different labels: there is nothing to tell apart.")
    return found


def replies() -> list[tuple[str, str]]:
    """40 of the messages with a reply in two short sentences: what chapter 03 tunes a chat model on."""
    return [(row["message"], row["reply"]) for row in _rows("replies.tsv")]


def _rows(file: str) -> list[dict[str, str]]:
    with (FOLDER / file).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
