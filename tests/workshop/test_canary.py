"""What `make canary` reports, with a fake installation and pytest's real report on a small notebook."""

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from workshop import canary
from workshop.install import Refused

CHANGES = canary.changes
LOCK = "torch==2.13.0 \\\n    --hash=sha256:aa\ntransformers==5.23.0 \\\n    --hash=sha256:bb\nJinja2==3.1.6\n"
PYPROJECT = """
[project]
dependencies = ["torch>=2.6", "transformers>=5.20,<6"]
[project.optional-dependencies]
workshop = []
test = ["pytest>=8.3"]
dev = ["ruff"]
"""
CLAIMS = {
    "C01": {"chapter": 1, "claim": "One | two."},
    "C02": {"chapter": 1, "claim": "Two is two."},
    "C03": {"chapter": 1, "claim": "Three."},
    "C09": {"chapter": 2, "claim": "Not executed."},
}


def cell(source, stored="", *tags):
    made = new_code_cell(source, execution_count=1, metadata={"tags": list(tags)})
    made.outputs = [new_output("stream", name="stdout", text=stored)] if stored else []
    return made


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    """A folder with a chapter of which two claims and one output have changed, and pytest's report on it."""
    folder = tmp_path_factory.mktemp("chapters")
    cells = [
        new_markdown_cell("# One"),
        cell("print('a')\nprint('now')", "a\nbefore\n", "claim-C01"),
        new_markdown_cell("More"),
        cell("assert 1 == 2, 'one is not two'", "", "claim-C02"),
        cell("print(3)", "3\n", "claim-C03"),
        cell("print(5)", "4\n"),
    ]
    nbformat.write(new_notebook(cells=cells), folder / "01_one.ipynb")
    bad = "def test_bad():\n    try: raise KeyError('an earlier one')\n    except KeyError: assert [1] == [2]\n"
    worse = "def test_worse():\n    try: {}[1]\n    except KeyError as cause: raise ValueError('the end') from cause\n"
    (folder / "test_small.py").write_text(f"def test_good(): pass\n{bad}{worse}")
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "--junitxml=junit.xml", "-q"]
    subprocess.run([*command, "-p", "no:cacheprovider", "--rootdir", folder, folder], cwd=folder, capture_output=True)
    return folder, (folder / "junit.xml").read_text(encoding="utf-8")


def test_the_report_of_pytest_is_read(checked):
    folder, junit = checked
    found = {(change.file, change.place): change for change in canary.changes(junit, folder)}
    cells = {("01_one", "cell 1"), ("01_one", "cell 2"), ("01_one", "cell 4")}
    assert set(found) == cells | {("test_small", "test_bad"), ("test_small", "test_worse")}
    assert found["01_one", "cell 1"].claims == ("C01",)
    assert found["01_one", "cell 1"].found == "was `before`, is `now`"
    assert found["01_one", "cell 2"].claims == ("C02",)
    assert found["01_one", "cell 2"].found == "AssertionError: one is not two"
    assert found["01_one", "cell 4"].claims == ()
    assert "[1] == [2]" in found["test_small", "test_bad"].found
    assert found["test_small", "test_worse"].found == "ValueError: the end"


def test_the_table_says_which_claims_and_outputs_change(checked):
    folder, junit = checked
    text = canary.report([("datasets", "5.2.0", "6.0")], canary.changes(junit, folder), CLAIMS, ["01_one.ipynb"])
    assert "1 of 3 claims hold" in text, "a claim of a chapter that was not executed does not count"
    assert "| datasets | 5.2.0 | 6.0 |" in text
    assert "| C01 | One \\| two. | 01_one, cell 1 | was `before`, is `now` |" in text
    assert "| C02 | Two is two. | 01_one, cell 2 | AssertionError: one is not two |" in text
    assert "C03" not in text
    assert "| 01_one | cell 4 |" in text
    assert "| test_small | test_bad |" in text


def test_nothing_changes():
    text = canary.report([], [], CLAIMS, ["01_one.ipynb", "02_two.ipynb"])
    assert "4 of 4 claims hold" in text
    assert text.count("None changes.") == 2
    assert "None is newer." in text


def test_torch_stays_unless_it_is_asked_for():
    assert canary.requirements(PYPROJECT, LOCK, False) == ["torch==2.13.0", "transformers>=5.20,<6", "pytest>=8.3"]
    assert canary.requirements(PYPROJECT, LOCK, True)[0] == "torch>=2.6"


def test_which_packages_have_moved():
    installed = {"torch": "2.13.0+cpu", "transformers": "5.24.1", "jinja2": "3.1.6", "new-one": "1.0", "pip": "26"}
    assert canary.moved(LOCK, installed) == [("new-one", "none", "1.0"), ("transformers", "5.23.0", "5.24.1")]


def test_which_chapters():
    every = [Path("00_start.ipynb"), Path("02_two.ipynb"), Path("05_five.ipynb")]
    assert canary.chosen(every, "") == every
    assert canary.chosen(every, "2, 05") == every[1:]
    with pytest.raises(Refused, match="no chapter 09"):
        canary.chosen(every, "02,09")


@pytest.mark.parametrize("broken", [True, False])
def test_from_end_to_end_with_fakes(checked, tmp_path, monkeypatch, capsys, broken):
    folder, junit = checked
    asked = []
    monkeypatch.setenv("CHAPTERS", "01")
    monkeypatch.setattr(canary, "changes", lambda report, chapters: CHANGES(report, folder))

    def install_into(place, newest_torch, torch_index):
        asked.append((place, newest_torch))
        return Path(sys.executable)

    def run_in(python, place, chapters):
        asked.append([path.name[:2] for path in chapters])
        return junit if broken else "<testsuites/>"

    assert canary.main(install_into, run_in, tmp_path) == (1 if broken else 0)
    assert asked == [(tmp_path / "canary", False), ["01"]]
    text = (tmp_path / "canary.md").read_text(encoding="utf-8")
    assert text in capsys.readouterr().out
    listed = json.loads((canary.ROOT / "tests/claims.json").read_text(encoding="utf-8"))
    claims = [claim for claim in listed.values() if claim["chapter"] == 1]
    held = len(claims) - (2 if broken else 0)
    assert f"{held} of {len(claims)} claims hold" in text


PRINTS = """
import sys
from pathlib import Path
from workshop import canary
canary.changes = lambda *_: [canary.Change("01_one", "cell 1", (), "was `✓`, is `x`")]
sys.exit(canary.main(lambda *_: Path(sys.executable), lambda *_: "", Path(sys.argv[1])))
"""


def test_a_console_without_the_signs_ends_no_run(tmp_path):
    told = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "CHAPTERS": "01"}
    command = [sys.executable, "-c", PRINTS, tmp_path]
    done = subprocess.run(command, cwd=canary.ROOT, env=told, capture_output=True)
    assert (done.returncode, done.stderr) == (1, b"")
    assert b"was `?`, is `x`" in done.stdout
    assert "was `✓`, is `x`" in (tmp_path / "canary.md").read_text(encoding="utf-8")


def test_an_interrupted_installation_is_made_anew(tmp_path, monkeypatch):
    asked = []

    def pip(python, arguments, title, log, total, told=None):
        asked.append([title, *arguments])
        if len(asked) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(canary.install, "OPTIONS", ["--without-pip"])
    monkeypatch.setattr(canary.running_pip, "run", pip)
    with pytest.raises(KeyboardInterrupt):
        canary.environment(tmp_path, False, "")
    (tmp_path / ".venv" / "half").touch()
    python = canary.environment(tmp_path, False, "")
    assert python.exists()
    assert not (tmp_path / ".venv" / "half").exists()
    (tmp_path / ".venv" / "kept").touch()
    canary.environment(tmp_path, False, "")
    assert (tmp_path / ".venv" / "kept").exists(), "the next night it is only brought up to date"
    assert asked[0][:3] == ["torch", "install", "--upgrade"]
    assert asked[0][-1].startswith("torch==")
    assert "eager" in asked[1]
    assert any(one.startswith("transformers>=") for one in asked[1])


@pytest.mark.parametrize("some", [True, False])
def test_pytest_understands_what_it_is_asked(tmp_path, some):
    chapter = canary.ROOT / "chapters" / "00_start_here.ipynb"
    arguments = canary.asked_of_pytest(tmp_path, [chapter], some)
    assert ("tests/lib" in arguments) == (not some)
    arguments = ["tests/lib/test_costs.py" if one == "tests/lib" else one for one in arguments]  # one file is enough
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *arguments]
    done = subprocess.run(command, cwd=canary.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "00_start_here.ipynb::" in done.stdout


def test_a_report_that_cannot_be_written_is_printed_and_no_folder_is_an_error_in_words(tmp_path, capsys):
    steps = lambda *_: Path(sys.executable), lambda *_: "<testsuite/>"
    (tmp_path / "file").write_text("precious")
    assert canary.main(*steps, tmp_path / "file") == 2
    assert str(tmp_path / "file") in capsys.readouterr().err
    (tmp_path / "canary.md").mkdir()
    assert canary.main(*steps, tmp_path) == 2
    said = capsys.readouterr()
    assert "claims hold as they are stored" in said.out, "what took hours is not lost"
    assert str(tmp_path / "canary.md") in said.err


def test_the_chapters_are_executed_in_one_run(monkeypatch, tmp_path):
    """So that two run at a time, and the libraries of the command are loaded once."""
    commands = []

    def call(command, **_):
        commands.append([str(part) for part in command[1:]])
        (tmp_path / "junit.xml").write_text("<testsuite/>", encoding="utf-8")

    monkeypatch.setattr(canary.subprocess, "run", call)
    chapters = [canary.ROOT / "chapters" / f"{name}.ipynb" for name in ("02_x", "05_y")]
    assert canary.run(Path("python"), tmp_path, chapters) == "<testsuite/>"
    executed, tested = commands
    assert executed == ["-m", "workshop", "run", "02_x", "05_y", "--build", str(tmp_path), "--force"]
    assert tested[:2] == ["-m", "pytest"]
