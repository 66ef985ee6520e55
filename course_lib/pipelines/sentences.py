"""Sentences of a text for a translator that was trained on single ones: what is between them is kept and put back.

Line breaks stay where they stand; one that tears a sentence apart, as in a text of fixed width, is read as a space.
Runs of spaces and tabs are one space. The number of a list item, "1." before "Buy milk.", is no sentence: it is kept as
it stands, and so is what has no letter: "-----", "***", an emoji. `capitals.py` says what becomes of capitals.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from course_lib.pipelines.capitals import quiet
from course_lib.pipelines.inputs import has_letter

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

    @property
    def wordless(self) -> bool:
        """Whether there is no letter in it, and so nothing to translate."""
        return not has_letter(self.sentence)


def parts(text: str, english: bool = False, pieces: Callable[[str], int] | None = None) -> list[Part]:
    """The sentences of a text in their order; each with what is around it gives the text, spaces made single.

    `pieces` says into how many pieces the vocabulary cuts a word, for words in capitals. A line without a letter keeps
    its spaces.
    """
    found: list[Part] = []
    first = ""  # line breaks before any sentence, then numbers of list items
    lines = LINE_BREAK.split(TORN.sub(" ", NOTHING.sub("", text)))  # a line, a break, a line, ...
    for number in range(0, len(lines), 2):
        line = lines[number]
        sentences = [line] if line.strip() and not has_letter(line) else split(" ".join(line.split()))
        line_break = lines[number + 1] if number + 1 < len(lines) else ""
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
            read, capitals = quiet(sentence, english, pieces)
            found.append(Part(read, after, capitals, first))
            first = ""
    return found


def to_translate(found: list[Part], whole: bool = False) -> list[Part]:
    """The parts of a text that have words; what has none is put before or behind them, as it stands.

    With `whole` they are one, with the wordless parts between them. A text without a word is one part with an empty
    sentence.
    """
    worded = [number for number, part in enumerate(found) if not part.wordless]
    if not worded:
        return [Part("", "", False, _as_it_stands(found))]
    begin, *rest = found[worded[0] : worded[-1] + 1]
    begin = replace(begin, before=_as_it_stands(found[: worded[0]]) + begin.before)
    made = [begin]
    for part in rest:
        if whole:
            capitals = made[0].capitals and (part.capitals or part.wordless)
            sentence = f"{made[0].sentence} {part.before}{part.sentence}"
            made = [replace(part, sentence=sentence, capitals=capitals, before=begin.before)]
        elif part.wordless:
            made[-1] = replace(made[-1], after=made[-1].after + _as_it_stands([part]))
        else:
            made.append(part)
    made[-1] = replace(made[-1], after=made[-1].after + _as_it_stands(found[worded[-1] + 1 :]))
    return made


def _as_it_stands(found: list[Part]) -> str:
    """The text of some parts."""
    return "".join(part.before + part.sentence + part.after for part in found)


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
