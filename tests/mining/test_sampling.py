"""Which negatives are taken: each way worked by hand, and what holds for all of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mining.sampling import Sampling, SamplingRefused, Way, pick, sampling_of


def taken(n: int, sampling: Sampling, *, scores=None, chance=(), vectors=None) -> list[int]:
    """The places by falling score, of one query with n negatives, that are taken."""
    by_score = np.linspace(1, 0, n) if scores is None else np.array(scores, dtype=float)
    is_random = np.isin(np.arange(n), chance)
    found = pick(
        np.zeros(n, dtype=np.int64), by_score, np.ones(n, dtype=bool), is_random, sampling, vectors=vectors
    )
    return np.flatnonzero(found).tolist()


def test_stride_takes_every_fifth_and_begins_again_one_further_down():
    assert taken(50, Sampling(k=10)) == [0, 5, 10, 15, 20, 25, 30, 35, 40, 45]
    assert taken(12, Sampling(k=5)) == [0, 1, 5, 6, 10]  # 0, 5, 10, then 1, 6


def test_a_query_with_fewer_negatives_gives_what_it_has_once():
    assert taken(3, Sampling(k=8)) == [0, 1, 2]


def test_top_takes_the_hardest_and_scores_decide_not_the_order_of_rows():
    assert taken(6, Sampling(way=Way.TOP, k=2), scores=[0.1, 0.9, 0.3, 0.8, 0.2, 0.0]) == [1, 3]


def test_random_takes_the_same_for_the_same_seed_and_others_for_another():
    draws = [taken(100, Sampling(way=Way.RANDOM, k=8, seed=seed)) for seed in (1, 1, 2)]
    assert draws[0] == draws[1] != draws[2]


def test_random_takes_each_as_often():
    # 4 of 20, 500 times: each is taken 100 times on average, with a standard deviation of √(500·0.2·0.8) ≈ 9.
    counts = np.zeros(20)
    for seed in range(500):
        counts[taken(20, Sampling(way=Way.RANDOM, k=4, seed=seed))] += 1
    assert counts.sum() == 2000
    assert counts.min() > 55
    assert counts.max() < 145


def test_diverse_leaves_out_what_is_like_what_was_taken():
    # Three alike, then one unlike them: the unlike one comes second, though it is the easiest.
    vectors = np.array([[1, 0], [1, 0], [1, 0], [0, 1]], dtype=np.float32)
    sampling = Sampling(way=Way.DIVERSE, k=2, trade=0.5)
    assert taken(4, sampling, vectors=lambda rows: vectors[rows]) == [0, 3]
    hard_only = sampling._replace(trade=1.0)
    assert taken(4, hard_only, vectors=lambda rows: vectors[rows]) == [0, 1]


def test_diverse_without_vectors_is_refused():
    with pytest.raises(SamplingRefused, match="embeddings"):
        taken(4, Sampling(way=Way.DIVERSE))


def test_random_negatives_are_taken_beside_the_mined_ones():
    got = taken(30, Sampling(way=Way.TOP, k=2, n_random=3), chance=range(20, 30))
    assert got[:2] == [0, 1]
    assert len(got) == 5
    assert all(place >= 20 for place in got[2:])


@given(
    st.lists(st.tuples(st.integers(0, 5), st.floats(0, 1), st.booleans()), min_size=1, max_size=60),
    st.sampled_from([Way.STRIDE, Way.TOP, Way.RANDOM, Way.DIVERSE]),
    st.integers(1, 6),
    st.integers(1, 4),
)
def test_never_more_than_k_of_a_query_and_never_fewer_than_there_are(rows, way, k, step):
    rows.sort(key=lambda row: row[0])
    query = np.array([row[0] for row in rows])
    scores = np.array([row[1] for row in rows])
    eligible = np.array([row[2] for row in rows])
    vectors = np.random.default_rng(0).normal(size=(len(rows), 3)).astype(np.float32)
    found = pick(
        query,
        scores,
        eligible,
        np.zeros(len(rows), dtype=bool),
        Sampling(way=way, k=k, step=step),
        vectors=lambda places: vectors[places],
    )
    assert not found[~eligible].any()
    for each in set(query.tolist()):
        of_query = query == each
        assert found[of_query].sum() == min(k, eligible[of_query].sum())


def test_a_sampling_comes_back_from_json_and_nonsense_is_refused():
    sampling = Sampling(way=Way.TOP, k=3, seed=4, n_random=1)
    assert sampling_of(sampling.as_json()) == sampling
    for stored, words in [
        ({"way": "best"}, "stride, top, random, diverse"),
        ({"k": 0}, "at least one"),
        ({"trade": 2}, "between 0 and 1"),
        ({"seed": -1}, "zero or more"),
        ({"many": 2}, "no part called many"),
    ]:
        with pytest.raises(SamplingRefused, match=words):
            sampling_of(stored)
