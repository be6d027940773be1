"""Pools: planned here, made by a job (mining.pooling)."""

from typing import Any

from django.db import IntegrityError, transaction

from corpus import jobs
from corpus.audit import record
from corpus.models import Job, Project, User
from corpus.models.audit import Verb
from judges.models import Engine
from judges.services.engines import is_outside, may_embed
from mining.models import Pool
from mining.pool_settings import PoolRefused, PoolSettings, settings_of


@transaction.atomic
def prepare_pool(
    project: Project, *, name: str, settings: PoolSettings, by: User | None = None, here: bool = False
) -> Pool:
    """Plan a pool and hint to the workers, or leave the work to the caller where it is done `here`.

    Raises PoolRefused where the settings make no pool, an engine may not get the texts, or the name is taken.
    """
    settings = settings_of(settings.as_json())
    name = name.strip()
    if not name or len(name) > 200 or not name.isprintable():
        raise PoolRefused("A pool needs a name of at most 200 characters on one line.")
    if settings.cut not in project.rubric.values[1:]:
        raise PoolRefused(
            f"{settings.cut} is no cut of the scale “{project.rubric}”:"
            f" choose one of {', '.join(map(str, project.rubric.values[1:]))}."
        )
    miners = _miners(project, settings)
    job = Job.objects.create(project=project, kind=Job.Kind.MINE, unit="queries", created_by=by)
    try:
        with transaction.atomic():
            pool = Pool.objects.create(
                project=project, name=name, settings=settings.as_json(), miners=miners, job=job, created_by=by
            )
    except IntegrityError as error:
        raise PoolRefused(f"There is already a pool called “{name}”; choose another name.") from error
    record(Verb.POOL_MADE, pool, project=project, by=by, miners=", ".join(each["name"] for each in miners))
    if not here:
        jobs.enqueue(job)
    return pool


def _miners(project: Project, settings: PoolSettings) -> list[dict[str, Any]]:
    """The miners by place, chance last."""
    miners: list[dict[str, Any]] = []
    if settings.bm25:
        miners.append({"kind": "bm25", "name": "BM25"})
    if settings.dense and settings.dense.depth:
        engine = Engine.objects.filter(pk=settings.dense.engine).first()
        if engine is None:
            raise PoolRefused("There is no such engine for embeddings.")
        if not may_embed(engine):
            raise PoolRefused(f"The engine “{engine}” judges and gives no embeddings; choose another.")
        if is_outside(engine) and not project.may_leave:
            raise PoolRefused(
                f"The engine “{engine}” is outside this machine, and the project's settings do not let texts"
                " leave it. An owner can allow that in the settings."
            )
        miners.append({"kind": "dense", "name": engine.model_name, "engine": engine.pk})
    known = dict(project.systems.filter(pk__in=settings.systems).values_list("pk", "name"))
    if missing := [key for key in settings.systems if key not in known]:
        raise PoolRefused(f"{len(missing)} of the run files are not in this project.")
    miners += [{"kind": "system", "name": known[key], "system": key} for key in settings.systems]
    if settings.random:
        miners.append({"kind": "random", "name": "chance"})
    return miners


def free_name(project: Project, name: str) -> str:
    """The name, with a number behind it where a pool, an item set or a round has it."""
    taken: set[str] = set()
    for named in (project.pools, project.item_sets, project.rounds):
        taken |= set(named.filter(name__startswith=name).values_list("name", flat=True))
    numbered = (f"{name} ({number})" for number in range(2, len(taken) + 3))
    return next(each for each in (name, *numbered) if each not in taken)
