"""The class edition: what a lecturer's nbgrader makes of it, from handing out to the points in its gradebook."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from made_up import ANSWER, DOUBLE, STUB, cell_of, chapter, ids, write_chapter
from typer.testing import CliRunner

from workshop.cli import app
from workshop.editions.classroom import class_edition, must_pass
from workshop.editions.marks import points
from workshop.editions.study import study_edition

ROOT = Path(__file__).resolve().parents[2]
NAME = "00_small_sums"
GRADED = '''from course_lib.exercises import check

assert check("double", double).passed, "double has not passed its check"'''


def test_exercises_are_solution_cells_checks_are_locked_tests_with_points():
    edition = class_edition(chapter())
    nbformat.validate(edition)
    assert ids(edition) == ids(study_edition(chapter()))
    written, check = cell_of(edition, "double"), cell_of(edition, "check-double")
    assert written.source == DOUBLE, "nbgrader takes the solution out itself"
    about = {"schema_version": 3, "task": False}
    answer = {"grade_id": "double", "grade": False, "solution": True, "locked": False}
    assert written.metadata.nbgrader == about | answer
    test = {"grade_id": "check-double", "grade": True, "solution": False, "locked": True, "points": 3}
    assert check.metadata.nbgrader == about | test
    assert check.source == GRADED
    locked = [cell.id for cell in edition.cells if cell.metadata.get("nbgrader", {}).get("locked")]
    assert locked == ["set-up", "check-double", "use-double"], "a prediction is the student's"


@pytest.mark.parametrize(
    ("minutes", "level", "worth"),
    [(1, "easy", 1), (5, "easy", 1), (6, "easy", 2), (5, "medium", 2), (30, "hard", 8), (0, "easy", 1)],
)
def test_points_come_from_minutes_and_level(minutes, level, worth):
    assert points(minutes, level) == worth


def test_a_check_over_several_lines_or_several_in_a_cell():
    source = 'n = 2\ncheck(\n    "one",\n    one,\n)\ncheck("two", two)  # and ½'
    made = must_pass(source)
    seen = []

    def check(name, answer):
        seen.append((name, answer))
        return type("Result", (), {"passed": name == "one"})

    with pytest.raises(AssertionError, match="two has not passed"):
        exec(made.replace("from course_lib.exercises import check", ""), {"check": check, "one": 1, "two": 2})
    assert seen == [("one", 1), ("two", 2)]


@pytest.mark.parametrize(
    ("cell_id", "source", "words"),
    [
        ("double", STUB, "'double': an exercise without the marks"),
        ("double", "### END SOLUTION", "'double', line 1"),
        ("exercise-double", "Write it.", "'check-double': a check without an exercise and its line"),
    ],
)
def test_what_cannot_be_marked_is_refused(cell_id, source, words):
    broken = chapter()
    cell_of(broken, cell_id).source = source
    with pytest.raises(ValueError, match=words):
        class_edition(broken)


def write_class(folder, notebook=None):
    source = write_chapter(folder / "chapters", notebook)
    answer = CliRunner().invoke(app, ["class", str(folder / "class"), "--folder", str(source.parent)])
    assert answer.exit_code == 0, answer.output
    return folder / "class"


def test_a_lecturers_own_changes_stay(tmp_path):
    course = write_class(tmp_path)
    path, config = course / "source" / NAME / f"{NAME}.ipynb", course / "nbgrader_config.py"
    notebook = nbformat.read(path, 4)
    cell_of(notebook, "end").source = "Until Friday."
    cell_of(notebook, "check-double").metadata.nbgrader["points"] = 10
    nbformat.write(notebook, path)
    config.write_text(config.read_text() + "# mine\n")
    today = chapter()
    cell_of(today, "four-times").source = "Better words."
    write_class(tmp_path, today)
    notebook = nbformat.read(path, 4)
    assert cell_of(notebook, "end").source == "Until Friday."
    assert cell_of(notebook, "check-double").metadata.nbgrader["points"] == 10
    assert cell_of(notebook, "four-times").source == "Better words."
    assert config.read_text().endswith("# mine\n")


def test_nbgrader_hands_out_collects_and_marks(tmp_path):
    pytest.importorskip("nbgrader", reason="pip install -e '.[class]'")
    from nbgrader.api import Gradebook

    course = write_class(tmp_path)
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # nbgrader calls alembic
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PATH": programs}

    def nbgrader(*command):
        command = [sys.executable, "-m", "nbgrader", *command]
        done = subprocess.run(command, cwd=course, env=environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr

    nbgrader("generate_assignment", NAME)
    released = course / "release" / NAME / f"{NAME}.ipynb"
    assert (released.parent / "pictures" / "dots.png").is_file()
    notebook = nbformat.read(released, 4)
    assert cell_of(notebook, "double").source == STUB
    assert ANSWER not in released.read_text()
    assert ids(notebook) == ids(study_edition(chapter()))

    cheat = 'def check(*_):\n    return type("R", (), {"passed": True})\n\n\ndef double(x):\n    return x'
    answers = {
        "right": ("def double(x):\n    return 2 * x", 3),
        "wrong": ("def double(x):\n    return x * x", 0),
        "nothing": (STUB, 0),
        "cheat": (cheat, 0),
    }
    for student, (answer, _) in answers.items():
        folder = course / "submitted" / student / NAME
        shutil.copytree(released.parent, folder)
        notebook = nbformat.read(released, 4)
        cell_of(notebook, "double").source = answer
        nbformat.write(notebook, folder / f"{NAME}.ipynb")
    nbgrader("autograde", NAME)
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        marked = {student: book.find_submission(NAME, student) for student in answers}
        assert {student: one.score for student, one in marked.items()} == {
            n: worth for n, (_, worth) in answers.items()
        }
        assert {one.max_score for one in marked.values()} == {3}
        assert not any(one.needs_manual_grade for one in marked.values()), "marked without a hand"
    nbgrader("generate_feedback", NAME)
    feedback = course / "feedback" / "wrong" / NAME / f"{NAME}.html"
    assert "double has not passed its check" in feedback.read_text(encoding="utf-8")
