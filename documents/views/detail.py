"""One document: what it is, its versions, and what can be done with it."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from documents.api.files import original_response
from documents.api.uploads import read_file
from documents.forms import DocumentForm, VersionForm
from documents.models import Document
from documents.selectors import document_get, version_get, version_text
from documents.services.deeds import document_downloaded
from documents.services.documents import (
    document_delete,
    document_update,
    version_add,
    version_retry,
)
from documents.services.uses import document_looked_at
from documents.types import Status
from documents.views.evidence import has_pictures, page_view
from documents.views.reading import portion
from documents.views.translate import person, told, translated


def _may_edit(request: HttpRequest, document: Document) -> bool:
    return bool(Document.objects.editable_by(request.user).filter(pk=document.pk).exists())


@require_safe
@translated
def document(request: HttpRequest, document_id: uuid.UUID) -> HttpResponse:
    """Show a document; while it is being read, its facts alone are asked for again."""
    found = document_get(person(request), document_id)
    may_edit = _may_edit(request, found)
    context = {
        "place": "documents",
        "document": found,
        "version": found.newest_version,
        "versions": list(found.versions.select_related("uploaded_by")),
        "may_edit": may_edit,
    }
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "documents/_document_facts.html", context)
    document_looked_at(request.user, found.pk, "viewed")
    if may_edit:
        initial = {
            "title": found.title,
            "author": found.author,
            "collection": found.collection.slug,
        }
        context["form"] = DocumentForm(person(request), initial=initial)
        context["version_form"] = VersionForm(auto_id="version_%s")
    return render(request, "documents/document_detail.html", context)


@require_POST
@translated
def document_edit(request: HttpRequest, document_id: uuid.UUID) -> HttpResponse:
    """Change title, author or collection."""
    found = document_get(person(request), document_id)
    form = DocumentForm(person(request), request.POST)
    if form.is_valid():
        told(
            request,
            lambda: document_update(user=person(request), document=found, **form.cleaned_data),
            "Saved.",
        )
    else:
        messages.error(request, "A document needs a title and a collection you may add to.")
    return redirect("document", document_id=found.pk)


@require_POST
@translated
def document_retry(request: HttpRequest, document_id: uuid.UUID) -> HttpResponse:
    """Read the failed version again."""
    found = document_get(person(request), document_id)
    told(request, lambda: version_retry(user=person(request), document=found), "It is read again.")
    return redirect("document", document_id=found.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@translated
def document_remove(request: HttpRequest, document_id: uuid.UUID) -> HttpResponse:
    """Name what will go, and delete it when that is confirmed."""
    found = document_get(person(request), document_id)
    if request.method == "POST":
        done = f"“{found.title}” is deleted."
        gone = told(request, lambda: document_delete(user=person(request), document=found), done)
        return redirect("documents") if gone else redirect("document", document_id=document_id)
    context = {"document": found, "count": found.versions.count(), "place": "documents"}
    return render(request, "documents/document_delete.html", context)


@require_POST
@translated
def version_upload(request: HttpRequest, document_id: uuid.UUID) -> HttpResponse:
    """Add a version from the form's file."""
    found = document_get(person(request), document_id)
    form = VersionForm(request.POST, request.FILES)
    if not form.is_valid():
        messages.error(request, "Choose a file for the new version.")
        return redirect("document", document_id=found.pk)

    def add() -> None:
        file = form.cleaned_data["file"]
        data = read_file(file)
        upload = version_add(
            user=person(request), document=found, data=data, filename=file.name or ""
        )
        done = "The newest version has these very bytes." if upload.duplicate else "Version added."
        messages.success(request, done)

    told(request, add)
    return redirect("document", document_id=found.pk)


def _number(text: str | None) -> int | None:
    """Return a number from the address, or nothing where it is none."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None


def _span(request: HttpRequest) -> tuple[int, int] | None:
    start, end = _number(request.GET.get("start")), _number(request.GET.get("end"))
    return None if start is None or end is None else (start, end)


@require_safe
@translated
def passage(request: HttpRequest, document_id: uuid.UUID, number: int) -> HttpResponse:
    """Show a version with one passage marked in its place: pages as pictures, else its text."""
    found = document_get(person(request), document_id)
    version = version_get(person(request), document_id, number)
    span = _span(request)
    context = {
        "place": "documents",
        "document": found,
        "version": version,
        "newest": found.newest_version,
        "current": found.current_version,
        "span": span,
    }
    if version.status == Status.READY:
        document_looked_at(request.user, found.pk, "opened")
        text, starts = version_text(version), version.content.page_starts
        part = portion(text, starts, span=span, number=_number(request.GET.get("page")))
        context |= {"part": part, "unit": "Page" if starts else "Part"}
        context["has_pictures"] = has_pictures(version)
        if context["has_pictures"] and request.GET.get("view") != "text":
            zoom = request.GET.get("zoom", "")
            context["page"] = page_view(version, part, span=span, zoom=zoom)
            if request.htmx:  # type: ignore[attr-defined]
                return render(request, "documents/_page_picture.html", context | {"in_place": True})
    return render(request, "documents/version_text.html", context)


@require_safe
@translated
def download(request: HttpRequest, document_id: uuid.UUID, number: int) -> HttpResponse:
    """Send the original file of a version, inert."""
    version = version_get(person(request), document_id, number)
    response = original_response(request, version)
    document_downloaded(version)
    document_looked_at(request.user, document_id, "downloaded")
    return response
