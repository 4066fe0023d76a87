"""Every code has words, and no fact can break a sentence."""

import ast
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.protocol import errors
from bridge.rooms.commands.sentences import CODES, SENTENCES, say


@pytest.mark.parametrize("code", sorted(CODES))
def test_a_sentence_needs_no_fact(code: str) -> None:
    said = say(code, {})
    assert said
    assert "{" not in said


@given(st.sampled_from(sorted(CODES)), st.text(max_size=500))
def test_facts_stay_facts(code: str, fact: str) -> None:
    names = re.findall(r"\{(\w+)\}", SENTENCES[code])
    assert "\n" not in say(code, dict.fromkeys(names, fact))


def test_facts_are_not_read_as_templates() -> None:
    assert say("chat_dropped", {"reason": "{reason} {0.__class__}"}).endswith("{reason} {0.__class__}")


def test_an_unknown_code_is_named() -> None:
    assert "brand_new" in say("brand_new", {"detail": "why"})
    assert "why" in say("brand_new", {"detail": "why"})


def test_every_code_that_the_engine_answers_has_words() -> None:
    answered = {error.code for error in errors.LocalError.__subclasses__()}
    for path in Path("bridge/protocol/engine").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in {"answer", "_finish"}:
                answered |= {
                    arg.value
                    for arg in node.args
                    if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
                } - {"add", "remove", "leave", "invite", "policy"}
    assert "join_requested" in answered
    assert answered <= CODES
