"""The composition root: settings in, a running bridge out.

One TaskGroup holds every task. Whatever task fails, or ends by itself, ends the process with code 1, and the
log says which. SIGTERM and SIGINT end it in order; a shutdown that takes longer than `ops.shutdown_limit` is
cut short (nothing is lost by that: see "One transaction per event").
"""

from __future__ import annotations

import asyncio
import os
import random
import secrets
import signal
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final

import structlog

from bridge.chain.errors import ChainError
from bridge.conversation.groups import Groups
from bridge.conversation.manager import Manager
from bridge.conversation.services import Services
from bridge.identity.book import AddressBook
from bridge.identity.errors import IdentityError, KeyUnavailable
from bridge.identity.linking import Linking
from bridge.identity.master import Master
from bridge.identity.wallet import Wallet
from bridge.model.adapter import Adapter, DeliveryError, Inbox, RetryLater
from bridge.process import compose, inviting, logs, plugins, versions
from bridge.process.chain_way import ChainWay
from bridge.process.pruner import Pruner
from bridge.process.reporter import Reporter
from bridge.process.status import Invite, served
from bridge.process.watchdog import Watchdog
from bridge.rooms.commands import sentences
from bridge.rooms.commands.linker import Linker
from bridge.rooms.commands.router import Router
from bridge.rooms.inbound.named_inbox import NamedInbox
from bridge.rooms.mirror import Mirror
from bridge.rooms.view.files import Files
from bridge.rooms.view.group_view import Around
from bridge.rooms.view.news import News
from bridge.settings import GroupSettings, Settings
from bridge.storage.errors import StorageError, WrongKey
from bridge.storage.store import Store
from bridge.waku.errors import WakuError
from bridge.waku.transport import Transport

EXIT_FAILED: Final = 1
EXIT_SLOW_SHUTDOWN: Final = 75
"""EX_TEMPFAIL of sysexits.h: start it again."""
META_BYTES: Final = 8
REPORT_EVERY: Final = 5.0
"""Seconds between the reports that the metrics show."""
START_AGAIN: Final = (1.0, 60.0)
"""Seconds before an adapter that cannot connect tries again: first, and at most (doubled each time)."""

KEY_HELP: Final = "A key is 64 hexadecimal digits, as `openssl rand -hex 32` prints them."
WRONG_KEY_HELP: Final = (
    "Put the right key back from your backup; without it start anew, with another data_dir: groups and "
    "wallets of the old one are lost."
)

log: Final = structlog.get_logger("bridge.process.run")

_OPERATIONAL = (DeliveryError, StorageError, IdentityError, WakuError, OSError)
"""Trouble from outside: its text says enough. Everything else is a fault of ours and logged with its stack."""


class CannotStart(Exception):
    """The bridge cannot start; the text says why."""


class PartEnded(Exception):
    """A part that runs for ever has come to an end."""


class _Stop(Exception):
    """A signal came."""


@dataclass(frozen=True, slots=True)
class Parts:
    """A bridge, put together."""

    settings: Settings
    transport: Transport
    manager: Manager
    mirror: Mirror
    news: News
    adapters: Mapping[str, Adapter]
    watchdog: Watchdog
    reporter: Reporter
    chain: ChainWay | None
    pruner: Pruner
    invite: Invite


def full_name(group: GroupSettings, own: bytes) -> str:
    """The group's full name, the creator filled in where it is this bridge."""
    return str(compose.full_name(group, own))


async def own_address(settings: Settings) -> bytes:
    """This bridge's address, 20 bytes. Makes the keys when there are none. Raises CannotStart.

    Not for a bridge that runs (its database is in use): `demls-bridge status` shows its address.
    """
    return (await own_wallet(settings)).address


async def own_wallet(settings: Settings) -> Wallet:
    """The wallet of this bridge, likewise."""
    async with opened_store(settings) as store:
        return (await Master.load(store)).own_wallet()


async def run(settings: Settings, *, end_with_stdin: bool = False) -> int:
    """Run until a signal or a failure; returns the exit code. Raises CannotStart, WrongSettings.

    `end_with_stdin`: the end of standard input is a signal too, for a parent whose end must be this one's.
    """
    logs.configure(settings.logging.level, settings.logging.format, plugins.secrets_of(settings))
    adapters = plugins.make_adapters(settings)
    stop = asyncio.Event()
    _watch_signals(stop, settings.ops.shutdown_limit, end_with_stdin=end_with_stdin)
    try:
        async with _assembled(settings, adapters) as parts:
            return await _serve(parts, stop)
    except (StorageError, IdentityError) as error:
        raise CannotStart(f"the stored groups or keys cannot be read: {error}") from error


# -- putting together --------------------------------------------------------------------------------------


@asynccontextmanager
async def opened_store(settings: Settings) -> AsyncIterator[Store]:
    """The database, locked; closed at the end. Raises CannotStart, also while a bridge uses it."""
    try:
        store = await compose.open_store(settings)
    except KeyUnavailable as error:
        raise CannotStart(f"[storage] key_file (or key, key_command): {error}. {KEY_HELP}") from error
    except WrongKey as error:
        raise CannotStart(f"[storage] key_file (or key, key_command): {error}. {WRONG_KEY_HELP}") from error
    except (StorageError, IdentityError, OSError) as error:
        raise CannotStart(f"the database cannot be opened: {error}") from error
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def _assembled(settings: Settings, adapters: Mapping[str, Adapter]) -> AsyncIterator[Parts]:
    """All parts, the transport started; taken apart again in the reverse order."""
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(opened_store(settings))
        master = await Master.load(store)
        book = AddressBook(store, master)
        await book.load()
        own = book.own.address
        compose.check_creators(settings, own)
        groups = Groups()
        chain = await stack.enter_async_context(_chain(settings, store, book, groups))
        transport = compose.make_transport(settings, master.node_secret())
        speak = sentences.speaking(lambda: compose.page_url(adapters))
        linker = Linker(
            Linking(settings.name, lambda: compose.page_url(adapters)),
            book,
            lambda: (group.status() for group in groups.values()),
            speak,
            compose.own_sign_in(adapters),
        )
        router = Router(
            lambda user: book.hold(user.platform, user.user_id),
            settings.commands.prefix,
            key_package=chain.key_package if chain else None,
            linker=linker,
        )
        links, moderator_bans = compose.links(settings), compose.moderator_bans(settings)
        prefix = settings.commands.prefix
        mirror = Mirror(
            store, adapters, groups, links, router, speak, prefix=prefix, moderator_bans=moderator_bans
        )
        news = News(store, mirror, groups, links)
        services = Services(
            store=store,
            transport=transport,
            signer=book,
            fanout=news,
            open_mls=compose.mls_factory(book),
            clock=time.time,
            entropy=secrets.token_bytes,
            random=random.random,
            meta=secrets.token_bytes(META_BYTES),
            chain_wake=chain.wake if chain else None,
            chain_health=chain.health if chain else None,
        )
        manager = Manager(services)
        domain = chain.domain if chain else lambda _: None
        await manager.open(compose.engine_config(group, own, domain(group.short)) for group in settings.groups)
        for group in manager.groups.values():
            groups.put(group)
        try:
            await transport.start()
        except WakuError as error:
            raise CannotStart(str(error)) from error
        stack.push_async_callback(transport.stop)
        watchdog = Watchdog(settings.ops.stall_limit)
        reporter = Reporter(
            settings.name,
            own,
            store,
            transport,
            manager,
            mirror,
            adapters,
            watchdog,
            chain.place if chain else None,
        )
        around = Around(store, book, links, groups, Files(adapters), news, reporter.report, linker)
        compose.give_windows(adapters, around, prefix)
        compose.give_stores(adapters, store)
        pruner = Pruner(store, settings.storage.keep_days)
        yield Parts(
            settings,
            transport,
            manager,
            mirror,
            news,
            adapters,
            watchdog,
            reporter,
            chain,
            pruner,
            inviting.inviter(settings, store),
        )


@asynccontextmanager
async def _chain(
    settings: Settings, store: Store, book: AddressBook, groups: Groups
) -> AsyncIterator[ChainWay | None]:
    """The way to the chain, if there is one. Raises CannotStart for a development chain that does not start."""
    if not settings.chain.configured:
        yield None
        return
    # Late: web3, most of a second and 40 MB, in its own extra.
    from bridge.process import group_chain

    names = {group.short: compose.full_name(group, book.own.address) for group in settings.groups}
    async with AsyncExitStack() as stack:
        try:
            opening = group_chain.opened(settings.chain, store, book.own, names, groups)
            found = await stack.enter_async_context(opening)
        except (ChainError, OSError) as error:
            raise CannotStart(
                f"[chain] development_port: the development chain does not start: {error}"
            ) from error
        yield found


# -- running -----------------------------------------------------------------------------------------------


async def _serve(parts: Parts, stop: asyncio.Event) -> int:
    """Run everything until `stop` is set (returns 0) or a part fails (returns EXIT_FAILED)."""
    failed = False
    try:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(parts.watchdog.watching())
            await stack.enter_async_context(_status(parts))
            await stack.enter_async_context(_tasks(parts))
            log.info("running", name=parts.settings.name, version=versions.bridge(), pid=os.getpid())
            await stop.wait()
            raise _Stop
    except* _Stop:
        pass
    except* Exception as errors:
        failed = True
        for error in _leaves(errors):
            trace = None if isinstance(error, (*_OPERATIONAL, CannotStart, PartEnded)) else error
            log.error("a part failed; the bridge ends", error=str(error), exc_info=trace)
    log.info("stopped", failed=failed)
    return EXIT_FAILED if failed else 0


@asynccontextmanager
async def _tasks(parts: Parts) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_for_ever("groups", parts.manager.run()))
        tasks.create_task(_for_ever("mirror", parts.mirror.run()))
        tasks.create_task(_for_ever("window", parts.news.run()))
        if parts.chain is not None:
            tasks.create_task(_for_ever("chain", parts.chain.run()))
        for name, adapter in parts.adapters.items():
            inbox = NamedInbox(parts.mirror, name)
            tasks.create_task(_for_ever(name, _run_adapter(name, adapter, inbox)))
        tasks.create_task(_for_ever("pruner", parts.pruner.run()))
        if parts.settings.ops.metrics_port:
            tasks.create_task(_for_ever("metrics", _run_metrics(parts)))
        yield


async def _for_ever(name: str, part: Awaitable[None]) -> None:
    """A part that ends without a word is as bad as one that fails: the bridge would be deaf on one ear."""
    await part
    raise PartEnded(f"{name} ended by itself")


async def _run_adapter(name: str, adapter: Adapter, inbox: Inbox) -> None:
    """Connect (again and again while the platform is away), then receive. Raises DeliveryError."""
    wait, longest = START_AGAIN
    try:
        while True:
            try:
                await adapter.start(inbox)
                break
            except RetryLater as error:
                log.warning("cannot connect", adapter=name, error=str(error), retry_in=wait)
                await asyncio.sleep(max(wait, error.after))
                wait = min(2 * wait, longest)
        await adapter.run()
    finally:
        await adapter.stop()


async def _run_metrics(parts: Parts) -> None:
    # Late: an HTTP server, for who asked for one.
    from bridge.process import metrics

    server = await asyncio.to_thread(
        metrics.serve, parts.settings.ops.metrics_port, lambda: parts.reporter.last
    )
    try:
        while True:
            await parts.reporter.report()
            await asyncio.sleep(REPORT_EVERY)
    finally:
        server.shutdown()
        server.server_close()


@asynccontextmanager
async def _status(parts: Parts) -> AsyncIterator[None]:
    try:
        async with served(parts.settings.status_socket, parts.reporter.report, parts.invite):
            yield
    except RuntimeError as error:
        raise CannotStart(str(error)) from error


def _watch_signals(stop: asyncio.Event, limit: float, *, end_with_stdin: bool) -> None:
    """SIGTERM and SIGINT set `stop`; `limit` seconds later the process ends whatever it is doing."""
    loop = asyncio.get_running_loop()
    stdin = sys.stdin.fileno() if end_with_stdin else -1

    def on_signal(name: str) -> None:
        if not stop.is_set():
            log.info("stopping", signal=name)
            # A thread, not a timer of the loop: the loop may be what hangs.
            timer = threading.Timer(limit, os._exit, (EXIT_SLOW_SHUTDOWN,))
            timer.daemon = True
            timer.start()
            stop.set()

    def on_input() -> None:
        if not os.read(stdin, 1024):
            loop.remove_reader(stdin)
            on_signal("end of standard input")

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal, number.name)
    if end_with_stdin:
        loop.add_reader(stdin, on_input)


def _leaves(errors: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in errors.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error
