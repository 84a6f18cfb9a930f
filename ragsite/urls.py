"""Every address of the product."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from ragsite import schema

handler400 = "ragsite.errors.bad_request"
handler403 = "ragsite.errors.forbidden"
handler404 = "ragsite.errors.not_found"
handler500 = "ragsite.errors.server_error"

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("ragsite.accounts.urls")),
    path("", include("documents.urls")),
    path("", include("chat.urls")),
    path("", include("analytics.urls")),
    path("api/", include("ragsite.accounts.api_urls")),
    path("api/", include("documents.api.urls")),
    path("api/", include("chat.api.urls")),
    path("api/", include("analytics.api_urls")),
    path("openapi.json", schema.openapi, name="openapi"),
    path("docs", schema.docs, name="docs"),
    path("redoc", schema.redoc, name="redoc"),
]
