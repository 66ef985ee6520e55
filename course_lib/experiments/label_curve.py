"""What labels are worth: one classifier, four ways to learn from n labelled articles. Chapter 03.

`python -m course_lib.experiments.label_curve` runs all of it and records the curve; the chapter draws the record and
runs one point again. `--methods full` is one method only, for a second process beside the first.

- scratch: all weights random, all trained;    - full: the pretrained weights, all trained;
- lora: pretrained, adapters of rank 16 (Hu et al. 2021);    - head: pretrained and frozen, only the last layer trained.

One encoder (MiniLM, 22.7 million parameters, with the mean of its vectors and a linear layer on top), eleven topics of
Wikipedia's first paragraphs, the first 16 tokens of each. Seed s draws the labelled articles (the first n of one
permutation), the head, and the order. Rates and numbers of steps were chosen with `--choose`: trained on articles of
the train part, accuracy on articles of the validation part. The curve is then measured on the test part, with labels
from train and validation together, since 8,000 are needed.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoConfig, AutoModel, AutoTokenizer

from course_lib.arguments import above_zero, whole
from course_lib.arguments import texts as checked
from course_lib.checkpoints import checkpoint
from course_lib.classifier import MeanClassifier
from course_lib.data.corpora import leads
from course_lib.experiments.recorded import Record
from course_lib.training import own_loss, take_steps

METHODS = ("full", "lora", "head", "scratch")
SIZES = (25, 75, 200, 750, 2500, 8000)
TOKENS = 16  # of each article
# Examples that go by in all, for each number of labels, times a factor: stored vectors cost nothing, and random weights
# need more steps. Chosen on the validation part, within what two cores do in an hour.
SEEN = {25: 800, 75: 1500, 200: 2400, 750: 3500, 2500: 6000, 8000: 8000}
FACTORS = {"full": 1, "lora": 1, "head": 10, "scratch": 2}
RATES = {"full": 1e-4, "lora": 1e-3, "head": 5e-3, "scratch": 5e-4}


class Articles:
    """Token ids and topics of articles, cut to `TOKENS` tokens, in memory."""

    def __init__(self, *parts: str) -> None:
        """Those of the `parts` of the leads that have a topic. Raises ValueError for no part, or an unknown one."""
        checked("parts", parts)
        tokenizer = AutoTokenizer.from_pretrained(checkpoint("minilm"))
        rows = [row for part in parts for row in leads(part) if row["topic"] != "Uncategorized"]
        self.topics = sorted({row["topic"] for row in rows})
        self.labels = torch.tensor([self.topics.index(row["topic"]) for row in rows])
        encoded = tokenizer([row["text"] for row in rows], truncation=True, max_length=TOKENS, padding="max_length")
        self.ids = torch.tensor(encoded["input_ids"])  # (article, token)
        self.mask = torch.tensor(encoded["attention_mask"])  # (article, token)

    def batch(self, rows) -> dict[str, torch.Tensor]:
        """The inputs of a model for some rows."""
        return {"input_ids": self.ids[rows], "attention_mask": self.mask[rows], "labels": self.labels[rows]}


def model_of(method: str, classes: int, seed: int, copied: int | None = None) -> torch.nn.Module:
    """What is trained by a method, with the head (and for scratch everything) drawn with `seed`.

    For scratch, `copied` layers are then overwritten with the pretrained ones: the embedding matrix and the first n - 1
    layers of the encoder. 0 copies nothing, 1 only the embedding matrix. Raises ValueError for a method that is not in
    METHODS, and for more layers than there are.
    """
    if method not in METHODS:
        raise ValueError(f"there is no method {method!r}. The methods are: {', '.join(METHODS)}.")
    classes = whole("classes", classes)
    if copied is not None:
        whole("copied", copied, 0, 7)
    torch.manual_seed(seed)
    quick = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    settings = {"num_labels": classes, "attn_implementation": "eager"}
    if method == "scratch":
        model = MeanClassifier(AutoConfig.from_pretrained(checkpoint("minilm"), **settings, **quick))
        if copied:
            pretrained = AutoModel.from_pretrained(checkpoint("minilm"))
            model.bert.embeddings.load_state_dict(pretrained.embeddings.state_dict())
            for layer in range(copied - 1):
                model.bert.encoder.layer[layer].load_state_dict(pretrained.encoder.layer[layer].state_dict())
        return model
    model = MeanClassifier.from_pretrained(checkpoint("minilm"), **settings, **quick)
    if method == "head":
        model.bert.requires_grad_(False)
    if method == "lora":
        targets = ["query", "key", "value", "dense"]
        adapters = LoraConfig(r=16, lora_alpha=32, target_modules=targets, modules_to_save=["classifier"])
        model = get_peft_model(model, adapters)
    return model


def examples(size: int) -> int:
    """How many examples go by for `size` labels: SEEN, and between its sizes what lies between, by the logarithm.

    Raises ValueError for less than one label.
    """
    whole("size", size)
    return SEEN.get(size) or round(float(np.interp(np.log(size), np.log(list(SEEN)), list(SEEN.values()))))


def learn(
    method: str, articles: Articles, size: int, seed: int, learning_rate: float | None = None, copied: int | None = None
) -> torch.nn.Module:
    """A classifier trained on `size` articles, drawn with `seed`: AdamW, warm-up of a tenth, then linearly to 0.

    `learning_rate` is that of RATES if None; `copied` is explained at `model_of`. Raises ValueError for a method that
    is not in METHODS, or more articles than there are.
    """
    whole("size", size, 1, len(articles.ids))
    whole("seed", seed, 0)
    if learning_rate is not None:
        learning_rate = above_zero("learning_rate", learning_rate)
    chosen = np.random.default_rng(seed).permutation(len(articles.ids))[:size]
    model = model_of(method, len(articles.topics), seed, copied).train()
    features = None
    if method == "head":  # a frozen encoder says the same every time: its vectors are computed once
        with torch.no_grad():
            batches = (articles.batch(rows) for rows in torch.as_tensor(chosen).split(200))
            features = torch.cat([model.vectors(batch["input_ids"], batch["attention_mask"]) for batch in batches])
    seen = examples(size) * (FACTORS[method] if copied is None else 1)
    batch_size = 16 if size <= 200 else 32
    order = np.random.default_rng([seed, size])
    rows = np.concatenate([order.permutation(size) for _ in range(-(-seen // size))])[:seen]
    steps = -(-len(rows) // batch_size)
    trained = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=learning_rate or RATES[method], weight_decay=0.01, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / (0.1 * steps + 1), (steps - step) / (0.9 * steps))
    )

    def batch_of(group: torch.Tensor) -> dict[str, torch.Tensor]:
        batch = articles.batch(chosen[group])
        return batch if features is None else {"features": features[group], "labels": batch["labels"]}

    batches = (batch_of(group) for group in torch.as_tensor(rows).split(batch_size))
    take_steps(model, batches, own_loss, optimizer, schedule, clip=1.0)
    return model


def topic_accuracy(model, articles: Articles) -> float:
    """The share of articles whose topic is found. Raises ValueError for no articles."""
    if not len(articles.ids):
        raise ValueError("articles is empty: there is nothing to be right about.")
    right, where = 0, getattr(model, "device", "cpu")
    with torch.no_grad():
        for rows in torch.arange(len(articles.ids)).split(200):
            batch = {name: value.to(where) for name, value in articles.batch(rows).items()}
            labels = batch.pop("labels")
            right += int((model(**batch).logits.argmax(-1) == labels).sum())
    return right / len(articles.ids)


# ---------------------------------------------------------------- the record

SEEDS = (0, 1, 2, 3, 4)


def main() -> None:
    """Measure what is missing, and record it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    parser.add_argument("--choose", nargs="+", type=float, help="rates to try, on the validation part; records nothing")
    parser.add_argument("--sizes", nargs="+", type=int, default=SIZES)
    parser.add_argument("--seeds", nargs="+", type=int, default=SEEDS)
    chosen = parser.parse_args()
    if chosen.choose:
        train, test = Articles("train"), Articles("validation")
        for method, size, rate in [(m, s, r) for m in chosen.methods for s in chosen.sizes for r in chosen.choose]:
            began = time.time()
            found = topic_accuracy(learn(method, train, size, 0, rate), test)
            print(f"{method} {size} labels, rate {rate}: {found:.3f}  ({time.time() - began:.0f} s)", flush=True)
        return
    pool, test = Articles("train", "validation"), Articles("test")
    settings = {
        "tokens": TOKENS,
        "seen": list(SEEN.items()),
        "pool": len(pool.ids),
        "test": len(test.ids),
    }
    for seed, size, method in [(seed, n, m) for seed in chosen.seeds for n in chosen.sizes for m in chosen.methods]:
        name = f"label_curve_{method}"
        record = Record(
            name,
            f"python -m course_lib.experiments.label_curve --methods {method}",
            settings | {"rate": RATES[method], "factor": FACTORS[method]},
            key=("labels", "seed"),
        )
        if record.has(labels=size, seed=seed):
            continue
        began = time.time()
        found = topic_accuracy(learn(method, pool, size, seed), test)
        record.add(
            method=method, labels=size, seed=seed, accuracy=round(found, 4), seconds=round(time.time() - began, 1)
        )
        print(record.content["runs"][-1], flush=True)


if __name__ == "__main__":
    main()
