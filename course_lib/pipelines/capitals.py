"""Capitals in a text for a translator, whose vocabulary of normal case spells most of them letter by letter.

A sentence in capitals is read as if in normal case, and its translation is in capitals. In another sentence a word in
capitals ("It is NOT here.") is read in lowercase where the vocabulary knows it so, and its translation stays so.
Abbreviations keep their capitals.
"""

from __future__ import annotations

import re
from collections.abc import Callable

WORD = re.compile(  # with the "'S" or "'T" behind it; in an address, in "MP3" and in "README.md" there is none
    r"(?<![\w@/\\])(?<!\w\.)(?P<stem>[^\W\d_]+)(?P<ending>['’](?:S|T|RE|VE|LL|D|M)(?!\w))?(?![\w@/\\]|\.\w)"
)
ROMAN = re.compile("[IVX]{2,}")
NAMED = re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof|St)\.? $")  # a name comes next
LISTED = (
    "ADHD API ASAP ASCII ASEAN ATM BBC BERT BIOS BMW CEO CIA CNN COVID CPR CPU CSS CSV DIY DNA DNS DVD ESA ETA EU EUR "
    "FAQ FBI FIFA FYI GBP GDP GIF GMT GNU GPS GPT GPU HDMI HIV HTML IBAN IBM ICU INSEE IOU IQ ISBN ISO JPEG JPG JSON "
    "KDE LCD LGBT MBA MIDI MIT MRI NASA NATO NGO NHS NLP NSA OCR OECD OPEC PDF PHP PNG POSIX QR RNA RSVP SCSI SMS SQL "
    "SSD TBA TBC TCP UEFA UFO UK UNESCO UNHCR UNICEF UNIX URL USA USB USD USSR UTC VAT VIP VPN WIFI WWW XML YMCA"
)
LISTED_WORDS = (  # abbreviations that are words too: in a sentence in capitals they are words
    "AD AI AIDS AM CA CAD CD DC DR ED HR ID IDE IE IP IT LA LED MA MS PA PC PIN PM PR RAID RAM ROM SAT SIM TV UN US WHO"
)
ABBREVIATIONS, OFTEN_WORDS = (frozenset(listed.split()) for listed in (LISTED, LISTED_WORDS))


def quiet(sentence: str, english: bool = False, pieces: Callable[[str], int] | None = None) -> tuple[str, bool]:
    """A sentence as a translator reads it, and whether its translation is to be in capitals.

    `pieces` says into how many pieces the vocabulary cuts a word. Without it only sentences of several words change.
    """
    if in_capitals(sentence):
        small = normal_case(sentence, english)
        if pieces is None or len(small) != len(sentence):
            return small, True
        for word in WORD.finditer(sentence):
            stem, (start, end) = word["stem"], word.span("stem")
            if _abbreviated(stem) or pieces(stem) < pieces(stem.lower()):
                small = small[:start] + stem + small[end:]
        return small, True
    words = [word["stem"] for word in WORD.finditer(sentence) if len(word["stem"]) > 1]
    shouted = [word for word in words if word.isupper()]
    if pieces is None or not shouted:
        return sentence, False
    if sentence.isupper():  # a single word, or several of two letters
        capitals = all(is_word(word, pieces, loud=sentence.endswith("!")) for word in words)
        return (normal_case(sentence, english) if capitals else sentence), capitals
    loud = len(shouted) > 2 and 2 * len(shouted) > len(words)
    return _lowered(sentence, english, pieces, loud), False


def is_word(word: str, pieces: Callable[[str], int], loud: bool) -> bool:
    """Whether a word in capitals is one that the vocabulary knows better in lowercase, and no abbreviation.

    A vocabulary has pieces for all letters, so a short abbreviation too may fall into fewer of them in lowercase
    ("us", "b"): up to four letters, half as many pieces as letters are asked for, unless the sentence is loud.
    """
    if _abbreviated(word) or not loud and word in OFTEN_WORDS:
        return False
    small = min(pieces(word.lower()), pieces(word.capitalize()))
    return small < pieces(word) and (loud or len(word) > 4 or small <= max(1, len(word) // 2))


def _abbreviated(word: str) -> bool:
    """Whether a word in capitals is a known abbreviation or a Roman number."""
    return word in ABBREVIATIONS or ROMAN.fullmatch(word) is not None


def _lowered(sentence: str, english: bool, pieces: Callable[[str], int], loud: bool) -> str:
    """A sentence with some lowercase letters; words in capitals are lowercase where the vocabulary knows them so."""
    first = re.search(r"[^\W\d_]", sentence).start()

    def small(word: re.Match) -> str:
        stem, ending, start = word["stem"], word["ending"] or "", word.start()
        if len(stem) == 1:
            article = loud and english and stem == "A" and start > first and sentence[word.end() :][:1] == " "
            return ("a" if article else stem) + (ending.lower() if loud else ending)
        if not stem.isupper() or not is_word(stem, pieces, loud):
            return word[0]
        capital = start == first or NAMED.search(sentence[:start]) is not None
        capital = capital or pieces(stem.capitalize()) < pieces(stem.lower())  # "Paris"
        return (stem.capitalize() if capital else stem.lower()) + ending.lower()

    return WORD.sub(small, sentence)


def in_capitals(sentence: str) -> bool:
    """Whether a sentence of two words or more, one of them with three letters, has no lowercase letter."""
    words = re.findall(r"[^\W\d_]+", sentence)
    return len(words) > 1 and sentence.isupper() and max(map(len, words)) > 2


def normal_case(sentence: str, english: bool = False) -> str:
    """A sentence in capitals with a capital at its beginning only; in English the pronoun I keeps its own."""
    small = sentence.lower()
    small = re.sub(r"\bi\b(?!\.)", "I", small) if english else small
    first = re.search(r"[^\W\d_]", small)
    return small[: first.start()] + small[first.start()].upper() + small[first.end() :] if first else small
