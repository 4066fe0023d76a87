"""Names and policies as values."""

from __future__ import annotations

import pytest

from bridge.model.notices import ChangeKind
from bridge.protocol.ports import Address
from bridge.protocol.types import BallotRules, GroupName, GroupPolicy, Silence

CREATOR = Address(bytes(range(20)))
OTHERS = tuple(Address(bytes([n]) * 20) for n in (9, 3, 7))


def test_a_full_name_there_and_back() -> None:
    name = GroupName("my.garden-1_b", CREATOR)
    assert str(name) == f"demls:my.garden-1_b@0x{CREATOR.hex()}"
    assert GroupName.parse(str(name)) == name
    assert GroupName.parse(str(name).replace(CREATOR.hex(), CREATOR.hex().upper())) == name
    assert name.group_id == b"my.garden-1_b"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "garden",
        "demls:garden",
        f"demls:@0x{'1' * 40}",
        f"demls:Garden@0x{'1' * 40}",
        f"demls:.x@0x{'1' * 40}",
        f"demls:{'x' * 65}@0x{'1' * 40}",
        f"demls:a/b@0x{'1' * 40}",
        f"demls:a@0x{'1' * 39}",
        f"demls:a@0x{'1' * 41}",
        f"demls:a@{'1' * 40}",
        f"demls:a@0x{'1' * 40}\n",
    ],
)
def test_what_is_no_name(text: str) -> None:
    with pytest.raises(ValueError, match=r"demls:|group name"):
        GroupName.parse(text)


def test_a_name_needs_a_whole_address() -> None:
    with pytest.raises(ValueError, match="20 bytes"):
        GroupName("garden", Address(b"x"))


def test_voters_are_members_without_the_bridges_sorted() -> None:
    policy = GroupPolicy(CREATOR, (CREATOR,), service_members=(CREATOR, Address(bytes(20))))
    assert policy.voters((CREATOR, *OTHERS)) == tuple(sorted(OTHERS))
    assert policy.voters((CREATOR,)) == ()


def test_the_silence_rule_of_each_kind() -> None:
    rules = BallotRules(Silence.APPROVE, Silence.REJECT, Silence.ABSTAIN)
    assert rules.silence(ChangeKind.ADD) is Silence.APPROVE
    assert rules.silence(ChangeKind.REMOVE) is Silence.REJECT
    assert rules.silence(ChangeKind.POLICY) is Silence.ABSTAIN
