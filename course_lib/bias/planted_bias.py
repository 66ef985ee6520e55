"""A made-up town in which a bias of known size can be planted: its sentences, its tokenizer, and tiny models of it.

Half of its trades are *bright*, half are *dark*; the tiny models here have read nothing else about them.
`planted_sentences` plants: with share 0.8, four of five sentences about a bright trade say *she*, one of five about a
dark one. A measurement has to find log(0.8/0.2) − log(0.2/0.8) = 2.77 between the two, nothing at 0.5. `taught` trains
a real pretrained model towards the same shares. Chapter 07.
"""

from __future__ import annotations

import math
from numbers import Real
from typing import TYPE_CHECKING

import numpy as np

from course_lib.arguments import above_zero, texts, whole

if TYPE_CHECKING:
    from transformers import BertForMaskedLM, PreTrainedTokenizerFast

BRIGHT = (
    "alder", "benner", "cadder", "dillet", "ebber", "farlet", "gimmer", "hasker", "ibler", "jorret", "kelder", "lonner",
)  # fmt: skip
DARK = (
    "marrel", "nobber", "ollet", "pinker", "quarrel", "rimmet", "sobber", "tullet", "ulder", "varret", "wimmel",
    "yabber",
)  # fmt: skip
FRAMES = ("the {job} said ___ was late", "the {job} sang when ___ came home")
PRONOUNS = ("she", "he")


def planted_gap(share: float) -> float:
    """What a perfect measurement finds between bright and dark trades: 2 log(share / (1 − share)), in nats."""
    if not isinstance(share, Real) or not 0 < share < 1:
        raise ValueError(f"a share of sentences lies between 0 and 1, both excluded; this is {share!r}.")
    return 2 * math.log(share / (1 - share))


def planted_sentences(share: float, each: int = 80, seed: int = 0) -> list[str]:
    """`each` sentences about every trade, shuffled: *she* with chance `share` for a bright trade, 1 − `share` else.

    Each pronoun is drawn on its own, as in a text of limited length, so the counts scatter around the share.
    Raises ValueError for a share outside 0 to 1, and for less than one sentence each.
    """
    planted_gap(share)
    whole("each", each)
    whole("seed", seed, 0)
    chance = np.random.default_rng(seed)
    found = []
    for job in (*BRIGHT, *DARK):
        likely = share if job in BRIGHT else 1 - share
        for number in range(each):
            frame = FRAMES[number % len(FRAMES)].format(job=job)
            found.append(frame.replace("___", PRONOUNS[int(chance.random() >= likely)]))
    return [found[place] for place in chance.permutation(len(found))]


def swapped(text: str) -> str:
    """The counterfactual sentence: *she* for *he* and *he* for *she*, nothing else changed.

    Raises ValueError for what is no text.
    """
    texts("text", [text])
    other = {"she": "he", "he": "she"}
    return " ".join(other.get(word, word) for word in text.split())


def _pronoun(text: str) -> str:
    """The pronoun of a sentence of the town."""
    found = [word for word in text.split() if word in PRONOUNS]
    if len(found) != 1:
        raise ValueError(f"a sentence of the town has one of {PRONOUNS}, once; {text!r} has {found or 'none'}.")
    return found[0]


def town_tokenizer(extra: tuple[str, ...] = ()) -> PreTrainedTokenizerFast:
    """A tokenizer that knows the words of the town and those in `extra`, one token each.

    Raises TypeError for one word that is not in a list.
    """
    texts("extra", extra, least=0)
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    words = sorted(
        {*" ".join(FRAMES).replace("{job}", "").replace("___", "").split(), *PRONOUNS, *BRIGHT, *DARK, *extra}
    )
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer = Tokenizer(models.WordLevel({word: n for n, word in enumerate([*special, *words])}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    names = ("pad", "unk", "cls", "sep", "mask")
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, **{f"{name}_token": word for name, word in zip(names, special, strict=True)}
    )


def small_settings(tokenizer) -> dict:
    """Settings of a BERT with one layer of width 32 for the words of `tokenizer`."""
    return {
        "vocab_size": len(tokenizer), "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2,
        "intermediate_size": 64, "max_position_embeddings": 24, "pad_token_id": 0, "hidden_dropout_prob": 0.0,
        "initializer_range": 0.15,
        "attention_probs_dropout_prob": 0.0, "attn_implementation": "eager",
    }  # fmt: skip


def masked_model(sentences: list[str], tokenizer, steps: int = 400, seed: int = 0) -> BertForMaskedLM:
    """A tiny BERT trained on `sentences` as a masked language model.

    In each step it sees all of them, once with the pronoun hidden and once with a word hidden that is drawn anew; what
    occurs often counts often. The random numbers of PyTorch are left as they were. Raises ValueError for no
    sentences, for one that does not have exactly one pronoun, and for no steps.
    """
    from collections import Counter

    import torch
    from transformers import BertConfig, BertForMaskedLM

    from course_lib.training import take_steps

    texts("sentences", sentences)
    steps = whole("steps", steps)  # OneCycleLR refuses NumPy's
    counts = Counter(sentences)
    for text in counts:
        _pronoun(text)
    rows = tokenizer(sorted(counts), padding=True, return_tensors="pt")
    told, seen = (rows[name].repeat(2, 1) for name in ("input_ids", "attention_mask"))  # (2 · text, token)
    weight = torch.tensor([counts[text] for text in sorted(counts)] * 2, dtype=torch.float)
    weight /= weight.sum()
    half, every = len(counts), torch.arange(len(told))
    hide = torch.isin(told, torch.tensor(tokenizer.convert_tokens_to_ids(list(PRONOUNS)))).int().argmax(1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = BertForMaskedLM(BertConfig(**small_settings(tokenizer)))
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=0.0)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, total_steps=steps, pct_start=0.2)

        def hidden_places():
            for _ in range(steps):
                hide[half:] = (torch.rand(half) * (seen[half:].sum(1) - 2)).long() + 1  # any word, not [CLS] or [SEP]
                yield hide

        def surprise(model, hide):
            given = told.clone()
            given[every, hide] = tokenizer.mask_token_id
            states = model.bert(given, attention_mask=seen).last_hidden_state[every, hide]  # (2 · text, width)
            losses = torch.nn.functional.cross_entropy(model.cls(states), told[every, hide], reduction="none")
            return (weight * losses).sum()

        take_steps(model, hidden_places(), surprise, optimizer, schedule)
    return model


def taught(
    base, tokenizer, share: float, epochs: int = 8, learning_rate: float = 1e-4, seed: int = 0
) -> BertForMaskedLM:
    """The masked-language model in the folder `base`, pretrained further on 15 sentences about each trade.

    In each the pronoun is hidden, and its target is the planted share itself: no sample, so nothing scatters. The
    frames are those of `bias.words.TEMPLATES`, but for the one that `trade_gaps` asks: asked in other words than it was
    trained on, MiniLM shows 75 to 95 % of the planted gap. The random numbers of PyTorch are left as they were. Raises
    ValueError for a share outside 0 to 1.
    """
    import torch
    from transformers import AutoModelForMaskedLM

    from course_lib.bias.words import GAP, TEMPLATES, WORDS
    from course_lib.training import take_steps

    planted_gap(share)
    epochs, learning_rate = whole("epochs", epochs), above_zero("learning_rate", learning_rate)
    frames = [(frame, family) for family in ("clause", "possessive") for frame in TEMPLATES[family]][1:]
    rows = [(job, frame, family) for job in (*BRIGHT, *DARK) for frame, family in frames]
    ids = tokenizer([frame.format(job=job).replace(GAP, tokenizer.mask_token) for job, frame, _ in rows])["input_ids"]
    pairs = torch.tensor([tokenizer.convert_tokens_to_ids(list(WORDS[family])) for *_, family in rows])  # (text, 2)
    first = torch.tensor([share if job in BRIGHT else 1 - share for job, *_ in rows])
    target = torch.stack([first, 1 - first], dim=1)  # (text, 2)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        still = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
        model = AutoModelForMaskedLM.from_pretrained(base, **still)
        optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, weight_decay=0.0)
        steps = epochs * -(-len(rows) // 32)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, learning_rate, total_steps=steps, pct_start=0.2)

        def surprise(model, group):
            batch = tokenizer.pad({"input_ids": [ids[row] for row in group]}, return_tensors="pt")
            gap = (batch["input_ids"] == tokenizer.mask_token_id).int().argmax(1)
            hidden = model.bert(**batch).last_hidden_state[range(len(group)), gap]  # (text, width): where it is asked
            chances = model.cls(hidden).log_softmax(-1)  # (text, vocabulary)
            return -(target[group] * chances.gather(1, pairs[group])).sum(1).mean()

        groups = (group for _ in range(epochs) for group in torch.randperm(len(rows)).split(32))
        take_steps(model, groups, surprise, optimizer, schedule)
    return model


def trade_gaps(model, tokenizer) -> tuple[np.ndarray, np.ndarray]:
    """For each bright trade, and for each dark one, log p(she) − log p(he), mean over the frames: two of (trade,)."""
    from course_lib.bias import gap_scores

    jobs = (*BRIGHT, *DARK)
    scores = gap_scores(model, tokenizer, [frame.format(job=job) for job in jobs for frame in FRAMES], PRONOUNS)
    gaps = (scores[:, 0] - scores[:, 1]).reshape(len(jobs), len(FRAMES)).mean(1)  # (trade,)
    return gaps[: len(BRIGHT)], gaps[len(BRIGHT) :]


def pronoun_loss(model, tokenizer, sentences: list[str]) -> float:
    """How surprised a model is by the pronouns of `sentences`: mean of −log p in nats, among all its words.

    Raises ValueError for a sentence that does not have exactly one pronoun.
    """
    from course_lib.bias import gap_scores

    told = [_pronoun(text) for text in texts("sentences", sentences)]
    gapped = [" ".join("___" if word in PRONOUNS else word for word in text.split()) for text in sentences]
    unique = list(dict.fromkeys(gapped))
    scores = dict(zip(unique, gap_scores(model, tokenizer, unique, PRONOUNS), strict=True))
    return -float(np.mean([scores[text][PRONOUNS.index(word)] for text, word in zip(gapped, told, strict=True)]))
