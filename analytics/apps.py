"""Watches the product from the side."""

from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    name = "analytics"
    verbose_name = "Analytics"

    def ready(self) -> None:
        """Listen to what happens, and write the rest down when a worker's process ends."""
        from analytics import caching, receivers  # noqa: F401  # connects on import
