"""Fill-mask: adapters and a new prediction head on MiniLM, trained to restore masked words.

    python -m workshop.recipes.fill_mask --data FOLDER --leads WHEEL    # trains (resumable), writes the assets

WHEEL holds the articles' first paragraphs (`course_lib.data.leads`; only their train part is used), FOLDER the files
named in FILES below, of which the texts are read and no label. Half of what is read is an encyclopaedia, half is everyday
language: premises, questions, reviews, and sentences written for the course (`texts/everyday_prose.txt`). The head's last
layer is the encoder's own embedding matrix, which stays as it is: only its transform (dense layer and norm) is new, and
one number a word for how frequent it is. All biases are trained, so that number is too.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from transformers import AutoModelForMaskedLM, AutoTokenizer

from course_lib.checkpoints import checkpoint
from course_lib.data.leads import read_leads
from course_lib.experiments.recorded import Record
from workshop.evaluation.sources import labelled_file, read_rows
from workshop.recipes.common import (
    QUICK,
    fit_adapted,
    options,
    precision,
    ship,
    to_be_adapted,
    write_card,
)

NAME = "fill-mask"
SEED = 7
DEFAULTS = {"epochs": 4, "rate": 3e-4, "sources": ("data", "leads")}
WINDOW = 128  # tokens
SHARE = 0.2  # of the words, masked anew each time a window is seen
PROSE = Path(__file__).parent / "texts" / "everyday_prose.txt"
FILES = {  # file, its sha256, the field that is read, and whether it is an encyclopaedia
    "SQuAD": (
        *labelled_file("qa/squad_dev_minus_xquad.train.jsonl.gz"),
        "context", True,
    ),
    "New-Wikipedia": (
        *labelled_file("qa/squadshifts_new_wiki.train.jsonl.gz"),
        "context", True,
    ),
    "LingNLI": (
        *labelled_file("nli/lingnli.train.jsonl.gz"), "premise", False,
    ),
    "SNLI, revised": (
        *labelled_file("nli/snli_cad.train.jsonl.gz"), "premise", False,
    ),
    "captions": (
        *labelled_file("translation/multi30k_en_de_fr.train.jsonl.gz"),
        "en", False,
    ),
    "everyday": (
        *labelled_file("translation/tatoeba_en_fr.train.jsonl.gz"),
        "en", False,
    ),
    "SST": (
        *labelled_file("sentiment/sst2_sentences.train.jsonl.gz"),
        "text", False,
    ),
    "Amazon": (
        *labelled_file("qa/squadshifts_amazon_reviews.train.jsonl.gz"),
        "context", False,
    ),
    "questions": (
        *labelled_file("qa/qamr_wiki.train.jsonl.gz"), "question", False,
    ),
}  # fmt: skip


def prose() -> set[str]:
    """The lines that were written for the course, each once."""
    return {line.strip() for line in PROSE.read_text(encoding="utf-8").splitlines() if line.strip()}


def texts_to_read(data: Path, leads: Path) -> tuple[list[str], list[str]]:
    """The texts of the encyclopaedia, then the everyday ones, each once and in a fixed order."""
    encyclopaedia, everyday = {lead.text for lead in read_leads(leads, "train")}, set()
    for file, sha256, field, is_encyclopaedia in FILES.values():
        (encyclopaedia if is_encyclopaedia else everyday).update(
            " ".join(row[field].split()) for row in read_rows(data, file, sha256)
        )
    everyday |= prose()
    return sorted(encyclopaedia), sorted(everyday - encyclopaedia)


def windows(encyclopaedia: list[str], everyday: list[str], tokenizer) -> list[tuple[list[int], list[int]]]:
    """Token ids of at most WINDOW tokens, each with the number of the word that every token belongs to (-1: none).

    Everyday sentences are drawn until they make as many tokens as the encyclopaedia.
    """
    parts = []
    for texts in (encyclopaedia, everyday):
        encoded = tokenizer(texts or [""], truncation=True, max_length=WINDOW, return_overflowing_tokens=True)
        words = [
            [-1 if word is None else word for word in encoded.word_ids(n)] for n in range(len(encoded["input_ids"]))
        ]
        parts.append([one for one in zip(encoded["input_ids"], words, strict=True) if len(one[0]) >= 7])
    made, wanted = parts[0], sum(len(ids) for ids, _ in parts[0])
    for row in np.random.default_rng(SEED).permutation(len(parts[1])):
        if wanted <= 0:
            break
        made.append(parts[1][row])
        wanted -= len(parts[1][row][0])
    return made


def train(made: list[tuple[list[int], list[int]]], tokenizer, settings):
    """MiniLM with a trained prediction head and adapters, and facts about the training for the card."""
    torch.manual_seed(SEED)
    model = AutoModelForMaskedLM.from_pretrained(checkpoint("minilm"), **QUICK)
    with torch.no_grad():  # begin with what the encoder says
        model.cls.predictions.transform.dense.weight.copy_(torch.eye(model.config.hidden_size))
    model, before = to_be_adapted(
        model, NAME, None, "transform", settings, targets=r".*encoder.*\.(query|key|value|dense)", bias="all"
    )
    head = model.base_model.model.cls.predictions

    def loss_of(group: list[int]) -> torch.Tensor:
        batch = tokenizer.pad({"input_ids": [made[i][0] for i in group]}, pad_to_multiple_of=8, return_tensors="pt")
        batch = batch.to(settings.device)
        ids = batch["input_ids"]
        words = torch.full(ids.shape, -1)
        for row, i in enumerate(group):
            words[row, : len(made[i][1])] = torch.tensor(made[i][1])
        drawn = torch.rand(len(group), int(words.max()) + 1) < SHARE  # (batch, word)
        drawn, words = drawn.to(settings.device), words.to(settings.device)
        masked = (words >= 0) & drawn.gather(1, words.clamp(min=0))  # (batch, token)
        batch["input_ids"] = ids.masked_fill(masked, tokenizer.mask_token_id)
        with precision(settings.device):
            hidden = model.base_model.model.bert(**batch).last_hidden_state  # (batch, token, 384)
            chosen = masked.flatten().nonzero()[:, 0]
            chosen = chosen[
                : max(len(chosen) // 64 * 64, 1)
            ]  # few different shapes: bfloat16 kernels are made for each
            logits = head(hidden.flatten(0, 1)[chosen])  # (masked token, vocabulary)
        return torch.nn.functional.cross_entropy(logits.float(), ids.flatten()[chosen])

    return fit_adapted(model, before, loss_of, [len(ids) for ids, _ in made], NAME, settings, SEED)


CARD = """# fill-mask

MiniLM (all-MiniLM-L6-v2, Apache-2.0) with adapters of rank {rank} in every linear layer of its six layers, all \
its biases, and a new head in front of its own embedding matrix. All weights of these layers were trained, and \
what they learned was put into the adapters (singular value decomposition; {share:.1%} of the squared change \
fits). Written by `workshop/recipes/fill_mask.py` ({training}; {windows:,} windows of at most {window} tokens, \
{masked:.0%} of the words masked).

- **Intended use**: to show masked language models in chapters 01 to 04, 07 and 08, bias among their properties. \
Not as a source of facts.
- **Data**: first paragraphs of Wikipedia articles and the paragraphs of SQuAD 1.1's development articles and of \
SquadShifts New-Wikipedia (Rajpurkar et al. 2016, Miller et al. 2020), all from Wikipedia, CC BY-SA 4.0; for the \
other half everyday sentences: premises of LingNLI (Parrish et al. 2021; licence not stated) and of revised SNLI \
(Kaushik et al. 2020; Apache-2.0), captions of Multi30k (Elliott et al. 2016; licence of the text not stated), \
Tatoeba (CC BY 2.0), film reviews (Socher et al. 2013; licence not stated), product reviews of SquadShifts \
(licence not stated), questions of QAMR (MIT), and {prose:,} lines written for the course. No labels of people.
- **Licence of the weights**: Apache-2.0. **Size**: {size:,} bytes (float16).
- **Measured** by `course evaluate fill-mask` on texts that took no part in training:

{measured}

- **Limits**: English, lowercase, one token of the vocabulary for each mask. A negation hardly changes its \
guess.
- **Ethical considerations**: it repeats what its texts say of the world, with their prejudices; chapter 07 \
measures that for occupations and names. In its texts, each counted once, *he* stands {he:,} times, *she* {she:,} times.
"""


def pronouns(made: list[tuple[list[int], list[int]]], tokenizer) -> dict[str, int]:
    """How often *he* and *she* stand in all that is read, and of how many tokens."""
    ids = {word: tokenizer.convert_tokens_to_ids(word) for word in ("he", "she")}
    found = {word: sum(window.count(one) for window, _ in made) for word, one in ids.items()}
    return {"tokens": sum(len(window) for window, _ in made)} | found


def read(settings) -> list[tuple[list[int], list[int]]]:
    """What is learned from."""
    tokenizer = AutoTokenizer.from_pretrained(checkpoint("minilm"))
    return windows(*texts_to_read(settings.data, settings.leads), tokenizer)


def run(made: list[tuple[list[int], list[int]]], settings) -> None:
    """Train, and write what ships."""
    tokenizer = AutoTokenizer.from_pretrained(checkpoint("minilm"))
    counted = pronouns(made, tokenizer)
    print(len(made), "windows,", counted["tokens"], "tokens", flush=True)
    record = Record(
        "fill_mask_texts",
        "python -m workshop.recipes.fill_mask --data FOLDER --leads WHEEL",
        {"windows": len(made)},
        key=tuple(counted),
    )
    record.add(**counted)
    model, done = train(made, tokenizer, settings)
    size = ship(model, NAME)
    write_card(
        NAME, CARD, settings, SEED, done, windows=len(made), window=WINDOW, masked=SHARE, size=size, prose=len(prose()),
        he=counted["he"], she=counted["she"],
    )  # fmt: skip


if __name__ == "__main__":
    settings = options(__doc__.splitlines()[0], **DEFAULTS)
    run(read(settings), settings)
