import gzip
from collections import defaultdict
from itertools import islice

import pytest

from corpus.models import Candidate, Hit, Item, Query, System
from exchange.formats.reading import read_rows
from exchange.formats.sniffing import sniff
from exchange.formats.system import in_trec_order
from exchange.importing import importer
from tests.exchange.bringing import packed, snapshot, table

pytestmark = pytest.mark.django_db(transaction=True)


def ranking(system: str, query: str = "q1") -> list[str]:
    hits = Hit.objects.filter(system__name=system, query__external_id=query).order_by("rank")
    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
    return [hit.candidate.external_id for hit in hits.select_related("candidate")]


def run_file(*hits: tuple) -> str:
    return "".join(
        f"{query} Q0 {document} {rank} {score} {tag}\n" for query, document, rank, score, tag in hits
    )


BM25 = [("q1", "c1", 1, 3.5, "bm25"), ("q1", "c2", 2, 2.5, "bm25"), ("q2", "c1", 1, 9.0, "bm25")]


def test_hits_are_ranked_by_score_and_never_by_the_rank_column(stored):
    stored(
        run_file(("q1", "a", 1, 0.1, "s"), ("q1", "b", 2, 0.9, "s"), ("q1", "c", 3, 0.5, "s")), name="r.txt"
    )

    assert ranking("s") == ["b", "c", "a"]


@pytest.mark.parametrize("rows_a_chunk", [1, 20_000])
def test_equal_scores_are_ordered_by_id_from_the_end_as_trec_eval_does(stored, monkeypatch, rows_a_chunk):
    monkeypatch.setattr(importer, "ROWS_A_CHUNK", rows_a_chunk)
    names = ["d10", "d9", "D9", "é", "z"]

    stored(run_file(*[("q1", name, 1, 1, "s") for name in names]), name="r.txt")

    assert ranking("s") == sorted(names, key=str.encode, reverse=True)


def test_scores_that_single_precision_cannot_tell_apart_are_equal(stored):
    stored(run_file(("q1", "a", 1, 1.00000001, "s"), ("q1", "b", 2, 1.0, "s")), name="r.txt")

    assert ranking("s") == ["b", "a"]
    assert Hit.objects.get(candidate__external_id="a").score == 1.00000001


def test_scores_beyond_single_precision_are_the_highest_and_the_lowest(stored):
    scores = {"huge": 1e300, "tiny": 1e-300, "zero": 0.0, "low": -1e300, "one": 1.0}

    stored(run_file(*[("q1", name, 1, score, "s") for name, score in scores.items()]), name="r.txt")

    assert ranking("s") == ["huge", "one", "zero", "tiny", "low"]


def test_several_systems_may_share_a_file(stored):
    job = stored(run_file(*BM25, ("q1", "c9", 1, 0.5, "dense")), name="runs.txt")

    assert job.result["counts"] == {"queries": 2, "candidates": 3, "systems": 2, "hits": 4}
    assert ranking("bm25") == ["c1", "c2"]
    assert ranking("bm25", "q2") == ["c1"]
    assert ranking("dense") == ["c9"]
    assert not Item.objects.exists()


def test_the_same_file_twice_changes_nothing(stored):
    stored(run_file(*BM25), name="runs.txt")
    before = snapshot()

    job = stored(run_file(*BM25), name="runs.txt")

    assert snapshot() == before
    assert job.result["counts"] == {}


def test_a_stored_system_with_other_hits_is_refused(stored, refused):
    stored(run_file(*BM25), name="runs.txt")

    bad = refused(
        run_file(("q1", "c1", 1, 3.5, "bm25"), ("q1", "c2", 1, 9, "bm25"), ("q1", "c3", 1, 8, "bm25"))
    )

    assert [row["line"] for row in bad] == [2, 3]
    assert "System “bm25” is already stored with other hits" in bad[0]["reason"]


def test_a_candidate_twice_for_one_query_is_a_bad_row(refused, stored):
    twice = run_file(("q1", "a", 1, 3, "s"), ("q1", "b", 2, 2, "s"), ("q1", "a", 3, 1, "s"))

    (bad,) = refused(twice)
    assert (bad["line"], bad["column"]) == (3, "candidate_id")

    stored(twice, good_rows=True)
    assert ranking("s") == ["a", "b"]
    assert Hit.objects.get(candidate__external_id="a").score == 3


def test_more_than_a_thousand_bad_hits_are_all_counted(bring):
    hits = [("q1", f"c{number % 1500}", 1, number, "s") for number in range(3000)]

    job = bring(run_file(*hits), name="r.txt")

    assert job.result["n_bad"] == 1500


def test_a_tag_that_is_too_long_is_a_bad_row(refused):
    (bad,) = refused(run_file(("q1", "a", 1, 3, "s" * 201)), kind="system")

    assert bad["column"] == "system"


def test_hits_may_come_as_csv(stored):
    rows = [{"system": "s", "query_id": "q1", "candidate_id": "a", "score": 1.5}]

    stored(table(rows), kind="system")

    assert ranking("s") == ["a"]


def test_hits_find_the_queries_and_candidates_that_are_there(stored):
    stored("query_id,query,candidate_id,candidate\nq1,what,c1,that\n")

    job = stored(run_file(*BM25), name="runs.txt")

    assert job.result["counts"] == {"queries": 1, "candidates": 1, "systems": 1, "hits": 3}
    assert Candidate.objects.get(external_id="c1").text == "that"


def test_the_dl21_runs_rank_as_trec_eval_does(dl21, stored):
    path = dl21 / "runs.txt.gz"
    with gzip.open(path, "rt") as file:
        text = "".join(islice(file, 20_000))
    stored(packed(text), name="runs.txt.gz")

    by_list = defaultdict(list)
    for row in islice(read_rows(path, sniff(path)), 20_000):
        by_list[row.system, row.query_id].append(row)
    assert System.objects.exists()
    assert Query.objects.exists()
    for (system, query), hits in by_list.items():
        assert ranking(system, query) == [hit.candidate_id for hit in in_trec_order(hits)]
