"""The transfer matrix of chapter 03: what reading one corpus is worth on another.

    python -m course_lib.experiments.transfer        # measures what is missing, writes the record; some minutes

A tiny decoder (Llama's architecture, two layers of width 96, one tokenizer for all) reads a source, or nothing, then a
little of a target, and is measured on texts of the target that it has not read: bits per character. Sources come in two
sizes, since there are few reviews: a likeness must not be mistaken for an amount. One rate for all: it is between
the best for random weights (5e-3) and the best for weights that have read (2e-3), of the three that were tried.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from datasets import Dataset
from transformers import LlamaConfig, LlamaForCausalLM

from course_lib.arguments import texts as texts_in
from course_lib.arguments import whole
from course_lib.data import corpora
from course_lib.experiments.recorded import Record
from course_lib.training import perplexity, pretrain

SEEDS = (0, 1, 2, 3, 4)
SETTINGS = {
    "pieces": 1024, "length": 32, "layers": 2, "width": 96, "batch": 16, "target characters": 4000,
    "little": 9000, "much": 225_000, "steps on little": 100, "steps on much": 600, "steps on target": 30,
    "rate": 5e-3, "target rate": 3e-3,
}  # fmt: skip


def texts(seed: int) -> dict[str, dict[str, list[str]]]:
    """Of each corpus: texts to read as a source, as a target, and to be measured on; no text is in two of them."""
    random = np.random.default_rng(whole("seed", seed, 0))
    found = {}
    for name, load in (
        ("Wikipedia", corpora.leads),
        ("Python help", corpora.python_help),
        ("reviews", corpora.course_reviews),
    ):
        train, test = random.permutation(load("train")["text"]).tolist(), load("test")["text"]
        target = cut(train, SETTINGS["target characters"])
        found[name] = {"target": target, "source": train[len(target) :], "test": cut(test, 25_000)}
    return found


def cut(rows: list[str], characters: int) -> list[str]:
    """The first rows that have so many characters together. Raises ValueError for less than one character."""
    texts_in("rows", rows, least=0)
    whole("characters", characters)
    ends = np.cumsum([len(row) for row in rows])
    return rows[: int(np.searchsorted(ends, characters)) + 1]


def fresh(tokenizer, seed: int) -> LlamaForCausalLM:
    """A decoder that has read nothing."""
    torch.manual_seed(seed)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer), hidden_size=SETTINGS["width"], intermediate_size=4 * SETTINGS["width"],
            num_hidden_layers=SETTINGS["layers"], num_attention_heads=4, max_position_embeddings=128,
            bos_token_id=0, eos_token_id=0, pad_token_id=0,
        )
    )  # fmt: skip


def bits_per_character(model, tokenizer, rows: list[str]) -> float:
    """How many bits the model needs for a character of `rows`. Raises ValueError for no rows."""
    texts_in("rows", rows)
    data = corpora.blocks(Dataset.from_dict({"text": rows}), tokenizer, SETTINGS["length"])
    tokens = len(tokenizer("".join(rows))["input_ids"])
    return math.log2(perplexity(model, data)) * tokens / sum(map(len, rows))


def main() -> None:
    """Measure what is missing, and record it."""
    command = "python -m course_lib.experiments.transfer"
    record = Record("transfer", command, SETTINGS, key=("source", "amount", "target", "seed"))
    for seed in SEEDS:
        found = texts(seed)
        names = list(found)
        tokenizer = corpora.train_tokenizer(
            [row for name in names for row in cut(found[name]["source"], SETTINGS["little"])], SETTINGS["pieces"]
        )
        sources = [("nothing", "")] + [(name, "little") for name in names] + [(name, "much") for name in names[:2]]
        for source, amount in sources:
            if all(record.has(source=source, amount=amount, target=target, seed=seed) for target in names):
                continue
            start = fresh(tokenizer, seed)
            if amount:
                rows = cut(found[source]["source"], SETTINGS[amount])
                data = corpora.blocks(Dataset.from_dict({"text": rows}), tokenizer, SETTINGS["length"])
                steps = SETTINGS[f"steps on {amount}"]
                pretrain(
                    start, data, steps=steps, batch_size=SETTINGS["batch"], learning_rate=SETTINGS["rate"], seed=seed
                )
            for target in names:
                if record.has(source=source, amount=amount, target=target, seed=seed):
                    continue
                model = fresh(tokenizer, seed)
                model.load_state_dict(start.state_dict())
                rows = Dataset.from_dict({"text": found[target]["target"]})
                data = corpora.blocks(rows, tokenizer, SETTINGS["length"])
                steps, rate = SETTINGS["steps on target"], SETTINGS["target rate"]
                pretrain(model, data, steps=steps, batch_size=SETTINGS["batch"], learning_rate=rate, seed=seed)
                bits = bits_per_character(model, tokenizer, found[target]["test"])
                record.add(source=source, amount=amount, target=target, seed=seed, bits=round(bits, 4))
                print(record.content["runs"][-1], flush=True)


if __name__ == "__main__":
    main()
