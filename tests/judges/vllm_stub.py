"""A stand-in for vLLM's server that answers at once: the same addresses and shapes, held to the real one.

A prompt that holds "item NAME grade G" gets most of its probability on the label G. Tokens are words, single
digits, single marks and white space. `python -m tests.judges.vllm_stub --delay 0.02` prints its address.
"""

import argparse
import asyncio
import json
import math
import re
import threading
import zlib
from collections import Counter
from pathlib import Path

import orjson
from aiohttp import web

WORDS = re.compile(r"<\|\w+\|>|\d|[^\W\d_]+|\s|.", re.DOTALL)
TEMPLATE = "<|im_start|>{role}\n{content}<|im_end|>\n"
ALTERNATIVES = ("Well", "So", "The")
MODEL = "stub-model"


class Vocabulary:
    """Numbers for words, given as they come."""

    def __init__(self) -> None:
        self.ids: dict[str, int] = {}
        self.words: list[str] = []

    def encode(self, text: str) -> list[int]:
        return [self._id(word) for word in WORDS.findall(text)]

    def decode(self, ids: list[int]) -> str:
        return "".join(self.words[token] for token in ids)

    def _id(self, word: str) -> int:
        if word not in self.ids:
            self.ids[word] = len(self.words)
            self.words.append(word)
        return self.ids[word]


VOCABULARY = Vocabulary()  # servers of one model share it
VOCABULARY.encode("0 1 2 3 4 X A B Yes No ")  # and keep these numbers when they start again


class VllmStub:
    """`asked` counts graded prompts by NAME; `down` closes every connection; `delay_s` seconds an answer.

    `ties` rounds log-probabilities as a 16-bit head does; `n_open` and `at_once` count open completions.
    """

    def __init__(self, *, delay_s: float = 0.0, max_model_len: int = 4096, log: Path | None = None) -> None:
        self.log = log.open("a", buffering=1) if log else None
        self.delay_s = delay_s
        self.max_model_len = max_model_len
        self.down = False
        self.ties = False
        self.vocabulary = VOCABULARY
        self.asked: Counter[str] = Counter()
        self.bodies: list[dict] = []
        self.n_open = self.at_once = 0

    def application(self) -> web.Application:
        app = web.Application()
        app.add_routes(
            [
                web.get("/v1/models", self.list_models),
                web.post("/tokenize", self.tokenize),
                web.post("/detokenize", self.detokenize),
                web.post("/v1/chat/completions", self.complete_chat),
                web.post("/v1/completions", self.complete),
                web.post("/v1/embeddings", self.embed),
            ]
        )
        return app

    async def list_models(self, request: web.Request) -> web.StreamResponse:
        if self.down:
            request.transport.close()
            return web.Response()
        entry = {"id": MODEL, "object": "model", "created": 1, "owned_by": "vllm", "root": MODEL}
        entry |= {"parent": None, "max_model_len": self.max_model_len, "permission": []}
        return web.json_response({"object": "list", "data": [entry]})

    async def tokenize(self, request: web.Request) -> web.StreamResponse:
        asked = orjson.loads(await request.read())
        tokens = self.vocabulary.encode(asked["prompt"] if "prompt" in asked else _render(asked["messages"]))
        found = {"count": len(tokens), "max_model_len": self.max_model_len, "tokens": tokens}
        return web.json_response(found | {"token_strs": None})

    async def detokenize(self, request: web.Request) -> web.StreamResponse:
        asked = orjson.loads(await request.read())
        return web.json_response({"prompt": self.vocabulary.decode(asked["tokens"])})

    async def complete_chat(self, request: web.Request) -> web.StreamResponse:
        asked = orjson.loads(await request.read())
        self.bodies.append(asked) if len(self.bodies) < 100 else None
        self.n_open += 1
        self.at_once = max(self.at_once, self.n_open)
        try:
            if self.delay_s:
                await asyncio.sleep(self.delay_s)
        finally:
            self.n_open -= 1
        if self.down:
            request.transport.close()
            return web.Response()
        if asked["model"] != MODEL:
            error = {"message": "no such model", "type": "NotFoundError", "param": "model", "code": 404}
            return web.json_response({"error": error}, status=404)
        text = asked["messages"][-1]["content"]
        found = re.search(r"item (\S+) grade (\d)", text)
        if found:
            self.asked[found[1]] += 1
            if self.log:
                self.log.write(found[1] + "\n")
        return web.Response(
            body=orjson.dumps(self.completion(asked, text, found[2] if found else "")),
            content_type="application/json",
        )

    def completion(self, asked: dict, text: str, grade: str) -> dict:
        label = grade or self.vocabulary.words[asked.get("logprob_token_ids", [0])[0]]
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": self.write(asked, label), "refusal": None},
            "logprobs": {"content": [self.entry(asked, text, label)]} if asked.get("logprobs") else None,
            "finish_reason": "length" if asked["max_tokens"] == 1 else "stop",
        }
        n_tokens = len(text) // 4
        usage = {"prompt_tokens": n_tokens, "total_tokens": n_tokens + 1, "completion_tokens": 1}
        usage |= {"prompt_tokens_details": {"cached_tokens": n_tokens // 2}}
        return {
            "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": MODEL,
            "choices": [choice], "usage": usage,
        }  # fmt: skip

    def write(self, asked: dict, grade: str) -> str:
        if asked["max_tokens"] == 1:
            return grade
        if "structured_outputs" in asked:
            return json.dumps(example_of(asked["structured_outputs"]["json"], int(grade or 0)))
        return f"As the text says.\n\nGrade: {grade}"

    def entry(self, asked: dict, text: str, label: str) -> dict:
        """The first token with its alternatives: the chosen ids where there are some, else the likeliest."""
        mark = zlib.crc32(text.encode()) % 10_007 / 10_007  # the same text, the same score, in every process
        ids = asked.get("logprob_token_ids")
        if ids is None:
            ids = self.vocabulary.encode("".join((label, *ALTERNATIVES)))
        alternatives = []
        for token in ids:
            value = -0.1 - mark if self.vocabulary.words[token] == label else -4.0 - 3 * mark - token % 7 / 10
            value = round(value) if self.ties else value
            shown = (
                f"token_id:{token}"
                if asked.get("return_tokens_as_token_ids")
                else self.vocabulary.words[token]
            )
            alternatives.append({"token": shown, "logprob": value, "bytes": [0]})
        return {**alternatives[0], "top_logprobs": alternatives}

    async def complete(self, request: web.Request) -> web.StreamResponse:
        asked = orjson.loads(await request.read())
        tokens = (
            asked["prompt"] if isinstance(asked["prompt"], list) else self.vocabulary.encode(asked["prompt"])
        )
        values = [None] + [
            {
                str(token): {
                    "logprob": math.log(1 / (2 + len(self.vocabulary.words[token]))),
                    "rank": 1,
                    "decoded_token": self.vocabulary.words[token],
                }
            }
            for token in tokens[1:]
        ]
        choice = {
            "index": 0,
            "text": "a",
            "logprobs": None,
            "finish_reason": "length",
            "prompt_logprobs": values,
        }
        usage = {"prompt_tokens": len(tokens), "total_tokens": len(tokens) + 1, "completion_tokens": 1}
        body = {
            "id": "cmpl-1",
            "object": "text_completion",
            "created": 1,
            "model": MODEL,
            "choices": [choice],
        }
        return web.json_response(body | {"usage": usage | {"prompt_tokens_details": {"cached_tokens": 0}}})

    async def embed(self, request: web.Request) -> web.StreamResponse:
        texts = orjson.loads(await request.read())["input"]
        data = [
            {"index": n, "object": "embedding", "embedding": [float(len(text)), 1.0]}
            for n, text in enumerate(texts)
        ]
        body = {"id": "embd-1", "object": "list", "created": 1, "model": MODEL, "data": data}
        return web.json_response(body | {"usage": {"prompt_tokens": 1, "total_tokens": 1}})


def example_of(schema: dict, grade: int):
    """Something that the schema allows: `grade` where it may stand, a word, or the first of what may."""
    if "enum" in schema:
        return grade if grade in schema["enum"] else schema["enum"][0]
    if schema["type"] == "object":
        return {name: example_of(part, grade) for name, part in schema["properties"].items()}
    return "word"


def _render(messages: list[dict]) -> str:
    return "".join(TEMPLATE.format(**message) for message in messages) + "<|im_start|>assistant\n"


def main() -> None:
    from tests.judges.openai_server import serve

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds an answer")
    parser.add_argument("--log", type=Path, help="gets the NAME of every item that was asked about")
    chosen = parser.parse_args()
    with serve(VllmStub(delay_s=chosen.delay, log=chosen.log).application(), chosen.port) as url:
        print(url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
