"""How each checkpoint that ships was trained: a file a checkpoint, and what they share in `common.py`."""
