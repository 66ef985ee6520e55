"""Run by `accelerate launch` in test_training.py: trains a tiny model, and the first process writes its losses."""

import json
import sys

import torch
from tiny_models import tiny_decoder_and_rows

from course_lib.training import pretrain

model, rows = tiny_decoder_and_rows()
losses = pretrain(model, rows, steps=8, batch_size=8, learning_rate=5e-3, seed=1).losses
if not torch.distributed.is_initialized() or torch.distributed.get_rank() == 0:
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        world = torch.distributed.get_world_size() if torch.distributed.is_initialized() else 1
        json.dump({"losses": losses, "processes": world}, file)
