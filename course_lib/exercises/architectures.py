"""Exercises of chapter 04: which token an output may depend on, what each family learns from, how a decoder writes.

Sources: Raffel et al. 2019 (prefix masks, spans), Holtzman et al. 2019 (top-p), Keskar et al. 2019 (repetition),
Sutskever et al. 2014 (beam search). The oracles in tests/lib/test_chapter_04_exercises.py are Transformers' generate,
its processors of logits, and a search through all continuations.
"""

from __future__ import annotations

import itertools
import math

import torch

from course_lib.exercises.declare import Case, Exercise, Mistake, when
from course_lib.exercises.inputs import numbers

# ---------------------------------------------------------------- depends


def depends(function, ids, other):
    """Which output changes when which input token is replaced: found out from outside.

    function: function(ids) gives (outputs, width), a vector for each output position.
    ids: (length,), the tokens of a text, not changed. other: the token that replaces
    one of them at a time; the others stay.
    Returns a boolean tensor (outputs, length): True where any number of that output
    changes by more than 1e-6 when that input token is replaced.
    """
    ### BEGIN SOLUTION
    before = function(ids)  # (outputs, width)
    columns = []
    for place in range(len(ids)):
        replaced = ids.clone()
        replaced[place] = other
        change = (function(replaced) - before).abs()
        columns.append(change.amax(-1) > 1e-6)  # (outputs,)
    return torch.stack(columns, 1)
    ### END SOLUTION


_vectors = numbers(20, 3, seed=1)


def one_by_one(ids):
    """Each output from its own token alone."""
    return _vectors[ids]


def left_to_right(ids):
    """A decoder's pattern: each output from its own token and those before it."""
    return _vectors[ids].cumsum(0)


def all_to_all(ids):
    """An encoder's pattern: each output from all tokens."""
    return _vectors[ids] + _vectors[ids].sin().sum(0)


def neighbours(ids):
    """A convolution's pattern: each output from its token and the one before it."""
    before = torch.cat([torch.zeros(1, 3), _vectors[ids][:-1]])
    return _vectors[ids] + 2 * before


def two_from_all(ids):
    """Two outputs, whatever the length: the first from the first half, the second from all."""
    vectors = _vectors[ids]
    return torch.stack([vectors[: len(ids) // 2].sum(0), vectors.tanh().sum(0)])


def only_one_number(ids):
    """Left to right, and of the three numbers only the last depends on anything else than the token itself."""
    vectors = _vectors[ids].clone()
    vectors[:, 2] = vectors[:, 2].cumsum(0)
    return vectors


def moved_about(ids):
    """Left to right, and what one number gains the next one loses: the sum of the numbers stays."""
    moved = _vectors[ids].cumsum(0)
    return torch.stack([moved[:, 0], -moved[:, 0], torch.ones(len(ids))], 1)


def switched(ids):
    """Left to right where the first token is a 3; otherwise each output from its own token alone."""
    return left_to_right(ids) if ids[0] == 3 else one_by_one(ids)


def in_pairs(ids):
    """Each output from its own token alone, and of it only which pair it is of: 2 and 3 are alike, 4 and 5 are."""
    return _vectors[ids // 2]


def a_hair(ids):
    """Each output from its own token alone, but for a change of about 1e-8 by those before it."""
    return torch.stack([_vectors[ids][:, 0], 1e-9 * ids.cumsum(0)], 1)


def change_of(function, ids, other, keep=False):
    """The change of the outputs: (outputs, length, width). `keep`: what was replaced stays replaced."""
    before, changes, replaced = function(ids), [], ids.clone()
    for place in range(len(ids)):
        if not keep:
            replaced = ids.clone()
        replaced[place] = other
        changes.append(function(replaced) - before)
    return torch.stack(changes, 1)


def depends_but(of_change=lambda change: change.abs().amax(-1) > 1e-6, keep=False):
    """A table made otherwise from the changes: for the mistakes."""
    return lambda function, ids, other: of_change(change_of(function, ids, other, keep))


def _each_with(function, ids, new):
    """Each token replaced by new(token)."""
    before, columns = function(ids), []
    for place, token in enumerate(ids.tolist()):
        replaced = ids.clone()
        replaced[place] = new(token)
        columns.append((function(replaced) - before).abs().amax(-1) > 1e-6)
    return torch.stack(columns, 1)


def _each_with_the_one_before(function, ids, other):
    columns, before, replaced = [], function(ids), ids.clone()
    for place in range(len(ids)):
        replaced[place] = other
        columns.append(((function(replaced) - before).abs() > 1e-6).any(-1))
        before = function(replaced)
    return torch.stack(columns, 1)


_text = torch.tensor([3, 8, 1, 5])

DEPENDS = Exercise(
    name="depends",
    chapter=4,
    minutes=12,
    level="medium",
    signature="depends(function, ids, other) -> (outputs, length), boolean",
    reference=depends,
    cases=[
        Case((one_by_one, torch.tensor([3, 8]), 7), says="two tokens, each output from its own token alone"),
        Case((left_to_right, _text[:3], 7), says="three tokens, each output from its token and those before it"),
        Case((all_to_all, _text, 7), says="four tokens, each output from all of them"),
        Case((neighbours, _text, 7), says="four tokens, each output from its token and the one before it"),
        Case((two_from_all, torch.arange(6), 9), says="two outputs from six tokens, the first from the first three"),
        Case((only_one_number, _text, 7), says="outputs of three numbers, of which the last depends on earlier tokens"),
        Case((switched, _text, 7), says="what the first token decides: whether the others are mixed"),
        Case((moved_about, _text, 7), says="outputs whose numbers change and whose sum stays"),
        Case((in_pairs, torch.tensor([2, 1, 8]), 3), says="token 3 in place of one that works like it, and of others"),
        Case((a_hair, _text, 7), says="outputs that earlier tokens change by 1e-8"),
    ],
    mistakes=[
        Mistake(
            "transposed",
            lambda function, ids, other: depends(function, ids, other).T.clone(),
            "the table is the wrong way round: a row is an output, a column the input token that was replaced. Output "
            "1 "
            "depends on token 0, and output 0 not on token 1.",
        ),
        Mistake(
            "inverted",
            lambda function, ids, other: ~depends(function, ids, other),
            "True stands where nothing changes; it means that the output depends on the token.",
        ),
        Mistake(
            "numbers",
            when(lambda case, output, right: isinstance(output, torch.Tensor) and output.dtype != torch.bool),
            lambda case, output, right: f"the numbers are {output.dtype}; True or False (torch.bool) is asked for.",
        ),
        Mistake(
            "stays replaced",
            depends_but(keep=True),
            "what was replaced stays replaced: for the second token the first one is another one too. Start each time "
            "from the text as it was.",
        ),
        Mistake(
            "each with the one before",
            _each_with_the_one_before,
            "the text is replaced token by token, and each output compared with the one before. Start each time from "
            "the text as it was.",
        ),
        Mistake(
            "every number",
            depends_but(lambda change: (change.abs() > 1e-6).all(-1)),
            "it asks whether every number of an output changes; any one of them is enough.",
        ),
        Mistake(
            "the first number",
            depends_but(lambda change: change[..., 0].abs() > 1e-6),
            "it looks at the first number of each output alone; any of them may change.",
        ),
        Mistake(
            "the sum",
            depends_but(lambda change: change.sum(-1).abs() > 1e-6),
            "it looks at the sum (or mean) of the changes, in which one that grows and one that shrinks cancel. Take "
            "their sizes first.",
        ),
        Mistake(
            "one number a pair",
            depends_but(lambda change: change.abs() > 1e-6),
            "the width is still there: an output depends on a token if any of its numbers changes.",
        ),
        Mistake(
            "any change",
            depends_but(lambda change: change.abs().amax(-1) > 0),
            "any change counts, however small; up to 1e-6 it may come from rounding, and does not count.",
        ),
        Mistake(
            "growing only",
            depends_but(lambda change: (change > 1e-6).any(-1)),
            "only numbers that grow count; one that shrinks has changed too.",
        ),
        Mistake(
            "other ignored",
            lambda function, ids, other: _each_with(function, ids, lambda token: token + 1),
            "the token that comes in is another one than other: put other there, whatever stood there before.",
        ),
        Mistake(
            "everything replaced but one",
            lambda function, ids, other: torch.stack(
                [
                    (
                        (function(torch.where(torch.arange(len(ids)) == place, ids, other)) - function(ids)).abs()
                        > 1e-6
                    ).any(-1)
                    for place in range(len(ids))
                ],
                1,
            ),
            "every token but one is replaced; replace one, and leave the others.",
        ),
    ],
    hints=[
        "Call function once with the text as it is, and once for each token with that one replaced.",
        "Each call gives one column: for which outputs did any number change? Stack the columns along dimension 1.",
        "Work on a copy of ids each time. For the width: the largest absolute change, or any.",
    ],
    commentary="The table of a real model shows its family without a look at its code: full for an encoder, a lower "
    "triangle for a decoder. A replacement may happen to change nothing; try several.",
)


# ---------------------------------------------------------------- prefix_mask


def prefix_mask(prefix, length):
    """Which token may look at which, in a model that reads a beginning and writes on.

    prefix: how many tokens are given at the start. length: how many tokens in all.
    Every token may look at the whole prefix; one after the prefix also at itself and at
    all before it.
    Returns a boolean tensor (length, length): row i, column j is True where token i may
    look at token j.
    """
    ### BEGIN SOLUTION
    place = torch.arange(length)
    return (place[None, :] <= place[:, None]) | (place[None, :] < prefix)
    ### END SOLUTION


def _causal(length):
    return torch.ones(length, length, dtype=torch.bool).tril()


def prefix_but(change):
    """A mask from (query places, key places, prefix): for the mistakes."""

    def wrong(prefix, length):
        place = torch.arange(length)
        return change(place[:, None], place[None, :], prefix).expand(length, length).clone()

    return wrong


PREFIX_MASK = Exercise(
    name="prefix_mask",
    chapter=4,
    minutes=5,
    level="easy",
    signature="prefix_mask(prefix, length) -> (length, length), boolean",
    reference=prefix_mask,
    cases=[
        Case((2, 4), says="two tokens given, two more"),
        Case((0, 3), says="nothing given: a decoder"),
        Case((3, 3), says="all given: an encoder"),
        Case((3, 7), says="three tokens given, four more"),
    ],
    mistakes=[
        Mistake(
            "numbers",
            when(lambda case, output, right: isinstance(output, torch.Tensor) and output.dtype != torch.bool),
            lambda case, output, right: f"the numbers are {output.dtype}; True or False (torch.bool) is asked for.",
        ),
        Mistake(
            "causal",
            lambda prefix, length: _causal(length),
            "token 0 cannot see token 1, and both are given: within the prefix one looks in both directions.",
        ),
        Mistake(
            "everything",
            lambda prefix, length: torch.ones(length, length, dtype=torch.bool),
            "token 2 can see token 3, which is written only after it: what comes after the prefix is causal.",
        ),
        Mistake(
            "transposed",
            lambda prefix, length: prefix_mask(prefix, length).T.clone(),
            "the table is the wrong way round: a row is the token that looks, a column the one that is looked at. In "
            "yours the prefix sees what is written later.",
        ),
        Mistake(
            "inverted",
            lambda prefix, length: ~prefix_mask(prefix, length),
            "True stands where a token may not look; here it means: may look.",
        ),
        Mistake(
            "one too many",
            prefix_but(lambda q, k, prefix: (k <= q) | (k <= prefix)),
            "the prefix is one too long: the tokens 0 to prefix − 1 are given, and token 2 is written.",
        ),
        Mistake(
            "one too few",
            prefix_but(lambda q, k, prefix: (k <= q) | (k < prefix - 1)),
            "the prefix is one too short: the tokens 0 to prefix − 1 are given.",
        ),
        Mistake(
            "further ahead",
            prefix_but(lambda q, k, prefix: k <= q + prefix),
            "every token sees prefix further ones, as tril(prefix) makes it, and the written ones with them: only the "
            "columns of the prefix are open to all.",
        ),
        Mistake(
            "a little further ahead",
            prefix_but(lambda q, k, prefix: k < q + max(prefix, 1)),
            "every token sees some tokens after it, as tril(prefix - 1) makes it, and the written ones with them: only "
            "the columns of the prefix are open to all.",
        ),
        Mistake(
            "both conditions",
            prefix_but(lambda q, k, prefix: (k <= q) & (k < prefix)),
            "a token sees only what is in the prefix and not after it: one of the two is enough (|, and not &).",
        ),
        Mistake(
            "not itself",
            prefix_but(lambda q, k, prefix: (k < q) | (k < prefix)),
            "a written token cannot see itself: the diagonal is False there.",
        ),
        Mistake(
            "prefix unseen",
            prefix_but(lambda q, k, prefix: (q < prefix) & (k < prefix) | (q >= prefix) & (k >= prefix) & (k <= q)),
            "the tokens that are written cannot see the prefix: they would write without having read it.",
        ),
        Mistake(
            "rows of the prefix open",
            prefix_but(lambda q, k, prefix: (k <= q) | (q < prefix)),
            "the tokens of the prefix see everything, also what is written later. They see each other.",
        ),
        Mistake(
            "the prefix alone",
            prefix_but(lambda q, k, prefix: k < prefix),
            "the tokens that are written see only the prefix, and neither themselves nor what was written before.",
        ),
    ],
    hints=[
        "On paper, for two given tokens and two more: which of the 16 cells are True?",
        "A row may look at a column that is not after it, or that belongs to the prefix: two conditions, joined by or "
        "(|).",
    ],
    commentary="With prefix 0 it is a decoder's mask, with prefix = length an encoder's. An encoder-decoder has the "
    "same "
    "pattern, in two stacks with cross-attention between them.",
)


# ---------------------------------------------------------------- corrupt_spans


def corrupt_spans(ids, spans, sentinels):
    """What T5 reads and writes when spans of a text are cut out.

    ids: a list of tokens. spans: pairs (start, end) in order, not touching; token end
    is no longer in the span. sentinels: a list of marks, at least one more than spans.
    Returns two lists. Inputs: the text, with mark number i in place of span number i.
    Targets: each mark, followed by what it stands for, and at the end one more mark.
    """
    ### BEGIN SOLUTION
    inputs, targets, at = [], [], 0
    for mark, (start, end) in zip(sentinels, spans, strict=False):
        inputs += [*ids[at:start], mark]
        targets += [mark, *ids[start:end]]
        at = end
    return inputs + ids[at:], [*targets, sentinels[len(spans)]]
    ### END SOLUTION


def spans_but(mark=lambda n, sentinels: sentinels[n], each=False, last=True, longer=0, marked=True, rest=True):
    """A corruption with something else in one place: for the mistakes."""

    def wrong(ids, spans, sentinels):
        inputs, targets, at = [], [], 0
        for number, (start, end) in enumerate(spans):
            end += longer
            inputs += [*ids[at:start], *[mark(number, sentinels)] * (end - start if each else 1)]
            targets += [*([mark(number, sentinels)] if marked else []), *ids[start:end]]
            at = end
        inputs += ids[at:] if rest else []
        return inputs, [*targets, mark(len(spans), sentinels)] if last else targets

    return wrong


def _as_labels(ids, spans, sentinels):
    hidden = {place for start, end in spans for place in range(start, end)}
    inputs = corrupt_spans(ids, spans, sentinels)[0]
    return inputs, [token if place in hidden else -100 for place, token in enumerate(ids)]


def _not_cut(ids, spans, sentinels):
    """Marks beside the spans, which stay in the inputs."""
    inputs, targets = corrupt_spans(ids, spans, sentinels)
    inputs, at = [], 0
    for number, (start, end) in enumerate(spans):
        inputs += [*ids[at:start], sentinels[number], *ids[start:end]]
        at = end
    return inputs + ids[at:], targets


def _places_moved(ids, spans, sentinels):
    """Each span cut out of what the one before has left."""
    inputs, targets = list(ids), []
    for number, (start, end) in enumerate(spans):
        targets += [sentinels[number], *ids[start:end]]
        inputs[start:end] = [sentinels[number]]
    return inputs, [*targets, sentinels[len(spans)]]


def _last_of_all(ids, spans, sentinels):
    inputs, targets = corrupt_spans(ids, spans, sentinels)
    return inputs, [*targets[:-1], sentinels[-1]]


def _marks_after(ids, spans, sentinels):
    targets = []
    for number, (start, end) in enumerate(spans):
        targets += [*ids[start:end], sentinels[number]]
    return corrupt_spans(ids, spans, sentinels)[0], targets


def _last_in_both(ids, spans, sentinels):
    inputs, targets = corrupt_spans(ids, spans, sentinels)
    return [*inputs, sentinels[len(spans)]], targets


def _lists_inside(case, output, right):
    return (
        isinstance(output, list | tuple)
        and len(output) == 2
        and any(isinstance(token, list | tuple) for part in output if isinstance(part, list | tuple) for token in part)
    )


CORRUPT_SPANS = Exercise(
    name="corrupt_spans",
    chapter=4,
    minutes=10,
    level="medium",
    signature="corrupt_spans(ids, spans, sentinels) -> (inputs, targets), two lists",
    reference=corrupt_spans,
    lists=True,
    cases=[
        Case(([1, 2, 3, 4, 5], [(1, 3)], [90, 91]), says="five tokens, of which 2 and 3 are cut out"),
        Case(
            (list(range(1, 10)), [(0, 1), (4, 7)], [90, 91, 92]), says="nine tokens, two spans, the first at the start"
        ),
        Case(([7, 8, 9, 7], [(2, 4)], [90, 91, 92]), says="a span at the end, more marks than needed"),
        Case(([5, 6], [], [90]), says="no span"),
        Case((list(range(10, 30)), [(2, 4), (7, 8), (12, 17)], [99, 98, 97, 96]), says="three spans"),
    ],
    mistakes=[
        Mistake(
            "no last mark",
            spans_but(last=False),
            "the last mark is missing in the targets: it says that the last span is complete.",
        ),
        Mistake(
            "a mark for each token",
            spans_but(each=True),
            "each token that is cut out leaves a mark of its own, as in BERT's training. A span leaves one, whatever "
            "its "
            "length: the model is also to find out how long it was.",
        ),
        Mistake(
            "the same mark",
            spans_but(mark=lambda n, sentinels: sentinels[0]),
            "all spans have the same mark: nobody could tell which one in the targets belongs where. Span number i has "
            "mark number i.",
        ),
        Mistake(
            "end counted in",
            spans_but(longer=1),
            "the span is one token too long: token end is no longer in it, as in a slice.",
        ),
        Mistake(
            "targets without marks",
            spans_but(marked=False),
            "the targets hold the cut tokens without marks between them: before each span stands its mark.",
        ),
        Mistake(
            "targets without any mark",
            spans_but(marked=False, last=False),
            "the targets hold the cut tokens without their marks: before each span stands its mark, and one more at "
            "the "
            "end.",
        ),
        Mistake(
            "the rest is lost",
            spans_but(rest=False),
            "the inputs end with the last mark: what comes after the last span is lost.",
        ),
        Mistake(
            "swapped",
            lambda ids, spans, sentinels: corrupt_spans(ids, spans, sentinels)[::-1],
            "the two lists are the wrong way round: inputs first, targets second.",
        ),
        Mistake(
            "the whole text as target",
            lambda ids, spans, sentinels: (corrupt_spans(ids, spans, sentinels)[0], ids),
            "the targets are the whole text: that is how BART is trained. T5 writes only what was cut out.",
        ),
        Mistake(
            "labels at each place",
            _as_labels,
            "the targets are labels for each place, as in BERT's training. T5 writes a text: marks and what they stand "
            "for.",
        ),
        Mistake(
            "places moved",
            _places_moved,
            "the places of the spans are those of the whole text, and after the first replacement the list is shorter: "
            "cut from the last span on, or copy piece by piece.",
        ),
        Mistake(
            "the last of all marks",
            _last_of_all,
            "the targets end with the last of all marks; there may be more marks than needed: the next one is meant.",
        ),
        Mistake(
            "marks after", _marks_after, "in the targets each mark stands before what was cut out, and not after it."
        ),
        Mistake(
            "the last mark in both",
            _last_in_both,
            "the inputs end with a mark that stands for nothing: only the targets have one more.",
        ),
        Mistake(
            "lists inside",
            when(_lists_inside),
            "a list stands inside the list: append adds a whole list as one entry, extend (or +=) its tokens.",
        ),
        Mistake(
            "one list",
            when(lambda case, output, right: isinstance(output, list) and len(output) != 2),
            "one list comes back; two are asked for, inputs and targets: return inputs, targets.",
        ),
        Mistake(
            "not cut out", _not_cut, "the spans still stand in the inputs, after their marks: the mark replaces them."
        ),
        Mistake(
            "marks from the end",
            spans_but(mark=lambda n, sentinels: sentinels[-1 - n]),
            "the marks are used from the last on: span number 0 has mark number 0.",
        ),
    ],
    hints=[
        "Walk through the spans and remember where the last one ended. What goes into the inputs, what into the "
        "targets?",
        "Into the inputs: what lies between the last end and this start, then the mark. Into the targets: the mark, "
        "then "
        "the span. After the loop: the rest, and one more mark.",
    ],
    commentary="T5's own marks are `<extra_id_0>`, `<extra_id_1>` and so on, from the end of its vocabulary downwards; "
    "after "
    "the last one it adds `</s>`.",
)


# ---------------------------------------------------------------- greedy


def greedy(next_logits, ids, steps):
    """Write on, with the likeliest token each time.

    next_logits: next_logits(ids) gives (vocabulary,), the logits of the token after
    ids. ids: (length,), the beginning, not changed. There is no end token.
    Returns (length + steps,): the beginning and what was written.
    """
    ### BEGIN SOLUTION
    for _ in range(steps):
        likeliest = next_logits(ids).argmax()
        ids = torch.cat([ids, likeliest[None]])
    return ids
    ### END SOLUTION


def tiny_logits(size, seed):
    """A language model in two tables: the last token says most, those before it less and less."""
    near, far = 2 * numbers(size, size, seed=seed), numbers(size, size, seed=seed + 1)

    def next_logits(ids):
        ids = torch.as_tensor(ids)
        fading = 0.8 ** torch.arange(len(ids)).flip(0)  # 1 for the last
        return near[ids[-1]] + (fading[:, None] * far[ids]).sum(0)

    return next_logits


def greedy_but(seen=lambda ids: ids, choose=lambda logits: logits.argmax(), more=0):
    """Greedy writing with something else in one place: for the mistakes."""

    def wrong(next_logits, ids, steps):
        for _ in range(steps + more):
            ids = torch.cat([ids, choose(next_logits(seen(ids)))[None]])
        return ids

    return wrong


def _seen_once(next_logits, ids, steps):
    logits = next_logits(ids)
    return torch.cat([ids, logits.argmax().expand(steps)])


def _best_of_the_first(next_logits, ids, steps):
    return torch.cat([ids, next_logits(ids).argsort(descending=True)[:steps]])


GREEDY = Exercise(
    name="greedy",
    chapter=4,
    minutes=5,
    level="easy",
    signature="greedy(next_logits, ids, steps) -> (length + steps,)",
    reference=greedy,
    lists=True,
    cases=[
        Case((tiny_logits(5, 30), torch.tensor([1, 2]), 1), says="two tokens and one step, a vocabulary of 5"),
        Case((tiny_logits(5, 30), torch.tensor([1, 2]), 4), says="two tokens and four steps"),
        Case((tiny_logits(9, 40), torch.tensor([4]), 6), says="one token and six steps, a vocabulary of 9"),
        Case((tiny_logits(9, 41), torch.tensor([0, 3, 3]), 0), says="no step"),
        Case((tiny_logits(12, 42), torch.tensor([5, 1, 7, 2]), 12), says="four tokens and twelve steps"),
    ],
    mistakes=[
        Mistake(
            "what was written alone",
            lambda next_logits, ids, steps: greedy(next_logits, ids, steps)[len(ids) :],
            "only what was written comes back: the beginning belongs before it.",
        ),
        Mistake(
            "sees the last token alone",
            greedy_but(seen=lambda ids: ids[-1:]),
            "next_logits is given the last token alone: it needs all of them, the beginning and what was written.",
        ),
        Mistake(
            "sees the beginning alone",
            _seen_once,
            "the same token is written each time: next_logits has to see what was written before it.",
        ),
        Mistake(
            "the best of the first step",
            _best_of_the_first,
            "the tokens are the likeliest ones of the first step: after each, ask again with it added.",
        ),
        Mistake(
            "a draw",
            greedy_but(choose=lambda logits: torch.multinomial(logits.softmax(-1), 1)[0]),
            "the token is drawn; greedy takes the likeliest.",
        ),
        Mistake(
            "the least likely", greedy_but(choose=lambda logits: logits.argmin()), "the least likely token is written."
        ),
        Mistake("one too many", greedy_but(more=1), "one token too many is written."),
        Mistake(
            "up to a length of steps",
            lambda next_logits, ids, steps: greedy(next_logits, ids, max(0, steps - len(ids))),
            "it stops when the text has steps tokens: steps tokens are to be written, whatever the beginning's length.",
        ),
        Mistake(
            "one step alone",
            lambda next_logits, ids, steps: greedy(next_logits, ids, min(1, steps)),
            "one token is written, however many steps are asked for: does return stand inside the loop?",
        ),
        Mistake(
            "the beginning is dropped",
            lambda next_logits, ids, steps: _window(next_logits, ids, steps),
            "for each token that is written the first one is dropped: the text grows.",
        ),
        Mistake(
            "one too few",
            lambda next_logits, ids, steps: greedy(next_logits, ids, max(0, steps - 1)),
            "one token too few is written.",
        ),
        Mistake(
            "put in front",
            lambda next_logits, ids, steps: _in_front(next_logits, ids, steps),
            "the new token is put in front; it comes after the others.",
        ),
        Mistake(
            "the largest logit",
            lambda next_logits, ids, steps: _values(next_logits, ids, steps),
            "the largest logit is written, and the token that has it is asked for: argmax in place of max.",
        ),
    ],
    hints=[
        "A loop of steps turns: ask for the logits after all tokens so far, take the likeliest, add it.",
        "torch.cat makes a new tensor of two; the new token needs a dimension for it, as token[None] has.",
    ],
    commentary="Greedy writing takes the best step each time and can miss the best way: see the exercise beam.",
)


def _window(next_logits, ids, steps):
    for _ in range(steps):
        ids = torch.cat([ids[1:], next_logits(ids).argmax()[None]])
    return ids


def _in_front(next_logits, ids, steps):
    for _ in range(steps):
        ids = torch.cat([next_logits(ids).argmax()[None], ids])
    return ids


def _values(next_logits, ids, steps):
    written = ids.tolist()
    for _ in range(steps):
        written.append(int(next_logits(torch.tensor(written) % 5).max()))
    return torch.tensor(written)


# ---------------------------------------------------------------- top_p


def top_p(logits, p):
    """The probabilities from which nucleus sampling draws.

    logits: (vocabulary,). p: above 0, at most 1. Of the probabilities only the largest
    are kept, as few as sum to p or more: the one with which the sum crosses p is kept.
    Returns (vocabulary,): what is kept, divided by its sum, and 0 elsewhere; in the
    order of the vocabulary.
    """
    ### BEGIN SOLUTION
    ordered, tokens = logits.softmax(-1).sort(descending=True)
    before = ordered.cumsum(-1) - ordered  # of all likelier tokens
    kept = torch.where(before < p, ordered, 0)
    return torch.zeros_like(logits).scatter(-1, tokens, kept / kept.sum())
    ### END SOLUTION


def top_p_but(cut=lambda ordered, sums, p: sums - ordered < p, end=lambda kept: kept / kept.sum(), largest=True):
    """A nucleus with something else in one place: for the mistakes."""

    def wrong(logits, p):
        ordered, tokens = logits.softmax(-1).sort(descending=largest)
        kept = ordered * cut(ordered, ordered.cumsum(-1), p)
        return torch.zeros_like(logits).scatter(-1, tokens, end(kept))

    return wrong


def _chosen(logits, p):
    return top_p(logits, p) > 0


def _logs(*probabilities):
    return torch.tensor(probabilities).log() + 0.7


def one_too_many(ordered, sums, p):
    """A wrong cut of probabilities that are sorted from the largest on: one token behind the last is kept."""
    return torch.cat([torch.ones(1, dtype=torch.bool), (sums - ordered)[:-1] < p])


def rolled(ordered, sums, p):
    """A wrong cut: roll brings the last sum round to the first place, and the likeliest token is lost."""
    return (sums - ordered).roll(1) < p


ROLLED = "the likeliest token is cut: roll brings the last place round to the first. The first is always kept."


def _softmax_of_zeros(logits, p):
    return torch.where(_chosen(logits, p), logits, 0.0).softmax(-1)


def _twice(logits, p):
    return torch.where(_chosen(logits, p), logits.softmax(-1), -math.inf).softmax(-1)


TOP_P = Exercise(
    name="top_p",
    chapter=4,
    minutes=8,
    level="medium",
    signature="top_p(logits, p) -> (vocabulary,), probabilities that sum to 1",
    reference=top_p,
    cases=[
        Case((_logs(0.1, 0.6, 0.3), 0.7), says="probabilities 0.1, 0.6, 0.3"),
        Case((_logs(0.1, 0.6, 0.3), 0.2), says="probabilities 0.1, 0.6, 0.3, and a p below the largest"),
        Case((_logs(0.15, 0.05, 0.4, 0.1, 0.3), 0.8), says="probabilities 0.15, 0.05, 0.4, 0.1, 0.3"),
        Case((_logs(0.15, 0.05, 0.4, 0.1, 0.3), 1.0), says="p = 1: all are kept"),
        Case((3 * numbers(50, seed=50), 0.9), says="a vocabulary of 50"),
    ],
    mistakes=[
        Mistake(
            "not divided by the sum",
            top_p_but(end=lambda kept: kept),
            "they do not sum to 1: divide what is kept by its sum.",
        ),
        Mistake(
            "the share of the vocabulary",
            lambda logits, p: _normal(
                torch.zeros_like(logits).scatter(
                    -1, *(lambda top: (top.indices, top.values))(logits.softmax(-1).topk(int(p * len(logits))))
                )
            ),
            "p is taken as a share of the vocabulary; it is a sum of probabilities.",
        ),
        Mistake(
            "without the one that crosses",
            top_p_but(lambda ordered, sums, p: sums <= p + 1e-6),
            "the token with which the sum crosses p is lost: 0.6 is less than 0.7, so 0.3 is needed too. As few are "
            "kept "
            "as sum to p or more.",
        ),
        Mistake(
            "without the one that crosses, the first kept",
            top_p_but(lambda ordered, sums, p: (sums <= p + 1e-6) | (sums == ordered)),
            "the token with which the sum crosses p is lost: 0.6 is less than 0.7, so 0.3 is needed too. As few are "
            "kept "
            "as sum to p or more.",
        ),
        Mistake(
            "in the sorted order",
            lambda logits, p: top_p(logits, p).sort(descending=True).values,
            "the probabilities come back sorted: place i should be token i. Sorting also gives the tokens' numbers; "
            "put "
            "each probability back to its own.",
        ),
        Mistake(
            "put back by the wrong index",
            lambda logits, p: top_p(logits, p).sort(descending=True).values[logits.argsort(descending=True)],
            "the sorted probabilities are put back with the wrong index: tokens[i] is where number i of the sorted "
            "list "
            "belongs, and not where it is taken from.",
        ),
        Mistake(
            "a threshold for each",
            lambda logits, p: _normal(logits.softmax(-1) * (logits.softmax(-1) >= p)),
            "each probability is compared with p by itself; it is their sum, from the largest on.",
        ),
        Mistake(
            "a threshold of 1 − p",
            lambda logits, p: _normal(logits.softmax(-1) * (logits.softmax(-1) >= 1 - p)),
            "each probability is compared with 1 − p by itself; it is their sum, from the largest on, that is compared "
            "with p.",
        ),
        Mistake(
            "from the least probable on",
            top_p_but(largest=False),
            "the sum runs from the least probable token on: sort in descending order.",
        ),
        Mistake(
            "not sorted",
            lambda logits, p: _normal(logits.softmax(-1) * (logits.softmax(-1).cumsum(-1) - logits.softmax(-1) < p)),
            "the sum runs in the order of the vocabulary: the largest come first.",
        ),
        Mistake(
            "softmax after zeros",
            _softmax_of_zeros,
            "the logits that are cut are set to 0, and exp(0) is 1: they still have probability. −∞ becomes 0.",
        ),
        Mistake(
            "softmax twice",
            _twice,
            "a second softmax is taken of probabilities, which makes them nearly even: divide them by their sum.",
        ),
        Mistake(
            "logits",
            lambda logits, p: torch.where(_chosen(logits, p), logits, -math.inf),
            "these are logits, with −∞ for what is cut: probabilities are asked for, one softmax more.",
        ),
        Mistake(
            "evenly",
            lambda logits, p: _normal(_chosen(logits, p).float()),
            "all that is kept has the same probability: each keeps its share.",
        ),
        Mistake(
            "nothing cut",
            lambda logits, p: logits.softmax(-1),
            "nothing is cut: these are the probabilities of all tokens.",
        ),
        Mistake(
            "what is kept alone",
            lambda logits, p: top_p(logits, p).sort(descending=True).values[: int(_chosen(logits, p).sum())],
            "only what is kept comes back: the result has a place for every token of the vocabulary, 0 for the others.",
        ),
        Mistake(
            "sorted and not put back",
            lambda logits, p: _normal(logits.softmax(-1) * (top_p(logits, p).sort(descending=True).values > 0)),
            "which places are kept was found in the sorted list, and used in the order of the vocabulary: put it back.",
        ),
        Mistake(
            "the likeliest alone",
            lambda logits, p: (logits == logits.max()).float(),
            "only the likeliest token is kept, whatever p is.",
        ),
        Mistake(
            "one too many",
            top_p_but(one_too_many),
            "one token too many is kept: where the largest alone sums to p or more, it is the only one.",
        ),
        Mistake(
            "the likeliest cut",
            top_p_but(rolled),
            ROLLED,
        ),
    ],
    hints=[
        "Sort the probabilities from the largest on; their running sum is cumsum. Which is the first that reaches p?",
        "A token is kept if the sum of those before it, without itself, is still below p.",
        "sort gives values and places. scatter (or table[places] = values) puts values to these places.",
    ],
    commentary="How many tokens are kept depends on how sure the model is: that is its advantage over top-k.",
)


def _normal(kept):
    return kept / kept.sum()


# ---------------------------------------------------------------- repetition_penalty


def repetition_penalty(logits, ids, penalty):
    """Make tokens that have been there less likely.

    logits: (vocabulary,), not to be changed in place. ids: (length,), the tokens so
    far. penalty: above 1.
    Returns (vocabulary,): for a token that is in ids (once or more) a positive logit is
    divided by penalty and a negative one multiplied; the others stay.
    """
    ### BEGIN SOLUTION
    seen = torch.zeros_like(logits, dtype=torch.bool)
    seen[ids] = True
    lower = torch.where(logits > 0, logits / penalty, logits * penalty)
    return torch.where(seen, lower, logits)
    ### END SOLUTION


def penalty_but(change, many=False):
    """A penalty with something else in one place: for the mistakes."""

    def wrong(logits, ids, penalty):
        logits = logits.clone()
        for token in ids.tolist() if many else sorted(set(ids.tolist())):
            logits[token] = change(logits[token], penalty)
        return logits

    return wrong


def _lower(logit, penalty):
    return logit / penalty if logit > 0 else logit * penalty


REPETITION_PENALTY = Exercise(
    name="repetition_penalty",
    chapter=4,
    minutes=5,
    level="easy",
    signature="repetition_penalty(logits, ids, penalty) -> (vocabulary,)",
    reference=repetition_penalty,
    cases=[
        Case((torch.tensor([3.0, -1.0, 2.0, 0.5]), torch.tensor([0]), 2.0), says="token 0 has been there once"),
        Case((torch.tensor([3.0, -1.0, 2.0, 0.5]), torch.tensor([0, 1]), 2.0), says="token 1, which is negative, too"),
        Case((torch.tensor([3.0, -1.0, 2.0, 0.5]), torch.tensor([2, 0, 2, 2]), 1.5), says="token 2 three times"),
        Case((2 * numbers(30, seed=60), torch.tensor([4, 9, 4, 17, 22, 9, 4, 1]), 1.3), says="a vocabulary of 30"),
    ],
    mistakes=[
        Mistake(
            "negative ones divided too",
            penalty_but(lambda logit, penalty: logit / penalty),
            "a negative logit is divided too, and −1 becomes −0.5, which makes the token likelier: multiply it.",
        ),
        Mistake(
            "all multiplied",
            penalty_but(lambda logit, penalty: logit * penalty),
            "a positive logit is multiplied, which makes the token likelier: divide it.",
        ),
        Mistake(
            "the wrong way round",
            penalty_but(lambda logit, penalty: logit * penalty if logit > 0 else logit / penalty),
            "it is the wrong way round: tokens that have been there become likelier.",
        ),
        Mistake(
            "once for each time",
            penalty_but(_lower, many=True),
            "a token that has been there three times is penalised three times: once is asked for.",
        ),
        Mistake(
            "subtracted",
            penalty_but(lambda logit, penalty: logit - penalty),
            "the penalty is subtracted; it divides or multiplies.",
        ),
        Mistake(
            "every token",
            lambda logits, ids, penalty: torch.where(logits > 0, logits / penalty, logits * penalty),
            "all tokens are penalised, also those that have not been there.",
        ),
        Mistake(
            "the others",
            lambda logits, ids, penalty: torch.where(
                torch.isin(torch.arange(len(logits)), ids),
                logits,
                repetition_penalty(logits, torch.arange(len(logits)), penalty),
            ),
            "the tokens that have not been there are penalised: it is those in ids.",
        ),
        Mistake(
            "the last alone",
            lambda logits, ids, penalty: repetition_penalty(logits, ids[-1:], penalty),
            "only the last token is penalised: all of ids are.",
        ),
        Mistake(
            "forbidden",
            penalty_but(lambda logit, penalty: logit * 0 - math.inf),
            "the tokens are forbidden (−∞): they become less likely by penalty.",
        ),
        Mistake(
            "on probabilities",
            lambda logits, ids, penalty: penalty_but(lambda one, by: one / by)(logits.softmax(-1), ids, penalty).log(),
            "probabilities are divided; the rule is about logits.",
        ),
        Mistake(
            "the logarithm subtracted",
            penalty_but(lambda logit, penalty: logit - math.log(penalty)),
            "the logarithm of the penalty is subtracted, which divides the probability. That would be a sound rule; "
            "the one in use divides or multiplies the logit.",
        ),
        Mistake(
            "without its sign",
            penalty_but(lambda logit, penalty: abs(logit) / penalty),
            "a negative logit becomes positive: it is multiplied by the penalty, and stays negative.",
        ),
        Mistake(
            "of ids alone",
            lambda logits, ids, penalty: repetition_penalty(logits, ids, penalty)[ids],
            "only the tokens of ids come back: the result has a place for every token of the vocabulary.",
        ),
        Mistake(
            "probabilities",
            lambda logits, ids, penalty: repetition_penalty(logits, ids, penalty).softmax(-1),
            "these are probabilities; the changed logits are asked for.",
        ),
    ],
    hints=[
        "For each of the tokens in ids, once: is its logit above 0?",
        "A boolean tensor of the vocabulary's size with True at ids, and torch.where, do it without a loop.",
    ],
    commentary="The rule depends on where 0 lies, which a softmax does not care about: add 10 to all logits and the "
    "penalty is another one. It is in use all the same (Transformers' `repetition_penalty`).",
)


# ---------------------------------------------------------------- beam


def beam(next_log_probabilities, ids, steps, width):
    """Write on so that the whole is as likely as possible, with width texts in view.

    next_log_probabilities: next_log_probabilities(ids) gives (vocabulary,), natural
    logarithms. ids: (length,), the beginning. There is no end token: every text is
    written for all steps. After each step the width likeliest texts are kept, by the
    sum of the log-probabilities of what was written; at first there is only ids. Where
    there are fewer texts than width (it may be larger than the vocabulary), all stay.
    Returns (length + steps,): the likeliest text at the end.
    """
    ### BEGIN SOLUTION
    beams = [(0.0, ids)]
    for _ in range(steps):
        longer = []
        for total, text in beams:
            values, tokens = next_log_probabilities(text).sort(descending=True)
            for value, token in zip(values[:width], tokens[:width], strict=True):
                longer.append((total + float(value), torch.cat([text, token[None]])))
        beams = sorted(longer, key=lambda one: one[0], reverse=True)[:width]
    return beams[0][1]
    ### END SOLUTION


def tiny_log_probabilities(size, seed):
    """The logarithms of the probabilities of `tiny_logits`."""
    logits = tiny_logits(size, seed)
    return lambda ids: logits(ids).log_softmax(-1)


def by_table(table):
    """A language model in which the last token alone counts: a row of probabilities for each."""
    logs = torch.tensor(table).log()
    return lambda ids: logs[int(torch.as_tensor(ids)[-1])]


def beam_but(
    score=lambda total, value: total + value, keep=lambda longer, width: longer[:width], best=max, branch=None
):
    """A beam search with something else in one place: for the mistakes."""

    def wrong(next_log_probabilities, ids, steps, width):
        beams = [(0.0, ids)]
        for _ in range(steps):
            longer = []
            for total, text in beams:
                values, tokens = next_log_probabilities(text).sort(descending=True)
                many = branch(len(beams), width) if branch else width
                for value, token in zip(values[:many].tolist(), tokens[:many], strict=True):
                    longer.append((score(total, value), torch.cat([text, token[None]])))
            beams = keep(sorted(longer, key=lambda one: -one[0]), width)
        return best(beams, key=lambda one: one[0])[1]

    return wrong


def _alone(next_log_probabilities, ids, steps, width):
    """Only the first step branches, and each goes on greedily."""
    if not steps:
        return ids
    firsts, values = next_log_probabilities(ids).argsort(descending=True)[:width], next_log_probabilities(ids)
    texts = []
    for first in firsts:
        total, text = float(values[first]), torch.cat([ids, first[None]])
        for _ in range(steps - 1):
            logs = next_log_probabilities(text)
            total, text = total + float(logs.max()), torch.cat([text, logs.argmax()[None]])
        texts.append((total, text))
    return max(texts, key=lambda one: one[0])[1]


def _all_continuations(next_log_probabilities, ids, steps, width):
    best = (-math.inf, ids)
    for written in itertools.product(range(len(next_log_probabilities(ids))), repeat=steps):
        total, text = 0.0, ids
        for token in written:
            total += float(next_log_probabilities(text)[token])
            text = torch.cat([text, torch.tensor([token])])
        if total > best[0] or steps == 0:
            best = (total, text)
    return best[1]


def _garden_path():
    """From token 0 the likelier step, to 1, leads where nothing is likely; the less likely, to 2, to a sure one."""
    return by_table([[0.1, 0.5, 0.4], [0.34, 0.33, 0.33], [0.05, 0.05, 0.9]])


BEAM = Exercise(
    name="beam",
    chapter=4,
    minutes=20,
    level="hard",
    signature="beam(next_log_probabilities, ids, steps, width) -> (length + steps,)",
    reference=beam,
    lists=True,
    seconds=10.0,
    cases=[
        Case((_garden_path(), torch.tensor([0]), 2, 2), says="two steps, width 2: 0.5 · 0.34 or 0.4 · 0.9"),
        Case((_garden_path(), torch.tensor([0]), 2, 1), says="two steps, width 1, which is greedy"),
        Case((_garden_path(), torch.tensor([2, 0]), 1, 3), says="one step, width 3"),
        Case((tiny_log_probabilities(4, 219), torch.tensor([1]), 4, 2), says="four steps, width 2, a vocabulary of 4"),
        Case(
            (tiny_log_probabilities(4, 190), torch.tensor([1, 0, 2]), 4, 3),
            says="four steps, width 3, three tokens given",
        ),
        Case((tiny_log_probabilities(4, 337), torch.tensor([3]), 5, 2), says="five steps, width 2, a vocabulary of 4"),
        Case((tiny_log_probabilities(3, 79), torch.tensor([0]), 3, 5), says="three steps, width 5, a vocabulary of 3"),
    ],
    mistakes=[
        Mistake(
            "greedy",
            lambda next_logs, ids, steps, width: greedy(next_logs, ids, steps),
            "this is what greedy writes: the second-best text after the first step is dropped, and with it the better "
            "whole.",
        ),
        Mistake(
            "the last step's score alone",
            beam_but(lambda total, value: value),
            "a text is scored by its last token alone; the log-probabilities of all that was written are added up.",
        ),
        Mistake(
            "only the first step branches",
            _alone,
            "only the first step branches, and each text then goes on greedily by itself. At each step all texts are "
            "continued in several ways, and the best of all of them are kept.",
        ),
        Mistake(
            "probabilities added",
            beam_but(lambda total, value: total + math.exp(value)),
            "probabilities are added up. The probability of a text is their product: add their logarithms.",
        ),
        Mistake(
            "logarithms multiplied",
            beam_but(lambda total, value: (total or 1.0) * value),
            "log-probabilities are multiplied; the logarithm of a product is a sum.",
        ),
        Mistake(
            "the least likely",
            beam_but(keep=lambda longer, width: longer[::-1][:width], best=min),
            "the least likely texts are kept: log-probabilities are negative, and the one nearest to 0 is the best.",
        ),
        Mistake(
            "the worst of the kept",
            beam_but(best=min),
            "of the texts that are kept the least likely comes back; the likeliest is asked for.",
        ),
        Mistake(
            "all continuations",
            _all_continuations,
            "this is the likeliest of all continuations. A beam of this width loses it on the way: after each step "
            "only "
            "the width best are kept.",
        ),
        Mistake(
            "nothing is dropped",
            beam_but(keep=lambda longer, width: longer),
            "after a step all texts are kept, and not the width best of them: the beam grows.",
        ),
        Mistake(
            "the beginning continued",
            when(
                lambda case, output, right: (
                    len(output) == len(case.args[1]) + 1 < len(right)
                    and output[:-1].equal(torch.as_tensor(case.args[1]))
                )
            ),
            "the text does not grow: each new token is put after the beginning, and not after the text that it "
            "continues.",
        ),
        Mistake(
            "what was written alone",
            lambda next_logs, ids, steps, width: beam(next_logs, ids, steps, width)[len(ids) :],
            "only what was written comes back: the beginning belongs before it.",
        ),
        Mistake(
            "one too wide",
            lambda next_logs, ids, steps, width: beam(next_logs, ids, steps, width + 1),
            "one text too many is kept after each step.",
        ),
    ],
    hints=[
        "Keep a list of pairs: (sum of log-probabilities, text). It begins with one pair, (0, ids).",
        "In each step make a new list: every text with each of its best next tokens, and its sum. More than width "
        "tokens of one text cannot be needed, and the vocabulary may have fewer.",
        "Sort that list by the sums, largest first, and keep width of it. At the end return the text of the best.",
    ],
    commentary="In generate, beams may end at an end token, and their sums are divided by the length, so that long "
    "texts "
    "are not at a disadvantage.",
)
