"""workshop.site.pdf: the course as one PDF, a deck as another, as a browser prints them; what is said without one."""

import json
import os
import re
import sys
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup
from pypdf import PdfReader
from test_pages import DOING, OPENING, PIXEL, PROSE, QUESTION, SECOND, SHOWING, code, data, project, text, write
from typer.testing import CliRunner

from course_lib import quizzes
from workshop.cli import app
from workshop.site import paper, pdf

needs_browser = pytest.mark.skipif(pdf.find_browser() is None, reason="needs a browser that prints")
SLIDES = [
    text("## A sum\n\nOne and one. Then look.", "slide"),
    text("For the speaker only."),
    code("plot()", data("image/png", PIXEL), tags=["slide"], alt="A dot"),
]
LONG = text("## " + "A heading of many words " * 8)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    place = tmp_path_factory.mktemp("printed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quizzes, "FOLDER", place)
        (place / "01.json").write_text(json.dumps([QUESTION | {"question": "One and [one](x)?"}]))
        first = [text(OPENING), text(PROSE), *SHOWING, *DOING, *SLIDES, LONG]
        return write(place, project(place, **{"01_pipelines": first, "02_models": SECOND}))


@pytest.fixture(scope="module")
def course(site):
    return PdfReader(pdf.print_course(site))


@pytest.fixture(scope="module")
def said(course):
    return [page.extract_text() for page in course.pages]


def outline(reader) -> list[str]:
    return [one.title for one in reader.outline if not isinstance(one, list)]


@needs_browser
def test_the_outline_has_the_chapters_in_order_and_their_sections(course):
    parts = ["01 Pipelines", "02 Models", "Claims", "Evidence", "Glossary"]
    assert outline(course) == ["Transformers, Executed", "Contents", *parts]
    first = next(one for one in course.outline if isinstance(one, list))  # what is below the first that has sections
    sections = [one.title for one in first if not isinstance(one, list)]
    assert sections[0] == "Why it works"
    assert LONG.source.removeprefix("## ").strip() in sections, "whole, though it takes two lines"
    assert sections[-2:] == ["Solutions", "Answers to the quiz"]


@needs_browser
def test_every_page_is_a4_has_its_number_and_more(course, said):
    for number, (page, words) in enumerate(zip(course.pages, said, strict=True), 1):
        lines = words.split("\n")
        assert str(number) in lines
        assert len(lines) > 3 or number == 1, f"page {number} is blank: {words}"
        assert (round(page.mediabox.width), round(page.mediabox.height)) == (595, 842)


@needs_browser
def test_the_contents_say_and_lead_to_the_page_where_a_section_begins(course, said):
    contents = " ".join(said[1].split())
    begins = pdf.page_numbers(course)
    for name, title in [("02_models", "02 Models"), ("01_pipelines.why-it-works", "Why it works"),
                        ("01_pipelines.solutions", "Solutions")]:  # fmt: skip
        assert f"{title} {begins[name]}" in contents
        assert title in said[begins[name] - 1]
    assert begins["02_models"] > begins["01_pipelines.solutions"] > begins["01_pipelines"] == 3


@needs_browser
def test_a_chapter_ends_with_its_solutions_and_answers_and_nothing_is_printed_twice(course, said):
    begins = pdf.page_numbers(course)
    chapter = "\n".join(said[begins["01_pipelines"] - 1 : begins["02_models"] - 1])
    end = chapter.index("\nSolutions\n")
    for words in ("return 2 * x", "Worked in words.", "Right so."):
        assert chapter.index(words) > end
        assert chapter.count(words) == 1
    assert "Our solution is at the end of the chapter." in chapter[:end]
    assert "One and [one](x)?" in chapter[:end]
    assert re.search(r"A\W+three|A\W+two", chapter[:end]), "choices have letters"
    assert "Exercise 1.0" in chapter[end:]
    assert "It is two." in chapter[:end], "the answer to a prediction stands at it"
    assert "How sure" not in chapter
    assert "In the reference" not in chapter


@needs_browser
def test_first_and_last_chapter_are_there_and_no_link_leads_into_a_file_of_this_machine(course, said):
    everything = " ".join(" ".join(said).split())
    for words in ("From a name to an answer", "What <follows>", "a word or a piece of a word", "assert 1 + 1"):
        assert words in everything
    addresses = [str(note.get_object()["/A"].get("/URI", "")) for page in course.pages
                 for note in page.get("/Annots", []) if "/A" in note.get_object()]  # fmt: skip
    assert "https://arxiv.org/abs/1706.03762" in addresses
    assert not [one for one in addresses if one.startswith("file:")]


@needs_browser
def test_the_file_is_small_and_the_first_page_links_it(course, site):
    assert (site / "transformers-executed.pdf").stat().st_size < 600_000
    assert len(list(pdf.print_slides(site))) == len(list(pdf.print_slides(site))) == 1
    index = BeautifulSoup((site / "index.html").read_text(encoding="utf-8"), "html.parser")
    links = [a["href"] for a in index.select("#as-pdf a")]
    assert links == ["transformers-executed.pdf", "slides/01_pipelines.pdf"]
    assert all((site / link).is_file() for link in links)
    assert not [*site.glob("book.html"), *site.glob("**/printing-*"), *site.glob("slides/handout.html")]


@needs_browser
def test_a_deck_has_a_page_for_each_slide_and_not_what_the_speaker_says(site):
    (made,) = pdf.print_slides(site)
    reader = PdfReader(made)
    words = [page.extract_text() for page in reader.pages]
    assert ["01 Pipelines" in words[0], "One and one." in words[1]] == [True, True]
    assert len(reader.pages) == 3
    assert len(reader.pages[2].images) == 1
    assert "speaker" not in " ".join(words)
    sizes = {}  # in points

    def measured(said, page, line, font, size):
        sizes[said.strip()] = abs(page[3] * line[3] * size)

    reader.pages[1].extract_text(visitor_text=measured)
    assert sizes["One and one."] == pytest.approx(39 * 0.75), "as large as on the screen"
    for page in reader.pages:
        assert abs(page.mediabox.width / page.mediabox.height - 16 / 9) < 0.01


@needs_browser
def test_a_slide_that_is_too_high_is_said(tmp_path):
    high = text("## High\n\n" + "\n".join(f"- line {at}" for at in range(40)), "slide")
    site = write(tmp_path, project(tmp_path, **{"01_sums": [text("# Sums\n\nOf numbers."), high]}))
    with pytest.raises(pdf.CannotPrint, match="01_sums.html has 2 slides and takes [3-9] pages"):
        list(pdf.print_slides(site))
    assert not [*site.glob("slides/*.pdf")]


def test_what_was_printed_is_said_and_linked_also_when_a_later_deck_fails(tmp_path, monkeypatch):
    site = tmp_path / "site"
    (site / "slides").mkdir(parents=True)
    (site / "index.html").write_text('<p id="as-pdf"></p>')
    for name in ("01_one", "02_two"):
        (site / "slides" / f"{name}.html").touch()

    def prints(html, page, browser, to):
        to.touch()
        return SimpleNamespace(pages=[1] if to.stem == "01_one" else [1, 2])

    monkeypatch.setattr(pdf, "_print", prints)
    monkeypatch.setattr(paper, "handout", lambda deck: ("", 1))
    answer = CliRunner().invoke(app, ["pdf", "--slides", "--build", str(tmp_path)])
    assert answer.exit_code == 1
    assert f"PDF: {site / 'slides' / '01_one.pdf'}\n" in answer.output
    assert "02_two.html has 1 slides and takes 2 pages" in answer.output
    assert 'href="slides/01_one.pdf"' in (site / "index.html").read_text()
    assert [path.name for path in site.rglob("*.pdf")] == ["01_one.pdf"]


def test_what_is_wrong_is_said(site, tmp_path, monkeypatch):
    with pytest.raises(pdf.CannotPrint, match="no pages in .*course run"):
        pdf.print_course(tmp_path)
    with pytest.raises(pdf.CannotPrint, match="has printed nothing"):
        pdf.print_course(site, browser=sys.executable)
    with pytest.raises(pdf.CannotPrint, match="does not start"):
        pdf.print_course(site, browser=str(tmp_path / "nowhere"))
    monkeypatch.setattr(pdf.shutil, "which", lambda name: None)
    monkeypatch.setattr(pdf, "_places", lambda: iter([tmp_path / "nowhere"]))
    assert pdf.find_browser() is None
    with pytest.raises(pdf.CannotPrint, match="apt install chromium"):
        pdf.print_course(site)
    assert not (site / "book.html").exists()


@pytest.mark.parametrize(
    ("system", "place"),
    [
        ("win32", "Microsoft/Edge/Application/msedge.exe"),
        ("darwin", "Applications/Chromium.app/Contents/MacOS/Chromium"),
    ],
)
def test_a_browser_is_found_where_other_systems_have_it(tmp_path, monkeypatch, system, place):
    (tmp_path / place).parent.mkdir(parents=True)
    (tmp_path / place).touch()
    monkeypatch.setattr(pdf.sys, "platform", system)
    monkeypatch.setattr(pdf.shutil, "which", lambda name: None)
    monkeypatch.setattr(pdf.Path, "home", lambda: tmp_path)
    monkeypatch.setenv("PROGRAMFILES(X86)", str(tmp_path))
    assert pdf.find_browser() == str(tmp_path / place)


@pytest.mark.skipif(os.name == "nt", reason="a script of POSIX")
def test_a_browser_that_prints_no_pdf_and_pages_of_somebody_else_are_said(site, tmp_path):
    browser = tmp_path / "browser"
    browser.write_text('#!/bin/sh\nfor a; do case $a in --print-to-pdf=*) echo half > "${a#*=}";; esac; done\n')
    browser.chmod(0o755)
    before = {path: path.read_bytes() for path in site.rglob("*.pdf")}  # of other tests
    with pytest.raises(pdf.CannotPrint, match="is no PDF that can be read"):
        pdf.print_course(site, str(browser))
    with pytest.raises(pdf.CannotPrint, match="is no PDF that can be read"):
        list(pdf.print_slides(site, str(browser)))
    assert {path: path.read_bytes() for path in site.rglob("*.pdf")} == before
    strange = tmp_path / "site"
    (strange / "slides").mkdir(parents=True)
    for page in (strange / "index.html", strange / "slides" / "01_x.html"):
        page.write_text("<p>not of the course</p>")
    for ask in (lambda: pdf.print_course(strange), lambda: list(pdf.print_slides(strange))):
        with pytest.raises(pdf.CannotPrint, match="Make it anew: course run"):
            ask()


def test_an_answer_of_the_quiz_names_its_letter():
    for number in (1, 5):
        asked, answered = (BeautifulSoup(one, "html.parser") for one in paper.quiz(number))
        assert len(asked.ol.find_all("li", recursive=False)) == len(quizzes.questions(number))
        for question, answer in zip(asked.ol.find_all("li", recursive=False), answered.ol.find_all("li"), strict=True):
            for letter in answer.find_all("strong"):
                choice = question.ol.find_all("li")["ABCDEFGHIJ".index(letter.get_text())]
                assert choice.get_text() in answer.get_text()
