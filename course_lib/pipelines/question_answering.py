"""Extractive question answering: the pipeline that Transformers 5 removed, with the answers that version 4.57 gave.

The model gives every token two numbers: how well an answer starts here, how well it ends here. Both become
probabilities, a span (start, end) scores the product, and the best span is cut out of the context. A context that is
longer than a window is cut into overlapping windows, and the windows' answers compete.

Version 4.57 added up the scores of equal answers in all windows, so a score could exceed 1 and a weak answer that
stands everywhere could beat a strong one. Here an answer has the score of its best window; `legacy=True` adds as
version 4.57 did.

Taught in chapter 1. Source: Chen et al., "Reading Wikipedia to Answer Open-Domain Questions", 2017; behaviour compared
with the answers recorded from transformers 4.57.6 in tests/lib/parity.
"""

from __future__ import annotations

import difflib
import inspect
import re
import types
import warnings
from collections.abc import Iterator

import numpy as np
import torch
from torch.utils.data import Dataset
from transformers.models.auto.modeling_auto import MODEL_FOR_QUESTION_ANSWERING_MAPPING_NAMES
from transformers.pipelines.base import ChunkPipeline

from course_lib.pipelines.handing_over import batch_of, handed_over
from course_lib.pipelines.inputs import check_arguments, check_number, check_readable, check_text, longest, shown
from course_lib.pipelines.registry import COURSE_TASK
from course_lib.pipelines.unicode import Composed, composed

INPUT_NAMES = ("question", "context", "X", "data")
PREPROCESS = ("padding", "doc_stride", "max_question_len", "max_seq_len", "legacy")
POSTPROCESS = ("top_k", "max_answer_len", "handle_impossible_answer", "align_to_words", "legacy")
WITHOUT_SPACES = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff]")  # Thai, Lao, Burmese, Khmer, kana
PASSED_BY_LOADERS = ("framework", "modelcard", "local_files_only")  # accepted, without effect on an answer


def position_probabilities(logits: np.ndarray, answerable: np.ndarray) -> np.ndarray:
    """Softmax over the tokens that an answer may use, 0 for the others; both arguments and the result (1, token)."""
    logits = np.where(answerable, logits, -10000.0)  # (1, token)
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))  # (1, token)
    return weights / weights.sum()  # (1, token)


def best_spans(
    start: np.ndarray, end: np.ndarray, answerable: np.ndarray, count: int, max_answer_len: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Token spans with the greatest `start[i] * end[j]`, best first, among i <= j < i + `max_answer_len`.

    Args:
        start: probability that an answer starts at a token, (1, token).
        end: probability that an answer ends at a token, (1, token).
        answerable: True for the tokens of the context (and for the first token), (1, token).
        count: how many spans to look at. Fewer come back when some of them leave the context.
        max_answer_len: greatest number of tokens in an answer.

    Returns:
        First tokens, last tokens and scores, each of shape (span,).

    As in version 4.57, spans that are not allowed stay candidates with score 0. Where `count` is greater than the
    number of allowed spans, some of these come back: an answer with score 0 means nothing.
    """
    scores = start[0][:, None] * end[0][None, :]  # (start token, end token)
    scores = np.tril(np.triu(scores), max_answer_len - 1)  # (start token, end token)
    flat = scores.flatten()  # (span,)
    if count == 1:
        chosen = np.array([np.argmax(flat)])  # (1,)
    elif len(flat) <= count:
        chosen = np.argsort(-flat)  # (span,)
    else:
        chosen = np.argpartition(-flat, count)[:count]  # (count,), in no order
        chosen = chosen[np.argsort(-flat[chosen])]  # (count,), best first
    starts, ends = np.unravel_index(chosen, scores.shape)
    allowed = answerable[0].astype(bool)  # (token,)
    allowed[0] = True  # version 4.57 lets the first token pass, whatever it is
    kept = allowed[starts] & allowed[ends]  # (count,)
    starts, ends = starts[kept], ends[kept]
    return starts, ends, scores[starts, ends]


class QuestionAnsweringPipeline(ChunkPipeline):
    """Finds the answer to a question in a context, with the arguments and numbers of version 4.57.

    Calls: `pipe(question=..., context=...)` with texts, with many questions for one context, or with as many questions
    as contexts (lists, tuples, columns); `pipe(question, context)`; `pipe({"question": ..., "context": ...})`; a list,
    a generator, a data set or a table of such dictionaries.

    Args (at construction or at the call):
        top_k: number of answers, 1. (`topk` is an old name.)
        doc_stride: tokens by which two windows overlap, the smaller of 128 and half of `max_seq_len`.
        max_answer_len: greatest number of tokens in an answer, 15.
        max_seq_len: tokens in a window (question, context, special tokens). A checkpoint of the
            course has the length that it was trained on, another the smaller of 384 and the model's length.
        max_question_len: accepted and without effect, as for fast tokenizers in version 4.57.
        handle_impossible_answer: let the empty answer compete, False.
        align_to_words: widen an answer to whole words, True.
        padding: the tokenizer's `padding`, "do_not_pad".
        legacy: answer what can be read as version 4.57 did, False: windows of 384 tokens, scores of equal answers added
            over all windows, accents read as they were given.

    Returns:
        A dictionary with `score` (from 0 to 1), `start` and `end` (characters in the context as it was given) and
        `answer`; a list of these for `top_k` > 1; a list of results for more than one question. One example in a list
        gives a result without a list. The score is the probability of the answer's text in its best window: equal
        answers (without regard to case) are one, their scores are added within a window, and the greatest counts
        over the windows.

    Raises:
        TypeError: a question or context that is not a string; a slow tokenizer.
        ValueError: an empty question, a context without words or of which the model knows none or single letters only,
        a window too small for the question or larger than the model reads, a count below 1.

    Warns where the context is written without spaces between words: an answer cannot be cut at words there.
    """

    _load_processor = False
    _load_image_processor = False
    _load_feature_extractor = False
    _load_tokenizer = True
    default_input_names = "question,context"
    trained_window: int | None = None  # tokens; set by `course_lib.pipelines.pipeline` for a checkpoint of the course

    def __init__(self, model, tokenizer, task: str = "", **kwargs):
        """Take a model with a question-answering head and its fast tokenizer."""
        if not getattr(tokenizer, "is_fast", False):
            raise TypeError(
                f"question answering got the tokenizer {type(tokenizer).__name__}, which does not report where each "
                "token comes from in the text. Expected a fast tokenizer: load it with AutoTokenizer.from_pretrained."
            )
        super().__init__(model=model, tokenizer=tokenizer, task=task.removeprefix(COURSE_TASK), **kwargs)
        self.check_model_type(MODEL_FOR_QUESTION_ANSWERING_MAPPING_NAMES)

    def _sanitize_parameters(self, topk=None, top_k=None, **kwargs):
        if topk is not None and top_k is None:
            warnings.warn("`topk` is the old name of `top_k`: write top_k=...", UserWarning, stacklevel=3)
            top_k = topk
        given = {name: value for name, value in {**kwargs, "top_k": top_k}.items() if value is not None}
        check_arguments({name: value for name, value in given.items() if name not in PASSED_BY_LOADERS})
        check_number("max_seq_len", given.get("max_seq_len"), 1, longest(self), ", which this model reads")
        known = tuple(dict.fromkeys((*PREPROCESS, *POSTPROCESS)))
        for name in given.keys() - {*known, *INPUT_NAMES, *PASSED_BY_LOADERS}:  # version 4.57 ignored these in silence
            near = difflib.get_close_matches(name, known, 1)
            hint = f": did you mean {near[0]}?" if near else f". Known: {', '.join(known)}."
            warnings.warn(f"question answering ignores the argument {name}{hint}", UserWarning, stacklevel=3)
        before = {name: given[name] for name in PREPROCESS if name in given}
        after = {name: given[name] for name in POSTPROCESS if name in given}
        return before, {}, after

    def __call__(self, *args, **kwargs):
        """Answer one question or many; see the class for what can be given and what comes back."""
        inputs = {name: kwargs.pop(name) for name in INPUT_NAMES if name in kwargs}
        if "batch_size" in kwargs:
            kwargs["batch_size"] = batch_of(kwargs["batch_size"])
        examples = self._examples(args, inputs)
        if isinstance(examples, list):
            examples = [self._example(item) for item in examples]
            if not examples:
                return []
        single = isinstance(examples, list) and len(examples) == 1
        return super().__call__(examples[0] if single else examples, **kwargs)

    def _examples(self, args: tuple, inputs: dict):
        """Bring every way of calling to a list of examples; a generator or data set passes as it is."""
        if len(args) == 2 and all(isinstance(item, str) for item in args):
            return [{"question": args[0], "context": args[1]}]
        if args or "X" in inputs or "data" in inputs:
            old_names = [inputs[name] for name in ("X", "data") if name in inputs]
            given = list(args) if len(args) > 1 else (args or old_names)[0]
            if isinstance(given, dict) or hasattr(given, "question_text"):
                return [given]
            given = handed_over(given, "question-answering")
            if isinstance(given, (list, types.GeneratorType, Dataset)):
                return given
            raise TypeError(f"question answering got {shown(given)}. {self._usage()}")
        if {"question", "context"} - inputs.keys():
            raise ValueError(f"question answering got only {sorted(inputs) or 'nothing'}. {self._usage()}")
        question, context = (_texts(inputs[name]) for name in ("question", "context"))
        if not isinstance(question, list) and not isinstance(context, list):
            return [{"question": question, "context": context}]
        if not isinstance(question, list):
            raise ValueError("one question was given for a list of contexts. Expected as many questions as contexts.")
        contexts = context if isinstance(context, list) else [context] * len(question)
        if len(question) != len(contexts):
            raise ValueError(f"{len(question)} questions but {len(contexts)} contexts were given; expected as many.")
        return [{"question": q, "context": c} for q, c in zip(question, contexts, strict=True)]

    @staticmethod
    def _usage() -> str:
        return "Expected question=... and context=..., or dictionaries with the keys question and context."

    def _example(self, item) -> dict:
        """The question and context of one item, checked."""
        if hasattr(item, "question_text"):  # version 4's SquadExample
            item = {"question": item.question_text, "context": item.context_text}
        if not isinstance(item, dict):
            raise TypeError(f"question answering got {shown(item)} as an example. {self._usage()}")
        if missing := [name for name in ("question", "context") if name not in item]:
            raise ValueError(
                f"an example has no {' and no '.join(missing)}: its keys are {shown(list(item))}. {self._usage()}"
            )
        check_text(item["question"], "question-answering", "the question")
        check_text(item["context"], "question-answering", "the context")
        if not any(character.isalnum() for character in item["context"]):
            raise ValueError(
                f"the context {item['context'][:40]!r} has no words, so no answer can be found in it. "
                "Give the text in which the answer stands."
            )
        for name in ("question", "context"):
            read = composed(item[name]).text
            check_readable(read, self.tokenizer, "question-answering", f"the {name}")
        return {"question": str(item["question"]), "context": str(item["context"])}

    def preprocess(
        self, example, padding="do_not_pad", doc_stride=None, max_question_len=64, max_seq_len=None, legacy=False
    ) -> Iterator[dict]:
        """Cut one example into windows of at most `max_seq_len` tokens that overlap by `doc_stride` tokens."""
        example = self._example(example)
        given = example["context"]
        places = Composed(given, None, None)
        if not legacy:
            _remark_on_spaces(example["context"])
            places = composed(example["context"])
            example |= {"question": composed(example["question"]).text, "context": places.text}
        if max_seq_len is None:
            max_seq_len = min(self.tokenizer.model_max_length, 384)
            max_seq_len = max_seq_len if legacy else self.trained_window or max_seq_len
        if doc_stride is None:
            doc_stride = min(max_seq_len // 2, 128)
        if doc_stride > max_seq_len:
            raise ValueError(f"doc_stride={doc_stride} is larger than max_seq_len={max_seq_len}; expected less.")
        self._check_window(example, doc_stride, max_seq_len)
        question_first = self.tokenizer.padding_side == "right"
        encoded = self.tokenizer(
            text=example["question" if question_first else "context"],
            text_pair=example["context" if question_first else "question"],
            padding=padding,
            truncation="only_second" if question_first else "only_first",
            max_length=max_seq_len,
            stride=doc_stride,
            return_token_type_ids=True,
            return_overflowing_tokens=True,
        )
        names = {*self.tokenizer.model_input_names, "token_type_ids"} & encoded.keys()
        windows = len(encoded["input_ids"])
        for window in range(windows):
            ids = encoded["input_ids"][window]
            # 1 for a token that cannot be in an answer. The token [CLS] stays in: its probability is that of "no
            # answer". With padding on the left, version 4.57 lets every token in, the question too.
            masked = [int(question_first and part != 1) for part in encoded.sequence_ids(window)]
            masked = [
                0 if token == self.tokenizer.cls_token_id else mask for token, mask in zip(ids, masked, strict=True)
            ]
            tensors = {name: torch.tensor([encoded[name][window]]) for name in names}  # each (1, token)
            yield {
                "example": example | {"given": given, "places": places},
                "is_last": window == windows - 1,
                "encoding": encoded.encodings[window],
                "p_mask": torch.tensor([masked]),  # (1, token)
                **tensors,
            }

    def _check_window(self, example: dict, doc_stride: int, max_seq_len: int) -> None:
        """Explain in words what the tokenizer would refuse with a panic: a window without room for the context."""
        question = len(self.tokenizer(example["question"], add_special_tokens=False)["input_ids"])
        room = max_seq_len - question - self.tokenizer.num_special_tokens_to_add(pair=True)
        if room > doc_stride:
            return
        if len(self.tokenizer(example["context"], add_special_tokens=False)["input_ids"]) > room:
            raise ValueError(
                f"max_seq_len={max_seq_len} leaves {max(room, 0)} tokens for the context beside a question of "
                f"{question} tokens; expected more than doc_stride={doc_stride}. Ask a shorter question, raise "
                "max_seq_len or lower doc_stride."
            )

    def _forward(self, inputs: dict) -> dict:
        """Start and end logits of the windows, each (window, token)."""
        model_inputs = {name: inputs[name] for name in self.tokenizer.model_input_names}  # each (window, token)
        if "use_cache" in inspect.signature(self.model.forward).parameters:
            model_inputs["use_cache"] = False
        output = self.model(**model_inputs)
        return {"start": output["start_logits"], "end": output["end_logits"], **inputs}  # each (window, token)

    def postprocess(
        self, outputs, top_k=1, handle_impossible_answer=False, max_answer_len=15, align_to_words=True, legacy=False
    ):
        """Best answers over all windows of one example."""
        answers: list[dict] = []
        null_score = 1000000
        count = top_k * 2 + 10 if align_to_words else top_k  # some spans become one when widened to words
        for output in outputs:
            context, places = output["example"]["given"], output["example"]["places"]
            here: list[dict] = answers if legacy else []  # equal answers of this window become one
            answerable = output["p_mask"].numpy() == 0  # (1, token)
            if output.get("attention_mask") is not None:
                answerable &= output["attention_mask"].numpy() != 0  # (1, token)
            start = position_probabilities(self._array(output["start"]), answerable)  # (1, token)
            end = position_probabilities(self._array(output["end"]), answerable)  # (1, token)
            if handle_impossible_answer:  # the least over the windows: one window with an answer is enough
                null_score = min(null_score, (start[0, 0] * end[0, 0]).item())
            start[0, 0] = end[0, 0] = 0.0
            shift = 0
            if self.tokenizer.padding_side == "left":  # the batch is padded on the left, the encoding is not
                shift = (output["input_ids"] == self.tokenizer.pad_token_id).sum().item()
            for first, last, score in zip(*best_spans(start, end, answerable, count, max_answer_len), strict=True):
                begin, stop = self._characters(output["encoding"], first - shift, last - shift, align_to_words)
                begin, stop = places.given(begin, stop)
                text = context[begin:stop]
                if same := _equal(here, text):
                    same["score"] += score.item()
                else:
                    here.append({"score": score.item(), "start": begin, "end": stop, "answer": text})
            for answer in [] if legacy else here:
                answer["score"] = min(answer["score"], 1.0)  # rounding of the sum
                same = _equal(answers, answer["answer"])
                if same is None:
                    answers.append(answer)
                elif answer["score"] > same["score"]:
                    same |= answer
        if handle_impossible_answer:
            answers.append({"score": null_score, "start": 0, "end": 0, "answer": ""})
        answers = sorted(answers, key=lambda answer: answer["score"], reverse=True)[:top_k]
        return answers[0] if len(answers) == 1 else answers

    @staticmethod
    def _array(logits: torch.Tensor) -> np.ndarray:
        """Logits as an array (1, token); NumPy has no bfloat16."""
        return (logits.float() if logits.dtype == torch.bfloat16 else logits).numpy()

    def _characters(self, encoding, first: int, last: int, align_to_words: bool) -> tuple[int, int]:
        """Where the tokens `first` to `last` begin and end in the context, widened to whole words if asked."""
        first, last = int(first), int(last)
        if align_to_words:
            part = 1 if self.tokenizer.padding_side == "right" else 0
            try:
                begin = encoding.word_to_chars(encoding.token_to_word(first), sequence_index=part)[0]
                stop = encoding.word_to_chars(encoding.token_to_word(last), sequence_index=part)[1]
                return begin, stop
            except (TypeError, OverflowError):  # a special token, or a tokenizer without words
                pass
        return encoding.offsets[first][0], encoding.offsets[last][1]


def _texts(given):
    """A question or context as it is, or a list of them, from whatever holds several."""
    return (
        list(many)
        if isinstance(many := handed_over(given, "question-answering"), (list, types.GeneratorType))
        else many
    )


def _equal(answers: list[dict], text: str) -> dict | None:
    """The answer with the same text, without regard to case, if there is one."""
    return next((answer for answer in answers if answer["answer"].lower() == text.lower()), None)


def _remark_on_spaces(context: str) -> None:
    """Warn about a context in a script that puts no spaces between words."""
    letters = sum(character.isalpha() for character in context)
    if letters and 2 * len(WITHOUT_SPACES.findall(context)) > letters:
        warnings.warn(
            "the context is in a script without spaces between words: the answer may be far more than a word, whatever "
            "its score. Put spaces between words, or use a model and a tokenizer made for the language.",
            UserWarning,
            stacklevel=2,
        )
