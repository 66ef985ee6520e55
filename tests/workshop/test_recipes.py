"""What the recipes promise: batches that lose nothing, resuming without a trace, no leaks."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.checkpoints import catalogue
from workshop.recipes import common as training
from workshop.recipes import question_answering, sentiment, summarization, text_to_text, translation

# ---------------------------------------------------------------- batches


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 80), min_size=1, max_size=300), st.integers(1, 400), st.integers(0, 5), st.booleans())
def test_an_epoch_sees_every_row_once(lengths, tokens, epoch, with_kinds):
    kinds = [length % 3 for length in lengths] if with_kinds else None
    groups = training.batches(lengths, tokens, seed=3, epoch=epoch, kinds=kinds)
    assert sorted(row for group in groups for row in group) == list(range(len(lengths)))
    for group in groups:
        assert len(group) == 1 or len(group) * max(lengths[row] for row in group) <= tokens
        assert kinds is None or len({kinds[row] for row in group}) == 1
    assert groups == training.batches(lengths, tokens, seed=3, epoch=epoch, kinds=kinds)


def test_similar_lengths_come_together():
    lengths = np.random.default_rng(0).integers(1, 100, 2000).tolist()
    groups = training.batches(lengths, 1000, seed=0, epoch=0)
    padded = sum(max(lengths[row] for row in group) * len(group) for group in groups)
    assert padded < 1.1 * sum(lengths), "less than a tenth is padding; in random order it would be nearly half"


# ---------------------------------------------------------------- training


class Interrupted(Exception):
    pass


def trained(state: Path, stop_at: int | None = None) -> dict:
    """Weights of a small network with dropout after training, or after an interruption and a second start."""
    data = torch.randn(64, 8, generator=torch.Generator().manual_seed(1))  # (row, 8)
    target = data.sum(1, keepdim=True)  # (row, 1)
    calls = 0

    def build():
        torch.manual_seed(0)
        return torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.Dropout(0.3), torch.nn.Linear(16, 1))

    def run(model, limit):
        nonlocal calls
        calls = 0

        def loss_of(rows):
            nonlocal calls
            calls += 1
            if limit is not None and calls > limit:
                raise Interrupted
            return torch.nn.functional.mse_loss(model(data[rows]), target[rows])

        options = {"epochs": 3, "tokens": 8, "rate": 0.01, "seed": 5, "save_every": 4}
        training.fit(model, loss_of, [1] * 64, state=state, **options)

    model = build()
    if stop_at is not None:
        with pytest.raises(Interrupted):
            run(model, stop_at)
        model = build()
    run(model, None)
    return {name: value.clone() for name, value in model.state_dict().items()}


@pytest.mark.parametrize("stop_at", [2, 9, 17])
def test_an_interrupted_training_ends_with_the_same_weights(tmp_path, stop_at):
    whole = trained(tmp_path / "whole.pt")
    resumed = trained(tmp_path / "resumed.pt", stop_at)
    for name, value in whole.items():
        torch.testing.assert_close(resumed[name], value, rtol=0, atol=0)


def test_a_state_of_another_plan_is_refused(tmp_path):
    trained(tmp_path / "state.pt")
    with pytest.raises(ValueError, match="delete it"):
        training.fit(
            torch.nn.Linear(8, 1), None, [1] * 64, state=tmp_path / "state.pt", epochs=9, tokens=8, rate=1, seed=5
        )


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"rate": 0.02}, "learning rate 0.01, this one has 0.02"),
        ({"seed": 6}, "seed 5, this one has 6"),
        ({"tokens": 16}, "steps 24, this one has"),
        ({"tokens": 9}, "tokens in a batch 8, this one has 9"),
        ({"begun": "as shipped"}, "beginning base, this one has as shipped"),
    ],
)
def test_a_run_that_was_asked_for_otherwise_does_not_resume_it(tmp_path, changed, told):
    trained(tmp_path / "state.pt")
    asked = {"epochs": 3, "tokens": 8, "rate": 0.01, "seed": 5} | changed
    with pytest.raises(ValueError, match=told):
        training.fit(torch.nn.Linear(8, 1), None, [1] * 64, state=tmp_path / "state.pt", **asked)


def test_what_has_shipped_is_not_resumed(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "SHIPPED", tmp_path)
    (tmp_path / "ner").mkdir()
    (tmp_path / "ner.pt").write_bytes(b"the state of a run that has ended")
    settings = training.options("", epochs=1, rate=1e-3, arguments=["--data", ".", "--work", str(tmp_path)])
    training.write_card("ner", "# ner\n\n{training}\n", settings, 7, {"steps": 3, "epochs": 1, "minutes": 2})
    assert "3 steps or 1 epochs" in (tmp_path / "ner" / "card.md").read_text()
    assert not (tmp_path / "ner.pt").exists()


def test_time_ends_a_training_with_a_rate_of_zero(tmp_path, monkeypatch):
    clock = iter(range(0, 10_000, 6))  # each look at the clock takes six seconds
    monkeypatch.setattr(training.time, "monotonic", lambda: next(clock))
    rates, model = [], torch.nn.Linear(8, 1)

    def loss_of(rows):
        rates.append(len(rates))
        return model(torch.ones(len(rows), 8)).sum()

    done = training.fit(
        model, loss_of, [1] * 64, state=tmp_path / "state.pt", epochs=100, tokens=8, rate=0.01, seed=5, minutes=2
    )
    assert done["steps"] == len(rates) == 20, "after two minutes, not after 800 steps"
    again = training.fit(
        model, loss_of, [1] * 64, state=tmp_path / "state.pt", epochs=100, tokens=8, rate=0.01, seed=5, minutes=2
    )
    assert again["steps"] == 20, "time that an earlier start spent counts"


def small_bert(rank: int):
    """A small adapted encoder with a head."""
    settings = transformers.BertConfig(
        vocab_size=50, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24
    )
    torch.manual_seed(0)
    model = transformers.BertForSequenceClassification(settings)
    return training.with_adapters(model, "SEQ_CLS", "classifier", rank, dropout=0.0).eval()


def test_what_a_layer_learned_goes_into_its_adapter():
    ids = torch.arange(20).reshape(2, 10)
    model = small_bert(rank=16)
    frozen = {name: layer.get_base_layer().weight.clone() for name, layer in training.adapters_in(model).items()}
    before = training.unfreeze(model)
    learning = {name for name, weight in model.named_parameters() if weight.requires_grad}
    assert {name.split(".")[-3:][0] for name in learning if "base_layer" in name}
    assert not [name for name in learning if "lora_" in name or "embeddings" in name]
    with torch.no_grad():
        for layer in training.adapters_in(model).values():
            weight = layer.get_base_layer().weight
            weight += 0.1 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(1))
    learned = model(input_ids=ids).logits
    assert training.factorise(model, before) == pytest.approx(1.0), "rank 16 holds any change of 16 columns"
    torch.testing.assert_close(model(input_ids=ids).logits, learned, rtol=1e-4, atol=1e-4)
    for name, layer in training.adapters_in(model).items():
        assert torch.equal(layer.get_base_layer().weight, frozen[name]), "the base is as it was"


def test_a_small_rank_keeps_the_largest_part_of_a_change():
    model = small_bert(rank=2)
    before = training.unfreeze(model)
    changes = {}
    with torch.no_grad():
        for name, layer in training.adapters_in(model).items():
            weight = layer.get_base_layer().weight
            changes[name] = 0.1 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(2))
            weight += changes[name]
    kept = training.factorise(model, before)
    sizes = [torch.linalg.svdvals(change.double()) ** 2 for change in changes.values()]
    assert kept == pytest.approx(float(sum(s[:2].sum() for s in sizes) / sum(s.sum() for s in sizes)))
    for name, layer in training.adapters_in(model).items():
        rest = changes[name] - layer.get_delta_weight("default")
        expected = torch.linalg.svdvals(changes[name].double())[2:].norm()
        assert rest.norm().item() == pytest.approx(expected.item(), rel=1e-4)


def test_a_larger_rank_begins_as_a_smaller_one_that_ships(tmp_path, monkeypatch):
    from safetensors.torch import save_file

    small, large = small_bert(rank=2), small_bert(rank=5)
    with torch.no_grad():
        for layer in training.adapters_in(small).values():
            layer.lora_B["default"].weight.normal_()
    (tmp_path / "tiny").mkdir()
    weights = {k: v.contiguous() for k, v in training.get_peft_model_state_dict(small).items()}
    save_file(weights, tmp_path / "tiny" / "adapter_model.safetensors")
    monkeypatch.setattr(training, "SHIPPED", tmp_path)
    training.begin_as_shipped(large, "tiny")
    ids = torch.arange(20).reshape(2, 10)
    torch.testing.assert_close(large(input_ids=ids).logits, small(input_ids=ids).logits)
    with pytest.raises(ValueError, match="give --rank 2 or more"):
        training.begin_as_shipped(small_bert(rank=1), "tiny")


@pytest.mark.parametrize(("given", "seed"), [([], 7), (["--order", "8"], 8)])
def test_the_order_of_the_rows_is_chosen(given, seed, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(training, "fit", lambda *_, **more: seen.append(more["seed"]) or {})
    settings = training.options("", epochs=1, rate=1.0, sources=(), arguments=["--work", str(tmp_path), *given])
    training.fit_as_set(torch.nn.Linear(2, 2), None, [1], "x", settings, 7)
    assert seen == [seed]
    words = training.told(settings, 7, {"steps": 1, "epochs": 1, "minutes": 1})
    assert ("order of the rows by seed 8" in words) == (seed == 8)


def test_a_change_is_factorised_where_the_model_was_trained(tmp_path, monkeypatch):
    """The weights before training are on the device too; after a move to the CPU the two could not be compared."""
    seen, model = [], torch.nn.Linear(2, 2)
    monkeypatch.setattr(training, "fit", lambda *_, **__: seen.append("fit") or {"steps": 1})
    monkeypatch.setattr(training, "factorise", lambda *_: seen.append("factorise") or 0.5)
    monkeypatch.setattr(model, "cpu", lambda: seen.append("cpu") or model)
    settings = training.options("", epochs=1, rate=1.0, sources=(), arguments=["--work", str(tmp_path)])
    assert training.fit_adapted(model, {}, None, [1], "x", settings, 0) == (model, {"steps": 1, "share": 0.5})
    assert seen == ["fit", "factorise", "cpu"]


def test_weights_come_back_from_their_planes():
    from workshop.recipes import gpu

    weights = {"b": torch.randn(3, 5), "a": torch.randn(7), "c": torch.randn(2, 2, 2)}
    back = gpu.from_planes(gpu.planes(weights))
    assert {name: value.half().float().tolist() for name, value in weights.items()} == {
        name: value.tolist() for name, value in back.items()
    }


def test_what_ships_names_no_folder_of_this_machine():
    shipped = {name: entry for name, entry in catalogue().items() if entry.kind in ("adapter", "model")}
    assert {*shipped} == {card.parent.name for card in training.SHIPPED.glob("*/card.md")}
    for name, entry in shipped.items():
        texts = {
            file: (training.SHIPPED / name / file).read_text(encoding="utf-8")
            for file in entry.members
            if file.endswith("config.json")
        }
        for file, text in texts.items():
            assert '"/' not in text, f"{name}/{file} names a folder"
        if entry.kind == "adapter":
            assert json.loads(texts["adapter_config.json"])["base_model_name_or_path"] == "minilm"


def test_settings_that_ship_keep_all_but_the_paths():
    settings = {"_name_or_path": "/a", "encoder": {"_name_or_path": "/b", "layers": 3}, "width": 8}
    assert training.without_paths(settings) == {"encoder": {"layers": 3}, "width": 8}


# ---------------------------------------------------------------- sentiment


def test_development_sentences_and_their_phrases_are_not_trained_on():
    sentences = [{"text": f"sentence number {n} is a long one .", "label": n % 2} for n in range(20)]
    phrases = [{"text": f"number {n} is a long", "label": n % 2} for n in range(20)] + [{"text": "one", "label": 1}]
    degrees = [{"text": row["text"], "label": 4 * row["label"]} for row in sentences]
    rows, chosen = sentiment.split(phrases, sentences, degrees, development=5)
    seen = [sentiment.plain(row["text"]) for row in rows]
    assert len(chosen) == 5
    for row in chosen:
        number = row["text"].split()[2]
        assert sentiment.plain(row["text"]) not in seen
        assert sentiment.plain(f"number {number} is a long") not in seen
    assert seen.count("one") == 1, "a short phrase belongs to no sentence"
    kept = next(row for row in sentences if row not in chosen)
    assert seen.count(sentiment.plain(kept["text"])) == 2, "whole sentences count twice"
    assert {row["positive"] for row in rows} <= {0.02, 0.98, 0.03, 0.97}


def test_everyday_sentences_are_balanced_and_no_test_is_among_them():
    from course_lib.data.texts import reviews
    from workshop.evaluation.sentiment import FACTS

    rows = sentiment.everyday()
    shares = [sum(row["positive"] == value for row in rows) for value in sentiment.VERDICTS.values()]
    assert shares == [190, 120, 190]
    texts = {sentiment.plain(row["text"]) for row in rows}
    assert len(texts) == 500
    tested = [*FACTS, *(one.text for one in reviews())]
    assert not texts.intersection(map(sentiment.plain, tested))
    lengths = [np.mean([len(r["text"].split()) for r in rows if r["positive"] == v]) for v in (0.03, 0.97)]
    assert abs(lengths[0] - lengths[1]) < 1, "length does not give the label away"


# ---------------------------------------------------------------- question answering


def test_every_training_window_holds_its_answer():
    from transformers import AutoTokenizer

    from course_lib.checkpoints import checkpoint

    tokenizer = AutoTokenizer.from_pretrained(checkpoint("minilm"))
    filler = "The river runs past the old mill and on to the sea. " * 40
    context = filler + "In 1907 Ada Brown bought the mill for 300 pounds. " + filler
    answer = {"text": ["Ada Brown"], "answer_start": [context.index("Ada Brown")]}
    row = {"question": "Who bought the mill?", "context": context, "answers": answer}
    made = question_answering.windows([row], tokenizer)
    assert made, "at least one window has the answer"
    for window in made:
        assert len(window["ids"]) <= question_answering.WINDOW
        ((first, last),) = window["spans"]
        assert tokenizer.decode(window["ids"][first : last + 1]) == "ada brown"
        assert set(window["types"][first : last + 1]) == {1}


def test_every_human_answer_is_a_target_with_its_share():
    from transformers import AutoTokenizer

    from course_lib.checkpoints import checkpoint

    tokenizer = AutoTokenizer.from_pretrained(checkpoint("minilm"))
    context = "In 1907 Ada Brown bought the mill."
    answers = {"text": ["Ada Brown", "Brown", "Ada Brown", "the mill"], "answer_start": [8, 12, 8, 25]}
    row = {"question": "Who?", "context": context, "answers": answers}
    (window,) = question_answering.windows([row], tokenizer)
    words = [tokenizer.decode(window["ids"][first : last + 1]) for first, last in window["spans"]]
    assert words == ["ada brown", "brown", "ada brown", "the mill"]
    found = question_answering.shares([window["spans"], [(0, 0)]], 20)  # the second has no answer: [CLS]
    assert found.sum(-1).tolist() == [[1, 1], [1, 1]]
    first, last = window["spans"][0]
    assert (found[0, 0, first], found[0, 0, last], found[0, 1, last]) == (0.5, 0.25, 0.75)
    assert (found[1, 0, 0], found[1, 1, 0]) == (1, 1)
    logits = torch.randn(2, 2, 20)
    ours = torch.nn.functional.cross_entropy(logits.flatten(0, 1), found.flatten(0, 1))
    one_by_one = [
        torch.nn.functional.cross_entropy(logits[0, side], torch.tensor(span[side]))
        for span in window["spans"]
        for side in (0, 1)
    ]
    no_answer = -logits[1].log_softmax(-1)[:, 0]
    torch.testing.assert_close(ours, (torch.stack(one_by_one).mean() + no_answer.mean()) / 2)


def test_dropout_leaves_a_feature_out_at_all_tokens_of_a_row():
    torch.manual_seed(0)
    layer, hidden = training.FeatureDropout(0.25), torch.ones(40, 7, 50)
    assert torch.equal(layer.eval()(hidden), hidden)
    dropped = layer.train()(hidden)
    assert torch.equal(dropped, dropped[:, :1].expand_as(dropped)), "one mask for all tokens of a row"
    assert not torch.equal(dropped[0], dropped[1]), "and another one for each row"
    assert set(dropped.unique().tolist()) == {0.0, float(torch.tensor(1 / 0.75))}
    assert abs(float((dropped == 0).float().mean()) - 0.25) < 0.03


def test_dropout_comes_where_a_bert_has_it():
    from transformers import BertConfig, BertModel

    config = BertConfig(
        vocab_size=9, hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=8, **training.QUICK
    )
    model = BertModel(config).train()
    inputs = {"input_ids": torch.arange(6)[None]}
    assert torch.equal(model(**inputs)[0], model(**inputs)[0]), "QUICK has none"
    training.leave_out_features(model, 0.5)
    kinds = [name for name, part in model.named_modules() if isinstance(part, training.FeatureDropout)]
    layers = [f"encoder.layer.{n}.{part}output.dropout" for n in (0, 1) for part in ("attention.", "")]
    assert kinds == ["embeddings.dropout", *layers]
    assert not torch.equal(model(**inputs)[0], model(**inputs)[0])
    assert torch.equal(model.eval()(**inputs)[0], model(**inputs)[0])


@pytest.mark.parametrize("recipe", [summarization, text_to_text, translation], ids=lambda recipe: recipe.NAME)
def test_what_ships_decodes_as_its_recipe_says(recipe):
    shipped = json.loads((training.SHIPPED / recipe.NAME / "generation_config.json").read_text(encoding="utf-8"))
    del shipped["transformers_version"]
    assert shipped == recipe.DECODING


def test_words_that_a_letter_shares_with_its_summary_are_swapped_in_both():
    word = summarization.WORD
    lamps = ["lamp" + "".join("abcdefghij"[int(digit)] for digit in str(number)) for number in range(400)]
    pairs = [(f"Hi Ann, the {one.title()} came; a {one} is no use. Bye, Ann", f"Ann says {one} came") for one in lamps]
    known = ["alpha", "alpha", "beta", "beta", "gamma", "gamma", "once"]
    found = summarization.with_other_words(pairs, known)
    assert found == summarization.with_other_words(pairs, known)
    swapped = 0
    for (text, short), (new_text, new_short) in zip(pairs, found, strict=True):
        before, after = word.findall(short), word.findall(new_short)
        assert (after[:2], after[3:]) == (["Ann", "says"], ["came"]), "these stand in every text"
        if after != before:
            swapped += 1
            assert after[2] in ("alpha", "beta", "gamma")
            lamp, other = before[2], after[2]
            assert new_text == text.replace(lamp, other).replace(lamp.capitalize(), other.capitalize())
        else:
            assert new_text == text
    expected = summarization.SWAPPED[0] * summarization.SWAPPED[1]
    assert abs(swapped / len(pairs) - expected) < 0.1


def test_the_smoothed_loss_is_that_of_pytorch():
    torch.manual_seed(0)
    logits, labels = torch.randn(50, 200, requires_grad=True), torch.randint(200, (50,))
    ours = training.smoothed_loss(logits, labels)
    theirs = torch.nn.functional.cross_entropy(logits, labels, label_smoothing=0.1)
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(torch.autograd.grad(3 * ours, logits), torch.autograd.grad(3 * theirs, logits))


MEMBERS = """# what ships
[checkpoints.one.members]
"old.bin" = "00"
"gone.bin" = "11"

[checkpoints.two]
about = "[checkpoints.one.members] is not meant here"

[checkpoints.two.members]
"b.bin" = "22"
"""


@pytest.mark.parametrize("name", ["one", "two"])
def test_enter_changes_the_members_of_one_checkpoint_and_no_other_line(tmp_path, monkeypatch, name):
    catalogue, file = tmp_path / "catalogue.toml", tmp_path / "new.bin"
    catalogue.write_text(MEMBERS)
    file.write_bytes(b"abc")
    monkeypatch.setattr(training, "CATALOGUE", catalogue)
    assert training.enter(name, [file]) == 3
    sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # of "abc", FIPS 180-2
    old = {"one": '"old.bin" = "00"\n"gone.bin" = "11"\n', "two": '"b.bin" = "22"\n'}[name]
    assert catalogue.read_text() == MEMBERS.replace(old, f'"new.bin" = "{sha256}"\n')
    training.enter(name, [file])
    assert catalogue.read_text().count(sha256) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "has no line"), ("[checkpoints.one.members]\n# mine\n'x.bin' = '00'\n", "stands more than a line")],
)
def test_enter_refuses_a_catalogue_that_it_cannot_edit_line_by_line(tmp_path, monkeypatch, text, words):
    catalogue = tmp_path / "catalogue.toml"
    catalogue.write_text(text)
    monkeypatch.setattr(training, "CATALOGUE", catalogue)
    with pytest.raises(ValueError, match=words):
        training.enter("one", [])
    assert catalogue.read_text() == text


def test_a_hash_of_the_labelled_data_stands_in_one_place():
    hashed, folder = re.compile(r"jsonl(\.gz)?\",\s*\"[0-9a-f]{64}"), Path(training.__file__).parents[1]
    written = [path.name for path in folder.rglob("*.py") if hashed.search(path.read_text(encoding="utf-8"))]
    assert written == []
