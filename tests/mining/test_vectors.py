"""Vectors in the real store: the index is made once, finds what an exact search finds, goes at the end."""

from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from django.db import connection

from corpus.deleting import delete_project
from corpus.jobs import JobFailed, JobStopped
from corpus.models import Candidate, Query
from judges.services import register_engine
from mining import scanning, vectors
from mining.pool_settings import Dense
from mining.vectors import (
    embed_candidates,
    embed_queries,
    find_embedding,
    make_index,
    read_vectors,
    search,
)

DIMENSIONS, N_CANDIDATES, N_QUERIES = 32, 3000, 40


class Clustered:
    """An embedder that returns made-up vectors: a text is a number, its vector near one of 60 centres."""

    def __init__(self) -> None:
        chance = np.random.default_rng(1)
        centres = chance.normal(size=(60, DIMENSIONS))
        near = centres[chance.integers(60, size=N_CANDIDATES + N_QUERIES)]
        self.vectors = (near + 0.4 * chance.normal(size=near.shape)).astype(np.float32)

    def embed(self, texts):
        return self.vectors[[int(text) for text in texts]]

    def close(self) -> None:
        pass


@pytest.fixture
def progress():
    """What a worker holds, without a job behind it."""
    said = []
    return SimpleNamespace(update=lambda **facts: said.append(facts), said=said)


@pytest.fixture
def filled(transactional_db, project, progress, monkeypatch):
    """A project of 3,000 candidates with clustered vectors, all embedded."""
    monkeypatch.setattr(vectors, "LEAST_INDEXED", 1000)
    Candidate.objects.bulk_create(
        Candidate(project=project, external_id=str(n), text=str(n), content_hash=f"{n:032x}")
        for n in range(N_CANDIDATES)
    )
    queries = Query.objects.bulk_create(
        Query(project=project, external_id=str(n), text=str(N_CANDIDATES + n)) for n in range(N_QUERIES)
    )
    engine = register_engine("meaning", kind="openai", url="http://127.0.0.1:9/v1", model="m")
    embedding, stand_in = find_embedding(project, Dense(engine.pk)), Clustered()
    embed_candidates(embedding, stand_in, progress=progress)
    embed_queries(embedding, stand_in, [query.pk for query in queries], progress=progress)
    return SimpleNamespace(
        project=project, embedding=embedding, model=stand_in, queries=[query.pk for query in queries]
    )


def index_facts(name: str):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indisvalid FROM pg_index JOIN pg_class ON oid = indexrelid WHERE relname = %s", [name]
        )
        return cursor.fetchone()


def exact(model: Clustered, depth: int) -> list[set[int]]:
    unit = model.vectors / np.linalg.norm(model.vectors, axis=1, keepdims=True)
    likeness = unit[N_CANDIDATES:] @ unit[:N_CANDIDATES].T
    return [set(np.argsort(-row)[:depth].tolist()) for row in likeness]


def recall(filled, depth: int) -> float:
    queries, candidates, _, _ = search(filled.embedding, filled.queries, depth=depth)
    ids = dict(Candidate.objects.values_list("pk", "external_id"))
    found = {query: set() for query in filled.queries}
    for query, candidate in zip(queries.tolist(), candidates.tolist(), strict=True):
        found[query].add(int(ids[candidate]))
    known = exact(filled.model, depth)
    return sum(len(found[query] & known[n]) for n, query in enumerate(filled.queries)) / (depth * N_QUERIES)


def test_the_index_finds_nearly_all_that_an_exact_search_finds(filled, progress):
    assert make_index(filled.embedding, progress=progress)
    assert index_facts(filled.embedding.index_name) == (True,)
    statement = vectors.NEAREST.format(embedding=filled.embedding.pk, dimensions=DIMENSIONS, depth=50)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE mining_candidatevector, mining_queryvector")
        cursor.execute(f"EXPLAIN {statement}", {"queries": filled.queries})
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert filled.embedding.index_name in plan
    assert recall(filled, 50) >= 0.97


def test_few_candidates_are_searched_exactly_without_an_index(filled, progress, monkeypatch):
    monkeypatch.setattr(vectors, "LEAST_INDEXED", N_CANDIDATES + 1)
    assert not make_index(filled.embedding, progress=progress)
    assert index_facts(filled.embedding.index_name) is None
    assert recall(filled, 20) > 0.99  # half precision may swap the last two


def test_ranks_begin_at_one_and_scores_are_cosines(filled):
    _, candidates, ranks, cosines = search(filled.embedding, filled.queries[:2], depth=5)
    assert ranks.tolist() == [1, 2, 3, 4, 5] * 2
    assert (np.diff(cosines[:5]) <= 0).all()
    best = Candidate.objects.get(pk=candidates[0])
    one, other = filled.model.vectors[N_CANDIDATES], filled.model.vectors[int(best.external_id)]
    cosine = one @ other / np.linalg.norm(one) / np.linalg.norm(other)
    assert cosines[0] == pytest.approx(cosine, abs=2e-3)


def test_a_cancelled_build_stops_the_database_and_the_next_one_starts_afresh(filled, progress, monkeypatch):
    monkeypatch.setattr("mining.watching.LOOK_SECONDS", 0.005)  # a build of a test's size takes little longer

    def stop_half_way(*, note: str):
        if "%" in note:
            raise JobStopped("Cancelled.")

    with pytest.raises(JobStopped):
        make_index(filled.embedding, progress=SimpleNamespace(update=stop_half_way))
    assert index_facts(filled.embedding.index_name) == (False,)
    assert make_index(filled.embedding, progress=progress)
    assert index_facts(filled.embedding.index_name) == (True,)


def test_an_index_that_is_there_is_not_made_again(filled, progress):
    make_index(filled.embedding, progress=progress)
    progress.said.clear()
    assert make_index(filled.embedding, progress=progress)
    assert progress.said == []


def test_the_index_goes_with_its_project(filled, progress):
    make_index(filled.embedding, progress=progress)
    delete_project(filled.project)
    assert index_facts(filled.embedding.index_name) is None


def test_vectors_are_read_back_as_unit_vectors_and_as_zeros_where_there_is_none(filled):
    one = Candidate.objects.get(external_id="7")
    found = read_vectors(filled.embedding, [one.pk, 0])
    unit = filled.model.vectors[7] / np.linalg.norm(filled.model.vectors[7])
    assert found[0] == pytest.approx(unit, abs=1e-3)
    assert (found[1] == 0).all()


def test_a_scan_finds_what_an_exact_search_finds_whatever_the_blocks(filled, progress, monkeypatch):
    """In blocks of 100 of the 3,000 vectors, 29 come when each query has its first twenty, also in tiles."""
    wanted = search(filled.embedding, filled.queries, depth=20)
    for block, tile in ((100, 1024), (8192, 70), (8192, 1024)):
        monkeypatch.setattr(scanning, "BLOCK", block)
        monkeypatch.setattr(scanning, "TILE", tile)
        found = scanning.scan(filled.embedding, filled.queries[::-1], depth=20, progress=progress)
        assert found[0].tolist() == wanted[0].tolist()
        assert found[2].tolist() == wanted[2].tolist()
        assert found[3] == pytest.approx(wanted[3], abs=1e-5)
        # Where two candidates are equally near but for rounding, either may stand first.
        assert (found[1] != wanted[1]).mean() < 0.01
    assert [said["note"] for said in progress.said][-1] == "Searching by meaning: 3,000 vectors"


def test_a_scan_of_fewer_candidates_than_it_may_find_finds_them_all(filled, progress):
    queries, candidates, ranks, _ = scanning.scan(
        filled.embedding, filled.queries[:2], depth=5000, progress=progress
    )
    assert candidates.size == 2 * N_CANDIDATES
    assert ranks[N_CANDIDATES - 1 : N_CANDIDATES + 1].tolist() == [N_CANDIDATES, 1]
    assert len(set(queries.tolist())) == 2


def test_equal_scores_stand_in_the_order_of_keys():
    best = scanning.Nearest(1, 3)
    best.add(np.array([[0.5, 0.9, 0.5, 0.1]], dtype=np.float32), np.array([7, 8, 5, 9]))
    best.add(np.array([[0.5, 0.5]], dtype=np.float32), np.array([6, 4]))
    assert best.found()[1].tolist() == [8, 4, 5]


def test_the_index_is_for_few_queries_over_many_candidates(filled, progress):
    quicker = partial(scanning.is_quicker, filled.embedding)
    assert quicker(n_candidates=200_000, n_queries=2_000)  # an index would have to be built first
    make_index(filled.embedding, progress=progress)
    assert not quicker(n_candidates=200_000, n_queries=20)
    assert quicker(n_candidates=200, n_queries=20)


class Odd:
    """An embedder that gives what it is told to."""

    def __init__(self, given) -> None:
        self.given = given

    def embed(self, texts):
        return self.given


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (np.zeros((1, DIMENSIONS + 1)), "33 dimensions and gave 32 before"),
        (np.full((1, DIMENSIONS), np.nan), "did not give every text a vector"),
        (np.zeros((2, DIMENSIONS)), "did not give every text a vector"),
    ],
)
def test_vectors_that_do_not_fit_fail_in_words(filled, progress, given, words):
    Candidate.objects.create(project=filled.project, external_id="new", text="new", content_hash="f" * 32)
    with pytest.raises(JobFailed, match=words):
        embed_candidates(filled.embedding, Odd(given), progress=progress)


def test_more_dimensions_than_an_index_holds_are_refused(transactional_db, project, progress):
    Candidate.objects.create(project=project, external_id="c", text="c", content_hash="f" * 32)
    engine = register_engine("wide", kind="openai", url="http://127.0.0.1:9/v1", model="m")
    embedding = find_embedding(project, Dense(engine.pk))
    with pytest.raises(JobFailed, match="4,000 are the most"):
        embed_candidates(embedding, Odd(np.zeros((1, 4001))), progress=progress)
