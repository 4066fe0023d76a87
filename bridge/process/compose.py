"""Settings in, parts out: the store, the keys, the way to Waku, what each group is told. No task runs yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from bridge.conversation.ports import Signer
from bridge.conversation.services import MlsFactory
from bridge.identity.keyfile import load_key
from bridge.mls import MlsGroupPort
from bridge.model.adapter import Adapter
from bridge.model.adapter_store import WantsStore
from bridge.model.ids import RoomRef
from bridge.model.view import HasSignIn, WantsView
from bridge.protocol.chain import ChainDomain
from bridge.protocol.engine import EngineConfig
from bridge.protocol.ports import Address
from bridge.protocol.types import BallotRules, Coordination, GroupName, GroupPolicy, Silence, Timing
from bridge.rooms.view.group_view import Around, PlatformView
from bridge.settings import GroupSettings, Problem, Settings, WrongSettings
from bridge.storage.adapter_rows import StoredAdapterStore
from bridge.storage.store import Store
from bridge.waku.embedded import EmbeddedConfig, EmbeddedTransport
from bridge.waku.transport import Transport

KEY_VARIABLE: Final = "DEMLS_STORAGE__KEY"
"""`storage.key` in the environment, as error messages name it."""


async def open_store(settings: Settings) -> Store:
    """Open the database, with the key that the settings name. Raises IdentityError, StorageError."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    storage = settings.storage
    key = load_key(
        storage.key_file or settings.data_dir / "storage.key",
        storage.key_command,
        # Environment, .env and file are one source by now.
        {KEY_VARIABLE: storage.key.get_secret_value()},
        KEY_VARIABLE,
    )
    return await Store.open(settings.storage_url, key)


def make_transport(settings: Settings, identity: bytes = b"") -> Transport:
    """The way to Waku that the settings choose. `identity`: the node's secret."""
    waku = settings.waku
    if waku.mode == "rest":
        # Late: an HTTP client (httpx) that the embedded node does without.
        from bridge.waku.rest import RestConfig, RestTransport

        return RestTransport(RestConfig(url=waku.rest_url, pubsub_topic=waku.pubsub_topic))
    return EmbeddedTransport(
        EmbeddedConfig(
            peers=waku.peer_addresses,
            port=waku.node_port,
            listen_address=waku.listen_address,
            pubsub_topic=waku.pubsub_topic,
            identity=identity,
        )
    )


def full_name(group: GroupSettings, own: bytes) -> GroupName:
    """The group's full name; for a group that is made here the creator is this bridge."""
    if group.name == group.short:
        return GroupName(group.name, Address(own))
    return GroupName.parse(group.name)


def check_creators(settings: Settings, own: bytes) -> None:
    """Refuse to make groups whose full name says that another bridge makes them. Raises WrongSettings."""
    problems = []
    for number, group in enumerate(settings.groups):
        creator = full_name(group, own).creator
        if group.create and creator != own:
            text = (
                f"create = true, but this name says that 0x{creator.hex()} makes the group, and this bridge is "
                f"0x{own.hex()}; to join it set create = false, to make a group of your own give a short name"
            )
            problems.append(Problem(f"groups[{number}].name", text, f'name = "{group.short}"'))
    if problems:
        raise WrongSettings(problems)


def engine_config(group: GroupSettings, own: bytes, chain: ChainDomain | None = None) -> EngineConfig:
    """What the engine of a group is told. The policy only where the group is made here."""
    name = full_name(group, own)
    made = policy(group, own) if group.create else None
    return EngineConfig(name, Address(own), group.create, made, chain=chain)


def policy(group: GroupSettings, own: bytes) -> GroupPolicy:
    """The policy of a group that is made here: this bridge first among stewards and service members."""
    rules = group.rules
    return GroupPolicy(
        creator=Address(own),
        steward_candidates=_with_own(group.steward_candidates, own),
        service_members=_with_own(group.service_members, own),
        rules=BallotRules(
            Silence(rules.adds), Silence(rules.removals), Silence(rules.policies), rules.min_votes
        ),
        coordination=Coordination(group.coordination),
        chat_during_ballot=group.chat_during_ballot == "send",
        bootstrap_open=group.bootstrap == "open",
        bootstrap_listed=_addresses(group.bootstrap_listed),
        timing=Timing(**group.timing.model_dump()),
    )


def _addresses(texts: tuple[str, ...]) -> tuple[Address, ...]:
    return tuple(Address(bytes.fromhex(text.removeprefix("0x"))) for text in texts)


def _with_own(texts: tuple[str, ...], own: bytes) -> tuple[Address, ...]:
    return (Address(own), *(address for address in _addresses(texts) if address != own))


def mls_factory(signer: Signer) -> MlsFactory:
    """Makes MLS ports; the signer's wallet of the bridge stands behind their own leaves."""

    def open_mls(config: EngineConfig, rows: Sequence[tuple[str, bytes, bytes]]) -> MlsGroupPort:
        return MlsGroupPort(config.own, signer.sign, rows, group_id=config.name.group_id)

    return open_mls


def links(settings: Settings) -> dict[RoomRef, str]:
    """Which group each configured room is mirrored into."""
    return {
        replace(room.ref, people=settings.platform(room.platform)): group.short
        for group in settings.groups
        for room in group.rooms
    }


def moderator_bans(settings: Settings) -> dict[str, str]:
    """What becomes of moderators' bans, by group."""
    return {group.short: group.moderator_bans for group in settings.groups}


def page_url(adapters: Mapping[str, Adapter]) -> str:
    """Where people sign with their own wallets; '' while no page runs."""
    return next((each.url for each in adapters.values() if isinstance(each, HasSignIn) and each.url), "")


def own_sign_in(adapters: Mapping[str, Adapter]) -> frozenset[str]:
    """Platforms whose people sign in with their wallets themselves."""
    return frozenset(each.platform for each in adapters.values() if isinstance(each, HasSignIn))


def give_windows(adapters: Mapping[str, Adapter], around: Around, prefix: str) -> None:
    """A window to every adapter that wants one. Before their start. `prefix`: of commands."""
    for name, adapter in adapters.items():
        if isinstance(adapter, WantsView):
            adapter.attach_view(PlatformView(name, adapter.platform, around, prefix))


def give_stores(adapters: Mapping[str, Adapter], store: Store) -> None:
    """Rows of its own to every adapter that remembers something. Before their start."""
    for name, adapter in adapters.items():
        if isinstance(adapter, WantsStore):
            adapter.attach_store(StoredAdapterStore(store, name))
