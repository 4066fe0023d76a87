"""HTTP: a person puts his own wallet behind an account of a chat platform (`!link` there shows the way here).

No sign-in is needed: the code says which account asked, and the wallet proves whose it is.
"""

from __future__ import annotations

from typing import Final

from starlette.responses import JSONResponse, Response

from adapters.web import fields
from adapters.web.errors import Forbidden
from adapters.web.fields import Fields
from adapters.web.page import Page
from adapters.web.requests import Visitor
from adapters.web.text import hexed
from bridge.model.view import ViewError

MAX_CODE: Final = 128


async def look(page: Page, visitor: Visitor, body: Fields) -> Response:
    """POST /api/link/look: what the wallet is to sign, and for which account."""
    code = fields.text(body, "code", MAX_CODE)
    page.limits.sign_in_address.take(visitor.address)
    try:
        offer = await page.view.link_offer(code)
    except ViewError as error:
        raise Forbidden(str(error), "link") from error
    known = {"platform": offer.platform, "name": offer.name, "text": offer.text}
    return JSONResponse({**known, "address": hexed(offer.address)})


async def finish(page: Page, visitor: Visitor, body: Fields) -> Response:
    """POST /api/link: the signature; answers with what became of it, in words."""
    code, signature = fields.text(body, "code", MAX_CODE), fields.signature(body)
    page.limits.sign_in_address.take(visitor.address)
    try:
        return JSONResponse({"text": await page.view.link(code, signature)})
    except ViewError as error:
        raise Forbidden(str(error), "link") from error
