"""`course progress`: what the reader has done, chapter by chapter, and what is next."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from course_lib.exercises import Exercise

QUIZ = re.compile(r"^\s*quiz\(\d+\)", re.MULTILINE)
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
    has_quiz: bool = False
    quiz: str = ""

    @property
    def exercise(self) -> str:
        """The first exercise that is not passed, in words; "" where all are."""
        for one in self.exercises:
            if one.name not in self.passed:
                return f"exercise {one.name} ({one.minutes} min, {one.level})"
        return ""

    @property
    def rest(self) -> str:
        """What is not done beside the exercises, in words: the first prediction not made, else the quiz not opened."""
        for name in self.asked:
            if name not in self.predicted:
                return f'the prediction "{name}"'
        return "the quiz" if self.has_quiz and not self.quiz else ""


def standings(chapters: Path, events: list[dict], exercises: list[Exercise]) -> list[Standing]:
    """A line for each notebook `NN_name.ipynb` in the folder, in order."""
    found = []
    for path in sorted(chapters.glob("[0-9][0-9]_*.ipynb")):
        number = int(path.stem[:2])
        own = [one for one in exercises if one.chapter == number]
        names = {one.name for one in own}
        sources = _sources(path)
        has_quiz = any(QUIZ.search(source) for source in sources)
        line = Standing(number, path.stem[3:].replace("_", " "), own, asked=_asked(sources), has_quiz=has_quiz)
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


def _sources(path: Path) -> list[str]:
    """The code of a chapter, cell by cell; none of a file that is no notebook."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _asked(sources: list[str]) -> list[str]:
    """The names of a chapter's predictions, in order."""
    names = [name for source in sources for name in ASKED.findall(source) if "answer=" not in source]
    return list(dict.fromkeys(names))


def _quiz(events: list[dict], chapter: str) -> str:
    last = {one.get("question"): one.get("right") for one in events
            if one["kind"] == "quiz-answer" and one["name"] == chapter}  # fmt: skip
    if last:
        return f"{sum(right is True for right in last.values())} of {len(last)} right"
    return "opened" if any(one["kind"] == "quiz" and one["name"] == chapter for one in events) else ""


def next_step(lines: list[Standing]) -> str:
    """What to do next: an exercise where the reader is, not the first gap behind; then what else was left out."""
    begun = [line for line in lines if line.passed or line.predicted or line.quiz]
    start = lines.index(begun[-1]) if begun else 0
    for line in [*lines[start:], *lines[:start]]:
        if line.exercise:
            return f"chapter {line.number:02}, {line.exercise}"
    for line in lines:
        if line.rest:
            return f"chapter {line.number:02}, {line.rest}"
    return "everything is done" if any(line.exercises for line in lines) else "chapter 00"
