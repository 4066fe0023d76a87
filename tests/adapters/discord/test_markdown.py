"""Foreign text as Discord Markdown."""

from __future__ import annotations

import pytest

from adapters.discord.markdown import ZERO, escape, from_html


@pytest.mark.parametrize(
    ("plain", "shown"),
    [
        ("nothing special", "nothing special"),
        ("a * b", "a * b"),
        ("**bold** no", r"\*\*bold\*\* no"),
        ("_it_ and snake_case_name", r"\_it\_ and snake_case_name"),
        ("~~gone~~ ||secret||", r"\~\~gone\~\~ \|\|secret\|\|"),
        (r"C:\_x\* and \ alone", r"C:\\_x\\* and \ alone"),
        ("> quote\n# head\n-# small\n#tag", "\\> quote\n\\# head\n\\-# small\n#tag"),
        ("[click](https://evil.example)", r"\[click](https://evil.example)"),
        ("https://x.example/a_b_c*d*", "https://x.example/a_b_c*d*"),
        ("see `a*b*c` and *d*", r"see `a*b*c` and \*d\*"),
        ("```py\nx = a*b*c\n# no heading\n```", "```py\nx = a*b*c\n# no heading\n```"),
        ("``unclosed", r"\`\`unclosed"),
    ],
)
def test_plain_text_shows_the_same(plain: str, shown: str) -> None:
    assert escape(plain) == shown


@pytest.mark.parametrize("loud", ["@everyone", "@here", "@Everyone!", "`@here`", "https://x.example/@everyone"])
@pytest.mark.parametrize("keep", [False, True])
def test_nobody_is_called(loud: str, keep: bool) -> None:
    shown = escape(f"hi {loud}", keep_markup=keep)
    assert "@everyone" not in shown.casefold()
    assert "@here" not in shown.casefold()


@pytest.mark.parametrize(
    "raw", ["<@123>", "<@!123>", "<@&9>", "<#4>", "<:x:1>", "<a:x:1>", "<t:1:R>", "</ban:1>"]
)
def test_raw_mentions_are_broken(raw: str) -> None:
    assert escape(raw).startswith(f"<{ZERO}")


def test_linked_people_become_mentions() -> None:
    people = {"bob": "42", "bob smith": "43", "a_b": "44"}
    assert escape("@Bob: hi, @bob smith and @a_b!", people) == "<@42>: hi, <@43> and <@44>!"
    assert escape("@Bobby and mail bob@home", people) == "@Bobby and mail bob@home"
    assert escape("`@Bob`", people) == "`@Bob`"


def test_discords_own_text_keeps_its_form() -> None:
    assert escape("**bold** and # x", keep_markup=True) == "**bold** and # x"


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("<b>a</b> <em>b</em> <u>c</u> <del>d</del>", "**a** *b* __c__ ~~d~~"),
        ("1 &lt; 2 *x* *y*", r"1 < 2 \*x\* \*y\*"),
        ("<p>one</p><p>two<br>three</p>", "one\ntwo\nthree"),
        ("<pre><code>a *b* *c*\n  d</code></pre>", "```\na *b* *c*\n  d\n```"),
        ('<a href="https://x.example/">click</a>', "[click](<https://x.example/>)"),
        ('<a href="https://x.example">https://x.example</a>', "https://x.example"),
        ('<a href="javascript:x">click</a>', "click"),
        ("<ul><li>a</li><li>b</li></ul><ol><li>c</li><li>d</li></ol>", "- a\n- b\n1. c\n2. d"),
        ("<blockquote>a<br>b</blockquote>c", "> a\n> b\nc"),
        ("<h1>Head</h1>text", "# Head\ntext"),
        ("@everyone <b>@here</b>", f"@{ZERO}everyone **@{ZERO}here**"),
    ],
)
def test_html_becomes_markdown(html: str, shown: str) -> None:
    assert from_html(html) == shown


def test_hostile_text_is_fast() -> None:
    for text in ("`" * 30_000, "` `` " * 6_000, "[" * 30_000, "@" * 30_000, "<" * 30_000):
        assert escape(text)
    assert from_html("<a>" * 5_000 + "<blockquote>" * 2_000) is not None
