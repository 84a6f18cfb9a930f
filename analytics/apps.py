"""Watches the product from the side."""

from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    name = "analytics"
    verbose_name = "Analytics"

    def ready(self) -> None:
        """Listen to the caches."""
        from analytics import caching  # noqa: F401  # connects on import
