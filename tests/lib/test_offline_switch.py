"""course_lib.offline: the hub is not asked and nothing is drawn, before and after the libraries are imported."""

import os
import subprocess
import sys

import pytest

SEE = """
from huggingface_hub import constants
from huggingface_hub.utils import are_progress_bars_disabled
from transformers.utils import logging
print(constants.HF_HUB_OFFLINE, are_progress_bars_disabled(), logging.is_progress_bar_enabled())
"""
SWITCH = "from course_lib.offline import stay_offline; stay_offline()"


def seen(code: str, **variables: str) -> list[str]:
    names = ["HF_HUB_OFFLINE", "HF_HUB_DISABLE_PROGRESS_BARS", "HF_DATASETS_DISABLE_PROGRESS_BARS"]
    names += ["COURSE_SOURCE", "TQDM_DISABLE"]
    kept = {name: value for name, value in os.environ.items() if name not in names}
    done = subprocess.run(
        [sys.executable, "-c", code], env=kept | variables, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


@pytest.mark.parametrize("code", [f"{SWITCH}\n{SEE}", f"import huggingface_hub, transformers.utils\n{SWITCH}\n{SEE}"])
def test_the_switch_works_before_and_after_importing(code):
    assert seen(SEE) == ["False", "False", "True"], "without it, the hub may be asked and bars are drawn"
    assert seen(code) == ["True", "True", "False"]


def test_data_sets_draw_no_bars_either_before_and_after_importing():
    look = "import datasets\nprint(datasets.is_progress_bar_enabled())"
    assert seen(look) == ["True"]
    assert seen(f"{SWITCH}\n{look}") == seen(f"import datasets\n{SWITCH}\n{look}") == ["False"]


def test_the_readers_own_choice_wins():
    assert seen(f"{SWITCH}\n{SEE}", HF_HUB_OFFLINE="0")[0] == "False"
    assert seen(f"{SWITCH}\n{SEE}", COURSE_SOURCE="hub")[0] == "False"


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
