"""Pools of a small collection, made by the real job on the real store."""

import pytest

from corpus.jobs import Progress, cancel, retry
from corpus.models import Candidate, Hit, Item, Job, System, Variant
from judges.services import register_engine
from mining.models import Embedding, Pool, PoolEntry
from mining.pool_settings import Dense, PoolRefused, PoolSettings
from mining.pooling import run_pool
from mining.pools import prepare_pool


@pytest.fixture
def meaning(db):
    return register_engine("meaning", kind="openai", url="http://127.0.0.1:9/v1", model="stand-in")


def test_bm25_finds_candidates_with_the_querys_words_and_the_positive_is_no_negative(garden):
    pool = garden.pool(bm25=10, random=0)
    assert pool.job.state == Job.State.DONE, pool.job.error
    # "what helps soil carbon" shares words with the six candidates about soil carbon alone.
    assert garden.found(pool, "q0") == [f"c0-{n}" for n in range(1, 6)]
    assert garden.found(pool, "q0", "positive") == ["c0-0"]
    hit = pool.hits.get(query=garden.query("q0"), candidate=garden.candidates["c0-0"])
    assert (hit.miner, hit.score > 0) == (0, True)


def test_only_queries_with_a_known_positive_are_pooled_unless_all_are_asked_for(garden):
    some = garden.pool("some", bm25=10, random=0)
    assert some.counts["n_queries"] == 2
    every = garden.pool("every", bm25=10, random=0, with_positives_only=False)
    assert every.counts["n_queries"] == 4
    assert (every.counts["n_with_positive"], len(garden.found(every, "q2"))) == (2, 6)


def test_the_item_set_holds_pool_and_positives_queries_together_and_judges_can_run_over_it(garden):
    pool = garden.pool(bm25=10, random=0)
    entries = pool.item_set.entries.order_by("position").select_related("item__query", "item__candidate")
    listed = [(each.item.query.external_id, each.item.candidate.external_id) for each in entries]
    assert listed[0] == ("q0", "c0-0")
    assert [query for query, _ in listed] == ["q0"] * 6 + ["q1"] * 6
    assert pool.item_set.n_items == 12
    assert pool.item_set.made_from == {"rule": "pool", "pool": pool.pk}
    # The two labelled items were there before; ten are new, and a second pool makes none.
    assert Item.objects.filter(job=pool.job).count() == 10
    again = garden.pool("again", bm25=10, random=0)
    assert not Item.objects.filter(job=again.job).exists()


def test_dense_hits_come_by_cosine_and_each_text_is_embedded_once(garden, embedder, meaning):
    dense = Dense(engine=meaning.pk, depth=4)
    pool = garden.pool(bm25=0, dense=dense, random=0, near_cosine=1.0)
    assert pool.job.state == Job.State.DONE, pool.job.error
    embedding = Embedding.objects.get()
    assert (embedding.dimensions, embedding.model) == (26, "stand-in")
    hits = list(pool.hits.filter(query=garden.query("q0")).order_by("rank"))
    assert [hit.rank for hit in hits] == [1, 2, 3, 4]
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert len(embedder.asked) == 24 + 2
    embedder.asked.clear()
    garden.pool("second", bm25=0, dense=dense, random=0)
    assert embedder.asked == []
    changed = garden.candidates["c0-1"]
    Candidate.objects.filter(pk=changed.pk).update(text="new words", content_hash=meaning_hash("new words"))
    garden.pool("third", bm25=0, dense=dense, random=0)
    assert embedder.asked == ["new words"]


def test_prefixes_stand_before_texts_and_make_another_embedding(garden, embedder, meaning):
    garden.pool(bm25=0, dense=Dense(meaning.pk, 4, "query: ", "passage: "), random=0)
    assert sum(text.startswith("passage: soil") for text in embedder.asked) == 6
    assert sum(text.startswith("query: what") for text in embedder.asked) == 2


def test_run_files_give_their_hits_down_to_the_depth_without_candidates_known_by_id_alone(garden):
    system = System.objects.create(project=garden.project, name="elder")
    unknown = garden.add("unknown", "")
    for rank, name in enumerate(["c3-0", "unknown", "c3-1", "c3-2"], start=1):
        Hit.objects.create(
            system=system, query=garden.query("q0"), candidate=garden.candidates[name], rank=rank, score=-rank
        )
    pool = garden.pool(bm25=0, systems=(system.pk,), system_depth=3, random=0)
    assert garden.found(pool, "q0") == ["c3-0", "c3-1"]
    assert not pool.hits.filter(candidate=unknown).exists()
    assert pool.miners == [{"kind": "system", "name": "elder", "system": system.pk}]


def test_candidates_drawn_by_chance_are_the_same_for_the_same_seed_and_stand_outside_the_budget(garden):
    first = garden.pool("one", bm25=10, random=5, budget=2, seed=7)
    second = garden.pool("two", bm25=10, random=5, budget=2, seed=7)
    other = garden.pool("three", bm25=10, random=5, budget=2, seed=8)
    drawn = [
        sorted(pool.hits.filter(miner=1).values_list("query", "candidate")) for pool in (first, second, other)
    ]
    assert drawn[0] == drawn[1] != drawn[2]
    by_chance = first.entries.filter(kind="pooled", miner=1, query=garden.query("q0")).count()
    mined = first.entries.filter(kind="pooled", miner=0, query=garden.query("q0")).count()
    assert (mined, len(garden.found(first, "q0"))) == (2, 2 + by_chance)


def test_near_duplicates_of_a_positive_are_set_apart_and_take_no_place_in_the_budget(garden):
    positive = garden.candidates["c0-0"].text
    garden.add("copy", positive + " again")
    garden.add("far", "soil carbon is written about here in quite another way")
    pool = garden.pool(bm25=20, random=0, budget=20, near_words=0.7)
    (copy,) = pool.entries.filter(kind="duplicate")
    # 12 words make 10 runs of three; one more word makes 11, of which 10 are shared: 10 / 11.
    assert (copy.candidate.external_id, copy.like.external_id) == ("copy", "c0-0")
    assert copy.likeness == pytest.approx(10 / 11)
    assert copy.item is None
    assert "far" in garden.found(pool, "q0")
    small = garden.pool("small", bm25=20, random=0, budget=3, near_words=0.7)
    assert len(garden.found(small, "q0")) == 3


def test_candidates_of_one_meaning_are_near_duplicates_by_cosine(garden, embedder, meaning):
    # The same first letters in another order: no run of three words is shared, and the vectors are equal.
    words = garden.candidates["c0-0"].text.split()
    garden.add("shuffled", " ".join(word[0] + "zz" for word in reversed(words)))
    pool = garden.pool(bm25=0, dense=Dense(meaning.pk, 30), random=0, near_cosine=0.9999)
    copy = pool.entries.get(query=garden.query("q0"), candidate=garden.candidates["shuffled"])
    assert (copy.kind, copy.like.external_id) == ("duplicate", "c0-0")
    assert copy.likeness == pytest.approx(1, abs=1e-3)
    assert "c3-0" in garden.found(pool, "q0")  # about the night sky: other letters


def test_variants_never_enter_a_pool(garden):
    attacked = garden.add("attacked", "soil carbon soil carbon what helps soil carbon")
    item = garden.grade("q0", "attacked", 3)
    Variant.objects.create(item=item, carrier="nonrelevant", attack="query")
    pool = garden.pool(bm25=20, random=20)
    assert not pool.hits.filter(candidate=attacked).exists()
    assert not pool.entries.filter(candidate=attacked).exists()


def test_counts_tell_what_each_miner_found_alone_and_with_others(garden):
    system = System.objects.create(project=garden.project, name="elder")
    for rank, name in enumerate(["c0-1", "c3-0"], start=1):
        Hit.objects.create(
            system=system, query=garden.query("q0"), candidate=garden.candidates[name], rank=rank, score=-rank
        )
    counts = garden.pool(bm25=10, systems=(system.pk,), random=0).counts
    # BM25: five of q0 and five of q1 beside the positives; the run file: c0-1, which BM25 has too, and c3-0.
    assert counts["together"] == [[10, 1], [1, 2]]
    assert counts["alone"] == [9, 1]
    assert counts["positives"] == [2, 0]
    assert (counts["n_pooled"], counts["n_positives"], counts["n_duplicates"]) == (11, 2, 0)


def test_a_pool_that_was_cancelled_goes_on_where_it_stopped(garden, monkeypatch):
    pool = prepare_pool(garden.project, name="one", settings=PoolSettings(random=3), here=True)
    stop_at = iter([False] * 4 + [True] * 100)
    update = Progress.update

    def cancelling(self, **facts):
        if next(stop_at):
            cancel(self.job)
            self._written_at = 0.0
        update(self, **facts)

    monkeypatch.setattr(Progress, "update", cancelling)
    run_pool(pool.job_id)
    pool.refresh_from_db()
    assert (pool.job.state, pool.frozen_at) == (Job.State.CANCELLED, None)
    monkeypatch.setattr(Progress, "update", update)
    assert retry(pool.job)
    run_pool(pool.job_id)
    pool.refresh_from_db()
    whole = garden.pool("whole", random=3)
    facts = ("query", "candidate", "miner", "rank", "score")
    assert pool.counts == whole.counts
    assert sorted(pool.hits.values_list(*facts)) == sorted(whole.hits.values_list(*facts))
    entries = ("query", "candidate", "kind", "item")
    assert sorted(pool.entries.values_list(*entries)) == sorted(whole.entries.values_list(*entries))


def test_an_engine_that_is_away_fails_the_job_in_words_and_keeps_what_was_found(garden, meaning):
    pool = garden.pool(bm25=10, dense=Dense(meaning.pk, 4), random=0)
    assert pool.job.state == Job.State.FAILED
    assert "“meaning”" in pool.job.error
    assert "try again" in pool.job.error
    assert pool.hits.filter(miner=0).exists()


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"bm25": 0, "random": 0}, "at least one miner"),
        ({"bm25": 5000}, "1,000 hits deep"),
        ({"budget": 0}, "at least one candidate"),
        ({"seed": -1}, "zero or more"),
        ({"near_words": 0}, "near-duplicate"),
        ({"cut": 7}, "no cut of the scale"),
        ({"systems": (99,)}, "not in this project"),
        ({"dense": Dense(99)}, "no such engine"),
    ],
)
def test_settings_that_make_no_pool_are_refused_in_a_sentence(project, chosen, words):
    with pytest.raises(PoolRefused, match=words):
        prepare_pool(project, name="one", settings=PoolSettings(**chosen))
    assert not Pool.objects.exists()


def test_texts_do_not_leave_the_machine_without_the_projects_consent(project):
    away = register_engine("away", kind="openai", url="https://example.org/v1", model="m")
    with pytest.raises(PoolRefused, match="do not let texts leave"):
        prepare_pool(project, name="one", settings=PoolSettings(dense=Dense(away.pk)))


def test_a_project_without_positives_says_so(transactional_db, project):
    pool = prepare_pool(project, name="one", settings=PoolSettings(), here=True)
    run_pool(pool.job_id)
    pool.job.refresh_from_db()
    assert pool.job.state == Job.State.FAILED
    assert "graded 2 or higher" in pool.job.error


def test_what_is_pooled_keeps_the_miner_that_ranks_it_highest(garden):
    pool = garden.pool(bm25=10, random=5, seed=1)
    for entry in PoolEntry.objects.filter(pool=pool, kind="pooled"):
        hits = pool.hits.filter(query=entry.query_id, candidate=entry.candidate_id)
        mined = [hit for hit in hits if hit.miner == 0]
        assert entry.miner == (0 if mined else 1)


def meaning_hash(text: str):
    from uuid import NAMESPACE_OID, uuid5

    return uuid5(NAMESPACE_OID, text)
