"""What is wrong with an output, in general; the order of the rules, the certain ones first.

Each rule takes a `Pair` and returns a sentence, or None where it does not apply; the first that applies speaks.
"""

from __future__ import annotations

import difflib
import itertools
import numbers
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from course_lib.exercises.checking.factors import factor_rule
from course_lib.exercises.checking.kinds import device_rule, dtype_rule, wrong_type
from course_lib.exercises.checking.pair import Guess, Pair, Vague, agree
from course_lib.exercises.checking.places import nearly_rule, part_rule, rest_rule
from course_lib.exercises.checking.shapes import shape_rule
from course_lib.exercises.checking.shares import share_rule
from course_lib.exercises.checking.shown import short
from course_lib.exercises.checking.single import number_rule
from course_lib.exercises.checking.tensors import (
    function_rule,
    given_back_rule,
    nan_rule,
    negated_rule,
    normal_rule,
    order_rule,
    slices_rule,
    whole_rule,
)  # fmt: skip
from course_lib.exercises.checking.values import as_tensor, same


def diagnose(pair: Pair) -> str:
    """What is wrong with the output, in a sentence or two (`Vague` where it is only told where); "" if nothing."""
    output, right = pair.output, pair.right
    if isinstance(right, (Tensor, np.ndarray)):
        found = as_tensor(output, right, pair.lists)
        if found is None:
            said = wrong_type(pair)
        else:
            pair = replace(pair, output=found, right=as_tensor(right, right, True))
            rules = PLACES if _applied(_agrees_nearly, pair) else TENSORS
            said = next((text for rule in rules if (text := _applied(rule, pair))), "")
    elif isinstance(right, bool) or right is None:
        said = wrong_type(pair) or (Vague(f"it gives {output}, and should give {right}.") if right is not None else "")
    elif isinstance(right, numbers.Number):
        said = wrong_type(pair) or number_rule(pair)
    elif isinstance(right, (list, tuple)):
        return wrong_type(pair, True) or _sequence(pair)
    elif isinstance(right, dict):
        return wrong_type(pair, True) or _mapping(pair)
    elif isinstance(right, str):
        said = wrong_type(pair) or _text(output, right)
    elif isinstance(right, frozenset):
        said = wrong_type(pair) or _members(output, right)
    else:
        said = wrong_type(pair)
    return _with(pair.part, said) if said else ""


def _with(part: str, said: str) -> str:
    if isinstance(said, Guess):
        return Guess(part + said, said.why)
    return Vague(part + said) if isinstance(said, Vague) else part + said


def _one_number(pair: Pair) -> str | None:
    return number_rule(pair) if pair.right.dim() == 0 and pair.right.dtype != torch.bool else None


def _agrees_nearly(pair: Pair) -> bool:
    """Whether the two differ by less than the guesses can tell apart: every one of them would fit."""
    return pair.right.is_floating_point() and agree(pair.output, pair.right, pair.close)


def _applied(rule, pair: Pair) -> str | bool | None:
    try:
        return rule(pair)
    except (RuntimeError, ValueError, TypeError, IndexError, OverflowError, ArithmeticError, NotImplementedError):
        return None  # made for other dtypes or shapes


def _sequence(pair: Pair) -> str:
    output, right = list(pair.output), list(pair.right)
    several = isinstance(pair.right, tuple) and len(right) <= 4
    if len(output) != len(right):
        word = ("value" if several else "element") + "s" * (len(output) != 1)
        said = f"it has {len(output)} {word}, and should have {len(right)}"
        if not several:
            if _equal(output, right[: len(output)], pair):
                said += ": the last is missing" if len(right) - len(output) == 1 else ": its end is missing"
            elif _equal(output, right[-len(output) :], pair) and output:
                said += ": the first is missing" if len(right) - len(output) == 1 else ": its beginning is missing"
            elif _equal(output[: len(right)], right, pair):
                said += f": after the right ones follows {short(output[len(right)], 40)}"
        return f"{pair.part}{said}."
    if len(right) > 1:
        for order in itertools.islice(itertools.permutations(range(len(right))), 1, 24 if several else 1):
            if _equal([output[at] for at in order], right, pair):
                return f"{pair.part}the {len(right)} values are right, and in another order."
        if not several and _equal(output[::-1], right, pair):
            return f"{pair.part}the elements are right, and in reverse order."
        if not several and sorted(map(repr, output)) == sorted(map(repr, right)):
            return f"{pair.part}the elements are right, and in another order."
    some_right = any(isinstance(a, list) and _equal([a], [b], pair) for a, b in zip(output, right, strict=True))
    tables = None if several or some_right else _tables(output, right)
    if tables is not None:
        return diagnose(replace(pair, output=tables[0], right=tables[1]))
    at = next(at for at, (a, b) in enumerate(zip(output, right, strict=True)) if not _equal([a], [b], pair))
    ordinal = ("first", "second", "third", "fourth")
    part = f"of the {len(right)} that it returns, the {ordinal[at]}: " if several else f"at place {at}: "
    wrong = replace(pair, output=output[at], right=right[at], part=pair.part + part)
    said = f"{wrong.part}it gives {short(output[at], 60)}, and should give {short(right[at], 60)}."
    return diagnose(wrong) or Vague(said)


def _tables(output: list, right: list) -> tuple[Tensor, Tensor] | None:
    """Both as tensors, where both are rows of numbers, or rows of such rows, of the same lengths."""
    flat = [*output, *right]
    flat = [one for row in flat for one in row] if all(isinstance(row, list) for row in flat) else flat
    if not flat or not all(type(one) in (int, float) for one in flat):
        return None
    try:
        tables = torch.tensor(output, dtype=torch.float64), torch.tensor(right, dtype=torch.float64)
    except (ValueError, TypeError, OverflowError):  # of unequal lengths; beyond every float
        return None
    return tables if tables[0].shape == tables[1].shape and tables[1].numel() > 1 else None


def _equal(output: Sequence, right: Sequence, pair: Pair) -> bool:
    return same(list(output), list(right), pair.close, pair.lists, pair.exact_dtype, pair.relative)


def _mapping(pair: Pair) -> str:
    output, right = pair.output, pair.right
    missing = [key for key in right if key not in output]
    more = [key for key in output if key not in right]
    if missing or more:
        said = [f"the key {short(missing[0], 30)} is missing"] if missing else []
        said += [f"the key {short(more[0], 30)} should not be there"] if more else []
        if missing and more and (close := difflib.get_close_matches(str(missing[0]), map(str, more), 1, 0.6)):
            said = [f"the key should be {short(missing[0], 30)}, and is {short(close[0], 30)}"]
        return f"{pair.part}{', and '.join(said)}."
    key = next(key for key in right if not _equal([output[key]], [right[key]], pair))
    wrong = replace(pair, output=output[key], right=right[key], part=f"{pair.part}under the key {short(key, 30)}: ")
    said = f"{wrong.part}it gives {short(output[key], 60)}, and should give {short(right[key], 60)}."
    return diagnose(wrong) or Vague(said)


def _members(output: frozenset, right: frozenset) -> str:
    missing, more = right - output, output - right
    said = [f"{short(min(missing, key=repr), 40)} is missing"] if missing else []
    said += [f"{short(min(more, key=repr), 40)} should not be in it"] if more else []
    return f"the set is not the right one: {', and '.join(said)}."


def _text(output: str, right: str) -> str:
    if not output:
        return f"it gives an empty string, and should give {short(right, 60)}."
    if output.strip() == right.strip():
        return f"the text is right but for white space at its ends: {short(output, 60)}."
    if output.split() == right.split() or "".join(output.split()) == "".join(right.split()):
        return f"the text is right but for its white space: {short(output, 60)}, and should be {short(right, 60)}."
    if output.lower() == right.lower():
        return f"the text is right but for capital letters: {short(output, 60)}, and should be {short(right, 60)}."
    if output[::-1] == right:
        return "the text is reversed."
    if right in output:
        return f"the right text stands in it, with more around it: {short(output, 60)} holds {short(right, 60)}."
    if output in right:
        return f"it is only a part of the right text: {short(output, 60)} of {short(right, 60)}."
    at = next((at for at, (a, b) in enumerate(zip(output, right, strict=False)) if a != b), 0)
    said = f"the text differs from letter {at} on: {short(output[at:], 40)}, and should go on {short(right[at:], 40)}."
    return said if at else Vague(f"it gives {short(output, 60)}, and should give {short(right, 60)}.")


TENSORS = (
    shape_rule, dtype_rule, device_rule, nan_rule, _one_number, negated_rule, given_back_rule, whole_rule, factor_rule,
    order_rule, share_rule, normal_rule, function_rule, slices_rule, part_rule, nearly_rule, rest_rule,
)  # fmt: skip
PLACES = (dtype_rule, device_rule, part_rule, nearly_rule, rest_rule)
