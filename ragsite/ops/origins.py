"""Carries the id of a request from the web into the tasks that it causes."""

from __future__ import annotations

from typing import Any, Final

from celery.signals import before_task_publish, task_postrun, task_prerun
from django.core.signals import request_finished
from django.dispatch import receiver

from documents.origin import Origin, begin, current, end
from ragsite.request_id import request_id

#: The header of a task's message; its arguments stay ids of rows alone.
_HEADER: Final = "ragsite_request_id"


@receiver(request_finished)
def request_ends(sender: object, **kwargs: Any) -> None:  # noqa: ARG001
    """What comes after the last byte belongs to the request no more."""
    end()


@before_task_publish.connect
def send_along(headers: dict[str, Any] | None = None, **kwargs: Any) -> None:  # noqa: ARG001
    """Write the present request's id into the message."""
    if headers is not None and (given := current().request_id):
        headers[_HEADER] = given


@task_prerun.connect
def task_begins(task_id: str, task: Any, **kwargs: Any) -> None:  # noqa: ARG001
    """Work for the request that caused the task; one that none caused is its own."""
    own = task_id.replace("-", "")
    # A worker makes the message's headers attributes; a task run in place keeps them apart.
    given = getattr(task.request, _HEADER, "") or (task.request.headers or {}).get(_HEADER, own)
    begin(Origin(request_id(str(given)), task=task.name, task_id=str(task_id)))


@task_postrun.connect
def task_ends(**kwargs: Any) -> None:  # noqa: ARG001
    """What comes next belongs to this task no more."""
    end()
