"""How the child tells the parent what it read: one JSON array a line.

The parent treats a line as hostile: the child has parsed a stranger's file and
may no longer be what it was.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from documents import errors
from documents.errors import FileError
from documents.extract.base import Piece
from documents.types import Block, BlockKind, ExtractedPage, FileMetadata, Notice

_METADATA: Final = "metadata"
_PAGE: Final = "page"
_NOTICE: Final = "notice"
_FAILURE: Final = "failure"
_STARTED: Final = "started"
_END: Final = "end"

_KINDS: Final = {kind.value: kind for kind in BlockKind}
_ERRORS: Final[dict[str, type[FileError]]] = {
    kind.code: kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, FileError)
}


@dataclass(frozen=True, slots=True)
class Failure:
    """The error that ended the reading, by its stable code.

    ``final`` says that it is a judgement on the whole file; otherwise something
    broke on the way, and the pages before it are good.
    """

    code: str
    message: str
    final: bool = True

    def as_error(self) -> FileError:
        """Return the product error; an unknown code becomes the general one."""
        return _ERRORS.get(self.code, FileError)(self.message)


@dataclass(frozen=True, slots=True)
class Started:
    """The libraries are loaded and the limits are set."""


@dataclass(frozen=True, slots=True)
class End:
    """All was read. ``peak_rss`` is in bytes, 0 where the system does not tell."""

    peak_rss: int = 0


Frame = Piece | Failure | Started | End


class BadFrame(ValueError):
    """A line that is not what the child writes."""


def encode(frame: Frame) -> bytes:
    """Return one line for ``frame``."""
    return json.dumps(_fields(frame), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def decode(line: bytes) -> Frame:
    """Return the frame of one line; raise ``BadFrame`` when there is none."""
    try:
        kind, *fields = json.loads(line)
        return _frame(kind, fields)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadFrame from error


def _fields(frame: Frame) -> list[Any]:
    match frame:
        case ExtractedPage(number, blocks):
            listed = [[block.kind.value, block.level, clean(block.text)] for block in blocks]
            return [_PAGE, number, listed]
        case FileMetadata(title, author, created, modified, count):
            dates = [moment and moment.isoformat() for moment in (created, modified)]
            return [_METADATA, clean(title), clean(author), *dates, count]
        case Notice(code, message):
            return [_NOTICE, code, clean(message)]
        case Failure(code, message, final):
            return [_FAILURE, code, clean(message), final]
        case Started():
            return [_STARTED]
        case End(peak_rss):
            return [_END, peak_rss]


def clean(text: str) -> str:
    """Return ``text`` with surrogate pairs joined and lone surrogates removed."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")


def _frame(kind: str, fields: list[Any]) -> Frame:
    if kind == _PAGE:
        number, blocks = fields
        return ExtractedPage(_count(number), tuple(_block(*block) for block in blocks))
    if kind == _METADATA:
        title, author, created, modified, count = fields
        return FileMetadata(
            str(title), str(author), _moment(created), _moment(modified), _count(count)
        )
    if kind == _NOTICE:
        return Notice(*map(str, fields))
    if kind == _FAILURE:
        code, message, final = fields
        return Failure(str(code), str(message), bool(final))
    if kind == _STARTED:
        return Started()
    if kind == _END:
        return End(*map(int, fields))
    raise BadFrame(kind)


def _block(kind: str, level: int, text: str) -> Block:
    return Block(str(text), _KINDS[kind], max(0, min(9, int(level))))


def _count(value: Any) -> int | None:
    return None if value is None else int(value)


def _moment(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)
