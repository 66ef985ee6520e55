"""How well a classifier of `bias.groups` serves each group, and with which threshold best: by trying."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from course_lib.bias.groups import Letters, log_odds


class Served(NamedTuple):
    """Shares of letters that were judged right: of all, of the large group, of the small one."""

    overall: float
    large: float
    small: float


def served(model: np.ndarray, data: Letters, thresholds: tuple[float, float] = (0.0, 0.0)) -> Served:
    """How often `model` is right; `thresholds` in log-odds, for the large and the small group."""
    right = (log_odds(model, data) > np.where(data.small, thresholds[1], thresholds[0])) == data.pleased
    return Served(right.mean(), right[~data.small].mean(), right[data.small].mean())


def best_threshold(model: np.ndarray, data: Letters, small: bool) -> float:
    """The threshold with the most right answers in one group, in steps of 0.1 log-odds."""
    return max(np.arange(-50, 51) / 10, key=lambda threshold: served(model, data, (threshold, threshold))[1 + small])
