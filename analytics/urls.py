"""Addresses of this app's pages."""

from django.urls import path

from analytics import api_metrics

urlpatterns = [path("metrics", api_metrics.ExpositionView.as_view(), name="exposition")]
