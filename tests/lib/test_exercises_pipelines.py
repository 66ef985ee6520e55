"""Chapters 00 and 01: our answers agree with PyTorch and Transformers."""

import pytest
import torch
import transformers

from course_lib.exercises import pipelines as ours
from course_lib.exercises import small_models


def test_softmax_is_pytorchs():
    logits = torch.randn(4, 3, 7, generator=torch.Generator().manual_seed(5)) * 3000
    torch.testing.assert_close(ours.softmax(logits), logits.softmax(-1))


def test_classify_is_the_pipeline_on_the_small_model():
    tokenizer, model = small_models.word_pieces(), small_models.sorter(5)
    answer = transformers.pipeline("text-classification", model=model, tokenizer=tokenizer)("Send it to my address.")[0]
    label, score = ours.classify("Send it to my address.", tokenizer, model)
    assert label == answer["label"]
    assert score == pytest.approx(answer["score"], abs=1e-6)


def test_a_batch_is_padded_as_the_tokenizer_does_it():
    tokenizer, texts = small_models.word_pieces(), ["no!", "the lamp is good.", "please send it to my new address."]
    batch = tokenizer(texts, padding=True, return_tensors="pt")
    ids, mask = ours.pad_batch(tokenizer(texts)["input_ids"], tokenizer.pad_token_id)
    assert torch.equal(ids, batch["input_ids"])
    assert torch.equal(mask, batch["attention_mask"])


def test_the_vector_of_a_text_is_the_same_in_every_batch():
    tokenizer, model = small_models.word_pieces(), small_models.encoder(1)
    alone = ours.embed(["No!"], tokenizer, model)
    batch = ours.embed(["No!", "please send it to my new address, and thank you for your letter."], tokenizer, model)
    torch.testing.assert_close(alone[0], batch[0], rtol=0, atol=1e-5)
    torch.testing.assert_close(batch.norm(dim=-1), torch.ones(2))


def test_the_small_models_are_the_same_every_time_and_tell_texts_apart():
    tokenizer, model = small_models.word_pieces(), small_models.sorter(5)
    texts = ("The lamp is good.", "When will my order arrive?", "The lamp is not good, and it came late!")
    assert {ours.classify(text, tokenizer, model)[0] for text in texts} == set(small_models.LABELS)
    again = small_models.sorter.__wrapped__(5)
    assert all(torch.equal(one, other) for one, other in zip(model.parameters(), again.parameters(), strict=True))
