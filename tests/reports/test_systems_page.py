import pytest
from django.urls import reverse

from corpus.models import System
from tests.reports.conftest import GRADES


@pytest.fixture
def show(project, client_of, vic):
    client = client_of(vic)

    def show(**query):
        return client.get(reverse("reports:systems", args=[project.slug]), query)

    return show


def test_judges_stand_by_tau_with_a_chart_and_the_systems(ranked, show):
    ranked.run([3 - grade for grade in GRADES], judge=ranked.judge("contrary"))
    response = show()
    assert [judge.name for judge in response.context["judges"]] == ["gpt", "contrary"]
    page = response.content.decode()
    assert "gpt puts 3 systems in an order with τ 1.00" in page
    assert page.index(">best<") < page.index(">worst<") < page.index(">lazy<")
    assert response.context["figures"][0].rows[0][:2] == ["best", "1.0000"]


def test_another_judge_and_measure_are_in_the_address(ranked, show):
    ranked.run([3 - grade for grade in GRADES], judge=ranked.judge("contrary"))
    contrary = ranked.judge("contrary")
    response = show(judge=contrary.pk, measure="P@10")
    assert response.context["shown"].name == "contrary"
    assert response.context["report"].measure == "P@10"
    drawn = show(judge=contrary.pk, chart="systems", file="csv")
    assert b"best" in drawn.content


def test_what_is_no_measure_is_said_and_the_page_stands(ranked, show):
    response = show(measure="luck")
    assert response.status_code == 200
    assert "“luck” is no measure" in response.content.decode()
    assert response.context["report"].measure == "nDCG@10"


def test_the_page_says_what_is_missing(compared, show):
    assert "No systems yet" in show().content.decode()
    System.objects.create(project=compared.project, name="bm25")
    compared.project.judges.get().runs.all().delete()
    assert "No judge to compare yet" in show().content.decode()


def test_it_asks_no_more_with_more_systems(ranked, show, django_assert_max_num_queries):
    show()
    with django_assert_max_num_queries(10):
        show()


def test_one_system_alone_has_nothing_to_be_compared_with(ranked, show):
    System.objects.exclude(name="best").delete()
    for page in (show(), show()):  # made, and out of the cache
        assert "Too few systems" in page.content.decode()
