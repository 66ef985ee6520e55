"""Guided attention: heads of a decoder are told from which place of the text the next token can be copied.

A decoder that learns from a few hours of text alone finds out late that it may copy. Where a summary quotes its text, the
place of each token is known, so it is told: some heads of the attention to the text are trained to look there (Chen et
al., "Guided Alignment Training for Topic-Aware Neural Machine Translation", 2016; Garg et al., "Jointly Learning to
Align and Translate with Transformer Models", 2019). Nothing of this is left in the trained model but its weights.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from transformers import EncoderDecoderModel

LEAST = 3  # tokens that text and summary share in a row: fewer can be chance


def places_of(text: list[int], told: list[int]) -> list[int]:
    """For each token id of `told` the place in `text` that it is copied from, -1 where it is not.

    The first and the last id of both are special tokens. A run of LEAST tokens or more counts as copied, the longest run
    wins, and of equal ones the first.
    """
    at = defaultdict(list)
    for place, token in enumerate(text[:-1]):
        at[token].append(place)
    found, step, end = [-1] * len(told), 1, len(told) - 1
    while step < end:
        first, length = -1, 0
        for place in at[told[step]]:
            run = 1
            while step + run < end and place + run < len(text) - 1 and text[place + run] == told[step + run]:
                run += 1
            if run > length:
                first, length = place, run
        if length >= LEAST:
            found[step : step + length] = range(first, first + length)
        step += max(1, length)
    return found


@contextmanager
def guided(model: EncoderDecoderModel, heads: dict[int, int]) -> Iterator[GuidedHeads]:
    """While this context lasts, the first heads of `model` can be asked how far they look from where they should.

    `heads` says how many in which layer of the decoder, {layer: number of heads}.
    """
    found = GuidedHeads(model, heads)
    try:
        yield found
    finally:
        for hook in found.hooks:
            hook.remove()


class GuidedHeads:
    """What the heads asked and found in the last forward pass; made by `guided`."""

    def __init__(self, model: EncoderDecoderModel, heads: dict[int, int]):
        """Watch the queries and keys of the decoder's attention to the text."""
        self.heads, self.width = heads, model.config.decoder.hidden_size // model.config.decoder.num_attention_heads
        self.seen: dict[tuple[int, str], torch.Tensor] = {}
        self.hooks = []
        for layer in heads:
            attention = model.decoder.bert.encoder.layer[layer].crossattention.self
            for part in ("query", "key"):
                self.hooks.append(getattr(attention, part).register_forward_hook(self._keeping(layer, part)))

    def _keeping(self, layer: int, part: str):
        def keep(module, given, made: torch.Tensor) -> None:
            self.seen[layer, part] = made  # (batch, step or token, 384)

        return keep

    def loss(self, places: torch.Tensor, unseen: torch.Tensor) -> torch.Tensor:
        """The mean cross-entropy of the heads' attention with the place that each step should look at.

        places: (batch, step) of long, -1 where a step may look where it likes. unseen: (batch, 1, 1, token), added to the
        scores: 0, or very negative where a text has no token.
        """
        rows, steps = (places >= 0).nonzero(as_tuple=True)
        if not len(rows):
            return unseen.new_zeros(())
        losses = []
        for layer, count in self.heads.items():
            asked, found = (
                self.seen[layer, part].unflatten(-1, (-1, self.width))[:, :, :count].transpose(1, 2)
                for part in ("query", "key")
            )  # (batch, head, step or token, width)
            scores = asked @ found.transpose(-1, -2) / self.width**0.5 + unseen  # (batch, head, step, token)
            chances = scores.float().log_softmax(-1)[rows, :, steps, places[rows, steps]]  # (guided step, head)
            losses.append(-chances.mean())
        return torch.stack(losses).mean()
