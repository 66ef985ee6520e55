import inspect
import logging
import math
import pickle
import subprocess
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import SAVED, SMALL, WORDS, maker, tiny_model, word_tokenizer

from course_lib import pipelines
from course_lib.checkpoints import Checkpoint
from course_lib.pipelines import answered_by, checked, pipeline
from course_lib.pipelines.inputs import check_input
from course_lib.pipelines.question_answering import QuestionAnsweringPipeline, best_spans, position_probabilities

pytestmark = pytest.mark.usefixtures("quiet")


@pytest.fixture(scope="module")
def tokenizer():
    return word_tokenizer()


@pytest.fixture(scope="module")
def make():
    return maker(dict.fromkeys(SAVED, "t5"))


CHECKED = [
    "feature-extraction",
    "fill-mask",
    "ner",
    "sentiment-analysis",
    "text-generation",
    "zero-shot-classification",
]
OURS = ["summarization", "translation", "translation_en_to_fr", "text2text-generation"]
EXTRA = {"zero-shot-classification": {"candidate_labels": ["good", "bad"]}, "text-generation": {"max_new_tokens": 3}}
EXTRA |= {task: {"max_new_tokens": 8} for task in OURS}
CPU = torch.device("cpu")


def text_for(task):
    return "the parcel [MASK] late" if task == "fill-mask" else "the parcel arrived late"


# ---------------------------------------------------------------- the function


def test_what_it_does_not_know_goes_to_transformers(monkeypatch):
    """Also arguments that a release after this one will have."""
    seen, names = [], list(inspect.signature(transformers.pipelines.pipeline).parameters)[:2]
    monkeypatch.setattr(transformers.pipelines, "pipeline", lambda task, **given: seen.append(given) or "made")
    assert pipeline("image-classification", "some/model", brand_new=5, device="cpu") == "made"
    assert pipeline("ner", model="some/model", revision="abc") == "made"
    assert seen == [
        {"model": "some/model", "brand_new": 5, "device": "cpu"},
        {"model": "some/model", "revision": "abc", "device": CPU, "pipeline_class": checked.CHECKED["ner"]},
    ]
    assert list(inspect.signature(pipeline).parameters)[:2] == names, "by position as in Transformers"


@pytest.mark.parametrize(
    ("model", "given", "device"),
    [
        ("some/model", {}, CPU),
        (Path("."), {}, CPU),
        ("some/model", {"device": None}, CPU),
        ("some/model", {"device": "mps"}, "mps"),
        ("some/model", {"device": 0}, 0),
        ("some/model", {"device_map": "auto"}, None),
        ("some/model", {"model_kwargs": {"device_map": "auto"}}, None),
        ("some/model", {"model_kwargs": {}}, CPU),
        (SimpleNamespace(device=torch.device("cuda:1")), {}, torch.device("cuda:1")),
        (SimpleNamespace(device=torch.device("cuda:1")), {"device": "cpu"}, "cpu"),
        (SimpleNamespace(device=CPU, hf_device_map={"": "cpu"}), {}, None),  # Transformers refuses a device for these
        (None, {}, CPU),
    ],
)
@pytest.mark.parametrize("task", ["sentiment-analysis", "summarization", "image-classification"])
def test_a_pipeline_is_on_the_cpu_or_where_its_model_is_unless_told(monkeypatch, tmp_path, task, model, given, device):
    """Transformers takes a GPU where there is one; what a reader's tokenizer makes is on the CPU."""
    seen = []
    monkeypatch.setattr(transformers.pipelines, "pipeline", lambda task, **got: seen.append(got) or SimpleNamespace())
    monkeypatch.setattr(pipelines, "_course_checkpoint", str)
    (tmp_path / "config.json").touch()
    pipeline(task, tmp_path if isinstance(model, Path) else model, **given)
    assert seen[0].get("device") == device


def test_where_pytorch_makes_tensors_elsewhere_the_model_goes_there_too(monkeypatch):
    seen = []
    monkeypatch.setattr(transformers.pipelines, "pipeline", lambda task, **got: seen.append(got) or SimpleNamespace())
    with torch.device("meta"):
        pipeline("ner", "some/model")
    assert seen[0]["device"] == torch.device("meta")


@pytest.mark.parametrize("task", [*CHECKED, "question-answering"])
def test_a_gpu_is_not_taken_unasked(monkeypatch, task):
    """As if a GPU were there: Transformers would move the model to it."""
    monkeypatch.setattr(transformers.pipelines.base, "is_torch_cuda_available", lambda: True)
    pipe = pipeline(task, tiny_model(task), tokenizer=word_tokenizer())
    assert pipe.device == CPU == pipe.model.device
    assert pipe.model(**pipe.tokenizer(text_for(task), return_tensors="pt"))


def test_import_is_cheap():
    code = "import sys, course_lib.pipelines; print('torch' in sys.modules, 'transformers' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


@pytest.mark.parametrize("task", [*CHECKED, "question-answering", *OURS])
def test_is_a_pipeline_and_knows_its_task(make, task):
    pipe = make(task)
    assert isinstance(pipe, transformers.Pipeline)
    assert pipe.task == task


@pytest.mark.parametrize("task", [*CHECKED, *OURS])
def test_single_list_batch_generator_and_data_set_agree(make, task):
    class Texts(torch.utils.data.Dataset):
        def __len__(self):
            return 3

        def __getitem__(self, number):
            return texts[number]

    pipe, more = make(task), {**EXTRA.get(task, {})}
    if task == "text-generation":
        more["do_sample"] = False
    texts = [text_for(task), text_for(task) + " please", text_for(task) + " who sent it"]

    def bare(answer):  # some pipelines put a single answer into a list when it comes alone
        return bare(answer[0]) if isinstance(answer, list) and len(answer) == 1 else answer

    alone = [bare(pipe(text, **more)) for text in texts]
    for many in (
        pipe(texts, **more),
        list(pipe((text for text in texts), **more)),
        list(pipe(Texts(), **more)),
        pipe(texts, batch_size=2 if task in OURS else 1, **more),
    ):
        assert str([bare(answer) for answer in many]) == str(alone)


def test_folder_is_loaded_with_its_own_head():
    pipe = pipeline("translation_en_to_fr", model=str(SMALL / "marian"), device="cpu")
    assert type(pipe.model).__name__ == "MarianMTModel"
    assert pipeline("translation", model=SMALL / "marian", device="cpu").task == "translation"


def test_our_names_do_not_show_among_the_tasks(make):
    make("summarization")
    assert not [name for name in pipelines.tasks() if name.startswith(pipelines.COURSE_TASK)]
    assert {"ner", "question-answering", "summarization", "translation", "image-classification"} <= {*pipelines.tasks()}


def test_saving_leaves_no_code_behind(make, tmp_path):
    make("summarization").save_pretrained(tmp_path)
    assert not list(tmp_path.glob("*.py"))
    assert "custom_pipelines" not in (tmp_path / "config.json").read_text(encoding="utf-8")


def test_checked_pipelines_can_be_pickled(make):
    pipe = pickle.loads(pickle.dumps(make("sentiment-analysis")))
    assert pipe(text_for("ner")) == make("sentiment-analysis")(text_for("ner"))
    assert type(pipe) is checked.CHECKED["sentiment-analysis"]


@pytest.mark.parametrize(
    ("task", "near"), [("sentiment-analisis", "sentiment-analysis"), ("qa", None), ("summarisation", "summarization")]
)
def test_unknown_task_lists_the_known_ones(task, near):
    with pytest.raises(ValueError, match="The tasks are: .*question-answering.*translation") as error:
        pipeline(task)
    assert near is None or f"Did you mean '{near}'" in str(error.value)


def test_task_of_the_wrong_type_or_missing():
    with pytest.raises(TypeError, match="Expected a name"):
        pipeline(5)
    with pytest.raises(ValueError, match="neither a task nor a model"):
        pipeline()


def test_without_a_checkpoint_nothing_is_fetched(monkeypatch):
    monkeypatch.setattr("course_lib.checkpoints.catalogue", dict)
    for task in ("fill-mask", "image-classification", "translation_de_to_en"):
        with pytest.raises(ValueError, match="no checkpoint of its own.*hub id"):
            pipeline(task)
    with pytest.raises(ValueError, match="without its model"):
        pipeline("ner", tokenizer="some/tokenizer")


@pytest.mark.parametrize(
    ("kind", "said"), [("adapter", "course checkpoint 'translation-en-fr'"), ("files", "public checkpoint 'opus'")]
)
def test_a_course_checkpoint_is_the_default(monkeypatch, make, kind, said):
    texts = {name: "" for name in ("task", "about", "licence", "revision")}
    entry = Checkpoint(name="translation-en-fr", kind=kind, hub="owner/opus", members={}, **texts)
    monkeypatch.setattr("course_lib.checkpoints.catalogue", lambda: {"translation-en-fr": entry})
    monkeypatch.setattr("course_lib.checkpoints.checkpoint", lambda name: SMALL / "marian")
    monkeypatch.setattr("course_lib.checkpoints.name_of", lambda path: "translation-en-fr")
    pipe = pipeline("translation", device="cpu")
    assert answered_by(pipe).startswith(f"{said} (MarianMTModel, ")


def test_answered_by_never_names_a_path(make):
    assert answered_by(make("summarization")).startswith("folder 't5' (T5ForConditionalGeneration, 45,568 parameters)")
    assert answered_by(make("ner")).startswith("a model made in this session (BertForTokenClassification, ")
    pipe = make("summarization")
    pipe.model.name_or_path = "/home/me/.cache/hub/models--google--flan-t5/snapshots/abc"
    assert answered_by(pipe).startswith("hub model 'google/flan-t5' (")
    pipe.model.name_or_path = "google/flan-t5"
    assert answered_by(pipe).startswith("hub model 'google/flan-t5' (")


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(("value", "strategy"), [(True, "simple"), (False, "none")])
def test_grouped_entities_names_its_successor(make, value, strategy):
    with pytest.raises(TypeError, match=f'aggregation_strategy="{strategy}"'):
        pipeline("ner", grouped_entities=value)
    with pytest.raises(TypeError, match=f'aggregation_strategy="{strategy}"'):
        make("ner")("anna lives in york", grouped_entities=value)


@pytest.mark.parametrize("task", [*CHECKED, *OURS])
@pytest.mark.parametrize(("wrong", "error"), [("", ValueError), (" \n", ValueError), (None, TypeError), (7, TypeError)])
def test_empty_text_and_wrong_type(make, task, wrong, error):
    pipe, more = make(task), EXTRA.get(task, {})
    with pytest.raises(error, match="Expected a text"):
        pipe(wrong, **more)
    with pytest.raises(error, match="item 1 of the list"):
        pipe([text_for(task), wrong], **more)
    with pytest.raises(error, match="Expected a text"):
        list(pipe((item for item in [text_for(task), wrong]), **more))
    with pytest.raises(TypeError, match="Expected a text"):
        pipe(b"bytes", **more)
    assert pipe([], **more) == []


@pytest.mark.parametrize(
    ("labels", "error"),
    [([], ValueError), ("", ValueError), ("good,,bad", ValueError), (["good", " "], ValueError), ([1], TypeError)],
)
def test_labels(make, labels, error):
    with pytest.raises(error, match="candidate_labels"):
        make("zero-shot-classification")("the parcel arrived", candidate_labels=labels)
    with pytest.raises(error, match="candidate_labels"):
        make("zero-shot-classification", candidate_labels=labels)


def test_labels_missing(make):
    with pytest.raises(ValueError, match="got no candidate_labels"):
        make("zero-shot-classification")("the parcel arrived")


def test_pairs_and_chats_keep_their_way():
    check_input([{"role": "user", "content": ""}], "text-generation")
    check_input({"text": "a", "text_pair": "b"}, "text-classification")


def test_fill_mask_without_a_mask(make):
    pipe = make("fill-mask")
    with pytest.raises(ValueError, match=r"no \[MASK\] in 'the parcel arrived'. Write \[MASK\]"):
        pipe("the parcel arrived")
    with pytest.raises(ValueError, match=r"comes after the 64 tokens.*Give a shorter text"):
        pipe("late " * 70 + "[MASK]", tokenizer_kwargs={"truncation": True})


@pytest.mark.parametrize("task", [*CHECKED, *OURS])
def test_half_a_character_is_named_and_the_advice_mends_it(make, task):
    pipe, more = make(task), EXTRA.get(task, {})
    for half in ("\ud83d", "\udc80", "\ud83d\ude00"):
        text = f"{text_for(task)} {half}"
        with pytest.raises(ValueError, match="the input has '.ud.*half of a character") as error:
            pipe(text, **more)
        assert type(error.value) is ValueError
        with pytest.raises(ValueError, match="item 1 of the list has"):
            pipe([text_for(task), text], **more)
        with pytest.raises(ValueError, match="half of a character"):
            list(pipe((item for item in [text_for(task), text]), **more))
        advice = str(error.value).rpartition("mend it: ")[2].removesuffix(".")
        assert pipe(eval(advice), **more)


def test_half_a_character_elsewhere(make):
    broken = "late \ud83d"
    calls = {
        "a label": lambda: make("zero-shot-classification")("late", candidate_labels=["good", broken]),
        "the question": lambda: make("question-answering")(question=broken, context="late"),
        "the context": lambda: make("question-answering")(question="who", context=broken),
        "'text_pair' of the input": lambda: make("sentiment-analysis")({"text": "late", "text_pair": broken}),
        "'content' of item 0 of the list": lambda: make("text-generation")([{"role": "user", "content": broken}]),
    }
    for where, call in calls.items():
        with pytest.raises(ValueError, match=f"{where} has '.ud83d' at place 5"):
            call()


@pytest.mark.parametrize(
    ("task", "advice"),
    [
        ("feature-extraction", {"truncation": True}),
        ("fill-mask", {"tokenizer_kwargs": {"truncation": True}}),
        ("sentiment-analysis", {"truncation": True}),
        ("text-generation", {"handle_long_generation": "hole"}),
        ("translation", {"truncation": True}),
    ],
)
def test_a_text_that_is_too_long_is_measured_and_the_advice_helps(make, task, advice):
    pipe = pipeline(task, model=SMALL / "marian", device="cpu") if task == "translation" else make(task)
    text, more = text_for(task) + " late" * 400, EXTRA.get(task, {})
    ((name, value),) = advice.items()
    said = f"pass {name}={value!r}".replace("'", '"')
    with pytest.raises(ValueError, match=r"the input has \d{3} tokens, but the model reads at most 64") as error:
        pipe(text, **more)
    assert said in str(error.value)
    assert pipe(text, **more, **advice)


def test_a_tokenizer_without_a_limit_and_labels_that_are_too_long(make):
    text = "late " * 80
    for task in ("sentiment-analysis", "zero-shot-classification"):
        pipe, more = make(task), EXTRA.get(task, {})
        pipe.tokenizer.model_max_length = int(1e30)
        with pytest.raises(ValueError, match="set pipe.tokenizer.model_max_length = 64 ") as error:
            pipe(text, **more)
        pipe.tokenizer.model_max_length = 64
        assert pipe(text, **more, **({"truncation": True} if "truncation=True" in str(error.value) else {}))
    with pytest.raises(ValueError, match="Give shorter labels"):
        make("zero-shot-classification")("late", candidate_labels=["good", text])


def test_a_failure_that_has_another_reason_stays(make, monkeypatch):
    pipe = make("sentiment-analysis")
    monkeypatch.setattr(pipe.model, "forward", lambda **inputs: torch.zeros(2) + torch.zeros(3))
    with pytest.raises(RuntimeError, match="must match the size"):
        pipe("late")


def test_messages_do_not_repeat_a_whole_book(make):
    for wrong in (" " * 5000, ["late", [None] * 5000], b"x" * 5000):
        with pytest.raises((ValueError, TypeError)) as error:
            make("sentiment-analysis")(wrong)
        assert len(str(error.value)) < 250


CONTEXT = "two cups are broken. Anna lives in York"


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        ({"question": "who", "context": " "}, ValueError, "the context is empty"),
        ({"question": "", "context": CONTEXT}, ValueError, "the question is empty"),
        ({"question": "who", "context": "... !?"}, ValueError, "has no words"),
        ({"question": None, "context": CONTEXT}, TypeError, "the question is None"),
        ({"question": "who", "context": 3}, TypeError, "the context is 3"),
        ({"question": ["who"], "context": [CONTEXT] * 2}, ValueError, "1 questions but 2 contexts"),
        ({"question": "who", "context": [CONTEXT]}, ValueError, "one question was given for a list"),
        ({"question": "who"}, ValueError, "got only"),
        ({}, ValueError, "got only nothing"),
        ({"question": "who", "context": CONTEXT, "top_k": 0}, ValueError, "top_k=0"),
        ({"question": "who", "context": CONTEXT, "max_answer_len": 0}, ValueError, "max_answer_len=0"),
        ({"question": "who", "context": CONTEXT, "doc_stride": 9, "max_seq_len": 8}, ValueError, "larger than"),
        ({"question": "who sent it", "context": CONTEXT, "doc_stride": 4, "max_seq_len": 8}, ValueError, "leaves 2"),
    ],
)
def test_question_answering_errors(make, call, error, message):
    with pytest.raises(error, match=message):
        make("question-answering")(**call)


def test_question_answering_errors_by_position(make):
    pipe = make("question-answering")
    for wrong, error in (("who", TypeError), (5, TypeError), ([{"question": "who"}], ValueError), ([3], TypeError)):
        with pytest.raises(error, match="Expected question"):
            pipe(wrong)
    with pytest.raises(ValueError, match="has no words"):
        list(pipe(item for item in [{"question": "who", "context": "--"}]))
    assert pipe([]) == []


def test_question_answering_warns_about_old_and_mistyped_names(make):
    pipe = make("question-answering")
    with pytest.warns(UserWarning, match="old name of `top_k`"):
        assert len(pipe(question="who", context=CONTEXT, topk=2)) == 2
    with pytest.warns(UserWarning, match="did you mean max_answer_len"):
        pipe(question="who", context=CONTEXT, max_answer_length=2)


def test_slow_tokenizers_are_refused(make):
    class Slow:
        is_fast = False

    with pytest.raises(TypeError, match="Expected a fast tokenizer"):
        QuestionAnsweringPipeline(make("question-answering").model, Slow())


# ---------------------------------------------------------------- question answering against brute force


def brute_force(start, end, answerable, max_answer_len):
    """Every allowed span with its score, best first, in plain Python."""
    places = [i for i in range(len(start)) if answerable[i]]
    spans = [(start[i] * end[j], i, j) for i in places for j in places if i <= j < i + max_answer_len]
    return sorted(spans, reverse=True)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_best_spans_are_those_of_brute_force(data):
    length = data.draw(st.integers(2, 12), label="tokens")
    numbers = st.lists(st.floats(-6, 6, width=32), min_size=length, max_size=length)
    logits = [np.array([data.draw(numbers)], dtype=np.float64) for _ in range(2)]
    answerable = np.array([[True] + data.draw(st.lists(st.booleans(), min_size=length - 1, max_size=length - 1))])
    count, longest = data.draw(st.integers(1, 30), label="count"), data.draw(st.integers(1, 14), label="longest")
    start, end = (position_probabilities(part, answerable) for part in logits)
    for part in (start, end):
        assert part.sum() == pytest.approx(1)
        assert not part[~answerable].any()
    expected = brute_force(start[0], end[0], answerable[0], longest)[:count]
    starts, ends, scores = best_spans(start, end, answerable, count, longest)
    possible = scores > 0  # a score of 0 marks a span that is not allowed
    assert list(scores[possible]) == sorted(scores, reverse=True)[: possible.sum()]
    assert scores[possible] == pytest.approx([score for score, _, _ in expected])
    for i, j, score in zip(starts[possible], ends[possible], scores[possible], strict=True):
        assert answerable[0][i]
        assert answerable[0][j]
        assert i <= j < i + longest
        assert score == pytest.approx(start[0][i] * end[0][j])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from([*WORDS, ".", "Üß", "서울"]), min_size=1, max_size=60), st.integers(1, 4), st.booleans()
)
def test_answers_stand_in_the_context(make, words, top_k, by_word):
    context = "york " + " ".join(words)
    question = {"question": "who sent it", "context": context}
    pipe = make("question-answering")
    found = pipe(question, top_k=top_k, max_seq_len=24, doc_stride=6, align_to_words=by_word)
    answers = [found] if isinstance(found, dict) else found
    assert 1 <= len(answers) <= top_k
    assert [a["score"] for a in answers] == sorted((a["score"] for a in answers), reverse=True)
    for answer in answers:
        assert answer["answer"] == context[answer["start"] : answer["end"]]
        assert math.isfinite(answer["score"])


def test_whole_pipeline_against_brute_force(make, tokenizer):
    """One window, from the model's own logits, without the pipeline's code."""
    pipe, question = make("question-answering"), "who sent it"
    encoded = tokenizer(question, CONTEXT, return_offsets_mapping=True, return_tensors="pt")
    offsets = encoded.pop("offset_mapping")[0].tolist()
    output = pipe.model(**{name: encoded[name] for name in tokenizer.model_input_names})
    allowed = torch.tensor([part == 1 or place == 0 for place, part in enumerate(encoded.sequence_ids())])
    start, end = (
        torch.where(allowed, logits[0].detach(), torch.tensor(-1e4)).softmax(-1)
        for logits in (output.start_logits, output.end_logits)
    )
    in_context = allowed.clone()
    in_context[0] = False
    score, first, last = brute_force(start.tolist(), end.tolist(), in_context.tolist(), 15)[0]
    answer = pipe(question, CONTEXT, align_to_words=False)
    assert (answer["start"], answer["end"]) == (offsets[first][0], offsets[last][1])
    assert answer["score"] == pytest.approx(score, rel=1e-4)
    null = pipe(question, CONTEXT, handle_impossible_answer=True, top_k=50)
    empty = [item["score"] for item in null if (item["start"], item["end"]) == (0, 0)]
    assert max(empty) == pytest.approx((start[0] * end[0]).item(), rel=1e-4)


# ---------------------------------------------------------------- text to text


def test_keys_tensors_and_several_sequences(make):
    for task, name in (
        ("summarization", "summary"),
        ("translation", "translation"),
        ("text2text-generation", "generated"),
    ):
        pipe = make(task)
        assert [list(item) for item in pipe("Late.", max_new_tokens=3)] == [[f"{name}_text"]]
        ids = pipe("Late.", return_tensors=True, max_new_tokens=3)[0][f"{name}_token_ids"]
        assert isinstance(ids, torch.Tensor)
        assert ids.ndim == 1
        several = pipe(["Late.", "Two."], num_beams=2, num_return_sequences=2, max_new_tokens=3)
        assert [len(item) for item in several] == [2, 2]


def test_the_prefix_of_the_task_survives_a_second_pipeline(make):
    first = make("summarization")
    second = pipeline("summarization", model=first.model, tokenizer=first.tokenizer, device="cpu")
    assert first.prefix == second.prefix == "summarize: "
    assert first("Late.", max_new_tokens=5) == second("Late.", max_new_tokens=5)


def test_two_pipelines_do_not_change_the_model(make):
    pipe = make("summarization", num_beams=2)
    before = pipe.model.generation_config.to_dict()
    pipe("Late.", max_new_tokens=3)
    assert pipe.model.generation_config.to_dict() == before


@pytest.mark.parametrize(
    ("task", "text", "more", "message"),
    [
        ("summarization", "Late.", {"max_length": 30}, "a summary should be shorter"),
        ("summarization", "Late.", {"max_length": 5, "max_new_tokens": None}, "min_length=6 is greater"),
        ("translation", "Late. " * 9, {"max_new_tokens": 5}, "raise max_new_tokens"),
    ],
)
def test_warnings_about_lengths(make, task, text, more, message):
    said = []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())
    logger = logging.getLogger("transformers.pipelines.text2text")
    transformers.logging.set_verbosity_warning()
    logger.addHandler(handler)
    try:
        make(task)(text, **more)
    finally:
        logger.removeHandler(handler)
    assert any(message in line for line in said)


def test_stop_sequence_of_several_tokens_warns(make):
    with pytest.warns(UserWarning, match="stops at the first one"):
        make("summarization")("Late.", stop_sequence="broken the bridge", max_new_tokens=3)


def test_languages_come_from_the_task_or_the_call(make):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pipe = make("translation_en_to_fr")
    assert pipe._preprocess_params == {"src_lang": "en", "tgt_lang": "fr"}
    assert pipe._sanitize_parameters(src_lang="ko")[0] == {"src_lang": "ko"}
    assert make("translation")._preprocess_params == {}
