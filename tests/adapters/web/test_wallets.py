"""Sign-in with a wallet: real keys, every field of the message attacked."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct

from adapters.web.errors import Forbidden
from adapters.web.wallets import VALID_SECONDS, WalletSignIn
from bridge.model.view import SigningRequest
from tests.support.page_browser import Browser, Refused
from tests.support.pages import Clock, RunningPage

ORIGIN = "http://127.0.0.1:8080"
WALLET = Account.from_key(b"\x11" * 32)
OTHER = Account.from_key(b"\x22" * 32)
ADDRESS = bytes.fromhex(WALLET.address[2:])
VISITOR = b"v" * 32


def signed(message: str, wallet: object = WALLET) -> bytes:
    return bytes(wallet.sign_message(encode_defunct(text=message)).signature)  # type: ignore[attr-defined]


def started(clock: Callable[[], float]) -> tuple[WalletSignIn, str]:
    wallets = WalletSignIn(clock)
    return wallets, wallets.start(VISITOR, ORIGIN, ADDRESS, 1)


async def test_a_signed_message_gives_the_address_once() -> None:
    wallets, message = started(Clock())
    assert await wallets.finish(VISITOR, ORIGIN, message, signed(message)) == ADDRESS
    with pytest.raises(Forbidden, match="used already"):
        await wallets.finish(VISITOR, ORIGIN, message, signed(message))


async def test_a_failed_attempt_uses_the_nonce_up() -> None:
    wallets, message = started(Clock())
    with pytest.raises(Forbidden, match="does not fit"):
        await wallets.finish(VISITOR, ORIGIN, message, signed(message, OTHER))
    with pytest.raises(Forbidden, match="used already"):
        await wallets.finish(VISITOR, ORIGIN, message, signed(message))


async def test_another_browser_cannot_finish_it() -> None:
    wallets, message = started(Clock())
    with pytest.raises(Forbidden):
        await wallets.finish(b"w" * 32, ORIGIN, message, signed(message))


async def test_it_expires() -> None:
    clock = Clock()
    wallets, message = started(clock)
    clock.now += VALID_SECONDS
    with pytest.raises(Forbidden, match="too old"):
        await wallets.finish(VISITOR, ORIGIN, message, signed(message))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("127.0.0.1:8080 wants", "evil.example wants"),
        ("URI: http://127.0.0.1:8080", "URI: http://evil.example"),
        ("Chain ID: 1", "Chain ID: 2"),
        (WALLET.address, OTHER.address),
        ("This costs nothing", "This costs all"),
        ("\nExpiration Time: ", "\nNot Before: "),
    ],
)
async def test_a_changed_message_is_refused(old: str, new: str) -> None:
    wallets, message = started(Clock())
    changed = message.replace(old, new)
    assert changed != message
    wallet = OTHER if new == OTHER.address else WALLET
    with pytest.raises(Forbidden):
        await wallets.finish(VISITOR, ORIGIN, changed, signed(changed, wallet))


async def test_a_page_of_another_origin_is_refused() -> None:
    wallets, message = started(Clock())
    with pytest.raises(Forbidden):
        await wallets.finish(VISITOR, "http://evil.example", message, signed(message))


@pytest.mark.parametrize("signature", [b"", b"\x00" * 65, b"\xff" * 65, b"\x01" * 64, b"\x01" * 3_000])
async def test_odd_signatures_are_refused(signature: bytes) -> None:
    wallets, message = started(Clock())
    with pytest.raises(Forbidden):
        await wallets.finish(VISITOR, ORIGIN, message, signature)


@pytest.mark.parametrize("message", ["", "x", "\n" * 4_000, "127.0.0.1 wants you to sign in", "\ud800"])
async def test_what_is_no_message_is_refused(message: str) -> None:
    with pytest.raises(Forbidden):
        await WalletSignIn().finish(VISITOR, ORIGIN, message, b"\x01" * 65)


async def test_signing_in_over_http(page: RunningPage) -> None:
    browser = page.browser()
    await browser.session()
    start = {"address": WALLET.address, "chain_id": 1}
    message = (await browser.post("/api/siwe/start", start)).json()["message"]
    assert message.startswith(f"{page.url.removeprefix('http://')} wants you to sign in")
    body = {"message": message, "signature": "0x" + signed(message).hex(), "name": "Wanda"}
    user = (await browser.post("/api/siwe", body)).json()["user"]
    assert user == {
        "user_id": WALLET.address.lower(),
        "name": "Wanda",
        "address": WALLET.address.lower(),
        "kind": "wallet",
        "operator": False,
    }
    replay = page.browser()
    await replay.session()
    assert (await replay.post("/api/siwe", body)).status_code == 403
    assert list(page.view.accounts.values()) == [ADDRESS]


async def signed_in(page: RunningPage) -> Browser:
    browser = page.browser()
    await browser.session()
    start = {"address": WALLET.address, "chain_id": 1}
    message = (await browser.post("/api/siwe/start", start)).json()["message"]
    answer = await browser.post("/api/siwe", {"message": message, "signature": "0x" + signed(message).hex()})
    assert answer.status_code == 200, answer.text
    return browser


async def test_a_wallet_is_asked_to_sign_and_answers(page: RunningPage) -> None:
    mine = [SigningRequest(name, ADDRESS, "vote", "Vote yes", "personal_sign", "0x00") for name in ("r1", "r2")]
    other = SigningRequest("r3", b"\x03" * 20, "vote", "Vote no", "personal_sign", "0x00")
    page.view.asked = [*mine, other]
    tab, hosted = page.tab(await signed_in(page)), page.tab(await page.person("Ann"))
    await tab.until(lambda: any(frame["type"] == "me" for frame in tab.frames))
    assert tab.last("me")["signings"] == [
        {"id": name, "purpose": "vote", "title": "Vote yes", "method": "personal_sign", "payload": "0x00"}
        for name in ("r1", "r2")
    ]
    signature = "0x" + "ab" * 65
    with pytest.raises(Refused, match="not asked of you"):
        await tab.ask("sign", request="r3", signature=signature)
    with pytest.raises(Refused, match="holds this wallet"):
        await hosted.ask("sign", request="r1", signature=signature)
    for wrong in ("0x12", "zz" * 65, 7, None):
        with pytest.raises(Refused, match="signature"):
            await tab.ask("sign", request="r1", signature=wrong)
    await tab.ask("sign", request="r1", signature=signature)
    await tab.ask("sign", request="r2", signature="")
    await tab.until(lambda: tab.last("me")["signings"] == [])
    assert page.view.signed == [("r1", b"\xab" * 65), ("r2", b"")]


async def test_a_wallet_that_the_bridge_refuses_is_not_signed_in(page: RunningPage) -> None:
    page.view.refuse = "This wallet is banned."
    browser = page.browser()
    await browser.session()
    start = {"address": WALLET.address, "chain_id": 1}
    message = (await browser.post("/api/siwe/start", start)).json()["message"]
    answer = await browser.post("/api/siwe", {"message": message, "signature": "0x" + signed(message).hex()})
    assert (answer.status_code, answer.json()["text"]) == (400, "This wallet is banned.")
    assert not (await browser.session())["signed_in"]
