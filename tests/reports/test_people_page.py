"""The page and the command of agreement among people."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from annotate.models import Rater, Round
from annotate.references import refresh_references
from corpus.services import freeze_all_items, save_project

PROBE = "<script>alert('rater')</script>\"'><img src=x onerror=alert(1)>"


@pytest.fixture
def show(client_of, vic, project):
    def get(**query):
        return client_of(vic).get(reverse("reports:people", args=[project.slug]), query)

    return get


def test_it_shows_alpha_every_person_and_who_looks_random(show, crowd):
    response = show()
    page = response.content.decode()
    assert "4 people share 60 items and agree at α" in page
    assert "random’s grades look random: weighted κ" in page
    assert page.count("looks random") == 1
    assert "Needs labels given in a round" in page
    assert "two others or more, ties left out" in page


def test_the_matrix_is_a_chart_and_a_table_and_a_file(show, crowd, client_of, vic, project):
    page = show().content.decode()
    assert 'aria-label="κ of every two people; its table holds the same"' in page
    assert page.count("n 60") == 12  # four by four without the diagonal
    address = reverse("reports:people", args=[project.slug])
    for file_format, start in (("svg", b"<svg"), ("png", b"\x89PNG"), ("csv", b"Person,careful")):
        drawn = client_of(vic).get(address, {"chart": "pairwise", "file": file_format})
        assert drawn.content.startswith(start)
    assert client_of(vic).get(address, {"chart": "pairwise", "file": "pdf"}).status_code == 404


def test_one_round_can_be_shown_alone(show, collection):
    round = Round.objects.create(
        project=collection.project,
        name="First",
        item_set=freeze_all_items(collection.project),
        rubric=collection.project.rubric,
        state=Round.State.OPEN,
    )
    for rater in ("one", "two"):
        collection.label([1, 2, 3], rater=rater, round=round)
        collection.label([0] * 6, rater=f"file {rater}")
    assert "2 people share 3 items" in show(round=round.pk).content.decode()
    assert "file one" not in show(round=round.pk).content.decode()
    assert "file one" in show(round="").content.decode()
    assert show(round="x").status_code == 200
    assert show(round=round.pk + 1).status_code == 404


def test_gold_items_are_named_as_the_standard(show, collection):
    for rater in ("one", "two"):
        collection.label([1, 2, 3], rater=rater, gold_grade=1)
    assert "Against the gold items’ known grades" in show().content.decode()


def test_nobody_one_person_and_uniform_grades_are_said_in_words(show, collection):
    assert "Nobody has labelled anything yet" in show().content.decode()
    collection.label([1, 1, 1], rater="one")
    assert "No item has the grades of two people yet" in show().content.decode()
    collection.label([1, 1, 1], rater="two")
    assert "gave one and the same grade: α is not defined" in show().content.decode()


def test_names_are_shown_as_text(show, crowd):
    Rater.objects.filter(name="careful").update(name=PROBE)
    page = show().content.decode()
    assert "<script>alert(" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert(" in page


def test_the_rail_leads_to_it_only_for_those_who_may_see_reports(client_of, ann, vic, project):
    link = reverse("reports:people", args=[project.slug])
    overview = reverse("reports:overview", args=[project.slug])
    assert link in client_of(vic).get(overview).content.decode()
    assert link not in client_of(ann).get(overview).content.decode()
    assert client_of(ann).get(link).status_code == 403


def test_the_command_prints_json_that_is_what_the_page_shows(crowd):
    out = StringIO()
    call_command("people", crowd.project.slug, "--json", stdout=out)
    found = json.loads(out.getvalue())
    assert found["n_items"] == 60
    assert len(found["alpha_ordinal"]) == 3
    assert [rater["rater"] for rater in found["raters"] if rater["looks_random"]] == ["random"]
    assert {(pair["first"], pair["second"]) for pair in found["pairs"]} >= {("careful", "random")}
    assert found["raters"][0]["work"]["n_graded"] == 60


def test_the_command_prints_a_table(crowd):
    out = StringIO()
    call_command("people", crowd.project.slug, stdout=out)
    assert "random (looks random)" in out.getvalue()
    assert "fleiss kappa: 0." in out.getvalue()


def test_the_command_says_what_it_does_not_find(crowd):
    with pytest.raises(CommandError, match="no project “none”"):
        call_command("people", "none")
    with pytest.raises(CommandError, match="no round “none”"):
        call_command("people", crowd.project.slug, "--round", "none")


def test_under_dawid_skene_the_page_shows_each_persons_confusions_and_their_age(show, crowd):
    assert "Dawid–Skene" not in show().content.decode()
    crowd.project.reference_rule = "dawid_skene"
    save_project(crowd.project, changed=["reference_rule"])
    page = show().content.decode()
    assert "What Dawid–Skene makes of each person" in page
    assert page.count('<caption><span class="people"') == 4
    assert "Labels have changed since" not in page
    refresh_references(crowd.project, [crowd.items[0].pk])
    assert "Labels have changed since" in show().content.decode()
