import re
from uuid import uuid4

import pytest
from django.urls import reverse

from annotate.models import Hold, Label
from annotate.services.labels import save_label
from annotate.services.rounds import close_round, create_round, pause_round
from corpus.models import Candidate, Query, Reference
from corpus.services import freeze_all_items

HTMX = {"HX-Request": "true"}


@pytest.fixture
def round(make_round):
    return make_round(overlap=2)


@pytest.fixture
def url(round):
    return lambda name="label-item": reverse(f"annotate:{name}", args=["soil", round.pk])


@pytest.fixture
def client(ann, client_of):
    return client_of(ann)


def slots_on(html: str) -> list[int]:
    return [int(slot) for slot in re.findall(r'class="label-card" data-slot="(\d+)"', html)]


def answer(slot, grade="2", **more) -> dict:
    return {"slot": slot.pk, "grade": grade, "client_key": str(uuid4()), **more}


def test_the_page_shows_the_item_and_holds_the_next_two(client, url, round, slots):
    text = client.get(url()).text
    assert slots_on(text) == [slot.pk for slot in slots(round)[:3]]
    shown = text.split("<template")[0]
    for part in ("query 0", "need 0", "Title 0", "Candidate text 0.", "Perfectly relevant"):
        assert part in shown


def test_without_javascript_an_answer_leads_to_the_next_item(client, url, round, slots):
    first, second = slots(round)[:2]
    response = client.post(url("label-save"), answer(first, rationale="why"))
    assert response.headers["Location"] == url()
    assert slots_on(client.get(url()).text)[0] == second.pk
    label = Label.objects.get()
    assert (label.grade, label.rationale, label.item_id) == (2, "why", first.item_id)


def test_with_javascript_an_answer_brings_the_next_cards(client, url, round, slots):
    client.get(url())
    response = client.post(url("label-save"), answer(slots(round)[0], seconds="2.5"), headers=HTMX)
    assert response.status_code == 200
    assert "<html" not in response.text
    assert slots_on(response.text) == [slot.pk for slot in slots(round)[1:4]]
    assert "<strong>1</strong> mine" in response.text
    assert Label.objects.get().seconds == 2.5


def test_the_same_submit_twice_is_one_label(client, url, round, slots):
    sent = answer(slots(round)[0])
    for _ in range(2):
        assert client.post(url("label-save"), sent, headers=HTMX).status_code == 200
    assert Label.objects.count() == 1


def test_cannot_judge_is_an_answer(client, url, round, slots):
    client.post(url("label-save"), answer(slots(round)[0], "cannot_judge"))
    assert Label.objects.get().cannot_judge


def test_skip_shows_another_item_and_undo_brings_it_back(client, url, round, slots):
    first, second = slots(round)[:2]
    client.post(url("label-skip"), {"slot": first.pk})
    assert slots_on(client.get(url()).text)[0] == second.pk
    client.post(url("label-undo"), {"slot": first.pk})
    assert slots_on(client.get(url()).text)[0] == first.pk


def test_undo_restores_the_item_the_grade_and_the_rationale(client, url, round, slots):
    first = slots(round)[0]
    client.post(url("label-save"), answer(first, "1", rationale="on the whole"))
    text = client.get(url()).text
    undo_slot = re.search(r'id="label-undo".*?name="slot" value="(\d+)"', text, re.S)[1]
    assert int(undo_slot) == first.pk
    text = client.post(url("label-undo"), {"slot": undo_slot}, follow=True).text
    assert slots_on(text)[0] == first.pk
    assert "You took back <strong>1</strong>" in text
    assert "on the whole" in text
    assert not Label.objects.current().exists()


def test_an_answer_can_be_opened_and_corrected(client, url, round, slots):
    first = slots(round)[0]
    client.post(url("label-save"), answer(first, "1"))
    label = Label.objects.get()
    text = client.get(url(), {"label": label.pk}).text
    assert slots_on(text)[0] == first.pk
    assert "You answered <strong>1</strong>" in text
    client.post(url("label-save"), answer(first, "3"))
    assert Label.objects.current().get().grade == 3


def test_other_peoples_answers_cannot_be_opened(client, url, round, slots, bob, enter):
    theirs = save_label(
        slots(round)[0], by=enter(round, bob), grade=3, client_key=uuid4(), rationale="secret"
    )
    for number in (theirs.pk, "x", 10**9):
        text = client.get(url(), {"label": number}).text
        assert "secret" not in text
        assert "undone or corrected" in text


@pytest.mark.parametrize(
    "wrong",
    [{"grade": "7"}, {"grade": ""}, {"client_key": "no"}, {"rationale": "x" * 10_001}, {"seconds": "-1"}],
)
def test_what_is_no_answer_is_refused_in_words(client, url, round, slots, wrong):
    response = client.post(url("label-save"), answer(slots(round)[0]) | wrong)
    assert response.status_code == 409
    assert "Not saved." in response.text
    assert not Label.objects.exists()


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_an_answer_that_comes_too_late_keeps_its_text_and_says_why(
    client, url, round, slots, alice, bob, enter, headers
):
    first = slots(round)[0]
    for user in (alice, bob):
        save_label(first, by=enter(round, user), grade=0, client_key=uuid4())
    response = client.post(url("label-save"), answer(first, rationale="a long thought"), headers=headers)
    assert response.status_code == 409
    assert "it needs no more grades" in response.text
    assert "a long thought" in response.text
    assert Label.objects.current().count() == 2


@pytest.mark.parametrize("end", [pause_round, close_round])
def test_a_round_that_stops_under_somebodys_hands_says_so(client, url, round, slots, end):
    end(round)
    response = client.post(url("label-save"), answer(slots(round)[0], rationale="kept"), headers=HTMX)
    assert response.status_code == 409
    assert "kept" in response.text
    assert client.get(url()).headers["Location"] == reverse("annotate:round-list", args=["soil"])


def test_a_draft_is_not_there_for_labelling(project, items, client):
    draft = create_round(project, name="Draft", item_set=freeze_all_items(project))
    assert client.get(reverse("annotate:label-item", args=["soil", draft.pk])).status_code == 404


def test_a_slot_of_another_round_is_refused(client, url, round, make_round, slots):
    other = make_round(name="Other")
    for name in ("label-save", "label-skip", "label-undo"):
        assert client.post(url(name), answer(slots(other)[0])).status_code == 404
    assert not Label.objects.exists()


def test_the_end_says_what_is_left_and_brings_skipped_items_back(client, url, round, slots):
    first, *rest = slots(round)
    client.post(url("label-skip"), {"slot": first.pk})
    for slot in rest:
        client.post(url("label-save"), answer(slot))
    text = client.get(url()).text
    assert "Nothing waits for you" in text
    assert "Bring back the 1 I skipped" in text
    assert slots_on(client.post(url("label-unskip"), follow=True).text) == [first.pk]


def test_a_finished_round_thanks(client, url, round, slots, bob, client_of):
    for who in (client, client_of(bob)):
        for slot in slots(round):
            who.post(url("label-save"), answer(slot))
    assert "All items are graded" in client.get(url()).text


def test_imported_text_is_shown_as_text(client, url, round):
    probe = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'{{ 7*7 }}"
    Query.objects.update(text=probe, need=probe)
    Candidate.objects.update(text=probe, title=probe)
    text = client.get(url()).text
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 12  # four texts on each of three cards
    assert "{{ 7*7 }}" in text


def test_a_rationale_is_shown_as_text(client, url, round, slots):
    client.post(url("label-save"), answer(slots(round)[0], rationale="</textarea><script>alert(1)</script>"))
    text = client.post(url("label-undo"), {"slot": slots(round)[0].pk}, follow=True).text
    assert "<script>alert" not in text


def test_nobody_elses_grade_is_in_the_page(client, url, round, slots, bob, enter, give):
    """The page before and after others graded is the same, but for its keys."""

    def bare() -> str:
        text = client.get(url()).text
        return re.sub(
            r'[0-9a-f-]{36}|value="\w{64}"|x-csrftoken": "\w+|<p class="label-facts".*?</p>', "", text
        )

    before = bare()
    for slot, grade in zip(slots(round), [3, 1, 0], strict=False):
        save_label(slot, by=enter(round, bob), grade=grade, client_key=uuid4(), rationale="telltale")
        give(slot.item, "file", grade)
    assert Reference.objects.count() == 3
    assert bare() == before


def test_viewers_do_not_label(round, vic, client_of, url, slots):
    assert client_of(vic).get(url()).status_code == 403
    for name in ("label-save", "label-skip", "label-undo", "label-unskip"):
        assert client_of(vic).post(url(name), answer(slots(round)[0])).status_code == 403


def test_managers_and_site_admins_may_label_too(round, bob, root, client_of, url, slots):
    for user in (bob, root):
        assert client_of(user).post(url("label-save"), answer(slots(round)[0])).status_code == 302
    assert Label.objects.current().count() == 2


def test_opening_the_page_and_saving_take_a_fixed_number_of_queries(
    client, url, round, slots, django_assert_max_num_queries
):
    client.get(url())
    for _ in range(2):
        with django_assert_max_num_queries(16):
            client.get(url())
    for slot in slots(round)[:3]:
        with django_assert_max_num_queries(34):
            client.post(url("label-save"), answer(slot), headers=HTMX)
    assert Hold.objects.count() == 3
