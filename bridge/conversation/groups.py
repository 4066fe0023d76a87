"""The groups of a process, by name: made before all that looks groups up, filled as they are opened.

So nobody who is told of groups has to be told twice, and nothing runs before it knows them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bridge.conversation.ports import GroupHandle


class Groups(Mapping[str, GroupHandle]):
    """A registry. Only `put` changes it, while the process is put together."""

    def __init__(self) -> None:
        self._handles: dict[str, GroupHandle] = {}

    def put(self, handle: GroupHandle) -> None:
        """Add an open group, or the one that takes the place of another of its name."""
        self._handles[handle.name] = handle

    def __getitem__(self, name: str) -> GroupHandle:
        return self._handles[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._handles)

    def __len__(self) -> int:
        return len(self._handles)
