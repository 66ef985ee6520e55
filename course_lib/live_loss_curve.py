"""Training that can be watched: a progress bar, and a loss curve that grows in the notebook. Chapter 03."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping

from tqdm.auto import tqdm
from transformers import TrainerCallback

from course_lib.plots import loss_curve

PAUSE = 2.0  # seconds between two drawings: one takes some 0.1 s


class LiveCurve(TrainerCallback):
    """Give it to `pretrain` or `fine_tune` in `callbacks`. Outside a notebook there is only the bar.

    `levels` are losses to compare with, as in `plots.loss_curve`. `TQDM_DISABLE=1` hides the bar.
    """

    def __init__(self, title: str, levels: Mapping[str, float] | None = None) -> None:
        """The title of the figure, and dashed lines in it."""
        self.title, self.levels = title, levels
        self.losses: list[float] = []
        self.handle = self.bar = None
        self.drawn = 0.0

    def on_train_begin(self, args, state, control, **named) -> None:
        """Begin the bar and a figure of its own for each run; a run that is continued has its losses so far."""
        self.handle = None
        self.losses = [line["loss"] for line in state.log_history if "loss" in line]
        hidden = os.environ.get("TQDM_DISABLE", "0") not in ("", "0")  # a notebook's bar does not look by itself
        self.bar = tqdm(total=state.max_steps, initial=state.global_step, desc=self.title, unit="step", disable=hidden)
        self.drawn = time.monotonic()

    def on_log(self, args, state, control, logs=None, **named) -> None:
        """One step more."""
        if "loss" not in logs:
            return
        self.losses.append(logs["loss"])
        self.bar.update()
        if time.monotonic() - self.drawn > PAUSE:
            self.draw()

    def on_train_end(self, args, state, control, **named) -> None:
        """The whole curve."""
        self.bar.close()
        self.draw()

    def draw(self) -> None:
        """Draw the curve in the place of the one before."""
        import matplotlib.pyplot as plt
        from IPython import get_ipython
        from IPython.display import display

        if get_ipython() is None or not self.losses:
            return
        axes = loss_curve(self.losses, title=self.title, levels=self.levels)
        if self.handle is None:
            self.handle = display(axes.figure, display_id=True)
        else:
            self.handle.update(axes.figure)
        plt.close(axes.figure)
        self.drawn = time.monotonic()
