"""The scripted server, and a page on which Alice is signed in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from tests.support import page_data
from tests.support.browser import Visit, Visitor
from tests.support.page_server import PageServer, page_server

__all__ = ["page_server"]

Enter = Callable[..., Awaitable[Visit]]


@pytest.fixture
def enter(page_server: PageServer, visit: Visitor) -> Enter:
    """Opens the room as Alice; arguments as those of `visit`."""

    async def enter(**how: object) -> Visit:
        page_server.session = page_data.session(user=page_data.user())
        made = await visit(page_server.url, **how)
        await made.page.locator("#card-members").wait_for(state="attached")
        return made

    return enter
