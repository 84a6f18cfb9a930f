"""What each user may use: files, bytes, questions, tokens."""

from django.apps import AppConfig


class QuotasConfig(AppConfig):
    name = "ragsite.quotas"
    label = "quotas"
    verbose_name = "Quotas"

    def ready(self) -> None:
        """Count what documents and chat let through."""
        from chat import spending
        from documents import admission
        from ragsite.quotas import services

        admission.register(services.upload_count)
        spending.connect(services.Accounts())
