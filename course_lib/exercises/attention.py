"""Exercises of chapter 05: attention, its masks and heads, a block of BERT, and what a decoder adds.

Sources: Vaswani et al. 2017 (attention, heads, the block), Devlin et al. 2018 (BERT's block and its names), Su et al.
2021 (rotary positions), Ainslie et al. 2023 (grouped queries). The oracles in tests/lib/exercises/05_attention.py are
PyTorch's own functions and the layers of Transformers.
"""

from __future__ import annotations

import inspect
import itertools
import math

import torch
from torch.nn.functional import gelu, layer_norm, linear, relu

from course_lib.exercises.declare import Case, Exercise, Mistake, when
from course_lib.exercises.inputs import numbers

# ---------------------------------------------------------------- causal_mask


def causal_mask(length):
    """True where a query may look: at its own position and at those before it.

    length: number of tokens.
    Returns a boolean tensor (length, length): a row a query, a column a key.
    """
    ### BEGIN SOLUTION
    return torch.ones(length, length, dtype=torch.bool).tril()
    ### END SOLUTION


CAUSAL_MASK = Exercise(
    name="causal_mask",
    chapter=5,
    minutes=3,
    level="easy",
    signature="causal_mask(length) -> (length, length), boolean",
    reference=causal_mask,
    cases=[Case((3,), says="length 3"), Case((1,), says="length 1"), Case((6,), says="length 6")],
    mistakes=[
        Mistake(
            "float",
            when(lambda case, output, right: isinstance(output, torch.Tensor) and output.dtype != torch.bool),
            lambda case, output, right: (
                f"the numbers are {output.dtype}; a mask here is boolean (torch.bool), True where a query may look."
            ),
        ),
        Mistake(
            "strict",
            lambda length: causal_mask(length).tril(-1),
            "position 0 cannot see itself: the diagonal is False. A token may look at itself, and the first one has "
            "nothing else to look at.",
        ),
        Mistake(
            "transposed",
            lambda length: causal_mask(length).T.clone(),
            "position 0 can see position 1, which comes after it, and the last one sees only itself. A row is a query, "
            "a column is a key: yours has them the other way round.",
        ),
        Mistake(
            "inverted",
            lambda length: ~causal_mask(length),
            "True stands where a query may not look: position 0 sees position 1 and not itself. Here True means: may "
            "look. (PyTorch's nn.MultiheadAttention has it the other way, its scaled_dot_product_attention as here.)",
        ),
        Mistake(
            "everything",
            lambda length: torch.ones(length, length, dtype=torch.bool),
            "position 0 can see position 1, which comes after it: nothing is hidden.",
        ),
        Mistake(
            "one too high",
            lambda length: torch.ones(length, length, dtype=torch.bool).tril(1),
            "position 0 can see position 1, which comes after it: each token sees one too many. The triangle ends one "
            "place to the right of the diagonal.",
        ),
        Mistake(
            "itself only",
            lambda length: torch.eye(length, dtype=torch.bool),
            "position 1 cannot see position 0: each token sees only itself.",
        ),
    ],
    hints=[
        "Query i may look at key j if j is not after i. On paper, which cells of a table of 3 by 3 are True?",
        "It is the lower triangle, with the diagonal.",
        "Tensors have a method that keeps a lower triangle; or compare a column of positions with a row of positions.",
    ],
    commentary="Comparing positions gives the same: `places = torch.arange(length)`, then `places[None, :] <= "
    "places[:, None]`.",
)


# ---------------------------------------------------------------- attention


def attention(query, key, value, mask=None):
    """For each query a mean of the values, weighted by how well its key fits the query.

    query: (..., query, width), key: (..., key, width), value: (..., key, value width),
    where ... is (batch, heads) or anything else. mask: boolean, True where a query may
    look; it broadcasts to (..., query, key).
    Returns the output (..., query, value width) and the weights (..., query, key).
    A query that may look nowhere gets weights of 0, and so an output of 0.
    """
    ### BEGIN SOLUTION
    scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5  # (..., query, key)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = scores.softmax(-1)
    if mask is not None:  # the softmax of a row of −∞ alone is NaN
        weights = weights.masked_fill(~mask, 0.0)
    return weights @ value, weights
    ### END SOLUTION


def attention_but(
    root=lambda query, key: math.sqrt(query.shape[-1]), axis=-1, hidden=-math.inf, flip=False, ignore=False
):
    """An attention with something else in one place: for the mistakes."""

    def wrong(query, key, value, mask=None):
        scores = query @ key.transpose(-2, -1) / root(query, key)
        if mask is not None and not ignore:
            scores = scores.masked_fill(mask if flip else ~mask, hidden)
        weights = scores.softmax(axis).nan_to_num(0.0)
        return weights @ value, weights

    return wrong


def masked_afterwards(query, key, value, mask=None):
    """The weights that a mask forbids are set to 0 after the softmax."""
    weights = attention(query, key, value)[1]
    weights = weights if mask is None else weights * mask
    return weights @ value, weights


def masked_by_product(query, key, value, mask=None):
    """Scores are multiplied by the mask, so a hidden key has score 0."""
    weights = (query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5 * (1 if mask is None else mask)).softmax(-1)
    return weights @ value, weights


def root_of_the_values(query, key, value, mask=None):
    """The scores are divided by the root of the values' width."""
    return attention_but(root=lambda query, key: math.sqrt(value.shape[-1]))(query, key, value, mask)


def root_afterwards(query, key, value, mask=None):
    """The weights are divided by the root, and not the scores."""
    weights = attention_but(root=lambda query, key: 1)(query, key, value, mask)[1] / math.sqrt(query.shape[-1])
    return weights @ value, weights


def causal_by_default(query, key, value, mask=None):
    """Without a mask, later keys are hidden."""
    if mask is None:
        mask = torch.ones(query.shape[-2], key.shape[-2], dtype=torch.bool).tril()
    return attention(query, key, value, mask)


def mask_always_used(hide):
    """The mask is used where there is none. hide: of scores and mask, the scores with −∞ where the mask hides."""

    def wrong(query, key, value, mask=None):
        weights = hide(query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5, mask).softmax(-1)
        return weights @ value, weights

    return wrong


def weights_are_scores(query, key, value, mask=None):
    """The softmax is left out."""
    scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
    scores = scores if mask is None else scores.masked_fill(~mask, 0.0)
    return scores @ value, scores


def _three(*shape, keys=None, seed=0):
    """Query, key and value: (*shape), with another number of keys if one is given."""
    others = shape if keys is None else (*shape[:-2], keys, shape[-1])
    return numbers(*shape, seed=seed), numbers(*others, seed=seed + 1), numbers(*others, seed=seed + 2)


_nowhere = torch.tensor([[True, False, False], [False, False, False], [True, True, True]])
_padding = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0]]).bool()[:, None, None, :]


def _nan_for_zero(expected):
    """Whether the output has NaN, and is what is expected once these are 0."""

    def holds(case, output, right):
        if not isinstance(output, tuple | list) or not any(part.isnan().any() for part in output):
            return False
        pairs = zip(output, right if expected is None else expected(*case.inputs), strict=True)
        return all(torch.allclose(part.nan_to_num(), other, atol=1e-5) for part, other in pairs)

    return when(holds)


def _one_tensor(case, output, right):
    return isinstance(output, torch.Tensor)


def _swapped(case, output, right):
    pair = isinstance(output, tuple | list) and len(output) == 2
    return pair and [getattr(part, "shape", None) for part in output] == [right[1].shape, right[0].shape]


INVERTED = (
    "the mask is the wrong way round: True means that a query may look, and yours hides those keys. With the causal "
    "mask query 0 looks at what comes after it."
)

ATTENTION = Exercise(
    name="attention",
    chapter=5,
    minutes=12,
    level="medium",
    signature="attention(query, key, value, mask=None) -> (output, weights)",
    reference=attention,
    cases=[
        Case(_three(1, 1, 2, 4, keys=3), says="two queries, three keys of width 4, no mask"),
        Case(_three(2, 3, 5, 16), says="a batch of two with three heads, five tokens, width 16"),
        Case((*_three(1, 1, 3, 4), causal_mask(3)), says="three tokens under a causal mask"),
        Case((*_three(2, 2, 4, 8), _padding), says="a batch of two, the second with two padding tokens"),
        Case((*_three(1, 1, 3, 4), _nowhere), says="three tokens, where query 1 may look nowhere"),
        Case((numbers(2, 4), numbers(3, 4), numbers(3, 6)), says="matrices without batch or heads, values of width 6"),
    ],
    mistakes=[
        Mistake(
            "output only",
            when(_one_tensor),
            "one tensor came back; two are asked for, as a pair: the output and the weights.",
        ),
        Mistake(
            "mask is None",
            mask_always_used(lambda scores, mask: scores.masked_fill(~mask, -math.inf)),
            "mask may be None, as in this case: then nothing is hidden. `~mask` only where there is a mask.",
        ),
        Mistake(
            "mask is None, compared",
            mask_always_used(lambda scores, mask: scores.masked_fill(mask == 0, -math.inf)),
            "mask may be None, as in this case, and `None == 0` is False, which is no mask. Hide keys only where there "
            "is a mask.",
        ),
        Mistake(
            "mask is None, in where",
            mask_always_used(lambda scores, mask: torch.where(mask, scores, -math.inf)),
            "mask may be None, as in this case, and None is no condition for torch.where. Hide keys only where there "
            "is a mask.",
        ),
        Mistake("swapped", when(_swapped), "the pair is the wrong way round: first the output, then the weights."),
        Mistake(
            "NaN where nothing may be looked at",
            _nan_for_zero(None),
            "query 1 may look nowhere, all its scores are −∞, and the softmax of that is 0/0: NaN, which every later "
            "layer passes on. Such a row is to be 0.",
        ),
        Mistake(
            "no root",
            attention_but(root=lambda query, key: 1),
            "the scores are not divided by the square root of the width: they are twice too large for width 4.",
        ),
        Mistake(
            "divided by the width",
            attention_but(root=lambda query, key: query.shape[-1]),
            "the scores are divided by the width itself, here 4, and not by its square root, 2.",
        ),
        Mistake(
            "root of the length",
            attention_but(root=lambda query, key: math.sqrt(key.shape[-2])),
            "the scores are divided by the root of the number of keys (3); it is the root of the width (4), the last "
            "dimension.",
        ),
        Mistake(
            "root of the values",
            root_of_the_values,
            "the scores are divided by the root of the values' width; it is the width of query and key. Values may "
            "be wider or narrower.",
        ),
        Mistake(
            "root after the softmax",
            root_afterwards,
            "the root divides the weights, after the softmax, and their rows no longer sum to 1. The scores are "
            "divided, before the softmax.",
        ),
        Mistake(
            "causal by default",
            causal_by_default,
            "no mask is given, and later keys are hidden all the same. Where mask is None, every query looks at "
            "every key.",
        ),
        Mistake(
            "softmax over the queries",
            attention_but(axis=-2),
            "the softmax runs over the wrong axis: your columns sum to 1, and each query's row should. The last "
            "dimension of the scores is the keys.",
        ),
        Mistake(
            "no softmax",
            weights_are_scores,
            "the weights are the bare scores: some are negative, and their rows do not sum to 1.",
        ),
        Mistake("mask ignored", attention_but(ignore=True), "the mask is not used: query 0 looks at key 2."),
        Mistake(
            "mask after the softmax",
            masked_afterwards,
            "the mask comes after the softmax: what it hides is 0, but the rows no longer sum to 1. Hide the scores "
            "before the softmax.",
        ),
        Mistake(
            "mask inverted",
            attention_but(flip=True),
            INVERTED,
        ),
        Mistake("mask inverted, NaN", _nan_for_zero(attention_but(flip=True)), INVERTED),
        Mistake(
            "score 0 for what is hidden",
            masked_by_product,
            "a hidden key gets score 0, and exp(0) is 1: it still has weight. Its score has to be −∞.",
        ),
        Mistake(
            "score 0 put in",
            attention_but(hidden=0.0),
            "a hidden key gets score 0, and exp(0) is 1: it still has weight. Its score has to be −∞.",
        ),
        Mistake(
            "-1e9",
            attention_but(hidden=-1e9),
            "query 1 may look nowhere, and yet it gives every hidden key a third of its weight: where all scores are "
            "the same large negative number, the softmax is even. Its row is to be 0.",
        ),
    ],
    hints=[
        "Three steps: scores (a product of two matrices), weights (a softmax), output (a product again).",
        "For the product, key needs its last two dimensions exchanged: key.transpose(-2, -1). Divide by the root of "
        "query.shape[-1]. Along which dimension do the weights of one query lie?",
        "scores.masked_fill(where, number) puts a number where a boolean tensor is True; ~ turns True and False round.",
        "A row of −∞ alone becomes NaN. After the softmax, every place that the mask hides may be set to 0.",
    ],
    commentary="PyTorch's `scaled_dot_product_attention` gives 0 for a query that may look nowhere too; its "
    "`nn.MultiheadAttention` gives NaN where it also returns the weights (version 2.13).",
)


# ---------------------------------------------------------------- split_heads, merge_heads


def split_heads(x, heads):
    """Cut the last dimension into heads: consecutive slices, one a head.

    x: (batch, length, width). Returns (batch, heads, length, width / heads).
    """
    ### BEGIN SOLUTION
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)
    ### END SOLUTION


SPLIT_HEADS = Exercise(
    name="split_heads",
    chapter=5,
    minutes=5,
    level="medium",
    signature="split_heads(x, heads) -> (batch, heads, length, width / heads)",
    reference=split_heads,
    cases=[
        Case((torch.arange(12.0).view(1, 3, 4), 2), says="three tokens, [0, 1, 2, 3], [4, …] and [8, …], two heads"),
        Case((numbers(2, 5, 12), 3), says="a batch of two, five tokens of width 12, three heads"),
        Case((numbers(1, 4, 6), 1), says="a single head"),
    ],
    mistakes=[
        Mistake(
            "view without transpose",
            lambda x, heads: x.reshape(x.shape[0], heads, x.shape[1], -1),
            "the shape is right and the numbers are in the wrong places: head 0 holds all of token 0 and half of "
            "token 1. A view cannot exchange dimensions: first cut the width, then transpose.",
        ),
        Mistake(
            "every n-th number",
            lambda x, heads: x.unflatten(-1, (-1, heads)).permute(0, 3, 1, 2),
            "head 0 holds the numbers 0 and 2 of token 0, every second one; a head is a slice, here 0 and 1.",
        ),
        Mistake(
            "not transposed",
            lambda x, heads: x.unflatten(-1, (heads, -1)),
            "the width is cut rightly, but the dimensions are (batch, length, heads, …): heads come before length.",
        ),
        Mistake(
            "heads and width exchanged",
            lambda x, heads: x.unflatten(-1, (heads, -1)).transpose(2, 3),
            "the width is cut rightly, and then heads and the width of a head are exchanged; heads and length are to "
            "be, so that heads come before length.",
        ),
        Mistake(
            "split by a size",
            lambda x, heads: torch.stack(x.split(heads, -1), 1),
            "each piece is as wide as there are heads. `split` takes the size of a piece and not their number; `chunk` "
            "takes the number.",
        ),
        Mistake(
            "length last",
            lambda x, heads: x.unflatten(-1, (heads, -1)).permute(0, 2, 3, 1),
            "the last two dimensions are exchanged: (…, length, width of a head) is asked for.",
        ),
        Mistake(
            "heads first",
            lambda x, heads: x.unflatten(-1, (heads, -1)).permute(2, 0, 1, 3),
            "the heads come before the batch: (batch, heads, …) is asked for.",
        ),
    ],
    hints=[
        "Two steps: cut the last dimension into (heads, width / heads), then bring heads before length.",
        "The first step is a view (or unflatten), the second exchanges two dimensions. In this order.",
    ],
    commentary="Transformers writes `x.view(batch, length, heads, -1).transpose(1, 2)`. Neither step copies a number: "
    "the heads are another way to read the same memory.",
)


def merge_heads(x):
    """The way back: put the heads' vectors side by side again.

    x: (batch, heads, length, width of a head). Returns (batch, length, heads · width).
    """
    ### BEGIN SOLUTION
    return x.transpose(1, 2).flatten(2)
    ### END SOLUTION


def call_merge(answer, x):
    """merge_heads(x), or merge_heads(x, heads) where an answer wants the number of heads too."""
    try:
        needed = [
            one
            for one in inspect.signature(answer).parameters.values()
            if one.default is one.empty and one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)
        ]
    except (TypeError, ValueError):
        needed = []
    return answer(x, x.shape[1]) if len(needed) == 2 else answer(x)


MERGE_HEADS = Exercise(
    name="merge_heads",
    chapter=5,
    minutes=3,
    level="easy",
    signature="merge_heads(x) -> (batch, length, heads · width)",
    reference=merge_heads,
    use=call_merge,
    cases=[
        Case(
            (split_heads(torch.arange(12.0).view(1, 3, 4), 2),),
            says="three tokens, [0, 1, 2, 3], [4, …] and [8, …], cut",
        ),
        Case((numbers(2, 3, 5, 4),), says="a batch of two, three heads, five tokens, width 4"),
        Case((numbers(1, 1, 4, 6),), says="a single head"),
    ],
    mistakes=[
        Mistake(
            "no transpose",
            lambda x: x.reshape(x.shape[0], x.shape[2], -1),
            "token 0 reads 0, 1, 4, 5: beside its numbers from head 0 stand those of token 1. Bring "
            "length before heads again before the two last dimensions become one.",
        ),
        Mistake(
            "interleaved",
            lambda x: x.permute(0, 2, 3, 1).flatten(2),
            "the heads are mixed number by number: token 0 reads 0, 2, 1, 3. Each head's slice stays in one piece.",
        ),
        Mistake(
            "added up",
            lambda x: x.sum(1),
            "the heads are added up. They stand side by side, so that the width is that of all heads together.",
        ),
        Mistake("mean", lambda x: x.mean(1), "the heads are averaged. They stand side by side."),
        Mistake(
            "heads in the wrong order",
            lambda x: x.flip(1).transpose(1, 2).flatten(2),
            "the heads are in the wrong order: head 0 comes first.",
        ),
        Mistake(
            "one after the other",
            lambda x: x.flatten(1, 2),
            "heads and length have become one dimension; heads and width are to become one.",
        ),
    ],
    hints=[
        "Undo split_heads step by step, the last step first.",
        "After the transpose the tensor is (batch, length, heads, width of a head); the last two become one.",
    ],
    commentary="After a transpose, view complains that the tensor is not contiguous; reshape and flatten copy.",
)


# ---------------------------------------------------------------- attention_layer, block


def attention_layer(x, weights, heads, mask=None):
    """BERT's self-attention: query, key and value layers, heads, and the output layer.

    x: (batch, length, width). weights: a dictionary with the names that BERT has:
    attention.self.query.weight and .bias, the same for key and value, and
    attention.output.dense.weight and .bias; others are not needed here.
    mask: boolean, True where a query may look.
    Returns (batch, length, width).
    """
    ### BEGIN SOLUTION
    parts = []
    for name in ("query", "key", "value"):
        name = f"attention.self.{name}"
        projected = linear(x, weights[f"{name}.weight"], weights[f"{name}.bias"])
        parts.append(split_heads(projected, heads))
    found, _ = attention(*parts, mask)  # (batch, heads, length, width of a head)
    merged, name = merge_heads(found), "attention.output.dense"
    return linear(merged, weights[f"{name}.weight"], weights[f"{name}.bias"])
    ### END SOLUTION


def bert_weights(width=8, seed=10):
    """Random weights of one block of BERT, under its names; the feed-forward part is twice as wide."""
    shapes = {f"attention.self.{name}": (width, width) for name in ("query", "key", "value")}
    shapes |= {"attention.output.dense": (width, width)}
    shapes |= {"intermediate.dense": (2 * width, width), "output.dense": (width, 2 * width)}
    made = {}
    for place, (name, shape) in enumerate(shapes.items()):
        made[f"{name}.weight"] = numbers(*shape, seed=seed + 2 * place) * 0.7
        made[f"{name}.bias"] = numbers(shape[0], seed=seed + 2 * place + 1)
    for place, name in enumerate(("attention.output.LayerNorm", "output.LayerNorm")):
        made[f"{name}.weight"] = 1 + 0.3 * numbers(width, seed=seed + 20 + 2 * place)
        made[f"{name}.bias"] = numbers(width, seed=seed + 21 + 2 * place)
    return made


def layer_but(change=None, bias=True, project=True, attend=attention, x_times=linear):
    """An attention layer with something else in one place: for the mistakes."""

    def wrong(x, weights, heads, mask=None):
        weights = dict(weights) if change is None else change(dict(weights))
        parts = []
        for name in ("query", "key", "value"):
            name = f"attention.self.{name}"
            parts.append(split_heads(x_times(x, weights[f"{name}.weight"], weights[f"{name}.bias"] * bias), heads))
        merged = merge_heads(attend(*parts, mask)[0])
        name = "attention.output.dense"
        return x_times(merged, weights[f"{name}.weight"], weights[f"{name}.bias"]) if project else merged

    return wrong


def exchanged(first, second):
    """A change of the weights: two of the linear layers change places, the second is a copy if it is doubled."""

    def change(weights):
        before = dict(weights)
        for kind in ("weight", "bias"):
            weights[f"attention.self.{first}.{kind}"] = before[f"attention.self.{second}.{kind}"]
            weights[f"attention.self.{second}.{kind}"] = before[f"attention.self.{first}.{kind}"]
        return weights

    return change


def taken_from(name, other):
    """A change of the weights: one of the linear layers is a copy of another."""
    return lambda weights: (
        weights
        | {f"attention.self.{name}.{kind}": weights[f"attention.self.{other}.{kind}"] for kind in ("weight", "bias")}
    )


def nothing_projected(weights):
    """A change of the weights: query, key and value are x itself."""
    width = len(weights["attention.self.query.bias"])
    for name in ("query", "key", "value"):
        weights[f"attention.self.{name}.weight"] = torch.eye(width)
        weights[f"attention.self.{name}.bias"] = torch.zeros(width)
    return weights


def feed_forward_output(weights):
    """A change of the weights: the output layer is that of the feed-forward part."""
    return weights | {f"attention.output.dense.{kind}": weights[f"output.dense.{kind}"] for kind in ("weight", "bias")}


def not_merged(x, weights, heads, mask=None):
    """The output layer is given what each head found."""
    parts = []
    for name in ("query", "key", "value"):
        name = f"attention.self.{name}"
        parts.append(split_heads(linear(x, weights[f"{name}.weight"], weights[f"{name}.bias"]), heads))
    name = "attention.output.dense"
    return linear(attention(*parts, mask)[0], weights[f"{name}.weight"], weights[f"{name}.bias"])


def zeroed(*names):
    """A change of the weights: these are 0."""
    return lambda weights: weights | {name: torch.zeros_like(weights[name]) for name in names}


def split_wrongly_merged(found):
    """What, merged by merge_heads, gives what a merge without a transpose would."""
    batch, heads, length, width = found.shape
    return split_heads(found.reshape(batch, length, heads * width), heads)


LAYER_CASES = [
    Case((numbers(1, 3, 8), bert_weights(), 2), says="three tokens of width 8, two heads, no mask"),
    Case((numbers(2, 5, 12), bert_weights(12), 3), says="a batch of two, width 12, three heads"),
    Case((numbers(2, 4, 8), bert_weights(), 2, _padding), says="a batch of two, the second with two padding tokens"),
    Case((numbers(1, 4, 8), bert_weights(), 4, causal_mask(4)), says="four heads under a causal mask"),
]
_output_bias = "attention.output.dense.bias"

ATTENTION_LAYER = Exercise(
    name="attention_layer",
    chapter=5,
    minutes=10,
    level="medium",
    signature="attention_layer(x, weights, heads, mask=None) -> (batch, length, width)",
    reference=attention_layer,
    cases=LAYER_CASES,
    mistakes=[
        Mistake(
            "no bias in query, key and value",
            layer_but(bias=False),
            "the biases of query, key and value are missing: each linear layer is x · weightᵀ + bias.",
        ),
        Mistake(
            "no bias at all",
            layer_but(zeroed(_output_bias), bias=False),
            "the biases are missing: each of the four linear layers is x · weightᵀ + bias.",
        ),
        Mistake(
            "no bias in the output",
            layer_but(zeroed(_output_bias)),
            "the output layer's bias is missing: attention.output.dense.bias.",
        ),
        Mistake(
            "no output projection",
            layer_but(project=False),
            "the output layer is left out: what the heads found, put side by side, still goes through "
            "attention.output.dense, which mixes the heads.",
        ),
        Mistake(
            "scale of the whole width",
            lambda x, weights, heads, mask=None: layer_but(
                attend=attention_but(root=lambda query, key: math.sqrt(x.shape[-1]))
            )(x, weights, heads, mask),
            "the scores are divided by the root of the whole width (8); each head has width 4, with root 2. Split into "
            "heads first; attention takes the width from its query.",
        ),
        Mistake(
            "one head",
            lambda x, weights, heads, mask=None: attention_layer(x, weights, 1, mask),
            "it computes one attention over the whole width: split query, key and value into heads first.",
        ),
        Mistake(
            "weights not transposed",
            layer_but(x_times=lambda x, weight, bias: x @ weight + bias),
            "the weights are used the wrong way round: PyTorch stores (out, in), so it is x @ weight.T, as "
            "torch.nn.functional.linear(x, weight, bias) does.",
        ),
        Mistake(
            "output layer of the feed-forward part",
            layer_but(feed_forward_output),
            "the last layer is output.dense, which belongs to the feed-forward part and takes vectors twice as wide "
            "here. That of attention is attention.output.dense.",
        ),
        Mistake(
            "not merged",
            not_merged,
            "what the heads found goes into the output layer while it is still cut into heads: merge_heads first.",
        ),
        Mistake(
            "pair not taken apart",
            lambda x, weights, heads, mask=None: merge_heads(attention(*[split_heads(x, heads)] * 3, mask)),
            "attention returns a pair, the output and the weights. Here the whole pair is handed on, where the output "
            "alone is wanted.",
        ),
        Mistake(
            "nothing projected",
            layer_but(nothing_projected),
            "query, key and value are x itself: each is made from x by a linear layer of its own.",
        ),
        *(
            Mistake(
                f"{name} from {other}",
                layer_but(taken_from(name, other)),
                f"{name} is made with the weights of {other}; it has its own, attention.self.{name}.",
            )
            for name, other in itertools.permutations(("query", "key", "value"), 2)
        ),
        Mistake(
            "causal by default",
            layer_but(attend=causal_by_default),
            "no mask is given, and later tokens are hidden all the same: hand the mask on to attention as it is.",
        ),
        Mistake("query and key exchanged", layer_but(exchanged("query", "key")), "query and key are exchanged."),
        Mistake("key and value exchanged", layer_but(exchanged("key", "value")), "key and value are exchanged."),
        Mistake("query and value exchanged", layer_but(exchanged("query", "value")), "query and value are exchanged."),
        Mistake(
            "heads merged in the wrong order",
            layer_but(attend=lambda *given: (split_wrongly_merged(attention(*given)[0]), None)),
            "the heads are not put back side by side as they were cut: use merge_heads.",
        ),
        Mistake(
            "mask ignored",
            lambda x, weights, heads, mask=None: attention_layer(x, weights, heads),
            "the mask is not handed on to attention: padding tokens are attended to.",
        ),
        Mistake(
            "residual added",
            lambda x, weights, heads, mask=None: x + attention_layer(x, weights, heads, mask),
            "x itself is added to the result: that is the residual connection, which comes in the exercise `block`.",
        ),
    ],
    hints=[
        "torch.nn.functional.linear(x, weight, bias) is one linear layer. You need it four times.",
        "The order: three linear layers, split_heads each, attention with the mask, merge_heads, the fourth layer.",
        'Keys of the dictionary: weights["attention.self.query.weight"] and so on, last '
        'weights["attention.output.dense.bias"].',
    ],
    commentary="Each of the three layers makes the vectors of all heads in one multiplication; that is why there is "
    "no loop over heads. The fourth is the only place where what one head found meets what another did.",
)


def block(x, weights, heads, mask=None):
    """One block of BERT: attention and feed-forward, each with a residual and a norm.

    x: (batch, length, width). weights: as for attention_layer, also .weight and .bias
    of attention.output.LayerNorm, intermediate.dense, output.dense, output.LayerNorm.
    The norms' eps is 1e-12, the activation is GELU. Returns (batch, length, width).
    """
    ### BEGIN SOLUTION
    norms = "attention.output.LayerNorm", "output.LayerNorm"

    def dense(x, name):
        return linear(x, weights[f"{name}.weight"], weights[f"{name}.bias"])

    def norm(x, name):
        trained = weights[f"{name}.weight"], weights[f"{name}.bias"]
        return layer_norm(x, x.shape[-1:], *trained, eps=1e-12)

    x = norm(x + attention_layer(x, weights, heads, mask), norms[0])
    wide = gelu(dense(x, "intermediate.dense"))  # (batch, length, inner width)
    return norm(x + dense(wide, "output.dense"), norms[1])
    ### END SOLUTION


def unbiased_norm(x, shape, weight, bias, eps):
    """A layer norm that divides by the standard deviation with n − 1."""
    return (x - x.mean(-1, keepdim=True)) / (x.std(-1, keepdim=True) + eps) * weight + bias


def block_but(
    active=gelu,
    keep=(1, 1),
    order="post",
    names=("attention.output.LayerNorm", "output.LayerNorm"),
    masked=1,
    norms=layer_norm,
    eps=1e-12,
):
    """A block with something else in one place: for the mistakes."""

    def wrong(x, weights, heads, mask=None):
        def norm(x, name):
            if name is None:
                return x
            return norms(x, x.shape[-1:], weights[f"{name}.weight"], weights[f"{name}.bias"], eps)

        def forward(x):
            wide = active(linear(x, weights["intermediate.dense.weight"], weights["intermediate.dense.bias"]))
            return linear(wide, weights["output.dense.weight"], weights["output.dense.bias"])

        def attend(x):
            return attention_layer(x, weights, heads, mask if masked else None)

        if order == "pre":
            x = x + attend(norm(x, names[0]))
            return x + forward(norm(x, names[1]))
        if order == "inner":
            x = x + norm(attend(x), names[0])
            return x + norm(forward(x), names[1])
        between = norm(keep[0] * x + attend(x), names[0])
        return norm((x if keep[1] == "input" else keep[1] * between) + forward(between), names[1])

    return wrong


def _small_case():
    """A case in which x and what attention finds are of size 1e-4, so that the norms' eps counts."""
    small = {name: 1e-4 * weight for name, weight in bert_weights().items() if "attention.output.dense" in name}
    return 1e-4 * numbers(1, 3, 8), bert_weights() | small, 2


def _other_eps(case, output, right):
    """Whether this is our block with a larger eps."""
    return any(
        torch.allclose(output, block_but(eps=eps)(*case.inputs), atol=1e-4) for eps in (1e-3, 1e-5, 1e-6, 1e-7, 1e-8)
    )


BLOCK = Exercise(
    name="block",
    chapter=5,
    minutes=10,
    level="medium",
    signature="block(x, weights, heads, mask=None) -> (batch, length, width)",
    reference=block,
    cases=[*LAYER_CASES, Case(make=_small_case, says="three tokens of width 8 with numbers of size 0.0001")],
    close=1e-4,
    mistakes=[
        Mistake(
            "norm before",
            block_but(order="pre"),
            "the norm comes before attention and before the feed-forward part. That is pre-norm, as GPT-2 and Llama "
            "have it; BERT is post-norm: first the sum with the residual, then the norm.",
        ),
        Mistake(
            "norm before the sum",
            block_but(order="inner"),
            "the norm comes before the residual is added. In BERT it comes after: norm(x + what attention found).",
        ),
        Mistake(
            "no residual around attention",
            block_but(keep=(0, 1)),
            "the residual around attention is missing: x is added to what attention found before the first norm.",
        ),
        Mistake(
            "no residual around the feed-forward part",
            block_but(keep=(1, 0)),
            "the residual around the feed-forward part is missing: add what went in before the second norm.",
        ),
        Mistake("no residual", block_but(keep=(0, 0)), "both residuals are missing: add what went in, twice."),
        Mistake(
            "residual from the input of the block",
            block_but(keep=(1, "input")),
            "the second residual adds the block's own input; it adds what went into the feed-forward part.",
        ),
        Mistake("ReLU", block_but(active=relu), "the activation is ReLU; BERT's is GELU."),
        Mistake(
            "GELU by tanh",
            block_but(active=lambda x: gelu(x, approximate="tanh")),
            "the activation is GELU's approximation by tanh, as GPT-2 has it; BERT's is the exact one.",
        ),
        Mistake(
            "no activation",
            block_but(active=lambda x: x),
            "the activation is missing between the two linear layers of the feed-forward part; without it they are no "
            "more than one.",
        ),
        Mistake(
            "norms exchanged",
            block_but(names=("output.LayerNorm", "attention.output.LayerNorm")),
            "the two layer norms are exchanged: attention.output.LayerNorm is the first.",
        ),
        Mistake(
            "one norm twice",
            block_but(names=("attention.output.LayerNorm",) * 2),
            "the first layer norm's weights are used twice; the second is output.LayerNorm.",
        ),
        Mistake(
            "no second norm",
            block_but(names=("attention.output.LayerNorm", None)),
            "the second layer norm is missing, after the feed-forward part.",
        ),
        Mistake(
            "no first norm",
            block_but(names=(None, "output.LayerNorm")),
            "the first layer norm is missing, after attention and its residual.",
        ),
        Mistake("mask ignored", block_but(masked=0), "the mask is not handed on to attention_layer."),
        Mistake(
            "n − 1",
            block_but(norms=unbiased_norm),
            "the norms divide by a standard deviation with n − 1 in it, as x.std() has it by default; a layer norm has "
            "n: correction=0.",
        ),
        Mistake(
            "eps",
            when(_other_eps),
            "the norms' eps is too large: BERT's is 1e-12, PyTorch's default 1e-5. It counts where a vector's numbers "
            "are small.",
        ),
    ],
    hints=[
        "Two halves of the same form: norm(x + part(x)). The part is attention_layer first, then feed-forward.",
        "The feed-forward part is linear (intermediate.dense), gelu, linear (output.dense).",
        "torch.nn.functional.layer_norm(x, x.shape[-1:], weight, bias, eps).",
    ],
    commentary="The norm comes after each sum (post-norm), as in the Transformer of 2017 and in BERT. SmolLM2 and most "
    "decoders today normalise what goes into a part, and leave the sum as it is (pre-norm).",
)


# ---------------------------------------------------------------- rotate, repeat_heads


def rotate(x, positions, base=10000.0):
    """Rotary positions: turn pairs of numbers by an angle that grows with the position.

    x: (batch, heads, length, width), queries or keys. positions: (length,), integers.
    Numbers i and i + width/2 of a vector are a pair, for i = 0 … width/2 − 1 (the form
    of Transformers' Llama). At position p it is turned by p · base^(−2i/width) radians:
    (a, b) becomes (a cos − b sin, a sin + b cos). Returns the shape of x.
    """
    ### BEGIN SOLUTION
    half = x.shape[-1] // 2
    speeds = base ** (-torch.arange(half) / half)  # (half,), radians a position
    angles = positions[:, None] * speeds  # (length, half)
    cos, sin = angles.cos(), angles.sin()
    first, second = x[..., :half], x[..., half:]
    return torch.cat([first * cos - second * sin, first * sin + second * cos], -1)
    ### END SOLUTION


def rotate_but(power=lambda half: -torch.arange(half) / half, unit=1.0, shift=0, sign=1, pairs="half", based=True):
    """A rotation with something else in one place: for the mistakes."""

    def wrong(x, positions, base=10000.0):
        half = x.shape[-1] // 2
        base = base if based else 10000.0
        angles = sign * unit * (positions + shift)[:, None] * base ** power(half)  # (length, half)
        cos, sin = angles.cos(), angles.sin()
        if pairs == "half":
            first, second = x[..., :half], x[..., half:]
            return torch.cat([first * cos - second * sin, first * sin + second * cos], -1)
        first, second = x[..., 0::2], x[..., 1::2]
        turned = first * cos - second * sin, first * sin + second * cos
        return torch.cat(turned, -1) if pairs == "read" else torch.stack(turned, -1).flatten(-2)

    return wrong


def first_overwritten(x, positions, base=10000.0):
    """The second numbers are turned with first ones that are turned already."""
    half = x.shape[-1] // 2
    angles = positions[:, None] * base ** (-torch.arange(half) / half)
    first, second = x[..., :half], x[..., half:]
    first = first * angles.cos() - second * angles.sin()
    return torch.cat([first, first * angles.sin() + second * angles.cos()], -1)


def speeds_for_all(power):
    """A rotation whose two numbers of a pair have different angles: a speed for each number, and not for each pair."""

    def wrong(x, positions, base=10000.0):
        width = x.shape[-1]
        angles = positions[:, None] * base ** power(width)  # (length, width)
        swapped = torch.cat([-x[..., width // 2 :], x[..., : width // 2]], -1)
        return x * angles.cos() + swapped * angles.sin()

    return wrong


ONE_ANGLE = (
    "the two numbers of a pair are turned by different angles. There are width/2 speeds, one for each pair: numbers "
    "i and i + width/2 have the same."
)

ROTATE = Exercise(
    name="rotate",
    chapter=5,
    minutes=15,
    level="hard",
    signature="rotate(x, positions, base=10000.0) -> the shape of x",
    reference=rotate,
    cases=[
        Case((torch.ones(1, 1, 3, 4), torch.arange(3), 16.0), says="positions 0, 1 and 2, four ones each, base 16"),
        Case((numbers(1, 1, 3, 8), torch.tensor([5, 6, 7])), says="positions 5, 6 and 7, width 8"),
        Case((numbers(2, 3, 4, 6), torch.arange(4)), says="a batch of two, three heads, four positions"),
    ],
    mistakes=[
        Mistake(
            "interleaved pairs",
            rotate_but(pairs="interleaved"),
            "neighbours are paired, numbers 0 and 1, 2 and 3. That is the form of the paper and of Meta's own code for "
            "Llama; Transformers pairs i and i + width/2, here 0 and 2, 1 and 3.",
        ),
        Mistake(
            "interleaved on the way in",
            rotate_but(pairs="read"),
            "neighbours are paired on the way in and halves on the way out. The pairs are i and i + width/2.",
        ),
        Mistake(
            "degrees",
            rotate_but(unit=math.pi / 180),
            "the angles are taken for degrees; they are radians already, as torch.cos and torch.sin expect.",
        ),
        Mistake(
            "full turns",
            rotate_but(unit=2 * math.pi),
            "the angles are multiplied by 2π: position 1 turns the first pair by one radian, not by one full turn.",
        ),
        Mistake(
            "from 1",
            rotate_but(shift=1),
            "position 0 is turned: it counts from 1. At position 0 all angles are 0, and nothing changes.",
        ),
        Mistake(
            "half the power",
            rotate_but(power=lambda half: -torch.arange(half) / (2 * half)),
            "base has the wrong power: i/width, and it is 2i/width. With width 4 and base 16 the second pair turns by "
            "0.25 radians a position, not by 0.5.",
        ),
        Mistake(
            "twice the power",
            rotate_but(power=lambda half: -2 * torch.arange(half) / half),
            "base has the wrong power, twice what it should be: the power is 2i/width, and width/2 numbers i.",
        ),
        Mistake(
            "positive power",
            rotate_but(power=lambda half: torch.arange(half) / half),
            "the sign of base's power is missing: later pairs turn more slowly, not faster.",
        ),
        Mistake(
            "one speed",
            rotate_but(power=lambda half: torch.zeros(half)),
            "all pairs turn at one speed; pair i turns by base^(−2i/width) radians a position.",
        ),
        Mistake(
            "backwards",
            rotate_but(sign=-1),
            "it turns the other way: the sign of the sine belongs on the other term. (a, b) becomes "
            "(a cos − b sin, a sin + b cos).",
        ),
        Mistake(
            "base ignored",
            rotate_but(based=False),
            "the argument base is not used: the angles are those of 10,000.",
        ),
        Mistake(
            "positions ignored",
            lambda x, positions, base=10000.0: rotate(x, torch.arange(x.shape[-2]), base),
            "the argument positions is not used: it counts from 0, and this text begins at position 5.",
        ),
        Mistake(
            "first overwritten",
            first_overwritten,
            "the second number of a pair is computed with the first one after it was turned: both need the old ones, "
            "so keep a and b until both are done.",
        ),
        Mistake("a speed for each number", speeds_for_all(lambda width: -torch.arange(width) / width), ONE_ANGLE),
        Mistake(
            "a speed for each number, twice", speeds_for_all(lambda width: -2 * torch.arange(width) / width), ONE_ANGLE
        ),
        Mistake(
            "neighbours' angles",
            speeds_for_all(lambda width: -2 * (torch.arange(width) // 2) / width),
            ONE_ANGLE,
        ),
        *(
            Mistake(
                f"positions in a row, {way}",
                lambda x, positions, base=10000.0, multiply=multiply: multiply(
                    positions, base ** (-2 * torch.arange(x.shape[-1] // 2) / x.shape[-1])
                ),
                "positions and speeds are multiplied side by side, and there are three positions and two speeds. Each "
                "position times each speed is wanted: make a column of the positions.",
            )
            for way, multiply in (
                ("first", lambda positions, speeds: positions * speeds),
                ("second", lambda positions, speeds: speeds * positions),
            )
        ),
        Mistake("nothing turned", lambda x, positions, base=10000.0: x.clone(), "nothing is turned."),
    ],
    hints=[
        "First the speeds, one for each pair: base^(−2i/width) for i = 0 … width/2 − 1.",
        "The angles are a table (length, width/2): a column of positions times a row of speeds.",
        "x[..., :half] holds the first numbers of all pairs, x[..., half:] the second ones. Turn, and put together.",
    ],
    commentary="Transformers writes it as `x * cos + rotate_half(x) * sin`, with cos and sin repeated for both halves.",
)


def repeat_heads(x, groups):
    """Grouped queries: each head of keys or values is used by `groups` query heads.

    x: (batch, key heads, length, width). groups: the size of a group, not their number.
    Query heads 0 … groups − 1 use key head 0, the next `groups` key head 1, and so on.
    Returns (batch, key heads · groups, length, width).
    """
    ### BEGIN SOLUTION
    return x.repeat_interleave(groups, 1)
    ### END SOLUTION


REPEAT_HEADS = Exercise(
    name="repeat_heads",
    chapter=5,
    minutes=3,
    level="easy",
    signature="repeat_heads(x, groups) -> (batch, key heads · groups, length, width)",
    reference=repeat_heads,
    cases=[
        Case((torch.tensor([1.0, 2.0]).view(1, 2, 1, 1), 2), says="two heads that hold 1 and 2, for two queries each"),
        Case((numbers(2, 3, 4, 5), 3), says="a batch of two, three heads, for three queries each"),
        Case((numbers(1, 2, 3, 4), 1), says="one query for each key head"),
    ],
    mistakes=[
        Mistake(
            "tiled",
            lambda x, groups: x.repeat(1, groups, 1, 1),
            "the heads come as 1, 2, 1, 2; each is to be repeated in place, 1, 1, 2, 2: neighbouring queries share a "
            "head.",
        ),
        Mistake(
            "no dimension",
            lambda x, groups: x.repeat_interleave(groups),
            "all numbers came back in one row: without a dimension, repeat_interleave flattens the tensor. Which "
            "dimension is that of the heads?",
        ),
        Mistake(
            "along the length",
            lambda x, groups: x.repeat_interleave(groups, 2),
            "the tokens are repeated and not the heads: heads are dimension 1.",
        ),
        Mistake(
            "along the width",
            lambda x, groups: x.repeat_interleave(groups, 3),
            "the numbers within a head are repeated and not the heads: heads are dimension 1.",
        ),
        Mistake(
            "along the batch",
            lambda x, groups: x.repeat_interleave(groups, 0),
            "the batch is repeated and not the heads: heads are dimension 1.",
        ),
        Mistake(
            "not repeated",
            lambda x, groups: x.clone(),
            "nothing is repeated: two key heads, for two query heads each, make four. groups is how many query heads "
            "share a key head.",
        ),
        Mistake(
            "dimensions not joined",
            lambda x, groups: x[:, :, None].expand(-1, -1, groups, -1, -1).clone(),
            "the repeated heads stand in a dimension of their own; it has to become one with the heads.",
        ),
    ],
    hints=[
        "Heads 1 and 2, twice each: 1, 1, 2, 2.",
        "Tensors have a method that repeats each element in place, along a dimension.",
        "It is called repeat_interleave, and takes how often and which dimension.",
    ],
    commentary="`x[:, :, None].expand(-1, -1, groups, -1, -1).flatten(1, 2)` is how Transformers writes it.",
)


# ---------------------------------------------------------------- step_with_cache


def step_with_cache(model_step, ids, cache):
    """Read new tokens with the help of the keys and values of all earlier ones.

    ids: (batch, new length). cache: keys and values of the earlier tokens, (layers, 2,
    batch, key heads, earlier length, width); its length is 0 at the beginning.
    model_step(ids, positions, mask, cache) -> (logits, new) runs the model on the new
    tokens. positions: (new length,). mask: (new length, earlier + new length), True
    where a new token may look. new: keys and values of the new tokens only.
    Returns the logits, and the cache with new keys and values after the earlier ones.
    """
    ### BEGIN SOLUTION
    earlier, new_length = cache.shape[-2], ids.shape[-1]
    positions = torch.arange(earlier, earlier + new_length)
    mask = causal_mask(earlier + new_length)[earlier:]  # the rows of the new tokens
    logits, new = model_step(ids, positions, mask, cache)
    return logits, torch.cat([cache, new], -2)
    ### END SOLUTION


def tiny_step(ids, positions, mask, cache):
    """A model of two layers, without norms: embeddings, rotary attention with a cache, residual, logits.

    Its 7 tokens have vectors of width 8, in two heads. Raises ValueError where positions or mask have another shape.
    """
    earlier, new_length = cache.shape[-2], ids.shape[-1]
    if tuple(positions.shape) != (new_length,):
        raise ValueError(
            f"{new_length} new tokens need as many positions, shape ({new_length},); given: {tuple(positions.shape)}."
        )
    if tuple(mask.shape) != (new_length, earlier + new_length):
        raise ValueError(
            f"The mask has shape {tuple(mask.shape)}. With {earlier} tokens in the cache and {new_length} new ones it "
            f"is ({new_length}, {earlier + new_length}): a row for each new token, a column for each token so far."
        )
    table = numbers(7, 8, seed=50)
    x, made = table[ids], []  # (batch, new length, 8)
    for layer, past in enumerate(cache):
        query, key, value = (split_heads(x @ part, 2) for part in numbers(3, 8, 8, seed=51 + layer) / 2)
        query, key = rotate(query, positions), rotate(key, positions)
        made.append(torch.stack([key, value]))
        keys, values = torch.cat([past, made[-1]], -2)  # (batch, heads, earlier + new length, 4) each
        x = x + merge_heads(attention(query, keys, values, mask)[0])
    return x @ table.T, torch.stack(made)


def tiny_case(earlier, new):
    """The arguments of a step: these tokens, after those."""
    empty = torch.zeros(2, 2, 1, 2, 0, 4)
    cache = step_with_cache(tiny_step, torch.tensor([earlier]), empty)[1] if earlier else empty
    return tiny_step, torch.tensor([new]), cache


def step_but(
    first=lambda earlier: earlier, mask=None, join=lambda cache, new: torch.cat([cache, new], -2), positions=None
):
    """A step with something else in one place: for the mistakes."""

    def wrong(model_step, ids, cache):
        earlier, length = cache.shape[-2], ids.shape[-1]
        seen = causal_mask(earlier + length)[earlier:] if mask is None else mask(earlier, length)
        places = first(earlier) + torch.arange(length) if positions is None else positions(earlier, length)
        logits, new = model_step(ids, places, seen, cache)
        return logits, join(cache, new)

    return wrong


def hides_the_past(earlier, length):
    """A mask for the new tokens, in which the earlier ones are hidden."""
    return torch.cat([torch.zeros(length, earlier, dtype=torch.bool), causal_mask(length)], -1)


def cache_not_given(model_step, ids, cache):
    """The model is run without the cache."""
    empty = cache[..., :0, :]
    logits, new = model_step(ids, torch.arange(ids.shape[-1]), causal_mask(ids.shape[-1]), empty)
    return logits, torch.cat([cache, new], -2)


STEP_WITH_CACHE = Exercise(
    name="step_with_cache",
    chapter=5,
    minutes=12,
    level="hard",
    signature="step_with_cache(model_step, ids, cache) -> (logits, cache)",
    reference=step_with_cache,
    cases=[
        Case(make=lambda: tiny_case([], [1, 2]), says="two tokens, nothing in the cache"),
        Case(make=lambda: tiny_case([1, 2, 3], [4]), says="one new token after three"),
        Case(make=lambda: tiny_case([1, 2, 3], [4, 5]), says="two new tokens after three"),
    ],
    mistakes=[
        Mistake(
            "cache overwritten",
            step_but(join=lambda cache, new: new),
            "only the new tokens' keys and values come back, and the earlier ones are lost: the cache has to grow.",
        ),
        Mistake(
            "new ones dropped",
            step_but(join=lambda cache, new: cache.clone()),
            "the cache comes back as it was: the new tokens' keys and values are missing.",
        ),
        Mistake(
            "new ones first",
            step_but(join=lambda cache, new: torch.cat([new, cache], -2)),
            "the new keys and values stand before the earlier ones; they come after them.",
        ),
        Mistake(
            "positions from 0",
            step_but(first=lambda earlier: 0),
            "the positions restart at 0: after three tokens the next one stands at position 3.",
        ),
        Mistake(
            "positions from 0 and cache overwritten",
            step_but(first=lambda earlier: 0, join=lambda cache, new: new),
            "the positions restart at 0 (after three tokens the next one stands at position 3), and the cache comes "
            "back with the new tokens alone.",
        ),
        Mistake(
            "positions one too high",
            step_but(first=lambda earlier: earlier + 1),
            "the positions are one too high: the first token stands at position 0.",
        ),
        Mistake(
            "positions one too low",
            step_but(first=lambda earlier: max(0, earlier - 1)),
            "the positions are one too low: after three tokens, 0 to 2, the next one stands at position 3.",
        ),
        Mistake(
            "positions of all tokens",
            step_but(positions=lambda earlier, length: torch.arange(earlier + length)),
            "there is a position for each token so far. The model reads the new tokens only and wants their positions: "
            "after three tokens, one new one has [3].",
        ),
        Mistake(
            "one position for all",
            step_but(positions=lambda earlier, length: torch.full((length,), earlier)),
            "all new tokens have the same position: two new ones after three stand at 3 and 4.",
        ),
        Mistake(
            "mask of the new tokens alone",
            step_but(mask=lambda earlier, length: causal_mask(length)),
            "the mask has columns for the new tokens only. It needs a row for each new token, and a column for each "
            "token so far: those in the cache too.",
        ),
        Mistake(
            "mask of all tokens",
            step_but(mask=lambda earlier, length: causal_mask(earlier + length)),
            "the mask has a row for each token so far. The earlier ones ask nothing: a row for each new token, "
            "and a column for each token so far.",
        ),
        Mistake(
            "the past hidden",
            step_but(mask=hides_the_past),
            "the mask hides the earlier tokens from the new ones.",
        ),
        Mistake(
            "nothing hidden",
            step_but(mask=lambda earlier, length: torch.ones(length, earlier + length, dtype=torch.bool)),
            "the mask hides nothing: of two new tokens the first sees the second, which comes after it.",
        ),
        Mistake(
            "rows of the first tokens",
            step_but(mask=lambda earlier, length: causal_mask(earlier + length)[:length]),
            "the mask has the rows of the first tokens, who see hardly anything; the new ones need the last rows.",
        ),
        Mistake(
            "cache not given",
            cache_not_given,
            "the model runs without the cache: the new tokens do not see the earlier ones.",
        ),
    ],
    hints=[
        "How many tokens are in the cache? Its last dimension but one says so. The new positions go on from there.",
        "The mask has a row for each new token and a column for each token so far. Of a causal mask for all tokens, "
        "which rows are those of the new ones?",
        "model_step returns the new keys and values only: torch.cat puts them after the earlier ones.",
    ],
    commentary="torch.cat copies the whole cache at each step. It is the shortest way to write it; a cache of a fixed "
    "length, as Transformers' StaticCache, is allocated once and filled.",
)
