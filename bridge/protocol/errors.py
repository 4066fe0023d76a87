"""Errors of the group protocol.

    ProtocolError
    ├── LocalError              ours: a request that this member may not make, or that makes no sense now
    │   ├── NotPermitted        the state or the role forbids it
    │   ├── UnknownMember       nobody in the group has that address
    │   ├── UnknownBallot       no open ballot with that number
    │   ├── AlreadyVoted        one vote per address
    │   ├── NotAMember          join first
    │   ├── AlreadyMember
    │   ├── QueueFull           too much waits already; retry later
    │   ├── LeafBehind          a hosted leaf lags too far and must rejoin
    │   ├── NotAsked            a signature that nobody waits for (any more)
    │   └── WrongSignature      not by the wallet that was asked; the question stays open
    └── RemoteError             theirs: refused, counted, logged, nothing changes
        ├── Malformed           does not parse, or breaks a bound
        │   └── MalformedMls
        ├── WrongGroup
        ├── WrongEpoch          `epoch` and `ours` say which way
        ├── Replayed
        ├── NotAllowed          the sender's role or the state forbids this kind
        ├── BadSignature        wallet signature or binding does not verify
        ├── BadVote             wrong ballot, digest, voter, time or hash
        ├── BadCertificate      the votes shown do not pass this batch
        ├── BadBatch            proposals are not exactly the voted changes, or the committer may not commit
        ├── BadRoster           the chain holds another roster than the group
        ├── InvalidGroup        a Welcome to a group that is not the one asked for, or with a bad policy
        └── UndecryptableMls

Every error has a `code` (stable, for metrics), says whether a retry helps (`retry`) and what a person is
told (`str(error)`).
"""

from __future__ import annotations

from typing import ClassVar


class ProtocolError(Exception):
    """Root. `code` is stable and used in metrics; `retry` says whether the same thing may work later."""

    code: ClassVar[str] = "protocol"
    retry: ClassVar[bool] = False


class LocalError(ProtocolError):
    """Our side asked for something that is not possible now."""

    code = "local"


class NotPermitted(LocalError):
    """The state or the role forbids it."""

    code = "not_permitted"
    retry = True


class UnknownMember(LocalError):
    """Nobody in the group has that address."""

    code = "unknown_member"


class UnknownBallot(LocalError):
    """There is no open ballot with that number."""

    code = "unknown_ballot"


class AlreadyVoted(LocalError):
    """One vote per address and ballot."""

    code = "already_voted"


class NotAMember(LocalError):
    """The person is not a member of the group."""

    code = "not_a_member"


class AlreadyMember(LocalError):
    """The person is a member already."""

    code = "already_member"


class QueueFull(LocalError):
    """Too much waits already."""

    code = "queue_full"
    retry = True


class LeafBehind(LocalError):
    """A leaf that this bridge hosts is unknown or lags too far; it has to rejoin."""

    code = "leaf_behind"


class NotAsked(LocalError):
    """A signature that nobody waits for: it was given, refused, or has become pointless."""

    code = "not_asked"


class WrongSignature(LocalError):
    """Not by the wallet that was asked. The question stays open: sign again with the right account."""

    code = "wrong_signature"
    retry = True


class RemoteError(ProtocolError):
    """Something received is refused."""

    code = "remote"


class Malformed(RemoteError):
    """It does not parse or breaks a bound."""

    code = "malformed"


class MalformedMls(Malformed):
    """Not a well-formed MLS message of an accepted kind."""

    code = "malformed_mls"


class WrongGroup(RemoteError):
    """Meant for another group."""

    code = "wrong_group"


class WrongEpoch(RemoteError):
    """Of another epoch: `epoch` is the message's, `ours` the group's."""

    code = "wrong_epoch"
    retry = True

    def __init__(self, epoch: int, ours: int) -> None:
        super().__init__(f"message of epoch {epoch}, the group is at {ours}")
        self.epoch = epoch
        self.ours = ours


class Replayed(RemoteError):
    """Seen before."""

    code = "replayed"


class NotAllowed(RemoteError):
    """The sender may not send this kind, or not in this state."""

    code = "not_allowed"


class BadSignature(RemoteError):
    """A wallet signature or binding does not verify."""

    code = "bad_signature"


class BadVote(RemoteError):
    """A vote that does not count: wrong ballot, digest, voter, time or hash."""

    code = "bad_vote"


class BadCertificate(RemoteError):
    """The votes shown do not pass this batch."""

    code = "bad_certificate"


class BadBatch(RemoteError):
    """The commit is not exactly what was voted, or its committer may not commit."""

    code = "bad_batch"


class BadRoster(RemoteError):
    """The chain holds another roster than the group has."""

    code = "bad_roster"


class InvalidGroup(RemoteError):
    """A Welcome to a group that is not the one asked for, or whose policy is not acceptable."""

    code = "invalid_group"


class UndecryptableMls(RemoteError):
    """Authentication failed or the key was used already (forged or replayed)."""

    code = "undecryptable"
