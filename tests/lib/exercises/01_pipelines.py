"""Right and wrong answers to the exercises of chapter 01."""

import itertools
import math

import numpy as np
import torch
import torch.nn.functional as F
import transformers
from torch.nn.utils.rnn import pad_sequence

from course_lib.exercises import pipelines as ours

# ---------------------------------------------------------------- answers written otherwise


def softmax_by_rows(logits):
    rows = logits.reshape(-1, logits.shape[-1]).tolist()
    found = []
    for row in rows:
        powers = [math.exp(value - max(row)) for value in row]
        found.append([power / sum(powers) for power in powers])
    return torch.tensor(found).reshape(logits.shape)


def classify_by_pipeline(text, tokenizer, model):
    pipe = transformers.pipeline("text-classification", model=model, tokenizer=tokenizer)
    return tuple(pipe(text)[0].values())


def classify_by_max(sentence, tok, net):
    with torch.no_grad():
        score, place = net(**tok([sentence], return_tensors="pt")).logits.softmax(1).max(1)
    return [net.config.id2label[place.item()], score.squeeze()]


def pad_by_lists(rows, pad):
    longest = max(map(len, rows))
    ids = [row + [pad] * (longest - len(row)) for row in rows]
    mask = [[1] * len(row) + [0] * (longest - len(row)) for row in rows]
    return torch.tensor(ids), torch.tensor(mask)


def pad_by_sequence(rows, pad):
    ids = pad_sequence([torch.tensor(row) for row in rows], batch_first=True, padding_value=pad)
    lengths = torch.tensor([len(row) for row in rows])
    return ids, (torch.arange(ids.shape[1])[None] < lengths[:, None]).long()


def embed_one_by_one(texts, tokenizer, model):
    found = []
    for text in texts:
        with torch.no_grad():
            vectors = model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0]
        found.append(vectors.mean(0) / vectors.mean(0).norm())
    return torch.stack(found)


def embed_by_sums(texts, tokenizer, model):
    batch = tokenizer(texts, padding="longest", return_tensors="pt")
    states = model(input_ids=batch.input_ids, attention_mask=batch.attention_mask).last_hidden_state
    sums = torch.einsum("btw,bt->bw", states, batch.attention_mask.float())
    return (sums / sums.pow(2).sum(1, keepdim=True).sqrt()).detach()


def spans_by_loop(start, end, longest):
    best, found = -math.inf, None
    for first in range(len(start)):
        for last in range(first, min(first + longest, len(end))):
            if start[first] + end[last] > best:
                best, found = start[first] + end[last], (first, last)
    return found


def spans_by_probabilities(start, end, longest):
    joint = torch.softmax(start, 0)[:, None] * torch.softmax(end, 0)
    joint = joint.triu().tril(longest - 1)
    return tuple(int(n) for n in torch.unravel_index(joint.argmax(), joint.shape))


def zero_shot_by_numpy(text, labels, entailment):
    powers = np.exp([entailment(text, "This example is " + label + ".") for label in labels])
    return list(powers / powers.sum())


def zero_shot_with_dictionary(text, labels, entailment):
    scores = {label: entailment(text, f"This example is {label}.") for label in labels}
    return torch.tensor([scores[label] for label in labels]).softmax(-1)


def write_by_generate(ids, model, steps):
    return model.generate(ids, max_new_tokens=steps, min_new_tokens=steps, do_sample=False, eos_token_id=None)


def write_with_list(ids, model, steps):
    tokens = ids[0].tolist()
    while len(tokens) < ids.shape[1] + steps:
        tokens.append(model(torch.tensor([tokens])).logits[0, -1].topk(1).indices.item())
    return torch.tensor([tokens])


def entities_by_groups(tags):
    starts = [
        place
        for place, tag in enumerate(tags)
        if tag != "O" and (tag[0] == "B" or place == 0 or tags[place - 1][2:] != tag[2:])
    ]
    inside = [tag != "O" for tag in tags]
    found = []
    for begin in starts:
        rest = itertools.takewhile(lambda at: inside[at] and at not in starts, range(begin + 1, len(tags)))
        found.append((tags[begin][2:], begin, max([begin, *rest])))
    return found


def entities_with_open_name(tags):
    found, kind, first = [], None, None
    for place, tag in enumerate([*tags, "O"]):
        mark, _, this = tag.partition("-")
        if kind and (mark != "I" or this != kind):
            found.append([kind, first, place - 1])
            kind = None
        if mark != "O" and kind is None:
            kind, first = this, place
    return found


RIGHT = {
    "softmax": [softmax_by_rows, lambda x: F.softmax(x, -1), lambda x: torch.exp(x - x.logsumexp(-1, keepdim=True))],
    "classify": [classify_by_pipeline, classify_by_max],
    "pad_batch": [pad_by_lists, pad_by_sequence],
    "cosine": [
        lambda a, b: F.cosine_similarity(a, b, dim=0),
        lambda a, b: F.normalize(a, dim=0) @ F.normalize(b, dim=0),
        lambda a, b: sum(a * b).item() / math.sqrt(sum(a**2) * sum(b**2)),
    ],
    "embed": [embed_one_by_one, embed_by_sums],
    "best_span": [spans_by_loop, spans_by_probabilities],
    "zero_shot": [zero_shot_by_numpy, zero_shot_with_dictionary],
    "write_greedily": [write_by_generate, write_with_list],
    "entities": [entities_by_groups, entities_with_open_name],
}

# ---------------------------------------------------------------- wrong answers, and a piece of the hint meant for each


def classify_otherwise(scores=lambda z: z.softmax(-1)[0], place=torch.argmax, name=None, **options):
    def wrong(text, tokenizer, model):
        z = scores(model(**tokenizer(text, return_tensors="pt", **options)).logits)
        at = int(place(z))
        return (name or model.config.id2label.get)(at), z[at].item()

    return wrong


def all_probabilities(text, tokenizer, model):
    logits = model(**tokenizer(text, return_tensors="pt")).logits[0]  # (label,)
    return ours.classify(text, tokenizer, model)[0], logits.softmax(-1)


def embed_otherwise(pool, mask=True, after=lambda x: x / x.norm(dim=-1, keepdim=True)):
    def wrong(texts, tokenizer, model):
        batch = tokenizer(texts, padding=True, return_tensors="pt")
        states = model(**batch).last_hidden_state if mask else model(batch.input_ids).last_hidden_state
        return after(pool(states, batch.attention_mask[..., None].float()))

    return wrong


def real_mean(states, mask):
    return (states * mask).sum(1) / mask.sum(1)


def spans_among(may):
    def wrong(start, end, longest):
        pairs = [(i, j) for i in range(len(start)) for j in range(len(end)) if may(i, j, longest)]
        return max(pairs, key=lambda pair: start[pair[0]] + end[pair[1]])

    return wrong


def spans_from_0(start, end, longest):
    best, found = 0, (0, 0)
    for first in range(len(start)):
        for last in range(first, min(first + longest, len(end))):
            if start[first] + end[last] > best:
                best, found = start[first] + end[last], (first, last)
    return found


def hypotheses(template):
    return lambda text, labels, follows: torch.tensor([follows(text, template % label) for label in labels]).softmax(0)


def write_otherwise(choose, fed=True):
    def wrong(ids, model, steps):
        prompt = ids
        for _ in range(steps):
            ids = torch.cat((ids, choose(model(ids if fed else prompt).logits).view(1, 1)), -1)
        return ids

    return wrong


def closed_by_b_only(tags):
    found = []
    for place, tag in enumerate(tags):
        if tag.startswith("B"):
            found.append((tag[2:], place, place))
        elif tag.startswith("I") and place and tags[place - 1] != "O" and found:
            found[-1] = (found[-1][0], found[-1][1], place)
        elif tag.startswith("I"):
            found.append((tag[2:], place, place))
    return found


def never_closed(tags):
    found, kind, first = [], None, None
    for place, tag in enumerate(tags):
        if kind and (tag[0] != "I" or tag[2:] != kind):
            found.append((kind, first, place - 1))
            kind = None
        if tag != "O" and kind is None:
            kind, first = tag[2:], place
    return found


def write_from_a_fixed_place(ids, model, steps):
    place = ids.shape[1] - 1
    for _ in range(steps):
        with torch.no_grad():
            ids = torch.cat([ids, model(ids).logits[:, place].argmax(-1, keepdim=True)], 1)
    return ids


WRONG = {
    "softmax": [
        (lambda x: x.exp() / x.exp().sum(-1, keepdim=True), "infinite"),
        (
            lambda x: (x - x.mean(-1, keepdim=True)).exp() / (x - x.mean(-1, keepdim=True)).exp().sum(-1, True),
            "overflows",
        ),
        (lambda x: (x - x.max()).exp() / (x - x.max()).exp().sum(-1, keepdim=True), "its own largest"),
        (lambda x: x.softmax(0), "columns add up to 1"),
        (lambda x: x.exp(), "Divide by their sum"),
        (lambda x: x / x.sum(-1, keepdim=True), "without exp"),
        (lambda x: x.log_softmax(-1), "logarithms"),
        (lambda x: 1 / (1 + (-x).exp()), "sigmoid"),
        (lambda x: x.exp() / x.exp().sum(-1), "keepdim"),
        (lambda x: x.exp() / x.exp().sum(), "all numbers together"),
    ],
    "classify": [
        (classify_otherwise(lambda z: z[0]), "logit itself"),
        (classify_otherwise(lambda z: z.softmax(0)[0]), "axis of the texts"),
        (classify_otherwise(lambda z: z.sigmoid()[0]), "sigmoid"),
        (classify_otherwise(name=int), "id2label"),
        (classify_otherwise(place=torch.argmin), "least likely"),
        (classify_otherwise(add_special_tokens=False), "[CLS] and [SEP] are missing"),
        (classify_otherwise(name=lambda at: ["NEGATIVE", "POSITIVE", "POSITIVE"][at]), "another model"),
        (all_probabilities, "one number"),
    ],
    "pad_batch": [
        (lambda rows, pad: ours._pad_left(rows, pad), "before the tokens"),
        (lambda rows, pad: (pad_by_lists(rows, pad)[0], 1 - pad_by_lists(rows, pad)[1]), "wrong way round"),
        (lambda rows, pad: (pad_by_lists(rows, pad)[0], torch.ones_like(pad_by_lists(rows, pad)[0])), "1 everywhere"),
        (lambda rows, pad: pad_by_lists([row[: min(map(len, rows))] for row in rows], pad), "tokens are lost"),
        (lambda rows, pad: (pad_by_lists(rows, 0)[0], pad_by_lists(rows, 0)[1]), "whatever pad is"),
        (lambda rows, pad: tuple(one.float() for one in pad_by_lists(rows, pad)), "whole numbers"),
        (
            lambda rows, pad: (pad_by_lists(rows, pad)[0], (pad_by_lists(rows, pad)[0] != pad).long()),
            "read off the ids",
        ),
        (lambda rows, pad: tuple(one.tolist() for one in pad_by_lists(rows, pad)), "tensor"),
    ],
    "cosine": [
        (lambda a, b: (a * b).sum(), "dot product"),
        (lambda a, b: a @ b / (a.pow(2).sum() * b.pow(2).sum()), "squares"),
        (lambda a, b: (a @ b / a.norm()).item(), "one of the lengths"),
        (lambda a, b: a @ b / (a.norm() + b.norm()), "sum of the lengths"),
        (lambda a, b: 1 - F.cosine_similarity(a, b, 0), "distance"),
        (lambda a, b: F.cosine_similarity(a, b, 0).abs(), "sign is lost"),
        (lambda a, b: a * b / (a.norm() * b.norm()), "number by number"),
    ],
    "embed": [
        (embed_otherwise(lambda states, mask: states.mean(1)), "padding counts in the mean"),
        (embed_otherwise(real_mean, mask=False), "the model has read it"),
        (embed_otherwise(lambda states, mask: states.mean(1), mask=False), "used nowhere"),
        (embed_otherwise(lambda states, mask: states[:, 0]), "first token"),
        (embed_otherwise(real_mean, after=lambda x: x), "length is not 1"),
        (embed_otherwise(real_mean, after=lambda x: F.normalize(x, dim=0)), "over the texts"),
        (embed_otherwise(lambda states, mask: states.mean(-1)), "wrong axis"),
        (embed_otherwise(lambda states, mask: states), "for each token"),
    ],
    "best_span": [
        (lambda s, e, n: (s.argmax().item(), e.argmax().item()), "chosen apart"),
        (spans_among(lambda i, j, n: i <= j), "longer than"),
        (spans_among(lambda i, j, n: i <= j <= i + n), "too many is allowed"),
        (spans_among(lambda i, j, n: i < j < i + n), "one token is never given"),
        (spans_among(lambda i, j, n: j <= i < j + n), "before the beginning"),
        (lambda s, e, n: (int(s.argmax()), int(s.argmax()) + int(e[s.argmax() :][:n].argmax())), "sums of all pairs"),
        (lambda s, e, n: (*spans_by_loop(s, e, n), 0.5), "return (first, last) alone"),
        (spans_from_0, "begin at -inf"),
    ],
    "zero_shot": [
        (hypotheses("%s"), "label alone"),
        (hypotheses("This example is %s"), "full stop"),
        (hypotheses("This text is about %s."), "another sentence"),
        (lambda t, ls, f: torch.tensor([f(f"This example is {x}.", t) for x in ls]).softmax(0), "exchanged"),
        (lambda t, ls, f: [f(t, f"This example is {x}.") for x in ls], "these are the logits"),
        (lambda t, ls, f: sorted(zero_shot_by_numpy(t, ls, f), reverse=True), "sorted"),
        (lambda t, ls, f: max(ls, key=lambda x: f(t, f"This example is {x}.")), "winner alone"),
    ],
    "write_greedily": [
        (write_otherwise(lambda z: z[0, 0].argmax()), "first token are used"),
        (write_otherwise(lambda z: z[0, -2].argmax()), "last place but one"),
        (write_otherwise(lambda z: z[0, -1].argmax(), fed=False), "the same token comes each time"),
        (write_from_a_fixed_place, "read at the prompt's last place"),
        (write_otherwise(lambda z: z[0, -1].argmin()), "least likely"),
        (lambda ids, model, n: write_with_list(ids, model, n)[:, ids.shape[1] :], "only the new tokens"),
        (lambda ids, model, n: write_with_list(ids, model, n + 1), "too many"),
    ],
    "entities": [
        (never_closed, "ends with the text is lost"),
        (closed_by_b_only, "of another kind"),
        (lambda tags: [(kind, first, last + 1) for kind, first, last in entities_by_groups(tags)], "one too large"),
        (lambda tags: [(tag[2:], at, at) for at, tag in enumerate(tags) if tag != "O"], "each token is a name"),
        (lambda tags: [(tag[2:], at, at) for at, tag in enumerate(tags) if tag[0] == "B"], "after its first token"),
        (
            lambda tags: [("B-" + kind, first, last) for kind, first, last in entities_by_groups(tags)],
            "without its mark",
        ),
        (lambda tags: {kind: (first, last) for kind, first, last in entities_by_groups(tags)}, "two names of one kind"),
    ],
}
