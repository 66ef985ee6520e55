"""What every recipe shares: a command line, adapters, a training loop that survives interruption, and what ships.

bfloat16 kernels are made anew for each shape of a matrix. So the recipes pad to a multiple of eight tokens, and
ONEDNN_PRIMITIVE_CACHE_CAPACITY is raised to keep the kernels: together a third of the time.

The loop is the whole of it: linear warm-up and decay, gradient clipping, a running average of the weights, and a state
file written every few hundred steps. Kill it at any moment and start it again: it continues from the last state with
the same data order and the same dropout masks, so the result does not depend on how often it was interrupted.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict
from safetensors.torch import load_file, save_file

from course_lib.checkpoints import ASSETS
from course_lib.evaluation import read_rows as read_rows
from course_lib.evaluation.sources import OPTIONS
from course_lib.fetch import sha256_of


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


def options(
    description: str, *, epochs: int, rate: float, rank: int = 32, sources: tuple[str, ...] = ("data",)
) -> argparse.Namespace:
    """The command line of a recipe; the defaults are the settings that the shipped weights were trained with."""
    parser = argparse.ArgumentParser(description=description)
    for source in sources:
        parser.add_argument("--" + source.replace("_", "-"), type=Path, required=True, help=OPTIONS[source][1])
    parser.add_argument("--work", type=Path, default=Path("build/recipes"), help="where to resume from")
    parser.add_argument("--epochs", type=int, default=epochs)
    parser.add_argument("--rate", type=float, default=rate, help="learning rate")
    parser.add_argument("--rank", type=int, default=rank, help="rank of the adapters")
    chosen = parser.parse_args()
    chosen.work.mkdir(parents=True, exist_ok=True)
    return chosen


os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "4096")  # read when the first kernel is made
# For from_pretrained of a BERT: 39 % of a training step was the drawing of dropout masks, and 34 % of the rest the
# backward pass of PyTorch's fused attention in bfloat16. Without both, MiniLM trains at twice the speed.
QUICK = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0, "attn_implementation": "eager"}
EVERY_LAYER = ("query", "key", "value", "dense")


def with_adapters(model, task: str | None, head: str, rank: int, dropout: float, targets=EVERY_LAYER, bias="none"):
    """`model` frozen, with trainable low-rank adapters in its linear layers `targets` and a trainable `head`.

    With `bias="all"` every bias is trained too, as in BitFit (Ben Zaken et al. 2022).
    """
    settings = LoraConfig(
        task_type=task,
        r=rank,
        lora_alpha=2 * rank,
        lora_dropout=dropout,
        target_modules=targets if isinstance(targets, str) else list(targets),
        modules_to_save=[head],
        bias=bias,
    )
    return get_peft_model(model, settings)


class _SmoothedLoss(torch.autograd.Function):
    """Cross-entropy with label smoothing whose gradient is made at once, in the logits' own type."""

    @staticmethod
    def forward(ctx, logits, labels, smoothing):
        chances = logits.float().log_softmax(-1)  # (token, vocabulary)
        told = chances.gather(1, labels[:, None])[:, 0]  # (token,)
        loss = -((1 - smoothing) * told + smoothing * chances.mean(-1)).mean()
        slope = chances.exp_().sub_(smoothing / logits.shape[1])  # (token, vocabulary)
        slope[torch.arange(len(labels)), labels] -= 1 - smoothing
        ctx.save_for_backward(slope.div_(len(labels)).to(logits.dtype))
        return loss

    @staticmethod
    def backward(ctx, above):
        return ctx.saved_tensors[0] * above.to(ctx.saved_tensors[0].dtype), None, None


def smoothed_loss(logits: torch.Tensor, labels: torch.Tensor, smoothing: float = 0.1) -> torch.Tensor:
    """The mean of `torch.nn.functional.cross_entropy(..., label_smoothing=smoothing)`, with fewer passes over the logits.

    logits: (token, vocabulary), labels: (token,). Together with leaving the filling out before the output layer, it took
    translation from 2,400 to 3,560 target pieces a second.
    """
    return _SmoothedLoss.apply(logits, labels, smoothing)


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
    betas: tuple[float, float] = (0.9, 0.999),
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
        [{"params": weights, "lr": rate * factor} for factor, weights in groups.items()],
        weight_decay=decay,
        betas=betas,
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


def ship(model, name: str, base: str = "minilm") -> int:
    """Write the trained adapters of `model` on `base` in float16 to the package's assets and their sha256 to the catalogue.

    Returns the size in bytes. What ships says nothing about where it was trained: no path, modules in sorted order.
    """
    folder = ASSETS / name
    folder.mkdir(parents=True, exist_ok=True)
    weights = {key: value.half().contiguous() for key, value in get_peft_model_state_dict(model).items()}
    save_file(dict(sorted(weights.items())), folder / "adapter_model.safetensors", metadata={"format": "pt"})
    settings = {key: value for key, value in model.peft_config["default"].to_dict().items() if value is not None}
    settings = {key: sorted(value) if isinstance(value, set | list) else value for key, value in settings.items()}
    settings |= {"base_model_name_or_path": base, "inference_mode": True}
    text = json.dumps(settings, indent=1, sort_keys=True, default=str) + "\n"
    (folder / "adapter_config.json").write_text(text, encoding="utf-8")

    return enter(name, [path for path in folder.iterdir() if path.name.startswith("adapter")])


def without_paths(settings: dict) -> dict:
    """The settings of a model without the folders from which its parts were loaded."""
    kept = {key: value for key, value in settings.items() if key != "_name_or_path"}
    return {key: without_paths(value) if isinstance(value, dict) else value for key, value in kept.items()}


def ship_model(model, tokenizer, name: str, leave_out: tuple[str, ...] = ()) -> int:
    """Write the weights of a whole `model` in float16, its settings and its tokenizer, and their sha256 to the catalogue.

    Weights whose names begin with an entry of `leave_out` come from the catalogue's `base` and do not ship. Returns the
    size in bytes.
    """
    folder = ASSETS / name
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        model.half().save_pretrained(place)
        weights = load_file(Path(place) / "model.safetensors")  # shared tables once
        settings = without_paths(json.loads((Path(place) / "config.json").read_text(encoding="utf-8")))
        shutil.copyfile(Path(place) / "generation_config.json", folder / "generation_config.json")
        if tokenizer is not None:
            tokenizer.save_pretrained(place)
            for file in ("tokenizer.json", "tokenizer_config.json"):
                shutil.copyfile(Path(place) / file, folder / file)
    model.float()
    weights = {key: value for key, value in sorted(weights.items()) if not key.startswith(leave_out or "-")}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    settings |= {"dtype": "float32"}  # as which the prepared folder stores them
    (folder / "config.json").write_text(json.dumps(settings, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return enter(name, [path for path in folder.iterdir() if path.suffix != ".md"])


def write_card(name: str, card: str, **facts) -> None:
    """Write the card, with `facts` filled in and room for what `course evaluate` measures."""
    measured = f"<!-- course evaluate {name} -->\n<!-- end -->"
    (ASSETS / name / "card.md").write_text(card.format(measured=measured, **facts), encoding="utf-8")
    print(f"Now measure it: course evaluate {name} --write")


def enter(name: str, files: list[Path]) -> int:
    """Enter the sha256 of a checkpoint's shipped files into the catalogue, and return their size in bytes."""
    for path in files:
        path.chmod(0o644)
    block = "".join(f'"{path.name}" = "{sha256_of(path)}"\n' for path in sorted(files))
    catalogue = ASSETS / "catalogue.toml"
    head = f"[checkpoints.{name}.members]\n"
    before, found, after = catalogue.read_text(encoding="utf-8").partition(head)
    if not found:
        raise ValueError(f"{catalogue} has no line {head.strip()}: enter the checkpoint there, then run this again.")
    rest = after[after.find("\n[") :] if "\n[" in after else ""
    catalogue.write_text(before + head + block + rest, encoding="utf-8")
    return sum(path.stat().st_size for path in files)
