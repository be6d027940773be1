"""The sample project: loaded once, judged by two judges of the small local model."""

from pathlib import Path

from django.conf import settings

from corpus.models import Job, Project, User
from corpus.services import create_project
from exchange.importing import run_import
from exchange.importing.preparing import prepare_import
from judges.models import Engine, Judge, Run
from judges.services import create_judge, find_prompt, register_engine, start_run, sync_shipped_prompts

SLUG = "sample"
FOLDER = settings.ROOT / "corpus" / "sample"
DESCRIPTION = (
    "24 everyday questions with 8 candidates each, written for Concord. The grades are the authors' own,"
    " in two passes, for demonstration: they show how the pages work and are no benchmark. The two judges"
    " run a very small model (135 million parameters): expect the first to be weak and the second to be"
    " worthless; the agreement page shows it."
)
GUIDELINES = (
    "Grade how well the candidate meets the need, not how well it is written. A candidate that contradicts"
    " the facts does not answer the query. If query or candidate make no sense, choose “cannot judge”."
)


class SampleProblem(Exception):
    """The sample could not be loaded; the message is the import's own."""


def load_sample(*, by: User) -> tuple[Project, bool]:
    """The sample project and whether this call has just made it."""
    project = Project.objects.filter(slug=SLUG).first()
    if project and project.jobs.filter(kind=Job.Kind.IMPORT, state=Job.State.DONE).count() >= 2:
        return project, False
    if project is None:
        project = create_project("Sample: everyday questions", slug=SLUG, by=by, description=DESCRIPTION)
        Project.objects.filter(pk=project.pk).update(guidelines=GUIDELINES)
    for name, kind in (("pairs.jsonl", "pairs"), ("labels.jsonl", "labels")):
        _import(project, FOLDER / name, kind=kind, by=by)
    return project, True


def _import(project: Project, path: Path, *, kind: str, by: User) -> None:
    job = prepare_import(project, path, filename=path.name, kind=kind, by=by)
    Job.objects.filter(pk=job.pk).update(state=Job.State.QUEUED)
    ended = run_import(job.pk)
    if ended is None or ended.state != Job.State.DONE:
        raise SampleProblem(f"{path.name}: {ended.error if ended else 'taken over by another worker'}")


def sample_judges(project: Project) -> list[Judge]:
    """The two judges of the small local model, made when missing."""
    sync_shipped_prompts()
    engine = Engine.objects.filter(name="local").first() or register_engine("local", kind="local")
    return [
        create_judge(project, name=name, engine=engine, prompt=find_prompt(project, prompt), scoring=scoring)
        for name, prompt, scoring in (
            ("smollm2-likelihood", "likelihood", "likelihood"),
            ("smollm2-yes-no", "yes-no-relevance", "yes_no"),
        )
    ]


def sample_runs(judges: list[Judge], *, by: User) -> list[Run]:
    """One run of each judge over all items: the newest that was not given up, else a new one."""
    runs = []
    for judge in judges:
        run = (
            judge.runs.exclude(job__state__in=[Job.State.CANCELLED, Job.State.FAILED])
            .select_related("job")
            .order_by("-pk")
            .first()
        )
        runs.append(run or start_run(judge, by=by))
    return runs
