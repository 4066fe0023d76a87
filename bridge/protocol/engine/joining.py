"""The welcome topic: announcements, join requests, Welcomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bridge.protocol import errors
from bridge.protocol.announcements import from_wire as announcement_from_wire
from bridge.protocol.ballots.claims import RejoinClaim
from bridge.protocol.batches import MAX_NAME_BYTES
from bridge.protocol.effects import OpenJoinRequest
from bridge.protocol.engine.core import Core
from bridge.protocol.engine.queued import QueuedChange
from bridge.protocol.policy import check_policy, decode_policy
from bridge.protocol.ports import Address, View
from bridge.protocol.wire import demls_pb2 as pb
from bridge.protocol.wire.codec import decode_join_request_body
from bridge.protocol.wire.text import clean_line

if TYPE_CHECKING:
    from bridge.protocol.engine import GroupEngine

FRESH: Final = 600
"""A join request is at most so old, in seconds (protocol.md section 7)."""


class Joining:
    """How members come in."""

    def __init__(self, core: Core, engine: GroupEngine) -> None:
        self._core = core
        self._engine = engine

    def on_announcement(self, message: pb.GroupAnnouncement) -> None:
        """A steward announces the group: only the creator's word counts before we are in."""
        core = self._core
        announcement = announcement_from_wire(message, int(core.now))
        name = core.config.name
        if announcement.group_id != name.group_id or announcement.creator != name.creator:
            raise errors.WrongGroup("an announcement of another group")
        allowed = core.policy.steward_candidates if core.joined else (name.creator,)
        if announcement.steward not in allowed:
            raise errors.NotAllowed("announced by somebody who is no steward of this group")
        if announcement.steward == core.config.own:
            return
        core.state.announced = message.SerializeToString(deterministic=True)
        core.state.announced_epoch = announcement.epoch
        if not core.joined:
            core.state.steward = announcement.steward
        elif announcement.epoch > core.view.epoch:
            self._engine.batches.behind()
        self._engine.requests.on_announcement()

    def on_request(self, message: pb.JoinRequest) -> None:
        """Only the steward has the key; the shell tries it."""
        if self._core.is_steward:
            self._core.effects.append(OpenJoinRequest(message.encrypted))

    def on_opened(self, plaintext: bytes) -> None:
        """A decrypted JoinRequest. Raises RemoteError."""
        body = decode_join_request_body(plaintext)
        if not self._core.is_steward:
            raise errors.NotAllowed("only the steward takes join requests")
        self.queue_request(body)

    def queue_request(self, body: pb.JoinRequestBody) -> None:
        """Check a join (or rejoin) request and queue it."""
        core = self._core
        if body.group_id != core.view.group_id:
            raise errors.WrongGroup("a join request for another group")
        if abs(core.now - body.time) > FRESH:
            raise errors.Malformed("a join request that is too old, or a clock that is wrong")
        address = core.mls.check_key_package(body.key_package, int(core.now))
        name = clean_line(body.name, MAX_NAME_BYTES)
        item = QueuedChange("add", address, body.key_package, name=name, requester=address)
        if address in core.view.members:
            if not body.rejoin_signature:
                raise errors.NotAllowed("a member's rejoin needs his wallet's signature")
            claim = RejoinClaim.from_join_request(body, address)
            claim.verify(core.view, body.key_package, core.now)
            item.kind = "rejoin"
            item.claim = claim.to_wire().SerializeToString(deterministic=True)
        self._engine.stewarding.enqueue(item)

    def on_welcome(self, message: pb.InvitationToJoin) -> None:
        """A Welcome: for the own leaf, for a hosted one, or for somebody else."""
        core = self._core
        if message.group_id != core.config.name.group_id:
            raise errors.WrongGroup("a Welcome to another group")
        if not core.joined and not core.config.create:
            self._join_own(message.mls_message_out_bytes)
        if not core.joined:
            return
        waiting = [Address(r.address) for r in core.state.requests if r.kind == "add"]
        for address in dict.fromkeys([*waiting, *self._engine.publishing.owners()]):
            self._join_hosted(address, message)

    def _join_hosted(self, leaf: Address, message: pb.InvitationToJoin) -> None:
        """One of ours; what is wrong with his Welcome keeps nobody else out."""
        core, publishing = self._core, self._engine.publishing
        is_public = publishing.is_public(leaf)
        try:
            view = core.mls.join(leaf, message.mls_message_out_bytes, int(core.now), only_known=is_public)
        except errors.InvalidGroup as error:
            if is_public:
                self._engine.guarded(publishing.hold, message)  # his commit may come yet
            else:
                core.refuse(error)
            return
        except errors.ProtocolError as error:
            core.refuse(error)
            return
        if view is not None:
            core.refresh()
            self._engine.requests.joined(leaf)

    def _join_own(self, welcome: bytes) -> None:
        core = self._core
        view = core.mls.join(core.config.own, welcome, int(core.now))
        if view is None:
            return
        try:
            self._check_group(view)
        except errors.ProtocolError as error:
            core.mls.forget(core.config.own)
            core.refresh()
            raise errors.InvalidGroup(str(error)) from error
        core.refresh()
        core.state.removed = False
        core.state.joined_epoch = view.epoch
        self._engine.entered(view)
        self._engine.requests.joined(core.config.own)

    def _check_group(self, view: View) -> None:
        """After the Welcome: is this the group that was asked for, with a policy that makes sense?"""
        name = self._core.config.name
        policy = decode_policy(view.policy)
        check_policy(policy)
        if view.group_id != name.group_id or policy.creator != name.creator:
            raise errors.InvalidGroup("this is not the group of the configuration")
