"""The study edition: a chapter for one person in JupyterLab, without its outputs and solutions.

It is written into a folder that git ignores, from which the reader's work is never lost (``update.py``). Every cell
keeps its id. What stands for a solution is ``...``; a worked solution leaves an empty cell to write in.
"""

from __future__ import annotations

import nbformat
from nbformat import NotebookNode

from workshop.editions.marks import stub, tags

YOURS = "# Your code. Ours is on this chapter's page, folded."
KEPT_METADATA = ("tags", "slideshow", "jupyter")  # an alt text describes an output, and may give a prediction away


def study_edition(chapter: NotebookNode) -> NotebookNode:
    """A chapter as its reader gets it. Raises ValueError where marks do not come in pairs, naming the cell."""
    edition = to_be_filled(chapter)
    for cell in edition.cells:
        if "exercise" in tags(cell):
            try:
                cell.source = stub(cell.source)
            except ValueError as problem:
                raise ValueError(f"cell {cell.id!r}, {problem}") from problem
    return edition


def to_be_filled(chapter: NotebookNode) -> NotebookNode:
    """A chapter without its outputs and worked solutions; its exercises still hold theirs."""
    cells, place_left = [], True  # a worked solution leaves one place to write, unless an exercise is that
    for cell in chapter.cells:
        worked, own = "solution" in tags(cell), tags(cell)
        if "page-only" in own or worked and not (cell.cell_type == "code" and place_left):
            continue
        place_left = not worked and "check" not in own
        made = {key: cell[key] for key in ("cell_type", "id", "source", "attachments") if key in cell}
        made["metadata"] = {key: cell.metadata[key] for key in KEPT_METADATA if key in cell.metadata}
        if cell.cell_type == "code":
            made |= {"outputs": [], "execution_count": None}
        if worked:
            made["source"] = YOURS
        cells.append(made)
    metadata = {key: chapter.metadata[key] for key in ("kernelspec", "language_info") if key in chapter.metadata}
    return nbformat.from_dict({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})
