"""Addresses of this app's part of the API, below ``/api/``."""

from django.urls import path

from analytics import api, api_metrics

urlpatterns = [
    path("health", api.HealthView.as_view(), name="health"),
    path("health/live", api.LiveView.as_view()),
    path("health/ready", api.ReadyView.as_view()),
    path("metrics", api_metrics.MetricsView.as_view()),
]
