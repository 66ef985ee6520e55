"""What may be handed to a pipeline: a text, a list of them, or a column of `datasets`, NumPy, pandas, PyArrow.

Transformers' pipelines know strings, lists, generators and PyTorch data sets. A column or a tuple of texts they take
for one text, and answer the first of them. Here each becomes a list first, or the message says how to hand it over.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Any

from torch.utils.data import Dataset

from course_lib.pipelines.inputs import check_number, shown

LONGEST_BATCH = 4096  # DataLoader writes a list of `batch_size` numbers before it reads anything
ROWS = ("question-answering",)  # tasks whose one input is a row with several columns


def handed_over(inputs: Any, task: str) -> Any:
    """`inputs` as Transformers' pipelines take it: one input, a list, a generator, or a PyTorch `Dataset` as it is.

    A list comes back for tuples, columns of `datasets`, one-dimensional arrays, pandas' Series and other sequences; a
    generator for what can be read only once. Raises TypeError for what holds no texts, a whole table, a path, bytes.
    """
    if isinstance(inputs, str):
        return str(inputs)  # also numpy.str_, which tokenizers refuse
    if isinstance(inputs, (list, dict, Dataset)) and not hasattr(inputs, "column_names"):
        return [str(item) if isinstance(item, str) else item for item in inputs] if type(inputs) is list else inputs
    if isinstance(inputs, Iterator):
        return (item for item in inputs)
    if hasattr(inputs, "column_names") or hasattr(inputs, "columns"):  # a table: datasets, pandas, PyArrow, Polars
        return _rows(inputs, task)
    if isinstance(inputs, os.PathLike):
        raise TypeError(
            f'{task}: the input is the path {shown(str(inputs))}. Give its text: path.read_text(encoding="utf-8").'
        )
    if isinstance(inputs, (bytes, bytearray, memoryview)):
        raise TypeError(f"{task}: the input is bytes. Expected a text (str): write input.decode('utf-8').")
    if isinstance(inputs, Set) and not hasattr(inputs, "mapping"):  # the keys of a dictionary have an order
        raise TypeError(f"{task}: the input is a set, whose texts have no order. Give a list: sorted(texts).")
    if isinstance(inputs, Mapping):
        return dict(inputs)
    if getattr(inputs, "ndim", 1) != 1:
        return _of_other_shape(inputs, task)
    for convert in ("tolist", "to_list", "to_pylist"):  # NumPy and pandas, Polars, PyArrow
        if hasattr(inputs, convert):
            return handed_over(getattr(inputs, convert)(), task)
    if type(inputs).__name__ == "IterableColumn":
        return (item for item in inputs)
    return list(inputs) if isinstance(inputs, Iterable) else inputs


def batch_of(batch_size: Any) -> int | None:
    """A batch size as PyTorch takes it, an int or None; raises unless it is a whole number of at least 1, or None."""
    check_number("batch_size", batch_size, 1)
    return None if batch_size is None else min(int(batch_size), LONGEST_BATCH)


def _rows(table: Any, task: str) -> Any:
    """The rows of a table, for a task that takes them; else an error that names its columns."""
    columns = table.column_names if hasattr(table, "column_names") else table.columns
    names = [] if columns is None else [str(name) for name in columns]
    if task in ROWS:
        for convert in ("to_pylist", "to_dicts"):  # PyArrow, Polars
            if hasattr(table, convert):
                return getattr(table, convert)()
        if hasattr(table, "to_dict") and hasattr(table, "columns"):
            return table.to_dict("records")
        return [dict(row) for row in table] if hasattr(table, "__len__") else (dict(row) for row in table)
    column = "text" if "text" in names or not names else names[0]
    way = f'pipe(table["{column}"])' if hasattr(table, "__len__") else f'pipe(row["{column}"] for row in table)'
    raise TypeError(
        f"{task}: the input is a whole table, {type(table).__name__}"
        + (f", with the columns {shown(names)}" if names else "")
        + f". Expected texts. Give one column: {way}."
    )


def _of_other_shape(array: Any, task: str) -> Any:
    """The text of an array without dimensions; an error for arrays with two or more."""
    if array.ndim == 0:
        return handed_over(array.item(), task)
    raise TypeError(
        f"{task}: the input is an array of shape {tuple(array.shape)}. Expected texts in one dimension: give one "
        "column of it, array[:, 0]."
    )
