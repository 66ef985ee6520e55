"""Our answers of chapter 04 against Transformers and a search through everything."""

import pytest
import torch
from transformers import BertConfig, BertModel, GPT2Config, GPT2LMHeadModel
from transformers.generation.logits_process import RepetitionPenaltyLogitsProcessor, TopPLogitsWarper

from course_lib.exercises import architectures as ours


@pytest.fixture(scope="module")
def decoder():
    torch.manual_seed(1)
    config = GPT2Config(vocab_size=9, n_positions=16, n_embd=8, n_layer=1, n_head=2, initializer_range=1.0)
    return GPT2LMHeadModel(config).eval()


@torch.no_grad()
def test_an_encoder_sees_everything_and_a_decoder_what_came_before(decoder):
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    encoder = BertModel(BertConfig(vocab_size=9, initializer_range=1.0, **sizes)).eval()
    ids = torch.tensor([1, 5, 3, 7])
    assert ours.depends(lambda ids: encoder(ids[None]).last_hidden_state[0], ids, 2).all()
    table = ours.depends(lambda ids: decoder(ids[None]).logits[0], ids, 2)
    assert torch.equal(table, torch.ones(4, 4).tril().bool())
    assert torch.equal(table, ours.prefix_mask(0, 4))


@pytest.mark.parametrize("width", [1, 2, 3])
@torch.no_grad()
def test_greedy_and_beam_write_what_generate_writes(decoder, width):
    settings = {"max_new_tokens": 5, "do_sample": False, "eos_token_id": None, "pad_token_id": 0}
    for start in ([4], [2, 7, 1], [8, 8]):
        ids = torch.tensor(start)
        expected = decoder.generate(ids[None], num_beams=width, **settings)[0]
        found = ours.beam(lambda ids: decoder(ids[None]).logits[0, -1].log_softmax(-1), ids, 5, width)
        assert torch.equal(found, expected)
        if width == 1:
            assert torch.equal(ours.greedy(lambda ids: decoder(ids[None]).logits[0, -1], ids, 5), expected)


def test_a_wide_beam_finds_the_likeliest_of_all():
    model, ids = ours.tiny_log_probabilities(3, 5), torch.tensor([1])
    found = ours.beam(model, ids, 4, 81)
    assert torch.equal(found, ours._all_continuations(model, ids, 4, 1))


@pytest.mark.parametrize("p", [0.1, 0.5, 0.95])
def test_top_p_is_that_of_transformers(p):
    logits = 2 * ours.numbers(100, seed=9)
    expected = TopPLogitsWarper(p)(None, logits[None])[0].softmax(-1)
    torch.testing.assert_close(ours.top_p(logits, p), expected, rtol=0, atol=1e-6)


def test_repetition_penalty_is_that_of_transformers():
    logits, ids = ours.numbers(20, seed=10), torch.tensor([3, 5, 3, 19])
    expected = RepetitionPenaltyLogitsProcessor(1.7)(ids[None], logits[None])[0]
    torch.testing.assert_close(ours.repetition_penalty(logits, ids, 1.7), expected)


def test_corrupted_spans_put_back_give_the_text():
    ids, marks = list(range(10, 25)), [99, 98, 97]
    inputs, targets = ours.corrupt_spans(ids, [(2, 5), (9, 10)], marks)
    assert inputs == [10, 11, 99, 15, 16, 17, 18, 98, 20, 21, 22, 23, 24]
    assert targets == [99, 12, 13, 14, 98, 19, 97]
