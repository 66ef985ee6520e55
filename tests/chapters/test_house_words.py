"""Text, code, comments and what is printed use the words of the field (``house_words.py``)."""

import subprocess

import pytest
from house_words import INSTEAD, house_words
from reading import ROOT, Chapter, texts_of

TEXTS = (".md", ".py", ".toml", ".json", ".js", ".j2", ".svg", ".yml")
NOT_OURS = (  # texts that models read, what was recorded, vocabularies; and the list itself
    "course_lib/data/files/", "course_lib/checkpoints/shipped/", "course_lib/experiments/records/", "tests/",
    "workshop/recipes/texts/", "workshop/recipes/letters.py",
)  # fmt: skip


def files():
    """Every tracked file of text that is ours."""
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    for name in tracked:
        ours = not name.startswith(NOT_OURS) or name.endswith("card.md")
        if name.endswith(TEXTS) and ours and (ROOT / name).exists():
            yield name


def test_files_use_the_words_of_the_field():
    texts = {name: (ROOT / name).read_text(encoding="utf-8") for name in files()}
    assert len(texts) > 100
    found = [(name, *one) for name, text in texts.items() for one in house_words(text)]
    assert [f"{name}:{line}: {words!r}; write: {says}" for name, line, words, says in found] == []


@pytest.mark.parametrize("path", sorted((ROOT / "chapters").glob("[0-9][0-9]_*.ipynb")), ids=lambda path: path.stem)
def test_chapters_use_the_words_of_the_field(path):
    for cell in Chapter(path).cells:
        shown = [cell.source, *texts_of(cell)] if cell.cell_type == "code" else [cell.source]
        assert [f"{cell.id}: {words!r}; write: {says}" for _, words, says in house_words("\n".join(shown))] == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("MiniLM, the filler of gaps", "filler of gaps"),
        ("its table of\n# words", "table of # words"),
        ("Weights by lot.", "by lot"),
        ("an interval clear of 0", "clear of 0"),
        ("seed 7, rate 0.001", "rate 0.0"),
        ("Draw them again.", "Draw them again"),
        ("what stands behind the gap", "stands behind"),
    ],
)
def test_they_are_found(text, words):
    assert words in [found for _, found, _ in house_words(text)]


def test_other_uses_are_left_alone():
    text = "Read on to the answer. A learning rate 0.001. A lot of it, behind a proxy. It holds 0 texts. Lots of words."
    assert list(house_words(text)) == []
    assert len(INSTEAD) > 12
