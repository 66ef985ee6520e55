"""workshop.site.decks: slides show what is marked, short, and keep the rest for the speaker."""

from pathlib import Path

import pytest
from browser import CHROMIUM, needs_browser
from bs4 import BeautifulSoup
from keyboard import typed
from test_pages import DOING, OPENING, PIXEL, code, data, printed, project, text, write

from workshop.site import chapters
from workshop.site.decks import _few_sentences, _prose, _short, slides_of

CHAPTERS = Path(__file__).resolve().parents[2] / "chapters"
NAMES = sorted(path.stem for path in CHAPTERS.glob("[0-9][0-9]_*.ipynb"))
LECTURES = [name for name in NAMES if not name.startswith("00")]  # 00 is a welcome
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
        ("Why? Because. More.", "Why? Because."),
        ("It is this: *a* and b. More.", "It is this: *a* and b."),
        ("1. **A.** B. C\n2. **D**: E", "1. **A.** B.\n2. **D**: E"),
        ("- a. B\n- c\n\nAfter.\n\n| t |\n| - |", "- a.\n- c"),
        ("![p](a.png)\n\nWords.", "![p](a.png)\n\nWords."),
    ],
)
def test_what_a_slide_shows_of_a_text(given, shown):
    assert _short(given, False) == shown


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("## A\n\nOne is [so](x.md).\nTwo is. (No.) Three.\n\nFour.", "One is so.\n\nTwo is.\n\nThree."),
        ("Why? Because. More. Here:", "Why? Because.\n\nMore."),
        ("A. W" + "ord w" * 80 + "ord. B.", "A."),
    ],
)
def test_a_text_alone_on_its_slide_has_a_few_sentences(given, shown):
    assert _few_sentences(_prose(given)) == shown


def test_only_a_text_that_is_alone_has_more_than_its_first_sentence():
    slides = {s.heading: s for s in reversed(slides_of(chapters.read(CHAPTERS / "05_attention.ipynb")))}
    assert len(slides["The block"].cells[0].source.split("\n\n")) == 3
    assert len(slides["Padding and the mask"].cells[0].source.split("\n\n")) == 1


@pytest.mark.parametrize("name", LECTURES)
def test_a_chapter_has_slides_for_a_lecture(name):
    chapter = chapters.read(CHAPTERS / f"{name}.ipynb")
    slides = slides_of(chapter)
    assert 25 <= len(slides) + 1 <= 40
    assert all(slide.cells for slide in slides)


def test_a_prediction_may_be_a_step_of_its_introduction():
    slides = slides_of(chapters.read(CHAPTERS / "05_attention.ipynb"))
    introduction, question, answer = next(s for s in slides if s.heading == "One word, two meanings").cells
    assert introduction.source.startswith("What is the exchange between tokens good for? Sixteen")
    assert question.source.startswith("::::{container} fragment\nBefore the first block")
    assert ":::{container} choices\n1. unrelated" in question.source
    assert answer.metadata.course.kind == "fragment"
    assert next(s.minutes for s in slides if s.heading == "One word, two meanings") == 3


@needs_browser
def test_a_slide_with_room_is_set_larger_and_its_picture_fills_it(deck, tmp_path):
    with typed(deck, tmp_path) as page:
        sum_, question, drawing = page.does("""
          return [...document.querySelectorAll(".slides section:not(:has(section))")].slice(1).map((slide) => {
            Reveal.slide(Reveal.getIndices(slide).h, Reveal.getIndices(slide).v, 99);
            const size = (found) => found && parseFloat(getComputedStyle(found).fontSize);
            const [words, code] = [slide.querySelector("p, li"), slide.querySelector("pre")];
            return [size(words), size(code), slide.querySelector("img")?.clientHeight];
          })""")
    assert sum_ == [39, None, None]
    assert question == [39, 30, None]
    assert drawing[2] > 500


@needs_browser
def test_axe_finds_nothing_on_slides(deck, tmp_path):
    with typed(deck, tmp_path) as page:
        assert page.violations("light") == {}


@needs_browser
def test_the_speakers_view_follows_the_slides_from_a_file_without_network(deck):
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--proxy-server=127.0.0.1:9"])
        slides = browser.new_page()
        slides.goto(deck.as_uri())
        slides.wait_for_function("window.Reveal?.isReady()", timeout=120_000)
        with slides.expect_popup(timeout=120_000) as opens:
            slides.keyboard.press("s")
        speaker = opens.value
        upcoming = speaker.frame_locator("#upcoming-slide iframe").locator("section.present h2")
        upcoming.first.wait_for(timeout=120_000)
        slides.keyboard.press("ArrowRight")
        notes = speaker.locator(".speaker-controls-notes .value", has_text="For the speaker only.")
        notes.wait_for(timeout=120_000)
        assert notes.inner_text().startswith("About 1 min.")
        browser.close()
