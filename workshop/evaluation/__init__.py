"""How good each course checkpoint is: `course evaluate NAME`, with intervals and with baselines in the same run.

One module a task says which test sets, which metric and which baselines; every figure in a card comes from here. What
the test sets are and where they come from stands in `workshop.evaluation.sources`.
"""

from __future__ import annotations

import importlib
import re
import textwrap
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from course_lib.measures import RESAMPLES, interval
from course_lib.whole_files import write_atomically
from workshop.evaluation.sources import OPTIONS, Sources, read_rows

__all__ = [
    "Measured",
    "Sources",
    "evaluate",
    "interval",
    "interval_over",
    "line",
    "needs",
    "read_rows",
    "report",
    "table_header",
    "write_into",
]

THIS = "this checkpoint"  # the system that is measured; the others are baselines
OF_100 = ("BLEU", "chrF")  # metrics that are written from 0 to 100, and with one digit
# Checkpoint -> its module below this package.
TASKS = {
    "sentiment": "sentiment",
    "question-answering": "question_answering",
    "ner": "ner",
    "zero-shot": "zero_shot",
    "fill-mask": "fill_mask",
    "translation-en-fr": "translation",
    "summarization": "summarization",
    "text-to-text": "text_to_text",
}


@dataclass(frozen=True)
class Measured:
    """One line of a table: what one system reached on one test set."""

    test: str
    count: int  # rows that were used
    of: int  # rows that the test set has
    system: str
    scores: dict[str, tuple[float, float, float]]  # metric -> value, and the ends of its 95 % interval


def interval_over(values, units: Sequence[Hashable]) -> tuple[float, float, float]:
    """The mean of `values`, (row,), with an interval that draws units: (value, low, high).

    `units` names what each row is about, such as its text: questions about one text are not independent of each other.
    """
    number = {unit: place for place, unit in enumerate(dict.fromkeys(units))}
    sums = np.zeros((len(number), 2))  # of the values, and how many
    for value, unit in zip(values, units, strict=True):
        sums[number[unit]] += value, 1
    return interval(sums, lambda drawn: drawn[:, 0] / drawn[:, 1])


def _module(name: str):
    if name not in TASKS:
        raise ValueError(f"there is no evaluation of {name!r}. There is one of: {', '.join(TASKS)}.")
    return importlib.import_module(f"workshop.evaluation.{TASKS[name]}")


def needs(name: str) -> list[str]:
    """The options that `course evaluate NAME` needs, such as `--data FOLDER`."""
    return [OPTIONS[source][0] for source in _module(name).NEEDS]


def evaluate(name: str, sources: Sources) -> Iterator[Measured]:
    """Measure the checkpoint `name` and its baselines, line by line.

    Raises ValueError for an unknown name, a checkpoint that the course has not yet or a source that was not given, and
    FileNotFoundError for one that is not there: all of them at once, before anything is measured.
    """
    from course_lib.checkpoints import catalogue

    module = _module(name)
    if name not in catalogue():
        raise ValueError(f"there is no checkpoint {name!r} yet. The course has: {', '.join(catalogue())}.")
    for source in module.NEEDS:
        sources.path(source)
    return module.measure(sources)


def table_header(measured: Measured) -> str:
    """The two lines that begin a Markdown table of lines like this one."""
    columns = ["test set", "rows", "system", *measured.scores]
    return f"| {' | '.join(columns)} |\n|{' --- |' * len(columns)}"


def line(measured: Measured) -> str:
    """One line of a Markdown table, without its end."""
    count = f"{measured.count:,}" + (f" of {measured.of:,}" if measured.count < measured.of else "")
    shown = []
    for metric, scores in measured.scores.items():
        digits = 1 if metric in OF_100 else 3
        shown.append("{:.{d}f} ({:.{d}f} to {:.{d}f})".format(*scores, d=digits))
    return f"| {' | '.join([measured.test, count, measured.system, *shown])} |"


def report(name: str, measured: Iterable[Measured]) -> Iterator[str]:
    """What goes into a card, in pieces as they are known: tables, one for each set of metrics, and what they mean."""
    columns = None
    for one in measured:
        if list(one.scores) != columns:
            yield from ([""] if columns else []) + [table_header(one)]
            columns = list(one.scores)
        yield line(one)
    note = f"{_module(name).note()} In brackets the 95 % interval of {RESAMPLES:,} bootstrap draws."
    yield "\n" + "\n".join(textwrap.wrap(note, 120, break_long_words=False, break_on_hyphens=False))


def card_of(name: str) -> Path:
    """The model card of the checkpoint `name`."""
    from course_lib.checkpoints import SHIPPED

    return SHIPPED / name / "card.md"


def _block(name: str) -> re.Pattern:
    return re.compile(rf"(<!-- course evaluate {re.escape(name)} -->\n).*?(<!-- end -->)", re.DOTALL)


def check_block(card: Path, name: str) -> None:
    """Raise ValueError unless `card` has exactly one place for the figures of `name`."""
    found = len(_block(name).findall(card.read_text(encoding="utf-8"))) if card.is_file() else 0
    if found != 1:
        raise ValueError(
            f"{card} has {found} blocks for the figures, expected one. Write these two lines where they belong:\n"
            f"<!-- course evaluate {name} -->\n<!-- end -->"
        )


def write_into(card: Path, name: str, text: str) -> None:
    """Replace what stands in `card` between `<!-- course evaluate NAME -->` and `<!-- end -->`. Raises ValueError."""
    check_block(card, name)
    before = card.read_text(encoding="utf-8")
    after = _block(name).sub(lambda found: f"{found[1]}\n{text.strip()}\n\n{found[2]}", before)
    write_atomically(card, after)
