"""Adjudication through the client."""

import pytest
from django.urls import reverse

from annotate.models import Adjudication, Label
from annotate.references import refresh_references
from corpus.models import Candidate, Query, Reference

PROBE = "<script>alert('probe')</script>\"'><img src=x onerror=alert(1)>"


@pytest.fixture
def disputes(project, items, give):
    """Three disputed items; the second is the widest dispute, then the first, then the third."""
    for item, grades in zip(items, [(1, 3), (0, 3), (1, 2)], strict=False):
        for number, grade in enumerate(grades):
            give(item, f"rater {number}", grade)
    refresh_references(project)
    return items[:3]


@pytest.fixture
def client(client_of, bob):
    return client_of(bob)


@pytest.fixture
def address(project):
    def make(name, *args):
        return reverse(f"annotate:adjudication-{name}", args=[project.slug, *args])

    return make


def test_the_list_shows_disputes_the_widest_first(client, address, disputes):
    page = client.get(address("list")).content.decode()
    assert "People disagree on 3 items" in page
    places = [page.index(address("item", item.pk)) for item in (disputes[1], disputes[0], disputes[2])]
    assert places == sorted(places)


def test_labels_and_rationales_stand_side_by_side(client, address, disputes):
    Label.objects.filter(item=disputes[0], grade=3).update(rationale="It names the very crop.")
    page = client.get(address("item", disputes[0].pk)).content.decode()
    for words in (
        "rater 0",
        "rater 1",
        "It names the very crop.",
        "No rationale",
        "Candidate text 0.",
        "need 0",
    ):
        assert words in page
    assert "it has no reference now" in page


def test_a_decision_is_kept_and_the_next_dispute_shown(client, address, disputes, bob):
    response = client.post(address("save", disputes[1].pk), {"grade": "2", "note": "both are half right"})
    decided = Adjudication.objects.get()
    assert (decided.grade, decided.note, decided.by) == (2, "both are half right", bob)
    assert response.url == address("item", disputes[0].pk) + f"?last={decided.pk}"
    assert Reference.objects.get(item=disputes[1]).grade == 2
    page = client.get(response.url).content.decode()
    assert address("undo", disputes[1].pk) in page
    assert "2 to decide" in page


def test_after_the_last_dispute_comes_the_first_that_was_left_open(client, address, disputes):
    response = client.post(address("save", disputes[2].pk), {"grade": "1"})
    assert response.url.startswith(address("item", disputes[1].pk))
    client.post(address("save", disputes[1].pk), {"grade": "1"})
    response = client.post(address("save", disputes[0].pk), {"grade": "cannot_judge"})
    assert response.url == address("list")
    assert "nothing is left to decide" in client.get(response.url).content.decode()
    assert not Reference.objects.filter(item=disputes[0]).exists()


def test_undo_takes_the_decision_back_and_shows_the_item(client, address, disputes):
    client.post(address("save", disputes[1].pk), {"grade": "2"})
    response = client.post(address("undo", disputes[1].pk))
    assert response.url == address("item", disputes[1].pk)
    assert not Reference.objects.filter(item=disputes[1]).exists()
    again = client.post(address("undo", disputes[1].pk), follow=True)
    assert "no decision to take back" in again.content.decode()


def test_decided_items_are_listed_with_who_decided(client, address, disputes):
    client.post(address("save", disputes[1].pk), {"grade": "2"})
    page = client.get(address("list"), {"show": "decided"}).content.decode()
    assert "1 disputed item decided" in page
    assert "by bob" in page
    assert "Decided as" in client.get(address("item", disputes[1].pk)).content.decode()


@pytest.mark.parametrize("answer", [{}, {"grade": "9"}, {"grade": "x"}, {"grade": "1", "note": "n" * 10_001}])
def test_an_answer_that_makes_no_sense_keeps_nothing_but_the_note(client, address, disputes, answer):
    response = client.post(address("save", disputes[1].pk), {"note": "kept"} | answer)
    assert response.status_code == 409
    assert "Not saved." in response.content.decode()
    assert answer.get("note", "kept") in response.content.decode()
    assert not Adjudication.objects.exists()


def test_a_round_is_kept_through_list_item_and_decision(client, address, disputes, make_round):
    round = make_round(name="First", overlap=2)
    Label.objects.update(round=round)
    page = client.get(address("list"), {"round": round.pk}).content.decode()
    assert f"{address('item', disputes[1].pk)}?round={round.pk}" in page
    response = client.post(f"{address('save', disputes[1].pk)}?round={round.pk}", {"grade": "2"})
    assert f"round={round.pk}" in response.url
    assert client.get(address("list"), {"round": "x"}).status_code == 200
    assert client.get(address("list"), {"round": round.pk + 1}).status_code == 404


@pytest.mark.parametrize("after", ["", "x", "1-2", "1-2-x", "9" * 40, "1-2-3-4"])
def test_addresses_that_make_no_sense_show_the_first_page(client, address, disputes, after):
    assert client.get(address("list"), {"after": after}).status_code == 200
    assert client.get(address("item", disputes[0].pk), {"last": after}).status_code == 200


def test_only_post_changes_anything(client, address, disputes):
    for name in ("save", "undo"):
        assert client.get(address(name, disputes[0].pk)).status_code == 405


def test_those_who_only_label_see_nothing_of_it(client_of, ann, vic, address, disputes):
    for user in (ann, vic):
        for url in (address("list"), address("item", disputes[0].pk)):
            assert client_of(user).get(url).status_code == 403
        assert client_of(user).post(address("save", disputes[0].pk), {"grade": "1"}).status_code == 403


def test_an_item_of_another_project_is_not_found(client_of, root, disputes):
    from corpus.services import create_project

    other = create_project("Other")
    url = reverse("annotate:adjudication-item", args=[other.slug, disputes[0].pk])
    assert client_of(root).get(url).status_code == 404


def test_imported_and_typed_text_is_shown_as_text(client, address, disputes, project):
    Query.objects.update(text=PROBE, need=PROBE)
    Candidate.objects.update(title=PROBE, text=PROBE)
    Label.objects.update(rationale=PROBE)
    project.raters.filter(name="rater 0").update(name=PROBE)
    client.post(address("save", disputes[1].pk), {"grade": "2", "note": PROBE})
    for url in (address("list"), address("item", disputes[1].pk), address("list") + "?show=decided"):
        page = client.get(url).content.decode()
        assert "<script>alert(" not in page
        assert "<img src=x" not in page
        assert "&lt;script&gt;alert(" in page


def test_an_item_takes_as_many_statements_with_many_labels_as_with_few(
    client, address, disputes, give, django_assert_max_num_queries
):
    for number in range(30):
        give(disputes[0], f"more {number}", number % 4)
    with django_assert_max_num_queries(22):
        client.get(address("item", disputes[0].pk))
    with django_assert_max_num_queries(16):
        client.get(address("list"))
