"""Files come from the adapter that holds them, bounded; trouble comes in words."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from bridge.model.adapter import RetryLater
from bridge.model.message import Attachment
from bridge.model.view import ViewError
from bridge.rooms.view.files import Files
from tests.support.mirrors import Paper

FILE = Attachment("shelf:1", "a.png", "image/png", 3)


class Shelf(Paper):
    """A platform that holds files."""

    def __init__(self, read: Callable[[], Awaitable[bytes]]) -> None:
        super().__init__()
        self.read = read

    def holds(self, attachment: Attachment) -> bool:
        return attachment.reference.startswith("shelf:")

    async def fetch(self, attachment: Attachment, limit: int) -> bytes:
        return await self.read()


async def content() -> bytes:
    return b"abc"


async def away() -> bytes:
    raise RetryLater("the shelf is away")


async def fault() -> bytes:
    raise KeyError("a secret detail")


async def never() -> bytes:
    await asyncio.Event().wait()
    return b""


async def test_the_holder_is_asked() -> None:
    files = Files({"paper": Paper(), "shelf": Shelf(content)})
    assert await files.fetch(FILE, 3) == b"abc"


@pytest.mark.parametrize(
    ("read", "limit", "words"),
    [
        (content, 2, "too large"),
        (away, 3, "the shelf is away"),
        (fault, 3, "fault in the bridge"),
        (never, 3, "does not answer"),
    ],
)
async def test_trouble_in_words(read: Callable[[], Awaitable[bytes]], limit: int, words: str) -> None:
    files = Files({"shelf": Shelf(read)}, patience=0.05)
    with pytest.raises(ViewError, match=words) as caught:
        await files.fetch(FILE, limit)
    assert "secret" not in str(caught.value)


async def test_more_than_it_says() -> None:
    said_small = Attachment("shelf:1", "a.png", "image/png", 1)
    with pytest.raises(ViewError, match="larger than it says"):
        await Files({"shelf": Shelf(content)}).fetch(said_small, 2)


async def test_nobody_has_it() -> None:
    with pytest.raises(ViewError, match="No platform"):
        await Files({"paper": Paper(), "shelf": Shelf(content)}).fetch(
            Attachment("other:1", "a", "text/plain", 1), 3
        )
