"""What Sphinx is told about this course's pages: formulas as MathML, folds, the ids of cells, no host.

Loaded by Sphinx as the extension ``workshop.site.extension``.
"""

from __future__ import annotations

import re
from pathlib import Path

from docutils import nodes
from latex2mathml.converter import convert as mathml
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

from workshop.site import downloads, launch

LOOKS = Path(__file__).parent / "looks"
# Frames (an interactive view in <iframe srcdoc>) inherit this, so they cannot reach a host either. Pages lie in files.
POLICY = (
    "default-src 'none'; img-src 'self' file: data: blob:; font-src 'self' file: data:; connect-src 'self' file:; "
    "style-src 'self' file: 'unsafe-inline'; script-src 'self' file: 'unsafe-inline' 'unsafe-eval'; "
    "frame-src 'self' file: data: blob:; base-uri 'none'; form-action 'self' file:"
)
SUMMARIES = {"solution": "Solution", "answer": "The answer. Choose above, or open it."}
log = logging.getLogger(__name__)


class Fold(nodes.Element):
    """Neighbours that a reader opens."""


def setup(app: Sphinx) -> dict:
    """Tell Sphinx."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    app.add_node(Fold, html=(_open_fold, _close_fold), revealjs=(_open_fold, _close_fold))
    app.add_node(nodes.literal_block, override=True, revealjs=(HTML5Translator.visit_literal_block, None))  # coloured
    app.connect("doctree-read", _fold)
    app.connect("doctree-read", _name_cells)
    app.connect("html-page-context", _refuse_hosts)
    app.connect("html-page-context", launch.add_buttons, priority=600)  # after the theme's own
    app.connect("html-page-context", downloads.add_button, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def formula(latex: str, display: str) -> str:
    """MathML. Raises ValueError for what cannot be converted."""
    try:
        html = mathml(latex.strip(), display=display)
        if unknown := re.search(r"<mi>(&|\\\w+)</mi>", html):  # what it does not know, it hands on as a letter
            raise ValueError(f"{unknown[1]} is not supported here")
    except Exception as error:  # latex2mathml has a dozen kinds of errors
        raise ValueError(f"the formula {latex.strip()!r} cannot be converted to MathML: {error}") from error
    return html.replace(' xmlns="http://www.w3.org/1998/Math/MathML"', "")  # HTML needs none


def _math(self, node: nodes.Node, display: str) -> None:
    try:
        html = formula(node.astext(), display)
    except ValueError as error:
        log.warning(str(error), location=node)
        html = f"<code>{self.encode(node.astext())}</code>"
    self.body.append(f'<div class="formula">{html}</div>' if display == "block" else html)
    raise nodes.SkipNode


def _inline(self, node: nodes.math) -> None:
    _math(self, node, "inline")


def _block(self, node: nodes.math_block) -> None:
    _math(self, node, "block")


def _open_fold(self, node: Fold) -> None:
    what, *names = node["fold"].split()
    reveals = f' data-reveals="{self.attval(" ".join(names))}"' if names else ""
    self.body.append(f'<details class="fold {what}"{reveals}><summary>{SUMMARIES[what]}</summary>\n')


def _close_fold(self, node: Fold) -> None:
    self.body.append("</details>\n")


def _fold(app: Sphinx, doctree: nodes.document) -> None:
    """Put what stands between two marks into a Fold."""
    for mark in list(doctree.findall(nodes.comment)):
        if mark.astext().startswith("fold ") and mark.parent is not None:
            fold = Fold(fold=mark.astext().removeprefix("fold "))
            siblings = mark.parent.children
            start = end = siblings.index(mark)
            while end < len(siblings) and siblings[end].astext() != "fold-end":
                end += 1
            fold.extend(siblings[start + 1 : end])
            mark.parent.children[start : end + 1] = [fold]
            fold.parent = mark.parent


def _name_cells(app: Sphinx, doctree: nodes.document) -> None:
    """A cell of a page has the id that it has in the notebook, and says what it is."""
    taken = set(doctree.ids)
    for cell in doctree.findall(nodes.container):
        about = cell.get("cell_metadata", {}).get("course", {})
        if about.get("kind"):
            cell["classes"].append(about["kind"])
        if about.get("id") and about["id"] not in taken:
            taken.add(about["id"])
            cell["ids"].append(about["id"])


def _refuse_hosts(app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None) -> None:
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n<link rel="icon" href="data:,">'
    context["metatags"] = policy + context.get("metatags", "")
