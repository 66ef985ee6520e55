"""Sentiment: adapters on MiniLM, trained on the Stanford Sentiment Treebank and on everyday sentences (two classes).

    python -m workshop.recipes.sentiment --data FOLDER        # trains (resumable), writes course_lib/checkpoints/shipped/sentiment

FOLDER holds the files named in FILES below: one JSON object with `text` and `label` a line; the label is 0 (negative) or
1 (positive), and 0 to 4 in the file with degrees. The everyday praise, blame and plain facts in `texts/everyday.tsv` were
written for the course: a model of film reviews alone has a firm opinion of "On 3 March I ordered a lamp."
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from course_lib.checkpoints import checkpoint
from workshop.evaluation.sources import labelled_file, read_rows
from workshop.recipes.common import (
    QUICK,
    fit_adapted,
    options,
    precision,
    ship,
    to_be_adapted,
    write_card,
)

NAME = "sentiment"
SEED = 7
DEFAULTS = {"epochs": 3, "rate": 2e-4, "tokens": 2048}
HIDDEN = 0.1  # of the tokens are masked while it learns, in place of dropout, which is slow
FILES = {
    "phrases": labelled_file("sentiment/sst2_phrases.train.jsonl.gz"),
    "sentences": labelled_file("sentiment/sst2_sentences.train.jsonl.gz"),
    "degrees": labelled_file("sentiment/sst5.train.jsonl.gz"),
}
LABELS = {0: "NEGATIVE", 1: "POSITIVE"}
# How positive a sentence is, for each of the treebank's five degrees from very negative to very positive. Neutral
# sentences are part of the training too: they teach the model to be unsure.
DEGREES = {0: 0.02, 1: 0.12, 2: 0.5, 3: 0.88, 4: 0.98}


EVERYDAY = Path(__file__).parent / "texts" / "everyday.tsv"
VERDICTS = {"negative": 0.03, "neutral": 0.5, "positive": 0.97}
TIMES = 6  # an everyday sentence is seen in an epoch


def everyday() -> list[dict]:
    """The course's own everyday sentences: `text` and `positive`, from 0 to 1."""
    with EVERYDAY.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [{"text": row["text"], "positive": VERDICTS[row["label"]]} for row in rows]


def plain(text: str) -> str:
    """Text without case, spaces and punctuation, so that two spellings of one phrase compare equal."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def split(phrases: list[dict], sentences: list[dict], degrees: list[dict], development: int = 400):
    """Training rows `{text, positive}` and development rows `{text, label}` that share no sentence and no phrase.

    Whole sentences count twice: they are what the checkpoint will be asked about.
    """
    order = np.random.default_rng(SEED).permutation(len(sentences))
    chosen = [sentences[row] for row in order[:development]]
    held_out = " ".join(plain(row["text"]) for row in chosen)
    rows, seen = [], {plain(row["text"]) for row in chosen}
    graded = [{"text": row["text"], "positive": DEGREES[int(row["label"])]} for row in degrees]
    for row in graded + [{"text": row["text"], "positive": (0.03, 0.97)[int(row["label"])]} for row in phrases]:
        key = plain(row["text"])
        part_of_one = len(row["text"].split()) > 3 and key in held_out
        if key and key not in seen and not part_of_one:
            seen.add(key)
            rows.append(row)
    whole = {plain(row["text"]) for row in degrees}
    return rows + [row for row in rows if plain(row["text"]) in whole], chosen


def train(rows: list[dict], settings):
    """MiniLM with trained adapters, and facts about the training for the card."""
    base = checkpoint("minilm")
    tokenizer = AutoTokenizer.from_pretrained(base)
    torch.manual_seed(SEED)
    model = AutoModelForSequenceClassification.from_pretrained(
        base, num_labels=2, id2label=LABELS, label2id={name: number for number, name in LABELS.items()}, **QUICK
    )
    model, before = to_be_adapted(model, NAME, "SEQ_CLS", "classifier", settings)
    ids = tokenizer([row["text"] for row in rows], truncation=True, max_length=80)["input_ids"]
    positive = torch.tensor([row["positive"] for row in rows])
    targets = torch.stack([1 - positive, positive], dim=1)  # (row, 2)

    first_word = tokenizer.mask_token_id + 1  # what comes before are special tokens

    def loss_of(group: list[int]) -> torch.Tensor:
        inputs = tokenizer.pad({"input_ids": [ids[row] for row in group]}, pad_to_multiple_of=8, return_tensors="pt")
        hidden = (torch.rand(inputs["input_ids"].shape) < HIDDEN) & (inputs["input_ids"] >= first_word)
        inputs["input_ids"] = inputs["input_ids"].masked_fill(hidden, tokenizer.mask_token_id)
        with precision(settings.device):
            logits = model(**inputs.to(settings.device)).logits  # (batch, 2)
        return torch.nn.functional.cross_entropy(logits.float(), targets[group].to(settings.device))

    return fit_adapted(model, before, loss_of, [len(row) for row in ids], NAME, settings, SEED)


CARD = """# sentiment

MiniLM (all-MiniLM-L6-v2, Apache-2.0) with adapters of rank {rank} in every linear layer of its six layers and a \
new two-class head: NEGATIVE or POSITIVE. All weights of these layers were trained, and what they learned was \
put into the adapters (singular value decomposition; {share:.1%} of the squared change fits). Written by \
`workshop/recipes/sentiment.py` ({training}).

- **Intended use**: to show text classification in chapters 01 to 04 and 07, on reviews and short everyday \
English. Not for decisions about people, or for moderating what they write.
- **Data**: Stanford Sentiment Treebank, two classes (Socher et al. 2013): phrases and sentences of English film \
reviews, labelled by people; the data's own licence is not stated, it is a research set in common use. \
{everyday} everyday sentences written for the course: praise, blame, and plain facts with a target of one half. \
{rows:,} rows in all, counting repetitions; {chosen} whole sentences of the treebank, with every phrase of \
theirs, were kept aside to choose the settings.
- **Licence of the weights**: Apache-2.0. **Size**: {size:,} bytes (float16).
- **Measured** by `course evaluate sentiment` on sentences that took no part in training or choosing:

{measured}

- **Limits**: mostly film reviews from around 2004, English, one sentence at a time. There is no neutral class; \
a score near one half is all that a plain statement can get. Sarcasm, long letters and other languages are out \
of its training.
- **Ethical considerations**: words for a person's group move its score where nothing is said about the person; \
chapter 07 measures that for names and for words of identity, with intervals.
"""


def read(settings) -> dict[str, list]:
    """What is learned from, and the sentences that are kept aside."""
    rows, chosen = split(*(read_rows(settings.data, *FILES[name]) for name in ("phrases", "sentences", "degrees")))
    return {"rows": rows + TIMES * everyday(), "chosen": chosen}


def run(found: dict[str, list], settings) -> None:
    """Train, and write what ships."""
    rows = found["rows"]
    model, done = train(rows, settings)
    size = ship(model, NAME)
    write_card(
        NAME, CARD, settings, SEED, done, rows=len(rows), chosen=len(found["chosen"]), size=size, everyday=len(everyday()),
    )  # fmt: skip


if __name__ == "__main__":
    settings = options(__doc__.splitlines()[0], **DEFAULTS)
    run(read(settings), settings)
