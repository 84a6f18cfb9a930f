"""Running the product: serving, checking, keeping it safe."""

from django.apps import AppConfig


class OpsConfig(AppConfig):
    name = "ragsite.ops"
    label = "ops"
    verbose_name = "Operations"

    def ready(self) -> None:
        """Bind the worker's pool to the worker."""
        from ragsite.ops import receivers  # noqa: F401  # connects on import
