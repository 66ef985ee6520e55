"""The site of the real chapters, with the outputs stored in them: keyboard, paper, axe, weight."""

from pathlib import Path

import pytest
from browser import CHROMIUM, violations
from keyboard import stops, typed

from workshop.site.pages import write_pages

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs a browser")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return write_pages(sorted((ROOT / "chapters").glob("[0-9]*.ipynb")), tmp_path_factory.mktemp("course")).parent


@pytest.mark.parametrize("name", ["01_pipelines", "05_attention"])
def test_a_chapter_has_fewer_than_a_hundred_tab_stops(site, tmp_path, name):
    with typed(site / f"{name}.html", tmp_path / "profile") as page:
        found = stops(page)
        assert 30 < len(found) < 100
        assert len(set(found)) > 30
        folded = "document.querySelectorAll('details:not([open]) :is(a, button, input)').length"
        assert page.value(folded) > 10, "what is folded is there, and Tab has not led into it"
        assert page.value("[...stopped].filter((one) => one.tagName !== 'SUMMARY' && one.closest('details:not([open])')).length") == 0  # noqa: E501  # fmt: skip


def test_by_keys_alone_one_predicts_copies_and_turns_pages(site, tmp_path):
    with typed(site / "05_attention.html", tmp_path / "profile") as page:
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

        page.value("document.querySelector('.theme-switch-button').focus()")
        page.press("Enter")  # a menu: as the system is, light, dark
        for _ in range(3):
            page.press("Tab")
        page.press("Enter")
        page.until("document.documentElement.dataset.theme === 'dark'")


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("name", ["evidence", "reference"])
def test_axe_finds_nothing_on_the_real_pages(site, tmp_path, name, mode):
    assert violations(site / f"{name}.html", tmp_path, mode) == {}
