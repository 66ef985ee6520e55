"""What is made out of raw text, against Transformers, published numbers, exact counts and the laws of chance.

Tests of chance use fixed seeds; a right program would fail any one of them for one seed in a million (RARE).
"""

import itertools
import math
import random
import unicodedata
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from tiny_models import tiny_model

from course_lib.checkpoints import checkpoint
from course_lib.objectives import (
    causal,
    denoising,
    infill,
    masked,
    permute_sentences,
    replaced_tokens,
    restore,
    span_corruption,
    uniform_proposals,
)

RARE = 1e-6
MASK, END, DOT, BANG = 4, 3, 10, 11
SENTINELS = list(range(999, 899, -1))  # as T5's, the numbers go down
TEXTS = st.lists(st.integers(5, 30), min_size=2, max_size=90).map(torch.tensor)
SEEDS = st.integers(0, 10_000)
SHARES = st.floats(0.01, 0.99)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def as_likely(counts, chances):
    """Whether these counts may come from these chances (chi-square)."""
    expected = np.array(chances) / sum(chances) * sum(counts)
    assert expected.min() > 5, "too few draws for this test"
    return stats.chisquare(counts, expected).pvalue > RARE


def as_often(count, of, chance):
    """Whether something of this chance may have happened so often (binomial)."""
    return stats.binomtest(int(count), int(of), chance).pvalue > RARE


def mask(ids, seed=0, **named):
    return masked(ids, seeded(seed), **{"mask_id": MASK, "vocabulary_size": 100, **named})


def corrupt(ids, seed=0, **named):
    return span_corruption(ids, seeded(seed), **{"sentinels": SENTINELS, "end_id": END, **named})


def denoise(ids, seed=0, **named):
    return denoising(ids, seeded(seed), **{"mask_id": MASK, "sentence_end_ids": [DOT, BANG], **named})


def detect(ids, seed=0, **named):
    return replaced_tokens(ids, seeded(seed), **{"propose": uniform_proposals(100), **named})


BY_CHANCE = [mask, corrupt, denoise, detect]


# ---------------------------------------------------------------- causal


def test_the_loss_is_that_of_transformers_which_shifts_by_itself():
    model = tiny_model("text-generation")
    ids = torch.tensor([7, 9, 5, 12, 9, 20, 6])
    example = causal(ids)
    with torch.no_grad():
        theirs = model(ids[None], labels=ids[None]).loss
        whole = torch.nn.functional.cross_entropy(model(ids[None]).logits[0, :-1], example.targets)
        ours = torch.nn.functional.cross_entropy(model(example.inputs[None]).logits[0], example.targets)
        twice = model(example.inputs[None], labels=example.targets[None]).loss
    assert float(whole) == pytest.approx(float(theirs), abs=1e-6)
    assert float(ours) == pytest.approx(float(theirs), abs=1e-6), "the last token is never an input that counts"
    assert abs(float(twice - theirs)) > 1e-3, "our targets as labels are shifted twice"


# ---------------------------------------------------------------- masked


def fates(original, inputs, targets, mask_id):
    """How many tokens were not chosen, masked, changed to another, left as they were."""
    chosen = targets != -100
    assert torch.equal(targets[chosen], original[chosen]), "the target is the token that stood there"
    assert torch.equal(inputs[~chosen], original[~chosen]), "what is not chosen is not touched"
    hidden, same = chosen & (inputs == mask_id), chosen & (inputs == original)
    return [int(kind.sum()) for kind in (~chosen, hidden, chosen & ~hidden & ~same, same)]


def test_the_proportions_are_those_of_bert_and_of_transformers_collator():
    tokenizer = transformers.AutoTokenizer.from_pretrained(checkpoint("minilm"))
    ids = torch.randint(1000, len(tokenizer), (60_000,), generator=seeded())
    ids[::10], ids[5::10] = tokenizer.cls_token_id, tokenizer.sep_token_id
    special = torch.isin(ids, torch.tensor(tokenizer.all_special_ids))
    assert special.sum() == 12_000
    collated = transformers.DataCollatorForLanguageModeling(tokenizer, seed=1)([{"input_ids": ids.tolist()}])
    ours = mask(
        ids,
        mask_id=tokenizer.mask_token_id,
        vocabulary_size=len(tokenizer),
        special_ids=tokenizer.all_special_ids,
    )
    found = []
    for inputs, targets in ((ours.inputs, ours.targets), (collated["input_ids"][0], collated["labels"][0])):
        assert (targets[special] == -100).all(), "a special token is never chosen"
        counts = fates(ids, inputs, targets, tokenizer.mask_token_id)
        counts[0] -= 12_000
        assert as_likely(counts, [0.85, 0.15 * 0.8, 0.15 * 0.1, 0.15 * 0.1])
        found.append(counts)
    assert stats.chi2_contingency(found).pvalue > RARE, "the two programs differ"


def test_random_tokens_come_from_the_whole_vocabulary_alike():
    example = mask(torch.full((150_000,), 7), vocabulary_size=20)
    counts = torch.bincount(example.inputs, minlength=20).tolist()
    others = [count for token, count in enumerate(counts) if token not in (7, MASK)]
    assert len(others) == 18
    assert as_likely(others, [1] * 18)
    stayed = int(((example.targets == 7) & (example.inputs == 7)).sum())
    assert as_often(stayed, (example.targets == 7).sum(), 0.1 + 0.1 / 20), "a twentieth of the random ones is the same"


def test_each_token_is_chosen_on_its_own_and_there_is_always_one():
    length, draws = 12, 4000
    ids = torch.arange(20, 20 + length)
    chosen = torch.stack([mask(ids, seed).targets != -100 for seed in range(draws)])  # (draw, token)
    none = 0.85**length  # then one is drawn
    for place in range(length):
        assert as_often(chosen[:, place].sum(), draws, 0.15 + none / length)
    numbers = torch.bincount(chosen.sum(1), minlength=length + 1).tolist()
    binomial = stats.binom(length, 0.15)
    expected = [none + binomial.pmf(1), *binomial.pmf(range(2, 5)), binomial.sf(4)]
    assert numbers[0] == 0
    assert as_likely([*numbers[1:5], sum(numbers[5:])], expected)


@given(ids=TEXTS, seed=SEEDS, share=SHARES, special=st.sets(st.integers(5, 8)))
@settings(max_examples=60, deadline=None)
def test_masked_holds_for_any_text(ids, seed, share, special):
    if not set(ids.tolist()) - special:
        with pytest.raises(ValueError, match="are in special_ids, none is left"):
            mask(ids, seed, share=share, special_ids=special)
        return
    example = mask(ids, seed, share=share, special_ids=special)
    chosen = example.targets != -100
    fates(ids, example.inputs, example.targets, MASK)
    assert chosen.any()
    assert not special & set(ids[chosen].tolist())
    assert torch.equal(restore(replace(example, original=None)), ids)


def test_a_model_reads_the_targets_as_they_are():
    model = tiny_model("fill-mask")
    ids = torch.tensor([2, 7, 9, 5, 12, 9, 20, 6, 3])
    example = mask(ids, share=0.7, special_ids=[2, 3], vocabulary_size=25)
    with torch.no_grad():
        loss = model(example.inputs[None], labels=example.targets[None]).loss
        chances = model(example.inputs[None]).logits[0].log_softmax(-1)  # (token, vocabulary)
    places = [place for place, target in enumerate(example.targets.tolist()) if target != -100]
    assert len(places) > 1
    assert float(loss) == pytest.approx(-np.mean([float(chances[place, ids[place]]) for place in places]), abs=1e-5)


@pytest.mark.parametrize("ids", [[20], [2, 20, 3]])
def test_a_text_of_one_ordinary_token_has_it_masked_four_times_in_five(ids):
    inputs = [mask(torch.tensor(ids), seed, special_ids=[2, 3]).inputs.tolist() for seed in range(1000)]
    assert {len(found) for found in inputs} == {len(ids)}
    assert as_often(sum(MASK in found for found in inputs), 1000, 0.8 + 0.1 / 100)


# ---------------------------------------------------------------- span corruption


def taken_apart(example, sentinels=SENTINELS, end=END):
    """Kept pieces and hidden ones, read from inputs and targets as the paper describes them."""
    kept, hidden = [[]], []
    *given, last = example.inputs.tolist()
    assert last == end
    for token in given:
        if token in sentinels:
            assert token == sentinels[len(kept) - 1], "sentinels come in their order"
            kept.append([])
        else:
            kept[-1].append(token)
    *answer, last = example.targets.tolist()
    assert last == end
    for token in answer:
        if token in sentinels:
            assert token == sentinels[len(hidden)], "sentinels come in their order"
            hidden.append([])
        else:
            hidden[-1].append(token)
    assert kept.pop() == [], "after the last span nothing is kept"
    assert hidden.pop() == [], "after the final sentinel comes the end"
    return kept, hidden


@given(ids=TEXTS, seed=SEEDS, share=SHARES, mean=st.floats(1, 6))
@settings(max_examples=80, deadline=None)
def test_span_corruption_holds_for_any_text(ids, seed, share, mean):
    example = corrupt(ids, seed, share=share, mean_length=mean)
    kept, hidden = taken_apart(example)
    length = len(ids)
    noise = int(np.clip(np.round(length * share), 1, length - 1))
    spans = int(min(max(np.round(noise / mean), 1), noise, length - noise))
    assert len(kept) == len(hidden) == spans
    assert sum(map(len, hidden)) == noise
    assert all(kept), "a kept token stands before each span, also before the first"
    assert all(hidden), "no span is empty"
    assert len(example.inputs) == length - noise + spans + 1
    assert len(example.targets) == noise + spans + 2
    assert [t for pair in zip(kept, hidden, strict=True) for piece in pair for t in piece] == ids.tolist()
    assert torch.equal(restore(replace(example, original=None), sentinels=SENTINELS), ids)


def test_the_lengths_are_those_that_t5_was_trained_with():
    """568 tokens of text fill 512 positions of the encoder and 114 of the decoder, which had no final sentinel."""
    example = corrupt(torch.randint(5, 30, (568,), generator=seeded()))
    assert (len(example.inputs), len(example.targets)) == (512, 114 + 1)


def test_every_partition_into_spans_is_as_likely():
    shapes, ids = Counter(), torch.arange(20, 32)
    for seed in range(3000):
        kept, hidden = taken_apart(corrupt(ids, seed, share=0.5, mean_length=2, sentinels=SENTINELS[:4]))
        shapes[tuple(map(len, kept)), tuple(map(len, hidden))] += 1
    sums = [lengths for lengths in itertools.product(range(1, 5), repeat=3) if sum(lengths) == 6]
    assert len(sums) == 10
    assert set(shapes) <= set(itertools.product(sums, sums))
    assert as_likely([shapes[pair] for pair in itertools.product(sums, sums)], [1] * 100)


def test_the_mean_length_of_a_span_is_the_one_asked_for():
    for mean in (1.5, 3.0, 10.0):
        _, hidden = taken_apart(corrupt(torch.randint(5, 30, (600,), generator=seeded()), mean_length=mean))
        assert sum(map(len, hidden)) == 90
        assert 90 / len(hidden) == mean


def test_the_shortest_texts_have_one_span_at_their_end():
    for length in (2, 3, 4):
        ids = list(range(20, 20 + length))
        example = corrupt(torch.tensor(ids))
        assert example.inputs.tolist() == [*ids[:-1], 999, END]
        assert example.targets.tolist() == [999, ids[-1], 998, END]
    nearly_all = corrupt(torch.arange(20, 30), share=0.8, mean_length=1)
    assert len(taken_apart(nearly_all)[0]) == 2, "8 spans of one token, but only 2 kept ones to put before them"


def test_sentinels_are_enough_or_the_error_says_how_many():
    ids = torch.arange(20, 60)  # 6 hidden, 2 spans
    assert len(taken_apart(corrupt(ids, sentinels=SENTINELS[:3]), SENTINELS[:3])[0]) == 2
    with pytest.raises(ValueError, match="2 spans of 40 tokens need 3 sentinels, .* given: 2"):
        corrupt(ids, sentinels=SENTINELS[:2])
    with pytest.raises(ValueError, match="all different"):
        corrupt(ids, sentinels=[999, 998, 999])
    with pytest.raises(ValueError, match="none the end_id 997"):
        corrupt(ids, sentinels=SENTINELS[:3], end_id=997)
    with pytest.raises(ValueError, match=r"sentinels\[1\]=25 stands in the text already, at \[5\]"):
        corrupt(ids, sentinels=[999, 25, 998])
    with pytest.raises(ValueError, match=r"end_id=59 stands in the text already, at \[39\]"):
        corrupt(ids, end_id=59)
    with pytest.raises(ValueError, match="end_id is None"):
        corrupt(ids, end_id=None)


@pytest.mark.parametrize("wrong", [[], [1, 2], [999], [998], [999, 20], SENTINELS[1:], [*SENTINELS, 20]])
def test_other_sentinels_restore_nothing(wrong):
    with pytest.raises(ValueError, match="Give the sentinels that the example was made with"):
        restore(corrupt(torch.arange(20, 60)), sentinels=wrong)


# ---------------------------------------------------------------- denoising


def gaps(spoiled, length):
    """For a text 0, 1, 2, …: between kept neighbours, how many masks stand there and how many tokens are missing."""
    found, masks, before = [], 0, -1
    for token in [*spoiled.tolist(), length]:
        if token == -1:
            masks += 1
        else:
            assert token > before, "kept tokens stay in order"
            found.append((masks, token - before - 1))
            masks, before = 0, token
    assert all(masks for masks, missing in found if missing), "nothing is lost without a mask"
    return found


def infilled(length, seed=0, **named):
    """The text 0, 1, 2, … with spans infilled, −1 for a mask."""
    spoiled = infill(torch.arange(length), seeded(seed), mask_id=length, **named)
    return spoiled.masked_fill(spoiled == length, -1)


def test_lengths_of_spans_follow_poissons_distribution_with_those_of_length_0():
    length = 60_000
    spoiled = infilled(length)
    alone = [missing for masks, missing in gaps(spoiled, length) if masks == 1]  # how long one span was
    assert len(alone) > 4000
    counts = [alone.count(n) for n in range(9)] + [sum(n > 8 for n in alone)]
    poisson = stats.poisson(3)
    assert as_likely(counts, [*poisson.pmf(range(9)), poisson.sf(8)])
    assert as_often(alone.count(0), len(alone), math.exp(-3)), "masks where nothing is missing"
    two = [missing for masks, missing in gaps(spoiled, length) if masks == 2]
    assert np.mean(two) == pytest.approx(6, abs=5 * math.sqrt(6 / len(two))), "neighbours stay two masks"


@given(length=st.integers(2, 200), seed=SEEDS, share=SHARES, mean=st.floats(1, 8))
@settings(max_examples=80, deadline=None)
def test_the_hidden_part_is_exactly_the_share(length, seed, share, mean):
    spoiled = infilled(length, seed, share=share, mean_length=mean)
    kept = int((spoiled >= 0).sum())
    assert length - kept == int(np.clip(np.round(length * share), 1, length - 1))
    assert sum(missing for _, missing in gaps(spoiled, length)) == length - kept
    assert (spoiled == -1).any()


def test_every_place_for_a_mask_is_as_likely():
    places = Counter()
    for seed in range(3000):
        spoiled = infilled(7, seed)  # 2 hidden
        if (spoiled == -1).sum() == 1:
            places[int((spoiled == -1).nonzero())] += 1
    assert as_likely([places[place] for place in range(6)], [1] * 6)


def test_the_span_that_is_cut_to_fit_is_not_always_the_last():
    sizes = Counter()
    for seed in range(2000):
        found = [missing for masks, missing in gaps(infilled(13, seed), 13) if masks == 1]  # 4 hidden
        if len(found) == 2 and sum(found) == 4 and found[0] != found[1]:
            sizes[found[0] > found[1]] += 1
    assert sizes.total() > 400
    assert as_often(sizes[True], sizes.total(), 0.5)


SENTENCES = [[20, 21, 22, DOT], [30, 31, BANG, DOT], [40, DOT]]
TEXT = torch.tensor(sum(SENTENCES, []))


def test_every_order_of_sentences_is_as_likely():
    orders = {tuple(sum(order, [])): 0 for order in itertools.permutations(SENTENCES)}
    for seed in range(1200):
        orders[tuple(permute_sentences(TEXT, seeded(seed), [DOT, BANG]).tolist())] += 1  # KeyError for anything else
    assert as_likely(list(orders.values()), [1] * 6)


@given(words=st.lists(st.integers(5, 12), min_size=1, max_size=40), seed=SEEDS)
@settings(max_examples=60, deadline=None)
def test_sentences_stay_whole(words, seed):
    def sentences(tokens):
        found, ended = [[]], False
        for token in tokens:
            if ended and token not in (DOT, BANG):
                found.append([])
            found[-1].append(token)
            ended = token in (DOT, BANG)
        return found

    permuted = permute_sentences(torch.tensor(words), seeded(seed), {DOT, BANG}).tolist()
    whole = [tuple(tokens) for tokens in sentences(words)]
    assert any(permuted == list(sum(order, ())) for order in orders_of(whole, permuted))
    assert permute_sentences(torch.tensor(words), seeded(seed), []).tolist() == words, "without ends it is one sentence"


def orders_of(sentences, permuted):
    """The orders of `sentences` that begin as `permuted` does, found one sentence at a time."""
    if not sentences:
        yield []
    for number, first in enumerate(sentences):
        if tuple(permuted[: len(first)]) == first:
            rest = sentences[:number] + sentences[number + 1 :]
            yield from ([first, *order] for order in orders_of(rest, permuted[len(first) :]))


def test_denoising_does_both_and_asks_for_the_text():
    pieces = [[*range(start, start + 19), DOT] for start in (100, 200, 300)]
    ids = torch.tensor(sum(pieces, []))
    orders = Counter()
    for seed in range(600):
        example = denoise(ids, seed)
        assert torch.equal(example.targets, ids)
        kept = [token for token in example.inputs.tolist() if token != MASK]
        assert len(ids) - len(kept) == 18, "30 % of 60"
        order = tuple(dict.fromkeys(token // 100 for token in kept if token != DOT))
        words = [token for token in kept if token != DOT]
        assert words == sorted(words, key=lambda token: (order.index(token // 100), token)), "sentences stay together"
        orders[order] += len(order) == 3  # a sentence of which nothing is left does not say where it stood
    assert as_likely([orders[order] for order in itertools.permutations((1, 2, 3))], [1] * 6)


@given(ids=TEXTS, seed=SEEDS, share=SHARES)
@settings(max_examples=40, deadline=None)
def test_denoising_holds_for_any_text(ids, seed, share):
    example = denoise(ids, seed, share=share)
    kept = Counter(example.inputs.tolist())
    assert kept.pop(MASK) >= 1
    assert kept <= Counter(ids.tolist()), "no token comes from elsewhere"
    assert torch.equal(restore(replace(example, original=None)), ids)


@pytest.mark.parametrize("length", [2, 3])
def test_the_shortest_texts_keep_all_but_one_token(length):
    for seed in range(50):
        spoiled = infilled(length, seed).tolist()
        assert len([token for token in spoiled if token != -1]) == length - 1
        assert -1 in spoiled


# ---------------------------------------------------------------- replaced tokens


@given(ids=TEXTS, seed=SEEDS, share=SHARES, special=st.sets(st.integers(5, 8)), size=st.integers(31, 40))
@settings(max_examples=60, deadline=None)
def test_replaced_tokens_hold_for_any_text(ids, seed, share, special, size):
    ordinary = [place for place, token in enumerate(ids.tolist()) if token not in special]
    if not ordinary:
        with pytest.raises(ValueError, match="are in special_ids, none is left"):
            detect(ids, special_ids=special)
        return
    asked = []

    def propose(text, positions, generator):
        assert torch.equal(text, ids)
        asked.extend(positions.tolist())
        proposed = torch.randint(size, positions.shape, generator=generator)
        proposed[::3] = ids[positions[::3]]  # these happen to be right
        text.fill_(0)  # a careless generator spoils nothing
        return proposed

    example = detect(ids, seed, share=share, special_ids=special, propose=propose)
    assert asked == sorted(set(asked))
    assert set(asked) <= set(ordinary)
    assert len(asked) == math.ceil(round(share * len(ordinary), 8)) >= 1
    assert torch.equal(example.original, ids)
    expected = [int(new != old) for new, old in zip(example.inputs.tolist(), ids.tolist(), strict=True)]
    assert example.targets.tolist() == expected
    assert set(example.targets.nonzero()[:, 0].tolist()) <= set(asked)
    assert not example.targets[asked[::3]].any(), "a proposal that is the original counts as original"


@pytest.mark.parametrize(("length", "share", "count"), [(1, 0.15, 1), (2, 0.15, 1), (7, 0.15, 2), (100, 0.07, 7)])
def test_the_share_is_rounded_up(length, share, count):
    example = detect(torch.full((length,), 50), share=share, propose=lambda ids, positions, _: positions * 0)
    assert int(example.targets.sum()) == count


def test_proportions_of_replaced_tokens():
    length, size = 40_000, 10
    example = detect(torch.randint(size, (length,), generator=seeded(1)), propose=uniform_proposals(size))
    assert as_often(example.targets.sum(), 6000, 1 - 1 / size)
    changed = example.inputs[example.targets == 1]
    assert as_likely(torch.bincount(changed, minlength=size).tolist(), [1] * size)
    places = torch.stack([detect(torch.full((20,), 200), seed).targets for seed in range(1500)]).sum(0)  # 3 of 20
    assert int(places.sum()) == 3 * 1500, "proposals are below 100"
    assert as_likely(places.tolist(), [1] * 20)


def test_zeros_and_ones_do_not_say_what_stood_there():
    def propose(ids, positions, generator):
        return torch.full_like(positions, 77)

    ids = torch.arange(20, 40)
    example = detect(ids, propose=propose)
    other = ids.clone()
    other[example.targets == 1] = 55
    same = detect(other, propose=propose)
    assert torch.equal(example.inputs, same.inputs)
    assert torch.equal(example.targets, same.targets)
    assert not torch.equal(example.original, same.original), "two texts, one example"
    with pytest.raises(ValueError, match=r"not what it was. See example.original"):
        restore(example)


def test_a_small_masked_model_can_be_the_generator():
    model = tiny_model("fill-mask")

    def propose(ids, positions, generator):
        with torch.no_grad():
            logits = model(ids.index_fill(0, positions, MASK)[None]).logits[0, positions]  # (position, vocabulary)
        return torch.multinomial(logits.softmax(-1), 1, generator=generator)[:, 0]

    ids = torch.tensor([2, 7, 9, 5, 12, 9, 20, 6, 3])
    example = detect(ids, share=0.5, special_ids=[2, 3], propose=propose)
    assert example.targets.sum() in (3, 4)
    assert torch.equal(detect(ids, share=0.5, special_ids=[2, 3], propose=propose).inputs, example.inputs)


@pytest.mark.parametrize("wrong", [None, [1, 2, 3], torch.zeros(2, dtype=torch.long), torch.zeros(3)])
def test_proposals_of_another_form_are_explained(wrong):
    with pytest.raises(ValueError, match=r"one id for each position, torch.int64 \(3,\); not: "):
        detect(torch.arange(20, 40), propose=lambda ids, positions, generator: wrong)


# ---------------------------------------------------------------- chance


@pytest.mark.parametrize("make", BY_CHANCE)
def test_the_same_seed_makes_the_same_example_and_nothing_else_is_touched(make):
    ids = torch.randint(20, 90, (60,), generator=seeded())
    before = ids.clone()
    states = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()
    first, second, other = make(ids, 5), make(ids, 5), make(ids, 6)
    assert torch.equal(torch.get_rng_state(), states[0])
    assert (random.getstate(), np.random.get_state()[1].tolist()) == states[1:]
    for name in ("inputs", "targets", "original"):
        assert torch.equal(getattr(first, name), getattr(second, name))
    assert not torch.equal(first.inputs, other.inputs)
    assert torch.equal(ids, before)
    generator = seeded(5)
    first, second = (infill(ids, generator, mask_id=MASK).tolist() for _ in range(2))
    assert first != second, "one generator goes on"


@pytest.mark.parametrize("make", [lambda ids, seed=0: causal(ids), *BY_CHANCE])
def test_an_example_keeps_the_text_and_shares_no_memory_with_it(make):
    ids = torch.arange(20, 60)
    example = make(ids)
    parts = example.inputs.clone(), example.targets.clone()
    ids.fill_(0)
    assert torch.equal(example.original, torch.arange(20, 60))
    assert torch.equal(example.inputs, parts[0])
    assert torch.equal(example.targets, parts[1])
    example.inputs.fill_(0)
    assert torch.equal(example.targets, parts[1])
    example.targets.fill_(0)
    assert torch.equal(example.original, torch.arange(20, 60))
    with pytest.raises(AttributeError):
        example.inputs = ids


def test_causal_takes_every_text_of_two_tokens_or_more():
    example = causal(torch.tensor([5, 6]))
    assert (example.inputs.tolist(), example.targets.tolist()) == ([5], [6])
    ids = torch.arange(9)
    assert torch.equal(restore(replace(causal(ids), original=None)), ids)


# ---------------------------------------------------------------- input that makes no sense


@pytest.mark.parametrize("make", [lambda ids, seed=0: causal(ids), *BY_CHANCE])
def test_what_is_not_one_text_is_explained(make):
    with pytest.raises(TypeError, match=r"not list. Write torch.tensor\(ids\)"):
        make([5, 6, 7])
    with pytest.raises(TypeError, match="torch.int64, one for each token, not torch.float32"):
        make(torch.ones(5))
    with pytest.raises(ValueError, match=r"given: \(2, 3\), .* one row of a batch"):
        make(torch.ones(2, 3, dtype=torch.long))
    with pytest.raises(ValueError, match=r"shape \(token,\).* given: \(\)"):
        make(torch.tensor(5))
    with pytest.raises(ValueError, match=r"given: \(0,\)"):
        make(torch.zeros(0, dtype=torch.long))
    with pytest.raises(ValueError, match="smallest -100"):
        make(torch.tensor([5, -100, 6]))


@pytest.mark.parametrize("make", [lambda ids: causal(ids), corrupt, denoise])
def test_one_token_is_too_short_for_some(make):
    with pytest.raises(ValueError, match=r"at least \(2,\), .* given: \(1,\)"):
        make(torch.tensor([5]))


@pytest.mark.parametrize("make", BY_CHANCE)
@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, 15, math.nan, "0.15", None])
def test_a_share_is_between_0_and_1(make, share):
    with pytest.raises(ValueError, match="share is a part of all tokens, above 0 and below 1, such as 0.15; given: "):
        make(torch.arange(20, 40), share=share)


@pytest.mark.parametrize("mean", [0, 0.5, math.inf, math.nan, "3"])
def test_a_mean_length_is_a_number_of_tokens(mean):
    for make in (corrupt, denoise):
        with pytest.raises(ValueError, match="mean_length is a number of tokens, at least 1; given: "):
            make(torch.arange(20, 40), mean_length=mean)


def test_chance_comes_from_a_generator():
    ids = torch.arange(20, 40)
    for wrong in (0, None):
        for run in (
            lambda g: masked(ids, g, mask_id=MASK, vocabulary_size=100),
            lambda g: span_corruption(ids, g, sentinels=SENTINELS, end_id=END),
            lambda g: denoising(ids, g, mask_id=MASK, sentence_end_ids=[DOT]),
            lambda g: infill(ids, g, mask_id=MASK),
            lambda g: replaced_tokens(ids, g, propose=uniform_proposals(100)),
        ):
            with pytest.raises(TypeError, match=rf"generator is {wrong}. Write torch.Generator\(\).manual_seed"):
                run(wrong)


def test_masks_that_are_missing_or_there_already_are_explained():
    ids = torch.arange(20, 40)
    for make in (mask, denoise):
        with pytest.raises(ValueError, match="mask_id is None: the tokenizer has no such token"):
            make(ids, mask_id=None)
        with pytest.raises(TypeError, match="mask_id is the id of a token, a whole number from 0; given: '.MASK.'"):
            make(ids, mask_id="[MASK]")
        with pytest.raises(ValueError, match=r"mask_id=21 stands in the text already, at \[1\]"):
            make(ids, mask_id=21)
    for seed in range(5):
        with pytest.raises(ValueError, match=r"mask_id=4 stands in the text already, at \[4, 5\]"):
            denoise(torch.tensor([20, DOT, 21, DOT, MASK, MASK, 22, DOT, 23]), seed)  # where it was before permutation
    with pytest.raises(ValueError, match=r"vocabulary_size=30, and the text has 39: write len\(tokenizer\)"):
        mask(ids, vocabulary_size=30)


# ---------------------------------------------------------------- tables

WORDS = {20: "the", 21: "cat", 22: "sat", 23: "there", DOT: ".", MASK: "<mask>", END: "</s>", 999: "<X>", 998: "<Y>"}


def words(ids):
    return [WORDS.get(token, f"w{token}") for token in ids]


def test_tables_show_what_was_done():
    ids = torch.tensor([20, 21, 22, 23, DOT])
    shown = causal(ids).table(words).split("\n")
    assert shown == ["position  0    1    2      3", "input     the  cat  sat    there", "target    cat  sat  there  ."]
    example = mask(ids)
    example = replace(
        example, inputs=torch.tensor([20, MASK, 22, 23, DOT]), targets=torch.tensor([-100, 21, *[-100] * 3])
    )
    assert example.table(words).split("\n") == [
        "position  0    1       2    3      4",
        "input     the  <mask>  sat  there  .",
        "target    ·    cat     ·    ·      ·",
    ]
    assert corrupt(ids).table(words).split("\n") == [
        "position  0    1    2    3      4    5",
        "input     the  cat  sat  there  <X>  </s>",
        "",
        "position  0    1  2    3",
        "target    <X>  .  <Y>  </s>",
    ]
    example = replace(denoise(ids), inputs=torch.tensor([MASK, DOT]))
    assert example.table(words).split("\n") == [
        "position  0       1",
        "input     <mask>  .",
        "",
        "position  0    1    2    3      4",
        "target    the  cat  sat  there  .",
    ]
    changed = replaced_tokens(ids, seeded(), propose=lambda *_: torch.tensor([23]))
    (place,) = changed.targets.nonzero()[:, 0].tolist()
    rows = [line.split() for line in changed.table(words).split("\n")]
    assert rows[1][1 + place] == "there"
    assert rows[2] == ["target", *map(str, changed.targets.tolist())]
    assert rows[3] == ["original", *("·" if n != place else words(ids.tolist())[place] for n in range(5))]


def columns(text):
    """How wide a terminal shows a text, for the characters used here."""
    return sum(2 if unicodedata.name(char).startswith(("HANGUL", "CJK")) else 1 for char in text)


@pytest.mark.parametrize(
    "word", ["w", "은행이", "a much longer token than anybody wants", "very wide: 은행이 금리를 올렸다 그리고 또"]
)
@pytest.mark.parametrize("make", [lambda ids: causal(ids), *BY_CHANCE])
def test_tables_are_aligned_and_not_too_wide(make, word):
    ids = torch.arange(20, 80)
    table = make(ids).table(lambda ids: [word if token % 2 else str(token) for token in ids])
    count = 0
    for block in table.split("\n\n"):
        lines = block.split("\n")
        assert max(map(columns, lines)) <= 100
        rows = []
        for line in lines:
            at, starts = 0, []
            for cell in line.split():
                offset = line.index(cell, at)
                starts.append((columns(line[:offset]), cell))
                at = offset + len(cell)
            rows.append([start for start, _ in starts])
        assert all(row == rows[0] for row in rows), "cells of a column begin below each other"
        count += len(rows[0]) - 1
    example = make(ids)
    sequences = [example.inputs, example.targets] if "\n\nposition  0" in table else [example.inputs]
    assert count == sum(map(len, sequences)), "every position is shown once"


def test_tokens_stay_on_one_line_spaces_can_be_seen_and_accents_take_no_room():
    shown = {1: "\n", 2: " a", 3: "e\u0301t\u0301e\u0301", 4: "x" * 30}
    table = causal(torch.tensor([1, 3, 2, 4])).table(lambda ids: [shown[token] for token in ids])
    assert table.split("\n")[1:] == [
        "input     ␣    e\u0301t\u0301e\u0301  ␣a",
        "target    e\u0301t\u0301e\u0301  ␣a   " + "x" * 24,
    ]


def test_a_decoder_that_makes_one_string_is_explained():
    tokenizer = transformers.AutoTokenizer.from_pretrained(checkpoint("minilm"))
    ids = torch.tensor(tokenizer("The bank raised its rates.").input_ids)
    assert "[CLS]  the   bank    raised  its" in causal(ids).table(tokenizer.convert_ids_to_tokens)
    with pytest.raises(TypeError, match="use tokenizer.convert_ids_to_tokens"):
        causal(ids).table(tokenizer.decode)
    with pytest.raises(TypeError, match="use tokenizer.convert_ids_to_tokens"):
        causal(ids).table(lambda ids: "x" * len(ids))
