"""HTTP: the session, older messages, attachments, the operator's report."""

from __future__ import annotations

import asyncio
import re
from typing import Any, Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from adapters.web import history, messages
from adapters.web.database import Tx
from adapters.web.errors import BadRequest, Busy, Unknown
from adapters.web.frames.http import OlderMessages
from adapters.web.page import Page
from adapters.web.requests import Visitor, operator, session_answer, signed_in
from adapters.web.responses import Json
from bridge.model.message import Attachment
from bridge.model.view import ViewError

MAX_FILE: Final = 20 * 1024 * 1024
"""Bytes of an attachment that the page passes on."""
FETCH_LIMIT: Final = 60.0
_IMAGES: Final = {"image/png", "image/jpeg", "image/gif", "image/webp"}
"""Types a browser may show; everything else is only to be saved."""
_NUMBER: Final = re.compile(r"[0-9]{1,18}")


async def session(page: Page, _request: Request, visitor: Visitor) -> Response:
    """GET /api/session."""
    return await session_answer(page, visitor)


async def room_messages(page: Page, request: Request, visitor: Visitor) -> Response:
    """GET /api/rooms/<id>/messages?before=&limit="""
    viewer = signed_in(visitor).account.user_id
    room = page.room(request.path_params["room"]).room_id
    position = _number(request, "before", 2**62)
    limit = min(max(_number(request, "limit", history.PAGE), 1), history.PAGE)
    found, more = await page.database.do(lambda tx: history.before(tx, room, viewer, position, limit))
    return Json(OlderMessages(found, more))


async def report(page: Page, _request: Request, visitor: Visitor) -> Response:
    """GET /api/operator."""
    operator(visitor)
    return JSONResponse(dict(await page.view.report()))


async def file(page: Page, request: Request, visitor: Visitor) -> Response:
    """GET /api/files/<id>: an attachment of a message that this person can see."""
    viewer, file_id = signed_in(visitor).account.user_id, request.path_params["file"]
    page.limits.file.take(viewer)
    row = await page.database.do(lambda tx: _find(tx, file_id, viewer))
    if row["size"] > MAX_FILE:
        raise Unknown("This file is too large to be passed on here.", "file-too-large")
    attachment = Attachment(
        row["reference"], row["name"], row["media_type"], row["size"], row["sha256"], row["secret"]
    )
    if page.fetching.locked():
        raise Busy("Many files are being fetched. Please try again in a moment.")
    try:
        async with page.fetching, asyncio.timeout(FETCH_LIMIT):
            data = await page.view.fetch(attachment, MAX_FILE)
    except (ViewError, TimeoutError) as error:
        raise Unknown(
            f"This file cannot be fetched: {error or 'its platform does not answer'}", "no-file"
        ) from error
    media_type = row["media_type"] if row["media_type"] in _IMAGES else "application/octet-stream"
    headers = {
        "content-disposition": f"attachment; filename*=UTF-8''{quote(row['name'], safe='')}",
        "content-security-policy": "default-src 'none'; sandbox",
    }
    return Response(data, media_type=media_type, headers=headers)


async def health(_request: Request) -> Response:
    """GET /healthz."""
    return PlainTextResponse("ok")


def _find(tx: Tx, file_id: str, viewer: str) -> Any:
    row = tx.execute("SELECT * FROM files WHERE id = ?", (file_id,)).fetchone()
    if row is None:
        raise Unknown("This file is not here any more.", "no-file")
    sql = "SELECT room, revision FROM messages WHERE id = ?"
    message = tx.execute(sql, (row["message_id"],)).fetchone()
    messages.visible(tx, row["message_id"], message["room"], viewer)
    out = messages.banned(tx, message["room"], viewer)
    if out is not None and message["revision"] > out[0]:
        raise Unknown("This file is not here any more.", "no-file")
    return row


def _number(request: Request, key: str, default: int) -> int:
    value = request.query_params.get(key, "")
    if not value:
        return default
    if not _NUMBER.fullmatch(value):
        raise BadRequest(f"{key} must be a whole number.")
    return int(value)
