"""Both orders of a pair: agreement is a preference, conflict a tie, and the pull of the place is kept."""

import math

import pytest

from judges.engines.base import ItemFault
from judges.prompting import shipped_prompts
from judges.scoring import SCORINGS
from judges.scoring.base import JudgedItem, Scale, ScoringProblem
from tests.judges.scripted_engine import ScriptedEngine

SCALE = Scale(((0, "B", ""), (1, "neither", ""), (2, "A", "")), 2, False, compares=True)
PROMPT = shipped_prompts()["preference"]
PAIR = JudgedItem(1, "why is the sky blue", "", "", "first text", rival="rival text")
AHEAD, BEHIND = "<text-a>\nfirst text", "<text-a>\nrival text"


def score(ahead, behind, *, scale=SCALE, pair=PAIR):
    """The answer to p(A), p(B) with the first candidate in front (`ahead`) and with its rival there."""
    labels = {
        text: found if isinstance(found, ItemFault) else dict(zip("AB", found, strict=True))
        for text, found in ((AHEAD, ahead), (BEHIND, behind))
    }
    engine = ScriptedEngine(labels=labels)
    [answer] = SCORINGS["pairwise"].score([pair], engine=engine, prompt=PROMPT, scale=scale, options={})
    return answer


def test_two_orders_that_agree_are_a_preference_and_the_score_is_their_mean():
    answer = score((0.6, 0.3), (0.2, 0.6))
    # In front: 0.6 / 0.9; behind, where B is the first candidate: 0.6 / 0.8.
    assert answer.grade == 2
    assert answer.score == pytest.approx((0.6 / 0.9 + 0.6 / 0.8) / 2)
    assert list(answer.probs.values()) == pytest.approx([0.6 / 0.9, 0.6 / 0.8])
    assert answer.label_mass == pytest.approx(0.8)
    assert (answer.raw, answer.reason, answer.tokens_in) == ("A, then B", "", 200)
    assert score((0.1, 0.8), (0.8, 0.1)).grade == 0


def test_a_conflict_is_a_tie_and_shows_the_pull_of_the_place():
    answer = score((0.8, 0.1), (0.7, 0.2))
    ahead, behind = answer.probs.values()
    assert (answer.grade, answer.reason) == (1, "the two orders disagree")
    assert ahead - behind == pytest.approx(8 / 9 - 2 / 9)


def test_where_the_scale_knows_no_tie_the_score_decides_a_conflict():
    without = SCALE._replace(grades=(SCALE.grades[0], SCALE.grades[2]))
    assert score((0.9, 0.1), (0.6, 0.4), scale=without).grade == 2
    assert score((0.6, 0.4), (0.9, 0.1), scale=without).grade == 0


def test_a_fault_or_a_low_mass_in_one_order_spoils_the_pair():
    assert score((0.6, 0.3), ItemFault("refused", "would not")).outcome == "refused"
    answer = score((0.6, 0.3), (0.001, 0.002))
    assert (answer.outcome, answer.grade, answer.score) == ("unreadable", None, None)
    assert not math.isnan(answer.label_mass)


def test_a_pair_with_a_blank_side_is_empty_and_not_asked():
    assert score((1, 1), (1, 1), pair=PAIR._replace(rival=" ")).outcome == "empty"


def test_a_scale_that_is_no_preference_is_refused():
    with pytest.raises(ScoringProblem, match="preference"):
        score((1, 1), (1, 1), scale=SCALE._replace(compares=False))
