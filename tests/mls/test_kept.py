"""An own commit that is kept: adopted or dropped later, also by the process after this one."""

from __future__ import annotations

import hashlib

import pytest

from bridge.mls import MlsGroupPort
from bridge.protocol.errors import NotPermitted, RemoteError
from bridge.protocol.ports import AddChange, Built, RemoveChange
from tests.support.mls import NOW, Db, commit, group_of, new_port, person


def _kept() -> tuple[MlsGroupPort, MlsGroupPort, MlsGroupPort, Db, Built]:
    """A group of two; the first has built and kept the add of a third."""
    first, second = group_of(2)
    joiner = new_port(3)
    db = Db()
    db.store(first)
    built = first.build([AddChange(person(3), joiner.key_package(person(3), NOW))], NOW)
    first.keep(built.token)
    db.store(first)
    return first, second, joiner, db, built


def test_it_is_adopted_after_a_restart() -> None:
    first, second, joiner, db, built = _kept()
    early = second.seal(person(2), b"early")
    late = second.seal(person(2), b"late")
    first.open(early)
    db.store(first)
    restored = db.restored(person(1))
    assert restored.kept() == hashlib.sha256(built.commit).digest()
    view = restored.adopt_kept()
    assert view is not None
    assert person(3) in view.members
    assert restored.kept() == b""
    staged = second.stage(built.proposals, built.commit, NOW)
    second.adopt(staged.token)
    assert joiner.join(person(3), built.welcome, NOW) is not None
    assert restored.open(late).plaintext == b"late"
    with pytest.raises(RemoteError):
        restored.open(early)
    assert joiner.open(restored.seal(person(1), b"hi")).plaintext == b"hi"
    assert restored.archived(view.epoch - 1) is not None


def test_the_same_process_adopts_it_too() -> None:
    first, second, _, db, built = _kept()
    first.adopt_kept()
    staged = second.stage(built.proposals, built.commit, NOW)
    second.adopt(staged.token)
    assert second.open(first.seal(person(1), b"hi")).plaintext == b"hi"
    db.store(first)
    assert not [key for table, key in db.rows if table == "mls_pending"]
    with pytest.raises(NotPermitted):
        first.adopt_kept()


def test_it_is_dropped_when_another_commit_wins() -> None:
    first, second, _, db, _ = _kept()
    theirs = second.build([], NOW)
    staged = first.stage(theirs.proposals, theirs.commit, NOW)
    first.adopt(staged.token)
    second.adopt(theirs.token)
    assert first.kept()
    with pytest.raises(NotPermitted):
        first.adopt_kept()
    first.drop_kept()
    assert first.kept() == b""
    commit(first, [], [second])
    db.store(first)
    assert db.restored(person(1)).kept() == b""


def test_a_later_one_takes_its_place() -> None:
    first, second, _, _, _ = _kept()
    again = first.build([RemoveChange(person(2))], NOW)
    first.keep(again.token)
    view = first.adopt_kept()
    assert view is not None
    assert view.members == (person(1),)
    with pytest.raises(RemoteError):
        second.open(first.seal(person(1), b"without you"))


def test_only_an_own_commit_is_kept() -> None:
    first, second = group_of(2)
    theirs = second.build([], NOW)
    staged = first.stage(theirs.proposals, theirs.commit, NOW)
    with pytest.raises(NotPermitted):
        first.keep(staged.token)
    with pytest.raises(NotPermitted):
        first.keep(99)


def test_who_is_out_of_the_group_keeps_nothing() -> None:
    first, second, _, db, _ = _kept()
    gone = second.build([RemoveChange(person(1))], NOW)
    staged = first.stage(gone.proposals, gone.commit, NOW)
    assert first.adopt(staged.token) is None
    assert first.kept() == b""
    db.store(first)
    assert not [key for table, key in db.rows if table == "mls_pending"]
