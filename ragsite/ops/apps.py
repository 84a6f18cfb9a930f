"""Running the product: serving, checking, keeping it safe."""

from django.apps import AppConfig


class OpsConfig(AppConfig):
    name = "ragsite.ops"
    label = "ops"
    verbose_name = "Operations"

    def ready(self) -> None:
        """Bind the worker's pool to the worker, and tell those who watch what is known here."""
        from analytics import panels, probes
        from ragsite.ops import (
            receivers,  # noqa: F401  # connects on import
            watched,
        )

        panels.register("backup", watched.backup_panel)
        panels.register("reconciliation", watched.reconciliation_panel)
        probes.register(probes.Probe("key", watched.key_probe, essential=True))
        probes.register(probes.Probe("folder", watched.writable_folder, essential=True))
        probes.register(probes.Probe("backup", watched.backup_probe))
        probes.register(probes.Probe("reconciliation", watched.reconciliation_probe))
