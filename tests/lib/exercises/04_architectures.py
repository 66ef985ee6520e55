"""Chapter 04: answers that are right and written otherwise than ours, and wrong ones with words of the hint meant."""

import heapq
import math

import numpy as np
import torch
from transformers.generation.logits_process import RepetitionPenaltyLogitsProcessor, TopPLogitsWarper

# ---------------------------------------------------------------- answers written otherwise


def depends_by_table(function, ids, other):
    before = function(ids)
    table = torch.zeros(len(before), len(ids), dtype=torch.bool)
    for column in range(len(ids)):
        tokens = ids.tolist()
        tokens[column] = other
        for row, (now, was) in enumerate(zip(function(torch.tensor(tokens)), before, strict=True)):
            table[row, column] = not torch.allclose(now, was, rtol=0, atol=1e-6)
    return table


def depends_by_eye(function, ids, other):
    replaced = torch.where(torch.eye(len(ids), dtype=torch.bool), other, ids)
    outputs = torch.stack([function(one) for one in replaced])  # (input, output, width)
    return ((outputs - function(ids)).abs() > 1e-6).any(dim=2).T


def prefix_by_slices(prefix, length):
    mask = torch.ones(length, length).tril().bool()
    mask[:, :prefix] = True
    return mask


def prefix_by_loops(prefix, length):
    return torch.tensor([[key <= query or key < prefix for key in range(length)] for query in range(length)])


def spans_by_places(ids, spans, sentinels):
    starts = {start: number for number, (start, end) in enumerate(spans)}
    cut = {place for start, end in spans for place in range(start, end)}
    inputs, targets = [], []
    for place, token in enumerate(ids):
        if place in starts:
            inputs.append(sentinels[starts[place]])
            targets.append(sentinels[starts[place]])
        (targets if place in cut else inputs).append(token)
    targets.append(sentinels[len(spans)])
    return inputs, targets


def spans_from_the_end(ids, spans, sentinels):
    inputs, targets = list(ids), [sentinels[len(spans)]]
    for number in reversed(range(len(spans))):
        start, end = spans[number]
        targets[:0] = [sentinels[number], *ids[start:end]]
        inputs[start:end] = [sentinels[number]]
    return torch.tensor(inputs), torch.tensor(targets)


def greedy_with_list(next_logits, ids, steps):
    tokens = ids.tolist()
    while len(tokens) < len(ids) + steps:
        tokens.append(next_logits(torch.tensor(tokens)).max(-1).indices.item())
    return tokens


def greedy_in_a_tensor(next_logits, ids, steps):
    text = ids.new_zeros(len(ids) + steps)
    text[: len(ids)] = ids
    for place in range(len(ids), len(text)):
        text[place] = torch.argmax(next_logits(text[:place]))
    return text


def top_p_by_loop(logits, p):
    probabilities = logits.softmax(0).tolist()
    kept, total = [0.0] * len(probabilities), 0.0
    for token in np.argsort(probabilities)[::-1]:
        kept[token] = probabilities[token]
        total += probabilities[token]
        if total >= p:
            break
    return torch.tensor(kept) / total


def top_p_by_transformers(logits, p):
    return logits.softmax(-1) if p == 1 else TopPLogitsWarper(p)(None, logits[None])[0].softmax(-1)


def penalty_by_transformers(logits, ids, penalty):
    return RepetitionPenaltyLogitsProcessor(penalty)(ids[None], logits[None])[0]


def penalty_by_loop(logits, ids, penalty):
    result = logits.tolist()
    for token in set(ids.tolist()):
        result[token] *= penalty if result[token] < 0 else 1 / penalty
    return torch.tensor(result)


def beam_by_heap(next_log_probabilities, ids, steps, width):
    beams = [(0.0, tuple(ids.tolist()))]
    for _ in range(steps):
        beams = heapq.nlargest(
            width,
            (
                (total + value, (*text, token))
                for total, text in beams
                for token, value in enumerate(next_log_probabilities(torch.tensor(text)).tolist())
            ),
        )
    return torch.tensor(max(beams)[1])


def beam_by_tensor(next_log_probabilities, ids, steps, width):
    texts, totals = ids[None], torch.zeros(1)
    for _ in range(steps):
        scores = totals[:, None] + torch.stack([next_log_probabilities(one) for one in texts])
        totals, places = scores.flatten().topk(min(width, scores.numel()))
        rows, tokens = places // scores.shape[1], places % scores.shape[1]
        texts = torch.cat([texts[rows], tokens[:, None]], 1)
    return texts[0]


RIGHT = {
    "depends": [depends_by_table, depends_by_eye],
    "prefix_mask": [prefix_by_slices, prefix_by_loops],
    "corrupt_spans": [spans_by_places, spans_from_the_end],
    "greedy": [greedy_with_list, greedy_in_a_tensor],
    "top_p": [top_p_by_loop, top_p_by_transformers],
    "repetition_penalty": [penalty_by_transformers, penalty_by_loop],
    "beam": [beam_by_heap, beam_by_tensor],
}


# ---------------------------------------------------------------- wrong answers, and a piece of the hint meant for each


def table_of(change, keep=False, in_place=False):
    def wrong(function, ids, other):
        before, columns = function(ids), []
        text = ids if in_place else ids.clone()
        for place in range(len(ids)):
            was = int(text[place])
            text[place] = other
            columns.append(change(function(text) - before))
            if not keep:
                text[place] = was
        return torch.stack(columns, 1)

    return wrong


def moved(change):
    return (change.abs() > 1e-6).any(-1)


def depends_one_further(function, ids):
    """With the next token of the vocabulary in place of the one that is given."""
    places = torch.eye(len(ids), dtype=torch.int64)
    return torch.stack([((function(ids + place) - function(ids)).abs() > 1e-6).any(-1) for place in places], 1)


def spans_cut_one_after_the_other(ids, spans, sentinels):
    inputs = list(ids)
    for (start, end), mark in zip(spans, sentinels, strict=False):
        inputs[start:end] = [mark]
    return inputs, spans_by_places(ids, spans, sentinels)[1]


def spans_with_lists_inside(ids, spans, sentinels):
    inputs, targets, at = [], [], 0
    for (start, end), mark in zip(spans, sentinels, strict=False):
        inputs += [ids[at:start], mark]
        targets += [mark, ids[start:end]]
        at = end
    return [*inputs, ids[at:]], [*targets, sentinels[len(spans)]]


def spans_with_marks_after(ids, spans, sentinels):
    targets = []
    for (start, end), mark in zip(spans, sentinels, strict=False):
        targets += [*ids[start:end], mark]
    return spans_by_places(ids, spans, sentinels)[0], targets


def greedy_in_a_window(next_logits, ids, steps):
    for _ in range(steps):
        ids = torch.cat([ids[1:], next_logits(ids).argmax(-1, keepdim=True)])
    return ids


def top_p_of_the_vocabulary(logits, p):
    probabilities = logits.softmax(-1)
    smallest = probabilities.topk(int(p * len(logits))).values.min() if p * len(logits) >= 1 else 2
    kept = probabilities * (probabilities >= smallest)
    return kept / kept.sum()


def top_p_mask_not_put_back(logits, p):
    probabilities = logits.softmax(-1)
    ordered = probabilities.sort(descending=True).values
    kept = probabilities * (ordered.cumsum(0) - ordered < p)
    return kept / kept.sum()


def beam_from_the_beginning(next_logs, ids, steps, width):
    beams = [(0.0, ids)]
    for _ in range(steps):
        longer = [
            (total + float(value), torch.cat([ids, torch.tensor([token])]))
            for total, text in beams
            for token, value in enumerate(next_logs(text))
        ]
        beams = sorted(longer, key=lambda one: -one[0])[:width]
    return beams[0][1]


def nucleus(keep, end=lambda kept: kept / kept.sum()):
    def wrong(logits, p):
        probabilities, tokens = torch.sort(torch.softmax(logits, 0), descending=True)
        result = torch.zeros_like(logits)
        result[tokens] = end(probabilities * keep(probabilities, probabilities.cumsum(0), p))
        return result

    return wrong


def nucleus_gathered(logits, p):
    ordered, tokens = logits.softmax(-1).sort(descending=True)
    kept = ordered * (ordered.cumsum(-1) - ordered < p)
    return (kept / kept.sum())[tokens]


def search(score, drop=True, best=0):
    def wrong(next_logs, ids, steps, width):
        beams = [(0.0, ids)]
        for _ in range(steps):
            longer = [
                (score(total, float(value)), torch.cat([text, torch.tensor([token])]))
                for total, text in beams
                for token, value in enumerate(next_logs(text))
            ]
            longer.sort(key=lambda one: one[0], reverse=True)
            beams = longer[:width] if drop else longer
        return beams[best][1]

    return wrong


def added(total, value):
    return total + value


def penalty_in_place(logits, ids, penalty):
    for token in set(ids.tolist()):
        logits[token] = logits[token] / penalty if logits[token] > 0 else logits[token] * penalty
    return logits


def beam_of_width_tokens(next_log_probabilities, ids, steps, width):
    """Each text is continued with width tokens, also where the vocabulary has fewer."""
    beams = [(0.0, ids)]
    for _ in range(steps):
        longer = [
            (total + value, torch.cat([text, torch.tensor([token])]))
            for total, text in beams
            for value, token in zip(*map(torch.Tensor.tolist, next_log_probabilities(text).topk(width)), strict=True)
        ]
        beams = sorted(longer, key=lambda one: -one[0])[:width]
    return beams[0][1]


WRONG = {
    "depends": [
        (lambda f, ids, other: depends_by_eye(f, ids, other).T, "wrong way round"),
        (table_of(moved, keep=True), "as it was"),
        (table_of(moved, keep=True, in_place=True), "changes its argument ids"),
        (table_of(lambda change: (change.abs() > 1e-6).all(-1)), "any one of them is enough"),
        (table_of(lambda change: change.mean(-1).abs() > 1e-6), "cancel"),
        (table_of(lambda change: (change != 0).any(-1).float()), "torch.bool"),
        (table_of(lambda change: (change == 0).all(-1)), "nothing changes"),
        (table_of(lambda change: change[..., 0] != 0), "first number"),
        (table_of(lambda change: change.abs() > 1e-6), "width is still there"),
        (lambda f, ids, other: depends_one_further(f, ids), "another one than other"),
        (table_of(lambda change: (change != 0).any(-1)), "however small"),
    ],
    "prefix_mask": [
        (lambda prefix, length: torch.ones(length, length).tril().bool(), "both directions"),
        (lambda prefix, length: prefix_by_slices(prefix, length).T, "wrong way round"),
        (lambda prefix, length: prefix_by_slices(prefix, length).float(), "torch.bool"),
        (lambda prefix, length: ~prefix_by_slices(prefix, length), "may not look"),
        (lambda prefix, length: prefix_by_slices(prefix + 1, length), "one too long"),
        (lambda prefix, length: torch.ones(length, length).bool(), "is causal"),
        (
            lambda prefix, length: torch.block_diag(
                torch.ones(prefix, prefix), torch.ones(length - prefix, length - prefix).tril()
            ).bool(),
            "cannot see the prefix",
        ),
        (lambda prefix, length: torch.ones(length, length).bool().tril(prefix), "as tril(prefix) makes it"),
        (lambda prefix, length: torch.ones(length, length).bool().tril(prefix - 1), "as tril(prefix - 1) makes it"),
        (
            lambda prefix, length: torch.ones(length, length).tril().bool() & (torch.arange(length) < prefix),
            "one of the two is enough",
        ),
    ],
    "corrupt_spans": [
        (lambda *a: (spans_by_places(*a)[0], spans_by_places(*a)[1][:-1]), "last mark is missing"),
        (lambda *a: spans_by_places(*a)[::-1], "wrong way round"),
        (lambda ids, spans, marks: spans_by_places(ids, [(a, b + 1) for a, b in spans], marks), "one token too long"),
        (lambda ids, spans, marks: spans_by_places(ids, spans, [marks[0]] * len(marks)), "the same mark"),
        (lambda ids, spans, marks: (spans_by_places(ids, spans, marks)[0], ids), "how BART is trained"),
        (
            lambda ids, spans, marks: (
                spans_by_places(ids, spans, marks)[0],
                [token for start, end in spans for token in ids[start:end]],
            ),
            "without their marks",
        ),
        (spans_cut_one_after_the_other, "the list is shorter"),
        (spans_with_lists_inside, "append adds a whole list"),
        (spans_with_marks_after, "before what was cut out"),
        (lambda *a: (spans_by_places(*a)[0], [*spans_by_places(*a)[1][:-1], a[2][-1]]), "the next one is meant"),
        (lambda *a: ([*spans_by_places(*a)[0], a[2][len(a[1])]], spans_by_places(*a)[1]), "stands for nothing"),
        (lambda *a: spans_by_places(*a)[0], "two are asked for"),
    ],
    "greedy": [
        (lambda f, ids, steps: greedy_with_list(f, ids, steps)[len(ids) :], "beginning belongs"),
        (lambda f, ids, steps: greedy_with_list(lambda text: f(text[-1:]), ids, steps), "last token alone"),
        (lambda f, ids, steps: greedy_with_list(lambda text: f(ids), ids, steps), "same token is written"),
        (lambda f, ids, steps: greedy_with_list(lambda text: -f(text), ids, steps), "least likely"),
        (lambda f, ids, steps: greedy_with_list(f, ids, steps + 1), "too many"),
        (
            lambda f, ids, steps: torch.cat([ids, f(ids).topk(min(steps, 5)).indices]),
            "likeliest ones of the first step",
        ),
        (lambda f, ids, steps: greedy_with_list(f, ids, max(0, steps - len(ids))), "whatever the beginning's length"),
        (lambda f, ids, steps: greedy_with_list(f, ids, min(steps, 1)), "inside the loop"),
        (greedy_in_a_window, "the text grows"),
    ],
    "top_p": [
        (nucleus(lambda ordered, sums, p: sums - ordered < p, end=lambda kept: kept), "do not sum to 1"),
        (nucleus(lambda ordered, sums, p: sums <= p), "crosses p is lost"),
        (nucleus(lambda ordered, sums, p: sums < p), "crosses p is lost"),
        (nucleus(lambda ordered, sums, p: (sums < p) | (torch.arange(len(sums)) == 0)), "crosses p is lost"),
        (lambda logits, p: top_p_by_loop(logits, p).sort(descending=True).values, "come back sorted"),
        (nucleus_gathered, "wrong index"),
        (lambda logits, p: logits.masked_fill(top_p_by_loop(logits, p) == 0, 0).softmax(-1), "exp(0) is 1"),
        (lambda logits, p: logits.masked_fill(top_p_by_loop(logits, p) == 0, -math.inf), "are logits"),
        (lambda logits, p: logits.softmax(-1), "nothing is cut"),
        (nucleus(lambda ordered, sums, p: torch.arange(len(sums)) <= (sums < p).sum() + 1), "one token too many"),
        (nucleus(lambda ordered, sums, p: (sums - ordered).roll(1) < p), "the likeliest token is cut"),
        (lambda logits, p: top_p_by_loop(logits, p)[top_p_by_loop(logits, p) > 0], "has a place for every token"),
        (top_p_mask_not_put_back, "put it back"),
        (top_p_of_the_vocabulary, "share of the vocabulary"),
    ],
    "repetition_penalty": [
        (lambda logits, ids, penalty: logits.scatter(0, ids, logits[ids] / penalty), "makes the token likelier"),
        (lambda logits, ids, penalty: logits.scatter(0, ids, logits[ids] - penalty), "subtracted"),
        (lambda logits, ids, penalty: torch.where(logits < 0, logits * penalty, logits / penalty), "all tokens"),
        (lambda logits, ids, penalty: penalty_by_transformers(logits, ids, 1 / penalty), "wrong way round"),
        (lambda logits, ids, penalty: penalty_by_loop(logits, ids, penalty).softmax(-1), "are probabilities"),
        (lambda logits, ids, penalty: logits.index_fill(0, ids, -math.inf), "forbidden"),
        (penalty_in_place, "changes its argument logits in place"),
        (lambda logits, ids, penalty: penalty_by_loop(logits, ids, penalty)[ids], "has a place for every token"),
        (lambda logits, ids, penalty: logits.scatter(0, ids, logits[ids].abs() / penalty), "stays negative"),
        (lambda logits, ids, penalty: logits.scatter(0, ids, logits[ids] - math.log(penalty)), "sound rule"),
        (
            lambda logits, ids, penalty: logits.softmax(0).scatter(0, ids, logits.softmax(0)[ids] / penalty).log(),
            "the rule is about logits",
        ),
    ],
    "beam": [
        (lambda f, ids, steps, width: greedy_in_a_tensor(f, ids, steps), "greedy writes"),
        (search(lambda total, value: value), "last token alone"),
        (beam_of_width_tokens, "`topk` gives no more than there are"),
        (search(lambda total, value: total + math.exp(value)), "are added up"),
        (search(added, drop=False), "all continuations"),
        (search(added, best=-1), "least likely comes back"),
        (lambda f, ids, steps, width: beam_by_heap(f, ids, steps, width)[len(ids) :], "beginning belongs"),
        (lambda f, ids, steps, width: beam_by_heap(f, ids, steps, width + 1), "one text too many"),
        (beam_from_the_beginning, "the text does not grow"),
    ],
}
