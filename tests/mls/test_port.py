"""The contract of `MlsPort` on the native part, with several bridges."""

import pytest

from bridge.mls import MlsGroupPort
from bridge.protocol import errors
from bridge.protocol.ports import AddChange, Change, ContentType, MlsPort, PolicyChange, RemoveChange
from tests.support.mls import GROUP, NOW, POLICY, add, commit, group_of, new_port, person, sign_binding


def test_it_is_a_port() -> None:
    port: MlsPort = new_port(1)
    assert port.view() is None
    assert port.hosted() == frozenset()


@pytest.mark.parametrize("suite", [1, 3])
def test_everybody_sees_and_hears_the_same(suite: int) -> None:
    ports = group_of(3, suite)
    views = [port.view() for port in ports]
    assert views[0] is not None
    assert views == [views[0]] * 3
    assert views[0].group_id == GROUP
    assert views[0].policy == POLICY
    assert views[0].members == (person(1), person(2), person(3))
    assert len({port.exporter("label", b"context", 32) for port in ports}) == 1
    for i, port in enumerate(ports):
        sent = port.seal(person(i + 1), b"hello")
        for other in ports[:i] + ports[i + 1 :]:
            opened = other.open(sent)
            assert (opened.sender, opened.epoch, opened.plaintext) == (person(i + 1), 2, b"hello")


def test_a_message_shows_its_header() -> None:
    ports = group_of(2)
    built = ports[0].build([PolicyChange(b"x")], NOW)
    for message, kind in [
        (ports[0].seal(person(1), b""), ContentType.APPLICATION),
        (built.proposals[0], ContentType.PROPOSAL),
        (built.commit, ContentType.COMMIT),
    ]:
        peeked = ports[1].peek(message)
        assert (peeked.group_id, peeked.epoch, peeked.content_type) == (GROUP, 1, kind)
    with pytest.raises(errors.MalformedMls):
        ports[1].peek(built.proposals[0][:-1])


def test_changes_are_shown_before_they_are_adopted() -> None:
    ports = group_of(4)
    newcomer = new_port(5)
    package = newcomer.key_package(person(5), NOW)
    changes: list[Change] = [RemoveChange(person(4)), AddChange(person(5), package), PolicyChange(b"new")]
    built = ports[0].build(changes, NOW)
    before = ports[1].view()
    staged = ports[1].stage(built.proposals, built.commit, NOW)
    assert ports[1].view() == before
    assert (staged.committer, staged.changes, staged.updates) == (person(1), tuple(changes), ())
    assert not staged.removes_self
    out = ports[3].stage(built.proposals, built.commit, NOW)
    assert out.removes_self
    assert ports[3].adopt(out.token) is None
    assert ports[3].view() is None
    view = ports[1].adopt(staged.token)
    assert view == ports[0].adopt(built.token) == newcomer.join(person(5), built.welcome, NOW)
    assert view is not None
    assert view.policy == b"new"
    assert ports[2].join(person(3), built.welcome, NOW) is None
    assert newcomer.join(person(5), built.welcome, NOW) is None, "a key package serves once"


def test_updates_are_committed_by_the_steward() -> None:
    ports = group_of(3)
    updates = [ports[i].propose_update(person(i + 1)) for i in (1, 2)]
    assert [ports[0].receive_proposal(update) for update in updates] == [person(2), person(3)]
    with pytest.raises(errors.Replayed):
        ports[0].receive_proposal(updates[0])
    assert ports[0].open(ports[1].seal(person(2), b"vote")).plaintext == b"vote"
    built = ports[0].build([], NOW)
    assert sorted(built.proposals) == sorted(updates)
    for i in (1, 2):
        staged = ports[i].stage(built.proposals, built.commit, NOW)
        assert staged.changes == ()
        assert set(staged.updates) == {person(2), person(3)}
        ports[i].adopt(staged.token)
    ports[0].adopt(built.token)
    assert ports[2].open(ports[1].seal(person(2), b"new keys")).plaintext == b"new keys"


def test_tokens_serve_once_and_for_one_epoch() -> None:
    ports = group_of(2)
    first, second = ports[0].build([], NOW), ports[0].build([], NOW)
    dropped = ports[0].build([], NOW)
    ports[0].discard(dropped.token)
    ports[0].discard(12345)
    ports[0].adopt(second.token)
    for token in (first.token, second.token, dropped.token, 12345):
        with pytest.raises(errors.NotPermitted):
            ports[0].adopt(token)
    with pytest.raises(errors.BadBatch):
        ports[1].stage([second.commit] * 3000, first.commit, NOW)


def test_pending_commits_are_bounded() -> None:
    ports = group_of(1)
    tokens = [ports[0].build([], NOW).token for _ in range(40)]
    with pytest.raises(errors.NotPermitted):
        ports[0].adopt(tokens[0])
    assert ports[0].adopt(tokens[-1]) is not None


def test_a_wallet_that_signs_wrongly_gets_no_leaf() -> None:
    def wrong(address: bytes, text: bytes) -> bytes:
        return sign_binding(person(2), text)

    with pytest.raises(errors.BadSignature):
        MlsGroupPort(person(1), wrong)

    def fails(address: bytes, text: bytes) -> bytes:
        assert text.startswith(b"demls wallet binding v1\naddress: 0x" + address.hex().encode() + b"\nmls ")
        raise KeyError("no such wallet")

    with pytest.raises(KeyError):
        MlsGroupPort(person(1), fails)


def test_a_removed_member_cannot_read_on_with_its_old_state() -> None:
    ports = group_of(4)
    commit(ports[0], [RemoveChange(person(4))], ports[1:3])
    # The removed one never saw its removal: its whole state is the old one.
    secret = ports[0].seal(person(1), b"secret")
    with pytest.raises(errors.WrongEpoch) as caught:
        ports[3].open(secret)
    assert (caught.value.epoch, caught.value.ours) == (4, 3)
    # What it still sends in its old epoch is refused: it is no member any more.
    with pytest.raises(errors.UndecryptableMls):
        ports[1].open(ports[3].seal(person(4), b"I am still here"))


def test_a_rejoin_of_the_own_leaf() -> None:
    ports = group_of(3)
    package = ports[2].key_package(person(3), NOW)
    changes: list[Change] = [RemoveChange(person(3)), AddChange(person(3), package)]
    built = ports[0].build(changes, NOW)
    staged = ports[1].stage(built.proposals, built.commit, NOW)
    assert staged.changes == tuple(changes)
    ports[1].adopt(staged.token)
    view = ports[0].adopt(built.token)
    assert ports[2].join(person(3), built.welcome, NOW) == view
    add(ports[2], new_port(9), person(9), ports[:2])


def test_a_welcome_must_lead_to_the_group_of_the_port() -> None:
    founder = new_port(1)
    founder.create(GROUP, POLICY, NOW)
    picky = MlsGroupPort(person(2), sign_binding, group_id=b"wanted")
    welcome = commit(founder, [AddChange(person(2), picky.key_package(person(2), NOW))])
    with pytest.raises(errors.InvalidGroup):
        picky.join(person(2), welcome, NOW)
    assert picky.view() is None
    with pytest.raises(errors.NotPermitted):
        picky.create(b"other", b"", NOW)


def test_outside_a_group() -> None:
    port = new_port(1)
    for use in (
        lambda: port.seal(person(1), b""),
        lambda: port.seal(person(2), b""),
        lambda: port.build([], NOW),
        lambda: port.stage([], b"", NOW),
        lambda: port.propose_update(person(1)),
        lambda: port.exporter("l", b"", 32),
        lambda: port.join(person(2), b"", NOW),
    ):
        with pytest.raises(errors.NotAMember):
            use()
    port.forget(person(1))
    port.forget(person(2))
    assert port.view() is None
