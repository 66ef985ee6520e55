"""Asking models quickly: texts of similar length together, so that little of a batch is padding."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from course_lib.pipelines import pipeline


def by_length(ask: Callable[[list], list], texts: list, length: Callable = len) -> list:
    """What `ask(texts)` gives, in the order of `texts`, although it is asked with the longest first."""
    order = sorted(range(len(texts)), key=lambda number: -length(texts[number]))
    answers = ask([texts[number] for number in order])
    found = dict(zip(order, answers, strict=True))
    return [found[number] for number in range(len(texts))]


@cache
def _encoder():
    return pipeline("feature-extraction")


def vectors(texts: list[str], size: int = 64) -> np.ndarray:
    """MiniLM's sentence vectors, (text, 384): the tokens' mean, of length one, so that a product is a cosine.

    Source: Reimers and Gurevych, "Sentence-BERT", 2019.
    """
    import torch

    encoder = _encoder()

    def ask(ordered: list[str]) -> list[np.ndarray]:
        found = []
        for start in range(0, len(ordered), size):
            inputs = encoder.tokenizer(
                ordered[start : start + size], padding=True, truncation=True, return_tensors="pt"
            )
            with torch.inference_mode():
                tokens = encoder.model(**inputs).last_hidden_state  # (text, token, 384)
            weights = inputs["attention_mask"][:, :, None]  # (text, token, 1)
            means = (tokens * weights).sum(1) / weights.sum(1)  # (text, 384)
            found += list(torch.nn.functional.normalize(means).numpy())
        return found

    return np.stack(by_length(ask, texts))
