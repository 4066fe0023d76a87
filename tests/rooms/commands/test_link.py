"""`!link` through a running mirror: who may change wallets when, and what is stored."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.conversation.ports import CastVote, JoinMember, SignatureStatus
from bridge.model.ids import UserRef
from bridge.storage import accounts, bans
from tests.rooms.commands.test_commands import BALLOT, ask, opened
from tests.support.mirrors import GROUP, PLATFORM, Bench
from tests.support.wallets import Wallet

PAGE = "https://chat.example.org"
OWN, OTHER = Wallet("alice's own"), Wallet("somebody else's")
HEX = "0x" + OWN.address.hex()


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    made = await Bench(tmp_path / "bridge.db", page=PAGE).open()
    yield made
    await made.crash()


def hosted(bench: Bench, user: str = "alice") -> bytes:
    return bench.book.hosted(PLATFORM, user).address


async def address(bench: Bench, user: str = "alice") -> bytes:
    """Of the stored account; empty without one."""
    found = await bench.store.read(lambda tx: accounts.by_user(tx, PLATFORM, user))
    return found.address if found else b""


async def link(bench: Bench, user: str = "Alice", wallet: Wallet = OWN) -> str:
    """The whole way by text; returns the last answer."""
    answer = await ask(bench, user, f"!link 0x{wallet.address.hex()}")
    if "URI:" not in answer:
        return answer
    text = answer.split("\n\n", 1)[1]
    return await ask(bench, user, f"!link 0x{wallet.sign(text.encode()).hex()}")


async def test_by_text(bench: Bench) -> None:
    assert "0x" + hosted(bench).hex() in await ask(bench, "Alice", "!link")
    assert "✅" in await link(bench)
    assert await address(bench) == OWN.address
    assert f"Your own wallet stands behind your account: {HEX}" in await ask(bench, "Alice", "!link")
    assert await link(bench) == f"The wallet {HEX[:6]}…{HEX[-4:]} stands behind your account already."


async def test_it_is_the_own_wallet_from_then_on(bench: Bench) -> None:
    await link(bench)
    await ask(bench, "Alice", "!join")
    bench.group.has(OWN.address, ballot=BALLOT)
    await opened(bench)
    await ask(bench, "Alice", "!vote yes")
    joined, voted = bench.group.requests
    assert isinstance(joined, JoinMember)
    assert joined.address == OWN.address
    assert isinstance(voted, CastVote)
    assert voted.voter == OWN.address


async def test_back_to_the_hosted_one(bench: Bench) -> None:
    await link(bench)
    assert "✅" in await ask(bench, "Alice", "!link hosted")
    assert await address(bench) == hosted(bench)
    assert bench.book.is_hosted(hosted(bench))


async def test_the_link_for_the_browser(bench: Bench) -> None:
    answer = await ask(bench, "Alice", f"!link {HEX[2:].upper()}")
    code = re.findall(rf"{re.escape(PAGE)}/#link=([\w-]+)", answer)[0]
    made = bench.linker.linking.of_code(code, 0)
    assert (made.user_id, made.address) == ("alice", OWN.address)
    assert answer.endswith(made.text)


async def test_a_signature_of_another(bench: Bench) -> None:
    answer = await ask(bench, "Alice", f"!link {HEX}")
    text = answer.split("\n\n", 1)[1].encode()
    assert "not the signature" in await ask(bench, "Alice", f"!link 0x{OTHER.sign(text).hex()}")
    # Bob has read along: the text is Alice's.
    assert "No text waits" in await ask(bench, "Bob", f"!link 0x{OWN.sign(text).hex()}")
    assert (await address(bench), await address(bench, "bob")) == (b"", b"")
    assert "✅" in await ask(bench, "Alice", f"!link 0x{OWN.sign(text).hex()}")
    assert "No text waits" in await ask(bench, "Alice", f"!link 0x{OWN.sign(text).hex()}")


@pytest.mark.parametrize("words", ["0x12", "me", "hosted now", f"{HEX} {HEX}", "0x" + "zz" * 65])
async def test_how_to_write_it(bench: Bench, words: str) -> None:
    told = await ask(bench, "Alice", f"!link {words}")
    assert told.startswith("Write it like this: !link [wallet] [signature] [hosted]")


async def test_a_wallet_that_the_bridge_keeps(bench: Bench) -> None:
    assert "the bridge keeps" in await ask(bench, "Alice", f"!link 0x{bench.book.own.address.hex()}")
    bench.book.hold(PLATFORM, "bob")
    assert "the bridge keeps" in await ask(bench, "Alice", f"!link 0x{hosted(bench, 'bob').hex()}")


async def test_on_a_page_one_signs_in(bench: Bench) -> None:
    context = bench.linker
    with pytest.raises(Exception, match="sign-in by wallet") as refused:
        context.start(UserRef("page", "u1"), "Alice", OWN.address, 0)
    assert getattr(refused.value, "code", "") == "link_sign_in"


@pytest.mark.parametrize("where", ["member", "joining", "voted on", "asked"])
@pytest.mark.parametrize("back", [False, True], ids=["linking", "unlinking"])
async def test_nobody_gets_a_second_place(bench: Bench, where: str, back: bool) -> None:
    """As long as the present wallet has a place, or may get one, it stays."""
    if back:
        await link(bench)
    present = OWN.address if back else hosted(bench)
    match where:
        case "member":
            bench.group.has(present)
        case "joining":
            bench.group.current = replace(bench.group.current, joining=frozenset({present}))
        case "voted on":
            ballot = replace(BALLOT, changes=(replace(BALLOT.changes[0], subject=present),))
            bench.group.current = replace(bench.group.current, ballot=ballot)
        case "asked":
            asked = (SignatureStatus(7, present, "bind", b"a binding"),)
            bench.group.current = replace(bench.group.current, signatures=asked)
    answer = await (ask(bench, "Alice", "!link hosted") if back else link(bench))
    assert "Leave the group first" in answer
    assert GROUP in answer
    assert await address(bench) == (OWN.address if back else b"")


async def test_a_wallet_that_is_a_member_may_be_linked(bench: Bench) -> None:
    """They came by the page with it; now they speak on this platform too, with the same one vote."""
    bench.group.has(OWN.address)
    assert "✅" in await link(bench)
    assert await address(bench) == OWN.address


@pytest.mark.parametrize("banned", ["present", "new"])
@pytest.mark.parametrize("back", [False, True], ids=["linking", "unlinking"])
async def test_nobody_comes_back_past_a_ban(bench: Bench, banned: str, back: bool) -> None:
    if back:
        await link(bench)
    present, new = (OWN.address, hosted(bench)) if back else (hosted(bench), OWN.address)
    await bench.store.write(
        lambda tx: bans.record(tx, GROUP, present if banned == "present" else new, "spam", 1)
    )
    answer = await (ask(bench, "Alice", "!link hosted") if back else link(bench))
    assert "banned from the group" in answer
    assert await address(bench) == (OWN.address if back else b"")


async def test_a_ban_of_the_hosted_wallet_holds_for_the_next_one(bench: Bench) -> None:
    await link(bench)
    await bench.store.write(lambda tx: bans.record(tx, GROUP, hosted(bench), "spam", 1))
    assert "banned from the group" in await link(bench, wallet=OTHER)
    assert await address(bench) == OWN.address


async def test_a_restart_forgets_the_text(bench: Bench) -> None:
    text = (await ask(bench, "Alice", f"!link {HEX}")).split("\n\n", 1)[1]
    await bench.restart()
    shown = len(bench.paper.texts(next(iter(bench.paper.rooms))))
    assert shown
    assert "No text waits" in await ask(bench, "Alice", f"!link 0x{OWN.sign(text.encode()).hex()}")


async def test_a_bridge_without_own_wallets(tmp_path: Path) -> None:
    plain = await Bench(tmp_path / "plain.db").open()
    assert await ask(plain, "Alice", "!link") == "This bridge takes no wallets of people's own."
    await plain.crash()
