"""Ties the two sides of history to one conversation, and says what is on the wire.

`asking.py` decides when and for what to ask, `answering.py` what to publish again; requests of others are
checked here, against the group as it is now.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from bridge.conversation.answering import Answerer, missing_of
from bridge.conversation.asking import Asker
from bridge.conversation.batch import Batch
from bridge.conversation.intake import Received
from bridge.conversation.ports import GroupStatus
from bridge.conversation.services import Services
from bridge.conversation.topics import content_topic, digest
from bridge.conversation.wirelog import WireLog
from bridge.protocol.errors import NotAllowed, WrongGroup
from bridge.protocol.events import Topic
from bridge.protocol.history import MAX_PREFIXES, HistoryRequest
from bridge.protocol.ports import Address
from bridge.protocol.types import GroupName
from bridge.protocol.wire import demls_pb2 as pb
from bridge.storage import archive
from bridge.storage.archive import ArchiveRow
from bridge.storage.store import Tx
from bridge.waku.transport import WakuMessage

log: Final = structlog.get_logger("bridge.conversation.history")

REPLAY_MARK: Final = b"again:"
"""Begins the `meta` of answers. A hint only: it tells the asker that there was something to fetch."""


MAX_INDEX: Final = 50_000
"""Archived payloads looked through for one answer; of a longer past the newest part is answered."""


class AntiEntropy:
    """History of one group. `status`: the group as it is now."""

    def __init__(
        self, name: GroupName, own: Address, services: Services, status: Callable[[], GroupStatus]
    ) -> None:
        self._name = name
        self._own = own
        self._services = services
        self._status = status
        self._wire = WireLog()
        clock, tuning = services.clock, services.tuning
        self._answerer = Answerer(self._missing, self._replay, self._wire, services.random, clock, tuning)
        self._asker = Asker(
            name.group_id,
            own,
            services.signer,
            self._digests,
            self._send_request,
            lambda: bool(status().members),
            clock,
            tuning,
        )

    # ---- the wire ----

    def receive(self, topic: Topic, message: WakuMessage) -> Received | None:
        """Note a received message; None when it is the echo of our own."""
        own = self._services.meta
        if message.meta in (own, REPLAY_MARK + own):
            return None
        self._wire.note(digest(message.content_topic, message.payload), self._services.clock())
        return Received(topic, message.payload, message.meta.startswith(REPLAY_MARK))

    async def publish(self, topic_name: str, payload: bytes) -> None:
        """Put a payload on the wire, once. Raises TransportError."""
        await self._publish(topic_name, payload, self._services.meta)
        self._wire.note(digest(topic_name, payload), self._services.clock())

    async def _replay(self, topic_name: str, payload: bytes) -> None:
        await self._publish(topic_name, payload, REPLAY_MARK + self._services.meta)

    async def _publish(self, topic_name: str, payload: bytes, meta: bytes) -> None:
        # The timestamp makes it a new message for gossip, which would drop the very same one for minutes.
        time_ns = int(self._services.clock() * 1e9)
        await self._services.transport.publish(WakuMessage(topic_name, payload, time_ns, meta))

    async def _send_request(self, payload: bytes) -> None:
        await self._publish(content_topic(self._name.name, Topic.APP), payload, self._services.meta)

    # ---- what the conversation says ----

    @property
    def complete_until(self) -> int:
        """Stored with the group's state; see `asking`."""
        return self._asker.complete_until

    def resume(self, complete_until: int) -> None:
        """Take up from the stored mark."""
        self._asker.resume(complete_until)

    def press(self) -> None:
        """Something may be missing: ask soon."""
        self._asker.press(self._asker.complete_until)

    def after(self, batch: Batch, *, before: int, now: int) -> None:
        """A batch was taken: what it means for history. `before` and `now`: epochs, -1 for not a member."""
        time = self._services.clock()
        if batch.fresh or batch.outgoing:
            self._asker.used(brought=batch.brought)
        for name in batch.spare:
            self._asker.spare.note(name, time)
        if before != now:
            self._asker.spare.clear()  # what was of another epoch may be readable now
        if before < 0 <= now:
            self.press()  # the Welcome may have overtaken what came after it
        for catch_up in batch.catch_ups:
            self._asker.press(max(catch_up.since, 0) or self._asker.complete_until)
        for request in batch.calls:
            if request.requester != self._own and not self._answerer.consider(request):
                log.info("request put off", group=self._name.name, requester=request.requester.hex())

    def admit(self, message: pb.HistoryRequest) -> HistoryRequest:
        """Check somebody's request, cheap checks first: the signature costs a recovery. Raises RemoteError."""
        request = HistoryRequest.from_wire(message)
        status = self._status()
        if request.group_id != self._name.group_id:
            raise WrongGroup("a request for the history of another group")
        if request.requester not in status.members and request.requester not in status.service:
            raise NotAllowed("a request for history by somebody who is not in the group")
        request.verify(self._services.clock())
        return request

    async def run(self) -> None:
        """Ask and answer until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._asker.run())
            tasks.create_task(self._answerer.run())

    # ---- the archive ----

    async def _digests(self, since: int) -> list[tuple[int, bytes]]:
        group = self._name.name
        return await self._services.store.read(lambda tx: archive.index(tx, group, since, MAX_PREFIXES + 1))

    async def _missing(self, since: int, have: frozenset[bytes], limit: int) -> list[ArchiveRow]:
        group = self._name.name

        def find(tx: Tx) -> list[ArchiveRow]:
            index = archive.index(tx, group, since, MAX_INDEX)
            return archive.named(tx, group, missing_of(index, have, limit))

        return await self._services.store.read(find)
