"""Every exercise passes our answer and others that are right, and tells those that are wrong what is wrong.

Our answers are checked as a reader's are: in a process of their own, where that is possible. Others are judged in this
one, by the same code and without a start of a process for each; that both say the same is a test of its own.
"""

import ast
import contextlib
import functools
import inspect
import io
import json
import re
import sys
from pathlib import Path

import pytest
from exercise_cases import (
    cpu_seconds,
    differing_solutions,
    every,
    reference,
    right_answers,
    solution_of,
    statements,
    wrong_answers,
)  # fmt: skip

from course_lib.exercises import Exercise, check, exercises, when
from course_lib.exercises.judge import judge
from course_lib.exercises.registry import declared, named

CHAPTERS = Path(__file__).resolve().parents[2] / "chapters"
NAMES = [one.name for one in exercises()]
MISTAKES = {  # those that are wrong implementations
    f"{one.name}-{mistake.name}": (one, mistake)
    for one in exercises()
    for mistake in one.mistakes
    if not isinstance(mistake.wrong, when)
}


@functools.cache
def ours_checked(name):
    """The result of our own answer, what is printed, and the processor's seconds."""
    start, printed = cpu_seconds(), io.StringIO()
    with contextlib.redirect_stdout(printed):
        result = check(name, reference(named(name)))
    return result, printed.getvalue(), cpu_seconds() - start


@pytest.mark.parametrize("name", NAMES)
def test_our_answer_passes(name):
    result, said, _ = ours_checked(name)
    assert result.passed, said
    assert result.hint == ""
    assert re.fullmatch(rf"✓ {name}: passed, \d+ cases?\n", said)


@pytest.mark.parametrize(("name", "at"), every(right_answers))
def test_other_right_answers_pass(name, at):
    result, said = judge(named(name), right_answers(named(name))[at], in_child=False)
    assert result.passed, said


@pytest.mark.parametrize(("name", "at"), every(wrong_answers))
def test_a_wrong_answer_gets_the_hint_meant_for_it(name, at):
    answer, words = wrong_answers(named(name))[at]
    result, said = judge(named(name), answer, in_child=False)
    assert not result.passed
    assert words in result.hint, said
    for line in statements(named(name)):
        assert line not in said, "the message shows a line of our answer"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is one way")
@pytest.mark.parametrize("chapter", sorted({one.chapter for one in exercises()}))
def test_in_a_process_of_its_own_an_answer_is_told_the_same(chapter):
    for exercise in (exercises(chapter)[0], exercises(chapter)[-1]):
        for answer in [right_answers(exercise)[0], *(answer for answer, _ in wrong_answers(exercise)[:2])]:
            assert judge(exercise, answer, in_child=True) == judge(exercise, answer, in_child=False)


@pytest.mark.parametrize("which", MISTAKES)
def test_each_known_mistake_is_told_apart_from_the_others(which):
    exercise, mistake = MISTAKES[which]
    result, said = judge(exercise, mistake.wrong, in_child=False)
    assert not result.passed
    assert mistake.says in result.hint, said


@pytest.mark.parametrize("name", NAMES)
def test_each_has_two_right_and_four_wrong_answers(name):
    exercise = named(name)
    assert len(right_answers(exercise)) >= 2, f"tests/lib/exercises/{exercise.chapter:02}_….py needs RIGHT[{name!r}]"
    assert len(wrong_answers(exercise)) >= 4, f"tests/lib/exercises/{exercise.chapter:02}_….py needs WRONG[{name!r}]"
    assert all(len(words) >= 5 for _, words in wrong_answers(exercise))


@pytest.mark.parametrize("name", NAMES)
def test_each_is_told_and_helped_without_the_solution(name):
    exercise = named(name)
    assert exercise.signature
    assert exercise.minutes > 0
    assert exercise.hints
    assert exercise.reference.__doc__, "our answer has the docstring that the stub keeps"
    marked = solution_of(inspect.getsource(exercise.reference)) or exercise.kind == "value"
    assert marked, "the marks ### BEGIN SOLUTION and ### END SOLUTION are missing"
    told = [*exercise.hints, *(one.says for one in exercise.mistakes if isinstance(one.says, str))]
    for line in statements(exercise):
        assert not any(line in text for text in told), f"this is a line of our answer: {line}"


@pytest.mark.parametrize("name", NAMES)
def test_what_is_said_of_our_answer_marks_its_code_so_that_markdown_loses_none(name):
    said = named(name).commentary
    assert said
    bare = re.search(r"\w[(\[]|_\w|</?\w|\w=\w", re.sub(r"`[^`]*`", "", said))
    assert not bare, f"{bare[0]!r} is code: write it between backticks"


def test_all_checks_together_take_less_than_a_minute():
    found = [ours_checked(name) for name in NAMES]
    assert all(result.passed for result, _, _ in found)
    assert sum(seconds for _, _, seconds in found) < 60


def test_the_chapters_have_the_library_s_solutions():
    for path in CHAPTERS.glob("[0-9][0-9]_*.ipynb"):
        assert differing_solutions(json.loads(path.read_text(encoding="utf-8")), declared()) == [], path.name


def test_the_chapters_have_the_library_s_task_texts():
    found = {}
    for path in CHAPTERS.glob("[0-9][0-9]_*.ipynb"):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if "exercise" in cell["metadata"].get("tags", []):
                for one in ast.parse("".join(cell["source"])).body:
                    if isinstance(one, (ast.FunctionDef, ast.ClassDef)):
                        found[one.name] = (ast.get_docstring(one) or "").split()
    written = {one.reference.__name__: one for one in exercises() if one.kind != "value"}
    shared = found.keys() & written.keys()
    assert len(shared) > 60
    for name in shared:
        assert found[name] == written[name].reference.__doc__.split(), name


def test_a_reader_is_told_before_the_first_exercise_that_inputs_stay_as_they_are():
    cells = json.loads((CHAPTERS / "00_start_here.ipynb").read_text(encoding="utf-8"))["cells"]
    told = next(at for at, cell in enumerate(cells) if cell["id"] == "a-first-exercise")
    first = next(at for at, cell in enumerate(cells) if "exercise" in cell["metadata"].get("tags", []))
    assert told < first
    assert "changes a tensor or a list in place does not pass" in "".join(cells[told]["source"])
    assert "in place" in named("repetition_penalty").reference.__doc__


def test_the_task_says_what_its_words_and_its_arguments_may_be():
    assert "groups: the size of a group, not their number" in named("repeat_heads").reference.__doc__
    assert "it may be larger than the vocabulary" in " ".join(named("beam").reference.__doc__.split())
    assert any(one.inputs[3] > len(one.inputs[0](one.inputs[1])) for one in named("beam").cases)
    assert "the form of Transformers' Llama" in " ".join(named("rotate").reference.__doc__.split())


def test_code_that_a_reader_may_copy_has_no_minus_sign_of_prose():
    """The sign U+2212 is no operator of Python: `labels != −100` is a SyntaxError."""
    code = re.compile(r"`[^`\n]*−[^`\n]*`|(?:[!=<>]=|\*\*|\w=)\s*\(?−|\w\[[^\]\s,]*−")
    for wrong in ("labels[labels != −100]", "base ** (−i)", "`x[:, −1]`", "x.sum(dim=−1)", "logits[−1]"):
        assert code.search(wrong)
    library = Path(inspect.getfile(Exercise)).parents[1]
    files = [*(library / "exercises").rglob("*.py"), *(library / "quizzes").glob("*.json")]
    assert len(files) > 20
    for path in files:
        found = code.search(path.read_text(encoding="utf-8"))
        assert found is None, f"{path.name}: {found and found[0]}"


def test_another_solution_in_a_chapter_is_found():
    cell = {"cell_type": "code", "id": "x", "source": [
        "def double(x):\n", "    ### BEGIN SOLUTION\n", "    return x + x\n", "    ### END SOLUTION\n"]}  # fmt: skip
    assert differing_solutions({"cells": [cell]}, declared()) == ["double"]
    cell["source"][2] = "    return 2 * x\n"
    assert differing_solutions({"cells": [cell]}, declared()) == []
    cell["source"][0] = "def treble(x):\n"
    assert differing_solutions({"cells": [cell]}, declared()) == ["x: treble is no exercise of the library"]
