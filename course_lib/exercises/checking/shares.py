"""What is wrong with probabilities, or weights, that should sum to 1 along a dimension."""

from __future__ import annotations

import torch
from torch import Tensor

from course_lib.exercises.checking.factors import because, times
from course_lib.exercises.checking.pair import Pair, agree
from course_lib.exercises.checking.shown import number, place
from course_lib.exercises.checking.values import differing


def dimension_of_shares(right: Tensor) -> int | None:
    """The last dimension along which the right numbers sum to 1; None where they are no shares."""
    if not right.is_floating_point() or right.numel() < 2 or not bool((right >= 0).all()):
        return None
    found = [dim for dim in range(right.dim()) if right.shape[dim] > 1 and ones(right.sum(dim))]
    return found[-1] if found else None


def ones(sums: Tensor) -> bool:
    """Whether all are 1, within rounding."""
    return bool(((sums - 1).abs() < 1e-4).all())


def share_rule(pair: Pair) -> str | None:
    """Shares that sum to 1 over another dimension than they should, or are not shares yet, or are too sharp."""
    output, right = (one.to(torch.float64) for one in (pair.output, pair.right))
    dim, close = dimension_of_shares(pair.right), max(pair.close, 1e-5)
    if dim is None or not output.isfinite().all() and not (output == -torch.inf).any():
        return None
    last = ", the last" if dim == right.dim() - 1 and right.dim() > 1 else ""
    if (output >= 0).all() and not ones(output.sum(dim)):
        for other in range(output.dim()):
            if other != dim and output.shape[other] > 1 and ones(output.sum(other)):
                return (
                    f"it sums to 1 over dimension {other}, and should sum to 1 over dimension {dim}{last}: a softmax "
                    "or a division over the wrong dim."
                )
        if output.dim() > 1 and ones(output.sum()):
            return f"all its numbers together sum to 1; along dimension {dim}{last}, each row should for itself."
        if agree(output / output.sum(dim, keepdim=True), right, close):
            return f"the numbers are not divided by their sum over dimension {dim} yet."
        if (output < 1).all() and agree(_odds(output, dim), right, close):
            return f"these are sigmoids, each for itself, where a softmax over dimension {dim} shares out."
    if agree(output.exp(), right, close):
        return "these are the logarithms of the right numbers: log_softmax in place of softmax?"
    if agree(output.softmax(dim), right, close):
        return f"these are scores: a softmax over dimension {dim} makes the right numbers of them."
    if said := _sharpness(output, right, dim, pair) or _support(output, right, dim):
        return said
    if (output < -1e-6).any():
        return f"some numbers are negative. They should be shares between 0 and 1 that sum to 1 over dimension {dim}."
    return _sums(output, right, dim)


def _odds(output: Tensor, dim: int) -> Tensor:
    odds = output / (1 - output)
    return odds / odds.sum(dim, keepdim=True)


def _sharpness(output: Tensor, right: Tensor, dim: int, pair: Pair) -> str | None:
    """A softmax of a multiple of the right scores: a forgotten or a wrong temperature."""
    open_ = right > 1e-12
    if not (output >= 0).all() or not ones(output.sum(dim)) or not open_.all(dim).any():
        return None
    whole = open_.movedim(dim, -1).reshape(-1, right.shape[dim]).all(-1)
    ours, theirs = (one.clamp_min(1e-300).log().movedim(dim, -1).reshape(-1, one.shape[dim])[whole]
                    for one in (output, right))  # fmt: skip
    ours, theirs = (one - one.mean(-1, keepdim=True) for one in (ours, theirs))
    if float((theirs * theirs).sum()) < 1e-9:
        return None
    ratio = float((ours * theirs).sum() / (theirs * theirs).sum())
    if abs(ratio) < 1e-6 or not agree(ours / ratio, theirs, 1e-3):
        return None
    if abs(ratio - 1) < 1e-4:
        return None
    said = "too sharp" if abs(ratio) > 1 else "too even"
    said = "turned round" if ratio < 0 else said
    return f"the shares are {said}: the softmax gets {times(ratio)} the right scores{because(ratio, pair)}"


def _support(output: Tensor, right: Tensor, dim: int) -> str | None:
    """Weight where there should be none, or none where there should be some: a mask."""
    if not (output >= 0).all() or not ones(output.sum(dim)):
        return None
    ours, theirs = output > 1e-9, right > 1e-9
    first = (ours & ~theirs).nonzero()
    if len(first):
        at = place(first[0])
        if not (ours & theirs).any() or bool(ours[~theirs].all() and (theirs & ours).sum() <= theirs.sum() / 4):
            return f"there is weight just where there should be none, first at {at}: is the mask the wrong way round?"
        small = float(output[ours & ~theirs].max()) < 1e-2
        ending = "hidden by a number that is not low enough?" if small else "not hidden, or by 0 in place of −∞?"
        return f"there is weight at {at}, where there should be none: {ending}"
    last = (theirs & ~ours).nonzero()
    return f"there is no weight at {place(last[0])}, where there should be some." if len(last) else None


def _sums(output: Tensor, right: Tensor, dim: int) -> str | None:
    """Rows that do not sum to 1, where the numbers are shares otherwise."""
    sums = output.sum(dim)
    wrong = (sums - 1).abs() > 1e-4
    if not wrong.any():
        return None
    if output.dim() == 1:
        return f"its numbers should sum to 1, and sum to {number(sums.item())}."
    good = ~differing(output, right, 1e-5).any(dim)
    if good.any() and bool((output.abs().sum(dim)[wrong] == 0).all()):
        return None  # whole rows of zeros: the rule about parts names them
    first = sums[wrong][0].item()
    which = "its rows" if dim == output.dim() - 1 else "its columns" if output.dim() == 2 else "its numbers"
    many = "none does" if wrong.all() else f"{int(wrong.sum())} of {wrong.numel()} do not"
    return (
        f"{which} should sum to 1 over dimension {dim}, and {many} (the first sums to {number(first)}): is something "
        "set to 0, added or scaled after the shares were made?"
    )
