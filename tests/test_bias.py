"""Scores against brute force and closed forms, intervals against known cases, planted bias against what was planted."""

import math
import time

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertForMaskedLM, BertForSequenceClassification, LlamaConfig, LlamaForCausalLM

from course_lib import bias, bias_data, bias_groups, bias_statistics, bias_titles, bias_toys

TOKENIZER = bias_toys.town_tokenizer(("nurse", "plumber", "person"))
JOBS = [*bias_toys.BRIGHT[:3], *bias_toys.DARK[:3]]


@pytest.fixture(scope="module")
def masked():
    torch.manual_seed(0)
    return BertForMaskedLM(BertConfig(**bias_toys.small_settings(TOKENIZER))).eval()


@pytest.fixture(scope="module")
def causal():
    torch.manual_seed(0)
    settings = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    model = LlamaForCausalLM(LlamaConfig(vocab_size=len(TOKENIZER), initializer_range=0.3, **settings)).eval()
    return model


@pytest.fixture(scope="module")
def writing():
    tokenizer = bias_toys.town_tokenizer(("nurse", "plumber", "person"))
    tokenizer.bos_token = "[CLS]"
    return tokenizer


def texts_of_many_lengths():
    texts = bias_toys.sentences(0.7, each=2, seed=3)[:12]
    return texts + ["she sang", "the alder sang", "he was late when she left"]


def log_p(logits, token):
    return float(torch.log_softmax(logits.double(), -1)[token])


@torch.inference_mode()
def brute_masked(model, text, keep=None):
    ids = TOKENIZER(text, return_tensors="pt")["input_ids"]
    total = 0.0
    for place in range(1, ids.shape[1] - 1):
        if keep is None or place in keep:
            hidden = ids.clone()
            hidden[0, place] = TOKENIZER.mask_token_id
            total += log_p(model(hidden).logits[0, place], ids[0, place])
    return total


def test_a_masked_sentence_score_is_the_sum_of_its_words_each_hidden_in_turn(masked):
    texts = texts_of_many_lengths()
    expected = [brute_masked(masked, text) for text in texts]
    assert np.allclose(bias.sentence_scores(masked, TOKENIZER, texts, batch_size=5), expected, atol=1e-4)


@torch.inference_mode()
def test_a_causal_sentence_score_is_the_sum_of_next_word_predictions(causal, writing):
    texts = texts_of_many_lengths()
    expected = []
    for text in texts:
        ids = writing(text)["input_ids"][:-1]  # the tokenizer ends with [SEP]; special tokens do not count
        whole = torch.tensor([[*ids, writing.sep_token_id]])
        logits = causal(whole).logits[0]
        expected.append(sum(log_p(logits[place - 1], ids[place]) for place in range(1, len(ids))))
    assert np.allclose(bias.sentence_scores(causal, writing, texts, batch_size=4), expected, atol=1e-3)


def test_a_model_without_opinions_gives_every_word_the_same_chance(masked):
    blank = BertForMaskedLM(BertConfig(**bias_toys.small_settings(TOKENIZER))).eval()
    with torch.no_grad():
        for parameter in blank.parameters():
            parameter.zero_()
    one = -math.log(len(TOKENIZER))
    assert np.allclose(
        bias.sentence_scores(blank, TOKENIZER, ["she sang", "the alder sang"]), [2 * one, 3 * one], atol=1e-4
    )
    assert np.allclose(bias.gap_scores(blank, TOKENIZER, ["the alder said ___ sang"], ("she", "he")), one, atol=1e-4)
    assert np.allclose(bias.association(blank, TOKENIZER, ["the {job} said ___ sang"], JOBS), 0, atol=1e-6)


@torch.inference_mode()
def test_gap_and_association_agree_with_one_sentence_at_a_time(masked):
    templates = ["the {job} said ___ was late", "when ___ sang the {job} left"]
    jobs = ["alder", "nobber", "wimmel"]
    she, he = TOKENIZER.convert_tokens_to_ids(["she", "he"])

    def gap(text, hidden_before):
        ids = TOKENIZER(text.replace("___", "[MASK]"), return_tensors="pt")["input_ids"]
        place = (ids[0] == TOKENIZER.mask_token_id).nonzero()[hidden_before, 0]
        logits = masked(ids).logits[0, place]
        return log_p(logits, she) - log_p(logits, he)

    expected = [
        [
            gap(template.format(job=job), 0) - gap(template.format(job="[MASK]"), masks_before)
            for template, masks_before in zip(templates, (1, 0), strict=True)
        ]
        for job in jobs
    ]  # fmt: skip
    assert np.allclose(bias.association(masked, TOKENIZER, templates, jobs), expected, atol=1e-4)


def test_a_causal_association_takes_the_person_as_prior(causal, writing):
    template = "the {job} said ___ was late"
    whole = {
        (job, word): bias.sentence_scores(causal, writing, [template.format(job=job).replace("___", word)])[0]
        for job in ("alder", "person")
        for word in ("she", "he")
    }
    expected = whole["alder", "she"] - whole["alder", "he"] - whole["person", "she"] + whole["person", "he"]
    assert bias.association(causal, writing, [template], ["alder"])[0, 0] == pytest.approx(expected, abs=1e-4)


def test_an_occupation_of_several_tokens_is_hidden_behind_as_many_masks(masked, monkeypatch):
    seen, real = [], bias.gap_scores
    monkeypatch.setattr(bias, "gap_scores", lambda *arguments: seen.extend(arguments[2]) or real(*arguments))
    bias.association(masked, TOKENIZER, ["the {job} said ___ was late"], ["alder nobber"])
    assert "the [MASK] [MASK] said ___ was late" in seen


def test_only_shared_words_of_a_minimal_pair_count(masked):
    pair = ("the alder said she was late", "the nobber said she was late")
    expected = brute_masked(masked, pair[0], keep={1, 3, 4, 5, 6}) - brute_masked(masked, pair[1], keep={1, 3, 4, 5, 6})
    assert bias.minimal_pairs(masked, TOKENIZER, [pair])[0] == pytest.approx(expected, abs=1e-4)
    assert bias.minimal_pairs(masked, TOKENIZER, [pair[::-1]])[0] == pytest.approx(-expected, abs=1e-4)


def test_positive_scores_are_log_odds_of_the_class_that_is_named():
    settings = {"num_labels": 2, "id2label": {0: "POSITIVE", 1: "NEGATIVE"}, "initializer_range": 0.5}
    torch.manual_seed(1)
    model = BertForSequenceClassification(BertConfig(**bias_toys.small_settings(TOKENIZER) | settings)).eval()
    texts = texts_of_many_lengths()
    with torch.inference_mode():
        logits = [model(**TOKENIZER(text, return_tensors="pt")).logits[0] for text in texts]
    expected = [math.log(float(pair.softmax(-1)[0] / pair.softmax(-1)[1])) for pair in logits]
    assert np.allclose(bias.positive_scores(model, TOKENIZER, texts), expected, atol=1e-3)
    assert np.allclose(bias.positive_scores(model, TOKENIZER, texts, "NEGATIVE"), -np.array(expected), atol=1e-3)


@pytest.mark.parametrize(("kind", "width", "layers"), [("masked", 128, 2), ("causal", 256, 4)])
def test_scoring_two_thousand_sentences_costs_little_more_than_the_forward_passes(kind, width, layers):
    """The models are of some size: below it, turning texts into token ids takes longer than the passes."""
    settings = {
        "vocab_size": 2000,
        "hidden_size": width,
        "num_hidden_layers": layers,
        "num_attention_heads": 2,
        "intermediate_size": 4 * width,
    }
    model = BertForMaskedLM(BertConfig(**settings)) if kind == "masked" else LlamaForCausalLM(LlamaConfig(**settings))
    model.eval()
    tokenizer = bias_toys.town_tokenizer()
    texts = bias_toys.sentences(0.5, each=84, seed=0)[:2000]
    tokenizer.bos_token = "[CLS]"
    passes = []
    model.register_forward_pre_hook(lambda module, args, kwargs: passes.append(kwargs), with_kwargs=True)
    ratios = []
    for _ in range(3):  # the best of three: others may use this machine too
        passes.clear()
        start = time.process_time()
        bias.sentence_scores(model, tokenizer, texts, batch_size=64)
        scoring, again = time.process_time() - start, list(passes)
        start = time.process_time()
        with torch.inference_mode():
            for inputs in again:
                model(**inputs)
        ratios.append(scoring / (time.process_time() - start))
        if ratios[-1] <= 1.5:
            break
    assert min(ratios) <= 1.5, f"scoring took {min(ratios):.2f} times the forward passes"


# ---------------------------------------------------------------- intervals and tests


def test_a_perfect_line_has_a_correlation_of_one_with_no_width():
    r = bias_statistics.correlation(range(20), [3 * n + 1 for n in range(20)])
    assert (r.value, r.low, r.high) == pytest.approx((1, 1, 1))
    assert r.p == pytest.approx(1 / 5001)
    assert bias_statistics.correlation(range(20), [-n for n in range(20)]).value == pytest.approx(-1)


def test_a_correlation_is_numpys_and_is_the_same_for_other_units():
    chance = np.random.default_rng(0)
    x, y = chance.normal(size=(2, 40))
    r = bias_statistics.correlation(x, y + x)
    assert r.value == pytest.approx(np.corrcoef(x, y + x)[0, 1])
    assert bias_statistics.correlation(1e6 + 100 * x, y + x).low == pytest.approx(r.low, abs=1e-6)


def test_of_unrelated_lists_one_in_twenty_looks_related():
    chance = np.random.default_rng(5)
    draws = [bias_statistics.correlation(*chance.normal(size=(2, 30)), draws=200) for _ in range(200)]
    assert 0.01 <= np.mean([r.p <= 0.05 for r in draws]) <= 0.1
    assert 0.88 <= np.mean([r.low <= 0 <= r.high for r in draws]) <= 0.99


def test_a_difference_holds_its_truth_about_as_often_as_it_says():
    chance = np.random.default_rng(6)
    draws = [
        bias_statistics.difference(chance.normal(1, 1, 18), chance.normal(0, 1, 18), draws=300) for _ in range(200)
    ]
    assert 0.88 <= np.mean([gap.low <= 1 <= gap.high for gap in draws]) <= 0.99
    same = [bias_statistics.difference(*chance.normal(size=(2, 18)), draws=300) for _ in range(200)]
    assert 0.01 <= np.mean([gap.p <= 0.05 for gap in same]) <= 0.1


def test_three_against_three_cannot_get_below_a_tenth():
    gap = bias_statistics.difference([10, 11, 12], [0, 1, 2])
    assert gap.value == 10
    assert gap.p == pytest.approx(0.1, abs=0.02)


def test_the_share_above_zero():
    share = bias_statistics.share_above([1, 1, 1, -1])
    assert share.value == 0.75
    assert share.p == pytest.approx(10 / 16, abs=0.03)  # 0, 1, 3 or 4 of 4 coins
    assert str(share).startswith("0.75 (")


# ---------------------------------------------------------------- planted bias


@pytest.mark.parametrize("share", [0.1, 0.5, 0.7, 0.8, 0.9])
def test_a_planted_bias_is_found_within_its_interval_and_none_where_none_was_planted(share):
    tokenizer = bias_toys.town_tokenizer()
    model = bias_toys.masked_model(bias_toys.sentences(share, 200, seed=1), tokenizer, seed=1)
    gap = bias_statistics.difference(*bias_toys.trade_gaps(model, tokenizer))
    slack = 0.02  # in nats, for the training
    assert gap.low - slack <= bias_toys.planted_gap(share) <= gap.high + slack, gap
    assert gap.high - gap.low < 0.6, "an interval so wide would hold anything"


def test_what_is_planted():
    texts = bias_toys.sentences(0.8, each=500, seed=0)
    bright = [text for text in texts if set(text.split()) & set(bias_toys.BRIGHT)]
    assert len(bright) == 12 * 500
    assert np.mean(["she" in text.split() for text in bright]) == pytest.approx(0.8, abs=0.02)
    assert bias_toys.planted_gap(0.8) == pytest.approx(2.7726, abs=1e-4)
    assert bias_toys.planted_gap(0.5) == 0
    assert bias_toys.swapped(bias_toys.swapped(texts[0])) == texts[0]
    both = texts + [bias_toys.swapped(text) for text in texts]
    assert np.mean(["she" in text.split() for text in both]) == 0.5


def test_the_loss_at_a_pronoun_is_that_of_its_probability(masked):
    text = "the alder said she was late"
    chance = bias.gap_scores(masked, TOKENIZER, ["the alder said ___ was late"], ("she", "he"))
    assert bias_toys.pronoun_loss(masked, TOKENIZER, [text]) == pytest.approx(-chance[0, 0])


# ---------------------------------------------------------------- groups, titles, data


def test_the_metric_decides_who_is_served():
    train, test = bias_groups.letters(4000, seed=1), bias_groups.letters(4000, seed=2)
    plain, weighted = (bias_groups.accuracy(bias_groups.fitted(train, weight), test) for weight in (1, 8))
    assert plain.overall > weighted.overall
    assert weighted.small > plain.small + 0.15
    assert plain.worst == plain.small
    assert plain.overall == pytest.approx(0.9 * plain.large + 0.1 * plain.small, abs=0.01)


def test_the_fit_is_the_best_one():
    train = bias_groups.letters(500, seed=3)
    model = bias_groups.fitted(train, 4)

    def cost(weights):
        importance = np.where(train.small, 4.0, 1.0) / np.where(train.small, 4.0, 1.0).mean()
        margin = bias_groups.scores(weights, train) * np.where(train.pleased, 1, -1)
        return (importance * np.logaddexp(0, -margin)).sum() + weights @ weights / 2

    chance = np.random.default_rng(0)
    assert all(cost(model) < cost(model + chance.normal(0, 0.05, len(model))) for _ in range(50))
    best = bias_groups.best_threshold(model, train, small=False)
    right = [bias_groups.accuracy(model, train, (t, 0)).large for t in (best, best - 1, best + 1, 0)]
    assert right[0] == max(right)


def test_the_titles_are_as_fair_as_data_can_be():
    texts, labels = bias_titles.title_rows()
    assert len(texts) == len(set(texts)) == 240
    assert sum(labels) == 120
    jobs = {job.name for job in bias_data.occupations()}
    assert not jobs & set(" ".join(texts).lower().replace(".", "").split())
    swap = {"she": "he", "her": "his"}
    for text, label in zip(texts, labels, strict=True):
        if label:
            other = " ".join(swap.get(word, word) for word in text.split())
            assert other in texts or other.replace("his", "him") in texts
    some, labels = bias_titles.title_rows(["nurse", "plumber"])
    assert len(some) == 240
    assert sum(labels) == 120
    assert sum("nurse" in text or "plumber" in text for text in some) == 120


def test_occupations_names_and_templates_are_complete_and_say_where_they_are_from():
    jobs, people = bias_data.occupations(), bias_data.names()
    assert len(jobs) == 60
    assert all(0 < job.women < 1 and job.year in (2015, 2016) for job in jobs)
    assert {job.name: job.women for job in jobs}["nurse"] == pytest.approx(0.8958)
    assert len({person.name for person in people}) == 36
    assert sorted({(person.group, person.gender) for person in people}) == [
        ("African-American", "female"), ("African-American", "male"), ("White", "female"), ("White", "male"),
    ]  # fmt: skip
    for file in ("occupations.tsv", "names.tsv"):
        assert "20" in (bias_data.FOLDER / file).read_text(encoding="utf-8").split("\n")[2]
    for family in bias_data.TEMPLATES.values():
        assert all(text.count("___") == 1 and "{job}" in text for text in family)
    for pairs in bias_data.PAIRS.values():
        differing = [set(first.split()) ^ set(second.split()) for first, second in pairs]
        assert all(len(words) == 2 for words in differing)
    assert bias_data.with_job("___ is {a} {job}.", "engineer") == "___ is an engineer."
    assert bias_data.with_job("___ is {a} very good {job}.", "engineer") == "___ is a very good engineer."


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda m: bias.sentence_scores(m, TOKENIZER, []), ValueError, "no texts"),
        (lambda m: bias.sentence_scores(m, TOKENIZER, "she sang"), TypeError, "Put it in a list"),
        (lambda m: bias.sentence_scores(m, TOKENIZER, ["she", " "]), ValueError, "with words in it"),
        (lambda m: bias.sentence_scores(m.bert, TOKENIZER, ["she"]), TypeError, "AutoModelForMaskedLM"),
        (lambda m: bias.gap_scores(m, TOKENIZER, ["she sang"], ("she", "he")), ValueError, "exactly once"),
        (lambda m: bias.gap_scores(m, TOKENIZER, ["___ sang"], ("unheardof",)), ValueError, "not one token"),
        (lambda m: bias.gap_scores(m, TOKENIZER, ["___ sang"], ()), ValueError, "no words"),
        (lambda m: bias.association(m, TOKENIZER, ["{job} ___"], JOBS, ("she",)), ValueError, "two words"),
        (lambda m: bias.minimal_pairs(m, TOKENIZER, [("she sang", "she sang")]), ValueError, "differ in a word"),
        (lambda m: bias.minimal_pairs(m, TOKENIZER, []), ValueError, "no pairs"),
        (lambda m: bias.positive_scores(m, TOKENIZER, ["she"], "GOOD"), ValueError, "'GOOD'"),
        (lambda m: bias_statistics.correlation([1, 2], [1, 2]), ValueError, "at least 4"),
        (lambda m: bias_statistics.correlation([1] * 5, range(5)), ValueError, "same value throughout"),
        (lambda m: bias_statistics.correlation(np.ones((5, 2)), np.ones((5, 2))), ValueError, "unit is the occupation"),
        (lambda m: bias_statistics.difference([1, 2], [1, 2, 3]), ValueError, "at least 3"),
        (lambda m: bias_statistics.share_above([]), ValueError, "no rows"),
        (lambda m: bias_toys.planted_gap(1), ValueError, "between 0 and 1"),
        (lambda m: bias_toys.masked_model([], TOKENIZER), ValueError, "no sentences"),
        (lambda m: bias_groups.letters(10, share=2), ValueError, "between 0 and 1"),
        (lambda m: bias_groups.accuracy(np.zeros(19), bias_groups.letters(10, share=0)), ValueError, "no letters"),
    ],
)
def test_bad_input_is_explained(masked, call, error, words):
    with pytest.raises(error, match=words):
        call(masked)


def test_scoring_leaves_the_model_and_the_random_numbers_as_they_were(masked):
    masked.train()
    torch.manual_seed(3)
    before = torch.random.get_rng_state()
    bias.sentence_scores(masked, TOKENIZER, ["she sang"])
    bias_toys.masked_model(["the alder said she was late"], TOKENIZER, steps=2)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert masked.training
    masked.eval()
