"""How lists of the API are cut into pages.

In a module of its own, and without the schema generator: the framework imports it
while it is itself being imported.
"""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request


class Pagination(PageNumberPagination):
    """``page`` and ``page_size``, at most 100 a page."""

    page_size_query_param = "page_size"
    max_page_size = 100

    def get_page_size(self, request: Request) -> int | None:
        """Return what was asked for, or the usual; more than the most there is gives the most.

        Raises ``ValidationError`` for what is no number of results.
        """
        asked = request.query_params.get("page_size", "")
        if not asked:
            return super().get_page_size(request)
        if not (asked.isascii() and asked.isdigit() and int(asked[:9]) > 0):
            raise ValidationError({"page_size": ["Give a whole number from 1 on."]})
        return min(int(asked[:9]), self.max_page_size)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Describe the parameters with their bounds."""
        described: list[dict[str, Any]] = super().get_schema_operation_parameters(view)
        for parameter in described:
            parameter["schema"]["minimum"] = 1
        return described

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Describe a page as OpenAPI 3.1 does, which has no ``nullable``."""
        described: dict[str, Any] = super().get_paginated_response_schema(schema)
        for name in ("next", "previous"):
            link = described["properties"][name]
            described["properties"][name] = {"type": ["string", "null"], "format": link["format"]}
        return described
