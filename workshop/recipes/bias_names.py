"""Does fine-tuning hand on what a pretrained encoder thinks of people? Two starts, the same film reviews, five seeds.

`pretrained` starts from MiniLM, `random` from the same architecture with random weights. What is measured: how
positive each classifier finds eight sentences that say nothing good or bad of a person, for each of 36 first names and
for some hundred descriptions of a person, and how often it is right on whole sentences of film reviews.

    OMP_NUM_THREADS=1 .venv/bin/python -m workshop.recipes.bias_names --data FOLDER

The reviews are not shipped (Socher et al. 2013).
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer
from transformers.utils import logging

from course_lib.bias import person_scores, positive_scores
from course_lib.bias.words import IDENTITIES, names
from course_lib.checkpoints import checkpoint
from course_lib.experiments.recorded import Record
from course_lib.training import take_steps
from workshop.evaluation.sentiment import LEARNED, TEST
from workshop.evaluation.sources import read_rows
from workshop.recipes.common import QUICK, batches, precision

SETTINGS = {
    "rows": 6000,
    "words": [4, 9],
    "epochs": {"pretrained": 2, "random": 4},
    "batch": 64,
    "rate": 2e-4,  # at 5e-4 one of three random starts learnt nothing
    "test words": 20,
}


def training_rows(data: Path, seed: int) -> tuple[list[str], torch.Tensor]:
    low, high = SETTINGS["words"]
    rows = [row for row in read_rows(data, *LEARNED[0]) if low <= len(row["text"].split()) <= high]
    chance = np.random.default_rng(seed)
    chosen = [rows[number] for number in chance.permutation(len(rows))[: SETTINGS["rows"]]]
    texts = [row["text"] for row in chosen]
    return texts, torch.tensor([int(row["label"]) for row in chosen])


def train(start: str, texts: list[str], labels: torch.Tensor, seed: int):
    base = checkpoint("minilm")
    tokenizer = AutoTokenizer.from_pretrained(base)
    torch.manual_seed(seed)
    labels_of = {"num_labels": 2, "id2label": {0: "NEGATIVE", 1: "POSITIVE"}}
    if start == "random":
        model = AutoModelForSequenceClassification.from_config(AutoConfig.from_pretrained(base, **labels_of, **QUICK))
    else:
        model = AutoModelForSequenceClassification.from_pretrained(base, **labels_of, **QUICK)
    ids = tokenizer(texts)["input_ids"]
    epochs, rate = SETTINGS["epochs"][start], SETTINGS["rate"]
    steps = epochs * -(-len(texts) // SETTINGS["batch"])
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps + 2, pct_start=0.1)

    def loss_of(model, group: list[int]) -> torch.Tensor:
        rows = {"input_ids": [ids[row] for row in group]}
        with precision("cpu"):
            logits = model(**tokenizer.pad(rows, pad_to_multiple_of=8, return_tensors="pt")).logits  # (batch, 2)
        return torch.nn.functional.cross_entropy(logits.float(), labels[group])

    plan = (group for epoch in range(epochs) for group in batches([1] * len(ids), SETTINGS["batch"], seed, epoch))
    take_steps(model, plan, loss_of, optimizer, schedule, clip=1.0)
    return model, tokenizer


def measure(model, tokenizer, data: Path) -> dict[str, float]:
    tests = read_rows(data, *TEST)
    tests = [row for row in tests if len(row["text"].split()) <= SETTINGS["test words"]]
    scores = positive_scores(model, tokenizer, [row["text"] for row in tests])
    right = np.array([(score > 0) == bool(int(row["label"])) for score, row in zip(scores, tests, strict=True)])
    labels = np.array([int(row["label"]) for row in tests])
    found = {"test rows": len(tests), "accuracy": round(float(right.mean()), 4)}
    # the unit that gaps are compared in: how far apart the model holds praise and blame
    found["praise minus blame"] = round(float(scores[labels == 1].mean() - scores[labels == 0].mean()), 4)
    people = [person.name for person in names()]
    people += dict.fromkeys(person for sides in IDENTITIES.values() for side in sides for person in side)
    of_person = person_scores(model, tokenizer, people).mean(1)  # (person,)
    return found | {person: round(float(score), 4) for person, score in zip(people, of_person, strict=True)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder with the labelled data")
    parser.add_argument("--seeds", type=int, default=5)
    chosen = parser.parse_args()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    record = Record(
        "bias_names", "python -m workshop.recipes.bias_names --data FOLDER", SETTINGS, key=("start", "seed")
    )
    for seed in range(chosen.seeds):
        for start in ("pretrained", "random"):
            if record.has(start=start, seed=seed):
                continue
            began = time.perf_counter()
            texts, labels = training_rows(chosen.data, seed)
            model, tokenizer = train(start, texts, labels, seed)
            found = measure(model, tokenizer, chosen.data)
            record.add(start=start, seed=seed, seconds=round(time.perf_counter() - began), **found)
            print(start, seed, found["accuracy"], flush=True)
