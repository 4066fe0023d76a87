"""Typed, frozen settings: one TOML file, above it `.env` and the environment.

Strongest first: environment, `.env` in the working folder, the TOML file, the defaults; where the environment
names the groups, no file is needed. A key
`waku.node_port` is `DEMLS_WAKU__NODE_PORT` in the environment; the seed's names NAME, NODE_PORT and
PEER_ADDRESSES work too, below the prefixed ones. A secret is never needed in the file: `<key>_file` names
a file that holds it, or it comes by the environment.
"""

from bridge.settings.edit import put
from bridge.settings.environment import PREFIX, SEED_NAMES
from bridge.settings.load import load
from bridge.settings.problems import Problem, WrongSettings, toml_value
from bridge.settings.root import Settings
from bridge.settings.tables import (
    ChainSettings,
    CommandSettings,
    GroupSettings,
    LoggingSettings,
    OpsSettings,
    RoomSettings,
    RuleSettings,
    StorageSettings,
    TimingSettings,
    WakuSettings,
)

__all__ = [
    "PREFIX",
    "SEED_NAMES",
    "ChainSettings",
    "CommandSettings",
    "GroupSettings",
    "LoggingSettings",
    "OpsSettings",
    "Problem",
    "RoomSettings",
    "RuleSettings",
    "Settings",
    "StorageSettings",
    "TimingSettings",
    "WakuSettings",
    "WrongSettings",
    "load",
    "put",
    "toml_value",
]
