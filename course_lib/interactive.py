"""Attention to touch: bertviz's head view and model view without a network, and an explorer with widgets. Chapter 05.

The views are those of bertviz (Vig, "A Multiscale Visualization of Attention in the Transformer Model", 2019;
Apache-2.0). It would load require.js, d3 and jQuery from a host; here d3 comes from the package mpld3 and jQuery from
XStatic-jQuery, both read where they are installed, and `requirejs` is a function of a few lines.
"""

from __future__ import annotations

import base64
import functools
import html
import json
import operator
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from course_lib.lettering import token_texts
from course_lib.plots import attention_map
from course_lib.static_views import grid, image_of, lines, png_of

if TYPE_CHECKING:  # torch takes seconds to import, bertviz imports it too: both load when they are needed
    from torch import Tensor

DIGITS = 3  # of the weights in a view
HEAVIEST = 5_000_000  # bytes of a view: more makes a notebook slow to open, and a browser slow to draw
# The "muted" colours of Paul Tol, 2021, with a darker grey: ten that colour-blind readers can tell apart.
TEN = ["#CC6677", "#332288", "#DDCC77", "#117733", "#88CCEE", "#882255", "#44AA99", "#999933", "#AA4499", "#777777"]
BERTVIZ = {"self": "encoder", "causal": "decoder", "cross": "cross"}  # its names for our kinds
MASKS = ("none", "padding", "causal")

# Stands for require.js: unpacks both libraries, runs them, hands them over. A model view is made as wide as its frame.
REQUIRE = """
async function requirejs(names, use) {
  const packed = new Blob([Uint8Array.from(atob("LIBRARIES"), c => c.charCodeAt(0))]);
  const script = document.createElement("script");
  script.textContent = await new Response(packed.stream().pipeThrough(new DecompressionStream("deflate"))).text();
  document.head.append(script);
  d3.schemeCategory10 = COLOURS;
  use(jQuery, d3);
  reachable();
  const fit = () => { document.body.style.zoom = Math.min(1, (innerWidth || 990) / 990); };
  if (document.querySelector("#vis svg").width.baseVal.value === 970) { fit(); addEventListener("resize", fit); }
}
"""
KEYBOARD = Path(__file__).with_suffix(".js")  # what a mouse can do in a view, with keys
STYLE = """
body { margin: 4px; background: white; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
svg [tabindex]:focus { outline: 2px solid #0072B2; outline-offset: -1px; }
"""


@dataclass(frozen=True)
class View:
    """What a notebook shows: `html` with the interactive view, `png` with the same as a still picture, or `text`."""

    html: str = field(repr=False)
    png: bytes = field(repr=False)
    text: str

    def __repr__(self) -> str:
        """The words only."""
        return self.text

    def _repr_mimebundle_(self, include=None, exclude=None) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
        data = {"text/html": self.html, "image/png": base64.b64encode(self.png).decode(), "text/plain": self.text}
        return data, {"image/png": {"alt": self.text}}


def head_view(
    weights: Mapping[str, Tensor],
    tokens: Sequence[str],
    *,
    target_tokens: Sequence[str] | None = None,
    kind: str | None = None,
    layer: int | None = None,
    layers: Sequence[int] | None = None,
    heads: Sequence[int] | None = None,
) -> View:
    """One layer at a time: a line from each token that looks to each it looks at, a colour for each head.

    `weights` is what `attention_weights` returns for one sentence, kind -> (layer, 1, head, query, key). `tokens` are
    those of the sentence; `target_tokens` those of the decoder, for a model that has an encoder and a decoder. `kind`
    takes one kind of several. `layers` go into the view (all, unless given; few keep a notebook small); `layer` and
    `heads` are chosen when it opens. Raises ValueError for what does not fit, saying what to give.
    """
    found = _checked(weights, tokens, target_tokens, kind)
    layers, heads = _numbers("layer", layers, found, 0), _numbers("head", heads, found, 1)
    layer = layers[0] if layer is None else operator.index(layer)
    if layer not in layers:
        raise ValueError(f"Layer {layer} was asked for, the view has the layers {layers}: choose one of these.")
    chosen = {"include_layers": layers, "layer": layer, "heads": heads}
    _refuse_heavy("head_view", found, chosen)
    first, (shown, queries, keys) = next(iter(found.items()))
    which = f"head {heads[0]}" if len(heads) == 1 else f"mean of heads {_span(heads)}"
    title = f"{first} attention, layer {layer}, {which}"
    picture = lines(shown[layer, heads].mean(0), queries, keys, title)  # (query, key)
    height = round(22.5 * _longest(found)) + 30 + 40  # bertviz's boxes and its row of heads; its row of choices
    return _view("head_view", found, chosen, f"layers {_span(layers)}, heads {_span(heads)}", picture, height)


def model_view(
    weights: Mapping[str, Tensor],
    tokens: Sequence[str],
    *,
    target_tokens: Sequence[str] | None = None,
    kind: str | None = None,
    layers: Sequence[int] | None = None,
    heads: Sequence[int] | None = None,
) -> View:
    """All layers (rows) and heads (columns) at once, small; a click on one shows it large.

    The arguments are those of `head_view`; only `layers` and `heads` go into the view. Raises ValueError as it does.
    """
    found = _checked(weights, tokens, target_tokens, kind)
    layers, heads = _numbers("layer", layers, found, 0), _numbers("head", heads, found, 1)
    chosen = {"include_layers": layers, "include_heads": heads, "display_mode": "light"}
    _refuse_heavy("model_view", found, chosen)
    first, (shown, *_) = next(iter(found.items()))
    picture = grid(shown[layers][:, heads], layers, heads, first)
    longest, total = _longest(found), shown.shape[1]
    height = max(round(len(layers) * (longest * 84 / total + 10)) + 38, longest * 18 + 55) + 40  # as bertviz counts
    return _view("model_view", found, chosen, f"layers {_span(layers)}, heads {_span(heads)}", picture, height)


def explored(
    model, tokenizer, sentence: str, mask: str = "none", *, length: int | None = None
) -> tuple[list[str], Tensor]:
    """What `explorer` draws: the tokens, and weights (layer, head, query, key) under a mask.

    With `length` the sentence is padded to so many tokens. "none" lets every token look everywhere, at padding too;
    "padding" hides padding; "causal" hides it and, for each token, what comes later. The mask goes into the model as
    numbers to add, (1, 1, query, key), which Transformers hands on to each layer as it is. (It does the same with a
    boolean mask; eager attention would then add 1 for True and hide nothing.) Raises ValueError for another mask, a
    sentence without tokens or too long for `length`, and a model with encoder and decoder.
    """
    import torch

    from course_lib.attention import causal_mask, combine_masks, padding_mask
    from course_lib.probing import attention_weights

    if mask not in MASKS:
        raise ValueError(f"The mask {mask!r} is not known; choose one of: {', '.join(MASKS)}.")
    if getattr(model.config, "is_encoder_decoder", False):
        raise ValueError(f"{type(model).__name__} has an encoder and a decoder: use head_view or model_view for it.")
    inputs = tokenizer(sentence)
    count = len(inputs["input_ids"])
    length = count if length is None else length
    if not 0 < count <= length:
        raise ValueError(f"{sentence!r} has {count} tokens, length is {length}: give a sentence with 1 to {length}.")
    if count < length:
        inputs = tokenizer.pad(inputs, padding="max_length", max_length=length)
    inputs = {name: torch.tensor([numbers]) for name, numbers in inputs.items()}  # (1, token)
    allowed = torch.ones(1, 1, length, length, dtype=torch.bool)  # (1, 1, query, key)
    if mask != "none":
        allowed = combine_masks(allowed, padding_mask(inputs["attention_mask"]))
    if mask == "causal":
        allowed = combine_masks(allowed, causal_mask(length))
    inputs["attention_mask"] = torch.zeros(allowed.shape).masked_fill(~allowed, torch.finfo(torch.float32).min)
    there = {name: value.to(model.device) for name, value in inputs.items()}
    (weights,) = attention_weights(model, there).values()  # (layer, 1, head, query, key)
    return tokenizer.convert_ids_to_tokens(inputs["input_ids"][0]), weights[:, 0].cpu()


def explorer(model, tokenizer, sentences: Sequence[str]):
    """Widgets to choose a sentence, a mask, a layer and a head, and the heat map of these weights. Needs a kernel.

    All sentences are padded to the longest, so that there is something for a mask to hide. Returns a widget.
    """
    import ipywidgets
    from matplotlib.figure import Figure

    if isinstance(sentences, str) or not sentences:
        raise ValueError(f"sentences is a list with at least one sentence, given: {sentences!r}.")
    length = max(len(tokenizer(sentence)["input_ids"]) for sentence in sentences)
    weights_of = functools.cache(lambda sentence, mask: explored(model, tokenizer, sentence, mask, length=length))
    layers, heads = weights_of(sentences[0], "padding")[1].shape[:2]
    choices = [
        ipywidgets.Dropdown(options=list(sentences), description="Sentence"),
        ipywidgets.Dropdown(options=MASKS, value="padding", description="Mask"),
        ipywidgets.IntSlider(max=layers - 1, description="Layer"),
        ipywidgets.IntSlider(max=heads - 1, description="Head"),
    ]
    picture = ipywidgets.HTML()

    def draw(change=None) -> None:
        sentence, mask, layer, head = (choice.value for choice in choices)
        words, weights = weights_of(sentence, mask)
        figure = Figure(figsize=(1.8 + 0.24 * len(words), 1.2 + 0.22 * len(words)), layout="constrained")
        title = f"Layer {layer}, head {head}, mask: {mask}"
        attention_map(weights[layer, head], words, title=title, axes=figure.subplots())
        picture.value = image_of(png_of(figure), f"Heat map of attention weights. {title}. Sentence: {sentence}")

    for choice in choices:
        choice.observe(draw, "value")
    draw()
    return ipywidgets.VBox([*choices, picture])


def _checked(weights, tokens, target_tokens, kind) -> dict[str, tuple[Tensor, list[str], list[str]]]:
    """kind -> (weights (layer, head, query, key), tokens that look, tokens that are seen), all found to fit."""
    if not isinstance(weights, Mapping) or not weights or set(weights) - set(BERTVIZ):
        given = list(weights) if isinstance(weights, Mapping) else type(weights).__name__
        raise ValueError(f"weights is what attention_weights returns, with kinds of {list(BERTVIZ)}; given: {given}.")
    if kind is not None and kind not in weights:
        raise ValueError(f"There are no {kind!r} weights, only: {', '.join(weights)}. Choose one of these or leave it.")
    both = "cross" in weights  # an encoder and a decoder
    if target_tokens is not None and not both:
        raise ValueError("target_tokens are a decoder's beside an encoder; these weights are of one. Give tokens only.")
    if target_tokens is None and both and kind != "self":
        raise ValueError("The weights are of an encoder and a decoder: give the decoder's tokens as target_tokens too.")
    target = tokens if target_tokens is None else target_tokens
    source, target = token_texts(tokens), token_texts(target)
    texts = {"self": (source, source), "causal": (target, target), "cross": (target, source)}
    found = {}
    for name in [kind] if kind else [name for name in BERTVIZ if name in weights]:
        given, (queries, keys) = weights[name], texts[name]
        if given.dim() != 5 or given.shape[1] != 1:
            raise ValueError(
                f"The {name} weights are (layer, 1, head, query, key), of one sentence; these are "
                f"{tuple(given.shape)}. Choose a sentence of a batch, as in weights[{name!r}][:, :1]."
            )
        if given.shape[3:] != (len(queries), len(keys)):
            raise ValueError(
                f"The {name} weights are of {given.shape[3]} queries and {given.shape[4]} keys, the tokens given are "
                f"{len(queries)} and {len(keys)}. Give those of the same inputs, special tokens and padding included."
            )
        found[name] = (given[:, 0].detach().double().cpu(), queries, keys)  # (layer, head, query, key)
    return found


def _numbers(name: str, chosen: Sequence[int] | None, found: dict, dimension: int) -> list[int]:
    """The chosen layers or heads, or all, where every kind has them."""
    counts = {kind: weights.shape[dimension] for kind, (weights, *_) in found.items()}
    count = min(counts.values())
    if chosen is None and count < max(counts.values()):
        raise ValueError(
            f"The kinds have different numbers of {name}s, {counts}, and bertviz shows the same of each: "
            f"give {name}s={list(range(count))}, or one kind, as in kind={next(iter(counts))!r}."
        )
    chosen = [operator.index(number) for number in (range(count) if chosen is None else chosen)]  # NumPy's are no JSON
    if not chosen or len(set(chosen)) < len(chosen) or not set(chosen) <= set(range(count)):
        raise ValueError(f"{name}s is a list of different numbers from 0 to {count - 1}, given: {chosen}.")
    return chosen


def _longest(found: dict) -> int:
    return max(len(text) for _, *texts in found.values() for text in texts)


def _view(name: str, found: dict, chosen: dict, which: str, picture, height: int) -> View:
    """Bertviz's function of that name in a frame, with the picture below it for those who cannot see the frame."""
    import bertviz

    arguments = {}
    for kind, (weights, queries, keys) in found.items():
        arguments[f"{BERTVIZ[kind]}_attention"] = list(weights.round(decimals=DIGITS)[:, None])  # (1, head, query, key)
        arguments |= {"decoder_tokens": queries} if kind != "self" else {}
        arguments |= {"encoder_tokens": keys} if kind != "causal" else {}
    title = name.replace("_", " ").capitalize()
    kinds = ", ".join(f"{kind} attention ({' '.join(queries)})" for kind, (_, queries, _) in found.items())
    text, png = f"{title} of {kinds}; {which}.", png_of(picture)
    document = _document(getattr(bertviz, name)(**arguments, **chosen, html_action="return").data, title)
    style = f"width: 100%; height: {height}px; border: 0"
    frame = f'<iframe title="{html.escape(text)}" style="{style}" srcdoc="{html.escape(document)}"></iframe>'
    still = f"<details><summary>The same as a still picture</summary>{image_of(png, text)}</details>"
    return View(f"{frame}\n{still}", png, text)


def _refuse_heavy(name: str, found: dict, chosen: dict) -> None:
    """Raise ValueError for a view of more than HEAVIEST bytes, with what would make it lighter."""
    layers = len(chosen["include_layers"])
    size = 0
    for weights, *_ in found.values():
        heads = len(chosen.get("include_heads", range(weights.shape[1])))
        size += layers * heads * weights.shape[2] * weights.shape[3] * 5  # bytes of a number like "0.01,"; some have 6
    if size <= HEAVIEST:
        return
    heads = "" if name == "head_view" else " or fewer heads (heads=[0, 1])"
    kinds = f" or one kind (kind={next(iter(found))!r})" if len(found) > 1 else ""
    raise ValueError(
        f"This {name} would have about {size / 1e6:.0f} MB, for {layers} layers and {_longest(found)} tokens; a "
        f"notebook opens well with {HEAVIEST // 10**6} MB. Choose fewer layers (layers=[0, 1]){heads}{kinds}, or give "
        "a shorter text: half as many tokens are a quarter of the bytes."
    )


def _document(made: str, title: str) -> str:
    """A page of bertviz's HTML that needs nothing from anywhere, and is the same for the same weights."""
    made = re.sub(r'<script src="[^"]*"></script>', "", made)
    made = re.sub(r"require\.config\(\{.*?\n\}\);", "", made, flags=re.DOTALL)  # the addresses
    made = made.replace('<select id="layer">', '<select id="layer" aria-label="Layer">')
    made = made.replace('<select id="filter">', '<select id="filter" aria-label="Attention">')
    before, after = made.split("const params = ", 1)
    params, end = json.JSONDecoder().raw_decode(after)
    after = after[after.index("\n", end) :]  # a comment of bertviz's repeats all numbers
    before = before.replace(params["root_div_id"], "bertviz")  # this name was random
    numbers = json.dumps(params | {"root_div_id": "bertviz"}, separators=(",", ":")).replace("<", "\\u003c")
    require = REQUIRE.replace("COLOURS", json.dumps(TEN)).replace("LIBRARIES", _libraries())
    scripts = f"<script>{require}{KEYBOARD.read_text(encoding='utf-8')}</script>"
    head = f'<meta charset="utf-8"><title>{title}</title><style>{STYLE}</style>{scripts}'
    heading = f'<h1 class="unseen">{title}</h1><p class="unseen" role="status" id="said"></p>'
    body = f"<main>{heading}{before}const params = {numbers};{after}</main>"
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{body}</body></html>'


@functools.cache
def _libraries() -> str:
    """d3 and jQuery, as the packages ship them: 308 KB of JavaScript, packed into about 130 KB of text."""
    wanted = {"mpld3": "d3.v5.min.js", "XStatic-jQuery": "jquery.slim.min.js"}
    files = [next(f for f in metadata.files(package) if f.name == name) for package, name in wanted.items()]
    return base64.b64encode(zlib.compress("\n".join(f.read_text("utf-8") for f in files).encode(), 9)).decode()


def _span(numbers: list[int]) -> str:
    """The numbers in few words: "0 to 5", or "0, 3"."""
    whole = len(numbers) > 2 and numbers == list(range(numbers[0], numbers[-1] + 1))
    return f"{numbers[0]} to {numbers[-1]}" if whole else ", ".join(map(str, numbers))
