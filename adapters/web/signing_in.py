"""HTTP: sign-in by password, by invitation, by wallet; names; signing out."""

from __future__ import annotations

from dataclasses import replace

from starlette.responses import Response

from adapters.web import accounts, sessions
from adapters.web.accounts import Account
from adapters.web.addresses import hexed, unhexed
from adapters.web.database import Tx
from adapters.web.errors import NotSignedIn, PageError
from adapters.web.frames import http
from adapters.web.page import Page
from adapters.web.requests import Visitor, operator, session_answer, signed_in
from adapters.web.responses import Json
from bridge.model.text import name_key


async def sign_in(page: Page, visitor: Visitor, body: http.SignIn) -> Response:
    """POST /api/sign-in. An unknown name and a wrong password are told apart neither by text nor by time."""
    page.limits.sign_in_address.take(visitor.address)
    page.limits.sign_in_name.take(name_key(body.name))
    found = await page.database.do(lambda tx: accounts.with_password(tx, body.name))
    right = await page.passwords.check(found[1] if found else None, body.password)
    if found is None or not right:
        raise NotSignedIn("The name or the password is wrong.", "wrong-password")
    return await _begin(page, visitor, found[0])


async def look(page: Page, visitor: Visitor, body: http.LookAtInvitation) -> Response:
    """POST /api/invitation/look."""
    page.limits.sign_in_address.take(visitor.address)
    offer = await page.database.do(lambda tx: accounts.invitation(tx, body.token, page.clock()))
    return Json(http.Invitation(offer.name, offer.operator))


async def accept(page: Page, visitor: Visitor, body: http.AcceptInvitation) -> Response:
    """POST /api/invitation: the hosted account, and its session."""
    page.limits.sign_in_address.take(visitor.address)
    # Before the slow part: who has no invitation cannot make us hash.
    await page.database.do(lambda tx: accounts.invitation(tx, body.token, page.clock()))
    stored = await page.passwords.hash(body.password)
    account = await page.database.do(
        lambda tx: accounts.redeem(tx, body.token, body.name, stored, page.clock())
    )
    return await _begin(page, visitor, account)


async def siwe_start(page: Page, visitor: Visitor, body: http.SiweStart) -> Response:
    """POST /api/siwe/start: the text that the wallet is to sign."""
    page.limits.sign_in_address.take(visitor.address)
    message = page.wallets.start(visitor.key, visitor.origin, unhexed(body.address), body.chain_id)
    return Json(http.SiweText(message))


async def siwe_finish(page: Page, visitor: Visitor, body: http.SiweFinish) -> Response:
    """POST /api/siwe: the signed text. A wallet that is new here gets an account."""
    page.limits.sign_in_address.take(visitor.address)
    signed = await page.wallets.finish(visitor.key, visitor.origin, body.message, unhexed(body.signature))
    address = hexed(signed)
    account = await page.database.do(lambda tx: accounts.open_wallet(tx, address, body.name, page.clock()))
    # The bridge may refuse this wallet; then nobody is signed in.
    await page.with_address(account)
    return await _begin(page, visitor, account)


async def sign_out(page: Page, visitor: Visitor, _body: http.SignOut) -> Response:
    """POST /api/sign-out: this browser, with all its tabs."""
    session = signed_in(visitor)
    await page.database.do(lambda tx: sessions.end(tx, session.key))
    page.hub.end_session(session.key)
    return await session_answer(page, visitor, "out")


async def rename(page: Page, visitor: Visitor, body: http.Rename) -> Response:
    """POST /api/name: another display name, from the next message on."""
    session = signed_in(visitor)
    page.limits.say.take(session.account.user_id)
    await page.database.do(lambda tx: accounts.set_name(tx, session.account.user_id, body.name))
    return await session_answer(page, replace(visitor, session=await page.find_session(visitor.token)))


async def invite(page: Page, visitor: Visitor, body: http.Invite) -> Response:
    """POST /api/invitations, for operators. The token stands behind the #, which browsers do not send."""
    session = operator(visitor)
    page.limits.say.take(session.account.user_id)

    def work(tx: Tx) -> str:
        return accounts.invite(tx, body.name, operator=body.operator, now=page.clock())

    return Json(http.InvitationLink(invitation_link(page.url, await page.database.do(work))))


def invitation_link(url: str, token: str) -> str:
    """What the invited person opens."""
    return f"{url}/#invitation={token}"


async def _begin(page: Page, visitor: Visitor, account: Account) -> Response:
    """A new session; the one that this browser had ends."""
    try:
        account = await page.with_address(account)
    except PageError:
        # The bridge opens their account at the next try (every `hello` is one); they can look meanwhile.
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
