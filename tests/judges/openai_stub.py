"""A small server of OpenAI shape whose mood a test can change: slow, away, broken for some items."""

import contextlib
import json
import re
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class OpenAIStub:
    """Grades a prompt that holds "item NAME grade G" with G; a context manager that serves on loopback.

    Asked for more than one token it writes a sentence with "Grade: G", or JSON where a schema is given.

    `delay` seconds an answer; `away` answers 503 to everything, `away_for` to so many requests;
    prompts that contain one of `broken` get HTTP 400. `asked` counts answered prompts by NAME.
    """

    def __init__(self, *, delay: float = 0.0) -> None:
        self.delay = delay
        self.away = False
        self.away_for = 0  # so many requests more
        self.broken: set[str] = set()
        self.asked: Counter[str] = Counter()
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args) -> None:
                pass

            def reply(self, status: int, content: dict) -> None:
                body = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self) -> None:
                if stub.is_away():
                    return self.reply(503, {"error": {"message": "starting"}})
                return self.reply(200, {"object": "list", "data": [{"id": "stub-model", "object": "model"}]})

            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the worker was killed
                    self.reply(*stub.answer(asked))

        class Server(ThreadingHTTPServer):
            request_queue_size = 256
            daemon_threads = True

            def handle_error(self, request, client_address) -> None:
                pass

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> "OpenAIStub":
        self._thread.start()
        return self

    def __exit__(self, *_exc) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def write(self, asked: dict, name: str, grade: str) -> str:
        if asked["max_tokens"] == 1:
            return grade
        if "response_format" in asked:
            return json.dumps({"reasons": f"Of {name}.", "grade": int(grade)})
        return f"It is {name}, as the text says.\n\nGrade: {grade}"

    def is_away(self) -> bool:
        self.away_for, was = max(0, self.away_for - 1), self.away_for
        return self.away or was > 0

    def answer(self, asked: dict) -> tuple[int, dict]:
        if self.is_away():
            return 503, {"error": {"message": "starting"}}
        time.sleep(self.delay)
        text = " ".join(message["content"] for message in asked["messages"])
        if any(word in text for word in self.broken):
            return 400, {"error": {"message": "this prompt is not to the server's taste"}}
        found = re.search(r"item (\S+) grade (\d)", text)
        name, grade = found.groups() if found else ("", "0")
        if name:  # and not a prompt of a probe
            self.asked[name] += 1
        tokens = [(label, -0.05 if label == grade else -4.0) for label in "0123X"] + [
            ("Yes", -6.0),
            ("No", -7.0),
        ]
        entry = {
            "token": grade,
            "logprob": -0.05,
            "bytes": None,
            "top_logprobs": [
                {"token": token, "logprob": logprob, "bytes": None} for token, logprob in tokens
            ],
        }
        return 200, {
            "id": "stub",
            "object": "chat.completion",
            "model": "stub-model",
            "choices": [
                {
                    "index": 0,
                    "finish_reason": "length",
                    "message": {"role": "assistant", "content": self.write(asked, name, grade)},
                    "logprobs": {"content": [entry]},
                }
            ],
            "usage": {
                "prompt_tokens": 100,
                "completion_tokens": 1,
                "total_tokens": 101,
                "prompt_tokens_details": {"cached_tokens": 60},
            },
        }
