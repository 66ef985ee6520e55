"""Zero-shot classification: rank-32 adapters and a three-class head on MiniLM, trained on natural language inference.

    python recipes/zero_shot.py --data FOLDER --leads FILE    # trains (resumable) and writes course_lib/assets/zero-shot

FOLDER holds the files named in FILES below, FILE is the wheel of `course_lib.evaluation.leads`. Half of what is learned
is inference between two sentences that people wrote; the rest are statements about what a text is about, made from
labelled texts ("This example is weather."), which is how the pipeline uses the model.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import torch
from training import QUICK, fit, options, read_rows, ship, with_adapters, write_card
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from course_lib.checkpoints import catalogue, checkpoint
from course_lib.evaluation.asking import vectors
from course_lib.evaluation.leads import Lead, read_leads

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


# A topic, and words of a short description that give it away.
TOPICS = {
    "sports": r"player|footballer|sports?|football|basketball|tennis|olympic|boxer|athlete|racing|martial art|ball game",
    "business": r"company|corporation|business\w*|banks?|economics?|economy|trade|entrepreneur|industry|finance|financial|"
    r"currency|market|accounting|retail\w*|money",
    "politics": r"politic\w*|presidents?|prime minister|governments?|chancellor|elections?|treaty|diplomat\w*|war|wars|"
    r"conflict|battle|military|minister|revolution\w*|republic|parliament\w*|head of state|state in",
    "science and technology": r"scien\w+|technolog\w+|software|comput\w+|internet|electronic\w*|physics|chemistry|space|"
    r"spacecraft|telescope|device|engine|astronom\w+|programming|inventor|machine",
    "music": r"music\w*|singers?|song\w*|composer|band|opera|rapper|instrument|pianist|guitar\w*|dance",
    "film and television": r"films?|actor|actress|television|cinema|filmmaker",
    "literature": r"novel\w*|writer|author|poet|poem|poetry|playwright|literature|literary",
    "art": r"paint\w+|sculpt\w+|artist|art|arts|architect\w*",
    "health": r"disease|medic\w+|disorder|infection|drug|health|symptom|surgery|hospital|cancer|virus",
    "food": r"food|dish|drink|fruit|vegetable|cooking|beverage|cuisine|edible",
    "animals": r"animals?|mammals?|birds?|fish|fishes|insects?|reptiles?|family of|genus of|species of",
    "plants": r"plants?|tree|trees|flower\w*|grass\w*",
    "geography": r"city|country|river|mountains?|island|islands|lake|sea|desert|region|capital of|continent|ocean",
    "religion": r"relig\w+|church|god|goddess|deity|christian\w*|islam\w*|buddh\w+|hindu\w*|prophet|pope|saint",
    "mathematics": r"math\w+|geometry|geometric|algebra\w*|number|numbers|theorem|equation|statistic\w*",
    "language": r"language|languages|alphabet|grammar\w*|writing system|linguist\w*|letter of",
    "law": r"law|legal|court|crime|rights|constitution\w*|judge|lawyer",
    "transport": r"vehicles?|aircraft|ship|ships|railway|train|road|car|airport|bridge",
    "weather": r"weather|rain|storm|climate|cyclone|snow|wind",
}


def nearest(texts: list[str], labels: list[str], count: int = 8) -> list[list[str]]:
    """For each text the `count` labels whose MiniLM vectors are nearest to its own: the ones to be confused with."""
    table = vectors(labels)  # (label, 384)
    found = []
    for start in range(0, len(texts), 1000):
        closeness = vectors(texts[start : start + 1000]) @ table.T  # (text, label)
        found += [[labels[number] for number in row] for row in np.argsort(-closeness, axis=1)[:, :count]]
    return found


def statements(texts: list[str], labels: list[set[str]], near: list[list[str]], wrong: int, generator) -> list[dict]:
    """For each text a true statement about one of its labels and `wrong` false ones, half of them from `near`.

    `labels` is the set of true labels of each text; none of them is made a false statement. `near` has for each text
    the labels that are easily taken for it.
    """
    everything = sorted(set().union(*labels))
    made = []
    for text, true, pool in zip(texts, labels, near, strict=True):
        template = TEMPLATES[generator.integers(len(TEMPLATES))]
        label = sorted(true)[generator.integers(len(true))]
        made.append({"premise": text, "hypothesis": template.format(label), "label": "entailment"})
        close = [other for other in pool if other not in true]
        for _ in range(wrong):
            choices, other = close if close and generator.random() < 0.5 else everything, label
            while other in true:
                other = choices[generator.integers(len(choices))]
            made.append({"premise": text, "hypothesis": template.format(other), "label": "contradiction"})
    return made


def topics(lead: Lead) -> set[str]:
    """The topics that an article's short description gives away."""
    told = lead.description.lower()
    return {topic for topic, words in TOPICS.items() if re.search(rf"\b({words})\b", told)}


def training_rows(data: Path, leads: Path) -> list[dict]:
    """Every training pair: `premise`, `hypothesis`, `label`."""
    generator = np.random.default_rng(SEED)
    rows = []
    for name, file in INFERENCE.items():
        found = read_rows(data, *file)
        rows += [found[row] for row in generator.permutation(len(found))[: SHARES.get(name)]]
    requests = [row for row in read_rows(data, *REQUESTS) if row["domain"] != "oos"]
    texts = [row["text"] for row in requests]
    labels = [row["label_name"].replace("_", " ") for row in requests]
    rows += statements(texts, [{label} for label in labels], nearest(texts, sorted(set(labels))), 2, generator)
    known = [lead for lead in read_leads(leads, "train") if lead.description]
    texts = [lead.text.split(". ")[0] for lead in known]
    described = [lead.description[0].lower() + lead.description[1:] for lead in known]
    near = nearest(texts, sorted(set(described)))
    half = len(known) // 2
    rows += statements(texts[:half], [{one} for one in described[:half]], near[:half], 1, generator)
    topical = [(text, topics(lead)) for text, lead in zip(texts, known, strict=True) if topics(lead)]
    texts, true = [text for text, _ in topical], [found for _, found in topical]
    return rows + statements(texts, true, nearest(texts, list(TOPICS), 5), 2, generator)


def train(rows: list[dict], work: Path, epochs: int, rate: float, rank: int):
    """MiniLM with trained adapters."""
    base, labels = checkpoint("minilm"), catalogue()[NAME].labels
    tokenizer = AutoTokenizer.from_pretrained(base)
    torch.manual_seed(SEED)
    model = AutoModelForSequenceClassification.from_pretrained(
        base,
        id2label=dict(enumerate(labels)),
        label2id={label: number for number, label in enumerate(labels)},
        **QUICK,
    )
    model = with_adapters(model, "SEQ_CLS", "classifier", rank, dropout=0.0)
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
  (Larson et al. 2019; CC BY 3.0) and from Wikipedia's short descriptions (CC BY-SA 4.0): the descriptions themselves, and
  {topics} topics that words in them give away, "sports", "business" and "politics" among them.
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
        NAME, CARD, rank=settings.rank, seed=SEED, epochs=settings.epochs, rate=settings.rate, rows=len(rows), size=size,
        topics=len(TOPICS),
    )  # fmt: skip
