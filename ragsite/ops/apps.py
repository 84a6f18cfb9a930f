"""Running the product: serving, checking, keeping it safe."""

from django.apps import AppConfig


class OpsConfig(AppConfig):
    name = "ragsite.ops"
    label = "ops"
    verbose_name = "Operations"

    def ready(self) -> None:
        """Bind the worker's pool to the worker, and say for whom work is done."""
        from ragsite.ops import alerting, origins, receivers  # noqa: F401  # connect on import
        from ragsite.ops.sentry import sentry_start

        sentry_start()
