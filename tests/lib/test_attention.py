"""Our attention against PyTorch's functions, the layers of Transformers, and what must hold for any numbers."""

import math

import numpy as np
import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import tiny_model
from torch import nn

from course_lib.architectures import tiny
from course_lib.attention import (
    MultiHeadAttention,
    causal_mask,
    combine_masks,
    padding_mask,
    rotary_angles,
    rotate,
    scaled_dot_product_attention,
)
from course_lib.checkpoints import checkpoint
from course_lib.probing import ablate_heads, attention_layers, attention_weights, eager

CLOSE = 1e-5  # the greatest difference that is allowed between our numbers and an oracle's


def apart(ours, theirs):
    """The greatest difference."""
    assert ours.shape == theirs.shape
    return float((ours - theirs).detach().abs().max())


def states(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def encoder():
    return transformers.AutoModel.from_pretrained(checkpoint("minilm"))


@pytest.fixture(scope="module")
def sentences():
    tokenizer = transformers.AutoTokenizer.from_pretrained(checkpoint("minilm"))
    texts = [
        "The bank raised its rates.",
        "We sat on the grassy bank of the river and watched the boats go by until dark.",
    ]
    return tokenizer(texts, padding=True, return_tensors="pt")


@pytest.fixture(scope="module")
def writer():
    return transformers.AutoModelForCausalLM.from_pretrained(checkpoint("smollm2"))


@pytest.fixture(scope="module")
def translator():
    return transformers.AutoModelForSeq2SeqLM.from_pretrained(checkpoint("translation-en-fr"))


@pytest.fixture(scope="module")
def pair(translator):
    tokenizer = transformers.AutoTokenizer.from_pretrained(checkpoint("translation-en-fr"))
    inputs = tokenizer(["Two dogs run in the snow.", "A man sleeps."], padding=True, return_tensors="pt")
    start = torch.full((2, 1), translator.config.decoder_start_token_id)
    return {**inputs, "decoder_input_ids": torch.cat([start, states(2, 6).abs().mul(100).long()], 1)}


def recorded(layer, model, **inputs):
    """Run `model` and return what `layer` was called with and what it returned."""
    calls = []
    handle = layer.register_forward_hook(
        lambda module, given, named, out: calls.append((given, named, out)), with_kwargs=True
    )
    with torch.no_grad():
        model(**inputs)
    handle.remove()
    return calls[0]


# ---------------------------------------------------------------- the function

SHAPES = st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 7), st.integers(1, 7), st.integers(1, 9))


@pytest.mark.parametrize("kind", ["none", "boolean", "padding", "causal", "numbers"])
@given(shape=SHAPES, seed=st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_it_agrees_with_pytorch_for_every_kind_of_mask(kind, shape, seed):
    batch, heads, queries, keys, width = shape
    query, key, value = (states(batch, heads, n, width, seed=seed + n) for n in (queries, keys, keys))
    draw = torch.Generator().manual_seed(seed)
    masks = {
        "none": None,
        "boolean": torch.rand(batch, heads, queries, keys, generator=draw) < 0.6,
        "padding": torch.rand(batch, 1, 1, keys, generator=draw) < 0.6,
        "causal": causal_mask(queries, max(keys - queries, 0))[:, :keys],
        "numbers": torch.randn(queries, keys, generator=draw) * 5,
    }
    mask = masks[kind]
    if kind in ("boolean", "padding"):
        mask[..., 0] = True  # a query that may look nowhere is an error, tested below
    ours, weights = scaled_dot_product_attention(query, key, value, mask)
    theirs = nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
    assert apart(ours, theirs) < CLOSE
    assert torch.allclose(weights.sum(-1), torch.ones(()), atol=1e-6), "rows sum to 1"
    if mask is not None and mask.dtype == torch.bool:
        assert (weights[~mask.expand_as(weights)] == 0).all(), "what is masked weighs exactly 0"


@given(shape=SHAPES, seed=st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_the_order_of_keys_and_their_values_does_not_matter(shape, seed):
    batch, heads, queries, keys, width = shape
    query, key, value = (states(batch, heads, n, width, seed=seed + n) for n in (queries, keys, keys))
    order = torch.randperm(keys, generator=torch.Generator().manual_seed(seed))
    plain, weights = scaled_dot_product_attention(query, key, value)
    moved, moved_weights = scaled_dot_product_attention(query, key[..., order, :], value[..., order, :])
    assert apart(plain, moved) < CLOSE
    assert apart(weights[..., order], moved_weights) < CLOSE


@given(length=st.integers(2, 9), place=st.integers(0, 7), seed=st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_a_causal_output_never_depends_on_later_input(length, place, seed):
    place = min(place, length - 2)
    layer = MultiHeadAttention(8, 2)
    inputs = states(1, length, 8, seed=seed)
    changed = inputs.clone()
    changed[:, place + 1 :] = states(1, length - place - 1, 8, seed=seed + 1) * 100
    with torch.no_grad():
        before, after = (layer(x, mask=causal_mask(length))[0] for x in (inputs, changed))
        free = layer(changed)[0] - layer(inputs)[0]
    assert torch.equal(before[:, : place + 1], after[:, : place + 1]), "not even in the last bit"
    assert free[:, 0].abs().max() > 0, "without the mask the first position does move"


def test_one_query_by_hand():
    query = torch.tensor([[2.0, 0.0]])
    key = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    value = torch.tensor([[10.0], [20.0]])
    first = math.exp(2 / math.sqrt(2))
    output, weights = scaled_dot_product_attention(query, key, value)
    assert weights[0].tolist() == pytest.approx([first / (first + 1), 1 / (first + 1)])
    assert float(output) == pytest.approx((10 * first + 20) / (first + 1))


@pytest.mark.parametrize("mask", [torch.tensor([[True, False], [False, False]]), torch.full((2, 2), -math.inf)])
def test_a_query_that_may_look_nowhere_is_an_error_and_not_nan(mask):
    with pytest.raises(ValueError, match="may look nowhere, the first at .*0/0"):
        scaled_dot_product_attention(states(2, 3), states(2, 3), states(2, 3), mask)


def test_shapes_and_types_that_do_not_fit_are_explained():
    x = states(1, 2, 3, 4)
    with pytest.raises(ValueError, match=r"same width.*\(1, 2, 3, 4\).*\(1, 2, 3, 5\)"):
        scaled_dot_product_attention(x, states(1, 2, 3, 5), x)
    with pytest.raises(ValueError, match="Each key needs one value"):
        scaled_dot_product_attention(x, x, states(1, 2, 5, 4))
    with pytest.raises(ValueError, match="does not broadcast to the scores"):
        scaled_dot_product_attention(x, x, x, torch.ones(1, 7, dtype=torch.bool))
    with pytest.raises(ValueError, match="does not broadcast to the scores"):
        scaled_dot_product_attention(x[0, 0], x[0, 0], x[0, 0], torch.ones(2, 3, 3, dtype=torch.bool))
    with pytest.raises(ValueError, match=r"torch.int64.*padding_mask\(attention_mask\)"):
        scaled_dot_product_attention(x, x, x, torch.ones(3, 3, dtype=torch.int64))


# ---------------------------------------------------------------- masks


def test_masks_and_their_combination():
    assert causal_mask(3).int().tolist() == [[1, 0, 0], [1, 1, 0], [1, 1, 1]]
    assert causal_mask(2, past=2).int().tolist() == [[1, 1, 1, 0], [1, 1, 1, 1]]
    padding = padding_mask(torch.tensor([[1, 1, 1], [1, 0, 0]]))
    assert padding.shape == (2, 1, 1, 3)
    both = combine_masks(causal_mask(3), None, padding)
    assert both[1, 0].int().tolist() == [[1, 0, 0]] * 3
    assert torch.equal(both[0, 0], causal_mask(3))
    assert combine_masks() is None
    assert combine_masks(None) is None


def test_masks_that_make_no_sense_are_explained():
    with pytest.raises(ValueError, match="length is 0. Expected a whole number from 1 on"):
        causal_mask(0)
    with pytest.raises(ValueError, match="past is -1. Expected a whole number from 0 on"):
        causal_mask(2, past=-1)
    with pytest.raises(ValueError, match="length is True"):
        causal_mask(True)
    with pytest.raises(ValueError, match=r"with \[0, 2\]"):
        padding_mask(torch.tensor([[0, 2]]))
    with pytest.raises(ValueError, match="batch, token"):
        padding_mask(torch.ones(3))
    with pytest.raises(ValueError, match="Only boolean masks"):
        combine_masks(torch.zeros(2, 2))


# ---------------------------------------------------------------- the layer against other people's


@pytest.mark.parametrize("bias", [True, False])
def test_the_layer_agrees_with_pytorchs_module(bias):
    torch.manual_seed(0)
    theirs = nn.MultiheadAttention(24, 4, bias=bias, batch_first=True).eval()
    if bias:
        nn.init.normal_(theirs.in_proj_bias)
    ours = MultiHeadAttention.of(theirs)
    x, context = states(2, 5, 24), states(2, 7, 24, seed=1)
    hidden = torch.tensor([[0, 0, 0, 0, 0, 1, 1], [0] * 7]).bool()
    with torch.no_grad():
        output, weights = ours(x, context, mask=~hidden[:, None, None, :])
        expected, expected_weights = theirs(x, context, context, key_padding_mask=hidden, average_attn_weights=False)
    assert apart(output, expected) < CLOSE
    assert apart(weights, expected_weights) < CLOSE


def test_every_layer_of_minilm(encoder, sentences):
    mask = padding_mask(sentences["attention_mask"])
    weights = attention_weights(encoder, sentences)["self"]
    for number, layer in enumerate(attention_layers(encoder)["self"]):
        given, _, _ = recorded(layer, encoder, **sentences)
        hidden = given[0]
        ours, our_weights = MultiHeadAttention.of(layer)(hidden, mask=mask)
        theirs = layer.output.dense(layer.self(hidden, attention_mask=mask)[0])  # before the residual and the norm
        assert apart(ours, theirs) < CLOSE
        assert apart(our_weights, weights[number]) < CLOSE


def test_every_layer_of_smollm2_with_grouped_queries_and_rotary_positions(writer):
    ids = torch.tensor([[504, 2365, 282, 4649, 314, 253]])
    layers = attention_layers(writer)["causal"]
    config = writer.config
    rotary = rotary_angles(torch.arange(6), config.head_dim, config.rope_parameters["rope_theta"])
    weights = attention_weights(writer, {"input_ids": ids})["causal"]
    assert len(layers) == 30
    assert weights.shape == (30, 1, 9, 6, 6)
    for number, layer in enumerate(layers):
        _, named, out = recorded(layer, writer, input_ids=ids)
        ours = MultiHeadAttention.of(layer)
        assert (ours.heads, ours.key_heads) == (9, 3), "three query heads share one head of keys"
        output, our_weights = ours(named["hidden_states"], mask=causal_mask(6), rotary=rotary)
        scale = float(out[0].abs().max())  # some layers answer with numbers of some hundreds
        assert apart(output, out[0]) < CLOSE * max(scale, 1)
        assert apart(our_weights, weights[number]) < CLOSE


@pytest.mark.parametrize("kind", ["self", "causal", "cross"])
def test_every_layer_of_the_translation_model(translator, pair, kind):
    weights = attention_weights(translator, pair)
    assert set(weights) == {"self", "causal", "cross"}
    source = padding_mask(pair["attention_mask"])
    length = pair["decoder_input_ids"].shape[1]
    for number, layer in enumerate(attention_layers(translator)[kind]):
        given, named, out = recorded(layer, translator, **pair)
        hidden = named.get("hidden_states", given[0] if given else None)
        context = named.get("key_value_states", given[1] if len(given) > 1 else None)
        assert (context is not None) == (kind == "cross")
        mask = {"self": source, "causal": causal_mask(length), "cross": source}[kind]
        ours, our_weights = MultiHeadAttention.of(layer)(hidden, context, mask=mask)
        assert apart(ours, out[0]) < CLOSE
        assert apart(our_weights, weights[kind][number]) < CLOSE


def test_the_whole_encoder_with_our_attention_in_it(sentences):
    class Ours(nn.Module):
        def __init__(self, layer):
            super().__init__()
            self.attention = MultiHeadAttention.of(layer)

        def forward(self, hidden, attention_mask=None, **rest):
            return self.attention(hidden, mask=attention_mask)

    words = sentences["attention_mask"].bool()  # what stands at padding means nothing, and nobody reads it

    def vectors(model):
        with torch.no_grad():
            states = model(**sentences).last_hidden_state  # (sentence, token, 384)
        means = nn.functional.normalize((states * words[..., None]).sum(1), dim=-1)  # (sentence, 384)
        return states[words], means  # (word, 384), (sentence, 384)

    for number_type, allowed in ((torch.float32, CLOSE), (torch.float64, 1e-12)):
        theirs = transformers.AutoModel.from_pretrained(checkpoint("minilm"), dtype=number_type)
        changed = transformers.AutoModel.from_pretrained(checkpoint("minilm"), dtype=number_type)
        for layer in attention_layers(changed)["self"]:
            ours = Ours(layer)
            layer.self, layer.output.dense = ours, nn.Identity()
        for mine, expected in zip(vectors(changed), vectors(theirs), strict=True):
            assert apart(mine, expected) < allowed, number_type


def test_turned_queries_and_keys_know_their_distance_only():
    query, key = states(16, seed=1), states(16, seed=2)

    def product(i, j):
        cosines, sines = rotary_angles(torch.tensor([i, j]), 16)
        turned = rotate(torch.stack([query, key]), cosines, sines)
        return float(turned[0] @ turned[1])

    assert product(3, 1) == pytest.approx(product(50, 48), abs=1e-4)
    assert product(3, 1) != pytest.approx(product(3, 2), abs=1e-2)
    assert product(0, 0) == pytest.approx(float(query @ key), abs=1e-5), "at position 0 nothing is turned"


def test_the_pairs_are_turned_by_the_powers_of_ten_thousand():
    cosines, sines = rotary_angles(torch.tensor([1]), 4)  # two pairs: 10,000^0 = 1 and 10,000^(−1/2) = 0.01
    assert cosines[0].tolist() == pytest.approx([math.cos(1), math.cos(0.01)] * 2, abs=1e-6)
    assert sines[0].tolist() == pytest.approx([math.sin(1), math.sin(0.01)] * 2, abs=1e-6)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
def test_a_layer_of_another_precision_turns_and_masks_in_it(dtype):
    (layer, *_) = next(iter(attention_layers(tiny("Llama").model.to(dtype)).values()))
    ours, given = MultiHeadAttention.of(layer), states(1, 5, 32).to(dtype)
    mask = torch.zeros(5, 5).masked_fill(~causal_mask(5), -math.inf)  # float32, as the angles
    rotary = rotary_angles(torch.arange(5), ours.query.out_features // ours.heads)
    found, weights = ours(given, mask=mask, rotary=rotary)
    assert found.dtype == weights.dtype == dtype
    expected, _ = ours.float()(given.float(), mask=causal_mask(5), rotary=rotary)
    assert apart(found.float(), expected) < 0.01 * float(expected.detach().abs().max()) + CLOSE


def test_layers_that_cannot_be_copied_are_named():
    with pytest.raises(ValueError, match="layer is a Linear, without query, key and value layers"):
        MultiHeadAttention.of(nn.Linear(2, 2))
    with pytest.raises(ValueError, match="batch_first=True"):
        MultiHeadAttention.of(nn.MultiheadAttention(4, 2))
    for more in ({"add_zero_attn": True}, {"add_bias_kv": True}, {"kdim": 3}):
        with pytest.raises(ValueError, match="one width.* no extra keys"):
            MultiHeadAttention.of(nn.MultiheadAttention(4, 2, batch_first=True, **more))
    with pytest.raises(ValueError, match="10 by 3"):
        MultiHeadAttention(10, 3)
    with pytest.raises(ValueError, match="4 by 3 does not come out even"):
        MultiHeadAttention(8, 4, key_heads=3)


@pytest.mark.parametrize(("family", "what"), [("Qwen3", "k_norm, q_norm"), ("Gemma 3", "k_norm, q_norm")])
def test_a_layer_that_computes_with_more_than_is_copied_is_refused(family, what):
    layer = next(iter(attention_layers(tiny(family).model).values()))[0]
    with pytest.raises(ValueError, match=f"computes with {what} too"):
        MultiHeadAttention.of(layer)


def test_a_layer_that_accelerate_has_hooked_is_copied():
    layer = next(iter(attention_layers(tiny("Llama").model).values()))[0]
    expected = MultiHeadAttention.of(layer).state_dict()
    layer.forward = layer.forward  # as `device_map` does where a model lies on several devices
    found = MultiHeadAttention.of(layer).state_dict()
    assert all(torch.equal(found[name], weight) for name, weight in expected.items())


DECODER = {"vocab_size": 99, "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "head_dim": 16}
DECODER |= {"num_key_value_heads": 2, "intermediate_size": 64, "bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 2}
ENCODER = {name: DECODER[name] for name in ("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads")}


@pytest.mark.parametrize(
    ("family", "settings", "what"),
    [
        ("Gemma2", DECODER | {"query_pre_attn_scalar": 16}, "attn_logit_softcapping too"),
        ("Olmo", DECODER | {"clip_qkv": 8.0}, "clip_qkv too"),
        ("Llama4Text", DECODER | {"num_local_experts": 2, "num_experts_per_tok": 1}, "qk_norm too"),  # without weights
        ("Luke", ENCODER | {"entity_vocab_size": 9}, "e2e_query, .* too"),  # within `self`
        ("BigBird", ENCODER, "block_size, .* too"),
    ],
)
def test_what_a_layer_computes_with_may_be_a_number_or_stand_further_in(family, settings, what):
    config = getattr(transformers, f"{family}Config")(**settings)
    layer = next(iter(attention_layers(getattr(transformers, f"{family}Model")(config)).values()))[0]
    with pytest.raises(ValueError, match=f"computes with .*{what}"):
        MultiHeadAttention.of(layer)


def test_a_layer_of_gemma_2_without_its_cap_is_copied():
    config = transformers.Gemma2Config(**DECODER, query_pre_attn_scalar=16, attn_logit_softcapping=None)
    model = transformers.Gemma2Model(config).eval()
    (layer,) = attention_layers(model)["causal"]
    _, named, out = recorded(layer, model, input_ids=torch.tensor([[5, 6, 7]]))
    rotary = rotary_angles(torch.arange(3), 16)
    ours, _ = MultiHeadAttention.of(layer)(named["hidden_states"], mask=causal_mask(3), rotary=rotary)
    assert apart(ours, out[0]) < CLOSE


@pytest.mark.parametrize("family", ["Llama", "BERT"])
def test_a_layer_with_a_scale_of_its_own_is_refused(family):
    (layer, *_) = next(iter(attention_layers(tiny(family).model).values()))
    MultiHeadAttention.of(layer)
    getattr(layer, "self", layer).scaling *= 2
    with pytest.raises(ValueError, match="a scale of its own"):
        MultiHeadAttention.of(layer)


def test_a_scale_has_another_name_in_clip():
    layer = transformers.CLIPTextModel(transformers.CLIPTextConfig(**ENCODER)).encoder.layers[0].self_attn
    MultiHeadAttention.of(layer)
    layer.scale *= 2
    with pytest.raises(ValueError, match="a scale of its own"):
        MultiHeadAttention.of(layer)


def test_a_layer_with_biases_in_some_parts_only_is_refused():
    (layer, *_) = next(iter(attention_layers(tiny("Llama").model).values()))
    layer.q_proj.bias = nn.Parameter(torch.zeros(layer.q_proj.out_features))
    with pytest.raises(ValueError, match="biases in some of its parts only"):
        MultiHeadAttention.of(layer)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_weights_come_from_a_model_of_another_precision(dtype):
    tokenizer_and_model = tiny("BERT")
    model = tokenizer_and_model.model.to(dtype)
    (weights,) = attention_weights(model, {"input_ids": torch.tensor([[5, 6, 7]])}).values()
    assert weights.dtype == dtype
    assert weights.shape[-2:] == (3, 3)


# ---------------------------------------------------------------- looking into models


def test_weights_come_from_a_model_that_keeps_none_by_itself(encoder, sentences):
    before = encoder.config._attn_implementation
    assert before == "sdpa"
    weights = attention_weights(encoder, sentences)
    assert set(weights) == {"self"}
    assert weights["self"].shape == (6, 2, 12, 20, 20)
    assert (weights["self"][:, 0, :, :, 8:] == 0).all(), "nobody looks at padding"
    assert encoder.config._attn_implementation == before, "and the model is as it was"


def test_weights_that_do_not_sum_to_one_are_refused():
    model, inputs = tiny_model("fill-mask"), {"input_ids": torch.tensor([[2, 7, 3]])}
    assert attention_weights(model, inputs)["self"].shape == (1, 1, 2, 3, 3)

    def twice(module, given, outputs):
        outputs.attentions = tuple(2 * weights for weights in outputs.attentions)

    model.register_forward_hook(twice)
    with pytest.raises(ValueError, match="rows of sum 1"):
        attention_weights(model, inputs)


def test_a_sequence_to_sequence_model_needs_a_target(translator, pair):
    with pytest.raises(ValueError, match="decoder_input_ids"):
        attention_weights(translator, {"input_ids": pair["input_ids"]})


def test_a_model_without_attention_is_named():
    with pytest.raises(ValueError, match="Sequential"):
        attention_layers(nn.Sequential(nn.Linear(2, 2)))


def hooks(model):
    return sum(len(module._forward_pre_hooks) + len(module._forward_hooks) for module in model.modules())


def test_an_ablated_head_is_the_layer_without_its_columns(encoder, sentences):
    layer = attention_layers(encoder)["self"][0]
    hidden = recorded(layer, encoder, **sentences)[0][0]
    copy = MultiHeadAttention.of(layer)
    with torch.no_grad():
        for head in (1, 4):
            copy.output.weight[:, head * 32 : (head + 1) * 32] = 0
        expected = layer.output.LayerNorm(copy(hidden)[0] + hidden)
        whole = layer(hidden)[0]
        with ablate_heads(encoder, {0: [1, 4]}):
            ablated = layer(hidden)[0]
    assert apart(ablated, expected) < CLOSE
    assert apart(ablated, whole) > 1e-2
    assert torch.equal(layer(hidden)[0], whole), "afterwards the layer is whole again"


def test_heads_may_come_one_after_the_other(encoder, sentences):
    with torch.no_grad():
        layer = attention_layers(encoder)["self"][0]
        hidden = recorded(layer, encoder, **sentences)[0][0]
        with ablate_heads(encoder, {0: [1, 4]}):
            expected = layer(hidden)[0]
        for heads in ((head for head in [1, 4]), map(int, "14"), filter(None, [1, 4]), {1, 4}):
            with ablate_heads(encoder, {0: heads}):
                assert torch.equal(layer(hidden)[0], expected)


def test_ablation_leaves_no_trace_also_after_an_error(encoder, sentences):
    before = hooks(encoder)  # Transformers has some of its own, to collect attention weights
    with ablate_heads(encoder, {0: [0], 3: [1]}):
        assert hooks(encoder) == before + 2
    assert hooks(encoder) == before
    with pytest.raises(IndexError), ablate_heads(encoder, {0: [0], 3: [1]}):
        encoder(input_ids=torch.full((1, 3), 10**6))  # no such token
    assert hooks(encoder) == before
    with pytest.raises(ValueError, match="there are 12, from 0 to 11"), ablate_heads(encoder, {0: [0], 1: [12]}):
        pass
    assert hooks(encoder) == before, "nor when the plan itself was wrong"


def test_ablation_of_heads_that_are_not_there_is_explained(encoder, translator):
    for heads, message in (({6: [0]}, "Layer 6 was named in heads; there are 6"), ({0: [-1]}, "Heads .-1. were named")):
        with pytest.raises(ValueError, match=message), ablate_heads(encoder, heads):
            pass
    with pytest.raises(ValueError, match="say which"), ablate_heads(translator, {0: [0]}):
        pass
    with (
        pytest.raises(ValueError, match="kind is 'cross'.*has these kinds of attention: self"),
        ablate_heads(encoder, {0: [0]}, kind="cross"),
    ):
        pass


def test_each_kind_of_head_of_a_translation_model_can_be_ablated(translator, pair):
    with torch.no_grad():
        whole = translator(**pair).logits
        moved = []
        for kind in ("self", "causal", "cross"):
            with ablate_heads(translator, {0: [0]}, kind=kind):
                moved.append(apart(translator(**pair).logits, whole))
    assert min(moved) > 1e-3
    assert len(set(np.round(moved, 4))) == 3, "three different heads"


def test_the_small_models_of_the_tests_are_read_too():
    model = tiny_model("sentiment-analysis")
    weights = attention_weights(model, {"input_ids": torch.tensor([[2, 7, 3]])})
    assert weights["self"].shape == (1, 1, 2, 3, 3)


def test_eager_holds_within_and_gives_back_what_was():
    model = tiny_model("text-generation")
    before = model.config._attn_implementation
    assert before != "eager"
    with eager(model):
        assert model.config._attn_implementation == "eager"
    assert model.config._attn_implementation == before
    with pytest.raises(ZeroDivisionError), eager(model):
        1 / 0  # noqa: B018
    assert model.config._attn_implementation == before
