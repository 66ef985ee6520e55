"""A reader's output beside the right one, and what the rules of diagnosis share."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from course_lib.exercises.checking.shown import place, short
from course_lib.exercises.checking.values import differing, same


class Vague(str):
    """A sentence that says where an output is wrong, and not why; another case may say why."""


class Guess(str):
    """A sentence whose explanation `why` was read out of one number, and may be a coincidence."""

    why: str

    def __new__(cls, text: str, why: str):
        """A sentence, and the part of it that is the guess."""
        made = super().__new__(cls, text)
        made.why = why
        return made


@dataclass(frozen=True)
class Pair:
    """The reader's output beside the right one, both settled; the inputs by name; what counts as equal.

    `part` says which part of a larger output this is, in words that end with a colon and a space.
    """

    output: object
    right: object
    inputs: dict[str, object]
    close: float = 1e-5
    lists: bool = False
    exact_dtype: bool = False
    part: str = ""
    relative: float | None = None

    def __bool__(self) -> bool:
        """Whether the output is right."""
        return same(self.output, self.right, self.close, self.lists, self.exact_dtype, self.relative)


def agree(output: Tensor, right: Tensor, close: float) -> bool:
    """Whether two tensors have the same shape and numbers."""
    return output.shape == right.shape and not bool(differing(output, right, max(close, 1e-6)).any())


def where_first(output: Tensor, right: Tensor, wrong: Tensor) -> str:
    """Where two tensors first differ, and what stands there."""
    at = wrong.nonzero()[0].tolist()
    ours, theirs = (short(one[tuple(at)].item(), 30) for one in (output, right))
    return f"first at {place(at)}: {ours}, and should be {theirs}" if at else f"{ours}, and should be {theirs}"
