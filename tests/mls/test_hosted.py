"""Hosted leaves: lazily brought up to date from the archive."""

import pytest

from bridge._native import MlsStore
from bridge.mls import MlsGroupPort
from bridge.mls.archive import MAX_AGE, MAX_EPOCHS, Archive, Batch
from bridge.protocol import errors
from bridge.protocol.ports import AddChange, Change, RemoveChange
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


@pytest.fixture
def pair() -> list[MlsGroupPort]:
    """Two bridges; the first hosts persons 11 and 12, the second hosts 21."""
    ports = group_of(2)
    add(ports[0], ports[0], person(11), ports[1:])
    add(ports[0], ports[0], person(12), ports[1:])
    add(ports[0], ports[1], person(21), ports[1:])
    return ports


def test_hosted_leaves_are_members_of_their_own(pair: list[MlsGroupPort]) -> None:
    assert pair[0].hosted() == {person(11), person(12)}
    assert pair[1].hosted() == {person(21)}
    for leaf in (person(11), person(12)):
        sent = pair[0].seal(leaf, b"hi")
        assert pair[1].open(sent).sender == leaf
        assert pair[0].open(sent).sender == leaf, "the own leaf reads what a hosted one sent"


def test_a_silent_leaf_replays_when_it_speaks(pair: list[MlsGroupPort]) -> None:
    for i in range(5):
        commit(pair[i % 2], [], [pair[1 - i % 2]])
    for leaf in (person(11), person(12)):
        for text in (b"one", b"two"):
            opened = pair[1].open(pair[0].seal(leaf, text))
            assert (opened.sender, opened.plaintext) == (leaf, text)
    assert pair[0].open(pair[1].seal(person(21), b"hi")).sender == person(21)


def test_only_the_own_leaf_works_at_a_commit(pair: list[MlsGroupPort]) -> None:
    db = Db()
    db.store(pair[0])
    commit(pair[1], [], [pair[0]])
    written = [(table, key) for table, key, _ in pair[0].drain()]
    assert ("mls_states", person(1)) in written
    assert ("mls_states", person(11)) not in written
    assert len(written) < 8


def test_updates_of_hosted_leaves(pair: list[MlsGroupPort]) -> None:
    update = pair[0].propose_update(person(11))
    assert pair[0].receive_proposal(update) == person(11)
    built = pair[0].build([], NOW)
    assert built.proposals == (update,)
    staged = pair[1].stage(built.proposals, built.commit, NOW)
    assert staged.updates == (person(11),)
    pair[1].adopt(staged.token)
    pair[0].adopt(built.token)
    commit(pair[1], [], pair[:1])
    assert pair[1].open(pair[0].seal(person(11), b"renewed")).sender == person(11)


def test_a_removed_leaf_is_gone(pair: list[MlsGroupPort]) -> None:
    commit(pair[1], [RemoveChange(person(11))], pair[:1])
    assert pair[0].hosted() == {person(12)}
    with pytest.raises(errors.LeafBehind):
        pair[0].seal(person(11), b"")
    with pytest.raises(errors.LeafBehind):
        pair[0].propose_update(person(11))
    db = Db()
    db.store(pair[0])
    assert ("mls_states", person(11)) not in db.rows


def test_a_rejoin_of_a_hosted_leaf(pair: list[MlsGroupPort]) -> None:
    package = package_of(pair[0], person(11))
    changes: list[Change] = [RemoveChange(person(11)), AddChange(person(11), package)]
    welcome = commit(pair[1], changes, pair[:1])
    assert person(11) not in pair[0].hosted()
    assert pair[0].join(person(11), welcome, NOW) == pair[0].view()
    assert pair[1].open(pair[0].seal(person(11), b"back")).sender == person(11)


def test_the_bridge_and_a_new_leaf_come_in_one_commit(pair: list[MlsGroupPort]) -> None:
    own, new = (package_of(pair[0], person(seed)) for seed in (1, 13))
    changes: list[Change] = [RemoveChange(person(1)), AddChange(person(1), own), AddChange(person(13), new)]
    built = pair[1].build(changes, NOW)
    assert pair[0].adopt(pair[0].stage(built.proposals, built.commit, NOW).token) is None
    with pytest.raises(errors.NotAMember):
        pair[0].seal(person(11), b"")
    view = pair[1].adopt(built.token)
    assert pair[0].join(person(1), built.welcome, NOW) == view
    assert pair[0].join(person(13), built.welcome, NOW) == view
    for leaf in (person(1), person(11), person(13)):
        assert pair[1].open(pair[0].seal(leaf, b"all here")).sender == leaf


def test_forget_drops_a_leaf(pair: list[MlsGroupPort]) -> None:
    pair[0].forget(person(11))
    assert pair[0].hosted() == {person(12)}
    with pytest.raises(errors.LeafBehind):
        pair[0].seal(person(11), b"")


def test_a_leaf_that_lags_too_far_must_rejoin(pair: list[MlsGroupPort]) -> None:
    for i in range(MAX_EPOCHS + 1):
        pair[0].adopt(pair[0].build([], NOW + i).token)
        if i == MAX_EPOCHS - 3:
            pair[0].seal(person(12), b"")
    with pytest.raises(errors.LeafBehind):
        pair[0].seal(person(11), b"")
    assert pair[0].seal(person(12), b"")


def test_old_batches_are_not_replayed(pair: list[MlsGroupPort]) -> None:
    for now in (NOW, NOW + MAX_AGE + 1):
        pair[0].adopt(pair[0].build([], now).token)
    with pytest.raises(errors.LeafBehind):
        pair[0].seal(person(11), b"")


def test_a_welcome_to_a_false_branch_is_refused(pair: list[MlsGroupPort]) -> None:
    package = package_of(pair[0], person(13))
    forger = new_port(31)
    forger.create(GROUP, POLICY, NOW)
    for _ in range(3):
        forger.adopt(forger.build([], NOW).token)
    welcome = commit(forger, [AddChange(person(13), package)])
    assert forger.view().epoch == pair[0].view().epoch  # type: ignore[union-attr]
    with pytest.raises(errors.InvalidGroup):
        pair[0].join(person(13), welcome, NOW)
    assert person(13) not in pair[0].hosted()


def test_a_leaf_ahead_of_the_bridge_waits(pair: list[MlsGroupPort]) -> None:
    package = package_of(pair[0], person(13))
    built = pair[1].build([AddChange(person(13), package)], NOW)
    assert pair[0].join(person(13), built.welcome, NOW) is not None
    assert person(13) not in pair[0].hosted()
    with pytest.raises(errors.NotPermitted):
        pair[0].seal(person(13), b"")
    pair[0].adopt(pair[0].stage(built.proposals, built.commit, NOW).token)
    pair[1].adopt(built.token)
    assert pair[1].open(pair[0].seal(person(13), b"now")).sender == person(13)


def test_a_public_key_package_waits_for_an_epoch_that_the_bridge_knows(pair: list[MlsGroupPort]) -> None:
    package = package_of(pair[0], person(13))
    forger = new_port(31)
    forger.create(GROUP, POLICY, NOW)
    for _ in range(9):
        forger.adopt(forger.build([], NOW).token)
    built = pair[1].build([AddChange(person(13), package)], NOW)
    for welcome in (commit(forger, [AddChange(person(13), package)]), built.welcome):
        with pytest.raises(errors.InvalidGroup):
            pair[0].join(person(13), welcome, NOW, only_known=True)
    pair[0].adopt(pair[0].stage(built.proposals, built.commit, NOW).token)
    assert pair[0].join(person(13), built.welcome, NOW, only_known=True) is not None
    assert person(13) in pair[0].hosted()


def test_the_archive_answers_others(pair: list[MlsGroupPort]) -> None:
    built = pair[0].build([], NOW)
    pair[0].adopt(built.token)
    batch = pair[0].archived(4)
    assert batch is not None
    assert (batch.epoch, batch.time, batch.proposals, batch.commit) == (4, NOW, built.proposals, built.commit)
    pair[1].adopt(pair[1].stage(batch.proposals, batch.commit, NOW).token)
    assert pair[1].view() == pair[0].view()
    assert pair[0].archived(99) is None


def test_the_archive_forgets_a_branch_that_was_given_up() -> None:
    archive = Archive(MlsStore([]))
    for epoch in (3, 4, 5):
        archive.add(Batch(epoch, NOW, bytes(32), (b"p",), b"c"))
    archive.add(Batch(4, NOW, bytes(32), (), b"other"))
    assert archive.epochs() == [3, 4]
    assert archive.get(4) == Batch(4, NOW, bytes(32), (), b"other")


def test_a_leaf_whose_wallet_is_elsewhere() -> None:
    port = new_port(1)
    port.create(GROUP, POLICY, NOW)
    text = port.binding_text(person(2))
    assert text == port.binding_text(person(2))
    assert port.binding_text(person(1)) == b""
    with pytest.raises(errors.NotPermitted):
        port.key_package(person(2), NOW)
    with pytest.raises(errors.BadSignature):
        port.bind(person(2), sign_binding(person(3), text))
    rows = {(table, key): value for table, key, value in port.drain() if value is not None}
    again = MlsGroupPort(person(1), lambda *_: None, [(t, k, v) for (t, k), v in rows.items()])
    assert again.binding_text(person(2)) == text
    again.bind(person(2), sign_binding(person(2), text))
    assert again.binding_text(person(2)) == b""
    again.bind(person(2), b"")  # bound already: nothing happens
    assert again.check_key_package(again.key_package(person(2), NOW), NOW) == person(2)
