"""What fine-tuning does with a small group: MiniLM on letters of two groups, with two losses.

`mean` is the usual loss, in which every letter counts the same; in `balanced` a letter of the small group counts nine
times, so that both groups count the same. The letters are those of `course_lib/bias/groups.py`, where one in ten is of
the small group, and they do not say who writes. Five seeds.

    OMP_NUM_THREADS=1 .venv/bin/python -m course_lib.experiments.bias_metric
"""

from __future__ import annotations

import numpy as np
from transformers import AutoTokenizer
from transformers.utils import logging

from course_lib.bias import positive_scores
from course_lib.bias.groups import as_texts, customer_letters
from course_lib.bias.titles import fine_tuned
from course_lib.checkpoints import checkpoint
from course_lib.experiments.recorded import Record

SETTINGS = {"letters": 1200, "test": 2000, "share": 0.1, "epochs": 2, "rate": 2e-4, "small counts": [1, 9]}
LOSSES = dict(zip(("mean", "balanced"), SETTINGS["small counts"], strict=True))

if __name__ == "__main__":
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    base = checkpoint("minilm")
    tokenizer = AutoTokenizer.from_pretrained(base)
    record = Record("bias_metric", "python -m course_lib.experiments.bias_metric", SETTINGS, key=("loss", "seed"))
    for seed in range(5):
        letters = customer_letters(SETTINGS["letters"], SETTINGS["share"], seed)
        test = customer_letters(SETTINGS["test"], SETTINGS["share"], 100 + seed)
        texts, test_texts = as_texts(letters, seed), as_texts(test, 100 + seed)
        for loss, counts in LOSSES.items():
            if record.has(loss=loss, seed=seed):
                continue
            model = fine_tuned(
                texts, letters.pleased.astype(int).tolist(), base, tokenizer, epochs=SETTINGS["epochs"],
                learning_rate=SETTINGS["rate"], seed=seed, importance=np.where(letters.small, counts, 1),
                names=("displeased", "pleased"),
            )  # fmt: skip
            right = (positive_scores(model, tokenizer, test_texts, "pleased") > 0) == test.pleased
            shares = {"all": right, "large": right[~test.small], "small": right[test.small]}
            found = {name: round(float(some.mean()), 4) for name, some in shares.items()}
            record.add(loss=loss, seed=seed, **found)
            print(loss, seed, found, flush=True)
