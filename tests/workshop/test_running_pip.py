"""How far pip is, and why it stopped, read from what releases 22 to 25 of it print."""

import io
import os
import sys
from pathlib import Path

import pytest

from workshop import running_pip
from workshop.running_pip import Line, Progress, Refused, explain

PIP = """\
Looking in indexes: https://user:****@mirror.example.org/simple
Ignoring appnope: markers 'sys_platform == "darwin"' don't match your environment
Collecting absl-py==2.5.1 (from -r lock.txt (line 1))
  Using cached absl_py-2.5.1-py3-none-any.whl (136 kB)
Collecting pyarrow==26.0.1 (from -r lock.txt (line 9))
  Downloading pyarrow-26.0.1-cp311-cp311-manylinux_2_28_x86_64.whl (55.2 MB)
     ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ 55.2/55.2 MB 24.8 MB/s eta 0:00:00
Requirement already satisfied: packaging==26.3 in ./.venv/lib
Processing /carry/scipy-1.17.1-cp311-cp311-manylinux_2_28_x86_64.whl (from -r lock.txt (line 20))
Collecting numpy==2.4.6
  Downloading numpy-2.4.6-cp311-cp311-macosx_14_0_arm64.whl (20.0 MB)
"""


def after(text, total=7):
    progress = Progress(total)
    for line in text.splitlines():
        progress.read(line)
    return progress


def test_packages_and_megabytes():
    assert after(PIP).text() == "fetching 5 of 6 packages, 55 MB, numpy (20 MB)"
    assert after(PIP + "Progress 4000000 of 20000000\n").text() == "fetching 5 of 6 packages, 59 MB, numpy (20 MB)"
    retry = "WARNING: Retrying (Retry(total=4, connect=None)) after connection broken\n"
    assert after(PIP + retry).text().endswith("numpy (20 MB): no answer, trying again")


def test_what_is_unpacked_is_counted_in_the_folder(tmp_path):
    (tmp_path / "pip-23.dist-info").mkdir()
    progress = Progress(2, tmp_path)
    progress.read("Installing collected packages: a, b")
    assert progress.text() == "unpacking 0 of 2 packages"
    (tmp_path / "a-1.dist-info").mkdir()
    assert progress.text() == "unpacking 1 of 2 packages"


@pytest.mark.parametrize("odd", ["", "\x00", "Collecting", "Progress x of y", "  Downloading", "Processing .", "🙂"])
def test_a_line_that_nobody_expects_changes_nothing(odd):
    assert after(PIP + odd + "\n").text() == after(PIP).text()


RETRY = (
    "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(\"HTTPSConnection("
    "host='index.example.org', port=443): Failed to establish a new connection\")': /simple/torch/\n"
    "ERROR: Could not find a version that satisfies the requirement torch==2.13.0 (from versions: none)\n"
    "ERROR: No matching distribution found for torch==2.13.0"
)


@pytest.mark.parametrize(
    ("printed", "says"),
    [
        (
            RETRY,
            [
                "index.example.org gives no answer",
                "HTTPS_PROXY",
                "PIP_INDEX_URL",
                "WHEELS=",
                "run the same command again",
            ],
        ),
        (
            "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
            ["disk is full", "VENV="],
        ),
        (
            "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.",
            ["not one of those", "PIP_INDEX_URL"],
        ),
        (
            "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]')) host='a.org'",
            ["of a.org", "PIP_CERT"],
        ),
        ("ProxyError('Cannot connect to proxy.', OSError('Tunnel connection failed: 407'))", ["proxy", "HTTPS_PROXY="]),
        (
            "ERROR: HTTP error 401 Client Error: Unauthorized for url: https://m.org/simple/",
            ["m.org wants", "USER:PASSWORD"],
        ),
        (
            "ERROR: Could not find a version that satisfies (from versions: 1.0)\nNo matching distribution",
            ["no file of torch"],
        ),
        ("ERROR: [WinError 5] Access is denied: 'C:\\\\x\\\\torch.dll'", ["may not be written", "JupyterLab"]),
        ("a\nb\nsomething new", ["last words", "something new"]),
    ],
)
def test_why_it_stopped_and_what_to_do(printed, says):
    text = explain(printed.splitlines(), "torch")
    assert "pip stopped at torch" in text
    for one in says:
        assert one in text


def test_a_password_is_not_repeated():
    text = explain(["Looking in indexes: https://me:secret@mirror.example.org/simple", "Read timed out."], "torch")
    assert "mirror.example.org gives no answer" in text
    assert "secret" not in text


class Stream(io.StringIO):
    def __init__(self, terminal):
        super().__init__()
        self.isatty = lambda: terminal


def test_one_line_on_a_terminal_and_few_elsewhere(monkeypatch):
    terminal, file = Stream(True), Stream(False)
    for stream in (terminal, file):
        line = Line(stream)
        for number in range(50):
            line.show(f"at {number}")
        line.end("done")
    assert terminal.getvalue().count("\n") == 1
    assert terminal.getvalue().count("\r") >= 50
    assert file.getvalue() == "  done\n"
    clock = iter(range(0, 1000, 10))
    monkeypatch.setattr(running_pip.time, "monotonic", lambda: next(clock))
    slow = Stream(False)
    line = Line(slow)
    for number in range(4):
        line.show(f"at {number}")
    assert slow.getvalue().splitlines() == ["  at 1, 20 s", "  at 3, 40 s"]


def fake_python(tmp_path, printed, code):
    """An environment whose Python answers every call with the same text."""
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    (tmp_path / "says.txt").write_bytes(printed)
    python.write_text(f'#!/bin/sh\ncat "{tmp_path / "says.txt"}"\nexit {code}\n')
    python.chmod(0o755)
    return python


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a shell script")
def test_all_that_pip_says_is_kept(tmp_path, capsys):
    python = fake_python(tmp_path, "pip 99.1 from x\nCollecting größe\n".encode() + b"\xff\n", 0)
    running_pip.run(python, ["install", "x"], "packages", tmp_path / "log", 3)
    log = (tmp_path / "log").read_text(encoding="utf-8")
    assert "--progress-bar raw x" in log, "as this release can say how far a file is"
    assert "größe" in log
    assert "packages: done" in capsys.readouterr().out


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a shell script")
def test_a_failure_names_the_step_the_reason_and_the_log(tmp_path):
    python = fake_python(tmp_path, b"pip 23.2 from x\nCollecting torch\nNo space left on device\n", 2)
    with pytest.raises(Refused, match="(?s)packages: pip stopped at torch: the disk is full.*log") as refusal:
        running_pip.run(python, ["install", "x"], "packages", tmp_path / "log")
    assert str(tmp_path / "log") in str(refusal.value)
    assert "--progress-bar" not in (tmp_path / "log").read_text(encoding="utf-8")


@pytest.mark.parametrize("encoding", ["ascii", "cp949", "cp1252"])
def test_what_is_shown_fits_every_console(encoding):
    for name in ("install.py", "running_pip.py", "make.py"):
        text = (Path(running_pip.__file__).parent / name).read_text(encoding="utf-8")
        assert text.encode(encoding).decode(encoding) == text, "no letter that a console may lack"


def test_the_real_pip_is_understood():
    major, minor = running_pip._release(Path(sys.executable))
    assert (major, minor) >= (20, 0)
