"""Changing a configuration file keeps what people wrote."""

from __future__ import annotations

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from bridge.settings import put, sample

VALUES = {"chain_id": 5, "registry": "0x" + "ab" * 20}


def test_commented_defaults_are_replaced_in_place() -> None:
    text = sample.example({})
    changed = put(text, "chain", VALUES)
    assert tomllib.loads(changed)["chain"] == VALUES
    assert len(changed.splitlines()) == len(text.splitlines())
    lines = list(zip(text.splitlines(), changed.splitlines(), strict=True))
    assert [old.partition(" = ")[0] for old, new in lines if old != new] == ["# chain_id", "# registry"]


def test_old_values_are_replaced_and_the_rest_stays() -> None:
    text = 'name = "a"\n[chain]  # ours\nchain_id = 1 # old\nregistry = "0x1"\n\n[ops]\nchain_id = 7\n'
    changed = put(text, "chain", VALUES)
    assert changed == (
        f'name = "a"\n[chain]  # ours\nchain_id = 5\nregistry = "{VALUES["registry"]}"\n\n[ops]\nchain_id = 7\n'
    )


def test_a_missing_table_comes_before_the_lists() -> None:
    text = 'name = "a"\n\n# My group.\n[[groups]]\nname = "g"\n'
    changed = put(text, "chain", VALUES)
    assert tomllib.loads(changed) == {"name": "a", "chain": VALUES, "groups": [{"name": "g"}]}
    assert "# My group.\n[[groups]]" in changed


def test_the_last_table_without_a_line_break() -> None:
    assert tomllib.loads(put("[chain]", "chain", VALUES)) == {"chain": VALUES}
    assert tomllib.loads(put("", "chain", VALUES)) == {"chain": VALUES}


@given(
    st.lists(
        st.sampled_from(["[chain]", "chain_id = 1", "# chain_id = 2", "# a note", "", "poll = 3"]), max_size=8
    )
)
def test_whatever_valid_file_stays_valid(lines: list[str]) -> None:
    text = "\n".join(lines)
    try:
        before = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    if "[chain]" not in lines and before:
        return  # keys of the top level
    after = tomllib.loads(put(text, "chain", VALUES))
    assert after == {**before, "chain": {**before.get("chain", {}), **VALUES}}
