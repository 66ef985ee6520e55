"""Every public function of the library: its documented answer, or an error that names the argument and explains.

A row of TABLE has what is answered, what is not, and the shape of an answer. A new function needs a row, a new module
that is tested elsewhere a line in ELSEWHERE.
"""

import importlib
import inspect
import math
import pkgutil
import re
import reprlib
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cache, partial
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from datasets import Dataset
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tiny_models import tiny_decoder_and_rows, tiny_model, word_tokenizer

import course_lib
from course_lib import attention, objectives, weights
from course_lib.bias import groups, planted_bias
from course_lib.data.corpora import train_tokenizer
from course_lib.experiments import transfer

# Modules whose functions have such a table, or tests of their own, in another file.
ELSEWHERE = {
    "calibration": "test_predictions.py",
    "experiments.judged_reviews": "test_recorded.py",
    "checkpoints": "test_checkpoints.py, test_fetch.py",
    "comparison": "test_comparison.py",
    "data.tables": "test_tables.py",
    "doctor": "test_environment.py, test_doctor_cache.py",
    "exercises": "test_exercises.py, test_exercises_core.py",
    "interactive": "test_interactive.py",
    "lettering": "test_plots.py",
    "live_loss_curve": "test_live_loss_curve.py",
    "marked": "test_quizzes.py",
    "offline": "test_offline_switch.py",
    "pipelines": "test_pipelines.py, test_robustness.py",
    "plots": "test_plots.py",
    "predictions": "test_predictions.py",
    "progress": "test_progress.py",
    "quizzes": "test_quizzes.py",
    "small_architectures": "test_architectures.py",
    "static_views": "test_interactive.py",
    "whole_files": "test_whole_files.py",
}


def functions() -> dict[str, Callable]:
    """The public functions, by module and name; the `main` of an experiment is its command line."""
    found = {}
    for module in pkgutil.walk_packages(course_lib.__path__, "course_lib."):
        name = module.name.removeprefix("course_lib.")
        if not any(name == known or name.startswith(f"{known}.") for known in ELSEWHERE):
            for own, thing in vars(importlib.import_module(module.name)).items():
                public = inspect.isfunction(thing) and thing.__module__ == module.name and own[0] != "_"
                if public and own != "main":
                    found[f"{name}.{own}"] = thing
    return found


FUNCTIONS = functions()


@dataclass
class Row:
    """`right` and `wrong` are values or strategies for arguments; `shape` judges an answer; `dear`: only refusals."""

    right: dict = field(default_factory=dict)
    wrong: dict = field(default_factory=dict)
    shape: Callable | None = None
    dear: bool = False
    refusals: tuple = (ValueError, TypeError)


def floats(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)))


def ids(least: int = 2) -> st.SearchStrategy:
    return st.lists(st.integers(10, 40), min_size=least, max_size=12).map(partial(torch.tensor, dtype=torch.long))


def kind_of(kind: str) -> Callable:
    return lambda answer, given: answer.kind == kind


@cache
def town():
    tokenizer = planted_bias.town_tokenizer()
    from transformers import BertConfig, BertForMaskedLM

    return BertForMaskedLM(BertConfig(**planted_bias.small_settings(tokenizer))).eval(), tokenizer


@cache
def sentiment():
    return tiny_model("sentiment-analysis"), word_tokenizer()


MASKED, TOKENIZER = town()
CLASSIFIER, WORDS = sentiment()
BYTES = train_tokenizer(["some text"], 257)
WRITER = tiny_model("text-generation")
DECODER, ROWS = tiny_decoder_and_rows()
LETTERS = groups.customer_letters(60, 0.5, seed=1)
FITTED = groups.fitted(LETTERS)
BERT_IDS = torch.tensor([[5, 6, 7, 8]])
EXAMPLE = objectives.causal(torch.arange(10, 20))
ARTICLES = SimpleNamespace(ids=torch.zeros(30, 4), topics=["a", "b"])

WHOLE = [0, -1, 1.5, math.nan, "3", True, None]  # for a number of things, from 1 on
SHARE = [0.0, 1.0, -0.1, 2, math.nan, "0.5", None]
RATE = [0.0, -1e-3, math.nan, math.inf, "1e-3", None]
TEXTS = ["she", [], [""], [" \n"], [None], None, 7]
WORD_LIST = ["she", [None], [""], None, 7]  # may be empty
GAPS = {"model": MASKED, "tokenizer": TOKENIZER}
JUDGE = {"model": CLASSIFIER, "tokenizer": WORDS}
SEED = st.integers(0, 99)
NO_SEED = [-1, 0.5, 2**32, None]
GENERATOR = st.integers(0, 99).map(lambda seed: torch.Generator().manual_seed(seed))
NO_GENERATOR = [None, 0]
NO_IDS = [torch.zeros(0, dtype=torch.long), torch.zeros(2, 3, dtype=torch.long), torch.ones(4), torch.tensor([-1, 2])]
NUMBERS = st.lists(st.floats(-9, 9), min_size=4, max_size=9, unique=True)
NO_NUMBERS = [[], [math.nan] * 4, [[1, 2], [3]], "abcd", None]
SENTENCE = st.sampled_from(["the alder sang when she came home", "the marrel said he was late"])
HERS = "the alder sang when she came home", "the marrel said she was late"
FEW = {"base": "nowhere", "tokenizer": TOKENIZER}
TRAIN = {"model": DECODER, "dataset": ROWS, "steps": 1}
NO_TRAIN = {"dataset": [[]], "steps": WHOLE, "batch_size": WHOLE, "learning_rate": RATE, "seed": NO_SEED}
NO_RUN = NO_TRAIN | {"every": WHOLE[:-1], "patience": [0, 1.5, 3], "device": ["abacus"], "evaluation": [[]]}
QUANTISED = weights.quantise(floats(4, 6))


def triple(answer, given) -> bool:
    return answer[1] - 1e-9 <= answer[0] <= answer[2] + 1e-9 and all(map(math.isfinite, answer[:3]))


def same(answer, given) -> bool:
    return answer == given["value"]


def entered(answer, given) -> bool:
    """Of a context: `called` has been in it and out again; test_attention.py tests what it does within."""
    return answer is None


@torch.inference_mode()
def surprise(sentence: str) -> float:
    """The −log p that MASKED gives to the pronoun of a sentence."""
    pronoun = "she" if "she" in sentence.split() else "he"
    inputs = TOKENIZER(sentence.replace(f" {pronoun} ", f" {TOKENIZER.mask_token} "), return_tensors="pt")
    (place,) = (inputs["input_ids"][0] == TOKENIZER.mask_token_id).nonzero()[:, 0].tolist()
    return -float(MASKED(**inputs).logits[0, place].log_softmax(-1)[TOKENIZER.convert_tokens_to_ids(pronoun)])


def drawn_by(model, seed: int) -> bool:
    """Whether a decoder's weights are those of a seed, and no other seed's."""
    again, other = (transfer.fresh(WORDS, one).lm_head.weight for one in (seed, seed + 1))
    return model.lm_head.weight.equal(again) and not model.lm_head.weight.equal(other)


TABLE = {
    "architectures.families": Row(shape=lambda found, _: len(found) == 13),
    "architectures.later": Row(shape=lambda found, _: len(found) == 9),
    "architectures.tiny": Row(
        {"name": st.sampled_from(["GPT-2", "BERT"]), "seed": SEED},
        {"name": ["", "GPT-5", None, ["BERT"]], "seed": [-1, 1.5, None]},
        lambda tiny, _: tiny.inputs["input_ids"].shape == (1, 8),
    ),
    "architectures.inputs_for": Row({"model": MASKED}, shape=lambda found, _: found["input_ids"].shape == (1, 8)),
    "architectures.dependency_masks": Row(
        {"model": MASKED, "inputs": {"input_ids": BERT_IDS}, "layer": st.integers(-2, 1)},
        {
            "inputs": [{}, {"input_ids": BERT_IDS[0]}, {"input_ids": [[5, 6]]}, {"inputs": BERT_IDS}],
            "layer": [5, -9, 0.5, None],
        },
        lambda found, _: found["input_ids"].shape == (4, 4),
    ),
    "architectures.family_of": Row({"model": MASKED}, shape=lambda found, _: found == "encoder"),
    "arguments.is_whole": Row({"value": st.sampled_from([3, np.int64(3), 0, -1])}, {}, lambda found, _: found is True),
    "arguments.as_number": Row(
        {"value": st.sampled_from([3, 2.5, np.int64(3), np.float32(2.5), np.array([3]), torch.tensor(2.5)])},
        {},
        lambda found, _: found in (3, 2.5) and type(found) is (int if found == 3 else float),
    ),
    "arguments.whole": Row(
        {"name": "value", "value": st.integers(1, 9)}, {"value": WHOLE}, lambda found, given: found == given["value"]
    ),
    "arguments.above_zero": Row({"name": "value", "value": st.floats(1e-9, 9)}, {"value": RATE}, same),
    "arguments.texts": Row({"name": "value", "value": ["a", "b"]}, {"value": TEXTS}, same),
    "attention.scaled_dot_product_attention": Row(
        {
            "query": floats(2, 3, 4), "key": floats(2, 5, 4), "value": floats(2, 5, 6),
            "mask": st.sampled_from([None, torch.ones(3, 5) > 0, torch.zeros(2, 1, 5), attention.causal_mask(3, 2)]),
        },
        {
            "query": [floats(2, 3, 5), floats(3, 3, 4), floats(4), torch.ones(2, 3, 4).long(), None, [[1.0]]],
            "key": [floats(2, 0, 4), floats(2, 4, 4), floats(2, 5, 0)],
            "value": [floats(2, 4, 6), floats(7, 5, 6), None],
            "mask": [
                torch.full((3, 5), math.nan), torch.full((3, 5), math.inf), torch.zeros(3, 5) > 0, torch.ones(4, 5) > 0,
                torch.ones(3, 5).long(), [[True]], torch.full((3, 5), -math.inf), torch.ones(9, 2, 3, 5) > 0,
            ],
        },
        lambda found, _: found[0].shape == (2, 3, 6) and torch.allclose(found[1].sum(-1), torch.ones(2, 3)),
    ),
    "attention.causal_mask": Row(
        {"length": st.integers(1, 5), "past": st.integers(0, 3)},
        {"length": WHOLE[:-2], "past": [-1, 0.5, None]},
        lambda mask, given: mask.shape == (given["length"], given["length"] + given["past"]),
    ),
    "attention.padding_mask": Row(
        {"attention_mask": torch.tensor([[1, 1, 0]])},
        {"attention_mask": [torch.tensor([1, 0]), torch.tensor([[2, 1]]), [[1, 0]], torch.tensor([[0.5, 1.0]])]},
        lambda mask, _: mask.shape == (1, 1, 1, 3),
    ),
    "attention.combine_masks": Row(
        {"masks": st.sampled_from([(), (None,), (torch.ones(2, 3) > 0, torch.zeros(3) > 0)])},
        {"masks": [(torch.ones(2),), (torch.ones(2) > 0, torch.ones(3) > 0), ("mask",), (True,)]},
        lambda found, given: found is None if len(given["masks"]) < 2 else not found.any() and found.shape == (2, 3),
    ),
    "attention.rotary_angles": Row(
        {"positions": torch.arange(3), "width": st.integers(1, 8).map(lambda half: 2 * half)},
        {"width": [0, 3, -2, 2.0, None], "positions": [torch.ones(2, 2), 3, None], "base": [0.0, -1.0, math.nan]},
        lambda found, given: found[0].shape == found[1].shape == (3, given["width"]),
    ),
    "attention.rotate": Row(
        {"states": floats(2, 3, 4), "cosines": floats(3, 4), "sines": floats(3, 4)},
        {"states": [floats(2, 3, 5), floats(3), None], "cosines": [floats(2, 4)], "sines": [floats(3, 2)]},
        lambda found, _: found.shape == (2, 3, 4),
    ),
    "bias.groups.customer_letters": Row(
        {"count": st.integers(1, 30), "share": st.floats(0, 1), "seed": SEED},
        {"count": WHOLE, "share": [-0.1, 2, math.nan, "0.1", None], "seed": [-1, 0.5, None]},
        lambda found, given: found.counts.shape == (given["count"], len(groups.VOCABULARY)),
    ),
    "bias.groups.as_texts": Row(
        {"data": LETTERS, "seed": SEED},
        {"seed": [-1, 0.5]},
        lambda found, _: [len(text.split()) for text in found] == LETTERS.counts.sum(1).tolist(),
    ),
    "bias.groups.fitted": Row(
        {"data": LETTERS},
        {"weight": RATE, "steps": WHOLE, "data": [groups.Letters(*(part[:0] for part in LETTERS))]},
        lambda found, _: ((groups.log_odds(found, LETTERS) > 0) == LETTERS.pleased).mean() > 0.8,
    ),
    "bias.groups.log_odds": Row(
        {"model": FITTED, "data": LETTERS},
        {"model": [np.zeros(3), FITTED[None], None]}, lambda found, _: found.shape == (60,)
    ),
    "bias.own_model.measure_bias": Row(
        {
            "model": lambda texts: [float(len(text)) for text in texts],
            "groups": {"a": ["x", "xx", "xxx"], "b": ["y", "yy", "yyyy"]}, "templates": ["{word}."],
        },
        {
            "model": [None, 7, "no/such/folder", lambda texts: [1.0]],
            "groups": [None, {}, {"a": ["x"] * 3}, {"a": ["x"] * 3, "b": []}, {"a": ["x"] * 3, "b": "xyz"}],
            "templates": [*TEXTS, ["{word} {x}"]],
        },
        lambda found, _: set(found.gaps) == {("a", "b")},
    ),
    "bias.planted_bias.planted_gap": Row(
        {"share": st.floats(0.01, 0.99)},
        {"share": SHARE},
        lambda found, given: math.isclose(1 / (1 + math.exp(-found / 2)), given["share"], abs_tol=1e-9),
    ),
    "bias.planted_bias.planted_sentences": Row(
        {"share": st.floats(0.01, 0.99), "each": st.integers(1, 3), "seed": SEED},
        {"share": SHARE, "each": WHOLE, "seed": [-1, 0.5, None]},
        lambda found, given: len(found) == 24 * given["each"],
    ),
    "bias.planted_bias.swapped": Row(
        {"text": SENTENCE},
        {"text": [None, 7, ["she"]]},
        lambda found, given: {found, given["text"]} in ({her, her.replace(" she ", " he ")} for her in HERS),
    ),
    "bias.planted_bias.town_tokenizer": Row(
        {"extra": ("nurse",)},
        {"extra": WORD_LIST},
        lambda found, _: found.tokenize("the nurse sang") == ["the", "nurse", "sang"],
    ),
    "bias.planted_bias.small_settings": Row(
        {"tokenizer": TOKENIZER}, shape=lambda found, _: found["vocab_size"] == len(TOKENIZER)
    ),
    "bias.planted_bias.masked_model": Row(
        {"sentences": ["the alder said she was late"], "tokenizer": TOKENIZER, "steps": 2},
        {"sentences": [*TEXTS, ["no pronoun"], ["she and he"]], "steps": WHOLE},
        dear=True,
    ),
    "bias.planted_bias.taught": Row(
        FEW | {"share": 0.5}, {"share": SHARE, "epochs": WHOLE, "learning_rate": RATE}, dear=True
    ),
    "bias.planted_bias.trade_gaps": Row(GAPS, shape=lambda found, _: found[0].shape == found[1].shape == (12,)),
    "bias.planted_bias.pronoun_loss": Row(
        GAPS | {"sentences": st.lists(SENTENCE, min_size=1, max_size=3)},
        {"sentences": [*TEXTS, ["no pronoun"]]},
        lambda found, given: math.isclose(found, np.mean([*map(surprise, given["sentences"])]), rel_tol=1e-4),
    ),
    "bias.scores.is_masked": Row(
        {"model": st.sampled_from([MASKED, WRITER])},
        {"model": [CLASSIFIER, None, "BERT"]},
        lambda found, given: found is (given["model"] is MASKED),
    ),
    "bias.scores.sentence_scores": Row(
        GAPS | {"texts": st.lists(SENTENCE, min_size=1, max_size=3)},
        {"texts": TEXTS, "batch_size": WHOLE, "model": [CLASSIFIER]},
        lambda found, given: found.shape == (len(given["texts"]),) and (found < 0).all(),
    ),
    "bias.scores.gap_scores": Row(
        GAPS | {"texts": ["the alder said ___ was late"], "words": ("she", "he")},
        {"texts": [*TEXTS, ["no gap"], ["___ and ___"]], "words": [*TEXTS, ["she he"]], "batch_size": WHOLE},
        lambda found, _: found.shape == (1, 2) and (found < 0).all(),
    ),
    "bias.scores.association": Row(
        GAPS | {"templates": ["the {job} said ___ was late"], "jobs": ["alder", "marrel"]},
        {
            "templates": [*TEXTS, ["no job ___"], ["{job} {x} ___"]], "jobs": [*TEXTS, ["baker"]],
            "words": ["ab", "she", ("she",), ("she", "he", "it"), (), None],
        },
        lambda found, _: found.shape == (2, 1),
    ),
    "bias.scores.minimal_pairs": Row(
        GAPS | {"pairs": [("the alder said she was late", "the alder said he was late")]},
        {"pairs": [[], ["ab"], [("she",)], [("she", "he", "it")], [("she", "she")], [("she", None)], None]},
        lambda found, _: found.shape == (1,),
    ),
    "bias.scores.positive_scores": Row(
        JUDGE | {"texts": ["good", "bad cups"]},
        {"texts": TEXTS, "batch_size": WHOLE, "positive": ["Ms", None], "model": [MASKED]},
        lambda found, _: found.shape == (2,),
    ),
    "bias.scores.person_scores": Row(
        JUDGE | {"people": ["anna"]}, {"people": TEXTS, "positive": ["Ms"]}, lambda found, _: found.shape == (1, 8)
    ),
    "bias.titles.title_rows": Row(
        {"jobs": st.sampled_from([(), ["nurse"], np.array(["nurse", "baker"]), np.array([])])},
        {"jobs": WORD_LIST}, lambda found, _: len(found[0]) == len(found[1]) == 240
    ),
    "bias.titles.fine_tuned": Row(
        FEW | {"texts": ["a", "b"], "labels": [0, 1]},
        {
            "texts": TEXTS, "labels": [[0], [0, 2], [], ["Ms", "Mr"]], "epochs": WHOLE, "learning_rate": RATE,
            "importance": [[1.0], [0.0, 1.0], [math.nan, 1.0], -1],
        },
        dear=True,
    ),
    "bias.titles.title_scores": Row(
        {"model": CLASSIFIER, "tokenizer": WORDS, "jobs": ["nurse"]}, {"jobs": TEXTS}, dear=True
    ),
    "bias.words.occupations": Row(shape=lambda found, _: len(found) == 60),
    "bias.words.names": Row(shape=lambda found, _: len(found) == 36),
    "bias.words.article": Row(
        {"noun": st.sampled_from(["nurse", "artist"])},
        {"noun": ["", " ", None]},
        lambda found, given: found == {"nurse": "a", "artist": "an"}[given["noun"]],
    ),
    "bias.words.with_job": Row(
        {"template": "{a} {job}", "job": "nurse"},
        {"template": ["", "no place", "{job} {x}", "{job} {", "{job} {}"], "job": ["", None]},
        lambda found, _: found == "a nurse",
    ),
    "bias.words.with_person": Row(
        {"template": "{name} is here.", "person": "a man"},
        {"template": ["", "no place", "{name} {x}"], "person": ["", None]},
        lambda found, _: found == "A man is here.",
    ),
    "costs.seconds": Row(
        {"run": lambda: time.sleep(0.01), "times": st.integers(1, 3)},
        {"run": [None, 3], "times": WHOLE},
        lambda found, _: 0.005 < found < 1,  # a sleep may end a little early
    ),
    "costs.megabytes": Row({"run": lambda: torch.ones(250_000)}, {"run": [None, 3]}, lambda found, _: found == 1.0),
    "costs.exponent": Row(
        {"lengths": [1, 2, 4], "measured": [3, 12, 48]},
        {"lengths": [[], [1], [1, 1, 1], [0, 1, 2], [1, 2, math.nan]], "measured": [[1, 2], [-1, 2, 3], 4]},
        lambda found, _: abs(found - 2) < 1e-9,
    ),
    "data.corpora.leads": Row({"part": "test"}, {"part": ["", "dev", None]}, dear=True),
    "data.corpora.python_help": Row({"part": "test"}, {"part": ["", "dev", None]}, dear=True),
    "data.corpora.course_reviews": Row({"part": "test"}, {"part": ["", "validation", None]}, dear=True),
    "data.corpora.train_tokenizer": Row(
        {"texts": ["some text"], "size": st.integers(257, 300)},
        {"texts": ["some text", [None], [1]], "size": [256, 0, -1, 10**9, 300.5, None]},
        lambda found, given: 257 <= len(found) <= given["size"],
    ),
    "data.corpora.blocks": Row(
        {"dataset": Dataset.from_dict({"text": ["good cups", "bad"]}), "tokenizer": BYTES, "length": 2},
        {"dataset": [Dataset.from_dict({"words": ["good"]})], "tokenizer": [WORDS], "length": [*WHOLE, 10**6]},
        dear=True,
    ),
    "data.example_letter.ask_all": Row(dear=True),
    "data.leads.part_of": Row(
        {"title": st.text()}, {"title": [None, 7]}, lambda found, _: found in ("train", "validation", "test")
    ),
    "data.leads.read_leads": Row(
        {"wheel": "nowhere", "part": "test"},
        {"part": ["dev", None], "wheel": ["nowhere", __file__]},
        dear=True,
        refusals=(ValueError, TypeError, OSError),
    ),
    "data.texts.reviews": Row(shape=lambda found, _: len(found) == 240),
    "data.texts.questions": Row(shape=lambda found, _: len(found) == 80),
    "data.texts.translations": Row(shape=lambda found, _: len(found) == 80),
    "data.texts.named": Row(shape=lambda found, _: len(found) == 20),
    "data.texts.messages": Row({"part": "test"}, {"part": ["train", None]}, lambda found, _: len(found) == 75),
    "data.texts.mailbox": Row(
        wrong={"path": [None, 3, "no_such_file.tsv"]},
        shape=lambda found, _: len(found) == 84,
        refusals=(ValueError, TypeError, OSError),
    ),
    "data.texts.replies": Row(shape=lambda found, _: len(found) == 40),
    "data.texts.prose": Row(shape=lambda found, _: len(found) == 2),
    "experiments.adaptation.masker": Row(
        {"tokenizer": WORDS, "seed": SEED},
        {"share": SHARE, "seed": [-1, 0.5, None]},
        lambda found, given: (found.mlm_probability, found.seed) == (0.15, given["seed"]),
    ),
    "experiments.adaptation.rows_of": Row(
        {"texts": ["good cups are broken please send new ones"], "tokenizer": WORDS},
        {"texts": [*TEXTS, ["good"]], "tokens": WHOLE[:-1]},
        lambda found, _: len(found) == 1,
    ),
    "experiments.adaptation.masked_batches": Row(
        {"rows": [{"input_ids": [2, *range(5, 15), 3]}] * 3, "tokenizer": WORDS, "size": st.integers(1, 3)},
        {"rows": [[]], "size": WHOLE, "seed": [-1, 0.5]},
        lambda found, given: [len(one["input_ids"]) for one in found] == [[1, 1, 1], [2, 1], [3]][given["size"] - 1],
    ),
    "experiments.adaptation.masked_losses": Row({"model": MASKED, "asked": []}, {"asked": [[]]}, dear=True),
    "experiments.adaptation.masked_perplexity": Row({"model": MASKED, "asked": []}, {"asked": [[]]}, dear=True),
    "experiments.label_curve.model_of": Row(
        {"method": "head", "classes": 2, "seed": 0},
        {"method": ["", "lora2", None], "classes": WHOLE, "copied": [-1, 8, 0.5]},
        dear=True,
    ),
    "experiments.label_curve.examples": Row(
        {"size": st.integers(1, 9000)}, {"size": WHOLE}, lambda n, _: 800 <= n <= 8000
    ),
    "experiments.label_curve.learn": Row(
        {"method": "head", "articles": ARTICLES, "size": 10, "seed": 0},
        {"method": ["", "lora2", None], "size": [*WHOLE, 31], "seed": [-1, 0.5], "learning_rate": RATE[:-1]},
        dear=True,
    ),
    "experiments.label_curve.topic_accuracy": Row({"model": None}, {"articles": [SimpleNamespace(ids=[])]}, dear=True),
    "experiments.recorded.recorded": Row(
        {"name": "layers"}, {"name": ["", "nothing", None]}, lambda found, _: "runs" in found
    ),
    "experiments.transfer.texts": Row({"seed": 0}, {"seed": [-1, 0.5]}, dear=True),
    "experiments.transfer.cut": Row(
        {"rows": ["abc", "de"], "characters": st.integers(1, 9)},
        {"rows": WORD_LIST, "characters": WHOLE},
        lambda found, given: found == (["abc"] if given["characters"] <= 3 else ["abc", "de"]),
    ),
    "experiments.transfer.fresh": Row(
        {"tokenizer": WORDS, "seed": SEED},
        shape=lambda found, given: found.config.vocab_size == len(WORDS) and drawn_by(found, given["seed"]),
    ),
    "experiments.transfer.bits_per_character": Row(
        {"model": DECODER, "tokenizer": WORDS, "rows": []}, {"rows": TEXTS}, dear=True
    ),
    "measures.finite": Row(
        {"values": NUMBERS}, {"values": NO_NUMBERS[1:]}, lambda found, given: found.tolist() == given["values"]
    ),
    "measures.interval": Row(
        {"statistics": NUMBERS, "resamples": 50},
        {"statistics": [*NO_NUMBERS, 3.0, [[1, 2], [3, 4]]], "resamples": WHOLE},
        triple,
    ),
    "measures.correlation": Row(
        {"x": [1, 2, 3, 5], "y": st.lists(st.floats(-9, 9), min_size=4, max_size=4, unique=True), "resamples": 50},
        {"x": [*NO_NUMBERS, [1, 2, 3], [1, 1, 1, 1], [[1, 2], [3, 4]]], "y": NO_NUMBERS, "resamples": WHOLE},
        lambda found, _: -1 <= found.value <= 1 and 0 < found.p <= 1,
    ),
    "measures.difference": Row(
        {"first": NUMBERS, "second": NUMBERS, "resamples": 50},
        {"first": [*NO_NUMBERS, [1, 2], [[1, 2, 3]]], "second": NO_NUMBERS, "resamples": WHOLE},
        lambda found, _: 0 < found.p <= 1,
    ),
    "measures.paired": Row(
        {"first": [1.0, 2.0, 4.0], "second": st.lists(st.floats(-9, 9), min_size=3, max_size=3), "resamples": 50},
        {"first": [*NO_NUMBERS, [1, 2], [[1, 2, 3]]], "second": [*NO_NUMBERS, [1, 2]], "resamples": WHOLE},
        lambda found, _: 0 < found.p <= 1,
    ),
    "measures.wilson": Row(
        {"right": st.integers(0, 5), "count": st.integers(5, 9)},
        {"right": [-1, 10, 1.5, "3"], "count": WHOLE},
        lambda found, given: 0 <= found[0] <= given["right"] / given["count"] <= found[1] <= 1,
    ),
    "measures.share_above": Row(
        {"values": [1.0, -2.0, 3.0]},
        {"values": [*NO_NUMBERS, [0.0], [[1.0]], 1.0]}, lambda found, _: found.value == 2 / 3
    ),
    "measures.overlap": Row(
        {"guess": st.text(), "truths": st.lists(st.text(), min_size=1, max_size=3)},
        {"guess": [None, ["a"]], "truths": ["abc", [], [None], None]},
        lambda found, _: all(0 <= one <= 1 for one in found),
    ),
    "model_history.after_2020": Row(shape=lambda found, _: len(found) == 13),
    "objectives.causal": Row({"ids": ids()}, {"ids": [*NO_IDS, [1, 2]]}, kind_of("causal")),
    "objectives.masked": Row(
        {"ids": ids(), "generator": GENERATOR, "mask_id": 4, "vocabulary_size": 50},
        {
            "ids": NO_IDS, "generator": NO_GENERATOR, "mask_id": [None, -1, 1.5], "vocabulary_size": [5, 0, None, "50"],
            "share": SHARE, "special_ids": ["ab", 3, [None]],
        },
        kind_of("masked"),
    ),
    "objectives.span_corruption": Row(
        {"ids": ids(), "generator": GENERATOR, "sentinels": range(50, 60), "end_id": 1},
        {
            "ids": NO_IDS, "generator": NO_GENERATOR, "sentinels": [[], [50], [50, 50, 50], "ab", None], "share": SHARE,
            "end_id": [None, -1, 50], "mean_length": [0, 0.5, math.inf, math.nan, None],
        },
        kind_of("span corruption"),
    ),
    "objectives.denoising": Row(
        {"ids": ids(), "generator": GENERATOR, "mask_id": 4, "sentence_end_ids": [10]},
        {
            "ids": NO_IDS, "generator": NO_GENERATOR, "mask_id": [None, -1], "sentence_end_ids": ["ab", 3, [None]],
            "share": SHARE, "mean_length": [0, math.nan],
        },
        kind_of("denoising"),
    ),
    "objectives.permute_sentences": Row(
        {"ids": ids(1), "generator": GENERATOR, "sentence_end_ids": [10, 11]},
        {"ids": NO_IDS, "generator": NO_GENERATOR, "sentence_end_ids": ["ab", 3, None]},
        lambda found, given: sorted(found.tolist()) == sorted(given["ids"].tolist()),
    ),
    "objectives.infill": Row(
        {"ids": ids(), "generator": GENERATOR, "mask_id": 4},
        {"ids": NO_IDS, "generator": NO_GENERATOR, "mask_id": [None, -1], "share": SHARE, "mean_length": [0, math.nan]},
        lambda found, _: (found == 4).any(),
    ),
    "objectives.replaced_tokens": Row(
        {"ids": ids(1), "generator": GENERATOR, "propose": objectives.uniform_proposals(50)},
        {
            "ids": NO_IDS, "generator": NO_GENERATOR, "propose": [None, 7, lambda *_: None], "share": SHARE,
            "special_ids": ["ab", 3, range(100)],
        },
        kind_of("replaced tokens"),
    ),
    "objectives.uniform_proposals": Row(
        {"vocabulary_size": st.integers(1, 50)},
        {"vocabulary_size": WHOLE},
        lambda propose, given: propose(None, torch.arange(2000), None).unique().equal(
            torch.arange(given["vocabulary_size"])
        ),
    ),
    "objectives.restore": Row(
        {"example": EXAMPLE}, {"example": [None, EXAMPLE.inputs]}, lambda found, _: found.equal(EXAMPLE.original)
    ),
    "probing.parts": Row(
        {"layer": MASKED.bert.encoder.layer[0].attention},
        {"layer": [torch.nn.Linear(2, 2), None]},
        lambda found, given: found == tuple(
            map(given["layer"].get_submodule, ("self.query", "self.key", "self.value", "output.dense"))
        ),
    ),
    "probing.head_width": Row(
        {"layer": MASKED.bert.encoder.layer[0].attention},
        {"layer": [torch.nn.Linear(2, 2), None]},
        lambda found, _: found * MASKED.config.num_attention_heads == MASKED.config.hidden_size,
    ),
    "probing.attention_layers": Row(
        {"model": MASKED},
        {"model": [torch.nn.Linear(2, 2), None]},
        lambda found, _: found == {"self": [layer.attention for layer in MASKED.bert.encoder.layer]},
    ),
    "probing.eager": Row({"model": MASKED}, {"model": [torch.nn.Linear(2, 2), None]}, entered),
    "probing.attention_weights": Row(
        {"model": MASKED, "inputs": {"input_ids": BERT_IDS}},
        {"inputs": [BERT_IDS, None, {}]},
        lambda found, _: found["self"].shape == (1, 1, 2, 4, 4),
    ),
    "probing.ablate_heads": Row(
        {"model": MASKED, "heads": st.sampled_from([{}, {0: [1]}, {0: range(2)}, {0: np.array([0, 1])}])},
        {"heads": [{0: [1.5]}, {0: [2]}, {0: [-1]}, {0: 1}, {0: "01"}, {1: [0]}, {0.5: [0]}, [0], None, {0: [True]}],
         "kind": ["cross", ""]},
        entered,
    ),
    "probing.dependencies": Row(
        {"outputs_of": lambda ids: ids[..., None].float(), "ids": torch.tensor([1, 2, 3]), "other": st.integers(4, 9)},
        {"ids": [BERT_IDS, torch.ones(3), [1, 2], torch.tensor([], dtype=torch.long)], "other": [1, -1, 1.5, None],
         "outputs_of": [None]},
        lambda found, _: found.shape == (3, 3),
    ),
    "training.next_token": Row(
        {"rows": [{"input_ids": [1, 2]}]},
        {"rows": [[], [{}], [{"input_ids": [1]}, {"input_ids": [1, 2]}], None]},
        lambda found, _: found["input_ids"].tolist() == found["labels"].tolist() == [[1, 2]],
    ),
    "training.pretrain": Row(TRAIN, NO_RUN, dear=True),
    "training.fine_tune": Row(
        {"model": CLASSIFIER, "dataset": [{"input_ids": [1], "label": 0}], "tokenizer": WORDS, "steps": 1},
        NO_RUN | {"dataset": [[], [{"input_ids": [1]}], [{"input_ids": [1], "label": 2}], [1]]},
        dear=True,
    ),
    "training.take_steps": Row(
        {
            "model": torch.nn.Linear(1, 1), "batches": [1.0, 2.0],
            "loss_of": lambda model, x: model(torch.ones(1)).sum(),
            "optimizer": torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1),
        },
        {"clip": [0.0, -1.0, math.nan, "1"], "optimizer": [None], "loss_of": [None]},
        lambda found, _: len(found) == 2,
    ),
    "training.own_loss": Row(
        {"model": DECODER, "batch": {"input_ids": BERT_IDS, "labels": BERT_IDS}},
        {"batch": [{"input_ids": BERT_IDS}, None]},
        lambda found, _: found.shape == () and 3 < found < 6,
    ),
    "training.loop": Row(
        TRAIN | {"batch_size": 2, "learning_rate": 1e-3, "seed": 1}, NO_TRAIN, lambda found, _: len(found) == 1
    ),
    "training.perplexity": Row(
        {"model": DECODER, "dataset": ROWS.select(range(2))},
        {"dataset": [[], [{"input_ids": [3]}]], "model": [MASKED]},
        lambda found, _: 40 < found < 60,
    ),
    "transformer_xl.distance_codes": Row(
        {"distances": torch.arange(3), "width": st.sampled_from([2, 4])},
        {"width": [*WHOLE, 3], "distances": [torch.ones(2, 2), None]},
        lambda found, given: found.shape == (3, given["width"]),
    ),
    "transformer_xl.shift": Row(
        {"scores": floats(2, 4)},
        {"scores": [floats(4, 2), floats(3), floats(0, 2), None]},
        lambda found, given: found.shape == (2, 4) and found[1].equal(given["scores"][1]),
    ),
    "weights.header": Row(
        {"path": "nowhere"}, {"path": ["nowhere", ".", None]}, dear=True, refusals=(ValueError, TypeError, OSError)
    ),
    "weights.quantise": Row(
        {"weight": floats(4, 6), "bits": st.integers(2, 8), "per": st.sampled_from(["row", "matrix", 3, np.int64(1)])},
        {
            "weight": [floats(4), floats(0, 2), torch.full((2, 2), math.nan), torch.ones(2, 2).long(), None],
            "bits": [1, 9, 0, 7.5, "8", None, True], "per": ["column", 4, 0, -1, 1.5, None, True],
        },
        lambda found, given: found[0].dtype == torch.int8 and found[0].abs().max() == 2 ** (given["bits"] - 1) - 1,
    ),
    "weights.dequantise": Row(
        {"whole": QUANTISED[0], "scale": QUANTISED[1], "shape": (4, 6)},
        {"whole": [QUANTISED[0][:2], None], "scale": [QUANTISED[1][0], None], "shape": [(4, 5), 24, None]},
        lambda found, _: found.shape == (4, 6),
    ),
}  # fmt: skip


def drawn(data, values):
    return data.draw(values) if isinstance(values, st.SearchStrategy) else values


def called(name: str, arguments: dict):
    """The answer of a function; a context is entered and left, and has none."""
    function = FUNCTIONS[name]
    variadic = [p.name for p in inspect.signature(function).parameters.values() if p.kind is p.VAR_POSITIONAL]
    positional = [one for extra in variadic for one in arguments[extra]]
    answer = function(*positional, **{key: value for key, value in arguments.items() if key not in variadic})
    if isinstance(answer, AbstractContextManager):
        with answer:
            return None
    return answer


def test_every_public_function_has_a_row_and_nothing_else():
    assert set(TABLE) == set(FUNCTIONS)
    assert [name for name, row in TABLE.items() if bool(row.shape) is row.dear] == [], "either a shape or dear"


@pytest.mark.parametrize("name", [name for name, row in TABLE.items() if not row.dear])
@given(data=st.data())
@settings(max_examples=5, deadline=None, database=None)
def test_what_is_right_is_answered_in_the_documented_shape(name, data):
    arguments = {key: drawn(data, values) for key, values in TABLE[name].right.items()}
    assert TABLE[name].shape(called(name, arguments), arguments)


def of_numpy(value):
    """A number as NumPy has it; anything else as it is."""
    return np.int64(value) if type(value) is int else np.float64(value) if type(value) is float else value


@pytest.mark.parametrize("name", [name for name, row in TABLE.items() if not row.dear])
@given(data=st.data())
@settings(max_examples=2, deadline=None, database=None)
def test_numbers_of_numpy_are_answered_alike(name, data):
    arguments = {key: of_numpy(drawn(data, values)) for key, values in TABLE[name].right.items()}
    assert TABLE[name].shape(called(name, arguments), arguments)


def complaint(name: str, spoilt: str, arguments: dict) -> str:
    """What is wrong with the refusal of one wrong argument; nothing, if all is well."""
    case = f"{name}({spoilt}={reprlib.repr(arguments[spoilt])})"
    try:
        called(name, arguments)
    except TABLE[name].refusals as refused:
        said = str(refused)
        if isinstance(refused, OSError):
            return ""  # the system's own words, which name the file
        start = re.escape(spoilt.rstrip("s").replace("_", " ")[:5]) + (r"s?\b" if len(spoilt) < 4 else "")
        named = re.search(rf"\b{start}", said.replace("_", " "), re.IGNORECASE)
        return "" if len(said) > 25 and named else f"{case} does not say what is expected of {spoilt}: {said}"
    except Exception as other:
        return f"{case} raises {other!r}"
    return f"{case} is answered"


@pytest.mark.parametrize("name", [name for name, row in TABLE.items() if row.wrong])
@given(data=st.data())
@settings(max_examples=1, deadline=None, database=None, phases=[Phase.generate])
def test_what_is_wrong_is_refused_with_its_name(name, data):
    row, problems = TABLE[name], []
    for spoilt, values in row.wrong.items():
        for value in values:
            arguments = {key: drawn(data, right) for key, right in row.right.items()} | {spoilt: value}
            problems.append(complaint(name, spoilt, arguments))
    assert not any(problems), "\n".join(filter(None, problems))
