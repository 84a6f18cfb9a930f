"""Addresses of the pages of this app."""

from __future__ import annotations

from django.urls import path

from documents.views import collections, comparing, detail, listing, searching

_DOCUMENT = "documents/<uuid:document_id>"
_COLLECTION = "collections/<int:collection_id>"

urlpatterns = [
    path("documents/", listing.documents, name="documents"),
    path("documents/upload/", listing.upload, name="document_upload"),
    path("documents/progress/", listing.progress, name="documents_progress"),
    path("documents/samples/", listing.samples, name="samples"),
    path(f"{_DOCUMENT}/", detail.document, name="document"),
    path(f"{_DOCUMENT}/edit/", detail.document_edit, name="document_edit"),
    path(f"{_DOCUMENT}/retry/", detail.document_retry, name="document_retry"),
    path(f"{_DOCUMENT}/delete/", detail.document_remove, name="document_delete"),
    path(f"{_DOCUMENT}/diff/", comparing.diff, name="document_diff"),
    path(f"{_DOCUMENT}/versions/", detail.version_upload, name="version_upload"),
    path(f"{_DOCUMENT}/versions/<int:number>/", detail.passage, name="passage"),
    path(f"{_DOCUMENT}/versions/<int:number>/download/", detail.download, name="download"),
    path("search/", searching.search, name="search"),
    path("collections/", collections.collections, name="collections"),
    path(f"{_COLLECTION}/", collections.collection, name="collection"),
    path(f"{_COLLECTION}/rename/", collections.rename, name="collection_rename"),
    path(f"{_COLLECTION}/delete/", collections.remove, name="collection_delete"),
    path(f"{_COLLECTION}/members/", collections.member_add, name="member_add"),
    path(
        f"{_COLLECTION}/members/<int:user_id>/remove/",
        collections.member_delete,
        name="member_remove",
    ),
]
