"""What people of this bridge ask for: join, leave, ban; kept until it has happened or was refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from bridge.protocol import errors
from bridge.protocol.ballots.ballot import Ballot
from bridge.protocol.ballots.claims import LeaveClaim, RejoinClaim
from bridge.protocol.batches import VotedAdd, VotedRemove
from bridge.protocol.effects import SealJoinRequest, SignPurpose
from bridge.protocol.engine.core import Core
from bridge.protocol.engine.state import PendingRequest, PendingSignature, QueuedChange
from bridge.protocol.events import JoinMember, LeaveMember, RequestBan
from bridge.protocol.permissions import Kind
from bridge.protocol.ports import Address
from bridge.protocol.wire import demls_pb2 as pb

if TYPE_CHECKING:
    from bridge.protocol.engine import GroupEngine

MAX_REQUESTS: Final = 1_000
MAX_BACKOFF: Final = 600.0
"""Longest pause between two join requests of one person, in seconds."""
KEY_PACKAGE_AGE: Final = 86_400.0
"""A key package is sent again for a day; it lives 28 (protocol.md section 3)."""


class Requests:
    """Pending requests of this bridge's people and of the bridge itself."""

    def __init__(self, core: Core, engine: GroupEngine) -> None:
        self._core = core
        self._engine = engine

    def is_hosted(self, address: bytes) -> bool:
        """Whether this address is one of ours (joined, or asking to join)."""
        hosted = address in self._core.mls.hosted() or address == self._core.config.own
        return hosted or self._find("add", address) is not None

    def _find(self, kind: str, address: bytes) -> PendingRequest | None:
        return next((r for r in self._core.state.requests if r.kind == kind and r.address == address), None)

    def _new(self, request: PendingRequest) -> PendingRequest:
        known = self._find(request.kind, request.address)
        if known is not None:
            known.reply_to = request.reply_to or known.reply_to
            return known
        if len(self._core.state.requests) >= MAX_REQUESTS:
            raise errors.QueueFull("too many requests wait; try again later")
        request.since = self._core.now
        self._core.state.requests.append(request)
        return request

    def _drop(self, request: PendingRequest) -> None:
        self._core.state.requests = [r for r in self._core.state.requests if r is not request]

    # ---- join ----

    def join(self, event: JoinMember) -> None:
        """Bring a hosted account (or the own leaf) in. Raises AlreadyMember, QueueFull."""
        core = self._core
        if core.joined and event.address in core.view.members and event.address in core.mls.hosted():
            raise errors.AlreadyMember("you are a member already")
        request = self._new(PendingRequest("add", event.address, reply_to=event.reply_to, name=event.name))
        core.answer(event.reply_to, "join_requested")
        self._send_join(request)

    def _key_package(self, request: PendingRequest) -> bytes:
        core = self._core
        if not request.key_package or core.now - request.key_package_at > KEY_PACKAGE_AGE:
            request.key_package = core.mls.key_package(Address(request.address), int(core.now))
            request.key_package_at = core.now
        return request.key_package

    def _send_join(self, request: PendingRequest) -> None:
        """Queue it (steward), or encrypt it to the announced key; without an announcement it waits."""
        core = self._core
        if not core.joined and request.address != core.config.own:
            return  # the bridge itself comes first
        rejoin = core.joined and request.address in core.view.members
        if not core.is_steward and not core.state.announced:
            return
        request.last_sent = core.now
        request.tries += 1
        if rejoin:
            self._sign_rejoin(request)
        elif core.is_steward:
            item = QueuedChange(
                "add",
                request.address,
                self._key_package(request),
                name=request.name,
                requester=request.address,
            )
            self._engine.stewarding.enqueue(item)
        else:
            self._seal(self._body(request))

    def _body(self, request: PendingRequest) -> pb.JoinRequestBody:
        core = self._core
        return pb.JoinRequestBody(
            group_id=core.config.name.group_id,
            key_package=self._key_package(request),
            time=int(core.now),
            epoch=core.view.epoch if core.joined else 0,
            name=request.name,
        )

    def _seal(self, body: pb.JoinRequestBody) -> None:
        announced = pb.GroupAnnouncement.FromString(self._core.state.announced)
        self._core.effects.append(
            SealJoinRequest(announced.eth_pub_key, body.SerializeToString(deterministic=True))
        )

    def _sign_rejoin(self, request: PendingRequest) -> None:
        """A present member whose leaf is lost here: its wallet must ask for the rejoin."""
        core = self._core
        request.key_package = b""  # a rejoin shows a fresh one
        body = self._body(request)
        claim = RejoinClaim.from_join_request(body, Address(request.address))
        then = PendingSignature(
            "rejoin", body.SerializeToString(deterministic=True), request.address, request.reply_to
        )
        core.sign(SignPurpose.REJOIN, Address(request.address), claim.signing_bytes(), then)

    def rejoin_signed(self, pending: PendingSignature, signature: bytes) -> None:
        """The wallet has signed the rejoin."""
        body = pb.JoinRequestBody.FromString(pending.data)
        body.rejoin_signature = signature
        if self._core.is_steward:
            self._engine.joining.queue_request(body)
        else:
            self._seal(body)

    def on_announcement(self) -> None:
        """A fresh key: send again what waits, each person with his own backoff."""
        core = self._core
        pause = core.policy.timing.steward_epoch if core.joined else 5
        for request in list(core.state.requests):
            backoff = min(MAX_BACKOFF, pause * 2 ** min(request.tries, 10)) if request.tries else 0.0
            if core.now - request.last_sent < backoff:
                continue
            if request.kind == "add":
                self._try(self._send_join, request)
            elif core.joined and not core.is_steward and core.may_send(Kind.BAN_REQUEST):
                self._try(self._send_inside, request)

    def _try(self, send: Callable[[PendingRequest], None], request: PendingRequest) -> None:
        try:
            send(request)
        except errors.ProtocolError as error:
            self._core.refuse(error)

    # ---- ban and leave ----

    def ban(self, event: RequestBan) -> None:
        """A member asks for a vote to remove another. Raises NotAMember, UnknownMember, QueueFull."""
        core = self._core
        members = core.view.members
        if event.requester not in members or event.requester not in core.mls.hosted():
            raise errors.NotAMember("only members may ask for a vote; join first")
        if event.target not in members:
            raise errors.UnknownMember("nobody in the group has that address")
        if event.target in core.policy.steward_candidates and len(core.policy.steward_candidates) == 1:
            raise errors.NotPermitted("the only steward cannot be banned: nobody could commit it")
        request = self._new(
            PendingRequest(
                "remove",
                event.target,
                reply_to=event.reply_to,
                requester=event.requester,
                reason=event.reason,
            )
        )
        core.answer(event.reply_to, "ban_requested")
        self._send_or_queue(request)

    def leave(self, event: LeaveMember) -> None:
        """A hosted member leaves; his own signed request needs no vote. Raises NotAMember."""
        core = self._core
        pending = self._find("add", event.address)
        if pending is not None and event.address not in core.view.members:
            self._drop(pending)
            core.mls.forget(event.address)
            core.answer(event.reply_to, "left")
            return
        if event.address not in core.view.members or event.address not in core.mls.hosted():
            raise errors.NotAMember("you are not a member")
        self._new(PendingRequest("leave", event.address, reply_to=event.reply_to))
        claim = LeaveClaim(core.view.group_id, event.address, core.view.epoch, int(core.now))
        data = claim.to_wire().SerializeToString(deterministic=True)
        then = PendingSignature("leave", data, event.address, event.reply_to)
        core.answer(event.reply_to, "leave_queued")
        core.sign(SignPurpose.LEAVE, event.address, claim.signing_bytes(), then)

    def leave_signed(self, pending: PendingSignature, signature: bytes) -> None:
        """The wallet has signed the leave request."""
        request = self._find("leave", pending.address)
        if request is None:
            return
        message = pb.LeaveRequest.FromString(pending.data)
        message.signature = signature
        request.claim = message.SerializeToString(deterministic=True)
        self._send_or_queue(request)

    def _send_or_queue(self, request: PendingRequest) -> None:
        core = self._core
        if core.is_steward:
            self._engine.stewarding.enqueue(
                QueuedChange(
                    request.kind,
                    request.address,
                    requester=request.requester,
                    reason=request.reason,
                    claim=request.claim,
                )
            )
        elif core.may_send(Kind.BAN_REQUEST):
            self._send_inside(request)
        # else: it goes out on the return to Working (`flush`)

    def _send_inside(self, request: PendingRequest) -> None:
        core = self._core
        if request.kind == "leave":
            if not request.claim:
                return
            message = pb.AppMessage(leave_request=pb.LeaveRequest.FromString(request.claim))
            core.publish_inside(Address(request.address), Kind.LEAVE_REQUEST, message)
        else:
            ban = pb.BanRequest(
                user_to_ban=request.address,
                requester=request.requester,
                group_id=core.view.group_id,
                reason=request.reason,
            )
            core.publish_inside(Address(request.requester), Kind.BAN_REQUEST, pb.AppMessage(ban_request=ban))
        request.last_sent = core.now
        request.tries += 1

    def flush(self) -> None:
        """Back in Working: send what could not be sent, in the order in which it was asked."""
        core = self._core
        if not core.joined or core.is_steward or not core.may_send(Kind.BAN_REQUEST):
            return
        for request in list(core.state.requests):
            if request.kind != "add" and request.tries == 0:
                self._try(self._send_inside, request)

    # ---- outcomes ----

    def rejected(self, ballot: Ballot) -> None:
        """A ballot said NO: its requesters are told, their requests are over."""
        for change in ballot.changes:
            if isinstance(change, VotedAdd):
                self._finish("add", change.address, "join_rejected")
            elif isinstance(change, VotedRemove):
                self._finish("remove", change.address, "ban_failed")

    def failed(self, kind: str, address: bytes, reason: str) -> None:
        """A commit failed for good."""
        self._finish("add" if kind == "rejoin" else kind, address, "commit_failed", reason=reason)

    def _finish(self, kind: str, address: bytes, code: str, **facts: str) -> None:
        request = self._find(kind, address)
        if request is None:
            return
        self._drop(request)
        if code == "join_rejected" and request.address != self._core.config.own:
            self._core.mls.forget(Address(request.address))
        self._core.answer(request.reply_to, code, **facts)

    def joined(self, address: Address) -> None:
        """A Welcome was for one of ours."""
        self._finish("add", address, "joined")
        self.send_waiting_joins()

    def send_waiting_joins(self) -> None:
        """The bridge itself is in now: those who waited for it may ask."""
        for request in list(self._core.state.requests):
            if request.kind == "add" and request.tries == 0:
                self._try(self._send_join, request)

    def members_added(self, added: tuple[Address, ...]) -> None:
        """Nothing to do yet for those of us who are added: their Welcome ends the request."""
        for address in added:
            self._core.state.reasons.pop(address, None)

    def member_gone(self, address: Address, *, left: bool) -> None:
        """Somebody is no member any more; if he is ours, his leaf goes too."""
        if left:
            self._finish("leave", address, "left")
        else:
            self._finish("remove", address, "ban_passed")
        self._core.state.requests = [
            r
            for r in self._core.state.requests
            if r.requester != address and (r.kind, r.address) != ("leave", address)
        ]
        if address in self._core.mls.hosted() or self._core.config.own == address:
            return
        self._core.mls.forget(address)
