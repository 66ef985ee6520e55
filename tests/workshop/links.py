"""What is wrong with the HTML of a site: links that lead nowhere, ids that are there twice, elements left open."""

from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup

EMPTY = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class Nesting(HTMLParser):
    """Where an element ends inside of another that is still open."""

    def __init__(self):
        super().__init__()
        self.open, self.problems = [], []

    def handle_starttag(self, tag, attrs):
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in EMPTY:
            return
        if not self.open or self.open[-1] != tag:
            self.problems.append(f"line {self.getpos()[0]}: </{tag}> ends inside of {self.open[-2:]}")
        while self.open and self.open.pop() != tag:
            pass


def pages_of(site: Path) -> list[Path]:
    """Every page that a build has left, decks too."""
    return sorted(path for path in site.rglob("*.html") if "_static" not in path.relative_to(site).parts)


def problems(site: Path) -> Iterator[str]:
    """A line for each thing that is wrong."""
    soups = {path: BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser") for path in pages_of(site)}
    ids = {path: Counter(tag["id"] for tag in soup.find_all(id=True)) for path, soup in soups.items()}
    for path, soup in soups.items():
        name = path.relative_to(site)
        yield from (f"{name}: the id {one} is there {times} times" for one, times in ids[path].items() if times > 1)
        for tag in soup.find_all(href=True):
            parts = urlsplit(tag["href"])
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.exists():
                yield f"{name}: there is no {tag['href']}"
                continue
            plain = tag.name == "a" and target in soups and not parts.fragment.startswith("/")  # "/" leads to a slide
            if plain and parts.fragment not in ("", "top") and unquote(parts.fragment) not in ids[target]:
                yield f"{name}: there is no {tag['href']}"
        if path.parent.name == "slides":
            continue  # sphinx-revealjs leaves its outermost section open
        nesting = Nesting()
        nesting.feed(path.read_text(encoding="utf-8"))
        yield from (f"{name}: {problem}" for problem in nesting.problems)
