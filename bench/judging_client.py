"""The same prompts without a database: `scoring` as a run asks them, `bare` as aiohttp alone sends them."""

import asyncio
import json
import sys
import time
from pathlib import Path

import aiohttp
import orjson

from judges.chunks import Asking
from judges.engines import connect
from judges.prompting import render, shipped_prompts
from judges.scoring import SCORINGS
from judges.scoring.base import JudgedItem, Scale

SCALE = Scale(  # a new project's, word for word, so that the prompts are the run's
    grades=(
        (0, "Irrelevant", "The candidate has nothing to do with the query."),
        (1, "Related", "The candidate is on the subject of the query but does not answer it."),
        (
            2,
            "Highly relevant",
            "The candidate answers the query in part, or the answer is unclear or hidden in other matter.",
        ),
        (3, "Perfectly relevant", "The candidate is dedicated to the query and contains the answer."),
    ),
    cut=2,
    may_abstain=True,
)
PROMPT = shipped_prompts()["grade-basic"]
SHARD = 1000
ANSWERED = ("graded", "abstained", "unreadable")
CONCURRENCY = 64


def read(pairs: Path) -> list[JudgedItem]:
    rows = [json.loads(line) for line in pairs.open()]
    return [JudgedItem(n, row["query"], "", "", row["candidate"]) for n, row in enumerate(rows)]


def score(url: str, items: list[JudgedItem], *, model: str = "stub-model") -> float:
    """Items a second of the scoring, a shard at a time as in a run."""
    engine = connect("vllm", url=url, model=model, api_key="", settings={})

    def ask(items, *, engine):
        return SCORINGS["grade"].score(items, engine=engine, prompt=PROMPT, scale=SCALE, options={})

    began = time.monotonic()
    with Asking(engine, ask) as asking:
        n_answered = 0
        for at in range(0, len(items), SHARD):
            for answered in asking.answers(items[at : at + SHARD], is_wanted=lambda: True):
                n_answered += sum(answer.outcome in ANSWERED for answer in answered.answers)
    took = time.monotonic() - began
    assert n_answered == len(items)
    return len(items) / took


async def send(url: str, items: list[JudgedItem]) -> float:
    """Requests a second of aiohttp with bodies made beforehand and answers parsed."""
    bodies = [
        orjson.dumps(
            {
                "model": "stub-model", "messages": render(PROMPT, item, SCALE),
                "max_tokens": 1, "temperature": 0, "logprobs": True, "logprob_token_ids": [0, 1, 2, 3, 4],
                "return_tokens_as_token_ids": True,
            }
        )
        for item in items
    ]  # fmt: skip
    left = iter(bodies)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONCURRENCY)) as session:
        await session.post(url.removesuffix("/v1") + "/tokenize", json={"prompt": "0 1 2 3 X"})

        async def work() -> None:
            for body in left:
                async with session.post(url + "/chat/completions", data=body) as response:
                    orjson.loads(await response.read())

        began = time.monotonic()
        await asyncio.gather(*[work() for _ in range(CONCURRENCY)])
        return len(bodies) / (time.monotonic() - began)


if __name__ == "__main__":
    url, pairs, what = sys.argv[1:]
    items = read(Path(pairs))
    per_second = asyncio.run(send(url, items)) if what == "bare" else score(url, items)
    print(json.dumps({"per_second": per_second}))
