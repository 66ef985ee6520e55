"""Wheels: whole, resumed, refused, copied from a folder. A server on this machine stands for the package mirror."""

import functools
import hashlib
import http.server
import os
import subprocess
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
    """Serves BODY; `cut` closes the connection after so many bytes; `ranges` is whether it can begin in the middle;
    `refuses` is the status for whoever wants to; `sends` is something else that comes in place of an answer.
    """

    asked: list
    cut: int | None
    ranges: bool
    refuses: int | None
    sends: bytes | None

    def do_GET(self):
        begin = 0
        if self.sends is not None:
            self.asked.append(None)
            self.close_connection = True
            self.wfile.write(self.sends)
            return
        if self.refuses and self.headers.get("Range"):
            self.asked.append(self.headers["Range"])
            return self.send_error(self.refuses)
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
    handler = type("Handler", (Mirror,), {"asked": [], "cut": None, "ranges": True, "refuses": None, "sends": None})
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


@pytest.fixture
def no_pip(monkeypatch):
    """Pip, the slow road, is closed; returns what it was asked."""
    asked = []

    def closed(*arguments):
        asked.append(arguments[0])
        return subprocess.CompletedProcess(arguments, 1, "", "ERROR: no network")

    monkeypatch.setattr(fetch, "_pip", closed)
    return asked


@pytest.mark.parametrize("report", ["", "hello", "null", "{}", '{"install": []}', '{"install": [{}]}'])
def test_a_report_of_pip_that_says_nothing_is_explained(monkeypatch, tmp_path, report):
    monkeypatch.setattr(fetch, "_pip", lambda *asked: subprocess.CompletedProcess(asked, 0, report, ""))
    with pytest.raises(
        fetch.FetchError, match=r"(?s)pip does not say where some-weights==1\.0 is.*course fetch --from"
    ):
        fetch.fetch_wheel(WHEEL, tmp_path)


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "sends",
    [b"", b"hello\r\n", b"\x00" * 100, b"HTTP/1.1 200 OK\r\nContent-Length: none\r\n\r\n", CHUNKED + b"zzz\r\n"],
)
@pytest.mark.parametrize("left_over", [0, 1000])
def test_what_is_no_answer_of_a_mirror_is_an_error_and_keeps_what_is_there(mirror, no_pip, tmp_path, sends, left_over):
    mirror.sends = sends
    part = tmp_path / (WHEEL["file"] + ".part")
    part.write_bytes(BODY[:left_over])
    with pytest.raises(fetch.FetchError, match="could not be downloaded.*nor by pip"):
        fetch.fetch_wheel(WHEEL, tmp_path)
    assert no_pip == ["download"], "the other road was tried"
    mirror.sends = None
    assert fetch.fetch_wheel(WHEEL, tmp_path).read_bytes() == BODY


def test_a_chunked_answer_that_is_cut_continues(mirror, tmp_path):
    mirror.sends = CHUNKED + b"40000\r\n" + BODY[:0x40000] + b"\r\n40000\r\n" + BODY[0x40000:0x50000]
    with pytest.raises(fetch.FetchError, match=r"broke off after [\d,]+ of 1,048,576 bytes.*IncompleteRead.*continues"):
        fetch.fetch_wheel(WHEEL, tmp_path)
    mirror.sends = None
    assert fetch.fetch_wheel(WHEEL, tmp_path).read_bytes() == BODY
    assert mirror.asked[1] >= 0x40000


@pytest.mark.parametrize("status", [416, 500])
def test_a_mirror_that_refuses_to_continue_is_asked_from_the_beginning(mirror, tmp_path, status):
    mirror.refuses = status
    (tmp_path / (WHEEL["file"] + ".part")).write_bytes(BODY[:1000])
    assert fetch.fetch_wheel(WHEEL, tmp_path).read_bytes() == BODY
    assert mirror.asked == ["bytes=1000-", 0]


def test_never_more_is_kept_than_the_wheel_has(mirror, tmp_path):
    endless = WHEEL | {"bytes": 300_000}
    with pytest.raises(fetch.FetchError, match="longer than the 300,000 bytes"):
        fetch.fetch_wheel(endless, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [WHEEL["file"] + ".lock"]
    carried = tmp_path / "carried"
    carried.mkdir()
    (carried / WHEEL["file"]).write_bytes(BODY)
    with pytest.raises(fetch.FetchError, match=r"1,048,576 bytes, expected 300,000"):
        fetch.fetch_wheel(endless, tmp_path / "cache", carried)


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_part_that_is_a_link_is_not_written_through(mirror, tmp_path):
    (tmp_path / "precious").write_bytes(b"precious")
    part = tmp_path / (WHEEL["file"] + ".part")
    part.symlink_to(tmp_path / "precious")
    assert fetch.fetch_wheel(WHEEL, tmp_path).read_bytes() == BODY
    assert (tmp_path / "precious").read_bytes() == b"precious"
    assert not (tmp_path / WHEEL["file"]).is_symlink()


@pytest.mark.parametrize("name", [WHEEL["file"], WHEEL["file"] + ".part"])
def test_a_folder_in_the_place_of_a_file_is_replaced(mirror, tmp_path, name):
    (tmp_path / name / "inside").mkdir(parents=True)
    assert fetch.fetch_wheel(WHEEL, tmp_path).read_bytes() == BODY


def test_a_damaged_wheel_that_cannot_be_replaced_is_reported_as_damaged(no_pip, tmp_path):
    (tmp_path / WHEEL["file"]).write_bytes(BODY[:-1] + b"?")
    with pytest.raises(fetch.FetchError, match=r"(?s)some_weights-1.0-py3-none-any.whl is damaged.*no network"):
        fetch.fetch_wheel(WHEEL, tmp_path)


def test_an_index_without_metadata_is_asked_once_for_the_wheel(monkeypatch, tmp_path):
    """A folder served as an index: a page of links, no ranges, no metadata files."""
    served = tmp_path / "served" / "simple" / "some-weights"
    served.mkdir(parents=True)
    (served / WHEEL["file"]).write_bytes(BODY)
    (served / "index.html").write_text(f'<a href="{WHEEL["file"]}#sha256={WHEEL["sha256"]}">{WHEEL["file"]}</a>')
    asked = []

    class Index(http.server.SimpleHTTPRequestHandler):
        def log_request(self, *args):
            asked.append(self.path.rpartition("/")[2])

    index = functools.partial(Index, directory=tmp_path / "served")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), index)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_NO_INDEX", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_port}/simple")
    try:
        assert fetch.fetch_wheel(WHEEL, tmp_path / "cache").read_bytes() == BODY
    finally:
        server.shutdown()
        server.server_close()
    assert asked == ["", WHEEL["file"]], "the page of links, and the wheel"
