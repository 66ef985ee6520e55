"""Every target of the Makefile is done by workshop/make.py, which needs no make."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from workshop import install, make

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def called(monkeypatch):
    """The commands that would be run; the environment is taken as ready."""
    commands = []
    for name in make.SETTINGS:
        monkeypatch.setenv(name, "")  # so that what `main` sets is taken back
        monkeypatch.delenv(name)
    monkeypatch.setenv(make.STARTED, "")
    monkeypatch.setattr(install, "setup", lambda *arguments, **how: commands.append(["setup", *arguments, how]))
    monkeypatch.setattr(install, "carry", lambda *arguments: commands.append(["carry", *arguments]))

    def call(command, environment):
        commands.append(command[1:])
        call.python = command[0]
        call.environment = environment
        return call.code

    call.code = 0
    monkeypatch.setattr(make, "call", call)
    return commands, call


def test_make_has_the_same_targets():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.search(r"^TARGETS := (.*)$", text, re.MULTILINE)[1].split()
    assert targets == list(make.TARGETS)
    assert {"course", "test", "lab", "carry", "canary", "doctor", "clean"} <= set(targets)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no make")
def test_make_alone_lists_them():
    listed = subprocess.run(["make", "-C", ROOT, "--no-print-directory"], capture_output=True, text=True, check=True)
    for target in make.TARGETS:
        assert f"make {target} " in listed.stdout
    for setting in make.SETTINGS:
        assert f"{setting}=" in listed.stdout


def test_without_make_it_says_how_it_is_called_then():
    environment = {name: value for name, value in os.environ.items() if name != "MAKELEVEL"}
    command = [sys.executable, "-m", "workshop.make"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert "python -m workshop.make course " in done.stdout


WITHOUT = ("lock", "environment")  # they write what the set-up reads: a set-up before them would be done twice


@pytest.mark.parametrize("target", [name for name in make.TARGETS if name not in ("clean", "setup", *WITHOUT)])
def test_each_target_does_its_own_set_up_and_then_its_command(called, target):
    commands, _ = called
    assert make.main([target]) == 0
    assert commands[0][0] == "setup"
    assert len(commands) > 1


@pytest.mark.parametrize("target", WITHOUT)
def test_what_the_set_up_reads_is_written_without_it(called, monkeypatch, target):
    commands, call = called
    assert make.main([target]) == 0
    assert commands == [["-m", f"workshop.{target}"]]
    assert call.python == sys.executable, "there may be no environment yet"
    code = f"import workshop.{target}"
    alone = [sys.executable, "-S", "-c", code]  # -S: nothing that is installed can be imported
    subprocess.run(alone, cwd=ROOT, env={**os.environ, "PYTHONPATH": ""}, check=True, capture_output=True)
    monkeypatch.setattr(install, "OLDEST", (4, 0))
    assert make.main([target]) == 1
    assert len(commands) == 1


def test_course_in_a_room_without_network(called, tmp_path):
    commands, _ = called
    assert make.main(["course", f"WHEELS={tmp_path}", "VENV=other"]) == 0
    assert commands[0] == ["setup", ROOT / "other", str(tmp_path), "", {"named": False}]
    assert commands[1] == ["-m", "workshop", "fetch", "--from", str(tmp_path)]
    assert commands[2:] == [["-m", "workshop", "run"], ["-m", "workshop", "answers"]]


def test_a_command_that_fails_ends_it_with_its_code(called):
    commands, call = called
    call.code = 3
    assert make.main(["course"]) == 3
    assert len(commands) == 2


def test_tests_run_also_when_a_chapter_fails(called, monkeypatch):
    commands, call = called
    call.code = 1
    monkeypatch.setattr(make, "fetch", lambda: None)
    assert make.main(["test"]) == 1
    assert [command[1] for command in commands] == ["workshop", "pytest"]
    assert "--nbval" in commands[1]
    assert commands[1][commands[1].index("--dist") + 1] == "loadfile", "the cells of a chapter need one kernel"


def test_a_named_python_is_started_and_known_to_be_named(called, monkeypatch):
    commands, _ = called
    assert make.main(["setup", "PYTHON=py -3.12", "VENV=x"]) == 0
    assert commands == [["-3.12", "-m", "workshop.make", "setup", "VENV=x"]]
    assert os.environ["PYTHON"] == "py -3.12"
    monkeypatch.setenv(make.STARTED, called[1].environment[make.STARTED])
    assert make.main(["setup"]) == 0
    assert commands[-1][-1] == {"named": True}
    assert make.STARTED not in os.environ, "a make that is called from it starts the Python that it is given"


def test_a_python_named_in_the_environment_is_started_once(called, monkeypatch):
    commands, call = called
    monkeypatch.setenv("PYTHON", "py -3.12")
    assert make.main(["setup"]) == 0
    assert (call.python, commands) == ("py", [["-3.12", "-m", "workshop.make", "setup"]])
    monkeypatch.setenv(make.STARTED, call.environment[make.STARTED])
    assert make.main(["setup"]) == 0
    assert commands[1:] == [["setup", ROOT / ".venv", "", "", {"named": True}]]


@pytest.fixture
def spaced(tmp_path):
    """A program that says how it was called, and that it runs in the Python that is named; its path holds a space."""
    program = tmp_path / "my tools" / "python"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$0" "$@" ${make.STARTED}\n')
    program.chmod(0o755)
    return str(program)


@pytest.mark.skipif(os.name == "nt", reason="starts a script of a shell")
def test_the_path_of_a_python_may_hold_a_space(called, spaced):
    assert make.main(["setup", f"PYTHON={spaced}"]) == 0
    assert [called[1].python, *called[0]] == [spaced, ["-m", "workshop.make", "setup"]]
    assert make.command_of(f"'{spaced}' -X dev") == [spaced, "-X", "dev"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no make")
@pytest.mark.parametrize("named", ["{}", "'{}' -X dev"])
def test_with_make_too(spaced, named):
    command = ["make", "-C", ROOT, "--no-print-directory", "setup", f"PYTHON={named.format(spaced)}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == f"{spaced}{named[4:]} -m workshop.make setup 1\n"


@pytest.mark.parametrize("wrong", ["/no/such python", "'unclosed"])
def test_a_python_that_does_not_start_is_named(called, monkeypatch, capsys, wrong):
    def call(command, environment):
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(make, "call", call)
    assert make.main(["setup", f"PYTHON={wrong}"]) == 1
    assert f"PYTHON={wrong} does not start: No" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", ["corse", "VEMV=x"])
def test_what_is_not_there_is_named(called, capsys, wrong):
    assert make.main([wrong]) == 2
    assert f"There is no {wrong.split('=')[0]}." in capsys.readouterr().err
    assert called[0] == []


def test_a_refusal_is_said_without_a_traceback(called, monkeypatch, capsys):
    def refuse(*arguments, **how):
        raise install.Refused("the disk is full")

    monkeypatch.setattr(install, "setup", refuse)
    assert make.main(["course"]) == 1
    assert capsys.readouterr().err == "the disk is full\n"


def test_what_the_system_refuses_is_said_without_a_traceback(called, monkeypatch, capsys):
    def refuse(path):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(make, "ROOT", Path(__file__).parent)
    monkeypatch.setattr(make, "MADE", ["parity"])
    monkeypatch.setattr(Path, "is_dir", lambda path: True)
    monkeypatch.setattr(shutil, "rmtree", refuse)
    assert make.main(["clean"]) == 1
    said = capsys.readouterr().err
    assert "Permission denied" in said
    assert str(Path("build", "parity")) in said
    assert "run the same command again" in said


def test_an_interruption_says_that_it_carries_on(called, monkeypatch, capsys):
    def interrupt(*arguments, **how):
        raise KeyboardInterrupt

    monkeypatch.setattr(install, "setup", interrupt)
    assert make.main(["course"]) == 130
    assert "it carries on" in capsys.readouterr().err


def test_only_jupyterlab_shows_the_bars_of_libraries(called, monkeypatch):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    make.main(["lab"])
    assert "TQDM_DISABLE" not in called[1].environment
    make.main(["test"])
    assert called[1].environment["TQDM_DISABLE"] == "1"


WAITS = """
import signal, sys, time
signal.signal(signal.SIGINT, lambda *_: (time.sleep(0.7), print("shut down in my own way", flush=True), sys.exit(3)))
print("ready", flush=True)
time.sleep(30)
"""


@pytest.mark.skipif(os.name == "nt", reason="sends a signal to a group of processes")
def test_after_ctrl_c_a_command_ends_in_its_own_way(tmp_path):
    (tmp_path / "waits.py").write_text(WAITS)
    program = [sys.executable, str(tmp_path / "waits.py")]
    code = f"import os; from workshop import make; make.call({program}, dict(os.environ))"
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    assert process.stdout.readline() == b"ready\n"
    os.killpg(process.pid, signal.SIGINT)
    out, error = process.communicate(timeout=30)
    assert out == b"shut down in my own way\n"
    assert b"KeyboardInterrupt" in error


def test_clean_removes_the_results_alone(called, monkeypatch, tmp_path):
    build = tmp_path / "build"
    dear = [build / place for place in ("recipes/ner.pt", "gpu/out/ner.pt", "carry/a.whl", "canary/.venv/pyvenv.cfg")]
    made = [build / place for place in ("executed/a.ipynb", "site/a.html", "site-source/a.md", "slides-source/a.md")]
    made += [build / place for place in ("jupyter_execute/a.ipynb", "site-doctrees/a", "bench.md", "canary.md")]
    for path in dear + made:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    monkeypatch.setattr(make, "ROOT", tmp_path)
    assert make.main(["clean"]) == 0
    assert make.main(["clean"]) == 0
    assert sorted(path for path in build.rglob("*") if path.is_file()) == sorted(dear)
    assert {path.name for path in build.iterdir()} == {"recipes", "gpu", "carry", "canary"}
    for folder in build.iterdir():
        shutil.rmtree(folder)
    (build / "site").mkdir()
    (tmp_path / "kept").mkdir()
    assert make.main(["clean"]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["kept"], "an empty build goes too"
    assert called[0] == []


def test_what_was_given_to_make_test_reaches_no_test():
    assert not set(make.SETTINGS) & set(os.environ)
