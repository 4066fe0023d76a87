"""The gate: what comes from outside is parsed, checked against epoch and permission table, and handed on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bridge.model.notices import State
from bridge.protocol import errors
from bridge.protocol.ballots.claims import LeaveClaim
from bridge.protocol.batches import MAX_REASON_BYTES
from bridge.protocol.engine.core import Core
from bridge.protocol.engine.queued import QueuedChange
from bridge.protocol.engine.state import MAX_HELD, MAX_HELD_BYTES, HeldMessage
from bridge.protocol.events import Topic
from bridge.protocol.permissions import Kind, Permission, on_receipt
from bridge.protocol.policy import check_proposed
from bridge.protocol.ports import Address, ContentType
from bridge.protocol.states import Trigger
from bridge.protocol.wire import demls_pb2 as pb
from bridge.protocol.wire.codec import decode_app, decode_welcome
from bridge.protocol.wire.text import clean_line

if TYPE_CHECKING:
    from bridge.protocol.engine import GroupEngine

KINDS: Final = {
    "conversation_message": Kind.CONVERSATION,
    "ban_request": Kind.BAN_REQUEST,
    "leave_request": Kind.LEAVE_REQUEST,
    "change_request": Kind.CHANGE_REQUEST,
    "epoch_started": Kind.EPOCH_STARTED,
    "proposal": Kind.PROPOSAL,
    "voting_proposal": Kind.VOTING_PROPOSAL,
    "vote": Kind.VOTE,
    "user_vote": Kind.USER_VOTE,
}
"""Kinds that travel inside MLS, by their field of AppMessage."""

PAST_EPOCH_KINDS: Final = frozenset(
    {Kind.CONVERSATION, Kind.BAN_REQUEST, Kind.LEAVE_REQUEST, Kind.CHANGE_REQUEST}
)
"""Still meant when the group has moved on since they were sent; the others belong to their epoch."""


class Receiving:
    """Everything from Waku passes here. Methods raise RemoteError; then nothing has changed."""

    def __init__(self, core: Core, engine: GroupEngine) -> None:
        self._core = core
        self._engine = engine

    def payload(self, topic: Topic, data: bytes) -> None:
        """One whole payload of one of the group's two content topics."""
        if topic is Topic.WELCOME:
            self._welcome(decode_welcome(data))
        elif data[:1] == b"\0":  # an MLSMessage begins with its version, 0x0001; no protobuf does
            self._mls(data)
        else:
            self._clear(data, decode_app(data))

    def _welcome(self, message: pb.WelcomeMessage) -> None:
        joining = self._engine.joining
        match message.WhichOneof("payload"):
            case "group_announcement":
                joining.on_announcement(message.group_announcement)
            case "join_request":
                joining.on_request(message.join_request)
            case "invitation_to_join":
                joining.on_welcome(message.invitation_to_join)
            case other:
                raise errors.Malformed(f"{other} is not for the engine")

    def _clear(self, data: bytes, message: pb.AppMessage) -> None:
        field = message.WhichOneof("payload")
        if field != "batch_proposals_message":
            raise errors.Malformed(f"{field} must not be sent in clear")
        if self._core.joined:
            self._engine.batches.receive(data, message.batch_proposals_message)
        else:
            self._early_batch(data)

    def _early_batch(self, data: bytes) -> None:
        """Before the own Welcome: the batch after it may overtake it."""
        future = self._core.state.future
        if any(r.kind == "add" for r in self._core.state.requests) and data not in future:
            future.append(data)
            del future[:-16]

    def _mls(self, data: bytes) -> None:
        core = self._core
        if not core.joined:
            return  # not readable for us, and no fault of anybody
        header = core.mls.peek(data)
        view = core.view
        if header.group_id != view.group_id:
            raise errors.WrongGroup("an MLS message of another group")
        if header.content_type is ContentType.COMMIT:
            raise errors.NotAllowed("a commit outside a batch")
        if header.epoch > view.epoch:
            self._engine.batches.hold_future(data, header.epoch)
        elif header.content_type is ContentType.PROPOSAL:
            self._update(data, header.epoch)
        else:
            opened = core.mls.open(data)
            self.inside(HeldMessage(opened.sender, opened.epoch, opened.plaintext))

    def _update(self, data: bytes, epoch: int) -> None:
        core = self._core
        if epoch != core.view.epoch:
            raise errors.WrongEpoch(epoch, core.view.epoch)
        if on_receipt(core.machine, Kind.UPDATE, from_steward=False) is not Permission.EVERYONE:
            raise errors.NotAllowed(f"an update may not be sent in {core.machine.capitalize()}")
        core.mls.receive_proposal(data)

    def inside(self, held: HeldMessage) -> None:
        """A decrypted message; its sender is authenticated by MLS."""
        core = self._core
        message = decode_app(held.plaintext)
        field = message.WhichOneof("payload") or ""
        kind = KINDS.get(field)
        if kind is None:
            raise errors.Malformed(f"{field} does not travel inside MLS")
        if held.epoch != core.view.epoch and kind not in PAST_EPOCH_KINDS:
            raise errors.WrongEpoch(held.epoch, core.view.epoch)
        sender = Address(held.sender)
        permission = on_receipt(
            core.machine,
            kind,
            from_steward=sender == core.steward,
            chat_during_ballot=core.policy.chat_during_ballot,
        )
        if permission is Permission.NOBODY:
            raise errors.NotAllowed(f"{kind} may not be sent by this member in {core.machine.capitalize()}")
        if permission is Permission.HOLD and kind not in (Kind.VOTE, Kind.USER_VOTE) and self._hold(held, kind):
            return
        self._dispatch(kind, sender, message, held)

    def _hold(self, held: HeldMessage, kind: Kind) -> bool:
        """False for chat that has no room: its key is used up, so refused it would be lost; it is shown."""
        waiting = self._core.state.held
        size = sum(len(message.plaintext) for message in waiting) + len(held.plaintext)
        if len(waiting) >= MAX_HELD or size > MAX_HELD_BYTES:
            if kind is Kind.CONVERSATION:
                return False
            raise errors.QueueFull("too many messages wait for Working")
        waiting.append(held)
        return True

    def _dispatch(self, kind: Kind, sender: Address, message: pb.AppMessage, held: HeldMessage) -> None:
        engine = self._engine
        match kind:
            case Kind.CONVERSATION:
                engine.talk.receive(sender, message.conversation_message)
            case Kind.EPOCH_STARTED:
                self._epoch_started(message.epoch_started)
            case Kind.PROPOSAL:
                engine.voting.on_proposal(sender, message.proposal)
            case Kind.VOTING_PROPOSAL:
                engine.voting.on_reminder(message.voting_proposal, sender)
            case Kind.VOTE:
                engine.voting.on_vote(sender, message.vote, held)
            case Kind.USER_VOTE:
                engine.voting.on_vote(sender, message.user_vote.signed_vote, held)
            case Kind.BAN_REQUEST:
                self._ban_request(sender, message.ban_request)
            case Kind.LEAVE_REQUEST:
                self._leave_request(sender, message.leave_request)
            case Kind.CHANGE_REQUEST:
                self._change_request(sender, message.change_request)

    def _epoch_started(self, message: pb.EpochStarted) -> None:
        core = self._core
        if message.group_id != core.view.group_id or message.epoch != core.view.epoch:
            raise errors.WrongGroup("EpochStarted of another group or epoch")
        if core.machine is State.WORKING:
            grace = self._engine.coordinating.grace if message.changes else 0
            core.move(Trigger.START, core.now + core.policy.timing.waiting + grace)
            if message.changes == 0:  # a steward epoch for updates alone
                core.publish(Topic.APP, core.mls.propose_update(core.config.own))

    def _ban_request(self, sender: Address, message: pb.BanRequest) -> None:
        core = self._core
        if message.group_id != core.view.group_id or message.requester != sender:
            raise errors.NotAllowed("a ban request in somebody else's name")
        if message.user_to_ban not in core.view.members:
            raise errors.UnknownMember("a ban request for nobody in the group")
        if core.is_steward:
            self._engine.stewarding.enqueue(
                QueuedChange(
                    "remove",
                    message.user_to_ban,
                    requester=sender,
                    reason=clean_line(message.reason, MAX_REASON_BYTES),
                )
            )

    def _leave_request(self, sender: Address, message: pb.LeaveRequest) -> None:
        core = self._core
        claim = LeaveClaim.from_wire(message)
        if claim.address != sender:
            raise errors.NotAllowed("a leave request in somebody else's name")
        claim.verify(core.view, core.now)
        if core.is_steward:
            self._engine.stewarding.enqueue(
                QueuedChange("leave", sender, claim=message.SerializeToString(deterministic=True))
            )

    def _change_request(self, sender: Address, message: pb.ChangeRequest) -> None:
        core = self._core
        if message.group_id != core.view.group_id or message.requester != sender:
            raise errors.NotAllowed("a request for a change in somebody else's name")
        if not core.is_steward:
            return
        reason = clean_line(message.reason, MAX_REASON_BYTES)
        if message.policy:
            check_proposed(message.policy, core.policy)
            item = QueuedChange("policy", b"", policy=message.policy, requester=sender, reason=reason)
        else:
            address = core.mls.check_key_package(message.key_package, int(core.now))
            item = QueuedChange("add", address, message.key_package, requester=sender, reason=reason)
        self._engine.stewarding.enqueue(item)
