import pytest
from django.urls import reverse

from annotate.models import Round, Slot
from annotate.services.rounds import create_round, pause_round
from corpus.services import freeze_all_items


def page(name: str, *args) -> str:
    return reverse(f"annotate:{name}", args=["soil", *args])


def test_a_manager_makes_and_opens_a_round_over_all_items(project, items, bob, client_of):
    client = client_of(bob)
    answer = client.post(
        page("round-create"), {"name": "First pass", "item_set": "", "overlap": "2", "order": "query"}
    )
    round = Round.objects.get()
    assert answer.headers["Location"] == page("round-detail", round.pk)
    assert (round.state, round.overlap, round.item_set.n_items, round.created_by) == ("draft", 2, 6, bob)
    answer = client.post(page("round-open", round.pk), follow=True)
    assert "“First pass” is open." in answer.text
    assert Slot.objects.filter(round=round).count() == 6


def test_a_round_can_take_an_item_set_that_exists(project, items, bob, client_of):
    item_set = freeze_all_items(project)
    client_of(bob).post(
        page("round-create"), {"name": "Set", "item_set": item_set.pk, "overlap": "1", "order": "query"}
    )
    assert Round.objects.get().item_set == item_set


def test_what_a_round_cannot_be_is_said_at_the_form(project, bob, client_of, items):
    client = client_of(bob)
    create_round(project, name="First pass", item_set=freeze_all_items(project))
    answer = client.post(
        page("round-create"), {"name": "First pass", "item_set": "", "overlap": "0", "order": "query"}
    )
    assert "has this name already" in answer.text
    assert "greater than or equal to 1" in answer.text


def test_a_project_without_items_makes_no_round(project, bob, client_of):
    answer = client_of(bob).post(
        page("round-create"), {"name": "First pass", "item_set": "", "overlap": "1", "order": "query"}
    )
    assert "no items yet" in answer.text
    assert not Round.objects.exists()


@pytest.mark.parametrize(
    ("steps", "state"),
    [
        (["pause"], "paused"),
        (["pause", "resume"], "open"),
        (["close"], "closed"),
        (["close", "resume"], "closed"),
        (["open"], "open"),
    ],
)
def test_the_buttons_change_the_state_or_say_why_not(make_round, bob, client_of, steps, state):
    round = make_round()
    for step in steps:
        client_of(bob).post(page(f"round-{step}", round.pk))
    round.refresh_from_db()
    assert round.state == state


def test_an_annotator_sees_open_rounds_only(make_round, project, items, ann, client_of):
    opened = make_round()
    paused = pause_round(make_round(name="Second pass"))
    create_round(project, name="Third pass", item_set=freeze_all_items(project))
    client = client_of(ann)
    text = client.get(page("round-list")).text
    assert "First pass" in text
    assert "Second pass" not in text
    assert "Third pass" not in text
    assert client.get(page("round-detail", opened.pk)).status_code == 200
    assert client.get(page("round-detail", paused.pk)).status_code == 404


def test_an_annotator_learns_nothing_about_other_people(make_round, ann, bob, enter, client_of):
    round = make_round()
    enter(round, bob)
    assert "bob" not in client_of(ann).get(page("round-detail", round.pk)).text
    assert "bob" in client_of(bob).get(page("round-detail", round.pk)).text


@pytest.mark.parametrize("who", ["ann", "vic"])
@pytest.mark.parametrize("name", ["round-open", "round-pause", "round-resume", "round-close"])
def test_only_managers_change_a_round(make_round, client_of, request, who, name):
    round = make_round()
    user = request.getfixturevalue(who)
    assert client_of(user).post(page(name, round.pk)).status_code == 403


def test_strangers_find_no_round(make_round, charlie, client_of):
    round = make_round()
    for name, args in [("round-list", []), ("round-detail", [round.pk]), ("label-item", [round.pk])]:
        assert client_of(charlie).get(page(name, *args)).status_code == 404


def test_the_list_costs_the_same_however_many_rounds(
    make_round, alice, client_of, django_assert_max_num_queries
):
    for number in range(4):
        make_round(name=f"Pass {number}")
    client = client_of(alice)
    # session, user, project, membership, rounds with their progress, own counts
    with django_assert_max_num_queries(6):
        client.get(page("round-list"))
