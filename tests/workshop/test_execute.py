"""workshop.execute: what is executed, what is skipped, what a failure looks like, and what an interruption leaves."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbval.kernel import CURRENT_ENV_KERNEL_NAME, NbvalKernelspecManager
from rich.console import Console

from workshop import execute as run
from workshop import make
from workshop.execute import exit_code, finished, run_chapters


def write(path: Path, *cells, tags: dict[int, list[str]] | None = None) -> Path:
    """A notebook of these code cells; a string that starts with # is Markdown."""
    made = [new_markdown_cell(text) if text.startswith("# ") else new_code_cell(text) for text in cells]
    for index, own in (tags or {}).items():
        made[index].metadata.tags = own
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=made), path)
    return path


def execute(chapters, build, **options):
    """Run and return the results with what was printed on something that is no terminal."""
    screen = io.StringIO()
    results = run_chapters(chapters, build, Console(file=screen, width=60), **options)
    return results, screen.getvalue()


def printed(path: Path) -> str:
    notebook = nbformat.read(path, as_version=4)
    return "".join(o.get("text", "") for cell in notebook.cells if cell.cell_type == "code" for o in cell.outputs)


def test_notebooks_are_read_without_parsers_of_addresses():
    assert "jsonschema" in sys.modules
    assert "rfc3987_syntax.syntax_helpers" not in sys.modules, "1.8 s at every start, for formats that no cell has"


def test_executes_in_the_chapters_folder_then_skips_then_follows_every_change(tmp_path, monkeypatch):
    (tmp_path / "chapters").mkdir()
    (tmp_path / "chapters" / "word.txt").write_text("bank")
    source = 'import os\nprint(open("word.txt").read(), os.environ["TQDM_DISABLE"])'
    chapter = write(tmp_path / "chapters" / "01_one.ipynb", "# One", source, "print('second')")
    before, build = chapter.read_bytes(), tmp_path / "build"

    [result], screen = execute([chapter], build)
    assert (result.status, result.cells, result.executed) == ("executed", 2, build / "executed" / "01_one.ipynb")
    assert printed(result.executed) == "bank 1\nsecond\n"
    assert chapter.read_bytes() == before, "the chapter itself is never changed"
    counts = [c.execution_count for c in nbformat.read(result.executed, 4).cells if c.cell_type == "code"]
    assert counts == [1, 2]
    assert nbformat.read(result.executed, 4).metadata.course.source == "../../chapters/01_one.ipynb"
    assert "starts, 2 cells" in screen
    assert "✓ 01_one" in screen

    [result], screen = execute([chapter], build)
    assert result.status == "skipped"
    assert "nothing has changed" in screen
    assert exit_code([result]) == 0

    write(chapter, "# One", source, "print('changed')")
    [result], _ = execute([chapter], build)
    assert result.status == "executed"
    assert printed(result.executed).endswith("changed\n")

    monkeypatch.setattr(run, "library_hash", lambda notebook: "another course_lib")
    assert execute([chapter], build)[0][0].status == "executed"
    monkeypatch.setattr(run, "versions", lambda: {"torch": "another"})
    assert execute([chapter], build)[0][0].status == "executed"
    monkeypatch.setattr(run, "packages", lambda: {"tokenizers": "another"})
    assert execute([chapter], build)[0][0].status == "executed"
    assert execute([chapter], build)[0][0].status == "skipped"
    assert execute([chapter], build, force=True)[0][0].status == "executed"


def test_packages_are_those_that_a_chapter_needs_and_what_these_need():
    found = run.packages()
    assert {"numpy", "scikit-learn", "peft", "xstatic-jquery"} <= found.keys()
    assert found["tokenizers"] == version("tokenizers"), "by way of transformers"
    assert "sphinx" not in found, "what builds the course changes no output"
    assert run.packages("no-such-package") == {}


def test_key_ignores_stored_outputs_and_sees_tags_sources_and_the_choice_of_checkpoints(monkeypatch):
    notebook = new_notebook(cells=[new_code_cell("1 + 1")])
    key = run._key(notebook)
    notebook.cells[0].outputs = [nbformat.v4.new_output("stream", text="2")]
    notebook.cells[0].execution_count = 7
    assert run._key(notebook) == key
    notebook.cells[0].metadata.tags = ["raises-exception"]
    tagged = run._key(notebook)
    assert tagged != key
    monkeypatch.setenv("COURSE_SOURCE", "hub")
    assert run._key(notebook) not in (key, tagged)


@pytest.fixture
def small_library(tmp_path, monkeypatch):
    library = tmp_path / "course_lib"
    for folder in ("", "data/files", "bias", "checkpoints/shipped/ner", "exercises", "quizzes"):
        (library / folder).mkdir(parents=True, exist_ok=True)
    for file, text in {
        "__init__.py": "", "plots.py": "import math", "costs.py": "", "doctor.py": "from course_lib import costs",
        "data/__init__.py": "", "data/texts.py": "def f():\n    from course_lib.costs import seconds",
        "data/files/a.tsv": "a",
        "bias/__init__.py": "from course_lib.bias.scores import gap", "bias/scores.py": "", "bias/names.tsv": "b",
        "checkpoints/__init__.py": "", "checkpoints/catalogue.toml": "c", "checkpoints/shipped/ner/card.md": "d",
        "exercises/__init__.py": "", "exercises/bias.py": 'Exercise(name="gap")',
        "exercises/attention.py": "import math",
        "quizzes/__init__.py": "", "quizzes/05.json": "[]", "quizzes/06.json": "[]",
    }.items():  # fmt: skip
        (library / file).write_text(text)
    monkeypatch.setattr(run, "LIBRARY", library)
    return library


@pytest.mark.parametrize(
    ("source", "depends_on", "not_on"),
    [
        ("from course_lib.plots import bars", ["plots.py", "__init__.py"], ["costs.py", "data/files/a.tsv"]),
        ("from course_lib import doctor", ["doctor.py", "costs.py"], ["plots.py"]),
        ("import course_lib.data.texts", ["data/texts.py", "costs.py", "data/files/a.tsv"], ["bias/names.tsv"]),
        ("%matplotlib inline\nfrom course_lib.bias import gap", ["bias/scores.py", "bias/names.tsv"], ["plots.py"]),
        ("import course_lib.checkpoints", ["checkpoints/catalogue.toml"], ["checkpoints/shipped/ner/card.md"]),
        ("from course_lib import checkpoints\nread('card.md')", ["checkpoints/shipped/ner/card.md"], ["plots.py"]),
        ("this is no Python", ["__init__.py"], ["plots.py"]),
        ("from course_lib.exercises import check\ncheck('gap', 1)", ["exercises/bias.py"], ["exercises/attention.py"]),
        ("from course_lib.quizzes import quiz\nquiz(5)", ["quizzes/05.json"], ["quizzes/06.json"]),
    ],
)  # fmt: skip
def test_a_chapter_is_executed_again_for_what_it_uses_of_the_library(small_library, source, depends_on, not_on):
    notebook = new_notebook(cells=[new_code_cell(source)])
    before = run.library_hash(notebook)
    for file, matters in [*((file, True) for file in depends_on), *((file, False) for file in not_on)]:
        text = (small_library / file).read_text()
        (small_library / file).write_text(text + " ")
        assert (run.library_hash(notebook) != before) == matters, file
        (small_library / file).write_text(text)
    (small_library / "__pycache__").mkdir()
    (small_library / "__pycache__" / "plots.pyc").write_bytes(b"compiled")
    assert run.library_hash(notebook) == before


@pytest.fixture
def stale_kernel(tmp_path, monkeypatch):
    """A kernel python3 in the home folder and in a path, as an environment that is gone has left it."""
    for variable in ("JUPYTER_DATA_DIR", "JUPYTER_PATH"):
        folder = tmp_path / variable / "kernels" / "python3"
        folder.mkdir(parents=True)
        (folder / "kernel.json").write_text(json.dumps({"argv": ["/nowhere/python", "-m", "x"], "display_name": "old"}))
        monkeypatch.setenv(variable, str(tmp_path / variable))


def test_chapters_run_in_this_python_whatever_kernel_is_installed(tmp_path, stale_kernel):
    chapter = write(tmp_path / "1_one.ipynb", "import sys\nprint(sys.executable)")
    [result], _ = execute([chapter], tmp_path / "build")
    assert result.status == "executed"
    assert printed(result.executed) == sys.executable + "\n"


def test_nbval_as_make_test_calls_it_runs_them_in_this_python_too(stale_kernel):
    """With --nbval-current-env nbval asks for a kernel of this name."""
    assert "--nbval-current-env" in make.NBVAL
    spec = NbvalKernelspecManager().get_kernel_spec(CURRENT_ENV_KERNEL_NAME)
    assert spec.argv[0] == sys.executable


def test_an_executed_copy_says_what_was_tried_and_is_found_only_for_this_state(tmp_path):
    leave = "import socket\ntry:\n    socket.getaddrinfo('models.invalid', 443)\nexcept OSError:\n    pass"
    chapter = write(tmp_path / "1_one.ipynb", "print(1)", leave)
    assert finished(chapter, tmp_path / "build" / "executed") is None
    execute([chapter], tmp_path / "build")
    done = finished(chapter, tmp_path / "build" / "executed")
    assert done.watched
    assert done.attempts == ["code cell 2: socket.getaddrinfo 'models.invalid'"]
    write(chapter, "print(2)", leave)
    assert finished(chapter, tmp_path / "build" / "executed") is None


@pytest.mark.skipif(run.AT_ONCE < 2, reason="one core")
def test_two_chapters_run_at_a_time_the_longest_first(tmp_path):
    note = "import time, pathlib\nstart = time.time()\n{}\npathlib.Path('{}').write_text(f'{{start}} {{time.time()}}')"
    wait = "while not pathlib.Path('short').exists(): time.sleep(0.05)"  # for ever, if it did not run beside it
    short = write(tmp_path / "1_short.ipynb", "# Short\n\n**Running** 2 s", note.format("pass", "short"))
    long = write(tmp_path / "2_long.ipynb", "# Long\n\n**Running** 3 min", note.format(wait, "long"))
    results, _ = execute([short, long], tmp_path / "build")
    assert [result.chapter for result in results] == [short, long], "in the order that was given"
    assert [run._announced_seconds(path) for path in (short, long)] == [2, 180]


def test_a_failing_cell_stops_its_chapter_and_no_other(tmp_path):
    chapters = [
        write(tmp_path / "1_bad.ipynb", "# Bad", "fine = 1", "word = 'x'\n{}[word]", "print('never')"),
        write(tmp_path / "2_good.ipynb", "1 / 0", "print('after')", tags={0: ["raises-exception"]}),
    ]
    (tmp_path / "3_broken.ipynb").write_text("{ not a notebook")
    build = tmp_path / "build"
    results, screen = execute([*chapters, tmp_path / "3_broken.ipynb"], build)
    assert [result.status for result in results] == ["failed", "executed", "failed"]
    assert exit_code(results) == 1
    assert results[0].failure == run.Failure(2, "word = 'x'", "KeyError: 'x'")
    for words in ("1_bad", "cell 2 of 3 failed", "word = 'x'", "KeyError: 'x'", "3_broken", "not a notebook"):
        assert words in screen
    assert results[0].executed is None
    assert not (build / "executed" / "1_bad.ipynb").exists()
    assert printed(results[1].executed) == "after\n"
    assert execute(chapters[:1], build)[0][0].status == "failed", "a failure is never taken for done"


def test_a_chapter_that_fails_now_leaves_no_older_result(tmp_path):
    chapter = write(tmp_path / "1.ipynb", "1")
    [result], _ = execute([chapter], tmp_path / "build")
    assert result.executed.exists()
    write(chapter, "import os\nos._exit(1)")
    [failed], screen = execute([chapter], tmp_path / "build")
    assert "the kernel died" in failed.failure.error
    assert "import os" in screen
    assert list((tmp_path / "build" / "executed").iterdir()) == []


@pytest.mark.parametrize("of_before", ["a copy", "folders"])
def test_a_chapter_that_cannot_be_read_now_leaves_no_older_result(tmp_path, of_before):
    build = tmp_path / "build"
    [result], _ = execute([write(tmp_path / "1.ipynb", "1")], build)
    if of_before == "folders":
        for path in (result.executed, result.executed.with_suffix(".json")):
            path.unlink()
            path.mkdir()
    (tmp_path / "1.ipynb").write_text("{half")
    [failed], _ = execute([tmp_path / "1.ipynb"], build)
    assert failed.status == "failed"
    assert list((build / "executed").iterdir()) == []


@pytest.mark.parametrize("character", ["\ud800", "\0"])
@pytest.mark.parametrize("cell", ["# Odd ", "1 + 1  # "])
def test_half_a_character_and_a_null_end_no_run(tmp_path, cell, character):
    odd, good = write(tmp_path / "1.ipynb", cell), write(tmp_path / "2.ipynb", "print('good')")
    made = json.loads(odd.read_text())
    made["cells"][0]["source"] = cell + character
    odd.write_text(json.dumps(made))
    results, screen = execute([odd, good], tmp_path / "build")
    assert results[1].status == "executed"
    assert results[0].status == ("executed" if (cell, character) == ("# Odd ", "\0") else "failed")
    assert ("surrogates not allowed" in screen) == (character == "\ud800")


def test_altered_or_cut_files_are_not_taken_for_done(tmp_path):
    chapter = write(tmp_path / "1.ipynb", "print('whole')")
    [result], _ = execute([chapter], tmp_path / "build")
    record = result.executed.with_suffix(".json")
    key = json.loads(record.read_text())["key"]
    assert run._is_done(result.executed, record, key)
    whole = result.executed.read_bytes()
    result.executed.write_bytes(whole[: len(whole) // 2])
    assert not run._is_done(result.executed, record, key)
    result.executed.write_bytes(whole)
    assert run._is_done(result.executed, record, key)
    for text in ("", '{"key": "', "[]", '{"key": "x"}'):
        record.write_text(text)
        assert not run._is_done(result.executed, record, key)


SCRIPT = """
import sys
from pathlib import Path
from workshop.execute import run_chapters
run_chapters([Path(p) for p in sys.argv[2:]], Path(sys.argv[1]))
"""


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT])
def test_interrupted_in_the_middle_it_carries_on_rightly(tmp_path, sign):
    first = write(tmp_path / "1_first.ipynb", "print('first')")
    pidfile = tmp_path / "pid"
    wait = f"import os, time, pathlib\npathlib.Path({str(pidfile)!r}).write_text(str(os.getpid()))"
    # the chapter waits only as long as nobody has interrupted it
    slow = write(
        tmp_path / "2_slow.ipynb",
        wait,
        "pathlib.Path('second').touch()\nwhile not pathlib.Path('go').exists(): time.sleep(0.05)\nprint('end')",
    )
    build = tmp_path / "build"
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, build, first, slow], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        until(lambda: pidfile.exists() and pidfile.read_text(), 30)
        until(lambda: (build / "executed" / "1_first.json").exists(), 30)
        kernel = psutil.Process(int(pidfile.read_text()))
        until(lambda: (tmp_path / "second").exists(), 30)
        process.send_signal(sign)
        _, errors = process.communicate(timeout=10)
    finally:
        process.kill()
    assert process.returncode != 0
    if sign == signal.SIGINT:
        assert errors.rstrip().endswith("KeyboardInterrupt")
        assert not kernel.is_running() or kernel.status() == psutil.STATUS_ZOMBIE, "Ctrl-C shuts the kernel down"
    else:  # nobody is left to shut it down: the kernel sees within seconds that its parent is gone
        until(lambda: not kernel.is_running() or kernel.status() == psutil.STATUS_ZOMBIE, 10)
    assert sorted(path.name for path in (build / "executed").iterdir()) == ["1_first.ipynb", "1_first.json"]

    (tmp_path / "go").touch()
    results, _ = execute([first, slow], build)
    assert [result.status for result in results] == ["skipped", "executed"]
    assert printed(results[1].executed) == "end\n"


def until(condition, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"did not happen in {seconds} s"
        time.sleep(0.05)


def test_a_terminal_shows_the_cell_the_chapter_and_how_far_all_are(tmp_path):
    chapter = write(tmp_path / "1_one.ipynb", "print(1)", "import time; time.sleep(0.4)")
    screen = io.StringIO()
    run_chapters([chapter], tmp_path / "build", Console(file=screen, force_terminal=True, width=100))
    for words in ("1_one", "cell 2 of 2", "all chapters", "0 of 1", "2 cells in"):
        assert words in screen.getvalue()


def test_a_relative_home_is_the_same_folder_in_a_kernel(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COURSE_HOME", "cache")
    source = "from course_lib.checkpoints import home\nprint(home())"
    chapter = write(tmp_path / "chapters" / "1_one.ipynb", source)
    [result], _ = execute([chapter], tmp_path / "build")
    assert printed(result.executed) == f"{tmp_path / 'cache'}\n"


def test_an_endless_cell_is_stopped_and_a_long_line_is_stored(tmp_path):
    chapter = write(tmp_path / "1_one.ipynb", "print('x' * 3_000_000)", "while True: pass", "print('never')")
    begun = time.monotonic()
    [result], screen = execute([chapter], tmp_path / "build", cell_seconds=1.0)
    assert time.monotonic() - begun < 30, "the line took no quarter of an hour, and the cell was stopped"
    assert result.failure.cell == 2
    assert "did not end within 1.0 s" in screen
    assert "--limit" in screen
    chapter = write(tmp_path / "1_one.ipynb", "print('x' * 3_000_000)")
    [result], _ = execute([chapter], tmp_path / "build")
    assert printed(result.executed).endswith("x\n[2,000,001 more characters were printed; they are not kept]\n")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere every name is Unicode")
def test_a_name_that_is_no_unicode_fails_alone(tmp_path):
    odd, good = write(tmp_path / "1.ipynb", "1"), write(tmp_path / "2.ipynb", "1")
    strange = odd.rename(tmp_path / os.fsdecode(b"1_\xff.ipynb"))
    results, screen = execute([strange, good], tmp_path / "build")
    assert [result.status for result in results] == ["failed", "executed"]
    assert "surrogates not allowed" in screen


@pytest.mark.parametrize("limit", [1e300, float("inf")])
def test_a_limit_may_be_as_long_as_one_likes(tmp_path, limit):
    [result], _ = execute([write(tmp_path / "1_one.ipynb", "print(1)")], tmp_path / "build", cell_seconds=limit)
    assert result.status == "executed"


def test_what_is_no_chapter_fails_alone(tmp_path):
    folder = tmp_path / "1_folder.ipynb"
    folder.mkdir()
    nowhere = tmp_path / "4_link.ipynb"
    nowhere.symlink_to(tmp_path / "no disk here")
    null = write(tmp_path / "2_null.ipynb", "print(1)")
    content = json.loads(null.read_text())
    content["cells"][0]["source"] = None
    null.write_text(json.dumps(content))
    good = write(tmp_path / "3_good.ipynb", "print(1)")
    results, screen = execute([folder, null, good, nowhere], tmp_path / "build")
    assert [result.status for result in results] == ["failed", "failed", "executed", "failed"]
    assert screen.count("not a notebook that can be read") == 3


def test_bad_input_says_what_was_wrong(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere.ipynb"):
        run_chapters([tmp_path / "nowhere.ipynb"], tmp_path)
    twins = [write(tmp_path / folder / "1.ipynb", "1") for folder in ("a", "b")]
    with pytest.raises(ValueError, match="same name"):
        run_chapters(twins, tmp_path)


@pytest.mark.parametrize(
    ("error", "line"),
    [
        ("ValueError: one line", "ValueError: one line"),
        ("AssertionError: ", "AssertionError:"),
        ("OSError: first\n\n  middle\nlast\n", "OSError: … last"),
        ("", ""),
    ],
)
def test_last_line(error, line):
    assert run._last_line(error) == line
