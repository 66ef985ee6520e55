"""The benchmark: its table adds up, names what it measured and where; how fast a machine is, is not tested."""

import re
import subprocess
import sys

import psutil
import pytest
from typer.testing import CliRunner

from course_lib import checkpoints
from course_lib.data.example_letter import ASKED
from workshop import bench
from workshop.cli import app

FOUND = {
    "import": 3.004,
    "tasks": {task: {"load": 0.5 + number / 7, "answer": number / 9} for number, task in enumerate(ASKED)},
    "memory": 1_900_000_000,
    "machine": "a processor, 2 cores",
}
ABOUT = {task: (f"model-{number}", 90_000_000 + number, 2_000_000 + number) for number, task in enumerate(ASKED)}
WHEELS = {"some-weights": (80_000_000, 80_000_000), "more-weights": (0, 90_000_000)}


def lines(text: str) -> list[list[str]]:
    """The cells of the table's rows, without the head."""
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line[:2] == "| "][2:]


def rows(text: str) -> dict[str, list[str]]:
    """The rows by their first cells, without those of the wheels."""
    return {cells[0]: cells for cells in lines(text) if cells[0] != "wheel"}


def number(cell: str) -> float:
    return float(cell or 0)


def adds_up(text: str) -> None:
    """The total row is the sum of the others, as far as they are printed."""
    *parts, total = lines(text)
    assert {len(cells) for cells in (*parts, total)} == {6}
    assert total[0] == "total"
    for column in range(2, 6):
        whole = sum(number(cells[column]) for cells in parts)
        assert number(total[column]) == pytest.approx(whole, abs=0.05 * len(parts))
    seconds = re.search(r"Import, load and answer: ([\d.]+) s;", text)[1]
    assert number(seconds) == pytest.approx(number(total[2]) + number(total[3]), abs=0.05)


def test_the_table_adds_up_and_judges_the_goals():
    text = bench.table(FOUND, ABOUT, WHEELS)
    adds_up(text)
    assert list(rows(text)) == ["import", *ASKED, "total"]
    assert rows(text)["ner"][1] == f"model-{list(ASKED).index('ner')}"
    assert text.count(" is met.") == 3
    assert "Machine: a processor, 2 cores." in text
    assert "no checkpoint" not in text
    slow = bench.table(FOUND | {"import": 60.0, "memory": 3_000_000_000}, ABOUT, WHEELS)
    assert slow.count(" is not met.") == 2
    assert "Peak memory: 3.00 GB; the goal of 2 GB is not met." in slow


def test_a_task_without_a_checkpoint_is_shown_as_such():
    tasks = {task: seconds for task, seconds in FOUND["tasks"].items() if task != "ner"}
    text = bench.table(FOUND | {"tasks": tasks}, {task: ABOUT[task] for task in tasks}, WHEELS)
    adds_up(text)
    assert rows(text)["ner"] == ["ner", "no checkpoint yet", "", "", "", ""]
    assert "there is no checkpoint yet: ner." in text


def test_only_tasks_with_files_to_load_are_ready(monkeypatch):
    tables = {"checkpoints": {name: dict(entry) for name, entry in checkpoints._tables()["checkpoints"].items()}}
    tables["checkpoints"]["sentiment"]["members"] = {}
    monkeypatch.setattr(checkpoints, "_tables", lambda: tables)
    assert "sentiment-analysis" not in bench.ready()
    assert bench.ready()["feature-extraction"] == "minilm"


def test_the_measured_memory_is_that_of_the_process_itself():
    held = bytearray(b"x" * 200_000_000)  # what a parent holds must not count in its child
    code = "from workshop.bench import peak_memory as m; a = m(); b = b'x' * 100_000_000; print(a, m())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    before, after = map(int, done.stdout.split())
    assert 5_000_000 < before < len(held)
    assert 90_000_000 < after - before < 150_000_000
    assert bench.peak_memory() >= psutil.Process().memory_info().rss * 0.9


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """What `course bench` wrote about this machine, and what it printed."""
    build = tmp_path_factory.mktemp("bench") / "build"
    answer = CliRunner().invoke(app, ["bench", "--build", str(build)])
    assert answer.exit_code == 0, answer.output
    return (build / "bench.md").read_text(encoding="utf-8"), answer.output


def test_every_ready_task_is_measured_in_one_process(written):
    text, printed = written
    assert text.strip() == printed.strip()
    adds_up(text)
    for task, cells in rows(text).items():
        if task in bench.ready():
            assert cells[1] == bench.ready()[task]
            assert all(number(cell) > 0 for cell in cells[2:5])
            entry = checkpoints.catalogue()[cells[1]]
            disk = sum(path.stat().st_size for path in entry.folder.iterdir())
            assert number(cells[4]) == pytest.approx(disk / 1e6, abs=0.05)
            assert (number(cells[5]) > 0) == (not entry.public)
        elif task in ASKED:
            assert cells[1:] == ["no checkpoint yet", "", "", "", ""]
    memory = float(re.search(r"Peak memory: ([\d.]+) GB", text)[1])
    assert 0.5 < memory < 8, "more than the largest model, less than a small machine has"
    for part in ("cores", "threads", "Python 3.", "torch 2.", "transformers 5."):
        assert part in text.splitlines()[-1]


def test_a_process_that_fails_is_reported(monkeypatch, tmp_path):
    failed = subprocess.CompletedProcess([], 1, "", "MemoryError: out of memory")
    monkeypatch.setattr(bench.subprocess, "run", lambda *command, **options: failed)
    answer = CliRunner().invoke(app, ["bench", "--build", str(tmp_path)])
    assert answer.exit_code == 1
    assert "has failed" in answer.output
    assert "out of memory" in answer.output
    assert not list(tmp_path.iterdir())
