"""Exercises of chapter 03: a step of training, what it is measured by, and what is trained.

Sources: Pascanu et al. 2013 (clipping), Vaswani et al. 2017 (warmup), Prechelt 1998 (early stopping), Hu et al. 2021
(LoRA), Rafailov et al. 2023 (DPO). The oracles in
tests/lib/test_chapter_03_exercises.py are Transformers, PEFT and scikit-learn.
"""

from __future__ import annotations

import math
import random
import re
from collections import Counter

import torch
from torch import nn
from torch.nn.functional import cross_entropy, logsigmoid

from course_lib.exercises.declare import Case, Exercise, Mistake, when
from course_lib.exercises.inputs import numbers, other_global_seeds

# ---------------------------------------------------------------- training_step


def training_step(model, batch, optimizer, clip):
    """One step of training: the weights change once, towards a smaller loss.

    model: model(**batch) returns an object whose .loss is a tensor, as in Transformers.
    batch: a dictionary of tensors with labels. optimizer: has the model's parameters.
    clip: the largest norm of all gradients together; a larger one is scaled down to it.
    Gradients that were there before do not count. Returns the loss before the step, as
    a number (a float, no tensor).
    """
    ### BEGIN SOLUTION
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), clip)
    optimizer.step()
    return loss.item()
    ### END SOLUTION


class TinyModel(nn.Module):
    """A classifier of two features with two layers, which answers as a model of Transformers does."""

    def __init__(self):  # noqa: D107
        super().__init__()
        self.first, self.second = nn.Linear(2, 3), nn.Linear(3, 2)
        for place, one in enumerate(self.parameters()):
            one.data = 0.8 * numbers(*one.shape, seed=20 + place)

    def forward(self, features, labels=None):
        """The loss, where there are labels, and the logits."""
        from transformers.modeling_outputs import SequenceClassifierOutput

        if isinstance(features, dict):
            raise TypeError("the model is given the dictionary itself: its entries by name are model(**batch)")
        logits = self.second(self.first(features).tanh())
        return SequenceClassifierOutput(None if labels is None else cross_entropy(logits, labels), logits)


class Noted(torch.optim.SGD):
    """Plain gradient descent that notes in which order it clears and steps."""

    def zero_grad(self, set_to_none=True):  # noqa: D102
        self.noted = getattr(self, "noted", "") + "z"
        super().zero_grad(set_to_none)

    def step(self, closure=None):  # noqa: D102
        self.noted = getattr(self, "noted", "") + "s"
        return super().step(closure)


def trained(answer, features, labels, clip, steps, stale):
    """What some steps return, of which type it is, the weights afterwards, and, where they have not moved, in which
    order the last step cleared (z), computed gradients (b) and stepped (s). `stale`: there are gradients before.
    """
    model = TinyModel()
    optimizer = Noted(model.parameters(), lr=0.5)
    if stale:
        model(features.flip(0) - 1, labels).loss.backward()
    given, losses = {"features": features, "labels": labels}, []
    for _ in range(steps):
        optimizer.noted = ""
        watch = model.second.bias.register_hook(lambda gradient: setattr(optimizer, "noted", optimizer.noted + "b"))
        losses.append(answer(model, dict(given), optimizer, clip))
        watch.remove()
    weights = _all_weights(model)
    order = optimizer.noted if torch.equal(weights, _all_weights(TinyModel())) else ""
    return {"losses": losses, "type": type(losses[0]).__name__, "weights": weights, "order": order}


def _all_weights(model):
    return torch.cat([one.detach().flatten() for one in model.parameters()])


def stepping(order, clip_by=nn.utils.clip_grad_norm_, result="before"):
    """A step that does its parts in another order: z(ero), f(orward), b(ackward), c(lip), s(tep). For the mistakes."""

    def wrong(model, batch, optimizer, clip):
        loss = None
        for part in order:
            if part == "z":
                optimizer.zero_grad()
            elif part == "f":
                loss = model(**batch).loss
            elif part == "b":
                loss.backward()
            elif part == "c":
                clip_by(model.parameters(), clip)
            elif part == "s":
                optimizer.step()
        return float(model(**batch).loss if result == "after" else loss)

    return wrong


def _clip_each(parameters, clip):
    for one in parameters:
        nn.utils.clip_grad_norm_([one], clip)


def _order(pattern):
    """Whether the weights have not moved and the parts of the step came in an order."""
    return when(lambda case, output, right: bool(re.fullmatch(pattern, output["order"] or "-")))


def _right_but(kind):
    """Whether the weights are right and what is returned is of another type."""
    return when(
        lambda case, output, right: (
            output["type"] == kind and torch.allclose(output["weights"], right["weights"], atol=1e-5)
        )
    )


def _steps(steps, clip, says, stale=False, seed=30, many=6):
    """A case; what a first step has to import is imported as it is made."""

    def make():
        labels = torch.randint(2, (many,), generator=torch.Generator().manual_seed(seed))
        inputs = numbers(many, 2, seed=seed + 1), labels, clip, steps, stale
        trained(training_step, *inputs)
        return inputs

    return Case(make=make, says=says)


TRAINING_STEP = Exercise(
    name="training_step",
    chapter=3,
    minutes=6,
    level="easy",
    signature="training_step(model, batch, optimizer, clip) -> the loss, a float",
    reference=training_step,
    use=trained,
    seconds=20.0,
    cases=[
        _steps(1, 100.0, says="one step, gradients far below the clip"),
        _steps(3, 100.0, says="three steps, gradients far below the clip"),
        _steps(1, 0.05, says="one step, gradients larger than the clip of 0.05"),
        _steps(2, 0.05, seed=40, says="two steps, gradients larger than the clip of 0.05"),
        _steps(2, 100.0, stale=True, says="two steps, with gradients that were there before"),
    ],
    mistakes=[
        Mistake(
            "a tensor",
            _right_but("Tensor"),
            "the weights are right, and the loss comes back as a tensor. A loss keeps the whole graph of its "
            "computation in memory for as long as somebody keeps it in a list; .item() makes a number of it.",
        ),
        Mistake(
            "nothing returned",
            _right_but("NoneType"),
            "the weights are right, and nothing is returned. Return the loss, as a number.",
        ),
        Mistake(
            "cleared between backward and step",
            _order("z?bzs"),
            "the weights do not change: the gradients are cleared after backward has computed them and before the step "
            "that uses them. Clear them first.",
        ),
        Mistake(
            "step before backward",
            _order("z?sz?bz?"),
            "the weights do not change: the step comes before backward, when there are no gradients yet.",
        ),
        Mistake(
            "no step",
            _order("z?b|bz"),
            "the weights do not change: backward computes the gradients, and the optimizer takes no step.",
        ),
        Mistake(
            "no backward",
            _order("z?s|sz"),
            "the weights do not change: the optimizer takes a step, and backward, which computes the gradients, is "
            "missing.",
        ),
        Mistake(
            "never cleared",
            stepping("fbcs"),
            "the gradients are never cleared: backward adds to those that are there, so each step goes along those of "
            "all steps before it too.",
        ),
        Mistake(
            "never cleared nor clipped",
            stepping("fbs"),
            "the gradients are never cleared, and not clipped: backward adds to those that are there.",
        ),
        Mistake(
            "cleared at the end",
            stepping("fbcsz"),
            "the gradients are cleared at the end of a step, and those that were there before the first one still "
            "count. Clear them before backward.",
        ),
        Mistake(
            "not clipped, or too late",
            stepping("zfbs"),
            "the gradients are not clipped when the step is taken: it is longer than clip allows. Clipping belongs "
            "between backward and the step.",
        ),
        Mistake(
            "clipped by value",
            stepping("zfbcs", nn.utils.clip_grad_value_),
            "each number of the gradients is cut to clip by itself; what is limited is the norm of all of them "
            "together, which keeps their direction.",
        ),
        Mistake(
            "clipped one by one",
            stepping("zfbcs", _clip_each),
            "each parameter's gradient is clipped by itself; what is limited is the norm of all of them together.",
        ),
        Mistake(
            "always scaled to the clip",
            stepping("zfbcs", lambda parameters, clip: _scale_to(list(parameters), clip)),
            "the gradients are scaled to the norm clip also where theirs is smaller: only a larger one is changed.",
        ),
        Mistake(
            "the loss after the step",
            stepping("zfbcs", result="after"),
            "the loss is computed again after the step; the one that the gradients came from is asked for, which costs "
            "no second pass.",
        ),
        Mistake(
            "two steps",
            stepping("zfbcss"),
            "the optimizer takes two steps.",
        ),
    ],
    hints=[
        "backward adds to the gradients that are there, and the step uses those that it finds. What has to come before "
        "which?",
        "model(**batch) hands over the dictionary's entries by name. The optimizer clears, and it steps. "
        "torch.nn.utils.clip_grad_norm_ takes the parameters of the model and the largest norm, and works in place.",
        "Five lines in this order: clear the gradients, forward, backward, clip, step. Then return the loss.",
    ],
    commentary="Where `clip_grad_norm_` stands matters only for larger gradients: it returns the norm before clipping, "
    "which is worth a look when a training fails.",
)


def _scale_to(parameters, clip):
    norm = torch.stack([one.grad.norm() for one in parameters]).norm()
    for one in parameters:
        one.grad.mul_(clip / norm)


# ---------------------------------------------------------------- perplexity


def perplexity(log_probabilities):
    """Among how many equally likely tokens a model would be as unsure as it was here.

    log_probabilities: (tokens,), natural logarithms of the probabilities that the model
    gave to the tokens that came. Returns a number, 1 or more: e to the mean loss.
    """
    ### BEGIN SOLUTION
    return float(torch.exp(-log_probabilities.mean()))
    ### END SOLUTION


PERPLEXITY = Exercise(
    name="perplexity",
    chapter=3,
    minutes=3,
    level="easy",
    signature="perplexity(log_probabilities) -> a number",
    reference=perplexity,
    close=1e-4,
    cases=[
        Case((torch.full((3,), 0.25).log(),), says="three tokens, each of probability 1/4: perplexity 4"),
        Case((torch.tensor([0.5, 0.1, 0.7]).log(),), says="probabilities 0.5, 0.1, 0.7"),
        Case((-5 * torch.rand(50, generator=torch.Generator().manual_seed(1)),), says="50 tokens"),
        Case((torch.full((400,), -3.0),), says="400 tokens, each with a loss of 3"),
    ],
    mistakes=[
        Mistake(
            "the loss",
            lambda logs: float(-logs.mean()),
            "this is the loss, the mean of −ln p. The perplexity is e to this power.",
        ),
        Mistake(
            "sign",
            lambda logs: float(logs.mean().exp()),
            "the sign is missing: this is 1 over the perplexity, the mean probability of a token (a geometric mean).",
        ),
        Mistake(
            "summed",
            lambda logs: float(torch.exp(-logs.sum())),
            "the losses are summed: this is 1 over the probability of the whole text, which grows with its length. "
            "Take "
            "the mean.",
        ),
        Mistake(
            "base 2",
            lambda logs: float(2 ** -logs.mean()),
            "2 is raised to the mean loss; the logarithms are natural ones, so it is e. (2 belongs to bits.)",
        ),
        Mistake("base 10", lambda logs: float(10 ** -logs.mean()), "10 is raised to the mean loss; it is e."),
        Mistake(
            "minus outside",
            lambda logs: float(-logs.mean().exp()),
            "the minus stands before the exponential; it belongs to the exponent: e to the power of −mean ln p.",
        ),
        Mistake(
            "logarithm of the loss",
            lambda logs: float((-logs.mean()).log()),
            "the logarithm of the loss is taken; perplexity is e to the power of the loss.",
        ),
        Mistake(
            "one token fewer",
            lambda logs: float(torch.exp(-logs.sum() / max(1, len(logs) - 1))),
            "the sum is divided by one token fewer than there are.",
        ),
        Mistake(
            "weighted by the probabilities",
            lambda logs: float((-(logs.exp() * logs).sum()).exp()),
            "each loss is multiplied by its own probability. That is the entropy of a distribution; here each token "
            "that came counts once.",
        ),
        Mistake(
            "weighted by the probabilities, mean",
            lambda logs: float((-(logs.exp() * logs).mean()).exp()),
            "each loss is multiplied by its own probability; here each token that came counts once.",
        ),
        Mistake(
            "median",
            lambda logs: float((-logs.median()).exp()),
            "the median of the losses is taken; the mean is asked for.",
        ),
        Mistake(
            "mean of the perplexities",
            lambda logs: float((-logs).exp().mean()),
            "the mean is taken after the exponential: one improbable token then outweighs all others. First the mean "
            "of the logarithms, then e to that power.",
        ),
        Mistake(
            "one over the mean probability",
            lambda logs: float(1 / logs.exp().mean()),
            "this is 1 over the mean of the probabilities. First the mean of the logarithms, then the exponential: a "
            "text's probability is a product.",
        ),
        Mistake(
            "a logarithm of logarithms",
            lambda logs: float(torch.exp(-logs.log().mean())),
            "the logarithm of a logarithm is taken, and that of a negative number is NaN: what comes in are logarithms "
            "already.",
        ),
        Mistake(
            "as probabilities",
            lambda logs: float(torch.exp(-logs.exp().mean())),
            "the logarithms are turned into probabilities first, and those are averaged. Average the logarithms.",
        ),
    ],
    hints=["The loss is the mean of −ln p over the tokens.", "Perplexity is the exponential of the loss."],
    commentary="Perplexities compare only models with the same tokens: one with longer tokens has fewer and harder "
    "ones. For others, compare bits a character (chapter 02).",
)


# ---------------------------------------------------------------- masked_accuracy


def masked_accuracy(logits, labels):
    """The share of right answers; where the label is −100 nothing was asked.

    logits: (..., classes). labels: (...), integers: the right class or −100.
    Returns a number from 0 to 1.
    """
    ### BEGIN SOLUTION
    asked = labels != -100
    hits = logits.argmax(-1)[asked] == labels[asked]
    return float(hits.float().mean())
    ### END SOLUTION


def _token_labels():
    labels = torch.randint(5, (3, 7), generator=torch.Generator().manual_seed(6))
    labels[0, 4:], labels[1, 2:], labels[:, 0] = -100, -100, -100
    return numbers(3, 7, 5, seed=7) + 1.2 * nn.functional.one_hot(labels.clamp(min=0), 5), labels


_answers = torch.tensor([  # (answer, class): the largest is 2, 0, 1, 0, 1, 1, 0
    [2.0, 0, 6], [5, 1, 0], [1, 4, 0], [5, 2, 1], [0, 3, 1], [1, 3, 0], [4, 0, 1],
])  # fmt: skip

ACCURACY = Exercise(
    name="masked_accuracy",
    chapter=3,
    minutes=4,
    level="easy",
    signature="masked_accuracy(logits, labels) -> a number from 0 to 1",
    reference=masked_accuracy,
    cases=[
        Case((_answers, torch.tensor([2, 0, 1, 0, 0, 0, 1])), says="seven answers among three classes, three wrong"),
        Case((_answers, torch.tensor([-100, 0, 1, -100, 0, -100, -100])), says="the same seven, three of them asked"),
        Case((*_token_labels(),), says="a class for each token, a batch of three, with −100 for what was not asked"),
    ],
    mistakes=[
        Mistake(
            "−100 counts as wrong",
            lambda logits, labels: float((logits.argmax(-1) == labels).float().mean()),
            "where the label is −100 nothing was asked; yours counts these as wrong answers. They belong neither above "
            "nor below the line of the fraction.",
        ),
        Mistake(
            "how many",
            lambda logits, labels: float((logits.argmax(-1) == labels).sum()),
            "this is how many are right: divide by how many were asked.",
        ),
        Mistake(
            "in percent",
            lambda logits, labels: 100 * masked_accuracy(logits, labels),
            "this is in percent: a share from 0 to 1 is asked for.",
        ),
        Mistake(
            "count, as a tensor",
            lambda logits, labels: (logits.argmax(-1) == labels).sum(),
            "this is how many are right: divide by how many were asked.",
        ),
        Mistake(
            "errors",
            lambda logits, labels: 1 - masked_accuracy(logits, labels),
            "this is the share of wrong answers.",
        ),
        Mistake(
            "least likely",
            lambda logits, labels: masked_accuracy(-logits, labels),
            "the class with the smallest logit is taken; it is the one with the largest.",
        ),
        Mistake(
            "largest of all logits",
            lambda logits, labels: float((logits.argmax() == labels).float().mean()),
            "argmax is taken over all logits together, and gives one place for the whole batch; each answer has its "
            "own, along the last dimension.",
        ),
        Mistake(
            "whole numbers divided",
            lambda logits, labels: int((logits.argmax(-1) == labels).sum()) // int((labels != -100).sum()),
            "// divides whole numbers and rounds down: / gives a share.",
        ),
        Mistake(
            "class 0 left out",
            lambda logits, labels: masked_accuracy(logits, labels.where(labels > 0, -100)),
            "answers whose label is 0 are left out: 0 is a class like the others, and only −100 means not asked.",
        ),
        Mistake(
            "shifted",
            lambda logits, labels: float((logits.argmax(-1)[..., :-1] == labels[..., 1:]).float().mean()),
            "answers and labels are compared one place apart. Here they stand at the same place; who asks for next "
            "tokens shifts them before.",
        ),
        Mistake(
            "mean of the rows",
            lambda logits, labels: float(
                torch.stack(
                    [
                        torch.tensor(masked_accuracy(a, b))
                        for a, b in zip(logits, labels, strict=True)
                        if (b != -100).any()
                    ]
                ).mean()
            ),
            "the accuracy of each text is averaged: a text of two tokens then counts as much as one of six. Count all "
            "places that were asked, together.",
        ),
        Mistake(
            "−100 counts as right",
            lambda logits, labels: float(((logits.argmax(-1) == labels) | (labels == -100)).float().mean()),
            "where the label is −100 nothing was asked; yours counts these as right answers.",
        ),
        Mistake(
            "−100 taken for class 0",
            lambda logits, labels: float((logits.argmax(-1) == labels.clamp(min=0)).float().mean()),
            "a label of −100 is taken for class 0: nothing was asked there, and it does not count.",
        ),
        Mistake(
            "probability of the right class",
            lambda logits, labels: float(
                logits.softmax(-1)[labels != -100].gather(-1, labels[labels != -100][:, None]).mean()
            ),
            "this is the mean probability of the right class. An answer is right or wrong: its class is the one with "
            "the largest logit.",
        ),
    ],
    hints=[
        "The answer at a place is the class with the largest logit, along the last dimension.",
        "A boolean tensor picks places: labels[labels != -100] are those that were asked. Pick the answers likewise.",
    ],
    commentary="With classes of very different sizes, look at macro F1 beside it: who always says the most frequent "
    "class has a good accuracy.",
)


# ---------------------------------------------------------------- learning_rate


def learning_rate(step, warmup, total, peak):
    """A learning rate that grows in a line from 0 to peak, and falls in a line to 0.

    step: from 0. It is peak at step warmup and 0 at step total and after it; where
    warmup is 0 it is peak at step 0. warmup < total. Returns a number.
    """
    ### BEGIN SOLUTION
    if step < warmup:
        return peak * step / warmup
    return peak * max(0.0, (total - step) / (total - warmup))
    ### END SOLUTION


def rate_but(up=lambda s, w, t: s / w, down=lambda s, w, t: max(0.0, (t - s) / (t - w))):
    """A learning rate with something else in one place, as parts of peak: for the mistakes."""
    return lambda step, warmup, total, peak: peak * (up if step < warmup else down)(step, warmup, total)


LEARNING_RATE = Exercise(
    name="learning_rate",
    chapter=3,
    minutes=6,
    level="easy",
    signature="learning_rate(step, warmup, total, peak) -> a number",
    reference=learning_rate,
    close=1e-7,
    cases=[
        Case((5, 10, 110, 1.0), says="half of the warmup"),
        Case((0, 10, 110, 1.0), says="the first step"),
        Case((10, 10, 110, 1.0), says="the end of the warmup"),
        Case((60, 10, 110, 1.0), says="half of the way down"),
        Case((110, 10, 110, 1.0), says="the end"),
        Case((120, 10, 110, 1.0), says="after the end"),
        Case((0, 0, 50, 2.0), says="the first step, without a warmup"),
        Case((30, 0, 50, 0.002), says="without a warmup, peak 0.002"),
        Case((7, 20, 100, 3e-4), says="warmup 20, peak 0.0003"),
        Case((81, 20, 100, 3e-4), says="warmup 20, peak 0.0003"),
    ],
    mistakes=[
        Mistake(
            "division by zero",
            lambda step, warmup, total, peak: peak * max(0, min(step / warmup, (total - step) / (total - warmup))),
            "without a warmup it divides by 0. There is nothing to grow then: step 0 has the peak already.",
        ),
        Mistake(
            "negative after the end",
            rate_but(down=lambda s, w, t: (t - s) / (t - w)),
            "after the last step the rate is negative: the weights would move away from smaller losses. It stays 0.",
        ),
        Mistake(
            "falls from step 0 on",
            rate_but(down=lambda s, w, t: max(0.0, (t - s) / t)),
            "the way down is measured from step 0: after the warmup the rate jumps below the peak. It has total − "
            "warmup "
            "steps, and begins at the peak.",
        ),
        Mistake(
            "falls from step 0 on, negative",
            rate_but(down=lambda s, w, t: (t - s) / t),
            "the way down is measured from step 0: after the warmup the rate jumps below the peak. It has total − "
            "warmup "
            "steps, and begins at the peak.",
        ),
        Mistake(
            "ends at total + warmup",
            rate_but(down=lambda s, w, t: max(0.0, 1 - (s - w) / t)),
            "the way down takes total steps: with the warmup before it, the rate is not yet 0 at step total. It has "
            "total − warmup steps.",
        ),
        Mistake(
            "warmup from 1",
            rate_but(up=lambda s, w, t: (s + 1) / w),
            "the warmup counts from 1: at step 0 the rate is 0.",
        ),
        Mistake(
            "constant",
            rate_but(down=lambda s, w, t: 1.0),
            "after the warmup the rate stays at the peak; it falls in a line to 0 at step total.",
        ),
        Mistake(
            "no warmup",
            rate_but(up=lambda s, w, t: 1.0),
            "there is no warmup: at step 0 the rate is already at its peak, and it should be 0 there.",
        ),
        Mistake(
            "falls from the start",
            lambda step, warmup, total, peak: peak * max(0.0, (total - step) / total),
            "there is no warmup: the rate falls from step 0 on.",
        ),
        Mistake(
            "grows again after the end",
            rate_but(down=lambda s, w, t: abs(t - s) / (t - w)),
            "after step total it grows again: there it stays 0.",
        ),
        Mistake(
            "warmup ends one step early",
            rate_but(up=lambda s, w, t: s / max(1, w - 1)),
            "the warmup reaches the peak one step too early: it is peak at step warmup.",
        ),
        Mistake(
            "0 one step early",
            rate_but(down=lambda s, w, t: max(0.0, (t - 1 - s) / (t - 1 - w))),
            "it is 0 one step too early: it is 0 at step total.",
        ),
        Mistake(
            "a cosine",
            rate_but(down=lambda s, w, t: 0.5 * (1 + math.cos(math.pi * min(1.0, (s - w) / (t - w))))),
            "it falls along a cosine. That is common too; a line is asked for.",
        ),
        Mistake(
            "peak left out",
            lambda step, warmup, total, peak: learning_rate(step, warmup, total, 1.0),
            "peak is not used: this is the part of it, from 0 to 1.",
        ),
        Mistake(
            "warmup of the way to the end",
            rate_but(up=lambda s, w, t: s / t),
            "the warmup is measured in total: it reaches the peak at step warmup.",
        ),
        Mistake(
            "falls by the step",
            rate_but(down=lambda s, w, t: max(0.0, 1 - s / (t - w))),
            "the way down is counted from step 0: at its beginning, at step warmup, nothing of it has passed.",
        ),
        Mistake(
            "whole numbers",
            lambda step, warmup, total, peak: (
                peak * (step // warmup) if step < warmup else peak * max(0, (total - step) // (total - warmup))
            ),
            "// divides whole numbers and rounds down: / gives fractions.",
        ),
    ],
    hints=[
        "Draw it: two lines that meet at (warmup, peak). Which of them is a step on?",
        "Going up, the part of the way is step / warmup. Going down, what is left of the way, of total − warmup steps?",
        "Look at the ends: step 0, step warmup, step total, one later; and a warmup of 0.",
    ],
    commentary="It is Transformers' linear schedule, the Trainer's default.",
)


# ---------------------------------------------------------------- best_epoch


def best_epoch(losses, patience):
    """After which epoch training would have been best, as far as it could be known.

    losses: a list of validation losses, one an epoch. Training stops as soon as
    patience epochs in a row have not been better (smaller) than the best before them;
    what comes later in the list never happens. Returns the epoch of the best loss until
    then, from 0; the earlier one of two that are equal.
    """
    ### BEGIN SOLUTION
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        elif epoch - best >= patience:
            break
    return best
    ### END SOLUTION


def stopped(losses, patience, compare="best", equal=False, extra=0):
    """(the best epoch, the epoch at which training stops), with something else in one place: for the mistakes."""
    best, waited = 0, 0
    for epoch in range(1, len(losses)):
        before = losses[best] if compare == "best" else losses[epoch - 1]
        better = losses[epoch] < before or equal and losses[epoch] == before
        best, waited = (epoch, 0) if better else (best, waited + 1)
        if waited >= patience + extra:
            return best, epoch
    return best, len(losses) - 1


def _first_least(losses):
    return min(range(len(losses)), key=losses.__getitem__)


FROM_THE_END = (
    "it goes back from the end by patience: where training ended with its last epoch, this is not the best one."
)

BEST_EPOCH = Exercise(
    name="best_epoch",
    chapter=3,
    minutes=8,
    level="medium",
    signature="best_epoch(losses, patience) -> an epoch, from 0",
    reference=best_epoch,
    cases=[
        Case(([3.1, 2.6, 2.2, 1.8, 1.4], 2), says="a loss that only falls"),
        Case(([3.0, 2.0, 2.5, 2.6], 2), says="one that rises again"),
        Case(([3.0, 2.0, 2.5, 1.5, 1.8, 1.2], 2), says="one that rises twice and falls below the best each time"),
        Case(([3.0, 2.0, 2.5, 2.6, 1.0], 2), says="one that becomes best after the end of the patience"),
        Case(([3.0, 2.0, 2.5, 2.2, 1.9, 2.4, 2.3], 2), says="a second-best loss between two better ones"),
        Case(
            ([3.0, 2.0, 2.4, 2.3, 2.2, 1.9, 1.8], 3), says="three epochs that are each better than the one before only"
        ),
        Case(([3.0, 1.0, 2.0], 5), says="a list that ends before the patience does"),
        Case(([2.0, 2.0, 2.0], 5), says="equal losses"),
        Case(([1.0, 1.2, 0.5], 1), says="patience 1"),
        Case(([2.0, 1.0, 1.5, 0.5], 1), says="patience 1, the second epoch better than the first"),
        Case(([1.0], 1), says="a single epoch"),
        Case(([5.0, 4.0, 4.5, 4.4, 3.0, 3.5, 3.5, 3.5, 3.5, 1.0], 3), says="patience 3"),
    ],
    mistakes=[
        Mistake(
            "the end",
            lambda losses, patience: stopped(losses, patience)[1],
            "this is the epoch at which training stops; its weights are those that have become worse. The best one "
            "before it is asked for.",
        ),
        Mistake(
            "looks ahead",
            lambda losses, patience: _first_least(losses),
            "this is the smallest loss of the whole list, patience unused: after 2.0, 2.5, 2.6 training has stopped, "
            "and the 1.0 of later never happens.",
        ),
        Mistake(
            "compared with the epoch before",
            lambda losses, patience: stopped(losses, patience, compare="before")[0],
            "each loss is compared with the one before it; it is compared with the best so far.",
        ),
        Mistake(
            "patience never starts anew",
            lambda losses, patience: _never_anew(losses, patience),
            "the epochs that were not better are counted in all; after each new best the count starts anew.",
        ),
        Mistake(
            "equal counts as better",
            lambda losses, patience: stopped(losses, patience, equal=True)[0],
            "an equal loss counts as better; it has to be smaller, and the earlier epoch of two equal ones is kept.",
        ),
        Mistake(
            "one too patient",
            lambda losses, patience: stopped(losses, patience, extra=1)[0],
            "it waits one epoch too long: with patience 2 training stops after two epochs without a better loss.",
        ),
        Mistake(
            "one too impatient",
            lambda losses, patience: stopped(losses, patience, extra=-1)[0],
            "it stops one epoch too early: with patience 2 training stops after two epochs without a better loss.",
        ),
        Mistake(
            "the first epoch counted as no better",
            lambda losses, patience: _waited_once(losses, patience),
            "the first epoch is counted as one that was not better: with patience 1 it stops before it has begun. "
            "There is nothing before the first to be better than.",
        ),
        Mistake(
            "the last where the patience never ends",
            lambda losses, patience: _last_unless_stopped(losses, patience),
            "where the list ends before the patience does, the last epoch is returned; the best one is asked for "
            "there too.",
        ),
        Mistake(
            "only the first epochs",
            lambda losses, patience: _first_least(losses[: patience + 1]),
            "only the first patience + 1 epochs are looked at; patience starts anew with each best.",
        ),
        Mistake(
            "only the first epochs, one fewer",
            lambda losses, patience: _first_least(losses[:patience]),
            "only the first patience epochs are looked at; patience starts anew with each best.",
        ),
        Mistake(
            "the largest",
            lambda losses, patience: best_epoch([-one for one in losses], patience),
            "the largest loss is taken for the best: a loss should be small.",
        ),
        Mistake(
            "from 1",
            lambda losses, patience: best_epoch(losses, patience) + 1,
            "the epochs are counted from 1: the first is 0.",
        ),
        Mistake(
            "patience from the end",
            lambda losses, patience: max(0, stopped(losses, patience)[1] - patience),
            FROM_THE_END,
        ),
        Mistake(
            "patience from the end, and below 0",
            lambda losses, patience: stopped(losses, patience)[1] - patience,
            FROM_THE_END,
        ),
        Mistake(
            "the loss",
            lambda losses, patience: losses[best_epoch(losses, patience)],
            "this is the loss of that epoch; the number of the epoch is asked for.",
        ),
    ],
    hints=[
        "Walk through the losses and remember the epoch of the best so far. When has it been too long ago?",
        "Two cases in the loop: this loss is smaller than the best, or the best is patience epochs ago.",
    ],
    commentary="The weights of that epoch have to be kept: Transformers' EarlyStoppingCallback needs "
    "`load_best_model_at_end=True` for it.",
)


def _waited_once(losses, patience):
    best, waited = 0, 0
    for epoch, loss in enumerate(losses):
        best, waited = (epoch, 0) if loss < losses[best] else (best, waited + 1)
        if waited >= patience:
            break
    return best


def _last_unless_stopped(losses, patience):
    best, end = stopped(losses, patience)
    return best if end - best >= patience else len(losses) - 1


def _never_anew(losses, patience):
    best, waited = 0, 0
    for epoch in range(1, len(losses)):
        if losses[epoch] < losses[best]:
            best = epoch
        else:
            waited += 1
            if waited >= patience:
                break
    return best


# ---------------------------------------------------------------- split


def split(texts, share, seed):
    """Split texts at random for training and test, so that no text stands in both.

    texts: a list of strings; some may stand in it several times, and then all of them
    go to the same side. share: of the different texts, the part for test (rounded).
    seed: the same one gives the same split, another one another.
    Returns train and test, two lists that together hold every text as often as before.
    """
    ### BEGIN SOLUTION
    different = sorted(set(texts))  # the order of a set changes from run to run
    chance = random.Random(seed)
    held_out = set(chance.sample(different, round(share * len(different))))
    train = [text for text in texts if text not in held_out]
    return train, [text for text in texts if text in held_out]
    ### END SOLUTION


class Salted(str):
    """A text whose hash is another one, as that of every text is in another run of Python."""

    __slots__ = ()

    def __hash__(self):  # noqa: D105
        return hash((17, str(self)))


def split_again(answer, texts, share, seed):
    """What an answer returns; again with all global generators set anew and the texts' hashes changed; with other
    seeds.
    """
    output = answer(texts, share, seed)
    other_global_seeds(91)
    again = answer(list(map(str, texts)), share, seed)
    elsewhere = answer([Salted(text) for text in texts], share, seed)
    others = [answer(list(texts), share, seed + more) for more in (1, 2, 3)]
    return output, again, elsewhere, others


def well_split(output, right, case):
    """True, or what is wrong with a split."""
    (texts, share, _), (first, again, elsewhere, others) = case.inputs, output
    if not (isinstance(first, tuple | list) and len(first) == 2 and all(isinstance(one, list) for one in first)):
        return "two lists are asked for, as a pair: train and test."
    train, test = (Counter(map(str, one)) for one in first)
    if any(not isinstance(text, str) for one in first for text in one):
        return "the lists hold something else than texts: the texts themselves are asked for, not their places."
    both = sorted(set(train) & set(test))
    if both:
        return (
            f"the text {both[0]!r} stands in train and in test: a model may have learnt it by heart. All copies of a "
            f"text "
            "go to the same side: split the different texts."
        )
    wanted, got = Counter(texts), train + test
    if lost := sorted((wanted - got).elements()):
        if set(wanted) == set(got):
            return (
                f"copies are lost: {lost[0]!r} stands {wanted[lost[0]]} times in texts and {got[lost[0]]} times in "
                f"train "
                "and test together."
            )
        lost = [text for text in lost if text not in got] or lost
        return f"the text {lost[0]!r} is lost: it stands in neither train nor test."
    if more := sorted((got - wanted).elements()):
        return f"the text {more[0]!r} comes back more often than it was there."
    expected, found = round(share * len(wanted)), len(test)
    sizes = [len(set(map(str, other[1]))) for other in others if isinstance(other, tuple | list) and len(other) == 2]
    if abs(found - expected) <= 1 and any(abs(size - expected) > 1 for size in sizes):
        return (
            f"with other seeds test has {min(sizes)} to {max(sizes)} different texts, and should have {expected} each "
            "time: a coin for each text gives the share only on average."
        )
    if abs(found - expected) > 1:
        if abs(len(train) - expected) <= 1:
            return "train and test are the wrong way round: share is the part for test, and train comes first."
        return (
            f"test has {found} different texts of {len(wanted)}, and should have {expected}: share is a part of the "
            "different texts."
        )
    if first != again:
        return "the same seed gives another split the second time: all chance has to come from seed."
    whole = isinstance(elsewhere, tuple | list) and len(elsewhere) == 2 and all(elsewhere)
    if whole and Counter(map(str, [*elsewhere[0], *elsewhere[1]])) == wanted and first != elsewhere:
        return (
            "the same seed gives another split in another run of Python: it follows the order of a set, or hash(text), "
            "and both change from run to run. Sort the texts, or keep their order."
        )
    if len(wanted) >= 8 and all(other == first for other in others):
        ends = list(dict.fromkeys(texts))
        if set(test) in (set(ends[: len(test)]), set(ends[len(ends) - len(test) :])):
            return (
                "nothing is left to chance: test is one end of the list. Texts often come sorted, by date or by label, "
                "and test would then hold only one kind."
            )
        return "other seeds give the same split: seed is not used."
    return True


_reviews = [f"review {place:02}" for place in range(80)]
_repeated = [f"comment {place % 17:02}" for place in range(40)] + ["comment 03"] * 5

SPLIT = Exercise(
    name="split",
    chapter=3,
    minutes=10,
    level="medium",
    signature="split(texts, share, seed) -> (train, test), two lists",
    reference=split,
    seconds=20.0,  # it may import scikit-learn
    use=split_again,
    agrees=well_split,
    cases=[
        Case((["a", "b", "c", "d"], 0.25, 0), says="four texts, a quarter for test"),
        Case((_reviews, 0.2, 1), says="80 different texts, a fifth for test"),
        Case((["a", "b", "a", "a", "c", "b", "d", "a"], 0.5, 2), says="eight texts, four of them different"),
        Case((_repeated, 0.3, 3), says="45 texts, 17 of them different"),
    ],
    hints=[
        "Which texts are different? Choose among these, not among places of the list.",
        "random.Random(seed) is a generator of its own, with .sample and .shuffle. Is the order that it starts from "
        "always the same?",
        "When it is known which of the different texts are held out, walk through the list twice.",
    ],
    commentary="scikit-learn's GroupShuffleSplit does it with the texts as groups. Near duplicates (a comma more) "
    "are still in both: compare texts in a normal form where that matters.",
)


# ---------------------------------------------------------------- lora


def lora(x, weight, a, b, scale):
    """A linear layer with a low-rank change beside its frozen weight (LoRA).

    x: (..., in). weight: (out, in), as PyTorch stores it. a: (rank, in).
    b: (out, rank).
    Returns (..., out): x through weight + scale · b a; that sum need not be made.
    """
    ### BEGIN SOLUTION
    return x @ weight.T + scale * ((x @ a.T) @ b.T)
    ### END SOLUTION


def _lora_case(into, out, rank, *batch, seed=50, scale=0.5):
    return (
        numbers(*batch, into, seed=seed),
        numbers(out, into, seed=seed + 1),
        numbers(rank, into, seed=seed + 2),
        numbers(out, rank, seed=seed + 3),
        scale,
    )


LORA = Exercise(
    name="lora",
    chapter=3,
    minutes=6,
    level="medium",
    signature="lora(x, weight, a, b, scale) -> (..., out)",
    reference=lora,
    close=1e-4,
    cases=[
        Case(_lora_case(3, 3, 3, 1), says="one vector, in, out and rank all 3"),
        Case(_lora_case(4, 4, 2, 2, seed=60, scale=2.0), says="two vectors, in and out 4, rank 2, scale 2"),
        Case(_lora_case(6, 4, 2, 2, 5, seed=70, scale=0.25), says="a batch of two, five tokens, in 6, out 4, rank 2"),
        Case((*_lora_case(3, 5, 1, 2, seed=80)[:3], torch.zeros(5, 1), 8.0), says="b all 0, as at the start"),
    ],
    mistakes=[
        Mistake(
            "the change alone",
            lambda x, w, a, b, s: s * (x @ a.T @ b.T),
            "the frozen weight is left out: the change is added to what the layer gave before.",
        ),
        Mistake("no change", lambda x, w, a, b, s: x @ w.T, "this is the frozen layer alone: a and b change nothing."),
        Mistake(
            "scale left out", lambda x, w, a, b, s: x @ (w + b @ a).T, "scale is not used: it multiplies the change."
        ),
        Mistake(
            "scale on everything",
            lambda x, w, a, b, s: s * (x @ (w + b @ a).T),
            "scale multiplies the frozen layer too; it belongs to the change alone.",
        ),
        Mistake(
            "scale on the frozen weight",
            lambda x, w, a, b, s: s * (x @ w.T) + x @ a.T @ b.T,
            "scale multiplies the frozen layer; it belongs to the change.",
        ),
        Mistake(
            "scale divided by the rank",
            lambda x, w, a, b, s: lora(x, w, a, b, s / a.shape[0]),
            "scale is divided by the rank. In LoRA's paper it is alpha / rank: here scale is this quotient already.",
        ),
        Mistake(
            "scale squared",
            lambda x, w, a, b, s: lora(x, w, a, b, s * s),
            "scale is applied twice, once with a and once with b.",
        ),
        Mistake(
            "weight not transposed",
            lambda x, w, a, b, s: x @ w + s * (x @ a.T @ b.T),
            "the frozen weight is used the wrong way round: PyTorch stores (out, in), so it is x @ weight.T.",
        ),
        Mistake(
            "change not transposed",
            lambda x, w, a, b, s: x @ w.T + s * (x @ (b @ a)),
            "the change is used the wrong way round: b a is (out, in) like the weight, and is transposed like it.",
        ),
        Mistake(
            "nothing transposed",
            lambda x, w, a, b, s: x @ (w + s * (b @ a)),
            "the weights are used the wrong way round: PyTorch stores (out, in), so x meets their transpose.",
        ),
        Mistake(
            "a and b as they are",
            lambda x, w, a, b, s: x @ w.T + s * (x @ a @ b),
            "a and b are used as they stand: each is (out, in) of its own step, so x meets the transpose of a, then "
            "that of b.",
        ),
        Mistake(
            "nothing transposed, piece by piece",
            lambda x, w, a, b, s: x @ w + s * (x @ a @ b),
            "no matrix is transposed: PyTorch stores each as (out, in), so x meets weight.T, and a.T before b.T.",
        ),
        Mistake(
            "scale added",
            lambda x, w, a, b, s: x @ w.T + s + x @ a.T @ b.T,
            "scale is added; it multiplies the change.",
        ),
        Mistake(
            "b first",
            lambda x, w, a, b, s: x @ w.T + s * (x @ b.T @ a.T),
            "b comes before a: x is first made small by a, (rank, in), and then large again by b, (out, rank).",
        ),
        Mistake(
            "b first, as it is",
            lambda x, w, a, b, s: x @ w.T + s * (x @ b @ a),
            "b comes before a: x is first made small by a, (rank, in), and then large again by b, (out, rank).",
        ),
        Mistake(
            "a b",
            lambda x, w, a, b, s: x @ (w + s * (a @ b)).T,
            "the change is a b, which is (rank, rank); it is b a, (out, in), like the weight.",
        ),
        Mistake(
            "number by number",
            lambda x, w, a, b, s: x @ (w + s * (b * a)).T,
            "* multiplies number by number; a product of matrices is @.",
        ),
        Mistake(
            "after the frozen layer",
            lambda x, w, a, b, s: x @ w.T + s * (x @ w.T @ a.T @ b.T),
            "the change is applied to the output of the frozen layer; it is applied to x, beside it.",
        ),
        Mistake(
            "subtracted",
            lambda x, w, a, b, s: lora(x, w, a, b, -s),
            "the change is subtracted; it is added.",
        ),
    ],
    hints=[
        "Two ways from x to the output, added: through the frozen weight, and through a, then b.",
        "Write down the shapes: (…, in) → (…, rank) → (…, out). Which of the matrices have to be transposed for it?",
    ],
    commentary="Written x @ (weight + scale * b @ a).T it is the same, and is done once after training (merging). "
    "During "
    "training the two small products are cheaper, and b starts at 0, so that nothing changes at first.",
)


# ---------------------------------------------------------------- dpo_loss


def dpo_loss(
    policy_chosen,
    policy_rejected,
    reference_chosen,
    reference_rejected,
    beta,
):
    """Direct preference optimisation: prefer the chosen answer more than the start did.

    Four tensors (pairs,): the log-probability of the chosen and of the rejected answer,
    by the model that is trained (policy) and by the one that it started as (reference).
    Returns the mean over the pairs of −ln sigmoid(beta · margin). The margin is how
    much more the policy prefers the chosen answer (a difference of logarithms) than
    the reference does. The loss stays finite for every finite margin.
    """
    ### BEGIN SOLUTION
    policy = policy_chosen - policy_rejected  # (pairs,)
    reference = reference_chosen - reference_rejected
    return -logsigmoid(beta * (policy - reference)).mean()
    ### END SOLUTION


def dpo_but(loss=lambda m, beta: -logsigmoid(beta * m).mean(), margin=lambda pc, pr, rc, rr: pc - pr - (rc - rr)):
    """A DPO loss with something else in one place: for the mistakes."""
    return lambda pc, pr, rc, rr, beta: loss(margin(pc, pr, rc, rr), beta)


def _pairs(many, beta, seed):
    return *(3 * numbers(4, many, seed=seed) - 12).unbind(), beta


_far = torch.tensor([-30000.0, -20.0]), torch.tensor([-100.0, -22.0]), torch.tensor([-50.0, -21.0])

DPO_LOSS = Exercise(
    name="dpo_loss",
    chapter=3,
    minutes=8,
    level="hard",
    signature="dpo_loss(policy_chosen, policy_rejected, reference_chosen, reference_rejected, beta) -> a number",
    reference=dpo_loss,
    cases=[
        Case(tuple(torch.tensor([x]) for x in (-2.0, -5.0, -3.0, -4.0)) + (0.5,), says="one pair, its margin is 2"),
        Case(_pairs(2, 0.1, 90), says="two pairs, beta 0.1"),
        Case(_pairs(6, 0.3, 91), says="six pairs, beta 0.3"),
        Case((*_far, torch.tensor([-60.0, -20.0]), 0.1), says="a pair with a margin of −29,910"),
    ],
    mistakes=[
        Mistake(
            "logarithm of a sigmoid",
            dpo_but(lambda m, beta: -torch.sigmoid(beta * m).log().mean()),
            "for a pair far on the wrong side the sigmoid is 0 in a float, and e to that margin too large for one; the "
            "loss becomes infinite. There is a function that computes the logarithm of a sigmoid in one step and stays "
            "finite.",
        ),
        Mistake(
            "kept from 0",
            when(
                lambda case, output, right: (
                    float(right) > 100
                    and isinstance(output, float | torch.Tensor)
                    and torch.as_tensor(output).numel() == 1
                    and 5 < float(output) < 0.9 * float(right)
                )
            ),
            "where the sigmoid is almost 0, something is added to it or it is cut off. The logarithm stays finite, and "
            "is wrong: a pair far on the wrong side then pulls no more. There is a function that computes both in one "
            "step.",
        ),
        Mistake(
            "no reference",
            dpo_but(margin=lambda pc, pr, rc, rr: pc - pr),
            "the reference is not used: what counts is how much more the policy prefers the chosen answer than it did "
            "at the start.",
        ),
        Mistake(
            "sign of the margin",
            dpo_but(margin=lambda pc, pr, rc, rr: rc - rr - (pc - pr)),
            "the margin has the wrong sign: the loss falls when the policy comes to prefer the rejected answer.",
        ),
        Mistake(
            "reference added",
            dpo_but(margin=lambda pc, pr, rc, rr: pc - pr + (rc - rr)),
            "the reference's preference is added; it is subtracted.",
        ),
        Mistake(
            "without brackets",
            dpo_but(margin=lambda pc, pr, rc, rr: pc - pr - rc - rr),
            "the reference's rejected answer has the wrong sign: brackets are missing. Minus (chosen minus rejected) "
            "is minus chosen plus rejected.",
        ),
        Mistake(
            "all added",
            dpo_but(margin=lambda pc, pr, rc, rr: pc - rc + (pr - rr)),
            "the rejected answer's gain is added to the chosen one's; it is subtracted: the two compete.",
        ),
        Mistake(
            "the chosen alone",
            dpo_but(margin=lambda pc, pr, rc, rr: pc - rc),
            "the rejected answer is not used: the margin is the chosen one's gain over the reference minus the "
            "rejected one's.",
        ),
        Mistake(
            "summed",
            dpo_but(lambda m, beta: -logsigmoid(beta * m).sum()),
            "it is summed over the pairs; the mean is asked for.",
        ),
        Mistake(
            "one a pair",
            dpo_but(lambda m, beta: -logsigmoid(beta * m)),
            "one loss a pair comes back; their mean is asked for.",
        ),
        Mistake(
            "mean first",
            dpo_but(lambda m, beta: -logsigmoid(beta * m.mean())),
            "the margins are averaged before the sigmoid: a pair far on the right side would make up for one on the "
            "wrong side. Average the losses.",
        ),
        Mistake(
            "beta outside",
            dpo_but(lambda m, beta: -beta * logsigmoid(m).mean()),
            "beta multiplies the loss; it multiplies the margin, inside the sigmoid.",
        ),
        Mistake(
            "beta left out",
            dpo_but(lambda m, beta: -logsigmoid(m).mean()),
            "beta is not used: it multiplies the margin.",
        ),
        Mistake(
            "divided by beta",
            dpo_but(lambda m, beta: -logsigmoid(m / beta).mean()),
            "the margin is divided by beta; it is multiplied by it.",
        ),
        Mistake(
            "sign of the loss",
            dpo_but(lambda m, beta: logsigmoid(beta * m).mean()),
            "the minus in front is missing: this grows when the policy gets better, and a loss has to fall.",
        ),
        Mistake(
            "no logarithm",
            dpo_but(lambda m, beta: -torch.sigmoid(beta * m).mean()),
            "the logarithm is missing: it is −ln of the sigmoid.",
        ),
        Mistake(
            "sigmoid alone",
            dpo_but(lambda m, beta: torch.sigmoid(beta * m).mean()),
            "this is the sigmoid, the probability that the chosen answer wins; its −ln is the loss.",
        ),
        Mistake(
            "no sigmoid", dpo_but(lambda m, beta: -(beta * m).mean()), "the sigmoid and its logarithm are missing."
        ),
        Mistake(
            "beta on the policy alone",
            lambda pc, pr, rc, rr, beta: -logsigmoid(beta * (pc - pr) - (rc - rr)).mean(),
            "beta multiplies only the policy's part: it multiplies the whole margin.",
        ),
        Mistake(
            "divided, model by model",
            dpo_but(margin=lambda pc, pr, rc, rr: pc / pr - rc / rr),
            "the log-probabilities are divided. A quotient of probabilities is a difference of their logarithms.",
        ),
        Mistake(
            "divided, answer by answer",
            dpo_but(margin=lambda pc, pr, rc, rr: pc / rc - pr / rr),
            "the log-probabilities are divided. A quotient of probabilities is a difference of their logarithms.",
        ),
        Mistake(
            "logarithms of logarithms",
            dpo_but(margin=lambda pc, pr, rc, rr: pc.log() - pr.log() - (rc.log() - rr.log())),
            "the logarithm is taken of what are logarithms already; of a negative number it is NaN.",
        ),
        Mistake(
            "two sigmoids",
            lambda pc, pr, rc, rr, beta: -(logsigmoid(beta * (pc - rc)) - logsigmoid(beta * (pr - rr))).mean(),
            "each answer goes through a sigmoid of its own; there is one, of the whole margin.",
        ),
        Mistake(
            "probabilities",
            dpo_but(margin=lambda pc, pr, rc, rr: pc.exp() - pr.exp() - (rc.exp() - rr.exp())),
            "the log-probabilities are turned into probabilities; their differences are those of the logarithms.",
        ),
    ],
    hints=[
        "How much does the policy prefer the chosen answer? The difference of two log-probabilities. The reference?",
        "The margin is the difference of these two preferences. It goes through beta, sigmoid, −ln, and then the mean.",
        "torch.nn.functional has the logarithm of the sigmoid as one function.",
    ],
    commentary="Where the policy still is the reference every margin is 0 and the loss ln 2 = 0.693. No sampling and "
    "no "
    "reward model: this is what DPO spares.",
)
