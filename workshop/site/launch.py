"""Buttons that lead to the repository and to machines that run its notebooks; there are none while it has no address.

The address is ``Repository`` in pyproject.toml's ``[project.urls]``; ``JupyterHub``, there too, is the address of a hub
that has nbgitpuller. Binder builds the repository (``binder/``) and opens the study edition. Colab and a hub open the
launch edition, which is a part of the site: they take it from the branch on which the site is published.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

import nbformat
from sphinx.application import Sphinx

from workshop.editions.launch import launch_edition
from workshop.site.chapters import Chapter

PUBLISHED = "gh-pages"  # the branch whose root is build/site
FOLDER = "launch"  # of the site, with the notebooks that are launched
SOURCES = {  # of pages that are no chapters
    "architecture": "ARCHITECTURE.md",
    "changelog": "CHANGELOG.md",
    "claims": "tests/claims.json",
    "evidence": "course_lib/checkpoints/shipped",
    "glossary": "GLOSSARY.md",
    "reference": "course_lib",
    "teaching": "docs/teaching.md",
}
LOGOS = {"Binder": "logo_binder.svg", "Colab": "logo_colab.png", "JupyterHub": "logo_jupyterhub.svg"}  # the theme's
REPORT = "Page: {page}\n\nWhat I did:\n\nWhat I saw:\n\nWhat I expected:\n"


def addresses(root: Path) -> dict[str, str]:
    """What pyproject.toml says of the web: `repository` and `hub`, "" where it names none.

    Raises ValueError for what is no address that a browser and pip can open.
    """
    file = root / "pyproject.toml"
    project = tomllib.loads(file.read_text(encoding="utf-8"))["project"] if file.is_file() else {}
    urls = project.get("urls", {})
    for name in ("Repository", "JupyterHub"):
        if urls.get(name) and urlsplit(urls[name]).scheme not in ("https", "http"):
            raise ValueError(
                f"pyproject.toml: {name} is {urls[name]!r}; an address is expected, https://HOST/OWNER/NAME"
            )
    repository = urls.get("Repository", "").rstrip("/").removesuffix(".git")
    return {"repository": repository, "hub": urls.get("JupyterHub", "").rstrip("/")}


def write(chapters: list[Chapter], folder: Path, repository: str) -> None:
    """The launch edition of each chapter, into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for chapter in chapters:
        if not chapter.source.is_file():
            continue
        edition = launch_edition(nbformat.read(chapter.source, as_version=4), repository)
        nbformat.write(edition, folder / f"{chapter.name}.ipynb")


def machines(name: str, repository: str, hub: str = "") -> dict[str, str]:
    """Where a chapter can be run: the machine's name -> the address that opens it there."""
    host, path = urlsplit(repository).netloc, urlsplit(repository).path.strip("/")
    place = {"github.com": f"gh/{path}", "gitlab.com": f"gl/{quote(path, safe='')}"}.get(host)
    place = place or f"git/{quote(repository, safe='')}"
    found = {"Binder": f"https://mybinder.org/v2/{place}/HEAD?urlpath=lab/tree/study/{name}.ipynb"}
    if host == "github.com":
        found["Colab"] = f"https://colab.research.google.com/github/{path}/blob/{PUBLISHED}/{FOLDER}/{name}.ipynb"
    if hub:
        opened = f"lab/tree/{path.rsplit('/', 1)[-1]}/{FOLDER}/{name}.ipynb"
        asked = urlencode({"repo": repository, "branch": PUBLISHED, "urlpath": opened})
        found["JupyterHub"] = f"{hub}/hub/user-redirect/git-pull?{asked}"
    return found


def report(page: str, repository: str) -> str:
    """The address of a new issue about a page."""
    title, body = f"Page {page}", REPORT.format(page=page)
    if "gitlab" in urlsplit(repository).netloc:
        return f"{repository}/-/issues/new?" + urlencode({"issue[title]": title, "issue[description]": body})
    return f"{repository}/issues/new?" + urlencode({"title": title, "body": body})


def add_buttons(app: Sphinx, page: str, template: str, context: dict, doctree: object) -> None:
    """Tell the theme, of each page, its buttons."""
    repository, chapter = context.get("repository"), page[:2].isdigit()
    if not repository or "header_buttons" not in context:
        return
    source = f"chapters/{page}.ipynb" if chapter else SOURCES.get(page)
    links = {"Repository": (repository, "fas fa-house")}
    if source:
        links["View source"] = (f"{repository}/blob/HEAD/{source}", "fas fa-code")
    links["Report a problem"] = (report(page, repository), "fas fa-bug")
    groups = [_group("This page in the repository", "fas fa-code-branch", "source-buttons", links)]
    if chapter:
        where = machines(page, repository, context["hub"])
        run = {name: (url, f"_static/images/{LOGOS[name]}") for name, url in where.items()}
        groups.insert(0, _group("Run this chapter", "fas fa-rocket", "launch-buttons", run))
    context["header_buttons"][:0] = groups


def _group(says: str, icon: str, label: str, links: dict[str, tuple[str, str]]) -> dict:
    buttons = [{"type": "link", "text": text, "url": url, "icon": one} for text, (url, one) in links.items()]
    return {"type": "group", "tooltip": says, "icon": icon, "label": label, "buttons": buttons}
