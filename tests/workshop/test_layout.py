"""The tree in ARCHITECTURE.md is the real one, and no chapter needs what builds the course."""

import ast
import importlib
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def listed() -> set[str]:
    """The files in the tree of ARCHITECTURE.md, as paths."""
    block = re.search(r"```\n(chapters/.*?)```", (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"), re.DOTALL)[1]
    folders, files = [], set()
    for line in block.splitlines():
        depth, name = (len(line) - len(line.lstrip())) // 2, line.split()[0]
        if name.endswith("/"):
            folders = [*folders[:depth], name]
        elif name.endswith(".py"):
            files.add("".join([*folders[:depth], name]))
    return files


def test_every_module_stands_in_the_tree_and_nothing_else():
    paths = [path for top in ("course_lib", "workshop") for path in (ROOT / top).rglob("*.py")]
    assert listed() == {path.relative_to(ROOT).as_posix() for path in paths}


def test_each_module_says_what_it_is():
    for name in listed():
        text = (ROOT / name).read_text(encoding="utf-8")
        assert ast.get_docstring(ast.parse(text)), f"{name} begins without a docstring"


def test_the_library_needs_nothing_of_the_workshop():
    for path in (ROOT / "course_lib").rglob("*.py"):
        assert not re.search(r"^\s*(from|import) workshop", path.read_text(encoding="utf-8"), re.MULTILINE), path
    for path in (ROOT / "chapters").glob("*.ipynb"):
        assert "import workshop" not in path.read_text(encoding="utf-8")
        assert "from workshop" not in path.read_text(encoding="utf-8")


def test_every_name_that_a_package_offers_is_there():
    offering = [name for name in sorted(listed()) if "\n__all__ = " in (ROOT / name).read_text(encoding="utf-8")]
    assert len(offering) > 5
    for name in offering:
        module = importlib.import_module(name.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
        assert [one for one in module.__all__ if not hasattr(module, one)] == [], name
