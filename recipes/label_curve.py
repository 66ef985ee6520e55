"""The label curve of chapter 03: accuracy against the number of labels, with and without what pretraining brought.

    python recipes/label_curve.py                       # measures what is missing, writes the record
    python recipes/label_curve.py --methods full        # one method only, for a second process beside the first

One encoder (MiniLM, 22.7 million parameters, with the mean of its vectors and a linear layer on top), eleven topics of
Wikipedia's first paragraphs, the first 16 tokens of each; `course_lib/label_curve.py` says how each method learns. Seed s
draws the labelled articles (the first n of one permutation), the head, and the order. Rates and numbers of steps were
chosen with `--choose`: trained on articles of the train part, accuracy on articles of the validation part. The curve is
then measured on the test part, with labels from train and validation together, since 8,000 are needed.
"""

from __future__ import annotations

import argparse
import time

from course_lib.label_curve import FACTORS, METHODS, RATES, SEEN, SIZES, TOKENS, Articles, accuracy, learn
from course_lib.recorded import Record

SEEDS = (0, 1, 2, 3, 4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    parser.add_argument("--choose", nargs="+", type=float, help="rates to try, on the validation part; records nothing")
    parser.add_argument("--sizes", nargs="+", type=int, default=SIZES)
    parser.add_argument("--seeds", nargs="+", type=int, default=SEEDS)
    chosen = parser.parse_args()
    if chosen.choose:
        train, test = Articles("train"), Articles("validation")
        for method, size, rate in [(m, s, r) for m in chosen.methods for s in chosen.sizes for r in chosen.choose]:
            began = time.time()
            found = accuracy(learn(method, train, size, 0, rate), test)
            print(f"{method} {size} labels, rate {rate}: {found:.3f}  ({time.time() - began:.0f} s)", flush=True)
        return
    pool, test = Articles("train", "validation"), Articles("test")
    settings = {
        "tokens": TOKENS,
        "seen": list(SEEN.items()),
        "pool": len(pool.ids),
        "test": len(test.ids),
    }
    for seed, size, method in [(seed, n, m) for seed in chosen.seeds for n in chosen.sizes for m in chosen.methods]:
        name = f"label_curve_{method}"
        record = Record(
            name,
            f"python recipes/label_curve.py --methods {method}",
            settings | {"rate": RATES[method], "factor": FACTORS[method]},
        )
        if record.has(labels=size, seed=seed):
            continue
        began = time.time()
        found = accuracy(learn(method, pool, size, seed), test)
        record.add(
            method=method, labels=size, seed=seed, accuracy=round(found, 4), seconds=round(time.time() - began, 1)
        )
        print(record.content["runs"][-1], flush=True)


if __name__ == "__main__":
    main()
