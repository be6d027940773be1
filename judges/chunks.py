"""Putting a shard's items to an engine so that it is never idle, and taking the answers as they come."""

import logging
import math
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from queue import Empty, SimpleQueue
from threading import Lock
from typing import NamedTuple, TypeVar

from django.db import Error

from judges import engines
from judges.engines.base import EngineClosed, EngineUnavailable, EngineUnsuited
from judges.scoring.base import Answer, JudgedItem, ScoringProblem

logger = logging.getLogger(__name__)
GOAL_SECONDS = 1.0  # answers are handed over, and a batch on this machine takes, about this long
LOOK_SECONDS = 0.2  # a pause is noticed this often
GRACE_SECONDS = 0.5  # what is under way when a run is paused gets so long to end
MOST_TOGETHER = 1000  # answers handed over at once
CHUNK_ITEMS = 8  # what one thread puts to a server at a time
FEWEST_LOCAL, MOST_LOCAL = 4, 500
Result = TypeVar("Result")
Ask = Callable[..., list[Answer]]  # of items, and of the engine by its name
FOR_ALL = (EngineClosed, EngineUnavailable, EngineUnsuited, ScoringProblem, Error)  # no single item's fault


class Answered(NamedTuple):
    """Items with their answers, in the same order."""

    items: list[JudgedItem]
    answers: list[Answer]


class Asking:
    """Context manager: threads that keep `engine` busy with `ask`. Leaving it abandons what is under way.

    A server gets a few items from each of many threads, a query's candidates one after the other, so that
    none waits for the slowest of a large batch. An engine in this process gets one batch at a time, of about
    a second. `whole_queries` keeps a query's items in one call.
    """

    def __init__(self, engine: engines.Engine, ask: Ask, *, whole_queries: bool = False) -> None:
        self.engine = engine
        self._ask = partial(ask, engine=engine)
        self.whole_queries = whole_queries
        self._is_local = engine.n_at_once == 1
        # Twice as many items as are asked at once, so that a place that gets free is filled at once.
        self._n_threads = 1 if self._is_local else max(1, math.ceil(2 * engine.n_at_once / CHUNK_ITEMS))
        self._size = FEWEST_LOCAL if self._is_local else CHUNK_ITEMS
        self._pool = ThreadPoolExecutor(self._n_threads, thread_name_prefix="asking")

    def __enter__(self) -> "Asking":
        return self

    def __exit__(self, *_exc) -> None:
        self.engine.close()
        self._pool.shutdown(cancel_futures=True)

    def answers(self, items: Sequence[JudgedItem], *, is_wanted: Callable[[], bool]) -> Iterator[Answered]:
        """The items' answers, a second's worth at a time; often nothing, so that the caller can look around.

        Once `is_wanted` says no, no further item is asked about, those under way get half a second, and the
        answers end. Raises what `ask` raised for a whole chunk, after everything that was answered was given.
        """
        source = _Source(items, whole_queries=self.whole_queries)
        found: SimpleQueue[Answered | BaseException] = SimpleQueue()
        for _ in range(min(self._n_threads, len(items))):
            self._pool.submit(self._work, source, found)
        n_done, failure, ends_at = 0, None, math.inf
        gathered, since = Answered([], []), time.monotonic()
        try:
            while True:
                result = _next(found)
                if isinstance(result, BaseException):
                    failure = result
                else:
                    n_done += len(result.items)
                    gathered.items.extend(result.items)
                    gathered.answers.extend(result.answers)
                now = time.monotonic()
                if ends_at == math.inf and not is_wanted():
                    source.end()
                    ends_at = now + GRACE_SECONDS
                is_over = failure is not None or n_done == source.n_to_come or now >= ends_at
                if is_over or now - since >= GOAL_SECONDS or len(gathered.items) >= MOST_TOGETHER:
                    yield gathered
                    gathered, since = Answered([], []), now
                if is_over:
                    break
        finally:
            source.end()
        if failure:
            raise failure

    def aside(self, work: Callable[[], Result], *, look: Callable[[], None]) -> Result:
        """What `work` gives, done in a thread while `look` is called a few times a second."""
        future = self._pool.submit(work)
        while not future.done():
            look()
            wait([future], timeout=LOOK_SECONDS)
        return future.result()

    def _work(self, source: "_Source", found: "SimpleQueue[Answered | BaseException]") -> None:
        try:
            while chunk := source.take(self._size):
                began = time.monotonic()
                found.put(Answered(chunk, ask_chunk(chunk, self._ask)))
                if self._is_local:
                    per_second = len(chunk) / max(time.monotonic() - began, 1e-3)
                    grown = min(per_second * GOAL_SECONDS, self._size * 4, MOST_LOCAL)
                    self._size = int(max(FEWEST_LOCAL, grown))
        except BaseException as problem:  # it is raised again where the answers are taken
            found.put(problem)


def _next(found: "SimpleQueue[Answered | BaseException]") -> Answered | BaseException:
    try:
        return found.get(timeout=LOOK_SECONDS)
    except Empty:
        return Answered([], [])


class _Source:
    """Hands out items from front to back to any number of threads."""

    def __init__(self, items: Sequence[JudgedItem], *, whole_queries: bool) -> None:
        self._items, self._whole = items, whole_queries
        self._n_taken = 0
        self._lock = Lock()

    @property
    def n_to_come(self) -> int:
        """How many items were handed out, or will be."""
        return len(self._items)

    def take(self, n: int) -> list[JudgedItem]:
        """The next `n` items, or the next query's items; none when there are none left."""
        with self._lock:
            start = end = self._n_taken
            if self._whole:
                query = self._items[start].query_id if start < len(self._items) else None
                while end < len(self._items) and self._items[end].query_id == query:
                    end += 1
            else:
                end = min(start + n, len(self._items))
            self._n_taken = end
            return list(self._items[start:end])

    def end(self) -> None:
        """Hand out nothing more."""
        with self._lock:
            self._items = self._items[: self._n_taken]


def ask_chunk(items: Sequence[JudgedItem], ask: Ask) -> list[Answer]:
    """One answer an item. Where the chunk breaks as a whole, its items are asked one by one.

    So one bad item is an error of its own and never fails its shard; when every item breaks, something
    else is wrong and the last exception is raised.
    """
    try:
        return _ask_for_each(items, ask)
    except FOR_ALL:
        raise
    except Exception:
        if len(items) == 1:
            raise
        logger.exception("A chunk of %s items broke; asking one by one", len(items))
    answers: list[Answer] = []
    n_broken = 0
    for item in items:
        try:
            answers += _ask_for_each([item], ask)
        except FOR_ALL:
            raise
        except Exception as error:
            n_broken += 1
            if n_broken == len(items):
                raise
            logger.exception("Item %s broke", item.item_id)
            answers.append(
                Answer("error", reason=f"Something went wrong inside Concord ({type(error).__name__}).")
            )
    return answers


def _ask_for_each(items: Sequence[JudgedItem], ask: Ask) -> list[Answer]:
    answers = ask(items)
    if len(answers) != len(items):
        raise ValueError(f"The scoring gave {len(answers)} answers for {len(items)} items.")
    return answers
