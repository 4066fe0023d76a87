"""Group commit: one thread takes all works that wait, runs them in one transaction and commits once.

An fsync costs far more than a work, so many groups that write at the same time share it. Each work runs in
a savepoint of its own: one that raises takes back only its own changes.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any, Final, TypeVar

from sqlalchemy import Engine, exc

from bridge.storage.cipher import Cipher
from bridge.storage.errors import CommitFailed, StoreClosed
from bridge.storage.translate import translated
from bridge.storage.tx import Tx

T = TypeVar("T")
LAZY: Final = 0.1
"""Seconds that a lazy work waits at most for another one: what it takes back is repeated harmlessly."""


@dataclass(slots=True, eq=False)
class _Job:
    """A work, who waits for it, and what came of it before the commit."""

    work: Callable[[Tx], Any]
    lazy: bool = False
    future: Future[Any] = field(default_factory=Future)
    result: Any = None
    error: BaseException | None = None

    def run(self, tx: Tx) -> None:
        """Run in a savepoint. A failure of the work is kept; one of the savepoint itself is raised."""
        savepoint = tx.conn.begin_nested()
        try:
            self.result = self.work(tx)
            if inspect.iscoroutine(self.result):
                self.result.close()
                raise TypeError("a work is a plain function, not a coroutine")
        except BaseException as error:  # whatever it is belongs to the caller, not to this thread
            self.error = translated(error)
            # Fails when the database has given up the whole transaction (disk full): then no work counts.
            savepoint.rollback()
        else:
            savepoint.commit()

    def resolve(self) -> None:
        """Tell who waits; after the commit.

        Never before: whoever is told publishes or shows what the transaction holds, and a commit that fails
        then would have been seen.
        """
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class Writer:
    """The writing thread. `submit` from any thread; works run and commit in the order of submission."""

    def __init__(self, engine: Engine, cipher: Cipher) -> None:
        self._engine = engine
        self._cipher = cipher
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._closing = Lock()
        self._closed = False
        self.commits = 0
        """Transactions committed, for metrics and tests."""
        # A daemon: an interpreter that ends without `close` must not hang on it. Nothing acknowledged is lost.
        self._thread = Thread(target=self._loop, name="storage-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Tx], T], *, lazy: bool = False) -> Future[T]:
        """Queue a work. Its future resolves after the commit. `lazy`: see `Store.write`. Raises StoreClosed.

        Cancelling the future before the work was begun drops the work; later it has no effect on it.
        """
        job = _Job(work, lazy)
        with self._closing:
            if self._closed:
                raise StoreClosed("the store is closed")
            self._jobs.put(job)
        return job.future

    def close(self) -> None:
        """Finish what is queued, then stop the thread. May be called twice."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
        self._thread.join()

    def _loop(self) -> None:
        running = True
        while running:
            taken = [self._jobs.get()]
            self._take_all(taken)
            if all(job is not None and job.lazy for job in taken):
                # A transaction of their own costs an fsync; the next work's takes them along, in order.
                with suppress(Empty):
                    taken.append(self._jobs.get(timeout=LAZY))
                self._take_all(taken)
            running = None not in taken  # None is the last entry: nothing is queued after it
            jobs = [job for job in taken if job is not None and job.future.set_running_or_notify_cancel()]
            if jobs:
                self._transact(jobs)

    def _take_all(self, taken: list[_Job | None]) -> None:
        """What waits already."""
        with suppress(Empty):
            while True:
                taken.append(self._jobs.get_nowait())

    def _transact(self, jobs: list[_Job]) -> None:
        try:
            with self._engine.begin() as conn:
                tx = Tx(conn, self._cipher)
                for job in jobs:
                    job.run(tx)
        except BaseException as error:
            reason = translated(error)
            for job in jobs:
                failure = CommitFailed(f"the transaction was rolled back: {reason}")
                failure.__cause__ = reason
                job.future.set_exception(failure)
            return
        self.commits += 1
        for job in jobs:
            job.resolve()


async def waited(future: Future[T]) -> T:
    """Await a future of `Writer.submit` on the running loop."""
    return await asyncio.wrap_future(future)


def run_read(engine: Engine, cipher: Cipher, work: Callable[[Tx], T]) -> T:
    """Run `work` in one read transaction: it sees one committed state. Raises its errors or StorageError."""
    try:
        with engine.connect() as conn, conn.begin():
            return work(Tx(conn, cipher))
    except (exc.SQLAlchemyError, StopIteration) as error:
        raise translated(error) from error
