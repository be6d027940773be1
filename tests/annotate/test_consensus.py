"""References by Dawid–Skene: estimated in a job, overruled by decisions, honest about their age."""

from io import StringIO

import numpy as np
import pytest
from django.core.management import call_command

from annotate import consensus
from annotate.consensus import apply_rule, remake_at_once, run_references
from annotate.models import Consensus, Label, Rater
from annotate.references import refresh_references
from annotate.services.adjudicating import adjudicate, undo_adjudication
from corpus.deleting import delete_project
from corpus.models import Job, Project, Reference
from corpus.services import save_project


@pytest.fixture
def crowd(project, add_items):
    """Sixty items: two who read, two who deal out grades. Returns items and truth."""
    items = add_items(project, 60)
    generator = np.random.default_rng(2)
    truth = generator.integers(0, 4, 60)
    for name, grades in {
        "careful": truth,
        "earnest": np.where(generator.random(60) < 0.1, (truth + 1) % 4, truth),
        "dealer": generator.integers(0, 4, 60),
        "other dealer": generator.integers(0, 4, 60),
    }.items():
        rater = Rater.objects.create(project=project, name=name)
        Label.objects.bulk_create(
            Label(item=item, rater=rater, grade=int(grade)) for item, grade in zip(items, grades, strict=True)
        )
    refresh_references(project)
    return items, truth


def choose(project, rule=Project.ReferenceRule.DAWID_SKENE):
    project.reference_rule = rule
    save_project(project, changed=["reference_rule"])


def right(items, truth) -> int:
    grades = dict(Reference.objects.values_list("item_id", "grade"))
    return sum(grades.get(item.pk) == grade for item, grade in zip(items, truth, strict=True))


def test_it_weighs_people_by_how_they_grade(project, crowd):
    by_majority = right(*crowd)
    choose(project)
    assert right(*crowd) > by_majority
    assert right(*crowd) >= 55
    assert Reference.objects.count() == Consensus.objects.count() == 60
    assert set(Reference.objects.values_list("n_labels", flat=True)) == {4}


def test_the_confusions_are_kept_with_the_ended_job(project, crowd):
    choose(project)
    job = project.jobs.get(kind=Job.Kind.REFERENCES)
    assert (job.state, job.n_done) == (Job.State.DONE, 60)
    careful = job.result["confusions"][str(Rater.objects.get(name="careful").pk)]
    assert min(careful[grade][grade] for grade in range(4)) > 0.8


def test_a_decision_wins_and_its_undo_brings_the_estimate_back(project, crowd, bob):
    choose(project)
    item = crowd[0][0]
    estimated = Reference.objects.get(item=item).grade
    decided = adjudicate(item, project=project, by=bob, grade=(estimated + 2) % 4)
    remake_at_once(project)
    assert Reference.objects.get(item=item).grade == (estimated + 2) % 4
    undo_adjudication(decided, project=project)
    assert Reference.objects.get(item=item).grade == estimated


def test_changed_labels_are_one_waiting_job_and_no_estimate_yet(project, crowd, give):
    choose(project)
    item = crowd[0][0]
    before = Reference.objects.get(item=item).grade
    for number in range(3):
        give(item, f"late {number}", (before + 1) % 4)
        refresh_references(project, [item.pk])
    assert Reference.objects.get(item=item).grade == before
    waiting = project.jobs.unfinished().get()
    assert (waiting.kind, waiting.state) == (Job.Kind.REFERENCES, Job.State.WAITING)


def test_an_item_labelled_since_has_the_majority_until_then(project, items, give):
    choose(project)
    give(items[0], "one", 2)
    refresh_references(project, [items[0].pk])
    assert Reference.objects.get(item=items[0]).grade == 2


def test_an_item_whose_labels_are_gone_has_no_reference(project, crowd):
    choose(project)
    item = crowd[0][0]
    Label.objects.filter(item=item).delete()
    refresh_references(project, [item.pk])
    assert not Reference.objects.filter(item=item).exists()


def test_other_rules_wait_for_no_job(project, items, give):
    give(items[0], "one", 2)
    refresh_references(project, [items[0].pk])
    assert not project.jobs.exists()


def test_another_rule_forgets_the_estimate(project, crowd):
    by_majority = right(*crowd)
    choose(project)
    choose(project, Project.ReferenceRule.MAJORITY)
    assert right(*crowd) == by_majority


def test_gold_answers_have_no_say(project, items, give):
    give(items[0], "one", 2)
    Label.objects.update(gold_grade=1)
    choose(project)
    assert not Reference.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_big_project_changes_its_rule_in_a_job(project, crowd, monkeypatch):
    monkeypatch.setattr(consensus, "BIG", 10)
    project.reference_rule = Project.ReferenceRule.DAWID_SKENE
    project.save()
    job = apply_rule(project)
    assert not Consensus.objects.exists()
    ended = run_references(job.pk)
    assert (ended.state, ended.n_done) == (Job.State.DONE, 60)
    assert Consensus.objects.count() == 60
    assert run_references(job.pk) is None


def test_the_command_makes_them_now(project, crowd):
    Project.objects.update(reference_rule=Project.ReferenceRule.DAWID_SKENE)
    out = StringIO()
    call_command("references", project.slug, stdout=out)
    assert "60 items have a reference (Dawid–Skene" in out.getvalue()


def test_a_project_with_estimates_can_be_deleted(project, crowd):
    choose(project)
    delete_project(project)
    assert not Consensus.objects.exists()
