"""What people write for "as it was then": a day, a moment, or the number of a version."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, tzinfo

from documents.errors import InvalidInput
from documents.types import AsOf

#: The longest text that can name a moment, with room to spare.
MAX_LENGTH = 40
#: No document has as many versions as this; larger numbers do not fit into the table.
_TOO_MANY = 2**31

_VERSION = re.compile(r"(?:version|v)?\s*([0-9]{1,18})", re.IGNORECASE)
_MOMENT = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[T ](?P<time>[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)"
    # A plus sign that was not encoded in an address arrives as a space.
    r"\s?(?P<offset>Z|[+\- ]?[0-9]{2}:?[0-9]{2})?)?",
    re.IGNORECASE,
)
_HELP = (
    "Write a date such as 2026-05-31, a date with a time such as 2026-05-31T14:00,"
    " or the number of a version."
)


def as_of_from(text: str, *, zone: tzinfo, now: datetime) -> AsOf | None:
    """Return the state of the library that ``text`` names; nothing for an empty text.

    A date is the end of that day in ``zone``; a time without an offset is in ``zone``,
    too. What is still to come means ``now``. ``moment`` comes in UTC. Raises
    ``InvalidInput`` for anything else.
    """
    asked = text.strip()
    if not asked:
        return None
    if len(asked) > MAX_LENGTH:
        raise InvalidInput(f"This is too long for a point in time. {_HELP}")
    if found := _VERSION.fullmatch(asked):
        return AsOf(version=_number(found[1]), asked=asked)
    if found := _MOMENT.fullmatch(asked):
        return AsOf(moment=min(_moment(found, zone), now.astimezone(UTC)), asked=asked)
    raise InvalidInput(f"“{asked}” is no point in time. {_HELP}")


def _number(digits: str) -> int:
    number = int(digits)
    if not 1 <= number < _TOO_MANY:
        raise InvalidInput("Versions are counted from 1.")
    return number


def _moment(found: re.Match[str], zone: tzinfo) -> datetime:
    try:
        day = datetime.fromisoformat(found["day"])
        if found["time"] is None:
            return datetime.combine(day, time.max, zone).astimezone(UTC)
        offset = _offset((found["offset"] or "").upper())
        moment = datetime.fromisoformat(f"{found['day']}T{found['time']}{offset}")
        aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        return aware.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidInput(f"There is no such date or time as “{found[0]}”. {_HELP}") from None


def _offset(written: str) -> str:
    if written[:1].isdigit() or written[:1] == " ":
        return f"+{written.strip()}"
    return written
