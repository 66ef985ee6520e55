"""What is wrong with a single number.

Much can be read out of one number, so each explanation is a `Guess`, which another case confirms or does not.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace

from torch import Tensor

from course_lib.exercises.checking.factors import because, name_of_factor, times
from course_lib.exercises.checking.pair import Guess, Pair, Vague
from course_lib.exercises.checking.shown import number

NUMBERS = (  # what makes the right number of it, what is said
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
    (lambda x: x * 1.024**2, "is it in MiB (1,048,576 bytes), and should be in MB (a million)?"),
    (lambda x: x / 1.024**2, "is it in MB (a million bytes), and should be in MiB (1,048,576)?"),
    (lambda x: x / 8, "8 times too large: bits in place of bytes?"),
    (lambda x: x * 8, "8 times too small: bytes in place of bits?"),
    (lambda x: x * math.log(2), "base 2 and base e: bits and nats?"),
    (lambda x: x / math.log(2), "base e and base 2: nats and bits?"),
)


def number_rule(pair: Pair) -> str:
    """What is wrong with a single number, or a tensor of one."""
    output, right = (one.item() if isinstance(one, Tensor) else one for one in (pair.output, pair.right))
    gives = f"it gives {number(output)}, and should give {number(right)}"
    if isinstance(output, (bool, complex)) or isinstance(right, (bool, complex)):
        return Vague(f"{gives}.")
    if output != output:
        return f"{gives}. NaN comes from 0/0 or ∞ − ∞."
    try:
        why = _why(float(output), float(right), pair)
    except OverflowError:
        why = ""
    return Guess(f"{gives}: {why}", why) if why else Vague(f"{gives}.")


def _why(output: float, right: float, pair: Pair) -> str:
    if not math.isfinite(output) or not math.isfinite(right):
        return ""
    if output and math.isclose(output, -right, rel_tol=1e-5):
        return "the wrong sign."
    if abs(output - right) == 1 and right == round(right):
        return f"one too {'many' if output > right else 'few'}."
    if output and right != round(right) and output in (round(right), int(right)):
        return "it is rounded to a whole number."
    for step, said in NUMBERS if output and right else ():
        try:
            if math.isclose(step(output), right, rel_tol=1e-4):
                return said
        except (ValueError, OverflowError, ZeroDivisionError):
            continue
    if output and right and abs(output / right - 1) > 5e-3 and name_of_factor(output / right, _without_size(pair)):
        return f"it is {times(output / right)} that{because(output / right, _without_size(pair))}"
    if right and abs(output - right) < 1e-2 * abs(right):
        return "nearly right. A small constant, rounding, or n − 1 in place of n?"
    return ""


def _without_size(pair: Pair) -> Pair:
    """Without the sizes of the output itself, which is one number."""
    return replace(pair, right=None)


def kind_of_guess(why: str) -> str:
    """A guess without its numbers, in which two cases differ that make the same mistake."""
    return re.sub(r"[\d.,]+|the (last|first|second|third) dimension|the length", "", why)
