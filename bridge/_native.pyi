"""The native part, written in Rust (`bridge/native/`). Used through `bridge.mls` and `bridge.waku` only.

MLS: one `MlsLeaf` is one member's side of one group. The leaves of one group share an `MlsStore`, whose
changes are drained and stored by the caller. Addresses have 20 bytes, times are Unix seconds. Every method
may raise `MlsFailure`.
"""

from collections.abc import Callable, Iterable
from typing import Literal, TypedDict, final

class MlsFailure(Exception):
    """A refused operation. `args` is (code, text, epoch, ours); the epochs matter for `wrong_epoch` only."""

    args: tuple[str, str, int, int]

MLS_POLICY_EXTENSION: int
"""Type of the group policy's group-context extension (private use)."""

_Change = tuple[str, bytes, bytes]
"""("add", address, key package), ("remove", address, b"") or ("policy", policy, b"")."""

def mls_peek(message: bytes) -> tuple[bytes, int, Literal["application", "proposal", "commit"]]:
    """Group id, epoch and kind of a PrivateMessage, from its clear header."""

def mls_binding_text(address: bytes, public_key: bytes, /) -> str:
    """The text that a wallet signs (EIP-191) to bind its address to an MLS signature public key."""

@final
class MlsStore:
    """The rows of one group, in memory, with the changes since the last drain."""

    def __new__(cls, rows: list[tuple[str, bytes, bytes]]) -> MlsStore:
        """Restore from (table, key, value) rows; an empty list for a new group."""
    def drain(self) -> list[tuple[str, bytes, bytes | None]]:
        """The changes since the last call as (table, key, value), None deletes."""
    def get(self, table: str, key: bytes, /) -> bytes | None:
        """A row's value."""
    def put(self, table: str, key: bytes, value: bytes, /) -> None:
        """Write a row."""
    def delete(self, table: str, key: bytes, /) -> None:
        """Delete a row; nothing happens when there is none."""
    def keys(self, table: str, /) -> list[bytes]:
        """The keys of a table, ascending."""

@final
class MlsLeafKeys:
    """The MLS signature key pair of one address and the wallet binding over it."""

    @staticmethod
    def generate(suite: int, owner: bytes, sign: Callable[[str], bytes], /) -> MlsLeafKeys:
        """New keys; `sign` gets the binding text and returns the wallet's signature, r ‖ s ‖ v (65 bytes).

        What `sign` raises comes through; a signature that does not verify is `bad_signature`.
        """
    @staticmethod
    def draft(suite: int, owner: bytes, /) -> MlsLeafKeys:
        """New keys that no wallet stands behind yet: they make no key package."""
    def is_bound(self) -> bool:
        """Whether the wallet has signed the binding."""
    def binding_text(self) -> str:
        """What the wallet has to sign (EIP-191)."""
    def bound(self, binding: bytes, /) -> MlsLeafKeys:
        """The same keys with the wallet's signature (65 bytes); one that does not verify is `bad_signature`."""
    @staticmethod
    def load(store: MlsStore, suite: int, owner: bytes, /) -> MlsLeafKeys | None:
        """The stored keys of an address, if there are any."""
    def save(self, store: MlsStore, /) -> None:
        """Store the keys."""

@final
class MlsLeaf:
    """One member's side of one group. The group is loaded from the store on first use."""

    def __new__(cls, store: MlsStore, keys: MlsLeafKeys, past_epochs: int) -> MlsLeaf:
        """`past_epochs`: of how many past epochs chat can still be opened."""
    def is_member(self) -> bool:
        """Whether the leaf is in a group."""
    def position(self) -> tuple[bytes, int]:
        """Group id and epoch, without loading the group."""
    def fingerprint(self) -> bytes:
        """SHA-256 of the group context: equal for leaves in the same epoch of the same branch (32 bytes)."""
    def view(self) -> tuple[bytes, int, list[bytes], bytes]:
        """Group id, epoch, members by ascending leaf index, policy."""
    def create(self, group_id: bytes, policy: bytes, now: int, /) -> None:
        """Create a group with this leaf as the only member."""
    def key_package(self, now: int, /) -> bytes:
        """A new key package in bare TLS form; at most 8 unused ones are kept."""
    def check_key_package(self, package: bytes, now: int, /) -> bytes:
        """Validate somebody's key package; returns its address."""
    def join(
        self, welcome: bytes, group_id: bytes | None, known: list[tuple[int, bytes]], only_known: bool, /
    ) -> bool:
        """Join by Welcome; False when it is for somebody else.

        `group_id`: the group's, if it is known. `known`: fingerprints of epochs; a Welcome to one of them
        must have it, and with `only_known` others are refused.
        """
    def seal(self, plaintext: bytes, /) -> bytes:
        """Encrypt an application message, padded to a size class."""
    def open(self, message: bytes, /) -> tuple[bytes, int, bytes]:
        """Decrypt an application message: sender, epoch, plaintext."""
    def export(self, label: bytes, context: bytes, length: int, /) -> bytes:
        """MLS exporter of the present epoch."""
    def propose_update(self) -> bytes:
        """This leaf's update proposal; the same one when asked again in the same epoch."""
    def receive_proposal(self, message: bytes, /) -> bytes:
        """Keep a member's update proposal for `build`; returns its sender."""
    def build(self, changes: Iterable[_Change], now: int, /) -> MlsBuilt:
        """Make proposals for the changes and a commit over them and the kept updates."""
    def stage(self, proposals: Iterable[bytes], commit: bytes, /) -> MlsStaged:
        """Process a batch on a copy of the group."""
    def adopt_built(self, built: MlsBuilt, /) -> None:
        """Make an own commit the group's state."""
    def adopt_staged(self, staged: MlsStaged, /) -> bool:
        """Make a staged commit the group's state; False when it removed this leaf."""
    def forget(self) -> None:
        """Forget group and key packages; the signature keys stay."""
    def forget_group(self) -> None:
        """Forget the group; key packages (for a rejoin) and signature keys stay."""

@final
class MlsBuilt:
    """An own commit that is not adopted yet. Adopting consumes it."""

    @staticmethod
    def restore(content: bytes, /) -> MlsBuilt:
        """The commit that `export` gave."""
    def export(self) -> bytes:
        """The commit with the secrets of the next epoch: to be stored encrypted, like a group state."""
    def proposals(self) -> list[bytes]:
        """The proposal messages: own ones in the order of the changes, then the updates."""
    def commit(self) -> bytes:
        """The commit message."""
    def welcome(self) -> bytes:
        """The Welcome, empty when nobody is added."""

@final
class MlsStaged:
    """A foreign commit, processed on a copy. Adopting consumes it."""

    def committer(self) -> bytes:
        """Address of the committer."""
    def changes(self) -> list[_Change]:
        """The changes in the order of their proposals, updates left out."""
    def updates(self) -> list[bytes]:
        """Addresses updated by their own proposals."""
    def removes_self(self) -> bool:
        """Whether the commit removes this leaf."""

# --- Waku (bridge/native/waku, used by bridge/waku only) ---

class WakuFailure(Exception):
    """A refused operation of the node. `args` is (code, text).

    Codes at start: `config`, `identity`, `listen`, `system`; at publish: `no_peers`, `too_large`,
    `bad_content_topic`, `busy`, `down`.
    """

    args: tuple[str, str]

def waku_check_address(address: str) -> str:
    """Check a peer address (a multiaddr with TCP and `/p2p/`); returns its peer id. Raises WakuFailure."""

class _WakuPeers(TypedDict):
    running: bool
    listening: list[str]
    peers: list[tuple[str, str, str, float, bool]]
    mesh: list[str]
    subscribed: list[str]
    last_problem: str

@final
class WakuNode:
    """A running Waku relay node with a thread of its own. Methods may be called from any thread."""

    def __new__(
        cls,
        *,
        pubsub_topic: str,
        listen_address: str,
        port: int,
        peers: list[str],
        identity: bytes | None,
        max_in_flight: int,
        publish_rate: int,
        max_waiting: int,
        redial_first: float,
        redial_longest: float,
    ) -> WakuNode:
        """Start a node; returns when it listens. `port` 0: any. Times in seconds, the rate per second.

        `identity`: a secp256k1 secret key, 32 bytes; None: a key of the moment.
        """
    def stop(self) -> None:
        """Publish what was handed over, hang up, end the thread. Blocks, about a second at most."""
    def fileno(self) -> int:
        """A descriptor that is readable when messages or outcomes wait, open as long as the object lives."""
    def acknowledge(self) -> None:
        """Make the descriptor unreadable; take messages and outcomes after this."""
    def peer_id(self) -> str:
        """The node's peer id."""
    def running(self) -> bool:
        """Whether the node's thread runs."""
    def subscribe(self, content_topics: list[str], /) -> None:
        """Also queue messages with these content topics."""
    def publish(
        self,
        content_topic: str,
        payload: bytes,
        timestamp: int,
        meta: bytes,
        version: int,
        ephemeral: bool,
        /,
    ) -> int:
        """Hand over a message (timestamp in ns); the outcome comes under the returned token."""
    def take_outcomes(self) -> list[tuple[int, tuple[str, str] | None]]:
        """(token, None or (code, text)) of publishes since the last call."""
    def take_messages(self, count: int, /) -> list[tuple[str, bytes, int, bytes, int, bool]]:
        """Up to `count`: (content topic, payload, timestamp, meta, version, ephemeral), oldest first."""
    def status(self) -> _WakuPeers:
        """Snapshot. A peer is (id, address, agent, connected since in Unix seconds, dialled us)."""
    def counters(self) -> dict[str, int]:
        """Counters since the start, and `waiting`, the length of the inbound queue."""
