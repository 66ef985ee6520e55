"""course_lib.exercises.going_on: which unfinished answers a failed cell has used, and what is said about them."""

import re

import pytest
from IPython.core.interactiveshell import InteractiveShell

from course_lib.exercises import exercises, going_on, solution


@pytest.fixture
def cell(monkeypatch, capsys):
    """Run a cell of a notebook; what is printed below its error."""
    shell = InteractiveShell()
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    monkeypatch.setattr(going_on, "declared", lambda: dict.fromkeys(("double", "triple")))
    monkeypatch.setattr(going_on, "_passed", set())
    going_on.watch()
    going_on.watch()  # a second import looks at each cell once, too

    def cell(source):
        shell.run_cell(source)
        said = re.search(r"\n[\w, ]+ ha(?:s|ve) not passed.*", capsys.readouterr().out, re.DOTALL)
        return said[0] if said else ""

    return cell


STUBS = "def double(x): ...\ndef triple(x): ...\n"
OFFER = """
double has not passed the check yet, and this cell uses it. Write it first, or go on with ours: run
    from course_lib.exercises import solution
    double = solution("double")
in a cell of its own, and then this cell again.
"""


@pytest.mark.parametrize(
    "source",
    [
        "1 + double(1)",
        "def f(): return double(1)\n\n1 + f()",
        "[1 + one(2) for one in [lambda x: double(x)]]",
        "assert double(1) == 2",
        "sorted([1, 2], key=double)",
    ],
)
def test_an_error_that_an_unfinished_answer_caused_is_followed_by_the_way_on(cell, source):
    cell(STUBS)
    assert cell(source) == OFFER


def test_an_exercise_whose_cells_were_not_run_is_named_too(cell):
    assert cell("1 + double(1)") == OFFER
    assert cell("def f(): return double(1)\n\nf()") == OFFER
    assert cell("None.double") == ""


def test_several_are_said_at_once_and_what_is_imported_is_not_imported_again(cell):
    cell(STUBS + "solution = None")
    said = cell("1 + double(triple(1))")
    assert said.startswith("\ndouble, triple have not passed the check yet, and this cell uses them.")
    assert '\n    double = solution("double")\n    triple = solution("triple")\n' in said
    assert "import" not in said


@pytest.mark.parametrize(
    "source",
    [
        "double(1)",
        "1 / 0",
        "missing",
        "def double(x):\n    return 1 + None\n\ndouble(1)",
        "from operator import neg as double\ndouble('a')",
        "this is no Python",
    ],
)
def test_other_errors_are_left_alone(cell, source):
    cell(STUBS)
    assert cell(source) == ""


def test_what_has_passed_is_not_named_until_it_fails_again(cell):
    cell(STUBS)
    going_on.checked("double", True)
    assert cell("1 + double(1)") == ""
    going_on.checked("double", False)
    assert cell("1 + double(1)") == OFFER


def test_every_solution_can_be_gone_on_with(capsys):
    for exercise in exercises():
        ours = solution(exercise.name)
        assert ours is exercise.reference or exercise.kind == "value"
        if exercise.kind == "function":
            assert ours._ipython_display_() is None, "shown by solution already"
