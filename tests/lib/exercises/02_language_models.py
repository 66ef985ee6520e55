"""Chapter 02: answers that are right and written otherwise than ours, and wrong ones with words of the hint meant."""

import math

import numpy as np
import torch
import torch.nn.functional as F

# ---------------------------------------------------------------- answers written otherwise


def bigram_by_bincount(ids, size):
    pairs = torch.bincount(ids[:-1] * size + ids[1:], minlength=size * size).reshape(size, size)
    return (pairs + 1) / (pairs.sum(dim=1)[:, None] + size)


def bigram_by_one_hot(ids, size):
    table = F.one_hot(ids[:-1], size).T.double() @ F.one_hot(ids[1:], size).double() + 1
    return F.normalize(table, p=1, dim=-1)


def bigram_by_put(ids, size):
    counts = torch.zeros(size, size)
    counts.index_put_((ids[:-1], ids[1:]), torch.ones(len(ids) - 1), accumulate=True)
    return torch.stack([(row + 1) / (row + 1).sum() for row in counts])


def log_by_cross_entropy(logits, ids):
    return -F.cross_entropy(logits[:, :-1].transpose(1, 2), ids[:, 1:], reduction="none")


def log_by_loop(logits, ids):
    result = torch.zeros(len(ids), ids.shape[1] - 1)
    for row in range(len(ids)):
        for place in range(1, ids.shape[1]):
            scores = logits[row, place - 1]
            result[row, place - 1] = scores[ids[row, place]] - torch.logsumexp(scores, 0)
    return result


def masks_by_bernoulli(ids, mask_id, vocabulary_size, generator):
    """As Transformers' collator does it, in place on a copy."""
    inputs, labels = ids.clone(), ids.clone()
    chosen = torch.bernoulli(torch.full(labels.shape, 0.15), generator=generator).bool()
    labels[~chosen] = -100
    replaced = torch.bernoulli(torch.full(labels.shape, 0.8), generator=generator).bool() & chosen
    inputs[replaced] = mask_id
    changed = torch.bernoulli(torch.full(labels.shape, 0.5), generator=generator).bool() & chosen & ~replaced
    words = torch.randint(vocabulary_size, labels.shape, dtype=torch.long, generator=generator)
    inputs[changed] = words[changed]
    return inputs, labels


def masks_by_one_number(ids, mask_id, vocabulary_size, generator):
    draw = torch.rand(ids.shape, generator=generator)
    words = (torch.rand(ids.shape, generator=generator) * vocabulary_size).long()
    inputs = ids.masked_fill(draw < 0.12, mask_id)
    inputs = torch.where((draw >= 0.12) & (draw < 0.135), words, inputs)
    return [inputs, ids.masked_fill(draw >= 0.15, -100)]


def masks_exactly(ids, mask_id, vocabulary_size, generator):
    """Exactly 15 %, and of these exactly 80 and 10."""
    order = torch.randperm(ids.numel(), generator=generator)[: round(0.15 * ids.numel())]
    inputs, targets = ids.flatten().clone(), torch.full((ids.numel(),), -100)
    targets[order] = inputs[order]
    first, second = round(0.8 * len(order)), round(0.9 * len(order))
    inputs[order[:first]] = mask_id
    inputs[order[first:second]] = torch.randint(0, vocabulary_size, (second - first,), generator=generator)
    return inputs.view_as(ids), targets.view_as(ids)


def sample_by_sums(logits, temperature, top_p, generator):
    """The inverse of the distribution function."""
    if not temperature:
        return torch.argmax(logits).item()
    scores = logits / temperature
    probabilities = torch.exp(scores - scores.logsumexp(0)).tolist()
    kept, total = [], 0.0
    for token in sorted(range(len(probabilities)), key=lambda token: -probabilities[token]):
        kept.append(token)
        total += probabilities[token]
        if total >= top_p:
            break
    point = torch.rand((), generator=generator).item() * total
    for token in kept:
        point -= probabilities[token]
        if point < 0:
            return token
    return kept[-1]


def sample_by_noise(logits, temperature, top_p, generator):
    """Gumbel's noise on what is kept."""
    if temperature == 0:
        return logits.argmax()
    order = logits.argsort(descending=True)
    sums = F.softmax(logits[order] / temperature, -1).cumsum(0)
    many = int((sums < top_p).sum()) + 1
    kept = order[:many]
    noise = -torch.log(-torch.log(torch.rand(len(kept), generator=generator)))
    return int(kept[(logits[kept] / temperature + noise).argmax()])


def sample_with_infinity(logits, temperature, top_p, generator):
    if temperature == 0:
        return np.int64(logits.argmax())
    scores = logits / temperature
    sorted_logits, sorted_indices = torch.sort(scores, descending=False)
    remove = sorted_logits.softmax(dim=-1).cumsum(dim=-1) <= 1 - top_p
    remove[-1] = False
    scores = scores.masked_fill(remove.scatter(0, sorted_indices, remove), -math.inf)
    return torch.multinomial(scores.softmax(-1), num_samples=1, generator=generator).item()


RIGHT = {
    "bigram": [bigram_by_bincount, bigram_by_one_hot, bigram_by_put],
    "shift": [
        lambda ids: (ids.narrow(1, 0, ids.size(1) - 1), ids.narrow(1, 1, ids.size(1) - 1)),
        lambda ids: [torch.stack([row[:-1] for row in ids]), ids.roll(-1, 1)[:, :-1]],
    ],
    "log_probabilities": [log_by_cross_entropy, log_by_loop],
    "bits_per_character": [
        lambda logs, text: -torch.log2(logs.double().exp()).sum() / len(text),
        lambda logs, text: -sum(logs.tolist()) / (math.log(2) * len(list(text))),
    ],
    "mask_tokens": [masks_by_bernoulli, masks_by_one_number, masks_exactly],
    "sample": [sample_by_sums, sample_by_noise, sample_with_infinity],
}


# ---------------------------------------------------------------- wrong answers, and a piece of the hint meant for each


def assigned(ids, size):
    counts = torch.ones(size, size)
    counts[ids[:-1], ids[1:]] += 1
    return counts / counts.sum(1, keepdim=True)


def counts_of(ids, size):
    return torch.bincount(ids[:-1] * size + ids[1:], minlength=size * size).view(size, size).float()


def picked(table, ids):
    return table.gather(-1, ids.unsqueeze(-1)).squeeze(-1)


def masks(share=0.15, hide=0.8, swap=0.1, fill=-100, shape=None, words=None, global_=False, targets=None):
    """A masking with something else in one place."""

    def wrong(ids, mask_id, size, generator):
        source = None if global_ else generator
        chosen = (torch.rand(shape(ids) if shape else ids.shape, generator=source) < share).expand(ids.shape)
        fate = torch.rand(ids.shape, generator=source)
        others = torch.randint(0, size, ids.shape, generator=source) if words is None else words(ids, size, source)
        inputs = torch.where(chosen & (fate < hide), mask_id, ids)
        inputs = torch.where(chosen & (fate >= hide) & (fate < hide + swap), others, inputs)
        asked = torch.where(chosen, ids, fill)
        return inputs, asked if targets is None else targets(ids, inputs, chosen)

    return wrong


def masks_in_place(ids, mask_id, size, generator):
    chosen = torch.rand(ids.shape, generator=generator) < 0.15
    targets = ids.clone()
    targets[~chosen] = -100
    ids[chosen] = mask_id
    return ids, targets


def masks_in_two_draws(ids, mask_id, size, generator, second=0.1, both=False):
    chosen = torch.rand(ids.shape, generator=generator) < 0.15
    hidden = chosen & (torch.rand(ids.shape, generator=generator) < 0.8)
    swapped = chosen & (torch.rand(ids.shape, generator=generator) < second)
    swapped = swapped if both else swapped & ~hidden
    inputs = torch.where(hidden, mask_id, ids)
    inputs = torch.where(swapped, torch.randint(size, ids.shape, generator=generator), inputs)
    return inputs, torch.where(chosen, ids, -100)


def sampling(order="temperature first", drop=lambda sums, ordered, p: sums - ordered >= p, token=True, zero=True):
    """A sample as many write it, with something else in one place."""

    def wrong(logits, temperature, top_p, generator):
        if zero and temperature == 0:
            return logits.argmax().item()
        scores = logits / temperature if order == "temperature first" else logits
        ordered, tokens = scores.softmax(-1).sort(descending=True)
        kept = ordered.masked_fill(drop(ordered.cumsum(0), ordered, top_p), 0.0)
        if order == "top_p first":
            kept = (kept.log() / temperature).softmax(-1)
        place = torch.multinomial(kept, 1, generator=generator).item()
        return tokens[place].item() if token else place

    return wrong


def first_share(rounded):
    """As many tokens are kept as `top_p` of the vocabulary."""
    return lambda sums, ordered, p: torch.arange(len(sums)) >= max(1, rounded(p * len(sums)))


def beyond(last):
    """What stands behind the place `last(sums, top_p)` is not kept."""
    return lambda sums, ordered, p: torch.arange(len(sums)) > last(sums, p)


def sample_from_all_but_cut(logits, temperature, top_p, generator):
    """Not renormalised: what lies beyond the sum falls to the last that is kept."""
    if temperature == 0:
        return int(logits.argmax())
    ordered, tokens = (logits / temperature).softmax(-1).sort(descending=True)
    many = int((ordered.cumsum(0) < top_p).sum()) + 1
    point = float(torch.rand((), generator=generator))
    place = min(int((ordered.cumsum(0)[:many] < point).sum()), many - 1)
    return int(tokens[:many][place])


def but(function, **changed):
    return lambda *given, **named: function(*given, **changed, **named)


def by_temperature(function, change):
    return lambda logits, temperature, top_p, generator: (
        int(logits.argmax()) if temperature == 0 else function(*change(logits, temperature, top_p), generator)
    )


def sample_not_sorted(logits, temperature, top_p, generator):
    if temperature == 0:
        return int(logits.argmax())
    probabilities = (logits / temperature).softmax(-1)
    probabilities[probabilities.cumsum(-1) - probabilities >= top_p] = 0
    return int(torch.multinomial(probabilities, 1, generator=generator))


def sample_with_zeros(logits, temperature, top_p, generator):
    if temperature == 0:
        return int(logits.argmax())
    ordered, tokens = (logits / temperature).sort(descending=True)
    sums = ordered.softmax(-1).cumsum(-1)
    ordered[sums - ordered.softmax(-1) >= top_p] = 0
    return int(tokens[torch.multinomial(ordered.softmax(-1), 1, generator=generator)])


def torch_draw(weights, temperature, top_p, generator):
    return int(torch.multinomial(weights, 1, generator=generator))


def bigram_of_one_list(ids, size):
    counts = [[1] * size] * size
    for before, after in zip(ids[:-1].tolist(), ids[1:].tolist(), strict=True):
        counts[before][after] += 1
    return torch.tensor([[count / sum(row) for count in row] for row in counts])


def reseeded(logits, temperature, top_p, generator):
    generator.manual_seed(0)
    return sample_by_sums(logits, temperature, top_p, generator)


WRONG = {
    "bigram": [
        (assigned, "counted once"),
        (
            lambda ids, size: counts_of(ids, size) / counts_of(ids, size).sum(1, keepdim=True),
            "row of a token that never occurs is 0/0",
        ),
        (lambda ids, size: (counts_of(ids, size) + 1).softmax(-1), "exponentials"),
        (lambda ids, size: bigram_by_bincount(ids, size).T, "wrong way round"),
        (lambda ids, size: F.normalize(counts_of(ids, size) + 1, p=1, dim=0), "each column"),
        (lambda ids, size: (counts_of(ids, size) + 1) / (counts_of(ids, size) + 1).sum(), "whole table"),
        (lambda ids, size: (counts_of(ids, size) + 1) / (counts_of(ids, size).sum(1)[:, None] + 1), "do not sum to 1"),
        (lambda ids, size: counts_of(ids, size) + 1, "are the counts"),
        (lambda ids, size: (counts_of(ids, size) + 1) / (counts_of(ids, size) + 1).sum(1), "keepdim"),
        (lambda ids, size: bigram_by_bincount(torch.cat([ids, ids[:1]]), size), "after its end"),
        (
            lambda ids, size: (
                (counts_of(ids, size) + 1) / (ids[:, None] == torch.arange(size)).sum(0).add(size)[:, None]
            ),
            "last token",
        ),
        (lambda ids, size: bigram_by_bincount(ids[:-1], size), "the last pair is not counted"),
        (lambda ids, size: bigram_by_bincount(ids[1:], size), "the first pair is not counted"),
        (lambda ids, size: F.normalize(counts_of(ids, size) + 2, p=1, dim=1), "2 is added"),
        (bigram_of_one_list, "holds one row n times"),
        (
            lambda ids, size: ((torch.bincount(ids[1:], minlength=size) + 1) / (len(ids) - 1 + size)).repeat(size, 1),
            "how often each token follows at all",
        ),
        (
            lambda ids, size: torch.stack([(torch.bincount(ids, minlength=size) + 1) / (len(ids) + size)] * size),
            "at all",
        ),
        (lambda ids, size: (counts_of(ids, size) + 1) / len(ids), "length of the text"),
    ],
    "shift": [
        (lambda ids: (ids[:, 1:], ids[:, 1:].clone()), "both are without the first"),
        (lambda ids: (ids[:, 1:], ids[:, :-1]), "wrong way round"),
        (lambda ids: (ids, torch.roll(ids, -1, dims=1)), "rolling"),
        (lambda ids: (ids, ids), "nothing to predict"),
        (lambda ids: (ids[:-1], ids[1:]), "through the batch"),
        (lambda ids: (ids, ids[:, 1:]), "one longer"),
        (lambda ids: ids[:, 1:], "two are asked for"),
        (lambda ids: (ids[:, :-1], ids[:, -1]), "last token alone"),
    ],
    "log_probabilities": [
        (lambda x, ids: picked(x.log_softmax(-1), ids), "same place"),
        (lambda x, ids: picked(x.log_softmax(-1), ids)[:, 1:], "leave out the last logits"),
        (lambda x, ids: picked(x.log_softmax(-1)[:, 1:], ids[:, :-1]), "wrong way"),
        (lambda x, ids: picked(x[:, :-1], ids[:, 1:]), "logits themselves"),
        (lambda x, ids: picked(x[:, :-1].softmax(-1), ids[:, 1:]), "are probabilities"),
        (lambda x, ids: picked(x[:, :-1].softmax(-1).log(), ids[:, 1:]), "stays finite"),
        (lambda x, ids: picked(x[:, :-1].log_softmax(1), ids[:, 1:]), "over the places"),
        (lambda x, ids: picked(x[:, :-1].log_softmax(-1), ids[:, 1:]).sum(), "one number a token"),
        (lambda x, ids: log_by_cross_entropy(x, ids).neg(), "the loss"),
        (lambda x, ids: x[:, :-1].log_softmax(-1).gather(-1, ids[:, 1:, None]), "dimension of size 1"),
        (lambda x, ids: x.log_softmax(-1)[:, :-1].max(-1).values, "likeliest"),
        (lambda x, ids: picked(x.log_softmax(0)[:, :-1], ids[:, 1:]), "texts of the batch"),
        (lambda x, ids: picked(x[:, :-1].softmax(-1).log_softmax(-1), ids[:, 1:]), "taken twice"),
        (lambda x, ids: picked(x[:, :-1].log(), ids[:, 1:]), "taken of the logits"),
        (lambda x, ids: x[:, :-1].log_softmax(-1).gather(-1, ids[:, 1:].unsqueeze(1)).squeeze(1), "the first place"),
        (lambda x, ids: F.cross_entropy(x[:, :-1].flatten(0, 1), ids[:, 1:].flatten()), "the mean loss"),
        (lambda x, ids: x[:, :-1].log_softmax(-1).gather(-1, ids[:, 1:]), "as many dimensions"),
        (lambda x, ids: -F.cross_entropy(x[:, :-1], ids[:, 1:], reduction="none"), "over the places"),
        (lambda x, ids: log_by_cross_entropy(x, ids).flatten(), "a dimension of size 1 is missing"),
    ],
    "bits_per_character": [
        (lambda logs, text: -logs.sum().item() / len(text), "are nats"),
        (lambda logs, text: -logs.mean().item() / math.log(2), "bits a token"),
        (lambda logs, text: -logs.mean().item() / math.log(2) / len(text), "divided twice"),
        (lambda logs, text: -logs.sum().item() / math.log(2) / len(text.encode("utf-8")), "bits a byte"),
        (lambda logs, text: logs.sum().item() / math.log(2) / len(text), "the sign is wrong"),
        (lambda logs, text: -logs.sum().item() / math.log(2), "whole text"),
        (lambda logs, text: -logs.sum().item() * math.log(2) / len(text), "so divide by ln 2"),
        (lambda logs, text: -torch.log2(logs).sum() / len(text), "logarithms already"),
        (lambda logs, text: -logs.sum() / 2 / len(text), "divided by 2"),
        (lambda logs, text: -logs.sum() * len(text) / math.log(2), "multiplied by the number of characters"),
        (lambda logs, text: -torch.log2(logs.exp().sum()) / len(text), "probabilities are added"),
        (lambda logs, text: math.log2(-logs.sum()) / len(text), "of the sum of the logarithms"),
        (lambda logs, text: -logs.sum() / math.log(2) / len(set(text)), "different characters"),
    ],
    "mask_tokens": [
        (masks(hide=1.0, swap=0.0), "every chosen token becomes mask_id"),
        (masks(swap=0.2), "no chosen token stays"),
        (masks(swap=0.0), "no chosen token becomes a random one"),
        (masks_in_two_draws, "2 % of the chosen"),
        (but(masks_in_two_draws, both=True), "72 % of the chosen"),
        (masks(share=0.85), "and should be 15 %"),
        (masks(share=0.1), "should be 15 %"),
        (masks(fill=0), "targets are 0"),
        (masks(fill=-1), "targets are -1"),
        (masks(targets=lambda ids, inputs, chosen: ids), "text itself"),
        (masks(targets=lambda ids, inputs, chosen: torch.where(chosen, inputs, -100)), "after hiding"),
        (masks(targets=lambda ids, inputs, chosen: torch.where(chosen, -100, ids)), "wrong way round"),
        (masks(targets=lambda ids, inputs, chosen: torch.where(inputs == 4, ids, -100)), "became mask_id"),
        (masks(targets=lambda ids, inputs, chosen: torch.where(inputs != ids, ids, -100)), "stay as they are"),
        (masks(global_=True), "equal generators"),
        (masks(shape=lambda ids: ids.shape[1:]), "same places"),
        (masks(shape=lambda ids: (len(ids), 1)), "whole texts"),
        (masks(words=lambda ids, size, g: torch.randint(size, (1,), generator=g).expand(ids.shape)), "the same one"),
        (masks(words=lambda ids, size, g: torch.randint(size // 8, ids.shape, generator=g)), "part of the vocabulary"),
        (masks(words=lambda ids, size, g: torch.randint(size + 50, ids.shape, generator=g)), "goes from 0 to"),
        (
            masks(words=lambda ids, size, g: torch.randint(size - 1, ids.shape, generator=g)),
            "last token of the vocabulary",
        ),
        (
            masks(words=lambda ids, size, g: ids.flatten()[torch.randperm(ids.numel(), generator=g)].view_as(ids)),
            "never",
        ),
        (
            lambda ids, mask_id, size, generator: masks()(ids, mask_id, size, torch.Generator().manual_seed(5)),
            "another seed",
        ),
        (masks_in_place, "changes its argument ids in place"),
        (lambda ids, mask_id, size, generator: masks()(ids, mask_id, size, generator)[0], "two tensors"),
    ],
    "sample": [
        (lambda logits, temperature, top_p, generator: int(logits.argmax()), "nothing is drawn"),
        (reseeded, "a seed set inside the function"),
        (sampling(token=False), "place in the sorted list"),
        (by_temperature(sample_by_sums, lambda x, t, p: (x * t, 1, p)), "multiplied by"),
        (by_temperature(sample_by_sums, lambda x, t, p: (x, 1, p)), "temperature changes nothing"),
        (by_temperature(sample_by_sums, lambda x, t, p: (x.softmax(-1), t, p)), "softmax is taken twice"),
        (sampling(order="top_p first"), "before the temperature"),
        (sampling(drop=lambda sums, ordered, p: sums > 2), "top_p changes nothing"),
        (sampling(drop=lambda sums, ordered, p: (sums > p) & (sums > ordered)), "crosses top_p is lost"),
        (sampling(drop=lambda sums, ordered, p: sums > p), "crosses top_p is lost"),
        (sampling(drop=lambda sums, ordered, p: (sums - ordered).roll(1) >= p), "the likeliest token is cut"),
        (sampling(drop=beyond(lambda sums, p: (sums < p).sum() + 1)), "one token too many"),
        (sampling(drop=beyond(lambda sums, p: (sums - 1e-6 >= p).int().argmax())), "a sum of floats may end"),
        (sampling(drop=lambda sums, ordered, p: (ordered < p) & (sums > ordered)), "compared with top_p by itself"),
        (sampling(drop=first_share(int)), "share of the number of tokens"),
        (sampling(drop=first_share(math.ceil)), "share of the number of tokens"),
        (sampling(zero=False), "Handle it first"),
        (sample_not_sorted, "sort first"),
        (sample_with_zeros, "e⁰ is 1"),
        (by_temperature(torch_draw, lambda x, t, p: (x / t, t, p)), "not logits"),
        (sample_from_all_but_cut, "not divided by its sum"),
        (lambda x, t, p, g: sample_by_sums(x, t, p, None), "equal generators"),
        (lambda x, t, p, g: torch.multinomial(x.softmax(-1), 1, generator=g), "shape (1,)"),
        (lambda x, t, p, g: print(sample_by_sums(x, t, p, g)), "Is a `return` missing?"),
    ],
}
