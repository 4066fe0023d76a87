"""What the simple messages may hold, by their field in the envelope.

Ballots, votes, claims, announcements, chat, history requests and fragments have readers of their own, which
check more than sizes; the rest is checked here, as soon as it is parsed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bridge.model.ethereum import SIGNATURE_BYTES
from bridge.protocol.batches import MAX_NAME_BYTES, MAX_REASON_BYTES
from bridge.protocol.errors import Malformed
from bridge.protocol.policy import MAX_POLICY_BYTES
from bridge.protocol.types import ADDRESS_BYTES, MAX_GROUP_ID_BYTES
from bridge.protocol.wire import demls_pb2 as pb

MAX_PROPOSALS = 2_048
"""One update per leaf of a group of 1,000, and a batch."""
MAX_MISSING = 10_000
MAX_KEY_PACKAGE_BYTES = 16_384
"""Ours have about 400 bytes with the wallet binding; other suites' keys are longer."""
MAX_ENCRYPTED_BYTES = MAX_KEY_PACKAGE_BYTES + 1_024


def check_group(group_id: bytes) -> None:
    """Raise Malformed unless a group is named."""
    if not 0 < len(group_id) <= MAX_GROUP_ID_BYTES:
        raise Malformed("a message that names no group")


def check_join_request_body(body: pb.JoinRequestBody) -> None:
    """Raise Malformed unless the decrypted join request is within its bounds."""
    check_group(body.group_id)
    if not 0 < len(body.key_package) <= MAX_KEY_PACKAGE_BYTES:
        raise Malformed("a join request without a proper key package")
    if len(body.rejoin_signature) not in (0, SIGNATURE_BYTES):
        raise Malformed(f"a rejoin's signature has {SIGNATURE_BYTES} bytes")
    if len(body.chain_signature) not in (0, SIGNATURE_BYTES):
        raise Malformed(f"a claim's signature has {SIGNATURE_BYTES} bytes")
    if len(body.name.encode()) > MAX_NAME_BYTES:
        raise Malformed(f"a name of more than {MAX_NAME_BYTES} bytes")


def _batch(message: pb.BatchProposalsMessage) -> None:
    check_group(message.group_name)
    if len(message.mls_proposals) > MAX_PROPOSALS or not message.commit_message:
        raise Malformed("a batch without a commit, or with too many proposals")


def _ban(message: pb.BanRequest) -> None:
    check_group(message.group_id)
    if len(message.user_to_ban) != ADDRESS_BYTES or len(message.requester) not in (0, ADDRESS_BYTES):
        raise Malformed("a ban request names addresses")
    if len(message.reason.encode()) > MAX_REASON_BYTES:
        raise Malformed(f"a reason of more than {MAX_REASON_BYTES} bytes")


def _change(message: pb.ChangeRequest) -> None:
    check_group(message.group_id)
    if len(message.requester) != ADDRESS_BYTES:
        raise Malformed("a request for a change names who asks")
    if len(message.reason.encode()) > MAX_REASON_BYTES:
        raise Malformed(f"a reason of more than {MAX_REASON_BYTES} bytes")
    if bool(message.policy) == bool(message.key_package):
        raise Malformed("a request for a change asks for a policy or for a member")
    if len(message.policy) > MAX_POLICY_BYTES or len(message.key_package) > MAX_KEY_PACKAGE_BYTES:
        raise Malformed("a request for a change of an impossible size")


def _epoch_started(message: pb.EpochStarted) -> None:
    check_group(message.group_id)


def _reminder(message: pb.VotingProposal) -> None:
    check_group(message.group_id)
    if len(message.missing) > MAX_MISSING or any(len(voter) != ADDRESS_BYTES for voter in message.missing):
        raise Malformed("a reminder names addresses")


def _user_vote(message: pb.UserVote) -> None:
    check_group(message.group_id)


def _join_request(message: pb.JoinRequest) -> None:
    if not 0 < len(message.encrypted) <= MAX_ENCRYPTED_BYTES:
        raise Malformed("a join request of an impossible size")


def _invitation(message: pb.InvitationToJoin) -> None:
    check_group(message.group_id)
    if not message.mls_message_out_bytes:
        raise Malformed("an invitation without a Welcome")


CHECKS: Mapping[str, Callable[[Any], None]] = {
    "batch_proposals_message": _batch,
    "ban_request": _ban,
    "change_request": _change,
    "epoch_started": _epoch_started,
    "voting_proposal": _reminder,
    "user_vote": _user_vote,
    "join_request": _join_request,
    "invitation_to_join": _invitation,
}
