"""Runs: started as one plan, steered from outside. The work itself is in judges.running."""

from datetime import timedelta

from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from corpus import jobs
from corpus.audit import record
from corpus.models import ItemSet, Job, User
from corpus.models.audit import Verb
from corpus.services import freeze_all_items
from corpus.variants import why_nothing
from judges.conditions.content import ConditionProblem
from judges.describing import cost
from judges.juries import members_without_run
from judges.models import FAILURES, Condition, Engine, Experiment, Judge, Run, Schedule
from judges.models.judge import Scoring
from judges.services.conditions import check_condition
from judges.services.engines import is_outside

# About ten seconds of work each
SHARD_ITEMS = {Engine.Kind.LOCAL: 24, Engine.Kind.VLLM: 1000, Engine.Kind.OPENAI: 500}
SHARD_OF_JURY = 5000
# A written reply beside one token, and two questions beside one
TIMES_LONGER = {Scoring.REASON: 12, Scoring.CRITERIA: 12, Scoring.PAIRWISE: 2, Scoring.LISTWISE: 2}
HINT_GRACE = timedelta(seconds=10)  # the sweep leaves a job alone that was only just hinted at


class RunRefused(Exception):
    """The run cannot be started, or not be steered like this now; one sentence says why."""


@transaction.atomic
def start_run(
    judge: Judge,
    *,
    item_set: ItemSet | None = None,
    condition: Condition | None = None,
    experiment: Experiment | None = None,
    repeat: int = 1,
    cap: float | None = None,
    schedule: Schedule | None = None,
    by: User | None = None,
) -> Run:
    """Plan a run of the judge over the set (default: all plain items of the project) and hint to the workers.

    `cap` is in US dollars: the run pauses when it has cost so much.
    Job, run and shards appear together or not at all. Raises RunRefused where texts may not leave, the
    set is empty, the condition does not go with the judge, or the same run is under way.
    """
    if judge.is_imported:
        raise RunRefused(
            f"“{judge.name}” was made elsewhere: its verdicts were imported, it cannot be run here."
        )
    project = judge.project
    if judge.is_jury and (missing := members_without_run(judge)):
        names = ", ".join(f"“{member}”" for member in missing)
        raise RunRefused(f"A jury puts its members' verdicts together, and {names} has no complete run yet.")
    if judge.engine and is_outside(judge.engine) and not project.may_leave:
        raise RunRefused(
            f"The engine “{judge.engine}” is outside this machine, and the project's settings do not let"
            " texts leave it. An owner can allow that in the settings."
        )
    check_under(judge, condition)
    Judge.objects.select_for_update(of=["self"]).get(pk=judge.pk)
    item_set = item_set or freeze_all_items(project)
    if item_set.project_id != project.pk:
        raise RunRefused(f"The item set “{item_set}” belongs to another project.")
    check_pairs(judge, item_set)
    if item_set.n_items == 0:
        raise RunRefused(why_nothing(project, "There are no items to judge: import some first."))
    alike = {"item_set": item_set, "condition": condition, "experiment": experiment, "repeat": repeat}
    if under_way := unfinished_run(judge, **alike):
        raise RunRefused(f"{under_way} of this judge over “{item_set}” is under way already.")
    job = Job.objects.create(
        project=project, kind=Job.Kind.JUDGE, unit="items", n_total=item_set.n_items, created_by=by
    )
    run = Run.objects.create(
        judge=judge,
        **alike,
        job=job,
        n_items=item_set.n_items,
        cap=cap,
        schedule=schedule,
    )
    size = SHARD_ITEMS[judge.engine.kind] if judge.engine else SHARD_OF_JURY
    size //= TIMES_LONGER.get(judge.scoring, 1)
    _plan_shards(run, size=max(size, 1))
    record(Verb.RUN_STARTED, run, project=project, by=by, judge=judge.name, item_set=item_set.name)
    jobs.enqueue(job)
    return run


def check_under(judge: Judge, condition: Condition | None) -> None:
    """Raise RunRefused where the judge cannot be run under this condition; the plain one suits everybody."""
    if condition is None:
        return
    if condition.project_id != judge.project_id:
        raise RunRefused(f"The condition “{condition}” belongs to another project.")
    if not condition.content:
        raise RunRefused(
            f"The condition “{condition}” came with imported verdicts: what it shows a judge is not known"
            " here."
        )
    try:
        check_condition(judge, condition.content)
    except ConditionProblem as problem:
        raise RunRefused(f"{str(problem)[:1].upper()}{str(problem)[1:]}.") from problem


def check_pairs(judge: Judge, item_set: ItemSet) -> None:
    """Raise RunRefused where a judge of pairs gets single items, or the other way round."""
    if item_set.of_pairs and not judge.rubric.compares:
        raise RunRefused(f"The items of “{item_set}” are pairs; this judge grades one candidate at a time.")
    if judge.rubric.compares and not item_set.of_pairs:
        raise RunRefused(
            f"This judge compares two candidates, and the items of “{item_set}” are single ones:"
            " choose a set of pairs."
        )


def unfinished_run(
    judge: Judge,
    *,
    item_set: ItemSet,
    condition: Condition | None = None,
    experiment: Experiment | None = None,
    repeat: int = 1,
) -> Run | None:
    """The run of this judge over this set under this condition that has not ended, if there is one."""
    return (
        judge.runs.unfinished()
        .filter(item_set=item_set, condition=condition, experiment=experiment, repeat=repeat)
        .select_related("job", "judge__engine")
        .first()
    )


def done_run(judge: Judge, *, item_set: ItemSet | None) -> Run | None:
    """The newest plain run of this judge over this set that is done, if there is one."""
    runs = judge.runs.complete().plain().filter(item_set=item_set, condition=None)
    return runs.select_related("job", "judge", "item_set").order_by("-pk").first() if item_set else None


def _plan_shards(run: Run, *, size: int) -> None:
    """Cut the run's items into shards of `size` to 2·`size` − 1 items.

    The items of a query stay together, for the sake of the engine's prefix cache; a query with more than
    `size` items is cut into pieces first.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH entry AS (
                SELECT e.item_id, e.position, i.query_id,
                       (row_number() OVER (PARTITION BY i.query_id ORDER BY e.position) - 1) / %(size)s
                           AS piece
                FROM corpus_itemsetentry e JOIN corpus_item i ON i.id = e.item_id
                WHERE e.item_set_id = %(item_set)s
            ), piece AS (
                SELECT query_id, piece, min(position) AS first, count(*) AS n
                FROM entry GROUP BY query_id, piece
            ), placed AS (
                SELECT query_id, piece, first, div(sum(n) OVER (ORDER BY first) - n, %(size)s) AS shard
                FROM piece
            )
            INSERT INTO judges_shard (run_id, number, items, state, attempt)
            SELECT %(run)s, row_number() OVER (ORDER BY shard),
                   array_agg(item_id ORDER BY first, position), 'open', 0
            FROM entry JOIN placed USING (query_id, piece) GROUP BY shard
            """,
            {"size": size, "item_set": run.item_set_id, "run": run.pk},
        )


def _steer(run: Run, *, states: tuple[Job.State, ...], to: Job.State, refusal: str, **changes) -> None:
    updated = Job.objects.filter(pk=run.job_id, state__in=states).update(state=to, retry_at=None, **changes)
    run.job.refresh_from_db()
    if not updated:
        raise RunRefused(refusal.format(run=run, state=run.job.get_state_display().lower()))


def _note(word: str, by: User | None) -> str:
    return f"{word} by {by}." if by else f"{word}."


@transaction.atomic
def pause_run(run: Run, *, by: User | None = None) -> None:
    """Stop the run until somebody resumes it; its workers stop within two seconds. Raises RunRefused."""
    _steer(
        run,
        states=(Job.State.QUEUED, Job.State.RUNNING, Job.State.WAITING),
        to=Job.State.PAUSED,
        note=_note("Paused", by),
        refusal="{run} is {state}; only a run that is under way can be paused.",
    )
    record(Verb.RUN_PAUSED, run, project=run.judge.project, by=by)


@transaction.atomic
def cancel_run(run: Run, *, by: User | None = None) -> None:
    """End the run; the verdicts it has are kept. Raises RunRefused when it has ended already."""
    _steer(
        run,
        states=(Job.State.QUEUED, Job.State.RUNNING, Job.State.WAITING, Job.State.PAUSED),
        to=Job.State.CANCELLED,
        note=_note("Cancelled", by),
        finished_at=timezone.now(),
        refusal="{run} is {state}; there is nothing to cancel.",
    )
    record(Verb.RUN_CANCELLED, run, project=run.judge.project, by=by)


@transaction.atomic
def resume_run(run: Run) -> None:
    """Take the run up where it stopped; a waiting one tries its engine now. Raises RunRefused."""
    spent = cost(run)
    if run.cap is not None and spent is not None and spent >= run.cap:
        raise RunRefused(f"{run} has cost ${spent:.2f} and its cap is ${run.cap:.2f}: raise the cap first.")
    _steer(
        run,
        states=(Job.State.PAUSED, Job.State.WAITING, Job.State.FAILED, Job.State.CANCELLED),
        to=Job.State.QUEUED,
        note="",
        error="",
        finished_at=None,
        refusal="{run} is {state}; there is nothing to resume.",
    )
    record(Verb.RUN_RESUMED, run, project=run.judge.project)
    _hint(run)


@transaction.atomic
def raise_cap(run: Run, *, cap: float, by: User | None = None) -> None:
    """Let the run cost more, and go on where it paused for that. Raises RunRefused."""
    spent = cost(run) or 0.0
    if cap <= spent:
        raise RunRefused(f"{run} has cost ${spent:.2f} already: the new cap must be higher.")
    run.cap = cap
    run.save(update_fields=["cap"])
    record(Verb.RUN_CAP_RAISED, run, project=run.judge.project, by=by, cap=cap)
    if run.job.state == Job.State.PAUSED:
        resume_run(run)


@transaction.atomic
def retry_failures(run: Run) -> int:
    """Judge the items once more that came out empty, refused or as an error; return how many there are.

    Grades, scores, abstentions and unreadable replies stay. A run that was cancelled or failed goes on
    with what it had left as well. Raises RunRefused while the run is in a worker's hands.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH failure AS (
                SELECT s.number FROM judges_shard s CROSS JOIN unnest(s.items) AS listed(item_id)
                JOIN judges_verdict v ON v.run_id = s.run_id AND v.item_id = listed.item_id
                WHERE s.run_id = %(run)s AND v.outcome = ANY(%(failures)s)
            ), reopened AS (
                UPDATE judges_shard SET state = 'open', leased_until = NULL
                WHERE run_id = %(run)s AND number IN (SELECT number FROM failure)
            )
            SELECT count(*) FROM failure
            """,
            {"run": run.pk, "failures": list(FAILURES)},
        )
        n_failures = cursor.fetchone()[0]
    if not n_failures:
        raise RunRefused(f"{run} has no failures to judge once more.")
    Run.objects.filter(pk=run.pk).update(retried_at=Now())
    _steer(
        run,
        states=(*Job.ENDED, Job.State.PAUSED, Job.State.WAITING),
        to=Job.State.QUEUED,
        note="",
        error="",
        finished_at=None,
        refusal="{run} is {state}; pause it, or wait for its end, before its failures are judged once more.",
    )
    record(Verb.RUN_RETRIED, run, project=run.judge.project, n_failures=n_failures)
    _hint(run)
    return n_failures


def _hint(run: Run) -> None:
    Job.objects.filter(pk=run.job_id).update(retry_at=timezone.now() + HINT_GRACE)
    jobs.enqueue(run.job)
