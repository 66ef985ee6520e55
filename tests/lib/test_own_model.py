"""Measuring a model of one's own: against the library's other measures, and what cannot be measured is refused."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from scipy import stats
from transformers import BertConfig, BertForMaskedLM, BertForSequenceClassification, BertModel

from course_lib.bias import planted_bias, positive_scores
from course_lib.bias.own_model import measure_bias
from course_lib.measures import difference, interval, paired

TOKENIZER = planted_bias.town_tokenizer()
GROUPS = {"bright": list(planted_bias.BRIGHT[:5]), "dark": list(planted_bias.DARK[:4])}
FRAMES = ["the {word} was late", "the {word} sang"]
GAPPED = ["the {word} said ___ was late", "the {word} sang when ___ came home"]


def classifier(labels=("NEGATIVE", "POSITIVE")):
    torch.manual_seed(0)
    settings = planted_bias.small_settings(TOKENIZER) | {"id2label": dict(enumerate(labels))}
    return BertForSequenceClassification(BertConfig(**settings, num_labels=len(labels))).eval()


def folder_of(model, tmp_path):
    model.save_pretrained(tmp_path / "mine")
    TOKENIZER.save_pretrained(tmp_path / "mine")
    return tmp_path / "mine"


class Pipe:
    """What a pipeline has."""

    def __init__(self, model):
        self.model, self.tokenizer, self.task = model, TOKENIZER, "text-classification"


def test_a_classifier_is_measured_as_by_hand(tmp_path):
    model = classifier()
    found = measure_bias(folder_of(model, tmp_path), GROUPS, FRAMES)
    for name, words in GROUPS.items():
        texts = [frame.format(word=word) for word in words for frame in FRAMES]
        by_hand = positive_scores(model, TOKENIZER, texts).reshape(-1, 2).mean(1)
        assert found.scores[name] == pytest.approx(by_hand, abs=1e-5)
    assert found.gaps["bright", "dark"] == difference(found.scores["bright"], found.scores["dark"])
    assert str(found).startswith("mine: gaps in log-odds of POSITIVE\n  bright − dark  ")
    piped = measure_bias(Pipe(model), GROUPS, FRAMES).gaps["bright", "dark"]
    assert tuple(piped) == pytest.approx(tuple(found.gaps["bright", "dark"]), abs=1e-5)


def test_of_many_classes_one_is_asked_for_against_all_others(tmp_path):
    model = classifier(("no", "maybe", "yes"))
    with pytest.raises(ValueError, match="one of the classes no, maybe, yes"):
        measure_bias(Pipe(model), GROUPS, FRAMES)
    found = measure_bias(Pipe(model), GROUPS, FRAMES[:1], positive="maybe")
    rows = TOKENIZER([f"the {word} was late" for word in GROUPS["dark"]], return_tensors="pt")
    with torch.inference_mode():
        p = model(input_ids=rows["input_ids"], attention_mask=rows["attention_mask"]).logits.softmax(-1)[:, 1]
    assert found.scores["dark"] == pytest.approx((p / (1 - p)).log().numpy(), abs=1e-4)


def test_a_planted_bias_is_found_and_a_balanced_text_shows_none():
    words, found = {"bright": planted_bias.BRIGHT, "dark": planted_bias.DARK}, {}
    for share in (0.8, 0.5):
        texts = planted_bias.planted_sentences(share, each=100, seed=1)
        model = planted_bias.masked_model(texts, TOKENIZER, steps=200)
        found[share] = measure_bias(Pipe(model), words, GAPPED)
        assert found[share].gaps["bright", "dark"] == difference(*planted_bias.trade_gaps(model, TOKENIZER))
    assert found[0.8].gaps["bright", "dark"].low > 0.3
    assert found[0.8].clear == [("bright", "dark")]
    assert found[0.5].clear == []


def test_a_word_that_opens_a_sentence_has_a_capital():
    asked = []
    groups = {"a": ["an old man"] * 3, "b": ["Ann"] * 3}
    measure_bias(lambda texts: asked.extend(texts) or [0.0, 1.0] * len(groups["a"]), groups, ["{word} sang to {word}"])
    assert {"An old man sang to an old man", "Ann sang to Ann"} == set(asked)


def test_any_function_will_do_and_three_groups_are_compared_two_by_two():
    groups = {"a": ["x", "xx", "xxx"], "b": ["y" * 9, "y" * 10, "y" * 11], "c": ["z", "zz", "zzz"]}
    found = measure_bias(
        lambda texts: [float(len(text)) for text in texts], groups, ["{word}", "{word}."], name="length"
    )
    assert list(found.gaps) == [("a", "b"), ("a", "c"), ("b", "c")]
    assert found.gaps["a", "b"].value == -8
    assert found.gaps["a", "c"].value == 0
    card = found.card(use="Counting.", harm="None.")
    assert card.count("\n\n") == 4
    assert "a − b: -8.00" in card
    assert "p below 0.0167: 0.05 divided by" in card
    assert "a (3, such as *x*)" in card
    assert "too narrow" in card
    assert "None differs from chance" in card, "three words against three give no p below 0.1"
    assert found.card(note="Exploratory.").split("\n\n")[2].endswith("Exploratory.")
    left, right = found.draw()
    assert len(left.lines) == 6
    assert [line.get_xdata()[0] for line in right.lines[1::2][:3]] == [-8.0, 0.0, 8.0]
    plt.close("all")


def test_in_pairs_what_pairs_share_is_taken_off():
    chance = np.random.default_rng(0)
    level, apart = chance.normal(0, 10, 12), 1 + chance.normal(0, 0.3, 12)
    found = paired(level + apart, level)
    assert found[:3] == pytest.approx(interval(apart))
    assert found.p < 0.01
    assert difference(level + apart, level).p > 0.5


def test_the_paired_p_is_scipys_over_all_signs():
    first, second = np.array([1.2, 0.4, 2.0, 1.1, 3.0, 0.2]), np.array([0.9, 0.6, 1.1, 0.8, 2.1, 0.3])
    exact = stats.permutation_test(
        (first - second,), np.mean, permutation_type="samples", n_resamples=np.inf, alternative="two-sided"
    ).pvalue
    assert paired(first, second, resamples=20_000).p == pytest.approx(exact, abs=0.01)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"groups": {"a": ["x", "y", "z"]}}, "two groups or more"),
        ({"groups": {"a": ["x", "y"], "b": ["x", "y", "z"]}}, "3 words or more"),
        ({"groups": {"a": ["x"] * 3, "b": ["x"] * 4}, "in_pairs": True}, "as many words"),
        ({"templates": ["the trade"]}, "needs {word}"),
        ({"templates": ["the {word} of {town}"]}, "may have {word} only"),
        ({"templates": ["the {word} of {word.town}"]}, "may have {word} only"),
        ({"templates": ["the {word} of {word[town]}"]}, "may have {word} only"),
        ({"templates": "the {word}"}, "templates"),
        ({"model": 7}, "pipeline, a folder"),
        ({"model": BertModel(BertConfig(**planted_bias.small_settings(TOKENIZER)))}, "without its tokenizer"),
        ({"model": "no/such/folder"}, "there is no folder"),
        ({"model": lambda texts: [1.0]}, "a score for each of 18 texts"),
        ({"model": lambda texts: [float("nan")] * len(texts)}, "no finite numbers"),
        ({"model": Pipe(BertModel(BertConfig(**planted_bias.small_settings(TOKENIZER))))}, "language model is needed"),
        (
            {"model": Pipe(BertForMaskedLM(BertConfig(**planted_bias.small_settings(TOKENIZER))))},
            "gap ___ exactly once",
        ),
        ({"groups": {**GROUPS, "third": ["she", "he", "서울"]}}, "a word of the group 'third' cannot be read"),
    ],
)
def test_what_cannot_be_measured_is_refused(change, words):
    given = {"model": Pipe(classifier()), "groups": GROUPS, "templates": FRAMES} | change
    with pytest.raises((TypeError, ValueError)) as refused:
        measure_bias(given.pop("model"), **given)
    assert words in str(refused.value)


def test_a_folder_without_a_head_is_refused(tmp_path):
    model = BertModel(BertConfig(**planted_bias.small_settings(TOKENIZER)))
    with pytest.raises(ValueError, match="BertModel; a classifier"):
        measure_bias(folder_of(model, tmp_path), GROUPS, FRAMES)


def test_all_comparisons_that_are_made_count():
    groups = {"a": ["x" * n for n in range(20, 30)], "b": ["y" * n for n in range(1, 11)]}
    gaps = [
        measure_bias(lambda texts: [len(one) for one in texts], groups, ["{word}"], comparisons=n) for n in (1, 1000)
    ]
    assert [one.clear for one in gaps] == [[("a", "b")], []]
    with pytest.raises(ValueError, match="comparisons"):
        measure_bias(lambda texts: [len(one) for one in texts], groups, ["{word}"], comparisons=0)


def known(size=10, **more):
    """What is found with a function whose number for each word of three groups is known: two are far apart."""
    starts = {"high": 9, "low": 0, "high too": 9.01}
    scores = {f"{name} {n}": start + n / 10 for name, start in starts.items() for n in range(size)}
    groups = {name: [f"{name} {n}" for n in range(size)] for name in starts}
    return measure_bias(lambda texts: [scores[text[3:]] for text in texts], groups, ["a: {word}"], **more)


def test_each_gap_has_its_own_line_that_says_whether_it_differs():
    lines = str(known()).splitlines()[1:]
    assert [line.split(": ")[-1] for line in lines] == [
        "differs from chance", "chance cannot be ruled out", "differs from chance",
    ]  # fmt: skip
    assert [line.split("  ")[1].strip() for line in lines] == ["high − low", "high − high too", "low − high too"]


def test_the_card_has_each_interval_from_low_to_high():
    found = known()
    low, high = difference(found.scores["high"], found.scores["low"])[1:3]
    assert low < 9 < high
    assert f"high − low: +9.00 ({low:+.2f} to {high:+.2f}), p = " in found.card()
    assert "Differs from chance (p below 0.0167: " in found.card()


def test_ten_words_are_not_called_too_few():
    assert "too narrow" in known(9).card()
    assert "too narrow" not in known(10).card()


def test_the_gaps_are_drawn_from_low_to_high_and_the_words_with_their_mean():
    found = known()
    left, right = found.draw()
    for row, values in enumerate(found.scores.values()):
        points, mean = left.lines[2 * row : 2 * row + 2]
        assert points.get_xdata().tolist() == list(values)
        assert mean.get_xdata() == pytest.approx([sum(values) / 10] * 2)
        assert sum(mean.get_ydata()) / 2 == row
    for row, gap in enumerate(found.gaps.values()):
        assert right.lines[2 * row].get_xdata().tolist() == [gap.low, gap.high]
    for axes in (left, right):
        bottom, top = axes.get_ylim()
        assert bottom > 2 > 0 > top, "the first row is the highest"
    plt.close("all")


def test_words_in_pairs_are_compared_in_pairs_and_it_is_said():
    scores = {"my aunt": 1.0, "my nurse": 11.1, "my friend": 21.2, "an aunt": 0, "a nurse": 10, "a friend": 20}
    groups, templates = {"mine": list(scores)[:3], "any": list(scores)[3:]}, ["here is {word}"]
    pairs, apart = (
        measure_bias(lambda texts: [scores[text[8:]] for text in texts], groups, templates, in_pairs=in_pairs)
        for in_pairs in (True, False)
    )
    gap = pairs.gaps["mine", "any"]
    assert 1 <= gap.low <= gap.value <= gap.high <= 1.2 + 1e-9, "within a pair it is 1.0, 1.1 and 1.2"
    assert apart.gaps["mine", "any"].low < 0
    assert ["words in pairs" in one.card() for one in (pairs, apart)] == [True, False]
    assert [", in pairs" in str(one) for one in (pairs, apart)] == [True, False]


def test_what_is_measured_has_the_name_that_it_is_given_or_its_own():
    def lengths(texts):
        return [len(text) for text in texts]

    groups = {"a": ["x", "xx", "xxx"], "b": ["y", "yy", "yyy"]}
    assert measure_bias(lengths, groups, ["{word}"], name="how long").model == "how long"
    assert measure_bias(lengths, groups, ["{word}"]).model == "lengths"
