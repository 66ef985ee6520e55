"""The class edition: what a lecturer gives to nbgrader, which hands it out, collects it and marks it.

``FOLDER/source/NN_name/NN_name.ipynb`` holds the solutions between their marks: `nbgrader generate_assignment` takes
them out. A check that does not pass raises there, so that its points are lost; everything else that runs is locked.
"""

from __future__ import annotations

from nbformat import NotebookNode

from workshop.editions.marks import EXERCISE, checks_in, lines_of, points, tags
from workshop.editions.study import to_be_filled

UNLOCKED = {"exercise", "prediction", "solution"}
CONFIG = '''"""What nbgrader needs to know of this course. Written by `course class`; yours to change."""

import os

os.environ["COURSE_PROGRESS"] = "off"  # marking somebody's work is nobody's progress

c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "transformers-executed"
c.ClearSolutions.code_stub = {"python": "..."}
c.Execute.timeout = 600  # seconds a cell
'''


def class_edition(chapter: NotebookNode) -> NotebookNode:
    """A chapter with nbgrader's metadata. Raises ValueError for an exercise without its marks, line or check."""
    edition = to_be_filled(chapter)
    minutes_and_level, exercise = None, None
    for cell in edition.cells:
        own = tags(cell)
        if cell.cell_type == "markdown":
            minutes_and_level = EXERCISE.search(cell.source) or minutes_and_level
            continue
        graded, written = "check" in own, "exercise" in own
        about = {"schema_version": 3, "grade_id": cell.id, "grade": graded, "solution": written, "task": False}
        about["locked"] = not UNLOCKED.intersection(own)
        if written:
            exercise = cell
            _marked(cell)
        if graded:
            if exercise is None or minutes_and_level is None:
                raise ValueError(f"cell {cell.id!r}: a check without an exercise and its line before it")
            about["points"] = points(int(minutes_and_level[3]), minutes_and_level[4])
            cell.source = must_pass(cell.source)
        cell.metadata["nbgrader"] = about
    return edition


def must_pass(source: str) -> str:
    """The code of a check cell that raises if the check does not pass, and that brings its own `check`."""
    lines = [line.encode() for line in source.split("\n")]  # columns are counted in bytes
    for statement, name, _ in checks_in(source):
        end = statement.end_lineno - 1
        code, comment = lines[end][: statement.end_col_offset], lines[end][statement.end_col_offset :]
        lines[end] = code + f'.passed, "{name} has not passed its check"'.encode() + comment
        lines[statement.lineno - 1] = b"assert " + lines[statement.lineno - 1]
    return "\n".join(["from course_lib.exercises import check", "", *(line.decode() for line in lines)])


def _marked(cell: NotebookNode) -> None:
    try:
        marks = [line for line in lines_of(cell.source) if line.part == "begin"]
    except ValueError as problem:
        raise ValueError(f"cell {cell.id!r}, {problem}") from problem
    if not marks:
        raise ValueError(f"cell {cell.id!r}: an exercise without the marks of its solution")
