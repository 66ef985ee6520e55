"""What a cell prints: joined as nbclient joins it, in a time that grows with the length, and cut with a remark."""

import random
import time

import pytest
from nbclient.client import _RGX_CARRIAGERETURN
from nbformat.v4 import new_output

from workshop.outputs import LONGEST, tidy


def stream(name: str, text: str):
    return new_output("stream", name=name, text=text)


@pytest.mark.parametrize("seed", range(30))
def test_pieces_are_joined_as_nbclient_does_it(seed):
    chance = random.Random(seed)
    texts = ["".join(chance.choices("ab\r\n", k=chance.randrange(12))) for _ in range(5)]
    (found,) = tidy([stream("stdout", text) for text in texts])
    assert found.text == _RGX_CARRIAGERETURN.sub("", "".join(texts))


def test_one_stream_of_each_kind_where_its_first_piece_was_and_stdout_first():
    picture = new_output("display_data", data={"text/plain": "picture"})
    found = tidy([stream("stderr", "c"), stream("stdout", "a"), picture, stream("stdout", "b"), stream("stderr", "d")])
    assert [(output.get("name"), output.get("text")) for output in found[:2]] == [("stdout", "ab"), ("stderr", "cd")]
    assert found[2:] == [picture]


def test_a_long_line_takes_a_time_that_grows_with_its_length():
    outputs = [stream("stdout", "x" * 80_000) for _ in range(500)]
    begun = time.process_time()
    tidy(outputs)
    assert time.process_time() - begun < 2, "40 MB in one line; nbclient does not end"


def test_what_is_too_long_is_cut_and_says_so():
    (found,) = tidy([stream("stdout", "x" * (LONGEST // 2)) for _ in range(3)])
    assert found.text == "x" * LONGEST + "\n[500,000 more characters were printed; they are not kept]\n"
    (whole,) = tidy([stream("stdout", "x" * LONGEST)])
    assert whole.text == "x" * LONGEST


def test_a_value_and_an_error_that_are_too_long_are_cut_too():
    long, left = "x" * (LONGEST + 5), "x" * LONGEST + "\n[5 more characters were printed; they are not kept]\n"
    value = new_output("execute_result", data={"text/plain": long, "text/html": long}, execution_count=1)
    error = new_output("error", ename="E", evalue=long, traceback=["E", long])
    found = tidy([value, error])
    assert found[0].data == {"text/plain": left, "text/html": long}, "half of a table is none"
    assert (found[1].evalue, found[1].traceback) == (left, ["E", left])
