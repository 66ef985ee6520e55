"""`check` survives whatever an answer does, says what it is, and leaves everything as it was."""

import math
import os
import random
import signal
import sys
import threading
import time

import numpy as np
import pytest
import torch

from course_lib.exercises import Case, Exercise, Mistake, _wrapped, check, exercises, hint, solution, when
from course_lib.exercises.checking import apart, limits
from course_lib.exercises.checking.apart import run_apart
from course_lib.exercises.checking.limits import limited
from course_lib.exercises.checking.sandbox import run
from course_lib.exercises.checking.values import unchanged
from course_lib.exercises.judge import judge

pytestmark = pytest.mark.usefixtures("progress_folder")
HERE = [False, pytest.param(True, marks=pytest.mark.skipif(sys.platform != "linux", reason="fork is for Linux"))]


def scores(query, key):
    """query (…, query, width), key (…, key, width) -> (…, query, key)."""
    ### BEGIN SOLUTION
    return query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    ### END SOLUTION


def case(*shape, seed=0):
    drawn = torch.Generator().manual_seed(seed)
    return tuple(torch.randn(*shape, generator=drawn) for _ in range(2))


SCORES = Exercise(
    name="scores",
    chapter=5,
    minutes=5,
    level="easy",
    signature="scores(query, key) -> (query, key)",
    reference=scores,
    cases=[
        Case(case(1, 4), says="one query"),
        Case(case(3, 4), says="three"),
        Case(case(2, 3, 4), says="a batch of 2"),
    ],
    mistakes=[
        Mistake("d_k", lambda q, k: q @ k.transpose(-2, -1) / q.shape[-1], "divided by d_k instead of its square root"),
        Mistake("huge", when(lambda case, output, right: bool((output.abs() > 1e6).any())), "far too large"),
    ],
    hints=["one", "two"],
    seconds=0.5,
)


def judged(answer, in_child=False, exercise=SCORES):
    result, said = judge(exercise, answer, in_child)
    assert result.passed == said.startswith("✓")
    assert result.passed == (result.hint == "")
    return said


# ------------------------------------------------------------------ what an answer may do


def loop(query, key):
    while True:
        pass


def loop_that_catches(query, key):
    while True:
        try:
            time.sleep(0.001)
        except BaseException:
            continue


def loop_that_catches_twice(query, key):
    while True:
        try:
            try:
                sum(range(100))
            except BaseException:
                continue
        except BaseException:
            continue


def recursion(query, key):
    return recursion(query, key)


def prints(query, key):
    print("look: " + "x" * 10_000)
    return scores(query, key)


def leaves(query, key):
    sys.exit(3)


def types(query, key):
    return input("?")


def nested(query, key):
    found = []
    found.append(found)
    return found


class Strange:
    def __repr__(self):
        raise RuntimeError("no")

    def __eq__(self, other):
        raise RuntimeError("no")


class Unsayable(Exception):
    def __str__(self):
        raise RuntimeError("no")


def unsayable(query, key):
    raise Unsayable


async def later(query, key):
    return scores(query, key)


def unwritten(query, key):
    """Scores."""
    ...


WRONG = [
    (loop, "it was stopped after 0.5 seconds, at `"),
    (loop_that_catches, "it was stopped after 0.5 seconds"),
    (loop_that_catches_twice, "it was stopped after 0.5 seconds"),
    (lambda q, k: time.sleep(60), "it was stopped after 0.5 seconds"),
    (lambda q, k: 10**10**9, "it was stopped after 0.5 seconds"),
    (recursion, "RecursionError: maximum recursion depth exceeded"),
    (lambda q, k: torch.zeros(10**12), "it asks for more memory than there is: 4,000 GB"),
    (leaves, "it ends the program (SystemExit), at `sys.exit(3)`"),
    (types, "input() waits for somebody to type"),
    (nested, "a list"),
    (lambda q, k: Strange(), "an object of the class `Strange`"),
    (unsayable, "it raises Unsayable, at `raise Unsayable`"),
    (later, "take the `async` away"),
    (unwritten, "not written yet"),
    (lambda q, k: ..., "not written yet"),
    (lambda q, k: (_ for _ in ()).throw(NotImplementedError), "not written yet"),
    (lambda q, k: (q @ k.mT).long().softmax(-1), "`.float()` makes fractions of a tensor"),
    (lambda q, k: None, "Is a `return` missing?"),
    (lambda q: q, "it takes (q), and is called with 2 arguments: (query, key)"),
    (lambda: 0, "it takes no arguments, and is called with 2"),
    (lambda q, k: q.mul_(0.5) @ k.transpose(-2, -1), "it changes its argument query in place"),
    (lambda q, k: scores(q, k) + torch.rand(()), "something random is in it"),
    (lambda q, k: q @ k.T / 2, "It goes wrong only where"),
    (lambda q, k: q @ k.transpose(-2, -1) / 4, "divided by d_k instead of its square root"),
    (lambda q, k: scores(q, k) * 1e8, "far too large"),
    (lambda q, k: missing, "NameError: name 'missing' is not defined"),  # noqa: F821
    (lambda q, k: 1 / 0, "ZeroDivisionError: division by zero"),
    (lambda q, k: Strange, "a class `Strange`, and should return"),
    (lambda q, k: (one for one in q), "a generator"),
    (lambda q, k: iter([1]), "an iterator"),
    (lambda q, k: torch.zeros(1).expand(10**9), "much larger than asked for"),
    (lambda q, k: float("nan"), "a number, and should return a tensor"),
    (lambda q, k: torch._empty_affine_quantized([2], scale=1.0, dtype=torch.qint8), "quantised kind (qint8)"),
    (None, "this is None, and no function"),
    (3, "this is an int (3), and no function. Hand over the function itself, without the round brackets"),
    (torch.ones(2), "this is a Tensor ([1, 1]), and no function"),
    ("scores", "without quotation marks"),
    (..., "not written yet"),
    (Strange(), "this is a Strange"),
]


@pytest.mark.parametrize("in_child", HERE)
@pytest.mark.parametrize(("answer", "words"), WRONG)
def test_a_wrong_answer_is_survived_and_explained(answer, words, in_child):
    said = judged(answer, in_child)
    assert said.startswith("✗ scores: ")
    assert words in said, said
    assert "math.sqrt" not in said


RIGHT = [
    scores,
    prints,
    lambda a, b: a @ b.transpose(-2, -1) / a.shape[-1] ** 0.5,
    lambda *both: scores(*both),
    lambda query, key, extra=None: scores(query, key),
    lambda q, k: scores(q.clone().requires_grad_(), torch.nn.Parameter(k)),
    lambda q, k: scores(q.double(), k.double()),
    lambda q, k: torch.einsum("...qd,...kd->...qk", q, k).div(math.sqrt(q.size(-1))),
]


@pytest.mark.parametrize("in_child", HERE)
@pytest.mark.parametrize("answer", RIGHT)
def test_a_right_answer_passes(answer, in_child):
    assert judged(answer, in_child) == "✓ scores: passed, 3 cases"


def test_a_callable_object_and_a_method_pass():
    class Scores:
        def __call__(self, query, key):
            return scores(query, key)

    assert judged(Scores()).startswith("✓")
    assert judged(Scores().__call__).startswith("✓")


@pytest.mark.skipif(sys.platform != "linux", reason="fork is for Linux")
def test_on_linux_even_loops_in_c_and_crashes_are_survived():
    def crash(query, key):
        os.kill(os.getpid(), 11)

    assert "it was stopped after 0.5 seconds" in judged(lambda q, k: sum(range(10**12)), True)
    assert "it brings Python down (signal SIGSEGV)" in judged(crash, True)
    assert "it brings Python down (exit code 7)" in judged(lambda q, k: os._exit(7), True)
    assert "more memory than there is" in judged(lambda q, k: [0] * 10**10, True)


@pytest.mark.skipif(sys.platform != "linux", reason="fork is for Linux")
def test_a_child_that_hangs_asleep_is_no_verdict():
    """A lock that only the child cannot get: the calls run in this process, and pass."""
    parent = os.getpid()

    def asleep():
        if os.getpid() != parent:
            time.sleep(60)
        return run(lambda: 5, (), {})

    assert [one.output for one in run_apart([asleep, asleep], 0.2, True)] == [5, 5]


@pytest.fixture
def reported_late(monkeypatch):
    """The first message of a child comes just after the time for it is over."""
    real, asked = apart.select.select, []

    def select(reading, writing, other, timeout):
        asked.append(timeout)
        found = real(reading, writing, other, 20 if len(asked) == 1 else timeout)
        return ([], [], []) if len(asked) == 1 else found

    monkeypatch.setattr(apart.select, "select", select)


@pytest.mark.skipif(sys.platform != "linux", reason="fork is for Linux")
def test_a_large_output_that_comes_late_blocks_nobody(reported_late):
    """The child waits for somebody to read, and does not end."""
    parent = os.getpid()
    with limited(30):
        (ran,) = run_apart([lambda: run(lambda: [os.getpid(), torch.ones(4 << 20)], (), {})], 0.1, True)
    assert ran.trouble is None
    assert ran.output[0] != parent
    assert ran.output[1].sum() == 4 << 20


@pytest.mark.skipif(sys.platform != "linux", reason="fork is for Linux")
def test_a_small_output_that_comes_late_is_no_crash(reported_late):
    parent = os.getpid()
    one, two = run_apart([lambda: run(os.getpid, (), {})] * 2, 0.1, True)
    assert one.trouble is None
    assert one.output == two.output != parent, "both came from the child, which has ended well"


@pytest.mark.skipif(sys.platform != "linux", reason="fork is for Linux")
def test_an_output_may_take_longer_than_the_call_if_it_goes_on(monkeypatch):
    def slowly(where, data):
        for start in range(0, len(data), 1 << 20):
            time.sleep(0.2)
            view = memoryview(data)[start : start + (1 << 20)]
            while view:
                view = view[os.write(where, view) :]

    parent = os.getpid()
    monkeypatch.setattr(apart, "_write", slowly)
    (ran,) = run_apart([lambda: run(lambda: [os.getpid(), torch.ones(4 << 20)], (), {})], 1.0, True)
    assert ran.output[1].sum() == 4 << 20
    assert ran.output[0] != parent


@pytest.mark.skipif(sys.platform != "linux", reason="fork is for Linux")
def test_a_message_that_breaks_off_is_no_verdict(monkeypatch):
    """It was written in part when the child stood still; what comes after it is no beginning of another."""

    def in_two(where, data):
        os.write(where, data[:100])
        time.sleep(apart.GRACE + 0.2)  # then it ends, well
        os.write(where, data[100:])

    monkeypatch.setattr(apart, "_write", in_two)
    (ran,) = run_apart([lambda: run(lambda: torch.zeros(1000), (), {})], 0.5, True)
    assert ran.output.sum() == 0
    assert ran.trouble is None, "it was computed again here"


@pytest.mark.skipif(sys.platform != "linux", reason="fork is for Linux")
def test_a_crash_is_seen_also_where_a_process_of_the_answer_lives_on():
    """It holds the pipe open; to run the call here would end this process."""
    parent = os.getpid()

    def crash():
        if os.getpid() == parent:
            return run(lambda: "here", (), {})
        if os.fork() == 0:
            time.sleep(5)
        os._exit(7)

    (ran,) = run_apart([crash], 0.1, True)
    assert ran.trouble is not None
    assert (ran.trouble.kind, ran.trouble.message) == ("crash", "exit code 7")


def test_where_there_is_no_child_the_calls_run_here(monkeypatch):
    monkeypatch.setattr(apart, "possible", lambda: False)
    assert [one.output for one in run_apart([lambda: run(os.getpid, (), {})], 1)] == [os.getpid()]


# ------------------------------------------------------------------ the time limit, elsewhere


def endless():
    while True:
        sum(range(10))


def endless_and_deaf():
    while True:
        try:
            sum(range(10))
        except BaseException:
            continue


def test_another_thread_is_stopped_too():
    """As on Windows: a thread that watches, in place of an alarm."""
    ended = []
    thread = threading.Thread(target=lambda: ended.append(run(endless, (), {}, seconds=0.2).trouble.kind), daemon=True)
    thread.start()
    thread.join(20)
    assert ended == ["time"]


@pytest.mark.parametrize("work", [endless, endless_and_deaf])
def test_the_limit_ends_with_the_call_even_when_it_rings_while_it_ends(monkeypatch, work):
    """Rings so fast that some come while the alarm is taken down: none is left over."""
    monkeypatch.setattr(limits, "AGAIN", 0.02)
    for _ in range(10):
        assert run(work, (), {}, seconds=0.01).trouble.kind == "time"
        time.sleep(0.01)
    assert sys.gettrace() is None or "coverage" in sys.modules


def test_an_answer_in_time_is_not_stopped_afterwards():
    for _ in range(20):
        with limited(0.05):
            pass
    time.sleep(0.1)  # an alarm that stayed would ring here


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are alarms on Linux and macOS only")
def test_a_ring_while_the_alarm_is_taken_down_sets_no_other(monkeypatch):
    """One that was left over would find the handler from before, and by default that ends the process."""
    real, rung = signal.setitimer, []

    def with_a_late_ring(which, seconds, *interval):
        found = real(which, seconds, *interval)
        if seconds == 0 and not rung:
            rung.append(True)
            signal.getsignal(signal.SIGALRM)(signal.SIGALRM, sys._getframe(1))
        return found

    monkeypatch.setattr(signal, "setitimer", with_a_late_ring)
    with limited(5):
        pass
    left = real(signal.ITIMER_REAL, 0)
    assert rung
    assert left == (0.0, 0.0), left


def test_ctrl_c_is_the_reader_s_own():
    with pytest.raises(KeyboardInterrupt):
        run(lambda: (_ for _ in ()).throw(KeyboardInterrupt), (), {})


# ------------------------------------------------------------------ what an answer leaves behind


def vandal(query, key):
    torch.set_default_dtype(torch.float64)
    torch.set_grad_enabled(False)
    torch.manual_seed(5)
    random.seed(5)
    np.random.seed(5)
    os.chdir("/")
    os.environ["SPOILED"] = "yes"
    sys.setrecursionlimit(400)
    torch.softmax = math.sqrt = lambda *_: 0
    torch.Tensor.softmax = None
    return query @ key.transpose(-2, -1) / key.shape[-1] ** 0.5


def test_states_of_the_process_are_put_back_and_told():
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    softmax, method, root, folder = torch.softmax, torch.Tensor.softmax, math.sqrt, os.getcwd()
    said = judged(vandal)
    drawn = random.random(), np.random.rand(), float(torch.rand(()))
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    assert drawn == (random.random(), np.random.rand(), float(torch.rand(())))
    assert (torch.softmax, torch.Tensor.softmax, math.sqrt, os.getcwd()) == (softmax, method, root, folder)
    assert torch.get_default_dtype() == torch.float32
    assert torch.is_grad_enabled()
    assert "SPOILED" not in os.environ
    assert sys.getrecursionlimit() > 400
    first, rest = said.split("\n", 1)
    assert first == "✓ scores: passed, 3 cases"
    for word in ("default dtype", "gradient mode", "working folder", "environment", "torch.softmax", "math.sqrt"):
        assert word in rest


def test_the_inputs_of_the_cases_stay_as_they_are():
    before = [one.clone() for one in SCORES.cases[0].args]
    judged(lambda q, k: q.zero_() @ k.zero_().transpose(-2, -1))
    assert all(torch.equal(a, b) for a, b in zip(before, SCORES.cases[0].args, strict=True))


def test_an_input_with_nan_in_it_is_unchanged_as_long_as_its_numbers_are():
    before = torch.tensor([1.0, math.nan])
    assert unchanged(before.clone(), before)
    assert not unchanged(torch.tensor([math.nan, math.nan]), before)
    assert not unchanged(torch.tensor([1.0, 2.0]), before)


def test_a_dict_in_another_order_is_changed():
    assert unchanged({"a": 1, "b": 2}, {"a": 1, "b": 2})
    assert not unchanged({"b": 2, "a": 1}, {"a": 1, "b": 2})


def test_what_is_kept_between_calls_is_noticed():
    memory = []

    def remembers(query, key):
        memory.append(scores(query, key))
        return memory[-1] if len(memory) <= len(SCORES.cases) else memory[-1] + 1

    assert "something is kept between two calls" in judged(remembers)
    first = []

    def first_only(query, key):
        first.append(scores(query, key))
        return first[0]

    assert not judged(first_only).startswith("✓")


def test_printing_is_shown_only_where_it_helps():
    assert "look" not in judged(prints)
    said = judged(lambda q, k: print("shape", q.shape, "\n" * 3, *range(20), sep="\n"))
    assert "it printed:\n    shape\n    torch.Size([1, 4])" in said
    assert len(said.splitlines()) < 16


def test_the_same_answer_is_told_the_same():
    answer = WRONG[23][0]
    assert judged(answer) == judged(answer)


# ------------------------------------------------------------------ kinds of exercises


class Counter:
    """Counts."""

    ### BEGIN SOLUTION
    def __init__(self):
        self.count = 0

    def add(self, number):
        self.count += number
        return self.count

    ### END SOLUTION


def count_up(make, numbers):
    counter = make()
    return [counter.add(number) for number in numbers]


def test_a_class_is_used_as_the_exercise_says():
    exercise = Exercise(
        "counter", 0, 5, "easy", "Counter", Counter, [Case(([1, 2],))], kind="class", use=count_up,
        mistakes=[Mistake("forgets", type("F", (), {"add": lambda self, n: n}), "it forgets what it counted")],
    )  # fmt: skip
    assert judged(Counter, exercise=exercise).startswith("✓")
    assert "an object of the class `Counter`. Hand over the class itself" in judged(Counter(), exercise=exercise)
    assert "a function. Hand over the class itself" in judged(scores, exercise=exercise)
    assert "AttributeError: 'Other' object has no attribute 'add'" in judged(type("Other", (), {}), exercise=exercise)
    assert "it forgets what it counted" in judged(type("G", (), {"add": lambda self, n: n}), exercise=exercise)


def test_a_value_is_compared():
    def heads():
        return 12

    exercise = Exercise("heads", 0, 1, "easy", "a number", heads, [Case()], kind="value")
    assert judged(12, exercise=exercise).startswith("✓")
    assert "one too many" in judged(13, exercise=exercise)
    assert "this is the function `heads`: call it" in judged(heads, exercise=exercise)
    assert "not written yet" in judged(..., exercise=exercise)


def test_a_guess_from_one_number_has_to_hold_for_the_other_cases():
    def total(numbers):
        return sum(numbers)

    exercise = Exercise("total", 0, 1, "easy", "total", total, [Case(([1, 3],)), Case(([5, 7, 9],))])
    assert "a square is missing" not in judged(len, exercise=exercise)
    assert "it gives 2, and should give 4." in judged(len, exercise=exercise)
    assert "wrong sign" in judged(lambda numbers: -sum(numbers), exercise=exercise)


def test_several_outputs_may_be_right():
    def even(below):
        return 2

    exercise = Exercise(
        "even", 0, 1, "easy", "an even number", even, [Case((10,)), Case((20,))],
        agrees=lambda output, right, case: output % 2 == 0 or f"{output} is odd",
    )  # fmt: skip
    assert judged(lambda below: 8, exercise=exercise).startswith("✓")
    assert "7 is odd" in judged(lambda below: 7, exercise=exercise)
    assert judged(lambda below: "x", exercise=exercise).startswith("✗")


def test_arguments_by_name_are_handed_over_by_position():
    def power(base, exponent=2):
        return base**exponent

    exercise = Exercise("power", 0, 1, "easy", "power", power, [Case((3,)), Case((3,), {"exponent": 3})])
    assert judged(lambda b, n=2: b**n, exercise=exercise).startswith("✓")


def test_inputs_are_made_once_and_late():
    made = []
    late = Case(make=lambda: made.append(1) or (torch.ones(2),))
    assert made == []
    exercise = Exercise("twice", 0, 1, "easy", "twice", lambda x: 2 * x, [late])
    assert judged(lambda x: x + x, exercise=exercise) == "✓ twice: passed, 1 case"
    judged(lambda x: x, exercise=exercise)
    assert made == [1]


def test_a_model_among_the_inputs_that_is_changed_is_noticed():
    layer = torch.nn.Linear(2, 2)

    def norm(layer):
        return layer.weight.norm()

    exercise = Exercise("norm", 0, 1, "easy", "norm", norm, [Case((layer,))])

    def scales(layer):
        with torch.no_grad():
            layer.weight.mul_(1.0)
        return layer.weight.norm()

    assert judged(norm, exercise=exercise).startswith("✓")
    assert "it changes its argument layer in place" in judged(scales, exercise=exercise)


@pytest.mark.parametrize(
    ("what", "error"),
    [
        (lambda: Case(3), TypeError),
        (lambda: Case((3,), make=lambda: (3,)), ValueError),
        (lambda: Case(make=lambda: 3).inputs, TypeError),
        (lambda: Exercise("x", 0, 1, "trivial", "", len, [Case()]), ValueError),
        (lambda: Exercise("x", 0, 1, "easy", "", len, []), ValueError),
    ],
)
def test_a_declaration_that_cannot_be_is_refused(what, error):
    with pytest.raises(error):
        what()


# ------------------------------------------------------------------ what a reader calls


def test_unknown_names_list_the_known_ones():
    with pytest.raises(ValueError, match=r"Did you mean 'double'\? The course has: double"):
        check("duoble", abs)
    with pytest.raises(ValueError, match="is the name of an exercise in quotation marks"):
        check(abs, abs)
    with pytest.raises(ValueError, match="chapters 0 to 8"):
        exercises(9)


def test_hints_come_one_at_a_time_also_where_nothing_is_kept(capsys, monkeypatch):
    from course_lib.exercises import _taken

    for folder in (None, "off"):
        _taken.clear()
        if folder:
            monkeypatch.setenv("COURSE_PROGRESS", folder)
        hint("double"), hint("double"), hint("double")
        first, second, *rest = capsys.readouterr().out.splitlines()
        assert first.startswith("Hint 1 of 2: ")
        assert second.startswith("Hint 2 of 2: ")
        assert rest[2].startswith("These were all 2 hints.")
        assert any('solution("double")' in line for line in rest)


def test_hints_go_on_where_an_earlier_session_stopped(capsys):
    from course_lib.exercises import _taken

    for number in (1, 2):
        _taken.clear()  # as after a restart of the kernel
        hint("double")
        assert capsys.readouterr().out.startswith(f"Hint {number} of 2: ")


def test_one_hint_is_the_only_one(capsys):
    from course_lib.exercises import _taken

    _taken.clear()
    name = next(one.name for one in exercises() if len(one.hints) == 1)
    hint(name)
    assert capsys.readouterr().out.startswith("Hint 1 of 1: ")
    hint(name)
    assert "\nThat was the only hint. What is asked for:\n" in capsys.readouterr().out


def test_the_solution_is_shown_without_marks_and_noted(capsys):
    from course_lib import progress

    solution("double")
    said = capsys.readouterr().out
    assert "return 2 * x" in said
    assert "SOLUTION" not in said
    assert [event["kind"] for event in progress.read()] == ["solution"]


def test_the_list_of_exercises_marks_what_is_passed(capsys):
    check("double", lambda x: 2 * x)
    capsys.readouterr()
    line = next(line for line in repr(exercises(0)).splitlines() if " double " in line)
    assert line.startswith("✓ 00  double")
    assert [one.name for one in exercises(0)][0] == exercises()[0].name


def test_a_check_that_failed_is_no_mark_in_the_list(capsys):
    check("double", lambda x: x)
    assert "✓" not in repr(exercises())


def test_ours_is_offered_after_a_check_that_failed_only(capsys):
    check("double", lambda x: x)
    assert 'To go on with ours: double = solution("double")' in capsys.readouterr().out
    check("double", lambda x: 2 * x)
    assert "To go on" not in capsys.readouterr().out


def test_a_notebook_shows_nothing_below_what_is_printed():
    from IPython.core.interactiveshell import InteractiveShell

    data, _ = InteractiveShell().display_formatter.format(check("double", lambda x: 2 * x))
    assert data == {}


def test_what_is_printed_is_no_wider_than_a_cell(capsys):
    print(_wrapped(f"✗ double: {'words ' * 30}\n  gives  [1,  2]\n\nshort"))
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 96
    assert lines[1].startswith("  words")
    assert lines[-3:] == ["  gives  [1,  2]", "", "short"]
