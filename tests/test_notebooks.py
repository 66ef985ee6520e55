"""What every chapter must be: the rules, each shown to fail on a small notebook that breaks it.

A rule is a function from a chapter to a list of problems in plain words; an empty list means that it holds. What an
author has to write, exactly:

* Cell 1 is markdown: ``# Title``, a blank line, then one sentence of promise as a paragraph of its own.
* Cells 1 and 2 hold the words "What you will be able to do", "What you need" and the line
  ``**Reading** 25 min · **Running** 40 s`` (whole numbers; running in s or min).
* Sections are ``## …``. Within the first three: a markdown cell with "Predict, then run.", a question mark, and a code
  cell after it in the same section.
* The last five sections are "Where it stops being true", "Recap" (with a table), "Exercises", "Quiz" and "Sources" (a
  list, each item with its year). Chapter 00 needs none of these and no question, but a section with "map" in its
  title that links to every other chapter.
* A cell that shows claim 7 has the tag ``claim-C07`` and an ``assert`` with a message of three words or more that runs
  at top level. ``tests/claims.json`` says which chapter owns a claim, and whether it is shown there already.
* A cell that makes a figure has ``"alt": "what one sees"`` in its metadata, at least 20 characters.
* A cell that is meant to fail has the tag ``raises-exception``.
* At the end: ``python tools/normalise.py``.
"""

import ast
import base64
import importlib
import json
import re
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT / "tools"))
normalise = importlib.import_module("normalise")

CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
CLAIMS = json.loads((HERE / "claims.json").read_text(encoding="utf-8"))

MOST_LINES = 20
MOST_DECIMALS = 4
SHORTEST_ALT = 20
LARGEST_NOTEBOOK = 1_500_000  # bytes
LARGEST_IMAGE = 150_000  # bytes

CLOSING = ["Where it stops being true", "Recap", "Exercises", "Quiz", "Sources"]
MINUTES = re.compile(r"\*\*Reading\*\* \d+ min · \*\*Running\*\* \d+ (s|min)\b")
PREDICT = "Predict, then run."
TABLE = re.compile(r"^\|.+\|[ \t]*\n\|[ :|-]+\|[ \t]*\n\|.+\|", re.MULTILINE)
LIST_ITEM = re.compile(r"^(?:[-*]|\d+\.) +(.+(?:\n[ \t]+\S.*)*)", re.MULTILINE)
YEAR = re.compile(r"\b(1[89]|20)\d\d\b")
ANY_HEADING = re.compile(r"^(#{1,6})[ \t]+(.+?)[ \t#]*$", re.MULTILINE)

INLINE_CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
MARKDOWN_IMAGE = re.compile(r"!\[([^\]]*)\]\(\s*<?([^)\s>]+)[^)]*\)")
MARKDOWN_LINK = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\])*\]\(\s*<?([^)\s>]+)[^)]*\)")
LINK_DEFINITION = re.compile(r"^ {0,3}\[[^\]]+\]:[ \t]*(\S+)", re.MULTILINE)
WEB_ADDRESS = re.compile(r"https?://[^\s)>\"'\]]+")
HUB_FILE = re.compile(r"https://(?:www\.)?(?:huggingface\.co|hf\.co)/\S+/(?:resolve|raw)/")

UNSTABLE = {
    "an absolute path": re.compile(r"(?<![\w.:/~<\\])/(?:[\w.+@-]+/)+[\w.+@-]*|\b[A-Za-z]:\\+\w|\bfile://"),
    "a temporary path": re.compile(r"(?<![\w/])/tmp\b|/var/folders\b|\btmp(?=[a-z_]*\d)[a-z0-9_]{8}\b"),
    "a memory address": re.compile(r"\b0x[0-9a-f]{6,}", re.IGNORECASE),
    f"a number with more than {MOST_DECIMALS} decimals": re.compile(rf"(?<![\w.])\d+\.\d{{{MOST_DECIMALS + 1},}}"),
}


# ---------------------------------------------------------------- a chapter, read


@dataclass(frozen=True)
class Section:
    """A ``## `` section: where it starts, its text without the title, and its code cells."""

    title: str
    position: int
    text: str
    code: list


@dataclass
class Chapter:
    """One notebook and what the rules ask of it."""

    path: Path
    claims: dict = field(default_factory=lambda: CLAIMS)

    @cached_property
    def text(self):
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def cells(self):
        return normalise.read(self.text).cells

    @property
    def code(self):
        return [cell for cell in self.cells if cell.cell_type == "code"]

    @property
    def markdown(self):
        return [cell for cell in self.cells if cell.cell_type == "markdown"]

    @property
    def number(self):
        return int(self.path.name[:2])

    @cached_property
    def sections(self):
        found = []
        for position, cell in enumerate(self.cells):
            if cell.cell_type != "markdown":
                if found:
                    found[-1][3].append(cell)
                continue
            for part in re.split(r"^(?=## )", without_fences(cell.source), flags=re.MULTILINE):
                title = ANY_HEADING.match(part)
                if title and title[1] == "##":
                    found.append([title[2], position, part[title.end() :], []])
                elif found:
                    found[-1][2] += "\n" + part
        return [Section(title, position, text.strip(), code) for title, position, text, code in found]


def without_fences(source):
    return normalise.FENCE.sub("", source)


def prose(source):
    """Markdown without any code, in which addresses and tags mean what they say."""
    return INLINE_CODE.sub("", without_fences(source))


def headings(source):
    """Pairs of level and words."""
    return [(len(marks), words) for marks, words in ANY_HEADING.findall(without_fences(source))]


def at(cell):
    return f"cell {cell.get('id', '?')!r}"


def tags(cell):
    return cell.metadata.get("tags", [])


class Tags(HTMLParser):
    """Start tags of an HTML text, as pairs of name and attributes, and its words."""

    def __init__(self, text):
        super().__init__()
        self.found, self.words, self._silent = [], [], False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, {name: value or "" for name, value in attributes}))
        self._silent = tag in ("script", "style")

    def handle_endtag(self, tag):
        self._silent = False

    def handle_data(self, data):
        if not self._silent:
            self.words.append(data)


# ---------------------------------------------------------------- rules: the skeleton


def title_and_promise(chapter):
    first = chapter.cells[0]
    if first.cell_type != "markdown" or not re.match(r"# \S", first.source):
        return ["the first cell is markdown and starts with `# ` and the title"]
    problems = []
    if sum(level == 1 for cell in chapter.markdown for level, _ in headings(cell.source)) != 1:
        problems.append("`# ` is for the title of the chapter alone; sections are `## `")
    paragraphs = re.split(r"\n\s*\n", first.source.strip())
    promise = " ".join(paragraphs[1].split()).rstrip("*_") if len(paragraphs) > 1 else ""
    ends = [match.end() for match in re.finditer(r"[.!?](?=\s|$)", promise)]
    if ends != [len(promise)] or promise.startswith(("#", "-", "|")):
        problems.append(f"after the title comes a paragraph of exactly one sentence, the promise; found {promise!r}")
    return problems


def opening(chapter):
    text = "\n".join(cell.source for cell in chapter.cells[:2] if cell.cell_type == "markdown")
    wanted = ("What you will be able to do", "What you need")
    problems = [f"the first two cells say {words!r}" for words in wanted if words not in text]
    if not MINUTES.search(text):
        problems.append("the first two cells say `**Reading** 25 min · **Running** 40 s`, with the chapter's numbers")
    return problems


def heading_levels(chapter):
    problems, before = [], 0
    for cell in chapter.markdown:
        for level, words in headings(cell.source):
            if before and level > before + 1:
                problems.append(f"{at(cell)}: heading {words!r} skips a level")
            before = level
    return problems


def question_first(chapter):
    if chapter.number == 0:
        return []
    asked = [index for index, cell in enumerate(chapter.cells) if is_question(cell)]
    if not asked:
        return [f'a markdown cell says "{PREDICT}" and asks a question, with a question mark']
    starts = [section.position for section in chapter.sections if section.position > 1]
    problems = []
    if len(starts) > 3 and asked[0] >= starts[3]:
        problems.append(f'the first "{PREDICT}" comes within the first three sections')
    for index in asked:
        end = min((start for start in starts if start > index), default=len(chapter.cells))
        if all(cell.cell_type != "code" for cell in chapter.cells[index:end]):
            problems.append(f"{at(chapter.cells[index])}: no code cell follows the question in its section")
    return problems


def is_question(cell):
    return cell.cell_type == "markdown" and PREDICT in cell.source and "?" in cell.source.split(PREDICT, 1)[1]


def closing_sections(chapter):
    if chapter.number == 0:
        return []
    titles = [section.title for section in chapter.sections]
    if titles[-len(CLOSING) :] != CLOSING or len(titles) == len(CLOSING):
        return [f"after the chapter's own sections come, in this order, `## ` {', '.join(CLOSING)}; found {titles}"]
    last = {section.title: section for section in chapter.sections[-len(CLOSING) :]}
    problems = [f"section {title!r} is empty" for title, it in last.items() if not (it.text or it.code)]
    if not TABLE.search(last["Recap"].text):
        problems.append("section 'Recap' holds a table")
    items = LIST_ITEM.findall(last["Sources"].text)
    if not items:
        problems.append("section 'Sources' holds a list of papers or documentation")
    problems += [f"source without a year: {item!r}" for item in items if not YEAR.search(item)]
    return problems


def map_of_chapters(chapter):
    if chapter.number != 0:
        return []
    maps = [section.text for section in chapter.sections if re.search(r"\bmap\b", section.title, re.IGNORECASE)]
    if not maps:
        return ["a section with 'map' in its title shows all chapters"]
    others = {path.name for path in chapter.path.parent.glob("[0-9][0-9]_*.ipynb")} - {chapter.path.name}
    return [f"the map does not link to {name}" for name in sorted(others) if f"]({name}" not in "\n".join(maps)]


# ---------------------------------------------------------------- rules: claims


def claims(chapter):
    problems, shown = [], set()
    for cell in chapter.cells:
        for tag in tags(cell):
            if not tag.lower().startswith("claim"):
                continue
            name = tag.removeprefix("claim-")
            if name not in chapter.claims:
                problems.append(f"{at(cell)}: tag {tag!r} names no claim of tests/claims.json; write claim-C01")
            elif cell.cell_type != "code":
                problems.append(f"{at(cell)}: tag {tag!r} belongs on the code cell that shows the claim")
            else:
                shown.add(name)
                problems += [f"{at(cell)}: {problem}" for problem in proof_problems(cell)]
    for name, claim in chapter.claims.items():
        if claim["chapter"] == chapter.number and claim["shown"] != (name in shown):
            said, found = ("shown", "no cell has") if claim["shown"] else ("not yet shown", "a cell has")
            problems.append(f"tests/claims.json calls {name} {said}, but {found} the tag claim-{name}")
    return problems


def proof_problems(cell):
    """Why a cell would go on passing although its claim were false."""
    problems = []
    escapes = {"nbval-skip", "skip-execution", "raises-exception", "nbval-raises-exception"} & set(tags(cell))
    if escapes:
        problems.append(f"a claim's cell must run and succeed, so not with the tag {', '.join(sorted(escapes))}")
    tree = parsed(cell.source)
    if tree is None:
        return [*problems, "the cell is not Python"]
    asserts = [statement for statement in certain_to_run(tree.body) if isinstance(statement, ast.Assert)]
    if not asserts:
        problems.append("a claim's cell holds an assert that runs at top level, outside any function, class or try")
    for statement in asserts:
        shown = ast.unparse(statement.test)
        reason = always_true(statement.test)
        if reason:
            problems.append(f"`assert {shown}` {reason}")
        if not is_sentence(statement.msg):
            problems.append(f"`assert {shown}` needs a message of three words or more")
    return problems


def certain_to_run(statements):
    """The statements, and those inside loops, with blocks and branches that depend on something."""
    for statement in statements:
        yield statement
        if isinstance(statement, ast.For | ast.While | ast.With) or (
            isinstance(statement, ast.If) and not always_true(statement.test)
        ):
            yield from certain_to_run(statement.body)
            yield from certain_to_run(getattr(statement, "orelse", []))


def always_true(test):
    """Say why an asserted expression proves nothing, or return ''."""
    if isinstance(test, ast.Tuple) and test.elts:
        return "asserts a tuple, which is always true: drop the parentheses"
    if not any(isinstance(node, ast.Name) for node in ast.walk(test)):
        return "asserts a constant: it does not depend on anything that was computed"
    match test:
        case ast.BoolOp(op=ast.Or(), values=values) if any(isinstance(v, ast.Constant) and v.value for v in values):
            return "asserts something `or` a constant, which is always true"
        case ast.Compare(left=left, ops=[ast.Eq() | ast.LtE() | ast.GtE() | ast.Is()], comparators=[right]):
            if ast.dump(left) == ast.dump(right):
                return "compares a thing with itself"
    return ""


def is_sentence(message):
    if isinstance(message, ast.JoinedStr):
        words = "".join(part.value if isinstance(part, ast.Constant) else "x" for part in message.values)
    else:
        words = message.value if isinstance(message, ast.Constant) and isinstance(message.value, str) else ""
    return len(words.split()) >= 3


# ---------------------------------------------------------------- rules: code and outputs


def parsed(source):
    try:
        return compile(source, "cell", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except SyntaxError:
        return None


def code_cells(chapter):
    problems = []
    for number, cell in enumerate(chapter.code, 1):
        lines = len(cell.source.splitlines())
        if lines > MOST_LINES:
            problems.append(f"{at(cell)}: {lines} lines of code, at most {MOST_LINES}: move some to course_lib")
        tree = parsed(cell.source)
        if tree is None:
            problems.append(f"{at(cell)}: not plain Python (`!` and `%` commands and `?` are IPython's)")
        elif any(isinstance(node, ast.Name) and node.id == "get_ipython" for node in ast.walk(tree)):
            problems.append(f"{at(cell)}: uses get_ipython(); the cell must run as plain Python")
        if re.search(r"\bpip3?\W+install\b", cell.source):
            problems.append(f"{at(cell)}: installs a package; dependencies belong in pyproject.toml")
        if {"nbval-skip", "skip-execution"} & set(tags(cell)) or re.search(r"#\s*NBVAL_SKIP\b", cell.source):
            problems.append(f"{at(cell)}: is skipped by the tests; every cell of a chapter runs")
        if cell.execution_count != number:
            problems.append(f"{at(cell)}: execution count {cell.execution_count}, expected {number}; run the chapter")
    return problems


def stored_outputs(chapter):
    problems = []
    for cell in chapter.code:
        fails = {"raises-exception", "nbval-raises-exception"} & set(tags(cell))
        kinds = [output.output_type for output in cell.outputs]
        if "error" in kinds and not fails:
            problems.append(f"{at(cell)}: the stored output is an error; if that is meant, tag it raises-exception")
        if fails and "error" not in kinds:
            problems.append(f"{at(cell)}: is tagged raises-exception, but no error is stored")
        if any(output.output_type == "stream" and output.name == "stderr" for output in cell.outputs):
            problems.append(f"{at(cell)}: prints to stderr; a warning is to be mended, not shown")
        if not cell.outputs and shows_something(cell.source):
            problems.append(f"{at(cell)}: prints or shows a value, but no output is stored: run the chapter")
    if chapter.code and not any(cell.outputs for cell in chapter.code):
        problems.append("no output at all is stored: run the chapter with `python tools/normalise.py --execute`")
    return problems


def shows_something(source):
    """Tell whether running the code surely gives an output: a print at top level, or a value at the end."""
    tree = parsed(source)
    if tree is None or not tree.body:
        return False
    values = [statement.value for statement in tree.body if isinstance(statement, ast.Expr)]
    prints = any(
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Name)
        and value.func.id == "print"
        and not any(keyword.arg == "file" for keyword in value.keywords)
        for value in values
    )
    last = tree.body[-1]
    may_be_none = ast.Call | ast.Await | ast.Constant
    return prints or (
        isinstance(last, ast.Expr) and not isinstance(last.value, may_be_none) and not source.rstrip().endswith(";")
    )


def steady_outputs(chapter):
    problems = []
    for cell in chapter.code:
        text = "\n".join(texts_of(cell))
        for what, pattern in UNSTABLE.items():
            found = pattern.search(text)
            if found:
                problems.append(f"{at(cell)}: its output holds {what}: {found[0]!r}")
    return problems


def texts_of(cell):
    """The words a reader sees in the outputs of a cell."""
    for output in cell.outputs:
        if output.output_type == "stream":
            yield output.text
        elif output.output_type == "error":
            yield normalise.TERMINAL_COLOUR.sub("", "\n".join([output.evalue, *output.traceback]))
        else:
            yield from (output.data[mime] for mime in ("text/plain", "text/markdown") if mime in output.data)
            yield " ".join(Tags(output.data.get("text/html", "")).words)


def normal_form(chapter):
    if normalise.normalised(chapter.text) == chapter.text:
        return []
    return [f"not in normal form: run `{normalise.COMMAND} chapters/{chapter.path.name}`"]


# ---------------------------------------------------------------- rules: links, pictures, sizes


def links(chapter):
    problems = []
    for cell in chapter.markdown:
        text = prose(cell.source)
        html = Tags(text).found
        images = [target for _, target in MARKDOWN_IMAGE.findall(text)]
        images += [attributes.get("src", "") for name, attributes in html if name == "img"]
        targets = MARKDOWN_LINK.findall(MARKDOWN_IMAGE.sub("picture", text)) + LINK_DEFINITION.findall(text)
        targets += [attributes["href"] for name, attributes in html if name == "a" and "href" in attributes]
        targets += WEB_ADDRESS.findall(text)
        found = [image_problem(image, cell) or link_problem(image, chapter) for image in images]
        found += [link_problem(target, chapter) for target in targets]
        problems += [f"{at(cell)}: {problem}" for problem in dict.fromkeys(found) if problem]
    for cell in chapter.code:
        if HUB_FILE.search(cell.source):
            problems.append(f"{at(cell)}: names a file of the hub by its address; use course_lib.checkpoints")
    return problems


def image_problem(target, cell):
    if target.startswith("http"):
        return f"picture {target} comes from the web, and pages open without a network: put it beside the chapter"
    if target.startswith("attachment:") and target.removeprefix("attachment:") not in cell.get("attachments", {}):
        return f"picture {target} is not attached to the cell"
    return ""


def link_problem(target, chapter):
    """Say what is wrong with the target of a link or picture, or return ''."""
    if HUB_FILE.match(target):
        return f"{target} downloads a file of the hub; link to the page of the model"
    if target.startswith(("https://", "mailto:", "data:image/", "attachment:")):
        return ""
    if re.match(r"[a-z][a-z+.-]*:|/", target, re.IGNORECASE):
        return f"{target} is neither relative nor https"
    name, _, anchor = unquote(target).partition("#")
    path = (chapter.path.parent / name).resolve() if name else chapter.path
    if not path.exists():
        return f"{target} does not exist"
    if not path.is_relative_to(chapter.path.parent.parent.resolve()):
        return f"{target} leads out of the course"
    if anchor and path.suffix in (".ipynb", ".md") and anchor not in anchors(path):
        return f"{target}: no such section; a notebook's anchor is its heading with - for each space"
    return ""


def anchors(path):
    """The anchors that Jupyter (for a notebook) or GitHub (for a page) makes, and those written as HTML."""
    if path.suffix == ".md":
        sources, ids = [path.read_text(encoding="utf-8")], set()
    else:
        cells = normalise.read(path.read_text(encoding="utf-8")).cells
        sources = [cell.source for cell in cells if cell.cell_type == "markdown"]
        ids = {f"cell-id={cell.get('id')}" for cell in cells}
    for source in sources:
        for _, words in headings(source):
            plain = re.sub(r"[*`]|\]\([^)]*\)|!?\[", "", words)
            if path.suffix == ".md":
                plain = re.sub(r"[^\w\- ]", "", plain).lower()
            ids.add(plain.replace(" ", "-"))
        ids |= {attributes.get("id") or attributes.get("name") for _, attributes in Tags(prose(source)).found}
    return ids


def alt_texts(chapter):
    problems = []
    for cell in chapter.markdown:
        text = prose(cell.source)
        pictures = [(alt, target) for alt, target in MARKDOWN_IMAGE.findall(text)]
        for alt, target in pictures + html_pictures(text):
            if not alt.strip():
                problems.append(f"{at(cell)}: picture {target[:60]} has no alt text")
    for cell in chapter.code:
        figures = [output for output in cell.outputs if image_types(output)]
        own = [any(long_enough(about_image(output, mime)) for mime in image_types(output)) for output in figures]
        if not all(own) and not (len(figures) == 1 and long_enough(cell.metadata.get("alt"))):
            problems.append(
                f'{at(cell)}: a figure needs "alt" in the metadata of its cell, at least {SHORTEST_ALT} characters, '
                "and a cell makes one figure"
            )
        for output in cell.outputs:
            for alt, target in html_pictures(output.get("data", {}).get("text/html", "")):
                if not alt.strip():
                    problems.append(f"{at(cell)}: picture {target[:60]} in its output has no alt text")
    return problems


def html_pictures(text):
    return [(a.get("alt", ""), a.get("src", "")) for name, a in Tags(text).found if name == "img"]


def image_types(output):
    return [mime for mime in output.get("data", {}) if mime.startswith("image/")]


def about_image(output, mime):
    about = output.metadata.get(mime, {})
    return about.get("alt") if isinstance(about, dict) else None


def long_enough(alt):
    return isinstance(alt, str) and len(alt.strip()) >= SHORTEST_ALT


def sizes(chapter):
    problems = []
    size = chapter.path.stat().st_size
    if size > LARGEST_NOTEBOOK:
        problems.append(f"the notebook has {size:,} bytes, at most {LARGEST_NOTEBOOK:,}")
    for cell in chapter.cells:
        bundles = [output.get("data", {}) for output in cell.get("outputs", [])]
        bundles += cell.get("attachments", {}).values()
        images = [image_size(mime, data) for bundle in bundles for mime, data in bundle.items() if mime[:6] == "image/"]
        if cell.cell_type == "markdown":
            files = [chapter.path.parent / unquote(target) for _, target in MARKDOWN_IMAGE.findall(prose(cell.source))]
            images += [file.stat().st_size for file in files if file.is_file()]
        for image in images:
            if image > LARGEST_IMAGE:
                problems.append(f"{at(cell)}: a picture of {image:,} bytes, at most {LARGEST_IMAGE:,}")
    return problems


def image_size(mime, data):
    return len(data.encode()) if mime == "image/svg+xml" else len(base64.b64decode(data))


RULES = [
    title_and_promise,
    opening,
    heading_levels,
    question_first,
    closing_sections,
    map_of_chapters,
    claims,
    code_cells,
    stored_outputs,
    steady_outputs,
    normal_form,
    links,
    alt_texts,
    sizes,
]


# ---------------------------------------------------------------- the chapters


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_chapter(path, rule):
    problems = rule(Chapter(path))
    assert not problems, "\n".join([f"{path.name}:", *problems])


def test_chapters_are_numbered_without_a_gap():
    names = [path.name for path in CHAPTERS]
    assert all(re.fullmatch(r"\d\d_[a-z_]+\.ipynb", name) for name in names), names
    assert [int(name[:2]) for name in names] == list(range(len(names))), names
    assert names[:2] == ["00_start_here.ipynb", "01_pipelines.ipynb"]


def test_claims_are_complete_and_have_a_home():
    assert list(CLAIMS) == [f"C{number:02d}" for number in range(1, 43)]
    assert all(claim.keys() == {"chapter", "shown", "claim"} for claim in CLAIMS.values())
    assert sorted({claim["chapter"] for claim in CLAIMS.values()}) == [1, 2, 3, 4, 5, 6, 7]
    present = {int(path.name[:2]) for path in CHAPTERS}
    homeless = [name for name, claim in CLAIMS.items() if claim["shown"] and claim["chapter"] not in present]
    assert not homeless, f"shown in a chapter that does not exist: {homeless}"


def unexplained_replacements(text):
    """Names of nbval's replacements without a comment on the line above."""
    lines = text.splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith("[")]
    return [lines[number] for number in starts if number == 0 or not re.match(r"# *\w", lines[number - 1])]


def test_nbval_replacements_are_explained():
    text = (HERE / "nbval_sanitize.cfg").read_text(encoding="utf-8")
    assert unexplained_replacements(text) == []
    assert len(re.findall(r"^regex: ", text, re.MULTILINE)) == len(re.findall(r"^\[", text, re.MULTILINE))
    assert unexplained_replacements("[a]\nregex: x\nreplace: Y\n# why\n[b]\nregex: x\nreplace: Y\n") == ["[a]"]


# ---------------------------------------------------------------- a small chapter that keeps every rule

PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(60)).decode()
SMALL_CLAIMS = {
    "C01": {"chapter": 1, "shown": True, "claim": "Two and two make four."},
    "C02": {"chapter": 1, "shown": False, "claim": "Three and three make six."},
    "C13": {"chapter": 2, "shown": True, "claim": "Seen in the next chapter."},
}
CLOSE = """## Where it stops being true

Beyond the integers, see [the sums](#Sums-of-two-numbers) and [the notes](notes.md#rounding-errors).

## Recap

| term | meaning |
| --- | --- |
| sum | what `+` gives |

## Exercises

1. Add three numbers.

## Quiz

What is 2 + 2?

## Sources

- Peano, *Arithmetices principia*, 1889, [a page](https://example.org/peano)."""


def figure():
    return new_output("display_data", {"image/png": PIXEL, "text/plain": "<Figure size 640x480 with 1 Axes>"})


def small_cells():
    """Fresh cells of a chapter that keeps every rule; the tests break one thing at a time."""
    return {
        "small-sums": new_markdown_cell("# Small sums\n\nYou will see in 4.5 lines that sums can be *trusted*."),
        "opening": new_markdown_cell(
            "**What you will be able to do**\n\n- add\n\n**What you need**: nothing.\n\n"
            "**Reading** 2 min · **Running** 3 s"
        ),
        "sums": new_markdown_cell("## Sums of `two` numbers\n\n![two dots and two dots](dots.png)"),
        "guess": new_markdown_cell("> **Predict, then run.** What is two and two?"),
        "claim-c01": new_code_cell(
            'total = 2 + 2\nprint(total)\nassert total == 4, "two and two make four"',
            metadata={"tags": ["claim-C01"]},
            outputs=[new_output("stream", name="stdout", text="4\n")],
        ),
        "draw": new_code_cell("draw(total)", metadata={"alt": "four dots in a row, evenly spaced"}, outputs=[figure()]),
        "fails": new_code_cell(
            "1 / 0",
            metadata={"tags": ["raises-exception"]},
            outputs=[new_output("error", ename="ZeroDivisionError", evalue="division by zero", traceback=["Cell 3"])],
        ),
        "closing": new_markdown_cell(CLOSE),
    }


@pytest.fixture
def write(tmp_path):
    """Write cells, by id, as a chapter of a small course with two chapters and the files they link to."""
    folder = tmp_path / "chapters"
    folder.mkdir()
    (folder / "dots.png").write_bytes(base64.b64decode(PIXEL))
    (folder / "notes.md").write_text("# Notes\n\n## Rounding errors!\n")

    def write(cells, name="01_small.ipynb"):
        notebook = new_notebook(cells=list(cells.values()))
        for cell_id, cell in cells.items():
            cell.id = cell_id
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        for number, cell in enumerate(code, 1):
            cell.execution_count = cell.execution_count or number
        text = normalise.nbformat.v4.writes(notebook)
        (folder / name).write_text(text)
        return Chapter(folder / name, SMALL_CLAIMS)

    return write


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_small_chapter_keeps_every_rule(rule, write):
    chapter = write(small_cells())
    chapter.path.write_text(normalise.normalised(chapter.text))
    assert rule(Chapter(chapter.path, SMALL_CLAIMS)) == []


def replace(cell_id, old, new):
    """A change of a cell's source."""

    def change(cells):
        assert old in cells[cell_id].source
        cells[cell_id].source = cells[cell_id].source.replace(old, new)

    return change


def prints(text):
    """A change of what the claim's cell has printed."""
    return lambda cells: cells["claim-c01"].update(outputs=[new_output("stream", name="stdout", text=text)])


def shows_html(text):
    return lambda cells: cells["draw"].update(outputs=[new_output("display_data", {"text/html": text})])


def proves(statement):
    """A change of the claim's assert."""
    return replace("claim-c01", 'assert total == 4, "two and two make four"', statement)


def retag(cell_id, *names):
    return lambda cells: cells[cell_id].metadata.update(tags=list(names))


def says(text):
    """A change that adds to a section's text."""
    return lambda cells: cells["sums"].update(source=cells["sums"].source + "\n\n" + text)


def move_question(cells):
    """Put three more sections before the question."""
    guess, claim = cells.pop("guess"), cells.pop("claim-c01")
    cells["sums"].source += "\n\n## Two\n\n## Three\n\n## Four"
    rest = {name: cells.pop(name) for name in ("draw", "fails", "closing")}
    cells["late"] = new_markdown_cell("## Five")
    cells.update({"guess": guess, "claim-c01": claim, **rest})


def ask_without_cell(cells):
    cells["last-idea"] = new_markdown_cell("## One more\n\n> **Predict, then run.** And three?")
    cells["closing"] = cells.pop("closing")


BROKEN = [
    (title_and_promise, replace("small-sums", "# Small", "Small"), "starts with `# `"),
    (title_and_promise, lambda cells: cells.update({"small-sums": new_code_cell("x = 1")}), "starts with `# `"),
    (title_and_promise, replace("small-sums", "You will", "It is easy. You will"), "exactly one sentence"),
    (title_and_promise, replace("small-sums", "*.", "*"), "exactly one sentence"),
    (title_and_promise, lambda cells: cells["small-sums"].update(source="# Small sums"), "exactly one sentence"),
    (title_and_promise, says("# Another title"), "for the title of the chapter alone"),
    (opening, replace("opening", "What you need", "Needed"), "'What you need'"),
    (opening, replace("opening", "What you will be able to do", "Aims"), "'What you will be able to do'"),
    (opening, replace("opening", "2 min", "two minutes"), "**Reading** 25 min"),
    (opening, replace("opening", " · **Running** 3 s", ""), "**Running** 40 s"),
    (heading_levels, says("#### Too deep"), "'Too deep' skips a level"),
    (question_first, lambda cells: cells.pop("guess"), "asks a question"),
    (question_first, replace("guess", "two?", "two."), "asks a question"),
    (question_first, move_question, "within the first three sections"),
    (question_first, ask_without_cell, "'last-idea': no code cell follows"),
    (closing_sections, replace("closing", "## Quiz", "## Questions"), "in this order"),
    (closing_sections, replace("closing", "## Sources", "## Sources\n\n## Thanks"), "in this order"),
    (closing_sections, lambda cells: cells.pop("sums"), "after the chapter's own sections"),
    (closing_sections, replace("closing", "| --- | --- |\n", ""), "'Recap' holds a table"),
    (closing_sections, replace("closing", "1. Add three numbers.", ""), "'Exercises' is empty"),
    (closing_sections, replace("closing", "What is 2 + 2?", ""), "'Quiz' is empty"),
    (closing_sections, replace("closing", ", 1889", ""), "source without a year"),
    (closing_sections, replace("closing", "- Peano", "Peano"), "holds a list"),
    (claims, retag("claim-c01"), "calls C01 shown, but no cell has"),
    (claims, retag("draw", "claim-C02"), "calls C02 not yet shown, but a cell has"),
    (claims, retag("draw", "claim-C99"), "names no claim"),
    (claims, retag("draw", "Claim-c1"), "names no claim"),
    (claims, retag("guess", "claim-C01"), "belongs on the code cell"),
    (claims, retag("claim-c01", "claim-C01", "nbval-skip"), "must run and succeed"),
    (claims, retag("claim-c01", "claim-C01", "raises-exception"), "must run and succeed"),
    (claims, proves("# assert total == 4, 'two and two make four'"), "holds an assert"),
    (claims, proves("print('assert total == 4')"), "holds an assert"),
    (claims, proves("def check():\n    assert total == 4, 'two and two make four'"), "holds an assert"),
    (claims, proves("if False:\n    assert total == 4, 'two and two make four'"), "holds an assert"),
    (claims, proves("try:\n    assert total == 5, 'it is five'\nexcept AssertionError:\n    pass"), "holds an assert"),
    (claims, proves("assert True, 'two and two make four'"), "asserts a constant"),
    (claims, proves("assert 2 + 2 == 4, 'two and two make four'"), "asserts a constant"),
    (claims, proves("assert not '', 'two and two make four'"), "asserts a constant"),
    (claims, proves("assert total or 1, 'two and two make four'"), "`or` a constant"),
    (claims, proves("assert total == total, 'two and two make four'"), "with itself"),
    (claims, proves("assert (total == 5, 'two and two make four')"), "asserts a tuple"),
    (claims, proves("assert total == 4"), "needs a message"),
    (claims, proves("assert total == 4, 'ok'"), "needs a message"),
    (claims, proves("assert total == 4, total"), "needs a message"),
    (claims, proves("assert total ==="), "not Python"),
    (code_cells, replace("draw", "draw(total)", "\n".join(["draw(total)"] * 21)), "21 lines of code"),
    (code_cells, replace("draw", "draw(total)", "%matplotlib inline"), "not plain Python"),
    (code_cells, replace("draw", "draw(total)", "!pip list"), "not plain Python"),
    (code_cells, replace("draw", "draw(total)", "get_ipython().system('ls')"), "get_ipython"),
    (code_cells, replace("draw", "draw(total)", "run(['pip', 'install', 'x'])"), "installs a package"),
    (code_cells, retag("draw", "nbval-skip"), "is skipped"),
    (code_cells, replace("draw", "draw(total)", "# NBVAL_SKIP\ndraw(total)"), "is skipped"),
    (code_cells, lambda cells: cells["draw"].update(execution_count=7), "execution count 7, expected 2"),
    (stored_outputs, lambda cells: cells["claim-c01"].update(outputs=[]), "no output is stored"),
    (stored_outputs, lambda cells: cells.update(value=new_code_cell("total + 1")), "no output is stored"),
    (
        stored_outputs,
        lambda cells: [cell.update(outputs=[]) for cell in cells.values() if cell.cell_type == "code"],
        "no output at all",
    ),
    (
        stored_outputs,
        lambda cells: cells["draw"].outputs.append(new_output("stream", name="stderr", text="Warning: x\n")),
        "prints to stderr",
    ),
    (stored_outputs, retag("fails"), "the stored output is an error"),
    (stored_outputs, lambda cells: cells["fails"].update(outputs=[]), "no error is stored"),
    (steady_outputs, prints("saved to /home/ada/model.bin"), "an absolute path: '/home/ada/model.bin'"),
    (steady_outputs, prints("saved to C:\\Users\\ada"), "an absolute path"),
    (steady_outputs, prints("in file:///models"), "an absolute path"),
    (steady_outputs, prints("in /tmp"), "a temporary path"),
    (steady_outputs, prints("in tmpa1b2c3d4/x"), "a temporary path"),
    (steady_outputs, prints("<object at 0x7f3a9c0012d0>"), "a memory address: '0x7f3a9c0012d0'"),
    (steady_outputs, prints("score 0.98765"), "more than 4 decimals: '0.98765'"),
    (steady_outputs, shows_html("<p>score <b>0.98765</b></p>"), "more than 4 decimals"),
    (
        steady_outputs,
        lambda cells: cells["fails"].outputs[0].update(traceback=["\x1b[31mFile /usr/lib/x.py\x1b[0m"]),
        "an absolute path",
    ),
    (
        normal_form,
        lambda cells: cells["draw"].metadata.update(collapsed=True),
        "run `python tools/normalise.py chapters",
    ),
    (links, says("[next](02_missing.ipynb)"), "02_missing.ipynb does not exist"),
    (links, says("[[1]](02_missing.ipynb)"), "02_missing.ipynb does not exist"),
    (links, says("[below](#Nowhere)"), "#Nowhere: no such section"),
    (links, says("[notes](notes.md#Rounding)"), "notes.md#Rounding: no such section"),
    (links, says("[next][n]\n\n[n]: missing.md"), "missing.md does not exist"),
    (links, says('<a href="missing.md">next</a>'), "missing.md does not exist"),
    (links, says("![a dog](dog.png)"), "dog.png does not exist"),
    (links, says('<img src="dog.png" alt="a dog">'), "dog.png does not exist"),
    (links, says("[![a dog](dog.png)](notes.md)"), "dog.png does not exist"),
    (links, says("![a dog](attachment:dog.png)"), "not attached"),
    (links, says("![a dog](https://example.org/dog.png)"), "comes from the web"),
    (links, says("[old](http://example.org)"), "neither relative nor https"),
    (links, says("See http://example.org."), "neither relative nor https"),
    (links, says("[root](/etc/hosts)"), "neither relative nor https"),
    (links, says("[out](../../)"), "leads out of the course"),
    (links, says("[weights](https://huggingface.co/a/b/resolve/main/model.bin)"), "downloads a file of the hub"),
    (
        links,
        replace("draw", "draw(total)", "get('https://huggingface.co/a/b/resolve/main/model.bin')"),
        "names a file of the hub",
    ),
    (alt_texts, says("![](dots.png)"), "dots.png has no alt text"),
    (alt_texts, says('<img src="dots.png">'), "dots.png has no alt text"),
    (alt_texts, lambda cells: cells["draw"].metadata.pop("alt"), 'needs "alt"'),
    (alt_texts, lambda cells: cells["draw"].metadata.update(alt="four dots"), "at least 20 characters"),
    (alt_texts, lambda cells: cells["draw"].outputs.append(figure()), "makes one figure"),
    (alt_texts, shows_html('<img src="data:image/png;base64,xx">'), "has no alt text"),
    (sizes, prints("x" * 1_500_001), "bytes, at most 1,500,000"),
    (
        sizes,
        lambda cells: cells["draw"].outputs[0].data.update({"image/png": base64.b64encode(bytes(150_001)).decode()}),
        "a picture of 150,001 bytes",
    ),
]


@pytest.mark.parametrize(
    ("rule", "change", "words"), BROKEN, ids=[f"{rule.__name__}-{number}" for number, (rule, _, _) in enumerate(BROKEN)]
)
def test_each_rule_fails_on_what_it_forbids(rule, change, words, write):
    cells = small_cells()
    change(cells)
    problems = rule(write(cells))
    assert any(words in problem for problem in problems), problems


def test_every_rule_was_shown_to_fail():
    assert {rule for rule, _, _ in BROKEN} | {map_of_chapters} == set(RULES)


@pytest.mark.parametrize(
    "change",
    [
        proves("assert total == 4, f'two and two make {total}'"),
        proves("for _ in range(2):\n    assert total == 4, 'two and two make four'"),
        says("[itself](01_small.ipynb#Recap), [top](#cell-id=small-sums), `[code](missing.md)`"),
        says("```python\n# no heading\n[x](missing.md)\n```"),
        says('<a id="here"></a>[here](#here)'),
        prints("3/4 or and/or 2026/11/23, version 2.13.0, score 0.9876, https://example.org/a/b"),
        lambda cells: (
            cells["draw"].metadata.pop("alt"),
            cells["draw"].outputs[0].metadata.update({"image/png": {"alt": "four dots in a row, evenly spaced"}}),
        ),
    ],
)
def test_rules_leave_alone_what_is_right(change, write):
    cells = small_cells()
    change(cells)
    chapter = write(cells)
    assert [problem for rule in RULES if rule is not normal_form for problem in rule(chapter)] == []


def test_pictures_beside_the_chapter_have_a_size_limit(write):
    chapter = write(small_cells())
    (chapter.path.parent / "dots.png").write_bytes(bytes(150_001))
    assert sizes(chapter) == ["cell 'sums': a picture of 150,001 bytes, at most 150,000"]


def test_start_chapter_needs_a_map_of_the_others_and_no_closing(write):
    write(small_cells())
    cells = {name: cell for name, cell in small_cells().items() if name in ("small-sums", "opening", "sums")}
    start = write(cells, "00_start.ipynb")
    assert question_first(start) == []
    assert closing_sections(start) == []
    assert map_of_chapters(start) == ["a section with 'map' in its title shows all chapters"]
    says("## A map of the chapters\n\nNothing yet.")(cells)
    assert map_of_chapters(write(cells, "00_start.ipynb")) == ["the map does not link to 01_small.ipynb"]
    says("- [one](01_small.ipynb)")(cells)
    assert map_of_chapters(write(cells, "00_start.ipynb")) == []


# ---------------------------------------------------------------- tools/normalise.py

MESSY = {
    "nbformat": 4,
    "nbformat_minor": 4,
    "metadata": {
        "kernelspec": {"name": "my-env", "display_name": "My env"},
        "language_info": {"name": "python", "version": "3.11.7"},
        "widgets": {"application/vnd.jupyter.widget-state+json": {"state": {}}},
    },
    "cells": [
        {
            "cell_type": "markdown",
            "metadata": {"editable": True},
            "source": ["# Ada's café: words & sums\n", "\n", "Text.  \n\n"],
        },
        {
            "cell_type": "code",
            "execution_count": 17,
            "metadata": {
                "execution": {"iopub.execute_input": "2026"},
                "tags": ["claim-C07", "claim-C07"],
                "alt": "a figure",
            },
            "source": "print(1)\n",
            "outputs": [
                {"output_type": "stream", "name": "stdout", "text": "1\n"},
                {"output_type": "stream", "name": "stdout", "text": ["2\n", "3\n"]},
                {
                    "output_type": "display_data",
                    "metadata": {"image/png": {"width": 640, "alt": "a figure"}, "needs_background": "light"},
                    "data": {"image/png": PIXEL},
                },
                {"output_type": "stream", "name": "stdout", "text": "4\n"},
            ],
        },
        {"cell_type": "code", "execution_count": None, "metadata": {}, "source": "\n", "outputs": []},
        {
            "cell_type": "code",
            "execution_count": None,
            "metadata": {"tags": []},
            "source": "slider",
            "outputs": [
                {
                    "output_type": "execute_result",
                    "execution_count": 3,
                    "metadata": {},
                    "data": {"application/vnd.jupyter.widget-view+json": {"model_id": "a1"}, "text/plain": "Slider()"},
                },
                {
                    "output_type": "error",
                    "ename": "E",
                    "evalue": "no",
                    "traceback": ["Cell In[3], line 1", "\x1b[32mFile ~/x.py:3\x1b[0m", "E: no"],
                },
            ],
        },
        {"cell_type": "markdown", "metadata": {}, "source": "낱말"},
    ],
}


def test_normalise_brings_a_messy_notebook_into_form():
    text = normalise.normalised(json.dumps(MESSY))
    notebook = json.loads(text)
    first, claim, slider, korean = notebook["cells"]
    assert notebook["nbformat_minor"] == 5
    assert notebook["metadata"] == {
        "kernelspec": {"display_name": "Python 3", "name": "python3"},
        "language_info": {"name": "python"},
    }
    ids = [cell["id"] for cell in notebook["cells"]]
    assert ids == ["adas-cafe-words-sums", "claim-c07", "adas-cafe-words-sums-1", "adas-cafe-words-sums-2"]
    assert "".join(first["source"]).endswith("Text.")
    assert first["metadata"] == {}
    assert claim["metadata"] == {"alt": "a figure", "tags": ["claim-C07"]}
    assert [cell["execution_count"] for cell in (claim, slider)] == [1, 2]
    assert [output.get("text") for output in claim["outputs"]] == [["1\n", "2\n", "3\n"], None, ["4\n"]]
    assert claim["outputs"][1]["metadata"] == {"image/png": {"alt": "a figure"}}
    assert slider["outputs"][0] == {
        "data": {"text/plain": ["Slider()"]},
        "execution_count": 2,
        "metadata": {},
        "output_type": "execute_result",
    }
    assert slider["outputs"][1]["traceback"] == ["Cell In[3], line 1", "E: no"]
    assert slider["metadata"] == {}
    assert text.endswith("}\n")
    assert text == json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    assert normalise.normalised(text) == text


def test_normalise_keeps_ids_when_words_change_and_cells_come_between():
    notebook = json.loads(normalise.normalised(json.dumps(MESSY)))
    before = [cell["id"] for cell in notebook["cells"]]
    notebook["cells"][0]["source"] = "# Quite another title"
    new = {"cell_type": "markdown", "id": "0b1c2d3e", "metadata": {}, "source": "## The new idea"}
    copy = dict(notebook["cells"][1])
    notebook["cells"][1:1] = [new, copy]
    after = [cell["id"] for cell in json.loads(normalise.normalised(json.dumps(notebook)))["cells"]]
    assert after == [before[0], "the-new-idea", "claim-c07", "claim-c07-2", *before[2:]]


@pytest.mark.parametrize(
    ("cell_id", "kept"),
    [
        ("words-that-must-not-be-heard", True),
        ("claim-c07-2", True),
        ("sst2", True),
        ("85016ab2", False),
        ("deadbeef", False),
        ("3f2504e0-4f89-11d3-9a0c-0305e82c3301", False),
        ("k3jd9sk2la1m", False),
        ("aB3dE_fGh1Jk", False),
        ("12-3", False),
        ("double--hyphen", False),
        ("x" * 41, False),
        ("", False),
    ],
)
def test_ids_that_an_editor_invented_are_told_from_words(cell_id, kept):
    assert normalise.is_meaningful(cell_id) is kept


SOURCES = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        ["# Deadbeef", "# 2024", "## 낱말", "## A B C D E F G H", "# " + "long" * 20, "12345678", "x = 1\n"]
    ),
)
CELLS = st.lists(
    st.tuples(
        st.sampled_from(["code", "markdown", "raw"]),
        SOURCES,
        st.sampled_from(["", "deadbeef", "deadbeef-2", "claim-c01", "kept-words", "x" * 64]),
        st.sampled_from([[], ["claim-C01"], ["other"]]),
    ),
    max_size=8,
)


@settings(max_examples=150, deadline=None)
@given(CELLS)
def test_normalise_is_idempotent_and_gives_meaningful_unique_ids(cells):
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}
    for kind, source, cell_id, names in cells:
        cell = {"cell_type": kind, "source": source, "id": cell_id, "metadata": {"tags": names}}
        if kind == "code":
            cell |= {"outputs": [], "execution_count": None}
        notebook["cells"].append(cell)
    text = normalise.normalised(json.dumps(notebook))
    ids = [cell["id"] for cell in json.loads(text)["cells"]]
    assert len(set(ids)) == len(ids)
    assert all(normalise.is_meaningful(cell_id) for cell_id in ids)
    assert normalise.normalised(text) == text


def test_check_names_the_files_and_the_command_and_changes_nothing(tmp_path):
    path = tmp_path / "messy.ipynb"
    path.write_text(json.dumps(MESSY))
    command = [sys.executable, str(ROOT / "tools" / "normalise.py"), "--check", str(path)]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 1
    assert f"mend with: python tools/normalise.py {path}" in result.stderr
    assert path.read_text() == json.dumps(MESSY)
    assert normalise.main([str(path)]) == 0
    assert normalise.main(["--check", str(path)]) == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"{", "not a notebook"), (b'{"a": 1}', "not a notebook"), (b"\xff", "utf-8"), (None, "No such file")],
)
def test_files_that_are_no_notebooks_are_refused_by_name(content, words, tmp_path, capsys):
    path = tmp_path / "bad.ipynb"
    if content is not None:
        path.write_bytes(content)
    assert normalise.main([str(path)]) == 1
    complaint = capsys.readouterr().err
    assert str(path) in complaint
    assert words in complaint


def test_execute_runs_in_the_folder_of_the_notebook_and_stores_outputs(tmp_path):
    (tmp_path / "data.txt").write_text("from the folder")
    path = tmp_path / "run.ipynb"
    source = "import os\nprint(open('data.txt').read(), os.environ['TQDM_DISABLE'])"
    normalise.nbformat.write(new_notebook(cells=[new_code_cell(source, execution_count=9)]), path)
    assert normalise.main(["--execute", str(path)]) == 0
    cell = json.loads(path.read_text())["cells"][0]
    assert (cell["execution_count"], cell["outputs"][0]["text"]) == (1, ["from the folder 1\n"])
    assert normalise.main(["--check", str(path)]) == 0


def test_execute_leaves_the_file_alone_when_a_cell_fails(tmp_path, capsys):
    path = tmp_path / "run.ipynb"
    normalise.nbformat.write(new_notebook(cells=[new_code_cell("1 / 0")]), path)
    before = path.read_bytes()
    assert normalise.main(["--execute", str(path)]) == 1
    assert "ZeroDivisionError" in capsys.readouterr().err
    assert path.read_bytes() == before
