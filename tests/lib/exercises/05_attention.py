"""Chapter 05: answers that are right and written otherwise than ours, and wrong ones with words of the hint meant."""

import copy
import math

import torch
import torch.nn.functional as F
from transformers import BertConfig, LlamaConfig
from transformers.models.bert.modeling_bert import BertLayer
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding, apply_rotary_pos_emb, repeat_kv

from course_lib.exercises import attention as ours

# ---------------------------------------------------------------- answers written otherwise


def mask_by_loop(length):
    mask = torch.zeros(length, length).bool()
    for query in range(length):
        for key in range(query + 1):
            mask[query, key] = True
    return mask


def mask_by_comparison(length):
    places = torch.arange(length)
    return places[:, None] >= places


def attention_by_einsum(q, k, v, allowed=None):
    scores = torch.einsum("...qd,...kd->...qk", q, k) / math.sqrt(k.size(-1))
    if allowed is None:
        allowed = torch.ones_like(scores, dtype=torch.bool)
    allowed = allowed.expand(scores.shape)
    odds = torch.where(allowed, (scores - scores.amax(-1, keepdim=True)).exp(), torch.zeros(()))
    total = odds.sum(-1, keepdim=True)
    weights = odds / total.clamp(min=1e-30)
    return torch.einsum("...qk,...kv->...qv", weights, v), weights


def attention_with_numbers_to_add(query, key, value, mask=None):
    bias = 0 if mask is None else torch.zeros(mask.shape).masked_fill(mask.logical_not(), -math.inf)
    weights = torch.nan_to_num(F.softmax(torch.matmul(query * key.shape[-1] ** -0.5, key.mT) + bias, dim=-1))
    return [torch.matmul(weights, value), weights]


def attention_by_pytorch(query, key, value, mask=None):
    output = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
    eye = torch.eye(key.shape[-2]).expand(*key.shape[:-1], key.shape[-2])
    return output, F.scaled_dot_product_attention(query, key, eye.contiguous(), attn_mask=mask)


def split_by_view(x, heads):
    batch, length, width = x.shape
    return x.contiguous().view(batch, length, heads, width // heads).permute(0, 2, 1, 3).contiguous()


def split_by_chunks(x, heads):
    return torch.stack(x.chunk(heads, dim=-1), dim=1)


def merge_by_cat(x):
    return torch.cat([x[:, head] for head in range(x.shape[1])], dim=-1)


def merge_with_heads(x, heads):
    batch, _, length, width = x.shape
    return x.permute(0, 2, 1, 3).reshape(batch, length, heads * width)


def layer_by_head(x, weights, heads, mask=None):
    def project(name):
        return x @ weights[f"attention.self.{name}.weight"].T + weights[f"attention.self.{name}.bias"]

    found = []
    for q, k, v in zip(*(project(name).chunk(heads, -1) for name in ("query", "key", "value")), strict=True):
        inner = mask if mask is None or mask.dim() == 2 else mask[:, 0]
        found.append(attention_by_einsum(q, k, v, inner)[0])
    return torch.cat(found, -1) @ weights["attention.output.dense.weight"].mT + weights["attention.output.dense.bias"]


def layer_by_pytorch(x, weights, heads, mask=None):
    q, k, v = (
        split_by_view(F.linear(x, weights[f"attention.self.{n}.weight"], weights[f"attention.self.{n}.bias"]), heads)
        for n in ("query", "key", "value")
    )
    found = F.scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(1, 2).reshape(x.shape)
    return F.linear(found, weights["attention.output.dense.weight"], weights["attention.output.dense.bias"])


def bert_layer(width, heads, weights):
    config = BertConfig(
        hidden_size=width, num_attention_heads=heads, intermediate_size=2 * width, attn_implementation="eager"
    )
    layer = BertLayer(config).eval()
    layer.load_state_dict(copy.deepcopy(dict(weights)))
    return layer


def block_by_transformers(x, weights, heads, mask=None):
    layer = bert_layer(x.shape[-1], heads, weights)
    added = None if mask is None else torch.zeros(mask.shape).masked_fill(~mask, -math.inf)
    with torch.no_grad():
        output = layer(x, added)
    return output[0] if isinstance(output, tuple) else output


def block_by_hand(x, weights, heads, mask=None):
    def norm(x, name):
        middle = x - x.mean(-1, keepdim=True)
        scaled = middle / torch.sqrt((middle**2).mean(-1, keepdim=True) + 1e-12)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    x = norm(layer_by_head(x, weights, heads, mask) + x, "attention.output.LayerNorm")
    wide = x @ weights["intermediate.dense.weight"].T + weights["intermediate.dense.bias"]
    wide = wide * 0.5 * (1 + torch.erf(wide / math.sqrt(2)))
    return norm(wide @ weights["output.dense.weight"].T + weights["output.dense.bias"] + x, "output.LayerNorm")


def rotate_by_transformers(x, positions, base=10000.0):
    width = x.shape[-1]
    config = LlamaConfig(
        hidden_size=width, num_attention_heads=1, rope_parameters={"rope_type": "default", "rope_theta": base}
    )
    cos, sin = LlamaRotaryEmbedding(config)(x, positions[None])
    return apply_rotary_pos_emb(x, x, cos, sin)[0]


def rotate_by_complex(x, positions, base=10000.0):
    half = x.shape[-1] // 2
    angles = torch.outer(positions.double(), base ** (-2 * torch.arange(half).double() / x.shape[-1]))
    turned = torch.complex(x[..., :half].double(), x[..., half:].double()) * torch.polar(
        torch.ones(()).double(), angles
    )
    return torch.cat([turned.real, turned.imag], -1).float()


def repeat_by_stack(x, groups):
    return torch.stack([x] * groups, dim=2).reshape(x.shape[0], -1, *x.shape[2:])


def repeat_by_index(x, groups):
    return x[:, torch.arange(x.shape[1] * groups) // groups]


def step_by_comparison(model_step, ids, cache):
    past, new = cache.size(4), ids.size(1)
    where = past + torch.arange(new)
    logits, made = model_step(ids, where, torch.arange(past + new)[None] <= where[:, None], cache)
    return logits, torch.cat((cache, made), dim=4)


def step_by_ones(model_step, ids, cache):
    past, new = cache.shape[4], ids.shape[1]
    mask = torch.ones(new, past + new, dtype=torch.bool).tril(diagonal=past)
    logits, made = model_step(ids, torch.arange(past + new)[-new:], mask, cache)
    grown = cache.new_empty(*cache.shape[:4], past + new, cache.shape[5])
    grown[..., :past, :], grown[..., past:, :] = cache, made
    return (logits, grown)


RIGHT = {
    "causal_mask": [mask_by_loop, mask_by_comparison, lambda n: ~torch.ones(n, n).triu(1).bool()],
    "attention": [attention_by_einsum, attention_with_numbers_to_add, attention_by_pytorch],
    "split_heads": [split_by_view, split_by_chunks],
    "merge_heads": [merge_by_cat, merge_with_heads, lambda x: x.movedim(1, 2).reshape(x.shape[0], x.shape[2], -1)],
    "attention_layer": [layer_by_head, layer_by_pytorch],
    "block": [block_by_transformers, block_by_hand],
    "rotate": [rotate_by_transformers, rotate_by_complex],
    "repeat_heads": [repeat_kv, repeat_by_stack, repeat_by_index],
    "step_with_cache": [step_by_comparison, step_by_ones],
}


# ---------------------------------------------------------------- wrong answers, and a piece of the hint meant for each


def scores_of(q, k, v, mask=None):
    return q @ k.mT / q.shape[-1] ** 0.5


def pair(weights, v):
    return weights, v


def attends(weigh):
    """An attention from its weights."""

    def wrong(q, k, v, mask=None):
        weights = weigh(q, k, v, mask)
        return weights @ v, weights

    return wrong


def hidden(scores, mask, number=-math.inf):
    return scores if mask is None else torch.where(mask, scores, torch.tensor(number))


def assigned(scores, mask):
    if mask is not None:
        scores[~mask] = -math.inf
    return scores


def lower(query, key):
    return torch.ones(query.shape[-2], key.shape[-2]).tril().bool()


WRONG_ATTENTION = [
    (attends(lambda q, k, v, m: hidden(q @ k.mT, m).softmax(-1).nan_to_num()), "square root of the width"),
    (attends(lambda q, k, v, m: hidden(q @ k.mT / q.shape[-1], m).softmax(-1).nan_to_num()), "width itself"),
    (attends(lambda q, k, v, m: hidden(scores_of(q, k, v), m).softmax(-2).nan_to_num()), "wrong axis"),
    (attends(lambda q, k, v, m: scores_of(q, k, v).softmax(-1) * (1 if m is None else m)), "after the softmax"),
    (attends(lambda q, k, v, m: hidden(scores_of(q, k, v), None if m is None else ~m).softmax(-1)), "wrong way round"),
    (attends(lambda q, k, v, m: hidden(scores_of(q, k, v), m, -1e9).softmax(-1)), "same large negative number"),
    (attends(lambda q, k, v, m: hidden(scores_of(q, k, v), m, -1e30).softmax(-1)), "same large negative number"),
    (attends(lambda q, k, v, m: hidden(scores_of(q, k, v), m).softmax(-1)), "is 0/0"),
    (attends(lambda q, k, v, m: scores_of(q, k, v).softmax(-1)), "not used"),
    (attends(lambda q, k, v, m: hidden(scores_of(q, k, v), m, 0.0).softmax(-1)), "exp(0) is 1"),
    (attends(lambda q, k, v, m: hidden(scores_of(q, k, v), m, 0.0)), "bare scores"),
    (lambda q, k, v, mask=None: ours.attention(q, k, v, mask)[0], "two are asked for"),
    (lambda q, k, v, mask=None: ours.attention(q, k, v, mask)[::-1], "wrong way round"),
    (attends(lambda q, k, v, m: scores_of(q, k, v).masked_fill(~m, -math.inf).softmax(-1)), "mask may be None"),
    (attends(lambda q, k, v, m: scores_of(q, k, v).masked_fill(m == 0, -math.inf).softmax(-1)), "`None == 0` is False"),
    (
        attends(lambda q, k, v, m: scores_of(q, k, v).masked_fill(m == 0, float("-inf")).softmax(-1).nan_to_num()),
        "`None == 0` is False",
    ),
    (attends(lambda q, k, v, m: torch.where(m, scores_of(q, k, v), -math.inf).softmax(-1)), "no condition"),
    (
        attends(lambda q, k, v, m: (scores_of(q, k, v) + (0 if m is None else (1 - m) * -1e9)).softmax(-1)),
        "`~mask` turns them round",
    ),
    (attends(lambda q, k, v, m: hidden(q @ k.mT / v.size(-1) ** 0.5, m).softmax(-1).nan_to_num()), "values' width"),
    (
        attends(lambda q, k, v, m: hidden(q @ k.mT, m).softmax(-1).nan_to_num() / q.size(-1) ** 0.5),
        "divides the weights",
    ),
    (attends(lambda q, k, v, m: F.softmax(assigned(scores_of(q, k, v), m), -1)), "does not broadcast"),
    (lambda q, k, v, mask=None: ours.attention(q, k, v, lower(q, k) if mask is None else mask), "every query looks at"),
]


def wrong_rotation(angle, order="half"):
    def wrong(x, positions, base=10000.0):
        half = x.shape[-1] // 2
        angles = angle(positions[:, None].float(), torch.arange(half).float(), base, x.shape[-1])
        if order == "half":
            cos, sin = torch.cat([angles.cos()] * 2, -1), torch.cat([angles.sin()] * 2, -1)
            return x * cos + torch.cat([-x[..., half:], x[..., :half]], -1) * sin
        cos, sin = angles.cos(), angles.sin()
        result = torch.empty_like(x)
        result[..., ::2] = x[..., ::2] * cos - x[..., 1::2] * sin
        result[..., 1::2] = x[..., ::2] * sin + x[..., 1::2] * cos
        return result

    return wrong


def rotate_in_place(x, positions, base=10000.0):
    half = x.shape[-1] // 2
    angles = rope(positions[:, None], torch.arange(half), base, x.shape[-1])
    a, b = x.chunk(2, -1)
    a = a * angles.cos() - b * angles.sin()
    b = a * angles.sin() + b * angles.cos()
    return torch.cat([a, b], -1)


def rotate_by_meta(x, positions, base=10000.0):
    """As in apply_rotary_emb of Meta's code for Llama: neighbours are a complex number."""
    speeds = 1.0 / base ** (torch.arange(0, x.shape[-1], 2)[: x.shape[-1] // 2].float() / x.shape[-1])
    angles = torch.outer(positions.float(), speeds)
    turned = torch.view_as_complex(x.float().reshape(*x.shape[:-1], -1, 2)) * torch.polar(torch.ones(()), angles)
    return torch.view_as_real(turned).flatten(3)


def rotate_all(x, positions, base=10000.0, last=torch.arange):
    width = x.shape[-1]
    angles = torch.outer(positions.float(), base ** (-last(width) / width))
    a, b = x.chunk(2, -1)
    return x * angles.cos() + torch.cat([-b, a], -1) * angles.sin()


def rope(p, i, base, width):
    return p * base ** (-2 * i / width)


def wrong_layer(x, weights, heads, mask=None, bias=1, project=True, scale=None, transpose=True):
    def linear(x, name):
        weight = weights[f"attention.{name}.weight"]
        return x @ (weight.T if transpose else weight) + bias * weights[f"attention.{name}.bias"]

    q, k, v = (split_by_view(linear(x, f"self.{name}"), heads) for name in ("query", "key", "value"))
    scores = q @ k.mT / math.sqrt(scale or q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    merged = (scores.softmax(-1) @ v).transpose(1, 2).flatten(2)
    return linear(merged, "output.dense") if project else merged


def unfinished_layer(
    x, weights, heads, mask=None, names=("query", "key", "value"), take=lambda pair: pair[0], merge=ours.merge_heads,
    last="attention.output.dense"
):  # fmt: skip
    def project(name):
        full = f"attention.self.{name}"
        return x if name is None else F.linear(x, weights[f"{full}.weight"], weights[f"{full}.bias"])

    found = take(ours.attention(*(split_by_view(project(name), heads) for name in names), mask))
    return merge(found) @ weights[f"{last}.weight"].T + weights[f"{last}.bias"]


def wrong_block(
    x, weights, heads, mask=None, active=F.gelu, pre=False, first=1, second=1, eps=1e-12, own=False, over=None
):
    def norm(x, name):
        if own:
            x = (x - x.mean(-1, keepdim=True)) / (x.std(-1, keepdim=True) + eps)
            return x * weights[f"{name}.weight"] + weights[f"{name}.bias"]
        return F.layer_norm(x, over or x.shape[-1:], weights[f"{name}.weight"], weights[f"{name}.bias"], eps)

    def forward(x):
        x = active(F.linear(x, weights["intermediate.dense.weight"], weights["intermediate.dense.bias"]))
        return F.linear(x, weights["output.dense.weight"], weights["output.dense.bias"])

    names = "attention.output.LayerNorm", "output.LayerNorm"
    if pre:
        x = x + layer_by_pytorch(norm(x, names[0]), weights, heads, mask)
        return x + forward(norm(x, names[1]))
    x = norm(first * x + layer_by_pytorch(x, weights, heads, mask), names[0])
    return norm(second * x + forward(x), names[1])


def but(function, **changed):
    return lambda *given, **named: function(*given, **changed, **named)


def wrong_step(start=True, grow=True, mask="right", places=None):
    def wrong(model_step, ids, cache):
        past, new = cache.shape[-2], ids.shape[-1]
        positions = torch.arange(new) + (past if start else 0) if places is None else places(past, new)
        allowed = torch.arange(past + new)[None] <= (past + torch.arange(new))[:, None]
        if mask == "short":
            allowed = torch.ones(new, new, dtype=torch.bool).tril()
        elif mask == "square":
            allowed = torch.ones(past + new, past + new, dtype=torch.bool).tril()
        elif mask == "all":
            allowed = torch.ones(new, past + new, dtype=torch.bool)
        logits, made = model_step(ids, positions, allowed, cache)
        return logits, torch.cat([cache, made], -2) if grow else made

    return wrong


WRONG = {
    "causal_mask": [
        (lambda n: torch.ones(n, n, dtype=torch.bool).tril(-1), "cannot see itself"),
        (lambda n: torch.ones(n, n, dtype=torch.bool).triu(), "other way round"),
        (lambda n: torch.ones(n, n).tril(), "boolean"),
        (lambda n: torch.ones(n, n).tril().long(), "boolean"),
        (lambda n: torch.ones(n, n, dtype=torch.bool).triu(1), "may not look"),
        (lambda n: torch.ones(n, n, dtype=torch.bool), "nothing is hidden"),
        (lambda n: torch.ones(n, n, dtype=torch.bool).tril(1), "each token sees one too many"),
    ],
    "attention": WRONG_ATTENTION,
    "split_heads": [
        (lambda x, heads: x.view(x.shape[0], heads, x.shape[1], -1), "A view cannot exchange"),
        (lambda x, heads: torch.stack([x[..., n::heads] for n in range(heads)], 1), "every second one"),
        (lambda x, heads: x.view(*x.shape[:2], heads, -1), "heads come before length"),
        (lambda x, heads: split_by_view(x, heads).mT, "exchanged"),
        (lambda x, heads: split_by_view(x, heads).transpose(0, 1), "before the batch"),
        (lambda x, heads: x.reshape(*x.shape[:2], heads, -1).mT, "heads and the width of a head are exchanged"),
        (lambda x, heads: torch.stack(torch.split(x, heads, dim=2), dim=1), "`split` takes the size"),
        (lambda x, heads: x.view(*x.shape[:2], heads, x.shape[2] / heads).transpose(1, 2), "whole number: `//`"),
    ],
    "merge_heads": [
        (lambda x: x.reshape(x.shape[0], x.shape[2], -1), "Bring length before heads"),
        (lambda x: torch.stack(x.unbind(1), -1).flatten(2), "number by number"),
        (lambda x: x.sum(1), "added up"),
        (lambda x: torch.cat(x.flip(1).unbind(1), -1), "wrong order"),
        (lambda x: x.reshape(x.shape[0], -1, x.shape[-1]), "heads and width"),
    ],
    "attention_layer": [
        (but(wrong_layer, bias=0), "biases are missing"),
        (but(wrong_layer, project=False), "output layer is left out"),
        (lambda x, w, h, mask=None: wrong_layer(x, w, h, mask, scale=x.shape[-1]), "whole width"),
        (but(wrong_layer, transpose=False), "weight.T"),
        (lambda x, w, h, mask=None: wrong_layer(x, w, 1, mask), "one attention over the whole width"),
        (lambda x, w, h, mask=None: wrong_layer(x, w, h), "not handed on"),
        (lambda x, w, h, mask=None: x + wrong_layer(x, w, h, mask), "residual"),
        (but(unfinished_layer, last="output.dense"), "belongs to the feed-forward part"),
        (but(unfinished_layer, merge=lambda found: found), "merge_heads first"),
        (but(unfinished_layer, take=lambda pair: pair), "attention returns a pair"),
        (but(unfinished_layer, names=("query", "query", "value")), "key is made with the weights of query"),
        (but(unfinished_layer, names=("query", "key", "key")), "value is made with the weights of key"),
        (but(unfinished_layer, names=(None, None, None)), "query, key and value are x itself"),
        (
            lambda x, w, h, mask=None: layer_by_pytorch(x, w, h, lower(x, x) if mask is None else mask),
            "later tokens are hidden",
        ),
    ],
    "block": [
        (but(wrong_block, pre=True), "post-norm"),
        (but(wrong_block, first=0), "residual around attention"),
        (but(wrong_block, second=0), "around the feed-forward"),
        (but(wrong_block, active=F.relu), "is ReLU"),
        (but(wrong_block, active=torch.nn.GELU(approximate="tanh")), "by tanh"),
        (lambda x, w, h, mask=None: wrong_block(x, w, h), "not handed on"),
        (but(wrong_block, eps=1e-5), "eps is too large"),
        (but(wrong_block, eps=1e-6), "eps is too large"),
        (but(wrong_block, own=True), "n − 1 in it"),
        (lambda x, w, h, mask=None: wrong_block(x, w, h, mask, over=x.shape), "x.shape[-1:]"),
    ],
    "rotate": [
        (wrong_rotation(rope, order="pairs"), "neighbours are paired"),
        (rotate_by_meta, "Meta's own code"),
        (wrong_rotation(lambda p, i, base, width: torch.deg2rad(rope(p, i, base, width))), "degrees"),
        (wrong_rotation(lambda p, i, base, width: rope(p + 1, i, base, width)), "counts from 1"),
        (wrong_rotation(lambda p, i, base, width: p * base ** (-i / width)), "wrong power"),
        (wrong_rotation(lambda p, i, base, width: p * base ** (2 * i / width)), "sign of base's power"),
        (wrong_rotation(lambda p, i, base, width: -rope(p, i, base, width)), "other way"),
        (wrong_rotation(lambda p, i, base, width: rope(p, i, 10000.0, width)), "argument base"),
        (wrong_rotation(lambda p, i, base, width: rope(p - p[0], i, base, width)), "argument positions"),
        (rotate_in_place, "keep a and b"),
        (but(rotate_all, last=lambda width: torch.arange(width)), "different angles"),
        (but(rotate_all, last=lambda width: 2 * torch.arange(width)), "different angles"),
        (lambda x, positions, base=1e4: x * (positions * base ** (-torch.arange(2) / 2)).cos(), "make a column"),
    ],
    "repeat_heads": [
        (lambda x, groups: x.tile(1, groups, 1, 1), "1, 1, 2, 2"),
        (lambda x, groups: x.repeat_interleave(groups, -2), "tokens are repeated"),
        (lambda x, groups: x.repeat_interleave(groups, -1), "within a head"),
        (lambda x, groups: x.repeat_interleave(groups, 0), "batch is repeated"),
        (lambda x, groups: torch.stack([x] * groups, 2), "dimension of their own"),
        (lambda x, groups: x, "nothing is repeated"),
        (lambda x, groups: torch.repeat_interleave(x, groups), "without a dimension"),
    ],
    "step_with_cache": [
        (wrong_step(start=False), "restart at 0"),
        (wrong_step(grow=False), "has to grow"),
        (wrong_step(start=False, grow=False), "restart at 0"),
        (wrong_step(mask="short"), "a column for each token so far"),
        (wrong_step(mask="all"), "mask hides nothing"),
        (wrong_step(mask="square"), "The earlier ones ask nothing"),
        (wrong_step(places=lambda past, new: torch.arange(past + new)), "a position for each token so far"),
        (wrong_step(places=lambda past, new: torch.tensor([past] * new)), "stand at 3 and 4"),
    ],
}
