"""Key packages on a real chain: brought and marked by the sender, found by those who want to add somebody."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from hexbytes import HexBytes
from web3 import Web3

from bridge.chain import abi
from bridge.chain import key_packages as module
from bridge.chain.errors import ChainUnavailable
from bridge.chain.key_packages import KeyPackages
from bridge.chain.node import Node
from bridge.protocol import on_chain
from bridge.protocol.chain import MarkUsed, PublishKeyPackage
from tests.support.chain_bench import CONFIRMATIONS, Bench, Payer, fund
from tests.support.rpc_proxy import proxied

STRANGER = Payer("stranger")
FEE = 10**11


def packages_of(bench: Bench, node: Node | None = None) -> KeyPackages:
    """What a bridge keeps of the group."""
    return KeyPackages(node or bench.node, bench.addresses, bench.key, CONFIRMATIONS, 0)


def publication(bench: Bench, owner: Payer, package: bytes) -> PublishKeyPackage:
    """The intent, signed by the owner, who has no gas."""
    signature = owner.sign(on_chain.publication(bench.domain, owner.address, package))
    return PublishKeyPackage(owner.address, package, signature)


def mark(owner: Payer, package: bytes) -> MarkUsed:
    """The intent of a steward."""
    return MarkUsed(owner.address, sha256(package).digest())


async def do(bench: Bench, who: Payer, function: str, *arguments: Any, fee: int = FEE) -> None:
    """Somebody calls the contract themselves."""
    fund(bench.chain, who.address)
    data = abi.call(abi.KEY_PACKAGES, function, *arguments)
    raw, _ = who.sign_transaction(
        {
            "chainId": bench.chain.chain_id,
            "nonce": await bench.node.nonce("0x" + who.address.hex(), "pending"),
            "to": Web3.to_checksum_address(bench.addresses.key_packages),
            "value": 0,
            "data": "0x" + data.hex(),
            "gas": 2_000_000,
            "maxFeePerGas": 10 * fee,
            "maxPriorityFeePerGas": fee,
        }
    )
    await bench.node.send(raw)


async def by_sig(bench: Bench, intent: PublishKeyPackage, who: Payer) -> None:
    """Somebody else brings what an owner has signed."""
    await do(bench, who, "publishBySig", bench.key, intent.owner, intent.package, intent.signature)


# ---- the two intents ----


async def test_from_a_signature_to_the_mark(bench: Bench) -> None:
    """The owner joins while it waits; they never have gas."""
    owner, package = bench.voters[1], b"a key package"
    waiting = packages_of(bench)
    await bench.ask(bench.roster(), publication(bench, owner, package))
    await bench.work()
    await waiting.refresh()
    assert waiting.of(owner.address) == package
    assert waiting.of(STRANGER.address) is None
    assert await bench.node.balance("0x" + owner.address.hex()) == 0

    await bench.ask(mark(owner, package))
    await bench.work()
    assert waiting.of(owner.address) == package, "no look at the chain in between"
    await waiting.refresh()
    assert waiting.of(owner.address) is None
    assert (bench.failures, await bench.pending()) == ({}, 0)


async def test_what_somebody_else_has_brought_in_the_same_block_is_done(bench: Bench) -> None:
    intent = publication(bench, bench.voters[1], b"a key package")
    bench.chain.automine(False)
    await by_sig(bench, intent, STRANGER)
    await bench.ask(intent)
    await bench.sender.step()
    bench.chain.automine(True)
    await bench.work()
    waiting = packages_of(bench)
    await waiting.refresh()
    assert waiting.of(intent.owner) == intent.package
    assert (bench.failures, await bench.pending()) == ({}, 0)


async def test_two_stewards_mark_the_same_one(bench: Bench) -> None:
    owner, package, rival = bench.voters[1], b"a key package", bench.voters[0]
    await bench.ask(bench.roster(), publication(bench, owner, package))
    await bench.work()
    bench.chain.automine(False)
    used = mark(owner, package)
    await do(bench, rival, "markUsed", bench.key, used.owner, used.hash)
    await bench.ask(used)
    await bench.sender.step()
    bench.chain.automine(True)
    await bench.work()
    assert (bench.failures, await bench.pending()) == ({}, 0)
    waiting = packages_of(bench)
    await waiting.refresh()
    assert waiting.of(owner.address) is None


async def test_refusals_are_told_in_words(bench: Bench) -> None:
    owner = bench.voters[1]
    forged = replace(publication(bench, STRANGER, b"forged"), owner=owner.address)
    long = publication(bench, owner, bytes(1025))
    outside = mark(STRANGER, b"of somebody outside")
    await bench.ask(bench.roster(), forged, long, outside)
    await bench.work()
    assert bench.failures == {
        forged.key: "the key package's signature is not its owner's",
        long.key: "a key package is empty or too long",
        outside.key: "the key package's owner is no member, so it was not used",
    }


async def test_too_many_are_told(bench: Bench) -> None:
    many = [bytes([number]) for number in range(16)]
    await do(bench, STRANGER, "publish", bench.key, many)
    one_more = publication(bench, STRANGER, b"one more")
    await bench.ask(one_more)
    await bench.work()
    assert bench.failures == {one_more.key: "too many key packages of this owner wait for the group"}


# ---- what waits ----


async def test_the_newest_that_waits_is_given(bench: Bench) -> None:
    waiting = packages_of(bench)
    await do(bench, STRANGER, "publish", bench.key, [b"first", b"second"])
    await do(bench, STRANGER, "publish", bytes(32), [b"of another group"])
    await do(bench, STRANGER, "publish", bench.key, [b"third"])
    for left, revoked in ((b"third", b"second"), (b"third", b"third"), (b"first", b"first"), (None, b"")):
        bench.chain.mine(CONFIRMATIONS)
        await waiting.refresh()
        assert waiting.of(STRANGER.address) == left
        if revoked:
            await do(bench, STRANGER, "revoke", bench.key, sha256(revoked).digest())


async def test_only_confirmed_blocks_count(bench: Bench) -> None:
    waiting = packages_of(bench)
    await do(bench, STRANGER, "publish", bench.key, [b"package"])
    for _ in range(CONFIRMATIONS):
        await waiting.refresh()
        assert waiting.of(STRANGER.address) is None
        bench.chain.mine()
    await waiting.refresh()
    assert waiting.of(STRANGER.address) == b"package"


async def test_a_reorganisation_of_blocks_that_were_not_confirmed(bench: Bench) -> None:
    waiting = packages_of(bench)
    await do(bench, STRANGER, "publish", bench.key, [b"kept", b"lost"])
    bench.chain.mine(CONFIRMATIONS)
    await waiting.refresh()
    await do(bench, STRANGER, "revoke", bench.key, sha256(b"lost").digest())
    await do(bench, STRANGER, "publish", bench.key, [b"vanishes"])
    await waiting.refresh()
    bench.chain.reorganise(2)
    bench.chain.mine(2 * CONFIRMATIONS)
    await waiting.refresh()
    assert waiting.of(STRANGER.address) == b"lost", "neither taken back nor followed by another one"


async def test_a_deeper_reorganisation_starts_again(bench: Bench) -> None:
    waiting = packages_of(bench)
    other = Payer("other")
    await do(bench, other, "publish", bench.key, [b"before"])
    await do(bench, STRANGER, "publish", bench.key, [b"vanishes"])
    bench.chain.mine(CONFIRMATIONS)
    await waiting.refresh()
    assert waiting.of(STRANGER.address) == b"vanishes"
    bench.chain.reorganise(CONFIRMATIONS + 1)
    await waiting.refresh()
    assert (waiting.of(STRANGER.address), waiting.of(other.address)) == (None, b"before")
    await do(bench, STRANGER, "publish", bench.key, [b"again"])
    bench.chain.mine(CONFIRMATIONS)
    await waiting.refresh()
    assert waiting.of(STRANGER.address) == b"again"


async def test_the_bounds_are_the_contracts(bench: Bench) -> None:
    for name in ("MAX_BYTES", "MAX_WAITING"):
        data = abi.call(abi.KEY_PACKAGES, name)
        asked: Any = {"to": "0x" + bench.addresses.key_packages.hex(), "data": "0x" + data.hex()}
        said = await bench.node.call(asked)
        assert abi.answer(abi.KEY_PACKAGES, name, said) == getattr(module, name)


async def test_what_is_kept_is_bounded(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who was heard of last stays."""
    monkeypatch.setattr(module, "MAX_PACKAGES", 5)
    waiting = packages_of(bench)
    crowd = [Payer(f"crowd {number}") for number in range(3)]
    for one in crowd:
        await do(bench, one, "publish", bench.key, [b"1", b"2"])
    bench.chain.mine(CONFIRMATIONS)
    await waiting.refresh()
    assert [waiting.of(one.address) for one in crowd] == [None, b"2", b"2"]
    # They come back; an end of what was forgotten disturbs nothing.
    await do(bench, crowd[0], "revoke", bench.key, sha256(b"1").digest())
    await do(bench, crowd[0], "publish", bench.key, [b"3"])
    bench.chain.mine(CONFIRMATIONS)
    await waiting.refresh()
    assert [waiting.of(one.address) for one in crowd] == [b"3", b"2", b"2"]


async def test_of_one_owner_no_more_is_kept_than_may_wait(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node that keeps the ends to itself does not fill the memory."""
    waiting = packages_of(bench)
    rounds = [[bytes([number, of]) for number in range(16)] for of in range(2)]
    await do(bench, STRANGER, "publish", bench.key, rounds[0])
    for package in rounds[0]:
        await do(bench, STRANGER, "revoke", bench.key, sha256(package).digest())
    await do(bench, STRANGER, "publish", bench.key, rounds[1])
    bench.chain.mine(CONFIRMATIONS)
    asked = bench.node.logs

    async def without_ends(*arguments: Any) -> list[Any]:
        return [log for log in await asked(*arguments) if log["data"]]

    with monkeypatch.context() as patch:
        patch.setattr(bench.node, "logs", without_ends)
        await waiting.refresh()
    assert waiting.of(STRANGER.address) == rounds[1][-1]
    for package in rounds[1]:
        await do(bench, STRANGER, "revoke", bench.key, sha256(package).digest())
    bench.chain.mine(CONFIRMATIONS)
    await waiting.refresh()
    assert waiting.of(STRANGER.address) is None, "those of the first round were dropped"


# ---- nodes that fail or lie ----


async def ranges_asked(bench: Bench, monkeypatch: pytest.MonkeyPatch, longest: int) -> list[tuple[int, int]]:
    """The ranges that are asked for from now on; a longer one than `longest` is refused."""
    asked, seen = bench.node.logs, list[tuple[int, int]]()

    async def recorded(addresses: Any, topics: Any, first: int, last: int) -> list[Any]:
        seen.append((first, last))
        if last - first >= longest:
            raise ChainUnavailable("the answer would be too long")
        return await asked(addresses, topics, first, last)

    monkeypatch.setattr(bench.node, "logs", recorded)
    return seen


async def test_each_block_is_read_once_in_ranges(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = packages_of(bench)
    await do(bench, STRANGER, "publish", bench.key, [b"package"])
    bench.chain.mine(4_500)
    seen = await ranges_asked(bench, monkeypatch, 2_000)
    await waiting.refresh()
    head = int(bench.chain.request("eth_blockNumber"), 16)
    assert seen == [(0, 1_999), (2_000, 3_999), (4_000, head - CONFIRMATIONS)]
    await waiting.refresh()
    assert len(seen) == 3
    bench.chain.mine()
    await waiting.refresh()
    assert seen[3:] == [(head - CONFIRMATIONS + 1, head - CONFIRMATIONS + 1)]
    assert waiting.of(STRANGER.address) == b"package"


async def test_a_node_that_refuses_long_answers_is_asked_for_less(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = packages_of(bench)
    await do(bench, STRANGER, "publish", bench.key, [b"package"])
    bench.chain.mine(1_500)
    await ranges_asked(bench, monkeypatch, 600)
    failures = 0
    for _ in range(10):
        try:
            await waiting.refresh()
        except ChainUnavailable:
            failures += 1
        else:
            break
    assert waiting.of(STRANGER.address) == b"package"
    assert 0 < failures < 10


@pytest.mark.parametrize("mode", ["gone", "error", "nonsense"])
async def test_a_node_that_is_down_changes_nothing(bench: Bench, mode: str) -> None:
    async with proxied(bench.chain.url) as proxy, Node(proxy.url) as node:
        waiting = packages_of(bench, node)
        await do(bench, STRANGER, "publish", bench.key, [b"first"])
        bench.chain.mine(CONFIRMATIONS)
        await waiting.refresh()
        await do(bench, STRANGER, "publish", bench.key, [b"second"])
        bench.chain.mine(CONFIRMATIONS)
        proxy.mode = mode
        with pytest.raises(ChainUnavailable):
            await waiting.refresh()
        assert waiting.of(STRANGER.address) == b"first"
        proxy.mode = "ok"
        await waiting.refresh()
        assert waiting.of(STRANGER.address) == b"second"


async def test_a_node_that_falls_behind_is_not_believed(bench: Bench) -> None:
    async with proxied(bench.chain.url) as proxy, Node(proxy.url) as node:
        waiting = packages_of(bench, node)
        await do(bench, STRANGER, "publish", bench.key, [b"package"])
        bench.chain.mine(CONFIRMATIONS)
        await waiting.refresh()
        proxy.freeze(int(bench.chain.request("eth_blockNumber"), 16) - CONFIRMATIONS - 1)
        with pytest.raises(ChainUnavailable):
            await waiting.refresh()
        assert waiting.of(STRANGER.address) == b"package"


TAMPERED = 11
"""Ways in which a log is changed."""


def tampered(good: dict[str, Any]) -> list[dict[str, Any]]:
    """A published package's log, as the contract cannot have made it."""
    of_another_contract = next(iter(abi.topics(abi.BALLOTS)))
    data = bytes(good["data"])
    empty = data[:32] + bytes(32)
    long = data[:32] + (1_025).to_bytes(32, "big") + bytes(1_056)
    topics = good["topics"]
    return [
        {**good, "topics": []},
        {**good, "topics": topics[:3]},
        {**good, "topics": [HexBytes(of_another_contract), *topics[1:]]},
        {**good, "topics": [topics[0], HexBytes(bytes(32)), *topics[2:]]},
        {**good, "topics": [*topics[:3], HexBytes(sha256(b"another").digest())]},
        {**good, "topics": [*topics[:3], HexBytes(sha256(b"").digest())], "data": HexBytes(empty)},
        {**good, "topics": [*topics[:3], HexBytes(sha256(bytes(1_025)).digest())], "data": HexBytes(long)},
        {**good, "data": HexBytes(b"")},
        {**good, "data": HexBytes(data[:-32])},
        {**good, "data": HexBytes(b"\xff" * len(data))},
        {**good, "blockHash": HexBytes(b"\x05" * 32)},
    ]


async def test_hostile_logs_are_refused(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    await do(bench, STRANGER, "publish", bench.key, [b"first"])
    await do(bench, STRANGER, "publish", bench.key, [b"second"])
    bench.chain.mine(CONFIRMATIONS)
    asked = bench.node.logs
    for number in range(TAMPERED):

        async def lying(*arguments: Any, number: int = number) -> list[Any]:
            first, good = await asked(*arguments)
            return [first, tampered(dict(good))[number]]

        with monkeypatch.context() as patch:
            patch.setattr(bench.node, "logs", lying)
            waiting = packages_of(bench)
            with pytest.raises(ChainUnavailable):
                await waiting.refresh()
        assert waiting.of(STRANGER.address) is None, number
        await waiting.refresh()
        assert waiting.of(STRANGER.address) == b"second"
