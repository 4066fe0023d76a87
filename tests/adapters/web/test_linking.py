"""The page behind `!link`: over HTTP, without a sign-in, with the CSRF token as everything else."""

from __future__ import annotations

import pytest

from bridge.model.view import LinkOffer
from tests.support.page_browser import Browser
from tests.support.pages import RunningPage
from tests.support.wallets import Wallet

OWN, OTHER = Wallet("own"), Wallet("other")
OFFER = LinkOffer("discord", "Alice <b>", OWN.address, "sign this")
SIGNED = "0x" + OWN.sign(b"sign this").hex()


@pytest.fixture
async def browser(page: RunningPage) -> Browser:
    page.view.offers["code-1"] = OFFER
    made = Browser(page.url)
    await made.session()
    return made


async def test_what_is_signed_is_shown_and_stored(browser: Browser) -> None:
    shown = (await browser.post("/api/link/look", {"code": "code-1"})).json()
    assert shown == {
        "platform": "discord",
        "name": "Alice <b>",
        "address": "0x" + OWN.address.hex(),
        "text": "sign this",
    }
    done = await browser.post("/api/link", {"code": "code-1", "signature": SIGNED})
    assert done.json() == {"text": "Your own wallet stands behind your account."}
    again = await browser.post("/api/link", {"code": "code-1", "signature": SIGNED})
    assert (again.status_code, again.json()["error"]) == (403, "link")
    await browser.close()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"code": "code-2", "signature": SIGNED}, 403),
        ({"code": "code-1", "signature": "0x" + OTHER.sign(b"sign this").hex()}, 403),
        ({"code": "code-1", "signature": "0x12"}, 400),
        ({"code": "code-1"}, 400),
        ({"code": "x" * 129, "signature": SIGNED}, 400),
        ({"code": 5, "signature": SIGNED}, 400),
    ],
)
async def test_what_is_refused(
    page: RunningPage, browser: Browser, body: dict[str, object], status: int
) -> None:
    assert (await browser.post("/api/link", body)).status_code == status
    assert page.view.offers == {"code-1": OFFER}
    await browser.close()


async def test_codes_cannot_be_tried_out(browser: Browser) -> None:
    answers = [await browser.post("/api/link/look", {"code": f"guess-{i}"}) for i in range(40)]
    assert {answer.status_code for answer in answers} == {403, 429}
    await browser.close()


async def test_without_the_token(page: RunningPage, browser: Browser) -> None:
    body = {"code": "code-1", "signature": SIGNED}
    refused = await browser.post("/api/link", body, **{"x-csrf-token": "wrong"})
    assert refused.status_code == 403
    assert page.view.offers
    await browser.close()
