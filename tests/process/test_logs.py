"""No secret reaches a log line."""

from __future__ import annotations

import io
import json
import logging

import pytest
import structlog

from bridge.process import logs


@pytest.fixture(autouse=True)
def restore_logging() -> object:
    handlers, level = logging.getLogger().handlers[:], logging.getLogger().level
    yield None
    logging.getLogger().handlers[:] = handlers
    logging.getLogger().setLevel(level)
    structlog.reset_defaults()


def lines(style: str) -> str:
    stream = io.StringIO()
    logs.configure("info", style, ["syt_secret_1234"], stream)
    log = structlog.get_logger("test")
    log.info("logging in with syt_secret_1234", access_token="other", detail={"password": "hunter22"})
    log.info("bytes", raw=b"syt_secret_1234")
    logging.getLogger("nio").warning("bad token %s", "syt_secret_1234")
    try:
        raise ValueError("syt_secret_1234 refused")
    except ValueError:
        log.exception("failed")
    return stream.getvalue()


@pytest.mark.parametrize("style", ["text", "json"])
def test_secrets_are_hidden(style: str) -> None:
    text = lines(style)
    assert "syt_secret" not in text
    assert "other" not in text
    assert "hunter22" not in text
    assert text.count("[hidden]") >= 5
    assert "ValueError" in text


def test_json_lines_are_json() -> None:
    stream = io.StringIO()
    logs.configure("warning", "json", stream=stream)
    structlog.get_logger("test").info("below the level")
    structlog.get_logger("test").warning("hello", group="lobby")
    (line,) = stream.getvalue().splitlines()
    assert json.loads(line)["event"] == "hello"
    assert json.loads(line)["group"] == "lobby"


def test_the_redactor_does_not_show_what_it_hides() -> None:
    assert "hunter22" not in repr(logs.Redactor(["hunter22"]))


@pytest.mark.parametrize(
    "name",
    ["token", "access_token", "password", "passwd", "secret", "client_secret", "key", "session_key",
     "private", "privkey_private", "authorization", "cookie", "mnemonic", "API_KEY"],
)  # fmt: skip
def test_what_stands_under_a_telling_name_is_hidden(name: str) -> None:
    event = {"event": "x", name: "swordfish", "inside": {name: b"swordfish"}}
    shown = logs.Redactor()(None, "info", event)
    assert shown == {"event": "x", name: "[hidden]", "inside": {name: "[hidden]"}}


@pytest.mark.parametrize("name", ["group", "monkey", "keys_kept", "keyword"])
def test_other_names_stay_readable(name: str) -> None:
    assert logs.Redactor()(None, "info", {name: "swordfish"}) == {name: "swordfish"}
