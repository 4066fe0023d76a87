"""Somebody at a page with a wallet of their own, without a browser."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from eth_account.signers.local import LocalAccount

from bridge.cli.demo.visitor import Visitor
from tests.support.browser_wallet import TestWallet

CHAIN: Final = 1
"""What their sign-in names; any chain will do."""


class WalletVisitor(Visitor):
    """Signs whatever the page asks them to sign, and shows what it was by purpose in `signed`."""

    def __init__(self, url: str, name: str) -> None:
        super().__init__(url, name)
        self.wallet = TestWallet()
        self.signed: list[str] = []
        self._begun: set[str] = set()
        self._signing: set[asyncio.Task[None]] = set()

    @property
    def account(self) -> LocalAccount:
        """Their key."""
        return self.wallet.account

    async def sign_in(self) -> None:
        """With the wallet (EIP-4361)."""
        csrf = (await self._http.get("/api/session")).raise_for_status().json()["csrf"]
        headers = {"X-CSRF-Token": csrf}
        who = {"address": self.wallet.account.address, "chain_id": CHAIN}
        asked = await self._http.post("/api/siwe/start", json=who, headers=headers)
        message = asked.raise_for_status().json()["message"]
        signature = await self.wallet.request("personal_sign", ["0x" + message.encode().hex()])
        signed = {"message": message, "signature": signature, "name": self.name}
        (await self._http.post("/api/siwe", json=signed, headers=headers)).raise_for_status()

    def _take(self, frame: dict[str, Any]) -> None:
        super()._take(frame)
        if frame["type"] != "me":
            return
        for asked in frame["signings"]:
            if asked["id"] not in self._begun:
                self._begun.add(asked["id"])
                task = asyncio.create_task(self._sign(asked))
                self._signing.add(task)
                task.add_done_callback(self._signing.discard)

    async def _sign(self, asked: dict[str, Any]) -> None:
        me = self.wallet.account.address
        typed = asked["method"] == "eth_signTypedData_v4"
        params = [me, asked["payload"]] if typed else [asked["payload"], me]
        signature = await self.wallet.request(asked["method"], params)
        await self._ask({"type": "sign", "request": asked["id"], "signature": signature})
        self.signed.append(asked["purpose"])
