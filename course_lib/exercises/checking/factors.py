"""A constant factor or amount between an output and the right numbers, and where it may come from."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor

from course_lib.exercises.checking.pair import Pair, Vague, agree
from course_lib.exercises.checking.shown import number

CONSTANTS = {
    "e": math.e, "π": math.pi, "2π": 2 * math.pi, "180/π (degrees and radians)": 180 / math.pi,
    "the logarithm of 2 (base 2 and base e)": 1 / math.log(2), "the logarithm of 10 (base 10 and base e)": math.log(10),
}  # fmt: skip

FORMS = (  # of a size n that a factor may come from; m is n − 1
    (lambda n: n, "{n}"), (math.sqrt, "√{n}"), (lambda n: n / (n - 1), "{n}/{m}"),
    (lambda n: math.sqrt(n / (n - 1)), "√({n}/{m})"), (lambda n: n**2, "{n}²"),
    (lambda n: n**0.25, "the fourth root of {n}"), (lambda n: n / 2, "{n}/2"), (math.log, "the logarithm of {n}"),
)  # fmt: skip


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
        if agree(torch.where(finite, output / ratio, right), right, max(pair.close, 1e-4)):
            return said_of_factor(ratio, pair)
    away = output[finite] - right[finite]
    if away.numel() > 1 and float(away.max() - away.min()) <= max(pair.close, 1e-5) * 10 and abs(away[0]) > 1e-6:
        return said_of_amount(float(away.median()))
    return None


def said_of_factor(ratio: float, pair: Pair) -> str:
    """A sentence for a constant factor, with the sizes of the inputs that it may be."""
    what = name_of_factor(ratio, pair)
    times = f"{number(ratio)} times" if abs(ratio) >= 1 else f"1/{number(1 / ratio)} of"
    ending = "." if not what else f": {what}" if what.endswith("?") else f": {what}."
    return f"everything is {times} the right number{ending}"


def said_of_amount(amount: float) -> str:
    """A sentence for a constant difference."""
    return f"everything is {number(abs(amount))} too {'large' if amount > 0 else 'small'}."


def name_of_factor(ratio: float, pair: Pair) -> str:
    """What a factor may be: "√32? 32 is the last dimension of query"; "" if nothing that is known."""
    sign, size = ("−" if ratio < 0 else ""), max(abs(ratio), 1 / abs(ratio))
    for form, text in FORMS:
        for count, where in _sizes(pair):
            if count > 2 and abs(form(count) - size) < 1e-3 * size and abs(size - 1) > 1e-3:
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


def number_rule(pair: Pair) -> str:
    """What is wrong with a single number."""
    output, right = pair.output, pair.right
    output = output.item() if isinstance(output, Tensor) else output
    gives = f"it gives {number(output)}, and should give {number(right)}"
    if isinstance(output, complex) or isinstance(right, complex) or not math.isfinite(output):
        reason = " NaN comes from 0/0 or ∞ − ∞." if output != output else ""
        return f"{gives}.{reason}" if reason else Vague(f"{gives}.")
    try:
        output, right = float(output), float(right)
    except OverflowError:
        return Vague(f"{gives}.")
    if not math.isfinite(right) or output == 0 or right == 0:
        return Vague(f"{gives}.")
    if math.isclose(output, -right, rel_tol=1e-5):
        return f"{gives}: the wrong sign."
    if abs(output - right) == 1 and right == round(right):
        return f"{gives}: one too {'many' if output > right else 'few'}."
    if math.isclose(output, round(right), rel_tol=1e-12) or math.isclose(output, int(right), rel_tol=1e-12):
        return f"{gives}: it is rounded to a whole number."
    for step, said in NUMBERS:
        try:
            if math.isclose(step(output), right, rel_tol=1e-4):
                return f"{gives}: {said}"
        except (ValueError, OverflowError, ZeroDivisionError):
            continue
    what = name_of_factor(output / right, replace(pair, right=None))
    if what:
        ratio = output / right
        times = f"{number(ratio)} times" if abs(ratio) >= 1 else f"1/{number(1 / ratio)} of"
        return f"{gives}, so it is {times} that: {what}{'' if what.endswith('?') else '.'}"
    if abs(output - right) < 1e-2 * abs(right):
        return Vague(f"{gives}: nearly right. A small constant, rounding, or n − 1 in place of n?")
    return Vague(f"{gives}.")


NUMBERS = (
    (lambda x: 1 - x, "one minus it is right."),
    (lambda x: 1 / x, "one over it is right."),
    (lambda x: x / 100, "it is in percent."),
    (lambda x: x * 100, "it should be in percent."),
    (math.exp, "an exponential (exp) is missing."),
    (math.log, "a logarithm is missing."),
    (lambda x: -math.log(x), "minus the logarithm of it is right."),
    (math.sqrt, "the square root is missing."),
    (lambda x: x * x, "a square is missing."),
    (lambda x: x / 1e3, "a thousand times too large: which unit?"),
    (lambda x: x * 1e3, "a thousand times too small: which unit?"),
    (lambda x: x / 1e6, "a million times too large: which unit?"),
    (lambda x: x * 1e6, "a million times too small: which unit?"),
    (lambda x: x / 1024 * 1000, "a factor of 1,024/1,000: which kilobytes?"),
    (lambda x: x * 1.024 * 1.024 / 1, "MiB and MB: 1,048,576 bytes or a million?"),
    (lambda x: x / 1.024 / 1.024, "MB and MiB: a million bytes or 1,048,576?"),
    (lambda x: x / 8, "bits and bytes: a byte has 8 bits."),
    (lambda x: x * 8, "bits and bytes: a byte has 8 bits."),
    (lambda x: x * math.log(2), "base 2 and base e: bits and nats."),
    (lambda x: x / math.log(2), "base e and base 2: nats and bits."),
)
