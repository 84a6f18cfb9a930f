"""Why an answer is what it is: what was kept of its making, as its reader may see it now."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User

from chat.answer.prompt import answer_prompt
from chat.answer.trace import places_of, prompt_digest
from chat.llm.base import Prompt
from chat.models import Message
from chat.selectors import answer_of, history
from chat.traces import UNREADABLE, place_url
from chat.types import Passage, Verdict
from documents.models import Chunk, Document, VersionText
from documents.selectors import PageFacts, page_facts
from documents.types import Outcome, PageKind

#: What stands in a prompt in the place of a passage that its reader may no longer read.
WITHHELD = "(You can no longer read this passage.)"
#: Why each of the grounds counts, for people.
MEANINGS = {
    "retrieval": "How strongly the best passage cited bears on the question",
    "coverage": "Words of the question in the sentence cited",
    "likeness": "Likeness of meaning between question and sentence",
    "words": "How clearly the search by words puts what is cited first",
    "meaning": "How clearly the search by meaning puts what is cited first",
    "support": "How far the sources carry the sentences",
}

Place = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Titles:
    """The documents that somebody may read: titles by id, and how their pages are called."""

    known: Mapping[str, str]
    pages: PageFacts

    def shown(self, place: Place) -> dict[str, Any]:
        """Return where a place is; only that there is one, when it may not be read."""
        title = self.known.get(place["document"])
        if title is None:
            return {
                "document_id": None, "title": UNREADABLE, "version": None, "page": None,
                "page_kind": PageKind.PAGE.value,
                "start": None, "end": None, "url": None, "available": False,
            }  # fmt: skip
        return {
            "document_id": place["document"],
            "title": title,
            "version": place["version"],
            "page": place["page"],
            "page_kind": self.pages.kind(uuid.UUID(place["document"]), place["version"]).value,
            "start": place["start"],
            "end": place["end"],
            "url": place_url(place),
            "available": True,
        }


def explanation_of(message: Message, user: User) -> dict[str, Any]:
    """Return how an answer came about, in the shape of the API.

    The text of the prompt is for the asker alone, and without the passages that the
    asker may not read any more. Costs a fixed number of queries.
    """
    kept, answer = message.trace, answer_of(message, user)
    titles = _titles(kept, user)
    return {
        "message_id": answer["id"],
        "question": answer["question"],
        "searched_for": answer["standalone_question"] or answer["question"],
        "refused": answer["refused"],
        "threshold": kept.get("threshold"),
        "search": _search(kept, titles),
        "candidates": [_candidate(each, titles) for each in kept.get("candidates", ())],
        "passages": [_passage(each, titles) for each in kept.get("passages", ())],
        "prompt": _prompt(message, user, titles) if "prompt" in kept else None,
        "quotes": _quotes(kept, titles),
        "confidence": _confidence(answer, kept),
        "verdicts": _verdicts(answer, kept),
        "near": answer["near"],
        "searched": answer["searched"],
        "model": answer["model"],
        "usage": answer["usage"],
        "timings": answer["timings"],
        "repeats": _repeats(kept),
    }


def _repeats(kept: Place) -> dict[str, Any] | None:
    """Return which earlier message of the same asker was answered so already, if one was."""
    found = kept.get("repeats")
    return {"message_id": found["message"], "answered_at": found["answered_at"]} if found else None


def passages_again(message: Message, user: User) -> list[Passage]:
    """Return the passages an answer was made from, best first, as the user may read them now."""
    titles = _titles(message.trace, user)
    places = [p for p in message.trace.get("passages", ()) if p["outcome"] == Outcome.USED]
    texts, headings = _texts(places, titles), _headings(places, titles)
    return [_again(place, titles, texts, headings) for place in places]


def _titles(kept: Place, user: User) -> _Titles:
    places = places_of(kept)
    ids = {place["document"] for place in places}
    paged = {uuid.UUID(place["document"]) for place in places if place["page"]}
    rows = Document.objects.visible_to(user).filter(pk__in=ids)
    known = dict(rows.values_list("pk", "title"))
    return _Titles(
        {str(pk): title for pk, title in known.items()}, page_facts(paged & known.keys())
    )


def _search(kept: Place, titles: _Titles) -> dict[str, Any] | None:
    found = kept.get("search")
    if not found:
        return None
    named = [titles.known[pk] for pk in found["named"] if pk in titles.known]
    rest = {name: value for name, value in found.items() if name != "named"}
    return rest | {"scoped_to": named}


_SCORES = (
    *("keyword", "keyword_rank", "semantic", "semantic_rank"),
    *("fused", "ranked", "relevance", "outcome", "passage"),
)


def _candidate(each: Place, titles: _Titles) -> dict[str, Any]:
    return titles.shown(each) | {name: each[name] for name in _SCORES}


def _passage(each: Place, titles: _Titles) -> dict[str, Any]:
    said = {name: each[name] for name in ("n", "chunks", "relevance", "outcome")}
    return titles.shown(each) | said | {"characters": each["end"] - each["start"]}


def _quotes(kept: Place, titles: _Titles) -> list[dict[str, Any]]:
    passages = {each["n"]: each for each in kept.get("passages", ())}
    return [
        titles.shown(passages[quote["passage"]] | {"start": quote["start"], "end": quote["end"]})
        | {"passage": quote["passage"], "score": quote["score"]}
        for quote in kept.get("quotes", ())
    ]


def _confidence(answer: Place, kept: Place) -> dict[str, Any]:
    weights, found = kept.get("weights", {}), kept.get("grounds", {})
    grounds = [
        {
            "name": name,
            "meaning": MEANINGS.get(name, name),
            "value": value,
            "weight": weights[name],
            "adds": round(value * weights[name], 4),
        }
        for name, value in found.items()
    ]
    return {
        "value": answer["confidence"],
        "label": answer["confidence_label"],
        "bias": weights.get("bias"),
        "grounds": grounds,
    }


def _verdicts(answer: Place, kept: Place) -> dict[str, int]:
    counted = Counter(sentence["verdict"] for sentence in answer["sentences"])
    return {verdict.value: counted[verdict.value] for verdict in Verdict} | {
        "invented_citations": kept.get("invented", 0)
    }


def _prompt(message: Message, user: User, titles: _Titles) -> dict[str, Any]:
    """Return the prompt: its size for every reader, its text for the one who asked."""
    kept = message.trace["prompt"]
    told = {name: kept[name] for name in ("messages", "characters", "passages", "turns")}
    if message.conversation.user_id != user.pk:
        return told | {"text": None, "is_exact": None}
    prompt = _put_together(message, user, titles)
    text = [{"role": each.role, "content": each.content} for each in prompt.messages]
    return told | {"text": text, "is_exact": prompt_digest(prompt) == kept["digest"]}


def _put_together(message: Message, user: User, titles: _Titles) -> Prompt:
    """Make the prompt again from the places of its passages."""
    sent = set(message.trace["prompt"]["passages"])
    places = [each for each in message.trace["passages"] if each["n"] in sent]
    texts, headings = _texts(places, titles), _headings(places, titles)
    passages = [_again(place, titles, texts, headings) for place in places]
    return answer_prompt(message.question, passages, history(message, user))


Texts = Mapping[tuple[str, int], str]
Headings = Mapping[tuple[str, int, int], str]


def _texts(places: Sequence[Place], titles: _Titles) -> Texts:
    """Return the texts of the versions that may be read, by document and version."""
    wanted = {(p["document"], p["version"]) for p in places if p["document"] in titles.known}
    rows = VersionText.objects.filter(
        version__document_id__in={document for document, _ in wanted},
        version__number__in={number for _, number in wanted},
    ).values_list("version__document_id", "version__number", "text")
    return {(str(pk), number): text for pk, number, text in rows}


def _headings(places: Sequence[Place], titles: _Titles) -> Headings:
    rows = Chunk.objects.filter(
        version__document_id__in={p["document"] for p in places if p["document"] in titles.known},
        start__in={place["heading_at"] for place in places},
    ).values_list("version__document_id", "version__number", "start", "heading")
    return {(str(pk), number, start): heading for pk, number, start, heading in rows}


def _again(place: Place, titles: _Titles, texts: Texts, headings: Headings) -> Passage:
    document, version = place["document"], place["version"]
    content = texts.get((document, version)) if document in titles.known else None
    start, end = place["start"], place["end"]
    return Passage(
        n=place["n"],
        document_id=document,
        title=titles.known.get(document, UNREADABLE),
        version=version,
        version_id=0,
        page=place["page"] if content is not None else None,
        heading=headings.get((document, version, place["heading_at"]), ""),
        text=WITHHELD if content is None else content[start:end],
        start=start,
        end=end,
        relevance=place["relevance"],
    )
