"""A chapter to download from its page: its notebook with the pictures that it shows, as a ZIP file.

A browser shows a notebook that lies in a file as text; a ZIP file it saves, from a memory stick too.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import nbformat
from sphinx.application import Sphinx

from workshop.editions import beside
from workshop.site.chapters import Chapter

FOLDER = "_downloads"  # of the site


def write(chapters: list[Chapter], folder: Path) -> None:
    """A ZIP file for each chapter, the same bytes for the same chapter."""
    folder.mkdir(parents=True, exist_ok=True)
    for chapter in chapters:
        if not chapter.source.is_file():
            continue
        files = beside(nbformat.read(chapter.source, as_version=4), chapter.source)
        with zipfile.ZipFile(folder / f"{chapter.name}.zip", "w") as archive:
            for name in [chapter.source.name, *files]:
                about = zipfile.ZipInfo(name)  # without the time of its making
                about.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(about, (chapter.source.parent / name).read_bytes())


def add_button(app: Sphinx, page: str, template: str, context: dict, doctree: object) -> None:
    """On the page of a chapter its notebook takes the place of what Sphinx has read; other pages have none."""
    for group in context.get("header_buttons", ()):
        if group.get("label") != "download-buttons":
            continue
        others = [one for one in group["buttons"] if one["label"] != "download-source-button"]
        own = {"type": "link", "text": "Notebook, with pictures", "icon": "fas fa-file-zipper", "label": "notebook"}
        own["url"] = f"{FOLDER}/{page}.zip"
        group["buttons"] = [own, *others] if page[:2].isdigit() else others
