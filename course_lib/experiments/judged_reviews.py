"""Two models judge 240 reviews: how sure, and whether right. `course progress` draws their curves beside the reader's.

    python -m course_lib.experiments.judged_reviews    # measures what is missing, writes the record; half a minute

Chapter 07 does the same live. The scores of a checkpoint change with its weights: which ones judged stands in the
record's settings, and a record of other weights has to be deleted first.
"""

from __future__ import annotations

from course_lib.checkpoints import catalogue
from course_lib.data.texts import reviews
from course_lib.experiments.recorded import Record, recorded
from course_lib.pipelines import pipeline

NAME = "judged_reviews"
COMMAND = f"python -m course_lib.experiments.{NAME}"
PRAISE = {"sentiment": "POSITIVE", "zero-shot": "praise"}
LABELS = ["praise", "complaint"]  # both are named when zero-shot is asked


def settings() -> dict:
    """Which labels were asked for, and which weights judged."""
    return {"labels": LABELS, "weights": {name: catalogue()[name].key for name in PRAISE}}


def judge(name: str, texts: list[str]) -> list[tuple[str, float]]:
    """For each text the label that a model gives, and its score, from 0 to 1.

    `name` is "sentiment" or "zero-shot"; raises ValueError for others.
    """
    if name not in PRAISE:
        raise ValueError(f"name is one of {', '.join(PRAISE)}; given: {name!r:.80}.")
    if name == "sentiment":
        return [(answer["label"], answer["score"]) for answer in pipeline("sentiment-analysis")(texts)]
    answers = pipeline("zero-shot-classification")(texts, LABELS)
    return [(answer["labels"][0], answer["scores"][0]) for answer in answers]


def judged() -> dict[str, list[tuple[float, bool]]]:
    """What is recorded: for each of the two models a pair for each review, its score and whether it was right."""
    found: dict[str, list[tuple[float, bool]]] = {name: [] for name in PRAISE}
    for run in recorded(NAME)["runs"]:
        found[run["model"]].append((run["score"], run["right"]))
    return found


def main() -> None:
    """Measure what is missing, and record it."""
    record, texts = Record(NAME, COMMAND, settings(), key=("model", "review")), reviews()
    for name, praise in PRAISE.items():
        if not record.has(model=name, review=len(texts) - 1):
            answers = zip(judge(name, [one.text for one in texts]), texts, strict=True)
            judgements = [(round(score, 4), (label == praise) == one.positive) for (label, score), one in answers]
            record.add_all(
                [
                    {"model": name, "review": place, "score": score, "right": right}
                    for place, (score, right) in enumerate(judgements)
                ]
            )
            print(name, "recorded", flush=True)


if __name__ == "__main__":
    main()
