"""Attention, written out: the function, its masks, rotary positions, and the layer around it.

Chapter 05 writes the first half of this file step by step. Everything follows Vaswani et al., "Attention Is All You
Need", 2017; grouped queries follow Ainslie et al., "GQA", 2023, rotary positions Su et al., "RoFormer", 2021. The
oracles in tests/lib/test_attention.py are PyTorch's own functions and the layers of Transformers.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from course_lib.arguments import whole
from course_lib.probing import head_width, parts


def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """For each query a mean of the values, weighted by how well the query and each key agree.

    query: (..., query, width), key: (..., key, width), value: (..., key, value width); what stands before must
    broadcast. mask: boolean, broadcastable to (..., query, key), True where a query may look; or numbers that are added
    to the scores. Returns the output (..., query, value width) and the weights (..., query, key), whose rows sum to 1.

    Raises ValueError for shapes that do not fit, for no keys, for a mask with NaN in it, and for a query that may look
    nowhere, whose softmax would be NaN; TypeError for what is no tensor of floating-point numbers.
    Source: Vaswani et al. 2017, section 3.2.1; PyTorch's function of the same name returns the output only.
    """
    for name, tensor in (("query", query), ("key", key), ("value", value)):
        _check_states(name, tensor)
    if query.shape[-1] != key.shape[-1]:
        raise ValueError(
            f"Query and key need the same width to be compared: query {tuple(query.shape)}, key {tuple(key.shape)}."
        )
    if key.shape[-2] != value.shape[-2]:
        raise ValueError(f"Each key needs one value: key {tuple(key.shape)}, value {tuple(value.shape)}.")
    if not query.shape[-1] or not key.shape[-2]:
        raise ValueError(
            "Query and key need one number or more to be compared, and a query needs one key or more to look at: query "
            f"{tuple(query.shape)}, key {tuple(key.shape)}."
        )
    try:
        torch.broadcast_shapes(query.shape[:-2], key.shape[:-2], value.shape[:-2])
    except RuntimeError:
        raise ValueError(
            f"What stands before the last two dimensions must broadcast: query {tuple(query.shape)}, key "
            f"{tuple(key.shape)}, value {tuple(value.shape)}. Is one of them of another batch?"
        ) from None
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (..., query, key)
    if mask is not None:
        scores = _masked(scores, mask)
    weights = scores.softmax(-1)  # (..., query, key)
    return weights @ value, weights  # (..., query, value width), (..., query, key)


def _check_states(name: str, states: Tensor, least: int = 2) -> None:
    if not isinstance(states, Tensor) or not states.is_floating_point():
        found = states.dtype if isinstance(states, Tensor) else type(states).__name__
        raise TypeError(f"{name} is a tensor of floating-point numbers; given: {found}.")
    if states.dim() < least:
        shape = "(..., position, width)" if least == 2 else "(batch, position, width)"
        raise ValueError(f"{name} is {shape}; given: the shape {tuple(states.shape)}.")


def _masked(scores: Tensor, mask: Tensor) -> Tensor:
    """The scores with −∞ where a boolean mask is False, or with the numbers of a mask of numbers added."""
    if not isinstance(mask, Tensor):
        raise TypeError(f"mask is a tensor, boolean or of numbers to add; given: {type(mask).__name__}.")
    try:
        fits = torch.broadcast_shapes(mask.shape, scores.shape) == scores.shape
    except RuntimeError:
        fits = False
    if not fits:
        raise ValueError(
            f"The mask {tuple(mask.shape)} does not broadcast to the scores {tuple(scores.shape)}, "
            "whose last two dimensions are query and key. Add dimensions of size 1, as in mask[:, None, None, :]."
        )
    if mask.dtype == torch.bool:
        scores = scores.masked_fill(~mask, -math.inf)
    elif mask.is_floating_point():
        mask = mask.to(scores)  # else the weights have another precision than the values
        if mask.isnan().any() or (mask == math.inf).any():
            raise ValueError("The mask holds NaN or +∞, and no weights follow from these. Add 0 or −∞ to the scores.")
        scores = scores + mask
    else:
        raise ValueError(
            f"A mask is boolean (True: may look) or has numbers to add; this one is {mask.dtype}. "
            "For a tokenizer's attention_mask of 0 and 1 write padding_mask(attention_mask)."
        )
    nowhere = (scores == -math.inf).all(-1)
    if nowhere.any():
        where = nowhere.nonzero()[0].tolist()
        raise ValueError(
            f"With this mask {int(nowhere.sum())} of the queries may look nowhere, the first at {where}: the weights "
            "would be 0/0. Let each look at least at itself, or leave them out."
        )
    return scores


def causal_mask(length: int, past: int = 0) -> Tensor:
    """True where a query may look: at itself and at what stands before it. Returns (length, past + length), boolean.

    `past` is the number of earlier positions whose keys are kept in a cache: every query sees all of them.
    """
    length, past = whole("length", length), whole("past", past, 0)
    return torch.ones(length, past + length, dtype=torch.bool).tril(past)


def padding_mask(attention_mask: Tensor) -> Tensor:
    """A tokenizer's attention_mask (batch, key), 1 for a token and 0 for padding, as boolean (batch, 1, 1, key).

    The two new dimensions stand for heads and queries: padding is hidden from all of them alike.
    """
    if not isinstance(attention_mask, Tensor):
        raise TypeError(f"attention_mask is a tensor (batch, token); given: {type(attention_mask).__name__}.")
    values = set(attention_mask.unique().tolist())
    if attention_mask.dim() != 2 or not values <= {0, 1}:
        raise ValueError(
            f"An attention_mask is (batch, token) with only 0 and 1 in it, this one is {tuple(attention_mask.shape)} "
            f"with {sorted(values)[:5]}. Give what the tokenizer returned."
        )
    return attention_mask.bool()[:, None, None, :]


def combine_masks(*masks: Tensor | None) -> Tensor | None:
    """A query may look where all of the boolean masks let it; None stands for a mask that hides nothing."""
    given = [mask for mask in masks if mask is not None]
    for mask in given:
        if not isinstance(mask, Tensor) or mask.dtype != torch.bool:
            found = getattr(mask, "dtype", type(mask).__name__)
            raise ValueError(f"Only boolean masks can be combined, this one is {found}; add numbers yourself.")
    try:
        torch.broadcast_shapes(*(mask.shape for mask in given))
    except RuntimeError:
        shapes = ", ".join(str(tuple(mask.shape)) for mask in given)
        raise ValueError(f"The masks must broadcast to one shape, and these do not: {shapes}.") from None
    combined = None
    for mask in given:
        combined = mask if combined is None else combined & mask
    return combined


def rotary_angles(positions: Tensor, width: int, base: float = 10_000.0) -> tuple[Tensor, Tensor]:
    """Cosines and sines (position, width) by which `rotate` turns a query or a key at each of `positions`.

    Numbers i and i + width/2 form a pair, which is turned by position · base^(−2i/width). Raises ValueError for a width
    that is odd, for positions that are not (position,), and for a base that is not above 0. Source: Su et al. 2021.
    """
    if whole("width", width, 2) % 2:
        raise ValueError(f"width is an even number from 2 on, since numbers are turned in pairs; given: {width!r}.")
    if not isinstance(positions, Tensor) or positions.dim() != 1 or positions.is_complex():
        found = tuple(positions.shape) if isinstance(positions, Tensor) else type(positions).__name__
        raise ValueError(f"positions is a tensor (position,), such as torch.arange(8); given: {found}.")
    if not 0 < base < math.inf:
        raise ValueError(f"base is a number above 0, such as 10,000; given: {base!r}.")
    speeds = base ** (-torch.arange(0, width, 2, dtype=torch.float32) / width)  # (width / 2,)
    angles = positions.float()[:, None] * speeds  # (position, width / 2)
    angles = torch.cat([angles, angles], -1)  # (position, width)
    return angles.cos(), angles.sin()


def rotate(states: Tensor, cosines: Tensor, sines: Tensor) -> Tensor:
    """Turn the pairs of `states` (..., position, width): dot products then depend on the distance only.

    `cosines` and `sines` (position, width) are those of `rotary_angles`. Raises ValueError for other shapes.
    """
    _check_states("states", states)
    if not cosines.shape == sines.shape == states.shape[-2:] or states.shape[-1] % 2:
        raise ValueError(
            f"cosines and sines are {tuple(states.shape[-2:])}, of states {tuple(states.shape)}, with an even width; "
            f"given: {tuple(cosines.shape)} and {tuple(sines.shape)}. Take rotary_angles(positions, width)."
        )
    cosines, sines = cosines.to(states), sines.to(states)  # float32, also for states of half the bits
    first, second = states.chunk(2, -1)  # (..., position, width / 2) each
    return states * cosines + torch.cat([-second, first], -1) * sines  # (..., position, width)


class MultiHeadAttention(nn.Module):
    """Several attentions side by side, each in its own small space, and a linear layer that mixes what they found.

    `key_heads` below `heads` is grouped-query attention: several query heads share one head of keys and values.
    """

    def __init__(
        self, width: int, heads: int, *, key_heads: int | None = None, head_width: int | None = None, bias: bool = True
    ):
        """Random weights; `width` numbers a position, `head_width` (width / heads) in each head.

        Raises ValueError for numbers below 1 and for those that do not come out even.
        """
        super().__init__()
        key_heads = heads if key_heads is None else key_heads
        sizes = {"width": width, "heads": heads, "key_heads": key_heads, "head_width": head_width}
        for name, size in sizes.items():
            if size is not None or name != "head_width":
                whole(name, size)
        if head_width is None and width % heads or heads % key_heads:
            raise ValueError(
                f"The width is shared out among the heads, and the heads among the key heads: {width} by {heads}, "
                f"{heads} by {key_heads} does not come out even."
            )
        self.heads, self.key_heads = heads, key_heads
        head_width = width // heads if head_width is None else head_width
        self.query = nn.Linear(width, heads * head_width, bias=bias)
        self.key = nn.Linear(width, key_heads * head_width, bias=bias)
        self.value = nn.Linear(width, key_heads * head_width, bias=bias)
        self.output = nn.Linear(heads * head_width, width, bias=bias)

    def forward(
        self,
        states: Tensor,
        context: Tensor | None = None,
        mask: Tensor | None = None,
        rotary: tuple[Tensor, Tensor] | None = None,
    ) -> tuple[Tensor, Tensor]:
        """states (batch, query, width) look at context (batch, key, width), or at themselves if there is none.

        `rotary` is what `rotary_angles` returns. Returns (batch, query, width) and weights (batch, head, query, key).
        Raises ValueError for shapes that do not fit.
        """
        context = states if context is None else context
        for name, tensor in (("states", states), ("context", context)):
            _check_states(name, tensor, least=3)
            if tensor.dim() != 3 or tensor.shape[-1] != self.query.in_features or len(tensor) != len(states):
                raise ValueError(
                    f"{name} is (batch, position, {self.query.in_features}), of the same batch as states; given: "
                    f"{tuple(tensor.shape)}."
                )
        query = self.query(states).unflatten(-1, (self.heads, -1)).transpose(1, 2)  # (batch, head, query, head width)
        key = self.key(context).unflatten(-1, (self.key_heads, -1)).transpose(1, 2)  # (batch, key head, key, …)
        value = self.value(context).unflatten(-1, (self.key_heads, -1)).transpose(1, 2)
        if rotary is not None:
            query, key = rotate(query, *rotary), rotate(key, *rotary)
        key = key.repeat_interleave(self.heads // self.key_heads, 1)  # (batch, head, key, head width)
        value = value.repeat_interleave(self.heads // self.key_heads, 1)
        found, weights = scaled_dot_product_attention(query, key, value, mask)  # (batch, head, query, head width)
        return self.output(found.transpose(1, 2).flatten(2)), weights  # (batch, query, width)

    @classmethod
    def of(cls, layer: nn.Module) -> MultiHeadAttention:
        """A copy, with the weights, of a layer of BERT, Llama, Marian or BART, or of `nn.MultiheadAttention`.

        BERT adds its residual and its norm in the same layer; they are not copied. Raises ValueError for a layer that
        computes with more than its four linear layers: Qwen3's has norms of queries and keys, Gemma 2's a cap.
        """
        if isinstance(layer, nn.MultiheadAttention):
            return cls._of_torch(layer)
        query, key, value, output = parts(layer)
        width, more = head_width(layer), _beyond(layer)
        biases = {part.bias is not None for part in (query, key, value, output)}
        inner = getattr(layer, "self", layer)
        scales = [getattr(inner, name, width**-0.5) for name in ("scaling", "scale")]
        if more or len(biases) > 1 or not all(math.isclose(scale, width**-0.5) for scale in scales):
            what = f"{', '.join(more)} too" if more else "a scale of its own, or biases in some of its parts only"
            raise ValueError(
                f"layer, a {type(layer).__name__}, computes with {what}, which is not copied. What can be copied are "
                "layers of BERT, Llama, Marian and BART, and nn.MultiheadAttention."
            )
        ours = cls(
            query.in_features,
            query.out_features // width,
            key_heads=key.out_features // width,
            head_width=width,
            bias=query.bias is not None,
        )
        for mine, theirs in zip(
            (ours.query, ours.key, ours.value, ours.output), (query, key, value, output), strict=True
        ):
            mine.load_state_dict(theirs.state_dict())
        return ours.to(query.weight).eval()

    @classmethod
    def _of_torch(cls, layer: nn.MultiheadAttention) -> MultiHeadAttention:
        if layer.in_proj_weight is None or layer.bias_k is not None or layer.add_zero_attn or not layer.batch_first:
            raise ValueError(
                "Only nn.MultiheadAttention with one width, batch_first=True and no extra keys can be copied."
            )
        ours = cls(layer.embed_dim, layer.num_heads, bias=layer.in_proj_bias is not None)
        with torch.no_grad():
            for number, mine in enumerate((ours.query, ours.key, ours.value)):
                mine.weight.copy_(layer.in_proj_weight.chunk(3)[number])
                if mine.bias is not None:
                    mine.bias.copy_(layer.in_proj_bias.chunk(3)[number])
        ours.output.load_state_dict(layer.out_proj.state_dict())
        return ours.to(layer.in_proj_weight).eval()


# What a layer may have and be copied: its parts and sizes, its scale, what the mask and the positions say, and the
# `forward` that accelerate's hooks set on it
PLAIN = """forward self query key value output q_proj k_proj v_proj o_proj out_proj enable_bias training layer_idx
layer_type config num_heads num_attention_heads attention_head_size num_key_value_heads num_key_value_groups
head_dim all_head_size embed_dim hidden_size scaling scale is_causal is_decoder is_cross_attention use_rope
sliding_window is_sliding"""


def _beyond(layer: nn.Module) -> list[str]:
    """What a layer has and a copy has not, by name. Dropout is off in evaluation; a mask says where a window ends."""
    found = {"clip_qkv"} if getattr(getattr(layer, "config", None), "clip_qkv", None) else set()  # OLMo
    for one in (layer, getattr(layer, "self", layer)):  # where `self` holds BERT's queries, keys and values
        has = vars(one) | one._parameters | one._buffers | one._modules
        found |= {name for name, value in has.items() if value is not None and value is not False}
    return sorted(name for name in found - {*PLAIN.split()} if name[0] != "_" and "drop" not in name)
