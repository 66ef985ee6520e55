"""Write environment.yml from pyproject.toml: the same environment for conda users.

python workshop/environment.py [--check]
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def text() -> str:
    """What environment.yml has to say."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    packages = project["dependencies"] + project["optional-dependencies"]["test"]
    lines = [
        "# Written by workshop/environment.py from pyproject.toml; change that file and run `make environment`.",
        "name: transformers-executed",
        "channels:",
        "  - conda-forge",
        "dependencies:",
        f'  - "python{project["requires-python"]}"',
        "  - pip",
        "  - pip:",
        *(f'      - "{package}"' for package in packages),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    target = ROOT / "environment.yml"
    if "--check" in sys.argv:
        if target.read_text(encoding="utf-8") != text():
            sys.exit("environment.yml is not in step with pyproject.toml: run `make environment`.")
    else:
        target.write_text(text(), encoding="utf-8")
