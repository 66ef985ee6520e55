"""The thirteen architectures measure as the table says, and are as large as it says."""

import pytest
import torch
import transformers as t
from tiny_models import tiny_model
from torch import nn

from course_lib.architectures import (
    BOTH,
    DECODER,
    ENCODER,
    _by_perturbation,
    dependency_masks,
    families,
    family_of,
    inputs_for,
    later,
    tiny,
)
from course_lib.checkpoints import checkpoint

NAMES = [row.name for row in families()]
LATER = [row.name for row in later()]
BERT = {"vocab_size": 99, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}


def test_the_table_has_the_thirteen_of_the_notes_by_family():
    notes = {
        ENCODER: {"ALBERT", "BERT", "DistilBERT", "ELECTRA", "RoBERTa"},
        DECODER: {"CTRL", "GPT", "GPT-2", "Transformer-XL"},
        BOTH: {"BART", "T5", "Marian", "mBART"},
    }
    assert {family: {r.name for r in families() if r.family == family} for family in notes} == notes
    assert len(NAMES) == 13
    for row in families():
        assert 2018 <= row.year <= 2020, "all came after the Transformer of June 2017"
        assert 1 <= int(row.published[5:]) <= 12
        assert row.source.startswith("https://")
        assert row.objective
        assert min(row.parameters.values()) > 10


def test_the_later_ones_stand_in_order_with_the_month_of_their_paper():
    months = [row.published for row in later()]
    assert months == sorted(months)
    assert months[0] > max(row.published for row in families())
    for row in later():
        number = row.source.removeprefix("https://arxiv.org/abs/")
        assert row.published == f"20{number[:2]}-{number[2:4]}", "an arXiv number begins with year and month"


@pytest.mark.parametrize("name", NAMES + LATER)
def test_each_architecture_is_sorted_by_what_it_uses(name):
    family = next(row.family for row in (*families(), *later()) if row.name == name)
    assert family_of(tiny(name).model) == family
    assert family_of(tiny(name, seed=1).model) == family


@pytest.mark.parametrize("name", ["BERT", "GPT-2", "T5"])
@pytest.mark.parametrize("off", [torch.no_grad, torch.inference_mode])
def test_the_family_is_found_where_gradients_are_switched_off(name, off):
    model = tiny(name).model
    with off():
        family = family_of(model)
        assert not torch.is_grad_enabled(), "it is left as it was"
    assert family == family_of(model)


@pytest.mark.parametrize("name", NAMES + LATER)
def test_each_tiny_model_runs_on_its_input_and_is_small(name):
    model, inputs = tiny(name)
    with torch.inference_mode():
        outputs = model(**inputs)
    assert torch.isfinite(outputs.logits).all()
    assert model.num_parameters() < 70_000
    assert not model.training


def test_a_tiny_model_is_the_same_each_time_and_leaves_chance_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    one, other, third = tiny("GPT-2"), tiny("GPT-2"), tiny("GPT-2", seed=1)
    assert torch.equal(torch.rand(3), expected)
    weights = [model.transformer.wte.weight for model in (one.model, other.model, third.model)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


# What Transformers builds from the published settings, without memory for the weights.
PUBLISHED = {
    ("ALBERT", "base"): lambda: t.AlbertModel(
        t.AlbertConfig(hidden_size=768, num_attention_heads=12, intermediate_size=3072)
    ),
    ("ALBERT", "xxlarge"): lambda: t.AlbertModel(t.AlbertConfig()),
    ("BERT", "base"): lambda: t.BertModel(t.BertConfig()),
    ("BERT", "large"): lambda: t.BertModel(
        t.BertConfig(hidden_size=1024, num_hidden_layers=24, num_attention_heads=16, intermediate_size=4096)
    ),
    ("DistilBERT", "base"): lambda: t.DistilBertModel(t.DistilBertConfig()),
    ("ELECTRA", "base"): lambda: t.ElectraModel(
        t.ElectraConfig(embedding_size=768, hidden_size=768, num_attention_heads=12, intermediate_size=3072)
    ),
    ("ELECTRA", "small"): lambda: t.ElectraModel(t.ElectraConfig()),
    ("RoBERTa", "base"): lambda: t.RobertaModel(t.RobertaConfig(vocab_size=50265, max_position_embeddings=514)),
    ("CTRL", "one size"): lambda: t.CTRLModel(t.CTRLConfig()),
    ("GPT", "one size"): lambda: t.OpenAIGPTModel(t.OpenAIGPTConfig()),
    ("GPT-2", "small"): lambda: t.GPT2Model(t.GPT2Config()),
    ("GPT-2", "xl"): lambda: t.GPT2Model(t.GPT2Config(n_embd=1600, n_layer=48, n_head=25)),
    ("BART", "base"): lambda: t.BartModel(
        t.BartConfig(
            d_model=768, encoder_layers=6, decoder_layers=6, encoder_attention_heads=12, decoder_attention_heads=12,
            encoder_ffn_dim=3072, decoder_ffn_dim=3072,
        )
    ),
    ("BART", "large"): lambda: t.BartModel(t.BartConfig()),
    ("T5", "small"): lambda: t.T5ForConditionalGeneration(t.T5Config()),
    ("T5", "base"): lambda: t.T5ForConditionalGeneration(
        t.T5Config(d_model=768, d_ff=3072, num_layers=12, num_heads=12)
    ),
    ("Marian", "OPUS-MT"): lambda: t.MarianModel(
        t.MarianConfig(
            vocab_size=59514, d_model=512, encoder_layers=6, decoder_layers=6, encoder_attention_heads=8,
            decoder_attention_heads=8, encoder_ffn_dim=2048, decoder_ffn_dim=2048, max_position_embeddings=512,
            pad_token_id=59513,
        )
    ),
    ("mBART", "large"): lambda: t.MBartModel(t.MBartConfig(vocab_size=250027)),
    ("Llama", "7B"): lambda: t.LlamaForCausalLM(t.LlamaConfig()),
    ("Mistral", "7B"): lambda: t.MistralForCausalLM(t.MistralConfig()),
    ("Mixtral", "8x7B"): lambda: t.MixtralForCausalLM(t.MixtralConfig()),
    ("ModernBERT", "base"): lambda: t.ModernBertModel(t.ModernBertConfig()),
    ("ModernBERT", "large"): lambda: t.ModernBertModel(
        t.ModernBertConfig(hidden_size=1024, num_hidden_layers=28, num_attention_heads=16, intermediate_size=2624)
    ),
    ("Gemma 3", "1B"): lambda: t.Gemma3ForCausalLM(
        t.Gemma3TextConfig(
            vocab_size=262144, hidden_size=1152, intermediate_size=6912, num_hidden_layers=26, num_attention_heads=4,
            num_key_value_heads=1, head_dim=256,
        )
    ),
    ("T5Gemma", "2B-2B"): lambda: t.T5GemmaForConditionalGeneration(t.T5GemmaConfig()),
    ("Qwen3", "0.6B"): lambda: t.Qwen3ForCausalLM(
        t.Qwen3Config(
            vocab_size=151936, hidden_size=1024, intermediate_size=3072, num_hidden_layers=28, num_attention_heads=16,
            num_key_value_heads=8, head_dim=128, tie_word_embeddings=True,
        )
    ),
    ("gpt-oss", "20b"): lambda: t.GptOssForCausalLM(t.GptOssConfig(num_hidden_layers=24, num_local_experts=32)),
}  # fmt: skip


@pytest.mark.parametrize(("name", "size"), PUBLISHED, ids=[" ".join(key) for key in PUBLISHED])
def test_published_sizes_are_those_of_the_published_settings(name, size):
    """ALBERT's and mBART's papers round up by some; the others agree to two digits."""
    with torch.device("meta"):
        millions = PUBLISHED[name, size]().num_parameters() / 1e6
    said = next(row.parameters[size] for row in (*families(), *later()) if row.name == name)
    assert said == pytest.approx(millions, rel=0.12 if name in ("ALBERT", "mBART") else 0.05)


def test_qwen3_is_as_large_as_its_card_says_without_embeddings():
    with torch.device("meta"):
        model = PUBLISHED["Qwen3", "0.6B"]()
    assert model.num_parameters(exclude_embeddings=True) / 1e9 == pytest.approx(0.44, abs=0.005)


# ---------------------------------------------------------------- real checkpoints, and parts of an architecture


@pytest.mark.parametrize(
    ("name", "opened", "family"),
    [
        ("minilm", t.AutoModel, ENCODER),
        ("sentiment", t.AutoModelForSequenceClassification, ENCODER),
        ("translation-en-fr", t.AutoModelForSeq2SeqLM, BOTH),
    ],
)
def test_trained_checkpoints_are_sorted_likewise(name, opened, family):
    assert family_of(opened.from_pretrained(checkpoint(name))) == family


def test_the_class_and_the_name_do_not_decide():
    """The same classes with other settings, and parts of an encoder-decoder, are of another family."""
    settings = tiny("BART").model.config
    assert family_of(t.BertLMHeadModel(t.BertConfig(**BERT)).eval()) == ENCODER
    assert family_of(t.BertLMHeadModel(t.BertConfig(**BERT, is_decoder=True)).eval()) == DECODER
    assert family_of(t.BartForCausalLM(settings).eval()) == DECODER
    assert family_of(t.T5EncoderModel(tiny("T5").model.config).eval()) == ENCODER


def test_several_ends_of_a_text_are_all_left_out():
    model = tiny("Llama").model
    taken = inputs_for(model)["input_ids"][0].tolist()
    model.config.eos_token_id = [1, taken[0]]
    assert taken[0] not in inputs_for(model)["input_ids"]
    assert family_of(model) == DECODER


# ---------------------------------------------------------------- the measurement


def test_a_model_is_measured_where_gradients_are_switched_off():
    with torch.no_grad():
        assert family_of(tiny("GPT-2").model) == DECODER
        assert not torch.is_grad_enabled()


def test_a_window_shorter_than_the_text_is_of_none_of_the_three():
    settings = tiny("Mistral").model.config.to_dict() | {"sliding_window": 3}
    with pytest.raises(ValueError, match="none of the three"):
        family_of(t.MistralModel(t.MistralConfig(**settings)).eval())


def test_matrices_have_a_row_for_each_output_and_a_column_for_each_input():
    model, inputs = tiny("BART")
    used = dependency_masks(model, inputs)
    assert {name: tuple(matrix.shape) for name, matrix in used.items()} == {
        "input_ids": (6, 8), "encoder": (8, 8), "decoder_input_ids": (6, 6),
    }  # fmt: skip
    assert all(matrix.dtype == torch.bool for matrix in used.values())


@pytest.mark.parametrize("name", ["BERT", "GPT-2", "BART"])
def test_every_layer_has_the_pattern_and_the_embeddings_have_none(name):
    model, inputs = tiny(name)
    own = list(inputs)[-1]
    assert dependency_masks(model, inputs, layer=0)[own].equal(torch.eye(inputs[own].shape[1]).bool())
    assert dependency_masks(model, inputs, layer=1)[own].equal(dependency_masks(model, inputs)[own])


@pytest.mark.parametrize("layer", [2, -3, 0.5])
def test_a_layer_that_the_model_does_not_have_is_refused(layer):
    with pytest.raises(ValueError, match=rf"layer is {layer}\. BertModel has 0 \(the embeddings\) to 1"):
        dependency_masks(tiny_model("feature-extraction"), {"input_ids": torch.tensor([[5, 6, 7]])}, layer)


def test_a_window_of_attention_widens_with_the_layers():
    """A model in which each layer looks at its left neighbour alone: known in advance, and of no family."""
    settings = t.MistralConfig(
        vocab_size=99, hidden_size=32, intermediate_size=64, num_hidden_layers=3, num_attention_heads=2,
        num_key_value_heads=2, sliding_window=2, pad_token_id=0, attn_implementation="eager",
    )  # fmt: skip
    torch.manual_seed(0)
    model = t.MistralForCausalLM(settings).eval()
    for layer in (1, 2, 3):
        band = torch.ones(8, 8).tril().triu(-layer).bool()
        assert dependency_masks(model, inputs_for(model), layer)["input_ids"].equal(band), layer
    with pytest.raises(ValueError, match="of none of the three families.*input_ids: 26 of 64"):
        family_of(model)


class Blind(nn.Module):
    """Wraps a model so that what it does behind the gradient's back shows."""

    def __init__(self, inner):
        super().__init__()
        self.inner, self.config = inner, inner.config

    def get_input_embeddings(self):
        return self.inner.get_input_embeddings()

    def forward(self, input_ids, output_hidden_states=True):
        outputs = self.inner(input_ids=input_ids, output_hidden_states=True)
        secret = input_ids.float().mean()  # moves every output, and has no slope
        outputs.hidden_states = tuple(states + secret for states in outputs.hidden_states)
        return outputs


def test_where_perturbation_and_gradient_disagree_nothing_is_claimed():
    model, inputs = tiny("GPT-2")
    with pytest.raises(RuntimeError, match="changing token 1 moves output 0, and the gradient says the opposite"):
        dependency_masks(Blind(model), inputs)


def test_attention_that_has_nearly_made_up_its_mind_is_still_seen():
    """Weights below what a float32 can add are slopes all the same; float64 settles it."""
    model, inputs = tiny("BERT")
    with torch.no_grad():
        for layer in model.bert.encoder.layer:
            layer.attention.self.query.weight.mul_(30)
            layer.attention.self.key.weight.mul_(30)
    assert not _by_perturbation(model, inputs, 1)["input_ids"].all(), "float32 alone would miss some"
    assert dependency_masks(model, inputs, 1)["input_ids"].all()


def test_dropout_is_noticed():
    model, inputs = tiny("GPT-2")
    with pytest.raises(RuntimeError, match="without dropout"):
        dependency_masks(model.train(), inputs)


def test_a_bad_input_is_explained():
    with pytest.raises(
        ValueError, match=r"no architecture 'gpt2' here. Did you mean 'GPT-2'\? Known are: ALBERT, .*mBART"
    ):
        tiny("gpt2")
    with pytest.raises(ValueError, match="Known are"):
        tiny("Mamba")
    model, inputs = tiny("BART")
    with pytest.raises(TypeError, match="takes input_ids and decoder_input_ids; given: input_ids"):
        dependency_masks(model, {"input_ids": inputs["input_ids"]})
    with pytest.raises(ValueError, match=r"shape \(1, tokens\); given: \(8,\)"):
        dependency_masks(model, inputs | {"input_ids": inputs["input_ids"][0]})
    with pytest.raises(ValueError, match="too few for 14 ordinary ones"):
        family_of(t.BertModel(t.BertConfig(**BERT | {"vocab_size": 12})).eval())
