"""Keys and encrypted bytes."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from documents import crypto
from documents.errors import StorageFailed

KEY = bytes(range(32))


def test_64_hexadecimal_digits_are_the_key_itself() -> None:
    assert crypto.master_key("0F" * 32) == b"\x0f" * 32


@pytest.mark.parametrize("secret", ["0f" * 31, "0f" * 33, "zz" * 32, "0f" * 32 + "\n"])
def test_anything_else_is_a_passphrase(secret: str) -> None:
    key = crypto.master_key(secret)
    assert len(key) == crypto.KEY_BYTES
    assert key != b"\x0f" * 32


def test_a_passphrase_gives_the_same_key_every_time() -> None:
    # From the scrypt of another library. Were it to change, an installation with a
    # passphrase could not open its files any more.
    known = "6c8b95184dca346ab8921db2474213341388213686069bae2813fa8fa8a319c9"
    assert crypto.master_key("correct horse battery staple").hex() == known


def test_another_passphrase_gives_another_key() -> None:
    assert crypto.master_key("one passphrase here") != crypto.master_key("one passphrase Here")


def test_each_purpose_has_a_key_of_its_own() -> None:
    keys = {KEY, crypto.derive(KEY, "database"), crypto.derive(KEY, "files")}
    assert len(keys) == 3
    assert {len(key) for key in keys} == {crypto.KEY_BYTES}


def test_derivation_follows_rfc_5869() -> None:
    """Test case 3 of RFC 5869: SHA-256, no salt, no info."""
    expected = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
    assert crypto.derive(b"\x0b" * 22, "").hex() == expected


@pytest.mark.parametrize("data", [b"", b"x", b"\x00" * 100_000])
def test_what_was_encrypted_is_decrypted(data: bytes) -> None:
    assert crypto.decrypt(crypto.encrypt(data, KEY), KEY) == data


def test_nothing_of_the_data_shows() -> None:
    assert b"heliotrope" not in crypto.encrypt(b"heliotrope" * 50, KEY)


def test_the_same_data_is_never_encrypted_the_same_way() -> None:
    assert len({crypto.encrypt(b"same", KEY) for _ in range(50)}) == 50


def test_the_format_can_be_read_by_anybody_with_the_key() -> None:
    sealed = crypto.encrypt(b"data", KEY)
    assert sealed[:4] == b"RSF1"
    assert AESGCM(KEY).decrypt(sealed[4:16], sealed[16:], b"RSF1") == b"data"


def test_a_wrong_key_is_refused() -> None:
    with pytest.raises(StorageFailed, match="key is not its own"):
        crypto.decrypt(crypto.encrypt(b"data", KEY), bytes(32))


@pytest.mark.parametrize("position", [0, 4, 16, -1])
def test_a_changed_byte_is_noticed(position: int) -> None:
    sealed = bytearray(crypto.encrypt(b"some data", KEY))
    sealed[position] ^= 1
    with pytest.raises(StorageFailed, match="damaged"):
        crypto.decrypt(bytes(sealed), KEY)


@pytest.mark.parametrize("length", [0, 3, 4, 15, 16, 31])
def test_a_truncated_file_is_noticed(length: int) -> None:
    with pytest.raises(StorageFailed, match="damaged"):
        crypto.decrypt(crypto.encrypt(b"some data", KEY)[:length], KEY)
