"""Selections of mining as rows of the long table, and as the source of a release."""

import pytest

from corpus.models import Rubric
from exchange.datasets.counting import count_rows
from exchange.datasets.plan import CannotRelease, Plan
from exchange.datasets.reading import one_moment
from exchange.datasets.selection import selection_names
from exchange.datasets.sources import find_sources
from exchange.datasets.splits import place_queries, share
from exchange.datasets.table import Row
from exchange.datasets.tables import read_table
from exchange.releases.preview import preview
from exchange.releases.rebuilding import rebuild
from judges.models import Verdict
from mining.reading import kept
from mining.rules import Rule
from mining.sampling import Sampling, Way
from mining.selections import freeze_selection
from tests.exchange.releasing import read_lines, release

SCORES = {
    ("q0", "c0-0"): 0.7, ("q0", "c0-1"): 0.9, ("q0", "c0-2"): 0.5, ("q0", "c0-3"): 0.3, ("q0", "c0-4"): None,
    ("q1", "c1-0"): 0.6, ("q1", "c1-1"): 0.2, ("q1", "c1-2"): 0.4,
}  # fmt: skip
PICKED = [
    ("c0-0", "positive"), ("c0-2", "hard_negative"), ("c0-3", "hard_negative"),
    ("c1-0", "positive"), ("c1-2", "hard_negative"), ("c1-1", "hard_negative"),
]  # fmt: skip


@pytest.fixture
def pool(garden):
    kept.forget()
    return garden.pool("pool", bm25=10, random=0)


@pytest.fixture
def run(garden, pool):
    return garden.run(pool, SCORES)


@pytest.fixture
def selection(pool, run):
    return freeze_selection(pool, name="hard", run=run, rule=Rule(), sampling=Sampling(way=Way.TOP, k=2))


def rows(project, **plan) -> list[Row]:
    sources = find_sources(project, Plan(source="selection", selection="hard", **plan))
    with one_moment():
        placed = place_queries(project, sources.plan)
        return [row for group in read_table("rows", sources, placed) for row in group]


def test_rows_get_their_split_and_say_who_gave_the_state(project, selection):
    found = rows(project, train=50, dev=25)
    assert [(row.candidate_id, row.state) for row in found] == PICKED
    for row in found:
        place = share(row.query_id, seed=0)
        assert row.split == ("train" if place < 0.5 else "dev" if place < 0.75 else "test")
    positive, negative = found[:2]
    assert (positive.graded_by, positive.grade, positive.score, positive.miner) == ("people", 3, 0.7, "BM25")
    assert (negative.graded_by, negative.miner, negative.judge) == ("judge", "BM25", "scorer")
    assert (negative.rule, negative.reason) == ("s > s⁺ − 0.01", "")


def test_what_nobody_judged_is_kept_as_unjudged_where_wanted(project, selection):
    found = [row for row in rows(project, with_unjudged=True) if row.state == "unjudged"]
    assert {row.candidate_id for row in found} == {"c0-4", "c0-5", "c1-3", "c1-4", "c1-5"}
    assert {(row.graded_by, row.judge, row.score) for row in found} == {("", "", None)}
    assert "c0-1" not in {row.candidate_id for row in rows(project, with_unjudged=True)}  # flagged, set apart


def test_reasons_are_the_rules_own_words(project, selection):
    assert [row.reason for row in rows(project, with_reasons=True)][:2] == [
        "graded relevant by people", "under the cut",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["hard", "pool/hard"])
def test_a_selection_is_found_by_its_name_or_with_its_pools(name, project, selection):
    assert selection_names(project) == ["pool/hard"]
    assert find_sources(project, Plan(source="selection", selection=name)).selection == selection


def test_an_unknown_selection_is_refused(project, selection):
    with pytest.raises(CannotRelease, match="no selection “soft”"):
        find_sources(project, Plan(source="selection", selection="soft"))


def test_counts_are_those_of_the_rows(project, selection):
    plan = Plan(source="selection", selection="hard", with_unjudged=True)
    with one_moment():
        counts = count_rows(find_sources(project, plan), place_queries(project, plan))
    assert {(line.state, line.graded_by, line.total) for line in counts.lines} == {
        ("positive", "people", 2), ("hard_negative", "judge", 4), ("unjudged", "", 5),
    }  # fmt: skip
    assert (counts.n_rows, counts.n_placed, counts.is_estimate) == (11, 2, False)


def test_a_release_holds_them_and_its_card_says_by_which_rule(project, selection, tmp_path):
    made = release(project, "triplet", "jsonl", source="selection", selection="pool/hard", train=100, dev=0)
    triplets = read_lines(made.folder / "triplet/train.jsonl")
    assert [(each["anchor"], each["negative"][:20]) for each in triplets] == [
        ("what helps soil carbon", "soil carbon number 2"),
        ("what helps soil carbon", "soil carbon number 3"),
        ("what helps bread dough", "bread dough number 2"),
        ("what helps bread dough", "bread dough number 1"),
    ]
    card = (made.folder / "README.md").read_text()
    assert "Source: a selection of mining “hard” out of the pool “pool”" in card
    assert "Flagged where s \\> s⁺ − 0.01" in card
    assert "2 negatives of each query, the highest-scored; seed 0." in card
    assert "the judge and people" in card
    assert all(check.is_same for check in rebuild(made, tmp_path))


def test_a_preview_shows_its_first_rows_wherever_its_queries_stand(project, selection, monkeypatch):
    monkeypatch.setattr("exchange.releases.preview.FIRST_QUERIES", 1)
    found = preview(project, Plan(source="selection", selection="hard", formats=("triplet",)))
    assert [(row.candidate_id, row.state) for row in found.rows] == PICKED
    assert found.counts.n_rows == 6


def test_a_judge_of_grades_gives_log_odds_by_its_probabilities(project, pool, run):
    # P(grade ≥ 2) = 0.1 + 0.1 of grades 0–3, so the log-odds are log(0.2 / 0.8) = −1.386.
    Rubric.objects.filter(pk=project.rubric.pk).update(cut=2)
    type(run.judge).objects.filter(pk=run.judge.pk).update(scoring="grade")
    Verdict.objects.filter(run=run, outcome="scored").update(
        outcome="graded", grade=0, probs=[0.6, 0.2, 0.1, 0.1]
    )
    run.judge.refresh_from_db()
    freeze_selection(pool, name="hard", run=run, rule=Rule(), sampling=Sampling(way=Way.TOP, k=2))
    assert [row.log_odds for row in rows(project)] == pytest.approx([-1.3863] * 6, abs=1e-4)
