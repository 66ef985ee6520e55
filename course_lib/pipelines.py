"""`pipeline(task)`: the nine tasks of the course in one function, on checkpoints that need no hub.

Six of the nine are Transformers' own. It removed question answering, summarization and translation in version 5; these
are the classes of `course_lib.question_answering` and `course_lib.text2text`, loaded by Transformers' own code: each is
entered once into `transformers.pipelines.PIPELINE_REGISTRY`, under a name of ours, since the public name is refused.

Six classes get a check of their inputs: `checked(cls)` is a subclass with the mixin `InputChecks` in front. It sits
where every input passes, single, in a list, from a generator or from a data set, and `isinstance` stays true.

Taught in chapter 1. Source: https://huggingface.co/docs/transformers/main_classes/pipelines
"""

from __future__ import annotations

import difflib
import re
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course_lib.inputs import check_arguments, check_input, check_labels, explain_length, explain_mask

if TYPE_CHECKING:
    import torch
    from transformers import Pipeline

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
# Task -> class and Auto class, for what Transformers 5 removed. Any translation_xx_to_yy counts as translation.
REMOVED = {
    "question-answering": ("QuestionAnsweringPipeline", "AutoModelForQuestionAnswering"),
    "summarization": ("SummarizationPipeline", "AutoModelForSeq2SeqLM"),
    "text2text-generation": ("Text2TextGenerationPipeline", "AutoModelForSeq2SeqLM"),
    "translation": ("TranslationPipeline", "AutoModelForSeq2SeqLM"),
}
CLASSES = {
    "QuestionAnsweringPipeline": "question_answering",
    "SummarizationPipeline": "text2text",
    "Text2TextGenerationPipeline": "text2text",
    "TranslationPipeline": "text2text",
}


def __getattr__(name: str):
    """Load a pipeline class when it is first asked for, so that importing this module stays quick."""
    if name in CLASSES:
        import importlib

        return getattr(importlib.import_module(f"course_lib.{CLASSES[name]}"), name)
    if name.startswith("Checked"):  # lets pickle find the classes that `checked` makes
        import transformers

        if original := getattr(transformers, name.removeprefix("Checked"), None):
            return checked(original)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class InputChecks:
    """Mixin in front of a pipeline class: every input and a few arguments are checked before they are used."""

    def __call__(self, inputs, *args, **kwargs):
        """Check a text or a list at once, so that the message says which item is wrong; then run the pipeline."""
        check_input(inputs, self.task)
        if isinstance(inputs, (list, tuple)) and not inputs:
            return []
        return super().__call__(inputs, *args, **kwargs)

    def preprocess(self, inputs, *args, **kwargs):
        """Check what a generator or a data set delivers, and whether fill-mask finds a mask."""
        from transformers.pipelines.base import PipelineException

        check_input(inputs, self.task)
        if self.task == "zero-shot-classification":
            check_labels(kwargs.get("candidate_labels"))
        try:
            return super().preprocess(inputs, *args, **kwargs)
        except PipelineException:
            explain_mask(inputs, self)

    def _forward(self, model_inputs, *args, **kwargs):
        tokens = model_inputs["input_ids"].shape[-1]
        try:
            return super()._forward(model_inputs, *args, **kwargs)
        except (IndexError, RuntimeError):
            explain_length(self, tokens)
            raise

    def _sanitize_parameters(self, **kwargs):
        check_arguments(kwargs)
        if "candidate_labels" in kwargs:
            check_labels(kwargs["candidate_labels"])
        return super()._sanitize_parameters(**kwargs)


@cache
def checked(cls: type) -> type:
    """A subclass of the pipeline class `cls` with `InputChecks` in front of it, always the same one."""
    return type(f"Checked{cls.__name__}", (InputChecks, cls), {"__module__": __name__, "__doc__": cls.__doc__})


def pipeline(
    task: str | None = None,
    model: str | Any | None = None,
    config: str | Any | None = None,
    tokenizer: str | Any | None = None,
    feature_extractor: str | Any | None = None,
    image_processor: str | Any | None = None,
    video_processor: str | Any | None = None,
    processor: str | Any | None = None,
    revision: str | None = None,
    use_fast: bool = True,
    token: str | bool | None = None,
    device: int | str | torch.device | None = None,
    device_map: str | dict[str, int | str] | None = None,
    dtype: str | torch.dtype | None = "auto",
    trust_remote_code: bool | None = None,
    model_kwargs: dict[str, Any] | None = None,
    pipeline_class: Any | None = None,
    **kwargs: Any,
) -> Pipeline:
    """A pipeline for `task`, as `transformers.pipeline` makes it, with the tasks that version 5 removed.

    Args:
        task: `feature-extraction`, `fill-mask`, `ner`, `question-answering`, `sentiment-analysis`, `summarization`,
            `text-generation`, `translation` (also `translation_en_to_fr`), `zero-shot-classification`, or any other
            task that Transformers has.
        model: a hub id, a folder or a loaded model. Without it, the course's checkpoint for the task; nothing is ever
            fetched from the hub then.
        Everything else: as for `transformers.pipeline`.

    Returns:
        A `transformers.Pipeline`. `answered_by` says which model it runs.

    Raises:
        ValueError: an unknown task, with the nearest known one; a task for which the course has no checkpoint while
            `model` is not given. TypeError: `grouped_entities`, or a task that is not a string.
    """
    check_arguments(kwargs)
    arguments = {name: value for name, value in locals().items() if name not in ("task", "model", "kwargs")} | kwargs
    if task is not None:
        _check_task(task)
    elif model is None:
        raise ValueError('pipeline() got neither a task nor a model. Name a task: pipeline("sentiment-analysis").')
    if model is None:
        if tokenizer is not None or feature_extractor is not None:
            raise ValueError("a tokenizer or feature extractor was given without its model. Give model= as well.")
        model = _course_checkpoint(task)
    import transformers

    if _family(task) in REMOVED:
        surrogate = _register(task)
        pipe = transformers.pipeline(surrogate, model=model, **arguments)
        pipe.task = task  # also for a `pipeline_class` of the caller's
        return pipe
    if pipeline_class is None and task in CHECKPOINTS:
        found = transformers.pipelines.check_task(task)[1]["impl"]  # a class, or since 5.23 its dotted name
        original = getattr(transformers, found.rpartition(".")[2]) if isinstance(found, str) else found
        arguments["pipeline_class"] = checked(original)
    return transformers.pipeline(task, model=model, **arguments)


def answered_by(pipe: Pipeline) -> str:
    """One line that says which model answers, without the path of any machine.

    For instance `course checkpoint 'sentiment' (BertForSequenceClassification, 22.7M parameters)`, where the course
    trained it, or `public checkpoint 'all-MiniLM-L6-v2' (BertModel, 22.7M parameters)`, where others did.
    """
    from course_lib.checkpoints import catalogue, name_of

    where = str(pipe.model.name_or_path)
    in_hub_cache = re.search(r"models--([^/\\]+)[/\\]snapshots", where)
    if course_name := where and name_of(where):
        entry = catalogue()[course_name]
        public = entry.hub.rpartition("/")[2]
        name = f"public checkpoint '{public}'" if entry.public else f"course checkpoint '{course_name}'"
    elif in_hub_cache:
        name = f"hub model '{in_hub_cache[1].replace('--', '/')}'"
    elif where and (Path(where).is_absolute() or Path(where).exists()):
        name = f"folder '{Path(where).resolve().name}'"
    else:
        name = f"hub model '{where}'" if where else "a model made in this session"
    count = pipe.model.num_parameters()
    size = f"{count / 1e6:.1f}M" if count >= 1e6 else f"{count:,}"
    return f"{name} ({type(pipe.model).__name__}, {size} parameters)"


def tasks() -> list[str]:
    """Every task that `pipeline` takes; `translation_xx_to_yy` stands for any pair of languages."""
    from transformers.pipelines import get_supported_tasks

    own = [name for name in get_supported_tasks() if not name.startswith(COURSE_TASK)]
    return sorted({*own, *REMOVED, "translation_xx_to_yy"})


def _family(task: str | None) -> str | None:
    """`translation` for every `translation_xx_to_yy`, else the task itself."""
    return "translation" if task and re.fullmatch(r"translation_[^_]+_to_[^_]+", task) else task


def _check_task(task: Any) -> None:
    """Raise unless `task` is one that `pipeline` takes."""
    if not isinstance(task, str):
        raise TypeError(f"the task is {task!r}, of type {type(task).__name__}. Expected a name such as {'ner'!r}.")
    if _family(task) in (*CHECKPOINTS, *REMOVED):
        return  # without a look at Transformers' list, which takes seconds to import
    known = tasks()
    if task not in (*known, "image-to-text"):
        near = difflib.get_close_matches(task.lower(), known, 1, cutoff=0.4)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"there is no task {task!r}.{hint} The tasks are: {', '.join(known)}.")


def _course_checkpoint(task: str) -> str:
    """The folder of the course's checkpoint for `task`."""
    from course_lib.checkpoints import catalogue, checkpoint

    name = CHECKPOINTS.get(task)
    if name is None or name not in catalogue():
        raise ValueError(
            f"the course has no checkpoint of its own for {task!r} yet. Say which model to use: model= takes a hub id "
            "(fetched from the Hugging Face Hub) or a folder."
        )
    return str(checkpoint(name))


def _register(task: str) -> str:
    """Enter one of our classes into Transformers' registry, once, and return the name under which it stands there."""
    import transformers

    surrogate = COURSE_TASK + task
    class_name, auto_class = REMOVED[_family(task)]
    # Not through register_pipeline, which also marks the class so that save_pretrained copies its source code.
    transformers.pipelines.PIPELINE_REGISTRY.supported_tasks.setdefault(
        surrogate,
        {
            "impl": getattr(sys.modules[__name__], class_name),
            "pt": (getattr(transformers, auto_class),),
            "type": "text",
        },
    )
    return surrogate
