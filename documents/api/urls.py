"""Addresses of this app's part of the API, below ``/api/``."""

from __future__ import annotations

from django.urls import path

from documents.api import collection_views, diff_views, page_views, search_views, views

_VERSION = "documents/<str:document_id>/versions/<int:number>"
_COLLECTION = "collections/<str:key>"

urlpatterns = [
    path("documents", views.DocumentListView.as_view()),
    path("documents/upload", views.DocumentUploadView.as_view()),
    path("documents/<str:document_id>", views.DocumentView.as_view()),
    path("documents/<str:document_id>/retry", views.RetryView.as_view()),
    path("documents/<str:document_id>/versions", views.VersionListView.as_view()),
    path("documents/<str:document_id>/diff", diff_views.DiffView.as_view()),
    path(_VERSION, views.VersionView.as_view()),
    path(f"{_VERSION}/content", views.VersionContentView.as_view()),
    path(f"{_VERSION}/download", views.VersionDownloadView.as_view(), name="version_original"),
    path(
        f"{_VERSION}/pages/<int:page>.png",
        page_views.PagePictureView.as_view(),
        name="page_picture",
    ),
    path("search", search_views.SearchView.as_view()),
    path("collections", collection_views.CollectionListView.as_view()),
    path(_COLLECTION, collection_views.CollectionView.as_view()),
    path(f"{_COLLECTION}/members", collection_views.MemberListView.as_view()),
    path(f"{_COLLECTION}/members/<str:username>", collection_views.MemberView.as_view()),
]
