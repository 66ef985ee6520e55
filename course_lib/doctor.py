"""A check of the machine: what the course needs, what is there, and what to do about each difference."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import platform
import shutil
import socket
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from course_lib.checkpoints import catalogue, damage, home, wheels
from course_lib.checkpoints.fetch import is_whole
from course_lib.offline import offline

NEEDS_MEMORY, NEEDS_DISK = 2e9, 1.5e9  # bytes; measured: 1.9 GB in `course bench`, 1.3 GB of wheels and checkpoints
NEEDS_WHEN_PREPARED = 0.1e9  # bytes; measured: 14 MB of data sets in the cache, the rest for pages and files in between
UNREADABLE = "cannot be read"
DOORS = {"http": 80, "https": 443}
RELEASES = {"torch": (2, 6), "transformers": (5, 20)}


@dataclass(frozen=True)
class Finding:
    """One line of the report. `state` is "ok", "note" (works, but worth knowing) or "problem" (something will fail)."""

    subject: str
    state: str
    found: str
    advice: str = ""


def examine() -> list[Finding]:
    """Every finding, in the order in which a reader would mend them. Loads neither torch nor transformers."""
    place = _place()
    return [
        _python(), _environment(), *_packages(), _kernel(), _cores(), _memory(), _disk(*place), _cache(place[1]),
        *_checkpoints(), *_texts(), _hub(),
    ]  # fmt: skip


def _python() -> Finding:
    found = platform.python_version()
    fits = (3, 11) <= sys.version_info[:2] <= (3, 13)
    advice = "" if fits else "Use Python 3.11, 3.12 or 3.13: `make course PYTHON=python3.12`."
    return Finding("Python", "ok" if fits else "problem", found, advice)


def _environment() -> Finding:
    """Whether the environment that runs this is the reader's own to change."""
    folder = Path(sys.prefix)
    if os.access(folder, os.W_OK | os.X_OK):
        return Finding("environment", "ok", _shown(folder))
    try:
        whose = folder.owner()
    except (KeyError, OSError, NotImplementedError):
        whose = "somebody else"
    advice = "The course runs in it; only they can bring it up to date. `make setup VENV=FOLDER` makes one of your own."
    return Finding("environment", "note", f"{_shown(folder)} belongs to {whose}", advice)


def _packages() -> list[Finding]:
    findings = []
    for package, least in RELEASES.items():
        wanted = f"{'.'.join(map(str, least))} or newer"
        if package == "transformers":
            wanted += f", below {least[0] + 1}"
        try:
            found = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            findings.append(Finding(package, "problem", "not installed", "Run `make setup`."))
            continue
        release = tuple(int(part) for part in found.split("+")[0].split(".")[:2])
        state = "ok" if release >= least and (package != "transformers" or release[0] == least[0]) else "problem"
        advice = "" if state == "ok" else f"Needs {wanted}: run `make setup`."
        findings.append(Finding(package, state, found, advice))
    return findings


def _kernel() -> Finding:
    """Whether JupyterLab would run chapters in this Python; `course run` and the tests always do."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        manager = KernelSpecManager()
        spec = manager.get_kernel_spec("python3")
    except NoSuchKernel:
        return Finding("kernel", "problem", "there is no kernel python3", "Run `make setup`.")
    except (RuntimeError, OSError):  # Jupyter looks into the home folder
        return Finding("kernel", "problem", "there is no home folder to be read", "Set HOME to a folder of yours.")
    program = spec.argv[0]
    own = program in ("python", "python3") or Path(program).resolve() == Path(sys.executable).resolve()
    if own or not Path(program).is_absolute():
        return Finding("kernel", "ok", "chapters run in this Python")
    there = "which is not there" if not Path(program).exists() else "another Python"
    found = f"JupyterLab would run chapters in {program}, {there}"
    advice = f"Remove {spec.resource_dir}, or choose the kernel of .venv in JupyterLab. `course run` is not affected."
    return Finding("kernel", "problem" if not Path(program).exists() else "note", found, advice)


def cores() -> int:
    """How many processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _cores() -> Finding:
    found = cores()
    advice = "" if found >= 2 else "Everything runs on one core, about twice as long as the README says."
    return Finding("cores", "ok" if found >= 2 else "note", str(found), advice)


def _memory() -> Finding:
    import psutil

    memory = psutil.virtual_memory()
    found = f"{memory.available / 1e9:.1f} GB free of {memory.total / 1e9:.1f} GB"
    if memory.available >= NEEDS_MEMORY:
        return Finding("memory", "ok", found)
    return Finding(
        "memory", "note", found, f"The chapters use up to {NEEDS_MEMORY / 1e9:.0f} GB: close other programs."
    )


def _shown(path: Path) -> str:
    """`path` as people write it, with ~ for the home folder."""
    try:
        return str("~" / path.relative_to(Path.home()))
    except (RuntimeError, ValueError):  # no HOME, and a user without an entry; not below the home folder
        return str(path)


def _place() -> tuple[Path | None, str]:
    """The folder in which the cache is, or will be made, and what keeps it from being written ("" if nothing does)."""
    try:
        if not os.environ.get("COURSE_HOME") and not Path("~").expanduser().is_absolute():
            return None, "you have no home folder"
        cache = home()
        place = next(folder for folder in [cache, *cache.parents] if folder.exists())
    except RuntimeError:  # what `~`, `~name` and a relative one in a folder that was removed raise
        named = os.environ.get("COURSE_HOME")
        if not named:
            return None, "you have no home folder"
        what = "there is no such home folder" if named.startswith("~") else "the folder where this runs was removed"
        return None, f"COURSE_HOME={named}: {what}"
    except OSError as problem:  # a name that is too long, a folder of somebody else
        return None, f"{_shown(home())}: {problem.strerror}"
    inner = [cache / name for name in ("checkpoints", "wheels", "datasets")]
    for folder in [*reversed(cache.parents), cache, *inner]:
        try:
            if os.path.lexists(folder) and not folder.is_dir():
                nowhere = folder.is_symlink() and not folder.exists()
                return place, f"{folder} is a link that leads nowhere" if nowhere else f"{folder} is no folder"
            if folder in (place, *inner) and folder.exists():
                with tempfile.TemporaryFile(dir=folder) as file:
                    file.write(b"course")
        except OSError as problem:
            return place, f"{folder} cannot be written: {problem.strerror}"
    return place, ""


def _whole() -> bool:
    """Whether every checkpoint has been prepared."""
    try:
        return all(entry.ready for entry in catalogue().values())
    except (OSError, RuntimeError):
        return False


def _disk(place: Path | None, trouble: str) -> Finding:
    if place is None:
        return Finding("disk", "note", f"the free space cannot be told: {trouble}", "See the line about the cache.")
    free = shutil.disk_usage(place).free
    found = f"{free / 1e9:.1f} GB free in {_shown(place)}"
    needed = NEEDS_WHEN_PREPARED if _whole() else NEEDS_DISK
    if free >= needed:
        return Finding("disk", "ok", found)
    return Finding("disk", "problem", found, f"Needs {needed / 1e9:.1f} GB: free some, or set COURSE_HOME elsewhere.")


def _cache(trouble: str) -> Finding:
    """Whether what the chapters prepare can be written; `trouble` is what `_place` says."""
    if not trouble:
        return Finding("cache", "ok", f"{_shown(home())} can be written")
    then = (
        ": what is prepared in a shared one is read, but chapter 03 writes." if _whole() else ", then `course fetch`."
    )
    advice = f"Point COURSE_HOME to a folder of yours{then}"
    return Finding("cache", "problem", trouble, advice)


def _texts() -> list[Finding]:
    """The wheels that are read as they are."""
    findings = []
    for name, wheel in wheels().items():
        if any(entry.wheel == name for entry in catalogue().values()):
            continue  # its checkpoint says it
        try:
            if is_whole(wheel, home() / "wheels"):
                findings.append(Finding(f"texts {name}", "ok", f"ready, {wheel['bytes'] / 1e6:.0f} MB"))
                continue
            found = "damaged" if (home() / "wheels" / wheel["file"]).exists() else "not there"
        except (OSError, RuntimeError):
            found = UNREADABLE
        findings.append(Finding(f"texts {name}", "problem", found, f"Run `course fetch {name}`."))
    return findings


def _checkpoints() -> list[Finding]:
    findings = []
    for name, entry in catalogue().items():
        subject, advice = f"checkpoint {name}", f"Run `course fetch {name}`."
        try:
            if not entry.ready:
                findings.append(Finding(subject, "problem", "not prepared", advice))
            elif trouble := damage(entry):
                findings.append(Finding(subject, "problem", trouble, advice))
            else:
                size = sum(path.stat().st_size for path in entry.folder.iterdir())
                findings.append(Finding(subject, "ok", f"ready, {size / 1e6:.0f} MB"))
        except (OSError, RuntimeError):
            findings.append(Finding(subject, "problem", UNREADABLE, "See the line about the cache."))
    return findings


def _hub() -> Finding:
    endpoint = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    wants_hub = os.environ.get("COURSE_SOURCE") == "hub"
    if offline():
        reached, found = False, "not asked (HF_HUB_OFFLINE=1)"
    else:
        try:
            scheme, host, door = _address("HF_ENDPOINT", endpoint)
            proxy = None if proxy_bypass(host) else getproxies().get(scheme)
            if proxy:
                _, *asked = _address(f"{scheme}_proxy", proxy)
            else:
                asked = [host, door]
        except ValueError as problem:
            return Finding("model hub", "problem" if wants_hub else "note", str(problem), "Mend it, or unset it.")
        try:
            socket.create_connection(tuple(asked), timeout=3).close()
            reached, found = True, f"{host} can be reached"
        except (OSError, UnicodeError):  # the second: a name that none can have
            reached, found = False, f"{host} cannot be reached"
    if reached:
        return Finding("model hub", "ok", found)
    if wants_hub:
        return Finding(
            "model hub", "problem", found, "COURSE_SOURCE=hub needs it: unset COURSE_SOURCE to work without."
        )
    return Finding("model hub", "note", found, "The course does not need it; only `model=` with a hub id would.")


def _address(name: str, written: str) -> tuple[str, str, int]:
    """Scheme, host and port of the address that the environment variable `name` holds, `https://` where it says none.

    Raises ValueError for a mistyped one. The message does not repeat it: a proxy's address may hold a password.
    """
    with contextlib.suppress(ValueError):  # a port that is no number, half a bracket
        there = urlsplit(written if "//" in written else f"https://{written}")
        if there.hostname:
            return there.scheme, there.hostname, there.port or DOORS.get(there.scheme, 443)
    raise ValueError(f"{name} is mistyped: it is no address such as https://mirror.example:443")
