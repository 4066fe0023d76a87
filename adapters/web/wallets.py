"""Sign-in with the person's own wallet: EIP-4361 messages, made here, signed there, and checked here.

Only signatures of key pairs are taken (recovered without any node); contract wallets are refused.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from eth_keys.exceptions import BadSignature
from eth_utils.address import to_checksum_address
from siwe import ISO8601Datetime, SiweMessage, VerificationError

from adapters.web.errors import Forbidden

VALID_SECONDS: Final = 300
MAX_ASKED: Final = 5_000
MAX_MESSAGE: Final = 4_096
STATEMENT: Final = "Sign in to the page of this chat bridge. This costs nothing and sends no transaction."


@dataclass(frozen=True, slots=True)
class _Asked:
    visitor: bytes
    origin: str
    address: bytes
    expires_at: float


class WalletSignIn:
    """Texts that were given out and not used; each works once, for the browser that asked for it.

    A text that comes back is looked up as a whole, nonce and all: hostile ones are never parsed (the grammar's
    parser is slow), and one changed character makes a text unknown.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._asked: OrderedDict[str, _Asked] = OrderedDict()

    def start(self, visitor: bytes, origin: str, address: bytes, chain_id: int) -> str:
        """The text to sign. `visitor`: hash of the browser's cookie; `origin`: as the browser sees the page."""
        now = self._clock()
        message = SiweMessage(
            domain=_domain(origin),
            address=to_checksum_address(address),
            statement=STATEMENT,
            uri=origin,
            version="1",
            chain_id=chain_id,
            nonce=secrets.token_hex(16),
            issued_at=_time(now),
            expiration_time=_time(now + VALID_SECONDS),
        )
        text = str(message.prepare_message())
        self._asked[text] = _Asked(visitor, origin, address, now + VALID_SECONDS)
        while len(self._asked) > MAX_ASKED:
            self._asked.popitem(last=False)
        return text

    async def finish(self, visitor: bytes, origin: str, text: str, signature: bytes) -> bytes:
        """The address that signed. Raises Forbidden; the text is used up all the same."""
        asked = self._asked.pop(text, None)
        now = self._clock()
        if asked is None or asked.expires_at <= now:
            raise Forbidden("This sign-in is too old or was used already. Please start again.", "old-siwe")
        if not hmac.compare_digest(asked.visitor, visitor) or asked.origin != origin:
            raise Forbidden("This sign-in was begun in another browser. Please start again.", "wrong-siwe")
        await asyncio.to_thread(_check, text, signature, asked, now)
        return asked.address


def _check(text: str, signature: bytes, asked: _Asked, now: float) -> None:
    """Domain, address, expiry and signature once more, by the library. Raises Forbidden."""
    if len(signature) != 65:
        raise Forbidden("The wallet's signature has a form that is not known here.", "bad-signature")
    try:
        parsed = SiweMessage.from_message(text)
        at = datetime.fromtimestamp(now, UTC)
        parsed.verify("0x" + signature.hex(), domain=_domain(asked.origin), timestamp=at)
        if bytes.fromhex(parsed.address[2:]) != asked.address:
            raise VerificationError
    # ValueError: what pydantic and the parser raise. BadSignature passes through siwe: r or s out of range.
    except (VerificationError, BadSignature, ValueError) as error:
        why = "The signature does not fit. Please sign with the wallet whose address you gave."
        raise Forbidden(why, "bad-signature") from error


def _domain(origin: str) -> str:
    return origin.partition("://")[2]


def _time(at: float) -> ISO8601Datetime:
    return ISO8601Datetime.from_datetime(datetime.fromtimestamp(at, UTC))
