"""Execute the chapters, show how far they are, and never do the same work twice.

An executed copy of chapter ``01_pipelines.ipynb`` becomes ``build/executed/01_pipelines.ipynb``. Beside it, written
last, lies ``01_pipelines.json``: a key over everything the outputs depend on, and the sha256 of the copy. A copy counts
as done only if both agree, so an interruption at any moment, even ``kill -9``, can only cost time.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import hashlib
import json
import math
import os
import platform
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from course_lib.checkpoints.fetch import sha256_of
from course_lib.checkpoints.storage import remove
from course_lib.doctor import cores
from course_lib.whole_files import write_atomically
from workshop.editions.marks import nodes_in
from workshop.outputs import tidy
from workshop.recorder import Recorder

LIBRARY = Path(__file__).resolve().parents[1] / "course_lib"
AT_ONCE = 2 if cores() > 1 else 1  # chapters
CELL_SECONDS = 1800.0  # after which a cell is taken for endless
ENDLESS = 1e8  # seconds, three years: no clock is set for more
DATA_FOLDERS = ("files", "records")  # of course_lib
CHECKED = re.compile(r"""\b(?:check|solution)\(["'](\w+)["']""")  # exercises in a cell
ASKED = re.compile(r"\bquiz\((\d+)")


@dataclass(frozen=True)
class Failure:
    """Where a chapter stopped: code cell ``cell`` (the first is 1; 0 means before it), its first line, the error."""

    cell: int
    source: str
    error: str


@dataclass(frozen=True)
class Result:
    """What became of one chapter. ``status`` is "executed", "skipped" (done before) or "failed"; ``cells`` counts code
    cells; ``executed`` is the executed copy, None after a failure.
    """

    chapter: Path
    status: str
    cells: int
    seconds: float
    executed: Path | None = None
    failure: Failure | None = None


def run_chapters(
    chapters: list[Path],
    build: Path,
    console: Console | None = None,
    force: bool = False,
    cell_seconds: float = CELL_SECONDS,
) -> list[Result]:
    """Execute each chapter in its own folder, write the copies to ``build/executed/``, return one Result a chapter.

    The chapters themselves are never changed. A chapter that is done already is skipped, unless ``force``. A chapter
    with a failing cell, or one that has not ended after ``cell_seconds``, stops there and the next one starts; see
    ``exit_code``. Ctrl-C shuts the kernel down and raises KeyboardInterrupt. Not to be called from inside a notebook,
    which has a running event loop already.

    Raises FileNotFoundError for a chapter that does not exist, ValueError for two chapters of the same name, OSError
    when ``build`` cannot be written, CheckpointError when COURSE_HOME is no folder that can be.
    """
    chapters, build = [Path(chapter) for chapter in chapters], Path(build)
    for chapter in chapters:
        if not os.path.lexists(chapter):  # a link that leads nowhere fails alone
            raise FileNotFoundError(f"no chapter at {chapter}; give the path of an .ipynb file")
    names = [chapter.stem for chapter in chapters]
    if len(set(names)) < len(names):
        raise ValueError(f"two chapters have the same name, and would share one page: {sorted(names)}")

    (build / "executed").mkdir(parents=True, exist_ok=True)
    with _Display(console or Console(), chapters) as display:
        return asyncio.run(_run_all(chapters, build / "executed", force, cell_seconds, display))


async def _run_all(
    chapters: list[Path], folder: Path, force: bool, cell_seconds: float, display: _Display
) -> list[Result]:
    """Run the chapters, the longest first, AT_ONCE of them at a time; their results in the order that was given."""
    free = asyncio.Semaphore(AT_ONCE)

    async def run(chapter: Path) -> Result:
        async with free:
            result = await _run_chapter(chapter, folder, force, cell_seconds, display)
            display.end(result)
            return result

    order = sorted(chapters, key=_announced_seconds, reverse=True)
    found = dict(zip(order, await asyncio.gather(*map(run, order)), strict=True))
    return [found[chapter] for chapter in chapters]


def _announced_seconds(chapter: Path) -> float:
    """How long a chapter says that it runs; 0 if it says nothing that can be read."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        if found := re.search(r"\*\*Running\*\* (\d+) (s|min)", chapter.read_text(encoding="utf-8")):
            return int(found[1]) * {"s": 1, "min": 60}[found[2]]
    return 0.0


def exit_code(results: list[Result]) -> int:
    """0 if every chapter is executed or was so before, 1 if any failed: what a command line returns."""
    return int(any(result.status == "failed" for result in results))


def versions() -> dict[str, str]:
    """The versions that a page names: Python, torch, transformers. Read without importing either."""
    found = {"python": platform.python_version()}
    for package in ("torch", "transformers"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


@cache
def packages(root: str = "transformers-executed") -> dict[str, str]:
    """The installed version of each package that a chapter may import, or that such a one needs: what `root` requires,
    directly or not, without its extras, on this machine. One that is missing is left out.
    """
    found, left = {}, [root]
    while left:
        name = left.pop()
        with contextlib.suppress(PackageNotFoundError):
            if name not in found:
                there = distribution(name)
                found[name] = there.version
                asked = [Requirement(one) for one in there.requires or ()]
                left += [
                    canonicalize_name(one.name) for one in asked if not one.marker or one.marker.evaluate({"extra": ""})
                ]
    return found


def threads() -> str:
    """PyTorch's threads in each of AT_ONCE processes: two that share a core would wait for each other."""
    return os.environ.get("OMP_NUM_THREADS") or str(max(1, cores() // AT_ONCE))


def machine() -> list[str]:
    """The kind of machine, as far as it can change an output: system, processor, what PyTorch is told to use of it."""
    told = os.environ.get("ATEN_CPU_CAPABILITY", "")
    return [platform.system(), platform.machine(), told, threads()]


def modules_of(notebook: nbformat.NotebookNode) -> list[Path]:
    """The files of course_lib that a chapter imports, and those that these import, wherever in them it is done."""
    sources = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    found: set[Path] = {LIBRARY / "__init__.py"}
    names = {f'name="{name}"' for source in sources for name in CHECKED.findall(source)}
    for path in (LIBRARY / "exercises").glob("*.py") if names else ():  # found by name, not by an import
        text = path.read_text(encoding="utf-8")
        if any(name in text for name in names):
            found.add(path)
            sources.append(text)
    while sources:
        for name in _imported(sources.pop()):
            place = LIBRARY.joinpath(*name.split(".")[1:])
            for path in (place.with_suffix(".py"), place / "__init__.py"):
                if path.is_file() and path not in found:
                    found.add(path)
                    sources.append(path.read_text(encoding="utf-8"))
    return sorted(found)


def _imported(source: str) -> Iterator[str]:
    """The dotted names below course_lib in the imports of `source`; what is no Python has none."""
    for node in nodes_in("\n".join(line for line in source.splitlines() if not line.lstrip().startswith(("%", "!")))):
        names = [alias.name for alias in node.names] if isinstance(node, (ast.Import, ast.ImportFrom)) else []
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{name}" for name in names]
        for name in names:
            parts = name.split(".")
            if parts[0] == LIBRARY.name:  # a package is run before what is in it
                yield from (".".join(parts[:length]) for length in range(1, len(parts) + 1))


def library_hash(notebook: nbformat.NotebookNode) -> str:
    """One sha256 over what a chapter uses of course_lib: the modules that it imports, and the data beside them.

    A model card counts only for a chapter that reads cards; what builds the course counts for none.
    """
    modules = modules_of(notebook)
    data = {path for folder in {module.parent for module in modules} for path in _data_in(folder)}
    asked = {number.zfill(2) for cell in notebook.cells for number in ASKED.findall(cell.source)}
    data -= {path for path in data if path.parent == LIBRARY / "quizzes" and path.stem not in asked}
    if any("card.md" in cell.source for cell in notebook.cells):
        data |= set(LIBRARY.rglob("card.md"))
    digest = hashlib.sha256()
    for path in [*modules, *sorted(data)]:
        digest.update(f"{path.relative_to(LIBRARY).as_posix()} {sha256_of(path)}\n".encode())
    return digest.hexdigest()


def _data_in(folder: Path) -> Iterator[Path]:
    """The data files of a package: beside its modules, or in a folder that is no package; shipped weights have a
    sha256 in the catalogue, which is one of them.
    """
    for path in folder.iterdir():
        if path.is_file() and path.suffix != ".py":
            yield path
        elif path.is_dir() and path.name in DATA_FOLDERS:
            yield from (inner for inner in path.rglob("*") if inner.is_file())


async def _run_chapter(chapter: Path, folder: Path, force: bool, cell_seconds: float, display: _Display) -> Result:
    executed, record = folder / chapter.name, folder / f"{chapter.stem}.json"
    started = time.monotonic()
    try:
        notebook = nbformat.read(chapter, as_version=4)
        nbformat.validate(notebook)
        # The page writer needs to know where relative links of the chapter start.
        source = Path(os.path.relpath(chapter.resolve(), folder.resolve())).as_posix()
        (nbformat.writes(notebook) + source).encode()  # half a character can be read, and not be written
    except Exception as error:  # nbformat raises many kinds: bad JSON, wrong version, a cell without a source …
        failure = Failure(0, chapter.name, f"not a notebook that can be read: {_last_line(str(error))}")
        _forget(executed, record)
        display.start(chapter, 0)
        return Result(chapter, "failed", 0, 0.0, failure=failure)

    cells = sum(cell.cell_type == "code" for cell in notebook.cells)
    key = _key(notebook)
    if not force and _is_done(executed, record, key):
        return Result(chapter, "skipped", cells, 0.0, executed)

    _forget(executed, record)
    display.start(chapter, cells)
    with tempfile.TemporaryDirectory() as place:
        recorder = Recorder(Path(place) / "recorder")

        def on_cell(number: int) -> None:
            recorder.begin_cell(number)
            display.cell(chapter, number)

        failure = await _execute(notebook, chapter.parent, on_cell, recorder.environment(), cell_seconds)
        watched, attempts = recorder.was_on(), recorder.attempts()
    seconds = time.monotonic() - started
    if failure:
        return Result(chapter, "failed", cells, seconds, failure=failure)

    notebook.metadata["course"] = {"source": source, "versions": versions()}  # what made the outputs
    write_atomically(executed, nbformat.writes(notebook) + "\n")
    done = {"key": key, "sha256": sha256_of(executed), "seconds": round(seconds, 1)}
    done["when"] = time.strftime("%Y-%m-%d")
    done |= {"watched": watched, "attempts": attempts}  # to leave the machine
    write_atomically(record, json.dumps(done, indent=1) + "\n")
    return Result(chapter, "executed", cells, seconds, executed)


def _forget(executed: Path, record: Path) -> None:
    """Nothing old may be taken for the result from here on: first the record goes, then the copy it vouched for."""
    remove(record)
    remove(executed)


async def _execute(
    notebook: nbformat.NotebookNode,
    cwd: Path,
    on_cell: Callable[[int], None],
    environment: dict[str, str],
    cell_seconds: float,
) -> Failure | None:
    """Run all code cells of ``notebook`` in a fresh kernel, in place; return the failure, if there is one."""
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=math.ceil(cell_seconds) if cell_seconds < ENDLESS else None,
        record_timing=False,
        store_widget_state=False,
    )
    client.extra_arguments = ["--IPKernelApp.log_level=ERROR"]  # its remarks would be printed across our display
    client.reset_execution_trackers()
    manager = client.create_kernel_manager()
    # The kernel of this Python, whatever kernels are installed in somebody's home under the same name.
    manager.kernel_spec_manager = KernelSpecManager(kernel_dirs=[], ensure_native_kernel=True)
    # The second setting silences a remark of the debugger about Python itself.
    environment = environment | {"TQDM_DISABLE": "1", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    environment["COURSE_PROGRESS"] = "off"  # what the course does is nobody's progress
    environment["OMP_NUM_THREADS"] = threads()
    number, line, finished = 0, "(starting the kernel)", False
    try:
        await client.async_start_new_kernel(cwd=str(cwd), env=environment)
        await client.async_start_new_kernel_client()
        for index, cell in enumerate(notebook.cells):
            if cell.cell_type != "code":
                continue
            number, line = number + 1, (cell.source.strip().splitlines() or ["(an empty cell)"])[0]
            on_cell(number)
            await client.async_execute_cell(cell, index, execution_count=number)
            cell.outputs = tidy(cell.outputs)
        finished = True
    except CellExecutionError as error:
        return Failure(number, line, _last_line(f"{error.ename}: {error.evalue}"))
    except CellTimeoutError:
        limit = f"did not end within {_duration(cell_seconds)}, the limit for a cell"
        return Failure(number, line, f"{limit} (set another with: course run --limit MINUTES)")
    except DeadKernelError:
        if asyncio.current_task().cancelling():  # nbclient reports a Ctrl-C in the middle of a cell as a dead kernel
            raise asyncio.CancelledError from None
        return Failure(number, line, "the kernel died; the usual reason is too little memory (see `course doctor`)")
    except RuntimeError as error:  # the kernel did not start, or did not answer
        return Failure(number, line, _last_line(f"the kernel failed: {error}"))
    finally:
        if client.kc is not None:
            client.kc.stop_channels()
        if manager.has_kernel:  # a kernel that finished may end in its own way; any other is stopped at once
            await manager.shutdown_kernel(now=not finished)
    return None


def _key(notebook: nbformat.NotebookNode) -> str:
    """A sha256 over all that the outputs depend on. The outputs stored in the chapter do not belong to it."""
    cells = [
        [cell.cell_type, cell.source, cell.metadata, cell.get("attachments", {})] for cell in notebook.cells
    ]  # tags are in the metadata, and raises-exception changes what happens
    parts = [cells, library_hash(notebook), versions(), packages(), machine(), os.environ.get("COURSE_SOURCE", "")]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Finished:
    """An executed copy: the notebook, whether its kernel was watched, and its attempts to leave the machine."""

    notebook: nbformat.NotebookNode
    watched: bool
    attempts: list[str]


def finished(chapter: Path, folder: Path) -> Finished | None:
    """The executed copy of `chapter` in `folder`, if it is of the present state of all that its outputs depend on."""
    executed, record = folder / chapter.name, folder / f"{chapter.stem}.json"
    notebook = nbformat.read(chapter, as_version=4)
    if not _is_done(executed, record, _key(notebook)):
        return None
    done = json.loads(record.read_text(encoding="utf-8"))
    return Finished(nbformat.read(executed, as_version=4), done["watched"], done["attempts"])


def _is_done(executed: Path, record: Path, key: str) -> bool:
    try:
        done = json.loads(record.read_text(encoding="utf-8"))
        return done["key"] == key and done["sha256"] == sha256_of(executed) and "attempts" in done
    except (OSError, ValueError, KeyError, TypeError):  # missing, cut short, or something else altogether
        return False


def _last_line(error: str) -> str:
    """The last line of an error, with the error's kind in front of it when the message has several lines."""
    lines = [line.strip() for line in error.splitlines() if line.strip()]
    if len(lines) < 2:
        return "".join(lines)
    return f"{lines[0].partition(':')[0]}: … {lines[-1]}"


class _Display:
    """On a terminal: a line and a bar for each running chapter and for all; elsewhere a line at each start and end."""

    def __init__(self, console: Console, chapters: list[Path]):
        self.console, self.total = console, len(chapters)
        self.width = max((len(chapter.stem) for chapter in chapters), default=0)
        self.ended = 0
        self.bars: dict[Path, TaskID] = {}  # of the chapters that run
        self.cells: dict[Path, int] = {}
        self.progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=30),
            TextColumn("{task.fields[what]}", markup=False),
            TimeElapsedColumn(),
            console=console,
            transient=True,  # at the end only the printed lines remain
            disable=not console.is_terminal,
        )
        name = "all chapters".ljust(self.width)
        self.overall = self.progress.add_task(name, total=self.total, what=f"0 of {self.total}")

    def __enter__(self) -> _Display:
        self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.progress.stop()

    def start(self, chapter: Path, cells: int) -> None:
        self.cells[chapter] = cells
        name = chapter.stem.ljust(self.width)
        if self.console.is_terminal:
            self.bars[chapter] = self.progress.add_task(name, total=max(cells, 1), what="starting")
        else:
            self._print(f"… {name}  starts, {_count(cells, 'cell')}")

    def cell(self, chapter: Path, number: int) -> None:
        """Code cell ``number`` of a chapter begins, so ``number - 1`` are done."""
        if chapter in self.bars:
            what = f"cell {number} of {self.cells[chapter]}"
            self.progress.update(self.bars[chapter], completed=number - 1, what=what)

    def end(self, result: Result) -> None:
        self.ended += 1
        if result.chapter in self.bars:
            self.progress.remove_task(self.bars.pop(result.chapter))
        self.progress.update(self.overall, completed=self.ended, what=f"{self.ended} of {self.total}")
        name = result.chapter.stem.ljust(self.width)
        if result.status == "skipped":
            self._print(f"= {name}  done before, nothing has changed", "dim")
        elif result.status == "executed":
            self._print(f"✓ {name}  {_count(result.cells, 'cell')} in {_duration(result.seconds)}", "green")
        else:
            failure = result.failure
            where = f"cell {failure.cell} of {result.cells} failed" if failure.cell else "failed"
            self._print(f"✗ {name}  {where} after {_duration(result.seconds)}", "bold red")
            self._print(f"    {failure.source}")
            self._print(f"    {failure.error}", "red")

    def _print(self, line: str, style: str = "") -> None:
        self.console.print(Text(line, style), soft_wrap=True)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds) // 60} min {int(seconds) % 60:02d} s"
