"""Results that took longer than a chapter may run: what a recipe measured, with the command that measures it again.

A recipe adds one run at a time, so that it can be stopped and continued; nothing in these files is written by hand.
Chapters 03, 04, 07 and 08 show them, and run one point of some live to see that it still comes out.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping
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
    """The file that a recipe fills. A run is known by its `key`: it is not measured twice.

    Raises ValueError where the file was written with other settings: its figures could not be compared.
    """

    def __init__(self, name: str, command: str, settings: Mapping, folder: Path = FOLDER) -> None:
        """Open what there is, or begin. `settings` must survive JSON: numbers, words, lists."""
        self.path = Path(folder) / f"{name}.json"
        self.content = {"command": command, "settings": json.loads(json.dumps(dict(settings))), "runs": []}
        self._read()

    def _read(self) -> None:
        """Take the runs that the file has by now, another process's among them."""
        if not self.path.is_file():
            return
        found = json.loads(self.path.read_text(encoding="utf-8"))
        if found["settings"] != self.content["settings"]:
            raise ValueError(
                f"{self.path} was measured with {found['settings']}, and this run has {self.content['settings']}. "
                "Delete the file to measure everything again."
            )
        self.content["runs"] = found["runs"]

    def has(self, **key) -> bool:
        """Whether a run with these values is there already."""
        return any(key.items() <= run.items() for run in self.content["runs"])

    def add(self, **run) -> None:
        """Add a run to what the file has by now, and write it, whole or not at all. Two processes may write one record.

        A run is a flat dict of numbers and words. Raises ValueError where the file has other settings by now.
        """
        from filelock import FileLock

        place = hashlib.sha256(str(self.path.resolve()).encode()).hexdigest()[:16]
        with FileLock(Path(tempfile.gettempdir()) / f"course-record-{place}.lock"):  # no file beside the records
            self._read()
            self.content["runs"].append(run)
            self._write()

    def _write(self) -> None:
        lines = ",\n".join("  " + json.dumps(run) for run in self.content["runs"])
        text = (
            f'{{\n "command": {json.dumps(self.content["command"])},\n'
            f' "settings": {json.dumps(self.content["settings"])},\n "runs": [\n{lines}\n ]\n}}\n'
        )
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(self.path, text)
