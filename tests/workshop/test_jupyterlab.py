"""What a reader clicks in a real JupyterLab does what it says: chapter 00 as it is studied."""

import json
import re
from pathlib import Path

import pytest

from workshop.editions import write_study
from workshop.jupyterlab import CHROMIUM, Notebook, browser, server

pytest.importorskip("playwright", reason="needs Playwright: pip install playwright")
CHAPTER = next((Path(__file__).resolve().parents[2] / "chapters").glob("00_*.ipynb"))


@pytest.fixture
def studied(tmp_path):
    """Chapter 00 in JupyterLab, and the events that the progress holds."""
    assert [done for _, done in write_study([CHAPTER], tmp_path / "study")] == ["written"]
    kept = tmp_path / "progress"

    def events(kind):
        return [event for event in json.loads((kept / "progress.json").read_text())["events"] if event["kind"] == kind]

    with server(tmp_path, tmp_path / "private", kept) as address, browser() as page:
        yield Notebook(page, address, f"study/{CHAPTER.name}"), events
        assert page.problems == [], "errors of scripts, and what was asked of other machines"


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine (Debian: apt-get install chromium)")
def test_a_reader_predicts_writes_and_is_answered(studied):
    lab, events = studied
    assert lab.run("a-first-answer-3") == ""

    lab.run("a-first-answer-4")
    asked = lab.cell("a-first-answer-4").locator(".widget-vbox")
    asked.get_by_role("button").click()
    asked.get_by_text("Choose one first.").wait_for()
    asked.get_by_text("all three").click()
    asked.get_by_role("slider").focus()
    for _ in range(3):
        lab.page.keyboard.press("ArrowRight")
    asked.get_by_role("button").click()
    asked.get_by_text("Noted: all three, 80 % sure.").wait_for()
    assert "You said: all three, 80 % sure. It is: two." in lab.run("a-first-answer-1")

    for answer, says in (
        ("...", "not written yet"),
        ("return x + 2", "it gives 5, and should give 6"),
        ("return 2 * x", "✓ double: passed"),
    ):
        lab.write("exercise-double", f"def double(x):\n    {answer}")
        lab.run("exercise-double")
        assert says in lab.run("check-double")
    assert [lab.run("a-first-exercise-6")[:11] for _ in range(2)] == ["Hint 1 of 3", "Hint 2 of 3"]

    lab.run("predict-hundred-reviews")
    asked = lab.cell("predict-hundred-reviews").locator(".widget-vbox")
    asked.get_by_role("button").click()
    asked.get_by_text("Write a number first.").wait_for()
    asked.get_by_role("textbox").fill("60")
    asked.get_by_role("button").click()
    asked.get_by_text("Noted: 60, 50 % sure.").wait_for()
    assert 'accuracy = solution("accuracy")' in lab.run("hundred-reviews"), "it was skipped"
    assert [(event["name"], event["answer"]) for event in events("prediction")] == [
        ("three-times-good", 4), ("hundred-reviews", 60)]  # fmt: skip

    lab.run("quiz-1")
    first = lab.cell("quiz-1").locator(".Quiz").first
    for choice, looks in (("counted on test texts", "incorrect"), ("to its own label", "correct")):
        first.get_by_text(re.compile(choice)).first.click()
        said = first.locator(f".Feedback.{looks}")
        said.wait_for()
        assert said.inner_text().endswith("(see A first answer).")
