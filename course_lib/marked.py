"""A line of text with *emphasis* and `code`, as HTML or as plain text."""

from __future__ import annotations

import html
import re


def as_html(text: str) -> str:
    """Escaped, with <em> and <code>."""
    parts = re.split(r"`([^`]+)`", text)  # every second one is code
    for at, part in enumerate(parts):
        escaped = html.escape(part, quote=False)
        if at % 2:
            parts[at] = f"<code>{escaped}</code>"
        else:
            parts[at] = re.sub(r"(?<![\w*])\*([^*\s](?:[^*]*[^*\s])?)\*(?![\w*])", r"<em>\1</em>", escaped)
    return "".join(parts)
