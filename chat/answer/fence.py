"""Making text that others wrote harmless inside a prompt.

Document text is data. It may hold, by accident or on purpose, what structures a
prompt: our own tags, the role markers of chat templates, citation numbers. All of
them stay readable here but lose their form. See OWASP LLM01, prompt injection.
"""

from __future__ import annotations

import re

#: What a model writes first when the passages do not hold the answer.
NO_ANSWER = "NO_ANSWER"

# Zero-width space, word joiner, byte order mark, bidi controls, tag characters and the
# supplementary variation selectors carry text that no reader sees. The joiners U+200C and
# U+200D stay: Persian, Indic scripts and emoji need them.
_INVISIBLE = re.compile(
    "[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e0fff]"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_TAG = re.compile(
    r"<(?=\s*+/?\s*+(?:passages?|questions?|answers?|contexts?|documents?|sources?|history|system|"
    r"user|assistant|human|instructions?|tools?|think|im_start|im_end|s)\b)",
    re.IGNORECASE,
)
_TEMPLATE = re.compile(r"\[(/?\s*(?:INST|SYS|AVAILABLE_TOOLS|TOOL_CALLS?)\s*)\]", re.IGNORECASE)
_ROLE = re.compile(
    r"^([ \t#*>]*(?:system|assistant|user|human|developer|instructions?|response)[ \t*]*):",
    re.IGNORECASE | re.MULTILINE,
)
_CITATION = re.compile(r"[\[【]\s*(\^?\d{1,3}(?:\s*[,;–-]\s*\d{1,3})*)\s*(?:†[^】\n]{0,40})?[\]】]")
_MARKER = re.compile(re.escape(NO_ANSWER).replace("_", r"[_\s]"), re.IGNORECASE)


def defused(text: str) -> str:
    """``text`` without anything that could close the fence, speak as another role or cite.

    Tags get another bracket, ``[1]`` becomes ``(1)``, a role's colon becomes a wide
    one. Characters that no reader sees are dropped. Idempotent.
    """
    text = _CONTROL.sub(" ", _INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))
    text = text.replace("<|", "‹|").replace("|>", "|›").replace("<<", "‹‹").replace(">>", "››")
    text = _TAG.sub("‹", text)
    text = _TEMPLATE.sub(r"(\1)", text)
    text = _ROLE.sub(r"\1：", text)
    text = _CITATION.sub(r"(\1)", text)
    return _MARKER.sub("no answer", text)


def defused_line(text: str, limit: int = 200) -> str:
    """``text`` as one line of at most ``limit`` characters, fit for a tag's attribute."""
    line = " ".join(defused(text).split())
    return line.replace('"', "'").replace("<", "‹").replace(">", "›")[:limit]
