"""Measure a model of your own: gaps between groups of words, with intervals, a picture, and a card's paragraph.

    found = measure_bias("my/folder", {"women's names": [...], "men's names": [...]}, ["{word} ordered a lamp."])
    print(found)        the gaps, each with interval and p
    found.draw()        every word as a point, and the gaps with their intervals
    found.card()        what a model card can say, in Markdown

The unit is the word: scores are averaged over the templates first. Chapter 07. Sources: Mitchell et al. 2019 (cards);
for the figures see `course_lib/measures.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, cycle
from pathlib import Path
from typing import Any

import numpy as np

from course_lib.arguments import texts as checked
from course_lib.arguments import whole
from course_lib.measures import Figure, difference, finite, paired

FEWEST = 3  # words in a group
FEW = 10  # below this an interval is too narrow
LEVEL = 0.05


@dataclass(frozen=True)
class Measured:
    """What `measure_bias` found: `scores` (word,) for each group, `gaps` for each two groups."""

    model: str
    unit: str
    scores: Mapping[str, np.ndarray]
    gaps: Mapping[tuple[str, str], Figure]
    words: Mapping[str, Sequence[str]]
    templates: Sequence[str]
    in_pairs: bool
    comparisons: int

    @property
    def clear(self) -> list[tuple[str, str]]:
        """The gaps whose p is below 0.05 divided by how many comparisons were made (Bonferroni)."""
        return [names for names, gap in self.gaps.items() if gap.p < LEVEL / self.comparisons]

    @property
    def few(self) -> bool:
        """Whether a group has so few words that its interval is too narrow."""
        return min(map(len, self.words.values())) < FEW

    def __str__(self) -> str:
        """A line for each gap."""
        width = max(len(f"{first} − {second}") for first, second in self.gaps)
        lines = [f"{self.model}: gaps in {self.unit}{', in pairs' if self.in_pairs else ''}"]
        for (first, second), gap in self.gaps.items():
            names = f"{first} − {second}"
            said = "differs from chance" if (first, second) in self.clear else "chance cannot be ruled out"
            lines.append(f"  {names:{width}}  {gap}, p = {gap.p:.3f}: {said}")
        return "\n".join(lines)

    def draw(self, axes=None):
        """Each word as a point, a row a group, with the group's mean; the gaps with intervals beside it. The axes."""
        import matplotlib.pyplot as plt

        from course_lib.lettering import as_words, words_to_draw
        from course_lib.plots import FONT, LINES

        if axes is None:
            size = (8, 1.6 + 0.55 * max(len(self.scores), len(self.gaps)))
            _, axes = plt.subplots(1, 2, figsize=size, layout="constrained")
        for row, (values, (colour, marker)) in enumerate(zip(self.scores.values(), cycle(LINES), strict=False)):
            axes[0].plot(values, np.full(len(values), row), marker, color=colour, alpha=0.55, markersize=6)
            axes[0].plot([values.mean()] * 2, [row - 0.3, row + 0.3], color=colour, linewidth=2)
        groups, style = words_to_draw(list(self.scores))
        axes[0].set_yticks(range(len(groups)), groups, fontsize=FONT, **style)
        axes[0].set(xlabel=self.unit, title="each word")
        for row, gap in enumerate(self.gaps.values()):
            axes[1].plot([gap.low, gap.high], [row, row], color=LINES[0][0], linewidth=2)
            axes[1].plot(gap.value, row, "o", color=LINES[0][0])
        axes[1].axvline(0, color="#888888", linewidth=1)
        shown = dict(zip(self.scores, groups, strict=True))
        gaps = [f"{shown[a]}\n− {shown[b]}" for a, b in self.gaps]
        axes[1].set_yticks(range(len(gaps)), gaps, fontsize=FONT, **style)
        axes[1].set(xlabel=self.unit, title="gap (95 % interval)")
        for one in axes:
            one.tick_params(labelsize=FONT)
            one.xaxis.label.set_size(FONT)
            as_words(one.xaxis.label)
            one.set_ylim(one.get_yticks()[-1] + 0.6, -0.6)
        return axes

    def card(self, use: str = "…", harm: str = "…", note: str = "") -> str:
        """A model card's paragraphs in Markdown, with what was measured.

        `use`: what the model is for. `harm`: who could be hurt, and how. `note`: on the figures, such as "Exploratory."
        """
        counts = ", ".join(f"{name} ({len(words)}, such as *{words[0]}*)" for name, words in self.words.items())
        gaps = "; ".join(
            f"{first} − {second}: {gap.value:+.2f} ({gap.low:+.2f} to {gap.high:+.2f}), p = {gap.p:.3f}"
            for (first, second), gap in self.gaps.items()
        )
        clear = ", ".join(f"{first} − {second}" for first, second in self.clear)
        few = " With so few words the intervals are too narrow." if self.few else ""
        tested = f"below {LEVEL / self.comparisons:.3g}: {LEVEL} divided by the number of comparisons"
        said = f"Differs from chance (p {tested}): {clear}." if clear else f"None differs from chance (p {tested})."
        many = "1 template" if len(self.templates) == 1 else f"{len(self.templates)} templates"
        return "\n\n".join(
            [
                f"**Intended use.** {use}",
                f"**Factors.** {counts}; {many}, the first: *{self.templates[0]}*",
                f"**Metrics.** Gaps in {self.unit}, a word a unit{', words in pairs' if self.in_pairs else ''}, with "
                f"95 % intervals from the bootstrap. {gaps}. {said}{few} {note}".rstrip(),
                f"**Ethical considerations.** {harm}",
                "**Not measured.** Other words, templates, groups and languages. A gap that was not found may exist.",
            ]
        )


def measure_bias(
    model,
    groups: Mapping[str, Sequence[str]],
    templates: Sequence[str],
    *,
    pair: tuple[str, str] = ("she", "he"),
    positive: str | None = None,
    in_pairs: bool = False,
    comparisons: int | None = None,
    name: str = "",
) -> Measured:
    """How differently a model treats groups of words, put into the same templates.

    Args:
        model: a pipeline (anything with a model and a tokenizer); a folder with a checkpoint; or a function from a
            list of texts to as many numbers, for everything else.
        groups: two groups or more, name -> words: first names, occupations, descriptions of people. Three at least.
        templates: sentences with `{word}`. For a language model they have the gap `___` too, and the score is
            log p of the first word of `pair` minus that of the second. For a classifier the score is the log-odds of
            the class `positive` against all others.
        pair: the two words that a language model chooses between.
        positive: the class of a classifier whose score is taken. Of two classes it is the second where none is named;
            of three or more it has to be named.
        in_pairs: the words of the groups belong together by place (*a Nigerian doctor*, *a Swedish doctor*).
        comparisons: how many are made in all, where these are not the only ones; it divides the level of 0.05.
        name: what the model is called in what is printed.

    Raises ValueError or TypeError for groups that are none, templates without `{word}` or with other braces, models
    that cannot be scored, and words that a model's tokenizer does not know.
    """
    words = _groups(groups, in_pairs)
    for template in checked("templates", templates):
        _put(template, "word")
    score, unit, called, tokenizer = _scorer(model, pair, positive)
    if tokenizer is not None:
        from course_lib.bias.scores import _check_known

        for name_of_group, some in words.items():
            _check_known(tokenizer, "measure_bias", f"a word of the group {name_of_group!r}", some)
    asked = [_put(template, word) for some in words.values() for word in some for template in templates]
    values = finite(score(asked), "what the model gave")
    if values.shape != (len(asked),):
        raise ValueError(f"a score for each of {len(asked)} texts is needed; the model gave {values.shape}.")
    means = values.reshape(-1, len(templates)).mean(1)  # (word of any group,)
    ends = np.cumsum([len(some) for some in words.values()])
    scores = dict(zip(words, np.split(means, ends[:-1]), strict=True))
    compared = paired if in_pairs else difference
    gaps = {(a, b): compared(scores[a], scores[b]) for a, b in combinations(words, 2)}
    made = len(gaps) if comparisons is None else whole("comparisons", comparisons, len(gaps))
    return Measured(name or called, unit, scores, gaps, words, list(templates), in_pairs, made)


# ---------------------------------------------------------------- what is checked, and how a model is scored


def _groups(groups, in_pairs: bool) -> dict[str, list[str]]:
    if not isinstance(groups, Mapping) or len(groups) < 2:
        raise TypeError(f"groups is a dictionary, name -> words, with two groups or more; given: {groups!r:.80}.")
    words = {str(name): list(checked(f"the group {name!r}", some)) for name, some in groups.items()}
    sizes = {name: len(some) for name, some in words.items()}
    if min(sizes.values()) < FEWEST:
        raise ValueError(f"each group needs {FEWEST} words or more; these have {sizes}.")
    if in_pairs and len(set(sizes.values())) > 1:
        raise ValueError(f"in pairs, all groups have as many words, in the same order; these have {sizes}.")
    return words


def _put(template: str, word: str) -> str:
    """The template with a word in it; where it opens the sentence, with a capital."""
    if "{word}" not in template:
        raise ValueError(f"a template needs {{word}} where the word stands; this is {template!r}.")
    try:
        text = template.format(word=word)
    except (LookupError, ValueError, TypeError, AttributeError) as problem:
        raise ValueError(f"the template {template!r} may have {{word}} only: {problem!r}.") from problem
    return text[:1].upper() + text[1:] if template.startswith("{word}") else text


def _scorer(model, pair, positive: str | None) -> tuple[Callable, str, str, Any]:
    """A function from texts to numbers, what the numbers are, what the model is called, and its tokenizer, if any."""
    if hasattr(model, "model") and hasattr(model, "tokenizer"):
        loaded, tokenizer, called = model.model, model.tokenizer, getattr(model, "task", "pipeline")
    elif isinstance(model, str | Path):
        loaded, tokenizer = _loaded(Path(model))
        called = Path(model).name
    elif hasattr(model, "named_parameters"):
        raise TypeError(
            f"model is a {type(model).__name__} without its tokenizer. Give pipeline(task, model=model, "
            "tokenizer=tokenizer), or its folder."
        )
    elif callable(model):
        return model, "the function's own unit", getattr(model, "__name__", "a function"), None
    else:
        raise TypeError(
            "model is a pipeline, a folder with a checkpoint, or a function from a list of texts to numbers; this is a "
            f"{type(model).__name__}."
        )
    kind = type(loaded).__name__
    if kind.endswith("ForSequenceClassification"):
        return _classified(loaded, tokenizer, positive), f"log-odds of {_label(loaded, positive)}", called, tokenizer
    from course_lib.bias import gap_scores, is_masked

    is_masked(loaded)  # raises TypeError for a model without a language head
    if len(checked("pair", pair)) != 2:
        raise ValueError(f"pair is two words; these are {len(pair)}: {list(pair)}.")

    def score(texts):
        first, second = gap_scores(loaded, tokenizer, texts, pair).T
        return first - second

    return score, f"log p({pair[0]}) − log p({pair[1]}), nats", called, tokenizer


def _loaded(folder: Path):
    """The model of a folder, with the head that its configuration names, and its tokenizer."""
    import transformers

    if not folder.is_dir():
        raise ValueError(
            f"there is no folder {str(folder)!r}; save a model there with save_pretrained, or download it."
        )
    config = transformers.AutoConfig.from_pretrained(folder)
    kind = (config.architectures or [""])[0]
    for ending, auto in (
        ("ForSequenceClassification", transformers.AutoModelForSequenceClassification),
        ("ForMaskedLM", transformers.AutoModelForMaskedLM),
        ("ForCausalLM", transformers.AutoModelForCausalLM),
        ("LMHeadModel", transformers.AutoModelForCausalLM),
    ):
        if kind.endswith(ending):
            return auto.from_pretrained(folder).eval(), transformers.AutoTokenizer.from_pretrained(folder)
    raise ValueError(
        f"the folder holds a {kind or 'model that its config.json does not name'}; a classifier of texts or a language "
        "model is needed. For anything else hand over a function from a list of texts to numbers."
    )


def _label(model, positive: str | None) -> str:
    labels = {int(number): label for number, label in model.config.id2label.items()}
    if positive is None and len(labels) == 2:
        return labels[1]
    if positive not in labels.values():
        raise ValueError(f"positive names one of the classes {', '.join(labels.values())}; given: {positive!r}.")
    return positive


def _classified(model, tokenizer, positive: str | None) -> Callable:
    """Log-odds of one class against all others; texts of as many tokens go together, so nothing is padded."""
    from course_lib.bias.scores import _batches, _logits

    label = _label(model, positive)
    place = next(int(number) for number, one in model.config.id2label.items() if one == label)
    others = [number for number in range(len(model.config.id2label)) if number != place]

    def score(texts):
        rows = tokenizer(list(texts))["input_ids"]
        found = np.empty(len(rows))
        for group, ids in _batches(rows, 64):
            logits = _logits(model, ids)  # (text, class)
            found[group] = (logits[:, place] - logits[:, others].logsumexp(-1)).numpy()
        return found

    return score
