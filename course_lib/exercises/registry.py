"""Which exercises there are: one file a chapter, read when the first exercise is asked for."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
from functools import cache

from course_lib.exercises.declare import Exercise

CHAPTERS = (  # the chapter's number is the place
    "start", "pipelines", "language_models", "training", "architectures", "attention", "checkpoints", "bias",
    "bias_further",
)  # fmt: skip


@cache
def declared() -> dict[str, Exercise]:
    """Every exercise by name, in the order of the chapters and of their files."""
    found: dict[str, Exercise] = {}
    for number, chapter in enumerate(CHAPTERS):
        name = f"{__package__}.{chapter}"
        if importlib.util.find_spec(name) is None:
            continue
        for one in vars(importlib.import_module(name)).values():
            if isinstance(one, Exercise):
                if one.name in found or one.chapter != number:
                    raise ValueError(f"{name}: {one.name!r} is there twice, or is not of chapter {number}.")
                found[one.name] = one
    return found


def named(name: str) -> Exercise:
    """The exercise of that name. Raises ValueError that lists the known ones, close matches first."""
    known = declared()
    if isinstance(name, str) and name in known:
        return known[name]
    if not isinstance(name, str):
        raise ValueError(
            f'The first argument is the name of an exercise in quotation marks, as in check("{next(iter(known))}", '
            f"your_function); this is a {type(name).__name__}."
        )
    close = difflib.get_close_matches(name, known, 3, 0.5)
    meant = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
    raise ValueError(f"There is no exercise {name!r}.{meant} The course has: {', '.join(known)}.")
