"""Chapter 03: answers that are right and written otherwise than ours, and wrong ones with words of the hint meant."""

import hashlib
import math
import random

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GroupShuffleSplit

from course_lib.exercises import training as ours

# ---------------------------------------------------------------- answers written otherwise


def step_by_hand(model, batch, optimizer, clip):
    """Gradients by autograd.grad, clipped by hand."""
    parameters = list(model.parameters())
    loss = model(**batch)["loss"]
    gradients = torch.autograd.grad(loss, parameters)
    norm = sum(float((one**2).sum()) for one in gradients) ** 0.5
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient * min(1.0, clip / norm)
    optimizer.step()
    return float(loss)


def step_cleared_later(model, batch, optimizer, clip):
    model.train()
    output = model(**batch)
    model.zero_grad(set_to_none=False)
    output[0].backward()
    torch.nn.utils.clip_grad_norm_([one for group in optimizer.param_groups for one in group["params"]], max_norm=clip)
    optimizer.step()
    optimizer.zero_grad()
    return output.loss.detach().numpy().item()


def accuracy_by_sklearn(logits, labels):
    flat, answers = labels.flatten().numpy(), logits.flatten(0, -2).max(-1).indices.numpy()
    return accuracy_score(flat[flat >= 0], answers[flat >= 0])


def rate_by_lesser(step, warmup, total, peak):
    up = step / warmup if warmup else 1.0
    return peak * max(0, min(up, (total - step) / (total - warmup)))


def best_by_slices(losses, patience):
    last = len(losses)
    for end in range(1, len(losses) + 1):
        seen = losses[:end]
        if end - 1 - seen.index(min(seen)) >= patience:
            last = end
            break
    return losses.index(min(losses[:last]))


def best_by_counter(losses, patience):
    best, at, waiting = math.inf, 0, patience
    for epoch in range(len(losses)):
        if losses[epoch] < best:
            best, at, waiting = losses[epoch], epoch, patience
            continue
        waiting -= 1
        if waiting == 0:
            return at
    return at


def split_by_numpy(texts, share, seed):
    different = np.unique(np.array(texts))
    order = np.random.default_rng(seed).permutation(len(different))
    test = set(different[order[: int(round(len(different) * share))]].tolist())
    return [one for one in texts if one not in test], [one for one in texts if one in test]


def split_by_groups(texts, share, seed):
    train, test = next(GroupShuffleSplit(1, test_size=share, random_state=seed).split(texts, groups=texts))
    return [texts[place] for place in train], [texts[place] for place in test]


def split_by_hash(texts, share, seed):
    """The order of the texts is that of a hash which does not change from run to run."""
    different = sorted(dict.fromkeys(texts), key=lambda text: hashlib.sha256(f"{seed} {text}".encode()).hexdigest())
    many = math.ceil(share * len(different))
    return (
        [text for held in different[many:] for text in texts if text == held],
        [text for held in different[:many] for text in texts if text == held],
    )


RIGHT = {
    "training_step": [step_by_hand, step_cleared_later],
    "perplexity": [
        lambda logs: math.exp(-sum(logs.tolist()) / len(logs)),
        lambda logs: 1 / logs.double().exp().prod() ** (1 / len(logs)) if len(logs) < 99 else math.e ** -logs.mean(),
    ],
    "masked_accuracy": [
        accuracy_by_sklearn,
        lambda logits, labels: (logits.argmax(-1) == labels).sum().item() / (labels != -100).sum().item(),
    ],
    "learning_rate": [
        rate_by_lesser,
        lambda s, w, t, p: torch.tensor(p * s / w if s < w else p * max(t - s, 0) / (t - w), dtype=torch.float64),
    ],
    "best_epoch": [best_by_slices, best_by_counter, lambda losses, patience: best_by_windows(losses, patience)],
    "split": [split_by_numpy, split_by_groups, split_by_hash],
    "lora": [
        lambda x, weight, a, b, scale: x @ (weight + scale * b @ a).T,
        lambda x, w, a, b, s: F.linear(x, w) + F.linear(F.linear(x * s, a), b),
        lambda x, w, a, b, s: torch.einsum("...i,oi->...o", x, w) + s * torch.einsum("...i,ri,or->...o", x, a, b),
    ],
    "dpo_loss": [
        lambda pc, pr, rc, rr, beta: F.softplus(-beta * ((pc - rc) - (pr - rr))).sum() / len(pc),
        lambda pc, pr, rc, rr, beta: F.binary_cross_entropy_with_logits(
            beta * (pc - pr - rc + rr), torch.ones_like(pc)
        ),
    ],
}


# ---------------------------------------------------------------- wrong answers, and a piece of the hint meant for each


def step_without(*parts, late_clear=False):
    """A training step as one writes it, without some of its lines."""

    def wrong(model, batch, optimizer, clip):
        if "clear" not in parts:
            optimizer.zero_grad()
        loss = model(**batch).loss
        if "backward" not in parts:
            loss.backward()
        if late_clear:
            optimizer.zero_grad()
        if "clip" not in parts:
            torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
        if "step" not in parts:
            optimizer.step()
        return loss if "item" in parts else None if "return" in parts else loss.item()

    return wrong


def step_with_values(model, batch, optimizer, clip):
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    for one in model.parameters():
        one.grad.clamp_(-clip, clip)
    optimizer.step()
    return loss.item()


def step_with_the_batch(model, batch, optimizer, clip):
    return model(batch).loss.item()


def step_clipped_too_late(model, batch, optimizer, clip):
    loss = step_without("clip")(model, batch, optimizer, clip)
    torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
    return loss


def by_places(texts, share, seed):
    order = list(texts)
    random.Random(seed).shuffle(order)
    many = round(share * len(order))
    return order[many:], order[:many]


def by_set(texts, share, seed):
    order = list(set(texts))
    random.Random(seed).shuffle(order)
    test = set(order[: round(share * len(order))])
    return [one for one in texts if one not in test], [one for one in texts if one in test]


def once_each(texts, share, seed):
    order = sorted(set(texts))
    random.Random(seed).shuffle(order)
    many = round(share * len(order))
    return order[many:], order[:many]


def split_without_seed(texts, share, seed):
    return split_by_numpy(texts, share, random.randrange(10**6))


def split_in_order(texts, share, seed):
    order = list(dict.fromkeys(texts))
    test = set(order[-round(share * len(order)) :])
    return [one for one in texts if one not in test], [one for one in texts if one in test]


def drops_from_train(texts, share, seed):
    train, test = by_places(texts, share, seed)
    return [one for one in train if one not in test], test


def overlap_taken_out(texts, share, seed):
    train, test = by_places(texts, share, seed)
    return [one for one in train if one not in test], [one for one in test if one not in train]


def a_coin_each(texts, share, seed):
    chance = random.Random(seed)
    held = {one: chance.random() < share for one in sorted(set(texts))}
    return [one for one in texts if not held[one]], [one for one in texts if held[one]]


def split_by_sklearn(texts, share, seed):
    from sklearn.model_selection import train_test_split

    return tuple(train_test_split(texts, test_size=share, random_state=seed))


def waits_from_the_first(losses, patience):
    best, waited = 0, 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best, waited = epoch, 0
        else:
            waited += 1
        if waited >= patience:
            break
    return best


def last_unless_full(losses, patience):
    for epoch, loss in enumerate(losses):
        later = losses[epoch + 1 : epoch + 1 + patience]
        if len(later) == patience and min(later) >= loss:
            return epoch
    return len(losses) - 1


def best_by_windows(losses, patience):
    return next(
        epoch
        for epoch, loss in enumerate(losses)
        if all(later >= loss for later in losses[epoch + 1 : epoch + 1 + patience])
    )


def shuffles_what_it_got(texts, share, seed):
    random.Random(seed).shuffle(texts)
    return split_in_order(texts, share, seed)


def step_before_backward(first=False, last=False):
    """The optimizer steps, then come the gradients, and they are cleared at first, between the two or at last."""

    def wrong(model, batch, optimizer, clip):
        if first:
            optimizer.zero_grad()
        loss = model(**batch).loss
        optimizer.step()
        if not (first or last):
            optimizer.zero_grad()
        loss.backward()
        if last:
            optimizer.zero_grad()
        return loss.item()

    return wrong


WRONG = {
    "training_step": [
        (step_without("clear"), "never cleared"),
        (step_without("clip"), "not clipped"),
        (step_without("clear", "clip"), "never cleared, and not clipped"),
        (step_without("step"), "takes no step"),
        (step_without("backward", "clip"), "is missing"),
        (step_without("item"), "as a tensor"),
        (step_without("return"), "nothing is returned"),
        (step_without("clear", late_clear=True), "cleared after backward"),
        (step_without(late_clear=True), "cleared after backward"),
        (step_with_values, "cut to clip by itself"),
        (step_clipped_too_late, "between backward and the step"),
        (step_before_backward(), "the step comes before backward"),
        (step_before_backward(first=True), "the step comes before backward"),
        (step_before_backward(last=True), "the step comes before backward"),
    ],
    "perplexity": [
        (lambda logs: -logs.mean(), "is the loss"),
        (lambda logs: logs.mean().exp().item(), "the sign is missing"),
        (lambda logs: torch.exp(-logs.sum()), "summed"),
        (lambda logs: 2 ** (-logs.mean().item()), "natural"),
        (lambda logs: (1 / logs.exp()).mean(), "outweighs"),
        (lambda logs: 1 / logs.exp().mean(), "a product"),
        (lambda logs: torch.exp(-torch.log(logs).mean()).item(), "logarithms already"),
        (lambda logs: -torch.exp(logs.mean()), "belongs to the exponent"),
        (lambda logs: math.log(-logs.mean()), "logarithm of the loss"),
        (lambda logs: math.exp(-logs.sum() / (len(logs) - 1)), "one token fewer"),
        (lambda logs: torch.exp(-(logs.exp() * logs).sum()), "entropy"),
        (lambda logs: torch.exp(-logs.median()), "median"),
    ],
    "masked_accuracy": [
        (lambda logits, labels: (logits.argmax(-1) == labels).float().mean(), "wrong answers"),
        (lambda logits, labels: (logits.argmax(-1) == labels).sum(), "how many are right"),
        (lambda logits, labels: 100 * accuracy_by_sklearn(logits, labels), "percent"),
        (lambda logits, labels: 1 - accuracy_by_sklearn(logits, labels), "wrong answers"),
        (lambda logits, labels: accuracy_by_sklearn(-logits, labels), "smallest logit"),
        (lambda logits, labels: (logits.argmax() == labels).float().mean(), "over all logits together"),
        (lambda logits, labels: int((logits.argmax(-1) == labels).sum()) // len(labels), "rounds down"),
        (lambda logits, labels: accuracy_by_sklearn(logits, labels.where(labels > 0, -100)), "0 is a class"),
        (lambda logits, labels: (logits.argmax(-1)[..., :-1] == labels[..., 1:]).float().mean(), "one place apart"),
        (lambda logits, labels: (logits.argmax(0) == labels).float().mean(), "must match"),
        (
            lambda logits, labels: (logits.softmax(-1).amax(-1)[labels != -100]).mean(),
            "gives",
        ),
    ],
    "learning_rate": [
        (lambda s, w, t, p: p * s / w if s < w else p * (t - s) / (t - w), "negative"),
        (lambda s, w, t, p: p * s / w if s < w else p * max(0, (t - s) / t), "jumps below the peak"),
        (lambda s, w, t, p: p * s / w if s < w else p * abs(t - s) / (t - w), "grows again"),
        (lambda s, w, t, p: p * s / (w - 1) if s < w else p * max(0, t - s) / (t - w), "one step too early"),
        (lambda s, w, t, p: p * s / w if s < w else p * max(0, t - 1 - s) / (t - 1 - w), "one step too early"),
        (lambda s, w, t, p: p * (s + 1) / w if s < w else p * max(0, t - s) / (t - w), "counts from 1"),
        (lambda s, w, t, p: p * min(1, s / w) if s < w else p, "stays at the peak"),
        (lambda s, w, t, p: p * max(0, t - s) / t, "no warmup"),
        (lambda s, w, t, p: p if s < w else p * max(0, t - s) / (t - w), "already at its peak, and it should be 0"),
        (lambda s, w, t, p: rate_by_lesser(s, w, t, 1), "peak is not used"),
        (lambda s, w, t, p: p * max(0, min(s / w, (t - s) / (t - w))), "divides by 0"),
    ],
    "best_epoch": [
        (lambda losses, patience: losses.index(min(losses)), "smallest loss of the whole list"),
        (lambda losses, patience: int(np.argmin(losses)), "smallest loss of the whole list"),
        (lambda losses, patience: ours.stopped(losses, patience)[1], "at which training stops"),
        (lambda losses, patience: best_by_counter(losses, patience + 1), "one epoch too long"),
        (lambda losses, patience: best_by_counter([-one for one in losses], patience), "the largest loss"),
        (lambda losses, patience: losses[best_by_counter(losses, patience)], "number of the epoch"),
        (lambda losses, patience: best_by_counter(losses, patience) + 1, "counted from 1"),
        (waits_from_the_first, "nothing before the first"),
        (last_unless_full, "ends before the patience does"),
        (lambda losses, patience: int(np.argmin(losses[: patience + 1])), "starts anew with each best"),
        (lambda losses, patience: ours.stopped(losses, patience)[1] - patience, "back from the end by patience"),
    ],
    "split": [
        (by_places, "in train and in test"),
        (by_set, "another run of Python"),
        (once_each, "copies are lost"),
        (drops_from_train, "copies are lost"),
        (split_without_seed, "second time"),
        (split_in_order, "nothing is left to chance"),
        (lambda texts, share, seed: split_by_numpy(texts, share, 0), "seed is not used"),
        (lambda texts, share, seed: split_by_numpy(texts, share, seed)[::-1], "wrong way round"),
        (lambda texts, share, seed: split_by_numpy(texts, 0.1, seed), "should have"),
        (lambda texts, share, seed: split_by_numpy(texts, share, seed)[0], "two lists"),
        (shuffles_what_it_got, "changes"),
        (a_coin_each, "only on average"),
        (split_by_sklearn, "in train and in test"),
    ],
    "lora": [
        (lambda x, w, a, b, s: x @ w.T + x @ a.T @ b.T, "not used"),
        (lambda x, w, a, b, s: s * (x @ a.T @ b.T), "frozen weight is left out"),
        (lambda x, w, a, b, s: x @ w + s * x @ a.T @ b.T, "wrong way round"),
        (lambda x, w, a, b, s: F.linear(x, w) + s / len(a) * (x @ a.T @ b.T), "divided by the rank"),
        (lambda x, w, a, b, s: s * (x @ w.T + x @ a.T @ b.T), "the frozen layer too"),
        (lambda x, w, a, b, s: x @ w.T + s * (x @ b.T @ a.T), "b comes before a"),
        (lambda x, w, a, b, s: F.linear(x, w) + s * (x @ a @ b), "as they stand"),
        (lambda x, w, a, b, s: F.linear(x, w + s * (a @ b)), "the change is a b"),
        (lambda x, w, a, b, s: x @ w + s * x @ a @ b, "no matrix is transposed"),
        (lambda x, w, a, b, s: F.linear(x, w) + s + x @ a.T @ b.T, "scale is added"),
    ],
    "dpo_loss": [
        (lambda pc, pr, rc, rr, beta: -torch.log(torch.sigmoid(beta * (pc - pr - rc + rr))).mean(), "stays finite"),
        (
            lambda pc, pr, rc, rr, beta: -torch.log(torch.sigmoid((beta * (pc - pr - rc + rr)).double())).mean(),
            "a logarithm of 0",
        ),
        (lambda pc, pr, rc, rr, beta: torch.log(1 + torch.exp(-beta * (pc - pr - rc + rr))).mean(), "too large"),
        (lambda pc, pr, rc, rr, beta: -F.logsigmoid(beta * (pc - pr)).mean(), "reference is not used"),
        (lambda pc, pr, rc, rr, beta: -F.logsigmoid(beta * (pr - pc - rr + rc)).mean(), "wrong sign"),
        (lambda pc, pr, rc, rr, beta: -F.logsigmoid(beta * (pc - pr - rc - rr)).mean(), "brackets"),
        (lambda pc, pr, rc, rr, beta: -F.logsigmoid(beta * (pc - pr - rc + rr)).sum(), "the mean is asked for"),
        (lambda pc, pr, rc, rr, beta: -F.logsigmoid(beta * (pc - pr - rc + rr)), "one loss a pair"),
        (lambda pc, pr, rc, rr, beta: F.logsigmoid(beta * (pc - pr - rc + rr)).mean(), "minus in front"),
        (lambda pc, pr, rc, rr, beta: -F.sigmoid(beta * (pc - pr - rc + rr)).mean(), "logarithm is missing"),
        (lambda pc, pr, rc, rr, beta: -F.logsigmoid(pc - pr - rc + rr).mean() * beta, "inside the sigmoid"),
        (lambda pc, pr, rc, rr, beta: -F.logsigmoid(beta * (pc - pr - rc + rr).mean()), "before the sigmoid"),
        (
            lambda pc, pr, rc, rr, beta: -(torch.sigmoid(beta * (pc - pr - rc + rr)) + 1e-12).log().mean(),
            "pulls no more",
        ),
        (
            lambda pc, pr, rc, rr, beta: -torch.sigmoid(beta * (pc - pr - rc + rr)).clamp(1e-8).log().mean(),
            "pulls no more",
        ),
        (lambda pc, pr, rc, rr, beta: -F.logsigmoid(beta * (pc / rc - pr / rr)).mean(), "difference of their log"),
        (
            lambda pc, pr, rc, rr, beta: -F.logsigmoid(beta * (pc.log() - pr.log() - rc.log() + rr.log())).mean(),
            "logarithms already",
        ),
        (
            lambda pc, pr, rc, rr, beta: (F.logsigmoid(beta * (pr - rr)) - F.logsigmoid(beta * (pc - rc))).mean(),
            "a sigmoid of its own",
        ),
    ],
}
