"""Training, twice: with Transformers' `Trainer`, and as a loop that can be read. Both give the same losses. Chapter 03.

`pretrain` and `fine_tune` are the same training; they differ in where the weights come from and where the targets do.
`pretrain` computes targets from the text itself, `fine_tune` reads them in the column `label`, and says so when they do
not fit. The rest is `Trainer`: batches in an order fixed by the seed, AdamW (Loshchilov and Hutter 2019), a learning
rate that rises over the first steps and then falls to 0, gradients clipped to a length of 1, evaluation, early
stopping, saving.

Nothing is asked of any host, and the processor does the work unless `device` says otherwise. Under `accelerate launch`
with N processes each takes every N-th row of a batch, and gradients are averaged: the losses are those of one process.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch.utils.data import DataLoader
from transformers import EarlyStoppingCallback, PrinterCallback, Trainer, TrainerCallback, TrainingArguments
from transformers.trainer_utils import get_last_checkpoint

Collate = Callable[[list[dict]], dict[str, torch.Tensor]]


@dataclass
class History:
    """What happened: `losses[i]` of step i + 1 in nats, and `evaluations`, pairs of a step and a dict of figures."""

    losses: list[float] = field(default_factory=list)
    evaluations: list[tuple[int, dict[str, float]]] = field(default_factory=list)
    seconds: float = 0.0


def next_token(rows: list[dict]) -> dict[str, torch.Tensor]:
    """A batch for a decoder: each token is the target of the position before it (Transformers shifts `labels`)."""
    ids = torch.stack([torch.as_tensor(row["input_ids"]) for row in rows])  # (batch, token)
    return {"input_ids": ids, "labels": ids}


def pretrain(
    model: torch.nn.Module,
    dataset,
    *,
    steps: int,
    collate: Collate = next_token,
    batch_size: int = 16,
    learning_rate: float = 1e-3,
    seed: int = 0,
    evaluation=None,
    every: int | None = None,
    measure: Callable | None = None,
    patience: int | None = None,
    folder: Path | str | None = None,
    resume: bool = False,
    device: str = "cpu",
    callbacks: Sequence[TrainerCallback] = (),
) -> History:
    """Train `model`, in place, on a text without labels, and return what happened.

    Args:
        model: trained in place. dataset: rows with len() and input_ids, all equally long.
        steps: how many batches of `batch_size` rows.
        collate: rows to a batch with targets: `next_token`, or Transformers' `DataCollatorForLanguageModeling`.
        learning_rate: the highest learning rate, after a tenth of the steps; then it falls to 0.
        seed: of the order and of dropout.
        evaluation: rows to measure on after `every` steps (a tenth of all, if None) and at the end.
        measure: from (logits, labels) as arrays to a dict of figures, for `evaluation`.
        patience: stop after so many evaluations without a lower loss. It needs `evaluation`.
        folder: where the weights and the optimizer's state are saved after `every` steps; nowhere if None.
        resume: continue the run that `folder` holds, with its order, as if it had never stopped.
        device: "cpu", "cuda" or "mps".
        callbacks: of Transformers, for example `live_loss_curve.LiveCurve`.

    Raises ValueError for an empty data set, settings that cannot be met, and a device that is not there;
    FileExistsError for a folder that holds a run; FloatingPointError where the loss is no number.
    """
    return _train(
        model, dataset, collate, steps,
        batch_size=batch_size, learning_rate=learning_rate, seed=seed, evaluation=evaluation, every=every,
        measure=measure, patience=patience, folder=folder, resume=resume, device=device, callbacks=callbacks,
    )  # fmt: skip


def fine_tune(
    model: torch.nn.Module,
    dataset,
    tokenizer,
    *,
    steps: int,
    batch_size: int = 16,
    learning_rate: float = 1e-3,
    seed: int = 0,
    evaluation=None,
    every: int | None = None,
    measure: Callable | None = None,
    patience: int | None = None,
    folder: Path | str | None = None,
    resume: bool = False,
    device: str = "cpu",
    callbacks: Sequence[TrainerCallback] = (),
) -> History:
    """Train `model` further, in place, on labelled rows, which are padded by batch; return what happened.

    Args:
        model: trained in place. dataset: rows with len(), input_ids and label, from 0 to the number of classes - 1.
        steps: how many batches of `batch_size` rows.
        learning_rate: the highest learning rate, after a tenth of the steps; then it falls to 0.
        seed: of the order and of dropout.
        evaluation: rows to measure on after `every` steps (a tenth of all, if None) and at the end.
        measure: from (logits, labels) as arrays to a dict of figures, for `evaluation`.
        patience: stop after so many evaluations without a lower loss. It needs `evaluation`.
        folder: where the weights and the optimizer's state are saved after `every` steps; nowhere if None.
        resume: continue the run that `folder` holds, with its order, as if it had never stopped.
        device: "cpu", "cuda" or "mps".
        callbacks: of Transformers, for example `live_loss_curve.LiveCurve`.

    Raises ValueError for an empty data set, a label that `model` has no class for, settings that cannot be met, and a
    device that is not there; FileExistsError for a folder that holds a run; FloatingPointError where the loss is no
    number.
    """
    for name, rows in (("dataset", dataset), ("evaluation", evaluation)):
        labels = [] if rows is None else [int(label) for label in rows["label"]]
        if labels and not (min(labels) >= 0 and max(labels) < model.config.num_labels):
            raise ValueError(
                f"{name} has labels from {min(labels)} to {max(labels)}, and the model has {model.config.num_labels} "
                f"classes, 0 to {model.config.num_labels - 1}. Make the model with num_labels={max(labels) + 1}, or "
                "number the labels from 0."
            )

    def padded(rows: list[dict]) -> dict[str, torch.Tensor]:
        batch = tokenizer.pad({"input_ids": [list(row["input_ids"]) for row in rows]}, return_tensors="pt")
        return {**batch, "labels": torch.tensor([int(row["label"]) for row in rows])}

    return _train(
        model, dataset, padded, steps,
        batch_size=batch_size, learning_rate=learning_rate, seed=seed, evaluation=evaluation, every=every,
        measure=measure, patience=patience, folder=folder, resume=resume, device=device, callbacks=callbacks,
    )  # fmt: skip


def _train(
    model, dataset, collate, steps, *, batch_size, learning_rate, seed, evaluation, every, measure, patience, folder,
    resume, device, callbacks,
) -> History:  # fmt: skip
    """Train on Trainer; `pretrain` says what the arguments are."""
    processes = int(torch.distributed.get_world_size()) if torch.distributed.is_initialized() else _launched()
    _check(model, dataset, steps, batch_size, processes, evaluation, patience, device)
    saved = _saved(folder, resume)
    every = every or max(1, steps // 10)
    regularly = {"eval_strategy": "steps" if evaluation is not None else "no", "eval_steps": every}
    regularly |= {"save_strategy": "steps" if folder else "no", "save_steps": every, "save_total_limit": 1}
    arguments = TrainingArguments(
        output_dir=str(folder or "."),
        max_steps=steps,
        per_device_train_batch_size=batch_size // processes,
        per_device_eval_batch_size=64,
        learning_rate=learning_rate,
        warmup_steps=max(1, steps // 10),
        lr_scheduler_type="linear",
        max_grad_norm=1.0,
        seed=seed,
        use_cpu=device == "cpu",
        logging_steps=1,
        logging_nan_inf_filter=False,
        disable_tqdm=True,
        report_to="none",
        remove_unused_columns=False,
        dataloader_pin_memory=False,
        **regularly,
    )
    history = History()
    listeners = [_Listener(history), *callbacks]
    if patience is not None:
        arguments.metric_for_best_model, arguments.greater_is_better = "loss", False
        listeners.append(EarlyStoppingCallback(patience))
    trainer = _Careful(
        model=model,
        args=arguments,
        data_collator=collate,
        train_dataset=dataset,
        eval_dataset=evaluation,
        compute_metrics=None if measure is None else lambda found: measure(found.predictions, found.label_ids),
        callbacks=listeners,
    )
    trainer.remove_callback(PrinterCallback)
    began = time.perf_counter()
    trainer.train(resume_from_checkpoint=saved)
    history.seconds = time.perf_counter() - began
    model.to("cpu").eval()
    return history


def loop(
    model: torch.nn.Module,
    dataset,
    *,
    steps: int,
    collate: Collate = next_token,
    batch_size=16,
    learning_rate=1e-3,
    seed=0,
) -> list[float]:
    """The same training without a library: the losses of `pretrain`, step for step. This is all that training is."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, weight_decay=0.0)
    warmup = max(1, steps // 10)
    torch.manual_seed(seed)
    model.train()
    losses, epoch = [], 0
    while len(losses) < steps:
        order = torch.randperm(len(dataset), generator=torch.Generator().manual_seed(seed + epoch)).tolist()
        for rows in DataLoader(dataset, batch_size, sampler=order, collate_fn=collate):
            done = len(losses)
            for group in optimizer.param_groups:  # up over the first tenth of the steps, then down to 0
                group["lr"] = learning_rate * (done / warmup if done < warmup else (steps - done) / (steps - warmup))
            loss = model(**rows).loss
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            losses.append(loss.item())
            if len(losses) == steps:
                break
        epoch += 1
    model.eval()
    return losses


class _Careful(Trainer):
    """A Trainer that stops before a loss that is no number can spoil the weights."""

    def __init__(self, *arguments, **named) -> None:
        super().__init__(*arguments, **named)
        self.model_accepts_loss_kwargs = False  # the loss is the mean over a batch's targets, as the model says it

    def compute_loss(self, model, inputs, return_outputs=False, **named):
        loss, outputs = super().compute_loss(model, inputs, return_outputs=True, **named)
        if model.training and not torch.isfinite(loss):
            step, rate = self.state.global_step + 1, self.args.learning_rate
            kept = f" The last good state is in {self.args.output_dir}." if self.args.save_strategy == "steps" else ""
            raise FloatingPointError(
                f"The loss of step {step} is {loss.item()}. The highest learning rate is {rate:g}: try a tenth of "
                f"it, and look for inputs or weights that are not finite.{kept}"
            )
        return (loss, outputs) if return_outputs else loss


class _Listener(TrainerCallback):
    """Writes down the losses and evaluations of a run."""

    def __init__(self, history: History) -> None:
        self.history = history

    def on_train_begin(self, args, state, control, **named) -> None:
        self.history.losses = [line["loss"] for line in state.log_history if "loss" in line]  # of a run continued

    def on_log(self, args, state, control, logs=None, **named) -> None:
        if "loss" in logs:
            self.history.losses.append(logs["loss"])

    def on_evaluate(self, args, state, control, metrics=None, **named) -> None:
        figures = {name.removeprefix("eval_"): value for name, value in metrics.items()}
        self.history.evaluations.append((state.global_step, figures))


def _launched() -> int:
    """How many processes `accelerate launch` or `torchrun` has started together."""
    import os

    return int(os.environ.get("WORLD_SIZE", "1"))


def _check(model, dataset, steps, batch_size, processes, evaluation, patience, device) -> None:
    if len(dataset) == 0:
        raise ValueError("The data set is empty. Expected one row or more: was a filter too strict?")
    if steps < 1 or batch_size < 1 or batch_size % processes:
        raise ValueError(
            f"steps={steps} and batch_size={batch_size} were given, for {processes} processes. Expected 1 or more, and "
            "a batch that the processes can share evenly."
        )
    if evaluation is not None and len(evaluation) == 0:
        raise ValueError("The evaluation set is empty. Give one row or more, or None.")
    if patience is not None and evaluation is None:
        raise ValueError(f"patience={patience} was given without evaluation: there is nothing to be patient about.")
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not there.get(device, False):
        raise ValueError(
            f"device {device!r} is not there. This machine has: {', '.join(k for k, v in there.items() if v)}."
        )
    if not any(weight.requires_grad for weight in model.parameters()):
        raise ValueError("No weight of the model may be trained: every one has requires_grad=False.")


def _saved(folder: Path | str | None, resume: bool) -> str | None:
    """The state to continue from. Raises FileExistsError rather than to mix two runs, FileNotFoundError for none."""
    found = get_last_checkpoint(str(folder)) if folder and Path(folder).is_dir() else None
    if found and not resume:
        raise FileExistsError(
            f"{folder} holds a run, saved as {Path(found).name}. Continue it with resume=True, or give another folder."
        )
    if resume and not found:
        raise FileNotFoundError(f"There is no run in {folder} to resume. Leave out resume=True to begin one.")
    return found


def perplexity(model: torch.nn.Module, dataset, collate: Collate = next_token) -> float:
    """e to the mean loss over all targets of `dataset`: among how many equally likely tokens the model hesitates."""
    total, count = 0.0, 0
    model.eval()
    with torch.no_grad():
        for batch in DataLoader(dataset, 64, collate_fn=collate):
            logits = model(**{name: value for name, value in batch.items() if name != "labels"}).logits
            logits = logits[:, :-1]  # (batch, token − 1, vocabulary)
            labels = batch["labels"][:, 1:]  # (batch, token − 1)
            total += torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="sum").item()
            count += labels.numel()
    return math.exp(total / count)
