"""Domain adaptation: a masked language model reads on in one domain, and is measured there and elsewhere. Chapter 03.

Gururangan et al., "Don't Stop Pretraining" (2020), showed on larger models what reading on is worth. Perplexity of
masked words says how well a model knows a domain: e to the mean loss, so 10 means as unsure as between ten words.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from transformers import BertForMaskedLM, DataCollatorForLanguageModeling
from transformers.modeling_outputs import MaskedLMOutput

LENGTH = 64  # tokens of a row


class SparseMaskedLM(BertForMaskedLM):
    """BERT with its masked-word head, which is asked only where a word is masked: half of the work otherwise."""

    def forward(self, input_ids=None, attention_mask=None, labels=None, **ignored):
        """input_ids, attention_mask, labels: (batch, token); labels are −100 where nothing is asked.

        Returns logits (asked, vocabulary) and their mean cross-entropy in nats.
        """
        words = self.bert(input_ids, attention_mask=attention_mask).last_hidden_state  # (batch, token, width)
        asked = labels != -100  # (batch, token)
        logits = self.cls(words[asked])  # (asked, vocabulary)
        return MaskedLMOutput(loss=torch.nn.functional.cross_entropy(logits, labels[asked]), logits=logits)


def masker(tokenizer, seed: int, share: float = 0.15) -> DataCollatorForLanguageModeling:
    """What makes batches with masked words and their targets, as BERT did (Devlin et al. 2018); its own chance."""
    return DataCollatorForLanguageModeling(tokenizer, mlm=True, mlm_probability=share, seed=seed)


def rows_of(texts: Sequence[str], tokenizer, tokens: int | None = None) -> list[dict]:
    """Rows of at most LENGTH tokens, each from one text, with input_ids; of the first texts that make `tokens`.

    Raises ValueError where no text is long enough to mask a word of (8 tokens).
    """
    encoded = tokenizer(list(texts), truncation=True, max_length=LENGTH, return_overflowing_tokens=True)
    rows, read = [], 0
    for ids in encoded["input_ids"]:
        if len(ids) >= 8 and (tokens is None or read < tokens):
            rows.append({"input_ids": ids})
            read += len(ids)
    if not rows:
        raise ValueError(f"None of {len(texts)} texts has 8 tokens. Give whole sentences.")
    return rows


def questions(rows: Sequence[dict], tokenizer, seed: int = 0, size: int = 32) -> list[dict[str, torch.Tensor]]:
    """Batches with the same words masked every time, to compare models on."""
    collate = masker(tokenizer, seed)
    ordered = sorted(rows, key=lambda row: len(row["input_ids"]))  # little padding
    return [collate(ordered[start : start + size]) for start in range(0, len(ordered), size)]


def masked_losses(model: SparseMaskedLM, asked: Sequence[dict[str, torch.Tensor]]) -> torch.Tensor:
    """The loss of each masked word in nats, (asked,), in the order of the batches."""
    model.eval()
    found = []
    with torch.no_grad():
        for batch in asked:
            logits = model(**batch).logits  # (asked in this batch, vocabulary)
            targets = batch["labels"][batch["labels"] != -100]
            found.append(torch.nn.functional.cross_entropy(logits, targets, reduction="none"))
    return torch.cat(found)


def masked_perplexity(model: SparseMaskedLM, asked: Sequence[dict[str, torch.Tensor]]) -> float:
    """e to the mean of `masked_losses`."""
    return math.exp(masked_losses(model, asked).mean().item())
