"""Text to text: what a decoder writes for questions and for verdicts, beside the span marker and the classifier.

The span marker (`question-answering`) has the same encoder and was trained on the same questions.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from workshop.evaluation import THIS, Measured, Sources, interval
from workshop.evaluation.asking import by_length
from workshop.evaluation.question_answering import TESTS, checkpoint_answers, scores
from workshop.evaluation.sentiment import TEST as REVIEWS
from workshop.evaluation.sentiment import checkpoint_system

NEEDS = ("data",)
READER = "`question-answering`, which marks a span"
VERDICT = "Is this positive or negative?"


def written(pairs: list[tuple[str, str]]) -> list[str]:
    """What the checkpoint writes, greedily, for pairs of a question and a context; the end of a long context is cut."""
    import torch
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    from course_lib.checkpoints import checkpoint

    tokenizer = AutoTokenizer.from_pretrained(checkpoint("text-to-text"))
    model = AutoModelForSeq2SeqLM.from_pretrained(checkpoint("text-to-text"))

    @torch.inference_mode()
    def write(part: list[tuple[str, str]]) -> list[str]:
        found = []
        for start in range(0, len(part), 32):
            asked, contexts = zip(*part[start : start + 32], strict=True)
            inputs = tokenizer(
                list(asked), list(contexts), truncation="only_second", max_length=512, padding=True, return_tensors="pt"
            )
            found += tokenizer.batch_decode(model.generate(**inputs), skip_special_tokens=True)
        return found

    return by_length(write, pairs, lambda pair: len(pair[0]) + len(pair[1]))


def measure(sources: Sources) -> Iterator[Measured]:
    """F1 and exact match on the test sets of `question-answering`, then accuracy on SST-2."""
    tests = {test: sources.labelled(file) for test, file in TESTS.items()}
    for test, everything in tests.items():
        rows = sources.sample(everything)
        ours = written([(row["question"].strip(), row["context"]) for row in rows])
        for system, answers in {THIS: ours, READER: checkpoint_answers(rows)}.items():
            yield Measured(test, len(rows), len(everything), system, scores(answers, rows))
    everything = sources.labelled(REVIEWS)
    rows = sources.sample(everything)
    truth = np.array([bool(int(row["label"])) for row in rows])
    said = np.array(written([(VERDICT, row["text"]) for row in rows]))
    right = {
        THIS: said == np.where(truth, "positive", "negative"),
        "`sentiment`, which has a head of two labels": (checkpoint_system()([r["text"] for r in rows]) >= 0.5) == truth,
    }
    for system, values in right.items():
        yield Measured("SST-2, sentences", len(rows), len(everything), system, {"accuracy": interval(values)})


def note() -> str:
    """What the figures are."""
    return (
        "Word F1 and exact match as for `question-answering`; accuracy on the GLUE validation split of SST-2, where "
        "anything written but the right one of the two words is wrong."
    )
