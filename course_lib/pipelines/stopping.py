"""Texts at which generation stops: checked, and handed to `generate` with the tokenizer that it needs for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from course_lib.pipelines.inputs import shown

if TYPE_CHECKING:
    from transformers import Pipeline


def stop_strings(given: Any) -> str | list[str]:
    """A text or a list of those given; TypeError for what holds no texts, ValueError for none or an empty one."""
    expected = 'Expected a text or a list of them: stop_strings=["."].'
    if not isinstance(given, Iterable) or isinstance(given, (bytes, Mapping)):
        raise TypeError(f"stop_strings={shown(given)} is of type {type(given).__name__}. {expected}")
    texts = [given] if isinstance(given, str) else list(given)
    if wrong := [text for text in texts if not isinstance(text, str)]:
        raise TypeError(f"stop_strings={shown(given)} has {shown(wrong[0])}, which is not a string. {expected}")
    if not texts or "" in texts:
        raise ValueError(
            f"stop_strings={shown(given)} is empty or has an empty text. {expected} Leave it out to stop nowhere."
        )
    return given if isinstance(given, str) else [str(text) for text in texts]


def with_tokenizer(arguments: dict, pipe: Pipeline) -> dict:
    """Arguments of `generate`, and the tokenizer if they, their configuration or the model's own have stop strings."""
    configs = (arguments.get("generation_config"), pipe.model.generation_config)
    found = [arguments.get("stop_strings"), *(getattr(config, "stop_strings", None) for config in configs)]
    if all(one is None for one in found):
        return arguments
    stop_strings(next(one for one in found if one is not None))
    return {"tokenizer": pipe.tokenizer, **arguments}
