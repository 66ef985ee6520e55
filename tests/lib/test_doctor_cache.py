"""Doctor and a cache that cannot be: no crash, and no "ok" where something will fail."""

import json
import os
import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from course_lib import doctor

ROOT = Path(__file__).resolve().parents[2]
AS_ANOTHER = """
import json, os, sys
from course_lib import doctor
doctor.examine()  # imports what may lie where another user cannot read
os.setgroups([]); os.setgid(65534); os.setuid(54321)
print(json.dumps([[one.subject, one.state, one.found, one.advice] for one in doctor.examine()]))
"""


@pytest.fixture(autouse=True)
def _without_network(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def states(findings):
    return {finding.subject: finding.state for finding in findings}


@pytest.mark.parametrize(
    ("named", "says"),
    [
        ("~nobody-of-this-name/cache", "there is no such home folder"),
        ("/tmp/" + "x" * 300, "File name too long"),
        ("/proc/self/cache", "cannot be written"),
        ("/dev/null/cache", "is no folder"),
    ],
)
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="these paths and words are those of Linux")
def test_a_cache_that_cannot_be_is_a_problem(monkeypatch, named, says):
    monkeypatch.setenv("COURSE_HOME", named)
    found = doctor._cache(doctor._place()[1])
    assert found.state == "problem"
    assert says in found.found
    assert "COURSE_HOME" in found.advice
    every = states(doctor.examine())
    assert every["cache"] == "problem"
    assert every["checkpoint minilm"] == "problem"
    assert every["texts leads"] == "problem"


@pytest.mark.parametrize("inner", ["checkpoints", "wheels", "datasets"])
def test_a_file_in_place_of_a_folder_of_the_cache(monkeypatch, tmp_path, inner):
    (tmp_path / inner).write_text("")
    monkeypatch.setenv("COURSE_HOME", str(tmp_path))
    assert doctor._cache(doctor._place()[1]).state == "problem"
    assert doctor._cache(doctor._place()[1]).found == f"{tmp_path / inner} is no folder"
    assert states(doctor.examine())["cache"] == "problem"


@pytest.mark.parametrize("inner", [".", "checkpoints", "wheels", "datasets"])
@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_that_leads_nowhere_in_place_of_a_folder_of_the_cache(monkeypatch, tmp_path, inner):
    cache = tmp_path / "cache"
    if inner != ".":
        cache.mkdir()
    (cache / inner).symlink_to(tmp_path / "no disk here")
    monkeypatch.setenv("COURSE_HOME", str(cache / "below" if inner == "." else cache))
    assert doctor._cache(doctor._place()[1]).state == "problem"
    assert doctor._cache(doctor._place()[1]).found == f"{cache / inner} is a link that leads nowhere"
    assert states(doctor.examine())["cache"] == "problem"


@pytest.mark.skipif(os.name == "nt", reason="nobody removes a folder there in which a program runs")
def test_a_relative_home_in_a_folder_that_was_removed(monkeypatch, tmp_path):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    monkeypatch.setenv("COURSE_HOME", "cache")
    (tmp_path / "gone").rmdir()
    every = {finding.subject: finding for finding in doctor.examine()}
    assert every["cache"].state == "problem"
    assert every["cache"].found == "COURSE_HOME=cache: the folder where this runs was removed"
    assert every["checkpoint minilm"].state == "problem"


@pytest.mark.parametrize(
    ("free", "prepared", "state"), [(5e7, True, "problem"), (1e9, True, "ok"), (1e9, False, "problem")]
)
def test_a_full_disk_is_a_problem_also_when_all_is_prepared(monkeypatch, tmp_path, free, prepared, state):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setenv("COURSE_HOME", str(tmp_path))
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage(1e12, 1e12 - free, free))
    monkeypatch.setattr(doctor, "_whole", lambda: prepared)
    assert doctor._disk(*doctor._place()).state == state


@pytest.mark.parametrize(
    ("home", "path", "shown"),
    [
        ("/home/an", "/home/an/course/.venv", "~/course/.venv"),
        ("/home/an", "/home/an", "~"),
        ("/home/an", "/home/anna/course", "/home/anna/course"),
        ("/home/an", "/disk/home/an/course", "/disk/home/an/course"),
        ("/", "/course/.venv", "~/course/.venv"),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="HOME is the home folder of other systems")
def test_only_what_lies_in_the_home_folder_is_shown_so(monkeypatch, home, path, shown):
    monkeypatch.setenv("HOME", home)
    assert doctor._shown(Path(path)) == shown
    monkeypatch.setattr(sys, "prefix", path)
    assert doctor._environment().found.split(" belongs to ")[0] == shown


def test_the_cache_is_left_as_it_was(monkeypatch, tmp_path):
    (tmp_path / "checkpoints").mkdir()
    monkeypatch.setenv("COURSE_HOME", str(tmp_path))
    assert doctor._cache(doctor._place()[1]).state == "ok"
    assert [path.name for path in tmp_path.rglob("*")] == ["checkpoints"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only the administrator can become another")
@pytest.mark.parametrize("closed", [True, False])
def test_a_user_without_an_entry_and_without_a_home(tmp_path, closed):
    """Also where the cache is another's: mode 0700."""
    environment = {
        name: value for name, value in os.environ.items() if name not in ("HOME", "COURSE_HOME", "XDG_CACHE_HOME")
    }
    environment |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(ROOT)}
    if closed:
        (tmp_path / "cache").mkdir(mode=0o700)
        environment["COURSE_HOME"] = str(tmp_path / "cache" / "inner")
        tmp_path.chmod(0o755)
    done = subprocess.run([sys.executable, "-c", AS_ANOTHER], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = {subject: (state, text, advice) for subject, state, text, advice in json.loads(done.stdout)}
    assert found["cache"][0] == "problem"
    if not closed:
        assert "home folder" in found["cache"][1]
    assert found["environment"][0] == "note"
    assert "VENV=FOLDER" in found["environment"][2]
