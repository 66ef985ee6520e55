"""Several models at the same work are asked, scored and compared on the same items."""

import time
from types import SimpleNamespace

import pytest
import torch
from tiny_models import tiny_model, word_tokenizer
from transformers import LlamaConfig, LlamaForCausalLM

from course_lib.checkpoints import checkpoint
from course_lib.comparison import ahead, compare, continuations, piped, preferences, prompted, said, set_f1, table

MODEL = SimpleNamespace(num_parameters=lambda: 2_500_000, get_memory_footprint=lambda return_buffers: 10_000_000)


def double(items):
    return [2 * item for item in items]


def right(given, item):
    return given == 2 * item


def test_each_system_answers_all_items_in_batches_in_order():
    sizes = []

    def answer(items):
        sizes.append(len(items))
        return double(items)

    results = compare({"one": (MODEL, answer), "other": (MODEL, lambda items: items)}, range(1, 6), right, size=2)
    assert sizes == [1, 2, 2, 1], "one that does not count, then batches"
    assert results["one"].answers == [2, 4, 6, 8, 10]
    assert results["one"].scores == [1.0] * 5
    assert results["other"].scores == [0.0] * 5
    assert results["one"].millions == 2.5
    assert results["one"].milliseconds >= 0
    assert ahead(results, "one", "other") == (1.0, 1.0, 1.0)
    assert ahead(results, "other", "one")[0] == -1.0
    assert "| doubling | one | 1.00 (1.00 to 1.00) | 2.5 M | 10 MB |" in table({"doubling": results})


def test_the_time_is_that_of_an_item_after_the_first_call(monkeypatch):
    now, waits = [0.0], iter([7.0, 0.25, 0.15])  # the first call, which does not count, and two batches of two
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])

    def answer(items):
        now[0] += next(waits)
        return double(items)

    assert compare({"one": (MODEL, answer)}, [1, 2, 3, 4], right, size=2)["one"].milliseconds == pytest.approx(100)


def test_the_memory_of_the_weights_is_that_of_their_precision():
    torch.manual_seed(0)
    size = {"hidden_size": 128, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 256}
    model = LlamaForCausalLM(LlamaConfig(vocab_size=9000, tie_word_embeddings=True, **size))
    millions = sum(weight.numel() for weight in model.parameters()) / 1e6
    for dtype, each in ((torch.float32, 4), (torch.bfloat16, 2)):
        result = compare({"one": (model.to(dtype), double)}, [1], right)["one"]
        assert (result.millions, result.megabytes) == (millions, pytest.approx(each * millions))
        assert f"| {each * millions:.0f} MB |" in table({"doubling": {"one": result}})


def test_answers_that_are_too_few_and_nothing_to_ask_are_refused():
    with pytest.raises(ValueError, match="'lazy' gave 1 answers to 3 items"):
        compare({"lazy": (MODEL, lambda items: items[:1])}, [1, 2, 3], right)
    with pytest.raises(ValueError, match="systems and items"):
        compare({"one": (MODEL, double)}, [], right)
    with pytest.raises(ValueError, match="systems and items"):
        compare({}, [1], right)
    with pytest.raises(ValueError, match="size"):
        compare({"one": (MODEL, double)}, [1], right, size=0)


def test_a_figure_is_said_with_its_interval():
    assert said((0.714, 0.5, 0.8551)) == "0.71 (0.50 to 0.86)"


@pytest.mark.parametrize(
    ("given", "truth", "f1"),
    [(set(), set(), 1), ({1}, set(), 0), (set(), {1}, 0), ({1, 2}, {2, 3}, 0.5), ({1}, {1, 2, 3}, 0.5), ({1}, {1}, 1)],
)
def test_f1_of_two_sets(given, truth, f1):
    assert set_f1(given, truth) == f1


@pytest.fixture(scope="module")
def writer():
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(checkpoint("smollm2"))
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        initializer_range=0.5, bos_token_id=1, eos_token_id=2,
    )  # fmt: skip
    return LlamaForCausalLM(config).eval(), tokenizer


def test_a_preference_is_the_difference_of_two_logits_whatever_the_batch(writer):
    model, tokenizer = writer
    prompts = ["It was", "We came home late, and the house was"]
    found = preferences(model, tokenizer, prompts, (" great", " terrible"))
    good, bad = (tokenizer(word)["input_ids"][0] for word in (" great", " terrible"))
    for prompt, preference in zip(prompts, found, strict=True):
        with torch.inference_mode():
            logits = model(**tokenizer(prompt, return_tensors="pt")).logits[0, -1]
        assert preference == pytest.approx(float(logits[good] - logits[bad]), abs=1e-3)
    with pytest.raises(ValueError, match="one token each"):
        preferences(model, tokenizer, prompts, (" great", " abominable nonsense"))
    with pytest.raises(TypeError, match="prompts"):
        preferences(model, tokenizer, "It was", (" great", " terrible"))


def test_a_word_is_one_token_also_where_the_tokenizer_adds_its_own():
    model, tokenizer = tiny_model("text-generation"), word_tokenizer()
    assert len(tokenizer("good")["input_ids"]) == 3
    (found,) = preferences(model, tokenizer, ["two cups are broken"], ("good", "bad"))
    with torch.inference_mode():
        logits = model(**tokenizer("two cups are broken", return_tensors="pt")).logits[0, -1]
    good, bad = tokenizer.convert_tokens_to_ids(["good", "bad"])
    assert found == pytest.approx(float(logits[good] - logits[bad]), abs=1e-5)


def test_with_learnt_positions_too_and_the_tokenizer_stays_as_it_was(writer):
    from transformers import GPT2Config, GPT2LMHeadModel

    tokenizer = writer[1]
    torch.manual_seed(0)
    shape = {"n_embd": 16, "n_layer": 1, "n_head": 2, "n_positions": 64, "initializer_range": 0.5}
    model = GPT2LMHeadModel(GPT2Config(vocab_size=len(tokenizer), bos_token_id=1, eos_token_id=2, **shape)).eval()
    before, words = tokenizer.padding_side, (" great", " terrible")
    alone = preferences(model, tokenizer, ["It was"], words)
    both = preferences(model, tokenizer, ["It was", "We came home late, and the house was"], words)
    assert both[0] == pytest.approx(alone[0], abs=1e-3)
    tokenizer.padding_side = "right"
    continuations(model, tokenizer, ["It was", "We came home late, and the house was"], 2)
    assert tokenizer.padding_side == "right"
    tokenizer.padding_side = before


def test_a_pipeline_that_answers_a_list_of_one_without_a_list_is_read_as_well():
    class Answering:
        model = MODEL

        def __call__(self, texts, batch_size):
            found = [{"answer": text.upper()} for text in texts]
            return found[0] if len(found) == 1 else found

    _, answer = piped(Answering(), lambda item: item, lambda given, _: given["answer"])
    assert answer(["a"]) == ["A"]
    assert answer(["a", "b"]) == ["A", "B"]


def test_a_continuation_is_what_generate_writes_cut_at_the_end_of_the_line(writer):
    model, tokenizer = writer
    (whole,) = continuations(model, tokenizer, ["It was"], 6, until="\0")
    inputs = tokenizer("It was", return_tensors="pt")
    ids = model.generate(**inputs, max_new_tokens=6, do_sample=False)[0, inputs["input_ids"].shape[1] :]
    assert whole == tokenizer.decode(ids, skip_special_tokens=True).strip()
    (cut,) = continuations(model, tokenizer, ["It was"], 6, until=whole[3])
    assert cut == whole.split(whole[3])[0].strip()


def test_a_continuation_is_its_first_line_with_something_in_it(writer):
    tokenizer = writer[1]

    def generate(input_ids, **settings):
        return torch.cat([input_ids, tokenizer("\nyes\nno", return_tensors="pt")["input_ids"]], 1)

    assert continuations(SimpleNamespace(device="cpu", generate=generate), tokenizer, ["Is it?"], 4) == ["yes"]


def test_a_pipeline_is_asked_in_one_batch_and_its_answers_are_read_with_their_items():
    asked = []

    class Shouting:
        model = MODEL

        def __call__(self, texts, batch_size):
            asked.append((texts, batch_size))
            return [{"said": text.upper()} for text in texts]

    model, answer = piped(Shouting(), lambda item: item["text"], lambda given, item: given["said"] + item["end"])
    assert model is MODEL
    assert answer([{"text": "a", "end": "!"}, {"text": "b", "end": "?"}]) == ["A!", "B?"]
    assert asked == [(["a", "b"], 2)]


def test_a_prompted_decoder_goes_on_after_the_prompt_of_each_item(writer):
    model, tokenizer = writer
    same, answer = prompted(model, tokenizer, lambda item: f"It was {item}", 5)
    assert same is model
    assert answer(["late", "cold"]) == continuations(model, tokenizer, ["It was late", "It was cold"], 5)
    with pytest.raises(ValueError, match="tokens"):
        prompted(model, tokenizer, str, 0)
