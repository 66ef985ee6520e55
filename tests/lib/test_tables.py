"""Tables in the cache: a flipped letter, a cut file, a lost record are found, and the table is made anew."""

import json
import os
import threading

import pytest
from full_disk import full_after

from course_lib.checkpoints import CheckpointError, home
from course_lib.data import corpora, tables


@pytest.fixture
def rows(tmp_path, monkeypatch):
    """The rows of a table that lies in a cache of its own."""
    monkeypatch.setenv("COURSE_HOME", str(tmp_path / "home"))
    return corpora.course_reviews("test")[:]


def files(pattern: str = "*.arrow"):
    return sorted((home() / "datasets").rglob(pattern))


def flip(path):
    """One letter of a text becomes another one, and the file stays a table that can be read."""
    data = path.read_bytes()
    assert b"the" in data
    path.write_bytes(data.replace(b"the", b"thy", 1))


def unlist(path):
    """The record lists the other files only."""
    (record,) = files(tables.RECORD)
    known = json.loads(record.read_text())
    known["files"] = {file: sha for file, sha in known["files"].items() if not file.endswith(path.name)}
    assert known["files"]
    record.write_text(json.dumps(known))


HARMS = {
    "a flipped letter": flip,
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-100]),
    "empty": lambda path: path.write_bytes(b""),
    "gone": lambda path: path.unlink(),
    "cut information": lambda path: (path.parent / "dataset_info.json").write_text('{"features'),
    "no record": lambda path: (flip(path), files(tables.RECORD)[0].unlink()),  # what tells of the flip is gone
    "brackets": lambda path: (flip(path), files(tables.RECORD)[0].write_text("[" * 100_000)),
    "null": lambda path: (flip(path), files(tables.RECORD)[0].write_text("null")),
    "a record without it": lambda path: (flip(path), unlist(path)),
    "a record of nothing": lambda path: (flip(path), files(tables.RECORD)[0].write_text('{"files": {}}')),
}


@pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS)
def test_a_damaged_table_is_made_anew(rows, harm):
    assert tables.damaged() == {}
    harm(files()[0])
    assert corpora.course_reviews("test")[:] == rows
    assert tables.damaged() == {}


def test_damage_is_told_and_mended_without_reading_the_table(rows):
    (path,) = files()
    flip(path)
    ((folder, said),) = tables.damaged().items()
    assert folder in path.parents
    for part in (str(path), "expected sha256", "found    sha256"):
        assert part in said
    assert tables.mend() == {folder: said}
    assert not folder.exists()
    assert tables.damaged() == {}
    assert corpora.course_reviews("test")[:] == rows


def test_what_map_has_stored_is_checked_too(rows):
    tokenizer = corpora.train_tokenizer(rows["text"], 300)
    first = corpora.blocks(corpora.course_reviews("test"), tokenizer, 16)["input_ids"][:].tolist()
    (path,) = files("cache-*.arrow")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert list(tables.damaged()), "it was entered when it was made"
    assert corpora.blocks(corpora.course_reviews("test"), tokenizer, 16)["input_ids"][:].tolist() == first
    (path,) = files("cache-*.arrow")
    path.unlink()
    assert tables.damaged() == {}, "what `map` computes again is not missed"


def test_what_a_chapter_maps_is_entered_when_the_table_is_opened_next(rows):
    corpora.course_reviews("test").map(lambda row: {"length": len(row["text"])})
    corpora.course_reviews("test")
    (record,) = files(tables.RECORD)
    assert [file for file in json.loads(record.read_text())["files"] if "cache-" in file]


@pytest.mark.parametrize("kept", [0, 10, 1000, -8, -100])
def test_what_a_chapter_maps_and_is_cut_before_it_is_entered_is_computed_again(rows, kept):
    """As a machine that stops may leave it; -8: all batches are there, the mark of the end is not."""
    lengths = lambda: corpora.course_reviews("test").map(lambda row: {"length": len(row["text"])})["length"][:]  # noqa: E731
    first = lengths()
    (path,) = files("cache-*.arrow")
    path.write_bytes(path.read_bytes()[:kept])
    assert lengths() == first
    assert tables.damaged() == {}


def generate(log):
    with open(log, "a") as file:
        file.write("made\n")
    yield {"text": "a"}


def test_several_at_once_make_a_table_once(rows, tmp_path):
    found = []
    ask = lambda: found.append(tables.table("one", generate, {"log": str(tmp_path / "log")})[:])  # noqa: E731
    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert found == [{"text": ["a"]}] * 3
    assert (tmp_path / "log").read_text() == "made\n"


@pytest.mark.skipif(os.name == "nt", reason="limits of POSIX")
def test_a_disk_that_fills_is_said_and_the_table_made_anew_later(rows):
    tables.remove(home() / "datasets")
    with full_after(1000), pytest.raises(CheckpointError, match="reviews-test cannot be made.*COURSE_HOME"):
        corpora.course_reviews("test")
    assert corpora.course_reviews("test")[:] == rows
