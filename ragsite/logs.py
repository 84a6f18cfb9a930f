"""How log lines are written: one line each, for people or for programs, without secrets.

Every line carries the id of the request or task it belongs to. Of an exception its type
and its way through the code are written, and no value.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from django.conf import settings

from analytics.belonging import place, user_id
from analytics.escaping import hider, one_line
from analytics.traces import OWN, trace_of
from documents.origin import Origin, current

#: Settings whose values must stand in no line.
_SECRET_SETTINGS = (
    *("SECRET_KEY", "OPENAI_API_KEY", "RERANK_API_KEY", "EMAIL_HOST_PASSWORD"),
    *("ALERT_WEBHOOK", "ALERT_WEBHOOK_SECRET", "SENTRY_DSN", "REDIS_URL"),
)


@cache
def _hide() -> Any:
    values = [str(getattr(settings, name, "") or "") for name in _SECRET_SETTINGS]
    return hider([*values, *settings.SECRET_KEY_FALLBACKS])


def message(record: logging.LogRecord) -> str:
    """Return what a record says in one line, with what may quote a person left out."""
    if hasattr(record, "request") and hasattr(record, "status_code"):
        # Django's own about requests: the address and the error may be anybody's text.
        where = place(Origin(request=record.request)) if hasattr(record.request, "method") else ""
        return f"{record.status_code} {where}".strip()
    if isinstance(record.args, Mapping) and "exc" in record.args:  # Celery's about tasks
        return one_line(f"task {record.args.get('name')} {record.args.get('description')}")
    text = _said(record)
    if record.name == "asyncio":  # goes on with the representation of what it was about
        text = text.partition("\n")[0]
    return one_line(_hide()(text))


def _said(record: logging.LogRecord) -> str:
    """Return a record's own text; of an exception that a library quotes, its type alone."""
    args = record.args
    if record.name.split(".", 1)[0] in OWN or not isinstance(args, tuple):
        return record.getMessage()
    kinds = tuple(type(a).__name__ if isinstance(a, BaseException) else a for a in args)
    return str(record.msg) % kinds if kinds else str(record.msg)


def _trace(record: logging.LogRecord) -> tuple[str, list[str]]:
    error = record.exc_info[1] if record.exc_info else None
    if error is None:
        return "", []
    trace = trace_of(error)
    return trace.kind, [one_line(_hide()(line)) for line in trace.lines()]


class TextFormatter(logging.Formatter):
    """For people: time, level, logger, request and message; a trace in indented lines below."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        at = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        origin = current()
        belongs = f" [{one_line(origin.request_id)}]" if origin.request_id else ""
        _, trace = _trace(record)
        line = f"{at} {record.levelname} {one_line(record.name)}{belongs} {message(record)}"
        return "\n    ".join([line, *trace])


class JsonFormatter(logging.Formatter):
    """For programs: one object a line. What is not known is left out."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        origin = current()
        kind, trace = _trace(record)
        known = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": message(record),
            "request_id": origin.request_id,
            "task": origin.task,
            "task_id": origin.task_id,
            "user_id": user_id(origin),
            "release": settings.VERSION,
            **getattr(record, "fields", {}),
            "error": kind,
            "trace": trace,
        }
        found = {name: value for name, value in known.items() if value not in (None, "", [])}
        return json.dumps(found, default=str)
