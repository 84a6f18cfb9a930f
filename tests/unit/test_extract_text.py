"""Plain text, Markdown and HTML: encodings first, then structure."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from documents.errors import TooComplex
from documents.extract import markdown
from documents.extract.base import Piece
from documents.extract.decoding import decode
from documents.extract.encoding import looks_binary, wide_codec
from documents.extract.registry import extractor_for
from documents.types import Block, BlockKind, ExtractedPage, FileMetadata, MediaType, Notice
from tests.samples import html_bytes

GERMAN = "Größe über alles: die Äpfel für das Frühstück sind schön und süß. "
FRENCH = "L'été dernier, la forêt était très belle et le garçon a mangé une crêpe. "
CZECH = "Příliš žluťoučký kůň úpěl ďábelské ódy, a ta věta je v češtině. "
POLISH = "Zażółć gęślą jaźń, to jest zdanie, które nie ma sensu, ale jest po polsku. "
HUNGARIAN = "Az árvíztűrő tükörfúrógép egy szó, amely az összes ékezetet tartalmazza. "
TURKISH = "Bu bir cümle ve içinde ğ, ş ve ı gibi harfler var, çünkü Türkçe böyle. "
RUSSIAN = "Съешь же ещё этих мягких французских булок, да выпей чаю. "
GREEK = "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία και το ξέρω καλά. "
JAPANESE = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。"
CHINESE = "人之初，性本善。性相近，习相远。苟不教，性乃迁。教之道，贵以专。"
KOREAN = "모든 국민은 법 앞에 평등하다. 누구든지 차별을 받지 아니한다. "


def read(media_type: MediaType, data: bytes) -> list[Piece]:
    return list(extractor_for(media_type).extract(data))


def blocks(media_type: MediaType, data: bytes) -> list[Block]:
    pieces = read(media_type, data)
    return [b for piece in pieces if isinstance(piece, ExtractedPage) for b in piece.blocks]


def md(text: str) -> list[Block]:
    return blocks(MediaType.MARKDOWN, text.encode())


def html(body: str) -> list[Block]:
    return blocks(MediaType.HTML, html_bytes(body))


# --- encodings


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        (GERMAN, "utf-8"),
        (GERMAN, "cp1252"),
        (GERMAN, "latin-1"),
        (GERMAN, "utf-8-sig"),
        (GERMAN, "utf-16"),
        (GERMAN, "utf-16-le"),
        (GERMAN, "utf-16-be"),
        (GERMAN, "utf-32"),
        (GERMAN, "utf-32-le"),
        (GERMAN, "utf-32-be"),
        (FRENCH, "cp1252"),
        (CZECH, "cp1250"),
        (CZECH, "iso8859-2"),
        (POLISH, "cp1250"),
        (POLISH, "iso8859-2"),
        (HUNGARIAN, "iso8859-2"),
        (TURKISH, "cp1254"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8-r"),
        (RUSSIAN, "utf-16-le"),
        (GREEK, "iso8859-7"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc_jp"),
        (JAPANESE, "iso2022_jp"),
        (CHINESE, "gb18030"),
        (KOREAN, "euc_kr"),
        (KOREAN, "iso2022_kr"),
    ],
)
def test_text_is_read_in_the_encoding_it_was_written_in(text: str, codec: str) -> None:
    long = (text * 6 + "\n") * 4
    assert decode(long.encode(codec)).text == long


def test_a_few_bad_bytes_do_not_make_another_encoding() -> None:
    decoded = decode((GERMAN * 5).encode() + b"\xff\xfe" + GERMAN.encode())
    assert decoded.text.startswith(GERMAN)
    assert decoded.damaged == 2


def test_a_label_is_believed_when_it_fits() -> None:
    data = "naïve café".encode("mac_roman")
    assert decode(data, "macintosh").text == "naïve café"


@pytest.mark.parametrize("label", ["no-such-codec", "utf-16", "ascii", "zlib", "hex", "utf-8"])
def test_a_label_that_cannot_be_right_is_not_believed(label: str) -> None:
    assert decode((GERMAN * 3).encode("cp1252"), label).text == GERMAN * 3


def test_any_bytes_decode_to_something() -> None:
    assert decode(bytes(range(128, 256)) * 20).text


@pytest.mark.parametrize("data", [b"ab\0cd\0ef\0gh" * 3, b"The quick brown\0 fox jumps", b"a\0"])
def test_zero_bytes_in_plain_text_do_not_make_it_wide(data: bytes) -> None:
    assert wide_codec(data) in ("", "utf-16-le" if data == b"a\0" else "")


@pytest.mark.parametrize("data", [bytes(range(256)) * 8, bytes(5000), b"\x01\x02\x03" * 50])
def test_binary_data_looks_binary(data: bytes) -> None:
    assert looks_binary(data)


def test_damage_is_noted() -> None:
    pieces = read(MediaType.TXT, (GERMAN * 9).encode() + b"\xff")
    assert (
        Notice("characters_replaced", "1 place held bytes that are no valid characters.") in pieces
    )


# --- plain text


def test_blank_lines_part_paragraphs() -> None:
    found = blocks(MediaType.TXT, b"one\ntwo\n\n \t\n\nthree\r\n\r\nfour\ffive\r\rsix\n")
    assert [block.text for block in found] == ["one\ntwo", "three", "four", "five", "six"]


def test_a_single_line_end_is_kept_whatever_its_kind() -> None:
    assert blocks(MediaType.TXT, b"a\rb\r\nc\nd")[0].text == "a\nb\nc\nd"


def test_zero_bytes_are_removed() -> None:
    assert blocks(MediaType.TXT, b"The word is bro\0ken here, only once.")[0].text == (
        "The word is broken here, only once."
    )


# --- Markdown


def test_headings_of_both_kinds() -> None:
    assert md("Title\n=====\n\n### Third *one*\n") == [
        Block("Title", BlockKind.HEADING, 1),
        Block("Third one", BlockKind.HEADING, 3),
    ]


def test_links_images_and_emphasis_leave_their_words() -> None:
    assert md("See **the [site](http://x.example)** and ![a cat](c.png), `code`.") == [
        Block("See the site and a cat, code.")
    ]


def test_lists_tables_and_code_are_kept_apart() -> None:
    text = "- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```py\nx = 1\n```\n"
    assert md(text) == [
        Block("one", BlockKind.LIST_ITEM),
        Block("two", BlockKind.LIST_ITEM),
        Block("a | b\n1 | 2", BlockKind.TABLE),
        Block("x = 1", BlockKind.CODE),
    ]


def test_html_inside_markdown_is_read_as_html() -> None:
    assert md("<h1 align=center>Name</h1>\n\n<script>evil()</script>\n\ntext") == [
        Block("Name", BlockKind.HEADING, 1),
        Block("text"),
    ]


def test_front_matter_is_metadata_and_not_text() -> None:
    pieces = read(MediaType.MARKDOWN, b'---\ntitle: "A title"\nauthor: Ann\n---\n# Other\n')
    assert pieces[0] == FileMetadata("A title", "Ann")
    assert pieces[1] == ExtractedPage(None, (Block("Other", BlockKind.HEADING, 1),))


def test_the_first_heading_is_the_title() -> None:
    assert read(MediaType.MARKDOWN, b"intro\n\n# The title\n")[0] == FileMetadata("The title")


def test_absurdly_nested_quotes_end() -> None:
    assert md("> " * 50_000 + "words")[0].text == "words"


def test_a_long_text_is_read_line_by_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markdown, "_MAX_PARSED", 10)
    text = "## Head ##\npara\ngraph\n\n- item\n1. other\n\n~~~\n# code\n~~~\nafter\n"
    assert md(text) == [
        Block("Head", BlockKind.HEADING, 2),
        Block("para\ngraph"),
        Block("item", BlockKind.LIST_ITEM),
        Block("other", BlockKind.LIST_ITEM),
        Block("# code", BlockKind.CODE),
        Block("after"),
    ]


# --- HTML


def test_block_elements_make_blocks_and_inline_ones_do_not() -> None:
    found = html("<h2>Head</h2><div>One <b>bold</b>\n  word<p>Two<br>lines</div><ul><li>Item</ul>")
    assert found == [
        Block("Head", BlockKind.HEADING, 2),
        Block("One bold word"),
        Block("Two\nlines"),
        Block("Item", BlockKind.LIST_ITEM),
    ]


@pytest.mark.parametrize(
    "unseen",
    [
        "<script>x</script>",
        "<style>x</style>",
        "<template>x</template>",
        "<nav>x</nav>",
        "<div hidden>x</div>",
        "<p style='display: none'>x</p>",
        "<p aria-hidden=true>x</p>",
        "<div role=navigation>x</div>",
        "<!-- x -->",
        "<button>x</button>",
        "<svg><text>x</text></svg>",
    ],
)
def test_what_a_reader_does_not_read_is_left_out(unseen: str) -> None:
    assert html(f"<p>seen</p>{unseen}") == [Block("seen")]


def test_navigation_counts_where_there_is_nothing_else() -> None:
    assert html("<nav><a>Only link</a></nav>") == [Block("Only link")]


def test_a_table_of_values_is_one_block() -> None:
    found = html("<table><caption>C</caption><tr><th>a<th>b<tr><td>1<td>2<br>3</table>")
    assert found == [Block("C"), Block("a | b\n1 | 2 3", BlockKind.TABLE)]


def test_a_table_that_arranges_the_page_is_not() -> None:
    found = html("<table><tr><td><h1>Head</h1><td><p>Text</table>")
    assert found == [Block("Head", BlockKind.HEADING, 1), Block("Text")]


def test_preformatted_text_keeps_its_lines() -> None:
    assert html("<pre>a\n  b</pre>") == [Block("a\n  b", BlockKind.CODE)]


def test_the_head_says_title_author_and_date() -> None:
    head = (
        "<title> A  title </title><meta name=author content=Ann>"
        "<meta property=article:published_time content=2024-02-01T10:00:00Z>"
    )
    assert read(MediaType.HTML, html_bytes("x", head))[0] == FileMetadata(
        "A title", "Ann", created=datetime(2024, 2, 1, 10, tzinfo=UTC)
    )


@pytest.mark.parametrize("label", ["shift_jis", "x-sjis", "Shift_JIS"])
def test_the_meta_element_names_the_encoding(label: str) -> None:
    page = f"<html><head><meta charset='{label}'></head><body>{JAPANESE}</body></html>"
    assert blocks(MediaType.HTML, page.encode("shift_jis")) == [Block(JAPANESE)]


def test_absurd_nesting_is_too_complex() -> None:
    with pytest.raises(TooComplex):
        html("<div>" * 20_000 + "x")


def test_paragraphs_without_an_end_are_not_nesting() -> None:
    assert len(html("<p>x" * 20_000)) == 20_000
