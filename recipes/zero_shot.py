"""Zero-shot classification: rank-32 adapters and a three-class head on MiniLM, trained on natural language inference.

    python recipes/zero_shot.py --data FOLDER --leads FILE    # trains (resumable) and writes course_lib/assets/zero-shot

FOLDER holds the files named in FILES below, FILE is the wheel of `course_lib.evaluation.leads`. Half of what is learned
is inference between two sentences that people wrote; the rest are statements about what a text is about, made from
labelled texts ("This example is weather."), which is how the pipeline uses the model.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from training import fit, options, read_rows, ship, with_adapters, write_card
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from course_lib.checkpoints import catalogue, checkpoint
from course_lib.evaluation.leads import read_leads

NAME = "zero-shot"
SEED = 7
LONGEST = 96  # tokens
INFERENCE = {
    "LingNLI": ("nli/lingnli.train.jsonl.gz", "23f99fa16a76729c1c85f64d58462d58076a443947432ca7546753f3d21c9f74"),
    "MultiNLI": ("nli/mnli_taxinli.train.jsonl.gz", "da76e76e5ed0442a8f0608e08b78789a71691cd1d1c135cdc65e04b23c9de49b"),
    "MultiNLI, second part": (
        "nli/mnli_taxinli.test.jsonl.gz",
        "a7f4c584bc183660db39c81eab9e183c8971a3c338b087d1507807d6dea64f9e",
    ),
    "Wikipedia": ("nli/wiki_nli.train.jsonl.gz", "8238411d706e53e4d3033b07f4c73fbef94cecb7184754a4638eaf5660fd971d"),
    "SNLI, revised": (
        "nli/snli_cad.train.jsonl.gz",
        "37bb56052ae3a3ba7f80e5bc952e929fb1d8b71142de4e46cf3fc8f7860b75a6",
    ),
}
REQUESTS = ("topic/clinc150.train.jsonl.gz", "ccd08e5bb7c3ae71fc46a048545c145429e701f0c7f7dfedf901015ed7a9d5c6")
SHARES = {"Wikipedia": 6000}  # rows taken, where not all: these pairs are long and partly translated by machine
TEMPLATES = ("This example is {}.", "This text is about {}.", "The topic is {}.")


def statements(texts: list[str], labels: list[str], alike: list[str], wrong: int, generator) -> list[dict]:
    """For each text one true statement about its label and `wrong` false ones, half of them from the same group."""
    groups = {group: sorted({l for l, a in zip(labels, alike, strict=True) if a == group}) for group in set(alike)}
    everything = sorted(set(labels))
    made = []
    for text, label, group in zip(texts, labels, alike, strict=True):
        template = TEMPLATES[generator.integers(len(TEMPLATES))]
        made.append({"premise": text, "hypothesis": template.format(label), "label": "entailment"})
        for _ in range(wrong):
            pool = groups[group] if generator.random() < 0.5 and len(groups[group]) > 1 else everything
            other = label
            while other == label:
                other = pool[generator.integers(len(pool))]
            made.append({"premise": text, "hypothesis": template.format(other), "label": "contradiction"})
    return made


def training_rows(data: Path, leads: Path) -> list[dict]:
    """Every training pair: `premise`, `hypothesis`, `label`."""
    generator = np.random.default_rng(SEED)
    rows = []
    for name, file in INFERENCE.items():
        found = read_rows(data, *file)
        rows += [found[row] for row in generator.permutation(len(found))[: SHARES.get(name)]]
    requests = [row for row in read_rows(data, *REQUESTS) if row["domain"] != "oos"]
    requests = [requests[row] for row in generator.permutation(len(requests))[:5000]]
    rows += statements(
        [row["text"] for row in requests],
        [row["label_name"].replace("_", " ") for row in requests],
        [row["domain"] for row in requests],
        1, generator,
    )  # fmt: skip
    known = [lead for lead in read_leads(leads, "train") if lead.description]
    known = [known[row] for row in generator.permutation(len(known))[:3000]]
    texts = [lead.text.split(". ")[0] for lead in known]
    described = [lead.description[0].lower() + lead.description[1:] for lead in known]
    rows += statements(texts, described, [lead.topic for lead in known], 1, generator)
    topical = [
        (text, lead.topic.lower()) for text, lead in zip(texts, known, strict=True) if lead.topic != "Uncategorized"
    ]
    topics = [topic for _, topic in topical]
    return rows + statements([text for text, _ in topical], topics, topics, 1, generator)


def train(rows: list[dict], work: Path, epochs: int, rate: float, rank: int):
    """MiniLM with trained adapters."""
    base, labels = checkpoint("minilm"), catalogue()[NAME].labels
    tokenizer = AutoTokenizer.from_pretrained(base)
    torch.manual_seed(SEED)
    model = AutoModelForSequenceClassification.from_pretrained(
        base, id2label=dict(enumerate(labels)), label2id={label: number for number, label in enumerate(labels)}
    )
    model = with_adapters(model, "SEQ_CLS", "classifier", rank, dropout=0.05)
    encoded = tokenizer(
        [row["premise"] for row in rows],
        [row["hypothesis"] for row in rows],
        truncation="longest_first",
        max_length=LONGEST,
    )
    ids, types = encoded["input_ids"], encoded["token_type_ids"]
    targets = torch.tensor([labels.index(row["label"]) for row in rows])

    def loss_of(group: list[int]) -> torch.Tensor:
        inputs = tokenizer.pad(
            {"input_ids": [ids[i] for i in group], "token_type_ids": [types[i] for i in group]},
            pad_to_multiple_of=8,
            return_tensors="pt",
        )
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(**inputs).logits  # (batch, 3)
        return torch.nn.functional.cross_entropy(logits.float(), targets[group])

    fit(
        model, loss_of, [len(row) for row in ids],
        state=work / f"{NAME}.pt", epochs=epochs, batch_size=64, rate=rate, seed=SEED,
    )  # fmt: skip
    return model


CARD = """# zero-shot

MiniLM (all-MiniLM-L6-v2, Apache-2.0) with adapters of rank {rank} in every linear layer of its six layers and a new
three-class head: contradiction, neutral, entailment. Written by `recipes/zero_shot.py` (seed {seed}, {epochs} epoch, rate
{rate}, {rows:,} pairs).

- **Data**: LingNLI (Parrish et al. 2021; licence not stated, a research set in common use), MultiNLI pairs re-annotated by
  TaxiNLI (Williams et al. 2018, Joshi et al. 2020; C-UDA 1.0), pairs from Wikipedia (Vania et al. 2020; text CC BY-SA 3.0),
  SNLI pairs revised by people (Kaushik et al. 2020; Apache-2.0); statements about what a text is about, made from CLINC150
  (Larson et al. 2019; CC BY 3.0) and from Wikipedia's short descriptions and topics (CC BY-SA 4.0).
- **Licence of the weights**: Apache-2.0. **Size**: {size:,} bytes (float16).
- **Measured** by `course evaluate zero-shot`. Nothing of the three test sets was trained on; XNLI and AG News are marked
  non-commercial and serve for measuring only.

{measured}

- **Limits**: English; one sentence to a short paragraph. It knows topics better than logic: denials and numbers often
  escape it, and the wording of a label changes the answer.
"""

if __name__ == "__main__":
    settings = options(__doc__.splitlines()[0], epochs=1, rate=4e-4, sources=("data", "leads"))
    rows = training_rows(settings.data, settings.leads)
    print(len(rows), "pairs", flush=True)
    size = ship(train(rows, settings.work, settings.epochs, settings.rate, settings.rank), NAME)
    write_card(
        NAME, CARD, rank=settings.rank, seed=SEED, epochs=settings.epochs, rate=settings.rate, rows=len(rows), size=size
    )
