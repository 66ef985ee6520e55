"""Letters by two groups of customers who use one word in opposite ways, and a classifier that has to serve both.

The large group writes *wicked* and *sick* when something is bad, the small one when it is very good. Nothing but counts
of words goes in and the fit is exact, so that what differs between two models is what they were chosen for.
Made up for chapter 07; that classifiers fail on the English of smaller groups is not: Blodgett et al. 2016.
"""

from __future__ import annotations

from numbers import Real
from typing import NamedTuple

import numpy as np

from course_lib.arguments import above_zero, whole

PRAISE = ("lovely", "great", "perfect", "happy", "quick")
BLAME = ("broken", "slow", "awful", "late", "useless")
SLANG = ("wicked", "sick")
FILLER = ("lamp", "order", "parcel", "shop", "today", "table")
VOCABULARY = (*PRAISE, *BLAME, *SLANG, *FILLER)


class Letters(NamedTuple):
    """`counts` of VOCABULARY (letter, word), and whether it is `pleased` and from the `small` group (letter,)."""

    counts: np.ndarray
    pleased: np.ndarray
    small: np.ndarray


def customer_letters(count: int, share: float = 0.1, seed: int = 0) -> Letters:
    """`count` letters of eight words; each is from the small group with chance `share`, and pleased with chance ½.

    Raises ValueError for a share outside 0 to 1, and for less than one letter.
    """
    whole("count", count)
    whole("seed", seed, 0)
    if not isinstance(share, Real) or not 0 <= share <= 1:
        raise ValueError(f"the share of the small group lies between 0 and 1; this is {share!r}.")
    chance = np.random.default_rng(seed)
    small = chance.random(count) < share
    pleased = chance.random(count) < 0.5
    weights = np.ones((count, len(VOCABULARY)))
    place = {word: number for number, word in enumerate(VOCABULARY)}
    mood = [place[word] for word in (*PRAISE, *BLAME)]
    weights[:, mood] = np.where(small, 0.35, 0.7)[:, None]
    for words, liked in ((PRAISE, True), (BLAME, False)):  # a mood's own words are a little more frequent
        weights[np.ix_(pleased == liked, [place[word] for word in words])] *= 2.2
    slang = [place[word] for word in SLANG]
    weights[:, slang] = np.where(pleased == small, 2.0, 0.1)[:, None]  # bad for the large group, good for the small one
    weights /= weights.sum(1, keepdims=True)
    counts = np.stack([chance.multinomial(8, row) for row in weights])  # (letter, word)
    return Letters(counts, pleased, small)


def as_texts(data: Letters, seed: int = 0) -> list[str]:
    """Each letter as a text: its words in an order drawn at random, for a model that reads texts."""
    whole("seed", seed, 0)
    chance = np.random.default_rng(seed)
    words = np.array(VOCABULARY)
    return [" ".join(chance.permutation(np.repeat(words, row))) for row in data.counts]


def fitted(data: Letters, weight: float = 1.0, steps: int = 30) -> np.ndarray:
    """Logistic regression by Newton's method, (1 + word,); a letter of the small group counts `weight` times.

    Half the sum of squares of all weights is added to the loss, so that there always is a best fit. Raises ValueError
    for a weight that is not above 0, and for no steps or letters.
    """
    above_zero("weight", weight)
    whole("steps", steps)
    if not len(data.counts):
        raise ValueError("data holds no letters, so there is nothing to fit.")
    inputs = np.column_stack([np.ones(len(data.counts)), data.counts])  # (letter, 1 + word)
    importance = np.where(data.small, weight, 1.0)
    importance /= importance.mean()
    found = np.zeros(inputs.shape[1])
    for _ in range(steps):
        chances = 1 / (1 + np.exp(-inputs @ found))  # (letter,)
        slope = inputs.T @ (importance * (data.pleased - chances)) - found
        curve = (inputs * (importance * chances * (1 - chances))[:, None]).T @ inputs + np.eye(len(found))
        found = found + np.linalg.solve(curve, slope)
    return found


def log_odds(model: np.ndarray, data: Letters) -> np.ndarray:
    """Log-odds that each letter is pleased, (letter,). Raises ValueError where model is not (1 + word,)."""
    if np.shape(model) != (1 + data.counts.shape[1],):
        raise ValueError(f"model is ({1 + data.counts.shape[1]},), what `fitted` returned; given: {np.shape(model)}.")
    return model[0] + data.counts @ model[1:]
