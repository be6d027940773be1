"""Runs that start by themselves: what is due is judged once, refusals leave a note, and beat really calls."""

import json

import pytest
from django.urls import reverse
from django_celery_beat.models import PeriodicTask

from corpus.models import Candidate, Item, ItemSet, Query
from judges.models import Run, Schedule, Verdict
from judges.services import start_run
from judges.services.schedules import ScheduleRefused, create_schedule, run_schedule
from tests.judges.test_runs import work

pytestmark = pytest.mark.django_db(transaction=True)


def due(schedule: Schedule) -> Run | None:
    run = run_schedule(Schedule.objects.select_related("judge__project", "item_set").get(pk=schedule.pk))
    return run and work(run)


def test_new_items_are_judged_once_and_only_they(project, judge, make_items, stub):
    make_items(project, 2, 5)
    schedule = create_schedule(judge, scope="new", every_minutes=60)
    assert due(schedule).n_graded == 10
    assert due(schedule) is None
    schedule.refresh_from_db()
    assert schedule.last_note == "Nothing to judge: every item has a verdict."
    query = Query.objects.create(project=project, external_id="late", text="Something new?")
    candidate = Candidate.objects.create(project=project, external_id="late", text="item late grade 2 text")
    item = Item.objects.create(query=query, candidate=candidate)
    run = due(schedule)
    assert run.n_items == 1
    assert run.schedule == schedule
    assert Verdict.objects.get(run=run).item_id == item.pk
    assert max(stub.asked.values()) == 1


def test_items_of_a_run_under_way_are_not_asked_for_again(project, judge, make_items):
    make_items(project, 1, 5)
    schedule = create_schedule(judge, scope="new", every_minutes=60)
    assert run_schedule(schedule)
    assert run_schedule(schedule) is None
    assert Run.objects.count() == 1


def test_what_is_missing_from_a_set_is_judged(project, judge, make_items):
    items = make_items(project, 2, 5)
    chosen = ItemSet.objects.create(project=project, name="some", n_items=4)
    chosen.entries.bulk_create(
        chosen.entries.model(item_set=chosen, position=n, item=item) for n, item in enumerate(items[3:7])
    )
    schedule = create_schedule(judge, scope="missing", item_set=chosen, cron="*/30 * * * *")
    assert due(schedule).n_graded == 4
    assert set(Verdict.objects.values_list("item_id", flat=True)) == {item.pk for item in items[3:7]}


def test_a_drift_schedule_judges_one_sample_again_and_again(project, judge, make_items):
    make_items(project, 30, 10)
    schedule = create_schedule(judge, scope="drift", every_minutes=1440)
    first, second = due(schedule), due(schedule)
    assert first.item_set == second.item_set
    assert (first.n_graded, second.n_graded) == (200, 200)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"cron": "* * * * *"}, "every 5 minutes at most"),
        ({"cron": "every day"}, "five fields"),
        ({"cron": "99 * * * *"}, "cannot be read"),
        ({"every_minutes": 1}, "every 5 minutes at most"),
        ({}, "either"),
        ({"every_minutes": 60, "scope": "missing"}, "which item set"),
    ],
)
def test_a_schedule_that_makes_no_sense_is_refused(project, judge, make_items, given, words):
    make_items(project, 1, 2)
    with pytest.raises(ScheduleRefused, match=words):
        create_schedule(judge, **({"scope": "new"} | given))
    assert not PeriodicTask.objects.filter(task__startswith="tasks.schedules").exists()


def test_what_may_not_start_leaves_a_note(project, judge, make_items):
    make_items(project, 1, 2)
    schedule = create_schedule(judge, scope="drift", every_minutes=60)
    start_run(judge, item_set=schedule.item_set)
    assert run_schedule(schedule) is None
    schedule.refresh_from_db()
    assert schedule.last_note.startswith("Not started: Run")


def test_a_schedule_is_made_switched_and_deleted_in_the_browser(project, judge, make_items, alice, client_of):
    make_items(project, 1, 2)
    client = client_of(alice)
    form = {"judge": judge.pk, "scope": "new", "every_minutes": "360", "cron": ""}
    page = client.post(reverse("judges:schedule-create", args=["soil"]), form, follow=True).content.decode()
    assert "every 6 h" in page
    schedule = Schedule.objects.get()
    assert json.loads(schedule.beat.args) == [schedule.pk]
    client.post(reverse("judges:schedule-switch", args=["soil", schedule.pk]))
    assert not PeriodicTask.objects.get(pk=schedule.beat_id).enabled
    client.post(reverse("judges:schedule-delete", args=["soil", schedule.pk]))
    assert not Schedule.objects.exists()
    assert not PeriodicTask.objects.filter(pk=schedule.beat_id).exists()
    page = client.post(reverse("judges:schedule-create", args=["soil"]), form | {"cron": "1 2 3"})
    assert "five fields" in page.content.decode()
