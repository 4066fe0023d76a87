"""Long text: every part fits, nothing but white space at the cuts is lost, code blocks stay code blocks."""

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.rooms.outbound.splitting import LEAST, split

LIMITS = st.integers(min_value=LEAST, max_value=400)
PROSE = st.text(st.sampled_from("abc  \n\té漢😀"), max_size=1_500)
CODE_LINES = st.lists(
    st.sampled_from(["x = 1", "", "    y", "long " * 30, "```", "漢" * 40, "`a`"]), max_size=60
)


def solid(text: str) -> str:
    return "".join(text.split())


@given(st.text(max_size=2_000), LIMITS)
def test_every_part_fits_whatever_the_text(text: str, limit: int) -> None:
    parts = split(text, limit)
    assert parts
    assert all(len(part.encode()) <= limit for part in parts)


@given(PROSE, LIMITS)
def test_only_white_space_is_lost(text: str, limit: int) -> None:
    assert solid("".join(split(text, limit))) == solid(text)


@given(CODE_LINES, LIMITS)
@settings(max_examples=300)
def test_blocks_are_closed_and_opened_again(lines: list[str], limit: int) -> None:
    fences = lines.count("```")
    text = "\n".join([*lines, "```"] if fences % 2 else lines)
    parts = split(text, limit)
    assert all(len(part.encode()) <= limit for part in parts)
    for part in parts:
        assert sum(line == "```" for line in part.split("\n")) % 2 == 0
    assert solid("".join(parts)).replace("```", "") == solid(text).replace("```", "")


def test_words_are_kept_whole() -> None:
    words = [f"word{i}" for i in range(200)]
    parts = split(" ".join(words), 100)
    assert [word for part in parts for word in part.split()] == words


def test_paragraphs_are_preferred() -> None:
    first, second = "a " * 35 + "end", "b " * 35 + "end"
    assert split(f"{first}\n\n{second}", 100) == [first, second]


def test_the_language_is_kept() -> None:
    parts = split("```python\n" + "x = 1\n" * 50 + "```", 120)
    assert len(parts) > 2
    assert all(part.startswith("```python\n") and part.endswith("\n```") for part in parts)
    assert "".join(parts).count("x = 1") == 50


def test_a_short_text_is_its_only_part() -> None:
    assert split("", 100) == [""]
    assert split("short", 100) == ["short"]


def test_a_megabyte_without_a_blank_is_cut_in_time() -> None:
    assert sum(map(len, split("x" * 1_000_000, 2_000))) == 1_000_000
