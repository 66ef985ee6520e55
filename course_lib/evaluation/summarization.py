"""Summarization: ROUGE-1, ROUGE-2 and ROUGE-L of titles and short descriptions that people wrote.

Source: Lin, "ROUGE: A Package for Automatic Evaluation of Summaries", 2004.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from course_lib.evaluation import THIS, Measured, Sources, interval
from course_lib.evaluation.asking import by_length
from course_lib.evaluation.debian import descriptions
from course_lib.evaluation.leads import read_leads
from course_lib.pipelines import pipeline

NEEDS = ("data", "debian", "leads")
TITLES = (
    "summarization/acl_title.test.jsonl.gz",
    "b1591747422874f3f80fad3cf4b4973071ec9ac0724f5eea84de5e295016a28c",
)
METRICS = {"ROUGE-1": "rouge1", "ROUGE-2": "rouge2", "ROUGE-L": "rougeL"}


def tests(sources: Sources) -> dict[str, list[tuple[str, str]]]:
    """The pairs (text, summary) of each test set."""
    found = {"ACL titles, 2022": [(row["text"], row["summary"]) for row in sources.labelled(TITLES)]}
    packages = descriptions(sources.path("debian"), "test")
    found["Debian packages"] = [(package.text, package.short) for package in packages]
    leads = read_leads(sources.path("leads"), "test")
    found["Wikipedia leads"] = [(lead.text, lead.description) for lead in leads if lead.description]
    return found


def first_words(texts: list[str], summaries: list[str]) -> list[str]:
    """The beginning of each text, with as many words as its summary has."""
    pairs = zip(texts, summaries, strict=True)
    return [" ".join(text.split()[: len(summary.split())]) for text, summary in pairs]


def rouge(guesses: list[str], truths: list[str]) -> np.ndarray:
    """F1 of each summary, (text, metric) in the order of METRICS."""
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(list(METRICS.values()), use_stemmer=True)
    found = [scorer.score(truth, guess) for guess, truth in zip(guesses, truths, strict=True)]
    return np.array([[score[metric].fmeasure for metric in METRICS.values()] for score in found])


def measure(sources: Sources) -> Iterator[Measured]:
    """ROUGE on each test set, of the checkpoint and of the text's first words at the checkpoint's length."""
    everything = tests(sources)
    ask = pipeline("summarization")
    for test, pairs in everything.items():
        rows = sources.sample(pairs)
        texts, truths = [text for text, _ in rows], [summary for _, summary in rows]
        answers = by_length(lambda ordered: ask(ordered, batch_size=16, truncation=True), texts)
        summaries = [answer["summary_text"] for answer in answers]
        systems = {THIS: summaries, "first words of the text, as many": first_words(texts, summaries)}
        for system, guesses in systems.items():
            values = rouge(guesses, truths)  # (text, metric)
            scores = {metric: interval(values[:, number]) for number, metric in enumerate(METRICS)}
            yield Measured(test, len(rows), len(pairs), system, scores)


def note() -> str:
    """What the figures are."""
    return (
        "F1 by rouge-score, with its stemmer. The baseline takes as many words of each text as the checkpoint's "
        "summary of it has. Debian's and Wikipedia's texts are the test parts that `course_lib/evaluation/debian.py` "
        "and `leads.py` keep aside."
    )
