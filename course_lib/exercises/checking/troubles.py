"""What an error in an answer usually means: said beside Python's own message."""

from __future__ import annotations

import re

from course_lib.exercises.checking.sandbox import Trouble

MEANINGS: tuple[tuple[str, str], ...] = (  # a pattern in "Error: message", what it usually means
    (
        r"mat1 and mat2 shapes|batch1 must be|size mismatch|Expected size for first two dimensions|inconsistent tensor",
        "A product `a @ b` needs the last dimension of a to be the last but one of b: is one to be transposed?",
    ),
    (
        r"The size of tensor a .* must match|broadcast|The expanded size",
        "Two shapes do not fit beside each other: print both; is a dimension of size 1 missing, or the wrong one cut?",
    ),
    (r"shape '.*' is invalid for input", "The new shape needs exactly as many numbers as the old one has."),
    (r"view size is not compatible", "After a transpose, `.reshape` works where `.view` does not."),
    (
        r"(?i:\b(double|float|half|bfloat16)\b.*\b(?!\1\b)(double|float|half|bfloat16)\b)",
        "Two precisions do not mix here (NumPy makes float64, PyTorch float32): `.float()` makes float32 of a tensor.",
    ),
    (
        r"expected (m1 and m2|scalar type)|same dtype|not implemented for '(Long|Int|Bool|Half)'|"
        r"must be floating point|only supports floating|Only Tensors of floating",
        "Whole numbers and fractions do not mix here: `.float()` makes fractions of a tensor.",
    ),
    (
        r"must be tuple of ints|float' object cannot be interpreted as an integer|must be int.* not float",
        "A size is a whole number: `//` divides without a fraction, `/` does not.",
    ),
    (
        r"shape of the mask .* does not match",
        "Indexing with a mask does not broadcast: masked_fill and torch.where do.",
    ),
    (
        r"normalized_shape",
        "normalized_shape is what is normalised together, from the back: x.shape[-1:] for the last dimension alone.",
    ),
    (
        r"'tuple' object has no attribute|must be Tensor, not tuple",
        "That is a tuple of several values: `first, second = …` takes it apart.",
    ),
    (
        r"\bNoneType\b",
        "Something is None there: a function without `return`, or an argument that may be None.",
    ),
    (
        r"`-` operator, (with a bool|with two bool|on a bool)",
        "True and False cannot be subtracted: `~mask` turns them round, `mask.float()` makes 1 and 0 of them.",
    ),
    (
        r"(masked_fill|where)\(\) .* got \(bool, ",
        "The mask there is a single True or False: `None == 0`, say, is False. Ask first whether there is a mask.",
    ),
    (
        r"only supports boolean masks|operator\.invert|unary ~|bitwise_(not|and|or|xor)",
        "A mask has to be boolean here: `.bool()`.",
    ),
    (
        r"Index tensor must have the same number of dimensions",
        "gather wants an index with as many dimensions as the table: add one with None or unsqueeze.",
    ),
    (r"probability tensor contains", "multinomial wants weights of 0 or more: probabilities, not logits."),
    (r"Boolean value of Tensor|truth value of an array", "`if`, `and`, `or`, `not` want one truth value, not many."),
    (
        r"Can't call numpy\(\) on Tensor that requires grad",
        "The tensor still carries gradients: call the model under torch.inference_mode(), or `.detach()` the tensor.",
    ),
    (
        r"can't convert .* Tensor|only (one element|integer) tensors|only (0-dimensional|length-1) arrays|"
        r"cannot be converted to Scalar",
        "One number is wanted, not many.",
    ),
    (r"selected index k out of range", "`topk` gives no more than there are: k is at most the size of the dimension."),
    (r"leaf Variable that requires grad", "A parameter is changed in place: under torch.no_grad(), or make a new one."),
    (r"does not require grad|backward through the graph", "The graph of gradients is cut or used up at that place."),
    (r"Dimension out of range", "Count the dimensions from 0, or from the back with −1, −2."),
    (r"index out of range in self", "An id is as large as the table or larger."),
    (
        r"index 0 is out of (range|bounds).* size 0",
        "It asks for the first of nothing: which condition holds nowhere?",
    ),
    (r"^IndexError.*(out of range|out of bounds)", "The last index is the length minus one."),
    (
        r"^UnboundLocalError",
        "The function gives this name a value itself, and has not yet done so there: a loop over nothing or an `if` "
        "passed it by, or the name hides a function of the same name.",
    ),
    (r"^NameError", "Is it spelled as where it was given its value, and was that cell run?"),
    (r"^ModuleNotFoundError|^ImportError", "Only what is installed with the course can be imported."),
    (r"^RecursionError", "It calls itself without an end: which call should be the last?"),
    (r"^ZeroDivisionError", "What should come out where there is nothing to divide by?"),
    (r"object is not callable", "Round brackets follow something that is no function."),
    (r"object is not subscriptable", "Square brackets follow something that has no parts."),
    (r"has no attribute", "Is it the kind of object you take it for? type(x) tells."),
    (r"^KeyError", "Which keys are there? list(x) tells."),
    (
        r"unexpected keyword argument|positional argument",
        "A function in it is called with arguments that it does not have.",
    ),
    (r"not enough values to unpack|too many values to unpack", "Left of = stand more or fewer names than values come."),
    (r"^AssertionError", "That is an assertion of your own."),
)


def said_of(trouble: Trouble, seconds: float) -> str:
    """A sentence or two about why a call gave nothing."""
    at = f", at `{_cut(trouble.line, 70)}`" if trouble.line else ""
    if trouble.kind == "time":
        advice = "Does a loop never end?" if "while" in trouble.line or not at else "Is a loop far too long?"
        return f"it was stopped after {seconds:g} seconds{at}. {advice}"
    if trouble.kind == "exit":
        return f"it ends the program ({trouble.error}){at}. A function ends with `return`."
    if trouble.kind == "crash":
        ended = trouble.message.startswith("exit")
        why = "a function ends with `return`" if ended else "something outside Python was called wrongly"
        return f"it brings Python down ({trouble.message}): {why}."
    if trouble.kind == "memory":
        asked = re.search(r"tried to allocate (\d+) bytes", trouble.message)
        much = f": {int(asked[1]) / 1e9:,.0f} GB" if asked and int(asked[1]) >= 1e9 else ""
        return f"it asks for more memory than there is{much}{at}. Is a size far too large?"
    error = f"{trouble.error}: {trouble.message}" if trouble.message else trouble.error
    meaning = next((said for pattern, said in MEANINGS if re.search(pattern, error)), "")
    ended = "" if _cut(error, 160).endswith((".", "?", "!")) and not at else "."
    return f"it raises {_cut(error, 160)}{at}{ended} {meaning}".rstrip()


def _cut(text: str, width: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= width else f"{text[: width - 2].rstrip()} …"
