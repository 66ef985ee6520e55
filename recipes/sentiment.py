"""Sentiment: rank-32 adapters on MiniLM, trained on the Stanford Sentiment Treebank (two classes).

    python recipes/sentiment.py --data FOLDER        # trains (resumable), writes course_lib/assets/sentiment

FOLDER holds the files named in FILES below: one JSON object with `text` and `label` a line; the label is 0 (negative) or
1 (positive), and 0 to 4 in the file with degrees.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import torch
from training import fit, options, read_rows, ship, with_adapters, write_card
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from course_lib.checkpoints import checkpoint

SEED = 7
FILES = {
    "phrases": (
        "sentiment/sst2_phrases.train.jsonl.gz",
        "b7f987666b22eb3b77a15a9989a50266da88cb94a62975248fa82a4c0205cfb5",
    ),
    "sentences": (
        "sentiment/sst2_sentences.train.jsonl.gz",
        "a2c553e2d6496ab61c91bf8b7c8682de3f08cbcac77a60bcb745a40c33fb4df2",
    ),
    "degrees": ("sentiment/sst5.train.jsonl.gz", "b5108782991091fd3a46cb862465441a5609532256de8acd6e2b6af642640afd"),
}
LABELS = {0: "NEGATIVE", 1: "POSITIVE"}
# How positive a sentence is, for each of the treebank's five degrees from very negative to very positive. Neutral
# sentences are part of the training too: they teach the model to be unsure.
DEGREES = {0: 0.02, 1: 0.12, 2: 0.5, 3: 0.88, 4: 0.98}


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


def train(rows: list[dict], work: Path, epochs: int, rate: float, rank: int):
    """MiniLM with trained adapters."""
    base = checkpoint("minilm")
    tokenizer = AutoTokenizer.from_pretrained(base)
    torch.manual_seed(SEED)
    model = AutoModelForSequenceClassification.from_pretrained(
        base, num_labels=2, id2label=LABELS, label2id={name: number for number, name in LABELS.items()}
    )
    model = with_adapters(model, "SEQ_CLS", "classifier", rank, dropout=0.1)
    ids = tokenizer([row["text"] for row in rows], truncation=True, max_length=80)["input_ids"]
    positive = torch.tensor([row["positive"] for row in rows])
    targets = torch.stack([1 - positive, positive], dim=1)  # (row, 2)

    def loss_of(group: list[int]) -> torch.Tensor:
        inputs = tokenizer.pad({"input_ids": [ids[row] for row in group]}, return_tensors="pt")
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(**inputs).logits  # (batch, 2)
        return torch.nn.functional.cross_entropy(logits.float(), targets[group])

    fit(
        model, loss_of, [len(row) for row in ids],
        state=work / "sentiment.pt", epochs=epochs, batch_size=64, rate=rate, seed=SEED,
    )  # fmt: skip
    return model


CARD = """# sentiment

MiniLM (all-MiniLM-L6-v2, Apache-2.0) with adapters of rank {rank} in every linear layer of its six layers and a new
two-class head: NEGATIVE or POSITIVE. Written by `recipes/sentiment.py` (seed {seed}, {epochs} epochs, rate {rate}).

- **Data**: Stanford Sentiment Treebank, two classes (Socher et al. 2013): {rows:,} phrases and sentences of English film
  reviews, labelled by people. The data's own licence is not stated; it is a research set in common use. {chosen} whole
  sentences, with every phrase of theirs, were kept aside to choose the settings.
- **Licence of the weights**: Apache-2.0. **Size**: {size:,} bytes (float16).
- **Measured** by `course evaluate sentiment` on sentences that took no part in training or choosing:

{measured}

- **Limits**: film reviews from around 2004, English, one sentence at a time. There is no neutral class; a score near one
  half is all that a plain statement can get. Sarcasm, long letters and other languages are out of its training.
"""

if __name__ == "__main__":
    settings = options(__doc__.splitlines()[0], epochs=3, rate=8e-4)
    rows, chosen = split(*(read_rows(settings.data, *FILES[name]) for name in ("phrases", "sentences", "degrees")))
    size = ship(train(rows, settings.work, settings.epochs, settings.rate, settings.rank), "sentiment")
    write_card(
        "sentiment", CARD, rank=settings.rank, seed=SEED, epochs=settings.epochs, rate=settings.rate, rows=len(rows), chosen=len(chosen),
        size=size,
    )  # fmt: skip
