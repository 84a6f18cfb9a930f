"""Notes every error that nobody foresaw, from wherever it is first seen, once.

Three places see them: Django, for what a view raised; Celery, for what a task raised; and
the log, for what was caught and logged with its trace.
"""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from typing import Any, Final

from django.apps import apps
from django.conf import settings
from django.core.signals import got_request_exception
from django.dispatch import Signal, receiver
from django.utils import timezone

from analytics.belonging import place
from analytics.traces import Trace, trace_of
from analytics.types import ErrorRecord
from documents.origin import Origin, current

#: An error was noted. Sends ``record`` and ``trace``, neither of which holds a value.
error_noted = Signal()

#: Marks an exception that was noted already: the log sees again what Django or Celery saw.
_MARK: Final = "_ragsite_noted"
#: Errors of the caller's making, of writing errors down, and those that Celery's signal tells.
_NOT_OURS: Final = ("django.security", "analytics.recording", "celery.app.trace")


def error_note(error: BaseException, where: str = "") -> None:
    """Note an error, unless it was noted before. Never fails."""
    if getattr(error, _MARK, False):
        return
    with suppress(AttributeError, TypeError):  # few exceptions take no attributes
        setattr(error, _MARK, True)
    try:
        trace = trace_of(error)
        record = _record(trace, where)
        _recorder().note(record)
        error_noted.send_robust(sender=ErrorRecord, record=record, trace=trace)
    except Exception:  # what notes errors must not make more of them
        logging.getLogger("analytics.recording").exception("an error could not be noted")


def _recorder() -> Any:
    # The log is set up before there are models.
    from analytics.recording import recorder  # noqa: PLC0415

    return recorder


def _record(trace: Trace, where: str) -> ErrorRecord:
    origin = current()
    return ErrorRecord(
        at=timezone.now(),
        fingerprint=trace.fingerprint,
        kind=trace.kind,
        title=trace.title,
        said=trace.said,
        trace="\n".join(trace.lines()),
        where=(where or place(origin))[:200],
        request_id=origin.request_id,
        release=settings.VERSION,
    )


class ErrorHandler(logging.Handler):
    """Notes what is logged at ERROR with an exception."""

    def emit(self, record: logging.LogRecord) -> None:
        """Note the record's exception."""
        error = record.exc_info[1] if record.exc_info else None
        if error is None or not apps.ready or record.name.startswith(_NOT_OURS):
            return
        error_note(error, place(current()) or record.name)


@receiver(got_request_exception)
def view_failed(sender: object, request: Any = None, **kwargs: Any) -> None:  # noqa: ARG001
    """Note what a view raised."""
    error = sys.exc_info()[1]
    if error is not None:
        error_note(error, place(Origin(request=request)) if request is not None else "")


def task_failed(sender: Any = None, exception: Any = None, **kwargs: Any) -> None:  # noqa: ARG001
    """Note what a task raised, or how it was ended."""
    if isinstance(exception, BaseException):
        error_note(exception, str(getattr(sender, "name", "")))
