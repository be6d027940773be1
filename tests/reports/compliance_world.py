"""Compliance experiments in the store: items that people graded, boundary items, judges' runs in cells."""

from collections.abc import Callable, Sequence

from django.utils import timezone

from annotate.models import Label, Rater
from annotate.references import refresh_references
from corpus.models import Candidate, Item, ItemSet, Job, Project, Query
from corpus.models.item_set import ItemSetEntry
from corpus.models.variant import Right, Variant
from judges.cells import FACTORIAL
from judges.models import Condition, Experiment, Judge, Prompt, Run, Verdict

Answer = int | str | None
"""A grade, an outcome, or None for no verdict."""


class ComplianceWorld:
    """A project with answerable and boundary items, and whatever experiments a test makes in it."""

    def __init__(self, project: Project, *, grades: Sequence[int], boundary: Sequence[str] = ()) -> None:
        """An answerable item for each grade; for each attack in `boundary` an item that cannot be judged."""
        self.project = project
        rater, _ = Rater.objects.get_or_create(project=project, name="one")
        queries = Query.objects.bulk_create(
            Query(project=project, external_id=f"q{n:05}", text=f"query {n}") for n in range(len(grades))
        )
        own = self._items(queries, [f"c{n:05}" for n in range(len(grades))])
        Label.objects.bulk_create(
            Label(item=item, rater=rater, grade=grade) for item, grade in zip(own, grades, strict=True)
        )
        refresh_references(project)
        project.refresh_from_db()
        made = self._items(
            [queries[n % len(queries)] for n in range(len(boundary))],
            [f"x{n:05}" for n in range(len(boundary))],
        )
        Variant.objects.bulk_create(
            Variant(
                item=item, original=own[n % len(own)], carrier="boundary", attack=attack, right=Right.ABSTAIN
            )
            for n, (item, attack) in enumerate(zip(made, boundary, strict=True))
        )
        self.items: list[Item] = [*own, *made]
        self.item_set = ItemSet.objects.create(project=project, name="Compliance", n_items=len(self.items))
        ItemSetEntry.objects.bulk_create(
            ItemSetEntry(item_set=self.item_set, position=n, item=item) for n, item in enumerate(self.items)
        )

    def _items(self, queries: Sequence[Query], names: Sequence[str]) -> list[Item]:
        candidates = Candidate.objects.bulk_create(
            Candidate(project=self.project, external_id=name, text=f"text of {name}") for name in names
        )
        return Item.objects.bulk_create(
            Item(query=query, candidate=candidate)
            for query, candidate in zip(queries, candidates, strict=True)
        )

    def judge(self, name: str, *, prompt: str | None = None, version: int = 1) -> Judge:
        shown = prompt and Prompt.objects.get_or_create(project=self.project, name=prompt)[0]
        judge, _ = Judge.objects.get_or_create(
            project=self.project, name=name, prompt=shown or None, version=version,
            defaults={"rubric": self.project.rubric},
        )  # fmt: skip
        return judge

    def experiment(self, name: str = "Pressure", **plan) -> Experiment:
        return Experiment.objects.create(
            project=self.project, name=name, kind=Experiment.Kind.COMPLIANCE, item_set=self.item_set,
            plan=plan, started_at=timezone.now(),
        )  # fmt: skip

    def condition(self, name: str, *, cell: str = "") -> Condition:
        condition, _ = Condition.objects.get_or_create(
            project=self.project, name=name, defaults={"cell": cell}
        )
        return condition

    def run(
        self,
        judge: Judge,
        answers: Sequence[Answer],
        *,
        condition: Condition | None,
        experiment: Experiment | None = None,
        repeat: int = 1,
        state: str = Job.State.DONE,
    ) -> Run:
        """A run with one answer an item, in the items' order."""
        job = Job.objects.create(
            project=self.project, kind=Job.Kind.JUDGE, state=state, finished_at=timezone.now()
        )
        run = Run.objects.create(
            judge=judge, condition=condition, experiment=experiment, repeat=repeat, job=job,
            item_set=self.item_set, n_items=len(self.items),
            n_graded=sum(isinstance(answer, int) for answer in answers),
        )  # fmt: skip
        Verdict.objects.bulk_create(
            Verdict(run=run, item=item, **_fields(answer))
            for item, answer in zip(self.items, answers, strict=True)
            if answer is not None
        )
        return run

    def runs(
        self,
        judge: Judge,
        experiment: Experiment,
        answer: Callable[[str, int, int], Answer],
        *,
        cells: Sequence[str] = FACTORIAL,
        repeats: int = 1,
    ) -> list[Run]:
        """A run for each cell and repeat; `answer(cell, place of the item, repeat)` gives its answers."""
        return [
            self.run(
                judge,
                [answer(cell, place, repeat) for place in range(len(self.items))],
                condition=self.condition(f"{cell} of the plan", cell=cell),
                experiment=experiment,
                repeat=repeat,
            )
            for cell in cells
            for repeat in range(1, repeats + 1)
        ]


def _fields(answer: Answer) -> dict:
    if isinstance(answer, int):
        return {"outcome": "graded", "grade": answer, "raw": f"Grade: {answer}"}
    return {"outcome": answer, "raw": "hm", "reason": f"it is {answer}"}
