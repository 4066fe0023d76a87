"""One bridge process between a Discord channel, a Matrix room and the page, and who is there.

Discord is the local server of `tests.support.servers.discord` (our reading of its documentation); Synapse, the
go-waku node and the page are real. Alice (a moderator) is on Discord, Carol on Matrix, Wendy at the page: all
three are members, so two of three votes pass a join, and three of four a ban.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bridge.identity.keyfile import load_key
from bridge.identity.master import Master
from bridge.process.report import Ballot, Group, Report
from bridge.storage import accounts
from bridge.storage.store import Store
from tests.support.bridges import BridgeProcess
from tests.support.matrix_person import MatrixPerson
from tests.support.platform_sides import DiscordSide, MatrixSide, PageSide, Side
from tests.support.servers.common import free_port
from tests.support.servers.discord.interactions import Answer
from tests.support.servers.discord.model import Message
from tests.support.servers.discord.people import Person
from tests.support.servers.discord.server import DiscordServer
from tests.support.servers.gowaku import start_gowaku
from tests.support.servers.synapse import Synapse
from tests.support.waiting import guard, pause

ANSWER_SECONDS: Final = 90.0
"""The simulated server's time for answers to interactions; Discord's own is short for a busy machine."""

CONFIG = """
name = "b"
data_dir = "data"

[waku]
mode = "embedded"
node_port = 0
peer_addresses = ["{peer}"]

[adapters.discord]
token = "{token}"
api_url = "{api_url}"
gateway_url = "{gateway_url}"
mirror_bots = true

[adapters.matrix]
homeserver = "{homeserver}"
user_id = "{bot}"
access_token = "{access_token}"

[adapters.web]
port = {port}
rooms = ["lobby"]
demo_accounts = ["Wendy"]

[[groups]]
name = "club"
create = true
chat_during_ballot = "send"
moderator_bans = "propose"
rooms = [
    {{ platform = "discord", room = "{channel}" }},
    {{ platform = "matrix", room = "{room}" }},
    {{ platform = "web", room = "lobby" }},
]
[groups.timing]
steward_epoch = 2
waiting = 1
voting = 300
commit = 10
"""
"""No ballot ends by its time: a test that waits for one would wait for ever, not pass by chance."""
VICTIMS = ("Victor", "Vera", "Rita", "Nick")


@dataclass
class Victim:
    """Somebody with an account on Discord and one on Matrix, and one address for both."""

    name: str
    discord: Person
    matrix: MatrixPerson
    address: str = ""


@dataclass
class Three:
    """The three rooms, the bridge between them, and the people."""

    bridge: BridgeProcess
    server: DiscordServer
    discord: DiscordSide
    matrix: MatrixSide
    page: PageSide
    victims: dict[str, Victim]

    @property
    def sides(self) -> tuple[Side, Side, Side]:
        """All."""
        return self.discord, self.matrix, self.page

    def others(self, side: Side) -> list[Side]:
        """The two that hear of `side` by the bridge."""
        return [each for each in self.sides if each is not side]

    def side(self, name: str) -> Side:
        """By platform."""
        return next(each for each in self.sides if each.name == name)

    async def ballot(self) -> Ballot:
        """The open ballot, as soon as there is one."""
        report = await self.bridge.until(lambda report: report.groups[0].ballot is not None)
        found = report.groups[0].ballot
        assert found is not None
        return found

    async def card(self, ballot: Ballot) -> Message:
        """Its card in the Discord channel."""
        wanted = f"demls:vote:{ballot.ballot_id}:yes"

        def look() -> list[Message]:
            found = self.server.messages(self.discord.channel)
            return [each for each in found if wanted in button_ids(each)]

        return (await self.server.wait_for(look))[0]

    async def press(self, ballot: Ballot) -> Answer:
        """Alice presses YES on Discord."""
        card = await self.card(ballot)
        return await self.discord.person.press_button(card, f"demls:vote:{ballot.ballot_id}:yes")

    async def admit(self, victim: Victim) -> None:
        """They ask on Discord to join; Alice and Carol let them in."""
        await victim.discord.say(self.discord.channel, "!join")
        ballot = await self.ballot()
        await self.press(ballot)
        await self.matrix.say(f"!vote {ballot.ballot_id} yes")
        report = await self.bridge.until(lambda report: len(report.groups[0].voters) == 4)
        assert victim.address in report.groups[0].members

    async def is_banned_on_discord(self, victim: Victim) -> None:
        """Wait for it."""
        guild = self.discord.guild
        await self.server.wait_for(lambda: victim.discord.id in self.server.bans(guild))

    async def out_of_the_group(self, victim: Victim) -> Group:
        """Wait until the MLS group goes on without them."""
        report = await self.bridge.until(lambda report: victim.address not in report.groups[0].members)
        return report.groups[0]


def button_ids(message: Message) -> list[str]:
    """Custom ids of a message's buttons."""
    return [each["custom_id"] for row in message.components for each in row["components"]]


def all_up(report: Report) -> bool:
    """Every adapter has its connection."""
    return len(report.adapters) == 3 and all(each.state == "ok" for each in report.adapters)


@asynccontextmanager
async def three_platforms(folder: Path, synapse: Synapse) -> AsyncIterator[Three]:
    """Everything up, and Alice, Carol and Wendy members of the group."""
    async with AsyncExitStack() as stack:
        waku = start_gowaku(folder / "waku")
        stack.callback(waku.kill)
        server = await stack.enter_async_context(DiscordServer(answer_seconds=ANSWER_SECONDS))
        discord = _discord(server)
        matrix = await _matrix(synapse, stack)
        victims = {name: await _victim(name, discord, matrix, synapse, stack) for name in VICTIMS}
        bridge = BridgeProcess(folder, "bridge")
        bot = synapse.register("bot")
        await matrix.person.invite(matrix.room, bot.user_id)
        await matrix.person.set_power(matrix.room, bot.user_id, 90)
        text = CONFIG.format(
            peer=waku.multiaddr, token=server.token, api_url=server.api_url, gateway_url=server.gateway_url,
            homeserver=synapse.url, bot=bot.user_id, access_token=bot.token,
            channel=discord.channel.id, room=matrix.room, port=free_port(),
        )  # fmt: skip
        bridge.write(text)
        await _link(bridge, list(victims.values()))
        stack.callback(bridge.kill)
        bridge.start()
        await bridge.until(all_up)
        await matrix.person.wait_for_membership(matrix.room, bot.user_id, "join")
        page = PageSide(bridge.data)
        await page.open("Wendy")
        stack.push_async_callback(page.close)
        three = Three(bridge, server, discord, matrix, page, victims)
        await _join(three)
        yield three


def _discord(server: DiscordServer) -> DiscordSide:
    guild = server.add_guild("Club")
    channel = server.add_channel(guild, "general")
    alice = server.add_user("alice", guild, display_name="Alice", moderator=True)
    return DiscordSide(server, guild, channel, alice)


async def _matrix(synapse: Synapse, stack: AsyncExitStack) -> MatrixSide:
    carol = await _matrix_person("Carol", synapse, stack)
    return MatrixSide(carol, await carol.create_room())


async def _matrix_person(name: str, synapse: Synapse, stack: AsyncExitStack) -> MatrixPerson:
    person = MatrixPerson(synapse.url, synapse.register(name.lower()))
    stack.push_async_callback(person.close)
    await person.call("PUT", f"/profile/{person.user_id}/displayname", {"displayname": name})
    return person


async def _victim(
    name: str, discord: DiscordSide, matrix: MatrixSide, synapse: Synapse, stack: AsyncExitStack
) -> Victim:
    there = discord.server.add_user(name.lower(), discord.guild, display_name=name)
    here = await _matrix_person(name, synapse, stack)
    await matrix.person.invite(matrix.room, here.user_id)
    await here.join(matrix.room)
    return Victim(name, there, here)


async def _link(bridge: BridgeProcess, victims: list[Victim]) -> None:
    """Both accounts of each person belong to one address, in the bridge's own store, before it runs."""
    await asyncio.to_thread(bridge.address)  # makes the keys
    key = load_key(bridge.data / "storage.key", environ={})
    store = await Store.open(f"sqlite:///{bridge.data / 'bridge.db'}", key)
    try:
        master = await Master.load(store)
        for each in victims:
            address = master.wallet("discord", str(each.discord.id)).address
            each.address = f"0x{address.hex()}"
            user_id, name = each.matrix.user_id, each.name
            await store.write(lambda tx: accounts.put(tx, "matrix", user_id, address, name, 0.0))  # noqa: B023
    finally:
        await store.close()


async def _join(three: Three) -> None:
    """At once: while nobody has a vote, the bridge's own people are taken in; who comes later is voted in."""
    await asyncio.gather(*(side.say("!join") for side in three.sides))
    async with guard():
        while len((group := await three.bridge.group()).voters) < 3:
            if group.ballot is not None:
                for side in three.sides:
                    await side.say(f"!vote {group.ballot.ballot_id} yes")
            await pause(0.5)
