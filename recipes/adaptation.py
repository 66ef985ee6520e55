"""Domain adaptation of chapter 03: what a model gains on Python's help by reading it, and what it forgets meanwhile.

    python recipes/adaptation.py        # measures what is missing, writes the record; half an hour

The fill-mask checkpoint of the course, which has read Wikipedia, reads the train part of Python's help, all weights
trained. Perplexity of masked words on the test parts of both, after 0, 20, 60 and 160 steps; the same words are masked
each time. Two rates: the usual one, and a five times higher one. As a control it reads on in Wikipedia instead: the
checkpoint was made with other masks than these, and some of any gain is that it gets used to them.
"""

from __future__ import annotations

import itertools
import platform

from transformers import AutoTokenizer

from course_lib import corpora
from course_lib.adaptation import SparseMaskedLM, masked_perplexity, masker, questions, rows_of
from course_lib.checkpoints import checkpoint
from course_lib.recorded import Record
from course_lib.training import TrainerCallback, pretrain

SETTINGS = {"steps": 160, "batch": 16, "measured after": [0, 20, 60, 160], "test tokens": 8000}
ARMS = (("Python help", 1e-4), ("Python help", 5e-4), ("Wikipedia", 1e-4))  # what is read, at which rate
SEEDS = (0, 1, 2, 3, 4)


def main() -> None:
    tokenizer = AutoTokenizer.from_pretrained(checkpoint("fill-mask"))
    train = {"Python help": rows_of(corpora.python_help("train")["text"], tokenizer)}
    train["Wikipedia"] = rows_of(corpora.leads("train")["text"][:2000], tokenizer)
    asked = {
        name: questions(rows_of(texts, tokenizer, SETTINGS["test tokens"]), tokenizer)
        for name, texts in (
            ("Python help", corpora.python_help("test")["text"]),
            ("Wikipedia", corpora.leads("test")["text"]),
        )
    }
    settings = SETTINGS | {"rows": len(train["Python help"]), "python": ".".join(platform.python_version_tuple()[:2])}
    record = Record("adaptation", "python recipes/adaptation.py", settings)
    for seed, (read, rate) in itertools.product(SEEDS, ARMS):
        if record.has(read=read, rate=rate, seed=seed, steps=SETTINGS["steps"]):
            continue
        model = SparseMaskedLM.from_pretrained(checkpoint("fill-mask"))
        found = []

        def measure(steps: int, model=model, read=read, rate=rate, seed=seed, found=found) -> None:
            figures = {name: round(masked_perplexity(model, batches), 3) for name, batches in asked.items()}
            found.append({"read": read, "rate": rate, "seed": seed, "steps": steps, **figures})
            print(found[-1], flush=True)

        class Measure(TrainerCallback):
            def on_step_end(self, args, state, control, measure=measure, model=model, **named) -> None:
                if state.global_step in SETTINGS["measured after"]:
                    measure(state.global_step)
                    model.train()

        measure(0)
        collate = masker(tokenizer, seed)
        pretrain(
            model, train[read], steps=SETTINGS["steps"], batch_size=SETTINGS["batch"], rate=rate, seed=seed, collate=collate,
            callbacks=[Measure()],
        )  # fmt: skip
        for run in found:
            record.add(**run)


if __name__ == "__main__":
    main()
