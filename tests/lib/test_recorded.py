import functools
import importlib
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest
import torch

from course_lib.data.texts import reviews
from course_lib.experiments import adaptation, judged_reviews, matched_pair, recorded, transfer
from course_lib.experiments.label_curve import FACTORS, METHODS, RATES, SEEN, SIZES, TOKENS

ROOT = Path(__file__).resolve().parents[2]


def test_runs_are_kept_and_not_measured_twice(tmp_path):
    record = recorded.Record("curve", "python it.py", {"steps": [1, 2]}, tmp_path, key=["seed"])
    assert not record.has(seed=0)
    record.add(seed=0, accuracy=0.5)
    record.add(seed=1, accuracy=0.75)
    again = recorded.Record("curve", "python it.py", {"steps": (1, 2)}, tmp_path, key=["seed"])
    assert again.has(seed=1)
    assert again.has(seed=1, accuracy=0.75)
    assert not again.has(seed=1, accuracy=0.5)
    again.add(seed=2, accuracy=1.0)
    found = json.loads((tmp_path / "curve.json").read_text(encoding="utf-8"))
    assert [run["seed"] for run in found["runs"]] == [0, 1, 2]
    assert not list(tmp_path.glob("*.part"))


WRITER = """
import sys
from pathlib import Path
from course_lib.experiments import recorded
record = recorded.Record("curve", "python it.py", {}, Path(sys.argv[1]), key=["name", "number"])
print("opened", flush=True)
sys.stdin.readline()
for number in range(20):
    record.add(name=sys.argv[2], number=number)
"""


def test_two_processes_that_fill_one_record_lose_nothing(tmp_path):
    pipes = {"cwd": ROOT, "stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    code = [sys.executable, "-c", WRITER, str(tmp_path)]
    writers = [subprocess.Popen([*code, name], **pipes) for name in ("one", "two")]
    assert [writer.stdout.readline().strip() for writer in writers] == [b"opened", b"opened"]
    for writer in writers:
        writer.stdin.write(b"\n")
        writer.stdin.close()
    assert [writer.wait(120) for writer in writers] == [0, 0]
    runs = json.loads((tmp_path / "curve.json").read_text(encoding="utf-8"))["runs"]
    for name in ("one", "two"):
        assert [run["number"] for run in runs if run["name"] == name] == list(range(20))
    assert [path.name for path in tmp_path.iterdir()] == ["curve.json"]


def test_what_another_process_has_added_is_known_afterwards(tmp_path):
    one, two = (recorded.Record("curve", "python it.py", {"rate": 0.1}, tmp_path, key=["seed"]) for _ in range(2))
    one.add(seed=0)
    two.add(seed=1)
    one.add(seed=2)
    assert one.has(seed=1)
    (tmp_path / "curve.json").unlink()
    recorded.Record("curve", "python it.py", {"rate": 0.2}, tmp_path, key=["seed"]).add(seed=0)
    with pytest.raises(ValueError, match="Delete the file"):
        one.add(seed=3)


def test_a_key_that_another_process_has_added_is_known_at_once_and_not_added_again(tmp_path):
    one, two = (recorded.Record("curve", "python it.py", {}, tmp_path, key=["seed", "steps"]) for _ in range(2))
    one.add(seed=0, steps=300, accuracy=0.5)
    assert two.has(seed=0, steps=300)
    two.add_all([{"seed": 0, "steps": steps, "accuracy": 0.75} for steps in (300, 600, 600)])
    assert json.loads(one.path.read_text(encoding="utf-8"))["runs"] == [
        {"seed": 0, "steps": 300, "accuracy": 0.5},
        {"seed": 0, "steps": 600, "accuracy": 0.75},
    ]
    with pytest.raises(ValueError, match="no steps.*'seed', 'steps'"):
        one.add(seed=1)
    assert not one.has(seed=1)


def test_several_runs_are_added_all_or_none(tmp_path, monkeypatch):
    record = recorded.Record("curve", "python it.py", {}, tmp_path, key=["seed", "steps"])
    record.add(seed=0, steps=300)
    before, written = record.path.read_bytes(), []

    def killed(path, text):
        written.append(text)
        raise KeyboardInterrupt

    monkeypatch.setattr(recorded, "write_atomically", killed)
    with pytest.raises(KeyboardInterrupt):
        record.add_all([{"seed": 1, "steps": steps} for steps in (300, 600)])
    assert len(written) == 1, "one seed is one writing"
    assert record.path.read_bytes() == before
    assert not record.has(seed=1)


def test_what_could_not_be_written_is_not_there(tmp_path, monkeypatch):
    record = recorded.Record("curve", "python it.py", {}, tmp_path, key=["seed"])

    def full(path, text):
        raise OSError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(recorded, "write_atomically", full)
        with pytest.raises(OSError, match="full"):
            record.add(seed=1)
    assert not record.has(seed=1)
    record.add(seed=1)
    assert recorded.Record("curve", "python it.py", {}, tmp_path, key=["seed"]).has(seed=1)
    record.path.unlink()  # to measure anew
    assert not record.has(seed=1)


def nothing_is_trained(monkeypatch, recipe, folder):
    """A recipe whose models are stand-ins, with a record in `folder`."""

    def pretrain(*_, callbacks=(), **__):
        for steps in (20, 60, 160):
            for one in callbacks:
                one.on_step_end(None, SimpleNamespace(global_step=steps), None)

    right = {steps: {"last": torch.ones(4), "middle": torch.ones(4)} for steps in matched_pair.STEPS}
    stubs = {
        matched_pair: {"_letters": None, "_pieces": None, "_learn": right},
        adaptation: {"rows_of": [], "masked_batches": [], "masked_perplexity": 9.0, "checkpoint": "", "masker": None},
        transfer: {
            "bits_per_character": 2.0, "cut": [], "fresh": MagicMock(), "texts": dict.fromkeys("ab", MagicMock()),
        },
    }  # fmt: skip
    monkeypatch.setattr(recipe, "Record", functools.partial(recorded.Record, folder=folder))
    for name, answer in stubs[recipe].items():
        monkeypatch.setattr(recipe, name, lambda *_, answer=answer, **__: answer)
    for name in ("pretrain", "AutoTokenizer", "SparseMaskedLM", "corpora", "Dataset"):
        if hasattr(recipe, name):
            monkeypatch.setattr(recipe, name, pretrain if name == "pretrain" else MagicMock())


@pytest.mark.parametrize("recipe", [matched_pair, adaptation, transfer])
def test_a_point_that_was_half_measured_is_completed_and_each_key_is_there_once(monkeypatch, tmp_path, recipe):
    """As after a stop in an older version, which wrote the rows of a point one by one."""
    nothing_is_trained(monkeypatch, recipe, tmp_path)
    recipe.main()
    (path,) = tmp_path.glob("*.json")
    whole = path.read_bytes()
    runs = json.loads(whole)["runs"]
    assert len({json.dumps(run) for run in runs}) == len(runs) > 10
    for left in (1, 2):
        record = json.loads(whole) | {"runs": runs[:left] + runs[left + 1 :]}
        path.write_text(json.dumps(record), encoding="utf-8")
        recipe.main()
        found = json.loads(path.read_text(encoding="utf-8"))["runs"]
        assert sorted(map(json.dumps, found)) == sorted(map(json.dumps, runs))


def test_other_settings_are_not_mixed_in(tmp_path):
    recorded.Record("curve", "python it.py", {"rate": 0.1}, tmp_path, key=["seed"]).add(seed=0)
    with pytest.raises(ValueError, match="rate.*0.1.*0.2.*Delete the file"):
        recorded.Record("curve", "python it.py", {"rate": 0.2}, tmp_path, key=["seed"])


def test_an_unknown_name_lists_what_there_is():
    with pytest.raises(ValueError, match="'curve'.*label_curve_full"):
        recorded.recorded("curve")


def test_every_record_names_a_recipe_that_exists():
    files = sorted(recorded.FOLDER.glob("*.json"))
    assert files
    for file in files:
        found = recorded.recorded(file.stem)
        program, flag, module, *_ = found["command"].split()
        assert (program, flag) == ("python", "-m")
        assert importlib.util.find_spec(module), found["command"]
        assert found["runs"]


@pytest.mark.parametrize("method", METHODS)
def test_the_label_curve_was_recorded_with_the_settings_of_the_code(method):
    found = recorded.recorded(f"label_curve_{method}")
    expected = {"tokens": TOKENS, "rate": RATES[method], "factor": FACTORS[method]}
    assert expected.items() <= found["settings"].items()
    assert found["settings"]["seen"] == [list(item) for item in SEEN.items()]
    points = {(run["labels"], run["seed"]) for run in found["runs"]}
    assert points == {(size, seed) for size in SIZES for seed in range(5)}, "five seeds at every number of labels"
    assert len(found["runs"]) == len(points)


@pytest.mark.parametrize(
    ("name", "point", "points"),
    [
        ("adaptation", ("read", "rate", "steps"), 12),
        ("layers", ("copied",), 4),
        ("matched_pair", ("steps",), 3),
        ("transfer", ("source", "amount", "target"), 18),
        ("bias_planted", ("share", "swapped"), 6),
        ("bias_titles", ("start",), 3),
        ("bias_handed_on", ("share",), 5),
        ("bias_metric", ("loss",), 2),
        ("bias_names", ("start",), 2),
    ],
)
def test_an_experiment_was_recorded_with_the_settings_of_the_recipe(name, point, points):
    found = recorded.recorded(name)
    recipe = importlib.import_module(found["command"].split()[2])
    assert found["settings"].items() >= json.loads(json.dumps(recipe.SETTINGS)).items()
    seeds = {}
    for run in found["runs"]:
        seeds.setdefault(tuple(run[part] for part in point), []).append(run["seed"])
    assert len(seeds) == points
    assert all(sorted(some) == list(range(5)) for some in seeds.values()), "five seeds of every point, each once"


def test_the_decoder_is_ahead_of_the_encoder_in_every_run_of_the_pair():
    for run in recorded.recorded("matched_pair")["runs"]:
        assert run["lead"] == pytest.approx(run["decoder"] - run["encoder"], abs=2e-4)
        assert 0 < run["low"] < run["lead"] < run["high"]


def test_the_reviews_were_judged_by_the_weights_that_ship():
    found = recorded.recorded(judged_reviews.NAME)
    remedy = f"delete the record, then: {judged_reviews.COMMAND}"
    assert found["command"] == judged_reviews.COMMAND
    assert found["settings"] == judged_reviews.settings(), remedy
    some = reviews()[::12]
    for name, pairs in judged_reviews.judged().items():
        assert len(pairs) == len(reviews())
        for (label, score), one, (kept, right) in zip(
            judged_reviews.judge(name, [one.text for one in some]), some, pairs[::12], strict=True
        ):
            assert kept == pytest.approx(score, abs=2e-4), remedy
            assert right == ((label == judged_reviews.PRAISE[name]) == one.positive), one.text
    with pytest.raises(ValueError, match="one of sentiment, zero-shot; given: 'ner'"):
        judged_reviews.judge("ner", ["Good."])
