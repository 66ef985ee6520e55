"""Fill-mask: masked words of held-out texts, guessed at once from what is left: leads of Wikipedia, everyday sentences.

The chosen words are those that stand alone between spaces and punctuation and have letters only. A guess is right if it
is the word, without case and accents. A word that is not one piece of the vocabulary cannot be guessed by one mask; the
figures are given for the words that are, and for all.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from course_lib.data.leads import read_leads
from course_lib.pipelines import pipeline
from workshop.evaluation import THIS, Measured, Sources, interval
from workshop.evaluation.asking import by_length
from workshop.evaluation.sources import labelled_file

NEEDS = ("leads", "data")
EVERYDAY = {part: labelled_file(f"translation/tatoeba_en_fr.{part}.jsonl.gz") for part in ("train", "test")}
SHARE = 0.15  # of the words
WINDOW = 128  # tokens at the beginning of a text
SEED = 7
BEST = 5
WORD = re.compile(r"(?<![\w'’-])[^\W\d_]+(?![\w'’-])")
MASK = "[MASK]"  # in our texts; each model has its own


@dataclass(frozen=True)
class Masked:
    """A text with some of its words replaced by MASK, and these words as they stood there, in their order."""

    text: str
    words: tuple[str, ...]


def plain(word: str) -> str:
    """A word without spaces around it, case and accents, as MiniLM's vocabulary has it."""
    letters = unicodedata.normalize("NFD", word.strip().lower())
    return "".join(letter for letter in letters if unicodedata.category(letter) != "Mn")


def mask(text: str, generator: np.random.Generator) -> Masked | None:
    """`text` with a share of its words masked, at least one; None if it has no words."""
    found = list(WORD.finditer(text))
    if not found:
        return None
    chosen = sorted(generator.choice(len(found), max(1, round(SHARE * len(found))), replace=False))
    pieces, last = [], 0
    for number in chosen:
        pieces += [text[last : found[number].start()], MASK]
        last = found[number].end()
    return Masked("".join(pieces) + text[last:], tuple(found[number][0] for number in chosen))


def shortened(text: str, tokenizer) -> str:
    """The beginning of `text` that makes at most WINDOW tokens, and no more than the model reads."""
    longest = min(WINDOW, tokenizer.model_max_length)
    spans = tokenizer(text, truncation=True, max_length=longest, return_offsets_mapping=True)["offset_mapping"]
    return text[: max(end for _, end in spans)]


def checkpoint_guesses(ask, masked: list[Masked]) -> list[list[list[str]]]:
    """For each text and each of its masks the checkpoint's BEST words, best first."""
    texts = [one.text.replace(MASK, ask.tokenizer.mask_token) for one in masked]

    def answer(ordered: list[str]) -> list:
        found = ask(ordered, batch_size=8, top_k=BEST)
        return found if len(ordered) > 1 else [found]  # of a list of one text only its answer comes back

    answers = by_length(answer, texts)
    # One mask gives a list of answers, several give a list for each.
    lists = [answer if isinstance(answer[0], list) else [answer] for answer in answers]
    return [[[plain(guess["token_str"]) for guess in guesses] for guesses in answer] for answer in lists]


class Ngrams:
    """The most frequent words, after the one or two words before where these are known ("stupid back-off")."""

    def __init__(self, texts: list[str]):
        """Count words, pairs and triples in `texts`."""
        self.after: dict[tuple[str, ...], Counter] = defaultdict(Counter)
        for text in texts:
            words = self.split(text)
            for place, word in enumerate(words):
                if word.isalpha():
                    for length in range(min(place, 2) + 1):
                        self.after[tuple(words[place - length : place])][word] += 1
        self.best = {before: [word for word, _ in after.most_common(BEST)] for before, after in self.after.items()}

    @staticmethod
    def split(text: str) -> list[str]:
        """Words, masks and punctuation marks, plain."""
        return [part if part == MASK else plain(part) for part in re.findall(r"\[MASK\]|\w+|[^\w\s]", text)]

    def guesses(self, masked: Masked, length: int) -> list[list[str]]:
        """For each mask the BEST words, best first, from at most `length` words before it; a mask tells nothing."""
        words, answers = self.split(masked.text), []
        for place in [place for place, word in enumerate(words) if word == MASK]:
            found: dict[str, None] = {}
            for use in range(min(length, place), -1, -1):
                found |= dict.fromkeys(self.best.get(tuple(words[place - use : place]), ()))
            answers.append(list(found)[:BEST])
        return answers


def measure(sources: Sources) -> Iterator[Measured]:
    """Top-1 and top-5 accuracy, over words of one piece of the vocabulary and over all."""
    path, ask = sources.path("leads"), pipeline("fill-mask")
    leads = {part: [lead.text for lead in read_leads(path, part)] for part in ("train", "test")}
    everyday = {part: [row["en"] for row in sources.labelled(file)] for part, file in EVERYDAY.items()}
    for kind, texts in {"leads": leads, "everyday sentences": everyday}.items():
        yield from measured(kind, texts["test"], Ngrams(texts["train"]), ask, sources)


def measured(kind: str, everything: list[str], ngrams: Ngrams, ask, sources: Sources) -> Iterator[Measured]:
    """The figures of one kind of text."""
    generator = np.random.default_rng(SEED)
    texts = [shortened(text, ask.tokenizer) for text in everything]
    masked = [one for one in (mask(text, generator) for text in texts) if one]
    chosen = sources.sample(masked)
    single = [[len(ask.tokenizer.tokenize(" " + word)) == 1 for word in one.words] for one in chosen]
    systems = {
        THIS: checkpoint_guesses(ask, chosen),
        "trigrams with back-off": [ngrams.guesses(one, 2) for one in chosen],
        "most frequent words": [ngrams.guesses(one, 0) for one in chosen],
    }
    everyone = [[True] * len(one.words) for one in chosen]
    for test, counted in {f"{kind}, words of one piece": single, f"{kind}, all words": everyone}.items():
        for system, guesses in systems.items():
            scores = {f"top-{best}": top_accuracy(chosen, guesses, counted, best) for best in (1, BEST)}
            yield Measured(test, len(chosen), len(masked), system, scores)


def top_accuracy(
    masked: list[Masked], guesses: list, counted: list[list[bool]], best: int
) -> tuple[float, float, float]:
    """Share of the counted words that are among the first `best` guesses; the interval draws texts, not words."""
    sums = []  # (text, 2): right guesses, words
    for one, given, use in zip(masked, guesses, counted, strict=True):
        right = [plain(word) in words[:best] for word, words in zip(one.words, given, strict=True)]
        sums.append((sum(yes and count for yes, count in zip(right, use, strict=True)), sum(use)))
    return interval(sums, lambda sums: sums[:, 0] / np.maximum(sums[:, 1], 1))


def note() -> str:
    """What the figures are."""
    return (
        f"{SHARE:.0%} of the words in the first {WINDOW} tokens of each text are masked, all at once; top-1 and "
        f"top-{BEST} are the shares of them that are the first guess, or one of the first five. The rows are texts; "
        "the everyday ones are sentences of Tatoeba. The n-grams were counted in the train part of the same texts."
    )
