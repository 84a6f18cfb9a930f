"""What accounts do in the background."""

from celery import shared_task

from ragsite.accounts.sessions import SessionStore


@shared_task(name="ragsite.accounts.tasks.forget")
def forget() -> None:
    """Remove the sessions that have run out."""
    SessionStore.clear_expired()
