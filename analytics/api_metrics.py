"""Numbers over HTTP, for administrators and for programs that watch."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import APIView

from analytics.metrics import metrics
from documents.api.views import AnyAccept
from documents.caching import Cached

#: Who may see numbers about everybody: whom the installation lets in, and an administrator.
ADMINISTRATORS: list[Any] = [*api_settings.DEFAULT_PERMISSION_CLASSES, IsAdminUser]


class WindowSerializer(serializers.Serializer[Any]):
    """How far to look back."""

    minutes = serializers.IntegerField(min_value=1, max_value=7 * 24 * 60, default=60)


class LatencySerializer(serializers.Serializer[Any]):
    """Milliseconds below which that share of all lies; null where there were none."""

    p50 = serializers.FloatField(allow_null=True)
    p95 = serializers.FloatField(allow_null=True)
    p99 = serializers.FloatField(allow_null=True)


class TimedSerializer(serializers.Serializer[Any]):
    """How often something happened, how often it failed, and how long it took."""

    name = serializers.CharField()
    count = serializers.IntegerField()
    client_errors = serializers.IntegerField()
    server_errors = serializers.IntegerField()
    error_rate = serializers.FloatField(help_text="The share of server errors.")
    latency_ms = LatencySerializer()


class OverallSerializer(TimedSerializer):
    """All of a kind as one."""

    per_minute = serializers.FloatField()


class QueueSerializer(serializers.Serializer[Any]):
    """The queue of ingestion."""

    queued = serializers.IntegerField()
    processing = serializers.IntegerField()
    oldest_seconds = serializers.FloatField()


class CacheUseSerializer(serializers.Serializer[Any]):
    """How often a cache had what was asked for."""

    name = serializers.ChoiceField(choices=[kind.value for kind in Cached])
    hits = serializers.IntegerField()
    misses = serializers.IntegerField()
    hit_rate = serializers.FloatField(
        allow_null=True, help_text="From 0 to 1; null where nothing was asked."
    )


class ZeroHitsSerializer(serializers.Serializer[Any]):
    """How many searches found nothing."""

    count = serializers.IntegerField()
    nothing = serializers.IntegerField()
    share = serializers.FloatField(allow_null=True)


class OutcomesSerializer(serializers.Serializer[Any]):
    """What became of the answers, and the share that was refused."""

    outcomes = serializers.DictField(child=serializers.IntegerField())
    refused = serializers.FloatField(allow_null=True)


class CoverageSerializer(serializers.Serializer[Any]):
    """The mean share of an answer's sentences that its sources carry."""

    answers = serializers.IntegerField()
    mean = serializers.FloatField(allow_null=True)


class TokensSerializer(serializers.Serializer[Any]):
    """The tokens that a model read and wrote, and their cost by the prices of the settings."""

    model = serializers.CharField()
    prompt = serializers.IntegerField()
    completion = serializers.IntegerField()
    cost = serializers.FloatField(allow_null=True)


class FaultSerializer(serializers.Serializer[Any]):
    """How often something failed with a code."""

    where = serializers.CharField()
    code = serializers.CharField()
    count = serializers.IntegerField()


class MetricsSerializer(serializers.Serializer[Any]):
    """How the product does."""

    minutes = serializers.IntegerField()
    requests = OverallSerializer()
    routes = TimedSerializer(many=True)
    ingest = OverallSerializer()
    ingest_outcomes = serializers.DictField(child=serializers.IntegerField())
    ingest_stages = TimedSerializer(many=True)
    searches = TimedSerializer(many=True)
    searches_without_hits = ZeroHitsSerializer()
    first_token = TimedSerializer()
    answer_times = TimedSerializer(many=True)
    answer_outcomes = OutcomesSerializer()
    citation_coverage = CoverageSerializer()
    tokens = TokensSerializer(many=True)
    faults = FaultSerializer(many=True)
    queue = QueueSerializer()
    documents = serializers.DictField(child=serializers.IntegerField())
    answers = serializers.DictField(child=serializers.IntegerField())
    workers = serializers.ListField(child=serializers.DictField())
    caches = CacheUseSerializer(many=True)


class MetricsView(APIView):
    """Latencies, throughput, errors, queue and answers."""

    permission_classes = ADMINISTRATORS

    @extend_schema(
        operation_id="metrics", parameters=[WindowSerializer], responses=MetricsSerializer
    )
    def get(self, request: Request) -> Response:
        """Tell the numbers of the last minutes. Administrators only."""
        window = WindowSerializer(data=request.query_params)
        window.is_valid(raise_exception=True)
        return Response(metrics(window.validated_data["minutes"]))


class ExpositionView(APIView):
    """The numbers in the text format of Prometheus."""

    permission_classes = ADMINISTRATORS
    content_negotiation_class = AnyAccept  # it has one form, whatever a scraper says to accept
    schema = None

    def get(self, request: Request) -> HttpResponse:
        """Tell everything. A token of an administrator is needed."""
        from analytics.exposition import exposition  # noqa: PLC0415  # seldom needed

        del request
        return HttpResponse(exposition(), content_type="text/plain; version=0.0.4; charset=utf-8")
