"""The matrix of dependencies is that of a network whose dependencies are known."""

import pytest
import torch

from course_lib.attention import MultiHeadAttention, causal_mask
from course_lib.probing import dependencies


def network(mask):
    torch.manual_seed(0)
    table, layer = torch.nn.Embedding(20, 8), MultiHeadAttention(8, 2)
    return lambda ids: layer(table(ids), mask=mask)[0]


IDS = torch.tensor([3, 5, 7, 11])


def test_without_a_mask_every_output_uses_every_input():
    assert (dependencies(network(None), IDS, 2) > 0).all()


def test_with_a_causal_mask_none_uses_a_later_one():
    assert torch.equal(dependencies(network(causal_mask(4)), IDS, 2) > 0, causal_mask(4))


def test_what_is_hidden_is_used_by_nobody_but_itself():
    mask = torch.tensor([True, True, True, False]).expand(4, 4) | torch.eye(4).bool()
    moved = dependencies(network(mask), IDS, 2) > 0
    assert moved[:, 3].tolist() == [False, False, False, True]


def test_it_says_how_far():
    moved = dependencies(lambda ids: ids[..., None].float() * torch.tensor([1.0, -2.0]), IDS, 2)
    assert torch.equal(moved, torch.diag(torch.tensor([2.0, 6.0, 10.0, 18.0])))


def test_input_that_cannot_be_changed_is_explained():
    with pytest.raises(ValueError, match="other is 7, a token that stands at position 2 already"):
        dependencies(network(None), IDS, 7)
    with pytest.raises(ValueError, match=r"\(1, 4\)"):
        dependencies(network(None), IDS[None], 2)
