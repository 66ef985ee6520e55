"""Where attention sits in a model of Transformers: its layers by kind, and the four linear layers in each."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from torch import nn


def parts(layer: nn.Module) -> tuple[nn.Linear, nn.Linear, nn.Linear, nn.Linear]:
    """The four linear layers of an attention layer: query, key, value, output. Raises ValueError if it has none."""
    inner = _inner(layer)
    if inner is None:
        raise ValueError(
            f"{type(layer).__name__} has no query, key and value layers known here. "
            "Known are the attention layers of BERT, Llama, Marian and BART, and nn.MultiheadAttention."
        )
    if inner is not layer:
        return inner.query, inner.key, inner.value, layer.output.dense
    return layer.q_proj, layer.k_proj, layer.v_proj, layer.o_proj if hasattr(layer, "o_proj") else layer.out_proj


def head_width(layer: nn.Module) -> int:
    """How many numbers of an attention layer's queries and keys belong to one head."""
    inner = _inner(layer)
    return inner.head_dim if inner is layer else inner.attention_head_size


def _inner(module: nn.Module) -> nn.Module | None:
    """What holds the query layer of an attention layer: itself in Llama, Marian and BART, its `self` in BERT."""
    if hasattr(module, "q_proj"):
        return module
    inner = getattr(module, "self", None)
    return inner if hasattr(inner, "query") else None


def attention_layers(model: nn.Module) -> dict[str, list[nn.Module]]:
    """The attention layers of a Transformers model, from the first on, by kind.

    `self`: an encoder's, `causal`: a decoder's on what it has written, `cross`: a decoder's on the encoder.
    """
    found: dict[str, list[nn.Module]] = {}
    for name, module in model.named_modules():
        inner = _inner(module)
        if inner is None:
            continue
        cross = name.endswith(("encoder_attn", "crossattention"))
        kind = "cross" if cross else "causal" if getattr(inner, "is_causal", False) else "self"
        found.setdefault(kind, []).append(module)
    if not found:
        raise ValueError(f"No attention layer of a known form was found in {type(model).__name__}.")
    return found


@contextlib.contextmanager
def eager(model: nn.Module) -> Iterator[None]:
    """Within: attention is computed step by step, so that its weights exist; fused kernels keep none."""
    before = model.config._attn_implementation
    model.set_attn_implementation("eager")
    try:
        yield
    finally:
        model.set_attn_implementation(before)
