import itertools

import pytest

from course_lib.checkpoints import home
from course_lib.data import corpora


def paragraphs(part):
    return set(corpora.python_help(part)["text"])


def test_parts_of_the_leads_share_no_title_and_together_are_all_of_them():
    titles = [set(corpora.leads(part)["title"]) for part in corpora.PARTS]
    assert [len(part) for part in titles] == [7966, 1025, 1042]
    assert len(set.union(*titles)) == 10_033, "a title would be counted twice if it stood in two parts"
    row = corpora.leads("test")[0]
    assert set(row) == {"title", "text", "description", "topic"}
    assert all(row.values())


def test_no_paragraph_of_pythons_help_is_in_two_parts():
    train, validation, test = (paragraphs(part) for part in ("train", "validation", "test"))
    assert not train & test
    assert not train & validation
    assert not validation & test
    assert len(train) > len(test) > 100


def test_topics_of_pythons_help_are_whole():
    topics = [set(corpora.python_help(part)["topic"]) for part in corpora.PARTS]
    assert not topics[0] & topics[2]
    assert len(set.union(*topics)) > 70


def test_reviews_are_in_one_part_and_balanced_enough():
    train, test = corpora.course_reviews("train"), corpora.course_reviews("test")
    assert len(train) + len(test) == 240
    assert not set(train["text"]) & set(test["text"])
    for rows in (train, test):
        assert 0.4 < sum(rows["label"]) / len(rows) < 0.6


@pytest.mark.parametrize("load", [corpora.leads, corpora.python_help, corpora.course_reviews])
def test_streaming_gives_the_same_rows_one_by_one(load):
    stored = load("test")
    assert list(itertools.islice(load("test", streaming=True), 5)) == [stored[number] for number in range(5)]


@pytest.mark.parametrize("load", [corpora.leads, corpora.python_help, corpora.course_reviews])
def test_an_unknown_part_is_refused(load):
    with pytest.raises(ValueError, match="no part 'dev'.*train"):
        load("dev")


def test_tables_lie_in_the_courses_folder():
    assert all(str(home()) in file["filename"] for file in corpora.course_reviews("train").cache_files)


def test_any_text_survives_the_tokenizer_which_learns_frequent_pieces():
    tokenizer = corpora.train_tokenizer(corpora.course_reviews("train")["text"], 280)
    for text in ("the cat", "Ünïcode 한국어 🦊\n\ttabs", corpora.leads("test")[3]["text"]):
        assert tokenizer.decode(tokenizer(text)["input_ids"]) == text
    assert len(tokenizer("the cat")["input_ids"]) < len("the cat"), "the is a piece, or th"
    assert len(tokenizer) == 280
    assert tokenizer.eos_token_id == 0


def test_a_tokenizer_that_cannot_hold_all_bytes_is_refused():
    with pytest.raises(ValueError, match="size is .*from 257 to 1,000,000"):
        corpora.train_tokenizer(["text"], 256)


def test_blocks_are_the_texts_in_a_row():
    from datasets import Dataset

    texts = corpora.course_reviews("test")["text"][:20]
    tokenizer = corpora.train_tokenizer(texts, 300)
    rows = corpora.blocks(Dataset.from_dict({"text": texts}), tokenizer, 16)
    expected = [token for text in texts for token in [*tokenizer(text)["input_ids"], 0]]
    found = [token for row in rows["input_ids"] for token in row.tolist()]
    assert found == expected[: len(found)]
    assert len(expected) - len(found) < 16, "only what fills no row is dropped"


@pytest.mark.parametrize("at_once", [1, 7])
def test_no_token_is_lost_between_two_batches_of_texts(monkeypatch, at_once):
    from datasets import Dataset

    monkeypatch.setattr(corpora, "TEXTS_AT_ONCE", at_once)
    texts = ["a", *corpora.course_reviews("test")["text"][:20]]  # the first fills no row
    tokenizer = corpora.train_tokenizer(texts, 300)
    rows = corpora.blocks(Dataset.from_dict({"text": texts}), tokenizer, 16)
    expected = [token for text in texts for token in [*tokenizer(text)["input_ids"], 0]]
    assert rows["input_ids"][:].flatten().tolist() == expected[: len(expected) // 16 * 16]


def test_too_little_text_for_a_block_is_refused():
    from datasets import Dataset

    tokenizer = corpora.train_tokenizer(["text"], 257)
    with pytest.raises(ValueError, match="fewer than 64 tokens"):
        corpora.blocks(Dataset.from_dict({"text": ["short"]}), tokenizer, 64)


def test_what_map_has_computed_is_found_again():
    tokenizer = corpora.train_tokenizer(corpora.course_reviews("train")["text"], 300)
    first, second = (corpora.blocks(corpora.course_reviews("train"), tokenizer, 16) for _ in range(2))
    assert first._fingerprint == second._fingerprint
    assert first.cache_files == second.cache_files
    other = corpora.blocks(corpora.course_reviews("train"), tokenizer, 8)
    assert other._fingerprint != first._fingerprint
