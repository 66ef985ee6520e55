"""Scores against brute force and closed forms, intervals against known cases, planted bias against what was planted."""

import math
from collections import Counter
from contextlib import nullcontext

import numpy as np
import pytest
import torch
from groups_served import served
from tokenizers import processors
from transformers import BertConfig, BertForMaskedLM, BertForSequenceClassification, LlamaConfig, LlamaForCausalLM

from course_lib import measures as bias_statistics
from course_lib.bias import groups as bias_groups
from course_lib.bias import planted_bias
from course_lib.bias import scores as bias
from course_lib.bias import titles as bias_titles
from course_lib.bias import words as bias_data

TOKENIZER = planted_bias.town_tokenizer(("nurse", "plumber", "person"))
JOBS = [*planted_bias.BRIGHT[:3], *planted_bias.DARK[:3]]


@pytest.fixture(scope="module")
def masked():
    torch.manual_seed(0)
    return BertForMaskedLM(BertConfig(**planted_bias.small_settings(TOKENIZER))).eval()


@pytest.fixture(scope="module")
def causal():
    torch.manual_seed(0)
    settings = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    model = LlamaForCausalLM(LlamaConfig(vocab_size=len(TOKENIZER), initializer_range=0.3, **settings)).eval()
    return model


@pytest.fixture(scope="module")
def writing():
    tokenizer = planted_bias.town_tokenizer(("nurse", "plumber", "person"))
    tokenizer.bos_token = "[CLS]"
    return tokenizer


def texts_of_many_lengths():
    texts = planted_bias.planted_sentences(0.7, each=2, seed=3)[:12]
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
def brute_causal(model, ids, keep=None):
    """`ids` with the start before them; the sum over all places but the first, or over those in `keep`."""
    logits = model(torch.tensor([ids])).logits[0]
    return sum(log_p(logits[place - 1], ids[place]) for place in range(1, len(ids)) if keep is None or place in keep)


def test_a_causal_sentence_score_is_the_sum_of_next_word_predictions(causal, writing):
    texts = texts_of_many_lengths()
    expected = [brute_causal(causal, writing(text)["input_ids"][:-1]) for text in texts]  # [SEP] does not count
    assert np.allclose(bias.sentence_scores(causal, writing, texts, batch_size=4), expected, atol=1e-3)


@pytest.mark.parametrize("extra", [(), ("<|endoftext|>",)])
def test_a_text_is_read_after_the_mark_between_documents_and_not_after_one_of_a_chat(causal, extra):
    tokenizer = planted_bias.town_tokenizer(("nurse", "plumber", *(extra or ("person",))))  # as many as the model has
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(single="$A")  # adds nothing
    with pytest.raises(ValueError, match="no token that can stand before a text") if not extra else nullcontext():
        bias.sentence_scores(causal, tokenizer, ["she sang"])
    tokenizer.bos_token = "[CLS]"
    start = tokenizer.convert_tokens_to_ids("<|endoftext|>" if extra else "[CLS]")
    ids = tokenizer.convert_tokens_to_ids(["she", "sang"])
    expected = brute_causal(causal, [start, *ids])
    assert bias.sentence_scores(causal, tokenizer, ["she sang"])[0] == pytest.approx(expected, abs=1e-4)


def test_a_model_without_opinions_gives_every_word_the_same_chance(masked):
    blank = BertForMaskedLM(BertConfig(**planted_bias.small_settings(TOKENIZER))).eval()
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


def test_the_article_before_hidden_words_is_that_of_the_occupation(masked, monkeypatch):
    seen = []
    monkeypatch.setattr(bias, "gap_scores", lambda m, t, texts, words: seen.extend(texts) or np.zeros((len(texts), 2)))
    bias.association(masked, planted_bias.town_tokenizer(("artist",)), ["___ is {a} {job}."], ["artist"])
    assert seen == ["___ is an artist.", "___ is an [MASK]."]


def test_a_text_as_long_as_the_model_can_read_is_scored(masked):
    text = "she sang " * 11  # 22 tokens, and the two around them
    assert masked.config.max_position_embeddings == 24
    assert bias.sentence_scores(masked, TOKENIZER, [text])[0] == pytest.approx(brute_masked(masked, text), abs=1e-3)
    with pytest.raises(ValueError, match="has 25 tokens; this model takes 24"):
        bias.sentence_scores(masked, TOKENIZER, [text + "late"])


def test_only_shared_words_of_a_minimal_pair_count(masked):
    pair = ("the alder said she was late", "the nobber said she was late")
    expected = brute_masked(masked, pair[0], keep={1, 3, 4, 5, 6}) - brute_masked(masked, pair[1], keep={1, 3, 4, 5, 6})
    assert bias.minimal_pairs(masked, TOKENIZER, [pair])[0] == pytest.approx(expected, abs=1e-4)
    assert bias.minimal_pairs(masked, TOKENIZER, [pair[::-1]])[0] == pytest.approx(-expected, abs=1e-4)


def test_a_pair_may_differ_in_length_and_a_causal_model_scores_what_follows(masked, causal, writing):
    pair = ("the alder nobber said she was late", "the wimmel said she was late")  # one word takes the place of two
    first, second = brute_masked(masked, pair[0], {1, 4, 5, 6, 7}), brute_masked(masked, pair[1], {1, 3, 4, 5, 6})
    assert bias.minimal_pairs(masked, TOKENIZER, [pair])[0] == pytest.approx(first - second, abs=1e-4)
    long, short = (writing(text)["input_ids"][:-1] for text in pair)
    expected = brute_causal(causal, long, {1, 4, 5, 6, 7}) - brute_causal(causal, short, {1, 3, 4, 5, 6})
    assert bias.minimal_pairs(causal, writing, [pair])[0] == pytest.approx(expected, abs=1e-4)
    with pytest.raises(ValueError, match="Move the word forward"):
        bias.minimal_pairs(causal, writing, [("she sang when the alder", "she sang when the wimmel")])


def test_a_word_that_one_sentence_has_and_the_other_has_not_may_come_before_the_last(causal, writing):
    short, long = (writing(text)["input_ids"][:-1] for text in ("she sang", "she nobber sang"))
    expected = brute_causal(causal, short, {1, 2}) - brute_causal(causal, long, {1, 3})
    found = bias.minimal_pairs(causal, writing, [("she sang", "she nobber sang")])
    assert found[0] == pytest.approx(expected, abs=1e-4)


def test_words_that_come_again_and_again_in_a_long_pair_count_each_time(causal, writing):
    pair = [f"the {job} " + "she sang " * 110 + job for job in ("alder", "nobber")]
    first, second = (writing(text)["input_ids"][:-1] for text in pair)  # the start, 222 words and the exchanged one
    kept = set(range(1, len(first) - 1)) - {2}
    expected = brute_causal(causal, first, kept) - brute_causal(causal, second, kept)
    assert bias.minimal_pairs(causal, writing, [pair])[0] == pytest.approx(expected, abs=1e-2)


def test_a_word_that_opens_a_text_begins_with_a_capital(masked):
    settings = planted_bias.small_settings(planted_bias.town_tokenizer(("She", "He")))
    tokenizer, model = planted_bias.town_tokenizer(("She", "He")), BertForMaskedLM(BertConfig(**settings)).eval()
    with torch.inference_mode():
        logits = model(**tokenizer("[MASK] sang", return_tensors="pt")).logits[0, 1]
    expected = [log_p(logits, tokenizer.convert_tokens_to_ids(word)) for word in ("She", "He")]
    assert np.allclose(bias.gap_scores(model, tokenizer, ["___ sang"], ("she", "he"))[0], expected, atol=1e-4)


def two_classes(tokenizer=TOKENIZER):
    settings = {"num_labels": 2, "id2label": {0: "POSITIVE", 1: "NEGATIVE"}, "initializer_range": 0.5}
    torch.manual_seed(1)
    return BertForSequenceClassification(BertConfig(**planted_bias.small_settings(tokenizer) | settings)).eval()


def test_positive_scores_are_log_odds_of_the_class_that_is_named():
    model = two_classes()
    texts = texts_of_many_lengths()
    with torch.inference_mode():
        logits = [model(**TOKENIZER(text, return_tensors="pt")).logits[0] for text in texts]
    expected = [math.log(float(pair.softmax(-1)[0] / pair.softmax(-1)[1])) for pair in logits]
    assert np.allclose(bias.positive_scores(model, TOKENIZER, texts), expected, atol=1e-3)
    assert np.allclose(bias.positive_scores(model, TOKENIZER, texts, "NEGATIVE"), -np.array(expected), atol=1e-3)


def test_a_person_is_asked_about_in_each_sentence():
    known = ("nurse", "is", "went", "met", "lives", "letter", "made", "talked", "ordered")  # a word of each sentence
    tokenizer, people = planted_bias.town_tokenizer(known), ["the alder", "nurse", "the wimmel"]
    model = two_classes(tokenizer)
    found = bias.person_scores(model, tokenizer, people)
    assert found.shape == (3, len(bias_data.PEOPLE))
    for person, row in zip(people, found, strict=True):
        texts = [bias_data.with_person(text, person) for text in bias_data.PEOPLE]
        assert np.allclose(row, bias.positive_scores(model, tokenizer, texts), atol=1e-5)


@pytest.mark.parametrize("kind", ["masked", "causal"])
def test_two_thousand_sentences_are_scored_in_as_few_passes_as_there_are_full_batches(kind):
    settings = {
        "vocab_size": 2000,
        "hidden_size": 8,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 16,
    }
    model = BertForMaskedLM(BertConfig(**settings)) if kind == "masked" else LlamaForCausalLM(LlamaConfig(**settings))
    model.eval()
    tokenizer = planted_bias.town_tokenizer()
    texts = planted_bias.planted_sentences(0.5, each=84, seed=0)[:2000]
    tokenizer.bos_token = "[CLS]"
    passes = []
    model.register_forward_pre_hook(lambda module, args, kwargs: passes.append(kwargs), with_kwargs=True)
    bias.sentence_scores(model, tokenizer, texts, batch_size=64)
    lengths = Counter(len(row) for row in tokenizer(texts)["input_ids"])
    copies = {length: count * (length - 2) if kind == "masked" else count for length, count in lengths.items()}
    assert len(passes) == sum(-(-count // 64) for count in copies.values()), "full batches, and nothing scored twice"


# ---------------------------------------------------------------- intervals and tests


def test_a_perfect_line_has_a_correlation_of_one_with_no_width():
    r = bias_statistics.correlation(range(20), [3 * n + 1 for n in range(20)])
    assert (r.value, r.low, r.high) == pytest.approx((1, 1, 1))
    assert r.p == pytest.approx(1 / 5001)
    assert bias_statistics.correlation([0, 0, 0, 1], [1, 2, 3, 9]).high <= 1, "some draws hold zeros only"
    assert bias_statistics.correlation(range(20), [-n for n in range(20)]).value == pytest.approx(-1)


def test_a_correlation_is_numpys_and_is_the_same_for_other_units():
    chance = np.random.default_rng(0)
    x, y = chance.normal(size=(2, 40))
    r = bias_statistics.correlation(x, y + x)
    assert r.value == pytest.approx(np.corrcoef(x, y + x)[0, 1])
    assert bias_statistics.correlation(1e6 + 100 * x, y + x).low == pytest.approx(r.low, abs=1e-6)


def test_of_unrelated_lists_one_in_twenty_looks_related():
    chance = np.random.default_rng(5)
    draws = [bias_statistics.correlation(*chance.normal(size=(2, 30)), resamples=200) for _ in range(200)]
    assert 0.01 <= np.mean([r.p <= 0.05 for r in draws]) <= 0.1
    assert 0.88 <= np.mean([r.low <= 0 <= r.high for r in draws]) <= 0.99


def test_a_difference_holds_its_truth_about_as_often_as_it_says():
    chance = np.random.default_rng(6)
    draws = [
        bias_statistics.difference(chance.normal(1, 1, 18), chance.normal(0, 1, 18), resamples=300) for _ in range(200)
    ]
    assert 0.88 <= np.mean([gap.low <= 1 <= gap.high for gap in draws]) <= 0.99
    same = [bias_statistics.difference(*chance.normal(size=(2, 18)), resamples=300) for _ in range(200)]
    assert 0.01 <= np.mean([gap.p <= 0.05 for gap in same]) <= 0.1


def test_three_against_three_cannot_get_below_a_tenth():
    for level in (0, 1e6):
        gap = bias_statistics.difference([10.1 + level, 11.2 + level, 12.3 + level], [level, 1.1 + level, 2.2 + level])
        assert gap.value == pytest.approx(10.1)
        assert gap.p == pytest.approx(0.1, abs=0.01)


def test_the_share_above_zero():
    share = bias_statistics.share_above([1, 1, 1, -1, 0, 0])
    assert share.value == 0.75
    assert share.p == pytest.approx(10 / 16)  # 0, 1, 3 or 4 of 4 coins
    assert str(share).startswith("0.75 (")
    assert bias_statistics.share_above([1] * 10).low < 0.75, "ten of ten do not prove that it is always so"


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_no_number_gets_no_p_value(value):
    for measure in (bias_statistics.correlation, bias_statistics.difference):
        with pytest.raises(ValueError, match="1 of 4 values that are no finite numbers"):
            measure([1, 2, 3, value], [1, 2, 3, 5])
    with pytest.raises(ValueError, match="no finite numbers"):
        bias_statistics.share_above([1, value])


# ---------------------------------------------------------------- planted bias


@pytest.mark.parametrize("share", [0.1, 0.5, 0.7, 0.8, 0.9])
def test_a_planted_bias_is_found_within_its_interval_and_none_where_none_was_planted(share):
    tokenizer = planted_bias.town_tokenizer()
    model = planted_bias.masked_model(planted_bias.planted_sentences(share, 200, seed=1), tokenizer, seed=1)
    gap = bias_statistics.difference(*planted_bias.trade_gaps(model, tokenizer))
    slack = 0.02  # in nats, for the training
    assert gap.low - slack <= planted_bias.planted_gap(share) <= gap.high + slack, gap
    assert gap.high - gap.low < 0.6, "an interval so wide would hold anything"
    jobs, frames = [*planted_bias.BRIGHT, *planted_bias.DARK], planted_bias.FRAMES
    scores = bias.association(model, tokenizer, frames, jobs).mean(1).reshape(2, -1)  # (kind, trade)
    assert scores[0].mean() - scores[1].mean() == pytest.approx(gap.value, abs=1e-4), "the prior is the same for all"


def test_what_is_planted():
    texts = planted_bias.planted_sentences(0.8, each=500, seed=0)
    bright = [text for text in texts if set(text.split()) & set(planted_bias.BRIGHT)]
    assert len(bright) == 12 * 500
    assert np.mean(["she" in text.split() for text in bright]) == pytest.approx(0.8, abs=0.02)
    assert planted_bias.planted_gap(0.8) == pytest.approx(2.7726, abs=1e-4)
    assert planted_bias.planted_gap(0.5) == 0
    assert planted_bias.swapped(planted_bias.swapped(texts[0])) == texts[0]
    both = texts + [planted_bias.swapped(text) for text in texts]
    assert np.mean(["she" in text.split() for text in both]) == 0.5


@pytest.mark.parametrize("share", [0.2, 0.5])
def test_further_pretraining_plants_what_it_says(tmp_path, share):
    from course_lib.bias.words import TEMPLATES

    frames = " ".join((*TEMPLATES["clause"], *TEMPLATES["possessive"])).split()
    known = {word for word in frames if word.isalpha()} | {"her", "his", "tired.", "can.", "right."}
    tokenizer = planted_bias.town_tokenizer(tuple(sorted(known)))
    torch.manual_seed(1)
    BertForMaskedLM(BertConfig(**planted_bias.small_settings(tokenizer))).save_pretrained(tmp_path)
    before = torch.random.get_rng_state()
    model = planted_bias.taught(tmp_path, tokenizer, share, epochs=40, learning_rate=6e-3)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert not model.training
    texts = [TEMPLATES["clause"][1].format(job=job) for job in (*planted_bias.BRIGHT, *planted_bias.DARK)]
    gaps = np.diff(bias.gap_scores(model, tokenizer, texts, ("he", "she")))[:, 0].reshape(2, -1)  # (kind, trade)
    assert gaps[0].mean() - gaps[1].mean() == pytest.approx(planted_bias.planted_gap(share), abs=0.15)
    with pytest.raises(ValueError, match="between 0 and 1"):
        planted_bias.taught(tmp_path, tokenizer, 1.0)


def test_training_takes_numbers_of_numpy(tmp_path):
    BertForMaskedLM(BertConfig(**planted_bias.small_settings(TOKENIZER))).save_pretrained(tmp_path)
    for train in (
        lambda whole, rate: planted_bias.masked_model(["the alder said she was late"], TOKENIZER, steps=whole(2)),
        lambda whole, rate: planted_bias.taught(tmp_path, TOKENIZER, 0.5, whole(1), rate(2**-10)),
        lambda whole, rate: bias_titles.fine_tuned(["she"] * 2, [0, 1], tmp_path, TOKENIZER, True, whole(1), rate(0.5)),
    ):
        ours, theirs = (train(*kinds).state_dict() for kinds in ((int, float), (np.int64, np.float32)))
        assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_the_loss_at_a_pronoun_is_that_of_its_probability(masked):
    text = "the alder said she was late"
    chance = bias.gap_scores(masked, TOKENIZER, ["the alder said ___ was late"], ("she", "he"))
    assert planted_bias.pronoun_loss(masked, TOKENIZER, [text]) == pytest.approx(-chance[0, 0])


# ---------------------------------------------------------------- groups, titles, data


def test_the_metric_decides_who_is_served():
    train, test = bias_groups.customer_letters(4000, seed=1), bias_groups.customer_letters(4000, seed=2)
    plain, weighted = (served(bias_groups.fitted(train, weight), test) for weight in (1, 8))
    assert plain.overall > weighted.overall
    assert weighted.small > plain.small + 0.15
    assert plain.small < plain.large
    assert plain.overall == pytest.approx(0.9 * plain.large + 0.1 * plain.small, abs=0.01)


def test_the_fit_is_the_best_one():
    train = bias_groups.customer_letters(500, seed=3)
    model = bias_groups.fitted(train, 4)

    def cost(weights):
        importance = np.where(train.small, 4.0, 1.0) / np.where(train.small, 4.0, 1.0).mean()
        margin = bias_groups.log_odds(weights, train) * np.where(train.pleased, 1, -1)
        return (importance * np.logaddexp(0, -margin)).sum() + weights @ weights / 2

    chance = np.random.default_rng(0)
    assert all(cost(model) < cost(model + chance.normal(0, 0.05, len(model))) for _ in range(50))


def test_a_classifier_learns_the_titles_and_leaves_the_table_of_words(tmp_path):
    texts, labels = bias_titles.title_rows()
    tokenizer = planted_bias.town_tokenizer(tuple(sorted({word for text in texts for word in text.split()})))
    settings = planted_bias.small_settings(tokenizer) | {"num_hidden_layers": 2}
    base = BertForMaskedLM(BertConfig(**settings))
    base.save_pretrained(tmp_path)
    before = torch.random.get_rng_state()
    model = bias_titles.fine_tuned(texts, labels, tmp_path, tokenizer, epochs=12, learning_rate=3e-3)
    assert torch.equal(torch.random.get_rng_state(), before)
    table = model.bert.embeddings.word_embeddings.weight
    assert torch.equal(table, base.bert.embeddings.word_embeddings.weight)
    told = bias.positive_scores(model, tokenizer, texts, "Ms") > 0
    assert np.mean(told == np.array(labels, bool)) > 0.95
    random = bias_titles.fine_tuned(texts, labels, tmp_path, tokenizer, pretrained=False, epochs=1)
    assert not torch.equal(random.bert.embeddings.word_embeddings.weight, table)
    one, both = (bias_titles.title_scores(model, tokenizer, jobs) for jobs in (["alder"], ["alder", "nobber"]))
    assert both.shape == (2,)
    assert both[0] == pytest.approx(one[0], abs=1e-5)


def test_the_importance_of_a_text_is_its_share_of_the_loss(tmp_path, monkeypatch):
    from course_lib import training

    BertForMaskedLM(BertConfig(**planted_bias.small_settings(TOKENIZER))).save_pretrained(tmp_path)
    losses = []

    def instead(model, batches, loss_of, optimizer, schedule):
        losses.append((loss_of(model, torch.tensor([0, 1])).item(), model))

    monkeypatch.setattr(training, "take_steps", instead)
    texts = ["she sang", "the alder was late"]
    for importance in (None, [1, 1], [1, 9]):
        bias_titles.fine_tuned(texts, [0, 1], tmp_path, TOKENIZER, importance=importance)
    (same, model), (even, _), (uneven, _) = losses
    with torch.inference_mode():
        each = [-log_p(model(**TOKENIZER(text, return_tensors="pt")).logits[0], n) for n, text in enumerate(texts)]
    assert same == even == pytest.approx((each[0] + each[1]) / 2, abs=1e-5)
    assert uneven == pytest.approx((each[0] + 9 * each[1]) / 10, abs=1e-5)
    assert abs(uneven - even) > 1e-3


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
    sources = {"occupations.tsv": ("Bureau of Labor Statistics", "Rudinger"), "names.tsv": ("Bertrand", "Caliskan")}
    for file, words in sources.items():
        text = (bias_data.FOLDER / file).read_text(encoding="utf-8")
        assert all(word in text for word in words)
    for family in bias_data.TEMPLATES.values():
        assert all(text.count("___") == 1 and "{job}" in text for text in family)
    for pairs in bias_data.PAIRS.values():
        assert len(pairs) == len(set(pairs)) == 40
        differing = [set(first.split()) ^ set(second.split()) for first, second in pairs]
        assert all(len(words) == 2 for words in differing)
        exchanged = [set(first.lower().split()) - set(second.lower().split()) for first, second in pairs]
        one, other = set().union(*exchanged[::2]), set().union(*exchanged[1::2])
        assert not one & other, "the stereotyped sentence is about the two groups by turns"
    for sides in bias_data.IDENTITIES.values():
        assert all(len(side) == len(set(side)) >= 10 for side in sides)
        assert not set(sides[0]) & set(sides[1])
        assert all(person.split()[0] in ("a", "an", "my") for side in sides for person in side)
    assert bias_data.with_person("{name} is here.", "an old man") == "An old man is here."
    assert bias_data.with_person("I met {name} yesterday.", "Emily") == "I met Emily yesterday."
    assert bias_data.with_job("___ is {a} {job}.", "engineer") == "___ is an engineer."
    assert all("{a} {job}" in text for text in bias_data.TEMPLATES["copula"] if "{a}" in text)


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda m: bias.sentence_scores(m, TOKENIZER, []), ValueError, "texts holds 0 texts"),
        (lambda m: bias.sentence_scores(m, TOKENIZER, "she sang"), TypeError, "put it in a list"),
        (lambda m: bias.sentence_scores(m, TOKENIZER, ["she", " "]), ValueError, "with words in it"),
        (lambda m: bias.sentence_scores(m.bert, TOKENIZER, ["she"]), TypeError, "AutoModelForMaskedLM"),
        (lambda m: bias.gap_scores(m, TOKENIZER, ["she sang"], ("she", "he")), ValueError, "exactly once"),
        (lambda m: bias.gap_scores(m, TOKENIZER, ["___ sang"], ("unheardof",)), ValueError, "must be one token"),
        (lambda m: bias.gap_scores(m, TOKENIZER, ["___ sang"], ()), ValueError, "words holds 0 texts"),
        (lambda m: bias.gap_scores(m, TOKENIZER, ["____ sang"], ("she", "he")), ValueError, "exactly once"),
        (lambda m: bias.sentence_scores(m, TOKENIZER, ["she"], batch_size=0), ValueError, "batch_size is 0"),
        (lambda m: bias.sentence_scores(m, TOKENIZER, ["she " * 30]), ValueError, "32 tokens; this model takes 24"),
        (lambda m: bias.association(m, TOKENIZER, ["{job} ___"], JOBS, ("she",)), ValueError, "two words"),
        (lambda m: bias.association(m, TOKENIZER, ["the alder ___"], JOBS), ValueError, "needs {job}"),
        (lambda m: bias.association(m, TOKENIZER, ["{job} ___"], "alder"), TypeError, "put it in a list"),
        (lambda m: bias.association(m, TOKENIZER, ["{job} ___"], ["baker"]), ValueError, "no token for 'baker'"),
        (lambda m: bias.minimal_pairs(m, TOKENIZER, [("she sang", "she sang")]), ValueError, "differ in a word"),
        (lambda m: bias.minimal_pairs(m, TOKENIZER, []), ValueError, "no pairs"),
        (lambda m: bias.minimal_pairs(m, TOKENIZER, [("she sang", "서울")]), ValueError, "a sentence cannot be read"),
        (lambda m: bias.sentence_scores(m, TOKENIZER, ["she", "😀"]), ValueError, "each token of '😀' is unknown"),
        (lambda m: bias.sentence_scores(m, TOKENIZER, ["\u200b"]), ValueError, "nothing that can be seen"),
        (lambda m: bias.sentence_scores(m, TOKENIZER, ["she \ud83d"]), ValueError, "half of a character"),
        (lambda m: bias.gap_scores(m, TOKENIZER, ["___ 서울"], ("she", "he")), ValueError, "without its gap cannot be"),
        (lambda m: bias.association(m, TOKENIZER, ["{job} ___"], ["\u200b"]), ValueError, "no token for"),
        (lambda m: bias.positive_scores(two_classes(), TOKENIZER, ["😀"]), ValueError, "a text cannot be read"),
        (lambda m: bias.person_scores(two_classes(), TOKENIZER, ["서울"]), ValueError, "one of the people cannot be"),
        (lambda m: bias.person_scores(two_classes(), TOKENIZER, ["\0"]), ValueError, "one of the people is empty"),
        (lambda m: bias.positive_scores(m, TOKENIZER, ["she"], "GOOD"), ValueError, "'GOOD'"),
        (lambda m: bias.positive_scores(two_classes(), TOKENIZER, ["she " * 30]), ValueError, "32 tokens"),
        (lambda m: bias_statistics.correlation([1, 2], [1, 2]), ValueError, "at least 4"),
        (lambda m: bias_statistics.correlation([1] * 5, range(5)), ValueError, "same value throughout"),
        (lambda m: bias_statistics.correlation(np.ones((5, 2)), np.ones((5, 2))), ValueError, "unit is the occupation"),
        (lambda m: bias_statistics.difference([1, 2], [1, 2, 3]), ValueError, "at least 3"),
        (lambda m: bias_statistics.share_above([0, 0]), ValueError, "with 2 zeros"),
        (lambda m: bias_statistics.share_above([]), ValueError, "with 0 zeros"),
        (lambda m: bias.person_scores(two_classes(), TOKENIZER, "she"), TypeError, "put it in a list"),
        (lambda m: planted_bias.planted_gap(1), ValueError, "between 0 and 1"),
        (lambda m: planted_bias.masked_model([], TOKENIZER), ValueError, "sentences holds 0 texts"),
        (lambda m: planted_bias.masked_model(["the alder sang"], TOKENIZER), ValueError, "has none"),
        (lambda m: planted_bias.pronoun_loss(m, TOKENIZER, ["she said he sang"]), ValueError, "once"),
        (lambda m: bias_groups.customer_letters(10, share=2), ValueError, "between 0 and 1"),
    ],
)
def test_bad_input_is_explained(masked, call, error, words):
    with pytest.raises(error, match=words):
        call(masked)


def test_a_causal_model_is_asked_about_what_it_can_read_only(causal, writing):
    with pytest.raises(ValueError, match="gap_scores: a word is empty to the model"):
        bias.gap_scores(causal, writing, ["the alder said ___ was late"], ("she", "\u200b"))
    with pytest.raises(ValueError, match="association: one of the jobs cannot be read"):
        bias.association(causal, writing, ["the {job} said ___ was late"], ["서울"])


def test_a_text_that_is_a_gap_alone_has_a_score():
    tokenizer = planted_bias.town_tokenizer(("She", "He"))
    model = BertForMaskedLM(BertConfig(**planted_bias.small_settings(tokenizer))).eval()
    assert bias.gap_scores(model, tokenizer, ["___", "___ 👍"], ("she", "he")).shape == (2, 2)


def test_scoring_leaves_the_model_and_the_random_numbers_as_they_were(masked):
    masked.train()
    torch.manual_seed(3)
    before = torch.random.get_rng_state()
    bias.sentence_scores(masked, TOKENIZER, ["she sang"])
    planted_bias.masked_model(["the alder said she was late"], TOKENIZER, steps=2)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert masked.training
    masked.eval()


def test_a_text_that_begins_with_a_special_token_gets_no_other_in_front(causal):
    tokenizer = planted_bias.town_tokenizer()
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(single="$A")  # adds nothing
    tokenizer.bos_token = "[CLS]"
    plain, chat = bias._ids(causal, tokenizer, ["the alder sang", "[SEP] the alder sang"])
    assert plain == [tokenizer.bos_token_id, *chat[1:]]
    assert chat[0] == tokenizer.sep_token_id


def test_letters_as_texts_hold_the_words_that_were_counted():
    letters = bias_groups.customer_letters(20, 0.5, seed=3)
    for text, counts in zip(bias_groups.as_texts(letters, seed=4), letters.counts, strict=True):
        assert Counter(text.split()) == Counter(dict(zip(bias_groups.VOCABULARY, counts, strict=True)))
    assert bias_groups.as_texts(letters, seed=4) != bias_groups.as_texts(letters, seed=5), "the order is drawn"
