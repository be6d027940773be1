"""Two readers of written replies, compared on whether a reply states a grade."""

import pytest
from django.urls import reverse

from annotate.models import Round
from corpus.models import ItemSet, Job
from judges.models import Engine, Experiment, Run, SecondReading, Verdict
from judges.services import create_judge, find_prompt
from reports.second_readers import compare_readers, items_read_differently

pytestmark = pytest.mark.django_db


@pytest.fixture
def read(project, make_items):
    """Ten replies: six grades and one refusal read alike, one with another grade, two by one reader only."""
    items = make_items(project, 2, 5)
    engine = Engine.objects.create(name="first", kind="local")
    second = Engine.objects.create(name="second", kind="openai", url="http://127.0.0.1:9/v1")
    judge = create_judge(
        project, name="writer", engine=engine, prompt=find_prompt(project, "grade-reasons"), scoring="reason"
    )
    item_set = ItemSet.objects.create(project=project, name="Ten", n_items=10)
    experiment = Experiment.objects.create(
        project=project, name="Pressure", kind="compliance", item_set=item_set, plan={"judges": [judge.pk]}
    )
    job = Job.objects.create(project=project, kind="judge", state="done")
    run = Run.objects.create(judge=judge, job=job, item_set=item_set, experiment=experiment, n_items=10)
    strict = [2, 2, 2, 2, 2, 2, None, 2, 2, None]
    found = [2, 2, 2, 2, 2, 2, None, 1, None, 3]
    for item, grade, other in zip(items, strict, found, strict=True):
        outcome = "abstained" if grade is None else "graded"
        Verdict.objects.create(run=run, item=item, outcome=outcome, grade=grade, raw="a reply")
        outcome = "abstained" if other is None else "graded"
        SecondReading.objects.create(run=run, item=item, engine=second, outcome=outcome, grade=other)
    return experiment, items


def test_four_counts_prevalence_kappa_and_ac1(read):
    experiment, _ = read
    [found] = compare_readers(experiment)
    assert (found.judge, found.engine, found.n) == ("writer", "second", 10)
    assert (found.both, found.only_strict, found.only_second, found.neither) == (7, 1, 1, 1)
    assert found.same_grade == 6
    assert found.prevalence == 0.8
    # κ: observed 0.8, by chance 0.8 · 0.8 + 0.2 · 0.2 = 0.68; AC1: by chance 2 · 0.8 · 0.2 = 0.32
    assert found.kappa == pytest.approx((0.8 - 0.68) / (1 - 0.68))
    assert found.ac1 == pytest.approx((0.8 - 0.32) / (1 - 0.32))


def test_what_they_read_differently_goes_into_a_round(client, alice, project, read):
    experiment, items = read
    assert items_read_differently(experiment) == [items[7].pk, items[8].pk, items[9].pk]
    client.force_login(alice)
    client.post(reverse("reports:compliance-readers-round", args=[project.slug, experiment.pk]))
    made = Round.objects.get()
    assert set(made.item_set.entries.values_list("item", flat=True)) == {item.pk for item in items[7:]}


def test_the_experiments_page_offers_other_engines_to_read_again(client, alice, project, read):
    experiment, _ = read
    client.force_login(alice)
    page = client.get(experiment.get_absolute_url()).content.decode()
    assert "read a second time by" in page
    assert ">second</option>" in page
    assert ">first</option>" not in page
