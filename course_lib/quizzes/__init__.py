"""A quiz a chapter: `quiz(5)` shows that of chapter 05, marks it, and needs no network.

The questions are in `NN.json` beside this file, in the form of jupyterquiz (many_choice, multiple_choice, numeric),
with three keys more for each question: `name`, `cell`, the id of the cell of the chapter that shows the answer, and,
where the answer can be computed, `computed`: an expression, or "package.module:function", that a test computes it with.
It gives the number, or the text of the right choice. Texts may hold *emphasis* and `code`; they are no HTML. The
choices stand there in any order and are shown in another, the same each time. Explanations name a cell by its id, "cell
two-banks"; the reader is told the heading above it.

The buttons are jupyterquiz's (John M. Shea, MIT), put together anew from its files: with ids that stay the same, and
without its attempt to load MathJax from a host. They are shown where a reader works; where the course executes its own
chapters, the questions are stored as text, and pages put the buttons in (`as_html`).
"""

from __future__ import annotations

import functools
import json
import random
import re
from pathlib import Path

from course_lib import marked, progress
from course_lib.arguments import as_number
from course_lib.predictions import in_notebook, live

FOLDER = Path(__file__).parent
CHAPTERS = FOLDER.parents[1] / "chapters"
KINDS = ("multiple_choice", "many_choice", "numeric")


def questions(chapter: int) -> list[dict]:
    """The questions of a chapter, with choices in the order shown. Raises ValueError for a chapter without a quiz."""
    chapter = _known(chapter)
    found = json.loads((FOLDER / f"{chapter:02}.json").read_text(encoding="utf-8"))
    return [_arranged(one, _headings(chapter)) for one in found]


def _known(chapter: object) -> int:
    """The number of a chapter that has a quiz. Raises ValueError for any other."""
    known = sorted(int(path.stem) for path in FOLDER.glob("[0-9][0-9].json"))
    number = as_number(chapter)
    if number not in known:
        raise ValueError(f"There is a quiz for the chapters {', '.join(map(str, known)) or '(none)'}, not {chapter!r}.")
    return number


def _arranged(question: dict, headings: dict[str, str]) -> dict:
    """A question with its choices in an order of their own, and headings in the place of the ids of cells."""

    def place(cell: re.Match) -> str:
        return f"see *{headings[cell[1]]}*" if cell[1] in headings else cell[0]

    answers = [
        one | {"feedback": re.sub(r"\bcell ([a-z0-9-]+)", place, one.get("feedback", ""))}
        for one in question["answers"]
    ]
    if question["type"] != "numeric":
        random.Random(question["name"]).shuffle(answers)
        answers.sort(key=lambda one: one["answer"].startswith(("all of", "none of", "both", "neither")))
    return question | {"answers": answers}


@functools.cache
def _headings(chapter: int) -> dict[str, str]:
    """The heading above each cell of a chapter, by the cell's id; none where the code lies without the chapters."""
    found, above = {}, ""
    for path in CHAPTERS.glob(f"{chapter:02}_*.ipynb"):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            titles = re.findall(r"^#+ +(.+)$", "".join(cell["source"]), re.MULTILINE)
            if cell["cell_type"] == "markdown" and titles:
                above = titles[-1].replace("*", "").replace("`", "")
            found[cell["id"]] = above
    return found


def quiz(chapter: int, answer: tuple[int, object] | None = None) -> None:
    """Show the quiz of a chapter: with buttons that mark in JupyterLab, elsewhere as text.

    `answer=(3, 2)` answers by code: question 3 with its choice 2 (or with a number, where one is asked for), and says
    whether that is right and why. Raises ValueError for a chapter without a quiz and a question that it does not have.
    """
    chapter = _known(chapter)
    if answer is not None:
        if isinstance(answer, str) or not hasattr(answer, "__len__") or len(answer) != 2:
            raise ValueError(f"answer=(3, 2) answers question 3 with its choice 2; this is {answer!r}.")
        print(mark(chapter, *answer))
        return
    found = questions(chapter)
    data = {"text/plain": as_text(chapter)}
    if live():
        data["text/html"] = as_html(chapter)
    if in_notebook():
        from IPython.display import display

        display(data, raw=True)
    else:
        print(data["text/plain"])
    if not _opened(chapter):
        progress.record("quiz", f"{chapter:02}", questions=len(found))


def _opened(chapter: int) -> bool:
    return any(event["kind"] == "quiz" and event["name"] == f"{chapter:02}" for event in progress.read())


def mark(chapter: int, number: int, given: object) -> str:
    """What is said to an answer: question `number` of the quiz, the first is 1; `given` is a choice's number, or a
    number. Raises ValueError for what the quiz does not have.
    """
    chapter = _known(chapter)
    found, at = questions(chapter), as_number(number)
    if at not in range(1, len(found) + 1):
        raise ValueError(f"The quiz of chapter {chapter} has the questions 1 to {len(found)}, not {number!r}.")
    question = found[at - 1]
    right, why = _judged(question, given)
    progress.record("quiz-answer", f"{chapter:02}", question=question.get("name", at), right=right)
    return f"{'Right.' if right else 'Not so.'} {why}".rstrip()


def _judged(question: dict, given: object) -> tuple[bool, str]:
    answers, found = question["answers"], as_number(given)
    if found is None:
        raise ValueError(f"An answer is a number: of the choice, the first is 1, or the one asked for; not {given!r}.")
    given = found
    if question["type"] == "numeric":
        default = next((one.get("feedback", "") for one in answers if one["type"] == "default"), "")
        for one in answers:
            if one["type"] == "value" and _near(given, one["value"], question.get("precision")):
                return bool(one["correct"]), one.get("feedback", "")
            if one["type"] == "range" and one["range"][0] <= given < one["range"][1]:
                return bool(one["correct"]), one.get("feedback", "")
        return False, default
    if given not in range(1, len(answers) + 1):
        raise ValueError(f"This question has the choices 1 to {len(answers)}, not {given!r}.")
    one = answers[given - 1]
    return bool(one["correct"]), one.get("feedback", "")


def _near(given: float, value: float, precision: int | None) -> bool:
    """Whether a number is the right one, to so many significant digits: as jupyterquiz compares them."""
    if precision is None:
        return given == value
    return float(f"{given:.{precision - 1}e}") == float(f"{value:.{precision - 1}e}")


def as_text(chapter: int) -> str:
    """Questions and choices; the answers are not shown."""
    chapter, lines = _known(chapter), []
    for number, question in enumerate(questions(chapter), 1):
        many = " (several are right)" if question["type"] == "many_choice" else ""
        lines.append(f"{number}. {question['question']}{many}")
        if question["type"] == "numeric":
            lines.append("   a number")
        else:
            lines += [f"   {at}  {one['answer']}" for at, one in enumerate(question["answers"], 1)]
    return "\n".join([*lines, f"Answer by code: quiz({chapter}, answer=(1, 2)) takes choice 2 of question 1."])


def as_html(chapter: int) -> str:
    """The quiz as one piece of HTML with all that it needs in it; ids and order are always the same."""
    from jupyterquiz.dynamic.loader import load_questions_script
    from jupyterquiz.dynamic.renderer import build_script, build_styles, render_div

    name = f"quiz{_known(chapter):02}"
    prefix, static, url = load_questions_script([_for_jupyterquiz(one) for one in questions(chapter)], name)
    script = build_script(prefix.replace("</", "<\\/"), static, url, name, True)
    script = re.sub(r"https?://[^'\"\s]*", "data:text/javascript,", script)  # MathJax is not fetched
    frame = render_div(name, False, False, False, 1_000_000, 640, 10, "left")
    looks = build_styles(name, COLOURS) + f"<style>{LOOKS.replace('QUIZ', '#' + name)}</style>"
    script = f"const MathJax = undefined;\n{script}"  # nor is that of JupyterLab used, which has no version to ask for
    return f"{frame}</div>{looks}<script>{{\n{script}\n{ALOUD.replace('QUIZ', '#' + name)}\n}}</script>"


def _for_jupyterquiz(question: dict) -> dict:
    """A question in its form, its texts as HTML that its own reading of $ and [ ] leaves alone."""

    def text(one: str) -> str:
        return marked.as_html(one).replace("$", "&#36;").replace("[", "&#91;")

    shown = {key: question[key] for key in ("type", "precision", "answer_cols") if key in question}
    answers = [{key: text(one) if key in ("answer", "feedback") else one for key, one in each.items()}
               for each in question["answers"]]  # fmt: skip
    many = question["type"] == "many_choice"
    note = " (several are right)" if many else ""
    return {**shown, "question": text(question["question"] + note), "answers": answers, "answer_cols": 1}


COLOURS = {  # white on these, and these on white, differ by 4.5 to 1 or more
    "--jq-multiple-choice-bg": "#2d4a7a", "--jq-mc-button-bg": "#ffffff", "--jq-mc-button-border": "#767676",
    "--jq-mc-button-inset-shadow": "#555555", "--jq-many-choice-bg": "#7a3d12", "--jq-numeric-bg": "#2d4a7a",
    "--jq-numeric-input-bg": "#2d4a7a", "--jq-numeric-input-label": "#101010", "--jq-numeric-input-shadow": "#999999",
    "--jq-string-bg": "#4c1a57", "--jq-incorrect-color": "#b00020", "--jq-correct-color": "#00702a",
    "--jq-text-color": "#ffffff", "--jq-link-color": "#cfe0ff",
}  # fmt: skip
# White also where the page is dark; choices are read from the left; feedback is as large as what it is about.
LOOKS = """
QUIZ { background: #ffffff; color: #101010; padding: 2px 12px 12px; max-width: 680px; }
QUIZ .Quiz { font-size: 16px; line-height: 1.35; margin-left: 0; }
QUIZ .Answer { grid-template-columns: 1fr; grid-gap: 6px; }
QUIZ .MCButton { justify-content: flex-start; text-align: left; padding: 7px 10px; gap: 8px; font-size: 15px; }
QUIZ .Feedback { font-size: 15px; text-align: left; }
QUIZ .InpLabel, QUIZ .Input-text { font-size: 15px; }
"""
ALOUD = """
setTimeout(() => {
  document.querySelectorAll("QUIZ .Feedback").forEach(one => one.setAttribute("aria-live", "polite"));
  document.querySelectorAll("QUIZ .Input-text").forEach(one => one.setAttribute("aria-label", "Your answer"));
}, 900);
"""
