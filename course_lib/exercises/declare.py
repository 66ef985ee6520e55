"""What an exercise is: its task, our answer, the cases it is checked on, and the mistakes that it knows.

A chapter's file declares each of its exercises by one `Exercise`, for example:

    Exercise(
        name="double",
        chapter=0,
        minutes=2,
        level="easy",
        signature="double(x) -> twice as much",
        reference=double,
        cases=[Case((2,), says="the number 2"), Case((torch.ones(3),), says="three ones")],
        mistakes=[Mistake("squared", lambda x: x * x, "that is the square: 3 becomes 9, and should become 6.")],
        hints=["Twice as much is the number and the number again.", "Which sign joins two numbers?"],
    )
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

LEVELS = ("easy", "medium", "hard")
KINDS = ("function", "class", "value")


@dataclass
class Case:
    """One call of the reader's answer.

    Args:
        args: the arguments, a tuple. kwargs: further ones by the names that our reference has; they are handed over by
            position where that is possible, so that the reader's names do not matter.
        says: the case in words, as a message names it: "length 4", "a batch of two".
        make: in place of `args`: a function that returns them, called once and only when the case is run. For inputs
            that need a model.
    """

    args: tuple = ()
    kwargs: Mapping[str, object] = field(default_factory=dict)
    says: str = ""
    make: Callable[[], tuple] | None = None

    def __post_init__(self):  # noqa: D105
        if not isinstance(self.args, tuple):
            raise TypeError(
                f"args is a tuple of arguments, this is a {type(self.args).__name__}: write ({self.args},)."
            )
        if self.make is not None and self.args:
            raise ValueError("A case has args or make, not both.")

    @cached_property
    def inputs(self) -> tuple:
        """The positional arguments; made at the first use."""
        made = self.args if self.make is None else self.make()
        if not isinstance(made, tuple):
            raise TypeError(f"make returns a tuple of arguments, this one returned a {type(made).__name__}.")
        return made


@dataclass(frozen=True)
class when:
    """Marks a predicate over (case, the reader's output, the right output) in a `Mistake`."""

    holds: Callable[[Case, object, object], bool]


@dataclass(frozen=True)
class Mistake:
    """A mistake that an exercise knows.

    Args:
        name: short, for the tests.
        wrong: a wrong implementation, recognised by its outputs; or `when(predicate)`, see there.
        says: what the reader is told. Never our solution's code. May be a function of (case, output, right output)
            that returns the text.
    """

    name: str
    wrong: Callable | when
    says: str | Callable[[Case, object, object], str]


@dataclass(eq=False)
class Exercise:
    """An exercise: what is asked, our answer, and how an answer is judged.

    Args:
        name: the name that `check` takes, everywhere the same. chapter: its number, 0 to 8.
        minutes: for a reader who has read the section. level: "easy", "medium" or "hard".
        signature: shown in messages, with shapes: "causal_mask(length) -> (length, length), boolean".
        reference: our answer; its source is what `solution` shows. For kind "value", a function without arguments.
        cases: from the smallest to the largest. mistakes: in the order in which they are tried.
        hints: one more step each; never the solution. commentary: what `solution` says below the source.
        close: numbers agree if they differ by at most this, absolutely or relative to the right one.
        relative: in place of `close`, for numbers of very different sizes: the share of the right one by which they may
            differ. `close` then only serves the guesses at what is wrong.
        kind: "function"; "class", which `use` makes an object of; "value", where the answer is the result itself.
        use: (answer, *inputs) -> output, where more is to be done than to call the answer with the inputs.
        agrees: (output, right output, case) -> True, or a sentence that says what is wrong; in place of the
            comparison, where several outputs are right.
        exact_dtype: float64 is not taken for float32, and so on. (A boolean is never taken for a number.)
        lists: lists and NumPy arrays are taken for tensors.
        seconds: the time limit of a case.
    """

    name: str
    chapter: int
    minutes: int
    level: str
    signature: str
    reference: Callable
    cases: Sequence[Case]
    mistakes: Sequence[Mistake] = ()
    hints: Sequence[str] = ()
    commentary: str = ""
    close: float = 1e-5
    relative: float | None = None
    kind: str = "function"
    use: Callable | None = None
    agrees: Callable[[object, object, Case], bool | str] | None = None
    exact_dtype: bool = False
    lists: bool = False
    seconds: float = 5.0

    def __post_init__(self):  # noqa: D105
        if self.level not in LEVELS or self.kind not in KINDS:
            raise ValueError(f"level is one of {LEVELS} and kind one of {KINDS}: {self.level!r}, {self.kind!r}.")
        if not self.cases:
            raise ValueError(f"{self.name} needs a case at least.")

    def call(self, case: Case) -> tuple[tuple, dict]:
        """The arguments of a case as (args, kwargs): by position as far as our reference's signature lets them be."""
        if self.use is not None or self.kind != "function" or not case.kwargs:
            return case.inputs, dict(case.kwargs)
        bound = inspect.signature(self.reference).bind(*case.inputs, **case.kwargs)
        return bound.args, dict(bound.kwargs)

    def outcome_of(self, answer: object, args: tuple, kwargs: dict) -> object:
        """What `answer` makes of the arguments."""
        if self.use is not None:
            return self.use(answer, *args, **kwargs)
        return answer if self.kind == "value" else answer(*args, **kwargs)


@dataclass(frozen=True)
class Result:
    """What `check` returns: true if the answer passed. Below its printed lines a notebook shows nothing more."""

    name: str
    passed: bool
    hint: str = ""

    def __bool__(self) -> bool:
        """Whether it passed."""
        return self.passed

    def _ipython_display_(self) -> None:
        """Nothing: what there is to say has been printed."""
