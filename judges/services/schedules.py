"""Schedules: runs that start by themselves. Beat calls `run_schedule` by way of a task with the row's id."""

import json
import random
from collections.abc import Sequence

from celery.schedules import ParseException, crontab
from django.db import connection, transaction
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from corpus.audit import record
from corpus.models import Item, ItemSet, ItemSetEntry, Project, User
from corpus.models.audit import Verb
from corpus.variants import no_variant, why_nothing
from judges.models import Judge, Run, Schedule
from judges.models.schedule import TASK
from judges.services.runs import RunRefused, start_run

DRIFT_ITEMS = 200
SHORTEST_MINUTES = 5


class ScheduleRefused(Exception):
    """The schedule cannot be made like this; one sentence says why."""


@transaction.atomic
def create_schedule(
    judge: Judge,
    *,
    scope: str,
    cron: str = "",
    every_minutes: int | None = None,
    item_set: ItemSet | None = None,
    cap: float | None = None,
    by: User | None = None,
) -> Schedule:
    """A schedule that is on from now; `cron` has five fields in UTC, or it runs every so many minutes.

    A drift schedule draws its sample now, once. Raises ScheduleRefused.
    """
    if judge.is_imported:
        raise ScheduleRefused(f"“{judge}” was made elsewhere and cannot be run here.")
    if judge.rubric.compares:
        raise ScheduleRefused("A judge that compares pairs runs over sets of pairs, by hand.")
    if bool(cron) == bool(every_minutes):
        raise ScheduleRefused("Say either a cron line or a number of minutes.")
    if scope == Schedule.Scope.MISSING and item_set is None:
        raise ScheduleRefused("Say which item set is looked through.")
    if item_set is not None and (item_set.project_id != judge.project_id or item_set.of_pairs):
        raise ScheduleRefused(f"“{item_set}” is no set of single items of this project.")
    times = {"crontab": _cron(cron)} if cron else {"interval": _interval(every_minutes or 0)}
    if scope == Schedule.Scope.DRIFT:
        item_set = _draw_sample(judge, item_set)
    elif scope == Schedule.Scope.NEW:
        item_set = None
    beat = PeriodicTask.objects.create(
        name=f"schedule of judge {judge.pk}, {timezone.now():%F %T.%f}", task=TASK, **times
    )
    schedule = Schedule.objects.create(
        project=judge.project, judge=judge, scope=scope, item_set=item_set, cap=cap, beat=beat, created_by=by
    )
    beat.args = json.dumps([schedule.pk])
    beat.save()
    record(Verb.SCHEDULE_MADE, schedule, project=judge.project, by=by, judge=judge.name, scope=scope)
    return schedule


def switch_schedule(schedule: Schedule, *, on: bool, by: User | None = None) -> None:
    """Let beat call it, or not."""
    schedule.beat.enabled = on
    schedule.beat.save()
    verb = Verb.SCHEDULE_ON if on else Verb.SCHEDULE_OFF
    record(verb, schedule, project=schedule.project, by=by, judge=schedule.judge.name)


def delete_schedule(schedule: Schedule, *, by: User | None = None) -> None:
    """Take it away; the runs it started stay."""
    record(Verb.SCHEDULE_DELETED, schedule, project=schedule.project, by=by, judge=schedule.judge.name)
    schedule.beat.delete()


def run_schedule(schedule: Schedule) -> Run | None:
    """Start what is due; None where nothing is to be judged or it may not start, and a note says why."""
    run, note = None, ""
    try:
        if schedule.project.archived_at:
            raise RunRefused("The project is archived.")
        item_set = schedule.item_set
        if schedule.scope != Schedule.Scope.DRIFT:
            item_set = _without_verdict(schedule.judge, within=item_set)
        if item_set is None:
            note = "Nothing to judge: every item has a verdict."
        else:
            run = start_run(schedule.judge, item_set=item_set, cap=schedule.cap, schedule=schedule)
            note = f"Started {run} over {item_set.n_items:,} items."
    except RunRefused as refusal:
        note = f"Not started: {refusal}"
    schedule.last_at, schedule.last_note = timezone.now(), note
    schedule.save(update_fields=["last_at", "last_note"])
    return run


def _cron(line: str) -> CrontabSchedule:
    fields = line.split()
    names = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
    if len(fields) != len(names):
        raise ScheduleRefused("A cron line has five fields: minute, hour, day of month, month, day of week.")
    given = dict(zip(names, fields, strict=True))
    try:
        minutes = crontab(**given).minute
    except (ParseException, ValueError) as problem:
        raise ScheduleRefused(f"This cron line cannot be read: {problem}.") from problem
    if len(minutes) > 60 // SHORTEST_MINUTES:
        raise ScheduleRefused(f"A schedule runs every {SHORTEST_MINUTES} minutes at most.")
    found, _made = CrontabSchedule.objects.get_or_create(**given, timezone="UTC")
    return found


def _interval(minutes: int) -> IntervalSchedule:
    if minutes < SHORTEST_MINUTES:
        raise ScheduleRefused(f"A schedule runs every {SHORTEST_MINUTES} minutes at most.")
    found, _made = IntervalSchedule.objects.get_or_create(every=minutes, period=IntervalSchedule.MINUTES)
    return found


def _draw_sample(judge: Judge, item_set: ItemSet | None) -> ItemSet:
    """A set of up to two hundred items by lot, out of the set given or all items; never variants."""
    items = Item.objects.filter(query__project=judge.project).single().plain()
    if item_set is not None:
        items = items.filter(pk__in=ItemSetEntry.objects.filter(item_set=item_set).values("item"))
    ids = list(items.order_by("pk").values_list("pk", flat=True))
    if not ids:
        if item_set is not None and item_set.n_items:
            raise ScheduleRefused(f"All items of “{item_set}” are variants; drift is watched on plain items.")
        nothing = "There is no item to draw a sample from: import some first."
        raise ScheduleRefused(why_nothing(judge.project, nothing))
    seed = random.SystemRandom().randrange(2**31)
    chosen = random.Random(seed).sample(ids, min(DRIFT_ITEMS, len(ids)))
    return _make_set(
        judge.project, chosen, name=f"Drift sample of {judge.name}", made_from={"rule": "drift", "seed": seed}
    )


def _without_verdict(judge: Judge, *, within: ItemSet | None) -> ItemSet | None:
    """A set of the items without a verdict of the judge under no condition, finished runs and running ones
    counted; None where there are none. Variants only where the set to look through has them."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT i.id FROM corpus_item i JOIN corpus_query q ON q.id = i.query_id
            WHERE q.project_id = %(project)s AND i.rival_id IS NULL
              AND ((%(set)s::bigint IS NULL AND {no_variant("i.id")}) OR EXISTS (
                  SELECT FROM corpus_itemsetentry e WHERE e.item_set_id = %(set)s AND e.item_id = i.id))
              AND NOT EXISTS (
                  SELECT FROM judges_run r JOIN judges_verdict v ON v.run_id = r.id AND v.item_id = i.id
                  WHERE r.judge_id = %(judge)s AND r.condition_id IS NULL AND r.experiment_id IS NULL)
              AND NOT EXISTS (
                  SELECT FROM judges_run r JOIN corpus_job j ON j.id = r.job_id
                  JOIN corpus_itemsetentry e ON e.item_set_id = r.item_set_id AND e.item_id = i.id
                  WHERE r.judge_id = %(judge)s AND r.condition_id IS NULL AND r.experiment_id IS NULL
                    AND j.state NOT IN ('done', 'cancelled', 'failed'))
            ORDER BY i.query_id, i.id
            """,
            {"project": judge.project_id, "set": within and within.pk, "judge": judge.pk},
        )
        ids = [row[0] for row in cursor.fetchall()]
    if not ids:
        return None
    return _make_set(
        judge.project, ids, name=f"Without a verdict of {judge.name}", made_from={"rule": "without verdict"}
    )


def _make_set(project: Project, ids: Sequence[int], *, name: str, made_from: dict) -> ItemSet:
    with transaction.atomic(), connection.cursor() as cursor:
        Project.objects.select_for_update().get(pk=project.pk)
        named = f"{name}, {timezone.now():%Y-%m-%d}"[:190]
        n_alike = project.item_sets.filter(name__startswith=named).count()
        item_set = ItemSet.objects.create(
            project=project,
            name=f"{named} ({n_alike + 1})" if n_alike else named,
            made_from=made_from,
            n_items=len(ids),
        )
        cursor.execute(
            "INSERT INTO corpus_itemsetentry (item_set_id, position, item_id)"
            " SELECT %s, row_number() OVER (ORDER BY i.query_id, i.id), i.id"
            " FROM unnest(%s::bigint[]) AS listed(id) JOIN corpus_item i ON i.id = listed.id",
            [item_set.pk, list(ids)],
        )
    return item_set
