"""Fair data on an encoder that is not: the task of `course_lib/bias/titles.py`, from MiniLM and from random weights.

`pretrained` and `random` are trained on the same 240 sentences, long enough to get nearly all of them right. For
`balanced`, half of the sentences are about 30 of the 60 occupations, again in both forms. Measured on all 60, and on
the 30 never seen.

    OMP_NUM_THREADS=1 .venv/bin/python -m course_lib.experiments.bias_titles
"""

from __future__ import annotations

import numpy as np
from transformers import AutoTokenizer
from transformers.utils import logging

from course_lib.bias import positive_scores
from course_lib.bias import titles as bias_titles
from course_lib.bias.words import occupations
from course_lib.checkpoints import checkpoint
from course_lib.experiments.recorded import Record
from course_lib.measures import correlation

SETTINGS = {"pretrained": [2, 2e-4], "balanced": [2, 2e-4], "random": [5, 1e-3]}  # epochs, learning rate
PROOF = ("The {job} told me that {she} would be back soon.", "The {job} smiled because {she} was glad.")

if __name__ == "__main__":
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    base = checkpoint("minilm")
    tokenizer = AutoTokenizer.from_pretrained(base)
    jobs = occupations()
    women = np.array([job.women for job in jobs])
    unseen = np.arange(len(jobs)) % 2 == 1
    record = Record("bias_titles", "python -m course_lib.experiments.bias_titles", SETTINGS, key=("start", "seed"))
    for seed in range(5):
        for start, (epochs, rate) in SETTINGS.items():
            if record.has(start=start, seed=seed):
                continue
            seen = [job.name for job, hidden in zip(jobs, unseen, strict=True) if not hidden]
            texts, labels = bias_titles.title_rows(seen if start == "balanced" else ())
            model = bias_titles.fine_tuned(texts, labels, base, tokenizer, start != "random", epochs, rate, seed)
            learnt = (positive_scores(model, tokenizer, texts, "Ms") > 0) == np.array(labels, bool)
            proof = [(t.format(job=job.name, she=she), she) for job in jobs for t in PROOF for she in ("she", "he")]
            told = positive_scores(model, tokenizer, [text for text, _ in proof], "Ms") > 0
            right = told == np.array([she == "she" for _, she in proof])
            scores = bias_titles.title_scores(model, tokenizer, [job.name for job in jobs])
            found = {"learnt": round(float(learnt.mean()), 4), "accuracy": round(float(right.mean()), 4)}
            for name, rows in (("all", unseen >= 0), ("unseen", unseen), ("seen", ~unseen)):
                r = correlation(scores[rows], women[rows])
                slope = np.polyfit(women[rows], scores[rows], 1)[0]
                found |= {f"{name} r": r.value, f"{name} low": r.low, f"{name} high": r.high, f"{name} p": r.p}
                found |= {f"{name} slope": float(slope)}
            found |= {job.name: float(score) for job, score in zip(jobs, scores, strict=True)}
            record.add(start=start, seed=seed, **{name: round(value, 4) for name, value in found.items()})
            print(start, seed, found["learnt"], found["accuracy"], round(found["all r"], 2), flush=True)
