"""Predictions are taken, revealed and counted; the same cell works with buttons, as text, and the same each time."""

import json

import nbformat
import numpy as np
import pytest
import torch
from nbclient import NotebookClient

from course_lib import calibration, predictions, progress
from course_lib.predictions import predict, reveal

CHOICES = ["unrelated: about 0", "similar: about 0.5", "the same: 1"]


@pytest.fixture(autouse=True)
def _fresh(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path))
    for one in (predictions._asked, predictions._made, predictions._shown):
        one.clear()


def ask():
    predict("two-banks", "How similar are two vectors of *bank*?", CHOICES)


def test_in_a_terminal_it_is_text_that_says_how_to_answer(capsys):
    ask()
    assert capsys.readouterr().out.splitlines() == [
        "How similar are two vectors of *bank*?",
        "  1  unrelated: about 0",
        "  2  similar: about 0.5",
        "  3  the same: 1",
        'Answer by code: predict("two-banks", answer=2, sure=80)',
    ]


def test_what_was_said_stands_beside_what_is(capsys):
    ask()
    predict("two-banks", answer=2, sure=80)
    capsys.readouterr()
    assert reveal("two-banks", 3) is None
    assert capsys.readouterr().out == "You said: similar: about 0.5, 80 % sure. It is: the same: 1.\n"
    assert progress.pairs() == [(0.8, False)]


def test_right_is_said(capsys):
    ask()
    predict("two-banks", answer=3, sure=100)
    reveal("two-banks", 3)
    assert capsys.readouterr().out.endswith("It is: the same: 1. Right.\n")
    assert progress.pairs() == [(1.0, True)]


def test_a_choice_that_is_a_sentence_keeps_one_dot(capsys):
    predict("lamp", "Which?", ["It is good.", "It is not."], answer=1, sure=60)
    assert capsys.readouterr().out == "Noted: It is good, 60 % sure. Now run what follows.\n"
    reveal("lamp", 2)
    assert capsys.readouterr().out == "You said: It is good, 60 % sure. It is: It is not.\n"


def test_without_a_prediction_only_what_is(capsys):
    ask()
    capsys.readouterr()
    reveal("two-banks", 3)
    assert capsys.readouterr().out == "It is: the same: 1\n"
    predict("two-banks", answer=3, sure=100)
    assert "not counted" in capsys.readouterr().out
    assert progress.pairs() == []


def test_the_last_prediction_before_the_outcome_counts():
    ask()
    predict("two-banks", answer=1, sure=50)
    predict("two-banks", answer=3, sure=90)
    reveal("two-banks", 3)
    predict("two-banks", answer=1, sure=100)
    reveal("two-banks", 3)
    assert progress.pairs() == [(0.9, True)]


def test_an_outcome_that_was_seen_before_a_restart_is_remembered(capsys):
    ask()
    predict("two-banks", answer=1, sure=50)
    reveal("two-banks", 3)
    predictions._shown.clear()
    predict("two-banks", answer=3, sure=100)
    assert capsys.readouterr().out.endswith("shown already, so this one is not counted.\n")
    reveal("two-banks", 3)
    assert progress.pairs() == [(0.5, False)]
    assert [one["kind"] for one in progress.read()] == ["prediction", "outcome"]


def test_the_minus_that_is_printed_is_read_too():
    assert predictions._written("−5") == predictions._written("-5") == -5
    assert predictions._written("−0.5%") == -0.5


@pytest.mark.parametrize(
    ("said", "ending", "right"), [(60, "near enough, within 10.", True), (40, "further off than 10.", False)]
)
def test_a_number_is_right_within_a_tenth_of_its_range(said, ending, right, capsys):
    predict("share", "What share, in percent?", number=(0, 100))
    predict("share", answer=said, sure=70)
    reveal("share", 65.4)
    assert capsys.readouterr().out.endswith(f"You said: {said}, 70 % sure. It is: 65.4. That is {ending}\n")
    assert progress.pairs() == [(0.7, right)]


@pytest.mark.parametrize(
    ("within", "said"),
    [(None, "a number from 0 to 100, right within 10"), (0, "a number from 0 to 100, to be met exactly")],
)
def test_how_near_is_near_enough_is_said_before_the_reader_says_how_sure(within, said, capsys):
    predict("share", "What share, in percent?", number=(0, 100), within=within)
    asked = predictions._asked["share"]
    assert f"\n  {said}\n" in capsys.readouterr().out
    assert f"<label>{said.capitalize()}: <input" in predictions._as_form(asked)
    assert predictions._as_widget(asked).children[1].description == f"{said.capitalize()}:"


def test_who_guesses_among_three_can_say_so(capsys):
    ask()
    predict("two-banks", answer=1, sure=30)
    assert capsys.readouterr().out.endswith("Noted: unrelated: about 0, 30 % sure. Now run what follows.\n")


def test_after_a_restart_a_number_is_as_near_as_it_was_before_it(capsys):
    predict("share", "What share, in percent?", number=(0, 100), answer=60, sure=70)
    predictions._asked.clear(), predictions._made.clear()
    reveal("share", 65.4)
    assert capsys.readouterr().out.endswith("That is near enough, within 10.\n")
    assert progress.pairs() == [(0.7, True)]


def test_what_an_older_course_kept_of_a_number_waits_for_its_question(capsys):
    progress.record("prediction", "share", answer=60, sure=70)
    reveal("share", 65.4)
    assert "Run the cell that asked" in capsys.readouterr().out
    assert progress.pairs() == []
    predict("share", "What share, in percent?", number=(0, 100))
    reveal("share", 65.4)
    assert progress.pairs() == [(0.7, True)]


def test_a_kept_answer_that_the_question_no_longer_has_is_said_as_its_number(capsys):
    predict("two-banks", "How similar?", [*CHOICES, "opposite: about -1"], answer=4, sure=80)
    ask()
    reveal("two-banks", 3)
    assert capsys.readouterr().out.endswith("You said: 4, 80 % sure. It is: the same: 1.\n")


def test_the_way_by_code_is_python_and_a_kept_number_comes_back_whole(monkeypatch):
    predict("tokens", "How many tokens?", number=(0, 10000))
    (asked,) = predictions._asked.values()
    assert asked.by_code == 'predict("tokens", answer=5000, sure=80)'
    predict("tokens", answer=5012.345, sure=80)
    field = predictions._as_widget(asked).children[1]
    assert predictions._written(field.value) == 5012.345


def test_numbers_of_numpy_and_torch_are_numbers(capsys):
    import numpy as np
    import torch

    ask()
    predict("two-banks", answer=np.int64(3), sure=torch.tensor(80))
    reveal("two-banks", torch.tensor(3))
    assert capsys.readouterr().out.endswith("Right.\n")
    assert json.loads(progress.path().read_text())["events"][0]["answer"] == 3


def test_it_works_where_nothing_can_be_kept(monkeypatch, tmp_path, capsys):
    (tmp_path / "file").touch()
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "file"))
    ask()
    predict("two-banks", answer=2, sure=80)
    reveal("two-banks", 3)
    assert "You said: similar" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: predict("two-banks", answer=4, sure=80), "1 to 3; 4 is none of them"),
        (lambda: predict("two-banks", answer=2.5, sure=80), "2.5 is none of them"),
        (lambda: predict("two-banks", answer=True, sure=80), "is a number, not True"),
        (lambda: predict("two-banks", answer="2", sure=80), "is a number, not '2'"),
        (lambda: predict("two-banks", answer=2), r"sure=80\)"),
        (lambda: predict("two-banks", answer=2, sure=0.8), r"Did you mean 80\?"),
        (lambda: predict("two-banks", answer=2, sure=0.5), r"Did you mean 50\?"),
        (lambda: predict("two-banks", answer=2, sure=0.1), r"Did you mean 10\?"),
        (lambda: predict("two-banks", answer=2, sure=1), r"Did you mean 100\?"),
        (lambda: predict("two-banks", answer=2, sure=0.04), r"0\.04 is not\.$"),
        (lambda: predict("two-banks", answer=2, sure=9), "from 10 to 100"),
        (lambda: predict("two-banks", answer=2, sure=101), "from 10 to 100"),
        (lambda: predict("two-banks", answer=2, sure=float("nan")), "is a number"),
        (lambda: predict("two-banks"), "needs a question, or an answer"),
        (lambda: reveal("two-banks", 4), "1 to 3, not 4"),
        (lambda: reveal("two-banks", 0), "1 to 3, not 0"),
        (lambda: predict("x", "?", ["one"]), "two to four choices"),
        (lambda: predict("x", "?", ["a", "a"]), "that differ"),
        (lambda: predict("x", "?", "ab"), "two to four choices"),
        (lambda: predict("x", "?"), "two to four choices, or number="),
        (lambda: predict("x", "?", ["a", "b"], number=(0, 1)), "two to four choices, or number="),
        (lambda: predict("x", "?", number=(1, 1)), "1 is not below 1"),
        (lambda: predict("x", "?", number=5), r"number=\(lowest, highest\).*this is 5"),
        (lambda: predict("x", "?", number=(0, 1, 2)), r"number=\(lowest, highest\)"),
        (lambda: predict("x", "?", number=(0, 9), within=[1]), r"within of 'x' is a number, not \[1\]"),
        (lambda: predict("x", "?", number=(0, 9), within=-1), "within of 'x' is -1.*0 or more"),
        (lambda: predict("x", "?", number=(0, 9), within=float("nan")), "within of 'x' is a number, not nan"),
        (lambda: predict("x", "?", ["a", "b"], within=1), "within=1 was given.*Leave it out"),
        (lambda: predict("x", "?", 5), "two to four choices that differ"),
        (lambda: predict("x", "?", [1, [2]]), "two to four choices that differ"),
        (lambda: predict("two-banks", answer=np.array([1, 2]), sure=80), "is a number"),
        (lambda: predict("two-banks", answer=torch.ones(2), sure=80), "is a number"),
        (lambda: predict("", "?", ["a", "b"]), "has a name"),
    ],
)
def test_what_cannot_be_is_refused(call, words):
    ask()
    with pytest.raises(ValueError, match=words):
        call()
    assert progress.read() == []


# ------------------------------------------------------------------ in a notebook

CELLS = [
    "from course_lib.predictions import predict, reveal",
    f'predict("two-banks", "How similar are *bank* and `bank` < 1?", {CHOICES!r})',
    'reveal("two-banks", 3)',
]


def executed(monkeypatch, kept, extra=()):
    monkeypatch.setenv("COURSE_PROGRESS", kept)
    cells = [nbformat.v4.new_code_cell(source) for source in (*CELLS[:2], *extra, *CELLS[2:])]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, timeout=120, store_widget_state=False).execute()
    return [cell.outputs for cell in notebook.cells]


def test_a_chapter_that_the_course_executes_has_text_and_a_form_always_the_same(monkeypatch):
    first, second = executed(monkeypatch, "off"), executed(monkeypatch, "off")
    assert first == second
    data = first[1][0].data
    assert set(data) == {"text/plain", "text/html"}
    assert 'Answer by code: predict("two-banks", answer=2, sure=80)' in data["text/plain"]
    assert '<form class="prediction" data-name="two-banks">' in data["text/html"]
    assert "<em>bank</em> and <code>bank</code> &lt; 1?" in data["text/html"]
    assert data["text/html"].count('type="radio"') == 3
    assert first[2][0].text == "It is: the same: 1\n"


def test_a_reader_s_notebook_has_buttons_and_the_text_beneath(monkeypatch, tmp_path):
    answer = 'predict("two-banks", answer=3, sure=90)'
    outputs = executed(monkeypatch, str(tmp_path), [answer])
    data = outputs[1][0].data
    assert set(data) == {"text/plain", "text/html", "application/vnd.jupyter.widget-view+json"}
    assert outputs[2][0].text.startswith("Noted: the same: 1, 90 % sure.")
    assert outputs[3][0].text == "You said: the same: 1, 90 % sure. It is: the same: 1. Right.\n"


def parts(widget):
    """The question, the field, the slider, the button, what is said, how to answer by code."""
    return widget.children


def test_the_button_takes_the_prediction():
    ask()
    question, field, sure, button, said, by_code = parts(predictions._as_widget(predictions._asked["two-banks"]))
    assert "<em>bank</em>" in question.value
    assert [text for text, _ in field.options] == CHOICES
    assert field.value is None
    assert "predict(&quot;two-banks&quot;, answer=2, sure=80)" in by_code.value
    assert [text for text, _ in sure.options] == [f"{percent} %" for percent in range(10, 101, 10)]
    assert sure.value == 50
    button.click()
    assert "Choose one" in said.value
    assert progress.read() == []
    field.value, sure.value = 3, 70
    button.click()
    assert "Noted: the same: 1, 70 % sure." in said.value
    again = parts(predictions._as_widget(predictions._asked["two-banks"]))
    assert (again[1].value, again[2].value) == (3, 70)
    assert "You said: the same: 1" in again[4].value


def test_a_number_outside_its_range_is_said_at_the_button():
    predict("share", "What share?", number=(0, 100))
    _, field, _, button, said, _ = parts(predictions._as_widget(predictions._asked["share"]))
    button.click()
    assert said.value == "Write a number first."
    field.value = "some"
    button.click()
    assert "Write a number, such as 50 or 0.5" in said.value
    field.value = "120"
    button.click()
    assert "from 0 to 100; 120 does not" in said.value
    assert progress.read() == []
    field.value = " 20 %"
    button.click()
    assert "Noted: 20" in said.value
    again = parts(predictions._as_widget(predictions._asked["share"]))
    assert again[1].value == "20"


def test_a_question_that_has_changed_does_not_take_the_old_answer():
    ask()
    predict("two-banks", answer=3, sure=70)
    predict("two-banks", "Another?", ["yes", "no"])
    assert parts(predictions._as_widget(predictions._asked["two-banks"]))[1].value is None


# ------------------------------------------------------------------ calibration

EIGHT_OF_TEN = [(0.7, True)] * 8 + [(0.7, False)] * 2  # Wilson's interval: 0.490 to 0.943


def test_wilson_s_interval_is_the_formula_s():
    for right, count in ((0, 3), (3, 3), (7, 10), (40, 80)):
        share, z = right / count, 1.959963984540054
        middle = (share + z * z / (2 * count)) / (1 + z * z / count)
        half = z / (1 + z * z / count) * (share * (1 - share) / count + z * z / (4 * count * count)) ** 0.5
        assert calibration.wilson(right, count) == pytest.approx((middle - half, middle + half), abs=1e-9)
    with pytest.raises(ValueError, match="count is 0"):
        calibration.wilson(0, 0)


def test_levels_are_put_together_until_a_point_holds_a_few():
    pairs = [(0.5, True)] * 2 + [(0.6, False)] * 2 + [(0.8, True)] * 5 + [(1.0, True)]
    points = calibration.curve(pairs)
    assert [(round(point.sure, 3), round(point.right, 3), point.count) for point in points] == [
        (0.55, 0.5, 4), (0.833, 1.0, 6)]  # fmt: skip
    assert calibration.curve([]) == []
    assert [point.count for point in calibration.curve([(0.5, True)])] == [1]


def test_models_are_drawn_in_steps_and_nothing_is_lost():
    pairs = [(number / 100, number % 3 == 0) for number in range(101)]
    points = calibration.curve(pairs, [number / 10 for number in range(11)])
    assert sum(point.count for point in points) == 101
    assert [point.count for point in points] == [10] * 9 + [11]


@pytest.mark.parametrize(
    "edges", [[], [0.5], [0, 0.5, 0.5, 1], [1, 0.5, 0], [0, float("nan"), 1], [[0, 1]], 0.5, "ab", [None, 1]]
)
def test_edges_that_do_not_rise_are_refused(edges):
    with pytest.raises(ValueError, match="edges are two numbers or more that rise"):
        calibration.curve([(0.8, True)], edges)


@pytest.mark.parametrize(
    "pair", [0.8, (0.8,), (0.8, True, 1), (1.2, True), (float("nan"), True), ("a", True), (0.8, 2)]
)
def test_what_is_no_pair_is_shown(pair):
    with pytest.raises(ValueError, match="A pair is how sure.*this is "):
        calibration.curve([pair])


def test_a_score_on_a_border_belongs_to_the_upper_step():
    axes = calibration.calibration([], {"model": [(0.3, True), (0.35, True), (0.25, False)]})
    found = axes.containers[0].lines[0].get_xydata()
    assert [(round(sure, 3), right) for sure, right in found] == [(0.25, 0.0), (0.325, 1.0)]


def test_a_number_is_written_in_the_form_that_it_has_when_rounded():
    said = [predictions._plain(value) for value in (999.4, 999.6, -999.7, 1000, 99.96, 0.5)]
    assert said == ["999", "1,000", "-1,000", "1,000", "100", "0.5"]


def test_what_is_said_is_no_more_than_is_known():
    assert "cannot be told apart yet" in calibration.in_words([(0.9, True)] * 3)
    assert "cannot be told apart yet" in calibration.in_words(EIGHT_OF_TEN)
    assert calibration.in_words(EIGHT_OF_TEN * 6).endswith("cannot be told apart.")
    assert "Surer than right" in calibration.in_words([(0.9, False)] * 10)
    assert "Righter than sure" in calibration.in_words([(0.5, True)] * 30)
    assert "No prediction" in calibration.in_words([])
    with pytest.raises(ValueError, match="A pair is how sure"):
        calibration.in_words([(80, True)])


def test_pairs_may_come_one_after_the_other():
    pairs = [(0.5, True)] * 3 + [(0.9, False)] * 9
    assert calibration.as_text(iter(pairs)) == calibration.as_text(pairs)
    assert len(calibration.calibration(iter(pairs)).containers) == 1


def test_models_stand_below_the_reader_in_ten_steps():
    models = {"one": [(0.31, True)] * 3 + [(0.39, False)], "two": [(0.95, True)] * 8}
    said = calibration.as_text([], models).split("\n")
    assert said[:3] == ["No prediction has met its outcome yet.", "", "one, a model:"]
    assert said[4].split()[:2] == ["33%", "75%"]
    assert said[4].endswith("of 4")
    assert said[5].startswith("4 answers: 33% sure on average, 75% right")
    assert said[7] == "two, a model:"
    assert calibration.as_text([(0.5, True)]) == calibration.as_text([(0.5, True)], {}), "no models, nothing more"


def test_the_text_form_has_a_line_a_point():
    lines = calibration.as_text([(0.5, True), (0.5, False)] * 5 + [(0.9, True)] * 10).splitlines()
    assert len(lines) == 4
    assert lines[1].startswith("  50%    50%")
    assert lines[1].index("●") - lines[1].index("─") > 3
    assert lines[2].endswith("of 10")
    assert all(len(line) < 60 for line in lines[:-1])


def test_a_line_shows_how_sure_how_often_right_and_the_interval():
    scale = calibration.as_text(EIGHT_OF_TEN).splitlines()[1].removeprefix("  70%    80%  ").removesuffix("  of 10")
    assert len(scale) == 31
    places = {at: sign for at, sign in enumerate(scale) if sign != " "}  # of 30: 0.490 is 15, 0.943 is 28
    assert places == dict.fromkeys(range(15, 29), "─") | {21: "│", 24: "●"}


def test_the_bars_of_the_figure_are_the_intervals():
    import matplotlib.pyplot as plt

    (you,) = calibration.calibration(EIGHT_OF_TEN).containers
    _, _, (bars,) = you.lines
    (bar,) = bars.get_segments()
    assert bar[:, 0].tolist() == pytest.approx([0.7, 0.7])
    assert bar[:, 1].tolist() == pytest.approx([0.490, 0.943], abs=5e-4)
    plt.close("all")


def test_the_figure_has_the_reader_beside_the_models():
    import matplotlib.pyplot as plt

    axes = calibration.calibration([(0.8, True)] * 8, {"sentiment": [(0.95, False)] * 20 + [(0.65, True)] * 20})
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["as right as sure", "you (8)", "sentiment (40)"]
    you, model = axes.containers
    assert you[0].get_xydata().tolist() == [[pytest.approx(0.8), 1.0]]
    assert model[0].get_xydata().tolist() == [[pytest.approx(0.65), 1.0], [pytest.approx(0.95), 0.0]]
    empty = calibration.calibration([])
    assert any("no prediction of yours" in text.get_text() for text in empty.texts)
    plt.close("all")
