"""With `legacy=True` the rebuilt pipelines give the answers of transformers 4.57 on the same weights (parity/)."""

import json
import os
import warnings
from functools import partial
from pathlib import Path

import pytest
from cases import CASES, MODELS, run
from record import ANSWERS, COMMAND, WEIGHTS, cases_sha256, tensors_sha256

TOLERANCE = 1e-5
TASKS = ("question-answering", "summarization", "text2text-generation", "translation")
RECORD_AGAIN = f"Record the answers again with transformers 4.57: {COMMAND}."


def family(case: dict) -> str:
    return "translation" if case["task"].startswith("translation") else case["task"]


def difference(expected: object, found: object, where: str) -> float:
    """Greatest difference between two numbers of the answers; everything else must be equal."""
    if isinstance(expected, float):
        assert isinstance(found, float), where
        return abs(expected - found)
    if isinstance(expected, dict):
        assert list(expected) == list(found), where
        return max((difference(expected[key], found[key], f"{where}, {key}") for key in expected), default=0.0)
    if isinstance(expected, list):
        assert isinstance(found, list), where
        assert len(expected) == len(found), where
        pairs = enumerate(zip(expected, found, strict=True))
        return max((difference(old, new, f"{where}, {number}") for number, (old, new) in pairs), default=0.0)
    assert expected == found, where
    return 0.0


@pytest.fixture(scope="module")
def recorded() -> dict:
    record = json.loads(ANSWERS.read_text(encoding="utf-8"))
    assert record["sha256 of cases"] == cases_sha256(CASES), f"the cases have changed. {RECORD_AGAIN}"
    return record


@pytest.fixture(scope="module")
def qa_folder(recorded) -> Path:
    """The course's checkpoint, or the folder named by PARITY_QA while a new one is being prepared."""
    from course_lib.checkpoints import catalogue, checkpoint

    if chosen := os.environ.get("PARITY_QA"):
        return Path(chosen)
    if "question-answering" not in catalogue():
        pytest.skip("the catalogue has no checkpoint 'question-answering' yet")
    return checkpoint("question-answering")


@pytest.mark.parametrize("task", TASKS)
def test_answers_are_those_of_version_4_57(task, recorded, request, record_property):
    import transformers

    from course_lib.pipelines.question_answering import QuestionAnsweringPipeline
    from course_lib.pipelines.text2text import (
        SummarizationPipeline,
        Text2TextGenerationPipeline,
        TranslationPipeline,
    )

    cases = [case for case in CASES if family(case) == task]
    folder = request.getfixturevalue("qa_folder") if task == "question-answering" else MODELS / "none"
    for model in {case["model"] for case in cases}:
        found = tensors_sha256((folder if model == "qa" else MODELS / model) / WEIGHTS)
        assert found == recorded["sha256 of weights"][model], f"the weights of {model!r} have changed. {RECORD_AGAIN}"
    made = (QuestionAnsweringPipeline, SummarizationPipeline, Text2TextGenerationPipeline, TranslationPipeline)
    classes = {name: partial(made_of, legacy=True) for name, made_of in zip(TASKS, made, strict=True)}
    loaded: dict = {}
    greatest = 0.0
    level = transformers.logging.get_verbosity()
    transformers.logging.set_verbosity_error()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for case in cases:
                found = json.loads(json.dumps(run(case, classes, folder, loaded)))
                greatest = max(greatest, difference(recorded["answers"][case["name"]], found, case["name"]))
    finally:
        transformers.logging.set_verbosity(level)
    record_property("cases", len(cases))
    record_property("greatest difference", greatest)
    print(f"{task}: {len(cases)} cases, greatest difference {greatest:.2g}")
    assert greatest <= TOLERANCE


def test_there_are_enough_cases_and_they_say_something(recorded):
    number = {task: sum(family(case) == task for case in CASES) for task in TASKS}
    assert number["question-answering"] >= 60
    assert all(number[task] >= 20 for task in TASKS[1:])
    assert recorded["transformers"].startswith("4.57.")
    assert len({case["name"] for case in CASES}) == len(CASES) == len(recorded["answers"])
    answers = {json.dumps(answer) for answer in recorded["answers"].values()}
    assert len(answers) > len(CASES) / 2  # a model that always says the same would prove nothing


def test_the_small_models_stay_small():
    assert sum(path.stat().st_size for path in MODELS.rglob("*") if path.is_file()) < 1_000_000
