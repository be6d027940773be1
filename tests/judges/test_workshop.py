"""The prompt workshop: rendering with a real item, tries in a job, versions, differences, and its warning."""

import re

import pytest
from django.urls import reverse

from annotate.models import Label, Rater
from annotate.references import refresh_references
from corpus.models import Candidate, Item, Job, Project, Query
from judges import workshop
from judges.models import Prompt
from judges.services import create_judge, find_prompt, start_run
from judges.workshop import DraftRefused
from tasks.work import work_on_job
from tests.judges.test_runs import work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def items(project, make_items) -> list[Item]:
    """Forty items, thirty of them in the tune split; people grade as the text says, one of ten wrongly."""
    made = make_items(project, 4, 10)
    Query.objects.filter(project=project, external_id__in=["q0", "q1", "q2"]).update(split="tune")
    rater = Rater.objects.create(project=project, name="ann")
    Label.objects.bulk_create(
        Label(item=item, rater=rater, grade=3 - n % 4 if n % 10 == 9 else n % 10 % 4)
        for n, item in enumerate(made)
    )
    refresh_references(project)
    return made


def draft(engine=None, **changes) -> dict:
    text = "Grades:\n{{grades}}\n<query>{{query}}</query>\n<passage>{{candidate}}</passage>\nOne grade."
    engine_pk = "" if engine is None else engine.pk
    return {
        "name": "mine",
        "scoring": "grade",
        "user": text,
        "reply": "abstain: X",
        "engine": engine_pk,
    } | changes


def form(project, engine=None, **changes) -> dict:
    return draft(engine, **changes) | {"rubric": changes.get("rubric", project.rubric.pk)}


def test_a_draft_is_shown_filled_with_a_real_item(project, items, alice, client_of):
    page = client_of(alice).post(
        reverse("judges:prompt-preview", args=["soil"]), form(project, item=items[7].pk)
    )
    said = page.content.decode()
    assert "item q0-7 grade 3 text" in said
    assert "3 = Perfectly relevant" in said
    assert f'name="item" value="{items[7].pk}"' in said
    other = client_of(alice).post(
        reverse("judges:prompt-preview", args=["soil"]), form(project, item=items[7].pk, another="1")
    )
    assert re.search(r"item q[012]-\d grade", other.content.decode())  # of the tune split


def test_an_item_of_another_project_is_never_shown(project, items, alice, client_of):
    other = Project.objects.create(slug="air", name="Air")
    query = Query.objects.create(project=other, external_id="x", text="A secret question")
    candidate = Candidate.objects.create(project=other, external_id="y", text="A secret text")
    item = Item.objects.create(query=query, candidate=candidate)
    page = client_of(alice).post(reverse("judges:prompt-preview", args=["soil"]), form(project, item=item.pk))
    assert "secret" not in page.content.decode()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"user": "{{query.__class__}} {{candidate}}"}, "unknown place"),
        ({"user": "{{query}} {{candidate"}, "not closed"),
        ({"scoring": "reason"}, "format: json"),
        ({"scoring": "criteria", "reply": "format: lines"}, "several criteria"),
        ({"reply": "- a list"}, "name: value"),
    ],
)
def test_what_is_wrong_with_a_draft_is_said_and_nothing_is_saved(
    project, items, alice, client_of, changes, words
):
    for name in ("judges:prompt-preview", "judges:prompt-create"):
        page = client_of(alice).post(reverse(name, args=["soil"]), form(project, **changes))
        assert words in page.content.decode()
    assert not Prompt.objects.filter(project=project).exists()


def test_values_of_the_reply_are_text_however_yaml_reads_them(project, items, alice, client_of):
    given = form(
        project, scoring="yes_no", reply="yes: Yes\nno: No", user="{{query}} {{candidate}} Yes or No?"
    )
    client_of(alice).post(reverse("judges:prompt-create", args=["soil"]), given)
    assert Prompt.objects.get(project=project).reply == {"yes": "Yes", "no": "No"}


def test_a_draft_is_tried_on_twenty_tune_items_and_compared_with_people(
    project, items, engine, stub, alice, client_of
):
    page = client_of(alice).post(
        reverse("judges:prompt-try", args=["soil"]), form(project, engine, on="sample")
    )
    job = Job.objects.get(kind=Job.Kind.TRY)
    assert f"/prompts/tried/{job.pk}/" in page.content.decode()
    assert len(job.params["items"]) == 20
    work_on_job(job.pk)
    job.refresh_from_db()
    found = job.result
    tuned = set(Item.objects.filter(query__split="tune").values_list("pk", flat=True))
    assert {row["item"] for row in found["rows"]} <= tuned
    n_wrong = sum(row["reference"] != row["grade"] for row in found["rows"])
    assert (found["n"], found["n_graded"], found["n_compared"]) == (20, 20, 20)
    assert found["n_equal"] == 20 - n_wrong
    assert 0 < found["kappa_quadratic"] <= 1
    assert found["tokens_in"] == 2000
    said = client_of(alice).get(reverse("judges:prompt-tried", args=["soil", job.pk])).content.decode()
    assert "of 20 compared" in said
    assert not Prompt.objects.filter(project=project).exists()


def test_a_draft_is_tried_on_the_item_shown(project, items, engine, alice, client_of):
    given = form(project, engine, on="item", item=items[5].pk)
    client_of(alice).post(reverse("judges:prompt-try", args=["soil"]), given)
    job = workshop.run_try(Job.objects.get(kind=Job.Kind.TRY).pk)
    [row] = job.result["rows"]
    assert (row["item"], row["grade"], row["reference"]) == (items[5].pk, 1, 1)


def test_an_engine_that_is_away_is_said_where_the_figures_would_stand(project, items, engine, stub, alice):
    stub.away = True
    engine.settings = {"tries": 1}
    engine.save()
    job = workshop.start_try(
        project,
        {
            "name": "mine",
            "scoring": "grade",
            "messages": [{"role": "user", "content": "{{query}} {{candidate}}"}],
        },
        engine=engine,
        rubric=project.rubric,
        item_ids=[items[0].pk],
        by=alice,
    )
    job = workshop.run_try(job.pk)
    assert (job.state, "does not answer" in job.error) == ("failed", True)


def test_saving_makes_versions_and_the_same_again_makes_none(project, items, alice, client_of):
    url = reverse("judges:prompt-create", args=["soil"])
    for text in ("{{query}} {{candidate}} one", "{{query}} {{candidate}} two", "{{query}} {{candidate}} two"):
        client_of(alice).post(url, form(project, user=text))
    assert list(
        Prompt.objects.filter(project=project).order_by("version").values_list("version", flat=True)
    ) == [1, 2]
    newest = Prompt.objects.get(project=project, version=2)
    page = client_of(alice).get(reverse("judges:prompt-detail", args=["soil", newest.pk])).content.decode()
    assert "From version 1 to version 2" in page
    signs = {
        line: sign
        for sign, line in workshop.differences(*Prompt.objects.order_by("version").filter(project=project))
    }
    assert signs["{{query}} {{candidate}} one"] == "-"
    assert signs["{{query}} {{candidate}} two"] == "+"


def test_a_prompt_shows_who_used_it_and_warns_when_the_test_split_chose_it(
    project, items, engine, alice, client_of
):
    url = reverse("judges:prompt-create", args=["soil"])
    for n in range(3):
        client_of(alice).post(url, form(project, user="{{query}} {{candidate}} " + "!" * n))
        judge = create_judge(
            project, name=f"j{n}", engine=engine, prompt=find_prompt(project, "mine"), scoring="grade"
        )
        assert workshop.n_versions_on_test(project, "mine") == n
        run = work(start_run(judge))
    prompt = find_prompt(project, "mine")
    page = client_of(alice).get(reverse("judges:prompt-detail", args=["soil", prompt.pk])).content.decode()
    assert "3 versions of this prompt were measured on the test split" in page
    assert str(run) in page
    again = client_of(alice).get(url + f"?from={prompt.pk}").content.decode()
    assert "3 versions of this prompt were measured" in again


def test_another_projects_prompt_and_try_are_not_found(project, items, alice, client_of):
    other = Project.objects.create(slug="air", name="Air")
    foreign = Prompt.objects.create(
        project=other, name="theirs", messages=[{"role": "user", "content": "secret"}]
    )
    job = Job.objects.create(project=other, kind=Job.Kind.TRY)
    client = client_of(alice)
    assert client.get(reverse("judges:prompt-detail", args=["soil", foreign.pk])).status_code == 404
    assert (
        client.get(reverse("judges:prompt-create", args=["soil"]) + f"?from={foreign.pk}").status_code == 404
    )
    assert client.get(reverse("judges:prompt-tried", args=["soil", job.pk])).status_code == 404


def test_a_scoring_that_needs_whole_queries_is_tried_on_them(project, items, engine, alice):
    with pytest.raises(DraftRefused, match="listed"):
        workshop.start_try(
            project,
            {"name": "l", "scoring": "listwise", "messages": [{"role": "user", "content": "{{query}}"}]},
            engine=engine,
            rubric=project.rubric,
            item_ids=[items[0].pk],
            by=alice,
        )
