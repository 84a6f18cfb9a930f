"""What quotas do in the background."""

from celery import shared_task

from ragsite.quotas.services import forget_old


@shared_task(name="ragsite.quotas.tasks.forget")
def forget() -> None:
    """Remove the counts of days long past."""
    forget_old()
