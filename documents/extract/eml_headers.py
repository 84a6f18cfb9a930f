"""Header fields of an e-mail, decoded for people (RFC 5322, RFC 2047)."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from typing import Final

_SHOWN: Final = ("From", "To", "Cc")
_FOLDED: Final = re.compile(r"[\r\n]+[ \t]*")
_LONG_FIELD: Final = 4_000
#: More addresses than these are a mailing list, not people to search by.
_MAX_PEOPLE: Final = 50


def header_lines(message: Message) -> str:
    """Return who wrote to whom and when, a line each."""
    lines = [f"{field}: {said}" for field in _SHOWN if (said := people(message, field))]
    if date := header_text(message, "Date"):
        lines.append(f"Date: {date}")
    return "\n".join(lines)


def header_text(message: Message, field: str) -> str:
    """Return a header field decoded, on one line; what cannot be decoded as it stands."""
    return decoded(_raw(message, field))


def decoded(raw: str) -> str:
    """Return text with encoded words (``=?utf-8?q?…?=``) read, on one line."""
    try:
        text = str(make_header(decode_header(raw)))
    except (ValueError, LookupError, UnicodeError, IndexError):
        text = raw
    return " ".join(text.encode("utf-8", "replace").decode("utf-8").split())


def people(message: Message, field: str) -> str:
    """Return names with their addresses, as far as they can be told apart."""
    found = []
    for name, address in getaddresses([_raw(message, field)])[:_MAX_PEOPLE]:
        shown = decoded(name)
        named = bool(shown and address and shown != address)
        found.append(f"{shown} <{address}>" if named else address or shown)
    return ", ".join(text for text in found if text)


def moment(message: Message) -> datetime | None:
    """Return when the message was written; ``None`` where the field makes no sense."""
    found = None
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        with suppress(ValueError, TypeError, IndexError, OverflowError):
            found = found or read(_raw(message, "Date"))
    if found is None:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _raw(message: Message, field: str) -> str:
    """Return a field as it stands in the file, bytes beyond ASCII read as UTF-8 or Latin."""
    value = next((str(v) for k, v in message.raw_items() if k.lower() == field.lower()), "")
    data = value[:_LONG_FIELD].encode("utf-8", "surrogateescape")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    return _FOLDED.sub(" ", text).strip()
