"""The caller's own tokens over HTTP."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from documents.api.callers import signed_in
from documents.errors import NotFound
from ragsite.accounts import services
from ragsite.accounts.models import APIToken


class TokenSerializer(serializers.ModelSerializer[APIToken]):
    """A token without its secret."""

    class Meta:
        model = APIToken
        fields = ["id", "name", "prefix", "scope", "created_at", "expires_at", "last_used_at"]


class NewTokenSerializer(TokenSerializer):
    """A token that was just made: the only time its secret is shown."""

    token = serializers.CharField(read_only=True, help_text="The secret. Keep it now.")

    class Meta(TokenSerializer.Meta):
        fields = [*TokenSerializer.Meta.fields, "token"]


class TokenCreateSerializer(serializers.Serializer[Any]):
    """What a new token is for."""

    name = serializers.CharField(max_length=100, default="token")
    scope = serializers.ChoiceField(
        choices=APIToken.Scope.choices, default=APIToken.Scope.WRITE.value
    )
    days = serializers.IntegerField(
        min_value=1, max_value=services.MAX_DAYS, required=False, allow_null=True
    )


class TokenListView(GenericAPIView[APIToken]):
    """The caller's tokens."""

    serializer_class = TokenSerializer

    @extend_schema(operation_id="tokens_list", responses=TokenSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List tokens: their names and prefixes, never their secrets."""
        page = self.paginate_queryset(APIToken.objects.filter(user=signed_in(request)))
        return self.get_paginated_response(TokenSerializer(page, many=True).data)

    @extend_schema(
        operation_id="tokens_create",
        request=TokenCreateSerializer,
        responses={201: NewTokenSerializer},
    )
    def post(self, request: Request) -> Response:
        """Make a token. Its secret is in this answer and nowhere else."""
        given = TokenCreateSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        row, secret = services.token_create(user=signed_in(request), **given.validated_data)
        body = TokenSerializer(row).data | {"token": secret}
        return Response(body, status=status.HTTP_201_CREATED)


class TokenView(APIView):
    """One of the caller's tokens."""

    @extend_schema(operation_id="tokens_get", responses=TokenSerializer)
    def get(self, request: Request, token_id: int) -> Response:
        """Show a token without its secret."""
        found = APIToken.objects.filter(user=signed_in(request), pk=token_id).first()
        if found is None:
            raise NotFound
        return Response(TokenSerializer(found).data)

    @extend_schema(operation_id="tokens_revoke", responses={204: None})
    def delete(self, request: Request, token_id: int) -> Response:
        """Revoke a token; the next request with it is refused."""
        services.token_revoke(user=signed_in(request), token_id=token_id)
        return Response(status=status.HTTP_204_NO_CONTENT)
