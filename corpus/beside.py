"""The store and the processor at work at the same time: a thread with a connection of its own.

What the thread writes or reads is committed by itself; a job's pieces are stored one by one anyhow.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from itertools import cycle
from types import TracebackType
from typing import TypeVar

from django.db import connection

P, T = TypeVar("P"), TypeVar("T")
N_LANES = max(2, min(4, os.cpu_count() or 1))


class Behind:
    """Does what it is handed while the caller prepares the next piece; leave it, and all is done.

    Handing over waits for the piece before and raises what that raised: one is in work, none in a queue.
    """

    def __enter__(self) -> "Behind":
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._last: Future | None = None
        return self

    def hand(self, work: Callable[..., T], *given: object, **named: object) -> "Future[T]":
        """Begin `work(*given, **named)` once what was handed before is done; what it will return."""
        self.wait()
        self._last = self._thread.submit(work, *given, **named)
        return self._last

    def wait(self) -> None:
        """Until what was handed is done."""
        last, self._last = self._last, None
        if last:
            last.result()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.wait()
        finally:
            _end(self._thread)


def ahead(pieces: Iterator[T]) -> Iterator[T]:
    """The same pieces; the next is being made while the caller works with this one."""
    thread = ThreadPoolExecutor(max_workers=1)
    try:
        coming = thread.submit(_next, pieces)
        while found := coming.result():
            coming = thread.submit(_next, pieces)
            yield found[0]
    finally:
        _end(thread)


def spread(work: Callable[[P], T], pieces: Iterable[P], *, n_lanes: int = N_LANES) -> Iterator[tuple[P, T]]:
    """Each piece with what `work` makes of it, in order, some being made at the same time."""
    with ExitStack() as stack:
        lanes = [stack.enter_context(Behind()) for _ in range(n_lanes)]
        coming: deque[tuple[P, Future[T]]] = deque()
        for piece, lane in zip(pieces, cycle(lanes), strict=False):
            if len(coming) == n_lanes:
                yield coming[0][0], coming.popleft()[1].result()
            coming.append((piece, lane.hand(work, piece)))
        while coming:
            yield coming[0][0], coming.popleft()[1].result()


def _next(pieces: Iterator[T]) -> tuple[T] | None:
    for piece in pieces:
        return (piece,)
    return None


def _end(thread: ThreadPoolExecutor) -> None:
    thread.submit(_close).result()
    thread.shutdown()


def _close() -> None:
    connection.close()  # the calling thread's own
