"""Random inputs of exercises, the same every time."""

from __future__ import annotations

import random

import numpy as np
import torch


def generator(seed):
    """A random generator of its own."""
    return torch.Generator().manual_seed(seed)


def numbers(*shape, seed=0):
    """Random numbers of a shape, always the same."""
    return torch.randn(*shape, generator=generator(seed))


def other_global_seeds(seed):
    """Set every global generator: what is drawn from a generator of its own stays the same."""
    torch.manual_seed(seed)
    random.seed(seed)
    np.random.seed(seed)
