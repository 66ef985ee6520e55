"""The site of the real chapters, with the outputs stored in them: every page is opened, at a desk and on a phone, light
and dark; what a reader does with keys and clicks."""

import re
import time
import zipfile
from collections import defaultdict
from pathlib import Path

import nbformat
import pytest
import torch
from browser import WIDE, needs_browser
from keyboard import stops, typed
from links import pages_of, problems
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_lib.interactive import head_view, model_view
from workshop.site.chapters import read
from workshop.site.decks import slides_of
from workshop.site.pages import write_pages

ROOT = Path(__file__).resolve().parents[2]
SMALLEST = 18  # pixels of a slide 720 high: type for the last row
CHAPTERS = sorted((ROOT / "chapters").glob("[0-9]*.ipynb"))
OPEN = "document.querySelectorAll('details').forEach((fold) => { fold.open = true; })"
CUT = """[...document.querySelectorAll("article pre")].filter((one) => one.checkVisibility())
  .filter((one) => one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1)
  .map((one) => one.textContent.slice(0, 80))"""


def views(path):
    """A chapter with the interactive views, of which stored chapters hold only the still pictures."""
    weights, tokens = torch.rand(2, 1, 3, 4, 4, generator=torch.Generator().manual_seed(0)).softmax(-1), list("abcd")
    cells = [new_markdown_cell("# Views\n\nBoth of them.")]
    for view in (head_view, model_view):
        data, metadata = view({"self": weights}, tokens)._repr_mimebundle_()
        cells.append(new_code_cell("view", outputs=[new_output("display_data", data=data, metadata=metadata)]))
    nbformat.write(new_notebook(cells=cells), path)
    return path


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The site of all chapters and the views, and the seconds that it took."""
    place = tmp_path_factory.mktemp("course")
    began = time.perf_counter()
    site = write_pages([*CHAPTERS, views(place / "09_views.ipynb")], place / "build").parent
    return site, time.perf_counter() - began


@pytest.fixture(scope="module")
def site(built):
    return built[0]


@pytest.fixture(scope="module")
def page(site, tmp_path_factory):
    """A browser for all that follows."""
    with typed(site / "index.html", tmp_path_factory.mktemp("profile") / "profile") as page:
        yield page


def kind(path):
    """Chapters are of one kind, decks of one; any other page is of its own."""
    return "deck" if path.parent.name == "slides" else "chapter" if path.stem[:2].isdigit() else path.stem


@pytest.fixture(scope="module")
def seen(site, page):
    """Each page opened once: what axe finds in light and dark, how much wider than the screen it is, what is cut."""
    found = {"axe": {}, "wide": {}, "cut": {}, "looked": defaultdict(set)}
    for path in pages_of(site):
        name = path.relative_to(site).as_posix()
        page.resize(1280)
        page.open(path)
        page.value("document.querySelectorAll('.MCButton').forEach((choice) => choice.click())")  # right and wrong
        page.value(OPEN)
        if kind(path) != "deck":
            for width in (390, 1280):
                page.resize(width)
                found["wide"][name, width] = page.value(WIDE)
                found["cut"][name, width] = page.value(CUT)
        for mode in ["light"] if kind(path) == "deck" else ["light", "dark"]:
            found["looked"][kind(path)].add(mode)
            if rules := page.violations(mode):
                found["axe"][name, mode] = rules
    return found


def test_links_lead_somewhere_and_the_html_is_whole(site):
    assert list(problems(site)) == []


def test_pages_are_light(built, record_property):
    """A page in bytes, and with the styles, scripts and pictures that it loads; how long the site takes is recorded."""
    site, seconds = built
    record_property("seconds for all pages and slides", seconds)
    for path in site.glob("*.html"):
        html = path.read_text(encoding="utf-8")
        names = set(re.findall(r"(?:src|href)=[\"']([^\"'#:?]+\.(?:css|js|svg|png|woff2))", html))
        loaded = sum((site / name).stat().st_size for name in names if (site / name).is_file())
        assert len(names) > 10, path.name
        if path.stem != "09_views":
            assert path.stat().st_size < 500_000, path.name
        assert path.stat().st_size + loaded < 3_500_000, path.name
    whole = sum(path.stat().st_size for path in site.rglob("*") if path.is_file())
    assert whole < 30_000_000, f"{whole / 1e6:.0f} MB"


@needs_browser
def test_axe_finds_nothing_on_any_kind_of_page(site, seen):
    kinds = {kind(path) for path in pages_of(site)}
    assert {"chapter", "deck", "index", "search", "claims", "evidence", "glossary", "reference"} <= kinds
    assert {"teaching", "architecture", "changelog"} <= kinds
    assert dict(seen["looked"]) == {one: {"light"} if one == "deck" else {"light", "dark"} for one in kinds}
    assert seen["axe"] == {}


@needs_browser
def test_axe_would_see_a_pale_token_and_a_picture_without_words(site, page):
    page.open(site / "03_pretraining_and_fine_tuning.html")
    page.does("""
      const tokens = [...document.querySelectorAll(".highlight span.n")];
      tokens.at(-1).className = "pale";
      tokens.at(-1).style.color = "silver";
      document.querySelector("article").append(Object.assign(new Image(), { src: "_static/none.png" }));""")
    assert page.violations("light").keys() == {"color-contrast", "image-alt"}


@needs_browser
def test_no_page_is_wider_than_the_screen_and_no_code_is_cut(site, page, seen):
    page.resize(390)
    page.open(site / "index.html")
    page.value("document.body.append(document.createElement('hr')); document.body.lastChild.style.minWidth = '500px'")
    assert page.value(WIDE) > 100, "it would be seen"
    assert {at: pixels for at, pixels in seen["wide"].items() if pixels > 0} == {}
    assert {at: lines for at, lines in seen["cut"].items() if lines} == {}


@needs_browser
@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_no_slide_overflows(site, page, chapter):
    """Each slide with all its steps: 1280 by 720, nothing refused, pictures loaded, no code cut, no type too small."""
    page.resize(1280)
    page.open(site / "slides" / f"{chapter.stem}.html")
    act = """
      const found = [];
      for (const slide of Reveal.getSlides()) {
        const at = Reveal.getIndices(slide);
        Reveal.slide(at.h, at.v, 99);
        await new Promise((go) => setTimeout(go, 20));
        const loaded = [...slide.querySelectorAll("img")].every((image) => image.naturalWidth > 0);
        const cut = [...slide.querySelectorAll("pre, pre code")].filter((one) =>
          one.scrollHeight > one.clientHeight + 1 || one.scrollWidth > one.clientWidth + 1);
        const small = [...slide.querySelectorAll("p, li, pre, td")].filter((one) =>
          !one.closest("aside") && parseFloat(getComputedStyle(one).fontSize) < SMALLEST);
        found.push([slide.querySelector("h1, h2").textContent, slide.scrollHeight, slide.scrollWidth, loaded,
          [...cut, ...small].map((one) => one.textContent)]);
      }
      return found;"""
    found = page.does(act.replace("SMALLEST", str(SMALLEST)))
    assert page.value("refused") == []
    assert len(found) == len(slides_of(read(chapter))) + 1
    assert [one for one in found if one[1] > 720 or one[2] > 1280 or not one[3] or one[4]] == []


@needs_browser
@pytest.mark.parametrize("name", ["01_pipelines", "05_attention"])
def test_a_chapter_has_fewer_than_a_hundred_tab_stops(site, page, name):
    page.resize(1280)
    page.open(site / f"{name}.html")
    found = stops(page)
    assert 30 < len(found) < 100
    assert len(set(found)) > 30
    folded = "document.querySelectorAll('details:not([open]) :is(a, button, input)').length"
    assert page.value(folded) > 10, "what is folded is there, and Tab has not led into it"
    assert page.value("[...stopped].filter((one) => one.tagName !== 'SUMMARY' && one.closest('details:not([open])')).length") == 0  # noqa: E501  # fmt: skip


@needs_browser
def test_by_keys_alone_one_predicts_copies_and_turns_pages(site, page):
    page.open(site / "05_attention.html")
    page.press("ArrowRight")
    page.arrived("06_")
    page.press("ArrowLeft")
    page.arrived("05_")

    form = "document.querySelector('form.prediction')"
    page.value(f"{form}.querySelector('input').focus()")
    page.press(" ")
    page.press("ArrowDown")  # the second choice
    page.press("Tab")
    page.press("ArrowRight")  # how sure
    page.press("Tab")
    page.press("Enter")
    second = page.value(f"{form}.querySelectorAll('label')[1].textContent.trim()")
    assert page.value(f"{form}.nextSibling.textContent") == f"You said: {second}, 60 % sure. Read on to the answer."
    assert page.value("document.querySelector('details.answer').open")

    place = "[...document.querySelectorAll('.copybtn')].indexOf(document.activeElement)"
    page.value("document.querySelector('.copybtn').focus()")
    page.press("ArrowDown")
    assert page.value(place) == 1
    page.until("getComputedStyle(document.activeElement).opacity === '1'")


@needs_browser
def test_the_colour_menu_is_led_through_by_arrow_keys_and_gives_the_focus_back(site, page):
    page.open(site / "claims.html")
    page.value("document.querySelector('.theme-switch-button').focus()")
    for _ in range(3):  # it opens; as the system is, light, dark
        page.press("ArrowDown")
    assert page.value("document.activeElement.dataset.mode") == "dark"
    page.press("Enter")
    page.until("document.documentElement.dataset.theme === 'dark'")
    assert page.value("document.activeElement.matches('.theme-switch-button')")


@needs_browser
def test_arrow_keys_that_something_else_uses_turn_no_page(site, page):
    page.open(site / "05_attention.html")
    page.press("?")
    page.until("document.querySelector('dialog.help')?.open")
    assert "search" in page.value("document.querySelector('dialog.help').textContent")
    page.press("ArrowRight")
    page.press("Escape")
    page.until("!document.querySelector('dialog.help')")
    for selector in (".cell.quiz .Input-text", "form.prediction input[type=radio]"):
        page.value(f"document.querySelector({selector!r}).focus()")
        page.press("ArrowRight")
    page.value("document.querySelector('.cell.quiz .Input-text').focus()")
    page.press("?")
    assert page.value("document.querySelector('dialog.help')") is None
    page.value("""document.querySelector("article table").style.width = "20px"; document.querySelector("article table")
      .tabIndex = 0; document.querySelector("article table").focus()""")  # one that scrolls
    page.press("ArrowRight")
    page.value("new Promise((go) => setTimeout(go, 500))")
    assert page.value("location.pathname").endswith("05_attention.html")


@needs_browser
def test_a_figure_is_enlarged_by_click_and_by_key(site, page):
    page.open(site / "05_attention.html")
    small = page.value("document.querySelector('button.enlarge img').clientWidth")
    page.click("button.enlarge")
    page.until("document.querySelector('dialog.figure')?.open")
    assert page.value("document.querySelector('dialog.figure img').clientWidth") > 1.4 * small
    page.press("ArrowRight")
    page.press("Escape")
    page.until("!document.querySelector('dialog.figure')")
    page.value("document.querySelector('button.enlarge').focus()")
    page.press("Enter")
    page.until("document.querySelector('dialog.figure')?.open")
    page.press("Escape")
    page.until("!document.querySelector('dialog.figure')")
    assert page.value("document.activeElement.className") == "enlarge"
    assert page.value("location.pathname").endswith("05_attention.html")


@needs_browser
def test_a_click_copies_a_cell_as_it_is(site, page):
    page.open(site / "05_attention.html")
    page.click("div.cell_input .copybtn")
    page.until("document.querySelector('.copybtn.success')")
    page.value("document.body.prepend(document.createElement('textarea')); document.querySelector('textarea').focus()")
    down = {"key": "v", "code": "KeyV", "windowsVirtualKeyCode": 86, "modifiers": 2, "commands": ["paste"]}
    page.call("Input.dispatchKeyEvent", type="keyDown", **down)
    code = page.value("document.querySelector('div.cell_input pre').textContent")
    assert page.value("document.querySelector('textarea').value").strip() == code.strip() != ""


@needs_browser
def test_a_click_downloads_the_notebook_from_a_memory_stick(site, page, tmp_path):
    page.open(site / "05_attention.html")
    page.call("Page.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    page.click(".dropdown-download-buttons > button")
    page.until("document.querySelector('.dropdown-download-buttons .show')")
    page.value("document.querySelector('a.btn-notebook').target = ''")  # a tab of its own would be another target
    page.click("a.btn-notebook")
    for _ in range(100):
        if (file := tmp_path / "05_attention.zip").is_file():
            break
        time.sleep(0.1)
    with zipfile.ZipFile(file) as archive:
        assert archive.read("05_attention.ipynb") == (ROOT / "chapters" / "05_attention.ipynb").read_bytes()
        assert "figures/05_masks.svg" in archive.namelist()


@needs_browser
def test_on_a_phone_the_list_of_chapters_and_the_keys_are_one_click_away(site, page):
    page.resize(390)
    page.open(site / "05_attention.html")
    shown = "document.querySelector('nav.bd-links .current > a')?.checkVisibility()"
    assert page.value(f"{shown} && document.querySelector('nav.bd-links').getBoundingClientRect().right > 0") is False
    page.click(".bd-header-article .primary-toggle")
    page.until(f"{shown} && document.querySelector('nav.bd-links').getBoundingClientRect().right > 200")
    assert page.value("document.querySelector('nav.bd-links .current > a').textContent.trim()").startswith("05 ")
    assert page.value("document.querySelector('button.keys').checkVisibility()")
    page.press("Escape")
    page.until("!document.querySelector('dialog[open]')")
    page.click(".bd-header-article .secondary-toggle")
    page.until("document.querySelector('#pst-secondary-sidebar-modal[open] .page-toc a')?.checkVisibility()")
