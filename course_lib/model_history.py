"""What came after the thirteen architectures: models from 2020 to 2026, their month, family and size. Chapter 02."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Released:
    """A model that others built on."""

    name: str
    published: str  # year and month of the first version of its paper, or of its model card
    family: str  # "encoder", "decoder" or "encoder-decoder"
    billions: float  # parameters of the largest size, in all
    new: str  # what was new in it
    source: str
    active: float | None = None  # billions of parameters that one token uses, where they are fewer

    @property
    def size(self) -> str:
        """Its parameters in words, such as "47 B, 13 active"."""
        return f"{self.billions:g} B" + (f", {self.active:g} active" if self.active else "")


def after_2020() -> tuple[Released, ...]:
    """Thirteen models from GPT-3 on, by month; where each figure comes from stands in `model_history.toml`."""
    text = (Path(__file__).parent / "model_history.toml").read_text(encoding="utf-8")
    return tuple(Released(**row) for row in tomllib.loads(text)["model"])
