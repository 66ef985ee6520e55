"""Write requirements.lock from pyproject.toml: exact versions, and the sha256 of every file that may be installed.

`make lock` keeps the versions that still fit pyproject.toml; `make lock UPGRADE=1` takes the newest ones. The work is
done by uv, in an environment of its own: one list for Linux, macOS and Windows, with the hashes of the package index.

The CPU builds of torch have an index of their own. Their hashes stand in torch_cpu.sha256 (`sha256sum --check` reads
it too); `make lock TORCH_INDEX=…` reads them anew from that index.
"""

from __future__ import annotations

import html.parser
import os
import re
import subprocess
import sys
import tempfile
import tomllib
import urllib.parse
import urllib.request
import venv
from pathlib import Path

from course_lib.whole_files import write_atomically
from workshop.install import python_of

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ["setuptools-scm"]  # what packages that come as source are built with, besides setuptools: seqeval
TORCH = "2.13.0"  # the release that the course is tested on
CPU = Path(__file__).with_name("torch_cpu.sha256")
HEAD = """\
# Exact versions, and the sha256 of the files that may be installed; written by workshop/lock.py.
# Change pyproject.toml and run `make lock`. `make setup` installs what is listed here, and nothing else.
"""


def builds(index: str) -> dict[str, str]:
    """The CPU wheels of torch that a package index offers for the Pythons of the course: file name -> sha256."""

    class Links(html.parser.HTMLParser):
        found: dict[str, str] = {}

        def handle_starttag(self, tag: str, attributes: list) -> None:
            address = urllib.parse.urlsplit(dict(attributes).get("href") or "")
            name = urllib.parse.unquote(address.path).rsplit("/", 1)[-1]
            wanted = re.match(rf"torch-{re.escape(TORCH)}(\+cpu)?-cp31[123]-cp31[123]-", name)
            if wanted and address.fragment.startswith("sha256="):
                self.found[name] = address.fragment[len("sha256=") :]

    links = Links()
    with urllib.request.urlopen(index.rstrip("/") + "/torch/", timeout=60) as answer:
        links.feed(answer.read().decode("utf-8"))
    return links.found


def listed(text: str) -> dict[str, str]:
    """The content of a file that sha256sum has written: file name -> sha256."""
    return {name: digest for digest, name in (line.split() for line in text.splitlines())}


def with_cpu_builds(lock: str, digests: list[str]) -> str:
    """`lock` with the CPU builds' hashes added to those of torch."""
    found = re.search(r"^torch==\S+.*\n((?:    --hash=\S+.*\n)+)", lock, re.MULTILINE)
    if not found:
        raise ValueError("the lock has no entry for torch with hashes")
    every = sorted({*re.findall(r"sha256:(\w+)", found[1]), *digests})
    return (
        lock[: found.start(1)] + " \\\n".join(f"    --hash=sha256:{one}" for one in every) + "\n" + lock[found.end(1) :]
    )


def resolved(upgrade: bool) -> str:
    """What uv makes of pyproject.toml; without `upgrade` it keeps the versions of the present lock where they fit."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        venv.create(place / "venv", with_pip=True)
        python = python_of(place / "venv")
        subprocess.run([python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "uv"], check=True)
        (place / "torch.txt").write_text(f"torch=={TORCH}\n", encoding="utf-8")
        build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]["requires"]
        (place / "build.in").write_text("\n".join(build + SOURCES), encoding="utf-8")  # pinned like the rest
        out = place / "requirements.lock"
        if not upgrade:
            out.write_bytes((ROOT / "requirements.lock").read_bytes())
        options = ["--universal", "--python-version", "3.11", "--generate-hashes"]
        options += [word for extra in ("workshop", "test", "dev") for word in ("--extra", extra)]
        options += ["--native-tls"]  # a host's own certificates, as pip accepts them
        options += ["--no-header", "--no-annotate", "--quiet", "--constraint", place / "torch.txt"]
        command = [python, "-m", "uv", "pip", "compile", *options, "--output-file", out]
        subprocess.run([*command, ROOT / "pyproject.toml", place / "build.in"], check=True, stdout=subprocess.DEVNULL)
        return out.read_text(encoding="utf-8")


def main() -> None:
    """Write requirements.lock, and torch_cpu.sha256 if an index of CPU builds is named."""
    if index := os.environ.get("TORCH_INDEX"):
        found = builds(index)
        if not found:
            sys.exit(f"{index} offers no wheel of torch {TORCH} with a sha256.")
        write_atomically(CPU, "".join(f"{digest}  {name}\n" for name, digest in sorted(found.items())))
    cpu = listed(CPU.read_text(encoding="utf-8"))
    if strange := [name for name in cpu if not name.startswith(f"torch-{TORCH}")]:
        sys.exit(
            f"{CPU.name} lists {strange[0]}, not torch {TORCH}: run make lock TORCH_INDEX=… with torch's CPU index."
        )
    text = HEAD + with_cpu_builds(resolved(bool(os.environ.get("UPGRADE"))), list(cpu.values()))
    write_atomically(ROOT / "requirements.lock", text)
    print(f"{len(re.findall('(?m)^[^ #]', text))} packages, {text.count('--hash')} files", file=sys.stderr)


if __name__ == "__main__":
    main()
