"""Values said shortly: a number rounded, a tensor by its shape and first numbers, a call as one would write it."""

from __future__ import annotations

import math
import numbers

import numpy as np
import torch
from torch import Tensor

from course_lib.exercises.checking.values import Odd

WIDTH = 84  # characters of a value
FEW = 16  # numbers of a tensor that are written out


def short(value: object, width: int = WIDTH) -> str:
    """The value in at most `width` characters."""
    text = " ".join(_said(value).split()) if not isinstance(value, str) else repr(value)
    return text if len(text) <= width else f"{text[: width - 2].rstrip()} …"


def _said(value: object) -> str:
    if isinstance(value, (Tensor, np.ndarray)):
        return _tensor(value)
    if isinstance(value, bool) or value is None or isinstance(value, Odd):
        return str(value)
    if value is ...:
        return "..."
    if isinstance(value, numbers.Number):
        return number(value)
    if isinstance(value, (list, tuple)):
        inside = ", ".join(_said(one) for one in value[:FEW]) + (", …" if len(value) > FEW else "")
        comma = "," if isinstance(value, tuple) and len(value) == 1 else ""
        return f"[{inside}]" if isinstance(value, list) else f"({inside}{comma})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_said(key)}: {_said(one)}" for key, one in list(value.items())[:FEW]) + "}"
    if isinstance(value, frozenset):
        return "{" + ", ".join(sorted(map(_said, value))[:FEW]) + "}"
    if isinstance(value, str):
        return repr(value) if len(value) <= 60 else f"{value[:58]!r} …"
    return f"<{type(value).__name__}>"


def number(value: object) -> str:
    """A number with four digits that count."""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        return str(value) if abs(value) < 10**15 else f"a whole number of {value.bit_length()} bits"
    if isinstance(value, complex):
        return f"{value:.4g}"
    value = float(value)
    if not math.isfinite(value):
        return {math.inf: "inf", -math.inf: "-inf"}.get(value, "nan")
    rounded = f"{value:.4g}"
    return "0" if rounded in ("-0", "0") else rounded


def _tensor(value: Tensor | np.ndarray) -> str:
    numbers_ = value.detach().cpu().to_dense() if isinstance(value, Tensor) else value
    count = int(np.prod(value.shape))
    if count <= FEW and count:
        return _said(numbers_.tolist())
    first = numbers_.reshape(-1)[:3].tolist()
    kind = "tensor" if isinstance(value, Tensor) else "array"
    return f"{kind} {shape(value)}" + (f" beginning {', '.join(map(_said, first))}" if first else "")


def shape(value: Tensor | np.ndarray) -> str:
    """Its shape as a tuple."""
    return str(tuple(value.shape))


def call(name: str, args: tuple, kwargs: dict) -> str:
    """A call as one would write it, where its arguments are short; "" where they are not."""
    parts = [_said(one) for one in args] + [f"{key}={_said(one)}" for key, one in kwargs.items()]
    text = f"{name}({', '.join(parts)})"
    return text if len(text) <= WIDTH and "<" not in text and " beginning " not in text else ""


def place(index: torch.Tensor | list[int]) -> str:
    """An index as one writes it after a tensor."""
    return f"[{', '.join(str(int(one)) for one in index)}]"
