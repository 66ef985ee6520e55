"""Shared by the tests: chapters run under a recorder of network connections.

When nbval runs the chapters in the same session as these tests (``pytest tests chapters --nbval …``), each chapter's
kernel starts with the recorder switched on, and ``test_offline.py``, moved to the end of the session, reads what was
recorded. See there for the reasons.
"""

import inspect
import json
import os
from contextlib import contextmanager
from pathlib import Path

import pytest
from nbval.plugin import IPyNbCell

# Switches that would keep the libraries from the network; a chapter has to stay offline without their help.
OFFLINE_SWITCHES = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE")


def record_connections(log):
    """Refuse whatever would leave the machine, and append a line about it to the file ``log``.

    This function is the whole of a ``sitecustomize.py``: Python imports that before anything else in every kernel,
    and in every Python process that a kernel starts, threads included. Addresses of this machine are let through.
    """
    import errno
    import ipaddress
    import os
    import sys

    names = {"socket.getaddrinfo", "socket.gethostbyname"}
    numbers = {"socket.gethostbyaddr", "socket.getnameinfo"}
    packets = {"socket.connect", "socket.sendto", "socket.sendmsg"}

    def write(event, address):
        line = json.dumps({"event": event, "address": address, "process": os.getpid()}) + "\n"
        handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(handle, line.encode())
        os.close(handle)

    def stays_here(host, number_is_enough):
        if isinstance(host, bytes | bytearray):
            host = bytes(host).decode("ascii", "replace")
        if host in (None, "", "localhost"):
            return True
        try:
            number = ipaddress.ip_address(host)
        except ValueError:
            return False
        number = getattr(number, "ipv4_mapped", None) or number
        return number_is_enough or number.is_loopback or number.is_unspecified

    def hook(event, arguments):
        if event in names or event in numbers:
            address = arguments[0]
        elif event in packets:
            import socket

            address = arguments[1]
            local = {getattr(socket, name, None) for name in ("AF_UNIX", "AF_NETLINK")}
            if arguments[0].family in local or address is None:
                return  # without an address the socket is connected already, and that was looked at
        else:
            return
        host = address[0] if isinstance(address, tuple) else address
        if not stays_here(host, number_is_enough=event in names):  # a number needs no name server
            write(event, repr(address))
            raise OSError(errno.ENETUNREACH, f"the tests let nothing leave this machine: {event} {address!r}")

    sys.addaudithook(hook)
    write("recorder ready", "")


class Recorder:
    """The recorder's file for one chapter, and the environment that switches it on in a kernel."""

    def __init__(self, folder: Path):
        folder.mkdir(parents=True)
        self.log = folder / "connections.jsonl"
        self.cells_run: set[int] = set()
        self._folder = folder
        source = inspect.getsource(record_connections)
        (folder / "sitecustomize.py").write_text(
            f"import json\n\n\n{source}\n\nrecord_connections({str(self.log)!r})\n"
        )

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in OFFLINE_SWITCHES}
        path = os.pathsep.join(filter(None, (str(self._folder), os.environ.get("PYTHONPATH"))))
        return {**kept, "PYTHONPATH": path, "TQDM_DISABLE": "1"}

    @contextmanager
    def switched_on(self):
        """Give every process started inside the block the recorder's environment."""
        before = dict(os.environ)
        after = self.environment()
        try:
            os.environ.clear()
            os.environ.update(after)
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)

    def begin_cell(self, number: int) -> None:
        """Note in the file that code cell ``number`` (from 1) starts now."""
        with self.log.open("a") as file:
            file.write(json.dumps({"cell": number}) + "\n")
        self.cells_run.add(number)

    def _lines(self) -> list[dict]:
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []

    def was_on(self) -> bool:
        """Tell whether some Python process did start with the recorder."""
        return any(line.get("event") == "recorder ready" for line in self._lines())

    def attempts(self) -> list[str]:
        """Return each attempt to leave the machine, with the code cell that was running."""
        found, cell = [], 0
        for line in self._lines():
            cell = line.get("cell", cell)
            if "event" in line and line["event"] != "recorder ready":
                found.append(f"code cell {cell}: {line['event']} {line['address']}")
        return found


class ChaptersUnderRecorder:
    """A pytest plugin: nbval's kernels start with the recorder, one for each chapter."""

    def __init__(self, folder_of):
        self._folder_of = folder_of
        self.recorders: dict[Path, Recorder] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item, nextitem):
        if not isinstance(item, IPyNbCell):
            return (yield)
        if item.path not in self.recorders:
            self.recorders[item.path] = Recorder(self._folder_of(item.config, item.path.stem))
        recorder = self.recorders[item.path]
        recorder.begin_cell(item.cell_num + 1)
        with recorder.switched_on():
            return (yield)


def _folder_of(config, name: str) -> Path:
    return config._tmp_path_factory.mktemp(name) / "recorder"


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: executes whole chapters, unless nbval did so in the same session")
    config.pluginmanager.register(ChaptersUnderRecorder(_folder_of), "chapters-under-recorder")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Put the tests that read the recorder after everything else, so that nbval's run is behind them."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)


@pytest.fixture
def recorder(tmp_path):
    return Recorder(tmp_path / "recorder")


@pytest.fixture
def recorders_of_nbval(pytestconfig):
    """Recorders of the chapters that nbval has run in this session, by path."""
    return pytestconfig.pluginmanager.get_plugin("chapters-under-recorder").recorders
