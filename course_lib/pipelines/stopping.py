"""Texts at which generation stops are handed to `generate` with the tokenizer that it needs for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course_lib.pipelines.inputs import stop_strings

if TYPE_CHECKING:
    from transformers import Pipeline


def with_tokenizer(arguments: dict, pipe: Pipeline) -> dict:
    """Arguments of `generate`, and the tokenizer if they, their configuration or the model's own have stop strings."""
    configs = (arguments.get("generation_config"), pipe.model.generation_config)
    found = [arguments.get("stop_strings"), *(getattr(config, "stop_strings", None) for config in configs)]
    if all(one is None for one in found):
        return arguments
    stop_strings(next(one for one in found if one is not None))
    return {"tokenizer": pipe.tokenizer, **arguments}
