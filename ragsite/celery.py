"""The Celery application. Tasks live in each app's ``tasks`` module."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging

from ragsite import broker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ragsite.settings")

broker.use()
app = Celery("ragsite")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_logging(**kwargs: Any) -> None:
    """Leave logging as the settings have it: with a receiver, Celery sets up none of its own."""
