import inspect
import json
import math
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from datasets import Dataset
from tiny_models import tiny_decoder_and_rows, tiny_model
from torch.optim.optimizer import register_optimizer_step_pre_hook
from transformers import BertConfig
from two_processes import losses_of_eight_steps

from course_lib import training
from course_lib.classifier import MeanClassifier

HERE = Path(__file__).parent
SETTINGS = {"steps": 20, "batch_size": 8, "learning_rate": 1e-2, "seed": 5}  # of 70 rows: more than two epochs


def apart(first, second) -> float:
    assert len(first) == len(second)
    return max(abs(a - b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("dropout", [0.0, 0.1])
def test_trainer_and_loop_give_the_same_losses_and_weights(dropout):
    ours, rows = tiny_decoder_and_rows(dropout)
    theirs, _ = tiny_decoder_and_rows(dropout)
    losses = training.loop(ours, rows, **SETTINGS)
    history = training.pretrain(theirs, rows, **SETTINGS)
    assert apart(losses, history.losses) < 1e-5
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine, other, atol=1e-5, rtol=1e-4)
    assert losses[-1] < losses[0] - 0.1, "something was learnt"


def test_the_first_loss_is_the_logarithm_of_the_vocabulary():
    model, rows = tiny_decoder_and_rows()
    assert abs(training.pretrain(model, rows, **SETTINGS | {"steps": 1}).losses[0] - math.log(50)) < 0.05


@pytest.fixture
def taken():
    """The learning rate of each step that any optimizer takes, and the length of the gradient."""
    found = []

    def note(optimizer, given, named):
        gradients = [weight.grad for group in optimizer.param_groups for weight in group["params"]]
        length = torch.stack([gradient.norm() for gradient in gradients]).norm().item()
        found.append((optimizer.param_groups[0]["lr"], length))

    handle = register_optimizer_step_pre_hook(note)
    yield found
    handle.remove()


@pytest.mark.parametrize("train", [training.pretrain, training.loop])
@pytest.mark.parametrize(("steps", "rising"), [(20, 2), (5, 1)])
def test_the_rate_rises_for_a_tenth_of_the_steps_and_then_falls_to_zero(train, steps, rising, taken):
    model, rows = tiny_decoder_and_rows()
    train(model, rows, steps=steps, batch_size=2, learning_rate=1e-2)
    up = [1e-2 * step / rising for step in range(rising)]
    down = [1e-2 * (steps - step) / (steps - rising) for step in range(rising, steps)]
    assert [rate for rate, _ in taken] == pytest.approx([*up, *down])


@pytest.mark.parametrize("train", [training.pretrain, training.loop])
def test_a_gradient_is_cut_to_a_length_of_one(train, taken):
    model, rows = tiny_decoder_and_rows()
    with torch.no_grad():
        model.lm_head.weight *= 100
    train(model, rows, steps=1, batch_size=8)
    assert [length for _, length in taken] == pytest.approx([1.0], abs=1e-3)
    model.zero_grad()
    training.own_loss(model, training.next_token(rows.to_list())).backward()
    assert model.get_input_embeddings().weight.grad.norm() > 10, "which was longer"


def test_the_seconds_are_those_of_the_training(monkeypatch):
    model, rows = tiny_decoder_and_rows()
    now = [100.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])

    class Slow(training.TrainerCallback):
        def on_step_end(self, args, state, control, **named):
            now[0] += 60

    assert training.pretrain(model, rows, steps=2, batch_size=2, callbacks=[Slow()]).seconds == 120


@pytest.mark.parametrize(("steps", "evaluated"), [(20, range(2, 21, 2)), (3, range(1, 4))])
def test_the_evaluation_comes_ten_times_where_nothing_else_is_said(steps, evaluated):
    model, rows = tiny_decoder_and_rows()
    history = training.pretrain(model, rows, steps=steps, batch_size=2, evaluation=rows.select([0]))
    assert [step for step, _ in history.evaluations] == [*evaluated]


class Stop(training.TrainerCallback):
    """Somebody presses Ctrl-C in step 12."""

    def on_step_end(self, args, state, control, **named):
        if state.global_step == 12:
            raise KeyboardInterrupt


def test_a_run_that_was_stopped_continues_as_if_it_had_not(tmp_path):
    whole, rows = tiny_decoder_and_rows()
    losses = training.pretrain(whole, rows, **SETTINGS).losses

    model, _ = tiny_decoder_and_rows()
    with pytest.raises(KeyboardInterrupt):
        training.pretrain(model, rows, **SETTINGS, folder=tmp_path, every=5, callbacks=[Stop()])
    fresh, _ = tiny_decoder_and_rows()
    with pytest.raises(FileExistsError, match="holds a run, saved as checkpoint-10.*resume=True"):
        training.pretrain(fresh, rows, **SETTINGS, folder=tmp_path)
    continued = training.pretrain(fresh, rows, **SETTINGS, folder=tmp_path, every=5, resume=True)
    assert apart(losses, continued.losses) < 1e-5
    for mine, other in zip(whole.parameters(), fresh.parameters(), strict=True):
        torch.testing.assert_close(mine, other, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("patience", [None, 2])
def test_a_run_that_has_ended_is_read_and_not_trained_on(tmp_path, patience):
    whole, rows = tiny_decoder_and_rows()
    settings = SETTINGS | {"folder": tmp_path, "every": 5, "evaluation": rows, "patience": patience}
    if patience:  # what the rows teach is of no use for these, so the third evaluation is the last
        settings["evaluation"] = Dataset.from_dict({"input_ids": [[1, 2] * 8]}).with_format("torch")
        settings |= {"steps": 200, "learning_rate": 3e-2}
    history = training.pretrain(whole, rows, **settings)
    for _ in range(2):
        again, _ = tiny_decoder_and_rows()
        read = training.pretrain(again, rows, **settings, resume=True)
        assert (read.losses, read.evaluations) == (history.losses, history.evaluations)
        for mine, other in zip(whole.parameters(), again.parameters(), strict=True):
            assert torch.equal(mine, other)
    with pytest.raises(ValueError, match=r"steps is 3, and .* has made \d+ already"):
        training.pretrain(again, rows, **settings | {"steps": 3}, resume=True)


def test_what_was_evaluated_before_a_stop_is_in_the_history_after_it(tmp_path):
    model, rows = tiny_decoder_and_rows()
    settings = SETTINGS | {"folder": tmp_path, "every": 5, "evaluation": rows}

    with pytest.raises(KeyboardInterrupt):
        training.pretrain(model, rows, **settings, callbacks=[Stop()])
    fresh, _ = tiny_decoder_and_rows()
    assert [step for step, _ in training.pretrain(fresh, rows, **settings, resume=True).evaluations] == [5, 10, 15, 20]


def test_resuming_nothing_says_so(tmp_path):
    model, rows = tiny_decoder_and_rows()
    with pytest.raises(FileNotFoundError, match="no run in .* to resume"):
        training.pretrain(model, rows, **SETTINGS, folder=tmp_path, resume=True)


def test_a_run_below_the_home_folder_is_found_again(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    model, rows = tiny_decoder_and_rows()
    settings = {**SETTINGS, "steps": np.int64(4), "batch_size": np.int64(4), "every": 2}
    training.pretrain(model, rows, **settings, folder="~/runs")
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["checkpoint-4"]
    with pytest.raises(FileExistsError, match="checkpoint-4"):
        training.pretrain(model, rows, **settings, folder="~/runs")


def test_settings_of_numpy_are_saved_and_continued(tmp_path):
    model, rows = tiny_decoder_and_rows()
    numbers = {"steps": 4, "batch_size": 4, "every": 2, "patience": 2, "seed": 1}
    settings = {name: np.int64(number) for name, number in numbers.items()} | {"learning_rate": np.float32(1e-3)}
    history = training.pretrain(model, rows, **settings, evaluation=rows.select(range(4)), folder=tmp_path)
    assert [step for step, _ in history.evaluations] == [2, 4]
    again, _ = tiny_decoder_and_rows()
    read = training.pretrain(again, rows, **settings, evaluation=rows, folder=tmp_path, resume=True)
    assert read.losses == history.losses


def test_every_without_evaluation_may_be_of_numpy(tmp_path):
    model, rows = tiny_decoder_and_rows()
    training.pretrain(model, rows, steps=2, every=np.int64(1), folder=tmp_path)
    assert (tmp_path / "checkpoint-2" / "trainer_state.json").is_file()


def test_a_batch_is_as_large_as_asked_for_where_there_are_several_gpus(monkeypatch):
    made = training.TrainingArguments.__post_init__

    def four_gpus(arguments):
        made(arguments)
        arguments._n_gpu = 4

    monkeypatch.setattr(training.TrainingArguments, "__post_init__", four_gpus)
    model, rows = tiny_decoder_and_rows()
    sizes = []

    def collate(batch):
        sizes.append(len(batch))
        return training.next_token(batch)

    training.pretrain(model, rows, steps=3, batch_size=2, collate=collate)
    assert set(sizes) == {2}


def test_a_loss_that_is_no_number_stops_before_the_weights_are_touched():
    model, rows = tiny_decoder_and_rows()
    with torch.no_grad():
        model.lm_head.weight[7] = math.inf
    kept = [weight.clone() for weight in model.parameters()]
    with pytest.raises(FloatingPointError, match="loss of step 1 is nan.*try a tenth"):
        training.pretrain(model, rows, **SETTINGS)
    with pytest.raises(FloatingPointError, match="loss of step 1 is nan.*a tenth of the learning rate"):
        training.loop(model, rows, **SETTINGS)
    assert all(torch.equal(before, now) for before, now in zip(kept, model.parameters(), strict=True))


def test_training_ends_early_when_nothing_gets_better():
    model, rows = tiny_decoder_and_rows()
    other = Dataset.from_dict({"input_ids": [[1, 2] * 8]}).with_format("torch")  # not what the rows teach
    settings = SETTINGS | {"steps": 200, "learning_rate": 3e-2}
    history = training.pretrain(model, rows, **settings, evaluation=other, every=5, patience=2)
    steps = [step for step, _ in history.evaluations]
    found = [figures["loss"] for _, figures in history.evaluations]
    assert len(history.losses) < 200
    assert steps == list(range(5, 5 * len(steps) + 1, 5))
    assert min(found) == found[-3], "two evaluations after the best one"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"steps": 0}, "steps is 0. Expected a whole number from 1"),
        ({"steps": 2.5}, "steps is 2.5. Expected a whole number from 1"),
        ({"batch_size": 0}, "batch_size is 0. Expected a whole number from 1"),
        ({"learning_rate": math.nan}, "learning_rate is nan"),
        ({"every": 0}, "every is 0"),
        ({"patience": 3}, "without evaluation"),
        ({"device": "abacus"}, "device 'abacus' is not there.*cpu"),
        ({"evaluation": []}, "evaluation set is empty"),
    ],
)
def test_settings_that_cannot_be_met_are_refused(change, words):
    model, rows = tiny_decoder_and_rows()
    with pytest.raises(ValueError, match=words):
        training.pretrain(model, rows, **SETTINGS | change)
    if set(change) <= set(SETTINGS):
        with pytest.raises(ValueError, match=words):
            training.loop(model, rows, **SETTINGS | change)


def test_an_empty_data_set_and_frozen_weights_are_refused():
    model, rows = tiny_decoder_and_rows()
    with pytest.raises(ValueError, match="data set is empty"):
        training.pretrain(model, rows.select([]), **SETTINGS)
    with pytest.raises(ValueError, match="data set is empty"):
        training.loop(model, [], steps=2)
    model.requires_grad_(False)
    for train in (training.pretrain, training.loop):
        with pytest.raises(ValueError, match="No weight of the model may be trained"):
            train(model, rows, **SETTINGS)


@pytest.fixture
def task():
    """A tiny classifier of three classes, and rows whose label is how the first word says it."""
    from transformers import AutoTokenizer

    from course_lib.checkpoints import checkpoint

    tokenizer = AutoTokenizer.from_pretrained(checkpoint("minilm"))
    words = ["red", "green", "blue"]
    texts = [f"{words[n % 3]} " + "thing " * (n % 4 + 1) for n in range(60)]
    rows = Dataset.from_dict({"input_ids": tokenizer(texts)["input_ids"], "label": [n % 3 for n in range(60)]})
    torch.manual_seed(0)
    shape = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    quick = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    return MeanClassifier(BertConfig(num_labels=3, **shape, **quick)), rows, tokenizer


def test_fine_tuning_learns_labels_and_measures_them(task):
    model, rows, tokenizer = task

    def right(logits, labels):
        return {"accuracy": float((np.asarray(logits).argmax(-1) == labels).mean())}

    history = training.fine_tune(
        model, rows, tokenizer, steps=60, batch_size=12, learning_rate=1e-2, evaluation=rows, every=30, measure=right
    )
    assert [step for step, _ in history.evaluations] == [30, 60]
    assert history.evaluations[-1][1]["accuracy"] == 1.0
    assert len(history.losses) == 60


def test_a_label_that_is_no_whole_number_is_not_cut(task):
    model, rows, tokenizer = task
    wrong = Dataset.from_dict({"input_ids": rows["input_ids"][:2], "label": [0.0, 1.7]})
    with pytest.raises(ValueError, match=r"a whole number from 0.*1\.7"):
        training.fine_tune(model, wrong, tokenizer, steps=1)


@pytest.mark.parametrize("label", [3, -1])
def test_a_label_without_a_class_is_named(task, label):
    model, rows, tokenizer = task
    wrong = Dataset.from_dict({"input_ids": rows["input_ids"][:2], "label": [0, label]})
    with pytest.raises(ValueError, match=rf"dataset has labels from {min(0, label)} to {max(0, label)}.*3 classes"):
        training.fine_tune(model, wrong, tokenizer, steps=1)
    with pytest.raises(ValueError, match="evaluation has labels"):
        training.fine_tune(model, rows, tokenizer, steps=1, evaluation=wrong)


def test_padding_changes_no_vector_of_the_mean_classifier(task):
    model, rows, tokenizer = task
    model.eval()
    texts = ["red thing", "a very blue thing among many other things"]
    with torch.no_grad():
        together = model(**tokenizer(texts, padding=True, return_tensors="pt")).logits
        alone = torch.cat([model(**tokenizer(text, return_tensors="pt")).logits for text in texts])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-4)


def test_the_mean_classifier_opens_what_it_has_saved(task, tmp_path):
    model, _, tokenizer = task
    model.eval().save_pretrained(tmp_path)
    inputs = tokenizer("green thing", return_tensors="pt")
    with torch.no_grad():
        again = MeanClassifier.from_pretrained(tmp_path).eval()(**inputs).logits
        torch.testing.assert_close(again, model(**inputs).logits)


def test_perplexity_is_that_of_the_models_own_loss():
    model, rows = tiny_decoder_and_rows()
    ids = torch.stack(list(rows["input_ids"]))
    with torch.no_grad():
        loss = model(ids, labels=ids).loss.item()
    assert math.isclose(training.perplexity(model, rows), math.exp(loss), rel_tol=1e-4)


def test_perplexity_counts_no_target_that_is_ignored():
    model, rows = tiny_decoder_and_rows()
    with torch.no_grad():
        model.lm_head.weight.zero_()  # every one of 50 tokens is as likely

    def ends_only(rows):
        batch = training.next_token(rows)
        return batch | {"labels": batch["labels"].index_fill(1, torch.arange(14), training.IGNORED)}

    assert training.perplexity(model, rows) == pytest.approx(50)
    assert training.perplexity(model.train(), rows, ends_only) == pytest.approx(50)
    assert model.training, "the model is left as it was"


def test_a_perplexity_beyond_every_number_is_a_great_one():
    model, rows = tiny_decoder_and_rows()
    with torch.no_grad():
        model.lm_head.weight *= 1e6
    assert 1e300 < training.perplexity(model, rows) < math.inf


@pytest.mark.parametrize("rows", [[], [{"input_ids": [3]}]])
def test_perplexity_of_no_targets_is_refused(rows):
    with pytest.raises(ValueError, match="dataset has no targets"):
        training.perplexity(tiny_decoder_and_rows()[0], rows)


def test_perplexity_is_not_for_masked_models():
    with pytest.raises(TypeError, match="BertForMaskedLM predicts masked ones"):
        training.perplexity(tiny_model("fill-mask"), tiny_decoder_and_rows()[1])


def test_take_steps_descends_along_the_clipped_gradient():
    """By hand: plain gradient descent on (w − 3)², once with the gradient clipped to a length of 1."""
    model = torch.nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        model.weight.fill_(1.0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.25)
    asked = []

    def loss_of(model, target):
        asked.append(target)
        return (model(torch.ones(1)) - target).square().sum()

    assert training.take_steps(model, (3.0 for _ in range(2)), loss_of, optimizer) == [4.0, 1.0]  # gradients −4, −2
    assert model.weight.item() == pytest.approx(2.5)
    training.take_steps(model, [0.0], loss_of, optimizer, clip=1.0)  # gradient 5
    assert model.weight.item() == pytest.approx(2.25)
    assert asked == [3.0, 3.0, 0.0]
    assert not model.training


def test_two_processes_give_the_losses_of_one(tmp_path):
    file = tmp_path / "losses.json"
    launch = [sys.executable, "-m", "accelerate.commands.launch", "--num_processes", "2", "--num_machines", "1"]
    launch += ["--mixed_precision", "no", "--dynamo_backend", "no", "--multi_gpu", "--main_process_port", "0"]
    paths = os.pathsep.join([str(HERE), str(HERE.parents[1])])
    environment = os.environ | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1", "TQDM_DISABLE": "1"}
    command = [*launch, str(HERE / "two_processes.py"), str(file)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(file.read_text(encoding="utf-8"))
    assert found["processes"] == 2
    assert not torch.distributed.is_initialized(), "this process is the one"
    assert apart(losses_of_eight_steps(), found["losses"]) < 1e-4


@pytest.mark.parametrize("function", [training.pretrain, training.fine_tune])
def test_help_shows_every_setting(function):
    names = set(inspect.signature(function).parameters)
    assert {
        "steps",
        "batch_size",
        "learning_rate",
        "seed",
        "evaluation",
        "every",
        "measure",
        "patience",
        "folder",
    } <= names
    assert {"resume", "device", "callbacks"} <= names
    assert not [p for p in inspect.signature(function).parameters.values() if p.kind is p.VAR_KEYWORD]
    assert not [name for name in names - {"tokenizer"} if name not in function.__doc__]
