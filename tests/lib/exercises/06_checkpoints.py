"""Chapter 06: answers that are right and written otherwise than ours, and wrong ones with words of the hint meant."""

import hashlib
import json
import os
import struct
from collections import defaultdict
from itertools import combinations
from pathlib import Path

import gguf
import numpy as np
import torch
from safetensors import safe_open

from course_lib.weights import dequantise as library_dequantise
from course_lib.weights import quantise as library_quantise

# ---------------------------------------------------------------- answers written otherwise


def count_by_model(config):
    from transformers import BertModel

    with torch.device("meta"):
        return BertModel(config).num_parameters()


def count_by_shapes(config):
    d, wide = config.hidden_size, config.intermediate_size
    rows = [config.vocab_size, config.max_position_embeddings, config.type_vocab_size]
    shapes = [(row, d) for row in rows] + [(d,), (d,), (d, d), (d,)]
    layer = [(d, d), (d,)] * 4 + [(wide, d), (wide,), (d, wide), (d,)] + [(d,)] * 4
    return sum(int(np.prod(shape)) for shape in shapes + layer * config.num_hidden_layers)


def report_by_sets(wanted, found):
    both = wanted.keys() & found.keys()
    return {
        "missing": wanted.keys() - found.keys(),
        "unexpected": set(found) - set(wanted),
        "mismatched": {name for name in both if tuple(wanted[name]) != tuple(found[name])},
    }


def report_by_loop(skeleton, checkpoint):
    report = {"missing": [], "unexpected": [], "mismatched": []}
    for name in sorted({*skeleton, *checkpoint}, reverse=True):
        if name not in checkpoint:
            report["missing"] += [name]
        elif name not in skeleton:
            report["unexpected"] += [name]
        elif skeleton[name] != checkpoint[name]:
            report["mismatched"] += [name]
    return report


def header_by_struct(path):
    data = Path(path).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    return {key: value for key, value in json.loads(data[8 : 8 + length].decode()).items() if key != "__metadata__"}


def header_by_powers(path):
    file = open(os.fspath(path), "rb")  # noqa: SIM115
    length = sum(byte * 256**place for place, byte in enumerate(file.read(8)))
    header = json.loads(file.read(length).decode("utf-8").strip())
    if "__metadata__" in header:
        del header["__metadata__"]
    return header


def tensor_by_library(path, name):
    with safe_open(path, "pt") as file:
        return file.get_tensor(name)


def tensor_by_numpy(path, name):
    header = header_by_struct(path)
    with open(path, "rb") as file:
        start = 8 + int.from_bytes(file.read(8), "little")
    begin, end = header[name]["data_offsets"]
    return np.fromfile(path, "<f4", (end - begin) // 4, offset=start + begin).reshape(header[name]["shape"])


def tensor_by_struct(path, name):
    data, about = Path(path).read_bytes(), header_by_struct(path)[name]
    data = data[8 + int.from_bytes(data[:8], "little") :]
    begin, end = about["data_offsets"]
    return torch.tensor(struct.unpack(f"<{(end - begin) // 4}f", data[begin:end])).view(about["shape"])


def verify_by_digest(folder, index):
    def well(name, expected):
        try:
            with open(os.path.join(folder, name), "rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == expected
        except OSError:
            return False

    return {name for name, expected in index.items() if not well(name, expected)}


def verify_in_pieces(folder, index):
    found = {}
    for path in (one for one in folder.rglob("*") if one.is_file()):
        total = hashlib.sha256()
        with path.open("rb") as file:
            while piece := file.read(4096):
                total.update(piece)
        found[path.relative_to(folder).as_posix()] = total.hexdigest()
    return tuple(name for name in index if found.get(name) != index[name])


def quantise_by_row(weight):
    whole, scales = torch.zeros(weight.shape, dtype=torch.int8), torch.ones(len(weight), 1)
    for at, row in enumerate(weight):
        if row.any():
            scales[at] = max(row.max(), -row.min()) / 127
            whole[at] = torch.round(row * 127 / row.abs().max()).clamp(-128, 127).char()
    return whole, scales


def quantise_with_least(weight):
    largest = weight.abs().max(dim=1).values.clamp(min=1e-12)
    scales = (largest / 127).unsqueeze(1)
    return [torch.floor(weight / scales + 0.5).to(torch.int8), scales]


def quantise_in_float64(weight):
    table = weight.numpy().astype(np.float64)
    scales = np.abs(table).max(1, keepdims=True) / 127
    scales[scales == 0] = 1
    return torch.from_numpy(np.rint(table / scales)).to(torch.int8), torch.from_numpy(scales)


def memory_by_text(parameters, bytes_each, layers, key_value_heads, head_width, length, batch):
    token = 2 * key_value_heads * head_width * bytes_each
    return {"cache": batch * length * layers * token, "weights": float(parameters * bytes_each)}


def memory_by_shape(n, size, layers, heads, width, tokens, texts):
    keys = torch.empty(layers, texts, heads, tokens, width, device="meta")
    return dict(weights=n * size, cache=(keys.numel() + keys.numel()) * size)


def tied_by_numpy(weights):
    groups = []
    for name, tensor in weights.items():
        for group in groups:
            if np.shares_memory(weights[group[0]].numpy(), tensor.numpy()):
                group.append(name)
                break
        else:
            groups.append([name])
    return [tuple(group) for group in groups if group[1:]]


def tied_by_storage(weights):
    found = defaultdict(set)
    for name, tensor in weights.items():
        found[tensor.untyped_storage()._cdata].add(name)
    return {frozenset(group) for group in found.values() if len(group) >= 2}


def block_by_struct(block):
    scale, least, *pairs = struct.unpack("<2e16B", block)
    whole = [byte % 16 for byte in pairs] + [byte // 16 for byte in pairs]
    return torch.tensor([scale * number + least for number in whole])


def block_by_library(block):
    data = np.frombuffer(block, np.uint8)[None]
    return gguf.dequantize(data, gguf.GGMLQuantizationType.Q4_1)[0]


RIGHT = {
    "count_parameters": [count_by_model, count_by_shapes],
    "loading_report": [report_by_sets, report_by_loop],
    "read_header": [header_by_struct, header_by_powers],
    "read_tensor": [tensor_by_library, tensor_by_numpy, tensor_by_struct],
    "verify": [verify_by_digest, verify_in_pieces],
    "quantise": [quantise_by_row, quantise_with_least, quantise_in_float64, library_quantise],
    "dequantise": [
        lambda whole, scales: torch.stack([row * scale for row, scale in zip(whole, scales, strict=True)]),
        lambda whole, scales: library_dequantise(whole, scales, whole.shape),
        lambda q, s: torch.einsum("rc,r->rc", q.to(torch.float32), s[:, 0]),
    ],
    "memory_needed": [memory_by_text, memory_by_shape],
    "tied": [tied_by_numpy, tied_by_storage],
    "read_block": [block_by_struct, block_by_library],
}


# ---------------------------------------------------------------- wrong answers, and a piece of the hint meant for each


def block_of(halves, least=1, apart=True, form="<2e16B", swap=False):
    def wrong(block):
        scale, offset, *pairs = struct.unpack(form, block)
        scale, offset = (offset, scale) if swap else (scale, offset)
        low, high = zip(*map(halves, pairs), strict=True)
        whole = [*low, *high] if apart else [number for pair in zip(low, high, strict=True) for number in pair]
        return torch.tensor([scale * number + least * offset for number in whole])

    return wrong


def block_in_bfloat16(block):
    scale, least = torch.tensor(list(struct.unpack("<2H", block[:4]))).to(torch.uint16).view(torch.bfloat16).tolist()
    return torch.tensor([scale * number + least for number in whole_of(block)])


def block_in_halves(block):
    scale, least = torch.tensor(struct.unpack("<2e", block[:4])).half()
    return torch.tensor(whole_of(block)).half() * scale + least


def whole_of(block):
    return [byte & 15 for byte in block[4:]] + [byte >> 4 for byte in block[4:]]


def counted(biases=1, norms=1, pooler=1, layers=None, heads=False, tables=(1, 1, 1), norm=2, matrices=4, inner=None):
    def wrong(c):
        d, wide = c.hidden_size, inner(c) if inner else c.intermediate_size
        many = c.num_hidden_layers if layers is None else layers
        rows = np.dot(tables, [c.vocab_size, c.max_position_embeddings, c.type_vocab_size])
        attention = matrices * (d * d + biases * d) * (c.num_attention_heads if heads else 1)
        forward = 2 * d * wide + biases * (wide + d)
        layer = attention + forward + 2 * norms * norm * d
        return int(rows * d + norms * norm * d + many * layer + pooler * (d * d + biases * d))

    return wrong


def header_as(count, order, stream=False, keep=False):
    def wrong(path):
        data = Path(path).read_bytes()
        length = int.from_bytes(data[:count], order)
        if stream:
            with open(path, "rb") as file:
                file.seek(count)
                return json.loads(file.read(length))
        header = json.loads(data[count : count + length])
        return header if keep else {key: header[key] for key in header if key[:2] != "__"}

    return wrong


def header_in_a_byte(path):
    header = json.loads(reading(path)[8 : 8 + reading(path)[0]].decode())
    header.pop("__metadata__", None)
    return header


def header_without_asking(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    del header["__metadata__"]
    return header


def tensor_of_span(span):
    def wrong(path, name):
        about = header_by_struct(path)[name]
        begin, end = span(*about["data_offsets"])
        data = Path(path).read_bytes()[8 + int.from_bytes(Path(path).read_bytes()[:8], "little") :]
        return torch.tensor(np.frombuffer(data[begin:end], "<f4")).reshape(about["shape"])

    return wrong


def tensor_from(start, dtype="<f4", shape=True):
    def wrong(path, name):
        about = header_by_struct(path)[name]
        with open(path, "rb") as file:
            length = int.from_bytes(file.read(8), "little")
            file.seek(start(length) + about["data_offsets"][0])
            numbers = np.frombuffer(file.read(about["data_offsets"][1] - about["data_offsets"][0]), dtype)
        return torch.tensor(numbers.astype("f4")).reshape(about["shape"] if shape else [-1])

    return wrong


def after_header(length):
    return length + 8


def bad_by(digest, absent=True):
    def wrong(folder, index):
        names = [name for name in index if (folder / name).exists()]
        bad = [name for name in names if digest(folder / name) != index[name]]
        return bad + [name for name in index if name not in names and absent]

    return wrong


def sha(data):
    return hashlib.sha256(data).hexdigest()


def others(folder, index):
    return [one.name for one in folder.iterdir() if one.is_file() and one.name not in index]


def reading(path):
    return path.read_bytes()


def as_int8(scale_of, step=torch.round, keep=True):
    def wrong(weight):
        scale = torch.as_tensor(scale_of(weight))
        scale = torch.where(scale == 0, 1.0, scale)
        return step(weight / scale).to(torch.int8), scale if keep else scale[:, 0]

    return wrong


def rounded(scales):
    """The scales of small numbers to one digit, 2 % off."""
    return torch.where(scales < 2e-4, scales.round(decimals=4), scales)


def largest(weight):
    return weight.abs().max(1, keepdim=True).values


def zero_divided(weight):
    scale = largest(weight) / 127
    return (weight / scale).round().nan_to_num().to(torch.int8), scale


def needed(*names, weights=("n", "b")):
    def wrong(n, b, layers, heads, width, length, batch):
        given = dict(n=n, b=b, layers=layers, heads=heads, width=width, length=length, batch=batch, two=2)
        products = [np.prod([float(given[name]) for name in some]) for some in (weights, names)]
        return dict(zip(("weights", "cache"), products, strict=True))

    return wrong


ALL = ("two", "b", "layers", "heads", "width", "length", "batch")


def but(name):
    return tuple(one for one in ALL if one != name)


def tied_if(same):
    def wrong(weights):
        groups = []
        for name in weights:
            group = next((one for one in groups if same(weights[one[0]], weights[name])), None)
            groups.append([name]) if group is None else group.append(name)
        return [group for group in groups if len(group) > 1]

    return wrong


WRONG = {
    "count_parameters": [
        (counted(biases=0), "biases are missing"),
        (counted(norms=0), "layer norms are missing"),
        (counted(pooler=0), "pooler is missing"),
        (counted(biases=0, norms=0), "only the matrices"),
        (counted(norm=1), "it multiplies each"),
        (counted(heads=True), "slices of the same four matrices"),
        (counted(matrices=3), "the output that brings the heads together"),
        (counted(layers=1), "a single layer is counted"),
        (counted(tables=(1, 0, 1)), "the embedding matrix of positions"),
        (counted(tables=(1, 1, 0)), "the embedding matrix of segments"),
        (counted(tables=(1, 0, 0)), "the embedding matrix of positions and the embedding matrix of segments"),
        (counted(tables=(2, 1, 1)), "counted twice"),
        (counted(tables=(1, 1, 0), pooler=0), "the embedding matrix of segments (type_vocab_size)"),
        (counted(inner=lambda c: 4 * c.hidden_size), "not always four times"),
        (lambda c: count_by_shapes(c) - c.num_hidden_layers * 2 * c.hidden_size, "one layer norm a layer"),
        (lambda c: count_by_shapes(c) + c.hidden_size**2 + 3 * c.hidden_size + c.vocab_size, "without a head"),
        (lambda c: 109_482_240, "whatever it is given"),
    ],
    "loading_report": [
        (lambda a, b: report_by_sets(b, a), "exchanged"),
        (lambda a, b: {**report_by_sets(a, b), "mismatched": []}, "shapes are not compared"),
        (lambda a, b: {key: len(names) for key, names in report_by_sets(a, b).items()}, "counts"),
        (lambda a, b: tuple(report_by_sets(a, b).values()), "one dictionary"),
        (
            lambda a, b: {
                "missing": [n for n in a if a[n] != b.get(n)],
                "unexpected": [n for n in b if b[n] != a.get(n)],
                "mismatched": [n for n in a if n in b and a[n] != b[n]],
            },
            "mismatched alone",
        ),
        (lambda a, b: {**report_by_sets(a, b), "mismatched": [n for n in a if a[n] != b[n]]}, "KeyError"),
        (
            lambda a, b: {**report_by_sets(a, b), "missing": [n for n in a if a[n] != b.get(n)]},
            "yours is missing as well",
        ),
        (lambda a, b: {**report_by_sets(a, b), "mismatched": [n for n in a if a[n] != b.get(n)]}, "get() gives None"),
        (lambda a, b: {**report_by_sets(a, b), "missing": set(a.items()) - set(b.items())}, "names alone"),
        (lambda a, b: {k + "_keys": v for k, v in report_by_sets(a, b).items()}, "the key should be"),
    ],
    "read_header": [
        (header_as(8, "big", stream=True), "most significant byte first"),
        (header_as(8, "big"), "all the rest"),
        (header_without_asking, "not every file has the note"),
        (header_as(8, "little", keep=True), '"__metadata__" is still there'),
        (header_as(4, "little"), "takes 8 bytes"),
        (header_as(4, "little", stream=True), "takes 8 bytes"),
        (header_as(1, "little"), "and not one"),
        (lambda path: json.loads(reading(path)[: int.from_bytes(reading(path)[:8], "little")]), "after its length"),
        (header_in_a_byte, "ends at 255"),
        (lambda path: json.loads(reading(path)[8:].decode()), "all the rest"),
        (lambda path: json.loads(reading(path)[8:]), "all the rest of the file"),
        (lambda path: json.loads(Path(path).read_text()), "opened as text"),
        (lambda path: list(header_by_struct(path)), "only the names"),
        (
            lambda path: Path(path).read_bytes()[8 : 8 + int.from_bytes(Path(path).read_bytes()[:8], "little")],
            "as text",
        ),
    ],
    "read_tensor": [
        (tensor_from(lambda length: 0), "from the beginning of the file"),
        (tensor_from(lambda length: length), "8 bytes too early"),
        (tensor_from(lambda length: 8), "from the beginning of the header"),
        (tensor_of_span(lambda begin, end: (0, end - begin)), "begin at its first offset"),
        (tensor_of_span(lambda begin, end: (begin, begin + end)), "and not how many bytes"),
        (tensor_from(after_header, "<f8"), "F32 has four"),
        (tensor_from(after_header, ">f4"), "turned round"),
        (tensor_from(after_header, "<i4"), "whole numbers"),
        (tensor_from(after_header, shape=False), "in one row"),
    ],
    "verify": [
        (bad_by(lambda path: sha(path.read_text(encoding="utf-8").encode())), "weights are not text"),
        (lambda folder, index: list(verify_by_digest(folder, index)) or None, "an empty list"),
        (bad_by(lambda path: sha(reading(path)), absent=False), "b.txt is missing"),
        (lambda folder, index: [name for name in index if not (folder / name).exists()], "only missing files"),
        (lambda folder, index: [n for n in index if sha(reading(folder / n)) != index[n]], "a missing file stops it"),
        (lambda folder, index: [n for n in index if sha(reading(Path(n))) != index[n]], "Path(folder) / name"),
        (lambda folder, index: [name for name in index if not Path(name).is_file()], "looked for in folder"),
        (lambda folder, index: [n for n in index if n not in verify_by_digest(folder, index)], "that are well"),
        (bad_by(lambda path: hashlib.md5(reading(path)).hexdigest()), "every file is called damaged"),
        (bad_by(lambda path: hashlib.sha256(reading(path)).digest()), "every file is called damaged"),
        (bad_by(lambda path: sha(str(path).encode())), "every file is called damaged"),
        (lambda folder, index: sorted(verify_by_digest(folder, index))[:1], "asked for are all"),
        (bad_by(lambda path: sha(reading(path)[:1024])), "only its beginning"),
        (lambda folder, index: not verify_by_digest(folder, index), "asked for are the names"),
        (lambda folder, index: [*verify_in_pieces(folder, index), *others(folder, index)], "passed over"),
    ],
    "quantise": [
        (as_int8(lambda w: largest(w) / 128), "divided by 128"),
        (as_int8(lambda w: largest(w) / 255), "divided by 255"),
        (as_int8(lambda w: (w.abs().max() / 127).expand(len(w), 1)), "one scale serves the whole matrix"),
        (as_int8(lambda w: w.abs().max() / 127), "one scale serves the whole matrix"),
        (as_int8(lambda w: w.abs().max(0, keepdim=True).values / 127), "a scale for each column"),
        (as_int8(lambda w: largest(w) / 127, step=lambda x: x), "Round first"),
        (as_int8(lambda w: w.max(1, keepdim=True).values / 127), "falls out of int8"),
        (as_int8(lambda w: largest(w) / 127, keep=False), "keepdim"),
        (zero_divided, "0/0 is NaN"),
        (lambda w: (quantise_by_row(w)[0].float(), quantise_by_row(w)[1]), "should be int8"),
        (lambda w: (quantise_by_row(w)[0].int(), quantise_by_row(w)[1]), "should be int8"),
        (lambda w: (quantise_by_row(w)[0], 127 / largest(w)), "one over"),
        (as_int8(lambda w: largest(w) / 127 + 1e-3), "something is added"),
        (as_int8(lambda w: (largest(w) / 127).clamp(min=1e-3)), "lost its own scale"),
        (as_int8(lambda w: (largest(w) / 127).clamp(min=1e-8)), "lost its own scale"),
        (as_int8(lambda w: largest(w).clamp(min=1e-8) / 127), "lost its own scale"),
        (as_int8(lambda w: largest(w) / 127 + 1e-8), "lost its own scale"),
        (as_int8(lambda w: largest(w) / 127 + 1e-12), "lost its own scale"),
        (as_int8(lambda w: torch.where(largest(w) < 1e-6, 1.0, largest(w) / 127)), "lost its own scale"),
        (lambda w: as_int8(lambda w: w.abs().max(1, keepdim=True) / 127)(w), "amax gives the values"),
        (lambda w: (quantise_by_row(w)[0], quantise_by_row(w)[1].clamp_min(1e-8)), "lost its own scale"),
        (lambda w: (quantise_by_row(w)[0], quantise_by_row(w)[1] + 1e-8), "lost its own scale"),
        (lambda w: quantise_by_row(w)[::-1], "first whole numbers"),
        (lambda w: (quantise_by_row(w)[0], 1 / quantise_by_row(w)[1]), "one over"),
        (lambda w: quantise_by_row(w)[0], "2 values"),
        (lambda w: (quantise_by_row(w)[0], quantise_by_row(w)[1].half()), "is float16, and should be float32"),
        (lambda w: (quantise_by_row(w)[0], rounded(quantise_by_row(w)[1])), "0.0001, and should be 0.0001024"),
        (lambda w: (quantise_by_row(w)[0].repeat(2, 1), quantise_by_row(w)[1]), "shape"),
    ],
    "dequantise": [
        (lambda whole, scales: whole / scales, "divides by the scales"),
        (lambda whole, scales: (whole * scales).to(torch.int8), "whole numbers again"),
        (lambda whole, scales: (whole * scales).half(), "lost digits"),
        (lambda whole, scales: whole * scales[0], "the first scale"),
        (lambda whole, scales: whole.float(), "scales are not used"),
        (lambda whole, scales: whole.float() * scales.max(), "one scale, the largest"),
        (lambda whole, scales: whole.float() * scales / 127, "in the scale already"),
        (lambda whole, scales: whole * scales.squeeze(), "meet the columns"),
        (lambda whole, scales: whole.float() @ scales, "matrix product"),
    ],
    "memory_needed": [
        (needed(*but("two")), "a key and a value"),
        (needed(*but("batch")), "the batch is missing"),
        (needed(*but("layers")), "the layers are missing"),
        (needed(*but("heads")), "the heads are missing"),
        (needed(*but("length")), "the length is missing"),
        (needed(*but("b")), "the cache is counted in numbers"),
        (needed(*(one for one in but("b") if one != "two")), "keys alone, and numbers"),
        (needed(*ALL, weights=("n",)), "the weights are counted in numbers"),
        (needed(*but("b"), weights=("n",)), "counts of numbers"),
        (needed(*ALL, weights=("n", "b", "batch")), "all texts share them"),
        (needed(*ALL, "length"), "length is in it twice"),
        (lambda *a: {k: v / 1e9 for k, v in memory_by_text(*a).items()}, "these are gigabytes"),
        (lambda *a: {k: v * 8 for k, v in memory_by_text(*a).items()}, "these are bits"),
        (lambda *a: sum(memory_by_text(*a).values()), "that is the sum"),
        (lambda *a: [memory_by_text(*a)[key] for key in ("weights", "cache")], "the numbers are right"),
        (lambda n, b, *a: memory_by_text(n, int(b), *a), "half a byte"),
    ],
    "tied": [
        (tied_if(torch.equal), "memory of its own"),
        (tied_if(lambda a, b: a is b), "compare objects"),
        (tied_if(lambda a, b: id(a) == id(b)), "compare objects"),
        (tied_if(lambda a, b: a.data_ptr() == b.data_ptr()), "ask the storage"),
        (tied_if(lambda a, b: a.data_ptr() == b.data_ptr() and a.shape == b.shape), "ask the storage"),
        (tied_if(lambda a, b: a.shape == b.shape), "equal shapes say nothing"),
        (lambda weights: [pair for g in tied_by_numpy(weights) for pair in zip(g, g[1:], strict=False)], "element"),
        (
            lambda weights: [[a, b] for a, b in combinations(weights, 2) if bool(weights[a].equal(weights[b]))],
            "memory of its own",
        ),
        (lambda weights: [name for group in tied_by_numpy(weights) for name in group], "A list of lists"),
        (lambda weights: [], "nothing is found"),
    ],
    "read_block": [
        (block_of(lambda byte: (byte & 15, byte >> 4), apart=False), "came out as neighbours"),
        (block_of(lambda byte: (byte >> 4, byte & 15)), "halves are exchanged"),
        (block_of(lambda byte: (byte & 15, byte & 240)), "sixteen times too large"),
        (block_of(lambda byte: (byte & 15, byte >> 4), least=0), "minimum is not added"),
        (block_of(lambda byte: (byte & 15, byte >> 4), least=-1), "it is added"),
        (block_of(lambda byte: (byte & 15, byte >> 4), form=">2e16B"), "most significant byte first"),
        (block_of(lambda byte: (byte & 15, byte >> 4), swap=True), "scale stands first"),
        (block_of(lambda byte: ((byte & 15) - 8, (byte >> 4) - 8)), "minimum takes its place"),
        (block_of(lambda byte: (byte & 15, (byte - 256 * (byte > 127)) >> 4)), "Read them as uint8"),
        (block_of(lambda byte: (byte & 15, byte >> 4), form="<2H16B"), "their two bytes are a float16"),
        (lambda block: block_of(lambda byte: (byte & 15, byte >> 4), form="<2e20B")(block[:4] + block), "40 numbers"),
        (block_in_bfloat16, "read as bfloat16"),
        (block_in_halves, "made in float16"),
    ],
}
