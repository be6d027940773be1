"""Small projects with people's grades and judges' verdicts, and agreements made up for rules."""

from collections.abc import Sequence
from math import nan
from typing import NamedTuple

import numpy as np
import pytest

from annotate.models import Label, Rater
from annotate.references import refresh_references
from corpus.models import Candidate, Hit, Item, Job, Project, Query, System
from judges.models import Condition, Judge, Prompt, Run, Verdict
from measures.estimates import UNDEFINED, Estimate
from measures.summary import Agreement
from reports.agreement import JudgeAgreement
from reports.ceiling import Ceiling
from reports.charts.figure import Figure
from reports.figures import Figures
from tests.judging_fixtures import engine, make_items, stub  # noqa: F401 - fixtures
from tests.mining.conftest import garden  # noqa: F401 - a fixture


class Collection:
    """Makes items, labels and runs of a project in few words."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.items: list[Item] = []

    def add_items(self, *, n_queries: int, per_query: int) -> list[Item]:
        for q in range(n_queries):
            query = Query.objects.create(project=self.project, external_id=f"q{q}", text=f"query {q}")
            for c in range(per_query):
                candidate = Candidate.objects.create(
                    project=self.project, external_id=f"q{q}c{c}", text=f"candidate {c} of query {q}"
                )
                self.items.append(Item.objects.create(query=query, candidate=candidate))
        return self.items

    def label(self, grades: Sequence[int | None], *, rater: str = "one", **fields) -> list[Label]:
        """One label an item, in the items' order; None is "cannot judge", "-" no label at all."""
        person, _ = Rater.objects.get_or_create(project=self.project, name=rater)
        labels = [
            Label.objects.create(item=item, rater=person, grade=grade, cannot_judge=grade is None, **fields)
            for item, grade in zip(self.items, grades, strict=False)
            if grade != "-"
        ]
        refresh_references(self.project)
        self.project.refresh_from_db()
        return labels

    def judge(self, name: str = "gpt", *, prompt: str | None = None, version: int = 1) -> Judge:
        shown = None
        if prompt is not None:
            shown, _ = Prompt.objects.get_or_create(project=self.project, name=prompt)
        judge, _ = Judge.objects.get_or_create(
            project=self.project,
            name=name,
            prompt=shown,
            version=version,
            defaults={"rubric": self.project.rubric},
        )
        return judge

    def run(
        self,
        answers: Sequence,
        *,
        judge: Judge | None = None,
        condition: str | None = None,
        state: str = Job.State.DONE,
    ) -> Run:
        """A run with one answer an item: grade, score (a float), outcome, (grade, score), or "-" for none."""
        job = Job.objects.create(project=self.project, kind=Job.Kind.IMPORT, state=state)
        named = None
        if condition is not None:
            named, _ = Condition.objects.get_or_create(project=self.project, name=condition)
        run = Run.objects.create(judge=judge or self.judge(), condition=named, job=job)
        Verdict.objects.bulk_create(
            Verdict(run=run, item=item, **_answer(answer))
            for item, answer in zip(self.items, answers, strict=False)
            if answer != "-"
        )
        return run


def _answer(answer) -> dict:
    if isinstance(answer, tuple):
        return {"outcome": "graded", "grade": answer[0], "score": answer[1]}
    if isinstance(answer, float):
        return {"outcome": "scored", "score": answer}
    if isinstance(answer, int):
        return {"outcome": "graded", "grade": answer}
    return {"outcome": answer, "raw": "hm"}


@pytest.fixture(autouse=True)
def _charts_are_held_to_the_schema(monkeypatch):
    """Pages leave the check out, as it takes longer than all else on them."""
    drawn = Figure.spec

    def checked(self: Figure, scheme: str) -> dict:
        self.draw(scheme).to_dict()
        return drawn(self, scheme)

    monkeypatch.setattr(Figure, "spec", checked)


@pytest.fixture
def collection(project) -> Collection:
    """Four queries with three items each, without labels."""
    made = Collection(project)
    made.add_items(n_queries=4, per_query=3)
    return made


GRADES = [0, 1, 2, 3, 3, 2, 1, 0, 0, 1, 2, 3]
ANSWERS = [0, 1, 2, 2, 3, 3, 0, 0, 1, 1, 2, 3]  # eight of twelve alike


@pytest.fixture
def compared(collection) -> Collection:
    """People's grades on all twelve items, and one judge beside them."""
    collection.label(GRADES)
    collection.run(ANSWERS)
    return collection


@pytest.fixture
def ranked(compared):
    """Three systems over four queries: one in people's order, one in reverse, one that knows one query."""
    by_query: dict[int, list] = {}
    for item, grade in zip(compared.items, GRADES, strict=True):
        by_query.setdefault(item.query_id, []).append((grade, item.candidate_id))
    for name, queries, turn in (
        ("best", by_query, True),
        ("worst", by_query, False),
        ("lazy", dict([next(iter(by_query.items()))]), True),
    ):
        system = System.objects.create(project=compared.project, name=name)
        for query, graded in queries.items():
            ordered = sorted(graded, reverse=turn)
            Hit.objects.bulk_create(
                Hit(system=system, query_id=query, candidate_id=candidate, rank=rank, score=-rank)
                for rank, (_, candidate) in enumerate(ordered, start=1)
            )
    return compared


@pytest.fixture
def crowd(project):
    """Four raters on 60 items of 12 queries: two careful, one lenient, one who deals out grades."""
    collection = Collection(project)
    collection.add_items(n_queries=12, per_query=5)
    generator = np.random.default_rng(3)
    truth = generator.integers(0, 4, 60)
    slips = lambda chance: np.clip(truth + (generator.random(60) < chance), 0, 3)  # noqa: E731
    collection.label(slips(0.1).tolist(), rater="careful")
    collection.label(slips(0.15).tolist(), rater="earnest")
    collection.label(np.clip(truth + 1, 0, 3).tolist(), rater="lenient")
    collection.label(generator.integers(0, 4, 60).tolist(), rater="random")
    return collection


class _Made(NamedTuple):
    value: float
    low: float = nan
    high: float = nan


@pytest.fixture
def judged():
    """Makes a JudgeAgreement with this κ (or other measures) without a database."""

    def make(
        name: str = "gpt", kappa: tuple = (), *, prompt: str | None = None, condition: str | None = None,
        outcomes: dict | None = None, **measures: tuple,
    ) -> JudgeAgreement:  # fmt: skip
        return JudgeAgreement(
            name,
            Judge(pk=abs(hash((name, prompt))) % 1000 + 1, name=name, prompt=prompt and Prompt(name=prompt)),
            condition and Condition(pk=7, name=condition),
            [1],
            Figures(agreement_of(kappa=kappa, **measures), [], outcomes or {}, None),
        )

    return make


@pytest.fixture
def people():
    """Makes a Ceiling with this κ without a database."""

    def make(*kappa: float) -> Ceiling:
        return Ceiling(Figures(agreement_of(kappa=kappa), [], {}, None), 40, 2)

    return make


def agreement_of(**measures: tuple) -> Agreement:
    """An agreement over 100 verdicts; measures that are not given (or empty) are undefined."""
    estimates = {name: UNDEFINED for name in Agreement._fields if not name.startswith("n")} | {
        name: Estimate(*_Made(*bounds)) for name, bounds in measures.items() if bounds
    }
    return Agreement(n=100, n_graded=100, n_scored=0, **estimates)
