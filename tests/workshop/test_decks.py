"""workshop.site.decks: slides show what is marked, short, and keep the rest for the speaker; nothing overflows."""

from pathlib import Path

import pytest
from browser import CHROMIUM, opened, violations
from bs4 import BeautifulSoup
from test_pages import DOING, OPENING, PIXEL, code, data, printed, project, text, write

from workshop.site import chapters, decks, pages
from workshop.site.decks import _short, slides_of

CHAPTERS = Path(__file__).resolve().parents[2] / "chapters"
PREDICTION = 'predict("p", "One and one?", ["two", "three"])'
CELLS = [
    text(OPENING.replace("[chapter 2](02_models.ipynb#Why-it-works)", "Python")),
    text("## A sum\n\nAdd one and one. Then look.\n\n- two\n\n- more", "slide"),
    text("For the speaker only."),
    code(PREDICTION, printed("?"), tags=["prediction", "slide"]),
    code('reveal("p", 1)', printed("It is two."), tags=["fragment"]),
    text("Not said.", "skip-slide"),
    code("plot()", data("image/png", PIXEL), tags=["slide"], alt="A dot"),
    code("hidden()", printed("hidden")),
]


@pytest.fixture(scope="module")
def deck(tmp_path_factory):
    place = tmp_path_factory.mktemp("decks")
    site = write(place, project(place, **{"01_sums": CELLS, "02_unmarked": [text("# Unmarked"), *DOING[:4]]}))
    return site / "slides" / "01_sums.html"


def test_a_slide_shows_little_and_the_notes_have_the_rest(deck):
    soup = BeautifulSoup(deck.read_text(encoding="utf-8"), "html.parser")
    assert [h.get_text() for h in soup.select("h1, h2")] == ["01 Pipelines", "A sum", "A sum", "A sum"]
    first, question, drawing = [h.find_parent("section") for h in soup.select("h2")]
    notes = [one.select_one("aside.notes").extract().get_text() for one in (first, question, drawing)]
    assert [note.split("\n")[0] for note in notes] == ["About 1 min.", "About 2 min.", "About 1 min."]
    assert "Add one and one." in first.get_text()
    assert "Then look." not in first.get_text()
    assert "Then look." in notes[0]
    assert "For the speaker only." in notes[0]
    assert "Ask for hands" in notes[1]
    assert "Not said." not in soup.get_text()
    assert [li.get_text().strip() for li in question.select("ol li")] == ["two", "three"]
    answer = question.select_one(".fragment")
    assert "It is two." in answer.get_text()
    assert "reveal" not in answer.get_text(), "the answer, not the code that says it"
    assert drawing.img["alt"] == "A dot"
    assert "hidden" not in soup.select_one(".slides").get_text()


def test_a_chapter_without_marks_has_no_deck_and_one_with_marks_is_linked(deck):
    assert not (deck.parent / "02_unmarked.html").exists()
    index = BeautifulSoup((deck.parents[1] / "index.html").read_text(encoding="utf-8"), "html.parser")
    assert [a["href"] for a in index.article.select("a[href^=slides]")] == ["slides/01_sums.html"]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("Look here. And there.", "Look here."),
        ("It has 1.5 rows. So.", "It has 1.5 rows."),
        ("See [a term](x.md#a). More.", "See a term."),
        ("**Exercise 1.1** · 5 min · easy\n\nWrite it. Now.", "**Exercise 1.1** · 5 min · easy\n\nWrite it."),
        ("- a. B\n- c\n\nAfter.\n\n| t |\n| - |", "- a.\n- c"),
        ("![p](a.png)\n\nWords.", "![p](a.png)\n\nWords."),
    ],
)
def test_what_a_slide_shows_of_a_text(given, shown):
    assert _short(given, False) == shown


@pytest.mark.parametrize("name", ["01_pipelines", "04_architectures", "05_attention"])
def test_a_chapter_has_slides_for_a_lecture(name):
    chapter = chapters.read(CHAPTERS / f"{name}.ipynb")
    slides = slides_of(chapter)
    assert 25 <= len(slides) + 1 <= 40
    assert all(slide.cells for slide in slides)


@pytest.mark.skipif(CHROMIUM is None, reason="needs a browser")
@pytest.mark.parametrize("name", ["00_start_here", "01_pipelines", "04_architectures", "05_attention"])
def test_no_slide_overflows(tmp_path, name):
    """Each slide with all its steps, in Chromium: 1280 by 720, nothing refused, every picture loaded."""
    chapter = chapters.read(CHAPTERS / f"{name}.ipynb")
    decks.stage([chapter], tmp_path / "source")
    settings = decks.configuration(pages.configuration(CHAPTERS.parent))
    assert pages.run_sphinx(tmp_path / "source", tmp_path / "slides", "revealjs", settings) == []
    deck = tmp_path / "slides" / f"{name}.html"
    act = """
      const found = [];
      for (const slide of Reveal.getSlides()) {
        const at = Reveal.getIndices(slide);
        Reveal.slide(at.h, at.v, 99);
        await new Promise((go) => setTimeout(go, 20));
        const loaded = [...slide.querySelectorAll("img")].every((image) => image.naturalWidth > 0);
        found.push([slide.querySelector("h1, h2").textContent, slide.scrollHeight, slide.scrollWidth, loaded]);
      }
      return found;"""
    found = opened(deck, tmp_path, act)
    assert found["refused"] == []
    assert len(found["value"]) == len(slides_of(chapter)) + 1
    assert [one for one in found["value"] if one[1] > 720 or one[2] > 1280 or not one[3]] == []


@pytest.mark.skipif(CHROMIUM is None, reason="needs a browser")
def test_axe_finds_nothing_on_slides(deck, tmp_path):
    assert violations(deck, tmp_path, "light") == {}
