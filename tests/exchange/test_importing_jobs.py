"""What may happen to an import on its way: bad files, cancellation, other workers, other imports."""

import time
from contextlib import contextmanager
from threading import Event, Thread

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from psycopg import sql

from config.embedded.cluster import SUPERUSER
from config.embedded.paths import Folders
from corpus import jobs
from corpus.jobs import cancel
from corpus.models import Candidate, Item, Job
from exchange.importing import importer, run_import
from exchange.importing.stores import PairStore
from exchange.importing.undoing import undo_import
from tests.exchange.bringing import packed, queue_import, run, snapshot, table

pytestmark = pytest.mark.django_db(transaction=True)

ROWS = [
    {"query_id": f"q{n % 3}", "query": f"query {n % 3}", "candidate_id": f"c{n}", "candidate": f"text {n}"}
    | {"human_grade": n % 4}
    for n in range(30)
]
PATIENCE_SECONDS = 30


@pytest.fixture
def queued(project, tmp_path):
    return queue_import(project, table(ROWS), tmp_path, name="pairs.csv")


def elsewhere(work) -> None:
    """Do `work` as another process would: on a connection of its own."""
    failed = []

    def target() -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    thread = Thread(target=target)
    thread.start()
    thread.join(PATIENCE_SECONDS)
    assert not thread.is_alive()
    if failed:
        raise failed[0]


@pytest.fixture
def at_the_end(monkeypatch):
    """Something that happens elsewhere after the last row was written and before the commit."""

    def arrange(work) -> None:
        finish = PairStore.finish

        def and_then(self) -> None:
            finish(self)
            elsewhere(work)

        monkeypatch.setattr(PairStore, "finish", and_then)

    return arrange


# Files


def test_a_truncated_gzip_stores_nothing_and_says_where_it_breaks_off(bring):
    before = snapshot()

    job = bring(packed(table(ROWS * 50))[:-60], name="pairs.csv.gz")

    assert job.state == Job.State.FAILED
    assert job.error.startswith("pairs.csv.gz breaks off in line ")
    assert "its gzip data ends too early" in job.error
    assert job.error.endswith("Nothing was stored.")
    assert not job.result["stored"]
    assert snapshot() == before


def test_a_truncated_gzip_is_refused_with_good_rows_too(bring):
    job = bring(packed(table(ROWS * 50))[:-60], name="pairs.csv.gz", good_rows=True)

    assert job.state == Job.State.FAILED
    assert not Item.objects.exists()


def test_lines_of_another_encoding_are_bad_rows(refused):
    text = table([row | {"candidate": "grün"} if n == 5 else row for n, row in enumerate(ROWS)])
    text = text.replace("text 1,", "größer,").replace("text 2,", "süßer,").encode()

    (bad,) = refused(text.replace("grün".encode(), b"gr\xfcn"))

    assert bad["line"] == 7
    assert "is no utf-8 text" in bad["reason"]


def test_a_file_of_another_encoding_is_read_as_the_user_says(stored):
    text = table([ROWS[0] | {"candidate": "Größe – naïve"}])

    stored(text.encode("cp1252"), encoding="cp1252")

    assert Candidate.objects.get().text == "Größe – naïve"


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({"encoding": "klingon"}, "There is no text encoding named 'klingon'"),
        ({"mapping": {"nope": "query_id"}}, "There is no column 'nope' to map"),
        ({"mapping": {"query": "nope"}}, "has no field 'nope'"),
        ({"kind": "system"}, "needs system, score"),
    ],
)
def test_choices_that_do_not_fit_are_a_sentence(bring, choices, words):
    job = bring(table(ROWS), kind=choices.pop("kind", "pairs"), **choices)

    assert job.state == Job.State.FAILED
    assert words in job.error


def test_a_file_that_is_gone_is_a_sentence(queued, tmp_path):
    (tmp_path / "pairs.csv").unlink()

    assert "There is no file pairs.csv at that place" in run(queued).error


def test_an_error_of_ours_ends_the_job_and_stores_nothing(queued, monkeypatch):
    def fail(self, rows) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(PairStore, "take", fail)
    with pytest.raises(RuntimeError, match="a bug"):
        run_import(queued.pk)

    queued.refresh_from_db()
    assert queued.state == Job.State.FAILED
    assert "Something went wrong inside Concord (RuntimeError); nothing was stored" in queued.error


# Progress


def test_progress_is_seen_from_outside_while_nothing_else_is(queued, at_the_end):
    seen = []

    def look() -> None:
        job = Job.objects.get(pk=queued.pk)
        seen.append((job.state, job.n_done, job.n_total, job.note, Item.objects.count()))

    at_the_end(look)
    ended = run(queued)

    assert seen == [("running", 30, 30, "Finishing", 0)]
    assert (ended.state, ended.n_done, ended.n_total, ended.note) == ("done", 30, 30, "")
    assert Item.objects.count() == 30


def test_rows_are_told_as_they_come(queued, monkeypatch):
    monkeypatch.setattr(importer, "ROWS_A_CHUNK", 10)
    told = []

    run(queued, on_update=lambda job: told.append(job.n_done))

    assert [n for n in dict.fromkeys(told) if n] == [10, 20, 30]


def test_the_heart_beats_through_one_long_statement(queued, at_the_end, monkeypatch):
    monkeypatch.setattr(jobs, "BEAT_SECONDS", 0.02)

    def wait_for_two_beats() -> None:
        beats = set()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(beats) < 3 and time.monotonic() < deadline:
            beats.add(Job.objects.get(pk=queued.pk).heartbeat_at)
        assert len(beats) == 3

    at_the_end(wait_for_two_beats)

    assert run(queued).state == Job.State.DONE


# Cancellation and other workers


def test_a_cancelled_import_stores_nothing_and_ends_as_cancelled(queued, monkeypatch):
    monkeypatch.setattr(importer, "ROWS_A_CHUNK", 10)
    before = snapshot()

    def cancel_in_the_middle(job: Job) -> None:
        if job.n_done == 10:
            elsewhere(lambda: cancel(queued))

    ended = run(queued, on_update=cancel_in_the_middle)

    assert (ended.state, ended.note, ended.result) == ("cancelled", "Cancelled.", {})
    assert snapshot() == before


def test_a_cancellation_after_the_last_row_still_counts(queued, at_the_end):
    at_the_end(lambda: cancel(queued))
    before = snapshot()

    assert run(queued).state == Job.State.CANCELLED
    assert snapshot() == before


def test_a_worker_that_woke_too_late_stores_nothing(queued, at_the_end):
    def take_over() -> None:
        long_ago = Job.objects.get(pk=queued.pk).started_at.replace(year=2020)
        Job.objects.filter(pk=queued.pk).update(heartbeat_at=long_ago)
        assert jobs.claim(queued.pk).attempt == 2

    at_the_end(take_over)
    before = snapshot()

    ended = run(queued)

    assert (ended.state, ended.attempt) == ("running", 2)
    assert snapshot() == before


def test_a_worker_that_dies_after_the_commit_has_ended_its_job(queued, monkeypatch):
    def die(*args, **how) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(jobs.Progress, "finish", die)
    with pytest.raises(KeyboardInterrupt):
        run_import(queued.pk)

    queued.refresh_from_db()
    assert (queued.state, queued.result["stored"]) == ("done", True)
    assert run_import(queued.pk) is None
    assert Item.objects.count() == 30


def test_two_imports_of_one_project_wait_for_each_other(project, queued, tmp_path):
    second = queue_import(project, table(ROWS), tmp_path, name="again.csv")
    first_is_reading, ended = Event(), []

    def import_second() -> None:
        assert first_is_reading.wait(PATIENCE_SECONDS)
        ended.append(run_import(second.pk))
        connection.close()

    thread = Thread(target=import_second)

    def wait_for_second(job: Job) -> None:
        if job.note == "Reading" and not first_is_reading.is_set():
            first_is_reading.set()
            deadline = time.monotonic() + PATIENCE_SECONDS
            while time.monotonic() < deadline:
                second.refresh_from_db()
                if second.note == "Waiting for another import of this project":
                    return
            raise AssertionError("The second import did not wait.")

    thread.start()
    run(queued, on_update=wait_for_second)
    thread.join(PATIENCE_SECONDS)

    assert ended[0].state == Job.State.DONE
    assert ended[0].result["counts"] == {"unchanged": 30}
    assert Item.objects.count() == 30


def test_a_waiting_import_can_be_cancelled(project, queued):
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext('concord-collection'), %s)", [project.pk])
        ended = run(queued, on_update=lambda job: elsewhere(lambda: cancel(queued)))
    other.close()

    assert ended.state == Job.State.CANCELLED
    assert not Item.objects.exists()


# The database's user


def superuser() -> psycopg.Connection:
    """Who may make roles: the embedded cluster's superuser, or the user of a DATABASE_URL that was given."""
    ours = connection.settings_dict
    login = {"host": ours["HOST"], "port": ours["PORT"] or 5432, "dbname": ours["NAME"]}
    secrets = settings.VAR / "secrets"
    if (secrets / "postgres-superuser").exists():
        login |= {"user": SUPERUSER, "password": Folders(settings.VAR).secret("postgres-superuser")}
    else:
        login |= {"user": ours["USER"], "password": ours["PASSWORD"]}
    return psycopg.connect(**login, autocommit=True)


@contextmanager
def as_lowly_role():
    """A database user that may do what Concord needs, and not switch foreign-key triggers off."""
    with superuser() as mighty, connection.cursor() as cursor:
        mighty.execute("DROP ROLE IF EXISTS concord_lowly")
        mighty.execute("CREATE ROLE concord_lowly")
        mighty.execute(
            sql.SQL("GRANT concord_lowly TO {}").format(sql.Identifier(cursor.connection.info.user))
        )
        cursor.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO concord_lowly")
        cursor.execute("GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO concord_lowly")
        cursor.execute("SET ROLE concord_lowly")
        try:
            yield
        finally:
            cursor.execute("RESET ROLE")
            mighty.execute("DROP OWNED BY concord_lowly")
            mighty.execute("DROP ROLE concord_lowly")


def test_a_restricted_database_user_imports_and_undoes_all_the_same(project, stored, tmp_path):
    verdicts = [
        {"judge": "gpt", "prompt": "p", "query_id": row["query_id"], "candidate_id": row["candidate_id"]}
        | {"grade": 1}
        for row in ROWS
    ]
    before = snapshot()
    with as_lowly_role():
        with connection.cursor() as cursor:
            cursor.execute("SELECT has_parameter_privilege('session_replication_role', 'SET')")
            assert cursor.fetchone() == (False,)
        pairs = run(queue_import(project, table(ROWS), tmp_path, name="pairs.csv"))
        judged = run(queue_import(project, table(verdicts), tmp_path, name="verdicts.csv"))
        hits = run(queue_import(project, "q1 Q0 c1 1 2.5 s\nq1 Q0 c2 1 1.5 s\n", tmp_path, name="run.txt"))
        for job in (pairs, judged, hits):
            assert job.state == Job.State.DONE, job.error
        assert Item.objects.count() == 30
        for job in (hits, judged, pairs):
            undo_import(job)
    assert snapshot() == before
