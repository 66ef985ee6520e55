"""Question answering: adapters and a span head on MiniLM, trained on human questions about four kinds of text.

    python -m workshop.recipes.question_answering --data FOLDER      # trains (resumable), writes the assets

FOLDER holds the files named in FILES below: one JSON object with `question`, `context` and
`answers: {text: […], answer_start: […]}` a line. A question that has no answer in its text, as SQuAD 2 has some, is
answered with the first token, [CLS]; so is a window of a long text in which the answer does not stand.

All human answers to a question are its targets, each with its share, and hidden states have dropout. 831 steps with
both, begun with weights that had seen each question three times without (F1 0.84 on questions of the training, 0.72 on
those of validation), took the F1 on 1,200 validation questions from 0.720 to 0.743, the exact match from 0.588 to 0.626;
1,074 steps more to 0.747 and 0.622. Another 1,883, an epoch, took 800 of these questions from 0.736 and 0.605 to 0.743
and 0.619. What has this as its encoder, `text-to-text`, goes on after it (`--continue`).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from transformers import AutoModelForQuestionAnswering, AutoTokenizer

from course_lib.checkpoints import checkpoint
from workshop.evaluation.sources import labelled_file, read_rows
from workshop.recipes.common import (
    QUICK,
    fit_adapted,
    leave_out_features,
    options,
    precision,
    ship,
    to_be_adapted,
    write_card,
)  # fmt: skip

NAME = "question-answering"
SEED = 7
DEFAULTS = {"epochs": 2, "rate": 1.2e-4}
WINDOW, STRIDE = 384, 128  # tokens: the pipeline's own, so that it asks as it was taught
FILES = {
    "squad": labelled_file("qa/squad_dev_minus_xquad.train.jsonl.gz"),
    "wiki": labelled_file("qa/squadshifts_new_wiki.train.jsonl.gz"),
    "reddit": labelled_file("qa/squadshifts_reddit.train.jsonl.gz"),
    "amazon": labelled_file("qa/squadshifts_amazon_reviews.train.jsonl.gz"),
    "unanswerable": labelled_file("qa/squad2_unanswerable.train.jsonl.gz"),
    "sentences": labelled_file("qa/qamr_wiki.train.jsonl.gz"),
}
DROPOUT = 0.1  # of the hidden states; without it the answers in the training texts were learnt by heart
EMPTY = 0.1  # of the windows without their answer are kept, so that such windows are known too


def chosen(data: Path) -> list[dict]:
    """The training rows of all sets."""
    return [row for file in FILES.values() for row in read_rows(data, *file)]


def windows(rows: list[dict], tokenizer) -> list[dict]:
    """Training windows: token ids, token types, and the first and last token of the answer.

    A question whose context is longer than WINDOW tokens gives several overlapping windows; of those without the answer
    a part is kept, and answered with the token [CLS], as an unanswerable question is. Where people marked several answers,
    a window has the spans of all of them that stand in it whole.
    """
    draw = np.random.default_rng(SEED)
    made = []
    for start in range(0, len(rows), 500):
        part = rows[start : start + 500]
        encoded = tokenizer(
            [row["question"].strip() for row in part],
            [row["context"] for row in part],
            truncation="only_second",
            max_length=WINDOW,
            stride=STRIDE,
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
        )
        for number, source in enumerate(encoded["overflow_to_sample_mapping"]):
            answers = part[source]["answers"]
            in_context = [which == 1 for which in encoded.sequence_ids(number)]
            places = encoded["offset_mapping"][number]
            spans = []
            for text, first in zip(answers["text"], answers["answer_start"], strict=True):
                last = first + len(text)
                inside = [i for i, (a, b) in enumerate(places) if in_context[i] and a < last and b > first]
                if inside and places[inside[0]][0] <= first and places[inside[-1]][1] >= last:
                    spans.append((inside[0], inside[-1]))
            if answers["text"] and not spans and draw.random() > EMPTY:
                continue
            made.append(
                {
                    "ids": encoded["input_ids"][number],
                    "types": encoded["token_type_ids"][number],
                    "spans": spans or [(0, 0)],
                }
            )
    return made


def shares(answers: list[list[tuple[int, int]]], length: int) -> torch.Tensor:
    """For each window the share of its people's spans that begin, and that end, at each token: (window, 2, length)."""
    found = torch.zeros(len(answers), 2, length)
    for row, spans in enumerate(answers):
        for first, last in spans:
            found[row, 0, first] += 1 / len(spans)
            found[row, 1, last] += 1 / len(spans)
    return found


def train(made: list[dict], tokenizer, settings):
    """MiniLM with a trained span head and adapters, and facts about the training for the card."""
    torch.manual_seed(SEED)
    model = AutoModelForQuestionAnswering.from_pretrained(checkpoint("minilm"), **QUICK)
    model, before = to_be_adapted(model, NAME, "QUESTION_ANS", "qa_outputs", settings)
    leave_out_features(model, DROPOUT)

    def loss_of(group: list[int]) -> torch.Tensor:
        inputs = tokenizer.pad(
            {"input_ids": [made[i]["ids"] for i in group], "token_type_ids": [made[i]["types"] for i in group]},
            pad_to_multiple_of=8,
            return_tensors="pt",
        ).to(settings.device)
        with precision(settings.device):
            answer = model(**inputs)
        logits = torch.stack([answer.start_logits, answer.end_logits], 1).float()  # (batch, 2, token)
        outside = (inputs["attention_mask"] == 0)[:, None, :]  # (batch, 1, token)
        targets = shares([made[i]["spans"] for i in group], logits.shape[2]).to(settings.device)
        return torch.nn.functional.cross_entropy(logits.masked_fill(outside, -1e4).flatten(0, 1), targets.flatten(0, 1))

    return fit_adapted(model, before, loss_of, [len(window["ids"]) for window in made], NAME, settings, SEED)


CARD = """# question-answering

MiniLM (all-MiniLM-L6-v2, Apache-2.0) with adapters of rank {rank} in every linear layer of its six layers and a \
new head that scores each token as a beginning and as an end of the answer. All weights of these layers were \
trained, with dropout on the hidden states and all human answers as targets, and what they learned was put into the \
adapters (singular value decomposition; {share:.1%} of the squared change fits). Written by `workshop/recipes/question_answering.py` ({training}; {windows:,} windows of at most \
{window} tokens).

- **Intended use**: to show extractive question answering in chapters 01 and 04, and as a small reader of \
English encyclopaedic or everyday text on a machine without a GPU. Not for medical, legal or other answers that \
somebody relies on.
- **Data**: SQuAD 1.1 development articles without the XQuAD paragraphs and SQuAD 2's unanswerable questions \
about them (Rajpurkar et al. 2016, 2018; CC BY-SA 4.0), SquadShifts New-Wikipedia, Reddit and Amazon (Miller et \
al. 2020; licence not stated, research sets in common use), QAMR (Michael et al. 2018; MIT). Questions and \
answers by people.
- **Licence of the weights**: Apache-2.0. **Size**: {size:,} bytes (float16).
- **Measured** by `course evaluate question-answering` on questions that took no part in training:

{measured}

- **Limits**: English; case is ignored. It was shown unanswerable questions, but the pipeline returns a span all \
the same unless it is told `handle_impossible_answer=True`, and the score of that span need not be low. Larger public \
checkpoints are far better.
- **Ethical considerations**: half of its texts are Reddit posts and reviews and may hold abuse and prejudice; \
an answer is a quotation of the text that it was given, whether that is true or not. Nobody has measured whether \
it answers questions about all groups of people equally well.
"""


def read(settings) -> list[dict]:
    """What is learned from."""
    return windows(chosen(settings.data), AutoTokenizer.from_pretrained(checkpoint("minilm")))


def run(made: list[dict], settings) -> None:
    """Train, and write what ships."""
    print(len(made), "windows,", sum(len(window["ids"]) for window in made), "tokens", flush=True)
    model, done = train(made, AutoTokenizer.from_pretrained(checkpoint("minilm")), settings)
    size = ship(model, NAME)
    write_card(
        NAME, CARD, settings, SEED, done, windows=len(made), window=WINDOW, size=size,
    )  # fmt: skip


if __name__ == "__main__":
    settings = options(__doc__.splitlines()[0], **DEFAULTS)
    run(read(settings), settings)
