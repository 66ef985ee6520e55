"""What a computation costs: its seconds, the memory of its results, and how both grow with the length. Chapter 05."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from course_lib.arguments import whole


def seconds(run: Callable[[], object], times: int = 5) -> float:
    """The shortest of `times` runs, in seconds, after one that does not count; the longer ones were disturbed.

    Raises ValueError for fewer than one, TypeError for what cannot be called.
    """
    whole("times", times)
    _check_call(run)
    run()
    spent = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        spent.append(time.perf_counter() - start)
    return min(spent)


def megabytes(run: Callable[[], object]) -> float:
    """Memory of all tensors that PyTorch's operations allocate while `run` computes, in megabytes (10⁶ bytes).

    Views of other tensors cost nothing. What a kernel uses inside and gives back is not counted, and what is freed on
    the way is: this is the memory that was written, not the most that was held at one time.
    Raises TypeError for what cannot be called.
    """
    _check_call(run)
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils._pytree import tree_leaves

    written = 0

    def storages(tree) -> dict[int, int]:  # address -> bytes
        storages = [leaf.untyped_storage() for leaf in tree_leaves(tree) if isinstance(leaf, torch.Tensor)]
        return {storage.data_ptr(): storage.nbytes() for storage in storages}

    class Counting(TorchDispatchMode):
        def __torch_dispatch__(self, operation, types, arguments=(), named=None):
            nonlocal written
            found = operation(*arguments, **(named or {}))
            given = storages((arguments, named))
            written += sum(size for address, size in storages(found).items() if address not in given)
            return found

    with Counting():
        run()
    return written / 1e6


def exponent(lengths: Sequence[float], measured: Sequence[float]) -> float:
    """The b of a·lengthᵇ that fits best: the slope between the logarithms. 1 is linear, 2 quadratic.

    Raises ValueError for fewer than two lengths, and for numbers that have no logarithm.
    """
    import numpy as np

    lengths, measured = (np.asarray(values, dtype=float) for values in (lengths, measured))
    everything = np.concatenate([lengths.ravel(), measured.ravel()])
    fits = lengths.ndim == 1 and lengths.shape == measured.shape and len(set(lengths.tolist())) > 1
    if not fits or not (np.isfinite(everything) & (everything > 0)).all():
        raise ValueError(
            "lengths and measured are pairs of numbers above 0, of two or more different lengths; given: "
            f"{lengths.shape} lengths and {measured.shape} measurements, the smallest "
            f"{everything.min() if everything.size else None}."
        )
    return float(np.polyfit(np.log(lengths), np.log(measured), 1)[0])


def _check_call(run) -> None:
    if not callable(run):
        raise TypeError(f"run is a function without arguments, such as lambda: model(ids); given: {run!r:.80}.")
