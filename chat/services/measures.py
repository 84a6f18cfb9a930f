"""An answer in numbers, for those who watch: nothing of what it says."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from chat.models import Message
from chat.types import AnswerDraft

_OUTCOMES = {
    Message.State.COMPLETE: "answered",
    Message.State.STOPPED: "stopped",
    Message.State.FAILED: "failed",
}
#: What passes before the first token: the question made to stand alone, the search, the wait.
_BEFORE_TEXT = ("rewrite_ms", "search_ms", "first_token_ms")


def measures(message: Message, draft: AnswerDraft, state: str) -> dict[str, Any]:
    """Return what ``answer_measured`` sends."""
    laps = draft.timings
    outcome = _OUTCOMES[Message.State(state)]
    waited = sum(laps.get(name, 0.0) for name in _BEFORE_TEXT)
    return {
        "model": draft.model,
        "outcome": "refused" if draft.refused and outcome == "answered" else outcome,
        "code": message.error_code if outcome == "failed" else "",
        # Of what broke before it began there are no laps.
        "ms": sum(laps.values()) or (timezone.now() - message.created_at).total_seconds() * 1000,
        "first_token_ms": waited if "first_token_ms" in laps else None,
        "prompt_tokens": draft.prompt_tokens,
        "completion_tokens": draft.completion_tokens,
        "sentences": len(draft.sentences),
        "supported": sum(sentence.verdict == "supported" for sentence in draft.sentences),
    }
