"""Quizzes mark what is right, name the cell that shows it, compute what can be computed, and ask no network."""

import json
import re
import subprocess
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from browser import CHROMIUM, needs_browser
from bs4 import BeautifulSoup
from nbclient import NotebookClient
from quiz_rules import faults, lengths

from course_lib import progress, quizzes
from course_lib.marked import as_html

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = [
    {
        "name": "keys", "type": "multiple_choice", "cell": "weights",
        "question": "Over what do the rows of `weights[0]` sum to 1, for $5 < $6?",
        "computed": "'over the *keys*' if torch.ones(2, 3).softmax(-1).sum(-1).allclose(torch.ones(2)) else ''",
        "answers": [
            {"answer": "over the *keys*", "correct": True, "feedback": "Right: `softmax(-1)` (cell weights)."},
            {"answer": "over the queries </script>", "correct": False, "feedback": "That is dimension −2."},
        ],
    },
    {
        "name": "sees", "type": "many_choice", "question": "Which sees `[CLS]`?", "cell": "weights",
        "answers": [
            {"answer": "a", "correct": True, "feedback": "It does, as all do."},
            {"answer": "b", "correct": True, "feedback": "It does, as all do."},
            {"answer": "c", "correct": False, "feedback": "It is not there."},
        ],
    },
    {
        "name": "root", "type": "numeric", "precision": 3, "question": "√32?", "cell": "root",
        "computed": "math.sqrt(32)",
        "answers": [
            {"type": "value", "value": 5.66, "correct": True, "feedback": "That is the divisor."},
            {"type": "range", "range": [30, 40], "correct": False, "feedback": "That is 32 itself."},
            {"type": "default", "feedback": "The square root of 32."},
        ],
    },
]  # fmt: skip


@pytest.fixture(autouse=True)
def _sample(monkeypatch, tmp_path, progress_folder):
    monkeypatch.setattr(quizzes, "FOLDER", tmp_path)
    (tmp_path / "05.json").write_text(json.dumps(SAMPLE), encoding="utf-8")


REAL = sorted((ROOT / "course_lib" / "quizzes").glob("[0-9][0-9].json"))


@pytest.mark.parametrize("path", REAL, ids=[path.stem for path in REAL])
def test_the_chapter_s_quiz_is_sound(path):
    chapter = next((ROOT / "chapters").glob(f"{path.stem}_*.ipynb"))
    cells = {cell["id"] for cell in json.loads(chapter.read_text(encoding="utf-8"))["cells"]}
    assert faults(json.loads(path.read_text(encoding="utf-8")), cells) == []


def test_the_form_of_a_choice_does_not_tell_over_all_quizzes():
    asked = [one["answers"] for path in REAL for one in json.loads(path.read_text(encoding="utf-8"))
             if one["type"] == "multiple_choice"]  # fmt: skip
    assert len(asked) > 60
    shortest = sum(right < least for right, least, _ in map(lengths, asked))
    assert 0.2 * len(asked) < shortest < 0.5 * len(asked), f"the shortest choice is right in {shortest} of {len(asked)}"
    for word in ("yes", "no"):
        right = [one.get("correct", False) for choices in asked for one in choices
                 if re.match(rf"{word}\b", one["answer"], re.IGNORECASE)]  # fmt: skip
        assert 0 < sum(right) < len(right), f"of the choices that begin with {word!r}, {sum(right)} of {len(right)}"


def test_faults_are_found():
    third = {"answer": "over them", "correct": False, "feedback": "It does not say over which."}
    lengths = {**SAMPLE[0], "answers": [*SAMPLE[0]["answers"], third]}  # the right choice is of middle length
    padded = [{**lengths, "name": str(number)} for number in range(5)] + SAMPLE
    cells = {"weights", "root"}
    assert faults(padded, cells) == []
    assert any("3 questions" in one for one in faults(SAMPLE, cells))
    assert any("no cell 'root'" in one for one in faults(padded, {"weights"}))
    assert any("names cell 'weights', which" in one for one in faults(padded, {"root"}))
    assert any("one for each question" in one for one in faults(padded + SAMPLE[:1], cells))

    def changed(number, **what):
        return [*padded[:5], *(({**one, **what}) if at == number else one for at, one in enumerate(SAMPLE))]

    assert any("computed is" in one for one in faults(changed(2, computed="33 ** 0.5"), cells))
    assert any("computed is" in one for one in faults(changed(0, computed="'over the queries'"), cells))
    assert any("not several right" in one for one in faults(changed(1, answers=SAMPLE[0]["answers"]), cells))
    assert any("not one right choice" in one for one in faults(changed(0, answers=SAMPLE[1]["answers"]), cells))
    assert any("no feedback" in one for one in faults(changed(1, answers=[{**SAMPLE[1]["answers"][0], "feedback": ""},
               *SAMPLE[1]["answers"][1:]]), cells))  # fmt: skip
    right, wrong = SAMPLE[0]["answers"]
    told = [right, {**wrong, "answer": "over none"}]  # 13 characters are seen of the right one, 9 of this
    assert not any("tells the right choice" in one for one in faults(changed(0, answers=told), cells))
    told = [right, {**wrong, "answer": "`queries`"}]  # and 7 of this
    assert any(
        "tells the right choice: 13 characters, the others 7" in one for one in faults(changed(0, answers=told), cells)
    )
    for end, answer in (("longest", "over none"), ("shortest", "over the queries")):
        alike = {**SAMPLE[0], "answers": [right, {**wrong, "answer": answer}]}
        many = [{**(alike if number < 5 else lengths), "name": str(number)} for number in range(9)]
        assert any(f"the {end} in 5 of 9, in at most half" in one for one in faults(many, cells))
        assert not any("at most half" in one for one in faults([*many, {**lengths, "name": "tenth"}], cells))
    assert any("kind 'essay'" in one for one in faults(changed(0, type="essay"), cells))
    assert any("'colour' is unknown" in one for one in faults(changed(0, colour="red"), cells))


def test_choices_are_shown_in_an_order_of_their_own_and_marked_in_it(tmp_path):
    many = [{**SAMPLE[0], "name": str(number)} for number in range(40)]
    (tmp_path / "05.json").write_text(json.dumps(many), encoding="utf-8")
    shown = quizzes.questions(5)
    firsts = sum(one["answers"][0]["correct"] for one in shown)
    assert 10 < firsts < 30, "the right choice is the first of two in about half"
    assert shown == quizzes.questions(5)
    for number, question in enumerate(shown, 1):
        for place, one in enumerate(question["answers"], 1):
            assert quizzes.mark(5, number, place).startswith("Right." if one["correct"] else "Not so.")


@pytest.mark.parametrize("last", ["all of them", "none of them", "both", "neither of the two"])
def test_a_choice_about_the_others_is_the_last(tmp_path, last):
    answers = [{"answer": text, "correct": text == "one", "feedback": "It is so."} for text in (last, "one")]
    question = {**SAMPLE[0], "answers": answers}
    for name in "abcdef":
        (tmp_path / "05.json").write_text(json.dumps([{**question, "name": name}]), encoding="utf-8")
        assert [one["answer"] for one in quizzes.questions(5)[0]["answers"]] == ["one", last]


def test_explanations_name_headings_where_a_reader_finds_no_ids(monkeypatch, tmp_path):
    cells = [nbformat.v4.new_markdown_cell("# One"), nbformat.v4.new_markdown_cell("Text.\n\n## The `softmax`")]
    cells.append(nbformat.v4.new_code_cell("# no heading\n1", id="weights"))
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "07_x.ipynb")
    monkeypatch.setattr(quizzes, "CHAPTERS", tmp_path)
    explained = [{**one, "feedback": "So (cell weights), not as in cell 9."} for one in SAMPLE[0]["answers"]]
    (tmp_path / "07.json").write_text(json.dumps([{**SAMPLE[0], "answers": explained}]), encoding="utf-8")
    quizzes._headings.cache_clear()
    assert quizzes.mark(7, 1, 1).endswith(" So (see *The softmax*), not as in cell 9.")
    quizzes._headings.cache_clear()


def test_as_text_it_shows_no_answers(capsys):
    quizzes.quiz(5)
    said = capsys.readouterr().out
    assert said.splitlines()[:3] == [
        "1. Over what do the rows of `weights[0]` sum to 1, for $5 < $6?",
        "   1  over the *keys*",
        "   2  over the queries </script>",
    ]
    assert "2. Which sees `[CLS]`? (several are right)" in said
    assert "Right" not in said
    assert "divisor" not in said
    assert progress.read()[0]["kind"] == "quiz"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((1, 1), "Right. Right: `softmax(-1)` (cell weights)."),
        ((1, 2), "Not so. That is dimension −2."),
        ((2, 2), "Right. It does, as all do."),
        ((3, 5.657), "Right. That is the divisor."),
        ((3, 32), "Not so. That is 32 itself."),
        ((3, 7), "Not so. The square root of 32."),
        ((3, 30), "Not so. That is 32 itself."),
        ((3, 40), "Not so. The square root of 32."),  # jupyterquiz's ranges are without their end
        ((np.int64(1), np.int64(2)), "Not so. That is dimension −2."),
        ((2, torch.tensor(2)), "Right. It does, as all do."),
        ((3, np.float32(5.657)), "Right. That is the divisor."),
    ],
)
def test_it_marks_by_code(answer, said, capsys):
    quizzes.quiz(5, answer=answer)
    assert capsys.readouterr().out == f"{said}\n"
    assert progress.read()[-1]["right"] is said.startswith("Right")


def test_without_a_precision_only_the_number_itself_is_right(tmp_path):
    question = {key: value for key, value in SAMPLE[2].items() if key != "precision"}
    question["answers"] = [{"type": "value", "value": 5, "correct": True}, {"type": "default", "feedback": "Count."}]
    (tmp_path / "05.json").write_text(json.dumps([question]), encoding="utf-8")
    assert quizzes.mark(5, 1, 5) == "Right."
    assert quizzes.mark(5, 1, 5.4) == quizzes.mark(5, 1, 5.001) == "Not so. Count."


def test_a_quiz_that_is_opened_again_is_one_event():
    quizzes.quiz(5)
    quizzes.quiz(5)
    assert [(event["kind"], event["name"]) for event in progress.read()] == [("quiz", "05")]


def test_a_chapter_may_be_any_whole_number():
    assert quizzes.questions(5.0) == quizzes.questions(np.int64(5)) == quizzes.questions(5)
    assert quizzes.as_text(np.int64(5)) == quizzes.as_text(5.0) == quizzes.as_text(5)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: quizzes.quiz(4), "for the chapters 5, not 4"),
        (lambda: quizzes.quiz("5"), "not '5'"),
        (lambda: quizzes.questions(5.5), "not 5.5"),
        (lambda: quizzes.questions(True), "not True"),
        (lambda: quizzes.quiz(5, answer=(4, 1)), "questions 1 to 3, not 4"),
        (lambda: quizzes.quiz(5, answer=(1.5, 1)), "questions 1 to 3, not 1.5"),
        (lambda: quizzes.quiz(5, answer=3), "answers question 3 with its choice 2; this is 3"),
        (lambda: quizzes.quiz(5, answer=(1, np.array([1, 2]))), "An answer is a number"),
        (lambda: quizzes.quiz(5, answer=(1, 3)), "choices 1 to 2, not 3"),
        (lambda: quizzes.quiz(5, answer=(1, "keys")), "not 'keys'"),
    ],
)
def test_what_it_does_not_have_is_said(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_in_a_notebook_it_has_buttons_where_a_reader_works_and_text_where_the_course_does(monkeypatch, tmp_path):
    code = f"from pathlib import Path\nfrom course_lib import quizzes\nquizzes.FOLDER = Path({str(tmp_path)!r})\n"
    code += "quizzes.quiz(5)"

    def data(kept):
        monkeypatch.setenv("COURSE_PROGRESS", kept)
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
        NotebookClient(notebook, timeout=120).execute()
        return notebook.cells[0].outputs[0].data

    assert set(data("off")) == {"text/plain"}
    first = data(str(tmp_path / "kept"))
    assert set(first) == {"text/plain", "text/html"}
    assert data(str(tmp_path / "kept")) == first


def test_the_html_needs_no_network_and_is_always_the_same():
    html = quizzes.as_html(5)
    assert html == quizzes.as_html(5)
    assert "http" not in re.sub(r"<http\(|href=\"http\$1|>http\$1<", "", html.replace("/<http", ""))
    assert html.count("</script>") == 1


def test_marked_text_is_escaped():
    assert as_html("*a* < `b*c*` & 2 * 3 * 4") == "<em>a</em> &lt; <code>b*c*</code> &amp; 2 * 3 * 4"


JUPYTERLAB = "<script>window.MathJax = {};</script>"  # once it has drawn a formula, without a version
CLICK = """<script>
onerror = problem => { document.body.dataset.problem = problem; };
setTimeout(() => {
  const [first, many, numeric] = document.querySelectorAll(".Quiz");
  const said = one => { const box = one.querySelector(".Feedback"); return box.className + ": " + box.textContent; };
  const note = (name, text) => { document.body.dataset[name] = text; };
  note("question", first.firstChild.textContent);
  first.querySelectorAll("label")[1].click(); note("wrong", said(first));
  first.querySelectorAll("input")[0].click(); note("right", said(first));
  many.querySelectorAll("label")[1].click(); note("several", said(many));
  const input = numeric.querySelector("input");
  input.value = "5.657";
  input.dispatchEvent(new KeyboardEvent("keypress", { keyCode: 13, which: 13 })); note("number", said(numeric));
  note("asked", performance.getEntriesByType("resource").length);
  note("live", first.querySelector(".Feedback").getAttribute("aria-live"));
}, 2000);
</script>"""


@needs_browser
def test_in_a_browser_it_marks(tmp_path):
    page = tmp_path / "quiz.html"
    page.write_text(
        f"<!doctype html><meta charset='utf-8'><body>{JUPYTERLAB}{quizzes.as_html(5)}{CLICK}</body>", encoding="utf-8"
    )
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    command += ["--proxy-server=127.0.0.1:9", "--virtual-time-budget=10000", "--dump-dom", page.as_uri()]
    dumped = subprocess.run(command, capture_output=True, text=True, timeout=100, check=True).stdout
    body = BeautifulSoup(dumped, "html.parser").body
    assert "data-problem" not in body.attrs
    assert body["data-question"] == "Over what do the rows of weights[0] sum to 1, for $5 < $6?"
    assert body["data-wrong"] == "Feedback incorrect: That is dimension −2."
    assert body["data-right"] == "Feedback correct: Right: softmax(-1) (cell weights)."
    assert body["data-several"] == "Feedback correct: It does, as all do. [1/2]"
    assert body["data-number"] == "Feedback correct: That is the divisor."
    assert body["data-asked"] == "0", "resources that it asked for"
    assert body["data-live"] == "polite"
