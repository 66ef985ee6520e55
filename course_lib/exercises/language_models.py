"""Exercises of chapter 02: what a language model learns from, what its predictions are worth, how it writes.

Sources: Shannon 1951 (bits a character), Laplace's rule (add one), Devlin et al. 2018 (15 %, of these 80/10/10),
Radford et al. 2018 (each next token), Holtzman et al. 2019 (top-p). The oracles in
tests/lib/test_chapter_02_exercises.py are scikit-learn and models of Transformers.
"""

from __future__ import annotations

import math

import numpy as np
import torch

from course_lib.exercises.architectures import ROLLED, one_too_many, rolled
from course_lib.exercises.declare import Case, Exercise, Mistake, when
from course_lib.exercises.inputs import generator, numbers, other_global_seeds

# ---------------------------------------------------------------- bigram


def bigram(ids, vocabulary_size):
    """A language model from counting pairs, with 1 added to each count.

    ids: (length,), the tokens of a text, integers below vocabulary_size.
    Returns (vocabulary, vocabulary): in row a, column b the probability that b comes
    after a. Every row sums to 1, also that of a token that never occurs.
    """
    ### BEGIN SOLUTION
    counts = torch.ones(vocabulary_size, vocabulary_size)  # (before, after)
    for before, after in zip(ids[:-1], ids[1:], strict=True):
        counts[before, after] += 1
    return counts / counts.sum(1, keepdim=True)
    ### END SOLUTION


def pair_counts(ids, size):
    """How often each pair occurs: (before, after)."""
    counts = torch.zeros(size, size)
    for before, after in zip(ids.tolist(), ids.tolist()[1:], strict=False):
        counts[before, after] += 1
    return counts


def bigram_but(count=pair_counts, add=1.0, divide=lambda counts: counts.sum(1, keepdim=True)):
    """A bigram with something else in one place: for the mistakes."""

    def wrong(ids, vocabulary_size):
        counts = count(ids, vocabulary_size) + add
        return counts / divide(counts)

    return wrong


def _by_assignment(ids, size):
    counts = torch.zeros(size, size)
    counts[ids[:-1], ids[1:]] += 1
    return counts


def _around(ids, size):
    return pair_counts(torch.cat([ids, ids[:1]]), size)


def _both_ways(ids, size):
    return pair_counts(ids, size) + pair_counts(ids, size).T


def _of_the_column(ids, size):
    counts = pair_counts(ids, size) + 1
    return counts / counts.sum(0, keepdim=True)


def _only_above(ids, size):
    counts = pair_counts(ids, size)
    return (counts + 1) / (counts.sum(1, keepdim=True) + 1)


def _only_below(ids, size):
    counts = pair_counts(ids, size)
    return counts / (counts.sum(1, keepdim=True) + size)


def _added_where_zero(ids, size):
    counts = pair_counts(ids, size)
    counts[counts == 0] = 1
    return counts / counts.sum(1, keepdim=True)


def _empty_rows_even(ids, size):
    counts = pair_counts(ids, size)
    counts[counts.sum(1) == 0] = 1
    return counts / counts.sum(1, keepdim=True)


def _added_afterwards(ids, size):
    shares = _empty_rows_even(ids, size) + 1
    return shares / shares.sum(1, keepdim=True)


def _one_row(ids, size):
    row = pair_counts(ids, size).sum(0) + 1
    return (row / row.sum()).repeat(size, 1)


def _divided_by_occurrences(ids, size):
    counts = pair_counts(ids, size) + 1
    return counts / (torch.bincount(ids, minlength=size)[:, None] + size)


BIGRAM = Exercise(
    name="bigram",
    chapter=2,
    minutes=8,
    level="easy",
    signature="bigram(ids, vocabulary_size) -> (vocabulary, vocabulary), every row sums to 1",
    reference=bigram,
    cases=[
        Case((torch.tensor([0, 1, 0, 1, 1]), 2), says="the text 0 1 0 1 1: after 0 comes 1, twice"),
        Case((torch.tensor([0, 1, 1, 0, 1, 2, 0, 1]), 4), says="a text in which token 3 never occurs"),
        Case((torch.randint(6, (200,), generator=generator(2)), 7), says="200 tokens of a vocabulary of 7"),
    ],
    mistakes=[
        Mistake(
            "pairs that repeat count once",
            bigram_but(_by_assignment),
            "a pair that occurs several times is counted once: 0 1 stands twice in the text. Where one assignment "
            "with lists of indices meets a place twice, only one of the two is kept; count in a loop, with "
            "torch.bincount, or with index_put_(…, accumulate=True).",
        ),
        Mistake(
            "transposed",
            lambda ids, size: bigram(ids, size).T.clone(),
            "the table is the wrong way round: a row is the token before, a column the token after. Here the columns "
            "sum to 1.",
        ),
        Mistake(
            "backwards",
            lambda ids, size: bigram(ids.flip(0), size),
            "the pairs are counted backwards: row a holds what comes before a. It should hold what comes after it.",
        ),
        Mistake(
            "along the columns",
            _of_the_column,
            "each column is divided by its sum, and each row should be: what comes after a given token sums to 1.",
        ),
        Mistake(
            "row sums without keepdim",
            bigram_but(divide=lambda counts: counts.sum(1)),
            "the sums of the rows stand as a row, and divide the columns: keepdim=True keeps them a column.",
        ),
        Mistake(
            "softmax",
            lambda ids, size: (pair_counts(ids, size) + 1).softmax(-1),
            "a softmax is taken of the counts: it takes exponentials, so that two more make e² times as probable. "
            "Divide each row by its sum.",
        ),
        Mistake(
            "of all pairs",
            bigram_but(divide=lambda counts: counts.sum()),
            "the whole table sums to 1: that is how frequent a pair is among all pairs. Each row should sum to 1: how "
            "probable the next token is, given the one before.",
        ),
        Mistake(
            "nothing added, NaN",
            bigram_but(add=0.0),
            "no 1 is added to the counts: what was not seen gets probability 0, and the row of a token that never "
            "occurs is 0/0, NaN.",
        ),
        Mistake(
            "nothing added, rows of 0",
            bigram_but(add=0.0, divide=lambda counts: counts.sum(1, keepdim=True).clamp(min=1)),
            "no 1 is added to the counts: what was not seen gets probability 0, and the row of a token that never "
            "occurs sums to 0.",
        ),
        Mistake(
            "added to rows without counts only",
            _empty_rows_even,
            "1 is added only in the rows of tokens that never occur. It is added to every count, so that every pair "
            "gets some probability.",
        ),
        Mistake(
            "added to zeros only",
            _added_where_zero,
            "1 is put where a count is 0, and the other counts stay as they are: what was seen once is then no more "
            "probable than what was never seen. Add 1 to every count.",
        ),
        Mistake(
            "added above only",
            _only_above,
            "the rows do not sum to 1: each of the counts of a row grows by 1, so their sum grows by the size of the "
            "vocabulary and not by 1.",
        ),
        Mistake(
            "added below only",
            _only_below,
            "the rows do not sum to 1: what they are divided by has grown by the vocabulary's size, and the counts "
            "themselves have not grown.",
        ),
        Mistake(
            "added after the division",
            _added_afterwards,
            "1 is added to the probabilities; it is added to the counts, before they are divided.",
        ),
        Mistake(
            "divided by how often the token occurs",
            _divided_by_occurrences,
            "the row of the last token does not sum to 1: the text's last token has nothing after it, so there is one "
            "pair fewer than it has occurrences. Divide a row by its own sum.",
        ),
        Mistake(
            "the last pair is missing",
            bigram_but(lambda ids, size: pair_counts(ids[:-1], size)),
            "the last pair is not counted: a text of five tokens has four pairs.",
        ),
        Mistake(
            "the first pair is missing",
            bigram_but(lambda ids, size: pair_counts(ids[1:], size)),
            "the first pair is not counted: a text of five tokens has four pairs.",
        ),
        Mistake(
            "added twice",
            bigram_but(add=2.0),
            "2 is added to every count: does the table begin with ones, and is 1 added once more?",
        ),
        Mistake(
            "one row for all",
            _one_row,
            "all rows are the same: how often each token follows at all, whatever stood before it. (A list such as "
            "[row] * n holds one row n times: each pair is then counted in all of them.)",
        ),
        Mistake(
            "how often each token occurs",
            lambda ids, size: ((torch.bincount(ids, minlength=size) + 1) / (len(ids) + size)).repeat(size, 1),
            "all rows are the same: how often a token occurs at all. Row a holds what comes after a.",
        ),
        Mistake(
            "divided by the length",
            lambda ids, size: (pair_counts(ids, size) + 1) / len(ids),
            "the counts are divided by the length of the text; each row is divided by its own sum.",
        ),
        Mistake(
            "around the end",
            bigram_but(_around),
            "the pair of the last and the first token is counted too: the text does not begin again after its end.",
        ),
        Mistake(
            "both ways",
            bigram_but(_both_ways),
            "each pair is counted in both directions: 0 1 is a 1 after a 0, and no 0 after a 1.",
        ),
        Mistake(
            "counts",
            lambda ids, size: pair_counts(ids, size) + 1,
            "these are the counts (with 1 added): divide each row by its sum.",
        ),
    ],
    hints=[
        "The pairs of a text are ids[:-1] beside ids[1:]. A table that starts with ones has the 1 added already.",
        "Walk through the pairs and count each up in its place: row before, column after.",
        "Each row by its sum: sum along dimension 1, with keepdim=True, so that it stays a column.",
    ],
    commentary="Without a loop: `torch.bincount(ids[:-1] * size + ids[1:], minlength=size * size).view(size, size)`.",
)


# ---------------------------------------------------------------- shift


def shift(ids):
    """What a model that predicts each next token reads, and what it is to predict.

    ids: (batch, length), length at least 2.
    Returns inputs and targets, both (batch, length − 1): the target at a place is the
    token that comes after the input there.
    """
    ### BEGIN SOLUTION
    return ids[:, :-1], ids[:, 1:]
    ### END SOLUTION


SHIFT = Exercise(
    name="shift",
    chapter=2,
    minutes=3,
    level="easy",
    signature="shift(ids) -> (inputs, targets), both (batch, length − 1)",
    reference=shift,
    cases=[
        Case((torch.tensor([[5, 6, 7, 8]]),), says="one text of four tokens"),
        Case((torch.tensor([[1, 2], [3, 4]]),), says="a batch of two, each of two tokens"),
        Case((torch.arange(15).view(3, 5) * 7 % 11,), says="a batch of three, each of five tokens"),
    ],
    mistakes=[
        Mistake(
            "swapped",
            lambda ids: (ids[:, 1:], ids[:, :-1]),
            "the two are the wrong way round: the model would read 6 and be asked for 5, which came before it.",
        ),
        Mistake(
            "the same",
            lambda ids: (ids, ids),
            "the target at each place is the input itself: there is nothing to predict. The target is the next token.",
        ),
        Mistake(
            "the same, cut",
            lambda ids: (ids[:, :-1], ids[:, :-1]),
            "the target at each place is the input itself: there is nothing to predict. The target is the next token.",
        ),
        Mistake(
            "around the end",
            lambda ids: (ids, ids.roll(-1, 1)),
            "the last token is to predict the first one: rolling brings the beginning round to the end. Nothing comes "
            "after the last token, so both are one shorter.",
        ),
        Mistake(
            "rolled the other way",
            lambda ids: (ids, ids.roll(1, 1)),
            "rolling by +1 moves to the right: the target at a place is then the token before it, and at the first "
            "place the last one.",
        ),
        Mistake(
            "inputs not cut",
            lambda ids: (ids, ids[:, 1:]),
            "the inputs are one longer than the targets: the last token has no next one, so it is only a target.",
        ),
        Mistake(
            "both without the first",
            lambda ids: (ids[:, 1:], ids[:, 1:]),
            "both are without the first token, so the target at each place is the input itself: the inputs are all but "
            "the last.",
        ),
        Mistake(
            "along the batch",
            lambda ids: (ids[:-1], ids[1:]),
            "the cut goes through the batch: whole texts are missing. The tokens of a text are dimension 1.",
        ),
        Mistake(
            "two apart",
            lambda ids: (ids[:, :-2], ids[:, 2:]),
            "the target is the token after the next one.",
        ),
        Mistake(
            "the last alone",
            lambda ids: (ids[:, :-1], ids[:, -1]),
            "the target is the last token alone. Every place has a target, its next token: this is why so much is "
            "learnt from one text.",
        ),
        Mistake(
            "targets only",
            lambda ids: ids[:, 1:],
            "one tensor came back; two are asked for: inputs and targets.",
        ),
        Mistake(
            "filled up with −100",
            lambda ids: (ids, torch.cat([ids[:, 1:], torch.full_like(ids[:, :1], -100)], 1)),
            "the targets are right and filled up with −100 at the end. That works in training too; here both are "
            "asked for one shorter, without the last place.",
        ),
    ],
    hints=[
        "Write the four tokens of a text in a row, and under each the one that comes after it. Which has none?",
        "The inputs are all but the last, the targets all but the first; of every text, so along dimension 1.",
    ],
    commentary="Models of Transformers do this inside: as labels they want the ids themselves, unshifted.",
)


# ---------------------------------------------------------------- log_probabilities


def log_probabilities(logits, ids):
    """How probable a model found each token of a text, given those before it.

    logits: (batch, length, vocabulary), of a model that predicts each next token: those
    at place i are for the token at place i + 1. ids: (batch, length), the text.
    Returns (batch, length − 1): natural logarithms, from the second token on.
    """
    ### BEGIN SOLUTION
    predicted = logits[:, :-1].log_softmax(-1)  # (batch, length − 1, vocabulary)
    came = ids[:, 1:, None]  # (batch, length − 1, 1)
    return predicted.gather(-1, came).squeeze(-1)
    ### END SOLUTION


def taken(table, ids):
    """The numbers of a table (batch, length, vocabulary) at the ids (batch, length)."""
    return table.gather(-1, ids[..., None])[..., 0]


def _case_of_logits(batch, length, size, seed):
    ids = torch.randint(size, (batch, length), generator=generator(seed))
    return 2 * numbers(batch, length, size, seed=seed + 1), ids


LOG_PROBABILITIES = Exercise(
    name="log_probabilities",
    chapter=2,
    minutes=8,
    level="medium",
    signature="log_probabilities(logits, ids) -> (batch, length − 1)",
    reference=log_probabilities,
    cases=[
        Case(
            (torch.tensor([[[2.0, 0.0], [1.0, 0.5], [0.0, 3.0]]]), torch.tensor([[1, 0, 1]])),
            says="the text 1 0 1 of a vocabulary of 2",
        ),
        Case(_case_of_logits(1, 4, 5, 3), says="one text of four tokens"),
        Case(_case_of_logits(3, 6, 4, 5), says="a batch of three, six tokens, a vocabulary of 4"),
        Case((torch.tensor([[[300.0, -200.0, 0.0]] * 3]), torch.tensor([[0, 1, 2]])), says="very large logits"),
    ],
    mistakes=[
        Mistake(
            "not shifted",
            lambda logits, ids: taken(logits.log_softmax(-1), ids),
            "the logits at a place are read for the token at the same place, which the model has seen; they are for "
            "the one after it. There is one fewer of them than tokens.",
        ),
        Mistake(
            "not shifted, the first left out",
            lambda logits, ids: taken(logits.log_softmax(-1), ids)[:, 1:],
            "the logits at a place are read for the token at the same place, which the model has seen; they are for "
            "the one after it: leave out the last logits, not the first.",
        ),
        Mistake(
            "not shifted, the last left out",
            lambda logits, ids: taken(logits.log_softmax(-1), ids)[:, :-1],
            "the logits at a place are read for the token at the same place, which the model has seen; they are for "
            "the one after it: leave out the first token, not the last.",
        ),
        Mistake(
            "shifted the wrong way",
            lambda logits, ids: taken(logits.log_softmax(-1)[:, 1:], ids[:, :-1]),
            "it is shifted the wrong way: the logits at place 1 are read for the token at place 0.",
        ),
        Mistake(
            "no softmax",
            lambda logits, ids: taken(logits[:, :-1], ids[:, 1:]),
            "these are the logits themselves. A log-softmax makes logarithms of probabilities of them.",
        ),
        Mistake(
            "probabilities",
            lambda logits, ids: log_probabilities(logits, ids).exp(),
            "these are probabilities; their natural logarithms are asked for.",
        ),
        Mistake(
            "logarithm of a softmax",
            lambda logits, ids: taken(logits[:, :-1].softmax(-1).log(), ids[:, 1:]),
            "with large logits a probability is too small for a float and becomes 0, and its logarithm −∞. A "
            "log-softmax computes both in one step and stays finite.",
        ),
        Mistake(
            "over the places",
            lambda logits, ids: taken(logits[:, :-1].log_softmax(1), ids[:, 1:]),
            "the softmax runs over the places of the text; it runs over the vocabulary, the last dimension.",
        ),
        Mistake(
            "over all places, then shifted",
            lambda logits, ids: taken(logits.log_softmax(1)[:, :-1], ids[:, 1:]),
            "the softmax runs over the places of the text; it runs over the vocabulary, the last dimension.",
        ),
        Mistake(
            "over the batch",
            lambda logits, ids: taken(logits[:, :-1].log_softmax(0), ids[:, 1:]),
            "the softmax runs over the texts of the batch (it is 0 where there is one text); it runs over the "
            "vocabulary, the last dimension.",
        ),
        Mistake(
            "softmax twice",
            lambda logits, ids: taken(logits[:, :-1].softmax(-1).log_softmax(-1), ids[:, 1:]),
            "the softmax is taken twice: a log-softmax wants the logits themselves.",
        ),
        Mistake(
            "logarithm of the logits",
            lambda logits, ids: taken(logits[:, :-1].log(), ids[:, 1:]),
            "the logarithm is taken of the logits, which may be negative; they become probabilities first, by a "
            "softmax. A log-softmax does both.",
        ),
        Mistake(
            "all from the first place",
            lambda logits, ids: taken(logits[:, :1].log_softmax(-1).expand(-1, ids.shape[1] - 1, -1), ids[:, 1:]),
            "every number is taken from the logits of the first place: the new dimension of the index belongs at the "
            "end, so that each place has an index of its own.",
        ),
        Mistake(
            "the likeliest",
            lambda logits, ids: logits[:, :-1].log_softmax(-1).amax(-1),
            "this is the log-probability of the likeliest token at each place, and not of the one that came.",
        ),
        Mistake(
            "one dimension too many",
            lambda logits, ids: log_probabilities(logits, ids)[..., None],
            "the numbers are right, with a dimension of size 1 left at the end: gather gives one number a place.",
        ),
        Mistake(
            "the loss",
            lambda logits, ids: -log_probabilities(logits, ids),
            "the sign is wrong: this is the loss of each token. The logarithm of a probability is at most 0.",
        ),
        Mistake(
            "summed",
            lambda logits, ids: log_probabilities(logits, ids).sum(-1),
            "it is summed over the text: one number a token is asked for.",
        ),
        Mistake(
            "one sum",
            lambda logits, ids: log_probabilities(logits, ids).sum(),
            "it is summed over everything: one number a token is asked for.",
        ),
        Mistake(
            "mean",
            lambda logits, ids: log_probabilities(logits, ids).mean(-1),
            "it is averaged over the text: one number a token is asked for.",
        ),
        Mistake(
            "one mean",
            lambda logits, ids: log_probabilities(logits, ids).mean(),
            "it is averaged over everything: one number a token is asked for.",
        ),
        Mistake(
            "the mean loss",
            lambda logits, ids: -log_probabilities(logits, ids).mean(),
            "this is the mean loss, one positive number for everything; the logarithm of each token's probability is "
            "asked for.",
        ),
        Mistake(
            "base 2",
            lambda logits, ids: log_probabilities(logits, ids) / math.log(2),
            "these are logarithms of base 2; natural ones are asked for.",
        ),
    ],
    hints=[
        "Three steps: a log-softmax over the vocabulary; which logits belong to which token; take one number a place.",
        "The logits at the last place are for a token that is not there; the first token has no logits before it.",
        "table.gather(-1, places[..., None]) takes from the last dimension of a table one number at each place.",
    ],
    commentary="The same with `cross_entropy`, which wants the vocabulary in dimension 1: "
    '`-cross_entropy(logits[:, :-1].transpose(1, 2), ids[:, 1:], reduction="none")`.',
)


# ---------------------------------------------------------------- bits_per_character


def bits_per_character(log_probabilities, text):
    """How many bits a model needs for a character of a text, whatever its tokens are.

    log_probabilities: (tokens,), natural logarithms of the probabilities of the text's
    tokens. text: the same text as a string. Returns a number.
    """
    ### BEGIN SOLUTION
    bits = -log_probabilities.sum() / math.log(2)
    return float(bits / len(text))
    ### END SOLUTION


LN_2 = math.log(2)


def bits_but(many=lambda log_probabilities, text: len(text), unit=LN_2, sign=-1):
    """Bits a character with something else in one place: for the mistakes."""
    return lambda logs, text: float(sign * logs.sum() / unit / many(logs, text))


BITS_PER_CHARACTER = Exercise(
    name="bits_per_character",
    chapter=2,
    minutes=4,
    level="easy",
    signature="bits_per_character(log_probabilities, text) -> a number",
    reference=bits_per_character,
    cases=[
        Case((torch.tensor([0.125]).log(), "abc"), says="three characters, one token of probability 1/8: 3 bits"),
        Case((torch.tensor([0.5, 0.25, 0.125, 0.1, 0.3]).log(), "to be or not"), says="five tokens, with spaces"),
        Case((torch.tensor([0.2, 0.05, 0.01]).log(), "größer, 안녕"), says="characters that take several bytes"),
    ],
    mistakes=[
        Mistake(
            "nats",
            bits_but(unit=1),
            "these are nats: the logarithms are natural ones. A bit is a logarithm of base 2; divide by ln 2.",
        ),
        Mistake(
            "times ln 2",
            bits_but(unit=1 / math.log(2)),
            "the nats are multiplied by ln 2 (0.693); a nat is 1.44 bits, so divide by ln 2.",
        ),
        Mistake("base 10", bits_but(unit=math.log(10)), "they are divided by ln 10; a bit has base 2: ln 2."),
        Mistake(
            "halved",
            bits_but(unit=2),
            "they are divided by 2; a bit has base 2, so divide by the logarithm of 2, ln 2.",
        ),
        Mistake(
            "times the length",
            bits_but(lambda logs, text: 1 / len(text)),
            "the bits are multiplied by the number of characters; divide by it.",
        ),
        Mistake(
            "probabilities added",
            lambda logs, text: float(-torch.log2(logs.exp().sum()) / len(text)),
            "the probabilities are added; that of the text is their product, so their logarithms are added.",
        ),
        Mistake(
            "a logarithm of the sum",
            lambda logs, text: float(torch.log2(-logs.sum()) / len(text)),
            "a logarithm is taken of the sum of the logarithms: what comes in are logarithms already. Divide by ln 2.",
        ),
        Mistake(
            "different characters",
            bits_but(lambda logs, text: len(set(text))),
            "it is divided by the number of different characters; each character counts, also one that comes again.",
        ),
        Mistake(
            "a token",
            bits_but(lambda logs, text: len(logs)),
            "these are bits a token: the sum is divided by the number of tokens (or it is the mean). Another tokenizer "
            "would give another number for the same text; divide by the number of characters.",
        ),
        Mistake(
            "nats a token",
            bits_but(lambda logs, text: len(logs), unit=1),
            "this is the loss, in nats a token: bits (base 2) a character are asked for.",
        ),
        Mistake(
            "mean, and then a character",
            bits_but(lambda logs, text: len(logs) * len(text)),
            "it is divided twice: a mean is already divided by the number of tokens. Divide the sum by the number of "
            "characters.",
        ),
        Mistake(
            "a byte",
            bits_but(lambda logs, text: len(text.encode())),
            "these are bits a byte: characters such as ö or 안 take several bytes. Divide by the number of characters.",
        ),
        Mistake(
            "spaces do not count",
            bits_but(lambda logs, text: len(text.replace(" ", ""))),
            "spaces are characters too.",
        ),
        Mistake("a word", bits_but(lambda logs, text: len(text.split())), "these are bits a word, not a character."),
        Mistake(
            "in all", bits_but(lambda logs, text: 1), "these are the bits of the whole text: divide by its length."
        ),
        Mistake(
            "sign",
            bits_but(sign=1),
            "the sign is wrong: the logarithm of a probability is at most 0, bits are positive.",
        ),
        Mistake(
            "a logarithm of logarithms",
            lambda logs, text: float(-torch.log2(logs).sum() / len(text)),
            "the logarithm of a logarithm is taken, and that of a negative number is NaN: what comes in are logarithms "
            "already, of base e.",
        ),
        Mistake(
            "perplexity",
            lambda logs, text: float(torch.exp(-logs.mean())),
            "this is the perplexity, e to the mean loss of a token: bits a character are asked for.",
        ),
        Mistake(
            "to the power of 2",
            lambda logs, text: 2 ** bits_per_character(logs, text),
            "this is 2 to the bits: the perplexity a character. The bits themselves are asked for.",
        ),
    ],
    hints=[
        "The probability of the text is the product of those of its tokens; its logarithm is the sum.",
        "From natural logarithms to base 2: log2(x) = ln(x) / ln(2). What is it divided by, for one character?",
    ],
    commentary="A compressor that knew the model's probabilities would need about that much (Shannon): the number "
    "compares models with different tokens, which perplexity does not.",
)


# ---------------------------------------------------------------- mask_tokens


def mask_tokens(ids, mask_id, vocabulary_size, generator):
    """Hide tokens as BERT's training did, so that a model can learn to predict them.

    Each token is chosen with probability 15 %. Of the chosen ones about 80 % become
    mask_id, 10 % a random token (any below vocabulary_size), and 10 % stay.
    ids: (batch, length), not changed. generator: a torch.Generator; it alone decides.
    Returns inputs and targets, both (batch, length): the targets are the original token
    where one was chosen, also where it stayed, and −100 elsewhere.
    """
    ### BEGIN SOLUTION
    chosen = torch.rand(ids.shape, generator=generator) < 0.15
    targets = torch.where(chosen, ids, -100)
    fate = torch.rand(ids.shape, generator=generator)
    others = torch.randint(vocabulary_size, ids.shape, generator=generator)
    inputs = torch.where(chosen & (fate < 0.8), mask_id, ids)
    return torch.where(chosen & (fate >= 0.9), others, inputs), targets
    ### END SOLUTION


def masked_twice(answer, ids, mask_id, vocabulary_size, seed):
    """What an answer returns, and whether it does so again from an equal generator when all else is different.

    The last is "seed" where a generator with another seed changes nothing.
    """
    again = ids.clone()
    output = answer(ids, mask_id, vocabulary_size, generator(seed))
    other_global_seeds(seed + 1000)
    repeated = answer(again, mask_id, vocabulary_size, generator(seed))
    if not (isinstance(output, tuple | list) and all(isinstance(one, torch.Tensor) for one in output)):
        return output
    repeats = all(torch.equal(one, other) for one, other in zip(output, repeated, strict=True))
    if repeats:
        other_seed = answer(ids.clone(), mask_id, vocabulary_size, generator(seed + 500))
        if all(torch.equal(one, other) for one, other in zip(output, other_seed, strict=True)):
            repeats = "seed"
    return *output, repeats


def well_masked(output, right, case):
    """True, or what is wrong with (inputs, targets, whether they come again). Shares are looked at in large cases only;
    their bounds are five standard deviations wide or more.
    """
    ids, mask_id, size, _ = case.inputs
    if wrong := _wrong_form(output, ids):
        return wrong
    inputs, targets, repeats = output
    if not repeats:
        return BY_GENERATOR
    if wrong := _wrong_places(inputs, targets, ids, mask_id):
        return wrong
    chosen = targets != -100
    if repeats == "seed" and chosen.any() and not chosen.all():
        return OWN_SEED
    return _wrong_shares(inputs, targets, ids, mask_id, size)


OWN_SEED = (
    "a generator with another seed gives the same result: is a seed set, or a generator made, inside the function? Use "
    "the one that it is given."
)
BY_GENERATOR = (
    "two calls with equal generators give different results: the generator has to decide everything. Hand it to every "
    "random function, as generator=generator."
)


def _differs_by_call(case, output, right):
    return isinstance(output, tuple) and output[-1] is False


def _wrong_form(output, ids):
    pair = isinstance(output, tuple | list) and len(output) == 3
    if not pair or not all(isinstance(one, torch.Tensor) for one in output[:2]):
        return "two tensors are asked for, as a pair: the inputs and the targets."
    for name, one in zip(("inputs", "targets"), output, strict=False):
        if one.shape != ids.shape:
            return f"the {name} have the shape {tuple(one.shape)}, and should have that of ids, {tuple(ids.shape)}."
        if one.is_floating_point() or one.dtype == torch.bool:
            return f"the {name} are {one.dtype}; tokens are whole numbers (torch.long)."
    return ""


def _wrong_places(inputs, targets, ids, mask_id):
    chosen, moved = targets != -100, inputs != ids
    if bool((inputs == -100).any()):
        return "−100 stands in the inputs: no such token exists. It belongs in the targets, where nothing is asked."
    if ids.numel() < 1000:  # too few to count
        return ""
    if chosen.all():
        value, count = targets.unique(return_counts=True)
        usual = int(value[count.argmax()])
        if torch.equal(targets, ids):
            return (
                "the targets are the text itself: every token would be asked for. Where none was chosen they are −100."
            )
        if count.max() > 0.5 * ids.numel():
            return (
                f"where no token was chosen the targets are {usual}; they are −100 there, the number that PyTorch's "
                "cross_entropy leaves out."
            )
        return "no target is −100: where no token was chosen, nothing is asked."
    if not chosen.any():
        return "every target is −100: nothing is asked. Where a token was chosen the target is the original token."
    if torch.equal(inputs, ids):
        return "the inputs are the text itself: no token is hidden."
    wrong = chosen & (targets != ids)
    if (wrong & (targets == mask_id)).any() or (wrong & (targets == inputs)).any():
        return "the targets are taken from the inputs after hiding: they hold mask_id. They are the original tokens."
    if wrong.any():
        return "where a token was chosen the target is the original token; yours is another one."
    if chosen.float().mean() > 0.5 and (moved & ~chosen).any():
        return "the targets are the wrong way round: −100 stands where a token was chosen, and the original elsewhere."
    hidden = moved & ~chosen
    if hidden.any():
        other = hidden & (inputs != mask_id)
        if (moved & chosen & (inputs != mask_id)).sum() == 0 and other.any():
            return (
                "tokens that became a random one have the target −100: only those that became mask_id are asked for. "
                "Every chosen token is a target."
            )
        return "the inputs are changed at places whose target is −100: choose once, and use that choice for both."
    return ""


def _wrong_shares(inputs, targets, ids, mask_id, size):
    chosen = targets != -100
    if ids.numel() < 10_000:
        return True
    if (chosen == chosen[:1]).all():
        return "every text of the batch has the same places chosen: draw a number for each token, of the shape of ids."
    if (chosen == chosen[:, :1]).all():
        return "whole texts are chosen, and others not at all: draw a number for each token, of the shape of ids."
    share = float(chosen.float().mean())
    masked = float((inputs == mask_id)[chosen].float().mean())
    moved = (inputs != ids) & (inputs != mask_id) & chosen
    other = float(moved[chosen].float().mean())
    stays = 1 - masked - other
    if not 0.14 < share < 0.16:
        if abs(share - 0.135) < 0.01 and stays < 0.02:
            return "the tokens that stay as they are have the target −100: they are chosen too, and a target as well."
        if abs(share - 0.12) < 0.008 and masked > 0.95:
            return (
                "only those that became mask_id are targets, 12 % of the tokens: those that got a random token or "
                "stayed were chosen too."
            )
        turned = " Is a comparison the wrong way round?" if 0.84 < share < 0.86 else ""
        return f"{share:.1%} of the tokens are chosen, and should be 15 %.{turned}"
    if masked > 0.99:
        return (
            "every chosen token becomes mask_id. One in ten becomes a random token and one in ten stays: in use there "
            "is "
            "no mask_id in a text, and the model has to have something to say about every token."
        )
    if abs(masked - 0.8) < 0.03 and other < 0.005:
        return "no chosen token becomes a random one: 20 % stay. One half of these gets a random token."
    if abs(masked - 0.8) < 0.03 and stays < 0.005:
        return "no chosen token stays as it is: 20 % become random ones, and half of these should stay."
    if abs(masked - 0.8) < 0.03 and abs(other - 0.02) < 0.01:
        return (
            "2 % of the chosen tokens become random ones: the 10 % are taken of the 20 % that are left, and those 10 "
            "% are "
            "of all chosen ones: it is one half of what is left."
        )
    if abs(masked - 0.72) < 0.02 and abs(other - 0.1) < 0.025:
        return (
            "72 % of the chosen tokens become mask_id: a second draw turns a tenth of them into random tokens "
            "afterwards. "
            "A token has one fate of three: one number between 0 and 1 for it decides."
        )
    if abs(masked - 0.1) < 0.025 and abs(other - 0.8) < 0.03:
        return "the shares are exchanged: 80 % become random tokens, and 10 % mask_id."
    if abs(masked - 0.8) > 0.03 or abs(other - 0.1) > 0.025:
        return (
            f"of the chosen tokens {masked:.0%} become mask_id, {other:.0%} another token and {stays:.0%} stay; it "
            "should be 80 %, 10 % and 10 %."
        )
    random_ones = inputs[moved]
    if int(random_ones.min()) < 0 or int(random_ones.max()) >= size:
        return f"a random token is {int(random_ones.max())}: the vocabulary of {size} goes from 0 to {size - 1}."
    if random_ones.unique().numel() == 1:
        return "all random tokens of the text are the same one: draw one for each place."
    if random_ones.unique().numel() < min(50, size // 2) or abs(float(random_ones.float().mean()) / size - 0.5) > 0.08:
        return "the random tokens come from a part of the vocabulary only: any below vocabulary_size may come."
    never = [token for token in range(size) if token != mask_id and token not in random_ones]
    if size < 50 and never == [size - 1]:  # of each some twenty are expected
        return (
            f"the last token of the vocabulary, {size - 1}, never comes as a random one: torch.randint(n, …) gives "
            "0 to n − 1."
        )
    if size < 50 and never:
        return f"the token {never[0]} never comes as a random one: any below vocabulary_size may come."
    return True


def _text_of_ids(batch, length, size):
    return torch.randint(5, size, (batch, length), generator=generator(batch))


MASK_TOKENS = Exercise(
    name="mask_tokens",
    chapter=2,
    minutes=15,
    level="medium",
    signature="mask_tokens(ids, mask_id, vocabulary_size, generator) -> (inputs, targets)",
    reference=mask_tokens,
    use=masked_twice,
    agrees=well_masked,
    seconds=20.0,  # a loop over the tokens is right too
    cases=[
        Case((_text_of_ids(2, 40, 100), 4, 100, 1), says="a batch of two, 40 tokens each"),
        Case(
            (_text_of_ids(64, 512, 1000), 4, 1000, 2), says="64 texts of 512 tokens, mask_id 4, a vocabulary of 1,000"
        ),
        Case(
            (_text_of_ids(128, 256, 3000), 3, 3000, 3), says="128 texts of 256 tokens, mask_id 3, a vocabulary of 3,000"
        ),
        Case((_text_of_ids(80, 512, 25), 3, 25, 4), says="80 texts of 512 tokens, mask_id 3, a vocabulary of 25"),
    ],
    mistakes=[Mistake("not by the generator", when(_differs_by_call), BY_GENERATOR)],
    hints=[
        "Two draws a token: one number decides whether it is chosen, a second one what happens to a chosen one.",
        "torch.rand(ids.shape, generator=generator) < 0.15 is True for about 15 %. Make the targets of it first, "
        "from the untouched ids.",
        "torch.where(condition, this, that) makes a new tensor: nothing is changed in place. For the second number: "
        "below 0.8 one fate, up to 0.9 the next, the rest stays.",
    ],
    commentary="Transformers' DataCollatorForLanguageModeling does the same, and leaves special tokens such as [CLS] "
    "out of the choice.",
)


# ---------------------------------------------------------------- sample


def sample(logits, temperature, top_p, generator):
    """Draw the next token.

    logits: (vocabulary,). They are divided by temperature first; at temperature 0 the
    likeliest token is taken, whatever top_p is. Of the probabilities only the largest
    are kept, as few as sum to top_p or more: the token with which the sum crosses top_p
    is kept too. One of these is drawn, in proportion to its probability, by generator.
    top_p: above 0, at most 1, where all are kept. Returns the token, an int.
    """
    ### BEGIN SOLUTION
    if temperature == 0:
        return int(logits.argmax())
    probabilities, tokens = (logits / temperature).softmax(-1).sort(descending=True)
    before = probabilities.cumsum(-1) - probabilities  # of all likelier tokens
    kept = torch.where(before < top_p, probabilities, 0)
    place = torch.multinomial(kept, 1, generator=generator)  # divides by the sum
    return int(tokens[place])
    ### END SOLUTION


DRAWS = 1000


def drawn(answer, logits, temperature, top_p):
    """(the share of each token among 1,000 draws, whether the generator alone decides), or what an answer returns
    in place of a token. At temperature 0 an error becomes a sentence, since it always has the same reason.
    """
    try:
        first = answer(logits, temperature, top_p, generator(1))
    except (ZeroDivisionError, RuntimeError, ValueError, IndexError) as problem:
        if temperature != 0 or isinstance(problem, NotImplementedError):
            raise
        return f"{type(problem).__name__}: {problem}"
    whole = isinstance(first, int | np.integer) and not isinstance(first, bool)
    if not whole and not (isinstance(first, torch.Tensor) and first.dim() == 0 and not first.is_floating_point()):
        return first
    source, states = generator(2), []
    tokens = []
    for _ in range(DRAWS if temperature else 30):
        tokens.append(int(answer(logits.clone(), temperature, top_p, source)))
        if len(tokens) < 4:
            states.append(source.get_state())
    constant = len(set(tokens)) == 1 and all(torch.equal(states[0], one) for one in states)
    if constant and temperature != 0 and not torch.equal(states[0], generator(2).get_state()):
        return "a seed set each time"
    other_global_seeds(77)
    source = generator(2)
    again = [int(answer(logits.clone(), temperature, top_p, source)) for _ in range(30)]
    if min(tokens) < 0 or max(tokens) >= len(logits):
        return max(tokens, key=lambda token: abs(token - len(logits) / 2))
    return torch.bincount(torch.tensor(tokens), minlength=len(logits)) / len(tokens), again == tokens[:30]


def chances(logits, temperature, top_p):
    """The probabilities with which `sample` should draw."""
    if temperature == 0:
        return (torch.arange(len(logits)) == logits.argmax()).float()
    probabilities = torch.softmax(logits / temperature, 0)
    kept = torch.zeros_like(probabilities)
    for token in probabilities.argsort(descending=True):
        if kept.sum() < top_p:
            kept[token] = probabilities[token]
    return kept / kept.sum()


def _shares(output):
    return output[0] if isinstance(output, tuple) and isinstance(output[0], torch.Tensor) else None


def well_drawn(output, right, case):
    """True, or what is wrong with the shares of the tokens; the bound is five standard deviations."""
    logits, temperature, top_p = case.inputs
    expected, shares = chances(logits, temperature, top_p), _shares(output)
    if temperature == 0 and (isinstance(output, str) or shares is not None and not torch.equal(shares, expected)):
        how = f"it raises {output}." if isinstance(output, str) else f"token {int(shares.argmax())} comes most often."
        return (
            f"{how} The logits cannot be divided by 0: temperature 0 stands for the likeliest token. Handle it first."
        )
    if (
        isinstance(output, str)
        and "seed" in output
        or shares is not None
        and shares.max() == 1
        and expected.max() < 0.9
    ):
        return (
            f"{DRAWS:,} draws, one after the other, all give the same token: is a seed set inside the function, or a "
            f"new "
            "generator made? Each draw goes on with the generator that it is given."
        )
    if isinstance(output, int):
        return f"it gives {output}: the tokens go from 0 to {len(logits) - 1}."
    if isinstance(output, torch.Tensor):
        shape = tuple(output.shape)
        return f"it returns a tensor of the shape {shape}, {output.dtype}; the token is asked for, as an int."
    if shares is None:
        kind = (
            "None. Is a `return` missing?" if output is None else f"{type(output).__name__}, and should return an int."
        )
        return f"it returns {kind}"
    if not output[1]:
        return BY_GENERATOR
    extra = ((expected == 0) & (shares > 0)).nonzero().flatten().tolist()
    if extra:
        return f"token {extra[0]} is drawn ({shares[extra[0]]:.0%} of the draws), and should never be."
    token = int((shares - expected).abs().argmax())
    if abs(shares[token] - expected[token]) > 0.08:
        return f"token {token} comes in {shares[token]:.0%} of the draws, and should come in {expected[token]:.0%}."
    return True


def sample_but(change=lambda logits, temperature, top_p: chances(logits, temperature, top_p)):
    """A sample from other probabilities: for the mistakes. They are computed once for equal inputs."""
    known = {}

    def wrong(logits, temperature, top_p, generator):
        inputs = (*logits.tolist(), temperature, top_p)
        if inputs not in known:
            known[inputs] = change(logits, temperature, top_p)
        return int(torch.multinomial(known[inputs], 1, generator=generator))

    return wrong


def kept_but(cut, one=True):
    """Probabilities of which a boolean `cut(sorted, sums, top_p)` says what is kept; with `one`, the likeliest if "
    "none."""

    def change(logits, temperature, top_p):
        if temperature == 0:
            return chances(logits, 0, top_p)
        ordered, tokens = (logits / temperature).softmax(-1).sort(descending=True)
        keep = cut(ordered, ordered.cumsum(-1), top_p)
        keep[0] |= one and not keep.any()
        return torch.zeros_like(logits).scatter(0, tokens, ordered * keep)

    return change


def _top_p_first(logits, temperature, top_p):
    if temperature == 0:
        return chances(logits, 0, top_p)
    return (chances(logits, 1, top_p).log() / temperature).softmax(-1)


def _ranks(logits, temperature, top_p):
    return chances(logits, temperature, top_p).sort(descending=True).values


def _rest_to_the_last(logits, temperature, top_p):
    kept = chances(logits, temperature, top_p) > 0
    probabilities = torch.where(kept, (logits / (temperature or 1)).softmax(-1), 0.0)
    last = torch.where(kept, probabilities, 2.0).argmin()
    probabilities[last] += 1 - probabilities.sum()
    return probabilities


def _share_of_vocabulary(rounded):
    return kept_but(lambda ordered, sums, top_p: torch.arange(len(ordered)) < rounded(top_p * len(ordered)))


def _first_that_reaches(ordered, sums, top_p):
    """Up to the first sum of top_p; argmax is 0 where none is, as for 1, which a sum of floats need not reach."""
    return torch.arange(len(ordered)) <= (sums >= top_p + 1e-6).int().argmax()


def _not_sorted(logits, temperature, top_p):
    if temperature == 0:
        return chances(logits, 0, top_p)
    probabilities = (logits / temperature).softmax(-1)
    return torch.where(probabilities.cumsum(-1) - probabilities < top_p, probabilities, 0.0)


def _zero_logits(logits, temperature, top_p):
    if temperature == 0:
        return chances(logits, 0, top_p)
    return (logits / temperature * (chances(logits, temperature, top_p) > 0)).softmax(-1)


def _even(logits, temperature, top_p):
    return (chances(logits, temperature, top_p) > 0).float()


_base = torch.tensor([0.10, 0.45, 0.15, 0.30]).log() + 1.5
_peak = torch.tensor([0.07, 0.80, 0.05, 0.08]).log() + 1.5
_as_drawn = "probabilities 0.10, 0.45, 0.15, 0.30"
_greedy = sample_but(lambda logits, temperature, top_p: chances(logits, 0, 1))


SHARE = (
    "top_p is taken as a share of the number of tokens; it is a probability: as few of the likeliest tokens as sum to "
    "top_p or more are kept, however many these are."
)
CROSSES = (
    "the token with which the sum crosses top_p is lost: 0.45 is less than 0.6, so the next token, 0.30, is "
    "needed too. As few as sum to top_p or more are kept."
)

SAMPLE = Exercise(
    name="sample",
    chapter=2,
    minutes=15,
    level="medium",
    signature="sample(logits, temperature, top_p, generator) -> the token, an int",
    reference=sample,
    use=drawn,
    agrees=well_drawn,
    seconds=15.0,
    close=0.06,
    cases=[
        Case((_base, 1.0, 1.0), says=f"{_as_drawn}, temperature 1, top_p 1, drawn 1,000 times"),
        Case((_base, 0.25, 1.0), says=f"{_as_drawn}, temperature 0.25, top_p 1"),
        Case((_base, 1.0, 0.6), says=f"{_as_drawn}, temperature 1, top_p 0.6"),
        Case((_base, 2.0, 0.7), says=f"{_as_drawn}, temperature 2, top_p 0.7"),
        Case((_base, 1.0, 0.2), says=f"{_as_drawn}, temperature 1, top_p 0.2"),
        Case((_peak, 1.0, 0.75), says="probabilities 0.07, 0.80, 0.05, 0.08, temperature 1, top_p 0.75"),
        Case((_base, 0, 0.9), says=f"{_as_drawn}, temperature 0"),
    ],
    mistakes=[
        Mistake("not by the generator", when(_differs_by_call), BY_GENERATOR),
        Mistake(
            "rank for token",
            sample_but(_ranks),
            "what comes back is a place in the sorted list and no token: 0 comes as often as the likeliest token "
            "should. Sorting also gives the tokens' numbers: look the place up in them.",
        ),
        Mistake(
            "temperature multiplied",
            sample_but(lambda x, t, p: chances(x, 1 / t if t else 0, p)),
            "the logits are multiplied by the temperature; they are divided by it: a low one makes the likeliest token "
            "likelier.",
        ),
        Mistake(
            "temperature ignored",
            sample_but(lambda x, t, p: chances(x, 1 if t else 0, p)),
            "the temperature changes nothing: divide the logits by it before the softmax.",
        ),
        Mistake(
            "probabilities divided by the temperature",
            sample_but(lambda x, t, p: chances(x.softmax(-1), t, p)),
            "the softmax is taken twice, or the temperature divides probabilities in place of logits: logits first "
            "divided, then one softmax.",
        ),
        Mistake(
            "top_p of the vocabulary",
            sample_but(_share_of_vocabulary(math.floor)),
            SHARE,
        ),
        Mistake(
            "top_p of the vocabulary, rounded up",
            sample_but(_share_of_vocabulary(math.ceil)),
            SHARE,
        ),
        Mistake(
            "top_p before the temperature",
            sample_but(_top_p_first),
            "top_p is applied to the probabilities before the temperature; the logits are divided by the temperature "
            "first.",
        ),
        Mistake(
            "top_p ignored",
            sample_but(lambda x, t, p: chances(x, t, 1)),
            "top_p changes nothing: tokens are drawn that should not be kept.",
        ),
        Mistake(
            "without the one that crosses",
            sample_but(kept_but(lambda ordered, sums, top_p: sums <= top_p + 1e-6)),
            CROSSES,
        ),
        Mistake(
            "without the one that crosses, nothing left",
            sample_but(kept_but(lambda ordered, sums, top_p: sums <= top_p + 1e-6, one=False)),
            CROSSES,
        ),
        Mistake(
            "a sum that never reaches 1",
            sample_but(kept_but(_first_that_reaches)),
            "with top_p 1 only the likeliest is kept: a sum of floats may end just below 1, and then no place reaches "
            "it. Ask whether the sum before a token is below top_p.",
        ),
        Mistake(
            "greedy",
            _greedy,
            "the likeliest token is taken each time: nothing is drawn. (Or what is compared with top_p sums to more "
            "than 1: it has to be what a softmax gives.)",
        ),
        Mistake(
            "not sorted",
            sample_but(_not_sorted),
            "the sum runs over the vocabulary in its order; it runs from the largest probability on: sort first.",
        ),
        Mistake(
            "logits multiplied by 0",
            sample_but(_zero_logits),
            "what is cut has a logit of 0, and e⁰ is 1: a logit of −∞ gives the probability 0. Or cut the "
            "probabilities.",
        ),
        Mistake(
            "one too many",
            sample_but(kept_but(one_too_many)),
            "one token too many is kept: a token is kept if the sum before it, without itself, is below top_p.",
        ),
        Mistake(
            "the likeliest cut",
            sample_but(kept_but(rolled)),
            ROLLED,
        ),
        Mistake(
            "a threshold for each",
            sample_but(kept_but(lambda ordered, sums, top_p: ordered >= top_p)),
            "each probability is compared with top_p by itself; it is their sum, from the largest on.",
        ),
        Mistake(
            "a threshold of 1 − top_p",
            sample_but(kept_but(lambda ordered, sums, top_p: ordered >= 1 - top_p)),
            "each probability is compared with 1 − top_p by itself; it is their sum, from the largest on, that is "
            "compared with top_p.",
        ),
        Mistake(
            "from the least probable on",
            sample_but(kept_but(lambda ordered, sums, top_p: 1 - sums < top_p - 1e-6)),
            "the sum runs from the least probable token on: sort in descending order.",
        ),
        Mistake(
            "evenly",
            sample_but(_even),
            "the tokens that are kept are drawn evenly; each should come in proportion to its probability.",
        ),
        Mistake(
            "not divided by the sum of what is kept",
            sample_but(_rest_to_the_last),
            "what is kept is not divided by its sum: the probability of all that was cut falls to one token.",
        ),
    ],
    hints=[
        "In this order: temperature 0; divide the logits; softmax; sort; what is kept; draw.",
        "For a sorted row cumsum gives the sums. A token is kept if the sum before it, without itself, is below top_p.",
        "torch.multinomial(weights, 1, generator=generator) draws a place; weights need not sum to 1. Which token "
        "stands at that place of the sorted list?",
    ],
    commentary="Transformers' `generate` does the same with `do_sample=True`, `temperature`, `top_p` and `top_k=0`, "
    "without which it keeps only the 50 likeliest tokens; at temperature 0 it refuses and asks for `do_sample=False`.",
)
