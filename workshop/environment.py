"""Write environment.yml and binder/environment.yml from pyproject.toml: for conda users, and for Binder.

python -m workshop.environment [--check]
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

from course_lib.whole_files import write_atomically

ROOT = Path(__file__).resolve().parents[1]
HEAD = "# Written by workshop/environment.py from pyproject.toml; change that file and run `make environment`."


def _project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def packages(project: dict) -> list[str]:
    """What the course, its workshop and its tests ask for, of pyproject.toml's `project`."""
    extras = project["optional-dependencies"]
    return project["dependencies"] + extras["workshop"] + extras["test"]


def text() -> str:
    """What environment.yml has to say."""
    project = _project()
    lines = [
        HEAD,
        "name: transformers-executed",
        "channels:",
        "  - conda-forge",
        "dependencies:",
        f'  - "python{project["requires-python"]}"',
        "  - pip",
        "  - pip:",
        *(f'      - "{package}"' for package in packages(project)),
    ]
    return "\n".join(lines) + "\n"


def binder() -> str:
    """What binder/environment.yml has to say: torch's CPU build; binder/postBuild installs the rest with pip."""
    project = _project()
    torch = next(one for one in project["dependencies"] if one.startswith("torch>"))
    lines = [
        HEAD,
        "channels:",
        "  - conda-forge",
        "dependencies:",
        f'  - "python{project["requires-python"]}"',
        f'  - "pytorch-cpu{torch.removeprefix("torch")}"',
        "  - pip",
    ]
    return "\n".join(lines) + "\n"


FILES = {"environment.yml": text, "binder/environment.yml": binder}


def main(arguments: list[str]) -> None:
    """Write them, or with --check say which one is not as it would be written."""
    for name, written in FILES.items():
        target = ROOT / name
        if "--check" not in arguments:
            write_atomically(target, written())
        elif target.read_text(encoding="utf-8") != written():
            sys.exit(f"{name} is not in step with pyproject.toml: run `make environment`.")


if __name__ == "__main__":
    main(sys.argv[1:])
