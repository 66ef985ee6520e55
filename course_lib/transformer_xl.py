"""Transformer-XL: a language model that remembers the segment before, small enough to read.

Transformers 4 had it, version 5 has not. Two ideas of Dai et al., "Transformer-XL: Attentive Language Models Beyond a
Fixed-Length Context", 2019: each layer keeps its inputs as a memory that the next segment looks at (section 3.2), and
positions enter as the distance between two tokens, not as places in a segment (section 3.3).

The softmax is plain, over the whole vocabulary, as in the paper's models of characters. What its models of words added,
adaptive embedding and softmax, is not supported, and the configuration says so. Importing this file registers both
classes with AutoConfig and AutoModelForCausalLM. The oracle is the model of Transformers 4.57, whose answers
tests/lib/parity/record_transformer_xl.py records.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModelForCausalLM, GenerationMixin, PreTrainedConfig, PreTrainedModel
from transformers import initialization as init
from transformers.utils import ModelOutput

from course_lib.arguments import whole

ONLY = {"cutoffs": ([], ()), "div_val": (1,), "attn_type": (0,), "sample_softmax": (-1, 0)}  # in configs of version 4


class TransformerXLConfig(PreTrainedConfig):
    """Sizes and habits of a Transformer-XL; the defaults are the authors' 12-layer model for enwik8, for any byte.

    d_head: numbers a head, d_inner: numbers inside the feed-forward part. mem_len: tokens that the memory holds; no
    weight depends on it, so `model.config.mem_len` may be changed later. memory_start: what a text begins with, "empty"
    as in the authors' PyTorch code, or "zeros", mem_len vectors of zeros that are looked at too, as in Transformers 4.
    clamp_len: greater distances count as this one; 0 or less is no limit. same_length: each token sees mem_len tokens,
    itself included, and no more. pre_lnorm: normalise what goes into a part, not what comes out. untie_r: a u and a v
    for each layer. Raises ValueError for sizes that fit no model and for settings that are not supported here.
    """

    model_type = "transfo-xl"
    keys_to_ignore_at_inference = ["mems"]
    attribute_map = {"hidden_size": "d_model", "num_attention_heads": "n_head", "num_hidden_layers": "n_layer"}

    vocab_size: int = 256
    d_model: int = 512
    n_head: int = 8
    d_head: int = 64
    d_inner: int = 2048
    n_layer: int = 12
    mem_len: int = 512
    memory_start: str = "empty"
    clamp_len: int = -1
    same_length: bool = False
    pre_lnorm: bool = False
    untie_r: bool = True
    dropout: float = 0.1
    dropatt: float = 0.0
    init_std: float = 0.02
    layer_norm_epsilon: float = 1e-5
    tie_word_embeddings: bool = True
    bos_token_id: int | None = None
    eos_token_id: int | list[int] | None = None
    pad_token_id: int | None = None

    def __post_init__(self, **others):
        """Called by the constructor; `others` are settings without a line above."""
        super().__post_init__(**others)
        self.check()

    def check(self) -> None:
        """Raise ValueError, with what to do, if no model can be made from these settings."""
        for name in ("vocab_size", "d_model", "n_head", "d_head", "d_inner", "n_layer", "mem_len"):
            value, least = getattr(self, name), 0 if name == "mem_len" and not self.same_length else 1
            if not isinstance(value, int) or value < least:
                raise ValueError(f"{name} is {value!r}; give a whole number of at least {least}.")
        if self.d_model % 2:
            raise ValueError(f"d_model is {self.d_model}; give an even number: a code is half sines, half cosines.")
        if not (0 <= self.dropout < 1 and 0 <= self.dropatt < 1):
            raise ValueError(f"Give shares from 0 to below 1; dropout is {self.dropout}, dropatt is {self.dropatt}.")
        allowed = {**ONLY, "d_embed": (self.d_model, None), "memory_start": ("empty", "zeros")}
        for name, values in allowed.items():
            if (given := getattr(self, name, values[0])) not in values:
                raise ValueError(
                    f"{name}={given!r} is not supported, only {' or '.join(map(repr, values))}: here are one plain "
                    "embedding and softmax over the whole vocabulary, and relative positions."
                )


@dataclass
class TransformerXLOutput(ModelOutput):
    """What the model returns: loss if there are labels, mems if mem_len is above 0, the last two if asked for."""

    loss: Tensor | None = None  # ()
    logits: Tensor | None = None  # (batch, token, vocabulary), before the softmax
    mems: list[Tensor] | None = None  # n_layer of (batch, memory, width), for the next segment
    hidden_states: tuple[Tensor, ...] | None = None  # n_layer + 1 of (batch, token, width)
    attentions: tuple[Tensor, ...] | None = None  # n_layer of (batch, head, query, key)


def distance_codes(distances: Tensor, width: int) -> Tensor:
    """Sines, then cosines, (distance, width): the R of the paper, in which nothing is learned.

    Number i of each half turns with speed 10000^(−2i/width), like the positions of Vaswani et al. 2017. Raises
    ValueError for an odd width and for distances that are not (distance,).
    """
    if whole("width", width) % 2 or not isinstance(distances, Tensor) or distances.dim() != 1:
        raise ValueError(
            f"width is even, half sines and half cosines, and distances a tensor (distance,); given: {width} and "
            f"{tuple(getattr(distances, 'shape', ()))}."
        )
    speeds = 10_000.0 ** (-torch.arange(0, width, 2, device=distances.device) / width)  # (width / 2,)
    angles = distances.float()[:, None] * speeds  # (distance, width / 2)
    return torch.cat([angles.sin(), angles.cos()], -1)  # (distance, width)


def shift(scores: Tensor) -> Tensor:
    """From a column a distance, keys − 1 down to 0, to a column a key: (..., query, distance) to (..., query, key).

    The last query has its scores in place: the last key is itself, at distance 0. The query before is one nearer to
    every key, so its row belongs one column to the left, the row before that two, and so on. One number more in front
    of each row makes rows of keys + 1. Written in one line and cut into rows of `keys` again, each starts one column
    further right than the row before; without the first `queries` numbers the last row is in its place. What runs
    over the end of a row lands on keys that stand after the query: the mask must hide those. Raises ValueError for more
    queries than keys: each query is one of the keys.
    """
    if not isinstance(scores, Tensor):
        raise TypeError(f"scores is a tensor (..., query, distance); given: {scores!r:.80}.")
    if scores.dim() < 2 or not 0 < scores.shape[-2] <= scores.shape[-1]:
        raise ValueError(f"scores is (..., query, distance), with queries ≤ distances; given: {tuple(scores.shape)}.")
    queries, keys = scores.shape[-2:]
    line = nn.functional.pad(scores, (1, 0)).flatten(-2)  # (..., query · (key + 1))
    return line[..., queries:].unflatten(-1, (queries, keys))  # (..., query, key)


class RelativeAttention(nn.Module):
    """Attention whose scores know what a key is and how far back it stands: (qᵢ + u)·kⱼ + (qᵢ + v)·r₍ᵢ₋ⱼ₎.

    Multiplied out, these are the four terms of section 3.3. The names are those of Transformers, which
    `course_lib.attention` knows; r_proj is the paper's W with index k,R.
    """

    is_causal = True

    def __init__(self, config: TransformerXLConfig):
        """Random weights."""
        super().__init__()
        self.head_dim, inside = config.d_head, config.n_head * config.d_head
        self.q_proj, self.k_proj, self.v_proj, self.r_proj = (
            nn.Linear(config.d_model, inside, bias=False) for _ in range(4)
        )
        self.o_proj = nn.Linear(inside, config.d_model, bias=False)
        self.dropout = nn.Dropout(config.dropatt)

    def forward(
        self, states: Tensor, context: Tensor, codes: Tensor, u: Tensor, v: Tensor, visible: Tensor
    ) -> tuple[Tensor, Tensor]:
        """states (batch, query, width) look at context (batch, key, width): the memory, then the states themselves.

        codes (key, width), of distances keys − 1 to 0; u and v (head, head width); visible (query, key), boolean.
        Returns (batch, query, width) and the weights (batch, head, query, key).
        """
        query, key, value, distance = (
            numbers.unflatten(-1, (-1, self.head_dim)).transpose(-3, -2)  # (batch, head, query or key, head width)
            for numbers in (self.q_proj(states), self.k_proj(context), self.v_proj(context), self.r_proj(codes))
        )  # distance is (head, key, head width), the same for all texts
        content = (query + u[:, None]) @ key.mT  # (batch, head, query, key)
        position = shift((query + v[:, None]) @ distance.mT)  # (batch, head, query, key)
        scores = (content + position) / math.sqrt(self.head_dim)  # (batch, head, query, key)
        weights = self.dropout(scores.masked_fill(~visible, -math.inf).softmax(-1))  # (batch, head, query, key)
        found = (weights @ value).transpose(1, 2).flatten(2)  # (batch, query, head · head width)
        return self.o_proj(found), weights


class TransformerXLLayer(nn.Module):
    """Attention to memory and segment, then a feed-forward part; each is added to what went in."""

    def __init__(self, config: TransformerXLConfig):
        """Random weights."""
        super().__init__()
        self.norm_first = config.pre_lnorm
        self.attention = RelativeAttention(config)
        self.attention_norm = nn.LayerNorm(config.d_model, eps=config.layer_norm_epsilon)
        self.expand = nn.Linear(config.d_model, config.d_inner)
        self.contract = nn.Linear(config.d_inner, config.d_model)
        self.feed_forward_norm = nn.LayerNorm(config.d_model, eps=config.layer_norm_epsilon)
        self.dropout = nn.Dropout(config.dropout)

    def _feed_forward(self, states: Tensor) -> Tensor:
        return self.dropout(self.contract(self.dropout(self.expand(states).relu())))  # (batch, query, width)

    def forward(self, states: Tensor, memory: Tensor, *others: Tensor) -> tuple[Tensor, Tensor]:
        """states (batch, query, width), memory (batch, memory, width); `others` are passed on to the attention."""
        context = torch.cat([memory, states], 1)  # (batch, key, width)
        if self.norm_first:
            found, weights = self.attention(self.attention_norm(states), self.attention_norm(context), *others)
            states = states + self.dropout(found)  # (batch, query, width)
            return states + self._feed_forward(self.feed_forward_norm(states)), weights
        found, weights = self.attention(states, context, *others)
        states = self.attention_norm(states + self.dropout(found))  # (batch, query, width)
        return self.feed_forward_norm(states + self._feed_forward(states)), weights


class TransformerXLForCausalLM(PreTrainedModel, GenerationMixin):
    """The language model: embedding, layers with memory, and a softmax that shares the embedding's weights if tied."""

    config_class = TransformerXLConfig
    _tied_weights_keys = {"lm_head.weight": "embed_tokens.weight"}  # holds if config.tie_word_embeddings does
    _is_stateful = True  # a memory cannot go back by some tokens, as assisted generation would need

    def __init__(self, config: TransformerXLConfig):
        """Random weights."""
        config.check()
        super().__init__(config)
        biases = (config.n_layer if config.untie_r else 1, config.n_head, config.d_head)
        self.embed_tokens = nn.Embedding(config.vocab_size, config.d_model)
        self.dropout = nn.Dropout(config.dropout)
        self.u = nn.Parameter(torch.empty(biases))  # (layer or 1, head, head width): meets keys, for any query
        self.v = nn.Parameter(torch.empty(biases))  # (layer or 1, head, head width): meets distances, for any query
        self.layers = nn.ModuleList(TransformerXLLayer(config) for _ in range(config.n_layer))
        self.lm_head = nn.Linear(config.d_model, config.vocab_size)
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        super()._init_weights(module)  # normal with config.init_std; biases 0, norms 1
        if module is self:
            init.normal_(self.u, std=self.config.init_std)
            init.normal_(self.v, std=self.config.init_std)

    def forward(
        self,
        input_ids: Tensor,
        mems: Sequence[Tensor] | None = None,
        labels: Tensor | None = None,
        attention_mask: Tensor | None = None,
        output_hidden_states: bool | None = None,
        output_attentions: bool | None = None,
        return_dict: bool | None = None,
    ) -> TransformerXLOutput | tuple:
        """Logits for the token after each of input_ids (batch, token), given what the memory holds.

        mems: what the call for the segment before returned, the inputs of each layer, n_layer of (batch, memory, width)
        with the oldest token first; None where a text begins. No gradient flows into them. They come back as None if
        mem_len is 0. labels (batch, token), usually input_ids themselves: they are shifted here, so the logits of a
        token meet the label of the next one in the same segment; −100 does not count. attention_mask: ones only, as
        padding is not supported. Raises ValueError for inputs that do not fit.
        """
        config = self.config
        self._check(input_ids, mems, labels, attention_mask)
        states = self.dropout(self.embed_tokens(input_ids) * math.sqrt(config.d_model))  # (batch, query, width)
        if mems is None:
            length = config.mem_len if config.memory_start == "zeros" else 0
            mems = [states.new_zeros(len(states), length, config.d_model)] * config.n_layer
        memory = [kept.detach() for kept in mems]  # n_layer of (batch, memory, width)

        queries, keys = states.shape[1], memory[0].shape[1] + states.shape[1]
        ages = torch.arange(keys - 1, -1, -1, device=states.device)  # (key,): how far before the last token
        distances = ages - ages[-queries:, None]  # (query, key): how far before the query; below 0 is after it
        visible = (distances >= 0) & (distances < (config.mem_len if config.same_length else keys))  # (query, key)
        clamped = ages.clamp(max=config.clamp_len) if config.clamp_len > 0 else ages  # (key,)
        codes = self.dropout(distance_codes(clamped, config.d_model).to(states.dtype))  # (key, width)

        hidden, attentions = [states], []
        u, v = (bias.expand(config.n_layer, -1, -1) for bias in (self.u, self.v))  # (layer, head, head width)
        for number, layer in enumerate(self.layers):
            states, weights = layer(states, memory[number], codes, u[number], v[number], visible)
            hidden.append(states)  # (batch, query, width)
            attentions.append(weights)  # (batch, head, query, key)
        hidden[-1] = self.dropout(states)
        logits = self.lm_head(hidden[-1])  # (batch, query, vocabulary)
        kept = [torch.cat(pair, 1)[:, -config.mem_len :].detach() for pair in zip(memory, hidden[:-1], strict=True)]
        loss = None
        if labels is not None:
            loss = nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())
        show_hidden = config.output_hidden_states if output_hidden_states is None else output_hidden_states
        show_attentions = config.output_attentions if output_attentions is None else output_attentions
        output = TransformerXLOutput(
            loss=loss,
            logits=logits,
            mems=kept if config.mem_len else None,
            hidden_states=tuple(hidden) if show_hidden else None,
            attentions=tuple(attentions) if show_attentions else None,
        )
        return output.to_tuple() if return_dict is False else output

    def _check(self, ids: Tensor, mems: Sequence[Tensor] | None, labels: Tensor | None, mask: Tensor | None) -> None:
        """Raise ValueError for what would fail deep inside, or give numbers without a meaning."""
        last, layers, width = self.config.vocab_size - 1, self.config.n_layer, self.config.d_model
        if ids.dim() != 2 or not ids.numel() or ids.min() < 0 or ids.max() > last:
            found = f", from {int(ids.min())} to {int(ids.max())}" if ids.numel() else ""
            raise ValueError(
                f"input_ids are (batch, token), not empty, from 0 to {last}; these are {tuple(ids.shape)}{found}. "
                "Make them with the model's own tokenizer."
            )
        shapes = [] if mems is None else [tuple(kept.shape) for kept in mems]
        if mems is not None and (len(shapes) != layers or {(len(ids), *shapes[0][1:2], width)} != set(shapes)):
            raise ValueError(
                f"mems are {layers} tensors of one shape, ({len(ids)}, memory, {width}); given are {shapes}. "
                "Give those that this model returned for the same texts, or None where texts begin."
            )
        if labels is not None and (labels.shape != ids.shape or (labels[:, 1:] == -100).all()):
            raise ValueError(
                f"labels are {tuple(ids.shape)}, like input_ids, and not -100 everywhere after the first token; these "
                f"are {tuple(labels.shape)}. Leave them out where there is nothing to learn."
            )
        if mask is not None and not mask.all():
            raise ValueError(
                "Padding would get into the memory, so attention_mask may only be 1. Give texts of one length, or pad "
                "on the right and give no mask: logits before the padding stay the same. Label it -100, drop the mems."
            )

    def prepare_inputs_for_generation(self, input_ids, use_cache=True, mems=None, written=False, **kwargs):
        """For `generate`: once something is written, one token is new, and the mems hold what stands before it."""
        if written and use_cache:
            return {"input_ids": input_ids[:, -1:], "mems": mems}
        return {"input_ids": input_ids, "mems": mems, "attention_mask": kwargs.get("attention_mask")}

    def _update_model_kwargs_for_generation(self, outputs, model_kwargs, *args, **kwargs):
        """Hand the mems to the next step: up to release 5.23 they came as past_key_values, from 5.24 on not at all."""
        model_kwargs = super()._update_model_kwargs_for_generation(outputs, model_kwargs, *args, **kwargs)
        model_kwargs.pop("past_key_values", None)
        if outputs.mems is not None and model_kwargs.get("use_cache", True):
            model_kwargs |= {"mems": outputs.mems, "written": True}
        return model_kwargs

    @classmethod
    def _supports_default_dynamic_cache(cls) -> bool:
        return False  # the memory is all that is kept

    @staticmethod
    def _reorder_cache(mems: list[Tensor], beams: Tensor) -> list[Tensor]:
        return [kept.index_select(0, beams) for kept in mems]  # n_layer of (beam, memory, width)


AutoConfig.register(TransformerXLConfig.model_type, TransformerXLConfig, exist_ok=True)
AutoModelForCausalLM.register(TransformerXLConfig, TransformerXLForCausalLM, exist_ok=True)
