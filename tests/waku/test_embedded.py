"""What only the embedded node has."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from bridge.waku.embedded import EmbeddedConfig, EmbeddedTransport
from bridge.waku.errors import CannotStart, NoPeers
from bridge.waku.rest import RestConfig, RestTransport
from bridge.waku.transport import TransportState
from tests.support.servers.gowaku import GoWaku, start_gowaku
from tests.support.transports import TOPIC, message, receive, until


async def test_alone_it_has_no_peers() -> None:
    node = EmbeddedTransport(EmbeddedConfig())
    await node.start()
    with pytest.raises(NoPeers) as caught:
        await node.publish(message(b"nobody hears"))
    assert caught.value.retry
    assert node.health().state is TransportState.DEGRADED
    assert node.health().listening[0].startswith("/ip4/127.0.0.1/tcp/")
    await node.stop()


async def test_a_go_waku_without_peers_says_so(tmp_path: Path) -> None:
    node = start_gowaku(tmp_path, min_peers=1)
    transport = RestTransport(RestConfig(url=node.rest_url))
    await transport.start()
    await until(lambda: transport.health().state is TransportState.DEGRADED)
    with pytest.raises(NoPeers):
        await transport.publish(message(b"nobody hears"))
    await transport.stop()
    node.kill()


async def test_the_identity_stays_with_its_secret() -> None:
    config = EmbeddedConfig(identity=b"\7" * 32)
    assert repr(config.identity) not in repr(config)
    seen = set()
    for _ in range(2):
        node = EmbeddedTransport(config)
        await node.start()
        seen.add(node.health().listening[0].rpartition("/p2p/")[2])
        await node.stop()
    assert len(seen) == 1


async def test_settings_that_cannot_work() -> None:
    running = EmbeddedTransport(EmbeddedConfig())
    await running.start()
    port = int(running.health().listening[0].split("/")[4])
    for config, reason in (
        (EmbeddedConfig(port=port), "cannot listen"),
        (EmbeddedConfig(identity=bytes(32)), "not a secp256k1 key"),
        (EmbeddedConfig(pubsub_topic="/waku/2/x"), "pubsub_topic"),
        (EmbeddedConfig(listen_address="localhost"), "not an IP address"),
        (EmbeddedConfig(peers=("nonsense",)), "nonsense"),
    ):
        with pytest.raises(CannotStart, match=reason):
            await EmbeddedTransport(config).start()
    await running.stop()


async def test_a_peer_of_another_cluster_is_hung_up_on() -> None:
    other = EmbeddedTransport(EmbeddedConfig(pubsub_topic="/waku/2/rs/16/1"))
    await other.start()
    node = EmbeddedTransport(EmbeddedConfig(peers=other.health().listening))
    await node.start()
    await until(lambda: node.health().counters["wrong_cluster"] > 0)
    await until(lambda: "another cluster" in node.health().detail)
    assert node.health().state is TransportState.DEGRADED
    await node.stop()
    await other.stop()


async def test_messages_that_break_the_rules_do_not_hurt(gowaku: GoWaku) -> None:
    """go-waku passes on what has no proper content topic; our node refuses, counts and goes on."""
    node = EmbeddedTransport(EmbeddedConfig(peers=(gowaku.multiaddr,)))
    node.subscribe([TOPIC])
    await node.start()
    await until(lambda: node.health().state is TransportState.OK)
    async with httpx.AsyncClient(base_url=gowaku.rest_url) as http:
        path = "/relay/v1/messages/%2Fwaku%2F2%2Frs%2F15%2F1"
        for topic in ("nonsense", TOPIC):
            body = {"payload": "aGk=", "contentTopic": topic, "ephemeral": False}
            (await http.post(path, json=body)).raise_for_status()
    assert await receive(node) == b"hi"
    assert node.health().counters["invalid"] == 1
    peer = node.health().connected[0]
    assert (peer.peer_id, peer.in_mesh) == (gowaku.multiaddr.rpartition("/")[2], True)
    await node.stop()
