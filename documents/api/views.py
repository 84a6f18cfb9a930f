"""Documents and their versions over HTTP."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.generics import GenericAPIView
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import MultiPartParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from documents.api.callers import signed_in
from documents.api.conditions import IF_MATCH, require_match
from documents.api.files import SERVED_TYPES, original_response, version_text_response
from documents.api.repeats import IDEMPOTENCY_KEY
from documents.api.serializers import (
    DocumentChangeSerializer,
    DocumentSerializer,
    UploadedDocumentSerializer,
    UploadFieldsSerializer,
    UploadResultSerializer,
    UploadSerializer,
    VersionFileSerializer,
    VersionSerializer,
)
from documents.api.uploads import read_file, take_in
from documents.errors import FilesRejected, InvalidInput
from documents.models import Document
from documents.selectors import document_get, document_list, version_get
from documents.services import collections, documents
from documents.services.deeds import document_downloaded
from documents.services.documents import Upload
from documents.services.uses import document_looked_at
from documents.types import Status


class AnyAccept(BaseContentNegotiation):
    """Answers files in their own type, whatever the caller says to accept."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Take the first renderer, which only errors go through."""
        del request, format_suffix
        return renderers[0], renderers[0].media_type

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """Take the first parser: these views read no body."""
        del request
        return parsers[0]


def _shown(upload: Upload) -> dict[str, Any]:
    document = Document.objects.with_newest().get(pk=upload.document.pk)
    document.duplicate = upload.duplicate
    return UploadedDocumentSerializer(document).data


def _detail(user: User, document_id: str) -> dict[str, Any]:
    """Return a document as a read shows it."""
    return DocumentSerializer(document_get(user, document_id)).data


class DocumentUploadView(APIView):
    """Upload files."""

    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="documents_upload",
        parameters=[IDEMPOTENCY_KEY],
        request={"multipart/form-data": UploadSerializer},
        responses={202: UploadResultSerializer},
    )
    def post(self, request: Request) -> Response:
        """Take in one or more files. They are safe when this answers; reading them follows."""
        fields = UploadFieldsSerializer(data=request.data)
        fields.is_valid(raise_exception=True)
        given = fields.validated_data
        named = given.get("collection")
        collection = (
            collections.collection_get(signed_in(request), named, edit=True)
            if named
            else collections.collection_default(signed_in(request))
        )
        batch = take_in(
            signed_in(request),
            [*request.FILES.getlist("files"), *request.FILES.getlist("file")],
            collection=collection,
            title=given.get("title", ""),
            author=given.get("author", ""),
        )
        if not batch.uploads:
            raise FilesRejected(batch.rejected, status=batch.status, retry_after=batch.retry_after)
        body = {"documents": [_shown(u) for u in batch.uploads], "rejected": batch.rejected}
        return Response(body, status=status.HTTP_202_ACCEPTED)


class DocumentListView(GenericAPIView[Document]):
    """The documents the caller may read."""

    serializer_class = DocumentSerializer

    @extend_schema(
        operation_id="documents_list",
        parameters=[
            OpenApiParameter("search", str, description="Words of title, author or file name."),
            OpenApiParameter("status", str, enum=[s.value for s in Status]),
            OpenApiParameter("collection", str, description="Id or slug."),
        ],
        responses=DocumentSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """List documents, newest first."""
        query = request.query_params
        wanted = query.get("status", "")
        if wanted and wanted not in set(Status):
            raise InvalidInput(f"The status is one of {', '.join(Status)}.")
        named = query.get("collection", "")
        rows = document_list(
            signed_in(request),
            search=query.get("search", ""),
            status=wanted,
            collection=collections.collection_get(signed_in(request), named).pk if named else None,
        )
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(DocumentSerializer(page, many=True).data)


class DocumentView(APIView):
    """One document."""

    @extend_schema(operation_id="documents_get", responses=DocumentSerializer)
    def get(self, request: Request, document_id: str) -> Response:
        """Show a document."""
        return Response(_detail(signed_in(request), document_id))

    @extend_schema(
        operation_id="documents_change",
        parameters=[IF_MATCH],
        request=DocumentChangeSerializer,
        responses=DocumentSerializer,
    )
    def patch(self, request: Request, document_id: str) -> Response:
        """Change title or author, or move the document to another collection."""
        user = signed_in(request)
        document = document_get(user, document_id)
        change = DocumentChangeSerializer(data=request.data)
        change.is_valid(raise_exception=True)
        given = dict(change.validated_data)
        if "collection" in given:
            given["collection"] = collections.collection_get(
                signed_in(request), given["collection"], edit=True
            )
        with transaction.atomic():
            require_match(request, lambda: _detail(user, document_id))
            documents.document_update(user=user, document=document, **given)
        return Response(_detail(user, document_id))

    @extend_schema(operation_id="documents_delete", responses={204: None})
    def delete(self, request: Request, document_id: str) -> Response:
        """Delete a document with its versions, text and vectors."""
        document = document_get(signed_in(request), document_id)
        documents.document_delete(user=signed_in(request), document=document)
        return Response(status=status.HTTP_204_NO_CONTENT)


class VersionListView(GenericAPIView[Any]):
    """The versions of a document."""

    serializer_class = VersionSerializer
    parser_classes = [MultiPartParser]

    @extend_schema(operation_id="versions_list", responses=VersionSerializer(many=True))
    def get(self, request: Request, document_id: str) -> Response:
        """List the versions of a document, newest first."""
        document = document_get(signed_in(request), document_id)
        rows = document.versions.select_related("document").order_by("-number")
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(VersionSerializer(page, many=True).data)

    @extend_schema(
        operation_id="versions_add",
        parameters=[IDEMPOTENCY_KEY],
        request={"multipart/form-data": VersionFileSerializer},
        responses={202: UploadedDocumentSerializer},
    )
    def post(self, request: Request, document_id: str) -> Response:
        """Add a version. The document answers from the last one until this is ready."""
        document = document_get(signed_in(request), document_id)
        files = [*request.FILES.getlist("file"), *request.FILES.getlist("files")]
        if len(files) != 1:
            raise InvalidInput("Send one file, in the field named file.")
        upload = documents.version_add(
            user=signed_in(request),
            document=document,
            data=read_file(files[0]),
            filename=files[0].name or "",
        )
        return Response(_shown(upload), status=status.HTTP_202_ACCEPTED)


class VersionView(APIView):
    """One version of a document."""

    @extend_schema(operation_id="versions_get", responses=VersionSerializer)
    def get(self, request: Request, document_id: str, number: int) -> Response:
        """Show one version."""
        return Response(
            VersionSerializer(version_get(signed_in(request), document_id, number)).data
        )


_TEXT = OpenApiResponse(OpenApiTypes.STR, description="The text, in UTF-8.")
_BYTES = OpenApiResponse(OpenApiTypes.BINARY, description="The file as it was uploaded.")


class VersionContentView(APIView):
    """The text of a version."""

    content_negotiation_class = AnyAccept

    @extend_schema(operation_id="versions_content", responses={(200, "text/plain"): _TEXT})
    def get(self, request: Request, document_id: str, number: int) -> HttpResponse:
        """Return the extracted text. All offsets count characters of it."""
        version = version_get(signed_in(request), document_id, number)
        response = version_text_response(request, version)
        document_looked_at(request.user, version.document_id, "opened")
        return response


class VersionDownloadView(APIView):
    """The file of a version."""

    content_negotiation_class = AnyAccept

    @extend_schema(
        operation_id="versions_download", responses={(200, kind): _BYTES for kind in SERVED_TYPES}
    )
    def get(self, request: Request, document_id: str, number: int) -> HttpResponse:
        """Return the original bytes."""
        version = version_get(signed_in(request), document_id, number)
        response = original_response(request, version)
        document_downloaded(version)
        document_looked_at(request.user, version.document_id, "downloaded")
        return response


class RetryView(APIView):
    """A failed version again."""

    @extend_schema(
        operation_id="documents_retry", request=None, responses={202: DocumentSerializer}
    )
    def post(self, request: Request, document_id: str) -> Response:
        """Read the newest version again after it failed."""
        document = document_get(signed_in(request), document_id)
        documents.version_retry(user=signed_in(request), document=document)
        shown = DocumentSerializer(document_get(signed_in(request), document_id))
        return Response(shown.data, status=status.HTTP_202_ACCEPTED)
