"""Watches the product from the side."""

from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    name = "analytics"
    verbose_name = "Analytics"

    def ready(self) -> None:
        """Listen to what happens and what fails, and write the rest down when a process ends."""
        from analytics import (  # noqa: F401  # connect on import
            caching,
            error_log,
            failures,
            receivers,
        )
