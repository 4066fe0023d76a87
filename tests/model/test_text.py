"""Hostile text: HTML stays text, names stay on their line."""

import unicodedata
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.model.text import MAX_NAME, clean_body, clean_name, duration, name_key, one_line, safe_html

XSS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href=' jav&#x09;ascript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='//evil.example/x'>x</a>",
    "<a href='/api/sign-out'>x</a>",
    "<p class=big id=main>x</p>",
    "<iframe src=https://evil.example></iframe>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<b onclick=alert(1) style='position:fixed'>x</b>",
    "<form action=https://evil.example><input name=p></form>",
    "<code class='language-x\" onload=alert(1)'>x</code>",
    "<p style='background:url(javascript:alert(1))'>x</p>",
    "<template><script>alert(1)</script></template>",
    "<mx-reply>quoted</mx-reply>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<<script>script>alert(1)<</script>/script>",
]
TAGS = {
    "a", "b", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6",
    "hr", "i", "li", "ol", "p", "pre", "s", "strong", "sub", "sup", "u", "ul",
}  # fmt: skip


class Judge(HTMLParser):
    """Fails on anything but the subset."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS
        for name, value in attrs:
            assert (tag, name) in {("a", "href"), ("a", "rel"), ("code", "class")}
            if name == "href":
                assert (value or "").startswith(("http://", "https://", "mailto:"))


@pytest.mark.parametrize("html", XSS)
def test_nothing_active_survives(html: str) -> None:
    Judge().feed(safe_html(html))
    Judge().feed(safe_html(safe_html(html)))


@given(st.text(st.sampled_from("<>/=\"'&;:#abhrefsciptonx \n`"), max_size=200))
def test_nothing_active_survives_at_all(html: str) -> None:
    cleaned = safe_html(html)
    Judge().feed(cleaned)
    assert safe_html(cleaned) == cleaned


def test_formatting_survives() -> None:
    html = '<b>x</b> <a href="https://example.org/a?b=1">y</a> <code class="language-rust">z</code>'
    cleaned = safe_html(html)
    assert "<b>x</b>" in cleaned
    assert 'href="https://example.org/a?b=1"' in cleaned
    assert 'class="language-rust"' in cleaned


def test_deep_and_large_markup_is_harmless() -> None:
    Judge().feed(safe_html("<b>" * 20_000 + "x"))
    assert safe_html("<p>" + "x" * 100_000) == ""


@given(st.text(max_size=300), st.text(max_size=50))
def test_a_name_is_one_visible_line(name: str, fallback: str) -> None:
    cleaned = clean_name(name, fallback)
    assert cleaned.strip() == cleaned != ""
    assert len(cleaned) <= MAX_NAME
    assert not any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp", "Co", "Cn"} for char in cleaned)
    assert not any(
        unicodedata.bidirectional(c) in {"RLO", "LRO", "RLE", "LRE", "RLI", "LRI", "PDF"} for c in cleaned
    )


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Alice\u202eecilA", "AliceecilA"),
        ("\u2066Bob\u2069\u200f", "Bob"),
        ("a\nb\tc", "a b c"),
        ("\u200b\u2060", "fallback"),
        ("\u3164\u115f", "fallback"),
        ("", "fallback"),
        ("Z" + "\u0301" * 40, "Ź\u0301\u0301"),
        ("👩\u200d👩\u200d👧", "👩\u200d👩\u200d👧"),
        ("مريم", "مريم"),
    ],
)
def test_names(name: str, shown: str) -> None:
    assert clean_name(name, "fallback") == shown


@pytest.mark.parametrize(
    "name",
    [
        "Ann  Bell",
        "ＡＮＮ bell",
        "ann\u200b\u202ebell",
        "Ann\u3164Bell",
        "ann\u2800bell",
        "a\U000e0041nn bell",
        "ann\u200dbell",
    ],
)
def test_names_that_look_alike_are_one(name: str) -> None:
    assert name_key(name) == "annbell"


@pytest.mark.parametrize("name", ["", " ", "\u3164", "\u202e\u200b", "\u2800\u115f", "\U000e0041"])
def test_a_name_that_shows_nothing_has_no_key(name: str) -> None:
    assert name_key(name) == ""


@given(st.text(max_size=300))
def test_bodies_and_lines_are_stable(text: str) -> None:
    assert clean_body(clean_body(text)) == clean_body(text)
    assert "\n" not in one_line(text, 20)
    assert len(one_line(text, 20)) <= 20


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-5, "0 s"), (0.2, "1 s"), (30, "30 s"), (600, "10 min"), (7_500, "2 h 5 min"), (360_000, "4 d 4 h")],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words
