"""Comparisons: asked for, looked at side by side, and made live."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from chat.models import Comparison, SavedQuestion
from chat.quality_forms import ComparisonForm
from chat.selectors import passage_url
from chat.services import comparing, questions
from chat.services.setups import BUILT_IN, live_setup, weight_make_live
from documents.errors import Conflict, Forbidden
from documents.models import Document, VersionText
from documents.types import PageKind
from documents.views.translate import person, told, translated

#: Setting of the environment behind each part of a setup that cannot be switched here.
SETTINGS = {
    "threshold": "SIMILARITY_THRESHOLD",
    "chunk_size": "CHUNK_SIZE",
    "chunk_overlap": "CHUNK_OVERLAP",
    "embedding_model": "EMBEDDING_MODEL",
}
MEASURES = (
    ("ndcg_10", "nDCG@10", "How near the top the right passages stand"),
    ("recall_10", "Recall@10", "Right passages among the first ten"),
    ("mrr_10", "MRR@10", "One over the rank of the first right passage"),
    ("answered_right", "Answered right", "Answers that say what is expected"),
    ("refused", "Refused", "Questions without an answer"),
)
LABELS = {name: field.label for name, field in ComparisonForm.base_fields.items()}


@require_http_methods(["GET", "HEAD", "POST"])
@translated
def new(request: HttpRequest, set_id: int) -> HttpResponse:
    """Ask what to compare with what is live; a POST begins."""
    user, found = person(request), questions.set_get(person(request), set_id)
    live = asdict(live_setup())
    form = ComparisonForm(request.POST or None, initial=live)
    if request.method == "POST" and form.is_valid():
        made: list[Comparison] = []
        given = form.cleaned_data
        if told(
            request,
            lambda: made.append(
                comparing.comparison_create(user=user, question_set=found, **given)
            ),
        ):
            return redirect("comparison", comparison_id=made[0].pk)
    context = {
        "place": "questions",
        "set": found,
        "form": form,
        "live": live,
        "models": sorted({*BUILT_IN, live["embedding_model"]}),
        "may_edit": questions.may_edit(user, found.collection),
        "is_judged": found.questions.filter(judgements__isnull=False).exists(),
    }
    return render(request, "chat/comparison_new.html", context)


@require_safe
@translated
def comparison(request: HttpRequest, comparison_id: int) -> HttpResponse:
    """Show how far a comparison is, or what came of it."""
    user = person(request)
    found = comparing.comparison_get(user, comparison_id)
    context = {
        "place": "questions",
        "comparison": found,
        "set": found.question_set,
        "settings": _settings(found),
    }
    if found.state == Comparison.State.DONE:
        context |= _results(user, found)
    htmx = request.htmx  # type: ignore[attr-defined]
    template = "chat/_comparison.html" if htmx else "chat/comparison_detail.html"
    return render(request, template, context)


def _settings(found: Comparison) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "label": label,
            "live": found.live[name],
            "other": found.other[name],
            "is_changed": found.live[name] != found.other[name],
            "setting": SETTINGS.get(name, ""),
        }
        for name, label in LABELS.items()
    ]


def _results(user: User, found: Comparison) -> dict[str, Any]:
    live, other = found.summary["live"], found.summary["other"]
    names = dict(
        SavedQuestion.objects.filter(question_set=found.question_set_id).values_list("pk", "text")
    )
    places = _Places(user, found.results)
    return {
        "measures": [
            {"name": name, "help": text, "live": live[key], "other": other[key], "key": key}
            for key, name, text in MEASURES
            if live[key] is not None
        ],
        "rows": [
            {
                "question_id": row["question_id"],
                "text": names[row["question_id"]],
                "change": row["change"],
                "live": places.side(row["live"]),
                "other": places.side(row["other"]),
            }
            for row in sorted(found.results, key=_by_change)
            if row["question_id"] in names
        ],
        "weight_changed": found.live["dense_weight"] != found.other["dense_weight"],
        "needs_settings": [
            item for item in _settings(found) if item["is_changed"] and item["setting"]
        ],
        "needs_reindex": _needs_reindex(found),
    }


def _by_change(row: Mapping[str, Any]) -> int:
    return ("better", "worse", "same").index(row["change"])


def _needs_reindex(found: Comparison) -> bool:
    keys = ("chunk_size", "chunk_overlap", "embedding_model")
    return any(found.live[key] != found.other[key] for key in keys)


class _Places:
    """The passages behind the places that a comparison keeps, as the reader may see them."""

    def __init__(self, user: User, results: Sequence[Mapping[str, Any]]) -> None:
        ids = {hit["document_id"] for hit in _hits(results)}
        rows = Document.objects.visible_to(user).filter(pk__in=ids)
        self._titles = {str(pk): title for pk, title in rows.values_list("pk", "title")}
        texts = VersionText.objects.filter(version__document_id__in=list(self._titles)).values_list(
            "version__document_id", "version__number", "text", "version__media_type"
        )
        wanted = {(hit["document_id"], hit["version"]) for hit in _hits(results)}
        found = [row for row in texts if (str(row[0]), row[1]) in wanted]
        self._texts = {(str(pk), number): text for pk, number, text, _ in found}
        self._kinds = {(str(pk), number): PageKind.of(kind) for pk, number, _, kind in found}

    def side(self, kept: Mapping[str, Any]) -> dict[str, Any]:
        """Return one side of a question with its ranks in words and its first passages."""
        hits = [self._passage(hit) for hit in kept["hits"]]
        return {
            "right": kept["right"],
            "wrong": kept["wrong"],
            "refused": kept["refused"],
            "answered_right": kept["answered_right"],
            "hits": hits,
        }

    def _passage(self, hit: Mapping[str, Any]) -> dict[str, Any]:
        key, start, end = hit["document_id"], hit["start"], hit["end"]
        if key not in self._titles:
            return {"title": "", "text": "", "url": ""}
        text = self._texts.get((key, hit["version"]), "")[start:end]
        return {
            "title": self._titles[key],
            "page": hit["page"],
            "page_kind": self._kinds.get((key, hit["version"]), PageKind.PAGE),
            "text": " ".join(text.split()),
            "url": passage_url(key, hit["version"], start, end),
        }


def _hits(results: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for row in results:
        for side in ("live", "other"):
            yield from row[side]["hits"]


@require_http_methods(["GET", "HEAD", "POST"])
@translated
def make_live(request: HttpRequest, comparison_id: int) -> HttpResponse:
    """Ask, and let all searches go by the weight of a comparison."""
    found = comparing.comparison_get(person(request), comparison_id)
    if not person(request).is_staff:
        raise Forbidden("Only an administrator may change how everybody's search works.")
    weight = found.other["dense_weight"]
    if found.state != Comparison.State.DONE:
        raise Conflict("The comparison is not complete yet.")
    if request.method == "POST":
        told(request, lambda: weight_make_live(weight), f"Searches go by {weight:g} now.")
        return redirect("comparison", comparison_id=found.pk)
    context = {"place": "questions", "comparison": found, "weight": weight}
    context["now"] = live_setup().dense_weight
    return render(request, "chat/comparison_live.html", context)


@require_http_methods(["POST"])
@translated
def again(request: HttpRequest, comparison_id: int) -> HttpResponse:
    """Compare the same once more."""
    found = comparing.comparison_get(person(request), comparison_id)
    made: list[Comparison] = []
    told(
        request,
        lambda: made.append(
            comparing.comparison_create(
                user=person(request), question_set=found.question_set, **found.other
            )
        ),
    )
    if not made:
        return redirect("comparison", comparison_id=found.pk)
    messages.success(request, "Begun again.")
    return redirect("comparison", comparison_id=made[0].pk)
