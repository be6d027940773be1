"""Where judge and people differ, through the client; and from there into a round."""

import pytest
from django.urls import reverse

from annotate.models import Round
from corpus.models import ItemSetEntry
from corpus.services import create_project, freeze_items
from judges.models import Verdict
from tests.reports.conftest import ANSWERS, GRADES


@pytest.fixture
def show(project, client_of, vic):
    client = client_of(vic)
    return lambda **query: client.get(reverse("reports:disagreements", args=[project.slug]), query)


@pytest.fixture
def send(project, client_of, alice):
    client = client_of(alice)
    return lambda **sent: client.post(reverse("reports:disagreements-round", args=[project.slug]), sent)


def shown(response) -> list:
    return [row.item for row in response.context["rows"]]


def test_those_furthest_apart_come_first_and_equal_grades_not_at_all(collection, show):
    collection.label([0, 1, 2, 3, 3, 2])
    collection.run([0, 3, 2, 0, 2, "error"])
    response = show()
    assert shown(response) == [collection.items[place] for place in (3, 1, 4)]
    assert [row.distance for row in response.context["rows"]] == [-3, 2, -1]


def test_a_cell_keeps_to_one_grade_of_each_also_on_the_diagonal(compared, show):
    response = show(reference=1, judged=0)
    assert shown(response) == [compared.items[6]]
    assert reverse("reports:item-detail", args=["soil", compared.items[6].pk]) in response.content.decode()
    right = show(reference=3, judged=3)
    assert len(shown(right)) == sum(g == a == 3 for g, a in zip(GRADES, ANSWERS, strict=True))
    assert {row.reference for row in show(reference=3).context["rows"]} == {3}
    assert {row.verdict.grade for row in show(judged=3).context["rows"]} == {3}


def test_every_cell_has_as_many_items_as_its_count(collection, show, client_of, vic):
    collection.label(GRADES)
    collection.run(["abstained", "error", 0.5, 7, 3, 2, *ANSWERS[6:]])
    collection.run(["-", "refused", "-", "-", 2], judge=collection.judge())
    judge = collection.judge()
    page = client_of(vic).get(reverse("reports:judge-agreement", args=["soil", judge.pk]))
    cells = [cell for _, row, _ in page.context["matrix"].rows for cell in row]
    assert sum(cell.n for cell in cells) == 12
    for cell in cells:
        response = show(judge=judge.pk, reference=cell.reference, judged=cell.judged)
        assert len(shown(response)) == response.context["page"].paginator.count == cell.n


def test_pages_follow_each_other(collection, show, monkeypatch):
    monkeypatch.setattr("reports.views.disagreements.PAGE_SIZE", 5)
    collection.label([1] * 12)
    collection.run([2] * 12)
    seen = [item for number in (1, 2, 3) for item in shown(show(page=number))]
    assert seen == collection.items
    assert len(shown(show(page=99))) == 2  # the last one


@pytest.mark.parametrize("query", [{"reference": 9, "judged": 1}, {"reference": 1, "judged": "x"}])
def test_a_cell_that_does_not_exist_is_not_found(compared, show, query):
    assert show(**query).status_code == 404


def test_replies_labels_and_chances_are_on_the_page(compared, show):
    judge = compared.judge()
    type(judge).objects.filter(pk=judge.pk).update(scoring="grade")
    compared.label(GRADES, rater="two", rationale="about yields")
    Verdict.objects.filter(item=compared.items[3]).update(raw="I say two", probs=[0.1, 0.2, 0.6, 0.1])
    page = show(reference=3, judged=2).content.decode()
    for words in ("I say two", "2&nbsp;60&nbsp;%", "about yields", ">two<"):
        assert words in page


def test_a_page_asks_no_more_with_more_items(collection, show, django_assert_max_num_queries):
    collection.label([1] * 12)
    collection.run([2] * 12)
    show()
    with django_assert_max_num_queries(14):
        show()


def test_ticked_items_go_into_a_draft_round(compared, send):
    wrong = [item for item, g, a in zip(compared.items, GRADES, ANSWERS, strict=True) if g != a]
    response = send(judge=compared.judge().pk, item=[wrong[2].pk, wrong[0].pk, compared.items[0].pk])
    round = Round.objects.get()
    assert response.url == reverse("annotate:round-detail", args=["soil", round.pk])
    assert round.state == Round.State.DRAFT
    entries = ItemSetEntry.objects.filter(item_set=round.item_set).order_by("position")
    assert {entry.item_id for entry in entries} == {wrong[0].pk, wrong[2].pk}  # the first was no disagreement
    assert round.item_set.made_from == {"rule": "disagreements", "judge": compared.judge().pk}
    send(judge=compared.judge().pk, all=1)
    assert Round.objects.exclude(pk=round.pk).get().item_set.n_items == len(wrong)
    assert {each.name for each in Round.objects.all()} == {round.name, f"{round.name} (2)"}


def test_nothing_ticked_is_said(compared, client_of, alice):
    address, sent = reverse("reports:disagreements-round", args=["soil"]), {"reference": 3}
    response = client_of(alice).post(address, sent, follow=True)
    assert "reference=3" in response.redirect_chain[0][0]
    assert "No item was chosen" in response.content.decode()
    assert not Round.objects.exists()


def test_only_managers_send_and_others_see_no_button(compared, show, client_of, vic):
    assert "to a round" not in show().content.decode()
    sent = client_of(vic).post(reverse("reports:disagreements-round", args=["soil"]), {"all": 1})
    assert sent.status_code == 403


def test_without_a_judge_the_page_says_so(collection, show):
    assert "No judge to look at yet" in show().content.decode()


def test_a_set_takes_only_items_of_its_project_and_keeps_queries_together(compared):
    items = compared.items
    made = freeze_items(
        compared.project,
        [items[4].pk, items[0].pk, items[3].pk],
        name="Three",
        made_from={},
        priorities=[1, 2, 3],
    )
    entries = made.entries.order_by("position").values_list("item", "priority")
    assert list(entries) == [(items[4].pk, 1), (items[3].pk, 3), (items[0].pk, 2)]
    with pytest.raises(ValueError, match="one of the project"):
        freeze_items(create_project("Other"), [items[0].pk], name="Theirs", made_from={})
