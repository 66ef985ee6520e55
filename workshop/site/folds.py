"""What a page folds away: solutions, and the answers to predictions."""

from __future__ import annotations

import itertools
import re

from bs4 import BeautifulSoup, Tag

ANSWER = "The answer. Choose above, or open it."


def fold(soup: BeautifulSoup) -> None:
    """Fold each solution with what is said about it, and each answer with what follows from it in its section."""
    for check in soup.select(".cell.exercise + .cell.check"):
        folded = check.find_previous_sibling(class_="exercise").find("details", class_="solution")
        folded.extend(_while_(check, "worked"))
    for worked in soup.select(":not(.worked) + .worked, .worked:first-child"):
        if not worked.find_parent("details"):
            _folded(soup, [worked, *_while_(worked, "worked")], "Solution", "solution")
    for cell in soup.select("[data-reveals]"):
        said = [tag for tag in [cell.find(class_="outputs")] if tag]
        said += itertools.takewhile(lambda tag: not _begins_anew(tag), cell.find_next_siblings())
        if said:
            _folded(soup, said, ANSWER, "revealed")["data-reveals"] = cell["data-reveals"]
        del cell["data-reveals"]


def _begins_anew(tag: Tag) -> bool:
    """Whether something new begins: a section, a question, an exercise; or what has a fold of its own."""
    following = tag.find_next_sibling()
    task = following is not None and "exercise" in following.get("class", [])
    new = {"prediction", "exercise", "quiz"}.intersection(tag.get("class", []))
    return bool(task or new or tag.has_attr("data-reveals") or tag.find(re.compile("^h[1-6]$")))


def _while_(tag: Tag, name: str) -> list[Tag]:
    """The elements right after `tag` for as long as they have the class `name`."""
    return list(itertools.takewhile(lambda one: name in one.get("class", []), tag.find_next_siblings()))


def _folded(soup: BeautifulSoup, tags: list[Tag], summary: str, name: str) -> Tag:
    """Put neighbours into a <details> in the place of the first."""
    details = soup.new_tag("details", attrs={"class": name})
    details.append(soup.new_tag("summary", string=summary))
    tags[0].insert_before(details)
    details.extend(tags)
    return details
