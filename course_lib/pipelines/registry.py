"""Which tasks there are: the nine of the course, what version 5 removed, and everything else that Transformers has."""

from __future__ import annotations

import difflib
import re
from typing import Any

COURSE_TASK = "course-"  # put before a task's name in Transformers' registry

# Task -> the course's checkpoint for it, used where `model` is not given.
CHECKPOINTS = {
    "feature-extraction": "minilm",
    "fill-mask": "fill-mask",
    "ner": "ner",
    "token-classification": "ner",
    "question-answering": "question-answering",
    "sentiment-analysis": "sentiment",
    "text-classification": "sentiment",
    "summarization": "summarization",
    "text2text-generation": "text-to-text",
    "text-generation": "smollm2",
    "translation": "translation-en-fr",
    "translation_en_to_fr": "translation-en-fr",
    "zero-shot-classification": "zero-shot",
}
# Task -> Auto class, for what Transformers 5 removed. Any translation_xx_to_yy counts as translation.
REMOVED = {
    "question-answering": "AutoModelForQuestionAnswering",
    "summarization": "AutoModelForSeq2SeqLM",
    "text2text-generation": "AutoModelForSeq2SeqLM",
    "translation": "AutoModelForSeq2SeqLM",
}


def tasks() -> list[str]:
    """Every task that `pipeline` takes; `translation_xx_to_yy` stands for any pair of languages."""
    from transformers.pipelines import get_supported_tasks

    own = [name for name in get_supported_tasks() if not name.startswith(COURSE_TASK)]
    return sorted({*own, *REMOVED, "translation_xx_to_yy"})


def family(task: str | None) -> str | None:
    """`translation` for every `translation_xx_to_yy`, else the task itself."""
    return "translation" if task and re.fullmatch(r"translation_[^_]+_to_[^_]+", task) else task


def check_task(task: Any) -> None:
    """Raise unless `task` is one that `pipeline` takes."""
    if not isinstance(task, str):
        raise TypeError(f"the task is {task!r}, of type {type(task).__name__}. Expected a name such as {'ner'!r}.")
    if family(task) in (*CHECKPOINTS, *REMOVED):
        return  # without a look at Transformers' list, which takes seconds to import
    known = tasks()
    if task not in (*known, "image-to-text"):
        near = difflib.get_close_matches(task.lower(), known, 1, cutoff=0.4)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"there is no task {task!r}.{hint} The tasks are: {', '.join(known)}.")
