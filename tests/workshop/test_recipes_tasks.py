"""What single recipes promise: marks for capital letters, statements that are true or false, pieces that come back."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import (
    AutoModelForQuestionAnswering,
    AutoTokenizer,
    BertConfig,
    EncoderDecoderConfig,
    EncoderDecoderModel,
)

from course_lib.checkpoints import catalogue, checkpoint
from course_lib.data.leads import Lead
from workshop.recipes import common as training
from workshop.recipes import copying, fill_mask, linked_names, ner, summarization, text_to_text, translation, zero_shot

GIVEN = ["--data", "none", "--leads", "none", "--debian", "none", "--work", "build/recipes"]

# ---------------------------------------------------------------- named entities


@pytest.fixture(scope="module")
def marking():
    return ner.with_case(AutoTokenizer.from_pretrained(checkpoint("minilm")))


def test_a_mark_stands_after_each_word_with_a_capital_letter(marking):
    text = "Émile of NASA likes iPhones, U.S. rules and the O'Brien 3D test, Wörthington."
    encoded = marking(text, return_offsets_mapping=True)
    tokens = marking.convert_ids_to_tokens(encoded["input_ids"])
    marks = {"##" + mark for mark in ner.MARKS}
    words = {}
    for token, word in zip(tokens, encoded.word_ids(), strict=True):
        words.setdefault(word, []).append(token)
    marked = {pieces[0]: pieces[-1][2:] for pieces in words.values() if pieces[-1] in marks}
    expected = {"emile": "↑", "nasa": "→", "u": "↑", "s": "↑", "o": "↑", "brien": "↑", "worth": "↑"}
    assert marked == expected, "not after iPhones, whose capital letter is inside, nor after a digit"
    for token, (start, end) in zip(tokens, encoded["offset_mapping"], strict=True):
        if token in marks:
            assert text[start:end].isalpha(), "a mark stands for the last letter of its word"
            assert end == start + 1
            assert not text[end].isalpha()
        elif not token.startswith("["):
            plain = text[start:end].lower().replace("é", "e").replace("ö", "o")
            assert plain == token.removeprefix("##"), "every other token stands where its letters stand"


def test_without_capital_letters_nothing_changes(marking):
    text = "no mark in here, 3 tokens of éclairs."
    assert marking(text)["input_ids"] == AutoTokenizer.from_pretrained(checkpoint("minilm"))(text)["input_ids"]


def test_marks_are_not_shown(marking):
    assert marking.decode(marking("Pieter Claes and NASA")["input_ids"], skip_special_tokens=True) == (
        "pieter claes and nasa"
    )


def test_the_tokenizer_comes_back_from_its_folder(marking, tmp_path):
    marking.save_pretrained(tmp_path)
    again = AutoTokenizer.from_pretrained(tmp_path)
    assert again("Pieter Claes of NASA")["input_ids"] == marking("Pieter Claes of NASA")["input_ids"]


def test_every_token_of_an_entity_is_inside_it_but_the_first(marking):
    labels = catalogue()["ner"].labels
    rows = [
        {
            "tokens": ["Pieter", "Claesens", "saw", "@", "Ann", "."],
            "tags": ["B-PER", "I-PER", "O", "B-PER", "B-PER", "O"],
        }
    ]
    for has_misc, outside in ((True, labels.index("O")), (False, ner.PERHAPS_MISC)):
        ((ids, targets),) = ner.encode(rows, marking, labels, has_misc)
        tokens = marking.convert_ids_to_tokens(ids)
        found = dict(zip(tokens, targets, strict=True))
        assert targets[0] == targets[-1] == ner.IGNORED
        assert targets[1] == labels.index("B-PER")
        assert tokens.index("##" + ner.CAPITAL) > 1, "the mark stands after the first piece of its word"
        inside = tokens.index("saw")
        assert targets[2:inside] == [labels.index("I-PER")] * (inside - 2)
        assert found["saw"] == outside
        assert found["."] == labels.index("O"), "what has no letter is no name"
        assert found["@"] == found["ann"] == ner.IGNORED, "a handle of a tweet is left out"


def test_names_change_places_with_names_of_their_type_and_nothing_else_moves():
    rows = [
        {"tokens": ["Ann", "Lee", "saw", "Bonn", "."], "tags": ["B-PER", "I-PER", "O", "B-LOC", "O"]},
        {"tokens": ["In", "New", "York", ",", "Bo"], "tags": ["O", "B-location", "I-location", "O", "B-person"]},
    ]  # fmt: skip
    names = ner.mentions(rows)
    assert names == {"PER": [["Ann", "Lee"], ["Bo"]], "LOC": [["Bonn"], ["New", "York"]]}
    draw = np.random.default_rng(0)
    seen = [ner.with_other_names(rows[0], names, draw) for _ in range(40)]
    sentences = {(" ".join(row["tokens"]), " ".join(row["tags"])) for row in seen}
    assert sentences == {
        ("Ann Lee saw Bonn .", "B-PER I-PER O B-LOC O"),
        ("Bo saw Bonn .", "B-PER O B-LOC O"),
        ("Ann Lee saw New York .", "B-PER I-PER O B-LOC I-LOC O"),
        ("Bo saw New York .", "B-PER O B-LOC I-LOC O"),
    }
    other = [" ".join(ner.with_other_names(rows[1], names, draw)["tokens"]) for _ in range(40)]
    assert all(text.startswith("In ") and " , " in text for text in other)
    assert rows[0]["tokens"] == ["Ann", "Lee", "saw", "Bonn", "."], "the row itself is left alone"


def test_later_pieces_and_unsure_words_can_be_left_out(marking):
    labels = catalogue()["ner"].labels
    rows = [{"tokens": ["Claesens", "saw", "Kerala"], "tags": ["B-PER", "O", ner.UNSURE]}]
    ((ids, targets),) = ner.encode(rows, marking, labels, True, first_pieces=True)
    told = [labels[target] for target in targets if target != ner.IGNORED]
    assert told == ["B-PER", "O"], "one label a word, and none for what is unsure"
    assert len(ids) == len(targets) > 6


def test_a_number_alone_is_no_name(marking):
    labels = catalogue()["ner"].labels
    rows = [{"tokens": ["300", "and", "3", "Idiots", "at", "5"], "tags": ["B-MISC", "O", "B-MISC", "I-MISC", "O", "O"]}]
    ((_, targets),) = ner.encode(rows, marking, labels, False)
    told = [target for target in targets if target != ner.IGNORED]
    assert told[0] == labels.index("O"), "the film 300 cannot be told from the number"
    assert labels[told[2]] == "B-MISC", "a name may begin with a number"
    assert told[-1] == labels.index("O"), "a number is not even perhaps of MISC"
    assert told[1] == ner.PERHAPS_MISC


def test_passages_lose_no_sentence_and_stay_short(marking):
    labels = catalogue()["ner"].labels
    rows = [
        {"tokens": [f"Ann{n}", "saw", *["it"] * (n % 90)], "tags": ["B-PER", *["O"] * (1 + n % 90)]} for n in range(200)
    ]
    made = ner.encode(rows, marking, labels, True)
    joined = ner.passages(made, np.random.default_rng(0))
    assert 40 < len(joined) < 120
    assert max(len(ids) for ids, _ in joined) <= ner.LONGEST
    inside = [token for ids, _ in joined for token in ids[1:-1]]
    assert inside == [token for ids, _ in made for token in ids[1:-1]]
    assert [t for _, told in joined for t in told[1:-1]] == [t for _, told in made for t in told[1:-1]]
    assert {(ids[0], ids[-1]) for ids, _ in joined} == {(marking.cls_token_id, marking.sep_token_id)}


def test_titles_are_found_again_and_what_touches_an_unknown_name_is_unsure():
    leads = [
        Lead("Kyushu", "Kyushu is an island near Honshu.", "Island and region of Japan", "Geography"),
        Lead("London", "London is large. The London Symphony plays in London.", "Capital of the UK", "Geography"),
        Lead("Ann Lee (nurse)", "Ann Lee went to Kyushu. Then Lee saw a coast near Kyushu.", "English nurse", "People"),
        Lead("Bread", "Bread is a food. We like bread and bread likes Kyushu.", "Food made of flour", "Everyday life"),
    ]  # fmt: skip
    names = linked_names.known_names(leads)
    assert names == {("Kyushu",): "LOC", ("London",): "LOC", ("Ann", "Lee"): "PER"}, "bread is written small elsewhere"
    tags = {" ".join(row["tokens"]): row["tags"] for row in linked_names.linked_sentences(leads)}
    unsure = linked_names.UNSURE
    assert tags["Ann Lee went to Kyushu ."] == ["B-PER", "I-PER", "O", "O", "B-LOC", "O"]
    assert tags["Then Lee saw a coast near Kyushu ."][1] == unsure, (
        "the first word begins with a capital letter and is not known"
    )
    places = tags["The London Symphony plays in London ."]
    assert places == [unsure, unsure, unsure, "O", "O", "B-LOC", "O"], "nobody said that it is a place there"


def test_classes_of_another_corpus_are_renamed(marking):
    labels = catalogue()["ner"].labels
    rows = [{"tokens": ["Frozen"], "tags": ["B-creative-work"]}, {"tokens": ["Apple"], "tags": ["B-corporation"]}]
    begun = [targets[1] for _, targets in ner.encode(rows, marking, labels, True)]
    assert [labels[number] for number in begun] == ["B-MISC", "B-ORG"]


# ---------------------------------------------------------------- zero-shot


def test_a_choice_has_one_true_statement_and_no_other_true_label():
    texts = [f"text {n}" for n in range(60)]
    labels = [{f"label {n % 17}", "label 8"} if n % 2 else {f"label {n % 17}"} for n in range(60)]
    made = zero_shot.with_answers(texts, labels, np.random.default_rng(0))
    assert [one.text for one in made] == texts
    for one, true in zip(made, labels, strict=True):
        assert one.labels[0] in true
        assert not true.intersection(one.labels[1:]), "a false statement is false"
        assert len(one.labels) == len(set(one.labels)) == zero_shot.STATEMENTS
        assert one.shares == (1.0, *[0.0] * (zero_shot.STATEMENTS - 1))
    assert made == zero_shot.with_answers(texts, labels, np.random.default_rng(0)), "the same seed, the same rows"


def test_half_of_the_false_statements_are_near():
    texts, labels = (
        ["The cat sleeps."] * 20,
        ["cats", "kittens", "dogs", "tigers"] + [f"law number {n}" for n in range(40)],
    )
    true = [{"cats"}] * 20 + [{label} for label in labels]
    made = zero_shot.with_answers(texts + labels, true, np.random.default_rng(0), near=4)[:20]
    close = [len({"kittens", "dogs", "tigers"}.intersection(one.labels)) for one in made]
    assert min(close) >= 2


def test_without_an_answer_a_choice_follows_the_cosine():
    labels = ["cats", "football", "taxes"] + [f"thing {n}" for n in range(60)]
    (one,) = zero_shot.with_similarity(["My cat had kittens."], labels, np.random.default_rng(0))
    assert one.labels[0] == "cats", "the nearest one is always among them"
    assert len(one.labels) == zero_shot.STATEMENTS
    assert sum(one.shares) == pytest.approx(1)
    assert list(one.shares) == sorted(one.shares, reverse=True) or one.shares[0] == max(one.shares)
    vectors = zero_shot.vectors([one.text, *one.labels])
    expected = np.exp(vectors[1:] @ vectors[0] / zero_shot.SHARP)
    assert one.shares == pytest.approx(expected / expected.sum(), rel=1e-3)


def test_the_courses_requests_are_no_test_set():
    rows = zero_shot.requests()
    assert len({row["domain"] for row in rows}) == 16
    assert len({row["text"].lower() for row in rows}) == len(rows) > 1400
    told = " ".join(row["text"] + row["label"] for row in rows).lower()
    assert not [word for word in ("transfer", "bank account", "exchange rate", "alarm", "playlist") if word in told]


def test_a_description_gives_its_topics_away():
    leads = {"American basketball player": {"sports"}, "Capital of Peru": {"geography"}, "Warm feeling": set()}
    for description, expected in leads.items():
        assert zero_shot.topics(Lead("title", "text", description, "People")) == expected


# ---------------------------------------------------------------- fill-mask


def test_windows_cover_a_long_text_and_know_its_words():
    tokenizer = AutoTokenizer.from_pretrained(checkpoint("minilm"))
    made = fill_mask.windows([" ".join(f"word{n}" for n in range(100))], [], tokenizer)
    assert len(made) > 1
    words = []
    for ids, numbers in made:
        assert len(ids) == len(numbers) <= fill_mask.WINDOW
        assert numbers[0] == numbers[-1] == -1, "the special tokens belong to no word"
        words += numbers[1:-1]
    assert sorted(set(words)) == list(range(100))


def test_everyday_sentences_are_half_of_what_is_read():
    tokenizer = AutoTokenizer.from_pretrained(checkpoint("minilm"))
    long, short = ["The river runs past the old mill. " * 9] * 20, [f"I have {n} cups at home." for n in range(900)]
    made = fill_mask.windows(long, short, tokenizer)
    everyday = [len(ids) for ids, _ in made if len(ids) < 15]
    assert sum(everyday) == pytest.approx(sum(len(ids) for ids, _ in made) / 2, rel=0.02)


def test_the_encyclopaedia_and_everyday_texts_share_none(tmp_path, monkeypatch):
    monkeypatch.setattr(fill_mask, "read_leads", lambda path, part: [type("Lead", (), {"text": "A lead."})])
    rows = [{"context": "A  lead.", "premise": "A lead.", "en": "Hello you.", "text": "Fine film.", "question": "Who?"}]
    monkeypatch.setattr(fill_mask, "read_rows", lambda data, file, sha256: rows)
    articles, everyday = fill_mask.texts_to_read(tmp_path, tmp_path)
    assert articles == ["A lead."]
    assert {"Hello you.", "Fine film.", "Who?"} < set(everyday)
    assert "A lead." not in everyday
    assert len(everyday) > 400, "the course's own sentences are among them"


def test_he_and_she_are_counted_where_they_are_words():
    tokenizer = AutoTokenizer.from_pretrained(checkpoint("minilm"))
    made = fill_mask.windows(["He said that she and he will be here soon, since the others were late."], [], tokenizer)
    assert fill_mask.pronouns(made, tokenizer) == {"tokens": len(made[0][0]), "he": 2, "she": 1}


# ---------------------------------------------------------------- translation


@pytest.fixture(scope="module")
def pieces(tmp_path_factory):
    texts = ["The cat's milk is cold; is it?", "Le lait du chat est froid ; l'est-il ?", "Page 12 of 34."] * 30
    translation_pieces, translation.PIECES = translation.PIECES, 120
    try:
        return translation.learn_pieces(texts)
    finally:
        translation.PIECES = translation_pieces


def test_known_text_comes_back_and_odd_spaces_become_plain(pieces):
    for text in ("The cat's milk is cold; is it?", "Le lait du chat est froid ; l'est-il ?"):
        assert pieces.decode(pieces(text)["input_ids"], skip_special_tokens=True) == text
    odd = "l’est-il\u202f?"
    assert pieces.decode(pieces(odd)["input_ids"], skip_special_tokens=True) == "l'est-il ?"
    plain = pieces("The cat's milk is cold; is it?")["input_ids"]
    for same in (
        "\ufeffThe cat's milk\nis  cold;\tis it?",
        " The\r\ncat's milk is cold; is it? ",
        "The cat\u200b's milk is cold; is it?",
    ):
        assert pieces(same)["input_ids"] == plain, "white space of any kind and invisible marks change nothing"


def test_digits_and_marks_are_pieces_of_their_own(pieces):
    assert pieces.convert_ids_to_tokens(pieces("Page 12 ; 34.")["input_ids"])[-7:] == [
        "▁1",
        "2",
        "▁;",
        "▁3",
        "4",
        ".",
        "</s>",
    ]


def test_the_pieces_come_back_from_their_folder(pieces, tmp_path):
    pieces.save_pretrained(tmp_path)
    assert "name_or_path" not in json.loads((tmp_path / "tokenizer_config.json").read_text())
    again = AutoTokenizer.from_pretrained(tmp_path)
    assert again("The milk")["input_ids"] == pieces("The milk")["input_ids"]


# ---------------------------------------------------------------- summarization


def test_the_loss_from_kept_layers_is_the_loss_of_the_whole_model(monkeypatch, tmp_path):
    """The frozen layers' output is kept in bfloat16, so the two agree to three digits, not to seven."""
    pairs = [
        ("The cat sat on the mat and looked at the moon for hours.", "A cat looks at the moon"),
        ("This library reads files. It can write them too.", "library for files"),
    ]
    tokenizer = AutoTokenizer.from_pretrained(checkpoint("minilm"))
    model, seen = summarization.untrained(), []

    def once(model, loss_of, lengths, **settings):
        model.eval()
        seen.append(loss_of([0, 1]))
        seen[0].backward()
        return {}

    monkeypatch.setattr(training, "fit", once)
    monkeypatch.setattr(summarization, "GUIDED", {})
    summarization.train(pairs, tokenizer, model, training.options("", **summarization.DEFAULTS, arguments=GIVEN))
    texts = tokenizer([text for text, _ in pairs], padding=True, return_tensors="pt")
    short = tokenizer([summary for _, summary in pairs], padding=True, return_tensors="pt")
    with torch.no_grad():
        logits = model(**texts, decoder_input_ids=short["input_ids"][:, :-1]).logits  # (text, token, vocabulary)
    labels = short["input_ids"][:, 1:].masked_fill(short["attention_mask"][:, 1:] == 0, -100)
    whole = torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), label_smoothing=0.1)
    assert seen[0].item() == pytest.approx(whole.item(), rel=5e-3)
    learning = {name for name, weight in model.named_parameters() if weight.grad is not None}
    assert not [name for name in learning if "embeddings" in name], "MiniLM's embedding matrix stays as it is"
    assert any("crossattention" in name for name in learning)
    assert {name.split(".")[3] for name in learning if name.startswith("encoder.encoder.layer")} == {"3"}


def test_places_are_those_of_the_longest_run():
    text = [101, 5, 6, 7, 8, 5, 6, 7, 9, 3, 102]
    told = [101, 5, 6, 7, 9, 4, 8, 5, 3, 6, 7, 8, 102]
    assert copying.places_of(text, told) == [-1, 5, 6, 7, 8, -1, -1, -1, -1, 2, 3, 4, -1]
    assert copying.places_of([101, 102], told) == [-1] * 13
    assert copying.places_of(text, text) == [-1, *range(1, 10), -1]


def test_the_guided_heads_loss_is_that_of_the_models_own_attention():
    torch.manual_seed(0)
    model = summarization.untrained().eval()
    model.set_attn_implementation("eager")
    tokenizer = AutoTokenizer.from_pretrained(checkpoint("minilm"))
    texts = tokenizer(["The red lamp came on Monday.", "It is late."], padding=True, return_tensors="pt")
    told = tokenizer(["The lamp came.", "Late."], padding=True, return_tensors="pt")["input_ids"]
    places = torch.full(told.shape, -1)
    places[0, 1:4], places[1, 1] = torch.tensor([1, 3, 4]), 3
    unseen = (1.0 - texts["attention_mask"][:, None, None, :]) * -1e4
    heads = {1: 4, 2: 8}
    with copying.guided(model, heads) as watched:
        attention = model(**texts, decoder_input_ids=told, output_attentions=True).cross_attentions
        loss = watched.loss(places, unseen)
        assert watched.loss(torch.full(told.shape, -1), unseen) == 0, "nothing is copied"
    rows, steps = torch.tensor([0, 0, 0, 1]), torch.tensor([1, 2, 3, 1])
    own = [-attention[layer][rows, :count, steps, places[rows, steps]].log().mean() for layer, count in heads.items()]
    assert loss.item() == pytest.approx(torch.stack(own).mean().item(), rel=1e-4)
    loss.backward()
    assert model.decoder.bert.encoder.layer[2].crossattention.self.query.weight.grad[: 8 * 32].abs().sum() > 0
    assert not model.decoder.bert.encoder.layer[2].crossattention.self.query._forward_hooks, "nothing is left behind"


def test_heads_that_are_told_where_to_look_look_there():
    torch.manual_seed(0)
    size = {
        "vocab_size": 50,
        "hidden_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 12,
        "intermediate_size": 96,
    }
    both = EncoderDecoderConfig.from_encoder_decoder_configs(BertConfig(**size), BertConfig(**size))
    both._attn_implementation = "eager"
    model = EncoderDecoderModel(both).eval()
    text = torch.randperm(45)[:12][None] + 5  # (1, 12)
    told = text[:, 3:9]  # each step should look at the token after the one that it was given
    places, unseen = torch.arange(4, 10)[None], torch.zeros(1, 1, 1, 12)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    with copying.guided(model, {1: 8}) as watched:
        for _ in range(60):
            found = model(input_ids=text, decoder_input_ids=told, output_attentions=True).cross_attentions[1]
            watched.loss(places, unseen).backward()
            optimizer.step()
            optimizer.zero_grad()
    looked = found[0, :, torch.arange(6), places[0]].mean(1)  # (head,)
    assert looked[:8].min() > 0.7, looked
    assert looked[8:].max() < 0.5, looked


def test_words_are_joined_again_as_people_write_them(tmp_path):
    summarization.joining(AutoTokenizer.from_pretrained(checkpoint("minilm"))).save_pretrained(tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    for text in (
        "the second-largest city, with 5,466 people (in 2019)",
        "han seo-yeon's lamp cost €84.50; it came at 10:30 and/or 8.45",
        "a list of one, two and 300 things: 20% of all",
    ):
        assert tokenizer.decode(tokenizer(text)["input_ids"], skip_special_tokens=True) == text
    plain = AutoTokenizer.from_pretrained(checkpoint("minilm"))
    assert tokenizer("one-two", "3,400")["input_ids"] == plain("one-two", "3,400")["input_ids"]
    assert tokenizer("one", "two")["token_type_ids"] == plain("one", "two")["token_type_ids"]


# ---------------------------------------------------------------- text to text


def test_a_long_context_is_cut_around_its_answer(monkeypatch):
    words = " ".join(f"word{number}" for number in range(600))
    context = f"{words} the answer stands here {words}"
    row = {
        "question": " Where? ",
        "context": context,
        "answers": {"text": ["stands here"], "answer_start": [len(words) + 12]},
    }
    short = {"question": "Who?", "context": "Ada came.", "answers": {"text": ["Ada"], "answer_start": [0]}}
    monkeypatch.setattr(text_to_text, "chosen", lambda data: [row, short] * 20)
    found = text_to_text.question_rows(Path("unused"))
    assert len(found) == 40
    for question, cut, answer in found[::2]:
        assert (question, answer) == ("Where?", "stands here")
        assert answer in cut
        assert f" {cut} " in f" {context} ", "whole words of the context, in a row"
        assert len(cut) < text_to_text.BEFORE + text_to_text.AFTER + 60
    assert len({cut for _, cut, _ in found[::2]}) > 10, "the answer is not always in the same place"
    assert found[1] == ("Who?", "Ada came.", "Ada")


def test_verdicts_are_words_for_phrases_and_sentences(monkeypatch):
    phrases = [
        {"text": "a b c", "label": 1},
        {"text": "a fine long film", "label": 1},
        {"text": "not a good film", "label": 0},
    ]
    sentences = [{"text": "Bad.", "label": 0}]
    monkeypatch.setattr(text_to_text, "read_rows", lambda data, file, sha: phrases if "phrases" in file else sentences)
    found = text_to_text.verdicts(Path("unused"))
    assert {question for question, _, _ in found} == {text_to_text.VERDICT}
    expected = {("a fine long film", "positive"), ("not a good film", "negative"), ("Bad.", "negative")}
    assert {(text, verdict) for _, text, verdict in found} == expected


def test_the_decoder_starts_from_the_reader_and_only_new_parts_learn():
    model = summarization.untrained("question-answering", text_to_text.LAYERS, text_to_text.COPIED)
    reader = AutoModelForQuestionAnswering.from_pretrained(checkpoint("question-answering"))
    pairs = [(model.encoder.encoder.layer[3], 3), (model.decoder.bert.encoder.layer[1], 5)]
    for layer, number in pairs:
        expected = reader.bert.encoder.layer[number].attention.self.query.weight
        assert torch.equal(layer.attention.self.query.weight, expected)
    learning = {name for name, weight in model.named_parameters() if weight.requires_grad}
    assert not [name for name in learning if "embeddings" in name]
    assert {name.split(".")[3] for name in learning if name.startswith("encoder.encoder.layer")} == {"5"}
