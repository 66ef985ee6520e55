"""Weights as bytes: what the header of a safetensors file says, and numbers kept in fewer bits. Chapter 06.

A safetensors file is eight bytes that say how long its header is, the header in JSON, and the numbers of all tensors,
one after the other. Reading it needs no library. Source: https://huggingface.co/docs/safetensors
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from course_lib.arguments import is_whole
from course_lib.arguments import whole as whole_number

if TYPE_CHECKING:
    import torch

LONGEST_HEADER = 100_000_000  # bytes, the limit of the safetensors library

# Format -> bytes of one number, for the formats that the course meets; sizes of others are not checked.
BYTES = {"BOOL": 1, "U8": 1, "I8": 1, "F16": 2, "BF16": 2, "I16": 2, "F32": 4, "I32": 4, "F64": 8, "I64": 8}


def header(path: str | Path) -> dict[str, dict]:
    """What is in a safetensors file, without its numbers: name -> `dtype`, `shape` and `data_offsets`.

    The offsets are counted from the beginning of the file: the first byte, and the last plus one. (In the file itself
    they are counted from the end of the header.) The note `__metadata__` is left out.

    Raises ValueError when the header is damaged or does not account for every byte of the file, which is how a file
    that was cut off shows. Whether the numbers are the right ones cannot be seen here: that takes a sha256.
    """
    path = Path(path)
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > min(size - 8, LONGEST_HEADER):
            raise ValueError(
                f"{path.name} has {size:,} bytes, and the first eight announce a header of {length:,}. "
                "It is no safetensors file, or it was cut off: fetch it again."
            )
        text = file.read(length)
    try:
        entries = json.loads(text)
        entries.pop("__metadata__", None)
        tensors = {name: _entry(about, 8 + length) for name, about in entries.items()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as problem:
        raise ValueError(f"the header of {path.name} is not that of a safetensors file: {problem}") from problem
    end = 8 + length
    for name, about in sorted(tensors.items(), key=lambda item: item[1]["data_offsets"]):
        begin, after = about["data_offsets"]
        if begin != end:
            raise ValueError(f"{path.name}: {name} begins at byte {begin:,}, expected {end:,}. The header is damaged.")
        end = after
    if end != size:
        raise ValueError(
            f"the header of {path.name} describes {end:,} bytes, and the file has {size:,}. "
            "It was cut off or added to: fetch it again."
        )
    return tensors


def _entry(about: dict, start: int) -> dict:
    """One checked entry of a header, its offsets counted from the beginning of the file."""
    dtype, shape, (begin, after) = about["dtype"], about["shape"], about["data_offsets"]
    if not all(type(number) is int and number >= 0 for number in (*shape, begin, after)) or begin > after:
        raise ValueError(f"a shape of {shape} and offsets of {[begin, after]}; expected whole numbers from 0 on")
    if dtype in BYTES and after - begin != math.prod(shape) * BYTES[dtype]:
        raise ValueError(f"numbers of the shape {shape} in {dtype} do not take {after - begin:,} bytes")
    return {"dtype": dtype, "shape": shape, "data_offsets": [start + begin, start + after]}


def quantise(weight: torch.Tensor, bits: int = 8, per: str | int = "row") -> tuple[torch.Tensor, torch.Tensor]:
    """A matrix as whole numbers of `bits` bits, and the scales that turn them back: `dequantise` multiplies.

    A scale is chosen so that the largest number it serves just fits ("absmax", the symmetric scheme).

    Args:
        weight: (rows, columns), finite.
        bits: 2 to 8.
        per: how many numbers share a scale: "matrix", "row", or a number of neighbours that divides a row.

    Returns:
        Whole numbers, int8 (parts, size), and scales (parts, 1), float32 (float64 for such weights): one part for
        each scale.

    Raises ValueError for anything else.
    """
    import torch

    whole_number("bits", bits, 2, 8)
    if not torch.is_tensor(weight) or not weight.is_floating_point() or weight.ndim != 2 or not weight.numel():
        found = f"{weight.dtype}, {tuple(weight.shape)}" if torch.is_tensor(weight) else type(weight).__name__
        raise ValueError(f"weight is a matrix of floating-point numbers, (rows, columns), not empty; given: {found}.")
    if not weight.isfinite().all():
        raise ValueError("the weights hold NaN or infinity, for which there is no whole number.")
    size = {"matrix": weight.numel(), "row": weight.shape[1]}.get(per, per) if isinstance(per, str) else per
    if not is_whole(size) or size < 1 or (per != "matrix" and weight.shape[1] % size):
        raise ValueError(f'per={per!r}: expected "matrix", "row" or a divisor of the {weight.shape[1]} columns.')
    wide = torch.promote_types(weight.dtype, torch.float32)  # scales of float16 weights may be too small for float16
    parts = weight.reshape(-1, size).to(wide)  # (parts, size)
    largest = 2 ** (bits - 1) - 1  # 127 for 8 bits
    scale = parts.abs().amax(-1, keepdim=True) / largest  # (parts, 1)
    scale = torch.where(scale > 0, scale, torch.ones_like(scale))  # zeros stay zeros
    return (parts / scale).round().clamp(-largest, largest).to(torch.int8), scale


def dequantise(whole: torch.Tensor, scale: torch.Tensor, shape: tuple[int, int]) -> torch.Tensor:
    """What is left of the matrix of this shape, (rows, columns), after `quantise`.

    Raises ValueError where whole (parts, size), scale (parts, 1) and shape do not belong together.
    """
    if not hasattr(whole, "ndim") or not hasattr(scale, "ndim") or not isinstance(shape, Iterable):
        raise TypeError(
            f"whole and scale are tensors, shape is (rows, columns); given: {whole!r:.40}, {scale!r:.40}, {shape!r:.40}"
        )
    if whole.ndim != 2 or tuple(scale.shape) != (len(whole), 1) or whole.numel() != math.prod(shape):
        raise ValueError(
            f"whole is (parts, size), scale (parts, 1), and shape has as many numbers as whole; given: "
            f"{tuple(whole.shape)}, {tuple(scale.shape)} and {tuple(shape)}. Hand over what `quantise` returned."
        )
    return (whole * scale).reshape(shape)
