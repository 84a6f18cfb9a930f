"""Watches the product from the side."""

from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    name = "analytics"
    verbose_name = "Analytics"

    def ready(self) -> None:
        """Listen to what fails."""
        from analytics import error_log, failures  # noqa: F401  # connect on import
