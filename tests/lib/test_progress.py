"""The progress loses nothing and stops nobody: two writers, damage, no right to write, other versions, odd clocks."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from course_lib import progress

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def folder(progress_folder):
    progress._said.clear()
    return progress_folder


def kept():
    return json.loads(progress.path().read_text(encoding="utf-8"))


def test_events_are_kept_in_their_order():
    progress.record("hint", "causal_mask", number=1)
    progress.record("check", "causal_mask", passed=True)
    assert [event["kind"] for event in progress.read()] == ["hint", "check"]
    assert kept()["version"] == 1
    assert progress.hints_taken("causal_mask") == 1


def test_failed_checks_in_a_row_are_counted():
    for passed in (False, False, True, False):
        progress.record("check", "causal_mask", passed=passed)
    assert [(event["passed"], event.get("times", 1)) for event in progress.read()] == [
        (False, 2), (True, 1), (False, 1)]  # fmt: skip


def test_failed_checks_of_two_exercises_are_counted_apart():
    for name in ("causal_mask", "padding_mask"):
        progress.record("check", name, passed=False)
    assert [(event["name"], event.get("times", 1)) for event in progress.read()] == [
        ("causal_mask", 1), ("padding_mask", 1)]  # fmt: skip


WRITER = """
import sys
from course_lib import progress
for number in range(40):
    progress.record("hint", sys.argv[1], number=number)
"""


def test_two_writers_at_once_lose_nothing():
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, name], cwd=ROOT) for name in ("one", "two", "three")]
    assert [writer.wait(120) for writer in writers] == [0, 0, 0]
    events = progress.read()
    for name in ("one", "two", "three"):
        assert [event["number"] for event in events if event["name"] == name] == list(range(40))


def test_a_writer_that_is_killed_leaves_a_whole_file(folder):
    progress.record("hint", "before", number=1)
    for _ in range(5):
        writer = subprocess.Popen([sys.executable, "-c", WRITER.replace("40", "100000"), "killed"], cwd=ROOT)
        start = len(progress.read())
        while len(progress.read()) < start + 3 and writer.poll() is None:
            pass
        writer.kill()
        writer.wait()
        assert kept()["events"][0]["name"] == "before"
    progress.record("hint", "after", number=1)
    assert progress.read()[-1]["name"] == "after"


def test_a_file_that_is_open_elsewhere_is_waited_for(monkeypatch, capsys):
    """As on Windows, where neither can be done while another process has it open."""
    refusals, replace, load = [4, 4], os.replace, progress._load

    def refusing(at, call):
        def refused(*arguments):
            if refusals[at]:
                refusals[at] -= 1
                raise PermissionError(13, "used by another process")
            return call(*arguments)

        return refused

    monkeypatch.setattr(os, "replace", refusing(0, replace))
    progress.record("hint", "x", number=1)
    monkeypatch.setattr(progress, "_load", refusing(1, load))
    assert [event["number"] for event in progress.read()] == [1]
    assert refusals == [0, 0]
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"\xff\xfe\x00", b"[]", b"null", b"3", b'{"version": 1}', b'{"version": 1, "events": [3]}',
     b'{"version": 1, "events": [{"kind": "hint"}]}', b'{"version": "x", "events": []}', b"[" * 100_000],
)  # fmt: skip
def test_a_damaged_file_is_set_aside_and_said(folder, damage, capsys):
    folder.mkdir()
    progress.path().write_bytes(damage)
    assert progress.read() == []
    progress.record("hint", "causal_mask", number=1)
    aside = list(folder.glob("progress.damaged-*.json"))
    assert [path.read_bytes() for path in aside] == [damage]
    assert len(progress.read()) == 1
    assert f"It is now {aside[0]}" in capsys.readouterr().err


def test_every_kind_of_event_is_documented():
    text = "".join(path.read_text(encoding="utf-8") for path in Path(progress.__file__).parent.rglob("*.py"))
    kinds = set(re.findall(r'progress\.record\("([a-z-]+)"', text))
    assert {"check", "quiz-answer"} <= kinds
    assert kinds == set(re.findall(r'"([a-z-]+)"', progress.record.__doc__))


def test_damaged_files_of_the_same_second_are_all_kept(folder, monkeypatch):
    monkeypatch.setattr(progress, "_now", lambda: "2026-01-01T00:00:00Z")
    folder.mkdir()
    for number in range(3):
        progress.path().write_text(f"damage {number}")
        progress.record("hint", "x")
    assert sorted(path.read_text() for path in folder.glob("*damaged*")) == [f"damage {number}" for number in range(3)]


def test_a_newer_version_s_file_is_left_alone(folder, capsys):
    folder.mkdir()
    text = '{"version": 2, "events": {"other": "form"}}'
    progress.path().write_text(text)
    progress.record("hint", "x")
    assert progress.read() == []
    assert progress.path().read_text() == text
    assert capsys.readouterr().err.count("newer version") == 1


def test_events_of_a_kind_unknown_here_stay():
    progress.record("badge", "x", colour="green")
    progress.record("hint", "x")
    assert progress.read()[0]["colour"] == "green"


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "geteuid"), reason="rights of Linux and macOS")
def test_a_folder_that_cannot_be_written_is_said_once(monkeypatch, tmp_path, capsys):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "file"))
    for _ in range(3):
        progress.record("hint", "x")
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("Progress is not kept") == 1
    assert progress.read() == []


def test_rights_that_are_missing_are_said(monkeypatch, capsys):
    def refused(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(progress.os, "replace", refused)
    progress.record("hint", "x")
    assert "Progress is not kept: Permission denied" in capsys.readouterr().err
    assert [path.name for path in progress.folder().iterdir() if "tmp" in path.name] == []


@pytest.mark.parametrize("chosen", ["~nobody-of-this-name/x", "x" * 5000, "a\0b"])
def test_a_folder_that_cannot_be_is_said(monkeypatch, chosen, capsys):
    if "\0" in chosen:
        monkeypatch.setattr(progress.os.environ, "get", lambda *_: chosen)
    else:
        monkeypatch.setenv("COURSE_PROGRESS", chosen)
    progress.record("hint", "x")
    assert progress.read() == []
    assert "rogress" in capsys.readouterr().err


def test_off_keeps_nothing(monkeypatch, folder):
    monkeypatch.setenv("COURSE_PROGRESS", "off")
    progress.record("hint", "x")
    assert progress.path() is None
    assert progress.read() == []
    assert not folder.exists()


def test_a_relative_folder_is_the_same_from_everywhere(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_PROGRESS", "mine")
    here = progress.path()
    monkeypatch.chdir(tmp_path)
    assert progress.path() == here == ROOT / "mine" / "progress.json"


def test_without_a_choice_it_is_the_platform_s_folder(monkeypatch):
    import platformdirs

    monkeypatch.delenv("COURSE_PROGRESS")
    assert progress.folder() == Path(platformdirs.user_data_dir("transformers-executed", appauthor=False))


def test_an_odd_clock_changes_no_order(monkeypatch):
    for when in ("2026-05-01T00:00:00Z", "1970-01-01T00:00:00Z", "unknown"):
        monkeypatch.setattr(progress, "_now", lambda when=when: when)
        progress.record("hint", when)
    assert [event["when"] for event in progress.read()] == [
        "2026-05-01T00:00:00Z", "1970-01-01T00:00:00Z", "unknown"]  # fmt: skip


def test_what_is_no_json_is_said_and_nothing_is_lost(capsys):
    progress.record("hint", "x")
    progress.record("hint", "y", number=object())
    assert [event["name"] for event in progress.read()] == ["x"]
    assert "Progress is not kept" in capsys.readouterr().err


def test_a_link_stays_a_link(folder, tmp_path):
    folder.mkdir()
    elsewhere = tmp_path / "elsewhere.json"
    elsewhere.write_text('{"version": 1, "events": []}')
    try:
        progress.path().symlink_to(elsewhere)
    except OSError:
        pytest.skip("no links here")
    progress.record("hint", "x")
    assert progress.path().is_symlink()
    assert len(json.loads(elsewhere.read_text())["events"]) == 1


def test_predictions_after_the_outcome_do_not_count():
    progress.record("prediction", "banks", answer=1, sure=60)
    progress.record("prediction", "banks", answer=2, sure=80)
    progress.record("outcome", "banks", outcome=2, right=True)
    progress.record("prediction", "banks", answer=3, sure=100)
    progress.record("outcome", "banks", outcome=2, right=False)
    progress.record("outcome", "other", outcome=1, right=None)
    progress.record("prediction", "other", answer=1, sure=100)
    progress.record("prediction", "open", answer=1, sure=70)
    assert progress.predictions()["banks"]["answer"] == 2
    assert "other" not in progress.predictions()
    assert progress.pairs() == [(0.8, True)]
