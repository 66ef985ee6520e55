"""Right and wrong answers to the exercises of chapter 00."""

import torch

RIGHT = {
    "double": [lambda x: x + x, lambda number: torch.add(number, number) if torch.is_tensor(number) else number / 0.5]
}
WRONG = {
    "double": [
        (lambda x: x * x, "the square of x"),
        (lambda x: x, "gives its argument x back unchanged"),
        (lambda x: print(2 * x), "Is a `return` missing?"),
        (lambda x: -2 * x, "wrong sign"),
        (lambda x: x.mul_(2) if torch.is_tensor(x) else 2 * x, "changes its argument x in place"),
        (lambda x: x / 2, "1/4 of the right number"),
        (lambda: 2, "it takes no arguments"),
    ]
}
