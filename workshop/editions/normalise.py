"""Bring notebooks into one form, so that a difference in git is a difference in the course.

    python -m workshop.editions.normalise                         # every chapter, in place
    python -m workshop.editions.normalise --check                 # change nothing; exit 1 and list what would change
    python -m workshop.editions.normalise --execute chapters/01_pipelines.ipynb    # run it first, in place

The form: notebook format 4.5; cell ids that say what the cell is; metadata of the kernel only; on cells, the keys
in ``CELL_METADATA``, and whether JupyterLab folds the source; execution counts 1..n; neighbouring stream outputs
joined; no widget state, no timings, no image sizes, no stack frames from installed packages; of an interactive view
only the still picture, since the view holds libraries of others. Keys are sorted, one space of indent, one final
newline. Normalising twice gives what normalising once gives.

A cell id is made once, from the claim tag, the heading or the first words, and then kept even if those words change.
"""

import argparse
import re
import sys
import unicodedata
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from rich.console import Console

from course_lib.whole_files import write_atomically
from workshop.execute import run_chapters
from workshop.make import accept_every_letter

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = ROOT / "chapters"
COMMAND = "python -m workshop.editions.normalise"

CELL_METADATA = ("alt", "jupyter", "nbgrader", "slideshow", "tags")  # of "jupyter" what folds a solution: source_hidden
NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3", "name": "python3"},
    "language_info": {"name": "python"},
}
WIDGET_TYPES = ("application/vnd.jupyter.widget-view+json", "application/vnd.jupyter.widget-state+json")

LONGEST_ID = 40
WORDS_IN_ID = 6
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
# What editors invent: a UUID, eight hexadecimal digits, one long run of letters with a digit in it, or a number.
INVENTED = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{8}|(?=[a-z]*\d)[a-z0-9]{8,}|[\d-]+")
FENCE = re.compile(r"^(```|~~~).*?^\1[ \t]*$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#{1,6}[ \t]+(.+?)[ \t#]*$", re.MULTILINE)
CLAIM = re.compile(r"claim-C\d\d")
TERMINAL_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class NotANotebook(ValueError):
    """The file is not a notebook that this tool can read."""


class Changed(ValueError):
    """The file is no longer the notebook that was executed."""


# ---------------------------------------------------------------- cell ids


def is_meaningful(cell_id: str) -> bool:
    """Tell an id made of words (kept) from one that an editor invented (replaced)."""
    return len(cell_id) <= LONGEST_ID and bool(SLUG.fullmatch(cell_id)) and not INVENTED.fullmatch(cell_id)


def slug(text: str, limit: int = LONGEST_ID) -> str:
    """Turn text into lower-case words joined by hyphens, cut at a word where possible; '' if it has no such word."""
    text = re.sub(r"<[^>]*>|\]\([^)]*\)|['’]", "", text)
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain)[:WORDS_IN_ID]
    while len(words) > 1 and len("-".join(words)) > limit:
        words.pop()
    return "-".join(words)[:limit].strip("-")


def heading_of(source: str) -> str:
    """Return the first heading of a markdown cell, code fences aside, or ''."""
    found = HEADING.search(FENCE.sub("", source))
    return found.group(1) if found else ""


def _numbered(stem: str, number: int) -> str:
    ending = f"-{number}"
    return stem[: LONGEST_ID - len(ending)].strip("-") + ending


def _new_id(cell: NotebookNode, heading: str, taken: set[str]) -> str:
    if cell.cell_type == "code":
        claims = [tag for tag in cell.metadata.get("tags", []) if CLAIM.fullmatch(tag)]
        stem = claims[0].lower() if claims else slug(heading) or "code"
        candidate, number = (stem, 1) if claims else (_numbered(stem, 1), 1)
    else:
        stem = slug(heading_of(cell.source) or FENCE.sub("", cell.source)) or slug(heading) or "text"
        candidate, number = stem, 1
    if not is_meaningful(candidate):
        stem = f"cell-{stem}"[:LONGEST_ID].strip("-")
        candidate = stem
    while candidate in taken:
        number += 1
        candidate = _numbered(stem, number)
    return candidate


def _name_cells(cells: list[NotebookNode]) -> None:
    taken: set[str] = set()
    unnamed = []
    for position, cell in enumerate(cells):
        cell_id = cell.get("id", "")
        if is_meaningful(cell_id) and cell_id not in taken:
            taken.add(cell_id)
        else:
            unnamed.append(position)
    heading = ""
    for position, cell in enumerate(cells):
        if cell.cell_type == "markdown":
            heading = heading_of(cell.source) or heading
        if position in unnamed:
            cell.id = _new_id(cell, heading, taken)
            taken.add(cell.id)


# ---------------------------------------------------------------- cells and outputs


def _tidy_traceback(lines: list[str]) -> list[str]:
    """Keep the cell's own frames and the message; frames of installed files name folders of one machine."""
    return [line for line in lines if not TERMINAL_COLOUR.sub("", line).startswith("File ")]


def _tidy_outputs(outputs: list[NotebookNode], count: int) -> list[NotebookNode]:
    tidy: list[NotebookNode] = []
    streams: dict[str, NotebookNode] = {}  # of the present run of stream outputs
    for output in outputs:
        output.pop("transient", None)
        if output.output_type == "stream":
            if output.name in streams:
                streams[output.name].text += output.text
            elif output.text:
                streams[output.name] = output
                tidy.append(output)
            continue
        streams = {}
        if output.output_type == "error":
            output.traceback = _tidy_traceback(output.traceback)
        else:
            for mime in WIDGET_TYPES:
                output.data.pop(mime, None)
            if "image/png" in output.data and "srcdoc=" in output.data.get("text/html", ""):
                del output.data["text/html"]  # holds libraries of others; running the cell makes it again
            if not output.data:
                continue
            output.metadata = _tidy_output_metadata(output.get("metadata", {}))
            if output.output_type == "execute_result":
                output.execution_count = count
        tidy.append(output)
    return tidy


def _tidy_output_metadata(metadata: dict) -> NotebookNode:
    """Keep alt texts and the wish for a frame of its own; sizes of images go."""
    kept = {"isolated": True} if metadata.get("isolated") is True else {}
    for mime, about in metadata.items():
        if isinstance(about, dict):
            wanted = {key: about[key] for key in ("alt", "isolated") if key in about}
            if wanted:
                kept[mime] = wanted
    return nbformat.from_dict(kept)


def _tidy_cell(cell: NotebookNode) -> None:
    cell.source = cell.source.replace("\r\n", "\n").rstrip()
    metadata = {key: cell.metadata[key] for key in CELL_METADATA if key in cell.get("metadata", {})}
    if "jupyter" in metadata:
        if metadata["jupyter"].get("source_hidden") is True:
            metadata["jupyter"] = {"source_hidden": True}
        else:
            del metadata["jupyter"]
    if "tags" in metadata:
        metadata["tags"] = list(dict.fromkeys(metadata["tags"]))
        if not metadata["tags"]:
            del metadata["tags"]
    cell.metadata = nbformat.from_dict(metadata)


def read(text: str) -> NotebookNode:
    """Parse a notebook's text; raises NotANotebook with the reason if it is not one of format 4."""
    try:
        notebook = nbformat.v4.reads(text)
        major = notebook.nbformat
    except (ValueError, AttributeError, KeyError, TypeError) as problem:
        raise NotANotebook(f"it is not a notebook: {problem}") from problem
    if major != 4:
        raise NotANotebook(f"it has notebook format {major}, expected 4: open it in JupyterLab and save it")
    return notebook


def normalised(text: str) -> str:
    """Return the normal form of a notebook, given and returned as the text of its file."""
    notebook = read(text)
    notebook.cells = [cell for cell in notebook.cells if cell.source.strip() or cell.get("attachments")]
    notebook.nbformat_minor = 5
    notebook.metadata = nbformat.from_dict(NOTEBOOK_METADATA)
    count = 0
    for cell in notebook.cells:
        _tidy_cell(cell)
        if cell.cell_type == "code":
            count += 1
            cell.execution_count = count
            cell.outputs = _tidy_outputs(cell.get("outputs", []), count)
    _name_cells(notebook.cells)
    try:
        nbformat.validate(notebook)
    except nbformat.ValidationError as problem:
        raise NotANotebook(f"it is not a valid notebook of format 4.5: {problem}") from problem
    return nbformat.v4.writes(notebook) + "\n"


# ---------------------------------------------------------------- running


def executed(paths: list[Path], build: Path) -> dict[Path, str]:
    """The text of each notebook with the outputs of today's state, executed if `build` has not got them; of those that
    failed, nothing: what went wrong has been shown by then.
    """
    found = {}
    for result in run_chapters(paths, build, Console(stderr=True)):
        if result.executed:
            notebook = nbformat.read(result.executed, as_version=4)
            notebook.metadata.pop("course", None)
            found[result.chapter] = nbformat.v4.writes(notebook)
    return found


def with_outputs(text: str, executed: str) -> str:
    """The normal form of a notebook, given as the text of its file, with the outputs of its executed copy.

    Raises Changed where it has other cells than the copy: somebody has saved it while it was executed.
    """
    today, copy = read(normalised(text)), read(normalised(executed))
    if [_what_is_kept(cell) for cell in today.cells] != [_what_is_kept(cell) for cell in copy.cells]:
        raise Changed("changed while it was executed; run it again")
    for cell, ran in zip(today.cells, copy.cells, strict=True):
        if cell.cell_type == "code":
            cell.outputs = ran.outputs
    return nbformat.v4.writes(today) + "\n"


def _what_is_kept(cell: NotebookNode) -> tuple:
    """Of a cell in normal form, all but its id and its outputs."""
    return cell.cell_type, cell.source, cell.metadata, cell.get("attachments")


def default_files() -> list[Path]:
    """Every chapter."""
    return sorted(path for path in CHAPTERS.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts)


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog=COMMAND, description="Bring notebooks into one form, in place.")
    parser.add_argument("files", nargs="*", type=Path, help="notebooks; every one under chapters/ if none is given")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--check", action="store_true", help="change nothing; exit 1 and list the files that would change")
    how.add_argument("--execute", action="store_true", help="run each notebook from a fresh kernel first")
    parser.add_argument("--build", type=Path, default=ROOT / "build", help="where executed copies are kept")
    options = parser.parse_args(arguments)
    accept_every_letter()

    stale, failed, fresh = [], [], {}
    paths = options.files or default_files()
    if options.execute:
        fresh = executed(paths, options.build)
    for path in paths:
        if options.execute and path not in fresh:
            failed.append(f"{path}: left as it was, because a cell failed")
            continue
        try:
            before = path.read_bytes().decode("utf-8")
            after = with_outputs(before, fresh[path]) if path in fresh else normalised(before)
            if after == before:
                continue
            if not options.check:
                write_atomically(path.resolve(), after)
                print(f"normalised {path}")
            stale.append(path)
        except (NotANotebook, Changed, OSError, UnicodeError) as problem:
            failed.append(f"{path}: {problem}")

    for problem in failed:
        print(problem, file=sys.stderr)
    if options.check and stale:
        names = " ".join(str(path) for path in stale)
        print(f"not in normal form: {names}\nmend with: {COMMAND} {names}", file=sys.stderr)
    return 1 if failed or (options.check and stale) else 0


if __name__ == "__main__":
    sys.exit(main())
