"""The course's own test texts are what their documentation says, and no label can be guessed from a text's form."""

from collections import Counter

import numpy as np
import pytest

from course_lib.data import texts
from course_lib.data.texts import messages, named, prose, questions, reviews, translations


def test_reviews_are_balanced_in_label_length_and_kind():
    rows = reviews()
    assert len(rows) == 240
    assert sum(row.positive for row in rows) == 120
    assert {row.kind for row in rows} == {"plain", "negation", "mixed"}
    for kind in ("plain", "negation", "mixed"):
        share = np.mean([row.positive for row in rows if row.kind == kind])
        assert 0.4 <= share <= 0.6, kind
    lengths = [np.mean([len(row.text.split()) for row in rows if row.positive is label]) for label in (True, False)]
    assert abs(lengths[0] - lengths[1]) < 1


def test_reviews_repeat_nothing_and_do_not_name_their_label():
    rows = reviews()
    assert len({row.text for row in rows}) == 240
    assert max(Counter(tuple(row.text.lower().split()[:3]) for row in rows).values()) <= 2
    assert not [row.text for row in rows if {"positive", "negative"} & set(row.text.lower().split())]


def test_the_words_of_a_review_do_not_give_its_label_away():
    """Counting words, in tenths of the rows in turn, must stay far from what reading reaches."""
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_score
    from sklearn.pipeline import make_pipeline

    counting = make_pipeline(CountVectorizer(), LogisticRegression(max_iter=1000))
    rows = reviews()
    found = cross_val_score(counting, [row.text for row in rows], [row.positive for row in rows], cv=10)
    assert found.mean() < 0.75


def test_questions_have_answers_where_they_should():
    rows = questions()
    assert len(rows) == 80
    assert set(Counter(row.passage for row in rows).values()) == {4}
    assert Counter(row.kind for row in rows) == {"span": 64, "yes-no": 8, "written": 8}
    for row in rows:
        inside = [answer in row.passage for answer in row.answers]
        assert all(inside) if row.kind == "span" else row.kind == "yes-no" or not any(inside), row.question
    assert sorted(row.answers for row in rows if row.kind == "yes-no") == [("no",)] * 4 + [("yes",)] * 4


def test_translations_and_prose():
    rows = translations()
    assert Counter(row.kind for row in rows) == {"caption": 40, "shop": 40}
    assert len({row.english for row in rows}) == len({row.french for row in rows}) == 80
    pieces = prose()
    assert len(pieces) == 2
    assert all(1500 < len(piece) < 2800 and piece.isascii() for piece in pieces)


def test_messages_are_in_two_like_parts_and_their_summaries_hold_the_facts():
    from workshop.evaluation.summarization import kept

    parts = {part: messages(part) for part in ("validation", "test")}
    assert {part: len(rows) for part, rows in parts.items()} == {"validation": 75, "test": 75}
    forms = [Counter(row.form for row in rows) for rows in parts.values()]
    kinds = [Counter(row.kind for row in rows) for rows in parts.values()]
    assert forms[0] == forms[1]
    assert kinds[0] == kinds[1]
    assert min(kinds[0].values()) >= 5
    assert len(kinds[0]) == 12
    every = parts["validation"] + parts["test"]
    assert len({row.text for row in every}) == 150
    assert len({tuple(row.text.split()[:4]) for row in every}) == 150, "no two begin in the same way"
    for row in every:
        assert 25 <= len(row.text.split()) <= 150, row.text
        assert 3 <= len(row.facts) <= 5, row.text
        assert kept(row.summary, row.facts).all(), row.summary


def test_an_unknown_part_of_the_messages_is_refused():
    with pytest.raises(ValueError, match="validation, test"):
        messages("train")


def test_names_stand_in_their_sentences_once_each_and_are_of_three_types():
    rows = named()
    assert len({row.text for row in rows}) == 20
    assert sum(not row.names for row in rows) == 3
    assert {kind for row in rows for kind, _ in row.names} == {"PER", "ORG", "LOC"}
    for row in rows:
        assert all(row.text.count(name) == 1 for _, name in row.names), row


def test_the_mailbox_has_copies_and_as_many_of_each_label():
    mail = texts.mailbox()
    assert len(mail) == 84
    assert len(set(mail)) == 72
    assert set(Counter(label for _, label in set(mail)).values()) == {18}
    assert {message for message, _ in texts.replies()} <= {text for text, _ in mail}
    assert len(texts.replies()) == 40


def test_a_mailbox_of_ones_own(tmp_path):
    path = tmp_path / "my_texts.tsv"
    path.write_text("\ufefflabel\ttext\ngood\t Fine. \n\nbad\tNot so, é.\n", encoding="utf-8")
    assert texts.mailbox(path) == [("Fine.", "good"), ("Not so, é.", "bad")]
    path.write_text("label\ttext\ngood\tOne\u2028two.\r\nbad\tNo.\n", encoding="utf-8", newline="")
    assert texts.mailbox(path) == [("One\u2028two.", "good"), ("No.", "bad")]
    path.write_bytes("label\ttext\ngood\tGrün.\nbad\tNo.\n".encode("cp1252"))
    with pytest.raises(ValueError, match="my_texts.tsv is not in UTF-8: byte 18 .* Save it as UTF-8"):
        texts.mailbox(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("label,text\ngood,Fine.\n", "line 1 is 'label,text'"),
        ("text\tlabel\n", "line 1"),
        ("label\ttext\ngood\tFine.\tMore\n", "line 2"),
        ("label\ttext\ngood\n", "line 2 is 'good'"),
        ("label\ttext\n\n\ngood\n", "line 4 is 'good'"),
        ("label\ttext\ngood\tFine.\n", "fewer than two different labels"),
        ("", "fewer than two different labels"),
    ],
)
def test_a_mailbox_in_another_form_is_refused(tmp_path, content, message):
    path = tmp_path / "my_texts.tsv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        texts.mailbox(path)
