"""Values that an answer returns: settled (plain, detached, no longer moving), compared, and said shortly."""

from __future__ import annotations

import inspect
import math
import numbers
from collections.abc import Mapping, Set
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

LARGEST = 20_000_000  # numbers in an output that is looked at
DEEPEST = 8


@dataclass(frozen=True)
class Odd:
    """In place of an output that no exercise asks for: a generator, a function, a class, an object of one's own."""

    kind: str
    detail: str = ""

    def __str__(self) -> str:
        """With its article."""
        return f"{article(self.kind)}{' ' + self.detail if self.detail else ''}"


def article(word: str) -> str:
    """A noun with "a" or "an"."""
    return f"{'an' if word[:1].lower() in 'aeiou' else 'a'} {word}"


def settled(value: object, depth: int = 0) -> object:
    """The value as plain data: tensors detached and copied, mappings as dict, what is no data as `Odd`."""
    if depth > DEEPEST:
        return Odd("structure", f"nested more than {DEEPEST} deep")
    if isinstance(value, Tensor):
        return _settled_tensor(value)
    if isinstance(value, np.ndarray):
        return settled(value.tolist(), depth + 1) if value.dtype == object else np.array(value)
    if value is None or value is ... or isinstance(value, bool):
        return value
    if isinstance(value, np.generic):
        return value.item()
    for kind in (int, float, complex, str, bytes):
        if isinstance(value, kind):
            return kind(value)
    if isinstance(value, (tuple, list)):
        parts = [settled(one, depth + 1) for one in value]
        return tuple(parts) if isinstance(value, tuple) else parts
    if isinstance(value, Mapping):
        return {settled(key, depth + 1): settled(one, depth + 1) for key, one in value.items()}
    if isinstance(value, Set):
        return frozenset(settled(one, depth + 1) for one in value)
    if isinstance(value, range):
        return list(value) if len(value) <= LARGEST else Odd("range", "with very many numbers")
    return _odd(value)


def _settled_tensor(value: Tensor) -> object:
    if value.numel() > LARGEST:
        return Odd("tensor", f"of the shape {tuple(value.shape)}, much larger than asked for")
    if value.is_meta:
        return Odd("tensor", 'on the device "meta", which holds no numbers')
    if value.is_quantized:
        return Odd("tensor", f"of PyTorch's own quantised kind ({str(value.dtype).removeprefix('torch.')})")
    value = value.detach()
    if value.layout != torch.strided:
        value = value.to_dense()
    return value.as_subclass(Tensor).clone()


def _odd(value: object) -> Odd:
    if inspect.iscoroutine(value):
        value.close()
        return Odd("coroutine")
    if inspect.isgenerator(value):
        return Odd("generator")
    if inspect.isclass(value):
        return Odd("class", f"`{value.__name__}`")
    if inspect.isroutine(value):
        return Odd("function", f"`{getattr(value, '__name__', '?')}`")
    name = type(value).__name__
    return Odd("iterator" if hasattr(value, "__next__") else "object", f"of the class `{name}`")


def same(
    output: object,
    right: object,
    close: float,
    lists: bool = False,
    exact_dtype: bool = False,
    relative: float | None = None,
) -> bool:
    """Whether a settled output is as good as the right one.

    Numbers agree within `close`, absolutely or relative to the right one, or where `relative` is given within that
    share of the right one; NaN agrees with NaN. A tensor may be float64
    where float32 is right, unless `exact_dtype`, but no boolean is taken for a number or a whole number for a fraction.
    Lists and tuples stand for each other; a number for a tensor without dimensions; with `lists` a list or an array
    for a tensor.
    """
    if isinstance(right, (Tensor, np.ndarray)) or isinstance(output, (Tensor, np.ndarray)):
        return _same_tensors(output, right, close, lists, exact_dtype, relative)
    if isinstance(right, bool) or isinstance(output, bool):
        return output is right
    if isinstance(right, numbers.Number):
        return isinstance(output, numbers.Number) and _close(output, right, close, relative)
    if isinstance(right, (list, tuple)):
        fits = isinstance(output, (list, tuple)) and len(output) == len(right)
        return fits and all(same(a, b, close, lists, exact_dtype, relative) for a, b in zip(output, right, strict=True))
    if isinstance(right, dict):
        fits = isinstance(output, dict) and output.keys() == right.keys()
        return fits and all(same(output[key], right[key], close, lists, exact_dtype, relative) for key in right)
    return type(output) is type(right) and output == right


def _close(output, right, close: float, relative: float | None) -> bool:
    if output == right:
        return True
    try:
        may = close * max(1.0, abs(right)) if relative is None else relative * abs(right)
        if isinstance(output, complex) or isinstance(right, complex):
            return abs(output - right) <= may
        if math.isnan(output) or math.isnan(right):
            return math.isnan(output) and math.isnan(right)
        return not math.isinf(output) and abs(output - right) <= may
    except OverflowError:  # whole numbers beyond every float
        return False


def _same_tensors(output, right, close: float, lists: bool, exact_dtype: bool, relative: float | None) -> bool:
    output, right = as_tensor(output, right, lists), as_tensor(right, right, True)
    if output is None or right is None or output.shape != right.shape or output.device != right.device:
        return False
    if exact_dtype and output.dtype != right.dtype or family(output.dtype) != family(right.dtype):
        return False
    return not bool(differing(output, right, close, relative).any())


def as_tensor(output, right, lists: bool = False) -> Tensor | None:
    """The output as a tensor, where it may stand for one; None where it may not."""
    if isinstance(output, Tensor):
        return output if isinstance(right, Tensor) or not _is_array(right) and output.dim() == 0 or lists else None
    if isinstance(output, np.ndarray):
        fits = lists or isinstance(right, np.ndarray) or output.ndim == 0
        return _of_array(output) if fits else None
    if isinstance(output, numbers.Number) and not isinstance(output, complex):
        fits = not isinstance(right, (Tensor, np.ndarray)) or right.ndim == 0 or lists
        return _of_list(output) if fits else None
    return _of_list(output) if lists and isinstance(output, (list, tuple)) else None


def _is_array(value) -> bool:
    return isinstance(value, np.ndarray)


def _of_array(value: np.ndarray) -> Tensor | None:
    try:
        return torch.from_numpy(np.ascontiguousarray(value).reshape(value.shape))
    except TypeError:  # letters, for example
        return None


def _of_list(value) -> Tensor | None:
    try:
        if isinstance(value, (list, tuple)) and any(isinstance(one, Tensor) for one in value):
            return torch.stack([torch.as_tensor(one) for one in value])
        return torch.as_tensor(value)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        return None


def family(dtype: torch.dtype) -> str:
    """ "boolean", "whole numbers", "numbers with a fraction" or "complex numbers"."""
    if dtype == torch.bool:
        return "boolean"
    if dtype.is_complex:
        return "complex numbers"
    return "numbers with a fraction" if dtype.is_floating_point else "whole numbers"


def differing(output: Tensor, right: Tensor, close: float, relative: float | None = None) -> Tensor:
    """Where two tensors of the same shape differ, boolean; as in `same`. NaN agrees with NaN, infinity with itself."""
    if not (right.is_floating_point() or right.is_complex()) and output.dtype == right.dtype:
        return output != right
    kind = torch.complex128 if right.is_complex() or output.is_complex() else torch.float64
    share, least = (close, close) if relative is None else (relative, 0.0)
    return ~torch.isclose(output.to(kind), right.to(kind), share, least, equal_nan=True)


def names_in_order(value: object) -> object:
    """A list, tuple, set or array of names as a sorted list, and so each value of a mapping: their order is free."""
    if isinstance(value, Mapping):
        return {key: names_in_order(one) for key, one in value.items()}
    if isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in "UO":
        value = value.tolist()
    without_order = isinstance(value, set | frozenset | type({}.keys()))
    if (without_order or isinstance(value, list | tuple)) and all(isinstance(one, str) for one in value):
        return sorted(value)
    return list(value) if without_order else value


def unchanged(now: object, before: object) -> bool:
    """Whether an input is still what it was, to the last bit; objects that are no data are not compared."""
    if isinstance(before, Tensor):
        fits = isinstance(now, Tensor) and now.shape == before.shape and now.dtype == before.dtype
        if not fits or before.layout != torch.strided:
            return fits
        odd = (now != now) & (before != before)  # NaN is itself
        return bool(((now == before) | odd).all())
    if isinstance(before, np.ndarray):
        fits = isinstance(now, np.ndarray) and now.shape == before.shape and now.dtype == before.dtype
        return fits and (before.dtype == object or np.array_equal(now, before, equal_nan=before.dtype.kind in "fc"))
    if isinstance(before, (list, tuple)):
        fits = isinstance(now, (list, tuple)) and len(now) == len(before)
        return fits and all(unchanged(a, b) for a, b in zip(now, before, strict=True))
    if isinstance(before, Mapping):
        fits = isinstance(now, Mapping) and list(now) == list(before)
        return fits and all(unchanged(now[key], before[key]) for key in before)
    if isinstance(before, (int, float, str, bytes, Set)):
        return now == before or (now != now and before != before)
    return True


def copied(value: object) -> object:
    """A copy of an input that is data; what is none (a model, a tokenizer, a function) is handed over as it is."""
    if isinstance(value, Tensor):
        copy = value.detach().clone()
        return copy.requires_grad_() if value.requires_grad else copy
    if isinstance(value, np.ndarray):
        return value.copy()
    if type(value) in (list, tuple, set):
        return type(value)(copied(one) for one in value)
    if type(value) is dict:
        return {key: copied(one) for key, one in value.items()}
    return value
