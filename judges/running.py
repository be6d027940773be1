"""Working on a run: pull shards until none is left, or until somebody or the engine says stop.

Any number of workers share a run, each through `work_on_run`; any of them may die at any moment. What is
true stands in the rows: a shard with a lease, an attempt that fences, one verdict per item.
"""

import logging
import re
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from urllib.parse import urlsplit

from django.db import InterfaceError, OperationalError, connection

from corpus.jobs import send_hint
from corpus.leaving import is_leaving
from corpus.models import Job
from judges.chunks import Asking
from judges.conditions.shown import shown_item
from judges.engines.base import Engine as OpenEngine
from judges.engines.base import EngineUnavailable, EngineUnsuited
from judges.juries import NoEngine, answers_of
from judges.models import Engine, Run, Shard
from judges.probes import make_sure
from judges.pulse import Pulse, RunStopped
from judges.recording import (
    LEASE_SECONDS,
    Hold,
    ShardLost,
    claim_shard,
    close_shard,
    end_if_complete,
    pause_at_cap,
    read_items,
    record_verdicts,
    release_shard,
)
from judges.scoring import SCORINGS
from judges.scoring.base import Answer, JudgedItem, ScoringProblem
from judges.services.conditions import asked_under, content_of
from judges.services.engines import connect_engine

logger = logging.getLogger(__name__)
STALE_SECONDS = LEASE_SECONDS  # without a heartbeat for so long, a running run has no worker
FIRST_WAIT_SECONDS = 5
LONGEST_WAIT_SECONDS = 300
OnUpdate = Callable[[Run], None]


def load_run(*, job_id: int) -> Run:
    """The run of this job, with everything that working on it needs."""
    related = ("job", "judge__engine", "judge__prompt", "judge__rubric", "condition")
    return Run.objects.select_related(*related).get(job=job_id)


def work_on_run(run: Run, *, on_update: OnUpdate | None = None) -> None:
    """Judge shards of the run until none is left to claim; a second message finds nothing to do.

    Ends the run as done with its last shard; as failed, with a sentence, when it cannot go on; leaves it
    waiting when the engine is away. Raises only where the database itself is lost.
    """
    if is_leaving() or not _begin(run):
        return
    hold = claim_shard(run)
    if hold is None:
        end_if_complete(run.pk, job_id=run.job_id)
        return
    _call_another_worker(run)
    try:
        with (
            Pulse(run.job_id, hold) as pulse,
            _asking(run) as asking,
        ):
            if not run.judge.is_jury:
                make_sure(run, asking=asking, look=pulse.check)
            while hold:
                try:
                    _judge_shard(run, hold, asking=asking, pulse=pulse, on_update=on_update)
                except ShardLost as lost:
                    logger.warning("%s", lost)
                pulse.hold = hold = claim_shard(run)
    except RunStopped:
        _release(hold)
        if is_leaving():
            _queue_again(run)
    except EngineUnavailable as away:
        _release(hold)
        _wait_for_engine(run, away)
    except (EngineUnsuited, ScoringProblem) as problem:
        _release(hold)
        _fail(run, _without_address(str(problem), run.judge.engine))
    except (OperationalError, InterfaceError):
        connection.close()
        raise
    except Exception as error:
        logger.exception("%s failed", run)
        _release(hold)
        _fail(
            run,
            f"Something went wrong inside Concord ({type(error).__name__}). The verdicts so far are kept and"
            " the run can be resumed; the server's log says more.",
        )
    except BaseException:  # the process is being stopped: the next worker need not wait for the lease
        _release(hold)
        raise
    if on_update:
        on_update(run)


def work_on_run_here(run: Run, *, on_update: OnUpdate | None = None) -> None:
    """See the run through to its end in this process, waiting where it waits or is paused.

    For commands that found no worker. `on_update(run)` is called after each write and while waiting; it
    reads the rows again itself.
    """
    while True:
        work_on_run(run, on_update=on_update)
        run.job.refresh_from_db()
        if run.job.is_ended:
            return
        if on_update:
            on_update(run)
        time.sleep(0.5)


def _begin(run: Run) -> bool:
    """Join the run if it has work now; the first worker starts its clock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH was AS (SELECT id, state FROM corpus_job WHERE id = %s FOR UPDATE)"
            " UPDATE corpus_job j SET state = 'running', retry_at = NULL, heartbeat_at = now(),"
            " error = '', note = '', started_at = coalesce(j.started_at, now()) FROM was"
            " WHERE j.id = was.id AND (was.state IN ('queued', 'running')"
            " OR (was.state = 'waiting' AND j.retry_at <= now()))"
            " RETURNING was.state",
            [run.job_id],
        )
        row = cursor.fetchone()
        if row and row[0] != Job.State.RUNNING:
            cursor.execute(
                "UPDATE judges_run SET speed = NULL, speed_n = 0, speed_since = now() WHERE id = %s", [run.pk]
            )
    return row is not None


def _call_another_worker(run: Run) -> None:
    """Hint once more while there is work for two; each worker that joins calls the next.

    Not for a local engine, which already uses every core of its machine, nor for a jury, which is quick.
    """
    if run.judge.is_jury or run.judge.engine.kind == Engine.Kind.LOCAL:
        return
    if run.shards.filter(state=Shard.State.OPEN).exists():
        send_hint(run.job_id, queue=run.job.queue)


def _asking(run: Run) -> Asking:
    """The run's engine, with what it is asked for some items under the run's condition."""
    judge = run.judge
    if judge.is_jury:
        return Asking(NoEngine(), answers_of(run))
    scoring, content = SCORINGS[judge.scoring], content_of(run.condition)
    prompt, scale = asked_under(judge, run.condition)
    score = partial(scoring.score, prompt=prompt, scale=scale, options=judge.options)

    def ask(items: Sequence[JudgedItem], *, engine: OpenEngine) -> list[Answer]:
        return score([shown_item(content, item) for item in items], engine=engine)

    return Asking(connect_engine(judge.engine), ask, whole_queries=scoring.whole_queries)


def _judge_shard(run: Run, hold: Hold, *, asking: Asking, pulse: Pulse, on_update: OnUpdate | None) -> None:
    """Give every item of the shard that still needs one a verdict; what has come is written every second."""
    items = read_items(hold)
    with closing(asking.answers(items, is_wanted=pulse.is_wanted)) as stream:
        for answered in stream:
            if answered.items:
                record_verdicts(hold, answered.items, answered.answers)
                if run.cap is not None:
                    pause_at_cap(hold)
                if on_update:
                    on_update(run)
    pulse.check()
    close_shard(hold)


def _release(hold: Hold | None) -> None:
    if hold:
        release_shard(hold)


def _queue_again(run: Run) -> None:
    """Leave the run to the next worker, unless another one is at it already."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE corpus_job SET state = 'queued' WHERE id = %s AND state = 'running' AND NOT EXISTS"
            " (SELECT 1 FROM judges_shard WHERE run_id = %s AND state = 'leased' AND leased_until > now())",
            [run.job_id, run.pk],
        )
        is_queued = bool(cursor.rowcount)
    if is_queued:
        send_hint(run.job_id, queue=run.job.queue)


def _wait_for_engine(run: Run, away: EngineUnavailable) -> None:
    """Leave the run waiting, with the reason; next try in 5, 10, 20 … 300 s, or when the engine said."""
    engine = run.judge.engine
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE corpus_job j SET state = 'waiting', note = %s, retry_at = now() + make_interval(secs =>"
            " greatest(%s, least(%s * power(2, least(r.n_waits, 20)), %s)))"
            " FROM judges_run r WHERE j.id = %s AND j.state = 'running' AND r.id = %s",
            [
                f"Waiting for the engine “{engine}”: {_without_address(away.reason, engine)}",
                min(away.retry_after or 0, LONGEST_WAIT_SECONDS * 12),
                FIRST_WAIT_SECONDS,
                LONGEST_WAIT_SECONDS,
                run.job_id,
                run.pk,
            ],
        )
        if cursor.rowcount:
            cursor.execute("UPDATE judges_run SET n_waits = n_waits + 1 WHERE id = %s", [run.pk])


def _fail(run: Run, reason: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE corpus_job SET state = 'failed', error = %s, note = '', finished_at = now()"
            " WHERE id = %s AND state = 'running'",
            [reason, run.job_id],
        )


def _without_address(text: str, engine: Engine | None) -> str:
    """The text as project members may read it: engine addresses are the site admins' business."""
    if engine is None or not engine.url:
        return text
    text = re.sub(r"https?://\S+", "its address", text)
    for secret in {urlsplit(url).netloc for url in engine.urls} | set(engine.hosts):
        text = text.replace(secret, "its address")
    return text
