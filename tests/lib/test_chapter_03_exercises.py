"""Our answers of chapter 03 against Transformers, PEFT and scikit-learn."""

import math

import pytest
import torch
from peft import LoraConfig, get_peft_model
from sklearn.metrics import accuracy_score
from torch import nn
from transformers import BertConfig, BertForSequenceClassification, get_linear_schedule_with_warmup

from course_lib.exercises import training as ours
from course_lib.exercises.registry import named


def test_a_step_trains_a_model_of_transformers():
    torch.manual_seed(0)
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    model = BertForSequenceClassification(BertConfig(vocab_size=20, **sizes)).eval()
    ids = torch.randint(20, (8, 5), generator=torch.Generator().manual_seed(1))
    batch = {"input_ids": ids, "labels": (ids[:, 0] > 9).long()}
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    losses = [ours.training_step(model, batch, optimizer, 1.0) for _ in range(30)]
    assert type(losses[0]) is float
    assert losses[-1] < losses[0] / 2


def test_a_step_is_not_longer_than_the_clip_allows():
    model = ours.TinyModel()
    features, labels, _, _, _ = named("training_step").cases[2].inputs
    before = [one.detach().clone() for one in model.parameters()]
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    ours.training_step(model, {"features": features, "labels": labels}, optimizer, 0.05)
    moved = sum(float((a.detach() - b).pow(2).sum()) for a, b in zip(model.parameters(), before, strict=True))
    assert math.sqrt(moved) == pytest.approx(0.05, rel=1e-4)


def test_perplexity_is_that_of_cross_entropy_and_of_an_even_model():
    logits, labels = ours.numbers(50, 7, seed=3), torch.arange(50) % 7
    found = ours.perplexity(logits.log_softmax(-1)[torch.arange(50), labels])
    assert found == pytest.approx(float(nn.functional.cross_entropy(logits, labels).exp()), rel=1e-5)
    assert ours.perplexity(torch.full((9,), math.log(1 / 30))) == pytest.approx(30, rel=1e-5)


def test_accuracy_is_scikit_learns():
    logits, labels = ours.numbers(200, 4, seed=4), torch.arange(200) % 4
    assert ours.masked_accuracy(logits, labels) == pytest.approx(accuracy_score(labels, logits.argmax(-1)))


@pytest.mark.parametrize(("warmup", "total"), [(10, 50), (0, 20), (1, 3)])
def test_learning_rate_is_the_linear_schedule_of_transformers(warmup, total):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=3e-4)
    schedule = get_linear_schedule_with_warmup(optimizer, warmup, total)
    for step in range(total + 3):
        assert ours.learning_rate(step, warmup, total, 3e-4) == pytest.approx(schedule.get_last_lr()[0], abs=1e-12)
        optimizer.step()
        schedule.step()


def test_lora_is_that_of_peft():
    torch.manual_seed(0)
    base = nn.Sequential(nn.Linear(6, 4, bias=False))
    weight = base[0].weight.detach().clone()
    layer = get_peft_model(base, LoraConfig(r=2, lora_alpha=16, target_modules=["0"])).base_model.model[0]
    a, b = layer.lora_A["default"].weight.data, layer.lora_B["default"].weight.data
    b.normal_()
    x = ours.numbers(3, 5, 6, seed=5)
    torch.testing.assert_close(ours.lora(x, weight, a, b, 16 / 2), layer(x).detach(), rtol=0, atol=1e-4)


def test_dpo_s_loss_is_ln_2_at_the_start_and_falls_as_the_chosen_gains():
    chosen, rejected = torch.tensor([-3.0, -9.0], requires_grad=True), torch.tensor([-4.0, -2.0], requires_grad=True)
    loss = ours.dpo_loss(chosen, rejected, chosen.detach(), rejected.detach(), 0.1)
    assert float(loss) == pytest.approx(math.log(2))
    loss.backward()
    assert torch.allclose(chosen.grad, torch.full((2,), -0.1 / 2 / 2))
    assert torch.allclose(rejected.grad, -chosen.grad)


def test_best_epoch_is_found_until_patience_ends():
    assert ours.best_epoch([3, 2, 2.5, 2.6, 1], 2) == 1
    assert ours.best_epoch([3, 2, 2.5, 2.6, 1], 3) == 4


def test_a_split_in_another_run_of_python_is_the_same():
    texts = [f"text {place % 30}" for place in range(70)]
    train, test = ours.split(texts, 0.2, 5)
    assert (train, test) == ours.split([ours.Salted(one) for one in texts], 0.2, 5)
    assert sorted(train + test) == sorted(texts)
    assert not set(train) & set(test)
    assert len(set(test)) == 6
