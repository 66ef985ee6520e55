"""A small made-up chapter with every mark, from which the tests make editions."""

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

ANSWER = "twofold_of_x = x + x"  # a line that stands in the solution only
OPENING = """# Small sums

You will see that sums can be trusted.

**Reading** 2 min · **Running** 3 s"""
SET_UP = """from course_lib.exercises import check
from course_lib.predictions import predict, reveal"""
EXERCISE = """**Exercise 0.1** · 7 min · medium

Write `double`, see [the notes](notes.md#how) and ![two dots](pictures/dots.png)."""
DOUBLE = f'''def double(x):
    """Twice x, a number or a tensor of any shape."""
    ### BEGIN SOLUTION
    {ANSWER}
    return twofold_of_x
    ### END SOLUTION


print(double(4))'''
STUB = '''def double(x):
    """Twice x, a number or a tensor of any shape."""
    ...


print(double(4))'''


def code(cell_id: str, source: str, printed: str = "", tags=(), **metadata):
    outputs = [new_output("stream", text=printed)] if printed else []
    metadata |= {"tags": list(tags)} if tags else {}
    return new_code_cell(source, id=cell_id, outputs=outputs, execution_count=1, metadata=metadata)


def text(cell_id: str, source: str, tags=()):
    return new_markdown_cell(source, id=cell_id, metadata={"tags": list(tags)} if tags else {})


def chapter():
    cells = [
        text("small-sums", OPENING),
        code("set-up", SET_UP, alt=f"not seen: {ANSWER}"),
        code("guess", 'predict("four", "Four times one?", ["three", "four"])', "Four times one?\n", ["prediction"]),
        text("exercise-double", EXERCISE),
        code("double", DOUBLE, "8\n", ["exercise"]),
        code("check-double", 'check("double", double)', "✓ double: passed, 2 cases\n", ["check"]),
        text("about-double", "A sum is as fast as a product.", ["solution"]),
        text("four-times", "## Four times\n\nWhat follows runs on your function.", ["slide"]),
        code("use-double", 'four = double(double(1))\nreveal("four", four - 2)', "It is: four\n"),
        text("for-paper", "Only on paper.", ["page-only"]),
        text("further", "**0.2** And eight times?"),
        code("eight", "eight_of_us = double(four)\nprint(eight_of_us)", "8\n", ["solution"]),
        code("nine", "nine_of_us = eight_of_us + 1", tags=["solution"]),
        text("end", "The end."),
    ]
    kernel = {"kernelspec": {"display_name": "Python 3", "name": "python3"}, "language_info": {"name": "python"}}
    return new_notebook(cells=cells, metadata=kernel)


def write_chapter(folder, notebook=None, name="00_small_sums.ipynb"):
    """The chapter in a folder, with the files that it shows; its path."""
    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    (folder / "pictures" / "dots.png").write_bytes(b"dots")
    (folder / "notes.md").write_text("# How")
    nbformat.write(notebook or chapter(), folder / name)
    return folder / name


def cell_of(notebook, cell_id):
    return next(cell for cell in notebook.cells if cell.id == cell_id)


def ids(notebook):
    return [cell.id for cell in notebook.cells]
