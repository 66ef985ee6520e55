"""The models after 2020, against what their own classes in Transformers say, and in order."""

import inspect
import re

import pytest
import torch
import transformers

from course_lib.architectures import later
from course_lib.model_history import after_2020

CLASSES = {
    "mT5": "MT5ForConditionalGeneration",
    "Flan-T5": "T5ForConditionalGeneration",
    "Llama": "LlamaForCausalLM",
    "Mistral 7B": "MistralForCausalLM",
    "Mixtral": "MixtralForCausalLM",
    "Llama 3": "LlamaForCausalLM",
    "ModernBERT": "ModernBertForMaskedLM",
    "DeepSeek-R1": "DeepseekV3ForCausalLM",
    "T5Gemma": "T5GemmaForConditionalGeneration",
    "Qwen3": "Qwen3MoeForCausalLM",
    "Qwen3.5": "Qwen3_5MoeForCausalLM",
}

# Gemma 2 9B: google/gemma_pytorch, gemma/config.py
GEMMA_2_9B = {"vocab_size": 256000, "hidden_size": 3584, "intermediate_size": 14336, "num_hidden_layers": 42}
GEMMA_2_9B |= {"num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 256}
# Mistral 7B v0.1: config.json, as mlx-community/mistral-7B-v0.1 has it
SEVEN_B = {"vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32}
SEVEN_B |= {"num_attention_heads": 32, "num_key_value_heads": 8}
DIMENSIONS = {  # of the largest size, as papers and released configurations give them; R1's are those of its class
    # google/flan-t5-xxl, config.json
    "Flan-T5": {"vocab_size": 32128, "d_model": 4096, "d_kv": 64, "d_ff": 10240, "num_layers": 24, "num_heads": 64}
    | {"feed_forward_proj": "gated-gelu"},
    # arXiv 2302.13971, table 2; the feed-forward width: huggyllama/llama-65b, config.json
    "Llama": {"hidden_size": 8192, "intermediate_size": 22016, "num_hidden_layers": 80, "num_attention_heads": 64},
    "Mistral 7B": SEVEN_B,
    # mistralai/Mixtral-8x7B-Instruct-v0.1, config.json
    "Mixtral": {**SEVEN_B, "num_local_experts": 8},
    # meta-llama/llama-models, models/sku_list.py: 8/3 of the width, times 1.2, up to a multiple of 4096
    "Llama 3": {"vocab_size": 128256, "hidden_size": 16384, "intermediate_size": 53248, "num_hidden_layers": 126}
    | {"num_attention_heads": 128, "num_key_value_heads": 8},
    # answerdotai/ModernBERT-large, config.json
    "ModernBERT": {"hidden_size": 1024, "intermediate_size": 2624, "num_hidden_layers": 28, "num_attention_heads": 16},
    # DeepSeek-V3, its base: arXiv 2412.19437, section 4.2
    "DeepSeek-R1": {},
    # google/t5gemma-9b-9b-ul2, config.json, as benjiyaya/ComfyUI_MagiHuman has it
    "T5Gemma": {"encoder": GEMMA_2_9B, "decoder": {**GEMMA_2_9B, "cross_attention_hidden_size": 3584}},
    # Qwen/Qwen3-235B-A22B, config.json, as Lightning-AI/litgpt has it
    "Qwen3": {"vocab_size": 151936, "hidden_size": 4096, "num_hidden_layers": 94, "num_attention_heads": 64}
    | {"num_key_value_heads": 4, "head_dim": 128, "num_experts": 128, "moe_intermediate_size": 1536},
    # Qwen/Qwen3.5-397B-A17B, model card and config.json
    "Qwen3.5": {"vocab_size": 248320, "hidden_size": 4096, "num_hidden_layers": 60, "num_attention_heads": 32}
    | {"num_key_value_heads": 2, "head_dim": 256, "num_experts": 512, "moe_intermediate_size": 1024}
    | {"shared_expert_intermediate_size": 1024, "linear_num_key_heads": 16, "linear_num_value_heads": 64},
}


@pytest.mark.parametrize("name", DIMENSIONS)
def test_the_size_is_that_of_the_class_with_the_published_dimensions(name):
    """Counted without memory for the weights. Papers round ("7B" is 7.2); Qwen3.5 without the part for images."""
    (row,) = (row for row in after_2020() if row.name == name)
    made = getattr(transformers, CLASSES[name])
    with torch.device("meta"):
        model = made(made.config_class(**DIMENSIONS[name]))
    assert model.num_parameters() / 1e9 == pytest.approx(row.billions, rel=0.035)


def test_they_stand_by_month_each_once_with_its_source():
    rows = after_2020()
    assert [row.published for row in rows] == sorted(row.published for row in rows)
    assert rows[0].name == "GPT-3"
    assert (rows[0].published, rows[-1].published[:4]) == ("2020-05", "2026")
    assert len({row.name for row in rows}) == len({row.source for row in rows}) == len(rows)
    for row in rows:
        assert row.active is None or row.active < row.billions
        number = re.search(r"arxiv\.org/abs/(\d\d)(\d\d)\.", row.source)
        assert number is None or f"20{number[1]}-{number[2]}" == row.published  # an arXiv number begins with its month


@pytest.mark.parametrize("name", CLASSES)
def test_the_family_is_that_of_the_class(name):
    (row,) = (row for row in after_2020() if row.name == name)
    forward = inspect.signature(getattr(transformers, CLASSES[name]).forward).parameters
    takes = "encoder-decoder" if "decoder_input_ids" in forward else "decoder"
    assert row.family == ("encoder" if name == "ModernBERT" else takes)
    assert issubclass(getattr(transformers, CLASSES[name]), transformers.GenerationMixin) == (row.family != "encoder")


def test_experts_make_fewer_parameters_active():
    sizes = {row.name: row.size for row in after_2020()}
    assert sizes["Mixtral"] == "47 B, 13 active"
    assert sizes["GPT-3"] == "175 B"


def test_what_stands_in_chapter_04s_table_too_is_said_alike():
    """Names of the one are sizes of the other: Mistral 7B there, Mistral here."""
    theirs = {row.source: row for row in later()}
    shared = [row for row in after_2020() if row.source in theirs]
    assert len(shared) >= 7
    for row in shared:
        other = theirs[row.source]
        assert row.name.startswith(other.name)
        assert (row.published, row.family) == (other.published, other.family)
        assert row.billions >= max(other.parameters.values()) / 1000 * 0.96
