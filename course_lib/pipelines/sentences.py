"""Sentences of a text for a translator that was trained on single ones: what is between them is kept and put back.

Line breaks stay where they stand; one that tears a sentence apart, as in a text of fixed width, is read as a space.
Runs of spaces and tabs are one space. A sentence in capitals is translated as if in normal case, and the translation is
in capitals. The number of a list item, "1." before "Buy milk.", is no sentence: it is kept as it stands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

LINE_BREAK = re.compile(r"(\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029])")  # as str.splitlines has them
TORN = re.compile(r"(?<=[^\W\d_])(?<![.!?:;])(?:\r\n|[\n\r])[ \t]*(?=[a-zß-öø-ÿ])")  # a word, a break, a small letter
NOTHING = re.compile("[\ufeff\u200b\u2060\xad]")  # a byte order mark, zero width, a soft hyphen: no part of a word
ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|vs|etc|e\.g|i\.e|cf|Fig|vol|p|pp|approx|Inc|Ltd|Co|Gen|Col|Sgt|Mt)"
    r"|\b[^\W\d_])\.$"
)
NUMBER = re.compile(r"\b(?:No|NO|[Nn]os|NOS)\.$")  # before a digit only: "No. 5", and "No. It was late."
LIST_NUMBER = re.compile(r"[\W_]*\d+(?:\.\d+)*\.")  # "1.", "2.3.", "- 4."
END = re.compile(r"""[.!?…]+["'”’»)\]]*\s+(?=["'“‘«(\[]*[^\W_])""")


@dataclass(frozen=True)  # no tuple: a pipeline would take it apart
class Part:
    """A sentence, what follows it in the text, whether it was in capitals, and what stands before it.

    That is line breaks before the first sentence, and the number of a list item.
    """

    sentence: str
    after: str
    capitals: bool
    before: str = ""


def parts(text: str, english: bool = False) -> list[Part]:
    """The sentences of a text in their order; each with what is around it gives the text, spaces made single."""
    found: list[Part] = []
    first = ""  # line breaks before any sentence, then numbers of list items
    pieces = LINE_BREAK.split(TORN.sub(" ", NOTHING.sub("", text)))  # a line, a break, a line, ...
    for number in range(0, len(pieces), 2):
        sentences = split(" ".join(pieces[number].split()))
        line_break = pieces[number + 1] if number + 1 < len(pieces) else ""
        if not sentences:  # an empty line
            if found:
                found[-1] = replace(found[-1], after=found[-1].after + line_break)
            else:
                first += line_break
            continue
        for place, sentence in enumerate(sentences):
            if place < len(sentences) - 1 and LIST_NUMBER.fullmatch(sentence):
                first += sentence + " "
                continue
            after = " " if place < len(sentences) - 1 else line_break
            shouted = in_capitals(sentence)
            found.append(Part(normal_case(sentence, english) if shouted else sentence, after, shouted, first))
            first = ""
    return found


def split(line: str) -> list[str]:
    """The sentences of a line: cut after a full stop, exclamation or question mark.

    But not after "Mr.", after "J.", nor after the "No." of "No. 5".
    """
    sentences, begin = [], 0
    for end in END.finditer(line):
        before = line[begin : end.end()].rstrip()
        following = line[end.end() :].lstrip("\"'“‘«([")
        numbered = following[:1].isdigit() and NUMBER.search(before)
        if numbered or ABBREVIATION.search(before) or following[:1].islower():
            continue
        sentences.append(before)
        begin = end.end()
    return [*sentences, line[begin:]] if line[begin:] else sentences


def in_capitals(sentence: str) -> bool:
    """Whether a sentence of two words or more, one of them with three letters, has no small letter."""
    words = re.findall(r"[^\W\d_]+", sentence)
    return len(words) > 1 and sentence.isupper() and max(map(len, words)) > 2


def normal_case(sentence: str, english: bool = False) -> str:
    """A sentence in capitals with a capital at its beginning only; in English the pronoun I keeps its own."""
    small = sentence.lower()
    small = re.sub(r"\bi\b(?!\.)", "I", small) if english else small
    first = re.search(r"[^\W\d_]", small)
    return small[: first.start()] + small[first.start()].upper() + small[first.end() :] if first else small
