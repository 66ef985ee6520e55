"""Record what the Transformer-XL of transformers 4.57 answers, for tests/lib/test_transformer_xl.py to compare with.

    python3.11 -m venv /path/to/old && /path/to/old/bin/pip install torch==2.13.0 transformers==4.57.6
    /path/to/old/bin/python tests/lib/parity/record_transformer_xl.py

Weights and tokens are made here from the bits of a PCG64 generator, which every version of NumPy draws alike, with a
seed from the weight's name; so `transformer_xl.safetensors` holds answers only, and in its metadata the versions and
sha256 of weights and cases. Record again when the cases or the rule for the weights change.

As shipped in 4.57.6 the model cannot run: it calls `tensor.type_as(dtype=…)`, which PyTorch answers with a TypeError
(issue 29650 of Transformers). `mended` lets that call be the cast it is meant to be; nothing else of it is touched.

It refuses to write when an answer would be the same without what its case is about: such a case would prove nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np

ANSWERS = Path(__file__).with_name("transformer_xl.safetensors")
COMMAND = "tests/lib/parity/record_transformer_xl.py (its first lines say how)"
NOTICEABLE = 0.01  # the least by which log-probabilities must differ where a case is about a difference

SMALL = {"vocab_size": 29, "d_model": 12, "n_head": 2, "d_head": 6, "d_inner": 20, "n_layer": 2, "mem_len": 16}
USUAL = {
    "clamp_len": -1,
    "same_length": False,
    "pre_lnorm": False,
    "layer_norm_epsilon": 1e-5,
}  # if a case says nothing


def case(name: str, batch: int, segments: list[int], start: str = "empty", **settings: object) -> dict:
    """One text for each of `batch`, cut into segments of these lengths; `start` is what the memory begins with."""
    config = {**SMALL, **USUAL, "untie_r": True, "tie_word_embeddings": True, **settings}
    return {"name": name, "batch": batch, "segments": segments, "start": start, "config": config}


CASES = [
    case("one layer, one head, one segment", 1, [7], n_layer=1, n_head=1, d_head=12),
    case("no memory at all", 2, [9], mem_len=0),
    case("a single token", 3, [1]),
    case("two segments", 2, [5, 5]),
    case("a memory that holds everything", 2, [4, 6, 5]),
    case("a memory shorter than a segment", 2, [6, 6, 6], mem_len=3),
    case("a memory of one token", 1, [4, 4, 4], mem_len=1),
    case("segments of many lengths", 1, [3, 1, 7, 2], mem_len=5),
    case("token by token", 2, [1] * 8, mem_len=5),
    case("heads wider than their share", 2, [5, 4], n_head=3, d_head=7),
    case("heads narrower than their share", 3, [5, 4], n_head=4, d_head=2),
    case("four layers", 1, [8, 8], n_layer=4, mem_len=8),
    case("a wider model", 1, [12, 12], d_model=32, n_head=4, d_head=8, d_inner=64, vocab_size=61, mem_len=12),
    case("a softmax of its own", 2, [5, 5], tie_word_embeddings=False),
    case("u and v shared by all layers", 2, [5, 5], untie_r=False, n_layer=3),
    case("clamped distances", 2, [6, 6], clamp_len=3),
    case("clamped, with a short memory", 1, [5, 5, 5], clamp_len=4, mem_len=6),
    case("the same length for all", 2, [6, 6], same_length=True, mem_len=4),
    case("the same length, longer than what came", 2, [3, 4], same_length=True, mem_len=5),
    case("the same length, clamped", 1, [5, 5, 5], same_length=True, clamp_len=2, mem_len=6),
    case("normalised before", 2, [5, 5], pre_lnorm=True),
    case("another epsilon", 2, [5, 5], layer_norm_epsilon=0.1),
    case("a memory of zeros", 2, [6], "zeros", mem_len=5),
    case("zeros, then segments", 2, [4, 3, 5], "zeros", mem_len=6),
    case("zeros, the same length for all", 1, [5, 6], "zeros", same_length=True, mem_len=6),
    case(
        "everything at once", 2, [5, 3, 4], "zeros", mem_len=6, n_layer=3, n_head=3, d_head=5, clamp_len=4,
        same_length=True, pre_lnorm=True, untie_r=False, tie_word_embeddings=False,
    ),
]  # fmt: skip


def bits(name: str, count: int) -> np.ndarray:
    """`count` whole numbers of 64 random bits that depend on the name only."""
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little")
    return np.random.PCG64(seed).random_raw(count)


def tokens(case: dict) -> np.ndarray:
    """The texts of a case (batch, token)."""
    shape = (case["batch"], sum(case["segments"]))
    drawn = bits(f"tokens of {case['name']}", math.prod(shape)) % np.uint64(case["config"]["vocab_size"])
    return drawn.astype(np.int64).reshape(shape)


def labels(ids: np.ndarray) -> np.ndarray:
    """The tokens of a segment (batch, token), of which the third, sixth, … do not count."""
    wanted = ids.copy()
    wanted[:, 2::3] = -100
    return wanted


def weights(config: dict) -> dict[str, np.ndarray]:
    """Every weight, by its name in transformers 4.57: large enough that each part of the model changes the answer."""
    width, inside, size = config["d_model"], config["n_head"] * config["d_head"], config["vocab_size"]
    heads = (config["n_head"], config["d_head"])
    shapes = {"transformer.word_emb.emb_layers.0.weight": (size, width), "crit.out_layers.0.bias": (size,)}
    if not config["tie_word_embeddings"]:
        shapes["crit.out_layers.0.weight"] = (size, width)
    if not config["untie_r"]:
        shapes |= {f"transformer.{name}": heads for name in ("r_w_bias", "r_r_bias")}
    for number in range(config["n_layer"]):
        layer = {
            "dec_attn.qkv_net.weight": (3 * inside, width),
            "dec_attn.r_net.weight": (inside, width),
            "dec_attn.o_net.weight": (width, inside),
            "dec_attn.layer_norm.weight": (width,),
            "dec_attn.layer_norm.bias": (width,),
            "pos_ff.CoreNet.0.weight": (config["d_inner"], width),
            "pos_ff.CoreNet.0.bias": (config["d_inner"],),
            "pos_ff.CoreNet.3.weight": (width, config["d_inner"]),
            "pos_ff.CoreNet.3.bias": (width,),
            "pos_ff.layer_norm.weight": (width,),
            "pos_ff.layer_norm.bias": (width,),
        }
        if config["untie_r"]:
            layer |= {"dec_attn.r_w_bias": heads, "dec_attn.r_r_bias": heads}
        shapes |= {f"transformer.layers.{number}.{name}": shape for name, shape in layer.items()}
    made = {}
    for name, shape in shapes.items():
        between = (bits(name, math.prod(shape)) >> np.uint64(11)) * 2.0**-52 - 1  # from −1 to 1, each value exact
        if name.endswith("layer_norm.weight"):
            values = 1 + 0.3 * between
        elif name.endswith(("r_w_bias", "r_r_bias")):
            values = between
        elif name.endswith("bias"):
            values = 0.3 * between
        else:  # the embedding and the softmax smaller: the digits that float32 loses are those of large logits
            values = (1 if "out_layers" in name or "emb_layers" in name else 2.0) / math.sqrt(shape[1]) * between
        made[name] = values.reshape(shape).astype(np.float32)
    return made


def weights_sha256(case: dict) -> str:
    """One sha256 over names, shapes and values of a case's weights, and over its texts."""
    digest = hashlib.sha256(tokens(case).tobytes())
    for name, values in sorted(weights(case["config"]).items()):
        digest.update(f"{name} {values.dtype} {values.shape}\n".encode())
        digest.update(values.tobytes())
    return digest.hexdigest()


def cases_sha256() -> str:
    """A hash that changes whenever a case does."""
    return hashlib.sha256(json.dumps(CASES, sort_keys=True).encode()).hexdigest()


@contextlib.contextmanager
def mended() -> Iterator[None]:
    """Within: `tensor.type_as(dtype=…)` casts, as the old model means it to."""
    import torch

    before = torch.Tensor.type_as
    torch.Tensor.type_as = lambda tensor, other=None, dtype=None: (
        before(tensor, other) if dtype is None else tensor.to(dtype)
    )
    try:
        yield
    finally:
        torch.Tensor.type_as = before


def old_model(config: dict):
    """The model of transformers 4.57 with our weights, in evaluation mode."""
    import torch
    from transformers import TransfoXLConfig, TransfoXLLMHeadModel

    settings = {**config, "d_embed": config["d_model"], "cutoffs": [], "div_val": 1, "attn_type": 0}
    model = TransfoXLLMHeadModel(TransfoXLConfig(**settings)).eval()
    given = {name: torch.from_numpy(values) for name, values in weights(config).items()}
    missing, unexpected = model.load_state_dict(given, strict=False)
    shared = ("pos_emb.inv_freq",)  # not a weight: the model computes it
    shared += ("crit.out_layers.0.weight",) if config["tie_word_embeddings"] else ()
    shared += () if config["untie_r"] else ("r_w_bias", "r_r_bias")
    left_out = [name for name in missing if not name.endswith(shared)]
    if unexpected or left_out:
        sys.exit(f"The weights do not fit the old model: it lacks {left_out} and does not know {unexpected}.")
    if config["tie_word_embeddings"]:
        assert model.crit.out_layers[0].weight is model.transformer.word_emb.emb_layers[0].weight
    return model


def run(case: dict, forget: bool = False) -> dict[str, np.ndarray]:
    """What the old model answers to a case, segment by segment; with `forget` each begins without a memory."""
    import torch

    model, config, found = old_model(case["config"]), case["config"], {}
    # The old model fills the memory with zeros if it gets none. Memories of length 0 keep it from that.
    empty = [torch.zeros(0, case["batch"], config["d_model"])] * config["n_layer"]
    begin = empty if case["start"] == "empty" and config["mem_len"] else None
    mems = begin
    for number, ids in enumerate(np.split(tokens(case), np.cumsum(case["segments"])[:-1], 1)):
        given = torch.from_numpy(ids)
        with torch.no_grad(), mended():
            answer = model(given, mems=mems, output_hidden_states=True, output_attentions=True)
            if ids.shape[1] > 1:
                found[f"{number}, loss"] = model(given, mems=mems, labels=torch.from_numpy(labels(ids))).loss
        found[f"{number}, log-probabilities"] = answer.prediction_scores  # (batch, token, vocabulary)
        mems = begin if forget else answer.mems
    for layer, states in enumerate(answer.hidden_states):
        found[f"last, hidden states {layer}"] = states  # (batch, token, width)
    for layer, shares in enumerate(answer.attentions):
        found[f"last, attentions {layer}"] = shares  # (batch, head, query, key)
    for layer, kept in enumerate(answer.mems or ()):
        found[f"last, mems {layer}"] = kept.transpose(0, 1)  # ours: (batch, memory, width)
    return {
        key: tensor.reshape(()).numpy() if key.endswith("loss") else tensor.contiguous().numpy()
        for key, tensor in found.items()
    }


def others(case: dict) -> dict[str, dict]:
    """Runs that must give another answer, or the case would not notice what it is about."""
    config, found = case["config"], {}
    for name, usual in USUAL.items():
        if config[name] != usual and name != "same_length":
            found[f"{name}={usual}"] = run({**case, "config": {**config, name: usual}})
    # A longer sight is noticed only where something stands beyond it.
    if config["same_length"] and sum(case["segments"]) > config["mem_len"]:
        found["same_length=False"] = run({**case, "config": {**config, "same_length": False}})
    if len(case["segments"]) > 1:
        found["no memory"] = run(case, forget=True)
    if case["start"] == "zeros":
        found["no zeros"] = run({**case, "start": "empty"})
    return found


def main() -> None:
    """Run every case and write the answers."""
    import torch
    import transformers
    from safetensors.numpy import save_file

    if not transformers.__version__.startswith("4.57."):
        sys.exit(f"This records transformers 4.57, but {transformers.__version__} is installed here. See {COMMAND}.")
    if len({case["name"] for case in CASES}) != len(CASES):
        sys.exit("Two cases have the same name.")
    warnings.simplefilter("ignore")
    transformers.logging.set_verbosity_error()
    torch.set_num_threads(1)
    answers = {}
    for case in CASES:
        found = run(case)
        for change, other in others(case).items():
            keys = [key for key in found if key.endswith("log-probabilities")]
            apart = max(float(np.abs(found[key] - other[key]).max()) for key in keys)
            if apart < NOTICEABLE:
                sys.exit(f"{case['name']!r} would not notice {change}: only {apart:.2g} apart. Change the case.")
        answers |= {f"{case['name']}: {key}": values for key, values in found.items()}
    record = {
        "transformers": transformers.__version__,
        "torch": torch.__version__.partition("+")[0],
        "sha256 of weights and tokens": {case["name"]: weights_sha256(case) for case in CASES},
        "sha256 of cases": cases_sha256(),
    }
    save_file(answers, ANSWERS, metadata={"record": json.dumps(record)})  # one entry: the order of more is random
    ANSWERS.chmod(0o644)
    print(f"{len(CASES)} cases, {len(answers)} tensors, {ANSWERS.stat().st_size / 1000:.0f} kB in {ANSWERS.name}")


if __name__ == "__main__":
    main()
