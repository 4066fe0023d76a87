"""Two bridge processes in contract coordination on one anvil, each with a page and a way to break its node.

client1 made the group; Alice and Carol sit at its page. client2 is a steward candidate too; at its page sit Bob
and Dave, who has a wallet of their own. Blocks come four times a second, so that four confirmations take one.
"""

from __future__ import annotations

import asyncio
import subprocess
import time
import tomllib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

from eth_account.typed_transactions.typed_transaction import TypedTransaction
from eth_utils.crypto import keccak
from hexbytes import HexBytes
from web3 import Web3

from bridge.chain import abi
from bridge.cli.demo.failures import PageError, PageRefused
from bridge.cli.demo.visitor import Visitor
from bridge.process.report import Ballot, Group
from bridge.process.status import NotRunning
from bridge.protocol import on_chain
from bridge.protocol.types import GroupName
from tests.support.bridges import COMMAND, BridgeProcess
from tests.support.chain_proxy import ChainProxy
from tests.support.servers.anvil import Anvil
from tests.support.servers.common import free_port
from tests.support.waiting import guard, pause, until
from tests.support.wallet_visitor import WalletVisitor

CONFIRMATIONS: Final = 4
BLOCK: Final = 0.25
"""Seconds. Blocks of one second have one timestamp, which anvil allows."""
VOTING: Final = 25
"""Seconds; a ballot that all vote on ends early, and on a busy machine all must have the time to."""
GRACE: Final = 6
ETHER: Final = 10**18
CONFIG: Final = """
name = "{name}"

[waku]
node_port = {waku}
peer_addresses = {peers}

[chain]
node_url = "{node}"
{contracts}
confirmations = {confirmations}
poll = 0.25
grace = {grace}
stale = 3
stuck = 2
daily_limit = 5

[[groups]]
name = "{group}"
create = {create}
rooms = [{{ platform = "web", room = "lobby" }}]
{policy}

[adapters.web]
port = {port}
demo_accounts = {accounts}
"""
POLICY: Final = """
coordination = "contract"
service_members = ["{partner}"]
steward_candidates = ["{partner}"]
[groups.timing]
steward_epoch = 1
waiting = 2
voting = {voting}
commit = 5
"""


class ChainTown:
    """Made by `chain_town`. `proxies` belong to the bridges of the same number."""

    def __init__(self, chain: Anvil, folder: Path, proxies: tuple[ChainProxy, ChainProxy]) -> None:
        self.chain = chain
        self.proxies = proxies
        self.bridges = (BridgeProcess(folder, "client1"), BridgeProcess(folder, "client2"))
        self.ports = (free_port(), free_port())
        self.people: dict[str, Visitor] = {}
        self._proposed = 0
        self._mining = asyncio.Lock()

    # ---- how the group stands ----

    async def groups(self) -> list[Group]:
        """The group as both bridges see it; nothing while one of them starts."""
        try:
            reports = [await bridge.report() for bridge in self.bridges]
        except NotRunning:
            return []
        return [group for report in reports for group in report.groups]

    async def until(self, true: Callable[[Group], bool], what: str) -> list[Group]:
        """Wait until `true(group)` on both bridges."""
        return await self._until(lambda groups: all(map(true, groups)), what)

    async def _until(self, true: Callable[[list[Group]], bool], what: str) -> list[Group]:
        found: list[Group] = []

        async def look() -> list[Group]:
            nonlocal found
            found = await self.groups()
            return found if len(found) == 2 and true(found) else []

        def seen() -> str:
            logs = "\n".join(f"{bridge.name}:\n{bridge.log()}" for bridge in self.bridges)
            return f"{found}\n{logs}"

        return await until(look, what, seen=seen, every=0.1)

    async def at_rest(self) -> Group:
        """Wait until both are in Working, with no ballot, and agree on epoch, members and chain."""

        def resting(groups: list[Group]) -> bool:
            first, second = groups
            return _quiet(first) and _quiet(second) and _view(first) == _view(second) and self._follows(first)

        return (await self._until(resting, "both bridges are at rest, and of one mind"))[0]

    def _follows(self, group: Group) -> bool:
        """Whether the group has every commit that is on record."""
        return group.coordination == "waku" or self.state_on_chain()["epoch"] <= group.epoch

    def steward(self, groups: Sequence[Group]) -> int:
        """The number of the bridge that runs the steward epochs."""
        return next(number for number, group in enumerate(groups) if group.is_steward)

    # ---- ballots ----

    async def proposes(self, words: str = "", person: str = "Alice") -> Ballot:
        """Somebody asks for a change (of the voting time, if not said otherwise); the ballot."""
        await self.people[person].say(words or self.another_time())
        return await self.opened()

    async def proposes_on_the_first(self, words: str) -> int:
        """Alice asks for a change while the second bridge is away; the ballot's number.

        Asked again where client1 has not read yet what the change needs of the chain.
        """
        alice = self.people["Alice"]

        async def ask() -> None:
            while not alice.group.get("ballot"):
                await alice.say(words)
                await pause(2)

        async with guard():
            await ask()
        return int(alice.group["ballot"]["number"])

    def shown(self, name: str) -> set[str]:
        """The addresses of the members on somebody's page."""
        return {member["address"] for member in self.people[name].group.get("members", [])}

    def another_time(self) -> str:
        """A command that asks for another voting time."""
        self._proposed += 1
        return f"!propose voting {VOTING + self._proposed % 7}"

    async def opened(self) -> Ballot:
        """Wait until a ballot is open on both bridges."""
        groups = await self.until(lambda group: group.ballot is not None, "a ballot is open on both bridges")
        ballots = {group.ballot.ballot_id: group.ballot for group in groups if group.ballot is not None}
        assert len(ballots) == 1, groups
        return next(iter(ballots.values()))

    async def vote(self, ballot: Ballot, *names: str, yes: bool = True) -> None:
        """They vote on their pages, as soon as these are there."""
        for name in names:
            await self._vote(self.people[name], ballot, yes)

    async def _vote(self, person: Visitor, ballot: Ballot, yes: bool) -> None:
        async def voted() -> bool:
            try:
                await person.vote(ballot.ballot_id, yes=yes)
            except PageRefused:
                raise
            except PageError:
                return False
            return True

        await until(voted, "a vote on the page", every=0.2)

    async def passes(self, words: str = "") -> Group:
        """A whole ballot that passes, from the command to both bridges at rest."""
        ballot = await self.proposes(words)
        await self.vote(ballot, "Alice", "Carol", "Bob")
        await self.until(lambda group: group.ballot is None, "the ballot is over on both bridges")
        return await self.at_rest()

    # ---- the chain ----

    def _contract(self, name: str) -> Any:
        return self.web3.eth.contract(self.addresses[name], abi=abi.artifact(name).abi)

    def state_on_chain(self) -> dict[str, Any]:
        """`number`, `epoch`, `coordinated` ... of the group."""
        found = self._contract(abi.REGISTRY).functions.groupOf(self.key).call()
        outputs = abi.interface(abi.REGISTRY).get_function_by_name("groupOf").abi["outputs"][0]["components"]
        return {part["name"]: value for part, value in zip(outputs, found, strict=True)}

    def is_member_on_chain(self, address: str) -> bool:
        """Whether the chain has this address in the group's roster."""
        whose = Web3.to_checksum_address(address)
        return bool(self._contract(abi.REGISTRY).functions.isMember(self.key, whose).call())

    def events(self, contract: str, event: str) -> list[Any]:
        """All of the group's events of this name, in the chain's order."""
        found = (
            self._contract(contract)
            .events[event]()
            .get_logs(from_block=0, argument_filters={"group": self.key})
        )
        return list(found)

    def records(self) -> list[Any]:
        """The commits that were recorded."""
        return self.events(abi.REGISTRY, "CommitRecorded")

    def votes(self, digest: bytes) -> list[Any]:
        """The votes that count, on one ballot."""
        return [log for log in self.events(abi.BALLOTS, "VoteCast") if log["args"]["digest"] == digest]

    def decided(self, digest: bytes) -> list[Any]:
        """The chain's word on a ballot, if it has been said."""
        return [log for log in self.events(abi.BALLOTS, "BallotDecided") if log["args"]["digest"] == digest]

    def newest_ballot(self) -> bytes:
        """The digest of the ballot that was opened last."""
        return bytes(self.events(abi.BALLOTS, "BallotOpened")[-1]["args"]["digest"])

    def fund(self, address: str, wei: int = ETHER) -> None:
        """Set an account's money."""
        self.chain.request("anvil_setBalance", [address, hex(wei)])

    def nonce(self, address: str) -> int:
        """Transactions of an account that are in blocks."""
        return int(self.chain.request("eth_getTransactionCount", [address, "latest"]), 16)

    @asynccontextmanager
    async def no_blocks(self) -> AsyncIterator[None]:
        """While this runs, blocks come from the test only."""
        async with self._mining:
            yield

    async def mine(self) -> None:
        """A block each `BLOCK` seconds, until cancelled."""
        while True:
            await pause(BLOCK)
            async with self._mining:
                await asyncio.to_thread(self.chain.mine)

    def reorganise(self, depth: int) -> None:
        """Replace the newest blocks by empty ones, and set anvil's clock, which falls behind with them."""
        self.chain.reorganise(depth)
        self.chain.next_time(int(time.time()))
        self.chain.mine()

    def pool(self) -> int:
        """Transactions that wait for a block."""
        return int(self.chain.request("txpool_status")["pending"], 16)

    def sends_as(self, address: str, to: str, data: str = "0x") -> str:
        """A transaction in the name of any account, from nobody that the bridges know; its hash."""
        self.chain.request("anvil_impersonateAccount", [address])
        sent = {"from": address, "to": to, "data": data, "gas": hex(2_000_000)}
        try:
            return str(self.chain.request("eth_sendTransaction", [sent]))
        finally:
            self.chain.request("anvil_stopImpersonatingAccount", [address])

    def votes_directly(self, name: str, digest: bytes) -> None:
        """Somebody with a wallet of their own votes YES by a transaction of their own."""
        person = self.people[name]
        assert isinstance(person, WalletVisitor)
        self.fund(person.address)
        made = (
            self._contract(abi.BALLOTS)
            .functions.castVote(self.key, digest, True)
            .build_transaction(
                {"from": person.account.address, "nonce": self.nonce(person.address), "gas": 200_000}
            )
        )
        self.web3.eth.send_raw_transaction(person.account.sign_transaction(made).raw_transaction)

    async def holds_record(self) -> bytes:
        """A ballot passes, and the first bridge's record of its commit is held back; the raw transaction."""
        ballot = await self.proposes()
        digest, proxy = self.newest_ballot(), self.proxies[0]
        await self.vote(ballot, "Alice", "Bob")
        await until(lambda: len(self.votes(digest)) == 2, "two votes of three are on the chain")
        proxy.hold()
        self.votes_directly("Dave", digest)
        await until(lambda: proxy.held, "the record is signed")
        return proxy.held[0]

    def reverted(self, raw: bytes) -> bool:
        """Whether a raw transaction is in a block, and did nothing."""
        receipt = self.chain.request("eth_getTransactionReceipt", ["0x" + keccak(raw).hex()])
        return receipt is not None and int(receipt["status"], 16) == 0

    # ---- people ----

    async def status(self, name: str) -> str:
        """What `!status` answers to somebody."""
        person = self.people[name]
        before = {message["id"] for message in person.reads("Votes: ")}
        await person.say("!status")

        def answers() -> list[str]:
            return [said["text"] for said in person.reads("Votes: ") if said["id"] not in before]

        await until(answers, "!status is answered")
        return answers()[0]

    # ---- beginning ----

    def configure(self) -> None:
        """Contracts, configuration and money for both. Waits for blocks."""
        first, second = self.bridges
        waku = (free_port(), free_port())
        rest = {"confirmations": CONFIRMATIONS, "grace": GRACE, "peers": "[]", "policy": "", "contracts": ""}
        one = {**rest, "name": "client1", "waku": waku[0], "group": "arena", "create": "true"}
        one |= {"port": self.ports[0], "accounts": '["Alice", "Carol"]', "node": self.chain.url}
        first.write(CONFIG.format(**one))
        creator = first.address()
        two = {**rest, "name": "client2", "waku": waku[1], "group": f"demls:arena@{creator}", "create": "false"}
        two |= {"port": self.ports[1], "accounts": '["Bob", "Erin"]', "node": self.chain.url}
        second.write(CONFIG.format(**two))
        self.accounts = (creator, second.address())
        for account in self.accounts:
            self.fund(account)
        _run("contracts", "deploy", "--config", str(first.config))
        made = tomllib.loads(first.config.read_text())["chain"]
        keys = ("chain_id", "registry", "ballots", "key_packages", "first_block")
        contracts = "\n".join(f"{key} = {made[key]!r}" for key in keys)
        self.one = {**one, "contracts": contracts, "node": self.proxies[0].url}
        self.one["policy"] = POLICY.format(partner=self.accounts[1], voting=VOTING)
        self.two = {**two, "contracts": contracts, "node": self.proxies[1].url}
        self.web3 = Web3(Web3.HTTPProvider(self.chain.url, request_kwargs={"timeout": 30}))
        self.addresses = {
            abi.REGISTRY: Web3.to_checksum_address(made["registry"]),
            abi.BALLOTS: Web3.to_checksum_address(made["ballots"]),
            abi.KEY_PACKAGES: Web3.to_checksum_address(made["key_packages"]),
        }
        self.key = on_chain.group_key(GroupName("arena", bytes.fromhex(creator[2:])))  # type: ignore[arg-type]

    async def start(self) -> None:
        """Both bridges, in one group that the chain knows."""
        first, second = self.bridges
        first.write(CONFIG.format(**self.one))
        first.start()
        report = await first.until(lambda report: bool(report.listening))
        second.write(CONFIG.format(**{**self.two, "peers": f'["{report.listening[0]}"]'}))
        second.start()
        await self.until(lambda group: len(group.members) == 2, "both bridges are in the group")

    @asynccontextmanager
    async def visited(self) -> AsyncIterator[None]:
        """Everybody at their page, and all but Erin members with a vote."""
        urls = [f"http://127.0.0.1:{port}" for port in self.ports]
        people = [Visitor(urls[0], "Alice"), Visitor(urls[0], "Carol"), Visitor(urls[1], "Bob")]
        people += [WalletVisitor(urls[1], "Dave"), Visitor(urls[1], "Erin")]
        tasks = []
        try:
            for person in people:
                await person.sign_in()
                tasks.append(asyncio.create_task(person.run()))
                self.people[person.name] = person
            await self._join()
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for person in people:
                await person.close()

    async def _join(self) -> None:
        for person in self.people.values():
            while not person.group:
                await asyncio.sleep(0.1)
        await self.people["Alice"].say("!join")
        await self.until(lambda group: len(group.voters) == 1, "Alice is in")
        for name in ("Carol", "Bob", "Dave"):
            await self.people[name].say("!join")
        answered: set[int] = set()

        def all_in(group: Group) -> bool:
            return len(group.voters) == 4

        async with guard():
            while len(groups := await self.groups()) < 2 or not all(map(all_in, groups)):
                for group in groups:
                    if group.ballot is not None and group.ballot.ballot_id not in answered:
                        answered.add(group.ballot.ballot_id)
                        for person in self.people.values():
                            if person.address in group.ballot.voters:
                                await person.vote(group.ballot.ballot_id, yes=True)
                await asyncio.sleep(0.1)
        await self.at_rest()


def _quiet(group: Group) -> bool:
    working = group.state == "working" and group.ballot is None and not group.queued
    return working and group.chain.startswith("ok")


def _view(group: Group) -> tuple[object, ...]:
    """What all have to agree on."""
    return group.epoch, group.members, group.voters, group.coordination


def transaction(raw: bytes) -> dict[str, Any]:
    """The fields of a signed transaction."""
    return dict(TypedTransaction.from_bytes(HexBytes(raw)).as_dict())


def data(raw: bytes) -> str:
    """The call that a signed transaction makes, 0x…"""
    return "0x" + bytes(transaction(raw)["data"]).hex()


def with_another_commit(call: str) -> str:
    """The same record, of a commit that nobody has."""
    _, arguments = abi.interface(abi.REGISTRY).decode_function_input(call)
    return call.replace(bytes(arguments["commit"]["commitHash"]).hex(), keccak(text="nobody's").hex())


def _run(*words: str) -> None:
    done = subprocess.run([*COMMAND, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@asynccontextmanager
async def chain_town(folder: Path) -> AsyncIterator[ChainTown]:
    """Everything up, everybody in, at rest."""
    chain = Anvil(folder / "anvil", block_time=3_600)
    chain.start()
    chain.request("evm_setIntervalMining", [0])
    async with AsyncExitStack() as stack:
        stack.callback(chain.kill)
        proxies = [await stack.enter_async_context(ChainProxy(chain.url).serving()) for _ in range(2)]
        town = ChainTown(chain, folder, (proxies[0], proxies[1]))
        miner = asyncio.create_task(town.mine())
        stack.callback(miner.cancel)
        for bridge in town.bridges:
            stack.callback(bridge.kill)
        await asyncio.to_thread(town.configure)
        await town.start()
        await stack.enter_async_context(town.visited())
        yield town
