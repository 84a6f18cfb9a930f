"""Addresses of this app's pages."""

from django.urls import path

from analytics import api_metrics, views

urlpatterns = [
    path("dashboard", views.overview, name="dashboard"),
    path("dashboard/requests", views.requests, name="dashboard_requests"),
    path("dashboard/use", views.use, name="dashboard_use"),
    path("metrics", api_metrics.ExpositionView.as_view(), name="exposition"),
]
