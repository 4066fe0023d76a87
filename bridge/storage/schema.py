"""The tables. Times are Unix seconds. What is encrypted at rest says so; see `bridge.storage.cipher`.

A change here needs a migration in `bridge/storage/migrations/versions`; a test compares the two.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Column, Double, Index, MetaData, SmallInteger, Table, UniqueConstraint

from bridge.storage.columns import TEXT_CHARS, BoundedBytes, BoundedText, RowId, Whole

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

_ADDRESS_BYTES = 20
_DIGEST_BYTES = 64


def _table(name: str, *parts: Column[Any] | Index | UniqueConstraint) -> Table:
    """AUTOINCREMENT: an id is never given twice, so a late `done(id)` cannot hit another row."""
    counted = any(isinstance(part, Column) and part.name == "id" for part in parts)
    return Table(name, metadata, *parts, sqlite_autoincrement=counted)


def _id() -> Column[int]:
    return Column("id", RowId, primary_key=True, autoincrement=True)


def _key(name: str) -> Column[str]:
    """A text that is part of the primary key."""
    return Column(name, BoundedText(), primary_key=True)


def _text(name: str, limit: int | None = None) -> Column[str]:
    return Column(name, BoundedText(limit) if limit else BoundedText(), nullable=False)


def _blob(name: str, limit: int | None = None, *, primary_key: bool = False) -> Column[bytes]:
    kind = BoundedBytes(limit) if limit else BoundedBytes()
    return Column(name, kind, nullable=False, primary_key=primary_key)


def _whole(name: str, *, primary_key: bool = False) -> Column[int]:
    return Column(name, Whole(), nullable=False, primary_key=primary_key, autoincrement=False)


def _moment(name: str) -> Column[float]:
    """Unix seconds with a fraction."""
    return Column(name, Double(), nullable=False)


meta = _table("meta", _key("name"), _blob("value"))  # the key check value

groups = _table("groups", _key("group_name"), _blob("state"))  # state: encrypted

mls_rows = _table(  # value: encrypted
    "mls_rows", _key("group_name"), _key("kind"), _blob("row_key", 1024, primary_key=True), _blob("value")
)

seen = _table(
    "seen",
    _key("group_name"),
    _blob("digest", _DIGEST_BYTES, primary_key=True),
    _whole("seen_at"),
    Index(None, "seen_at"),
)

outbox = _table(
    "outbox",
    _id(),
    _text("group_name"),
    _text("content_topic"),
    _blob("payload"),
    _whole("created_at"),
    Index(None, "group_name", "id"),
)

archive = _table(
    "archive",
    _id(),
    _text("group_name"),
    _text("content_topic"),
    _blob("payload"),
    _blob("digest", _DIGEST_BYTES),
    _whole("created_at"),
    UniqueConstraint("group_name", "digest"),
    Index(None, "group_name", "created_at", "id"),
    Index(None, "created_at"),
)

timers = _table("timers", _key("group_name"), _key("name"), _moment("at"), _whole("token"))

inbound = _table(
    "inbound",
    _id(),
    _text("account"),
    _text("event_key"),
    _blob("payload"),
    _whole("attempts"),
    Column("finished", Boolean(), nullable=False),
    _text("note", TEXT_CHARS),
    _whole("created_at"),
    UniqueConstraint("account", "event_key"),
    Index(None, "finished", "id"),
    Index(None, "created_at"),
)

cursors = _table("cursors", _key("account"), _text("cursor", TEXT_CHARS))

deliveries = _table(
    "deliveries",
    _id(),
    _text("platform"),
    _text("room_id"),
    _text("kind"),
    _blob("payload"),
    _text("unique_key"),
    _blob("message_id", _DIGEST_BYTES),
    Column("state", SmallInteger(), nullable=False),  # see bridge.storage.deliveries.State
    _whole("attempts"),
    _moment("due_at"),
    _text("event_id"),
    _text("error", TEXT_CHARS),
    _whole("created_at"),
    UniqueConstraint("platform", "room_id", "unique_key"),
    Index(None, "state", "platform", "room_id", "id"),
    Index(None, "created_at"),
)

messages = _table(
    "messages",
    _id(),
    _blob("message_id", _DIGEST_BYTES),
    _text("platform"),
    _text("room_id"),
    _text("event_id"),
    Column("own", Boolean(), nullable=False),
    _whole("created_at"),
    Column("file", Boolean(), nullable=False),
    UniqueConstraint("platform", "room_id", "event_id"),
    Index(None, "message_id"),
    Index(None, "created_at"),
)

reactions = _table(  # those that stand; platform and room are empty for what another bridge's people did
    "reactions",
    _key("group_name"),
    _blob("reaction_id", _DIGEST_BYTES, primary_key=True),
    _blob("target", _DIGEST_BYTES),
    _text("reaction"),
    _text("platform"),
    _text("room_id"),
    _whole("created_at"),
    Index(None, "target"),
    Index(None, "created_at"),
)

own_reactions = _table(  # the bridge's own event for all those who reacted alike
    "own_reactions",
    _key("platform"),
    _key("room_id"),
    _blob("target", _DIGEST_BYTES, primary_key=True),
    _key("reaction"),
    _text("event_id"),
    _whole("created_at"),
    Index(None, "created_at"),
)

adapter_rows = _table(  # value: encrypted; see bridge.storage.adapter_rows
    "adapter_rows",
    _key("adapter"),
    _key("kind"),
    _key("row_key"),
    _blob("value"),
    _text("under"),
    _whole("position"),
    _moment("expires_at"),  # 0: never
    Index(None, "adapter", "kind", "under", "position"),
    Index(None, "expires_at"),
)

accounts = _table(
    "accounts",
    _key("platform"),
    _key("user_id"),
    _blob("address", _ADDRESS_BYTES),
    _text("display_name"),
    _whole("updated_at"),
    Index(None, "address"),
)

members = _table(
    "members", _key("group_name"), _blob("address", _ADDRESS_BYTES, primary_key=True), _text("display_name")
)

claims = _table(
    "claims",
    _key("group_name"),
    _key("platform"),
    _key("user_id"),
    _blob("address", _ADDRESS_BYTES),
    _text("display_name"),
    Index(None, "group_name", "address"),
)

bans = _table(
    "bans",
    _key("group_name"),
    _blob("address", _ADDRESS_BYTES, primary_key=True),
    _text("reason", TEXT_CHARS),
    _whole("created_at"),
)

enforcements = _table(  # see bridge.storage.enforcements
    "enforcements",
    _key("platform"),
    _key("room_id"),
    _key("user_id"),
    _text("group_name"),
    _blob("address", _ADDRESS_BYTES),
    _text("display_name"),
    Column("banned", Boolean(), nullable=False),
    _moment("ban_tried_at"),
    _moment("unban_tried_at"),
    Index(None, "group_name", "address"),
    Index(None, "platform", "user_id"),
)

ballots = _table(
    "ballots",
    _key("group_name"),
    _whole("ballot_id", primary_key=True),
    _blob("opened"),
    _whole("opened_at"),
    Column("result", BoundedBytes()),  # NULL while open
    Column("closed_at", Whole()),
)

secrets = _table("secrets", _key("name"), _blob("value"))  # value: encrypted

counters = _table("counters", _key("group_name"), _key("code"), _whole("total"))

chain_cursors = _table(  # the last confirmed block of which a group knows
    "chain_cursors", _key("group_name"), _whole("block"), _blob("block_hash", _DIGEST_BYTES)
)

chain_intents = _table(  # see bridge.storage.intents
    "chain_intents",
    _id(),
    _text("group_name"),
    _text("unique_key"),
    _blob("payload"),
    Column("state", SmallInteger(), nullable=False),
    _whole("transaction_id"),  # 0: in none
    _text("note", TEXT_CHARS),
    _whole("created_at"),
    UniqueConstraint("group_name", "unique_key"),
    Index(None, "state", "id"),
)

chain_transactions = _table(  # see bridge.storage.transactions
    "chain_transactions",
    _id(),
    _whole("chain_id"),
    _blob("sender", _ADDRESS_BYTES),
    _whole("nonce"),
    _blob("call"),
    _blob("attempts"),
    Column("state", SmallInteger(), nullable=False),
    _text("cost"),  # wei at most, decimal: beyond 64 bits
    _moment("sent_at"),
    _whole("created_at"),
    Index(None, "state", "id"),
)
