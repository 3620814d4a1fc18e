"""A thread that does one piece of work after the other, as a database connection wants it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Protocol, TypeVar

T = TypeVar("T")


class Runs(Protocol):
    """Where blocking work is done."""

    async def run(self, work: Callable[[], T]) -> T:
        """Do `work`; return or raise what it does."""


class InPlace:
    """Does it here and now, for a program that has nothing else to do."""

    async def run(self, work: Callable[[], T]) -> T:
        """Do `work` in the calling thread."""
        return work()


class Lane:
    """Runs blocking work for an event loop, in one thread of its own.

    Unlike the threads of `concurrent.futures` it never keeps a process from ending: SQLite may wait
    seconds for another program, and a disk over a network for ever.
    """

    def __init__(self, name: str) -> None:
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    async def run(self, work: Callable[[], T]) -> T:
        """Do `work` in the lane's thread, after all that was asked before; return or raise what it does."""
        return await self.begin(work)

    def begin(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Have `work` done in the lane's thread, after all that was asked before; return what comes of it."""
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[T] = loop.create_future()

        def settle(action: Callable[[], None]) -> None:
            if not outcome.done():  # whoever waited may have been cancelled
                action()

        def job() -> None:
            try:
                result = work()
            except BaseException as error:
                tell = _raise_in(outcome, error)
            else:
                tell = _give_to(outcome, result)
            with suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(settle, tell)

        self._work.put(job)
        return outcome

    def close(self) -> None:
        """Let the thread end once its work is done."""
        self._work.put(None)

    def _run(self) -> None:
        while (job := self._work.get()) is not None:
            job()


def _give_to(outcome: asyncio.Future[T], result: T) -> Callable[[], None]:
    return lambda: outcome.set_result(result)


def _raise_in(outcome: asyncio.Future[T], error: BaseException) -> Callable[[], None]:
    return lambda: outcome.set_exception(error)
