"""What reads texts for a model makes its tensors where the model is: a reader may have moved it to a GPU.

PyTorch's device `meta` stands for the GPU: a tensor is there or on the CPU, and the two cannot be computed with.
"""

from types import SimpleNamespace

import pytest
import torch
from tiny_models import TEXT, tiny_decoder_and_rows, tiny_model, word_tokenizer

from course_lib import architectures, comparison, interactive, training
from course_lib.bias import scores
from course_lib.experiments import adaptation, label_curve

CALLS = {  # what is made small, and a call with that model m and a tokenizer t
    "gap_scores": ("fill-mask", lambda m, t: scores.gap_scores(m, t, ["___ is late"], ["anna"])),
    "sentence_scores": ("fill-mask", lambda m, t: scores.sentence_scores(m, t, [TEXT])),
    "positive_scores": (
        "sentiment-analysis", lambda m, t: scores.positive_scores(m, t, [TEXT]),
    ),
    "preferences": (
        "text-generation",
        lambda m, t: comparison.preferences(m, t, [TEXT, "anna"], ("good", "bad")),
    ),
    "continuations": (
        "text-generation", lambda m, t: comparison.continuations(m, t, [TEXT, "anna"], 2),
    ),
    "explored": ("fill-mask", lambda m, t: interactive.explored(m, t, "anna is late", "causal")),
    "inputs_for": ("fill-mask", lambda m, t: m(**architectures.inputs_for(m))),
    "topic_accuracy": (
        "sentiment-analysis",
        lambda m, t: label_curve.topic_accuracy(
            m, SimpleNamespace(ids=[0], batch=lambda rows: {**t([TEXT], return_tensors="pt"), "labels": rows})
        ),
    ),
    "masked_losses": (
        "fill-mask",
        lambda m, t: adaptation.masked_losses(
            m, [{**(found := t([TEXT], return_tensors="pt")), "labels": found["input_ids"]}]
        ),
    ),
}  # fmt: skip


class Reached(Exception):
    """The model was called, on tensors of these devices."""


def stopped_at(model: torch.nn.Module) -> torch.nn.Module:
    """The model on `meta`; when it is called it raises `Reached` with the devices of what it is given."""

    def stop(module, args, kwargs):
        given = [*args, *kwargs.values()]
        raise Reached({value.device.type for value in given if torch.is_tensor(value)})

    model.register_forward_pre_hook(stop, with_kwargs=True)
    model.generate = lambda **given: stop(model, (), given)
    return model.to("meta")


@pytest.mark.parametrize("name", CALLS)
def test_tensors_are_made_where_the_model_is(name):
    task, call = CALLS[name]
    with pytest.raises(Reached) as found:
        call(stopped_at(tiny_model(task)), word_tokenizer())
    assert found.value.args[0] == {"meta"}


def test_perplexity_takes_its_rows_to_the_model():
    model, rows = tiny_decoder_and_rows()
    with pytest.raises(Reached) as found:
        training.perplexity(stopped_at(model), rows)
    assert found.value.args[0] == {"meta"}
