"""Ranking of systems: small run files by hand, and the published figures of dl21."""

import csv
import io
import json
from pathlib import Path

import ir_measures
import pytest
from django.core.management import CommandError, call_command

from corpus.models import Hit, Query, System
from reports.scope import scope_of
from reports.system_scores import MEASURES, MeasureRefused, parse_measure
from reports.systems import rank_systems
from tests.reports.conftest import GRADES


def printed(*arguments) -> str:
    out = io.StringIO()
    call_command("systems", *arguments, stdout=out)
    return out.getvalue()


def test_a_query_that_a_system_does_not_know_counts_zero(ranked):
    report = rank_systems(ranked.project, measure="nDCG@10", scope=scope_of(ranked.project))
    assert report.systems == ["best", "lazy", "worst"]
    assert (report.n_queries, len(report.judges)) == (4, 1)
    best, lazy, worst = (each.value for each in report.people)
    assert best == pytest.approx(1)
    assert lazy == pytest.approx(1 / 4)
    assert lazy < worst < best


def test_a_judge_like_people_puts_systems_in_their_order(ranked):
    ranked.run(GRADES, judge=ranked.judge("same"))
    ranked.run([3 - grade for grade in GRADES], judge=ranked.judge("contrary"))
    report = rank_systems(ranked.project, measure="nDCG@10", scope=scope_of(ranked.project))
    by_name = {each.name: each for each in report.judges}
    assert by_name["same"].tau.value == pytest.approx(1)
    assert by_name["same"].inversions == []
    assert by_name["contrary"].tau.value < 1
    assert by_name["contrary"].inversions[0].reference_gap > 0
    assert report.concurrence[0][0] == pytest.approx(1)
    assert sorted(report.kemeny) == [0, 1, 2]


def test_every_measure_is_ir_measures_own_at_the_cut(ranked):
    project = ranked.project
    names = dict(Query.objects.filter(project=project).values_list("pk", "external_id"))
    qrels = [
        ir_measures.Qrel(names[item.query_id], str(item.candidate_id), grade)
        for item, grade in zip(ranked.items, GRADES, strict=True)
    ]
    hits = Hit.objects.filter(system__name="worst")
    run = [ir_measures.ScoredDoc(names[hit.query_id], str(hit.candidate_id), hit.score) for hit in hits]
    for name in MEASURES:
        measure = parse_measure(name, cut=2)
        expected = ir_measures.calc_aggregate([measure], qrels, run)[measure]
        report = rank_systems(project, measure=name, scope=scope_of(project))
        assert report.people[report.systems.index("worst")].value == pytest.approx(expected), name


def test_a_changed_grade_or_system_makes_the_figures_anew(ranked, django_assert_max_num_queries):
    scope = scope_of(ranked.project)
    before = rank_systems(ranked.project, measure="nDCG@10", scope=scope)
    with django_assert_max_num_queries(6):
        assert rank_systems(ranked.project, measure="nDCG@10", scope=scope) == before
    System.objects.create(project=ranked.project, name="new")
    assert rank_systems(ranked.project, measure="nDCG@10", scope=scope).systems[-2] == "new"


@pytest.mark.parametrize("name", ["accuracy", "nDCG(dcg='exp')@5", "P@", "__import__('os')"])
def test_what_is_no_measure_is_refused_with_those_that_are(name):
    with pytest.raises(MeasureRefused, match="try one of nDCG@10, AP"):
        parse_measure(name, cut=2)


def test_json_has_an_object_a_judge_with_intervals(ranked):
    (row,) = json.loads(printed("soil", "--json", "--measure", "P@10"))
    assert (row["judge"], row["prompt"], row["measure"]) == ("gpt", None, "P@10")
    assert (row["n_runs"], row["n_queries"]) == (3, 4)
    assert {"tau", "rho", "tau_ci", "rho_ci"} <= set(row)
    for name in ("tau_ap", "rbo"):  # τ and ρ are undefined where a draw of four queries ties all systems
        low, high = row[f"{name}_ci"]
        assert low <= row[name] <= high


def test_the_tables_name_judges_and_systems(ranked):
    assert "gpt" in printed("soil")
    table = printed("soil", "--runs")
    assert table.index("best") < table.index("worst") < table.index("lazy")


def test_without_systems_or_judges_it_says_what_is_missing(project, collection):
    assert "No system is known yet" in printed("soil")
    assert json.loads(printed("soil", "--json")) == []
    System.objects.create(project=project, name="bm25")
    assert "No judge has graded" in printed("soil")
    with pytest.raises(CommandError, match="“luck” is no measure"):
        printed("soil", "--measure", "luck")
    with pytest.raises(CommandError, match="There is no project"):
        printed("sand")


@pytest.mark.django_db(transaction=True)
def test_the_published_rankings_come_out_to_four_decimals(dl21: Path):
    def imported(name: str, *options: str) -> None:
        call_command("import", "rank", str(dl21 / name), *options, "--json", stdout=io.StringIO())

    imported("qrels_human.txt.gz", "--as", "qrels", "--rater", "NIST")
    for labels in sorted((dl21 / "qrels_llm").iterdir()):
        imported(f"qrels_llm/{labels.name}", "--as", "qrels", "--judge", labels.name.split(".txt")[0])
    imported("runs.txt.gz", "--as", "system")
    judges = {row["judge"]: row for row in json.loads(printed("rank", "--json"))}
    with (dl21 / "system_ranking_expected.csv").open(encoding="utf-8", newline="") as lines:
        expected = list(csv.DictReader(lines))
    assert len(expected) == len(judges) == 7
    for row in expected:
        ours = judges[row["judge"]]
        assert (f"{ours['tau']:.4f}", f"{ours['rho']:.4f}") == (row["tau"], row["rho"]), row["judge"]
    systems = {row["system"]: row["people"] for row in json.loads(printed("rank", "--runs", "--json"))}
    with (dl21 / "runs_ndcg10_expected.csv").open(encoding="utf-8", newline="") as lines:
        scores = {row["run"]: row["ndcg10_human"] for row in csv.DictReader(lines)}
    assert {name: f"{value:.4f}" for name, value in systems.items()} == scores
