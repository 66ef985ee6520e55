"""Shared by the tests: chapters run under a recorder of network connections, or are read where they ran before.

When nbval runs the chapters in the same session as these tests (``pytest tests chapters --nbval …``), each chapter's
kernel starts with the recorder switched on, and ``test_offline.py``, moved to the end of the session, reads what was
recorded. See there for the reasons.

With ``--executed build/executed`` nbval gets the outputs of the copies that ``course run`` executed, if they are of
this state of the chapter, its library and its packages: a chapter is executed once, and compared by nbval as ever.
"""

import os
import queue
import signal
from pathlib import Path

import nbval.plugin
import pytest
from nbval.plugin import IPyNbCell, IPyNbFile

from workshop.execute import Finished, finished
from workshop.recorder import Recorder


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
        self.replayed: dict[Path, Finished] = {}

    def use_executed(self, folder: Path) -> None:
        """Let nbval read the chapters that have an executed copy of today's state in `folder`."""
        start = IPyNbFile.setup
        plugin = self

        def setup(file):
            done = finished(file.path, folder)
            if done is None or file.config.option.nbval_kernel_name:
                return start(file)
            plugin.replayed[file.path] = done
            running, nbval.plugin.RunningKernel = nbval.plugin.RunningKernel, lambda *_, **__: ReplayedKernel(done)
            try:
                return start(file)
            finally:
                nbval.plugin.RunningKernel = running

        IPyNbFile.setup = setup

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item, nextitem):
        if not isinstance(item, IPyNbCell) or item.path in self.replayed:
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
    os.environ["COURSE_PROGRESS"] = "off"  # what tests and the chapters' kernels do is nobody's progress
    config.addinivalue_line("markers", "slow: executes whole chapters, unless nbval did so in the same session")
    plugin = ChaptersUnderRecorder(_folder_of)
    config.pluginmanager.register(plugin, "chapters-under-recorder")
    if folder := config.getoption("--executed"):
        plugin.use_executed(Path(folder))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Put the tests that read the recorder after everything else, so that nbval's run is behind them."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)


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
def replayed_by_nbval(pytestconfig):
    """Executed copies that nbval has read in this session instead of running the chapter, by the chapter's path."""
    return pytestconfig.pluginmanager.get_plugin("chapters-under-recorder").replayed
