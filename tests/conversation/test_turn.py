"""`EffectRunner` alone, with an engine that answers by a script: order, inner effects, bounds."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from bridge.conversation.keys import KEPT_KEYS, KeyRing
from bridge.conversation.turn import MAX_STEPS, EffectRunner, RunawayTurn
from bridge.model.notices import Answer, ChatSent, Refused
from bridge.protocol import announcements
from bridge.protocol.effects import (
    Announce,
    CancelTimer,
    CatchUp,
    Effect,
    OpenJoinRequest,
    Publish,
    SealJoinRequest,
    SetTimer,
    Sign,
    SignPurpose,
    Tell,
)
from bridge.protocol.errors import NotPermitted
from bridge.protocol.events import Event, JoinRequestOpened, Payload, Signed, Start, Topic
from bridge.protocol.types import GroupName
from bridge.protocol.wallet import check
from bridge.protocol.wire.codec import decode_welcome
from tests.support.world import Wallet, Wallets

NOW = 1_800_000_000.0
OWN, STRANGER = Wallet("own"), Wallet("stranger")
NAME = GroupName("room", OWN.address)


class Script:
    """An engine whose answers are given; keeps the events that it saw."""

    def __init__(self, answer: Callable[[Event], list[Effect]]) -> None:
        self._answer = answer
        self.events: list[Event] = []

    def handle(self, event: Event, now: float) -> list[Effect]:
        assert now == NOW
        self.events.append(event)
        return self._answer(event)


def runner(script: Script, seed: int = 1) -> EffectRunner:
    return EffectRunner(NAME, script, Wallets(OWN), KeyRing(), random.Random(seed).randbytes)


def on_start(*effects: Effect) -> Script:
    return Script(lambda event: list(effects) if isinstance(event, Start) else [])


def test_signatures_are_fed_back_after_the_effects_that_came_with_them() -> None:
    def answer(event: Event) -> list[Effect]:
        match event:
            case Start():
                return [
                    Sign(1, OWN.address, SignPurpose.VOTE, b"vote"),
                    Sign(2, STRANGER.address, SignPurpose.LEAVE, b"leave", "stranger"),
                    Publish(Topic.APP, b"first"),
                ]
            case Signed(token):
                return [Publish(Topic.APP, f"then {token}".encode())]
        raise AssertionError(event)

    script = Script(answer)
    outcome = runner(script).handle(Start(), NOW)
    assert [publish.data for publish in outcome.publishes] == [b"first", b"then 1"]
    _, by_us = script.events
    assert isinstance(by_us, Signed)
    check(OWN.address, b"vote", by_us.signature)
    # The other wallet is elsewhere: its owner is told, and the engine waits.
    assert outcome.notices == [Answer("stranger", "sign_leave")]


def test_a_join_request_is_opened_by_the_key_that_was_announced() -> None:
    announced = runner(on_start(Announce(3, OWN.address)))
    (publish,) = announced.handle(Start(), NOW).publishes
    assert publish.topic is Topic.WELCOME
    assert not publish.archive
    found = announcements.from_wire(decode_welcome(publish.data).group_announcement, NOW)
    assert (found.group_id, found.epoch, found.steward) == (b"room", 3, OWN.address)

    sealed = runner(on_start(SealJoinRequest(found.eth_pub_key, b"let me in"))).handle(Start(), NOW)
    request = decode_welcome(sealed.publishes[0].data).join_request
    assert b"let me in" not in sealed.publishes[0].data

    script = on_start(OpenJoinRequest(request.encrypted))
    EffectRunner(NAME, script, Wallets(OWN), announced.keys, random.Random(2).randbytes).handle(Start(), NOW)
    assert script.events[1:] == [JoinRequestOpened(b"let me in")]


def test_a_join_request_for_somebody_else_leads_to_nothing() -> None:
    script = on_start(OpenJoinRequest(bytes(200)))
    steward = runner(script)
    steward.keys.new_key(random.Random(3).randbytes)
    outcome = steward.handle(Start(), NOW)
    assert script.events == [Start()]
    assert not outcome.publishes
    assert not outcome.refused


def test_without_the_wallet_nothing_is_announced_and_it_is_counted() -> None:
    outcome = runner(on_start(Announce(1, STRANGER.address))).handle(Start(), NOW)
    assert not outcome.publishes
    assert outcome.refused == {"no_wallet": 1}


def test_the_same_entropy_gives_the_same_announcement() -> None:
    first, again, other = (
        runner(on_start(Announce(1, OWN.address)), seed).handle(Start(), NOW).publishes for seed in (5, 5, 6)
    )
    assert first == again
    assert first != other


def test_the_last_word_on_a_timer_counts() -> None:
    outcome = runner(
        on_start(SetTimer("a", 1.0, 1), SetTimer("b", 2.0, 2), CancelTimer("a"), SetTimer("b", 3.0, 3))
    ).handle(Start(), NOW)
    assert outcome.timers == {"a": None, "b": SetTimer("b", 3.0, 3)}


def test_refusals_are_counted_and_known_as_the_whole_outcome() -> None:
    refused = Tell(Refused("malformed", "what?"))
    alone = runner(on_start(refused)).handle(Start(), NOW)
    assert alone.refusal == "malformed"
    assert alone.refused == {"malformed": 1}
    with_more = runner(on_start(refused, Tell(ChatSent(bytes(16))))).handle(Start(), NOW)
    assert with_more.refusal == ""
    assert with_more.refused == {"malformed": 1}


def test_catch_ups_are_collected() -> None:
    assert runner(on_start(CatchUp(4, 100))).handle(Start(), NOW).catch_ups == [CatchUp(4, 100)]


def test_a_refused_request_passes_through() -> None:
    def refuse(event: Event) -> list[Effect]:
        raise NotPermitted("not now")

    with pytest.raises(NotPermitted):
        runner(Script(refuse)).handle(Start(), NOW)


def test_an_endless_chain_is_given_up() -> None:
    script = Script(lambda event: [Sign(1, OWN.address, SignPurpose.VOTE, b"again")])
    with pytest.raises(RunawayTurn):
        runner(script).handle(Payload(Topic.APP, b""), NOW)
    assert len(script.events) == MAX_STEPS


def test_the_ring_keeps_the_newest_keys_and_shows_none() -> None:
    ring, entropy = KeyRing(), random.Random(1).randbytes
    for _ in range(KEPT_KEYS + 3):
        ring.new_key(entropy)
    kept = ring.export()
    assert len(kept) == KEPT_KEYS
    assert KeyRing(kept).export() == kept
    assert kept[-1].hex() not in repr(ring)
