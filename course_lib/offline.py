"""The first line of every chapter: ask no host for anything, and show no loading bars."""

from __future__ import annotations

import os
import sys


def offline() -> bool:
    """Whether the environment keeps the Hugging Face libraries from the network, in the words that they take."""
    told = os.environ.get("HF_HUB_OFFLINE") or os.environ.get("TRANSFORMERS_OFFLINE") or ""
    return told.upper() in ("1", "ON", "YES", "TRUE")


def stay_offline() -> None:
    """Keep the Hugging Face libraries of this process from the network, and quiet while they load.

    A variable that the reader has set wins (`HF_HUB_OFFLINE=0` allows the hub), and with `COURSE_SOURCE=hub` the hub
    stays allowed. Works whether or not the libraries have been imported. Used in the first cell of every chapter.
    """
    if os.environ.get("COURSE_SOURCE") != "hub":
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
    if "huggingface_hub" in sys.modules:  # it read the variables when it was imported
        from huggingface_hub import constants, utils

        constants.HF_HUB_OFFLINE = offline()
        utils.disable_progress_bars()
    if "datasets" in sys.modules:
        import datasets

        datasets.disable_progress_bars()
    if "transformers" in sys.modules:
        from transformers.utils import logging

        logging.disable_progress_bar()
