"""What members sign who act for themselves: a leave, or a rejoin; and the same again for a contract.

A wallet may be its owner's, who takes his time. So a question stays the same for as long as its answer would
do, however often it comes up; and what he has signed is sent again, not asked again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from bridge.protocol import on_chain
from bridge.protocol.ballots.claims import LEAVE_FRESH, REJOIN_FRESH, LeaveClaim, RejoinClaim
from bridge.protocol.effects import SignPurpose
from bridge.protocol.engine.core import Core
from bridge.protocol.engine.state import PendingRequest, PendingSignature
from bridge.protocol.ports import Address
from bridge.protocol.wire import demls_pb2 as pb

if TYPE_CHECKING:
    from bridge.protocol.engine import GroupEngine

SIGNED_WITHIN: Final = REJOIN_FRESH / 2
"""Seconds in which a rejoin is to be signed: the other half is for its way into the group."""

_Claim = pb.JoinRequestBody | pb.LeaveRequest


class Claiming:
    """Questions to the wallets of members who leave or rejoin, and what follows their answers."""

    def __init__(self, core: Core, engine: GroupEngine) -> None:
        self._core = core
        self._engine = engine

    def waits(self, request: PendingRequest, *, tell: bool = False) -> bool:
        """Whether the wallet has been asked for this, and its answer will be good.

        `tell`: say again that it is asked.
        """
        rejoins = request.kind == "add"
        purposes = ("rejoin", "rejoin_claim") if rejoins else ("leave", "leave_claim")
        asked = [self._core.question(purpose, request.address) for purpose in purposes]
        return any(each is not None and self._goes_on(each, request, tell) for each in asked)

    def _goes_on(self, asked: PendingSignature, request: PendingRequest, tell: bool) -> bool:
        is_rejoin = request.kind == "add"
        said = (pb.JoinRequestBody if is_rejoin else pb.LeaveRequest).FromString(asked.data)
        if not self._is_fresh(said, SIGNED_WITHIN if is_rejoin else LEAVE_FRESH / 2):
            return False
        asked.reply_to = request.reply_to
        if tell and asked.typed:
            self._for_contract(asked.purpose, asked.data, asked, said.epoch)
        elif tell:
            purpose = SignPurpose.REJOIN if is_rejoin else SignPurpose.LEAVE
            self._core.sign(purpose, Address(asked.address), asked.message, asked)
        return True

    def _is_fresh(self, said: _Claim, within: float) -> bool:
        """Whether it was said in this epoch, and not long ago."""
        core = self._core
        return core.joined and said.epoch == core.view.epoch and core.now - said.time < within

    def _for_contract(self, purpose: str, data: bytes, signed: PendingSignature, epoch: int) -> None:
        """What the group has of a member who acts for himself, the contract must have as well."""
        member = Address(signed.address)
        then = PendingSignature(purpose, data, member, signed.reply_to)
        rejoins = purpose == "rejoin_claim"
        typed = on_chain.claim(self._engine.coordinating.domain(), member, rejoins=rejoins, epoch=epoch)
        self._core.sign_typed(SignPurpose.CLAIM, member, typed, then)

    # ---- rejoins ----

    def rejoin(self, request: PendingRequest, draft: Callable[[], pb.JoinRequestBody]) -> None:
        """A present member whose leaf is lost here: its wallet must ask for the rejoin, if it has not yet.

        `draft` makes a join request with a fresh key package.
        """
        core, member = self._core, Address(request.address)
        signed = pb.JoinRequestBody.FromString(request.claim)
        if self._is_fresh(signed, SIGNED_WITHIN):
            self._engine.requests.send_rejoin(signed)
            return
        if self._engine.coordinating.active:
            self._engine.coordinating.domain()
        core.unask("rejoin_claim", member)
        body = draft()
        claim = RejoinClaim.from_join_request(body, member)
        then = PendingSignature("rejoin", body.SerializeToString(deterministic=True), member, request.reply_to)
        core.sign(SignPurpose.REJOIN, member, claim.signing_bytes(), then)

    def rejoin_signed(self, pending: PendingSignature, signature: bytes) -> None:
        """The wallet has signed the rejoin; one that was signed too late is asked for anew."""
        requests, body = self._engine.requests, pb.JoinRequestBody.FromString(pending.data)
        request = requests.find("add", pending.address)
        if request is not None and self._core.now - body.time >= REJOIN_FRESH:
            requests.send_join(request)
            return
        body.rejoin_signature = signature
        if self._engine.coordinating.active:
            self._for_contract("rejoin_claim", body.SerializeToString(deterministic=True), pending, body.epoch)
        else:
            self._rejoin_ready(body, request)

    def rejoin_claimed(self, pending: PendingSignature, signature: bytes) -> None:
        """The wallet has signed the rejoin for the contract too."""
        body = pb.JoinRequestBody.FromString(pending.data)
        body.chain_signature = signature
        self._rejoin_ready(body, self._engine.requests.find("add", pending.address))

    def _rejoin_ready(self, body: pb.JoinRequestBody, request: PendingRequest | None) -> None:
        """All is signed: send it, and keep it in case it gets lost."""
        if request is not None:
            request.claim = body.SerializeToString(deterministic=True)
        self._engine.requests.send_rejoin(body)

    # ---- leaves ----

    def leave(self, request: PendingRequest) -> None:
        """A member's wallet must say that he leaves."""
        core, leaver = self._core, Address(request.address)
        core.unask("leave_claim", leaver)
        claim = LeaveClaim(core.view.group_id, leaver, core.view.epoch, int(core.now))
        data = claim.to_wire().SerializeToString(deterministic=True)
        then = PendingSignature("leave", data, leaver, request.reply_to)
        core.sign(SignPurpose.LEAVE, leaver, claim.signing_bytes(), then)

    def leave_signed(self, pending: PendingSignature, signature: bytes) -> None:
        """The wallet has signed the leave request."""
        request = self._engine.requests.find("leave", pending.address)
        if request is None:
            return
        message = pb.LeaveRequest.FromString(pending.data)
        message.signature = signature
        data = message.SerializeToString(deterministic=True)
        if self._engine.coordinating.active:
            self._for_contract("leave_claim", data, pending, message.epoch)
            return
        request.claim = data
        self._engine.requests.send_or_queue(request)

    def leave_claimed(self, pending: PendingSignature, signature: bytes) -> None:
        """The wallet has signed the leave for the contract too."""
        request = self._engine.requests.find("leave", pending.address)
        if request is None:
            return
        message = pb.LeaveRequest.FromString(pending.data)
        message.chain_signature = signature
        request.claim = message.SerializeToString(deterministic=True)
        self._engine.requests.send_or_queue(request)
