"""Several criteria read off one reply, or none of them."""

import pytest

from judges.prompting import make_template, shipped_prompts
from judges.scoring import SCORINGS
from judges.scoring.base import Criterion, JudgedItem, Scale, ScoringProblem
from tests.judges.scripted_engine import ScriptedEngine

STEPS = tuple((value, str(value), "") for value in range(5))
CRITERIA = (Criterion("Helpfulness", "", STEPS), Criterion("Style of writing", "How it reads.", STEPS))
SCALE = Scale(STEPS, 2, True, CRITERIA)
LINES = shipped_prompts()["response-quality"]
JSON = make_template(
    {
        "name": "in JSON",
        "messages": [{"role": "user", "content": "{{criteria}} {{query}} {{candidate}}"}],
        "reply": {"format": "json"},
    }
)


def score(reply: str, prompt=LINES, scale=SCALE):
    engine = ScriptedEngine(replies={"why": reply})
    item = JudgedItem(1, "why is the sky blue", "", "", "Air scatters blue light.")
    [answer] = SCORINGS["criteria"].score([item], engine=engine, prompt=prompt, scale=scale, options={})
    return answer, engine


def test_the_first_criterion_is_the_grade_and_the_others_are_marks():
    answer, engine = score("It helps.\nHelpfulness: 3\n**Style of writing**: 1")
    assert (answer.outcome, answer.grade, answer.marks, answer.score) == ("graded", 3, (1,), None)
    shown = engine.asked[0][0][-1]["content"]
    assert "Style of writing: How it reads.\n  0 = 0" in shown
    assert "X = it cannot be judged" in shown


def test_json_is_held_to_a_schema_with_a_field_for_each():
    answer, engine = score('{"reasons": "…", "Helpfulness": 0, "Style of writing": 4}', JSON)
    assert (answer.grade, answer.marks) == (0, (4,))
    schema = engine.asked[0][2]
    assert schema["required"] == ["reasons", "Helpfulness", "Style of writing"]
    assert schema["properties"]["Helpfulness"] == {"enum": [0, 1, 2, 3, 4, "X"]}


@pytest.mark.parametrize(
    ("reply", "outcome", "word"),
    [
        ("Helpfulness: 3", "unreadable", "Style of writing"),
        ("Helpfulness: 3\nStyle of writing: 9", "out_of_range", "Style of writing"),
        ("Helpfulness: 3\nHelpfulness: 2\nStyle of writing: 1", "unreadable", "different grades"),
        ("Helpfulness: X\nStyle of writing: X", "abstained", "cannot judge"),
        ("Helpfulness: X\nStyle of writing: 1", "unreadable", "Helpfulness"),
    ],
)
def test_a_reply_that_leaves_one_out_has_no_grade_at_all(reply, outcome, word):
    answer, _ = score(reply)
    assert (answer.outcome, answer.grade, answer.marks) == (outcome, None, None)
    assert word in answer.reason
    assert answer.raw == reply


def test_a_scale_without_criteria_is_refused():
    with pytest.raises(ScoringProblem, match="several criteria"):
        score("", scale=SCALE._replace(criteria=()))
    with pytest.raises(ScoringProblem, match="format"):
        score("", prompt=shipped_prompts()["grade-basic"])
