"""What a cell has printed, in the form in which it is stored: its pieces joined, and cut where no page can show them.

`nbclient` can join pieces too (`coalesce_streams`), in a time that grows with the square of a line's length.
"""

from __future__ import annotations

from nbformat import NotebookNode

LONGEST = 1_000_000  # characters of one stream, value or error of a cell


def tidy(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """One stdout and one stderr for a cell, each where its first piece was, stdout first where they are neighbours.

    The kernel sends what is printed in pieces that depend on the time. What a carriage return has written over is left
    out. Of a text longer than `LONGEST`, printed, shown as a value or said by an error, the beginning is kept, with a
    remark.
    """
    kept, pieces = [], {}
    for output in outputs:
        if output.output_type != "stream":
            kept.append(output)
        elif output.name in pieces:
            pieces[output.name].append(output.text)
        else:
            pieces[output.name] = [output.text]
            kept.append(output)
    for output in kept:
        if output.output_type == "stream":
            output.text = _cut("\n".join(map(_last_written, "".join(pieces[output.name]).split("\n"))))
        elif output.output_type == "error":
            output.evalue, output.traceback = _cut(output.evalue), [_cut(line) for line in output.traceback]
        elif isinstance(output.data.get("text/plain"), str):
            output.data["text/plain"] = _cut(output.data["text/plain"])
    names = [output.get("name") if output.output_type == "stream" else None for output in kept]
    for place in range(len(kept) - 1):
        if names[place : place + 2] == ["stderr", "stdout"]:
            kept[place : place + 2] = reversed(kept[place : place + 2])
    return kept


def _last_written(line: str) -> str:
    """What is left of a line that was written over after a carriage return; one at the end writes over nothing."""
    return line[line.rfind("\r", 0, max(len(line) - 1, 0)) + 1 :]


def _cut(text: str) -> str:
    left = len(text) - LONGEST
    return text if left <= 0 else f"{text[:LONGEST]}\n[{left:,} more characters were printed; they are not kept]\n"
