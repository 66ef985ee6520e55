"""Write an edition of a chapter without ever losing what somebody wrote into an earlier one.

What is written is kept a second time, as it was, in ``.written`` beside it, named after a hash of its content, and the
notebook's own metadata say which of these copies it began as. So a renamed, copied or restored notebook is still
compared with the right one, and an interruption at any moment leaves a whole notebook and the copy that belongs to it.

An update compares three forms of each cell, by its id: as it was written (base), as it is now (mine), and as the course
has it today (new).

=============  =============  ==================================================================
mine           new            result
=============  =============  ==================================================================
as base        as base        mine, with its outputs
as base        changed        new
changed        as base        mine
changed        changed        mine, and the new form in a cell of its own below it, with a note
deleted        as base        stays deleted, also where it changed
as base        gone           goes
changed        gone           mine stays
added          -              stays below the cell that it stands below
-              added          comes after the cell that it comes after in the course
=============  =============  ==================================================================
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from filelock import FileLock, Timeout
from nbformat import NotebookNode

from course_lib.whole_files import write_atomically

WRITTEN = ".written"
SECONDS_TO_WAIT = 60
NOTE = (
    "> **The course has changed the cell above, and so have you.** Yours was left as it is; the course's new form "
    "follows. Take from it what you like, and delete this cell."
)


class CannotWrite(RuntimeError):
    """An edition cannot be written; the message says why, and what to do."""


@dataclass
class Counts:
    """What an update did, in cells."""

    new: int = 0
    changed: int = 0
    gone: int = 0
    below: list[str] = field(default_factory=list)  # ids of cells that both have changed

    def __str__(self) -> str:
        """In words."""
        said = [f"{number} {word}" for word in ("new", "changed", "gone") if (number := getattr(self, word))]
        if self.below:
            said.append(f"{len(self.below)} changed by you too, with the course's form below ({', '.join(self.below)})")
        return "cells: " + ", ".join(said) if said else "no cell has changed"


# ---------------------------------------------------------------- three forms become one


def merged(base: NotebookNode | None, mine: NotebookNode, new: NotebookNode) -> tuple[NotebookNode, Counts]:
    """Bring what is new in the course into a reader's notebook; without a base, whatever differs is the reader's."""
    _name_again(mine, base or new)
    before = {cell.id: cell for cell in base.cells} if base else {}
    own = {cell.id: cell for cell in mine.cells}
    today = {cell.id: cell for cell in new.cells}
    counts, kept = Counts(), {}
    for cell_id, cell in today.items():
        if cell_id not in own and cell_id not in before:
            kept[cell_id] = [cell]
            counts.new += 1
    for cell_id, cell in own.items():
        if cell_id in today:
            kept[cell_id] = _one_cell(before.get(cell_id), cell, today[cell_id], own, counts)
        elif cell_id in before and _content(cell) == _content(before[cell_id]):
            counts.gone += 1
        else:
            kept[cell_id] = [cell]
    order = _order(list(before or today), list(own), list(today), kept)
    result = nbformat.from_dict(mine)
    result.cells = [cell for cell_id in order for cell in kept[cell_id]]
    result.nbformat, result.nbformat_minor = 4, max(5, mine.nbformat_minor)
    result.metadata["course"] = new.metadata["course"]
    return result, counts


def _content(cell: NotebookNode) -> tuple:
    """What somebody writes in a cell; outputs, counts and space at the ends of lines are not that."""
    text = "\n".join(line.rstrip() for line in cell.source.split("\n")).strip("\n")
    return cell.cell_type, text, json.dumps(cell.get("attachments", {}), sort_keys=True)


def _one_cell(base, mine, new, taken, counts: Counts) -> list[NotebookNode]:
    """What becomes of a cell that the reader and the course both have: one cell, or two."""
    if base is not None and _content(mine) == _content(base) != _content(new):
        counts.changed += 1
        return [new]
    if base is not None and base.metadata != new.metadata:
        mine.metadata.update(new.metadata)
    if _content(mine) == _content(new) or (base is not None and _content(new) == _content(base)):
        return [mine]
    counts.below.append(mine.id)
    number = 1
    while (name := f"{mine.id}-course-{number}") in taken:
        number += 1
    # Code is shown, not put into a code cell: running all cells would put the course's stub over the reader's answer.
    text = new.source if new.cell_type == "markdown" else f"````python\n{new.source}\n````"
    note = nbformat.v4.new_markdown_cell(f"{NOTE}\n\n{text}", id=name)
    if new.get("attachments"):
        note.attachments = new.attachments
    return [mine, note]


def _order(before: list[str], own: list[str], today: list[str], kept: dict[str, list]) -> list[str]:
    """The order of the cells: the course's if the reader has moved none of its cells, else the reader's."""
    below: dict[str, list[str]] = {"": []}  # what the reader added, by the course's cell above it that is kept
    above, theirs = "", []
    for cell_id in own:
        if cell_id not in kept:
            continue
        if cell_id in today:
            above = cell_id
            below[above] = []
            theirs.append(cell_id)
        else:
            below[above].append(cell_id)
    in_both = [cell_id for cell_id in own if cell_id in before]
    moved = in_both != [cell_id for cell_id in before if cell_id in set(in_both)]
    if not moved:
        skeleton = [cell_id for cell_id in today if cell_id in kept]
    else:
        skeleton = theirs
        for place, cell_id in enumerate(today):
            if cell_id in kept and cell_id not in skeleton:
                earlier = next((one for one in reversed(today[:place]) if one in skeleton), None)
                skeleton.insert(skeleton.index(earlier) + 1 if earlier else 0, cell_id)
    order = list(below[""])
    for cell_id in skeleton:
        order += [cell_id, *below.get(cell_id, [])]
    return order


def _name_again(mine: NotebookNode, known: NotebookNode) -> None:
    """Give each cell an id of its own. Some editors drop the ids: a cell with a known text gets its old one back."""
    names = {cell.id for cell in known.cells}
    present = {cell.get("id") for cell in mine.cells}
    lost = {}
    for cell in known.cells:
        if cell.id not in present:
            lost.setdefault(_content(cell), []).append(cell.id)
    used: set[str] = set()
    for cell in mine.cells:
        if cell.get("id") not in names and lost.get(_content(cell)):
            cell.id = lost[_content(cell)].pop(0)
        if not cell.get("id") or cell.id in used:
            cell.id = nbformat.v4.new_raw_cell().id
        used.add(cell.id)


# ---------------------------------------------------------------- files


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a folder of editions: of two updates at once, one waits for the other. Raises CannotWrite."""
    try:
        (folder / WRITTEN).mkdir(parents=True, exist_ok=True)
        with FileLock(folder / WRITTEN / "lock", timeout=SECONDS_TO_WAIT):
            for path in folder.rglob(".*.ipynb.*.tmp"):  # of a run that was killed
                path.unlink(missing_ok=True)
            yield
    except Timeout:
        raise CannotWrite(f"Another update of {folder} has been running for {SECONDS_TO_WAIT} s. Try later.") from None
    except OSError as problem:
        raise CannotWrite(f"{folder} cannot be written to: {problem}") from problem


def bring(new: NotebookNode, path: Path, folder: Path) -> str:
    """Write an edition of the chapter `path.stem` to `path`, in `folder`, or bring what is new in it into the notebook
    that is there. Returns what was done, in words. To be called while `folder` is held (`alone`).
    """
    path, text = path.resolve(), _text(new)
    digest = _digest(text)
    new.metadata["course"] = {"chapter": path.stem, "written": digest}
    pristine = folder / WRITTEN / f"{path.stem}.{digest}.ipynb"
    if _base(path, folder, digest) is None:  # not there, or damaged
        write_atomically(pristine, text)
    path.parent.mkdir(parents=True, exist_ok=True)
    for _ in range(5):
        found = path.read_bytes() if path.exists() else None
        if found is None:
            said, result = "written" + _renamed(path), new
        else:
            try:
                mine = _parsed(found, path.stem, new)
            except ValueError as problem:
                said = f"{problem}, and was set aside as {_set_aside(path)}; a new one is written"
                result, found = new, None
            else:
                about = mine.metadata.get("course", {})
                if about.get("written") == digest:
                    return "up to date"
                result, counts = merged(_base(path, folder, about.get("written")), mine, new)
                said = f"updated, {counts}"
        if (path.read_bytes() if path.exists() else None) == found:  # nobody has saved it in the meantime
            write_atomically(path, _text(result))
            return said
    raise CannotWrite(f"{path} is being changed all the time. Close it in JupyterLab, and try again.")


def _text(notebook: NotebookNode) -> str:
    return nbformat.v4.writes(notebook) + "\n"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _parsed(data: bytes, name: str, new: NotebookNode) -> NotebookNode:
    """A reader's notebook of the chapter `name`. Raises ValueError where it is none, with what it is."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of ids that are missing or there twice: `merged` mends them
            notebook = nbformat.from_dict(json.loads(data.decode("utf-8-sig")))
            if notebook.nbformat != 4:
                notebook = nbformat.convert(notebook, 4)
        for cell in notebook.cells:
            cell.source = cell.source if isinstance(cell.source, str) else "".join(cell.source)
            cell.setdefault("metadata", NotebookNode())
            if cell.cell_type not in ("code", "markdown", "raw"):
                raise ValueError("a cell of no known type")
            if not isinstance(cell.get("id", ""), str):
                del cell["id"]
        notebook.nbformat_minor = int(notebook.get("nbformat_minor", 5))
        notebook.metadata.get("course", {}).get("written")
        _text(nbformat.from_dict(notebook))  # can be written again
    except Exception as problem:  # whatever may be in a file
        raise ValueError(f"could not be read ({type(problem).__name__})") from problem
    course = notebook.metadata.get("course", {}).get("chapter", name)
    known = {cell.id for cell in new.cells} | {_content(cell) for cell in new.cells}
    if course != name or not any(cell.get("id") in known or _content(cell) in known for cell in notebook.cells):
        raise ValueError("holds another notebook")
    return notebook


def _base(path: Path, folder: Path, digest: object) -> NotebookNode | None:
    """What a notebook began as; None if that is lost."""
    try:
        text = (folder / WRITTEN / f"{path.stem}.{digest}.ipynb").read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
    return nbformat.v4.reads(text) if _digest(text) == digest else None


def _set_aside(path: Path) -> str:
    """Give a file that cannot be used another name, which no file has; return it."""
    stem, number = f"{path.stem}.set-aside-{time.strftime('%Y-%m-%d-%H%M%S')}", 1
    while (target := path.with_name(f"{stem}{f'-{number}' * (number > 1)}.ipynb")).exists():
        number += 1
    os.rename(path, target)
    return target.name


def _renamed(path: Path) -> str:
    """Which other notebooks beside `path` began as this chapter, in words."""
    found = []
    for other in sorted(path.parent.glob("*.ipynb")):
        try:
            about = json.loads(other.read_text(encoding="utf-8"))["metadata"]["course"]
            found += [other.name] if about["chapter"] == path.stem else []
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return f"; yours under another name stays as it is: {', '.join(found)}" if found else ""
