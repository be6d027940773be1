"""An event loop of an HTTP engine's own, in a thread of its own, for callers that know no asyncio."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from typing import TypeVar

Given = TypeVar("Given")
Found = TypeVar("Found")


class LoopThread:
    """Runs coroutines on its loop and waits for them; starts with the first, ends with `close`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def run(self, make: Callable[[], Awaitable[Found]]) -> Found:
        """What the awaitable gives, or what it raises; an interrupted caller cancels it."""

        async def wait() -> Found:
            return await make()

        future: Future[Found] = asyncio.run_coroutine_threadsafe(wait(), self._started())
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def close(self) -> None:
        """Stop the loop and end the thread; the next `run` starts new ones."""
        with self._starting:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is not None and thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            thread.join(timeout=5)
            loop.close()

    def _started(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name=self.name, daemon=True)
                self._thread.start()
            return self._loop


async def map_bounded(
    ask: Callable[[Given], Awaitable[Found]], given: Sequence[Given], *, n_at_once: int
) -> list[Found]:
    """`ask` of each, at most `n_at_once` at a time, in the order given; an exception stops the rest."""
    found: dict[int, Found] = {}
    places = iter(range(len(given)))

    async def work() -> None:
        for place in places:  # one iterator for all workers: each place is taken once
            found[place] = await ask(given[place])

    workers = [asyncio.ensure_future(work()) for _ in range(min(n_at_once, len(given)))]
    try:
        await asyncio.gather(*workers)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
    return [found[place] for place in range(len(given))]
