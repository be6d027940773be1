"""JSON over HTTP to a model server: retries, waiting when told to, and whose fault a failure is.

A failure is the item's (ItemFault) when the server answers others: it refused this request (4xx), or kept
failing on it while another request went through. It is the engine's (EngineUnavailable) when nothing goes
through. It is the set-up's (EngineUnsuited) when no request can ever succeed: wrong key, wrong address.
What a server writes in its errors is never passed on, but for a short error code.
"""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

import aiohttp
import orjson

from judges.engines.base import EngineUnavailable, EngineUnsuited, ItemFault

LARGEST_BODY = 16 * 1024 * 1024
QUICK_S = 30.0  # for one small request that shows whether anything goes through
FIRST_WAIT_S = 0.25
LONGEST_WAIT_S = 15.0
TRY_AGAIN = {408, 409, 425, 429, 500, 502, 503, 504, 529}


class Patience(NamedTuple):
    """How long to go on: seconds for one request, tries for one item, and seconds without any success."""

    request_s: float = 120.0
    n_tries: int = 5
    without_success_s: float = 60.0


class Answered(NamedTuple):
    """A JSON object the server answered with, and how long it took."""

    body: dict[str, Any]
    latency_ms: int


class Failure(NamedTuple):
    """Why one try failed; `retry_after` is in seconds, where the server named a time."""

    reason: str
    limited: bool = False
    retry_after: float | None = None


class NoSuchAddress(EngineUnsuited):
    """The server answers, but knows nothing at this path, or no such model."""


class HttpClient:
    """Posts JSON to one server, keeping connections open. To be used on one event loop."""

    def __init__(
        self, base_url: str, *, headers: Mapping[str, str], patience: Patience, n_connections: int
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.patience = patience
        self._headers = dict(headers)
        self._n_connections = n_connections
        self._session: aiohttp.ClientSession | None = None
        self._succeeded_at = time.monotonic()
        self._wait_until = 0.0  # the server asked everybody to wait

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def get(self, path: str) -> Answered | ItemFault | Failure:
        """One try, no retries; for probes."""
        return await self._try("GET", path, None)

    async def post(
        self, path: str, body: Mapping[str, Any], *, small: Mapping[str, Any]
    ) -> Answered | ItemFault:
        """The server's answer, after as many tries as patience allows.

        `small` is the body of a request that the server surely answers at this path: it is sent when `body`
        keeps failing, to tell whose fault that is.
        """
        data = orjson.dumps(body)
        began = time.monotonic()
        n_failed = 0
        while True:
            await self._wait_as_asked()
            tried_at = time.monotonic()
            outcome = await self._try("POST", path, data)
            if not isinstance(outcome, Failure):
                return outcome
            if outcome.limited:
                self._be_patient(outcome, began)
            else:
                n_failed += 1
                if n_failed >= self.patience.n_tries or self._stuck_since(began):
                    if self._succeeded_at > tried_at or await self.answers(path, small):
                        return ItemFault("error", f"{outcome.reason}, {n_failed} times for this item alone")
                    raise EngineUnavailable(f"The engine does not answer: {outcome.reason}.")
            await asyncio.sleep(_backoff(n_failed or 1))

    async def answers(self, path: str, body: Mapping[str, Any]) -> bool:
        """Whether one request goes through, in one try of half a minute at most."""
        try:
            async with asyncio.timeout(QUICK_S):
                return isinstance(await self._try("POST", path, orjson.dumps(body)), Answered)
        except TimeoutError:
            return False

    @property
    def is_held(self) -> bool:
        """Whether the server asked to be left alone for now."""
        return time.monotonic() < self._wait_until

    async def _wait_as_asked(self) -> None:
        while (left := self._wait_until - time.monotonic()) > 0:
            await asyncio.sleep(left)

    def _be_patient(self, failure: Failure, began: float) -> None:
        """Hold every request back for as long as the server asked, or give up where that is too long."""
        asked = failure.retry_after
        quiet_s = time.monotonic() - max(self._succeeded_at, began)
        if quiet_s + (asked or 0) > self.patience.without_success_s:
            raise EngineUnavailable(f"The engine limits requests: {failure.reason}.", retry_after=asked)
        if asked:
            self._wait_until = max(self._wait_until, time.monotonic() + asked)

    def _stuck_since(self, began: float) -> bool:
        return time.monotonic() - began > self.patience.without_success_s

    async def _try(self, method: str, path: str, data: bytes | None) -> Answered | ItemFault | Failure:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                headers={"Content-Type": "application/json", **self._headers},
                connector=aiohttp.TCPConnector(limit=self._n_connections),
                timeout=aiohttp.ClientTimeout(total=self.patience.request_s),
            )
        began = time.monotonic()
        try:
            async with self._session.request(
                method, self.base_url + path, data=data, allow_redirects=False
            ) as response:
                raw = await _read_body(response)
                status, headers = response.status, response.headers
        except TimeoutError:
            return Failure(f"no answer within {self.patience.request_s:g} s")
        except (aiohttp.ClientError, ConnectionError) as problem:
            return Failure(_name_connection(problem))
        body = _parse(raw)
        if status == 200:
            if body is None:
                return Failure("an answer that is not a JSON object")
            self._succeeded_at = time.monotonic()
            return Answered(body, round((self._succeeded_at - began) * 1000))
        return _read_error(status, body, headers)


async def _read_body(response: aiohttp.ClientResponse) -> bytes | None:
    """The body, or None where it is larger than any answer should be."""
    chunks, size = [], 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > LARGEST_BODY:
            response.close()
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def _parse(raw: bytes | None) -> dict[str, Any] | None:
    try:
        body = orjson.loads(raw or b"")
    except orjson.JSONDecodeError:
        return None
    return body if isinstance(body, dict) else None


def _read_error(status: int, body: dict[str, Any] | None, headers: Mapping[str, str]) -> ItemFault | Failure:
    code = _error_code(body)
    shown = f"HTTP {status}" + (f" ({code})" if code else "")
    if status in TRY_AGAIN:
        return Failure(shown, limited=status == 429, retry_after=_seconds(headers.get("Retry-After")))
    if status in (401, 403):
        raise EngineUnsuited(f"The engine refused the key ({shown}): give the engine a key that it accepts.")
    if status in (404, 405):
        raise NoSuchAddress(
            f"The engine knows no such address or model ({shown}): the address usually ends in /v1, "
            "and the model is one of those the server lists."
        )
    if 300 <= status < 400:
        raise EngineUnsuited(f"The engine redirects ({shown}): give the address that it redirects to.")
    if code and "content_filter" in code:
        return ItemFault("refused", f"the engine's content filter refused the request ({shown})")
    return ItemFault("error", f"the engine refused the request: {shown}")


def _error_code(body: dict[str, Any] | None) -> str:
    """The server's own short code for an error; free text of a server is not passed on."""
    error = (body or {}).get("error")
    error = error if isinstance(error, dict) else body or {}
    for name in ("code", "type"):
        value = error.get(name)
        if isinstance(value, str) and re.fullmatch(r"[A-Za-z][\w.-]{0,39}", value):
            return value
    return ""


def _seconds(retry_after: str | None) -> float | None:
    """A Retry-After header in seconds, be it a number or a date (RFC 9110)."""
    if not retry_after:
        return None
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _backoff(n_failed: int) -> float:
    """0.25 s, 0.5 s, 1 s … up to 15 s, each ± 25 % so that requests that failed together don't return so."""
    wait = min(LONGEST_WAIT_S, FIRST_WAIT_S * float(2 ** (n_failed - 1)))
    return wait * random.uniform(0.75, 1.25)


def _name_connection(problem: Exception) -> str:
    if isinstance(problem, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        return "the server's certificate is not valid"
    if isinstance(problem, aiohttp.ClientConnectorDNSError):
        return "the server's name is not known"
    if isinstance(problem, aiohttp.ClientConnectorError):
        return "no connection to the server"
    return "the connection was closed before the answer was complete"
