"""Numbers of a spreadsheet as its readers see them: dates, percentages, amounts.

The formats are those of ECMA-376 part 1, 18.8.30. Of a format only what changes
the meaning is followed: whether it is a date, decimals, percent signs, grouping
and a currency. Dates are written as ISO 8601 has them, which nobody misreads.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from math import isfinite
from typing import Final

#: Formats that files refer to by number alone; those of dates by their parts.
BUILT_IN: Final = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 5: "$#,##0", 6: "$#,##0", 7: "$#,##0.00",
    8: "$#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 14: "yyyy-mm-dd", 15: "yyyy-mm-dd",
    16: "d-mmm", 17: "mmm-yy", 18: "h:mm", 19: "h:mm:ss", 20: "h:mm", 21: "h:mm:ss",
    22: "yyyy-mm-dd h:mm", 37: "#,##0", 38: "#,##0", 39: "#,##0.00", 40: "#,##0.00",
    41: "#,##0", 42: "$#,##0", 43: "#,##0.00", 44: "$#,##0.00", 45: "mm:ss", 46: "[h]:mm:ss",
    47: "mm:ss", 48: "0.0E+0",
    **dict.fromkeys((27, 28, 29, 30, 31, 36, 50, 51, 52, 53, 54, 57, 58), "yyyy-mm-dd"),
    **dict.fromkeys((32, 33, 34, 35, 55, 56), "h:mm:ss"),
}  # fmt: skip
_QUOTED: Final = re.compile(r'"([^"]*)"|\\(.)|[_*].')
_CURRENCY: Final = re.compile(r"\[\$([^\]-]*)[^\]]*\]")
_BRACKETS: Final = re.compile(r"\[(?!h+\]|m+\]|s+\])[^\]]*\]", re.IGNORECASE)
_DATE_PARTS: Final = re.compile(r"[ydhms]", re.IGNORECASE)
_DIGITS: Final = re.compile(r"[0#?][0#?,]*(?:\.([0#?]+))?")
_SIGNS: Final = "$€£¥₹₩₽₺฿"
#: Day 0 of serial dates; 1900 is taken for a leap year, which this day makes up for
#: from March on (ECMA-376 part 1, 18.17.4.1).
_EPOCH: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet knows no time zones
_EPOCH_1904: Final = datetime(1904, 1, 1)  # noqa: DTZ001
_LAST_SERIAL: Final = 2_958_466  # 9999-12-31
_MARCH_1900: Final = 60
_MAX_EXACT: Final = 1e15


@dataclass(frozen=True, slots=True)
class _Format:
    is_date: bool = False
    has_day: bool = False
    has_time: bool = False
    is_duration: bool = False
    decimals: int | None = None
    grouped: bool = False
    percent: bool = False
    before: str = ""
    after: str = ""


def shown_number(raw: str, code: str = "", *, from_1904: bool = False) -> str:
    """Return the number ``raw`` (as the file writes it) in the format ``code``.

    What is no finite number is returned as it stands.
    """
    try:
        value = float(raw)
    except ValueError:
        return raw
    shape = _parsed(code)
    if not isfinite(value):
        return raw
    if shape.is_date:
        return _date(value, shape, from_1904) or _general(raw, value)
    if shape.decimals is None:
        return _general(raw, value)
    value = 100 * value if shape.percent else value
    digits = format(value, f"{',' if shape.grouped else ''}.{min(shape.decimals, 15)}f")
    sign, digits = ("-", digits[1:]) if digits.startswith("-") else ("", digits)
    return f"{sign}{shape.before}{digits}{'%' if shape.percent else ''}{shape.after}"


def _general(raw: str, value: float) -> str:
    """Return a number without a format: whole where it is whole, 15 digits at most."""
    if value == int(value) and abs(value) < _MAX_EXACT:
        return str(int(value))
    return raw if len(raw) <= 12 else format(value, ".15g")


@lru_cache(maxsize=1024)
def _parsed(code: str) -> _Format:
    positive = code.partition(";")[0]
    money = _CURRENCY.search(positive)
    bare = _BRACKETS.sub("", _CURRENCY.sub("", _QUOTED.sub("", positive)))
    if _DATE_PARTS.search(bare):
        return _date_format(bare.lower())
    number = _DIGITS.search(bare)
    if number is None or "e+" in bare.lower() or "/" in bare:
        return _Format()
    sign = money[1] if money else next((sign for sign in _SIGNS if sign in positive), "")
    at = positive.find(sign) if sign else -1
    is_behind = at > positive.find(number[0][0])
    return _Format(
        decimals=len(number[1] or ""),
        grouped="," in number[0],
        percent="%" in bare,
        before="" if is_behind else f"{sign} " if sign[-1:].isalpha() else sign,
        after=f" {sign}" if sign and is_behind else "",
    )


def _date_format(code: str) -> _Format:
    has_time = "h" in code or "s" in code
    return _Format(
        is_date=True,
        has_day="y" in code or "d" in code or ("m" in code and not has_time),
        has_time=has_time,
        is_duration="[" in code,
    )


def _date(value: float, shape: _Format, from_1904: bool) -> str:
    if shape.is_duration:
        seconds = round(value * 86_400)
        return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    if not 0 <= value < _LAST_SERIAL:
        return ""
    days = value + (1 if not from_1904 and value < _MARCH_1900 else 0)
    moment = (_EPOCH_1904 if from_1904 else _EPOCH) + timedelta(seconds=round(days * 86_400))
    time = moment.strftime("%H:%M:%S" if moment.second else "%H:%M")
    if not shape.has_day or (shape.has_time and value < 1):
        return time
    return f"{moment:%Y-%m-%d} {time}" if shape.has_time else f"{moment:%Y-%m-%d}"
