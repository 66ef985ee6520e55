"""Exercises of chapter 00: what an exercise is like."""

from __future__ import annotations

import torch

from course_lib.exercises.declare import Case, Exercise, Mistake


def double(x):
    """Twice as much: x may be a number or a tensor of any shape; the result has the same shape."""
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION


DOUBLE = Exercise(
    name="double",
    chapter=0,
    minutes=1,
    level="easy",
    signature="double(x) -> twice x, of the same shape",
    reference=double,
    cases=[
        Case((3,), says="the number 3"),
        Case((torch.tensor([[1.0, -2.0], [0.0, 4.5]]),), says="a tensor of two rows"),
    ],
    mistakes=[Mistake("squared", lambda x: x * x, "that is the square of x: 3 becomes 9, and should become 6.")],
    hints=["Twice as much is x and x again.", "An operator between two numbers works on tensors too."],
)
