"""Garbage and spoiled messages are refused with a typed error and change nothing."""

from collections.abc import Callable
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.mls import MlsGroupPort
from bridge.protocol import errors
from bridge.protocol.ports import AddChange, PolicyChange
from tests.support.mls import NOW, Db, commit, group_of, new_port, package_of, person

Use = Callable[[MlsGroupPort, bytes], object]


@cache
def group() -> list[MlsGroupPort]:
    return group_of(3)


@cache
def samples() -> dict[str, bytes]:
    """One genuine message of each kind, from persons 1 and 3."""
    ports = group()
    package_of(ports[1], person(12))
    package = package_of(new_port(9), person(9))
    built = ports[0].build([AddChange(person(9), package), PolicyChange(b"x")], NOW)
    return {
        "chat": ports[0].seal(person(1), b"chat"),
        "proposal": built.proposals[0],
        "commit": built.commit,
        "welcome": built.welcome,
        "key package": package,
        "update": ports[2].propose_update(person(3)),
    }


USES: dict[str, Use] = {
    "peek": lambda port, data: port.peek(data),
    "open": lambda port, data: port.open(data),
    "stage a commit": lambda port, data: port.stage([], data, NOW),
    "stage a proposal": lambda port, data: port.stage([data], samples()["commit"], NOW),
    "receive_proposal": lambda port, data: port.receive_proposal(data),
    "check_key_package": lambda port, data: port.check_key_package(data, NOW),
    "build": lambda port, data: port.build([AddChange(person(9), data)], NOW),
    "join": lambda port, data: port.join(person(2), data, NOW),
    "join hosted": lambda port, data: port.join(person(12), data, NOW),
}


def refuses(use: Use, data: bytes) -> None:
    """The message is refused, and the port as good as before."""
    port = group()[1]
    port.drain()
    before = port.view()
    with pytest.raises(errors.ProtocolError):
        use(port, data)
    assert port.view() == before
    states = [row for row in port.drain() if row[0] in ("mls_states", "mls_epochs", "mls_trees")]
    assert states == []


@pytest.mark.parametrize("name", USES)
@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=400))
def test_garbage(name: str, data: bytes) -> None:
    refuses(USES[name], data)


@pytest.mark.parametrize("name", [name for name in USES if name not in ("peek", "join", "join hosted")])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_spoiled_messages(name: str, data: st.DataObject) -> None:
    sample = bytearray(samples()[data.draw(st.sampled_from(sorted(samples())))])
    at = data.draw(st.integers(0, len(sample) - 1))
    sample[at] ^= data.draw(st.integers(1, 255))
    refuses(USES[name], bytes(sample))


@pytest.mark.parametrize("name", ["open", "stage a commit", "receive_proposal", "check_key_package"])
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_cut_messages(name: str, data: st.DataObject) -> None:
    sample = samples()[data.draw(st.sampled_from(sorted(samples())))]
    refuses(USES[name], sample[: data.draw(st.integers(0, len(sample) - 1))])


def test_after_all_that_the_true_messages_work() -> None:
    ports = group_of(3)
    chat = ports[0].seal(person(1), b"chat")
    built = ports[0].build([PolicyChange(b"x")], NOW)
    for message in (chat, *built.proposals, built.commit):
        for at in range(0, len(message), 7):
            spoiled = bytearray(message)
            spoiled[at] ^= 0x55
            for name in ("open", "stage a commit", "receive_proposal"):
                with pytest.raises(errors.RemoteError):
                    USES[name](ports[1], bytes(spoiled))
    assert ports[1].open(chat).plaintext == b"chat"
    ports[1].adopt(ports[1].stage(built.proposals, built.commit, NOW).token)


def test_a_chat_message_opens_once() -> None:
    ports = group_of(2)
    chat = ports[0].seal(person(1), b"chat")
    ports[1].open(chat)
    db = Db()
    db.store(ports[1])
    for port in (ports[1], db.restored(person(2))):
        with pytest.raises(errors.UndecryptableMls):
            port.open(chat)


def test_late_chat_opens_for_five_epochs() -> None:
    ports = group_of(2)
    late = [ports[1].seal(person(2), b"0")]
    for i in range(6):
        commit(ports[0], [], ports[1:])
        late.append(ports[1].seal(person(2), bytes([i])))
    with pytest.raises(errors.WrongEpoch):
        ports[0].open(late[0])
    assert [ports[0].open(message).epoch for message in late[1:]] == [2, 3, 4, 5, 6, 7]


def test_messages_of_another_group() -> None:
    ports = group_of(2)
    stranger = new_port(5)
    stranger.create(b"another", b"", NOW)
    built = stranger.build([PolicyChange(b"x")], NOW)
    for use, message in (
        ("open", stranger.seal(person(5), b"")),
        ("stage a commit", built.commit),
        ("receive_proposal", built.proposals[0]),
    ):
        with pytest.raises(errors.WrongGroup):
            USES[use](ports[1], message)
