"""The general diagnosis names what was done to the right output."""

import math

import numpy as np
import pytest
import torch

from course_lib.exercises.checking.diagnosis import diagnose
from course_lib.exercises.checking.pair import Pair, Vague
from course_lib.exercises.checking.sandbox import Trouble
from course_lib.exercises.checking.traits import told_apart
from course_lib.exercises.checking.troubles import said_of
from course_lib.exercises.checking.values import Odd, same

GENERATOR = torch.Generator().manual_seed(0)


def randn(*shape):
    return torch.randn(*shape, generator=GENERATOR)


QUERY, KEY = randn(5, 32), randn(7, 32)
SCORES = QUERY @ KEY.T / math.sqrt(32)  # (5, 7)
WEIGHTS = SCORES.softmax(-1)  # (5, 7)
SQUARE = randn(6, 6)
SHARES = SQUARE.softmax(-1)
BATCH = randn(2, 4, 4, 8)
HIDDEN = randn(6, 6)
HALF = torch.arange(6) % 2 == torch.arange(6)[:, None] % 2
CAUSAL = torch.ones(6, 6, dtype=torch.bool).tril()


def normal(x, dim):
    return (x - x.mean(dim, keepdim=True)) / x.std(dim, keepdim=True, correction=0)


NAN_ROW = torch.where(torch.arange(5)[:, None] == 2, torch.nan, WEIGHTS)

CASES = [  # the output, the right one, words of what is said
    # what it is
    (None, SCORES, "it returns None. Is a `return` missing?"),
    (SCORES.tolist(), SCORES, "a list, and should return a tensor of the shape (5, 7). torch.tensor"),
    (SCORES.numpy(), SCORES, "a NumPy array"),
    ((SCORES, WEIGHTS), SCORES, "2 tensors in a tuple, and should return one. One of them is the right one"),
    ((SCORES, 3), SCORES, "2 values in a tuple; the first alone"),
    ([*SCORES], SCORES, "torch.stack makes one tensor"),
    (3.5, SCORES, "a number, and should return a tensor"),
    (Odd("generator"), SCORES, "`return` meant where it says `yield`"),
    (Odd("coroutine"), SCORES, "Take the `async` away"),
    (Odd("function", "`inner`"), SCORES, "Are the brackets of a call missing"),
    (SCORES, (SCORES, WEIGHTS), "alone, and should return 2 values, with commas between"),
    ((WEIGHTS, SCORES), (SCORES, WEIGHTS), "the 2 values are right, and in another order"),
    ((SCORES, -WEIGHTS), (SCORES, WEIGHTS), "of the 2 that it returns, the second: every number has the wrong sign"),
    (torch.tensor([1.0, 2.0]), [1.0, 2.0], "`.tolist()`"),
    (torch.tensor([1.0]), 1.0, "`.item()` takes the number out"),
    ("3", 3, "turned into text"),
    (1, True, "a whole number (1), and should return True or False"),
    # shapes
    (SCORES.T, SCORES, "(7, 5), and should be (5, 7): dimensions 0 and 1 are exchanged, and exchanged back"),
    (SCORES[None], SCORES, "a dimension of size 1 too many (squeeze), with the right numbers"),
    (SCORES.sum(-1), SCORES.sum(-1, keepdim=True), "a dimension of size 1 is missing (unsqueeze, or keepdim=True)"),
    (SCORES.reshape(-1), SCORES, "as many numbers, arranged otherwise, with the right numbers"),
    (BATCH.permute(0, 2, 1, 3).reshape(2, 4, 32), BATCH, "arranged otherwise"),
    (SCORES[:-1], SCORES, "1 too few in dimension 0: the beginning is right"),
    (SCORES[:, 1:], SCORES, "1 too few in dimension 1: the end is right"),
    (SCORES.sum(), SCORES.sum(0), "one number in all, where a dimension should stay"),
    (BATCH.sum(1), BATCH, "dimension 1 is gone"),
    (BATCH, BATCH.sum(-1), "dimension 3 of size 8 is one too many"),
    (BATCH.transpose(1, 3), BATCH, "dimensions 1 and 3 are exchanged, and exchanged back the numbers are right"),
    (BATCH[:, :3].permute(2, 1, 0, 3), BATCH[:, :3].permute(1, 2, 0, 3), "dimensions 0 and 1 are exchanged, and"),
    (torch.cat([SCORES, SCORES[:1]]), SCORES, "1 too many in dimension 0: the beginning is right"),
    (BATCH[:, :2].permute(0, 3, 2, 1), BATCH[:, :2].permute(1, 2, 3, 0), "in another order (permute)"),
    (-BATCH.transpose(1, 3), BATCH, "the sizes of dimensions 1 and 3 are exchanged."),
    # kinds of numbers
    (CAUSAL.float(), CAUSAL, "its dtype is float32, and should be bool. `.bool()`"),
    (torch.zeros(6, 6).masked_fill(~CAUSAL, -math.inf), CAUSAL, "These are numbers to add to scores"),
    (CAUSAL.triu().int(), CAUSAL, "its dtype is int32, and should be bool (and the values are not right yet)"),
    ((SCORES * 10).long(), SCORES, "its dtype is int64, and should be float32 (and the values are not right yet)"),
    (SCORES.to("meta"), SCORES, "meta"),
    (SCORES * torch.nan, SCORES, "it is NaN everywhere"),
    (NAN_ROW, WEIGHTS, "row [2] is NaN. NaN comes from 0/0"),
    (SCORES / 0, SCORES, "inf stands at"),
    # probabilities
    (SCORES.softmax(0), WEIGHTS, "it sums to 1 over dimension 0, and should sum to 1 over dimension 1, the last"),
    (SCORES.flatten().softmax(0).view(5, 7), WEIGHTS, "all its numbers together sum to 1"),
    (SCORES, WEIGHTS, "these are scores: a softmax over dimension 1"),
    (SCORES.log_softmax(-1), WEIGHTS, "log_softmax in place of softmax?"),
    (SCORES.exp(), WEIGHTS, "not divided by their sum over dimension 1"),
    (SCORES.sigmoid(), WEIGHTS, "these are sigmoids, each for itself"),
    (WEIGHTS.softmax(-1), WEIGHTS, "a softmax over dimension 1 is too many"),
    ((SCORES * math.sqrt(32)).softmax(-1), WEIGHTS, "too sharp: the softmax gets 5.657 times the right scores: √32?"),
    ((SCORES / math.sqrt(32)).softmax(-1), WEIGHTS, "too even: the softmax gets 1/5.657 of the right scores: √32?"),
    ((-SCORES).softmax(-1), WEIGHTS, "turned round"),
    (WEIGHTS * (randn(5, 7) > 0), WEIGHTS, "should sum to 1 over dimension 1"),
    (HIDDEN.masked_fill(~CAUSAL, 0).softmax(-1), HIDDEN.masked_fill(~CAUSAL, -math.inf).softmax(-1),
     "there is weight at [0, 1], where there should be none: not hidden, or by 0 in place of −∞?"),
    (torch.tensor([[0.57, 0.38, 0.05], [0.2, 0.3, 0.5]]), torch.tensor([[0.6, 0.4, 0.0], [0.2, 0.3, 0.5]]),
     "there is weight at [0, 2], where there should be none: not hidden, or by 0"),
    (HIDDEN.masked_fill(~CAUSAL, -9).softmax(-1), HIDDEN.masked_fill(~CAUSAL, -math.inf).softmax(-1), "low enough?"),
    (HIDDEN.masked_fill(HALF, -math.inf).softmax(-1), HIDDEN.masked_fill(~HALF, -math.inf).softmax(-1),
     "there is weight just where there should be none"),
    (HIDDEN.masked_fill(~CAUSAL, -math.inf).softmax(-1), HIDDEN.softmax(-1), "there is no weight at [0, 1]"),
    (normal(SQUARE, 0), normal(SQUARE, 1), "mean 0 and variance 1 along dimension 0, and should along dimension 1"),
    ((SQUARE - SQUARE.mean()) / SQUARE.std(), normal(SQUARE, 1), "all its numbers together have mean 0 and variance 1"),
    (SQUARE / SQUARE.norm(dim=0), SQUARE / SQUARE.norm(dim=1, keepdim=True), "have length 1 along dimension 0"),
    # values
    (-SCORES, SCORES, "every number has the wrong sign"),
    (1 - WEIGHTS, WEIGHTS, "one minus the right one"),
    (~CAUSAL, CAUSAL, "True and False are exchanged"),
    (SCORES.abs(), SCORES, "the sizes are right, but"),
    (SQUARE.T, SQUARE, "it is transposed: rows and columns are exchanged"),
    (SHARES.T, SHARES, "Or is the softmax taken over the wrong dim?"),
    (BATCH.transpose(1, 2), BATCH, "it is transposed: dimensions 1 and 2 are exchanged"),
    (CAUSAL.flip(0, 1).T, CAUSAL.T, "transposed"),
    (SCORES.flip(0), SCORES, "reversed along dimension 0"),
    (torch.cat([torch.zeros(1, 7), SCORES[:-1]]), SCORES, "shifted along dimension 0: all stands one place too late"),
    (torch.cat([SCORES[:, 2:], torch.zeros(5, 2)], 1), SCORES, "along dimension 1: all stands 2 places too early"),
    (SCORES.roll(3, 1), SCORES, "rolled along dimension 1, by 3 of 7 places"),
    (torch.ones(6, 6, dtype=torch.bool).tril(-1), CAUSAL, "shifted along dimension"),
    (SCORES[[0, 2, 1, 4, 3]], SCORES, "along dimension 0 they are in another order"),
    (BATCH.reshape(2, 4, 8, 4).transpose(-1, -2).reshape(2, 4, 4, 8), BATCH, "at other places: reshape or view"),
    (SCORES * math.sqrt(32), SCORES, "5.657 times the right number: √32? 32 is the last dimension of query"),
    (SCORES / math.sqrt(32), SCORES, "everything is 1/5.657 of the right number: √32?"),
    (SCORES * 7, SCORES, "everything is 7 times the right number: 7 is the first dimension of key"),
    (SCORES / 2, SCORES, "everything is 1/2 of the right number"),
    (SCORES * -5, SCORES, "−5 is the first dimension of query"),
    (SCORES * math.log(2), SCORES, "base 2 and base e"),
    (SCORES + 1, SCORES, "everything is 1 too large"),
    (torch.arange(5) - 1, torch.arange(5), "everything is 1 too small"),
    (SCORES, SCORES.exp(), "an exponential (exp) is missing"),
    (SCORES**2, (SCORES**2).sqrt(), "the square root is missing"),
    (SCORES.exp(), SCORES, "a logarithm is missing"),
    (SCORES.tanh() ** 2, SCORES.tanh(), "one step too many: this is the square of the right numbers"),
    (SCORES.round(), SCORES, "rounded to whole ones"),
    (SCORES.round(decimals=2), SCORES, "rounded to 2 decimals"),
    (SCORES.cumsum(1), SCORES, "a running sum (cumsum) over dimension 1 is too many"),
    (SCORES, SCORES.cumsum(0), "a running sum (cumsum) over dimension 0 is missing"),
    (SCORES, SCORES - SCORES.mean(-1, keepdim=True), "a subtraction of the mean over dimension 1 is missing"),
    (SCORES, SCORES / SCORES.norm(dim=-1, keepdim=True), "a division by the length (norm) over dimension 1 is missing"),
    (SCORES * torch.arange(1, 6)[:, None], SCORES, "up to a factor of its own (2 for row 1)"),
    (SCORES * torch.arange(1, 8), SCORES, "right up to a factor of its own (2 for column 1)"),
    (SCORES + torch.arange(5)[:, None], SCORES, "each row is right up to an amount of its own"),
    (QUERY, QUERY * QUERY + 1, "it gives its argument query back unchanged"),
    (torch.zeros(5, 7), SCORES, "it gives 0 everywhere"),
    # where
    (SQUARE + 3 * torch.eye(6), SQUARE, "everything else is right, but on the diagonal it is wrong"),
    (SQUARE.tril() + 5 * torch.ones(6, 6).triu(1) * SQUARE**2, SQUARE, "but above the diagonal it is wrong"),
    (SQUARE.triu() + 5 * torch.ones(6, 6).tril(-1) * SQUARE**2, SQUARE, "but below the diagonal it is wrong"),
    (torch.cat([SCORES[:1], SCORES[1:] ** 2 + 7]), SCORES, "only the first row is right, first at [1, 0]"),
    (torch.cat([SCORES[:3] ** 2 + 7, SCORES[3:]]), SCORES, "the rows are wrong up to 2, and right after it"),
    (SCORES.where(torch.arange(5)[:, None] % 2 == 1, SCORES**2 + 7), SCORES, "every second row is wrong"),
    (torch.cat([SCORES[:-1], SCORES[-1:] ** 2 + 7]), SCORES, "only the last row is wrong, first at [4, 0]"),
    (torch.cat([SCORES[:, :3], SCORES[:, 3:] ** 2 + 7], 1), SCORES, "columns are right before 3, and wrong from there"),
    (SCORES + 1e-3 * SCORES**2, SCORES, "nearly right: the largest difference is"),
    (SCORES**3 + SCORES, SCORES, "numbers are wrong, first at [0, 0]: -0.4882, and should be -0.4161"),
    (torch.tensor([3, -4, 5, 100]), torch.tensor([3, -5, 5, 101]), "2 of 4 numbers are one off, first at [1]"),
    (torch.tensor([0.0, -math.inf]), torch.tensor([0.0, 1.0]), "-inf stands at [1]"),
    (torch.tensor([0.0, -math.inf]), torch.tensor([-math.inf, 1.0]), "too many places are hidden"),
    (torch.tensor([0.0, 0.0]), torch.tensor([0.0, -math.inf]), "a place that should be hidden is not"),
    # numbers
    (-2.5, 2.5, "the wrong sign"),
    (6, 5, "it gives 6, and should give 5: one too many"),
    (4, 5, "it gives 4, and should give 5: one too few"),
    (0.25, 4.0, "one over it is right"),
    (math.log(4.5), 4.5, "an exponential (exp) is missing"),
    (45.0, 0.45, "it is in percent"),
    (0.45, 45.0, "it should be in percent"),
    (4210.0, 4.21, "a thousand times too large"),
    (100 / 1.024**2, 100.0, "is it in MiB (1,048,576 bytes), and should be in MB"),
    (100.0, 100 / 1.024**2, "is it in MB (a million bytes), and should be in MiB"),
    (4.0, 4.36, "rounded to a whole number"),
    (8e9, 1e9, "8 times too large: bits in place of bytes?"),
    (1e9, 8e9, "8 times too small: bytes in place of bits?"),
    (3.0 * 32, 3.0, "32 is the last dimension of query"),
    (torch.tensor(9.0), torch.tensor(3.0), "it gives 9, and should give 3: the square root is missing"),
    (torch.tensor(62.0), torch.tensor(2.0), "it is 31 times that: 32 − 1? 32 is the last dimension of query"),
    (math.nan, 2.0, "NaN comes from 0/0"),
    (False, True, "it gives False, and should give True"),
    # texts, lists, dictionaries
    ("the Bank", "the bank", "right but for capital letters"),
    (" the bank\n", "the bank", "right but for white space at its ends"),
    ("thebank", "the bank", "right but for its white space"),
    ("It says: the bank.", "the bank", "the right text stands in it"),
    ("the", "the bank", "only a part of the right text"),
    ("the bunk", "the bank", "differs from letter 5 on"),
    ([1, 2, 3], [1, 2, 3, 4], "it has 3 elements, and should have 4: the last is missing"),
    ([2, 3, 4], [1, 2, 3, 4], "the first is missing"),
    ([[1, 2], [3]], [[1, 2], [3, 0]], "at place 1: it has 1 element, and should have 2: the last is missing"),
    ([[1, 2], [0, 3]], [[1, 2], [3, 0]], "at place 1: the elements are right, and in reverse order"),
    ([[2, 4], [6, 8]], [[1, 2], [3, 4]], "everything is 2 times the right number"),
    (["b", "a"], ["a", "b"], "in reverse order"),
    (["a", "c", "b", "d"], ["a", "b", "c", "d"], "right, and in another order"),
    (["a", "x"], ["a", "b"], "at place 1: it gives 'x', and should give 'b'"),
    ([2, 4, 6, 9], [1, 2, 3, 4.5], "everything is 2 times the right number"),
    ({"label": "x"}, {"lable": "x"}, "the key should be 'lable', and is 'label'"),
    ({"a": 1}, {"a": 1, "b": 2}, "the key 'b' is missing"),
    ({"a": -1.5}, {"a": 1.5}, "under the key 'a': it gives -1.5, and should give 1.5: the wrong sign"),
    (frozenset({1, 2}), frozenset({1, 3}), "3 is missing, and 2 should not be in it"),
]  # fmt: skip


@pytest.mark.parametrize(("output", "right", "words"), CASES)
def test_what_was_done_is_named(output, right, words):
    pair = Pair(output, right, {"query": QUERY, "key": KEY})
    assert not pair
    assert words in diagnose(pair)


@pytest.mark.parametrize(
    ("output", "right"),
    [
        (SCORES.double(), SCORES),
        (SCORES + 1e-7, SCORES),
        (SCORES.clone().requires_grad_().detach(), SCORES),
        (NAN_ROW, NAN_ROW.clone()),
        ([1, 2], (1, 2)),
        (torch.tensor(2.5), 2.5),
        (2.5, torch.tensor(2.5)),
        (np.float32(0.5).item(), 0.5),
        ({"b": 2, "a": 1}, {"a": 1, "b": 2}),
        (2, 2.0),
    ],
)
def test_what_is_as_good_passes(output, right):
    assert same(output, right, 1e-5)


@pytest.mark.parametrize(
    ("output", "right"),
    [
        (CAUSAL.int(), CAUSAL),
        (SCORES.long(), SCORES.trunc()),
        (True, 1),
        ("1", 1),
        (SCORES[None], SCORES),
        (SCORES.tolist(), SCORES),
        (torch.tensor(math.inf), torch.tensor(1e30)),
        (10**400, 10**400 + 1),
        (None, 0),
    ],
)
def test_what_is_not_as_good_does_not(output, right):
    assert not same(output, right, 1e-5)


def test_lists_and_dtypes_where_an_exercise_says_so():
    assert same(SCORES.tolist(), SCORES, 1e-5, lists=True)
    assert same(SCORES.numpy(), SCORES, 1e-5, lists=True)
    assert not same(SCORES.double(), SCORES, 1e-5, exact_dtype=True)


def test_a_sentence_that_only_says_where_is_vague():
    assert isinstance(diagnose(Pair(SCORES**3 + SCORES, SCORES, {})), Vague)
    assert not isinstance(diagnose(Pair(-SCORES, SCORES, {})), Vague)


def test_small_differences_of_small_numbers_are_no_missing_relu():
    right = torch.tensor([[1.024e-4], [7.087e-2]])
    said = diagnose(Pair(right * torch.tensor([[0.95], [1.0]]), right, {}, close=5e-7))
    assert "relu" not in said
    assert "0.0001024" in said


def test_a_diagonal_is_named_only_where_it_means_something():
    square, wide = randn(4, 4), randn(4, 7)
    assert "on the diagonal" in diagnose(Pair(square + torch.eye(4), square, {}))
    assert "diagonal" not in diagnose(Pair(wide + torch.eye(4, 7), wide, {}))
    mask = torch.ones(3, 5, dtype=torch.bool)
    assert "on the diagonal" in diagnose(Pair(mask & ~torch.eye(3, 5).bool(), mask, {}))


def test_what_an_error_means():
    def said(error, message):
        return said_of(Trouble("raised", error, message), 5)

    missing = said("TypeError", "bad operand type for unary ~: 'NoneType'")
    assert "may be None" in missing
    assert "boolean" not in missing
    assert "boolean" in said("TypeError", "bad operand type for unary ~: 'float'")
    assert "takes it apart" in said("AttributeError", "'tuple' object has no attribute 'transpose'")
    assert "type(x)" in said("AttributeError", "'int' object has no attribute 'transpose'")


def _hides():
    randn = randn(3)  # noqa: F823
    return randn


TABLE, MASK, NOWHERE = randn(3, 3), torch.ones(3, 3, dtype=torch.bool), None
GRADED = torch.ones(2, requires_grad=True)


@pytest.mark.parametrize(
    ("fails", "words"),
    [
        (lambda: 1 - MASK, "`~mask` turns them round"),
        (lambda: 1.0 - MASK, "`~mask` turns them round"),
        (lambda: -MASK, "`~mask` turns them round"),
        (lambda: MASK - MASK, "`~mask` turns them round"),
        (lambda: ~MASK.float(), "boolean"),
        (lambda: MASK & MASK.float(), "boolean"),
        (lambda: TABLE.masked_fill(MASK.float(), 0.0), "boolean"),
        (lambda: TABLE.masked_fill(NOWHERE == 0, 0.0), "Ask first whether there is a mask"),
        (lambda: torch.where(NOWHERE == 0, TABLE, 0.0), "Ask first whether there is a mask"),
        (lambda: TABLE.masked_fill(NOWHERE, 0.0), "may be None"),
        (lambda: torch.where(NOWHERE, TABLE, 0.0), "may be None"),
        (lambda: torch.softmax(NOWHERE, -1), "may be None"),
        (lambda: TABLE.double() @ TABLE, "Two precisions"),
        (lambda: torch.bmm(TABLE[None], TABLE[None].double()), "Two precisions"),
        (lambda: torch.dot(TABLE[0], TABLE[0].double()), "Two precisions"),
        (lambda: TABLE @ TABLE.bfloat16(), "Two precisions"),
        (lambda: TABLE @ TABLE.long(), "Whole numbers and fractions"),
        (lambda: TABLE.long() @ TABLE, "Whole numbers and fractions"),
        (lambda: TABLE.long().softmax(-1), "Whole numbers and fractions"),
        (lambda: GRADED.numpy(), "carries gradients"),
        (lambda: GRADED.detach().item(), "One number is wanted"),
        (lambda: float(GRADED.detach()), "One number is wanted"),
        (lambda: float(np.ones(2)), "One number is wanted"),
        (lambda: TABLE.topk(4), "no more than there are"),
        (lambda: torch.nn.functional.embedding(torch.tensor([3]), TABLE), "An id is as large as the table"),
        (lambda: TABLE[3], "the length minus one"),
        (lambda: (TABLE > 99).nonzero()[0], "the first of nothing"),
        (_hides, "hides a function of the same name"),
    ],
)
def test_what_an_error_of_torch_or_numpy_means(fails, words):
    with pytest.raises(Exception) as raised:  # noqa: PT011
        fails()
    error = Trouble("raised", type(raised.value).__name__, str(raised.value))
    assert words in said_of(error, 5)


def test_what_the_wrong_cases_have_in_common():
    one, two = randn(1, 3, 4), randn(2, 3, 4)
    assert "a batch has more than one entry" in told_apart([((one,), {})], [((two,), {})])
    open_, closed = CAUSAL, CAUSAL & (torch.arange(6) != 2)[:, None]
    assert "a row of the mask is closed" in told_apart([((SQUARE, open_), {})], [((SQUARE, closed), {})])
    assert told_apart([((1,), {}), ((2,), {})], [((5,), {})]) == "It goes wrong only where the first argument is large."
    assert told_apart([(("a",), {}), (("b",), {})], [(("abc",), {})]) == "It goes wrong only for longer inputs."
    assert told_apart([((9,), {})], [((1,), {}), ((2,), {})]) == "", "one that went well is no pattern"
    assert told_apart([((SQUARE,), {})], [((SQUARE,), {})]) == ""
    assert told_apart([], [((SQUARE,), {})]) == ""
