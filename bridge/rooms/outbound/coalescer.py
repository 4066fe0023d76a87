"""Edits that follow one another, like the counts of a ballot: of those that wait only the newest is shown."""

from __future__ import annotations

from bridge.model.bounded import BoundedMap
from bridge.rooms.outbound.payloads import Edit, Payload


class EditCoalescer:
    """The newest step written of each series; forgotten at a restart, which only shows more steps."""

    def __init__(self, most: int = 1_024) -> None:
        self._steps: BoundedMap[str, int] = BoundedMap(most)

    def note(self, series: str, step: int) -> None:
        """A step was written. Were its transaction undone, the engine would write the same again."""
        self._steps[series] = max(step, self._steps.get(series, step))

    def outdated(self, payload: Payload) -> bool:
        """Whether a newer edit of the same series waits behind this one."""
        return isinstance(payload, Edit) and payload.step < self._steps.get(payload.series, payload.step)
