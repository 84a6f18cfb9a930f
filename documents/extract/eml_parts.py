"""The tree of parts in an e-mail: what is its text, and what is attached."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import Message
from typing import Final

from documents.extract.decoding import decode
from documents.extract.eml_headers import decoded, header_lines, header_text
from documents.extract.html import html_blocks
from documents.extract.txt import plain_blocks
from documents.types import Block, BlockKind

_MAX_DEPTH: Final = 50
_MAX_PARTS: Final = 1_000
_PGP: Final = re.compile(r"\s*-----BEGIN PGP MESSAGE-----")
#: RFC 3676: a line that ends in a space goes on in the next one; "-- " opens a signature.
_FLOWED: Final = re.compile(r"(?<!^--)(?<!\n--)(?<=[^\s>]) \r?\n(?![> ]|\r?\n)")
_SIGNATURES: Final = frozenset(
    {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}
)
_SMIME: Final = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_SUFFIXES: Final = {"text/csv": ".csv", "text/calendar": ".ics", "text/markdown": ".md"}


@dataclass(frozen=True, slots=True)
class Attached:
    """A file in a message."""

    name: str
    data: bytes


@dataclass(slots=True)
class Gathered:
    """What a message holds. ``encrypted`` names the way in which a part of it is."""

    blocks: list[Block] = field(default_factory=list)
    attachments: list[Attached] = field(default_factory=list)
    encrypted: str = ""
    is_cut: bool = False
    parts: int = 0


def gather(message: Message) -> Gathered:
    """Return the text of a message and its attachments, those of messages inside it too."""
    gathered = Gathered()
    _take(message, gathered, 0)
    return gathered


def _take(part: Message, gathered: Gathered, depth: int) -> None:
    gathered.parts += 1
    if depth > _MAX_DEPTH or gathered.parts > _MAX_PARTS:
        gathered.is_cut = True
        return
    kind = part.get_content_type()
    if kind == "multipart/encrypted":
        gathered.encrypted = "PGP"
    elif kind in _SMIME:
        gathered.encrypted = "S/MIME"
    elif kind == "multipart/alternative" and part.is_multipart():
        _alternative(part, gathered, depth)
    elif kind.startswith("message/") and part.is_multipart():
        _messages(part, gathered, depth)
    elif part.is_multipart():
        for inner in _inside(part):
            _take(inner, gathered, depth + 1)
    elif kind not in _SIGNATURES:
        _leaf(part, kind, gathered, depth)


def _inside(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [one for one in payload if isinstance(one, Message)] if isinstance(payload, list) else []


def _alternative(part: Message, gathered: Gathered, depth: int) -> None:
    """Take the text of the plain form where it says anything, else of the last that does.

    Attachments of all forms count: some programs put them beside the HTML.
    """
    forms = _inside(part)
    plain = [inner for inner in forms if inner.get_content_type() == "text/plain"]
    is_said = False
    for inner in (*plain, *(one for one in reversed(forms) if one not in plain)):
        before = len(gathered.blocks)
        _take(inner, gathered, depth + 1)
        if is_said:
            del gathered.blocks[before:]
        is_said = is_said or len(gathered.blocks) > before


def _messages(part: Message, gathered: Gathered, depth: int) -> None:
    """Take messages inside this one."""
    for inner in _inside(part):
        _message(inner, gathered, depth)


def _message(inner: Message, gathered: Gathered, depth: int) -> None:
    """Take a message inside another, under its subject."""
    subject = header_text(inner, "Subject")
    title = f"Message: {subject}" if subject else "Message"
    gathered.blocks.append(Block(title, BlockKind.HEADING, 2))
    if said := header_lines(inner):
        gathered.blocks.append(Block(said))
    _take(inner, gathered, depth + 1)


def _leaf(part: Message, kind: str, gathered: Gathered, depth: int) -> None:
    name = _file_name(part, kind)
    if name.lower().endswith(".eml"):  # a message that was attached as a file
        inner = message_from_bytes(_content(part), policy=policy.compat32)
        if inner.keys():
            _message(inner, gathered, depth)
            return
    is_text = kind in ("text/plain", "text/html") or (kind.startswith("text/") and not name)
    if is_text and part.get_content_disposition() != "attachment":
        blocks = _text_blocks(part, kind)
        if blocks and _PGP.match(blocks[0].text):
            gathered.encrypted = "PGP"
        else:
            gathered.blocks += blocks
    elif name or part.get_content_disposition() == "attachment":
        data = _content(part)
        gathered.attachments.append(Attached(name or f"unnamed{_SUFFIXES.get(kind, '')}", data))


def _file_name(part: Message, kind: str) -> str:
    """Return the name of a file with an ending that tells its kind, or nothing."""
    try:
        name = decoded(part.get_filename() or "")
    except (ValueError, LookupError, TypeError):
        return ""
    return name if not name or "." in name else name + _SUFFIXES.get(kind, "")


def _text_blocks(part: Message, kind: str) -> tuple[Block, ...]:
    data, declared = _content(part), part.get_param("charset")
    charset = declared if isinstance(declared, str) else ""
    if kind == "text/html":
        return html_blocks(data, charset)
    text = decode(data, charset).text
    if str(part.get_param("format") or "").lower() == "flowed":
        text = _FLOWED.sub(" ", text)
    return plain_blocks(text)


def _content(part: Message) -> bytes:
    """Return the bytes of a part; what its transfer encoding breaks is left as it stands."""
    try:
        content = part.get_payload(decode=True)
    except (ValueError, LookupError, IndexError):
        content = None
    if isinstance(content, bytes):
        return content
    raw = part.get_payload()
    return raw.encode("utf-8", "surrogateescape") if isinstance(raw, str) else b""
