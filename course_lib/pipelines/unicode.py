"""Composed characters and plain letters for the model, places in the text that was given for the reader.

"é" can be one character or two, "e" and an accent: macOS and PDF files write two. Tokenizers were trained on one. PDF
files also write "ﬁ" as one character; others write Latin letters as wide as Chinese ones, or in the styles of formulas.
Of normalization form KC only what concerns letters and digits is taken: it would make "2" of "²" and "1⁄2" of "½".
Source: Unicode Standard Annex 15, normalization forms C and KC.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

WIDE = re.compile("[\uff01-\uff5e]+")  # ASCII in full width


@dataclass(frozen=True)  # no tuple: a pipeline would take it apart
class Composed:
    """A text in normalization form C with plain letters, and where its characters begin and end in the text given."""

    text: str
    starts: list[int] | None  # (character,); None where nothing has moved
    ends: list[int] | None

    def given(self, start: int, end: int) -> tuple[int, int]:
        """Where the characters `start` to `end` of the composed text stand in the text given."""
        if self.starts is None or not 0 <= start < end <= len(self.starts):
            return start, end
        return self.starts[start], self.ends[end - 1]


def composed(text: str) -> Composed:
    """`text` in normalization form C, its letters plain, with the places of its characters.

    A text without loose accents, ligatures and letters of other widths and styles is unchanged.
    """
    forms = _plain_forms(text)
    whole = unicodedata.normalize("NFC", "".join(forms))
    if whole == text:
        return Composed(text, None, None)
    made, starts, ends, begin = [], [], [], 0
    for stop in range(1, len(text) + 1):
        if stop < len(text) and _joins(text[stop]):
            continue
        cluster = text[begin:stop]  # a character with its accents
        parts = unicodedata.normalize("NFC", "".join(forms[begin:stop]))
        made.append(parts)
        one_to_one = parts == cluster or len(parts) == len(cluster) == 1
        starts += range(begin, stop) if one_to_one else [begin] * len(parts)
        ends += range(begin + 1, stop + 1) if one_to_one else [stop] * len(parts)
        begin = stop
    if "".join(made) != whole:  # a script with rarer rules: leave it as it is
        return Composed(text, None, None)
    return Composed(whole, starts, ends)


def _joins(character: str) -> bool:
    """Whether a character can become one with that before it: accents, and the later letters of a Hangul syllable."""
    return (
        unicodedata.combining(character) != 0
        or unicodedata.category(character) in ("Mc", "Mn")
        or ("\u1161" <= character <= "\u11c2")
    )


def _plain_forms(text: str) -> list[str]:
    """What each character of a text stands for, mostly itself; punctuation beside a full-width letter is plain too."""
    if text.isascii():
        return [*text]
    forms = [plain(character) for character in text]
    for run in WIDE.finditer(text):
        if any(map(str.isalnum, run[0])):
            forms[run.start() : run.end()] = [unicodedata.normalize("NFKC", character) for character in run[0]]
    return forms


def plain(character: str) -> str:
    """What a ligature, long s, full-width form or letter of formulas stands for (Latin letters, a digit), or itself."""
    if character < "\u0132" or unicodedata.category(character) not in ("Lu", "Ll", "Lt", "Nd"):
        return character
    tag = unicodedata.decomposition(character).partition(" ")[0]
    if tag not in ("<compat>", "<wide>") and not (tag == "<font>" and character >= "\U0001d400"):  # not "ℹ", "ℝ"
        return character
    letters = unicodedata.normalize("NFKC", character)
    latin = all(one.isascii() or unicodedata.name(one, "").startswith("LATIN ") for one in letters)
    return letters if latin and letters.isalnum() else character
