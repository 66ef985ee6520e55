"""The chapters are run through the rules of ``notebook_rules.py``; small bad notebooks show each rule fail."""

import base64
import re
from types import SimpleNamespace

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from notebook_rules import (
    RULES,
    alt_texts,
    asserted_outputs,
    claims,
    closing_sections,
    code_cells,
    exercise_cells,
    exercises_in_the_flow,
    heading_levels,
    honest_minutes,
    known_tags,
    links,
    map_of_chapters,
    messages_say_what_was_found,
    narrow_code,
    no_asserted_times,
    normal_form,
    normalise,
    opening,
    predictions,
    question_first,
    quiz_cell,
    sizes,
    steady_outputs,
    stored_outputs,
    title_and_promise,
)
from reading import CLAIMS, ROOT, Chapter

CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))


# ---------------------------------------------------------------- the chapters


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_chapter(path, rule):
    problems = list(rule(Chapter(path)))
    assert not problems, "\n".join([f"{path.name}:", *problems])


def test_chapters_are_numbered_and_a_gap_is_a_chapter_to_come():
    names = [path.name for path in CHAPTERS]
    assert all(re.fullmatch(r"\d\d_[a-z_]+\.ipynb", name) for name in names), names
    numbers = [int(name[:2]) for name in names]
    assert numbers == sorted(set(numbers)), names
    begun = {claim["chapter"] for claim in CLAIMS.values() if claim["shown"]}
    further = {8}  # goes further with 07, and shows no claim of its own
    assert {0} | begun | further == set(numbers), (
        "the chapters are 00, those that show a claim, and those that go further"
    )
    assert names[:2] == ["00_start_here.ipynb", "01_pipelines.ipynb"]


def test_claims_are_complete_and_have_a_home():
    assert list(CLAIMS) == [f"C{number:02d}" for number in range(1, 43)]
    assert all(claim.keys() == {"chapter", "shown", "claim"} for claim in CLAIMS.values())
    assert sorted({claim["chapter"] for claim in CLAIMS.values()}) == [1, 2, 3, 4, 5, 6, 7]
    present = {int(path.name[:2]) for path in CHAPTERS}
    homeless = [name for name, claim in CLAIMS.items() if claim["shown"] and claim["chapter"] not in present]
    assert not homeless, f"shown in a chapter that does not exist: {homeless}"


def unexplained_replacements(text):
    """Names of nbval's replacements without a comment on the line above."""
    lines = text.splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith("[")]
    return [lines[number] for number in starts if number == 0 or not re.match(r"# *\w", lines[number - 1])]


def test_nbval_replacements_are_explained():
    text = (ROOT / "tests" / "nbval_sanitize.cfg").read_text(encoding="utf-8")
    assert unexplained_replacements(text) == []
    assert len(re.findall(r"^regex: ", text, re.MULTILINE)) == len(re.findall(r"^\[", text, re.MULTILINE))
    assert unexplained_replacements("[a]\nregex: x\nreplace: Y\n# why\n[b]\nregex: x\nreplace: Y\n") == ["[a]"]


# ---------------------------------------------------------------- a small chapter that keeps every rule

PIXEL = b"\x89PNG\r\n\x1a\n" + bytes(60)
SMALL_CLAIMS = {
    "C01": {"chapter": 1, "shown": True, "claim": "Two and two make four."},
    "C02": {"chapter": 1, "shown": False, "claim": "Three and three make six."},
    "C13": {"chapter": 2, "shown": True, "claim": "Seen in the next chapter."},
}
CLOSE = """## Where it stops being true

Beyond the integers, see [the sums](#Sums-of-two-numbers) and [the notes](notes.md#rounding-errors).

## Recap

| term | meaning |
| --- | --- |
| sum | what `+` gives |

## Quiz"""
SOURCES = """## Sources

- Peano, *Arithmetices principia*, 1889, [a page](https://example.org/peano)."""


def stream(text, name="stdout"):
    return new_output("stream", name=name, text=text)


def figure(image=PIXEL):
    data = {"image/png": base64.b64encode(image).decode(), "text/plain": "<Figure size 640x480 with 1 Axes>"}
    return new_output("display_data", data)


def failure(line):
    """A stored error with one line of traceback."""
    return new_output("error", ename="ZeroDivisionError", evalue="division by zero", traceback=[line])


def small_cells():
    """Fresh cells of a chapter that keeps every rule; the tests break one thing at a time."""
    cells = {
        "small-sums": new_markdown_cell("# Small sums\n\nYou will see in 4.5 lines that sums can be *trusted*."),
        "opening": new_markdown_cell(
            "**What you will be able to do**\n\n- add\n\n**What you need**: nothing.\n\n"
            "**Reading** 34 min · **Running** 3 s"
        ),
        "sums": new_markdown_cell("## Sums of `two` numbers\n\n![two dots and two dots](dots.png)"),
        "guess": new_code_cell(
            'predict("sum", "What is two and two?", ["three", "four"])',
            metadata={"tags": ["prediction"]},
            outputs=[stream("Two and two?\n")],
        ),
        "claim-c01": new_code_cell(
            'total = 2 + 2\nprint(total)\nassert total == 4, f"they make {total}"\nreveal("sum", total - 2)',
            metadata={"tags": ["claim-C01"]},
            outputs=[stream("4\n")],
        ),
        "draw": new_code_cell("draw(total)", metadata={"alt": "four dots in a row, evenly spaced"}, outputs=[figure()]),
        "fails": new_code_cell("1 / 0", metadata={"tags": ["raises-exception"]}, outputs=[failure("Cell 3")]),
    }
    for number in range(1, 7):
        text = f"**Exercise 1.{number}** · 5 min · easy\n\nWrite it."
        answer = (
            f'def add_{number}(x):\n    """One more."""\n    ### BEGIN SOLUTION\n    return x + 1\n    ### END SOLUTION'
        )
        cells[f"task-{number}"] = new_markdown_cell(text)
        cells[f"add-{number}"] = new_code_cell(answer, metadata={"tags": ["exercise"]})
        check, printed = f'check("add_{number}", add_{number})', stream(f"✓ add_{number}: passed\n")
        cells[f"check-{number}"] = new_code_cell(check, metadata={"tags": ["check"]}, outputs=[printed])
    return cells | {
        "about-six": new_markdown_cell("It is a sum.", metadata={"tags": ["solution"]}),
        "closing": new_markdown_cell(CLOSE),
        "quiz": new_code_cell("quiz(1)", metadata={"tags": ["quiz"]}),
        "sources": new_markdown_cell(SOURCES),
    }


@pytest.fixture
def write(tmp_path):
    """Write cells, by id, as a chapter of a small course with two chapters and the files they link to."""
    folder = tmp_path / "chapters"
    folder.mkdir()
    (folder / "dots.png").write_bytes(PIXEL)
    (folder / "notes.md").write_text("# Notes\n\n## Rounding errors!\n")

    def write(cells, name="01_small.ipynb"):
        notebook = new_notebook(cells=list(cells.values()))
        for cell_id, cell in cells.items():
            cell.id = cell_id
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        for number, cell in enumerate(code, 1):
            cell.execution_count = cell.execution_count or number
        text = nbformat.v4.writes(notebook)
        (folder / name).write_text(text)
        return Chapter(folder / name, SMALL_CLAIMS, SMALL_EXERCISES)

    return write


def add(x):
    """What `course_lib.exercises` would declare as the reference of each exercise of the small chapter."""
    ### BEGIN SOLUTION
    return x + 1
    ### END SOLUTION


SMALL_EXERCISES = {
    f"add_{number}": SimpleNamespace(chapter=1, minutes=5, level="easy", reference=add) for number in range(1, 7)
} | {"of_another": SimpleNamespace(chapter=2, minutes=5, level="easy", reference=add)}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_small_chapter_keeps_every_rule(rule, write):
    chapter = write(small_cells())
    chapter.path.write_text(normalise.normalised(chapter.text))
    assert list(rule(Chapter(chapter.path, SMALL_CLAIMS, SMALL_EXERCISES))) == []


def replace(cell_id, old, new):
    """A change of a cell's source."""

    def change(cells):
        assert old in cells[cell_id].source
        cells[cell_id].source = cells[cell_id].source.replace(old, new)

    return change


def gives(cell_id, *outputs):
    """A change of a cell's stored outputs."""
    return lambda cells: cells[cell_id].update(outputs=list(outputs))


def prints(text):
    return gives("claim-c01", stream(text))


def shows_html(text):
    return gives("draw", new_output("display_data", {"text/html": text}))


def proves(statement):
    """A change of the claim's assert."""
    return replace("claim-c01", 'assert total == 4, f"they make {total}"', statement)


def retag(cell_id, *names):
    return lambda cells: cells[cell_id].metadata.update(tags=list(names))


def says(text):
    """A change that adds to a section's text."""
    return lambda cells: cells["sums"].update(source=cells["sums"].source + "\n\n" + text)


def put_before(later, cell_id, text):
    """A change that puts a new markdown cell before another cell."""

    def change(cells):
        names = list(cells)
        cells[cell_id] = new_markdown_cell(text)
        for name in names[names.index(later) :]:
            cells[name] = cells.pop(name)

    return change


def drop(*names):
    return lambda cells: [cells.pop(name) for name in names]


def move_to_end(*names):
    return lambda cells: cells.update({name: cells.pop(name) for name in names})


# For each rule the changes that break it, and words of the problem that it then names.
BROKEN = {
    title_and_promise: [
        (replace("small-sums", "# Small", "Small"), "starts with `# `"),
        (lambda cells: cells.update({"small-sums": new_code_cell("x = 1")}), "starts with `# `"),
        (replace("small-sums", "You will", "It is easy. You will"), "exactly one sentence"),
        (replace("small-sums", "*.", "*"), "exactly one sentence"),
        (lambda cells: cells["small-sums"].update(source="# Small sums"), "exactly one sentence"),
        (says("# Another title"), "for the title of the chapter alone"),
    ],
    opening: [
        (replace("opening", "What you need", "Needed"), "'What you need'"),
        (replace("opening", "What you will be able to do", "Aims"), "'What you will be able to do'"),
        (replace("opening", "34 min", "half an hour"), "**Reading** 25 min"),
        (replace("opening", " · **Running** 3 s", ""), "**Running** 40 s"),
    ],
    heading_levels: [
        (says("#### Too deep"), "'Too deep' skips a level"),
    ],
    question_first: [
        (drop("guess"), "asks for one: predict"),
        (put_before("guess", "late", "## Two\n\n## Three\n\n## Four\n\n## Five"), "within the first three sections"),
    ],
    closing_sections: [
        (
            replace("closing", "## Recap", "## Looking back"),
            "in this order, `## ` Where it stops being true, Recap, Quiz",
        ),
        (replace("closing", "## Recap", "## Exercises\n\nMore.\n\n## Recap"), "Recap, Exercises, Quiz"),
        (replace("closing", "## Quiz", "## Questions"), "in this order"),
        (replace("sources", "## Sources", "## Sources\n\n## Thanks"), "in this order"),
        (lambda cells: cells.pop("sums"), "after the chapter's own sections"),
        (replace("closing", "| --- | --- |\n", ""), "'Recap' holds a table"),
        (replace("closing", "## Quiz", "## Exercises\n\n## Quiz"), "'Exercises' is empty"),
        (drop("quiz"), "'Quiz' is empty"),
        (replace("sources", ", 1889", ""), "source without a year"),
        (replace("sources", "- Peano", "Peano"), "holds a list"),
        (retag("draw", "solution"), "after the heading 'Exercises' or after a check"),
    ],
    claims: [
        (retag("claim-c01"), "calls C01 shown, but no cell has"),
        (retag("draw", "claim-C02"), "calls C02 not yet shown, but a cell has"),
        (retag("draw", "claim-C99"), "names no claim"),
        (retag("draw", "Claim-c1"), "names no claim"),
        (retag("sums", "claim-C01"), "belongs on the code cell"),
        (retag("claim-c01", "claim-C01", "nbval-skip"), "must run and succeed"),
        (retag("claim-c01", "claim-C01", "raises-exception"), "must run and succeed"),
        (proves("# assert total == 4, 'two and two make four'"), "holds an assert"),
        (proves("print('assert total == 4')"), "holds an assert"),
        (proves("assert len('four') == 4, 'two and two make four'"), "asserts a constant"),
        (proves("def check():\n    assert total == 4, 'two and two make four'"), "holds an assert"),
        (proves("if False:\n    assert total == 4, 'two and two make four'"), "holds an assert"),
        (proves("try:\n    assert total == 5, 'it is five'\nexcept AssertionError:\n    pass"), "holds an assert"),
        (proves("assert True, 'two and two make four'"), "asserts a constant"),
        (proves("assert 2 + 2 == 4, 'two and two make four'"), "asserts a constant"),
        (proves("assert not '', 'two and two make four'"), "asserts a constant"),
        (proves("assert total or 1, 'two and two make four'"), "`or` a constant"),
        (proves("assert total == total, 'two and two make four'"), "with itself"),
        (proves("assert (total == 5, 'two and two make four')"), "asserts a tuple"),
        (proves("assert total == 4"), "needs a message"),
        (proves("assert total == 4, 'ok'"), "needs a message"),
        (proves("assert total == 4, total"), "needs a message"),
        (proves("assert total ==="), "not Python"),
    ],
    messages_say_what_was_found: [
        (proves("assert total == 4"), "`assert total == 4` says what was found"),
        (proves("assert total == 4, 'two and two make four'"), "says what was found"),
        (proves("assert total == 4, f'two and two make four'"), "says what was found"),
        (proves("assert total == 4, f'two and two make {4}'"), "says what was found"),
        (proves("assert total == 4, total"), "says what was found"),
        (replace("draw", "draw(total)", "for one in [total]:\n    assert one == 4, 'four'"), "`assert one == 4` says"),
        (replace("draw", "draw(total)", "def check():\n    assert total == 4, 'four'"), "`assert total == 4` says"),
    ],
    no_asserted_times: [
        (proves("assert seconds(run) < 4, f'{total} s'"), "`assert seconds(run) < 4` asserts a time"),
        (proves("assert time.time() < 4, f'{total} s'"), "`assert time.time() < 4` asserts a time"),
        (proves("spent = total\nspent += seconds(run)\nassert spent < 4, f'{spent}'"), "asserts a time"),
        (proves("spent: float = seconds(run)\nassert spent < 4, f'{spent}'"), "asserts a time"),
        (proves("if (spent := seconds(run)) > total:\n    assert spent < 4, f'{spent}'"), "asserts a time"),
        (proves("for one in [seconds(run)]:\n    assert one < 4, f'{one}'"), "`assert one < 4` asserts a time"),
        (proves("spent = []\nspent.append(seconds(run))\nassert max(spent) < 4, f'{spent}'"), "asserts a time"),
        (proves("spent = 1e3 * seconds(run)\nassert spent < 4, f'{spent} ms'"), "`assert spent < 4` asserts a time"),
        (
            proves("for one in runs:\n    spent = one.milliseconds\nslow = max(spent, 1)\nassert slow < 4, f'{slow}'"),
            "`assert slow < 4` asserts a time",
        ),
        (
            lambda cells: (
                cells["sums"].update(cell_type="code"),
                cells["sums"].update(source="start = time.perf_counter()", outputs=[], execution_count=None),
                cells["claim-c01"].update(source="assert total > start, f'{total}'"),
            ),
            "`assert total > start` asserts a time",
        ),
    ],
    code_cells: [
        (replace("draw", "draw(total)", "\n".join(["draw(total)"] * 21)), "21 lines of code"),
        (replace("draw", "draw(total)", "%matplotlib inline"), "not plain Python"),
        (replace("draw", "draw(total)", "!pip list"), "not plain Python"),
        (replace("draw", "draw(total)", "get_ipython().system('ls')"), "get_ipython"),
        (replace("draw", "draw(total)", "run(['pip', 'install', 'x'])"), "installs a package"),
        (retag("draw", "nbval-skip"), "is skipped"),
        (replace("draw", "draw(total)", "# NBVAL_SKIP\ndraw(total)"), "is skipped"),
        (lambda cells: cells["draw"].update(execution_count=7), "execution count 7, expected 3"),
    ],
    stored_outputs: [
        (gives("claim-c01"), "no output is stored"),
        (lambda cells: cells.update(value=new_code_cell("total + 1")), "no output is stored"),
        (
            lambda cells: [cell.update(outputs=[]) for cell in cells.values() if cell.cell_type == "code"],
            "no output at all",
        ),
        (gives("draw", figure(), stream("Warning: x\n", name="stderr")), "prints to stderr"),
        (retag("fails"), "the stored output is an error"),
        (gives("fails"), "no error is stored"),
    ],
    steady_outputs: [
        (prints("saved to /home/ada/model.bin"), "an absolute path: '/home/ada/model.bin'"),
        (prints("saved to C:\\Users\\ada"), "an absolute path"),
        (prints("in file:///models"), "an absolute path"),
        (prints("in /tmp"), "a temporary path"),
        (prints("in tmpa1b2c3d4/x"), "a temporary path"),
        (prints("<object at 0x7f3a9c0012d0>"), "a memory address: '0x7f3a9c0012d0'"),
        (prints("score 0.98765"), "more than 4 decimals: '0.98765'"),
        (shows_html("<p>score <b>0.98765</b></p>"), "more than 4 decimals"),
        (gives("fails", failure("\x1b[31mFile /usr/lib/x.py\x1b[0m")), "an absolute path"),
    ],
    asserted_outputs: [
        (retag("draw", "nbval-ignore-output"), "its output is not compared: holds an assert"),
        (
            lambda cells: cells["claim-c01"].update(
                source="assert 2 + 2 == 4, 'two and two make four'", metadata={"tags": ["nbval-ignore-output"]}
            ),
            "its output is not compared: `assert 2 + 2 == 4` asserts a constant",
        ),
    ],
    normal_form: [
        (
            lambda cells: cells["draw"].metadata.update(collapsed=True),
            "run `python -m workshop.editions.normalise chapters",
        ),
    ],
    links: [
        (says("[next](02_missing.ipynb)"), "02_missing.ipynb does not exist"),
        (says("[[1]](02_missing.ipynb)"), "02_missing.ipynb does not exist"),
        (says("[below](#Nowhere)"), "#Nowhere: no such section"),
        (says("[notes](notes.md#Rounding)"), "notes.md#Rounding: no such section"),
        (says("[next][n]\n\n[n]: missing.md"), "missing.md does not exist"),
        (says('<a href="missing.md">next</a>'), "missing.md does not exist"),
        (says("![a dog](dog.png)"), "dog.png does not exist"),
        (says('<img src="dog.png" alt="a dog">'), "dog.png does not exist"),
        (says("[![a dog](dog.png)](notes.md)"), "dog.png does not exist"),
        (says("![a dog](attachment:dog.png)"), "not attached"),
        (says("![a dog](https://example.org/dog.png)"), "comes from the web"),
        (says("[old](http://example.org)"), "neither relative nor https"),
        (says("See http://example.org."), "neither relative nor https"),
        (says("[root](/etc/hosts)"), "neither relative nor https"),
        (says("[out](../../)"), "leads out of the course"),
        (says("[weights](https://huggingface.co/a/b/resolve/main/model.bin)"), "downloads a file of the hub"),
        (
            replace("draw", "draw(total)", "get('https://huggingface.co/a/b/resolve/main/model.bin')"),
            "names a file of the hub",
        ),
    ],
    alt_texts: [
        (says("![](dots.png)"), "dots.png has no alt text"),
        (says('<img src="dots.png">'), "dots.png has no alt text"),
        (lambda cells: cells["draw"].metadata.pop("alt"), 'needs "alt"'),
        (lambda cells: cells["draw"].metadata.update(alt="four dots"), "at least 20 characters"),
        (gives("draw", figure(), figure()), "makes one figure"),
        (shows_html('<img src="data:image/png;base64,xx">'), "has no alt text"),
    ],
    sizes: [
        (prints("x" * 1_500_001), "bytes, at most 1,500,000"),
        (gives("draw", figure(bytes(150_001))), "a picture of 150,001 bytes"),
    ],
    known_tags: [
        (retag("draw", "exercises"), "unknown tag 'exercises'"),
        (retag("draw", "claim-7"), "unknown tag 'claim-7'"),
        (retag("check-1", "check", "exercise"), "is check and exercise at once"),
        (retag("task-1", "exercise"), "belongs on a code cell"),
    ],
    exercise_cells: [
        (replace("task-2", "Exercise 1.2", "Exercise 1.3"), "this is exercise 1.2, not 1.3"),
        (replace("task-2", "Exercise 1.2", "Exercise 2.2"), "this is exercise 1.2, not 2.2"),
        (replace("task-2", "· 5 min", "(5 min)"), "says `**Exercise 1.2** · 5 min · easy`"),
        (replace("task-2", "easy", "simple"), "says `**Exercise 1.2** · 5 min · easy`"),
        (drop("task-2"), "says `**Exercise 1.2** · 5 min · easy`"),
        (replace("task-2", "5 min", "7 min"), "is declared with 5 min, easy"),
        (replace("task-2", "easy", "hard"), "is declared with 5 min, easy"),
        (replace("add-2", "    ### END SOLUTION", ""), "without ### END SOLUTION"),
        (replace("add-2", "### BEGIN SOLUTION", "### BEGIN"), "marks come in pairs"),
        (replace("add-2", "    return x + 1\n", ""), "stands between"),
        (replace("add-2", '    """One more."""\n', ""), "add_2 has a docstring"),
        (replace("add-2", "return x + 1", "return x +"), "is Python with its solution"),
        (replace("add-2", "def add_2(x):", "def add_2(x)"), "is Python with its solution"),
        (replace("add-2", "return x + 1", "return 1 + x"), "not that of add_2 in course_lib.exercises"),
        (drop("check-2"), "the next cell has the tag check"),
        (move_to_end("check-2"), "a check follows its exercise"),
        (replace("check-2", "check(", "print("), 'holds check("name", answer)'),
        (replace("check-2", '"add_2"', '"nobody"'), "'nobody' is no exercise of this chapter"),
        (replace("check-2", '"add_2"', '"of_another"'), "'of_another' is no exercise of this chapter"),
        (replace("check-2", "add_2)", "sum_2)"), "sum_2 does not exist in the stub"),
        (replace("check-2", '"add_2"', '"add_3"'), "the answer is called add_3, as its exercise"),
        (gives("check-2", stream("✗ add_2: not yet\n")), "does not say that the check passed"),
    ],
    exercises_in_the_flow: [
        (drop("task-6", "add-6", "check-6"), "5 exercises before 'Where it stops being true', at least 6"),
        (move_to_end("task-6", "add-6", "check-6"), "5 exercises before 'Where it stops being true', at least 6"),
        (replace("check-6", '"add_6"', '"add_5"'), "declares add_6, and no cell checks it"),
    ],
    predictions: [
        (replace("guess", "predict(", "x = 1\npredict("), "stands alone"),
        (retag("guess"), "stands alone in a cell with the tag prediction"),
        (replace("guess", "predict(", "print("), "has the tag prediction, and no predict"),
        (replace("guess", ', ["three", "four"]', ""), 'write predict("name", "Question?", [choices])'),
        (replace("guess", '["three", "four"]', "answer=2"), 'write predict("name", "Question?", [choices])'),
        (replace("guess", '"sum"', "sum"), 'write predict("name", "Question?", [choices])'),
        (lambda cells: cells.update(again=new_code_cell(cells["guess"].source)), "there is a prediction 'sum' already"),
        (replace("claim-c01", 'reveal("sum", total - 2)', ""), "no later cell says reveal('sum', …)"),
        (replace("claim-c01", 'reveal("sum"', 'reveal("total"'), "reveal('total', …) belongs after its one prediction"),
        (move_to_end("guess"), "belongs after its one prediction"),
        (replace("claim-c01", "total - 2)", "2)"), "is computed by the cell"),
        (replace("claim-c01", "total - 2)", 'total)\nreveal("sum", total)'), "belongs after its one prediction, once"),
    ],
    quiz_cell: [
        (drop("quiz"), "one cell has the tag quiz, not 0"),
        (
            lambda cells: cells.update(quiz_2=new_code_cell("quiz(1)", metadata=cells["quiz"].metadata)),
            "one cell has the tag quiz, not 2",
        ),
        (replace("quiz", "quiz(1)", "quiz(2)"), "the cell says quiz(1)"),
        (move_to_end("quiz"), "stands in the section 'Quiz'"),
    ],
    narrow_code: [
        (replace("draw", "draw(total)", f"draw(total)  # {'x' * 74}"), "line 1 has 89 characters, at most 88"),
    ],
    honest_minutes: [
        (replace("opening", "34 min", "25 min"), "says 25 min of reading"),
        (replace("opening", "34 min", "30 min"), "says 30 min of reading"),
        (replace("opening", "34 min", "37 min"), "30 min of exercises are 33"),
        (replace("opening", "34 min", "45 min"), "30 min of exercises are 33"),
        (replace("task-2", "5 min", "50 min"), "75 min of exercises"),
        (says("word " * 4000), "says 34 min of reading"),
    ],
}
CASES = [(rule, change, words) for rule, cases in BROKEN.items() for change, words in cases]


@pytest.mark.parametrize(
    ("rule", "change", "words"),
    CASES,
    ids=[f"{rule.__name__}-{number}" for number, (rule, *_) in enumerate(CASES)],
)
def test_each_rule_fails_on_what_it_forbids(rule, change, words, write):
    cells = small_cells()
    change(cells)
    problems = list(rule(write(cells)))
    assert any(words in problem for problem in problems), problems


def test_every_rule_was_shown_to_fail():
    assert {rule for rule, *_ in CASES} | {map_of_chapters} == set(RULES)


@pytest.mark.parametrize(
    "change",
    [
        proves("assert total == 4, f'two and two make {total}'"),
        proves("for _ in range(2):\n    assert total == 4, f'two and two make {total}'"),
        proves("assert total == 4, 'two and two ' f'make {max([total]):.0f}'"),
        says("[itself](01_small.ipynb#Recap), [top](#cell-id=small-sums), `[code](missing.md)`"),
        says("```python\n# no heading\n[x](missing.md)\n```"),
        says('<a id="here"></a>[here](#here)'),
        lambda cells: (
            replace("closing", "## Quiz", "## Exercises\n\nMore.\n\n## Quiz")(cells),
            cells.update(sum=new_markdown_cell("The sum is six.", metadata={"tags": ["solution"]})),
        ),
        prints("3/4 or and/or 2026/11/23, version 2.13.0, score 0.9876, https://example.org/a/b"),
        lambda cells: (
            cells["draw"].metadata.pop("alt"),
            cells["draw"].outputs[0].metadata.update({"image/png": {"alt": "four dots in a row, evenly spaced"}}),
        ),
        replace("guess", '["three", "four"]', "number=(0, 10)"),
        replace("add-2", "def add_2(x):", "import math\n\n\ndef add_2(x):"),
        retag("guess", "prediction", "slide"),
        replace("quiz", "quiz(1)", "from course_lib.quizzes import quiz\n\nquiz(1)"),
    ],
)
def test_rules_leave_alone_what_is_right(change, write):
    cells = small_cells()
    change(cells)
    chapter = write(cells)
    assert [problem for rule in RULES if rule is not normal_form for problem in rule(chapter)] == []


def test_pictures_beside_the_chapter_have_a_size_limit(write):
    chapter = write(small_cells())
    (chapter.path.parent / "dots.png").write_bytes(bytes(150_001))
    assert list(sizes(chapter)) == ["cell 'sums': a picture of 150,001 bytes, at most 150,000"]


def test_start_chapter_needs_a_map_of_the_others_and_no_closing(write):
    write(small_cells())
    cells = {name: cell for name, cell in small_cells().items() if name in ("small-sums", "opening", "sums")}
    start = write(cells, "00_start.ipynb")
    assert list(question_first(start)) == []
    assert list(closing_sections(start)) == []
    assert list(map_of_chapters(start)) == ["a section with 'map' in its title shows all chapters"]
    says("## A map of the chapters\n\nNothing yet.")(cells)
    assert list(map_of_chapters(write(cells, "00_start.ipynb"))) == ["the map does not link to 01_small.ipynb"]
    says("- [one](01_small.ipynb)")(cells)
    assert list(map_of_chapters(write(cells, "00_start.ipynb"))) == []
