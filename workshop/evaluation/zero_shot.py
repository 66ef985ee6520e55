"""Zero-shot classification: inference between two sentences, and topics and requests that nobody trained on.

A text gets the label whose statement (HYPOTHESIS) follows from it with the greatest score, as the pipeline has it; the
pairs are asked in an own loop, sorted by length, because Banking77 makes 237,160 of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache

import numpy as np

from course_lib.data.texts import messages
from course_lib.pipelines import pipeline
from workshop.evaluation import THIS, Measured, Sources, interval, interval_over
from workshop.evaluation.asking import vectors
from workshop.evaluation.sources import labelled_file

NEEDS = ("data",)
INFERENCE = labelled_file("nli/xnli_en.test.jsonl.gz")
LEARNED = labelled_file("nli/lingnli.train.jsonl.gz")
TOPICS = {
    "AG News": labelled_file("topic/ag_news.test.jsonl.gz"),
    "Banking77": labelled_file("topic/banking77.test.jsonl.gz"),
}
# "World" are the news about states and wars. Chosen on the AG News descriptions of the validation part, where the label
# "world" reached 0.61 and "politics" 0.71 (240 texts).
DOMAINS = labelled_file("topic/clinc150.validation.jsonl.gz")  # fmt: skip
READABLE = {"Sci/Tech": "science and technology", "World": "politics"}
HYPOTHESIS = "This example is {}."  # the pipeline's own
AT_ONCE = 256  # texts whose pairs are sorted together


@cache
def _classifier():
    return pipeline("zero-shot-classification")


def readable(label: str) -> str:
    """A label as a person would write it: `card_arrival` is `card arrival`."""
    return READABLE.get(label, " ".join(label.replace("_", " ").lower().strip("?").split()))


def class_names() -> list[str]:
    """The names of the model's classes, in the order of its logits, in lower case."""
    labels = _classifier().model.config.id2label
    return [labels[number].lower() for number in sorted(labels)]


def logits(pairs: list[tuple[str, str]], size: int = 64) -> np.ndarray:
    """The model's scores of pairs (premise, hypothesis), (pair, class)."""
    import torch

    classifier = _classifier()
    places = sorted(set(pairs), key=lambda pair: len(pair[0]) + len(pair[1]))
    found = []
    for start in range(0, len(places), size):
        premises, hypotheses = zip(*places[start : start + size], strict=True)
        inputs = classifier.tokenizer(
            list(premises), list(hypotheses), padding=True, truncation="only_first", return_tensors="pt"
        )
        with torch.inference_mode():
            found.append(classifier.model(**inputs).logits.float().numpy())  # (pair, class)
    scores = dict(zip(places, np.concatenate(found), strict=True))
    return np.stack([scores[pair] for pair in pairs])


def by_checkpoint(texts: list[str], labels: list[str]) -> list[str]:
    """For each text the label whose statement follows from it with the greatest score."""
    follows = class_names().index("entailment")
    chosen = []
    for start in range(0, len(texts), AT_ONCE):
        part = texts[start : start + AT_ONCE]
        pairs = [(text, HYPOTHESIS.format(label)) for text in part for label in labels]
        scores = logits(pairs)[:, follows].reshape(len(part), len(labels))  # (text, label)
        chosen += [labels[number] for number in scores.argmax(1)]
    return chosen


def by_cosine(texts: list[str], labels: list[str]) -> list[str]:
    """For each text the label whose MiniLM vector is nearest to the text's."""
    return [labels[number] for number in (vectors(texts) @ vectors(labels).T).argmax(1)]


def by_hypothesis(learned: list[dict], hypotheses: list[str]) -> list[str]:
    """The relation of each pair, guessed without its premise: logistic regression on TF-IDF, trained on `learned`."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    weights = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
    model = make_pipeline(weights, LogisticRegression(max_iter=1000))
    model.fit([row["hypothesis"] for row in learned], [row["label"] for row in learned])
    return list(model.predict(hypotheses))


def most_frequent(truths: list[str]) -> list[str]:
    """The most frequent class for everything: what a system gets that reads nothing."""
    return [Counter(truths).most_common(1)[0][0]] * len(truths)


def measure(sources: Sources) -> Iterator[Measured]:
    """Accuracy on pairs of sentences, then on topics and requests."""
    pairs, learned = sources.labelled(INFERENCE), sources.labelled(LEARNED)
    tests = {test: sources.labelled(file) for test, file in TOPICS.items()}

    rows = sources.sample(pairs)
    truths = [row["label"] for row in rows]
    scores = logits([(row["premise"], row["hypothesis"]) for row in rows])  # (pair, class)
    systems = {
        THIS: [class_names()[number] for number in scores.argmax(1)],
        "hypothesis only: TF-IDF, logistic regression": by_hypothesis(learned, [row["hypothesis"] for row in rows]),
        "most frequent class": most_frequent(truths),
    }
    premises = [row["premise"] for row in rows]
    for system, guesses in systems.items():
        yield Measured("XNLI, English", len(rows), len(pairs), system, accuracy(guesses, truths, premises))

    said = [row for row in sources.labelled(DOMAINS) if row["domain"] != "oos"]
    tests["CLINC150, domains"] = [{"text": row["text"], "label_name": row["domain"]} for row in said]
    tests["messages, kinds"] = [{"text": one.text, "label_name": one.kind} for one in messages("test")]
    for test, everything in tests.items():
        rows = sources.sample(everything)
        texts = [f"{row['title']}. {row['text']}" if "title" in row else row["text"] for row in rows]
        truths = [readable(row["label_name"]) for row in rows]
        labels = sorted({readable(row["label_name"]) for row in everything})
        for system, choose in {THIS: by_checkpoint, "cosine of text and label (MiniLM)": by_cosine}.items():
            yield Measured(test, len(rows), len(everything), system, accuracy(choose(texts, labels), truths))
        yield Measured(test, len(rows), len(everything), "most frequent class", accuracy(most_frequent(truths), truths))


def accuracy(
    guesses: list[str], truths: list[str], units: list[str] | None = None
) -> dict[str, tuple[float, float, float]]:
    """The share of right guesses, with an interval that draws `units`, or rows where none are named."""
    right = [guess == truth for guess, truth in zip(guesses, truths, strict=True)]
    return {"accuracy": interval(right) if units is None else interval_over(right, units)}


def note() -> str:
    """What the figures are."""
    return (
        "A text gets, of all labels (4 in AG News, 77 in Banking77, 10 domains in CLINC150, 12 kinds of the course's "
        f'messages), the one for which "{HYPOTHESIS}" follows with the greatest score. The hypothesis-only baseline '
        "learned from LingNLI. XNLI's interval draws premises, each of which comes with three hypotheses."
    )
