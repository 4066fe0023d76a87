"""`!link`: a wallet of one's own behind a platform account. The bridge then never has the key."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from bridge.identity.errors import LinkError
from bridge.rooms.commands.command import Command, Context, answer, usage
from bridge.rooms.commands.find import address_of
from bridge.rooms.commands.linker import Linker
from bridge.rooms.ports import Change, Outcome, Say
from bridge.storage.tx import Tx

_SIGNATURE: Final = re.compile(r"(?:0x)?([0-9a-fA-F]{130})")


def run(context: Context) -> Outcome:
    """Alone: which wallet it is now. With an address: the text to sign. With a signature: done."""
    linker = context.linker
    if linker is None:
        return answer("link_impossible")
    words = context.call.words
    try:
        match words:
            case []:
                return _present(linker, context)
            case [word] if word.lower() == "hosted":
                return _changing(linker, linker.unlink(context.asker.user, context.asker.name))
            case [word] if address_of(word) is not None:
                return _start(linker, context, word)
            case [word] if found := _SIGNATURE.fullmatch(word):
                return _finish(linker, context, bytes.fromhex(found[1]))
    except LinkError as error:
        return answer(error.code, prefix=context.prefix, **error.facts)
    return usage(COMMAND, context)


def _present(linker: Linker, context: Context) -> Outcome:
    user = context.asker.user
    address = context.address or context.wallet_address(user)
    code = "link_own_now" if linker.is_own(user, address) else "link_hosted_now"
    return answer(code, address="0x" + address.hex(), prefix=context.prefix)


def _start(linker: Linker, context: Context, word: str) -> Outcome:
    address = address_of(word) or b""
    made = linker.start(context.asker.user, context.asker.name, address, context.now)
    link = linker.linking.link(made)
    how = answer("link_sign_there" if link else "link_sign", link=link, prefix=context.prefix)
    return Say(f"{how.text}\n\n{made.text}")


def _finish(linker: Linker, context: Context, signature: bytes) -> Outcome:
    user = context.asker.user
    made = linker.linking.of_account(user.platform, user.user_id, context.now)
    return _changing(linker, linker.signed(made, signature))


def _changing(linker: Linker, change: Callable[[Tx, float], str]) -> Outcome:
    def work(tx: Tx, now: float) -> str:
        try:
            return change(tx, now)
        except LinkError as error:
            return linker.words(error.code, error.facts)

    return Change(work)


COMMAND = Command("link", "[wallet|signature|hosted]", "put a wallet of your own behind your account", run)
