"""HTTP: a person puts their own wallet behind an account of a chat platform (`!link` there shows the way here).

No sign-in is needed: the code says which account asked, and the wallet proves whose it is.
"""

from __future__ import annotations

from starlette.responses import Response

from adapters.web.addresses import hexed, unhexed
from adapters.web.errors import Forbidden
from adapters.web.frames import http
from adapters.web.page import Page
from adapters.web.requests import Visitor
from adapters.web.responses import Json
from bridge.model.view import ViewError


async def look(page: Page, visitor: Visitor, body: http.LookAtLink) -> Response:
    """POST /api/link/look: what the wallet is to sign, and for which account."""
    page.limits.sign_in_address.take(visitor.address)
    try:
        offer = await page.view.link_offer(body.code)
    except ViewError as error:
        raise Forbidden(str(error), "link") from error
    return Json(http.Offer(offer.platform, offer.name, hexed(offer.address), offer.text))


async def finish(page: Page, visitor: Visitor, body: http.FinishLink) -> Response:
    """POST /api/link: the signature; answers with what became of it, in words."""
    page.limits.sign_in_address.take(visitor.address)
    try:
        return Json(http.Words(await page.view.link(body.code, unhexed(body.signature))))
    except ViewError as error:
        raise Forbidden(str(error), "link") from error
