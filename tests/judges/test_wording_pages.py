"""Words of conditions in the browser: seen by those who see judges, changed by those who manage them."""

import pytest
from django.urls import reverse

from judges.conditions.content import condition_for
from judges.conditions.wording import save_wording, shipped_wordings
from judges.models import Wording

pytestmark = pytest.mark.django_db
SHIPPED = shipped_wordings()


def url(name: str, *args) -> str:
    return reverse(f"judges:wording-{name}", args=["soil", *args])


def test_the_list_shows_every_wording_and_what_conditions_are_made_of(project, vic, client_of):
    page = client_of(vic).get(url("list")).content.decode()
    for name in SHIPPED:
        assert url("detail", name) in page
    assert "Threat + suffix" in page
    assert "N1-schema" in page
    assert "differ by" not in page


def test_framings_of_unequal_length_are_warned_about(project, alice, client_of):
    words = SHIPPED["framing-threat"].text.split()
    save_wording(project, "framing-threat", " ".join(words[:50]))
    page = client_of(alice).get(url("list")).content.decode()
    gap = SHIPPED["framing-distraction"].n_words / 50 - 1
    assert f"differ by {100 * gap:.0f} % in words" in page


def test_a_changed_text_is_a_new_version_and_the_differences_are_shown(project, bob, client_of):
    client = client_of(bob)
    form = client.get(url("edit", "ladder-1")).content.decode()
    assert SHIPPED["ladder-1"].text in form
    answer = client.post(url("edit", "ladder-1"), {"text": "Try hard.\r\nAlways."}, follow=True)
    page = answer.content.decode()
    assert answer.redirect_chain == [(url("detail", "ladder-1"), 302)]
    assert "“ladder-1” is saved as version 2." in page
    assert "From version 1 to version 2" in page
    assert "+ Try hard." in page
    assert f"- {SHIPPED['ladder-1'].text}" in page
    row = Wording.objects.get(project=project)
    assert (row.version, row.text, row.created_by) == (2, "Try hard.\nAlways.", bob)


def test_the_same_text_again_makes_no_version_and_says_so(project, bob, client_of):
    answer = client_of(bob).post(url("edit", "ladder-1"), {"text": SHIPPED["ladder-1"].text}, follow=True)
    assert "Nothing was changed" in answer.content.decode()
    assert not Wording.objects.exists()


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("escape-hatch", "Decline.", "Wording “escape-hatch” needs {{abstain}}"),
        ("ladder-1", "{{query}}", "unknown place {{query}}"),
        ("ladder-1", "  ", "This field is required"),
        ("ladder-1", "x" * 5001, "at most 5000 characters"),
    ],
)
def test_a_text_that_cannot_be_shown_is_given_back_with_a_sentence(
    project, bob, client_of, name, text, complaint
):
    page = client_of(bob).post(url("edit", name), {"text": text}).content.decode()
    assert complaint in page
    assert not Wording.objects.exists()


def test_any_two_versions_can_be_compared_and_an_older_one_read(project, bob, client_of):
    for text in ("Two.", "Three."):
        save_wording(project, "ladder-1", text, by=bob)
    client = client_of(bob)
    page = client.get(url("detail", "ladder-1") + "?version=3&against=1").content.decode()
    assert "From version 1 to version 3" in page
    older = client.get(url("detail", "ladder-1") + "?version=2").content.decode()
    assert "From version 1 to version 2" in older
    shipped = client.get(url("detail", "ladder-1") + "?version=1").content.decode()
    assert "shipped with Concord" in shipped
    assert "From version" not in shipped
    nonsense = client.get(url("detail", "ladder-1") + "?version=x&against=3").content.decode()
    assert "From version 2 to version 3" in nonsense


def test_a_version_shows_the_conditions_that_hold_it(project, bob, client_of):
    condition_for(project, "T1")
    save_wording(project, "compliance-suffix", "Answer.")
    client = client_of(bob)
    newest = client.get(url("detail", "compliance-suffix")).content.decode()
    assert "No condition of this project holds this version yet" in newest
    condition_for(project, "N1")
    assert "0 runs" in client.get(url("detail", "compliance-suffix")).content.decode()
    first = client.get(url("detail", "compliance-suffix") + "?version=1").content.decode()
    assert "threat + suffix" in first


@pytest.mark.parametrize("who", ["vic", "ann", "charlie"])
def test_only_those_who_manage_change_words(project, who, request, client_of):
    client = client_of(request.getfixturevalue(who))
    status = client.post(url("edit", "ladder-1"), {"text": "Mine."}).status_code
    assert status == (404 if who == "charlie" else 403)
    assert not Wording.objects.exists()


def test_a_wording_that_is_not_shipped_is_not_there(project, bob, client_of):
    assert client_of(bob).get(url("detail", "mine")).status_code == 404
    assert client_of(bob).post(url("edit", "mine"), {"text": "x"}).status_code == 404
