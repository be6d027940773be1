"""Rules over scores: worked examples, and properties that hold for any scores."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mining.rules import (
    STATE_OF,
    Flagged,
    Margin,
    Pairs,
    Reason,
    Rule,
    RuleRefused,
    State,
    Status,
    decide,
    rule_of,
)

NAN = float("nan")


def pairs(rows, *, second=None) -> Pairs:
    """Rows (query, score, what): "+" a positive, "r" found by chance, "1" and "0" people's, "" neither."""
    query, score, what = zip(*rows, strict=True)
    people = [1 if w in ("+", "1") else 0 if w == "0" else -1 for w in what]
    return Pairs(
        np.array(query),
        np.array([w == "+" for w in what]),
        np.array([w == "r" for w in what]),
        np.array(people, dtype=np.int8),
        np.array([NAN if s is None else s for s in score], dtype=float),
        np.ones(len(rows)),
        None if second is None else np.array([NAN if s is None else s for s in second], dtype=float),
    )


def reasons(rows, rule=None, **more) -> list[Reason]:
    second = more.pop("second", None)
    found = decide(pairs(rows, second=second), rule or Rule(**more))
    return [Reason(code) for code in found.reasons]


def test_a_score_above_the_positives_less_beta_is_flagged():
    # s⁺ = 0.70, β = 0.01: the cut is 0.69, and the comparison is strict.
    rows = [(0, 0.70, "+"), (0, 0.695, ""), (0, 0.69, ""), (0, 0.20, "")]
    assert reasons(rows)[1:] == [Reason.FLAGGED, Reason.HARD, Reason.HARD]


def test_the_smallest_of_several_positives_counts():
    rows = [(0, 0.9, "+"), (0, 0.5, "+"), (0, 0.6, ""), (0, 0.4, "")]
    assert reasons(rows)[2:] == [Reason.FLAGGED, Reason.HARD]


@pytest.mark.parametrize(
    ("positive", "just_over", "just_under"),
    [(0.8, 0.761, 0.759), (-0.8, -0.839, -0.841), (4.0, 3.81, 3.79)],
)
def test_a_share_of_the_positive_is_taken_of_its_size_so_that_log_odds_work_too(
    positive, just_over, just_under
):
    # 5 % of |0.8| is 0.04: cuts at 0.76 and −0.84; of 4 it is 0.2: 3.8.
    rows = [(0, positive, "+"), (0, just_over, ""), (0, just_under, "")]
    found = reasons(rows, margin=Margin.SHARE, amount=0.05)
    assert found[1:] == [Reason.FLAGGED, Reason.HARD]


def test_a_fixed_cut_needs_no_positive():
    rows = [(0, 0.6, ""), (0, 0.4, ""), (1, 0.9, "+"), (1, 0.6, "")]
    found = reasons(rows, margin=Margin.FIXED, amount=0.5)
    assert found == [Reason.FLAGGED, Reason.HARD, Reason.POSITIVE, Reason.FLAGGED]


def test_a_query_without_a_scored_positive_says_so_and_decides_nothing():
    rows = [(0, 0.6, ""), (0, 0.1, "r"), (1, None, "+"), (1, 0.3, ""), (2, 0.9, "+"), (2, 0.3, "")]
    found = decide(pairs(rows), Rule())
    assert found.statuses.tolist() == [Status.NO_POSITIVE, Status.UNSCORED, Status.READY]
    assert [Reason(code) for code in found.reasons] == [
        Reason.NO_CUT, Reason.NO_CUT, Reason.POSITIVE, Reason.NO_CUT, Reason.POSITIVE, Reason.HARD,
    ]  # fmt: skip
    assert np.isnan(found.cuts[:2]).all()


def test_scores_near_the_cut_are_ambiguous_on_both_sides():
    rows = [(0, 0.70, "+"), (0, 0.75, ""), (0, 0.71, ""), (0, 0.67, ""), (0, 0.60, "")]
    found = reasons(rows, amount=0.01, band=0.03)  # 0.66 to 0.72
    assert found[1:] == [Reason.FLAGGED, Reason.BAND, Reason.BAND, Reason.HARD]


def test_unjudged_is_never_a_negative_and_low_label_mass_counts_as_unjudged():
    rows = [(0, 0.7, "+"), (0, None, ""), (0, None, "r"), (0, 0.1, ""), (0, 0.1, "")]
    masses = np.array([1.0, NAN, NAN, 0.2, 0.9])
    found = decide(pairs(rows)._replace(masses=masses), Rule(mass_floor=0.5))
    assert [Reason(code) for code in found.reasons[1:]] == [
        Reason.UNJUDGED, Reason.UNJUDGED, Reason.LOW_MASS, Reason.HARD,
    ]  # fmt: skip
    assert STATE_OF[Reason.LOW_MASS] is State.UNJUDGED


def test_a_positive_under_the_gate_sends_its_query_to_people_and_others_stay():
    rows = [(0, 0.3, "+"), (0, 0.1, ""), (0, 0.9, ""), (1, 0.6, "+"), (1, 0.1, "")]
    found = decide(pairs(rows), Rule(gate=0.5))
    assert found.statuses.tolist() == [Status.DOUBTED, Status.READY]
    assert [Reason(code) for code in found.reasons[1:3]] == [Reason.DOUBTED, Reason.DOUBTED]
    assert found.reasons[4] == Reason.HARD


def test_people_are_never_overruled():
    rows = [(0, 0.7, "+"), (0, 0.9, "0"), (0, 0.1, "1"), (0, None, "0")]
    assert reasons(rows)[1:] == [Reason.PEOPLE_NEGATIVE, Reason.PEOPLE_POSITIVE, Reason.PEOPLE_NEGATIVE]


def test_people_are_heard_of_chance_candidates_too():
    asked = pairs([(0, 0.7, "+"), (0, 0.1, "0"), (0, 0.1, "r")])
    found = decide(asked._replace(is_random=np.array([False, True, True])), Rule()).reasons
    assert [Reason(code) for code in found[1:]] == [Reason.PEOPLE_RANDOM, Reason.RANDOM]
    assert STATE_OF[Reason.PEOPLE_RANDOM] is STATE_OF[Reason.RANDOM] is State.RANDOM


def test_chance_candidates_under_the_cut_are_random_negatives_and_over_it_flagged():
    rows = [(0, 0.7, "+"), (0, 0.1, "r"), (0, 0.9, "r")]
    assert reasons(rows)[1:] == [Reason.RANDOM, Reason.FLAGGED]


def test_a_floor_tells_hard_from_easy_by_score_or_by_share_of_the_query():
    rows = [(0, 0.9, "+"), (0, 0.5, ""), (0, 0.3, ""), (0, 0.3, ""), (0, 0.1, "")]
    assert reasons(rows, floor=0.4)[1:] == [Reason.HARD, Reason.EASY, Reason.EASY, Reason.EASY]
    # Shares of the four pooled scores that are no higher: 4/4, 3/4, 3/4, 1/4.
    assert reasons(rows, floor=0.6, floor_is_share=True)[1:] == [
        Reason.HARD, Reason.HARD, Reason.HARD, Reason.EASY,
    ]  # fmt: skip


def test_the_second_judge_confirms_or_clears_what_the_first_one_flagged_by_its_own_positives():
    rows = [(0, 0.7, "+"), (0, 0.9, ""), (0, 0.9, ""), (0, 0.9, ""), (0, 0.2, ""), (0, 0.9, "r")]
    # The second judge gives the positive 0.4: its cut is 0.39. It never saw the fourth one.
    second = [0.4, 0.5, 0.3, None, 0.9, 0.3]
    assert reasons(rows, second=second)[1:] == [
        Reason.CONFIRMED, Reason.CLEARED, Reason.FLAGGED, Reason.HARD, Reason.RANDOM,
    ]  # fmt: skip


def test_a_second_rule_measures_the_second_judge():
    rows = [(0, 0.7, "+"), (0, 0.9, ""), (0, 0.9, "")]
    found = decide(pairs(rows, second=[None, 2.5, 1.5]), Rule(), second=Rule(margin=Margin.FIXED, amount=2.0))
    assert found.reasons[1:].tolist() == [Reason.CONFIRMED, Reason.CLEARED]


def test_a_second_judge_without_a_scored_positive_changes_nothing():
    rows = [(0, 0.7, "+"), (0, 0.9, "")]
    assert reasons(rows, second=[None, 0.1])[1] is Reason.FLAGGED


def test_a_rule_may_take_the_judges_word():
    rows = [(0, 0.7, "+"), (0, 0.9, "")]
    assert STATE_OF[reasons(rows, flagged=Flagged.RELABEL)[1]] is State.RELABELLED
    assert STATE_OF[reasons(rows)[1]] is State.AMBIGUOUS


def test_infinite_scores_are_compared_and_never_break_the_band():
    inf = float("inf")
    rows = [(0, inf, "+"), (0, inf, ""), (0, 1.0, ""), (1, -inf, "+"), (1, -inf, ""), (1, 0.0, "")]
    found = reasons(rows, band=0.1)
    assert found[1:3] == [Reason.HARD, Reason.HARD]  # not above an infinite cut
    assert found[4:] == [Reason.HARD, Reason.FLAGGED]


def test_a_rule_comes_back_from_json_and_nonsense_is_refused_in_a_sentence():
    rule = Rule(margin=Margin.SHARE, amount=0.05, band=0.02, gate=0.4, floor=0.1)
    assert rule_of(rule.as_json()) == rule
    for stored, words in [
        ({"beta": 1}, "no part called beta"),
        ({"margin": "wide"}, "difference, share, fixed"),
        ({"band": -1}, "zero or more"),
        ({"mass_floor": 2}, "between 0 and 1"),
        ({"amount": float("nan")}, "finite"),
        ({"floor": 3, "floor_is_share": True}, "between 0 and 1"),
    ]:
        with pytest.raises(RuleRefused, match=words):
            rule_of(stored)


def test_pairs_that_are_not_sorted_are_refused():
    with pytest.raises(ValueError, match="sorted"):
        decide(pairs([(1, 0.1, ""), (0, 0.2, "")]), Rule())


WHAT = st.sampled_from(["+", "", "", "", "r", "0", "1"])
SCORE = st.one_of(st.none(), st.integers(-50, 50).map(lambda n: n / 16))
ROWS = st.lists(st.tuples(st.integers(0, 4), SCORE, WHAT), min_size=1, max_size=40).map(
    lambda rows: sorted(rows, key=lambda row: row[0])
)
RULES = st.builds(
    Rule,
    margin=st.sampled_from([Margin.DIFFERENCE, Margin.SHARE]),
    amount=st.integers(0, 16).map(lambda n: n / 16),
    band=st.sampled_from([0.0, 0.125]),
    gate=st.sampled_from([None, 0.0]),
    floor=st.sampled_from([None, 0.5]),
    floor_is_share=st.booleans(),
)
FOUND = {Reason.FLAGGED, Reason.BAND, Reason.RELABELLED}


@given(ROWS, RULES)
def test_every_pair_has_one_reason_and_no_unscored_one_is_a_negative_unless_people_say_so(rows, rule):
    for (_, score, what), reason in zip(rows, reasons(rows, rule), strict=True):
        state = STATE_OF[reason]
        assert (what == "+") == (state is State.POSITIVE)
        if score is None and state in (State.HARD, State.RANDOM):
            assert what == "0"
        if score is None and what in ("", "r"):
            assert state is State.UNJUDGED


@given(ROWS, RULES, st.integers(0, 8).map(lambda n: n / 16))
def test_a_larger_margin_never_flags_less(rows, rule, more):
    rule = rule._replace(band=0.0)
    before, after = reasons(rows, rule), reasons(rows, rule._replace(amount=rule.amount + more))
    assert all(new in FOUND for old, new in zip(before, after, strict=True) if old in FOUND)


@given(ROWS, RULES)
def test_the_difference_does_not_depend_on_where_zero_is_and_the_share_not_on_the_unit(rows, rule):
    rule = rule._replace(gate=None, floor=None, band=0.0)
    moved = [
        (q, None if s is None else (s + 8 if rule.margin is Margin.DIFFERENCE else s * 8), w)
        for q, s, w in rows
    ]
    assert reasons(moved, rule) == reasons(rows, rule)


@given(ROWS, RULES)
def test_a_query_is_decided_by_its_own_pairs_alone(rows, rule):
    whole = reasons(rows, rule)
    for query in {q for q, _, _ in rows}:
        places = [place for place, row in enumerate(rows) if row[0] == query]
        alone = [(0, *rows[place][1:]) for place in places]
        assert reasons(alone, rule) == [whole[place] for place in places]


@given(ROWS, RULES, st.randoms(use_true_random=False))
def test_the_order_within_a_query_changes_nothing(rows, rule, chance):
    turned = rows[:]
    chance.shuffle(turned)
    turned.sort(key=lambda row: row[0])

    def key(pair):
        return (pair[0][0], str(pair[0][1]), pair[0][2], int(pair[1]))

    one = sorted(zip(rows, reasons(rows, rule), strict=True), key=key)
    other = sorted(zip(turned, reasons(turned, rule), strict=True), key=key)
    assert [reason for _, reason in one] == [reason for _, reason in other]


def test_a_perfect_judge_removes_every_planted_positive():
    """Twenty of a hundred unlabelled candidates of each query are truly relevant; none is left a negative."""
    chance = np.random.default_rng(5)
    query = np.repeat(np.arange(200), 101)
    positive = np.tile(np.arange(101) == 0, 200)
    relevant = positive | (chance.random(query.size) < 0.2)
    found = decide(
        Pairs(
            query,
            positive,
            np.zeros(query.size, dtype=bool),
            np.where(positive, 1, -1).astype(np.int8),
            relevant.astype(float),  # a perfect judge: 1 for relevant, 0 for not
            np.ones(query.size),
        ),
        Rule(),
    )
    negative = np.isin(found.reasons, [Reason.HARD, Reason.RANDOM])
    assert 0.19 < relevant[~positive].mean() < 0.21
    assert not (negative & relevant).any()
    assert (negative == ~relevant).all()
