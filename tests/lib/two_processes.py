"""Run by `accelerate launch` in test_training.py: trains a tiny model, and the first process writes its losses."""

import json
import sys

import torch
from tiny_models import tiny_decoder_and_rows

from course_lib.training import pretrain


def losses_of_eight_steps() -> list[float]:
    """In as many processes as there are."""
    model, rows = tiny_decoder_and_rows()
    return pretrain(model, rows, steps=8, batch_size=8, learning_rate=5e-3, seed=1).losses


if __name__ == "__main__":
    losses = losses_of_eight_steps()
    if torch.distributed.get_rank() == 0:
        with open(sys.argv[1], "w", encoding="utf-8") as file:
            json.dump({"losses": losses, "processes": torch.distributed.get_world_size()}, file)
