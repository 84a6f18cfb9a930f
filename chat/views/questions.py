"""Sets of questions: listed, filled, judged, taken out and brought in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.db.models import Count, Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chat.models import Comparison, Judgement, QuestionSet, SavedQuestion
from chat.quality_forms import ExpectedForm, ImportForm, PassageForm, QuestionForm, SetForm
from chat.services import question_files, questions, watching
from documents.api.files import attachment_response
from documents.models import Collection
from documents.search.hybrid import search
from documents.search.scope import Within
from documents.selectors import document_get
from documents.views.translate import person, told, translated

#: Passages shown under a question, to be judged.
SHOWN = 10


def first_error(form: Any) -> str:
    """Return the first thing that is wrong with a form."""
    return str(next(iter(form.errors.values()))[0])


@require_http_methods(["GET", "HEAD", "POST"])
@translated
def sets(request: HttpRequest) -> HttpResponse:
    """Show the sets of all collections the person may read; a POST makes another one."""
    user, form = person(request), SetForm(person(request), request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        if told(request, lambda: questions.set_create(user=user, **given), "Made."):
            return redirect("questions")
    rows = (
        QuestionSet.objects.visible_to(user)
        .select_related("collection")
        .annotate(count=Count("questions", distinct=True))
        .order_by("collection__name", "collection_id", "name")
    )
    context = {"place": "questions", "sets": rows, "form": form}
    context["may_make"] = Collection.objects.editable_by(user).exists()
    return render(request, "chat/question_set_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@translated
def question_set(request: HttpRequest, set_id: int) -> HttpResponse:
    """Show the questions of a set; a POST adds one."""
    user, found = person(request), questions.set_get(person(request), set_id)
    form = QuestionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        if told(
            request,
            lambda: questions.question_save(user=user, question_set=found, **given),
            "Added.",
        ):
            return redirect("question_set", set_id=found.pk)
    context = {
        "place": "questions",
        "set": found,
        "rows": _rows(user, found),
        "form": form,
        "import_form": ImportForm(),
        "comparisons": found.comparisons.defer("results").select_related("created_by")[:10],
        "may_edit": questions.may_edit(user, found.collection),
    }
    return render(request, "chat/question_set_detail.html", context)


def _rows(user: User, found: QuestionSet) -> list[dict[str, Any]]:
    """Return each question with its judgements, what the last comparison said, and its watch."""
    visible = Judgement.objects.visible_to(user).select_related("document", "by")
    judged = Prefetch("judgements", queryset=visible.order_by("-grade", "pk"))
    rows = list(found.questions.prefetch_related(judged))
    watched = watching.watched_questions(user, rows)
    last = found.comparisons.filter(state=Comparison.State.DONE).first()
    by_id = {item["question_id"]: item for item in last.results} if last else {}
    return [
        {
            "question": row,
            "judgements": row.judgements.all(),
            "is_watched": row.pk in watched,
            "last": _last(by_id.get(row.pk)),
        }
        for row in rows
    ]


def _last(result: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return what a question came to when it was last measured, as it is live."""
    if result is None:
        return None
    live = result["live"]
    ranks = [rank for rank in live["right"] if rank]
    return {
        "rank": min(ranks, default=None),
        "is_judged": bool(live["right"]),
        "refused": live["refused"],
    }


@require_POST
@translated
def set_rename(request: HttpRequest, set_id: int) -> HttpResponse:
    """Give a set another name."""
    found, name = questions.set_get(person(request), set_id), request.POST.get("name", "")
    told(
        request,
        lambda: questions.set_rename(user=person(request), question_set=found, name=name),
        "Renamed.",
    )
    return redirect("question_set", set_id=set_id)


@require_http_methods(["GET", "HEAD", "POST"])
@translated
def set_delete(request: HttpRequest, set_id: int) -> HttpResponse:
    """Name what will go, and delete the set when that is confirmed."""
    found = questions.set_get(person(request), set_id)
    if request.method == "POST":
        gone = told(
            request,
            lambda: questions.set_delete(user=person(request), question_set=found),
            f"The set “{found.name}” is deleted.",
        )
        return redirect("questions") if gone else redirect("question_set", set_id=set_id)
    context = {"place": "questions", "set": found, "count": found.questions.count()}
    return render(request, "chat/question_set_delete.html", context)


@require_safe
@translated
def set_export(request: HttpRequest, set_id: int) -> HttpResponse:
    """Send a set as a file, one JSON object a line."""
    found = questions.set_get(person(request), set_id)
    name, text = question_files.set_file(person(request), found)
    return attachment_response(text, filename=name, kind="application/jsonl")


@require_POST
@translated
def set_import(request: HttpRequest, set_id: int) -> HttpResponse:
    """Add the questions of a file to a set."""
    user = person(request)
    found, form = questions.set_get(user, set_id), ImportForm(request.POST, request.FILES)
    if not form.is_valid():
        messages.error(request, "Choose a file with questions.")
        return redirect("question_set", set_id=set_id)
    data = form.cleaned_data["file"].read(question_files.MAX_SIZE + 1)

    def take_in() -> None:
        counts = question_files.set_imported(user=user, question_set=found, data=data)
        messages.success(
            request,
            f"{counts['questions']} questions and {counts['judgements']} judgements were taken in"
            f"; for {counts['unplaced']} judgements document or words were not found.",
        )

    told(request, take_in)
    return redirect("question_set", set_id=set_id)


@require_http_methods(["GET", "HEAD", "POST"])
@translated
def question(request: HttpRequest, question_id: int) -> HttpResponse:
    """Show one question with what the search finds now; a POST keeps the expected answer."""
    user, found = person(request), questions.question_get(person(request), question_id)
    form = ExpectedForm(request.POST or None, initial={"expected": found.expected})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        if told(
            request,
            lambda: questions.question_expect(user=user, question=found, **given),
            "Kept.",
        ):
            return redirect("question", question_id=found.pk)
    return render(request, "chat/question_detail.html", _question(user, found, form))


def _question(user: User, found: SavedQuestion, form: ExpectedForm) -> dict[str, Any]:
    within = Within(collections=[found.question_set.collection_id])
    hits = search(user, found.text, within=within, limit=SHOWN).hits
    rows = Judgement.objects.visible_to(user).filter(question=found)
    judgements = rows.select_related("document", "by").order_by("-grade", "pk")
    mine = {(str(j.document_id), j.quote): j.grade for j in judgements if j.by_id == user.pk}
    return {
        "place": "questions",
        "question": found,
        "set": found.question_set,
        "judgements": judgements,
        "found": [(hit, mine.get((hit.document_id, hit.text))) for hit in hits],
        "form": form,
        "watch": watching.watch_of_question(user, found),
        "may_edit": questions.may_edit(user, found.question_set.collection),
        "me": user,
    }


@require_POST
@translated
def question_remove(request: HttpRequest, question_id: int) -> HttpResponse:
    """Take a question out of its set."""
    found = questions.question_get(person(request), question_id)
    told(
        request,
        lambda: questions.question_remove(user=person(request), question=found),
        "Removed.",
    )
    return redirect("question_set", set_id=found.question_set_id)


@require_POST
@translated
def judge(request: HttpRequest, question_id: int) -> HttpResponse:
    """Keep what somebody says of a passage for a question."""
    user, form = person(request), PassageForm(request.POST)
    found = questions.question_get(user, question_id)
    if not form.is_valid():
        messages.error(request, first_error(form))
        return redirect("question", question_id=question_id)
    given = form.cleaned_data
    document = document_get(user, given["document"])

    def keep() -> None:
        passage = questions.passage_find(document, given["quote"])
        questions.judgement_set(user=user, question=found, passage=passage, grade=given["grade"])

    told(request, keep, "Noted.")
    return redirect("question", question_id=question_id)


@require_POST
@translated
def judgement_remove(request: HttpRequest, judgement_id: int) -> HttpResponse:
    """Take a judgement back."""
    found = questions.judgement_get(person(request), judgement_id)
    told(
        request,
        lambda: questions.judgement_remove(user=person(request), judgement=found),
        "Taken back.",
    )
    return redirect("question", question_id=found.question_id)
