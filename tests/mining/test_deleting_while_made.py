"""A pool is deleted while a worker is making it: on two connections, in either order."""

import threading
import time
from contextlib import contextmanager

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from corpus.jobs import JobFailed, JobStopped, Progress
from corpus.models import Hit, Item, ItemSet, Job, System
from mining import entries, hits, pooling
from mining.deleting import delete_pool
from mining.models import Pool, PoolEntry, PoolHit
from mining.pool_settings import PoolRefused, PoolSettings, settings_of
from mining.pooling import run_pool
from mining.pools import prepare_pool

PATIENCE = 20


@pytest.fixture
def pool(garden) -> Pool:
    system = System.objects.create(project=garden.project, name="elder")
    for query in garden.queries[:2]:
        Hit.objects.create(system=system, query=query, candidate=garden.candidates["c3-0"], rank=1, score=1.0)
    settings = PoolSettings(bm25=10, systems=(system.pk,), random=3)
    return prepare_pool(garden.project, name="one", settings=settings, here=True)


class Aside(threading.Thread):
    """Does something on a connection of its own; `told` is how it ended."""

    def __init__(self, work, *args) -> None:
        super().__init__(daemon=True)
        self.work, self.args, self.told = work, args, None
        self.start()

    def run(self) -> None:
        try:
            self.told = self.work(*self.args)
        except Exception as problem:
            self.told = problem
        finally:
            connection.close()

    def end(self) -> object:
        self.join(PATIENCE)
        assert not self.is_alive(), "it waits for ever"
        return self.told


def wait_until(said) -> None:
    deadline = time.monotonic() + PATIENCE
    while not said():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.02)


def somebody_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return cursor.fetchone()[0] > 0


def nothing_is_left() -> bool:
    left = (Pool, PoolHit, PoolEntry, ItemSet, Job.objects.filter(kind="mine"))
    rows = [each.objects.all() if isinstance(each, type) else each for each in left]
    return not any(each.exists() for each in rows) and Item.objects.count() == 2  # the labelled ones


def test_the_worker_stops_at_its_next_report(garden, pool, monkeypatch):
    update, noted = Progress.update, []

    def deleting(self, **facts):
        noted.append(facts.get("note"))
        if facts.get("note") == "Drawing candidates by chance":
            delete_pool(Pool.objects.get())
        update(self, **facts)

    monkeypatch.setattr(Progress, "update", deleting)
    assert run_pool(pool.job_id) is None
    assert noted[-1] == "Drawing candidates by chance"
    assert nothing_is_left()


# Two queries and three miners: two lists more after each, eight at the end.
@pytest.mark.parametrize(
    "moment",
    [
        {"note": "Searching by words"},
        {"n_done": 2},
        {"note": "Reading the run file elder"},
        {"n_done": 4},
        {"note": "Drawing candidates by chance"},
        {"note": "Setting near-duplicates apart and cutting to the budget"},
        {"n_done": 8},
        {"note": "Freezing the item set"},
    ],
    ids=lambda moment: "-".join(map(str, moment.values())),
)
def test_whatever_it_was_about_to_write_is_not_stored(moment, garden, pool, monkeypatch):
    """The reports do not stop it here, so that what stands behind each of them has to."""

    def deleting(self, **facts):
        if moment.items() <= facts.items() and Pool.objects.exists():
            delete_pool(Pool.objects.get())

    monkeypatch.setattr(Progress, "update", deleting)
    assert run_pool(pool.job_id) is None
    assert nothing_is_left()


def test_a_job_that_was_deleted_just_when_it_was_claimed_is_left(garden, pool, monkeypatch):
    make = pooling.make_pool

    def late(job, progress):
        delete_pool(pool)
        return make(job, progress)

    monkeypatch.setattr(pooling, "make_pool", late)
    assert run_pool(pool.job_id) is None
    assert nothing_is_left()


@pytest.mark.parametrize("is_alone", [True, False])
def test_a_piece_that_is_being_written_is_waited_for_and_goes_too(is_alone, garden, pool, monkeypatch):
    """Whether or not the worker has the project's collection for itself."""
    if not is_alone:
        monkeypatch.setattr(hits, "skip_while_unshared", lambda *_: False)
    with hits.writing(pool) as cursor:
        cursor.execute(
            "INSERT INTO mining_poolhit (pool_id, query_id, candidate_id, miner, rank, score)"
            " VALUES (%s, %s, %s, 0, 1, 0)",
            [pool.pk, garden.query("q0").pk, garden.candidates["c0-1"].pk],
        )
        deletion = Aside(delete_pool, pool)
        deletion.join(0.3)
        assert deletion.is_alive()
    assert deletion.end() is None
    assert nothing_is_left()


def test_a_worker_that_comes_to_write_during_the_deletion_waits_and_stops(garden, pool):
    query, candidate = garden.query("q0").pk, garden.candidates["c0-1"].pk

    def write() -> None:
        found = hits.Hits(*map(np.array, ([query], [candidate], [1], [0.5])))
        hits.write_hits(pool, found, miner=0)

    with transaction.atomic():
        delete_pool(pool)
        worker = Aside(write)
        wait_until(somebody_waits_for_a_lock)
    assert isinstance(worker.end(), JobStopped)
    assert nothing_is_left()


@pytest.mark.parametrize("is_alone", [True, False])
def test_a_pool_that_is_just_being_frozen_is_frozen_and_stays(is_alone, garden, pool, monkeypatch):
    if not is_alone:
        monkeypatch.setattr(pooling, "skip_while_unshared", lambda *_: False)
    count, asides = pooling.count_pool, []

    def counting(*args, **kwargs):
        asides.append(Aside(delete_pool, pool))
        asides[0].join(0.3)
        assert asides[0].is_alive()
        return count(*args, **kwargs)

    monkeypatch.setattr(pooling, "count_pool", counting)
    assert run_pool(pool.job_id).state == Job.State.DONE
    refusal = asides[0].end()
    assert isinstance(refusal, PoolRefused)
    assert "is frozen" in str(refusal)
    assert Pool.objects.get().item_set.n_items == Item.objects.count()


def test_another_pool_that_is_being_made_keeps_the_items_it_has_just_found(garden, pool, monkeypatch):
    """The other pool has seen that the items are there, and is about to write entries with them."""
    run_until_frozen(pool, monkeypatch)
    n_items = Item.objects.filter(job=pool.job).count()
    other = prepare_pool(garden.project, name="two", settings=settings_of(pool.settings), here=True)
    write, reached, go_on = entries.writing, threading.Event(), threading.Event()

    class Pausing:
        def __init__(self, cursor) -> None:
            self.cursor = cursor

        def __getattr__(self, name):
            return getattr(self.cursor, name)

        def execute(self, statement, params=None):
            if statement is entries.MAKE_ENTRIES:
                reached.set()
                assert go_on.wait(PATIENCE)
            return self.cursor.execute(statement, params)

    @contextmanager
    def pausing(owner):
        with write(owner) as cursor:
            yield Pausing(cursor)

    monkeypatch.setattr(entries, "writing", pausing)
    # An import that has just ended: the worker did not get the project's collection for itself.
    monkeypatch.setattr(hits, "skip_while_unshared", lambda *_: False)
    worker = Aside(run_pool, other.job_id)
    assert reached.wait(PATIENCE)
    deletion = Aside(delete_pool, pool)
    try:
        wait_until(somebody_waits_for_a_lock)
    finally:
        go_on.set()
    assert deletion.end() is None
    assert worker.end().state == Job.State.DONE
    other.refresh_from_db()
    assert not other.entries.filter(item=None).exclude(kind="duplicate").exists()
    assert other.entries.exclude(item=None).count() == other.item_set.n_items == n_items + 2


def run_until_frozen(pool, monkeypatch) -> None:
    def fail(self):
        raise JobFailed("Stopped before the end.")

    with monkeypatch.context() as patched:
        patched.setattr(pooling.Pooling, "_freeze", fail)
        run_pool(pool.job_id)


def test_the_command_says_that_its_pool_was_deleted(garden, monkeypatch):
    update = Progress.update

    def deleting(self, **facts):
        if facts.get("note") == "Searching by words":
            delete_pool(Pool.objects.get())
        update(self, **facts)

    monkeypatch.setattr(Progress, "update", deleting)
    with pytest.raises(CommandError, match="“one” was deleted while it was being made"):
        call_command("mine", garden.project.slug, "pool", name="one")
