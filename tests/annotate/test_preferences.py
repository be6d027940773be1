"""Rounds in which people say which of two candidates is better."""

from uuid import uuid4

import pytest

from annotate.disputes import open_disputes
from annotate.models import Label, Participation
from annotate.references import refresh_references
from annotate.services.adjudicating import adjudicate
from annotate.services.labels import save_label, undo_last_decision
from annotate.services.opening import open_round
from annotate.services.queue import next_items
from annotate.services.rounds import RoundRefused, create_round
from corpus.models import Membership, Reference
from corpus.pairs import draw_pairs
from corpus.rubrics import add_rubric
from corpus.services import freeze_all_items

LEFT, NEITHER, RIGHT = "Left is better", "Neither is better", "Right is better"


@pytest.fixture
def carl(project, make_user):
    user = make_user("carl")
    Membership.objects.create(project=project, user=user, role="annotator")
    return user


@pytest.fixture
def preference(project):
    return add_rubric(project, template="preference")


@pytest.fixture
def round(project, items, preference):
    """All three pairs of each of two queries, three people a pair."""
    pairs = draw_pairs(freeze_all_items(project), per_query=3, seed=1)
    made = create_round(project, name="Better", item_set=pairs, rubric=preference, overlap=3)
    return open_round(made)


def values(page: str) -> dict[str, int]:
    """What each button of the first card sends."""
    card = page[page.index('class="label-card"') :]
    found = {}
    for words in (LEFT, NEITHER, RIGHT):
        button = card[: card.index(words)].rpartition("<button")[2]
        found[words] = int(button.partition('value="')[2].partition('"')[0])
    return found


def test_a_round_wants_items_that_fit_its_scale(project, items, preference, round):
    wrong = create_round(project, name="One", item_set=freeze_all_items(project), rubric=preference)
    with pytest.raises(RoundRefused, match="needs an item set of pairs"):
        open_round(wrong)
    wrong = create_round(project, name="Two", item_set=round.item_set)
    with pytest.raises(RoundRefused, match="are pairs"):
        open_round(wrong)


def test_the_buttons_follow_the_side_and_the_side_is_stored(round, ann, client_of, enter):
    client, url = client_of(ann), f"/p/soil/rounds/{round.pk}/label/"
    seen = set()
    for _ in range(round.n_items):
        page = client.get(url).content.decode()
        slot = next_items(enter(round, ann))[0].slot
        names = [slot.item.candidate.external_id, slot.item.rival.external_id]
        card = page[page.index('class="label-card"') : page.index("</article>")]
        rival_first = card.index(f">{names[1]}<") < card.index(f">{names[0]}<")
        assert values(page) == {LEFT: 0 if rival_first else 2, NEITHER: 1, RIGHT: 2 if rival_first else 0}
        sent = {"slot": slot.pk, "grade": str(values(page)[LEFT]), "client_key": str(uuid4())}
        assert client.post(f"{url}save/", sent, headers={"HX-Request": "true"}).status_code == 200
        label = Label.objects.get(item=slot.item)
        assert label.rival_first is rival_first
        assert (label.grade == 0) is rival_first  # the left one won
        seen.add(rival_first)
        again = client.get(f"{url}?label={label.pk}").content.decode()
        assert "You answered <strong>the left one is better</strong>" in again
    assert seen == {True, False}


def test_every_person_has_coins_of_their_own(round, ann, bob, enter, slots):
    def sides() -> list[list[bool]]:
        people = [enter(round, user) for user in (ann, bob)]
        return [[slot.stands_rival_first(me.seed) for slot in slots(round)] for me in people]

    enter(round, ann), enter(round, bob)
    for rater, seed in (("ann", 1), ("bob", 2)):
        Participation.objects.filter(round=round, rater__name=rater).update(seed=seed)
    first, second = sides()
    assert first != second
    Participation.objects.filter(round=round).update(seed=7)
    first, second = sides()
    assert first == second


def test_the_majority_is_the_pairs_reference_and_one_to_one_stays_open(round, ann, bob, carl, enter, slots):
    slot = slots(round)[0]
    for user, grade in ((ann, 2), (bob, 0)):
        save_label(slot, by=enter(round, user), grade=grade, client_key=uuid4())
    assert not Reference.objects.exists()
    save_label(slot, by=enter(round, carl), grade=2, client_key=uuid4())
    assert Reference.objects.get(item=slot.item).grade == 2
    undo_last_decision(enter(round, carl))
    assert not Reference.objects.exists()


def test_disputed_pairs_are_decided_on_their_own_scale(
    project, round, ann, bob, alice, enter, slots, client_of
):
    slot = slots(round)[0]
    for user, grade in ((ann, 2), (bob, 0)):
        save_label(slot, by=enter(round, user), grade=grade, client_key=uuid4())
    (dispute,) = open_disputes(project).rows
    assert (dispute.item.pk, dispute.spread) == (slot.item_id, 2)
    client = client_of(alice)
    for url in (
        "/p/soil/adjudicate/",
        f"/p/soil/adjudicate/{slot.item_id}/",
        f"/p/soil/items/{slot.item_id}/",
    ):
        page = client.get(url).content.decode()
        assert slot.item.rival.external_id in page
    adjudicate(slot.item, project=project, by=alice, grade=1)
    assert Reference.objects.get(item=slot.item).grade == 1


def test_preferences_leave_references_of_single_items_and_their_counts_alone(
    project, round, ann, enter, slots, give
):
    single = project.item_sets.single().get().entries.first().item
    give(single, "file", 3)
    save_label(slots(round)[0], by=enter(round, ann), grade=0, client_key=uuid4())
    refresh_references(project)
    assert Reference.objects.get(item=single).grade == 3
    assert Reference.objects.get(item=slots(round)[0].item).grade == 0


def test_a_manager_draws_pairs_while_making_the_round(project, items, preference, alice, client_of):
    sent = {
        "name": "Pairs",
        "rubric": preference.pk,
        "pairs_per_query": "2",
        "overlap": "1",
        "order": "random",
    }
    answer = client_of(alice).post("/p/soil/rounds/new/", sent)
    assert answer.status_code == 302, answer.context["form"].errors
    round = project.rounds.get(name="Pairs")
    assert (round.rubric, round.item_set.of_pairs, round.item_set.n_items) == (preference, True, 4)
    open_round(round)
