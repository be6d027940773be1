"""Fifty people, 2,000 items, three labels each: processes killed, transactions aborted, submits repeated,
leases run out; and every item ends with exactly three labels of three people, none lost, none double."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import connection

from annotate.models import Label, Slot
from annotate.services.opening import open_round
from annotate.services.rounds import create_round
from corpus.models import User
from corpus.services import freeze_all_items

N_PEOPLE, N_ITEMS, OVERLAP, N_PROCESSES = 50, 2_000, 3, 5
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def round(project, add_items, enter):
    add_items(project, N_ITEMS, n_queries=40)
    round = open_round(
        create_round(
            project, name="Fifty", item_set=freeze_all_items(project), overlap=OVERLAP, order="random"
        )
    )
    for number in range(N_PEOPLE):
        enter(round, User.objects.create(username=f"person{number}"))
    return round


class Crowd:
    """Processes that each act for ten people; `log` names the file of what the server acknowledged."""

    def __init__(self, round, folder: Path) -> None:
        self.round, self.folder, self.n_started = round, folder, 0
        people = list(round.participations.values_list("pk", flat=True))
        self.shares = [people[number::N_PROCESSES] for number in range(N_PROCESSES)]
        self.processes = [self.start(share) for share in self.shares]

    def start(self, share: list[int]) -> subprocess.Popen:
        self.n_started += 1
        work = {
            "people": share,
            "seed": self.n_started,
            "database": connection.settings_dict["NAME"],
            "log": str(self.folder / f"{self.n_started}.log"),
        }
        return subprocess.Popen(
            [sys.executable, "-m", "tests.annotate.ten_people", json.dumps(work)], cwd=ROOT
        )

    def kill_one_of(self, chance: random.Random) -> None:
        """A process dies in the middle of whatever its people do; another one takes its people over."""
        number = chance.randrange(N_PROCESSES)
        self.processes[number].send_signal(signal.SIGKILL)
        self.processes[number].wait()
        self.processes[number] = self.start(self.shares[number])

    def acknowledged(self) -> dict[str, tuple[int, int]]:
        """Key of the submit → (item's slot, rater) of every label that a person was told is kept."""
        found = {}
        for log in self.folder.glob("*.log"):
            for line in log.read_text().splitlines():
                parts = line.split(",")
                if len(parts) == 4 and parts[3] == ".":  # the last line of a killed process may be torn
                    found[parts[0]] = (int(parts[1]), int(parts[2]))
        return found


def n_open(round) -> int:
    return Slot.objects.filter(round=round, places_left__gt=0).count()


@pytest.mark.django_db(transaction=True)
def test_fifty_people_give_every_item_exactly_three_labels(round, tmp_path):
    chance, crowd = random.Random(50), Crowd(round, tmp_path)
    n_kills, deadline, next_kill = 0, time.monotonic() + 400, time.monotonic() + 5
    try:
        while n_open(round) and time.monotonic() < deadline:
            time.sleep(0.5)
            assert all(each.poll() in (None, 0) for each in crowd.processes), "a person fell over"
            if n_kills < 8 and time.monotonic() > next_kill:
                crowd.kill_one_of(chance)
                n_kills, next_kill = n_kills + 1, time.monotonic() + 3
        for each in crowd.processes:
            assert each.wait(timeout=60) == 0
    finally:
        for each in crowd.processes:
            if each.poll() is None:
                os.kill(each.pid, signal.SIGKILL)
                each.wait()

    current = list(Label.objects.current().filter(round=round).values_list("item_id", "rater_id"))
    raters: dict[int, list[int]] = {}
    for item, rater in current:
        raters.setdefault(item, []).append(rater)
    assert len(raters) == N_ITEMS
    assert all(len(each) == len(set(each)) == OVERLAP for each in raters.values())
    assert n_kills >= 1
    stored = {str(key) for key in Label.objects.filter(round=round).values_list("client_key", flat=True)}
    assert crowd.acknowledged().keys() <= stored  # what somebody was told is kept, is kept
    for participation in round.participations.all():
        assert participation.n_labels == participation.labels().count()
