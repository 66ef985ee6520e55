"""`course bench`: the nine tasks of the course in one fresh process, in seconds and bytes, as a Markdown table.

The process imports the libraries, loads one pipeline after the other, keeps them all, and asks each about the letter
of chapter 1, as `course answers` does. The checkpoints have been prepared before; their hashes are checked, as always.
What a model's own code needs is imported when it is first loaded, so the first tasks look slower than they are.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from time import perf_counter

from course_lib.checkpoints import SHIPPED, catalogue, home, wheels
from course_lib.checkpoints.prepare import prepare
from course_lib.data.example_letter import ASKED
from course_lib.doctor import cores
from course_lib.pipelines import CHECKPOINTS

# Of all nine tasks together, in the units of the sentences that `table` puts below the table:
GOALS = (("Import, load and answer", 25, "s"), ("Peak memory", 2, "GB"), ("Weights, wheels included", 260, "MB"))
HEAD = ("task", "checkpoint", "load, s", "answer, s", "on disk, MB", "shipped, MB")


def ready() -> dict[str, str]:
    """Task -> name of its checkpoint, for each of the nine that has one."""
    entries = catalogue()
    return {task: CHECKPOINTS[task] for task in ASKED if getattr(entries.get(CHECKPOINTS[task]), "members", None)}


def measure(tasks: list[str]) -> dict:
    """What this process needs for `tasks`: seconds to import, seconds to load and to answer each, bytes of memory."""
    from course_lib.offline import stay_offline

    stay_offline()
    begun = perf_counter()
    import torch
    import transformers
    import transformers.pipelines

    from course_lib.pipelines import pipeline, question_answering, text2text  # noqa: F401

    transformers.logging.set_verbosity_error()
    found = {"import": perf_counter() - begun, "tasks": {}}
    loaded = []  # kept, so that all of them are in memory at the end
    for task in tasks:
        begun = perf_counter()
        loaded.append(pipeline(task))
        between = perf_counter()
        ASKED[task](loaded[-1])
        found["tasks"][task] = {"load": between - begun, "answer": perf_counter() - between}
    found["memory"] = peak_memory()
    found["machine"] = (
        f"{processor()}, {cores()} cores, {torch.get_num_threads()} threads, {platform.system()}, "
        f"Python {platform.python_version()}, torch {torch.__version__}, transformers {transformers.__version__}"
    )
    return found


def peak_memory() -> int:
    """The most memory that this process has had resident so far, in bytes."""
    if sys.platform == "win32":
        import psutil

        return psutil.Process().memory_info().peak_wset
    status = Path("/proc/self/status")
    if status.is_file():  # Linux: getrusage would also count what the parent had before this program was started
        return next(int(line.split()[1]) * 1024 for line in status.read_text().splitlines() if "VmHWM" in line)
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # macOS: bytes


def processor() -> str:
    """The processor's model, as far as the system tells."""
    listing = Path("/proc/cpuinfo")
    if listing.is_file():
        for line in listing.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    if sys.platform == "darwin":
        asked = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(asked, capture_output=True, text=True).stdout.strip() or platform.machine()
    return platform.processor() or platform.machine()


def sizes(folder: Path, files: list[str] | None = None) -> int:
    """Bytes of the named files in a folder, of all of them if none is named."""
    paths = folder.iterdir() if files is None else [folder / file for file in files]
    return sum(path.stat().st_size for path in paths if path.is_file())


def table(found: dict, about: dict[str, tuple[str, int, int]], downloads: dict[str, tuple[int, int]]) -> str:
    """The Markdown text.

    Args:
        found: what `measure` returns.
        about: task -> name of its checkpoint, bytes on disk, bytes that ship with the course.
        downloads: package of a wheel -> bytes on disk, bytes to download.
    """
    rows = [("import", "torch, transformers", found["import"], None, None, None)]
    for task in ASKED:
        seconds = found["tasks"].get(task, {})
        name, *size = about.get(task, ("no checkpoint yet", None, None))
        rows.append((task, name, seconds.get("load"), seconds.get("answer"), *size))
    rows += [("wheel", package, None, None, *size) for package, size in downloads.items()]
    sums = [sum(row[column] or 0 for row in rows) for column in range(2, 6)]
    rows.append(("total", "", *sums))
    lines = [
        "# Nine tasks in one fresh process",
        "",
        *(f"| {' | '.join(cells)} |" for cells in (HEAD, ("---", "---", *["---:"] * 4), *map(_cells, rows))),
        "",
    ]
    for (what, goal, unit), value in zip(GOALS, (sums[0] + sums[1], found["memory"] / 1e9, sums[3] / 1e6), strict=True):
        verdict = "met" if value <= goal else "not met"
        lines.append(f"- {what}: {value:.2f} {unit}; the goal of {goal} {unit} is {verdict}.")
    if missing := [task for task in ASKED if task not in found["tasks"]]:
        lines.append(f"- Not measured, since there is no checkpoint yet: {', '.join(missing)}.")
    return "\n".join([*lines, f"- Machine: {found['machine']}.", ""])


def _cells(row: tuple) -> tuple[str, ...]:
    """One row as texts: two names, two numbers of seconds, two of bytes that are shown as megabytes."""
    task, name, *seconds, disk, shipped = row
    megabytes = (None if size is None else size / 1e6 for size in (disk, shipped))
    shown = [*(("{:.2f}", value) for value in seconds), *(("{:.1f}", value) for value in megabytes)]
    return task, name, *("" if value is None else form.format(value) for form, value in shown)


def bench(build: Path) -> Path:
    """Measure in a fresh process, write `bench.md` into the folder `build` and return its path.

    Raises CheckpointError when a checkpoint cannot be had, RuntimeError when the process fails. Being slow is no error.
    """
    names = ready()
    for name in names.values():
        prepare(name)
    environment = {name: value for name, value in os.environ.items() if name != "COURSE_SOURCE"}
    command = [sys.executable, "-m", "workshop.bench", *names]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise RuntimeError(f"The process that measures has failed:\n{done.stderr[-2000:]}")
    about = {}
    for task, name in names.items():
        entry = catalogue()[name]
        about[task] = (name, sizes(entry.folder), 0 if entry.public else sizes(SHIPPED / name, list(entry.members)))
    carried = {wheel["package"]: (home() / "wheels" / wheel["file"], wheel["bytes"]) for wheel in wheels().values()}
    downloads = {package: (sizes(path.parent, [path.name]), size) for package, (path, size) in carried.items()}
    build.mkdir(parents=True, exist_ok=True)
    text = table(json.loads(done.stdout.splitlines()[-1]), about, downloads)
    (build / "bench.md").write_text(text, encoding="utf-8")
    return build / "bench.md"


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1:])))
