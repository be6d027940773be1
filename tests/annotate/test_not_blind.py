from uuid import uuid4

import pytest
from django.urls import reverse

from annotate.models import Label, Round
from annotate.services.labels import reveal_others, save_label, undo_last_decision
from annotate.services.queue import AnswerRefused


@pytest.fixture
def round(make_round):
    round = make_round(overlap=3)
    Round.objects.filter(pk=round.pk).update(blind=False)
    round.refresh_from_db()
    return round


@pytest.fixture
def labels(round, ann, bob, enter, slots):
    """Ann said 1 and Bob 3 of the first item."""
    return [
        save_label(slots(round)[0], by=enter(round, user), grade=grade, client_key=uuid4(), rationale=words)
        for user, grade, words in ((ann, 1, "mine"), (bob, 3, "telltale"))
    ]


def test_others_are_shown_on_request_and_without_names(round, labels, ann, client_of):
    client, url = client_of(ann), reverse("annotate:label-item", args=["soil", round.pk])
    page = client.get(url, {"label": labels[0].pk}).text
    assert "Show what others said" in page
    assert "telltale" not in page
    shown = client.post(url + "reveal/", {"label": labels[0].pk}, follow=True).text
    assert "telltale" in shown
    assert "bob" not in shown
    assert "telltale" in client.get(url, {"label": labels[0].pk}).text


def test_after_that_the_own_answer_stands(round, labels, ann, enter, slots):
    me = enter(round, ann)
    assert reveal_others(labels[0], by=me) == [labels[1]]
    with pytest.raises(AnswerRefused, match="stands"):
        save_label(slots(round)[0], by=me, grade=3, client_key=uuid4())
    with pytest.raises(AnswerRefused, match="stands"):
        undo_last_decision(me)
    assert Label.objects.current().get(rater=me.rater).grade == 1


def test_nobody_sees_more_than_about_an_item_they_graded(round, labels, alice, bob, enter, client_of):
    with pytest.raises(AnswerRefused, match="undone or corrected"):
        reveal_others(labels[0], by=enter(round, bob))
    url = reverse("annotate:label-reveal", args=["soil", round.pk])
    assert "telltale" not in client_of(alice).post(url, {"label": labels[0].pk}).text
    assert "telltale" not in client_of(alice).post(url, {"label": "x"}).text


def test_in_a_blind_round_nobody_sees_others(round, labels, ann, enter, client_of):
    Round.objects.update(blind=True)
    with pytest.raises(AnswerRefused, match="nobody sees"):
        reveal_others(labels[0], by=enter(Round.objects.get(), ann))
    url = reverse("annotate:label-reveal", args=["soil", round.pk])
    answer = client_of(ann).post(url, {"label": labels[0].pk})
    assert answer.status_code == 409
    assert "telltale" not in answer.text
