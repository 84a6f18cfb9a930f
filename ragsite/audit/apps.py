"""Who did what to which object."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "ragsite.audit"
    label = "audit"
    verbose_name = "Audit log"

    def ready(self) -> None:
        """Listen to what happens."""
        from ragsite.audit import receivers  # noqa: F401  # connects on import
