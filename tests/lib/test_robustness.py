"""Every task, asked about 200 odd texts and some very long ones: an answer in the documented shape, or a ValueError.

A task is asked on the course's checkpoint as soon as the catalogue has one; until then a small random model stands for
it, with MiniLM's tokenizer where that fits. Of a deep model two layers are enough: what is tested is not its answers.
"""

import math
import re

import numpy as np
import pytest
import transformers
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from tiny_models import SAVED, SMALL, tiny_model

from course_lib.checkpoints import catalogue, checkpoint
from course_lib.data.example_letter import ASKED
from course_lib.pipelines import CHECKPOINTS, pipeline
from course_lib.pipelines.inputs import letter_by_letter
from course_lib.pipelines.unicode import composed

TASKS = sorted(ASKED)
INPUTS = 200


# ---------------------------------------------------------------- the texts

WORDS = "The lamp , Anna lives in York . late ? [MASK] [SEP] [PAD] </s> <|im_end|> <unk> {} %s 84 euros Claes' it's"
EMOJI = "🙂 👩‍👩‍👧‍👦 🇧🇪 👍🏽 1️⃣ ❤️ \u200d \ufe0f \U0001f1e7 🫠"
SCRIPTS = "lamp lámpara лампа λάμπα 램프 电灯 電灯 ランプ โคมไฟ दीपक lampaş ﬁ Ⅷ 𝔩𝔞𝔪𝔭 \U0001e900 \u3164"
RIGHT_TO_LEFT = ["المصباح", "מנורה", "چراغ", "\u202e", "\u202c", "\u2067", "\u200f", "٨٤", "lamp", " "]
INVISIBLE = ["\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\xad", "\U000e0041", "\ue000", "\uffff", "lamp", " "]


def letters(categories: list[str], others: str = "", **more):
    return st.text(st.characters(categories=categories) | st.sampled_from("e " + others), **more)


def made_of(parts: list[str], between: str = "", most: int = 12):
    return st.lists(st.sampled_from(parts), min_size=1, max_size=most).map(between.join)


KINDS = {
    "nearly empty": st.text("\0\t\n\r\x1c\x85\xa0\u2028\u3000\u200b\ufeff .", max_size=4),
    "words": made_of(WORDS.split(), " ", most=40),
    "emoji": made_of(EMOJI.split()),
    "right to left": made_of(RIGHT_TO_LEFT),
    "control characters": letters(["Cc"], max_size=20),
    "punctuation": st.text(st.characters(categories=["P", "S"]), min_size=1, max_size=20),
    "mixed scripts": made_of(SCRIPTS.split(), " ") | made_of(SCRIPTS.split()),
    "combining marks": letters(["Mn", "Me", "Mc"], "aA", min_size=1, max_size=20),
    "invisible characters": made_of(INVISIBLE),
    "halves of characters": letters(["Cs"], "\U0001f642", min_size=1, max_size=8),
}
LONG = {
    "3,000 words": "My lamp is late. " * 750,
    "one word": "lamp" * 2500,
    "emoji": "🙂" * 1000,
    "spaces": "lamp" + " " * 20_000 + "late",
}


# ---------------------------------------------------------------- the ways of asking, and the shapes of the answers


def falls(scores: list[float]) -> bool:
    """Whether these are probabilities, greatest first."""
    return all(0 <= score <= 1 + 1e-5 for score in scores) and scores == sorted(scores, reverse=True)


def features(pipe, text):
    answer = np.array(pipe(text))  # (text, token, feature)
    assert answer.shape == (1, len(pipe.tokenizer(composed(text).text)["input_ids"]), pipe.model.config.hidden_size)
    assert np.isfinite(answer).all()


def filled(pipe, text):
    answer = pipe(text)
    masks = pipe.tokenizer(text)["input_ids"].count(pipe.tokenizer.mask_token_id)
    for row in [answer] if masks == 1 else answer:
        assert [sorted(entry) for entry in row] == [["score", "sequence", "token", "token_str"]] * 5
        assert falls([entry["score"] for entry in row])
        assert all(pipe.tokenizer.decode([entry["token"]]) == entry["token_str"] for entry in row)
        assert all(isinstance(entry["sequence"], str) for entry in row)
    assert masks == 1 or len(answer) == masks


def filled_at_the_end(pipe, text):
    filled(pipe, f"{text} {pipe.tokenizer.mask_token}")


def named(pipe, text, strategy):
    answer, before = pipe(text, aggregation_strategy=strategy), 0
    labels = {label.split("-", 1)[-1] for label in pipe.model.config.id2label.values()} - {"O"}
    for entity in answer:
        assert sorted(entity) == ["end", "entity_group", "score", "start", "word"]
        assert entity["entity_group"] in labels
        assert 0 <= entity["score"] <= 1
        assert isinstance(entity["word"], str)
        assert before <= entity["start"] < entity["end"] <= len(text)
        before = entity["start"]  # not its end: two entities can share a Hangul syllable, which is three tokens


def read(pipe, question, context):
    answer = pipe(question=question, context=context)
    assert sorted(answer) == ["answer", "end", "score", "start"]
    assert 0 <= answer["start"] < answer["end"] <= len(context)
    assert context[answer["start"] : answer["end"]] == answer["answer"]
    assert math.isfinite(answer["score"])
    assert answer["score"] >= 0


def judged(pipe, text):
    (answer,) = pipe(text)
    assert sorted(answer) == ["label", "score"]
    assert answer["label"] in pipe.model.config.label2id
    assert 1 / len(pipe.model.config.label2id) - 1e-5 <= answer["score"] <= 1


def continued(pipe, text):
    (answer,) = pipe(text, max_new_tokens=2, do_sample=False)
    assert list(answer) == ["generated_text"]
    assert answer["generated_text"].startswith(text)


def rewritten(pipe, text):
    many = {"batch_size": 32} if len(text) > 1000 else {}  # of a long text's sentences at a time
    (answer,) = pipe(text, max_new_tokens=3, **many)
    assert list(answer) == [{"summarization": "summary_text"}.get(pipe.task, "translation_text")]
    assert all(isinstance(value, str) for value in answer.values())


def sorted_out(pipe, text, labels):
    answer = pipe(text, candidate_labels=labels)
    assert list(answer) == ["sequence", "labels", "scores"]
    assert answer["sequence"] == text
    assert sorted(answer["labels"]) == sorted(labels)
    assert falls(answer["scores"])
    assert len(labels) == 1 or sum(answer["scores"]) == pytest.approx(1, abs=1e-4)


WAYS = {
    "feature-extraction": [features],
    "fill-mask": [filled, filled_at_the_end],
    "ner": [lambda pipe, text: named(pipe, text, "simple"), lambda pipe, text: named(pipe, text, "first")],
    "question-answering": [
        lambda pipe, text: read(pipe, "Who?", text),
        lambda pipe, text: read(pipe, text, "Anna lives in York."),
    ],
    "sentiment-analysis": [judged],
    "summarization": [rewritten],
    "text-generation": [continued],
    "translation_en_to_fr": [rewritten],
    "zero-shot-classification": [
        lambda pipe, text: sorted_out(pipe, text, ["complaint", "praise"]),
        lambda pipe, text: sorted_out(pipe, "The lamp is late.", [text]),
    ],
}


def explains(problem: ValueError) -> bool:
    """Whether a message names the task or the argument, is of a readable length, and says what to do."""
    message = str(problem)
    message.encode()
    names = any(word in message for word in ("fill-mask", "ner:", *TASKS, "candidate_labels", "context", "max_seq_len"))
    advises = re.search(r"\b(Expected|Give|Write|Ask)\b", message)
    return type(problem) is ValueError and names and bool(advises) and 40 < len(message) < 400


def load(task: str):
    """A pipeline on the course's checkpoint, or on a small random model while there is none."""
    entry = catalogue().get(CHECKPOINTS[task])
    if entry and entry.members:
        pipe = pipeline(task)
        body = pipe.model.base_model
        if len(getattr(body, "layers", ())) > 12:
            body.layers, body.config.num_hidden_layers = body.layers[:2], 2
        return pipe
    if task in SAVED:
        return pipeline(task, model=SMALL / "marian")
    tokenizer = transformers.AutoTokenizer.from_pretrained(checkpoint("minilm"))
    return pipeline(task, model=tiny_model(task, len(tokenizer), tokenizer.model_max_length), tokenizer=tokenizer)


def refusal(way, pipe, text: str) -> ValueError | None:
    """Ask, and check the shape of the answer; what comes back is the refusal, if there was one."""
    try:
        way(pipe, text)
    except ValueError as problem:
        return problem
    return None


def readable(tokenizer, text: str) -> bool:
    """Whether the tokenizer knows a token of the text, and more than letters of another script than Latin: of others a
    model's verdict would be about nothing.
    """
    if not text.strip() or any("\ud800" <= character <= "\udfff" for character in text):
        return False
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    known = any(token != tokenizer.unk_token_id for token in ids)
    return known and not letter_by_letter(tokenizer.convert_ids_to_tokens(ids), tokenizer)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.filterwarnings("ignore")
def test_every_text_is_answered_or_the_refusal_explains(task, quiet):
    pipe, texts_asked, outcomes, of_readable = load(task), 0, [], []

    @settings(
        max_examples=INPUTS // len(KINDS),
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],  # the texts are short: a failure need not be made smaller
        suppress_health_check=list(HealthCheck),
    )
    @example(tuple(LONG.values()))
    @given(st.tuples(*KINDS.values()))
    def ask(texts):
        nonlocal texts_asked
        for text in texts:
            texts_asked += 1
            for way in WAYS[task]:
                problem = refusal(way, pipe, text)
                assert problem is None or explains(problem), f"{text[:80]!a} is refused with {problem!r}"
                outcomes.append(problem)
                if readable(pipe.tokenizer, text):
                    of_readable.append(problem)

    ask()
    answers = outcomes.count(None)
    print(f"{task}: {texts_asked} texts, {answers} answers, {len(outcomes) - answers} refusals")
    assert texts_asked == INPUTS + len(LONG)
    assert len(of_readable) > len(outcomes) / 4, "enough of them can be read for the next line to say something"
    assert of_readable.count(None) > len(of_readable) / 2, "most texts that can be read are answered"
    assert answers < len(outcomes), "some cannot be"


def test_the_nine_tasks_are_asked_in_every_way():
    assert len(TASKS) == 9
    assert set(WAYS) == set(TASKS)
