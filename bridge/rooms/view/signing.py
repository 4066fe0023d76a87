"""What people's own wallets are asked to sign, and their answers."""

from __future__ import annotations

from typing import Final

from bridge.conversation.conversation import ConversationStopped
from bridge.conversation.ports import GroupHandle, GroupStatus, SignatureStatus, Signed
from bridge.model.ethereum import SIGNATURE_BYTES
from bridge.model.view import SigningRequest, ViewError
from bridge.protocol.effects import SignPurpose
from bridge.protocol.errors import LocalError
from bridge.rooms.commands.sentences import say

_V: Final = 27
"""What EIP-191 adds to the recovery bit; some wallets leave it out."""


def requests(status: GroupStatus, address: bytes) -> tuple[SigningRequest, ...]:
    """What this wallet is asked to sign now, the oldest first."""
    return tuple(_request(status.group, asked) for asked in status.signatures if asked.address == address)


async def answer(handle: GroupHandle, request_id: str, signature: bytes) -> None:
    """Hand a signature (65 bytes; empty: they will not sign) to the group; returns when it is stored.

    A signature by another wallet is refused and the request stays open. A refusal is signed by nobody: that it
    comes from whom was asked is for the adapter to see to. Raises ViewError.
    """
    asked = next((each for each in handle.status().signatures if str(each.token) == request_id), None)
    if asked is None:
        raise ViewError(say("not_asked", {}))
    if len(signature) not in (0, SIGNATURE_BYTES):
        raise ViewError(f"A signature has {SIGNATURE_BYTES} bytes.")
    try:
        await handle.submit(Signed(asked.token, _normal(signature)))
    except LocalError as error:
        raise ViewError(say(error.code, {"detail": str(error)})) from error
    except ConversationStopped as error:
        raise ViewError("The bridge is stopping. Sign again when it is back.") from error


def _request(group: str, asked: SignatureStatus) -> SigningRequest:
    return SigningRequest(
        request_id=str(asked.token),
        address=asked.address,
        purpose=asked.purpose,
        title=_title(group, asked),
        method="eth_signTypedData_v4" if asked.typed else "personal_sign",
        payload=asked.typed or f"0x{asked.message.hex()}",
    )


def _title(group: str, asked: SignatureStatus) -> str:
    match asked.purpose:
        case SignPurpose.BIND:
            return f"Let this bridge send and receive for your wallet in the group {group}."
        case SignPurpose.VOTE:
            return f"Vote {'YES' if asked.yes else 'NO'} in vote {asked.ballot_id} of the group {group}."
        case SignPurpose.LEAVE:
            return f"Leave the group {group}."
        case SignPurpose.REJOIN:
            return f"Come back into the group {group} after a gap."
        case SignPurpose.PUBLISH:
            return f"Publish a key package on the chain: the group {group} can add you while you are away."
        case "leave_claim":
            return f"Leave the group {group}: the same for its contract."
        case "rejoin_claim":
            return f"Come back into the group {group}: the same for its contract."
        case _:
            return f"Go on in the group {group}."


def _normal(signature: bytes) -> bytes:
    """r || s || v with v 27 or 28."""
    if signature and signature[-1] < _V:
        return signature[:-1] + bytes([signature[-1] + _V])
    return signature
