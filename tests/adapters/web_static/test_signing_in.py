"""Signing in: test accounts, password, invitation, the person's own wallet; and signing in the room."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data
from playwright.async_api import expect

from tests.support import page_data
from tests.support.browser import Visit, Visitor
from tests.support.browser_wallet import TestWallet
from tests.support.page_server import PageServer

Enter = Callable[..., Awaitable[Visit]]

SIWE = "127.0.0.1 wants you to sign in with your Ethereum account:\n0x…\n\nNonce: abc12345"
TYPED = {
    "types": {"EIP712Domain": [{"name": "name", "type": "string"}], "Vote": [{"name": "yes", "type": "bool"}]},
    "primaryType": "Vote",
    "domain": {"name": "demls"},
    "message": {"yes": True},
}


async def test_a_test_account_is_one_click(page_server: PageServer, visit: Visitor) -> None:
    made = await visit(page_server.url)
    await made.page.get_by_role("button", name="Bob").click()
    await made.page.get_by_label("Message or command").wait_for()
    assert page_server.posted == [("/api/sign-in", {"name": "Bob", "password": "Bob sails"})]


async def test_a_wrong_password_is_said(page_server: PageServer, visit: Visitor) -> None:
    page_server.answers["/api/sign-in"] = (403, {"error": "denied", "text": "Name or password is wrong."})
    made = await visit(page_server.url)
    await made.page.get_by_label("Name", exact=True).fill("Alice")
    await made.page.get_by_label("Password", exact=True).fill("wrong")
    await made.page.keyboard.press("Enter")
    await expect(made.page.get_by_role("alert")).to_have_text("Name or password is wrong.")
    await expect(made.page.get_by_label("Name", exact=True)).to_have_value("Alice")


async def test_an_invitation_opens_an_account(page_server: PageServer, visit: Visitor) -> None:
    page_server.answers["/api/invitation/look"] = (200, {"name": "Erin", "operator": False})
    made = await visit(f"{page_server.url}/#invitation=tok-en_1")
    await made.page.get_by_role("heading", name="You are invited").wait_for()
    assert "tok-en_1" not in made.page.url
    await expect(made.page.get_by_label("Name shown to others")).to_have_value("Erin")
    await made.page.get_by_label("Password", exact=True).fill("ten letters or more")
    await made.page.get_by_role("button", name="Open account").click()
    await made.page.get_by_label("Message or command").wait_for()
    assert page_server.posted[-1] == (
        "/api/invitation",
        {"token": "tok-en_1", "name": "Erin", "password": "ten letters or more"},
    )


@pytest.mark.parametrize("announced", [True, False], ids=["EIP-6963", "window.ethereum"])
async def test_the_wallet_signs_the_servers_text(
    page_server: PageServer, visit: Visitor, announced: bool
) -> None:
    wallet = TestWallet()
    page_server.answers["/api/siwe/start"] = (200, {"message": SIWE})
    made = await visit(page_server.url, wallet=wallet, announced=announced)
    await made.page.get_by_label("Name shown to others").fill("Ann")
    name = "Test wallet" if announced else "your wallet"
    await made.page.get_by_role("button", name=f"Sign in with {name}").click()
    await made.page.get_by_label("Message or command").wait_for()
    (_, start), (path, body) = page_server.posted
    assert (start["address"].lower(), start["chain_id"]) == (wallet.address, 31337)
    assert (path, body["message"], body["name"]) == ("/api/siwe", SIWE, "Ann")
    signer = Account.recover_message(encode_defunct(text=SIWE), signature=body["signature"])
    assert signer.lower() == wallet.address


async def test_a_refusal_in_the_wallet_is_said(page_server: PageServer, visit: Visitor) -> None:
    made = await visit(page_server.url, wallet=TestWallet(refuses=True))
    await made.page.get_by_role("button", name="Sign in with your wallet").click()
    await expect(made.page.get_by_role("alert")).to_contain_text("You refused in the wallet.")
    assert page_server.posted == []


@pytest.mark.parametrize("typed", [True, False], ids=["typed data", "text"])
async def test_a_signing_request_is_signed_in_the_room(
    page_server: PageServer, enter: Enter, typed: bool
) -> None:
    wallet = TestWallet()
    payload = json.dumps(TYPED) if typed else "0x" + b"bind me".hex()
    request = {"id": "r1", "purpose": "vote", "title": "Your vote (yes) on vote 12", "payload": payload}
    page_server.me["signings"] = [{**request, "method": "eth_signTypedData_v4" if typed else "personal_sign"}]
    page_server.me["standing"]["address"] = wallet.address
    visit = await enter(wallet=wallet)
    wallet.refuses = True
    await visit.page.get_by_role("button", name="Sign in wallet").click()
    await expect(visit.page.get_by_role("alert")).to_contain_text("You refused in the wallet.")
    wallet.refuses = False
    await visit.page.get_by_role("button", name="Sign in wallet").click()
    await expect(visit.page.get_by_role("alert")).to_be_empty()
    await expect(visit.page.get_by_role("button", name="Sign in wallet")).to_be_enabled()
    (frame,) = page_server.said
    assert (frame["type"], frame["request"]) == ("sign", "r1")
    signed = encode_typed_data(full_message=TYPED) if typed else encode_defunct(text="bind me")
    assert Account.recover_message(signed, signature=frame["signature"]).lower() == wallet.address
    await page_server.push_me(signings=[])
    await expect(visit.page.get_by_role("heading", name="Your wallet is asked")).to_have_count(0)


async def test_another_account_in_the_wallet_is_said(page_server: PageServer, enter: Enter) -> None:
    payload = {"id": "r1", "purpose": "vote", "title": "t", "method": "personal_sign", "payload": "0x00"}
    page_server.me["signings"] = [payload]
    visit = await enter(wallet=TestWallet())
    await visit.page.get_by_role("button", name="Sign in wallet").click()
    await expect(visit.page.get_by_role("alert")).to_contain_text(f"Switch it to {page_data.PEOPLE['Alice']}")
    assert page_server.said == []


async def test_signing_out_forgets_what_was_not_sent(page_server: PageServer, enter: Enter) -> None:
    visit = await enter()
    await visit.page.get_by_role("button", name="Your account: Alice").click()
    await visit.page.get_by_role("button", name="Sign out").click()
    await visit.page.get_by_role("button", name="Sign in", exact=True).wait_for()
    assert json.loads(await visit.page.evaluate("sessionStorage.getItem('demls.outbox')")) == []
