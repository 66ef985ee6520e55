"""Our Transformer-XL against the one of 4.57 (tests/lib/parity), the paper's formula, and what must hold."""

import importlib
import json
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from record_transformer_xl import ANSWERS, CASES, COMMAND, cases_sha256, labels, tokens, weights, weights_sha256
from safetensors import safe_open
from transformers import AutoConfig, AutoModelForCausalLM

from course_lib import transformer_xl
from course_lib.probing import ablate_heads, attention_weights
from course_lib.transformer_xl import RelativeAttention, TransformerXLConfig, TransformerXLForCausalLM, shift

CLOSE = 1e-5  # the greatest difference that is allowed between our numbers and an oracle's
RECORD_AGAIN = f"Record the answers again with transformers 4.57: {COMMAND}."
SMALL = {"vocab_size": 23, "d_model": 12, "n_head": 3, "d_head": 5, "d_inner": 16, "n_layer": 2, "mem_len": 32}


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Models this small gain nothing from two threads, and on a busy machine lose a minute waiting for the other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def apart(ours, theirs):
    """The greatest difference."""
    assert ours.shape == theirs.shape
    return float((ours - theirs).detach().abs().max())


def model(seed=0, **changes):
    """A small model without dropout, its weights wide enough that everything it sees changes its answers."""
    made = TransformerXLForCausalLM(TransformerXLConfig(**SMALL | changes)).eval()
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in made.named_parameters():
            if "norm" not in name:
                weight.normal_(0, 1 if name in ("u", "v") else 1 / math.sqrt(weight.shape[-1]), generator=draw)
    return made


def text(batch=2, length=12, seed=0, size=SMALL["vocab_size"]):
    return torch.randint(0, size, (batch, length), generator=torch.Generator().manual_seed(seed))


@torch.no_grad()
def in_segments(xl, ids, lengths):
    """The logits of a text that is given piece by piece, and the last memory."""
    logits, mems = [], None
    for piece in ids.split(lengths, 1):
        answer = xl(piece, mems=mems)
        logits.append(answer.logits)
        mems = answer.mems
    return torch.cat(logits, 1), mems


# ---------------------------------------------------------------- Transformers 4.57


def ours_from_old(old: dict[str, np.ndarray], config: dict) -> dict[str, torch.Tensor]:
    """The weights under our names, from those of transformers 4.57; query, key and value were one matrix there."""
    old = {name: torch.from_numpy(values) for name, values in old.items()}
    embedding = old["transformer.word_emb.emb_layers.0.weight"]
    new = {
        "embed_tokens.weight": embedding,
        "lm_head.weight": old.get("crit.out_layers.0.weight", embedding),
        "lm_head.bias": old["crit.out_layers.0.bias"],
    }
    for ours, theirs in (("u", "r_w_bias"), ("v", "r_r_bias")):
        layers = [f"layers.{number}.dec_attn." for number in range(config["n_layer"])] if config["untie_r"] else [""]
        new[ours] = torch.stack([old[f"transformer.{layer}{theirs}"] for layer in layers])
    names = {
        "attention.r_proj.weight": "dec_attn.r_net.weight",
        "attention.o_proj.weight": "dec_attn.o_net.weight",
        "expand.weight": "pos_ff.CoreNet.0.weight",
        "expand.bias": "pos_ff.CoreNet.0.bias",
        "contract.weight": "pos_ff.CoreNet.3.weight",
        "contract.bias": "pos_ff.CoreNet.3.bias",
    }
    for end in ("weight", "bias"):
        names[f"attention_norm.{end}"] = f"dec_attn.layer_norm.{end}"
        names[f"feed_forward_norm.{end}"] = f"pos_ff.layer_norm.{end}"
    for number in range(config["n_layer"]):
        theirs = f"transformer.layers.{number}."
        new |= {f"layers.{number}.{mine}": old[theirs + name] for mine, name in names.items()}
        together = old[theirs + "dec_attn.qkv_net.weight"].chunk(3)
        for letter, part in zip("qkv", together, strict=True):
            new[f"layers.{number}.attention.{letter}_proj.weight"] = part
    return new


@pytest.fixture(scope="module")
def recorded():
    with safe_open(ANSWERS, framework="pt") as file:
        record = json.loads(file.metadata()["record"])
        assert record["sha256 of cases"] == cases_sha256(), f"the cases have changed. {RECORD_AGAIN}"
        return {**record, "answers": {key: file.get_tensor(key) for key in list(file.keys())}}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_it_answers_as_version_4_57_did(case, recorded, record_property):
    noted = recorded["sha256 of weights and tokens"][case["name"]]
    assert weights_sha256(case) == noted, f"the weights are not those that were recorded with. {RECORD_AGAIN}"
    ours = TransformerXLForCausalLM(TransformerXLConfig(memory_start=case["start"], **case["config"])).eval()
    ours.load_state_dict(ours_from_old(weights(case["config"]), case["config"]))
    found, mems = {}, None
    for number, ids in enumerate(torch.from_numpy(tokens(case)).split(case["segments"], 1)):
        wanted = torch.from_numpy(labels(ids.numpy())) if ids.shape[1] > 1 else None
        with torch.no_grad():
            answer = ours(ids, mems=mems, labels=wanted, output_hidden_states=True, output_attentions=True)
        if wanted is not None:
            found[f"{number}, loss"] = answer.loss
        found[f"{number}, log-probabilities"] = answer.logits.log_softmax(-1)
        mems = answer.mems
    for name, tensors in (
        ("hidden states", answer.hidden_states),
        ("attentions", answer.attentions),
        ("mems", answer.mems or ()),
    ):
        found |= {f"last, {name} {layer}": tensor for layer, tensor in enumerate(tensors)}
    expected = {
        key.removeprefix(f"{case['name']}: "): answer
        for key, answer in recorded["answers"].items()
        if key.startswith(f"{case['name']}: ")
    }
    assert set(found) == set(expected)
    greatest = max(apart(found[key], expected[key]) for key in expected)
    record_property("greatest difference", greatest)
    assert greatest <= CLOSE


def test_there_are_enough_cases_and_their_file_is_small(recorded):
    assert recorded["transformers"].startswith("4.57.")
    assert len({case["name"] for case in CASES}) == len(CASES) >= 12
    assert ANSWERS.stat().st_size < 300_000
    for setting in ("n_layer", "n_head", "d_head", "mem_len", "clamp_len", "same_length", "tie_word_embeddings"):
        assert len({case["config"][setting] for case in CASES}) > 1, f"every case has the same {setting}"


# ---------------------------------------------------------------- the paper's formula


def shares_by_the_formula(layer, states, context, u, v, memory):
    """Section 3.3, pair by pair in float64: the four terms of each query and key, and their softmax."""
    heads, width, batch = len(u), layer.head_dim, len(states)
    query_matrix, key_matrix, distance_matrix = (
        matrix.weight.detach().double().numpy().reshape(heads, width, -1)
        for matrix in (layer.q_proj, layer.k_proj, layer.r_proj)
    )
    states, context, u, v = (tensor.detach().double().numpy() for tensor in (states, context, u, v))
    size = states.shape[-1]
    shares = np.zeros((batch, heads, states.shape[1], context.shape[1]))
    for b, h, i in np.ndindex(shares.shape[:3]):
        place = memory + i  # of the query, counted like the keys
        scores = []
        for j in range(place + 1):
            angles = [(place - j) / 10_000 ** (2 * pair / size) for pair in range(size // 2)]
            code = np.array([math.sin(angle) for angle in angles] + [math.cos(angle) for angle in angles])
            query = query_matrix[h] @ states[b, i]
            by_content = query @ key_matrix[h] @ context[b, j]
            by_position = query @ distance_matrix[h] @ code
            any_query_by_content = u[h] @ key_matrix[h] @ context[b, j]
            any_query_by_position = v[h] @ distance_matrix[h] @ code
            scores.append((by_content + by_position + any_query_by_content + any_query_by_position) / math.sqrt(width))
        powers = np.exp(np.array(scores) - max(scores))
        shares[b, h, i, : place + 1] = powers / powers.sum()
    return torch.from_numpy(shares)


@pytest.mark.parametrize(("batch", "queries", "memory"), [(1, 1, 0), (2, 5, 0), (2, 4, 3), (1, 1, 6), (1, 3, 7)])
def test_the_weights_are_those_of_the_formula_computed_pair_by_pair(batch, queries, memory):
    xl = model()
    layer = xl.layers[0].attention
    draw = torch.Generator().manual_seed(queries)
    context = torch.randn(batch, memory + queries, 12, generator=draw)
    states, keys = context[:, memory:], memory + queries
    codes = transformer_xl.distance_codes(torch.arange(keys - 1, -1, -1), 12)
    visible = torch.ones(queries, keys, dtype=torch.bool).tril(memory)
    output, shares = layer(states, context, codes, xl.u[0], xl.v[0], visible)
    wanted = shares_by_the_formula(layer, states, context, xl.u[0], xl.v[0], memory)
    assert apart(shares.double(), wanted) < CLOSE
    values = layer.v_proj(context).double().reshape(batch, keys, 3, 5)
    found = torch.einsum("bhqk,bkhw->bqhw", wanted, values).reshape(batch, queries, 15)
    assert apart(output.double(), found @ layer.o_proj.weight.double().T) < CLOSE


@given(queries=st.integers(1, 9), memory=st.integers(0, 9))
@settings(max_examples=60, deadline=None)
def test_the_shift_puts_each_distance_under_its_key(queries, memory):
    keys = memory + queries
    distances = torch.arange(keys - 1, -1, -1).float().expand(2, 3, queries, keys)
    shifted = shift(distances)
    for i in range(queries):
        for j in range(memory + i + 1):  # what follows is hidden by the mask
            assert (shifted[..., i, j] == memory + i - j).all()


def test_a_distance_counts_and_a_place_does_not():
    """The same text, found later behind a memory that nobody sees, gets the same answers."""
    xl = model(same_length=True, mem_len=6)
    ids = text(1, 6)
    mems = [torch.randn(1, 9, 12, generator=torch.Generator().manual_seed(5)) for _ in range(2)]
    logits, later = xl(ids).logits, xl(ids, mems=mems).logits
    assert apart(logits[:, 5:], later[:, 5:]) > 0.01, "the last token's neighbours do see the memory"
    xl.config.mem_len = 1
    assert apart(xl(ids).logits, xl(ids, mems=mems).logits) < CLOSE, "each token sees only itself"


# ---------------------------------------------------------------- memory


@given(cuts=st.lists(st.integers(1, 5), min_size=1, max_size=5), seed=st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_segments_answer_as_the_whole_text_does_while_the_memory_holds_it(cuts, seed):
    xl = model(seed)
    ids = text(2, sum(cuts), seed)
    logits, mems = in_segments(xl, ids, cuts)
    whole = xl(ids)
    assert apart(logits, whole.logits) < CLOSE
    assert max(map(apart, mems, whole.mems)) < CLOSE
    assert {tuple(kept.shape) for kept in mems} == {(2, sum(cuts), 12)}


@pytest.mark.parametrize("changes", [{"clamp_len": 3}, {"pre_lnorm": True}, {"untie_r": False}, {"n_layer": 4}])
def test_the_same_with_other_settings(changes):
    xl = model(**changes)
    ids = text()
    assert apart(in_segments(xl, ids, [5, 1, 6])[0], xl(ids).logits) < CLOSE


@pytest.mark.parametrize("length", [1, 3, 4])
def test_with_the_same_length_for_all_a_short_memory_is_enough(length):
    """No token looks further back than the memory reaches, so it does not matter where a text is cut."""
    xl = model(same_length=True, mem_len=length)
    ids = text()
    whole = xl(ids).logits
    for cuts in ([3, 3, 3, 3], [1] * 12, [7, 5]):
        assert apart(in_segments(xl, ids, cuts)[0], whole) < CLOSE


def test_a_short_memory_forgets_and_no_memory_forgets_everything():
    ids = text(1, 12)
    whole = model()(ids).logits
    short, none = model(mem_len=2), model(mem_len=0)
    assert apart(in_segments(short, ids, [6, 6])[0][:, :6], whole[:, :6]) < CLOSE, "the first segment lost nothing"
    assert apart(in_segments(short, ids, [6, 6])[0][:, 6:], whole[:, 6:]) > 0.01
    logits, mems = in_segments(none, ids, [6, 6])
    assert mems is None
    assert apart(logits[:, 6:], none(ids[:, 6:]).logits) < CLOSE


def test_zeros_at_the_start_are_looked_at():
    empty, zeros = model(), model(memory_start="zeros")
    ids = text()
    assert apart(empty(ids).logits, zeros(ids).logits) > 0.01
    given = [torch.zeros(2, 32, 12)] * 2
    assert torch.equal(empty(ids, mems=given).logits, zeros(ids).logits)


def test_the_memory_holds_the_last_inputs_of_each_layer():
    xl = model(mem_len=7)
    ids = text(2, 10)
    with torch.no_grad():
        first = xl(ids[:, :4], output_hidden_states=True)
        second = xl(ids[:, 4:], mems=first.mems, output_hidden_states=True)
    assert [tuple(kept.shape) for kept in first.mems] == [(2, 4, 12)] * 2
    for layer, kept in enumerate(second.mems):
        inputs = torch.cat([first.hidden_states[layer], second.hidden_states[layer]], 1)
        assert torch.equal(kept, inputs[:, -7:])


def test_a_longer_memory_may_be_given_later():
    xl = model(mem_len=2)
    ids = text()
    xl.config.mem_len = 12
    assert apart(in_segments(xl, ids, [4, 4, 4])[0], model()(ids).logits) < CLOSE


def test_no_gradient_flows_into_the_memory():
    xl = model(tie_word_embeddings=False)
    first, second = torch.tensor([[1, 2, 3, 4]]), torch.tensor([[11, 12, 13, 14]])
    kept = xl(first).mems
    assert not any(tensor.requires_grad for tensor in kept)
    given = [tensor.clone().requires_grad_() for tensor in kept]
    answer = xl(second, mems=given, labels=second)
    assert apart(answer.logits, xl(second).logits) > 0.01, "the memory does change the answer"
    answer.loss.backward()
    assert all(tensor.grad is None for tensor in given)
    gradient = xl.embed_tokens.weight.grad
    assert gradient[11:14].abs().sum(-1).min() > 0
    assert not gradient[1:5].any(), "nothing is learned about a token that only the memory has"


# ---------------------------------------------------------------- a language model


@pytest.mark.parametrize("changes", [{}, {"same_length": True, "mem_len": 3}, {"clamp_len": 2}, {"pre_lnorm": True}])
def test_a_later_token_changes_nothing_before_it(changes):
    xl = model(**changes)
    ids = text(2, 9)
    mems = xl(text(2, 3, seed=8)).mems
    before = xl(ids, mems=mems).logits
    for place in range(9):
        changed = ids.clone()
        changed[:, place] = (changed[:, place] + 1) % 23
        after = xl(changed, mems=mems).logits
        assert torch.equal(before[:, :place], after[:, :place]), "not even in the last bit"
        assert apart(before[:, place], after[:, place]) > 0


def test_the_loss_is_the_cross_entropy_of_the_next_token():
    xl = model()
    ids = text(3, 8)
    wanted = ids.clone()
    wanted[0, 3:] = wanted[1, 1] = -100
    answer = xl(ids, labels=wanted)
    chances = answer.logits.detach().softmax(-1)
    pairs = [(b, t) for b in range(3) for t in range(7) if wanted[b, t + 1] != -100]
    losses = [-math.log(chances[b, t, wanted[b, t + 1]]) for b, t in pairs]
    assert len(losses) == 2 + 6 + 7
    assert answer.loss.item() == pytest.approx(sum(losses) / len(losses), abs=CLOSE)
    assert xl(ids).loss is None


def test_it_learns():
    """One token of eight, new in every step, that only the memory can tell; a guess costs log 8 = 2.08."""
    torch.manual_seed(0)
    changes = {"vocab_size": 8, "n_layer": 1, "dropout": 0.0, "tie_word_embeddings": False}
    xl = TransformerXLForCausalLM(TransformerXLConfig(**SMALL | changes)).train()
    optimizer = torch.optim.Adam(xl.parameters(), 0.02)
    for step in range(100):
        secret = text(32, 1, seed=step, size=8)
        segment = torch.cat([secret * 0, secret], 1)
        loss = xl(segment, mems=xl(segment).mems, labels=segment).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss < 0.1
    assert xl(segment, labels=segment).loss > 1.5, "without the memory it can but guess"


@pytest.mark.parametrize("tied", [True, False])
def test_saved_and_loaded_it_is_the_same_model(tied, tmp_path):
    xl = model(tie_word_embeddings=tied, clamp_len=7, mem_len=5, untie_r=tied)
    xl.save_pretrained(tmp_path)
    config = AutoConfig.from_pretrained(tmp_path)
    assert isinstance(config, TransformerXLConfig)
    assert (config.clamp_len, config.mem_len, config.tie_word_embeddings) == (7, 5, tied)
    again = AutoModelForCausalLM.from_pretrained(tmp_path)
    assert isinstance(again, TransformerXLForCausalLM)
    assert not again.training
    ids = text()
    assert torch.equal(in_segments(xl, ids, [5, 7])[0], in_segments(again, ids, [5, 7])[0])
    assert (again.lm_head.weight is again.embed_tokens.weight) == tied
    with safe_open(tmp_path / "model.safetensors", framework="pt") as file:
        assert ("lm_head.weight" in set(file.keys())) != tied


def test_new_weights_are_small_and_depend_on_the_seed_only():
    torch.manual_seed(3)
    first = TransformerXLForCausalLM(TransformerXLConfig(**SMALL))
    torch.manual_seed(3)
    second = AutoModelForCausalLM.from_config(TransformerXLConfig(**SMALL))
    for (name, mine), other in zip(first.named_parameters(), second.parameters(), strict=True):
        assert torch.equal(mine, other), name
        assert "norm" in name or mine.abs().max() < 0.15, name
    assert first.u.std() > 0.01
    assert first.lm_head.weight is first.embed_tokens.weight


def test_a_second_import_registers_the_new_classes():
    before = dict(vars(transformer_xl))
    try:
        importlib.reload(transformer_xl)
        config = AutoConfig.for_model("transfo-xl", **SMALL)
        assert type(config) is transformer_xl.TransformerXLConfig is not TransformerXLConfig
        assert type(AutoModelForCausalLM.from_config(config)) is transformer_xl.TransformerXLForCausalLM
    finally:  # the other tests go on with the classes that they have imported
        vars(transformer_xl).update(before)
        AutoConfig.register("transfo-xl", TransformerXLConfig, exist_ok=True)


@pytest.mark.parametrize(("mem_len", "cached"), [(32, True), (32, False), (3, True), (3, False), (0, True)])
def test_generation_is_greedy_token_by_token(mem_len, cached):
    xl = model(seed=2, mem_len=mem_len, tie_word_embeddings=False)
    ids = text(2, 5)
    written = xl.generate(ids, max_new_tokens=8, do_sample=False, use_cache=cached)
    expected, mems, new = ids, None, ids
    for _ in range(8):
        with torch.no_grad():
            answer = xl(new, mems=mems) if mem_len and cached else xl(expected)
        mems, new = answer.mems, answer.logits[:, -1:].argmax(-1)
        expected = torch.cat([expected, new], 1)
    assert torch.equal(written, expected)
    assert len(set(written[0, 5:].tolist())) > 2, "the model does write more than one token again and again"


def test_generation_with_beams_and_from_a_memory():
    xl = model(seed=2, tie_word_embeddings=False)
    ids = text(2, 9)
    beams = {"max_new_tokens": 8, "num_beams": 4, "num_return_sequences": 4}
    with_memory, without = (xl.generate(ids, **beams, use_cache=use) for use in (True, False))
    assert torch.equal(with_memory, without)
    whole = xl.generate(ids, max_new_tokens=6, do_sample=False)
    mems = xl(ids[:, :6]).mems
    assert torch.equal(xl.generate(ids[:, 6:], mems=mems, max_new_tokens=6, do_sample=False), whole[:, 6:])


def test_assisted_generation_is_refused_since_the_memory_cannot_go_back():
    with pytest.raises(ValueError, match="assisted generation is not supported"):
        model().generate(text(1, 4), assistant_model=model(), max_new_tokens=3)


def test_the_course_can_look_inside():
    xl = model()
    ids = text(2, 6)
    shares = attention_weights(xl, {"input_ids": ids, "mems": xl(text(2, 4)).mems})["causal"]
    assert shares.shape == (2, 2, 3, 6, 10)
    with ablate_heads(xl, {0: [1]}):
        assert apart(xl(ids).logits, model()(ids).logits) > 0.001


def test_a_tuple_a_new_vocabulary_and_other_numbers():
    xl = model()
    ids = text()
    answer = xl(ids, return_dict=False)
    assert torch.equal(answer[0], xl(ids).logits)
    assert len(answer) == 2
    xl.resize_token_embeddings(30, mean_resizing=False)
    assert xl(ids).logits.shape == (2, 12, 30)
    assert xl.config.vocab_size == 30
    assert xl.lm_head.weight is xl.embed_tokens.weight
    half = model().bfloat16()
    assert half(ids, mems=half(ids).mems).logits.dtype == torch.bfloat16


def test_dropout_acts_in_training_only():
    xl = model(dropout=0.3, dropatt=0.3)
    ids = text()
    assert torch.equal(xl(ids).logits, xl(ids).logits)
    xl.train()
    assert apart(xl(ids).logits, xl(ids).logits) > 0.01
    answer = xl(ids, output_hidden_states=True, output_attentions=True)
    for acted_on in (answer.hidden_states[0], answer.hidden_states[-1], answer.attentions[0][..., 0]):
        assert 0.15 < (acted_on == 0).float().mean() < 0.45


def test_dropout_acts_on_the_codes_of_distances():
    xl = model(dropout=0.4).train()
    given = []
    xl.layers[1].attention.r_proj.register_forward_pre_hook(lambda module, inputs: given.append(inputs[0]))
    torch.manual_seed(0)
    xl(text(1, 60))
    codes = transformer_xl.distance_codes(torch.arange(59, -1, -1), 12)[:-1]  # (key, width); of 0 the sines are 0
    (dropped,) = (one[:-1] for one in given)
    assert 0.3 < (dropped == 0).float().mean() < 0.5
    assert apart(dropped, codes.where(dropped != 0, 0) / 0.6) < CLOSE, "and what is left makes up for it"


def test_dropout_acts_inside_the_feed_forward_part_and_on_what_comes_out():
    layer = model(dropout=0.4).layers[0].train()
    inside = []
    layer.expand.register_forward_hook(lambda module, inputs, output: inside.append(output.relu()))
    layer.contract.register_forward_pre_hook(lambda module, inputs: inside.append(inputs[0]))
    torch.manual_seed(0)
    output = layer._feed_forward(torch.randn(1, 60, 12))
    before, after = inside
    assert 0.3 < (after[before > 0] == 0).float().mean() < 0.5
    assert 0.3 < (output == 0).float().mean() < 0.5


# ---------------------------------------------------------------- what cannot be answered


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cutoffs": [20_000]}, r"cutoffs=\[20000\] is not supported, only \[\]"),
        ({"div_val": 4}, "div_val=4 is not supported, only 1"),
        ({"d_embed": 8}, "d_embed=8 is not supported, only 12"),
        ({"attn_type": 1}, "attn_type=1 is not supported, only 0"),
        ({"sample_softmax": 100}, "sample_softmax=100 is not supported"),
        ({"memory_start": "ones"}, "only 'empty' or 'zeros'"),
        ({"d_model": 13}, "d_model is 13; give an even number"),
        ({"n_layer": 0}, "n_layer is 0; give a whole number of at least 1"),
        ({"n_head": 2.5}, "n_head is 2.5; give a whole number"),
        ({"mem_len": -1}, "mem_len is -1; give a whole number of at least 0"),
        ({"mem_len": 0, "same_length": True}, "mem_len is 0; give a whole number of at least 1"),
        ({"dropout": 1.0}, "Give shares from 0 to below 1; dropout is 1.0"),
    ],
)
def test_a_configuration_that_fits_no_model_says_what_to_do(changes, message):
    with pytest.raises(ValueError, match=message):
        TransformerXLConfig(**SMALL | changes)
    config = TransformerXLConfig(**SMALL)
    for name, value in changes.items():
        setattr(config, name, value)
    with pytest.raises(ValueError, match=message):
        TransformerXLForCausalLM(config)


def test_a_configuration_of_version_4_is_read_if_it_is_plain():
    old = {"cutoffs": [], "div_val": 1, "d_embed": 12, "attn_type": 0, "sample_softmax": -1, "adaptive": True}
    old |= {"tie_projs": [False], "proj_init_std": 0.01, "init": "normal", "init_range": 0.01}
    assert TransformerXLConfig(**SMALL | old).hidden_size == 12


IDS = text(2, 6)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"input_ids": IDS[0]}, r"input_ids are \(batch, token\).*these are \(6,\)"),
        ({"input_ids": IDS[:, :0]}, r"not empty.*these are \(2, 0\)"),
        ({"input_ids": IDS + 23}, "from 0 to 22; these are .*own tokenizer"),
        ({"input_ids": IDS - 23}, "from 0 to 22"),
        ({"input_ids": IDS, "mems": []}, r"mems are 2 tensors of one shape, \(2, memory, 12\); given are \[\]"),
        ({"input_ids": IDS, "mems": [torch.zeros(2, 3, 12)]}, "mems are 2 tensors"),
        ({"input_ids": IDS, "mems": [torch.zeros(3, 2, 12)] * 2}, "for the same texts"),
        ({"input_ids": IDS, "mems": [torch.zeros(2, 3, 12), torch.zeros(2, 4, 12)]}, "of one shape"),
        ({"input_ids": IDS, "mems": [torch.zeros(12)] * 2}, "mems are 2 tensors"),
        ({"input_ids": IDS, "labels": IDS[:, 1:]}, r"labels are \(2, 6\), like input_ids.*these are \(2, 5\)"),
        ({"input_ids": IDS, "labels": IDS * 0 - 100}, "not -100 everywhere"),
        ({"input_ids": IDS[:, :1], "labels": IDS[:, :1]}, "nothing to learn"),
        ({"input_ids": IDS, "attention_mask": IDS * 0}, "pad on the right and give no mask"),
    ],
)
def test_inputs_that_do_not_fit_say_what_to_do(inputs, message):
    with pytest.raises(ValueError, match=message):
        model()(**inputs)


def test_the_advice_on_padding_is_right():
    xl = model()
    ids = text(1, 6)
    padded = torch.cat([ids, ids * 0], 1)
    assert apart(xl(padded).logits[:, :6], xl(ids).logits) < CLOSE
    assert torch.equal(xl(ids, attention_mask=torch.ones_like(ids)).logits, xl(ids).logits)


def test_the_attention_needs_no_memory_of_its_own():
    """A layer can be used alone, as chapters do."""
    layer = RelativeAttention(TransformerXLConfig(**SMALL))
    states = torch.randn(1, 4, 12)
    codes = transformer_xl.distance_codes(torch.arange(3, -1, -1), 12)
    visible = torch.ones(4, 4, dtype=torch.bool).tril()
    output, shares = layer(states, states, codes, torch.zeros(3, 5), torch.zeros(3, 5), visible)
    assert output.shape == (1, 4, 12)
    assert torch.allclose(shares.sum(-1), torch.ones(()))
