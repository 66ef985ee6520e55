"""What every chapter must be: the rules, each a function whose docstring says what the author has to write.

A rule takes a chapter and yields its problems in plain words; if it yields none, it holds. The list ``RULES`` names
them all; ``test_notebooks.py`` runs every chapter through them, and shows each fail on a small notebook that breaks it.
"""

import ast
import base64
import builtins
import re
from urllib.parse import unquote

from doing_rules import (
    exercise_cells,
    exercises_in_the_flow,
    honest_minutes,
    known_tags,
    narrow_code,
    predictions,
    quiz_cell,
)
from reading import CLOSING, Chapter, Tags, at, headings, parsed, prose, tags, texts_of

from workshop.editions import marks, normalise

MOST_LINES = 20
MOST_DECIMALS = 4
SHORTEST_ALT = 20
LARGEST_NOTEBOOK = 1_500_000  # bytes
LARGEST_IMAGE = 150_000  # bytes

SKIPPED = {"nbval-skip", "skip-execution"}
MEANT_TO_FAIL = {"raises-exception", "nbval-raises-exception"}

MINUTES = re.compile(r"\*\*Reading\*\* \d+ min · \*\*Running\*\* \d+ (s|min)\b")
TABLE = re.compile(r"^\|.+\|[ \t]*\n\|[ :|-]+\|[ \t]*\n\|.+\|", re.MULTILINE)
LIST_ITEM = re.compile(r"^(?:[-*]|\d+\.) +(.+(?:\n[ \t]+\S.*)*)", re.MULTILINE)
YEAR = re.compile(r"\b(1[89]|20)\d\d\b")

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


# ---------------------------------------------------------------- rules: the skeleton


def title_and_promise(chapter):
    """Cell 1 is markdown: ``# Title``, a blank line, then one sentence of promise as a paragraph of its own."""
    first = chapter.cells[0]
    if first.cell_type != "markdown" or not re.match(r"# \S", first.source):
        yield "the first cell is markdown and starts with `# ` and the title"
        return
    if sum(level == 1 for cell in chapter.markdown for level, _ in headings(cell.source)) != 1:
        yield "`# ` is for the title of the chapter alone; sections are `## `"
    paragraphs = re.split(r"\n\s*\n", first.source.strip())
    promise = " ".join(paragraphs[1].split()).rstrip("*_") if len(paragraphs) > 1 else ""
    ends = [match.end() for match in re.finditer(r"[.!?](?=\s|$)", promise)]
    if ends != [len(promise)] or promise.startswith(("#", "-", "|")):
        yield f"after the title comes a paragraph of exactly one sentence, the promise; found {promise!r}"


def opening(chapter):
    """Cells 1 and 2 say "What you will be able to do", "What you need" and how long the chapter takes.

    The times are the line ``**Reading** 25 min · **Running** 40 s``: whole numbers; running in s or min.
    """
    text = "\n".join(cell.source for cell in chapter.cells[:2] if cell.cell_type == "markdown")
    for words in ("What you will be able to do", "What you need"):
        if words not in text:
            yield f"the first two cells say {words!r}"
    if not MINUTES.search(text):
        yield "the first two cells say `**Reading** 25 min · **Running** 40 s`, with the chapter's numbers"


def heading_levels(chapter):
    """Sections are ``## …``, their parts ``### …``; no level is left out."""
    before = 0
    for cell in chapter.markdown:
        for level, words in headings(cell.source):
            if before and level > before + 1:
                yield f"{at(cell)}: heading {words!r} skips a level"
            before = level


def question_first(chapter):
    """Within the first three sections a cell with the tag ``prediction`` asks a question. Chapter 00 needs none."""
    if chapter.number == 0:
        return
    starts = [section.position for section in chapter.sections if section.position > 1]
    asked = [index for index, cell in enumerate(chapter.cells) if "prediction" in tags(cell)]
    if not asked:
        yield "a code cell with the tag prediction asks for one: predict(…)"
    elif len(starts) > 3 and asked[0] >= starts[3]:
        yield "the first prediction comes within the first three sections"


def closing_sections(chapter):
    """The last sections are "Where it stops being true", "Recap", "Exercises" if there are further ones, "Quiz",
    "Sources".

    The recap holds a table; the sources are a list, each item with its year. Chapter 00 needs none of these. A cell
    that solves an exercise may have the tag ``solution``, which folds it; it comes after the heading "Exercises", or
    after a check.
    """
    further = [section.position for section in chapter.sections if section.title == "Exercises"]
    before = ""
    for cell in chapter.cells[: further[0] + 1 if further else None]:
        if "solution" in tags(cell) and before not in ("check", "solution"):
            yield f"{at(cell)}: a cell with the tag solution comes after the heading 'Exercises' or after a check"
        before = marks.kind(cell)
    if chapter.number == 0:
        return
    titles = [section.title for section in chapter.sections]
    closing = CLOSING if further else [title for title in CLOSING if title != "Exercises"]
    if titles[-len(closing) :] != closing or len(titles) == len(closing):
        yield f"after the chapter's own sections come, in this order, `## ` {', '.join(closing)}; found {titles}"
        return
    last = {section.title: section for section in chapter.sections[-len(closing) :]}
    for title, section in last.items():
        if not (section.text or section.code):
            yield f"section {title!r} is empty"
    if not TABLE.search(last["Recap"].text):
        yield "section 'Recap' holds a table"
    items = LIST_ITEM.findall(last["Sources"].text)
    if not items:
        yield "section 'Sources' holds a list of papers or documentation"
    for item in items:
        if not YEAR.search(item):
            yield f"source without a year: {item!r}"


def map_of_chapters(chapter):
    """Chapter 00 has a section with "map" in its title that links to every other chapter."""
    if chapter.number != 0:
        return
    maps = [section.text for section in chapter.sections if re.search(r"\bmap\b", section.title, re.IGNORECASE)]
    if not maps:
        yield "a section with 'map' in its title shows all chapters"
        return
    others = {path.name for path in chapter.path.parent.glob("[0-9][0-9]_*.ipynb")} - {chapter.path.name}
    for name in sorted(others):
        if f"]({name}" not in "\n".join(maps):
            yield f"the map does not link to {name}"


# ---------------------------------------------------------------- rules: claims


def claims(chapter):
    """A cell that shows claim 7 has the tag ``claim-C07`` and an ``assert`` at top level that could fail.

    The assert depends on something computed, and has a message of three words or more. ``tests/claims.json`` says
    which chapter owns a claim, and whether it is shown there already.
    """
    shown = set()
    for cell in chapter.cells:
        for tag in tags(cell):
            if not tag.lower().startswith("claim"):
                continue
            name = tag.removeprefix("claim-")
            if name not in chapter.claims:
                yield f"{at(cell)}: tag {tag!r} names no claim of tests/claims.json; write claim-C01"
            elif cell.cell_type != "code":
                yield f"{at(cell)}: tag {tag!r} belongs on the code cell that shows the claim"
            else:
                shown.add(name)
                for problem in proof_problems(cell):
                    yield f"{at(cell)}: {problem}"
    for name, claim in chapter.claims.items():
        if claim["chapter"] == chapter.number and claim["shown"] != (name in shown):
            said, found = ("shown", "no cell has") if claim["shown"] else ("not yet shown", "a cell has")
            yield f"tests/claims.json calls {name} {said}, but {found} the tag claim-{name}"


def proof_problems(cell, messages=True):
    """Why a cell would go on passing although its claim were false."""
    escapes = (SKIPPED | MEANT_TO_FAIL).intersection(tags(cell))
    if escapes:
        yield f"a claim's cell must run and succeed, so not with the tag {', '.join(sorted(escapes))}"
    tree = parsed(cell.source)
    if tree is None:
        yield "the cell is not Python"
        return
    asserts = [statement for statement in certain_to_run(tree.body) if isinstance(statement, ast.Assert)]
    if not asserts:
        yield "a claim's cell holds an assert that runs at top level, outside any function, class or try"
    for statement in asserts:
        asserted = ast.unparse(statement.test)
        reason = always_true(statement.test)
        if reason:
            yield f"`assert {asserted}` {reason}"
        if messages and not is_sentence(statement.msg):
            yield f"`assert {asserted}` needs a message of three words or more"


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
    names = {node.id for node in ast.walk(test) if isinstance(node, ast.Name)}
    if names <= set(dir(builtins)) - {"open", "input"}:
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


def messages_say_what_was_found(chapter):
    """The message of an ``assert`` says what was found: an f-string with a value, ``f"{right} of 16 are right"``.

    It is what the reader and ``make canary`` see when a library has changed: a message that repeats the claim would
    say what has just become false, and no number. This holds for every assert, also inside a function or a loop.
    """
    for cell in chapter.code:
        tree = parsed(cell.source)
        for statement in ast.walk(tree) if tree else ():
            if isinstance(statement, ast.Assert) and not says_a_value(statement.msg):
                asserted = ast.unparse(statement.test)
                yield f'{at(cell)}: `assert {asserted}` says what was found: a message such as f"{{right}} of 16"'


CLOCKS = {"seconds", "milliseconds", "perf_counter", "monotonic", "process_time", "time_ns"}


def no_asserted_times(chapter):
    """A time is shown and never asserted: on a busy machine the assert would stop "Run all", and all that follows it.

    A time is what a call or an attribute in CLOCKS gives, and what is computed from it. Assert memory, counts, results.
    """
    timed = set()
    for cell in chapter.code:
        tree = parsed(cell.source)
        found = [node for node in ast.walk(tree) if isinstance(node, (ast.Assert, *GIVES_VALUES))] if tree else []
        for node in sorted(found, key=lambda node: (node.lineno, node.col_offset)):
            if isinstance(node, GIVES_VALUES):
                names, value = given_value(node)
                if value is not None and measures_time(value, timed):
                    timed = timed | names
                elif isinstance(node, ast.Assign):
                    timed = timed - names
            elif measures_time(node.test, timed):
                yield f"{at(cell)}: `assert {ast.unparse(node.test)}` asserts a time: show it and assert another thing"


GIVES_VALUES = ast.Assign, ast.AugAssign, ast.AnnAssign, ast.NamedExpr, ast.For, ast.Call


def given_value(node):
    """The names that a statement, or a call such as ``times.append(value)``, gives a value, and that value."""
    if isinstance(node, ast.Call):
        appends = isinstance(node.func, ast.Attribute) and node.func.attr in ("append", "extend") and node.args
        return (names_in(node.func.value), node.args[0]) if appends else (set(), None)
    if isinstance(node, ast.For):
        return names_in(node.target), node.iter
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return set().union(*map(names_in, targets)), node.value


def names_in(target):
    """The names of a target: of ``times[name]`` and ``run.time`` only the first one."""
    while isinstance(target, ast.Subscript | ast.Attribute | ast.Starred):
        target = target.value
    if isinstance(target, ast.Tuple | ast.List):
        return set().union(*map(names_in, target.elts))
    return {target.id} if isinstance(target, ast.Name) else set()


def measures_time(node, timed):
    """Whether an expression reads a clock, or a name that holds a time."""
    return any(
        (isinstance(part, ast.Name) and part.id in timed)
        or (isinstance(part, ast.Attribute) and (part.attr in CLOCKS or ast.unparse(part) == "time.time"))
        or (isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id in CLOCKS)
        for part in ast.walk(node)
    )


def says_a_value(message):
    """Tell whether a message is an f-string that formats something computed."""
    parts = message.values if isinstance(message, ast.JoinedStr) else []
    values = [part.value for part in parts if isinstance(part, ast.FormattedValue)]
    return any(isinstance(node, ast.Name) for value in values for node in ast.walk(value))


# ---------------------------------------------------------------- rules: code and outputs


def code_cells(chapter):
    """A code cell is plain Python of at most 20 lines, runs in the tests too, and the whole chapter was run in order.

    The marks around a solution are not counted. It has no ``!`` or ``%`` commands and installs nothing.
    """
    for number, cell in enumerate(chapter.code, 1):
        lines = sum(line.strip() not in (marks.BEGIN, marks.END) for line in cell.source.splitlines())
        if lines > MOST_LINES:
            yield f"{at(cell)}: {lines} lines of code, at most {MOST_LINES}: move some to course_lib"
        tree = parsed(cell.source)
        if tree is None:
            yield f"{at(cell)}: not plain Python (`!` and `%` commands and `?` are IPython's)"
        elif any(isinstance(node, ast.Name) and node.id == "get_ipython" for node in ast.walk(tree)):
            yield f"{at(cell)}: uses get_ipython(); the cell must run as plain Python"
        if re.search(r"\bpip3?\W+install\b", cell.source):
            yield f"{at(cell)}: installs a package; dependencies belong in pyproject.toml"
        if SKIPPED.intersection(tags(cell)) or re.search(r"#\s*NBVAL_SKIP\b", cell.source):
            yield f"{at(cell)}: is skipped by the tests; every cell of a chapter runs"
        if cell.execution_count != number:
            yield f"{at(cell)}: execution count {cell.execution_count}, expected {number}; run the chapter"


def stored_outputs(chapter):
    """Outputs are stored, and nothing went to stderr. A cell that is meant to fail has the tag ``raises-exception``."""
    for cell in chapter.code:
        fails = MEANT_TO_FAIL.intersection(tags(cell))
        kinds = [output.output_type for output in cell.outputs]
        if "error" in kinds and not fails:
            yield f"{at(cell)}: the stored output is an error; if that is meant, tag it raises-exception"
        if fails and "error" not in kinds:
            yield f"{at(cell)}: is tagged raises-exception, but no error is stored"
        if any(output.output_type == "stream" and output.name == "stderr" for output in cell.outputs):
            yield f"{at(cell)}: prints to stderr; a warning is to be mended, not shown"
        if not cell.outputs and shows_something(cell.source):
            yield f"{at(cell)}: prints or shows a value, but no output is stored: run the chapter"
    if chapter.code and not any(cell.outputs for cell in chapter.code):
        yield "no output at all is stored: run the chapter with `python -m workshop.editions.normalise --execute`"


def shows_something(source):
    """Tell whether running the code surely gives an output: a print at top level, or a value at the end."""
    tree = parsed(source)
    if tree is None or not tree.body:
        return False
    calls = [line.value for line in tree.body if isinstance(line, ast.Expr) and isinstance(line.value, ast.Call)]
    prints = any(
        ast.unparse(call.func) == "print" and not any(keyword.arg == "file" for keyword in call.keywords)
        for call in calls
    )
    last = tree.body[-1]
    may_be_none = ast.Call | ast.Await | ast.Constant
    return prints or (
        isinstance(last, ast.Expr) and not isinstance(last.value, may_be_none) and not source.rstrip().endswith(";")
    )


def steady_outputs(chapter):
    """Outputs are the same for every reader: no absolute or temporary path, no memory address, at most 4 decimals."""
    for cell in chapter.code:
        text = "\n".join(texts_of(cell))
        for what, pattern in UNSTABLE.items():
            found = pattern.search(text)
            if found:
                yield f"{at(cell)}: its output holds {what}: {found[0]!r}"


def asserted_outputs(chapter):
    """A cell with the tag ``nbval-ignore-output``, whose output nobody compares, holds an assert that can fail."""
    for cell in chapter.code:
        if "nbval-ignore-output" in tags(cell):
            for problem in proof_problems(cell, messages=False):
                said = problem.removeprefix("a claim's cell ")
                yield f"{at(cell)}: its output is not compared: {said}"


def normal_form(chapter):
    """At the end: ``python -m workshop.editions.normalise``."""
    if normalise.normalised(chapter.text) != chapter.text:
        yield f"not in normal form: run `{normalise.COMMAND} chapters/{chapter.path.name}`"


# ---------------------------------------------------------------- rules: links, pictures, sizes


def links(chapter):
    """Links are relative or https, and their files and sections exist; pictures lie in the course, not in the web.

    An anchor of a notebook is its heading with - for each space. No link and no code names a file of the hub.
    """
    for cell in chapter.markdown:
        text = prose(cell.source)
        targets = MARKDOWN_LINK.findall(MARKDOWN_IMAGE.sub("picture", text)) + LINK_DEFINITION.findall(text)
        targets += [attributes["href"] for name, attributes in Tags(text).found if name == "a" and "href" in attributes]
        targets += WEB_ADDRESS.findall(text)
        found = [image_problem(image, cell) or link_problem(image, chapter) for _, image in pictures(text)]
        found += [link_problem(target, chapter) for target in targets]
        for problem in dict.fromkeys(found):
            if problem:
                yield f"{at(cell)}: {problem}"
    for cell in chapter.code:
        if HUB_FILE.search(cell.source):
            yield f"{at(cell)}: names a file of the hub by its address; use course_lib.checkpoints"


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
        target = Chapter(path)
        sources = [cell.source for cell in target.markdown]
        ids = {f"cell-id={cell.get('id')}" for cell in target.cells}
    for source in sources:
        for _, words in headings(source):
            plain = re.sub(r"[*`]|\]\([^)]*\)|!?\[", "", words)
            if path.suffix == ".md":
                plain = re.sub(r"[^\w\- ]", "", plain).lower()
            ids.add(plain.replace(" ", "-"))
        ids |= {attributes.get("id") or attributes.get("name") for _, attributes in Tags(prose(source)).found}
    return ids


def alt_texts(chapter):
    """A cell makes one figure at most, and says in its metadata what one sees: ``"alt": "20 characters or more"``.

    Every other picture, in markdown or HTML, has an alt text of its own.
    """
    for cell in chapter.markdown:
        for alt, target in pictures(prose(cell.source)):
            if not alt.strip():
                yield f"{at(cell)}: picture {target[:60]} has no alt text"
    for cell in chapter.code:
        figures = [alts for alts in map(alts_of_images, cell.outputs) if alts]
        own = all(any(map(long_enough, alts)) for alts in figures)
        if not own and not (len(figures) == 1 and long_enough(cell.metadata.get("alt"))):
            yield (
                f'{at(cell)}: a figure needs "alt" in the metadata of its cell, at least {SHORTEST_ALT} characters, '
                "and a cell makes one figure"
            )
        for output in cell.outputs:
            for alt, target in html_pictures(output.get("data", {}).get("text/html", "")):
                if not alt.strip():
                    yield f"{at(cell)}: picture {target[:60]} in its output has no alt text"


def pictures(text):
    """Pairs of alt text and target of the pictures in prose, written as markdown or as HTML."""
    return MARKDOWN_IMAGE.findall(text) + html_pictures(text)


def html_pictures(text):
    return [(a.get("alt", ""), a.get("src", "")) for name, a in Tags(text).found if name == "img"]


def alts_of_images(output):
    """For each image in an output the alt text in the output's own metadata, or None."""
    about = [output.metadata.get(mime) for mime in output.get("data", {}) if mime.startswith("image/")]
    return [words.get("alt") if isinstance(words, dict) else None for words in about]


def long_enough(alt):
    return isinstance(alt, str) and len(alt.strip()) >= SHORTEST_ALT


def sizes(chapter):
    """A notebook has at most 1,500,000 bytes; a picture, in it or beside it, at most 150,000."""
    size = chapter.path.stat().st_size
    if size > LARGEST_NOTEBOOK:
        yield f"the notebook has {size:,} bytes, at most {LARGEST_NOTEBOOK:,}"
    for cell in chapter.cells:
        bundles = [output.get("data", {}) for output in cell.get("outputs", [])]
        bundles += cell.get("attachments", {}).values()
        images = [image_size(mime, data) for bundle in bundles for mime, data in bundle.items() if mime[:6] == "image/"]
        if cell.cell_type == "markdown":
            files = [chapter.path.parent / unquote(target) for _, target in MARKDOWN_IMAGE.findall(prose(cell.source))]
            images += [file.stat().st_size for file in files if file.is_file()]
        for image in images:
            if image > LARGEST_IMAGE:
                yield f"{at(cell)}: a picture of {image:,} bytes, at most {LARGEST_IMAGE:,}"


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
    messages_say_what_was_found,
    no_asserted_times,
    known_tags,
    exercise_cells,
    exercises_in_the_flow,
    predictions,
    quiz_cell,
    narrow_code,
    honest_minutes,
    code_cells,
    stored_outputs,
    steady_outputs,
    asserted_outputs,
    normal_form,
    links,
    alt_texts,
    sizes,
]
