"""The letter that runs through chapter 1, written for this course, and what each pipeline makes of it."""

from __future__ import annotations

from collections.abc import Iterator

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


def answers() -> Iterator[tuple[str, str, str]]:
    """What each pipeline that has a course checkpoint makes of the letter: (task, answer, what answered), one by one.

    Taught in chapter 1. Raises CheckpointError when a checkpoint is damaged or cannot be had.
    """
    from course_lib.checkpoints import catalogue
    from course_lib.pipelines import answered_by, pipeline

    asked = {
        "sentiment-analysis": lambda ask: "{label} ({score:.2f})".format(**ask(LETTER)[0]),
        "question-answering": lambda ask: f"{QUESTION} - {ask(question=QUESTION, context=LETTER)['answer']}",
        "feature-extraction": lambda ask: f"{len(ask(LETTER)[0])} tokens, {len(ask(LETTER)[0][0])} numbers each",
        "text-generation": lambda ask: ask(REPLY, max_new_tokens=20, do_sample=False)[0]["generated_text"],
    }
    ready = {entry.task for entry in catalogue().values()}
    for task, answer in asked.items():
        if task in ready:
            ask = pipeline(task)
            yield task, answer(ask), answered_by(ask)
