"""A tokenizer of a few words and models of one layer with random weights, made in a moment: what answers are tried on.

They know nothing, and that is enough: an answer that handles them rightly handles a trained model rightly too.
"""

from __future__ import annotations

from functools import cache

WORDS = (
    "the box held a toast ##er lamp is was no good not late came please send it to my new address in and thank you for "
    "your letter we are sorry when will order arrive how long does delivery take . , ? !"
)
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
LABELS = ("COMPLAINT", "PRAISE", "QUESTION")


@cache
def word_pieces():
    """A WordPiece tokenizer, lowercase, that knows WORDS and BERT's special tokens."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    numbers = {word: number for number, word in enumerate([*SPECIAL, *WORDS.split()])}
    made = Tokenizer(models.WordPiece(numbers, unk_token="[UNK]", max_input_chars_per_word=40))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = [("[CLS]", numbers["[CLS]"]), ("[SEP]", numbers["[SEP]"])]
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=special
    )
    names = {f"{word.strip('[]').lower()}_token": word for word in SPECIAL}
    return PreTrainedTokenizerFast(tokenizer_object=made, model_max_length=64, **names)


def _made(kind: str, config, seed: int):
    import torch
    import transformers

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return getattr(transformers, kind)(config).eval()


def _bert(seed: int, kind: str, **more):
    from transformers import BertConfig

    size = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 24}
    config = BertConfig(
        vocab_size=len(word_pieces()), max_position_embeddings=64, initializer_range=0.6, **size, **more
    )
    return _made(kind, config, seed)


@cache
def encoder(seed: int = 0):
    """A BERT whose vectors have 16 numbers."""
    import torch

    model = _bert(seed, "BertModel")
    scale = model.encoder.layer[-1].output.LayerNorm.weight  # else all tokens' vectors would have the same length
    with torch.no_grad():
        scale.copy_(torch.linspace(0.2, 2, len(scale)))
    return model


@cache
def sorter(seed: int = 0):
    """A BERT with three labels: LABELS."""
    names = {"id2label": dict(enumerate(LABELS)), "label2id": {label: at for at, label in enumerate(LABELS)}}
    return _bert(seed, "BertForSequenceClassification", **names)


@cache
def continuer(seed: int = 0):
    """A GPT-2 for the tokens of `word_pieces`."""
    from transformers import GPT2Config

    size = {"n_embd": 16, "n_layer": 1, "n_head": 2, "n_positions": 64, "initializer_range": 0.9}
    config = GPT2Config(vocab_size=len(word_pieces()), bos_token_id=2, eos_token_id=3, **size)
    return _made("GPT2LMHeadModel", config, seed)
