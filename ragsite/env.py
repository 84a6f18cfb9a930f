"""Reads the environment, and says which variable is wrong and what it must be.

Every reader raises ``ConfigurationError``; nothing falls back in silence. A
value may also come from a file named by ``<NAME>_FILE`` (Docker secrets), and a
``.env`` line may carry a comment behind its value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import environ
from django.core.exceptions import ImproperlyConfigured

T = TypeVar("T")

_env = environ.FileAwareEnv()

TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off"})
_HOST = re.compile(r"\.?[\w-]+(?:\.[\w-]+)*\.?|\[[0-9A-Fa-f:.]+\]")
_ORIGIN = re.compile(r"https?://(?:\*\.)?(?:[\w-]+(?:\.[\w-]+)*|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?")
_MAIL_SCHEMES = frozenset({"smtp", "smtp+tls", "smtp+ssl"})


class ConfigurationError(ImproperlyConfigured):
    """A setting is missing or wrong. The message names the variable."""


def load(path: Path) -> None:
    """Take variables from a ``.env`` file where the environment has none yet."""
    if path.is_file():
        environ.Env.read_env(path, parse_comments=True)


def text(name: str, default: str = "") -> str:
    """Return the variable, trimmed; an empty one counts as not set."""
    try:
        value = str(_env.str(name, default="")).strip()
    except (OSError, ImproperlyConfigured) as error:
        why = getattr(error, "strerror", None) or error
        raise ConfigurationError(f"{name}_FILE must name a readable file: {why}") from None
    return value or default


def _convert(name: str, raw: str, convert: Callable[[str], T], must: str) -> T:
    try:
        return convert(raw)
    except (KeyError, ValueError):
        raise ConfigurationError(f"{name} must be {must}, not {raw!r}.") from None


def _number(
    name: str, default: T, convert: Callable[[str], T], kind: str, low: float, high: float
) -> T:
    must = f"{kind} from {_plain(low)} to {_plain(high)}"

    def bounded(raw: str) -> T:
        value = convert(raw)
        if not low <= float(value) <= high:  # type: ignore[arg-type]
            raise ValueError(raw)
        return value

    raw = text(name)
    return _convert(name, raw, bounded, must) if raw else default


def _plain(bound: float) -> str:
    """Return a bound as one writes it: 2147483648, not 2.14748e+09."""
    return str(int(bound)) if float(bound).is_integer() else f"{bound:g}"


def integer(name: str, default: int, *, low: int = 0, high: int = 2**53) -> int:
    """Return a whole number between ``low`` and ``high``, both included."""
    return _number(name, default, int, "a whole number", low, high)


def number(name: str, default: float, *, low: float = 0.0, high: float = 1.0) -> float:
    """Return a number between ``low`` and ``high``, both included."""
    return _number(name, default, float, "a number", low, high)


def boolean(name: str, *, default: bool) -> bool:
    """Return a yes or no, in any of the usual spellings."""
    raw = text(name).lower()
    if not raw:
        return default
    known = dict.fromkeys(TRUE, True) | dict.fromkeys(FALSE, False)
    return _convert(name, raw, known.__getitem__, "true or false")


def listing(name: str, default: str = "", *, known: Iterable[str] = ()) -> list[str]:
    """Return the comma-separated parts; with ``known``, each must be one of those."""
    parts = [part.strip() for part in text(name, default).split(",") if part.strip()]
    allowed = set(known)
    unknown = [part for part in parts if allowed and part not in allowed]
    if unknown:
        raise ConfigurationError(
            f"{name} must be a list of {', '.join(sorted(allowed))}; "
            f"{', '.join(map(repr, unknown))} is none of them."
        )
    return parts


def hosts(name: str, default: str = "") -> list[str]:
    """Return host names, of which one may begin with a dot, for all below it: no ``*``."""
    parts = listing(name, default)
    if wrong := [part for part in parts if not _HOST.fullmatch(part)]:
        raise ConfigurationError(
            f"{name} must name the host names this site answers to, such as docs.example.org, "
            f"without scheme and port; not {', '.join(map(repr, wrong))}."
        )
    return parts


def origins(name: str) -> list[str]:
    """Return addresses of other sites, each no more than a scheme and a host name."""
    parts = listing(name)
    if wrong := [part for part in parts if not _ORIGIN.fullmatch(part)]:
        raise ConfigurationError(
            f"{name} must be a list of addresses such as https://docs.example.org, without a "
            f"path; {', '.join(map(repr, wrong))} is none."
        )
    return parts


def choice(name: str, default: str, known: Iterable[str]) -> str:
    """Return one of the known words."""
    value, allowed = text(name, default), list(known)
    if value not in allowed:
        raise ConfigurationError(f"{name} must be one of {', '.join(allowed)}, not {value!r}.")
    return value


def rate(name: str, default: str) -> str:
    """Return a rate such as ``30/m``, or nothing where it is ``off``."""
    value = text(name, default).lower()
    if value == "off":
        return ""
    if not re.fullmatch(r"[1-9]\d{0,8}/(?:[1-9]\d{0,4})?[smhd]", value):
        raise ConfigurationError(
            f"{name} must be a number of requests and a time, such as 30/m or 100/5m, or off, "
            f"not {value!r}."
        )
    return value


def prices(name: str) -> dict[str, tuple[float, float]]:
    """Return what a million tokens cost by model, read and written: ``gpt-x=0.4/1.6,…``."""
    found = {}
    for part in listing(name):
        model, _, given = part.rpartition("=")
        read, slash, written = given.partition("/")
        try:
            found[model.strip()] = (float(read), float(written if slash else read))
        except ValueError:
            model = ""
        if not model.strip() or min(found[model.strip()]) < 0:
            raise ConfigurationError(
                f"{name} must be models with what a million tokens cost, read and written, as "
                f"gpt-x=0.4/1.6, with commas between them; {part!r} is none."
            )
    return found


def thresholds(name: str, known: Iterable[str]) -> dict[str, float | None]:
    """Return ``name=number`` pairs; ``name=off`` gives ``None``. Names are of the known ones."""
    allowed, found = list(known), {}
    for pair in listing(name):
        key, _, raw = (part.strip() for part in pair.partition("="))
        if key not in allowed or not re.fullmatch(r"off|\d{1,15}(\.\d{1,6})?", raw):
            raise ConfigurationError(
                f"{name} must be pairs such as disk_free=2000000000 or backup_age=off, of "
                f"{', '.join(allowed)}; not {pair!r}."
            )
        found[key] = None if raw == "off" else float(raw)
    return found


def url(
    name: str,
    default: str = "",
    *,
    trim: bool = True,
    schemes: Sequence[str] = ("http", "https"),
) -> str:
    """Return an address of one of the schemes, or nothing; trimmed, without a trailing slash."""
    value = text(name, default)
    value = value.rstrip("/") if trim else value
    begins = [f"{scheme}://" for scheme in schemes]
    if value and not value.startswith(tuple(begins)):
        must = f"an address that starts with {' or '.join(begins)}"
        raise ConfigurationError(f"{name} must be {must}.")
    return value


def mail(name: str) -> dict[str, Any]:
    """Return Django's settings for a mail server given as ``smtp+tls://user:password@host:587``."""
    value = text(name)
    try:
        config = environ.Env.email_url_config(value)
    except (KeyError, ValueError, ImproperlyConfigured):
        config = {}
    if value.partition("://")[0] not in _MAIL_SCHEMES or not config.get("EMAIL_HOST"):
        raise ConfigurationError(
            f"{name} must be an address like smtp+tls://user:password@mail.example.org:587."
        )
    return {key: setting for key, setting in config.items() if key.startswith("EMAIL_")}
