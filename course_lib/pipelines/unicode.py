"""Composed characters for the model, places in the text that was given for the reader.

"é" can be one character or two, "e" and an accent: macOS and PDF files write two. Tokenizers were trained on one.
Source: Unicode Standard Annex 15, normalization form C.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass


@dataclass(frozen=True)  # no tuple: a pipeline would take it apart
class Composed:
    """A text in normalization form C, and where each of its characters begins and ends in the text given."""

    text: str
    starts: list[int] | None  # (character,); None where nothing has moved
    ends: list[int] | None

    def given(self, start: int, end: int) -> tuple[int, int]:
        """Where the characters `start` to `end` of the composed text stand in the text given."""
        if self.starts is None or not 0 <= start < end <= len(self.starts):
            return start, end
        return self.starts[start], self.ends[end - 1]


def composed(text: str) -> Composed:
    """`text` in normalization form C with the places of its characters; a text without loose accents is unchanged."""
    whole = unicodedata.normalize("NFC", text)
    if whole == text:
        return Composed(text, None, None)
    made, starts, ends, begin = [], [], [], 0
    for stop in range(1, len(text) + 1):
        if stop < len(text) and _joins(text[stop]):
            continue
        cluster = text[begin:stop]  # a character with its accents
        parts = unicodedata.normalize("NFC", cluster)
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
