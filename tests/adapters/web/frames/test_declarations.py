"""The frames as TypeScript: whole, and never two shapes under one name."""

from __future__ import annotations

from typing import get_args

import msgspec
import pytest

from adapters.web.frames import browser, declarations, http, page


def test_every_frame_is_declared_with_every_field() -> None:
    made = declarations.typescript()
    for frame in (
        *get_args(browser.FromBrowser),
        *get_args(page.FromPage),
        *http.POSTS.values(),
        *http.ANSWERS,
    ):
        _, _, rest = made.partition(f"export interface {frame.__name__} {{")
        body, _, _ = rest.partition("}")
        for field in msgspec.structs.fields(frame):
            assert f"  {field.encode_name}{'' if field.required else '?'}: " in body
        tag = frame.__struct_config__.tag
        assert tag is None or f'  type: "{tag}";' in body


def test_optional_nested_and_chosen_values_have_their_types() -> None:
    made = declarations.typescript()
    for line in (
        "reply_to?: string;",
        "ballot: Ballot | null;",
        "status: SendStatus | null;",
        "members: Member[];",
        'mine: "" | "no" | "yes";',
        'export type State = "working" | "waiting" | "voting";',
        '"/api/sign-in": SignIn;',
    ):
        assert line in made


def test_two_shapes_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    other = msgspec.defstruct("Message", [("x", int)])
    monkeypatch.setattr(http, "ANSWERS", (*http.ANSWERS, other))
    with pytest.raises(ValueError, match="Message"):
        declarations.typescript()
