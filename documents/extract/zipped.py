"""Reading zip archives that may lie.

Nothing is written to disk and no member name is ever used as a path, so there
is nothing to traverse. Sizes are counted while inflating: what the directory of
the archive claims is not believed.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import IO, Final

from documents.errors import CorruptFile, PasswordRequired, TooComplex

LOCAL_HEADER: Final = b"PK\x03\x04"
_END_OF_DIRECTORY: Final = b"PK\x05\x06"
#: A comment of at most 65,535 bytes may follow the 22 bytes of the end record.
_END_RECORD_REACH: Final = 22 + 65_535
#: About 20,000 members; office files have fewer than a thousand.
_MAX_DIRECTORY_BYTES: Final = 2 * 1024 * 1024
_MAX_ENTRIES: Final = 10_000
_CHUNK: Final = 256 * 1024
_ZIP_ERRORS: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    ValueError,
    struct.error,
    NotImplementedError,  # what zipfile raises for a compression it does not know
)
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})


class Archive:
    """The members of a zip archive, read within a budget of inflated bytes.

    ``budget`` holds for all reads together. Raises ``CorruptFile`` when the
    archive cannot be opened and ``TooComplex`` when its directory is enormous.
    """

    def __init__(self, data: bytes, budget: int) -> None:
        self._budget = budget
        _check_directory(data)
        try:
            self._zip = zipfile.ZipFile(BytesIO(data))
        except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error) as error:
            raise CorruptFile from error
        infos = self._zip.infolist()
        if len(infos) > _MAX_ENTRIES:
            raise TooComplex
        self._members = {_normalised(info.filename): info for info in reversed(infos)}

    @property
    def names(self) -> Sequence[str]:
        """Names of the members in lower case, with forward slashes and no leading one."""
        return tuple(self._members)

    def __contains__(self, name: str) -> bool:
        return _normalised(name) in self._members

    def read(self, name: str, limit: int | None = None) -> bytes:
        """Return one member, whole.

        Raises ``KeyError`` when there is no such member, ``TooComplex`` past
        ``limit`` or the budget, ``PasswordRequired`` when it is encrypted and
        ``CorruptFile`` when its bytes or its checksum are wrong.
        """
        info = self._members[_normalised(name)]
        if info.flag_bits & 0x1:
            raise PasswordRequired
        if info.compress_type not in _METHODS:
            raise CorruptFile("The file is packed in a way that office programs do not use.")
        allowed = self._budget if limit is None else min(limit, self._budget)
        content = self._inflate(info, allowed)
        self._budget -= len(content)
        return content

    def stream(self, name: str) -> Stream:
        """Return one member to be read bit by bit; reading it raises what ``read`` does."""
        info = self._members[_normalised(name)]
        if info.flag_bits & 0x1:
            raise PasswordRequired
        if info.compress_type not in _METHODS:
            raise CorruptFile("The file is packed in a way that office programs do not use.")
        try:
            return Stream(self._zip.open(info), self._spend)
        except _ZIP_ERRORS as error:
            raise CorruptFile from error

    def _spend(self, count: int) -> None:
        self._budget -= count
        if self._budget < 0:
            raise TooComplex

    def _inflate(self, info: zipfile.ZipInfo, allowed: int) -> bytes:
        parts: list[bytes] = []
        size = 0
        try:
            with self._zip.open(info) as member:
                while part := member.read(_CHUNK):
                    size += len(part)
                    if size > allowed:
                        raise TooComplex
                    parts.append(part)
        except _ZIP_ERRORS as error:
            raise CorruptFile from error
        return b"".join(parts)


class Stream:
    """A member while it is inflated, for a parser that reads on demand."""

    def __init__(self, member: IO[bytes], spend: Callable[[int], None]) -> None:
        self._member = member
        self._spend = spend

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, at most 256 kB at a time; ``TooComplex`` past the budget."""
        try:
            part = self._member.read(min(size, _CHUNK) if size > 0 else _CHUNK)
        except _ZIP_ERRORS as error:
            raise CorruptFile from error
        self._spend(len(part))
        return part


def _normalised(name: str) -> str:
    """Return the member name as parts are compared: some writers use backslashes."""
    return name.replace("\\", "/").lstrip("/").lower()


def _check_directory(data: bytes) -> None:
    """Refuse an enormous directory before ``zipfile`` builds an object per entry."""
    at = data.rfind(_END_OF_DIRECTORY, max(0, len(data) - _END_RECORD_REACH))
    if at < 0 or len(data) < at + 22:
        raise CorruptFile
    (size,) = struct.unpack_from("<I", data, at + 12)
    if size > _MAX_DIRECTORY_BYTES:
        raise TooComplex
