"""`course progress` counts what was done, says what is next, and keeps on where the file or the chapters are odd."""

import nbformat
import pytest
from typer.testing import CliRunner

from course_lib import progress
from course_lib.exercises import exercises
from workshop.cli import app
from workshop.standing import next_step, standings

pytestmark = pytest.mark.usefixtures("progress_folder")


@pytest.fixture
def chapters(tmp_path):
    asked = [
        'predict("banks", "?", ["a", "b"])',
        'predict("banks", answer=1, sure=50)',
        "predict('share', '?', number=(0, 1))",
    ]
    cells = [nbformat.v4.new_code_cell(source) for source in asked]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "00_start_here.ipynb")
    (tmp_path / "05_attention.ipynb").write_text("damaged")
    return tmp_path


def lines(chapters):
    return standings(chapters, progress.read(), list(exercises(0)))


def test_it_counts_by_chapter(chapters):
    progress.record("hint", "double", number=1)
    progress.record("hint", "nothing here", number=1)
    progress.record("solution", "double")
    progress.record("solution", "double")  # looked at again
    progress.record("check", "double", passed=False)
    progress.record("prediction", "banks", answer=1, sure=50)
    progress.record("quiz", "00", questions=8)
    first, second = lines(chapters)
    assert (first.number, first.title, second.number) == (0, "start here", 5)
    assert (first.hints, first.solutions, first.passed) == (1, {"double"}, set())
    assert (first.asked, first.predicted) == (["banks", "share"], {"banks"})
    assert first.quiz == "opened"
    assert "exercise double" in next_step([first, second])
    progress.record("check", "double", passed=True)
    progress.record("check", "double", passed=False)  # tried on: it stays passed
    progress.record("quiz-answer", "00", question="rows", right=False)
    progress.record("quiz-answer", "00", question="rows", right=True)
    progress.record("quiz-answer", "00", question="root", right=False)
    first, second = lines(chapters)
    assert first.passed == {"double"}
    assert first.quiz == "1 of 2 right"
    assert "double" not in next_step([first, second])


def test_next_is_where_the_reader_is(chapters):
    first, second = lines(chapters)
    second.exercises, second.passed = [exercises(0)[0]], {"another"}
    assert next_step([first, second]).startswith("chapter 05, exercise double")
    second.passed.add("double")
    assert next_step([first, second]).startswith("chapter 00, exercise double")


def test_what_was_left_out_beside_the_exercises_is_next_when_they_are_done(chapters):
    asks = nbformat.v4.new_code_cell("from course_lib.quizzes import quiz\n\nquiz(1)")
    nbformat.write(nbformat.v4.new_notebook(cells=[asks]), chapters / "01_pipelines.ipynb")
    progress.record("prediction", "banks", answer=1, sure=50)
    for exercise in exercises(0):
        progress.record("check", exercise.name, passed=True)
    assert next_step(lines(chapters)) == 'chapter 00, the prediction "share"'
    progress.record("prediction", "share", answer=0.5, sure=50)
    assert next_step(lines(chapters)) == "chapter 01, the quiz", "chapter 00 here has none"
    progress.record("quiz", "01", questions=8)
    assert next_step(lines(chapters)) == "everything is done"


def test_the_command_shows_it(chapters):
    progress.record("check", "double", passed=True)
    progress.record("prediction", "banks", answer=1, sure=80)
    progress.record("outcome", "banks", outcome=1, right=True)
    figure = chapters / "curve.svg"
    answer = CliRunner().invoke(app, ["progress", "--folder", str(chapters), "--figure", str(figure)])
    assert answer.exit_code == 0, answer.output
    assert "00 start here" in answer.output
    assert "1 of 2" in answer.output
    assert "Next: " in answer.output
    said = " ".join(answer.output.split())
    assert "1 prediction: 80% sure on average, 100% right" in said
    assert said.index("1 prediction") < said.index("sentiment, a model:") < said.index("zero-shot, a model:")
    assert said.count("240 answers: ") == 2
    assert str(progress.path()) in answer.output
    drawn = figure.read_text(encoding="utf-8")
    assert "<svg" in drawn
    assert all(f"<!-- {name} (" in drawn for name in ("you", "sentiment", "zero-shot")), "a curve each"


def test_the_command_says_where_there_is_nothing(chapters, monkeypatch, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "There are no chapters" in CliRunner().invoke(app, ["progress", "--folder", str(empty)]).output
    odd = CliRunner().invoke(app, ["progress", "--folder", str(chapters), "--figure", str(empty / "none" / "x.svg")])
    assert odd.exit_code == 1
    assert "Traceback" not in odd.output
    monkeypatch.setenv("COURSE_PROGRESS", "off")
    off = CliRunner().invoke(app, ["progress", "--folder", str(chapters)])
    assert off.exit_code == 1
    assert "COURSE_PROGRESS is off" in off.output
    monkeypatch.setenv("COURSE_PROGRESS", "~nobody-has-this-name")
    homeless = CliRunner().invoke(app, ["progress", "--folder", str(chapters)])
    assert homeless.exit_code == 1
    assert "is off" not in homeless.output
    assert "Set COURSE_PROGRESS to a folder" in homeless.output
