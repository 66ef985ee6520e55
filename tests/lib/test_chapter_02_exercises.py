"""Our answers of chapter 02 against scikit-learn and Transformers."""

import math

import pytest
import torch
from sklearn.naive_bayes import MultinomialNB
from transformers import GPT2Config, GPT2LMHeadModel
from transformers.generation.logits_process import TopPLogitsWarper

from course_lib.exercises import language_models as ours
from course_lib.exercises.registry import named


def test_bigram_is_that_of_naive_bayes_with_one_feature():
    ids = torch.randint(5, (300,), generator=ours.generator(1))
    model = MultinomialNB(alpha=1.0).fit(torch.eye(5)[ids[1:]].numpy(), ids[:-1].numpy())
    expected = torch.from_numpy(model.feature_log_prob_).exp().float()
    torch.testing.assert_close(ours.bigram(ids, 5), expected, rtol=0, atol=1e-6)


@pytest.fixture(scope="module")
def decoder():
    torch.manual_seed(0)
    return GPT2LMHeadModel(GPT2Config(vocab_size=11, n_positions=16, n_embd=8, n_layer=1, n_head=2)).eval()


def test_log_probabilities_and_shift_are_those_of_gpt_2s_loss(decoder):
    ids = torch.randint(11, (3, 9), generator=ours.generator(3))
    with torch.no_grad():
        output = decoder(input_ids=ids, labels=ids)
        torch.testing.assert_close(-ours.log_probabilities(output.logits, ids).mean(), output.loss, rtol=0, atol=1e-5)
        inputs, targets = ours.shift(ids)
        loss = torch.nn.functional.cross_entropy(decoder(inputs).logits.flatten(0, 1), targets.flatten())
        torch.testing.assert_close(loss, output.loss, rtol=0, atol=1e-5)


def test_an_even_model_needs_the_logarithm_of_the_alphabet():
    text = "abcd" * 5
    assert ours.bits_per_character(torch.full((20,), math.log(1 / 16)), text) == pytest.approx(4)


def test_sample_keeps_what_transformers_keeps():
    logits = ours.numbers(40, seed=5)
    kept = TopPLogitsWarper(0.8)(None, (logits / 0.7)[None])[0].softmax(-1)
    torch.testing.assert_close(ours.chances(logits, 0.7, 0.8), kept, rtol=0, atol=1e-6)
    source = ours.generator(6)
    tokens = torch.tensor([ours.sample(logits, 0.7, 0.8, source) for _ in range(20_000)])
    shares = torch.bincount(tokens, minlength=40) / 20_000
    assert (shares[kept == 0] == 0).all()
    assert float((shares - kept).abs().max()) < 0.02


@pytest.mark.parametrize("seed", range(20))
def test_masking_is_accepted_whatever_the_seed(seed):
    case = named("mask_tokens").cases[1]
    output = ours.masked_twice(ours.mask_tokens, *case.inputs[:3], 100 + seed)
    assert ours.well_masked(output, None, case) is True
