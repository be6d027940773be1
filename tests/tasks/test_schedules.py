"""A real beat calls a schedule, and a real worker does its run."""

import pytest
from django_celery_beat.models import IntervalSchedule

from corpus.models import Job
from judges.models import Schedule, Verdict
from judges.services.schedules import create_schedule, switch_schedule

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.services
def test_beat_calls_a_schedule_and_a_worker_does_its_run(project, judge, make_items, make_worker, wait_until):
    make_items(project, 2, 5)
    schedule = create_schedule(judge, scope="new", every_minutes=60)
    schedule.beat.interval = IntervalSchedule.objects.create(every=1, period=IntervalSchedule.SECONDS)
    schedule.beat.save()
    make_worker().start(beat=True)

    def is_judged() -> bool:
        return Job.objects.filter(kind="judge", state="done", n_done=10).exists()

    wait_until(is_judged)
    switch_schedule(Schedule.objects.select_related("beat").get(pk=schedule.pk), on=False)
    assert Verdict.objects.count() == 10
