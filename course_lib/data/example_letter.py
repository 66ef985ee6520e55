"""The letter that runs through chapter 1, written for this course, and what each pipeline makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import Pipeline

LETTER = """\
Dear Lumen & Daughters,

On 3 March I ordered a reading lamp from your shop in Ghent for my mother's birthday. When the parcel reached Daegu \
on 21 March, the box held a toaster. I wrote to your office twice, and Pieter Claes promised to send the right lamp \
within a week. Three weeks have passed and nothing has come. The toaster is a good toaster, but nobody can read by it, \
and my mother turned eighty in the dark. I am disappointed, because I have bought from you for years. Please send the \
lamp to my new address in Busan, or return the 84 euros that I paid.

Yours sincerely,
Han Seo-yeon"""

QUESTION = "What was in the box?"
REPLY = "Dear Ms Han, thank you for your letter. We are sorry"
SENTENCE = "Please send the lamp to my new address."
BLANK = "The box held a [MASK]."
LABELS = ("wrong product", "late delivery", "praise", "opening hours")


def _names(pipe: Pipeline) -> str:
    entities = pipe(LETTER, aggregation_strategy="max")
    return ", ".join(f"{LETTER[entity['start'] : entity['end']]} ({entity['entity_group']})" for entity in entities)


def _labels(pipe: Pipeline) -> str:
    found = pipe(LETTER, candidate_labels=list(LABELS))
    return ", ".join(f"{label} {score:.2f}" for label, score in zip(found["labels"], found["scores"], strict=True))


def _guesses(pipe: Pipeline) -> str:
    blank = BLANK.replace("[MASK]", pipe.tokenizer.mask_token)  # a model of the hub may write its mask otherwise
    return f"{blank} - {', '.join(guess['token_str'] for guess in pipe(blank, top_k=3))}"


def _size(pipe: Pipeline) -> str:
    vectors = pipe(LETTER)[0]
    return f"{len(vectors)} tokens, {len(vectors[0])} numbers each"


# Task -> what is made of the letter, or of a sentence about it, with a pipeline for the task: one line of text.
ASKED = {
    "sentiment-analysis": lambda pipe: "{label} ({score:.2f})".format(**pipe(LETTER)[0]),
    "zero-shot-classification": _labels,
    "ner": _names,
    "question-answering": lambda pipe: f"{QUESTION} - {pipe(question=QUESTION, context=LETTER)['answer']}",
    "fill-mask": _guesses,
    "feature-extraction": _size,
    "summarization": lambda pipe: pipe(LETTER)[0]["summary_text"],
    "translation_en_to_fr": lambda pipe: f"{SENTENCE} - {pipe(SENTENCE)[0]['translation_text']}",
    "text-generation": lambda pipe: pipe(REPLY, max_new_tokens=20, do_sample=False)[0]["generated_text"],
}


def ask_all() -> Iterator[tuple[str, str, str]]:
    """What each pipeline that has a course checkpoint makes of the letter: (task, answer, what answered), one by one.

    Taught in chapter 1. Raises CheckpointError when a checkpoint is damaged or cannot be had.
    """
    from course_lib.checkpoints import catalogue
    from course_lib.pipelines import CHECKPOINTS, answered_by, pipeline

    ready = {task: ask for task, ask in ASKED.items() if CHECKPOINTS[task] in catalogue()}
    for task, ask in ready.items():
        pipe = pipeline(task)
        yield task, ask(pipe), answered_by(pipe)
