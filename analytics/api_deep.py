"""Every part over HTTP, for administrators."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from analytics.api import LiveSerializer
from analytics.api_metrics import ADMINISTRATORS
from analytics.probes import looked_at, status_of


class PartSerializer(serializers.Serializer[Any]):
    """A part, how it is, what was seen, and how long the look took in milliseconds."""

    name = serializers.CharField()
    state = serializers.ChoiceField(choices=["ok", "degraded", "unavailable"])
    message = serializers.CharField()
    ms = serializers.FloatField()


class DeepSerializer(LiveSerializer):
    """The whole in a word, and each part."""

    parts = PartSerializer(many=True)


class DeepView(APIView):
    """How every part is, with a sentence each."""

    permission_classes = ADMINISTRATORS

    @extend_schema(operation_id="deep_health", responses={200: DeepSerializer, 503: DeepSerializer})
    def get(self, request: Request) -> Response:
        """Look at every part now; 503 where one fails that nothing works without."""
        del request
        found = looked_at()
        status = status_of(found)
        body = {"status": status, "parts": [asdict(each) for each in found]}
        return Response(body, status=503 if status == "unavailable" else 200)
