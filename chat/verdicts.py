"""What a kept verdict tells its reader: the reason in words, and what may still be shown.

Sentences are in the form in which a message keeps them: dictionaries of the fields of
``chat.types.Sentence``. Messages from before a field was added do not have it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chat.types import Basis, MissingKind, Verdict

#: Words of a sentence that a reason names at most.
MOST_NAMED = 5
#: What a sentence says of itself once its source may not be read.
UNTOLD: dict[str, Any] = {
    "verdict": Verdict.UNSUPPORTED.value,
    "support": 0.0,
    "evidence": [],
    "missing": [],
    "basis": Basis.NOTHING.value,
    "contradicted": False,
    "invented": [],
    "second_opinion": None,
}

_WORDS = {
    MissingKind.NUMBER: ("The number", "The numbers"),
    MissingKind.DATE: ("The date", "The dates"),
    MissingKind.NAME: ("The name", "The names"),
    MissingKind.WORD: ("The word", "The words"),
}
_WHOLE = {
    Verdict.SUPPORTED: "The sources say this.",
    Verdict.PARTIAL: "The sources say this only in part.",
    Verdict.UNSUPPORTED: "The sources do not say this.",
}
_BASES = {
    Basis.QUOTED: "It stands in the source word for word.",
    Basis.NOTHING: "It says nothing that could be looked for in the sources.",
    Basis.FIGURES: "It is in another language than its sources, so that only names, numbers and "
    "dates could be compared.",
}


def reason(sentence: Mapping[str, Any]) -> str:
    """Why a sentence got its verdict, in one to four plain sentences; none for ``UNTOLD``."""
    if (sentence.get("basis"), sentence["verdict"]) == (UNTOLD["basis"], UNTOLD["verdict"]):
        return ""
    parts = [_invented(sentence.get("invented") or ()), _on_the_whole(sentence)]
    if sentence.get("basis") != Basis.NOTHING:
        parts += _missing(sentence.get("missing") or ())
    told = sentence.get("invented") or sentence.get("basis") == Basis.NOTHING
    if not sentence["citations"] and not told:
        parts.append("The sentence itself names none.")
    return " ".join(part for part in parts if part)


def _on_the_whole(sentence: Mapping[str, Any]) -> str:
    if sentence.get("contradicted"):
        return "A source says the opposite."
    basis = Basis(sentence.get("basis", Basis.FACTS))
    verdict, is_whole = Verdict(sentence["verdict"]), not sentence.get("missing")
    if basis is Basis.FACTS and verdict is Verdict.PARTIAL and is_whole:
        if not sentence["citations"]:
            return "A source says this."
        if sentence.get("evidence"):
            return "Its parts are in the sources, but not together."
    return _BASES.get(basis) or _WHOLE[verdict]


def _invented(numbers: Sequence[int]) -> str:
    if not numbers:
        return ""
    named = _enumerated([str(int(n)) for n in numbers])
    if len(numbers) == 1:
        return f"The model cited passage {named}, which it was not given."
    return f"The model cited passages {named}, which it was not given."


def _missing(missing: Sequence[Mapping[str, Any]]) -> list[str]:
    """A sentence for each kind of what is missing, figures and names before words."""
    parts = []
    for kind, (one, many) in _WORDS.items():
        texts = [str(item["text"]) for item in missing if item["kind"] == kind]
        if texts:
            named = _enumerated([_shown(kind, text) for text in texts])
            verb = "is" if len(texts) == 1 else "are"
            parts.append(f"{one if len(texts) == 1 else many} {named} {verb} not in the sources.")
    return parts


def _shown(kind: MissingKind, text: str) -> str:
    return text if kind is MissingKind.NUMBER else f"“{text}”"


def _enumerated(texts: Sequence[str]) -> str:
    if len(texts) > MOST_NAMED:
        more = len(texts) - MOST_NAMED + 1
        return ", ".join(texts[: MOST_NAMED - 1]) + f" and {more} more"
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


def evidence_documents(sentences: Iterable[Mapping[str, Any]]) -> set[uuid.UUID]:
    """The documents that the evidence of the sentences lies in, cited or not."""
    return {
        uuid.UUID(str(span["document_id"]))
        for sentence in sentences
        for span in sentence.get("evidence") or ()
    }


def without_evidence(
    sentences: Iterable[Mapping[str, Any]], document_id: object
) -> list[dict[str, Any]]:
    """The sentences without the spans of evidence that lie in one document."""
    return [
        {
            **sentence,
            "evidence": [
                span
                for span in sentence.get("evidence") or ()
                if span["document_id"] != str(document_id)
            ],
        }
        for sentence in sentences
    ]
