"""Summarization: a new decoder of three layers on MiniLM, trained on titles, descriptions and letters.

    python -m workshop.recipes.summarization --data FOLDER --leads WHEEL --debian FILE    # trains (resumable), writes the assets

FOLDER holds the files named in FILES below; the other two are what `course_lib.data.leads` and `workshop.evaluation.debian` read. A
title of a scientific paper, one sentence about it, a line about a program and a short description of an article are all
summaries: of one line, in lower case, as MiniLM's vocabulary has it. Letters, e-mails and chat messages come from a
grammar (`letters.py`), since no open set of them has summaries.

The encoder has the lower layers of MiniLM. All but the last of them and the embedding matrix stay MiniLM's own. What they
make of a text is computed once and kept in memory, and they do not ship. The decoder begins with copies of these layers,
and is told where the words that it copies stand (`copying.py`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from tokenizers import Regex, decoders
from torch.nn.utils.rnn import pad_sequence
from transformers import (
    AutoModel,
    AutoTokenizer,
    EncoderDecoderConfig,
    EncoderDecoderModel,
    GenerationConfig,
    PreTrainedTokenizerFast,
)

from course_lib.checkpoints import checkpoint
from course_lib.data.leads import read_leads
from workshop.evaluation.debian import descriptions
from workshop.evaluation.sources import labelled_file, read_rows
from workshop.recipes.common import (
    QUICK,
    fit_as_set,
    like_minilm,
    options,
    precision,
    ship_model,
    smoothed_loss,
    write_card,
)
from workshop.recipes.copying import guided, places_of
from workshop.recipes.letters import letters

NAME = "summarization"
SEED = 7
DEFAULTS = {"epochs": 2, "rate": 6e-4, "sources": ("data", "leads", "debian")}
LONGEST, LONGEST_SUMMARY = 256, 80  # tokens
# What stands in the text is likelier to be written: of the validation messages' summaries 0.010 of the words are invented
# and 0.631 of the facts kept; without that penalty 0.017 and 0.668, with one of 2 0.007 and 0.611.
DECODING = {
    "max_length": LONGEST_SUMMARY,
    "num_beams": 4,
    "early_stopping": True,
    "no_repeat_ngram_size": 3,
    "encoder_repetition_penalty": 1.5,
    "pad_token_id": 0,
    "eos_token_id": 102,
    "decoder_start_token_id": 101,
}
# Higher up the words fade: which word a token is, a linear map reads from the third layer's output in 99 % of the cases,
# from the fifth's in 89 %, from the sixth's in 72 %. A summary needs the words.
LAYERS = 4
LETTERS = 40000
PACKAGES = 16000  # descriptions taken; there are more than of all the others together
SWAPPED = (0.7, 0.6)  # of the letters get other words; of the words that such a letter shares with its summary
COMMON = 0.02  # a word that stands in more of the letters is not swapped
COPIED = (0, 2, 3)  # the encoder's layers with which the decoder's begin
GUIDED = {1: 4, 2: 8}  # of the twelve heads in these layers of the decoder
GUIDANCE = 0.5  # the weight of what they are told
FILES = {
    "ACL titles": labelled_file("summarization/acl_title.train.jsonl.gz"),
    "SciTLDR": labelled_file("summarization/scitldr_abstract.train.jsonl.gz"),
}  # fmt: skip


def training_pairs(data: Path, leads: Path, debian: Path) -> list[tuple[str, str]]:
    """The pairs (text, summary)."""
    pairs = [(row["text"], row["summary"]) for file in FILES.values() for row in read_rows(data, *file)]
    articles = read_leads(leads, "train")
    pairs += [(lead.text, lead.description) for lead in articles if lead.description]
    packages = [(package.text, package.short) for package in descriptions(debian, "train")]
    order = np.random.default_rng(SEED).permutation(len(packages))
    pairs += [packages[row] for row in order[:PACKAGES]]
    known = [word for lead in articles for word in WORD.findall(lead.text.lower())]
    return pairs + with_other_words([(one.text, one.summary) for one in letters(LETTERS, SEED)], known)


WORD = re.compile(r"[^\W\d_]{3,}")


def with_other_words(pairs: list[tuple[str, str]], known: Iterable[str]) -> list[tuple[str, str]]:
    """The same pairs, in many of which words that text and summary share are others, the same ones in both.

    The new words are drawn from those that `known` has twice or more, a rare one as often as a frequent one. A word that
    stands in more than COMMON of the texts stays. So what a letter is about cannot be guessed from the grammar's
    words: it has to be copied. (Swapping names teaches ner the same: Dai and Adel, 2020.)
    """
    words = sorted(word for word, count in Counter(known).items() if count > 1)
    draw = np.random.default_rng(SEED)
    inside = [set(WORD.findall(text.lower())) for text, _ in pairs]
    often = Counter(word for one in inside for word in one)
    found = []
    for (text, short), one in zip(pairs, inside, strict=True):
        shared = sorted(one.intersection(WORD.findall(short.lower())))
        others = {}
        for word in shared if draw.random() < SWAPPED[0] else ():
            if often[word] <= COMMON * len(pairs) and draw.random() < SWAPPED[1]:
                others[word] = words[draw.integers(len(words))]
        found.append((_with(others, text), _with(others, short)))
    return found


def _with(others: dict[str, str], text: str) -> str:
    """`text` with the other words in place of theirs, in capitals where those have them."""

    def other(found: re.Match) -> str:
        word = others.get(found[0].lower(), found[0])
        return word.capitalize() if found[0][0].isupper() and word != found[0] else word

    return WORD.sub(other, text)


# What stands between words without spaces, where a decoder of WordPiece would put them: "second - largest", "5, 466".
JOINED = {
    r"(?<=\w) - (?=\w)": "-",
    r"(?<=\w) ['’] (?=\w)": "'",
    r"(?<=\w) / (?=\w)": "/",
    r"(?<=\d), (?=\d{3}(?!\d))": ",",
    r"(?<=\d)\. (?=\d)": ".",
    r"(?<=\d) : (?=\d{2}(?!\d))": ":",
    r"(?<=[€£$(\[]) (?=\w)": "",
    r"(?<=[\w.!?]) (?=[)\]%:;])": "",
}


def joining(tokenizer) -> PreTrainedTokenizerFast:
    """MiniLM's tokenizer, which writes "second-largest" and "5,466" where its own would put spaces."""
    inner = tokenizer.backend_tokenizer
    replaced = [decoders.Replace(Regex(where), mark) for where, mark in JOINED.items()]
    inner.decoder = decoders.Sequence([decoders.WordPiece(), decoders.Fuse(), *replaced])
    return like_minilm(inner)


def untrained(base: str = "minilm", layers: int = LAYERS, copied: tuple[int, ...] = COPIED) -> EncoderDecoderModel:
    """The lower `layers` of an encoder, and a decoder that begins as some of them, the attention to the text included."""
    encoder = AutoModel.from_pretrained(checkpoint(base), num_hidden_layers=layers, **QUICK)
    below = type(encoder.config)(**encoder.config.to_dict() | {"num_hidden_layers": len(copied)})
    settings = EncoderDecoderConfig.from_encoder_decoder_configs(encoder.config, below, tie_word_embeddings=False)
    settings._attn_implementation = QUICK["attn_implementation"]
    settings.decoder_start_token_id, settings.pad_token_id, settings.eos_token_id = 101, 0, 102
    torch.manual_seed(SEED)
    model = EncoderDecoderModel(settings)
    model.encoder.load_state_dict(encoder.state_dict())
    model.decoder.bert.embeddings.load_state_dict(encoder.embeddings.state_dict())
    for ours, number in zip(model.decoder.bert.encoder.layer, copied, strict=True):
        weights = encoder.encoder.layer[number].state_dict()
        again = {
            "crossattention." + key.removeprefix("attention."): w for key, w in weights.items() if "attention." in key
        }
        ours.load_state_dict(weights | again)
    model.tie_weights()
    with torch.no_grad():
        model.decoder.cls.predictions.transform.dense.weight.copy_(torch.eye(encoder.config.hidden_size))
    model.generation_config = GenerationConfig(**DECODING)
    return with_frozen_layers(model)


def with_frozen_layers(model: EncoderDecoderModel) -> EncoderDecoderModel:
    """`model`, of which the decoder and the encoder's last layer are to be trained."""
    model.encoder.requires_grad_(False)
    model.decoder.bert.embeddings.requires_grad_(False)
    model.encoder.encoder.layer[-1].requires_grad_(True)
    return model


def of_the_base(layers: int) -> tuple[str, ...]:
    """With what the names of the weights begin that stay those of the base, whose first `layers` layers the encoder has."""
    frozen = [f"encoder.encoder.layer.{number}." for number in range(layers - 1)]
    return ("encoder.embeddings.", "decoder.bert.embeddings.", *frozen)


@torch.no_grad()
def lower_layers(model: EncoderDecoderModel, texts: list[dict], tokenizer, device: str) -> list[torch.Tensor]:
    """What the frozen layers make of each text, given as `input_ids` and more: bfloat16, (token, 384), on `device`."""
    inputs = tokenizer.pad(texts, pad_to_multiple_of=8, return_tensors="pt").to(device)
    with precision(device):
        found = model.encoder(**inputs, output_hidden_states=True).hidden_states[-2]  # (text, token, 384)
    return [row[: len(text["input_ids"])].to(torch.bfloat16).clone() for row, text in zip(found, texts, strict=True)]


def train(pairs: list[tuple[str, str]], tokenizer, model: EncoderDecoderModel, settings) -> dict:
    """Train the decoder and the last encoder layer of `model`, in place; returns facts for the card."""
    ids = tokenizer([text for text, _ in pairs], truncation=True, max_length=LONGEST)["input_ids"]
    targets = tokenizer([short for _, short in pairs], truncation=True, max_length=LONGEST_SUMMARY)["input_ids"]
    return train_decoder([{"input_ids": one} for one in ids], targets, tokenizer, model, settings, NAME, GUIDED)


def train_decoder(
    texts: list[dict],
    targets: list[list[int]],
    tokenizer,
    model: EncoderDecoderModel,
    settings,
    name: str,
    heads: dict[int, int] | None = None,
) -> dict:
    """Train, in place, the decoder and the last encoder layer of `model` to write the token ids `targets` from `texts`.

    `heads` are those that are told where to look, as for `guided`; None: none.
    """
    model.to(settings.device)
    lengths = [len(text["input_ids"]) for text in texts]
    kept: dict[int, torch.Tensor] = {}  # of a text that was seen, what the frozen layers made of it

    def loss_of(group: list[int]) -> torch.Tensor:
        new = [i for i in group if i not in kept]
        if new:
            made = lower_layers(model, [texts[i] for i in new], tokenizer, settings.device)
            kept.update(zip(new, made, strict=True))
        longest = -(-max(len(kept[i]) for i in group) // 8) * 8
        hidden = torch.zeros(
            len(group), longest, model.encoder.config.hidden_size, device=settings.device
        )  # (batch, token, 384)
        mask = torch.zeros(len(group), longest, dtype=torch.long, device=settings.device)
        for row, i in enumerate(group):
            hidden[row, : len(kept[i])], mask[row, : len(kept[i])] = kept[i], 1
        told = tokenizer.pad({"input_ids": [targets[i] for i in group]}, pad_to_multiple_of=4, return_tensors="pt")
        told = told.to(settings.device)
        unseen = (1.0 - mask[:, None, None, :]) * -1e4  # (batch, 1, 1, token), added to the scores of attention
        with precision(settings.device):
            found = model.encoder.encoder.layer[-1](hidden, unseen)
            hidden = found[0] if isinstance(found, tuple) else found
            hidden = model.decoder.bert(
                input_ids=told["input_ids"][:, :-1],  # begins with [CLS], as decoding does
                attention_mask=told["attention_mask"][:, :-1],
                encoder_hidden_states=hidden,
                encoder_attention_mask=mask,
            ).last_hidden_state  # (batch, token, 384)
            kept_tokens = told["attention_mask"][:, 1:].bool()
            logits = model.decoder.cls(hidden[kept_tokens])  # (kept token, vocabulary)
        loss = smoothed_loss(logits, told["input_ids"][:, 1:][kept_tokens])
        if heads:
            places = [torch.tensor(places_of(texts[i]["input_ids"], targets[i])) for i in group]
            where = pad_sequence(places, batch_first=True, padding_value=-1)  # (batch, token)
            loss = loss + GUIDANCE * told_heads.loss(where[:, 1:].to(settings.device), unseen)
        return loss

    print(len(texts), "pairs,", sum(lengths), "tokens,", sum(map(len, targets)), "to write", flush=True)
    both = [one + len(other) for one, other in zip(lengths, targets, strict=True)]
    with guided(model, heads or {}) as told_heads:
        done = fit_as_set(model, loss_of, both, name, settings, SEED, rates={"encoder.encoder": 0.3})
    model.cpu()
    return done


CARD = """# summarization

The lower {encoder} layers of MiniLM (all-MiniLM-L6-v2, Apache-2.0) with a decoder of {layers} layers that attends \
to them. The first {frozen} layers and the embedding matrix are MiniLM's own; {trained:,} parameters are new. Written by \
`workshop/recipes/summarization.py` ({training}; {pairs:,} pairs).

- **Intended use**: to show summarization and decoding in chapters 01 and 04, on English letters, abstracts and \
descriptions of up to 250 tokens. Not where a wrong or missing fact does harm.
- **Data**: abstracts and titles of the ACL Anthology from 2016 to 2021 (CC BY 4.0), SciTLDR (Cachola et al. \
2020; Apache-2.0), first paragraphs and short descriptions of Wikipedia articles (CC BY-SA 4.0), long and short \
descriptions of Debian's packages (each under its package's licence), and {letters:,} letters, e-mails and chat \
messages that a grammar of the course puts together with their summaries (`workshop/recipes/letters.py`): no open set of \
letters has summaries. The summary of a letter quotes it: who writes, what happened, which wish. In {swapped:.0%} of them many \
words that text and summary share gave way to others, the same ones in both, so that they have to be copied.
- **Licence of the weights**: Apache-2.0. **Size**: {size:,} bytes (float16).
- **Measured** by `course evaluate summarization` on papers of 2022, on articles, packages and e-mails that took \
no part in training, and on messages that were written one by one for the course, unlike the grammar:

{measured}

- **Limits**: a summary is one line in lowercase. It was trained on letters of a grammar, not of people. Its generation \
settings favour words of the text (`encoder_repetition_penalty={source_words}`); what it writes need not stand there all \
the same.
- **Ethical considerations**: a summary that leaves out or invents a fact puts words into somebody's mouth; who \
was not shown the letter cannot see it.
"""


def read(settings) -> list[tuple[str, str]]:
    """What is learned from."""
    return training_pairs(settings.data, settings.leads, settings.debian)


def run(pairs: list[tuple[str, str]], settings) -> None:
    """Train, and write what ships."""
    model = untrained()
    if settings.goes_on:
        go_on_as_shipped(model, NAME)
    done = train(pairs, AutoTokenizer.from_pretrained(checkpoint("minilm")), model, settings)
    leave_out = (*of_the_base(LAYERS), "encoder.pooler.")
    write_card(
        NAME, CARD, settings, SEED, done, encoder=LAYERS, layers=len(COPIED), frozen=LAYERS - 1, pairs=len(pairs), letters=LETTERS,
        swapped=SWAPPED[0], source_words=DECODING["encoder_repetition_penalty"],
        trained=sum(weight.numel() for weight in model.parameters() if weight.requires_grad),
        size=ship_model(model, joining(AutoTokenizer.from_pretrained(checkpoint("minilm"))), NAME, leave_out),
    )  # fmt: skip


def go_on_as_shipped(model: EncoderDecoderModel, name: str) -> None:
    """Give `model` the weights of the checkpoint `name`, which has the same parts."""
    model.load_state_dict(load_file(checkpoint(name) / "model.safetensors"), strict=False)
    model.tie_weights()


if __name__ == "__main__":
    settings = options(__doc__.splitlines()[0], **DEFAULTS)
    run(read(settings), settings)
