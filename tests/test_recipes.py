"""What the recipes promise: batches that lose nothing, resuming without a trace, no leaks."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

RECIPES = Path(__file__).resolve().parents[1] / "recipes"
sys.path.insert(0, str(RECIPES))

import question_answering  # noqa: E402
import sentiment  # noqa: E402
import training  # noqa: E402

from course_lib.checkpoints import catalogue  # noqa: E402

# ---------------------------------------------------------------- batches


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 80), min_size=1, max_size=300), st.integers(1, 16), st.integers(0, 5))
def test_an_epoch_sees_every_row_once(lengths, size, epoch):
    groups = training.batches(lengths, size, seed=3, epoch=epoch)
    assert sorted(row for group in groups for row in group) == list(range(len(lengths)))
    assert max(len(group) for group in groups) <= size
    assert groups == training.batches(lengths, size, seed=3, epoch=epoch)


def test_similar_lengths_come_together():
    lengths = np.random.default_rng(0).integers(1, 100, 2000).tolist()
    groups = training.batches(lengths, 20, seed=0, epoch=0)
    padded = sum(max(lengths[row] for row in group) * len(group) for group in groups)
    assert padded < 1.1 * sum(lengths), "less than a tenth is padding; in random order it would be nearly half"


# ---------------------------------------------------------------- training


class Interrupted(Exception):
    pass


def trained(state: Path, stop_at: int | None = None) -> dict:
    """Weights of a small network with dropout after training, or after an interruption and a second start."""
    data = torch.randn(64, 8, generator=torch.Generator().manual_seed(1))  # (row, 8)
    target = data.sum(1, keepdim=True)  # (row, 1)
    calls = 0

    def build():
        torch.manual_seed(0)
        return torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.Dropout(0.3), torch.nn.Linear(16, 1))

    def run(model, limit):
        nonlocal calls
        calls = 0

        def loss_of(rows):
            nonlocal calls
            calls += 1
            if limit is not None and calls > limit:
                raise Interrupted
            return torch.nn.functional.mse_loss(model(data[rows]), target[rows])

        options = {"epochs": 3, "batch_size": 8, "rate": 0.01, "seed": 5, "save_every": 4}
        training.fit(model, loss_of, [1] * 64, state=state, **options)

    model = build()
    if stop_at is not None:
        with pytest.raises(Interrupted):
            run(model, stop_at)
        model = build()
    run(model, None)
    return {name: value.clone() for name, value in model.state_dict().items()}


@pytest.mark.parametrize("stop_at", [2, 9, 17])
def test_an_interrupted_training_ends_with_the_same_weights(tmp_path, stop_at):
    whole = trained(tmp_path / "whole.pt")
    resumed = trained(tmp_path / "resumed.pt", stop_at)
    for name, value in whole.items():
        torch.testing.assert_close(resumed[name], value, rtol=0, atol=0)


def test_a_state_of_another_plan_is_refused(tmp_path):
    trained(tmp_path / "state.pt")
    with pytest.raises(ValueError, match="delete it"):
        training.fit(
            torch.nn.Linear(8, 1), None, [1] * 64, state=tmp_path / "state.pt", epochs=9, batch_size=8, rate=1, seed=5
        )


def test_what_ships_names_no_folder_of_this_machine():
    shipped = {name: entry for name, entry in catalogue().items() if entry.kind in ("adapter", "model")}
    assert {*shipped} == {card.parent.name for card in training.ASSETS.glob("*/card.md")}
    for name, entry in shipped.items():
        texts = {
            file: (training.ASSETS / name / file).read_text(encoding="utf-8")
            for file in entry.members
            if file.endswith("config.json")
        }
        for file, text in texts.items():
            assert '"/' not in text, f"{name}/{file} names a folder"
        if entry.kind == "adapter":
            assert json.loads(texts["adapter_config.json"])["base_model_name_or_path"] == "minilm"


def test_settings_that_ship_keep_all_but_the_paths():
    settings = {"_name_or_path": "/a", "encoder": {"_name_or_path": "/b", "layers": 3}, "width": 8}
    assert training.without_paths(settings) == {"encoder": {"layers": 3}, "width": 8}


# ---------------------------------------------------------------- sentiment


def test_development_sentences_and_their_phrases_are_not_trained_on():
    sentences = [{"text": f"sentence number {n} is a long one .", "label": n % 2} for n in range(20)]
    phrases = [{"text": f"number {n} is a long", "label": n % 2} for n in range(20)] + [{"text": "one", "label": 1}]
    degrees = [{"text": row["text"], "label": 4 * row["label"]} for row in sentences]
    rows, chosen = sentiment.split(phrases, sentences, degrees, development=5)
    seen = [sentiment.plain(row["text"]) for row in rows]
    assert len(chosen) == 5
    for row in chosen:
        number = row["text"].split()[2]
        assert sentiment.plain(row["text"]) not in seen
        assert sentiment.plain(f"number {number} is a long") not in seen
    assert seen.count("one") == 1, "a short phrase belongs to no sentence"
    kept = next(row for row in sentences if row not in chosen)
    assert seen.count(sentiment.plain(kept["text"])) == 2, "whole sentences count twice"
    assert {row["positive"] for row in rows} <= {0.02, 0.98, 0.03, 0.97}


# ---------------------------------------------------------------- question answering


def test_every_training_window_holds_its_answer():
    from transformers import AutoTokenizer

    from course_lib.checkpoints import checkpoint

    tokenizer = AutoTokenizer.from_pretrained(checkpoint("minilm"))
    filler = "The river runs past the old mill and on to the sea. " * 40
    context = filler + "In 1907 Ada Brown bought the mill for 300 pounds. " + filler
    answer = {"text": ["Ada Brown"], "answer_start": [context.index("Ada Brown")]}
    row = {"question": "Who bought the mill?", "context": context, "answers": answer}
    made = question_answering.windows([row], tokenizer)
    assert made, "at least one window has the answer"
    for window in made:
        assert len(window["ids"]) <= question_answering.WINDOW
        first, last = window["span"]
        assert tokenizer.decode(window["ids"][first : last + 1]) == "ada brown"
        assert set(window["types"][first : last + 1]) == {1}


def test_the_smoothed_loss_is_that_of_pytorch():
    torch.manual_seed(0)
    logits, labels = torch.randn(50, 200, requires_grad=True), torch.randint(200, (50,))
    ours = training.smoothed_loss(logits, labels)
    theirs = torch.nn.functional.cross_entropy(logits, labels, label_smoothing=0.1)
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(torch.autograd.grad(3 * ours, logits), torch.autograd.grad(3 * theirs, logits))
