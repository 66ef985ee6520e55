"""A decoder and an encoder with all else equal, going on with letters: chapter 04.

    python -m course_lib.experiments.matched_pair  # measures what is missing, writes the record; some minutes a seed

Two small BERTs of the same size, on the same texts in the same order: one with a causal mask, trained on each next
letter, one that restores hidden letters. Both see 15 letters and say the sixteenth; the encoder has a mask there. The
encoder is measured on a letter between others too.

Each seed stands for other initial weights, other texts, other gaps and another test.
"""

from __future__ import annotations

import re
from itertools import count, islice, pairwise

import torch
from torch import Generator, Tensor
from torch.nn.functional import cross_entropy
from transformers import BertConfig, BertModel

from course_lib.data.corpora import leads
from course_lib.experiments.recorded import Record
from course_lib.measures import interval
from course_lib.training import take_steps

SETTINGS = {"length": 16, "batch": 64, "hidden": 0.3, "rate": 3e-3, "width": 64, "layers": 2, "texts": 2000}
STEPS = (300, 600, 900)
SEEDS = (0, 1, 2, 3, 4)
MASK, NOTHING = 27, -100  # the letter that hides another; a target that is none
LENGTH = SETTINGS["length"]
WIDTH = SETTINGS["width"]


class Letters(torch.nn.Module):
    """A small BERT that gives logits for each place: (text, letter) -> (text, letter, 28)."""

    def __init__(self, causal: bool) -> None:
        """With a causal mask, or without."""
        super().__init__()
        config = BertConfig(
            vocab_size=28, hidden_size=WIDTH, num_hidden_layers=SETTINGS["layers"], num_attention_heads=4,
            intermediate_size=2 * WIDTH, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, is_decoder=causal,
        )  # fmt: skip
        self.body = BertModel(config, add_pooling_layer=False)
        self.head = torch.nn.Linear(WIDTH, 28)

    def forward(self, text: Tensor) -> Tensor:
        """Logits for each place of each text."""
        return self.head(self.body(text).last_hidden_state)


def main() -> None:
    """Measure what is missing, and record it."""
    train, test = _letters("train"), _letters("test")
    record = Record("matched_pair", "python -m course_lib.experiments.matched_pair", SETTINGS, key=("seed", "steps"))
    for seed in SEEDS:
        if all(record.has(seed=seed, steps=steps) for steps in STEPS):
            continue
        asked = _pieces(test, SETTINGS["texts"], _from(seed, 2))
        right = {kind: _learn(kind, train, asked, seed) for kind in ("decoder", "encoder")}
        found = []
        for steps in STEPS:
            decoder, encoder = (right[kind][steps]["last"] for kind in right)
            between = right["encoder"][steps]["middle"]
            rows = {"decoder": decoder, "encoder": encoder, "encoder_between": between}
            shares = {name: round(float(row.mean()), 4) for name, row in rows.items()}
            lead = zip(("lead", "low", "high"), interval(decoder - encoder), strict=True)
            found.append({"seed": seed, "steps": steps, **shares, **{name: round(value, 4) for name, value in lead}})
            print(found[-1], flush=True)
        record.add_all(found)


def _from(seed: int, what: int) -> Generator:
    return torch.Generator().manual_seed(10 * seed + what)


def _letters(part: str) -> Tensor:
    """One long row: 0 for a space, 1 to 26 for a to z."""
    text = re.sub("[^a-z]+", " ", " ".join(leads(part)["text"][:1000]).lower())
    return torch.tensor(list(text.encode())).sub(96).clamp(min=0)


def _pieces(text: Tensor, count: int, generator: Generator) -> Tensor:
    """Pieces (count, LENGTH) from random places."""
    start = torch.randint(len(text) - LENGTH, (count, 1), generator=generator)
    return text[start + torch.arange(LENGTH)]


def _example(kind: str, piece: Tensor, gaps: Generator) -> tuple[Tensor, Tensor]:
    """Inputs and targets (text, letter) of one batch."""
    if kind == "decoder":
        return piece[:, :-1], piece[:, 1:]
    hidden = torch.rand(piece.shape, generator=gaps) < SETTINGS["hidden"]
    return piece.masked_fill(hidden, MASK), piece.masked_fill(~hidden, NOTHING)


def _learn(kind: str, text: Tensor, asked: Tensor, seed: int) -> dict[int, dict[str, Tensor]]:
    """Which of the `asked` texts a model gets right, after each of STEPS."""
    torch.manual_seed(seed)
    model = Letters(kind == "decoder")
    optimizer = torch.optim.AdamW(model.parameters(), lr=SETTINGS["rate"])
    texts, gaps, found = _from(seed, 0), _from(seed, 1), {}
    batches = (_example(kind, _pieces(text, SETTINGS["batch"], texts), gaps) for _ in count())
    for before, steps in pairwise((0, *STEPS)):
        take_steps(model, islice(batches, steps - before), _loss, optimizer)
        found[steps] = {name: _right(model, kind, asked, at) for name, at in (("last", -1), ("middle", LENGTH // 2))}
    return found


def _loss(model: Letters, batch: tuple[Tensor, Tensor]) -> Tensor:
    inputs, targets = batch
    return cross_entropy(model(inputs).transpose(1, 2), targets)


@torch.no_grad()
def _right(model: Letters, kind: str, asked: Tensor, place: int) -> Tensor:
    """For each text 1.0 where its letter at `place` is said rightly: (text,)."""
    place = place % LENGTH
    if kind == "decoder":
        guessed = model(asked[:, :-1])[:, place - 1]
    else:
        hidden = asked.clone()
        hidden[:, place] = MASK
        guessed = model(hidden)[:, place]
    return (guessed.argmax(-1) == asked[:, place]).float()


if __name__ == "__main__":
    main()
