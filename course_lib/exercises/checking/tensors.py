"""What is wrong with the numbers of a tensor whose shape, kind of numbers and device are right.

A rule speaks only where its explanation gives all of the right numbers, so that it is never a guess; where none does,
`places.py` says where something is wrong.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import torch
from torch import Tensor

from course_lib.exercises.checking.pair import Pair, agree, where_first
from course_lib.exercises.checking.shapes import permuted
from course_lib.exercises.checking.shares import dimension_of_shares
from course_lib.exercises.checking.shown import number, place
from course_lib.exercises.checking.values import differing, same


def nan_rule(pair: Pair) -> str | None:
    """NaN, or infinity, where there should be none."""
    output, right = pair.output, pair.right
    if not output.is_floating_point():
        return None
    bad = output.isnan() & ~right.isnan()
    if bad.any():
        rows = bad.all(-1) & ~right.isnan().any(-1) if bad.dim() else bad
        if bad.all():
            where = "it is NaN everywhere"
        elif bad.dim() > 1 and bool((rows[..., None] == bad).all()):
            count = int(rows.sum())
            where = f"{'row' if count == 1 else f'{count} rows, the first'} {place(rows.nonzero()[0])} is NaN"
            where = where if count == 1 else where.replace(" is NaN", ", are NaN")
        else:
            where = f"{int(bad.sum())} of {bad.numel()} numbers are NaN, the first at {place(bad.nonzero()[0])}"
        return f"{where}. NaN comes from 0/0, ∞ − ∞, or a softmax over a row that is −∞ throughout."
    bad = output.isinf() & ~right.isinf()
    if bad.any():
        at = tuple(bad.nonzero()[0].tolist())
        if right.isinf().any():
            gives = f"at {place(list(at))} it gives {number(output[at])}, and should give {number(right[at])}"
            return f"{gives}: too many places are hidden."
        where = f"{number(output[at])} stands at {place(list(at))}"
        return f"{where}: a division by 0, a logarithm of 0, or a mask that stayed?"
    lost = right.isinf() & ~output.isinf() | right.isnan() & ~output.isnan()
    if lost.any():
        at = tuple(lost.nonzero()[0].tolist())
        hidden = bool((right[lost] == -torch.inf).all())
        ending = ": a place that should be hidden is not, or not by −∞." if hidden else "."
        return f"at {place(list(at))} it gives {number(output[at])}, and should give {number(right[at])}{ending}"
    return None


def whole_rule(pair: Pair) -> str | None:
    """Whole numbers of which some are one off."""
    output, right = pair.output, pair.right
    if output.dtype == torch.bool or not ((right == right.round()).all() and (output == output.round()).all()):
        return None
    away = (output.to(torch.float64) - right.to(torch.float64)).abs()
    wrong = int((away > 0).sum())
    if away.max() != 1 or wrong == away.numel() or away.numel() < 4 or right.unique().numel() < 3:
        return None
    first = where_first(output, right, away > 0)
    return f"{wrong} of {away.numel()} numbers are one off, {first}: rounded to the nearest, or cut off?"


def normal_rule(pair: Pair) -> str | None:
    """Numbers normalised along another dimension than they should be."""
    if not pair.output.is_floating_point() or pair.right.dim() < 2:
        return None
    output, right = pair.output.to(torch.float64), pair.right.to(torch.float64)
    kinds = {
        "have mean 0 and variance 1": lambda x, dim: bool(
            (x.mean(dim).abs() < 1e-3).all() and ((x.var(dim, correction=0) - 1).abs() < 0.15).all()
        ),
        "have length 1": lambda x, dim: bool(((x.norm(dim=dim) - 1).abs() < 1e-3).all()),
    }
    for what, holds in kinds.items():
        wanted = [dim for dim in range(right.dim()) if right.shape[dim] > 2 and holds(right, dim)]
        if not wanted or holds(output, wanted[-1]):
            continue
        for dim in [dim for dim in range(output.dim()) if output.shape[dim] > 2 and holds(output, dim)]:
            return f"its numbers {what} along dimension {dim}, and should along dimension {wanted[-1]}."
        if holds(output.reshape(-1), 0):
            return f"all its numbers together {what}; each row, along dimension {wanted[-1]}, should for itself."
    return None


def negated_rule(pair: Pair) -> str | None:
    """The other sign; True and False exchanged; one minus it."""
    output, right = pair.output, pair.right
    if output.dtype == torch.bool:
        if (output == ~right).all() and output.numel() > 1:
            return "True and False are exchanged, everywhere."
        return None
    if agree(-output, right, pair.close):
        return "every number has the wrong sign."
    if agree(1 - output, right, pair.close):
        return "every number is one minus the right one."
    if agree(output.abs(), right.abs(), pair.close):
        wrong = differing(output, right, pair.close)
        share = f"{int(wrong.sum())} of {wrong.numel()} numbers have"
        return f"the sizes are right, but {share} the wrong sign, {where_first(output, right, wrong)}."
    return None


def given_back_rule(pair: Pair) -> str | None:
    """An input unchanged, or the same number everywhere."""
    output, right = pair.output, pair.right
    for name, value in pair.inputs.items():
        if isinstance(value, Tensor) and value.shape == output.shape and value.numel() and same(output, value, 0.0):
            return f"it gives its argument {name} back unchanged."
    if output.numel() > 1 and _constant(output.reshape(-1)) and not _constant(right.reshape(-1)):
        return f"it gives {number(output.reshape(-1)[0].item())} everywhere."
    return None


def order_rule(pair: Pair) -> str | None:
    """The right numbers at other places: transposed, reversed, shifted, in another order."""
    output, right, close = pair.output, pair.right, pair.close
    return (
        _transposed(output, right, close)
        or _moved_along(output, right, close)
        or (_mixed(output, right, close) if output.dtype != torch.bool and output.numel() > 2 else None)
    )


def _transposed(output: Tensor, right: Tensor, close: float) -> str | None:
    sizes = list(output.shape)
    for order in itertools.permutations(range(output.dim())) if output.dim() <= 4 else ():
        moved = [at for at, one in enumerate(order) if at != one]
        if not moved or permuted(sizes, order) != sizes or not agree(output.permute(order), right, close):
            continue
        if len(moved) > 2:
            return "its dimensions are in another order (permute)."
        two = "rows and columns" if output.dim() == 2 else f"dimensions {moved[0]} and {moved[1]}"
        or_else = "" if dimension_of_shares(right) is None else " Or is the softmax taken over the wrong dim?"
        return f"it is transposed: {two} are exchanged.{or_else}"
    return None


def _moved_along(output: Tensor, right: Tensor, close: float) -> str | None:
    sizes = [*enumerate(output.shape)]
    for dim, size in sizes:
        if size > 1 and agree(output.flip(dim), right, close):
            return f"it is the wrong way round: reversed along dimension {dim}, it is right."
    for (dim, size), by in itertools.product(sizes, (1, -1, 2, -2)):
        if size < abs(by) + 2:
            continue
        ours = output.narrow(dim, max(by, 0), size - abs(by))
        theirs = right.narrow(dim, max(-by, 0), size - abs(by))
        if agree(ours, theirs, close) and not _constant(theirs, dim):
            steps = "one place" if abs(by) == 1 else f"{abs(by)} places"
            return f"it is shifted along dimension {dim}: all stands {steps} too {'late' if by > 0 else 'early'}."
    for dim, size in sizes:
        for by in range(1, min(size, 16)):
            if agree(output.roll(by, dim), right, close):
                return f"it is rolled along dimension {dim}, by {size - by} of {size} places: what falls off returns."
    return None


def _mixed(output: Tensor, right: Tensor, close: float) -> str | None:
    if not agree(output.reshape(-1).sort().values, right.reshape(-1).sort().values, close):
        return None
    for dim, size in enumerate(output.shape):
        if output.dim() > 1 and 1 < size <= 64 and _slices_permuted(output, right, dim, close):
            return f"the numbers are right, but along dimension {dim} they are in another order."
    return "the numbers are right, but at other places: reshape or view where a transpose is meant, or the reverse?"


def _slices_permuted(output: Tensor, right: Tensor, dim: int, close: float) -> bool:
    """Whether the slices along dim are those of the right tensor in another order."""
    ours, theirs = ([*one.movedim(dim, 0)] for one in (output, right))
    for one in ours:
        at = next((at for at, other in enumerate(theirs) if agree(one, other, close)), None)
        if at is None:
            return False
        theirs.pop(at)
    return True


def _constant(tensor: Tensor, dim: int = 0) -> bool:
    return tensor.numel() == 0 or bool((tensor == tensor.narrow(dim, 0, 1)).all())


STEPS: dict[str, Callable[[Tensor], Tensor]] = {  # what is said: what makes the right numbers of the output
    "an exponential (exp) is missing: these are the logarithms.": torch.exp,
    "a logarithm is missing.": torch.log,
    "the square root is missing.": torch.sqrt,
    "a square is missing.": torch.square,
    "these are one over the right numbers.": torch.reciprocal,
    "a sigmoid is missing.": torch.sigmoid,
    "a tanh is missing.": torch.tanh,
    "the negative numbers should be 0 (relu).": torch.relu,
    "these are the right numbers before the last step: minus their logarithm is right.": lambda x: -x.log(),
}
TOO_MANY = {"exp": torch.exp, "log": torch.log, "square root": torch.sqrt, "square": torch.square,
            "sigmoid": torch.sigmoid, "relu": torch.relu, "absolute value": torch.abs}  # fmt: skip
ALONG: dict[str, Callable[[Tensor, int], Tensor]] = {
    "softmax": lambda x, dim: x.softmax(dim),
    "log_softmax": lambda x, dim: x.log_softmax(dim),
    "running sum (cumsum)": lambda x, dim: x.cumsum(dim),
    "division by the sum": lambda x, dim: x / x.sum(dim, keepdim=True),
    "division by the length (norm)": lambda x, dim: x / x.norm(dim=dim, keepdim=True),
    "subtraction of the mean": lambda x, dim: x - x.mean(dim, keepdim=True),
    "division by the standard deviation": lambda x, dim: x / x.std(dim, keepdim=True, correction=0),
    "normalisation (mean 0, variance 1)": lambda x, dim: (
        (x - x.mean(dim, keepdim=True)) / x.std(dim, keepdim=True, correction=0)
    ),
}


def function_rule(pair: Pair) -> str | None:
    """The right numbers before or after one well-known step: exp, root, rounding, a softmax, a running sum."""
    if pair.output.dtype == torch.bool or pair.right.numel() < 2:
        return None
    close = max(pair.close, 1e-5)
    ours, theirs = pair.output.to(torch.float64), pair.right.to(torch.float64)
    if agree(ours, theirs, close):
        return None  # too near for these rules: a step that changes nothing would seem to explain it
    for said, step in STEPS.items():
        if agree(step(ours), theirs, close):
            return said
    if agree(ours, theirs.round(), 1e-9) or agree(ours, theirs.trunc(), 1e-9):
        return "the numbers are rounded to whole ones."
    for digits in (1, 2, 3, 4):
        if agree(ours, theirs.round(decimals=digits), 1e-7):
            return f"the numbers are rounded to {digits} decimals; give them as they are."
    for dim, (name, step) in itertools.product(reversed(range(ours.dim())), ALONG.items()):
        if ours.shape[dim] > 1:
            if agree(step(ours, dim), theirs, close):
                return f"a {name} over dimension {dim} is missing."
            if agree(step(theirs, dim), ours, close):
                return f"a {name} over dimension {dim} is too many."
    for name, step in TOO_MANY.items():
        if agree(step(theirs), ours, close):
            return f"one step too many: this is the {name} of the right numbers."
    return None


def slices_rule(pair: Pair) -> str | None:
    """Each row, or column, is off by a factor or an amount of its own."""
    if not pair.output.is_floating_point() or pair.right.dim() < 2:
        return None
    output, right = pair.output.to(torch.float64), pair.right.to(torch.float64)
    for dim in (output.dim() - 1, output.dim() - 2):
        if output.shape[dim] < 3:
            continue
        kind = "row" if dim == output.dim() - 1 else "column"
        safe = right.abs().sum(dim, keepdim=True) > 1e-9
        ratio = (output * right).sum(dim, keepdim=True) / torch.where(safe, (right * right).sum(dim, keepdim=True), 1)
        if safe.all() and (ratio.abs() > 1e-9).all() and agree(output / ratio, right, max(pair.close, 1e-4)):
            wrong = (ratio.reshape(-1) - 1).abs() > 1e-4
            which = "each" if wrong.all() else f"{int(wrong.sum())} of {wrong.numel()}"
            return (
                f"{which} {kind}{' is' if which == 'each' else 's are'} right up to a factor of its own "
                f"({number(ratio.reshape(-1)[wrong][0].item())} for {kind} {int(wrong.nonzero()[0])}): "
                "normalised over another dimension, or not at all?"
            )
        away = (output - right).mean(dim, keepdim=True)
        if agree(output - away, right, max(pair.close, 1e-5)):
            return f"each {kind} is right up to an amount of its own: what is added or subtracted for a {kind}?"
    return None
