"""Invitations: by the bridge that runs, or, while none does, by whoever holds the lock of its database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bridge.model.adapter import SettingsError
from bridge.model.view import Invites
from bridge.process import plugins
from bridge.process.status import NotDone
from bridge.settings import Problem, Settings, WrongSettings
from bridge.storage.adapter_rows import StoredAdapterStore
from bridge.storage.store import Store


class NobodyInvites(Exception):
    """No configured platform has accounts of its own."""


def hosting(settings: Settings) -> tuple[str, Invites]:
    """The adapter with accounts of its own, and its plugin. Raises NobodyInvites."""
    for name in settings.adapters:
        plugin = plugins.load(settings.platform(name))
        if isinstance(plugin, Invites):
            return name, plugin
    raise NobodyInvites("no configured platform has accounts of its own")


async def invite(settings: Settings, store: Store, name: str, *, operator: bool) -> str:
    """Make an invitation; returns the link. Raises NobodyInvites, WrongSettings."""
    adapter, plugin = hosting(settings)
    table = plugins.read(adapter, settings.adapters[adapter]).table
    rows = StoredAdapterStore(store, adapter)
    try:
        return await plugin.invite(table, rows, settings.data_dir / adapter, name, operator=operator)
    except SettingsError as error:
        problem = Problem(f"adapters.{adapter}.{error.key}", error.problem, error.example)
        raise WrongSettings([problem]) from error


def inviter(settings: Settings, store: Store) -> Callable[[str, bool], Awaitable[str]]:
    """What the control socket calls."""

    async def call(name: str, operator: bool) -> str:
        try:
            return await invite(settings, store, name, operator=operator)
        except (NobodyInvites, WrongSettings) as error:
            raise NotDone(str(error)) from error

    return call
