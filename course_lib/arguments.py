"""What the library says of an argument that cannot be used: its name, what was given, what is expected."""

from __future__ import annotations

import math
import numbers
import reprlib
from collections.abc import Sequence


def is_whole(value: object) -> bool:
    """Whether `value` is a whole number, of Python or NumPy; True and False are none."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def as_number(value: object) -> int | float | None:
    """`value` as a finite number of Python, an int where it is whole; None for what is no number.

    Taken are numbers of Python and NumPy, and arrays and tensors of one number. True and False are none.
    """
    if hasattr(value, "item") and not isinstance(value, (bool, int, float)):
        try:
            value = value.item()
        except (ValueError, RuntimeError, TypeError):  # several numbers, or none
            return None
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return None
    try:
        finite = math.isfinite(value)
    except OverflowError:  # a whole number beyond every float
        return None
    if not finite:
        return None
    return int(value) if float(value).is_integer() else float(value)


def whole(name: str, value: int, least: int = 1, most: int | None = None) -> int:
    """`value` as an int, from `least` to `most`. Raises ValueError for anything else."""
    if not is_whole(value) or value < least or (most is not None and value > most):
        upwards = "on" if most is None else f"to {most:,}"
        raise ValueError(f"{name} is {reprlib.repr(value)}. Expected a whole number from {least} {upwards}.")
    return int(value)


def above_zero(name: str, value: float) -> float:
    """`value` as a float above 0. Raises ValueError for anything else."""
    if not isinstance(value, numbers.Real) or isinstance(value, bool) or not 0 < value < math.inf:
        raise ValueError(f"{name} is {reprlib.repr(value)}. Expected a number above 0.")
    return float(value)


def texts(name: str, value: Sequence[str], least: int = 1) -> Sequence[str]:
    """`value`, at least so many texts, none of them empty. Raises TypeError for one text, ValueError for the others."""
    if isinstance(value, str | bytes) or not hasattr(value, "__len__"):
        raise TypeError(
            f"{name} is {reprlib.repr(value)}, of type {type(value).__name__}. Expected a list of texts; if it is one "
            "text, put it in a list."
        )
    if len(value) < least:
        raise ValueError(f"{name} holds {len(value)} texts. Expected {least} or more.")
    for text in value:
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"each text of {name} must be a string with words in it; one is {reprlib.repr(text)}.")
    return value
