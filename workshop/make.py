"""What `make` does, also where there is no make: `python -m workshop.make course`, with any Python from 3.11 to 3.13.

The Makefile hands every target to this file. Settings are given as NAME=value, as with make, or in the environment:
PYTHON, VENV, WHEELS, TORCH_INDEX, TO, UPGRADE, CHAPTERS. Standard library only: it runs before anything is installed.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from workshop import install

ROOT = install.ROOT
SETTINGS = {
    "PYTHON": "the Python that the environment is made with: PYTHON=python3.12",
    "VENV": "the folder of the environment; .venv if it is not given",
    "WHEELS": "a folder made by `make carry`, to install and fetch without any network",
    "TORCH_INDEX": "the package index of torch's CPU build; nothing but torch is taken from it",
    "TO": "where `make class` puts the chapters; class if it is not given",
    "UPGRADE": "1: `make lock` takes the newest releases; `make canary` the newest torch too",
    "CHAPTERS": "02,05: `make canary` executes these, and runs no tests",
}
NBVAL = [
    "--nbval", "--nbval-current-env", "--nbval-cell-timeout=300", "--nbval-sanitize-with", "tests/nbval_sanitize.cfg",
]  # fmt: skip
SHARED = ["-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]  # by two processes, see tests/conftest.py


MADE = (  # pages and results in build/; jupyter_execute is MyST-NB's, site-doctrees is left by an interruption
    "executed", "site", "site-source", "site-doctrees", "slides-source", "jupyter_execute", "bench.md", "canary.md",
)  # fmt: skip
STARTED = "WORKSHOP_STARTED"  # set for this file by make, and by itself, once it runs in the Python that PYTHON names


class Failed(Exception):
    """A command has failed and has said why; the argument is what it returned."""


def given(name: str) -> str:
    """A setting's value, "" if there is none."""
    return os.environ.get(name, "")


def venv() -> Path:
    """The environment's folder."""
    return ROOT / (given("VENV") or ".venv")


def accept_every_letter() -> None:
    """From now on a console that lacks a letter of what is printed shows a question mark, and the run goes on."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def command_of(python: str) -> list[str]:
    """What PYTHON= names, as words: a program, whose path may hold spaces, or a program and its options."""
    return [python] if shutil.which(python) else shlex.split(python, posix=os.name != "nt")


def call(command: list[str], environment: dict) -> int:
    """Run a command in the course's folder; its exit code. Ctrl-C reaches it too, and it ends in its own way."""
    sys.stdout.flush()
    process, interrupted = subprocess.Popen(command, cwd=str(ROOT), env=environment), False
    while True:
        try:
            code = process.wait()
            break
        except KeyboardInterrupt:
            interrupted = True
    if interrupted and code:
        raise KeyboardInterrupt
    return code


def run(*arguments: object, python: object = None, check: bool = True, bars: bool = False) -> int:
    """Run the environment's Python, or another, with these arguments; with `bars` the libraries may draw progress."""
    command = [str(python or install.python_of(venv())), *map(str, arguments)]
    code = call(command, dict(os.environ) if bars else {**os.environ, "TQDM_DISABLE": "1"})
    if code and check:
        raise Failed(code)
    return code


def setup() -> None:
    """the environment in .venv (does nothing when it is up to date)"""
    install.setup(venv(), given("WHEELS"), given("TORCH_INDEX"), named=bool(given("PYTHON")))


def fetch() -> None:
    """the checkpoints (does nothing when they are ready)"""
    setup()
    run("-m", "workshop", "fetch", *(["--from", Path(given("WHEELS")).resolve()] if given("WHEELS") else []))


def course() -> None:
    """execute every chapter, write the pages in build/site/, print the pipelines' answers"""
    fetch()
    run("-m", "workshop", "run")
    run("-m", "workshop", "answers")


def pdf() -> None:
    """the whole course as one PDF, and one of each deck, in build/site/; needs Chromium, Chrome or Edge"""
    fetch()
    run("-m", "workshop", "run")
    run("-m", "workshop", "pdf")
    run("-m", "workshop", "pdf", "--slides")


def lab() -> None:
    """study the chapters in JupyterLab, in study/"""
    fetch()
    run("-m", "workshop", "study")
    run("-m", "jupyter", "labextension", "disable", "@jupyterlab/apputils-extension:announcements")  # asks a host
    start = "--LabApp.default_url=/lab/tree/study/00_start_here.ipynb"
    run("-m", "jupyter", "lab", "--ServerApp.root_dir=.", start, bars=True)


def study() -> None:
    """write the chapters to study into study/, or bring what is new into yours; what you wrote stays"""
    setup()
    run("-m", "workshop", "study")


def classroom() -> None:
    """the chapters for nbgrader, in the folder that TO names"""
    setup()
    run("-m", "workshop", "class", Path(given("TO") or "class").resolve())


def test() -> None:
    """everything that is proved: the library, and every output of every chapter, pictures apart"""
    fetch()
    run("-m", "workshop", "run", check=False)  # a chapter that fails is executed by nbval again, which says where
    run("-m", "pytest", *NBVAL, *SHARED, "--executed", "build/executed", "tests", "chapters")


def bench() -> None:
    """seconds, memory and bytes of the nine tasks, as a table in build/bench.md"""
    fetch()
    run("-m", "workshop", "bench")


def doctor() -> None:
    """check the machine, and say what to do about each problem"""
    setup()
    run("-m", "workshop", "doctor")


def lint() -> None:
    """check the style of the code and the form of the notebooks"""
    setup()
    run("-m", "ruff", "check", ".")
    run("-m", "ruff", "format", "--check", ".")
    run("-m", "workshop.editions.normalise", "--check")


def format() -> None:
    """mend the style of the code and the form of the notebooks"""
    setup()
    run("-m", "ruff", "check", "--fix", ".", check=False)
    run("-m", "ruff", "format", ".")
    run("-m", "workshop.editions.normalise")


def notebooks() -> None:
    """execute the chapters in place and store their outputs (after an edit)"""
    fetch()
    run("-m", "workshop.editions.normalise", "--execute")


def environment() -> None:
    """write environment.yml from pyproject.toml"""
    without_setup("workshop.environment")


def lock() -> None:
    """write requirements.lock from pyproject.toml; with UPGRADE=1 the newest releases"""
    without_setup("workshop.lock")


def without_setup(module: str) -> None:
    """Run a module that needs the standard library alone: what `setup` would install is about to change."""
    install.check_python()
    run("-m", module, python=sys.executable)


def carry() -> None:
    """fill build/carry with all that a room without network needs: make course WHEELS=build/carry"""
    setup()
    install.carry(venv(), ROOT / "build" / "carry", given("TORCH_INDEX"))
    run("-m", "workshop", "carry", "build/carry")


def canary() -> None:
    """which claims and outputs change with the newest releases: build/canary.md"""
    fetch()
    run("-m", "workshop.canary")


def clean() -> None:
    """remove the pages and results from build/; trainings, carried wheels, canary's environment and the cache stay"""
    build = ROOT / "build"
    for path in (build / name for name in MADE):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(str(path))
        elif path.exists() or path.is_symlink():
            path.unlink()
    with contextlib.suppress(OSError):
        build.rmdir()  # if nothing else is in it


TARGETS = {
    target.__name__.replace("classroom", "class"): target
    for target in (
        setup, fetch, course, pdf, lab, study, classroom, test, bench, lint, format, notebooks, lock, environment,
        carry, canary, doctor, clean,
    )
}  # fmt: skip


def help_text() -> str:
    """Every target and every setting, a line each."""
    call = "make" if os.environ.get("MAKELEVEL") else "python -m workshop.make"
    lines = [f"  {call} {name:12} {target.__doc__}" for name, target in TARGETS.items()]
    return "\n".join([*lines, "", *(f"  {name + '=':13} {about}" for name, about in SETTINGS.items())])


def main(arguments: list[str]) -> int:
    """Do what the arguments name, in their order; the exit code."""
    accept_every_letter()
    settings = dict(one.split("=", 1) for one in arguments if "=" in one)
    names = [one for one in arguments if "=" not in one]
    unknown = [name for name in names if name not in [*TARGETS, "help"]] + [n for n in settings if n not in SETTINGS]
    if unknown:
        print(f"There is no {unknown[0]}. There are:\n{help_text()}", file=sys.stderr)
        return 2
    os.environ.update(settings)
    started = os.environ.pop(STARTED, "")  # for this process alone, not for what it starts
    if given("PYTHON") and ("PYTHON" in settings or not started):  # make starts this file with it; so is it done here
        rest = [one for one in arguments if not one.startswith("PYTHON=")]
        try:
            command = [*command_of(given("PYTHON")), "-m", "workshop.make", *rest]
            return call(command, {**os.environ, STARTED: "1"})
        except (OSError, ValueError) as problem:  # ValueError: a quotation mark that nothing closes
            print(
                f"PYTHON={given('PYTHON')} does not start: {getattr(problem, 'strerror', None) or problem}. "
                "Name a Python from 3.11 to 3.13, such as PYTHON=python3.12.",
                file=sys.stderr,
            )
            return 1
    try:
        for name in names or ["help"]:
            print(help_text()) if name == "help" else TARGETS[name]()
    except install.Refused as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except OSError as problem:
        print(f"{problem}.\nMake room or mend the rights there; then run the same command again.", file=sys.stderr)
        return 1
    except Failed as failed:
        return max(failed.args[0], 1)
    except KeyboardInterrupt:
        print("\nInterrupted. Run the same command again: it carries on.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
