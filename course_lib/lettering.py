"""Tokens as words in a picture: a dollar sign is no formula, a script has a font or is said to have none.

matplotlib takes text between two dollar signs for a formula, and draws an empty box for what its font does not have.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterable, Sequence

HEX = "U+{:04X}"


def words_to_draw(words: Sequence[object]) -> tuple[list[str], dict]:
    """The words as they can be drawn, and what matplotlib has to be told about them, as properties of its texts.

    Where no font on this machine has a character, its number stands in its place (U+C11C), and a warning says so.
    Line breaks and other control characters are written as Python writes them.
    """
    texts = ["".join(c if c.isprintable() else repr(c)[1:-1] for c in str(word)) for word in words]
    families, missing = fonts_for(frozenset("".join(texts)))
    if missing:
        examples = [word for word in texts if missing & set(word)]
        warnings.warn(
            f"no font on this machine can draw {', '.join(map(repr, examples[:3]))}: the numbers of the characters "
            "stand in the picture. Install a font that has them, such as Noto Sans CJK (Debian: fonts-noto-cjk).",
            UserWarning,
            stacklevel=3,
        )
        texts = [" ".join(HEX.format(ord(c)) if c in missing else c for c in _runs(text, missing)) for text in texts]
    return texts, {"parse_math": False, "fontfamily": families}


def text_to_draw(text: object) -> tuple[str, dict]:
    """As `words_to_draw`, for one text that may have several lines: a title, a label, a name in a legend."""
    lines, style = words_to_draw(str(text).split("\n"))
    return "\n".join(lines), style


def as_words(*texts) -> None:
    """Change texts of matplotlib that are in a figure already into what can be drawn, as `text_to_draw` says."""
    for text in texts:
        words, style = text_to_draw(text.get_text())
        text.set(text=words, **style)


def fonts_for(characters: frozenset[str]) -> tuple[list[str], frozenset[str]]:
    """Families of fonts that have the characters between them, the usual one first; and what none of them has."""
    from matplotlib import font_manager, rcParams

    usual = list(rcParams["font.family"])
    missing = characters - _charset(font_manager.findfont(font_manager.FontProperties(family=usual)))
    families = usual
    if missing:
        known = [font for font in font_manager.fontManager.ttflist if "Last Resort" not in font.name]  # boxes for all
        likely = sorted(known, key=lambda font: (not _made_for_scripts(font.name), font.name))
        for font in likely:
            if found := missing & _charset(font.fname):
                families, missing = [*families, font.name], missing - found
            if not missing:
                break
    return families, frozenset(missing)


@functools.cache
def _charset(file: str) -> frozenset[str]:
    """The characters that a font file has."""
    from matplotlib.ft2font import FT2Font

    try:
        return frozenset(map(chr, FT2Font(file).get_charmap()))
    except (OSError, RuntimeError):  # a font that FreeType cannot read
        return frozenset()


def _made_for_scripts(name: str) -> bool:
    return any(part in name for part in ("CJK", "Noto", "Gothic", "Batang", "Hei", "Malgun", "Unicode", "DejaVu Sans"))


def _runs(text: str, missing: Iterable[str]) -> list[str]:
    """The text in pieces: each missing character alone, what is between them together."""
    pieces: list[str] = []
    for character in text:
        if character in missing or not pieces or pieces[-1] in missing:
            pieces.append(character)
        else:
            pieces[-1] += character
    return pieces


def token_texts(tokens: Sequence[str]) -> list[str]:
    """Tokens as text: without the marks for a space (Ġ, ▁), and with the letters that a byte-level vocabulary means.

    Such a vocabulary writes each byte as one letter, so "é" is "Ã©". A token that is a part of a character has its
    bytes instead (<F0 9F>); one of white space is written as Python writes it, a space as ␣.
    """
    alphabet = _byte_alphabet()
    special = [token.startswith("<") and token.endswith(">") for token in tokens]
    plain = [token for token, is_special in zip(tokens, special, strict=True) if not is_special]
    by_bytes = all(set(token) <= alphabet.keys() for token in plain) and _as_bytes("".join(plain), alphabet)
    texts = []
    for token, is_special in zip(tokens, special, strict=True):
        if by_bytes and not is_special:
            raw = bytes(alphabet[letter] for letter in token)
            try:
                text = raw.decode()
            except UnicodeDecodeError:
                text = f"<{raw.hex(' ').upper()}>"
        else:
            text = token.replace("▁", " ") if token.startswith("▁") else token
        texts.append(text.strip() or repr(text)[1:-1].replace(" ", "␣"))
    return texts


def _as_bytes(letters: str, alphabet: dict[str, int]) -> bool:
    """Whether letters of the byte alphabet stand for bytes: one is a space or a line break, or other characters result.

    A word of another vocabulary that is not English, such as *café*, is hardly ever UTF-8 when taken so.
    """
    if set(letters) & set("ĠĊ"):
        return True
    try:
        bytes(alphabet[letter] for letter in letters).decode()
    except UnicodeDecodeError:
        return False
    return not letters.isascii()


@functools.cache
def _byte_alphabet() -> dict[str, int]:
    """The letter of each byte in a byte-level vocabulary -> the byte (Radford et al., 2019)."""
    shown = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    hidden = [byte for byte in range(256) if byte not in shown]
    return {chr(byte): byte for byte in shown} | {chr(256 + place): byte for place, byte in enumerate(hidden)}
