"""Exercises of chapter 06: parameters counted, a report on loading, files read by hand, fewer bits, and memory.

Sources: Devlin et al. 2018 (BERT's parts), the documentation of safetensors (the file), Dettmers et al. 2022 (int8 with
a scale a row), Ainslie et al. 2023 (heads of keys and values), ggml (blocks of Q4_1). The oracles, in
tests/lib/exercises/06_checkpoints.py and tests/lib/test_checkpoints_exercises.py, are Transformers' models, the
libraries safetensors and gguf, and course_lib/weights.py.
"""

from __future__ import annotations

import collections
import hashlib
import json
import math
import tempfile
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path

import numpy as np
import torch
from torch import nn

from course_lib.exercises.checking.values import names_in_order
from course_lib.exercises.declare import Case, Exercise, Mistake, when
from course_lib.exercises.inputs import numbers

# ---------------------------------------------------------------- count_parameters


def count_parameters(config):
    """The number of parameters of BertModel(config), from the config alone.

    config: a BertConfig, with hidden_size, intermediate_size, num_hidden_layers,
    vocab_size, max_position_embeddings and type_vocab_size.
    Returns a whole number: embeddings, layers and pooler together.
    """
    ### BEGIN SOLUTION
    d, inner = config.hidden_size, config.intermediate_size
    tables = config.vocab_size + config.max_position_embeddings + config.type_vocab_size
    embeddings = tables * d + 2 * d  # and a layer norm
    attention = 4 * (d * d + d)  # query, key, value, output
    feed_forward = (d * inner + inner) + (inner * d + d)
    layer = attention + feed_forward + 2 * (2 * d)  # two layer norms
    pooler = d * d + d
    return embeddings + config.num_hidden_layers * layer + pooler
    ### END SOLUTION


def pieces(config):
    """The parameters of BertModel(config) by the smallest parts that one may forget."""
    d, inner, layers = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    return {
        "the embedding matrix of tokens": config.vocab_size * d,
        "the embedding matrix of positions": config.max_position_embeddings * d,
        "the embedding matrix of segments (type_vocab_size)": config.type_vocab_size * d,
        "the layer norm of the embeddings": 2 * d,
        "the matrices of attention": layers * 4 * d * d,
        "the biases of attention": layers * 4 * d,
        "the first matrix of the feed-forward": layers * d * inner,
        "the biases of the feed-forward's first matrix": layers * inner,
        "the second matrix of the feed-forward": layers * d * inner,
        "the biases of the feed-forward's second matrix": layers * d,
        "the layer norms of the layers": layers * 4 * d,
        "the matrix of the pooler": d * d,
        "the biases of the pooler": d,
    }


def without(*words):
    """A count that leaves out every part whose name has one of these words."""
    return lambda config: sum(many for part, many in pieces(config).items() if not any(word in part for word in words))


def plus(more):
    """A count with something more (or less), a function of the config."""
    return lambda config: count_parameters(config) + more(config)


def _larger_pieces(config):
    """The same by parts that one may forget together with others."""
    found = pieces(config)

    def of(*words):
        return sum(many for part, many in found.items() if all(word in part for word in words))

    larger = {part: many for part, many in found.items() if "embedding matrix" in part or "norm" in part}
    attention, forward = of("of attention"), of("feed-forward")
    return {
        **larger,
        "attention": attention,
        "the feed-forward": forward,
        "the biases of the feed-forward": of("biases", "feed-forward"),
        "the pooler": of("pooler"),
    }


def _left_out(config, output, right):
    """The fewest parts, at most three, that are as many as are missing; () if none are."""
    single = [(part,) for part, many in pieces(config).items() if many == right - output]
    found = _larger_pieces(config)
    several = (parts for many in (1, 2, 3) for parts in combinations(found, many))
    return next((one for one in (*single, *several) if len(one) and _size_of(config, one) == right - output), ())


def _size_of(config, parts):
    return sum({**pieces(config), **_larger_pieces(config)}[part] for part in parts)


def _bert(**settings):
    def make():
        from transformers import BertConfig

        return (BertConfig(**settings),)

    return make


COUNT_PARAMETERS = Exercise(
    name="count_parameters",
    chapter=6,
    minutes=10,
    level="medium",
    signature="count_parameters(config) -> whole number",
    reference=count_parameters,
    close=0,
    seconds=20,
    cases=[
        Case(
            says="2 layers, width 10, 5 heads, 34 inside the feed-forward, 37 tokens, 23 positions, 7 segments",
            make=_bert(
                num_hidden_layers=2,
                hidden_size=10,
                num_attention_heads=5,
                intermediate_size=34,
                vocab_size=37,
                max_position_embeddings=23,
                type_vocab_size=7,
            ),
        ),
        Case(
            says="3 layers, width 20, 5 heads, 28 inside the feed-forward, 101 tokens, 37 positions, 2 segments",
            make=_bert(
                num_hidden_layers=3,
                hidden_size=20,
                num_attention_heads=5,
                intermediate_size=28,
                vocab_size=101,
                max_position_embeddings=37,
                type_vocab_size=2,
            ),
        ),
        Case(
            says="MiniLM: 6 layers, width 384",
            make=_bert(num_hidden_layers=6, hidden_size=384, num_attention_heads=12, intermediate_size=1536),
        ),
        Case(says="BERT-base", make=_bert()),
    ],
    mistakes=[
        Mistake(
            "no pooler",
            without("pooler"),
            "the pooler is missing: one more linear layer from d to d, after the last layer, with its biases.",
        ),
        Mistake("no biases", without("biases"), "the biases are missing, one for each output of each linear layer."),
        Mistake(
            "matrices only",
            without("biases", "norm"),
            "only the matrices are counted: each linear layer has biases too, and each layer norm "
            "multiplies and shifts, 2 · d.",
        ),
        Mistake(
            "no layer norms",
            without("norm"),
            "the layer norms are missing: one after the embeddings, two a layer, 2 · d each.",
        ),
        Mistake(
            "norms of d",
            plus(lambda c: -c.hidden_size * (1 + 2 * c.num_hidden_layers)),
            "a layer norm has 2 · d parameters: it multiplies each of the d numbers, and it shifts each.",
        ),
        Mistake(
            "one norm a layer",
            plus(lambda c: -2 * c.hidden_size * c.num_hidden_layers),
            "one layer norm a layer is missing: one stands after the attention, one after the feed-forward.",
        ),
        Mistake(
            "attention's biases or the layers' norms",
            without("the biases of attention"),
            "4 · d a layer are missing: as many as the biases of attention's four matrices, or as the layers' two "
            "layer norms. Which of them is not in your sum?",
        ),
        Mistake(
            "no output matrix",
            plus(lambda c: -c.num_hidden_layers * (c.hidden_size**2 + c.hidden_size)),
            "attention has four linear layers: query, key and value, and the output that brings the heads together "
            "again. One of them is missing.",
        ),
        Mistake(
            "one matrix of the feed-forward",
            without("of the feed-forward's second", "second matrix"),
            "the feed-forward has two linear layers: d to intermediate_size, and back to d. One is missing.",
        ),
        Mistake(
            "biases of the inner width twice",
            plus(lambda c: c.num_hidden_layers * (c.intermediate_size - c.hidden_size)),
            "the second matrix of the feed-forward goes back to d numbers, so it has d biases and not "
            "intermediate_size.",
        ),
        Mistake(
            "biases of the width twice",
            plus(lambda c: c.num_hidden_layers * (c.hidden_size - c.intermediate_size)),
            "the first matrix of the feed-forward has intermediate_size outputs, and so as many biases, not d.",
        ),
        Mistake(
            "inner width of 4 d",
            lambda c: (
                count_parameters(c)
                + c.num_hidden_layers * (2 * c.hidden_size + 1) * (4 * c.hidden_size - c.intermediate_size)
            ),
            "the feed-forward is not always four times as wide: the config has intermediate_size.",
        ),
        Mistake(
            "attention times heads",
            plus(lambda c: c.num_hidden_layers * 4 * (c.hidden_size**2 + c.hidden_size) * (c.num_attention_heads - 1)),
            "the heads are counted as if each had matrices of d by d. They are slices of the same four matrices: "
            "their number does not occur in the sum.",
        ),
        Mistake(
            "attention by head",
            plus(
                lambda c: (
                    -c.num_hidden_layers * 4 * c.hidden_size * (c.hidden_size - c.hidden_size // c.num_attention_heads)
                )
            ),
            "attention's matrices are counted for a single head: d · (d / heads). All heads together have d · d.",
        ),
        Mistake(
            "one layer",
            plus(lambda c: -(c.num_hidden_layers - 1) * _of_layers(c) // c.num_hidden_layers),
            "a single layer is counted: each of the num_hidden_layers has its own weights.",
        ),
        Mistake(
            "norm in the embeddings once a layer",
            plus(lambda c: (c.num_hidden_layers - 1) * (c.hidden_size**2 + c.hidden_size)),
            "the pooler is counted once a layer; there is one, after the last.",
        ),
        Mistake(
            "with the head of pretraining",
            plus(lambda c: c.hidden_size**2 + 3 * c.hidden_size + c.vocab_size),
            "the head that fills gaps is counted too (a linear layer, a layer norm, a bias for each token): BertModel "
            "is the encoder without a head.",
        ),
        Mistake(
            "the head in place of the pooler",
            plus(lambda c: 2 * c.hidden_size + c.vocab_size),
            "that is BertForMaskedLM: it has a head that fills gaps, and no pooler. BertModel has a pooler and no "
            "head.",
        ),
        Mistake(
            "the table twice",
            plus(lambda c: c.hidden_size * c.vocab_size),
            "the embedding matrix of tokens is counted twice: BertModel has it once, at its input.",
        ),
        Mistake(
            "parts left out",
            when(
                lambda case, output, right: (
                    type(output) is int and bool(_left_out(case.inputs[0], output, right)) and output > 0
                )
            ),
            lambda case, output, right: (
                f"{right - output:,} are missing, as many as belong to "
                f"{' and '.join(_left_out(case.inputs[0], output, right))}."
            ),
        ),
    ],
    hints=[
        "Three parts: embeddings, then num_hidden_layers times the same layer, then the pooler. Count each on paper "
        "for d = 2.",
        "A linear layer from a to b has a · b + b parameters, a layer norm over d numbers 2 · d, an embedding "
        "matrix of n vectors n · d.",
        "Embeddings: three matrices and a layer norm. A layer: four linear layers from d to d, two of the "
        "feed-forward, two layer norms. Pooler: a linear layer from d to d.",
        "print the names and shapes of BertModel(config).named_parameters() for a small config, and compare.",
    ],
    commentary="The number of heads does not occur: heads are slices of the same matrices.",
)


def _of_layers(config):
    return sum(
        many for part, many in pieces(config).items() if "attention" in part or "feed" in part or "layers" in part
    )


# ---------------------------------------------------------------- loading_report


def loading_report(skeleton, checkpoint):
    """What does not fit when a checkpoint is loaded into a skeleton.

    skeleton, checkpoint: dictionaries, name of a weight -> its shape.
    Returns {"missing": names, "unexpected": names, "mismatched": names}: wanted by the
    skeleton and not in the checkpoint; the reverse; in both, with another shape. The
    order of the names is free.
    """
    ### BEGIN SOLUTION
    both = [name for name in skeleton if name in checkpoint]
    return {
        "missing": [name for name in skeleton if name not in checkpoint],
        "unexpected": [name for name in checkpoint if name not in skeleton],
        "mismatched": [name for name in both if skeleton[name] != checkpoint[name]],
    }
    ### END SOLUTION


def report_but(missing="missing", unexpected="unexpected", mismatched=None):
    """A report with something else in one place: for the mistakes."""

    def wrong(skeleton, checkpoint):
        right = loading_report(skeleton, checkpoint)
        other = right["mismatched"] if mismatched is None else mismatched(skeleton, checkpoint)
        return {"missing": right[missing], "unexpected": right[unexpected], "mismatched": other}

    return wrong


def _shared(skeleton, checkpoint):
    return [name for name in skeleton if name in checkpoint]


def mismatched_is_missing_too(skeleton, checkpoint):
    """A weight of another shape stands among the missing and the unexpected as well."""
    right = loading_report(skeleton, checkpoint)
    return {key: [*names, *right["mismatched"]] if key != "mismatched" else names for key, names in right.items()}


def missing_is_mismatched(skeleton, checkpoint):
    """A weight that the checkpoint lacks counts as one of another shape: get() gives None for it."""
    return [name for name in skeleton if skeleton[name] != checkpoint.get(name)]


def _with_shapes(case, output, right):
    groups = output.values() if isinstance(output, Mapping) else ()
    return any(isinstance(one, tuple) for names in groups if isinstance(names, list | set | tuple) for one in names)


def mismatched_is_missing(skeleton, checkpoint):
    """A weight of another shape stands among the missing and the unexpected only."""
    return {**mismatched_is_missing_too(skeleton, checkpoint), "mismatched": []}


_bert_shapes = {"word.weight": (30, 4), "layer.0.weight": (4, 4), "layer.0.bias": (4,), "pooler.weight": (4, 4)}
_wide_shapes = {"word.weight": (30, 8), "layer.0.weight": (4, 4), "layer.0.bias": (4,), "lm_head.bias": (30,)}
_turned = {"word.weight": (4, 30), "layer.0.weight": (16,), "layer.0.bias": (4,), "pooler.weight": (2, 8)}

LOADING_REPORT = Exercise(
    name="loading_report",
    chapter=6,
    minutes=6,
    level="easy",
    signature='loading_report(skeleton, checkpoint) -> {"missing": names, "unexpected": names, "mismatched": names}',
    reference=loading_report,
    use=lambda answer, skeleton, checkpoint: names_in_order(answer(skeleton, checkpoint)),
    cases=[
        Case(
            ({"a": (2, 3), "b": (4,)}, {"a": (2, 3), "c": (4,)}),
            says="a skeleton of a and b, a checkpoint of a and c, shapes alike",
        ),
        Case(({"a": (2, 3)}, {"a": (3, 2)}), says="a skeleton with a of (2, 3), a checkpoint with a of (3, 2)"),
        Case((_bert_shapes, _bert_shapes), says="a checkpoint that fits"),
        Case((_bert_shapes, _wide_shapes), says="a wider table, no pooler and a head more than the skeleton has"),
        Case((_bert_shapes, _turned), says="the same names and as many numbers, in other shapes"),
        Case((_bert_shapes, {}), says="an empty checkpoint"),
    ],
    mistakes=[
        Mistake(
            "exchanged",
            report_but("unexpected", "missing"),
            'missing and unexpected are exchanged: "missing" is what the skeleton wants (b) and the checkpoint lacks.',
        ),
        Mistake(
            "mismatched is missing too",
            mismatched_is_missing_too,
            "a weight that is in both with another shape belongs to the mismatched alone; yours is missing and "
            "unexpected as well.",
        ),
        Mistake(
            "mismatched is missing, not unexpected",
            lambda skeleton, checkpoint: {
                **loading_report(skeleton, checkpoint),
                "missing": mismatched_is_missing_too(skeleton, checkpoint)["missing"],
            },
            "a weight that is in both with another shape belongs to the mismatched alone; yours is missing as well.",
        ),
        Mistake(
            "missing is mismatched too",
            report_but(mismatched=missing_is_mismatched),
            "b is not in the checkpoint at all, and get() gives None for its shape: mismatched is only what both have.",
        ),
        Mistake(
            "with shapes",
            when(_with_shapes),
            "names come with their shapes, as pairs; asked for are the names alone.",
        ),
        Mistake(
            "mismatched is missing",
            mismatched_is_missing,
            "a weight that is in both with another shape is mismatched; yours counts it as missing and unexpected.",
        ),
        Mistake(
            "no shapes",
            report_but(mismatched=lambda skeleton, checkpoint: []),
            "shapes are not compared: (2, 3) and (3, 2) are two shapes, and such a weight is mismatched.",
        ),
        Mistake(
            "as many numbers",
            report_but(
                mismatched=lambda skeleton, checkpoint: [
                    name
                    for name in _shared(skeleton, checkpoint)
                    if math.prod(skeleton[name]) != math.prod(checkpoint[name])
                ]
            ),
            "(2, 3) and (3, 2) hold as many numbers and are two shapes: compare the shapes themselves.",
        ),
        Mistake(
            "as many dimensions",
            report_but(
                mismatched=lambda skeleton, checkpoint: [
                    name for name in _shared(skeleton, checkpoint) if len(skeleton[name]) != len(checkpoint[name])
                ]
            ),
            "(2, 3) and (3, 2) have as many dimensions and are two shapes: compare the shapes themselves.",
        ),
        Mistake(
            "what fits",
            report_but(
                mismatched=lambda skeleton, checkpoint: [
                    name for name in _shared(skeleton, checkpoint) if skeleton[name] == checkpoint[name]
                ]
            ),
            '"mismatched" holds the weights that fit; it should hold those whose shapes differ.',
        ),
        Mistake(
            "counts",
            lambda skeleton, checkpoint: {
                key: len(names) for key, names in loading_report(skeleton, checkpoint).items()
            },
            "these are counts; asked for are the names themselves.",
        ),
        Mistake(
            "a tuple",
            when(lambda case, output, right: isinstance(output, tuple | list) and len(output) == 3),
            'three values came back; asked for is one dictionary with the keys "missing", "unexpected", "mismatched".',
        ),
    ],
    hints=[
        "Which names are in the one dictionary and not in the other? `name in dictionary` asks for a key.",
        "Mismatched can only be what is in both; look shapes up there alone, or KeyError comes.",
    ],
    commentary="It compares names and shapes, not operations.",
)


# ---------------------------------------------------------------- read_header


def safetensors_bytes(tensors, metadata=None, spaces=0):
    """The bytes of a safetensors file of float32 and int64 tensors, in the order given."""
    header, data = {} if metadata is None else {"__metadata__": metadata}, b""
    for name, tensor in tensors.items():
        raw = tensor.contiguous().numpy().tobytes()  # the course's machines are little-endian
        dtype = {torch.float32: "F32", torch.int64: "I64"}[tensor.dtype]
        offsets = [len(data), len(data) + len(raw)]
        header[name] = {"dtype": dtype, "shape": list(tensor.shape), "data_offsets": offsets}
        data += raw
    text = json.dumps(header, ensure_ascii=False).encode() + b" " * spaces
    return len(text).to_bytes(8, "little") + text + data


def in_a_file(answer, data, *more):
    """`answer` with the path of a file of these bytes, which is deleted afterwards."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "model.safetensors"
        path.write_bytes(data)
        return answer(path, *more)


def read_header(path):
    """What a safetensors file says about its tensors, without reading their numbers.

    The file: 8 bytes with the length of the header, a whole number, least significant
    byte first; the header, JSON in UTF-8, of that many bytes; then the numbers.
    Returns a dictionary, name -> {"dtype": …, "shape": […], "data_offsets": [begin, end]},
    as it stands in the file, without the note "__metadata__", which is no tensor.
    """
    ### BEGIN SOLUTION
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
    header.pop("__metadata__", None)
    return header
    ### END SOLUTION


def header_but(
    count=8, start=None, order="little", keep=False, encoding=None, streamed=True, minus=0, absolute=False, entire=False
):
    """A header read with something else in one place: for the mistakes."""

    def wrong(path):
        data = Path(path).read_bytes()
        length = int.from_bytes(data[:count], order) - minus
        begin = count if start is None else start
        if entire:
            text = data[begin:]
        elif streamed:
            with open(path, "rb") as file:
                file.seek(begin)
                text = file.read(length)
        else:
            text = data[begin : begin + length]
        header = json.loads(text.decode(encoding)) if encoding else json.loads(text)
        if not keep:
            header.pop("__metadata__", None)
        if absolute:
            for about in header.values():
                about["data_offsets"] = [8 + length + place for place in about["data_offsets"]]
        return header

    return wrong


def _whole_text(path):
    """The file is read as text."""
    with open(path, encoding="utf-8") as file:
        return json.loads(file.read()[8:])


BIG = (
    "the length is read with its most significant byte first, and becomes enormous. In the file the least significant "
    "one stands first: little-endian."
)


def _note_taken_as_given(path):
    """The header without its note, which not every file has."""
    header = header_but(keep=True)(path)
    header.pop("__metadata__")
    return header


def _either_way(name, says, **changed):
    """A mistake, where bytes are handed to json.loads and where they are decoded first: the errors differ."""
    return [
        Mistake(f"{name}, {how}", header_but(encoding=encoding, **changed), says)
        for how, encoding in (("as bytes", None), ("decoded", "utf-8"))
    ]


_two = {"first": torch.arange(6.0).view(2, 3), "second": torch.tensor([7.5, -1.0])}
_mixed = {
    "embeddings.position_ids": torch.arange(5)[None],
    "embeddings.größe.weight": numbers(3, 4),
    **{f"encoder.layer.{n}.weight": numbers(2, 2, seed=n + 1) for n in range(3)},
}
_many = {f"model.layers.{n}.mlp.down_proj.weight": numbers(1, 2, seed=n) for n in range(700)}

READ_HEADER = Exercise(
    name="read_header",
    chapter=6,
    minutes=8,
    level="medium",
    signature='read_header(path) -> {name: {"dtype": …, "shape": […], "data_offsets": […]}}',
    reference=read_header,
    use=lambda answer, data: in_a_file(answer, data),
    cases=[
        Case((safetensors_bytes(_two),), says="a file of two tensors, without __metadata__"),
        Case((safetensors_bytes(_two, {"format": "pt"}, 5),), says="the same with __metadata__, filled up with spaces"),
        Case((safetensors_bytes(_mixed, {"format": "pt"}),), says="a file of five tensors, one name with ö and ß"),
        Case((safetensors_bytes(_many),), says="a file of 700 tensors, whose header has more than 65,536 bytes"),
    ],
    mistakes=[
        Mistake(
            "the note taken as given",
            _note_taken_as_given,
            "not every file has the note __metadata__: take it out only where it is there.",
        ),
        Mistake("big-endian", header_but(order="big"), BIG),
        Mistake(
            "metadata kept",
            header_but(keep=True),
            'the note "__metadata__" is still there: it is no tensor, and has neither dtype nor shape.',
        ),
        *_either_way("4 bytes", "the length takes 8 bytes, not 4; the header begins at byte 8.", count=4),
        *_either_way("one byte", "the length takes 8 bytes, and not one; the header begins at byte 8.", count=1),
        *_either_way("from 0", "the header begins at byte 8, after its length; yours begins at byte 0.", start=0),
        *_either_way(
            "length in one byte",
            "only the first byte of the length is used, which ends at 255: all 8 belong to it.",
            count=1,
            start=8,
        ),
        *_either_way(
            "length in two bytes",
            "only two bytes of the length are used, which end at 65,535: all 8 belong to it.",
            count=2,
            start=8,
        ),
        *_either_way(
            "length counts itself",
            "the header ends too early: the length counts the header alone, and not the 8 bytes before it.",
            minus=8,
        ),
        *_either_way(
            "everything",
            "all the rest of the file is taken for the header. It ends after as many bytes as the first eight say, the "
            "least significant first (little-endian), and then come the numbers.",
            entire=True,
        ),
        Mistake("as text", _whole_text, "the file is opened as text, and it is bytes: mode 'rb'."),
        Mistake(
            "latin-1",
            header_but(encoding="latin-1"),
            "the name with ö and ß is garbled: the header is UTF-8, and read as Latin-1. json.loads takes bytes as "
            "they are.",
        ),
        Mistake(
            "absolute offsets",
            header_but(absolute=True),
            "the offsets are counted from the beginning of the file. Asked for is what stands in the header: there "
            "they are counted from its end.",
        ),
        Mistake(
            "text",
            when(lambda case, output, right: isinstance(output, str | bytes)),
            "the header came back as text: json.loads makes a dictionary of it.",
        ),
        Mistake(
            "names only",
            when(lambda case, output, right: isinstance(output, list | frozenset) and set(output) == set(right)),
            "only the names came back; asked for is the dictionary, name -> what the file says about it.",
        ),
    ],
    hints=[
        "Open the file with mode 'rb' and read twice: 8 bytes, then as many as they say.",
        'int.from_bytes(bytes, order) makes a whole number of bytes; the order is "little" or "big".',
        "json.loads takes bytes. A dictionary's pop(key, None) takes an entry out if it is there.",
    ],
    commentary="The library's own header in `course_lib/weights.py` also checks that the file is as long as its header "
    "says, and refuses lengths that no header has: somebody else wrote the file.",
)


# ---------------------------------------------------------------- read_tensor


def read_tensor(path, name):
    """One tensor of a safetensors file, without reading the others.

    name: of a tensor in the format F32: four bytes a number, least significant first.
    Its data_offsets, [begin, end], are counted from the end of the header.
    Returns a float32 tensor (or NumPy array) of the shape that the header says.
    """
    ### BEGIN SOLUTION
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        about = json.loads(file.read(length))[name]
        begin, end = about["data_offsets"]
        file.seek(8 + length + begin)
        data = bytearray(file.read(end - begin))
    return torch.frombuffer(data, dtype=torch.float32).reshape(about["shape"])
    ### END SOLUTION


def tensor_but(
    start=lambda length: 8 + length, order="<", flat=False, kind="f4", turned=False, pick=None, span=lambda a, b: (a, b)
):
    """A tensor read with something else in one place: for the mistakes."""

    def wrong(path, name):
        import numpy as np

        data = Path(path).read_bytes()
        length = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + length])
        about = header[name] if pick is None else pick(header)
        begin, end = span(*about["data_offsets"])
        raw = data[start(length) + begin : start(length) + end]
        found = torch.from_numpy(np.frombuffer(raw, f"{order}{kind}").astype("f4"))
        if turned:
            return found.reshape(about["shape"][::-1]).movedim(-1, 0) if len(about["shape"]) == 2 else found
        return found if flat else found.reshape(about["shape"])

    return wrong


READ_TENSOR = Exercise(
    name="read_tensor",
    chapter=6,
    minutes=10,
    level="medium",
    signature="read_tensor(path, name) -> float32, of the shape that the header says",
    reference=read_tensor,
    lists=True,
    use=lambda answer, data, name: in_a_file(answer, data, name),
    cases=[
        Case((safetensors_bytes(_two), "first"), says='the tensor "first" of a file of two'),
        Case((safetensors_bytes(_two), "second"), says='the tensor "second" of a file of two'),
        Case(
            (safetensors_bytes(_mixed, {"format": "pt"}), "embeddings.größe.weight"),
            says="a tensor that comes after one of whole numbers",
        ),
        Case((safetensors_bytes({"one": torch.tensor(2.5)}), "one"), says="a tensor without dimensions"),
    ],
    mistakes=[
        Mistake(
            "from the beginning",
            tensor_but(start=lambda length: 0),
            "the offsets are taken from the beginning of the file, where the header stands; they are counted from "
            "the end of the header.",
        ),
        Mistake(
            "where the numbers begin",
            tensor_but(span=lambda begin, end: (0, end - begin)),
            "it reads from where the numbers of all tensors begin; this tensor's begin at its first offset after that.",
        ),
        Mistake(
            "end as a length",
            tensor_but(span=lambda begin, end: (begin, begin + end)),
            "the second offset is where the tensor ends, and not how many bytes it has.",
        ),
        Mistake(
            "eight bytes a number",
            tensor_but(kind="f8"),
            "eight bytes are read as one number (NumPy's float is float64); F32 has four.",
        ),
        Mistake(
            "eight bytes short",
            tensor_but(start=lambda length: length),
            "it reads 8 bytes too early: before the header stand the 8 bytes of its length.",
        ),
        Mistake(
            "after the eight bytes",
            tensor_but(start=lambda length: 8),
            "the offsets are counted from the beginning of the header; they are counted from its end.",
        ),
        Mistake(
            "big-endian",
            tensor_but(order=">"),
            "the bytes of each number are turned round: the least significant one stands first.",
        ),
        Mistake(
            "flat",
            tensor_but(flat=True),
            "the numbers are right and stand in one row: give them the shape that the header says.",
        ),
        Mistake(
            "whole numbers", tensor_but(kind="i4"), "the bytes are read as whole numbers; F32 is a float of four bytes."
        ),
        Mistake(
            "turned",
            tensor_but(turned=True),
            "the numbers are put into their shape column by column; they stand row by row.",
        ),
        Mistake(
            "the first",
            tensor_but(pick=lambda header: next(about for key, about in header.items() if key != "__metadata__")),
            "it is the first tensor of the file, whatever the name.",
        ),
    ],
    hints=[
        "First the header, as in read_header: where do this tensor's bytes begin and end?",
        "file.seek(place) goes to a byte, counted from the beginning of the file. What stands before the numbers?",
        'np.frombuffer(bytes, "<f4") or torch.frombuffer makes numbers of bytes; then the shape.',
    ],
    commentary="This is how a large checkpoint is opened in an instant: the file is mapped into memory, and a tensor's "
    "bytes are fetched when it is used.",
)


# ---------------------------------------------------------------- verify


def verify(folder, index):
    """The files of a folder that are damaged or missing.

    folder: a path. index: a dictionary, name of a file -> the sha256 of its bytes, in
    hexadecimal digits. Files that the index does not name are passed over.
    Returns the names, in any order; none if all is well.
    """
    ### BEGIN SOLUTION
    bad = []
    for name, expected in index.items():
        path = Path(folder) / name
        found = path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest()
        if found != expected:  # found is False for a file that is missing
            bad.append(name)
    return bad
    ### END SOLUTION


RAISED = "FileNotFoundError"
LOST = "FileNotFoundError, where each file is there"


def in_a_folder(answer, files, index):
    """`answer` with a folder of these files, deleted afterwards; the word `RAISED` if a missing file stops it, `LOST`
    if it does not find a file that is there.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for name, data in files.items():
            path = Path(folder) / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
        try:
            return names_in_order(answer(Path(folder), index))
        except FileNotFoundError:
            return LOST if all((Path(folder) / name).is_file() for name in index) else RAISED


def digest_of(
    hashed=lambda path: hashlib.sha256(path.read_bytes()).hexdigest(), missing=True, damaged=True, good=False
):
    """A check of files with something else in one place: for the mistakes."""

    def wrong(folder, index):
        bad = []
        for name, expected in index.items():
            path = Path(folder) / name
            if not path.is_file():
                bad += [name] if missing else []
            elif damaged and hashed(path) != expected:
                bad.append(name)
        return [name for name in index if name not in bad] if good else bad

    return wrong


def _first_only(folder, index):
    return verify(folder, index)[:1]


def _with_others(folder, index):
    there = [path.relative_to(folder).as_posix() for path in Path(folder).rglob("*") if path.is_file()]
    return verify(folder, index) + [name for name in there if name not in index]


def _sha(data):
    return hashlib.sha256(data).hexdigest()


_files = {
    "config.json": b'{\r\n  "hidden_size": 4\r\n}\r\n',
    "model.safetensors": bytes(range(256)) * 800,
    "tokenizer/vocab.txt": "größe\n[MASK]\n".encode(),
}
_index = {name: _sha(data) for name, data in _files.items()}
_bit = {**_files, "model.safetensors": _files["model.safetensors"][:-1] + b"\xfe"}
_bad = {"notes.txt": b"mine", "config.json": b"{}", "model.safetensors": _bit["model.safetensors"]}

VERIFY = Exercise(
    name="verify",
    chapter=6,
    minutes=8,
    level="easy",
    signature="verify(folder, index) -> names of files that are damaged or missing",
    reference=verify,
    use=in_a_folder,
    cases=[
        Case(
            ({"a.txt": b"one", "b.txt": b"two"}, {"a.txt": _sha(b"one"), "b.txt": _sha(b"tow")}),
            says="two files, of which b.txt is damaged",
        ),
        Case(
            ({"a.txt": b"one"}, {"a.txt": _sha(b"one"), "b.txt": _sha(b"two")}), says="one file, and b.txt is missing"
        ),
        Case((_files, _index), says="a folder in which all is well"),
        Case((_bit, _index), says="a folder with one bit of model.safetensors turned"),
        Case((_bad, _index), says="a folder with two damaged files, one missing and one more, notes.txt"),
    ],
    mistakes=[
        Mistake(
            "looked for elsewhere",
            when(lambda case, output, right: output == LOST),
            "the files are there, and open does not find them: a name alone is looked for in the working folder. The "
            "path is Path(folder) / name.",
        ),
        Mistake(
            "stopped by a missing file",
            when(lambda case, output, right: output == RAISED),
            "a missing file stops it: open raises FileNotFoundError for b.txt. Ask first whether the file is there.",
        ),
        Mistake(
            "good ones",
            digest_of(good=True),
            "these are the files that are well; asked for are the others.",
        ),
        Mistake(
            "missing passed over",
            digest_of(missing=False),
            "b.txt is missing from the folder, and so from your list: a missing file is not well.",
        ),
        Mistake(
            "only missing",
            digest_of(damaged=False),
            "only missing files are found: b.txt is there, and its bytes have another sha256 than the index says.",
        ),
        Mistake("the first only", _first_only, "it stops at the first bad file: asked for are all."),
        Mistake(
            "not in the index",
            _with_others,
            "notes.txt is not in the index: nothing is known of it, and it is passed over.",
        ),
        Mistake(
            "as text",
            digest_of(lambda path: _sha(path.read_text(encoding="latin-1").encode("latin-1"))),
            "config.json is well, and it is called damaged: it is read as text, which turns the ends of its lines "
            "(\\r\\n) into \\n. The sha256 is of the bytes.",
        ),
        Mistake(
            "all damaged",
            digest_of(lambda path: None),
            "every file is called damaged, a.txt too, which is well. Is each looked for in folder? Is it the sha256, "
            "and no other sum; of the file's bytes, and not of its name; in hexadecimal digits (hexdigest) on both "
            "sides?",
        ),
        Mistake(
            "the beginning",
            digest_of(lambda path: _sha(path.read_bytes()[:65536])),
            "model.safetensors is long, and well, and it is called damaged: only its beginning is read.",
        ),
        Mistake(
            "as text",
            digest_of(lambda path: _sha(path.read_text(encoding="utf-8").encode())),
            "a file is read as text, and weights are not text: read its bytes.",
        ),
        Mistake(
            "None where all is well",
            lambda folder, index: verify(folder, index) or None,
            "where all is well it returns None: asked for are the names, and an empty list is none.",
        ),
        Mistake(
            "yes or no",
            when(lambda case, output, right: isinstance(output, bool)),
            "True or False came back; asked for are the names of the files that are not well.",
        ),
    ],
    hints=[
        "For each name of the index two questions: is the file there? And are its bytes the right ones?",
        "hashlib.sha256(bytes).hexdigest() gives the digits; Path(folder) / name the path, whose read_bytes() reads.",
    ],
    commentary="For files of many gigabytes, `hashlib.file_digest` reads piece by piece. And a checksum proves that a "
    "file is the one in the index, not that the index is honest.",
)


# ---------------------------------------------------------------- quantise, dequantise


def quantise(weight):
    """A matrix in int8, with a scale for each row.

    weight: (rows, columns), float32. A row's largest absolute value becomes 127 or −127,
    zero stays zero; every other number goes to the nearest whole number.
    Returns whole numbers, int8 (rows, columns), and scales, float32 (rows, 1), so that
    whole numbers times scales give the weight back. A row of zeros has a scale above 0.
    """
    ### BEGIN SOLUTION
    scales = weight.abs().amax(-1, keepdim=True) / 127  # (rows, 1)
    scales = scales.masked_fill(scales == 0, 1.0)  # 0 / 0 would be NaN
    return (weight / scales).round().to(torch.int8), scales
    ### END SOLUTION


def usual_scales(answer, weight):
    """`answer`, with a scale of 1 for a row of zeros, where any number above 0 is right; float64 counts as float32."""
    zero = weight.abs().amax(-1, keepdim=True) == 0
    found = answer(weight)
    if isinstance(found, tuple | list) and len(found) == 2 and isinstance(found[1], torch.Tensor):
        whole, scales = found
        if scales.shape == zero.shape and scales.is_floating_point():
            scales = scales.detach()
            scales = scales.float() if scales.dtype == torch.float64 else scales
            scales = torch.where(zero & (scales > 0) & scales.isfinite(), torch.ones(()), scales)
        return whole, scales
    return found


def quantised_but(
    largest=127,
    axis=-1,
    top=lambda weight, axis: weight.abs().amax(axis, keepdim=True),
    step=torch.round,
):
    """Quantising with something else in one place: for the mistakes."""

    def wrong(weight):
        scales = top(weight, axis) / largest
        scales = scales.masked_fill(scales == 0, 1.0)
        return step(weight / scales).to(torch.int8), scales

    return wrong


def asymmetric(weight):
    """From the smallest number at −128 to the largest at 127, with a zero point."""
    low, high = weight.aminmax(dim=-1, keepdim=True)
    scales = (high - low) / 255
    scales = scales.masked_fill(scales == 0, 1.0)
    return ((weight - low) / scales - 128).round().to(torch.int8), scales


def _whole(weight, axis):
    return weight.abs().amax().expand(weight.shape[0], 1).clone()


def _zero_scale(case, output, right):
    scales = _scales_of(output, right)
    zero = case.inputs[0].abs().amax(-1, keepdim=True) == 0
    if scales is None or not torch.allclose(scales[~zero], right[1][~zero], atol=0):
        return False
    return bool(((scales == 0) | ~scales.isfinite())[zero].any())


def _inverse(case, output, right):
    """The right whole numbers and one over the scales, in the rows that have a number."""
    scales = _scales_of(output, right)
    some = case.inputs[0].abs().amax(-1) > 0
    if scales is None or not torch.equal(output[0][some], right[0][some]):
        return False
    return torch.allclose(scales[some], 1 / right[1][some], atol=0)


def _more_than_the_scale(case, output, right):
    """Every scale larger than it should be by the same small number."""
    scales = _scales_of(output, right)
    more = scales - right[1] if scales is not None else torch.zeros(1)
    little = bool(((more > 1e-4 * right[1]) & (more < right[1].max())).all())
    return little and torch.allclose(more, more[:1].expand_as(more), rtol=1e-2)


def _never_below(case, output, right):
    """The row of small numbers has a scale that is too large; the row of large numbers has its own."""
    scales = _scales_of(output, right)
    if scales is None or len(scales) != 2 or not case.inputs[0].any(-1).all() or scales[0] == scales[1]:
        return False
    return torch.allclose(scales[1], right[1][1]) and bool(1.001 * right[1][0] < scales[0])


def _scales_of(output, right):
    """The scales of an output that is a pair of two tensors like the right ones; else None."""
    if not isinstance(output, tuple | list) or not all(isinstance(one, torch.Tensor) for one in output):
        return None
    fits = [one.shape for one in output] == [one.shape for one in right]
    return output[1] if fits and output[1].is_floating_point() else None


def _flat_scales(case, output, right):
    pair = isinstance(output, tuple | list) and len(output) == 2
    return pair and getattr(output[1], "shape", None) == right[1].shape[:1]


def _one_scale(case, output, right):
    pair = isinstance(output, tuple | list) and len(output) == 2 and len(right[1]) > 1
    if not pair or not isinstance(output[1], torch.Tensor | float):
        return False
    return torch.as_tensor(output[1]).numel() == 1


def _by_column(case, output, right):
    pair = isinstance(output, tuple | list) and len(output) == 2 and isinstance(output[1], torch.Tensor)
    rows, columns = case.inputs[0].shape
    return pair and rows != columns and output[1].numel() == columns


def _not_int8(case, output, right):
    pair = isinstance(output, tuple | list) and len(output) == 2 and isinstance(output[0], torch.Tensor)
    return pair and output[0].dtype != torch.int8 and output[0].shape == right[0].shape


def _exchanged(case, output, right):
    pair = isinstance(output, tuple | list) and len(output) == 2
    return pair and [getattr(one, "dtype", None) for one in output] == [torch.float32, torch.int8]


ONE_SCALE = (
    "one scale serves the whole matrix: the row of small numbers has to live with the largest number of all, and "
    "nearly all of it becomes 0. Each row has its own."
)
_uneven = torch.tensor([[0.013, -0.004, 0.0071], [4.0, -9.0, 2.3]])
_faint = torch.tensor([[1e-9, -4e-10, 0.0], [0.5, -0.2, 0.3]])
_zeros = torch.tensor([[0.31, -0.2, 0.11, 0.05], [0.0, 0.0, 0.0, 0.0]])

QUANTISE = Exercise(
    name="quantise",
    chapter=6,
    minutes=10,
    level="medium",
    signature="quantise(weight) -> (whole numbers, int8 (rows, columns); scales, (rows, 1))",
    reference=quantise,
    use=usual_scales,
    close=5e-7,  # scales of small numbers are about 1e-4
    relative=1e-5,  # those of faint ones 7.9e-12
    exact_dtype=True,
    cases=[
        Case((torch.tensor([[0.4, -1.0, 0.26]]),), says="one row, [0.4, −1, 0.26]"),
        Case((_uneven,), says="two rows, one of small numbers and one of large ones"),
        Case((_zeros,), says="two rows of four, the second all zeros"),
        Case((_faint,), says="two rows, the first [1e-9, −4e-10, 0]"),
        Case((numbers(6, 40),), says="six rows of 40 random numbers"),
    ],
    mistakes=[
        Mistake("exchanged", when(_exchanged), "the pair is the wrong way round: first whole numbers, then scales."),
        Mistake(
            "not int8",
            when(_not_int8),
            lambda case, output, right: (
                f"the first of the pair is {str(output[0].dtype).removeprefix('torch.')} and should be int8: a byte a "
                "number is what it is for. (First round, then .to(torch.int8).)"
            ),
        ),
        Mistake(
            "inverse",
            when(_inverse),
            "the whole numbers are right, and the scales are one over what they should be: whole number times scale "
            "is to give the weight back.",
        ),
        Mistake(
            "something added",
            when(_more_than_the_scale),
            "something is added to every scale, and the largest value of a row is no longer 127. Only a row of zeros "
            "needs another scale.",
        ),
        Mistake(
            "a least scale too large",
            when(_never_below),
            "the row of small numbers has lost its own scale, as where no scale may fall below some number, or a "
            "little is added to each: it is rounded more coarsely than need be, or to zeros. Only a row of zeros needs "
            "another scale.",
        ),
        Mistake(
            "values and places",
            lambda weight: (weight, weight.abs().max(-1, keepdim=True) / 127),
            "max along a dimension gives two things, values and their places; amax gives the values alone.",
        ),
        Mistake(
            "zero scale",
            when(_zero_scale),
            "a row of zeros has scale 0 here, and 0/0 is NaN, for which there is no whole number: what .to(torch.int8) "
            "makes of it differs from processor to processor. Such a row needs another scale.",
        ),
        Mistake(
            "scales without a column",
            when(_flat_scales),
            "the scales have the shape (rows,); (rows, 1) is asked for, so that they meet the rows of the matrix and "
            "not its columns. keepdim=True keeps the dimension.",
        ),
        Mistake("one number", when(_one_scale), ONE_SCALE),
        Mistake("one scale", quantised_but(top=_whole), ONE_SCALE),
        Mistake(
            "by column",
            when(_by_column),
            "there is a scale for each column; asked for is one for each row: the largest along the last dimension.",
        ),
        Mistake(
            "127 left out",
            quantised_but(largest=1),
            "the scale is the largest value itself: whole numbers are then −1, 0 and 1. The largest is to become 127.",
        ),
        Mistake(
            "128",
            quantised_but(largest=128),
            "divided by 128: int8 ends at 127, so that is what the largest absolute value has to become.",
        ),
        Mistake(
            "255",
            quantised_but(largest=255),
            "divided by 255: whole numbers then reach from −255 to 255, and int8 from −128 to 127; what is larger "
            "wraps round. The largest absolute value becomes 127.",
        ),
        Mistake(
            "255 halves",
            quantised_but(largest=127.5),
            "divided by 127.5: the largest absolute value has to become 127.",
        ),
        Mistake(
            "not rounded",
            quantised_but(step=torch.trunc),
            "0.4 / scale is 50.8, and becomes 50: .to(torch.int8) cuts off what comes after the point. Round first.",
        ),
        Mistake(
            "rounded down",
            quantised_but(step=torch.floor),
            "0.4 / scale is 50.8, and becomes 50: it is rounded down; the nearest whole number is asked for.",
        ),
        Mistake(
            "rounded up",
            quantised_but(step=torch.ceil),
            "0.26 / scale is 33.02, and becomes 34: it is rounded up; the nearest whole number is asked for.",
        ),
        Mistake(
            "no abs",
            quantised_but(top=lambda weight, axis: weight.amax(axis, keepdim=True)),
            "the scale comes from the largest number, 0.4, and −1 is larger in size: it falls out of int8 and wraps "
            "round. The largest absolute value is meant.",
        ),
        Mistake(
            "spread",
            quantised_but(top=lambda weight, axis: weight.std(axis, keepdim=True, correction=0)),
            "the scale comes from the standard deviation; the largest absolute value is to become 127.",
        ),
        Mistake(
            "asymmetric",
            asymmetric,
            "that is the asymmetric scheme, from the smallest number at −128 to the largest at 127: it needs a zero "
            "point besides. Here zero stays zero, and the scale comes from the largest absolute value.",
        ),
    ],
    hints=[
        "For one row on paper: [0.4, −1, 0.26]. Which number divided by which scale gives −127?",
        "The largest absolute value of each row: abs, then amax along the last dimension, with keepdim=True.",
        "Round before you change the dtype. And what is the scale of a row of zeros?",
    ],
    commentary="A step is a scale wide, so rounding moves no weight by more than half a scale: one large number in a "
    "row makes the steps of all others coarse.",
)


def dequantise(whole, scales):
    """What is left of a matrix after `quantise`.

    whole: int8 (rows, columns). scales: float32 (rows, 1).
    Returns float32 (rows, columns).
    """
    ### BEGIN SOLUTION
    return whole.float() * scales
    ### END SOLUTION


def _like_int8(case, output, right):
    return isinstance(output, torch.Tensor) and not output.is_floating_point() and output.shape == right.shape


def _of_two_bytes(case, output, right):
    half = getattr(output, "dtype", None) in (torch.float16, torch.bfloat16)
    return half and output.shape == right.shape and torch.allclose(output.float(), right, rtol=1e-2)


_grid = torch.tensor([[127, -64, 3], [0, 5, -127], [1, 2, 100]], dtype=torch.int8)

DEQUANTISE = Exercise(
    name="dequantise",
    chapter=6,
    minutes=2,
    level="easy",
    signature="dequantise(whole, scales) -> float32 (rows, columns)",
    reference=dequantise,
    cases=[
        Case((_grid[:2], torch.tensor([[0.01], [0.5]])), says="two rows, scales 0.01 and 0.5"),
        Case((_grid, torch.tensor([[0.01], [0.5], [2.0]])), says="three rows of three, scales 0.01, 0.5 and 2"),
        Case(quantise(numbers(5, 16)), says="five rows of 16"),
    ],
    mistakes=[
        Mistake(
            "whole numbers",
            when(_like_int8),
            "the result is made of whole numbers again: what the scales bring has been cut off. Asked for is float32.",
        ),
        Mistake(
            "half the bits",
            when(_of_two_bytes),
            lambda case, output, right: f"the result is {output.dtype}, which has lost digits: float32 is asked for.",
        ),
        Mistake(
            "divided",
            lambda whole, scales: whole / scales,
            "it divides by the scales; whole number times scale gives the weight back.",
        ),
        Mistake(
            "127 again",
            lambda whole, scales: whole / 127 * scales,
            "divided by 127 once more: that is in the scale already.",
        ),
        Mistake(
            "127 times", lambda whole, scales: whole * 127 * scales, "multiplied by 127: that is in the scale already."
        ),
        Mistake("scales left out", lambda whole, scales: whole.float(), "the scales are not used."),
        Mistake(
            "matrix product",
            lambda whole, scales: whole.float() @ scales,
            "@ is a matrix product: it adds up along a row. Each number is to be multiplied by its row's scale, by *.",
        ),
        Mistake(
            "by column",
            lambda whole, scales: whole * scales.flatten(),
            "the scales meet the columns: a tensor of shape (rows,) stands for a row. Keep it (rows, 1).",
        ),
        Mistake("one scale", lambda whole, scales: whole * scales[0], "all rows are multiplied by the first scale."),
        Mistake(
            "largest scale",
            lambda whole, scales: whole * scales.max(),
            "all rows are multiplied by one scale, the largest; each has its own.",
        ),
    ],
    hints=[
        "Undo the division of quantise. The rounding cannot be undone.",
        "(rows, columns) · (rows, 1) broadcasts as it should.",
    ],
    commentary="An int8 number times a float32 scale is float32 in PyTorch without `.float()` too. What was rounded "
    "away stays away: at most half a scale for each number.",
)


# ---------------------------------------------------------------- memory_needed


def memory_needed(parameters, bytes_each, layers, key_value_heads, head_width, length, batch):
    """What a decoder needs in memory while it writes, in bytes.

    parameters: how many weights. bytes_each: of one number, in weights and cache alike.
    For each of batch texts of length tokens, the cache keeps a key and a value in every
    layer and for each of key_value_heads heads, vectors of head_width numbers.
    Returns {"weights": bytes, "cache": bytes}.
    """
    ### BEGIN SOLUTION
    numbers_kept = 2 * layers * key_value_heads * head_width * length * batch
    return {"weights": parameters * bytes_each, "cache": numbers_kept * bytes_each}
    ### END SOLUTION


def memory_but(cache=lambda c, **n: c, weights=lambda w, **n: w):
    """The memory with something else in one place: for the mistakes."""

    def wrong(parameters, bytes_each, layers, key_value_heads, head_width, length, batch):
        named = dict(
            bytes=bytes_each, layers=layers, heads=key_value_heads, width=head_width, length=length, batch=batch
        )
        right = memory_needed(parameters, bytes_each, layers, key_value_heads, head_width, length, batch)
        return {"weights": weights(right["weights"], **named), "cache": cache(right["cache"], **named)}

    return wrong


def _without(name, says):
    return Mistake(f"cache without {name}", memory_but(lambda cache, **n: cache / n[name]), says)


def _scaled(name, factor, says):
    by = lambda number, **_: number * factor  # noqa: E731
    return Mistake(name, memory_but(by, by), says)


def _is_exchanged(case, output, right):
    return isinstance(output, dict) and output == {"weights": right["cache"], "cache": right["weights"]}


MEMORY_NEEDED = Exercise(
    name="memory_needed",
    chapter=6,
    minutes=6,
    level="easy",
    signature="memory_needed(parameters, bytes_each, layers, key_value_heads, head_width, length, batch)"
    ' -> {"weights": bytes, "cache": bytes}',
    reference=memory_needed,
    close=1e-9,
    cases=[
        Case((1000, 4, 3, 5, 7, 11, 13), says="1,000 weights, 3 layers, 5 heads of 7, a batch of 13 with 11 tokens"),
        Case((134_515_008, 2, 30, 3, 64, 2048, 1), says="SmolLM2 in float16, one text of 2,048 tokens"),
        Case((6_738_415_616, 2, 32, 32, 128, 4096, 8), says="Llama 2 7B in float16, eight texts of 4,096 tokens"),
        Case((8_030_261_248, 0.5, 32, 8, 128, 8192, 1), says="Llama 3 8B in four bits, one text of 8,192 tokens"),
    ],
    mistakes=[
        Mistake("exchanged", when(_is_exchanged), "weights and cache are exchanged."),
        Mistake(
            "keys alone",
            memory_but(lambda cache, **_: cache / 2),
            "the cache is half of what it should be: for each token it keeps a key and a value.",
        ),
        Mistake(
            "keys alone, in numbers",
            memory_but(lambda cache, **n: cache / 2 / n["bytes"]),
            "the cache counts keys alone, and numbers: it keeps a key and a value, and a number has bytes_each.",
        ),
        _without("batch", "the batch is missing: each text has a cache of its own."),
        _without("layers", "the layers are missing: each layer has keys and values of its own."),
        _without("heads", "the heads are missing: each of the key_value_heads has keys and values of its own."),
        _without("width", "head_width is missing: a key is a vector, of so many numbers."),
        _without("length", "the length is missing: keys and values of every token so far are kept."),
        _without("bytes", "the cache is counted in numbers: bytes_each is missing."),
        Mistake(
            "weights in numbers",
            memory_but(weights=lambda weights, **n: weights / n["bytes"]),
            "the weights are counted in numbers: bytes_each is missing.",
        ),
        Mistake(
            "both in numbers",
            memory_but(lambda c, **n: c / n["bytes"], lambda w, **n: w / n["bytes"]),
            "these are counts of numbers: bytes_each is missing.",
        ),
        Mistake(
            "weights for each text",
            memory_but(weights=lambda weights, **n: weights * n["batch"]),
            "the weights are counted once for each text; all texts share them.",
        ),
        Mistake(
            "square of the length",
            memory_but(lambda cache, **n: cache * n["length"]),
            "the length is in it twice. What grows with the square is the table of scores; the cache keeps one key "
            "and one value a token.",
        ),
        Mistake("square of the heads", memory_but(lambda cache, **n: cache * n["heads"]), "the heads are in it twice."),
        Mistake("square of the width", memory_but(lambda cache, **n: cache * n["width"]), "head_width is in it twice."),
        Mistake("both together", memory_but(lambda cache, **_: 0), "the cache is 0: what is kept for each token?"),
        _scaled("bits", 8, "these are bits, eight times as many: asked for are bytes."),
        _scaled("kB", 1e-3, "these are thousands of bytes; asked for are bytes."),
        _scaled("KiB", 2**-10, "these are KiB; asked for are bytes."),
        _scaled("MB", 1e-6, "these are megabytes; asked for are bytes."),
        _scaled("MiB", 2**-20, "these are MiB; asked for are bytes."),
        _scaled("GB", 1e-9, "these are gigabytes; asked for are bytes."),
        _scaled("GiB", 2**-30, "these are GiB; asked for are bytes."),
        Mistake(
            "the sum",
            when(lambda case, output, right: isinstance(output, int | float) and output == sum(right.values())),
            "that is the sum; asked for are the two parts, in a dictionary.",
        ),
        Mistake(
            "a pair",
            when(lambda case, output, right: isinstance(output, tuple | list) and list(output) == [*right.values()]),
            'the numbers are right; asked for is a dictionary with the keys "weights" and "cache".',
        ),
        Mistake(
            "cut off",
            when(
                lambda case, output, right: (
                    isinstance(output, dict)
                    and output.keys() == right.keys()
                    and case.inputs[1] == 0.5
                    and output != right
                    and all(value in (0, right[key]) or value == 2 * right[key] for key, value in output.items())
                )
            ),
            "half a byte a number (four bits) is lost: `//` or int(…) makes 0 of 0.5, and rounding up makes 1.",
        ),
    ],
    hints=[
        "Count numbers first, bytes afterwards.",
        "One token of one text: in each layer, for each head, two vectors. How many numbers is that? Then all tokens, "
        "then all texts.",
    ],
    commentary="`bytes_each` may be half a byte, so `//` and `int()` would lose it. That the cache grows with every "
    "text and token is why newer models have fewer heads of keys and values than of queries.",
)


# ---------------------------------------------------------------- tied


def tied(state_dict):
    """Which weights are one and the same memory under several names.

    state_dict: a dictionary, name -> tensor. Two tensors are tied if they look into the
    same storage, also where one is a part of the other; equal numbers are not enough.
    Returns groups of two names or more, lists in a list, in any order; [] if none is.
    """
    ### BEGIN SOLUTION
    names = {}
    for name, tensor in state_dict.items():
        names.setdefault(tensor.untyped_storage().data_ptr(), []).append(name)
    return [group for group in names.values() if len(group) > 1]
    ### END SOLUTION


def groups_in_order(answer, state_dict):
    """`answer`, its groups as sorted lists in a sorted list."""
    found = answer(state_dict)
    if isinstance(found, list | tuple | set | frozenset):
        groups = [names_in_order(one) for one in found]
        return sorted(groups) if all(isinstance(one, list) for one in groups) else groups
    return found


def grouped_by(key, least=2):
    """Names grouped by a key of their tensors: for the mistakes."""

    def wrong(state_dict):
        names = {}
        for name, tensor in state_dict.items():
            names.setdefault(key(tensor), []).append(name)
        return [group for group in names.values() if len(group) >= least]

    return wrong


def in_pairs(state_dict):
    """Each pair of names by itself."""
    return [list(pair) for group in tied(state_dict) for pair in combinations(group, 2)]


def _named(*parts):
    """A state dict, of a kind that `check` hands over as it is: a copy would not be tied."""
    return collections.OrderedDict(parts)


def _small_model():
    model = nn.ModuleDict({"embeddings": nn.Embedding(9, 4), "layer": nn.Linear(4, 4), "lm_head": nn.Linear(4, 9)})
    model["lm_head"].weight = model["embeddings"].weight
    return (model.state_dict(),)


_w, _v = numbers(3, 2), numbers(6, 2, seed=1)

TIED = Exercise(
    name="tied",
    chapter=6,
    minutes=8,
    level="hard",
    signature="tied(state_dict) -> groups of names, a list of lists",
    reference=tied,
    use=groups_in_order,
    cases=[
        Case(
            (_named(("a", _w), ("b", _w), ("c", _w.clone()), ("d", -_w)),),
            says="a and b are one tensor, c is a copy, d another one",
        ),
        Case((_named(("a.bias", torch.zeros(3)), ("b.bias", torch.zeros(3))),), says="two biases, both all zeros"),
        Case(
            (_named(("a", _w.view(3, 2)), ("b", _w[:]), ("c", _v), ("d", _w), ("e", _v.detach())),),
            says="three names of one storage, two of another, each a tensor object of its own",
        ),
        Case(
            (_named(("table", _v), ("rows", _v[2:4]), ("turned", _w.T), ("w", _w)),),
            says="a table and a part of it, a matrix and its transpose",
        ),
        Case(says="the state dict of a model whose head has the matrix of its embeddings", make=_small_model),
    ],
    mistakes=[
        Mistake(
            "equal numbers",
            grouped_by(lambda tensor: (tuple(tensor.shape), tuple(tensor.flatten().tolist()))),
            "c is a copy of a: the same numbers, in memory of its own. What happens to c when a is trained?",
        ),
        Mistake(
            "the same object",
            grouped_by(id),
            "three names look into one storage, each through a tensor object of its own: `is` and id() compare "
            "objects. state_dict() makes new objects each time.",
        ),
        Mistake(
            "the first number's address",
            grouped_by(lambda tensor: tensor.data_ptr()),
            'data_ptr() of a tensor is where its first number lies, and "rows" begins in the middle of "table": ask '
            "the storage.",
        ),
        Mistake(
            "address and shape",
            grouped_by(lambda tensor: (tensor.data_ptr(), tuple(tensor.shape))),
            "a part of a tensor, or its transpose, looks into the same storage with another shape, and may begin "
            "elsewhere: ask the storage.",
        ),
        Mistake(
            "shapes",
            grouped_by(lambda tensor: tuple(tensor.shape)),
            "c and d have the shape of a, and memory of their own: equal shapes say nothing.",
        ),
        Mistake(
            "one name alone",
            grouped_by(lambda tensor: tensor.untyped_storage().data_ptr(), 1),
            "a name alone is not tied to anything: only groups of two names or more.",
        ),
        Mistake(
            "pairs of equal numbers",
            lambda state_dict: [
                [a, b] for a, b in combinations(state_dict, 2) if torch.equal(state_dict[a], state_dict[b])
            ],
            "c is a copy of a: the same numbers, in memory of its own. (And what belongs together is one group, not "
            "pairs.)",
        ),
        Mistake("pairs", in_pairs, "the three names of one storage came back as pairs; they are one group."),
        Mistake(
            "one list",
            lambda state_dict: sorted(name for group in tied(state_dict) for name in group),
            "all names came back in one list: which of them belong together? A list of lists.",
        ),
        Mistake(
            "without the first",
            lambda state_dict: [group[1:] for group in tied(state_dict)],
            "the first name of each group is missing.",
        ),
        Mistake("none", lambda state_dict: [], "a and b are one tensor, and nothing is found."),
    ],
    hints=[
        "A copy has equal numbers and a storage of its own; a part of a tensor has other numbers and the same "
        "storage. What has to be compared, then?",
        "Every tensor looks into a storage, tensor.untyped_storage(), and that has an address, data_ptr().",
        "A dictionary, address -> names, collects the groups.",
    ],
    commentary="safetensors refuses to write tied tensors twice (`save_model` writes one of the names); what is loaded "
    "then has to be tied again, which Transformers does from a list in the model's class.",
)


# ---------------------------------------------------------------- read_block


def read_block(block):
    """The 32 weights of one block of the format Q4_1.

    block: 20 bytes. Two float16 numbers of two bytes, least significant byte first: a
    scale, then a minimum. Then 16 bytes with two whole numbers each, 0 to 15: byte i
    has number i in its low four bits and number i + 16 in its high four.
    Returns a float32 tensor (or NumPy array), (32,): whole number · scale + minimum.
    """
    ### BEGIN SOLUTION
    scale, least = np.frombuffer(block[:4], "<f2").astype("f4")
    pairs = np.frombuffer(block[4:], np.uint8)  # (16,)
    whole = np.concatenate([pairs & 15, pairs >> 4])  # (32,), 0 to 15
    return torch.tensor(whole * scale + least)
    ### END SOLUTION


def q4_1_bytes(scale, least, whole):
    """A block as it lies in a file. whole: 32 numbers from 0 to 15."""
    pairs = [low | high << 4 for low, high in zip(whole[:16], whole[16:], strict=True)]
    return np.array([scale, least], "<f2").tobytes() + bytes(pairs)


def block_but(
    order=lambda low, high: np.concatenate([low, high]),
    value=lambda whole, scale, least: whole * scale + least,
    floats="<f2",
):
    """The block with something else in one place: for the mistakes."""

    def wrong(block):
        scale, least = np.frombuffer(block[:4], floats).astype(np.float32)
        pairs = np.frombuffer(block[4:], np.uint8)
        return torch.tensor(value(order(pairs & 15, pairs >> 4).astype(np.float32), scale, least))

    return wrong


def _bytes_whole(block):
    """Each byte taken as one number."""
    scale, least = np.frombuffer(block[:4], "<f2").astype(np.float32)
    return torch.tensor(np.frombuffer(block[4:], np.uint8) * scale + least)


def _signed_bytes(block):
    scale, least = np.frombuffer(block[:4], "<f2").astype(np.float32)
    pairs = np.frombuffer(block[4:], np.int8)
    return torch.tensor(np.concatenate([pairs & 15, pairs >> 4]).astype(np.float32) * scale + least)


def _in_halves(case, output, right):
    """Nearly right, and every number is one that float16 has."""
    if not isinstance(output, torch.Tensor | np.ndarray) or tuple(output.shape) != tuple(right.shape):
        return False
    found = torch.as_tensor(output).float()
    return torch.equal(found.half().float(), found) and torch.allclose(found, right, atol=2e-3)


def _as_bfloat16(block):
    scale, least = torch.frombuffer(bytearray(block[:4]), dtype=torch.bfloat16).float()
    pairs = torch.frombuffer(bytearray(block[4:]), dtype=torch.uint8)
    return torch.cat([pairs & 15, pairs >> 4]) * scale + least


def _as_whole_numbers(block):
    scale, least = np.frombuffer(block[:4], "<u2").tolist()
    pairs = np.frombuffer(block[4:], np.uint8).astype(int)
    return torch.tensor(np.concatenate([pairs & 15, pairs >> 4]) * scale + least)


READ_BLOCK = Exercise(
    name="read_block",
    chapter=6,
    minutes=8,
    level="medium",
    signature="read_block(block) -> float32 (32,)",
    reference=read_block,
    lists=True,
    cases=[
        Case((q4_1_bytes(1, 0, [3] + [0] * 31),), says="scale 1, minimum 0, number 0 is 3 and all others are 0"),
        Case((q4_1_bytes(1, 0, [*range(16), *[0] * 16]),), says="scale 1, minimum 0, 0 to 15 and then sixteen zeros"),
        Case((q4_1_bytes(0.5, -2, [*range(16), *range(15, -1, -1)]),), says="scale 0.5, minimum −2, 0 to 15 and back"),
        Case((q4_1_bytes(0.013, -0.11, [7 * i % 16 for i in range(32)]),), says="scale 0.013, minimum −0.11"),
    ],
    mistakes=[
        Mistake(
            "neighbours",
            block_but(lambda low, high: np.stack([low, high], 1).flatten()),
            "the two numbers of a byte came out as neighbours: the low four bits of byte i are number i, the high "
            "four are number i + 16.",
        ),
        Mistake(
            "high first",
            block_but(lambda low, high: np.concatenate([high, low])),
            "the halves are exchanged: the low four bits (byte & 15) are the first sixteen numbers.",
        ),
        Mistake("one number a byte", _bytes_whole, "each byte was read as one number: it holds two, of four bits."),
        Mistake(
            "half of them",
            block_but(lambda low, high: low),
            "sixteen numbers came out of 32: the high four bits of each byte (byte >> 4) are missing.",
        ),
        Mistake(
            "high bits not shifted",
            block_but(lambda low, high: np.concatenate([low, high * 16.0])),
            "the high four bits are sixteen times too large: shift them down, byte >> 4.",
        ),
        Mistake("no minimum", block_but(value=lambda q, d, m: q * d), "the minimum is not added."),
        Mistake("minimum off", block_but(value=lambda q, d, m: q * d - m), "the minimum is subtracted: it is added."),
        Mistake(
            "minimum scaled",
            block_but(value=lambda q, d, m: (q + m) * d),
            "the minimum was multiplied by the scale as well: it is added afterwards.",
        ),
        Mistake(
            "exchanged",
            block_but(value=lambda q, d, m: q * m + d),
            "scale and minimum are exchanged: the scale stands first.",
        ),
        Mistake(
            "around zero",
            block_but(value=lambda q, d, m: (q - 8) * d),
            "that is the format Q4_0, whose numbers are counted from 8 and which has no minimum. Q4_1 has one.",
        ),
        Mistake(
            "8 and the minimum",
            block_but(value=lambda q, d, m: (q - 8) * d + m),
            "8 is subtracted from each number: the format Q4_0 does so. In Q4_1 the minimum takes its place.",
        ),
        Mistake(
            "signed bytes",
            _signed_bytes,
            "the bytes are read as signed numbers, and >> keeps the sign: from 128 on the high four bits become "
            "negative. Read them as uint8.",
        ),
        Mistake(
            "with scale and minimum",
            when(lambda case, output, right: getattr(output, "shape", None) == (40,)),
            "40 numbers came out: the four bytes of scale and minimum were taken for weights too.",
        ),
        Mistake(
            "bfloat16",
            _as_bfloat16,
            "scale and minimum were read as bfloat16; they are float16, with other bits for the exponent.",
        ),
        Mistake(
            "bits as a whole number",
            _as_whole_numbers,
            "scale and minimum were read as whole numbers; their two bytes are a float16.",
        ),
        Mistake(
            "in float16",
            when(_in_halves),
            "the sum was made in float16 and has lost digits: make float32 of scale and minimum first.",
        ),
        Mistake(
            "most significant first",
            block_but(floats=">f2"),
            'scale and minimum were read with the most significant byte first: it is the other way round, "<f2".',
        ),
    ],
    hints=[
        "Three steps: two float16 numbers from the first four bytes, sixteen bytes into 32 numbers, and the line "
        "whole · scale + minimum.",
        'np.frombuffer(block[:4], "<f2") reads the first two; np.frombuffer(block[4:], np.uint8) the sixteen bytes.',
        "byte & 15 keeps the low four bits, byte >> 4 moves the high four down.",
    ],
    commentary="Of 20 bytes, 4 are scale and minimum: 5 bits a weight, where the name says 4. That the halves lie 16 "
    "apart suits processors that unpack sixteen bytes at once.",
)
