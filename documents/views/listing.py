"""The list of documents: filters, progress, upload."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.html import format_html
from django.views.decorators.http import require_POST, require_safe

from documents.api.uploads import Batch, take_in
from documents.forms import DocumentFilter, UploadForm
from documents.models import Collection, Document
from documents.querysets import DocumentQuerySet
from documents.samples import samples_upload
from documents.selectors import document_list
from documents.services.collections import collection_default
from documents.types import Status
from documents.views.translate import person, told, translated

PER_PAGE = 50
#: Rows a poll for progress may ask for: as many as a page shows.
MAX_POLLED = PER_PAGE
#: Refused files of one upload that are named one by one.
MAX_NAMED = 20


def _matching(request: HttpRequest, form: DocumentFilter) -> DocumentQuerySet:
    """Return the rows the filters ask for; a filter that makes no sense finds none."""
    if not form.is_valid():
        rows: DocumentQuerySet = Document.objects.none()
        return rows
    collection = form.cleaned_data["collection"]
    return document_list(
        person(request),
        search=form.cleaned_data["search"],
        collection=collection.pk if collection else None,
    )


def _editable(request: HttpRequest) -> set[int]:
    """Return the ids of the collections in which this person may change documents."""
    return set(Collection.objects.editable_by(request.user).values_list("pk", flat=True))


def _query(request: HttpRequest, *without: str) -> str:
    """Return the filters as the beginning of a query string, for links beside them."""
    query = request.GET.copy()
    for name in (*without, "page"):
        query.pop(name, None)
    for name in [name for name in query if not query[name]]:
        del query[name]
    return f"{query.urlencode()}&" if query else ""


def _tabs(request: HttpRequest, rows: DocumentQuerySet) -> list[dict[str, Any]]:
    """Return the states with how many documents are in each, for the filters chosen."""
    counted = rows.order_by().values_list("newest_version__status").annotate(n=Count("pk"))
    counts = dict(counted)
    names = {
        Status.QUEUED: "Waiting",
        Status.PROCESSING: "Being read",
        Status.READY: "Ready",
        Status.FAILED: "Failed",
    }
    chosen = request.GET.get("status", "")
    tabs = [{"value": "", "name": "All", "count": sum(counts.values()), "chosen": not chosen}]
    tabs += [
        {"value": s.value, "name": name, "count": counts.get(s, 0), "chosen": chosen == s}
        for s, name in names.items()
        if counts.get(s) or chosen == s
    ]
    return tabs


def _unfinished(documents: list[Document]) -> list[Document]:
    return [d for d in documents if d.newest_version and not d.newest_version.is_terminal]


@require_safe
@translated
def documents(request: HttpRequest) -> HttpResponse:
    """Show the documents this person may see, by page, with filters from the address."""
    form = DocumentFilter(person(request), request.GET)
    rows = _matching(request, form)
    tabs = _tabs(request, rows)
    status = form.cleaned_data.get("status", "")
    if status:
        rows = rows.filter(newest_version__status=status)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "place": "documents",
        "form": form,
        "tabs": tabs,
        "page": page,
        "query": _query(request),
        "tab_query": _query(request, "status"),
        "is_filtered": bool(_query(request)),
        "editable": _editable(request),
        "unfinished": _unfinished(list(page)),
    }
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "documents/_document_table.html", context)
    context |= {
        "upload_form": UploadForm(person(request), auto_id="upload_%s"),
        "max_size": settings.MAX_FILE_SIZE,
        "extensions": settings.ALLOWED_EXTENSIONS,
    }
    return render(request, "documents/document_list.html", context)


def _ids(request: HttpRequest) -> list[uuid.UUID]:
    found = []
    for text in request.GET.getlist("id")[:MAX_POLLED]:
        try:
            found.append(uuid.UUID(text))
        except ValueError:
            continue
    return found


@require_safe
@translated
def progress(request: HttpRequest) -> HttpResponse:
    """Return the rows that were unfinished, as they are now, for swapping in."""
    visible = Document.objects.visible_to(request.user).with_newest()
    rows = list(visible.filter(pk__in=_ids(request)))
    context = {"rows": rows, "unfinished": _unfinished(rows), "editable": _editable(request)}
    return render(request, "documents/_document_progress.html", context)


@require_POST
@translated
def upload(request: HttpRequest) -> HttpResponse:
    """Take in the files of the form, and tell about each that was refused."""
    form = UploadForm(person(request), request.POST, request.FILES)
    if not form.is_valid():
        messages.error(request, "Choose at least one file, and a collection you may add to.")
        return redirect("documents")
    collection = form.cleaned_data["collection"] or collection_default(person(request))
    batch = take_in(person(request), form.cleaned_data["files"], collection=collection)
    _tell(request, batch)
    return redirect("documents")


def _tell(request: HttpRequest, batch: Batch) -> None:
    new = sum(not upload.duplicate for upload in batch.uploads)
    if new:
        was = "1 document was" if new == 1 else f"{new} documents were"
        messages.success(request, f"{was} added. They can be asked as soon as they are ready.")
    for upload in batch.uploads:
        if upload.duplicate:
            messages.info(request, f"“{upload.document.title}” is here already.")
    for refused in batch.rejected[:MAX_NAMED]:
        messages.error(request, format_html("{filename}: {message}", **refused))
    more = len(batch.rejected) - MAX_NAMED
    if more > 0:
        messages.error(request, f"{more} more files were refused.")


@require_POST
@translated
def samples(request: HttpRequest) -> HttpResponse:
    """Add the sample library, to try the product with."""
    done = "The sample library is being read. In a moment you can ask it questions."
    told(request, lambda: samples_upload(user=person(request)), done)
    return redirect("home")
