"""A process that labels for some people at once, with the mishaps of real life, until nothing is left.

Started by test_fifty_people, which kills it now and then. Writes a line for every label that was
acknowledged: key, slot, rater and a full stop.
"""

import json
import os
import random
import sys
import threading
import time
from datetime import timedelta
from uuid import UUID, uuid4

import django

THINK = 0.002  # seconds at most; the database is what is tested


class Aborted(Exception):
    """A worker that dies between its statements and its commit."""


def main(work: dict) -> None:
    from django.conf import settings

    settings.DATABASES["default"]["NAME"] = work["database"]
    django.setup()
    with open(work["log"], "a", buffering=1) as log:
        threads = [
            threading.Thread(target=_label, args=(person, work["seed"] * 1000 + person, log), daemon=True)
            for person in work["people"]
        ]
        failures: list[BaseException] = []
        threading.excepthook = lambda problem: failures.append(problem.exc_value)
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads) and not failures:
            time.sleep(0.05)
    if failures:
        print(repr(failures[0]), file=sys.stderr, flush=True)
        os._exit(1)


def _label(person: int, seed: int, log) -> None:
    from django.db import connection

    from annotate.models import Participation, Slot
    from annotate.services.queue import next_items

    chance = random.Random(seed)
    me = Participation.objects.select_related("round__project", "round__rubric", "rater").get(pk=person)
    while True:
        holds = next_items(me)
        if not holds:
            if not Slot.objects.filter(round=me.round_id, places_left__gt=0).exists():
                break
            time.sleep(0.1)
        for hold in holds:
            _decide(hold.slot, me, chance, log)
            time.sleep(chance.random() * THINK)
    connection.close()


def _decide(slot, me, chance: random.Random, log) -> None:
    from django.db import transaction
    from django.utils import timezone

    from annotate.models import Hold
    from annotate.services.labels import save_label, undo_last_decision
    from annotate.services.queue import AnswerRefused, put_off_item, skip_item

    mishap = chance.random()
    if mishap < 0.05:  # everything this person holds runs out while they think
        Hold.objects.filter(rater=me.rater_id, kind="lease").update(
            until=timezone.now() - timedelta(seconds=1)
        )
    elif mishap < 0.07 and me.skips().count() < 3:
        return skip_item(slot, by=me)
    elif mishap < 0.10:
        return put_off_item(slot, by=me)
    key: UUID = uuid4()
    try:
        if mishap > 0.96:  # aborted in mid-way, then sent again with the same key
            try:
                with transaction.atomic():
                    save_label(slot, by=me, grade=chance.randrange(4), client_key=key)
                    raise Aborted
            except Aborted:
                pass
        for _ in range(chance.choice([1, 1, 1, 2])):  # some submits come twice
            label = save_label(slot, by=me, grade=chance.randrange(4), client_key=key)
        log.write(f"{label.client_key},{slot.pk},{me.rater_id},.\n")
        if chance.random() < 0.03:
            undo_last_decision(me)
    except AnswerRefused:
        pass
    return None


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
