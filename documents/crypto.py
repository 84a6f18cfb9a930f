"""Keys and the encryption of files at rest.

One master key opens an installation. Every use has its own key derived from it,
so that a key that leaks from one place opens no other.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from documents.errors import StorageFailed

KEY_BYTES = 32
_NONCE_BYTES = 12
_MAGIC = b"RSF1"
_RAW = re.compile(r"[0-9a-fA-F]{64}")
# scrypt with N=2^15, r=8, p=1 needs 32 MiB and about 0.1 s: RFC 7914, section 2,
# and the interactive setting of Percival's paper. A raw key skips it.
_SCRYPT = {"n": 2**15, "r": 8, "p": 1, "maxmem": 64 * 1024 * 1024}
_SALT = b"ragsite master key v1"


def master_key(secret: str) -> bytes:
    """Return the 32-byte master key for a configured secret.

    64 hexadecimal digits are the key itself; anything else is a passphrase.
    """
    if _RAW.fullmatch(secret):
        return bytes.fromhex(secret)
    return hashlib.scrypt(secret.encode(), salt=_SALT, dklen=KEY_BYTES, **_SCRYPT)


def derive(master: bytes, purpose: str) -> bytes:
    """Return the 32-byte key for one purpose (HKDF-SHA256, RFC 5869)."""
    hkdf = HKDF(algorithm=hashes.SHA256(), length=KEY_BYTES, salt=None, info=purpose.encode())
    return hkdf.derive(master)


def keyed_name(digest: str, key: bytes) -> str:
    """Return the name under which a content with this SHA-256 (hexadecimal) is stored.

    A listing of the folder does not tell which known files are in it.
    """
    keyed = hmac.new(key, digest.encode(), hashlib.sha256).hexdigest()
    return f"{keyed[:2]}/{keyed}"


def encrypt(data: bytes, key: bytes) -> bytes:
    """Encrypt with AES-256-GCM under a fresh random nonce."""
    nonce = os.urandom(_NONCE_BYTES)
    return _MAGIC + nonce + AESGCM(key).encrypt(nonce, data, _MAGIC)


def decrypt(data: bytes, key: bytes) -> bytes:
    """Undo ``encrypt``. Raises ``StorageFailed`` for a wrong key or a changed byte."""
    head = len(_MAGIC) + _NONCE_BYTES
    if not data.startswith(_MAGIC) or len(data) < head:
        raise StorageFailed("A stored file is damaged.")
    try:
        return AESGCM(key).decrypt(data[len(_MAGIC) : head], data[head:], _MAGIC)
    except InvalidTag:
        raise StorageFailed("A stored file is damaged, or the key is not its own.") from None
