import math

import pytest
import torch
from transformers import AutoTokenizer, BertForMaskedLM

from course_lib.checkpoints import checkpoint
from course_lib.experiments import adaptation

TEXTS = [
    "The function returns a new list of the items in the sequence.",
    "Short one here, but long enough to be asked.",
]


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained(checkpoint("fill-mask"))


@pytest.fixture(scope="module")
def model():
    return adaptation.SparseMaskedLM.from_pretrained(checkpoint("fill-mask")).eval()


def test_only_masked_words_are_asked_and_their_loss_is_that_of_the_whole_model(model, tokenizer):
    (batch,) = adaptation.masked_batches(adaptation.rows_of(TEXTS * 6, tokenizer), tokenizer)
    whole = BertForMaskedLM.from_pretrained(checkpoint("fill-mask")).eval()
    with torch.no_grad():
        expected = whole(**batch)
        found = model(**batch)
    asked = batch["labels"] != -100
    assert found.logits.shape == (int(asked.sum()), whole.config.vocab_size)
    torch.testing.assert_close(found.logits, expected.logits[asked], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(found.loss, expected.loss, atol=1e-5, rtol=1e-5)
    losses = adaptation.masked_losses(model, [batch])
    assert math.isclose(losses.mean().item(), expected.loss.item(), rel_tol=1e-4)
    assert math.isclose(adaptation.masked_perplexity(model, [batch]), math.exp(expected.loss.item()), rel_tol=1e-4)


def test_questions_are_the_same_every_time(tokenizer):
    rows = adaptation.rows_of(TEXTS * 20, tokenizer)
    first, second = (adaptation.masked_batches(rows, tokenizer) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        assert torch.equal(one["input_ids"], other["input_ids"])
        assert torch.equal(one["labels"], other["labels"])
    share = sum(int((batch["labels"] != -100).sum()) for batch in first) / sum(len(row["input_ids"]) for row in rows)
    assert 0.1 < share < 0.2, "some 15 % of the tokens"


def test_rows_stop_at_the_wanted_number_of_tokens(tokenizer):
    rows = adaptation.rows_of(TEXTS * 50, tokenizer, tokens=100)
    assert 100 <= sum(len(row["input_ids"]) for row in rows) < 100 + adaptation.LENGTH
    assert all(len(row["input_ids"]) <= adaptation.LENGTH for row in rows)


def test_texts_without_a_sentence_are_refused(tokenizer):
    with pytest.raises(ValueError, match="None of 2 texts has 8 tokens"):
        adaptation.rows_of(["no", "yes"], tokenizer)
