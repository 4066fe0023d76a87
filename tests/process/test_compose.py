"""Settings become what the engine and the transports are told."""

from __future__ import annotations

import pytest

from bridge.process import compose
from bridge.protocol.policy import check_policy
from bridge.protocol.types import GroupPolicy, Silence
from bridge.settings import GroupSettings, RoomSettings, RuleSettings, Settings, TimingSettings, WrongSettings
from bridge.waku.embedded import EmbeddedTransport
from bridge.waku.rest import RestTransport

OWN = bytes(range(20))
OTHER = "0x" + "ab" * 20


def made(**more: object) -> GroupSettings:
    return GroupSettings.model_validate({"name": "lobby", "create": True, **more})


def test_a_group_made_here_has_this_bridge_as_creator_steward_and_service_member() -> None:
    config = compose.engine_config(made(service_members=[OTHER[2:].upper()], steward_candidates=[OTHER]), OWN)
    assert str(config.name) == f"demls:lobby@0x{OWN.hex()}"
    assert config.create
    policy = config.policy
    assert policy is not None
    other = bytes.fromhex(OTHER[2:])
    assert (policy.creator, policy.steward_candidates, policy.service_members) == (
        OWN,
        (OWN, other),
        (OWN, other),
    )
    check_policy(policy)


def test_every_policy_knob_arrives() -> None:
    rules = RuleSettings(adds="approve", removals="abstain", policies="approve", min_votes=3)
    timing = TimingSettings(steward_epoch=1, waiting=2, voting=30, commit=4)
    group = made(
        rules=rules, timing=timing, bootstrap="open", bootstrap_listed=[OTHER], chat_during_ballot="send"
    )
    policy = compose.policy(group, OWN)
    default = GroupPolicy(policy.creator, policy.steward_candidates, policy.service_members)
    assert (policy.rules.adds, policy.rules.removals, policy.rules.policies) == (
        Silence.APPROVE,
        Silence.ABSTAIN,
        Silence.APPROVE,
    )
    assert policy.rules.min_votes == 3
    assert (policy.timing.steward_epoch, policy.timing.waiting, policy.timing.voting, policy.timing.commit) == (
        1,
        2,
        30,
        4,
    )
    assert (policy.bootstrap_open, policy.bootstrap_listed) == (True, (bytes.fromhex(OTHER[2:]),))
    assert policy.chat_during_ballot
    assert compose.policy(made(), OWN) == default, "the settings' defaults are the protocol's"


def test_a_group_of_others_is_joined_without_a_policy() -> None:
    config = compose.engine_config(GroupSettings(name=f"demls:lobby@{OTHER}"), OWN)
    assert (config.create, config.policy, config.name.creator.hex()) == (False, None, "ab" * 20)


def test_ones_own_group_by_its_full_name() -> None:
    config = compose.engine_config(made(name=f"demls:lobby@0x{OWN.hex()}"), OWN)
    assert config.create
    compose.check_creators(Settings(groups=(made(name=f"demls:lobby@0x{OWN.hex()}"), made(name="b"))), OWN)


def test_a_group_of_others_cannot_be_made() -> None:
    foreign = made(name=f"demls:lobby@{OTHER}")
    with pytest.raises(WrongSettings) as caught:
        compose.check_creators(Settings(groups=(made(name="own"), foreign)), OWN)
    (problem,) = caught.value.problems
    assert problem.key == "groups[1].name"
    for words in (OTHER, OWN.hex(), "create = false"):
        assert words in problem.text
    assert problem.example == 'name = "lobby"'
    joined = GroupSettings(name=f"demls:lobby@{OTHER}", create=False)
    compose.check_creators(Settings(groups=(joined,)), OWN)


def test_the_mode_chooses_the_transport() -> None:
    for mode, kind in (("embedded", EmbeddedTransport), ("rest", RestTransport)):
        settings = Settings.model_validate({"waku": {"mode": mode}})
        assert isinstance(compose.make_transport(settings), kind)


def test_moderators_bans_are_proposed_unless_the_group_says_otherwise() -> None:
    settings = Settings(groups=(made(), made(name="b", moderator_bans="mirror")))
    assert compose.moderator_bans(settings) == {"lobby": "propose", "b": "mirror"}
    with pytest.raises(ValueError, match="moderator_bans"):
        made(moderator_bans="often")


def test_links() -> None:
    room = RoomSettings(platform="matrix", room="!a:x")
    settings = Settings(groups=(made(rooms=(room,)),), adapters={"matrix": {}})
    assert compose.links(settings) == {room.ref: "lobby"}


def test_rooms_go_by_the_adapters_name_and_people_by_the_platform() -> None:
    rooms = (RoomSettings(platform="matrix", room="!a:x"), RoomSettings(platform="work", room="!a:x"))
    adapters: dict[str, dict[str, object]] = {"matrix": {}, "work": {"platform": "matrix"}}
    found = compose.links(Settings(groups=(made(rooms=rooms),), adapters=adapters))
    assert {(ref.platform, ref.accounts) for ref in found} == {("matrix", "matrix"), ("work", "matrix")}
