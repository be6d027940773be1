from hypothesis import given
from hypothesis import strategies as st

from judges.engines.local_batches import Limits, Sequenced, plan_groups

SHARED = list(range(30))
sequences = st.lists(
    st.builds(
        lambda shared, rest, wanted: Sequenced(SHARED[:shared] + rest, min(wanted, shared + len(rest))),
        st.integers(0, 30),
        st.lists(st.integers(0, 5), min_size=1, max_size=12),
        st.integers(1, 4),
    ),
    max_size=25,
)


@given(sequences)
def test_every_sequence_is_in_one_batch_within_the_limits_and_shares_what_is_said(given_sequences):
    limits = Limits(rows=4, tokens=120, wanted=10)
    groups = plan_groups(given_sequences, limits, shortest_shared=5)
    batches = [(group.n_shared, batch) for group in groups for batch in group.batches]
    assert sorted(i for _, batch in batches for i in batch) == list(range(len(given_sequences)))
    for n_shared, batch in batches:
        rows = [given_sequences[i] for i in batch]
        assert len(rows) <= limits.rows
        assert len(rows) == 1 or len(rows) * max(row.wanted for row in rows) <= limits.wanted
        assert len({tuple(row.tokens[:n_shared]) for row in rows}) == 1
        assert all(len(row.tokens) - n_shared >= row.wanted for row in rows)


def test_candidates_of_two_queries_form_two_groups():
    first = [Sequenced([1] * 20 + [2, 3, n], 1) for n in range(3)]
    second = [Sequenced([1] * 5 + [9] * 20 + [n, n], 1) for n in range(3)]
    groups = plan_groups([*first, *second], Limits(rows=8))
    assert [(group.n_shared, len(group.batches[0])) for group in groups] == [(22, 3), (25, 3)]


def test_a_prompt_alone_shares_nothing_and_prompts_alone_are_batched_by_length():
    unlike = [Sequenced([n] * (10 + n), 1) for n in range(5)]
    [group] = plan_groups(unlike, Limits(rows=3))
    assert group.n_shared == 0
    assert group.batches == [[4, 3, 2], [1, 0]]
