"""Ports of a group for tests: wallets from seeds, a database that rows are drained into."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

from eth_account import Account
from eth_account.messages import encode_defunct

from bridge.mls import MlsGroupPort
from bridge.protocol.ports import AddChange, Address, Change

NOW = 1_800_000_000
GROUP = b"demls:test@0x00"
POLICY = b"policy one"


def wallet(seed: int) -> tuple[Address, bytes]:
    """Address and private key of a test wallet."""
    secret = seed.to_bytes(32)
    return Address(bytes.fromhex(Account.from_key(secret).address[2:])), secret


_SECRETS: dict[Address, bytes] = {}


@cache
def person(seed: int) -> Address:
    """The address of a test wallet, which can sign from now on."""
    address, secret = wallet(seed)
    _SECRETS[address] = secret
    return address


def sign_binding(address: Address, text: bytes) -> bytes:
    """What a real wallet would answer: an EIP-191 signature by eth-account."""
    signature = Account.sign_message(encode_defunct(text), _SECRETS[address]).signature
    return bytes(signature)


@dataclass
class Db:
    """What the shell does with drained rows."""

    rows: dict[tuple[str, bytes], bytes] = field(default_factory=dict)

    def store(self, port: MlsGroupPort) -> None:
        """Drain the port into the rows."""
        for table, key, value in port.drain():
            if value is None:
                self.rows.pop((table, key), None)
            else:
                self.rows[table, key] = value

    def restored(self, own: Address, **options: object) -> MlsGroupPort:
        """The port after a restart."""
        return MlsGroupPort(own, sign_binding, self.dump(), **options)  # type: ignore[arg-type]

    def dump(self) -> list[tuple[str, bytes, bytes]]:
        """All rows, as the shell reads them back."""
        return [(table, key, value) for (table, key), value in self.rows.items()]


def new_port(seed: int, suite: int = 1) -> MlsGroupPort:
    """The port of a person outside any group."""
    return MlsGroupPort(person(seed), sign_binding, suite=suite)


def hosting(port: MlsGroupPort, leaf: Address) -> MlsGroupPort:
    """The port, with the binding of this leaf signed by its wallet."""
    text = port.binding_text(leaf)
    if text:
        port.bind(leaf, sign_binding(leaf, text))
    return port


def package_of(port: MlsGroupPort, leaf: Address) -> bytes:
    """A key package of `leaf`, which `port` holds from now on."""
    return hosting(port, leaf).key_package(leaf, NOW)


def add(port: MlsGroupPort, joiner: MlsGroupPort, leaf: Address, others: Iterable[MlsGroupPort] = ()) -> None:
    """`port` adds `leaf` of `joiner`; the `others` follow."""
    package = package_of(joiner, leaf)
    assert port.check_key_package(package, NOW) == leaf
    welcome = commit(port, [AddChange(leaf, package)], others)
    assert joiner.join(leaf, welcome, NOW) is not None


def commit(port: MlsGroupPort, changes: list[Change], others: Iterable[MlsGroupPort] = ()) -> bytes:
    """`port` commits the changes and everybody adopts them; returns the Welcome."""
    built = port.build(changes, NOW)
    for other in others:
        staged = other.stage(built.proposals, built.commit, NOW)
        assert staged.changes == tuple(changes)
        other.adopt(staged.token)
    port.adopt(built.token)
    return built.welcome


def group_of(size: int, suite: int = 1) -> list[MlsGroupPort]:
    """Ports of persons 1 to `size` in one group that the first created."""
    ports = [new_port(seed, suite) for seed in range(1, size + 1)]
    ports[0].create(GROUP, POLICY, NOW)
    for i in range(1, size):
        add(ports[0], ports[i], person(i + 1), ports[1:i])
    return ports
