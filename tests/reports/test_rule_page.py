"""The page of a rule: counts, charts, examples at the cut, and what a slider fetches."""

import re

import numpy as np
import pytest
from django.urls import reverse

from mining.choices import choose
from mining.models import Pool
from mining.reading import kept, read_pairs
from mining.rules import Margin, Rule
from mining.sampling import Sampling
from reports.charts.negatives import margins_figure, scores_figure
from reports.negatives import examples, margin_histogram, query_counts, score_histogram
from tests.mining.conftest import Garden

SCORES = {
    ("q0", "c0-0"): 0.7, ("q0", "c0-1"): 0.9, ("q0", "c0-2"): 0.5, ("q0", "c0-3"): 0.3,
    ("q1", "c1-0"): 0.6, ("q1", "c1-1"): 0.2, ("q1", "c1-2"): 0.4,
}  # fmt: skip


@pytest.fixture
def pool(garden: Garden) -> Pool:
    kept.forget()
    return garden.pool(bm25=10, random=0)


@pytest.fixture
def run(garden, pool):
    return garden.run(pool, SCORES)


@pytest.fixture
def look(client_of, bob, project, pool, run):
    """Fetches the page or a part of it with these choices."""

    client = client_of(bob)

    def fetch(name: str = "rule", **choices):
        return client.get(reverse(f"reports:{name}", args=[project.slug, pool.pk]), {"run": run.pk} | choices)

    return fetch


def figures_of(response) -> dict[str, int]:
    found = re.findall(r'data-state="(\w+)">([\d,]+)<', response.content.decode())
    return {state: int(n.replace(",", "")) for state, n in found}


def test_counts_follow_the_amount(look):
    assert figures_of(look())["ambiguous"] == 1
    # With β = 0.25 the cut of q0 is 0.45 and that of q1 0.35: c0-2 and c1-2 lie above, too.
    counts = look("rule-counts", amount=0.25)
    assert figures_of(counts)["ambiguous"] == 3
    assert "<html" not in counts.content.decode()
    assert figures_of(look(amount=0.25)) == figures_of(counts)


def test_the_counts_carry_the_form_that_freezes_exactly_this_rule(look, client_of, bob, pool):
    text = look("rule-counts", amount=0.25, gate=0.1, k=3).content.decode()
    kept_values = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', text))
    assert (kept_values["amount"], kept_values["gate"], kept_values["k"]) == ("0.25", "0.1", "3")
    assert kept_values["run"]


def test_a_number_that_makes_no_sense_is_named_and_the_usual_one_counts(look):
    response = look("rule-counts", amount="much")
    assert "Amount: Enter a number." in response.content.decode()
    assert figures_of(response) == figures_of(look("rule-counts"))


def test_the_picture_comes_with_the_address_of_the_whole_page(look):
    response = look("rule-picture", amount=0.25)
    assert response["HX-Replace-Url"].startswith("/p/soil/negatives/")
    assert "amount=0.25" in response["HX-Replace-Url"]
    text = response.content.decode()
    assert "Just above: likely false negatives" in text
    assert "soil carbon number 2" in text


def test_charts_can_be_taken_along(look):
    response = look(chart="margins", file="csv")
    lines = response.content.decode().splitlines()
    assert lines[0] == "s − s⁺,Ambiguous,Negative"
    assert look(chart="scores", file="svg").content.startswith(b"<svg")


def test_a_pool_without_scores_sends_back_to_its_page(client_of, bob, project, pool):
    text = client_of(bob).get(reverse("reports:rule", args=[project.slug, pool.pk])).content.decode()
    assert "No scores yet" in text


def test_runs_of_other_projects_are_no_answer(client_of, bob, project, pool, run):
    address = reverse("reports:rule-counts", args=[project.slug, pool.pk])
    text = client_of(bob).get(address, {"run": run.pk + 1000}).content.decode()
    assert figures_of(client_of(bob).get(address, {"run": "x"})) == {}
    assert "data-state" not in text


def test_while_a_slider_moves_little_is_asked_of_the_database(look, django_assert_max_num_queries):
    look("rule-counts")
    with django_assert_max_num_queries(12):
        look("rule-counts", amount=0.3)


def test_examples_are_nearest_to_the_cut_each_of_another_query_beside_the_weakest_positive(pool, run):
    found = read_pairs(pool, run)
    chosen = choose(found, Rule(amount=0.25), Sampling())
    above, under = examples(found, chosen)
    # 0.05 above the cut in both queries, before 0.9 of q0; 0.15 under it in both.
    assert sorted((each.candidate_id, round(each.score, 2)) for each in above) == [
        ("c0-2", 0.5),
        ("c1-2", 0.4),
    ]
    assert sorted((each.candidate_id, round(each.cut, 2)) for each in under) == [
        ("c0-3", 0.45),
        ("c1-1", 0.35),
    ]
    assert {each.positive_score for each in above} == {0.7, 0.6}
    assert any("soil carbon number 0" in each.positive for each in above)


def test_every_query_is_listed_those_with_the_most_flagged_first(pool, run):
    found = read_pairs(pool, run)
    rows = query_counts(found, choose(found, Rule(), Sampling(k=2)), page=1)
    first = rows[0]
    assert [row.query_id for row in rows] == ["q0", "q1"]
    assert (first.n, first.n_flagged, first.n_negative, first.n_unjudged, first.n_picked) == (5, 1, 2, 2, 2)
    assert (first.weakest, round(first.cut, 2)) == (0.7, 0.69)


def test_scores_are_split_by_what_people_know(pool, run, garden):
    garden.grade("q0", "c0-1", 3)
    garden.grade("q1", "c1-1", 0)
    garden.grade("q1", "c1-2", 1)
    pool.refresh_from_db()
    histogram = score_histogram(read_pairs(pool, run))
    # Five mined candidates have a score: one is relevant, two are not, two nobody has graded.
    assert dict(zip(histogram.names, map(sum, histogram.counts), strict=True)) == {
        "positives": 2,
        "mined, then graded relevant": 1,
        "graded not relevant": 2,
        "mined, graded by nobody": 2,
    }


@pytest.mark.parametrize(
    ("margin", "amount", "highest"),
    [(Margin.DIFFERENCE, 0.1, 0.2), (Margin.SHARE, 0.1, 0.2 / 0.7), (Margin.FIXED, 0.5, 0.9)],
)
def test_the_pool_is_drawn_in_the_unit_of_the_rule(pool, run, margin, amount, highest):
    # q0's best candidate scores 0.9 beside a positive of 0.7.
    found, rule = read_pairs(pool, run), Rule(margin=margin, amount=amount)
    histogram = margin_histogram(found, choose(found, rule, Sampling()), rule)
    assert histogram.edges[-1] == pytest.approx(highest)
    assert sum(map(sum, histogram.counts)) == 5
    figure = margins_figure(histogram, rule)
    assert len(figure.rows) == len(histogram.edges) - 1
    for scheme in ("light", "dark"):
        assert figure.spec(scheme)["title"]["text"].startswith("The pool by")


def test_score_histograms_count_every_finite_score_once(pool, run):
    found = read_pairs(pool, run)
    histogram = score_histogram(found)
    assert dict(zip(histogram.names, map(sum, histogram.counts), strict=True)) == {
        "positives": 2,
        "mined, graded by nobody": 5,
    }
    assert scores_figure(histogram, judge="scorer").subtitle == "7 scores in 40 bins of equal width"
    infinite = found.pairs.scores.copy()
    infinite[0] = np.inf
    changed = found._replace(pairs=found.pairs._replace(scores=infinite))
    assert score_histogram(changed).n_left_out == 1
