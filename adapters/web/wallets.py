"""Sign-in with the person's own wallet: EIP-4361 messages, made here, signed there, and checked here.

Only signatures of key pairs are taken (recovered without any node); contract wallets are refused.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from adapters.web.errors import Forbidden
from bridge.model import ethereum
from bridge.model.bounded import BoundedMap
from bridge.model.sign_in_text import SignInText

VALID_SECONDS: Final = 300
MAX_ASKED: Final = 5_000
WRONG_SIGNATURE: Final = "The signature does not fit. Please sign with the wallet whose address you gave."
STATEMENT: Final = "Sign in to the page of this chat bridge. This costs nothing and sends no transaction."


@dataclass(frozen=True, slots=True)
class _Asked:
    visitor: bytes
    origin: str
    address: bytes
    expires_at: float


class WalletSignIn:
    """Texts that were given out and not used; each works once, for the browser that asked for it.

    A text that comes back is looked up as a whole, nonce and all: hostile ones are never parsed, and one
    changed character makes a text unknown.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._asked: BoundedMap[str, _Asked] = BoundedMap(MAX_ASKED)

    def start(self, visitor: bytes, origin: str, address: bytes, chain_id: int) -> str:
        """The text to sign. `visitor`: hash of the browser's cookie; `origin`: as the browser sees the page."""
        now = self._clock()
        message = SignInText(
            domain=origin.partition("://")[2],
            address=address,
            statement=STATEMENT,
            uri=origin,
            chain_id=chain_id,
            nonce=secrets.token_hex(16),
            issued_at=now,
            expires_at=now + VALID_SECONDS,
        )
        text = str(message)
        self._asked[text] = _Asked(visitor, origin, address, now + VALID_SECONDS)
        return text

    async def finish(self, visitor: bytes, origin: str, text: str, signature: bytes) -> bytes:
        """The address that signed. Raises Forbidden; the text is used up all the same."""
        asked = self._asked.pop(text, None)
        now = self._clock()
        if asked is None or asked.expires_at <= now:
            raise Forbidden("This sign-in is too old or was used already. Please start again.", "old-siwe")
        if not hmac.compare_digest(asked.visitor, visitor) or asked.origin != origin:
            raise Forbidden("This sign-in was begun in another browser. Please start again.", "wrong-siwe")
        await asyncio.to_thread(_check, text, signature, asked.address)
        return asked.address


def _check(text: str, signature: bytes, address: bytes) -> None:
    """Raises Forbidden unless the wallet of `address` has signed the text."""
    digest = ethereum.personal_digest(text.encode())
    try:
        if ethereum.recovered(digest, ethereum.with_offset(signature)) == address:
            return
    except ethereum.WrongSignature as error:
        raise Forbidden(WRONG_SIGNATURE, "bad-signature") from error
    raise Forbidden(WRONG_SIGNATURE, "bad-signature")
