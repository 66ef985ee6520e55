"""Question answering: rank-32 adapters and a span head on MiniLM, trained on human questions about four kinds of text.

    python recipes/question_answering.py --data FOLDER      # trains (resumable), writes the assets

FOLDER holds the files named in FILES below: one JSON object with `question`, `context` and
`answers: {text: […], answer_start: […]}` a line.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import torch
from training import QUICK, fit, options, read_rows, ship, with_adapters, write_card
from transformers import AutoModelForQuestionAnswering, AutoTokenizer

from course_lib.checkpoints import checkpoint

SEED = 7
WINDOW, STRIDE = 256, 96  # tokens
FILES = {
    "squad": (
        "qa/squad_dev_minus_xquad.train.jsonl.gz",
        "0649f3460744c81d15ad5b754d3f4d02c1dd1e22f24a34a25401256e77ea1e3b",
    ),
    "wiki": (
        "qa/squadshifts_new_wiki.train.jsonl.gz",
        "f32f46a17fceabbaabd68ab14710db727a14a392368f99ae231c38e80805e42d",
    ),
    "reddit": (
        "qa/squadshifts_reddit.train.jsonl.gz",
        "44345d9e70af84c365d75c7d1614e602d52319de4aff30a2cc7219d45a0583c7",
    ),
    "amazon": (
        "qa/squadshifts_amazon_reviews.train.jsonl.gz",
        "bfa718ce2721fa5621761e1da4898f1f6ab6b4815e8e4051b3eb028b08658752",
    ),
    "sentences": ("qa/qamr_wiki.train.jsonl.gz", "7fb6a8959c20e43c2c903774e0488cbc73950b441e593f2195175f76ec1eec3a"),
}
# How much of each set is used, to fit half an hour on two cores (two epochs): the encyclopaedia counts most, since it is measured on.
SHARE = {"squad": 1.0, "wiki": 1.0, "reddit": 0.25, "amazon": 0.25, "sentences": 0.25}


def chosen(data: Path) -> list[dict]:
    """The training rows: each set's share of its rows, drawn once."""
    rows = []
    for name, share in SHARE.items():
        found = read_rows(data, *FILES[name])
        order = np.random.default_rng([SEED, len(rows)]).permutation(len(found))
        rows += [found[row] for row in order[: int(len(found) * share)]]
    return rows


def windows(rows: list[dict], tokenizer) -> list[dict]:
    """Training windows: token ids, token types, and the first and last token of the answer.

    A question whose context is longer than WINDOW tokens gives several overlapping windows; those without the answer
    are left out. Of several human answers the most frequent one counts.
    """
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
            text, first = Counter(zip(answers["text"], answers["answer_start"], strict=True)).most_common(1)[0][0]
            last = first + len(text)
            in_context = [which == 1 for which in encoded.sequence_ids(number)]
            spans = encoded["offset_mapping"][number]
            inside = [i for i, (a, b) in enumerate(spans) if in_context[i] and a < last and b > first]
            if not inside or spans[inside[0]][0] > first or spans[inside[-1]][1] < last:
                continue
            made.append(
                {
                    "ids": encoded["input_ids"][number],
                    "types": encoded["token_type_ids"][number],
                    "span": (inside[0], inside[-1]),
                }
            )
    return made


def train(made: list[dict], tokenizer, work: Path, epochs: int, rate: float, rank: int):
    """MiniLM with a trained span head and adapters."""
    torch.manual_seed(SEED)
    model = AutoModelForQuestionAnswering.from_pretrained(checkpoint("minilm"), **QUICK)
    model = with_adapters(model, "QUESTION_ANS", "qa_outputs", rank, dropout=0.0)
    spans = torch.tensor([window["span"] for window in made])  # (window, 2)

    def loss_of(group: list[int]) -> torch.Tensor:
        inputs = tokenizer.pad(
            {"input_ids": [made[i]["ids"] for i in group], "token_type_ids": [made[i]["types"] for i in group]},
            pad_to_multiple_of=8,
            return_tensors="pt",
        )
        with torch.autocast("cpu", torch.bfloat16):
            answer = model(**inputs)
        logits = torch.stack([answer.start_logits, answer.end_logits], 1).float()  # (batch, 2, token)
        outside = (inputs["attention_mask"] == 0)[:, None, :]  # (batch, 1, token)
        return torch.nn.functional.cross_entropy(
            logits.masked_fill(outside, -1e4).flatten(0, 1), spans[group].flatten()
        )

    fit(
        model, loss_of, [len(window["ids"]) for window in made],
        state=work / "question-answering.pt", epochs=epochs, batch_size=24, rate=rate, seed=SEED,
    )  # fmt: skip
    return model


CARD = """# question-answering

MiniLM (all-MiniLM-L6-v2, Apache-2.0) with adapters of rank {rank} in every linear layer of its six layers and a new head
that scores each token as a beginning and as an end of the answer. Written by `recipes/question_answering.py` (seed {seed},
{epochs} epochs, rate {rate}, {windows:,} windows of at most {window} tokens).

- **Data**: SQuAD 1.1 development articles without the XQuAD paragraphs (Rajpurkar et al. 2016; CC BY-SA 4.0), SquadShifts
  New-Wikipedia, Reddit and Amazon (Miller et al. 2020; licence not stated, research sets in common use), QAMR (Michael et
  al. 2018; MIT). Questions and answers by people. How much of each was used stands in the recipe.
- **Licence of the weights**: Apache-2.0. **Size**: {size:,} bytes (float16).
- **Measured** by `course evaluate question-answering` on questions that took no part in training:

{measured}

- **Limits**: English; an answer is always a span, also where there is none; case is ignored; it was trained for half an
  hour on two cores, and larger public checkpoints are far better.
"""

if __name__ == "__main__":
    settings = options(__doc__.splitlines()[0], epochs=2, rate=1e-3)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint("minilm"))
    made = windows(chosen(settings.data), tokenizer)
    print(len(made), "windows,", sum(len(window["ids"]) for window in made), "tokens", flush=True)
    size = ship(
        train(made, tokenizer, settings.work, settings.epochs, settings.rate, settings.rank), "question-answering"
    )
    write_card(
        "question-answering", CARD, rank=settings.rank, seed=SEED, epochs=settings.epochs, rate=settings.rate, windows=len(made), window=WINDOW,
        size=size,
    )  # fmt: skip
