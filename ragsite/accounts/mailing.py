"""Letters with a link to choose a new password."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.forms import PasswordResetForm
from django.db import connections

logger = logging.getLogger(__name__)


def is_possible() -> bool:
    """Whether letters can be sent, and lead to an address that the settings name."""
    return bool(settings.EMAIL_URL and settings.PUBLIC_URL)


def reset_send(address: str) -> None:
    """Send a link to each active account with this address; without one, do as much and send none.

    The link's host comes from ``PUBLIC_URL``, never from a request.
    """
    form = PasswordResetForm({"email": address})
    if not form.is_valid():
        return
    public = urlsplit(settings.PUBLIC_URL)
    form.save(
        domain_override=public.netloc,
        use_https=public.scheme == "https",
        subject_template_name="accounts/reset_subject.txt",
        email_template_name="accounts/reset_mail.txt",
        extra_email_context={"site_name": "ragsite"},
    )


def later(work: Callable[[], None]) -> None:
    """Do something beside the request: how long it takes must not tell whether it did anything."""

    def run() -> None:
        try:
            work()
        except Exception:
            logger.exception("a letter could not be sent")
        finally:
            connections.close_all()

    threading.Thread(target=run, name="letter", daemon=True).start()
