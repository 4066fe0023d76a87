"""HTTP: sign-in by password, by invitation, by wallet; names; signing out."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from starlette.responses import JSONResponse, Response

from adapters.web import accounts, fields, sessions
from adapters.web.accounts import Account
from adapters.web.database import Tx
from adapters.web.errors import NotSignedIn, PageError
from adapters.web.fields import Fields
from adapters.web.page import Page
from adapters.web.requests import Visitor, operator, session_answer, signed_in
from adapters.web.text import hexed, name_key
from adapters.web.wallets import MAX_MESSAGE

MAX_NAME_BYTES: Final = 256
MAX_PASSWORD_BYTES: Final = 1_024
"""Refused before it is hashed; `Passwords` has its own, smaller bound."""
MAX_CHAIN: Final = 2**32


async def sign_in(page: Page, visitor: Visitor, body: Fields) -> Response:
    """POST /api/sign-in. An unknown name and a wrong password are told apart neither by text nor by time."""
    name = fields.text(body, "name", MAX_NAME_BYTES)
    password = fields.text(body, "password", MAX_PASSWORD_BYTES)
    page.limits.sign_in_address.take(visitor.address)
    page.limits.sign_in_name.take(name_key(name))
    found = await page.database.do(lambda tx: accounts.with_password(tx, name))
    right = await page.passwords.check(found[1] if found else None, password)
    if found is None or not right:
        raise NotSignedIn("The name or the password is wrong.", "wrong-password")
    return await _begin(page, visitor, found[0])


async def look(page: Page, visitor: Visitor, body: Fields) -> Response:
    """POST /api/invitation/look."""
    token = fields.text(body, "token", 128)
    page.limits.sign_in_address.take(visitor.address)
    offer = await page.database.do(lambda tx: accounts.invitation(tx, token, page.clock()))
    return JSONResponse({"name": offer.name, "operator": offer.operator})


async def accept(page: Page, visitor: Visitor, body: Fields) -> Response:
    """POST /api/invitation: the hosted account, and its session."""
    token = fields.text(body, "token", 128)
    name = fields.text(body, "name", MAX_NAME_BYTES)
    password = fields.text(body, "password", MAX_PASSWORD_BYTES)
    page.limits.sign_in_address.take(visitor.address)
    # Before the slow part: who has no invitation cannot make us hash.
    await page.database.do(lambda tx: accounts.invitation(tx, token, page.clock()))
    stored = await page.passwords.hash(password)
    account = await page.database.do(lambda tx: accounts.redeem(tx, token, name, stored, page.clock()))
    return await _begin(page, visitor, account)


async def siwe_start(page: Page, visitor: Visitor, body: Fields) -> Response:
    """POST /api/siwe/start: the text that the wallet is to sign."""
    address, chain = fields.address(body), fields.whole(body, "chain_id", MAX_CHAIN)
    page.limits.sign_in_address.take(visitor.address)
    message = page.wallets.start(visitor.key, visitor.origin, address, chain)
    return JSONResponse({"message": message})


async def siwe_finish(page: Page, visitor: Visitor, body: Fields) -> Response:
    """POST /api/siwe: the signed text. A wallet that is new here gets an account."""
    message = fields.text(body, "message", MAX_MESSAGE)
    signature = fields.signature(body)
    name = fields.text(body, "name", MAX_NAME_BYTES, default="")
    page.limits.sign_in_address.take(visitor.address)
    address = hexed(await page.wallets.finish(visitor.key, visitor.origin, message, signature))
    account = await page.database.do(lambda tx: accounts.open_wallet(tx, address, name, page.clock()))
    # The bridge may refuse this wallet; then nobody is signed in.
    await page.with_address(account)
    return await _begin(page, visitor, account)


async def sign_out(page: Page, visitor: Visitor, _body: Fields) -> Response:
    """POST /api/sign-out: this browser, with all its tabs."""
    session = signed_in(visitor)
    await page.database.do(lambda tx: sessions.end(tx, session.key))
    page.hub.end_session(session.key)
    return await session_answer(page, visitor, "out")


async def rename(page: Page, visitor: Visitor, body: Fields) -> Response:
    """POST /api/name: another display name, from the next message on."""
    session = signed_in(visitor)
    name = fields.text(body, "name", MAX_NAME_BYTES)
    page.limits.say.take(session.account.user_id)
    await page.database.do(lambda tx: accounts.set_name(tx, session.account.user_id, name))
    return await session_answer(page, replace(visitor, session=await page.find_session(visitor.token)))


async def invite(page: Page, visitor: Visitor, body: Fields) -> Response:
    """POST /api/invitations, for operators. The token stands behind the #, which browsers do not send."""
    session = operator(visitor)
    name, makes_operator = fields.text(body, "name", MAX_NAME_BYTES), fields.flag(body, "operator")
    page.limits.say.take(session.account.user_id)

    def work(tx: Tx) -> str:
        return accounts.invite(tx, name, operator=makes_operator, now=page.clock())

    return JSONResponse({"link": invitation_link(page.url, await page.database.do(work))})


def invitation_link(url: str, token: str) -> str:
    """What the invited person opens."""
    return f"{url}/#invitation={token}"


async def _begin(page: Page, visitor: Visitor, account: Account) -> Response:
    """A new session; the one that this browser had ends."""
    try:
        account = await page.with_address(account)
    except PageError:
        # The bridge opens his account at the next try (every `hello` is one); he can look meanwhile.
        if account.kind == accounts.WALLET:
            raise
    seconds = page.config.session_days * 86_400.0

    def work(tx: Tx) -> str:
        if visitor.session is not None:
            sessions.end(tx, visitor.session.key)
        return sessions.begin(tx, account.user_id, page.clock(), seconds)

    token = await page.database.do(work)
    if visitor.session is not None:
        page.hub.end_session(visitor.session.key)
    return await session_answer(page, visitor, "in", token)
