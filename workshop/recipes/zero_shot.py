"""Zero-shot classification: adapters and a three-class head on MiniLM, trained on natural language inference and topics.

    python -m workshop.recipes.zero_shot --data FOLDER --leads FILE --debian FILE    # trains (resumable), writes the assets

FOLDER holds the files named in FILES below, the others are what `course_lib.data.leads` and `workshop.evaluation.debian` read. Two
kinds of rows take turns. Pairs of sentences that people wrote teach inference. Choices teach what the pipeline does with
it: a text and several statements about what it is ("This example is weather."), of which one is true, and the model is to
give that one the greatest score for entailment. In a third of the choices nobody knows the right one: there the model
learns the order in which MiniLM itself puts the statements, by the cosine of text and label, since it starts as a judge of
pairs and would otherwise forget what it knew of similar sentences (distillation, Hinton et al. 2015).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from course_lib.checkpoints import catalogue, checkpoint
from course_lib.data.leads import Lead, read_leads
from workshop.evaluation.asking import vectors
from workshop.evaluation.debian import descriptions
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
from workshop.recipes.letters import letters

NAME = "zero-shot"
SEED = 7
DEFAULTS = {"epochs": 2, "rate": 1.5e-4, "sources": ("data", "leads", "debian")}
LONGEST = 192  # tokens
LETTERS = 8000  # texts of the course's grammar: its letters have several sentences, and few say what they are about
INFERENCE = {
    "LingNLI": labelled_file("nli/lingnli.train.jsonl.gz"),
    "MultiNLI": labelled_file("nli/mnli_taxinli.train.jsonl.gz"),
    "MultiNLI, second part": labelled_file("nli/mnli_taxinli.test.jsonl.gz"),
    "Wikipedia": labelled_file("nli/wiki_nli.train.jsonl.gz"),
    "SNLI, revised": labelled_file("nli/snli_cad.train.jsonl.gz"),
}
SAME_OR_NOT = labelled_file("nli/rte.train.jsonl.gz")  # two classes: entailment and the rest
QUESTIONS = labelled_file("topic/trec.train.jsonl.gz")
ASKED = {  # of these the questions are read, for choices that MiniLM decides
    "SQuAD": labelled_file("qa/squad_dev_minus_xquad.train.jsonl.gz"),
    "Amazon": labelled_file("qa/squadshifts_amazon_reviews.train.jsonl.gz"),
}  # fmt: skip
SPOKEN = labelled_file("translation/tatoeba_en_fr.train.jsonl.gz")
REQUESTS = Path(__file__).parent / "texts" / "requests.tsv"  # short requests in 16 domains, written for the course
TEMPLATES = ("This example is {}.", "This example is {}.", "This text is about {}.", "The topic is {}.")
STATEMENTS = 6  # in a choice
SHARP = 0.05  # MiniLM's cosines are divided by it before the softmax
# What TREC's classes of questions mean, where their names do not say it.
MEANT = {
    "abb": "abbreviation", "exp": "what an abbreviation stands for", "animal": "animal", "body": "part of the body",
    "color": "colour", "cremat": "book, film or other work", "currency": "currency", "dismed": "illness or medicine",
    "event": "event", "food": "food and drink", "instru": "musical instrument", "lang": "language", "letter": "letter",
    "other": "", "plant": "plant", "product": "product", "religion": "religion", "sport": "sport",
    "substance": "substance", "symbol": "symbol or sign", "techmeth": "technique or method", "termeq": "equivalent term",
    "veh": "vehicle", "word": "word", "def": "definition of a word", "desc": "description", "manner": "how to do something",
    "reason": "reason for something", "gr": "group or company", "ind": "person", "title": "title of a person",
    "city": "city", "country": "country", "mount": "mountain", "state": "state", "code": "number or code",
    "count": "how many", "date": "date", "dist": "distance", "money": "price", "ord": "rank", "period": "how long",
    "perc": "percentage", "speed": "speed", "temp": "temperature", "volsize": "size", "weight": "weight",
}  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """A text, the labels that it may have, and how likely each is (they sum to 1)."""

    text: str
    labels: tuple[str, ...]
    shares: tuple[float, ...]


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


def by_cosine(texts: list[str], labels: Sequence[str], near: int = 30) -> list[list[tuple[str, float]]]:
    """For each text the `near` labels whose MiniLM vectors are nearest to its own, with their cosine, nearest first."""
    table, found = vectors(list(labels)), []  # (label, 384)
    for start in range(0, len(texts), 1000):
        closeness = vectors(texts[start : start + 1000]) @ table.T  # (text, label)
        order = np.argsort(-closeness, axis=1)[:, :near]
        found += [[(labels[n], float(row[n])) for n in best] for row, best in zip(closeness, order, strict=True)]
    return found


def with_answers(texts: list[str], true: list[set[str]], draw: np.random.Generator, near: int = 12) -> list[Choice]:
    """For each text one of its true labels and STATEMENTS - 1 false ones, half of them from the `near` nearest."""
    everything = sorted(set().union(*true))
    made = []
    for text, known, close in zip(texts, true, by_cosine(texts, everything, near), strict=True):
        label = sorted(known)[draw.integers(len(known))]
        wrong = [other for other, _ in close if other not in known]
        rest = [other for other in everything if other not in known]
        taken = list(draw.permutation(wrong)[: STATEMENTS // 2]) if wrong else []
        rest = [other for other in draw.permutation(rest)[: 2 * STATEMENTS] if other not in taken]
        labels = [label, *map(str, taken), *map(str, rest)][:STATEMENTS]
        made.append(Choice(text, tuple(labels), (1.0,) + (0.0,) * (len(labels) - 1)))
    return made


def with_similarity(texts: list[str], labels: list[str], draw: np.random.Generator) -> list[Choice]:
    """For each text labels near and far, weighted as the cosine of MiniLM's vectors weights them."""
    made = []
    for text, close in zip(texts, by_cosine(texts, labels, 60), strict=True):
        places = [
            0,
            *draw.choice(np.arange(1, 8), 2, replace=False),
            *draw.choice(np.arange(8, len(close)), 3, replace=False),
        ]
        scores = np.array([close[place][1] for place in places]) / SHARP
        shares = np.exp(scores - scores.max())
        made.append(Choice(text, tuple(close[place][0] for place in places), tuple(shares / shares.sum())))
    return made


def requests() -> list[dict[str, str]]:
    """The course's own short requests: `domain`, `label`, `text`."""
    with REQUESTS.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def topics(lead: Lead) -> set[str]:
    """The topics that an article's short description gives away."""
    told = lead.description.lower()
    return {topic for topic, words in TOPICS.items() if re.search(rf"\b({words})\b", told)}


def pairs(data: Path) -> list[dict]:
    """Every pair of sentences: `premise`, `hypothesis`, `label`; RTE's second class is `not_entailment`."""
    return [row for file in (*INFERENCE.values(), SAME_OR_NOT) for row in read_rows(data, *file)]


def choices(data: Path, leads: Path, debian: Path) -> list[Choice]:
    """Every choice between statements."""
    draw, made = np.random.default_rng(SEED), []

    own = requests()
    domains = sorted({row["domain"] for row in own})
    for domain in domains:  # twice: against labels of the same domain, and against those of all
        inside = [row for row in own if row["domain"] == domain]
        made += with_answers([row["text"] for row in inside], [{row["label"]} for row in inside], draw)
    made += with_answers([row["text"] for row in own], [{row["label"]} for row in own], draw)
    made += with_answers([row["text"] for row in own], [{row["domain"]} for row in own], draw)

    about = [one for one in letters(LETTERS, SEED) if one.topics]
    made += with_answers([one.text for one in about], [set(one.topics) for one in about], draw)

    asked = [row for row in read_rows(data, *QUESTIONS) if MEANT.get(row["fine"].split(":")[1].lower())]
    texts = [row["text"].replace(" ?", "?") for row in asked]
    made += with_answers(texts, [{MEANT[row["fine"].split(":")[1].lower()]} for row in asked], draw)

    known = [lead for lead in read_leads(leads, "train") if lead.description]
    texts = [lead.text.split(". ")[0] for lead in known]
    described = [lead.description[0].lower() + lead.description[1:] for lead in known]
    half = len(known) // 2
    made += with_answers(texts[:half], [{one} for one in described[:half]], draw)
    topical = [(text, topics(lead)) for text, lead in zip(texts, known, strict=True) if topics(lead)]
    made += with_answers([text for text, _ in topical], [found for _, found in topical], draw)

    packages = descriptions(debian, "train")
    packages = [packages[n] for n in draw.permutation(len(packages))[:4000]]
    shorts = [one.short[0].lower() + one.short[1:] for one in packages]
    made += with_answers([one.text.split(". ")[0] for one in packages], [{one} for one in shorts], draw)

    texts = sorted({row["question"].strip() for file in ASKED.values() for row in read_rows(data, *file)})
    texts += sorted({row["en"] for row in read_rows(data, *SPOKEN) if 5 <= len(row["en"].split()) <= 20})
    texts = [texts[n] for n in draw.permutation(len(texts))[:12000]]
    labels = sorted({row["label"] for row in own} | set(described) | set(shorts) | set(MEANT.values()) - {""})
    made += with_similarity([row["text"] for row in own] + texts, labels, draw)
    return made


def train(known: list[dict], chosen: list[Choice], settings):
    """MiniLM with trained adapters, and facts about the training for the card."""
    base, labels = checkpoint("minilm"), catalogue()[NAME].labels
    follows = labels.index("entailment")
    tokenizer = AutoTokenizer.from_pretrained(base)
    torch.manual_seed(SEED)
    model = AutoModelForSequenceClassification.from_pretrained(
        base,
        id2label=dict(enumerate(labels)),
        label2id={label: number for number, label in enumerate(labels)},
        **QUICK,
    )
    model, before = to_be_adapted(model, NAME, "SEQ_CLS", "classifier", settings)
    draw = np.random.default_rng(SEED)
    said = [TEMPLATES[draw.integers(len(TEMPLATES))] for _ in chosen]
    premises = [row["premise"] for row in known] + [one.text for one in chosen for _ in one.labels]
    hypotheses = [row["hypothesis"] for row in known] + [
        template.format(label) for template, one in zip(said, chosen, strict=True) for label in one.labels
    ]
    encoded = tokenizer(premises, hypotheses, truncation="longest_first", max_length=LONGEST)
    ids, types = encoded["input_ids"], encoded["token_type_ids"]
    first = np.cumsum([len(known)] + [len(one.labels) for one in chosen]).tolist()  # where a choice's pairs begin
    rows = [[n] for n in range(len(known))] + [list(range(a, b)) for a, b in zip(first, first[1:], strict=False)]
    lengths = [len(row) * max(len(ids[n]) for n in row) for row in rows]
    target = torch.zeros(len(known), len(labels))  # (pair, class): the classes that the label leaves open
    for number, row in enumerate(known):
        if row["label"] == "not_entailment":
            target[number] = torch.tensor([float(label != "entailment") for label in labels])
        else:
            target[number, labels.index(row["label"])] = 1.0

    def loss_of(group: list[int]) -> torch.Tensor:
        flat = [n for row in group for n in rows[row]]
        inputs = tokenizer.pad(
            {"input_ids": [ids[n] for n in flat], "token_type_ids": [types[n] for n in flat]},
            pad_to_multiple_of=8,
            return_tensors="pt",
        ).to(settings.device)
        with precision(settings.device):
            logits = model(**inputs).logits  # (pair, 3)
        logits = logits.float()
        if group[0] < len(known):
            open_ones = target[group].to(settings.device)  # (batch, 3)
            return -(logits.log_softmax(-1).exp() * open_ones).sum(-1).clamp(min=1e-7).log().mean()
        sizes = [len(rows[row]) for row in group]
        scores = torch.nn.utils.rnn.pad_sequence(logits[:, follows].split(sizes), True, -1e4)  # (choice, statement)
        shares = torch.zeros_like(scores)
        for place, row in enumerate(group):
            shares[place, : sizes[place]] = torch.tensor(chosen[row - len(known)].shares)
        return -(scores.log_softmax(-1) * shares).sum(-1).mean()

    kinds = [int(n >= len(known)) for n in range(len(rows))]
    return fit_adapted(model, before, loss_of, lengths, NAME, settings, SEED, kinds=kinds)


CARD = """# zero-shot

MiniLM (all-MiniLM-L6-v2, Apache-2.0) with adapters of rank {rank} in every linear layer of its six layers and a \
new three-class head: contradiction, neutral, entailment. All weights of these layers were trained, and what \
they learned was put into the adapters (singular value decomposition; {share:.1%} of the squared change fits). \
Written by `workshop/recipes/zero_shot.py` ({training}; {pairs:,} pairs of sentences and {choices:,} choices between \
statements).

- **Intended use**: to show zero-shot classification in chapters 01 and 07, on English sentences and short \
paragraphs with a handful of labels. Not for sorting what people write where a wrong label has consequences.
- **Data**: LingNLI (Parrish et al. 2021; licence not stated, a research set in common use), MultiNLI pairs \
re-annotated by TaxiNLI (Williams et al. 2018, Joshi et al. 2020; C-UDA 1.0), pairs from Wikipedia (Vania et al. \
2020; text CC BY-SA 3.0), SNLI pairs revised by people (Kaushik et al. 2020; Apache-2.0), RTE (Dagan et al. 2005 \
and later; licence not stated). Choices between statements about what a text is: 1,413 short requests written \
for the course and the letters among {letters:,} texts of its grammar (`workshop/recipes/letters.py`), TREC's \
questions (Li and Roth 2002; licence not stated), Wikipedia's first sentences with their short descriptions (CC BY-SA 4.0), {topics} topics that words in them give away, first sentences about Debian's packages with their one-line descriptions (each under its package's licence). In a third \
of the choices, over questions of SQuAD and SquadShifts and sentences of Tatoeba (CC BY 2.0), MiniLM's own \
cosine says how near each label is. The labels of the requests stand in `workshop/recipes/texts/requests.tsv`, those \
of the letters in `workshop/recipes/letters.py`.{began}
- **Licence of the weights**: Apache-2.0. **Size**: {size:,} bytes (float16).
- **Measured** by `course evaluate zero-shot`. Nothing of the test sets was trained on; XNLI and AG News are \
marked non-commercial and serve for measuring only.

{measured}

- **Limits**: English; one sentence to a letter. It knows topics better than logic: negations and \
numbers often escape it, and the wording of a label changes the answer.
- **Ethical considerations**: it gives every label a score, also labels that insult or that fit nobody; the \
labels are the responsibility of who writes them. How its scores depend on who is spoken of has not been \
measured.
"""

# The first weights that shipped had read CLINC150. Whoever begins with the weights that ship inherits that.
BEGAN = """ The weights that it began with had also learned from statements made of CLINC150's training requests \
(Larson et al. 2019; CC BY 3.0): the requests of its test below are others, but their intents and domains are not unseen."""


def read(settings) -> dict[str, list]:
    """What is learned from: pairs and choices."""
    chosen = choices(settings.data, settings.leads, settings.debian)
    return {"pairs": pairs(settings.data), "choices": [asdict(one) for one in chosen]}


def run(found: dict[str, list], settings) -> None:
    """Train, and write what ships."""
    known, chosen = found["pairs"], [Choice(**one) for one in found["choices"]]
    print(len(known), "pairs,", len(chosen), "choices", flush=True)
    model, done = train(known, chosen, settings)
    size = ship(model, NAME)
    write_card(
        NAME, CARD, settings, SEED, done, pairs=len(known), choices=len(chosen), size=size, topics=len(TOPICS),
        letters=LETTERS, began=BEGAN if settings.goes_on else "",
    )  # fmt: skip


if __name__ == "__main__":
    settings = options(__doc__.splitlines()[0], **DEFAULTS)
    run(read(settings), settings)
