"""The ground of the product: content, its ingestion and its search."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


def _keep_generations(**_: Any) -> None:
    from documents.search.generation import keep_generations  # needs the models

    keep_generations()


class DocumentsConfig(AppConfig):
    name = "documents"
    verbose_name = "Documents"

    def ready(self) -> None:
        """See to what migrations leave out."""
        post_migrate.connect(_keep_generations, sender=self)
