"""Make the two small encoder-decoder models of the parity tests: `python tests/lib/parity/make_models.py`.

Random weights from a fixed seed, drawn wide enough that the output depends on the input: what is compared is the
pipelines, not the sense of the texts. The configuration files are written by hand, so that transformers 4.57 and 5 read
the same ones. After making them anew, record the answers anew (see record.py).
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import MarianConfig, MarianMTModel, PreTrainedTokenizerFast, T5Config, T5ForConditionalGeneration

FOLDER = Path(__file__).parent / "models"
VOCABULARY = 256
SPECIAL = ["<pad>", "</s>", "<unk>", "en", "fr", "ko"]
TEXTS = [
    "The parcel arrived late, the box was open and two of the cups were broken.",
    "summarize: translate English to French: I would like my money back, or new cups, please.",
    "Winters on the island are mild; ships leave the harbour every morning at seven.",
    "How old is the bridge? Nobody knows, but the mayor says it was built by 1850.",
    "Le colis est arrivé en retard. Où sont les tasses? 소포가 늦게 도착했어요. 一千",
]


class LanguageTokenizer(PreTrainedTokenizerFast):
    """A tokenizer of a multilingual model: it puts the source language in front and asks for the target language."""

    def _build_translation_inputs(self, raw_inputs, return_tensors, src_lang, tgt_lang, **extra):
        if src_lang is None or tgt_lang is None:
            raise ValueError("src_lang and tgt_lang are needed")
        inputs = self(f"{src_lang} {raw_inputs}", return_tensors=return_tensors, **extra)
        inputs.pop("token_type_ids", None)
        inputs["forced_bos_token_id"] = self.convert_tokens_to_ids(tgt_lang)
        return inputs


def tokenizer() -> Tokenizer:
    """Pieces of words, learned from TEXTS, with `</s>` at the end; a letter that TEXTS does not have is `<unk>`."""
    made = Tokenizer(models.BPE(unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.decoder = decoders.Metaspace()
    trainer = trainers.BpeTrainer(vocab_size=VOCABULARY, special_tokens=SPECIAL, show_progress=False)
    made.train_from_iterator(TEXTS, trainer)
    end = made.token_to_id("</s>")
    made.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", end)])
    return made


def save(name: str, model, config: dict, generation: dict, spread: float, seed: int) -> None:
    """Draw the weights and write the folder `name`."""
    from safetensors.torch import save_file

    torch.manual_seed(seed)
    weights = {}
    for key, value in sorted(model.state_dict().items()):
        tied = key.startswith(("encoder.embed", "decoder.embed", "model.encoder.embed", "model.decoder.embed"))
        if tied or "lm_head" in key:
            continue  # the same numbers as the shared embedding, or sines: made by the model itself
        is_norm = "norm" in key or "final_logits_bias" in key
        # The reading of the input must outweigh the rest, or every input gives the same output.
        width = 1.0 if "shared" in key else 0.0 if "bias" in key else 1.2 if "encoder_attn" in key else spread
        weights[key] = value.clone() if is_norm else torch.randn(value.shape) * width
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    tokenizer().save(str(folder / "tokenizer.json"))
    special = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 64, **special}
    files = {"config.json": config, "generation_config.json": generation, "tokenizer_config.json": settings}
    for file, content in files.items():
        (folder / file).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Write both folders."""
    ids = {"pad_token_id": 0, "eos_token_id": 1, "decoder_start_token_id": 0}
    sizes = {"vocab_size": VOCABULARY, "d_model": 32, "num_layers": 2, "num_heads": 2, "d_kv": 16, "d_ff": 48}
    t5 = {
        "architectures": ["T5ForConditionalGeneration"],
        "model_type": "t5",
        "is_encoder_decoder": True,
        **sizes,
        **ids,
        "task_specific_params": {
            "summarization": {
                "prefix": "summarize: ",
                "early_stopping": True,
                "length_penalty": 2.0,
                "max_length": 30,
                "min_length": 6,
                "no_repeat_ngram_size": 3,
                "num_beams": 3,
            },
            "translation_en_to_fr": {
                "prefix": "translate English to French: ",
                "max_new_tokens": 18,
                "num_beams": 2,
            },
        },
    }
    written_by = {"transformers_version": "4.57.6"}
    save("t5", T5ForConditionalGeneration(T5Config(**sizes, **ids)), t5, {**ids, **written_by}, 0.35, seed=11)
    layers = {f"{side}_{name}": size for side in ("encoder", "decoder") for name, size in
              (("layers", 2), ("attention_heads", 2), ("ffn_dim", 48))}  # fmt: skip
    sizes = {
        "vocab_size": VOCABULARY,
        "decoder_vocab_size": VOCABULARY,
        "d_model": 32,
        "max_position_embeddings": 320,
        **layers,
    }
    marian = {"architectures": ["MarianMTModel"], "model_type": "marian", "is_encoder_decoder": True, **sizes, **ids}
    generation = {
        **ids,
        "max_length": 28,
        "num_beams": 6,
        "no_repeat_ngram_size": 2,
        "bad_words_ids": [[0]],
        **written_by,
    }
    save("marian", MarianMTModel(MarianConfig(**sizes, **ids)), marian, generation, 0.15, seed=2)


if __name__ == "__main__":
    main()
