"""A constant factor or amount between an output and the right numbers, and where it may come from."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from course_lib.exercises.checking.pair import Pair, agree
from course_lib.exercises.checking.shown import number

CONSTANTS = {
    "e": math.e,
    "π": math.pi,
    "2π": 2 * math.pi,
    "180/π (degrees and radians)": 180 / math.pi,
    "128/127 (the steps of int8)": 128 / 127,
    "the logarithm of 2 (base 2 and base e)": 1 / math.log(2),
    "the logarithm of 10 (base 10 and base e)": math.log(10),
}

FORMS = (  # of a size n that a factor may come from; m is n − 1
    (lambda n: n, "{n}"),
    (math.sqrt, "√{n}"),
    (lambda n: n / (n - 1), "{n}/{m}"),
    (lambda n: math.sqrt(n / (n - 1)), "√({n}/{m})"),
    (lambda n: n**2, "{n}²"),
    (lambda n: n - 1, "{n} − 1"),
    (lambda n: n**0.25, "the fourth root of {n}"),
    (lambda n: n / 2, "{n}/2"),
    (math.log, "the logarithm of {n}"),
)


def factor_rule(pair: Pair) -> str | None:
    """Everything is the same multiple of the right numbers, or the same amount away."""
    output, right = (one.to(torch.float64).reshape(-1) for one in (pair.output, pair.right))
    if pair.output.dtype == torch.bool or output.numel() < 2:
        return None
    finite = right.isfinite() & output.isfinite()
    large = finite & (right.abs() > 1e-6) & (output.abs() > 1e-12)
    if large.sum() >= 2 and right[large].unique().numel() > 1:
        ratios = output[large] / right[large]
        ratio = float(ratios.median())
        if abs(ratio - 1) > 5e-3 and agree(torch.where(finite, output / ratio, right), right, max(pair.close, 1e-4)):
            return said_of_factor(ratio, pair)
    away = output[finite] - right[finite]
    spread = max(pair.close, 1e-5) * 10
    if away.numel() > 1 and float(away.max() - away.min()) <= spread < abs(float(away[0])) / 10:
        return said_of_amount(float(away.median()))
    return None


def said_of_factor(ratio: float, pair: Pair) -> str:
    """A sentence for a constant factor, with the sizes of the inputs that it may be."""
    return f"everything is {times(ratio)} the right number{because(ratio, pair)}"


def times(ratio: float) -> str:
    """ "5.66 times", or "1/5.66 of"."""
    return f"{number(ratio)} times" if abs(ratio) >= 1 else f"1/{number(1 / ratio)} of"


def because(ratio: float, pair: Pair) -> str:
    """The end of a sentence about a factor: what it may be, and a full stop."""
    what = name_of_factor(ratio, pair)
    return "." if not what else f": {what}" if what.endswith("?") else f": {what}."


def said_of_amount(amount: float) -> str:
    """A sentence for a constant difference."""
    return f"everything is {number(abs(amount))} too {'large' if amount > 0 else 'small'}."


def name_of_factor(ratio: float, pair: Pair) -> str:
    """What a factor may be: "√32? 32 is the last dimension of query", "7 is …"; "" if nothing that is known."""
    sign, size = ("−" if ratio < 0 else ""), max(abs(ratio), 1 / abs(ratio))
    for form, text in FORMS:
        for count, where in _sizes(pair):
            if count > 2 and abs(form(count) - size) < 1e-3 * size and abs(size - 1) > 1e-3:
                if text == "{n}":
                    return f"{sign}{count} is {where}"
                return f"{sign}{text.format(n=count, m=count - 1)}? {count} is {where}"
    for text, value in CONSTANTS.items():
        if abs(value - size) < 1e-3 * value:
            return f"{sign}{text}?"
    square = size * size
    if abs(square - round(square)) < 1e-3 and abs(size - round(size)) > 1e-3 and 1 < square < 1e4:
        return f"{sign}√{round(square)}?"
    return ""


def _sizes(pair: Pair) -> Iterator[tuple[int, str]]:
    """Sizes that a factor may come from, and where they are found."""
    ordinals = {0: "first", 1: "second", 2: "third", 3: "fourth"}
    for name, value in pair.inputs.items():
        if isinstance(value, Tensor):
            for dim in reversed(range(value.dim())):
                which = "last" if dim == value.dim() - 1 and value.dim() > 1 else ordinals.get(dim, f"{dim}th")
                where = "the length" if value.dim() == 1 else f"the {which} dimension"
                yield value.shape[dim], f"{where} of {name}"
            yield value.numel(), f"how many numbers {name} has"
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            if float(value).is_integer():
                yield int(value), name
        elif isinstance(value, (list, tuple, str)):
            yield len(value), f"the length of {name}"
    for dim, size in enumerate(pair.right.shape if isinstance(pair.right, Tensor) else ()):
        yield size, f"the size of the output's dimension {dim}"
