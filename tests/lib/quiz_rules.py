"""What a quiz has to be: see `faults`. Used by test_quizzes.py."""

import importlib
import math
import re

import numpy as np
import torch

KEYS = {"name", "type", "question", "answers", "cell", "computed", "precision", "answer_cols"}


def faults(questions: list[dict], cells: set[str]) -> list[str]:
    """What is wrong with a chapter's quiz; `cells` are the ids of the chapter's cells."""
    found = [] if 8 <= len(questions) <= 12 else [f"{len(questions)} questions, 8 to 12 are asked for"]
    names = [one.get("name") for one in questions]
    found += ["the names are not one for each question"] if None in names or len(set(names)) < len(names) else []
    for one in questions:
        found += [f"{one.get('name')}: {fault}" for fault in _of_one(one, cells)]
    sizes = [lengths(one["answers"]) for one in questions if one["type"] == "multiple_choice"]
    ends = {"longest": sum(right > most for right, _, most in sizes)}
    ends["shortest"] = sum(right < least for right, least, _ in sizes)
    found += [
        f"the right choice is the {end} in {many} of {len(sizes)}, in at most half it may be"
        for end, many in ends.items()
        if 2 * many > len(sizes)
    ]
    return found


def _of_one(question: dict, cells: set[str]) -> list[str]:
    found = [f"the key {key!r} is unknown" for key in set(question) - KEYS]
    found += [] if question.get("cell") in cells else [f"no cell {question.get('cell')!r} in the chapter"]
    answers, kind = question["answers"], question["type"]
    named = re.findall(r"\(cell ([a-z0-9-]+)", " ".join(one.get("feedback", "") for one in answers))
    found += [f"its explanation names cell {cell!r}, which the chapter lacks" for cell in named if cell not in cells]
    found += [f"no feedback for {one}" for one in answers if len(one.get("feedback", "")) < 10]
    right = [one for one in answers if one.get("correct")]
    if kind == "numeric":
        found += [] if len(right) == 1 and right[0]["type"] == "value" else ["not one right value"]
        found += [] if any(one["type"] == "default" for one in answers) else ["no feedback for other numbers (default)"]
    elif kind == "multiple_choice":
        found += [] if len(right) == 1 and 2 <= len(answers) <= 5 else ["not one right choice of two to five"]
        size, _, most = lengths(answers)
        if size > 1.5 * most:
            found.append(f"its length tells the right choice: {size} characters, the others {most}")
    elif kind == "many_choice":
        found += [] if 2 <= len(right) < len(answers) else ["not several right choices and a wrong one"]
    else:
        return [*found, f"the kind {kind!r} is unknown"]
    if "computed" in question and not _agrees(computed(question["computed"]), right, question):
        found.append(f"computed is {computed(question['computed'])!r}, which is not the right answer")
    return found


def lengths(answers: list[dict]) -> tuple[int, int, int]:
    """How many characters a reader sees of the right choice, of the shortest wrong one, and of the longest."""
    seen = {kind: [len(re.sub("[*`]", "", one["answer"])) for one in answers if bool(one.get("correct")) is kind]
            for kind in (True, False)}  # fmt: skip
    return max(seen[True], default=0), min(seen[False], default=0), max(seen[False], default=0)


def computed(how: str) -> object:
    """What an expression, or a function "package.module:function", gives."""
    module, _, function = how.partition(":")
    if function.isidentifier():
        return getattr(importlib.import_module(module), function)()
    return eval(how, {"math": math, "np": np, "torch": torch, "import_module": importlib.import_module})


def _agrees(value: object, right: list[dict], question: dict) -> bool:
    if question["type"] == "numeric":
        digits = question.get("precision") or 12
        return f"{float(value):.{digits - 1}e}" == f"{float(right[0]['value']):.{digits - 1}e}"
    texts = [value] if isinstance(value, str) else list(value)
    return sorted(texts) == sorted(one["answer"] for one in right)
