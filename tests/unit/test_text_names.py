"""Names of uploaded files, as they are shown."""

from __future__ import annotations

import unicodedata

import pytest

from documents.text.names import MAX_NAME, display_name, title_from_name


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("report.pdf", "report.pdf"),
        ("../../../etc/passwd.pdf", "passwd.pdf"),
        ("..\\..\\windows\\x.pdf", "x.pdf"),
        ("/etc/cron.d/x.txt", "x.txt"),
        ("C:\\boot.ini.txt", "boot.ini.txt"),
        ("C:boot.txt", "boot.txt"),
        ("a\0b.pdf", "ab.pdf"),
        ("new\nline\there.txt", "new line here.txt"),
        ("\u202efdp.exe", "fdp.exe"),
        ("lone\ud800.txt", "lone.txt"),
        ("\ufeffbom.txt", "bom.txt"),
        ("re\u0301sume\u0301.pdf", "résumé.pdf"),
        ("日本語の文書.pdf", "日本語の文書.pdf"),
        ("trailing dot.", "trailing dot"),
        ("trailing space .pdf ", "trailing space.pdf"),
        ("http://evil.example/x.pdf", "x.pdf"),
        (".htaccess", "htaccess"),
        (".pdf", "untitled.pdf"),
        ("dir/", "dir"),
    ],
)
def test_a_name_is_shown_without_what_could_mislead(raw: str, shown: str) -> None:
    assert display_name(raw) == shown


@pytest.mark.parametrize(
    "raw", ["", ".", "..", "/", "\\", "\0", "\u200b", "   ", "../..", "\ud800"]
)
def test_a_name_is_never_empty(raw: str) -> None:
    assert display_name(raw) == "untitled"
    assert title_from_name(raw) == "untitled"


@pytest.mark.parametrize("stem", ["x" * 300, "ü" * 300, "u\u0308" * 300, "👩‍👧" * 200, "a." * 200])
def test_a_long_name_is_cut_and_keeps_its_extension(stem: str) -> None:
    shown = display_name(f"{stem}.pdf")
    assert len(shown) <= MAX_NAME
    assert shown.endswith(".pdf")
    assert unicodedata.is_normalized("NFC", shown)
    assert not shown.removesuffix(".pdf").endswith("\u200d")


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("annual_report_2024.pdf", "annual report 2024"),
        ("Annual%20Report.docx", "Annual Report"),
        ("%2e%2e%2fetc%2fpasswd.pdf", ".. etc passwd"),
        ("two.tar.gz.pdf", "two.tar.gz"),
        ("100%.txt", "100%"),
        ("noext", "noext"),
    ],
)
def test_a_title_is_the_name_as_words(name: str, title: str) -> None:
    assert title_from_name(name) == title
