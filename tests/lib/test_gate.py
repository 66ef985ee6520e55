"""Whatever libraries hand over is answered text by text, or the message says how to hand it over; in all nine tasks."""

import re
import unicodedata
from collections import deque
from pathlib import Path

import datasets
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch
import transformers
from cases import LIBRARIES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny_models import CLASSES, SMALL, maker, save, tiny_model, word_tokenizer

from course_lib.data.example_letter import LETTER
from course_lib.pipelines import pipeline
from course_lib.pipelines.capitals import in_capitals, normal_case
from course_lib.pipelines.inputs import check_readable, letter_by_letter
from course_lib.pipelines.sentences import parts, split, to_translate
from course_lib.pipelines.unicode import composed

TASKS = [task for task in (*CLASSES, "text-generation") if task != "question-answering"]
TASKS += ["summarization", "translation_en_to_fr"]
EXTRA = {"zero-shot-classification": {"candidate_labels": ["good", "bad"]}}
EXTRA["text-generation"] = {"max_new_tokens": 2, "do_sample": False}
EXTRA |= {task: {"max_new_tokens": 2, "num_beams": 1} for task in ("summarization", "translation_en_to_fr")}


pytestmark = pytest.mark.usefixtures("quiet")


@pytest.fixture(scope="module")
def make():
    return maker()


def texts_for(task):
    mask = " [MASK]" if task == "fill-mask" else ""
    return [f"the parcel arrived late{mask}", f"two cups are broken{mask}", f"who sent it please{mask}"]


# ---------------------------------------------------------------- what is handed over

HOLDERS = {
    "tuple": tuple,
    "array of strings": np.array,
    "array of objects": lambda texts: np.array(texts, dtype=object),
    "Series": pd.Series,
    "column of a frame": lambda texts: pd.DataFrame({"a": range(3), "text": texts}, index=[7, 3, 5])["text"],
    "column of a data set": lambda texts: datasets.Dataset.from_dict({"text": texts})["text"],
    "column of a stream": lambda texts: datasets.Dataset.from_dict({"text": texts}).to_iterable_dataset()["text"],
    "generator": lambda texts: (text for text in texts),
    "iterator": lambda texts: map(str, texts),
    "deque": deque,
    "values of a dictionary": lambda texts: dict(enumerate(texts)).values(),
}


@pytest.mark.parametrize("task", TASKS)
def test_one_answer_for_each_text_whatever_holds_them(make, task):
    pipe, texts, more = make(task), texts_for(task), EXTRA.get(task, {})
    wanted = pipe(texts, **more)
    assert len(wanted) == 3
    for name, holder in HOLDERS.items():
        found = list(pipe(holder(texts), **more))
        found = [
            one[0] if task in EXTRA and task[:4] in ("summ", "tran") and isinstance(one, list) else one for one in found
        ]
        assert str(found) == str(wanted), name
    assert str(pipe(np.str_(texts[0]), **more)) == str(pipe(texts[0], **more))


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize(
    ("wrong", "advice"),
    [
        (Path("letter.txt"), "path.read_text"),
        (b"late", "decode|Expected a text"),
        ({"late", "good"}, r"sorted\(texts\)"),
        (pd.DataFrame({"text": ["late"], "n": [1]}), r'pipe\(table\["text"\]\)'),
        (pa.table({"text": ["late"], "n": [1]}), r'pipe\(table\["text"\]\)'),
        (datasets.Dataset.from_dict({"body": ["late"]}), r'pipe\(table\["body"\]\)'),
        (
            datasets.Dataset.from_dict({"text": ["late"]}).to_iterable_dataset(),
            r'pipe\(row\["text"\] for row in table\)',
        ),
        (np.array([["late", "good"]]), r"array\[:, 0\]"),
        (np.array([1.0, 2.0]), "item 0 of the list is 1.0"),
        (pd.Series(["late", None]), "item 1 of the list"),
        (Ellipsis, "Expected a text"),
        ({"body": "late"}, "Expected"),
    ],
)
def test_what_holds_no_texts_is_refused_with_advice(make, task, wrong, advice):
    with pytest.raises((TypeError, ValueError), match=advice) as error:
        make(task)(wrong, **EXTRA.get(task, {}))
    assert len(str(error.value)) < 400


@pytest.mark.parametrize("task", [task for task in TASKS if task != "text-generation"])
def test_a_list_in_a_list_is_refused(make, task):
    with pytest.raises(TypeError, match="item 0 of the list is"):
        make(task)([["late", "good"]], **EXTRA.get(task, {}))


class PolarsFrame:
    """A DataFrame of Polars, as far as it is asked: its `to_dict` takes no "records", a loop gives columns."""

    def __init__(self, rows):
        self.rows, self.columns = rows, list(rows[0])

    def to_dicts(self):
        return self.rows

    def to_dict(self, *, as_series=True):
        return {name: [row[name] for row in self.rows] for name in self.columns}

    def __len__(self):
        return len(self.rows)

    def __iter__(self):
        return iter(self.to_dict().values())


def test_questions_come_in_columns_and_rows(make):
    pipe, contexts = make("question-answering"), ["anna lives in york", "two cups are broken"]
    rows = [{"question": "who", "context": context} for context in contexts]
    wanted = pipe(rows)
    frame, table = pd.DataFrame(rows), datasets.Dataset.from_list(rows)
    assert pipe(frame) == pipe(table) == pipe(tuple(rows)) == list(pipe(table.to_iterable_dataset())) == wanted
    arrow = pa.Table.from_pylist(rows)
    assert pipe(arrow) == pipe(arrow.to_batches()[0]) == pipe(PolarsFrame(rows)) == wanted
    assert pipe(question=frame["question"], context=table["context"]) == wanted
    assert pipe(question=arrow["question"], context=arrow["context"]) == wanted
    assert pipe(question=("who", "who"), context=contexts[0]) == [wanted[0]] * 2
    assert pipe(()) == []
    with pytest.raises(TypeError, match="Expected question"):
        pipe(3.5)


def test_words_of_a_text_that_was_split(make):
    pipe = make("ner", aggregation_strategy="simple")
    words = ["anna", "lives", "in", "york"]
    assert pipe(words, is_split_into_words=True) == [pipe(" ".join(words))]


@pytest.mark.parametrize("task", ["ner", "question-answering", "summarization"])
def test_a_batch_size_of_numpy(make, task):
    rows, more = ["late"] * 3, EXTRA.get(task, {})
    if task == "question-answering":
        rows = [{"question": "who", "context": "anna lives in york"}] * 3
    wanted = make(task)(rows, **more, batch_size=2)
    assert make(task)(rows, **more, batch_size=np.int64(2)) == wanted
    assert make(task, batch_size=np.int64(2))(rows, **more) == wanted


@pytest.mark.parametrize("task", ["text-generation", "summarization"])
def test_counts_of_numpy_reach_generation(make, task):
    counts = {"num_return_sequences": 1, "no_repeat_ngram_size": 2, "num_beams": 2, "max_new_tokens": 5}
    wanted = make(task)("the parcel arrived late", do_sample=False, **counts)
    counts = {name: np.int64(count) for name, count in counts.items()}
    assert make(task)("the parcel arrived late", do_sample=False, **counts) == wanted


def test_a_batch_size_beyond_all_inputs(make):
    for task in ("ner", "zero-shot-classification", "question-answering"):
        call = (
            {"question": ["who"] * 2, "context": "anna lives in york"} if task[0] == "q" else {"inputs": ["late"] * 2}
        )
        assert len(make(task)(**call, **EXTRA.get(task, {}), batch_size=10**9)) == 2


# ---------------------------------------------------------------- arguments

CALLS = [
    ("sentiment-analysis", {"return_all_scores": True}, TypeError, "top_k=None"),
    ("sentiment-analysis", {"function_to_apply": "softmx"}, ValueError, "Did you mean 'softmax'"),
    ("sentiment-analysis", {"top_k": "2"}, TypeError, "top_k='2'.*whole number"),
    ("zero-shot-classification", {"multi_class": True}, TypeError, "multi_label=True"),
    ("zero-shot-classification", {"hypothesis_template": "It is {label}."}, ValueError, "text with {} where"),
    ("zero-shot-classification", {"hypothesis_template": "It is so."}, ValueError, "no place for a label"),
    ("zero-shot-classification", {"hypothesis_template": "It is {} {"}, ValueError, "no place for a label"),
    ("zero-shot-classification", {"hypothesis_template": "This {} is {}."}, ValueError, "or several.*twice"),
    ("zero-shot-classification", {"hypothesis_template": "A {:d} text."}, ValueError, "text with {} where"),
    ("zero-shot-classification", {"hypothesis_template": "It is {!z}."}, ValueError, "text with {} where"),
    ("zero-shot-classification", {"hypothesis_template": "It is {:{}}."}, ValueError, "text with {} where"),
    ("zero-shot-classification", {"hypothesis_template": 3}, TypeError, "of type int"),
    ("ner", {"ignore_subwords": True}, TypeError, 'aggregation_strategy="first"'),
    ("ner", {"aggregation_strategy": "longest"}, ValueError, "Expected one of: none, simple, first"),
    ("ner", {"aggregation_strategy": "frist"}, ValueError, "Did you mean 'first'"),
    ("ner", {"window": 65}, ValueError, "at most 64, which this model reads"),
    ("ner", {"window": 2}, ValueError, "window=2.*at least 3"),
    ("ner", {"stride": 62}, ValueError, "stride=62.*at most 61"),
    ("ner", {"stride": -1}, ValueError, "stride=-1"),
    ("fill-mask", {"top_k": 50_000}, ValueError, "at most 26, the tokens that the model has"),
    ("fill-mask", {"top_k": "3"}, TypeError, "whole number"),
    ("fill-mask", {"top_k": True}, TypeError, "whole number"),
    ("fill-mask", {"targets": ["toaster"]}, ValueError, r"'toaster' is not one token.*\[UNK\]"),
    ("fill-mask", {"targets": ["late", "서울"]}, ValueError, "'서울' is not one token"),
    ("fill-mask", {"targets": ["late two"]}, ValueError, "'late two' is not one token"),
    ("fill-mask", {"targets": []}, ValueError, "Expected words"),
    ("fill-mask", {"targets": ["[UNK]"]}, ValueError, r"'\[UNK\]' is a special token"),
    ("fill-mask", {"targets": ["late", " [CLS]"]}, ValueError, r"' \[CLS\]' is a special token"),
    ("ner", {"aggregation_strategy": 3}, TypeError, "Expected one of: none, simple, first, average, max"),
    ("ner", {"ignore_labels": "O"}, TypeError, r"of type str.*ignore_labels=\['O'\]"),
    ("ner", {"ignore_labels": 3}, TypeError, "of type int.*Expected labels"),
    ("ner", {"ignore_labels": ["O", "PERSON"]}, ValueError, "'PERSON', which is no label.* of O, B-PER, I-PER:"),
    ("sentiment-analysis", {"function_to_apply": 3}, TypeError, "Expected one of: sigmoid, softmax, none"),
    ("zero-shot-classification", {"candidate_labels": ["\u200b", "late"]}, ValueError, "a label.*is empty to the"),
    ("zero-shot-classification", {"candidate_labels": "late,서울"}, ValueError, "a label.*cannot be read"),
    ("summarization", {"stop_strings": 3}, TypeError, r"stop_strings=3.*Expected a text or a list"),
    ("text-generation", {"stop_strings": []}, ValueError, r"stop_strings=\[\] is empty"),
    ("text-generation", {"stop_strings": ["late", ""]}, ValueError, "has an empty text"),
    ("text-generation", {"stop_strings": [3]}, TypeError, "3, which is not a string"),
    ("question-answering", {"top_k": "3"}, TypeError, "whole number"),
    ("question-answering", {"max_seq_len": 600}, ValueError, "at most 64, which this model reads"),
    ("question-answering", {"doc_stride": -1}, ValueError, "doc_stride=-1"),
    ("question-answering", {"max_answer_len": 2.5}, TypeError, "whole number"),
    ("summarization", {"num_beams": 0}, ValueError, "num_beams=0"),
    ("translation_en_to_fr", {"max_new_tokens": 0}, ValueError, "max_new_tokens=0"),
    ("text-generation", {"num_beams": 0}, ValueError, "num_beams=0"),
    ("text-generation", {"num_return_sequences": "2"}, TypeError, "whole number"),
    ("feature-extraction", {"batch_size": 0}, ValueError, "batch_size=0"),
]


@pytest.mark.parametrize(("task", "arguments", "error", "message"), CALLS)
def test_arguments_that_cannot_be_say_what_can(make, task, arguments, error, message):
    asked = {"question": "who", "context": "anna lives in york"} if task[0] == "q" else {}
    with pytest.raises(error, match=message):
        make(task)(*([] if asked else [texts_for(task)[0]]), **asked, **EXTRA.get(task, {}) | arguments)


@pytest.mark.parametrize(
    ("chat", "error", "message"),
    [
        ([{"role": "user"}], ValueError, "item 0 of the list has no 'content'"),
        ([{"role": "user", "content": "hi"}, {"content": "hi"}], ValueError, "item 1 of the list has no 'role'"),
        ([{"role": "user", "content": None}], TypeError, "'content' of item 0 of the list is None"),
        ([{"role": None, "content": "hi"}], TypeError, "'role' of item 0 of the list is None"),
        ([{"role": "user", "content": ["hi"]}], TypeError, "part 0 of 'content' of item 0 of the list is 'hi'"),
        ([{"role": "user", "content": [{"type": "text"}]}], TypeError, "part 0 of 'content' of item 0.* has no text"),
        ([{"role": "user", "content": []}], ValueError, "'content' of item 0 of the list is an empty list"),
        ([{"role": "user", "content": [{"type": "image"}]}], ValueError, "item 0 .*has a part that is no text"),
        ([{"role": "user", "content": ""}], ValueError, "'content' of item 0 of the list is empty"),
        ([{"role": "user", "content": "\u200b"}], ValueError, "'content' of item 0 of the list is empty to the model"),
        ([{"role": "user", "content": "서울"}], ValueError, "'content' of item 0 of the list cannot be read"),
        ([{"role": "system", "content": ""}], ValueError, "no message of the chat has text"),
        ({"role": "user", "content": "hi"}, TypeError, "a list of messages"),
        ([[]], TypeError, "neither texts, nor messages"),
        ([["late"]], TypeError, "neither texts, nor messages"),
        (["late", {"role": "user", "content": "hi"}], TypeError, "neither texts, nor messages"),
    ],
)
def test_chats_that_lack_something(make, chat, error, message):
    with pytest.raises(error, match=message):
        make("text-generation")(chat)


TAKES_TEXT = "{% for m in messages %}{{ m['role'] + ' ' + m['content'] + ' ' }}{% endfor %}"
TAKES_PARTS = (
    "{% for m in messages %}{{ m['role'] + ' ' }}"
    "{% if m['content'] is string %}{{ m['content'] }}{% else %}"
    "{% for part in m['content'] %}{{ part['text'] if part['type'] == 'text' else part['type'] }} {% endfor %}"
    "{% endif %}{% endfor %}"
)


def test_text_in_parts_is_joined_where_the_template_takes_none(make):
    pipe, more = make("text-generation"), {"max_new_tokens": 2, "do_sample": False}
    pipe.tokenizer.chat_template = TAKES_TEXT
    parts_of = [{"type": "text", "text": "the parcel"}, {"type": "text", "text": "arrived late"}]
    chat = [{"role": "user", "content": parts_of}]
    whole = [{"role": "user", "content": "the parcel\narrived late"}]
    assert pipe(chat, **more) == pipe(whole, **more) == pipe((message for message in chat), **more)
    assert pipe([chat, whole], **more) == [pipe(whole, **more)] * 2
    begun = [*chat, {"role": "assistant", "content": parts_of[:1]}]
    assert pipe(begun, **more)[0]["generated_text"][1]["content"].startswith("the parcel")
    pipe.tokenizer.chat_template = TAKES_PARTS
    assert pipe(chat, **more)[0]["generated_text"][0] == chat[0], "as given"
    assert pipe([{"role": "user", "content": [{"type": "image"}]}], **more)[0]["generated_text"]


def test_what_others_than_the_user_say_may_be_empty(make):
    pipe, more = make("text-generation"), {"max_new_tokens": 2, "do_sample": False}
    pipe.tokenizer.chat_template = TAKES_TEXT
    said = ("system", ""), ("user", "late"), ("assistant", ""), ("ipython", ""), ("assistant", "")
    chat = [{"role": role, "content": text} for role, text in said]
    assert pipe(chat, **more)[0]["generated_text"][:4] == chat[:4]


def test_a_template_that_would_write_parts_as_json_gets_text(make):
    pipe, more = make("text-generation"), {"max_new_tokens": 2, "do_sample": False}
    chat, whole = ([{"role": "user", "content": given}] for given in ([{"type": "text", "text": "late"}], "late"))
    pipe.tokenizer.chat_template = TAKES_TEXT.replace("m['content']", "(m['content'] | tojson)")
    assert pipe(chat, **more) == pipe(whole, **more)


def test_what_stands_around_a_label_need_not_be_known(make):
    for template in ("👉 {}", "서울 {}"):
        answer = make("zero-shot-classification")("late", ["late", "anna"], hypothesis_template=template)
        assert sorted(answer["labels"]) == ["anna", "late"]


def test_a_chat_of_a_generator_is_checked_too(make):
    with pytest.raises(ValueError, match="'content' of item 0 of the list is empty"):
        list(make("text-generation")(chat for chat in [[{"role": "user", "content": "\u200b"}]]))


@pytest.mark.parametrize("task", ["text-generation", "summarization"])
def test_stop_strings_stop_wherever_they_are_given(make, task):
    words = transformers.AutoTokenizer.from_pretrained(SMALL / "t5")  # of pieces, as stop strings expect

    def build(**given):
        if task == "summarization":
            return make(task, **given)
        return pipeline(task, model=tiny_model(task, len(words)), tokenizer=words, device="cpu", **given)

    more = {"max_new_tokens": 12, "min_new_tokens": 12, "num_beams": 1, "do_sample": False}
    name = "summary_text" if task == "summarization" else "generated_text"
    text = "Late." if task == "summarization" else "the parcel arrived late"
    whole = build()(text, **more)[0][name]
    begin = 0 if task == "summarization" else len(text)
    stop = whole[begin + 3 : begin + 5]
    wanted = build()(text, stop_strings=[stop], **more)[0][name]
    assert whole.startswith(wanted)
    assert wanted != whole
    settings_of = transformers.GenerationConfig(stop_strings=[stop], **more)
    for call in (
        lambda: build(stop_strings=[stop])(text, **more),
        lambda: build(stop_strings=np.array([stop]))(text, **more),
        lambda: build()(text, stop_strings=stop, **more),
        lambda: build()(text, generation_config=settings_of),
        lambda: build(generation_config=settings_of)(text),
    ):
        assert call()[0][name] == wanted
    with pytest.raises(ValueError, match="is empty"):
        build()(text, generation_config=transformers.GenerationConfig(stop_strings=[]))
    with pytest.raises(TypeError, match="stop_strings=3"):
        build(stop_strings=3)


def test_stop_strings_stop(make):
    pipe = make("summarization")
    whole = pipe("Late.", max_new_tokens=12, num_beams=1)[0]["summary_text"]
    stop = whole[3:5]
    cut = pipe("Late.", max_new_tokens=12, num_beams=1, stop_strings=[stop])[0]["summary_text"]
    assert whole.startswith(cut)
    assert len(cut) < len(whole)


def test_targets_are_the_only_answers(make):
    found = make("fill-mask")("the parcel [MASK] late", targets=np.array(["cups", "LATE"]))
    assert {entry["token_str"] for entry in found} == {"cups", "late"}


@pytest.mark.parametrize(
    "wrong", ["/no/such/folder", "./none", Path("none/at/all"), "~/none-at-all", "~nobody-of-this-name/x", "a/b/c"]
)
def test_a_folder_that_is_not_there(wrong):
    with pytest.raises(ValueError, match="there is no such folder"):
        pipeline("ner", model=wrong)


@pytest.mark.parametrize("name", ["tokenizer", "config", "feature_extractor", "assistant_model"])
@pytest.mark.parametrize("wrong", ["/no/such/folder", Path("none/at/all")])
def test_a_folder_beside_the_model_that_is_not_there(name, wrong):
    with pytest.raises(ValueError, match=f"{name}=.*: there is no such folder.*a loaded {name}"):
        pipeline("text-generation", model="owner/name", **{name: wrong})
    if name == "tokenizer":
        with pytest.raises(ValueError, match="there is no such folder"):
            pipeline("ner", model="owner/name", tokenizer=(wrong, {"use_fast": True}))


def test_a_tokenizer_and_a_config_of_a_folder(tmp_path):
    save("ner", tmp_path / "model")
    word_tokenizer().save_pretrained(tmp_path / "words")  # no config.json
    whole, text = pipeline("ner", model=tmp_path / "model"), "anna lives in york"
    for more in ({"tokenizer": tmp_path / "words"}, {"config": tmp_path / "model" / "config.json"}):
        assert str(pipeline("ner", model=tmp_path / "model", **more)(text)) == str(whole(text))


def test_labels_that_are_ignored(make):
    pipe, text = make("ner"), "anna lives in york"
    every = {entity["entity"] for entity in pipe(text, ignore_labels=[])}
    assert every <= {"O", "B-PER", "I-PER"}
    for label in every:
        found = pipe(text, ignore_labels=np.array([label]))
        assert {entity["entity"] for entity in found} == every - {label}
    groups = pipe(text, ignore_labels=("PER",), aggregation_strategy="simple")
    assert "PER" not in {entity["entity_group"] for entity in groups}


def test_folders_without_a_model(tmp_path):
    with pytest.raises(ValueError, match="without config.json"):
        pipeline("ner", model=tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(ValueError, match="is a file. Give the folder"):
        pipeline("ner", model=str(tmp_path / "model.safetensors"))


# ---------------------------------------------------------------- answers that were wrong without a word


def test_a_text_in_a_batch_has_its_own_rows_only(make):
    pipe, texts = make("feature-extraction"), ["late", "the parcel arrived late and two cups are broken"]
    for tensors in (False, True):
        together = pipe(texts, batch_size=2, return_tensors=tensors)
        for alone, text in zip(together, texts, strict=True):
            wanted = np.array(pipe(text))  # (1, token, width)
            assert np.array(alone).shape == wanted.shape
            assert np.allclose(np.array(alone), wanted, atol=1e-5)


def test_several_masks_leave_the_ends_out(make):
    for row in make("fill-mask")("the [MASK] arrived [MASK]", top_k=2):
        for entry in row:
            assert entry["sequence"].startswith("the")
            assert entry["sequence"].count("[MASK]") == 1
            assert entry["token_str"] in entry["sequence"]


@pytest.mark.parametrize(
    "task", ["feature-extraction", "ner", "sentiment-analysis", "text-generation", "zero-shot-classification"]
)
def test_a_text_of_which_every_token_is_unknown(make, task):
    with pytest.raises(ValueError, match=r"cannot be read by this model.*\[UNK\]"):
        make(task)("서울은 멀다", **EXTRA.get(task, {}))


@pytest.mark.parametrize("name", ["text", "text_pair"])
def test_texts_of_a_pair_are_read_as_plain_ones(make, name):
    pipe = make("sentiment-analysis")
    for wrong, message in (
        ("서울", "cannot be read"), ("\u200b", "is empty to the model"), ("", "is empty"), (" ", "is empty")
    ):  # fmt: skip
        pair = {"text": "late", "text_pair": "good"} | {name: wrong}
        for given_pair in (pair, [pair], (one for one in [pair])):
            with pytest.raises(ValueError, match=f"'{name}' of .*{message}"):
                list(pipe(given_pair))
    seen, call = [], pipe.tokenizer.__class__.__call__
    pipe.tokenizer.__class__ = type("Seen", (pipe.tokenizer.__class__,), {
        "__call__": lambda self, *args, **more: seen.append(more) or call(self, *args, **more)
    })  # fmt: skip
    assert pipe({"text": "late", "text_pair": "good"} | {name: np.str_("late cafe\u0301")})
    assert seen[-1][name] == "late café"


def test_a_tokenizer_that_is_written_in_python_reads_as_well():
    tokenizer = transformers.ByT5Tokenizer()
    assert not hasattr(tokenizer, "backend_tokenizer")
    check_readable("서울 at night", tokenizer, "translation")
    with pytest.raises(ValueError, match="is empty to the model"):
        check_readable("", tokenizer, "translation")


def test_emptiness_that_is_not_white_space_and_questions_that_cannot_be_read(make):
    with pytest.raises(ValueError, match="is empty to the model"):
        pipeline("sentiment-analysis")("\u200b\u200d")
    with pytest.raises(ValueError, match="the question cannot be read"):
        make("question-answering")(question="서울", context="anna lives in york")
    with pytest.raises(ValueError, match="cannot be read"):
        pipeline("sentiment-analysis")("🙂 🫠")


def test_a_vocabulary_of_characters_is_read_character_by_character():
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "lamp"]
    characters = [chr(0x4E00 + number) for number in range(4000)]
    found = []
    for count in (4000, 900):
        vocabulary = {word: number for number, word in enumerate([*words, *characters[:count]])}
        tokenizer = transformers.BertTokenizer(vocab=vocabulary)
        tokens = tokenizer.tokenize("".join(characters[:9]))
        assert tokens == characters[:9]
        found.append(letter_by_letter(tokens, tokenizer))
    chinese, english = found
    assert (chinese, english) == (False, True)


SPELT = ["서울은 아름답다", "この本は面白い", "这本书很好", "Это хорошая книга", "كتاب جيد", "यह किताब", "Ελλάδα"]


@pytest.mark.parametrize("task", ["sentiment-analysis", "feature-extraction", "translation_en_to_fr", "summarization"])
def test_a_script_of_which_an_english_model_knows_the_letters_only(task):
    pipe = pipeline(task)
    for text in SPELT:
        with pytest.raises(ValueError, match="cannot be read by this model"):
            pipe(text)


@pytest.mark.parametrize(
    "text", ["She said 안녕 to me.", "the angle α", "5 + 3 = 8", "Ça va, François?", "a b c", "Łódź"]
)
def test_a_few_letters_of_another_script_do_not_matter(text):
    assert pipeline("sentiment-analysis")(text)[0]["score"] > 0


@pytest.mark.parametrize("context", [*SPELT, "안나는 파리에 삽니다.", "安娜住在巴黎。", "བོད་ཀྱི་སྐད་ཡིག་འདི་ཡིན།"])
def test_a_context_of_which_the_model_knows_the_letters_only(reader, context):
    with pytest.raises(ValueError, match="the context cannot be read by this model"):
        reader(question="Where is Anna?", context=context)
    assert reader(question="Where is Anna?", context=f"Anna is in Paris. {context}")["answer"] == "Paris"


def test_a_context_without_spaces_gets_a_remark(make):
    with pytest.warns(UserWarning, match="without spaces between words"):
        make("question-answering")(question="who", context="anna さんはヨークにすんでいます late")


@pytest.fixture(scope="module")
def tagger():
    return pipeline("ner", aggregation_strategy="max")


def names(found):
    return [(entity["entity_group"], entity["start"], entity["end"]) for entity in found]


def test_windows_give_what_one_reading_gives_where_context_does_not_matter(make, monkeypatch):
    """A model that looks at each token alone: cutting and putting together must not be seen."""
    pipe = make("ner")
    table = torch.randn(len(pipe.tokenizer), 3, generator=torch.Generator().manual_seed(1))
    answer = lambda input_ids, **_: {"logits": table[input_ids]}  # noqa: E731
    monkeypatch.setattr(pipe.model, "forward", answer)
    text = " ".join(["the parcel arrived late two cups are broken who sent it anna"] * 4)
    for broken in (text, text.replace("who", "\n\nwho")):
        for strategy in ("none", "simple", "first"):
            whole = pipe(broken, aggregation_strategy=strategy)
            for window, stride, batch in ((9, 2, 1), (16, 0, 3), (20, 5, 1)):
                more = {"window": window, "stride": stride, "batch_size": batch}
                found = pipe(broken, aggregation_strategy=strategy, **more)
                assert [(one["word"], one["start"]) for one in found] == [(one["word"], one["start"]) for one in whole]
                assert found == whole or "\n" in broken, "at a blank line scores are averaged over other neighbours"


@pytest.mark.parametrize("nothing", ["\ufeff", "\u200b", "\x00", "\ufeff\n\n\u200b"])
def test_a_paragraph_without_a_token_moves_no_place_and_no_number(tagger, nothing):
    """A byte order mark or zero width before, between and after paragraphs that are longer than a window."""
    long = "Pieter Claes lives in York and works there with Anna. " * 40
    one, alone = tagger(long), tagger(long, aggregation_strategy="none")
    shift = len(nothing) + 2
    assert names(tagger(f"{nothing}\n\n{long}")) == [(kind, at + shift, to + shift) for kind, at, to in names(one)]
    assert tagger(f"{long}\n\n{nothing}") == one
    assert tagger(f"{long}\n\n{nothing}\n\n{long}") == [
        {**entity, "start": entity["start"] + by, "end": entity["end"] + by}
        for by in (0, len(long) + shift + 2)
        for entity in one
    ]
    marked = tagger(f"{nothing}\n\n{long}", aggregation_strategy="none")
    assert [entity["index"] for entity in marked] == [entity["index"] for entity in alone]


def test_joined_passages_keep_their_names(tagger):
    alone, joined = set(), "\n\n".join(LIBRARIES)
    for passage in LIBRARIES:
        start = joined.index(passage)
        alone |= {(kind, start + first, start + last) for kind, first, last in names(tagger(passage))}
    found = set(names(tagger(joined)))
    assert len(alone) >= 24
    assert len(alone & found) >= 0.95 * len(alone)
    assert len(found - alone) <= 0.05 * len(alone)


def test_loose_accents_are_read_as_composed_ones(tagger):
    text = "François Lefèvre flew from São Paulo to Łódź with José."
    loose = unicodedata.normalize("NFD", text)
    wanted = [(kind, text[start:end]) for kind, start, end in names(tagger(text))]
    assert len(wanted) >= 3
    found = [(kind, unicodedata.normalize("NFC", loose[start:end])) for kind, start, end in names(tagger(loose))]
    assert found == wanted


PLAIN = {
    "The ﬁrst oﬃce ﬂoor, oﬀ": "The first office floor, off",
    "Ｔｈｅ ｌａｍｐ ｉｓ ｂｒｏｋｅｎ．": "The lamp is broken.",
    "（ＵＳＢ２）！": "(USB2)!",
    "𝗟𝗮𝗺𝗽 𝟮": "Lamp 2",
    "wiﬁ\u0301": "wifí",
}


@pytest.mark.parametrize(("given_text", "wanted"), PLAIN.items())
def test_ligatures_and_letters_of_other_widths_are_read_as_plain_ones(given_text, wanted):
    made = composed(given_text)
    assert made.text == wanted
    assert made.given(0, len(wanted)) == (0, len(given_text))


@pytest.mark.parametrize("text", ["10 m², ½ … ™ ① ª № ℹ️", "你好！（谢谢）", "ℝ and Ⅷ", "ｶﾅ", "I²"])
def test_what_is_no_form_of_a_plain_letter_stays(text):
    assert composed(text).text == text


def test_places_of_a_ligature_are_those_of_the_given_text(tagger, reader):
    text = "Anna Griﬃth lives in Cardiﬀ."
    made = composed(text)
    assert text[slice(*made.given(*re.search("Griffith", made.text).span()))] == "Griﬃth"
    assert text[slice(*made.given(*re.search("fith", made.text).span()))] == "ﬃth"
    assert {text[start:end] for _, start, end in names(tagger(text))} == {"Anna Griﬃth", "Cardiﬀ"}
    found = reader(question="Who lives in Cardiff?", context=text)
    assert text[found["start"] : found["end"]] == found["answer"] == "Anna Griﬃth"


def test_full_width_letters_can_be_read(tagger):
    text = "Ａｎｎａ lives in Ｙｏｒｋ."
    assert [text[start:end] for _, start, end in names(tagger(text))] == ["Ａｎｎａ", "Ｙｏｒｋ"]
    wide, narrow = "ａ ｇｏｏｄ ｂｏｏｋ", "a good book"
    assert pipeline("sentiment-analysis")([wide])[0] == pipeline("sentiment-analysis")([narrow])[0]


@settings(max_examples=150, deadline=None)
@given(st.text("aeéoåñ각ᄀ\u1161\u11a8\u0301\u030a\u0327 \u0915\u093c.", max_size=12))
def test_places_in_the_given_text_hold_the_composed_characters(text):
    made = composed(text)
    assert made.text in (unicodedata.normalize("NFC", text), text)
    for place in range(len(made.text)):
        start, end = made.given(place, place + 1)
        assert unicodedata.normalize("NFC", made.text[place]) in unicodedata.normalize("NFC", text[start:end])
    if made.text:
        assert made.given(0, len(made.text)) == (0, len(text))


@pytest.fixture(scope="module")
def reader():
    return pipeline("question-answering")


def test_scores_are_probabilities_and_the_old_sum_can_be_had(reader):
    asked = {"question": "How old did the mother turn?", "context": LETTER, "max_seq_len": 140, "doc_stride": 80}
    assert 0 <= reader(**asked)["score"] <= 1
    assert reader(**asked, legacy=True)["score"] > 1


def test_one_fact_in_a_long_text_is_found(reader):
    kinds = ("library", "mill", "harbour", "school", "chapel", "museum")
    filler = [f"In {1800 + n} the {kinds[n % 6]} of the town got a new roof and {n + 2} windows." for n in range(60)]
    context = " ".join([*filler[:40], "Pieter Claes designed the blue lamp.", *filler[40:]])
    assert len(reader.tokenizer(context)["input_ids"]) > 2 * reader.trained_window  # one of several windows has it
    found = reader(question="Who designed the blue lamp?", context=context)
    assert found["answer"] == "Pieter Claes"
    assert found["score"] > 0.8


def test_an_accent_is_not_cut_off_an_answer(reader):
    context = unicodedata.normalize("NFD", "José Núñez lives in York. Anna lives in Leeds.")
    found = reader(question="Who lives in York?", context=context)
    assert found["answer"] == context[found["start"] : found["end"]]
    assert unicodedata.normalize("NFC", found["answer"]).startswith("José")


# ---------------------------------------------------------------- translation, sentence by sentence


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("Mr. Claes came. He left.", ["Mr. Claes came.", "He left."]),
        ("It costs 3.50 euros. Really?! Yes.", ["It costs 3.50 euros.", "Really?!", "Yes."]),
        ('She said "no." Then she left.', ['She said "no."', "Then she left."]),
        ("See e.g. the lamp, J. Smith etc. and so on.", ["See e.g. the lamp, J. Smith etc. and so on."]),
        ("Was it late? No. It was early.", ["Was it late?", "No.", "It was early."]),
        ("Read No. 5. Then see nos. 6 and 7.", ["Read No. 5.", "Then see nos. 6 and 7."]),
        ("He said no. 12 people agreed.", ["He said no.", "12 people agreed."]),
        ('He said "No." "5 came late."', ['He said "No."', '"5 came late."']),
        ("no full stop", ["no full stop"]),
        ("", []),
    ],
)
def test_sentences(line, wanted):
    assert split(line) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1. Buy milk.", [("1. ", "Buy milk.", "")]),
        ("\n1. Buy milk. 2. Come.", [("\n1. ", "Buy milk.", " "), ("2. ", "Come.", "")]),
        ("- 1.2. BUY MILK!\n3. Come.", [("- 1.2. ", "Buy milk!", "\n"), ("3. ", "Come.", "")]),
        ("How many? 3. He left.", [("", "How many?", " "), ("3. ", "He left.", "")]),
        ("He came in 1990. He left.", [("", "He came in 1990.", " "), ("", "He left.", "")]),
        ("How many? 3.", [("", "How many?", " "), ("", "3.", "")]),
        ("3.\nHe left.", [("", "3.", "\n"), ("", "He left.", "")]),
        ("1.50 euros. It is cheap.", [("", "1.50 euros.", " "), ("", "It is cheap.", "")]),
    ],
)
def test_the_number_of_a_list_item_is_kept_and_no_sentence(text, wanted):
    assert [(part.before, part.sentence, part.after) for part in parts(text)] == wanted


@pytest.mark.parametrize("line_break", [*"\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029", "\r\n"])
def test_every_line_break_of_python_ends_a_line_and_is_kept(line_break):
    text = f"Anna came{line_break}Bob left."
    assert text.splitlines() == ["Anna came", "Bob left."]
    assert [(part.sentence, part.after) for part in parts(text)] == [("Anna came", line_break), ("Bob left.", "")]


@pytest.mark.parametrize("nothing", ["\ufeff", "\u200b", "\u2060", "\xad"])
def test_what_cannot_be_seen_does_not_cut_a_word(nothing):
    assert [part.sentence for part in parts(f"The la{nothing}mp{nothing} is here.")] == ["The lamp is here."]


PIECES = ["Anna came.", "so", "It is late!", " ", "\t", "\n", "\r\n", "\n\n", "HELP ME", "Mr.", "No.", "1.", "- 2.3."]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PIECES)))
def test_sentences_and_what_is_between_them_are_the_text(pieces):
    text = "".join(pieces)
    made = parts(text)
    again = "".join(
        part.before + (part.sentence.upper() if part.capitals else part.sentence) + part.after for part in made
    )
    assert again.split() == text.split() or "HELP" in text
    assert again.casefold().split() == text.casefold().split()
    breaks = re.sub(r"(?<=[^\W\d_])(?:\r\n|\n)[ \t]*(?=[a-z])", " ", text.strip())
    if text.strip():
        assert re.findall(r"\r\n|\n", again.strip()) == re.findall(r"\r\n|\n", breaks)


@pytest.fixture(scope="module")
def translator():
    return pipeline("translation_en_to_fr")


def test_a_list_is_translated_item_by_item_with_its_numbers(translator):
    milk, call = "Buy milk.", "Call the neighbour before the holidays."
    first, second = (translator(text)[0]["translation_text"] for text in (milk, call))
    wanted = f"1. {first} 2. {second}"
    assert translator(f"1. {milk} 2. {call}")[0]["translation_text"] == wanted
    assert translator(f"1. {milk}\n2. {call}")[0]["translation_text"] == f"1. {first}\n2. {second}"


def test_a_text_that_stays_whole_keeps_the_numbers_of_its_list(make, monkeypatch):
    pipe, seen = make("translation_en_to_fr"), []
    encoded = pipe._encoded
    monkeypatch.setattr(pipe, "_encoded", lambda text, *more: seen.append(text) or encoded(text, *more))
    found = pipe("1. Buy milk. 2. Come.", num_return_sequences=2, num_beams=2, max_new_tokens=2)
    assert seen == ["Buy milk. 2. Come."]
    assert [one["translation_text"][:3] for one in found] == ["1. ", "1. "]


def test_what_has_no_letter_is_kept_as_it_stands(translator):
    man = translator("The man is sleeping.")[0]["translation_text"]
    text = "🙂🙂\n\nThe man is sleeping.\n--  5  --\n***\n１２．\n"
    assert translator(text)[0]["translation_text"] == text.replace("The man is sleeping.", man)
    alone = ["...", "--- 5 ---", " 🙂\n*** ", "84,50 €", "-" * 3000]
    assert [one["translation_text"] for one in translator(alone, batch_size=2)] == alone
    assert translator("...", num_return_sequences=2, num_beams=2) == [{"translation_text": "..."}] * 2
    (ids,) = translator("...", return_tensors=True)[0].values()
    assert translator.tokenizer.decode(ids, skip_special_tokens=True) == "..."


def test_a_sentence_that_cannot_be_read_is_named(translator):
    with pytest.raises(ValueError, match=r"the input cannot be read by this model: each word of '램프가 고장"):
        translator("램프가 고장났습니다.")
    for text in ("***\nThe lamp is broken.\n램프가 고장났습니다. 5!", "It is late.\n\n(램프가) 5.\nCome."):
        with pytest.raises(ValueError, match=r"sentence \d of the input cannot be read.*램프가.*Give a text"):
            translator(text)
        with pytest.raises(ValueError, match="cannot be read"):
            translator(text, num_return_sequences=2)


@pytest.mark.parametrize("task", ["summarization", "text2text-generation"])
def test_a_text_without_a_word_or_number_is_not_rewritten(make, task):
    for text in ("...", "-----", "?!"):
        with pytest.raises(ValueError, match="neither a word nor a number. Expected a text"):
            make(task)(text)


@pytest.mark.parametrize(
    ("text", "whole", "wanted"),
    [
        (
            "***\nAnna came.\n--  5\n🙂\nBob left. ",
            False,
            [("***\n", "Anna came.", "\n--  5\n🙂\n"), ("", "Bob left.", "")],
        ),
        ("***\nAnna came.\n--  5\nBob left.\n🙂", True, [("***\n", "Anna came. --  5 Bob left.", "\n🙂")]),
        ("\n1. Buy milk. 2. Come.\n5.", True, [("\n1. ", "Buy milk. 2. Come.", "\n5.")]),
        (" 🙂\n\n***", False, [(" 🙂\n\n***", "", "")]),
    ],
)
def test_wordless_parts_go_to_their_neighbours(text, whole, wanted):
    assert [(part.before, part.sentence, part.after) for part in to_translate(parts(text), whole)] == wanted


@pytest.fixture(scope="module")
def pieces(translator):
    return translator._pieces


TITLES = ["Mr", "Mrs", "Ms", "Miss", "Dr", "Prof", "St", "Prof."]


@pytest.mark.parametrize(
    ("text", "read", "capitals"),
    [
        ("STOP!", "Stop!", True),
        ("THANKS.", "Thanks.", True),
        ("URGENT", "Urgent", True),
        ("YES!", "Yes!", True),
        ("GO!", "Go!", True),
        ("DO IT!", "Do it!", True),
        ("OPEN THE DOOR FOR Mr SMITH.", "Open the door for Mr Smith.", False),
        ("PLEASE SEND THE iPhone TO MY ADDRESS!", "Please send the iPhone to my address!", False),
        ("The lamp IS BROKEN AND MUST BE REPAIRED.", "The lamp is broken and must be repaired.", False),
        ("WARNING: the lamp is BROKEN.", "Warning: the lamp is broken.", False),
        ("I DON'T WANT A BOX, I'M LATE, Anna.", "I don't want a box, I'm late, Anna.", False),
        ("Our Mr MARTIN lives in PARIS.", "Our Mr Martin lives in Paris.", False),
        ("The new Lamp IS HERE, Anna.", "The new Lamp is here, Anna.", False),
        ("THE USB CABLE IS BROKEN.", "The USB cable is broken.", True),
        ("NASA'S LAMP AND MY PDF ARE HERE!", "NASA's lamp and my PDF are here!", True),
        ("I AM LATE.", "I am late.", True),
        ("AM I LATE?", "Am I late?", True),
        *((f"Our {title} MARTIN.", f"Our {title} Martin.", False) for title in TITLES),
        *((text, text, False) for text in ("USB", "NASA", "PDF", "HDMI", "OK!", "I", "A 4", "IT", "UK")),
        *((text, text, False) for text in ("The PDF, the HDMI and the USB cable.", "NASA is in the US.", "Louis XVI")),
        *((text, text, False) for text in ("See README.md, MP3, a@B.COM and WWW.STOP.ORG.", "The WHO and the EU.")),
    ],
)
def test_words_in_capitals_are_read_as_the_vocabulary_knows_them(pieces, text, read, capitals):
    (part,) = parts(text, english=True, pieces=pieces)
    assert (part.sentence, part.capitals) == (read, capitals)


def test_a_sentence_in_capitals_has_two_words_and_one_of_three_letters():
    assert all(map(in_capitals, ("A MAN.", "THE LAMP", "I AM 5 CMS TALL")))
    assert not any(map(in_capitals, ("MAN.", "A 4", "OK, IT IS.", "A Man.", "THE LAMP is", "1 2 3")))


def test_a_language_without_the_pronoun_i_has_none():
    assert normal_case("AM I LATE? I. NEWTON") == "Am i late? i. newton"
    assert normal_case("AM I LATE? I. NEWTON", english=True) == "Am I late? i. newton"


def test_capitals_stay_where_they_are_as_well_known():
    """A vocabulary of letters, and one that makes all letters small: nothing to gain."""
    for count in (len, lambda word: 1):
        for text in ("STOP!", "The lamp IS BROKEN."):
            assert parts(text, english=True, pieces=count)[0].sentence == text
        assert parts("THE LAMP IS BROKEN.", english=True, pieces=count)[0].sentence == "The lamp is broken."


def test_shouted_words_are_translated(translator):
    pairs = {"STOP!": "Stop!", "The lamp IS BROKEN AND MUST BE REPAIRED.": "The lamp is broken and must be repaired."}
    stop, lamp, small_stop, small_lamp = (one["translation_text"] for one in translator([*pairs, *pairs.values()]))
    assert (stop, lamp) == (small_stop.upper(), small_lamp)


def test_a_ligature_does_not_change_a_translation(translator):
    texts = ["The ﬁrst lamp is broken.", "Ｔｈｅ ｆｉｒｓｔ ｌａｍｐ ｉｓ ｂｒｏｋｅｎ．", "The first lamp is broken."]
    assert len({one["translation_text"] for one in translator(texts)}) == 1


@pytest.mark.parametrize(
    "given_text",
    [
        "The box is open.\tTwo children are playing.",
        "The  box is   open. Two children are playing.",
        "\ufeffThe box is open. Two children are playing.",
        "The box\nis open. Two children\nare playing.",
    ],
)
def test_white_space_does_not_change_a_translation(translator, given_text):
    wanted = " ".join(
        translator(sentence)[0]["translation_text"] for sentence in ("The box is open.", "Two children are playing.")
    )
    assert translator(given_text) == [{"translation_text": wanted}]


def test_nothing_but_zero_width_is_empty_to_a_translator(translator):
    for text in ("\u200b", "\ufeff\u2060"):
        with pytest.raises(ValueError, match="Expected a text with at least one word"):
            translator(text)


def test_line_breaks_stay_and_capitals_come_back(translator):
    alone = {text: translator(text)[0]["translation_text"] for text in ("The box is open.", "Where are my keys?")}
    box, keys = alone.values()
    assert translator("The box is open.\n\nWhere are my keys?\n")[0]["translation_text"] == f"{box}\n\n{keys}\n"
    assert translator("WHERE ARE MY KEYS?")[0]["translation_text"] == keys.upper()
    texts = ["The box is open. Where are my keys?", "Where are my keys?"]
    assert [one["translation_text"] for one in translator(texts, batch_size=2)] == [f"{box} {keys}", keys]
    assert len(translator(texts[0], num_return_sequences=2)) == 2
    assert translator("\n The box is open.\n")[0]["translation_text"] == f"\n{box}\n"
    several = translator("WHERE ARE MY KEYS?\n", num_return_sequences=2)
    assert several[0] == {"translation_text": f"{keys.upper()}\n"}
    assert several[1]["translation_text"].isupper()


def test_no_limit_is_a_limit_of_none_where_texts_are_written(make):
    torch.manual_seed(0)
    drawn = make("text-generation")(texts_for("text-generation")[0], do_sample=True, top_k=0, max_new_tokens=2)
    assert drawn[0]["generated_text"]
    with pytest.raises(ValueError, match="top_k=0"):
        make("fill-mask")(texts_for("fill-mask")[0], top_k=0)


# ---------------------------------------------------------------- anything at all

TEXT = st.sampled_from(["late", "", " ", "the parcel [MASK] late", "서울", "\ud83d", "e\u0301", "good " * 90])
THING = st.recursive(
    TEXT | st.none() | st.booleans() | st.integers() | st.floats() | st.binary(max_size=3) | st.just(Path("late")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.sampled_from(["text", "role", "content", "question", "context"]), inner, max_size=2)
        | st.lists(TEXT, max_size=3).map(np.array)
        | st.lists(TEXT, max_size=3).map(lambda texts: pd.Series(texts, dtype=object))
        | st.lists(inner, max_size=2).map(iter)
    ),
    max_leaves=4,
)
OPTIONS = st.dictionaries(
    st.sampled_from(["top_k", "batch_size", "num_beams", "stride", "window", "max_new_tokens", "aggregation_strategy"]),
    st.sampled_from([0, 1, 2, -1, "3", None, 2.5, 10**9]),
    max_size=1,
)
KNOWS = {
    "ner": ("stride", "window", "aggregation_strategy", "batch_size"),
    "fill-mask": ("top_k", "batch_size"),
    "sentiment-analysis": ("top_k", "batch_size"),
    "question-answering": ("top_k", "batch_size"),
}
GENERATES = ("num_beams", "batch_size")


@pytest.mark.parametrize("task", [*TASKS, "question-answering"])
def test_anything_is_answered_or_refused_with_a_reason(make, task):
    pipe, answered, refused = make(task), 0, 0

    @settings(max_examples=30, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(THING, OPTIONS)
    def ask(thing, options):
        nonlocal answered, refused
        known = GENERATES if "max_new_tokens" in EXTRA.get(task, {}) else KNOWS.get(task, ("batch_size",))
        options = {name: value for name, value in options.items() if name in known and value != 10**9}
        problem, answer = None, None
        try:
            answer = pipe(thing, **EXTRA.get(task, {}) | options)
            list(answer)  # a generator is read only now
        except (ValueError, TypeError) as raised:
            problem = str(raised)
        refused, answered = refused + (problem is not None), answered + (problem is None)
        assert problem is None or re.search(r"[Ee]xpected|Give|Write|Ask", problem), problem
        assert problem is None or len(problem) < 500
        assert problem is not None or hasattr(answer, "__iter__")

    ask()
    assert refused
    assert answered
