"""Two bridges on a real Synapse and a real go-waku node."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.bridges import BridgeProcess
from tests.support.matrix_person import MatrixPerson
from tests.support.servers.gowaku import GoWaku, start_gowaku
from tests.support.servers.synapse import Synapse

CONFIG = """
name = "{name}"
data_dir = "data"

[waku]
mode = "embedded"
node_port = 0
peer_addresses = ["{peer}"]

[logging]
format = "json"

[adapters.matrix]
homeserver = "{homeserver}"
user_id = "{bot}"
access_token = "{token}"

[[groups]]
name = "{group}"
create = {create}
rooms = [{{ platform = "matrix", room = "{room}" }}]
{policy}
"""
POLICY = """
service_members = ["{other}"]
[groups.timing]
steward_epoch = 2
waiting = 2
voting = 20
commit = 5
"""


@dataclass
class Town:
    """Two bridges `a` and `b`; Alice and Carol in room A, Bob in room B."""

    a: BridgeProcess
    b: BridgeProcess
    waku: GoWaku
    alice: MatrixPerson
    carol: MatrixPerson
    bob: MatrixPerson
    watcher: MatrixPerson
    """Sits in room B and says nothing."""
    room_a: str
    room_b: str

    @property
    def bridges(self) -> tuple[BridgeProcess, BridgeProcess]:
        """Both."""
        return self.a, self.b


@pytest.fixture
async def town(tmp_path: Path, synapse: Synapse) -> AsyncIterator[Town]:
    """Everything up: bridge b is a member of bridge a's group, both bots are in their rooms."""
    waku = start_gowaku(tmp_path / "waku")
    bots = [synapse.register("bot-a"), synapse.register("bot-b")]
    people = [
        MatrixPerson(synapse.url, synapse.register(name)) for name in ("alice", "carol", "bob", "watcher")
    ]
    alice, carol, bob, watcher = people
    # Bob is in both rooms, at home in B. They made neither: nobody can ban the creator of a room.
    room_a = await alice.create_room(bots[0].user_id, carol.user_id, bob.user_id)
    room_b = await watcher.create_room(bots[1].user_id, bob.user_id)
    for person, room in ((carol, room_a), (bob, room_a), (bob, room_b)):
        await person.join(room)
    await alice.set_power(room_a, bots[0].user_id, 100)
    await watcher.set_power(room_b, bots[1].user_id, 100)
    a, b = BridgeProcess(tmp_path, "a"), BridgeProcess(tmp_path, "b")
    town = Town(a, b, waku, alice, carol, bob, watcher, room_a, room_b)
    try:
        _configure(town, synapse, [(bots[0].user_id, bots[0].token), (bots[1].user_id, bots[1].token)])
        a.start()
        b.start()
        await b.until(lambda report: len(report.groups) == 1 and len(report.groups[0].members) == 2)
        await alice.wait_for_membership(room_a, bots[0].user_id, "join")
        await watcher.wait_for_membership(room_b, bots[1].user_id, "join")
        yield town
    finally:
        for bridge in (a, b):
            bridge.kill()
        for person in people:
            await person.close()
        waku.kill()


def _configure(town: Town, synapse: Synapse, bots: list[tuple[str, str]]) -> None:
    common = {"homeserver": synapse.url, "peer": town.waku.multiaddr}
    a = {**common, "name": "a", "bot": bots[0][0], "token": bots[0][1], "room": town.room_a, "create": "true"}
    b = {**common, "name": "b", "bot": bots[1][0], "token": bots[1][1], "room": town.room_b, "create": "false"}
    town.a.write(CONFIG.format(**a, group="room", policy=""))
    own = town.a.address()
    town.b.write(CONFIG.format(**b, group=f"demls:room@{own}", policy=""))
    town.a.write(CONFIG.format(**a, group="room", policy=POLICY.format(other=town.b.address())))
