"""What moves in transfer, layer by layer: chapter 03.

    python -m course_lib.experiments.layers        # measures what is missing, writes the record; half an hour

MiniLM's architecture, 200 labelled articles, everything trained at one learning rate. Pretrained weights are copied
into the embedding matrix only, then into one layer of the encoder after the other from below; the rest is randomly
initialised.
"""

from __future__ import annotations

from course_lib.experiments.label_curve import Articles, learn, topic_accuracy
from course_lib.experiments.recorded import Record

SETTINGS = {"labels": 200, "rate": 2e-4}
SEEDS = (0, 1, 2, 3, 4)
COPIED = (0, 1, 4, 7)  # 0: nothing; 1: the embedding matrix; n: and the first n - 1 layers


def main() -> None:
    """Measure what is missing, and record it."""
    pool, test = Articles("train", "validation"), Articles("test")
    record = Record("layers", "python -m course_lib.experiments.layers", SETTINGS, key=("copied", "seed"))
    for seed in SEEDS:
        for copied in COPIED:
            if not record.has(copied=copied, seed=seed):
                model = learn("scratch", pool, SETTINGS["labels"], seed, SETTINGS["rate"], copied)
                record.add(copied=copied, seed=seed, accuracy=round(topic_accuracy(model, test), 4))
                print(record.content["runs"][-1], flush=True)


if __name__ == "__main__":
    main()
