"""What somebody else may read of an answer that is shared with them.

Pure functions on answers in the API's shape. The asker's own view takes out what
rests on documents they have lost; that is not enough for another reader. A model
read all its passages, also those that this reader may not, and may repeat them in a
sentence that names no source, or the wrong one. So another reader sees the sentences
that rest on sources they may read, and nothing else of the text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

LEFT_OUT = "(Left out: this part rests on no source that you may read.)"
NOT_ANSWERED = "The documents did not answer this question."
UNFINISHED = "(What had arrived of this answer cannot be shown.)"
#: Members that say nothing of what the documents hold.
_OPEN = {
    *("id", "conversation_id", "question", "state", "error", "refused", "confidence", "model"),
    *("confidence_label", "created_at", "as_of"),
}
#: Members of a sentence that tell no more than its own words, or what was filtered already.
_OF_A_SENTENCE = {
    *("text", "citations", "verdict", "support", "start", "end"),
    *("basis", "contradicted", "evidence", "invented", "missing", "reason", "second_opinion"),
}
#: What a sentence that is left out says of itself.
_HIDDEN = {"text": LEFT_OUT, "citations": [], "verdict": "unsupported", "support": 0.0}
_MARKS = re.compile(r"\[\d{1,4}\]|(?m:^\s*\d{1,3}[.)]\s)")


def for_reader(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return an answer as a reader who is not its asker may see it.

    ``answer`` has each citation's ``available`` set for that reader. Every member that
    is not known to be harmless comes back empty, so that a new one is not told by mistake.
    """
    shown = {key: value if key in _OPEN else _emptied(value) for key, value in answer.items()}
    citations = [citation for citation in answer["citations"] if citation["available"]]
    text, sentences = _text(answer, {int(citation["n"]) for citation in citations})
    told = {"answer": text, "sentences": sentences, "citations": citations}
    return {**shown, **told, **_standing(answer), "replaces": None}


def _standing(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return which versions the answer rests on, those of readable documents alone."""
    if "based_on" not in answer:
        return {}
    named = [source for source in answer["based_on"] if source["document_id"]]
    is_old = any(source["state"] == "superseded" for source in named)
    return {"based_on": named, "outdated": is_old and not answer.get("as_of")}


def _emptied(value: Any) -> Any:
    """Return a value of the same kind that says nothing."""
    return None if value is None else type(value)()


def _text(answer: Mapping[str, Any], readable: set[int]) -> tuple[str, list[dict[str, Any]]]:
    if answer["refused"]:
        return NOT_ANSWERED, []
    if answer["state"] == "answering" or not answer["answer"]:
        return "", []
    if not answer["sentences"]:
        return UNFINISHED, []
    return carried(answer["answer"], answer["sentences"], readable)


def carried(
    text: str, sentences: Sequence[Mapping[str, Any]], readable: set[int]
) -> tuple[str, list[dict[str, Any]]]:
    """Return the text with only those sentences that nothing but readable citations carry.

    What stands between sentences stays where it holds no words. A run of sentences that
    are left out becomes one remark. Offsets are those of the text returned.
    """
    parts: list[str] = []
    shown: list[dict[str, Any]] = []
    cut, hiding = 0, False
    for sentence in sentences:
        gap = _wordless(text[cut : sentence["start"]])
        cut = sentence["end"]
        is_open = _is_carried(sentence, readable)
        if not is_open and hiding:
            continue
        whole = text[sentence["start"] : cut] if is_open else LEFT_OUT
        start = sum(map(len, parts)) + len(gap)
        parts += [gap, whole]
        hiding = not is_open
        shown.append(_placed(sentence, is_open, start, start + len(whole)))
    return "".join([*parts, _wordless(text[cut:])]), shown


def _is_carried(sentence: Mapping[str, Any], readable: set[int]) -> bool:
    cited = set(sentence["citations"])
    return bool(cited) and cited <= readable and sentence["verdict"] != "unsupported"


def _placed(sentence: Mapping[str, Any], is_open: bool, start: int, end: int) -> dict[str, Any]:
    told = {
        name: value if is_open and name in _OF_A_SENTENCE else _emptied(value)
        for name, value in sentence.items()
    }
    if not is_open:
        told |= _HIDDEN | ({"basis": "nothing"} if "basis" in sentence else {})
    return told | {"start": start, "end": end}


def _wordless(gap: str) -> str:
    """Return what stands between two sentences, or a mere break where it holds words."""
    if not re.search(r"\w", _MARKS.sub("", gap)):
        return gap
    return "\n\n" if "\n" in gap else " "
