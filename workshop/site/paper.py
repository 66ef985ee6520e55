"""What stands on paper only: a quiz as text; the site's pages as one, and a deck, as a browser is to print them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup, Tag

from course_lib.marked import as_html
from course_lib.quizzes import questions

APPENDICES = "claims", "evidence", "glossary"  # the reference is for a screen
CHAPTER = re.compile(r"\d\d_\w+")


def quiz(number: int) -> tuple[str, str]:
    """The questions of a chapter's quiz and, apart from them, what is right and why, as HTML."""

    def words(text: object) -> str:
        return as_html(str(text)).replace("[", "&#91;")  # in a cell of text it would begin a link

    asked, answered = [], []
    for question in questions(number):
        choices = [one for one in question["answers"] if "answer" in one]
        listed = "".join(f"<li>{words(one['answer'])}</li>" for one in choices)
        several = " (several are right)" if question["type"] == "many_choice" else ""
        shown = f'<ol type="A">{listed}</ol>' if choices else "<p>A number: ________</p>"
        asked.append(f"<li>{words(question['question'])}{several}{shown}</li>")
        said = []
        for one in question["answers"]:
            if one.get("correct"):
                letter = f"<strong>{'ABCDEFGHIJ'[choices.index(one)]}</strong> " if one in choices else ""
                right = one.get("answer", one.get("value", one.get("range")))
                said.append(f"{letter}{words(right)}. {words(one.get('feedback', ''))}")
        answered.append(f"<li>{'<br>'.join(said)}</li>")
    return (
        f'<ol class="for-paper questions">{"".join(asked)}</ol>',
        f'<div class="for-paper"><h2>Answers to the quiz</h2><ol>{"".join(answered)}</ol></div>',
    )


@dataclass
class Part:
    """A page of the site as a part of the book; every id in it begins with its name."""

    name: str
    title: str
    article: Tag

    def entries(self) -> Iterator[tuple[str, str]]:
        """The ids and titles of its sections, in their order."""
        for heading in self.article.select("section > h2"):
            yield heading.parent["id"], heading.get_text()
        if self.article.select("details.solution"):
            yield f"{self.name}.solutions", "Solutions"  # course.js moves them there


def parts_of(site: Path) -> list[Part]:
    """The chapters of a site in their order, and what follows them."""
    listed = [urlsplit(a["href"]).path for a in _read(site / "index.html").select("nav.bd-links a[href]")]
    names = [unquote(path).removesuffix(".html") for path in listed]
    names = [*filter(CHAPTER.fullmatch, names), *(name for name in APPENDICES if name in names)]
    found = []
    for name in names:
        article = _read(site / f"{name}.html").select_one("article.bd-article")
        for gone in article.select("iframe, script, .cell.quiz, section#in-the-reference"):  # for a screen
            gone.decompose()
        for tag in article.find_all(id=True):
            tag["id"] = f"{name}.{tag['id']}"
        for link in article.find_all("a", href=True):
            _relinked(link, name, names)
        article["id"] = name
        found.append(Part(name, article.h1.get_text(), article))
    return found


def _relinked(link: Tag, name: str, names: list[str]) -> None:
    """Within the book, to the network, or no link: what lies beside the site is not on paper."""
    address = urlsplit(link["href"])
    page = unquote(address.path).removesuffix(".html") or name
    if address.scheme:
        return
    if page in names:
        link["href"] = "#" + ".".join(filter(None, [page, unquote(address.fragment)]))
    else:
        link.unwrap()


def book(site: Path, parts: list[Part], pages: dict[str, int]) -> str:
    """The whole course as one page: title, contents with the page of each id, chapters, appendices."""
    index = _read(site / "index.html")
    title, promise, counted = (" ".join(tag.get_text().split()) for tag in index.article.select("h1, p")[:3])
    counted = counted.partition(" shown.")[0] + " shown."  # what follows is about pages
    running = []
    for number, part in enumerate(parts):
        left, right = json.dumps(title, ensure_ascii=False), json.dumps(part.title, ensure_ascii=False)
        running.append(f"@page p{number} {{ @top-left {{ content: {left} }} @top-right {{ content: {right} }} }}")
        running.append(f'[id="{part.name}"] {{ page: p{number} }}')
    return "\n".join(
        [
            *_head(index, title, "book.css"),
            "<style>", *running, "</style>",
            '<script src="_static/course.js"></script></head><body class="book">',  # it moves solutions to the end
            f"<header><h1>{escape(title)}</h1><p>{escape(promise)}</p><p>{escape(counted)}</p></header>",
            '<nav class="book-contents"><h1>Contents</h1>', *(_contents(part, pages) for part in parts), "</nav>",
            *(str(part.article) for part in parts),
            "</body></html>",
        ]
    )  # fmt: skip


def handout(deck: Path) -> tuple[str, int]:
    """A deck as a page that is printed without reveal.js, which would need time for it; and its number of slides."""
    soup = _read(deck)
    slides = [one for one in soup.select(".slides section") if not one.find("section")]
    for notes in soup.select("aside.notes"):
        notes.decompose()
    for core in soup.select('link[href*="dist/reveal.css"]'):  # it shows one slide at a time
        core.decompose()
    title = slides[0].h1.get_text()
    fit = '<script src="_static/fit.js"></script>'
    lines = [*_head(soup, title, "handout.css"), f'{fit}</head><body><div class="reveal"><div class="slides">']
    return "\n".join([*lines, *map(str, slides), "</div></div></body></html>"]), len(slides)


def _head(soup: BeautifulSoup, title: str, own: str) -> Iterator[str]:
    """What is in a page's <head> for its looks, and a style sheet for paper."""
    yield '<!doctype html><html lang="en" data-theme="light"><head>'
    yield from map(str, [soup.find("meta", charset=True), soup.find("meta", attrs={"http-equiv": True})])
    yield from map(str, soup.select("link[rel=stylesheet]"))
    yield f'<title>{escape(title)}</title><link rel="stylesheet" href="_static/{own}">'


def _contents(part: Part, pages: dict[str, int]) -> str:
    def entry(anchor: str, title: str) -> str:
        return f'<a href="#{escape(anchor)}"><span>{escape(title)}</span> <b>{pages.get(anchor, "")}</b></a>'

    sections = " ".join(entry(*one) for one in part.entries()) if CHAPTER.fullmatch(part.name) else ""
    return f"<div>{entry(part.name, part.title)}<p>{sections}</p></div>"


def _read(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
