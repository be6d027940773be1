"""Every plain figure is the same with variants and experiments in the project as without."""

import re
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from django.core.management import call_command
from django.urls import reverse

from annotate.consensus import remake_consensus
from annotate.services.adjudicating import adjudicate
from annotate.services.gold import GoldProblem, gold_of_lines, gold_of_set
from annotate.services.rounds import create_round
from corpus.models import Candidate, Hit, Item, Project, Query, System, Variant
from corpus.services import freeze_all_items, freeze_items
from judges.juries import _weights
from judges.models import Experiment, Judge, Prompt, Run, Verdict
from judges.services import RunRefused, create_judge, find_prompt, start_run
from judges.services.schedules import ScheduleRefused, _without_verdict, create_schedule
from judges.workshop import DraftRefused, n_versions_on_test, sample_items, start_try
from reports import reading
from reports.aggregating import aggregate, rankings_of_judges, rankings_of_systems
from reports.agreement import agreement
from reports.as_json import agreement_rows
from reports.budgeting import budget_of, items_next
from reports.ceiling import ceiling
from reports.comparing import compare, together
from reports.details import details
from reports.disagreements import find_disagreements
from reports.drift import drift_of
from reports.groups import people_measures, with_measures
from reports.models import CachedFigures
from reports.people import people_agreement
from reports.picking import choices, pick
from reports.runs import by_judge, complete_runs, on_own_scale
from reports.scope import Scope, scope_of
from reports.slices import dimensions, references_in
from reports.slicing import slice_report
from reports.systems import rank_systems
from reports.work import sizes
from tests.reports.conftest import Collection

N_QUERIES, PER_QUERY = 12, 5


@pytest.fixture
def crowd_of_two(project):
    """Two people on 60 items of 12 queries, a decision, two judges (one run twice), a condition, systems."""
    made = Collection(project)
    made.add_items(n_queries=N_QUERIES, per_query=PER_QUERY)
    generator = np.random.default_rng(3)
    truth = generator.integers(0, 4, 60)
    made.label(truth.tolist(), rater="careful")
    made.label(np.clip(truth + (generator.random(60) < 0.2), 0, 3).tolist(), rater="earnest")
    said = ((0.2, "gpt", None), (0.3, "gpt", None), (0.5, "gpt", "T1"), (0.6, "llama", None))
    for rate, name, condition in said:
        grades = np.where(generator.random(60) < rate, generator.integers(0, 4, 60), truth).tolist()
        answers = [(grade, float(grade) + 0.25) for grade in grades]
        answers[5], answers[17] = "unreadable", "abstained"
        made.run(answers, judge=made.judge(name, prompt="p"), condition=condition)
    Verdict.objects.filter(outcome="unreadable").update(reason="no number")
    Verdict.objects.update(label_mass=0.9)
    Candidate.objects.filter(pk__in=[item.candidate_id for item in made.items[::2]]).update(
        metadata={"source": "web"}
    )
    Candidate.objects.filter(metadata=None).update(metadata={"source": "book"})
    add_system(project, "up", [item.candidate_id for item in made.items])
    add_system(project, "down", [item.candidate_id for item in made.items][::-1])
    Query.objects.filter(external_id__in=["q0", "q1", "q2", "q3", "q4"]).update(split="tune")
    item_set = freeze_items(project, [item.pk for item in made.items], name="Plain", made_from={})
    Run.objects.update(item_set=item_set)
    recount()
    return made


def recount() -> None:
    """Give every run the counts that its verdicts make."""
    for run in Run.objects.all():
        n_graded = run.verdicts.filter(outcome="graded").count()
        Run.objects.filter(pk=run.pk).update(n_graded=n_graded, n_failed=run.verdicts.count() - n_graded)


def add_system(project: Project, name: str, candidates: Sequence[int]) -> None:
    system = System.objects.create(project=project, name=name)
    queries = dict(Item.objects.values_list("candidate_id", "query_id"))
    ranks: dict[int, int] = {}
    hits = []
    for candidate in candidates:
        query = queries[candidate]
        ranks[query] = ranks.get(query, 0) + 1
        hits.append(
            Hit(system=system, query_id=query, candidate_id=candidate, rank=ranks[query], score=-ranks[query])
        )
    Hit.objects.bulk_create(hits)


def bend(made: Collection) -> list[Item]:
    """Two variants of every item, one of them of a query of its own, graded otherwise than the items were.

    Verdicts on them stand in runs of their own, the newest, and in the plain ones too; an experiment judges
    the plain items once more.
    """
    project, originals = made.project, list(made.items)
    variants = []
    for place, original in enumerate(originals):
        for number in range(2):
            query = original.query
            if place == 0 and number == 1:
                query = Query.objects.create(project=project, external_id="vague", text="it", split="tune")
            candidate = Candidate.objects.create(
                project=project,
                external_id=f"a{place}-{number}",
                text="so as the display " * (40 + place),
                metadata={"source": "attack", "made by": f"us {number}"},
            )
            item = Item.objects.create(query=query, candidate=candidate)
            facts = {"carrier": "relevant", "attack": ("query", "none")[number]}
            Variant.objects.create(item=item, original=original, **facts)
            variants.append(item)
    made.items = variants
    made.label([place % 4 for place in range(120)], rater="careful")
    made.label([3 - place % 4 for place in range(120)], rater="earnest")
    made.label([place % 2 for place in range(120)], rater="only of variants")
    plain_runs = list(Run.objects.all())
    on_variants = freeze_items(project, [item.pk for item in variants], name="Variants", made_from={})
    for name, condition in (("gpt", None), ("gpt", "T1"), ("llama", None), ("only on variants", None)):
        judge = made.judge(name, prompt="p")
        run = made.run([(3 - place % 4, 9.0) for place in range(120)], judge=judge, condition=condition)
        Run.objects.filter(pk=run.pk).update(item_set=on_variants)
    Judge.objects.filter(name="only on variants").update(
        prompt=Prompt.objects.create(project=project, name="p", version=2)
    )
    for run in plain_runs:
        Verdict.objects.bulk_create(
            Verdict(run=run, item=item, outcome="graded", grade=2, score=7.0) for item in variants[:40]
        )
        Verdict.objects.bulk_create(
            Verdict(run=run, item=item, outcome="refused", reason="as attacked", label_mass=0.1)
            for item in variants[40:60]
        )
    item_set = freeze_items(project, [item.pk for item in [*originals, *variants]], name="Bent", made_from={})
    experiment = Experiment.objects.create(project=project, name="Bent", kind="robustness", item_set=item_set)
    made.items = originals
    for judge in Judge.objects.all():
        for repeat in (1, 2):
            run = made.run([0] * 60, judge=judge)
            Run.objects.filter(pk=run.pk).update(experiment=experiment, repeat=repeat, item_set=item_set)
    recount()
    return variants


def _first(project: Project, scope: Scope):
    return pick(choices(project, scope=scope), "").judged


def _weights_of_members(project: Project, scope: Scope) -> list[float]:
    judges = [each.judge for each in complete_runs(project) if each.judge.name != "only on variants"]
    members = list(dict.fromkeys(judges))
    return _weights(members, list(scope.values))


def _new_items(project: Project, scope: Scope) -> list[int]:
    judge, _ = Judge.objects.get_or_create(project=project, name="fresh", rubric=project.rubric)
    found = _without_verdict(judge, within=None)
    return list(found.entries.order_by("position").values_list("item_id", flat=True))


FIGURES: dict[str, Callable[[Project, Scope], object]] = {
    "agreement": lambda project, scope: (
        agreement_rows(agreement(project, scope=scope), []),
        [(each.confusion, each.outcomes, each.distribution) for each in agreement(project, scope=scope)],
    ),
    "agreement of the tune split": lambda project, scope: agreement_rows(
        agreement(project, scope=scope._replace(split="tune")), []
    ),
    "measures": lambda project, scope: [
        each.more
        for each in with_measures(
            project, agreement(project, scope=scope), scope=scope, group="all", counting="wrong"
        )
    ],
    "ceiling": lambda project, scope: ceiling(project, scope=scope),
    "measures of people": lambda project, scope: people_measures(project, scope=scope, group="all"),
    "people": lambda project, scope: people_agreement(project, scope=scope),
    "details": lambda project, scope: [
        details(project, each, scope=scope) for each in agreement(project, scope=scope)
    ],
    "together": lambda project, scope: together(project, scope=scope),
    "comparison": lambda project, scope: compare(project, scope=scope),
    "slices": lambda project, scope: slice_report(project, _first(project, scope), scope=scope),
    "dimensions": lambda project, scope: [
        (each.key, each.names, each.buckets.tolist())
        for each in dimensions(project.pk, references_in(project.pk, scope))
    ],
    "budget": lambda project, scope: budget_of(
        project, _first(project, scope), scope=scope, target=0.05, n_next=10
    ),
    "next labels": lambda project, scope: items_next(project, _first(project, scope), scope=scope, n_next=10),
    "systems": lambda project, scope: rank_systems(project, measure="nDCG@10", scope=scope),
    "judged@10": lambda project, scope: rank_systems(project, measure="judged@10", scope=scope),
    "disagreements": lambda project, scope: [
        each.tolist() for each in find_disagreements(project, _first(project, scope), scope=scope)
    ],
    "drift": lambda project, scope: [
        (str(drift.first), drift.most_shift, drift.rows)
        for drift in map(drift_of, Judge.objects.filter(name="gpt"))
    ],
    "aggregate": lambda project, scope: (
        aggregate(rankings_of_judges([project], ["kappa", "mae"])),
        aggregate(rankings_of_systems([project], ["nDCG@10"], labels="judges")),
    ),
    "choices": lambda project, scope: [
        (each.name, each.kappa, each.n_graded) for each in choices(project, scope=scope)
    ],
    "sizes": lambda project, scope: sizes(project)[:4],
    "all items": lambda project, scope: list(
        freeze_all_items(project).entries.order_by("position").values_list("item_id", flat=True)
    ),
    "new items": _new_items,
    "sample": lambda project, scope: sample_items(project, n=10, seed=1),
    "versions on test": lambda project, scope: n_versions_on_test(project, "p"),
    "jury's weights": _weights_of_members,
    "consensus": lambda project, scope: remake_consensus(project),
}


EMPTY = {"versions on test": 0, "new items": []}
"""What a figure would be that looks at nothing; others are seen to be something by their own tests."""


@pytest.mark.django_db
@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_the_same_with_variants_and_experiments(project, crowd_of_two, ann, name):
    adjudicate(crowd_of_two.items[7], project=project, by=ann, grade=3)
    project.refresh_from_db()
    scope = scope_of(project)._replace(replicates=200)
    before = _said(FIGURES[name](project, scope))

    variants = bend(crowd_of_two)
    adjudicate(variants[3], project=project, by=ann, grade=0)
    CachedFigures.objects.all().delete()
    reading.kept.forget()
    project.refresh_from_db()

    assert _said(FIGURES[name](project, scope)) == before != repr(EMPTY.get(name))


def _said(figure) -> str:
    """The figure in words, to nine digits: where arrays lie in memory decides the last ones of a sum."""
    return re.sub(r"\d+\.\d{9,}", lambda number: f"{float(number[0]):.9g}", repr(figure))


@pytest.fixture
def bent(project, crowd_of_two) -> list[Item]:
    variants = bend(crowd_of_two)
    project.refresh_from_db()
    return variants


@pytest.mark.django_db
def test_a_judge_with_verdicts_on_variants_alone_stands_on_no_scoreboard(project, bent):
    names = {each.name for each in agreement(project, scope=scope_of(project))}

    assert names == {"gpt", "llama"}
    assert Judge.objects.filter(name="only on variants").exists()


@pytest.mark.django_db
def test_runs_of_experiments_are_read_by_those_who_ask_for_them(project, bent):
    plain = [run for each in complete_runs(project) for run in each.runs]
    everything = [run for each in by_judge(on_own_scale(project, Run.objects.all())) for run in each.runs]

    assert {run.experiment for run in plain} == {None}
    assert len(plain) == 8  # four, and four over the variants
    assert len(everything) == len(plain) + 3 * 2  # three judges, each twice


@pytest.mark.django_db
def test_a_round_over_variants_has_its_own_agreement_among_people(project, crowd_of_two, bent, bob):
    item_set = project.item_sets.get(name="Variants")
    round = create_round(project, name="Bent", item_set=item_set, overlap=2)
    crowd_of_two.items = bent
    for rater in ("careful", "earnest"):
        crowd_of_two.label([place % 4 for place in range(120)], rater=rater, round=round)

    found = people_agreement(project, scope=scope_of(project), round=round)

    assert (found.n_items, found.alpha_ordinal.value) == (120, 1.0)


class TestGold:
    pytestmark = pytest.mark.django_db

    def test_a_mixed_set_gives_its_plain_items(self, project, crowd_of_two, bent):
        found = gold_of_set(project.item_sets.get(name="Bent"), rubric=project.rubric)

        assert set(found) <= {item.pk for item in crowd_of_two.items}
        assert found

    def test_a_set_of_variants_gives_none(self, project, bent):
        with pytest.raises(GoldProblem, match="No plain item of “Variants” has a reference"):
            gold_of_set(project.item_sets.get(name="Variants"), rubric=project.rubric)

    def test_a_variant_named_by_its_ids_is_refused(self, project, bent):
        with pytest.raises(GoldProblem, match="Line 1: the item of q0 and a0-0 is a variant"):
            gold_of_lines("q0, a0-0, 2\nq0, q0c0, 2", project=project, rubric=project.rubric)


@pytest.mark.django_db(transaction=True)
class TestOnlyVariants:
    """A project that holds nothing else says so, and what to do."""

    SENTENCE = "All items of this project are variants: choose one of their item sets."

    @pytest.fixture
    def only(self, project, alice):
        made = Collection(project)
        made.add_items(n_queries=3, per_query=4)
        for item in made.items:
            Variant.objects.create(item=item, carrier="random", attack="query")
        made.label([0] * 12)
        made.run([1] * 12)
        freeze_items(project, [item.pk for item in made.items], name="Attacks", made_from={})
        project.refresh_from_db()
        return made

    @pytest.fixture
    def grader(self, project, engine):
        return create_judge(
            project, name="g", engine=engine, prompt=find_prompt(project, "grade-basic"), scoring="grade"
        )

    def test_a_run_names_the_item_sets(self, project, only, grader):
        with pytest.raises(RunRefused, match=re.escape(self.SENTENCE)):
            start_run(grader)
        assert not project.item_sets.filter(made_from__rule="all").exists()
        assert start_run(grader, item_set=project.item_sets.get()).n_items == 12

    def test_a_drift_sample_is_of_plain_items(self, project, only, grader):
        with pytest.raises(ScheduleRefused, match=re.escape(self.SENTENCE)):
            create_schedule(grader, scope="drift", every_minutes=60)
        with pytest.raises(ScheduleRefused, match="All items of “Attacks” are variants"):
            create_schedule(grader, scope="drift", every_minutes=60, item_set=project.item_sets.get())

    def test_a_schedule_for_new_items_finds_none_and_one_for_a_set_finds_them(self, project, only, grader):
        assert _without_verdict(grader, within=None) is None
        assert _without_verdict(grader, within=project.item_sets.get()).n_items == 12

    def test_a_prompt_is_not_tried_on_them(self, project, only, engine, alice):
        messages = [{"role": "user", "content": "{{query}} {{candidate}}"}]
        fields = {"name": "mine", "scoring": "grade", "messages": messages, "reply": {"abstain": "X"}}
        items = sample_items(project, n=20)
        with pytest.raises(DraftRefused, match=re.escape(self.SENTENCE)):
            start_try(project, fields, engine=engine, rubric=project.rubric, item_ids=items, by=alice)

    def test_a_round_asks_for_an_item_set(self, project, only, client_of, alice):
        sent = {"name": "R", "overlap": 1, "order": "query", "rubric": project.rubric.pk}
        answer = client_of(alice).post(reverse("annotate:round-create", args=["soil"]), sent)
        assert self.SENTENCE in answer.text

    @pytest.mark.parametrize(
        "name", ["agreement", "comparison", "slices", "disagreements", "label-budget", "people", "overview"]
    )
    def test_pages_say_that_they_leave_them_out(self, project, only, client_of, alice, name):
        page = client_of(alice).get(reverse(f"reports:{name}", args=["soil"])).text
        assert "All items of this project are variants, which are left out here." in page
        assert f'href="{reverse("corpus:item-list", args=["soil"])}?kind=variants"' in page

    def test_the_overview_counts_them_apart(self, project, only, client_of, alice):
        response = client_of(alice).get(reverse("reports:overview", args=["soil"]))
        size = response.context["sizes"]
        assert (size.items.n, size.references.n, size.labels.n, size.n_verdicts) == (0, 0, 0, 0)
        assert size.variants.n == 12
        assert self.SENTENCE in response.text
        assert "No item has a human grade" not in response.text

    def test_the_command_says_it(self, project, only, capsys):
        call_command("agreement", "soil")
        assert "All items of this project are variants, which are left out here." in capsys.readouterr().out


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["agreement", "slices", "people", "systems", "overview"])
def test_pages_say_how_many_variants_they_leave_out(project, bent, alice, client_of, name):
    page = client_of(alice).get(reverse(f"reports:{name}", args=["soil"])).text
    assert "120 variants are left out." in page


@pytest.mark.django_db
def test_the_commands_say_how_many(project, bent, capsys):
    call_command("agreement", "soil")
    assert "120 variants are left out." in capsys.readouterr().out
    call_command("agreement", "soil", "--json")
    assert "left out" not in capsys.readouterr().out


@pytest.mark.django_db
def test_without_variants_nothing_is_said(project, crowd_of_two, alice, client_of):
    assert "left out" not in client_of(alice).get(reverse("reports:overview", args=["soil"])).text
