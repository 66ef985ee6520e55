"""Our answers of chapter 05 against PyTorch and Transformers."""

import torch
import torch.nn.functional as F
from exercise_cases import chapters

from course_lib.exercises import attention as ours
from course_lib.exercises import check, exercises


def test_attention_is_pytorchs_and_zero_where_nothing_may_be_looked_at():
    q, k, v = torch.randn(3, 2, 4, 7, 16, generator=torch.Generator().manual_seed(3))
    mask = torch.rand(2, 1, 7, 7, generator=torch.Generator().manual_seed(4)) < 0.4
    mask[0, 0, 2] = False
    output, weights = ours.attention(q, k, v, mask)
    torch.testing.assert_close(output, F.scaled_dot_product_attention(q, k, v, attn_mask=mask), rtol=0, atol=1e-6)
    assert (output[0, :, 2] == 0).all()
    assert (weights[0, :, 2] == 0).all()


def test_heads_are_split_and_merged_back():
    x = torch.randn(2, 5, 12)
    assert torch.equal(ours.merge_heads(ours.split_heads(x, 4)), x)
    assert torch.equal(ours.split_heads(x, 4)[1, 2], x[1, :, 6:9])


def test_attention_layer_is_that_of_bert():
    weights = ours.bert_weights(12)
    layer, x = chapters()[5].bert_layer(12, 3, weights), torch.randn(2, 5, 12)
    with torch.no_grad():
        expected = layer.attention.output.dense(layer.attention.self(x)[0])
        torch.testing.assert_close(ours.attention_layer(x, weights, 3), expected, rtol=0, atol=1e-5)


def test_rotation_keeps_lengths_and_makes_scores_depend_on_the_distance_only():
    q, k = torch.randn(2, 1, 1, 1, 32)
    scores = [
        float((ours.rotate(q, torch.tensor([a])) * ours.rotate(k, torch.tensor([b]))).sum())
        for a, b in [(0, 3), (10, 13), (100, 103)]
    ]
    assert max(scores) - min(scores) < 1e-4
    assert torch.allclose(ours.rotate(q, torch.tensor([77])).norm(), q.norm(), atol=1e-4)


def test_steps_with_a_cache_give_what_one_pass_gives():
    ids, empty = torch.tensor([[1, 4, 2, 6, 3]]), torch.zeros(2, 2, 1, 2, 0, 4)
    whole, _ = ours.step_with_cache(ours.tiny_step, ids, empty)
    cache, parts = empty, []
    for part in (ids[:, :2], ids[:, 2:3], ids[:, 3:]):
        logits, cache = ours.step_with_cache(ours.tiny_step, part, cache)
        parts.append(logits)
    torch.testing.assert_close(torch.cat(parts, 1), whole, rtol=0, atol=1e-5)
    assert cache.shape[-2] == 5


def test_exercises_stand_in_the_order_of_the_chapter():
    known = [one.name for one in vars(ours).values() if type(one).__name__ == "Exercise"]
    assert known == [one.name for one in exercises(5)]


def test_of_a_pair_the_wrong_part_is_shown(capsys):
    def only_the_output_without_nan(query, key, value, mask=None):
        scores = query @ key.mT / query.shape[-1] ** 0.5
        weights = (scores if mask is None else scores.masked_fill(~mask, -torch.inf)).softmax(-1)
        return (weights @ value).nan_to_num(), weights

    check("attention", only_the_output_without_nan)
    printed = capsys.readouterr().out.splitlines()
    assert "  of the 2 that it returns, number 2:" in printed
    gives, right = (next(line for line in printed if line.startswith(f"  {word}")) for word in ("gives", "right"))
    assert "nan" in gives
    assert gives.removeprefix("  gives") != right.removeprefix("  right")


def test_a_step_that_fails_behind_a_full_cache_is_not_said_to_fail_for_many_rows():
    def forgets_the_past(model_step, ids, cache):
        if cache.shape[-2]:
            raise ValueError("no")
        return ours.step_with_cache(model_step, ids, cache)

    assert "only where no tensor is empty" in check("step_with_cache", forgets_the_past).hint
