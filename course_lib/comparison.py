"""Several models at the same work: what each answers, how well, how large it is and how long it takes. Chapter 04."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from course_lib.arguments import texts as checked_texts
from course_lib.arguments import whole
from course_lib.measures import interval

if TYPE_CHECKING:
    from transformers import Pipeline, PreTrainedModel, PreTrainedTokenizerBase

System = tuple["PreTrainedModel", Callable[[list], list]]  # a model, and what asks it: items -> as many answers
Figure = tuple[float, float, float]  # a value and its 95 % interval: (value, low, high)


@dataclass(frozen=True)
class Result:
    """What one system gave to all items of a job."""

    answers: list
    scores: list[float]  # one for each item
    millions: float  # parameters
    megabytes: float  # of memory for the parameters, in the precision that they have
    milliseconds: float  # for one item, on the machine that ran it


def compare(
    systems: Mapping[str, System],
    items: Sequence,
    score: Callable[[object, object], float],
    size: int = 8,
) -> dict[str, Result]:
    """Ask each system for an answer to each item, and score it.

    Args:
        systems: name -> (model, answer). answer(items) gives a list of as many answers; the model is for its size.
        items: what is asked about, in batches of `size`; the first is asked once before the clock starts.
        score: score(answer, item), from 0 to 1.

    Raises ValueError if there are no systems or items, or where a system gives another number of answers.
    """
    whole("size", size)
    items = list(items)
    if not systems or not items:
        raise ValueError(f"systems and items have one entry or more; given: {len(systems)} and {len(items)}.")
    results = {}
    for name, (model, answer) in systems.items():
        answer(items[:1])
        start = time.perf_counter()
        answers = [one for first in range(0, len(items), size) for one in answer(items[first : first + size])]
        spent = 1000 * (time.perf_counter() - start) / len(items)
        if len(answers) != len(items):
            raise ValueError(f"systems: {name!r} gave {len(answers)} answers to {len(items)} items.")
        scores = [float(score(given, item)) for given, item in zip(answers, items, strict=True)]
        megabytes = model.get_memory_footprint(return_buffers=False) / 1e6
        results[name] = Result(answers, scores, model.num_parameters() / 1e6, megabytes, spent)
    return results


def piped(pipeline: Pipeline, asked: Callable[[object], object], read: Callable[[object, object], object]) -> System:
    """A system of `compare`: a pipeline that is given asked(item), and whose answer is read(answer, item)."""

    def answer(items: list) -> list:
        answers = pipeline([asked(item) for item in items], batch_size=len(items))
        answers = [answers] if isinstance(answers, dict) else answers  # question answering has no list of one
        return [read(given, item) for given, item in zip(answers, items, strict=True)]

    return pipeline.model, answer


def prompted(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, prompt: Callable[[object], str], tokens: int
) -> System:
    """A system of `compare`: a decoder that goes on after prompt(item), as `continuations` does.

    Raises ValueError for `tokens` below 1.
    """
    whole("tokens", tokens)
    return model, lambda items: continuations(model, tokenizer, [prompt(item) for item in items], tokens)


def ahead(results: Mapping[str, Result], one: str, other: str) -> Figure:
    """By how much `one` scores better than `other` on the same items: (value, low, high). KeyError for other names."""
    pairs = zip(results[one].scores, results[other].scores, strict=True)
    return interval([first - second for first, second in pairs])


def said(figure: Figure) -> str:
    """A figure and its interval, as "0.71 (0.55 to 0.86)"."""
    value, low, high = figure
    return f"{value:.2f} ({low:.2f} to {high:.2f})"


def table(jobs: Mapping[str, Mapping[str, Result]]) -> str:
    """A table in Markdown: a row for each job and system, with quality, size, memory of the weights and time."""
    lines = ["| job | family | quality (95 %) | parameters | weights | time an item |", "|" + " --- |" * 6]
    for job, results in jobs.items():
        for name, result in results.items():
            size = f"{result.millions:.1f} M | {result.megabytes:.0f} MB"
            quality = said(interval(result.scores))
            lines.append(f"| {job} | {name} | {quality} | {size} | {result.milliseconds:.0f} ms |")
    return "\n".join(lines)


def continuations(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[str],
    tokens: int,
    until: str = "\n",
) -> list[str]:
    """What a decoder writes after each prompt, greedily: at most `tokens` tokens, cut before `until`."""
    import torch

    whole("tokens", tokens)
    inputs = _padded_in_front(tokenizer, prompts).to(model.device)
    with torch.inference_mode():
        ids = model.generate(**inputs, max_new_tokens=tokens, do_sample=False)
    written = tokenizer.batch_decode(ids[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
    return [text.strip().split(until)[0].strip() for text in written]


def _padded_in_front(tokenizer: PreTrainedTokenizerBase, prompts: Sequence[str]):
    """The prompts as inputs, (prompt, token), padded so that the last token of every row is one of the prompt."""
    return tokenizer(checked_texts("prompts", prompts), padding=True, padding_side="left", return_tensors="pt")


def preferences(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[str],
    words: tuple[str, str],
) -> list[float]:
    """By how much a decoder prefers the first word to the second after each prompt: the difference of their logits.

    Raises ValueError for a word of more than one token; give it with its space, as " great".
    """
    import torch

    tokens = [tokenizer(word, add_special_tokens=False)["input_ids"] for word in words]
    if len(tokens) != 2 or any(len(ids) != 1 for ids in tokens):
        raise ValueError(f"words are two words of one token each, with their space; given: {words!r}.")
    inputs = _padded_in_front(tokenizer, prompts).to(model.device)
    with torch.inference_mode():
        places = (inputs["attention_mask"].cumsum(-1) - 1).clamp(min=0)  # (prompt, token): padding takes none
        logits = model(**inputs, position_ids=places, logits_to_keep=1).logits[:, 0]  # (prompt, vocabulary)
    return (logits[:, tokens[0][0]] - logits[:, tokens[1][0]]).tolist()


def set_f1(given: set, truth: set) -> float:
    """F1 of two sets: 1 if they are the same, also if both are empty; 0 if they share nothing."""
    return 2 * len(given & truth) / (len(given) + len(truth)) if given or truth else 1.0
