"""Checks of what goes into a pipeline: a message that says what was given, what was expected and what to do.

Transformers' pipelines fail on odd input where it first hurts: with a TypeError of the tokenizer, or a RuntimeError
about the sizes of two tensors. These functions look first, or give the reason afterwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from transformers import Pipeline

SHOWN = 60  # characters of an input that a message repeats


def shown(item: Any) -> str:
    """The `repr` of `item`, cut where it is long."""
    text = repr(item)
    return text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."


def check_text(text: Any, task: str, what: str = "the input") -> None:
    """Raise TypeError unless `text` is a string, ValueError if it has only spaces or what is no character."""
    if not isinstance(text, str):
        raise TypeError(f"{task}: {what} is {shown(text)}, of type {type(text).__name__}. Expected a text (str).")
    if not text.strip():
        raise ValueError(f"{task}: {what} is empty: {shown(text)}. Expected a text with at least one word.")
    check_characters(text, task, what)


def check_characters(text: str, task: str, what: str) -> None:
    """Raise ValueError if `text` has a lone surrogate, which no tokenizer takes."""
    try:
        text.encode()
    except UnicodeEncodeError as problem:
        raise ValueError(
            f"{task}: {what} has {text[problem.start]!r} at place {problem.start}, half of a character. Expected text "
            "that UTF-8 can write. Read it again with its right encoding, or mend it: "
            'text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").'
        ) from None


def check_input(item: Any, task: str, what: str = "the input") -> None:
    """Check one input of Transformers' own text pipelines, some of which also take pairs, words or chats.

    Lists and tuples are checked item by item. Of dictionaries (pairs of texts, messages of a chat) only the characters
    are looked at: whether their texts may be empty is left to the pipeline.
    """
    if isinstance(item, (list, tuple)):
        for number, part in enumerate(item):
            check_input(part, task, f"item {number} of {what}" if what != "the input" else f"item {number} of the list")
    elif isinstance(item, dict):
        for key, part in item.items():
            if isinstance(part, str):
                check_characters(part, task, f"{key!r} of {what}")
    elif item is None or isinstance(item, (str, bytes, bytearray, int, float, complex)):
        check_text(item, task, what)


def check_labels(labels: Any) -> None:
    """Raise unless `labels` can be the `candidate_labels` of zero-shot classification."""
    expected = 'Expected a list of labels or one string with commas: candidate_labels=["complaint", "question"].'
    if labels is None:
        raise ValueError(f"zero-shot-classification got no candidate_labels. {expected}")
    if not isinstance(labels, (str, list, tuple)):
        raise TypeError(f"candidate_labels={shown(labels)} is of type {type(labels).__name__}. {expected}")
    parts = labels.split(",") if isinstance(labels, str) else labels
    if wrong := [label for label in parts if not isinstance(label, str)]:
        raise TypeError(f"candidate_labels={shown(labels)} has {shown(wrong[0])}, which is not a string. {expected}")
    if not parts or not all(label.strip() for label in parts):
        raise ValueError(f"candidate_labels={shown(labels)} is empty or has an empty label. {expected}")
    for label in parts:
        check_characters(label, "zero-shot-classification", "a label")


def check_arguments(arguments: dict) -> None:
    """Raise TypeError for `grouped_entities`, which Transformers 5 no longer has."""
    if "grouped_entities" in arguments:
        value = arguments["grouped_entities"]
        strategy = "simple" if value else "none"
        raise TypeError(
            f"grouped_entities={value!r} was given, but Transformers 5 removed it. "
            f'Write aggregation_strategy="{strategy}" in its place.'
        )


def explain_mask(text: str, pipe: Pipeline) -> NoReturn:
    """Raise ValueError for a text in which fill-mask found no mask among the tokens that are read."""
    mask = pipe.tokenizer.mask_token
    if mask in text:
        raise ValueError(
            f"fill-mask: {mask} stands behind the {longest(pipe)} tokens that were kept of {shown(text)}. "
            f"Give a shorter text, with {mask} nearer to its beginning."
        )
    raise ValueError(f"fill-mask: there is no {mask} in {shown(text)}. Write {mask} in the place of the missing word.")


def longest(pipe: Pipeline) -> float:
    """The most tokens that the model of `pipe` has places for, infinity if that is not known."""
    config = getattr(pipe.model.config, "encoder", pipe.model.config)  # an EncoderDecoderModel has two configurations
    places = getattr(config, "max_position_embeddings", None) or float("inf")
    return min(places, pipe.tokenizer.model_max_length)


def explain_length(pipe: Pipeline, tokens: int) -> None:
    """Raise ValueError if `tokens`, the length of an input on which the model failed, is more than it has places for.

    Called after a failure, not before: where places are computed from distances (T5, Llama), longer inputs work.
    """
    limit = longest(pipe)
    if tokens <= limit:
        return
    settings = {
        "fill-mask": ['pass tokenizer_kwargs={"truncation": True}'],
        "text-generation": ['pass handle_long_generation="hole"'],
        "ner": [],  # cuts the text without being asked, like the next two
        "token-classification": [],
        "zero-shot-classification": [],
    }.get(pipe.task, ["pass truncation=True"])
    if pipe.tokenizer.model_max_length > limit:  # the tokenizer does not know where to cut
        settings = [f"set pipe.tokenizer.model_max_length = {limit}", *settings]
    advice = f"Give a shorter text, or {' and '.join(settings)} to read {limit} of them."
    raise ValueError(
        f"{pipe.task}: the input has {tokens} tokens, but the model reads at most {limit}. "
        + (advice if settings else "Give shorter labels: the text has been cut already.")
    )
