"""course_lib.offline: the hub is not asked and nothing is drawn, before and after the libraries are imported."""

import os
import subprocess
import sys

import pytest

SEE = """
import datasets
from huggingface_hub import constants
from huggingface_hub.utils import are_progress_bars_disabled
from transformers.utils import logging
print(constants.HF_HUB_OFFLINE, are_progress_bars_disabled(), logging.is_progress_bar_enabled())
print(datasets.is_progress_bar_enabled())
"""
HUB = "from huggingface_hub import constants; print(constants.HF_HUB_OFFLINE)"
SWITCH = "from course_lib.offline import stay_offline; stay_offline()"


def seen(code: str, **variables: str) -> list[str]:
    names = ["HF_HUB_OFFLINE", "HF_HUB_DISABLE_PROGRESS_BARS", "HF_DATASETS_DISABLE_PROGRESS_BARS"]
    names += ["COURSE_SOURCE", "TQDM_DISABLE"]
    kept = {name: value for name, value in os.environ.items() if name not in names}
    done = subprocess.run(
        [sys.executable, "-c", code], env=kept | variables, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_without_the_switch_the_hub_may_be_asked_and_bars_are_drawn():
    assert seen(SEE) == ["False", "False", "True", "True"]


@pytest.mark.parametrize("before", ["", "import huggingface_hub, transformers.utils", "import datasets"])
def test_the_switch_works_before_and_after_importing(before):
    assert seen(f"{before}\n{SWITCH}\n{SEE}") == ["True", "True", "False", "False"]


def test_the_readers_own_choice_wins():
    assert seen(f"{SWITCH}\n{HUB}", HF_HUB_OFFLINE="0") == ["False"]
    assert seen(f"{SWITCH}\n{HUB}", COURSE_SOURCE="hub") == ["False"]
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):  # in the words that the library takes
        assert seen(f"import huggingface_hub\n{SWITCH}\n{HUB}", COURSE_SOURCE="hub", **{name: "true"}) == ["True"]


def test_a_course_pipeline_asks_nobody_even_without_the_switch():
    code = """
import sys
asked = []
def hook(event, arguments):
    if event in ("socket.getaddrinfo", "socket.connect", "socket.gethostbyname"):
        asked.append(arguments)
sys.addaudithook(hook)
from course_lib.pipelines import pipeline
pipeline("sentiment-analysis")("A word."), pipeline("feature-extraction")("A word.")
print(len(asked), *asked)
"""
    assert seen(code) == ["0"]
