"""A port after a restart is the port before it; what was not stored did not happen."""

from collections.abc import Callable
from functools import partial

import pytest

from bridge.mls import MlsGroupPort
from bridge.protocol import errors
from bridge.protocol.ports import AddChange, PolicyChange, RemoveChange
from tests.support.mls import (
    GROUP,
    NOW,
    POLICY,
    Db,
    add,
    commit,
    group_of,
    new_port,
    package_of,
    person,
    sign_binding,
)


class Crashing:
    """Person 1's bridge with its database: it crashes after every stored step."""

    def __init__(self) -> None:
        self.db = Db()
        self.port = new_port(1)

    def step(self, work: Callable[[MlsGroupPort], object]) -> object:
        """Do it, store it, crash. Before that, do it and crash without storing: that must not matter."""
        work(self.restored())
        port = self.restored()
        done = work(port)
        self.db.store(port)
        self.port = self.restored()
        assert self.port.view() == port.view()
        assert self.port.hosted() == port.hosted()
        assert self.port.drain() == []
        return done

    def restored(self) -> MlsGroupPort:
        return self.db.restored(person(1))


def test_a_crash_between_any_two_drains() -> None:
    crashing, other = Crashing(), new_port(2)
    crashing.db.store(crashing.port)
    crashing.step(lambda port: port.create(GROUP, POLICY, NOW))
    package = other.key_package(person(2), NOW)

    def grow(port: MlsGroupPort) -> bytes:
        built = port.build([AddChange(person(2), package)], NOW)
        port.adopt(built.token)
        return built.welcome

    welcome = crashing.step(grow)
    assert isinstance(welcome, bytes)
    assert other.join(person(2), welcome, NOW) == crashing.port.view()

    host = crashing.step(lambda port: package_of(port, person(11)))
    assert isinstance(host, bytes)
    built = other.build([AddChange(person(11), host), PolicyChange(b"two")], NOW)
    other.adopt(built.token)
    crashing.step(lambda port: port.adopt(port.stage(built.proposals, built.commit, NOW).token))
    crashing.step(lambda port: port.join(person(11), built.welcome, NOW))

    for leaf in (person(1), person(11), person(1), person(11)):
        sent = crashing.step(partial(MlsGroupPort.seal, leaf=leaf, plaintext=b"hi"))
        assert isinstance(sent, bytes)
        assert other.open(sent).sender == leaf
    chat = other.seal(person(2), b"hello")
    crashing.step(lambda port: port.open(chat))
    with pytest.raises(errors.UndecryptableMls):
        crashing.port.open(chat)

    update = crashing.step(lambda port: port.propose_update(person(11)))
    own = crashing.step(lambda port: port.propose_update(person(1)))
    assert isinstance(update, bytes)
    assert isinstance(own, bytes)
    other.receive_proposal(update)
    other.receive_proposal(own)
    batch = other.build([], NOW)
    assert set(batch.proposals) == {update, own}
    other.adopt(batch.token)
    crashing.step(lambda port: port.adopt(port.stage(batch.proposals, batch.commit, NOW).token))
    sent = crashing.step(lambda port: port.seal(person(11), b"renewed"))
    assert isinstance(sent, bytes)
    assert other.open(sent).plaintext == b"renewed"


def test_no_key_is_used_twice_across_restarts() -> None:
    """Each stored seal opens at a receiver that deletes used keys: none repeats a generation."""
    ports = group_of(2)
    db = Db()
    for i in range(20):
        sent = ports[0].seal(person(1), bytes([i]))
        db.store(ports[0])
        ports[0] = db.restored(person(1))
        assert ports[1].open(sent).plaintext == bytes([i])


def test_a_built_commit_is_lost_on_restart_and_another_follows() -> None:
    ports = group_of(2)
    db = Db()
    lost = ports[0].build([PolicyChange(b"lost")], NOW)
    db.store(ports[0])
    ports[0] = db.restored(person(1))
    with pytest.raises(errors.NotPermitted):
        ports[0].adopt(lost.token)
    commit(ports[0], [PolicyChange(b"kept")], ports[1:])
    assert ports[0].view() == ports[1].view()


def test_a_removed_bridge_stays_out_after_a_restart() -> None:
    ports = group_of(3)
    db = Db()
    db.store(ports[2])
    commit(ports[0], [RemoveChange(person(3))], ports[1:])
    db.store(ports[2])
    assert {table for table, _ in db.rows} == {"leaf_keys", "mls_commits"}
    again = db.restored(person(3))
    assert again.view() is None
    add(ports[0], again, person(3), ports[1:2])
    assert again.view() == ports[0].view()


def test_rows_that_do_not_fit_together_are_noticed() -> None:
    ports = group_of(2)
    db = Db()
    db.store(ports[0])
    for table in ("mls_trees", "mls_states", "leaf_keys"):
        damaged = [(t, k, b"\0" * 50 if t == table else v) for t, k, v in db.dump()]
        with pytest.raises(errors.LocalError):
            MlsGroupPort(person(1), sign_binding, damaged).view()
    with pytest.raises(errors.LocalError):
        MlsGroupPort(person(1), sign_binding, db.dump(), suite=3)
    with pytest.raises(errors.NotPermitted):
        MlsGroupPort(person(1), sign_binding, [("nonsense", b"", b"")])
