"""The pages of agreement through the client."""

import re

import pytest
from django.urls import reverse

from annotate.models import Round
from corpus.services import freeze_all_items
from tests.reports.conftest import ANSWERS, GRADES


def get(client, name, *args, **query):
    return client.get(reverse(f"reports:{name}", args=args), query)


def words(response):
    """The page's text without tags, white space folded."""
    text = re.sub(r"<script.*?</script>|<[^>]+>", " ", response.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", text).replace("&#x27;", "'")


@pytest.fixture
def open_round(collection):
    return Round.objects.create(
        project=collection.project,
        name="First round",
        item_set=freeze_all_items(collection.project),
        rubric=collection.project.rubric,
        overlap=2,
        state=Round.State.OPEN,
    )


# Overview


def test_the_overview_opens_with_a_sentence_and_four_tiles(compared, open_round, vic, client_of):
    compared.project.description = "Authors' grades, for demonstration."
    compared.project.save()
    page = words(get(client_of(vic), "overview", "soil"))
    assert "gpt agrees with people at κ 0.56" in page
    assert "Authors' grades, for demonstration." in page
    assert "Items 12 12 with a human grade" in page
    assert "Labels 12 by people" in page
    assert "Open work 24 labels to give; 0 jobs at work" in page
    assert "First round" in page


def test_an_annotator_sees_rounds_and_no_figure_about_judges(compared, open_round, ann, client_of):
    response = get(client_of(ann), "overview", "soil")
    page = words(response)
    assert "First round" in page
    assert "0 of 24" in page
    for secret in ("κ", "gpt", "Verdicts", "with a human grade"):
        assert secret not in page
    assert not {"board", "sentences", "sizes", "people"} & set(response.context.keys())


def test_an_annotator_without_rounds_is_told_so(project, ann, client_of):
    assert "Nothing to label now" in words(get(client_of(ann), "overview", "soil"))


def test_an_empty_project_leads_its_manager_to_the_import(project, bob, client_of):
    response = get(client_of(bob), "overview", "soil")
    assert "No item has a human grade yet" in words(response)
    assert reverse("exchange:import-upload", args=["soil"]) in response.content.decode()


def test_the_overview_asks_the_database_no_more_with_more_judges(
    compared, alice, client_of, django_assert_max_num_queries
):
    client = client_of(alice)
    for name in "abcdefg":
        compared.run(ANSWERS, judge=compared.judge(name))
    get(client, "overview", "soil")
    with django_assert_max_num_queries(30):
        response = get(client, "overview", "soil")
    assert "All 8 judges" in words(response)
    assert response.content.decode().count('class="forest-dot"') == 5


# Scoreboard


def test_the_scoreboard_has_a_row_for_each_judge_and_a_line_for_people(compared, vic, client_of):
    compared.run(GRADES, judge=compared.judge("perfect", prompt="basic"), condition="flattered")
    compared.label([*GRADES[:10], 0, 0], rater="two")
    response = get(client_of(vic), "agreement", "soil")
    page, html = words(response), response.content.decode()
    assert page.index("perfect") < page.index("10 / 10") < page.index("Two people")
    assert html.count('class="forest-dot"') == 2
    assert 'class="forest-people"' in html
    assert "best κ" in page
    assert "flattered" in page


def test_the_scoreboard_sorts_and_cuts_by_its_address(compared, vic, client_of):
    compared.run(["error", *GRADES[1:]], judge=compared.judge("shaky"))
    client = client_of(vic)
    rows = get(client, "agreement", "soil", sort="-n_graded").context["board"].rows
    assert [row.judge.name for row in rows] == ["shaky", "gpt"]
    assert "1 failed" in words(get(client, "agreement", "soil"))
    at_one = get(client, "agreement", "soil", cut="1", sort="mae")
    assert 'value="1" selected' in at_one.content.decode()
    assert 'name="sort" value="mae"' in at_one.content.decode()


def test_a_cut_that_does_not_exist_is_said_to_be_so(compared, vic, client_of):
    response = get(client_of(vic), "agreement", "soil", cut="9")
    assert response.status_code == 200
    assert "9 is not one of the available choices" in words(response)


def test_splits_can_be_chosen_where_queries_are_kept_for_tuning(compared, vic, client_of):
    client = client_of(vic)
    assert 'name="split"' not in get(client, "agreement", "soil").content.decode()
    query = compared.items[0].query
    query.split = "tune"
    query.save()
    assert "9 / 9" in words(get(client, "agreement", "soil"))
    assert "12 / 12" in words(get(client, "agreement", "soil", split="all"))
    assert "3 / 3" in words(get(client, "agreement", "soil", split="tune"))


def test_an_empty_scoreboard_says_what_is_missing(collection, bob, client_of):
    client = client_of(bob)
    assert "No human grades yet" in words(get(client, "agreement", "soil"))
    collection.label([1])
    assert "No judge to compare yet" in words(get(client, "agreement", "soil"))


def test_the_warm_scoreboard_asks_little(compared, vic, client_of, django_assert_max_num_queries):
    client = client_of(vic)
    get(client, "agreement", "soil")
    with django_assert_max_num_queries(14):
        get(client, "agreement", "soil")


# One judge


@pytest.fixture
def judge(compared):
    return compared.project.judges.get()


def test_a_judges_page_has_its_figures_its_matrix_and_its_outcomes(compared, judge, vic, client_of):
    response = get(client_of(vic), "judge-agreement", "soil", judge.pk)
    page, html = words(response), response.content.decode()
    assert "Cohen's κ 0.56" in page
    assert "Graded 12 100 %" in page
    assert '<script type="application/json">' in html
    link = reverse("reports:disagreements", args=["soil"]) + f"?judge={judge.pk}&amp;reference=3&amp;judged=2"
    assert link in html


def test_conditions_have_pages_of_their_own(compared, judge, vic, client_of):
    run = compared.run(GRADES, condition="flattered")
    client = client_of(vic)
    page = words(get(client, "judge-agreement", "soil", judge.pk, condition=run.condition.pk))
    assert "gpt (under flattered) agrees with people at κ 1.000 [1.000, 1.000]" in page
    assert "Nothing to compare yet" in words(get(client, "judge-agreement", "soil", judge.pk, condition=99))


def test_scores_are_drawn_where_there_are_any(compared, vic, client_of):
    likely = compared.judge("likely")
    compared.run([0.1, 0.5, 0.9], judge=likely)
    response = get(client_of(vic), "judge-agreement", "soil", likely.pk)
    assert [figure.name for figure in response.context["figures"]] == [
        "confusion",
        "scores",
        "roc",
        "reliability",
    ]


def test_a_judge_without_verdicts_has_an_empty_page(collection, vic, client_of):
    page = words(get(client_of(vic), "judge-agreement", "soil", collection.judge("new").pk))
    assert "Nothing to compare yet" in page


def test_a_judge_of_another_project_is_not_found(compared, vic, client_of):
    from corpus.services import create_project
    from tests.reports.conftest import Collection

    other = Collection(create_project("Other")).judge("theirs")
    assert get(client_of(vic), "judge-agreement", "soil", other.pk).status_code == 404


@pytest.mark.parametrize(
    ("file_format", "content_type"),
    [("png", "image/png"), ("svg", "image/svg+xml"), ("csv", "text/csv; charset=utf-8")],
)
def test_charts_can_be_taken_along(compared, judge, vic, client_of, file_format, content_type):
    response = get(client_of(vic), "judge-agreement", "soil", judge.pk, chart="confusion", file=file_format)
    assert response.status_code == 200
    assert response["Content-Type"] == content_type
    assert f'filename="soil-{judge.pk}-confusion.{file_format}"' in response["Content-Disposition"]


@pytest.mark.parametrize(("chart", "file_format"), [("scores", "png"), ("confusion", "pdf"), ("x", "svg")])
def test_charts_that_do_not_exist_are_not_found(compared, judge, vic, client_of, chart, file_format):
    response = get(client_of(vic), "judge-agreement", "soil", judge.pk, chart=chart, file=file_format)
    assert response.status_code == 404


# All


@pytest.mark.parametrize("name", ["agreement", "judge-agreement", "disagreements"])
def test_annotators_do_not_get_to_reports(compared, judge, ann, client_of, name):
    args = [judge.pk] if name == "judge-agreement" else []
    assert get(client_of(ann), name, "soil", *args, reference=1, judged=0).status_code == 403


@pytest.mark.parametrize("name", ["overview", "agreement", "judge-agreement", "disagreements"])
def test_pages_hold_no_inline_style_and_no_inline_script(compared, judge, alice, client_of, name):
    args = [judge.pk] if name.startswith("judge") else []
    html = get(client_of(alice), name, "soil", *args, reference=1, judged=0).content.decode()
    assert not re.search(r"<[^>]+\sstyle=", html)
    assert not re.search(r"<[^>]+\son\w+=", html)
    assert not re.findall(r"<script(?![^>]*\b(?:src=|type=\"application/json\"))", html)


def test_names_from_files_are_shown_as_text(compared, vic, client_of):
    evil = compared.judge("<script>alert(1)</script>", prompt="</script><b>")
    compared.run(GRADES, judge=evil)
    client = client_of(vic)
    for response in (
        get(client, "overview", "soil"),
        get(client, "agreement", "soil"),
        get(client, "judge-agreement", "soil", evil.pk),
    ):
        html = response.content.decode()
        assert "<script>alert" not in html
        assert "</script><b>" not in html
