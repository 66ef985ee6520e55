"""What is wrong with the type of an output, its dtype, its device."""

from __future__ import annotations

import numbers

import numpy as np
import torch
from torch import Tensor

from course_lib.exercises.checking.pair import Pair
from course_lib.exercises.checking.shown import shape, short
from course_lib.exercises.checking.values import Odd, article, family, same


def kind_of(value: object) -> str:
    """What a value is, with its article."""
    if value is None or value is ... or isinstance(value, Odd):
        return str(value) if value is not ... else "`...`"
    names = {
        Tensor: "tensor", np.ndarray: "NumPy array", bool: "boolean", int: "whole number", float: "number",
        complex: "complex number", str: "string", bytes: "string of bytes", list: "list", tuple: "tuple",
        dict: "dictionary", frozenset: "set",
    }  # fmt: skip
    word = next(name for kind, name in names.items() if isinstance(value, kind))
    return article(word)


def wrong_type(pair: Pair, with_part: bool = False) -> str:
    """A sentence where the output is of another type than the right one; "" where it is not."""
    output, right = pair.output, pair.right
    if right is None:
        return f"it returns {kind_of(output)}, and should return nothing (None)." if output is not None else ""
    groups = ((Tensor,), (np.ndarray,), (bool,), (int, float, complex), (list, tuple), (dict,), (str,), (frozenset,))
    group = next((one for one in groups if isinstance(right, one)), (type(right),))
    fits = isinstance(output, group) and (bool in group or not isinstance(output, bool))
    if fits or isinstance(output, Tensor) and output.dim() == 0 and isinstance(right, numbers.Number):
        return ""
    part = pair.part if with_part else ""
    advice = ""
    if output is None:
        return f"{part}it returns None. Is a `return` missing?"
    if isinstance(output, Odd):
        return part + _odd(output, right)
    if isinstance(right, Tensor):
        if isinstance(output, (list, tuple)) and len(output) and all(isinstance(one, Tensor) for one in output):
            first = output[0]
            fits = any(same(one, right, pair.close) for one in output)
            advice = " One of them is the right one: return that alone." if fits else ""
            if not fits and first.shape == right.shape[1:] and len(output) == right.shape[:1][0]:
                advice = " torch.stack makes one tensor of them."
            return f"{part}it returns {len(output)} tensors in {kind_of(output)}, and should return one.{advice}"
        if isinstance(output, tuple) and any(same(one, right, pair.close) for one in output):
            at = next(at for at, one in enumerate(output) if same(one, right, pair.close))
            which = ("first", "second", "third")[at] if at < 3 else "right"
            return f"{part}it returns {len(output)} values in a tuple; the {which} alone is what is asked for."
        advice = " torch.tensor(…) makes one of it." if isinstance(output, (list, numbers.Number)) else ""
        advice = " torch.from_numpy(…) makes one of it." if isinstance(output, np.ndarray) else advice
        shape_ = f" of the shape {shape(right)}"
        return f"{part}it returns {kind_of(output)}, and should return a tensor{shape_}.{advice}"
    if isinstance(right, tuple) and isinstance(output, (Tensor, np.ndarray)):
        return f"{part}it returns {kind_of(output)} alone, and should return {len(right)} values, with commas between."
    if isinstance(output, Tensor):
        many = f" of the shape {shape(output)}" if output.dim() else ""
        if isinstance(right, list):
            advice = " `.tolist()` makes one of it."
        elif isinstance(right, (bool, numbers.Number)) and output.numel() == 1:
            advice = " `.item()` takes the number out."
        return f"{part}it returns a tensor{many}, and should return {_wanted(right)}.{advice}"
    if isinstance(output, str) and isinstance(right, numbers.Number):
        advice = " Is it turned into text, or in quotation marks?"
    if isinstance(right, tuple) and not isinstance(output, (list, dict, str)):
        return f"{part}it returns {kind_of(output)} alone, and should return {len(right)} values, with commas between."
    return f"{part}it returns {kind_of(output)} ({short(output, 40)}), and should return {_wanted(right)}.{advice}"


def _wanted(right: object) -> str:
    if isinstance(right, (list, tuple)):
        return f"{kind_of(right)} of {len(right)}"
    return "True or False" if isinstance(right, bool) else kind_of(right)


def _odd(output: Odd, right: object) -> str:
    advice = {
        "coroutine": " Take the `async` away: the function is called as it is.",
        "generator": " Was `return` meant where it says `yield`, or a list where it has round brackets?",
        "function": " Are the brackets of a call missing, or does it return an inner function?",
        "class": " An object of it is made by a call with round brackets.",
        "iterator": " list(…) collects what it gives.",
    }.get(output.kind, "")
    return f"it returns {output}, and should return {_wanted(right)}.{advice}"


def dtype_rule(pair: Pair) -> str | None:
    """Another kind of numbers than the right one."""
    output, right = pair.output, pair.right
    if family(output.dtype) == family(right.dtype) and not (pair.exact_dtype and output.dtype != right.dtype):
        return None
    values = "" if same(output.to(right.dtype), right, pair.close) else " (and the values are not right yet)"
    given, wanted = (str(one.dtype).removeprefix("torch.") for one in (output, right))
    advice = ""
    if right.dtype == torch.bool and output.is_floating_point() and (output == -torch.inf).any():
        values = ""
        advice = " These are numbers to add to scores, 0 and −∞; asked for are True and False."
    elif right.dtype == torch.bool:
        advice = " `.bool()` or a comparison makes True and False of them; `~` and masked_fill need that."
    elif output.dtype == torch.bool:
        advice = " `.float()` or `.int()` makes 0 and 1 of True and False."
    elif family(output.dtype) == "whole numbers":
        advice = " A division with `//` or a whole-number tensor loses the fraction."
    return f"its dtype is {given}, and should be {wanted}{values}.{advice}"


def device_rule(pair: Pair) -> str | None:
    """Another device than the right one."""
    output, right = pair.output, pair.right
    if output.device == right.device:
        return None
    return f"the tensor is on {output.device}, and should be on {right.device}: make it with device=x.device."
