"""A check of the machine: what the course needs, what is there, and what to do about each difference."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from course_lib.checkpoints import catalogue, damage, home, wheels
from course_lib.checkpoints.fetch import is_whole

NEEDS_MEMORY, NEEDS_DISK = 2e9, 1.5e9  # bytes; measured: 1.9 GB in `course bench`, 1.3 GB of wheels and checkpoints
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
    return [
        _python(), *_packages(), _kernel(), _cores(), _memory(), _disk(), _cache(), *_checkpoints(), *_texts(), _hub(),
    ]  # fmt: skip


def _python() -> Finding:
    found = platform.python_version()
    fits = (3, 11) <= sys.version_info[:2] <= (3, 13)
    advice = "" if fits else "Use Python 3.11, 3.12 or 3.13: `make course PYTHON=python3.12`."
    return Finding("Python", "ok" if fits else "problem", found, advice)


def _packages() -> list[Finding]:
    findings = []
    for package, least in RELEASES.items():
        wanted = ".".join(map(str, least))
        try:
            found = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            findings.append(Finding(package, "problem", "not installed", "Run `make setup`."))
            continue
        release = tuple(int(part) for part in found.split("+")[0].split(".")[:2])
        state = "ok" if release >= least and (package != "transformers" or release[0] == 5) else "problem"
        advice = "" if state == "ok" else f"Needs {wanted} or newer: run `make setup`."
        findings.append(Finding(package, state, found, advice))
    return findings


def _kernel() -> Finding:
    """Whether JupyterLab would run chapters in this Python; `course run` and the tests always do."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    manager = KernelSpecManager()
    try:
        spec = manager.get_kernel_spec("python3")
    except NoSuchKernel:
        return Finding("kernel", "problem", "there is no kernel python3", "Run `make setup`.")
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


def _disk() -> Finding:
    place = next(folder for folder in [home(), *home().parents] if folder.exists())
    free = shutil.disk_usage(place).free
    shown = str(home()).replace(str(Path.home()), "~", 1)
    found = f"{free / 1e9:.1f} GB free in {shown}"
    if free >= NEEDS_DISK or all(entry.ready for entry in catalogue().values()):
        return Finding("disk", "ok", found)
    return Finding(
        "disk", "problem", found, f"Needs {NEEDS_DISK / 1e9:.1f} GB: free some, or set COURSE_HOME elsewhere."
    )


def _cache() -> Finding:
    """Whether what the chapters prepare can be written."""
    place = next(folder for folder in [home(), *home().parents] if folder.exists())
    shown = str(home()).replace(str(Path.home()), "~", 1)
    if place.is_dir() and os.access(place, os.W_OK | os.X_OK):
        return Finding("cache", "ok", f"{shown} can be written")
    found = f"{place} is no folder" if not place.is_dir() else f"{place} cannot be written"
    whole = all(entry.ready for entry in catalogue().values())
    advice = "Point COURSE_HOME to a folder of yours" + (
        ": what is prepared in a shared one is read, but chapter 03 writes." if whole else ", then run `course fetch`."
    )
    return Finding("cache", "problem", found, advice)


def _texts() -> list[Finding]:
    """The wheels that are read as they are."""
    findings = []
    for name, wheel in wheels().items():
        if any(entry.wheel == name for entry in catalogue().values()):
            continue  # its checkpoint says it
        if is_whole(wheel, home() / "wheels"):
            findings.append(Finding(f"texts {name}", "ok", f"ready, {wheel['bytes'] / 1e6:.0f} MB"))
        else:
            there = (home() / "wheels" / wheel["file"]).exists()
            found = "damaged" if there else "not there"
            findings.append(Finding(f"texts {name}", "problem", found, f"Run `course fetch {name}`."))
    return findings


def _checkpoints() -> list[Finding]:
    findings = []
    for name, entry in catalogue().items():
        if not entry.ready:
            findings.append(Finding(f"checkpoint {name}", "problem", "not prepared", f"Run `course fetch {name}`."))
        elif trouble := damage(entry):
            findings.append(Finding(f"checkpoint {name}", "problem", trouble, f"Run `course fetch {name}`."))
        else:
            size = sum(path.stat().st_size for path in Path(entry.folder).iterdir())
            findings.append(Finding(f"checkpoint {name}", "ok", f"ready, {size / 1e6:.0f} MB"))
    return findings


def _hub() -> Finding:
    endpoint = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    host = endpoint.split("//")[-1].split("/")[0].split(":")[0]
    wants_hub = os.environ.get("COURSE_SOURCE") == "hub"
    if os.environ.get("HF_HUB_OFFLINE") == "1":
        reached, found = False, "not asked (HF_HUB_OFFLINE=1)"
    else:
        try:
            socket.create_connection((host, 443), timeout=3).close()
            reached, found = True, f"{host} can be reached"
        except OSError:
            reached, found = False, f"{host} cannot be reached"
    if reached:
        return Finding("model hub", "ok", found)
    if wants_hub:
        return Finding(
            "model hub", "problem", found, "COURSE_SOURCE=hub needs it: unset COURSE_SOURCE to work without."
        )
    return Finding("model hub", "note", found, "The course does not need it; only `model=` with a hub id would.")
