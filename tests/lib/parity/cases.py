"""The calls whose answers are recorded from transformers 4.57 and asked again of the course's pipelines.

A case is a dictionary: `name`, `task`, `model` (a folder below models/, or "qa"), `args` and `kwargs` of the call, and
where needed `init` (arguments of the constructor), `config` and `generation_config` (attributes set on the model),
`side` (the tokenizer's padding side), `languages` (use LanguageTokenizer), `generator` (give the list as a generator).
"""

from __future__ import annotations

from pathlib import Path

MODELS = Path(__file__).parent / "models"

# ------------------------------------------------------------------------------------------------ question answering

LETTER = (
    "Dear shop, on 3 March I ordered six blue cups from your store in Leeds for 48 pounds. The parcel arrived on "
    "12 March, nine days late, and two of the cups were broken. My sister Anna O'Neill-Baker, who works at the "
    "University of Manchester, tried to glue them, but the handles came off again. Please send two new cups to 7 Mill "
    "Lane, York, or give me my money back by the end of April."
)
ISLAND = (
    "The island of Tessel lies twelve kilometres off the coast. Its only harbour, Oudeschild, was built in 1780 by the "
    "engineer Pieter Vos. About 13,600 people live there all year; in summer the number grows to 60,000. "
)
TOWNS = "Ashford Belmont Carrick Dunmore Eastleigh Farnham Granton Hexham Ilkley Jarrow Kendal Louth"
DONORS = (
    "Mary Stone, Henry Wood, Clara Finch, Omar Reed, Ada Lowe, Ivan Petrov, Rose Kim, Paul Grant, Lena Holm, "
    "Hugo Blanc, Ruth Adler, Tom Price"
)
LIBRARIES = [
    f"In the year {1900 + 7 * number} the town of {town} opened a library with {1200 + 310 * number} books, "
    f"paid for by {donor}, whose house stood beside the river."
    for number, (town, donor) in enumerate(zip(TOWNS.split(), DONORS.split(", "), strict=True))
]
LONG = " ".join([*LIBRARIES, LETTER])
UNICODE = (
    "Zoë Müller-Straße wohnt in Köln 🙂; 김민수 lives in 서울 (Seoul), and naïve façades cost €1.234,50 — "
    "“cheap”, she said."
)
WHO, WHEN, WHERE, MANY = (
    "Who is the sister?",
    "When did the parcel arrive?",
    "Where is the store?",
    "How many cups broke?",
)


def qa(name: str, *args, **more) -> dict:
    """A case of question answering; keys of a case stay keys, everything else is an argument of the call."""
    keys = ("init", "side", "generator")
    case = {key: more.pop(key) for key in keys if key in more}
    return {
        "name": f"qa: {name}",
        "task": "question-answering",
        "model": "qa",
        "args": list(args),
        "kwargs": more,
        **case,
    }


def _pair(question: str, context: str) -> dict:
    return {"question": question, "context": context}


QA = [
    *(qa(f"short {q}", question=q, context=LETTER) for q in (WHO, WHEN, WHERE, MANY, "What was ordered?", "How much?")),
    *(qa(f"island {q}", question=q, context=ISLAND) for q in ("Who built the harbour?", "How many people?", "When?")),
    *(qa(f"top_k {k}", question=WHEN, context=LETTER, top_k=k) for k in (1, 2, 3, 5, 10)),
    *(qa(f"max_answer_len {n}", question=WHO, context=LETTER, max_answer_len=n) for n in (1, 2, 4, 8, 40)),
    *(qa(f"impossible {q}", question=q, context=ISLAND, handle_impossible_answer=True) for q in (WHO, "Who built it?")),
    qa(
        "impossible top 3", question="Who is the king of Spain?", context=ISLAND, handle_impossible_answer=True, top_k=3
    ),
    qa("impossible, long", question="Who is the king?", context=LONG, handle_impossible_answer=True, top_k=2),
    *(qa(f"tokens, not words {q}", question=q, context=LETTER, align_to_words=False) for q in (WHO, WHERE)),
    *(qa(f"tokens top {k}", question=WHO, context=LETTER, align_to_words=False, top_k=k) for k in (2, 4)),
    qa("tokens, unicode", question="Where does Zoë live?", context=UNICODE, align_to_words=False, top_k=2),
    *(qa(f"long {q}", question=q, context=LONG) for q in ("Who paid in Granton?", WHEN, "How many books in Louth?")),
    *(
        qa(f"long stride {n}", question="Who paid in Hexham?", context=LONG, doc_stride=n)
        for n in (0, 16, 64, 128, 200)
    ),
    *(
        qa(f"window {n}", question="Who paid in Kendal?", context=LONG, max_seq_len=n, doc_stride=n // 4)
        for n in (48, 64, 100, 256, 384, 512)
    ),
    *(
        qa(f"window {n} top 5", question=WHERE, context=LONG, max_seq_len=n, doc_stride=20, top_k=5, max_answer_len=6)
        for n in (64, 128)
    ),
    qa("long, default stride of a small window", question=WHO, context=LONG, max_seq_len=60),
    qa("padding", question=WHO, context=LETTER, padding="max_length", max_seq_len=200),
    qa("padding, long", question=WHO, context=LONG, padding="max_length", max_seq_len=150, top_k=3),
    qa("padding longest", question=WHERE, context=LONG, padding=True, max_seq_len=120, doc_stride=30),
    qa("max_question_len", question=WHO, context=LETTER, max_question_len=2),
    qa("dictionary", _pair(WHO, LETTER)),
    qa("dictionary, top_k", _pair(WHO, LETTER), top_k=2),
    qa("two texts", WHERE, LETTER),
    qa("one in a list", [_pair(MANY, LETTER)]),
    qa("list", [_pair(WHO, LETTER), _pair("Who built the harbour?", ISLAND), _pair(WHEN, LETTER)]),
    qa("two dictionaries", _pair(WHO, LETTER), _pair("When was it built?", ISLAND)),
    qa("data=", data=[_pair(WHO, LETTER), _pair(WHERE, LETTER)]),
    qa("X=", X=_pair(WHO, LETTER)),
    qa("questions, one context", question=[WHO, WHERE, WHEN], context=LETTER),
    qa("questions and contexts", question=[WHO, "When was it built?"], context=[LETTER, ISLAND]),
    qa("questions, top_k", question=[WHO, WHERE], context=LETTER, top_k=2),
    qa("one question in a list", question=[WHO], context=[LETTER]),
    *(
        qa(f"batch {n}", [_pair(q, c) for q in (WHO, WHERE) for c in (LETTER, ISLAND, UNICODE)], batch_size=n)
        for n in (2, 4, 8)
    ),
    qa("batch of windows", [_pair(WHO, LONG), _pair(WHEN, LETTER)], batch_size=3, max_seq_len=128, top_k=2),
    qa("batch of windows, one question", question=WHERE, context=LONG, batch_size=4, max_seq_len=100, doc_stride=10),
    qa("generator", [_pair(WHO, LETTER), _pair("Who built the harbour?", ISLAND)], generator=True),
    qa("generator, batch", [_pair(q, LETTER) for q in (WHO, WHEN, MANY)], generator=True, batch_size=2),
    *(
        qa(f"unicode {q}", question=q, context=UNICODE)
        for q in ("Where does Zoë live?", "Who lives in 서울?", "What do façades cost?", "Who said “cheap”?")
    ),
    qa("unicode top 3", question="Wo wohnt sie? 🙂", context=UNICODE, top_k=3),
    qa(
        "combining accents",
        question="Who sang?",
        context="Noe\u0301mie sang in Malmo\u030a; Bjo\u0308rn listened.",
        top_k=2,
    ),
    qa("right to left", question="Who wrote it?", context="The poet محمود درويش wrote it in Haifa in 1964."),
    qa("new lines and tabs", question="Where?", context="Name:\tAnna\nCity:\n\n  York \r\nStreet: Mill Lane"),
    qa(
        "answer said twice",
        question="Who won?",
        context="Anna won. Everybody knows that anna won, and ANNA smiled.",
        top_k=3,
    ),
    qa("answer in many windows", question="Who won?", context="Anna won the race. " * 30, max_seq_len=40, top_k=3),
    qa("capitals", question="WHO IS THE SISTER?", context=LETTER.upper()),
    qa("one word", question="Who?", context="Anna"),
    qa("long question", question="Tell me, please, " * 8 + WHO, context=LETTER),
    qa("constructor: top_k", question=WHO, context=LETTER, init={"top_k": 2, "max_answer_len": 5}),
    qa(
        "constructor and call",
        question=WHO,
        context=LETTER,
        top_k=1,
        init={"top_k": 3, "handle_impossible_answer": True},
    ),
    qa("constructor: window", question=WHEN, context=LONG, init={"max_seq_len": 90, "doc_stride": 30, "batch_size": 2}),
    qa("padding on the left", question=WHO, context=LETTER, side="left"),
    qa("padding on the left, batch", [_pair(WHO, LETTER), _pair(WHEN, ISLAND)], side="left", batch_size=2, top_k=2),
]

# ------------------------------------------------------------------------------------------------------ text to text

PARCEL = "The parcel arrived late, the box was open and two of the cups were broken."
MONEY = "I would like my money back, or new cups, please."
SHIPS = "Winters on the island are mild; ships leave the harbour every morning at seven."
BRIDGE = "How old is the bridge?"
SHORT = "Late."
OTHER = "소포가 늦게 도착했어요. Où sont les tasses? Q@#"
TEXTS = [PARCEL, MONEY, SHIPS, BRIDGE]

# Every call here is made for each of the tasks below.
CALLS = [
    ("text", PARCEL, {"max_new_tokens": 16}),
    ("another text", MONEY, {"max_new_tokens": 16}),
    ("other scripts", OTHER, {"max_new_tokens": 16}),
    ("too short", SHORT, {"max_new_tokens": 12}),
    ("too short, max_length", SHORT, {"max_length": 12, "max_new_tokens": None}),
    ("min_length above max_length's default", BRIDGE, {"min_length": 25, "max_new_tokens": 30}),
    ("list", TEXTS, {"max_new_tokens": 10}),
    ("one in a list", [SHIPS], {"max_new_tokens": 10}),
    ("batch of 2", TEXTS, {"max_new_tokens": 10, "batch_size": 2}),
    ("batch of 3", TEXTS, {"max_new_tokens": 10, "batch_size": 3}),
    ("greedy", SHIPS, {"max_new_tokens": 14, "num_beams": 1}),
    ("beams", SHIPS, {"max_new_tokens": 14, "num_beams": 5, "length_penalty": 0.4, "early_stopping": True}),
    ("sequences", BRIDGE, {"max_new_tokens": 10, "num_beams": 3, "num_return_sequences": 3}),
    ("sequences of a list", [BRIDGE, MONEY], {"max_new_tokens": 8, "num_beams": 2, "num_return_sequences": 2}),
    ("no repeats", PARCEL, {"max_new_tokens": 14, "no_repeat_ngram_size": 1}),
    ("min_new_tokens", MONEY, {"min_new_tokens": 12, "max_new_tokens": 20}),
    ("truncation", " ".join(TEXTS * 2), {"truncation": True, "max_new_tokens": 12}),
    ("token ids", MONEY, {"return_tensors": True, "max_new_tokens": 9}),
    ("clean up", MONEY, {"clean_up_tokenization_spaces": True, "max_new_tokens": 14}),
    ("stop_sequence", SHIPS, {"stop_sequence": "est", "max_new_tokens": 20}),
    ("default lengths", MONEY, {}),
    ("max_length in the call", BRIDGE, {"max_length": 9}),
    ("generation_config", SHIPS, {"generation_config": {"max_new_tokens": 9, "num_beams": 2, "eos_token_id": 1}}),
]
# The constructor's side of the precedence rules, each once, on the task given.
BUILT = [
    ("max_length in the constructor", {"init": {"max_length": 9}}, {}),
    ("max_length=20 in the constructor", {"init": {"max_length": 20}}, {}),
    ("both in the constructor", {"init": {"max_length": 9, "max_new_tokens": 12}}, {}),
    ("constructor, then call", {"init": {"max_new_tokens": 12, "num_beams": 2}}, {"max_new_tokens": 7}),
    ("beams of the constructor are the built-in ones", {"init": {"num_beams": 1, "max_new_tokens": 9}}, {}),
    ("model's max_new_tokens", {"generation_config": {"max_new_tokens": 6}}, {}),
    ("model's beams", {"generation_config": {"num_beams": 2}}, {"max_new_tokens": 12}),
    ("model's max_length", {"generation_config": {"max_length": 11}}, {}),
    ("model's max_length, call's max_length", {"generation_config": {"max_length": 11}}, {"max_length": 7}),
    (
        "built-in beams, old config",
        {"generation_config": {"num_beams": 3, "transformers_version": "4.27.0"}, "init": {"num_beams": 1}},
        {"max_new_tokens": 9},
    ),
    (
        "built-in beams, new config",
        {"generation_config": {"num_beams": 3}, "init": {"num_beams": 1}},
        {"max_new_tokens": 9},
    ),
    ("prefix of the config", {"config": {"prefix": "please: "}}, {"max_new_tokens": 12}),
    ("stop_sequence in the constructor", {"init": {"stop_sequence": "the"}}, {"max_new_tokens": 20}),
    ("truncation in the constructor", {"init": {"truncation": True, "batch_size": 2}}, {"max_new_tokens": 6}),
    ("generator", {"generator": True}, {"max_new_tokens": 8}),
]


def _text_cases() -> list[dict]:
    cases = []
    for task, model in (
        ("summarization", "t5"),
        ("text2text-generation", "t5"),
        ("translation", "marian"),
        ("translation_en_to_fr", "t5"),
    ):
        for name, text, arguments in CALLS:
            cases.append({"name": f"{task}: {name}", "task": task, "model": model, "args": [text], "kwargs": arguments})
        for name, setup, arguments in BUILT:
            args = [TEXTS[:2]] if "generator" in setup else [MONEY]
            case = {"name": f"{task}: {name}", "task": task, "model": model, "args": args, "kwargs": arguments}
            cases.append(case | setup)
    several = {"model": "marian", "languages": True}
    for name, task, text, arguments, setup in (
        ("named in the call", "translation", PARCEL, {"src_lang": "en", "tgt_lang": "fr"}, {}),
        ("named by the task", "translation_en_to_ko", PARCEL, {}, {}),
        ("call before task", "translation_en_to_ko", PARCEL, {"src_lang": "en", "tgt_lang": "fr"}, {}),
        ("in the constructor", "translation", SHIPS, {}, {"init": {"src_lang": "ko", "tgt_lang": "en"}}),
        ("list", "translation_en_to_fr", TEXTS, {}, {}),
        ("batch", "translation_en_to_fr", TEXTS, {"batch_size": 2}, {}),
        ("truncation", "translation_fr_to_en", " ".join(TEXTS * 2), {"truncation": True}, {}),
    ):
        kwargs = {"max_new_tokens": 10, **arguments}
        case = {"name": f"languages: {name}", "task": task, "args": [text], "kwargs": kwargs}
        cases.append(case | several | setup)
    return cases


CASES = QA + _text_cases()


# ---------------------------------------------------------------------------------------------------------- running


def run(case: dict, classes: dict, qa_folder: Path, loaded: dict) -> object:
    """The answer of one case as JSON would store it, with the pipeline classes given by family of tasks.

    `loaded` keeps weights and tokenizers between cases; what a case sets on a model is set on a copy of its
    configurations.
    """
    import copy

    from make_models import LanguageTokenizer
    from transformers import (
        AutoModelForQuestionAnswering,
        AutoModelForSeq2SeqLM,
        AutoTokenizer,
        GenerationConfig,
        PreTrainedTokenizerFast,
    )

    is_qa = case["model"] == "qa"
    folder = qa_folder if is_qa else MODELS / case["model"]
    if folder not in loaded:
        loaded[folder] = (AutoModelForQuestionAnswering if is_qa else AutoModelForSeq2SeqLM).from_pretrained(folder)
    model = copy.copy(loaded[folder])
    model.config = copy.deepcopy(model.config)
    for key, value in case.get("config", {}).items():
        setattr(model.config, key, value)
    if not is_qa:
        model.generation_config = copy.deepcopy(model.generation_config)
        for key, value in case.get("generation_config", {}).items():
            setattr(model.generation_config, key, value)
    reader = AutoTokenizer if is_qa else LanguageTokenizer if case.get("languages") else PreTrainedTokenizerFast
    if (folder, reader) not in loaded:
        loaded[folder, reader] = reader.from_pretrained(folder)
    tokenizer = loaded[folder, reader]
    tokenizer.padding_side = case.get("side", "right")
    family = "translation" if case["task"].startswith("translation") else case["task"]
    pipe = classes[family](model=model, tokenizer=tokenizer, task=case["task"], device="cpu", **case.get("init", {}))
    kwargs = copy.deepcopy(case["kwargs"])
    if "generation_config" in kwargs:
        kwargs["generation_config"] = GenerationConfig(**kwargs["generation_config"])
    args = [(item for item in case["args"][0])] if case.get("generator") else case["args"]
    result = pipe(*args, **kwargs)
    return plain(list(result) if case.get("generator") else result)


def plain(value: object) -> object:
    """Tensors as lists, everything else as it is."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    return value.tolist() if hasattr(value, "tolist") else value
