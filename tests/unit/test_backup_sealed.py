"""The encrypted stream of a backup."""

from __future__ import annotations

import io
import secrets

import pytest

from ragsite.ops.backup.sealed import (
    CHUNK_BYTES,
    HEADER_BYTES,
    SealedReader,
    SealedWriter,
    Unreadable,
    key_id,
)

KEY = bytes(range(32))


def sealed(data: bytes, key: bytes = KEY) -> bytes:
    file = io.BytesIO()
    writer = SealedWriter(file, key)
    for start in range(0, len(data), 300_000):
        writer.write(data[start : start + 300_000])
    writer.close()
    return file.getvalue()


def opened(data: bytes, key: bytes = KEY) -> bytes:
    return SealedReader(io.BytesIO(data), key).read()


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2_500_000])
def test_what_was_written_is_read(size: int) -> None:
    data = secrets.token_bytes(size)
    assert opened(sealed(data)) == data


def test_it_can_be_read_in_pieces() -> None:
    data = secrets.token_bytes(1_200_000)
    reader = SealedReader(io.BytesIO(sealed(data)), KEY)
    pieces = [reader.read(500_000) for _ in range(4)]
    assert [len(piece) for piece in pieces] == [500_000, 500_000, 200_000, 0]
    assert b"".join(pieces) == data


def test_nothing_of_the_text_is_in_the_file() -> None:
    assert b"a secret of the house" not in sealed(b"a secret of the house" * 100)


def test_the_same_text_twice_gives_two_files() -> None:
    assert sealed(b"text")[HEADER_BYTES:] != sealed(b"text")[HEADER_BYTES:]


@pytest.mark.parametrize("place", range(HEADER_BYTES + 40))
def test_any_flipped_byte_is_found(place: int) -> None:
    data = bytearray(sealed(b"x" * 24))
    data[place] ^= 1
    with pytest.raises(Unreadable):
        opened(bytes(data))


@pytest.mark.parametrize("left", [0, 3, HEADER_BYTES - 1, HEADER_BYTES, HEADER_BYTES + 5])
def test_a_file_cut_early_is_found(left: int) -> None:
    with pytest.raises(Unreadable):
        opened(sealed(b"x" * 2_000_000)[:left])


def test_a_file_cut_between_two_chunks_is_found() -> None:
    data = sealed(b"x" * 2_000_000)
    with pytest.raises(Unreadable, match="cut off"):
        opened(data[: HEADER_BYTES + CHUNK_BYTES + 16])


def test_two_chunks_in_each_others_place_are_found() -> None:
    data = sealed(secrets.token_bytes(3 * CHUNK_BYTES))
    size = CHUNK_BYTES + 16
    one, two = data[HEADER_BYTES : HEADER_BYTES + size], data[HEADER_BYTES + size :][:size]
    with pytest.raises(Unreadable):
        opened(data[:HEADER_BYTES] + two + one + data[HEADER_BYTES + 2 * size :])


def test_something_appended_is_found() -> None:
    with pytest.raises(Unreadable):
        opened(sealed(b"text") + b"more")


def test_another_key_is_told_from_damage() -> None:
    with pytest.raises(Unreadable, match="another DATABASE_KEY"):
        opened(sealed(b"text"), bytes(32))


def test_the_key_id_does_not_tell_the_key() -> None:
    assert key_id(KEY) not in KEY
    assert key_id(KEY) != key_id(bytes(32))
