"""Training, twice: with Transformers' `Trainer`, and as a loop that can be read. Both give the same losses. Chapter 03.

`take_steps` is that loop; whatever the course trains without `Trainer` is trained by it. `loop` gives it the batches,
the optimizer and the learning rates that `pretrain` has.

`pretrain` and `fine_tune` are the same training; they differ in where the weights come from and where the targets do.
`pretrain` computes targets from the text itself, `fine_tune` reads them in the column `label`, and says so when they do
not fit. The rest is `Trainer`: batches in an order fixed by the seed, AdamW (Loshchilov and Hutter 2019), a learning
rate that rises over the first steps and then falls to 0, gradients clipped to a length of 1, evaluation, early
stopping, saving.

Nothing is asked of any host, and the CPU does the work unless `device` says otherwise; of several GPUs one is used.
Under `accelerate launch` with N processes each takes every N-th row of a batch, and gradients are averaged: the losses
are those of one process.
"""

from __future__ import annotations

import itertools
import json
import math
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader
from transformers import EarlyStoppingCallback, PrinterCallback, Trainer, TrainerCallback, TrainingArguments
from transformers.trainer_utils import get_last_checkpoint

from course_lib.arguments import above_zero, whole

IGNORED = -100  # the target that cross-entropy leaves out
LARGEST_SEED = 2**32 - 1  # that NumPy takes, which Trainer seeds too
Collate = Callable[[list[dict]], dict[str, torch.Tensor]]


@dataclass
class History:
    """What happened: `losses[i]` of step i + 1 in nats, and `evaluations`, pairs of a step and a dict of figures."""

    losses: list[float] = field(default_factory=list)
    evaluations: list[tuple[int, dict[str, float]]] = field(default_factory=list)
    seconds: float = 0.0


def next_token(rows: list[dict]) -> dict[str, torch.Tensor]:
    """A batch for a decoder: each token is the target of the position before it (Transformers shifts `labels`).

    Raises ValueError for no rows, for rows without input_ids, and for rows of several lengths.
    """
    try:
        ids = torch.stack([torch.as_tensor(row["input_ids"]) for row in rows])  # (batch, token)
    except (KeyError, TypeError, RuntimeError) as problem:
        raise ValueError(
            f"rows is a list of dicts with input_ids, all equally long (`corpora.blocks` makes such); {problem}"
        ) from problem
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
        resume: continue the run that `folder` holds, with its order, as if it had never stopped. Of a run that has
            come to its end the weights are read, and nothing is trained.
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
        resume: continue the run that `folder` holds, with its order, as if it had never stopped. Of a run that has
            come to its end the weights are read, and nothing is trained.
        device: "cpu", "cuda" or "mps".
        callbacks: of Transformers, for example `live_loss_curve.LiveCurve`.

    Raises ValueError for an empty data set, a label that `model` has no class for, settings that cannot be met, and a
    device that is not there; FileExistsError for a folder that holds a run; FloatingPointError where the loss is no
    number.
    """
    for name, rows in (("dataset", dataset), ("evaluation", evaluation)):
        labels = [] if rows is None else _labels(name, rows)
        if labels and not (min(labels) >= 0 and max(labels) < model.config.num_labels):
            raise ValueError(
                f"{name} has labels from {min(labels)} to {max(labels)}, and the model has {model.config.num_labels} "
                f"classes, 0 to {model.config.num_labels - 1}. Make the model with num_labels={max(labels) + 1}, or "
                "number the labels from 0."
            )

    def padded(rows: list[dict]) -> dict[str, torch.Tensor]:
        batch = tokenizer.pad({"input_ids": [list(row["input_ids"]) for row in rows]}, return_tensors="pt")
        return {**batch, "labels": torch.tensor([_label(row["label"]) for row in rows])}

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
    numbers = _check(model, dataset, steps, batch_size, learning_rate, seed)
    steps, batch_size, learning_rate, seed = numbers  # of Python: Trainer writes them as JSON, which NumPy's are not
    every, patience = _check_run(batch_size, processes, evaluation, every, patience, device)
    folder = Path(folder).expanduser() if folder else None  # as Trainer does
    saved = _saved(folder, resume)
    every = every or max(1, steps // 10)
    regularly = {"eval_strategy": "steps" if evaluation is not None else "no", "eval_steps": every}
    regularly |= {"save_strategy": "steps" if folder else "no", "save_steps": every}
    regularly |= {"save_total_limit": 1 if patience is None else 2}  # Trainer counts the best state as one of them
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
    arguments._n_gpu = min(arguments.n_gpu, 1)  # else Trainer reads a batch for each GPU that it sees, in one step
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
    if saved is not None and _at_its_end(saved, history, steps, patience):
        trainer._load_from_checkpoint(saved)
        model.to("cpu").eval()
        return history
    began = time.perf_counter()
    trainer.train(resume_from_checkpoint=saved)
    history.seconds = time.perf_counter() - began
    model.to("cpu").eval()
    return history


def take_steps(
    model: torch.nn.Module,
    batches: Iterable,
    loss_of: Callable[[torch.nn.Module, Any], torch.Tensor],
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler | None = None,
    clip: float | None = None,
) -> list[float]:
    """What all training is: a batch, its loss, the gradient, a step. Returns the loss of each step, in nats.

    Args:
        model: trained in place; afterwards in evaluation mode.
        batches: as many as there are steps, made one by one: what is random in them is drawn between the steps.
        loss_of: from the model and a batch to a loss (); `own_loss` where the model computes it.
        optimizer: of the weights to be trained. schedule: of its learning rate, moved on after each step.
        clip: the greatest length that the gradient of all these weights together may have; any, if None.

    Raises FloatingPointError before a loss that is no number can spoil the weights.
    """
    trained = _trained(loss_of, optimizer, clip)
    losses = []
    model.train()
    for batch in batches:
        loss = loss_of(model, batch)
        losses.append(_finite(loss.item(), len(losses) + 1))
        optimizer.zero_grad()
        loss.backward()
        if clip is not None:
            torch.nn.utils.clip_grad_norm_(trained, clip)
        optimizer.step()
        if schedule is not None:
            schedule.step()
    model.eval()
    return losses


def _trained(loss_of, optimizer, clip) -> list[torch.nn.Parameter]:
    """The weights of an optimizer. Raises TypeError or ValueError for what `take_steps` cannot use."""
    if not callable(loss_of):
        raise TypeError(f"loss_of is a function from the model and a batch to a loss; given: {loss_of!r:.80}.")
    if not isinstance(optimizer, torch.optim.Optimizer):
        raise TypeError(f"optimizer is one of torch.optim; given: {optimizer!r:.80}.")
    if clip is not None:
        above_zero("clip", clip)
    return [weight for group in optimizer.param_groups for weight in group["params"]]


def _finite(loss: float, step: int) -> float:
    if not math.isfinite(loss):
        raise FloatingPointError(
            f"The loss of step {step} is {loss}. Try a tenth of the learning rate, and look for inputs or weights that "
            "are not finite."
        )
    return loss


def own_loss(model: torch.nn.Module, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """The loss () that a model of Transformers computes from the `labels` in its batch; ValueError without labels."""
    if not isinstance(batch, Mapping) or "labels" not in batch:
        raise ValueError(f"batch is a dict with the inputs of the model and labels; given: {batch!r:.80}.")
    return model(**batch).loss


def loop(
    model: torch.nn.Module,
    dataset,
    *,
    steps: int,
    collate: Collate = next_token,
    batch_size: int = 16,
    learning_rate: float = 1e-3,
    seed: int = 0,
) -> list[float]:
    """`pretrain` without `Trainer`: the same losses, step for step. The arguments are those of `pretrain`.

    Raises ValueError as `pretrain` does, and FloatingPointError where the loss is no number.
    """
    steps, batch_size, learning_rate, seed = _check(model, dataset, steps, batch_size, learning_rate, seed)
    warmup = max(1, steps // 10)

    def up_and_down(step: int) -> float:  # up over the first tenth of the steps, then down to 0
        return step / warmup if step < warmup else (steps - step) / max(1, steps - warmup)

    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, up_and_down)
    torch.manual_seed(seed)
    batches = itertools.islice(_shuffled(dataset, collate, batch_size, seed), steps)
    return take_steps(model, batches, own_loss, optimizer, schedule, clip=1.0)


def _shuffled(dataset, collate: Collate, batch_size: int, seed: int) -> Iterator[dict[str, torch.Tensor]]:
    """Batches without end: every row once, in an order that seed and epoch fix, then every row again."""
    for epoch in itertools.count():
        order = torch.randperm(len(dataset), generator=torch.Generator().manual_seed(seed + epoch)).tolist()
        yield from DataLoader(dataset, batch_size, sampler=order, collate_fn=collate)


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
        _remember(self.history, state.log_history)  # of a run that is continued

    def on_log(self, args, state, control, logs=None, **named) -> None:
        if "loss" in logs:
            self.history.losses.append(logs["loss"])

    def on_evaluate(self, args, state, control, metrics=None, **named) -> None:
        self.history.evaluations.append((state.global_step, _figures(metrics)))


def _launched() -> int:
    """How many processes `accelerate launch` or `torchrun` has started together."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def _label(label) -> int:
    """A label as an int. Raises ValueError for a fraction, which int() would cut."""
    if int(label) != float(label):
        raise ValueError(f"the label {label!r}")
    return int(label)


def _labels(name: str, rows) -> list[int]:
    """The column `label` of a data set or of a list of dicts."""
    try:
        column = rows["label"] if hasattr(rows, "column_names") else [row["label"] for row in rows]
        return [_label(label) for label in column]
    except (KeyError, TypeError, ValueError) as problem:
        raise ValueError(
            f"{name} needs rows with input_ids and label, a whole number from 0; reading the labels gave: {problem!r}."
        ) from problem


def _check(model, dataset, steps, batch_size, learning_rate, seed) -> tuple[int, int, float, int]:
    """The four settings as numbers of Python. Raises ValueError for what cannot be trained."""
    if len(dataset) == 0:
        raise ValueError(
            "The data set is empty (dataset has no rows). Expected one row or more: was a filter too strict?"
        )
    steps, batch_size = whole("steps", steps), whole("batch_size", batch_size)
    learning_rate, seed = above_zero("learning_rate", learning_rate), whole("seed", seed, 0, LARGEST_SEED)
    if not any(weight.requires_grad for weight in model.parameters()):
        raise ValueError("No weight of the model may be trained: every one has requires_grad=False.")
    return steps, batch_size, learning_rate, seed


def _check_run(batch_size, processes, evaluation, every, patience, device) -> tuple[int | None, int | None]:
    """`every` and `patience` as numbers of Python. Raises ValueError for a run that cannot be."""
    if batch_size % processes:
        raise ValueError(
            f"batch_size={batch_size} was given, for {processes} processes. Give a batch that they can share evenly."
        )
    if evaluation is not None and len(evaluation) == 0:
        raise ValueError("The evaluation set is empty. Give one row or more, or None.")
    every = None if every is None else whole("every", every)
    patience = None if patience is None else whole("patience", patience)
    if patience is not None and evaluation is None:
        raise ValueError(f"patience={patience} was given without evaluation: there is nothing to be patient about.")
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not there.get(device, False):
        raise ValueError(
            f"device {device!r} is not there. This machine has: {', '.join(k for k, v in there.items() if v)}."
        )
    return every, patience


def _figures(metrics: dict) -> dict[str, float]:
    return {name.removeprefix("eval_"): value for name, value in metrics.items() if name != "step"}


def _remember(history: History, lines: list[dict]) -> None:
    """What happened, from the lines that a run has saved."""
    history.losses = [line["loss"] for line in lines if "loss" in line]
    history.evaluations = [(line["step"], _figures(line)) for line in lines if "eval_loss" in line]


def _at_its_end(saved: str, history: History, steps: int, patience: int | None) -> bool:
    """Whether the run has made all its steps, or patience has ended it; then `history` is what happened in it."""
    state = json.loads((Path(saved) / "trainer_state.json").read_text(encoding="utf-8"))
    made, then = state["global_step"], History()
    if made > steps:
        raise ValueError(f"steps is {steps}, and {saved} has made {made} already. Give steps={made} or more.")
    _remember(then, state["log_history"])
    found = [figures["loss"] for _, figures in then.evaluations]
    given_up = patience is not None and found and found.index(min(found)) < len(found) - patience
    if made < steps and not given_up:
        return False
    history.losses, history.evaluations = then.losses, then.evaluations
    return True


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
    """e to the mean loss over all targets of `dataset`: among how many equally likely tokens the model hesitates.

    For decoders, whose logits stand one place before their targets. Targets of −100 do not count. Raises TypeError for
    a masked language model (`experiments.adaptation.masked_perplexity` is for those), ValueError where there is no
    target, FloatingPointError where the loss is no number.
    """
    if type(model).__name__.endswith("ForMaskedLM"):
        raise TypeError(
            f"perplexity is over next tokens, and the model {type(model).__name__} predicts masked ones. Use "
            "course_lib.experiments.adaptation.masked_perplexity."
        )
    total, count, mode = 0.0, 0, model.training
    where = next(model.parameters()).device
    model.eval()
    with torch.no_grad():
        for batch in DataLoader(dataset, 64, collate_fn=collate):
            batch = {name: value.to(where) for name, value in batch.items()}
            logits = model(**{name: value for name, value in batch.items() if name != "labels"}).logits
            logits = logits[:, :-1]  # (batch, token − 1, vocabulary)
            labels = batch["labels"][:, 1:]  # (batch, token − 1)
            total += torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="sum").item()
            count += int((labels != IGNORED).sum())
    model.train(mode)
    if not count:
        raise ValueError("dataset has no targets: give a row or more, of two tokens or more, not all of them −100.")
    if not math.isfinite(total):
        raise FloatingPointError(f"the loss over dataset is {total}. Look for weights that are not finite.")
    return math.exp(min(total / count, 709))  # beyond, a float is infinite
