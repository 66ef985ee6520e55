"""Run pip, show how far it is, and say in plain words why it stopped. Standard library only."""

from __future__ import annotations

import functools
import os
import queue
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

UNITS = {"bytes": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9}
EVERY = 15  # seconds between two lines where the output is no terminal


class Refused(Exception):
    """Something that the reader has to decide or to mend; the message says what."""


class Progress:
    """How far pip is, read from what it prints; `text()` is one line of it.

    Only lines that every release of pip since 20 prints are needed; what a newer one prints is used where it is there.
    """

    def __init__(self, total: int, folder: Path | None = None):
        """`total` packages, which are unpacked into `folder`."""
        self.total = total  # packages that are asked for
        self.packages = 0  # of them, how many pip has looked at
        self.bytes = 0.0  # of the files that are downloaded
        self.now = self.size = 0.0  # of the present file, in bytes
        self.package, self.trouble = "", ""
        self.installing = False
        self._folder, self._before = folder, self._installed(folder)

    @staticmethod
    def _installed(folder: Path | None) -> int:
        return len(list(folder.glob("*.dist-info"))) if folder else 0

    def read(self, line: str) -> None:
        """Take notice of one line of pip's output."""
        if line.startswith("Ignoring "):  # a marker that does not hold here: another system's package
            self.total -= 1
        elif found := re.match(r"(?:Collecting|Requirement already satisfied:) ([\w.-]+)", line) or re.match(
            r"Processing .*?([^/\\\s]+?)-\d[^/\\\s]*\.(?:whl|tar\.gz|zip)\b",
            line,  # a file on this disk
        ):
            self.packages, self.package, self.trouble = self.packages + 1, found[1], ""
            self._file_ends()
        elif found := re.match(r"\s+(?:Downloading|Using cached) \S+ \(([\d.]+) (bytes|kB|MB|GB)\)", line):
            self._file_ends()
            if "Downloading" in line:
                self.size = float(found[1]) * UNITS[found[2]]
        elif found := re.match(r"Progress (\d+) of (\d+)", line):
            self.now = float(found[1])
        elif line.startswith("Installing collected packages"):
            self._file_ends()
            self.installing = True
        elif "Retrying (" in line:
            self.trouble = "no answer, trying again"

    def _file_ends(self) -> None:
        self.bytes, self.now, self.size = self.bytes + self.size, 0.0, 0.0

    def text(self) -> str:
        """Packages and megabytes so far."""
        if self.installing:
            done = max(0, self._installed(self._folder) - self._before)
            return f"unpacking {min(done, self.total)} of {self.total} packages"
        said = f"fetching {min(self.packages, self.total)} of {self.total} packages"
        if megabytes := (self.bytes + self.now) / 1e6:
            said += f", {megabytes:.0f} MB"
        if self.package:
            said += f", {self.package}"
            if self.size > 5e6:
                said += f" ({self.size / 1e6:.0f} MB)"
        return f"{said}: {self.trouble}" if self.trouble else said


class Line:
    """One line on a terminal that is written over; elsewhere a new one now and then."""

    def __init__(self, stream=None):
        """On standard output, if no `stream` is given."""
        self._stream = stream or sys.stdout
        self._terminal = self._stream.isatty()
        self._started = self._last = time.monotonic()

    def show(self, text: str) -> None:
        """Show `text` with the seconds so far, in place of what was shown before."""
        now = time.monotonic()
        text = f"  {text}, {now - self._started:.0f} s"
        if self._terminal:
            width = max(20, shutil.get_terminal_size().columns - 1)
            self._stream.write("\r" + text[:width].ljust(width))
        elif now - self._last < EVERY:
            return
        else:
            self._stream.write(text + "\n")
        self._last = now
        self._stream.flush()

    def end(self, text: str = "") -> None:
        """Leave the line, with `text` on it."""
        if self._terminal:
            width = max(20, shutil.get_terminal_size().columns - 1)
            self._stream.write("\r" + " " * width + "\r")
        if text:
            self._stream.write(f"  {text}\n")
        self._stream.flush()


def run(python: Path, arguments: list, title: str, log: Path, total: int = 1, environment: dict | None = None) -> None:
    """Run `python -m pip ARGUMENTS` and show its progress; all that it prints goes into the file `log`.

    Raises Refused, in words made for the reader, when pip does not succeed.
    """
    command = [str(python), "-m", "pip", "--disable-pip-version-check", *map(str, arguments)]
    if arguments[0] in ("install", "download") and _release(python) >= (24, 1):
        command[5:5] = ["--progress-bar", "raw"]
    # UTF-8: a package that is built reads its own files, whatever the console's encoding is.
    told = {**os.environ, **(environment or {}), "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}
    told.pop("PIP_QUIET", None)
    site = next(iter(python.parents[1].glob("[Ll]ib/**/site-packages")), None)
    progress, line, lines = Progress(total, site), Line(), []
    process = subprocess.Popen(
        command, env=told, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        encoding="utf-8", errors="replace",
    )  # fmt: skip
    heard: queue.Queue = queue.Queue()
    threading.Thread(target=lambda: [*map(heard.put, process.stdout), heard.put(None)], daemon=True).start()
    try:
        with open(log, "a", encoding="utf-8") as record:
            record.write(f"$ {' '.join(command)}\n")
            while True:
                try:
                    text = heard.get(timeout=0.5)
                except queue.Empty:
                    line.show(f"{title}: {progress.text()}")
                    continue
                if text is None:
                    break
                if not text.startswith("Progress "):
                    record.write(text)
                    lines.append(text.rstrip())
                progress.read(text)
                line.show(f"{title}: {progress.text()}")
        code = process.wait()
    except BaseException:
        process.terminate()  # Ctrl-C has reached pip as well; it may be in the middle of a file
        process.wait()
        line.end()
        raise
    fetched = (progress.bytes + progress.size) / 1e6
    line.end(f"{title}: done" + (f", {fetched:.0f} MB fetched" if fetched >= 1 else "") if code == 0 else "")
    if code != 0:
        raise Refused(f"{title}: {explain(lines, progress.package)}\nAll that pip said stands in {log}")


@functools.lru_cache(maxsize=None)  # noqa: UP033 (functools.cache came with 3.9, and an old Python reads this file)
def _release(python: Path) -> tuple:
    """The release of its pip, which no step changes."""
    asked = subprocess.run([str(python), "-m", "pip", "--version"], stdout=subprocess.PIPE)
    found = re.match(rb"pip (\d+)\.(\d+)", asked.stdout)
    return (int(found[1]), int(found[2])) if found else (0, 0)


NETWORK = """\
- behind a proxy: set HTTPS_PROXY=http://NAME:PORT
- with a package mirror of your own: set PIP_INDEX_URL=https://NAME/simple
- in a room without network: fill a folder elsewhere with `make carry` and give it as WHEELS=FOLDER
Then run the same command again; what was downloaded is kept."""

# What pip prints, what it means, and what to do. The first that is found counts.
REASONS = [
    (r"No space left on device|Errno 28\b|WinError 112",
     "the disk is full.",
     "Free 4 GB, or put the environment elsewhere: VENV=/elsewhere/venv. TMPDIR says where pip unpacks."),
    (r"DO NOT MATCH THE HASHES",
     "a file is not one of those that requirements.lock lists; it was not installed.",
     "The download was damaged, or {host} serves another file under this name. Run the command again; if it stays,\n"
     "try another mirror with PIP_INDEX_URL=https://NAME/simple."),
    (r"CERTIFICATE_VERIFY_FAILED|SSLError|SSLCertVerificationError",
     "the certificate of {host} is not accepted.",
     "Behind a proxy that opens connections, set PIP_CERT=FILE to the certificate of its authority."),
    (r"\b407\b|Tunnel connection failed|ProxyError|Cannot connect to proxy",
     "the proxy does not let pip through to {host}.",
     "Set HTTPS_PROXY=http://USER:PASSWORD@NAME:PORT, or unset it if there is no proxy."),
    (r"\b40[13] (?:Client )?Error|\b(?:Unauthorized|Forbidden)\b",
     "{host} wants a name and a password.",
     "Put them into the address: PIP_INDEX_URL=https://USER:PASSWORD@{host}/simple"),
    (r"Retrying \(|NewConnectionError|NameResolutionError|Max retries exceeded|Temporary failure in name resolution|"
     r"ConnectionResetError|Read timed out|ReadTimeoutError|IncompleteRead|Connection (?:refused|aborted|broken)",
     "{host} gives no answer.",
     NETWORK),
    (r"Permission denied|Errno 13\b|WinError 5\b",
     "a file may not be written.",
     "Close what runs from the environment (JupyterLab?), or use one of your own: VENV=FOLDER."),
    (r"No matching distribution|Could not find a version",
     "there is no file of {package} for this Python and system.",
     "requirements.lock names the version. A mirror may lag behind; PIP_INDEX_URL=https://NAME/simple names another."),
]  # fmt: skip


def explain(lines: list[str], package: str) -> str:
    """Why pip stopped at `package`, and what to do, from the lines that it printed."""
    text = "\n".join(lines)
    hosts = re.findall(r"host='([^']+)'", text) or re.findall(r"https?://(?:[^@/\s]*@)?([^/:\s]+)", text)
    words = {"host": hosts[-1] if hosts else "the package index", "package": package or "a package"}
    at = f"pip stopped at {package}: " if package else "pip stopped: "
    for pattern, meaning, advice in REASONS:
        if re.search(pattern, text):
            return at + f"{meaning}\n{advice}".format(**words)
    last = [line for line in lines if line.strip()][-8:]
    return at + "its last words were\n" + "\n".join(f"  {line}" for line in last)
