"""The study edition: nothing given away, nothing lost, whatever a reader and the course do."""

import ast
import inspect
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from filelock import FileLock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_up import ANSWER, DOUBLE, EXERCISE, STUB, cell_of, chapter, code, ids, text, write_chapter
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from typer.testing import CliRunner

from workshop import cli
from workshop.cli import app
from workshop.editions import marks, update
from workshop.editions.study import YOURS, study_edition
from workshop.editions.update import merged

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))


# ---------------------------------------------------------------- what is in it


def test_solutions_become_stubs_and_every_other_cell_keeps_its_text_and_id():
    edition, source = study_edition(chapter()), chapter()
    gone = {"about-double", "for-paper", "nine"}
    assert ids(edition) == [cell_id for cell_id in ids(source) if cell_id not in gone]
    assert cell_of(edition, "double").source == STUB
    assert cell_of(edition, "eight").source == YOURS
    for cell in edition.cells:
        if cell.id not in ("double", "eight"):
            assert cell.source == cell_of(source, cell.id).source
            assert cell.metadata.get("tags") == cell_of(source, cell.id).metadata.get("tags")
    nbformat.validate(edition)


def test_no_output_and_no_line_of_a_solution_is_anywhere_in_the_file():
    edition = study_edition(chapter())
    assert all(cell.outputs == [] and cell.execution_count is None for cell in edition.cells if "outputs" in cell)
    everything = json.dumps(edition)
    for words in (ANSWER, "return twofold_of_x", "eight_of_us", "nine_of_us", "as fast as a product", "SOLUTION"):
        assert words in json.dumps(chapter())
        assert words not in everything


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_no_chapter_gives_a_solution_away(path):
    source = nbformat.read(path, as_version=4)
    edition = study_edition(source)
    nbformat.validate(edition)
    shown = "\n".join(cell.source for cell in edition.cells)
    secret = {line for cell in source.cells for line in marks.solution_lines(cell) if line not in shown}
    everything = json.dumps(edition, ensure_ascii=False)
    assert not [line for line in secret if len(line) > 12 and json.dumps(line, ensure_ascii=False)[1:-1] in everything]
    assert all(not cell.get("outputs") and not cell.get("execution_count") for cell in edition.cells)


def names_in(tree, context):
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, context)}


def needed_of_removed(source):
    """What a cell of the study edition uses and only a cell that is not in it defines, as pairs of cell and name."""
    kept = {cell.id for cell in study_edition(source).cells if cell.source != YOURS}
    defined, only_removed = set(), set()
    for cell in source.cells:
        if cell.cell_type != "code":
            continue
        tree = ast.parse(cell.source)
        made = names_in(tree, ast.Store) | {
            node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)
        }
        if cell.id in kept:
            yield from ((cell.id, name) for name in sorted(names_in(tree, ast.Load) & only_removed - made))
            defined |= made
            only_removed -= made
        else:
            only_removed |= made - defined


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_no_cell_of_a_chapter_needs_a_worked_solution(path):
    """With the answers put in, the study edition runs the cells that the chapter runs, and nothing is missing."""
    source = nbformat.read(path, as_version=4)
    assert list(needed_of_removed(source)) == []
    with_answers = {
        cell.id: marks.solved(cell.source) if marks.kind(cell) == "exercise" else cell.source for cell in source.cells
    }
    for cell in study_edition(source).cells:
        if marks.kind(cell) == "exercise":
            cell.source = marks.solved(cell_of(source, cell.id).source)
        assert cell.source in (with_answers[cell.id], YOURS)


def test_a_cell_that_needs_a_worked_solution_is_found():
    assert list(needed_of_removed(chapter())) == []
    broken = chapter()
    broken.cells.append(code("late", "print(eight_of_us + four)"))
    assert list(needed_of_removed(broken)) == [("late", "eight_of_us")]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("def f():\n    ### BEGIN SOLUTION\n    return 1", "without"),
        ("### END SOLUTION", "line 1"),
        ("### BEGIN SOLUTION\n### BEGIN SOLUTION\n### END SOLUTION", "line 2"),
    ],
)
def test_marks_that_do_not_come_in_pairs_are_named_with_their_cell(source, words):
    broken = chapter()
    cell_of(broken, "double").source = source
    with pytest.raises(ValueError, match=f"'double'.*{words}"):
        study_edition(broken)


def test_a_cell_may_have_several_solutions_each_as_far_indented_as_its_mark():
    source = "a = 1\n### BEGIN SOLUTION\nb = 2\n### END SOLUTION\nif a:\n"
    source += "    ### BEGIN SOLUTION\n    c = 3\n    ### END SOLUTION"
    assert marks.stub(source) == "a = 1\n...\nif a:\n    ..."
    assert marks.solved(source) == "a = 1\nb = 2\nif a:\n    c = 3"


# ---------------------------------------------------------------- it runs


def run(notebook, folder, **environment):
    client = NotebookClient(notebook, kernel_name="python3", timeout=60, resources={"metadata": {"path": str(folder)}})
    return client.execute(env=os.environ | {"COURSE_PROGRESS": "off", "PYTHONPATH": str(ROOT)} | environment)


def test_with_the_reference_answers_put_in_it_runs_to_the_end(tmp_path):
    edition = study_edition(chapter())
    cell_of(edition, "double").source = marks.solved(DOUBLE)
    done = run(edition, tmp_path)
    assert "passed" in cell_of(done, "check-double").outputs[0].text
    assert cell_of(done, "use-double").outputs[0].text == "It is: four\n"
    asked = cell_of(done, "guess").outputs[0].data["text/plain"]
    assert "1  three" in asked
    assert 'predict("four", answer=2, sure=80)' in asked


def test_who_skips_an_exercise_is_told_how_to_go_on_and_can(tmp_path):
    edition = study_edition(chapter())
    cell_of(edition, "use-double").source = "four = 1 + double(1)"
    place = ids(edition).index("use-double")
    edition.cells[place:place] = [code("deeper", "def deeper():\n    return (lambda: double(1))()\n\n\n1 + deeper()")]
    edition.cells[place + 2 : place + 2] = [
        code("ours", 'double = solution("double")'),
        code("again", "print(double(1))"),
    ]
    with pytest.raises(CellExecutionError, match="NoneType"):
        run(edition, tmp_path)
    for cell_id in ("deeper", "use-double"):
        cell_of(edition, cell_id).metadata.tags = ["raises-exception"]
    cell_of(edition, "set-up").source += "\nfrom course_lib.exercises import solution"
    done = run(edition, tmp_path)
    assert '  To go on with ours: double = solution("double")\n' in cell_of(done, "check-double").outputs[0].text
    for cell_id in ("deeper", "use-double"):
        outputs = cell_of(done, cell_id).outputs
        assert [output.ename for output in outputs if output.output_type == "error"] == ["TypeError"]
        said = "".join(output.text for output in outputs if output.output_type == "stream")
        assert "double has not passed the check yet, and this cell uses it." in said
        assert '\n    double = solution("double")\n' in said
        assert "import solution" not in said
    assert cell_of(done, "again").outputs[0].text == "2\n"


def test_a_prediction_is_asked_for_and_told_beside_what_is(tmp_path):
    edition = study_edition(chapter())
    cell_of(edition, "double").source = marks.solved(DOUBLE)
    edition.cells.insert(ids(edition).index("guess") + 1, code("mine", 'predict("four", answer=1, sure=60)'))
    done = run(edition, tmp_path, COURSE_PROGRESS=str(tmp_path / "progress"))
    assert any("widget-view" in mime for mime in cell_of(done, "guess").outputs[0].data), "with buttons for a reader"
    assert cell_of(done, "use-double").outputs[0].text == "You said: three, 60 % sure. It is: four.\n"


def test_an_error_that_has_to_do_with_no_exercise_is_left_alone(tmp_path):
    edition = study_edition(chapter())
    cell_of(edition, "double").source = "def double(x):\n    return 2 * x"
    cell_of(edition, "use-double").source = "double(1) / 0"
    cell_of(edition, "use-double").metadata.tags = ["raises-exception"]
    edition.cells.append(
        code("of-others", "def double(x):\n    return x / 0\n\n\ndouble(1)", tags=["raises-exception"])
    )
    done = run(edition, tmp_path)
    for cell_id in ("use-double", "of-others"):
        assert [output.output_type for output in cell_of(done, cell_id).outputs] == ["error"]


# ---------------------------------------------------------------- an update never loses work


@pytest.fixture
def study(tmp_path):
    """Write the study edition of a chapter as it is today; what the command said."""
    folder = tmp_path / "chapters"

    def study(notebook=None, code=0):
        write_chapter(folder, notebook)
        answer = CliRunner().invoke(app, ["study", str(tmp_path / "study"), "--folder", str(folder)])
        assert answer.exit_code == code, answer.output
        return " ".join(answer.output.split())

    study.path = tmp_path / "study" / "00_small_sums.ipynb"
    return study


def read(path):
    return nbformat.read(path, as_version=4)


def write_answer(path, source="def double(x):\n    return 2 * x  # mine"):
    """What a reader does in JupyterLab: writes, runs, saves with outputs and counts and the kernel's own metadata."""
    notebook = read(path)
    cell_of(notebook, "double").source = source
    for number, cell in enumerate([cell for cell in notebook.cells if cell.cell_type == "code"], 30):
        cell.execution_count = number
        cell.outputs = [nbformat.v4.new_output("stream", text=f"printed {number}\n")]
    notebook.metadata.language_info["version"] = "3.11.7"
    nbformat.write(notebook, path)
    return notebook


def changed(cell_id, source):
    notebook = chapter()
    cell_of(notebook, cell_id).source = source
    return notebook


def test_written_once_then_left_alone(study):
    assert "00_small_sums.ipynb: written" in study()
    assert (study.path.parent / "pictures" / "dots.png").read_bytes() == b"dots"
    assert (study.path.parent / "notes.md").is_file()
    write_answer(study.path)
    before = study.path.read_bytes()
    assert study() == "up to date"
    assert study.path.read_bytes() == before


def test_new_and_changed_cells_come_and_what_was_written_stays(study):
    study()
    write_answer(study.path)
    today = changed("four-times", "## Four times\n\nBetter words.")
    today.cells.insert(8, text("new-idea", "A new idea."))
    today.cells = [cell for cell in today.cells if cell.id != "end"]
    assert "cells: 1 new, 1 changed, 1 gone" in study(today)
    notebook = read(study.path)
    assert ids(notebook) == [cell_id for cell_id in ids(today) if cell_id not in ("about-double", "for-paper", "nine")]
    assert cell_of(notebook, "four-times").source.endswith("Better words.")
    assert cell_of(notebook, "double").source.endswith("# mine")
    assert cell_of(notebook, "double").outputs[0].text == "printed 32\n"
    assert notebook.metadata.language_info.version == "3.11.7"
    assert study(today) == "up to date"


def test_what_both_changed_stays_the_readers_with_the_courses_form_below(study):
    study()
    write_answer(study.path)
    today = changed("double", DOUBLE.replace("Twice x", "Two times x"))
    assert "1 changed by you too, with the course's form below (double)" in study(today)
    notebook = read(study.path)
    place = ids(notebook).index("double")
    assert notebook.cells[place].source.endswith("# mine")
    below = notebook.cells[place + 1]
    assert below.cell_type == "markdown", "a code cell would overwrite the reader's function when all cells are run"
    assert "The course has changed the cell above, and so have you" in below.source
    assert STUB.replace("Twice x", "Two times x") in below.source
    assert ANSWER not in study.path.read_text()
    assert study(today) == "up to date"
    study(changed("double", DOUBLE.replace("Twice x", "x and x")))
    notebook = read(study.path)
    assert sum("The course has changed" in cell.source for cell in notebook.cells) == 2
    assert "x and x" in notebook.cells[place + 1].source


def test_prose_that_both_changed_too(study):
    study()
    notebook = read(study.path)
    cell_of(notebook, "four-times").source += "\n\nMy remark."
    nbformat.write(notebook, study.path)
    study(changed("four-times", "## Four times\n\nBetter words."))
    notebook = read(study.path)
    place = ids(notebook).index("four-times")
    assert notebook.cells[place].source.endswith("My remark.")
    assert notebook.cells[place + 1].source.endswith("Better words.")


def test_deleted_cells_stay_deleted_and_added_ones_stay_below_theirs(study):
    study()
    notebook = read(study.path)
    notebook.cells = [cell for cell in notebook.cells if cell.id != "exercise-double"]
    notebook.cells.insert(ids(notebook).index("double") + 1, nbformat.v4.new_code_cell("my_own = 1", id="aaaa1111"))
    notebook.cells.insert(0, nbformat.v4.new_markdown_cell("My notes", id="bbbb2222"))
    nbformat.write(notebook, study.path)
    today = changed("end", "The very end.")
    cell_of(today, "exercise-double").source = EXERCISE + " Now."
    today.cells.insert(5, text("a-tip", "A tip."))
    study(today)
    found = ids(read(study.path))
    assert found[6] == "a-tip"
    assert found[:6] == ["bbbb2222", "small-sums", "set-up", "guess", "double", "aaaa1111"]
    assert "exercise-double" not in found


def test_a_reader_who_moves_cells_keeps_the_order(study):
    study()
    notebook = read(study.path)
    notebook.cells.insert(0, notebook.cells.pop(ids(notebook).index("end")))
    nbformat.write(notebook, study.path)
    before = ids(notebook)
    today = changed("small-sums", "# Small sums\n\nOther words.")
    today.cells.insert(-1, code("late", "late = 1"))
    study(today)
    after = ids(read(study.path))
    assert [cell_id for cell_id in after if cell_id != "late"] == before
    assert after[-2:] == ["eight", "late"]


def test_what_the_course_drops_stays_if_the_reader_wrote_in_it(study):
    study()
    write_answer(study.path)
    today = chapter()
    today.cells = [cell for cell in today.cells if cell.id not in ("double", "check-double")]
    study(today)
    found = ids(read(study.path))
    assert "double" in found
    assert "check-double" not in found


def test_an_editor_that_drops_the_ids_loses_nothing(study):
    study()
    write_answer(study.path)
    raw = json.loads(study.path.read_text())
    raw["nbformat_minor"] = 4
    for cell in raw["cells"]:
        del cell["id"]
    study.path.write_text(json.dumps(raw))
    study(changed("four-times", "Better words."))
    notebook = read(study.path)
    assert "Better words." in [cell.source for cell in notebook.cells]
    assert sum(cell.source.endswith("# mine") for cell in notebook.cells) == 1
    assert len(set(ids(notebook))) == len(notebook.cells)


def test_a_renamed_notebook_stays_as_it_is_and_goes_on_when_it_is_named_back(study):
    study()
    write_answer(study.path)
    mine = study.path.with_name("mine.ipynb")
    study.path.rename(mine)
    before = mine.read_bytes()
    today = changed("four-times", "Better words.")
    assert "written; yours under another name stays as it is: mine.ipynb" in study(today)
    assert mine.read_bytes() == before
    assert cell_of(read(study.path), "double").source == STUB
    mine.replace(study.path)
    assert "1 changed" in study(today)
    assert cell_of(read(study.path), "double").source.endswith("# mine")
    assert cell_of(read(study.path), "four-times").source == "Better words."


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[: len(data) // 2],
        lambda data: b"",
        lambda data: b"\xff\xfe\x00",
        lambda data: b"[1, 2]",
        lambda data: b'{"cells": [{"source": 3}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
        lambda data: b'{"cells": [], "metadata": {}, "nbformat": 99, "nbformat_minor": 5}',
        lambda data: data.replace(b'"chapter": "00_small_sums"', b'"chapter": "01_other"'),
    ],
)
def test_a_file_that_is_not_this_notebook_is_set_aside_and_it_is_said(study, damage):
    study()
    damaged = damage(study.path.read_bytes())
    for round_ in (1, 2):
        study.path.write_bytes(damaged)
        assert "was set aside as 00_small_sums.set-aside-" in study()
        aside = sorted(study.path.parent.glob("00_small_sums.set-aside-*.ipynb"))
        assert [path.read_bytes() for path in aside] == [damaged] * round_
        assert cell_of(read(study.path), "double").source == STUB


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=st.data())
def test_whatever_is_in_the_file_it_is_kept(tmp_path, drawn):
    """A value anywhere in the notebook is replaced by something else, or is gone."""
    path, odd = tmp_path / "00_small_sums.ipynb", [None, 3, "text", [], {}, [[1]], {"id": []}, True]
    for old in tmp_path.glob("*.ipynb"):
        old.unlink()
    with update.alone(tmp_path):
        update.bring(study_edition(chapter()), path, tmp_path)
        raw = json.loads(json.dumps(write_answer(path)))
        place, steps = raw, []
        while isinstance(place, dict | list) and place and (not steps or drawn.draw(st.integers(0, 3))):
            keys = sorted(place) if isinstance(place, dict) else range(len(place))
            steps.append((place, drawn.draw(st.sampled_from(keys))))
            place = place[steps[-1][1]]
        holder, key = steps[-1]
        if drawn.draw(st.booleans()):
            del holder[key]
        else:
            holder[key] = drawn.draw(st.sampled_from(odd))
        path.write_text(json.dumps(raw))
        update.bring(study_edition(changed("four-times", "Better words.")), path, tmp_path)
    everywhere = [path.read_text(), *(one.read_text() for one in tmp_path.glob("*.set-aside-*"))]
    assert "Better words." in everywhere[0] or '"four-times"' not in json.dumps(raw)
    if "# mine" in json.dumps(raw):
        assert any("# mine" in text for text in everywhere)


def test_without_the_pristine_copies_whatever_differs_is_the_readers(study):
    study()
    write_answer(study.path)
    for path in (study.path.parent / update.WRITTEN).glob("*.ipynb"):
        path.write_text("damaged")
    study(changed("four-times", "Better words."))
    notebook = read(study.path)
    assert cell_of(notebook, "double").source.endswith("# mine")
    place = ids(notebook).index("four-times")
    assert notebook.cells[place + 1].source.endswith("Better words.")
    assert study(changed("four-times", "Best words.")).endswith("below (four-times)")


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a clone")
def test_git_sees_nothing_of_it():
    inside = ["study/00_start_here.ipynb", "study/mine.ipynb", "study/.written/lock", "study/notes.txt"]
    done = subprocess.run(["git", "check-ignore", *inside], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.split() == inside
    default = inspect.signature(cli.study).parameters["to"].default
    assert default == Path("study"), "the folder that is ignored is the one that is written to"


def test_a_folder_that_cannot_be_written_is_named(study):
    study.path.parent.write_text("a file")
    assert "cannot be written to" in study(code=1)


def test_a_save_between_reading_and_writing_is_not_overwritten(study, monkeypatch):
    study()
    saved = []

    def saves_first(*forms):
        if not saved:
            saved.append(write_answer(study.path))
        return merged(*forms)

    monkeypatch.setattr(update, "merged", saves_first)
    study(changed("four-times", "Better words."))
    assert cell_of(read(study.path), "double").source.endswith("# mine")
    assert cell_of(read(study.path), "four-times").source == "Better words."


# ---------------------------------------------------------------- interruptions, and two at once


@pytest.mark.parametrize("step", [1, 2])  # the pristine copy, the notebook
@pytest.mark.parametrize("after", [False, True])
def test_an_interruption_at_any_step_leaves_the_old_notebook_or_the_new(study, monkeypatch, step, after):
    study()
    write_answer(study.path)
    old, replace, done = study.path.read_bytes(), os.replace, []

    def stops(source, target):
        done.append(target)
        if len(done) == step and not after:
            raise KeyboardInterrupt
        replace(source, target)
        if len(done) == step and after:
            raise KeyboardInterrupt

    today = changed("four-times", "Better words.")
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", stops)
        write_chapter(study.path.parents[1] / "chapters", today)
        CliRunner().invoke(app, ["study", str(study.path.parent), "--folder", str(study.path.parents[1] / "chapters")])
    assert len(done) == step
    if study.path.read_bytes() != old:
        assert cell_of(read(study.path), "four-times").source == "Better words."
    assert cell_of(read(study.path), "double").source.endswith("# mine")
    study(today)
    notebook = read(study.path)
    assert cell_of(notebook, "double").source.endswith("# mine")
    assert cell_of(notebook, "four-times").source == "Better words."
    assert not any("The course has changed" in cell.source for cell in notebook.cells)


FOREVER = """
import sys
from pathlib import Path
from workshop.editions import write_study
one, other, folder = map(Path, sys.argv[1:])
print("ready", flush=True)
while True:
    for chapter in (one, other):
        list(write_study([chapter], folder))
"""


def test_killed_at_random_moments_nothing_is_lost(tmp_path):
    one = write_chapter(tmp_path / "one")
    other = write_chapter(tmp_path / "other", changed("four-times", "Better words."))
    folder = tmp_path / "study"
    CliRunner().invoke(app, ["study", str(folder), "--folder", str(one.parent)])
    write_answer(folder / one.name)
    seen = set()
    for _ in range(3):
        command = [sys.executable, "-c", FOREVER, one, other, folder]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT)}) as process:
            process.stdout.readline()
            time.sleep(random.uniform(0.005, 0.15))
            os.kill(process.pid, signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
        notebook = read(folder / one.name)
        assert cell_of(notebook, "double").source.endswith("# mine")
        seen.add(cell_of(notebook, "four-times").source)
    assert seen <= {cell_of(chapter(), "four-times").source, "Better words."}
    answer = CliRunner().invoke(app, ["study", str(folder), "--folder", str(other.parent)])
    assert answer.exit_code == 0
    notebook = read(folder / one.name)
    assert cell_of(notebook, "four-times").source == "Better words."
    assert cell_of(notebook, "double").source.endswith("# mine")
    assert not any("The course has changed" in cell.source for cell in notebook.cells)
    assert [path.name for path in folder.iterdir() if path.name.endswith(".tmp")] == []


@pytest.mark.parametrize("command", ["study", "class"])
def test_what_was_written_is_said_also_when_a_later_chapter_fails(tmp_path, command):
    first = write_chapter(tmp_path / "chapters")
    (tmp_path / "chapters" / "01_broken.ipynb").write_text("{")
    answer = CliRunner().invoke(app, [command, str(tmp_path / "to"), "--folder", str(first.parent)])
    assert answer.exit_code == 1
    assert f"{first.name}: written\n" in answer.output
    assert "01_broken.ipynb:" in "".join(answer.output.split())


def a_file_for_the_pictures(chapters, to):
    to.mkdir()
    (to / "pictures").write_text("a file of the reader's")
    (to / "source" / "00_small_sums").mkdir(parents=True)
    (to / "source" / "00_small_sums" / "pictures").write_text("a file of the lecturer's")


def no_source(chapters, to):
    content = json.loads(chapters.read_text())
    content["cells"][0]["source"] = None
    chapters.write_text(json.dumps(content))


def a_check_that_is_no_python(chapters, to):
    content = nbformat.read(chapters, as_version=4)
    cell_of(content, "check-double").source = "check("
    nbformat.write(content, chapters)


def a_link_of_a_long_name(chapters, to):
    content = nbformat.read(chapters, as_version=4)
    cell_of(content, "end").source = f"[x]({'x' * 300}.md)"
    nbformat.write(content, chapters)


@pytest.mark.parametrize("command", ["study", "class"])
@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (a_file_for_the_pictures, "pictures"),
        (no_source, "not a notebook that can be read"),
        (a_check_that_is_no_python, "a check is not Python, 'check('"),
        (a_link_of_a_long_name, "written"),
    ],
)
def test_what_keeps_a_chapter_from_being_written_is_said(tmp_path, command, harm, said):
    chapters, to = write_chapter(tmp_path / "chapters"), tmp_path / "to"
    harm(chapters, to)
    answer = CliRunner().invoke(app, [command, str(to), "--folder", str(chapters.parent)])
    assert answer.exception is None or isinstance(answer.exception, SystemExit), "no traceback"
    if said == "written" or (command, harm) == ("study", a_check_that_is_no_python):
        assert answer.exit_code == 0, answer.output
    else:
        assert answer.exit_code == 1
        assert said.replace(" ", "") in "".join(answer.output.split())  # lines are broken where the terminal ends


def test_two_at_once_write_what_one_writes(tmp_path):
    source = write_chapter(tmp_path / "chapters")
    command = [sys.executable, "-m", "workshop", "study", tmp_path / "study", "--folder", source.parent]
    both = [subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(ROOT)}) for _ in range(2)]
    assert [process.wait(timeout=120) for process in both] == [0, 0]
    assert cell_of(read(tmp_path / "study" / source.name), "double").source == STUB


def test_who_waits_too_long_is_told_why(study, monkeypatch):
    monkeypatch.setattr(update, "SECONDS_TO_WAIT", 0.01)
    study()
    with FileLock(study.path.parent / update.WRITTEN / "lock"):
        assert "Another update of" in study(code=1)


# ---------------------------------------------------------------- whatever both do


@st.composite
def histories(draw):
    """A notebook as written, as a reader left it, and as the course has it today."""
    names = [f"cell-{number}" for number in range(draw(st.integers(1, 6)))]
    base = {name: f"text of {name}" for name in names}

    def acts(marks):
        form = dict(base)
        for number in range(draw(st.integers(0, 5))):
            act = draw(st.sampled_from(["edit", "delete", "add", "move"]))
            order = list(form)
            place = draw(st.integers(0, max(0, len(order) - 1)))
            if act == "add":
                order.insert(place, f"{marks}-{number}")
                form = {name: form.get(name, f"{marks} added {number}") for name in order}
            elif order and act == "edit":
                form[order[place]] = f"{marks} edited {number}"
            elif order and act == "delete":
                del form[order[place]]
            elif order:
                order.append(order.pop(place))
                form = {name: form[name] for name in order}
        return form

    return base, acts("reader"), acts("course")


def of(form):
    cells = [text(cell_id, source) for cell_id, source in form.items()]
    return nbformat.v4.new_notebook(cells=cells, metadata={"course": {}})


@settings(max_examples=300, deadline=None)
@given(histories())
def test_whatever_both_do_no_word_of_either_is_lost(history):
    base, mine, new = history
    result, _ = merged(of(base), of(mine), of(new))
    everything = "\n".join(cell.source for cell in result.cells)
    assert len(set(ids(result))) == len(result.cells)
    for cell_id, source in mine.items():
        if source != base.get(cell_id):
            assert source in [cell.source for cell in result.cells], "what the reader wrote is there as it was"
    for cell_id, source in new.items():
        if cell_id not in base or (source != base[cell_id] and cell_id in mine):
            assert source in everything, "what the course wrote is there"
    own = [cell_id for cell_id in mine if cell_id not in base or mine[cell_id] != base[cell_id]]
    assert set(own) <= set(ids(result))
    again, counts = merged(of(new), nbformat.from_dict(result), of(new))
    assert [(cell.id, cell.source) for cell in again.cells] == [(cell.id, cell.source) for cell in result.cells]
    assert str(counts) == "no cell has changed"
    if mine == base and list(mine) == list(base):
        assert [(cell.id, cell.source) for cell in result.cells] == list(new.items())
    if new == base and list(new) == list(base):
        assert [(cell.id, cell.source) for cell in result.cells] == list(mine.items())
