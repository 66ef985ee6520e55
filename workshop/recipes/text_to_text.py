"""Text to text: a decoder of two layers on the encoder of `question-answering`, which writes what that one marks.

    python -m workshop.recipes.text_to_text --data FOLDER      # trains (resumable), writes the assets

The encoder is that of the checkpoint `question-answering`, and the questions are the ones that it was trained on, so the
two differ in one thing: a head that marks a span, or a decoder that writes. As in T5, a second task is put as a question
too: is a phrase of a film review positive or negative? FOLDER holds the files named in the two recipes.

The hidden states that are trained have dropout. Without it the answers in the training texts were learnt by heart: of
their tokens the model wrote 86 % rightly after the right ones before, of those of validation answers 73 %.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import torch
from transformers import AutoTokenizer, GenerationConfig

from course_lib.checkpoints import checkpoint
from workshop.evaluation.sources import read_rows
from workshop.evaluation.text_to_text import VERDICT
from workshop.recipes.common import leave_out_features, options, ship_model, write_card
from workshop.recipes.question_answering import chosen
from workshop.recipes.sentiment import FILES as REVIEWS
from workshop.recipes.summarization import SEED, go_on_as_shipped, joining, of_the_base, train_decoder, untrained

NAME = "text-to-text"
DEFAULTS = {"epochs": 3, "rate": 6e-4}
LAYERS = 6  # of the encoder, the last of them trained
COPIED = (0, 5)  # the encoder's layers with which the decoder's begin
LONGEST, LONGEST_ANSWER = 160, 24  # tokens
BEFORE, AFTER = 450, 400  # characters of a long context that are kept around the answer, at most
PHRASES = 24000  # of more than three words
DROPOUT = 0.1  # of the hidden states that are trained
# Two beams, and what stands in the question or the text is likelier to be written. On validation questions of three sets
# the F1 is 0.610 without both, 0.621 with the penalty (2 and 4 as 1.3), 0.638 with both, 0.636 with four beams.
DECODING = {
    "max_length": LONGEST_ANSWER,
    "num_beams": 2,
    "encoder_repetition_penalty": 1.3,
    "pad_token_id": 0,
    "eos_token_id": 102,
    "decoder_start_token_id": 101,
}


def question_rows(data: Path) -> list[tuple[str, str, str]]:
    """(question, context, answer): the training rows of `question-answering`, long contexts cut to what stands around the answer."""
    random, found = np.random.default_rng(SEED), []
    for row in chosen(data):
        answers = row["answers"]
        if not answers["text"]:
            continue  # an unanswerable question: this model has no way to say so
        text, at = Counter(zip(answers["text"], answers["answer_start"], strict=True)).most_common(1)[0][0]
        first = max(0, at - int(random.integers(0, BEFORE)))
        first = 0 if first == 0 else row["context"].find(" ", first, at) + 1 or at
        last = row["context"].find(" ", at + len(text) + int(random.integers(AFTER // 2, AFTER)))
        found.append((row["question"].strip(), row["context"][first : None if last < 0 else last], text))
    return found


def verdicts(data: Path) -> list[tuple[str, str, str]]:
    """(question, phrase, "positive" or "negative"): phrases drawn once, and all whole sentences."""
    phrases = [row for row in read_rows(data, *REVIEWS["phrases"]) if len(row["text"].split()) > 3]
    drawn = np.random.default_rng(SEED).permutation(len(phrases))[:PHRASES]
    rows = [phrases[row] for row in drawn] + read_rows(data, *REVIEWS["sentences"])
    return [(VERDICT, row["text"], ("negative", "positive")[int(row["label"])]) for row in rows]


CARD = """# text-to-text

The encoder of `question-answering` with a decoder of {layers} layers that attends to it. The lower {frozen} \
layers of the encoder and the embedding matrix are those of `question-answering`; {trained:,} parameters are new, and \
{unused:,} more, the encoder's pooler, ship with them but are not used. It writes its answers, one token after the \
other. What is trained has dropout on its hidden states. Written by `workshop/recipes/text_to_text.py` ({training}; {pairs:,} pairs).

- **Intended use**: to compare a model that writes its answers with one that marks them (chapter 04). Not for \
answers that somebody relies on.
- **Data**: the answerable questions of `question-answering` (its card names them), long contexts cut around the \
answer; phrases and sentences of the Stanford Sentiment Treebank (Socher et al. 2013; the licence is not \
stated), put as the question "{verdict}".
- **Licence of the weights**: Apache-2.0. **Size**: {size:,} bytes (float16).
- **Measured** by `course evaluate text-to-text` on questions and sentences that took no part in training:

{measured}

- **Limits**: English, short answers in lowercase. Its generation settings are {beams} beams, and words that stand in \
the question or the context are favoured (`encoder_repetition_penalty={source_words}`); what it writes need not stand \
there all the same.
- **Ethical considerations**: as for `question-answering`; and it can write a name or number that its text does \
not have.
"""


def read(settings) -> list[tuple[str, str, str]]:
    """What is learned from: questions, contexts and answers."""
    return question_rows(settings.data) + verdicts(settings.data)


def run(triples: list[tuple[str, str, str]], settings) -> None:
    """Train, and write what ships."""
    tokenizer = AutoTokenizer.from_pretrained(checkpoint("minilm"))
    asked, contexts, answers = zip(*triples, strict=True)
    inputs = tokenizer(list(asked), list(contexts), truncation="only_second", max_length=LONGEST)
    texts = [{name: inputs[name][row] for name in ("input_ids", "token_type_ids")} for row in range(len(triples))]
    targets = tokenizer(list(answers), truncation=True, max_length=LONGEST_ANSWER)["input_ids"]
    model = untrained("question-answering", LAYERS, COPIED)
    torch.nn.init.zeros_(model.encoder.pooler.dense.weight)  # is not used, and `question-answering` has none
    model.generation_config = GenerationConfig(**DECODING)
    if settings.goes_on:
        go_on_as_shipped(model, NAME)
    for learns in (model.decoder, model.encoder.encoder.layer[-1]):  # what is below is computed once
        leave_out_features(learns, DROPOUT)
    done = train_decoder(texts, targets, tokenizer, model, settings, NAME)
    write_card(
        NAME, CARD, settings, SEED, done, layers=len(COPIED), frozen=LAYERS - 1, pairs=len(triples), verdict=VERDICT,
        beams=DECODING["num_beams"], source_words=DECODING["encoder_repetition_penalty"],
        trained=sum(weight.numel() for weight in model.parameters() if weight.requires_grad),
        unused=sum(weight.numel() for weight in model.encoder.pooler.parameters()),
        size=ship_model(model, joining(tokenizer), NAME, of_the_base(LAYERS)),
    )  # fmt: skip


if __name__ == "__main__":
    settings = options(__doc__.splitlines()[0], **DEFAULTS)
    run(read(settings), settings)
