"""README.md, README.ko.md and the map in chapter 00 say the same; the Korean page goes in step with the English one."""

import os
import re

import nbformat
import pytest
from reading import ROOT, Chapter
from test_glossary import ROW, rows

from workshop import minutes

ENGLISH = (ROOT / "README.md").read_text(encoding="utf-8")
KOREAN = (ROOT / "README.ko.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HINT = "run `python -m workshop.minutes`"


def table(text, after):
    """The rows of the first table after a line, each as its columns, without the two lines of its head."""
    lines = text[text.index(after) :].splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith("|"))
    found = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            return found
        found.append([column.strip() for column in line.strip("|").split(" | ")])
    return found


def the_map():
    (start,) = (ROOT / "chapters").glob("00_*.ipynb")
    return next(cell.source for cell in Chapter(start).markdown if "## A map of the chapters" in cell.source)


@pytest.mark.parametrize("text", [ENGLISH, KOREAN, the_map()], ids=["README.md", "README.ko.md", "map"])
def test_minutes_are_those_of_the_chapters(text):
    assert minutes.written(text, minutes.said()) == text, HINT
    assert len(minutes.ROW.findall(text)) >= len(minutes.said()), "a row for each chapter"


def test_minutes_are_written_where_they_stand():
    text = "| [01 A](chapters/01_a.ipynb) | why? | 3 |\n| 00 B | 7 rows | 4 |\n| all | | 9 |\n| other | | 5 |\n"
    assert minutes.written(text, {"00": 10, "01": 20}) == (
        "| [01 A](chapters/01_a.ipynb) | why? | 20 |\n| 00 B | 7 rows | 10 |\n| all | | 30 |\n| other | | 5 |\n"
    )


@pytest.mark.parametrize("which", ["README.md", "chapters/00_one.ipynb"])
def test_the_old_minutes_are_kept_when_the_new_cannot_be_written(monkeypatch, tmp_path, which):
    cell = nbformat.v4.new_markdown_cell("| 00 B | | 4 |\n| all | | 4 |", id="map")
    (tmp_path / "chapters").mkdir()
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "chapters" / "00_one.ipynb")
    (tmp_path / "README.md").write_text("| all | | 4 |\n")
    before, replace = (tmp_path / which).read_bytes(), os.replace

    def refuse(new, path):
        if path == tmp_path / which:
            raise OSError(28, "No space left on device")
        replace(new, path)

    monkeypatch.setattr(minutes, "ROOT", tmp_path)
    monkeypatch.setattr(minutes, "REPEATED", [tmp_path / "README.md"])
    monkeypatch.setattr(minutes, "said", lambda: {"00": 5})
    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OSError, match="No space"):
        minutes.main()
    assert (tmp_path / which).read_bytes() == before
    monkeypatch.setattr(os, "replace", replace)
    minutes.main()
    assert b"| 5 |" in (tmp_path / which).read_bytes()


def test_the_readme_asks_the_questions_of_the_map():
    asked = {link[-9:]: question for link, question, _ in table(the_map(), "## A map")}
    shown = {link[-9:]: question for link, question, _ in table(ENGLISH, "## The chapters")[:-1]}
    assert list(shown.values()) == list(asked.values())
    assert [re.search(r"(\d\d)_\w+\.ipynb\)$", link)[1] for link, *_ in table(ENGLISH, "## The chapters")[:-1]] == [
        path.name[:2] for path in sorted((ROOT / "chapters").glob("[0-9][0-9]_*.ipynb"))
    ]


def test_headings_are_in_step():
    def levels(text):
        return [len(marks) for marks in re.findall(r"^(#+) ", BLOCK.sub("", text), re.MULTILINE)]

    assert levels(KOREAN) == levels(ENGLISH)
    headings = re.findall(r"^##+ (.+)$", KOREAN, re.MULTILINE)
    assert all(re.search("[가-힣]", heading) for heading in headings)


def test_commands_and_settings_are_in_step():
    def commands(text):
        return [line.split("  ")[0].strip() for block in BLOCK.findall(text) for line in block.splitlines()]

    def in_line(text):
        return sorted(set(re.findall(r"`([^`\n]+)`", BLOCK.sub("", text).replace("\n", " "))))

    assert commands(KOREAN) == commands(ENGLISH)
    assert len(commands(ENGLISH)) == 4
    assert in_line(KOREAN) == in_line(ENGLISH)


def test_tables_and_links_are_in_step():
    def shape(text):
        return [line.count("|") for line in text.splitlines() if line.startswith("|")]

    def links(text):
        return sorted(set(re.findall(r"\]\(([^)]+)\)", text)) - {"README.md", "README.ko.md"})

    assert shape(KOREAN) == shape(ENGLISH)
    assert links(KOREAN) == links(ENGLISH)
    assert [row[-1] for row in table(KOREAN, "## 차례")] == [row[-1] for row in table(ENGLISH, "## The chapters")]
    assert [row[0] for row in table(KOREAN, "## 가중치")] == [row[0] for row in table(ENGLISH, "## Where the weights")]
    assert {*re.findall(r"\d+(?:\.\d+)? (?:MB|GB|s)\b", KOREAN)} == {
        *re.findall(r"\d+(?:\.\d+)? (?:MB|GB|s)\b", ENGLISH)
    }


def test_korean_terms_are_those_of_the_glossary():
    known = {}
    for row in map(ROW.match, rows()):
        known[row["term"].partition(" (")[0].lower()] = re.split(r", | \(|\)", row["korean"])
    pairs = zip(table(ENGLISH, "## Where the weights"), table(KOREAN, "## 가중치"), strict=True)
    tasks = {english[1]: korean[1] for english, korean in pairs}
    found = [task for task in tasks if task in known]
    assert len(found) >= 6, "most tasks are terms"
    assert {task: tasks[task] for task in found if tasks[task] not in known[task]} == {}


def test_the_picture_is_there_and_small():
    (picture,) = re.findall(r"!\[[^\]]{60,}\]\(([^)]+)\)", ENGLISH)
    assert (ROOT / picture).stat().st_size < 300_000
