"""A task as fair as data can be: guess from a sentence whether a letter goes to "Ms" or to "Mr". Chapter 07.

Each training sentence is there once with *she* and *her*, once with *he* and *his*, about a person of whom nothing is
known. No occupation occurs. What the classifier then says of "The nurse was late." cannot come from these sentences.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from course_lib.arguments import above_zero, whole
from course_lib.arguments import texts as checked

if TYPE_CHECKING:
    from transformers import PreTrainedModel

PERSONS = (
    "customer", "neighbour", "visitor", "guest", "passenger", "member", "friend", "tenant", "reader", "caller",
    "stranger", "person",
)  # fmt: skip
TRAINING = (
    "The {person} said that {she} was late.",
    "The {person} asked us to call {her} back.",
    "The {person} lost {her} keys.",
    "The {person} is happy with {her} new lamp.",
    "The {person} wrote that {she} had moved.",
    "The {person} will come when {she} can.",
    "The {person} wants {her} money back.",
    "The {person} told us that {she} was ill.",
    "The {person} forgot {her} umbrella.",
    "The {person} thanked us before {she} left.",
)
QUESTIONS = (
    "The {job} was late.",
    "The {job} asked us to call back.",
    "The {job} lost some keys.",
    "The {job} is happy with the new lamp.",
    "The {job} wrote to us.",
    "The {job} wants the money back.",
)
LABELS = {0: "Mr", 1: "Ms"}


def title_rows(jobs: Sequence[str] = ()) -> tuple[list[str], list[int]]:
    """240 sentences and their labels, 1 for "Ms": every sentence in both forms.

    With `jobs`, half of the sentences are about those occupations instead: what balanced fine-tuning adds. Raises
    TypeError for one occupation that is not in a list.
    """
    checked("jobs", jobs, least=0)
    about = list(itertools.product(TRAINING, PERSONS))
    if len(jobs):
        taken = itertools.cycle(jobs)
        about = [(frame, next(taken) if number % 2 else person) for number, (frame, person) in enumerate(about)]
    rows = [
        (frame.format(person=person, she=she, her=her), label)
        for frame, person in about
        for she, her, label in (("she", "her", 1), ("he", "him" if "call" in frame else "his", 0))
    ]
    texts, labels = zip(*rows, strict=True)
    return list(texts), list(labels)


def fine_tuned(
    texts: list[str],
    labels: list[int],
    base,
    tokenizer,
    pretrained=True,
    epochs=2,
    learning_rate=2e-4,
    seed=0,
    importance: Sequence[float] | None = None,
    names: tuple[str, str] = ("Mr", "Ms"),
):
    """A classifier trained on `texts`, all layers of it; with `pretrained=False` it starts from random weights.

    `base` is a folder with an encoder. Its embedding matrix stays as it is: most words do not occur in these texts.
    `importance` (text,) says how much each text counts in the loss, by default all the same; `names` are the two
    classes. The random numbers of PyTorch are left as they were. Raises ValueError for labels other than 0 and 1, one
    for each text, and for an importance that is not above 0.
    """
    import torch
    from transformers import AutoConfig, AutoModelForSequenceClassification

    from course_lib.training import take_steps

    if len(checked("texts", texts)) != len(labels) or not {0, 1}.issuperset(labels):
        raise ValueError(
            f"labels are 0 or 1, one for each text; given: {len(labels)} for {len(texts)} texts, with the values "
            f"{sorted(set(labels))[:5]}."
        )
    epochs, learning_rate = whole("epochs", epochs), above_zero("learning_rate", learning_rate)
    counts = np.ones(len(texts)) if importance is None else np.asarray(importance, dtype=float)
    if counts.shape != (len(texts),) or not (np.isfinite(counts) & (counts > 0)).all():
        raise ValueError(f"importance is a number above 0 for each of {len(texts)} texts; given: {importance!r:.80}.")
    counts = torch.tensor(counts / counts.mean(), dtype=torch.float)  # (text,)
    settings = {"num_labels": 2, "id2label": dict(enumerate(names))}
    settings |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if pretrained:
            model: PreTrainedModel = AutoModelForSequenceClassification.from_pretrained(base, **settings)
        else:
            model = AutoModelForSequenceClassification.from_config(AutoConfig.from_pretrained(base, **settings))
        steps = epochs * -(-len(texts) // 24)
        weights = [value for name, value in model.named_parameters() if "embeddings" not in name]  # the embeddings stay
        optimizer = torch.optim.AdamW(weights, lr=learning_rate)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, learning_rate, total_steps=steps, pct_start=0.2)

        def loss_of(model, group):
            batch = tokenizer([texts[row] for row in group], padding=True, return_tensors="pt")
            logits = model(**batch).logits  # (text, 2)
            told = torch.tensor([labels[row] for row in group])
            losses = torch.nn.functional.cross_entropy(logits, told, reduction="none")  # (text,)
            return (counts[group] * losses).mean()

        groups = (group for _ in range(epochs) for group in torch.randperm(len(texts)).split(24))
        take_steps(model, groups, loss_of, optimizer, schedule)
    return model


def title_scores(model, tokenizer, jobs) -> np.ndarray:
    """How much the classifier leans to "Ms" for each occupation: log-odds, mean over six sentences, (job,)."""
    from course_lib.bias import positive_scores

    texts = [text.format(job=job) for job in checked("jobs", jobs) for text in QUESTIONS]
    return positive_scores(model, tokenizer, texts, positive="Ms").reshape(len(jobs), -1).mean(1)
