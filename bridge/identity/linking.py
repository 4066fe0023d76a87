"""An own wallet for a platform account: the text that it signs (EIP-4361), and the check of the signature.

A text is given out for one account and one address, waits ten minutes and is of use once. It is kept, not
parsed when it comes back: only the very text that was given out can be signed. Only key pairs can sign it; a
contract wallet (ERC-1271) cannot be asked without its chain.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bridge.identity.errors import LinkError
from bridge.model import ethereum
from bridge.model.bounded import BoundedMap
from bridge.model.sign_in_text import SignInText
from bridge.protocol import wallet
from bridge.protocol.errors import BadSignature
from bridge.protocol.ports import Address

VALID_SECONDS: Final = 600
MAX_WAITING: Final = 1_000
"""Texts that wait at the same time, one of an account; the oldest is forgotten first."""
_NOT_IN_STATEMENT: Final = re.compile(r"[^A-Za-z0-9@:._/+=-]")
"""EIP-4361 allows few signs in a statement; ids of Matrix and Discord have no others."""


@dataclass(frozen=True, slots=True)
class LinkText:
    """What a wallet is asked to sign. `code` names it in a link; `expires_at` in Unix seconds."""

    platform: str
    user_id: str
    name: str
    address: bytes
    code: str
    text: str
    expires_at: float


class Linking:
    """The texts that wait for a signature, in memory: after a restart people ask again."""

    def __init__(self, bridge: str, page: Callable[[], str]) -> None:
        """`bridge`: its name. `page`: the URL of its page as people see it, '' where it has none."""
        self._bridge = _NOT_IN_STATEMENT.sub("-", bridge)
        self._page = page
        self._waiting: BoundedMap[tuple[str, str], LinkText] = BoundedMap(MAX_WAITING)

    def start(self, platform: str, user_id: str, name: str, address: bytes, now: float) -> LinkText:
        """A text for this account (in place of an older one) and a wallet's address (20 bytes)."""
        text = self._text(platform, user_id, address, now)
        made = LinkText(platform, user_id, name, address, secrets.token_urlsafe(16), text, now + VALID_SECONDS)
        self._waiting[platform, user_id] = made
        return made

    def link(self, made: LinkText) -> str:
        """Where the text can be signed in a browser; '' without a page."""
        page = self._page()
        return f"{page}/#link={made.code}" if page else ""

    def of_account(self, platform: str, user_id: str, now: float) -> LinkText:
        """The text that waits for this account. Raises LinkError."""
        return _valid(self._waiting.get((platform, user_id)), now)

    def of_code(self, code: str, now: float) -> LinkText:
        """The text with this code. Raises LinkError."""
        found = (made for made in self._waiting.values() if secrets.compare_digest(made.code, code))
        return _valid(next(found, None), now)

    def finish(self, made: LinkText, signature: bytes) -> None:
        """Use the text up. Raises LinkError when its wallet has not signed it; then it waits on."""
        try:
            wallet.check(Address(made.address), made.text.encode(), ethereum.with_offset(signature))
        except BadSignature as error:
            raise LinkError("link_wrong_signature", str(error), detail=str(error)) from error
        self._waiting.pop((made.platform, made.user_id), None)

    def _text(self, platform: str, user_id: str, address: bytes, now: float) -> str:
        page = self._page() or f"https://{self._bridge.lower()}.invalid"
        account = _NOT_IN_STATEMENT.sub("-", user_id)
        message = SignInText(
            domain=page.partition("://")[2].partition("/")[0],
            address=address,
            statement=f"Bind this wallet to the {platform} account {account} at the bridge {self._bridge}.",
            uri=page,
            chain_id=1,
            nonce=secrets.token_hex(16),
            issued_at=now,
            expires_at=now + VALID_SECONDS,
        )
        return str(message)


def _valid(made: LinkText | None, now: float) -> LinkText:
    if made is None:
        raise LinkError("link_too_old", "no text waits for a signature")
    if now >= made.expires_at:
        raise LinkError("link_expired", "the text is too old")
    return made
