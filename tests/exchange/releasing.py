"""Projects to make datasets of, their grades and verdicts written straight into the store."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from annotate.models import Label, Rater, Round
from annotate.references import refresh_preferences, refresh_references
from corpus.models import Candidate, Item, Job, Project, Query, Reference, Rubric
from corpus.pairs import draw_pairs
from corpus.rubrics import add_rubric
from corpus.services import freeze_all_items
from exchange.datasets.plan import Plan
from exchange.models import Release
from exchange.releases.making import prepare_release, run_release
from judges.models import Engine, Judge, Prompt, Run, Verdict


def collect(project: Project, grades: Mapping[str, Sequence[int | None]], **more: Any) -> dict[str, Item]:
    """Queries with candidates: “q1” with grades (3, None) has “q1-0” graded 3 and “q1-1” without a label."""
    rater, _ = Rater.objects.get_or_create(project=project, name="ann")
    items: dict[str, Item] = {}
    for query_id, given in grades.items():
        query = Query.objects.create(
            project=project, external_id=query_id, text=f"what about {query_id}", **more
        )
        for place, grade in enumerate(given):
            name = f"{query_id}-{place}"
            candidate = Candidate.objects.create(
                project=project, external_id=name, title=f"Title {place}", text=f"text of {name}"
            )
            items[name] = Item.objects.create(query=query, candidate=candidate)
            if grade is not None:
                Label.objects.create(item=items[name], rater=rater, grade=grade)
    refresh_references(project)
    return items


def make_judge(project: Project, *, scoring: str = "yes_no", rubric: Rubric | None = None) -> Judge:
    """A judge of this scoring, with a prompt of its own."""
    engine, _ = Engine.objects.get_or_create(name="somewhere", kind="openai")
    prompt = Prompt.objects.create(project=project, name=f"{scoring} prompt", content_hash="5eed" * 16)
    return Judge.objects.create(
        project=project, name=f"{scoring} judge", engine=engine, model="a-model", prompt=prompt,
        rubric=rubric or project.rubric, scoring=scoring,
    )  # fmt: skip


def judge_items(
    judge: Judge, verdicts: Mapping[Item, Mapping[str, Any]], *, state: str = "done", **run: Any
) -> Run:
    """A run with these verdicts; outcome graded unless a verdict says otherwise."""
    job = Job.objects.create(project=judge.project, kind=Job.Kind.JUDGE, state=state)
    made = Run.objects.create(judge=judge, job=job, n_items=len(verdicts), n_graded=len(verdicts), **run)
    Verdict.objects.bulk_create(
        Verdict(run=made, item=item, **{"outcome": "graded"} | dict(said)) for item, said in verdicts.items()
    )
    return made


def judge_all(judge: Judge) -> Run:
    """A yes-no judge that leans as people do, each item by a little less than the one before."""
    items = Item.objects.for_project(judge.project).single().in_order().select_related("reference")
    verdicts = {}
    for place, item in enumerate(items):
        reference = Reference.objects.filter(item=item).first()
        log_odds = ((reference.grade if reference else 1) - 1.5) * 2 - place / 1000
        share = 1 / (1 + 2.718281828459045**-log_odds)
        verdicts[item] = {"grade": 2 if log_odds > 0 else 0, "score": share, "log_odds": log_odds}
    return judge_items(judge, verdicts)


def compare_some(project: Project) -> None:
    """Three pairs a query, compared by one person: the smaller key wins, a third are ties."""
    rubric = add_rubric(project, template="preference")
    pairs = draw_pairs(freeze_all_items(project), per_query=3, seed=1)
    round = Round.objects.create(project=project, name="Which", item_set=pairs, rubric=rubric, state="closed")
    rater = Rater.objects.create(project=project, name="ben")
    items = list(pairs.entries.order_by("position").values_list("item_id", flat=True))
    Label.objects.bulk_create(
        Label(item_id=item, rater=rater, round=round, grade=1 if place % 3 == 2 else 2, rival_first=False)
        for place, item in enumerate(items)
    )
    refresh_preferences(project, items)


def grade_criteria(project: Project, items: Sequence[Item]) -> Rubric:
    """Two people's grades on five criteria for these items: 4 3 3 2 1 and 3 3 2 2 0."""
    rubric = add_rubric(project, template="criteria")
    item_set = freeze_all_items(project)
    round = Round.objects.create(
        project=project, name="Quality", item_set=item_set, rubric=rubric, state="closed"
    )
    for name, (grade, *marks) in {"cid": (4, 3, 3, 2, 1), "dot": (3, 3, 2, 2, 0)}.items():
        rater = Rater.objects.create(project=project, name=name)
        Label.objects.bulk_create(
            Label(item=item, rater=rater, round=round, grade=grade, marks=marks) for item in items
        )
    return rubric


def release(project: Project, *formats: str, name: str = "first", licence: str = "", **plan: Any) -> Release:
    """A release that was made."""
    made = prepare_release(project, name=name, plan=Plan(formats=formats, **plan), licence=licence)
    ended = run_release(made.job_id)
    assert ended is not None
    assert ended.state == Job.State.DONE, ended.error
    made.refresh_from_db()
    return made


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSON lines file."""
    return [json.loads(line) for line in path.read_text().splitlines()]
