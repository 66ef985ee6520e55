"""A small model of each architecture in `architectures.toml`: two layers of width 32. Chapter 04.

`course_lib.architectures.tiny` makes them, of Transformers' own classes. The later ones have sliding windows, experts
or grouped queries where the published models have them; a window is wider than the 8 tokens that are tried, as it is
for most texts.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable


def small(name: str) -> Callable:
    """A function that makes a small model of the architecture `name`, with weights at random.

    Raises ValueError for an unknown name, with the known ones.
    """
    import transformers as t

    bert = {
        "vocab_size": 99,
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 64,
    }
    gpt = {"vocab_size": 99, "n_embd": 32, "n_layer": 2, "n_head": 2, "n_positions": 32}
    bart = {
        "vocab_size": 99, "d_model": 32, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 2,
        "decoder_attention_heads": 2, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64, "max_position_embeddings": 32,
    }  # fmt: skip
    llama = bert | {
        "num_key_value_heads": 1, "head_dim": 16, "bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 2
    }  # fmt: skip
    window, experts = {"sliding_window": 16}, {"num_local_experts": 4, "num_experts_per_tok": 2}
    turning = {"rope_type": "default", "rope_theta": 10_000.0}
    alternating = llama | window | {"layer_types": ["sliding_attention", "full_attention"]}
    t5 = {"vocab_size": 99, "d_model": 32, "d_kv": 16, "d_ff": 64, "num_layers": 2, "num_heads": 2}
    t5 |= {"decoder_start_token_id": 0}
    marian = {"pad_token_id": 0, "eos_token_id": 1, "decoder_start_token_id": 0, "forced_eos_token_id": None}
    made = {
        "ALBERT": lambda: t.AlbertForMaskedLM(t.AlbertConfig(**bert, embedding_size=16)),
        "BERT": lambda: t.BertForMaskedLM(t.BertConfig(**bert)),
        "DistilBERT": lambda: t.DistilBertForMaskedLM(
            t.DistilBertConfig(vocab_size=99, dim=32, n_layers=2, n_heads=2, hidden_dim=64)
        ),
        "ELECTRA": lambda: t.ElectraForPreTraining(t.ElectraConfig(**bert, embedding_size=16)),
        "RoBERTa": lambda: t.RobertaForMaskedLM(t.RobertaConfig(**bert)),
        "CTRL": lambda: t.CTRLLMHeadModel(t.CTRLConfig(**gpt, dff=64)),
        "GPT": lambda: t.OpenAIGPTLMHeadModel(t.OpenAIGPTConfig(**gpt)),
        "GPT-2": lambda: t.GPT2LMHeadModel(t.GPT2Config(**gpt, bos_token_id=98, eos_token_id=98)),
        "Transformer-XL": _transformer_xl,
        "BART": lambda: t.BartForConditionalGeneration(t.BartConfig(**bart)),
        "T5": lambda: t.T5ForConditionalGeneration(t.T5Config(**t5)),
        "Marian": lambda: t.MarianMTModel(t.MarianConfig(**bart | marian)),
        "mBART": lambda: t.MBartForConditionalGeneration(t.MBartConfig(**bart)),
        "Flan-T5": lambda: t.T5ForConditionalGeneration(
            t.T5Config(**t5, feed_forward_proj="gated-gelu", tie_word_embeddings=False)
        ),
        "Llama": lambda: t.LlamaForCausalLM(t.LlamaConfig(**llama | {"num_key_value_heads": 2})),
        "Mistral": lambda: t.MistralForCausalLM(t.MistralConfig(**llama, **window)),
        "Mixtral": lambda: _row_by_row(t.MixtralForCausalLM(t.MixtralConfig(**llama, **experts))),
        "ModernBERT": lambda: t.ModernBertForMaskedLM(
            t.ModernBertConfig(
                **bert, local_attention=16, global_attn_every_n_layers=2, pad_token_id=2, bos_token_id=0,
                eos_token_id=1, cls_token_id=0, sep_token_id=1,
            )
        ),
        "Gemma 3": lambda: t.Gemma3ForCausalLM(t.Gemma3TextConfig(**alternating)),
        "T5Gemma": lambda: t.T5GemmaForConditionalGeneration(
            t.T5GemmaConfig(
                encoder=t.T5GemmaModuleConfig(**alternating), decoder=t.T5GemmaModuleConfig(**alternating),
                vocab_size=99,
            )
        ),
        "Qwen3": lambda: t.Qwen3ForCausalLM(t.Qwen3Config(**llama)),
        "gpt-oss": lambda: _row_by_row(
            t.GptOssForCausalLM(t.GptOssConfig(**alternating, **experts, rope_parameters=turning))
        ),
    }  # fmt: skip
    if not isinstance(name, str) or name not in made:
        near = {known.lower().replace("-", ""): known for known in made}
        close = difflib.get_close_matches(str(name).lower().replace("-", ""), near, n=1)
        hint = f" Did you mean {near[close[0]]!r}?" if close else ""
        raise ValueError(
            f"The name is not known: there is no architecture {name!r} here.{hint} Known are: {', '.join(made)}."
        )
    return made[name]


def _transformer_xl():
    from course_lib.transformer_xl import TransformerXLConfig, TransformerXLForCausalLM

    return TransformerXLForCausalLM(
        TransformerXLConfig(
            vocab_size=99, d_model=32, d_embed=32, n_layer=2, n_head=2, d_head=16, d_inner=64, mem_len=16
        )
    )


def _row_by_row(model):
    """`model` with experts computed for each token alone.

    Other kernels put the tokens of one expert into one product; then a token's last digit depends on which others
    chose the same expert, by rounding (5e-7 here), and a test for exactly 0 would see that.
    """
    model.set_experts_implementation("batched_mm")
    return model
