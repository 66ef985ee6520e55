"""Transformers' own text pipelines behind one gate: each is the class of the same name with `Gate` in front.

The gate takes what `datasets`, NumPy and pandas hand over, checks texts and arguments, composes accents and makes
letters plain. Where an answer of Transformers' is wrong without a word, its class here says what is done in its place.
"""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import torch
import transformers
from transformers.pipelines.base import PipelineException

from course_lib.pipelines.chats import check_chat, joined
from course_lib.pipelines.handing_over import batch_of, handed_over
from course_lib.pipelines.inputs import (
    check_arguments,
    check_choice,
    check_depth,
    check_input,
    check_labels,
    check_number,
    check_readable,
    check_template,
    explain_length,
    explain_mask,
    longest,
    shown,
)
from course_lib.pipelines.stopping import with_tokenizer
from course_lib.pipelines.unicode import composed
from course_lib.pipelines.windows import pieces, put_together


class Gate:
    """Mixin in front of a pipeline class: every input and a few arguments are checked before they are used."""

    def __call__(self, inputs: Any = None, *args, **kwargs):
        """Check a text or a list at once, so that the message says which item is wrong; then run the pipeline."""
        for name in ("text_inputs", "sequences"):  # what Transformers calls it in two of the classes
            inputs = kwargs.pop(name, inputs)
        inputs = handed_over(inputs, self.task)
        if not isinstance(inputs, (types.GeneratorType, torch.utils.data.Dataset)):
            check_input(inputs, self.task)
            words = kwargs.get("is_split_into_words", self._preprocess_params.get("is_split_into_words", False))
            check_depth(inputs, self.task, words)
        check_arguments(kwargs, self.task)
        if "batch_size" in kwargs:
            kwargs["batch_size"] = batch_of(kwargs["batch_size"])
        if isinstance(inputs, list) and not inputs:
            return []
        return super().__call__(inputs, *args, **kwargs)

    def preprocess(self, inputs, *args, **kwargs):
        """Check what a generator or a data set delivers, too; then the model's inputs of the composed text."""
        inputs = str(inputs) if isinstance(inputs, str) else inputs
        check_input(inputs, self.task)
        check_depth([inputs], self.task, kwargs.get("is_split_into_words", False) or type(inputs).__name__ == "Chat")
        if isinstance(inputs, str):
            inputs = self._read(inputs)
        elif isinstance(inputs, dict):  # a pair for text classification
            texts = {name: inputs[name] for name in ("text", "text_pair") if name in inputs}
            inputs = inputs | {name: self._read(text, f"{name!r} of the input") for name, text in texts.items()}
        return super().preprocess(inputs, *args, **kwargs)

    def _read(self, text: str, what: str = "the input") -> str:
        """The composed text; raises ValueError for one that the model cannot read."""
        text = composed(str(text)).text
        check_readable(text, self.tokenizer, self.task, what)
        return text

    def _forward(self, model_inputs, *args, **kwargs):
        tokens = model_inputs["input_ids"].shape[-1]
        try:
            return super()._forward(model_inputs, *args, **kwargs)
        except (IndexError, RuntimeError):
            explain_length(self, tokens)
            raise

    def _sanitize_parameters(self, **kwargs):
        check_arguments(kwargs, self.task)
        return super()._sanitize_parameters(**kwargs)


class FeatureExtractionPipeline(Gate, transformers.FeatureExtractionPipeline):
    """Vectors of the tokens of a text, without those of padding: a text in a batch has as many rows as alone."""

    def _forward(self, model_inputs):
        vectors = super()._forward(model_inputs)[0]  # (text, token, width)
        return {"vectors": vectors, "kept": model_inputs.get("attention_mask", torch.ones(vectors.shape[:2]))}

    def postprocess(self, model_outputs, return_tensors=False):
        """A list (1, token, width) of the tokens that the text has of its own."""
        vectors, kept = model_outputs["vectors"], model_outputs["kept"][0] > 0  # (1, token, width), (token,)
        if kept.shape == vectors.shape[1:2]:  # a model with a decoder returns the decoder's vectors
            vectors = vectors[:, kept]
        return super().postprocess([vectors], return_tensors=return_tensors)


class FillMaskPipeline(Gate, transformers.FillMaskPipeline):
    """Words for a mask. `targets` must be one token each; several masks leave [CLS] and [SEP] out of `sequence`."""

    def preprocess(self, inputs, *args, **kwargs):
        """As in the parent, with an explanation where there is no mask."""
        try:
            return super().preprocess(inputs, *args, **kwargs)
        except PipelineException:
            explain_mask(inputs, self)

    def postprocess(self, model_outputs, *args, **kwargs):
        """The likeliest tokens for each mask, best first."""
        answer = super().postprocess(model_outputs, *args, **kwargs)
        if answer and isinstance(answer[0], list):
            ids = model_outputs["input_ids"][0]  # (token,)
            names = ("cls", "sep", "bos", "eos", "pad")
            hidden = {getattr(self.tokenizer, f"{name}_token_id") for name in names}
            places = (ids == self.tokenizer.mask_token_id).nonzero()[:, 0].tolist()
            for place, row in zip(places, answer, strict=True):
                for entry in row:
                    filled = [entry["token"] if at == place else token for at, token in enumerate(ids.tolist())]
                    entry["sequence"] = self.tokenizer.decode([token for token in filled if token not in hidden])
        return answer

    def get_target_ids(self, targets):
        """The tokens of `targets`, each once. Raises ValueError for a target that is not exactly one known token."""
        if not targets or not all(isinstance(target, str) and target.strip() for target in targets):
            raise ValueError(f'fill-mask: targets={shown(targets)}. Expected words: targets=["sides", "angles"].')
        known, found = self.tokenizer.get_vocab(), []
        for target in targets:
            if target in known:
                found.append(known[target])
                continue
            ids = self.tokenizer(target, add_special_tokens=False)["input_ids"]
            if len(ids) != 1 or ids[0] == self.tokenizer.unk_token_id:
                parts = self.tokenizer.convert_ids_to_tokens(ids)
                raise ValueError(
                    f"fill-mask: the target {shown(target)} is not one token of this model, but {shown(parts)}. A mask "
                    "stands for one token. Give a word that the model has as a whole."
                )
            found += ids
        special = self.tokenizer.all_special_ids
        for target, token in zip(targets, found, strict=True):
            if token in special:
                raise ValueError(
                    f"fill-mask: the target {shown(target)} is a special token of this model and no word. Expected "
                    'words: targets=["sides", "angles"].'
                )
        return np.array(list(dict.fromkeys(found)))  # (target,)

    def _sanitize_parameters(self, **kwargs):
        check_number("top_k", kwargs.get("top_k"), 1, len(self.tokenizer), ", the tokens that the model has")
        if kwargs.get("targets") is not None:
            targets = handed_over(kwargs["targets"], self.task)
            kwargs["targets"] = [targets] if isinstance(targets, str) else list(targets)
        return super()._sanitize_parameters(**kwargs)


class TextClassificationPipeline(Gate, transformers.TextClassificationPipeline):
    """A label of a text."""

    def _sanitize_parameters(self, **kwargs):
        check_choice("function_to_apply", kwargs.get("function_to_apply"), ("sigmoid", "softmax", "none"))
        return super()._sanitize_parameters(**kwargs)


class TextGenerationPipeline(Gate, transformers.TextGenerationPipeline):
    """What comes after a text, or the next message of a chat. Stop strings get the tokenizer that they need.

    A message in parts, `[{"type": "text", "text": "Hello"}]`, is joined to one text where the model's chat template
    takes no parts, and comes back so.
    """

    def preprocess(self, prompt_text, *args, **kwargs):
        """As in the parent; the text that comes back begins as it was given."""
        if type(prompt_text).__name__ == "Chat":
            template = (kwargs.get("tokenizer_encode_kwargs") or {}).get("chat_template")
            check_chat(prompt_text.messages, self.tokenizer, self.task)
            prompt_text = type(prompt_text)(joined(prompt_text.messages, self.tokenizer, self.task, template))
        inputs = super().preprocess(prompt_text, *args, **kwargs)
        inputs["prompt_text"] = prompt_text
        return inputs

    def _prepare_generate_kwargs(self, generate_kwargs, **overrides):
        return with_tokenizer(super()._prepare_generate_kwargs(generate_kwargs, **overrides), self)


class TokenClassificationPipeline(Gate, transformers.TokenClassificationPipeline):
    """Labels of the tokens of a text, such as names. A long text is read in windows; `windows.py` says how.

    Args (besides those of its parent, at construction or at the call):
        window: tokens in a window. A checkpoint of the course has the length that it was trained on, another model the
            length that it can read.
        stride: tokens by which two windows overlap, a quarter of the window.

    `start` and `end` are places in the text that was given, also where `unicode.py` has changed it for the model.
    Transformers itself cuts a text at the model's length in silence; `transformers.pipeline` does that.
    """

    trained_window: int | None = None  # tokens; set by `course_lib.pipelines.pipeline` for a checkpoint of the course

    def preprocess(self, sentence, offset_mapping=None, window=None, stride=None, **kwargs) -> Iterator[dict]:
        """The windows of one text, with offsets in the composed text."""
        if isinstance(sentence, (list, tuple)) or offset_mapping is not None or not self.tokenizer.is_fast:
            yield from super().preprocess(sentence, offset_mapping, **kwargs)
            return
        check_input(sentence, self.task)
        text = composed(sentence)
        check_readable(text.text, self.tokenizer, self.task)
        window, stride = self._lengths(window, stride)
        room = window - self.tokenizer.num_special_tokens_to_add()
        parts = pieces(text.text, self.tokenizer, window)
        for number, (start, end) in enumerate(parts):
            encoded = self.tokenizer(
                text.text[start:end],
                truncation=True,
                max_length=window,
                stride=stride,
                return_overflowing_tokens=True,
                return_special_tokens_mask=True,
                return_offsets_mapping=True,
            )
            encoded.pop("overflow_to_sample_mapping")
            for part, offsets in enumerate(encoded["offset_mapping"]):
                last = part == len(encoded["offset_mapping"]) - 1
                tensors = {name: torch.tensor([rows[part]]) for name, rows in encoded.items()}  # (1, token), or with 2
                tensors["offset_mapping"] = torch.tensor([[(first + start, to + start) for first, to in offsets]])
                about = {"piece": number, "begins": part * (room - stride), "last": last}
                yield tensors | {"sentence": (text, about), "is_last": last and number == len(parts) - 1}

    def _lengths(self, window: int | None, stride: int | None) -> tuple[int, int]:
        """Tokens in a window and in an overlap; raises ValueError where the model cannot have them."""
        most = longest(self)
        window = self.trained_window or int(min(most, 10**6)) if window is None else window
        special = self.tokenizer.num_special_tokens_to_add()
        check_number("window", window, special + 1, most, ", which this model reads")
        stride = (window - special) // 4 if stride is None else stride
        check_number("stride", stride, 0, window - special - 1, f" in a window of {window} tokens")
        return window, stride

    def postprocess(self, all_outputs, aggregation_strategy=None, ignore_labels=None):
        """Names (or labelled tokens) of the whole text, with places in the text that was given."""
        from transformers.pipelines.token_classification import AggregationStrategy

        strategy = AggregationStrategy.NONE if aggregation_strategy is None else aggregation_strategy
        if not isinstance(all_outputs[0]["sentence"], tuple):
            return super().postprocess(all_outputs, strategy, ignore_labels)
        text = all_outputs[0]["sentence"][0]
        together = put_together([{**output, **output["sentence"][1]} for output in all_outputs])
        found = super().postprocess([together | {"sentence": text.text}], strategy, ignore_labels)
        before = int((all_outputs[0]["special_tokens_mask"][0] == 0).nonzero()[0])  # tokens in front of the text: [CLS]
        for entity in found:
            if "index" in entity:
                entity["index"] += before
            entity["start"], entity["end"] = text.given(entity["start"], entity["end"])
        return found

    def _sanitize_parameters(self, window=None, stride=None, **kwargs):
        from transformers.pipelines.token_classification import AggregationStrategy

        check_arguments({"window": window, "stride": stride})
        strategies = [strategy.value for strategy in AggregationStrategy]
        check_choice("aggregation_strategy", kwargs.get("aggregation_strategy"), strategies)
        if kwargs.get("ignore_labels") is not None:
            kwargs["ignore_labels"] = self._labels(kwargs["ignore_labels"])
        before, forward, after = super()._sanitize_parameters(**kwargs)
        before |= {name: value for name, value in (("window", window), ("stride", stride)) if value is not None}
        return before, forward, after

    def _labels(self, given: Any) -> list[str]:
        """The labels to ignore, as a list; raises unless each is one of the model's, with or without its B- or I-."""
        labels = [*self.model.config.id2label.values()]
        expected = f"Expected labels of the model in a list, of {', '.join(labels)}: ignore_labels={labels[:1]}."
        if isinstance(given, (str, bytes)) or not isinstance(given, Iterable):
            raise TypeError(f"ignore_labels={shown(given)} is of type {type(given).__name__}. {expected}")
        given, known = list(given), {"O", *labels, *(label[2:] for label in labels if label[:2] in ("B-", "I-"))}
        if unknown := [label for label in given if not isinstance(label, str) or label not in known]:
            raise ValueError(f"ignore_labels={shown(given)} has {shown(unknown[0])}, which is no label. {expected}")
        return given


class ZeroShotClassificationPipeline(Gate, transformers.ZeroShotClassificationPipeline):
    """Which of some labels fits a text."""

    def __call__(self, inputs: Any = None, *args, **kwargs):
        """Take the labels by position, too, as Transformers does."""
        if len(args) == 1 and "candidate_labels" not in kwargs:
            args, kwargs["candidate_labels"] = (), args[0]
        return super().__call__(inputs, *args, **kwargs)

    def preprocess(self, inputs, candidate_labels=None, hypothesis_template="This example is {}."):
        """A pair of text and hypothesis for each label; the text comes back as it was given."""
        check_labels(candidate_labels)
        for pair in super().preprocess(inputs, candidate_labels, hypothesis_template):
            yield pair | {"sequence": inputs}

    def _sanitize_parameters(self, **kwargs):
        if "candidate_labels" in kwargs:
            labels = kwargs["candidate_labels"]
            kwargs["candidate_labels"] = handed_over(labels, self.task) if labels is not None else None
            check_labels(kwargs["candidate_labels"])
            labels = kwargs["candidate_labels"]
            for label in labels.split(",") if isinstance(labels, str) else labels:
                check_readable(label, self.tokenizer, self.task, "a label of candidate_labels")
        if "hypothesis_template" in kwargs:
            check_template(kwargs["hypothesis_template"])
        return super()._sanitize_parameters(**kwargs)


CHECKED = {
    "feature-extraction": FeatureExtractionPipeline,
    "fill-mask": FillMaskPipeline,
    "ner": TokenClassificationPipeline,
    "token-classification": TokenClassificationPipeline,
    "sentiment-analysis": TextClassificationPipeline,
    "text-classification": TextClassificationPipeline,
    "text-generation": TextGenerationPipeline,
    "zero-shot-classification": ZeroShotClassificationPipeline,
}
