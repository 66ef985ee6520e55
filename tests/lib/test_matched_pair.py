import pytest
import torch
from torch.nn.functional import one_hot

from course_lib.experiments.matched_pair import LENGTH, MASK, NOTHING, _example, _right


@pytest.fixture
def pieces():
    """Texts in which each letter is followed by the next of the alphabet: no letter stands twice."""
    return torch.arange(8)[:, None] + torch.arange(LENGTH)  # (text, letter)


def test_the_encoder_is_asked_for_the_hidden_letters_and_for_no_others(pieces):
    inputs, targets = _example("encoder", pieces, torch.Generator().manual_seed(0))
    hidden = inputs == MASK
    assert 0.15 < hidden.double().mean() < 0.45
    assert torch.equal(targets == NOTHING, ~hidden)
    assert torch.equal(targets[hidden], pieces[hidden])
    assert torch.equal(inputs[~hidden], pieces[~hidden])


def test_the_decoder_is_asked_for_each_next_letter(pieces):
    inputs, targets = _example("decoder", pieces, torch.Generator())
    assert inputs.shape == targets.shape == (8, LENGTH - 1)
    assert torch.equal(targets, inputs + 1)


@pytest.mark.parametrize("place", [-1, LENGTH // 2])
def test_a_model_that_knows_what_it_is_asked_is_right_everywhere(pieces, place):
    seen = []

    def decoder(text):
        return one_hot(text + 1, 28)  # the next letter of the alphabet

    def encoder(text):
        seen.append(text)
        return one_hot(pieces, 28)

    assert _right(decoder, "decoder", pieces, place).tolist() == [1.0] * 8
    assert _right(encoder, "encoder", pieces, place).tolist() == [1.0] * 8
    (shown,) = seen
    assert (shown[:, place] == MASK).all(), "the letter that is asked for is hidden"
    assert int((shown != pieces).sum()) == 8, "and no other"
    assert _right(lambda text: decoder(text - 1), "decoder", pieces, place).tolist() == [0.0] * 8
