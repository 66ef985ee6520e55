"""No socket leaves the machine while a chapter runs.

How it is shown. Each chapter's kernel starts with a ``sitecustomize.py`` (``workshop/recorder.py``) that hangs an
audit hook into Python: every name look-up, connection and datagram of the kernel, its threads and the Python
processes it starts passes through it. What is not addressed to this machine is refused and written to a file, so an
attempt counts even where a library swallows the error. Variables such as HF_HUB_OFFLINE are taken away first: the
chapter itself has to stay offline.

What it costs. Chapters are executed once: the run that ``--executed`` names (tests/conftest.py), or nbval's own in
the same session (``pytest tests chapters --nbval …``), is the run that is recorded; the tests below come last and read
the file. Where nbval has not run the whole chapter (a selection of tests, or another worker of pytest-xdist), the test
runs it itself. So it never passes unseen.

What it does not see. Sockets opened by compiled code without Python, by programs that are not Python, or by
``python -E``. For those, run the tests in a network namespace that has only a loopback device (``unshare -rn``).
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

HERE = Path(__file__).resolve().parent
CHAPTERS = sorted((HERE.parents[1] / "chapters").glob("*.ipynb"))
SECONDS_A_CELL = 300


def run_recorded(notebook, folder, recorder):
    """Execute a notebook in ``folder`` under the recorder, going on after a cell that fails."""
    code_cells = [index for index, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    client = NotebookClient(
        notebook,
        timeout=SECONDS_A_CELL,
        kernel_name="python3",
        allow_errors=True,
        resources={"metadata": {"path": str(folder)}},
        on_cell_execute=lambda cell, cell_index: recorder.begin_cell(code_cells.index(cell_index) + 1),
    )
    client.execute(env=recorder.environment())


def number_of_code_cells(notebook):
    return sum(cell.cell_type == "code" for cell in notebook.cells)


@pytest.mark.slow
@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_chapter_stays_on_this_machine(chapter, recorders_of_nbval, executed_before, recorder):
    notebook = nbformat.read(chapter, as_version=4)
    every_cell = set(range(1, number_of_code_cells(notebook) + 1))
    if done := executed_before(chapter):
        counts = [cell.execution_count for cell in done.notebook.cells if cell.cell_type == "code"]
        watched, cells_run, attempts = done.watched, {count for count in counts if count}, done.attempts
    else:
        used = recorders_of_nbval.get(chapter)
        if used is None or not used.was_on() or used.cells_run != every_cell:
            used = recorder
            run_recorded(notebook, chapter.parent, used)
        watched, cells_run, attempts = used.was_on(), used.cells_run, used.attempts()
    assert watched, "the kernel ignored PYTHONPATH, so nothing was watched: is PYTHONSAFEPATH or python -E in use?"
    assert cells_run == every_cell, "some code cells did not run, so they were not watched"
    assert not attempts, "\n".join(
        ["a chapter must run without a network (run `course fetch` first); it tried:", *attempts]
    )


# ---------------------------------------------------------------- the recorder itself

ATTEMPTS = {
    "connect": "import socket\ntry:\n"
    '    socket.create_connection(("192.0.2.1", 443), timeout=0.1)\nexcept OSError:\n    pass',
    "look-up": 'try:\n    socket.getaddrinfo("models.invalid", 443)\nexcept OSError:\n    pass',
    "datagram": 'with socket.socket(type=socket.SOCK_DGRAM) as s:\n    s.sendto(b"x", ("192.0.2.2", 9))',
    "thread": "import threading\nimport urllib.request\n"
    't = threading.Thread(target=lambda: urllib.request.urlopen("http://192.0.2.3/", timeout=0.1))\n'
    "threading.excepthook = lambda _: None\nt.start()\nt.join()",
    "process": "import subprocess\nimport sys\n"
    "code = \"import socket; socket.gethostbyname('child.invalid')\"\n"
    "subprocess.run([sys.executable, '-c', code], capture_output=True)",
}
ALLOWED = """
import asyncio, pathlib, socket, tempfile, threading
with socket.create_server(("127.0.0.1", 0)) as server:
    socket.create_connection(server.getsockname()).close()
    socket.create_connection(("localhost", server.getsockname()[1])).close()
a, b = socket.socketpair()
a.sendmsg([b"x"])
with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listening:
    listening.bind(f"{folder}/s")
    listening.listen()
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(f"{folder}/s")
print("reached", b.recv(1))
"""


def test_recorder_catches_every_way_out(recorder, tmp_path):
    notebook = new_notebook(cells=[new_code_cell(source) for source in ATTEMPTS.values()])
    run_recorded(notebook, tmp_path, recorder)
    assert recorder.was_on()
    assert recorder.attempts() == [
        "code cell 1: socket.connect ('192.0.2.1', 443)",
        "code cell 2: socket.getaddrinfo 'models.invalid'",
        "code cell 3: socket.sendto ('192.0.2.2', 9)",
        "code cell 4: socket.connect ('192.0.2.3', 80)",
        "code cell 5: socket.gethostbyname 'child.invalid'",
    ]


def test_recorder_lets_the_machine_talk_to_itself(recorder, tmp_path):
    notebook = new_notebook(cells=[new_code_cell(ALLOWED)])
    run_recorded(notebook, tmp_path, recorder)
    assert recorder.was_on()
    assert recorder.attempts() == []
    assert notebook.cells[0].outputs[0].text == "reached b'x'\n"


def test_offline_switches_are_taken_away(recorder, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with recorder.switched_on():
        assert "HF_HUB_OFFLINE" not in os.environ
        assert os.environ["PYTHONPATH"].split(os.pathsep)[0] == str(recorder.log.parent)
    assert os.environ["HF_HUB_OFFLINE"] == "1"


# ---------------------------------------------------------------- the whole arrangement, on a small course


@pytest.fixture
def small_course(tmp_path):
    """Two chapters, one of which tries to leave; each notes that it was executed."""
    (tmp_path / "chapters").mkdir()
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "chapters").mkdir()
    shutil.copy(HERE.parent / "conftest.py", tmp_path / "tests")
    shutil.copy(HERE / "test_offline.py", tmp_path / "tests" / "chapters")
    note = 'with open("runs.txt", "a") as file:\n    print("{}", file=file)'
    leave = ATTEMPTS["connect"]  # swallows the refusal, as libraries do: only the recorder can tell
    for name, sources in {"good": [note.format("good")], "bad": [note.format("bad"), leave]}.items():
        cells = [new_code_cell(source, execution_count=n) for n, source in enumerate(sources, 1)]
        nbformat.write(new_notebook(cells=cells), tmp_path / "chapters" / f"{name}.ipynb")
    return tmp_path


@pytest.mark.parametrize("with_nbval", [True, False])
def test_each_chapter_runs_once_and_the_guilty_one_is_named(small_course, with_nbval):
    nbval = ["chapters", "--nbval", "--nbval-current-env"] if with_nbval else []
    selection = ["-k", "ipynb or stays_on_this_machine", "-q", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", "tests", *nbval, *selection]
    result = subprocess.run(command, cwd=small_course, capture_output=True, text=True)
    summary = result.stdout.splitlines()[-1]
    assert result.returncode == 1, result.stdout
    assert f"1 failed, {4 if with_nbval else 1} passed" in summary, result.stdout
    assert "FAILED tests/chapters/test_offline.py::test_chapter_stays_on_this_machine[bad]" in result.stdout
    assert "code cell 2: socket.connect ('192.0.2.1', 443)" in result.stdout
    assert sorted((small_course / "chapters" / "runs.txt").read_text().split()) == ["bad", "good"]
