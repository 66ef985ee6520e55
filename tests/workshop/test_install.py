"""The environment is made, kept, brought up to date or made anew as it should, without installing anything here."""

import ast
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import zipfile
from pathlib import Path

import pytest

from workshop import install
from workshop.install import Refused

ROOT = Path(__file__).resolve().parents[2]
OLD_READABLE = ["install.py", "running_pip.py", "make.py", "__init__.py"]


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course's folder with what `.ready` remembers, and environments without pip, which are made in no time."""
    monkeypatch.setattr(install, "OPTIONS", ["--without-pip"])
    root = tmp_path / "course"
    root.mkdir()
    (root / "requirements.lock").write_text("a==1\n")
    (root / "pyproject.toml").write_text("[project]\n")
    return root


class Steps:
    """In place of pip: notes that it was called, and fails on demand."""

    def __init__(self, fails=None):
        self.calls, self.fails = [], fails

    def __call__(self, venv, wheels, torch_index, root):
        self.calls.append((venv, wheels, torch_index))
        assert (venv / ".installing").exists()
        assert not (venv / ".ready").exists()
        if self.fails:
            raise self.fails


def setup(root, steps, **how):
    return install.setup(root / ".venv", root=root, steps=steps, **how)


def test_it_is_made_once(course, capsys):
    steps = Steps()
    assert setup(course, steps)
    assert install._ask(install.python_of(course / ".venv"))[0] == sys.version.split()[0]
    assert not (course / ".venv" / ".installing").exists()
    assert not setup(course, steps)
    assert len(steps.calls) == 1
    assert "made anew" not in capsys.readouterr().out


@pytest.mark.parametrize("file", ["requirements.lock", "pyproject.toml"])
def test_a_change_of_what_is_installed_brings_it_up_to_date(course, file):
    setup(course, Steps())
    (course / ".venv" / "kept").touch()
    (course / file).write_text("b==2\n")
    steps = Steps()
    assert setup(course, steps)
    assert steps.calls
    assert (course / ".venv" / "kept").exists()
    assert not setup(course, steps)


@pytest.mark.parametrize("end", [KeyboardInterrupt(), Refused("no network"), OSError(28, "No space left on device")])
def test_interrupted_it_is_made_anew(course, capsys, end):
    expected = KeyboardInterrupt if isinstance(end, KeyboardInterrupt) else Refused
    with pytest.raises(expected):
        setup(course, Steps(end))
    (course / ".venv" / "half").touch()
    assert setup(course, Steps())
    assert "its installation was interrupted" in capsys.readouterr().out
    assert not (course / ".venv" / "half").exists()


def test_in_a_moved_folder_it_is_made_anew_also_when_the_old_one_is_still_there(course, tmp_path, capsys):
    setup(course, Steps())
    moved = tmp_path / "elsewhere"
    shutil.copytree(course, moved, symlinks=True)
    steps = Steps()
    assert setup(moved, steps)
    assert f"made for the course in {course}" in capsys.readouterr().out
    assert steps.calls[0][0] == moved / ".venv"
    assert not setup(course, Steps()), "the old one is left alone"


def test_another_python_that_is_named_makes_it_anew(course, capsys):
    setup(course, Steps())
    ready = course / ".venv" / ".ready"
    python = install.python_of(course / ".venv")
    python.unlink()
    python.write_text(f'#!/bin/sh\necho \'["{sys.version_info[0]}.{sys.version_info[1]}.99", "/other"]\'\n')
    python.chmod(0o755)
    before = ready.read_text()
    assert not setup(course, Steps()), "nobody has asked for another one"
    assert ready.read_text() == before
    assert setup(course, Steps(), named=True)
    assert "PYTHON= names" in capsys.readouterr().out
    assert not setup(course, Steps(), named=True)


def test_without_its_python_it_is_made_anew(course, capsys):
    setup(course, Steps())
    install.python_of(course / ".venv").unlink()
    assert setup(course, Steps())
    assert "its Python does not start" in capsys.readouterr().out


NUMBERS = json.dumps(dict.fromkeys(["folder", "root", "python", *install.HASHED], 1))
NAMES = json.dumps(["folder", "root", "python", *install.HASHED])


@pytest.mark.parametrize("content", ["", "null", "[]", "{}", '{"folder": 1}', "\xff", NAMES, NUMBERS, "[" * 100_000])
def test_a_ready_mark_that_says_nothing_is_not_believed(course, content):
    setup(course, Steps())
    (course / ".venv" / ".ready").write_text(content, encoding="latin-1")
    steps = Steps()
    assert setup(course, steps)
    assert steps.calls


def test_a_folder_that_is_no_environment_is_not_removed(course):
    (course / ".venv").mkdir()
    (course / ".venv" / "thesis.txt").write_text("years of work")
    with pytest.raises(Refused, match="no Python environment"):
        setup(course, Steps())
    assert (course / ".venv" / "thesis.txt").read_text() == "years of work"


def test_a_link_to_a_bigger_disk_stays_a_link(course, tmp_path):
    (tmp_path / "big").mkdir()
    (course / ".venv").symlink_to(tmp_path / "big")
    with pytest.raises(Refused):
        setup(course, Steps(Refused("x")))
    setup(course, Steps())
    assert (course / ".venv").is_symlink()
    assert (tmp_path / "big" / ".ready").exists()


def test_two_at_once_install_once(course):
    steps, ended = Steps(), []
    threads = [threading.Thread(target=lambda: ended.append(setup(course, steps))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(ended) == [False, False, True]
    assert len(steps.calls) == 1


@pytest.mark.parametrize("minor", [8, 10, 14])
def test_which_python_will_not_do(minor):
    with pytest.raises(Refused, match=rf"needs Python 3\.11, 3\.12 or 3\.13.* is 3\.{minor}\b"):
        install.check_python((3, minor))


@pytest.mark.parametrize("minor", [11, 12, 13])
def test_which_python_will_do(minor):
    assert install.check_python((3, minor)) is None


@pytest.mark.parametrize("name", OLD_READABLE)
def test_an_old_python_can_read_what_says_that_it_is_too_old(name):
    text = (ROOT / "workshop" / name).read_text(encoding="utf-8")
    tree = ast.parse(text, feature_version=(3, 8))
    imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    own = {"workshop", "workshop.running_pip", "__future__"}
    assert {one.split(".")[0] for one in imported - own} <= sys.stdlib_module_names
    assert "tomllib" not in imported


def old_python():
    for name in ("python3.8", "python3.9", "python3.10"):
        for place in [shutil.which(name), *Path("~/.pyenv/versions").expanduser().glob(f"{name[6:]}.*/bin/{name}")]:
            if place and subprocess.run([place, "-c", ""], capture_output=True).returncode == 0:
                return place
    return None


def test_an_old_python_says_so(tmp_path):
    if (python := old_python()) is None:
        pytest.skip("there is no old Python on this machine")
    settings = {**os.environ, "VENV": str(tmp_path / "venv"), "PYTHONDONTWRITEBYTECODE": "1"}
    settings.pop("PYTHONPATH", None)
    done = subprocess.run(
        [python, "-m", "workshop.make", "setup"], cwd=ROOT, env=settings, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "needs Python 3.11, 3.12 or 3.13" in done.stderr
    assert "Traceback" not in done.stderr


def as_somebody_else(tmp_path, call):
    """What `call` returns, or how it is refused, in words, where a user runs it who is not the administrator."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.getuid() and folder not in (Path("/"), Path("/tmp")):
            folder.chmod(0o755)
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        try:
            said = str(call())
        except Refused as refusal:
            said = f"refused: {refusal}"
        except BaseException as other:
            said = repr(other)
        os.write(writing, said.encode())
        os._exit(0)
    os.close(writing)
    said = os.read(reading, 10_000).decode()
    os.waitpid(child, 0)
    return said


another = pytest.mark.skipif(
    not hasattr(os, "fork") or os.geteuid() != 0, reason="only the administrator can become another"
)


@another
def test_an_environment_of_somebody_else_is_named(course, tmp_path):
    setup(course, Steps())
    (course / "requirements.lock").write_text("b==2\n")
    said = as_somebody_else(tmp_path, lambda: setup(course, Steps()))
    assert said.startswith("refused: "), said
    assert f"{course / '.venv'} belongs to root" in said
    assert "VENV=FOLDER" in said


@another
@pytest.mark.parametrize("there", ["", "beside", "elsewhere"])
def test_two_wait_for_each_other_also_where_no_lock_can_be_made_beside(course, tmp_path, monkeypatch, there):
    """Nor written: a lock that somebody else has made will do."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    (tmp_path / "temporary").chmod(0o1777)
    if there == "beside":
        (course / ".venv.lock").touch()
    if there == "elsewhere":
        (course / ".venv.lock").mkdir()  # so that none can be had beside it, not even by the administrator
        with install._alone(course / ".venv"):
            pass
        (course / ".venv.lock").rmdir()

    def call():
        with install._alone(course / ".venv"), install._lock_file(course / ".venv") as second:
            return Path(second.name).parent.name, install._try_lock(second)

    where = "course" if there == "beside" else "temporary"
    assert as_somebody_else(tmp_path, call) == str((where, False))


# ---------------------------------------------------------------- what pip is asked for


LOCK = """# head
setuptools==84.2.1 \\
    --hash=sha256:aa
torch==2.13.0 \\
    --hash=sha256:{torch} \\
    --hash=sha256:bb
nvidia-cublas==13.1 ; sys_platform == 'linux' \\
    --hash=sha256:cc
triton==3.7.1 \\
    --hash=sha256:dd
cuda-toolkit==13.0.3.0 \\
    --hash=sha256:ee
seqeval==1.2.2 \\
    --hash=sha256:ff
"""


class Asked(list):
    """The calls of pip."""

    build = "CPU"  # of torch, which a download leaves


NEEDED = {"CPU": ["filelock", "triton>=3 ; extra == 'opt'"], "CUDA": ["filelock", "nvidia-cublas==13.1; os == 'linux'"]}


def wheel_of_torch(build):
    """The bytes of a wheel of torch that needs what this build of it does, the same every time."""
    lines = ["Metadata-Version: 2.4", "Name: torch", *(f"Requires-Dist: {need}" for need in NEEDED[build])]
    with zipfile.ZipFile(made := io.BytesIO(), "w") as wheel:
        wheel.writestr(zipfile.ZipInfo("torch-2.13.0.dist-info/METADATA"), "\n".join(lines) + "\n\nabout torch\n")
    return made.getvalue()


@pytest.fixture
def pip(course, monkeypatch):
    """What running_pip.run is called with; a download of torch leaves a wheel of its build `build`."""
    (course / "requirements.lock").write_text(LOCK.format(torch="0" * 64))
    (course / ".venv").mkdir()
    asked = Asked()

    def run(python, arguments, title, log, total=1, environment=None):
        listed = [Path(one).read_text() for one in arguments if str(one).endswith(".txt")]
        asked.append((title, [str(one) for one in arguments], "".join(listed), environment))
        if title == "torch" and arguments[0] == "download":
            file = Path(arguments[-1]) / "torch-2.13.0+cpu-cp311-cp311-linux_x86_64.whl"
            file.write_bytes(wheel_of_torch(asked.build))

    monkeypatch.setattr(install.running_pip, "run", run)
    return asked


def lock_torch(course):
    """The lock lists both builds that a download may leave."""
    cpu, cuda = (hashlib.sha256(wheel_of_torch(build)).hexdigest() for build in NEEDED)
    (course / "requirements.lock").write_text(LOCK.format(torch=cpu).replace("sha256:bb", f"sha256:{cuda}"))


def test_each_file_is_checked_and_the_build_tool_is_pinned(course, pip):
    lock_torch(course)
    install.install(course / ".venv", "", "", course)
    titles = [title for title, *_ in pip]
    assert titles == ["build tools", "torch", "torch", "packages", "the course"]
    for title, arguments, listed, environment in pip:
        assert "--no-deps" in arguments
        if title in ("build tools", "packages"):
            assert "--require-hashes" in arguments
            assert "--hash=sha256:" in listed
        assert not environment, "the host's own settings hold"
    assert "seqeval==1.2.2" in pip[3][2]
    assert not {"torch", "nvidia", "triton", "cuda"} & {one.split("=")[0].split("-")[0] for one in pip[3][2].split()}
    assert all("--no-build-isolation" in arguments for _, arguments, _, _ in pip[3:])


def test_a_cuda_build_brings_its_libraries(course, pip):
    pip.build = "CUDA"
    lock_torch(course)
    install.install(course / ".venv", "", "", course)
    (listed,) = [listed for title, _, listed, _ in pip if title == "CUDA"]
    assert [line.split("==")[0] for line in listed.splitlines() if "==" in line] == [
        "nvidia-cublas",
        "triton",
        "cuda-toolkit",
    ]


@pytest.mark.parametrize("build", ["CPU", "CUDA"])
def test_a_folder_is_carried_with_what_its_own_torch_needs(course, pip, tmp_path, monkeypatch, build):
    """Not what the installed one needs: that may be another build, from a TORCH_INDEX that is not named again."""
    monkeypatch.setattr(install, "kind_of", lambda python: ["3.11", "Linux", "x86_64"])
    pip.build = build
    lock_torch(course)
    install.carry(course / ".venv", tmp_path / "carry", "", course)
    (listed,) = [listed for title, _, listed, _ in pip if title == "packages"]
    assert ("nvidia-cublas" in listed) == (build == "CUDA")
    assert "seqeval" in listed
    assert [path.suffix for path in sorted((tmp_path / "carry").iterdir())] == [".json", ".whl"]


def test_a_file_of_torch_that_is_not_listed_is_not_installed(course, pip):
    with pytest.raises(Refused, match="not one of the builds of torch"):
        install.install(course / ".venv", "", "", course)
    assert [title for title, *_ in pip] == ["build tools", "torch"]


def test_the_index_of_torch_supplies_torch_alone(course, pip):
    lock_torch(course)
    install.install(course / ".venv", "", "https://example.org/cpu", course)
    for title, arguments, _, environment in pip:
        if title == "torch" and arguments[0] == "download":
            assert environment["PIP_INDEX_URL"] == environment["PIP_EXTRA_INDEX_URL"] == "https://example.org/cpu"
            assert environment["PIP_FIND_LINKS"].endswith("/nothing"), "not the host's own folder of wheels"
        else:
            assert not environment
            assert not any("example.org" in one for one in arguments)


def test_from_a_carried_folder_nothing_is_asked_of_an_index(course, pip, tmp_path):
    lock_torch(course)
    install.install(course / ".venv", str(tmp_path / "my wheels"), "https://example.org/cpu", course)
    for title, arguments, _, environment in pip:
        if "--no-index" not in arguments:
            assert environment["PIP_NO_INDEX"] == "1", title
            assert environment["PIP_FIND_LINKS"].endswith("/my%20wheels"), "pip splits a path at its spaces"


def test_a_carried_folder_of_another_kind_is_refused_before_anything_is_removed(course, tmp_path):
    wheels = tmp_path / "wheels"
    with pytest.raises(Refused, match="is no folder"):
        setup(course, Steps(), wheels=str(wheels))
    wheels.mkdir()
    with pytest.raises(Refused, match="was not filled by `make carry`"):
        setup(course, Steps(), wheels=str(wheels))
    (wheels / install.MADE_FOR).write_text(json.dumps(["3.12", "Darwin", "arm64"]))
    with pytest.raises(Refused, match=r"filled for Python 3\.12 Darwin arm64; this is"):
        setup(course, Steps(), wheels=str(wheels))
    assert not (course / ".venv").exists()
    (wheels / install.MADE_FOR).write_text(json.dumps(install.kind_of(Path(sys.executable))))
    assert setup(course, Steps(), wheels=str(wheels))


@pytest.mark.parametrize("content", ["{half", "null", "5", "{}", '"x"', "[1, 2, 3]", "\xff", "[" * 100_000])
def test_a_carried_folder_that_does_not_say_for_whom_is_refused(course, tmp_path, content):
    setup(course, Steps())
    (tmp_path / install.MADE_FOR).write_text(content, encoding="latin-1")
    (course / "requirements.lock").write_text("b==2\n")
    with pytest.raises(Refused, match="made_for.json is damaged.*make carry"):
        setup(course, Steps(), wheels=str(tmp_path))


@pytest.mark.parametrize("place", ["a file", "a link", "below a file", "a folder for a file"])
@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_folder_that_cannot_be_filled_is_named(course, pip, tmp_path, monkeypatch, place):
    monkeypatch.setattr(install, "kind_of", lambda python: ["3.11", "Linux", "x86_64"])
    lock_torch(course)
    (tmp_path / "file").write_text("precious")
    (tmp_path / "link").symlink_to(tmp_path / "nothing")
    (tmp_path / "folder" / install.MADE_FOR).mkdir(parents=True)
    where = {"a file": "file", "a link": "link", "below a file": "file/carry", "a folder for a file": "folder"}[place]
    with pytest.raises(Refused, match=f"{tmp_path / where} cannot be filled: "):
        install.carry(course / ".venv", tmp_path / where, root=course)
    assert (tmp_path / "file").read_text() == "precious"


def test_a_carried_folder_is_for_the_environment_that_is_kept(course, tmp_path, monkeypatch):
    kinds = {install.python_of(course / ".venv"): ["3.12", "Linux", "x86_64"]}
    monkeypatch.setattr(install, "kind_of", lambda python: kinds.get(python, ["3.11", "Linux", "x86_64"]))
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    (wheels / install.MADE_FOR).write_text(json.dumps(["3.11", "Linux", "x86_64"]))
    assert setup(course, Steps(), wheels=str(wheels)), "made anew, by this Python"
    (course / "requirements.lock").write_text("b==2\n")
    with pytest.raises(Refused, match=r"for Python 3\.11 .*\.venv has Python 3\.12 Linux"):
        setup(course, Steps(), wheels=str(wheels))
    (wheels / install.MADE_FOR).write_text(json.dumps(["3.12", "Linux", "x86_64"]))
    assert setup(course, Steps(), wheels=str(wheels))


def test_the_real_lock_in_its_four_steps():
    parts = install.parts((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    assert {entry.split("==")[0] for entry in parts["build"]} == set(install.BUILD)
    assert len(parts["torch"]) == 1
    for entries in parts.values():
        for entry in entries:
            assert "--hash=sha256:" in entry, entry
    assert any(entry.startswith("nvidia-") for entry in parts["cuda"])
    names = {entry.split("==")[0] for entry in parts["rest"]}
    assert {"appnope", "pywinpty", "colorama", "transformers"} <= names, "other systems' packages are listed too"
