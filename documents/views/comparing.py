"""What changed between two versions, as a page."""

from __future__ import annotations

import uuid

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from documents.errors import NotFound
from documents.selectors import document_get
from documents.services.comparison import comparable, versions_compare
from documents.types import PageKind
from documents.views.translate import person, translated

#: Changes that one page shows.
SHOWN = 100


def _number(request: HttpRequest, name: str) -> int | None:
    """Return a version's number from the address. Raises ``NotFound`` for what is none."""
    text = request.GET.get(name, "")
    if text and not (text.isascii() and text.isdigit() and len(text) < 10):
        raise NotFound
    return int(text) if text else None


@require_safe
@translated
def diff(request: HttpRequest, document_id: uuid.UUID) -> HttpResponse:
    """Show what changed from one version to another, passage by passage."""
    found = document_get(person(request), document_id)
    versions = comparable(found)
    context = {"place": "documents", "document": found, "versions": versions}
    if len(versions) > 1:
        before, after = _number(request, "from"), _number(request, "to")
        if before is None and after == versions[-1].number:
            before = after  # nothing came before the first: it is shown as it is
        compared = versions_compare(person(request), document_id, before=before, after=after)
        page = Paginator(compared.changes, SHOWN).get_page(request.GET.get("page"))
        context |= {
            "before": compared.before.number,
            "after": compared.after.number,
            "before_kind": PageKind.of(compared.before.media_type),
            "after_kind": PageKind.of(compared.after.media_type),
            "stats": compared.stats,
            "page": page,
            "changes": compared.shown(list(page.object_list)),
        }
    return render(request, "documents/version_diff.html", context)
