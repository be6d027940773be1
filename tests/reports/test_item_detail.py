import pytest

from annotate.models import Label, Rater
from corpus.models import Candidate, Item, Job, Query, Reference
from judges.models import Condition, Judge, Prompt, Run, Verdict


@pytest.fixture
def item(project):
    query = Query.objects.create(
        project=project, external_id="q1", text="<b>what</b> slows carbon loss", need="For arable farms."
    )
    candidate = Candidate.objects.create(
        project=project,
        external_id="c1",
        title="Cover <i>crops</i>",
        text="Roots </p><script>alert(1)</script>",
    )
    return Item.objects.create(query=query, candidate=candidate)


@pytest.fixture
def judged(project, item):
    rater = Rater.objects.create(project=project, name="nist")
    Label.objects.create(item=item, rater=rater, grade=2, rationale="Says <u>how</u>.")
    Reference.objects.create(item=item, query=item.query, grade=2)
    judge = Judge.objects.create(
        project=project,
        name="gpt-9",
        rubric=project.rubric,
        prompt=Prompt.objects.create(project=project, name="utility"),
    )
    for condition, fields in [
        (None, {"outcome": "graded", "grade": 3, "raw": "<s>3</s>"}),
        (
            Condition.objects.create(project=project, name="keyword stuffing"),
            {"outcome": "unreadable", "raw": "x" * 200, "reason": "No grade in the reply."},
        ),
    ]:
        job = Job.objects.create(project=project, kind="import", state="done")
        run = Run.objects.create(judge=judge, condition=condition, job=job)
        Verdict.objects.create(run=run, item=item, **fields)
    return item


def page(client, item) -> str:
    response = client.get(f"/p/soil/items/{item.pk}/")
    assert response.status_code == 200
    return response.content.decode()


def test_an_item_shows_what_people_and_judges_said(client_of, vic, judged):
    text = page(client_of(vic), judged)
    for each in ("nist", "gpt-9", "utility", "keyword stuffing", "Unreadable", "No grade in the reply."):
        assert each in text


def test_an_annotator_sees_the_texts_and_nobodys_grades(client_of, ann, judged):
    text = page(client_of(ann), judged)
    assert "For arable farms." in text
    for each in ("nist", "gpt-9", "ramp-", "Unreadable"):
        assert each not in text


def test_every_text_is_shown_as_text(client_of, vic, judged):
    text = page(client_of(vic), judged)
    for markup in ("<b>what", "<i>crops", "<script>alert", "<u>how", "<s>3"):
        assert markup not in text
    assert 'class="passage" dir="auto"' in text


def test_an_item_without_labels_and_verdicts_says_so(client_of, vic, item):
    text = page(client_of(vic), item)
    assert "Nobody has labelled this item yet." in text
    assert "No judge has answered" in text


def test_a_superseded_label_is_not_shown(client_of, vic, judged):
    Label.objects.update(superseded_at="2026-01-01T00:00Z")
    assert "nist" not in page(client_of(vic), judged)


def test_another_projects_item_is_out_of_reach(client_of, charlie, item):
    from corpus.services import create_project

    create_project("Other", slug="other", by=charlie)
    assert client_of(charlie).get(f"/p/other/items/{item.pk}/").status_code == 404


def test_the_page_costs_the_same_for_many_verdicts(
    client_of, vic, judged, project, django_assert_num_queries
):
    for number in range(10):
        rater = Rater.objects.create(project=project, name=f"rater {number}")
        Label.objects.create(item=judged, rater=rater, grade=1)
        judge = Judge.objects.create(project=project, name=f"judge {number}", rubric=project.rubric)
        job = Job.objects.create(project=project, kind="import", state="done")
        run = Run.objects.create(judge=judge, job=job)
        Verdict.objects.create(run=run, item=judged, outcome="graded", grade=1)
    client = client_of(vic)
    # session, user, project, role, item, rubric, reference, labels, runs, verdicts, variants, original
    with django_assert_num_queries(12):
        client.get(f"/p/soil/items/{judged.pk}/")
