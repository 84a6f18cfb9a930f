"""Health over HTTP: for load balancers, orchestrators and people."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from analytics.selectors import Health, health
from documents.api.views import AnyAccept


class LiveSerializer(serializers.Serializer[Any]):
    """A word."""

    status = serializers.ChoiceField(choices=["ok", "degraded", "unavailable"])


class HealthSerializer(LiveSerializer):
    """A word, and each part: true where it is well."""

    checks = serializers.DictField(child=serializers.BooleanField())


def _response(found: Health, *, well: bool) -> Response:
    checks = {
        "database": found.database,
        "migrations": found.migrations,
        "disk": found.disk,
        "worker": found.worker,
    }
    return Response({"status": found.status, "checks": checks}, status=200 if well else 503)


class PublicView(APIView):
    """Open to callers that are not signed in; tells nothing about the inside."""

    authentication_classes = []
    content_negotiation_class = AnyAccept  # a probe asks for anything, and wants the status
    permission_classes = [AllowAny]


class LiveView(PublicView):
    """Whether the process answers."""

    @extend_schema(operation_id="health_live", auth=[], responses=LiveSerializer)
    def get(self, request: Request) -> Response:
        """Answer without touching anything else."""
        del request
        return Response({"status": "ok"})


class ReadyView(PublicView):
    """Whether requests can be answered."""

    @extend_schema(
        operation_id="health_ready",
        auth=[],
        responses={200: HealthSerializer, 503: HealthSerializer},
    )
    def get(self, request: Request) -> Response:
        """Answer 503 while database, migrations or disk do not allow work."""
        del request
        found = health()
        return _response(found, well=found.ready)


class HealthView(PublicView):
    """How the whole is."""

    @extend_schema(
        operation_id="health", auth=[], responses={200: HealthSerializer, 503: HealthSerializer}
    )
    def get(self, request: Request) -> Response:
        """Tell the state of each part; 503 where it is not ready."""
        del request
        found = health()
        return _response(found, well=found.ready)
