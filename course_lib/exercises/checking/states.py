"""States of the whole process that an answer may change: set for its call, noticed, and put back afterwards."""

from __future__ import annotations

import builtins
import contextlib
import math
import operator
import os
import random
import sys
import time
import warnings
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch.nn import functional

# Where a function of a library may be replaced by another one.
PLACES = (builtins, math, random, time, np, np.random, torch, torch.Tensor, functional, torch.nn, torch.nn.Module)


@contextlib.contextmanager
def kept(seed: int = 0) -> Iterator[list[str]]:
    """Run the body with known random states and torch's defaults; afterwards everything is as it was before.

    Yields a list; at the end it holds in words what the body had changed and left changed.
    """
    left: list[str] = []
    functions = [vars(place).copy() for place in PLACES]
    generators = random.getstate(), np.random.get_state(), torch.get_rng_state()
    before = {name: get() for name, (get, _) in SWITCHES.items()}
    path, filters = list(sys.path), list(warnings.filters)
    started = {**before, **DEFAULTS}
    _set(before, started)
    random.seed(seed)
    np.random.seed(seed)
    torch.random.default_generator.manual_seed(seed)
    try:
        yield left
    finally:
        left += _functions_back(functions)
        ended = {}
        for name, (get, _) in SWITCHES.items():
            with contextlib.suppress(Exception):
                ended[name] = get()
                if ended[name] != started[name]:
                    left.append(name)
        _set(ended, before)
        sys.path[:], warnings.filters[:] = path, filters
        random.setstate(generators[0])
        np.random.set_state(generators[1])
        torch.set_rng_state(generators[2])


def _set(now: dict, wanted: dict) -> None:
    for name, (_, put) in SWITCHES.items():
        with contextlib.suppress(Exception):
            if now[name] != wanted[name]:
                put(wanted[name])


def _functions_back(before: list[dict]) -> list[str]:
    """Put back functions of libraries that were replaced or deleted; their names."""
    found = []
    for place, names in zip(PLACES, before, strict=True):
        now = vars(place)
        if list(now) == list(names) and all(map(operator.is_, now.values(), names.values())):
            continue  # nearly always, and quickly seen: there are 3,000 names
        for name, value in names.items():
            replaced = now.get(name) is not value and callable(value) and not isinstance(value, type)
            if replaced and not name.startswith("_"):
                setattr(place, name, value)
                found.append(f"{place.__name__}.{name}")
        if isinstance(place, type):  # a name that was added hides the one that is inherited
            for name in [one for one in now if one not in names and hasattr(place.__base__, one)]:
                delattr(place, name)
                found.append(f"{place.__name__}.{name}")
    return found


def _environment(wanted: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(wanted)


def _folder() -> str | None:
    try:
        return os.getcwd()
    except OSError:  # it has been deleted
        return None


SWITCHES: dict[str, tuple[Callable, Callable]] = {  # in words: how it is read, how it is set
    "torch's default dtype": (torch.get_default_dtype, torch.set_default_dtype),
    "torch's gradient mode": (torch.is_grad_enabled, torch.set_grad_enabled),
    "torch's default device": (lambda: str(torch.get_default_device()), torch.set_default_device),
    "torch's deterministic mode": (
        torch.get_deterministic_debug_mode, torch.set_deterministic_debug_mode,
    ),
    "torch's number of threads": (torch.get_num_threads, torch.set_num_threads),
    "torch's precision of matrix products": (
        torch.get_float32_matmul_precision, torch.set_float32_matmul_precision,
    ),
    "torch's anomaly mode": (torch.is_anomaly_enabled, torch.autograd.set_detect_anomaly),
    "NumPy's handling of errors": (np.geterr, lambda wanted: np.seterr(**wanted)),
    "the working folder": (_folder, os.chdir),
    "environment variables": (lambda: dict(os.environ), _environment),
    "the recursion limit": (sys.getrecursionlimit, sys.setrecursionlimit),
}  # fmt: skip
DEFAULTS = {
    "torch's default dtype": torch.float32,
    "torch's gradient mode": True,
    "torch's default device": "cpu",
}
