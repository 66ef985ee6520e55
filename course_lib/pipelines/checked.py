"""Transformers' own text pipelines with a check of what goes in: each is the class of the same name with `InputChecks`.

The check sits where every input passes, single, in a list, from a generator or from a data set.
"""

from __future__ import annotations

import transformers
from transformers.pipelines.base import PipelineException

from course_lib.pipelines.inputs import check_arguments, check_input, check_labels, explain_length, explain_mask


class InputChecks:
    """Mixin in front of a pipeline class: every input and a few arguments are checked before they are used."""

    def __call__(self, inputs, *args, **kwargs):
        """Check a text or a list at once, so that the message says which item is wrong; then run the pipeline."""
        check_input(inputs, self.task)
        if isinstance(inputs, (list, tuple)) and not inputs:
            return []
        return super().__call__(inputs, *args, **kwargs)

    def preprocess(self, inputs, *args, **kwargs):
        """Check what a generator or a data set delivers, and whether fill-mask finds a mask."""
        check_input(inputs, self.task)
        if self.task == "zero-shot-classification":
            check_labels(kwargs.get("candidate_labels"))
        try:
            return super().preprocess(inputs, *args, **kwargs)
        except PipelineException:
            explain_mask(inputs, self)

    def _forward(self, model_inputs, *args, **kwargs):
        tokens = model_inputs["input_ids"].shape[-1]
        try:
            return super()._forward(model_inputs, *args, **kwargs)
        except (IndexError, RuntimeError):
            explain_length(self, tokens)
            raise

    def _sanitize_parameters(self, **kwargs):
        check_arguments(kwargs)
        if "candidate_labels" in kwargs:
            check_labels(kwargs["candidate_labels"])
        return super()._sanitize_parameters(**kwargs)


class FeatureExtractionPipeline(InputChecks, transformers.FeatureExtractionPipeline):
    """Vectors of the tokens of a text."""


class FillMaskPipeline(InputChecks, transformers.FillMaskPipeline):
    """Words for a mask."""


class TextClassificationPipeline(InputChecks, transformers.TextClassificationPipeline):
    """A label of a text."""


class TextGenerationPipeline(InputChecks, transformers.TextGenerationPipeline):
    """What comes after a text."""


class TokenClassificationPipeline(InputChecks, transformers.TokenClassificationPipeline):
    """Labels of the tokens of a text, such as names."""


class ZeroShotClassificationPipeline(InputChecks, transformers.ZeroShotClassificationPipeline):
    """Which of some labels fits a text."""


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
