"""The Celery application. Tasks live in each app's ``tasks`` module."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_init
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ragsite.settings")

app = Celery("ragsite")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_logging(**kwargs: Any) -> None:
    """Leave logging as the settings have it: with a receiver, Celery sets up none of its own."""


@worker_init.connect
def mend_broker(**kwargs: Any) -> None:  # noqa: ARG001  # Celery's signature
    """Remove what a crash left half written: a worker would not start with it."""
    from ragsite.ops.broker import broker_mend  # noqa: PLC0415  # this module comes first of all

    broker_mend(settings.BROKER_DIR)
