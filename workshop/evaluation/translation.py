"""English to French: BLEU and chrF by sacrebleu, on captions of pictures, everyday sentences and a program's manual.

Source: Post, "A Call for Clarity in Reporting BLEU Scores", 2018.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import numpy as np

from course_lib.pipelines import pipeline
from workshop.evaluation import THIS, Measured, Sources, interval
from workshop.evaluation.asking import by_length
from workshop.evaluation.help_pages import help_pairs
from workshop.evaluation.sources import labelled_file

NEEDS = ("data", "help_pages")
TESTS = {
    "Multi30k, 2016 Flickr": labelled_file("translation/multi30k_en_de_fr.test_2016_flickr.jsonl.gz"),
    "Tatoeba": labelled_file("translation/tatoeba_en_fr.test.jsonl.gz"),
}
HELP = "LibreOffice help"
LEARNED = (
    labelled_file("translation/multi30k_en_de_fr.train.jsonl.gz"),
    labelled_file("translation/tatoeba_en_fr.train.jsonl.gz"),
)
AT_MOST = 30_000  # pairs of each kind from which the dictionary learns
LONGEST = 30  # words in a pair from which it learns
ROUNDS = 5  # of expectation and maximisation

Translate = Callable[[list[str]], list[str]]


def checkpoint_translation() -> Translate:
    """The course's checkpoint, with its own settings."""
    ask = pipeline("translation_en_to_fr")

    def translate(texts: list[str]) -> list[str]:
        answers = by_length(lambda ordered: ask(ordered, batch_size=32, truncation=True), texts)
        return [answer["translation_text"] for answer in answers]

    return translate


def words(text: str) -> list[str]:
    """Words and punctuation marks in lower case; an elided article (l', d') is a word."""
    return re.findall(r"\w+'|\w+|[^\w\s]", text.lower().replace("’", "'"))


def dictionary(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """For each English word the French word that it most likely becomes (IBM model 1, without a null word).

    Every French word of a pair comes from one of the pair's English words. Which one is spread over them by the table
    of chances so far, then the table is counted anew. Pairs with more than LONGEST words are left out.
    Source: Brown et al., "The Mathematics of Statistical Machine Translation", 1993.
    """
    number: tuple[dict[str, int], dict[str, int]] = ({}, {})  # of each English and of each French word
    sources, targets, origins = [], [], []  # arrays with the English and the French word of every possible link
    place = 0  # of a French word, over all pairs: its links compete
    for pair in pairs:
        ours, theirs = (
            [table.setdefault(word, len(table)) for word in words(text)]
            for table, text in zip(number, pair, strict=True)
        )
        if ours and theirs and max(len(ours), len(theirs)) <= LONGEST:
            sources.append(np.tile(ours, len(theirs)))
            targets.append(np.repeat(theirs, len(ours)))
            origins.append(np.repeat(np.arange(place, place + len(theirs)), len(ours)))
            place += len(theirs)
    english, french = (list(table) for table in number)
    source, target, origin = (np.concatenate(arrays) for arrays in (sources, targets, origins))  # (link,) each
    entries, entry = np.unique(source * len(french) + target, return_inverse=True)  # (entry,), (link,)
    source, target = entries // len(french), entries % len(french)  # (entry,) each
    chance = np.ones(len(entries))  # of the French word, given the English one; (entry,)
    for _ in range(ROUNDS):
        share = chance[entry]  # (link,)
        expected = np.bincount(entry, share / np.bincount(origin, share)[origin])  # (entry,)
        chance = expected / np.bincount(source, expected)[source]
    best = {}
    for place in np.argsort(chance, kind="stable"):  # the likeliest comes last and stays
        best[english[source[place]]] = french[target[place]]
    return best


def word_by_word(known: dict[str, str]) -> Translate:
    """Each word replaced by its entry in the dictionary, or kept."""

    def translate(text: str) -> str:
        joined = " ".join(known.get(word, word) for word in words(text))
        joined = re.sub(r" ([.,…)])", r"\1", joined.replace("' ", "'"))
        return joined[:1].upper() + joined[1:]

    return lambda texts: [translate(text) for text in texts]


def scores(guesses: list[str], truths: list[str]) -> dict[str, tuple[float, float, float]]:
    """BLEU and chrF of a whole test set, from 0 to 100, with intervals from sums over redrawn sentences."""
    measured = {}
    for name, metric in metrics().items():
        statistics = metric._extract_corpus_statistics(guesses, [truths])  # (sentence, k)

        def figure(sums: np.ndarray, metric=metric) -> np.ndarray:
            return np.array([metric._compute_score_from_stats(row).score for row in sums.astype(int).tolist()])

        measured[name] = interval(statistics, figure)
    return measured


def metrics() -> dict:
    """sacrebleu's BLEU and chrF with their usual settings."""
    from sacrebleu.metrics import BLEU, CHRF

    return {"BLEU": BLEU(), "chrF": CHRF()}


def measure(sources: Sources) -> Iterator[Measured]:
    """BLEU and chrF on each test set."""
    tests = {test: [(row["en"], row["fr"]) for row in sources.labelled(file)] for test, file in TESTS.items()}
    tests[HELP] = help_pairs(sources.path("help_pages"), "test")
    kinds = [[(row["en"], row["fr"]) for row in sources.labelled(file)] for file in LEARNED]
    kinds.append(help_pairs(sources.path("help_pages"), "train"))
    learned = []
    for pairs in kinds:
        order = np.random.default_rng(0).permutation(len(pairs))[:AT_MOST]
        learned += [pairs[number] for number in sorted(order)]
    systems = {
        THIS: checkpoint_translation(),
        "word by word, dictionary learned from the data": word_by_word(dictionary(learned)),
        "copy of the source": lambda texts: texts,
    }
    for test, everything in tests.items():
        rows = sources.sample(everything)
        for system, translate in systems.items():
            measured = scores(translate([english for english, _ in rows]), [french for _, french in rows])
            yield Measured(test, len(rows), len(everything), system, measured)


def note() -> str:
    """What the figures are, with sacrebleu's signatures."""
    signatures = []
    for name, metric in metrics().items():
        metric.corpus_score(["a"], [["a"]])  # a signature is known once something has been scored
        signatures.append(f"{name} `{metric.get_signature()}`")
    return f"By sacrebleu: {', '.join(signatures)}."
