"""An OpenAI-shaped server that misbehaves as the prompt tells it, for the tests of HTTP engines.

A prompt with "fault=NAME" gets that fault every time, with "fault=NAME*2" the first two times. Names: an HTTP
status, or hang, garbage, close, filter, blocked, refusal, empty, no-logprobs, redirect, wide (other tokens).
"""

import asyncio
import re
import time
from collections import Counter

import orjson
from aiohttp import web

TOP = [("Yes", -0.7), (" Yes", -2.0), ("No", -1.5), ("▁No", -3.0), ("2", -4.0), ("yes", -5.0)]


class FaultyServer:
    """`seen` counts requests by prompt; `at_once` is the most that were open together."""

    def __init__(self, *, delay_s: float = 0.0) -> None:
        self.delay_s = delay_s
        self.down = False  # every request fails
        self.limited_until = 0.0  # 429 for everybody until then
        self.seen: Counter[str] = Counter()
        self.arrivals: list[float] = []
        self.bodies: list[dict] = []
        self.headers: list[dict] = []
        self.n_open = self.at_once = 0

    def application(self) -> web.Application:
        app = web.Application()
        app.add_routes(
            [web.get("/v1/models", self.list_models), web.post("/v1/chat/completions", self.complete)]
        )
        return app

    async def list_models(self, request: web.Request) -> web.Response:
        return web.json_response({"data": [{"id": "stub"}]})

    async def complete(self, request: web.Request) -> web.StreamResponse:
        self.n_open += 1
        self.at_once = max(self.at_once, self.n_open)
        try:
            asked = orjson.loads(await request.read())
            self.bodies.append(asked)
            self.headers.append(dict(request.headers))
            self.arrivals.append(time.monotonic())
            text = asked["messages"][-1]["content"]
            self.seen[text] += 1
            if self.down:
                return web.json_response({"error": {"message": "secret detail"}}, status=503)
            if (left := self.limited_until - time.monotonic()) > 0:
                return web.Response(status=429, headers={"Retry-After": f"{left:.2f}"})
            return await self.behave(request, text, asked)
        finally:
            self.n_open -= 1

    async def behave(self, request: web.Request, text: str, asked: dict) -> web.StreamResponse:
        fault = re.search(r"fault=([\w-]+)(?:\*(\d+))?", text)
        name = fault[1] if fault and self.seen[text] <= int(fault[2] or 10**9) else ""
        if name.isdigit():
            error = {"message": f"secret detail about {text}", "code": "some_code"}
            return web.json_response({"error": error}, status=int(name))
        match name:
            case "hang":
                await asyncio.sleep(30)
            case "garbage":
                return web.Response(text="<html>not JSON</html>", content_type="text/html")
            case "close":
                request.transport.close()
                return web.Response()
            case "blocked":
                return web.json_response({"error": {"code": "content_filter", "message": "?"}}, status=400)
            case "redirect":
                return web.Response(status=307, headers={"Location": "http://elsewhere.invalid/"})
            case "shape":
                return web.json_response({"choices": "none"})
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        return web.Response(body=orjson.dumps(completion(name, asked)), content_type="application/json")


def completion(fault: str, asked: dict) -> dict:
    """A chat completion of the real shape, with one thing wrong where a fault is named."""
    top = [("Well", -0.1), ("So", -3.0)] if fault == "wide" else TOP
    alternatives = [{"token": token, "logprob": value, "bytes": None} for token, value in top]
    message = {"role": "assistant", "content": "" if fault == "empty" else '{"grade": 2}'}
    if fault == "refusal":
        message |= {"content": None, "refusal": "I cannot help with that."}
    choice = {
        "index": 0,
        "message": message,
        "finish_reason": "content_filter" if fault == "filter" else "stop",
        "logprobs": {"content": [{**alternatives[0], "top_logprobs": alternatives}]},
    }
    if fault in ("no-logprobs", "empty") or not asked.get("logprobs"):
        choice["logprobs"] = None
    usage = {"prompt_tokens": 40, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 32}}
    return {"id": "1", "object": "chat.completion", "choices": [choice], "usage": usage}
