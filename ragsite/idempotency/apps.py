"""The same request twice, done once."""

from django.apps import AppConfig


class IdempotencyConfig(AppConfig):
    name = "ragsite.idempotency"
    label = "idempotency"
    verbose_name = "Repeated requests"

    def ready(self) -> None:
        """Let what was kept of a document go with it."""
        from ragsite.idempotency import receivers  # noqa: F401  # connects on import
