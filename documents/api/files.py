"""Sends stored files without letting them act: never run, never framed, never guessed at."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.http import content_disposition_header

from documents import storage
from documents.models import DocumentVersion
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


def original_response(version: DocumentVersion) -> HttpResponse:
    """Return the original bytes as a download under the name they were uploaded with."""
    data = storage.original_read(version.original)
    kind = _SERVED_AS.get(MediaType(version.media_type), _UNKNOWN)
    response = HttpResponse(data, content_type=kind)
    disposition = content_disposition_header(as_attachment=True, filename=version.filename)
    response["Content-Disposition"] = disposition or "attachment"
    return _inert(response)


def picture_response(data: bytes, tag: str) -> HttpResponse:
    """Return a PNG. A browser may keep it, but asks each time whether it still may show it."""
    response = _inert(HttpResponse(data, content_type="image/png"))
    response["Cache-Control"] = "private, no-cache"
    response["ETag"] = tag
    return response


def text_response(text: str) -> HttpResponse:
    """Return extracted text, character for character."""
    return _inert(HttpResponse(text, content_type="text/plain; charset=utf-8"))


def attachment_response(text: str, *, filename: str, kind: str) -> HttpResponse:
    """Return a text to be saved under this name. ``kind`` is its media type."""
    response = HttpResponse(text, content_type=f"{kind}; charset=utf-8")
    disposition = content_disposition_header(as_attachment=True, filename=filename)
    response["Content-Disposition"] = disposition or "attachment"
    return _inert(response)
