"""workshop.site.launch: buttons to the repository and to machines, all from its address; the notebooks they open."""

import importlib.util
import os
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import nbformat
import pytest
import yaml
from packaging.requirements import Requirement
from test_pages import OPENING, code, project, read, text, write

from workshop.editions.launch import launch_edition
from workshop.site import launch

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = "https://github.com/a/course"
CELLS = [
    text(OPENING.replace("02_models.ipynb#Why-it-works", "01_pipelines.ipynb")),
    text(
        "See [execute.py](../workshop/execute.py), [this](#Exercises), "
        "[a paper](https://arxiv.org/abs/1706.03762) and ![a dot](figures/dot.png)."
    ),
    text("## Exercises"),
    code("x = 1\n### BEGIN SOLUTION\nx = 2\n### END SOLUTION", tags=["exercise"]),
]


def named(place, repository="", hub=""):
    """A site whose pyproject.toml names these addresses."""
    urls = {"Repository": repository, "JupyterHub": hub}
    lines = "\n".join(f'urls.{name} = "{address}"' for name, address in urls.items() if address)
    paths = project(place, **{"01_pipelines": CELLS})
    (place / "pyproject.toml").write_text(f'[project]\nname = "course"\n{lines}\n')
    return write(place, paths)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return named(tmp_path_factory.mktemp("named"), f"{ADDRESS}.git", "https://hub.example.edu/")


def buttons(page):
    found = {a.get_text().strip(): a["href"] for a in page.select(".article-header-buttons a")}
    return {name: address for name, address in found.items() if urlsplit(address).scheme}


def test_without_an_address_there_is_no_button_and_nothing_to_launch(tmp_path):
    site = named(tmp_path)
    for path in site.glob("*.html"):
        assert buttons(read(path)) == {}, path.name
    assert not (site / "launch").exists()
    assert not (site / ".nojekyll").exists()


def test_a_chapter_has_buttons_to_machines_its_source_and_reports(site):
    found = buttons(read(site / "01_pipelines.html"))
    assert list(found) == ["Binder", "Colab", "JupyterHub", "Repository", "View source", "Report a problem"]
    assert found["Binder"] == "https://mybinder.org/v2/gh/a/course/HEAD?urlpath=lab/tree/study/01_pipelines.ipynb"
    assert found["Colab"] == "https://colab.research.google.com/github/a/course/blob/gh-pages/launch/01_pipelines.ipynb"
    hub = urlsplit(found["JupyterHub"])
    assert hub.netloc + hub.path == "hub.example.edu/hub/user-redirect/git-pull"
    asked = {"repo": [ADDRESS], "branch": ["gh-pages"], "urlpath": ["lab/tree/course/launch/01_pipelines.ipynb"]}
    assert parse_qs(hub.query) == asked
    assert found["Repository"] == ADDRESS
    assert found["View source"] == f"{ADDRESS}/blob/HEAD/chapters/01_pipelines.ipynb"
    report = urlsplit(found["Report a problem"])
    assert report.path == "/a/course/issues/new"
    assert parse_qs(report.query)["title"] == ["Page 01_pipelines"]
    assert (site / ".nojekyll").exists(), "GitHub's pages serve no folder that begins with _ without it"


def test_other_pages_have_their_own_source_and_no_machine(site):
    for path in site.glob("*.html"):
        found = buttons(read(path))
        assert found["Repository"] == ADDRESS
        if path.stem != "01_pipelines":
            assert "Binder" not in found
    assert "View source" not in buttons(read(site / "index.html"))
    for name in ("claims", "evidence", "glossary", "reference"):
        assert buttons(read(site / f"{name}.html"))["View source"] == f"{ADDRESS}/blob/HEAD/{launch.SOURCES[name]}"
    assert {name for name in launch.SOURCES if not (ROOT / launch.SOURCES[name]).exists()} == set()


def test_what_a_chapter_links_to_lies_in_the_repository(site):
    links = {a.get("href", "") for a in read(site / "01_pipelines.html").select("article a")}
    assert f"{ADDRESS}/blob/HEAD/workshop/execute.py" in links


def test_the_notebook_that_is_launched_installs_the_course_and_holds_no_solution(site):
    notebook = nbformat.read(site / "launch" / "01_pipelines.ipynb", as_version=4)
    nbformat.validate(notebook)
    first, set_up = notebook.cells[:2]
    assert first.source.startswith("# 1. Pipelines")
    assert f'%pip install --quiet "git+{ADDRESS}"' in set_up.source
    said = notebook.cells[2].source
    assert f"[execute.py]({ADDRESS}/blob/HEAD/workshop/execute.py)" in said
    assert f"![a dot]({ADDRESS}/raw/HEAD/chapters/figures/dot.png)" in said
    assert "[this](#Exercises)" in said
    assert "(https://arxiv.org/abs/1706.03762)" in said
    assert notebook.cells[-1].source == "x = 1\n..."


@pytest.mark.parametrize("chapter", sorted((ROOT / "chapters").glob("[0-9]*.ipynb")), ids=lambda path: path.stem)
def test_every_chapter_can_be_launched_and_its_links_lead_into_the_repository(chapter):
    edition = launch_edition(nbformat.read(chapter, as_version=4), ADDRESS)
    nbformat.validate(edition)
    text = "\n".join(cell.source for cell in edition.cells if cell.cell_type == "markdown")
    for kind, path in re.findall(rf"{ADDRESS}/(blob|raw)/HEAD/([^)#\s]+)", text):
        assert (ROOT / path).exists(), f"{kind} {path}"
    assert not re.search(r"\]\((?!https?:|#)", text)
    assert not any(cell.get("outputs") for cell in edition.cells)


def test_where_the_course_is_installed_the_set_up_does_nothing(monkeypatch, site):
    set_up = nbformat.read(site / "launch" / "01_pipelines.ipynb", as_version=4).cells[1].source
    head, body = set_up.split("is None:\n")
    assert importlib.util.find_spec("course_lib") is not None
    assert all(line.startswith("    ") for line in body.splitlines()), "all of it only where the course is missing"
    exec(f"{head}is None:\n    raise AssertionError")


@pytest.mark.parametrize(
    ("repository", "binder"),
    [
        ("https://gitlab.com/a/b/course", "gl/a%2Fb%2Fcourse"),
        ("https://git.example.org/a/course", "git/https%3A%2F%2Fgit.example.org%2Fa%2Fcourse"),
    ],
)
def test_another_host_than_github_has_no_colab(repository, binder):
    found = launch.machines("01_x", repository)
    assert list(found) == ["Binder"]
    assert found["Binder"].startswith(f"https://mybinder.org/v2/{binder}/HEAD?")


def test_gitlab_has_its_own_form_of_a_report():
    asked = urlsplit(launch.report("claims", "https://gitlab.com/a/b"))
    assert asked.path == "/a/b/-/issues/new"
    assert parse_qs(asked.query)["issue[title]"] == ["Page claims"]


@pytest.mark.parametrize("wrong", ["git@github.com:a/course.git", "github.com/a/course"])
def test_what_is_no_address_is_refused(tmp_path, wrong):
    (tmp_path / "pyproject.toml").write_text(f'[project]\nurls.Repository = "{wrong}"\n')
    with pytest.raises(ValueError, match="an address is expected"):
        launch.addresses(tmp_path)


def test_binder_builds_what_pyproject_says():
    conda = yaml.safe_load((ROOT / "binder" / "environment.yml").read_text(encoding="utf-8"))
    assert conda["channels"] == ["conda-forge"]
    needed = {Requirement(one).name: Requirement(one).specifier for one in conda["dependencies"]}
    project = launch.tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    torch = next(Requirement(one) for one in project["dependencies"] if Requirement(one).name == "torch")
    assert set(needed) == {"python", "pytorch-cpu", "pip"}
    assert needed["pytorch-cpu"] == torch.specifier
    assert needed["python"] == Requirement("python" + project["requires-python"]).specifier
    built = ROOT / "binder" / "postBuild"
    assert os.name == "nt" or os.access(built, os.X_OK)
    assert built.read_text(encoding="utf-8").splitlines()[-3:] == [
        "python -m pip install --no-cache-dir .",
        "course fetch",
        "course study",
    ]
