"""What a chapter must be for its reader to do something in it: the rules for exercises, predictions and the quiz.

They are rules as in ``notebook_rules.py``, which has the list of all.
"""

import ast
import contextlib
import inspect
import re
import textwrap

from reading import CLOSING, at, parsed, tags, texts_of, without_fences

from workshop.editions import marks

WORDS_A_MINUTE, LINES_A_MINUTE = 200, 12  # read; the exercises say their own minutes
TOLERATED = 0.95, 1.1  # what is said, as a share of what is counted
WIDEST_LINE = 88  # characters of code; more is cut at the right edge of a page
FEWEST_EXERCISES = 6
OTHER_TAG = re.compile(r"claim-C\d\d|nbval-[a-z-]+|raises-exception|skip-execution", re.IGNORECASE)


def known_tags(chapter):
    """A tag is one that means something (``workshop/editions/marks.py``); a cell is one thing at most.

    Exercises, checks, predictions and the quiz are code cells.
    """
    for cell in chapter.cells:
        own = tags(cell)
        for tag in own:
            if tag not in marks.TAGS and not OTHER_TAG.fullmatch(tag):
                yield f"{at(cell)}: unknown tag {tag!r}; there are {', '.join(marks.TAGS)}"
        kinds = sorted(set(marks.KINDS).intersection(own))
        if len(kinds) > 1:
            yield f"{at(cell)}: is {' and '.join(kinds)} at once; a cell is one of these"
        elif kinds and kinds != ["solution"] and cell.cell_type != "code":
            yield f"{at(cell)}: tag {kinds[0]!r} belongs on a code cell"


def exercise_cells(chapter):
    """An exercise is three cells: what to write, the code with its solution between marks, the check.

    The first says ``**Exercise 5.1** · 5 min · easy``, numbered in order, with what `course_lib.exercises` declares.
    The second is Python with and without its solution, its function has a docstring, and its solution is the declared
    one, line by line. The third, tag ``check``, is ``check("name", answer)`` and passes; what it hands over has the
    exercise's name and exists in the stub too.
    """
    number = 0
    for place, cell in enumerate(chapter.cells):
        before, after = chapter.cells[place - 1], chapter.cells[place + 1 : place + 2]
        if "check" in tags(cell) and "exercise" not in tags(before):
            yield f"{at(cell)}: a check follows its exercise"
        if "exercise" not in tags(cell) or cell.cell_type != "code":
            continue
        number += 1
        line = marks.EXERCISE.search(before.source) if before.cell_type == "markdown" else None
        if not line:
            says = f"**Exercise {chapter.number}.{number}** · 5 min · easy"
            yield f"{at(cell)}: the markdown cell before it says `{says}`"
        elif (int(line[1]), int(line[2])) != (chapter.number, number):
            yield f"{at(before)}: this is exercise {chapter.number}.{number}, not {line[1]}.{line[2]}"
        wrong = [f"{at(cell)}: {problem}" for problem in stub_problems(cell.source)]
        yield from wrong
        if not after or "check" not in tags(after[0]):
            yield f"{at(cell)}: the next cell has the tag check"
        elif parsed(after[0].source) and not wrong:
            yield from (f"{at(after[0])}: {problem}" for problem in check_problems(after[0], cell, line, chapter))


def stub_problems(source):
    """What is wrong with the code of an exercise, with and without its solution."""
    try:
        if not any(line.part == "solution" and line.text.strip() for line in marks.lines_of(source)):
            yield f"what the reader writes stands between {marks.BEGIN} and {marks.END}"
            return
    except ValueError as problem:
        yield str(problem)
        return
    stub = parsed(marks.stub(source))
    if stub is None or parsed(marks.solved(source)) is None:
        yield "is Python with its solution, and with ... in its place"
        return
    for node in stub.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and is_unwritten(node) and not ast.get_docstring(node):
            yield f"{node.name} has a docstring, with shapes, before {marks.BEGIN}"


def is_unwritten(node):
    return any(isinstance(inner, ast.Constant) and inner.value is ... for inner in ast.walk(node))


def check_problems(cell, exercise, line, chapter):
    """What is wrong with the check of an exercise."""
    stub, found = parsed(marks.stub(exercise.source)), list(marks.checks_in(cell.source))
    if not found:
        yield 'holds check("name", answer)'
    for _, name, answer in found:
        declared = chapter.exercises.get(name)
        if declared is None or declared.chapter != chapter.number:
            yield f"{name!r} is no exercise of this chapter in course_lib.exercises"
            continue
        if line and (int(line[3]), line[4]) != (declared.minutes, declared.level):
            yield f"{name} is declared with {declared.minutes} min, {declared.level}; the text says otherwise"
        if isinstance(answer, ast.Name) and answer.id not in bound_by(stub):
            yield f"{answer.id} does not exist in the stub: give it a value there, `{answer.id} = ...`"
        if not isinstance(answer, ast.Name) or answer.id != name:
            yield f'the answer is called {name}, as its exercise: a reader goes on with `{name} = solution("{name}")`'
        theirs = textwrap.dedent(inspect.getsource(declared.reference))
        if solution_of(theirs) != solution_of(exercise.source):
            yield f"the solution is not that of {name} in course_lib.exercises, line by line"
    if any("✗" in text or "✓" not in text for text in texts_of(cell)):
        yield "the stored output does not say that the check passed"


def solution_of(source):
    return [line.text.strip() for line in marks.lines_of(source) if line.part == "solution" and line.text.strip()]


def bound_by(tree):
    """The names that a cell defines at its top level."""
    named = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    for statement in tree.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign):
            named |= {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
    return named


def exercises_in_the_flow(chapter):
    """A chapter has six exercises or more before "Where it stops being true", and every declared one.

    Chapter 00 needs none.
    """
    end = next((section.position for section in chapter.sections if section.title == CLOSING[0]), None)
    number = sum("exercise" in tags(cell) for cell in chapter.cells[:end])
    if chapter.number and number < FEWEST_EXERCISES:
        yield f"{number} exercises before {CLOSING[0]!r}, at least {FEWEST_EXERCISES}"
    checked = {name for cell in chapter.code if parsed(cell.source) for _, name, _ in marks.checks_in(cell.source)}
    for name, declared in chapter.exercises.items():
        if declared.chapter == chapter.number and name not in checked:
            yield f"course_lib.exercises declares {name}, and no cell checks it"


def predictions(chapter):
    """A prediction is a code cell of its own, tag ``prediction``: ``predict("name", "Question?", [choices])``.

    A later cell shows the answer, and says it with ``reveal("name", …)``, computed by that cell.
    """
    asked, revealed = {}, {}
    for place, cell in enumerate(chapter.cells):
        tree = parsed(cell.source) if cell.cell_type == "code" else None
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)] if tree else []
        calls = {name: [c for c in calls if ast.unparse(c.func) == name] for name in ("predict", "reveal")}
        for call in calls["predict"]:
            name = name_in(call)
            if "prediction" not in tags(cell) or len(tree.body) > 1:
                yield f"{at(cell)}: predict(…) stands alone in a cell with the tag prediction"
            if name in asked:
                yield f"{at(cell)}: there is a prediction {name!r} already"
            if name is None or len(call.args) + len(call.keywords) < 3 or any(k.arg == "answer" for k in call.keywords):
                yield f'{at(cell)}: write predict("name", "Question?", [choices]) or, for a number, number=(0, 100)'
            asked[name] = place
        if "prediction" in tags(cell) and not calls["predict"]:
            yield f"{at(cell)}: has the tag prediction, and no predict(…)"
        for call in calls["reveal"]:
            name = name_in(call)
            if name not in asked or name in revealed:
                yield f"{at(cell)}: reveal({name!r}, …) belongs after its one prediction, once"
            if not any(isinstance(node, ast.Name) for argument in call.args[1:] for node in ast.walk(argument)):
                yield f"{at(cell)}: what reveal({name!r}, …) says is computed by the cell"
            revealed[name] = place
    for name, place in asked.items():
        if name not in revealed:
            yield f"{at(chapter.cells[place])}: no later cell says reveal({name!r}, …)"


def name_in(call):
    """The first argument of a call if it is a text, else None."""
    first = call.args[0] if call.args else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None


def quiz_cell(chapter):
    """A chapter asks its quiz in the section "Quiz": one cell, tag ``quiz``, ``quiz(5)``. Chapter 00 may."""
    found = [cell for cell in chapter.cells if "quiz" in tags(cell)]
    section = [cell for section in chapter.sections if section.title == "Quiz" for cell in section.code]
    if len(found) > 1 or (chapter.number and not found):
        yield f"one cell has the tag quiz, not {len(found)}"
    for cell in found:
        if not any(cell is one for one in section):
            yield f"{at(cell)}: the quiz stands in the section 'Quiz'"
        if not re.search(rf"^quiz\({chapter.number}\)$", cell.source, re.MULTILINE):
            yield f"{at(cell)}: the cell says quiz({chapter.number})"


def narrow_code(chapter):
    """No line of code is longer than 88 characters: a page cuts what is wider."""
    for cell in chapter.code:
        for number, line in enumerate(cell.source.split("\n"), 1):
            if len(line) > WIDEST_LINE:
                yield f"{at(cell)}: line {number} has {len(line)} characters, at most {WIDEST_LINE}"


def honest_minutes(chapter):
    """``**Reading** 60 min`` is true: 200 words or 12 lines a minute, and the exercises.

    Solutions and outputs are not counted; what is said may be a twentieth below or a tenth above what is counted.
    """
    said = re.search(r"\*\*Reading\*\* (\d+) min", "\n".join(cell.source for cell in chapter.cells[:2]))
    if not said:
        return
    read = [cell for cell in chapter.cells if marks.kind(cell) != "solution"]
    words = sum(len(without_fences(cell.source).split()) for cell in read if cell.cell_type == "markdown")
    lines = sum(lines_given(cell.source) for cell in read if cell.cell_type == "code")
    exercises = sum(int(line[3]) for cell in chapter.markdown for line in marks.EXERCISE.finditer(cell.source))
    counted = words / WORDS_A_MINUTE + lines / LINES_A_MINUTE + exercises
    if not TOLERATED[0] * counted <= int(said[1]) <= TOLERATED[1] * counted:
        yield (
            f"says {said[1]} min of reading; {words} words, {lines} lines and {exercises} min of exercises are "
            f"{counted:.0f}"
        )


def lines_given(source):
    """How many lines of code a reader finds in a cell; where marks are missing, `exercise_cells` says so."""
    with contextlib.suppress(ValueError):
        source = marks.stub(source)
    return sum(bool(line.strip()) for line in source.split("\n"))
