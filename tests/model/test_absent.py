"""What is kept out is not found while it is, and afterwards again; what is loaded stays."""

from __future__ import annotations

import sys

import pytest

from bridge.model.absent import absent


def test_it_is_not_found_and_then_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "this", raising=False)
    with absent("this"), pytest.raises(ModuleNotFoundError):
        import this  # noqa: F401
    assert "this" not in sys.modules


def test_what_is_loaded_stays() -> None:
    with absent("json"):
        import json
    assert sys.modules["json"] is json
