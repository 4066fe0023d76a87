"""A group in memory, as the last committed transaction left it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from bridge.conversation import blob as codec
from bridge.conversation.blob import GroupBlob
from bridge.conversation.keys import KeyRing
from bridge.conversation.services import Services
from bridge.conversation.turn import EffectRunner
from bridge.protocol.engine import EngineConfig, GroupEngine
from bridge.protocol.ports import MlsPort
from bridge.storage import counters, groups, mls_rows, timers
from bridge.storage.store import Tx
from bridge.storage.timers import TimerRow


@dataclass(frozen=True, slots=True)
class GroupRows:
    """The rows of one group."""

    state: bytes | None
    mls: list[tuple[str, bytes, bytes]]
    timers: list[TimerRow]
    refused: dict[str, int]

    @classmethod
    def read(cls, tx: Tx, group: str) -> GroupRows:
        """Read them in one transaction."""
        return cls(
            groups.load_state(tx, group),
            mls_rows.load(tx, group),
            timers.all_of(tx, group),
            counters.all_of(tx, group),
        )


@dataclass(slots=True)
class LoadedGroup:
    """Engine and MLS state. Thrown away, and made anew from the database, when a transaction fails."""

    engine: GroupEngine
    mls: MlsPort
    runner: EffectRunner
    refused: Counter[str]
    complete_until: int

    @classmethod
    def restore(cls, config: EngineConfig, stored: GroupRows, services: Services) -> LoadedGroup:
        """From the rows; of a group without rows, from nothing."""
        mls = services.open_mls(config, stored.mls)
        if stored.state is None:
            engine, keys = GroupEngine(config, mls), KeyRing()
            complete_until = int(services.clock())
        else:
            old = codec.decode(stored.state)
            engine, keys = GroupEngine.restore(config, mls, old.engine), KeyRing(old.keys)
            complete_until = old.complete_until
        runner = EffectRunner(config.name, engine, services.signer, keys, services.entropy)
        return cls(engine, mls, runner, Counter(stored.refused), complete_until)

    @property
    def joined(self) -> bool:
        """Whether the own leaf is a member now."""
        return self.mls.view() is not None

    @property
    def epoch(self) -> int:
        """The present epoch; -1 before the own leaf has joined."""
        view = self.mls.view()
        return -1 if view is None else view.epoch

    def snapshot(self, complete_until: int) -> bytes:
        """What `restore` takes."""
        return codec.encode(GroupBlob(self.engine.snapshot(), self.runner.keys.export(), complete_until))
