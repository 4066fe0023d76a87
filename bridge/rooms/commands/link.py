"""`!link`: a wallet of one's own behind a platform account. The bridge then never has the key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bridge.identity.errors import LinkError
from bridge.model.commands import CommandSpec, Kind, Parameter
from bridge.rooms.commands.command import Command, Context, answer, usage
from bridge.rooms.commands.linker import Linker
from bridge.rooms.ports import Change, Outcome, Say
from bridge.storage.tx import Tx


def run(context: Context) -> Outcome:
    """Alone: which it is now. With an address: the text to sign. With a signature: done. One each time."""
    linker = context.linker
    if linker is None:
        return answer("link_impossible")
    given = context.arguments
    if len(given) > 1:
        return usage((COMMAND.spec,), context.prefix)
    try:
        if context.text("keeper"):
            return _changing(linker, linker.unlink(context.asker.user, context.asker.name))
        if wallet := context.data("wallet"):
            return _start(linker, context, wallet)
        if signature := context.data("signature"):
            return _finish(linker, context, signature)
        return _present(linker, context)
    except LinkError as error:
        return answer(error.code, prefix=context.prefix, **error.facts)


def _present(linker: Linker, context: Context) -> Outcome:
    user = context.asker.user
    address = context.address or context.wallet_address(user)
    code = "link_own_now" if linker.is_own(user, address) else "link_hosted_now"
    return answer(code, address="0x" + address.hex(), prefix=context.prefix)


def _start(linker: Linker, context: Context, address: bytes) -> Outcome:
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


COMMAND: Final = Command(
    CommandSpec(
        "link",
        "put a wallet of your own behind your account",
        (
            Parameter("wallet", Kind.WALLET, "its address (0x…): you get a text to sign", optional=True),
            Parameter("signature", Kind.SIGNATURE, "of that text (0x…)", optional=True),
            Parameter(
                "keeper", Kind.CHOICE, "hosted: the bridge keeps one again", optional=True, words=("hosted",)
            ),
        ),
        is_about_now=True,
    ),
    run,
)
