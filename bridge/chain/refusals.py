"""The contracts' custom errors in words."""

from __future__ import annotations

from typing import Final

from bridge.chain import abi

WORDS: Final[dict[str, str]] = {
    "BallotsAlreadyDecided": "the ballot is decided already",
    "BallotsAlreadyVoted": "this member has voted, and a vote cannot be changed",
    "BallotsAnotherIsOpen": "another ballot of this group is not decided yet",
    "BallotsBadBatch": "the batch of votes is empty or too large",
    "BallotsBadDeadline": "the ballot's deadline does not fit the group's voting time and the chain's clock",
    "BallotsBadDigest": "there has been a ballot of this digest",
    "BallotsBadSignature": "the vote's signature is not the voter's",
    "BallotsClosed": "the ballot is over",
    "BallotsNoVoters": "nobody in the group has a vote",
    "BallotsNotAVoter": "this address has no vote in the group",
    "BallotsNotSteward": "only a steward candidate that is a member opens ballots; is the group on chain?",
    "BallotsTooEarly": "the ballot's deadline has not passed on the chain",
    "BallotsUnknown": "the chain has no such ballot",
    "GroupRegistryAlreadyMember": "somebody is added whom the chain has as a member",
    "GroupRegistryBadClaim": "a leave or rejoin without its member's signature",
    "GroupRegistryBadList": "a list of addresses is empty, too long or repeats itself",
    "GroupRegistryBadTerms": "the policy's voting time is not what the contract allows",
    "GroupRegistryBallotNeeded": "these changes need a ballot",
    "GroupRegistryBallotOpen": "the group has a ballot that is not decided",
    "GroupRegistryCoordinated": "the chain coordinates this group: its roster cannot be set anew",
    "GroupRegistryEmptyCommit": "a commit without changes is not recorded",
    "GroupRegistryExists": "the group is on this chain already",
    "GroupRegistryNoBallot": "no passed ballot of this epoch, or one from before the newest record",
    "GroupRegistryNotAllowed": "the paying wallet is no steward candidate and member of this group",
    "GroupRegistryNotCoordinated": "the group is not coordinated by this chain",
    "GroupRegistryNotMember": "somebody is removed whom the chain does not have as a member",
    "GroupRegistryOtherChanges": "the commit's changes are not the voted ones",
    "GroupRegistryStaleClaim": "a leave or rejoin that was used, or is of a later epoch",
    "GroupRegistryUnknown": "the chain does not know this group",
    "GroupRegistryWrongEpoch": "the commit's epoch is not after that of the newest record",
    "GroupRegistryWrongNumber": "another commit has this number",
    "GroupRegistryWrongRole": "a member is listed as a voter and as a service, or as neither",
    "InvalidShortString": "the contract was built wrongly",
    "KeyPackageRegistryBadSize": "a key package is empty or too long",
    "KeyPackageRegistryBadSignature": "the key package's signature is not its owner's",
    "KeyPackageRegistryFull": "too many key packages of this owner wait for the group",
    "KeyPackageRegistryKnown": "this key package was published before",
    "KeyPackageRegistryNotAMember": "the key package's owner is no member, so it was not used",
    "KeyPackageRegistryNotSteward": "only a steward of the group marks key packages",
    "KeyPackageRegistryNotWaiting": "this key package does not wait: it was used, revoked or never published",
    "StringTooLong": "the contract was built wrongly",
}
"""A test holds the keys against the artifacts."""

DONE: Final = frozenset(
    {
        "BallotsAlreadyDecided",
        "BallotsBadDigest",
        "KeyPackageRegistryKnown",
        "KeyPackageRegistryNotWaiting",
    }
)
"""What was asked for is so already. (A ballot of our digest that somebody else has opened comes as a fact, and
is held against ours. A key package that does not wait needs no mark, whoever has used it or taken it back.)"""

SKIPPED: Final[tuple[str, ...]] = (
    "",
    WORDS["BallotsNotAVoter"],
    "",
    WORDS["BallotsBadSignature"],
    WORDS["BallotsClosed"],
)
"""By `Ballots.SkipReason`; empty where the vote counts, now or from before."""


def name_of(selector: str) -> str:
    """The custom error's name; empty for none of ours."""
    return abi.errors().get(selector.lower(), "")


def in_words(selector: str) -> str:
    """A sentence for people."""
    return WORDS.get(name_of(selector), f"the contract refused ({selector[:10]})")


def is_done(selector: str) -> bool:
    """Whether it means that what was asked for is so already."""
    return name_of(selector) in DONE


def skipped(reason: int) -> str:
    """Why a vote of a batch was left out; empty when it counts all the same."""
    return SKIPPED[reason] if 0 <= reason < len(SKIPPED) else f"the contract skipped it ({reason})"
