"""Checks of what goes into a pipeline: a message that says what was given, what was expected and what to do.

Transformers' pipelines fail on odd input where it first hurts: with a TypeError of the tokenizer, or a RuntimeError
about the sizes of two tensors. These functions look first, or give the reason afterwards.
"""

from __future__ import annotations

import difflib
import string
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from transformers import Pipeline

SHOWN = 60  # characters of an input that a message repeats
OF_CHARACTERS = 3000  # that many single characters are a vocabulary of them; that of an English BERT has 900


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

    Lists and tuples are checked item by item. Of the messages of a chat the form and the characters are looked at:
    which of them may be empty, `chats.py` says.
    """
    if isinstance(item, (list, tuple)):
        for number, part in enumerate(item):
            check_input(part, task, f"item {number} of {what}" if what != "the input" else f"item {number} of the list")
    elif isinstance(item, dict):
        _check_dictionary(item, task, what)
    elif type(item).__name__ != "Chat":  # Transformers' own, made of messages that were checked
        check_text(item, task, what)


def _check_dictionary(item: dict, task: str, what: str) -> None:
    """A message of a chat for text generation, a pair of texts for text classification; nothing else takes one."""
    if task == "text-generation":
        wanted, way = (
            ("role", "content"),
            '{"role": "user", "content": "Hello"}, in a list: a chat is a list of messages',
        )
    elif task in ("sentiment-analysis", "text-classification"):
        wanted, way = ("text",), 'a text, or {"text": first, "text_pair": second}'
    else:
        raise TypeError(f"{task}: {what} is a dictionary, {shown(item)}. Expected a text (str).")
    if missing := [name for name in wanted if name not in item]:
        raise ValueError(
            f"{task}: {what} has no {' and no '.join(map(repr, missing))}, its keys are {shown(list(item))}. "
            f"Expected {way}."
        )
    if task == "text-generation" and not isinstance(item["content"], (str, list)):
        raise TypeError(f"{task}: 'content' of {what} is {shown(item['content'])}. Expected a text (str): {way}.")
    if task == "text-generation":
        check_text(item["role"], task, f"'role' of {what}")
        _check_parts(item["content"], task, f"'content' of {what}")
    for key, part in item.items():
        if key in ("text", "text_pair"):
            check_text(part, task, f"{key!r} of {what}")
        elif isinstance(part, str):
            check_characters(part, task, f"{key!r} of {what}")


def _check_parts(content: str | list, task: str, what: str) -> None:
    """Raise unless the content of a message is a text, or a list of parts of which those of text have one."""
    expected = 'Expected a text (str), or a list of parts such as {"type": "text", "text": "Hello"}.'
    if content == []:
        raise ValueError(f"{task}: {what} is an empty list. {expected}")
    for number, part in enumerate([] if isinstance(content, str) else content):
        if not isinstance(part, dict) or not isinstance(part.get("type"), str):
            raise TypeError(f"{task}: part {number} of {what} is {shown(part)}. {expected}")
        if part["type"] == "text" and not isinstance(part.get("text"), str):
            raise TypeError(f"{task}: part {number} of {what} has no text: {shown(part)}. {expected}")
        if part["type"] == "text":
            check_characters(part["text"], task, f"part {number} of {what}")


def check_depth(inputs: Any, task: str, words: bool = False) -> None:
    """Raise TypeError for lists in a list where a task has no meaning for them, or a lone message of a chat."""
    if task == "text-generation" and isinstance(inputs, dict):
        _check_dictionary(inputs, task, "the input")
        raise TypeError(
            f"{task}: the input is one message, {shown(inputs)}. Expected a chat, a list of messages: [message]."
        )
    if not isinstance(inputs, list) or words:
        return
    if task == "text-generation":
        chats = all(isinstance(item, list) and item and isinstance(item[0], dict) for item in inputs)
        if not chats and len({type(item) for item in inputs} | {str, dict}) > 2 or len({*map(type, inputs)}) > 1:
            raise TypeError(
                f"{task}: the list {shown(inputs)} is neither texts, nor messages of one chat, nor chats. Expected "
                'one of these: ["Hello"], [{"role": "user", "content": "Hello"}], or a list of such lists.'
            )
        return
    instead = {
        "ner": ", or is_split_into_words=True for words",
        "token-classification": ", or is_split_into_words=True for words",
        "sentiment-analysis": ', or for a pair {"text": first, "text_pair": second}',
        "text-classification": ', or for a pair {"text": first, "text_pair": second}',
    }.get(task, "")
    for number, item in enumerate(inputs):
        if isinstance(item, (list, tuple)):
            raise TypeError(
                f"{task}: item {number} of the list is itself a list, {shown(item)}. Expected a text (str){instead}."
            )


def can_be_seen(text: str) -> bool:
    """Whether a text has more than white space, control characters and what has no width."""
    return any(unicodedata.category(character)[0] not in "CZ" for character in text)


def has_letter(text: str) -> bool:
    """Whether there is a letter of any script in a text."""
    return any(map(str.isalpha, text))


def check_seen(text: str, task: str, what: str = "the input") -> None:
    """Raise ValueError for a text of which nothing can be seen, such as one of zero width."""
    if not can_be_seen(text):
        raise ValueError(
            f"{task}: {what} is empty to the model: {shown(text)} has nothing that can be seen. "
            "Expected a text with at least one word."
        )


def check_readable(text: str, tokenizer: Any, task: str, what: str = "the input") -> None:
    """Raise ValueError for a text of which the tokenizer knows nothing: no token is left, or all words are unknown.

    So too for a script of which it knows letters only: the vocabulary of an English BERT has the letters of many
    scripts and hardly a word of them.
    """
    check_seen(text, task, what)
    unknown = tokenizer.unk_token_id
    worded = has_letter(text)
    beginning = text if len(text) <= 4000 else text[:4000]  # enough to meet a known token
    for part in (beginning, text):
        ids = tokenizer(part, add_special_tokens=False, truncation=False, verbose=False)["input_ids"]
        tokens = tokenizer.convert_ids_to_tokens(ids)
        known = [token for token, number in zip(tokens, ids, strict=True) if number != unknown]
        if worded and unknown in ids:  # a full stop behind unknown words does not help
            known = [token for token in known if has_letter(token)]
        if known:
            if letter_by_letter(tokens, tokenizer):
                raise ValueError(
                    f"{task}: {what} cannot be read by this model: it knows the letters of {shown(text)}, and no words "
                    "of this script. Give a text in a script that it was trained on, or use another model."
                )
            return
        if part is text or len(text) == len(part):
            break
    if not ids:
        raise ValueError(
            f"{task}: {what} is empty to the model: {shown(text)} has no character that its tokenizer keeps. "
            "Expected a text with at least one word."
        )
    if unknown is not None:
        raise ValueError(
            f"{task}: {what} cannot be read by this model: each {'word' if worded else 'token'} of {shown(text)} is "
            f"unknown to it ({tokenizer.unk_token}). Give a text in a script that it was trained on, or use another "
            "model."
        )


def letter_by_letter(tokens: list[str], tokenizer: Any) -> bool:
    """Whether the words of a text, in another script than Latin, are all cut into single or unknown letters.

    False for a tokenizer that can cut into bytes, and may know any script; for one of Unigram's or written in Python,
    of whose model that cannot be asked; and for a vocabulary of thousands of characters, as Chinese ones are, which
    is made to be read so.
    """
    inner = getattr(getattr(tokenizer, "backend_tokenizer", None), "model", None)
    if getattr(inner, "unk_token", None) is None or getattr(inner, "byte_fallback", False):
        return False
    marks = {*tokenizer.all_special_tokens} - {tokenizer.unk_token}
    pieces = [token.removeprefix("##").lstrip("▁") for token in tokens if token not in marks]
    letters = [piece for piece in pieces if piece and unicodedata.category(piece[0])[0] in "LM"]
    unknown = pieces.count(tokenizer.unk_token)
    if not letters or any(piece.isascii() for piece in letters):
        return not letters and unknown > 0 and unknown == sum(map(bool, pieces))
    if sum(len(piece) == 1 for piece in letters) <= 0.75 * len(letters):
        return False
    return _characters(tokenizer) < OF_CHARACTERS


@lru_cache(maxsize=8)
def _characters(tokenizer: Any) -> int:
    """How many tokens of a vocabulary are a single character beyond ASCII."""
    return sum(len(token) == 1 and not token.isascii() for token in tokenizer.get_vocab())


def check_number(name: str, value: Any, least: int, most: float = float("inf"), why: str = "") -> None:
    """Raise TypeError unless `value` is None or a whole number, ValueError unless it is from `least` to `most`."""
    if value is None:
        return
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(
            f"{name}={shown(value)} is of type {type(value).__name__}. Expected a whole number: {name}={least or 1}."
        )
    if not least <= value <= most:
        upper = f" and at most {most:,}{why}" if most < float("inf") else ""
        raise ValueError(f"{name}={shown(value)} was given. Expected a whole number of at least {least}{upper}.")


def check_choice(name: str, value: Any, known: Iterable[str]) -> None:
    """Raise ValueError, with the nearest name, unless `value` is None or one of `known` in any case; TypeError for
    what is no string.
    """
    known = list(known)
    if value is not None and not isinstance(value, str):
        raise TypeError(
            f"{name}={shown(value)} is of type {type(value).__name__}. Expected one of: {', '.join(known)}."
        )
    if value is not None and value.lower() not in known:
        near = difflib.get_close_matches(value.lower(), known, 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"{name}={shown(value)} is not known.{hint} Expected one of: {', '.join(known)}.")


def check_template(template: Any) -> None:
    """Raise unless `template` is a text with one place {}, for a label of zero-shot classification."""
    expected = 'Expected a text with {} where the label goes, once: hypothesis_template="This example is {}."'
    if not isinstance(template, str):
        raise TypeError(f"hypothesis_template={shown(template)} is of type {type(template).__name__}. {expected}")
    try:
        places = [place for _, place, _, _ in string.Formatter().parse(template) if place is not None]
        template.format("label")
    except (ValueError, LookupError, AttributeError):  # a brace alone, a form for numbers, a place with a name
        places = ["another"]
    if places != [""]:
        raise ValueError(
            f"hypothesis_template={shown(template)} has no place for a label, or another one, or several. {expected} "
            "A brace that is text is written twice: {{ and }}."
        )
    check_characters(template, "zero-shot-classification", "hypothesis_template")


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


OLD = {  # an argument of version 4 -> what takes its place
    "grouped_entities": lambda value: f'Write aggregation_strategy="{"simple" if value else "none"}" in its place.',
    "ignore_subwords": lambda value: f'Write aggregation_strategy="{"first" if value else "simple"}" in its place.',
    "return_all_scores": lambda value: f"Write top_k={None if value else 1} in its place.",
    "multi_class": lambda value: f"Write multi_label={bool(value)} in its place.",
    "use_auth_token": lambda value: "Write token=... in its place.",
    "framework": lambda value: "Leave it out: there is only PyTorch.",
    "binary_output": lambda value: "Leave it out.",
}
WHOLE = {  # arguments that are whole numbers -> the least
    "top_k": 1, "max_new_tokens": 1, "max_length": 1, "min_length": 0, "min_new_tokens": 0, "num_beams": 1,
    "num_return_sequences": 1, "num_workers": 0, "batch_size": 1, "stride": 0, "window": 1, "max_answer_len": 1,
    "max_seq_len": 1, "doc_stride": 0, "no_repeat_ngram_size": 0,
}  # fmt: skip


def writes(task: Any) -> bool:
    """Whether a task's pipeline hands its arguments to `generate`, where top_k=0 is: no limit."""
    known = ("text-generation", "summarization", "text2text-generation", "image-text-to-text")
    return isinstance(task, str) and (task in known or task.startswith("translation"))


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


def check_arguments(arguments: dict, task: str | None = None) -> None:
    """Raise TypeError for an argument that Transformers 5 no longer has, and unless counts are counts of `task`.

    Counts become numbers of Python, in `arguments` itself: generation does not know NumPy's. So do stop strings.
    """
    if arguments.get("stop_strings") is not None:
        arguments["stop_strings"] = stop_strings(arguments["stop_strings"])
    for name, instead in OLD.items():
        if name in arguments:
            value = arguments[name]
            raise TypeError(f"{name}={shown(value)} was given, but Transformers 5 removed it. {instead(value)}")
    for name, least in WHOLE.items():
        value = arguments.get(name)
        if value is None or value == "":  # the second: text classification's own sign for "not given"
            continue
        check_number(name, value, 0 if name == "top_k" and writes(task) else least)
        arguments[name] = int(value)


def explain_mask(text: str, pipe: Pipeline) -> NoReturn:
    """Raise ValueError for a text in which fill-mask found no mask among the tokens that are read."""
    mask = pipe.tokenizer.mask_token
    if mask in text:
        raise ValueError(
            f"fill-mask: {mask} comes after the {longest(pipe)} tokens that were kept of {shown(text)}. "
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
