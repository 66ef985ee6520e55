"""A recorder of network connections for a chapter's kernel: what would leave the machine is refused and written down.

The kernel starts with a ``sitecustomize.py`` (``record_connections``) that hangs an audit hook into Python: every name
look-up, connection and datagram of the kernel, its threads and the Python processes it starts passes through it.
Variables such as HF_HUB_OFFLINE are taken away first: a chapter has to stay offline without their help.

What it does not see: sockets opened by compiled code without Python, by programs that are not Python, or by
``python -E``.
"""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from course_lib.checkpoints import home

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
        """Write the ``sitecustomize.py`` into the new folder `folder`."""
        folder.mkdir(parents=True)
        self.log = folder / "connections.jsonl"
        self.cells_run: set[int] = set()
        self._folder = folder
        source = inspect.getsource(record_connections)
        (folder / "sitecustomize.py").write_text(
            f"import json\n\n\n{source}\n\nrecord_connections({str(self.log)!r})\n", encoding="utf-8"
        )

    def environment(self) -> dict[str, str]:
        """This process's environment with the recorder in it, and without the switches.

        A kernel runs in its chapter's folder: `COURSE_HOME` is the same folder there only if it is absolute. Raises
        CheckpointError if it is none that can be.
        """
        if os.environ.get("COURSE_HOME"):
            home()  # makes it absolute
        kept = {name: value for name, value in os.environ.items() if name not in OFFLINE_SWITCHES}
        path = os.pathsep.join(filter(None, (str(self._folder), os.environ.get("PYTHONPATH"))))
        return {**kept, "PYTHONPATH": path, "TQDM_DISABLE": "1"}

    @contextmanager
    def switched_on(self) -> Iterator[None]:
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
        with self.log.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"cell": number}) + "\n")
        self.cells_run.add(number)

    def _lines(self) -> list[dict]:
        if not self.log.exists():
            return []
        return [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]

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
