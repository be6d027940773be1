"""Several servers with the same model, asked as one: the least busy one that answers gets the next request.

A server that stops answering rests for a while and its requests go to the others; only when none answers is
the engine unavailable. Each server gets at most `n_at_once` requests at a time, whoever asks for them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

from judges.engines.base import EngineUnavailable, ItemFault
from judges.engines.http_client import Answered, HttpClient

REST_S = 10.0
LOOK_S = 0.05


class Replica:
    """One server: how many requests it has open, and until when it is left alone."""

    def __init__(self, client: HttpClient, *, n_at_once: int) -> None:
        self.client = client
        self.n_at_once = n_at_once
        self.n_open = 0
        self.n_asked = 0
        self.rests_until = 0.0

    @property
    def is_resting(self) -> bool:
        """Whether it failed a moment ago."""
        return time.monotonic() < self.rests_until


class Replicas:
    """Posts to the least busy of its servers; to be used on one event loop."""

    def __init__(self, clients: Sequence[HttpClient], *, n_at_once: int) -> None:
        self._replicas = [Replica(client, n_at_once=n_at_once) for client in clients]
        self._freed = asyncio.Condition()

    @property
    def clients(self) -> list[HttpClient]:
        """The servers' clients, in the order of their addresses."""
        return [replica.client for replica in self._replicas]

    async def post(
        self, path: str, body: Mapping[str, Any], *, small: Mapping[str, Any]
    ) -> Answered | ItemFault:
        """The answer of the first server that gives one; `small` is the body of a request any would answer.

        Raises EngineUnavailable where no server answers.
        """
        failed: list[Replica] = []
        while True:
            replica = await self._take(failed)
            try:
                return await replica.client.post(path, body, small=small)
            except EngineUnavailable:
                failed.append(replica)
                replica.rests_until = time.monotonic() + REST_S
                if len(failed) == len(self._replicas):
                    raise
            finally:
                await self._free(replica)

    async def close(self) -> None:
        """Close the connections to all servers."""
        for replica in self._replicas:
            await replica.client.close()

    async def _take(self, failed: Sequence[Replica]) -> Replica:
        """Wait for a place at a server that has not failed this request yet; those that rest come last."""
        while True:
            async with self._freed:
                left = [replica for replica in self._replicas if replica not in failed]
                awake = [replica for replica in left if not replica.is_resting]
                free = [replica for replica in awake or left if replica.n_open < replica.n_at_once]
                if free:
                    chosen = min(
                        free, key=lambda replica: (replica.client.is_held, replica.n_open, replica.n_asked)
                    )
                    chosen.n_open += 1
                    chosen.n_asked += 1
                    if len(free) > 1 or chosen.n_open < chosen.n_at_once:
                        self._freed.notify()  # there is room for one more, such as when a server is back
                    return chosen
                if not failed:
                    await self._freed.wait()
            if failed:  # the place that gets free may be one it cannot take, and others can
                await asyncio.sleep(LOOK_S)

    async def _free(self, replica: Replica) -> None:
        async with self._freed:
            replica.n_open -= 1
            self._freed.notify()
