"""What every exercise is proved with: right and wrong answers, one file a chapter in `tests/lib/exercises/`.

Such a file, `05_attention.py` for those of course_lib/exercises/attention.py, holds two dictionaries by exercise:

    RIGHT = {"causal_mask": [two answers or more that are written differently from ours]}
    WRONG = {"causal_mask": [(an answer, "words of the hint that is meant for it"), … four or more]}

`tests/lib/test_exercises.py` runs them. An answer may be a function, a class or a value, as the exercise asks for.
"""

import ast
import functools
import importlib.util
import inspect
import os
import textwrap
from pathlib import Path

from course_lib.exercises import Exercise, exercises, source_of
from workshop.editions import marks

FOLDER = Path(__file__).parent / "exercises"


@functools.cache
def chapters() -> dict[int, object]:
    """The files, as modules, by the chapter's number."""
    found = {}
    for path in sorted(FOLDER.glob("[0-9][0-9]_*.py")):
        spec = importlib.util.spec_from_file_location(f"exercises_{path.stem}", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found[int(path.stem[:2])] = module
    return found


def right_answers(exercise: Exercise) -> list:
    """Answers that pass, besides ours."""
    return getattr(chapters().get(exercise.chapter), "RIGHT", {}).get(exercise.name, [])


def wrong_answers(exercise: Exercise) -> list[tuple[object, str]]:
    """Answers that do not pass, with words of the hint that is meant for each."""
    return getattr(chapters().get(exercise.chapter), "WRONG", {}).get(exercise.name, [])


def reference(exercise: Exercise) -> object:
    """Our answer, as a reader would hand it over."""
    return exercise.reference() if exercise.kind == "value" else exercise.reference


def every(answers) -> list:
    """pytest parameters: each exercise with each of the answers that a function finds for it."""
    return [(one.name, at) for one in exercises() for at in range(len(answers(one)))]


@functools.cache
def statements(exercise: Exercise) -> tuple[str, ...]:
    """The lines of our answer that say how it is done: those of its body that are long enough to be recognised."""
    tree = ast.parse(source_of(exercise)).body[0]
    body = tree.body[1:] if ast.get_docstring(tree) else tree.body
    lines = [line for one in body for line in ast.unparse(one).splitlines()]
    return tuple(line.strip() for line in lines if len(line.strip()) > 12)


def solution_of(source: str) -> str:
    """What stands between the marks, without indentation and empty lines; "" where there are none."""
    lines = [line.text.rstrip() for line in marks.lines_of(source) if line.part == "solution" and line.text.strip()]
    return textwrap.dedent("\n".join(lines))


def differing_solutions(notebook: dict, known: dict[str, Exercise]) -> list[str]:
    """Names of exercises whose solution in a chapter is not the one in the library, or is not in the library at all."""
    wrong = []
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] != "code" or marks.BEGIN not in source:
            continue
        names = [one.name for one in ast.parse(source).body if isinstance(one, (ast.FunctionDef, ast.ClassDef))]
        ours = [one for one in known.values() if one.reference.__name__ in names]
        if not ours:
            wrong.append(f"{cell.get('id')}: {', '.join(names)} is no exercise of the library")
        wrong += [one.name for one in ours if solution_of(source) != solution_of(inspect.getsource(one.reference))]
    return wrong


def cpu_seconds() -> float:
    """Of this process and of those that it has waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
