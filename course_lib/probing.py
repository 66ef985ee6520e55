"""Looking into a model: where its attention sits, what it weighs, what happens without a head, what depends on what.

`attention_layers` finds the attention layers of a model of Transformers, by kind, and `parts` the four linear layers
in each. `attention_weights` are what they weigh on an input; `ablate_heads` takes heads out; `dependencies` changes
one token after the other and sees which outputs move, and needs nothing from inside a model. Chapters 04 and 05.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import torch
from torch import Tensor, nn

from course_lib.arguments import is_whole, whole


def parts(layer: nn.Module) -> tuple[nn.Linear, nn.Linear, nn.Linear, nn.Linear]:
    """The four linear layers of an attention layer: query, key, value, output. Raises ValueError if it has none."""
    inner = _inner(layer)
    if inner is None:
        raise ValueError(
            f"layer is a {type(layer).__name__}, without query, key and value layers known here. "
            "Known are the attention layers of BERT, Llama, Marian and BART."
        )
    if inner is not layer:
        return inner.query, inner.key, inner.value, layer.output.dense
    return layer.q_proj, layer.k_proj, layer.v_proj, layer.o_proj if hasattr(layer, "o_proj") else layer.out_proj


def head_width(layer: nn.Module) -> int:
    """How many numbers of an attention layer's queries and keys belong to one head.

    Raises ValueError for a layer that `parts` does not know.
    """
    parts(layer)
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

    `self`: an encoder's, `causal`: a decoder's on what it has written, `cross`: a decoder's on the encoder. Raises
    ValueError for a model without any, TypeError for what is no model.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"model is a model of Transformers; given: {model!r:.80}.")
    found: dict[str, list[nn.Module]] = {}
    for name, module in model.named_modules():
        inner = _inner(module)
        if inner is None:
            continue
        cross = name.endswith(("encoder_attn", "crossattention"))
        kind = "cross" if cross else "causal" if getattr(inner, "is_causal", False) else "self"
        found.setdefault(kind, []).append(module)
    if not found:
        raise ValueError(f"No attention layer of a known form was found in the model, a {type(model).__name__}.")
    return found


@contextlib.contextmanager
def eager(model: nn.Module) -> Iterator[None]:
    """Within: attention is computed step by step, so that its weights exist; fused kernels keep none.

    Raises TypeError for what is no model of Transformers.
    """
    if not hasattr(model, "set_attn_implementation"):
        raise TypeError(f"model is a model of Transformers, whose attention can be chosen; given: {model!r:.80}.")
    before = model.config._attn_implementation
    model.set_attn_implementation("eager")
    try:
        yield
    finally:
        model.set_attn_implementation(before)


@torch.no_grad()
def attention_weights(model: nn.Module, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights of every attention layer of a model on `inputs`: kind -> (layer, batch, head, query, key).

    The kinds are those of `attention_layers`. A sequence-to-sequence model needs `decoder_input_ids` among the inputs.
    Raises ValueError if these are missing, if the model returns no weights, or if rows do not sum to 1.
    """
    if not isinstance(inputs, Mapping) or "input_ids" not in inputs:
        raise TypeError(f"inputs is what the tokenizer returned, with input_ids; given: {inputs!r:.80}.")
    both = getattr(model.config, "is_encoder_decoder", False)
    if both and not {"decoder_input_ids", "labels"} & set(inputs):
        raise ValueError(
            f"{type(model).__name__} has an encoder and a decoder: give the target too, as inputs['decoder_input_ids'] "
            f"or inputs['labels']. Given: {', '.join(inputs)}."
        )
    with eager(model):
        outputs = model(**inputs, output_attentions=True)
    if both:
        names = {"self": "encoder_attentions", "causal": "decoder_attentions", "cross": "cross_attentions"}
    else:
        names = {next(iter(attention_layers(model))): "attentions"}
    found = {kind: torch.stack(outputs[name]) for kind, name in names.items() if outputs.get(name)}
    if len(found) < len(names):
        raise ValueError(f"{type(model).__name__} returned no attention weights for {sorted(set(names) - set(found))}.")
    for kind, weights in found.items():
        near = 1e-3 if weights.dtype in (torch.float32, torch.float64) else 2e-2
        if weights.dim() != 5 or not ((weights.float().sum(-1) - 1).abs() < near).all():
            raise ValueError(
                f"The {kind} weights {tuple(weights.shape)} are not (layer, batch, head, query, key), rows of sum 1."
            )
    return found


def _among(number, count: int) -> bool:
    return is_whole(number) and 0 <= number < count


@contextlib.contextmanager
def ablate_heads(model: nn.Module, heads: Mapping[int, Sequence[int]], kind: str | None = None) -> Iterator[None]:
    """Within: the named heads, {layer: [head, …]}, contribute zeros. Afterwards, also after an error, nothing is left.

    What a head found is set to 0 before the output layer mixes it in. (Transformers 5 accepts the `head_mask` of older
    versions and ignores it.) `kind` is one of `attention_layers`; it may be left out where a model has only one. Raises
    ValueError for a layer or a head that the model does not have. Source: Michel et al., "Are Sixteen Heads Really
    Better than One?", 2019.
    """
    kinds = attention_layers(model)
    if kind is None and len(kinds) > 1:
        raise ValueError(
            f"{type(model).__name__} has {', '.join(kinds)} attention: say which, as in kind={next(iter(kinds))!r}."
        )
    if kind is not None and kind not in kinds:
        raise ValueError(f"kind is {kind!r}. {type(model).__name__} has these kinds of attention: {', '.join(kinds)}.")
    layers = kinds[kind or next(iter(kinds))]
    if not isinstance(heads, Mapping):
        raise TypeError(f"heads is {{layer: [head, …]}}, such as {{0: [1, 3]}}; given: {heads!r:.80}.")
    plans = []
    for layer, chosen in heads.items():
        if not _among(layer, len(layers)):
            raise ValueError(
                f"Layer {layer!r} was named in heads; there are {len(layers)}, from 0 to {len(layers) - 1}."
            )
        output = parts(layers[layer])[3]
        width = head_width(layers[layer])
        count = output.in_features // width
        if not isinstance(chosen, Iterable) or isinstance(chosen, str):
            raise TypeError(f"heads[{layer}] is a list of heads, also for one; given: {chosen!r:.80}.")
        chosen = tuple(chosen)  # of a generator there is one reading
        wrong = [head for head in chosen if not _among(head, count)]
        if wrong:
            raise ValueError(f"Heads {wrong} were named in layer {layer}; there are {count}, from 0 to {count - 1}.")
        plans.append((output, width, tuple(map(int, chosen))))

    def without(width: int, chosen: tuple[int, ...]):
        def hook(module, arguments):
            found = arguments[0].unflatten(-1, (-1, width)).clone()  # (batch, query, head, head width)
            found[..., list(chosen), :] = 0
            return (found.flatten(-2),)

        return hook

    with contextlib.ExitStack() as stack:
        for output, width, chosen in plans:
            stack.callback(output.register_forward_pre_hook(without(width, chosen)).remove)
        yield


@torch.no_grad()
def dependencies(outputs_of: Callable[[Tensor], Tensor], ids: Tensor, other: int) -> Tensor:
    """How far each output moves when one input is replaced: (output, input), the greatest absolute difference.

    `outputs_of` takes token ids (batch, input) and returns vectors (batch, output, width); `ids` (input,) is one
    sequence; `other` is the token id that is put in each place in turn. An entry of exactly 0 means: this output does
    not use that input. Raises ValueError for ids of another shape, and where `other` is already there.
    """
    if not isinstance(ids, Tensor) or ids.dtype != torch.long:
        found = getattr(ids, "dtype", type(ids).__name__)
        raise TypeError(f"ids is a tensor of token ids, torch.int64; given: {found}.")
    whole("other", other, least=0)
    if not callable(outputs_of):
        raise TypeError(f"outputs_of is a function, from token ids to vectors; given: {outputs_of!r:.80}.")
    if ids.dim() != 1 or not len(ids):
        raise ValueError(f"ids is one sequence of token ids, of shape (input,); given: {tuple(ids.shape)}.")
    if (ids == other).any():
        raise ValueError(
            f"other is {other}, a token that stands at position {int((ids == other).nonzero()[0])} already: putting it "
            "there changes nothing. Choose another."
        )
    changed = ids.repeat(len(ids), 1)  # (input, input)
    changed.fill_diagonal_(other)
    before = outputs_of(ids[None])  # (1, output, width)
    after = torch.cat([outputs_of(row[None]) for row in changed])  # (input, output, width), one at a time: same kernels
    return (after - before).abs().amax(-1).T  # (output, input)
