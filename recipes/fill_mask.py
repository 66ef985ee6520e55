"""Fill-mask: rank-32 adapters and a new prediction head on MiniLM, trained to restore masked words of an encyclopaedia.

    python recipes/fill_mask.py --data FOLDER --leads WHEEL    # trains (resumable), writes the assets

WHEEL holds the articles' first paragraphs (`course_lib.evaluation.leads`; only their train part is used), FOLDER the
files named in FILES below, of which only the Wikipedia paragraphs are read, not the questions. The head's last layer is
the encoder's own table of embeddings, which stays as it is: only its transform (dense layer and norm) is new, and one
number a word for how frequent it is. All biases are trained, so that number is too.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from training import QUICK, fit, options, read_rows, ship, with_adapters, write_card
from transformers import AutoModelForMaskedLM, AutoTokenizer

from course_lib.checkpoints import checkpoint
from course_lib.evaluation.leads import read_leads

NAME = "fill-mask"
SEED = 7
WINDOW = 128  # tokens
SHARE = 0.2  # of the words, masked anew each time a window is seen
FILES = {
    "SQuAD": (
        "qa/squad_dev_minus_xquad.train.jsonl.gz",
        "0649f3460744c81d15ad5b754d3f4d02c1dd1e22f24a34a25401256e77ea1e3b",
    ),
    "New-Wikipedia": (
        "qa/squadshifts_new_wiki.train.jsonl.gz",
        "f32f46a17fceabbaabd68ab14710db727a14a392368f99ae231c38e80805e42d",
    ),
}


def windows(data: Path, leads: Path, tokenizer) -> list[tuple[list[int], list[int]]]:
    """Token ids of at most WINDOW tokens, each with the number of the word that every token belongs to (-1: none)."""
    texts = [lead.text for lead in read_leads(leads, "train")]
    texts += sorted({" ".join(row["context"].split()) for file in FILES.values() for row in read_rows(data, *file)})
    encoded = tokenizer(texts, truncation=True, max_length=WINDOW, return_overflowing_tokens=True)
    made = []
    for number, ids in enumerate(encoded["input_ids"]):
        words = [-1 if word is None else word for word in encoded.word_ids(number)]
        if len(ids) >= 16:
            made.append((ids, words))
    return made


def train(made: list[tuple[list[int], list[int]]], tokenizer, work: Path, epochs: int, rate: float, rank: int):
    """MiniLM with a trained prediction head and adapters."""
    torch.manual_seed(SEED)
    model = AutoModelForMaskedLM.from_pretrained(checkpoint("minilm"), **QUICK)
    with torch.no_grad():  # begin with what the encoder says
        model.cls.predictions.transform.dense.weight.copy_(torch.eye(model.config.hidden_size))
    model = with_adapters(
        model, None, "transform", rank, 0.0, targets=r".*encoder.*\.(query|key|value|dense)", bias="all"
    )
    head = model.base_model.model.cls.predictions

    def loss_of(group: list[int]) -> torch.Tensor:
        batch = tokenizer.pad({"input_ids": [made[i][0] for i in group]}, pad_to_multiple_of=8, return_tensors="pt")
        ids = batch["input_ids"]
        words = torch.full_like(ids, -1)
        for row, i in enumerate(group):
            words[row, : len(made[i][1])] = torch.tensor(made[i][1])
        drawn = torch.rand(len(group), int(words.max()) + 1) < SHARE  # (batch, word)
        masked = (words >= 0) & drawn.gather(1, words.clamp(min=0))  # (batch, token)
        batch["input_ids"] = ids.masked_fill(masked, tokenizer.mask_token_id)
        with torch.autocast("cpu", torch.bfloat16):
            hidden = model.base_model.model.bert(**batch).last_hidden_state  # (batch, token, 384)
            chosen = masked.flatten().nonzero()[:, 0]
            chosen = chosen[
                : max(len(chosen) // 64 * 64, 1)
            ]  # few different shapes: bfloat16 kernels are made for each
            logits = head(hidden.flatten(0, 1)[chosen])  # (masked token, vocabulary)
        return torch.nn.functional.cross_entropy(logits.float(), ids.flatten()[chosen])

    fit(
        model, loss_of, [len(ids) for ids, _ in made],
        state=work / f"{NAME}.pt", epochs=epochs, batch_size=32, rate=rate, seed=SEED,
    )  # fmt: skip
    return model


CARD = """# fill-mask

MiniLM (all-MiniLM-L6-v2, Apache-2.0) with adapters of rank {rank} in every linear layer of its six layers, all its biases, and a
new head in front of its own table of words. Written by `recipes/fill_mask.py` (seed {seed}, {epochs} epochs, rate {rate}, {windows:,}
windows of at most {window} tokens, {share:.0%} of the words masked).

- **Data**: first paragraphs of Wikipedia articles and the paragraphs of SQuAD 1.1's development articles and of SquadShifts
  New-Wikipedia (Rajpurkar et al. 2016, Miller et al. 2020), all from Wikipedia, CC BY-SA 4.0. No labels of people.
- **Licence of the weights**: Apache-2.0. **Size**: {size:,} bytes (float16).
- **Measured** by `course evaluate fill-mask` on first paragraphs of other articles:

{measured}

- **Limits**: English, lower case, one word of the vocabulary for each mask. It repeats what encyclopaedias say of the world,
  with their biases, and a denial hardly changes its guess.
"""

if __name__ == "__main__":
    settings = options(__doc__.splitlines()[0], epochs=4, rate=1e-3, sources=("data", "leads"))
    tokenizer = AutoTokenizer.from_pretrained(checkpoint("minilm"))
    made = windows(settings.data, settings.leads, tokenizer)
    print(len(made), "windows,", int(np.sum([len(ids) for ids, _ in made])), "tokens", flush=True)
    size = ship(train(made, tokenizer, settings.work, settings.epochs, settings.rate, settings.rank), NAME)
    write_card(
        NAME, CARD, rank=settings.rank, seed=SEED, epochs=settings.epochs, rate=settings.rate, windows=len(made),
        window=WINDOW, share=SHARE, size=size,
    )  # fmt: skip
