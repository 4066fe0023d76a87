"""A wallet for tests: real keys and signatures (eth-account) behind an injected provider."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data
from eth_account.signers.local import LocalAccount

from tests.support.browser import WalletRefusal

METHODS = ("eth_requestAccounts", "eth_accounts", "eth_chainId", "personal_sign", "eth_signTypedData_v4")


@dataclass(slots=True)
class TestWallet:
    """Signs at once, or refuses everything while `refuses`. `asked` are the methods called, in order."""

    __test__ = False

    account: LocalAccount = field(default_factory=Account.create)
    chain_id: int = 31337
    refuses: bool = False
    asked: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        """0x…, lower case."""
        address: str = self.account.address.lower()
        return address

    async def request(self, method: str, params: list[Any]) -> Any:
        """Answer as a wallet does. Raises WalletRefusal."""
        self.asked.append(method)
        if method not in METHODS:
            raise WalletRefusal(4200, f"{method} is not supported")
        if method == "eth_chainId":
            return hex(self.chain_id)
        if self.refuses:
            raise WalletRefusal(4001, "User rejected the request.")
        if method in {"eth_requestAccounts", "eth_accounts"}:
            return [self.account.address]
        if method == "personal_sign":
            message = encode_defunct(hexstr=params[0])
        else:
            message = encode_typed_data(full_message=json.loads(params[1]))
        return "0x" + self.account.sign_message(message).signature.hex().removeprefix("0x")
