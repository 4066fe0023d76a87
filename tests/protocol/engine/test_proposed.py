"""Changes that members propose: settings, and people who are away."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bridge.protocol.errors import AlreadyMember, NotAMember, NotPermitted
from bridge.protocol.events import ProposeAdd, ProposePolicy
from bridge.protocol.policy import encode_policy
from bridge.protocol.types import Coordination
from tests.support.chain_community import present, vote_all
from tests.support.community import community
from tests.support.world import opened


def test_other_settings_are_voted_on_wherever_they_are_proposed() -> None:
    world, a, b = community()
    wanted = replace(present(b), timing=replace(present(b).timing, voting=60))
    b.propose("bob", wanted)
    vote_all(world, a, b)
    (notice,) = opened(a)
    assert "open for 60 s" in notice.changes[0].name
    world.until(lambda: present(a) == present(b) == wanted and world.agreed())
    assert b.answers("bob") == ["propose_requested", "vote_counted", "propose_passed"]


def test_a_proposal_on_settings_that_have_changed_is_over() -> None:
    """It holds all settings: voted on afterwards, it would take back what was just decided."""
    world, a, b = community()
    wanted = replace(present(a), timing=replace(present(a).timing, voting=60))
    a.handle(ProposePolicy(a.hosted["alice"], encode_policy(wanted), "", "alice"))
    b.propose("bob", replace(present(b), chat_during_ballot=True))
    vote_all(world, a, b)
    world.until(lambda: present(a) == present(b) == wanted and world.agreed())
    world.until(lambda: b.answers("bob")[-1] == "propose_outdated")
    world.run(120)
    assert a.engine.status().ballot is None
    assert present(a) == wanted
    assert a.answers("alice")[-1] == "propose_passed"


def test_a_no_is_told_to_who_proposed_it() -> None:
    world, a, b = community()
    before = present(b)
    b.propose("bob", replace(before, chat_during_ballot=True))
    vote_all(world, a, b, yes=False)
    world.until(lambda: b.answers("bob")[-1] == "propose_failed")
    assert present(a) == before


def test_somebody_who_is_away_is_taken_in() -> None:
    world, a, b = community()
    address, package = b.package_of("dora")
    a.handle(ProposeAdd(a.hosted["alice"], address, package, "an old friend", "alice"))
    vote_all(world, a, b)
    world.until(lambda: address in a.engine.status().members and world.agreed())
    assert a.answers("alice")[-1] == "propose_passed"
    b.join("dora")  # the Welcome lies in the archive: she comes in by it, or by a rejoin
    world.until(lambda: address in b.port.hosted())


def test_what_makes_no_sense_is_refused_at_once() -> None:
    world, a, b = community()
    alice, stranger = a.hosted["alice"], a.host("stranger")
    same = encode_policy(present(a))
    other = encode_policy(replace(present(a), creator=b.wallet.address))
    contract = encode_policy(replace(present(a), coordination=Coordination.CONTRACT))
    fine = encode_policy(replace(present(a), chat_during_ballot=True))
    for policy in (b"", b"nonsense", same, other, contract):
        with pytest.raises(NotPermitted):
            a.handle(ProposePolicy(alice, policy))
    with pytest.raises(NotAMember):
        a.handle(ProposePolicy(stranger, fine))
    address, package = b.package_of("dora")
    with pytest.raises(AlreadyMember):
        a.handle(ProposeAdd(alice, b.hosted["bob"], package))
    with pytest.raises(NotPermitted):
        a.handle(ProposeAdd(alice, stranger, package))
    with pytest.raises(NotPermitted):
        a.handle(ProposeAdd(alice, address, package[:-1] + bytes([package[-1] ^ 1])))
    world.run(60)
    assert a.engine.status().ballot is None
