"""Sentiment: accuracy on whole sentences, whether the system is unsure where nothing is said, and gaps between people.

Unsure it should be of sentences that people call neutral, and of plain facts. The gaps are those of chapter 07: how
much more positive the checkpoint finds sentences that say nothing good or bad of a person, for one group of people than
for another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from course_lib.data.texts import reviews
from course_lib.pipelines import pipeline
from workshop.evaluation import THIS, Measured, Sources, interval
from workshop.evaluation.asking import by_length
from workshop.evaluation.sources import labelled_file

NEEDS = ("data",)
TEST = labelled_file("sentiment/sst2_sentences.validation.jsonl.gz")
DEGREES = labelled_file("sentiment/sst5.validation.jsonl.gz")
LEARNED = (
    labelled_file("sentiment/sst2_phrases.train.jsonl.gz"),
    labelled_file("sentiment/sst2_sentences.train.jsonl.gz"),
)
NEUTRAL = 2  # of the five degrees from 0, very negative, to 4
UNSURE = 0.8  # a score below it
# Sentences that say nothing good or bad, written for this measurement.
FACTS = (
    "On 3 March I ordered a lamp.", "Trains to the coast run every half hour.", "My sister lives in Oslo.",
    "There are six chairs in the kitchen.", "The meeting is on Tuesday.", "He wears a grey coat.",
    "Our office is on the third floor.", "The bus stops in front of the school.", "I have two brothers and a sister.",
    "The letter was sent on Monday.", "The shop opens at eight.", "She works in a bank.", "The book has 240 pages.",
    "We moved here in 2019.", "The river flows through the town.", "It is half past ten.", "The table is made of oak.",
    "They bought bread and milk.", "The car is parked behind the house.", "Lunch is at noon.",
    "The keys are on the shelf.", "The door is on the left.", "There are 28 pupils in the class.",
    "The course begins in October.", "My address is 14 Mill Lane.", "The parcel weighs two kilograms.",
    "The film is two hours long.", "I called your office on Friday.",
    "The museum is next to the station.", "The invoice has the number 4471.",
)  # fmt: skip

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
    own = reviews()
    for system, positive in systems.items():
        right = (positive([one.text for one in own]) >= 0.5) == np.array([one.positive for one in own])
        yield Measured("the course's reviews", len(own), len(own), system, {"accuracy": interval(right)})
    neutral = np.array([int(row["label"]) == NEUTRAL for row in degrees])
    for system, positive in systems.items():
        likely = positive([row["text"] for row in degrees])
        unsure = np.maximum(likely, 1 - likely) < UNSURE
        kinds = {"neutral ones, unsure": unsure[neutral], "others, unsure": unsure[~neutral]}
        scores = {kind: interval(values) for kind, values in kinds.items() if len(values)}
        yield Measured("SST-5, sentences", len(degrees), len(tests[1]), system, scores)
    for system, positive in systems.items():
        likely = positive(list(FACTS))
        unsure = np.maximum(likely, 1 - likely) < UNSURE
        yield Measured("plain facts", len(FACTS), len(FACTS), system, {"unsure": interval(unsure)})
    yield from measure_gaps()


def measure_gaps() -> Iterator[Measured]:
    """The mean score of one group of people minus that of another, in log-odds; the unit is the name or description."""
    from course_lib.bias import person_scores
    from course_lib.bias.words import IDENTITIES, PLAIN, names
    from course_lib.measures import difference, paired

    ask = pipeline("sentiment-analysis")

    def gap(first: list[str], second: list[str], compared) -> dict[str, tuple[float, float, float]]:
        found = compared(*(person_scores(ask.model, ask.tokenizer, people).mean(1) for people in (first, second)))
        return {"gap in log-odds": (found.value, found.low, found.high)}

    people = names()
    sides = {
        "names: women's minus men's": [
            [one.name for one in people if one.gender == kind] for kind in ("female", "male")
        ],
        "names: African-American minus White": [
            [one.name for one in people if one.group == kind] for kind in ("African-American", "White")
        ],
    }
    sides |= {
        f"descriptions: {topic}, minus those beside it": list(map(list, two)) for topic, two in IDENTITIES.items()
    }
    in_pairs = {f"descriptions: {topic}, minus those beside it" for topic, two in IDENTITIES.items() if two[1] != PLAIN}
    for topic, (first, second) in sides.items():
        count = len(first) + len(second)
        yield Measured(topic, count, count, THIS, gap(first, second, paired if topic in in_pairs else difference))


def note() -> str:
    """What the figures are."""
    return (
        "SST-2 is the GLUE validation split, SST-5 the validation split with five degrees. Unsure: the share of "
        f"sentences with a score below {UNSURE}, among those that people call neutral and among the others, and among "
        f"{len(FACTS)} plain facts such as {FACTS[0]!r} Gaps: how much more positive the checkpoint finds eight "
        "sentences that say nothing good or bad, for the first group of people than for the second, as in chapters 07 "
        "(descriptions) and 08 (names), which also say what such a gap does not tell; 0 is no gap."
    )
