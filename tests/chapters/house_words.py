"""Words that this field does not use for what is meant, and those that it uses: one list for text, code and outputs."""

import re

INSTEAD = {  # a pattern, in any case: what to write
    r"fillers? of gaps|\bgap[- ]fillers?\b": "masked language model",
    r"\btables? of (?:words|vectors)\b": "embedding matrix",
    r"\breading on\b|\breads? on (?:in|with)\b": "continued pretraining, is pretrained further",
    r"\bby lots?\b": "at random, randomly initialised",
    r"\bdraw(?:s|ing|n)? lots\b": "samples",
    r"\bclear of (?:0|zero|chance|it)\b": "excludes 0, differs from chance",
    r"\bintervals? (?:that )?holds? (?:0|zero)\b": "includes 0",
    r"\blove and gender\b": "sexual orientation and gender identity",
    r"\bsmall letters\b": "lowercase",
    r"\bdenials?\b": "negation",
    r"\b(?:is|are|was|were) drawn again\b|\bdraw (?:\w+ )?again\b": "resample",
    r"\bhands? out (?:memory|\w+ bytes|\w+ MB)\b": "allocates",
    r"\bstands? behind\b|\bbehind (?:each word|the gap|the word|the token)\b": "after",
    r"(?<![\s#])(?<!learning) rate 0\.\d|\bat one rate\b": "learning rate",
    r"\bthe reader's encoder\b|\bthe reader marks\b": "the model by its name",
}


def house_words(text):
    """(line, what stands there, what to write) for each in a text, also where it is broken between two lines."""
    for pattern, says in INSTEAD.items():
        broken = pattern.replace(" ", r"[\s#]+")
        for found in re.finditer(broken, text, re.IGNORECASE):
            yield text.count("\n", 0, found.start()) + 1, " ".join(found[0].split()), says
