"""Headers as the safetensors library reads them, damage in words, and the bounds of what quantising may lose."""

import json

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import SafetensorError, safe_open
from safetensors.torch import load, save, save_file

from course_lib.checkpoints import checkpoint
from course_lib.weights import BYTES, dequantise, header, quantise

FORMATS = {
    "BOOL": torch.bool,
    "U8": torch.uint8,
    "I8": torch.int8,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I16": torch.int16,
    "F32": torch.float32,
    "I32": torch.int32,
    "F64": torch.float64,
    "I64": torch.int64,
}
tensors = st.builds(
    lambda dtype, shape: torch.arange(torch.Size(shape).numel()).reshape(shape).to(FORMATS[dtype]),
    st.sampled_from(sorted(FORMATS)),
    st.lists(st.integers(0, 4), max_size=3),
)


def file_of(folder, data):
    path = folder / "model.safetensors"
    path.write_bytes(data)
    return path


def made_of(entries, numbers=b"", length=None):
    text = entries if isinstance(entries, bytes) else json.dumps(entries).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + numbers


# ---------------------------------------------------------------- the header


def test_sizes_of_all_formats_are_those_of_torch():
    assert {name: dtype.itemsize for name, dtype in FORMATS.items()} == BYTES


@settings(max_examples=60, deadline=None)
@given(named=st.dictionaries(st.text(max_size=8).filter(lambda name: name != "__metadata__"), tensors, max_size=5))
def test_the_header_says_what_the_library_says_and_where_the_numbers_are(named, tmp_path_factory):
    data = save(named, {"note": "ours"})
    path = file_of(tmp_path_factory.mktemp("weights"), data)
    found = header(path)
    with safe_open(path, "pt") as library:
        assert set(found) == set(library.keys())
        for name, about in found.items():
            entry = library.get_slice(name)
            assert (about["dtype"], about["shape"]) == (entry.get_dtype(), entry.get_shape())
            begin, after = about["data_offsets"]
            number = torch.frombuffer(bytearray(data[begin:after]), dtype=named[name].dtype) if after > begin else []
            assert list(number) == list(named[name].flatten())


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(0, 200))
def test_a_file_that_was_cut_off_is_refused_by_us_and_by_the_library(cut, tmp_path_factory):
    data = save({"a": torch.ones(3, 4), "b": torch.ones(5)})
    part = data[: min(cut, len(data) - 1)]
    with pytest.raises(SafetensorError):
        load(part)
    with pytest.raises(ValueError, match="cut off|not that of a safetensors file"):
        header(file_of(tmp_path_factory.mktemp("weights"), part))


F32 = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "has 0 bytes"),
        (b"\xff" * 100, "announce a header of 18,446,744,073,709,551,615"),
        (made_of(b"not json"), "not that of a safetensors file"),
        (made_of(b"\xff\xfe\xfd"), "not that of a safetensors file"),
        (made_of([1, 2]), "not that of a safetensors file"),
        (made_of(b"[" * 100_000), "not that of a safetensors file"),
        (made_of({"a": {}}), "not that of a safetensors file"),
        (made_of({"a": {**F32, "shape": [3]}}, bytes(8)), "do not take 8 bytes"),
        (made_of({"a": {**F32, "shape": [-2]}}, bytes(8)), "whole numbers from 0 on"),
        (made_of({"a": {**F32, "data_offsets": [8, 0]}}, bytes(8)), "whole numbers from 0 on"),
        (made_of({"a": F32}, bytes(9)), "cut off or added to"),
        (made_of({"a": F32, "b": F32}, bytes(8)), "b begins at byte"),
        (made_of({"a": {**F32, "data_offsets": [8, 16]}}, bytes(16)), "a begins at byte"),
    ],
)
def test_damage_is_named(data, words, tmp_path):
    path = file_of(tmp_path, data)
    with pytest.raises(SafetensorError):
        load(data)
    with pytest.raises(ValueError, match="model.safetensors") as error:
        header(path)
    assert words in str(error.value)
    assert str(tmp_path) not in str(error.value), "a message without the paths of a machine"


def test_every_byte_of_a_public_checkpoint_is_accounted_for():
    path = checkpoint("minilm") / "model.safetensors"
    found = header(path)
    assert len(found) == 104
    assert sum(torch.Size(about["shape"]).numel() for name, about in found.items() if "_ids" not in name) == 22_713_216


# ---------------------------------------------------------------- fewer bits

matrices = st.builds(
    lambda rows, seed, spread: torch.randn(rows, 12, generator=torch.Generator().manual_seed(seed)) * 10.0**spread,
    st.integers(1, 5),
    st.integers(0, 1000),
    st.integers(-6, 6),
)


@settings(max_examples=100, deadline=None)
@given(weight=matrices, bits=st.integers(2, 8), per=st.sampled_from(["matrix", "row", 1, 3, 4, 12]))
def test_no_number_moves_by_more_than_half_a_step(weight, bits, per):
    whole, scale = quantise(weight, bits, per)
    back = dequantise(whole, scale, weight.shape)
    assert whole.dtype == torch.int8
    assert int(whole.abs().max()) == 2 ** (bits - 1) - 1, "the largest number uses the whole range"
    parts = {"matrix": 1, "row": len(weight)}.get(per) or weight.numel() // per
    assert whole.shape == (parts, weight.numel() // parts)
    assert scale.shape == (parts, 1)
    moved = (back - weight).reshape(whole.shape).abs()
    assert (moved <= scale / 2 * (1 + 1e-4)).all()


def test_rows_are_those_of_pytorchs_own_quantisation():
    weight = torch.randn(6, 32, generator=torch.Generator().manual_seed(0))
    whole, scale = quantise(weight)
    zeros = torch.zeros(6, dtype=torch.int32)
    theirs = torch.fake_quantize_per_channel_affine(weight, scale[:, 0], zeros, 0, -127, 127)
    assert torch.allclose(dequantise(whole, scale, weight.shape), theirs, rtol=0, atol=1e-6)


def test_zeros_stay_zeros():
    weight = torch.tensor([[0.0, 0.0], [1.0, -2.0]])
    assert torch.equal(dequantise(*quantise(weight), weight.shape)[0], torch.zeros(2))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_scales_of_short_formats_lose_no_digits(dtype):
    weight = torch.tensor([[1e-5, -3e-6]], dtype=dtype)
    whole, scale = quantise(weight)
    expected = quantise(weight.float())
    assert scale.dtype == torch.float32
    assert torch.equal(whole, expected[0])
    assert torch.equal(scale, expected[1])
    assert quantise(weight.double())[1].dtype == torch.float64


def test_quantised_weights_survive_a_file(tmp_path):
    weight = torch.randn(4, 8)
    whole, scale = quantise(weight, per=4)
    save_file({"whole": whole, "scale": scale}, tmp_path / "w.safetensors")
    assert {name: about["dtype"] for name, about in header(tmp_path / "w.safetensors").items()} == {
        "whole": "I8",
        "scale": "F32",
    }


@pytest.mark.parametrize(
    ("weight", "bits", "per", "words"),
    [
        (torch.ones(3), 8, "row", "weight is a matrix"),
        (torch.ones(0, 3), 8, "row", "weight is a matrix"),
        (torch.ones(3, 3), 1, "row", "bits is .*from 2 to 8"),
        (torch.ones(3, 3), 9, "row", "bits is .*from 2 to 8"),
        (torch.ones(3, 4), 8, 3, "a divisor of the 4 columns"),
        (torch.ones(3, 4), 8, 0, "a divisor of the 4 columns"),
        (torch.ones(3, 4), 8, "column", "a divisor of the 4 columns"),
        (torch.tensor([[1.0, float("nan")]]), 8, "row", "NaN or infinity"),
    ],
)
def test_what_cannot_be_quantised_is_explained(weight, bits, per, words):
    with pytest.raises(ValueError, match=words):
        quantise(weight, bits, per)
