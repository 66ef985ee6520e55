"""Plants a bias of five sizes in the texts of a made-up town, trains a tiny model on each, and measures what it learnt.

Each size with five seeds; for one size also with every sentence swapped and added (counterfactual augmentation).

    OMP_NUM_THREADS=1 .venv/bin/python -m course_lib.experiments.bias_planted
"""

from __future__ import annotations

from transformers.utils import logging

from course_lib.bias import planted_bias
from course_lib.experiments.recorded import Record
from course_lib.measures import difference

SETTINGS = {"each": 200, "steps": 400, "layers": 1}
SHARES = (0.5, 0.6, 0.7, 0.8, 0.9)
AUGMENTED = 0.8

if __name__ == "__main__":
    logging.set_verbosity_error()
    tokenizer = planted_bias.town_tokenizer()
    record = Record(
        "bias_planted", "python -m course_lib.experiments.bias_planted", SETTINGS, key=("share", "swapped", "seed")
    )
    for seed in range(5):
        for share, swap in [*((share, False) for share in SHARES), (AUGMENTED, True)]:
            if record.has(share=share, swapped=swap, seed=seed):
                continue
            texts = planted_bias.planted_sentences(share, SETTINGS["each"], seed)
            texts += [planted_bias.swapped(text) for text in texts] if swap else []
            model = planted_bias.masked_model(texts, tokenizer, SETTINGS["steps"], seed)
            gap = difference(*planted_bias.trade_gaps(model, tokenizer))
            loss = planted_bias.pronoun_loss(model, tokenizer, planted_bias.planted_sentences(share, 100, seed + 1000))
            found = {name: round(value, 4) for name, value in gap._asdict().items()}
            record.add(share=share, swapped=swap, seed=seed, **found, loss=round(loss, 4))
            print(share, swap, seed, gap, flush=True)
