"""Named entities: rank-32 adapters and a tagging head on MiniLM, with a tokenizer that tells it about capital letters.

    python recipes/ner.py --data FOLDER                 # trains (resumable), writes the assets
    python recipes/ner.py --data FOLDER --without-case  # the same without capital letters, to see what they are worth

FOLDER holds the files named in FILES below: one JSON object with `tokens` and `tags` (BIO) a line.

MiniLM's vocabulary has no capital letters, and they are half of what makes a name. So the tokenizer writes a mark before
a word that begins with one ("↑ paris") or is all capitals ("→ nasa"); both marks are pieces that the vocabulary has.
"""

from __future__ import annotations

import string
import sys
from pathlib import Path

import torch
from seqeval.metrics import f1_score
from tokenizers import Regex, decoders, normalizers
from training import ASSETS, enter, fit, options, read_rows, ship, with_adapters, write_card
from transformers import AutoModelForTokenClassification, AutoTokenizer, PreTrainedTokenizerFast

from course_lib.checkpoints import catalogue, checkpoint

NAME = "ner"
SEED = 7
LONGEST = 128  # tokens
CAPITAL, CAPITALS = "↑", "→"
LETTERS = string.ascii_uppercase + "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝŠŽ"
# File, its sha256, how often it is seen in an epoch, and whether its people marked all of MISC (also "French").
FILES = {
    "WikiGold": ("ner/wikigold.train.jsonl.gz", "379e56f2cffb42265a87b0e4650a9540b2b339dda727e1bb8cb8342d38ca9d39", 4, True),
    "UNER English-EWT": (
        "ner/uner_ewt.validation.jsonl.gz", "0ecf9c787713f72e6a250b44f82b2c02fe3339b381e601f4a7fbef23d244edb1", 2, False,
    ),
    "WNUT-17": ("ner/wnut17.train.jsonl.gz", "f7d06cb95de12548a09d558e4d674c12d57734c8e619aae50c00144789fd426e", 1, False),
    "Broad Twitter Corpus": (
        "ner/btc.train.jsonl.gz", "dbf4c449d5ca0a81f951e5ce10c94d684889d28fc8d6942f1d0205b656a39b7f", 1, False,
    ),
}  # fmt: skip
VALIDATION = ("ner/wikigold.validation.jsonl.gz", "5bce52dab8495774cd16c916f8976b9676f07525e96625fccee0345114ea7de9")
CLASSES = {
    "person": "PER", "location": "LOC", "corporation": "ORG", "group": "ORG", "creative-work": "MISC", "product": "MISC",
}  # fmt: skip
IGNORED, PERHAPS_MISC = -100, -1


def with_case(tokenizer) -> PreTrainedTokenizerFast:
    """MiniLM's tokenizer with a mark before each word that begins with a capital letter."""
    inner = tokenizer.backend_tokenizer
    begins = r"(?<![\p{L}\p{N}])"
    marks = [
        normalizers.Replace(Regex(begins + letter + condition), f"{mark} {letter.lower()}")
        for letter in LETTERS
        for mark, condition in ((CAPITALS, r"(?=\p{Lu})"), (CAPITAL, ""))
    ]
    inner.normalizer = normalizers.Sequence([*marks, inner.normalizer])
    unmark = decoders.Replace(Regex(f"[{CAPITAL}{CAPITALS}] ?"), "")
    inner.decoder = decoders.Sequence([decoders.WordPiece(), decoders.Fuse(), unmark])
    return PreTrainedTokenizerFast(
        tokenizer_object=inner, unk_token="[UNK]", sep_token="[SEP]", pad_token="[PAD]", cls_token="[CLS]",
        mask_token="[MASK]", model_max_length=512, model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    )  # fmt: skip


def encode(rows: list[dict], tokenizer, labels: tuple[str, ...], has_misc: bool) -> list[tuple[list[int], list[int]]]:
    """Token ids and, for each token, the number of its label, IGNORED or PERHAPS_MISC.

    The first token of an entity begins it (B-), every other token of it is inside (I-), also the rest of its first word.
    A handle of a tweet is ignored. Where MISC was not marked, outside means: outside or MISC.
    """
    encoded = tokenizer([row["tokens"] for row in rows], is_split_into_words=True, truncation=True, max_length=LONGEST)
    made = []
    for number, row in enumerate(rows):
        words, targets, before = encoded.word_ids(number), [], None
        for word in words:
            tag = "O" if word is None else row["tags"][word]
            if word is None or row["tokens"][word] == "@" or (word and row["tokens"][word - 1] == "@"):
                targets.append(IGNORED)
            elif tag == "O":
                targets.append(labels.index("O") if has_misc else PERHAPS_MISC)
            else:
                place, kind = tag.split("-", 1)
                inside = place == "I" or word == before
                targets.append(labels.index(("I-" if inside else "B-") + CLASSES.get(kind, kind)))
            before = word
        made.append((encoded["input_ids"][number], targets))
    return made


def train(
    made: list[tuple[list[int], list[int]]], tokenizer, work: Path, epochs: int, rate: float, rank: int, name: str
):
    """MiniLM with a trained tagging head and adapters."""
    labels = catalogue()[NAME].labels
    torch.manual_seed(SEED)
    model = AutoModelForTokenClassification.from_pretrained(
        checkpoint("minilm"), id2label=dict(enumerate(labels)), label2id={label: i for i, label in enumerate(labels)}
    )
    model = with_adapters(model, "TOKEN_CLS", "classifier", rank, dropout=0.1)
    outside = torch.tensor([label == "O" or label.endswith("MISC") for label in labels])

    def loss_of(group: list[int]) -> torch.Tensor:
        inputs = tokenizer.pad({"input_ids": [made[i][0] for i in group]}, pad_to_multiple_of=8, return_tensors="pt")
        targets = torch.full(inputs["input_ids"].shape, IGNORED)  # (batch, token)
        for row, i in enumerate(group):
            targets[row, : len(made[i][1])] = torch.tensor(made[i][1])
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(**inputs).logits  # (batch, token, label)
        chances = logits.float().log_softmax(-1)
        told = -chances.gather(-1, targets.clamp(min=0)[..., None])[..., 0]  # (batch, token)
        either = -chances[..., outside].logsumexp(-1)
        loss = torch.where(targets == PERHAPS_MISC, either, told)
        return loss[targets != IGNORED].mean()

    fit(
        model, loss_of, [len(ids) for ids, _ in made],
        state=work / f"{name}.pt", epochs=epochs, batch_size=64, rate=rate, seed=SEED,
    )  # fmt: skip
    return model


@torch.no_grad()
def span_f1(model, made: list[tuple[list[int], list[int]]]) -> float:
    """Span F1 of token tags, to choose the settings by; the card's figure comes from `course evaluate ner`."""
    labels = catalogue()[NAME].labels
    truth, guess = [], []
    for ids, targets in made:
        told = model(input_ids=torch.tensor([ids])).logits[0].argmax(-1).tolist()
        kept = [(labels[t], labels[g]) for t, g in zip(targets, told, strict=True) if t >= 0]
        truth.append([one for one, _ in kept])
        guess.append([other for _, other in kept])
    return f1_score(truth, guess)


CARD = """# ner

MiniLM (all-MiniLM-L6-v2, Apache-2.0) with adapters of rank {rank} in every linear layer of its six layers, a new head of nine
labels (outside; beginning or inside of PER, ORG, LOC, MISC) and a tokenizer that marks capital letters. Written by
`recipes/ner.py` (seed {seed}, {epochs} epochs, rate {rate}, {rows:,} sentences an epoch).

- **Data**: WikiGold (Balasuriya et al. 2009; CC BY 4.0), Universal NER English-EWT, development part (Mayhew et al. 2024;
  CC BY-SA 4.0), WNUT-17 (Derczynski et al. 2017; CC BY 4.0), Broad Twitter Corpus (Derczynski et al. 2016; CC BY 4.0),
  labelled by people. The last three do not mark all that counts as MISC; there, "outside" was read as "outside or MISC".
- **Licence of the weights**: Apache-2.0. **Size**: {size:,} bytes (float16, tokenizer included).
- **Measured** by `course evaluate ner` on documents that took no part in training; span F1 on WikiGold's validation part,
  by which the settings were chosen: {validation:.3f}.

{measured}

- **Limits**: English; text without capital letters, or all in them, costs it most of its names. MISC is a mixed bag.
"""

if __name__ == "__main__":
    case = "--without-case" not in sys.argv
    sys.argv = [argument for argument in sys.argv if argument != "--without-case"]
    settings = options(__doc__.splitlines()[0], epochs=3, rate=7e-4)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint("minilm"))
    tokenizer = with_case(tokenizer) if case else tokenizer
    labels = catalogue()[NAME].labels
    made = []
    for file, sha256, repeats, has_misc in FILES.values():
        made += encode(read_rows(settings.data, file, sha256), tokenizer, labels, has_misc) * repeats
    print(len(made), "sentences,", sum(len(ids) for ids, _ in made), "tokens", flush=True)
    model = train(
        made, tokenizer, settings.work, settings.epochs, settings.rate, settings.rank, NAME if case else "ner-plain"
    )
    held_out = encode(read_rows(settings.data, *VALIDATION), tokenizer, labels, True)
    validation = span_f1(model, held_out)
    print(f"span F1 on WikiGold's validation part: {validation:.3f}", flush=True)
    if case:
        ship(model, NAME)
        tokenizer.save_pretrained(settings.work / NAME)
        for file in ("tokenizer.json", "tokenizer_config.json"):
            (ASSETS / NAME / file).write_bytes((settings.work / NAME / file).read_bytes())
        size = enter(NAME, [path for path in (ASSETS / NAME).iterdir() if path.suffix != ".md"])
        write_card(
            NAME, CARD, rank=settings.rank, seed=SEED, epochs=settings.epochs, rate=settings.rate, rows=len(made), size=size,
            validation=validation,
        )  # fmt: skip
