"""Summarization: ROUGE of titles and short descriptions that people wrote, and the facts of letters.

Titles, descriptions and subject lines are compared with what people wrote, by ROUGE (Lin, "ROUGE: A Package for
Automatic Evaluation of Summaries", 2004). Of the course's own messages, in which the key facts are marked, it is
counted how many facts a summary keeps, and how much of what it says stands nowhere in the message.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

import numpy as np

from course_lib.data.leads import read_leads
from course_lib.data.texts import Message, messages
from course_lib.pipelines import pipeline
from workshop.evaluation import THIS, Measured, Sources, interval
from workshop.evaluation.asking import by_length
from workshop.evaluation.debian import descriptions
from workshop.evaluation.sources import labelled_file

NEEDS = ("data", "debian", "leads")
TITLES = labelled_file("summarization/acl_title.test.jsonl.gz")
EMAILS = labelled_file("summarization/aeslc_email.test.jsonl.gz")
METRICS = {"ROUGE-1": "rouge1", "ROUGE-2": "rouge2", "ROUGE-L": "rougeL"}


# Words of a summary that claim nothing of their own: who speaks, how, and the glue between facts. By stem.
TELLING = """
a about after again all also although an and any are as at back be because been before being but by can could did do
does done during each either even ever every few for from get give given gives go got had has have he her him his
how i if in instead into is it its just like made make many may me might more most much must my need no nor not now
of off on once one only onto or other our out over own please same shall she should since so some soon still such
than that the their them then there these they thing this those though through till to too under until up upon very
want was we well went were what when where whether which while who whom whose why will wish with within without
would yet you your ask asks announce apologise apologize apply arrange book call cancel choose complain confirm
decline explain expect find hope inform invite know let look notify offer order promise propose receive remind
report request reply respond say send sent suggest take tell thank think try use warn write wrote boss child client
colleague company couple customer driver employee family friend group guest landlord letter man member message
mother neighbour neighbor parent passenger patient people person pupil reader sender shop son student subscriber
teacher team tenant woman writer email mail note chat
"""

_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
NUMBERS = {word: str(number) for number, word in enumerate(_WORDS, 1)}


def tests(sources: Sources) -> dict[str, list[tuple[str, tuple[str, ...]]]]:
    """The pairs (text, summaries by one or several people) of each test set."""
    found = {"ACL titles, 2022": [(row["text"], (row["summary"],)) for row in sources.labelled(TITLES)]}
    packages = descriptions(sources.path("debian"), "test")
    found["Debian packages"] = [(package.text, (package.short,)) for package in packages]
    leads = read_leads(sources.path("leads"), "test")
    found["Wikipedia leads"] = [(lead.text, (lead.description,)) for lead in leads if lead.description]
    found["e-mails, subject lines"] = [(row["text"], tuple(row["references"])) for row in sources.labelled(EMAILS)]
    return found


def first_words(texts: list[str], summaries: list[str]) -> list[str]:
    """The beginning of each text, with as many words as its summary has."""
    pairs = zip(texts, summaries, strict=True)
    return [" ".join(text.split()[: len(summary.split())]) for text, summary in pairs]


def rouge(guesses: list[str], truths: list[tuple[str, ...]]) -> np.ndarray:
    """F1 of each summary with the nearest of what people wrote, (text, metric) in the order of METRICS."""
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(list(METRICS.values()), use_stemmer=True)
    found = [scorer.score_multi(truth, guess) for guess, truth in zip(guesses, truths, strict=True)]
    return np.array([[score[metric].fmeasure for metric in METRICS.values()] for score in found])


def plain(text: str) -> str:
    """`text` without case, accents and curly apostrophes, and without the spaces that models put round hyphens."""
    letters = unicodedata.normalize("NFD", text.lower().replace("’", "'"))
    letters = "".join(letter for letter in letters if unicodedata.category(letter) != "Mn")
    return re.sub(r"(?<=\w) ?(['-]) ?(?=\w)", r"\1", " ".join(letters.split()))


def kept(summary: str, facts: tuple[tuple[str, ...], ...]) -> np.ndarray:
    """For each fact whether one of its words begins a word of `summary`, (fact,) of bool."""
    told = plain(summary)
    return np.array([any(re.search(rf"(?<!\w){re.escape(plain(word))}", told) for word in fact) for fact in facts])


@cache
def _stem(word: str) -> str:
    from nltk.stem.porter import PorterStemmer

    word = re.sub(r"(?<=\d)(st|nd|rd|th)$", "", word)
    return NUMBERS.get(word) or PorterStemmer().stem(word)


def invented(summary: str, message: Message) -> np.ndarray:
    """For each word of `summary` that claims something whether it stands in no part of the message, (word,) of bool.

    Words of TELLING claim nothing. Words are compared by their stem, and numbers by their value, with the message and
    with the human summary, so that an inference which a person made too ("asks for a refund" of "I want my money back")
    is no invention.
    """
    words = re.findall(r"[^\W_]+", plain(summary))
    known = {_stem(word) for word in re.findall(r"[^\W_]+", plain(f"{message.text} {message.summary}"))}
    telling = {_stem(word) for word in TELLING.split()}
    return np.array([_stem(word) not in known for word in words if _counts(word) and _stem(word) not in telling])


def _counts(word: str) -> bool:
    """Whether a word can claim something: it is a number, or no single letter."""
    return word.isdigit() or len(word) > 1


def _share(sums: np.ndarray) -> np.ndarray:
    """The share of all facts, (draw, 2) of how many and of how many -> (draw,)."""
    return sums[:, 0] / np.maximum(sums[:, 1], 1)


def measure_messages(sources: Sources, ask) -> Iterator[Measured]:
    """The share of marked facts that summaries of the course's messages keep, and the share of invented words."""
    everything = messages("test")
    rows = sources.sample(everything)
    texts = [row.text for row in rows]
    answers = by_length(lambda ordered: ask(ordered, batch_size=16, truncation=True), texts)
    summaries = [answer["summary_text"] for answer in answers]
    systems = {
        THIS: summaries,
        "first words of the text, as many": first_words(texts, summaries),
    }
    for system, guesses in systems.items():
        facts = [kept(guess, row.facts) for guess, row in zip(guesses, rows, strict=True)]
        words = [invented(guess, row) for guess, row in zip(guesses, rows, strict=True)]
        scores = {
            "facts kept": interval([(one.sum(), len(one)) for one in facts], _share),
            "words invented": interval([(one.sum(), len(one)) for one in words], _share),
        }
        yield Measured("the course's messages", len(rows), len(everything), system, scores)


def measure(sources: Sources) -> Iterator[Measured]:
    """ROUGE on each test set, of the checkpoint and of the text's first words at the checkpoint's length."""
    everything = tests(sources)
    ask = pipeline("summarization")
    for test, pairs in everything.items():
        rows = sources.sample(pairs)
        texts, truths = [text for text, _ in rows], [summaries for _, summaries in rows]
        answers = by_length(lambda ordered: ask(ordered, batch_size=16, truncation=True), texts)
        summaries = [answer["summary_text"] for answer in answers]
        systems = {THIS: summaries, "first words of the text, as many": first_words(texts, summaries)}
        for system, guesses in systems.items():
            values = rouge(guesses, truths)  # (text, metric)
            scores = {metric: interval(values[:, number]) for number, metric in enumerate(METRICS)}
            yield Measured(test, len(rows), len(pairs), system, scores)
    yield from measure_messages(sources, ask)


def note() -> str:
    """What the figures are."""
    return (
        "F1 by rouge-score, with its stemmer. The baseline takes as many words of each text as the checkpoint's "
        "summary of it has; e-mails (AESLC, by its licence for measuring only) are compared with the nearest of three "
        "subject lines. Of the course's own 75 messages the key facts are marked; invented is a word that claims "
        "something and stands neither in the message nor in one person's summary of it. Debian's and Wikipedia's texts "
        "are the test parts that `workshop/evaluation/debian.py` "
        "and `leads.py` keep aside."
    )
