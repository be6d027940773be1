"""A small OpenAI-compatible server in front of a real local model, for tests: one prompt at a time, exact.

It shares no code with the local engine: rendering, padding-free forward pass and softmax are its own, so that
the two can be compared. `python -m tests.judges.openai_server --port 0` prints its address and serves.
"""

import argparse
import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiohttp import web


class ModelServer:
    """Answers /v1/models and /v1/chat/completions with the model of a Hugging Face folder."""

    def __init__(self, folder: Path) -> None:
        import transformers

        transformers.utils.logging.disable_progress_bar()
        self.name = folder.name
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self.model = transformers.AutoModelForCausalLM.from_pretrained(folder, local_files_only=True).eval()
        self.computing = threading.Lock()

    def application(self) -> web.Application:
        app = web.Application()
        app.add_routes(
            [web.get("/v1/models", self.list_models), web.post("/v1/chat/completions", self.complete)]
        )
        return app

    async def list_models(self, request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": self.name, "object": "model"}]})

    async def complete(self, request: web.Request) -> web.Response:
        asked = await request.json()
        if asked["model"] != self.name:
            return web.json_response({"error": {"code": "model_not_found", "message": "?"}}, status=404)
        return web.json_response(await asyncio.to_thread(self.answer, asked))

    def answer(self, asked: dict) -> dict:
        import torch

        ids = self.tokenizer.apply_chat_template(
            asked["messages"], add_generation_prompt=True, return_tensors="pt", return_dict=True
        )["input_ids"]
        with self.computing, torch.inference_mode():
            logprobs = torch.log_softmax(self.model(ids).logits[0, -1].double(), dim=-1)
            written = self.model.generate(
                ids, attention_mask=torch.ones_like(ids), max_new_tokens=asked["max_tokens"], do_sample=False
            )[0, ids.shape[1] :].tolist()
        stopped = written[-1] == self.tokenizer.eos_token_id
        choice = {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": self.tokenizer.decode(written, skip_special_tokens=True),
            },
            "finish_reason": "stop" if stopped else "length",
        }
        if asked.get("logprobs"):
            values, tokens = logprobs.topk(asked.get("top_logprobs") or 1)
            top = [
                {"token": self.tokenizer.decode([token]), "logprob": value, "bytes": None}
                for token, value in zip(tokens.tolist(), values.tolist(), strict=True)
            ]
            choice["logprobs"] = {"content": [{**top[0], "top_logprobs": top}]}
        usage = {"prompt_tokens": ids.shape[1], "completion_tokens": len(written)}
        return {"object": "chat.completion", "model": self.name, "choices": [choice], "usage": usage}


@contextmanager
def serve(app: web.Application, port: int = 0) -> Iterator[str]:
    """Serve an application on loopback from a thread; gives the address up to and with /v1."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    runner = web.AppRunner(app, shutdown_timeout=0.5)

    async def start() -> int:
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        return runner.addresses[0][1]

    try:
        yield f"http://127.0.0.1:{asyncio.run_coroutine_threadsafe(start(), loop).result()}/v1"
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--model", type=Path, help="a Hugging Face folder; the small default model otherwise")
    chosen = parser.parse_args()
    from judges.engines.local_model import default_model_folder
    from tests.judges.small_model import small_model_var

    server = ModelServer(chosen.model or default_model_folder(small_model_var()))
    with serve(server.application(), chosen.port) as url:
        print(url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
