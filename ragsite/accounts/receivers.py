"""What accounts do when a user appears."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db.models.signals import post_save
from django.dispatch import receiver

from ragsite.accounts import services


@receiver(post_save, sender=User)
def close_setup(sender: object, created: bool, raw: bool = False, **kwargs: Any) -> None:  # noqa: ARG001
    """However the first user came to be, the set-up link is spent."""
    if created and not raw:
        services.setup_close()
