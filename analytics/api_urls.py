"""Addresses of this app's part of the API, below ``/api/``."""

from django.urls import path

from analytics import api, api_deep, api_metrics, api_usage

urlpatterns = [
    path("health", api.HealthView.as_view(), name="health"),
    path("health/live", api.LiveView.as_view()),
    path("health/ready", api.ReadyView.as_view()),
    path("health/deep", api_deep.DeepView.as_view()),
    path("analytics", api_usage.UsageView.as_view()),
    path("analytics/table.csv", api_usage.UsageTableView.as_view(), name="usage_table"),
    path("metrics", api_metrics.MetricsView.as_view()),
]
