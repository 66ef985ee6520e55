"""The reference: public functions and classes of course_lib, read without importing them, and where they are used."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from workshop.editions.marks import nodes_in
from workshop.site.chapters import Chapter

OPENING = """# Reference

What chapters import from `course_lib`, with the words of its docstrings: shapes, units, errors, sources. The files are
in the project's folder `course_lib`.
"""
LEFT_OUT = "course_lib.exercises.", "course_lib.experiments."  # solutions; what measures the records


def uses(chapters: list[Chapter]) -> dict[str, list[str]]:
    """Dotted name -> the chapters, by file name, whose cells import it."""
    found = defaultdict(list)
    for chapter in chapters:
        for cell in chapter.notebook.cells:
            for name in imported(cell.source) if cell.cell_type == "code" else ():
                if chapter.name not in found[name]:
                    found[name].append(chapter.name)
    return dict(found)


def imported(source: str) -> Iterator[str]:
    """What a cell imports from course_lib, as dotted names."""
    for node in nodes_in(source):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "course_lib":
            yield from (f"{node.module}.{one.name}" for one in node.names)


def page(root: Path, chapters: list[Chapter]) -> tuple[str, set[str]]:
    """The page, as MyST Markdown, and the dotted names that it has."""
    used, lines, names = uses(chapters), [OPENING], set()
    for path in sorted((root / "course_lib").rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        module = ".".join(part for part in parts if part != "__init__")
        tree = ast.parse(path.read_text(encoding="utf-8"))
        public = [
            node
            for node in tree.body
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_")
        ]
        if not public or module.startswith(LEFT_OUT):
            continue
        lines.append(f"## {module}\n\n{_words(tree)}\n")
        lines.append(f"```{{py:currentmodule}} {module}\n```\n")
        for node in public:
            name = f"{module}.{node.name}"
            names.add(name)
            kind = "class" if isinstance(node, ast.ClassDef) else "function"
            about = [_words(node)]
            if name in used:
                about.append("Used in " + ", ".join(f"[{one[:2]}]({one}.ipynb)" for one in used[name]) + ".")
            body = "\n\n".join(about)
            lines.append(f"``````{{py:{kind}}} {node.name}{_signature(node)}\n\n{body}\n``````\n")
    return "\n".join(lines), names


def section(chapter: Chapter, known: set[str]) -> str:
    """The end of a chapter's page: links to the functions that it imports; empty where there are none."""
    names = sorted({name for name, where in uses([chapter]).items() if name in known})
    if not names:
        return ""
    links = ", ".join(f"{{py:obj}}`{name.rsplit('.', 1)[1]} <{name}>`" for name in names)
    return f"## In the reference\n\n{links}."


def _words(node: ast.Module | ast.FunctionDef | ast.ClassDef) -> str:
    """A docstring as Markdown: what looks like HTML in it is meant as it stands, outside of code too."""
    parts = re.split(r"(`[^`]*`)", ast.get_docstring(node) or "")
    return "".join(part if part.startswith("`") else part.replace("<", "\\<") for part in parts)


def _signature(node: ast.FunctionDef | ast.ClassDef) -> str:
    """The arguments, without what types they have: the docstring says it with shapes."""
    if isinstance(node, ast.ClassDef):
        return ""
    arguments = ast.parse(f"def f({ast.unparse(node.args)}): ...").body[0].args
    for one in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]:
        if one is not None:
            one.annotation = None
    return f"({ast.unparse(arguments)})"
