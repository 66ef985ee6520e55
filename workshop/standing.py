"""`course progress`: what the reader has done, chapter by chapter, and what is next."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from course_lib.exercises import Exercise

ASKED = re.compile(r"^\s*predict\(\s*[\"']([^\"']+)[\"']", re.MULTILINE)


@dataclass
class Standing:
    """One chapter: its exercises, those passed, hints, solutions looked at, predictions, answers to the quiz."""

    number: int
    title: str
    exercises: list[Exercise] = field(default_factory=list)
    passed: set[str] = field(default_factory=set)
    hints: int = 0
    solutions: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    predicted: set[str] = field(default_factory=set)
    quiz: str = ""

    @property
    def next(self) -> str:
        """The first thing that is not done, in words; "" where all is."""
        for one in self.exercises:
            if one.name not in self.passed:
                return f"exercise {one.name} ({one.minutes} min, {one.level})"
        return ""


def standings(chapters: Path, events: list[dict], exercises: list[Exercise]) -> list[Standing]:
    """A line for each notebook `NN_name.ipynb` in the folder, in order."""
    found = []
    for path in sorted(chapters.glob("[0-9][0-9]_*.ipynb")):
        number = int(path.stem[:2])
        own = [one for one in exercises if one.chapter == number]
        names = {one.name for one in own}
        line = Standing(number, path.stem[3:].replace("_", " "), own, asked=_asked(path))
        for event in events:
            kind, name = event["kind"], event["name"]
            if kind == "check" and name in names and event.get("passed"):
                line.passed.add(name)
            line.hints += kind == "hint" and name in names
            if kind == "solution" and name in names:  # looked at twice, it is one
                line.solutions.add(name)
            if kind == "prediction" and name in line.asked:
                line.predicted.add(name)
        line.quiz = _quiz(events, f"{number:02}")
        found.append(line)
    return found


def _asked(path: Path) -> list[str]:
    """The names of a chapter's predictions, in order."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    names = [name for source in sources for name in ASKED.findall(source) if "answer=" not in source]
    return list(dict.fromkeys(names))


def _quiz(events: list[dict], chapter: str) -> str:
    last = {one.get("question"): one.get("right") for one in events
            if one["kind"] == "quiz-answer" and one["name"] == chapter}  # fmt: skip
    if last:
        return f"{sum(right is True for right in last.values())} of {len(last)} right"
    return "opened" if any(one["kind"] == "quiz" and one["name"] == chapter for one in events) else ""


def next_step(lines: list[Standing]) -> str:
    """What to do next: where the reader is, not the first gap behind."""
    begun = [line for line in lines if line.passed or line.predicted or line.quiz]
    start = lines.index(begun[-1]) if begun else 0
    for line in [*lines[start:], *lines[:start]]:
        if line.next:
            return f"chapter {line.number:02}, {line.next}"
    return "everything is done" if any(line.exercises for line in lines) else "chapter 00"
