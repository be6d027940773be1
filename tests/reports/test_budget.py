"""The label budget from the store and through the client; its items go into a round."""

import numpy as np
import pytest
from django.urls import reverse

from annotate.models import Round
from corpus.models import Item, ItemSetEntry
from measures.powered import powered_mean
from reports.budget_words import say_budget
from reports.budgeting import budget_of, items_next
from reports.runs import complete_runs
from reports.scope import scope_of
from tests.reports.conftest import Collection


@pytest.fixture
def partly(project):
    """40 queries of 10 items; a fair judge graded all, people the first three of each of 30 queries."""
    collection = Collection(project)
    collection.add_items(n_queries=40, per_query=10)
    generator = np.random.default_rng(6)
    truth = generator.integers(0, 4, 400)
    answers = np.where(generator.random(400) < 0.7, truth, generator.integers(0, 4, 400))
    place = np.arange(400)
    collection.truth, collection.answers = truth, answers
    collection.labelled = (place % 10 < 3) & (place < 300)
    grades = [int(grade) if known else "-" for grade, known in zip(truth, collection.labelled, strict=True)]
    collection.label(grades)
    collection.run(answers.tolist())
    return collection


def budget(collection, **more):
    (judged,) = complete_runs(collection.project)
    chosen = {"target": 0.05, "n_next": 50} | more
    return budget_of(collection.project, judged, scope=scope_of(collection.project), **chosen)


def test_the_share_is_that_of_people_mended_by_the_judge(partly):
    found = budget(partly)
    counts = [np.bincount(partly.answers[rows], minlength=4) for rows in (partly.labelled, slice(None))]
    chances = (counts[0] / counts[1])[partly.answers]
    people = np.where(partly.labelled, partly.truth >= 2, np.nan)
    names = [f"q{q}" for q in range(40)]
    places = np.argsort(np.argsort(names))  # queries stand in the order of their ids
    expected = powered_mean(partly.answers >= 2, people, chances, np.repeat(places, 10))
    assert found.relevant.powered == pytest.approx(expected.powered)
    assert (found.relevant.n_items, found.relevant.n_graded) == (400, 90)
    assert found.relevant.powered.low < (partly.truth >= 2).mean() < found.relevant.powered.high
    assert found.mean.judge_only == pytest.approx(partly.answers.mean())


def test_half_the_interval_is_said_with_the_labels_that_would_narrow_it(partly):
    found = budget(partly)
    assert found.spread.n == 90
    assert 0.05 < found.half_width < 0.2
    assert found.need.in_new_queries > 90
    sentences = " ".join(say_budget("gpt", found))
    assert f"known to ±{found.half_width:.3f} from 90 labels in 30 queries" in sentences
    assert f"±0.05 takes about {found.need.in_new_queries:,} labels" in sentences
    assert "more narrowly than from people alone" in sentences
    assert "within ±0.5 already" in " ".join(say_budget("gpt", budget(partly, target=0.5)))


def test_the_next_items_are_shared_out_by_grade_and_come_from_fresh_queries(partly):
    found = budget(partly, n_next=50)
    (judged,) = complete_runs(partly.project)
    items = items_next(partly.project, judged, scope=scope_of(partly.project), n_next=50)
    assert len(set(items)) == 50 == sum(each.n_next for each in found.strata)
    assert not set(items) & {
        item.pk for item, known in zip(partly.items, partly.labelled, strict=True) if known
    }
    place = {item.pk: number for number, item in enumerate(partly.items)}
    given = np.bincount([partly.answers[place[item]] for item in items], minlength=4)
    assert given.tolist() == [each.n_next for each in found.strata]
    queries = [place[item] // 10 for item in items]
    assert sum(query >= 30 for query in queries) >= 20  # of queries without a label
    assert items == items_next(partly.project, judged, scope=scope_of(partly.project), n_next=50)


def test_without_labels_items_are_taken_in_proportion(partly):
    from annotate.models import Label
    from annotate.references import refresh_references

    Label.objects.all().delete()
    refresh_references(partly.project)
    found = budget(partly)
    assert np.isnan(found.half_width)
    assert sum(each.n_next for each in found.strata) == 50
    assert found.curve == []
    assert "too few labels" in say_budget("gpt", found)[0]


def test_the_cache_gives_back_what_was_made(partly, django_assert_max_num_queries):
    made = budget(partly)
    with django_assert_max_num_queries(3):
        np.testing.assert_equal(budget(partly), made)


def test_one_click_makes_a_round_of_the_next_items(partly, client_of, alice):
    client = client_of(alice)
    page = client.get(reverse("reports:label-budget", args=["soil"]), {"n": 30})
    assert "Make a round of these 30 items" in page.content.decode()
    response = client.post(reverse("reports:label-budget-round", args=["soil"]), {"n": 30})
    round = Round.objects.get()
    assert response.url == reverse("annotate:round-detail", args=["soil", round.pk])
    entries = ItemSetEntry.objects.filter(item_set=round.item_set)
    assert entries.count() == 30
    assert not Item.objects.filter(pk__in=entries.values("item"), reference__isnull=False).exists()


def test_a_target_that_makes_no_sense_is_said(partly, client_of, vic):
    response = client_of(vic).get(reverse("reports:label-budget", args=["soil"]), {"target": 7, "n": "x"})
    page = response.content.decode()
    assert "less than or equal to 0.5" in page
    assert response.context["budget"].target == 0.05
    assert "Make a round" not in page  # for those who manage


def test_nothing_left_is_said(compared, client_of, alice):
    client = client_of(alice)
    page = client.get(reverse("reports:label-budget", args=["soil"]))
    assert "People have graded every item" in page.content.decode()
    response = client.post(reverse("reports:label-budget-round", args=["soil"]), follow=True)
    assert "none is left" in response.content.decode()
    assert not Round.objects.exists()


def test_without_a_judge_the_page_says_so(collection, client_of, vic):
    page = client_of(vic).get(reverse("reports:label-budget", args=["soil"]))
    assert "Nothing to budget with yet" in page.content.decode()
