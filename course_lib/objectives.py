"""What self-supervision computes from raw text: inputs, and targets that nobody had to write. Chapters 02 and 04.

Five ways to make a task out of one text, token ids (token,) without padding: `causal` (the GPT family), `masked`
(BERT), `span_corruption` (T5), `denoising` (BART) and `replaced_tokens` (ELECTRA). Each returns an `Example`, whose
`table` shows what was done; `restore` undoes it where that can be done. All chance comes out of the generator that is
given: the same seed, the same example. All raise TypeError for what is no tensor of torch.int64 or no generator, and
ValueError for a text that is too short, a batch, a share outside (0, 1) and ids that cannot be what they should be.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Real

import torch
from torch import Generator, Tensor

from course_lib.arguments import is_whole, whole

IGNORED = -100  # the target that cross-entropy leaves out, in PyTorch and so in Transformers
WIDTH = 100  # columns of a table

Ids = Sequence[int]
Propose = Callable[[Tensor, Tensor, Generator], Tensor]


@dataclass(frozen=True, eq=False)
class Example:
    """What a model is given and what it has to answer. `original` is the text that both were made from.

    Inputs and targets (token,) stand side by side, but where `kind` is "span corruption" or "denoising": there they
    are the sequences of an encoder and a decoder, each with its own length.
    """

    kind: str
    original: Tensor
    inputs: Tensor
    targets: Tensor

    def table(self, decode: Callable[[list[int]], Sequence[str]]) -> str:
        """Positions, inputs and targets in columns of text, at most 100 wide; "·" where nothing is to be predicted.

        `decode` turns a list of ids into as many strings: `tokenizer.convert_ids_to_tokens`, else a TypeError.
        """
        inputs = _tokens(decode, self.inputs)
        if self.kind == "replaced tokens":
            replaced = self.original.masked_fill(self.targets == 0, IGNORED)
            answers = [str(target) for target in self.targets.tolist()]
            return _layout({"input": inputs, "target": answers, "original": _tokens(decode, replaced)})
        targets = _tokens(decode, self.targets)
        if self.kind in ("causal", "masked"):
            return _layout({"input": inputs, "target": targets})
        return _layout({"input": inputs}) + "\n\n" + _layout({"target": targets})


def causal(ids: Tensor) -> Example:
    """Predict each next token: inputs are `ids` without the last, targets `ids` without the first, (token − 1,) each.

    Transformers' models take `labels` that are not shifted, `labels=ids`, and shift them inside: whoever gives them
    these targets has shifted twice. Needs 2 tokens. Source: Radford et al., "Improving Language Understanding by
    Generative Pre-Training", 2018, section 3.1.
    """
    ids = _text(ids, 2)
    return Example("causal", ids, ids[:-1].clone(), ids[1:].clone())


def masked(
    ids: Tensor, generator: Generator, *, mask_id: int, vocabulary_size: int, special_ids: Ids = (), share: float = 0.15
) -> Example:
    """Predict some tokens from both sides. Of those chosen 80 % become the mask, 10 % a random token, 10 % stay.

    Every token that is not special is chosen with probability `share`, on its own, as in Transformers' collator
    (BERT's own program fixes how many). Where chance chooses none, as in short texts, one is drawn: a loss over nothing
    is no number. Random tokens come from the whole vocabulary, the original included. Targets (token,): the token where
    one was chosen, −100 elsewhere. Needs a token that is not special. Source: Devlin et al., "BERT", 2019, section 3.1.
    """
    ids = _text(ids, 1, {"mask_id": mask_id})
    _check_chance(generator, share)
    whole("vocabulary_size", vocabulary_size)
    if vocabulary_size <= ids.max():
        raise ValueError(f"vocabulary_size={vocabulary_size}, and the text has {int(ids.max())}: write len(tokenizer).")
    places = _ordinary(ids, special_ids)
    chosen = torch.zeros(len(ids), dtype=torch.bool)
    chosen[places] = torch.rand(len(places), generator=generator) < share
    if not chosen.any():
        chosen[places[torch.randint(len(places), (1,), generator=generator)]] = True
    fate = torch.rand(len(ids), generator=generator).masked_fill(~chosen, 1.0)  # (token,)
    others = torch.randint(vocabulary_size, (len(ids),), generator=generator)
    inputs = ids.where(fate >= 0.9, others).masked_fill(fate < 0.8, mask_id)
    return Example("masked", ids, inputs, ids.masked_fill(~chosen, IGNORED))


def span_corruption(
    ids: Tensor, generator: Generator, *, sentinels: Ids, end_id: int, share: float = 0.15, mean_length: float = 3.0
) -> Example:
    """Write down what was cut out: each span gives way to one sentinel; the target lists sentinel and span in turn.

    Of n tokens round(n · share) are hidden, from 1 to n − 1, in round(hidden / mean_length) spans, at least 1 and with
    a kept token before each. The lengths of the spans, and of what stands between them, are random partitions. As in
    T5 the text begins with kept tokens and ends with hidden ones. The target closes with one more sentinel, as the
    paper draws it (T5's program leaves that out). `end_id` ends both: inputs (kept + spans + 1,), targets (hidden +
    spans + 2,). Needs 2 tokens, without special ones such as the end, and spans + 1 sentinels, in their order. Source:
    Raffel et al., "Exploring the Limits of Transfer Learning", 2020, sections 3.1.4 and 3.3.4.
    """
    if not hasattr(sentinels, "__len__") or isinstance(sentinels, str):
        raise TypeError(f"sentinels is a list of token ids; given: {sentinels!r:.80}.")
    ids = _text(ids, 2, {"end_id": end_id, **{f"sentinels[{n}]": mark for n, mark in enumerate(sentinels)}})
    _check_chance(generator, share, mean_length)
    hidden = min(max(round(len(ids) * share), 1), len(ids) - 1)
    spans = min(max(round(hidden / mean_length), 1), hidden, len(ids) - hidden)
    if len(sentinels) < spans + 1 or len({*sentinels, end_id}) <= len(sentinels):
        raise ValueError(
            f"{spans} spans of {len(ids)} tokens need {spans + 1} sentinels, all different and none the end_id "
            f"{end_id}; given: {len(sentinels)}, {list(sentinels)[:5]}. Give more, a shorter text or a greater "
            "mean_length."
        )
    lengths = torch.stack([_partition(len(ids) - hidden, spans, generator), _partition(hidden, spans, generator)], 1)
    pieces = ids.split(lengths.flatten().tolist())  # kept, hidden, kept, hidden, …
    marks, end = torch.tensor(sentinels[: spans + 1]).split(1), torch.tensor([end_id])
    inputs = [part for pair in zip(pieces[::2], marks, strict=False) for part in pair]
    targets = [part for pair in zip(marks, pieces[1::2], strict=False) for part in pair]
    return Example("span corruption", ids, torch.cat([*inputs, end]), torch.cat([*targets, marks[spans], end]))


def denoising(
    ids: Tensor,
    generator: Generator,
    *,
    mask_id: int,
    sentence_end_ids: Ids,
    share: float = 0.3,
    mean_length: float = 3.0,
) -> Example:
    """Write the whole text again, after `permute_sentences` and `infill` spoiled it: the targets are `ids`, (token,).

    Needs 2 tokens, without special ones. Source: Lewis et al., "BART", 2020, sections 2.2 and 5 (both together).
    """
    ids = _text(ids, 2, {"mask_id": mask_id})
    permuted = permute_sentences(ids, generator, sentence_end_ids)
    spoiled = infill(permuted, generator, mask_id=mask_id, share=share, mean_length=mean_length)
    return Example("denoising", ids, spoiled, ids.clone())


def permute_sentences(ids: Tensor, generator: Generator, sentence_end_ids: Ids) -> Tensor:
    """The sentences of `ids` (token,) in random order, (token,); every order is as likely, also that of the text.

    A sentence goes to the last of the end tokens that follow each other ("?!" is one end), or to the end of the text.
    """
    ids = _text(ids, 1)
    _check_chance(generator)
    ends = torch.isin(ids, _tokens_of("sentence_end_ids", sentence_end_ids))  # (token,), boolean
    starts = (ends[:-1] & ~ends[1:]).nonzero()[:, 0] + 1  # of all sentences but the first
    sentences = ids.tensor_split(starts.tolist())
    return torch.cat([sentences[number] for number in torch.randperm(len(sentences), generator=generator).tolist()])


def infill(ids: Tensor, generator: Generator, *, mask_id: int, share: float = 0.3, mean_length: float = 3.0) -> Tensor:
    """Spans of `ids` (token,) give way to one mask each; a span of length 0 is a mask put in between.

    round(n · share) of n tokens are hidden, from 1 to n − 1. Lengths are drawn from Poisson's distribution until they
    reach that number; the last is cut to it. Masks and kept tokens then stand in random order, so two masks may be
    neighbours. Returns (kept + spans,). Source: Lewis et al. 2020, section 2.2, "text infilling".
    """
    ids = _text(ids, 2, {"mask_id": mask_id})
    _check_chance(generator, share, mean_length)
    hidden = min(max(round(len(ids) * share), 1), len(ids) - 1)
    lengths = torch.zeros(0, dtype=torch.long)
    while lengths.sum() < hidden:
        more = torch.poisson(torch.full((hidden,), float(mean_length)), generator=generator)
        lengths = torch.cat([lengths, more.long()])
    reached = lengths.cumsum(0)
    spans = int((reached < hidden).sum()) + 1
    lengths = lengths[:spans]  # (span,)
    lengths[-1] -= reached[spans - 1] - hidden
    places = torch.randperm(len(ids) - hidden + spans, generator=generator)[:spans]  # where a mask will stand
    taken = torch.ones(len(ids) - hidden + spans, dtype=torch.long)  # tokens of the text that each new token stands for
    taken[places] = lengths
    spoiled = ids[(taken.cumsum(0) - taken).clamp(max=len(ids) - 1)]  # (kept + spans,)
    return spoiled.index_fill(0, places, mask_id)


def replaced_tokens(
    ids: Tensor, generator: Generator, *, propose: Propose, share: float = 0.15, special_ids: Ids = ()
) -> Example:
    """Tell which tokens were replaced: targets (token,) are 1 where the input is not the original token, else 0.

    Of n tokens that are not special, n · share, rounded up, are chosen, and `propose(ids, positions, generator)` gives
    tokens (position,) for them: in the paper a small masked model that sees masks there; `uniform_proposals` is the
    simplest. A proposal that is the original counts as original. Every position has a target, but none says what stood
    there: the original cannot be computed from inputs and targets, so the example keeps it. Needs a token that is not
    special. Source: Clark et al., "ELECTRA", 2020, section 2.
    """
    ids = _text(ids, 1)
    _check_chance(generator, share)
    places = _ordinary(ids, special_ids)
    if not callable(propose):
        raise TypeError(f"propose is a function (ids, positions, generator) to tokens; given: {propose!r:.80}.")
    count = math.ceil(share * len(places) - 1e-9)  # 0.07 · 100 is a little more than 7
    positions = places[torch.randperm(len(places), generator=generator)[:count]].sort().values  # (position,)
    proposed = propose(ids.clone(), positions, generator)
    if not isinstance(proposed, Tensor) or proposed.dtype != torch.long or proposed.shape != positions.shape:
        raise ValueError(f"`propose` returns one id for each position, torch.int64 ({count},); not: {proposed!r:.70}.")
    inputs = ids.index_copy(0, positions, proposed)
    return Example("replaced tokens", ids, inputs, (inputs != ids).long())


def uniform_proposals(vocabulary_size: int) -> Propose:
    """A `propose` for `replaced_tokens` that looks at nothing: each token of the vocabulary is as likely.

    Raises ValueError for a vocabulary of no tokens.
    """
    whole("vocabulary_size", vocabulary_size)
    return lambda ids, positions, generator: torch.randint(vocabulary_size, positions.shape, generator=generator)


def restore(example: Example, *, sentinels: Ids = ()) -> Tensor:
    """The original ids (token,) from inputs and targets alone; span corruption needs its `sentinels` for that.

    Raises ValueError for replaced tokens, which cannot be restored, and for sentinels that are not the example's.
    """
    if not isinstance(example, Example):
        raise TypeError(f"example is what `causal`, `masked` and the others return; given: {example!r:.80}.")
    inputs, targets = example.inputs, example.targets
    if example.kind == "causal":
        return torch.cat([inputs[:1], targets])
    if example.kind == "masked":
        return inputs.where(targets == IGNORED, targets)
    if example.kind == "denoising":
        return targets.clone()
    if example.kind == "replaced tokens":
        raise ValueError("Targets of 0 and 1 say where a token was replaced, not what it was. See example.original.")
    given, answer = inputs[:-1].tolist(), targets[:-1].tolist()  # without the end
    starts = [place for place, token in enumerate(answer) if token in sentinels]
    closed = starts[:1] == [0] and starts[-1:] == [len(answer) - 1]
    if not closed or [answer[place] for place in starts[:-1]] != [token for token in given if token in sentinels]:
        raise ValueError(f"Give the sentinels that the example was made with; these are others: {list(sentinels)[:5]}.")
    spans = {answer[start]: answer[start + 1 : stop] for start, stop in zip(starts, starts[1:], strict=False)}
    return torch.tensor([token for mark in given for token in spans.get(mark, [mark])])


def _partition(total: int, parts: int, generator: Generator) -> Tensor:
    """`total` as a sum of `parts` whole numbers from 1 on, every such sum as likely: (part,)."""
    cuts = torch.randperm(total - 1, generator=generator)[: parts - 1].sort().values + 1
    return torch.diff(cuts, prepend=torch.tensor([0]), append=torch.tensor([total]))


def _ordinary(ids: Tensor, special_ids: Ids) -> Tensor:
    """Where a token is not special: (position,)."""
    places = torch.isin(ids, _tokens_of("special_ids", special_ids), invert=True).nonzero()[:, 0]
    if not len(places):
        raise ValueError(
            f"All {len(ids)} tokens are in special_ids, none is left to choose. Give a text with words in it."
        )
    return places


def _tokens_of(name: str, ids: Ids) -> Tensor:
    """A list of token ids as a tensor (token,). Raises TypeError for anything else."""
    try:
        return torch.tensor(list(ids), dtype=torch.long)
    except (TypeError, ValueError, RuntimeError) as problem:
        raise TypeError(f"{name} is a list of token ids; given: {ids!r:.80}.") from problem


def _text(ids: Tensor, least: int, absent: dict[str, int] | None = None) -> Tensor:
    """A copy of `ids`, if they are one text of `least` tokens or more in which none of the `absent` ones stands."""
    if not isinstance(ids, Tensor) or ids.dtype != torch.long:
        what = getattr(ids, "dtype", type(ids).__name__)
        raise TypeError(f"ids is a tensor of torch.int64, one for each token, not {what}. Write torch.tensor(ids).")
    if ids.dim() != 1 or len(ids) < least or ids.min() < 0:
        raise ValueError(
            f"ids is one text, of shape (token,), at least ({least},), with ids from 0; given: {tuple(ids.shape)}, the "
            f"smallest {ids.min().item() if ids.numel() else None}. Take one row of a batch, without its padding."
        )
    for name, token in (absent or {}).items():
        if token is None:
            raise ValueError(f"{name} is None: the tokenizer has no such token. Take that of a model trained with one.")
        if not is_whole(token) or token < 0:
            raise TypeError(f"{name} is the id of a token, a whole number from 0; given: {token!r}.")
        if places := (ids == token).nonzero()[:, 0].tolist():
            raise ValueError(f"{name}={token} stands in the text already, at {places[:3]}. Leave such tokens out.")
    return ids.clone()


def _check_chance(generator: Generator, share: float = 0.5, mean_length: float = 1.0) -> None:
    if not isinstance(generator, Generator):
        raise TypeError(f"generator is {generator!r}. Write torch.Generator().manual_seed(0), or another seed.")
    if not isinstance(share, Real) or not 0 < share < 1:
        raise ValueError(f"share is a part of all tokens, above 0 and below 1, such as 0.15; given: {share!r}.")
    if not isinstance(mean_length, Real) or not 1 <= mean_length < math.inf:
        raise ValueError(f"mean_length is a number of tokens, at least 1; given: {mean_length!r}.")


def _tokens(decode: Callable[[list[int]], Sequence[str]], ids: Tensor) -> list[str]:
    """What can be shown of each token: its first 24 characters, spaces and the like as "␣"; "·" for one to ignore."""
    found = decode(ids.clamp(min=0).tolist())
    if isinstance(found, str) or len(found) != len(ids):
        raise TypeError("`decode` returns one string for each id in a list: use tokenizer.convert_ids_to_tokens.")
    shown = ["".join(c if c.isprintable() else "␣" for c in token.replace(" ", "␣"))[:24] for token in found]
    return ["·" if target == IGNORED else token for target, token in zip(ids.tolist(), shown, strict=True)]


def _columns(text: str) -> int:
    """How many columns a text takes: Korean or Chinese characters two each, accents of their own none."""
    return sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF") for c in text)


def _layout(rows: dict[str, list[str]]) -> str:
    """The rows below their positions, cut into blocks that are not wider than a table may be."""
    positions = map(str, range(len(rows["input" if "input" in rows else "target"])))
    names, *columns = zip(*([name, *cells] for name, cells in {"position": positions, **rows}.items()), strict=True)
    blocks, used = [], WIDTH
    for column in columns:
        width = max(map(_columns, column))
        if used + 2 + width > WIDTH:
            blocks.append([f"{name:8}" for name in names])
            used = 8
        used += 2 + width
        for row, cell in enumerate(column):
            blocks[-1][row] += "  " + cell + " " * (width - _columns(cell))
    return "\n\n".join("\n".join(line.rstrip() for line in block) for block in blocks)
