"""Make the environment that the course runs in, or bring it up to date: what `make setup` does.

Needs the standard library only, since nothing is installed yet, and is written so that an old Python can read it and
say that it is too old. `.ready` in the environment says what it was made from: the folder, the Python,
requirements.lock and pyproject.toml. Where the first two differ, it is made anew; where the others do, it is brought up
to date.

An interrupted installation leaves `.installing` behind; the environment is then made anew, since pip cannot tell a
half-written package from a whole one. What was downloaded stays in pip's own cache.
"""

from __future__ import annotations

import contextlib
import email
import hashlib
import json
import os
import platform
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

from workshop import running_pip
from workshop.running_pip import Refused

ROOT = Path(__file__).resolve().parents[1]
LOCK = "requirements.lock"
HASHED = (LOCK, "pyproject.toml")  # what an environment is made from
OLDEST, NEWEST = (3, 11), (3, 13)
BUILD = ("setuptools", "setuptools-scm", "vcs-versioning", "packaging")  # build what comes as source
CUDA = re.compile(r"(nvidia-|cuda-|triton$)")  # what only torch's CUDA build needs
OPTIONS: list[str] = []  # of `python -m venv`; the tests leave pip out
MADE_FOR = "made_for.json"  # in a carried folder
ASK = "import json, sys; print(json.dumps([sys.version.split()[0], sys.base_prefix]))"


def check_python(version: tuple = sys.version_info[:2]) -> None:
    """Raise Refused unless the course runs in this version of Python."""
    if not OLDEST <= tuple(version) <= NEWEST:
        raise Refused(
            f"This course needs Python 3.11, 3.12 or 3.13; {sys.executable} is {version[0]}.{version[1]}.\n"
            "Name another one: make setup PYTHON=python3.12, or without make: python3.12 -m workshop.make setup\n"
            "(on Windows: py -3.12 -m workshop.make setup)"
        )


def python_of(venv: Path) -> Path:
    """The Python of an environment, on Windows and elsewhere."""
    return venv / "Scripts" / "python.exe" if os.name == "nt" else venv / "bin" / "python"


def parts(lock: str) -> dict[str, list[str]]:
    """The entries of requirements.lock in the four steps of the installation: build, torch, cuda, rest."""
    found: dict[str, list[str]] = {"build": [], "torch": [], "cuda": [], "rest": []}
    for entry in re.findall(r"^[\w.-]+==(?:.*\\\n)*.*", lock, re.MULTILINE):
        name = entry.split("==")[0].lower()
        step = "build" if name in BUILD else "torch" if name == "torch" else "cuda" if CUDA.match(name) else "rest"
        found[step].append(entry)
    return found


def setup(
    venv: Path, wheels: str = "", torch_index: str = "", named: bool = False, root: Path = ROOT, steps=None
) -> bool:
    """Make `venv` ready; True if there was something to do.

    `wheels` is a folder made by `make carry`, the only source then; `torch_index` the only source of torch. `named`
    says that the reader has chosen the Python that runs this; otherwise an environment with another one is kept.
    Raises Refused, with words for the reader. `steps` installs the packages (the tests have their own).
    """
    venv = Path(os.path.realpath(venv))  # a link to a bigger disk stays one
    try:
        if why_anew(venv, root, named) is None and up_to_date(venv, root):
            return False
        _may_write(venv)
        with _alone(venv):
            reason = why_anew(venv, root, named)
            if reason is None and up_to_date(venv, root):
                return False  # somebody else has just done it
            if wheels:
                _check_carried(Path(wheels), venv if reason is None else None)
            if reason is not None:
                check_python()
                _make(venv, reason)
            (venv / ".installing").touch()
            with contextlib.suppress(FileNotFoundError):
                (venv / ".ready").unlink()
            (steps or install)(venv, wheels, torch_index, root)
            _write_ready(venv, root)
            (venv / ".installing").unlink()
    except OSError as problem:
        raise Refused(_about(problem, venv)) from problem
    return True


def why_anew(venv: Path, root: Path = ROOT, named: bool = False) -> str | None:
    """Why the environment has to be made anew, in words ("" if there is none); None if it can be used."""
    if not venv.exists() or not any(venv.iterdir()):
        return ""
    if not (venv / "pyvenv.cfg").exists() and not (venv / ".installing").exists():
        raise Refused(f"{venv} holds something that is no Python environment. Name another folder: VENV=FOLDER")
    if (venv / ".installing").exists():
        return "its installation was interrupted"
    made = _record(venv)
    if made is None:
        return "nothing says what it was made from"
    if made["folder"] != str(venv) or made["root"] != str(root):
        return f"it was made for the course in {made['root']}, which is now in {root}"
    there = _ask(python_of(venv))
    if there is None:
        return "its Python does not start"
    version = there[0]
    if not OLDEST <= tuple(int(part) for part in version.split(".")[:2]) <= NEWEST or (
        version.split(".")[:2] != made["python"].split(".")[:2]
    ):
        return f"it has Python {version}"
    here = [platform.python_version(), sys.base_prefix]
    if named and there != here:
        return f"it has Python {version} of {there[1]}, and PYTHON= names {here[0]} of {here[1]}"
    return None


def up_to_date(venv: Path, root: Path = ROOT) -> bool:
    """Whether it was made from today's requirements.lock and pyproject.toml."""
    made = _record(venv)
    return made is not None and {name: made[name] for name in HASHED} == _hashes(root)


def install(venv: Path, wheels: str, torch_index: str, root: Path = ROOT) -> None:
    """Install what requirements.lock lists, each file checked against its sha256, and then the course itself."""
    python, log = python_of(venv), venv / "install.log"
    entries = parts((root / LOCK).read_text(encoding="utf-8"))
    usual = only_from(wheels) if wheels else {}
    with tempfile.TemporaryDirectory(dir=str(venv)) as folder:

        def step(title: str, name: str, *options: str) -> None:
            listed = _written(entries[name], Path(folder) / f"{name}.txt")
            arguments = ["install", "--require-hashes", "--no-deps", *options, "-r", listed]
            running_pip.run(python, arguments, title, log, len(entries[name]), usual)

        step("build tools", "build")  # pinned like the rest; a build of its own would fetch others
        torch = fetch_torch(python, entries["torch"], Path(folder), log, "" if wheels else torch_index, usual)
        own = ["install", "--no-deps", "--no-index"]
        running_pip.run(python, [*own, torch], "torch", log)
        if _wants_cuda(torch):
            print("  This build of torch is for CUDA, several GB. For the CPU build see TORCH_INDEX in the README.")
            step("CUDA", "cuda")
        step("packages", "rest", "--no-build-isolation")
        running_pip.run(python, [*own, "--no-build-isolation", "--editable", root], "the course", log)


def fetch_torch(python: Path, entries: list[str], folder: Path, log: Path, index: str, environment: dict) -> Path:
    """Download the build of torch that this host or `index` offers, check its sha256, return the file.

    pip's own check of hashes would pass over a CPU build that lies on the host's disk, in favour of a CUDA build.
    """
    place = folder / "torch"
    (place / "nothing").mkdir(parents=True)
    if index:
        environment = index_alone(index, place / "nothing")
    wanted = entries[0].split()[0]
    running_pip.run(python, ["download", "--no-deps", wanted, "-d", place], "torch", log, 1, environment)
    (file,) = place.glob("torch-*.whl")
    digest = hashlib.sha256()
    with open(file, "rb") as opened:
        for piece in iter(lambda: opened.read(1 << 20), b""):
            digest.update(piece)
    if f"sha256:{digest.hexdigest()}" not in entries[0]:
        raise Refused(
            f"{file.name} is not one of the builds of torch that requirements.lock lists; it was not installed.\n"
            f"Its sha256 is {digest.hexdigest()}. "
            + (f"It comes from {index}: `make lock TORCH_INDEX={index}` reads that index's hashes, if you trust it."
               if index else "Leave the host's own source of torch out, or name torch's CPU index with TORCH_INDEX=.")
        )  # fmt: skip
    return file


def _written(entries: list[str], path: Path) -> Path:
    path.write_text("\n".join(entries) + "\n", encoding="utf-8")
    return path


def only_from(wheels: str) -> dict[str, str]:
    """What pip is told so that a folder is its only source. An address: pip splits a path at its spaces."""
    return {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": Path(wheels).resolve().as_uri()}


def index_alone(index: str, empty: str) -> dict[str, str]:
    """What pip is told so that `index` is its only source; an empty value would leave the host's own settings."""
    return {"PIP_INDEX_URL": index, "PIP_EXTRA_INDEX_URL": index, "PIP_FIND_LINKS": Path(empty).resolve().as_uri()}


def carry(venv: Path, folder: Path, torch_index: str = "", root: Path = ROOT) -> None:
    """Fill `folder` with the files that `install` needs on a machine of the same kind. Raises Refused."""
    try:
        _carry(venv, folder, torch_index, root)
    except OSError as problem:
        raise Refused(
            f"{folder} cannot be filled: {problem}.\nMake room there, or remove what is in the way; then run it again."
        ) from problem


def _carry(venv: Path, folder: Path, torch_index: str, root: Path) -> None:
    python, log = python_of(venv), venv / "carry.log"
    entries = parts((root / LOCK).read_text(encoding="utf-8"))
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=str(venv)) as place:
        torch = fetch_torch(python, entries["torch"], Path(place), log, torch_index, {})
        shutil.copyfile(str(torch), str(folder / torch.name))
        every = entries["build"] + entries["rest"] + (entries["cuda"] if _wants_cuda(torch) else [])
        options = ["--require-hashes", "--no-deps", "--no-build-isolation", "-d", folder]
        listed = _written(every, Path(place) / "packages.txt")
        running_pip.run(python, ["download", *options, "-r", listed], "packages", log, len(every))
    (folder / MADE_FOR).write_text(json.dumps(kind_of(python)) + "\n", encoding="utf-8")


def kind_of(python: Path) -> list[str]:
    """For which machines a carried folder serves: Python's version without its last part, system, processor."""
    code = (
        "import json, platform as p; print(json.dumps([p.python_version().rsplit('.', 1)[0], p.system(), p.machine()]))"
    )
    return json.loads(subprocess.run([str(python), "-c", code], stdout=subprocess.PIPE, check=True).stdout)


def _check_carried(folder: Path, kept: Path | None) -> None:
    """Raise Refused unless the wheels are for the environment that is `kept`, or, without one, for this Python."""
    if not folder.is_dir():
        raise Refused(f"WHEELS={folder} is no folder. On a machine with a network `make carry` fills build/carry.")
    if not (folder / MADE_FOR).is_file():
        raise Refused(f"WHEELS={folder} was not filled by `make carry`: {MADE_FOR} is missing in it.")
    try:
        made = json.loads((folder / MADE_FOR).read_text(encoding="utf-8"))
    except (ValueError, RecursionError):  # the second: many brackets
        made = None
    if not isinstance(made, list) or not all(isinstance(part, str) for part in made):
        raise Refused(f"{folder / MADE_FOR} is damaged: it does not say for which Python. Run `make carry` again.")
    here = kind_of(python_of(kept) if kept else Path(sys.executable))
    if made != here:
        what = f"{kept} has" if kept else "this is"
        raise Refused(
            f"WHEELS={folder} was filled for Python {' '.join(made)}; {what} Python {' '.join(here)}.\n"
            "Use that Python (PYTHON=python3.12, for example), or run `make carry` on a machine of this kind."
        )


def _make(venv: Path, reason: str) -> None:
    """Make an empty environment, in place of an old one if `reason` says why."""
    if reason:
        print(f"{venv} is made anew: {reason}.")
        _remove(venv)
    venv.mkdir(parents=True, exist_ok=True)
    (venv / ".installing").touch()
    base = getattr(sys, "_base_executable", None) or sys.executable  # not the Python of the one that was removed
    print(f"Python {platform.python_version()} and its packages go into {venv}:")
    made = subprocess.run(
        [base, "-m", "venv", *OPTIONS, str(venv)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace"
    )
    if made.returncode != 0:
        raise Refused(f"{base} -m venv {venv} failed:\n{made.stdout.strip()}")


def _remove(venv: Path) -> None:
    def again(function, path, _):
        os.chmod(path, stat.S_IRWXU)  # Windows does not remove what may only be read
        function(path)

    inner = [path for path in venv.iterdir() if path.name != ".installing"]
    (venv / ".installing").touch()  # interrupted in here, it is known to be half an environment
    for path in inner:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(str(path), onerror=again)
        else:
            path.unlink()


def _record(venv: Path) -> dict | None:
    try:
        made = json.loads((venv / ".ready").read_text(encoding="utf-8"))
    except (ValueError, RecursionError, FileNotFoundError):  # RecursionError: many brackets
        return None
    told = isinstance(made, dict) and all(
        isinstance(made.get(name), str) for name in ("folder", "root", "python", *HASHED)
    )
    return made if told else None


def _write_ready(venv: Path, root: Path) -> None:
    version = (_ask(python_of(venv)) or [platform.python_version()])[0]
    made = {"folder": str(venv), "root": str(root), "python": version, **_hashes(root)}
    new = venv / ".ready.new"
    new.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    os.replace(str(new), str(venv / ".ready"))


def _hashes(root: Path) -> dict[str, str]:
    return {name: hashlib.sha256((root / name).read_bytes()).hexdigest() for name in HASHED}


def _ask(python: Path) -> list | None:
    """Version and base of a Python, or None if it does not start."""
    try:
        done = subprocess.run([str(python), "-c", ASK], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60)
        return json.loads(done.stdout.decode("utf-8", "replace"))
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None


def _wants_cuda(torch: Path) -> bool:
    """Whether the build of torch in this wheel asks for CUDA's libraries; the environment may hold another build."""
    with zipfile.ZipFile(str(torch)) as wheel:
        (about,) = [name for name in wheel.namelist() if re.match(r"torch-[^/]*\.dist-info/METADATA$", name)]
        needs = email.message_from_bytes(wheel.read(about)).get_all("Requires-Dist", [])
    return any(CUDA.match(need.split(";")[0].split("=")[0].strip()) for need in needs if "extra ==" not in need)


@contextlib.contextmanager
def _alone(venv: Path):
    """Two installations into one environment: the second waits for the first."""
    venv.parent.mkdir(parents=True, exist_ok=True)
    with _lock_file(venv) as file:
        told = False
        while not _try_lock(file):
            if not told:
                print(f"Another installation into {venv} is at work; waiting for it ...", flush=True)
            told = True
            time.sleep(0.5)
        yield  # closing the file, or the end of the process, ends the lock


def _lock_file(venv: Path):
    """An open file to lock: beside the environment, or where none can be made there, in the folder for temporary ones.

    Somebody else's is opened for reading, which is enough for a lock.
    """
    name = hashlib.sha256(os.fsencode(str(venv))).hexdigest()[:16]
    beside, elsewhere = str(venv) + ".lock", os.path.join(tempfile.gettempdir(), f"course-environment-{name}.lock")
    for path, mode in ((beside, "a"), (beside, "r"), (elsewhere, "a")):
        with contextlib.suppress(OSError):
            return open(path, mode)
    return open(elsewhere)


def _try_lock(file) -> bool:
    try:
        if os.name == "nt":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return True  # a file system without locks: no worse than before
    return True


def owner(path: Path) -> str:
    """Who owns `path`: a name, or a number without one, or "" where that cannot be told."""
    try:
        return path.owner()
    except KeyError:
        return f"user {path.stat().st_uid}"
    except (OSError, NotImplementedError, RuntimeError):
        return ""


def _may_write(venv: Path) -> None:
    """Raise Refused if the environment, or the folder in which it is to be made, is not the reader's to change."""
    place = next(folder for folder in [venv, *venv.parents] if folder.exists())
    if os.access(str(place), os.W_OK | os.X_OK):
        return
    whose = owner(place)
    raise Refused(
        f"{place} belongs to {whose or 'somebody else'}, and you may not write there.\n"
        "Use an environment of your own: make setup VENV=FOLDER (and the same VENV= with every other command)."
    )


def _about(problem: OSError, venv: Path) -> str:
    if isinstance(problem, PermissionError):
        whose = owner(venv)
        return (
            f"{problem.filename or venv} may not be read or written"
            + (f"; {venv} belongs to {whose}" if whose else "")
            + ".\nClose what runs from it (JupyterLab?), or use an environment of your own: make setup VENV=FOLDER"
        )
    return f"{problem.filename or venv}: {problem.strerror or problem}"
