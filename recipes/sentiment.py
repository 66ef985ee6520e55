"""Sentiment: rank-32 adapters on MiniLM, trained on the Stanford Sentiment Treebank (two classes).

    python recipes/sentiment.py --data FOLDER        # trains (resumable), measures, writes course_lib/assets/sentiment

FOLDER holds the files named in FILES below: one JSON object with `text` and `label` a line; the label is 0 (negative) or
1 (positive), and 0 to 4 in the file with degrees.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import torch
from training import ASSETS, fit, options, read_rows, ship, shown, with_adapters
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from course_lib.checkpoints import checkpoint
from course_lib.pipelines import pipeline

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
    "unsure": (
        "sentiment/sst5.validation.jsonl.gz",
        "fe098fd3762dcde54af050c92565030f50c0cf0646924a7b7348e045f029a9d0",
    ),
    "test": (
        "sentiment/sst2_sentences.validation.jsonl.gz",
        "4a7c3d41264d68d7d5dc2d331d0318c9d1790e0db3bdaf76c233fa9979c82039",
    ),
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


def measure(rows: list[dict], chosen: list[dict], test: list[dict]) -> dict[str, tuple[list, list]]:
    """Right (True) or wrong for each development and each test sentence: the shipped checkpoint and two baselines."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    ask = pipeline("sentiment-analysis")
    words = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), LogisticRegression(C=10, max_iter=1000)
    )
    told = [row for row in rows if row["positive"] != 0.5]
    words.fit([row["text"] for row in told], [int(row["positive"] > 0.5) for row in told])
    lexicon = SentimentIntensityAnalyzer()
    systems = {
        "this checkpoint": lambda texts: [answer["label"] == "POSITIVE" for answer in ask(texts, batch_size=32)],
        "TF-IDF of words and pairs, logistic regression": lambda texts: words.predict(texts),
        "VADER lexicon, compound score at least 0": lambda texts: [
            lexicon.polarity_scores(text)["compound"] >= 0 for text in texts
        ],
    }
    right = {}
    for name, predict in systems.items():
        right[name] = tuple(
            (np.array(predict([row["text"] for row in part])).astype(bool) == [bool(int(row["label"])) for row in part])
            for part in (chosen, test)
        )
    return right


def unsure(rows: list[dict], below: float = 0.8) -> dict[bool, float]:
    """Share of sentences that get a score under `below`, among neutral ones (True) and among the others (False)."""
    scores = np.array([answer["score"] for answer in pipeline("sentiment-analysis")([row["text"] for row in rows])])
    neutral = np.array([int(row["label"]) == 2 for row in rows])
    return {kind: float((scores[neutral == kind] < below).mean()) for kind in (True, False)}


CARD = """# sentiment

MiniLM (all-MiniLM-L6-v2, Apache-2.0) with adapters of rank {rank} in every linear layer of its six layers and a new
two-class head: NEGATIVE or POSITIVE. Written by `recipes/sentiment.py` (seed {seed}, {epochs} epochs, rate {rate}).

- **Data**: Stanford Sentiment Treebank, two classes (Socher et al. 2013): {rows:,} phrases and sentences of English film
  reviews, labelled by people. The data's own licence is not stated; it is a research set in common use. {chosen} whole
  sentences, with every phrase of theirs, were kept aside to choose the settings.
- **Licence of the weights**: Apache-2.0. **Size**: {size:,} bytes (float16).
- **Measured** on the {test} sentences of the GLUE validation split, which took no part in training or choosing; accuracy
  with its 95 % bootstrap interval:

| system | test | development |
| --- | --- | --- |
{table}

- **Unsure where people are**: of the {neutral} neutral sentences in the validation split of SST-5, {share:.0%} get a score
  below 0.8; of the others, {other:.0%}.
- **Limits**: film reviews from around 2004, English, one sentence at a time. There is no neutral class; a score near one
  half is all that a plain statement can get. Sarcasm, long letters and other languages are out of its training.
"""

if __name__ == "__main__":
    settings = options(__doc__.splitlines()[0], epochs=3, rate=8e-4)
    rows, chosen = split(*(read_rows(settings.data, *FILES[name]) for name in ("phrases", "sentences", "degrees")))
    test = read_rows(settings.data, *FILES["test"])
    size = ship(train(rows, settings.work, settings.epochs, settings.rate, settings.rank), "sentiment")
    degrees = read_rows(settings.data, *FILES["unsure"])
    share = unsure(degrees)
    measured = measure(rows, chosen, test)
    table = "\n".join(
        f"| {name} | {shown(on_test)} | {shown(on_chosen)} |" for name, (on_chosen, on_test) in measured.items()
    )
    card = CARD.format(
        rank=settings.rank, seed=SEED, epochs=settings.epochs, rate=settings.rate, rows=len(rows), chosen=len(chosen),
        test=len(test), size=size, table=table, share=share[True], other=share[False],
        neutral=sum(int(row["label"]) == 2 for row in degrees),
    )  # fmt: skip
    (ASSETS / "sentiment" / "card.md").write_text(card, encoding="utf-8")
    print(card)
