"""pyproject.toml says what the course needs; environment.yml and requirements.lock say the same to conda and to pip."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from workshop import environment

ROOT = Path(__file__).resolve().parents[2]


def named(lines):
    """Requirements by their canonical name."""
    return {canonicalize_name(requirement.name): requirement for requirement in map(Requirement, lines)}


def environment_problems(environment: str, pyproject: str) -> list[str]:
    """Say what to change in environment.yml so that it names what [project] and two of its extras name."""
    project = tomllib.loads(pyproject)["project"]
    extras = project["optional-dependencies"]
    wanted = named(project["dependencies"] + extras["workshop"] + extras["test"])
    conda = yaml.safe_load(environment)
    problems = []
    if conda.get("name") != "transformers-executed":
        problems.append(f"environment.yml: name is {conda.get('name')!r}, expected 'transformers-executed'")
    if conda.get("channels") != ["conda-forge"]:
        problems.append(f"environment.yml: channels are {conda.get('channels')}, expected only conda-forge")

    packages = [entry for entry in conda["dependencies"] if isinstance(entry, str)]
    sections = [entry["pip"] for entry in conda["dependencies"] if isinstance(entry, dict)]
    outside = named(packages)
    python = outside.pop("python", None)
    if python is None or python.specifier != Requirement("python" + project["requires-python"]).specifier:
        problems.append(f"environment.yml: write python{project['requires-python']}, as requires-python says")
    if outside.pop("pip", None) is None:
        problems.append("environment.yml: add pip, which installs the rest")
    problems += [f"environment.yml: move {name} to the pip section" for name in sorted(outside)]

    found = named(line for section in sections for line in section)
    for name in sorted(wanted.keys() - found.keys()):
        problems.append(f"environment.yml: add {wanted[name]}")
    for name in sorted(found.keys() - wanted.keys()):
        problems.append(f"environment.yml: remove {found[name]}, which pyproject.toml does not name")
    for name in sorted(found.keys() & wanted.keys()):
        if differs(found[name], wanted[name]):
            problems.append(f"environment.yml: write {wanted[name]} in place of {found[name]}")
    return problems


def differs(one: Requirement, other: Requirement) -> bool:
    """Compare all but the way the name is spelt."""
    return any(getattr(one, part) != getattr(other, part) for part in ("specifier", "extras", "marker", "url"))


def lock_problems(lock: str, pyproject: str) -> list[str]:
    """Say what to change in requirements.lock so that it pins what pyproject.toml names, at a version it accepts.

    The extra `class` is a lecturer's, and not in the lock: the course's own environment does not hold nbgrader.
    """
    project = tomllib.loads(pyproject)["project"]
    extras = [one for extra in ("workshop", "test", "dev") for one in project["optional-dependencies"][extra]]
    problems, pins = [], {}
    for line in lock.replace("\\\n", " ").splitlines():
        text = re.split(r"(?:^|\s)#|\s--hash", line, maxsplit=1)[0].strip()
        if not text or text.startswith("-"):
            continue
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            problems.append(f"requirements.lock: cannot read {text!r}")
            continue
        exact = [pin.version for pin in requirement.specifier if pin.operator == "==" and not pin.version.endswith("*")]
        if len(requirement.specifier) != 1 or not exact:
            problems.append(f"requirements.lock: pin {requirement.name} with == and one version, not {text!r}")
        else:
            pins.setdefault(canonicalize_name(requirement.name), []).append(exact[0])
    for name, requirement in sorted(named(project["dependencies"] + extras).items()):
        if name not in pins:
            problems.append(f"requirements.lock: pin {requirement.name}, which pyproject.toml names; run `make lock`")
        for version in pins.get(name, []):
            if not requirement.specifier.contains(version, prereleases=True):
                problems.append(f"requirements.lock: {name}=={version} is not {requirement}; run `make lock`")
    return problems


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def test_environment_is_in_step_with_pyproject():
    problems = environment_problems(read("environment.yml"), read("pyproject.toml"))
    assert not problems, "\n".join([*problems, "`make environment` writes it anew"])


def test_the_old_environment_is_kept_when_the_new_cannot_be_written(monkeypatch, tmp_path):
    def refuse(*paths):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(environment, "ROOT", tmp_path)
    monkeypatch.setattr(environment, "FILES", {"environment.yml": lambda: "new\n"})
    (tmp_path / "environment.yml").write_text("old\n")
    with pytest.raises(SystemExit, match="not in step"):
        environment.main(["--check"])
    with monkeypatch.context() as patch:
        patch.setattr("os.replace", refuse)
        with pytest.raises(OSError, match="No space"):
            environment.main([])
    assert (tmp_path / "environment.yml").read_text() == "old\n"
    environment.main([])
    environment.main(["--check"])


def test_lock_pins_what_pyproject_names():
    problems = lock_problems(read("requirements.lock"), read("pyproject.toml"))
    assert not problems, "\n".join(problems)


# ---------------------------------------------------------------- each complaint, on small files

PYPROJECT = """
[project]
requires-python = ">=3.11,<3.14"
dependencies = ["torch>=2.6", "transformers>=5.20,<6"]
[project.optional-dependencies]
workshop = ["vaderSentiment>=3"]
test = ["pytest>=8.3"]
dev = ["ruff>=0.9"]
class = ["nbgrader>=0.9"]
"""
ENVIRONMENT = """
name: transformers-executed
channels: [conda-forge]
dependencies:
  - "python <3.14,>=3.11"
  - pip
  - pip:
      - torch>=2.6
      - "transformers<6,>=5.20"
      - vadersentiment>=3
      - pytest>=8.3
"""
LOCK = """# exact versions
--extra-index-url https://example.org/wheels
torch==2.13.0 \\
    --hash=sha256:00
transformers==5.23.0  # the newest
vaderSentiment==3.3.2
pytest==9.2.0
ruff==0.17.6
filelock==4.2.11
"""


def test_small_files_in_step():
    assert environment_problems(ENVIRONMENT, PYPROJECT) == []
    assert lock_problems(LOCK, PYPROJECT) == []


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("      - torch>=2.6\n", "", "add torch>=2.6"),
        ("torch>=2.6", "torch>=2.5", "write torch>=2.6 in place of torch>=2.5"),
        ("torch>=2.6", "torch", "write torch>=2.6 in place of torch"),
        ("torch>=2.6", "torch[opt]>=2.6", "write torch>=2.6 in place of torch[opt]>=2.6"),
        ("pytest>=8.3", "pytest>=8.3\n      - ruff>=0.9", "remove ruff>=0.9, which pyproject.toml does not name"),
        ("  - pip\n", "", "add pip, which installs the rest"),
        ("  - pip\n", "  - pip\n  - numpy\n", "move numpy to the pip section"),
        (",>=3.11", "", "write python>=3.11,<3.14, as requires-python says"),
        ("conda-forge]", "defaults]", "channels are ['defaults'], expected only conda-forge"),
        ("name: transformers-executed", "name: course", "name is 'course', expected 'transformers-executed'"),
    ],
)
def test_environment_out_of_step(old, new, problem):
    assert old in ENVIRONMENT
    assert environment_problems(ENVIRONMENT.replace(old, new), PYPROJECT) == [f"environment.yml: {problem}"]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("pytest==9.2.0\n", "", "pin pytest, which pyproject.toml names; run `make lock`"),
        ("ruff==0.17.6\n", "", "pin ruff, which pyproject.toml names; run `make lock`"),
        (
            "transformers==5.23.0",
            "transformers==6.0.0",
            "transformers==6.0.0 is not transformers<6,>=5.20; run `make lock`",
        ),
        ("filelock==4.2.11", "filelock>=4", "pin filelock with == and one version, not 'filelock>=4'"),
        ("filelock==4.2.11", "filelock==4.*", "pin filelock with == and one version, not 'filelock==4.*'"),
        ("filelock==4.2.11", "filelock = 4", "cannot read 'filelock = 4'"),
    ],
)
def test_lock_out_of_step(old, new, problem):
    assert old in LOCK
    assert lock_problems(LOCK.replace(old, new), PYPROJECT) == [f"requirements.lock: {problem}"]
