"""What is wrong with the shape of a tensor."""

from __future__ import annotations

import itertools

from torch import Tensor

from course_lib.exercises.checking.pair import Pair, agree
from course_lib.exercises.checking.shown import shape


def shape_rule(pair: Pair) -> str | None:
    """Another shape, said both ways, and what kind of another one."""
    output, right = pair.output, pair.right
    if output.shape == right.shape:
        return None
    said = f"its shape is {shape(output)}, and should be {shape(right)}"
    return f"{said}{_reshaped(output, right, pair.close) or '.'}"


def _reshaped(output: Tensor, right: Tensor, close: float) -> str | None:
    ours, theirs = list(output.shape), list(right.shape)
    flat_fits = output.numel() == right.numel() and agree(output.reshape(-1), right.reshape(-1), close)
    ending = ", with the right numbers" if flat_fits else ""
    if len(ours) == len(theirs) and sorted(ours) == sorted(theirs):
        return f": {_order(output, right, close)}."
    if [one for one in ours if one != 1] == [one for one in theirs if one != 1]:
        if len(ours) > len(theirs):
            return f": a dimension of size 1 too many (squeeze){ending}."
        if len(ours) < len(theirs):
            return f": a dimension of size 1 is missing (unsqueeze, or keepdim=True){ending}."
    if not ours and theirs:
        return ": one number in all, where a dimension should stay. Over which dim is it computed?"
    if output.numel() == right.numel():
        return f": as many numbers, arranged otherwise{ending}."
    if len(ours) == len(theirs):
        at = [place_ for place_, (a, b) in enumerate(zip(ours, theirs, strict=True)) if a != b]
        if len(at) == 1:
            difference = ours[at[0]] - theirs[at[0]]
            many = f"{abs(difference)} too {'many' if difference > 0 else 'few'}"
            fits = _cut(output, right, at[0], close)
            return f": {many} in dimension {at[0]}{fits}."
        if len(at) == 2 and len({ours[one] for one in at}) == 1:
            return f": dimensions {at[0]} and {at[1]} have the size {ours[at[0]]} both."
    if len(ours) == len(theirs) - 1:
        lost = [at for at in range(len(theirs)) if theirs[:at] + theirs[at + 1 :] == ours]
        if lost:
            return f": dimension {lost[0]} is gone. Is it summed or indexed away?"
    if len(ours) == len(theirs) + 1:
        extra = [at for at in range(len(ours)) if ours[:at] + ours[at + 1 :] == theirs]
        if extra:
            return f": dimension {extra[0]} of size {ours[extra[0]]} is one too many. Is it still to be reduced?"
    return None


def _order(output: Tensor, right: Tensor, close: float) -> str:
    """Which dimensions are exchanged, and whether that is all."""
    ours, theirs = list(output.shape), list(right.shape)
    moved = [at for at, (a, b) in enumerate(zip(ours, theirs, strict=True)) if a != b]
    two = f"dimensions {moved[0]} and {moved[-1]} are exchanged" if len(moved) == 2 else ""
    if two and agree(output.transpose(*moved), right, close):
        return f"{two}, and exchanged back the numbers are right"
    orders = (order for order in itertools.permutations(range(len(ours))) if permuted(ours, order) == theirs)
    if any(agree(output.permute(order), right, close) for order in orders):
        return "the dimensions are in another order (permute); put right, so are the numbers"
    return f"the sizes of {two}" if two else "its sizes are in another order"


def permuted(sizes: list[int], order: tuple[int, ...]) -> list[int]:
    """The sizes in that order."""
    return [sizes[one] for one in order]


def _cut(output: Tensor, right: Tensor, dim: int, close: float) -> str:
    size = min(output.shape[dim], right.shape[dim])
    if not size:
        return ""
    ours, theirs = output.narrow(dim, 0, size), right.narrow(dim, 0, size)
    if agree(ours, theirs, close):
        return ": the beginning is right, the end is not"
    ours = output.narrow(dim, output.shape[dim] - size, size)
    theirs = right.narrow(dim, right.shape[dim] - size, size)
    return ": the end is right, the beginning is not" if agree(ours, theirs, close) else ""
