"""Questions and their answers."""

from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "chat"
    verbose_name = "Chat"

    def ready(self) -> None:
        """Listen to what happens to documents."""
        from chat import receivers  # noqa: F401  # connects on import
