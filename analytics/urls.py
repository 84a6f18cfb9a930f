"""Addresses of this app's pages."""

from django.urls import path

from analytics import api_metrics, fault_views, views

urlpatterns = [
    path("dashboard", views.overview, name="dashboard"),
    path("dashboard/requests", views.requests, name="dashboard_requests"),
    path("dashboard/use", views.use, name="dashboard_use"),
    path("dashboard/errors", fault_views.errors, name="dashboard_errors"),
    path("dashboard/errors/<int:pk>", fault_views.error, name="dashboard_error"),
    path("dashboard/errors/<int:pk>/resolve", fault_views.error_resolve, name="error_resolve"),
    path("dashboard/alerts", fault_views.alerts, name="dashboard_alerts"),
    path("metrics", api_metrics.ExpositionView.as_view(), name="exposition"),
]
