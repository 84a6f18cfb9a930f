"""An encrypted stream in one file, of which no byte can be changed, cut off or moved unseen.

The stream is cut into chunks of ``CHUNK_BYTES``, each sealed with AES-256-GCM under a
nonce that holds its number and whether it is the last: the STREAM construction of
Hoang, Reyhanitabar, Rogaway and Vizár, "Online Authenticated-Encryption and its
Nonce-Reuse Misuse-Resistance", CRYPTO 2015. Every file has a key of its own, derived
from the installation's and a random salt. The header is authenticated with every chunk.
"""

from __future__ import annotations

import os
from typing import IO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from documents import crypto

MAGIC: Final = b"RSB1"
KEY_ID_BYTES: Final = 8
CHUNK_BYTES: Final = 1 << 20
_SALT_BYTES: Final = 16
_PREFIX_BYTES: Final = 7
_TAG_BYTES: Final = 16
HEADER_BYTES: Final = len(MAGIC) + KEY_ID_BYTES + _SALT_BYTES + _PREFIX_BYTES


class Unreadable(Exception):
    """The file is not what was written. The message is a sentence for the operator."""


def key_id(key: bytes) -> bytes:
    """Return what tells one key from another without telling the key."""
    return crypto.derive(key, "backup key id")[:KEY_ID_BYTES]


class _Sealer:
    """The cipher of one stream, chunk after chunk."""

    def __init__(self, key: bytes, header: bytes) -> None:
        salt = header[len(MAGIC) + KEY_ID_BYTES : -_PREFIX_BYTES]
        self._cipher = AESGCM(crypto.derive(key + salt, "backup stream"))
        self._header = header
        self._prefix = header[-_PREFIX_BYTES:]
        self._number = 0

    def seal(self, chunk: bytes, *, last: bool) -> bytes:
        return self._cipher.encrypt(self._nonce(last), chunk, self._header)

    def open(self, sealed: bytes, *, last: bool) -> bytes:
        return self._cipher.decrypt(self._nonce(last), sealed, self._header)

    def _nonce(self, last: bool) -> bytes:
        nonce = self._prefix + self._number.to_bytes(4, "big") + bytes([last])
        self._number += 1
        return nonce


class SealedWriter:
    """Encrypts what is written to it into ``file``. Whole only once it is closed."""

    def __init__(self, file: IO[bytes], key: bytes) -> None:
        salt_and_prefix = os.urandom(_SALT_BYTES + _PREFIX_BYTES)
        header = MAGIC + key_id(key) + salt_and_prefix
        self._file, self._sealer, self._waiting = file, _Sealer(key, header), bytearray()
        file.write(header)

    def write(self, data: bytes) -> int:
        """Take in some bytes; full chunks go out at once."""
        self._waiting += data
        while len(self._waiting) > CHUNK_BYTES:  # one chunk stays, for it may be the last
            self._file.write(self._sealer.seal(bytes(self._waiting[:CHUNK_BYTES]), last=False))
            del self._waiting[:CHUNK_BYTES]
        return len(data)

    def close(self) -> None:
        """Write the last chunk. The file itself stays open."""
        self._file.write(self._sealer.seal(bytes(self._waiting), last=True))


class SealedReader:
    """Gives back what a ``SealedWriter`` took in.

    Raises ``Unreadable`` for another key, a changed byte, or a cut: at the chunk it is
    in, before anything of that chunk is given out.
    """

    def __init__(self, file: IO[bytes], key: bytes) -> None:
        header = file.read(HEADER_BYTES)
        if len(header) < HEADER_BYTES or not header.startswith(MAGIC):
            raise Unreadable("This is not a backup of ragsite.")
        if header[len(MAGIC) : len(MAGIC) + KEY_ID_BYTES] != key_id(key):
            raise Unreadable(
                "This backup was made with another DATABASE_KEY, or its first bytes are damaged."
            )
        self._file, self._sealer = file, _Sealer(key, header)
        self._next = file.read(CHUNK_BYTES + _TAG_BYTES)
        self._ready, self._ended = bytearray(), False

    def read(self, size: int = -1) -> bytes:
        """Return up to ``size`` bytes, fewer only at the end."""
        while not self._ended and (size < 0 or len(self._ready) < size):
            self._ready += self._open_next()
        taken = bytes(self._ready) if size < 0 else bytes(self._ready[:size])
        del self._ready[: len(taken)]
        return taken

    def _open_next(self) -> bytes:
        sealed, self._next = self._next, self._file.read(CHUNK_BYTES + _TAG_BYTES)
        self._ended = not self._next
        try:
            return self._sealer.open(sealed, last=self._ended)
        except InvalidTag:
            raise Unreadable("The backup is damaged or was cut off.") from None
