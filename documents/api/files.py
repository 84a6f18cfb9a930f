"""Sends stored files without letting them act: never run, never framed, never guessed at."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from rest_framework.request import Request

from documents import storage
from documents.api.conditions import tag_of, unless_known
from documents.models import DocumentVersion
from documents.selectors import version_has_text, version_text
from documents.types import MediaType

#: HTML comes as plain text: a file must not become a page of this site. An e-mail may
#: hold HTML, and some browsers show it: it has no type that they know.
_SERVED_AS = {
    MediaType.PDF: "application/pdf",
    MediaType.DOCX: str(MediaType.DOCX),
    MediaType.PPTX: str(MediaType.PPTX),
    MediaType.XLSX: str(MediaType.XLSX),
    MediaType.ODT: str(MediaType.ODT),
    MediaType.ODS: str(MediaType.ODS),
    MediaType.ODP: str(MediaType.ODP),
    MediaType.EPUB: str(MediaType.EPUB),
    MediaType.RTF: "application/rtf",
    MediaType.CSV: "text/csv",
    MediaType.TXT: "text/plain",
    MediaType.MARKDOWN: "text/plain",
    MediaType.HTML: "text/plain",
}
_UNKNOWN = "application/octet-stream"
#: Every type that a file is sent with.
SERVED_TYPES = tuple(sorted({*_SERVED_AS.values(), _UNKNOWN}))


def _inert(response: HttpResponse) -> HttpResponse:
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    return response


def original_response(request: Request | HttpRequest, version: DocumentVersion) -> HttpResponse:
    """Return the original bytes as a download under the name they were uploaded with.

    Who has them already is told so; the file is then not even read.
    """
    tag = tag_of("original", version.pk, version.sha256, version.filename)
    return unless_known(request, tag, lambda: _download(version))


def _download(version: DocumentVersion) -> HttpResponse:
    data = storage.original_read(version.original)
    kind = _SERVED_AS.get(MediaType(version.media_type), _UNKNOWN)
    response = HttpResponse(data, content_type=kind)
    disposition = content_disposition_header(as_attachment=True, filename=version.filename)
    response["Content-Disposition"] = disposition or "attachment"
    return _inert(response)


def picture_response(data: bytes) -> HttpResponse:
    """Return a PNG."""
    return _inert(HttpResponse(data, content_type="image/png"))


def version_text_response(request: Request, version: DocumentVersion) -> HttpResponse:
    """Return the text of a version, which never changes. Raises ``NotFound`` while it has none."""
    version_has_text(version)
    tag = tag_of("text", version.pk, version.sha256, version.ready_at)
    return unless_known(request, tag, lambda: text_response(version_text(version)))


def text_response(text: str) -> HttpResponse:
    """Return extracted text, character for character."""
    return _inert(HttpResponse(text, content_type="text/plain; charset=utf-8"))


def attachment_response(text: str, *, filename: str, kind: str) -> HttpResponse:
    """Return a text to be saved under this name. ``kind`` is its media type."""
    response = HttpResponse(text, content_type=f"{kind}; charset=utf-8")
    disposition = content_disposition_header(as_attachment=True, filename=filename)
    response["Content-Disposition"] = disposition or "attachment"
    return _inert(response)
