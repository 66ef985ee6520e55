"""What every recipe shares: reading pinned data, a training loop that survives interruption, and intervals.

The loop is the whole of it: linear warm-up and decay, gradient clipping, a running average of the weights, and a state
file written every few hundred steps. Kill it at any moment and start it again: it continues from the last state with
the same data order and the same dropout masks, so the result does not depend on how often it was interrupted.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import time
from pathlib import Path

import numpy as np
import torch
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict
from safetensors.torch import save_file

from course_lib.checkpoints import ASSETS
from course_lib.fetch import sha256_of


def read_rows(folder: Path, name: str, sha256: str) -> list[dict]:
    """The rows of one JSON Lines file (plain or gzip) after checking that it is the file the recipe was written for."""
    path = Path(folder) / name
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing. Give the folder that holds {name} with --data.")
    found = sha256_of(path)
    if found != sha256:
        raise ValueError(f"{path} has sha256 {found}, but this recipe was measured on {sha256}.")
    with gzip.open(path, "rt", encoding="utf-8") if name.endswith(".gz") else open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def batches(lengths: list[int], size: int, seed: int, epoch: int) -> list[list[int]]:
    """One epoch's batches of row numbers: shuffled, but with rows of similar length together, so little is padding."""
    order = np.random.default_rng([seed, epoch]).permutation(len(lengths))
    chunks = [order[start : start + 50 * size] for start in range(0, len(order), 50 * size)]
    groups = []
    for chunk in chunks:
        chunk = sorted(chunk.tolist(), key=lambda row: lengths[row])
        groups += [chunk[start : start + size] for start in range(0, len(chunk), size)]
    np.random.default_rng([seed, epoch, 1]).shuffle(groups)
    return groups


def options(description: str, *, epochs: int, rate: float, rank: int = 32) -> argparse.Namespace:
    """The command line of a recipe; the defaults are the settings that the shipped weights were trained with."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, required=True, help="folder with the labelled data")
    parser.add_argument("--work", type=Path, default=Path("build/recipes"), help="where to resume from")
    parser.add_argument("--epochs", type=int, default=epochs)
    parser.add_argument("--rate", type=float, default=rate, help="learning rate")
    parser.add_argument("--rank", type=int, default=rank, help="rank of the adapters")
    chosen = parser.parse_args()
    chosen.work.mkdir(parents=True, exist_ok=True)
    return chosen


def with_adapters(model, task: str, head: str, rank: int, dropout: float):
    """`model` frozen, with trainable low-rank adapters in every linear layer of its encoder and a trainable `head`."""
    settings = LoraConfig(
        task_type=task,
        r=rank,
        lora_alpha=2 * rank,
        lora_dropout=dropout,
        target_modules=["query", "key", "value", "dense"],
        modules_to_save=[head],
    )
    return get_peft_model(model, settings)


def fit(
    model: torch.nn.Module,
    loss_of,
    lengths: list[int],
    *,
    state: Path,
    epochs: int,
    batch_size: int,
    rate: float,
    seed: int,
    average: float = 0.998,
    decay: float = 0.01,
    save_every: int = 200,
    rates: dict[str, float] | None = None,
) -> None:
    """Train the parameters of `model` that require gradients, in place, and leave their running average in the model.

    `loss_of(rows)` returns the mean loss of a list of row numbers; `lengths[row]` is a row's length in tokens.
    `state` is the file to resume from; `average` is the decay of the running average of the weights; `rates` gives
    factors on the learning rate for parameters whose name contains a key.
    """
    plan = [(epoch, group) for epoch in range(epochs) for group in batches(lengths, batch_size, seed, epoch)]
    trained = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
    groups: dict[float, list] = {}
    for name, weight in trained.items():
        factor = next((f for key, f in (rates or {}).items() if key in name), 1.0)
        groups.setdefault(factor, []).append(weight)
    optimizer = torch.optim.AdamW(
        [{"params": weights, "lr": rate * factor} for factor, weights in groups.items()], weight_decay=decay
    )
    warmup = max(1, len(plan) // 20)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warmup, max(0.0, (len(plan) - step) / (len(plan) - warmup)))
    )
    mean = {name: weight.detach().clone() for name, weight in trained.items()}

    torch.manual_seed(seed)
    first = 0
    if state.is_file():
        saved = torch.load(state, weights_only=True)
        if saved["steps"] != len(plan):
            raise ValueError(f"{state} is from a run of {saved['steps']} steps, this one has {len(plan)}: delete it.")
        with torch.no_grad():
            for name, weight in trained.items():
                weight.copy_(saved["weights"][name])
        mean, first = saved["mean"], saved["step"]
        optimizer.load_state_dict(saved["optimizer"])
        schedule.load_state_dict(saved["schedule"])
        torch.set_rng_state(saved["random"])
        print(f"resumed at step {first} of {len(plan)}", flush=True)

    model.train()
    began, shown = time.time(), 0.0
    for step in range(first, len(plan)):
        loss = loss_of(plan[step][1])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained.values(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)
        keep = min(average, (step + 1) / (step + 10))
        with torch.no_grad():
            for name, weight in trained.items():
                mean[name].lerp_(weight, 1 - keep)
        shown = loss.item() if step == first else 0.98 * shown + 0.02 * loss.item()
        done = step + 1
        if done % 50 == 0:
            left = (time.time() - began) / (done - first) * (len(plan) - done)
            print(f"step {done} of {len(plan)}  loss {shown:.3f}  {left / 60:.0f} min left", flush=True)
        if done % save_every == 0 or done == len(plan):
            temporary = state.with_suffix(".part")
            torch.save(
                {
                    "step": done,
                    "steps": len(plan),
                    "weights": {name: weight.detach() for name, weight in trained.items()},
                    "mean": mean,
                    "optimizer": optimizer.state_dict(),
                    "schedule": schedule.state_dict(),
                    "random": torch.get_rng_state(),
                },
                temporary,
            )
            os.replace(temporary, state)
    with torch.no_grad():
        for name, weight in trained.items():
            weight.copy_(mean[name])
    model.eval()


def interval(values, seed: int = 0, draws: int = 10_000) -> tuple[float, float, float]:
    """Mean of `values` with its 95 % percentile bootstrap interval: (mean, low, high)."""
    values = np.asarray(values, dtype=float)
    generator = np.random.default_rng(seed)
    means = [values[generator.integers(0, len(values), len(values))].mean() for _ in range(draws)]
    low, high = np.percentile(means, [2.5, 97.5])
    return float(values.mean()), float(low), float(high)


def ship(model, name: str) -> int:
    """Write the trained adapters of `model` in float16 to the package's assets and their sha256 to the catalogue.

    Returns the size in bytes. What ships says nothing about where it was trained: no path, modules in sorted order.
    """
    folder = ASSETS / name
    folder.mkdir(parents=True, exist_ok=True)
    weights = {key: value.half().contiguous() for key, value in get_peft_model_state_dict(model).items()}
    save_file(dict(sorted(weights.items())), folder / "adapter_model.safetensors", metadata={"format": "pt"})
    (folder / "adapter_model.safetensors").chmod(0o644)
    settings = {key: value for key, value in model.peft_config["default"].to_dict().items() if value is not None}
    settings = {key: sorted(value) if isinstance(value, set | list) else value for key, value in settings.items()}
    settings |= {"base_model_name_or_path": "minilm", "inference_mode": True}
    text = json.dumps(settings, indent=1, sort_keys=True, default=str) + "\n"
    (folder / "adapter_config.json").write_text(text, encoding="utf-8")

    files = sorted(path for path in folder.iterdir() if path.name.startswith("adapter"))
    block = "".join(f'"{path.name}" = "{sha256_of(path)}"\n' for path in files)
    catalogue = ASSETS / "catalogue.toml"
    head = f"[checkpoints.{name}.members]\n"
    before, found, after = catalogue.read_text(encoding="utf-8").partition(head)
    if not found:
        raise ValueError(f"{catalogue} has no line {head.strip()}: enter the checkpoint there, then run this again.")
    rest = after[after.find("\n[") :] if "\n[" in after else ""
    catalogue.write_text(before + head + block + rest, encoding="utf-8")
    return sum(path.stat().st_size for path in files)


def shown(values) -> str:
    """A mean with its interval, for a card: `0.912 (0.893 to 0.930)`."""
    return "{:.3f} ({:.3f} to {:.3f})".format(*interval(values))
