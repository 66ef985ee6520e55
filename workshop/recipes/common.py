"""What every recipe shares: a command line, adapters, a training loop that survives interruption, and what ships.

A recipe runs on two cores or on a GPU (`--device cuda`), in bfloat16 where the processor multiplies it and in float32
where it does not. A batch holds about as many tokens as `--tokens` says, however long its rows are. bfloat16 kernels of a
CPU are made anew for each shape of a matrix, so the recipes pad to a multiple of eight tokens, and
ONEDNN_PRIMITIVE_CACHE_CAPACITY is raised to keep the kernels: together a third of the time.

The loop is the whole of it: linear warm-up and decay, gradient clipping, a running average of the weights, and a state
file written every hundred steps. Kill it at any moment and start it again: it continues from the last state with
the same data order and the same dropout masks, so the result does not depend on how often it was interrupted. With
`--minutes` the learning rate falls to zero when that time is over, even if the epochs are not through by then.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
import textwrap
import time
import tomllib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict
from peft.tuners.tuners_utils import BaseTunerLayer
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast

from course_lib.checkpoints import CATALOGUE, SHIPPED, catalogue, checkpoint
from course_lib.checkpoints.fetch import sha256_of
from workshop.evaluation.sources import OPTIONS

os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "4096")  # read when the first kernel is made
BFLOAT16 = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()  # multiplied by this processor
# For from_pretrained of a BERT. The drawing of dropout masks was 39 % of a training step. PyTorch's fused attention is
# quicker in float32 (4,096 tokens in windows of 384: 2.0 s against 2.8 s), but its backward pass in bfloat16 was 34 %.
QUICK = {
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
    "attn_implementation": "eager" if BFLOAT16 or torch.cuda.is_available() else "sdpa",
}
EVERY_LAYER = ("query", "key", "value", "dense")
WARMUP = 100  # steps
LONGEST_STEP = 30.0  # seconds: who stops the process for longer is not charged for the pause
# Of the adapters: 5.7 MB in float16 for the six layers of MiniLM. All that ships may have 260 MB with its wheels.
RANK = 68


def batches(
    lengths: list[int], tokens: int, seed: int, epoch: int, kinds: Sequence[int] | None = None
) -> list[list[int]]:
    """One epoch's batches of row numbers, each of at most `tokens` tokens with its padding, and of one row at least.

    They are shuffled, but rows of similar length are together, so little is padding; with `kinds` a batch holds rows of
    one kind only.
    """
    if kinds is not None:
        groups = []
        for kind in sorted(set(kinds)):
            rows = [row for row, one in enumerate(kinds) if one == kind]
            for group in batches([lengths[row] for row in rows], tokens, seed, epoch):
                groups.append([rows[place] for place in group])
        np.random.default_rng([seed, epoch, 2]).shuffle(groups)
        return groups
    order = np.random.default_rng([seed, epoch]).permutation(len(lengths))
    at_once = max(1, 50 * tokens * len(lengths) // max(1, sum(lengths)))  # rows: about fifty batches
    groups = []
    for start in range(0, len(order), at_once):
        group: list[int] = []
        for row in sorted(order[start : start + at_once].tolist(), key=lambda row: lengths[row]):
            if group and (len(group) + 1) * lengths[row] > tokens:
                groups.append(group)
                group = []
            group.append(row)
        groups.append(group)
    np.random.default_rng([seed, epoch, 1]).shuffle(groups)
    return groups


def options(
    description: str,
    *,
    epochs: int,
    rate: float,
    rank: int = RANK,
    tokens: int = 4096,
    sources: tuple[str, ...] = ("data",),
    arguments: list[str] | None = None,
) -> argparse.Namespace:
    """The command line of a recipe; the defaults train from the base on, and a card says what its weights were trained with."""
    parser = argparse.ArgumentParser(description=description)
    for source in sources:
        parser.add_argument("--" + source.replace("_", "-"), type=Path, required=True, help=OPTIONS[source][1])
    parser.add_argument("--work", type=Path, default=Path("build/recipes"), help="where to resume from")
    parser.add_argument("--epochs", type=int, default=epochs)
    parser.add_argument("--rate", type=float, default=rate, help="learning rate")
    parser.add_argument("--rank", type=int, default=rank, help="rank of the adapters")
    parser.add_argument("--tokens", type=int, default=tokens, help="tokens in a batch, with padding")
    parser.add_argument("--minutes", type=float, help="stop after so much training, with the rate at zero by then")
    parser.add_argument("--device", default="cpu", help="cpu, or cuda for a GPU")
    parser.add_argument("--continue", dest="goes_on", action="store_true", help="begin with the weights that ship now")
    parser.add_argument("--order", type=int, help="seed of the order of the rows, and of what is drawn while it trains")
    chosen = parser.parse_args(arguments)
    chosen.work.mkdir(parents=True, exist_ok=True)
    return chosen


def precision(device: str):
    """The context in which `device` computes: bfloat16 where it is multiplied in hardware, else float32 as it is.

    On a processor that only emulates bfloat16 a matrix product takes fifty times as long as in float32 (measured).
    """
    kind = torch.device(device).type
    return torch.autocast(kind, torch.bfloat16, enabled=kind != "cpu" or BFLOAT16)


def like_minilm(inner: Tokenizer) -> PreTrainedTokenizerFast:
    """A tokenizer around a changed `inner` one of MiniLM, with MiniLM's special tokens, length and inputs."""
    return PreTrainedTokenizerFast(
        tokenizer_object=inner, unk_token="[UNK]", sep_token="[SEP]", pad_token="[PAD]", cls_token="[CLS]",
        mask_token="[MASK]", model_max_length=512, model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    )  # fmt: skip


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


def adapters_in(model) -> dict[str, BaseTunerLayer]:
    """The layers of an adapted model that have an adapter, by name."""
    return {name: layer for name, layer in model.named_modules() if isinstance(layer, BaseTunerLayer)}


def begin_as_shipped(model, name: str) -> None:
    """Give the adapters and the head of `model` what ships as `name`; a smaller rank fills the first rows.

    Scores do not change with the rank, since every recipe scales by the same factor (lora_alpha is twice the rank).
    """
    shipped = load_file(SHIPPED / name / "adapter_model.safetensors")
    own = get_peft_model_state_dict(model)
    if shipped.keys() - own.keys():
        raise ValueError(f"{name} ships weights that this model lacks: {sorted(shipped.keys() - own.keys())[:3]} …")
    ranks = {old.shape[0] for key, old in shipped.items() if ".lora_A" in key}
    if max(ranks) > (least := min(weight.shape[0] for key, weight in own.items() if ".lora_A" in key)):
        raise ValueError(
            f"{name} ships with rank {max(ranks)}, this model has {least}: give --rank {max(ranks)} or more."
        )
    with torch.no_grad():
        for key, old in shipped.items():
            new = own[key]  # the same memory as the model's own weight
            if ".lora_" in key:
                new = new[: old.shape[0]] if ".lora_A" in key else new[:, : old.shape[1]]
            new.copy_(old)


def unfreeze(model) -> dict[str, torch.Tensor]:
    """Let the layers of `model` that have adapters learn themselves instead; returns their weights as they were.

    What the adapters hold already is added to the layers first.
    """
    before = {}
    for name, layer in adapters_in(model).items():
        weight = layer.get_base_layer().weight
        before[name] = weight.detach().clone()
        with torch.no_grad():
            weight += layer.get_delta_weight("default")
        layer.enable_adapters(False)
        weight.requires_grad_(True)
    return before


def factorise(model, before: dict[str, torch.Tensor]) -> float:
    """Move what the layers learned since `unfreeze` into their adapters; returns the share of it that fits in the rank.

    The best product of two narrow matrices is the cut singular value decomposition (Eckart and Young 1936). The share is
    that of the squared change.
    """
    kept = whole = 0.0
    for name, layer in adapters_in(model).items():
        weight, rank, scale = layer.get_base_layer().weight, layer.r["default"], layer.scaling["default"]
        left, sizes, right = torch.linalg.svd((weight.detach() - before[name]).double(), full_matrices=False)
        root = (sizes[:rank] / scale).sqrt()  # (rank,)
        with torch.no_grad():
            layer.lora_A["default"].weight.copy_(root[:, None] * right[:rank])  # (rank, in)
            layer.lora_B["default"].weight.copy_(left[:, :rank] * root)  # (out, rank)
            weight.copy_(before[name])
        layer.enable_adapters(True)
        kept, whole = kept + (sizes[:rank] ** 2).sum().item(), whole + (sizes**2).sum().item()
    return kept / whole if whole else 1.0


class FeatureDropout(torch.nn.Dropout1d):
    """Dropout with one mask a row: a feature is left out at all tokens of a row or at none (Gal and Ghahramani 2016).

    To draw a mask for each token was 39 % of a training step.
    """

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """What goes on of hidden states, (row, token, feature)."""
        return super().forward(hidden.transpose(1, 2)).transpose(1, 2)


def leave_out_features(model, share: float) -> None:
    """Put a `FeatureDropout` where a BERT has dropout on its hidden states; attention keeps what it has."""
    for name, part in list(model.named_modules()):
        if isinstance(part, torch.nn.Dropout) and name.endswith(("output.dropout", "embeddings.dropout")):
            model.set_submodule(name, FeatureDropout(share))


def to_be_adapted(model, name: str, task: str | None, head: str, settings: argparse.Namespace, **adapters):
    """`model` with adapters on the device, its layers ready to learn, and their weights as they were, for `fit_adapted`."""
    model = with_adapters(model, task, head, settings.rank, dropout=0.0, **adapters).to(settings.device)
    if settings.goes_on:
        begin_as_shipped(model, name)
    return model, unfreeze(model)


def fit_adapted(model, before: dict, loss_of, lengths: list[int], name: str, settings, seed: int, **more):
    """Train the layers of `model`, put what they learned into its adapters; returns it on the CPU, and facts for a card."""
    done = fit_as_set(model, loss_of, lengths, name, settings, seed, **more)
    done["share"] = factorise(model, before)  # where the model was trained, since `before` is there too
    return model.cpu(), done


def fit_as_set(model, loss_of, lengths: list[int], name: str, settings: argparse.Namespace, seed: int, **more) -> dict:
    """`fit` with the settings of the command line; `more` are its other arguments.

    Whoever goes on from shipped weights for a part of an epoch gives another `--order`: with the same one that part
    would be of the same rows again.
    """
    seed = seed if settings.order is None else settings.order
    return fit(
        model, loss_of, lengths, state=settings.work / f"{name}.pt", epochs=settings.epochs, tokens=settings.tokens,
        rate=settings.rate, seed=seed, minutes=settings.minutes, begun="as shipped" if settings.goes_on else "base", **more,
    )  # fmt: skip


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
    tokens: int,
    rate: float,
    seed: int,
    minutes: float | None = None,
    kinds: Sequence[int] | None = None,
    average: float = 0.998,
    decay: float = 0.01,
    betas: tuple[float, float] = (0.9, 0.999),
    save_every: int = 100,
    rates: dict[str, float] | None = None,
    begun: str = "base",
) -> dict[str, float]:
    """Train the parameters of `model` that require gradients, in place, and leave their running average in the model.

    `loss_of(rows)` returns the mean loss of a list of row numbers; `lengths[row]` is a row's length in tokens, and a batch
    has at most `tokens` of them. `kinds` are those of `batches`; `state` is the file to resume from; `average` is the decay
    of the running average of the weights; `rates` gives factors on the learning rate for parameters whose name contains a
    key; `begun` says from which weights this began. With `minutes` the plan ends when so much time was spent in training,
    over all starts together. A state of a run with another plan, rate or beginning raises ValueError.

    Returns what was done: `steps`, `epochs` (a fraction where time ended it) and `minutes`.
    """
    plan = [(epoch, group) for epoch in range(epochs) for group in batches(lengths, tokens, seed, epoch, kinds)]
    trained = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
    device = next(iter(trained.values())).device
    groups: dict[float, list] = {}
    for name, weight in trained.items():
        factor = next((f for key, f in (rates or {}).items() if key in name), 1.0)
        groups.setdefault(factor, []).append(weight)
    optimizer = torch.optim.AdamW(
        [{"params": weights, "lr": rate * factor, "factor": factor} for factor, weights in groups.items()],
        weight_decay=decay,
        betas=betas,
        fused=True,
    )
    mean = {name: weight.detach().clone() for name, weight in trained.items()}
    asked = {"steps": len(plan), "seed": seed, "learning rate": rate, "tokens in a batch": tokens, "beginning": begun}

    torch.manual_seed(seed)
    first, spent, shown = 0, 0.0, None
    if state.is_file():
        saved = torch.load(state, weights_only=True, map_location=device)
        before = saved.get("asked", {})  # a state of an earlier form has none
        for what, now in asked.items():
            if before.get(what) != now:
                then = before.get(what, "unknown")
                raise ValueError(f"{state} is of a run with {what} {then}, this one has {now}: delete it.")
        with torch.no_grad():
            for name, weight in trained.items():
                weight.copy_(saved["weights"][name])
        mean, first, spent = saved["mean"], saved["step"], saved["spent"]
        optimizer.load_state_dict(saved["optimizer"])
        torch.set_rng_state(saved["random"].cpu())
        if device.type == "cuda":
            torch.cuda.set_rng_state(saved["random_cuda"].cpu())
        print(f"resumed at step {first} of {len(plan)}", flush=True)

    def save(done: int) -> None:
        temporary = state.with_suffix(".part")
        torch.save(
            {
                "step": done,
                "asked": asked,
                "spent": spent,
                "weights": {name: weight.detach() for name, weight in trained.items()},
                "mean": mean,
                "optimizer": optimizer.state_dict(),
                "random": torch.get_rng_state(),
                **({"random_cuda": torch.cuda.get_rng_state()} if device.type == "cuda" else {}),
            },
            temporary,
        )
        os.replace(temporary, state)

    model.train()
    looked, done = time.monotonic(), first
    for step in range(first, len(plan)):
        through = step / len(plan)  # of the plan, from 0 to 1
        if minutes is not None:
            through = max(through, spent / 60 / minutes)
        if through >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = rate * group["factor"] * min((step + 1) / WARMUP, 1.0) * (1 - through)
        loss = loss_of(plan[step][1])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained.values(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        keep = min(average, (step + 1) / (step + 10))
        with torch.no_grad():
            torch._foreach_lerp_(list(mean.values()), list(trained.values()), 1 - keep)
        done, now = step + 1, time.monotonic()
        spent, looked = spent + min(now - looked, LONGEST_STEP), now
        if done % 50 == 0:
            shown = loss.item() if shown is None else 0.7 * shown + 0.3 * loss.item()
            left = spent / 60 / done * (len(plan) - done)
            left = left if minutes is None else min(left, minutes - spent / 60)
            print(f"step {done} of {len(plan)}  loss {shown:.3f}  {left:.0f} min left", flush=True)
        if done % save_every == 0:
            save(done)
    save(done)
    with torch.no_grad():
        for name, weight in trained.items():
            weight.copy_(mean[name])
    model.eval()
    facts = {"steps": done, "epochs": round(epochs * done / len(plan), 2), "minutes": round(spent / 60, 1)}
    print(facts, flush=True)
    return facts


def ship(model, name: str, base: str = "minilm") -> int:
    """Write the trained adapters of `model` on `base` in float16 to the package's assets and their sha256 to the catalogue.

    Returns the size in bytes. What ships says nothing about where it was trained: no path, modules in sorted order.
    """
    folder = SHIPPED / name
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
    folder = SHIPPED / name
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        model.half().save_pretrained(place)
        weights = load_file(Path(place) / "model.safetensors")  # shared tables once
        settings = without_paths(json.loads((Path(place) / "config.json").read_text(encoding="utf-8")))
        shutil.copyfile(Path(place) / "generation_config.json", folder / "generation_config.json")
        if tokenizer is not None:
            ship_tokenizer(tokenizer, name)
    model.float()
    weights = {key: value for key, value in sorted(weights.items()) if not key.startswith(leave_out or "-")}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    settings |= {"dtype": "float32"}  # as which the prepared folder stores them
    (folder / "config.json").write_text(json.dumps(settings, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return enter(name, [path for path in folder.iterdir() if path.suffix != ".md"])


def ship_tokenizer(tokenizer, name: str) -> None:
    """Write a tokenizer's two files to the package's assets; where the catalogue names a base, what differs from its."""
    folder, base = SHIPPED / name, catalogue()[name].base
    with tempfile.TemporaryDirectory() as place:
        tokenizer.save_pretrained(place)
        settings = json.loads((Path(place) / "tokenizer_config.json").read_text(encoding="utf-8"))
        parts = json.loads((Path(place) / "tokenizer.json").read_text(encoding="utf-8"))
    if base:
        theirs = json.loads((checkpoint(base) / "tokenizer.json").read_text(encoding="utf-8"))
        parts = {key: part for key, part in parts.items() if key not in theirs or theirs[key] != part}
    settings = {key: value for key, value in settings.items() if key not in ("is_local", "local_files_only")}
    for file, content in (("tokenizer_config.json", settings), ("tokenizer.json", parts)):
        text = json.dumps(content, indent=2, ensure_ascii=False)
        (folder / file).write_text(text + "\n", encoding="utf-8", newline="\n")


def told(settings: argparse.Namespace, seed: int, done: dict) -> str:
    """The training in words, for a card: its settings, how long it was, where it began."""
    words = f"seed {seed}, learning rate {settings.rate:g}, batches of at most {settings.tokens:,} tokens, "
    words += "" if settings.order is None else f"order of the rows by seed {settings.order}, "
    words += f"{done['steps']:,} steps or {done['epochs']:g} epochs in {done['minutes']:.0f} minutes on "
    cores = {1: "one processor core", 2: "two processor cores"}
    on_cpu = cores.get(torch.get_num_threads(), f"{torch.get_num_threads()} processor cores")
    words += on_cpu if settings.device == "cpu" else torch.cuda.get_device_name()
    return words + (", begun with the weights that shipped before" if settings.goes_on else "")


def write_card(name: str, card: str, settings: argparse.Namespace, seed: int, done: dict, **facts) -> None:
    """Write the card, with the training and other `facts` filled in and room for what `course evaluate` measures."""
    measured = f"<!-- course evaluate {name} -->\n<!-- end -->"
    facts |= {"training": told(settings, seed, done), "rank": settings.rank, "share": done.get("share")}
    text = card.format(measured=measured, **facts)
    lines = []
    for paragraph in text.splitlines():  # bullets and paragraphs are written in one line each, and wrapped here
        indent = "  " if paragraph.startswith(("- ", "  ")) else ""
        lines += textwrap.wrap(
            paragraph, 120, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
        ) or [""]
    (SHIPPED / name / "card.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (settings.work / f"{name}.pt").unlink(missing_ok=True)  # what comes next begins anew, and does not resume this
    print(f"Now measure it: course evaluate {name} --write")


def enter(name: str, files: list[Path]) -> int:
    """Enter the sha256 of a checkpoint's shipped files into the catalogue, and return their size in bytes."""
    for path in files:
        path.chmod(0o644)
    members = {path.name: sha256_of(path) for path in sorted(files)}
    text = CATALOGUE.read_text(encoding="utf-8")
    lines, head = text.splitlines(keepends=True), f"[checkpoints.{name}.members]\n"
    if head not in lines:
        raise ValueError(f"{CATALOGUE} has no line {head.strip()}: enter the checkpoint there, then run this again.")
    first = lines.index(head) + 1
    last = next((n for n in range(first, len(lines)) if not lines[n].startswith('"')), len(lines))
    lines[first:last] = [f'"{file}" = "{sha256}"\n' for file, sha256 in members.items()]
    wanted = tomllib.loads(text)
    wanted["checkpoints"][name]["members"] = members
    if tomllib.loads("".join(lines)) != wanted:
        raise ValueError(f"{CATALOGUE}: below {head.strip()} stands more than a line for each file. Mend it by hand.")
    CATALOGUE.write_text("".join(lines), encoding="utf-8", newline="\n")
    return sum(path.stat().st_size for path in files)
