"""Names for nothing: the titles of an encyclopaedia's articles, found again in its texts, with a type from each title's topic.

A title such as *Kyushu* is a place because its article's short description says "island and region of Japan". Wherever
the same words stand in another article they are a place too. What begins with a capital letter and is no known title may
be a name or not: it gets the tag UNSURE, from which nothing is learned. So do matches beside such a word, since *London*
in *London Symphony Orchestra* is no place.

The idea is that of Nothman et al., "Learning multilingual named entity recognition from Wikipedia", 2013, who follow the
links of the articles; these texts have none, so the same words have to do.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container

from course_lib.data.leads import Lead

UNSURE = "?"
WORDS = re.compile(r"\w+|[^\w\s]")
SENTENCES = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
LENGTHS = range(5, 61)  # words in a sentence that is used
# Tried from top to bottom on the short description; the first that fits decides.
KINDS = {
    "MISC": r"war|wars|battle|language|languages|ethnic group|ethnicity|religion|denomination|film|novel|album|painting|"
    r"poem|opera|song|book|books|epic|series|video game|treaty|revolution|festival|holiday|genocide|holy book",
    "ORG": r"band|company|corporation|university|college|organi[sz]ation|agency|club|team|political party|bank|newspaper|"
    r"broadcaster|network|institute|association|league|army|navy|studio|airline|manufacturer|alliance",
    "LOC": r"city|town|country|capital|river|mountain|mountains|island|islands|archipelago|sea|ocean|lake|gulf|strait|"
    r"region|province|state|continent|peninsula|desert|territory|municipality|kingdom|republic|empire|borough|valley|bay",
}  # fmt: skip
NATIONALITY = re.compile(r"[A-Z][a-z]+(an|ish|ese|ench|reek|utch|elsh|wiss|aqi|aeli|ani|tine)")
NO_NATION = {"Sultan", "Historian", "Guardian", "Musician"}
SMALL = {"of", "the", "de", "la", "von", "van", "'", "-"}  # inside longer names


def kind_of(lead: Lead) -> str | None:
    """PER, ORG, LOC or MISC, if the topic or the short description of an article gives it away; else None."""
    told = lead.description.lower()
    if lead.topic == "People":
        return None if re.search(r"\b(family|dynasty|brothers|duo|siblings|people|band|group)\b", told) else "PER"
    for kind, words in KINDS.items():
        if re.search(rf"\b({words})\b", told):
            return kind
    return "LOC" if lead.topic == "Geography" else None


def nationalities(leads: list[Lead]) -> set[str]:
    """The adjectives with which descriptions of people begin ("French painter"), if three of them do."""
    first = Counter(lead.description.split()[0] for lead in leads if lead.topic == "People" and lead.description)
    return {word for word, times in first.items() if times >= 3 and NATIONALITY.fullmatch(word)} - NO_NATION


def known_names(leads: list[Lead]) -> dict[tuple[str, ...], str]:
    """The words of each title that has a type and is written with a capital letter wherever it stands in a sentence."""
    inside = Counter(word for lead in leads for word in WORDS.findall(lead.text))
    names = {}
    for lead in leads:
        words, kind = tuple(WORDS.findall(re.sub(r" \(.*\)", "", lead.title))), kind_of(lead)
        capital = [word for word in words if word.isalpha() and word.lower() not in SMALL]
        if kind and capital and all(word[0].isupper() and inside[word] > 3 * inside[word.lower()] for word in capital):
            names[words] = kind
    return names | {(word,): "MISC" for word in nationalities(leads)}


def tag(
    words: list[str],
    names: dict[tuple[str, ...], str],
    common: set[str],
    never: Container[str] = (),
    before: str = "",
) -> list[str]:
    """BIO tags of one sentence, UNSURE where nothing is known.

    `common` are words that are also written in lowercase: at the beginning, or after a mark in `before`, such a word is
    no name. Words of `never` are names nowhere.
    """
    tags, place, longest = [], 0, max(map(len, names), default=1)
    while place < len(words):
        found = next((n for n in range(longest, 0, -1) if tuple(words[place : place + n]) in names), 0)
        if found:
            kind = names[tuple(words[place : place + found])]
            tags += ["B-" + kind] + ["I-" + kind] * (found - 1)
        else:
            begins = place == 0 or words[place - 1] in before
            small = not words[place][0].isupper() or words[place] in never
            small = small or (begins and words[place].lower() in common)
            tags.append("O" if small else UNSURE)
        place += max(found, 1)
    while True:  # what touches an unsure word is unsure, also across a small word or a number
        spread = [
            UNSURE
            if one != UNSURE and (one != "O" or words[i] in SMALL or words[i].isdigit())
            and UNSURE in (tags[max(i - 1, 0)], tags[min(i + 1, len(tags) - 1)])
            else one
            for i, one in enumerate(tags)
        ]  # fmt: skip
        if spread == tags:
            return tags
        tags = spread


def linked_sentences(leads: list[Lead]) -> list[dict]:
    """The sentences of `leads` in which a known name stands: `tokens` and `tags`, BIO or UNSURE."""
    names = known_names(leads)
    small = Counter(word for lead in leads for word in WORDS.findall(lead.text) if word.islower())
    common = {word for word, times in small.items() if times >= 20}
    rows = []
    for lead in leads:
        own = tuple(WORDS.findall(re.sub(r" \(.*\)", "", lead.title)))
        here = names | {own[-1:]: "PER"} if names.get(own) == "PER" and own[-1].isalpha() else names
        for sentence in SENTENCES.split(lead.text):
            words = WORDS.findall(sentence)
            tags = tag(words, here, common)
            if len(words) in LENGTHS and any(one[0] in "BI" for one in tags):
                rows.append({"tokens": words, "tags": tags})
    return rows
