"""Exercises of chapter 01: the steps of a pipeline, and what five tasks do before and after the model.

Sources: Bridle 1990 (the softmax), Devlin et al. 2018 (spans of question answering), Reimers and Gurevych 2019 (the
mean of token vectors), Yin et al. 2019 (zero-shot classification by entailment), Ramshaw and Marcus 1995 (B and I).
tests/lib/test_exercises_pipelines.py compares with PyTorch and with pipelines of Transformers.
"""

from __future__ import annotations

import torch
from torch.nn.functional import normalize

from course_lib.exercises import small_models
from course_lib.exercises.declare import Case, Exercise, Mistake, when
from course_lib.exercises.inputs import numbers

# ---------------------------------------------------------------- softmax


def softmax(logits):
    """Positive numbers that add up to 1 along the last axis, in the order of logits.

    logits: a tensor of any shape, numbers of any size (10,000 too).
    Returns a tensor of the same shape.
    """
    ### BEGIN SOLUTION
    largest = logits.max(dim=-1, keepdim=True).values
    powers = torch.exp(logits - largest)  # the largest is exp(0) = 1
    return powers / powers.sum(dim=-1, keepdim=True)
    ### END SOLUTION


def _without_keepdim(logits):
    powers = torch.exp(logits)
    return powers / powers.sum(-1)


def _largest_without_keepdim(logits):
    powers = torch.exp(logits - logits.max(-1).values)
    return powers / powers.sum(-1, keepdim=True)


def _largest_of_all(logits):
    powers = torch.exp(logits - logits.max())
    return powers / powers.sum(-1, keepdim=True)


SOFTMAX = Exercise(
    name="softmax",
    chapter=1,
    minutes=5,
    level="easy",
    signature="softmax(logits) -> the same shape; along the last axis the numbers add up to 1",
    reference=softmax,
    close=1e-3,  # exp(x - logsumexp(x)) is right too, and at 10,000 float32 rounds to a thousandth
    cases=[
        Case((torch.tensor([1.0, 2.0, 3.0]),), says="logits 1, 2, 3"),
        Case((torch.tensor([[1.0, 2.0], [3.0, 0.0]]),), says="two texts, two labels each"),
        Case((torch.tensor([10000.0, 9999.0, 0.0]),), says="logits 10000, 9999, 0"),
        Case((torch.tensor([[10000.0, 9999.0], [0.0, 1.0]]),), says="one text with large logits, one with small ones"),
        Case((torch.tensor([-10000.0, -10001.0]),), says="logits -10000, -10001"),
        Case((numbers(2, 3, 5),), says="shape (2, 3, 5)"),
    ],
    mistakes=[
        Mistake(
            "overflow",
            lambda logits: torch.exp(logits) / torch.exp(logits).sum(-1, keepdim=True),
            "exp of a large number is infinite, and exp of a very negative one is 0, so this divides ∞ by ∞ or 0 by 0. "
            "Subtract one and the same number from all logits of a row first, so large that no power overflows: the "
            "result is the same in exact arithmetic.",
        ),
        Mistake(
            "largest_of_all",
            _largest_of_all,
            "you subtract the largest number of the whole tensor, and in a row where all are far below it every exp is "
            "0. "
            "Subtract from each row its own largest.",
        ),
        Mistake(
            "undivided",
            lambda logits: torch.exp(logits),
            "these are the powers of e alone; they do not add up to 1. Divide by their sum.",
        ),
        Mistake(
            "sigmoid",
            torch.sigmoid,
            "that is the sigmoid of each number by itself; the numbers do not add up to 1. In a softmax every logit "
            "changes all probabilities.",
        ),
        Mistake(
            "clamped",
            lambda logits: torch.softmax(logits.clamp(-80, 80), -1),
            "the logits are cut off, so that all large ones become equal. Subtract, do not cut.",
        ),
        Mistake(
            "negated",
            lambda logits: torch.softmax(-logits, -1),
            "the sign is wrong: the largest logit should get the largest probability.",
        ),
        Mistake(
            "no_exp",
            lambda logits: logits / logits.sum(-1, keepdim=True),
            "the logits are divided by their sum without exp: negative logits give negative numbers. Take exp first.",
        ),
        Mistake(
            "logarithm",
            lambda logits: torch.log_softmax(logits, -1),
            "these are the logarithms of the probabilities (log_softmax).",
        ),
        Mistake(
            "base_two",
            lambda logits: torch.softmax(logits * 0.6931471805599453, -1),
            "that takes powers of 2; the softmax takes powers of e (torch.exp).",
        ),
        Mistake(
            "hard",
            lambda logits: torch.nn.functional.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype),
            "all of the probability goes to the largest logit; the others get their share too.",
        ),
        Mistake(
            "first_axis",
            lambda logits: torch.softmax(logits, 0),
            "your columns add up to 1, so the texts compete with one another. Sum over the last axis, the labels: "
            "dim=-1.",
        ),
        Mistake(
            "everything",
            lambda logits: torch.softmax(logits.flatten(), 0).view_as(logits),
            "all numbers together add up to 1; along the last axis each row should. Sum with dim=-1.",
        ),
        Mistake(
            "keepdim_of_max",
            _largest_without_keepdim,
            "from each column the largest number of a row is subtracted that is not its own. The largest ones need the "
            "shape (rows, 1): keepdim=True.",
        ),
        Mistake(
            "keepdim",
            _without_keepdim,
            "each column is divided by the sum of a row that is not its own. The sums need the shape (rows, 1) to be "
            "divided by: keepdim=True.",
        ),
    ],
    hints=[
        "e^(z − c) is e^z · e^(−c), and that factor stands above and below the line. Which c keeps every power at 1 "
        "or less? Three lines: subtract, take exp, divide by the sum.",
        "sum and max take dim=-1 for the last axis; keepdim=True keeps it, with size 1, so that shapes fit.",
        "max(dim=-1, keepdim=True) gives values and places; take .values.",
    ],
    commentary="Subtracting c multiplies every power by `exp(-c)`, above and below the line, so the quotient stays. "
    "PyTorch's `torch.softmax` subtracts the largest too.",
)


# ---------------------------------------------------------------- classify


def classify(text, tokenizer, model):
    """The likeliest label of a text and its probability.

    tokenizer(text, return_tensors="pt") gives the inputs; model(**inputs).logits is a
    tensor (1, labels); model.config.id2label has the names of the labels.
    Returns (label, score): a string and a number from 0 to 1.
    """
    ### BEGIN SOLUTION
    inputs = tokenizer(text, return_tensors="pt")
    with torch.inference_mode():
        logits = model(**inputs).logits[0]  # (labels,)
    probabilities = torch.softmax(logits, dim=-1)
    best = int(probabilities.argmax())
    return model.config.id2label[best], float(probabilities[best])
    ### END SOLUTION


def _classify(weigh=None, choose=torch.argmax, name=True, **options):
    """Ways to go wrong: other scores than the softmax's, another choice, no name, other options of the tokenizer."""

    def wrong(text, tokenizer, model):
        logits = model(**tokenizer(text, return_tensors="pt", **options)).logits
        scores = (weigh or (lambda x: torch.softmax(x, -1)))(logits)[0]
        best = int(choose(scores))
        return (model.config.id2label[best] if name else best), float(scores[best])

    return wrong


def _text_and_sorter(text):
    return lambda: (text, small_models.word_pieces(), small_models.sorter(5))


CLASSIFY = Exercise(
    name="classify",
    chapter=1,
    minutes=8,
    level="medium",
    signature="classify(text, tokenizer, model) -> (label, score)",
    reference=classify,
    cases=[
        Case(
            make=_text_and_sorter("The lamp is good."), says='"The lamp is good." and a small model with three labels'
        ),
        Case(make=_text_and_sorter("When will my order arrive?"), says='"When will my order arrive?"'),
        Case(
            make=_text_and_sorter("The lamp is not good, and it came late!"),
            says='"The lamp is not good, and it came late!"',
        ),
    ],
    mistakes=[
        Mistake(
            "logit",
            _classify(lambda logits: logits),
            "the score is the logit itself. A softmax over the labels makes probabilities of the logits.",
        ),
        Mistake(
            "over_texts",
            _classify(lambda logits: torch.softmax(logits, 0)),
            "every probability is 1: the softmax goes over the axis of the texts, of which there is one. Take dim=-1.",
        ),
        Mistake(
            "sigmoid",
            _classify(torch.sigmoid),
            "the score is a sigmoid of one logit; the labels exclude each other here, so it takes a softmax over all.",
        ),
        Mistake(
            "number",
            _classify(name=False),
            "the label is a number; model.config.id2label has its name.",
        ),
        Mistake(
            "least",
            _classify(choose=torch.argmin),
            "that is the least likely label: argmax, not argmin.",
        ),
        Mistake(
            "no_special_tokens",
            _classify(add_special_tokens=False),
            "the special tokens [CLS] and [SEP] are missing from the input. Let the tokenizer add them, as it does if "
            "nobody forbids it.",
        ),
        Mistake(
            "two_labels",
            when(lambda case, output, right: _label_of(output) in ("NEGATIVE", "POSITIVE")),
            "the labels NEGATIVE and POSITIVE are those of another model. Each model brings its own: "
            "model.config.id2label.",
        ),
        Mistake(
            "all_scores",
            when(lambda case, output, right: _several(output)),
            "the score should be one number, the probability of the label that won.",
        ),
        Mistake(
            "first_label",
            lambda text, tokenizer, model: (model.config.id2label[0], classify(text, tokenizer, model)[1]),
            "the first label is given whatever the logits say. The place of the largest says which label it is.",
        ),
    ],
    hints=[
        "The three steps: inputs from the tokenizer, logits from the model, softmax over the logits.",
        "argmax gives the place of the largest probability; model.config.id2label turns a place into a name.",
        "float(…) makes a number of a tensor with one number in it; inference_mode saves time and memory.",
    ],
    commentary='This is what `pipeline("text-classification")` does with one text.',
)


def _label_of(output):
    return output[0] if isinstance(output, (tuple, list)) and output and isinstance(output[0], str) else None


def _several(output):
    score = output[1] if isinstance(output, (tuple, list)) and len(output) == 2 else None
    return isinstance(score, (list, tuple)) or isinstance(score, torch.Tensor) and score.numel() > 1


# ---------------------------------------------------------------- pad_batch


def pad_batch(rows, pad):
    """Fill rows of token ids up at the end to a rectangle, and mark what is real.

    rows: a list of lists of token ids. pad: the id to fill up with.
    Returns (ids, mask), two tensors of whole numbers (rows, tokens of the longest row);
    mask is 1 for a token of a row and 0 for padding.
    """
    ### BEGIN SOLUTION
    longest = max(len(row) for row in rows)
    ids = torch.full((len(rows), longest), pad)
    mask = torch.zeros(len(rows), longest, dtype=torch.long)
    for number, row in enumerate(rows):
        ids[number, : len(row)] = torch.tensor(row)
        mask[number, : len(row)] = 1
    return ids, mask
    ### END SOLUTION


def _pad_left(rows, pad):
    ids, mask = pad_batch([row[::-1] for row in rows], pad)
    return ids.flip(1), mask.flip(1)


def _is_float(output):
    parts = [one for one in output if isinstance(one, torch.Tensor)] if isinstance(output, (tuple, list)) else []
    return any(one.is_floating_point() for one in parts)


PAD_BATCH = Exercise(
    name="pad_batch",
    chapter=1,
    minutes=6,
    level="easy",
    signature="pad_batch(rows, pad) -> (ids, mask), both (rows, longest), whole numbers",
    reference=pad_batch,
    cases=[
        Case(([[101, 7, 102], [101, 102]], 0), says="rows of 3 and 2 tokens, filled up with 0"),
        Case(([[5], [6, 7, 8, 9], [3, 4]], 1), says="rows of 1, 4 and 2 tokens, filled up with 1"),
        Case(([[101, 102]], 0), says="one row"),
        Case(([[7, 2, 5, 2], [6, 2]], 2), says="two rows in which the id 2 stands for a token, filled up with 2"),
    ],
    mistakes=[
        Mistake(
            "by_id",
            lambda rows, pad: (pad_batch(rows, pad)[0], (pad_batch(rows, pad)[0] != pad).long()),
            "the mask is read off the ids, and a real token may have the same id as the padding (in SmolLM2, the end "
            "of a turn has it). Count from the length of each row.",
        ),
        Mistake(
            "left",
            _pad_left,
            "the padding stands before the tokens; this tokenizer fills up at the end (decoders are padded on the left "
            "when they generate; the exercise asks for the right).",
        ),
        Mistake(
            "inverted",
            lambda rows, pad: (pad_batch(rows, pad)[0], 1 - pad_batch(rows, pad)[1]),
            "the mask is the wrong way round: 1 marks a real token, 0 the padding.",
        ),
        Mistake(
            "unmasked",
            lambda rows, pad: (pad_batch(rows, pad)[0], torch.ones_like(pad_batch(rows, pad)[1])),
            "the mask is 1 everywhere, so the model would read the padding as text.",
        ),
        Mistake(
            "cut",
            lambda rows, pad: pad_batch([row[: min(map(len, rows))] for row in rows], pad),
            "rows are cut to the shortest one, and tokens are lost. Fill up to the longest.",
        ),
        Mistake(
            "zeros",
            lambda rows, pad: (pad_batch(rows, 0)[0], pad_batch(rows, pad)[1]),
            "it fills up with 0, whatever pad is. Not every tokenizer's padding has the number 0.",
        ),
        Mistake(
            "ids_only",
            lambda rows, pad: pad_batch(rows, pad)[0],
            "that is one tensor; return two, ids and mask.",
        ),
        Mistake(
            "exchanged",
            lambda rows, pad: pad_batch(rows, pad)[::-1],
            "the two are right, and in the wrong order: ids first, then mask.",
        ),
        Mistake(
            "fractions",
            when(lambda case, output, right: _is_float(output)),
            "token ids are whole numbers (torch.long), and yours have a fraction: torch.zeros and torch.ones make such "
            "tensors unless they are given dtype=torch.long.",
        ),
    ],
    hints=[
        "How long is the longest row? max takes a generator: max(len(row) for row in rows).",
        "torch.full(shape, pad) makes a tensor full of one number; then write each row into the beginning of its own.",
        "ids[number, :3] = … writes into the first three places of a row. The mask gets 1 in the same places.",
    ],
    commentary="`torch.nn.utils.rnn.pad_sequence` does the padding too; `tokenizer(texts, padding=True)` does both.",
)


# ---------------------------------------------------------------- cosine


def cosine(a, b):
    """The cosine similarity of two vectors (width,) that are not zero: a number.

    1 in the same direction, 0 at a right angle, -1 in the opposite direction.
    """
    ### BEGIN SOLUTION
    return float(a @ b / (a.norm() * b.norm()))
    ### END SOLUTION


COSINE = Exercise(
    name="cosine",
    chapter=1,
    minutes=3,
    level="easy",
    signature="cosine(a, b) -> a number from -1 to 1; a and b: (width,)",
    reference=cosine,
    cases=[
        Case((torch.tensor([3.0, 4.0]), torch.tensor([8.0, 6.0])), says="(3, 4) and (8, 6)"),
        Case((torch.tensor([1.0, 0.0]), torch.tensor([0.0, 2.0])), says="(1, 0) and (0, 2), at a right angle"),
        Case((torch.tensor([1.0, 2.0]), torch.tensor([-2.0, -4.0])), says="(1, 2) and (-2, -4), opposite"),
        Case((numbers(384), numbers(384, seed=1)), says="two vectors of 384 numbers"),
    ],
    mistakes=[
        Mistake(
            "dot",
            lambda a, b: float(a @ b),
            "that is the dot product; long vectors get large ones. Divide by both lengths.",
        ),
        Mistake(
            "squares",
            lambda a, b: float(a @ b / ((a @ a) * (b @ b))),
            "you divide by the squares of the lengths: a @ a is the square of a's length, its root is the length.",
        ),
        Mistake(
            "one_length",
            when(
                lambda case, output, right: _is_about(output, case, lambda a, b: (a @ b / b.norm(), a @ b / a.norm()))
            ),
            "you divide by one of the lengths only: the other vector's length still counts.",
        ),
        Mistake(
            "sum_of_lengths",
            lambda a, b: float(a @ b / (a.norm() + b.norm())),
            "you divide by the sum of the lengths, and should by their product.",
        ),
        Mistake(
            "root_of_lengths",
            lambda a, b: float(a @ b / (a.norm() * b.norm()).sqrt()),
            "a root too many: divide by the product of the lengths itself.",
        ),
        Mistake("distance", lambda a, b: 1 - cosine(a, b), "that is 1 minus the cosine: a distance, no similarity."),
        Mistake(
            "absolute", lambda a, b: abs(cosine(a, b)), "the sign is lost: opposite vectors have the cosine -1, not 1."
        ),
        Mistake(
            "angle",
            lambda a, b: float(torch.acos(torch.tensor(cosine(a, b)))),
            "that is the angle itself (acos); its cosine is asked for.",
        ),
        Mistake("euclidean", lambda a, b: float((a - b).norm()), "that is the distance of the two points, no cosine."),
        Mistake(
            "elementwise",
            when(lambda case, output, right: isinstance(output, torch.Tensor) and output.dim() == 1),
            "that is a vector: a * b multiplies number by number. a @ b adds the products up.",
        ),
    ],
    hints=[
        "The cosine is the dot product a @ b, divided by the length of a and by the length of b.",
        "a.norm() is a length.",
    ],
    commentary="Vectors of length 1 need no division: there a @ b is the cosine. That is why `embed` makes them so.",
)


def _is_about(output, case, candidates):
    if isinstance(output, torch.Tensor) and output.numel() == 1:
        output = float(output)
    values = [float(one) for one in candidates(*case.inputs)]
    return isinstance(output, float) and any(abs(output - one) < 1e-5 * max(1, abs(one)) for one in values)


# ---------------------------------------------------------------- embed


def embed(texts, tokenizer, model):
    """A vector of length 1 for each text: the mean over its tokens, without padding.

    texts: a list of strings. tokenizer(texts, padding=True, return_tensors="pt") gives
    input_ids and attention_mask; model(**inputs).last_hidden_state has the shape
    (texts, tokens, width). [CLS] and [SEP] count as tokens. Returns (texts, width).
    """
    ### BEGIN SOLUTION
    inputs = tokenizer(texts, padding=True, return_tensors="pt")
    with torch.inference_mode():
        vectors = model(**inputs).last_hidden_state  # (texts, tokens, width)
    real = inputs["attention_mask"][:, :, None]  # (texts, tokens, 1): 0 for padding
    mean = (vectors * real).sum(dim=1) / real.sum(dim=1)  # (texts, width)
    return torch.nn.functional.normalize(mean, dim=-1)
    ### END SOLUTION


def _embed(masked_model=True, pool=None, scaled=lambda mean: normalize(mean, dim=-1), special=True):
    """Ways to go wrong: the model without its mask, another mean, other lengths."""

    def wrong(texts, tokenizer, model):
        inputs = tokenizer(texts, padding=True, return_tensors="pt", add_special_tokens=special)
        mask = inputs["attention_mask"]
        given = inputs if masked_model else {"input_ids": inputs["input_ids"]}
        with torch.no_grad():
            vectors = model(**given).last_hidden_state
        return scaled((pool or _mean_of_real)(vectors, mask))

    return wrong


def _pooler(texts, tokenizer, model):
    return normalize(model(**tokenizer(texts, padding=True, return_tensors="pt")).pooler_output, dim=-1)


def _mean_of_real(vectors, mask):
    real = mask[:, :, None]
    return (vectors * real).sum(1) / real.sum(1)


def _not_special(vectors, mask):
    inner = mask.clone()
    inner[:, 0] = 0
    inner[torch.arange(len(mask)), mask.sum(1) - 1] = 0
    return _mean_of_real(vectors, inner)


def _texts_and_encoder(*texts):
    return lambda: (list(texts), small_models.word_pieces(), small_models.encoder(1))


EMBED = Exercise(
    name="embed",
    chapter=1,
    minutes=12,
    level="medium",
    signature="embed(texts, tokenizer, model) -> (texts, width), each row of length 1",
    reference=embed,
    cases=[
        Case(make=_texts_and_encoder("The box held a toaster."), says="one text"),
        Case(
            make=_texts_and_encoder("Please send it!", "The lamp is not good, and it came late to my new address."),
            says="a short and a long text in one batch",
        ),
        Case(
            make=_texts_and_encoder(
                "The lamp is good.", "No!", "When will my order arrive, and how long does it take?"
            ),
            says="three texts of different lengths",
        ),
    ],
    mistakes=[
        Mistake(
            "first_token",
            _embed(pool=lambda vectors, mask: vectors[:, 0]),
            "that is the vector of the first token, [CLS], alone; the mean over the tokens is asked for.",
        ),
        Mistake(
            "not_scaled",
            _embed(scaled=lambda mean: mean),
            "the means are right, but their length is not 1: divide each row by its length.",
        ),
        Mistake(
            "without_special",
            _embed(special=False),
            "the special tokens are missing from the model's input; let the tokenizer add them.",
        ),
        Mistake(
            "special_left_out",
            _embed(pool=_not_special),
            "[CLS] and [SEP] are left out of the mean; here they count (that is how this encoder was trained).",
        ),
        Mistake(
            "largest",
            _embed(pool=lambda vectors, mask: vectors.masked_fill(mask[:, :, None] == 0, -1e9).amax(1)),
            "that is the largest number over the tokens in each place, not the mean.",
        ),
        Mistake(
            "sums",
            _embed(pool=lambda vectors, mask: (vectors * mask[:, :, None]).sum(1), scaled=lambda total: total),
            "these are sums over the tokens, neither divided by their number nor scaled: each row should have length "
            "1.",
        ),
        Mistake(
            "sum_of_sizes",
            _embed(scaled=lambda mean: normalize(mean, p=1, dim=-1)),
            "each row is divided by the sum of its numbers' sizes; its length is the root of the sum of their squares.",
        ),
        Mistake(
            "pooler",
            _pooler,
            "that is pooler_output, a layer above the vector of [CLS] made for another training; the mean over the "
            "tokens "
            "of last_hidden_state is asked for.",
        ),
        Mistake(
            "tokens_scaled",
            _embed(pool=lambda vectors, mask: _mean_of_real(normalize(vectors, dim=-1), mask)),
            "each token's vector is scaled to length 1 before the mean. Take the mean first, then scale it.",
        ),
        Mistake(
            "padding_counts",
            _embed(pool=lambda vectors, mask: vectors.mean(1)),
            "the padding counts in the mean: the shorter text gets another vector than alone. Multiply the vectors by "
            "the attention mask, (texts, tokens, 1), before you add them up, and divide by the number of real tokens.",
        ),
        Mistake(
            "mask_not_given",
            _embed(masked_model=False),
            "the mean leaves the padding out, but the model has read it: hand it the attention mask too, "
            "model(**inputs).",
        ),
        Mistake(
            "neither",
            _embed(masked_model=False, pool=lambda vectors, mask: vectors.mean(1)),
            "the attention mask is used nowhere: neither the model nor the mean knows which tokens are padding.",
        ),
        Mistake(
            "scaled_over_texts",
            _embed(scaled=lambda mean: normalize(mean, dim=0)),
            "lengths are taken over the texts (dim=0); each row, a text's vector, should have length 1: dim=-1.",
        ),
        Mistake(
            "scaled_as_a_whole",
            _embed(scaled=lambda mean: mean / mean.norm()),
            "all rows are divided by one length, that of everything together; each row should have length 1.",
        ),
        Mistake(
            "over_width",
            when(lambda case, output, right: isinstance(output, torch.Tensor) and _is_over_width(case, output)),
            "the mean goes over the wrong axis: (texts, tokens, width) should lose its tokens, dim=1.",
        ),
        Mistake(
            "unpooled",
            when(lambda case, output, right: isinstance(output, torch.Tensor) and output.dim() == 3),
            "that is a vector for each token; one for each text is asked for. Take the mean over dim=1.",
        ),
    ],
    hints=[
        "First without the padding in mind: tokenizer, model, mean over dim=1, then scale each row.",
        'inputs["attention_mask"][:, :, None] has the shape (texts, tokens, 1) and can be multiplied with the vectors.',
        "Filling times 0 adds nothing to the sum. Divide by how many tokens are real: the sum of the mask.",
        "torch.nn.functional.normalize(x, dim=-1) scales each row to length 1.",
    ],
    commentary="Since each row is scaled at the end, the division by the number of tokens could even be left out.",
)


def _is_over_width(case, output):
    texts, tokenizer, _ = case.inputs
    return output.shape == tokenizer(texts, padding=True, return_tensors="pt")["input_ids"].shape


# ---------------------------------------------------------------- zero_shot


def zero_shot(text, labels, entailment):
    """How well each label fits a text, as probabilities that add up to 1.

    labels: a list of strings. entailment(premise, hypothesis) gives a number, a logit:
    how much the hypothesis follows from the premise. The premise is the text, the
    hypothesis "This example is LABEL." with its full stop.
    Returns a tensor (labels,), in the order of the labels.
    """
    ### BEGIN SOLUTION
    logits = [entailment(text, f"This example is {label}.") for label in labels]
    return torch.softmax(torch.tensor(logits), dim=0)
    ### END SOLUTION


def overlap(premise: str, hypothesis: str) -> float:
    """Stands for a model in the cases: larger the more words of the hypothesis stand in the premise."""
    said, asked = premise.lower().split(), hypothesis.lower().rstrip(".").split()
    share = sum(word in said for word in asked) / len(asked)
    return (6 * share - 2) * (1.0 if hypothesis.endswith(".") else 0.5)


def _zero_shot(template="This example is {}.", weigh=lambda logits: torch.softmax(logits, 0), swapped=False):
    """Ways to go wrong: another hypothesis, the two exchanged, other numbers than the softmax's."""

    def wrong(text, labels, entailment):
        pairs = [(text, template.format(label)) for label in labels]
        return weigh(torch.tensor([entailment(*(pair[::-1] if swapped else pair)) for pair in pairs]))

    return wrong


ZERO_SHOT = Exercise(
    name="zero_shot",
    chapter=1,
    minutes=6,
    level="easy",
    signature="zero_shot(text, labels, entailment) -> (labels,), adding up to 1",
    reference=zero_shot,
    lists=True,
    cases=[
        Case(
            ("My parcel is a late delivery", ["praise", "late delivery", "opening hours"], overlap),
            says="three labels, of which the second fits",
        ),
        Case(
            ("opening hours on Sundays please", ["opening hours", "praise"], overlap), says="two labels, the first fits"
        ),
        Case(
            ("This is my new address", ["Praise", "a change of address", "money back", "is it new"], overlap),
            says="four labels",
        ),
    ],
    mistakes=[
        Mistake(
            "label_alone",
            _zero_shot("{}"),
            "the label alone is given as hypothesis; write the sentence around it: This example is praise.",
        ),
        Mistake(
            "swapped",
            _zero_shot(swapped=True),
            "premise and hypothesis are exchanged: it is the hypothesis that should follow from the text.",
        ),
        Mistake(
            "no_stop",
            _zero_shot("This example is {}"),
            "the hypothesis lacks its full stop; the model was trained with it, and the numbers change.",
        ),
        Mistake(
            "other_sentence",
            when(
                lambda case, output, right: any(
                    _near(output, _zero_shot(template)(*case.inputs))
                    for template in ("This text is about {}.", "This is {}.", "This example is about {}.", "It is {}.")
                )
            ),
            'the hypothesis is another sentence than "This example is LABEL."; it may be as good, but the numbers are '
            "others.",
        ),
        Mistake(
            "logits",
            _zero_shot(weigh=lambda logits: logits),
            "these are the logits; a softmax over the labels makes probabilities of them.",
        ),
        Mistake(
            "sigmoid",
            _zero_shot(weigh=torch.sigmoid),
            "each label is weighed alone by a sigmoid, and the numbers do not add up to 1 (multi_label=True in the "
            "pipeline weighs labels alone too, but entailment against contradiction). The labels compete here: "
            "softmax.",
        ),
        Mistake(
            "divided",
            _zero_shot(weigh=lambda logits: logits / logits.sum()),
            "logits are divided by their sum; they may be negative. A softmax is meant.",
        ),
        Mistake(
            "sorted",
            _zero_shot(weigh=lambda logits: torch.softmax(logits, 0).sort(descending=True).values),
            "the probabilities are sorted, and nobody can tell any more whose they are. Keep the order of the labels.",
        ),
        Mistake(
            "winner",
            when(lambda case, output, right: isinstance(output, (str, int)) and not isinstance(output, bool)),
            "that is the winner alone; a probability for each label is asked for.",
        ),
    ],
    hints=[
        "For each label: write the hypothesis, ask entailment(text, hypothesis), keep the number.",
        "torch.tensor(numbers) makes a tensor of a list; your softmax makes probabilities of it.",
    ],
    commentary="Each label costs one run of the model. With `multi_label=True` the pipeline asks of each label by "
    "itself whether it fits, entailment against contradiction.",
)


def _near(output, other):
    try:
        output = torch.as_tensor(output, dtype=torch.float32)
    except (TypeError, ValueError, RuntimeError):
        return False
    return output.shape == other.shape and torch.allclose(output, other, atol=1e-5)


# ---------------------------------------------------------------- best_span


def best_span(start, end, longest):
    """The first and the last token with the largest sum start[first] + end[last].

    start, end: logits (tokens,): of a token as the first of an answer, and as the last.
    longest: the most tokens of an answer. The last is not before the first; they may be
    the same. Returns (first, last), two whole numbers.
    """
    ### BEGIN SOLUTION
    sums = start[:, None] + end[None, :]  # (first, last)
    place = torch.arange(len(start))
    length = place[None, :] - place[:, None] + 1  # (first, last)
    allowed = (length >= 1) & (length <= longest)
    best = sums.masked_fill(~allowed, -torch.inf).argmax()
    return divmod(int(best), len(end))
    ### END SOLUTION


def _span(allowed, weigh=lambda start, end: start[:, None] + end[None, :]):
    """Ways to go wrong: (first, last, longest) -> which pairs may be chosen, and another weight of a pair."""

    def wrong(start, end, longest):
        place = torch.arange(len(start))
        may = allowed(place[:, None], place[None, :], longest)
        return divmod(int(weigh(start, end).masked_fill(~may, -torch.inf).argmax()), len(end))

    return wrong


def _fits(first, last, longest):
    return (first <= last) & (last - first < longest)


def _greedy_start(start, end, longest):
    first = int(start.argmax())
    return first, first + int(end[first : first + longest].argmax())


def _greedy_end(start, end, longest):
    last = int(end.argmax())
    begin = max(0, last - longest + 1)
    return begin + int(start[begin : last + 1].argmax()), last


def _only_above_0(start, end, longest):
    first, last = best_span(start, end, longest)
    return (first, last) if start[first] + end[last] > 0 else (0, 0)


def _logits(*values):
    return torch.tensor([float(value) for value in values])


BEST_SPAN = Exercise(
    name="best_span",
    chapter=1,
    minutes=12,
    level="medium",
    signature="best_span(start, end, longest) -> (first, last); start, end: (tokens,)",
    reference=best_span,
    cases=[
        Case((_logits(0, 5, 0, 0), _logits(1, 0.5, 1.5, 4), 3), says="the best beginning stands before the best end"),
        Case((_logits(0, 1, 9, 1), _logits(0, 8, 6, 7), 3), says="the best end stands before the best beginning"),
        Case(
            (_logits(0, 6, 0, 1, 0, 0), _logits(9, 0, 4, 6, 0, 8), 2),
            says="at most 2 tokens, and the best pairs have 3 and 5",
        ),
        Case((_logits(1, 7, 0), _logits(0, 7, 6), 3), says="the best answer has one token"),
        Case((_logits(6, 0, 5.5, 0), _logits(0, 0, 0, 5), 4), says="an answer of exactly the longest length"),
        Case((_logits(-9, -4, -5, -6), _logits(-8, -7, -3, -9), 4), says="logits below 0"),
        Case((_logits(8, 0, 7, 0), _logits(0, 1, 0, 9), 2), says="the best beginning has no good end near it"),
        Case((numbers(40), numbers(40, seed=1), 5), says="40 tokens"),
    ],
    mistakes=[
        Mistake(
            "apart",
            lambda start, end, longest: (int(start.argmax()), int(end.argmax())),
            "beginning and end are chosen apart, so the end can stand before the beginning, or too far after it. "
            "Look at pairs, and only at those that are allowed.",
        ),
        Mistake(
            "no_limit",
            _span(lambda first, last, longest: first <= last),
            "the answer is longer than `longest`: a span from first to last has last - first + 1 tokens.",
        ),
        Mistake(
            "one_more",
            _span(lambda first, last, longest: (first <= last) & (last - first <= longest)),
            "one token too many is allowed: a span from first to last has last - first + 1 tokens.",
        ),
        Mistake(
            "one_less",
            _span(lambda first, last, longest: (first <= last) & (last - first < longest - 1)),
            "one token too few is allowed: a span from first to last has last - first + 1 tokens, and may have "
            "`longest`.",
        ),
        Mistake(
            "two_at_least",
            _span(lambda first, last, longest: (first < last) & (last - first < longest)),
            "an answer of one token is never given: first and last may be the same.",
        ),
        Mistake(
            "greedy_start",
            _greedy_start,
            "the best beginning is taken first, and then the best end for it. Another beginning may have a better "
            "pair: "
            "compare the sums of all pairs.",
        ),
        Mistake(
            "greedy_end",
            _greedy_end,
            "the best end is taken first, and then the best beginning for it. Compare the sums of all pairs.",
        ),
        Mistake(
            "products",
            _span(_fits, lambda start, end: start[:, None] * end[None, :]),
            "logits are multiplied: two negative ones give a large product. Probabilities are multiplied, logits "
            "added.",
        ),
        Mistake(
            "zeros",
            lambda start, end, longest: divmod(int((start[:, None] + end).triu().tril(longest - 1).argmax()), len(end)),
            "pairs that are not allowed get 0 (triu and tril do that), and where all sums are below 0 such a pair "
            "wins. "
            "Give them -inf.",
        ),
        Mistake(
            "best from 0",
            _only_above_0,
            "the best sum so far begins at 0, and where all sums are below 0 none is larger: begin at -inf.",
        ),
        Mistake(
            "turned",
            lambda start, end, longest: best_span(end, start, longest),
            "start and end are exchanged: rows and columns of the table of pairs, perhaps.",
        ),
        Mistake(
            "backwards",
            _span(lambda first, last, longest: (last <= first) & (first - last < longest)),
            "the end stands before the beginning: the wrong half of the table of pairs is kept.",
        ),
        Mistake(
            "exclusive",
            lambda start, end, longest: (best_span(start, end, longest)[0], best_span(start, end, longest)[1] + 1),
            "the last number is one too large: it is the last token of the answer, not the first after it.",
        ),
        Mistake(
            "with_score",
            when(lambda case, output, right: isinstance(output, (tuple, list)) and len(output) == 3),
            "three values come back; return (first, last) alone.",
        ),
        Mistake(
            "flat",
            when(lambda case, output, right: output == right[0] * len(case.inputs[0]) + right[1]),
            "that is the place in the table counted through row by row; divmod(place, tokens) gives row and column.",
        ),
    ],
    hints=[
        "start[:, None] + end[None, :] is a table: a row for each first token, a column for each last.",
        "Which cells are allowed? Those on the diagonal and to its right, at most `longest` cells of a row.",
        "Set the others to -inf and take argmax; divmod(int(place), tokens) gives row and column. Two loops do as "
        "well.",
    ],
    commentary="The largest sum of logits is the largest product of the two softmaxes' probabilities, since the "
    "softmax "
    "divides all starts by one number and all ends by another.",
)


# ---------------------------------------------------------------- write_greedily


def write_greedily(ids, model, steps):
    """Continue a text by the likeliest next token, `steps` times.

    ids: token ids so far, (1, tokens). model(ids).logits is (1, tokens, vocabulary);
    what it has in the place of a token is about the token after it.
    Returns the ids with `steps` more at the end, (1, tokens + steps).
    """
    ### BEGIN SOLUTION
    with torch.inference_mode():
        for _ in range(steps):
            logits = model(ids).logits[:, -1]  # (1, vocabulary): what comes next
            ids = torch.cat([ids, logits.argmax(dim=-1, keepdim=True)], dim=1)
    return ids
    ### END SOLUTION


def _write(choose=lambda logits: logits[:, -1].argmax(-1), more=0, fed=True, whole=True, front=False):
    """Ways to go wrong: another token, other numbers of steps, the prompt again and again, less given back."""

    def wrong(ids, model, steps):
        begun, prompt = ids, ids
        with torch.no_grad():
            for _ in range(max(0, steps + more)):
                new = choose(model(ids if fed else prompt).logits)[:, None]
                ids = torch.cat([new, ids] if front else [ids, new], 1)
        return ids if whole else ids[:, begun.shape[1] :]

    return wrong


def _last_token_only(ids, model, steps):
    with torch.no_grad():
        for _ in range(steps):
            ids = torch.cat([ids, model(ids[:, -1:]).logits[:, -1].argmax(-1, keepdim=True)], 1)
    return ids


def _ids_and_continuer(text, steps):
    def make():
        ids = small_models.word_pieces()(text, add_special_tokens=False, return_tensors="pt")["input_ids"]
        return ids, small_models.continuer(27), steps

    return make


def _repeats(case, output, right):
    tokens = case.inputs[0].shape[1]
    return (
        isinstance(output, torch.Tensor)
        and output.shape == right.shape
        and case.inputs[2] > 1
        and bool((output[:, tokens:] == right[:, tokens]).all())
    )


WRITE_GREEDILY = Exercise(
    name="write_greedily",
    chapter=1,
    minutes=6,
    level="medium",
    signature="write_greedily(ids, model, steps) -> (1, tokens + steps)",
    reference=write_greedily,
    cases=[
        Case(make=_ids_and_continuer("we are sorry", 1), says="three tokens and one step"),
        Case(make=_ids_and_continuer("we are sorry", 5), says="three tokens and five steps"),
        Case(make=_ids_and_continuer("thank you for your letter.", 3), says="six tokens and three steps"),
    ],
    mistakes=[
        Mistake(
            "first_place",
            _write(lambda logits: logits[:, 0].argmax(-1)),
            "the logits in the place of the first token are used: they say what comes after it. The end of the text, "
            "place -1, says what comes next.",
        ),
        Mistake(
            "place_before",
            _write(lambda logits: logits[:, -2].argmax(-1)),
            "the logits in the last place but one are used; they are about the last token, which is there already.",
        ),
        Mistake(
            "least",
            _write(lambda logits: logits[:, -1].argmin(-1)),
            "the least likely token is taken: argmax, not argmin.",
        ),
        Mistake(
            "last_token_only",
            _last_token_only,
            "the model is asked about the last token alone; it needs the whole text so far.",
        ),
        Mistake(
            "all_at_once",
            lambda ids, model, steps: torch.cat([ids, model(ids).logits[:, -1].topk(steps).indices], 1),
            "these are the likeliest tokens for one and the same place. Each new token changes what comes after it: "
            "ask "
            "the model again.",
        ),
        Mistake(
            "new_only",
            _write(whole=False),
            "only the new tokens come back; return the text so far with them at its end.",
        ),
        Mistake(
            "front",
            _write(front=True),
            "new tokens are put at the front; the text grows at its end: torch.cat([ids, new], dim=1).",
        ),
        Mistake(
            "one_less",
            _write(more=-1),
            "one step too few.",
        ),
        Mistake(
            "one_more",
            _write(more=1),
            "one step too many.",
        ),
        Mistake(
            "prompt_again",
            when(_repeats),
            "the same token comes each time: either the model is asked about the prompt each time, or the logits are "
            "always read at the prompt's last place. Hand it the text with what has been written so far, and read the "
            "last place, -1.",
        ),
    ],
    hints=[
        "In a loop: ask the model, take the logits of the last place, argmax, put the token at the end.",
        "logits[:, -1] is (1, vocabulary); argmax(dim=-1, keepdim=True) is (1, 1), which torch.cat can put beside ids.",
    ],
    commentary="Each step reads the whole text again. Chapter 05 keeps what was computed for the earlier tokens.",
)


# ---------------------------------------------------------------- entities


def entities(tags):
    """[(kind, first, last), …]: the names that a row of labels stands for, in order.

    tags: for each token "O" (outside), "B-PER" (a person begins), "I-PER" (goes on), …
    A name ends before "O", before "B-", and before "I-" of another kind. An "I-" that
    continues no name of its kind begins one. Places count from 0; last is included.
    """
    ### BEGIN SOLUTION
    found = []
    for place, tag in enumerate(tags):
        mark, _, kind = tag.partition("-")
        goes_on = found and found[-1][0] == kind and found[-1][2] == place - 1
        if mark == "I" and goes_on:
            found[-1] = (kind, found[-1][1], place)
        elif mark != "O":
            found.append((kind, place, place))
    return found
    ### END SOLUTION


def _entities(joins, begins=lambda mark: True, last=0):
    """Ways to go wrong: which label continues the name before it, which may begin one, where the last token stands."""

    def wrong(tags):
        found, before = [], "O"
        for place, tag in enumerate(tags):
            if tag != "O":
                if before != "O" and joins(before, tag):
                    found[-1][2] = place
                elif begins(tag[0]):
                    found.append([tag[2:], place, place])
                else:
                    tag = "O"
            before = tag
        return [(kind, first, end + last) for kind, first, end in found]

    return wrong


def _inside(before, tag):
    return tag[0] == "I" and before[2:] == tag[2:]


def _last_lost(tags):
    found = entities(tags)
    return found[:-1] if found and found[-1][2] == len(tags) - 1 else found


ENTITIES = Exercise(
    name="entities",
    chapter=1,
    minutes=15,
    level="hard",
    signature='entities(tags) -> [(kind, first, last), …], for example [("PER", 0, 1)]',
    reference=entities,
    cases=[
        Case((["B-LOC"],), says="one name of one token"),
        Case((["B-PER", "I-PER", "O", "B-LOC", "O"],), says="a person of two tokens, then a place"),
        Case((["O", "B-ORG", "I-ORG", "I-ORG"],), says="a name that ends with the text"),
        Case((["B-LOC", "B-LOC", "I-LOC"],), says="two places side by side"),
        Case((["B-PER", "I-LOC", "O"],), says="I-LOC right after B-PER"),
        Case((["O", "I-PER", "I-PER", "O", "I-ORG"],), says="names that begin with I-"),
        Case((["O", "O"],), says="no name"),
        Case(([],), says="no token"),
        Case((["B-PER", "O", "I-PER", "B-MISC", "I-MISC", "I-PER"],), says="an I-PER after a gap"),
    ],
    mistakes=[
        Mistake("last_lost", _last_lost, "a name that ends with the text is lost: nothing comes after it to close it."),
        Mistake(
            "exclusive",
            _entities(_inside, last=1),
            "the last number is one too large: it is the last token of the name, not the first after it.",
        ),
        Mistake(
            "token_by_token",
            _entities(lambda before, tag: False),
            "each token is a name of its own; I- continues the name before it.",
        ),
        Mistake(
            "i_dropped",
            _entities(_inside, begins=lambda mark: mark == "B"),
            "an I- that continues nothing is dropped; it begins a name. (Models do give such labels.)",
        ),
        Mistake(
            "only_b",
            lambda tags: [(tag[2:], place, place) for place, tag in enumerate(tags) if tag[0] == "B"],
            "a name ends after its first token; I- continues it.",
        ),
        Mistake(
            "b_joined",
            _entities(lambda before, tag: before[2:] == tag[2:]),
            "two names side by side are joined: B- always begins a new one.",
        ),
        Mistake(
            "kind_ignored",
            _entities(lambda before, tag: tag[0] == "I"),
            "an I- of another kind is taken as more of the same name; it begins a new one.",
        ),
        Mistake(
            "gap_ignored",
            lambda tags: _over_gaps(tags),
            'an I- after an "O" goes on with a name that has ended; it begins a new one.',
        ),
        Mistake(
            "whole_label",
            when(lambda case, output, right: _kinds(output) and _kinds(output)[0][:2] in ("B-", "I-")),
            "the kind is the label without its mark: PER, not B-PER.",
        ),
        Mistake(
            "outside",
            when(lambda case, output, right: "O" in _kinds(output)),
            '"O" is no kind of name: tokens outside of names are left out.',
        ),
        Mistake(
            "lists",
            when(lambda case, output, right: isinstance(output, dict)),
            "a dictionary cannot hold two names of one kind; return a list of (kind, first, last).",
        ),
    ],
    hints=[
        "Go through the labels with their places, enumerate(tags), and keep a list of what was found.",
        "A label continues the name found last if it is an I-, of the same kind, and that name ended just before it.",
        "Otherwise, unless it is O, it begins a new one: (kind, place, place).",
    ],
    commentary="Putting a name into the list at its first token, and lengthening it there, spares the case of a name "
    "that "
    "ends with the text.",
)


def _kinds(output):
    if not isinstance(output, (list, tuple)):
        return []
    return [one[0] for one in output if isinstance(one, (list, tuple)) and one and isinstance(one[0], str)]


def _over_gaps(tags):
    """Goes on with the last name of the same kind although an O lies between."""
    found = []
    for place, tag in enumerate(tags):
        if tag == "O":
            continue
        if tag[0] == "I" and found and found[-1][0] == tag[2:]:
            found[-1] = (tag[2:], found[-1][1], place)
        else:
            found.append((tag[2:], place, place))
    return found
