"""Named entities: F1 of whole spans, where a span counts only if both its ends and its type are right.

Tags are BIO; the library seqeval reads the spans out of them, in its strict mode.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

import numpy as np

from course_lib.pipelines import pipeline
from workshop.evaluation import THIS, Measured, Sources, interval
from workshop.evaluation.asking import by_length
from workshop.evaluation.sources import labelled_file

NEEDS = ("data",)
TESTS = {
    "WikiGold": labelled_file("ner/wikigold.test.jsonl.gz"),
    "UNER EWT": labelled_file("ner/uner_ewt.test.jsonl.gz"),
}
TYPES = {"WikiGold": ("PER", "ORG", "LOC", "MISC"), "UNER EWT": ("PER", "ORG", "LOC")}
LEARNED = (
    labelled_file("ner/wikigold.train.jsonl.gz"),
    labelled_file("ner/btc.train.jsonl.gz"),
    labelled_file("ner/wnut17.train.jsonl.gz"),
    labelled_file("ner/uner_ewt.validation.jsonl.gz"),
)
SAME = {
    "person": "PER", "location": "LOC", "corporation": "ORG", "group": "ORG",
    "creative-work": "MISC", "product": "MISC",
}  # fmt: skip
PASSAGE = 200  # words
STRATEGY = "max"  # the surest token of a word names it; WikiGold validation part: 0.683, "average" 0.681, "first" 0.666

Tagger = Callable[[list[list[str]]], list[list[str]]]  # sentences as lists of words -> their BIO tags


def spans(tags: list[str]) -> set[tuple[str, int, int]]:
    """The entities of one sentence: type, first word, word after the last."""
    from seqeval.scheme import IOB2, Entities

    (found,) = Entities([tags], IOB2).entities
    return {(entity.tag, entity.start, entity.end) for entity in found}


def tags_of(count: int, found: list[tuple[str, int, int]]) -> list[str]:
    """BIO tags of `count` words from entities (type, first word, word after the last); the first of two that meet."""
    tags = ["O"] * count
    for kind, first, last in found:
        if tags[first:last] == ["O"] * (last - first):
            tags[first:last] = [f"B-{kind}"] + [f"I-{kind}"] * (last - first - 1)
    return tags


def counts(truth: list[str], guess: list[str], types: tuple[str, ...]) -> tuple[int, int, int]:
    """Entities of one sentence that were found, imagined and missed; those of other types do not count."""
    ours, theirs = ({span for span in spans(tags) if span[0] in types} for tags in (guess, truth))
    return len(ours & theirs), len(ours - theirs), len(theirs - ours)


def f1(sums: np.ndarray) -> np.ndarray:
    """F1 from sums of found, imagined and missed, (draw, 3) -> (draw,); 0 where there is nothing to find."""
    found, imagined, missed = sums.T
    return 2 * found / np.maximum(2 * found + imagined + missed, 1)


def to_words(words: list[str], entities: list[dict]) -> list[tuple[str, int, int]]:
    """Entities of the text `" ".join(words)`, with `start` and `end` in characters, as positions of words.

    An entity that covers a part of a word has the whole word.
    """
    ends = np.cumsum([len(word) + 1 for word in words]) - 1  # where each word ends in the text
    starts = ends - [len(word) for word in words]
    found = []
    for entity in entities:
        first = int(np.searchsorted(ends, entity["start"], side="right"))
        last = int(np.searchsorted(starts, entity["end"], side="left"))
        if first < last:
            found.append((entity["entity_group"], first, last))
    return found


def checkpoint_tagger() -> Tagger:
    """The course's checkpoint, asked by its pipeline."""
    ask = pipeline("ner", aggregation_strategy=STRATEGY)

    def tag(sentences: list[list[str]]) -> list[list[str]]:
        texts = [" ".join(words) for words in sentences]
        answers = by_length(lambda ordered: ask(ordered, batch_size=16), texts)
        return [tags_of(len(words), to_words(words, found)) for words, found in zip(sentences, answers, strict=True)]

    return tag


def gazetteer(rows: list[dict]) -> Tagger:
    """The longest run of words that is a known name, from left to right, with its most frequent type.

    A name is known if at least half of the places in `rows` where its words stand are entities: "The" is none, although
    somebody has tweeted about a band.
    """
    names, places = defaultdict(Counter), Counter()
    for row in rows:
        for kind, first, last in spans(row["tags"]):
            names[tuple(row["tokens"][first:last])][kind] += 1
    longest = max(map(len, names), default=0)
    for row in rows:
        places.update(run for _, _, run in runs(row["tokens"], longest) if run in names)
    known = {run: kinds.most_common(1)[0][0] for run, kinds in names.items() if 2 * kinds.total() >= places[run]}

    def tag(words: list[str]) -> list[str]:
        found, done = [], 0
        for first, last, run in runs(words, longest):
            if first >= done and run in known:
                found.append((known[run], first, last))
                done = last
        return tags_of(len(words), found)

    return lambda sentences: [tag(words) for words in sentences]


def runs(words: list[str], longest: int) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Every run of at most `longest` words: its beginning, its end, its words; at each place longer ones come first."""
    for first in range(len(words)):
        for last in range(min(first + longest, len(words)), first, -1):
            yield first, last, tuple(words[first:last])


def most_frequent_tag(rows: list[dict]) -> Tagger:
    """Each word gets the type that it mostly has in `rows`, if any; neighbours of one type make one entity."""
    known = defaultdict(Counter)
    for row in rows:
        for word, tag in zip(row["tokens"], row["tags"], strict=True):
            known[word][tag[2:]] += 1

    def tag(words: list[str]) -> list[str]:
        kinds = [known[word].most_common(1)[0][0] if word in known else "" for word in words]
        before = ["", *kinds]
        return [
            f"{'I' if kind == last else 'B'}-{kind}" if kind else "O" for last, kind in zip(before, kinds, strict=False)
        ]

    return lambda sentences: [tag(words) for words in sentences]


def measure(sources: Sources) -> Iterator[Measured]:
    """Span F1 on each test set."""
    learned = [row for file in LEARNED for row in sources.labelled(file)]
    for row in learned:
        row["tags"] = [tag[:2] + SAME.get(tag[2:], tag[2:]) for tag in row["tags"]]
    tests = {test: sources.labelled(file) for test, file in TESTS.items()}
    systems = {
        THIS: checkpoint_tagger(),
        "gazetteer: longest match of known names": gazetteer(learned),
        "most frequent tag of each word": most_frequent_tag(learned),
    }
    for test, everything in tests.items():
        rows = sources.sample(everything)
        for system, tagger in systems.items():
            guesses = tagger([row["tokens"] for row in rows])
            found = [counts(row["tags"], guess, TYPES[test]) for row, guess in zip(rows, guesses, strict=True)]
            yield Measured(test, len(rows), len(everything), system, {"span F1": interval(found, f1)})
        joined = passages(rows)
        guesses = systems[THIS]([row["tokens"] for row in joined])
        found = [counts(row["tags"], guess, TYPES[test]) for row, guess in zip(joined, guesses, strict=True)]
        yield Measured(f"{test}, in passages", len(joined), len(joined), THIS, {"span F1": interval(found, f1)})


def passages(rows: list[dict]) -> list[dict]:
    """Sentences in their order, joined to passages of at most PASSAGE words: what people ask about."""
    joined = [{"tokens": [], "tags": []}]
    for row in rows:
        if joined[-1]["tokens"] and len(joined[-1]["tokens"]) + len(row["tokens"]) > PASSAGE:
            joined.append({"tokens": [], "tags": []})
        joined[-1]["tokens"] += row["tokens"]
        joined[-1]["tags"] += row["tags"]
    return joined


def note() -> str:
    """What the figures are."""
    return (
        "F1 of whole entities (seqeval, strict BIO): both ends and the type have to be right. WikiGold has the types "
        "PER, ORG, LOC and MISC; UNER EWT has no MISC, so what a system calls MISC is left out there. In passages: the "
        f"same sentences, joined in their order to passages of at most {PASSAGE} words. The baselines learned from the "
        "training parts of WikiGold, BTC and WNUT-17 and from the validation part of UNER EWT."
    )
