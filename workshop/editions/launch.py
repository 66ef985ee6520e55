"""The launch edition: the study edition of a chapter for a machine on which the course is not installed.

Its second cell installs the course from its repository and fetches the checkpoints. What a chapter's text links to or
shows lies in the repository, since such a notebook is opened alone.
"""

from __future__ import annotations

import posixpath
import re

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from workshop.editions.study import study_edition

SET_UP = """# Set-up where the course is not installed, as on Colab: some minutes, once. Elsewhere it does nothing.
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("course_lib") is None:
    %pip install --quiet "git+{address}"
    importlib.invalidate_caches()
    assert importlib.util.find_spec("course_lib"), "The course could not be installed; pip says why above."
    subprocess.run([sys.executable, "-m", "workshop", "fetch"], check=True)"""
LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\((?![a-z]+:|#|/)([^)\s]+)\)")


def launch_edition(chapter: NotebookNode, address: str, folder: str = "chapters") -> NotebookNode:
    """A chapter to be launched. `address` is that of the repository, `folder` where it has the chapter."""
    edition = study_edition(chapter)

    def link(found: re.Match) -> str:
        picture, words, path = found.groups()
        path = posixpath.normpath(f"{folder}/{path}")
        return f"{picture}[{words}]({address}/{'raw' if picture else 'blob'}/HEAD/{path})"

    for cell in edition.cells:
        if cell.cell_type == "markdown":
            cell.source = LINK.sub(link, cell.source)
    edition.cells.insert(1, new_code_cell(SET_UP.format(address=address), id="set-up-elsewhere"))
    return edition
