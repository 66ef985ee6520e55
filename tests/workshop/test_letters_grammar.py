"""What the grammar of letters promises: many different ones, and summaries that say nothing their letters do not."""

import re

import pytest

from workshop.recipes import letters

UNFINISHED = re.compile(r"[{}\[\]|]|  | a a\b|\ba (?=[aeio])|\ban (?=[bcdfgjkmnpqrtvwyz])|\bthe (the|my)\b| [,.;!?]")


def written(count: int, seed: int) -> list[tuple[str, str]]:
    return [(one.text, one.summary) for one in letters.letters(count, seed)]


@pytest.fixture(scope="module")
def pairs():
    return written(2000, 11)


def test_the_same_seed_gives_the_same_letters(pairs):
    assert written(50, 11) == pairs[:50]
    assert written(50, 12) != pairs[:50]


def test_letters_are_all_different(pairs):
    assert len({text for text, _ in pairs}) > 1990
    assert len({summary for _, summary in pairs}) > 1900


def test_a_summary_is_who_writes_and_words_of_the_letter():
    talks = 0
    for one in letters.letters(2000, 11):
        text, summary = (" ".join(words.lower().split()) for words in (one.text, one.summary))
        who, mark, words = summary.partition(": ")
        if not mark or one.topics and summary[:25] in text:  # nobody signed, or the colon is the letter's own
            words = summary
        parts = re.split(r"(?<=[a-z0-9)\"][.!?]) +", words)
        if not one.topics:  # a talk: the lines of one who speaks, with a comma where a line had no end
            talks += 1
            parts = [line for part in parts for line in part.split(", ")]
            assert re.search(rf"{re.escape(who)}(:| -|>) ", text)
        assert all(part in text for part in parts), (one.summary, one.text)
    assert 200 < talks < 400


def test_lengths(pairs):
    assert all(8 <= len(summary.split()) <= 46 for _, summary in pairs)
    assert all(10 <= len(text.split()) <= 180 for text, _ in pairs)
    middle = sum(40 <= len(text.split()) <= 110 for text, _ in pairs)
    assert middle > 1200


def test_nothing_is_left_unfilled(pairs):
    for text, summary in pairs:
        for words in (text, summary):
            assert not UNFINISHED.search(words), words
            assert words == words.strip()


def test_many_situations_and_many_ways_to_write_each_part():
    assert len({case.situation for case in letters.cases()}) >= 30
    assert len(letters.chats()) >= 15

    facts = letters.Facts(letters.random.Random(3))
    for table in (letters.OPENINGS, letters.CLOSINGS, letters.WISHES, letters.REMARKS, letters.BRIDGES, letters.SIGNS):
        lines = [line for register in table.values() for line in register]
        facts.values |= {"v": "v", "to": "to"}
        assert len({facts.write(facts.choose(lines), False) for _ in range(2000)}) >= 40


def test_the_tables_are_wide():
    assert len({name for _, women, men, _ in letters.PEOPLES for name in women + men}) >= 250
    assert len({name for *_, families in letters.PEOPLES for name in families}) >= 300
    assert len(letters.PEOPLES) >= 30
    assert len(set(letters.TOWN_NAMES)) >= 200
    assert len({noun for nouns, *_ in letters.thing_lists().values() for noun in nouns}) >= 300


@pytest.mark.parametrize(
    "words", ["apron", "umbrella", "old hat", "egg timer", "ice skate", "orange cap", "e-reader", "X-ray"]
)
def test_an_stands_before_a_vowel(words):
    assert letters.with_article(words) == f"an {words}"


@pytest.mark.parametrize("words", ["ukulele", "unicycle", "used bicycle", "kettle", "one-man tent", "yucca"])
def test_a_stands_before_a_consonant(words):
    assert letters.with_article(words) == f"a {words}"


def test_things_agree():
    lamp, gloves = letters.Thing("old lamp", "lamp"), letters.Thing("red gloves", "gloves", plural=True)
    assert [lamp.form(x) for x in ("a", "is", "them", "stands")] == ["an old lamp", "is", "it", "stands"]
    assert [gloves.form(x) for x in ("a", "is", "them", "stands")] == ["red gloves", "are", "them", "stand"]


def test_every_case_says_what_it_is_about_and_a_letter_is_about_what_its_case_says():
    assert all(len(set(case.topics)) > 1 for case in letters.cases())
    known = {tuple(case.topics) for case in letters.cases()}
    made = list(letters.letters(300, seed=5))
    assert {one.topics for one in made} <= {*known, ()}
    lost = [one for one in made if "lost property" in one.topics]
    assert lost
    assert all(re.search(r"lost|left|forgot|found|missing|without|gone|not on|n.t on", one.text) for one in lost)
