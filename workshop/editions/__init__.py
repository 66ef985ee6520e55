"""The forms of a chapter: how it is stored, studied, and given to a class."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote

import nbformat
from nbformat import NotebookNode

from course_lib.whole_files import write_atomically
from workshop.editions.classroom import CONFIG, class_edition
from workshop.editions.study import study_edition
from workshop.editions.update import CannotWrite, alone, bring

__all__ = ["CannotWrite", "write_class", "write_study"]
LINK = re.compile(r"\]\(\s*<?([^)\s>#]+)|\b(?:src|href)=[\"']([^\"'#]+)")


def write_study(chapters: list[Path], folder: Path) -> Iterator[tuple[Path, str]]:
    """Write or update `folder/NN_name.ipynb` for each chapter; each path, and what was done. Raises CannotWrite."""
    with alone(folder):
        for chapter in chapters:
            yield _write(chapter, folder / chapter.name, folder, study_edition)


def write_class(chapters: list[Path], folder: Path) -> Iterator[tuple[Path, str]]:
    """Write or update `folder/source/NN_name/NN_name.ipynb` for nbgrader, and its configuration if there is none."""
    with alone(folder):
        config = folder / "nbgrader_config.py"
        if not config.exists():
            write_atomically(config, CONFIG)
            yield config, "written"
        for chapter in chapters:
            yield _write(chapter, folder / "source" / chapter.stem / chapter.name, folder, class_edition)


def _write(
    chapter: Path, path: Path, folder: Path, edition: Callable[[NotebookNode], NotebookNode]
) -> tuple[Path, str]:
    try:
        notebook = nbformat.read(chapter, as_version=4)
        nbformat.validate(notebook)
    except Exception as problem:  # nbformat has many kinds
        raise CannotWrite(f"{chapter}: not a notebook that can be read: {problem}") from problem
    try:
        done = bring(edition(notebook), path, folder)
        for name in beside(notebook, chapter):
            data, target = (chapter.parent / name).read_bytes(), path.parent / name
            if not target.exists() or target.read_bytes() != data:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
    except OSError as problem:
        raise CannotWrite(f"{chapter.name}: {problem}") from problem
    except ValueError as problem:
        raise CannotWrite(f"{chapter}: {problem}") from problem
    return path, done


def lies_there(path: Path) -> bool:
    """Whether there is such a file; there is none of a name that is too long for one."""
    try:
        return path.is_file()
    except OSError:
        return False


def beside(notebook: NotebookNode, chapter: Path) -> list[str]:
    """The files, pictures for instance, that lie with the chapter and that its text shows or links to."""
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    names = {unquote(one or other) for one, other in LINK.findall(text)}
    files = [name for name in names if not name.endswith(".ipynb") and ":" not in name and not name.startswith("/")]
    return sorted(name for name in files if ".." not in Path(name).parts and lies_there(chapter.parent / name))
