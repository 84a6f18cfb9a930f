"""How an answer's Markdown becomes HTML: its sentences, its citations, and nothing else."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from chat.templatetags.rendering import render_answer, sanitised

URL = "/documents/0c7b7f0e-0000-4000-8000-000000000000/versions/1/?start=1&end=9#passage"


def _sentence(text: str, *citations: int, verdict: str = "supported") -> dict[str, Any]:
    return {"text": text, "citations": list(citations), "verdict": verdict}


def _citation(n: int, **changes: Any) -> dict[str, Any]:
    return {"n": n, "title": "Birds", "page": 3, "page_kind": "page", "url": URL} | changes


def _plain(html: str) -> str:
    return re.sub(r"<[^>]+>", "", html)


class _Collector(HTMLParser):
    """Notes every element with its attributes, and whether all of them are closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.is_sound = True

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in {"br", "hr"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.is_sound = self.is_sound and bool(self.open) and self.open.pop() == tag


def _parsed(html: str) -> _Collector:
    collector = _Collector()
    collector.feed(html)
    return collector


def test_a_mark_links_to_the_passage_it_names() -> None:
    html = render_answer("Wrens sing [1].", [_sentence("Wrens sing.", 1)], [_citation(1)])
    links = [attrs for tag, attrs in _parsed(html).elements if tag == "a"]
    assert links == [
        {
            "class": "cite",
            "data-n": "1",
            "href": URL,
            "title": "Birds, page 3",
            "rel": "nofollow noopener",
        }
    ]


def test_a_mark_that_names_no_citation_stays_text() -> None:
    html = render_answer("Wrens sing [7], row[1].", [], [])
    assert "<a" not in html
    assert "[7]" in html


def test_a_mark_of_a_lost_source_is_no_link() -> None:
    html = render_answer("Wrens sing [1].", [], [_citation(1, url=None)])
    assert '<span class="cite gone"' in html
    assert "<a" not in html


def test_a_sentence_carries_its_verdict_and_its_numbers() -> None:
    sentences = [_sentence("Wrens sing.", 1, 2), _sentence("They are blue.", verdict="unsupported")]
    html = render_answer("Wrens sing [1][2]. They are blue.", sentences, [_citation(1)])
    found = re.findall(r'<span class="sentence (\w+)" data-cites="([\d ]*)"', html)
    assert found == [("supported", "1 2"), ("unsupported", "")]


def test_the_mark_behind_a_sentence_belongs_to_it() -> None:
    sentences = [_sentence("Wrens sing.", 1), _sentence("Herons wait.", 1)]
    html = render_answer("Wrens sing. [1] Herons wait.", sentences, [_citation(1)])
    first = html.split("</span>")[0]
    assert 'class="cite"' in first


def test_a_sentence_survives_the_markup_inside_it() -> None:
    text = "The **wren** sings *all* `day`. It rests."
    sentences = [_sentence("The **wren** sings *all* `day`.", 1), _sentence("It rests.", 1)]
    html = render_answer(text, sentences, [])
    assert "<strong>" in html
    assert _plain(html).strip() == "The wren sings all day. It rests."
    assert _parsed(html).is_sound


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("4. Count the jackets. [1]", "4. Count the jackets."),
        ("- Count the jackets [1]", "Count the jackets"),
        ("# Count the jackets", "Count the jackets"),
        ("> Count the jackets.", "Count the jackets."),
    ],
)
def test_a_sentence_is_found_behind_the_sign_of_its_line(text: str, sentence: str) -> None:
    html = render_answer(text, [_sentence(sentence, 1)], [_citation(1)])
    assert re.search(r'<span class="sentence supported"[^>]*>Count the jackets', html)


def test_a_sentence_that_is_nowhere_in_the_text_changes_nothing() -> None:
    html = render_answer("Wrens sing.", [_sentence("Herons wait.", 1)], [])
    assert html == "<p>Wrens sing.</p>\n"


def test_two_equal_sentences_are_two() -> None:
    html = render_answer("Yes. No. Yes.", [_sentence(t, 1) for t in ("Yes.", "No.", "Yes.")], [])
    assert html.count('class="sentence supported"') == 3


def test_letters_that_grow_when_folded_do_not_shift_the_rest() -> None:
    text = "İstanbul straße ﬁsh. Wrens sing."
    html = render_answer(text, [_sentence("Wrens sing.", 1)], [])
    assert re.search(r'data-cites="1">Wrens sing\.</span>', html)


def test_a_table_keeps_its_cells() -> None:
    html = render_answer("| a | b |\n|---|---|\n| one [1] | two |", [], [_citation(1)])
    assert "<td>one <a" in html


HOSTILE = [
    "<script>alert(1)</script>",
    "<svg onload=alert(1)>",
    "<img src=x onerror=alert(1)>",
    "[click](javascript:alert(1))",
    "[click](JaVaScRiPt:alert(1))",
    "[click](data:text/html;base64,PHNjcmlwdD4=)",
    "[click](vbscript:x)",
    "![track](https://evil.example/x.png)",
    "![track][1]\n\n[1]: https://evil.example/x.png",
    "<math><mtext></mtext><style><img src=x onerror=alert(1)></style></math>",
    "<style>*{display:none}</style>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<form action=https://evil.example><button>x</button></form>",
    "<base href=https://evil.example>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<div hx-get='/x' hx-trigger='load' data-hx-get='/x' hx-on:click='alert(1)'>x</div>",
    "<div hx-swap-oob='true' id='main' class='sheet' name='ask'>x</div>",
    "<template><img src=x onerror=alert(1)></template>",
    '[x](https://e.example "title"onmouseover=alert(1)")',
    "```html\n<script>alert(1)</script>\n```",
    "`<script>alert(1)</script>`",
    '<a href="https://e.example" onclick=alert(1)>x</a>',
    "[1]: javascript:alert(1)\n\nWrens sing [1].",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
]
ALLOWED = {"href", "title", "rel", "class", "data-n", "data-cites", "start"}


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_acts_comes_through(text: str) -> None:
    html = render_answer(text, [_sentence(text, 1)], [_citation(1, title=text)])
    parsed = _parsed(html)
    assert not {tag for tag, _ in parsed.elements} & {
        "script",
        "style",
        "img",
        "svg",
        "iframe",
        "form",
        "base",
        "meta",
        "template",
        "math",
        "div",
    }
    for _, attributes in parsed.elements:
        assert set(attributes) <= ALLOWED
        assert (attributes.get("href") or "/").split(":")[0] in {"/", "https"} or attributes[
            "href"
        ] == URL


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_rendered_is_sound_and_sanitising_it_again_changes_nothing(text: str) -> None:
    html = render_answer(text, [], [_citation(1)])
    assert _parsed(html).is_sound
    assert sanitised(html) == html


def test_a_class_is_taken_only_from_the_list() -> None:
    html = sanitised('<span class="sentence sheet note" id="main">x</span>')
    assert html == '<span class="sentence">x</span>'
