"""Key packages on the chain: somebody is taken in while his whole bridge is away, and is in on its return."""

from __future__ import annotations

import contextlib
import copy
import functools
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.protocol.chain import NOWHERE, Intent, MarkUsed, PublishKeyPackage
from bridge.protocol.errors import AlreadyMember, AlreadyVoted, NotPermitted
from bridge.protocol.events import Payload, ProposeAdd, PublishPackage, Topic
from bridge.protocol.ports import AddChange, Address
from bridge.protocol.wire import demls_pb2 as pb
from tests.support.chain_community import on_chain
from tests.support.community import community
from tests.support.model_chain import ModelChain
from tests.support.world import Network, Peer, World, closed

DAY = 86_400.0


def _waku() -> tuple[World, Peer, Peer, ModelChain]:
    world, a, b = community(chain=True)
    assert world.chain is not None
    return world, a, b, world.chain


def _publications(peer: Peer) -> list[PublishKeyPackage]:
    return [intent for intent in peer.disk.intents.values() if isinstance(intent, PublishKeyPackage)]


def _marks(peer: Peer) -> list[MarkUsed]:
    return [intent for intent in peer.disk.intents.values() if isinstance(intent, MarkUsed)]


def _published(world: World, b: Peer, chain: ModelChain, name: str = "dora") -> tuple[Address, bytes]:
    """`!keypackage` at b: address and package, once the contract has it."""
    b.publish(name)
    owner = b.hosted[name]
    world.until(lambda: bool(chain.contract.packages.get(owner)))
    return owner, chain.contract.packages[owner][-1]


def _taken_in(world: World, a: Peer, owner: Address, package: bytes) -> None:
    """Alice proposes it, she and Carol say YES; Bob's bridge is not needed."""
    a.handle(ProposeAdd(a.hosted["alice"], owner, package, reply_to="alice"))
    world.until(lambda: a.engine.status().ballot is not None)
    a.vote("alice", yes=True)
    a.vote("carol", yes=True)
    world.until(lambda: owner in a.engine.status().members)


@pytest.mark.parametrize("start", [_waku, on_chain])
def test_somebody_is_taken_in_while_his_bridge_is_down(start: object) -> None:
    world, a, b, chain = start()  # type: ignore[operator]
    owner, package = _published(world, b, chain)
    assert b.answers("dora") == ["package_relayed"]
    b.crash()
    _taken_in(world, a, owner, package)
    world.run(60)
    assert a.answers("alice")[-1] == "propose_passed"
    b.start()
    world.until(lambda: owner in b.port.hosted() and world.agreed())
    assert b.answers("dora") == ["package_relayed", "joined"]
    b.say("dora", "I am back")
    world.until(lambda: a.texts()[-1:] == ["I am back"])
    a.ban("alice", b.hosted["bob"])
    world.until(lambda: b.engine.status().ballot is not None)
    b.vote("dora", yes=True)
    a.vote("alice", yes=True)
    a.vote("carol", yes=True)
    world.until(lambda: b.hosted["bob"] not in a.engine.status().members and world.agreed())
    assert closed(a)[-1].yes_count == 3
    used = MarkUsed(owner, sha256(package).digest())
    assert _marks(a) == [used]
    assert _marks(b) == []
    if start is on_chain:  # on Waku the contract knows of no stewards
        assert chain.contract.marked == [(owner, used.hash)]


def test_who_asks_for_himself_has_used_nothing() -> None:
    world, a, b, _ = on_chain()
    b.join("dora")
    world.until(lambda: a.engine.status().ballot is not None)
    a.vote("alice", yes=True)
    a.vote("carol", yes=True)
    world.until(lambda: b.hosted["dora"] in b.port.hosted() and world.agreed())
    assert _marks(a) == []


def test_the_owner_of_a_wallet_signs_twice_over_crashes() -> None:
    world, _, b, chain = _waku()
    dora = b.host_own("dora")
    b.publish("dora")
    assert b.answers("dora") == ["sign_bind"]
    for purpose in ("bind", "publish"):
        b.crash()
        b.start()
        (question,) = b.asked("dora")
        assert question.purpose == purpose
        assert _publications(b) == []
        b.sign("dora")
    assert b.answers("dora") == ["sign_bind", "sign_publish", "package_relayed"]
    world.until(lambda: dora.address in chain.contract.packages)
    assert b.asked("dora") == []


def test_the_question_stays_and_may_be_refused() -> None:
    world, _, b, chain = _waku()
    dora = b.host_own("dora")
    b.publish("dora")
    b.publish("dora")
    b.sign("dora")
    (question,) = b.asked("dora")
    b.publish("dora")
    assert b.asked("dora") == [question]
    b.refuse("dora")
    assert b.answers("dora")[-1] == "not_signed"
    assert (b.asked("dora"), _publications(b)) == ([], [])
    b.publish("dora")
    b.sign("dora")
    world.until(lambda: dora.address in chain.contract.packages)


def test_who_does_not_stand_behind_the_leaf_publishes_nothing() -> None:
    world, _, b, _ = _waku()
    b.host_own("dora")
    b.publish("dora")
    b.refuse("dora")
    world.run(60)
    assert (b.asked("dora"), _publications(b)) == ([], [])
    b.publish("dora")
    assert [question.purpose for question in b.asked("dora")] == ["bind"]


def test_one_signature_of_the_binding_serves_join_and_key_package() -> None:
    world, a, b, chain = _waku()
    dora = b.host_own("dora")
    b.join("dora")
    b.publish("dora")
    b.sign("dora")
    b.sign("dora")
    world.until(lambda: dora.address in chain.contract.packages and a.engine.status().ballot is not None)


def test_contracts_that_moved_are_signed_for_anew() -> None:
    _, _, b, chain = _waku()
    b.host_own("dora")
    b.publish("dora")
    b.sign("dora")
    (before,) = b.asked("dora")
    b.crash()
    chain.domain = replace(chain.domain, key_packages=Address(b"L" * 20))
    b.start()
    b.sign("dora")
    (after,) = b.asked("dora")
    assert after.typed != before.typed
    assert _publications(b) == []
    b.sign("dora")
    assert len(_publications(b)) == 1


def test_what_makes_no_sense_is_refused_at_once() -> None:
    world, a, b, chain = _waku()
    with pytest.raises(AlreadyMember):
        b.handle(PublishPackage(b.hosted["bob"], "bob"))
    stranger = Peer(world, "stranger", create=False, group=b.group)
    stranger.start()
    with pytest.raises(NotPermitted, match="not in the group yet"):
        stranger.publish("dora")
    for has_chain, packages in ((False, chain.domain.key_packages), (True, NOWHERE)):
        a.crash()
        a.has_chain = has_chain
        chain.domain = replace(chain.domain, key_packages=packages)
        a.start()
        with pytest.raises(NotPermitted, match="no chain configured"):
            a.publish("erin")
        assert a.answers("erin") == []


def test_one_package_waits_at_a_time_and_a_later_one_replaces_it() -> None:
    world, _, b, chain = _waku()
    owner, package = _published(world, b, chain)
    b.publish("dora")
    assert b.answers("dora")[-1] == "package_waits"
    assert len(_publications(b)) == 1
    world.now += 8 * DAY
    b.publish("dora")
    assert b.answers("dora")[-1] == "package_relayed"
    (first, second) = _publications(b)
    assert (first.owner, first.package) == (second.owner, package) == (owner, package)
    assert second.package != package


def test_what_the_chain_does_not_take_is_told_and_may_be_tried_again() -> None:
    world, _, b, chain = _waku()

    def refuse(intent: Intent) -> str:
        return "too many wait" if isinstance(intent, PublishKeyPackage) else ""

    chain.refuse = refuse
    b.publish("dora")
    world.until(lambda: b.answers("dora") == ["package_relayed", "package_failed"])
    chain.refuse = lambda intent: ""
    b.publish("dora")
    world.until(lambda: bool(chain.contract.packages.get(b.hosted["dora"])))
    (first, second) = _publications(b)
    assert first.package != second.package


def test_a_rejected_join_leaves_the_published_package_alive() -> None:
    world, a, b, chain = _waku()
    owner, package = _published(world, b, chain)
    b.join("dora")
    world.until(lambda: all(peer.engine.status().ballot is not None for peer in (a, b)))
    a.vote("alice", yes=False)
    a.vote("carol", yes=False)
    world.until(lambda: b.answers("dora")[-1] == "join_rejected")
    _taken_in(world, a, owner, package)
    world.until(lambda: owner in b.port.hosted() and world.agreed())


def test_who_left_may_publish_anew_and_come_back() -> None:
    world, a, b, chain = on_chain()
    _taken_in(world, a, *_published(world, b, chain))
    owner = b.hosted["dora"]
    world.until(lambda: owner in b.port.hosted() and world.agreed())
    with pytest.raises(AlreadyMember):
        b.publish("dora")
    b.leave("dora")
    world.until(lambda: owner not in a.engine.status().members and world.agreed())
    _taken_in(world, a, *_published(world, b, chain))
    world.until(lambda: owner in b.port.hosted() and world.agreed())
    assert len(_marks(a)) == len(set(_marks(a))) == 2


FAULTS = st.lists(st.sampled_from(["down", "up", "crash", "start", "reorg", "lag", "loss", "run"]), max_size=10)


@settings(max_examples=12)
@given(FAULTS, st.integers(0, 1_000))
def test_whatever_goes_wrong_she_is_taken_in(faults: list[str], seed: int) -> None:
    """Alice proposes her again whenever that came to nothing, until she is a member."""
    world, a, b, chain = on_chain(seed)
    owner, package = _published(world, b, chain)
    for fault in [*faults, "", "", "", ""]:
        if not fault:
            chain.lag.clear()
            chain.up()
            world.network.loss = 0.0
        _go_wrong(world, b, chain, fault)
        ballot = a.engine.status().ballot
        if ballot is None and owner not in a.engine.status().members:
            a.handle(ProposeAdd(a.hosted["alice"], owner, package, reply_to="alice"))
        for name in ("alice", "carol") if ballot is not None else ():
            with contextlib.suppress(AlreadyVoted):
                a.vote(name, yes=True)
        world.run(20)
    world.settle()
    world.run(200)
    assert owner in b.port.hosted()
    assert world.agreed()
    assert _marks(a) == [MarkUsed(owner, sha256(package).digest())]
    assert chain.contract.marked == [(owner, sha256(package).digest())]


def _go_wrong(world: World, b: Peer, chain: ModelChain, fault: str) -> None:
    match fault:
        case "down":
            chain.down()
        case "up":
            chain.up()
        case "crash":
            b.crash()
        case "start" if not b.up:
            b.start()
        case "reorg":
            chain.reorganise(3)
        case "lag":
            chain.lag["b"] = 6
        case "loss":
            world.network.loss = 0.3 - world.network.loss


# ---- Welcomes: anybody can make one for a key package that is public ----


def _forged(world: World, owner: Address, package: bytes, seed: int) -> bytes:
    """Somebody's Welcome to a group of his own that has our group's name."""
    (impostor,) = World(seed=seed).found("impostor")
    built = impostor.port.build([AddChange(owner, package)], int(world.now))
    return _welcome(built.welcome)


def _welcome(content: bytes) -> bytes:
    invitation = pb.InvitationToJoin(mls_message_out_bytes=content, group_id=b"room")
    return pb.WelcomeMessage(invitation_to_join=invitation).SerializeToString(deterministic=True)


def test_a_forged_welcome_leads_nowhere_and_does_no_harm() -> None:
    world, a, b, chain = _waku()
    owner, package = _published(world, b, chain)
    for seed in range(12):
        b.handle(Payload(Topic.WELCOME, _forged(world, owner, package, seed)))
    assert b.answers("dora") == ["package_relayed"]
    assert b.refused["queue_full"] == 4
    _taken_in(world, a, owner, package)
    world.until(lambda: owner in b.port.hosted() and world.agreed())
    b.say("dora", "hello")
    world.until(lambda: a.texts()[-1:] == ["hello"])


@functools.cache
def _added_while_away() -> tuple[World, Peer, Peer, list[tuple[Topic, bytes]]]:
    """Dora was added while b was cut off; and all that a has published since."""
    world, a, b, chain = _waku()
    owner, package = _published(world, b, chain)
    world.run(5)
    before = len(a.disk.archive)
    b.crash()
    _taken_in(world, a, owner, package)
    return world, a, b, a.disk.archive[before:]


@settings(max_examples=100)
@given(st.data())
def test_she_comes_in_whatever_order_history_has(data: st.DataObject) -> None:
    world, a, before, payloads = _added_while_away()
    payloads = data.draw(st.permutations(payloads + payloads))
    b = Peer(world, "b", create=False, group=before.group)
    b.disk, b.hosted, b.wallets = copy.deepcopy(before.disk), before.hosted, before.wallets
    world.network = Network(loss=1.0)  # what comes, comes by these payloads alone
    b.start()
    for at, (topic, content) in enumerate(payloads):
        b.receive(topic, content)
        if data.draw(st.booleans(), label=f"crash after {at}"):
            b.crash()
            b.start()
    for topic, content in payloads:  # as history does until nothing is missing
        b.receive(topic, content)
    assert b.hosted["dora"] in b.port.hosted()
    assert b.engine.status().epoch == a.engine.status().epoch
    assert b.answers("dora") == ["joined"]
    b.say("dora", "here")
    assert b.texts() == ["here"]
