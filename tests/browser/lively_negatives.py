"""Pools of a lively project: one judged, with a selection that people check, others in the making."""

from types import SimpleNamespace

import numpy as np

from annotate.models import Label, Rater
from annotate.references import refresh_references
from corpus.models import Job, Project, User
from judges.models import Judge, Outcome, Run, Verdict
from mining.cascade import draw_check, send_to_judge
from mining.models import Pool, Selection
from mining.pool_settings import PoolSettings
from mining.pooling import run_pool
from mining.pools import prepare_pool
from mining.rules import Rule
from mining.sampling import Sampling
from mining.selections import freeze_selection

CHECKED = 25


def make_lively_negatives(
    project: Project, judge: Judge, chance: np.random.Generator, *, by: User
) -> SimpleNamespace:
    """The pools by name, and the selection."""
    settings = PoolSettings(bm25=12, random=3, budget=10, near_words=0.3)
    systems = tuple(project.systems.values_list("pk", flat=True)[:2])
    pools = {
        "made": prepare_pool(project, name="Everyday", settings=settings, by=by, here=True),
        "making": prepare_pool(
            project, name="With run files", settings=settings._replace(systems=systems), by=by, here=True
        ),
        "failed": prepare_pool(project, name="Without an engine", settings=settings, by=by, here=True),
    }
    run_pool(pools["made"].job_id)
    for pool in pools.values():
        pool.refresh_from_db()
    _in_state(pools["making"].job, Job.State.RUNNING, n_total=96, n_done=41, note="Searching by words")
    _in_state(pools["failed"].job, Job.State.FAILED, error="The engine “minilm” does not answer.")
    run = _judged(pools["made"], judge, chance)
    rule = Rule(amount=0.05, band=0.1, gate=0.5)
    selection = freeze_selection(
        pools["made"], name="Strict", run=run, rule=rule, sampling=Sampling(n_random=2), by=by
    )
    send_to_judge(selection, project.judges.exclude(pk=judge.pk).made_here().earliest("pk"), by=by)
    draw_check(selection, n=40, by=by)
    _check(selection, chance)
    return SimpleNamespace(pools=pools, selection=selection, run=run)


def _in_state(job: Job, state: str, **facts) -> None:
    Job.objects.filter(pk=job.pk).update(state=state, **facts)


def _judged(pool: Pool, judge: Judge, chance: np.random.Generator) -> Run:
    """A run whose scores follow people's grades where there are some; every 30th item abstained."""
    items = pool.item_set.entries.values_list("item_id", "item__reference__grade")
    job = Job.objects.create(project=pool.project, kind=Job.Kind.JUDGE, state=Job.State.DONE)
    n = pool.item_set.n_items
    run = Run.objects.create(judge=judge, item_set=pool.item_set, job=job, n_items=n, n_graded=n)
    verdicts = []
    for place, (item, grade) in enumerate(items):
        verdict = Verdict(run=run, item_id=item, outcome=Outcome.ABSTAINED)
        if place % 30 != 29:
            verdict.outcome, verdict.label_mass = Outcome.GRADED, 1.0
            verdict.score = float(np.clip((grade or 0.3) + 0.5 * chance.normal(), 0, 3))
            verdict.grade = round(verdict.score)
        verdicts.append(verdict)
    Verdict.objects.bulk_create(verdicts)
    return run


def _check(selection: Selection, chance: np.random.Generator) -> None:
    """Somebody has graded most of the sample."""
    selection.refresh_from_db()
    assert selection.check_set is not None
    rater = Rater.objects.create(project=selection.pool.project, name="Checker")
    items = selection.check_set.entries.values_list("item_id", flat=True)[:CHECKED]
    Label.objects.bulk_create(
        Label(item_id=item, rater=rater, grade=int(chance.choice([0, 0, 0, 1, 2]))) for item in items
    )
    refresh_references(selection.pool.project)
