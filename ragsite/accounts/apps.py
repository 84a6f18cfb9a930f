"""People, their tokens and the first one of them."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "ragsite.accounts"
    label = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        """Close the set-up link as soon as anybody exists."""
        from ragsite.accounts import receivers  # noqa: F401  # connects on import
