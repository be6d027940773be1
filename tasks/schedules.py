"""Beat's call: a schedule is due."""

from celery import shared_task

from judges.models import Schedule
from judges.services.schedules import run_schedule as start_due_run


@shared_task(name="tasks.schedules.run_schedule", ignore_result=True)
def run_schedule(schedule_id: int) -> None:
    """Start the schedule's run; one that was deleted meanwhile does nothing."""
    schedule = (
        Schedule.objects.select_related("judge__project", "judge__engine", "item_set")
        .filter(pk=schedule_id)
        .first()
    )
    if schedule is not None:
        start_due_run(schedule)
