"""Write requirements.lock: the exact versions that a fresh environment gets from pyproject.toml.

python workshop/lock.py        needs a network; TORCH pins the release of torch that the course is tested on
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TORCH = "torch==2.13.0"
HEAD = "# Exact versions, by workshop/lock.py; `make` installs them. Change pyproject.toml and run `make lock`.\n"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        pip = [str(Path(folder) / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "--quiet", TORCH, f"{ROOT}[test,dev]"], check=True)
        frozen = subprocess.run([*pip, "freeze", "--exclude-editable"], check=True, capture_output=True, text=True)
    own = re.compile(r"transformers-executed\b")
    local = re.compile(r"\+\w+$")  # torch==2.13.0+cpu: the build is the reader's choice
    lines = [local.sub("", line) for line in frozen.stdout.splitlines() if not own.match(line)]
    (ROOT / "requirements.lock").write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(lines)} packages", file=sys.stderr)
