"""Makes the secrets that a new installation still lacks.

Run before the settings are read, which refuse to load without them. Without an
argument they are kept in ``.env`` (``script/server`` does so); with one, in a folder
of that name, a file each, for ``SECRET_KEY_FILE`` and ``DATABASE_KEY_FILE``.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import environ

ROOT: Final = Path(__file__).resolve().parents[2]

MAKERS: Final[dict[str, Callable[[], str]]] = {
    "SECRET_KEY": lambda: secrets.token_urlsafe(48),
    "DATABASE_KEY": lambda: secrets.token_hex(32),
}


class KeyMissing(Exception):
    """A database is there, but not its key. The message says what to do."""


def make_missing(root: Path, environment: Mapping[str, str]) -> list[str]:
    """Add to ``root/.env`` the secrets that nothing gives yet; return their names.

    Raises ``KeyMissing`` rather than make a key beside a database of another one.
    """
    with _locked(root):
        known = _read(root / ".env") | {k: v for k, v in environment.items() if v}
        missing = [n for n in MAKERS if not known.get(n) and not known.get(f"{n}_FILE")]
        _refuse_second_key(missing, database_path(root, known), "Put that key into .env")
        if missing:
            _write(root / ".env", {name: MAKERS[name]() for name in missing})
    return missing


def make_missing_files(folder: Path, database: Path) -> list[str]:
    """Write the secrets that are not yet in ``folder``, a file each; return their names.

    Raises ``KeyMissing`` as ``make_missing`` does.
    """
    with _locked(folder):
        missing = [name for name in MAKERS if not (folder / name).is_file()]
        _refuse_second_key(missing, database, f"Put that key into {folder / 'DATABASE_KEY'}")
        for name in missing:
            replace_file(folder / name, MAKERS[name]() + "\n")
    return missing


def _refuse_second_key(missing: Sequence[str], database: Path, advice: str) -> None:
    if "DATABASE_KEY" in missing and database.is_file() and database.stat().st_size:
        raise KeyMissing(
            f"The database {database} exists, but DATABASE_KEY, the key it was made with, is "
            f"not set. {advice}, or point DATA_DIR at a new folder to begin anew."
        )


def database_path(root: Path, known: Mapping[str, str]) -> Path:
    """Return where the settings will look for the database."""
    if url := known.get("DATABASE_URL"):
        return root / url.removeprefix("sqlite:///")
    return root / Path(known.get("DATA_DIR") or "var").expanduser() / "ragsite.db"


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _read(path: Path) -> dict[str, str]:
    """Return what ``.env`` says, read as the settings read it."""
    if not path.is_file():
        return {}

    class Parser(environ.Env):  # type: ignore[misc]  # the package is untyped
        ENVIRON: dict[str, str] = {}

    Parser.read_env(path, parse_comments=True)
    return {name: value.strip() for name, value in Parser.ENVIRON.items() if value.strip()}


def _write(path: Path, values: Mapping[str, str]) -> None:
    """Give the names their values: in place where a line has none, else at the end."""
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    for name, value in values.items():
        line = f"{name}={value}"
        empty = re.compile(rf"^[ \t]*(?:export[ \t]+)?{name}[ \t]*=[ \t]*(?:#.*)?$", re.MULTILINE)
        if empty.search(text):
            text = empty.sub(line, text, count=1)
        else:
            text += ("\n" if text and not text.endswith("\n") else "") + line + "\n"
    replace_file(path.resolve(), text)


def replace_file(path: Path, text: str) -> None:
    """Write the whole file at once and durably, for its owner's eyes only."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
        with contextlib.suppress(OSError):  # some file systems cannot sync a folder
            sync(path.parent)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def sync(folder: Path) -> None:
    """Wait until the names in a folder are on the disk, as ``documents.durable`` does.

    Nothing of the product can be imported here: it has no secrets yet.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def main(arguments: Sequence[str]) -> int:
    """Make what is missing and say so."""
    folder = Path(arguments[0]).absolute() if arguments else None
    place = folder or ROOT / ".env"
    try:
        if folder:
            made = make_missing_files(folder, database_path(ROOT, os.environ))
        else:
            made = make_missing(ROOT, os.environ)
    except KeyMissing as error:
        sys.stderr.write(f"Configuration: {error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"Configuration: the secrets cannot be kept in {place}: {error}\n")
        return 1
    if made:
        names = " and ".join(made)
        sys.stdout.write(f"Made {names}, kept in {place}. Keep a copy: without it no data opens.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
