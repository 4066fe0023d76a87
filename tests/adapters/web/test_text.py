"""An XSS corpus stays text; names are one visible line."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.web.text import MAX_NAME, clean_name, name_key, one_line, safe_html

CORPUS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='JaVaScRiPt:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='//evil.example'>x</a>",
    "<a href='/api/sign-out'>x</a>",
    "<b onclick=alert(1)>x</b>",
    "<p style='position:fixed'>x</p>",
    "<p class=big id=main>x</p>",
    "<iframe src=//evil.example></iframe>",
    "<form action=/api><input name=x></form>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<!--<img src=x onerror=alert(1)>-->",
    "<template><script>alert(1)</script></template>",
    "<object data=x></object><embed src=x><base href=//evil.example>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
]
ALLOWED = re.compile(r'</?[a-z0-9]+( href="(https?://|mailto:)[^"]*")?( rel="[a-z ]+")?>')


@pytest.mark.parametrize("html", CORPUS)
def test_nothing_active_is_left(html: str) -> None:
    cleaned = safe_html(html)
    assert not re.search(r"<(script|img|svg|iframe|form|input|style|object|embed|base|meta|math)", cleaned)
    assert "href" not in cleaned
    assert re.sub(ALLOWED, "", cleaned).count("<") == 0


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
def test_whatever_comes_only_allowed_tags_are_left(html: str) -> None:
    assert re.sub(ALLOWED, "", safe_html(f"<b>{html}</b>")).count("<") == 0


@given(st.text(max_size=300))
def test_names_are_short_visible_lines(name: str) -> None:
    cleaned = clean_name(name)
    assert len(cleaned) <= MAX_NAME
    assert cleaned == clean_name(cleaned)
    assert not set(cleaned) & set("\n\r\t\x00\u202e\u2066")
    assert one_line(name, 10) == one_line(one_line(name, 10), 10)


def test_names_that_look_alike_are_one() -> None:
    assert name_key("Ann  Bell") == name_key("ＡＮＮ bell") == name_key("ann\u200b\u202ebell")
    assert clean_name("\u202e\u200b ") == ""


def test_markup_that_is_too_long_is_left_out() -> None:
    assert safe_html("<b>x</b>" * 10_000) == ""
