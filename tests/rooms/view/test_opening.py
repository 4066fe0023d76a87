"""Accounts: hosted or with an own wallet, each once, and nobody gets an address that is not theirs."""

from __future__ import annotations

import asyncio

import pytest

from bridge.model.ids import RoomRef, UserRef
from bridge.model.view import Key, ViewError
from bridge.storage import accounts
from tests.support.mirrors import PLATFORM, ROOM_A
from tests.support.views import Outlook

ALICE, BOB = UserRef(PLATFORM, "alice"), UserRef(PLATFORM, "bob")
WALLET = b"\x77" * 20


async def test_a_hosted_account_is_made_once_and_can_sign(outlook: Outlook) -> None:
    open_account = outlook.view.open_account
    first, second = await asyncio.gather(open_account(ALICE, "Alice"), open_account(ALICE, "Someone"))
    assert first == second == outlook.book.hosted(PLATFORM, "alice").address
    assert outlook.book.sign(first, b"x") is not None
    (account,) = await outlook.bench.store.read(accounts.all)
    assert (account.address, account.display_name) == (first, "Alice")


async def test_an_own_wallet(outlook: Outlook) -> None:
    assert await outlook.view.open_account(ALICE, "Ali\nce\u202e", WALLET) == WALLET
    assert await outlook.view.open_account(ALICE, "Alice", WALLET) == WALLET
    assert not outlook.book.is_hosted(WALLET)
    (account,) = await outlook.bench.store.read(accounts.all)
    assert account.display_name == "Ali ce"
    standing = await outlook.view.standing(RoomRef(PLATFORM, "nowhere"), ALICE)
    assert (standing.address, standing.key) == (WALLET, Key.OWN)


async def test_two_sign_ins_at_once_with_different_addresses(outlook: Outlook) -> None:
    outcomes = await asyncio.gather(
        outlook.view.open_account(ALICE, "Alice", WALLET),
        outlook.view.open_account(ALICE, "Alice", b"\x78" * 20),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["ViewError", "bytes"]
    standing = await outlook.view.standing(ROOM_A, ALICE)
    assert standing.address in outcomes


async def test_an_account_keeps_its_address(outlook: Outlook) -> None:
    await outlook.view.open_account(ALICE, "Alice", WALLET)
    for address in (b"", b"\x78" * 20):
        with pytest.raises(ViewError, match=WALLET.hex()):
            await outlook.view.open_account(ALICE, "Alice", address)
    await outlook.view.open_account(BOB, "Bob")
    with pytest.raises(ViewError):
        await outlook.view.open_account(BOB, "Bob", WALLET)


async def test_nobody_links_what_the_bridge_holds(outlook: Outlook) -> None:
    hosted = await outlook.view.open_account(BOB, "Bob")
    held = outlook.book.hold(PLATFORM, "carol")
    future = outlook.book.hosted(PLATFORM, "alice").address
    for address in (hosted, held, future, outlook.book.own.address, b"\x01" * 19):
        with pytest.raises(ViewError):
            await outlook.view.open_account(ALICE, "Alice", address)
    assert (await outlook.view.standing(ROOM_A, ALICE)).address == b""


async def test_only_the_platforms_own_users(outlook: Outlook) -> None:
    with pytest.raises(ViewError, match="matrix"):
        await outlook.view.open_account(UserRef("matrix", "@a:x"), "A")


async def test_what_cannot_be_stored_is_said(outlook: Outlook) -> None:
    with pytest.raises(ViewError, match="stored"):
        await outlook.view.open_account(UserRef(PLATFORM, "x" * 2_000), "A")
