"""A good certificate is accepted; each single tampering with it is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.protocol.ballots.ballot import Ballot
from bridge.protocol.ballots.certificate import Certificate
from bridge.protocol.ballots.votes import SignedVote, vote_hash
from bridge.protocol.batches import VotedChange, VotedPolicy, VotedRemove
from bridge.protocol.errors import BadBatch, BadCertificate
from bridge.protocol.policy import encode_policy
from bridge.protocol.ports import AddChange, Change, PolicyChange, RemoveChange, Staged
from bridge.protocol.types import BallotRules, Silence
from tests.protocol.ballots.cases import (
    ALICE,
    BOB,
    BRIDGE,
    CAROL,
    DAVE,
    EPOCH,
    MEMBERS,
    NOW,
    OTHER,
    PACKAGE,
    POLICY,
    VIEW,
    VOTING,
    address,
    cast,
    certified,
    leave_claim,
    open_ballot,
    realised,
    rejoin_claim,
    staged,
    verdict,
    voted_add,
)
from tests.support.wallets import Wallet

BALLOT = open_ballot()
GOOD = certified(BALLOT)
BATCH = staged(AddChange(DAVE.address, PACKAGE))
BAN = VotedRemove(CAROL.address, ALICE.address, "spam")


def test_a_passed_batch_is_accepted() -> None:
    found = verdict(GOOD, BATCH)
    assert found.added == (DAVE.address,)
    assert found.changes == BALLOT.changes
    assert (found.banned, found.left, found.rejoined, found.hold_until) == ((), (), (), 0)


def test_a_ban_and_who_is_banned() -> None:
    ballot = open_ballot((BAN,))
    found = verdict(certified(ballot), staged(RemoveChange(CAROL.address)))
    assert found.banned == (CAROL.address,)


def test_a_policy_change() -> None:
    following = encode_policy(replace(POLICY, chat_during_ballot=True))
    ballot = open_ballot((VotedPolicy(following),))
    assert verdict(certified(ballot), staged(PolicyChange(following))).changes == ballot.changes


def test_the_next_candidate_commits_the_removal_of_the_steward() -> None:
    ballot = open_ballot((VotedRemove(BRIDGE.address),))
    batch = staged(RemoveChange(BRIDGE.address), committer=OTHER)
    assert verdict(certified(ballot), batch).banned == (BRIDGE.address,)


def _with_vote(**changed: object) -> Certificate:
    """The good certificate with one vote altered after it was signed."""
    altered = replace(GOOD.votes[0], **changed)  # type: ignore[arg-type]
    return replace(GOOD, votes=(altered, GOOD.votes[1]))


def _turned() -> SignedVote:
    vote = replace(cast(BALLOT, ALICE, False), yes=True)
    return replace(vote, vote_hash=vote_hash(vote))


def _on(ballot: Ballot) -> Certificate:
    return certified(ballot)


CERTIFICATES: dict[str, Callable[[], Certificate]] = {
    "other batch": lambda: replace(GOOD, votes=_on(open_ballot((voted_add(package=b"x"),))).votes),
    "votes of another epoch": lambda: replace(GOOD, votes=_on(open_ballot(epoch=EPOCH - 1)).votes),
    "votes of another retry round": lambda: replace(GOOD, votes=_on(open_ballot(retry_round=1)).votes),
    "votes of another group": lambda: replace(GOOD, votes=_on(open_ballot(group_id=b"yard")).votes),
    "ballot of another epoch": lambda: _on(open_ballot(epoch=EPOCH - 1)),
    "ballot of another group": lambda: _on(open_ballot(group_id=b"yard")),
    "foreign voter": lambda: certified(BALLOT, (ALICE, DAVE)),
    "a bridge votes": lambda: certified(BALLOT, (ALICE, OTHER)),
    "doubled vote": lambda: replace(GOOD, votes=(GOOD.votes[0],) * 2),
    "one voter says both": lambda: certified(BALLOT, (ALICE, BOB), (ALICE,)),
    "missing digest": lambda: replace(GOOD, votes=(cast(BALLOT, ALICE, digest=b""), GOOD.votes[1])),
    "other digest": lambda: replace(GOOD, votes=(cast(BALLOT, ALICE, digest=bytes(32)), GOOD.votes[1])),
    "other ballot id": lambda: replace(GOOD, votes=(cast(BALLOT, ALICE, ballot_id=1), GOOD.votes[1])),
    "NO turned to YES": lambda: replace(
        GOOD, votes=(replace(cast(BALLOT, ALICE, False), yes=True), GOOD.votes[1])
    ),
    "NO turned to YES, hash made anew": lambda: replace(GOOD, votes=(_turned(), GOOD.votes[1])),
    "hash altered": lambda: _with_vote(vote_hash=bytes(32)),
    "time altered": lambda: _with_vote(time=NOW),
    "signature altered": lambda: _with_vote(signature=GOOD.votes[1].signature),
    "no signature": lambda: _with_vote(signature=b""),
    "digest taken away": lambda: _with_vote(digest=b""),
    "vote from before the opening": lambda: replace(
        GOOD, votes=(cast(BALLOT, ALICE, time=BALLOT.opened - 6), GOOD.votes[1])
    ),
    "vote from after the deadline": lambda: replace(
        GOOD, votes=(cast(BALLOT, ALICE, time=BALLOT.deadline + 6), GOOD.votes[1])
    ),
    "no votes": lambda: replace(GOOD, votes=()),
    "no ballot": Certificate,
    "votes without a ballot": lambda: replace(GOOD, ballot=None),
    "outvoted": lambda: certified(BALLOT, (ALICE,), (BOB,)),
    "shortened deadline": lambda: _on(open_ballot(deadline=BALLOT.opened + VOTING - 1)),
    "lengthened deadline": lambda: _on(open_ballot(deadline=BALLOT.opened + VOTING + 1)),
    "opened in the future": lambda: _on(open_ballot(opened=NOW + 6, deadline=NOW + 6 + VOTING)),
    "smaller electorate": lambda: _on(open_ballot(voters=(ALICE.address, BOB.address))),
    "larger electorate": lambda: _on(open_ballot(voters=(*POLICY.voters(MEMBERS), DAVE.address))),
    "opened by a plain member": lambda: _on(open_ballot(steward=ALICE.address)),
    "opened by a candidate who is gone": lambda: _on(open_ballot(steward=address(7))),
    "a claim as freight": lambda: replace(GOOD, leaves=(leave_claim(CAROL),)),
    "a rejoin claim as freight": lambda: replace(GOOD, rejoins=(rejoin_claim(CAROL),)),
}


@pytest.mark.parametrize("name", CERTIFICATES)
def test_a_tampered_certificate_is_refused(name: str) -> None:
    policy = replace(POLICY, steward_candidates=(*POLICY.steward_candidates, address(7)))
    with pytest.raises(BadCertificate):
        verdict(CERTIFICATES[name](), BATCH, policy=policy)


CREATOR_CHANGED = encode_policy(replace(POLICY, creator=OTHER.address))
BATCHES: dict[str, tuple[tuple[VotedChange, ...], Staged]] = {
    "a change nobody voted on": (
        (voted_add(),),
        staged(AddChange(DAVE.address, PACKAGE), RemoveChange(CAROL.address)),
    ),
    "one voted change left out": (
        (voted_add(), voted_add(address(5), b"other")),
        staged(AddChange(DAVE.address, PACKAGE)),
    ),
    "nothing of it": ((voted_add(),), staged()),
    "another key package": ((voted_add(),), staged(AddChange(DAVE.address, b"stolen"))),
    "another person": ((voted_add(),), staged(AddChange(address(5), PACKAGE))),
    "another victim": ((BAN,), staged(RemoveChange(ALICE.address))),
    "a policy beside the add": (
        (voted_add(),),
        staged(AddChange(DAVE.address, PACKAGE), PolicyChange(VIEW.policy)),
    ),
    "another policy": ((VotedPolicy(VIEW.policy),), staged(PolicyChange(CREATOR_CHANGED))),
    "a policy with another creator": (
        (VotedPolicy(CREATOR_CHANGED),),
        staged(PolicyChange(CREATOR_CHANGED)),
    ),
    "a policy that nobody can read": ((VotedPolicy(b"\xff"),), staged(PolicyChange(b"\xff"))),
    "committer is a plain member": (
        (voted_add(),),
        staged(AddChange(DAVE.address, PACKAGE), committer=ALICE),
    ),
    "committer is a stranger": ((voted_add(),), staged(AddChange(DAVE.address, PACKAGE), committer=DAVE)),
    "committer is a candidate who is gone": (
        (voted_add(),),
        staged(AddChange(DAVE.address, PACKAGE), committer=Wallet("gone")),
    ),
    "removed committer": (
        (VotedRemove(BOB.address),),
        staged(RemoveChange(BOB.address), committer=BOB),
    ),
    "the same twice": ((voted_add(),), staged(*realised((voted_add(), voted_add())))),
    "a member added again": (
        (voted_add(CAROL.address),),
        staged(AddChange(CAROL.address, PACKAGE)),
    ),
    "a stranger removed": ((VotedRemove(DAVE.address),), staged(RemoveChange(DAVE.address))),
}


@pytest.mark.parametrize("name", BATCHES)
def test_a_batch_that_is_not_the_voted_one_is_refused(name: str) -> None:
    changes, batch = BATCHES[name]
    policy = replace(POLICY, steward_candidates=(*POLICY.steward_candidates, Wallet("gone").address))
    with pytest.raises(BadBatch):
        verdict(certified(open_ballot(changes)), batch, policy=policy)


def test_too_early_holds_the_batch_until_the_deadline() -> None:
    certificate = certified(BALLOT, (ALICE,))  # one of three: passes only when the others' silence counts
    assert verdict(certificate, BATCH).hold_until == BALLOT.deadline
    assert verdict(certificate, BATCH, now=BALLOT.deadline - 5.5).hold_until == BALLOT.deadline
    assert verdict(certificate, BATCH, now=BALLOT.deadline - 5).hold_until == 0
    assert verdict(certificate, BATCH, now=BALLOT.deadline + 10**6).hold_until == 0


def test_the_silence_rule_is_that_of_the_policy_and_the_kind() -> None:
    late = BALLOT.deadline
    ban, ban_batch = open_ballot((BAN,)), staged(RemoveChange(CAROL.address))
    with pytest.raises(BadCertificate):
        verdict(certified(ban, (ALICE,)), ban_batch, now=late)
    kind = replace(POLICY, rules=BallotRules(removals=Silence.APPROVE))
    assert verdict(certified(ban, (ALICE,)), ban_batch, now=late, policy=kind).banned == (CAROL.address,)
    strict = replace(POLICY, rules=BallotRules(min_votes=2))
    with pytest.raises(BadCertificate):
        verdict(certified(BALLOT, (ALICE,)), BATCH, now=late, policy=strict)


def test_updates_alone_need_no_ballot_but_a_candidate() -> None:
    assert verdict(Certificate(), staged()).changes == ()
    with pytest.raises(BadBatch):
        verdict(Certificate(), staged(committer=ALICE))
    with pytest.raises(BadCertificate):  # votes are no freight either
        verdict(Certificate(votes=GOOD.votes), staged())


def test_a_service_member_is_added_without_a_ballot_but_not_removed() -> None:
    third = Wallet("third bridge").address
    assert verdict(Certificate(), staged(AddChange(third, PACKAGE))).added == (third,)
    with pytest.raises(BadCertificate):
        verdict(Certificate(), staged(RemoveChange(OTHER.address)))


def test_a_member_leaves_by_his_own_claim() -> None:
    certificate = Certificate(leaves=(leave_claim(CAROL),))
    found = verdict(certificate, staged(RemoveChange(CAROL.address)))
    assert (found.left, found.banned) == ((CAROL.address,), ())


def test_a_member_rejoins_by_his_own_claim() -> None:
    batch = staged(RemoveChange(CAROL.address), AddChange(CAROL.address, PACKAGE))
    found = verdict(Certificate(rejoins=(rejoin_claim(CAROL),)), batch)
    assert (found.rejoined, found.added, found.left) == ((CAROL.address,), (), ())


def test_leave_rejoin_and_voted_add_in_one_commit() -> None:
    certificate = replace(GOOD, leaves=(leave_claim(ALICE),), rejoins=(rejoin_claim(CAROL, b"new"),))
    changes: tuple[Change, ...] = (
        RemoveChange(ALICE.address),
        RemoveChange(CAROL.address),
        AddChange(CAROL.address, b"new"),
        AddChange(DAVE.address, PACKAGE),
    )
    found = verdict(certificate, staged(*changes))
    assert (found.left, found.rejoined, found.added) == (
        (ALICE.address,),
        (CAROL.address,),
        (DAVE.address,),
    )


LEAVES = {
    "forged": replace(leave_claim(CAROL), signature=leave_claim(ALICE).signature),
    "of another member": leave_claim(ALICE),
    "of another group": leave_claim(CAROL, group_id=b"yard"),
    "of a later epoch": leave_claim(CAROL, epoch=EPOCH + 1),
    "too old": leave_claim(CAROL, time=NOW - 7 * 86_400 - 1),
    "from the future": leave_claim(CAROL, time=NOW + 601),
    "altered": replace(leave_claim(CAROL), time=NOW),
}


@pytest.mark.parametrize("name", LEAVES)
def test_a_bad_leave_claim_is_refused(name: str) -> None:
    with pytest.raises(BadCertificate):
        verdict(Certificate(leaves=(LEAVES[name],)), staged(RemoveChange(CAROL.address)))


def test_only_members_make_claims() -> None:
    leave_claim(CAROL).verify(VIEW, NOW)
    rejoin_claim(CAROL).verify(VIEW, PACKAGE, NOW)
    with pytest.raises(BadCertificate):
        leave_claim(DAVE).verify(VIEW, NOW)
    with pytest.raises(BadCertificate):
        rejoin_claim(DAVE).verify(VIEW, PACKAGE, NOW)


REJOINS = {
    "missing": (),
    "twice": (rejoin_claim(CAROL), rejoin_claim(CAROL)),
    "forged": (replace(rejoin_claim(CAROL), signature=rejoin_claim(ALICE).signature),),
    "another key package": (rejoin_claim(CAROL, b"older"),),
    "of another group": (rejoin_claim(CAROL, group_id=b"yard"),),
    "of a later epoch": (rejoin_claim(CAROL, epoch=EPOCH + 1),),
    "too old": (rejoin_claim(CAROL, time=NOW - 601),),
    "from the future": (rejoin_claim(CAROL, time=NOW + 601),),
}


@pytest.mark.parametrize("name", REJOINS)
def test_a_bad_rejoin_claim_is_refused(name: str) -> None:
    batch = staged(RemoveChange(CAROL.address), AddChange(CAROL.address, PACKAGE))
    with pytest.raises(BadCertificate):
        verdict(Certificate(rejoins=REJOINS[name]), batch)


def test_history_may_hold_old_claims_but_not_forged_ones() -> None:
    batch = staged(RemoveChange(CAROL.address), AddChange(CAROL.address, PACKAGE))
    certificate = Certificate(rejoins=(rejoin_claim(CAROL),))
    assert verdict(certificate, batch, now=NOW + 86_400, catching_up=True).rejoined == (CAROL.address,)
    with pytest.raises(BadCertificate):
        verdict(Certificate(rejoins=REJOINS["forged"]), batch, now=NOW + 86_400, catching_up=True)


def test_while_there_is_no_voter_only_the_creator_adds_and_only_adds() -> None:
    view = replace(VIEW, members=(BRIDGE.address, OTHER.address))
    adds = (AddChange(DAVE.address, PACKAGE), AddChange(ALICE.address, b"hers"))
    assert verdict(Certificate(), staged(*adds), view=view).added == (DAVE.address, ALICE.address)
    for batch in (
        staged(*adds, committer=OTHER),
        staged(RemoveChange(OTHER.address)),
        staged(PolicyChange(VIEW.policy)),
    ):
        with pytest.raises(BadBatch):
            verdict(Certificate(), batch, view=view)
    with pytest.raises(BadCertificate):  # a ballot of nobody passes nothing
        verdict(Certificate(open_ballot(voters=())), BATCH, view=view)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_flipped_bit_of_a_signed_vote_is_refused(data: st.DataObject) -> None:
    vote = GOOD.votes[0]
    field = data.draw(st.sampled_from(["voter", "vote_hash", "signature", "digest"]))
    value = bytearray(getattr(vote, field))
    at = data.draw(st.integers(0, len(value) * 8 - 1))
    value[at // 8] ^= 1 << at % 8
    with pytest.raises(BadCertificate):
        verdict(_with_vote(**{field: bytes(value)}), BATCH)
