"""The top of the product: wiring. It imports everything and is imported by nothing."""

from ragsite.celery import app as celery_app

__all__ = ["celery_app"]
