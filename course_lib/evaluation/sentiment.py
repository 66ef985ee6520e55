"""Sentiment: accuracy on whole sentences, and whether the system is unsure where people call a sentence neutral."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from course_lib.evaluation import THIS, Measured, Sources, interval
from course_lib.evaluation.asking import by_length
from course_lib.pipelines import pipeline

NEEDS = ("data",)
TEST = (
    "sentiment/sst2_sentences.validation.jsonl.gz",
    "4a7c3d41264d68d7d5dc2d331d0318c9d1790e0db3bdaf76c233fa9979c82039",
)
DEGREES = ("sentiment/sst5.validation.jsonl.gz", "fe098fd3762dcde54af050c92565030f50c0cf0646924a7b7348e045f029a9d0")
LEARNED = (
    ("sentiment/sst2_phrases.train.jsonl.gz", "b7f987666b22eb3b77a15a9989a50266da88cb94a62975248fa82a4c0205cfb5"),
    ("sentiment/sst2_sentences.train.jsonl.gz", "a2c553e2d6496ab61c91bf8b7c8682de3f08cbcac77a60bcb745a40c33fb4df2"),
)
NEUTRAL = 2  # of the five degrees from 0, very negative, to 4
UNSURE = 0.8  # a score below it

Positive = Callable[[list[str]], np.ndarray]  # texts -> how likely each is positive, (text,)


def checkpoint_system() -> Positive:
    """The course's checkpoint."""
    ask = pipeline("sentiment-analysis")

    def positive(texts: list[str]) -> np.ndarray:
        answers = by_length(lambda ordered: ask(ordered, batch_size=32), texts)
        return np.array([a["score"] if a["label"] == "POSITIVE" else 1 - a["score"] for a in answers])

    return positive


def words_system(rows: list[dict]) -> Positive:
    """Logistic regression on the TF-IDF weights of words and pairs of words."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    weights = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    model = make_pipeline(weights, LogisticRegression(C=10, max_iter=1000))
    model.fit([row["text"] for row in rows], [int(row["label"]) for row in rows])
    return lambda texts: model.predict_proba(texts)[:, 1]


def lexicon_system() -> Positive:
    """VADER, a lexicon with rules (Hutto and Gilbert 2014): its compound score, from -1 to 1, made 0 to 1."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    lexicon = SentimentIntensityAnalyzer()
    return lambda texts: np.array([(lexicon.polarity_scores(text)["compound"] + 1) / 2 for text in texts])


def measure(sources: Sources) -> Iterator[Measured]:
    """Accuracy on SST-2, then the shares of SST-5's sentences with a score below UNSURE."""
    tests = [sources.labelled(TEST), sources.labelled(DEGREES)]
    test, degrees = (sources.sample(rows) for rows in tests)
    systems = {
        THIS: checkpoint_system(),
        "TF-IDF of words and pairs, logistic regression": words_system(
            [r for f in LEARNED for r in sources.labelled(f)]
        ),
        "VADER lexicon, compound score at least 0": lexicon_system(),
    }
    truth = np.array([bool(int(row["label"])) for row in test])
    for system, positive in systems.items():
        right = (positive([row["text"] for row in test]) >= 0.5) == truth
        yield Measured("SST-2, sentences", len(test), len(tests[0]), system, {"accuracy": interval(right)})
    neutral = np.array([int(row["label"]) == NEUTRAL for row in degrees])
    for system, positive in systems.items():
        likely = positive([row["text"] for row in degrees])
        unsure = np.maximum(likely, 1 - likely) < UNSURE
        kinds = {"neutral ones, unsure": unsure[neutral], "others, unsure": unsure[~neutral]}
        scores = {kind: interval(values) for kind, values in kinds.items() if len(values)}
        yield Measured("SST-5, sentences", len(degrees), len(tests[1]), system, scores)


def note() -> str:
    """What the figures are."""
    return (
        "SST-2 is the GLUE validation split, SST-5 the validation split with five degrees. Unsure: the share of "
        f"sentences with a score below {UNSURE}, among those that people call neutral and among the others."
    )
