"""Plants a bias of five sizes in MiniLM, fine-tunes each on fair sentences, and measures what the classifier inherits.

First the masked-language model is pretrained further on sentences about the invented trades of
`course_lib/bias/planted_bias.py`, then its encoder is fine-tuned for the task of `course_lib/bias/titles.py`, in whose
sentences no trade occurs and every sentence stands in both forms. Everything is the same but the share that was
planted. Five sizes, five seeds.

    OMP_NUM_THREADS=1 .venv/bin/python -m course_lib.experiments.bias_handed_on
"""

from __future__ import annotations

import tempfile

import numpy as np
from transformers import AutoTokenizer
from transformers.utils import logging

from course_lib.bias import planted_bias, positive_scores, titles
from course_lib.checkpoints import checkpoint
from course_lib.experiments.recorded import Record
from course_lib.measures import difference

SETTINGS = {"epochs": 8, "rate": 1e-4}
SHARES = (0.1, 0.3, 0.5, 0.7, 0.9)

if __name__ == "__main__":
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    base = checkpoint("fill-mask")
    tokenizer = AutoTokenizer.from_pretrained(base)
    texts, labels = titles.title_rows()
    record = Record(
        "bias_handed_on", "python -m course_lib.experiments.bias_handed_on", SETTINGS, key=("share", "seed")
    )
    for seed in range(5):
        for share in SHARES:
            if record.has(share=share, seed=seed):
                continue
            pretrained = planted_bias.taught(base, tokenizer, share, SETTINGS["epochs"], SETTINGS["rate"], seed)
            gap = difference(*planted_bias.trade_gaps(pretrained, tokenizer))
            with tempfile.TemporaryDirectory() as folder:
                pretrained.save_pretrained(folder)
                classifier = titles.fine_tuned(texts, labels, folder, tokenizer, seed=seed)
            learnt = (positive_scores(classifier, tokenizer, texts, "Ms") > 0) == np.array(labels, bool)
            scores = titles.title_scores(classifier, tokenizer, (*planted_bias.BRIGHT, *planted_bias.DARK))
            bright = len(planted_bias.BRIGHT)
            lean = difference(scores[:bright], scores[bright:])
            found = {f"gap {name}": value for name, value in gap._asdict().items()}
            found |= {f"lean {name}": value for name, value in lean._asdict().items()}
            found |= {"mean score": float(scores.mean()), "learnt": float(learnt.mean())}
            record.add(share=share, seed=seed, **{name: round(value, 4) for name, value in found.items()})
            print(share, seed, gap, lean, flush=True)
