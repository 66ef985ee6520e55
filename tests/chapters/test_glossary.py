"""The glossary has every term that a chapter introduces in bold, and the chapter links to it where it does.

A term stands in bold within a sentence, once: ``**[token](../GLOSSARY.md#token)**``. Bold at the beginning of a line or
of a list item is a heading of a kind and no term.
"""

import re

import pytest
from reading import ROOT, Chapter, prose

ROW = re.compile(
    r'^\| <a id="(?P<anchor>[^"]+)"></a>(?P<term>.+?) \| (?P<korean>.+?) \| (?P<says>.+?) \| (?P<chapters>.+) \|$'
)
BOLD = re.compile(r"(?<![*\w])\*\*(?!\s)([^*\n]+?)\*\*(?!\*)")
AT_THE_BEGINNING = re.compile(r"^[ \t]*(?:>[ \t]*)?(?:[-*][ \t]+|\d+\.[ \t]+|\*\*Reading\*\*.*)?$")
LINK = re.compile(r"\[(.+)\]\(\.\./GLOSSARY\.md#(.+)\)")


def rows():
    lines = (ROOT / "GLOSSARY.md").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.startswith("| ")][2:]


def glossary():
    """Each name that a term has, in lowercase, and the anchor of its row."""
    found = {}
    for row in map(ROW.match, rows()):
        outside, _, inside = row["term"].partition(" (")
        for name in [*outside.split(", "), *inside.rstrip(")").split(", ")]:
            if name:
                found.setdefault(name.lower(), row["anchor"])
    return found


def anchor_of(words, known):
    """The anchor of a term as it stands in a sentence, also in its plural; None if the glossary lacks it."""
    name = words.lower()
    return known.get(name) or known.get(name.removesuffix("s")) or known.get(name.removesuffix("es"))


def bold_terms(markdown):
    """What stands in bold within the sentences of a text."""
    for line in prose(markdown).splitlines():
        for match in BOLD.finditer(line):
            if not AT_THE_BEGINNING.match(line[: match.start()]) or LINK.fullmatch(match[1]):
                yield match[1]


OF_TWO_SENSES = {"heads": "attention-head"}  # a word that is also another term's


def faults(texts, known):
    seen = set()
    for text in (bold for markdown in texts for bold in bold_terms(markdown)):
        link = LINK.fullmatch(text)
        words = link[1] if link else text
        anchor = anchor_of(words, known)
        if anchor is None:
            yield f"{words!r} is in bold and not in GLOSSARY.md"
        elif link and link[2] not in (anchor, OF_TWO_SENSES.get(words.lower())):
            yield f"{words!r} links to #{link[2]}, and GLOSSARY.md has it at #{anchor}"
        elif not link:
            yield f"{words!r} is in bold and no link: write **[{words}](../GLOSSARY.md#{anchor})**"
        elif words.lower() in seen:
            yield f"{words!r} is introduced twice"
        seen.add(words.lower())


@pytest.mark.parametrize("path", sorted((ROOT / "chapters").glob("[0-9][0-9]_*.ipynb")), ids=lambda path: path.stem)
def test_terms_of_a_chapter_are_in_the_glossary(path):
    texts = [cell.source for cell in Chapter(path).markdown]
    assert any(True for text in texts for _ in bold_terms(text)), "a chapter introduces terms"
    assert list(faults(texts, glossary())) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A **zygote** is.", "'zygote' is in bold and not in"),
        ("A **token** is.", r"write \*\*\[token\]\(\.\./GLOSSARY\.md#token\)\*\*"),
        ("A **[token](../GLOSSARY.md#tokin)** is.", "#tokin, and GLOSSARY.md has it at #token"),
        ("A **[token](../GLOSSARY.md#perplexity)** is.", "#perplexity, and GLOSSARY.md has it at #token"),
        ("**[Tokens](../GLOSSARY.md#token)** and **[tokens](../GLOSSARY.md#token)**.", "introduced twice"),
    ],
)
def test_what_is_missing_is_found(text, words):
    (fault,) = faults([text], glossary())
    assert re.search(words, fault)


def test_what_is_no_term_is_left_alone():
    text = "**Reading** 3 min\n- **A score.** It is.\n> **Predict.** What?\n\nA **[token](../GLOSSARY.md#token)** is."
    assert list(faults([text], glossary())) == []


def test_a_row_begins_with_the_chapter_that_introduces_its_term_and_names_all_that_do():
    told = {row["anchor"]: row["chapters"].split(", ") for row in map(ROW.match, rows())}
    introduced = {}
    for path in sorted((ROOT / "chapters").glob("[0-9][0-9]_*.ipynb")):
        for link in {
            link[2] for cell in Chapter(path).markdown for link in map(LINK.fullmatch, bold_terms(cell.source)) if link
        }:
            introduced.setdefault(link, []).append(path.name[:2])
    assert len(introduced) > 100
    wrong = {
        term: (told[term], there)
        for term, there in introduced.items()
        if told[term][0] != there[0] or not {*there} <= {*told[term]}
    }
    assert wrong == {}, "GLOSSARY.md, last column: (it says, in bold in)"


@pytest.mark.parametrize(("chapter", "word", "anchor"), [("03", "head", "head"), ("05", "heads", "attention-head")])
def test_a_word_of_two_senses_leads_to_the_one_meant(chapter, word, anchor):
    (path,) = (ROOT / "chapters").glob(f"{chapter}_*.ipynb")
    terms = [LINK.fullmatch(text) for cell in Chapter(path).markdown for text in bold_terms(cell.source)]
    assert [term[2] for term in terms if term and term[1] == word] == [anchor]


def test_each_row_is_whole_and_each_anchor_once():
    assert all(ROW.match(row) for row in rows()), [row for row in rows() if not ROW.match(row)]
    anchors = [ROW.match(row)["anchor"] for row in rows()]
    assert len(anchors) > 100
    assert len(set(anchors)) == len(anchors)
    assert all(re.search("[가-힣]", ROW.match(row)["korean"]) for row in rows())


@pytest.mark.parametrize(
    ("term", "korean"),
    [
        ("auto-encoding", "오토인코딩"), ("worst-group accuracy", "최악 그룹 정확도"), ("weight", "가중치"),
        ("pseudo-log-likelihood", "의사 로그 가능도"), ("perplexity", "펄플렉서티 (혼란도)"), ("label", "레이블"),
        ("window, stride", "윈도우, 스트라이드"), ("ablation", "절제 연구 (어블레이션)"), ("padding", "패딩"),
        ("special token", "특수 토큰"), ("delimiter", "구분 토큰 (구분자)"), ("fine-tuning", "미세 조정, 파인튜닝"),
        ("self-supervised learning", "자기 지도 학습, 자가 지도 학습"), ("sentiment analysis", "감성 분석, 감정 분석"),
        ("self-attention", "셀프 어텐션"), ("representation", "표현"), ("feature", "특징 (피처)"),
        ("metric", "지표 (메트릭)"), ("bootstrap", "부트스트랩"), ("confidence interval", "신뢰 구간"),
        ("p value", "p 값 (유의 확률)"), ("correlation", "상관관계"), ("log-odds", "로그 오즈"),
        ("calibration", "보정 (캘리브레이션)"),
    ],
)  # fmt: skip
def test_terms_have_the_korean_of_the_field(term, korean):
    assert [row["korean"] for row in map(ROW.match, rows()) if row["term"] == term] == [korean]


def test_a_word_of_our_own_says_so_in_both_languages():
    said = {row["term"] for row in map(ROW.match, rows()) if re.search(r"\bour word\b", row["says"])}
    assert {"label curve", "course checkpoint"} <= said
    assert said == {row["term"] for row in map(ROW.match, rows()) if "이 강좌의 용어" in row["korean"]}
