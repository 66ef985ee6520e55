import math

import pytest

from course_lib.data.corpora import train_tokenizer
from course_lib.experiments.transfer import bits_per_character, fresh


def test_a_model_that_knows_nothing_needs_as_many_bits_for_a_token_as_its_vocabulary_has():
    """A piece for each byte and one for the end, all equally likely: log₂ 257 bits a byte, and "é" has two bytes."""
    tokenizer = train_tokenizer([], 257)
    model = fresh(tokenizer, 0)
    model.lm_head.weight.data.zero_()
    for rows, bytes_ in ((["ab" * 30], 1), (["aé" * 30, "éa" * 10], 1.5)):
        bits = bits_per_character(model, tokenizer, rows)
        assert bits == pytest.approx(math.log2(257) * bytes_, abs=1e-4)
