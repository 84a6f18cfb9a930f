"""EML: an e-mail with its header, its text and what is attached to it (RFC 5322, RFC 2045)."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import Message
from typing import ClassVar, Final

from documents.errors import CorruptFile, UnsupportedEncryption
from documents.extract.attachments import Reader
from documents.extract.base import Piece
from documents.extract.decoding import decode
from documents.extract.eml_headers import header_lines, header_text, moment, people
from documents.extract.eml_parts import Gathered, gather
from documents.extract.encoding import BOMS, wide_codec
from documents.types import Block, BlockKind, ExtractedPage, FileMetadata, MediaType, Notice

_MAX_SUBJECT: Final = 500
_MAX_LISTED: Final = 100


class EmlExtractor:
    """Reads e-mails. Yields one page without a number, more where attachments are read."""

    media_type: ClassVar[MediaType] = MediaType.EML

    def extract(self, data: bytes) -> Iterator[Piece]:
        """Yield the header and the text with its quotations, then the attachments.

        Raises ``UnsupportedEncryption`` for a message that is encrypted, ``CorruptFile``
        for what is no message. Absurd nesting ends in a ``RecursionError``.
        """
        # The older policy does not parse fields of the header by itself, so none can break it.
        message = message_from_bytes(_narrow(data), policy=policy.compat32)
        if not message.keys():
            raise CorruptFile("The file has no header of an e-mail.")
        gathered = gather(message)
        if gathered.encrypted and not gathered.blocks:
            raise UnsupportedEncryption(
                f"The message is encrypted ({gathered.encrypted}). Save it decrypted."
            )
        subject = header_text(message, "Subject")[:_MAX_SUBJECT]
        yield FileMetadata(title=subject, author=people(message, "From"), created=moment(message))
        yield ExtractedPage(None, tuple(_letter(message, subject, gathered)))
        yield from _attachments(gathered)


def _narrow(data: bytes) -> bytes:
    """Return a message that was saved as UTF-16 or with a mark in the bytes it was sent in."""
    if data.startswith(BOMS) or wide_codec(data):
        data = decode(data).text.encode()
    return data.lstrip()


def _letter(message: Message, subject: str, gathered: Gathered) -> Iterator[Block]:
    if subject:
        yield Block(subject, BlockKind.HEADING, 1)
    if said := header_lines(message):
        yield Block(said)
    yield from gathered.blocks
    if names := [f"{part.name} ({_size(len(part.data))})" for part in gathered.attachments]:
        rest = f" and {len(names) - _MAX_LISTED} more" if len(names) > _MAX_LISTED else ""
        yield Block(f"Attachments: {', '.join(names[:_MAX_LISTED])}{rest}", BlockKind.NOTE)


def _attachments(gathered: Gathered) -> Iterator[Piece]:
    """Yield what attachments say, each under its name, and notices of what was left out."""
    unread: list[str] = []
    reader = Reader()
    for part in gathered.attachments:
        is_read = False
        for blocks in reader.pages(part.name, part.data):
            title = () if is_read else (Block(f"Attachment: {part.name}", BlockKind.HEADING, 1),)
            yield ExtractedPage(None, (*title, *blocks))
            is_read = True
        if not is_read:
            unread.append(part.name)
    if unread:
        listed = ", ".join(unread[:5]) + (", …" if len(unread) > 5 else "")
        yield Notice("attachments_unread", f"Attachments that were not read: {listed}.")
    if gathered.is_cut:
        yield Notice("partly_read", "Only the first parts of the message were read.")


def _size(count: int) -> str:
    return f"{count} bytes" if count < 1024 else f"{count / 1024:,.0f} kB"
