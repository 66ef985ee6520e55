"""Does the course still hold with the newest releases? `make canary` says which claims and which outputs change.

It installs the newest releases that pyproject.toml allows into build/canary/.venv, executes the chapters there, runs
the library's tests, and compares with what is stored. The table is printed and written to build/canary.md; the exit
code is 1 if anything changes. torch stays at the release of requirements.lock unless UPGRADE=1, since a newer one may
be several GB, and comes from TORCH_INDEX where that is given; CHAPTERS=02,05 takes these chapters only, and no tests.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as xml
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat

from workshop import install, running_pip
from workshop.environment import packages as asked_for
from workshop.make import NBVAL, accept_every_letter

ROOT = install.ROOT
CHAINED = re.compile(
    "During handling of the above exception, another exception occurred:"
    "|The above exception was the direct cause of the following exception:"
)  # between the errors of a chain, of which the last ended the test
VERSIONS = (
    "import importlib.metadata as m, json; "
    "print(json.dumps({d.metadata['Name'].lower().replace('_', '-'): d.version for d in m.distributions()}))"
)


@dataclass(frozen=True)
class Change:
    """One thing that differs: in which chapter or test file, where, the claims shown there, what was found."""

    file: str
    place: str
    claims: tuple[str, ...]
    found: str


def requirements(pyproject: str, lock: str, newest_torch: bool) -> list[str]:
    """What is asked of pip: the ranges of pyproject.toml, and the torch of the lock unless the newest is wanted."""
    project = tomllib.loads(pyproject)["project"]
    pinned = re.search(r"^torch==[^\s;]+", lock, re.MULTILINE)[0]
    return [pinned if re.match(r"torch\b", one) and not newest_torch else one for one in asked_for(project)]


def moved(lock: str, installed: dict[str, str]) -> list[tuple[str, str, str]]:
    """Packages with another version than in the lock: name, version there, version here; "none" for a new one."""
    pins: dict[str, set] = {}
    for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", lock, re.MULTILINE):
        pins.setdefault(name.lower(), set()).add(version)
    own = {"pip", "transformers-executed"}
    rows = []
    for name, version in sorted(installed.items()):
        if name not in own and version.split("+")[0] not in pins.get(name, ()):
            rows.append((name, ", ".join(sorted(pins.get(name, ()))) or "none", version))
    return rows


def changes(junit: str, chapters: Path) -> list[Change]:
    """What pytest and nbval have found, from their report; claims by the tags of the cells."""
    found = []
    for case in xml.fromstring(junit).iter("testcase"):
        problem = next((one for one in case if one.tag in ("failure", "error")), None)
        if problem is None:
            continue
        text = re.sub(r"#x1B\[[\d;]*m|\x1b\[[\d;]*m", "", problem.text or problem.get("message", ""))
        file, place = case.get("classname", ""), case.get("name", "")
        claims: tuple[str, ...] = ()
        if cell := re.fullmatch(r"Cell (\d+)", place):
            chapter = chapters / f"{re.search(r'([^./]+)(?:[.]ipynb)?$', file)[1]}.ipynb"
            code = [one for one in nbformat.read(chapter, as_version=4).cells if one.cell_type == "code"]
            tags = code[int(cell[1])].metadata.get("tags", [])
            claims = tuple(tag.removeprefix("claim-") for tag in tags if tag.startswith("claim-"))
            file, place = chapter.stem, f"cell {int(cell[1]) + 1}"
        found.append(Change(file, place, claims, said(text)))
    return found


def said(text: str) -> str:
    """The heart of a failure in one line: the error, or the first stored line that reads otherwise now."""
    if "Cell execution caused an exception" in text:
        return text.strip().splitlines()[-1].strip()
    text = CHAINED.split(text)[-1]
    lines = [line for line in text.splitlines() if line.strip()]
    if "Cell outputs differ" in text:
        was, now = ([line[4:].strip()[:80] for line in lines if line.startswith(f"  {sign} ")] for sign in "+-")
        if was and now:
            return f"was `{was[0]}`, is `{now[0]}`"
        return next((line.strip()[:160] for line in lines if "mismatch" in line), "its outputs differ")
    errors = [line for line in lines if re.match(r"E\s|\w*(Error|Exception)\b", line)]
    return (errors or lines or ["failed"])[0].removeprefix("E").strip()[:160]


def report(packages: list, found: list[Change], claims: dict[str, dict], executed: list[str]) -> str:
    """The table, as Markdown."""

    def table(head: list[str], rows: list) -> list[str]:
        rows = [[str(cell).replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
        return ["| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows]]

    checked = {name for name, claim in claims.items() if any(int(one[:2]) == claim["chapter"] for one in executed)}
    broken = {name: change for change in found for name in change.claims}
    lines = ["# The course with the newest releases", ""]
    lines += [f"{len(checked - set(broken))} of {len(checked)} claims hold as they are stored.", "", "## Packages", ""]
    lines += table(["package", "requirements.lock", "here"], packages) if packages else ["None is newer."]
    lines += ["", "## Claims", ""]
    rows = [
        [name, claims[name]["claim"], f"{change.file}, {change.place}", change.found]
        for name, change in sorted(broken.items())
    ]
    lines += table(["claim", "it says", "where", "what changes"], rows) if rows else ["None changes."]
    lines += ["", "## Other outputs and tests", ""]
    rows = [[change.file, change.place, change.found] for change in found if not change.claims]
    lines += table(["where", "what", "what changes"], rows) if rows else ["None changes."]
    return "\n".join(lines) + "\n"


def chosen(chapters: list[Path], numbers: str) -> list[Path]:
    """The chapters with these numbers, "02,05"; all of them for "". Raises Refused for a number without a chapter."""
    wanted = [number.strip().zfill(2) for number in numbers.split(",") if number.strip()]
    if missing := [number for number in wanted if not any(path.name[:2] == number for path in chapters)]:
        there = ", ".join(path.name[:2] for path in chapters)
        raise install.Refused(f"CHAPTERS={numbers}: there is no chapter {missing[0]}. There are: {there}.")
    return [path for path in chapters if not wanted or path.name[:2] in wanted]


def environment(place: Path, newest_torch: bool, torch_index: str) -> Path:
    """An environment of its own with the newest releases; its Python."""
    venv = place / ".venv"
    python = install.python_of(venv)
    log, mark = place / "install.log", place / "installing"
    if mark.exists() and venv.exists():  # interrupted: pip cannot tell a half-written package from a whole one
        shutil.rmtree(venv)
    mark.touch()
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", *install.OPTIONS, venv], check=True)
    wanted = requirements(_read("pyproject.toml"), _read(install.LOCK), newest_torch)
    torch = next(one for one in wanted if re.match(r"torch\b", one))
    alone = install.index_alone(torch_index, str(place)) if torch_index else {}
    deps = [] if newest_torch else ["--no-deps"]  # what it needs comes with the others
    running_pip.run(python, ["install", "--upgrade", *deps, torch], "torch", log, 1, alone)
    newest = ["install", "--upgrade", "--upgrade-strategy", "eager"]
    running_pip.run(
        python, [*newest, *wanted], "newest releases", log, len(re.findall(r"(?m)^[\w.-]+==", _read(install.LOCK)))
    )
    mark.unlink()
    return python


def run(python: Path, place: Path, chapters: list[Path]) -> str:
    """Execute these chapters and run the library's tests in that environment; pytest's report."""
    told = {**os.environ, "PYTHONPATH": str(ROOT), "TQDM_DISABLE": "1"}

    def call(*arguments: object) -> None:
        subprocess.run([python, *arguments], cwd=ROOT, env=told)  # what fails stands in the report

    call("-m", "workshop", "run", *(chapter.stem for chapter in chapters), "--build", place, "--force")
    junit = place / "junit.xml"
    junit.unlink(missing_ok=True)
    call(
        "-m", "pytest", "-q", f"--junitxml={junit}", *asked_of_pytest(place, chapters, bool(os.environ.get("CHAPTERS")))
    )
    if not junit.is_file():
        raise install.Refused("pytest has left no report: see what it says above.")
    return junit.read_text(encoding="utf-8")


def asked_of_pytest(place: Path, chapters: list[Path], some: bool) -> list:
    """nbval on these chapters, and the library's tests unless only `some` chapters are wanted."""
    # --executed is an option of tests/conftest.py, which pytest reads of itself only with a path in tests/
    tests = ["-p", "tests.conftest"] if some else ["tests/lib"]
    return [*NBVAL, "--executed", place / "executed", *tests, *chapters]


def main(install_into: Callable = environment, run_in: Callable = run, build: Path = ROOT / "build") -> int:
    """Do it all; 1 if anything changes. `install_into` and `run_in` are the slow steps (the tests have their own)."""
    accept_every_letter()
    place = build / "canary"
    every = sorted((ROOT / "chapters").glob("[0-9][0-9]_*.ipynb"))
    try:
        chapters = chosen(every, os.environ.get("CHAPTERS", ""))
        place.mkdir(parents=True, exist_ok=True)
        python = install_into(place, bool(os.environ.get("UPGRADE")), os.environ.get("TORCH_INDEX", ""))
        asked = subprocess.run([python, "-c", VERSIONS], stdout=subprocess.PIPE, check=True)
        packages = moved(_read(install.LOCK), json.loads(asked.stdout))
        found = changes(run_in(python, place, chapters), ROOT / "chapters")
        text = report(packages, found, json.loads(_read("tests/claims.json")), [path.name for path in chapters])
        print(text)
        (build / "canary.md").write_text(text, encoding="utf-8")
    except install.Refused as refusal:
        print(refusal, file=sys.stderr)
        return 2
    except (OSError, subprocess.CalledProcessError) as problem:
        print(f"{problem}.\nMake room or mend the rights there; then run it again.", file=sys.stderr)
        return 2
    return 1 if found else 0


def _read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
