"""An event loop of an HTTP engine's own, in a thread of its own, for callers that know no asyncio."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError, Future
from typing import TypeVar

from judges.engines.base import EngineClosed

Found = TypeVar("Found")


class LoopThread:
    """Runs coroutines on its loop for any number of threads; starts with the first, ends with `close`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._is_closed = False
        self._changing = threading.Lock()

    def run(self, make: Callable[[], Awaitable[Found]]) -> Found:
        """What the awaitable gives, or what it raises; an interrupted caller cancels it.

        Raises EngineClosed once `close` was called, also for what was under way then.
        """

        async def wait() -> Found:
            return await make()

        with self._changing:
            loop = self._started()
            future: Future[Found] = asyncio.run_coroutine_threadsafe(wait(), loop)
        try:
            return future.result()
        except CancelledError as cancelled:
            if self._is_closed:
                raise EngineClosed("The engine was closed.") from cancelled
            raise
        except BaseException:
            future.cancel()
            raise

    def close(self, finish: Callable[[], Awaitable[None]]) -> None:
        """Cancel what is under way, do `finish`, stop the loop and end the thread."""

        async def end() -> None:
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            await finish()

        with self._changing:
            self._is_closed = True
            loop, thread, self._loop, self._thread = self._loop, self._thread, None, None
        if loop is not None and thread is not None:
            asyncio.run_coroutine_threadsafe(end(), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            thread.join(timeout=5)
            loop.close()

    def _started(self) -> asyncio.AbstractEventLoop:
        if self._is_closed:
            raise EngineClosed("The engine was closed.")
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_forever, name=self.name, daemon=True)
            self._thread.start()
        return self._loop
