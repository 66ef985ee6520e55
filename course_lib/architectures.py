"""Architectures in three families, and how to tell a model's family by what its outputs depend on. Chapter 04.

A name says who wrote a model. Its family says which inputs each output may use, and that can be measured: change one
input and see which outputs move, and ask the gradient the same. `family_of` asks the model only whether it takes a
second sequence (`decoder_input_ids`), and decides by that measurement.
"""

from __future__ import annotations

import copy
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from course_lib.arguments import is_whole, whole

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

ENCODER, DECODER, BOTH = "encoder", "decoder", "encoder-decoder"
TASKS = {
    ENCODER: "sentence classification, named entities, extractive question answering",
    DECODER: "text generation from a prompt",
    BOTH: "summarization, translation, generative question answering",
}


@dataclass(frozen=True)
class Architecture:
    """A line of the table: what was published under this name."""

    name: str
    published: str  # year and month of the first version of the paper
    family: str
    objective: str  # what it was pretrained to do
    parameters: dict[str, float]  # published size -> millions of parameters
    paper: str
    source: str

    @property
    def year(self) -> int:
        """The year in which it was published."""
        return int(self.published[:4])

    @property
    def tasks(self) -> str:
        """What models of this family are used for, as the common tables have it."""
        return TASKS[self.family]


def families() -> tuple[Architecture, ...]:
    """The thirteen architectures of the course's table, by family, then by name.

    Parameters are in millions; where each figure comes from stands in `architectures.toml`.
    """
    return _rows("architecture")


def later() -> tuple[Architecture, ...]:
    """Architectures that came after the thirteen, from 2022 on, by the month of their paper.

    Parameters are in millions, as Transformers builds them from the published settings.
    """
    return _rows("later")


def _rows(table: str) -> tuple[Architecture, ...]:
    text = (Path(__file__).parent / "architectures.toml").read_text(encoding="utf-8")
    return tuple(Architecture(**row) for row in tomllib.loads(text)[table])


class Tiny(NamedTuple):
    """A small model with random weights, and an input that fits it: token ids that come from no tokenizer."""

    model: PreTrainedModel
    inputs: dict[str, Tensor]  # input_ids (1, 8); for an encoder-decoder decoder_input_ids (1, 6) too


def tiny(name: str, seed: int = 0) -> Tiny:
    """A small, randomly initialised model of the architecture `name`, such as "GPT-2", and an input for it.

    Two layers of width 32 with two heads, a vocabulary of 99 tokens, in evaluation mode; the classes are Transformers'
    own, but for Transformer-XL, which version 5 no longer has. The random numbers of PyTorch are left as they were.
    Raises ValueError for an unknown name, with the known ones, and for a seed below 0.
    """
    whole("seed", seed, 0)
    import torch

    from course_lib.small_architectures import small

    make = small(name)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = make().eval()
    return Tiny(model, inputs_for(model))


def inputs_for(model: PreTrainedModel) -> dict[str, Tensor]:
    """Token ids that fit `model`, without its tokenizer: all different, none of them special."""
    ids = _ordinary(model, 14).to(model.device)
    return {"input_ids": ids[None, :8]} | ({"decoder_input_ids": ids[None, 8:]} if _takes_two(model) else {})


def _ordinary(model: PreTrainedModel, count: int) -> Tensor:
    """`count` token ids (count,), spread over the vocabulary, that the configuration does not call special."""
    import torch

    size = model.get_input_embeddings().num_embeddings
    named = [value for name, value in model.config.to_dict().items() if name.endswith("token_id")]
    special = {token for value in named for token in (value if isinstance(value, list | tuple) else [value])}
    ordinary = [token for token in range(size // 4, size) if token not in special]
    if len(ordinary) < count:
        raise ValueError(f"{type(model).__name__} has {size} tokens, too few for {count} ordinary ones.")
    return torch.tensor(ordinary[:: len(ordinary) // count][:count])


def _takes_two(model: PreTrainedModel) -> bool:
    """Whether the model takes a second sequence; what it does with it is measured."""
    import inspect

    return "decoder_input_ids" in inspect.signature(model.forward).parameters


def dependency_masks(model: PreTrainedModel, inputs: dict[str, Tensor], layer: int = -1) -> dict[str, Tensor]:
    """Which input position changes which output position: a matrix (output, input) of booleans for each input.

    `inputs` holds `input_ids` (1, input) and, for an encoder-decoder, `decoder_input_ids` (1, decoder input). An output
    is the vector of one position after the layer `layer` (the last one, if not given; 1 is after the first). The keys
    are those of `inputs`; an encoder-decoder has "encoder" too, what its encoder's vectors depend on.

    Measured twice: each token is replaced by another and vectors that moved are marked; and the gradient of every
    output with respect to every token's embedding is computed. Where a slope is too small to move a float32, both are
    done again with a copy in float64. Raises RuntimeError where the two disagree, TypeError or ValueError for inputs of
    another form.
    """
    _check(model, inputs)
    _check_layer(model, layer)
    moved, sloped = _by_perturbation(model, inputs, layer), _by_gradient(model, inputs, layer)
    if any((sloped[name] & ~moved[name]).any() for name in moved):
        model = copy.deepcopy(model).double()
        moved, sloped = _by_perturbation(model, inputs, layer), _by_gradient(model, inputs, layer)
    for name, matrix in moved.items():
        if not matrix.equal(sloped[name]):
            output, token = (matrix != sloped[name]).nonzero()[0].tolist()
            raise RuntimeError(
                f"For {name}, changing token {token} {'moves' if matrix[output, token] else 'does not move'} output "
                f"{output}, and the gradient says the opposite. Is the model in evaluation mode, without dropout?"
            )
    return moved


def family_of(model: PreTrainedModel) -> str:
    """The family of `model`, "encoder", "decoder" or "encoder-decoder", by what its outputs depend on.

    Neither its name nor its class nor its configuration is asked; only whether its `forward` takes a second sequence,
    `decoder_input_ids`, and which tokens are special. What it does with them is measured. An encoder's outputs use
    every input; a decoder's use none after their own place; an encoder-decoder's use all of the first sequence, and of
    the second none after their own place. Raises ValueError for a model that does none of these.
    """
    used = dependency_masks(model, inputs_for(model))
    both = used.keys() > {"input_ids"}
    own = used["decoder_input_ids"] if both else used["input_ids"]
    causal = own.equal(own.new_ones(own.shape).tril())
    if both and causal and used["input_ids"].all() and used["encoder"].all():
        return BOTH
    if not both and causal:
        return DECODER
    if not both and own.all():
        return ENCODER
    parts = ", ".join(f"{name}: {int(matrix.sum())} of {matrix.numel()}" for name, matrix in used.items())
    raise ValueError(
        f"{type(model).__name__} is of none of the three families: its outputs use neither all inputs nor exactly "
        f"those up to their own place. Pairs of an output and an input that it uses: {parts}."
    )


def _check(model, inputs) -> None:
    wanted = ["input_ids", "decoder_input_ids"] if _takes_two(model) else ["input_ids"]
    if sorted(inputs) != sorted(wanted):
        raise TypeError(
            f"{type(model).__name__} takes {' and '.join(wanted)}; given: {', '.join(inputs) or 'nothing'}."
        )
    for name, ids in inputs.items():
        if not hasattr(ids, "dim"):
            raise TypeError(f"{name} is a tensor of token ids (1, tokens); given: {type(ids).__name__}.")
        if ids.dim() != 2 or ids.shape[0] != 1 or not ids.shape[1]:
            raise ValueError(f"{name} is one sequence of token ids, of shape (1, tokens); given: {tuple(ids.shape)}.")


def _check_layer(model, layer) -> None:
    layers = model.config.get_text_config(decoder=True).num_hidden_layers
    if not is_whole(layer) or not -layers - 1 <= layer <= layers:
        raise ValueError(
            f"layer is {layer!r}. {type(model).__name__} has 0 (the embeddings) to {layers}; -1 is the last."
        )


def _vectors(model, inputs, layer) -> dict[str, Tensor]:
    """The outputs (output, width) that depend on something: the model's own, and its encoder's if it has one."""
    outputs = model(**inputs, output_hidden_states=True)
    if "decoder_input_ids" not in inputs:
        return {"own": outputs.hidden_states[layer][0]}
    return {"own": outputs.decoder_hidden_states[layer][0], "encoder": outputs.encoder_hidden_states[layer][0]}


def _by_perturbation(model, inputs, layer) -> dict[str, Tensor]:
    import torch

    from course_lib.probing import dependencies as moved_by

    found = {}
    for name, ids in inputs.items():
        other = next(token for token in _ordinary(model, ids.numel() + 1) if (ids != token).all())

        def outputs_of(changed, name=name):  # (1, output, width): the model's own, then its encoder's
            return torch.cat(list(_vectors(model, inputs | {name: changed}, layer).values()))[None]

        moved = moved_by(outputs_of, ids[0], int(other)) > 0  # (output, input)
        own = list(inputs.values())[-1].shape[1]  # a decoder has as many outputs as inputs of its own
        found[name] = moved[:own]
        if name == "input_ids" and len(inputs) > 1:
            found["encoder"] = moved[own:]
    return found


def _by_gradient(model, inputs, layer) -> dict[str, Tensor]:
    import torch

    with torch.inference_mode(False), torch.enable_grad():  # whatever the caller has switched off
        return _slopes(model, {name: ids.clone() for name, ids in inputs.items()}, layer)


def _slopes(model, inputs, layer) -> dict[str, Tensor]:
    import torch

    embedded: dict[str, Tensor] = {}

    def keep(module, given, output):
        for name, ids in inputs.items():
            if name not in embedded and torch.is_tensor(given[0]) and torch.equal(given[0], ids):
                embedded[name] = output.detach().requires_grad_()  # (1, input, width)
                return embedded[name].clone()  # CTRL writes into what it gets
        return None

    tables = [module for module in model.modules() if isinstance(module, torch.nn.Embedding)]
    hooks = [table.register_forward_hook(keep) for table in tables]
    try:
        vectors = _vectors(model, inputs, layer)
    finally:
        for hook in hooks:
            hook.remove()
    wanted = [("own", name) for name in inputs] + ([("encoder", "input_ids")] if "encoder" in vectors else [])
    found = {}
    for part, name in wanted:
        # Weighted at random: the plain sum of a normalised vector is constant, so its gradient would be 0.
        random = torch.randn(vectors[part].shape[-1], generator=torch.Generator().manual_seed(0)).to(vectors[part])
        rows = []
        for vector in vectors[part]:
            (slope,) = torch.autograd.grad(vector @ random, embedded[name], retain_graph=True, allow_unused=True)
            rows.append(torch.zeros_like(embedded[name])[0, :, 0] if slope is None else slope[0].abs().amax(-1))
        found["encoder" if part == "encoder" else name] = torch.stack(rows) > 0  # (output, input)
    return found
