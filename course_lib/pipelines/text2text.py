"""Text in, text out: the three pipelines that Transformers 5 removed, with the texts that version 4.57 gave.

An encoder reads the whole input; a decoder writes the output token by token, by default with four beams and at most 256
new tokens. Summarization and translation differ only in the name of the result, the prefix and the languages.

Taught in chapter 1. Sources: Raffel et al., "Exploring the Limits of Transfer Learning with a Unified Text-to-Text
Transformer", 2020, for prefixes; behaviour compared with transformers 4.57.6 in tests/lib/parity.
"""

from __future__ import annotations

import enum
import warnings

from transformers import GenerationConfig
from transformers.models.auto.modeling_auto import MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES
from transformers.pipelines.base import ChunkPipeline, Pipeline
from transformers.utils import logging

from course_lib.pipelines.handing_over import batch_of, handed_over
from course_lib.pipelines.inputs import (
    check_arguments,
    check_readable,
    check_seen,
    check_text,
    explain_length,
    has_letter,
    shown,
)
from course_lib.pipelines.registry import COURSE_TASK
from course_lib.pipelines.sentences import LINE_BREAK, Part, parts, to_translate
from course_lib.pipelines.stopping import with_tokenizer
from course_lib.pipelines.unicode import composed

# A name below "transformers", so that transformers.logging.set_verbosity_error() quiets these warnings too.
logger = logging.get_logger("transformers.pipelines.text2text")

BUILT_IN = GenerationConfig._get_default_generation_params()  # what generate() falls back to: 20 tokens, one beam …
NOTHING_TO_TRANSLATE = "."  # in place of a text without a word, which is kept: the model's answer is not used
TOKEN_IDS = ("bos_token_id", "eos_token_id", "pad_token_id", "decoder_start_token_id")


class ReturnType(enum.Enum):
    """What comes back: token ids or text."""

    TENSORS = 0
    TEXT = 1


def chosen_settings(config: GenerationConfig) -> dict:
    """Settings of `config` that differ from generate()'s own: what somebody chose."""
    return {
        name: value
        for name, value in config.to_dict().items()
        if value is not None and value != BUILT_IN.get(name) and name != "transformers_version" and name[0] != "_"
    }


class Text2TextGenerationPipeline(Pipeline):
    """Writes a text from a text with an encoder-decoder model, with the arguments and texts of version 4.57.

    Call: `pipe(text)` or `pipe([text, ...], batch_size=...)`, also a column of texts, a generator or a data set.

    Args (at construction or at the call):
        return_tensors, return_text, return_type: token ids instead of text.
        clean_up_tokenization_spaces: passed to the tokenizer's `decode`, False.
        truncation: passed to the tokenizer; without it a long input is never cut.
        stop_sequence: a text whose first token ends the output.
        legacy: read the text exactly as it is given, as version 4.57 did, False: else `unicode.py` composes accents and
            makes ligatures and full-width letters plain.
        Everything else goes to `model.generate`: `max_new_tokens`, `num_beams`, `num_return_sequences`, ...

    Returns:
        A list with one dictionary per returned sequence: `generated_text`, or `generated_token_ids` of shape (token,).
        A list of texts gives a list of dictionaries, or a list of lists with `num_return_sequences` above 1.

    Raises:
        TypeError: an input that is not a string. ValueError: an empty text, one with a lone surrogate, one without a
        word or a number (a translation keeps it), one of which the model knows no word, one that is longer than the
        model has places for.
    """

    _pipeline_calls_generate = True
    _load_processor = False
    _load_image_processor = False
    _load_feature_extractor = False
    _load_tokenizer = True
    _default_generation_config = GenerationConfig(max_new_tokens=256, num_beams=4)
    return_name = "generated"

    def __init__(self, *args, task: str = "", **kwargs):
        """Take a model with an encoder and a decoder, and its tokenizer."""
        super().__init__(*args, task=task.removeprefix(COURSE_TASK), **kwargs)
        self.check_model_type(MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES)
        # `prefix` among the task's parameters wins over `config.prefix`. (Version 4.57 took it out of the model's
        # config while reading it, so a second pipeline on the same model lost its prefix. Here the config stays.)
        self.prefix = self._task_settings().get("prefix", self.prefix)

    def _task_settings(self) -> dict:
        """The entry of `config.task_specific_params` for this task, empty without one."""
        return (getattr(self.model.config, "task_specific_params", None) or {}).get(self.task, {})

    def _sanitize_parameters(
        self,
        return_tensors=None,
        return_text=None,
        return_type=None,
        clean_up_tokenization_spaces=None,
        truncation=None,
        stop_sequence=None,
        legacy=None,
        **generate_kwargs,
    ):
        check_arguments(generate_kwargs, self.task)
        if return_tensors is not None and return_type is None:
            return_type = ReturnType.TENSORS if return_tensors else ReturnType.TEXT
        after = {"return_type": return_type, "clean_up_tokenization_spaces": clean_up_tokenization_spaces}
        if stop_sequence is not None:
            ids = self.tokenizer.encode(stop_sequence, add_special_tokens=False)
            if not ids:
                raise ValueError(f"stop_sequence={stop_sequence!r} has no tokens; expected a text that has some.")
            if len(ids) > 1:
                warnings.warn(
                    f"stop_sequence={stop_sequence!r} has {len(ids)} tokens: the output stops at the first one, "
                    f"{self.tokenizer.decode(ids[:1])!r}.",
                    stacklevel=3,
                )
            generate_kwargs["eos_token_id"] = ids[0]
        if self.assistant_model is not None:
            generate_kwargs["assistant_model"] = self.assistant_model
        if self.assistant_tokenizer is not None:
            generate_kwargs |= {"tokenizer": self.tokenizer, "assistant_tokenizer": self.assistant_tokenizer}
        before = {"truncation": truncation, "legacy": legacy}
        before = {name: value for name, value in before.items() if value is not None}
        return before, generate_kwargs, {name: value for name, value in after.items() if value is not None}

    def __call__(self, inputs, *args, **kwargs):
        """Write one text for each input; see the class for what comes back."""
        inputs = handed_over(inputs, self.task)
        if "batch_size" in kwargs:
            kwargs["batch_size"] = batch_of(kwargs["batch_size"])
        if isinstance(inputs, list):
            for number, text in enumerate(inputs):
                check_text(text, self.task, f"item {number} of the list")
            if not inputs:
                return []
        result = super().__call__(inputs, *args, **kwargs)
        if isinstance(inputs, list) and all(len(sequences) == 1 for sequences in result):
            return [sequences[0] for sequences in result]
        return result

    def preprocess(self, text, truncation=False, legacy=False):
        """Token ids of the prefix and the text, (1, token)."""
        return self._encoded(self._checked(text, legacy), truncation)

    def _encoded(self, text: str, truncation):
        """Token ids of the prefix and of a text that has been checked, (1, token)."""
        inputs = self.tokenizer((self.prefix or "") + text, truncation=truncation, return_tensors="pt")  # (1, token)
        inputs.pop("token_type_ids", None)  # generate() of an encoder-decoder model does not take them
        return inputs

    def _checked(self, text, legacy: bool) -> str:
        """The text for the tokenizer; raises for what holds none that the model can read."""
        check_text(text, self.task)
        text = str(text) if legacy else composed(text).text
        check_seen(text, self.task)
        if not legacy and not any(map(str.isalnum, text)):
            raise ValueError(
                f"{self.task}: the input {shown(text)} has neither a word nor a number. Expected a text with at least "
                "one word."
            )
        check_readable(text, self.tokenizer, self.task)
        return text

    def _forward(self, model_inputs, **generate_kwargs):
        """Token ids of every returned sequence, (text, sequence, token)."""
        texts, input_length = model_inputs["input_ids"].shape
        # A multilingual tokenizer puts the target language among the model's inputs. In a batch it is a list.
        extras = {name: model_inputs.pop(name) for name in ("forced_bos_token_id",) if name in model_inputs}
        extras = {name: value[0] if isinstance(value, list) else value for name, value in extras.items()}
        max_length_in_call = "max_length" in generate_kwargs
        generate_kwargs = self._prepare_generate_kwargs(extras | generate_kwargs)
        config = generate_kwargs["generation_config"]
        self._check_lengths(input_length, config)
        if config.max_new_tokens is not None and not max_length_in_call:
            config.max_length = None  # it has no effect: keep generate() from warning about it at every call
        try:
            ids = self.model.generate(**model_inputs, **generate_kwargs)  # (text * sequence, token)
        except (IndexError, RuntimeError):
            explain_length(self, input_length)
            raise
        return {"output_ids": ids.reshape(texts, ids.shape[0] // texts, *ids.shape[1:])}  # (text, sequence, token)

    def _prepare_generate_kwargs(self, generate_kwargs: dict, **overrides) -> dict:
        """Arguments of `generate()` with the order of precedence of version 4.57.

        From weak to strong: the model's generation config; this pipeline's 256 new tokens and 4 beams; arguments of the
        constructor; `task_specific_params`; arguments of the call. A `generation_config` given by the user takes the
        place of everything but the model's own. Four oddities of version 4.57 are kept, since they decide the texts:

        - Its documentation says that 256 and 4 apply unless the model's config sets them. The code lets them win over
          the model's `max_new_tokens` and `num_beams`; only the model's `max_length` sets the 256 aside.
        - `max_length` in the constructor sets the 256 aside too, but `max_length` in a call does not, nor does the one
          in `task_specific_params`: with both, generate() warns and `max_new_tokens` decides. Pass `max_new_tokens`.
        - `max_length=20` is generate()'s own value and counts as not set.
        - A constructor argument that equals generate()'s own value, such as `num_beams=1`, gives way to a different
          value in the model's config, unless that config was written before version 4.50.
        """
        model_config = self.model.generation_config
        model_chose = chosen_settings(model_config)
        built_for = self._generate_kwargs  # the constructor's arguments
        call = dict(generate_kwargs)
        given = call.pop("generation_config", None) or built_for.get("generation_config")
        if given is not None:
            settings = chosen_settings(given)
        else:
            default = self._default_generation_config
            settings = model_chose | {"max_new_tokens": default.max_new_tokens, "num_beams": default.num_beams}
            settings |= {name: value for name, value in built_for.items() if name != "generation_config"}
            length = settings.get("max_length")
            if settings["max_new_tokens"] == default.max_new_tokens and length not in (None, BUILT_IN["max_length"]):
                settings["max_new_tokens"] = None
            settings |= {name: value for name, value in self._task_settings().items() if name != "prefix"}
            if settings.get("pad_token_id") is None and self.tokenizer.pad_token_id is not None:
                settings["pad_token_id"] = self.tokenizer.pad_token_id
        if _before_4_50(model_config):
            weak = {name: value for name, value in model_chose.items() if name in TOKEN_IDS}
            settings = {name: value for name, value in settings.items() if value is not None}
        else:
            weak = model_chose
            settings = {name: value for name, value in settings.items() if value not in (None, BUILT_IN.get(name))}
        # Spelling out generate()'s own values keeps it from taking the model's in their place.
        spelled_out = {name: value for name, value in BUILT_IN.items() if value is not None and name != "max_length"}
        config = GenerationConfig(**spelled_out | weak | settings)
        for_model = config.update(**call | overrides)  # what is no generation parameter goes to the model
        config.return_dict_in_generate = False
        return with_tokenizer({"generation_config": config, **for_model}, self)

    def _check_lengths(self, input_length: int, config: GenerationConfig) -> None:
        """A task can warn here about an input that does not fit the lengths asked for."""

    def postprocess(self, model_outputs, return_type=ReturnType.TEXT, clean_up_tokenization_spaces=False):
        """One dictionary for each sequence of one text."""
        if not isinstance(return_type, ReturnType):
            raise ValueError(f"return_type={return_type!r} was given; expected ReturnType.TEXT or ReturnType.TENSORS.")
        sequences = model_outputs["output_ids"][0]  # (sequence, token)
        if return_type == ReturnType.TENSORS:
            return [{f"{self.return_name}_token_ids": ids} for ids in sequences]  # each (token,)
        texts = [
            self.tokenizer.decode(
                ids, skip_special_tokens=True, clean_up_tokenization_spaces=clean_up_tokenization_spaces
            )
            for ids in sequences
        ]
        return [{f"{self.return_name}_text": text} for text in texts]


class SummarizationPipeline(Text2TextGenerationPipeline):
    """Shortens a text; the keys are `summary_text` and `summary_token_ids`. Arguments as for its parent."""

    return_name = "summary"

    def _check_lengths(self, input_length: int, config: GenerationConfig) -> None:
        """Warn when the summary may become longer than the input, or can have no length at all."""
        # As in version 4.57 the limit is max_length, or 20 without one, even where max_new_tokens decides. Comparing
        # with the 256 tokens that are only a default would warn about almost every text.
        longest = BUILT_IN["max_length"] if config.max_length is None else config.max_length
        if longest < (config.min_length or 0):
            logger.warning(f"min_length={config.min_length} is greater than max_length={longest}: make it smaller.")
        if input_length < longest:
            logger.warning(
                f"The input has {input_length} tokens and the summary may have {longest}: a summary should be shorter "
                f"than its text. Try max_new_tokens={max(input_length // 2, 1)}."
            )


class TranslationPipeline(Text2TextGenerationPipeline, ChunkPipeline):
    """Translates a text; the keys are `translation_text` and `translation_token_ids`.

    A text is translated sentence by sentence, since that is what translators are trained on: `sentences.py` says where
    it is cut, and what becomes of line breaks and white space, `capitals.py` how words in capitals are read. What has
    no letter is kept as it stands. Where several sequences or token ids are asked for, the text stays whole; token ids
    are those of its part from the first word on to the last.

    Args (besides those of its parent):
        src_lang, tgt_lang: the languages' codes, for models that know many languages (their tokenizers have a method
            `_build_translation_inputs`). Without both, the task's name says them: `translation_en_to_fr`. Models for
            one pair of languages ignore them.
        legacy: read the text whole and exactly as it is given, as version 4.57 did, False.
    """

    return_name = "translation"

    def _check_lengths(self, input_length: int, config: GenerationConfig) -> None:
        """Warn when the translation has hardly room to be as long as the input."""
        # Version 4.57 compared with max_length (20 without one) even where max_new_tokens decided, and so warned about
        # every longer sentence. This compares with the limit that holds.
        longest = config.max_new_tokens or config.max_length or BUILT_IN["max_length"]
        if input_length > 0.9 * longest:
            logger.warning(
                f"The input has {input_length} tokens and the translation may have {longest}: raise max_new_tokens."
            )

    def _sanitize_parameters(self, src_lang=None, tgt_lang=None, **kwargs):
        before, forward, after = super()._sanitize_parameters(**kwargs)
        if src_lang is None and tgt_lang is None:
            words = kwargs.get("task", self.task).split("_")
            if len(words) == 4:  # translation_xx_to_yy
                src_lang, tgt_lang = words[1], words[3]
        languages = {"src_lang": src_lang, "tgt_lang": tgt_lang}
        sequences = [
            forward.get("num_return_sequences"),
            getattr(forward.get("generation_config"), "num_return_sequences", 1),
        ]
        if any((number or 1) > 1 for number in sequences) or after.get("return_type") == ReturnType.TENSORS:
            before["whole"] = True
        return before | {name: code for name, code in languages.items() if code is not None}, forward, after

    def preprocess(self, text, truncation=False, src_lang=None, tgt_lang=None, legacy=False, whole=False):
        """Token ids of each sentence, (1, token); a multilingual tokenizer adds the languages, and then no prefix."""
        text = self._checked(text, legacy)
        if legacy:
            sentences = [Part(text, "", False)]
        else:
            sentences = parts(text, self._reads_english(src_lang), self._pieces)
            self._check_sentences(sentences)
            sentences = to_translate(sentences, whole)
        for number, part in enumerate(sentences):
            sentence = part.sentence or NOTHING_TO_TRANSLATE
            if getattr(self.tokenizer, "_build_translation_inputs", None) is None:
                inputs = self._encoded(sentence, truncation)
            else:
                inputs = self.tokenizer._build_translation_inputs(
                    sentence, return_tensors="pt", truncation=truncation, src_lang=src_lang, tgt_lang=tgt_lang
                )
            yield {**inputs, "part": part, "is_last": number == len(sentences) - 1}

    def _checked(self, text, legacy: bool) -> str:
        """As in the parent, line by line; a line without a letter is left as it is, and need not be read."""
        if legacy or not isinstance(text, str):
            return super()._checked(text, legacy)
        check_text(text, self.task)
        check_seen(text, self.task)
        text = "".join(composed(line).text if has_letter(line) else line for line in LINE_BREAK.split(text))
        if has_letter(text):
            check_readable(text, self.tokenizer, self.task)
        return text

    def _check_sentences(self, sentences: list[Part]) -> None:
        """Raise ValueError where one of several sentences has words of which the model knows none."""
        for number, part in enumerate(sentences if len(sentences) > 1 else (), 1):
            if not part.wordless:
                check_readable(part.sentence, self.tokenizer, self.task, f"sentence {number} of the input")

    def _pieces(self, word: str) -> int:
        """Into how many pieces the vocabulary cuts a word, more than it has letters where one is unknown."""
        ids = self.tokenizer(word, add_special_tokens=False, truncation=False, verbose=False)["input_ids"]
        return len(word) + 1 if self.tokenizer.unk_token_id in ids else len(ids)

    def _reads_english(self, src_lang: str | None) -> bool:
        """Whether the source language is known to be English, whose pronoun "I" has a capital."""
        return (src_lang or "").startswith("en") or "-en-" in f"-{self.model.name_or_path}"

    def _forward(self, model_inputs, **generate_kwargs):
        about = {name: model_inputs.pop(name) for name in ("part", "is_last")}
        return super()._forward(model_inputs, **generate_kwargs) | about

    def postprocess(self, model_outputs, **settings):
        """One dictionary for each sequence of one text, its sentences put together."""
        answers = [super(TranslationPipeline, self).postprocess(output, **settings) for output in model_outputs]
        if any("translation_text" not in answer for answer in answers[0]):  # return_tensors
            part = model_outputs[0]["part"]
            if not part.sentence:
                kept = self.tokenizer(text_target=part.before, return_tensors="pt")["input_ids"][0]  # (token,)
                return [{"translation_token_ids": kept} for _ in answers[0]]
            return answers[0]
        texts = [""] * len(answers[0])  # one for each sequence
        for output, several in zip(model_outputs, answers, strict=True):
            part = output["part"]
            for number, answer in enumerate(several):
                translated = answer["translation_text"] if part.sentence else ""
                texts[number] += part.before + (translated.upper() if part.capitals else translated) + part.after
        return [{"translation_text": text} for text in texts]


def _before_4_50(config: GenerationConfig) -> bool:
    """Whether a generation config names an older version than 4.50 as the one that wrote it."""
    try:
        major, minor = (int(part) for part in str(config.transformers_version).split(".")[:2])
    except ValueError:
        return False
    return (major, minor) < (4, 50)
