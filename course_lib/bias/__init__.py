"""Bias measured: scores of sentences and people, the words they are made of, and small worlds where the truth is known.

`scores` measures models; `words` has occupations, names and descriptions with their sources; `planted_bias` plants a
bias in invented sentences; `titles` fine-tunes on fair ones; `groups` is a classifier with a large and a small group.
Chapter 07.
"""

from course_lib.bias.scores import (
    association,
    gap_scores,
    is_masked,
    minimal_pairs,
    person_scores,
    positive_scores,
    sentence_scores,
)

__all__ = [
    "association",
    "gap_scores",
    "is_masked",
    "minimal_pairs",
    "person_scores",
    "positive_scores",
    "sentence_scores",
]
