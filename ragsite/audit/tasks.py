"""What the audit log does in the background."""

from celery import shared_task

from ragsite.audit.services import forget_old


@shared_task(name="ragsite.audit.tasks.forget")
def forget() -> None:
    """Remove what is older than the retention."""
    forget_old()
