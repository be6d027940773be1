import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from measures.answers import (
    MODES,
    Answer,
    Reply,
    classify,
    rates,
    right_and_asked,
    without_unreadable,
)
from measures.shares import wilson

KINDS = [Reply.NONE, Reply.GRADED, Reply.ABSTAINED, Reply.UNREADABLE]


def codes_of(replies, grades, *, reference=2, abstain=False, within=0):
    """Codes of one answer an item, all items alike."""
    n = len(replies)
    found = classify(
        [reference] * n, [abstain] * n, np.array(replies)[:, None], np.array(grades)[:, None], within=within
    )
    return found[:, 0].tolist()


def test_the_codes_are_those_that_all_rooms_share():
    assert {answer.name: int(answer) for answer in Answer} == {
        "MISSING": -1, "CORRECT": 0, "WRONG": 1, "FABRICATED": 2, "OVER_ABSTAINED": 3, "UNREADABLE": 4,
    }  # fmt: skip
    assert [int(mode) for mode in MODES] == [0, 1, 2, 3, 4]


def test_a_grade_is_right_where_it_is_people_s():
    assert codes_of([Reply.GRADED] * 4, [0, 1, 2, 3]) == [1, 1, 0, 1]
    assert codes_of([Reply.GRADED] * 4, [0, 1, 2, 3], within=1) == [1, 0, 0, 0]


def test_where_abstaining_is_right_any_grade_is_made_up():
    assert codes_of([Reply.GRADED] * 3, [0, 2, 3], abstain=True, within=1) == [2, 2, 2]
    assert codes_of([Reply.ABSTAINED], [0], abstain=True) == [0]
    assert codes_of([Reply.ABSTAINED], [0]) == [3]


def test_what_cannot_be_read_and_what_is_not_there_are_neither_right_nor_wrong():
    for abstain in (False, True):
        assert codes_of([Reply.UNREADABLE, Reply.NONE], [2, 2], abstain=abstain) == [4, -1]


def test_rates_by_hand():
    """Six items with two answers each; the last two cannot be judged.

    n = 11 (one is missing), correct 4: 4/11. Abstaining is right for 4: fabricated 2/4. Of the 7 others
    2 abstained: 2/7. Unreadable 2/11. Left out: 4/9, 2/3 and 2/6.
    """
    answers = np.array([[0, 0], [0, 1], [3, 3], [4, -1], [2, 2], [0, 4]], dtype=np.int8)
    abstain = [False] * 4 + [True] * 2
    found = rates(answers, abstain)
    assert (found.n, found.n_items, found.n_missing, found.counts) == (11, 6, 1, (4, 1, 2, 2, 2))
    assert found.accuracy.value == pytest.approx(4 / 11)
    assert (found.fabrication.value, found.n_abstain) == (0.5, 4)
    assert (found.over_abstention.value, found.n_answerable) == (pytest.approx(2 / 7), 7)
    assert found.unreadable.value == pytest.approx(2 / 11)
    second = rates(answers, abstain, counted=without_unreadable(answers))
    assert (second.n, second.n_accuracy, second.counts) == (11, 9, (4, 1, 2, 2, 2))
    assert second.accuracy.value == pytest.approx(4 / 9)
    assert (second.fabrication.value, second.over_abstention.value) == (
        pytest.approx(2 / 3), pytest.approx(2 / 6),
    )  # fmt: skip
    assert second.unreadable == found.unreadable


def test_a_rate_over_nothing_is_undefined_and_one_answer_an_item_has_wilsons_interval():
    answers = np.array([[0], [1], [0], [0]], dtype=np.int8)
    found = rates(answers, [False] * 4)
    assert found.accuracy == pytest.approx((0.75, *map(float, wilson(3, 4))))
    assert np.isnan(found.fabrication).all()
    assert found.n_abstain == 0
    nothing = rates(np.full((4, 2), -1, dtype=np.int8), [False] * 4)
    assert (nothing.n, nothing.n_items) == (0, 0)
    assert np.isnan(nothing.accuracy).all()


@given(
    arrays(np.int8, (9, 2), elements=st.sampled_from(KINDS)),
    arrays(np.int8, (9, 2), elements=st.integers(0, 3)),
    arrays(np.int8, 9, elements=st.integers(0, 3)),
    arrays(np.bool_, 9),
)
def test_every_answer_has_one_code_and_being_lenient_only_helps(replies, grades, references, abstain):
    strict, lenient = (classify(references, abstain, replies, grades, within=each) for each in (0, 1))
    assert ((strict == Answer.MISSING) == (replies == Reply.NONE)).all()
    assert ((lenient == strict) | ((strict == Answer.WRONG) & (lenient == Answer.CORRECT))).all()
    found = rates(strict, abstain)
    assert sum(found.counts) == found.n == strict.size - found.n_missing
    right, asked = right_and_asked(strict)
    assert right.sum() == found.counts[0]
    assert asked.sum() == found.n
    assert (right <= asked).all()
