"""Small models with random weights, one for each task, made in a moment: they stand for checkpoints in the tests."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable
from pathlib import Path

import torch
import transformers
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

SMALL = Path(__file__).parent / "parity" / "models"
TEXT = "the parcel arrived late two cups are broken who sent it anna lives in york good bad please send new ones"
WORDS = TEXT.split()
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
SAVED = {
    "summarization": "t5",
    "translation": "marian",
    "translation_en_to_fr": "marian",
    "text2text-generation": "t5",
}  # folders below SMALL
CLASSES = {
    "feature-extraction": ("BertModel", []),
    "fill-mask": ("BertForMaskedLM", []),
    "ner": ("BertForTokenClassification", ["O", "B-PER", "I-PER"]),
    "question-answering": ("BertForQuestionAnswering", []),
    "sentiment-analysis": ("BertForSequenceClassification", ["NEGATIVE", "POSITIVE"]),
    "zero-shot-classification": ("BertForSequenceClassification", ["contradiction", "entailment"]),
}


def word_tokenizer(length: int = 64) -> PreTrainedTokenizerFast:
    """A fast tokenizer for the words of TEXT, with BERT's special tokens."""
    made = Tokenizer(models.WordLevel({word: number for number, word in enumerate(SPECIAL + WORDS)}, unk_token="[UNK]"))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    names = {f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")}
    return PreTrainedTokenizerFast(tokenizer_object=made, model_max_length=length, **names)


def tiny_model(task: str, vocabulary: int = len(SPECIAL + WORDS), positions: int = 64):
    """A model of one layer with the head for `task`, which is one of CLASSES or "text-generation"."""
    torch.manual_seed(5)
    if task == "text-generation":
        shape = {"n_embd": 16, "n_layer": 1, "n_head": 2, "bos_token_id": 2, "eos_token_id": 3}
        return GPT2LMHeadModel(GPT2Config(vocab_size=vocabulary, n_positions=positions, **shape)).eval()
    name, labels = CLASSES[task]
    shape = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 24}
    if labels:
        shape |= {"id2label": dict(enumerate(labels)), "label2id": {label: n for n, label in enumerate(labels)}}
    config = BertConfig(vocab_size=vocabulary, max_position_embeddings=positions, initializer_range=0.6, **shape)
    return getattr(transformers, name)(config).eval()


def maker(folders: dict[str, str] = SAVED) -> Callable:
    """A function (task, **arguments) that makes a pipeline of the course on a tiny model, or on one of `folders`."""
    from course_lib.pipelines import pipeline

    made = {task: tiny_model(task) for task in (*CLASSES, "text-generation")}
    tokenizer = word_tokenizer()

    def build(task, **more):
        if task in made:  # a copy of the tokenizer, since text generation turns its padding side
            return pipeline(task, model=made[task], tokenizer=copy.deepcopy(tokenizer), device="cpu", **more)
        return pipeline(task, model=str(SMALL / folders[task]), device="cpu", **more)

    return build


def save(task: str, folder: Path) -> None:
    """Write a model for `task` and its tokenizer into `folder`, as a checkpoint."""
    if task in SAVED:
        shutil.copytree(SMALL / SAVED[task], folder)
    else:
        tiny_model(task).save_pretrained(folder)
        word_tokenizer().save_pretrained(folder)


def tiny_decoder_and_rows(dropout: float = 0.0):
    """A decoder of 2 layers for 50 tokens, always with the same weights, and 70 rows of 16 tokens to train it on."""
    import torch
    from datasets import Dataset
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(3)
    shape = {"vocab_size": 50, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2}
    special = {"pad_token_id": 0, "bos_token_id": 0, "eos_token_id": 0}
    config = LlamaConfig(**shape, **special, num_attention_heads=2, attention_dropout=dropout)
    ids = torch.randint(0, 50, (70, 8), generator=torch.Generator().manual_seed(0)).repeat(1, 2)  # (row, token)
    return LlamaForCausalLM(config), Dataset.from_dict({"input_ids": ids.tolist()}).with_format("torch")
