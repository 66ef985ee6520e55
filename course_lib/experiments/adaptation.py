"""Domain adaptation: a masked language model is pretrained further on one domain and measured on two. Chapter 03.

Gururangan et al., "Don't Stop Pretraining" (2020), showed on larger models what continued pretraining is worth.
Perplexity of masked words says how well a model knows a domain: e to the mean loss, so 10 means as unsure as between
ten words.

`python -m course_lib.experiments.adaptation` measures what is missing and writes the record, in half an hour: the
fill-mask checkpoint of the course, which has read Wikipedia and everyday sentences, reads the train part of Python's
help, all weights trained. Perplexity on the test parts of both, after 0, 20, 60 and 160 steps; the same words are
masked each time. Two learning rates: the usual one, and a five times higher one. As a control it continues on Wikipedia
instead: the checkpoint was made with other masks than these, and some of any gain is that it gets used to them.
"""

from __future__ import annotations

import itertools
import math
import platform
from collections.abc import Sequence

import torch
from transformers import AutoTokenizer, BertForMaskedLM, DataCollatorForLanguageModeling
from transformers.modeling_outputs import MaskedLMOutput

from course_lib.arguments import texts as checked
from course_lib.arguments import whole
from course_lib.checkpoints import checkpoint
from course_lib.data import corpora
from course_lib.experiments.recorded import Record
from course_lib.training import IGNORED, TrainerCallback, pretrain

LENGTH = 64  # tokens of a row


class SparseMaskedLM(BertForMaskedLM):
    """BERT with its masked-word head, which is asked only where a word is masked: half of the work otherwise."""

    def forward(self, input_ids=None, attention_mask=None, labels=None, **ignored):
        """input_ids, attention_mask, labels: (batch, token); labels are −100 where nothing is asked.

        Returns logits (asked, vocabulary) and their mean cross-entropy in nats.
        """
        words = self.bert(input_ids, attention_mask=attention_mask).last_hidden_state  # (batch, token, width)
        asked = labels != IGNORED  # (batch, token)
        logits = self.cls(words[asked])  # (asked, vocabulary)
        return MaskedLMOutput(loss=torch.nn.functional.cross_entropy(logits, labels[asked]), logits=logits)


def masker(tokenizer, seed: int, share: float = 0.15) -> DataCollatorForLanguageModeling:
    """What makes batches with masked words and their targets, as BERT did (Devlin et al. 2018), by a seed of its own.

    Raises ValueError for a share outside 0 to 1.
    """
    if not isinstance(share, float) or not 0 < share < 1:
        raise ValueError(f"share is {share!r}. Expected a part of all tokens, above 0 and below 1, such as 0.15.")
    whole("seed", seed, 0)
    return DataCollatorForLanguageModeling(tokenizer, mlm=True, mlm_probability=share, seed=seed)


def rows_of(texts: Sequence[str], tokenizer, tokens: int | None = None) -> list[dict]:
    """Rows of at most LENGTH tokens, each from one text, with input_ids; of the first texts that make `tokens`.

    Raises ValueError where no text is long enough to mask a word of (8 tokens).
    """
    if tokens is not None:
        whole("tokens", tokens)
    encoded = tokenizer(
        list(checked("texts", texts)), truncation=True, max_length=LENGTH, return_overflowing_tokens=True
    )
    rows, read = [], 0
    for ids in encoded["input_ids"]:
        if len(ids) >= 8 and (tokens is None or read < tokens):
            rows.append({"input_ids": ids})
            read += len(ids)
    if not rows:
        raise ValueError(f"None of {len(texts)} texts has 8 tokens. Give whole sentences.")
    return rows


def masked_batches(rows: Sequence[dict], tokenizer, seed: int = 0, size: int = 32) -> list[dict[str, torch.Tensor]]:
    """Batches with the same words masked every time, to compare models on. Raises ValueError for no rows."""
    whole("size", size)
    if not len(rows):
        raise ValueError("rows is empty: there is nothing to mask.")
    collate = masker(tokenizer, seed)
    ordered = sorted(rows, key=lambda row: len(row["input_ids"]))  # little padding
    return [collate(ordered[start : start + size]) for start in range(0, len(ordered), size)]


def masked_losses(model: SparseMaskedLM, asked: Sequence[dict[str, torch.Tensor]]) -> torch.Tensor:
    """The loss of each masked word in nats, (asked,), in the order of the batches.

    Raises ValueError where nothing is masked.
    """
    if not any((batch["labels"] != IGNORED).any() for batch in asked):
        raise ValueError("asked holds no masked word. Take the batches that `masked_batches` returns.")
    model.eval()
    found = []
    with torch.no_grad():
        for batch in asked:
            batch = {name: value.to(model.device) for name, value in batch.items()}
            logits = model(**batch).logits  # (asked in this batch, vocabulary)
            targets = batch["labels"][batch["labels"] != IGNORED]
            found.append(torch.nn.functional.cross_entropy(logits, targets, reduction="none"))
    return torch.cat(found).cpu()


def masked_perplexity(model: SparseMaskedLM, asked: Sequence[dict[str, torch.Tensor]]) -> float:
    """e to the mean of `masked_losses`."""
    return math.exp(masked_losses(model, asked).mean().item())


# ---------------------------------------------------------------- the record

SETTINGS = {"steps": 160, "batch": 16, "measured after": [0, 20, 60, 160], "test tokens": 8000}
ARMS = (("Python help", 1e-4), ("Python help", 5e-4), ("Wikipedia", 1e-4))  # what is read, at which rate
SEEDS = (0, 1, 2, 3, 4)


def main() -> None:
    """Measure what is missing, and record it."""
    tokenizer = AutoTokenizer.from_pretrained(checkpoint("fill-mask"))
    train = {"Python help": rows_of(corpora.python_help("train")["text"], tokenizer)}
    train["Wikipedia"] = rows_of(corpora.leads("train")["text"][:2000], tokenizer)
    asked = {
        name: masked_batches(rows_of(texts, tokenizer, SETTINGS["test tokens"]), tokenizer)
        for name, texts in (
            ("Python help", corpora.python_help("test")["text"]),
            ("Wikipedia", corpora.leads("test")["text"]),
        )
    }
    settings = SETTINGS | {"rows": len(train["Python help"]), "python": ".".join(platform.python_version_tuple()[:2])}
    key = ("read", "rate", "seed", "steps")
    record = Record("adaptation", "python -m course_lib.experiments.adaptation", settings, key=key)
    for seed, (read, rate) in itertools.product(SEEDS, ARMS):
        if all(record.has(read=read, rate=rate, seed=seed, steps=steps) for steps in SETTINGS["measured after"]):
            continue
        model = SparseMaskedLM.from_pretrained(checkpoint("fill-mask"))
        found = []

        def measure(steps: int, model=model, read=read, rate=rate, seed=seed, found=found) -> None:
            figures = {name: round(masked_perplexity(model, batches), 3) for name, batches in asked.items()}
            found.append({"read": read, "rate": rate, "seed": seed, "steps": steps, **figures})
            print(found[-1], flush=True)

        class Measure(TrainerCallback):
            def on_step_end(self, args, state, control, measure=measure, model=model, **named) -> None:
                if state.global_step in SETTINGS["measured after"]:
                    measure(state.global_step)
                    model.train()

        measure(0)
        collate = masker(tokenizer, seed)
        pretrain(
            model, train[read], steps=SETTINGS["steps"], batch_size=SETTINGS["batch"], learning_rate=rate, seed=seed,
            collate=collate, callbacks=[Measure()],
        )  # fmt: skip
        record.add_all(found)


if __name__ == "__main__":
    main()
