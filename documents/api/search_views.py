"""Search over HTTP."""

from __future__ import annotations

from functools import partial
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from documents.api.callers import signed_in
from documents.api.serializers import SearchResultSerializer, SearchSerializer
from documents.search.hybrid import search
from documents.search.kept import search_kept
from documents.search.scope import Within, as_of_read
from documents.services.collections import collection_get
from documents.types import Mode


class SearchView(APIView):
    """Passages for a question."""

    @extend_schema(
        operation_id="search", parameters=[SearchSerializer], responses=SearchResultSerializer
    )
    def get(self, request: Request) -> Response:
        """Search the documents the caller may read."""
        return self._search(request, request.query_params)

    @extend_schema(
        operation_id="search_post", request=SearchSerializer, responses=SearchResultSerializer
    )
    def post(self, request: Request) -> Response:
        """Search, with the question in the body."""
        return self._search(request, request.data)

    def _search(self, request: Request, data: Any) -> Response:
        asked = SearchSerializer(data=data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        named = given.get("collection")
        within = Within(
            collections=[collection_get(signed_in(request), named).pk] if named else (),
            documents=[given["document"]] if given.get("document") else (),
            as_of=as_of_read(given.get("as_of")),
        )
        run = partial(search, explain=True) if given["explain"] else search_kept
        result = run(
            signed_in(request),
            given["q"],
            mode=Mode(given["mode"]),
            limit=given["limit"],
            within=within,
        )
        return Response(SearchResultSerializer(result).data)
