"""`pipeline(task)`: the nine tasks of the course in one function, on checkpoints that need no hub.

Six of the nine are Transformers' own, with a check of their inputs (`checked.py`). It removed question answering,
summarization and translation in version 5; these are the classes of `question_answering.py` and `text2text.py`, loaded
by Transformers' own code: each is entered once into `transformers.pipelines.PIPELINE_REGISTRY`, under a name of ours,
since the public name is refused.

Taught in chapter 1. Source: https://huggingface.co/docs/transformers/main_classes/pipelines
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course_lib.pipelines.inputs import check_arguments
from course_lib.pipelines.registry import CHECKPOINTS, COURSE_TASK, REMOVED, check_task, family, tasks

if TYPE_CHECKING:
    from transformers import Pipeline

PARTS = (  # what may be given as a folder or name beside the model
    "config",
    "tokenizer",
    "feature_extractor",
    "image_processor",
    "video_processor",
    "processor",
    "assistant_model",
    "assistant_tokenizer",
)

__all__ = ["CHECKPOINTS", "COURSE_TASK", "REMOVED", "answered_by", "pipeline", "tasks"]


def pipeline(task: str | None = None, model: str | Any | None = None, **arguments: Any) -> Pipeline:
    """A pipeline for `task`, as `transformers.pipeline` makes it, with the tasks that version 5 removed.

    Args:
        task: `feature-extraction`, `fill-mask`, `ner`, `question-answering`, `sentiment-analysis`, `summarization`,
            `text-generation`, `translation` (also `translation_en_to_fr`), `zero-shot-classification`, or any other
            task that Transformers has.
        model: a hub id, a folder or a loaded model. Without it, the course's checkpoint for the task; nothing is
            fetched from the hub then, unless `COURSE_SOURCE=hub` asks for the full-size public one.
        arguments: handed to `transformers.pipeline` as they are (NumPy's counts as ints): `tokenizer`, `dtype`,
            `batch_size`, ... Without `device` and `device_map` a loaded model stays where it is, and another is loaded
            where PyTorch makes tensors, which is the CPU, so that
            `pipe.model(**pipe.tokenizer(text, return_tensors="pt"))` works on every machine. Transformers would take a
            GPU where there is one: `device="cuda"` or `device="mps"` does.

    Returns:
        A `transformers.Pipeline`. `answered_by` says which model it runs. Texts may come alone, in a list or tuple, in
        a column of `datasets`, NumPy or pandas, or from a generator: one answer for each. Long texts for names and
        questions are read in windows as long as those that the course's checkpoints were trained on.

    Raises:
        ValueError: an unknown task, with the nearest known one; a task for which the course has no checkpoint while
            `model` is not given; a folder that is not there. TypeError: an argument that version 5 removed, such as
        `grouped_entities`, with its new form; a task that is not a string.
    """
    check_arguments(arguments, task)
    if task is not None:
        check_task(task)
    elif model is None:
        raise ValueError('pipeline() got neither a task nor a model. Name a task: pipeline("sentiment-analysis").')
    if "batch_size" in arguments:
        from course_lib.pipelines.handing_over import batch_of

        arguments["batch_size"] = batch_of(arguments["batch_size"])
    for name in PARTS:
        if isinstance(given := arguments.get(name), (str, Path)):
            arguments[name] = _folder_or_name(given, name)
        elif isinstance(given, tuple) and given and isinstance(given[0], (str, Path)):  # a tokenizer and its settings
            arguments[name] = (_folder_or_name(given[0], name), *given[1:])
    if model is None:
        if arguments.get("tokenizer") is not None or arguments.get("feature_extractor") is not None:
            raise ValueError("a tokenizer or feature extractor was given without its model. Give model= as well.")
        model = _course_checkpoint(task)
    elif isinstance(model, (str, Path)):
        model = _folder_or_name(model)
    from transformers.pipelines import pipeline as original

    from course_lib.pipelines.checked import CHECKED

    arguments = _with_device(model, arguments)
    if family(task) in REMOVED:
        pipe = original(_register(task), model=model, **arguments)
        pipe.task = task  # also for a `pipeline_class` of the caller's
    else:
        if task in CHECKED and arguments.get("pipeline_class") is None:
            arguments["pipeline_class"] = CHECKED[task]
        pipe = original(task, model=model, **arguments)
    if hasattr(pipe, "trained_window"):
        pipe.trained_window = _trained_window(pipe)
    return pipe


def _with_device(model: str | Any, arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments with a device, where none is given and `accelerate` has not chosen one for a loaded model."""
    import torch

    more = arguments.get("model_kwargs") or {}
    given = (
        arguments.get("device"),
        arguments.get("device_map"),
        more.get("device_map"),
        more.get("quantization_config"),  # such weights are placed as they are loaded
    )
    if any(one is not None for one in given) or getattr(model, "hf_device_map", None) is not None:
        return arguments
    where = None if isinstance(model, str) else getattr(model, "device", None)
    return arguments | {"device": torch.get_default_device() if where is None else where}


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


def _trained_window(pipe: Pipeline) -> int | None:
    """Tokens of the longest text on which a checkpoint of the course was trained; None if that is not known."""
    from course_lib.checkpoints import catalogue, name_of

    name = name_of(str(pipe.model.name_or_path))
    return catalogue()[name].window if name else None


def _folder_or_name(given: str | Path, name: str = "model") -> str:
    """A folder, for a model with one in it, or a name on the hub; ValueError for a folder that is not there.

    `name` is the argument. What is no model may also be a file, such as a config.json.
    """
    text, is_model = str(given), name in ("model", "assistant_model")
    try:
        folder = Path(text).expanduser()
    except RuntimeError:  # ~somebody, where there is no such user
        folder = Path(text)
    if folder.is_dir():
        if is_model and not any((folder / file).is_file() for file in ("config.json", "adapter_config.json")):
            raise ValueError(f"{name}={text!r} is a folder without config.json. Expected what save_pretrained writes.")
        return str(folder)
    if folder.is_file():
        if not is_model:
            return str(folder)
        raise ValueError(f"{name}={text!r} is a file. Give the folder in which it lies: {name}={str(folder.parent)!r}.")
    if isinstance(given, Path) or folder.is_absolute() or re.match(r"[.~]|\w:", text) or re.search(r"\\|/.*/|/$", text):
        raise ValueError(
            f"{name}={text!r}: there is no such folder. Give a folder that save_pretrained has written, a loaded "
            f"{name}, or the name of one on the hub (owner/name)."
        )
    if not text.strip():
        instead = " for the course's own checkpoint" if name == "model" else ""
        raise ValueError(f"{name}={text!r} is empty. Leave {name} out{instead}.")
    return text


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

    from course_lib.pipelines.question_answering import QuestionAnsweringPipeline
    from course_lib.pipelines.text2text import SummarizationPipeline, Text2TextGenerationPipeline, TranslationPipeline

    classes = {
        "question-answering": QuestionAnsweringPipeline,
        "summarization": SummarizationPipeline,
        "text2text-generation": Text2TextGenerationPipeline,
        "translation": TranslationPipeline,
    }
    surrogate, kind = COURSE_TASK + task, family(task)
    # Not through register_pipeline, which also marks the class so that save_pretrained copies its source code.
    transformers.pipelines.PIPELINE_REGISTRY.supported_tasks.setdefault(
        surrogate, {"impl": classes[kind], "pt": (getattr(transformers, REMOVED[kind]),), "type": "text"}
    )
    return surrogate
