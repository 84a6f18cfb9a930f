"""Reports errors to Sentry too, where ``SENTRY_DSN`` names a project.

What is sent is what is kept here: types, places in the code and ids. None of the library's
own collectors is switched on, so that nothing else can get into a report.
"""

from __future__ import annotations

import atexit
import importlib
from typing import Any, Final

from django.conf import settings

from analytics.error_log import error_noted
from analytics.escaping import hider
from analytics.traces import Frame, Trace
from analytics.types import ErrorRecord
from ragsite.env import ConfigurationError

#: Seconds that the end of a process waits for reports that are under way.
_LAST_WORDS: Final = 2.0
#: The parts of a report that may leave. Whatever a later version of the library adds stays.
_ALLOWED: Final = frozenset({
    "event_id", "timestamp", "platform", "level", "logger", "release", "environment", "exception",
    "fingerprint", "tags", "transaction", "sdk", "contexts",
})  # fmt: skip


def sentry_start() -> None:
    """Begin to report, where that is set up. Raises ``ConfigurationError`` without the package."""
    if not settings.SENTRY_DSN:
        return
    try:
        sdk = importlib.import_module("sentry_sdk")
    except ImportError:
        raise ConfigurationError(
            "SENTRY_DSN needs the package sentry-sdk: pip install sentry-sdk"
        ) from None
    sdk.init(**options())
    error_noted.connect(lambda **news: report(sdk, news["record"], news["trace"]), weak=False,
                        dispatch_uid="sentry")  # fmt: skip
    atexit.register(lambda: sdk.flush(timeout=_LAST_WORDS))


def options() -> dict[str, Any]:
    """Return how the library is set up: to send what it is given, and to gather nothing."""
    return {
        "dsn": settings.SENTRY_DSN,
        "release": f"ragsite@{settings.VERSION}",
        "default_integrations": False,
        "auto_enabling_integrations": False,
        "send_default_pii": False,
        "include_local_variables": False,
        "include_source_context": False,
        "max_request_body_size": "never",
        "max_breadcrumbs": 0,
        "traces_sample_rate": None,
        "send_client_reports": False,
        "auto_session_tracking": False,
        "server_name": "",
        "before_send": scrubbed,
    }


def report(sdk: Any, record: ErrorRecord, trace: Trace) -> None:
    """Send one error."""
    sdk.capture_event(event(record, trace))


def event(record: ErrorRecord, trace: Trace) -> dict[str, Any]:
    """Return an error in Sentry's form: the outermost exception last, as it wants them."""
    return {
        "level": "error",
        "platform": "python",
        "fingerprint": [record.fingerprint],
        "transaction": record.where,
        "tags": {"request_id": record.request_id},
        "exception": {"values": [*map(_value, reversed(trace.causes)), _value(trace)]},
    }


def _value(trace: Trace) -> dict[str, Any]:
    module, _, kind = trace.kind.rpartition(".")
    frames = [_frame(frame) for frame in trace.frames]
    return {"type": kind, "module": module, "value": trace.said, "stacktrace": {"frames": frames}}


def _frame(frame: Frame) -> dict[str, Any]:
    return {
        "filename": frame.file,
        "function": frame.function,
        "module": frame.module,
        "lineno": frame.line,
        "context_line": frame.source,
        "in_app": frame.is_own,
    }


def scrubbed(event: dict[str, Any], hint: object = None) -> dict[str, Any]:  # noqa: ARG001
    """Return a report with only what may leave, and nothing in it that looks like a secret."""
    hide = hider([settings.SECRET_KEY, settings.OPENAI_API_KEY, settings.RERANK_API_KEY])
    cleaned: dict[str, Any] = _scrub({k: v for k, v in event.items() if k in _ALLOWED}, hide)
    return cleaned


def _scrub(value: Any, hide: Any) -> Any:
    if isinstance(value, dict):
        return {key: _scrub(item, hide) for key, item in value.items() if key != "vars"}
    if isinstance(value, list | tuple):
        return [_scrub(item, hide) for item in value]
    return hide(value) if isinstance(value, str) else value
