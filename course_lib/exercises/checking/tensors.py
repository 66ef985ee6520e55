"""What is wrong with the numbers of a tensor whose shape, kind of numbers and device are right.

A rule speaks only where its explanation gives all of the right numbers, so that it is never a guess; those at the end
say only where something is wrong (`Vague`).
"""

from __future__ import annotations

import itertools

import torch
from torch import Tensor

from course_lib.exercises.checking.pair import Pair, Vague, agree, where_first
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
        sign = "inf" if output[bad][0] > 0 else "-inf"
        return f"{sign} stands at {place(bad.nonzero()[0])}: a division by 0, a logarithm of 0, or a mask that stayed?"
    lost = right.isinf() & ~output.isinf() | right.isnan() & ~output.isnan()
    if lost.any():
        at = tuple(lost.nonzero()[0].tolist())
        return f"at {place(list(at))} it gives {number(output[at])}, and should give {number(right[at])}."
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
    """An input unchanged, nothing but zeros, or the same number everywhere."""
    output, right = pair.output, pair.right
    for name, value in pair.inputs.items():
        if isinstance(value, Tensor) and value.shape == output.shape and value.numel() and same(output, value, 0.0):
            return f"it gives its argument {name} back unchanged."
    if output.numel() > 1 and (output == output.reshape(-1)[0]).all():
        if not (right == right.reshape(-1)[0]).all():
            return f"it gives {number(output.reshape(-1)[0].item())} everywhere."
    return None


def order_rule(pair: Pair) -> str | None:
    """The right numbers at other places: transposed, reversed, shifted, rows in another order."""
    output, right, close = pair.output, pair.right, pair.close
    sizes = list(output.shape)
    for order in itertools.permutations(range(output.dim())) if output.dim() <= 4 else ():
        if permuted(sizes, order) == sizes and order != tuple(range(output.dim())):
            if agree(output.permute(order), right, close):
                moved = [at for at, one in enumerate(order) if at != one]
                if len(moved) == 2:
                    pair_ = "rows and columns" if output.dim() == 2 else f"dimensions {moved[0]} and {moved[1]}"
                    other = (
                        " (Or is a softmax taken over the wrong dim?)" if dimension_of_shares(right) is not None else ""
                    )
                    return f"it is transposed: {pair_} are exchanged.{other}"
                return "its dimensions are in another order (permute)."
    for dim, size in enumerate(sizes):
        if size > 1 and agree(output.flip(dim), right, close):
            return f"it is the right way round only when it is reversed along dimension {dim}."
    for dim, size in enumerate(sizes):
        for by in (1, -1, 2, -2):
            if size < 3 or abs(by) >= size - 1:
                continue
            ours = output.narrow(dim, max(by, 0), size - abs(by))
            theirs = right.narrow(dim, max(-by, 0), size - abs(by))
            if agree(ours, theirs, close) and not _constant(theirs, dim):
                way = "late" if by > 0 else "early"
                steps = "one place" if abs(by) == 1 else f"{abs(by)} places"
                return f"it is shifted along dimension {dim}: everything stands {steps} too {way}."
    for dim, size in enumerate(sizes):
        for by in range(1, min(size, 16)):
            if agree(output.roll(by, dim), right, close):
                return f"it is turned round along dimension {dim} by {size - by} of {size} places."
    if output.dtype != torch.bool and output.numel() > 2:
        if agree(output.reshape(-1).sort().values, right.reshape(-1).sort().values, close):
            for dim in range(output.dim()):
                if output.dim() > 1 and sizes[dim] > 1 and _slices_permuted(output, right, dim, close):
                    return f"the numbers are right, but along dimension {dim} they are in another order."
            return "the numbers are right, but they stand at other places: a view or reshape in place of a transpose?"
    return None


def _slices_permuted(output: Tensor, right: Tensor, dim: int, close: float) -> bool:
    """Whether the slices along dim are those of the right tensor in another order."""
    ours, theirs = ([*one.movedim(dim, 0)] for one in (output, right))
    if len(ours) > 64:
        return False
    for one in ours:
        at = next((at for at, other in enumerate(theirs) if agree(one, other, close)), None)
        if at is None:
            return False
        theirs.pop(at)
    return True


def _constant(tensor: Tensor, dim: int) -> bool:
    return tensor.numel() == 0 or bool((tensor == tensor.narrow(dim, 0, 1)).all())


def function_rule(pair: Pair) -> str | None:
    """The right numbers before or after one well-known step: exp, log, root, square, rounding, a running sum."""
    output, right = pair.output, pair.right
    if output.dtype == torch.bool or right.numel() < 2:
        return None
    close = max(pair.close, 1e-5)
    ours, theirs = output.to(torch.float64), right.to(torch.float64)
    steps = {
        "an exponential (exp) is missing: these are the logarithms.": lambda x: x.exp(),
        "a logarithm is missing.": lambda x: x.log(),
        "the square root is missing.": lambda x: x.sqrt(),
        "a square is missing.": lambda x: x * x,
        "these are one over the right numbers.": lambda x: 1 / x,
        "a sigmoid is missing.": lambda x: x.sigmoid(),
        "the negative numbers should be 0 (relu).": lambda x: x.relu(),
        "a logarithm too many, or an exponential too few: minus the logarithm is right.": lambda x: -x.log(),
    }
    for said, step in steps.items():
        if agree(step(ours), theirs, close):
            return said
    if not output.is_floating_point() or (ours == ours.round()).all():
        if agree(ours, theirs.round(), 1e-9) or agree(ours, theirs.trunc(), 1e-9):
            return "the numbers are rounded to whole ones."
    for digits in (1, 2, 3, 4):
        if agree(ours, theirs.round(decimals=digits), 1e-7):
            return f"the numbers are rounded to {digits} decimals; give them as they are."
    for dim in range(output.dim()):
        if output.shape[dim] > 1:
            if agree(theirs.softmax(dim), ours, close):
                return f"there is a softmax too many, over dimension {dim}."
            if agree(ours.softmax(dim), theirs, close):
                return f"a softmax over dimension {dim} is missing."
            if agree(ours.log_softmax(dim), theirs, close):
                return f"a log_softmax over dimension {dim} is missing."
            if agree(theirs.cumsum(dim), ours, close):
                return f"these are running sums along dimension {dim} of the right numbers."
            if agree(ours.cumsum(dim), theirs, close):
                return f"running sums (cumsum) along dimension {dim} are missing."
    back = {"exp": lambda x: x.exp(), "log": lambda x: x.log(), "sqrt": lambda x: x.sqrt(), "square": lambda x: x * x}
    for name, step in back.items():
        if agree(step(theirs), ours, close):
            return f"there is one step too many: this is the {name} of the right numbers."
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
                f"{which} {kind}{'s' if which != 'each' else ''} is right up to a factor of its own "
                f"({number(ratio.reshape(-1)[wrong][0].item())} for {kind} {int(wrong.nonzero()[0])}): "
                "normalised over another dimension, or not at all?"
            )
        away = (output - right).mean(dim, keepdim=True)
        if agree(output - away, right, max(pair.close, 1e-5)):
            return f"each {kind} is right up to an amount of its own: what is added or subtracted for a {kind}?"
    return None


def part_rule(pair: Pair) -> str | None:
    """Only a part is wrong: the diagonal, above or below it, the first or last along a dimension, one row."""
    output, right = pair.output, pair.right
    wrong = differing(output, right, pair.close)
    count, all_ = int(wrong.sum()), wrong.numel()
    if all_ < 2 or count == all_:
        return None
    first = where_first(output, right, wrong)
    if wrong.dim() >= 2 and min(wrong.shape[-2:]) > 1:
        rows, columns = wrong.shape[-2:]
        row, column = torch.arange(rows)[:, None], torch.arange(columns)
        diagonal, above = (row == column).expand_as(wrong), (row < column).expand_as(wrong)
        below = (row > column).expand_as(wrong)
        for where, mask in (("on the diagonal", diagonal), ("above the diagonal", above), ("below it", below)):
            if not wrong[~mask].any() and (count > 1 or mask.sum() == 1):
                where = "below the diagonal" if where == "below it" else where
                every = "it is wrong" if wrong[mask].all() else f"{count} of {int(mask.sum())} numbers are wrong"
                return Vague(f"everything else is right, but {where} {every}, {first}.")
    for dim, size in reversed([*enumerate(wrong.shape)]):
        if size < 2:
            continue
        at = wrong.movedim(dim, 0).reshape(size, -1).any(1).nonzero().reshape(-1).tolist()
        name = "row" if wrong.dim() >= 2 and dim == wrong.dim() - 2 else ""
        name = name or ("column" if wrong.dim() == 2 and dim == 1 else "")
        name = f"{name} " if name else ""
        axis = "" if name and wrong.dim() == 2 else f" of dimension {dim}" if wrong.dim() > 1 else ""
        if len(at) == 1 and size > 1:
            which = {0: "the first", size - 1: "the last"}.get(at[0], f"number {at[0]}")
            whole = f" {name}{'place' if not name else ''}".rstrip()
            return Vague(f"only {which}{whole}{axis} is wrong, {first}.")
        if at == list(range(1, size)) and size > 2:
            return Vague(
                f"only the first {name or 'place '}{axis.strip()} is right: everything behind it is wrong, {first}."
            )
        if at == list(range(at[0], size)) and 0 < at[0] < size - 1 and size > 3:
            return Vague(
                f"along dimension {dim} it is right up to place {at[0] - 1}, and wrong from {at[0]} on, {first}."
            )
        if size > 3 and (at == list(range(0, size, 2)) or at == list(range(1, size, 2))):
            return Vague(f"along dimension {dim} every second place is wrong, {first}.")
        if size > 3 and size % 2 == 0 and at in (list(range(size // 2)), list(range(size // 2, size))):
            half = "first" if at[0] == 0 else "second"
            return Vague(f"along dimension {dim} only the {half} half is wrong, {first}.")
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
    wrong = differing(pair.output, pair.right, pair.close)
    if not wrong.any():
        return None
    first = where_first(pair.output, pair.right, wrong)
    if wrong.numel() == 1:
        return Vague(f"it is wrong, {first}.")
    share = "all" if wrong.all() else f"{int(wrong.sum())} of {wrong.numel()}"
    return Vague(f"{share} numbers are wrong, {first}.")
