"""People on the labelling screen, as locust users. Read by locust, in a process of its own.

Each opens the page, then thinks 1–3 s per item and sends what the browser sends; every answer is read: its
fragment must hold the next items. Now and then somebody skips, puts off, takes an answer back or reloads.
"""

import json
import os
import random
import re
import time
from itertools import count
from pathlib import Path
from uuid import uuid4

from locust import FastHttpUser, between, events, task

PEOPLE = json.loads(Path(os.environ["BENCH_PEOPLE"]).read_text())
CARD = re.compile(r'name="slot" value="(\d+)">\s*<input type="hidden" name="client_key" value="([^"]+)"')
UNDO = re.compile(r'data-undo="(\d+)"')
BEAT = 60  # seconds
turn = count()


class Labeller(FastHttpUser):
    wait_time = between(1, 3)

    def on_start(self) -> None:
        session, token = PEOPLE["sessions"][next(turn) % len(PEOPLE["sessions"])], "a" * 32
        self.cookies = {"Cookie": f"{PEOPLE['cookie']}={session}; csrftoken={token}"}
        self.headers = self.cookies | {"X-CSRFToken": token, "HX-Request": "true"}
        self.page, self.beat_at, self.undo = str(uuid4()), time.monotonic() + BEAT * random.random(), ""
        self._open("first page")  # ten people a second, and a server that has just begun

    def _open(self, name: str) -> None:
        with self.client.get(PEOPLE["url"], headers=self.cookies, name=name, catch_response=True) as answer:
            self._take(answer)

    def _take(self, answer, *, may_conflict: bool = False) -> None:
        text = answer.text or ""
        self.cards = CARD.findall(text)
        self.undo = next(iter(UNDO.findall(text)), "")
        is_right = answer.status_code == 200 or (answer.status_code == 409 and may_conflict)
        if is_right and self.cards:
            answer.success()
        else:
            answer.failure(f"{answer.status_code}, {len(self.cards)} items")

    @task
    def grade(self) -> None:
        if time.monotonic() > self.beat_at:
            self._beat()
        chance = random.random()
        if chance > 0.95:
            self._open("page")
        slot, key = self.cards[0]
        fields: dict[str, object] = {"slot": slot}
        kind = "skip" if chance < 0.02 else "later" if chance < 0.04 else "save"
        if 0.04 <= chance < 0.06 and self.undo:
            kind, fields = "undo", {"slot": self.undo}
        if kind == "save":
            fields |= {"client_key": key, "grade": random.choice("0123"), "seconds": "2.0", "rationale": ""}
        self._send(kind, fields)

    def _send(self, kind: str, fields: dict[str, object]) -> None:
        url = f"{PEOPLE['url']}{kind}/"
        with self.client.post(
            url, data=fields | {"page": self.page}, headers=self.headers, name=kind, catch_response=True
        ) as answer:
            self._take(answer, may_conflict=kind == "undo")  # a skipped item may have found others

    def _beat(self) -> None:
        self.beat_at = time.monotonic() + BEAT
        data = {"slots": ",".join(slot for slot, _ in self.cards), "page": self.page}
        self.client.post(f"{PEOPLE['url']}keep/", data=data, headers=self.headers, name="keep")


class Stranger(FastHttpUser):
    """Opens the login page as often as the people save: the same server, hardly any work."""

    wait_time = between(1, 3)

    @task
    def look(self) -> None:
        self.client.get("/login/", name="login")


@events.quitting.add_listener
def tell(environment, **_facts) -> None:
    found = {
        entry.name: {
            "n": entry.num_requests,
            "p50": entry.get_response_time_percentile(0.5),
            "p95": entry.get_response_time_percentile(0.95),
            "p99": entry.get_response_time_percentile(0.99),
            "per_second": entry.total_rps,
            "failures": entry.num_failures,
        }
        for entry in environment.stats.entries.values()
    }
    Path(os.environ["BENCH_OUT"]).write_text(json.dumps(found))
