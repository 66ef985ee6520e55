"""A chat for text generation: which of its messages must have text, and text that comes in parts.

Messages of the user may not be empty, as a text that is to be continued may not. Others may: an empty system prompt
switches off the one that a template writes unasked, and an answer may have no beginning.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from course_lib.pipelines.inputs import can_be_seen, check_input, check_readable, check_text

PROBE = "lamp"


def check_chat(messages: Sequence[dict], tokenizer: Any, task: str) -> None:
    """Raise unless the messages have their form, those of the user a text that can be read, and one of all a text."""
    check_input(list(messages), task)
    texts = [_text(message["content"]) for message in messages]
    asked = [number for number, message in enumerate(messages) if message["role"] == "user"]
    for number in asked:
        if texts[number] is not None:
            what = f"'content' of item {number} of the list"
            check_text(texts[number], task, what)
            check_readable(texts[number], tokenizer, task, what)
    if not asked and not any(text is None or can_be_seen(text) for text in texts):
        raise ValueError(f"{task}: no message of the chat has text that can be seen. Expected one at least.")


def joined(messages: Sequence[dict], tokenizer: Any, task: str, template: str | None = None) -> Sequence[dict]:
    """The messages, each content of parts as one text, a line a part, unless the tokenizer's template takes parts.

    Raises ValueError for a part that is no text where the template takes text only.
    """
    if all(isinstance(message["content"], str) for message in messages) or _takes_parts(tokenizer, template):
        return messages
    texts = [_text(message["content"]) for message in messages]
    if None in texts:
        raise ValueError(
            f"{task}: 'content' of item {texts.index(None)} of the list has a part that is no text, and this model's "
            'chat template takes text only. Expected parts such as {"type": "text", "text": "Hello"}.'
        )
    return [{**message, "content": text} for message, text in zip(messages, texts, strict=True)]


def _text(content: str | list[dict]) -> str | None:
    """The text of a message, a line a part; None where a part is no text, such as a picture."""
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] for part in content) if all(part["type"] == "text" for part in content) else None


def _takes_parts(tokenizer: Any, template: str | None) -> bool:
    """Whether a chat template writes the text of a part, and not the part as Python shows it, or an error."""
    chat = [{"role": "user", "content": [{"type": "text", "text": PROBE}]}]
    try:
        written = tokenizer.apply_chat_template(chat, chat_template=template, tokenize=False)
    except Exception:  # what a template raises is its author's choice
        return False
    return PROBE in written and not re.search(f"""["']{PROBE}["']""", written)  # as Python or JSON has it
