"""Where a tensor is wrong, when no rule knows why: the diagonal, one row, the end of a dimension."""

from __future__ import annotations

import torch
from torch import Tensor

from course_lib.exercises.checking.pair import Pair, Vague, where_first
from course_lib.exercises.checking.shown import number
from course_lib.exercises.checking.values import differing


def part_rule(pair: Pair) -> str | None:
    """Only a part is wrong: the diagonal, above or below it, the first or last along a dimension, one row."""
    output, right = pair.output, pair.right
    wrong = differing(output, right, pair.close, pair.relative)
    count, all_ = int(wrong.sum()), wrong.numel()
    if all_ < 2 or count == all_:
        return None
    first = where_first(output, right, wrong)
    if wrong.dim() >= 2 and _has_diagonal(right):
        rows, columns = wrong.shape[-2:]
        row, column = torch.arange(rows)[:, None], torch.arange(columns)
        diagonal, above = (row == column).expand_as(wrong), (row < column).expand_as(wrong)
        below = (row > column).expand_as(wrong)
        for where, mask in (("on the diagonal", diagonal), ("above the diagonal", above), ("below it", below)):
            if not wrong[~mask].any() and (count > 1 or mask.sum() == 1):
                where = "below the diagonal" if where == "below it" else where
                every = "it is wrong" if wrong[mask].all() else f"{count} of {int(mask.sum())} numbers are wrong"
                return Vague(f"everything else is right, but {where} {every}, {first}.")
    for dim in reversed(range(wrong.dim())):
        if said := _along(wrong, dim):
            return Vague(f"{said}, {first}.")
    return None


def _has_diagonal(right: Tensor) -> bool:
    """Whether a diagonal means something: in a square table, and in a mask."""
    rows, columns = right.shape[-2:]
    return min(rows, columns) > 1 and (rows == columns or right.dtype == torch.bool)


def _along(wrong: Tensor, dim: int) -> str | None:
    """Which places along a dimension are wrong, where they are few or regular."""
    size = wrong.shape[dim]
    at = wrong.movedim(dim, 0).reshape(size, -1).any(1).nonzero().reshape(-1).tolist()
    plain = wrong.dim() == 2
    name = ("row", "column")[dim] if plain else "place"
    where = "" if plain or wrong.dim() == 1 else f" along dimension {dim}"
    if size < 2 or len(at) == size:
        return None
    if len(at) == 1:
        which = {0: f"the first {name}", size - 1: f"the last {name}"}.get(at[0], f"{name} {at[0]}")
        return f"only {which}{where} is wrong"
    if at == list(range(1, size)) and size > 2:
        return f"only the first {name}{where} is right"
    if at == list(range(size - 1)) and size > 2:
        return f"only the last {name}{where} is right"
    if at == list(range(at[0], size)) and size > 3:
        return f"the {name}s{where} are right before {at[0]}, and wrong from there on"
    if at == list(range(at[-1] + 1)) and size > 3:
        return f"the {name}s{where} are wrong up to {at[-1]}, and right after it"
    if size > 3 and at in (list(range(0, size, 2)), list(range(1, size, 2))):
        return f"every second {name}{where} is wrong"
    return None


def nearly_rule(pair: Pair) -> str | None:
    """Close, and not close enough."""
    if not pair.output.is_floating_point():
        return None
    output, right = pair.output.to(torch.float64), pair.right.to(torch.float64)
    away = (output - right).abs()
    scale = float(right[right.isfinite()].abs().max()) if right.isfinite().any() else 0.0
    largest = float(away[away.isfinite()].max())
    if largest <= 1e-2 * scale:
        return Vague(
            f"nearly right: the largest difference is {number(largest)}. A small constant that differs, numbers of "
            "lower precision, or a variance divided by n − 1 in place of n?"
        )
    return None


def rest_rule(pair: Pair) -> str | None:
    """How much is wrong, and where first."""
    wrong = differing(pair.output, pair.right, pair.close, pair.relative)
    if not wrong.any():
        return None
    first = where_first(pair.output, pair.right, wrong)
    if wrong.numel() == 1:
        return Vague(f"it is wrong, {first}.")
    share = "all" if wrong.all() else f"{int(wrong.sum())} of {wrong.numel()}"
    return Vague(f"{share} numbers are wrong, {first}.")
