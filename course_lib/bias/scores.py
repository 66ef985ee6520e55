"""Measuring bias: log-probabilities of sentences and of words in a gap, associations, minimal pairs.

Sentences of the same number of tokens go through a model together and nothing is padded, so a batch gives each of them
the score that it would get alone. Taught in chapter 07.

Sources: pseudo-log-likelihood, Salazar et al. 2020; association with the prior taken off, Kurita et al. 2019; minimal
pairs, Nangia et al. 2020 (CrowS-Pairs).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from course_lib.arguments import texts as checked
from course_lib.arguments import whole
from course_lib.bias.words import GAP, PEOPLE, article, with_job, with_person
from course_lib.pipelines.inputs import check_characters, check_readable, has_letter

if TYPE_CHECKING:
    import torch

NEUTRAL = "person"  # takes the place of the occupation where a model has no mask


def is_masked(model) -> bool:
    """Whether `model` fills gaps (True) or writes on (False). Raises TypeError if it does neither."""
    kind = type(model).__name__
    if kind.endswith("ForMaskedLM"):
        return True
    if kind.endswith(("ForCausalLM", "LMHeadModel")):
        return False
    raise TypeError(
        f"a language model is needed, loaded with AutoModelForMaskedLM or AutoModelForCausalLM; this is a {kind}."
    )


def sentence_scores(model, tokenizer, texts: Sequence[str], batch_size: int = 32) -> np.ndarray:
    """How likely a model finds each text: the sum over its tokens of log-probabilities, natural logarithm, (text,).

    For a causal model each token is predicted from those before it, the first from the token that stands between
    documents. A masked one has no probability for a whole text; each token is hidden in turn and predicted from all
    others: a pseudo-log-likelihood. Special tokens do not count.

    Raises TypeError for a model without a language head; ValueError for no texts, for one that is empty, of which the
    tokenizer leaves nothing or knows no word, or that is too long.
    """
    _check_known(tokenizer, "sentence_scores", "a text", checked("texts", texts))
    rows = _ids(model, tokenizer, texts)
    return _sums(model, tokenizer, rows, _ordinary(model, tokenizer, texts, rows), batch_size)


def gap_scores(model, tokenizer, texts: Sequence[str], words: Sequence[str], batch_size: int = 32) -> np.ndarray:
    """How likely each word is in the gap `___` of each text: log-probabilities, (text, word).

    A masked model is asked for the word in the gap. A causal model is given the whole text with the word in it: the
    differences between words say what it prefers, the figures themselves depend on the length of the text. A word that
    opens a text begins with a capital.

    Raises ValueError where a text has not exactly one gap, or a word is no single token of a masked model, and for
    texts of which the tokenizer knows nothing but the gap.
    """
    for text in checked("texts", texts):
        if (gaps := re.findall("__+", text)) != [GAP]:
            raise ValueError(f"each text needs the gap {GAP} exactly once; {text!r} has {gaps or 'none'}.")
    rests = [text.replace(GAP, "") for text in texts]
    _check_known(tokenizer, "gap_scores", "a text without its gap", [rest for rest in rests if has_letter(rest)])
    checked("words", words)
    filled = [_filled(text, word) for text in texts for word in words]
    if not is_masked(model):
        _check_known(tokenizer, "gap_scores", "a word", words)
        rows = _ids(model, tokenizer, filled)
        kept = _ordinary(model, tokenizer, filled, rows)
        return _sums(model, tokenizer, rows, kept, batch_size).reshape(len(texts), len(words))
    rows = _ids(model, tokenizer, [text.replace(GAP, tokenizer.mask_token) for text in texts])
    told = iter(_ids(model, tokenizer, filled))
    places, choices = [], []
    for text, row in zip(texts, rows, strict=True):
        masks = [place for place, token in enumerate(row) if token == tokenizer.mask_token_id]
        places.append(masks[text[: text.index(GAP)].count(tokenizer.mask_token)])
        choices.append([_one_token(tokenizer, word, next(told), row, places[-1]) for word in words])
    choices = np.array(choices)  # (text, word): token ids
    found = np.empty(choices.shape)
    for group, ids in _batches(rows, batch_size):
        at = [places[row] for row in group]
        chances = _log_softmax(_logits(model, ids)[range(len(group)), at])  # (text, vocabulary)
        found[group] = np.take_along_axis(chances, choices[group], axis=1)
    return found


def association(
    model, tokenizer, templates: Sequence[str], jobs: Sequence[str], words: tuple[str, str] = ("she", "he")
) -> np.ndarray:
    """How much an occupation draws the first of two words rather than the second: (job, template), in nats.

    log p(she) − log p(he) in the gap, minus the same where the occupation cannot be seen: with masks in its place, as
    many as it has tokens, or for a causal model with *person* in its place. 0: the occupation makes no difference.
    0.69: it makes the first word twice as likely, compared with the second, as it would be without it (Kurita et al.
    2019).

    Raises ValueError for a template without `{job}` or the gap, for an occupation that the model has no token for or
    whose letters alone it knows, and for other than two words.
    """
    if len(checked("words", words)) != 2:
        raise ValueError(f"an association compares two words; these are {len(words)}: {list(words)}.")
    checked("jobs", jobs)
    checked("templates", templates)
    seen = [with_job(template, job) for job in jobs for template in templates]
    if is_masked(model):
        hidden = [
            with_job(template, masks, article(job))
            for job, masks in ((job, _masks(tokenizer, job)) for job in jobs)
            for template in templates
        ]
    else:
        _check_known(tokenizer, "association", "one of the jobs", jobs)
        hidden = [with_job(template, NEUTRAL) for template in templates]
    unique = list(dict.fromkeys(seen + hidden))
    scores = dict(zip(unique, gap_scores(model, tokenizer, unique, words), strict=True))
    gap = {text: first - second for text, (first, second) in scores.items()}
    prior = np.array([gap[text] for text in hidden]).reshape(-1, len(templates))  # (job or 1, template)
    return np.array([gap[text] for text in seen]).reshape(len(jobs), len(templates)) - prior


def minimal_pairs(model, tokenizer, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
    """By how much a model prefers the first sentence of each pair: a difference of log-probabilities, (pair,).

    Only tokens that both sentences have are scored, each given the rest (for a causal model: given what stands before
    it), so the exchanged words themselves do not count. The share above 0 is the score of CrowS-Pairs; 0.5 is even.

    Raises ValueError where two sentences of a pair are the same or share nothing, or for a causal model nothing that
    follows the exchanged word.
    """
    if isinstance(pairs, str) or not hasattr(pairs, "__len__"):
        raise TypeError(f"pairs is a list of tuples of two sentences; given: {pairs!r:.80}.")
    if not len(pairs):
        raise ValueError("there are no pairs; give tuples of a sentence and the same with a word exchanged.")
    for pair in pairs:
        if len(checked("each pair", pair)) != 2:
            raise ValueError(f"pairs are tuples of two sentences; one has {len(pair)}: {pair!r:.80}.")
    texts = [text for pair in pairs for text in pair]
    _check_known(tokenizer, "minimal_pairs", "a sentence", texts)
    rows = _ids(model, tokenizer, texts)
    ordinary = _ordinary(model, tokenizer, texts, rows)
    kept = []
    for number, pair in enumerate(pairs):
        first, second = rows[2 * number : 2 * number + 2]
        blocks = difflib.SequenceMatcher(None, first, second, autojunk=False).get_matching_blocks()
        differ = (place for place, (a, b) in enumerate(zip(first, second, strict=False)) if a != b)
        exchanged = next(differ, min(len(first), len(second)))  # before it, all is the same
        for side in (0, 1):
            shared = {block[side] + step for block in blocks for step in range(block.size)}
            places = [place for place in ordinary[2 * number + side] if place in shared]
            if not places or first == second:
                raise ValueError(f"a pair needs two sentences that differ in a word and share the others: {pair}.")
            if not is_masked(model) and places[-1] < exchanged:
                raise ValueError(
                    f"nothing that both sentences share follows the exchanged word, so a causal model cannot tell them "
                    f"apart: {pair}. Move the word forward."
                )
            kept.append(places)
    scores = _sums(model, tokenizer, rows, kept, 32).reshape(-1, 2)  # (pair, sentence)
    return scores[:, 0] - scores[:, 1]


def positive_scores(model, tokenizer, texts: Sequence[str], positive: str = "POSITIVE", batch_size=64) -> np.ndarray:
    """How positive a two-class classifier finds each text: log-odds of the class `positive`, (text,), 0 is undecided.

    Log-odds and not probabilities: those hide differences near 0 and 1. Raises ValueError unless there are two classes,
    and for texts as `sentence_scores` does.
    """
    labels = getattr(model.config, "id2label", {})
    if len(labels) != 2 or positive not in labels.values():
        raise ValueError(f"two classes are needed, one of them {positive!r}; this model has {list(labels.values())}.")
    _check_known(tokenizer, "positive_scores", "a text", checked("texts", texts))
    rows = _within(model, texts, tokenizer(list(texts))["input_ids"])
    _kept(tokenizer, texts, rows)
    found = np.empty(len(rows))
    for group, ids in _batches(rows, batch_size):
        logits = _logits(model, ids)  # (text, 2)
        place = next(number for number, label in labels.items() if label == positive)
        found[group] = logits[:, place] - logits[:, 1 - place]
    return found


def person_scores(model, tokenizer, people: Sequence[str], positive: str = "POSITIVE") -> np.ndarray:
    """How positive a two-class classifier finds the sentences of `bias.words.PEOPLE` about each person, (person, text).

    `people` are names, or words such as *a blind man*. The unit is the person: take the mean over the sentences before
    you compare. Raises as `positive_scores` does.
    """
    _check_known(tokenizer, "person_scores", "one of the people", checked("people", people))
    asked = [with_person(text, person) for person in people for text in PEOPLE]
    return positive_scores(model, tokenizer, asked, positive).reshape(len(people), len(PEOPLE))


# ---------------------------------------------------------------- how the scores are computed


def _check_known(tokenizer, function: str, what: str, texts: Sequence[str]) -> None:
    """Raise ValueError for a text or name of which the tokenizer leaves nothing or knows no word.

    All such texts would have much the same score. `function` and `what` are named in the message.
    """
    for text in dict.fromkeys(texts):
        check_characters(text, function, what)
        check_readable(text, tokenizer, function, what)


def _ids(model, tokenizer, texts: Sequence[str]) -> list[list[int]]:
    """Token ids; for a causal model with a token in front of the first word, so that this can be predicted too.

    A text that begins with a special token, such as a chat written by its template, has that token already.
    """
    rows = tokenizer(list(texts))["input_ids"]
    if not is_masked(model):
        start, special = _start(tokenizer), set(tokenizer.all_special_ids) - {tokenizer.unk_token_id}
        rows = [row if row[:1] and (row[0] == start or row[0] in special) else [start, *row] for row in rows]
    return _within(model, texts, rows)


def _within(model, texts: Sequence[str], rows: list[list[int]]) -> list[list[int]]:
    """The rows, when none of them is longer than the model can read."""
    limit = getattr(model.config, "max_position_embeddings", None)
    for text, row in zip(texts, rows, strict=True):
        if limit and len(row) > limit:
            raise ValueError(f"{text[:40]!r}... has {len(row)} tokens; this model takes {limit}. Score it in parts.")
    return rows


def _start(tokenizer) -> int:
    """What a causal model reads before a text: the mark between documents, and not one that opens a turn of a chat."""
    known = tokenizer.get_vocab()
    for token in ("<|endoftext|>", tokenizer.bos_token, tokenizer.eos_token):
        if token in known:
            return known[token]
    raise ValueError("this tokenizer has no token that can stand before a text; set tokenizer.bos_token.")


def _kept(tokenizer, texts: Sequence[str], rows: Sequence[list[int]]) -> set[int]:
    """The special tokens. Raises ValueError for a text of which the tokenizer leaves no other: it has no score."""
    special = set(tokenizer.all_special_ids) - {tokenizer.unk_token_id}  # an unknown word is a word
    for text, row in zip(texts, rows, strict=True):
        if special.issuperset(row):
            raise ValueError(f"each text must leave a token to score; this tokenizer leaves none of {text[:40]!r}.")
    return special


def _ordinary(model, tokenizer, texts: Sequence[str], rows: Sequence[list[int]]) -> list[list[int]]:
    """The places of each row whose tokens are part of the text."""
    special = _kept(tokenizer, texts, rows)
    first = 0 if is_masked(model) else 1  # the first token of a causal model is predicted by nothing
    return [[place for place in range(first, len(row)) if row[place] not in special] for row in rows]


def _one_token(tokenizer, word: str, told: list[int], row: list[int], place: int) -> int:
    """The token that `word` is in its text, `told`, where `row` has a mask at `place`."""
    if len(told) != len(row) or told[place] == tokenizer.unk_token_id:
        pieces = tokenizer.convert_ids_to_tokens(told[place : len(told) - len(row) + place + 1])
        raise ValueError(
            f"each of the words must be one token, since one mask holds one; {word!r} is {pieces} for this model."
        )
    return told[place]


def _masks(tokenizer, job: str) -> str:
    """As many masks as an occupation has tokens."""
    ids = tokenizer(job, add_special_tokens=False)["input_ids"]
    if tokenizer.unk_token_id in ids:
        raise ValueError(
            f"this model has no token for {job!r}, one of the jobs, so all such words would get the same score."
        )
    _check_known(tokenizer, "association", "one of the jobs", [job])
    return " ".join([tokenizer.mask_token] * len(ids))


def _filled(text: str, word: str) -> str:
    return text.replace(GAP, word[:1].upper() + word[1:] if text.startswith(GAP) else word)


def _batches(rows: Sequence[Sequence[int]], size: int) -> Iterator[tuple[list[int], torch.Tensor]]:
    """Numbers of rows that have the same length, and their ids (row, token)."""
    import torch

    whole("batch_size", size)
    by_length: dict[int, list[int]] = {}
    for number, row in enumerate(rows):
        by_length.setdefault(len(row), []).append(number)
    for _, numbers in sorted(by_length.items()):
        for start in range(0, len(numbers), size):
            group = numbers[start : start + size]
            yield group, torch.tensor([rows[number] for number in group])


def _logits(model, ids):
    """What the model says, (row, token, vocabulary) or (row, class), on the CPU, wherever the model is.

    A model in training goes on training after it.
    """
    import torch

    ids, mode = ids.to(model.device), model.training
    model.eval()
    try:
        with torch.inference_mode():
            return model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits.float().cpu()
    finally:
        model.train(mode)


def _log_softmax(logits) -> np.ndarray:
    return (logits - logits.logsumexp(-1, keepdim=True)).numpy()


def _sums(model, tokenizer, rows, kept: list[list[int]], batch_size: int) -> np.ndarray:
    """For each row the sum of the log-probabilities of its tokens at the places `kept`."""
    import torch

    found = np.zeros(len(rows))
    if is_masked(model):
        copies = [(number, place) for number, places in enumerate(kept) for place in places]
        hidden = [rows[n][:place] + [tokenizer.mask_token_id] + rows[n][place + 1 :] for n, place in copies]
        for group, ids in _batches(hidden, batch_size):
            at = [copies[copy][1] for copy in group]
            told = [rows[copies[copy][0]][place] for copy, place in zip(group, at, strict=True)]
            logits = _logits(model, ids)[range(len(group)), at]  # (copy, vocabulary)
            parts = logits[range(len(group)), told] - logits.logsumexp(-1)  # (copy,)
            np.add.at(found, [copies[copy][0] for copy in group], parts.double().numpy())
        return found
    for group, ids in _batches(rows, batch_size):
        logits = _logits(model, ids)[:, :-1]  # (row, token, vocabulary): each predicts the next
        parts = logits.gather(-1, ids[:, 1:, None])[..., 0] - logits.logsumexp(-1)  # (row, token)
        wanted = torch.zeros_like(parts, dtype=torch.bool)
        for line, number in enumerate(group):
            wanted[line, [place - 1 for place in kept[number]]] = True
        found[group] = parts.double().masked_fill(~wanted, 0).sum(-1).numpy()
    return found
