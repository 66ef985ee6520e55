"""All checkpoints in ten minutes: what a GPU needs in one small folder, the training there, and its results back.

    python -m workshop.recipes.gpu pack --data … --leads … --debian … --help-pages …   # here: build/gpu/pack
    python -m workshop.recipes.gpu train --device cuda --minutes 9                     # there: build/gpu/out
    python -m workshop.recipes.gpu unpack                                              # here: the assets and the catalogue

Nothing depends on a GPU: the same recipes train on two cores, in hours. `pack` writes MiniLM's weights in float16 and what
each recipe reads, as compressed JSON, since a machine with a GPU may have no network and take only little. `train` shares
the minutes among the checkpoints, the most needed first, and packs what it made into a few files of at most 16 MiB. Names
of checkpoints choose some of them, and `train --device cpu --minutes 0.5` tries the whole of it on any machine. `train`
replaces the weights, cards and hashes of the folder that it runs in, so it wants a copy without .git.
"""

from __future__ import annotations

import argparse
import importlib
import io
import json
import lzma
import shutil
import tarfile
import time
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from course_lib import checkpoints
from course_lib.checkpoints import SHIPPED, catalogue, checkpoint
from course_lib.checkpoints.prepare import write_record
from workshop.evaluation.sources import OPTIONS
from workshop.recipes.common import enter, options

# In order of need: the checkpoint's recipe, its part of the time, tokens in a batch on a GPU, and a factor on the
# learning rate, since larger batches bear larger steps. A recipe comes after the one whose weights it builds on.
ORDER = {
    "summarization": ("summarization", 1.7, 16384, 1.0),
    "ner": ("ner", 0.8, 12288, 1.5),
    "zero-shot": ("zero_shot", 1.4, 16384, 1.5),
    "question-answering": ("question_answering", 1.4, 16384, 1.5),
    "text-to-text": ("text_to_text", 1.0, 16384, 1.0),
    "fill-mask": ("fill_mask", 1.3, 16384, 1.5),
    "translation-en-fr": ("translation", 1.2, 24576, 1.0),
    "sentiment": ("sentiment", 0.4, 8192, 1.5),
}
EPOCHS = 60  # more than the time allows, so that the time decides
LARGEST, FILES = 16 * 2**20, 8  # bytes of a file of results, and how many there may be
REPOSITORY = Path(__file__).parents[2] / ".git"
PACK, OUT = Path("build/gpu/pack"), Path("build/gpu/out")
BASE = "minilm.safetensors.xz"


def _recipe(name: str):
    return importlib.import_module(f"workshop.recipes.{ORDER[name][0]}")


def settings_for(name: str, device: str, minutes: float, sources: dict | None = None) -> argparse.Namespace:
    """The settings of one recipe, as its own command line would give them."""
    _, _, tokens, factor = ORDER[name]
    defaults = _recipe(name).DEFAULTS
    wanted = defaults.get("sources", ("data",))
    given = [part for one in wanted for part in ("--" + one.replace("_", "-"), str((sources or {}).get(one, "none")))]
    settings = options("", **defaults, arguments=[*given, "--device", device, "--work", "build/gpu/work"])
    settings.minutes = minutes
    if device != "cpu":
        settings.epochs, settings.tokens, settings.rate = EPOCHS, tokens, settings.rate * factor
    return settings


def planes(weights: dict[str, torch.Tensor]) -> bytes:
    """float16 `weights` with the first byte of all numbers before the second of all: so they compress by a sixth."""
    flat = torch.cat([weights[name].half().flatten() for name in sorted(weights)])
    two = flat.view(torch.uint8).reshape(-1, 2).T.contiguous()
    head = json.dumps({name: list(weights[name].shape) for name in sorted(weights)}).encode()
    return len(head).to_bytes(8, "little") + head + two.numpy().tobytes()


def from_planes(packed: bytes) -> dict[str, torch.Tensor]:
    """The inverse of `planes`, in float32."""
    size = int.from_bytes(packed[:8], "little")
    shapes = json.loads(packed[8 : 8 + size])
    two = torch.frombuffer(bytearray(packed[8 + size :]), dtype=torch.uint8).reshape(2, -1)
    flat, weights, place = two.T.contiguous().view(torch.float16)[:, 0], {}, 0
    for name, shape in shapes.items():
        count = int(torch.tensor(shape).prod())
        weights[name] = flat[place : place + count].reshape(shape).float()
        place += count
    return weights


def pack(names: list[str], sources: dict) -> int:
    """Write what `train` needs into PACK; returns the bytes."""
    shutil.rmtree(PACK, ignore_errors=True)
    PACK.mkdir(parents=True)
    base = checkpoint("minilm")
    weights = {k: v for k, v in load_file(base / "model.safetensors").items() if v.is_floating_point()}
    (PACK / BASE).write_bytes(lzma.compress(planes(weights), preset=6))
    for file in catalogue()["minilm"].members:
        if file != "model.safetensors":
            shutil.copyfile(base / file, PACK / file)
    for name in names:
        rows = _recipe(name).read(settings_for(name, "cpu", 1, sources))
        text = json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()
        (PACK / f"{name}.json.xz").write_bytes(lzma.compress(text, preset=2))
        print(f"{name}: {(PACK / f'{name}.json.xz').stat().st_size / 1e6:.1f} MB", flush=True)
    size = sum(path.stat().st_size for path in PACK.iterdir())
    print(f"{PACK}: {size / 2**20:.1f} MiB", flush=True)
    return size


def unpack_base() -> None:
    """Make the checkpoint `minilm` of the packed weights, rounded to float16 as they are, and tell the catalogue so."""
    work = PACK / "base"
    shutil.rmtree(work, ignore_errors=True)  # of a try before this one: its list of files is no file of the checkpoint
    work.mkdir()
    save_file(from_planes(lzma.decompress((PACK / BASE).read_bytes())), work / "model.safetensors", {"format": "pt"})
    for file in catalogue()["minilm"].members:
        if file != "model.safetensors":
            shutil.copyfile(PACK / file, work / file)
    enter("minilm", list(work.iterdir()))
    checkpoints._tables.cache_clear()
    entry = catalogue()["minilm"]
    write_record(entry, work)
    shutil.copytree(work, entry.folder, dirs_exist_ok=True)


def train(names: list[str], device: str, minutes: float) -> None:
    """Train each of `names` for its part of `minutes`; what one fails at does not stop the others."""
    began, shares = time.monotonic(), {name: ORDER[name][1] for name in names}
    unpack_base()
    made = []
    for number, name in enumerate(names):
        left = minutes - (time.monotonic() - began) / 60
        part = left * shares[name] / sum(shares[other] for other in names[number:])
        print(f"{name}: {part:.2f} of {left:.2f} minutes", flush=True)
        if part <= 0:
            break
        try:
            begins = time.monotonic()
            rows = json.loads(lzma.decompress((PACK / f"{name}.json.xz").read_bytes()))
            ready = (time.monotonic() - begins) / 60
            _recipe(name).run(rows, settings_for(name, device, max(0.8 * part - ready, 0.05)))
            checkpoints._tables.cache_clear()
            made.append(name)
        except Exception as problem:  # the minutes are dear: the others go on
            print(f"{name} failed: {type(problem).__name__}: {problem}", flush=True)
        collect(made)
    print(f"{len(made)} of {len(names)} trained in {(time.monotonic() - began) / 60:.1f} minutes", flush=True)


def collect(names: list[str]) -> None:
    """Write the assets of `names` into OUT, as parts of one archive."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:xz", preset=1) as tar:
        for name in names:
            tar.add(SHIPPED / name, name)
    whole = archive.getvalue()
    parts = -(-len(whole) // LARGEST)
    if parts > FILES:
        print(f"{len(whole):,} bytes are more than {FILES} files of {LARGEST:,}: choose fewer names", flush=True)
    OUT.mkdir(parents=True, exist_ok=True)
    for number in range(parts):
        (OUT / f"part{number}").write_bytes(whole[number * LARGEST : (number + 1) * LARGEST])


def unpack() -> None:
    """Put the results into the assets and their sha256 into the catalogue."""
    parts = sorted(OUT.glob("part*"))
    if not parts:
        raise FileNotFoundError(f"{OUT} has no files part0, part1 …: copy the results of `train` there.")
    archive = io.BytesIO(b"".join(path.read_bytes() for path in parts))
    with tarfile.open(fileobj=archive) as tar:
        names = sorted({Path(member.name).parts[0] for member in tar.getmembers()} & ORDER.keys())
        tar.extractall(SHIPPED, filter="data")
    for name in names:
        enter(name, [path for path in (SHIPPED / name).iterdir() if path.suffix != ".md"])
    print("unpacked:", ", ".join(names))


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("step", choices=("pack", "train", "unpack"))
    parser.add_argument("names", nargs="*", metavar="NAME", help="checkpoints; all of them if none is named")
    for source, (_, how) in OPTIONS.items():
        parser.add_argument("--" + source.replace("_", "-"), type=Path, help=how)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--minutes", type=float, default=9.0, help="for all of them together")
    parser.add_argument(
        "--overwrite", action="store_true", help="train in a git repository, and replace what ships there"
    )
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.names) - ORDER.keys():
        parser.error(f"{', '.join(sorted(unknown))}: no such checkpoint. There are: {', '.join(ORDER)}.")
    names = [name for name in ORDER if not chosen.names or name in chosen.names]
    if chosen.step == "pack":
        pack(names, {source: getattr(chosen, source) for source in OPTIONS})
    elif chosen.step == "train" and REPOSITORY.exists() and not chosen.overwrite:
        parser.error(
            f"train replaces the weights, cards and hashes that ship, and {REPOSITORY.parent} is a git repository. Run it "
            "in a copy of that folder without .git, or give --overwrite and take the files back with git afterwards."
        )
    elif chosen.step == "train":
        train(names, chosen.device, chosen.minutes)
    else:
        unpack()


if __name__ == "__main__":
    main()
