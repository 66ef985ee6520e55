"""Tests of ``workshop/editions/normalise.py``: one form for every notebook, made once and then kept."""

import json
import os
import subprocess
import sys

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_notebook
from notebook_rules import normalise

MESSY = {
    "nbformat": 4,
    "nbformat_minor": 4,
    "metadata": {
        "kernelspec": {"name": "my-env", "display_name": "My env"},
        "language_info": {"name": "python", "version": "3.11.7"},
        "widgets": {"application/vnd.jupyter.widget-state+json": {"state": {}}},
    },
    "cells": [
        {
            "cell_type": "markdown",
            "metadata": {"editable": True},
            "source": ["# Ada's café: words & sums\n", "\n", "Text.  \n\n"],
        },
        {
            "cell_type": "code",
            "execution_count": 17,
            "metadata": {
                "execution": {"iopub.execute_input": "2026"},
                "tags": ["claim-C07", "claim-C07"],
                "alt": "a figure",
            },
            "source": "print(1)\n",
            "outputs": [
                {"output_type": "stream", "name": "stdout", "text": "1\n"},
                {"output_type": "stream", "name": "stdout", "text": ["2\n", "3\n"]},
                {
                    "output_type": "display_data",
                    "metadata": {"image/png": {"width": 640, "alt": "a figure"}, "needs_background": "light"},
                    "data": {"image/png": "iVBORw0KGgo="},
                },
                {"output_type": "stream", "name": "stdout", "text": "4\n"},
            ],
        },
        {"cell_type": "code", "execution_count": None, "metadata": {}, "source": "\n", "outputs": []},
        {
            "cell_type": "code",
            "execution_count": None,
            "metadata": {"tags": []},
            "source": "slider",
            "outputs": [
                {
                    "output_type": "execute_result",
                    "execution_count": 3,
                    "metadata": {},
                    "data": {"application/vnd.jupyter.widget-view+json": {"model_id": "a1"}, "text/plain": "Slider()"},
                },
                {
                    "output_type": "error",
                    "ename": "E",
                    "evalue": "no",
                    "traceback": ["Cell In[3], line 1", "\x1b[32mFile ~/x.py:3\x1b[0m", "E: no"],
                },
            ],
        },
        {"cell_type": "markdown", "metadata": {}, "source": "낱말"},
    ],
}


def in_form(notebook):
    return json.loads(normalise.normalised(json.dumps(notebook)))


def ids_of(notebook):
    return [cell["id"] for cell in notebook["cells"]]


def test_normalise_brings_a_messy_notebook_into_form():
    text = normalise.normalised(json.dumps(MESSY))
    notebook = json.loads(text)
    first, claim, slider, korean = notebook["cells"]
    assert notebook["nbformat_minor"] == 5
    assert notebook["metadata"] == {
        "kernelspec": {"display_name": "Python 3", "name": "python3"},
        "language_info": {"name": "python"},
    }
    assert ids_of(notebook) == ["adas-cafe-words-sums", "claim-c07", "adas-cafe-words-sums-1", "adas-cafe-words-sums-2"]
    assert "".join(first["source"]).endswith("Text.")
    assert first["metadata"] == {}
    assert claim["metadata"] == {"alt": "a figure", "tags": ["claim-C07"]}
    assert [cell["execution_count"] for cell in (claim, slider)] == [1, 2]
    assert [output.get("text") for output in claim["outputs"]] == [["1\n", "2\n", "3\n"], None, ["4\n"]]
    assert claim["outputs"][1]["metadata"] == {"image/png": {"alt": "a figure"}}
    assert slider["outputs"][0] == {
        "data": {"text/plain": ["Slider()"]},
        "execution_count": 2,
        "metadata": {},
        "output_type": "execute_result",
    }
    assert slider["outputs"][1]["traceback"] == ["Cell In[3], line 1", "E: no"]
    assert slider["metadata"] == {}
    assert text.endswith("}\n")
    assert text == json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    assert normalise.normalised(text) == text


@pytest.mark.parametrize(
    ("jupyter", "kept"),
    [
        ({"source_hidden": True, "outputs_hidden": True}, {"jupyter": {"source_hidden": True}}),
        ({"source_hidden": False}, {}),
        ({"outputs_hidden": True}, {}),
    ],
)
def test_a_folded_source_stays_folded_and_nothing_else_of_jupyters(jupyter, kept):
    cell = {"cell_type": "code", "metadata": {"jupyter": jupyter}, "source": "1", "outputs": [], "execution_count": 1}
    notebook = {"cells": [cell | {"id": "one-cell"}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    found = normalise.normalised(json.dumps(notebook))
    assert json.loads(found)["cells"][0]["metadata"] == kept
    assert normalise.normalised(found) == found


def test_normalise_keeps_ids_when_words_change_and_cells_come_between():
    notebook = in_form(MESSY)
    before = ids_of(notebook)
    notebook["cells"][0]["source"] = "# Quite another title"
    new = {"cell_type": "markdown", "id": "0b1c2d3e", "metadata": {}, "source": "## The new idea"}
    copy = dict(notebook["cells"][1])
    notebook["cells"][1:1] = [new, copy]
    assert ids_of(in_form(notebook)) == [before[0], "the-new-idea", "claim-c07", "claim-c07-2", *before[2:]]


def test_a_folded_source_and_the_marks_of_the_editions_are_kept():
    notebook = in_form(MESSY)
    cell = notebook["cells"][1]
    cell["metadata"] |= {"jupyter": {"source_hidden": True, "outputs_hidden": False}, "tags": ["exercise", "slide"]}
    notebook["cells"][2]["metadata"]["jupyter"] = {"source_hidden": False}
    _, cell, other, *_ = in_form(notebook)["cells"]
    assert cell["metadata"]["jupyter"] == {"source_hidden": True}
    assert cell["metadata"]["tags"] == ["exercise", "slide"]
    assert "jupyter" not in other["metadata"]


@pytest.mark.parametrize(
    ("cell_id", "kept"),
    [
        ("words-that-must-not-be-heard", True),
        ("claim-c07-2", True),
        ("sst2", True),
        ("85016ab2", False),
        ("deadbeef", False),
        ("3f2504e0-4f89-11d3-9a0c-0305e82c3301", False),
        ("k3jd9sk2la1m", False),
        ("aB3dE_fGh1Jk", False),
        ("12-3", False),
        ("double--hyphen", False),
        ("x" * 41, False),
        ("", False),
    ],
)
def test_ids_that_an_editor_invented_are_told_from_words(cell_id, kept):
    assert normalise.is_meaningful(cell_id) is kept


SOURCES = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        ["# Deadbeef", "# 2024", "## 낱말", "## A B C D E F G H", "# " + "long" * 20, "12345678", "x = 1\n"]
    ),
)
CELLS = st.lists(
    st.tuples(
        st.sampled_from(["code", "markdown", "raw"]),
        SOURCES,
        st.sampled_from(["", "deadbeef", "deadbeef-2", "claim-c01", "kept-words", "x" * 64]),
        st.sampled_from([[], ["claim-C01"], ["other"]]),
    ),
    max_size=8,
)


@settings(max_examples=150, deadline=None)
@given(CELLS)
def test_normalise_is_idempotent_and_gives_meaningful_unique_ids(cells):
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}
    for kind, source, cell_id, names in cells:
        cell = {"cell_type": kind, "source": source, "id": cell_id, "metadata": {"tags": names}}
        if kind == "code":
            cell |= {"outputs": [], "execution_count": None}
        notebook["cells"].append(cell)
    text = normalise.normalised(json.dumps(notebook))
    ids = ids_of(json.loads(text))
    assert len(set(ids)) == len(ids)
    assert all(normalise.is_meaningful(cell_id) for cell_id in ids)
    assert normalise.normalised(text) == text


def test_check_names_the_files_and_the_command_and_changes_nothing(tmp_path):
    path = tmp_path / "messy.ipynb"
    path.write_text(json.dumps(MESSY))
    command = [sys.executable, "-m", "workshop.editions.normalise", "--check", str(path)]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 1
    assert f"mend with: python -m workshop.editions.normalise {path}" in result.stderr
    assert path.read_text() == json.dumps(MESSY)
    assert normalise.main([str(path)]) == 0
    assert normalise.main(["--check", str(path)]) == 0


def test_a_console_that_lacks_the_letters_of_a_name_ends_nothing(tmp_path):
    path = tmp_path / "낱말.ipynb"
    path.write_text(json.dumps(MESSY))
    told = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    command = [sys.executable, "-m", "workshop.editions.normalise", str(path)]
    done = subprocess.run(command, capture_output=True, env=told)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"normalised ")


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"{", "not a notebook"), (b'{"a": 1}', "not a notebook"), (b"\xff", "utf-8"), (None, "No such file")],
)
def test_files_that_are_no_notebooks_are_refused_by_name(content, words, tmp_path, capsys):
    path = tmp_path / "bad.ipynb"
    if content is not None:
        path.write_bytes(content)
    assert normalise.main([str(path)]) == 1
    complaint = capsys.readouterr().err
    assert str(path) in complaint
    assert words in complaint


def test_execute_runs_in_the_folder_of_the_notebook_and_stores_outputs(tmp_path):
    (tmp_path / "data.txt").write_text("from the folder")
    path = tmp_path / "run.ipynb"
    source = "import os\nprint(open('data.txt').read(), os.environ['TQDM_DISABLE'])"
    nbformat.write(new_notebook(cells=[new_code_cell(source, execution_count=9)]), path)
    assert normalise.main(["--execute", "--build", str(tmp_path / "build"), str(path)]) == 0
    cell = json.loads(path.read_text())["cells"][0]
    assert (cell["execution_count"], cell["outputs"][0]["text"]) == (1, ["from the folder 1\n"])
    assert normalise.main(["--check", str(path)]) == 0


def test_execute_leaves_the_file_alone_when_a_cell_fails(tmp_path, capsys):
    path = tmp_path / "run.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell("1 / 0")]), path)
    before = path.read_bytes()
    assert normalise.main(["--execute", "--build", str(tmp_path / "build"), str(path)]) == 1
    assert "ZeroDivisionError" in capsys.readouterr().err
    assert path.read_bytes() == before


def saved_meanwhile(monkeypatch, path, change):
    """`--execute` on a notebook of one cell, which somebody changes and saves while it runs; the exit code."""
    notebook = new_notebook(cells=[new_code_cell("print(1)", id="one", metadata={"tags": ["claim-C01"]})])
    nbformat.write(notebook, path)

    def executed(paths, build):
        output = nbformat.v4.new_output("stream", text="1\n")
        copy = nbformat.read(path, as_version=4)
        copy.cells[0].outputs = [output]
        change(notebook)
        nbformat.write(notebook, path)
        return {path: nbformat.writes(copy)}

    monkeypatch.setattr(normalise, "executed", executed)
    return normalise.main(["--execute", str(path)])


@pytest.mark.parametrize(
    "change",
    [
        lambda notebook: notebook.cells[0].update(source="print(2)"),
        lambda notebook: notebook.cells[0].metadata.update(tags=["claim-C02"]),
        lambda notebook: notebook.cells.append(new_code_cell("print(1)")),
    ],
    ids=["source", "tag", "new cell"],
)
def test_what_was_saved_while_it_was_executed_stays(tmp_path, capsys, monkeypatch, change):
    path = tmp_path / "run.ipynb"
    assert saved_meanwhile(monkeypatch, path, change) == 1
    assert capsys.readouterr().err == f"{path}: changed while it was executed; run it again\n"
    saved = nbformat.read(path, as_version=4)
    assert [cell.outputs for cell in saved.cells] == [[]] * len(saved.cells)
    asked = new_notebook(cells=[new_code_cell("print(1)", id="one", metadata={"tags": ["claim-C01"]})])
    change(asked)
    assert [(cell.source, cell.metadata) for cell in saved.cells] == [(c.source, c.metadata) for c in asked.cells]


def test_a_new_id_stays_and_what_an_editor_saves_of_itself_is_no_change(tmp_path, monkeypatch):
    def change(notebook):
        notebook.metadata["language_info"] = {"name": "python", "version": "3.11.7"}
        notebook.cells[0].update(id="two", source="print(1)\n", execution_count=7)
        notebook.cells[0].metadata["editable"] = True

    path = tmp_path / "run.ipynb"
    assert saved_meanwhile(monkeypatch, path, change) == 0
    (cell,) = nbformat.read(path, as_version=4).cells
    assert (cell.id, cell.source, cell.outputs[0].text, cell.execution_count) == ("two", "print(1)", "1\n", 1)
    assert normalise.main(["--check", str(path)]) == 0


def test_the_old_form_is_kept_when_the_new_cannot_be_written(tmp_path, capsys):
    path = tmp_path / "half.ipynb"
    path.write_text(json.dumps(MESSY).replace("print(1)", "print('\\ud800')"))
    before = path.read_bytes()
    assert normalise.main([str(path)]) == 1
    assert f"{path}: 'utf-8' codec can't encode" in capsys.readouterr().err
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["half.ipynb"]


def test_of_an_interactive_view_the_still_picture_stays():
    def stored(data):
        cell = new_code_cell("view", outputs=[nbformat.v4.new_output("execute_result", data, execution_count=1)])
        text = nbformat.writes(new_notebook(cells=[cell]))
        return json.loads(normalise.normalised(text))["cells"][0]["outputs"][0]["data"]

    view = {"text/html": '<iframe srcdoc="d3">', "image/png": "AAAA", "text/plain": "Head view"}
    assert set(stored(view)) == {"image/png", "text/plain"}
    table = {"text/html": "<table></table>", "image/png": "AAAA", "text/plain": "a table"}
    assert set(stored(table)) == set(table), "other HTML is kept"
    alone = {"text/html": '<iframe srcdoc="d3">', "text/plain": "no picture"}
    assert set(stored(alone)) == set(alone), "and a view without a picture, which would be lost"
