"""Results that took longer than a chapter may run: what a recipe measured, with the command that measures it again.

A recipe adds one run at a time, so that it can be stopped and continued; nothing in these files is written by hand.
Chapters 03, 04, 07 and 08 show them, and run one point of some live to see that it still comes out.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from course_lib.whole_files import write_atomically

FOLDER = Path(__file__).parent / "records"


def recorded(name: str) -> dict:
    """What was measured under `name`: {"command": how to measure it again, "settings": …, "runs": one dict a run}.

    Raises ValueError for a name that nothing is recorded under.
    """
    path = FOLDER / f"{name}.json"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in FOLDER.glob("*.json")))
        raise ValueError(f"nothing is recorded under {name!r}. There is: {known}.")
    return json.loads(path.read_text(encoding="utf-8"))


class Record:
    """The file that a recipe fills. A run is known by its `key`, the names of some of its values: it is there once.

    Two processes may fill one file: what both have measured is kept from the first.
    Raises ValueError where the file was written with other settings: its figures could not be compared.
    """

    def __init__(
        self, name: str, command: str, settings: Mapping, folder: Path = FOLDER, *, key: Sequence[str]
    ) -> None:
        """Open what there is, or begin. `settings` must survive JSON: numbers, words, lists.

        `key`: by which values a run is known, such as ("seed", "steps").
        """
        self.key = tuple(key)
        self.path = Path(folder) / f"{name}.json"
        self.content = {"command": command, "settings": json.loads(json.dumps(dict(settings))), "runs": []}
        with self._alone():
            self._read()

    def _read(self) -> None:
        """Take the runs that the file has by now, another process's among them."""
        if not self.path.is_file():
            self.content["runs"] = []
            return
        found = json.loads(self.path.read_text(encoding="utf-8"))
        if found["settings"] != self.content["settings"]:
            raise ValueError(
                f"{self.path} was measured with {found['settings']}, and this run has {self.content['settings']}. "
                "Delete the file to measure everything again."
            )
        self.content["runs"] = found["runs"]

    def has(self, **values) -> bool:
        """Whether a run with these values is in the file by now. Raises ValueError for a file with other settings."""
        with self._alone():
            self._read()
        return any(values.items() <= run.items() for run in self.content["runs"])

    def add(self, **run) -> None:
        """Add one run: see `add_all`."""
        self.add_all([run])

    def add_all(self, runs: Sequence[Mapping]) -> None:
        """Add runs to what the file has by now, all of them or none. What has a key that is there is left out.

        A run is a flat dict of numbers and words. Raises ValueError for one without a value of the key, also in the
        file, and where the file has other settings by now.
        """
        with self._alone():
            self._read()
            kept = {self._key_of(run): run for run in self.content["runs"]}
            new = [run for run in map(dict, runs) if kept.setdefault(self._key_of(run), run) is run]
            if new:
                self.content["runs"] += new
                self._write()

    def _key_of(self, run: Mapping) -> tuple:
        if missing := [name for name in self.key if name not in run]:
            raise ValueError(
                f"the run {dict(run)} for {self.path.name} has no {', '.join(missing)}. Expected values for all of "
                f"{self.key}: give them, or delete the file if the run is in it."
            )
        return tuple(run[name] for name in self.key)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Within, no other `Record` of this file reads or writes it."""
        from filelock import FileLock

        place = hashlib.sha256(str(self.path.resolve()).encode()).hexdigest()[:16]
        with FileLock(Path(tempfile.gettempdir()) / f"course-record-{place}.lock"):  # no file beside the records
            yield

    def _write(self) -> None:
        lines = ",\n".join("  " + json.dumps(run) for run in self.content["runs"])
        text = (
            f'{{\n "command": {json.dumps(self.content["command"])},\n'
            f' "settings": {json.dumps(self.content["settings"])},\n "runs": [\n{lines}\n ]\n}}\n'
        )
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(self.path, text)
