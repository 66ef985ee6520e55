"""Predictions: the reader commits to an answer, and to how sure it is, before a cell shows what is.

    predict("two-banks", "How similar are the two vectors of *bank*?", ["unrelated", "similar", "the same"])
    predict("share-on-cls", "What share of the weight lies on [CLS], in percent?", number=(0, 100))
    predict("two-banks", answer=2, sure=80)       the same by code, wherever there are no buttons
    reveal("two-banks", 3)                        in the cell that shows it

Both are kept with the progress, see `course_lib/progress.py`; `course_lib/calibration.py` draws what becomes of them.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from course_lib import progress
from course_lib.arguments import as_number
from course_lib.marked import as_html

SURE = range(10, 101, 10)  # percent, as the slider has them: a guess among three is right one time in three
AT_FIRST = 50  # percent, where the slider stands
WITHIN = 0.1  # of its range: how near a number has to be to count as right


@dataclass(frozen=True)
class Asked:
    """A question that has been asked: with `choices`, or with a `number` from low to high that is right `within`."""

    name: str
    question: str
    choices: tuple[str, ...] = ()
    number: tuple[float, float] | None = None
    within: float = 0.0

    @property
    def by_code(self) -> str:
        """How to answer without buttons."""
        example = 2 if self.choices else f"{sum(self.number) / 2:g}"
        return f'predict("{self.name}", answer={example}, sure=80)'

    @property
    def expects(self) -> str:
        """What number is asked for, and how near is near enough; a reader says how sure of that."""
        low, high = (_plain(one) for one in self.number)
        near = f"right within {_plain(self.within)}" if self.within else "to be met exactly"
        return f"a number from {low} to {high}, {near}"

    def says(self, answer: float) -> str:
        """An answer in words."""
        return self.choices[int(answer) - 1] if self.choices else _plain(answer)

    def in_a_sentence(self, answer: float) -> str:
        """An answer in words, without the dot that may end it."""
        return self.says(answer).removesuffix(".")


_asked: dict[str, Asked] = {}
_made: dict[str, dict] = {}  # predictions of this session, by name
_shown: set[str] = set()  # outcomes of this session


def predict(
    name: str,
    question: str | None = None,
    choices: Sequence[str] | None = None,
    *,
    number: tuple[float, float] | None = None,
    within: float | None = None,
    answer: float | None = None,
    sure: float | None = None,
) -> None:
    """Ask for a prediction, or take one.

    With a question: shows it with two to four `choices`, or asks for a `number` (lowest, highest), which counts as
    right within `within` (a tenth of the range). In JupyterLab with buttons, elsewhere as text. With an `answer` (the
    number of the choice, the first is 1, or the number) and `sure` (10 to 100, in percent, that it will be right):
    takes that.

    Raises ValueError for a question that cannot be asked and an answer that cannot be one.
    """
    if question is not None:
        _asked[name] = _question(name, question, choices, number, within)
        if answer is None:
            _show(_asked[name])
            return
    if answer is None:
        raise ValueError(f'predict("{name}") needs a question, or an answer: predict("{name}", answer=2, sure=80).')
    print(_take(name, answer, sure))


def reveal(name: str, outcome: float) -> None:
    """Say what is (the number of the right choice, the first is 1, or the number), beside what was predicted.

    Raises ValueError for an outcome that the question does not have.
    """
    asked = _asked.get(name)
    outcome = _number(name, outcome, "outcome")
    if asked and asked.choices and outcome not in range(1, len(asked.choices) + 1):
        raise ValueError(f'reveal("{name}", …) takes the number of a choice, 1 to {len(asked.choices)}, not {outcome}.')
    before = progress.predictions().get(name) or _made.get(name)
    says = asked.says(outcome) if asked else _plain(outcome)
    right = None
    if before is None:
        print(f"It is: {says}")
    else:
        known = asked is not None and _fits(asked, before["answer"])  # else of another session, or of older choices
        said = asked.in_a_sentence(before["answer"]) if known else _plain(before["answer"])
        within = asked.within if known else before.get("within")  # None: kept by an older course
        right = None if within is None else abs(before["answer"] - outcome) <= within * (1 + 1e-9)
        says = says.removesuffix(".")
        print(f"You said: {said}, {_plain(before['sure'])} % sure. It is: {says}. {_verdict(within, right)}".rstrip())
        if right is None:
            print("Run the cell that asked, then this one again: it says how near a number has to be.")
            return
    if not _was_shown(name):
        progress.record("outcome", name, outcome=outcome, right=right)
    _shown.add(name)


def _verdict(within: float | None, right: bool | None) -> str:
    if not within:  # a choice
        return "Right." if right else ""
    return f"That is {'near enough, within' if right else 'further off than'} {_plain(within)}."


def _was_shown(name: str) -> bool:
    """Whether the reader has seen the outcome, in this session or before."""
    return name in _shown or any(one["kind"] == "outcome" and one["name"] == name for one in progress.read())


def _question(name, question, choices, number, within) -> Asked:
    if not isinstance(name, str) or not name:
        raise ValueError(f'A prediction has a name, as in "two-banks"; this is {name!r}.')
    if (choices is None) == (number is None):
        raise ValueError(f'predict("{name}", …) takes two to four choices, or number=(lowest, highest).')
    if choices is not None:
        found = tuple(choices) if isinstance(choices, Iterable) and not isinstance(choices, str) else ()
        texts = all(isinstance(one, str) for one in found)
        if not texts or not 2 <= len(found) <= 4 or len(set(found)) < len(found):
            raise ValueError(f'predict("{name}", …) takes two to four choices that differ, this is {choices!r}.')
        if within is not None:
            raise ValueError(f'within={within!r} was given for "{name}", but a choice is right or wrong. Leave it out.')
        return Asked(name, question, found)
    if isinstance(number, str) or not hasattr(number, "__len__") or len(number) != 2:
        raise ValueError(f'predict("{name}", …) takes number=(lowest, highest), such as (0, 100); this is {number!r}.')
    low, high = (_number(name, one, "number") for one in number)
    if low >= high:
        raise ValueError(f"number=(lowest, highest): {low} is not below {high}.")
    near = (high - low) * WITHIN if within is None else _number(name, within, "within")
    if near < 0:
        raise ValueError(f"within of {name!r} is {near}. Expected how near a right number is, 0 or more.")
    return Asked(name, question, (), (low, high), near)


def _number(name: str, value: object, what: str) -> float:
    """A finite number: of Python, NumPy, or a tensor of one."""
    found = as_number(value)
    if found is None:
        raise ValueError(f"{what} of {name!r} is a number, not {value!r}.")
    return found


def _take(name: str, answer: object, sure: object) -> str:
    """Keep a prediction; what is said to it."""
    asked, answer = _asked.get(name), _number(name, answer, "answer")
    if asked and asked.choices and answer not in range(1, len(asked.choices) + 1):
        raise ValueError(f"answer is the number of a choice, 1 to {len(asked.choices)}; {answer} is none of them.")
    if asked and asked.number and not asked.number[0] <= answer <= asked.number[1]:
        raise ValueError(
            f"An answer lies from {_plain(asked.number[0])} to {_plain(asked.number[1])}; {answer} does not."
        )
    if sure is None:
        how = f"Say how sure you are, {SURE[0]} to {SURE[-1]} percent"
        raise ValueError(f'{how}: predict("{name}", answer={answer}, sure=80).')
    sure = _number(name, sure, "sure")
    if not SURE[0] <= sure <= SURE[-1]:
        meant = f" Did you mean {_plain(100 * sure)}?" if SURE[0] <= 100 * sure <= SURE[-1] else ""
        raise ValueError(f"sure is in percent, from {SURE[0]} to {SURE[-1]} (certain); {_plain(sure)} is not.{meant}")
    if _was_shown(name):
        return "What is has been shown already, so this one is not counted."
    _made[name] = {"answer": answer, "sure": sure, "within": asked.within if asked else None}
    progress.record("prediction", name, **_made[name])
    said = asked.in_a_sentence(answer) if asked else _plain(answer)
    return f"Noted: {said}, {_plain(sure)} % sure. Now run what follows."


def _plain(value: float) -> str:
    short = f"{float(value):.3g}"
    return short if abs(float(short)) < 1000 else f"{float(value):,.0f}"


# How it looks


def _show(asked: Asked) -> None:
    from IPython.display import display

    data = {"text/plain": _as_text(asked), "text/html": _as_form(asked)}
    if live():
        widget = _as_widget(asked)
        data |= {key: value for key, value in widget._repr_mimebundle_().items() if "widget" in key}
    if in_notebook():
        display(data, raw=True)
    else:
        print(data["text/plain"])


def in_notebook() -> bool:
    """Whether a notebook's kernel runs this."""
    from IPython import get_ipython

    return hasattr(get_ipython(), "kernel")


def live() -> bool:
    """Whether buttons are of use: in a notebook of a reader's, and not where the course executes its own chapters."""
    return in_notebook() and not progress.off()


def _as_text(asked: Asked) -> str:
    lines = [asked.question]
    if asked.choices:
        lines += [f"  {at}  {choice}" for at, choice in enumerate(asked.choices, 1)]
    else:
        lines += [f"  {asked.expects}"]
    return "\n".join([*lines, f"Answer by code: {asked.by_code}"])


def _as_form(asked: Asked) -> str:
    """A form that does nothing by itself; a page's script makes it work."""
    name = html.escape(asked.name)
    if asked.choices:
        fields = "".join(
            f'<label><input type="radio" name="{name}" value="{at}"> {as_html(choice)}</label><br>'
            for at, choice in enumerate(asked.choices, 1)
        )
    else:
        low, high = (f"{one:g}" for one in asked.number)
        fields = (
            f'<label>{asked.expects.capitalize()}: <input type="number" name="{name}" min="{low}" max="{high}" '
            f'step="any" data-within="{asked.within:g}"></label><br>'
        )
    return (
        f'<form class="prediction" data-name="{name}"><fieldset><legend>{as_html(asked.question)}</legend>{fields}'
        f'<label>How sure, in percent: <input type="range" name="sure" min="{SURE[0]}" max="{SURE[-1]}" '
        f'step="{SURE.step}" value="{AT_FIRST}"></label> <button type="submit">That is my prediction</button>'
        f'</fieldset><p class="by-code">Answer by code: <code>{html.escape(asked.by_code)}</code></p></form>'
    )


def _as_widget(asked: Asked):
    import ipywidgets as widgets

    wide = widgets.Layout(width="auto")
    style = {"description_width": "initial"}
    if asked.choices:
        options = [(choice.replace("*", "").replace("`", ""), at) for at, choice in enumerate(asked.choices, 1)]
        field = widgets.RadioButtons(options=options, value=None, layout=widgets.Layout(width="max-content"))
    else:
        field = widgets.Text(  # a FloatText begins at 0, which nobody said
            placeholder="a number",
            description=f"{asked.expects.capitalize()}:",
            style=style,
            layout=widgets.Layout(width="28em"),
        )
    sure = widgets.SelectionSlider(
        options=[(f"{percent} %", percent) for percent in SURE], value=AT_FIRST, description="How sure are you?",
        style=style, layout=widgets.Layout(width="26em"),
    )  # fmt: skip
    button = widgets.Button(
        description="That is my prediction", button_style="primary", layout=widgets.Layout(width="16em")
    )
    answer = widgets.HTML(layout=wide)
    before = progress.predictions().get(asked.name)
    if before and _fits(asked, before["answer"]):
        field.value = before["answer"] if asked.choices else repr(before["answer"])
        sure.value = min(SURE, key=lambda percent: abs(percent - before["sure"]))
        answer.value = html.escape(
            f"You said: {asked.in_a_sentence(before['answer'])}, {_plain(before['sure'])} % sure."
        )

    def take(_) -> None:
        if field.value in (None, ""):
            answer.value = "Choose one first." if asked.choices else "Write a number first."
            return
        try:
            given = field.value if asked.choices else _written(field.value)
            answer.value = html.escape(_take(asked.name, given, sure.value))
        except ValueError as problem:
            answer.value = html.escape(str(problem))

    button.on_click(take)
    by_code = widgets.HTML(f"<small>Answer by code: <code>{html.escape(asked.by_code)}</code></small>", layout=wide)
    question = widgets.HTML(f'<div style="line-height: 1.5"><b>{as_html(asked.question)}</b></div>', layout=wide)
    return widgets.VBox([question, field, sure, button, answer, by_code])


def _written(text: str) -> float:
    """The number that a reader has typed, with or without a percent sign. Raises ValueError for what is none."""
    try:
        return float(text.replace("−", "-").removesuffix("%"))
    except ValueError:
        raise ValueError(f"Write a number, such as 50 or 0.5, not {text!r}.") from None


def _fits(asked: Asked, answer: float) -> bool:
    """Whether a kept answer is one that the question, as it is asked now, has."""
    if asked.choices:
        return answer in range(1, len(asked.choices) + 1)
    return asked.number[0] <= answer <= asked.number[1]
