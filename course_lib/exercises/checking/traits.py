"""What the inputs that went wrong have in common, and those that went well have not."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Inputs = tuple[tuple, dict]


def _tensors(inputs: Inputs) -> list[Tensor]:
    args, kwargs = inputs
    return [one for one in (*args, *kwargs.values()) if isinstance(one, Tensor)]


def _any(holds: Callable[[Tensor], bool]) -> Callable[[Inputs], bool]:
    return lambda inputs: any(holds(one) for one in _tensors(inputs))


def _closed_row(one: Tensor) -> bool:
    """A mask, boolean or of −∞, with a row that lets nothing through."""
    if one.dim() < 2 or not one.shape[-1]:
        return False
    if one.dtype == torch.bool:
        return bool((~one).all(-1).any())
    return one.is_floating_point() and bool((one == -torch.inf).all(-1).any())


TRAITS: dict[str, Callable[[Inputs], bool]] = {  # what is said of the inputs that go wrong: whether inputs are such
    "where a row of the mask is closed throughout": _any(_closed_row),
    "where a batch has more than one entry": _any(lambda one: one.dim() >= 3 and one.shape[0] > 1),
    "where no tensor is empty": lambda inputs: all(one.numel() > 0 for one in _tensors(inputs)),
    "where there is more than one row": _any(lambda one: one.dim() >= 2 and one.shape[-2] > 1),
    "where there are three dimensions or more": _any(lambda one: one.dim() >= 3),
    "where there are NaN or infinite numbers": _any(
        lambda one: one.is_floating_point() and not bool(one.isfinite().all())
    ),
    "where there are very large numbers": _any(
        lambda one: one.is_floating_point() and one.numel() > 0 and bool((one[one.isfinite()].abs() > 80).any())
    ),
    "where there are negative numbers": _any(
        lambda one: one.dtype != torch.bool and not one.is_complex() and bool((one < 0).any())
    ),
    "where the numbers are whole": _any(lambda one: not one.is_floating_point() and one.dtype != torch.bool),
    "where the last two dimensions differ in size": _any(lambda one: one.dim() >= 2 and one.shape[-1] != one.shape[-2]),
    "where a tensor is empty": _any(lambda one: one.numel() == 0),
    "where an argument is None": lambda inputs: any(one is None for one in (*inputs[0], *inputs[1].values())),
    "where no argument is None": lambda inputs: all(one is not None for one in (*inputs[0], *inputs[1].values())),
    "where an argument is 0": lambda inputs: any(
        isinstance(one, (int, float)) and one == 0 and one is not False for one in (*inputs[0], *inputs[1].values())
    ),
    "where an argument is empty": lambda inputs: any(
        isinstance(one, (str, list, tuple, dict)) and not one for one in (*inputs[0], *inputs[1].values())
    ),
}


def told_apart(good: list[Inputs], bad: list[Inputs]) -> str:
    """A sentence that names what only the inputs have that went wrong; "" where nothing that is known does."""
    if not good or not bad:
        return ""
    for where, holds in TRAITS.items():
        if all(map(holds, bad)) and not any(map(holds, good)):
            return f"It goes wrong only {where}."
    sizes = [[_size(one) for one in some] for some in (good, bad)]
    numbers = all(isinstance(next(iter(args), None), int) for args, _ in (*good, *bad))
    if None not in sizes[0] + sizes[1] and len(good) > 1:  # of a single one that went well it may be chance
        if min(sizes[1]) > max(sizes[0]):
            return f"It goes wrong only {'where the first argument is large' if numbers else 'for longer inputs'}."
        if max(sizes[1]) < min(sizes[0]):
            return f"It goes wrong only {'where the first argument is small' if numbers else 'for short inputs'}."
    return ""


def _size(inputs: Inputs) -> int | None:
    """How large the first argument is: its number, its length."""
    first = next(iter(inputs[0]), None)
    if isinstance(first, Tensor):
        return first.shape[-2] if first.dim() > 1 else first.numel()
    if isinstance(first, int) and not isinstance(first, bool):
        return first
    return len(first) if isinstance(first, (str, list, tuple)) else None
