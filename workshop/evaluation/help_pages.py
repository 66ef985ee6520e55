"""English sentences of LibreOffice's help with their French translation, in three fixed parts.

The pages are in Debian's packages `libreoffice-help-en-us` and `libreoffice-help-fr` (measured with version 4:7.4.7),
under `usr/share/libreoffice/help`; their text is MPL-2.0. Both languages give a paragraph the same id in the same page,
so the pairs need no guessing; a paragraph of several sentences is cut where both languages have the same number.
"""

from __future__ import annotations

import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

from course_lib.data.leads import PARTS

LONGEST = 60  # words


class _Paragraphs(HTMLParser):
    """The text of every paragraph, heading and cell that has an id, by id."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: dict[str, str] = {}
        self.name, self.tag = "", ""

    def handle_starttag(self, tag, attrs):
        name = dict(attrs).get("id") or ""
        if tag in ("p", "h1", "h2", "h3", "h4", "h5") and re.match(r"(par|hd)_", name):
            self.name, self.tag = name, tag
            self.found[name] = ""
        elif tag in ("img", "br") and self.name:
            self.found[self.name] += " "

    def handle_data(self, data):
        if self.name:
            self.found[self.name] += data

    def handle_endtag(self, tag):
        if tag == self.tag:
            self.name = self.tag = ""


def split_before_capitals(text: str) -> list[str]:
    """The sentences of a paragraph, cut after a full stop, question or exclamation mark before a capital letter."""
    return re.split(r"(?<=[.!?])\s+(?=[A-ZÀÂÇÉÈÊÎÔÛ\"«])", " ".join(text.split()))


def part_of(page: str) -> str:
    """The part to which a page belongs: 90 % train, 5 % validation, 5 % test, by a hash of its path."""
    number = int(hashlib.sha256(page.encode()).hexdigest()[:8], 16) % 20
    return {0: "test", 1: "validation"}.get(number, "train")


def help_pairs(folder: Path, part: str) -> list[tuple[str, str]]:
    """The pairs (English, French) of one part; none of test or validation has either side in common with train.

    `folder` holds `en-US/text` and `fr/text`. Raises FileNotFoundError if it does not, ValueError for an unknown part.
    """
    if part not in PARTS:
        raise ValueError(f"there is no part {part!r} of the help pages. The parts are: {', '.join(PARTS)}.")
    english, french = Path(folder) / "en-US" / "text", Path(folder) / "fr" / "text"
    for language in (english, french):
        if not language.is_dir():
            raise FileNotFoundError(
                f"{language} is missing. Unpack Debian's libreoffice-help-en-us and libreoffice-help-fr (dpkg-deb -x) "
                "and give the folder usr/share/libreoffice/help."
            )
    parts: dict[str, dict[str, str]] = {name: {} for name in PARTS}
    for page in sorted(english.rglob("*.html")):
        relative = page.relative_to(english)
        if not (french / relative).is_file():
            continue
        texts = []
        for path in (page, french / relative):
            parser = _Paragraphs()
            parser.feed(path.read_text(encoding="utf-8"))
            texts.append(parser.found)
        for name, text in texts[0].items():
            ours, theirs = split_before_capitals(text), split_before_capitals(texts[1].get(name, ""))
            if len(ours) != len(theirs):
                ours, theirs = [" ".join(ours)], [" ".join(theirs)]
            for one, other in zip(ours, theirs, strict=True):
                if _usable(one, other):
                    parts[part_of(relative.as_posix())].setdefault(one, other)
    learned = {*parts["train"], *parts["train"].values()}
    if part == "train":
        return list(parts["train"].items())
    return [pair for pair in parts[part].items() if not learned.intersection(pair)]


def _usable(one: str, other: str) -> bool:
    """Whether a pair is translated text of a fair length, and not a formula, a file name or a list of codes."""
    words = (len(one.split()), len(other.split()))
    letters = sum(character.isalpha() or character == " " for character in one)
    return one != other and min(words) >= 3 and max(words) <= LONGEST and max(words) <= 3 * min(words) and (
        letters > 0.75 * len(one)
    )  # fmt: skip
