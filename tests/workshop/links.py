"""What is wrong with the HTML of a site: links that lead nowhere, ids that are there twice, elements left open."""

from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

EMPTY = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class Read(HTMLParser):
    """A page read once: its ids, its links, and where an element ends inside of another that is still open."""

    def __init__(self, html: str):
        super().__init__()
        self.ids: Counter[str] = Counter()
        self.links: list[tuple[str, str]] = []  # (tag, address)
        self.open, self.problems = [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.handle_startendtag(tag, attrs)
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        known = dict(attrs)
        if known.get("id") is not None:
            self.ids[known["id"]] += 1
        if known.get("href") is not None:
            self.links.append((tag, known["href"]))

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
    pages = {path: Read(path.read_text(encoding="utf-8")) for path in pages_of(site)}
    for path, page in pages.items():
        name = path.relative_to(site)
        yield from (f"{name}: the id {one} is there {times} times" for one, times in page.ids.items() if times > 1)
        for tag, address in page.links:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.exists():
                yield f"{name}: there is no {address}"
                continue
            plain = tag == "a" and target in pages and not parts.fragment.startswith("/")  # "/" leads to a slide
            if plain and parts.fragment not in ("", "top") and unquote(parts.fragment) not in pages[target].ids:
                yield f"{name}: there is no {address}"
        if path.parent.name != "slides":  # sphinx-revealjs leaves its outermost section open
            yield from (f"{name}: {problem}" for problem in page.problems)
