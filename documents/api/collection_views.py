"""Collections and their members over HTTP."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from documents.api.callers import signed_in
from documents.api.conditions import IF_MATCH, require_match
from documents.api.serializers import (
    CollectionChangeSerializer,
    CollectionCreateSerializer,
    CollectionSerializer,
    MemberRoleSerializer,
    MemberSerializer,
)
from documents.errors import NotFound
from documents.models import Collection, Membership
from documents.services import collections


def _rows(request: Request) -> QuerySet[Any]:
    """Return the caller's collections with their role and the number of documents."""
    visible = Collection.objects.visible_to(signed_in(request))
    present = Q(documents__retired_at=None)
    rows: QuerySet[Any] = visible.annotate(
        role=F("memberships__role"),
        document_count=Count("documents", filter=present, distinct=True),
    ).order_by("name", "id")
    return rows


def _shown(request: Request, collection: Collection) -> dict[str, Any]:
    return CollectionSerializer(_rows(request).get(pk=collection.pk)).data


class CollectionListView(GenericAPIView[Collection]):
    """The caller's collections."""

    serializer_class = CollectionSerializer

    @extend_schema(operation_id="collections_list", responses=CollectionSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List the collections the caller may read."""
        page = self.paginate_queryset(_rows(request))
        return self.get_paginated_response(CollectionSerializer(page, many=True).data)

    @extend_schema(
        operation_id="collections_create",
        request=CollectionCreateSerializer,
        responses={201: CollectionSerializer},
    )
    def post(self, request: Request) -> Response:
        """Make a collection; the caller owns it."""
        given = CollectionCreateSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        made = collections.collection_create(user=signed_in(request), **given.validated_data)
        return Response(_shown(request, made), status=status.HTTP_201_CREATED)


class CollectionView(APIView):
    """One collection, by id or slug."""

    @extend_schema(operation_id="collections_get", responses=CollectionSerializer)
    def get(self, request: Request, key: str) -> Response:
        """Show a collection."""
        return Response(_shown(request, collections.collection_get(signed_in(request), key)))

    @extend_schema(
        operation_id="collections_change",
        parameters=[IF_MATCH],
        request=CollectionChangeSerializer,
        responses=CollectionSerializer,
    )
    def patch(self, request: Request, key: str) -> Response:
        """Rename a collection."""
        collection = collections.collection_get(signed_in(request), key)
        given = CollectionChangeSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        with transaction.atomic():
            require_match(request, lambda: _shown(request, collection))
            collections.collection_rename(
                user=signed_in(request), collection=collection, **given.validated_data
            )
        return Response(_shown(request, collection))

    @extend_schema(operation_id="collections_delete", responses={204: None})
    def delete(self, request: Request, key: str) -> Response:
        """Delete an empty collection."""
        collection = collections.collection_get(signed_in(request), key)
        collections.collection_delete(user=signed_in(request), collection=collection)
        return Response(status=status.HTTP_204_NO_CONTENT)


class MemberListView(GenericAPIView[Membership]):
    """The members of a collection."""

    serializer_class = MemberSerializer

    @extend_schema(operation_id="members_list", responses=MemberSerializer(many=True))
    def get(self, request: Request, key: str) -> Response:
        """List who may read the collection, and as what."""
        collection = collections.collection_get(signed_in(request), key)
        rows = collection.memberships.select_related("user").order_by("user__username")
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(MemberSerializer(page, many=True).data)

    @extend_schema(
        operation_id="members_set", request=MemberSerializer, responses={201: MemberSerializer}
    )
    def post(self, request: Request, key: str) -> Response:
        """Give a user a role; one who is a member already gets the new role."""
        collection = collections.collection_get(signed_in(request), key)
        given = MemberSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        membership = collections.member_set(
            user=signed_in(request),
            collection=collection,
            member=given.validated_data["user"]["username"],
            role=given.validated_data["role"],
        )
        return Response(MemberSerializer(membership).data, status=status.HTTP_201_CREATED)


class MemberView(APIView):
    """One member of a collection."""

    def _membership(self, request: Request, key: str, username: str) -> Membership:
        collection = collections.collection_get(signed_in(request), key)
        rows = collection.memberships.select_related("user", "collection")
        found = rows.filter(user__username=username).first()
        if found is None:
            raise NotFound("This user is not a member of the collection.")
        return found

    @extend_schema(operation_id="members_get", responses=MemberSerializer)
    def get(self, request: Request, key: str, username: str) -> Response:
        """Show one member."""
        return Response(MemberSerializer(self._membership(request, key, username)).data)

    @extend_schema(
        operation_id="members_change", request=MemberRoleSerializer, responses=MemberSerializer
    )
    def patch(self, request: Request, key: str, username: str) -> Response:
        """Change the role of a member."""
        found = self._membership(request, key, username)
        given = MemberRoleSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        membership = collections.member_set(
            user=signed_in(request),
            collection=found.collection,
            member=found.user.username,
            role=given.validated_data["role"],
        )
        return Response(MemberSerializer(membership).data)

    @extend_schema(operation_id="members_remove", responses={204: None})
    def delete(self, request: Request, key: str, username: str) -> Response:
        """Take a member out; a member may also leave."""
        found = self._membership(request, key, username)
        collections.member_remove(
            user=signed_in(request), collection=found.collection, member=found.user
        )
        return Response(status=status.HTTP_204_NO_CONTENT)
