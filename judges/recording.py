"""Shards and verdicts in the database: claiming, reading items, writing verdicts, fencing, ending.

Every write of verdicts is one transaction that first proves the worker still holds its shard (the attempt
is its own), so that a worker that slept past its lease changes nothing. Locks are always taken in the
order shard, run, job.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from django.db import connection, transaction

from judges.items import JOINS, TEXTS
from judges.models import FAILURES, Outcome, Run
from judges.scoring.base import Answer, JudgedItem

LEASE_SECONDS = 20  # renewed every second while the worker lives
SPEED_WINDOW_SECONDS = 5
COLUMNS = (
    "item_id, outcome, grade, score, log_odds, probs, marks, label_mass, raw, reason,"
    " tokens_in, tokens_out, tokens_cached, latency_ms"
)


class ShardLost(Exception):
    """Another worker holds the shard by now, or it was reopened: this worker's results are dropped."""


class Hold(NamedTuple):
    """A claimed shard: the attempt is what fences off everybody who held it before."""

    run_id: int
    job_id: int
    number: int
    attempt: int


def claim_shard(run: Run) -> Hold | None:
    """Lease the next shard that is open or whose lease ran out; None when none is or the run stopped."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE judges_shard SET state = 'leased', attempt = attempt + 1,
                   leased_until = now() + interval '{LEASE_SECONDS} seconds'
            WHERE run_id = %(run)s AND number = (
                SELECT number FROM judges_shard
                WHERE run_id = %(run)s AND state <> 'done' AND (state = 'open' OR leased_until < now())
                  AND EXISTS (SELECT 1 FROM corpus_job WHERE id = %(job)s AND state = 'running')
                ORDER BY number LIMIT 1 FOR UPDATE SKIP LOCKED
            )
            RETURNING number, attempt
            """,
            {"run": run.pk, "job": run.job_id},
        )
        row = cursor.fetchone()
    return Hold(run.pk, run.job_id, *row) if row else None


def release_shard(hold: Hold) -> None:
    """Give the shard back unfinished, for the next worker to take up at once."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE judges_shard SET state = 'open', leased_until = NULL"
            " WHERE run_id = %s AND number = %s AND attempt = %s AND state = 'leased'",
            [hold.run_id, hold.number, hold.attempt],
        )


def read_items(hold: Hold) -> list[JudgedItem]:
    """The shard's items that still need a verdict, in order: without one, or with a failure to retry."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT {TEXTS}
            FROM judges_shard s
            JOIN judges_run r ON r.id = s.run_id
            CROSS JOIN unnest(s.items) WITH ORDINALITY AS listed(item_id, place)
            JOIN corpus_item i ON i.id = listed.item_id
            {JOINS}
            LEFT JOIN judges_verdict v ON v.run_id = s.run_id AND v.item_id = i.id
            WHERE s.run_id = %s AND s.number = %s
              AND (v.item_id IS NULL OR (v.outcome = ANY(%s) AND v.created_at < r.retried_at))
            ORDER BY listed.place
            """,
            [hold.run_id, hold.number, list(FAILURES)],
        )
        return [JudgedItem(*row) for row in cursor.fetchall()]


@transaction.atomic
def record_verdicts(hold: Hold, items: Sequence[JudgedItem], answers: Sequence[Answer]) -> None:
    """Write one verdict per item and bring the run's and the job's counters up to date, all or nothing.

    An item that has a verdict keeps it, unless it is a failure that is being retried. Raises ShardLost.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r.retried_at FROM judges_shard s JOIN judges_run r ON r.id = s.run_id"
            " WHERE s.run_id = %s AND s.number = %s AND s.attempt = %s AND s.state = 'leased'"
            " FOR UPDATE OF s",
            [hold.run_id, hold.number, hold.attempt],
        )
        held = cursor.fetchone()
        if held is None:
            raise ShardLost(f"Shard {hold.number} of run {hold.run_id} is no longer attempt {hold.attempt}.")
        _copy(cursor, [_row(item, answer) for item, answer in zip(items, answers, strict=True)])
        n_replaced = _delete_retried(cursor, hold, retried_at=held[0]) if held[0] else 0
        cursor.execute(
            f"""
            WITH written AS (
                INSERT INTO judges_verdict (run_id, {COLUMNS})
                SELECT %(run)s, {COLUMNS} FROM judges_incoming
                ON CONFLICT (run_id, item_id) DO NOTHING
                RETURNING outcome, tokens_in, tokens_out, tokens_cached
            )
            SELECT count(*),
                   count(*) FILTER (WHERE outcome = 'graded'),
                   count(*) FILTER (WHERE outcome = 'scored'),
                   count(*) FILTER (WHERE outcome = 'abstained'),
                   count(*) FILTER (WHERE outcome IN ('unreadable', 'out_of_range')),
                   count(*) FILTER (WHERE outcome = ANY(%(failures)s)),
                   coalesce(sum(tokens_in), 0), coalesce(sum(tokens_out), 0), coalesce(sum(tokens_cached), 0)
            FROM written
            """,
            {"run": hold.run_id, "failures": list(FAILURES)},
        )
        n_written, *counts = cursor.fetchone()
        _count(cursor, hold, n_written=n_written, n_replaced=n_replaced, counts=counts)


def _copy(cursor, rows: list[tuple]) -> None:
    cursor.execute(
        "CREATE TEMPORARY TABLE IF NOT EXISTS judges_incoming (item_id bigint, outcome varchar(12),"
        " grade smallint, score float8, log_odds float8, probs float8[], marks smallint[], label_mass float8,"
        " raw text, reason text,"
        " tokens_in integer, tokens_out integer, tokens_cached integer, latency_ms integer)"
        " ON COMMIT DELETE ROWS"
    )
    with cursor.copy(f"COPY judges_incoming ({COLUMNS}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _delete_retried(cursor, hold: Hold, *, retried_at) -> int:
    """Make room for the new verdicts of retried failures, in the transaction that writes them."""
    cursor.execute(
        "DELETE FROM judges_verdict v USING judges_incoming n WHERE v.run_id = %s AND v.item_id = n.item_id"
        " AND v.outcome = ANY(%s) AND v.created_at < %s",
        [hold.run_id, list(FAILURES), retried_at],
    )
    return cursor.rowcount


def _count(cursor, hold: Hold, *, n_written: int, n_replaced: int, counts: list[int]) -> None:
    graded, scored, abstained, unreadable, failed, tokens_in, tokens_out, tokens_cached = counts
    elapsed = "extract(epoch FROM now() - speed_since)"
    cursor.execute(
        f"""
        UPDATE judges_run SET
            n_graded = n_graded + %(graded)s, n_scored = n_scored + %(scored)s,
            n_abstained = n_abstained + %(abstained)s, n_unreadable = n_unreadable + %(unreadable)s,
            n_failed = n_failed + %(failed)s - %(replaced)s,
            tokens_in = tokens_in + %(tokens_in)s, tokens_out = tokens_out + %(tokens_out)s,
            tokens_cached = tokens_cached + %(tokens_cached)s,
            n_waits = 0,
            speed = CASE WHEN {elapsed} >= {SPEED_WINDOW_SECONDS}
                THEN (coalesce(speed, (speed_n + %(n)s) / {elapsed}) + (speed_n + %(n)s) / {elapsed}) / 2
                ELSE speed END,
            speed_n = CASE WHEN {elapsed} >= {SPEED_WINDOW_SECONDS} THEN 0 ELSE speed_n + %(n)s END,
            speed_since = CASE WHEN {elapsed} >= {SPEED_WINDOW_SECONDS} THEN now()
                ELSE coalesce(speed_since, now()) END
        WHERE id = %(run)s
        """,
        {
            "graded": graded,
            "scored": scored,
            "abstained": abstained,
            "unreadable": unreadable,
            "failed": failed,
            "replaced": n_replaced,
            "tokens_in": tokens_in,
            "tokens_out": tokens_out,
            "tokens_cached": tokens_cached,
            "n": n_written,
            "run": hold.run_id,
        },
    )
    cursor.execute(
        "UPDATE corpus_job SET n_done = n_done + %s, heartbeat_at = now() WHERE id = %s",
        [n_written - n_replaced, hold.job_id],
    )


def pause_at_cap(hold: Hold) -> None:
    """Pause the run once it has cost what it may; its workers notice as they notice every pause."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE corpus_job j SET state = 'paused', retry_at = NULL,"
            " note = format('Paused: the cap of $%%s is reached.', round(r.cap::numeric, 2))"
            " FROM judges_run r JOIN judges_judge d ON d.id = r.judge_id"
            " JOIN judges_engine e ON e.id = d.engine_id"
            " WHERE r.id = %s AND j.id = r.job_id AND j.state = 'running'"
            " AND (r.tokens_in * e.price_in + r.tokens_out * e.price_out) / 1e6 >= r.cap",
            [hold.run_id],
        )


@transaction.atomic
def close_shard(hold: Hold) -> None:
    """All items of the shard have their verdict; the last shard ends the run. Raises ShardLost."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE judges_shard SET state = 'done', leased_until = NULL"
            " WHERE run_id = %s AND number = %s AND attempt = %s AND state = 'leased'",
            [hold.run_id, hold.number, hold.attempt],
        )
        if cursor.rowcount == 0:
            raise ShardLost(f"Shard {hold.number} of run {hold.run_id} is no longer attempt {hold.attempt}.")
    end_if_complete(hold.run_id, job_id=hold.job_id)


@transaction.atomic
def end_if_complete(run_id: int, *, job_id: int) -> None:
    """End the run as done when no shard is left.

    The run's row is locked first, so that of two workers with the last two shards one sees both done.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM judges_run WHERE id = %s FOR UPDATE", [run_id])
        cursor.execute(
            "UPDATE corpus_job SET state = 'done', finished_at = now(), heartbeat_at = now(), note = ''"
            " WHERE id = %s AND state = 'running'"
            " AND NOT EXISTS (SELECT 1 FROM judges_shard WHERE run_id = %s AND state <> 'done')",
            [job_id, run_id],
        )


def _row(item: JudgedItem, answer: Answer) -> tuple:
    """The verdict's row. An answer that contradicts itself is an error with a reason, never a grade."""
    grade, score = answer.grade, answer.score
    problem = _contradiction(answer)
    if problem or answer.outcome not in (Outcome.GRADED, Outcome.SCORED):
        grade = score = None
    return (
        item.item_id,
        Outcome.ERROR if problem else answer.outcome,
        grade,
        score,
        _finite(answer.log_odds),
        list(answer.probs.values()) if answer.probs else None,
        list(answer.marks) if answer.marks and grade is not None else None,
        _finite(answer.label_mass),
        storable(answer.raw),
        storable(problem or answer.reason),
        answer.tokens_in,
        answer.tokens_out,
        answer.tokens_cached,
        answer.latency_ms,
    )


def _contradiction(answer: Answer) -> str:
    if answer.outcome not in Outcome.values:
        return f"The scoring gave an outcome that does not exist: {answer.outcome}."
    if answer.outcome == Outcome.GRADED and answer.grade is None:
        return "The scoring called this graded but gave no grade."
    if answer.outcome == Outcome.SCORED and (answer.score is None or answer.grade is not None):
        return "The scoring called this scored but gave no score alone."
    if answer.score is not None and not math.isfinite(answer.score):
        return "The score is not a finite number."
    return ""


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def storable(text: str) -> str:
    """The text as PostgreSQL can hold it: without NUL characters and lone surrogates."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")
