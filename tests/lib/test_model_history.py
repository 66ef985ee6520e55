"""The models after 2020, against what their own classes in Transformers say, and in order."""

import inspect
import re

import pytest
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
    assert ("past_key_values" in forward) == (row.family != "encoder")


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
