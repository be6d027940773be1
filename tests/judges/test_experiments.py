"""Experiments: planned, frozen, started as runs, steered together, shown word for word."""

import pytest
from django.urls import reverse

from corpus.models import Reference
from judges.experiments.compliance_items import make_compliance_items
from judges.experiments.describing import describe_plan, show_prompts
from judges.experiments.following import progress_of, steer_all
from judges.experiments.planning import (
    FACTORIAL,
    discard_plan,
    plan_compliance,
    plan_robustness,
    start_experiment,
)
from judges.experiments.refusing import ExperimentRefused
from judges.models import Condition, Experiment, Run
from judges.services import cancel_run, create_judge, find_prompt
from reports.runs import complete_runs

pytestmark = pytest.mark.django_db


@pytest.fixture
def items(project, make_items):
    made = make_items(project, 5, 8)
    Reference.objects.bulk_create(
        Reference(item=item, query_id=item.query_id, grade=place % 4) for place, item in enumerate(made)
    )
    return make_compliance_items(project, n_answerable=20, n_each=2, seed=1).item_set


@pytest.fixture
def planned(project, judge, items):
    return plan_compliance(project, name="Pressure", judges=[judge], item_set=items, repeats=2)


def test_a_plan_freezes_judges_conditions_and_items_and_starts_nothing(planned, items):
    assert planned.plan["cells"] == list(FACTORIAL)
    assert planned.plan["n_items"] == items.n_items == 32
    assert planned.started_at is None
    assert not Run.objects.exists()
    cells = dict(Condition.objects.values_list("cell", "pk"))
    assert planned.plan["conditions"] == {cell: cells[cell] for cell in FACTORIAL}


def test_the_plan_says_what_it_takes_and_what_it_can_see(planned):
    plan = describe_plan(planned)
    assert plan.sentence == "1 judge grades the same 32 items under six conditions, 2 times each."
    assert plan.n_runs == 12
    assert plan.n_verdicts == 12 * 32
    assert "percentage points" in plan.power
    assert any("temperature 0" in warning for warning in plan.warnings)


def test_every_condition_is_shown_word_for_word_with_its_additions_marked(planned, judge):
    shown = {each.cell: each for each in show_prompts(planned, judge.pk)}
    assert list(shown) == list(FACTORIAL)
    added = {
        cell: "".join(piece.text for message in each.messages for piece in message.pieces if piece.is_added)
        for cell, each in shown.items()
    }
    assert len(added["T1"]) > len(added["T0"]) > len(added["N0"])
    assert len(added["N1"]) > len(added["N0"])
    whole = "".join(piece.text for message in shown["T1"].messages for piece in message.pieces)
    assert "You grade how well a passage serves" in whole


def test_starting_makes_one_run_for_each_judge_cell_and_repeat(planned, judge, alice):
    assert start_experiment(planned, by=alice) == 12
    runs = Run.objects.filter(experiment=planned)
    assert sorted(runs.values_list("condition__cell", "repeat")) == sorted(
        (cell, repeat) for cell in FACTORIAL for repeat in (1, 2)
    )
    with pytest.raises(ExperimentRefused, match="started already"):
        start_experiment(planned, by=alice)
    with pytest.raises(ExperimentRefused, match="verdicts are kept"):
        discard_plan(planned)


def test_where_one_run_is_refused_nothing_starts(planned, project, engine):
    project.may_leave = False
    project.save()
    engine.url = "https://judge.example.org/v1"
    engine.save()
    planned = Experiment.objects.get(pk=planned.pk)
    with pytest.raises(ExperimentRefused, match="outside this machine"):
        start_experiment(planned)
    assert not Run.objects.exists()
    assert Experiment.objects.get(pk=planned.pk).started_at is None


def test_runs_of_an_experiment_are_steered_together_and_stay_out_of_agreement(planned, project):
    start_experiment(planned)
    assert steer_all(planned, cancel_run) == 12
    progress = progress_of(planned)
    assert progress.states == {"cancelled": 12}
    assert progress.has_ended
    assert progress.n_items == 12 * 32
    for run in progress.runs:
        run.job.state = "done"
        run.job.save()
    assert complete_runs(project) == []


def test_a_plan_that_was_not_started_can_be_discarded(planned):
    discard_plan(planned)
    assert not Experiment.objects.exists()


def test_the_same_conditions_are_used_again_by_the_next_plan(project, judge, items, planned):
    again = plan_compliance(project, name="Again", judges=[judge], item_set=items)
    assert again.plan["conditions"] == planned.plan["conditions"]


def test_names_judges_and_sets_are_checked(project, judge, items, planned):
    with pytest.raises(ExperimentRefused, match="called “Pressure” already"):
        plan_compliance(project, name="Pressure", judges=[judge], item_set=items)
    with pytest.raises(ExperimentRefused, match="at least one judge"):
        plan_compliance(project, name="None", judges=[], item_set=items)
    likelihood = create_judge(
        project,
        name="likelihood",
        engine=judge.engine,
        prompt=find_prompt(project, "likelihood"),
        scoring="likelihood",
    )
    with pytest.raises(ExperimentRefused, match="cannot take part"):
        plan_compliance(project, name="Odd", judges=[likelihood], item_set=items)


def test_a_battery_judges_the_clean_items_once_more(project, judge, items):
    clean = make_compliance_items(project, n_answerable=5, n_each=0).item_set
    experiment = plan_robustness(
        project, name="Battery", judges=[judge], item_set=items, clean_set=clean, defences=["sandwich"]
    )
    start_experiment(experiment)
    runs = experiment.runs.values_list("repeat", "item_set", "condition__cell")
    assert set(runs) == {
        (1, items.pk, None),
        (1, items.pk, "sandwich"),
        (2, clean.pk, None),
        (2, clean.pk, "sandwich"),
    }


def test_the_pages_plan_show_start_and_cancel(client, alice, project, judge, items):
    client.force_login(alice)
    create = reverse("judges:compliance-create", args=[project.slug])
    assert "six conditions" in client.get(create).content.decode()
    answer = client.post(
        create,
        {
            "name": "By hand", "judges": [judge.pk], "n_answerable": 10, "n_each": 1, "kinds": ["empty"],
            "within": 1, "repeats": 1, "arms": ["T1+hatch"], "ladder": "on", "seed": 5,
        },
    )  # fmt: skip
    experiment = Experiment.objects.get()
    assert answer.url == experiment.get_absolute_url()
    assert experiment.plan["within"] == 1
    assert experiment.plan["cells"] == [*FACTORIAL, "T1+hatch", "G1", "G2", "G3", "G4", "G5"]
    page = client.get(experiment.get_absolute_url()).content.decode()
    assert "Start all runs" in page
    assert "10 answerable, 1 empty" in page
    client.post(reverse("judges:experiment-start", args=[project.slug, experiment.pk]))
    assert experiment.runs.count() == 12
    page = client.get(experiment.get_absolute_url()).content.decode()
    assert "12 runs: 12 queued." in page
    client.post(reverse("judges:experiment-cancel", args=[project.slug, experiment.pk]))
    progress = client.get(reverse("judges:experiment-progress", args=[project.slug, experiment.pk]))
    assert "12 cancelled" in progress.content.decode()


def test_a_refused_plan_keeps_what_was_typed(client, alice, project, judge):
    client.force_login(alice)
    answer = client.post(
        reverse("judges:robustness-create", args=[project.slug]),
        {"name": "Typed", "judges": [judge.pk], "n_each": 5, "attacks": ["typos"], "words": [100], "seed": 1},
    )
    page = answer.content.decode()
    assert "No item can be attacked" in page
    assert 'value="Typed"' in page
