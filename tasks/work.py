"""The one message there is: job N has work."""

from celery import shared_task

from corpus.models import Job


@shared_task(name="tasks.work.work_on_job")
def work_on_job(job_id: int) -> None:
    """Work on the job if it still has work; a second message for the same job finds nothing to do."""
    kind = Job.objects.filter(pk=job_id).values_list("kind", flat=True).first()
    if kind == Job.Kind.JUDGE:
        from judges.running import load_run, work_on_run

        work_on_run(load_run(job_id=job_id))
    elif kind == Job.Kind.TRY:
        from judges.workshop import run_try

        run_try(job_id)
    elif kind == Job.Kind.READ:
        from judges.second_reading import run_second_reading

        run_second_reading(job_id)
    elif kind == Job.Kind.IMPORT:
        from exchange.importing import run_import

        run_import(job_id)
    elif kind == Job.Kind.MINE:
        from mining.pooling import run_pool

        run_pool(job_id)
    elif kind == Job.Kind.EXPORT:
        from exchange.exporting import run_export

        run_export(job_id)
    elif kind == Job.Kind.RELEASE:
        _work_on_release(job_id)
    elif kind == Job.Kind.OPEN_ROUND:
        from annotate.services.opening import run_opening

        run_opening(job_id)
    elif kind == Job.Kind.REFERENCES:
        from annotate.consensus import run_references

        run_references(job_id)


def _work_on_release(job_id: int) -> None:
    """A release is made, or one that is there is made again to be compared."""
    if Job.objects.filter(pk=job_id, params__has_key="check").exists():
        from exchange.releases.checking import run_check

        run_check(job_id)
    else:
        from exchange.releases.making import run_release

        run_release(job_id)
