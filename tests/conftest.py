"""Shared by the tests: chapters run under a recorder of network connections, or are read where they ran before.

When nbval runs the chapters in the same session as these tests (``pytest tests chapters --nbval …``), each chapter's
kernel starts with the recorder switched on, and ``test_offline.py``, moved to the end of the session, reads what was
recorded. See there for the reasons.

With ``--executed build/executed`` nbval gets the outputs of the copies that ``course run`` executed, if they are of
this state of the chapter, its library and its packages: a chapter is executed once, and compared by nbval as ever.

With ``-n 2 --dist loadfile --no-loadscope-reorder`` (pytest-xdist) two processes share the files, those that take long
first, so that both end together. All tests of a file, and all cells of a chapter, run in one process.
"""

import functools
import os
import queue
import signal
from collections.abc import Callable
from pathlib import Path

import nbval.plugin
import pytest
from nbval.plugin import IPyNbCell, IPyNbFile

from workshop.execute import Finished, finished, threads
from workshop.make import SETTINGS
from workshop.recorder import Recorder

if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ["OMP_NUM_THREADS"] = threads()  # before PyTorch is imported, and for what the tests start
LONG = (  # files that take half of the time, the longest first
    "test_exercises.py",
    "test_robustness.py",
    "test_chapter_pages.py",
    "test_cli.py",
    "test_training.py",
    "test_parity.py",
    "test_interactive.py",
    "test_bias.py",
    "test_evaluation.py",
    "test_bench.py",
    "test_execute.py",
    "test_pages.py",
    "test_canary.py",
)


class ReplayedKernel:
    """What nbval asks of a kernel, answered with the outputs of a copy that was executed before."""

    def __init__(self, done: Finished):
        self._cells = iter([cell for cell in done.notebook.cells if cell.cell_type == "code"])
        self._messages: queue.SimpleQueue = queue.SimpleQueue()
        self._count = 0

    def is_alive(self) -> bool:
        return True

    def execute_cell_input(self, source: str, allow_stdin=None) -> str:
        cell = next(self._cells)
        assert cell.source == source, "the executed copy has another cell here"
        self._count += 1
        name = f"cell {self._count}"
        for output in cell.outputs:
            content = {key: value for key, value in output.items() if key != "output_type"}
            self._put(name, output.output_type, content)
        self._put(name, "status", {"execution_state": "idle"})
        return name

    def _put(self, name: str, kind: str, content: dict) -> None:
        self._messages.put({"msg_type": kind, "content": content, "parent_header": {"msg_id": name}})

    def await_reply(self, message, timeout=None) -> None:
        pass

    def get_message(self, stream, timeout=None) -> dict:
        return self._messages.get_nowait()

    def await_idle(self, message, timeout=None) -> None:
        while self._messages.get_nowait()["msg_type"] != "status":
            pass

    def stop(self) -> None:
        pass


class ChaptersUnderRecorder:
    """A pytest plugin: nbval's kernels start with the recorder, one for each chapter, or are replayed."""

    def __init__(self, folder_of):
        self._folder_of = folder_of
        self.recorders: dict[Path, Recorder] = {}
        self.executed: Callable[[Path], Finished | None] = lambda path: None

    def use_executed(self, folder: Path) -> None:
        """Let nbval read the chapters that have an executed copy of today's state in `folder`."""
        start = IPyNbFile.setup
        self.executed = functools.cache(lambda path: finished(path, folder))

        def setup(file):
            done = self.executed(file.path)
            if done is None:
                return start(file)
            running, nbval.plugin.RunningKernel = nbval.plugin.RunningKernel, lambda *_, **__: ReplayedKernel(done)
            try:
                return start(file)
            finally:
                nbval.plugin.RunningKernel = running

        IPyNbFile.setup = setup

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item, nextitem):
        if not isinstance(item, IPyNbCell) or self.executed(item.path):
            return (yield)
        if item.path not in self.recorders:
            self.recorders[item.path] = Recorder(self._folder_of(item.config, item.path.stem))
        recorder = self.recorders[item.path]
        recorder.begin_cell(item.cell_num + 1)
        with recorder.switched_on():
            return (yield)


def _folder_of(config, name: str) -> Path:
    return config._tmp_path_factory.mktemp(name) / "recorder"


def pytest_addoption(parser):
    parser.addoption("--executed", metavar="FOLDER", help="where `course run` left the chapters that it executed")


def pytest_configure(config):
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell starts what it puts in the background so
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in SETTINGS:  # what was given to `make test` is for its set-up; the tests of make give their own
        os.environ.pop(name, None)
    os.environ["COURSE_PROGRESS"] = "off"  # what tests and the chapters' kernels do is nobody's progress
    config.addinivalue_line("markers", "slow: executes whole chapters, unless nbval did so in the same session")
    plugin = ChaptersUnderRecorder(_folder_of)
    config.pluginmanager.register(plugin, "chapters-under-recorder")
    if (folder := config.getoption("--executed")) and not config.option.nbval_kernel_name:
        plugin.use_executed(Path(folder))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Long files first; the tests that read the recorder after everything else, so that nbval's run is behind them."""
    order = {name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: (item.get_closest_marker("slow") is not None, order.get(item.path.name, len(LONG))))


@pytest.fixture
def progress_folder(tmp_path, monkeypatch):
    """Progress is kept, in this folder."""
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "kept"))
    return tmp_path / "kept"


@pytest.fixture
def recorder(tmp_path):
    return Recorder(tmp_path / "recorder")


@pytest.fixture
def recorders_of_nbval(pytestconfig):
    """Recorders of the chapters that nbval has run in this session, by path."""
    return pytestconfig.pluginmanager.get_plugin("chapters-under-recorder").recorders


@pytest.fixture
def executed_before(pytestconfig):
    """The executed copy of a chapter that nbval reads instead of running it, None if there is none of today's state."""
    return pytestconfig.pluginmanager.get_plugin("chapters-under-recorder").executed
