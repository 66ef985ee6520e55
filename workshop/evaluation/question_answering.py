"""Question answering: word F1 and exact match with the closest of the human answers, as SQuAD's own script has them.

Source: Rajpurkar et al., "SQuAD: 100,000+ Questions for Machine Comprehension of Text", 2016.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from course_lib.measures import overlap
from course_lib.pipelines import pipeline
from workshop.evaluation import THIS, Measured, Sources, interval_over
from workshop.evaluation.asking import vectors
from workshop.evaluation.sources import labelled_file

NEEDS = ("data",)
TESTS = {
    "XQuAD, English": labelled_file("qa/xquad_en.test.jsonl.gz"),
    "SquadShifts Reddit": labelled_file("qa/squadshifts_reddit.test.jsonl.gz"),
    "SquadShifts Amazon": labelled_file("qa/squadshifts_amazon_reviews.test.jsonl.gz"),
}


def split_sentences(text: str) -> list[str]:
    """The sentences of a text, cut after full stop, exclamation and question mark."""
    return [part for part in re.split(r"(?<=[.!?])\s+", text) if part.strip()] or [text]


def nearest_sentences(rows: list[dict]) -> list[str]:
    """For each row the sentence of its context whose MiniLM vector is nearest to the question's."""
    questions = vectors([row["question"] for row in rows])  # (row, 384)
    contexts = {row["context"]: split_sentences(row["context"]) for row in rows}
    everything = sorted({part for parts in contexts.values() for part in parts})
    number = {part: place for place, part in enumerate(everything)}
    known = vectors(everything)  # (sentence, 384)
    answers = []
    for row, question in zip(rows, questions, strict=True):
        parts = contexts[row["context"]]
        answers.append(parts[int((known[[number[part] for part in parts]] @ question).argmax())])
    return answers


def first_name(text: str) -> str:
    """The first run of words with a capital letter or a digit that does not begin the text; else the first word."""
    found = re.search(r"(?<=\w )[A-Z0-9]\w*(?: [A-Z0-9]\w*)*", text)
    return found[0] if found else text.split()[0]


def checkpoint_answers(rows: list[dict]) -> list[str]:
    """What the course's checkpoint answers."""
    ask = pipeline("question-answering")
    return [ask(question=row["question"].strip(), context=row["context"])["answer"] for row in rows]


def scores(answers: list[str], rows: list[dict]) -> dict[str, tuple[float, float, float]]:
    """F1 and exact match with the closest of the human answers, with intervals that draw texts."""
    pairs = zip(answers, rows, strict=True)
    values = np.array([overlap(given, row["answers"]["text"]) for given, row in pairs])  # (row, 2)
    texts = [row["context"] for row in rows]
    return {"F1": interval_over(values[:, 0], texts), "exact match": interval_over(values[:, 1], texts)}


def measure(sources: Sources) -> Iterator[Measured]:
    """F1 and exact match on each test set."""
    systems = {
        THIS: checkpoint_answers,
        "first name or number of the text": lambda rows: [first_name(row["context"]) for row in rows],
        "sentence nearest to the question (MiniLM)": nearest_sentences,
    }
    tests = {test: sources.labelled(file) for test, file in TESTS.items()}
    for test, everything in tests.items():
        rows = sources.sample(everything)
        for system, answer in systems.items():
            yield Measured(test, len(rows), len(everything), system, scores(answer(rows), rows))


def note() -> str:
    """What the figures are."""
    return (
        "Word F1 and exact match with the closest of the human answers, without case, punctuation and articles. "
        "XQuAD's paragraphs come from the same 48 Wikipedia articles as SQuAD's. Intervals draw texts: a text has "
        "several questions."
    )
