"""Files hold the old content or the new; a reader that has one open for a moment is waited for."""

import os
import time

import pytest

from course_lib.whole_files import patiently, write_atomically


def test_the_old_content_is_kept_when_the_new_cannot_be_written(tmp_path):
    path = tmp_path / "page.html"
    write_atomically(path, "old ✓\n")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(path, "new \ud800")
    assert path.read_bytes() == "old ✓\n".encode()
    assert [p.name for p in tmp_path.iterdir()] == ["page.html"]


def test_what_is_written_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    steps, replace = [], os.replace
    monkeypatch.setattr(os, "fsync", lambda file: steps.append(("fsync", os.fstat(file).st_size)))
    monkeypatch.setattr(os, "replace", lambda *paths: (steps.append(("replace", 4)), replace(*paths)))
    write_atomically(tmp_path / "page.html", "text")
    assert steps == [("fsync", 4), ("replace", 4)]


def test_a_file_that_somebody_reads_is_replaced_a_moment_later(tmp_path, monkeypatch):
    replace, end = os.replace, time.monotonic() + 0.1

    def as_on_windows(*paths):
        if time.monotonic() < end:
            raise PermissionError(13, "The process cannot access the file because it is being used by another process")
        replace(*paths)

    monkeypatch.setattr(os, "replace", as_on_windows)
    write_atomically(tmp_path / "page.html", "text")
    assert (tmp_path / "page.html").read_text() == "text"


def test_what_stays_refused_is_an_error_after_half_a_second(tmp_path, monkeypatch):
    def refuses(*paths):
        raise PermissionError(13, "no")

    now = [0.0]
    monkeypatch.setattr(os, "replace", refuses)
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(time, "sleep", lambda wait: now.append(now.pop() + wait))
    with pytest.raises(PermissionError):
        write_atomically(tmp_path / "page.html", "text")
    assert now[0] == pytest.approx(0.5, abs=0.02)
    assert not list(tmp_path.iterdir())
    with pytest.raises(FileNotFoundError):
        patiently((tmp_path / "nothing").read_bytes)
