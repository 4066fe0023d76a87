"""A group of three voters and two bridges, and certified batches of it that a test can spoil."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bridge.protocol.ballots.ballot import Ballot, make
from bridge.protocol.ballots.certificate import Certificate
from bridge.protocol.ballots.claims import LeaveClaim, RejoinClaim
from bridge.protocol.ballots.judgement import Judgement, judge
from bridge.protocol.ballots.votes import SignedVote, draft, signing_bytes, vote_hash, with_signature
from bridge.protocol.batches import VotedAdd, VotedChange, VotedPolicy, VotedRemove, key_package_hash
from bridge.protocol.policy import encode_policy
from bridge.protocol.ports import AddChange, Address, Change, PolicyChange, RemoveChange, Staged, View
from bridge.protocol.types import GroupPolicy, Timing
from tests.support.wallets import Wallet

GROUP = b"garden"
EPOCH = 9
NOW = 1_800_000_000
VOTING = 30
ALICE, BOB, CAROL, DAVE = (Wallet(name) for name in ("alice", "bob", "carol", "dave"))
BRIDGE, OTHER = Wallet("bridge"), Wallet("other bridge")
POLICY = GroupPolicy(
    creator=BRIDGE.address,
    steward_candidates=(BRIDGE.address, OTHER.address, BOB.address),
    service_members=(BRIDGE.address, OTHER.address, Wallet("third bridge").address),
    timing=Timing(voting=VOTING),
)
MEMBERS = (BRIDGE.address, OTHER.address, ALICE.address, BOB.address, CAROL.address)
VIEW = View(GROUP, EPOCH, MEMBERS, encode_policy(POLICY))
PACKAGE = b"a key package"


def address(number: int) -> Address:
    return Address(number.to_bytes(20, "big"))


def voted_add(who: Address = DAVE.address, package: bytes = PACKAGE) -> VotedAdd:
    return VotedAdd(who, key_package_hash(package), "Dave", BRIDGE.address, "likes gardens")


def open_ballot(changes: Sequence[VotedChange] = (), **other: Any) -> Ballot:
    values: dict[str, Any] = {
        "group_id": GROUP,
        "epoch": EPOCH,
        "retry_round": 0,
        "steward": BRIDGE.address,
        "changes": changes or (voted_add(),),
        "voters": POLICY.voters(MEMBERS),
        "opened": NOW - 10,
        "deadline": NOW - 10 + VOTING,
    }
    return make(**(values | other))


def cast(ballot: Ballot, wallet: Wallet, yes: bool = True, now: int = NOW - 5, **changed: Any) -> SignedVote:
    """A signed vote; what is changed, is changed before hash and signature are made."""
    vote = replace(draft(ballot, wallet.address, yes, now), **changed)
    vote = replace(vote, vote_hash=vote_hash(vote))
    return with_signature(vote, wallet.sign(signing_bytes(vote)))


def staged(*changes: Change, committer: Wallet = BRIDGE) -> Staged:
    return Staged(1, committer.address, changes, (), removes_self=False)


def realised(changes: Sequence[VotedChange], package: bytes = PACKAGE) -> tuple[Change, ...]:
    """What an honest steward commits for these changes."""
    found: list[Change] = []
    for change in changes:
        match change:
            case VotedAdd(address=who):
                found.append(AddChange(who, package))
            case VotedRemove(address=who):
                found.append(RemoveChange(who))
            case VotedPolicy(policy=policy):
                found.append(PolicyChange(policy))
    return tuple(found)


def certified(ballot: Ballot, yes: Sequence[Wallet] = (ALICE, BOB), no: Sequence[Wallet] = ()) -> Certificate:
    votes = [cast(ballot, wallet) for wallet in yes] + [cast(ballot, wallet, False) for wallet in no]
    return Certificate(ballot, tuple(votes))


def leave_claim(wallet: Wallet, **changed: Any) -> LeaveClaim:
    claim = replace(LeaveClaim(GROUP, wallet.address, EPOCH, NOW - 60), **changed)
    return claim.with_signature(wallet.sign(claim.signing_bytes()))


def rejoin_claim(wallet: Wallet, package: bytes = PACKAGE, **changed: Any) -> RejoinClaim:
    claim = RejoinClaim(GROUP, wallet.address, EPOCH - 3, key_package_hash(package), NOW - 60)
    claim = replace(claim, **changed)
    return claim.with_signature(wallet.sign(claim.signing_bytes()))


def verdict(
    certificate: Certificate,
    batch: Staged,
    *,
    view: View = VIEW,
    policy: GroupPolicy = POLICY,
    now: float = NOW,
    catching_up: bool = False,
) -> Judgement:
    return judge(certificate, batch, view, policy, now, catching_up=catching_up)
