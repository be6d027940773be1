"""The prompt workshop: a draft is rendered, tried on a few items in a job, and saved as a version."""

import difflib
import random
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Exists, Max, OuterRef

from corpus import jobs
from corpus.jobs import JobFailed, Progress
from corpus.models import Item, ItemSetEntry, Job, Project, Reference, Rubric, User
from corpus.models.collection import Split
from corpus.variants import is_plain, why_nothing
from judges.engines.base import EngineUnavailable, EngineUnsuited
from judges.engines.base import Prompt as Messages
from judges.items import judged_items
from judges.models import Engine, Prompt, Run
from judges.prompting import PromptProblem, PromptTemplate, make_template, render
from judges.scoring import SCORINGS
from judges.scoring.base import Answer, JudgedItem, ScoringProblem
from judges.services.engines import connect_engine, is_outside
from judges.services.judges import scale_of
from judges.services.prompts import template_of
from measures.kappa import kappa_quadratic

SAMPLE = 20
CHUNK = 4
LONGEST_SHOWN = 4000
OFTEN = 3  # versions measured on the test split before the page warns


class DraftRefused(Exception):
    """The draft cannot be used like this; one sentence says why."""


def draft_template(fields: Mapping[str, Any], *, rubric: Rubric) -> PromptTemplate:
    """The draft as a prompt that goes with its scoring and the scale. Raises DraftRefused."""
    try:
        template = make_template(fields)
        scoring = SCORINGS.get(template.scoring)
        if scoring is None:
            raise DraftRefused(f"There is no scoring “{template.scoring}”.")
        scoring.check(prompt=template, scale=scale_of(rubric), options={})
    except (PromptProblem, ScoringProblem) as problem:
        raise DraftRefused(f"{str(problem)[:1].upper()}{str(problem)[1:]}.") from problem
    return template


def render_draft(template: PromptTemplate, item_id: int, *, rubric: Rubric) -> Messages:
    """What a judge with this prompt is shown of the item."""
    [item] = judged_items([item_id])
    if SCORINGS[template.scoring].whole_queries:
        item = item._replace(listed=f"[1] {item.title} {item.candidate}")
    return render(template, item, scale_of(rubric))


def sample_items(project: Project, *, n: int, pairs: bool = False, seed: int | None = None) -> list[int]:
    """Ids of `n` items by lot: of the tune split with a reference; any items where there are none such."""
    items = Item.objects.filter(query__project=project, rival__isnull=not pairs).plain().order_by("pk")
    tuned = items.filter(query__split=Split.TUNE, reference__isnull=False)
    ids = list(tuned.values_list("pk", flat=True)[:100_000]) or list(
        items.values_list("pk", flat=True)[:10_000]
    )
    return random.Random(seed).sample(ids, min(n, len(ids)))


def save_prompt(project: Project, template: PromptTemplate) -> Prompt:
    """The draft as the next version of the project's prompt of this name; the same again is not saved."""
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)
        own = Prompt.objects.filter(project=project, name=template.name).exclude(messages=[])
        newest = own.order_by("-version").first()
        if newest and newest.content_hash == template.content_hash:
            return newest
        taken = Prompt.objects.filter(project=project, name=template.name).aggregate(Max("version"))
        return Prompt.objects.create(
            project=project,
            name=template.name,
            version=(taken["version__max"] or 0) + 1,
            source=template.source,
            scoring=template.scoring,
            messages=list(template.messages),
            reply=dict(template.reply),
            content_hash=template.content_hash,
        )


def n_versions_on_test(project: Project, name: str) -> int:
    """How many versions of this prompt were measured on items of the test split that have a reference."""
    tested = ItemSetEntry.objects.filter(
        is_plain(),
        item_set=OuterRef("item_set"),
        item__query__split=Split.TEST,
        item__reference__isnull=False,
    )
    runs = Run.objects.complete().plain()
    runs = runs.filter(Exists(tested), judge__project=project, judge__prompt__name=name)
    return runs.values("judge__prompt_id").distinct().count()


def differences(older: Prompt, newer: Prompt) -> list[tuple[str, str]]:
    """The lines of both prompts as (sign, line): "+" for what is new, "-" for what is gone, " " for both."""
    lines = difflib.ndiff(_lines(older), _lines(newer))
    return [(line[0], line[2:]) for line in lines if line[0] != "?"]


def _lines(prompt: Prompt) -> list[str]:
    lines = [f"scoring: {prompt.scoring}"]
    for message in prompt.messages:
        lines += [f"[{message['role']}]", *message["content"].splitlines()]
    return [*lines, "[reply]", *(f"{name}: {value}" for name, value in sorted(prompt.reply.items()))]


def start_try(
    project: Project,
    fields: Mapping[str, Any],
    *,
    engine: Engine,
    rubric: Rubric,
    item_ids: Sequence[int],
    by: User,
) -> Job:
    """A job that shows what the draft makes of these items. Raises DraftRefused."""
    draft_template(fields, rubric=rubric)
    if not item_ids:
        raise DraftRefused(why_nothing(project, "There is no item to try the prompt on: import some first."))
    if is_outside(engine) and not project.may_leave:
        raise DraftRefused(
            f"The engine “{engine}” is outside this machine; the project's settings let no texts leave it."
        )
    params = {"fields": dict(fields), "engine": engine.pk, "rubric": rubric.pk, "items": list(item_ids)}
    with transaction.atomic():
        job = Job.objects.create(
            project=project,
            kind=Job.Kind.TRY,
            params=params,
            unit="items",
            n_total=len(item_ids),
            created_by=by,
        )
        jobs.enqueue(job)
    return job


def run_try(job_id: int) -> Job | None:
    """Do a job of `start_try`; its result is what `_report` says."""
    return jobs.do_exclusively(job_id, _try)


def _try(job: Job, progress: Progress) -> dict:
    rubric, engine = Rubric.objects.get(pk=job.params["rubric"]), Engine.objects.get(pk=job.params["engine"])
    template, scale = draft_template(job.params["fields"], rubric=rubric), scale_of(rubric)
    scoring = SCORINGS[template.scoring]
    items = judged_items(job.params["items"])
    answers: list[Answer] = []
    began = time.monotonic()
    size = len(items) if scoring.whole_queries else CHUNK
    try:
        opened = connect_engine(engine)
        try:
            for at in range(0, len(items), size):
                answers += scoring.score(
                    items[at : at + size], engine=opened, prompt=template, scale=scale, options={}
                )
                progress.update(n_done=len(answers))
        finally:
            opened.close()
    except (EngineUnsuited, EngineUnavailable, ScoringProblem) as problem:
        raise JobFailed(str(problem)) from problem
    return _report(items, answers, rubric=rubric, engine=engine, seconds=time.monotonic() - began)


def _report(
    items: Sequence[JudgedItem], answers: Sequence[Answer], *, rubric: Rubric, engine: Engine, seconds: float
) -> dict:
    """Every item's answer beside its reference, and what the answers have cost and how far they agree."""
    references = dict(
        Reference.objects.filter(item__in=[item.item_id for item in items]).values_list("item_id", "grade")
    )
    names = {
        item.pk: (item.query.external_id, item.named)
        for item in Item.objects.filter(pk__in=[item.item_id for item in items]).select_related(
            "query", "candidate", "rival"
        )
    }
    rows = [
        {
            "item": item.item_id,
            "query": names[item.item_id][0],
            "candidate": names[item.item_id][1],
            "outcome": answer.outcome,
            "grade": answer.grade,
            "marks": answer.marks,
            "score": answer.score,
            "probs": answer.probs,
            "label_mass": answer.label_mass,
            "reason": answer.reason,
            "raw": answer.raw[:LONGEST_SHOWN],
            "reference": references.get(item.item_id) if rubric.is_main or rubric.compares else None,
        }
        for item, answer in zip(items, answers, strict=True)
    ]
    both = [
        (row["reference"], row["grade"])
        for row in rows
        if row["reference"] is not None and row["grade"] is not None
    ]
    tokens_in, tokens_out = (
        sum(getattr(answer, name) for answer in answers) for name in ("tokens_in", "tokens_out")
    )
    masses = [answer.label_mass for answer in answers if answer.label_mass is not None]
    return {
        "rows": rows,
        "n": len(rows),
        "n_graded": sum(row["outcome"] in ("graded", "scored") for row in rows),
        "n_compared": len(both),
        "n_equal": sum(reference == grade for reference, grade in both),
        "kappa_quadratic": _kappa(both, rubric.values),
        "label_mass": sum(masses) / len(masses) if masses else None,
        "tokens_in": tokens_in,
        "tokens_out": tokens_out,
        "dollars": (tokens_in * engine.price_in + tokens_out * engine.price_out) / 1e6,
        "seconds": seconds,
    }


def _kappa(both: Sequence[tuple[int, int]], values: Sequence[int]) -> float | None:
    position_of = {value: place for place, value in enumerate(values)}
    table = np.zeros((len(values), len(values)), dtype=np.int64)
    for reference, grade in both:
        if reference in position_of and grade in position_of:
            table[position_of[reference], position_of[grade]] += 1
    found = float(kappa_quadratic(table, values))
    return found if np.isfinite(found) else None


def fields_of(prompt: Prompt) -> dict[str, Any]:
    """A stored prompt as the workshop's form begins with it."""
    template = template_of(prompt)
    texts = {
        role: "\n\n".join(m["content"] for m in template.messages if m["role"] == role)
        for role in ("system", "user")
    }
    return {"name": template.name, "scoring": template.scoring, **texts, "reply": dict(template.reply)}
