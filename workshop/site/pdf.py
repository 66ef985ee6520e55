"""The course as one PDF, and a PDF of each deck: printed by Chromium, Google Chrome or Microsoft Edge.

The browser makes page numbers, the outline and links. It cannot print the page of a link into the contents, so the
course is printed twice: the first PDF says on which page each section begins.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from course_lib.whole_files import write_atomically
from workshop.site import paper

NAMES = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge",
    "microsoft-edge-stable", "msedge",
)  # fmt: skip
OLDEST = 131  # the first that numbers pages as a style sheet says
INSTALL = f"""No browser that prints was found. Install Chromium, Google Chrome or Microsoft Edge, {OLDEST} or later:
  Linux     sudo apt install chromium, or sudo dnf install chromium
  macOS     brew install --cask google-chrome
  Windows   winget install Google.Chrome; Edge is usually there already
or say where one is: course pdf --browser FILE"""
MINUTES, TRIES = 5, 2  # on a busy machine Chromium now and then never ends


class CannotPrint(RuntimeError):
    """There is no PDF. The message says why, and what to do."""


def find_browser() -> str | None:
    """The path of a browser of Chromium's family: on PATH, or where macOS and Windows have them; None without one."""
    on_path = next(filter(None, map(shutil.which, NAMES)), None)
    return on_path or next((str(place) for place in _places() if place.is_file()), None)


def _places() -> Iterator[Path]:
    if sys.platform == "darwin":
        for folder in (Path("/Applications"), Path.home() / "Applications"):
            for name in ("Google Chrome", "Chromium", "Microsoft Edge"):
                yield folder / f"{name}.app" / "Contents" / "MacOS" / name
    elif sys.platform == "win32":
        for variable in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"):
            for name in ("Google/Chrome/Application/chrome.exe", "Chromium/Application/chrome.exe",
                         "Microsoft/Edge/Application/msedge.exe"):  # fmt: skip
                if folder := os.environ.get(variable):
                    yield Path(folder) / name


def print_course(site: Path, browser: str | None = None) -> Path:
    """Print the whole course into ``transformers-executed.pdf`` beside its pages, and link it from the first.

    Raises CannotPrint where the pages are not made yet, and without a browser that can.
    """
    site = _made(site)
    with _of_the_course(site):
        parts = paper.parts_of(site)
        book = paper.book(site, parts, {})
    numbers = page_numbers(_print(book, site / "book.html", browser))
    made = site / "transformers-executed.pdf"
    reader = _print(paper.book(site, parts, numbers), site / "book.html", browser, made)
    outline = [one.title for one in reader.outline if not isinstance(one, list)]
    numbered = str(len(reader.pages)) in reader.pages[-1].extract_text().split()
    if not numbered or outline[-len(parts) :] != [part.title for part in parts] or page_numbers(reader) != numbers:
        made.unlink()
        raise CannotPrint(f"The browser is too old to print an outline and page numbers: {OLDEST} or later does.")
    _link(site)
    return made


def print_slides(site: Path, browser: str | None = None) -> Iterator[Path]:
    """Print each deck into a PDF beside it, a slide a page; each as it is made. In the end those that are there are
    linked.

    Raises CannotPrint as `print_course`, and for a slide that is higher than its page.
    """
    site = _made(site)
    try:
        for deck in sorted((site / "slides").glob("[0-9]*.html")):
            with _of_the_course(deck):
                page, slides = paper.handout(deck)
            to = deck.with_suffix(".pdf")
            pages = len(_print(page, deck.with_name("handout.html"), browser, to).pages)
            if pages != slides:
                to.unlink()
                raise CannotPrint(f"{deck.name} has {slides} slides and takes {pages} pages: one is too high.")
            yield to
    finally:
        _link(site)


def page_numbers(reader: PdfReader) -> dict[str, int]:
    """Where the links within a PDF lead: id -> number of the page, from 1."""
    places = reader.named_destinations
    return {name.removeprefix("/"): reader.get_destination_page_number(one) + 1 for name, one in places.items()}


def _print(html: str, page: Path, browser: str | None, to: Path | None = None) -> PdfReader:
    """Let a browser print HTML, written to `page` meanwhile; the PDF is kept in `to`, and is whole or not there."""
    browser = browser or find_browser()
    if browser is None:
        raise CannotPrint(INSTALL)
    with tempfile.TemporaryDirectory(prefix="printing-", dir=page.parent, ignore_cleanup_errors=True) as folder:
        printed = Path(folder) / "printed.pdf"
        command = [
            browser, "--headless", "--disable-gpu", "--no-first-run", f"--user-data-dir={folder}",
            "--proxy-server=127.0.0.1:9",  # nothing is asked of a network
            "--no-pdf-header-footer", "--generate-pdf-document-outline", f"--print-to-pdf={printed}", page.as_uri(),
        ]  # fmt: skip
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.insert(1, "--no-sandbox")  # Chromium has none for root
        page.write_text(html, encoding="utf-8")
        try:
            done = _ended(command)
        except OSError as problem:
            raise CannotPrint(f"{browser} does not start: {problem.strerror}.\n{INSTALL}") from problem
        finally:
            page.unlink(missing_ok=True)
        if not printed.is_file():
            last = "\n".join(done.stderr.strip().splitlines()[-5:])
            raise CannotPrint(f"{browser} has printed nothing (exit code {done.returncode}). It said:\n{last}")
        try:
            reader = PdfReader(io.BytesIO(printed.read_bytes()))
            len(reader.pages)
        except PyPdfError as problem:
            raise CannotPrint(
                f"What {browser} has printed is no PDF that can be read: {problem}.\n{INSTALL}"
            ) from problem
        return PdfReader(printed.replace(to)) if to else reader


def _ended(command: list[str]) -> subprocess.CompletedProcess:
    """A command that has ended; it is tried again when it does not."""
    for _ in range(TRIES):
        with contextlib.suppress(subprocess.TimeoutExpired):
            return subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=60 * MINUTES)
    raise CannotPrint(f"{command[0]} has not printed within {MINUTES} minutes, {TRIES} times. Try when less runs.")


@contextlib.contextmanager
def _of_the_course(place: Path) -> Iterator[None]:
    """Raise CannotPrint for pages that are not as the course makes them: half of one, of somebody else."""
    try:
        yield
    except (AttributeError, LookupError, TypeError, ValueError) as problem:
        raise CannotPrint(
            f"{place} is not, or is no longer, what the course makes. Make it anew: course run"
        ) from problem


def _made(site: Path) -> Path:
    """The site, as an absolute path, if its pages are there."""
    if not (site / "index.html").is_file():
        raise CannotPrint(f"There are no pages in {site}. Make them first: course run")
    return site.resolve()


def _link(site: Path) -> None:
    """Name on the first page what lies beside the pages as PDF."""
    index = site / "index.html"
    course = "".join(f'<a href="{one.name}">The course as one PDF</a>' for one in site.glob("*.pdf"))
    decks = [f'<a href="slides/{one.name}">{one.stem[:2]}</a>' for one in sorted((site / "slides").glob("*.pdf"))]
    slides = f"Slides as PDF: chapter {', '.join(decks)}" if decks else ""
    said = " · ".join(filter(None, [course, slides]))
    text = re.sub(r'<p id="as-pdf">.*?</p>', lambda _: f'<p id="as-pdf">{said}</p>', index.read_text(encoding="utf-8"))
    write_atomically(index, text)
