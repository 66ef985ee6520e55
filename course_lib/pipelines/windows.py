"""Long texts for token classification: windows as long as what the model was trained on, put together again.

A model that has seen sentences of at most 128 tokens finds half of the names when it reads 500 at once. So a text
longer than that is cut: at blank lines where it has them, and a paragraph that is still too long into windows that
overlap. Each token then has the scores of the window in which it stands furthest from a cut.
"""

from __future__ import annotations

import re
from typing import Any

import torch

PARAGRAPH = re.compile(r"(?:[^\n]|\n(?![^\S\n]*\n))+")  # up to a blank line


def pieces(text: str, tokenizer: Any, window: int) -> list[tuple[int, int]]:
    """First and last character of each piece: paragraphs in their order, as many together as `window` tokens hold.

    A paragraph with more tokens is a piece of its own; one without any, such as a byte order mark, is left out. A text
    that fits is one piece.
    """

    def ids(start: int, end: int, special: bool = True) -> list[int]:
        options = {"add_special_tokens": special, "truncation": False, "verbose": False}
        return tokenizer(text[start:end], **options)["input_ids"]

    def fits(start: int, end: int) -> bool:
        return len(ids(start, end)) <= window

    if fits(0, len(text)):
        return [(0, len(text))]
    joined: list[tuple[int, int]] = []
    for start, end in (found.span() for found in PARAGRAPH.finditer(text) if not found[0].isspace()):
        if not ids(start, end, special=False):
            continue
        if joined and fits(joined[-1][0], end):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined or [(0, len(text))]


def put_together(outputs: list[dict]) -> dict:
    """One output for the whole text, of the outputs of its windows.

    `outputs` have `piece` (its number), `begins` (which token of its piece the window begins with), `last` (whether it
    ends its piece), `logits` (1, token, label), `input_ids`, `special_tokens_mask` (1, token) and `offset_mapping`
    (1, token, 2), in characters of the whole text. Special tokens are left out of what comes back.
    """
    best: dict[tuple[int, int], tuple] = {}  # (piece, token) -> distance from a cut, output, place
    for output in outputs:
        inside = (output["special_tokens_mask"][0] == 0).nonzero()[:, 0].tolist()  # places of the text's own tokens
        for number, place in enumerate(inside):
            before = number if output["begins"] else float("inf")
            after = float("inf") if output["last"] else len(inside) - 1 - number
            key, distance = (output["piece"], output["begins"] + number), min(before, after)
            if key not in best or distance > best[key][0]:
                best[key] = (distance, output, place)
    chosen = [(output, place) for _, (_, output, place) in sorted(best.items(), key=lambda item: item[0])]
    names = ("logits", "input_ids", "offset_mapping")
    together = {name: torch.stack([output[name][0, place] for output, place in chosen])[None] for name in names}
    return together | {"special_tokens_mask": torch.zeros(1, len(chosen), dtype=torch.long)}  # (1, token)
