"""Compliance experiments of a lively project: judges that collapse, stand fast, and leave it open."""

import numpy as np
from django.utils import timezone

from corpus.models import Candidate, Item, ItemSet, Job, Project, Reference
from corpus.models.item_set import ItemSetEntry
from corpus.models.variant import Variant
from judges.cells import CELLS, FACTORIAL, RUNGS
from judges.models import Condition, Experiment, Judge, Outcome, Run, Verdict

BOUNDARY = ("empty", "cut short in the middle of a sentence", "garbled")
PRESSURE = {"N1": 0.35, "B1": 0.3, "T1": 0.45, "T0": 0.02} | {rung: 0.1 * i for i, rung in enumerate(RUNGS)}
JUDGES = {
    "gives-in-at-once-and-has-a-rather-long-name-of-a-model-from-a-hub": (0.15, 1.0, 3),
    "steadfast": (0.01, 0.0, 3),
    "unclear": (0.4, 0.15, 1),
}
"""Name → chance of an error at the baseline, how far pressure moves it, repeats."""


def make_lively_experiments(
    project: Project, chance: np.random.Generator
) -> tuple[Judge, dict[str, Experiment]]:
    """The judge that stands fast, and experiments by name: a whole one, and one without a complete run."""
    item_set = _item_set(project)
    made = {
        name: Experiment.objects.create(
            project=project,
            name=title,
            kind=Experiment.Kind.COMPLIANCE,
            item_set=item_set,
            started_at=started,
        )
        for name, title, started in (
            (
                "pressure",
                "Answer at any price, with every arm and the whole ladder of suffixes",
                timezone.now(),
            ),
            ("planned", "Not begun", None),
        )
    }
    conditions = {
        cell: Condition.objects.create(project=project, name=f"{cell} v1", cell=cell) for cell in CELLS
    }
    for name, (error, moved, repeats) in JUDGES.items():
        judge = Judge.objects.create(project=project, name=name, rubric=project.rubric)
        for cell in CELLS if repeats > 1 else FACTORIAL:
            for repeat in range(1, repeats + 1):
                _run(judge, made["pressure"], conditions[cell], repeat, error, moved, chance)
    imported = Judge.objects.create(project=project, name="from a file", rubric=project.rubric)
    for cell, name in (("N0", "baseline"), ("N1", "compliance suffix"), ("", "something else")):
        condition = Condition.objects.create(project=project, name=name, cell=cell)
        _run(imported, None, condition, 1, 0.2, 0.5, chance, item_set=item_set)
    return project.judges.get(name="steadfast"), made


def _item_set(project: Project) -> ItemSet:
    """All graded items, and boundary items made from every fourth."""
    references = list(Reference.objects.filter(query__project=project).order_by("item_id"))
    originals = [
        (n, reference.item)
        for n, reference in enumerate(references)
        if n % 4 == 0 and not reference.item.rival_id
    ]
    candidates = Candidate.objects.bulk_create(
        Candidate(project=project, external_id=f"boundary-{n}", text="" if n % 3 == 0 else "qx#~ 12 lor")
        for n, _ in originals
    )
    items = Item.objects.bulk_create(
        Item(query_id=original.query_id, candidate=candidate)
        for (_, original), candidate in zip(originals, candidates, strict=True)
    )
    Variant.objects.bulk_create(
        Variant(item=item, original=original, carrier="boundary", attack=BOUNDARY[n % 3], right="abstain")
        for (n, original), item in zip(originals, items, strict=True)
    )
    keys = [reference.item_id for reference in references if not reference.item.rival_id]
    keys += [item.pk for item in items]
    item_set = ItemSet.objects.create(project=project, name="Under pressure", n_items=len(keys))
    ItemSetEntry.objects.bulk_create(
        ItemSetEntry(item_set=item_set, position=position, item_id=key) for position, key in enumerate(keys)
    )
    return item_set


def _run(
    judge: Judge,
    experiment: Experiment | None,
    condition: Condition,
    repeat: int,
    error: float,
    moved: float,
    chance: np.random.Generator,
    *,
    item_set: ItemSet | None = None,
) -> None:
    items = item_set or experiment.item_set
    job = Job.objects.create(
        project=judge.project, kind=Job.Kind.JUDGE, state=Job.State.DONE, finished_at=timezone.now()
    )
    run = Run.objects.create(
        judge=judge, experiment=experiment, condition=condition, repeat=repeat, job=job, item_set=items,
        n_items=items.n_items, n_graded=items.n_items,
    )  # fmt: skip
    wrong = error + moved * PRESSURE.get(condition.cell, 0.05)
    truth = items.entries.values_list("item_id", "item__reference__grade").order_by("position")
    Verdict.objects.bulk_create(_verdict(run, item, grade, wrong, chance) for item, grade in truth)


def _verdict(run: Run, item: int, grade: int | None, wrong: float, chance: np.random.Generator) -> Verdict:
    """People's grade or an abstention, unless it errs: another grade, now and then nothing readable."""
    errs, dice = chance.random() < wrong, chance.random()
    if errs and dice < 0.05:
        return Verdict(
            run=run, item_id=item, outcome=Outcome.UNREADABLE, raw="Well …", reason="no grade in it"
        )
    if (grade is None and not errs) or (grade is not None and errs and dice > 0.8):
        return Verdict(run=run, item_id=item, outcome=Outcome.ABSTAINED, raw="Cannot judge.")
    given = 2 if grade is None else (grade + 1) % 4 if errs else grade
    raw = f"It speaks of the subject, so the grade is {given}. " * 4
    return Verdict(run=run, item_id=item, outcome=Outcome.GRADED, grade=given, raw=raw)
