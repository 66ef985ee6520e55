"""Which outputs of a model depend on which inputs: change one word, see what moves. Chapters 04 and 05.

Attention weights say where a layer looked. This says what a whole model used, and needs nothing from inside it.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


@torch.no_grad()
def dependencies(outputs_of: Callable[[Tensor], Tensor], ids: Tensor, other: int) -> Tensor:
    """How far each output moves when one input is replaced: (output, input), the greatest absolute difference.

    `outputs_of` takes token ids (batch, input) and returns vectors (batch, output, width); `ids` (input,) is one
    sequence; `other` is the token id that is put in each place in turn. An entry of exactly 0 means: this output does
    not use that input. Raises ValueError for ids of another shape, and where `other` is already there.
    """
    if ids.dim() != 1 or not len(ids):
        raise ValueError(f"ids is one sequence of token ids, of shape (input,); given: {tuple(ids.shape)}.")
    if (ids == other).any():
        raise ValueError(
            f"The token {other} stands at position {int((ids == other).nonzero()[0])} already: putting it there "
            "changes nothing. Choose another."
        )
    changed = ids.repeat(len(ids), 1)  # (input, input)
    changed.fill_diagonal_(other)
    before = outputs_of(ids[None])  # (1, output, width)
    after = torch.cat([outputs_of(row[None]) for row in changed])  # (input, output, width), one at a time: same kernels
    return (after - before).abs().amax(-1).T  # (output, input)
