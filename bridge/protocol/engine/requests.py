"""What people of this bridge ask for: join, leave, ban; kept until it has happened or was refused."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from bridge.protocol import errors
from bridge.protocol.ballots.ballot import Ballot
from bridge.protocol.batches import VotedAdd, VotedRemove
from bridge.protocol.effects import SealJoinRequest, SignPurpose
from bridge.protocol.engine.core import Core
from bridge.protocol.engine.queued import QueuedChange
from bridge.protocol.engine.state import PendingRequest, PendingSignature
from bridge.protocol.events import JoinMember, LeaveMember, ProposeAdd, ProposePolicy, RequestBan
from bridge.protocol.permissions import Kind
from bridge.protocol.policy import check_proposed, decode_policy
from bridge.protocol.ports import Address, View
from bridge.protocol.types import Coordination
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
        return hosted or self.find("add", address) is not None

    def find(self, kind: str, address: bytes) -> PendingRequest | None:
        """What is asked of this kind about this address."""
        return next((r for r in self._core.state.requests if r.kind == kind and r.address == address), None)

    def _new(self, request: PendingRequest) -> PendingRequest:
        known = self.find(request.kind, request.address)
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
        """Bring a hosted account (or the own leaf) in. Raises AlreadyMember, QueueFull.

        A member whose leaf has lost the group for good asks for a rejoin with this.
        """
        core = self._core
        if core.joined and event.address in core.view.members and event.address in core.mls.hosted():
            if not core.mls.lost(event.address):
                raise errors.AlreadyMember("you are a member already")
            self._forget(event.address)
        pending = PendingRequest(
            "add", event.address, reply_to=event.reply_to, name=event.name, reason=event.reason
        )
        request = self._new(pending)
        core.answer(event.reply_to, "join_requested")
        text = core.mls.binding_text(event.address)
        if text:
            then = PendingSignature("bind", b"", event.address, event.reply_to)
            core.sign(SignPurpose.BIND, event.address, text, then)
        elif not self._engine.claiming.waits(request, tell=True):
            self.send_join(request)

    def _forget(self, address: Address) -> None:
        self._core.mls.forget(address)
        self._engine.publishing.forget(address)

    def bind_signed(self, pending: PendingSignature, signature: bytes) -> None:
        """The wallet stands behind the leaf now: go on with the join."""
        address = Address(pending.address)
        self._core.mls.bind(address, signature)
        request = self.find("add", address)
        try:
            if request is not None:
                self.send_join(request)
        finally:
            self._engine.publishing.bound(address)

    def not_signed(self, pending: PendingSignature) -> None:
        """The wallet's owner refuses: what needed the signature is over."""
        kind = {"bind": "add", "rejoin": "add", "rejoin_claim": "add"}.get(pending.purpose, "")
        kind = "leave" if pending.purpose in ("leave", "leave_claim") else kind
        request = self.find(kind, pending.address)
        if request is not None:
            self._drop(request)
        if pending.purpose == "bind":
            self._engine.publishing.not_bound(pending.address)
        self._core.answer(pending.reply_to, "not_signed")

    def _key_package(self, request: PendingRequest) -> bytes:
        core = self._core
        if not request.key_package or core.now - request.key_package_at > KEY_PACKAGE_AGE:
            request.key_package = core.mls.key_package(Address(request.address), int(core.now))
            request.key_package_at = core.now
        return request.key_package

    def send_join(self, request: PendingRequest) -> None:
        """Queue it (steward), or encrypt it to the announced key; without an announcement it waits."""
        core = self._core
        if not core.joined and request.address != core.config.own:
            return  # the bridge itself comes first
        rejoin = core.joined and request.address in core.view.members
        if not core.is_steward and not core.state.announced:
            return
        if core.mls.binding_text(Address(request.address)):
            return  # its wallet has been asked
        if rejoin and self._engine.claiming.waits(request):
            return  # likewise
        request.last_sent = core.now
        request.tries += 1
        if rejoin:
            self._engine.claiming.rejoin(request, lambda: self._fresh_body(request))
        elif core.is_steward:
            item = QueuedChange(
                "add",
                request.address,
                self._key_package(request),
                name=request.name,
                requester=request.address,
                reason=request.reason,
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

    def _fresh_body(self, request: PendingRequest) -> pb.JoinRequestBody:
        request.key_package = b""  # a rejoin shows a fresh one
        return self._body(request)

    def _seal(self, body: pb.JoinRequestBody) -> None:
        announced = pb.GroupAnnouncement.FromString(self._core.state.announced)
        self._core.effects.append(
            SealJoinRequest(announced.eth_pub_key, body.SerializeToString(deterministic=True))
        )

    def send_rejoin(self, body: pb.JoinRequestBody) -> None:
        """A rejoin that its wallet has signed."""
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
                self._try(self.send_join, request)
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
        self.send_or_queue(request)

    def leave(self, event: LeaveMember) -> None:
        """A hosted member leaves; his own signed request needs no vote. Raises NotAMember."""
        core = self._core
        pending = self.find("add", event.address)
        if pending is not None and event.address not in core.view.members:
            self._drop(pending)
            core.unask("bind", event.address)
            self._forget(event.address)
            core.answer(event.reply_to, "left")
            return
        if event.address not in core.view.members or event.address not in core.mls.hosted():
            raise errors.NotAMember("you are not a member")
        if self._engine.coordinating.active:
            self._engine.coordinating.domain()
        request = self._new(PendingRequest("leave", event.address, reply_to=event.reply_to))
        core.answer(event.reply_to, "leave_queued")
        if not self._engine.claiming.waits(request, tell=True):
            self._engine.claiming.leave(request)

    def claim_again(self) -> None:
        """A contract coordinates the group from now on: leaves that wait need a signature for it."""
        if self._core.config.chain is None:
            return
        for request in self._core.state.requests:
            if request.kind == "leave":
                request.claim, request.tries = b"", 0
                self._try(self._engine.claiming.leave, request)

    def send_or_queue(self, request: PendingRequest) -> None:
        """To the steward now, or on the return to Working."""
        core = self._core
        if core.is_steward:
            self._engine.stewarding.enqueue(
                QueuedChange(
                    "add" if request.kind == "invite" else request.kind,
                    b"" if request.kind == "policy" else request.address,
                    requester=request.requester,
                    reason=request.reason,
                    claim=request.claim,
                    key_package=request.key_package,
                    policy=request.policy,
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
        elif request.kind in ("policy", "invite"):
            change = pb.ChangeRequest(
                group_id=core.view.group_id,
                requester=request.requester,
                reason=request.reason,
                policy=request.policy,
                key_package=request.key_package,
            )
            message = pb.AppMessage(change_request=change)
            core.publish_inside(Address(request.requester), Kind.CHANGE_REQUEST, message)
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

    # ---- changes that a member proposes ----

    def propose_policy(self, event: ProposePolicy) -> None:
        """A member asks for a vote on another policy. Raises NotAMember, NotPermitted, QueueFull."""
        core = self._core
        self._check_member(event.requester)
        check_proposed(event.policy, core.policy)
        following = decode_policy(event.policy)
        contract = following.coordination is Coordination.CONTRACT
        if contract and core.policy.coordination is Coordination.WAKU and core.config.chain is None:
            raise errors.NotPermitted("this bridge has no chain configured")
        name = hashlib.sha256(event.policy).digest()
        request = PendingRequest("policy", name, event.reply_to, requester=event.requester, reason=event.reason)
        request.policy = event.policy
        self._propose(request)

    def propose_add(self, event: ProposeAdd) -> None:
        """A member asks for a vote on taking in somebody who may be away, by a key package that he published.

        Raises NotAMember, AlreadyMember, NotPermitted (a key package that is no good), QueueFull.
        """
        core = self._core
        self._check_member(event.requester)
        if event.address in core.view.members:
            raise errors.AlreadyMember("is a member already")
        if core.mls.check_key_package(event.key_package, int(core.now)) != event.address:
            raise errors.NotPermitted("the key package is of another address")
        request = PendingRequest(
            "invite", event.address, event.reply_to, requester=event.requester, reason=event.reason
        )
        request.key_package = event.key_package
        self._propose(request)

    def _check_member(self, requester: Address) -> None:
        core = self._core
        if requester not in core.view.members or requester not in core.mls.hosted():
            raise errors.NotAMember("only members may ask for a vote; join first")

    def _propose(self, request: PendingRequest) -> None:
        known = self._new(request)
        self._core.answer(request.reply_to, "propose_requested")
        if known is request:
            self.send_or_queue(request)

    def policy_changed(self, before: View) -> None:
        """The group has another policy: whoever proposed it has got it.

        Other proposals of a policy were made on the old one, and hold all of it: voted on now, they would undo
        this change unawares. So they are over.
        """
        state, policy = self._core.state, self._core.view.policy
        if policy == before.policy:
            return
        self._finish("policy", hashlib.sha256(policy).digest(), "propose_passed")
        for request in [each for each in state.requests if each.kind == "policy"]:
            self._finish("policy", request.address, "propose_outdated")
        state.queue = [item for item in state.queue if item.kind != "policy"]

    def flush(self) -> None:
        """Back in Working: send what could not be sent, in the order in which it was asked."""
        core = self._core
        if not core.joined or core.is_steward or not core.may_send(Kind.BAN_REQUEST):
            return
        for request in list(core.state.requests):
            if request.kind != "add" and request.tries == 0:
                self._try(self._send_inside, request)

    # ---- outcomes ----

    def rejected(self, ballot: Ballot, reason: str = "") -> None:
        """A ballot said NO: its requesters are told, their requests are over.

        `reason`: the code of another answer, when it was not the voters who said NO.
        """
        for change in ballot.changes:
            if isinstance(change, VotedAdd):
                self._finish("add", change.address, reason or "join_rejected")
                self._finish("invite", change.address, reason or "propose_failed")
            elif isinstance(change, VotedRemove):
                self._finish("remove", change.address, reason or "ban_failed")
            else:
                name = hashlib.sha256(change.policy).digest()
                self._finish("policy", name, reason or "propose_failed")

    def failed(self, item: QueuedChange, reason: str) -> None:
        """A ballot could not be opened, or a commit failed, for good."""
        for kind, name in _requests_of(item):
            self._finish(kind, name, "commit_failed", reason=reason)

    def delayed(self, item: QueuedChange) -> None:
        """The record of a commit takes longer than it should."""
        for kind, name in _requests_of(item):
            request = self.find(kind, name)
            if request is not None:
                self._core.answer(request.reply_to, "record_delayed")

    def _finish(self, kind: str, address: bytes, code: str, **facts: str) -> None:
        request = self.find(kind, address)
        if request is None:
            return
        self._drop(request)
        if code == "join_rejected" and not self._is_kept(request.address):
            self._core.mls.forget(Address(request.address))
        self._core.answer(request.reply_to, code, **facts)

    def _is_kept(self, address: bytes) -> bool:
        """Whether the leaf's keys are needed though its join was refused."""
        return address == self._core.config.own or self._engine.publishing.is_public(address)

    def joined(self, address: Address) -> None:
        """A Welcome was for one of ours."""
        if self.find("add", address) is None:
            self._engine.publishing.joined(address)
        self._finish("add", address, "joined")
        for purpose in ("rejoin", "rejoin_claim"):
            self._core.unask(purpose, address)
        self.send_waiting_joins()

    def send_waiting_joins(self) -> None:
        """The bridge itself is in now: those who waited for it may ask."""
        for request in list(self._core.state.requests):
            if request.kind == "add" and request.tries == 0:
                self._try(self.send_join, request)

    def members_added(self, added: tuple[Address, ...]) -> None:
        """Nothing to do yet for those of us who are added: their Welcome ends the request."""
        for address in added:
            self._core.state.reasons.pop(address, None)
            self._finish("invite", address, "propose_passed")

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
        for purpose in ("vote", "leave", "rejoin", "leave_claim", "rejoin_claim"):
            self._core.unask(purpose, address)
        if address in self._core.mls.hosted() or self._core.config.own == address:
            return
        self._forget(address)


def _requests_of(item: QueuedChange) -> tuple[tuple[str, bytes], ...]:
    """Kind and name of the requests that may have led to a queued change."""
    match item.kind:
        case "policy":
            return (("policy", hashlib.sha256(item.policy).digest()),)
        case "add":
            return ("add", item.address), ("invite", item.address)
        case "rejoin":
            return (("add", item.address),)
        case kind:
            return ((kind, item.address),)
