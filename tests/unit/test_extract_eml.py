"""E-mails: who wrote to whom, what was said, and what hangs on it."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime

import pytest

from documents.errors import CorruptFile, UnsupportedEncryption
from documents.extract.attachments import Reader
from documents.extract.base import Piece
from documents.extract.eml import EmlExtractor
from documents.types import Block, BlockKind, ExtractedPage, FileMetadata, Notice
from tests.format_samples import eml_bytes, multipart
from tests.samples import docx_bytes, pdf_bytes, png_bytes

PLAIN = "Content-Type: text/plain; charset=utf-8\n\n{}\n"
HTML = "Content-Type: text/html; charset=utf-8\n\n<p>{}</p>\n"


def read(data: bytes) -> list[Piece]:
    return list(EmlExtractor().extract(data))


def blocks(data: bytes) -> list[Block]:
    return [b for piece in read(data) if isinstance(piece, ExtractedPage) for b in piece.blocks]


def texts(data: bytes) -> list[str]:
    return [block.text for block in blocks(data)]


def of_parts(kind: str, *parts: str, **fields: str) -> bytes:
    body, content_type = multipart(kind, *parts)
    return eml_bytes(body, content_type, **fields)


def attached(name: str, data: bytes, kind: str = "application/octet-stream") -> str:
    return (
        f'Content-Type: {kind}\nContent-Disposition: attachment; filename="{name}"\n'
        f"Content-Transfer-Encoding: base64\n\n{b64encode(data).decode()}\n"
    )


def test_subject_people_and_date_lead() -> None:
    data = eml_bytes(
        "Hello.",
        subject="The plan",
        **{"from": "Ann <ann@a.example>", "to": "b@a.example, Cy <c@a.example>"},
        cc="d@a.example",
        date="Fri, 1 Mar 2024 09:30:00 +0000",
    )
    assert blocks(data)[:2] == [
        Block("The plan", BlockKind.HEADING, 1),
        Block(
            "From: Ann <ann@a.example>\nTo: b@a.example, Cy <c@a.example>\nCc: d@a.example\n"
            "Date: Fri, 1 Mar 2024 09:30:00 +0000"
        ),
    ]
    assert read(data)[0] == FileMetadata(
        "The plan", "Ann <ann@a.example>", datetime(2024, 3, 1, 9, 30, tzinfo=UTC)
    )


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("=?utf-8?B?R3LDvMOfZQ==?=", "Grüße"),
        ("=?iso-8859-1?Q?Gr=FC=DFe?= =?utf-8?q?_an_alle?=", "Grüße an alle"),
        ("Grüße", "Grüße"),
        ("=?nonsense?Q?x?=", "=?nonsense?Q?x?="),
        ("=?utf-8?B?!!!?=", None),
        ("folded\r\n  subject", "folded subject"),
    ],
)
def test_a_subject_is_decoded_or_left_as_it_stands(raw: str, shown: str | None) -> None:
    title = texts(eml_bytes("x", subject=raw))[0]
    assert title == shown if shown is not None else title


@pytest.mark.parametrize(
    ("date", "year"),
    [("2025-07-29T12:42:06.000Z", 2025), ("yesterday", None), ("Mon, 99 Foo 2024", None)],
)
def test_a_date_that_makes_no_sense_is_no_fault(date: str, year: int | None) -> None:
    first = read(eml_bytes("x", subject="s", date=date))[0]
    assert isinstance(first, FileMetadata)
    assert (first.created.year if first.created else None) == year


def test_quotations_are_kept() -> None:
    assert texts(eml_bytes("No.\n\n> Shall we?\n> Today?\n", subject="s"))[1:] == [
        "No.",
        "> Shall we?\n> Today?",
    ]


def test_plain_text_is_preferred_to_html() -> None:
    data = of_parts("alternative", HTML.format("rich"), PLAIN.format("plain"), subject="s")
    assert texts(data)[1:] == ["plain"]


def test_html_is_read_where_the_plain_text_is_empty() -> None:
    data = of_parts("alternative", PLAIN.format(" "), HTML.format("rich"), subject="s")
    assert texts(data)[1:] == ["rich"]


def test_files_beside_the_html_are_not_lost() -> None:
    inner, kind = multipart("mixed", HTML.format("rich"), attached("a.bin", b"\0"), boundary="IN")
    data = of_parts("alternative", PLAIN.format("plain"), f"Content-Type: {kind}\n\n{inner}")
    assert texts(data) == ["plain", "Attachments: a.bin (1 bytes)"]


def test_an_encoding_is_taken_from_the_header_and_mended_when_it_lies() -> None:
    right = "Grüße".encode("cp1250")
    kind = "text/plain; charset=windows-1250"
    assert texts(eml_bytes("X", kind).replace(b"X", right)) == ["Grüße"]
    lying = eml_bytes("Grüße aus Köln", "text/plain; charset=us-ascii")
    assert texts(lying) == ["Grüße aus Köln"]
    assert texts(eml_bytes("x", "text/plain; charset=no-such")) == ["x"]


def test_a_message_saved_in_utf_16_is_read() -> None:
    data = eml_bytes("Hello.", subject="The plan").decode().encode("utf-16-be")
    assert texts(data) == ["The plan", "Hello."]


def test_lines_that_flow_are_joined() -> None:
    data = eml_bytes("one \ntwo\n> quoted \n> more\n", "text/plain; format=flowed")
    assert texts(data) == ["one two\n> quoted \n> more"]


def test_broken_base64_does_no_harm() -> None:
    part = "Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n!!!SGVs bG8\n"
    assert texts(of_parts("mixed", part, PLAIN.format("still here")))[-1] == "still here"


def test_attachments_are_listed_and_read_where_a_reader_is() -> None:
    data = of_parts(
        "mixed",
        PLAIN.format("See below."),
        attached("plan.docx", docx_bytes(["# Steps", "Go north."])),
        attached("map.pdf", pdf_bytes(["A long way to the lake."])),
        attached("a.png", png_bytes(), "image/png"),
        subject="s",
    )
    found = blocks(data)
    assert found[2].text.startswith("Attachments: plan.docx (")
    assert found[3:6] == [
        Block("Attachment: plan.docx", BlockKind.HEADING, 1),
        Block("Steps", BlockKind.HEADING, 2),
        Block("Go north."),
    ]
    assert found[7].text == "A long way to the lake."
    assert read(data)[-1] == Notice("attachments_unread", "Attachments that were not read: a.png.")


def test_a_name_of_an_attachment_is_decoded() -> None:
    part = attached("=?utf-8?B?R3LDvMOfZS50eHQ=?=", b"Hello.")
    assert "Attachment: Grüße.txt" in texts(of_parts("mixed", part))


def test_a_damaged_attachment_costs_a_notice_only() -> None:
    data = of_parts("mixed", PLAIN.format("Text."), attached("x.docx", b"PK\x03\x04 broken"))
    assert [p.code for p in read(data) if isinstance(p, Notice)] == ["attachments_unread"]


def test_more_attachments_than_the_limit_are_not_read() -> None:
    reader = Reader(files=1, size=100)
    assert list(reader.pages("a.txt", b"one")) == [(Block("one"),)]
    assert list(reader.pages("b.txt", b"two")) == []
    assert list(Reader(size=2).pages("a.txt", b"one")) == []


def test_a_message_inside_is_read_under_its_subject() -> None:
    inner = "Content-Type: message/rfc822\n\nSubject: Before\nFrom: b@a.example\n\nOld text.\n"
    assert blocks(of_parts("mixed", PLAIN.format("New text."), inner)) == [
        Block("New text."),
        Block("Message: Before", BlockKind.HEADING, 2),
        Block("From: b@a.example"),
        Block("Old text."),
    ]


def test_a_message_attached_as_a_file_is_read_alike() -> None:
    data = of_parts("mixed", PLAIN.format("x"), attached("old.eml", eml_bytes("y", subject="z")))
    assert texts(data) == ["x", "Message: z", "y"]


def test_parts_in_parts_without_end_are_cut() -> None:
    body, kind = PLAIN.format("deep"), ""
    for depth in range(80):
        body, kind = multipart("mixed", body, boundary=f"b{depth}")
        body = f"Content-Type: {kind}\n\n{body}"
    pieces = read(f"Subject: s\n{body}".encode())
    assert [p.code for p in pieces if isinstance(p, Notice)] == ["partly_read"]


@pytest.mark.parametrize(
    ("body", "kind", "word"),
    [
        ("", 'multipart/encrypted; protocol="application/pgp-encrypted"; boundary="b"', "PGP"),
        ("-----BEGIN PGP MESSAGE-----\n\nabc\n", "text/plain", "PGP"),
        ("MIAG", "application/pkcs7-mime; smime-type=enveloped-data", "S/MIME"),
    ],
)
def test_an_encrypted_message_is_refused(body: str, kind: str, word: str) -> None:
    with pytest.raises(UnsupportedEncryption, match=word):
        read(eml_bytes(body, kind, subject="s"))


def test_a_signed_message_is_read_without_its_signature() -> None:
    signature = attached("smime.p7s", b"\x30\x80", "application/pkcs7-signature")
    assert texts(of_parts("signed", PLAIN.format("Signed."), signature)) == ["Signed."]


def test_what_has_no_header_is_no_message() -> None:
    with pytest.raises(CorruptFile):
        read(b"\n\nJust a text.\n")
